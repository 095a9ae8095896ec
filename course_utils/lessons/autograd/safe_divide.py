"""Divide, and give 0 where the divisor is 0. The values are easy. The gradients of the plain way
are NaN in places where nobody divided: mend that.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import decimals

exercise = Exercise(
    "03.6",
    "Division that does not leak NaN",
    minutes=12,
    difficulty=2,
    hints=[
        "`torch.where` picks values. On the way back it sends a gradient of 0 into the branch that "
        "was not picked. What is 0 times infinity?",
        "The gradient has to find no infinite number on its way. So the division itself must not "
        "see a 0, not even where its result is thrown away.",
        "One `where` in front of the division, one behind it. What may the first one put in the "
        "place of a 0?",
    ],
)


@exercise.reference
def safe_divide(a, b):
    """a / b, and 0 where b is 0; the gradients with respect to a and b are 0 there as well.

    a, b: both float32 or both float64, of any strides, with shapes that can be broadcast; each may
    require grad or not. b may be zero, negative, or small: 1e-12 is not 0.
    Returns a tensor of the broadcast shape and of their dtype; a and b stay as they are.
    """
    is_zero = b == 0
    quotient = a / torch.where(is_zero, 1, b)
    return torch.where(is_zero, 0, quotient)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), torch.tensor([2.0, 0.0])
    yield torch.tensor([0.0, 2.0, 3.0]), torch.tensor([0.0, -4.0, 1e-12])
    yield decimals(rng, 2, 3), torch.tensor([[0.0], [rng.randint(1, 9) / 10]])
