"""Make a dataset of a CSV text, with dictionaries as samples. For `columns=["mass"]` and
`label="species"`:

```
species,mass        dataset.classes  ->  ['Adelie', 'Gentoo']
Gentoo,5000         dataset[0]       ->  {'features': tensor([5000.]), 'label': tensor(1)}
Adelie,3700         dataset[1]       ->  {'features': tensor([3700.]), 'label': tensor(0)}
```
"""

import csv
import io

import numpy
import pandas
import torch
import torch.utils.data
from torch.utils.data import (
    Dataset,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import batches_of
from course_utils.observation import attempt

exercise = Exercise(
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


@exercise.reference
class TableDataset(Dataset):
    """Rows of a CSV as samples.

    text: the CSV as one string, with a header line; a cell with a comma in it stands in quotes.
    columns: a list of the names of the columns with numbers. label: the name of the column with
    class names, none of them a number. A gap is an empty cell; no cell holds a text such as NA.
    Rows with a gap in one of these columns are left out; gaps elsewhere do not matter.
    dataset[i] is a dict: 'features' a float32 tensor of shape (columns,), in the order of
    `columns`; 'label' the number of the class, as an int or an int64 tensor of shape ().
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


@exercise.cases
def _(rng):
    yield (
        "species,mass,sex\nGentoo,5000,\nAdelie,3700,male\nGentoo,,female\nAdelie,3800,male\n",
        ["mass"],
        "species",
    )
    yield "kind,a,b\nw,,9\nz,1.5,0\n,3,4\ny,5,6.5\nx,7,8\n", ["b", "a"], "kind"
    yield 'kind,a,b\n"x, small",1,2.5\n"x, large",3,\n"w, small",4,5.5\n', ["a"], "kind"
    for _ in range(2):
        rows = [
            f"{rng.choice('uvw')},{rng.randint(0, 2)},"
            f"{rng.choice(['', 0, rng.randint(10, 99) / 10])}"
            for _ in range(4)
        ]
        text = "kind,a,b\nw,1,1.5\nu,2,\n" + "\n".join(rows) + "\nv,3,2.5\n"
        yield text, ["a", "b"], "kind"


@exercise.observe
def _(answer, text, columns, label):
    dataset = answer(text, columns, label)
    first = attempt(lambda: dataset[0])
    return {
        "len(dataset)": attempt(lambda: len(dataset)),
        "dataset.classes": attempt(lambda: [str(name) for name in dataset.classes]),
        "dataset.classes is a list": attempt(lambda: isinstance(dataset.classes, list)),
        "keys of a sample": sorted(first) if isinstance(first, dict) else first,
        "features, row by row": attempt(
            lambda: [dataset[i]["features"] for i in range(len(dataset))]
        ),
        "labels, row by row": attempt(
            lambda: [int(dataset[i]["label"]) for i in range(len(dataset))]
        ),
        "first batch of two": attempt(lambda: batches_of(dataset, batch_size=2)[0]),
    }


def read(text, columns, label):
    """What the wrong answers below share: the rows without gaps, the classes, and their numbers."""
    table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
    classes = sorted(table[label].unique())
    return table, classes, [classes.index(name) for name in table[label]]


class Read(Dataset):
    """What the wrong answers below change in one place."""

    def __init__(self, text, columns, label):
        table, self.classes, numbers = read(text, columns, label)
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor(numbers)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"features": self.features[i], "label": self.labels[i]}


@exercise.mistake("A row is missing that has a 0 in it. Is 0 a gap?")
class ZeroIsAGap(Read):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[*columns, label])
        table = table[table[columns].all(axis=1)]
        self.classes = sorted(table[label].unique())
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])


@exercise.mistake(
    "After `dropna` the rows keep their old numbers, with holes. Row number i and the row *named* "
    "i are not the same any more, and the one named i may be gone."
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
    "Features and labels are int32 here, and what stood after the decimal points is cut off. "
    "Features are float32; labels are int64."
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


@exercise.mistake(
    "Your features are float64, as decimal numbers are in pandas. A layer's parameters are "
    "float32, and it refuses to mix the two."
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
    "A row with a gap is still there, with another number in the place of the gap. A number that "
    "nobody measured is no measurement."
)
class GapsFilled(Read):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[label])
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        filled = table[columns].fillna(0)
        self.features = torch.tensor(filled.to_numpy(), dtype=torch.float32)


@exercise.mistake(same_as=GapsFilled)
class GapsFilledWithTheMean(Read):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=[label])
        self.classes = sorted(table[label].unique())
        self.labels = torch.tensor([self.classes.index(name) for name in table[label]])
        filled = table[columns].fillna(table[columns].mean())
        self.features = torch.tensor(filled.to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "A row without a class name is still there, as if the gap were a class. Gaps matter in the "
    "label's column, too."
)
class GapsInTheLabelKept(Read):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text)).dropna(subset=columns)
        names = [str(name) for name in table[label]]
        self.classes = sorted(set(names))
        self.labels = torch.tensor([self.classes.index(name) for name in names])
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "The features stand in the order of the file. They were asked for in the order of `columns`."
)
class ColumnsAsInTheFile(Read):
    def __init__(self, text, columns, label):
        table, self.classes, numbers = read(text, columns, label)
        wanted = [name for name in table.columns if name in columns]
        self.features = torch.tensor(table[wanted].to_numpy(), dtype=torch.float32)
        self.labels = torch.tensor(numbers)


@exercise.mistake(
    "Your label is the name of the class. No tensor can be made of names; the number?"
)
class LabelIsAName(Read):
    def __init__(self, text, columns, label):
        table, self.classes, _ = read(text, columns, label)
        self.features = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)
        self.labels = table[label].tolist()


@exercise.mistake(
    "With one column, your features have no dimension any more. A model wants shape (columns,), "
    "also where that is (1,)."
)
class OneColumnWithoutDimension(Read):
    def __init__(self, text, columns, label):
        super().__init__(text, columns, label)
        self.features = self.features.squeeze()


@exercise.mistake(
    "`dataset.classes` was to be a list of Python. Yours is something else that holds names."
)
class ClassesInAnArray(Read):
    def __init__(self, text, columns, label):
        super().__init__(text, columns, label)
        self.classes = numpy.array(self.classes)


@exercise.mistake(
    "A comma in quotes does not end a cell. Cutting at every comma is not enough for a CSV."
)
class CutAtEveryComma(Read):
    def __init__(self, text, columns, label):
        header, *lines = text.strip().split("\n")
        rows = [dict(zip(header.split(","), line.split(","))) for line in lines]  # noqa: B905
        rows = [row for row in rows if all(row[name] for name in [*columns, label])]
        self.classes = sorted({row[label] for row in rows})
        self.features = torch.tensor([[float(row[name]) for name in columns] for row in rows])
        self.labels = torch.tensor([self.classes.index(row[label]) for row in rows])


@exercise.mistake(
    "The dataset is right, but the list `columns` of the caller has grown. A second dataset made "
    "with it would be another one."
)
class ColumnsGrow(Read):
    def __init__(self, text, columns, label):
        super().__init__(text, list(columns), label)
        columns.append(label)


@exercise.right
class WithPandasCategories(Dataset):
    def __init__(self, text, columns, label):
        table = pandas.read_csv(io.StringIO(text))[[*columns, label]].dropna()
        kinds = pandas.Categorical(table[label])
        self.classes = kinds.categories.tolist()
        self.labels = torch.tensor(kinds.codes, dtype=torch.long)
        self.features = torch.from_numpy(table[columns].to_numpy(dtype="float32"))

    def __len__(self):
        return self.features.shape[0]

    def __getitem__(self, i):
        return dict(features=self.features[i], label=self.labels[i])


@exercise.right
class WithoutPandas(Dataset):
    def __init__(self, text, columns, label):
        rows = csv.DictReader(text.splitlines())
        self.rows = [row for row in rows if all(row[c] for c in [*columns, label])]
        self.classes = sorted({row[label] for row in self.rows})
        self.columns, self.label = columns, label

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        features = torch.tensor([float(row[column]) for column in self.columns])
        return {"features": features, "label": self.classes.index(row[self.label])}
