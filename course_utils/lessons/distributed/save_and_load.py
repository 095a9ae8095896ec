"""A checkpoint of several ranks: one file, written once, and read by all of them."""

import torch
import torch.distributed as dist
from torch import nn

from course_utils.exercise import Exercise

exercise = Exercise(
    "11.7",
    "Save once, load everywhere",
    minutes=15,
    difficulty=2,
    ranks=2,
    hints=[
        "Print the keys of `model.state_dict()`. Which part of the names does `fresh` not know?",
        "Which rank writes? And what may the others not do before the file is whole?",
        "`model.module` is the model inside. A barrier is called by every rank, or by none.",
    ],
)


@exercise.reference
def save_and_load(model, fresh, path):
    """Save the state of `model` in a file once, and load it into `fresh` on every rank.

    model: a DistributedDataParallel. fresh: a model like the one inside it, on each rank.
    path: the file, the same one for all ranks; an older one may be there. Rank 0 alone writes, its
    own state (buffers may differ between ranks). The file is a state dict with the names of
    `fresh`, which torch.load(path, weights_only=True) accepts.
    """
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))
