"""Take one element from each row of `x`: `columns` says for each row in which column it stands."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.1",
    "One element a row",
    minutes=6,
    difficulty=1,
    hints=[
        "Row 0 goes with the first of `columns`, row 1 with the second. Which numbers are the rows?",
        "A colon as the row index means: all rows, for each column. You want each row once.",
        "Two index tensors of the same length are read in pairs. `gather` wants an index with as "
        "many dimensions as x, and gives a result of the index's shape.",
    ],
)


@exercise.reference
def one_per_row(x, columns):
    """One element of each row: of row i the one in column columns[i].

    x: shape (N, C), any dtype, any strides; may be empty, with N = 0. columns: int64, shape (N,),
    from 0 to C - 1. Returns shape (N,), x's dtype.
    """
    rows = torch.arange(len(x))
    return x[rows, columns]


def columns_for(rng, x):
    """A random column for each row of x."""
    rows, width = x.shape
    return torch.tensor([rng.randrange(width) for _ in range(rows)], dtype=torch.int64)


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([2, 0])
    yield torch.tensor([[7.0, 8.0]]), torch.tensor([1])
    yield torch.tensor([[5.0], [6.0], [7.0]]), torch.tensor([0, 0, 0])
    for x in promised(rng, "any dtype", "any strides", "empty too", shape=(4, 3)):
        yield x, columns_for(rng, x)
    for x in promised(rng, "any strides", "a batch of one", shape=(3, 3)):
        yield x, columns_for(rng, x)
    for x in promised(rng, "any strides", shape=(2, 5)):
        yield x, torch.tensor([rng.randrange(5) for _ in range(4)])[::2]
