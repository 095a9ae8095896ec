"""
Padding costs time: in a batch of one long text and many short ones, most numbers are zeros. Write
a batch sampler that puts texts of similar length together.

```
LengthBatches([5, 1, 4, 2, 3], batch_size=2)   ->   [1, 3], [4, 2], [0]
```
"""

import math
import numbers

import numpy
import torch
import torch.utils.data
from torch.utils.data import (
    DataLoader,
    Sampler,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import taken
from course_utils.observation import attempt

exercise = Exercise(
    "06.10",
    "Batches of texts of similar length",
    minutes=15,
    difficulty=2,
    hints=[
        "A batch sampler yields lists of indices; the DataLoader makes one batch of each list.",
        "Sort the indices by the length they belong to: `sorted(range(n), key=...)`.",
        "`len()` of a batch sampler is the number of batches.",
    ],
)


@exercise.reference
class LengthBatches(Sampler):
    """A batch sampler that puts samples of similar length together.

    lengths: a list of ints, the length of each sample. batch_size: an int.
    Yields lists of indices (ints), shortest samples first; samples of equal length in the order of
    the dataset. The last list may be shorter. len() is the number of lists.
    """

    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        self.batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@exercise.cases
def _(rng):
    yield [5, 1, 4, 2, 3], 2
    yield [7, 7, 7], 3
    yield [3, 9, 3, 1], 2
    yield [2, 8, 4, 6], 2
    yield [4, 0, 2], 5
    yield [2**24 + 1, 2**24, 3], 2  # float32 holds the second, and makes the first equal to it
    yield [rng.randint(1, 9) for _ in range(7)], 3
    # From 17 numbers on, sorting that may change the order of equal ones does.
    yield [rng.randint(1, 3) for _ in range(40)], 6


@exercise.observe
def _(answer, lengths, batch_size):
    sampler = answer(lengths, batch_size)

    def loaded():
        dataset = [100 + i for i in range(len(lengths))]
        return [batch.tolist() for batch in taken(DataLoader(dataset, batch_sampler=sampler))]

    def lists():
        # NumPy's whole numbers are ints to everybody who uses them as indices.
        return [
            [int(i) if isinstance(i, numbers.Integral) else i for i in batch]
            if isinstance(batch, list)
            else batch
            for batch in taken(sampler)
        ]

    return {
        "lists of indices": lists(),
        "lists in the second epoch": lists(),
        "len(sampler)": attempt(lambda: len(sampler)),
        "batches of a DataLoader with it": attempt(loaded),
    }


class Sorted(Sampler):
    """What the wrong answers below change in one place."""

    def __init__(self, lengths, batch_size):
        self.lengths, self.batch_size = lengths, batch_size
        self.order = self.sort(lengths)

    def sort(self, lengths):
        return sorted(range(len(lengths)), key=lambda i: lengths[i])

    def __len__(self):
        return math.ceil(len(self.lengths) / self.batch_size)

    def __iter__(self):
        for start in range(0, len(self.order), self.batch_size):
            yield self.order[start : start + self.batch_size]


@exercise.mistake(
    "`len()` of a batch sampler counts batches: the DataLoader passes it on as its own length."
)
class CountsSamples(Sampler):
    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        self.count = len(lengths)
        self.batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.batches)


@exercise.mistake("You yield one index at a time. That is a sampler; a batch sampler yields lists.")
class YieldsSingleIndices(Sampler):
    def __init__(self, lengths, batch_size):
        self.order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        self.count = math.ceil(len(lengths) / batch_size)

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.order)


@exercise.mistake(
    "You sorted the lengths, and yield lengths. The DataLoader will use them as indices."
)
class YieldsLengths(Sampler):
    def __init__(self, lengths, batch_size):
        order = sorted(lengths)
        self.batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@exercise.mistake(
    "`len()` rounds down: it does not count the short list at the end, and that one comes as well."
)
class LengthRoundedDown(Sorted):
    def __len__(self):
        return len(self.lengths) // self.batch_size


@exercise.mistake(
    "`len()` is one too many when the samples fill the last list. Is there always a short one?"
)
class LengthOneMore(Sorted):
    def __len__(self):
        return len(self.lengths) // self.batch_size + 1


@exercise.mistake("The longest samples come first. They were to come last.")
class LongestFirst(Sorted):
    def sort(self, lengths):
        return sorted(range(len(lengths)), key=lambda i: lengths[i], reverse=True)


