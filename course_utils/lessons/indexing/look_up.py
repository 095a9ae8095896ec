"""Each item of a batch has a table of its own. Look up its ids in it."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.6",
    "Look up in a table of one's own",
    minutes=15,
    difficulty=2,
    hints=[
        "With loops: which row of which table goes to [b, k] of the result?",
        "An id alone does not say whose table is meant. What does the second index have to say, "
        "and which shape broadcasts against ids?",
        "Two index tensors are broadcast against each other, from the right. With as many items "
        "as ids for each, a wrong shape raises nothing.",
    ],
)


@exercise.reference
def look_up(table, ids):
    """Rows of tables, where each item of a batch has its own table.

    table: shape (batch, rows, features), any dtype, any strides. ids: int64, shape (batch, ...),
    with any number of further dimensions, also none; from 0 to rows - 1; may be empty.
    Returns a new tensor of shape (*ids.shape, features): at [b, ...] row ids[b, ...] of table[b].
    """
    further = [1] * (ids.dim() - 1)
    items = torch.arange(len(table)).reshape(-1, *further)
    return table[items, ids]


def ids_for(rng, table, *further):
    """Random ids into the rows of the tables."""
    shape = (len(table), *further)
    count = torch.Size(shape).numel()
    numbers = [rng.randrange(table.shape[1]) for _ in range(count)]
    return torch.tensor(numbers, dtype=torch.int64).reshape(shape)


@exercise.cases
def _(rng):
    table = torch.tensor(
        [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]
    )
    yield table, torch.tensor([[0, 2, 1], [1, 1, 0]])
    yield table, torch.tensor([[2, 0], [0, 1]])
    yield table, torch.tensor([2, 1])
    yield table, torch.tensor([[[0, 1], [2, 2]], [[1, 0], [0, 2]]])
    yield table, torch.zeros(2, 0, dtype=torch.int64)
    yield table[:1], torch.tensor([[2]])
    for y in promised(rng, "any dtype", "any strides", "a size of 1", shape=(3, 4, 2)):
        yield y, ids_for(rng, y, 5)
    for y in promised(rng, "any strides", shape=(3, 3, 3)):
        yield y, ids_for(rng, y, 3).t()
        yield y, ids_for(rng, y, 2, 4)
        yield y, ids_for(rng, y)
