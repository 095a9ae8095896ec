"""The best check of a gradient is one that knows no calculus: move one element a little up and a
little down, and see how far f moves. With `step=0.1`, `x ** 3` has the slope 3.01 at 1: it is the
slope from 0.9 to 1.1.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.15",
    "A gradient from numbers alone",
    minutes=15,
    difficulty=2,
    without=ByHand("Tensor.backward"),
    hints=[
        "One element after the other: f one step above, f one step below, and the difference "
        "divided by the distance of the two.",
        "float32 has seven digits, and f above and f below have the first six in common. When do "
        "you have to turn to float64?",
        "Who else looks at the tensor that you move? Mind x itself, and what f has given back.",
    ],
)


@exercise.reference
def numerical_gradient(f, x, step=1e-6):
    """The gradient of f at x by central differences, computed in float64.

    f: takes a float64 tensor of x's shape, and gives a tensor of shape (), maybe a view of what it
    was given. x: any shape, any strides, float32 or float64; it may require grad.
    step: how far an element is moved, up and down.
    Returns a float64 tensor of x's shape that requires no grad. x stays as it is.
    """
    start = x.detach().double()
    slopes = []
    for place in range(start.numel()):
        move = torch.zeros(start.numel(), dtype=torch.float64)
        move[place] = step
        move = move.reshape(start.shape)
        slopes.append((f(start + move) - f(start - move)).item() / (2 * step))
    return torch.tensor(slopes, dtype=torch.float64).reshape(start.shape)


@exercise.cases
def _(rng):
    yield Formula("lambda x: x ** 3"), torch.tensor(1.0), 0.1
    yield Formula("lambda x: (x ** 3).sum()"), torch.tensor([1.0, 2.0]), 0.1
    yield Formula("lambda x: x[0, 1] * x[1, 0]"), decimals(rng, 2, 2)
    yield Formula("lambda x: x[1]"), decimals(rng, 2), 0.5
    for x in promised(rng, "any shape", "any strides"):
        yield Formula("lambda x: (x ** 3).sum()"), x, 0.5
