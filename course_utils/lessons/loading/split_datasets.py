"""Two datasets of the same pictures: with random changes for training, without for validation.
Split them so that no picture is in both parts.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    Subset,
    random_split,
)

from course_utils.exercise import Exercise
from course_utils.observation import afresh

exercise = Exercise(
    "06.14",
    "A split that does not leak",
    minutes=12,
    difficulty=2,
    hints=[
        "The two datasets hold the same samples in the same order. How often do you have to draw?",
        "Draw one random order of the indices, and cut it into two parts.",
        "`Subset(dataset, indices)` is a dataset of just these samples. Each part may be a Subset "
        "of another dataset.",
    ],
)


@exercise.reference
def split_datasets(plain_set, augmented_set, validation_size, seed):
    """Train on changed pictures, validate on others, unchanged.

    plain_set, augmented_set: map-style datasets of the same samples in the same order, without
    and with random changes. validation_size: an int. seed: an int, for a generator of the
    function's own; the same seed gives the same split. Returns (train, validation): two datasets,
    chosen at random, that have no sample in common. train comes from augmented_set, validation
    comes from plain_set and has validation_size samples. Together they cover all samples.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(plain_set), generator=generator).tolist()
    train = Subset(augmented_set, order[validation_size:])
    validation = Subset(plain_set, order[:validation_size])
    return train, validation


@exercise.cases
def _(rng):
    yield 20, 5, 0
    yield 40, 30, 1
    yield rng.randint(40, 80), rng.randint(8, 18), rng.randint(2, 99)


@exercise.observe
def _(answer, count, validation_size, seed):
    plain_set = [("plain", i) for i in range(count)]
    augmented_set = [("augmented", i) for i in range(count)]

    # Two programs: one must not remember what the other drew, nor what was drawn for a case before.
    first_run, second_run = afresh(answer), afresh(answer)

    def split(answer=first_run):
        train, validation = answer(plain_set, augmented_set, validation_size, seed)
        return [[part[i] for i in range(len(part))] for part in (train, validation)]

    train, validation = split()
    in_train = {int(i) for _, i in train}
    in_validation = {int(i) for _, i in validation}
    ends = [set(range(validation_size)), set(range(count - validation_size, count))]
    return {
        "samples for training": len(train),
        "samples for validation": len(validation),
        "some samples are in both parts": bool(in_train & in_validation),
        "some samples are in neither part": len(in_train | in_validation) < count,
        "training samples come from": sorted({str(kind) for kind, _ in train}),
        "validation samples come from": sorted({str(kind) for kind, _ in validation}),
        "the split is random": in_validation not in ends,
        "the same seed gives the same split": [train, validation] == split() == split(second_run),
    }


@exercise.mistake(
    "You drew twice: each call of `random_split` makes its own split. Most of your validation "
    "samples were also trained on, and the validation looks far too good."
)
def two_splits(plain_set, augmented_set, validation_size, seed):
    sizes = [len(plain_set) - validation_size, validation_size]
    train, _ = random_split(augmented_set, sizes)
    _, validation = random_split(plain_set, sizes)
    return train, validation


@exercise.mistake(
    "Both calls use one generator, and the first call has moved it on. So the second call makes "
    "another split, and samples leak."
)
def two_splits_one_generator(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = [len(plain_set) - validation_size, validation_size]
    train, _ = random_split(augmented_set, sizes, generator=generator)
    _, validation = random_split(plain_set, sizes, generator=generator)
    return train, validation


@exercise.mistake(
    "Your validation samples are randomly changed, too: the result would be another one each time "
    "you measure."
)
def augmented_validation(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = [len(plain_set) - validation_size, validation_size]
    return tuple(random_split(augmented_set, sizes, generator=generator))


@exercise.mistake(
    "You cut the dataset without mixing it. Many files are sorted by class; then the validation "
    "would see one class only."
)
def not_mixed(plain_set, augmented_set, validation_size, seed):
    border = len(plain_set) - validation_size
    train = Subset(augmented_set, range(border))
    return train, Subset(plain_set, range(border, len(plain_set)))


@exercise.mistake(
    "The two parts have exchanged their sizes: the small one was to be for validation."
)
def sizes_exchanged(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(plain_set), generator=generator).tolist()
    train = Subset(augmented_set, order[:validation_size])
    return train, Subset(plain_set, order[validation_size:])


@exercise.mistake(
    "Your split is a new one each time the program runs. After a restart, samples from the old "
    "validation set are trained on."
)
def seed_ignored(plain_set, augmented_set, validation_size, seed):
    order = torch.randperm(len(plain_set)).tolist()
    train = Subset(augmented_set, order[validation_size:])
    return train, Subset(plain_set, order[:validation_size])


@exercise.right
def random_split_of_indices(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    count = len(plain_set)
    sizes = [count - validation_size, validation_size]
    train, validation = random_split(range(count), sizes, generator=generator)
    return (
        torch.utils.data.Subset(augmented_set, train.indices),
        torch.utils.data.Subset(plain_set, validation.indices),
    )


@exercise.right
def same_seed_twice(plain_set, augmented_set, validation_size, seed):
    def split(dataset):
        generator = torch.Generator().manual_seed(seed)
        sizes = [len(dataset) - validation_size, validation_size]
        return random_split(dataset, sizes, generator=generator)

    return split(augmented_set)[0], split(plain_set)[1]
