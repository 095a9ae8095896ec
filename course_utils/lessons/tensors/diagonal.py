"""Look at the diagonal of a matrix, as `as_strided` can. The matrix may be transposed, or a slice
of a larger one; your diagonal must still be a view of it.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import VIEWS
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "01.7",
    "The diagonal as a view",
    minutes=12,
    difficulty=2,
    without=ByHand("torch.diagonal", "torch.diag", "torch.einsum", not_=VIEWS),
    hints=[
        "From [0, 0] to [1, 1] you take one step along each dimension. How far is that in the "
        "storage?",
        "Ask the matrix for its own strides: it need not be contiguous.",
        "Where in the storage does the matrix begin? Not always at 0: it may be a slice.",
    ],
)


@exercise.reference
def diagonal(matrix):
    """The main diagonal, as a view.

    matrix: a tensor of shape (rows, columns), of any dtype, contiguous or not.
    Returns a tensor of shape (min(rows, columns),) over the same storage.
    """
    length = min(matrix.shape)
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((length,), (step,), matrix.storage_offset())


@exercise.cases
def _(rng):
    yield (torch.arange(9.0).reshape(3, 3),)
    yield (whole_numbers(rng, 2, 4),)
    yield (whole_numbers(rng, 4, 2),)
    yield (whole_numbers(rng, 3, 4).t(),)
    yield (whole_numbers(rng, 5, 6)[1:, 2:],)
    yield (whole_numbers(rng, 6, 6)[::2, 1::2],)
    for matrix in promised(rng, "any dtype", "any strides"):
        yield (matrix,)


@exercise.observe
def _(answer, matrix):
    result = answer(matrix)
    return {"result": result, "shares the storage": shares_storage(result, matrix)}


@exercise.mistake(
    "The step along a diagonal is columns + 1 if the rows follow each other without gaps. In a "
    "transposed or sliced matrix it may be another: which numbers describe any matrix?"
)
def assumes_contiguous(matrix):
    length = min(matrix.shape)
    return matrix.as_strided((length,), (matrix.shape[1] + 1,), matrix.storage_offset())


@exercise.mistake(
    "Yours is right as long as the matrix starts where its storage starts. A slice may start later."
)
def forgets_where_it_starts(matrix):
    length = min(matrix.shape)
    return matrix.as_strided((length,), (matrix.stride(0) + matrix.stride(1),), 0)


@exercise.mistake(
    "The values are right, but they are a copy: writing into your diagonal would not change the "
    "matrix."
)
def copies_elements(matrix):
    return torch.stack([matrix[i, i] for i in range(min(matrix.shape))])


@exercise.mistake(
    "A matrix need not be square. Where does the diagonal of a wide or a high one end?"
)
def assumes_square(matrix):
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((matrix.shape[0],), (step,), matrix.storage_offset())


@exercise.mistake(same_as=assumes_square)
def as_long_as_a_row(matrix):
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((matrix.shape[1],), (step,), matrix.storage_offset())


@exercise.mistake(same_as=assumes_square)
def as_long_as_the_longer_side(matrix):
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((max(matrix.shape),), (step,), matrix.storage_offset())


@exercise.mistake(
    "Your step goes one place to the right in the storage. In a transposed matrix, or in one that "
    "takes every other column, the neighbour on the right lies elsewhere."
)
def columns_side_by_side(matrix):
    length = min(matrix.shape)
    return matrix.as_strided((length,), (matrix.stride(0) + 1,), matrix.storage_offset())


@exercise.mistake(
    "For some matrices yours is a view, and for others it is a copy. Which step of yours makes one "
    "where the elements do not lie in order?"
)
def contiguous_first(matrix):
    whole = matrix.contiguous()
    return whole.as_strided((min(whole.shape),), (whole.shape[1] + 1,), whole.storage_offset())


@exercise.mistake(same_as=contiguous_first)
def flattened_first(matrix):
    rows, columns = matrix.shape
    return matrix.reshape(-1)[:: columns + 1][: min(rows, columns)]


@exercise.mistake(
    "Your diagonal has two dimensions. It is one row of numbers: one size and one stride."
)
def as_a_column(matrix):
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((min(matrix.shape), 1), (step, 1), matrix.storage_offset())


@exercise.mistake("You walk straight down the first column. A diagonal moves along both axes.")
def walks_down(matrix):
    return matrix.as_strided((min(matrix.shape),), (matrix.stride(0),), matrix.storage_offset())


@exercise.right
def with_torch_as_strided(matrix):
    rows, columns = matrix.shape
    return torch.as_strided(
        matrix, (min(rows, columns),), (sum(matrix.stride()),), matrix.storage_offset()
    )


exercise.equivalent(
    "return matrix.as_strided((length,), (step,), matrix.storage_offset())",
    "return matrix.as_strided((length,), (step,))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "return torch.as_strided(matrix, (min(rows, columns),), (sum(matrix.stride()),), "
    "matrix.storage_offset())",
    "return torch.as_strided(matrix, (min(rows, columns),), (sum(matrix.stride()),))",
    because="Without an offset, as_strided takes the tensor's own.",
)
