"""Each rank has built its model for itself, with other random numbers. They have to start the same.
Do by hand what `DistributedDataParallel` does when it wraps a model.
"""

import torch.distributed as dist

from course_utils.exercise import Exercise

RANKS = 2

exercise = Exercise(
    "11.4",
    "The same start",
    minutes=12,
    difficulty=2,
    ranks=RANKS,
    without=["DistributedDataParallel"],
    hints=["a", "b", "c"],
)


@exercise.reference
def same_start(model):
    """Give every rank's model the numbers of rank 0: all parameters and all buffers.

    model: on each rank of the same structure and dtypes. Frozen parameters count, as do
    buffers that are no floats or stand in no state_dict. An optimizer may have the parameters
    already: they stay the same objects. On rank 0 nothing changes. Returns nothing.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        dist.broadcast(tensor.detach(), src=0)
