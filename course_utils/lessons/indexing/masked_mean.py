"""A mean of what counts, and only of that. What does not count may be anything, also NaN."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.11",
    "A mean of the elements that count",
    minutes=15,
    difficulty=2,
    hints=[
        "A mean is a sum divided by a number. Neither of the two may see what does not count.",
        "NaN times 0 is NaN. Is there a function that puts a 0 there instead, without arithmetic?",
        "A mask that broadcasts has fewer elements than x. How many elements of x does one True of "
        "it stand for?",
    ],
)


@exercise.reference
def masked_mean(x, mask, dim):
    """The mean along dim of the elements of x for which mask is True.

    x: any float dtype, any strides; where mask is False, it may hold NaN or infinity. mask: bool,
    of a shape that broadcasts to that of x. dim: an int; may be negative.
    Returns a tensor of x's dtype and of its shape without dim: 0 where no element counts.
    """
    mask = mask.expand(x.shape)
    total = torch.where(mask, x, 0).sum(dim)
    return total / mask.sum(dim).clamp(min=1)


@exercise.cases
def _(rng):
    x = torch.tensor([[1.0, 2.0, 6.0], [4.0, 5.0, 9.0]])
    yield x, torch.tensor([[True, True, False], [True, False, True]]), 1
    yield x, torch.tensor([[True, True, False], [True, False, True]]), 0
