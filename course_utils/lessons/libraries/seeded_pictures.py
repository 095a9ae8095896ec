"""A pipeline has random generators of its own, which go on with each call: what a picture gets
depends on who was asked before. Make the draws depend on seed, epoch and place alone, so that an
augmented picture can be had again, in any order and in any worker.
"""

import pickle
import random

import albumentations as A
import numpy
import torch
from torch.utils.data import Dataset

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.pictures import look_into_arrays
from course_utils.observation import attempt

exercise = Exercise(
    "12.4",
    "The same augmentation again",
    minutes=15,
    difficulty=2,
    hints=[
        "When does a pipeline have to be seeded, so that nothing that was drawn before counts?",
        "Whom does `torch.manual_seed` reach, and whom not? The pipeline has a method of its own.",
        "The picture 1 of epoch 0 and the picture 0 of epoch 1 must not get the same number. "
        "`numpy.random.SeedSequence` mixes a list of numbers into one.",
    ],
)


@exercise.reference
class SeededPictures(Dataset):
    """Pictures whose draws depend on nothing but seed, epoch and place.

    pictures: a list of up to 10 000 uint8 arrays of shape (height, width, 3). pipeline: an
    `A.Compose`, whatever it has drawn before. seed: an int from 0.
    dataset[i] is picture i after the pipeline. dataset.set_epoch(epoch) takes an int from 0; at
    first the epoch is 0. The same seed, epoch and i give the same array again: in any order, and
    from a copy of the dataset, as a worker has one. Otherwise the draws are others.
    """

    def __init__(self, pictures, pipeline, seed):
        self.pictures, self.pipeline, self.seed = pictures, pipeline, seed
        self.epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        mixed = numpy.random.SeedSequence([self.seed, self.epoch, i]).generate_state(1)
        self.pipeline.set_random_seed(int(mixed[0]))
        return self.pipeline(image=self.pictures[i])["image"]


@exercise.cases
def _(rng):
    yield 3, [A.GaussNoise(p=1)]
    yield rng.randint(0, 99), [A.HorizontalFlip(p=0.5), A.GaussNoise(p=1)]
    yield 0, [A.OneOf([A.GaussNoise(p=1), A.MultiplicativeNoise((0.5, 1.5), True, True, p=1)], p=1)]


@exercise.observe
def _(answer, seed, steps):
    grey = numpy.full((3, 4, 3), 128, "uint8")
    many = [grey] * 10_000  # alike, so that two results are alike only where the draws are

    def dataset(of=seed):
        return answer(many, A.Compose(steps), of)

    def drawn(made, epoch, i):
        made.set_epoch(epoch)
        return made[i].tobytes()

    places = [(epoch, i) for epoch in (0, 1, 2, 10, 100) for i in (0, 1, 2, 3, 10, 100, 9999)]
    places += [(1, 1000), (1, 9000), (2, 8000)]
    one = dataset()
    before = attempt(lambda: one[1].tobytes())
    first = attempt(lambda: {place: drawn(one, *place) for place in places})
    if isinstance(before, dict) or "raised" in first:
        return {"dataset[1] before any epoch is set": before, "dataset[i]": first}
    again = {place: drawn(one, *place) for place in reversed(places)}
    fresh, other = dataset(), dataset(seed + 1)
    copied = pickle.loads(pickle.dumps(one))
    copies = {place: drawn(copied, *place) for place in places}
    flip = A.Compose([A.VerticalFlip(p=1)])
    two = [numpy.arange(12 * k, 12 * k + 12, dtype="uint8").reshape(2, 2, 3) for k in range(2)]
    plain = answer(two, flip, seed)

    def alike(*pairs):
        """At how many places something drew as somebody else."""
        return sum(a == b for a, b in pairs)

    return {
        "len(dataset)": attempt(lambda: len(one)),
        "pictures that are only flipped": look_into_arrays(
            [attempt(lambda i=i: plain[i]) for i in (0, 1)]
        ),
        "before set_epoch, the draws are those of epoch 0": before == first[0, 1],
        "in another order, it is the same": again == first,
        "a copy gives the same": copies == first,
        "a new dataset gives the same": {p: drawn(fresh, *p) for p in places} == first,
        "one epoch draws as another": alike(
            *((first[0, i], first[e, i]) for e in (1, 2, 100) for i in (0, 1, 9999))
        ),
        "one place draws as another": alike(
            *((first[e, 0], first[e, i]) for e in (0, 1, 2) for i in (1, 2, 9999))
        ),
        "another seed draws the same": alike(*((first[p], drawn(other, *p)) for p in places)),
        "draws in all, and how many of them are different": (len(places), len(set(first.values()))),
    }


class Pictures(Dataset):
    """What the wrong answers below share."""

    def __init__(self, pictures, pipeline, seed):
        self.pictures, self.pipeline, self.seed = pictures, pipeline, seed
        self.epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.pictures)

    def draw(self, i):
        return self.pipeline(image=self.pictures[i])["image"]

    def drawn_with(self, number, i):
        self.pipeline.set_random_seed(number)
        return self.draw(i)


@exercise.mistake(
    "Asked again, a picture comes out another way. The pipeline's generators go on with each call, "
    "and nothing takes them back to where they were."
)
class NotSeeded(Pictures):
    def __getitem__(self, i):
        return self.draw(i)


@exercise.mistake(
    "The seeds of torch, NumPy and Python do not reach the pipeline: it has generators of its own. "
    "(And everybody else's random numbers have been set back.)"
)
class OthersAreSeeded(Pictures):
    def __getitem__(self, i):
        number = hash((self.seed, self.epoch, i)) % 2**32
        torch.manual_seed(number)
        numpy.random.seed(number)
        random.seed(number)
        return self.draw(i)


