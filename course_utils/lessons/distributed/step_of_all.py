"""Every rank has a batch of another size. Take the step that one process would take with all the
samples in one batch.
"""

import torch
import torch.distributed as dist
from torch.nn import functional as F

from course_utils.exercise import Exercise

exercise = Exercise(
    "11.11",
    "The step of the whole batch",
    minutes=20,
    difficulty=3,
    ranks=3,
    hints=[
        "One rank has 1 sample, another has 9. How much does each sample count in a mean of two "
        "means?",
        "Each sample's loss is to be divided by the number of all samples. Who knows that number?",
        "`DistributedDataParallel` divides the sum of the gradients by the number of ranks. What "
        "has the loss to be multiplied by, so that this is undone?",
    ],
    may_change=["model.gradients"],
)


@exercise.reference
def step_of_all(model, optimizer, x, y):
    """Take one step on the mean loss over all samples of all ranks; returns that loss, a float.

    model: a DistributedDataParallel that gives scores. x: shape (n, 3). y: labels, shape (n,); n
    may be another one on each rank, on some 0. The loss is cross-entropy. Gradients from before
    do not count. Every rank returns the same loss: the mean before the step.
    """
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") / count
    optimizer.zero_grad()
    (loss * dist.get_world_size()).backward()
    optimizer.step()
    whole = loss.detach()
    dist.all_reduce(whole)
    return whole.item()
