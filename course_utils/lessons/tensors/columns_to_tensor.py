"""Read the columns you are told to read, leave out rows with gaps in them, and give a float32
tensor with one column for each name.
"""

import csv
import io

import pandas
import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "01.13",
    "Columns of a CSV file as a tensor",
    minutes=12,
    difficulty=2,
    hints=[
        "pandas.read_csv(io.StringIO(text)) reads text as if it were a file.",
        "frame[names] with a list of names stays a table, also for one name.",
        "dropna() drops rows with missing values; first choose the columns, then drop.",
        "Check the dtype at the end: what does pandas make of numbers?",
    ],
)


@exercise.reference
def columns_to_tensor(text, names):
    """The named columns of a CSV text as a float32 tensor; rows with a gap in them are left out.

    text: the CSV with a header line, no quotes in it. A gap is an empty field; one row at least
    has none. What else stands in the named columns are finite numbers.
    names: a list of column names, in any order. A gap in a column that is not named does not
    matter. Returns a float32 tensor of shape (rows, len(names)): column j holds the values of
    names[j].
    """
    frame = pandas.read_csv(io.StringIO(text))
    values = frame[names].dropna().to_numpy()
    return torch.tensor(values, dtype=torch.float32)


@exercise.cases
def _(rng):
    yield "mass,age\n3750,2\n3800,3\n", ["mass"]
    yield "mass,age\n3750,2\n,3\n3250,4\n", ["mass", "age"]
    yield "mass,age\n2,3750\n,\n7,3250\n", ["mass", "age"]
    yield "mass,age\n2,3750\n,3800\n", ["age", "mass"]
    yield "mass,age\n0,-1.5\n0,-1.5\n4,\n", ["mass", "age"]
    yield "mass,age,sex\n3750,2,\n3800,3,male\n", ["age", "mass"]
    for _ in range(2):
        rows = [f"{rng.randint(10, 99)},{rng.randint(10, 99) / 10}" for _ in range(3)]
        yield "depth,length\n" + "\n".join(rows) + "\n", ["length"]


@exercise.mistake(
    "Your numbers are not float32: pandas has float64 for numbers, or int64 for whole ones. "
    "Parameters are float32, and a layer refuses to mix two dtypes."
)
def keeps_float64(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].dropna().to_numpy(dtype="float64"))


@exercise.mistake(same_as=keeps_float64)
def keeps_the_dtype_of_pandas(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.from_numpy(frame[names].dropna().to_numpy())


@exercise.mistake(
    "One column became a row of numbers without a second dimension. A model wants a table also "
    "when it has one column."
)
def squeezes_one_column(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    values = frame[names].dropna().to_numpy()
    return torch.tensor(values, dtype=torch.float32).squeeze()


@exercise.mistake(
    "You dropped rows because of a gap in a column that was not asked for. Choose first, then drop."
)
def drops_too_early(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna()
    return torch.tensor(frame[names].to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "Gaps were kept: pandas shows a missing number as NaN, and one NaN makes the sum of a tensor "
    "NaN."
)
def keeps_gaps(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].to_numpy(), dtype=torch.float32)


@exercise.mistake(same_as=keeps_gaps)
def drops_rows_of_gaps_only(text, names):
    frame = pandas.read_csv(io.StringIO(text))[names].dropna(how="all")
    return torch.tensor(frame.to_numpy(), dtype=torch.float32)


@exercise.mistake("A gap became a 0, as if a 0 had been measured. Its row was to be left out.")
def zeros_for_gaps(text, names):
    frame = pandas.read_csv(io.StringIO(text))[names].fillna(0)
    return torch.tensor(frame.to_numpy(), dtype=torch.float32)


@exercise.mistake("A column went away because of a gap in it. It is the row that goes.")
def drops_columns(text, names):
    frame = pandas.read_csv(io.StringIO(text))[names].dropna(axis=1)
    return torch.tensor(frame.to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "One of your rows has numbers from two rows of the text. A gap takes its whole row away, in "
    "all columns."
)
def each_column_by_itself(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    columns = [frame[name].dropna().tolist() for name in names]
    rows = [list(row) for row in zip(*columns)]
    return torch.tensor(rows, dtype=torch.float32).reshape(len(rows), len(names))


@exercise.mistake(
    "Your tensor has a row for each name. It is a column that belongs to a name; a row of the "
    "text stays a row."
)
def a_row_for_each_name(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna(subset=names)
    return torch.stack([torch.tensor(frame[n].to_numpy(), dtype=torch.float32) for n in names])


@exercise.mistake("Your columns are sorted by their names. In which order were they asked for?")
def sorted_names(text, names):
    frame = pandas.read_csv(io.StringIO(text))[sorted(names)].dropna()
    return torch.tensor(frame.to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "The first column of the text is a column like the others. In yours it is not there to be "
    "asked for."
)
def first_column_as_index(text, names):
    frame = pandas.read_csv(io.StringIO(text), index_col=0)[names].dropna()
    return torch.tensor(frame.to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "Yours takes the first columns of the text, as many as there are names. It does not ask what "
    "the names are."
)
def first_columns(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna(subset=names)
    return torch.tensor(frame.iloc[:, : len(names)].to_numpy(), dtype=torch.float32)


@exercise.mistake(
    "Your columns are in the order of the text, whatever the order of the names; with "
    "`usecols`, pandas does that, too. What does column 0 of your tensor hold?"
)
def in_the_order_of_the_file(text, names):
    frame = pandas.read_csv(io.StringIO(text), usecols=names)
    return torch.tensor(frame.dropna().to_numpy(), dtype=torch.float32)


@exercise.mistake("Your numbers lost everything after the decimal point.")
def whole_numbers_only(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].dropna().to_numpy()).int().float()


@exercise.right
def without_pandas(text, names):
    rows = list(csv.DictReader(text.splitlines()))
    kept = [row for row in rows if all(row[name] != "" for name in names)]
    return torch.tensor([[float(row[name]) for name in names] for row in kept])


@exercise.right
def gaps_dropped_by_subset(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna(subset=names)
    return torch.from_numpy(frame[names].to_numpy()).float()


exercise.equivalent(
    "rows = list(csv.DictReader(text.splitlines()))",
    "rows = csv.DictReader(text.splitlines())",
    because="The rows are read once, so that they need not stand in a list.",
)
