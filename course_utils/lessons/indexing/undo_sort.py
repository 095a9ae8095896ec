"""A batch is sorted, worked on, and then has to be in its old order again. `x.sort(dim)` gives the
sorted values and the places that they come from: these are enough to go back.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.15",
    "Undo a sort",
    minutes=15,
    difficulty=2,
    hints=[
        "Sort three numbers by hand and write down `order`. Which value goes to place order[0]?",
        "gather reads at an index. Here you know where each value is to be written.",
        "Or turn `order` round: which order of `order` is 0, 1, 2, ...?",
    ],
)


@exercise.reference
def undo_sort(values, order, dim):
    """The values, back at the places where they were before a sort.

    order: int64, as `x.sort(dim)` gives it: along dim, the value at place i came from place
    order[i]. values: of order's shape, any dtype, any strides; they need not be in sorted order any
    more. dim: an int; may be negative.
    Returns a new tensor of the shape and dtype of values.
    """
    return torch.empty_like(values).scatter(dim, order, values)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 5.0, 7.0]), torch.tensor([1, 2, 0]), 0
