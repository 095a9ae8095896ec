"""The smallest useful dataset: features and labels in two lists. A `DataLoader` must be able to
make batches of it with dtypes that a model can use.
"""

import numpy
import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import batches_of
from course_utils.observation import attempt

exercise = Exercise(
    "06.1",
    "A dataset over two lists",
    minutes=10,
    difficulty=1,
    hints=[
        "Three methods: one that keeps the lists, one that says how many samples there are, one "
        "that gives sample number i.",
        "Python calls the second for `len(dataset)` and the third for `dataset[i]`. Both names "
        "begin and end with two underscores.",
        "Convert to tensors once, in `__init__`, and say the dtype: `torch.float32` for features.",
    ],
)


@exercise.reference
class PairDataset(Dataset):
    """A map-style dataset over two lists.

    features: a list of samples, each a list of numbers, all of one length.
    labels: a list of ints, one for each sample.
    dataset[i] is the tuple (x, y): x a float32 tensor of shape (features,), y the label as an
    int or as an int64 tensor of shape (). len(dataset) is the number of samples.
    """

    def __init__(self, features, labels):
        self.features = torch.tensor(features, dtype=torch.float32)  # (samples, features)
        self.labels = torch.tensor(labels, dtype=torch.int64)  # (samples,)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@exercise.cases
def _(rng):
    yield [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]], [0, 1, 0]
    yield [[7.0]], [3]
    yield [[1, 2], [3, rng.randint(4, 9)]], [1, 0]
    for _ in range(2):
        n, width = rng.randint(2, 4), rng.randint(1, 3)
        features = [[rng.randint(0, 99) / 10 for _ in range(width)] for _ in range(n)]
        yield features, [rng.randint(0, 2) for _ in range(n)]


@exercise.observe
def _(answer, features, labels):
    dataset = answer(features, labels)
    return {
        "len(dataset)": attempt(lambda: len(dataset)),
        "x of the first sample": attempt(lambda: dataset[0][0]),
        "y of the first sample": attempt(lambda: int(dataset[0][1])),
        "values in a sample": attempt(lambda: len(dataset[0])),
        "batches of two": attempt(lambda: batches_of(dataset, batch_size=2)),
    }


@exercise.mistake(
    "`dataset[i]` finds no method. Python looks for one exact name: two underscores, one word "
    "without any underscore in it, two underscores."
)
class MisspeltGetitem(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __get_item__(self, i):
        return self.features[i], self.labels[i]


@exercise.mistake(
    "The DataLoader asks your dataset how many samples it has: it needs to know which indices to "
    "draw from. There is no answer yet."
)
class NoLength(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@exercise.mistake(
    "`.int()` cuts off everything after the decimal point and makes int32. A layer wants float32 "
    "features, and cross-entropy wants int64 labels."
)
class IntegersForAll(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i].int(), self.labels[i].int()


@exercise.mistake(
    "Your features are float64: NumPy makes that of Python's decimal numbers, and the tensor kept "
    "it. Parameters are float32."
)
class ThroughNumpy(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = numpy.array(features), numpy.array(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.tensor(self.features[i]), torch.tensor(self.labels[i])


@exercise.mistake(
    "Your labels are decimal numbers. A label is the number of a class, and losses for classes "
    "want int64."
)
class FloatLabels(Dataset):
    def __init__(self, features, labels):
        self.features = torch.tensor(features, dtype=torch.float32)
        self.labels = torch.tensor(labels, dtype=torch.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@exercise.mistake("Your length is the number of values in one sample. How many samples are there?")
class LengthOfOneSample(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __len__(self):
        return self.features.shape[1] if len(self.labels) > 1 else len(self.features[0]) + 1

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@exercise.right
class ConvertsOnAccess(Dataset):
    def __init__(self, features, labels):
        self.rows = list(zip(features, labels, strict=True))

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        features, label = self.rows[i]
        return torch.tensor([float(value) for value in features]), label


exercise.equivalent(
    "self.labels = torch.tensor(labels, dtype=torch.int64)",
    "self.labels = torch.tensor(labels)",
    because="Whole numbers become int64 without being told.",
)
