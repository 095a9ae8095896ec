"""Which sample pulls the weights where? The gradient of a mean loss holds only the mean of that.
Give the gradient of each sample by itself, for each of the parameters.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals

exercise = Exercise(
    "03.13",
    "One gradient for each sample",
    minutes=18,
    difficulty=2,
    hints=[
        "A batch of one sample is a batch, too. What is the mean over it?",
        "Gradients of several parameters come out of one call, in their order. How are those of "
        "several samples put together, parameter by parameter?",
        "A parameter that the loss does not use, or does not use for this sample, has a gradient "
        "of zeros here.",
    ],
)


@exercise.reference
def per_sample_gradients(loss, params, x, y):
    """The gradients of the loss of each sample, with respect to each parameter.

    loss(params, x, y) gives the mean loss of a batch, a tensor of shape (); it may leave some
    parameters out. params: a list of float32 leaves that require grad, of any shape.
    x: float32, shape (n, features). y: shape (n,), float32 or int64. n is 1 or more.
    Returns a list with a tensor of shape (n, *p.shape) for each p of params, zeros where p is left
    out. No .grad is filled, and a .grad that is there stays as it is.
    """
    each = [
        torch.autograd.grad(
            loss(params, x[i : i + 1], y[i : i + 1]), params, materialize_grads=True
        )
        for i in range(len(x))
    ]
    return [torch.stack(gradients) for gradients in zip(*each, strict=True)]


@exercise.cases
def _(rng):
    squares = Formula("lambda params, x, y: ((x @ params[0] - y) ** 2).mean()")
    yield (
        squares,
        [torch.tensor([1.0, 0.0]).requires_grad_()],
        torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        torch.tensor([0.0, 1.0]),
    )
    line = Formula("lambda params, x, y: ((x @ params[0] + params[1] - y) ** 2).mean()")
    yield (
        line,
        [decimals(rng, 3).requires_grad_(), decimals(rng).requires_grad_()],
        decimals(rng, 4, 3),
        decimals(rng, 4),
    )