@exercise.mistake(
    "Everything stands the other way round: the longest samples come first, and of equally long "
    "ones the later comes first."
)
class TurnedRound(Sorted):
    def sort(self, lengths):
        return super().sort(lengths)[::-1]


@exercise.mistake(
    "Samples of equal length have changed their order. Not every way to sort keeps it, and to turn "
    "a list round turns them round as well."
)
class EqualsTurnedRound(Sorted):
    def sort(self, lengths):
        return sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))[::-1]


@exercise.mistake(same_as=EqualsTurnedRound)
class UnstableSort(Sorted):
    def sort(self, lengths):
        return numpy.argsort(lengths).tolist()


@exercise.mistake(
    "A long sample comes before one that is shorter by little. float32 holds all whole numbers up "
    "to 2**24 only, and above that neighbours become equal."
)
class SortsFloats(Sorted):
    def sort(self, lengths):
        return torch.Tensor(lengths).argsort(stable=True).tolist()


@exercise.mistake(
    "Where samples are equally long, one of them comes again and again and the others never: "
    "looking for a length finds the first one that has it."
)
class LooksForTheLength(Sorted):
    def sort(self, lengths):
        return [lengths.index(length) for length in sorted(lengths)]


@exercise.mistake(
    "All your lists are one and the same object: what the caller was given before is emptied or "
    "filled again."
)
class OneListForAll(Sorted):
    def __iter__(self):
        batch = []
        for i in self.order:
            batch.append(i)
            if len(batch) == self.batch_size:
                yield batch
                batch.clear()
        if batch:
            yield batch


@exercise.mistake("What you yield is made of tensors. Lists were asked for, of ints.")
class YieldsTensors(Sorted):
    def __iter__(self):
        return iter(torch.tensor(self.order).split(self.batch_size))


@exercise.mistake(same_as=YieldsTensors)
class ListsOfTensors(Sorted):
    def __iter__(self):
        return iter([list(part) for part in torch.tensor(self.order).split(self.batch_size)])


@exercise.mistake(
    "A new batch begins with each new length, so many batches are small. Similar lengths may share "
    "one."
)
class ABatchForEachLength(Sorted):
    def __init__(self, lengths, batch_size):
        self.batches = []
        for length in sorted(set(lengths)):
            same = [i for i, other in enumerate(lengths) if other == length]
            starts = range(0, len(same), batch_size)
            self.batches += [same[start : start + batch_size] for start in starts]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@exercise.mistake(
    "The batches are right, but the caller's list of lengths is sorted now: the lengths do not "
    "belong to their samples any more."
)
class SortsTheCallersList(Sorted):
    def __init__(self, lengths, batch_size):
        super().__init__(list(lengths), batch_size)
        lengths.sort()


@exercise.mistake("Samples are lost: the ones that do not fill a whole batch.")
class LosesTheRest(Sampler):
    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        last = len(order) - batch_size + 1
        self.batches = [order[i : i + batch_size] for i in range(0, last, batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@exercise.mistake(
    "Your batches follow the dataset, so a short text may lie beside a long one and be padded to "
    "its length."
)
class UnsortedBatches(Sampler):
    def __init__(self, lengths, batch_size):
        order = list(range(len(lengths)))
        self.batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@exercise.mistake(
    "After one epoch your lists are used up, and the second is empty. What does the second call of "
    "`__iter__` find?"
)
class UsedUpAfterOneEpoch(Sampler):
    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
        self.count = len(batches)
        self.batches = iter(batches)

    def __len__(self):
        return self.count

    def __iter__(self):
        return self.batches


@exercise.right
class NumpysIndices(Sampler):
    def __init__(self, lengths, batch_size):
        order = list(numpy.argsort(numpy.array(lengths), kind="stable"))
        self.batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        yield from self.batches


@exercise.right
class YieldsBatchAfterBatch(Sampler):
    def __init__(self, lengths, batch_size):
        self.lengths, self.batch_size = lengths, batch_size

    def __len__(self):
        return (len(self.lengths) + self.batch_size - 1) // self.batch_size

    def __iter__(self):
        batch = []
        for i in torch.tensor(self.lengths).argsort(stable=True).tolist():
            batch.append(i)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch:
            yield batch
