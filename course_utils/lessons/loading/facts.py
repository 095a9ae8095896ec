"""What observations take from datasets and loaders."""

import itertools

from torch.utils.data import (
    DataLoader,
)

MOST = 200  # samples that are taken from something that might never end


def taken(iterable, most: int = MOST) -> list:
    """The first items of an iterable, as a list."""
    return list(itertools.islice(iter(iterable), most))


def batches_of(dataset, **options) -> list:
    """All batches of one epoch."""
    return taken(DataLoader(dataset, **options))
