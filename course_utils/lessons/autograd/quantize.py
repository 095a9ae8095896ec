"""Small devices compute with a few levels. Rounding has the slope 0 nearly everywhere, so nothing
could learn through it: on the way back, treat the rounding as if it were not there. With `step=0.5`
and `limit=1`, `[0.3, 7]` becomes `[0.5, 1]`, and the gradient passes at 0.3 and not at 7.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.14",
    "Round, and let the gradient pass",
    minutes=15,
    difficulty=2,
    hints=[
        "Two things happen: clamping, whose gradient is to be torch's own, and rounding, whose "
        "gradient is to be that of doing nothing.",
        "A sum whose second part is detached has the values of both parts and the gradient of the "
        "first.",
        "What would you have to add to the clamped values to get the rounded ones?",
    ],
)


@exercise.reference
def quantize(x, step, limit):
    """Clamp x to [-limit, limit], then round to the nearest multiple of step.

    x: any shape, float32 or float64, any strides; it need not require grad. step: a float above
    0. limit: a multiple of step. Halves are rounded as torch.round rounds them.
    Returns a tensor of x's shape and dtype. The gradient passes unchanged where x is from -limit to
    limit, both included, and is 0 elsewhere. x stays as it is.
    """
    clamped = x.clamp(-limit, limit)
    rounded = (clamped / step).round() * step
    return clamped + (rounded - clamped).detach()


@exercise.cases
def _(rng):
    yield torch.tensor([0.3, 7.0]), 0.5, 1.0
    yield torch.tensor([-1.0, 1.0, -2.0, 0.0, 0.25, 0.75]), 0.5, 1.0
    yield decimals(rng, 3, 2), 0.25, 1.5
    yield decimals(rng, 4).double(), 1.0, 2.0
    for x in promised(rng, "any shape", "any strides"):
        yield x, 4.0, 32.0
