"""The loss `log(cosh(d))` is a square near 0 and an absolute value far away. Written with torch's
functions it takes several nodes, and cosh(1000) is infinite. Write it as one node, with a
`torch.autograd.Function`, and ask `gradcheck` before you ask the check. For the distances
`[0, 1, -1000]` the mean is 333.2469.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.10",
    "A loss that is one node",
    minutes=25,
    difficulty=3,
    hints=[
        "On paper: what is the derivative of log(cosh(d))? And which part of cosh(d) is left over "
        "when d is large?",
        "log(cosh(d)) = |d| + log(1 + exp(-2|d|)) - log(2). The second part is a softplus.",
        "`backward` multiplies with the gradient that arrives, and gives one gradient for each "
        "argument of `forward`. How do those of prediction and target differ?",
    ],
)


@exercise.reference
def log_cosh(prediction, target):
    """The mean of log(cosh(prediction - target)), as one node of the graph.

    prediction, target: the same shape, any number of dimensions, any strides; float32 or float64,
    both the same; the distances may be as large as 1000.
    Returns a tensor of shape (). The nodes right behind its grad_fn are those of the arguments.
    Each argument that requires grad gets its gradient. For backward, the graph saves one tensor of
    their shape, not more, with ctx.save_for_backward.
    """

    class LogCosh(torch.autograd.Function):
        @staticmethod
        def forward(ctx, prediction, target):
            distance = prediction - target
            ctx.save_for_backward(distance.tanh())
            far = distance.abs()
            return (far + nn.functional.softplus(-2 * far) - math.log(2)).mean()

        @staticmethod
        def backward(ctx, arriving):
            (slope,) = ctx.saved_tensors
            gradient = arriving * slope / slope.numel()
            return gradient, -gradient

    return LogCosh.apply(prediction, target)


@exercise.cases
def _(rng):
    yield torch.tensor([0.0, 1.0, -1000.0]), torch.zeros(3)
    yield torch.tensor([[2.0, 0.5]]), torch.tensor([[1.0, 1.0]])
    yield decimals(rng, 3, 2), decimals(rng, 3, 2)
    yield decimals(rng, 4).double(), decimals(rng, 4).double()
    for x in promised(rng, "any number of dimensions", "any strides"):
        yield x, x.flip(0) if x.dim() else x - 1
