"""Some ranks have more batches than others. Nobody may wait for ever, and no batch may be lost."""

import torch
import torch.distributed as dist
from torch.distributed.algorithms.join import Join
from torch.nn import functional as F

from course_utils.exercise import Exercise

exercise = Exercise(
    "11.9",
    "Ranks with more batches than others",
    minutes=20,
    difficulty=3,
    ranks=2,
    hints=[
        "A backward waits for the backward of the other ranks. Who calls it when a rank has no "
        "batch left?",
        "Either torch steps in for a rank that is through (look for `join`), or every rank takes "
        "as many steps as the one with the most batches.",
        "By hand: agree on the largest number first. What is the gradient of a loss that is "
        "multiplied by 0?",
    ],
    may_change=["model.gradients"],
)


@exercise.reference
def train_uneven(model, optimizer, batches):
    """Take a step for each batch, until no rank has one left; all ranks end with the same model.

    model: a DistributedDataParallel of a model without buffers; its input has shape (n, 3).
    optimizer: SGD. batches: a list of pairs (x, y), of another length on each rank; it may be
    empty. The loss of a batch is its mean squared error. The gradient of a step is the mean over
    all ranks, where a rank without a batch counts with a gradient of 0.
    """
    with Join([model]):
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
