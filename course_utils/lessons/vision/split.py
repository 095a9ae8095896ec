"""Give the training part its augmentation and the validation part none, and let no image be in
both. `make_dataset(transform)` stands for `MNIST(root, transform=transform)`.
"""

import random

import torch
from torch.utils.data import Dataset, Subset, random_split

from course_utils.exercise import Exercise


class Numbered(Dataset):
    """Sample i is (transform(i), label); sorted by label, as a folder of files often is."""

    samples = 40

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return self.samples

    def __getitem__(self, i):
        if not 0 <= i < self.samples:
            raise IndexError(i)
        return self.transform(i) if self.transform else i, i // 10


class Smaller(Numbered):
    """As Numbered, with fewer samples."""

    samples = 34


def training(i):
    """Stands for a transform with augmentation: which sample, and that it was this transform."""
    return i, "training transform"


def validation(i):
    """Stands for a transform without augmentation."""
    return i, "validation transform"


def turned(i):
    """Stands for another transform with augmentation."""
    return i, "turned"


def as_it_is(i):
    """Stands for another transform without augmentation."""
    return i, "as it is"


def members(dataset):
    """Which samples are in a dataset of Numbered, and which transforms they went through."""
    samples = [dataset[i][0] for i in range(len(dataset))]
    return [int(i) for i, _ in samples], sorted({how for _, how in samples})


exercise = Exercise(
    "07.9",
    "A real validation split",
    minutes=15,
    difficulty=2,
    hints=[
        "A transform belongs to a dataset object. Two transforms need two objects.",
        "Draw one random order of all indices. The first part is for validation, the rest for "
        "training.",
        "`torch.randperm(n, generator=...)` and `Subset(dataset, indices)`.",
    ],
)


@exercise.reference
def split(make_dataset, count, train_transform, valid_transform, seed):
    """Split a training set into two parts with different transforms.

    make_dataset(transform): gives a new dataset over the same files each time, with this
    transform. count: how many samples are for validation; it may be 0.
    seed: decides which ones; the same seed gives the same split, another seed draws anew.
    Returns (train, valid), two datasets. Every sample is in exactly one of them; which one is
    decided at random, because the files may be sorted by class. Samples of `train` go through
    train_transform, anew each time one is read, those of `valid` through valid_transform.
    """
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[count:]), Subset(valid, order[:count])


@exercise.cases
def _(rng):
    yield Numbered, 10, training, validation, 0
    # With fewer than eight samples, all of them may be of one class by chance.
    yield Numbered, 8, training, validation, rng.randint(1, 99)
    yield Smaller, rng.randint(9, 19), training, validation, rng.randint(1, 99)
    yield Numbered, rng.randint(21, 31), turned, as_it_is, rng.randint(1, 99)
    yield Smaller, 0, training, validation, 3
    yield Numbered, 40, training, validation, 3


