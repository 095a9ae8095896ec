"""Gradient descent by hand, with a log of the losses and the best point that was seen. After a
million steps it must need no more memory than after one.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import Typed, decimals

exercise = Exercise(
    "03.7",
    "Walk down, and keep no graph",
    minutes=20,
    difficulty=2,
    hints=[
        "Write the loop without the log first. Is your point still a leaf in the second step?",
        "A loss that you keep keeps its graph, and the graph keeps what it needs to go back. What "
        "do you want to keep of a loss?",
        "The best point is to stay as it was. What happens to it if your next step writes into "
        "the same memory?",
    ],
)


@exercise.reference
def descend(loss_of, start, lr, steps):
    """Walk down by gradient descent: point - lr * gradient, `steps` times.

    loss_of: takes a point and gives its loss, a tensor of shape (). start: a float32 or float64
    tensor of any shape, any strides; it may require grad. lr: a float. steps: an int, may be 0.
    Returns a tuple: the losses of all points, a list of `steps + 1` floats, and the point with the
    lowest loss, the first of equals. That is a tensor that requires no grad and shares no memory
    with start.
    When loss_of is called, no graph of an earlier point is kept. start and start.grad stay.
    """
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == len(losses) - 1:  # none before it is as low
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.cases
def _(rng):
    bowl = Typed("lambda p: (p ** 2).sum()")
    yield bowl, torch.tensor([1.0, -2.0]), 0.25, 3
    yield bowl, decimals(rng, 2), 1.5, 2
    yield bowl, decimals(rng, 2).requires_grad_(), 0.1, 0
