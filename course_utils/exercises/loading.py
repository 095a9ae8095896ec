"""Exercises of notebook 06: datasets and dataloaders."""

import contextlib
import copy
import io
import itertools
import math
import random

import numpy
import pandas
import torch
import torch.utils.data._utils.worker as worker_process
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Sampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
    random_split,
)

from ..exercise import Exercise
from ..observation import attempt
from ..plain import plain

MOST = 200  # samples that are taken from something that might never end


def taken(iterable, most: int = MOST) -> list:
    """The first items of an iterable, as a list."""
    return list(itertools.islice(iter(iterable), most))


def batches_of(dataset, **options) -> list:
    """All batches of one epoch."""
    return taken(DataLoader(dataset, **options))


@contextlib.contextmanager
def as_worker(number: int, of: int, base_seed: int, dataset):
    """Run code as worker `number` of a DataLoader would, without starting a process.

    A notebook's own classes do not reach worker processes on every system, so a check must not
    need one. The names set here are the ones that a worker process sets for itself.
    """
    before, state = worker_process._worker_info, numpy.random.get_state()
    python_state = random.getstate()
    seed = base_seed + number
    worker_process._worker_info = worker_process.WorkerInfo(
        id=number, num_workers=of, seed=seed, dataset=dataset
    )
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            numpy.random.seed(seed % 2**32)
            random.seed(seed)
            yield
    finally:
        worker_process._worker_info = before
        numpy.random.set_state(state)
        random.setstate(python_state)


# 06.1 -------------------------------------------------------------------------------------

