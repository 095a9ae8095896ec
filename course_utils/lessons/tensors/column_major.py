"""Some programs store matrices column by column. Give all elements of a matrix in that order.

```
[[1, 2, 3],
 [4, 5, 6]]   ->   [1, 4, 2, 5, 3, 6]
```
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.promises import promised

exercise = Exercise(
    "01.5",
    "Flatten a matrix column by column",
    minutes=6,
    difficulty=1,
    hints=[
        "Which tensor has the columns of the matrix as its rows?",
        "If torch tells you that a view is not possible: why not, and which function copies when "
        "it has to?",
    ],
)


@exercise.reference
def column_major(matrix):
    """All elements of a matrix, first column first.

    matrix: a tensor of shape (rows, columns), both at least 1, of any dtype, contiguous or not.
    Returns a tensor of shape (rows * columns,) and the same dtype.
    """
    return matrix.t().reshape(-1)


@exercise.cases
def _(rng):
    yield (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),)
    yield (torch.tensor([[7.0]]),)
    yield (whole_numbers(rng, 4, 1),)
    yield (whole_numbers(rng, 3, 4).t(),)
    yield (whole_numbers(rng, 3, 3, dtype=torch.int64),)
    for matrix in promised(rng, "any dtype", "any strides", "a size of 1"):
        yield (matrix,)


@exercise.mistake("Yours goes through the matrix row after row. Which index has to change first?")
def row_after_row(matrix):
    return matrix.reshape(-1)


@exercise.mistake(
    "A transposed matrix cannot always be flattened by view(): walking along its rows may need "
    "jumps that are not all the same."
)
def view_of_transpose(matrix):
    return matrix.t().view(-1)


@exercise.mistake(
    "You collected the elements in a Python list. Most of torch works on one tensor instead."
)
def list_of_elements(matrix):
    return [element for column in matrix.t() for element in column]


@exercise.mistake(
    "The columns are in the right order, but they are still rows of a matrix; one long row was "
    "asked for."
)
def not_flattened(matrix):
    return matrix.t()


@exercise.mistake(
    "The numbers are in the right order, but for some matrices at least their dtype is not that of "
    "the matrix. Which step chooses another?"
)
def through_lists(matrix):
    return torch.tensor([number for column in zip(*matrix.tolist()) for number in column])


@exercise.mistake(same_as=through_lists)
def into_zeros(matrix):
    result = torch.zeros(matrix.numel())
    result[:] = matrix.t().flatten()
    return result


@exercise.mistake("A matrix need not be square. Do you go through rows, or through columns?")
def as_many_columns_as_rows(matrix):
    return torch.stack([matrix[:, j] for j in range(matrix.shape[0])]).flatten()


@exercise.mistake(
    "Inside your columns the order is right, but the last column comes first. A rotation is "
    "something else than a change of axes."
)
def rotated(matrix):
    return torch.rot90(matrix).flatten()


@exercise.mistake(
    "Yours is right for a matrix that lies in memory row after row. One that is transposed, or a "
    "part of another, may have other strides."
)
def strides_of_a_contiguous_matrix(matrix):
    rows, columns = matrix.shape
    return matrix.as_strided((columns, rows), (1, columns)).flatten()


@exercise.mistake("The order is right, but the matrix of the caller is not what it was.")
def transposed_in_place(matrix):
    return matrix.t_().flatten()


@exercise.mistake("You turned the order round. It is the axes that should change places.")
def turned_round(matrix):
    return matrix.reshape(-1).flip(0)


@exercise.right
def contiguous_first(matrix):
    return matrix.T.contiguous().view(-1)


@exercise.right
def columns_joined(matrix):
    return torch.cat([matrix[:, j] for j in range(matrix.shape[1])])
