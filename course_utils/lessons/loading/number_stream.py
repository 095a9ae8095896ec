"""Some files are too long to keep in memory. Read numbers line by line, as an iterable dataset
that can be walked through again in the next epoch.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
    IterableDataset,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import batches_of, taken
from course_utils.observation import attempt

exercise = Exercise(
    "06.3",
    "A dataset that is read from front to back",
    minutes=10,
    difficulty=2,
    hints=[
        "An iterable dataset has no indices and no length: only `__iter__`.",
        "The second epoch calls `__iter__` again. What does it get then?",
        "A function with `yield` in it starts from its first line each time it is called.",
    ],
)


@exercise.reference
class NumberStream(IterableDataset):
    """The numbers of a text, read line by line.

    text: a str with one number a line; blank lines are left out.
    Yields float32 tensors of shape (). Each loop over the dataset begins at the first line,
    also while another loop is going on.
    """

    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            if line.strip():
                yield torch.tensor(float(line))


@exercise.cases
def _(rng):
    yield ("1.5\n2.5\n3.5\n",)
    yield ("4.5\n\n5.5",)
    yield ("4.5\n  \n5.5",)
    for _ in range(2):
        numbers = [rng.randint(10, 99) / 2 for _ in range(rng.randint(4, 6))]
        yield ("\n".join(map(str, numbers)) + "\n",)


@exercise.observe
def _(answer, text):
    dataset = answer(text)
    return {
        "first epoch": attempt(lambda: batches_of(dataset, batch_size=2)),
        "second epoch": attempt(lambda: batches_of(dataset, batch_size=2)),
        "two loops side by side": attempt(
            lambda: [[float(a), float(b)] for a, b in taken(zip(dataset, dataset))]
        ),
        "is an IterableDataset": isinstance(dataset, IterableDataset),
    }


@exercise.mistake(
    "Your lines are used up after one epoch: a generator made in `__init__` can be walked through "
    "once. The second epoch is empty, and no error says so."
)
class GeneratorInInit(IterableDataset):
    def __init__(self, text):
        self.numbers = (torch.tensor(float(line)) for line in text.splitlines() if line.strip())

    def __iter__(self):
        return self.numbers


@exercise.mistake(
    "The dataset is its own iterator, so there is only one place to read from: two loops at the "
    "same time take the numbers away from each other."
)
class OwnIterator(IterableDataset):
    def __init__(self, text):
        self.lines = [line for line in text.splitlines() if line.strip()]

    def __iter__(self):
        self.position = 0
        return self

    def __next__(self):
        if self.position == len(self.lines):
            raise StopIteration
        self.position += 1
        return torch.tensor(float(self.lines[self.position - 1]))


@exercise.mistake(
    "Without the right base class the DataLoader takes your object for a map-style dataset, and "
    "asks it for a length."
)
class PlainIterable:
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            if line.strip():
                yield torch.tensor(float(line))


@exercise.mistake(
    "You keep all numbers and give them by index: that is a map-style dataset. A stream has one "
    "method, and knows no index."
)
class MapStyle(Dataset):
    def __init__(self, text):
        self.numbers = torch.tensor([float(line) for line in text.split()])

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, i):
        return self.numbers[i]


@exercise.mistake(
    "You yield Python numbers, and a batch of those is float64. Your layers are float32."
)
class PythonFloats(IterableDataset):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            if line.strip():
                yield float(line)


@exercise.mistake("A blank line is no number. Real files have blank lines, too.")
class TripsOverBlankLines(IterableDataset):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            yield torch.tensor(float(line))


@exercise.right
class IteratorOfAList(IterableDataset):
    def __init__(self, text):
        self.numbers = torch.tensor([float(word) for word in text.split()])

    def __iter__(self):
        return iter(self.numbers)