@exercise.observe
def _(answer, make_dataset, count, train_transform, valid_transform, seed):
    read = []

    def noted(image):
        read.append(image)
        return train_transform(image)

    def drawn(seed):
        return answer(make_dataset, count, noted, valid_transform, seed)

    size = make_dataset.samples
    train, valid = drawn(seed)
    (in_train, train_how), (in_valid, valid_how) = members(train), members(valid)
    again, other = members(drawn(seed)[1])[0], members(drawn(seed + 1)[1])[0]
    labels = {i // 10 for i in in_valid}
    with_next = sum((i + 1) % size in in_valid for i in in_valid)
    before = len(read)
    if len(train):
        _ = train[0], train[0]
    partly = 0 < count < size  # all or none is the same split for every seed
    # Of 8 samples in 40, one is left out by 80 draws in a row with a chance of 1 in 50 million.
    splits = [set(members(drawn(seed + n)[1])[0]) for n in range(80)] if count == 8 else []
    always = [i for i in range(size) if splits and len({i in split for split in splits}) == 1]
    return {
        "samples for training": len(in_train),
        "samples for validation": len(in_valid),
        "samples in both parts": len(set(in_train) & set(in_valid)),
        "samples in neither part": size - len(set(in_train) | set(in_valid)),
        "transforms seen in training": train_how,
        "transforms seen in validation": valid_how,
        "runs of the training transform, for a sample read twice": len(read) - before,
        "validation has samples of several classes": not count or len(labels) > 1,
        "validation is more than one row of neighbours": not partly or with_next < count - 1,
        "the same seed gives the same split": sorted(again) == sorted(in_valid),
        "another seed gives another split": not partly or sorted(other) != sorted(in_valid),
        "samples for which 80 seeds decide alike": always,
        "another seed draws anew, and does not move the same pattern along": not partly
        or not any(
            sorted((i + by) % size for i in in_valid) == sorted(other) for by in range(1, size)
        ),
    }


@exercise.mistake(
    "Both parts look at one dataset object, and an object has one transform: the last one that you "
    "set. Training has lost its augmentation."
)
def sets_the_transform_afterwards(make_dataset, count, train_transform, valid_transform, seed):
    dataset = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    train, valid = random_split(dataset, [len(dataset) - count, count], generator)
    valid.dataset.transform = valid_transform
    return train, valid


@exercise.mistake(
    "One dataset with the training transform was split, so validation is augmented as well."
)
def one_dataset_for_both(make_dataset, count, train_transform, valid_transform, seed):
    dataset = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    return tuple(random_split(dataset, [len(dataset) - count, count], generator))


@exercise.mistake(
    "You drew twice, and the second draw is another one. Samples of one part are in the other part "
    "as well: the score is measured on what was learned by heart."
)
def draws_twice(make_dataset, count, train_transform, valid_transform, seed):
    generator = torch.Generator().manual_seed(seed)
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    sizes = [len(train) - count, count]
    return random_split(train, sizes, generator)[0], random_split(valid, sizes, generator)[1]


@exercise.mistake(
    "You took the samples in the order of the files. If they are sorted, validation has the last "
    "classes only, and training has few of them or none."
)
def takes_the_last(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    n = len(train)
    return Subset(train, range(n - count)), Subset(valid, range(n - count, n))


@exercise.mistake(
    "Your validation part was cut off, but training still gets everything. What is in both cannot "
    "tell you anything about new pictures."
)
def trains_on_everything(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return train, Subset(valid, order[:count])


@exercise.mistake("`count` is the size of the validation part; yours is what training gets.")
def exchanges_the_sizes(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[:count]), Subset(valid, order[count:])


@exercise.mistake(
    "Each training sample was read once, when the split was made: it looks the same in every "
    "epoch, and the augmentation is lost."
)
def reads_the_samples(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return [train[i] for i in order[count:]], Subset(valid, order[:count])


@exercise.mistake(
    "With `count` 0, training is empty and validation has everything: minus nothing is the "
    "front of a list, not its end."
)
def counts_from_the_end(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[:-count]), Subset(valid, order[-count:])


@exercise.mistake(
    "Your split does not follow the seed: with the same one, it is another each time."
)
def ignores_the_seed(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    order = torch.randperm(len(train)).tolist()
    return Subset(train, order[count:]), Subset(valid, order[:count])


@exercise.mistake("Your split is the same for all seeds.")
def a_seed_of_its_own(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(42)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[count:]), Subset(valid, order[:count])


@exercise.mistake("First the training part, then the one for validation, please.")
def in_other_order(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(valid, order[:count]), Subset(train, order[count:])


@exercise.mistake(
    "Some samples were drawn twice, and others never. An order has each of them once."
)
def draws_with_repeats(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randint(len(train), (len(train),), generator=generator).tolist()
    return Subset(train, order[count:]), Subset(valid, order[:count])


@exercise.mistake(same_as=draws_twice)
def a_seed_for_each_part(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    first = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed))
    second = torch.randperm(len(train), generator=torch.Generator().manual_seed(seed + 1))
    return Subset(train, first[count:].tolist()), Subset(valid, second[:count].tolist())


@exercise.mistake(
    "A sample is in neither part. Where does one part end, and where does the other begin?"
)
def loses_one(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[count + 1 :]), Subset(valid, order[:count])


@exercise.mistake(
    "Validation samples lie side by side in the files. With sorted files they are of few classes."
)
def neighbours(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    chosen = [(seed + i) % len(train) for i in range(count)]
    rest = [i for i in range(len(train)) if i not in chosen]
    return Subset(train, rest), Subset(valid, chosen)


@exercise.mistake(
    "Your validation samples follow a pattern, which the seed only moves along. Are they drawn at "
    "random?"
)
def equal_steps(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    chosen = {(seed + k * len(train) // count) % len(train) for k in range(count)}
    rest = [i for i in range(len(train)) if i not in chosen]
    return Subset(train, rest), Subset(valid, sorted(chosen))


@exercise.mistake(
    "With `count` as large as the data set, training should be empty and has everything. Where "
    "does a slice begin that is to take the last 0 items of a list?"
)
def takes_training_from_the_end(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[-(len(train) - count) :]), Subset(valid, order[:count])


@exercise.right
def two_equal_draws(make_dataset, count, train_transform, valid_transform, seed):
    def parts(transform):
        dataset = make_dataset(transform)
        generator = torch.Generator().manual_seed(seed)
        return random_split(dataset, [len(dataset) - count, count], generator=generator)

    return parts(train_transform)[0], parts(valid_transform)[1]


@exercise.right
def shuffles_a_list(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    chosen = random.Random(seed).sample(range(len(train)), count)
    rest = [i for i in range(len(train)) if i not in chosen]
    return Subset(train, rest), [valid[i] for i in sorted(chosen)]


@exercise.right
def with_one_split(make_dataset, count, train_transform, valid_transform, seed):
    train = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    valid, rest = random_split(range(len(train)), [count, len(train) - count], generator=generator)
    return Subset(train, list(rest)), Subset(make_dataset(valid_transform), list(valid))


@exercise.right
def wraps_one_dataset(make_dataset, count, train_transform, valid_transform, seed):
    base = make_dataset(None)

    class Part(Dataset):
        def __init__(self, indices, transform):
            self.indices, self.transform = indices, transform

        def __len__(self):
            return len(self.indices)

        def __getitem__(self, i):
            image, label = base[self.indices[i]]
            return self.transform(image), label

    order = list(range(len(base)))
    random.Random(seed).shuffle(order)
    return Part(order[count:], train_transform), Part(order[:count], valid_transform)


exercise.equivalent(
    "order = torch.randperm(len(train), generator=generator).tolist()",
    "order = torch.randperm(len(train), generator=generator)",
    because="A tensor of one number is an index, too.",
)


exercise.equivalent(
    "return (Subset(train, rest), [valid[i] for i in sorted(chosen)])",
    "return (Subset(train, rest), [valid[i] for i in chosen])",
    because="In which order the validation samples stand is left open.",
)


exercise.equivalent(
    "return (Subset(train, list(rest)), Subset(make_dataset(valid_transform), list(valid)))",
    "return (Subset(train, rest), Subset(make_dataset(valid_transform), list(valid)))",
    "return (Subset(train, list(rest)), Subset(make_dataset(valid_transform), valid))",
    because="Subset takes any sequence of indices.",
)
