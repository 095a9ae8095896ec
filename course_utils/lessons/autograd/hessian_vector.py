"""How does the gradient change when x moves along v? That is the Hessian times v. Compute it and
leave the Hessian unbuilt: of a million numbers, it has a million rows. For `f(x) = x[0] * x[1]`
and any x, the product with `[1, 5]` is `[5, 1]`.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.11",
    "A Hessian times a vector",
    minutes=15,
    difficulty=2,
    hints=[
        "The gradient is a tensor that was computed, too. Under which condition does it have a "
        "graph of its own?",
        "The gradient times v, summed, is one number. What is the gradient of that number?",
        "The gradient of a straight line does not depend on x. What does autograd say when a "
        "result has no graph, and what is the Hessian then?",
    ],
)


@exercise.reference
def hessian_vector(f, x, v):
    """The Hessian of f at x times v: never built, and not computed row by row either.

    f: takes a tensor of x's shape and gives a tensor of shape (), with operations of torch; it may
    have weights of its own, and may be linear in x, or leave elements of x out.
    x, v: the same shape, any number of dimensions, any strides; float32 or float64, both the same.
    Returns a tensor of x's shape and dtype. x may require grad; no .grad is filled.
    """
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return torch.zeros_like(x)
    (product,) = torch.autograd.grad(gradient, x, v, materialize_grads=True)
    return product


@exercise.cases
def _(rng):
    yield Formula("lambda x: x[0] * x[1]"), torch.tensor([2.0, 3.0]), torch.tensor([1.0, 5.0])
    yield Formula("lambda x: (x ** 3).sum()"), torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0])
    yield Formula("lambda x: (3 * x).sum()"), decimals(rng, 3), decimals(rng, 3)
    for x in promised(rng, "any number of dimensions", "any strides", "the same dtype"):
        yield Formula("lambda x: (x ** 3).sum()"), x, x.flip(0) if x.dim() else x + 1
