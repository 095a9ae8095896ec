"""Two datasets of the same pictures: with random changes for training, without for validation.
Split them so that no picture is in both parts, and each class has the same share in both: with
`one_in=4`, a quarter of the pictures of each class is for validation.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
    Subset,
    random_split,
)

from course_utils.exercise import Exercise
from course_utils.observation import afresh

exercise = Exercise(
    "06.14",
    "A split that does not leak",
    minutes=15,
    difficulty=3,
    hints=[
        "The two datasets hold the same samples in the same order. How often do you have to draw?",
        "Draw one random order of all indices. Then go through the classes: which indices of this "
        "order are of the class?",
        "Cut the indices of each class into two parts. What is `indices[-0:]`?",
        "`Subset(dataset, indices)` is a dataset of just these samples. Each part may be a Subset "
        "of another dataset.",
    ],
)


@exercise.reference
def split_datasets(plain_set, augmented_set, labels, one_in, seed):
    """Train on changed pictures, validate on others, unchanged, with the same share of each class.

    plain_set, augmented_set: map-style datasets of the same samples in the same order, without
    and with random changes. labels: an int64 tensor of shape (samples,), the class of each sample.
    one_in: an int, at least 2: of the n samples of a class, n // one_in are for validation. Which
    ones is random: seed is an int; the same seed gives the same split, another seed another one,
    and the program's own random numbers go on as if there had been no call. Returns (train,
    validation): two datasets that have no sample in common and together cover all samples. train
    comes from augmented_set, validation from plain_set. Nothing is fetched from either while
    splitting.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    train, validation = [], []
    for label in labels.unique():
        of_class = order[labels[order] == label].tolist()
        size = len(of_class) // one_in
        validation += of_class[:size]
        train += of_class[size:]
    return Subset(augmented_set, train), Subset(plain_set, validation)


SEEDS = 6  # more than `one_in` in any case: a split for each place to begin would come again


def follow_a_rule(chosen: set, places: list) -> bool:
    """Whether what is chosen stands side by side in its class, or at equal steps, but for one."""
    own = [n for n, i in enumerate(places) if i in chosen]
    steps = [(b - a) % len(places) for a, b in zip(own, own[1:] + own[:1], strict=True)]
    return bool(own) and max(map(steps.count, steps)) >= len(steps) - 1


class Pictures(Dataset):
    """Samples that say where they come from, and how often each was fetched."""

    def __init__(self, kind, count):
        self.kind = kind
        self.fetched = [0] * count

    def __len__(self):
        return len(self.fetched)

    def __getitem__(self, i):
        self.fetched[i] += 1
        return self.kind, range(len(self.fetched))[i]

    def __deepcopy__(self, memo):  # what is fetched from a copy counts, too
        return self


@exercise.cases
def _(rng):
    """The sizes of the classes, whether they stand in order, one in how many, and a seed."""
    yield [26, 14], True, 4, 0
    yield [30, 12], False, 3, 1
    yield [40, 10, 3], False, 5, rng.randint(2, 99)
    yield [rng.randint(30, 40), rng.randint(10, 20), 1], True, rng.randint(2, 4), 2
    yield [rng.randint(30, 40), 0, rng.randint(10, 20)], False, 4, rng.randint(2, 99)


