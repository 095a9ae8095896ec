"""Predictions of all ranks are to be looked at together, and each rank has another number of them.
`all_gather` wants equal shapes.
"""

import torch
import torch.distributed as dist

from course_utils.exercise import Exercise

RANKS = 3

exercise = Exercise(
    "11.2",
    "Gather rows of unequal number",
    minutes=20,
    difficulty=3,
    ranks=RANKS,
    hints=["a", "b", "c"],
)


@exercise.reference
def gather_rows(rows):
    """The rows of all ranks in one tensor, on every rank: those of rank 0 first, then of rank 1.

    rows: a contiguous float32 or int64 tensor of shape (n, features). n differs from rank to rank
    and may be 0; features and dtype are the same. It stays as it is.
    Returns a new tensor of the same dtype, with as many rows as all ranks have together.
    """
    count = torch.tensor([len(rows)])
    counts = [torch.zeros_like(count) for _ in range(dist.get_world_size())]
    dist.all_gather(counts, count)
    counts = [int(count) for count in counts]
    padded = rows.new_zeros(max(counts), rows.shape[1])
    padded[: len(rows)] = rows
    every = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(every, padded)
    return torch.cat([part[:count] for part, count in zip(every, counts, strict=True)])
