"""One loss that runs wild must not shake everything behind it. Write a step that changes nothing
on the way forward, and clips each element of the gradient on the way back. With `limit=1`, the
gradient `[0.5, -7]` goes on as `[0.5, -1]`.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.9",
    "Clip the gradient on its way back",
    minutes=12,
    difficulty=1,
    hints=[
        "A class of your own under `torch.autograd.Function` has a `forward` and a `backward`. "
        "Which of the two has work to do here?",
        "`backward` is given the gradient that arrives. Where can it get the limit from? Think of "
        "two calls with two limits.",
        "`backward` gives one thing back for each argument of `forward`. A limit has no gradient.",
    ],
)


@exercise.reference
def clip_backward(x, limit):
    """The values of x; on the way back, the gradient is clipped to [-limit, limit], by element.

    x: a tensor of any shape, any float dtype, any strides, a leaf or not; it need not require grad.
    limit: a float, 0 or more. Several calls, each with its own limit, may be in one graph.
    Returns a tensor of x's shape and dtype. Only what flows back through it is clipped: what
    reaches x on other ways is not, and the gradient that arrives stays as it is.
    """

    class Clip(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient.clamp(-limit, limit)

    return Clip.apply(x)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), 1.0
    yield torch.tensor([-3.0, 0.0, 5.0]), 0.5
    yield decimals(rng, 3, 2), 0.0
    yield decimals(rng, 4), rng.randint(2, 6) / 4
    for x in promised(rng, "any shape", "any float dtype", "any strides"):
        yield x, rng.randint(2, 6) / 4
