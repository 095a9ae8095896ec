"""
Padding costs time: in a batch of one long text and many short ones, most numbers are zeros. Write
a batch sampler that puts texts of similar length together.

```
LengthBatches([5, 1, 4, 2, 3], batch_size=2)   ->   [1, 3], [4, 2], [0]
```
"""

import math

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
    Yields lists of indices, shortest samples first; samples of equal length in the order of the
    dataset. The last list may be shorter. len() is the number of lists.
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
    yield [rng.randint(1, 9) for _ in range(7)], 3
    # From 17 numbers on, sorting that may change the order of equal ones does.
    yield [rng.randint(1, 3) for _ in range(40)], 6


@exercise.observe
def _(answer, lengths, batch_size):
    sampler = answer(lengths, batch_size)

    def loaded():
        dataset = [100 + i for i in range(len(lengths))]
        return [batch.tolist() for batch in taken(DataLoader(dataset, batch_sampler=sampler))]

    return {
        "lists of indices": taken(sampler),
        "lists in the second epoch": taken(sampler),
        "len(sampler)": attempt(lambda: len(sampler)),
        "batches of a DataLoader with it": attempt(loaded),
    }


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
    "You made an iterator in `__init__`. After one epoch it is used up, and the second is empty."
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
