"""A text holds numbers. Make an iterable dataset of them that can be walked through again in the
next epoch.
"""

import io

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
    """The numbers of a text, from the first to the last.

    text: a str with one number a line, such as 7, -2.5, 0 or 1e3; blank lines, empty or of spaces,
    are left out. Yields float32 tensors of shape (). Each loop over the dataset begins at the first
    line, also while another loop is going on.
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
    yield ("0\n7\n-2.5\n1e3\n",)
    yield (f"{rng.randint(1, 9)}\n0.0\n-{rng.randint(1, 9)}",)
    for _ in range(2):
        numbers = [rng.randint(10, 99) / 2 for _ in range(rng.randint(4, 6))]
        yield ("\n".join(map(str, numbers)) + "\n",)


@exercise.observe
def _(answer, text):
    dataset = answer(text)
    return {
        "its numbers, without a loader": attempt(lambda: taken(dataset)),
        "first epoch": attempt(lambda: batches_of(dataset, batch_size=2)),
        "second epoch": attempt(lambda: batches_of(dataset, batch_size=2)),
        "two loops side by side": attempt(
            lambda: [[float(a), float(b)] for a, b in taken(zip(dataset, dataset))]
        ),
        "is an IterableDataset": isinstance(dataset, IterableDataset),
    }


class Lines(IterableDataset):
    """What the wrong answers below change in one place: how a line is read, if at all."""

    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            yield from self.read(line)

    def read(self, line):
        if line.strip():
            yield torch.tensor(float(line))


@exercise.mistake(
    "Your lines are used up the first time: then the stream is empty, and no error says so. What "
    "is left of what `__init__` kept, when `__iter__` is called again?"
)
class GeneratorInInit(IterableDataset):
    def __init__(self, text):
        self.numbers = (torch.tensor(float(line)) for line in text.splitlines() if line.strip())

    def __iter__(self):
        return self.numbers


@exercise.mistake(
    "There is only one place to read from, so two loops at the same time take the numbers away "
    "from each other. Each loop needs a place of its own."
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


@exercise.mistake(same_as=OwnIterator)
class OneFile(IterableDataset):
    def __init__(self, text):
        self.file = io.StringIO(text)

    def __iter__(self):
        self.file.seek(0)
        for line in self.file:
            if line.strip():
                yield torch.tensor(float(line))


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
    "Your numbers come as float64: Python's numbers do in a batch, and NumPy's do in a tensor. "
    "Layers are float32."
)
class PythonFloats(IterableDataset):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            if line.strip():
                yield float(line)


@exercise.mistake(same_as=PythonFloats)
class Float64Tensors(Lines):
    def read(self, line):
        if line.strip():
            yield torch.tensor(float(line), dtype=torch.float64)


@exercise.mistake(
    "A whole number such as 7 comes as int64, the others as float32. One stream has one dtype."
)
class WholeNumbersStayWhole(Lines):
    def read(self, line):
        if line.strip():
            is_whole = line.strip().lstrip("-").isdigit()
            yield torch.tensor(int(line) if is_whole else float(line))


@exercise.mistake("The number 0 is lost on the way. Zero is a number; an empty line is none.")
class ZeroIsLost(Lines):
    def read(self, line):
        if line.strip() and float(line):
            yield torch.tensor(float(line))


@exercise.mistake(
    "Some numbers are lost. A number may have more in it than digits, such as a sign, a point or "
    "an `e`; `isdigit` knows none of them."
)
class DigitsOnly(Lines):
    def read(self, line):
        if line.strip().isdigit():
            yield torch.tensor(float(line))


@exercise.mistake(same_as=DigitsOnly)
class DigitsAndAPoint(Lines):
    def read(self, line):
        if line.strip().replace(".", "").isdigit():
            yield torch.tensor(float(line))


@exercise.mistake(same_as=DigitsOnly)
class DigitsAPointAndASign(Lines):
    def read(self, line):
        if line.strip().lstrip("-").replace(".", "").isdigit():
            yield torch.tensor(float(line))


@exercise.mistake("Your numbers have shape (1,), so a batch of two has shape (2, 1).")
class NumbersOfShapeOne(Lines):
    def read(self, line):
        if line.strip():
            yield torch.tensor([float(line)])


@exercise.mistake("A blank line is no number. Real files have blank lines, too.")
class TripsOverBlankLines(Lines):
    def read(self, line):
        yield torch.tensor(float(line))


@exercise.mistake(same_as=TripsOverBlankLines)
class TripsOverSpaces(Lines):
    def read(self, line):
        if line:
            yield torch.tensor(float(line))


@exercise.mistake("At the first blank line your stream ends. Numbers may follow it.")
class EndsAtABlankLine(Lines):
    def __iter__(self):
        for line in self.text.splitlines():
            if not line.strip():
                return
            yield torch.tensor(float(line))


@exercise.right
class IteratorOfAList(IterableDataset):
    def __init__(self, text):
        self.numbers = torch.tensor([float(word) for word in text.split()])

    def __iter__(self):
        return iter(self.numbers)
