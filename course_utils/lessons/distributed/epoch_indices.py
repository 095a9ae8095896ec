"""Which samples does this rank see in this epoch? Do what `DistributedSampler` does with shuffling,
by hand. 06.15 dealt out the indices in their order; here they are shuffled first.
"""

import math

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise

RANKS = 3

exercise = Exercise(
    "11.5",
    "The indices of an epoch",
    minutes=15,
    difficulty=2,
    ranks=RANKS,
    without=["DistributedSampler"],
    hints=["a", "b", "c"],
)


@exercise.reference
def epoch_indices(count, epoch, seed, drop_last):
    """This rank's indices in this epoch, as DistributedSampler gives them with shuffle=True.

    count: the number of samples, at least 1; there may be more ranks. The order of an epoch is
    torch.randperm(count) of a generator of its own, seeded with seed + epoch. It is dealt out like
    cards, equally many to each rank: with drop_last the last ones of the order are left out,
    without it the first ones come again. torch's global generator stays as it is.
    Returns a list of ints.
    """
    generator = torch.Generator().manual_seed(seed + epoch)
    order = torch.randperm(count, generator=generator).tolist()
    ranks = dist.get_world_size()
    each = count // ranks if drop_last else math.ceil(count / ranks)
    order = (order * ranks)[: each * ranks]
    return order[dist.get_rank() :: ranks]