pairs = Exercise(
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


@pairs.reference
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


@pairs.cases
def _(rng):
    yield [[0.5, 1.5], [2.5, 3.5], [4.5, 5.5]], [0, 1, 0]
    yield [[7.0]], [3]
    for _ in range(2):
        n, width = rng.randint(2, 4), rng.randint(1, 3)
        features = [[rng.randint(0, 99) / 10 for _ in range(width)] for _ in range(n)]
        yield features, [rng.randint(0, 2) for _ in range(n)]


@pairs.observe
def _(answer, features, labels):
    dataset = answer(features, labels)
    return {
        "len(dataset)": attempt(lambda: len(dataset)),
        "x of the first sample": attempt(lambda: dataset[0][0]),
        "y of the first sample": attempt(lambda: int(dataset[0][1])),
        "values in a sample": attempt(lambda: len(dataset[0])),
        "batches of two": attempt(lambda: batches_of(dataset, batch_size=2)),
    }


@pairs.mistake(
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


@pairs.mistake(
    "The DataLoader asks your dataset how many samples it has: it needs to know which indices to "
    "draw from. There is no answer yet."
)
class NoLength(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


@pairs.mistake(
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


@pairs.mistake(
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


@pairs.mistake(
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


@pairs.mistake("Your length is the number of values in one sample. How many samples are there?")
class LengthOfOneSample(Dataset):
    def __init__(self, features, labels):
        self.features, self.labels = torch.tensor(features), torch.tensor(labels)

    def __len__(self):
        return self.features.shape[1] if len(self.labels) > 1 else len(self.features[0]) + 1

    def __getitem__(self, i):
        return self.features[i], self.labels[i]


# 06.2 -------------------------------------------------------------------------------------

table_exercise = Exercise(
    "06.2",
    "A CSV file as a dataset of dictionaries",
    minutes=15,
    difficulty=2,
    hints=[
        "Do the work once, in `__init__`: read, drop rows with gaps, make two tensors. Then a "
        "sample is one row of each.",
        "`dropna(subset=[...])` looks only at the columns that you name.",
        "Class names in alphabetical order give the numbers: `sorted(...)`, then `.index(name)`.",
        "`table[columns].to_numpy()` chooses the number columns first, so NumPy gets numbers only.",
    ],
)


@table_exercise.reference
class TableDataset(Dataset):
    """Rows of a CSV as samples.

    text: the CSV as one string, with a header line. columns: the names of the columns with
    numbers. label: the name of the column with class names.
    Rows with a gap in one of these columns are left out; gaps elsewhere do not matter.
    dataset[i] is a dict: 'features' a float32 tensor of shape (columns,), 'label' the number of
    the class, as an int or an int64 tensor of shape ().
    dataset.classes is the list of class names in the rows that are left, in alphabetical order;
    a label is a place in it.
    """

    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(table[label].unique())
        numbers = [self.classes.index(name) for name in table[label]]
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor(numbers)  # (rows,)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.cases
def _(rng):
    yield (
        "species,mass,sex\nGentoo,5000,\nAdelie,3700,male\nGentoo,,female\nAdelie,3800,male\n",
        ["mass"],
        "species",
    )
    yield "kind,a,b\nw,,9\nz,1.5,2\n,3,4\ny,5,6.5\nx,7,8\n", ["b", "a"], "kind"
    for _ in range(2):
        rows = [
            f"{rng.choice('uvw')},{rng.randint(1, 9)},{rng.choice(['', rng.randint(10, 99) / 10])}"
            for _ in range(4)
        ]
        text = "kind,a,b\nw,1,1.5\nu,2,\n" + "\n".join(rows) + "\nv,3,2.5\n"
        yield text, ["a", "b"], "kind"


@table_exercise.observe
def _(answer, text, columns, label):
    dataset = answer(text, columns, label)
    first = attempt(lambda: dataset[0])
    return {
        "len(dataset)": attempt(lambda: len(dataset)),
        "dataset.classes": attempt(lambda: [str(name) for name in dataset.classes]),
        "keys of a sample": sorted(first) if isinstance(first, dict) else first,
        "features, row by row": attempt(
            lambda: [dataset[i]["features"] for i in range(len(dataset))]
        ),
        "labels, row by row": attempt(
            lambda: [int(dataset[i]["label"]) for i in range(len(dataset))]
        ),
        "first batch of two": attempt(lambda: batches_of(dataset, batch_size=2)[0]),
    }


@table_exercise.mistake(
    "After `dropna` the rows keep their old numbers, with holes. `.loc[i]` looks for the row "
    "*named* i, and that one may be gone."
)
class LocAfterDropna(Dataset):
    def __init__(self, text, columns, label):
        self.table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(self.table[label].unique())
        self.columns, self.label = columns, label

    def __len__(self):
        return len(self.table)

    def __getitem__(self, i):
        row = self.table.loc[i]
        features = torch.tensor(row[self.columns].to_numpy(dtype="float32"))
        return {"features": features, "label": self.classes.index(row[self.label])}


@table_exercise.mistake(
    "One row of the table has words and numbers in it, so pandas holds it as Python objects, and "
    "torch cannot make a tensor of objects. Choose the number columns of the whole table first."
)
class RowOfObjects(Dataset):
    def __init__(self, text, columns, label):
        self.table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(self.table[label].unique())
        self.columns, self.label = columns, label

    def __len__(self):
        return len(self.table)

    def __getitem__(self, i):
        row = self.table.iloc[i]
        features = torch.tensor(row[self.columns].to_numpy())
        return {"features": features, "label": self.classes.index(row[self.label])}


@table_exercise.mistake(
    "Your classes are numbered as they come up in the file. Another file in another order would "
    "give the same class another number. The alphabet is the same everywhere."
)
class OrderOfAppearance(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        numbers, names = pandas.factorize(table[label])
        self.classes = list(names)
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor(numbers)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.mistake(
    "`.int()` makes int32 and cuts off what stands after the decimal point. Features are float32; "
    "labels are int64."
)
class IntForEverything(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]]).int()
        self.features = torch.tensor(table[columns].to_numpy()).int()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.mistake(
    "Your features are float64, as pandas holds them. A layer's parameters are float32, and it "
    "refuses to mix the two."
)
class KeepsFloat64(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        self.features = torch.tensor(table[columns].to_numpy(dtype="float64"))

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.mistake(
    "You dropped rows because of a gap in a column that nobody asked for. Good rows are lost."
)
class DropsEveryGap(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna()
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.mistake(
    "One of your classes has no row. You listed the classes before the rows with gaps were gone."
)
class ClassesOfAllRows(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text))
        self.classes = sorted(table[label].dropna().unique())
        table = table.dropna(subset=[*columns, label])
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@table_exercise.mistake(
    "A sample is one row without a batch dimension. Yours has a dimension of size 1 in front, and "
    "the DataLoader will add another one."
)
class TableOfOneRow(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i : i + 1], "label": self.labels[i]}


# 06.3 -------------------------------------------------------------------------------------

stream_exercise = Exercise(
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


@stream_exercise.reference
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


@stream_exercise.cases
def _(rng):
    yield ("1.5\n2.5\n3.5\n",)
    yield ("4.5\n\n5.5",)
    for _ in range(2):
        numbers = [rng.randint(10, 99) / 2 for _ in range(rng.randint(4, 6))]
        yield ("\n".join(map(str, numbers)) + "\n",)


@stream_exercise.observe
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


@stream_exercise.mistake(
    "Your lines are used up after one epoch: a generator made in `__init__` can be walked through "
    "once. The second epoch is empty, and no error says so."
)
class GeneratorInInit(IterableDataset):
    def __init__(self, text):
        self.numbers = (torch.tensor(float(line)) for line in text.splitlines() if line.strip())

    def __iter__(self):
        return self.numbers


@stream_exercise.mistake(
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


@stream_exercise.mistake(
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


@stream_exercise.mistake(
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


@stream_exercise.mistake(
    "You yield Python numbers, and a batch of those is float64. Your layers are float32."
)
class PythonFloats(IterableDataset):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            if line.strip():
                yield float(line)


@stream_exercise.mistake("A blank line is no number. Real files have blank lines, too.")
class TripsOverBlankLines(IterableDataset):
    def __init__(self, text):
        self.text = text

    def __iter__(self):
        for line in self.text.splitlines():
            yield torch.tensor(float(line))


# 06.4 -------------------------------------------------------------------------------------

sizes_exercise = Exercise(
    "06.4",
    "How many samples in each batch?",
    minutes=6,
    difficulty=1,
    hints=[
        "Write down by hand: 10 samples in batches of 4. Which batches are there?",
        "`drop_last` asks whether a short last batch is thrown away.",
        "And if the samples fit exactly, is there a short batch at all? `divmod` gives both parts.",
    ],
)


@sizes_exercise.reference
def batch_sizes(samples, batch_size, drop_last):
    """The sizes of the batches that a DataLoader makes in one epoch.

    samples, batch_size: ints. drop_last: a bool, as in DataLoader. Returns a list of ints.
    """
    whole, rest = divmod(samples, batch_size)
    sizes = [batch_size] * whole
    if rest and not drop_last:
        sizes.append(rest)
    return sizes


@sizes_exercise.cases
def _(rng):
    yield 10, 4, False
    yield 10, 4, True
    yield 8, 4, False
    yield 8, 4, True
    yield 3, 5, False
    yield 3, 5, True
    for _ in range(3):
        yield rng.randint(5, 20), rng.randint(2, 6), rng.choice([True, False])


@sizes_exercise.mistake(
    "You have `drop_last` the wrong way round. Read the name as an order: drop the last batch."
)
def drop_last_inverted(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([rest] if rest and drop_last else [])


@sizes_exercise.mistake(
    "You always throw the rest away. With 10 samples and batches of 4, two samples would never "
    "be seen, although nobody asked to drop them."
)
def rest_always_lost(samples, batch_size, drop_last):
    return [batch_size] * (samples // batch_size)


@sizes_exercise.mistake("You always keep the rest. What is the last argument for?")
def rest_always_kept(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([rest] if rest else [])


@sizes_exercise.mistake(
    "Your last batch is filled up to the full size. With what? A loader does not invent samples."
)
def last_batch_filled_up(samples, batch_size, drop_last):
    count = samples // batch_size if drop_last else math.ceil(samples / batch_size)
    return [batch_size] * count


@sizes_exercise.mistake(
    "When the samples fit exactly, there is an empty batch at the end of yours."
)
def empty_last_batch(samples, batch_size, drop_last):
    whole, rest = divmod(samples, batch_size)
    return [batch_size] * whole + ([] if drop_last else [rest])


# 06.5 -------------------------------------------------------------------------------------

transformed_exercise = Exercise(
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


@transformed_exercise.reference
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


@transformed_exercise.cases
def _(rng):
    yield ([1, 2, 3],)
    yield ([7],)
    yield ([rng.randint(1, 9) for _ in range(4)],)


@transformed_exercise.observe
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


@transformed_exercise.mistake(
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


@transformed_exercise.mistake(
    "The transform was given the whole pair. It is a function of the input alone."
)
class TransformsThePair(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i])


@transformed_exercise.mistake(
    "Your labels are transformed, too. A turned picture of a 7 is still a 7."
)
class TransformsTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        x, y = self.dataset[i]
        return self.transform(x), self.transform(y)


@transformed_exercise.mistake(
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


@transformed_exercise.mistake(
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


@transformed_exercise.mistake("The labels are lost on the way: a sample was a pair before.")
class LosesTheLabel(Dataset):
    def __init__(self, dataset, transform):
        self.dataset, self.transform = dataset, transform

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, i):
        return self.transform(self.dataset[i][0])


# 06.6 -------------------------------------------------------------------------------------

steps_exercise = Exercise(
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


@steps_exercise.reference
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


@steps_exercise.cases
def _(rng):
    yield 6, 2, 3
    yield 6, 2, 2
    yield 5, 2, 5
    yield 2, 2, 4
    yield rng.randint(5, 14), rng.randint(2, 4), rng.randint(7, 18)


@steps_exercise.observe
def _(answer, samples, batch_size, steps):
    sampler = NewOrderEachEpoch(samples)
    loader = DataLoader(torch.arange(samples), batch_size=batch_size, sampler=sampler)
    batches = answer(loader, steps)
    return {
        "batches": [plain(batch) for batch in taken(batches)],
        "epochs begun": sampler.epochs,
    }


@steps_exercise.mistake(
    "Each `iter(loader)` begins a new epoch, so you always take a first batch. Most samples may "
    "never be seen, and with workers each step starts new processes."
)
def always_a_first_batch(loader, steps):
    return [next(iter(loader)) for _ in range(steps)]


@steps_exercise.mistake(
    "A DataLoader is not an iterator, so it has no next batch. It can be walked through again and "
    "again; each walk is a new iterator."
)
def next_of_the_loader(loader, steps):
    return [next(loader) for _ in range(steps)]


@steps_exercise.mistake(
    "`itertools.cycle` keeps the batches of the first epoch and repeats those: the data is never "
    "shuffled again, and all of it stays in memory."
)
def cycled(loader, steps):
    return list(itertools.islice(itertools.cycle(loader), steps))


@steps_exercise.mistake("Your list ends with the first epoch, however many steps were asked for.")
def one_epoch_only(loader, steps):
    return list(loader)[:steps]


@steps_exercise.mistake(
    "At the end of the epoch `next` raises StopIteration. Somebody has to begin the next epoch."
)
def stops_at_the_end(loader, steps):
    iterator = iter(loader)
    batches = []
    for _ in range(steps):
        batches.append(next(iterator))
    return batches


@steps_exercise.mistake("You ran `steps` whole epochs. One step is one batch.")
def epochs_for_steps(loader, steps):
    return [batch for _ in range(steps) for batch in loader]


# 06.7 -------------------------------------------------------------------------------------

sampler_exercise = Exercise(
    "06.7",
    "A sampler that shuffles",
    minutes=12,
    difficulty=2,
    hints=[
        "A sampler is two methods: `__iter__` gives indices, `__len__` says how many.",
        "`__iter__` is called once for each epoch. Draw the order there.",
        "`torch.randperm(n, generator=...)` is every number below n once, in random order; "
        "`.tolist()` makes Python ints of them.",
    ],
)


@sampler_exercise.reference
class ShuffledSampler(Sampler):
    """All indices once in each epoch, in a new random order each time.

    count: the number of samples. generator: a torch.Generator; all random numbers are drawn from
    it, so that the same seed gives the same orders. Yields Python ints.
    """

    def __init__(self, count, generator):
        self.count = count
        self.generator = generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count, generator=self.generator).tolist()


@sampler_exercise.cases
def _(rng):
    yield 12, 1
    yield 1, 2
    yield rng.randint(20, 99), rng.randint(3, 99)


@sampler_exercise.observe
def _(answer, count, seed):
    def made(seed):
        return answer(count, torch.Generator().manual_seed(seed))

    before = torch.random.get_rng_state()
    sampler = made(seed)
    first, second = taken(sampler), taken(sampler)
    other = taken(made(seed + 1))
    after = torch.random.get_rng_state()
    return {
        "indices of the first epoch, sorted": sorted(map(int, first)),
        "indices of the second epoch, sorted": sorted(map(int, second)),
        "types of the indices": sorted({type(index).__name__ for index in first}),
        "len(sampler)": attempt(lambda: len(sampler)),
        "the second epoch has a new order": first != second,
        "the order is not just 0, 1, 2, ...": first != sorted(first),
        "the same seed gives the same order": first == taken(made(seed)),
        "another seed gives another order": first != other,
        "torch's global generator is left alone": torch.equal(before, after),
    }


@sampler_exercise.mistake(
    "You draw each index on its own, so some samples come twice in an epoch and others not at all."
)
class DrawsWithReplacement(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randint(self.count, (self.count,), generator=self.generator).tolist()


@sampler_exercise.mistake(
    "You draw the order when the sampler is made. It is then the same order in every epoch."
)
class OrderDrawnOnce(Sampler):
    def __init__(self, count, generator):
        self.order = torch.randperm(count, generator=generator).tolist()

    def __len__(self):
        return len(self.order)

    def __iter__(self):
        return iter(self.order)


@sampler_exercise.mistake(
    "You set a seed at the beginning of each epoch. From the same seed comes the same order, so "
    "every epoch is like the first."
)
class SeedsEachEpoch(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        self.generator.manual_seed(0)
        yield from torch.randperm(self.count, generator=self.generator).tolist()


@sampler_exercise.mistake(
    "You do not use the generator you are given. The order then depends on every other random "
    "number of the program: dropout, starting weights."
)
class GlobalGenerator(Sampler):
    def __init__(self, count, generator):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count).tolist()


@sampler_exercise.mistake(
    "Your indices are tensors. A dataset that keeps its samples in a dictionary, or prints the "
    "index, wants Python ints."
)
class YieldsTensors(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.randperm(self.count, generator=self.generator)


# 06.8 -------------------------------------------------------------------------------------

weights_exercise = Exercise(
    "06.8",
    "A weight for each sample",
    minutes=8,
    difficulty=2,
    hints=[
        "How many weights does WeightedRandomSampler want: one for each class, or one for each "
        "sample?",
        "All samples of a class together should weigh as much as all samples of any other class.",
        "`torch.bincount(labels)` counts the classes; counts[labels] looks up each sample's count.",
    ],
)


@weights_exercise.reference
def sample_weights(labels):
    """Weights for WeightedRandomSampler that make every class equally likely.

    labels: an int64 tensor of shape (samples,), class numbers from 0 on; some numbers may not
    occur. Returns a float tensor of shape (samples,). Only the proportions of the weights matter.
    """
    counts = torch.bincount(labels)  # (classes,)
    return 1 / counts[labels]


@weights_exercise.cases
def _(rng):
    yield (torch.tensor([0, 0, 0, 1]),)
    yield (torch.tensor([1, 0, 1, 1, 1, 0]),)
    yield (torch.tensor([2, 0, 0, 2, 2]),)
    yield (torch.tensor([0, 0, 0, 0, 1, 1, 2]),)
    labels = [0, 1, 2] + [rng.choice([0, 0, 0, 1, 2]) for _ in range(rng.randint(6, 12))]
    yield (torch.tensor(labels),)


@weights_exercise.observe
def _(answer, labels):
    weights = plain(answer(labels))
    if not isinstance(weights, torch.Tensor) or weights.shape != labels.shape:
        return {"weights": weights, "chance of each class": None}
    chances = weights.double() / weights.double().sum()
    by_class = [float(chances[labels == c].sum()) for c in range(int(labels.max()) + 1)]
    # How the weights are scaled is left open, so the chances stand for them.
    return {"weights": chances, "chance of each class": by_class}


@weights_exercise.mistake(
    "That is one weight for each class. The sampler would read them as the weights of samples 0, "
    "1, ... and never draw any other."
)
def one_weight_per_class(labels):
    counts = torch.bincount(labels).clamp(min=1)
    return 1 / counts


@weights_exercise.mistake(
    "Your weights grow with the size of the class, so the common class becomes still more common."
)
def weights_by_count(labels):
    return torch.bincount(labels)[labels].float()


@weights_exercise.mistake(
    "You subtract where you should divide: rare classes get more, but not so much that all come "
    "equally often. Add up the weights of each class."
)
def share_of_the_others(labels):
    counts = torch.bincount(labels)
    return (len(labels) - counts[labels]).float()


@weights_exercise.mistake(
    "All weights are equal: then each class comes as often as it is in the data."
)
def equal_weights(labels):
    return torch.ones(len(labels))


@weights_exercise.mistake(
    "The number of a class says nothing about its size. You used the labels themselves as weights."
)
def labels_as_weights(labels):
    return 1 / (labels + 1)


# 06.9 -------------------------------------------------------------------------------------

balanced_exercise = Exercise(
    "06.9",
    "A loader that balances classes",
    minutes=10,
    difficulty=2,
    hints=[
        "The sampler from the lesson takes weights, a number of samples, and `replacement`.",
        "To see the rare class often, its samples have to be drawn several times in an epoch.",
        "A sampler decides the order. What is left for `shuffle` to decide?",
    ],
)


@balanced_exercise.reference
def balanced_loader(dataset, labels, batch_size):
    """A DataLoader that draws every class about equally often, with WeightedRandomSampler.

    dataset: a map-style dataset. labels: an int64 tensor of shape (samples,), the class of each
    sample. batch_size: an int. One epoch has as many draws as the dataset has samples.
    Returns a DataLoader.
    """
    weights = 1 / torch.bincount(labels)[labels]  # (samples,)
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@balanced_exercise.cases
def _(rng):
    yield [180, 20], 32
    yield [30, 150, 120], 50
    yield [rng.randint(150, 190), rng.randint(20, 30)], rng.randint(25, 60)


def in_words(number: float, low: float, high: float) -> str:
    """Random draws are compared as words, so that right answers need not draw alike."""
    return "too few" if number < low else "too many" if number > high else "about right"


@balanced_exercise.observe
def _(answer, counts, batch_size):
    labels = torch.cat([torch.full((n,), c) for c, n in enumerate(counts)])
    dataset = TensorDataset(torch.arange(len(labels)), labels)
    loader = answer(dataset, labels, batch_size)
    drawn = [plain(batch) for batch in taken(loader)]
    indices = torch.cat([batch[0] for batch in drawn])
    classes = torch.bincount(torch.cat([batch[1] for batch in drawn]), minlength=len(counts))
    shares = (classes / len(indices)).tolist()
    fair = 1 / len(counts)
    distinct = len(indices.unique())
    return {
        # A loader that is given a batch sampler has no sampler of its own to show.
        "sampler": type(getattr(loader.batch_sampler, "sampler", loader.sampler)).__name__,
        "size of the batches": [len(batch[0]) for batch in drawn],
        "draws of each class": [in_words(share, fair - 0.15, fair + 0.15) for share in shares],
        "different samples drawn": "few"
        if distinct < 20
        else "all"
        if distinct == len(labels)
        else "many",
    }


@balanced_exercise.mistake(
    "`shuffle=True` means: use a RandomSampler. You already gave a sampler, and there can be only "
    "one."
)
def shuffle_and_sampler(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler, shuffle=True)


@balanced_exercise.mistake(
    "You gave one weight for each class. The sampler takes them for the weights of the first few "
    "samples, and draws nothing but those. No error says so."
)
def weight_of_each_class(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)
    sampler = WeightedRandomSampler(weights, num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@balanced_exercise.mistake(
    "Without replacement each sample comes once, whatever its weight: the weights only decide who "
    "comes early. Over the epoch nothing is balanced."
)
def without_replacement(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels), replacement=False)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@balanced_exercise.mistake(
    "Your epoch ends after one batch: `num_samples` counts the draws of an epoch, not of a batch."
)
def epoch_of_one_batch(dataset, labels, batch_size):
    weights = 1 / torch.bincount(labels)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=batch_size)
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@balanced_exercise.mistake(
    "Your weights are the sizes of the classes. The common class is drawn still more often now."
)
def counts_as_weights(dataset, labels, batch_size):
    sampler = WeightedRandomSampler(torch.bincount(labels)[labels], num_samples=len(labels))
    return DataLoader(dataset, batch_size=batch_size, sampler=sampler)


@balanced_exercise.mistake(
    "Shuffling changes the order. It does not change how often a class comes up."
)
def only_shuffled(dataset, labels, batch_size):
    return DataLoader(dataset, batch_size=batch_size, shuffle=True)


# 06.10 ------------------------------------------------------------------------------------

lengths_exercise = Exercise(
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


@lengths_exercise.reference
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


@lengths_exercise.cases
def _(rng):
    yield [5, 1, 4, 2, 3], 2
    yield [7, 7, 7], 3
    yield [3, 9, 3, 1], 2
    yield [rng.randint(1, 9) for _ in range(7)], 3


@lengths_exercise.observe
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


@lengths_exercise.mistake(
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


@lengths_exercise.mistake(
    "You yield one index at a time. That is a sampler; a batch sampler yields lists."
)
class YieldsSingleIndices(Sampler):
    def __init__(self, lengths, batch_size):
        self.order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        self.count = math.ceil(len(lengths) / batch_size)

    def __len__(self):
        return self.count

    def __iter__(self):
        return iter(self.order)


@lengths_exercise.mistake(
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


@lengths_exercise.mistake("Samples are lost: the ones that do not fill a whole batch.")
class LosesTheRest(Sampler):
    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lambda i: lengths[i])
        last = len(order) - batch_size + 1
        self.batches = [order[i : i + batch_size] for i in range(0, last, batch_size)]

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


@lengths_exercise.mistake(
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


@lengths_exercise.mistake(
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


# 06.11 ------------------------------------------------------------------------------------

padding_exercise = Exercise(
    "06.11",
    "A collate function that pads",
    minutes=12,
    difficulty=2,
    hints=[
        "The function gets a list of samples. First take it apart: all sequences, all labels.",
        "Write down the lengths before you pad; afterwards they are all equal.",
        "`pad_sequence` puts zeros at the end. Read its page: which dimension comes first?",
    ],
)


@padding_exercise.reference
def pad_batch(samples):
    """Make one batch of sequences of different lengths.

    samples: a list of pairs (sequence, label): sequence an int64 tensor of shape (length,),
    label an int. Returns a tuple of three int64 tensors: the sequences with zeros after their
    ends, of shape (batch, longest); their lengths, of shape (batch,); the labels, of shape
    (batch,). The samples stay in their order.
    """
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])  # (batch,)
    labels = torch.tensor([label for _, label in samples])  # (batch,)
    return pad_sequence(sequences, batch_first=True), lengths, labels


@padding_exercise.cases
def _(rng):
    def sequence(length):
        return torch.tensor([rng.randint(1, 9) for _ in range(length)])

    yield ([(torch.tensor([5, 6]), 1), (torch.tensor([7, 8, 9]), 0)],)
    yield ([(torch.tensor([4, 4, 4]), 2)],)
    yield ([(sequence(n), rng.randint(0, 3)) for n in (3, 1, 4)],)
    yield ([(sequence(rng.randint(5, 7)), rng.randint(0, 3)) for _ in range(4)],)


@padding_exercise.mistake(
    "Your first dimension is the position in the sequence. A batch has the samples first."
)
def position_first(samples):
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(sequences), lengths, torch.tensor([label for _, label in samples])


@padding_exercise.mistake(
    "You cut all sequences to the shortest one. What was behind it is lost; padding loses nothing."
)
def cut_to_the_shortest(samples):
    shortest = min(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    cut = torch.stack([sequence[:shortest] for sequence, _ in samples])
    return cut, lengths, torch.tensor([label for _, label in samples])


@padding_exercise.mistake("Your zeros stand in front of the sequences. They belong after the end.")
def zeros_in_front(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    padded = torch.zeros(len(samples), longest, dtype=torch.int64)
    for row, (sequence, _) in zip(padded, samples, strict=True):
        row[longest - len(sequence) :] = sequence
    return padded, lengths, torch.tensor([label for _, label in samples])


@padding_exercise.mistake(
    "You measured the lengths after padding, when all are equal. Nobody can tell any more where a "
    "sequence ends."
)
def lengths_after_padding(samples):
    padded = pad_sequence([sequence for sequence, _ in samples], batch_first=True)
    lengths = torch.tensor([len(row) for row in padded])
    return padded, lengths, torch.tensor([label for _, label in samples])


@padding_exercise.mistake(
    "Your padded batch holds decimal numbers: `torch.zeros` makes float32. Words are numbered, and "
    "an embedding looks them up by int64."
)
def float_padding(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    padded = torch.zeros(len(samples), longest)
    for row, (sequence, _) in zip(padded, samples, strict=True):
        row[: len(sequence)] = sequence
    return padded, lengths, torch.tensor([label for _, label in samples])


@padding_exercise.mistake(
    "Your function leaves the labels as a Python list. With your own collate function nobody else "
    "makes a tensor of them."
)
def labels_as_a_list(samples):
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(sequences, batch_first=True), lengths, [label for _, label in samples]


@padding_exercise.mistake(
    "You sorted the sequences by length, and the labels stayed where they were: now they belong "
    "to other sequences."
)
def sorted_without_labels(samples):
    sequences = sorted([sequence for sequence, _ in samples], key=len, reverse=True)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    labels = torch.tensor([label for _, label in samples])
    return pad_sequence(sequences, batch_first=True), lengths, labels


# 06.12 ------------------------------------------------------------------------------------

broken_exercise = Exercise(
    "06.12",
    "Leave out broken samples",
    minutes=8,
    difficulty=2,
    hints=[
        "Keep the samples that are not None, then let `default_collate` do the rest.",
        "`if sample` is not the same question as `if sample is not None`. Try both on "
        "`torch.tensor(0.0)`.",
        "What should happen if nothing is left? `default_collate([])` does not know.",
    ],
)


@broken_exercise.reference
def collate_readable(samples):
    """Make a batch of the samples that could be read.

    samples: a list; a sample that could not be read is None. The others are tensors of one
    shape, or pairs (tensor, int). Returns what default_collate makes of the others, or None if
    there are none. The list itself is not changed.
    """
    readable = [sample for sample in samples if sample is not None]
    if not readable:
        return None
    return default_collate(readable)


@broken_exercise.cases
def _(rng):
    yield ([torch.tensor(3.0), None, torch.tensor(4.0)],)
    yield ([torch.tensor(0.0), torch.tensor(1.0), None, None],)
    yield ([None, None],)
    yield ([torch.tensor([1, 2]), None, torch.tensor([0, 0])],)
    values = [(torch.tensor(float(rng.randint(1, 9))), rng.randint(0, 2)) for _ in range(3)]
    yield ([None, *values],)
    yield (values,)


@broken_exercise.mistake(
    "`if sample` asks whether the sample is true. The number 0 is not, so good samples are lost; "
    "and of a longer tensor the question makes no sense."
)
def asks_for_truth(samples):
    readable = [sample for sample in samples if sample]
    return default_collate(readable) if readable else None


@broken_exercise.mistake("A None is still among the samples, and None has no place in a tensor.")
def passes_everything_on(samples):
    return default_collate(samples)


@broken_exercise.mistake(
    "What if the whole batch is broken? Nothing is left to collate then, and that is an error."
)
def forgets_the_empty_batch(samples):
    return default_collate([sample for sample in samples if sample is not None])


@broken_exercise.mistake(
    "You throw away the whole batch because of one sample. The good ones beside it are lost."
)
def throws_the_batch_away(samples):
    if any(sample is None for sample in samples):
        return None
    return default_collate(samples)


@broken_exercise.mistake(
    "You remove items from the list while you walk through it. After each removal the loop skips "
    "the next item, and the caller's list is changed, too."
)
def removes_in_the_loop(samples):
    for i, sample in enumerate(samples):
        if sample is None:
            del samples[i]
    return default_collate(samples) if samples else None


# 06.13 ------------------------------------------------------------------------------------

collate_exercise = Exercise(
    "06.13",
    "Your own rules for a batch",
    minutes=25,
    difficulty=3,
    hints=[
        "Look at the first sample only: its type decides which rule holds for all.",
        "A tuple or dictionary has fields. Collect field 0 of all samples, and make a batch of "
        "those; then field 1. The function that makes a batch is the one you are writing.",
        "`zip(*samples)` turns a list of pairs into a pair of lists.",
        "For numbers and rows of numbers, what does `torch.tensor(list)` make?",
    ],
)


@collate_exercise.reference
def collate_rows(samples):
    """A collate function with other rules than default_collate.

    samples: a list of samples of one kind, not empty. By the kind of the sample it returns:
    tensor: all stacked, shape (batch, ...). int, bool, float: a tensor of shape (batch,), of
    dtype int64, bool, float32. list of n numbers: a tensor of shape (batch, n), dtypes as
    before. str: the list of strings. tuple: a tuple with a batch of each field. dict: a dict
    with a batch of each value. Tuples and dicts may hold any of these, also tuples and dicts.
    """
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: collate_rows([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(collate_rows(list(field)) for field in zip(*samples))
    if isinstance(first, str):
        return samples
    return torch.tensor(samples)


@collate_exercise.cases
def _(rng):
    def number():
        return rng.randint(10, 99) / 10

    yield ([1.5, 2.5],)
    yield ([3, 4, 5],)
    yield ([[1, 2, 3], [4, 5, 6]],)
    yield ([torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])],)
    yield (["yes", "no"],)
    yield ([(1.5, 0), (2.5, 1), (3.5, 0)],)
    yield ([{"x": [1.5, 2.5], "name": "a"}, {"x": [3.5, 4.5], "name": "b"}],)
    yield ([({"x": number(), "ok": True}, number()) for _ in range(3)],)
    yield ([(1, "a"), (2, "b")],)


@collate_exercise.mistake(
    "Those are the rules of `default_collate`: Python's decimal numbers become float64, and lists "
    "are turned round, field by field. Here both rules are different."
)
def the_default(samples):
    return default_collate(samples)


@collate_exercise.mistake(
    "You joined the tensors end to end. A batch has one dimension more than a sample."
)
def joins_tensors(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(samples)
    if isinstance(first, dict):
        return {key: joins_tensors([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(joins_tensors(list(field)) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples)


@collate_exercise.mistake(
    "A tuple became a list. Rules for a batch should keep what a sample was, so that `x, y = "
    "batch` and names of fields still work."
)
def tuples_become_lists(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: tuples_become_lists([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return [tuples_become_lists(list(field)) for field in zip(*samples)]
    return samples if isinstance(first, str) else torch.tensor(samples)


@collate_exercise.mistake("There is no tensor of words. Strings stay in a list.")
def words_into_tensors(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: words_into_tensors([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(words_into_tensors(list(field)) for field in zip(*samples))
    return torch.tensor(samples)


@collate_exercise.mistake(
    "Everything became float32, also labels. Whole numbers stay whole: a loss for classes wants "
    "int64."
)
def all_float(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        return {key: all_float([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        return tuple(all_float(list(field)) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples, dtype=torch.float32)


@collate_exercise.mistake(
    "Your rules do not go inside: a tuple that holds a dictionary needs them again for its fields."
)
def one_level_only(samples):
    first = samples[0]
    if isinstance(first, torch.Tensor):
        return torch.stack(samples)
    if isinstance(first, dict):
        fields = {key: [sample[key] for sample in samples] for key in first}
        return {k: v if isinstance(v[0], str) else torch.tensor(v) for k, v in fields.items()}
    if isinstance(first, tuple):
        return tuple(torch.tensor(field) for field in zip(*samples))
    return samples if isinstance(first, str) else torch.tensor(samples)


# 06.14 ------------------------------------------------------------------------------------

split_exercise = Exercise(
    "06.14",
    "A split that does not leak",
    minutes=12,
    difficulty=2,
    hints=[
        "The two datasets hold the same samples in the same order. How often do you have to draw?",
        "Draw one random order of the indices, and cut it into two parts.",
        "`Subset(dataset, indices)` is a dataset of just these samples. Each part may be a Subset "
        "of another dataset.",
    ],
)


@split_exercise.reference
def split_datasets(plain_set, augmented_set, validation_size, seed):
    """Train on changed pictures, validate on others, unchanged.

    plain_set, augmented_set: map-style datasets of the same samples in the same order, without
    and with random changes. validation_size: an int. seed: an int; the same seed gives the same
    split. Returns (train, validation): two datasets, chosen at random, that have no sample in
    common. train comes from augmented_set, validation comes from plain_set and has
    validation_size samples. Together they cover all samples.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(plain_set), generator=generator).tolist()
    train = Subset(augmented_set, order[validation_size:])
    validation = Subset(plain_set, order[:validation_size])
    return train, validation


@split_exercise.cases
def _(rng):
    yield 20, 5, 0
    yield 40, 30, 1
    yield rng.randint(40, 80), rng.randint(8, 18), rng.randint(2, 99)


@split_exercise.observe
def _(answer, count, validation_size, seed):
    plain_set = [("plain", i) for i in range(count)]
    augmented_set = [("augmented", i) for i in range(count)]

    def split():
        train, validation = answer(plain_set, augmented_set, validation_size, seed)
        return [[part[i] for i in range(len(part))] for part in (train, validation)]

    train, validation = split()
    in_train = {int(i) for _, i in train}
    in_validation = {int(i) for _, i in validation}
    ends = [set(range(validation_size)), set(range(count - validation_size, count))]
    return {
        "samples for training": len(train),
        "samples for validation": len(validation),
        "some samples are in both parts": bool(in_train & in_validation),
        "some samples are in neither part": len(in_train | in_validation) < count,
        "training samples come from": sorted({str(kind) for kind, _ in train}),
        "validation samples come from": sorted({str(kind) for kind, _ in validation}),
        "the split is random": in_validation not in ends,
        "the same seed gives the same split": [train, validation] == split(),
    }


@split_exercise.mistake(
    "You drew twice: each call of `random_split` makes its own split. Most of your validation "
    "samples were also trained on, and the validation looks far too good."
)
def two_splits(plain_set, augmented_set, validation_size, seed):
    sizes = [len(plain_set) - validation_size, validation_size]
    train, _ = random_split(augmented_set, sizes)
    _, validation = random_split(plain_set, sizes)
    return train, validation


@split_exercise.mistake(
    "Both calls use one generator, and the first call has moved it on. So the second call makes "
    "another split, and samples leak."
)
def two_splits_one_generator(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = [len(plain_set) - validation_size, validation_size]
    train, _ = random_split(augmented_set, sizes, generator=generator)
    _, validation = random_split(plain_set, sizes, generator=generator)
    return train, validation


@split_exercise.mistake(
    "Your validation samples are randomly changed, too: the result would be another one each time "
    "you measure."
)
def augmented_validation(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    sizes = [len(plain_set) - validation_size, validation_size]
    return tuple(random_split(augmented_set, sizes, generator=generator))


@split_exercise.mistake(
    "You cut the dataset without mixing it. Many files are sorted by class; then the validation "
    "would see one class only."
)
def not_mixed(plain_set, augmented_set, validation_size, seed):
    border = len(plain_set) - validation_size
    train = Subset(augmented_set, range(border))
    return train, Subset(plain_set, range(border, len(plain_set)))


@split_exercise.mistake(
    "The two parts have exchanged their sizes: the small one was to be for validation."
)
def sizes_exchanged(plain_set, augmented_set, validation_size, seed):
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(plain_set), generator=generator).tolist()
    train = Subset(augmented_set, order[:validation_size])
    return train, Subset(plain_set, order[validation_size:])


@split_exercise.mistake(
    "Your split is a new one each time the program runs. After a restart, samples from the old "
    "validation set are trained on."
)
def seed_ignored(plain_set, augmented_set, validation_size, seed):
    order = torch.randperm(len(plain_set)).tolist()
    train = Subset(augmented_set, order[validation_size:])
    return train, Subset(plain_set, order[:validation_size])


# 06.15 ------------------------------------------------------------------------------------

rank_exercise = Exercise(
    "06.15",
    "Share a dataset between processes",
    minutes=15,
    difficulty=2,
    hints=[
        "Deal the indices out like playing cards: 0 to rank 0, 1 to rank 1, and so on, then again "
        "from rank 0.",
        "All ranks need equally many. How many does each get, with and without `drop_last`?",
        "Make the list of all indices exactly as long as needed first: cut it, or repeat it from "
        "the beginning. Then take every num_replicas-th.",
    ],
)


@rank_exercise.reference
def rank_indices(count, num_replicas, rank, drop_last):
    """The indices that one of several processes gets, as DistributedSampler gives them
    without shuffling, but written by hand.

    count: the number of samples. num_replicas: the number of processes. rank: the number of this
    process, from 0. All processes get equally many indices: with drop_last the samples that are
    too many are left out; without it, samples are repeated from the beginning. Returns a list of
    ints.
    """
    indices = list(range(count))
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    while len(indices) < each * num_replicas:
        indices.extend(range(count))
    return indices[: each * num_replicas][rank::num_replicas]


@rank_exercise.cases
def _(rng):
    yield 10, 3, 0, False
    yield 10, 3, 2, False
    yield 10, 3, 0, True
    yield 9, 3, 1, False
    yield 2, 5, 4, False
    yield 8, 3, 1, True
    for _ in range(3):
        replicas = rng.randint(2, 4)
        yield rng.randint(5, 14), replicas, rng.randrange(replicas), rng.choice([True, False])


@rank_exercise.observe
def _(answer, count, num_replicas, rank, drop_last):
    made, original = [], DistributedSampler.__init__

    def counted(self, *args, **kwargs):
        made.append(1)
        original(self, *args, **kwargs)

    DistributedSampler.__init__ = counted
    try:
        indices = answer(count, num_replicas, rank, drop_last)
    finally:
        DistributedSampler.__init__ = original
    return {"indices": indices, "done by a DistributedSampler": bool(made)}


@rank_exercise.mistake(
    "You cut the indices into blocks. The sampler deals them out one by one, like cards."
)
def in_blocks(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = (list(range(count)) * num_replicas)[: each * num_replicas]
    return indices[rank * each : (rank + 1) * each]


@rank_exercise.mistake(
    "Some processes get one sample more than others. They would wait for each other for ever at "
    "the end of the epoch: all need equally many."
)
def uneven(count, num_replicas, rank, drop_last):
    return list(range(count))[rank::num_replicas]


@rank_exercise.mistake(
    "You have `drop_last` the wrong way round: with it samples are left out, without it some are "
    "repeated."
)
def inverted_drop_last(count, num_replicas, rank, drop_last):
    each = math.ceil(count / num_replicas) if drop_last else count // num_replicas
    indices = (list(range(count)) * num_replicas)[: each * num_replicas]
    return indices[rank::num_replicas]


@rank_exercise.mistake(
    "You fill up with the last sample again and again. The sampler begins again at the front."
)
def repeats_the_last(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = list(range(count)) + [count - 1] * num_replicas
    return indices[: each * num_replicas][rank::num_replicas]


@rank_exercise.mistake(
    "You repeat the dataset at most once. With more than twice as many processes as samples, that "
    "is not enough."
)
def repeats_once(count, num_replicas, rank, drop_last):
    each = count // num_replicas if drop_last else math.ceil(count / num_replicas)
    indices = (list(range(count)) * 2)[: each * num_replicas]
    return indices[rank::num_replicas]


# 06.16 ------------------------------------------------------------------------------------

epochs_exercise = Exercise(
    "06.16",
    "Shuffle anew on every process",
    minutes=8,
    difficulty=2,
    hints=[
        "Make one DistributedSampler for each rank, once, before the first epoch.",
        "All ranks have to shuffle in the same way, or they would not share the samples out.",
        "The sampler has a method that tells it which epoch it is. Call it before you look.",
    ],
)


@epochs_exercise.reference
def orders_by_epoch(dataset, num_replicas, epochs):
    """The indices that each process draws in each epoch, with DistributedSampler.

    dataset: a map-style dataset. num_replicas, epochs: ints. The samplers shuffle with seed 0,
    their default, and shuffle anew in every epoch; the first epoch is number 0.
    Returns a list: result[epoch][rank] is the list of indices.
    """
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@epochs_exercise.cases
def _(rng):
    yield list("abcdef"), 2, 3
    yield list("abcdefgh"), 3, 3
    letters = "abcdefghijklmnopqrstuvwxyz"
    yield list(letters[: rng.randint(9, 26)]), rng.randint(2, 5), rng.randint(3, 6)


@epochs_exercise.mistake(
    "Every epoch of yours has the same order. The sampler does not know that an epoch is over: "
    "somebody has to tell it."
)
def never_told(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    return [[list(sampler) for sampler in samplers] for _ in range(epochs)]


@epochs_exercise.mistake(
    "You tell the sampler its epoch after you have drawn, so the first two epochs are alike."
)
def told_too_late(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        orders.append([list(sampler) for sampler in samplers])
        for sampler in samplers:
            sampler.set_epoch(epoch)
    return orders


@epochs_exercise.mistake(
    "Only one rank knows the epoch. The others shuffle in another way, so some samples are drawn "
    "twice and others not at all."
)
def only_rank_zero_told(dataset, num_replicas, epochs):
    samplers = [DistributedSampler(dataset, num_replicas, rank) for rank in range(num_replicas)]
    orders = []
    for epoch in range(epochs):
        samplers[0].set_epoch(epoch)
        orders.append([list(sampler) for sampler in samplers])
    return orders


@epochs_exercise.mistake(
    "Each rank has a seed of its own. Then each deals out another pack of cards, and together "
    "they do not cover the dataset."
)
def seed_for_each_rank(dataset, num_replicas, epochs):
    orders = []
    for epoch in range(epochs):
        row = []
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas, rank, seed=rank)
            sampler.set_epoch(epoch)
            row.append(list(sampler))
        orders.append(row)
    return orders


@epochs_exercise.mistake("Your samplers do not shuffle at all: every epoch runs in order.")
def not_shuffled(dataset, num_replicas, epochs):
    orders = []
    for epoch in range(epochs):
        row = []
        for rank in range(num_replicas):
            sampler = DistributedSampler(dataset, num_replicas, rank, shuffle=False)
            sampler.set_epoch(epoch)
            row.append(list(sampler))
        orders.append(row)
    return orders


# 06.17 ------------------------------------------------------------------------------------

shared_exercise = Exercise(
    "06.17",
    "A stream that workers share",
    minutes=15,
    difficulty=3,
    hints=[
        "Every worker gets a copy of the dataset and calls `__iter__` on it. What does each copy "
        "have to know to do only its part?",
        "`get_worker_info()` gives `id` and `num_workers` in a worker, and None elsewhere.",
        "Worker 0 of 3 could take numbers 0, 3, 6, ..., worker 1 numbers 1, 4, 7, ...: `range` has "
        "a third argument.",
    ],
)


@shared_exercise.reference
class SharedRange(IterableDataset):
    """The ints from start to stop - 1, each of them once, however many workers there are.

    start, stop: ints. Without workers, all of them in order. With workers, each worker yields a
    part: together everything once, and no worker more than its share, rounded up.
    """

    def __init__(self, start, stop):
        self.start = start
        self.stop = stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(self.start + worker.id, self.stop, worker.num_workers))


@shared_exercise.cases
def _(rng):
    yield 0, 6, 2
    yield 0, 7, 3
    yield 10, 15, 2
    yield 3, 5, 4
    start = rng.randint(1, 20)
    yield start, start + rng.randint(7, 12), rng.randint(2, 4)


@shared_exercise.observe
def _(answer, start, stop, workers):
    dataset = answer(start, stop)
    facts = {"without workers": attempt(lambda: taken(dataset))}
    parts = []
    for number in range(workers):
        copied = copy.deepcopy(dataset)
        with as_worker(number, workers, 1000, copied):
            part = attempt(lambda copied=copied: taken(copied))
        if isinstance(part, dict):
            return {**facts, f"in worker {number} of {workers}": part}
        parts += [part]
    share = math.ceil((stop - start) / workers)
    together = sum(parts, [])
    if all(isinstance(item, int) for item in together):  # other things may have no order
        together.sort()
    facts[f"with {workers} workers, all together, sorted"] = together
    facts["a worker yields more than its share"] = max(map(len, parts)) > share
    return facts


@shared_exercise.mistake(
    "Every worker yields everything, so each sample comes once for each worker. A training epoch "
    "silently becomes several."
)
class EveryWorkerAll(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        return iter(range(self.start, self.stop))


@shared_exercise.mistake(
    "Without workers there is no worker info, and None has no id. The same dataset should work "
    "with num_workers=0."
)
class NeedsAWorker(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        return iter(range(self.start + worker.id, self.stop, worker.num_workers))


@shared_exercise.mistake(
    "Your parts are rounded down, so the numbers at the end belong to nobody and are lost."
)
class PartsRoundedDown(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        each = (self.stop - self.start) // worker.num_workers
        first = self.start + worker.id * each
        return iter(range(first, first + each))


@shared_exercise.mistake(
    "Nothing comes twice, but one worker does all the work and the others sit idle."
)
class OnlyTheFirstWorker(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None or worker.id == 0:
            return iter(range(self.start, self.stop))
        return iter(())


@shared_exercise.mistake("Your workers count from 0, whatever `start` is. Try it with start=10.")
class CountsFromZero(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(worker.id, self.stop, worker.num_workers))


@shared_exercise.mistake(
    "You step by the worker's own number. Worker 0 would take no step at all; each step has to "
    "jump over the samples of all workers."
)
class StepsByItsNumber(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(self.start, self.stop, worker.id))


# 06.18 ------------------------------------------------------------------------------------

reseed_exercise = Exercise(
    "06.18",
    "Seeds for workers",
    minutes=15,
    difficulty=3,
    hints=[
        "The function runs inside a worker. `get_worker_info().dataset` is this worker's own copy.",
        "The copy's generator has to be replaced by another one. Which number is different in each "
        "worker *and* in each epoch?",
        "`get_worker_info().seed` is that number. `numpy.random.default_rng` takes it as it is.",
    ],
)


@reseed_exercise.reference
def reseed_worker(worker_id):
    """A worker_init_fn for a dataset that has a random generator of its own.

    worker_id: the number of the worker, from 0. The dataset's attribute `rng` is a NumPy
    Generator, and every worker starts with a copy of it. Afterwards the worker's dataset has a
    new generator in `rng`: another one in each worker and in each epoch, and the same one again
    when the program is run again with the same seed. Returns nothing.
    """
    worker = get_worker_info()
    worker.dataset.rng = numpy.random.default_rng(worker.seed)


@reseed_exercise.cases
def _(rng):
    yield 8_000_000_000_000_000_000, 2
    yield rng.randint(2**40, 2**60), 2
    yield rng.randint(2**40, 2**60), rng.randint(3, 40)


class NoisyDataset(Dataset):
    """Adds noise from a generator that is made once, in `__init__`."""

    def __init__(self):
        self.rng = numpy.random.default_rng(0)

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return int(self.rng.integers(10**9))


@reseed_exercise.observe
def _(answer, base_seed, workers):
    def draws(base_seed):
        drawn = []
        for number in range(workers):
            dataset = NoisyDataset()  # each worker process holds a copy of one and the same state
            with as_worker(number, workers, base_seed, dataset):
                returned = answer(number)
                drawn.append([dataset[0], dataset[1]])
        return drawn, returned

    first, returned = draws(base_seed)
    again, _ = draws(base_seed)
    next_epoch, _ = draws(base_seed + 1_000_003)
    dataset = NoisyDataset()
    return {
        "workers that draw numbers of their own": len({tuple(d) for d in first}),
        "the next epoch draws the same numbers": first[0] == next_epoch[0],
        "the same seed draws the same numbers": first == again,
        "a worker goes on with the copied generator": first[-1] == [dataset[0], dataset[1]],
        "returned": returned,
    }


@reseed_exercise.mistake(
    "You seed NumPy's global generator. PyTorch has done that for you since version 1.9; the "
    "generator that the dataset owns does not notice."
)
def seeds_the_global_generator(worker_id):
    numpy.random.seed(get_worker_info().seed % 2**32)


@reseed_exercise.mistake(
    "`numpy.random.seed` takes numbers below 2**32, and a worker's seed is larger. (And it is the "
    "global generator again, not the dataset's.)"
)
def seed_too_large(worker_id):
    numpy.random.seed(torch.initial_seed())


@reseed_exercise.mistake(
    "The number of the worker is the same in every epoch, so each epoch repeats the noise of the "
    "first."
)
def seeded_by_number(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(worker_id)


@reseed_exercise.mistake(
    "All workers get the same new generator, in every epoch. That is where you came from."
)
def one_seed_for_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(42)


@reseed_exercise.mistake(
    "You took away the part that is different: the seed of all workers minus their number is the "
    "same for all."
)
def base_seed_for_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng(torch.initial_seed() - worker_id)


@reseed_exercise.mistake(
    "Without a seed the new generator is different each time, also when you run the program again "
    "and want to see the same."
)
def no_seed_at_all(worker_id):
    get_worker_info().dataset.rng = numpy.random.default_rng()