@exercise.mistake(same_as=OthersAreSeeded)
class TorchIsSeeded(Pictures):
    def __getitem__(self, i):
        torch.manual_seed(hash((self.seed, self.epoch, i)) % 2**32)
        return self.draw(i)


@exercise.mistake(
    "What a picture gets depends on which ones were asked for before. The pipeline is seeded too "
    "early: many draws follow on one seed."
)
class SeededOnce(Pictures):
    def __init__(self, pictures, pipeline, seed):
        super().__init__(pictures, pipeline, seed)
        pipeline.set_random_seed(seed)

    def __getitem__(self, i):
        return self.draw(i)


@exercise.mistake(same_as=SeededOnce)
class SeededWithEachEpoch(Pictures):
    def __init__(self, pictures, pipeline, seed):
        super().__init__(pictures, pipeline, seed)
        self.set_epoch(0)

    def set_epoch(self, epoch):
        self.pipeline.set_random_seed(1000 * self.seed + epoch)

    def __getitem__(self, i):
        return self.draw(i)


@exercise.mistake(
    "Each epoch gives the same pictures as the one before. That is no augmentation: the network "
    "sees one version of each picture."
)
class EpochsAlike(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(10**6 * self.seed + i, i)


@exercise.mistake(same_as=EpochsAlike)
class EpochsAlikeAdded(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(self.seed + i, i)


@exercise.mistake("In one epoch all pictures get the same draws: if one is mirrored, all are.")
class PlacesAlike(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(10**6 * self.seed + self.epoch, i)


@exercise.mistake(same_as=PlacesAlike)
class PlacesAlikeAdded(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(self.seed + self.epoch, i)


@exercise.mistake(
    "All pictures, epochs and seeds get the same draws, or all of a seed do. What is the number "
    "made of that you seed with?"
)
class OneNumberForAll(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(self.seed, i)


@exercise.mistake(same_as=OneNumberForAll)
class FortyTwo(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(42, i)


@exercise.mistake(
    "Some places of two epochs, or of two seeds, get the same draws: 1 + 0 is 0 + 1. Your numbers "
    "must not meet."
)
class Added(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(self.seed + self.epoch + i, i)


@exercise.mistake(same_as=Added)
class AddedWithTooSmallSteps(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(10**6 * self.seed + 1000 * self.epoch + i, i)


@exercise.mistake(same_as=Added)
class StepsOfTheLength(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(self.seed + self.epoch * len(self.pictures) + i, i)


@exercise.mistake(same_as=Added)
class Multiplied(Pictures):
    def __getitem__(self, i):
        return self.drawn_with((self.seed + 1) * (self.epoch + 1) * (i + 1), i)


@exercise.mistake("Another seed gives the same pictures: yours is not used.")
class WithoutTheSeed(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(10**6 * self.epoch + i, i)


@exercise.mistake(
    "The results are kept, and not the draws: a new dataset, or one that was asked in another order, "
    "has others."
)
class Kept(Pictures):
    def __init__(self, pictures, pipeline, seed):
        super().__init__(pictures, pipeline, seed)
        self.kept = {}

    def __getitem__(self, i):
        key = self.epoch, i
        if key not in self.kept:
            self.kept[key] = self.draw(i)
        return self.kept[key]


@exercise.mistake(
    "Before the first `set_epoch` there is no epoch in your dataset, and asking fails."
)
class NoFirstEpoch(Pictures):
    def __init__(self, pictures, pipeline, seed):
        super().__init__(pictures, pipeline, seed)
        del self.epoch

    def __getitem__(self, i):
        return self.drawn_with(hash((self.seed, self.epoch, i)) % 2**32, i)


@exercise.mistake("dataset[i] is a dictionary here. Its picture was asked for.")
class TheDictionary(Pictures):
    def __getitem__(self, i):
        self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 2**32)
        return self.pipeline(image=self.pictures[i])


@exercise.right
class HashOfThree(Dataset):
    def __init__(self, pictures, pipeline, seed):
        self.pictures, self.pipeline, self.seed = pictures, pipeline, seed
        self.set_epoch(0)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 2**32)
        return self.pipeline(image=self.pictures[i])["image"]


@exercise.right
class LargeSteps(Dataset):
    epoch = 0

    def __init__(self, pictures, pipeline, seed):
        self.pictures = pictures
        self.pipeline = pipeline
        self.seed = seed

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        number = (self.seed * 1_000_000 + self.epoch) * 10_000 + i
        self.pipeline.set_random_seed(number)
        return self.pipeline(image=self.pictures[i])["image"]


@exercise.right
class APipelineForEach(Dataset):
    def __init__(self, pictures, pipeline, seed):
        self.pictures, self.seed, self.epoch = pictures, seed, 0
        self.steps = list(pipeline)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        digits = random.Random(f"{self.seed}/{self.epoch}/{i}")
        pipeline = A.Compose(self.steps, seed=digits.getrandbits(32))
        return pipeline(image=self.pictures[i])["image"]


@exercise.right
class DrawnFromAGenerator(Dataset):
    def __init__(self, pictures, pipeline, seed):
        self.pictures, self.pipeline = pictures, pipeline
        self.numbers = [seed, 0]

    def set_epoch(self, epoch):
        self.numbers = [self.numbers[0], epoch]

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, i):
        generator = numpy.random.default_rng([*self.numbers, i])
        self.pipeline.set_random_seed(int(generator.integers(2**31)))
        return self.pipeline(image=self.pictures[i])["image"]
