"""`random_split` and many other functions give you datasets without a transform. Write a dataset
that stands in front of another one and changes its inputs.
"""

import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import batches_of
from course_utils.observation import attempt

exercise = Exercise(
    "06.5",
    "A dataset with a transform",
    minutes=10,
    difficulty=2,
    hints=[
        "Your dataset stands in front of another one. It asks that one for everything.",
        "When should a random change be drawn: once, or each time a sample is fetched?",
        "A sample is a pair, and the transform is for its first half only.",
    ],
)


@exercise.reference
class Transformed(Dataset):
    """Another dataset with a transform on its inputs.

    dataset: a map-style dataset of pairs (x, y). transform: a function of x.
    Sample i is the tuple (transform(x), y). The transform is called once each time a sample is
    fetched, and never before. The dataset underneath is not changed.
    """

    def __init__(self, dataset, transform):
        self.dataset = dataset
        self.transform = transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), y


@exercise.cases
def _(rng):
    yield ([1, 2, 3],)
    yield ([7],)
    yield ([rng.randint(1, 9) for _ in range(4)],)


@exercise.observe
def _(answer, values):
    underneath = [(torch.tensor(float(value)), torch.tensor(value)) for value in values]
    calls = []

    def transform(x):
        if not isinstance(x, torch.Tensor):
            raise TypeError(f"the transform was given a {type(x).__name__}, it takes one x")
        calls.append(1)
        return x + 100 * len(calls)  # a new result each time, as a random transform gives

    dataset = answer(underneath, transform)
    return {
        "calls of the transform before any sample is fetched": len(calls),
        "sample 0": attempt(lambda: dataset[0]),
        "sample 0 again": attempt(lambda: dataset[0]),
        "calls after two fetches": len(calls),
        "len(dataset)": attempt(lambda: len(dataset)),
        "batches": attempt(lambda: batches_of(dataset, batch_size=2)),
        "the dataset underneath": underneath,
    }


@exercise.mistake(
    "You transform everything once, at the start. A random transform would be drawn once and then "
    "be the same in every epoch."
)
class TransformsAtTheStart(Dataset):
    def __init__(self, dataset, transform):
        self.samples = [(transform(x), y) for x, y in dataset]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, i):
        return self.samples[i]


@exercise.mistake("The transform was given the whole pair. It is a function of the input alone.")
class TransformsThePair(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i])


@exercise.mistake("Your labels are transformed, too. A turned picture of a 7 is still a 7.")
class TransformsTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), self.transform(y)


@exercise.mistake(
    "You write the result back into the dataset underneath. The second epoch then transforms what "
    "has been transformed already."
)
class WritesBack(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        self.dataset[i] = self.transform(x), y
        return self.dataset[i]


@exercise.mistake(
    "You keep the first result for ever. From the second epoch on, nothing is drawn any more."
)
class KeepsTheFirstResult(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform, self.kept = dataset, transform, {}

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        if i not in self.kept:
            x, y = self.dataset[i]
            self.kept[i] = self.transform(x), y
        return self.kept[i]


@exercise.mistake("The labels are lost on the way: a sample was a pair before.")
class LosesTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i][0])


@exercise.right
class IndexedPair(Dataset):
    def __init__(self, dataset, transform):
        self.base, self.change = dataset, transform

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        pair = self.base[i]
        return self.change(pair[0]), pair[1]
