"""Datasets that worker processes can import, each made to show one thing about workers.

On macOS and Windows, and from Python 3.14 on also on Linux, a worker is a new Python that imports
what it needs, and it cannot import a class that was written in a notebook. So the classes that
lessons 06 and 12 give to workers stand here.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

if multiprocessing.parent_process() is None:
    # torch needs this module to send a tensor, and takes seconds to import it, in every worker
    # anew. Imported here, workers that are copies of this process (fork) have it already.
    import torch.nested._internal.nested_tensor  # noqa: F401


class Traced(Dataset):
    """Sample i is (i, number of the worker that loaded it, or -1 in the main process).

    fetched counts the samples that this copy of the dataset has loaded.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.fetched = 0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[int, int]:
        self.fetched += 1
        worker = get_worker_info()
        return i, -1 if worker is None else worker.id


class Noisy(Dataset):
    """Sample i is two random numbers: NumPy's global generator, and one that the dataset owns."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.rng = numpy.random.default_rng(0)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> tuple[float, float]:
        return numpy.random.rand(), self.rng.random()


class Slow(Dataset):
    """Sample i is the number i, after a wait: as if it were read from a slow disk.

    seconds: how long one sample takes.
    """

    def __init__(self, count: int, seconds: float) -> None:
        self.count = count
        self.seconds = seconds

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> int:
        time.sleep(self.seconds)
        return i


class Ticked(Dataset):
    """Sample i is the number i, and loading it writes a 1 into ticks[i].

    ticks: a tensor of shape (samples,). It is moved to memory that all processes see, so that
    the main process can watch what the workers do.
    """

    def __init__(self, ticks: torch.Tensor) -> None:
        self.ticks = ticks.share_memory_()

    def __len__(self) -> int:
        return len(self.ticks)

    def __getitem__(self, i: int) -> int:
        self.ticks[i] = 1
        return i


class Processes(Dataset):
    """Every sample is the number of the process that loaded it, as the system counts them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, i: int) -> int:
        return os.getpid()


class Augmented(Dataset):
    """Sample i is images[i] after an Albumentations pipeline, as a tensor with the same axes.

    images: arrays of shape (height, width, channels). pipeline: an albumentations.Compose; every
    copy of the dataset has a copy of it.
    """

    def __init__(self, images: Sequence[numpy.ndarray], pipeline: Any) -> None:
        self.images = images
        self.pipeline = pipeline

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, i: int) -> torch.Tensor:
        # A flip is a view with a negative stride, which torch does not take.
        return torch.from_numpy(self.pipeline(image=self.images[i])["image"].copy())


class Numbers(IterableDataset):
    """The ints from start to stop - 1, one after the other; every copy yields all of them."""

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))


def take_a_part(worker_id: int) -> None:
    """A worker_init_fn for Numbers: each worker's copy keeps only its own part of the range."""
    worker = get_worker_info()
    numbers = worker.dataset
    size = -(-(numbers.stop - numbers.start) // worker.num_workers)  # rounded up
    numbers.start += worker_id * size
    numbers.stop = min(numbers.start + size, numbers.stop)


def own_generator(worker_id: int) -> None:
    """A worker_init_fn for Noisy: each worker's copy gets a generator of its own."""
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.default_rng(worker.seed)


def seed_pipeline(worker_id: int) -> None:
    """A worker_init_fn for Augmented: each worker's copy of the pipeline gets a seed of its own."""
    pipeline = get_worker_info().dataset.pipeline
    pipeline.set_random_seed(torch.initial_seed() % 2**32)


def samples_loaded_ahead(loader: DataLoader, seconds: float = 60.0) -> int:
    """How many samples the workers load before a first batch is taken.

    loader: over a Ticked, with workers. Waits until the workers have loaded as much as they are
    allowed to, at most `seconds`, and then a moment longer: do they really stop there?
    Raises ValueError for any other loader.
    """
    dataset, ahead, size = loader.dataset, loader.prefetch_factor, loader.batch_size
    if not isinstance(dataset, Ticked) or ahead is None or size is None:
        raise ValueError("samples_loaded_ahead() needs batches of a Ticked, loaded by workers.")
    ticks = dataset.ticks
    allowed = loader.num_workers * ahead * size
    iterator = iter(loader)
    deadline = time.monotonic() + seconds
    while int(ticks.sum()) < allowed and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.3)
    loaded = int(ticks.sum())
    del iterator  # ends the workers
    return loaded
