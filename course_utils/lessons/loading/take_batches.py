"""Large models are trained for a number of steps. Take that many batches from a loader. When an
epoch ends too early, the next one begins, with a new order.
"""

import itertools

import torch
import torch.utils.data
from torch.utils.data import (
    DataLoader,
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

    loader: a DataLoader that is not empty. steps: an int, at least 1; it may be more than one
    epoch holds. A new epoch is begun only when the one before has ended and more batches are
    needed. Returns a list of batches.
    """
    batches = []
    while True:
        for batch in loader:
            batches.append(batch)
            if len(batches) == steps:
                return batches


@exercise.cases
def _(rng):
    yield 6, 2, 3
    yield 6, 2, 2
    yield 5, 2, 5
    yield 2, 2, 4
    yield rng.randint(5, 14), rng.randint(2, 4), rng.randint(7, 18)


@exercise.observe
def _(answer, samples, batch_size, steps):
    sampler = NewOrderEachEpoch(samples)
    loader = DataLoader(torch.arange(samples), batch_size=batch_size, sampler=sampler)
    batches = answer(loader, steps)
    return {
        "it is a list": isinstance(batches, list),
        "batches": [plain(batch) for batch in taken(batches)],
        "epochs begun": sampler.epochs,
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
    "`itertools.cycle` keeps the batches of the first epoch and repeats those: the data is never "
    "shuffled again, and all of it stays in memory."
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
