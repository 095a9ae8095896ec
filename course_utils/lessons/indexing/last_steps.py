"""Sequences of different lengths were padded, so that they fit into one tensor. Take the last real
step of each.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.5",
    "The last real step",
    minutes=12,
    difficulty=2,
    hints=[
        "Where does the last step of a sequence of 3 steps stand? And of one without steps?",
        "One element a row, as in 02.1; here an element is a whole row of features.",
        "What is at index -1 of a padded sequence? Set to zeros what no step belongs to, after "
        "you have picked.",
    ],
)


@exercise.reference
def last_steps(x, lengths):
    """The last real step of each sequence of a padded batch; zeros for one of length 0.

    x: shape (batch, time, features), any dtype, any strides. What stands behind the length of a
    sequence is padding, and may be anything, also NaN. lengths: int64, shape (batch,), from 0 to
    time. The batch may be 1. Returns a new tensor of shape (batch, features), x's dtype.
    """
    steps = x[torch.arange(len(x)), lengths - 1]
    steps[lengths == 0] = 0
    return steps


def lengths_for(rng, x):
    """Random lengths of the sequences of x, one of them 0 where there are two or more."""
    lengths = [rng.randint(1, x.shape[1]) for _ in range(len(x))]
    if len(x) > 1:
        lengths[rng.randrange(len(x))] = 0
    return torch.tensor(lengths)


@exercise.cases
def _(rng):
    x = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 1.0], [2.0, 3.0]]])
    yield x, torch.tensor([3, 1])
    yield x, torch.tensor([2, 0])
    yield x[:1], torch.tensor([2])
    yield x[:1], torch.tensor([0])
    yield x[..., :1], torch.tensor([1, 2])
    for y in promised(rng, "any dtype", "any strides", "a batch of one", shape=(3, 4, 2)):
        yield y, lengths_for(rng, y)
    for y in promised(rng, "any strides", shape=(3, 3, 3)):
        yield y, torch.tensor([rng.randint(0, 3) for _ in range(6)])[::2]
    [y] = promised(rng, "a batch of one", shape=(1, 4, 3))
    y = torch.tensor(rng.sample(range(1, 61), 24), dtype=torch.float32).reshape(2, 4, 3)
    y[0, 2:] = float("nan")
    y[1] = float("nan")
    yield y, torch.tensor([2, 0])