@exercise.observe
def _(answer, sizes, in_order, one_in, seed):
    count = sum(sizes)
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(sizes)])
    if not in_order:
        mixed = torch.randperm(count, generator=torch.Generator().manual_seed(count))
        labels = torch.stack([labels[mixed], mixed], dim=1)[:, 0]  # a column of a table
    plain_set, augmented_set = Pictures("plain", count), Pictures("augmented", count)

    # Two programs: one must not remember what the other drew, nor what was drawn for a case before.
    first_run, second_run = afresh(answer), afresh(answer)

    def parts(answer=first_run, seed=seed):
        return answer(plain_set, augmented_set, labels, one_in, seed)

    def split(answer=first_run, seed=seed):
        return [[part[i] for i in range(len(part))] for part in parts(answer, seed)]

    parts()
    fetched = sum(plain_set.fetched) + sum(augmented_set.fetched)
    train, validation = split()
    in_train = {int(i) for _, i in train}
    in_validation = {int(i) for _, i in validation}
    in_class = [(labels == c).nonzero()[:, 0].tolist() for c in range(len(sizes))]
    ends = [
        {i for places in in_class for i in places[: len(places) // one_in]},
        {i for places in in_class for i in places[len(places) - len(places) // one_in :]},
    ]
    others = [
        frozenset(int(i) for _, i in split(seed=seed + more)[1]) for more in range(1, SEEDS + 1)
    ]
    largest = max(in_class, key=len)
    return {
        "samples for training": len(train),
        "samples for validation": len(validation),
        "some samples are in both parts": bool(in_train & in_validation),
        "some samples are in neither part": len(in_train | in_validation) < count,
        "validation samples of each class": [
            sum(int(labels[i]) == c for i in in_validation) for c in range(len(sizes))
        ],
        "validation gets the first or the last samples of each class": in_validation in ends,
        "training samples come from": sorted({str(kind) for kind, _ in train}),
        "validation samples come from": sorted({str(kind) for kind, _ in validation}),
        "the same seed gives the same split": [train, validation] == split() == split(second_run),
        "another seed gives another split": in_validation != others[0],
        f"different splits of {SEEDS} seeds": len(set(others)),
        "validation samples stand side by side or at equal steps, with each seed": all(
            follow_a_rule(other, largest) for other in others
        ),
        "samples fetched while splitting": fetched,
    }


def cut(order, labels, one_in):
    """Indices for training and for validation, class by class, in the order given."""
    train, validation = [], []
    for label in range(int(labels.max()) + 1):
        of_class = [i for i in order if labels[i] == label]
        size = len(of_class) // one_in
        validation += of_class[:size]
        train += of_class[size:]
    return train, validation


def drawn(labels, generator=None):
    return torch.randperm(len(labels), generator=generator).tolist()


def parts(plain_set, augmented_set, train, validation):
    return Subset(augmented_set, train), Subset(plain_set, validation)


@exercise.mistake(
    "Each part comes from a draw of its own, so samples of your validation part are also trained "
    "on, and the validation looks far too good."
)
def two_splits(plain_set, augmented_set, labels, one_in, seed):
    generator = torch.Generator().manual_seed(seed)
    train, _ = cut(drawn(labels, generator), labels, one_in)
    _, validation = cut(drawn(labels, generator), labels, one_in)
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(same_as=two_splits)
def two_splits_of_the_global_generator(plain_set, augmented_set, labels, one_in, seed):
    train, _ = cut(drawn(labels), labels, one_in)
    _, validation = cut(drawn(labels), labels, one_in)
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(
    "In the validation part the classes do not have the shares that were asked for: a rare one "
    "may be missing there. Each class has to be split for itself."
)
def classes_ignored(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    size = sum(int(n) // one_in for n in labels.bincount())
    return parts(plain_set, augmented_set, order[size:], order[:size])


@exercise.mistake(same_as=classes_ignored)
def random_split_of_all(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    size = len(labels) // one_in
    return parts(plain_set, augmented_set, order[size:], order[:size])


@exercise.mistake(
    "As many samples of each class are for validation. A class that is larger has a larger part "
    "there, too."
)
def equally_many(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    size = int(labels.bincount().min()) // one_in
    train, validation = [], []
    for label in labels.unique():
        of_class = [i for i in order if labels[i] == label]
        validation += of_class[:size]
        train += of_class[size:]
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(
    "A class too small to give a sample for validation goes there as a whole. What do slices such "
    "as `indices[:-0]` and `indices[-0:]` give?"
)
def cut_from_the_end(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = [], []
    for label in labels.unique():
        of_class = [i for i in order if labels[i] == label]
        size = len(of_class) // one_in
        validation += of_class[-size:]
        train += of_class[:-size]
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(
    "Your validation samples are randomly changed, too: the result would be another one each time "
    "you measure."
)
def augmented_validation(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = cut(order, labels, one_in)
    return Subset(augmented_set, train), Subset(augmented_set, validation)


@exercise.mistake("The parts come from the two datasets the wrong way round.")
def datasets_exchanged(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = cut(order, labels, one_in)
    return Subset(plain_set, train), Subset(augmented_set, validation)


@exercise.mistake(
    "The classes are cut where they stand, without mixing. Files often lie in some order; then the "
    "validation would see one kind only."
)
def not_mixed(plain_set, augmented_set, labels, one_in, seed):
    return parts(plain_set, augmented_set, *cut(range(len(labels)), labels, one_in))


@exercise.mistake("Validation was to come second. The two parts have changed places.")
def parts_exchanged(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = parts(plain_set, augmented_set, *cut(order, labels, one_in))
    return validation, train


@exercise.mistake(
    "The two parts have exchanged their sizes: the small one was to be for validation."
)
def sizes_exchanged(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = cut(order, labels, one_in)
    return parts(plain_set, augmented_set, validation, train)


@exercise.mistake(
    "Your split is a new one each time the program runs. After a restart, samples from the old "
    "validation set are trained on."
)
def seed_ignored(plain_set, augmented_set, labels, one_in, seed):
    return parts(plain_set, augmented_set, *cut(drawn(labels), labels, one_in))


@exercise.mistake(
    "Every seed gives the same split. Who wants to see how much depends on the split needs others."
)
def always_seed_zero(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(0))
    return parts(plain_set, augmented_set, *cut(order, labels, one_in))


@exercise.mistake(
    "The validation samples of a class always stand at the same distances from each other. A seed "
    "only moves them along, and some samples are never there together."
)
def seed_chooses_the_fold(plain_set, augmented_set, labels, one_in, seed):
    train, validation = [], []
    for label in labels.unique():
        of_class = (labels == label).nonzero()[:, 0].tolist()
        chosen = of_class[seed % one_in :: one_in][: len(of_class) // one_in]
        validation += chosen
        train += [i for i in of_class if i not in chosen]
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(same_as=seed_chooses_the_fold)
def begins_at_a_random_place(plain_set, augmented_set, labels, one_in, seed):
    generator = torch.Generator().manual_seed(seed)
    train, validation = [], []
    for label in labels.unique():
        of_class = (labels == label).nonzero()[:, 0].tolist()
        begin = int(torch.randint(len(of_class), (1,), generator=generator))
        turned, size = of_class[begin:] + of_class[:begin], len(of_class) // one_in
        validation += turned[:size]
        train += turned[size:]
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(same_as=seed_chooses_the_fold)
def every_few_from_a_random_place(plain_set, augmented_set, labels, one_in, seed):
    generator = torch.Generator().manual_seed(seed)
    train, validation = [], []
    for label in labels.unique():
        of_class = (labels == label).nonzero()[:, 0].tolist()
        begin = int(torch.randint(one_in, (1,), generator=generator))
        chosen = of_class[begin::one_in][: len(of_class) // one_in]
        validation += chosen
        train += [i for i in of_class if i not in chosen]
    return parts(plain_set, augmented_set, train, validation)


@exercise.mistake(
    "Pictures were fetched while splitting. Those of a list stay as they are: each random change "
    "is then drawn once, and never again."
)
def fetched_at_once(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    train, validation = cut(order, labels, one_in)
    return [augmented_set[i] for i in train], [plain_set[i] for i in validation]


@exercise.mistake(
    "All samples are trained on, also those for validation. A random change does not make another "
    "picture of one."
)
def train_on_all(plain_set, augmented_set, labels, one_in, seed):
    order = drawn(labels, torch.Generator().manual_seed(seed))
    _, validation = cut(order, labels, one_in)
    return augmented_set, Subset(plain_set, validation)


@exercise.right
def random_split_of_each_class(plain_set, augmented_set, labels, one_in, seed):
    generator = torch.Generator().manual_seed(seed)
    train, validation = [], []
    for label in sorted(set(labels.tolist())):
        places = torch.nonzero(labels == label).flatten().tolist()
        size = len(places) // one_in
        rest, chosen = random_split(places, [len(places) - size, size], generator=generator)
        train.extend(rest)
        validation.extend(chosen)
    return (
        torch.utils.data.Subset(augmented_set, train),
        torch.utils.data.Subset(plain_set, validation),
    )


@exercise.right
def with_a_set(plain_set, augmented_set, labels, one_in, seed):
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed)).tolist()
    by_class = {}
    for i in order:
        by_class.setdefault(int(labels[i]), []).append(i)
    chosen = set()
    for own in by_class.values():
        chosen.update(own[: len(own) // one_in])
    rest = [i for i in range(len(labels)) if i not in chosen]
    return Subset(augmented_set, rest), Subset(plain_set, sorted(chosen))


exercise.equivalent(
    "of_class = order[labels[order] == label].tolist()",
    "of_class = order[labels[order] == label]",
    because="A whole number in a tensor is as good an index of a dataset as an int.",
)


exercise.equivalent(
    "places = torch.nonzero(labels == label).flatten().tolist()",
    "places = torch.nonzero(labels == label).flatten()",
    because="A whole number in a tensor is as good an index of a dataset as an int.",
)


exercise.equivalent(
    "validation += of_class[:size]",
    "validation = validation + of_class[:size]",
    because="The list was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "train += of_class[size:]",
    "train = train + of_class[size:]",
    because="The list was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "for label in sorted(set(labels.tolist())):",
    "for label in set(labels.tolist()):",
    because="In which order the classes are split is left open.",
)
