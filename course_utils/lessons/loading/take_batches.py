"""Large models are trained for a number of steps. Take that many batches from a loader. When an
epoch ends too early, the next one begins, with a new order.
"""

import itertools

import torch
import torch.utils.data
from torch.utils.data import (
    DataLoader,
    IterableDataset,
    Sampler,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import taken
from course_utils.observation import plain


class NewOrderEachEpoch(Sampler):
    """Begins one place further on in each epoch, so that the epochs can be told apart."""

    def __init__(self, count):
        self.count = count
        self.epochs = 0

    def __len__(self):
        return self.count

    def __iter__(self):
        self.epochs += 1
        begin = self.epochs - 1
        return iter([(begin + i) % self.count for i in range(self.count)])


class Stream(IterableDataset):
    """The same numbers as a stream, which has no length."""

    def __init__(self, sampler):
        self.sampler = sampler

    def __iter__(self):
        return iter(self.sampler)


class CountsEpochs(DataLoader):
    """Counts how often somebody begins to walk through it."""

    begun = 0

    def __iter__(self):
        self.begun += 1
        return super().__iter__()


exercise = Exercise(
    "06.6",
    "Train for a number of steps, not of epochs",
    minutes=12,
    difficulty=2,
    hints=[
        "A `for` loop over the loader is one epoch. What do you do when it ends too early?",
        "Put the `for` loop into a `while` loop that asks whether there are enough batches.",
        "Leave both loops as soon as there are enough: `return` does that.",
    ],
)


@exercise.reference
def take_batches(loader, steps):
    """The first `steps` batches of a loader, epoch after epoch.

    loader: a DataLoader that is not empty; its dataset may be a stream, which has no length. steps:
    an int, at least 1; it may be more than one epoch holds. A new epoch, with `iter(loader)` or a
    `for` loop, is begun only when the one before has ended and more batches are needed. Returns a
    list of batches. The next call begins with a new epoch.
    """
    batches = []
    while True:
        for batch in loader:
            batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.cases
def _(rng):
    """Samples, size of a batch, steps; and where the order comes from."""
    yield 6, 2, 3, "a sampler"
    yield 6, 2, 2, "a sampler"
    yield 5, 2, 5, "a sampler"
    yield 2, 2, 4, "a sampler"
    yield 5, 2, 1, "a stream"
    yield 4, 2, 5, "a stream"
    yield 8, 3, 7, "shuffle=True"
    yield 6, 2, 5, "a sampler, and some batches are None"
    yield rng.randint(5, 14), rng.randint(2, 4), rng.randint(7, 18), "a sampler"
    yield rng.randint(5, 9), rng.randint(2, 4), rng.randint(6, 9), "a stream"


@exercise.observe
def _(answer, samples, batch_size, steps, order):
    dataset, sampler = torch.arange(samples), NewOrderEachEpoch(samples)
    if order == "a stream":
        loader = CountsEpochs(Stream(sampler), batch_size)
    elif order == "a sampler":
        loader = CountsEpochs(dataset, batch_size, sampler=sampler)
    elif order == "a sampler, and some batches are None":

        def none_for_some(batch):  # as where none of its samples can be read
            return None if 0 in batch else torch.stack(batch)

        loader = CountsEpochs(dataset, batch_size, sampler=sampler, collate_fn=none_for_some)
    else:
        generator = torch.Generator().manual_seed(samples)
        loader = CountsEpochs(dataset, batch_size, shuffle=True, generator=generator)
    batches = answer(loader, steps)
    begun = loader.begun
    answer(loader, 1)
    return {
        "it is a list": isinstance(batches, list),
        "batches": [plain(batch) for batch in taken(batches)],
        "epochs begun": begun,
        "epochs that the next call begins": loader.begun - begun,
    }


@exercise.mistake(
    "Each `iter(loader)` begins a new epoch, so you always take a first batch. Most samples may "
    "never be seen, and with workers each step starts new processes."
)
def always_a_first_batch(loader, steps):
    return [next(iter(loader)) for _ in range(steps)]


@exercise.mistake(
    "A DataLoader is not an iterator, so it has no next batch. It can be walked through again and "
    "again; each walk is a new iterator."
)
def next_of_the_loader(loader, steps):
    return [next(loader) for _ in range(steps)]


@exercise.mistake(
    "The batches of the first epoch come again and again: the data is never shuffled anew, and all "
    "of it has to stay in memory."
)
def cycled(loader, steps):
    return list(itertools.islice(itertools.cycle(loader), steps))


@exercise.mistake("Your list ends with the first epoch, however many steps were asked for.")
def one_epoch_only(loader, steps):
    return list(loader)[:steps]


@exercise.mistake(
    "At the end of the epoch `next` raises StopIteration. Somebody has to begin the next epoch."
)
def stops_at_the_end(loader, steps):
    iterator = iter(loader)
    batches = []
    for _ in range(steps):
        batches.append(next(iterator))
    return batches


@exercise.mistake("You ran `steps` whole epochs. One step is one batch.")
def epochs_for_steps(loader, steps):
    return [batch for _ in range(steps) for batch in loader]


@exercise.mistake(
    "More epochs are begun than are needed. Where `steps` batches are there, nobody should begin "
    "to load others: with workers, that starts processes."
)
def begins_one_too_many(loader, steps):
    batches, iterator = [], iter(loader)
    while len(batches) < steps:
        try:
            batches.append(next(iterator))
        except StopIteration:
            iterator = iter(loader)
    for _ in loader:
        break
    return batches


@exercise.mistake(
    "A new epoch is begun as soon as one has ended, also where no batch is needed any more. And a "
    "loader of a stream has no length."
)
def begins_when_full(loader, steps):
    batches, iterator = [], iter(loader)
    while len(batches) < steps:
        batches.append(next(iterator))
        if len(batches) % len(loader) == 0:
            iterator = iter(loader)
    return batches


@exercise.mistake(same_as=begins_one_too_many)
def leaves_the_inner_loop_only(loader, steps):
    batches = []
    for _ in range(steps):
        for batch in loader:
            if len(batches) >= steps:
                break
            batches.append(batch)
    return batches


@exercise.mistake(
    "A loader of a stream has no length. Is there a way that does not need to know it?"
)
def asks_for_the_length(loader, steps):
    batches = []
    for _ in range(-(-steps // len(loader))):
        for batch in loader:
            if len(batches) < steps:
                batches.append(batch)
    return batches


@exercise.mistake(
    "Only whole epochs are taken, so batches are missing at the end, or all of them. And a loader "
    "of a stream has no length."
)
def whole_epochs(loader, steps):
    return [batch for _ in range(steps // len(loader)) for batch in loader]


@exercise.mistake("You count samples. A step is a batch, however many samples it has.")
def samples_for_steps(loader, steps):
    batches, seen = [], 0
    while True:
        for batch in loader:
            batches.append(batch)
            seen += loader.batch_size
            if seen >= steps:
                return batches


@exercise.mistake("There is one batch more than was asked for. When is it counted?")
def one_too_many(loader, steps):
    batches = []
    while True:
        for batch in loader:
            batches.append(batch)
            if len(batches) > steps:
                return batches


@exercise.mistake(same_as=one_too_many)
def one_too_many_of_each_epoch(loader, steps):
    batches, step = [], 0
    while step < steps:
        for batch in loader:
            batches.append(batch)
            if step == steps:
                return batches
            step += 1
    return batches


@exercise.mistake(
    "The loader that was given is not walked through: another one has not its sampler, its order, "
    "or its `collate_fn`."
)
def another_loader(loader, steps):
    batches = []
    while True:
        for batch in DataLoader(loader.dataset, batch_size=loader.batch_size):
            batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.mistake("The short batch at the end of an epoch is left out. It is a batch as well.")
def full_batches_only(loader, steps):
    batches = []
    while True:
        for batch in loader:
            if len(batch) == loader.batch_size:
                batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.mistake(
    "A batch that is None was taken for the end of an epoch. A `collate_fn` may give None, for "
    "instance where no sample could be read."
)
def none_ends_the_epoch(loader, steps):
    batches, iterator = [], iter(loader)
    while len(batches) < steps:
        batch = next(iterator, None)
        if batch is None:
            iterator = iter(loader)
            batch = next(iterator)
        batches.append(batch)
    return batches


@exercise.mistake(
    "Batches that are None are left out. What the loader gives is a batch, also None."
)
def none_is_left_out(loader, steps):
    batches = []
    while True:
        for batch in loader:
            if batch is not None:
                batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.mistake(
    "In each epoch the loader's generator is set back, so every epoch has the order of the first. "
    "Its next numbers would have given a new one."
)
def seeds_each_epoch(loader, steps):
    batches = []
    while True:
        if loader.generator is not None:
            loader.generator.manual_seed(loader.generator.initial_seed())
        for batch in loader:
            batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.right
def with_an_iterator(loader, steps):
    batches, iterator = [], iter(loader)
    for _ in range(steps):
        try:
            batches.append(next(iterator))
        except StopIteration:
            iterator = iter(loader)
            batches.append(next(iterator))
    return batches


@exercise.right
def with_a_generator(loader, steps):
    epochs = (batch for _ in itertools.count() for batch in loader)
    return list(itertools.islice(epochs, steps))
