"""A pipeline has random generators of its own, which go on with each call: what a picture gets
depends on who was asked before. Make the draws depend on seed, epoch and place alone, so that an
augmented picture can be had again, in any order and in any worker.
"""

import pickle
import random

import albumentations as A
import numpy
from torch.utils.data import Dataset

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.pictures import byte_array, look_into_arrays
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
    def two():
        return [byte_array(rng, 2, 2, 3) for _ in range(2)]

    yield 3, [A.GaussNoise(p=1)], two()
    yield rng.randint(0, 99), [A.HorizontalFlip(p=0.5), A.GaussNoise(p=1)], two()
    noise = A.MultiplicativeNoise((0.5, 1.5), per_channel=True, elementwise=True, p=1)
    yield 0, [A.OneOf([A.GaussNoise(p=1), noise], p=1)], two()


@exercise.observe
def _(answer, seed, steps, two):
    grey = numpy.full((3, 4, 3), 128, "uint8")
    many = [grey] * 10_000  # alike, so that two results are alike only where the draws are

    def drawn(made, epoch, i):
        made.set_epoch(epoch)
        return made[i].tobytes()

    def in_one_epoch(made, *places):
        made.set_epoch(5)
        return {i: made[i].tobytes() for i in places}

    def asked(of):
        """A new dataset, and what it gives in this order."""
        made = answer(many, A.Compose(steps), of)
        return made, made[1].tobytes(), {place: drawn(made, *place) for place in places}

    def backwards(of):
        made = answer(many, A.Compose(steps), of)
        return {place: drawn(made, *place) for place in reversed(places)}

    def corners(brightness):
        """Where the bright corner of each picture comes to lie."""
        picture = numpy.zeros((2, 2, 3), "uint8")
        picture[0, 0] = brightness
        flips = A.Compose([A.HorizontalFlip(p=0.5), A.VerticalFlip(p=0.5)])
        made = answer([picture] * 40, flips, seed)
        return [int(numpy.argmax(made[i][..., 0])) for i in range(40)]

    places = [(epoch, i) for epoch in (0, 1, 2, 100) for i in (0, 1, 2, 100, 9999)]
    places += [(1, 1000), (1, 9000), (2, 8000)]
    plain = answer(two, A.Compose([A.VerticalFlip(p=1)]), seed)
    facts = {
        "len(dataset)": attempt(lambda: len(plain)),
        "pictures that are only flipped": [
            look_into_arrays(attempt(lambda i=i: plain[i])) for i in (0, 1)
        ],
    }
    facts["other pictures get the same draws"] = attempt(lambda: corners(9) == corners(200))
    tried = attempt(lambda: asked(seed))
    if isinstance(tried, dict):
        return {**facts, "a dataset that is asked": tried}
    one, before, first = tried
    copied = pickle.loads(pickle.dumps(one))
    other = asked(seed + 1)[2]
    every = [*first.values(), *other.values()]
    if seed == 3:  # so many that a few thousand seeds would not do for all places
        every += [drawn(one, 7, i) for i in range(700)]
    return {
        **facts,
        "before set_epoch, the draws are those of epoch 0": before == first[0, 1],
        "in another order, it is the same": {p: drawn(one, *p) for p in places[::-1]} == first,
        "in another order within an epoch": in_one_epoch(one, 0, 1) == in_one_epoch(one, 1, 0),
        "a copy gives the same": {p: drawn(copied, *p) for p in places} == first,
        "a new dataset, asked in the same way, gives the same": asked(seed)[2] == first,
        "a new dataset, asked in another order, gives the same": backwards(seed) == first,
        "epochs that draw as the first one": sum(first[0, 9999] == first[e, 9999] for e in (1, 2)),
        "places that draw as the first one": sum(first[2, 0] == first[2, i] for i in (1, 9999)),
        "places where another seed draws the same": sum(first[p] == other[p] for p in places),
        "draws that two places share": len(every) - len(set(every)),
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
    "Asked again, a picture comes out another way. The pipeline has generators of its own that go "
    "on with each call. Seeds of torch, NumPy and Python do not reach them."
)
class NotSeeded(Pictures):
    def __getitem__(self, i):
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


@exercise.mistake("In one epoch all pictures get the same draws: if one is mirrored, all are.")
class PlacesAlike(Pictures):
    def __getitem__(self, i):
        return self.drawn_with(10**6 * self.seed + self.epoch, i)


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
    "Some places of two epochs, or of two seeds, get the same draws: the numbers that you seed "
    "with meet, as 1 + 0 and 0 + 1 do."
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
    "The results are kept, and not the draws: a new dataset has others, and so has a copy that was "
    "made before."
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


@exercise.mistake(same_as=Kept)
class KeptAndSeededOnce(Kept):
    def __init__(self, pictures, pipeline, seed):
        super().__init__(pictures, pipeline, seed)
        pipeline.set_random_seed(seed)


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


exercise.equivalent(
    "mixed = numpy.random.SeedSequence([self.seed, self.epoch, i]).generate_state(1)",
    "mixed = numpy.random.SeedSequence([self.seed, self.epoch, i]).generate_state(2)",
    because="The first of two numbers is the only one of one.",
)


exercise.equivalent(
    "self.pipeline.set_random_seed(int(mixed[0]))",
    "self.pipeline.set_random_seed(int(mixed[-1]))",
    because="There is one number.",
)


exercise.equivalent(
    "self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 2 ** 32)",
    "self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 3 ** 32)",
    "self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 2 ** 33)",
    "self.pipeline.set_random_seed(hash((self.seed, self.epoch, i)) % 2 ** 31)",
    because="Any seed will do that differs from place to place.",
)


exercise.equivalent(
    "number = (self.seed * 1000000 + self.epoch) * 10000 + i",
    "number = (self.seed * 1000001 + self.epoch) * 10000 + i",
    "number = (self.seed * 999999 + self.epoch) * 10000 + i",
    because="Any step will do that is larger than all epochs.",
)


exercise.equivalent(
    "number = (self.seed * 1000000 + self.epoch) * 10000 + i",
    "number = (self.seed * 1000000 + self.epoch) * 10001 + i",
    because="Any step will do that is larger than all places.",
)


exercise.equivalent(
    "self.steps = list(pipeline)",
    "self.steps = pipeline",
    because="A pipeline can be walked through like a list.",
)


exercise.equivalent(
    "pipeline = A.Compose(self.steps, seed=digits.getrandbits(32))",
    "pipeline = A.Compose(self.steps, seed=digits.getrandbits(33))",
    "pipeline = A.Compose(self.steps, seed=digits.getrandbits(31))",
    because="Any seed will do that differs from place to place.",
)


exercise.equivalent(
    "self.pipeline.set_random_seed(int(generator.integers(2 ** 31)))",
    "self.pipeline.set_random_seed(int(generator.integers(3 ** 31)))",
    "self.pipeline.set_random_seed(int(generator.integers(2 ** 32)))",
    "self.pipeline.set_random_seed(int(generator.integers(2 ** 30)))",
    because="Any seed will do that differs from place to place.",
)
