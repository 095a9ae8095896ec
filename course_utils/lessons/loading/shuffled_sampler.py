"""Write the sampler behind `shuffle=True` yourself."""

import itertools
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
        "`__iter__` is called for each epoch. Draw the order there.",
        "`torch.randperm(n, generator=...)` is every number below n once, in random order; "
        "`.tolist()` makes Python ints of them.",
    ],
)


@exercise.reference
class ShuffledSampler(Sampler):
    """All indices once in each epoch, in a new random order each time.

    count: the number of samples, at least 1. Every order is possible. generator: a torch.Generator.
    Each order follows from the state of this object alone, and moves it on: the same seed gives the
    same orders, and whoever draws from it afterwards gets others. Yields Python ints, one at a
    time.
    """

    def __init__(self, count, generator):
        self.count = count
        self.generator = generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count, generator=self.generator).tolist()


def is_mixed(order):
    """False where most numbers stand beside those that they always stand beside, or near home."""
    if len(order) < 20:  # chance may do that to a short order
        return True
    count = len(order)
    beside = sum((b - a) % count in (1, count - 1) for a, b in itertools.pairwise(order))
    return beside < 0.7 * count and sum(abs(i - n) for n, i in enumerate(order)) > count**2 / 8


@exercise.cases
def _(rng):
    yield 12, 1
    yield 1, 2
    yield 30, 3
    yield rng.randint(20, 99), rng.randint(3, 99)


