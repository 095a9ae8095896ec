"""Turn class numbers into rows that hold a single 1; `scatter` writes all of these at once. The
number -1 stands for padding, where there is no class: all zeros.
"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "02.2",
    "One-hot rows by scatter",
    minutes=12,
    difficulty=2,
    without=["nn.functional.one_hot"],
    hints=[
        "Begin with zeros of the right shape. Along which dimension is a 1 to be written?",
        "`scatter` wants an index with as many dimensions as what it writes to. What shape does "
        "an index of one place a row have?",
        "-1 is no place for `scatter`, and for an index in brackets it is the last one. What can "
        "be written at some harmless place instead of a 1?",
    ],
)


@exercise.reference
def one_hot(ids, classes):
    """A row for each id: 1 at the place of the id, 0 elsewhere. For the id -1, zeros only.

    ids: int64, any shape, any strides, from -1 to classes - 1. classes: an int.
    Returns float32, shape (*ids.shape, classes).
    """
    is_class = (ids >= 0).unsqueeze(-1)
    places = ids.clamp(min=0).unsqueeze(-1)
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, places, is_class.float())


def some_ids(rng, classes, *shape):
    """Ids from -1 to classes - 1."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randrange(-1, classes) for _ in range(count)]).long().reshape(shape)


@exercise.cases
def _(rng):
    yield torch.tensor([2, 0]), 3
    yield torch.tensor([1, -1]), 3
    yield torch.tensor([-1, -1]), 2
    yield torch.tensor(1), 2
    yield torch.tensor(-1), 2
    yield torch.tensor([0, 0, -1]), 1
    yield torch.zeros(0, dtype=torch.int64), 2
    yield some_ids(rng, 4, 3), 6
    yield some_ids(rng, 3, 3, 3), 3
    yield some_ids(rng, 3, 2, 1, 4), 3
    yield some_ids(rng, 4, 4, 2).t(), 4
    yield some_ids(rng, 5, 8)[::2], 5
    yield some_ids(rng, 5, 6)[2:], 5
