"""A function of many numbers that gives many numbers has a Jacobian, often far too large to build.
What `backward` needs of it is only a product: a vector of weights from the left. Compute that.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import Typed, decimals

exercise = Exercise(
    "03.3",
    "A product with the Jacobian",
    minutes=15,
    difficulty=2,
    hints=[
        "One call of `backward` or of `torch.autograd.grad` goes through the whole graph once. "
        "What does it start with, where the output is not a single number?",
        "Where may the result go? `backward` leaves it at every leaf it finds, also at those that "
        "are not yours.",
        "To be differentiated by, a tensor has to be in the graph. How do you get one with the "
        "values of x that is, and leave x as it was? And what if f never uses it?",
    ],
)


@exercise.reference
def vector_jacobian(f, x, v):
    """v times the Jacobian of f at x: for each element of x, the sum of v * (derivative of f(x)).

    f: takes a tensor and gives a tensor; it may use other tensors that require grad. x: a tensor of
    any shape, any strides, float32 or float64; it may require grad. v: a tensor with the shape and
    dtype of f(x), any strides.
    Returns a tensor with x's shape and dtype, 0 where f(x) does not depend on x. f is called once,
    its graph is gone through at most once, and nothing as large as the Jacobian is made.
    No .grad of any tensor changes.
    """
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(y, leaf, v, allow_unused=True)
    return torch.zeros_like(x) if gradient is None else gradient


@exercise.cases
def _(rng):
    yield Typed("lambda x: x ** 2"), torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.0, 2.0])
    yield Typed("lambda x: x.sum()"), decimals(rng, 2, 2), torch.tensor(3.0)
    yield Typed("lambda x: torch.ones(2)"), decimals(rng, 2, 2), decimals(rng, 2)
