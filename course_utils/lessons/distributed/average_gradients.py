"""Each rank has called `backward()` on its own part of the batch. Before the step, do by hand what
`DistributedDataParallel` does: all ranks get the mean of their gradients.
"""

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise

RANKS = 3

exercise = Exercise(
    "11.3",
    "Average gradients by hand",
    minutes=15,
    difficulty=2,
    ranks=RANKS,
    hints=["a", "b", "c"],
)


@exercise.reference
def average_gradients(model):
    """Make each gradient the mean of that gradient over all ranks.

    model: the same on each rank, but for the gradients. A rank may have no gradient (None) where
    others have one: it counts as zeros, and this rank gets the mean, too. Where no rank has one,
    it stays None. Frozen parameters, and old gradients of theirs, stay as they are.
    Returns nothing.
    """
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if not having:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()
