"""A dataset has a NumPy generator of its own, and all workers begin with a copy of it. Write the
`worker_init_fn` that gives each worker its own random numbers.
"""

import random

import numpy
import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
    get_worker_info,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.workers import as_worker


class NoisyDataset(Dataset):
    """Adds noise from a generator that is made once, in `__init__`."""

    def __init__(self):
        self.rng = numpy.random.default_rng(0)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return int(self.rng.integers(10**9))


exercise = Exercise(
    "06.18",
    "Seeds for workers",
    minutes=15,
    difficulty=3,
    hints=[
        "The function runs inside a worker. `get_worker_info().dataset` is this worker's own copy.",
        "The copy's generator has to be replaced by another one. Which number is different in each "
        "worker *and* in each epoch?",
        "`get_worker_info().seed` is that number. `numpy.random.default_rng` takes it as it is.",
    ],
)


@exercise.reference
def reseed_worker(worker_id):
    """A worker_init_fn for a dataset that has a random generator of its own.

    worker_id: the number of the worker, from 0. The dataset's attribute `rng` is a NumPy
    Generator, and every worker starts with a copy of it. Afterwards the worker's dataset has a
    new generator in `rng`: another one in each worker and in each epoch, and the same one again
    when the program is run again with the same seed. Returns nothing.
    """
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.default_rng(worker.seed)


@exercise.cases
def _(rng):
    yield 8_000_000_000_000_000_000, 2
    yield rng.randint(2**40, 2**60), 2
    yield rng.randint(2**40, 2**60), rng.randint(3, 40)


@exercise.observe
def _(answer, base_seed, workers):
    def draws(base_seed):
        drawn = []
        for number in range(workers):
            dataset = NoisyDataset()  # each worker process holds a copy of one and the same state
            with as_worker(number, workers, base_seed, dataset):
                returned = answer(number)
                drawn.append([dataset[0], dataset[1]])
        return drawn, returned

    first, returned = draws(base_seed)
    again, _ = draws(base_seed)
    next_epoch, _ = draws(base_seed + 1_000_003)
    dataset = NoisyDataset()
    return {
        "workers that draw numbers of their own": len({tuple(d) for d in first}),
        "the next epoch draws the same numbers": first[0] == next_epoch[0],
        "the same seed draws the same numbers": first == again,
        "a worker goes on with the copied generator": first[-1] == [dataset[0], dataset[1]],
        "returned": returned,
    }


@exercise.mistake(
    "You seed NumPy's global generator. PyTorch has done that for you since version 1.9; the "
    "generator that the dataset owns does not notice."
)
def seeds_the_global_generator(worker_id):
    numpy.random.seed(get_worker_info().seed % 2**32)


@exercise.mistake(
    "`numpy.random.seed` takes numbers below 2**32, and a worker's seed is larger. (And it is the "
    "global generator again, not the dataset's.)"
)
def seed_too_large(worker_id):
    numpy.random.seed(torch.initial_seed())


@exercise.mistake(
    "The number of the worker is the same in every epoch, so each epoch repeats the noise of the "
    "first."
)
def seeded_by_number(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(worker_id)


@exercise.mistake(
    "All workers get the same new generator, in every epoch. That is where you came from."
)
def one_seed_for_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(42)


@exercise.mistake(
    "You took away the part that is different: the seed of all workers minus their number is the "
    "same for all."
)
def base_seed_for_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(torch.initial_seed() - worker_id)


@exercise.mistake(
    "Without a seed the new generator is different each time, also when you run the program again "
    "and want to see the same."
)
def no_seed_at_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng()


@exercise.right
def from_torchs_seed(worker_id):
    info = torch.utils.data.get_worker_info()
    info.dataset.rng = numpy.random.default_rng([torch.initial_seed(), worker_id])


@exercise.right
def from_a_drawn_number(worker_id):
    seed = torch.randint(2**62, ()).item()
    torch.utils.data.get_worker_info().dataset.rng = numpy.random.Generator(
        numpy.random.PCG64(seed)
    )


@exercise.right
def from_pythons_generator(worker_id):
    # A worker process seeds Python's generator as well.
    rng = numpy.random.default_rng(random.getrandbits(64))
    torch.utils.data.get_worker_info().dataset.rng = rng


exercise.equivalent(
    "seed = torch.randint(2 ** 62, ()).item()",
    "seed = torch.randint(2 ** 61, ()).item()",
    because="Any seed will do that differs from worker to worker.",
)


exercise.equivalent(
    "rng = numpy.random.default_rng(random.getrandbits(64))",
    "rng = numpy.random.default_rng(random.getrandbits(65))",
    "rng = numpy.random.default_rng(random.getrandbits(63))",
    because="Any seed will do that differs from worker to worker.",
)
