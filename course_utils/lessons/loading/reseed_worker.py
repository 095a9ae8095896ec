"""A dataset has two NumPy generators of its own, and all workers begin with copies of them. Write
the `worker_init_fn` that gives each worker random numbers that nobody else draws. The check calls
it as workers would, without starting any.
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
from course_utils.observation import attempt


class NoisyDataset(Dataset):
    """Draws from two generators that are made once, in `__init__`."""

    def __init__(self):
        self.rng = numpy.random.default_rng(0)
        self.noise_rng = numpy.random.default_rng(1)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return int(self.rng.integers(10**9)), int(self.noise_rng.integers(10**9))


exercise = Exercise(
    "06.18",
    "Seeds for workers",
    minutes=20,
    difficulty=3,
    hints=[
        "The function runs inside a worker. `get_worker_info().dataset` is this worker's own copy.",
        "Both generators of the copy have to be replaced. Which number is different in each worker "
        "*and* in each epoch?",
        "`get_worker_info().seed` is that number. The workers' seeds are neighbours: 100, 101, "
        "102. Who draws the same numbers, if one generator gets `seed` and the other `seed + 1`?",
        "`numpy.random.default_rng` also takes a list of numbers as a seed.",
    ],
)


@exercise.reference
def reseed_worker(worker_id):
    """A worker_init_fn for a dataset that has two random generators of its own.

    worker_id: the number of the worker, from 0. The dataset's attributes `rng` and `noise_rng`
    are NumPy Generators, and every worker starts with copies of them. Afterwards they are two NumPy
    Generators, and no two of them draw the same numbers: not in one worker, not in two, nor in two
    epochs. When the program is run again with the same seed, they are the same again. Returns
    nothing.
    """
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.default_rng([worker.seed, 0])
    worker.dataset.noise_rng = numpy.random.default_rng([worker.seed, 1])


@exercise.cases
def _(rng):
    yield 8_000_000_000_000_000_000, 2
    yield rng.randint(2**40, 2**60), 2
    yield rng.randint(2**40, 2**60), rng.randint(3, 40)


@exercise.observe
def _(answer, base_seed, workers):
    returned, twice = [], []

    def draws(base_seed):
        """What both generators of each worker draw: a tuple of two numbers each."""
        drawn = []
        for number in range(workers):
            dataset = NoisyDataset()  # each worker process holds a copy of one and the same state
            with as_worker(number, workers, base_seed, dataset):
                returned.append(answer(number))
                kinds = [type(dataset.rng), type(dataset.noise_rng)]
                twice.append(dataset.rng is dataset.noise_rng)
                pairs = attempt(lambda dataset=dataset: [dataset[0], dataset[1]])
            if isinstance(pairs, dict) or kinds != [numpy.random.Generator] * 2:
                return None
            drawn.append(tuple(zip(*pairs, strict=True)))
        return drawn

    first, again = draws(base_seed), draws(base_seed)
    next_epoch = draws(base_seed + 1_000_003)
    both_are_generators = None not in (first, again, next_epoch)
    facts = {"rng and noise_rng are NumPy Generators": both_are_generators}
    if not both_are_generators:
        return facts
    copied = NoisyDataset()
    copies = tuple(zip(copied[0], copied[1], strict=True))
    every = [draw for worker in first for draw in worker]
    return {
        **facts,
        "generators that draw numbers of their own": len(set(every)),
        "rng and noise_rng are one and the same object": any(twice),
        "rng goes on as the copy": first[-1][0] == copies[0],
        "noise_rng goes on as the copy": first[-1][1] == copies[1],
        "in one worker both draw alike": any(one == other for one, other in first),
        "rng draws alike in two workers": len({worker[0] for worker in first}) < workers,
        "noise_rng draws alike in two workers": len({worker[1] for worker in first}) < workers,
        "one worker's rng draws as another's noise_rng": any(
            one[0] == other[1] for one in first for other in first if one is not other
        ),
        "rng draws the same in the next epoch": first[0][0] == next_epoch[0][0],
        "noise_rng draws the same in the next epoch": first[0][1] == next_epoch[0][1],
        "two generators of two epochs draw alike": any(
            draw in every for worker in next_epoch for draw in worker
        ),
        "the same seed draws the same numbers": first == again,
        "returned": returned[-1],
    }


def replace(*seeds):
    """Gives both generators of the worker's dataset new ones, from these seeds."""
    dataset = get_worker_info().dataset
    dataset.rng, dataset.noise_rng = map(numpy.random.default_rng, seeds)


@exercise.mistake(
    "The dataset draws from its own generators, and those go on as copies. Seeding NumPy's global "
    "generator does not reach them, nor does a new generator that the dataset does not hold."
)
def seeds_the_global_generator(worker_id):
    numpy.random.seed(get_worker_info().seed % 2**32)


