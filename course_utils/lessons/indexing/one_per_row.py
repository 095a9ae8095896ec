"""Take one element from each row of `x`: `columns` says for each row in which column it stands."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.1",
    "One element a row",
    minutes=6,
    difficulty=1,
    hints=[
        "Row 0 goes with the first of `columns`, row 1 with the second. Which rows are meant?",
        "A colon as the row index means: all rows, for each column. You want each row once.",
        "Two index tensors of the same length are read in pairs. `gather` wants an index with as "
        "many dimensions as x, and gives a result of the index's shape.",
    ],
)


@exercise.reference
def one_per_row(x, columns):
    """One element of each row: of row i the one in column columns[i].

    x: shape (N, C), any dtype, any strides; may be empty, with N = 0. columns: int64, shape (N,),
    from 0 to C - 1. Returns shape (N,), x's dtype.
    """
    rows = torch.arange(len(x))
    return x[rows, columns]


def columns_for(rng, x):
    """A random column for each row of x."""
    rows, width = x.shape
    return torch.tensor([rng.randrange(width) for _ in range(rows)], dtype=torch.int64)


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([2, 0])
    yield torch.tensor([[7.0, 8.0]]), torch.tensor([1])
    yield torch.tensor([[5.0], [6.0], [7.0]]), torch.tensor([0, 0, 0])
    yield torch.tensor([[2**62, 2**62 + rng.randint(1, 9)]] * 2), torch.tensor([1, 0])
    yield torch.zeros(0, 2, dtype=torch.int32), torch.zeros(0, dtype=torch.int64)
    for x in promised(rng, "any dtype", "any strides", "empty too", shape=(4, 3)):
        yield x, columns_for(rng, x)
    for x in promised(rng, "any strides", "a batch of one", shape=(3, 3)):
        yield x, columns_for(rng, x)
    for x in promised(rng, "any strides", shape=(2, 5)):
        yield x, torch.tensor([rng.randrange(5) for _ in range(4)])[::2]


@exercise.mistake(
    "Yours gives whole columns: a colon, or a list of columns alone, takes every row for each of "
    "them. Each row is to give one element, that of its own column."
)
def all_rows(x, columns):
    return x[:, columns]


@exercise.mistake(
    "Rows and columns have changed places: yours takes the numbers in `columns` for rows. Which "
    "row goes with each of them?"
)
def rows_and_columns_exchanged(x, columns):
    return x[columns, torch.arange(len(columns))]


@exercise.mistake(
    "An index alone in the brackets means rows. `columns` says something about the other dimension."
)
def picks_rows(x, columns):
    return x[columns]


@exercise.mistake(
    "torch does not broadcast this index, nor read it as a list of pairs. Which shape says: one "
    "element in each row?"
)
def index_of_one_dimension(x, columns):
    return x.gather(1, columns)


@exercise.mistake(
    "All elements of yours come from row 0. What in yours says that the second of `columns` goes "
    "with row 1?"
)
def index_of_one_row(x, columns):
    return x.gather(1, columns.unsqueeze(0)).squeeze(0)


@exercise.mistake("The elements are right, and stand in a matrix. Which shape was asked for?")
def keeps_the_column(x, columns):
    return x.gather(1, columns.unsqueeze(1))


@exercise.mistake(same_as=keeps_the_column)
def keeps_a_row(x, columns):
    return x.gather(1, columns.unsqueeze(1)).t()


@exercise.mistake(
    "With one row the result has no dimension left. Which of its sizes of 1 do you want to go?"
)
def squeezes_everything(x, columns):
    return x.gather(1, columns.unsqueeze(1)).squeeze()


@exercise.mistake(
    "Counted in one long row of all elements, where does row i begin? That depends on one of the "
    "two sizes of x."
)
def wrong_length_of_a_row(x, columns):
    rows = torch.arange(len(columns))
    return x.reshape(-1)[rows * len(columns) + columns]


@exercise.mistake(
    "That goes wrong where x is itself a view, as `x.t()` and `x[:, ::2]` are: its elements do "
    "not follow each other in memory row after row."
)
def flat_view(x, columns):
    return x.view(-1)[torch.arange(len(x)) * x.shape[1] + columns]


@exercise.mistake(same_as=flat_view)
def strided_by_its_width(x, columns):
    width = x.shape[1]
    flat = x.as_strided((x.numel(),), (1,), x.storage_offset())
    return flat[torch.arange(len(x)) * width + columns]


@exercise.mistake(
    "The dtype of yours is not always that of x. What are the elements on their way: Python "
    "numbers, sums, parts of some other tensor, or a list that may be empty?"
)
def python_numbers(x, columns):
    return torch.tensor([row[c].item() for row, c in zip(x, columns)])


@exercise.mistake(same_as=python_numbers)
def into_zeros(x, columns):
    result = torch.zeros(len(x))
    for i, c in enumerate(columns):
        result[i] = x[i, c]
    return result


@exercise.mistake(same_as=python_numbers)
def empty_list_of_numbers(x, columns):
    return torch.tensor([x[i, c] for i, c in enumerate(columns)])


@exercise.mistake(same_as=python_numbers)
def sum_over_a_mask(x, columns):
    mask = torch.arange(x.shape[1]) == columns[:, None]
    return (x * mask).sum(1)


@exercise.mistake("x may have no rows at all. Of what does yours make a tensor then?")
def stacks_nothing(x, columns):
    return torch.stack([x[i, c] for i, c in enumerate(columns)])


@exercise.mistake(
    "Yours gives the diagonal, or one column for all rows, and hardly looks at `columns`."
)
def the_diagonal(x, columns):
    return x.diagonal()[: len(columns)]


@exercise.mistake(same_as=the_diagonal)
def the_first_column_for_all(x, columns):
    return x[:, columns[0]]


@exercise.mistake(same_as=rows_and_columns_exchanged)
def gathers_along_the_rows(x, columns):
    return x.gather(0, columns.unsqueeze(0)).squeeze(0)


@exercise.mistake(same_as=rows_and_columns_exchanged)
def gathers_along_the_rows_in_a_column(x, columns):
    return x.gather(0, columns.unsqueeze(1)).squeeze(1)


@exercise.mistake(same_as=stacks_nothing)
def joins_nothing(x, columns):
    return torch.cat([x[i, c].reshape(1) for i, c in enumerate(columns)])


@exercise.mistake("The elements are right, in a list. One tensor of shape (N,) is asked for.")
def as_a_list(x, columns):
    return [x[i, c] for i, c in enumerate(columns)]


@exercise.right
def gathered(x, columns):
    index = columns.unsqueeze(1)
    return x.gather(1, index).squeeze(1)


@exercise.right
def along_a_dimension(x, columns):
    return torch.take_along_dim(x, columns[:, None], dim=1)[:, 0]


@exercise.right
def by_a_mask(x, columns):
    """In a mask with one True a row, the elements come row by row."""
    mask = torch.arange(x.shape[1]) == columns[:, None]
    return x[mask]


@exercise.right
def filled_in_a_loop(x, columns):
    result = x.new_empty(len(x))
    for i in range(len(x)):
        result[i] = x[i][columns[i]]
    return result


@exercise.right
def diagonal_of_all_columns(x, columns):
    return x[:, columns].diagonal()


@exercise.right
def counted_through(x, columns):
    flat = x.flatten()
    return flat.take(torch.arange(x.size(0)) * x.size(1) + columns)


exercise.equivalent(
    "return torch.take_along_dim(x, columns[:, None], dim=1)[:, 0]",
    "return torch.take_along_dim(x, columns[:, None], dim=1)[:, -1]",
    because="There is one column, so that first and last are the same.",
)


exercise.equivalent(
    "flat = x.flatten()",
    "flat = x",
    because="take counts through the elements of any shape.",
)
