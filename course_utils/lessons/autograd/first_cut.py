"""No gradient arrives at `x`: somewhere on the way the graph was cut. Find the step that did it.
A gradient of 0 is a gradient: it has arrived.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import Typed, decimals

exercise = Exercise(
    "03.5",
    "Find the step that cut the graph",
    minutes=15,
    difficulty=2,
    hints=[
        "Run the steps one by one and look at what comes out. What do you see of a tensor that "
        "has no graph behind it?",
        "A tensor that requires grad has some graph, or is a leaf itself. Does that say that this "
        "graph leads to x?",
        "You can ask torch for the gradient of any tensor in the chain with respect to x, and let "
        "it tell you that there is no way. What has to be kept so that you can ask again?",
    ],
)


@exercise.reference
def first_cut(steps, x):
    """The position of the first step after which the graph no longer leads back to x.

    steps: a list of functions; it may be empty. The first one takes x, each of the others what the
    one before it gave; all give a tensor. A step may use other tensors that require grad. x: a
    float32 leaf that requires grad.
    Returns an int, counted from 0, or None where the graph leads back to x from the end, too. A
    gradient of zeros counts as arrived. No .grad of any tensor changes.
    """
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.cases
def _(rng):
    good = ["lambda h: h * 2", "lambda h: torch.tanh(h)", "lambda h: h.round()"]
    bad = ["lambda h: h.detach()", "lambda h: torch.tensor(h.tolist(), requires_grad=True)"]
    yield [Typed(good[0]), Typed(bad[0]), Typed(good[1])], decimals(rng, 3).requires_grad_()
    yield [Typed(good[2]), Typed(bad[1])], decimals(rng, 3).requires_grad_()
    yield [Typed(text) for text in good], decimals(rng, 3).requires_grad_()
    yield [], decimals(rng, 3).requires_grad_()
