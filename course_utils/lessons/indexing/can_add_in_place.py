"""`x += y` keeps x's memory, so it can do less than `x + y`. Say beforehand whether torch does it.
Three things count: the shapes, the dtypes, and whether each element of x has a place of its own.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.10",
    "Can this be added in place?",
    minutes=15,
    difficulty=2,
    hints=[
        "Which shape would x + y have? x cannot grow.",
        "Which dtype would x + y have? x keeps its own: an int cannot hold a half. torch.result_type "
        "and torch.can_cast know the rules.",
        "What would it mean to add 1 and 2 to two elements that are the same place in memory? Which "
        "stride says that neighbours are one place?",
    ],
)


@exercise.reference
def can_add_in_place(x, y):
    """True if `x += y` works, False if torch refuses it. Writes to neither of them.

    x, y: tensors of any shape, any dtype, any strides; an x with elements may come from expand.
    They share no memory. Returns a bool.
    """
    try:
        fits = torch.broadcast_shapes(x.shape, y.shape) == x.shape
    except RuntimeError:
        return False
    holds = torch.can_cast(torch.result_type(x, y), x.dtype)
    own_places = all(step > 0 for size, step in zip(x.shape, x.stride()) if size > 1)
    return fits and holds and own_places


@exercise.cases
def _(rng):
    yield torch.zeros(2, 3), torch.ones(3)
    yield torch.zeros(3), torch.ones(2, 3)
    yield torch.zeros(1, 3), torch.ones(2, 1)
    yield torch.zeros(3, dtype=torch.int64), torch.ones(3)
    yield torch.zeros(3).expand(2, 3), torch.ones(3)