@exercise.observe
def _(answer, count, seed):
    def made(seed):
        return answer(count, torch.Generator().manual_seed(seed))

    before = torch.random.get_rng_state()
    sampler = made(seed)
    first, second = taken(sampler), taken(sampler)
    other = taken(made(seed + 1))
    generator = torch.Generator().manual_seed(seed)
    one, next_one = answer(count, generator), answer(count, generator)
    shared = torch.Generator().manual_seed(seed)
    of_four = answer(4, shared)
    state = shared.get_state()
    after = torch.random.get_rng_state()
    side_by_side = answer(count, torch.Generator().manual_seed(seed))

    def goes_on_after_another():
        """A loop that is halfway while another one goes through all of its epoch."""
        loop = iter(side_by_side)
        half = list(itertools.islice(loop, count // 2))
        taken(side_by_side)
        return sorted(map(int, half + taken(loop)))

    numbers = {type(index).__name__ for index in first} == {"int"}
    return {
        "indices of the first epoch, sorted": attempt(lambda: sorted(map(int, first))),
        "indices of the second epoch, sorted": attempt(lambda: sorted(map(int, second))),
        "indices of a loop in whose midst another begins, sorted": attempt(goes_on_after_another),
        "types of the indices": sorted({type(index).__name__ for index in first}),
        "len(sampler)": attempt(lambda: len(sampler)),
        "the second epoch has a new order": first != second,
        "the order is not just 0, 1, 2, ...": attempt(lambda: first != sorted(first)),
        "each index may come at each place": is_mixed(first) and is_mixed(second)
        if numbers
        else None,
        "different orders of 4 in 400 epochs": attempt(
            lambda: len({str([int(index) for index in taken(of_four)]) for _ in range(400)})
        ),
        "400 epochs draw from the generator": not torch.equal(state, shared.get_state()),
        "the same seed gives the same order": first == taken(made(seed)),
        "another seed gives another order": first != other,
        "two samplers that share a generator draw alike": taken(one) == taken(next_one),
        "torch's global generator is left alone": torch.equal(before, after),
    }


class Counts(Sampler):
    """What the wrong answers below share."""

    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def order(self):
        return torch.randperm(self.count, generator=self.generator)


@exercise.mistake(
    "Some samples come twice in an epoch and others not at all. Is each index drawn on its own?"
)
class DrawsWithReplacement(Counts):
    def __iter__(self):
        yield from torch.randint(self.count, (self.count,), generator=self.generator).tolist()


@exercise.mistake(
    "Every epoch has the order of the first. Is it drawn when the sampler is made, or does "
    "something set the generator back?"
)
class OrderDrawnOnce(Counts):
    def __init__(self, count, generator):
        super().__init__(count, generator)
        self.drawn = self.order().tolist()

    def __iter__(self):
        return iter(self.drawn)


@exercise.mistake(same_as=OrderDrawnOnce)
class SetsTheGeneratorBack(Counts):
    def __iter__(self):
        self.generator.manual_seed(self.generator.initial_seed())
        yield from self.order().tolist()


@exercise.mistake(
    "Some orders never come. Where indices are swapped, each of them may also stay at its place: "
    "which numbers can `torch.randint(0, i, ...)` give?"
)
class NothingStaysAtHome(Counts):
    def __iter__(self):
        order = list(range(self.count))
        for i in range(self.count - 1, 0, -1):
            j = int(torch.randint(0, i, (1,), generator=self.generator))
            order[i], order[j] = order[j], order[i]
        return iter(order)


@exercise.mistake(
    "Every epoch and every generator gives one and the same order. From the same seed comes the "
    "same order: whose seed is it?"
)
class SeedsEachEpoch(Counts):
    def __iter__(self):
        self.generator.manual_seed(0)
        yield from self.order().tolist()


@exercise.mistake(
    "The order does not come from the generator that was given: the same seed gives another "
    "order. Other parts of a program draw from the global generators as well."
)
class GlobalGenerator(Counts):
    def __iter__(self):
        yield from torch.randperm(self.count).tolist()


@exercise.mistake(same_as=GlobalGenerator)
class PythonsGlobalGenerator(Counts):
    def __iter__(self):
        order = list(range(self.count))
        random.shuffle(order)
        return iter(order)


@exercise.mistake(
    "The generator that was given is asked for its seed only, and no number is drawn from it. Two "
    "samplers that share it would then draw the same."
)
class CopyOfTheGenerator(Counts):
    def __init__(self, count, generator):
        super().__init__(count, torch.Generator().manual_seed(generator.initial_seed()))

    def __iter__(self):
        yield from self.order().tolist()


@exercise.mistake(
    "One number is drawn from the generator that was given, and the orders come from another one. "
    "An epoch of yours leaves the given one as it was."
)
class OneSeedFromTheGenerator(Counts):
    def __init__(self, count, generator):
        seed = int(torch.randint(2**62, (1,), generator=generator))
        super().__init__(count, torch.Generator().manual_seed(seed))

    def __iter__(self):
        yield from self.order().tolist()


@exercise.mistake(
    "torch's global generator is set to another seed. Everything else in the program that is "
    "random notices."
)
class SeedsTheGlobalGenerator(Counts):
    def __init__(self, count, generator):
        super().__init__(count, None)
        torch.manual_seed(generator.initial_seed())

    def __iter__(self):
        yield from self.order().tolist()


@exercise.mistake(
    "Most samples stand beside their old neighbours, or near their old place. Any order should be "
    "possible."
)
class OnlyTurned(Counts):
    def __iter__(self):
        shift = int(torch.randint(self.count, (1,), generator=self.generator))
        return iter([(i + shift) % self.count for i in range(self.count)])


@exercise.mistake(
    "Your indices are not Python ints. Who looks one up in a dictionary, or writes it into a "
    "file, may need such an int."
)
class YieldsTensors(Counts):
    def __iter__(self):
        yield from self.order()


@exercise.mistake(same_as=YieldsTensors)
class YieldsNumpyInts(Counts):
    def __iter__(self):
        yield from self.order().numpy()


@exercise.mistake(
    "Your sampler yields all indices at once, in one piece. It is to yield one by one."
)
class OneListOfAll(Counts):
    def __iter__(self):
        yield self.order().tolist()


@exercise.mistake(
    "Your indices are one too large: index 0 never comes, and the last one is past the end."
)
class CountsFromOne(Counts):
    def __iter__(self):
        yield from (self.order() + 1).tolist()


@exercise.mistake(
    "When a second loop begins, one that is halfway does not go on as it began: samples come twice "
    "there, or not at all. What do the two loops have in common?"
)
class ShufflesItsOwnList(Counts):
    def __init__(self, count, generator):
        super().__init__(count, generator)
        self.kept = list(range(count))

    def __iter__(self):
        for i in range(self.count - 1, 0, -1):
            j = int(torch.randint(i + 1, (1,), generator=self.generator))
            self.kept[i], self.kept[j] = self.kept[j], self.kept[i]
        yield from self.kept


@exercise.mistake(same_as=ShufflesItsOwnList)
class OwnIterator(Counts):
    def __iter__(self):
        self.left = self.order().tolist()
        return self

    def __next__(self):
        if not self.left:
            raise StopIteration
        return self.left.pop()


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
    "seed = torch.randint(2 ** 41, (), generator=self.generator).item()",
    "seed = torch.randint(2 ** 39, (), generator=self.generator).item()",
    because="Any seeds will do that differ from epoch to epoch.",
)