@exercise.mistake(
    "NumPy's older generators, those of `numpy.random.seed` and `RandomState`, take seeds below "
    "2**32, and a worker's seed is larger. (And they are not what the dataset is to hold.)"
)
def seed_too_large(worker_id):
    numpy.random.seed(torch.initial_seed())


@exercise.mistake(
    "`noise_rng` still draws what the copies draw: all workers have the same noise. The dataset "
    "has two generators."
)
def only_one_of_them(worker_id):
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.default_rng(worker.seed)


@exercise.mistake(
    "In one worker both generators draw the same numbers. Two generators with one seed are twins."
)
def one_seed_for_both(worker_id):
    seed = get_worker_info().seed
    replace(seed, seed)


@exercise.mistake(
    "The two attributes hold one and the same generator. Each draw from the one moves the other on."
)
def one_object_for_both(worker_id):
    worker = get_worker_info()
    worker.dataset.rng = worker.dataset.noise_rng = numpy.random.default_rng(worker.seed)


@exercise.mistake(
    "One worker's `rng` draws what its neighbour's `noise_rng` draws. The seeds of the workers are "
    "neighbours, too: how far apart?"
)
def seed_and_the_next(worker_id):
    seed = get_worker_info().seed
    replace(seed, seed + 1)


@exercise.mistake(
    "Each epoch repeats the numbers of the first. The number of a worker, and what it can draw "
    "from its copies, are the same in every epoch."
)
def seeded_by_number(worker_id):
    replace(2 * worker_id, 2 * worker_id + 1)


@exercise.mistake(same_as=seeded_by_number)
def seeded_by_number_for_both(worker_id):
    replace(worker_id, worker_id)


@exercise.mistake(same_as=seeded_by_number)
def seeded_by_number_and_the_next(worker_id):
    replace(worker_id, worker_id + 1)


@exercise.mistake("All workers get the same new generators, in every epoch. That is no better.")
def one_seed_for_all(worker_id):
    replace(42, 43)


@exercise.mistake(
    "All workers draw the same numbers. Their seeds differ by little, and what is done to them "
    "here takes the difference away."
)
def base_seed_for_all(worker_id):
    seed = torch.initial_seed() - worker_id
    replace([seed, 0], [seed, 1])


@exercise.mistake(
    "Run again with the same seed, the program draws other numbers. What are your generators "
    "seeded with?"
)
def no_seed_at_all(worker_id):
    replace(None, None)


@exercise.mistake(
    "The dataset holds something else than NumPy Generators now. `RandomState` and torch's "
    "generators have other methods."
)
def old_random_states(worker_id):
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.RandomState(worker.seed % 2**32)
    worker.dataset.noise_rng = numpy.random.RandomState((worker.seed + 10**6) % 2**32)


@exercise.right
def from_torchs_seed(worker_id):
    info = torch.utils.data.get_worker_info()
    seeds = numpy.random.SeedSequence(torch.initial_seed()).spawn(2)
    info.dataset.rng, info.dataset.noise_rng = map(numpy.random.default_rng, seeds)


@exercise.right
def from_drawn_numbers(worker_id):
    dataset = torch.utils.data.get_worker_info().dataset
    for name in ("rng", "noise_rng"):
        seed = torch.randint(2**62, ()).item()
        setattr(dataset, name, numpy.random.Generator(numpy.random.PCG64(seed)))


@exercise.right
def from_pythons_generator(worker_id):
    # A worker process seeds Python's generator as well.
    dataset = torch.utils.data.get_worker_info().dataset
    dataset.rng = numpy.random.default_rng(random.getrandbits(64))
    dataset.noise_rng = numpy.random.default_rng(random.getrandbits(64))


exercise.equivalent(
    "seed = torch.randint(2 ** 62, ()).item()",
    "seed = torch.randint(2 ** 61, ()).item()",
    because="Any seed will do that differs from worker to worker.",
)


exercise.equivalent(
    "worker.dataset.noise_rng = numpy.random.default_rng([worker.seed, 1])",
    "worker.dataset.noise_rng = numpy.random.default_rng([worker.seed, 2])",
    because="Any second number will do that is not that of the other generator.",
)


exercise.equivalent(
    "dataset.rng = numpy.random.default_rng(random.getrandbits(64))",
    "dataset.rng = numpy.random.default_rng(random.getrandbits(65))",
    "dataset.rng = numpy.random.default_rng(random.getrandbits(63))",
    because="Any seed will do that differs from worker to worker.",
)


exercise.equivalent(
    "dataset.noise_rng = numpy.random.default_rng(random.getrandbits(64))",
    "dataset.noise_rng = numpy.random.default_rng(random.getrandbits(65))",
    "dataset.noise_rng = numpy.random.default_rng(random.getrandbits(63))",
    because="Any seed will do that differs from worker to worker.",
)
