"""A guess counts as right if the right class is among its `k` best. How many are right?"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.7",
    "Top-k accuracy",
    minutes=12,
    difficulty=2,
    hints=[
        "`topk` gives two tensors. Which of the two can be compared with class numbers?",
        "The best classes have shape (N, k), the targets (N,). What do they broadcast to, and what "
        "do you want?",
        "A sample is right once or not at all: how many values are to be averaged?",
    ],
)


@exercise.reference
def top_k_accuracy(logits, target, k):
    """The share of samples whose right class is one of the k classes with the largest logits.

    logits: shape (N, C), any float dtype, any strides; within a row all differ. target: int64,
    shape (N,), from 0 to C - 1. N may be 1. k: an int from 1 to C. Returns a float, from 0 to 1.
    """
    best = logits.topk(k, dim=1).indices
    hits = (best == target.unsqueeze(1)).any(dim=1)
    return hits.float().mean().item()


def targets_for(rng, logits):
    """A random class for each sample."""
    samples, classes = logits.shape
    return torch.tensor([rng.randrange(classes) for _ in range(samples)])


@exercise.cases
def _(rng):
    logits = torch.tensor([[1.0, 3.0, 2.0], [9.0, 7.0, 8.0]])
    yield logits, torch.tensor([1, 1]), 1
    yield logits, torch.tensor([2, 1]), 2
    yield logits, torch.tensor([0, 1]), 3
    yield logits, torch.tensor([0, 1]), 1
    yield logits[:1], torch.tensor([2]), 2
    yield torch.tensor([[2.0], [-1.0]]), torch.tensor([0, 0]), 1
    for x in promised(rng, "any float dtype", "any strides", "negative too", shape=(3, 5)):
        yield x, targets_for(rng, x), rng.randint(2, 3)
    for x in promised(rng, "any strides", shape=(4, 4)):
        yield x, targets_for(rng, x), 4
        yield x, targets_for(rng, x), 2
    for x in promised(rng, "any strides", shape=(7, 6)):
        yield x, targets_for(rng, torch.cat([x, x]))[::2], rng.randint(1, 5)
