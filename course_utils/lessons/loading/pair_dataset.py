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
    yield [[0.5], [1.5]], [2**24 + 1, 2**53 + 1]  # no float32 holds the one, no float the other
    for _ in range(2):
        n, width = rng.randint(2, 4), rng.randint(1, 3)
        features = [[rng.randint(0, 99) / 10 for _ in range(width)] for _ in range(n)]
        yield features, [rng.randint(0, 2) for _ in range(n)]


@exercise.observe
def _(answer, features, labels):
    dataset = answer(features, labels)
    return {
        "len(dataset)": attempt(lambda: len(dataset)),
        "a sample is a tuple": attempt(lambda: isinstance(dataset[0], tuple)),
        "x of the first sample": attempt(lambda: dataset[0][0]),
        "y of the first sample": attempt(lambda: int(dataset[0][1])),
        "y is an int or a tensor": attempt(lambda: isinstance(dataset[0][1], (int, torch.Tensor))),
        "values in a sample": attempt(lambda: len(dataset[0])),
        "batches of two": attempt(lambda: batches_of(dataset, batch_size=2)),
    }


class Right(Dataset):
    """What the wrong answers below change in one place."""

    def __init__(self, features, labels):
        self.features = torch.tensor(features, dtype=torch.float32)
        self.labels = torch.tensor(labels)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


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
        self.features = torch.tensor(features, dtype=torch.float32)
        self.labels = torch.tensor(labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@exercise.mistake(
    "Features and labels are int32 here, and what stood after the decimal points is cut off. A "
    "layer wants float32 features, and cross-entropy wants int64 labels."
)
class IntegersForAll(Right):
    def __getitem__(self, i):
        return self.features[i].int(), self.labels[i].int()


@exercise.mistake(
    "Your labels are int32. Losses for classes want int64. What made them smaller than Python's "
    "whole numbers become in torch?"
)
class SmallLabels(Right):
    def __getitem__(self, i):
        return self.features[i], self.labels[i].int()


@exercise.mistake(
    "Features that happen to be whole numbers come out as int64. A layer wants float32, whatever "
    "the numbers are: who decides the dtype?"
)
class WholeNumbersStayWhole(Right):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)


@exercise.mistake(
    "Your features are float64, as decimal numbers are in NumPy. The parameters of a layer are "
    "float32."
)
class ThroughNumpy(Right):
    def __init__(self, features, labels):
        self.features, self.labels = numpy.array(features), numpy.array(labels)

    def __getitem__(self, i):
        return torch.tensor(self.features[i]), torch.tensor(self.labels[i])


@exercise.mistake(same_as=ThroughNumpy)
class AlwaysFloat64(Right):
    def __init__(self, features, labels):
        self.features = torch.tensor(features, dtype=torch.float64)
        self.labels = torch.tensor(labels)


@exercise.mistake(
    "Your labels are decimal numbers. A label is the number of a class, and losses for classes "
    "want int64."
)
class FloatLabels(Right):
    def __init__(self, features, labels):
        self.features = torch.tensor(features, dtype=torch.float32)
        self.labels = torch.tensor(labels, dtype=torch.float32)


@exercise.mistake(
    "A large label came back as its neighbour. Floats hold all whole numbers up to a limit only, "
    "float32 up to 2**24; to turn them into ints afterwards does not bring the others back."
)
class LabelsByWayOfFloats(Right):
    def __init__(self, features, labels):
        super().__init__(features, labels)
        self.labels = torch.Tensor(labels).long()


@exercise.mistake("Your length is the number of values in one sample. How many samples are there?")
class LengthOfOneSample(Right):
    def __len__(self):
        return self.features.shape[1]


@exercise.mistake(
    "A label of yours has a dimension of its own, so a batch of labels has shape (batch, 1). One "
    "number needs no dimension."
)
class LabelOfShapeOne(Right):
    def __getitem__(self, i):
        return self.features[i], self.labels[i : i + 1]


@exercise.mistake("The two parts of a sample are right. In which kind of container was it to be?")
class SampleIsAList(Right):
    def __getitem__(self, i):
        return [self.features[i], self.labels[i]]


@exercise.mistake(
    "Your samples are dictionaries. Those have names for their parts; here `x, y = dataset[i]` is "
    "to work."
)
class SampleIsADict(Right):
    def __getitem__(self, i):
        return {"x": self.features[i], "y": self.labels[i]}


@exercise.mistake(
    "x is an array of NumPy. The DataLoader turns arrays into tensors, but who asks for "
    "`dataset[i]` gets what you give."
)
class XIsAnArray(Right):
    def __getitem__(self, i):
        return self.features[i].numpy(), self.labels[i]


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
