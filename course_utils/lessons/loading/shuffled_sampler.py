"""Write the sampler behind `shuffle=True` yourself."""

import random

import torch
import torch.utils.data
from torch.utils.data import (
    Sampler,
)

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import taken
from course_utils.observation import attempt

exercise = Exercise(
    "06.7",
    "A sampler that shuffles",
    minutes=12,
    difficulty=2,
    without=ByHand(
        "RandomSampler", may=("torch.utils.data.Sampler", "torch.utils.data.sampler.Sampler")
    ),
    hints=[
        "A sampler is two methods: `__iter__` gives indices, `__len__` says how many.",
        "`__iter__` is called once for each epoch. Draw the order there.",
        "`torch.randperm(n, generator=...)` is every number below n once, in random order; "
        "`.tolist()` makes Python ints of them.",
    ],
)


@exercise.reference
class ShuffledSampler(Sampler):
    """All indices once in each epoch, in a new random order each time.

    count: the number of samples. generator: a torch.Generator; all random numbers are drawn from
    it, so that the same seed gives the same orders. Yields Python ints.
    """

    def __init__(self, count, generator):
        self.count = count
        self.generator = generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count, generator=self.generator).tolist()


@exercise.cases
def _(rng):
    yield 12, 1
    yield 1, 2
    yield rng.randint(20, 99), rng.randint(3, 99)


@exercise.observe
def _(answer, count, seed):
    def made(seed):
        return answer(count, torch.Generator().manual_seed(seed))

    before = torch.random.get_rng_state()
    sampler = made(seed)
    first, second = taken(sampler), taken(sampler)
    other = taken(made(seed + 1))
    after = torch.random.get_rng_state()
    return {
        "indices of the first epoch, sorted": sorted(map(int, first)),
        "indices of the second epoch, sorted": sorted(map(int, second)),
        "types of the indices": sorted({type(index).__name__ for index in first}),
        "len(sampler)": attempt(lambda: len(sampler)),
        "the second epoch has a new order": first != second,
        "the order is not just 0, 1, 2, ...": first != sorted(first),
        "the same seed gives the same order": first == taken(made(seed)),
        "another seed gives another order": first != other,
        "torch's global generator is left alone": torch.equal(before, after),
    }


@exercise.mistake(
    "You draw each index on its own, so some samples come twice in an epoch and others not at all."
)
class DrawsWithReplacement(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randint(self.count, (self.count,), generator=self.generator).tolist()


@exercise.mistake(
    "You draw the order when the sampler is made. It is then the same order in every epoch."
)
class OrderDrawnOnce(Sampler):
    def __init__(self, count, generator):
        self.order = torch.randperm(count, generator=generator).tolist()

    def __len__(self):
        return len(self.order)

    def __iter__(self):
        return iter(self.order)


@exercise.mistake(
    "You set a seed at the beginning of each epoch. From the same seed comes the same order, so "
    "every epoch is like the first."
)
class SeedsEachEpoch(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        self.generator.manual_seed(0)
        yield from torch.randperm(self.count, generator=self.generator).tolist()


@exercise.mistake(
    "You do not use the generator you are given. The order then depends on every other random "
    "number of the program: dropout, starting weights."
)
class GlobalGenerator(Sampler):
    def __init__(self, count, generator):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count).tolist()


@exercise.mistake(
    "Your indices are tensors. A dataset that keeps its samples in a dictionary, or prints the "
    "index, wants Python ints."
)
class YieldsTensors(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count, generator=self.generator)


@exercise.right
class SortsRandomNumbers(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        keys = torch.rand(self.count, generator=self.generator)
        return iter(keys.argsort().tolist())


@exercise.right
class SeedsPythonsGenerator:
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        seed = torch.randint(2**40, (), generator=self.generator).item()
        order = list(range(self.count))
        random.Random(seed).shuffle(order)
        return iter(order)


exercise.equivalent(
    "seed = torch.randint(2 ** 40, (), generator=self.generator).item()",
    "seed = torch.randint(2 * 40, (), generator=self.generator).item()",
    "seed = torch.randint(2 ** 41, (), generator=self.generator).item()",
    "seed = torch.randint(2 ** 39, (), generator=self.generator).item()",
    because="Any seeds will do that differ from epoch to epoch.",
)
