"""Exercises of notebook 01: tensors, storage and stride."""

import copy
import io
import random

import numpy
import pandas
import torch

from ..exercise import Exercise
from ..observation import shares_storage


def whole_numbers(rng: random.Random, *shape: int, dtype=torch.float32) -> torch.Tensor:
    """Small whole numbers, all different where possible, so that feedback is easy to read."""
    count = torch.Size(shape).numel()
    return torch.tensor(rng.sample(range(max(count, 90) + 1), count), dtype=dtype).reshape(shape)


def some_of_each(rng: random.Random) -> list[bool]:
    """Eight times True or False in random order, each at least once: for answers that are bools."""
    kinds = [True, False, *(rng.choice([True, False]) for _ in range(6))]
    rng.shuffle(kinds)
    return kinds


# 01.1 -------------------------------------------------------------------------------------

strides = Exercise(
    "01.1",
    "Strides of a contiguous tensor",
    minutes=8,
    difficulty=1,
    without=["Tensor.stride"],
    hints=[
        "Write down by hand, for shape (2, 3, 4), how many numbers you pass when the last index "
        "goes up by one. Then the middle index. Then the first.",
        "Moving one step along a dimension jumps over one whole block of everything that comes "
        "after that dimension.",
        "Go through the shape from the back and keep the product of the sizes you have passed.",
    ],
)


@strides.reference
def contiguous_strides(shape):
    """The strides of a contiguous tensor of this shape.

    shape: a tuple of ints. Returns a tuple of ints of the same length.
    """
    result = []
    step = 1
    for size in reversed(shape):
        result.insert(0, step)
        step *= size
    return tuple(result)


@strides.cases
def _(rng):
    yield ((2, 3, 4),)
    yield ((5,),)
    yield ((),)
    yield ((1, 7),)
    for _ in range(4):
        yield (tuple(rng.randint(1, 6) for _ in range(rng.randint(2, 5))),)


@strides.mistake("A stride skips the dimensions after its own; yours counts its own as well.")
def counts_own_dimension(shape):
    result = []
    step = 1
    for size in reversed(shape):
        step *= size
        result.insert(0, step)
    return tuple(result)


@strides.mistake(
    "Your strides grow towards the last dimension. In torch the last index is the one whose "
    "neighbours lie next to each other."
)
def column_major_strides(shape):
    result = []
    step = 1
    for size in shape:
        result.append(step)
        step *= size
    return tuple(result)


@strides.mistake("Your strides count bytes, as NumPy does. A torch stride counts elements.")
def strides_in_bytes(shape):
    result = []
    step = 4
    for size in reversed(shape):
        result.insert(0, step)
        step *= size
    return tuple(result)


@strides.mistake(
    "Each of your strides looks at one neighbouring dimension only. With three dimensions, how "
    "many numbers lie between x[0, 0, 0] and x[1, 0, 0]?"
)
def next_size_only(shape):
    return tuple(list(shape[1:]) + [1]) if shape else ()


@strides.mistake(
    "The strides are there, but in the opposite order: stride[0] belongs to dimension 0."
)
def in_reverse(shape):
    result = []
    step = 1
    for size in reversed(shape):
        result.append(step)
        step *= size
    return tuple(result)


# 01.2 -------------------------------------------------------------------------------------

storage_index_exercise = Exercise(
    "01.2",
    "From an index to a place in the storage",
    minutes=6,
    difficulty=1,
    hints=[
        "Start at the place of element [0, 0, ...]. Which of the arguments says where that is?",
        "Each index says how many steps to take along its dimension; the stride says how long "
        "one such step is.",
    ],
)


@storage_index_exercise.reference
def storage_index(index, stride, offset):
    """The position in the storage of the element at `index`.

    index, stride: tuples of ints of the same length. offset: an int. Returns an int.
    """
    position = offset
    for i, step in zip(index, stride):
        position += i * step
    return position


@storage_index_exercise.cases
def _(rng):
    yield (1, 2), (3, 1), 0
    yield (1, 2), (1, 2), 0
    yield (0, 0), (3, 1), 4
    yield (), (), 7
    yield (3, 1), (0, 1), 2
    for _ in range(4):
        n = rng.randint(1, 4)
        index = tuple(rng.randint(0, 5) for _ in range(n))
        yield index, tuple(rng.randint(0, 12) for _ in range(n)), rng.randint(0, 20)


@storage_index_exercise.mistake(
    "A view need not begin at the beginning of its storage. Which argument have you not used?"
)
def forgets_offset(index, stride, offset):
    return sum(i * step for i, step in zip(index, stride))


@storage_index_exercise.mistake(
    "The offset is where element [0, 0, ...] lies, once for the whole tensor; yours takes part "
    "in every dimension."
)
def offset_in_every_dimension(index, stride, offset):
    return sum(i * step + offset for i, step in zip(index, stride))


@storage_index_exercise.mistake(
    "You treat the offset as a number of steps. It is already a position in the storage."
)
def offset_times_stride(index, stride, offset):
    first = stride[0] if stride else 1
    return offset * first + sum(i * step for i, step in zip(index, stride))


@storage_index_exercise.mistake(
    "You pair the first index with the last stride. Dimension 0 has index[0] and stride[0]."
)
def strides_from_the_back(index, stride, offset):
    return offset + sum(i * step for i, step in zip(index, reversed(stride)))


# 01.3 -------------------------------------------------------------------------------------

contiguity = Exercise(
    "01.3",
    "Contiguous or not, from shape and strides alone",
    minutes=12,
    difficulty=2,
    without=["Tensor.is_contiguous", "Tensor.contiguous", "Tensor.stride"],
    hints=[
        "You know which strides a contiguous tensor of this shape would have (01.1).",
        "Think of a dimension of size 1: is its stride ever used to go anywhere?",
        "And a tensor without any elements has nothing that could be out of order.",
    ],
)


@contiguity.reference
def is_contiguous(shape, stride):
    """True if a tensor with this shape and these strides is contiguous.

    shape, stride: tuples of ints of the same length. Returns a bool.
    """
    if 0 in shape:
        return True
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        # Nobody takes a step along a dimension of size 1, so its stride does not matter.
        if size != 1:
            if step != expected:
                return False
            expected *= size
    return True


@contiguity.cases
def _(rng):
    yield (2, 3), (3, 1)
    yield (3, 2), (1, 3)
    yield (2, 1, 3), (3, 99, 1)
    yield (1, 4), (1, 1)
    yield (0, 3), (1, 7)
    yield (3, 4), (0, 1)
    yield (2, 2), (4, 1)
    yield (4,), (2,)
    yield (), ()
    for in_order in some_of_each(rng):
        x = torch.empty([rng.randint(2, 4) for _ in range(3)])
        x = x if in_order else x.transpose(*rng.sample(range(3), 2))
        yield tuple(x.shape), x.stride()
    for _ in range(2):
        x = torch.empty([rng.randint(1, 4) for _ in range(3)]).permute(rng.sample(range(3), 3))
        yield tuple(x.shape), x.stride()


@contiguity.mistake(
    "A dimension of size 1 has only index 0: no step is ever taken along it. Can its stride "
    "make a difference?"
)
def compares_all_strides(shape, stride):
    if 0 in shape:
        return True
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        if step != expected:
            return False
        expected *= size
    return True


@contiguity.mistake(
    "Strides that get smaller from front to back are not enough: there may be gaps between the "
    "rows, or the same row again and again."
)
def only_descending(shape, stride):
    return all(a >= b for a, b in zip(stride, stride[1:]))


@contiguity.mistake(
    "A last stride of 1 says that a row is in one piece. It does not say that the next row "
    "follows at once."
)
def last_stride_is_one(shape, stride):
    return not stride or stride[-1] == 1


@contiguity.mistake(
    "Your test says no to a tensor with no elements at all. What could be out of order in it?"
)
def forgets_empty(shape, stride):
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        if size != 1:
            if step != expected:
                return False
            expected *= size
    return True


# 01.4 -------------------------------------------------------------------------------------

viewable = Exercise(
    "01.4",
    "Can two dimensions become one?",
    minutes=12,
    difficulty=2,
    without=["Tensor.view", "Tensor.reshape", "Tensor.flatten", "torch.as_strided"],
    hints=[
        "Walk along the last element of a row and one step further. Where in the storage would "
        "the merged dimension need the next element to be? Where is it?",
        "One step along the first dimension has to end exactly where the second dimension ends.",
        "If one of the two dimensions has size 1, there is nothing to join.",
    ],
)


@viewable.reference
def can_merge(shape, stride, dim):
    """True if view() could join dimensions dim and dim + 1 into one, without copying.

    shape, stride: tuples of ints of the same length. dim: an int. Returns a bool.
    """
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] == stride[dim + 1] * shape[dim + 1]


@viewable.cases
def _(rng):
    yield (2, 3), (3, 1), 0
    yield (3, 2), (1, 3), 0
    yield (2, 3), (6, 2), 0
    yield (2, 3, 4), (24, 4, 1), 1
    yield (2, 3, 4), (24, 4, 1), 0
    yield (1, 4), (99, 1), 0
    yield (4, 1), (5, 9), 0
    yield (3, 4), (0, 1), 0
    yield (3, 4), (0, 0), 0
    yield (4, 4), (5, 1), 0
    for together in some_of_each(rng):
        x, dim = torch.empty([rng.randint(2, 5) for _ in range(3)]), rng.randint(0, 1)
        x = x if together else x.transpose(dim, dim + 1)
        yield tuple(x.shape), x.stride(), dim
    for _ in range(2):
        x = torch.empty([rng.randint(2, 4) for _ in range(3)]).permute(rng.sample(range(3), 3))
        yield tuple(x.shape), x.stride(), rng.randint(0, 1)


@viewable.mistake(
    "You ask whether the whole tensor is contiguous. Other dimensions may be anything: only the "
    "two that are joined have to fit together. And gaps are allowed if they are even."
)
def asks_contiguous(shape, stride, dim):
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        if size != 1:
            if step != expected:
                return False
            expected *= size
    return True


@viewable.mistake(
    "You multiply by the size of the first dimension. How far does the second dimension reach?"
)
def wrong_size(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] == stride[dim + 1] * shape[dim]


@viewable.mistake(
    "You expect elements to lie side by side. Every second element can also form one dimension, "
    "if the rhythm goes on from row to row."
)
def needs_stride_one(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim + 1] == 1 and stride[dim] == shape[dim + 1]


@viewable.mistake("Think about a dimension of size 1: does its stride ever matter?")
def forgets_size_one(shape, stride, dim):
    return stride[dim] == stride[dim + 1] * shape[dim + 1]


# 01.5 -------------------------------------------------------------------------------------

columns_first = Exercise(
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


@columns_first.reference
def column_major(matrix):
    """All elements of a matrix, first column first.

    matrix: a tensor of shape (rows, columns). Returns a tensor of shape (rows * columns,).
    """
    return matrix.t().reshape(-1)


@columns_first.cases
def _(rng):
    yield (torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),)
    yield (torch.tensor([[7.0]]),)
    yield (whole_numbers(rng, 4, 1),)
    yield (whole_numbers(rng, 3, 4).t(),)
    yield (whole_numbers(rng, 3, 3, dtype=torch.int64),)


@columns_first.mistake(
    "That is the order in which the matrix already lies in memory: row after row."
)
def row_after_row(matrix):
    return matrix.reshape(-1)


@columns_first.mistake(
    "A transposed matrix cannot be flattened by view(): walking along its rows would need jumps "
    "that are not all the same."
)
def view_of_transpose(matrix):
    return matrix.t().view(-1)


@columns_first.mistake(
    "You collected the elements in a Python list. Most of torch works on one tensor instead."
)
def list_of_elements(matrix):
    return [element for column in matrix.t() for element in column]


@columns_first.mistake(
    "The columns are in the right order, but they are still rows of a matrix; one long row was "
    "asked for."
)
def not_flattened(matrix):
    return matrix.t()


@columns_first.mistake("You turned the order round. It is the axes that should change places.")
def turned_round(matrix):
    return matrix.reshape(-1).flip(0)


# 01.6 -------------------------------------------------------------------------------------

channels_first = Exercise(
    "01.6",
    "A picture for torch: HWC to CHW",
    minutes=6,
    difficulty=1,
    hints=[
        "Say in words which old axis becomes the new first axis, the new second and the new third.",
        "The function that gives axes a new order takes exactly that list.",
    ],
)


@channels_first.reference
def to_chw(image):
    """A picture with its colour channels first.

    image: a tensor of shape (height, width, channels). Returns shape (channels, height, width).
    """
    return image.permute(2, 0, 1)


@channels_first.cases
def _(rng):
    yield (torch.arange(6).reshape(1, 2, 3),)
    yield (whole_numbers(rng, 2, 3, 3, dtype=torch.uint8),)
    yield (whole_numbers(rng, 4, 4, 3),)
    yield (whole_numbers(rng, 3, 3, 3),)
    yield (whole_numbers(rng, 5, 4, 1),)


@channels_first.mistake(
    "The shape is right, but the numbers did not move with their axes: the same row of numbers "
    "was only cut in another way. Look at the scrambled picture in the lesson."
)
def reshaped(image):
    height, width, channels = image.shape
    return image.reshape(channels, height, width)


@channels_first.mistake(
    "Height and width have changed places: your picture lies on its side, mirrored."
)
def swapped_ends(image):
    return image.transpose(0, 2)


@channels_first.mistake(
    "In permute, the list says which OLD axis each new axis is taken from. You wrote where each "
    "old axis goes."
)
def inverse_permutation(image):
    return image.permute(1, 2, 0)


@channels_first.mistake(
    "The channels have to come first of all three; you only exchanged them with the width."
)
def swapped_last_two(image):
    return image.transpose(1, 2)


# 01.7 -------------------------------------------------------------------------------------

diagonal_exercise = Exercise(
    "01.7",
    "The diagonal as a view",
    minutes=12,
    difficulty=2,
    without=["torch.diagonal", "torch.diag", "torch.linalg.diagonal"],
    hints=[
        "From [0, 0] to [1, 1] you take one step along each dimension. How far is that in the "
        "storage?",
        "Ask the matrix for its own strides: it need not be contiguous.",
        "as_strided starts at the beginning of the storage unless you say otherwise.",
    ],
)


@diagonal_exercise.reference
def diagonal(matrix):
    """The main diagonal, as a view made with as_strided.

    matrix: a tensor of shape (rows, columns), contiguous or not.
    Returns a tensor of shape (min(rows, columns),) over the same storage.
    """
    length = min(matrix.shape)
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((length,), (step,), matrix.storage_offset())


@diagonal_exercise.cases
def _(rng):
    yield (torch.arange(9.0).reshape(3, 3),)
    yield (whole_numbers(rng, 2, 4),)
    yield (whole_numbers(rng, 4, 2),)
    yield (whole_numbers(rng, 3, 4).t(),)
    yield (whole_numbers(rng, 5, 6)[1:, 2:],)
    yield (whole_numbers(rng, 6, 6)[::2, 1::2],)


@diagonal_exercise.observe
def _(answer, matrix):
    result = answer(matrix)
    return {"result": result, "shares the storage": shares_storage(result, matrix)}


@diagonal_exercise.mistake(
    "The step along a diagonal is columns + 1 only if the rows follow each other without gaps. "
    "Yours is wrong for a transposed or sliced matrix: which numbers describe any matrix?"
)
def assumes_contiguous(matrix):
    length = min(matrix.shape)
    return matrix.as_strided((length,), (matrix.shape[1] + 1,), matrix.storage_offset())


@diagonal_exercise.mistake(
    "Yours is right as long as the matrix starts where its storage starts. A slice does not."
)
def forgets_where_it_starts(matrix):
    length = min(matrix.shape)
    return matrix.as_strided((length,), (matrix.stride(0) + matrix.stride(1),), 0)


@diagonal_exercise.mistake(
    "The values are right, but they are a copy: writing into your diagonal would not change the "
    "matrix."
)
def copies_elements(matrix):
    return torch.stack([matrix[i, i] for i in range(min(matrix.shape))])


@diagonal_exercise.mistake(
    "A matrix need not be square. Where does the diagonal of a wide one end?"
)
def assumes_square(matrix):
    step = matrix.stride(0) + matrix.stride(1)
    return matrix.as_strided((matrix.shape[0],), (step,), matrix.storage_offset())


@diagonal_exercise.mistake(
    "You walk straight down the first column. A diagonal moves along both axes."
)
def walks_down(matrix):
    return matrix.as_strided((min(matrix.shape),), (matrix.stride(0),), matrix.storage_offset())


# 01.8 -------------------------------------------------------------------------------------

windows_exercise = Exercise(
    "01.8",
    "Sliding windows without copying",
    minutes=15,
    difficulty=2,
    without=["Tensor.unfold", "nn.functional.unfold"],
    hints=[
        "Draw the windows of size 3 and step 2 over seven numbers. How many fit?",
        "The result has two dimensions. How far is it from one window to the next? How far from "
        "one element of a window to the next?",
        "Both distances are counted in steps of x; x may itself be a view with stride 2.",
    ],
)


@windows_exercise.reference
def windows(x, size, step):
    """All complete windows of a 1-D tensor, as a view made with as_strided.

    x: shape (n,), size: length of a window, step: from one window's start to the next.
    Returns shape (number of windows, size) over the same storage. n >= size.
    """
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@windows_exercise.cases
def _(rng):
    yield torch.arange(6.0), 3, 1
    yield torch.arange(7.0), 3, 2
    yield torch.arange(8.0), 3, 2
    yield torch.arange(5.0), 5, 1
    yield whole_numbers(rng, 12)[2:], 4, 3
    yield whole_numbers(rng, 16)[1::2], 3, 2
    yield whole_numbers(rng, 4, 5).t()[1], 2, 1


@windows_exercise.observe
def _(answer, x, size, step):
    result = answer(x, size, step)
    return {"result": result, "shares the storage": shares_storage(result, x)}


@windows_exercise.mistake(
    "One window is missing at the end: if exactly one window fits, how many are there?"
)
def one_too_few(x, size, step):
    count = (len(x) - size) // step
    stride = x.stride(0)
    return x.as_strided((count, size), (step * stride, stride), x.storage_offset())


@windows_exercise.mistake(
    "Your windows do not know that x may be a view itself: between its neighbours in the storage "
    "there can be a gap, and it need not start at 0."
)
def assumes_plain_x(x, size, step):
    count = (len(x) - size) // step + 1
    return x.as_strided((count, size), (step, 1), 0)


@windows_exercise.mistake(
    "`step` is the distance between windows; you also took it as the distance inside a window."
)
def step_inside(x, size, step):
    count = (len(x) - size) // step + 1
    stride = x.stride(0)
    return x.as_strided((count, size), (stride, step * stride), x.storage_offset())


@windows_exercise.mistake(
    "The values are right, but each window is a copy. The storage already holds all of them."
)
def copies_windows(x, size, step):
    return torch.stack([x[i : i + size] for i in range(0, len(x) - size + 1, step)])


@windows_exercise.mistake(
    "Your windows lie side by side without overlapping: the next one starts where the last one "
    "ended, whatever `step` says."
)
def no_overlap(x, size, step):
    count = len(x) // size
    stride = x.stride(0)
    return x.as_strided((count, size), (size * stride, stride), x.storage_offset())


# 01.9 -------------------------------------------------------------------------------------

patches_exercise = Exercise(
    "01.9",
    "All patches of a picture (im2col)",
    minutes=20,
    difficulty=3,
    without=["Tensor.unfold", "nn.functional.unfold"],
    hints=[
        "The result has four dimensions. Name them in words: which patch down, which patch "
        "across, which row inside, which column inside.",
        "Moving to the next patch down and moving to the next row inside a patch: how far is each "
        "in the storage?",
        "You need no new strides at all: each of the picture's two strides is used twice.",
    ],
)


@patches_exercise.reference
def patches(image, k):
    """Every k x k patch of a picture, as a view made with as_strided.

    image: shape (height, width). Returns shape (height - k + 1, width - k + 1, k, k), where
    result[i, j] is the patch whose upper left corner is image[i, j].
    """
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (down, across, down, across), image.storage_offset())


@patches_exercise.cases
def _(rng):
    yield torch.arange(12.0).reshape(3, 4), 2
    yield torch.arange(9.0).reshape(3, 3), 3
    yield torch.arange(4.0).reshape(2, 2), 1
    yield whole_numbers(rng, 4, 6).t(), 2
    yield whole_numbers(rng, 7, 8)[1:6, 2:], 3


@patches_exercise.observe
def _(answer, image, k):
    result = answer(image, k)
    return {"result": result, "shares the storage": shares_storage(result, image)}


@patches_exercise.mistake(
    "The last row and the last column of patches are missing. How many starting places has a "
    "patch as large as the whole picture?"
)
def one_patch_too_few(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k, width - k, k, k)
    return image.as_strided(shape, (down, across, down, across), image.storage_offset())


@patches_exercise.mistake(
    "Your patches do not overlap: they are the tiles of a floor. Here every place where a patch "
    "fits counts."
)
def tiles(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height // k, width // k, k, k)
    return image.as_strided(shape, (down * k, across * k, down, across), image.storage_offset())


@patches_exercise.mistake(
    "You use the strides of a contiguous picture. This one may be transposed, or a part of a "
    "larger one."
)
def contiguous_picture(image, k):
    height, width = image.shape
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (width, 1, width, 1), image.storage_offset())


@patches_exercise.mistake(
    "Inside each patch, rows and columns have changed places: which stride belongs to going down?"
)
def transposed_patches(image, k):
    height, width = image.shape
    down, across = image.stride()
    shape = (height - k + 1, width - k + 1, k, k)
    return image.as_strided(shape, (down, across, across, down), image.storage_offset())


@patches_exercise.mistake(
    "The values are right, but every patch is a copy, so most numbers are stored k * k times."
)
def copied_patches(image, k):
    rows = range(image.shape[0] - k + 1)
    columns = range(image.shape[1] - k + 1)
    return torch.stack([torch.stack([image[i : i + k, j : j + k] for j in columns]) for i in rows])


# 01.10 ------------------------------------------------------------------------------------

grids_exercise = Exercise(
    "01.10",
    "An outer sum from two views with stride 0",
    minutes=12,
    difficulty=2,
    hints=[
        "Your two grids have the same shape. In which direction does the first one never change?",
        "A dimension along which nothing changes takes steps of length zero.",
        "expand() makes such a dimension; as_strided() does too.",
    ],
)


@grids_exercise.reference
def grids(a, b):
    """Two grids over the storages of a and b, whose sum is the table of all a[i] + b[j].

    a: shape (n,), b: shape (m,). Returns (left, right), both of shape (n, m), with
    left[i, j] == a[i] and right[i, j] == b[j], without copying.
    """
    n, m = len(a), len(b)
    left = a.as_strided((n, m), (a.stride(0), 0), a.storage_offset())
    right = b.as_strided((n, m), (0, b.stride(0)), b.storage_offset())
    return left, right


@grids_exercise.cases
def _(rng):
    yield torch.tensor([10.0, 20.0]), torch.tensor([1.0, 2.0, 3.0])
    yield torch.tensor([5.0]), torch.tensor([1.0, 2.0])
    yield whole_numbers(rng, 3), whole_numbers(rng, 3)
    yield whole_numbers(rng, 8)[1::2], whole_numbers(rng, 5)[2:]


@grids_exercise.observe
def _(answer, a, b):
    result = answer(a, b)
    pair = isinstance(result, tuple) and len(result) == 2
    return {
        "result": result,
        "left shares a's storage": pair and shares_storage(result[0], a),
        "right shares b's storage": pair and shares_storage(result[1], b),
    }


@grids_exercise.mistake(
    "left and right are exchanged: in `left` the row decides the value, in `right` the column."
)
def exchanged(a, b):
    n, m = len(a), len(b)
    return b.expand(n, m), a[:, None].expand(n, m)


@grids_exercise.mistake(
    "The values are right, but repeat() writes every one of them down. A view can show one "
    "number many times."
)
def repeated(a, b):
    return a[:, None].repeat(1, len(b)), b.repeat(len(a), 1)


@grids_exercise.mistake(
    "That is the finished table. The two grids it is the sum of were asked for."
)
def the_sum(a, b):
    return a[:, None] + b


@grids_exercise.mistake(
    "`left` runs along its rows. expand() puts new dimensions in front; where does a need its "
    "new one? With equal lengths this mistake makes no error at all."
)
def expands_both_the_same_way(a, b):
    n, m = len(a), len(b)
    return a.expand(n, m), b.expand(n, m)


@grids_exercise.mistake(
    "Your grids have the right values but the shapes (n, 1) and (1, m): they would be stretched "
    "in the sum. Here the stretching is to be written out."
)
def leaves_it_to_broadcasting(a, b):
    return a[:, None], b[None, :]


# 01.11 ------------------------------------------------------------------------------------

sharing = Exercise(
    "01.11",
    "Do two tensors share their memory?",
    minutes=8,
    difficulty=2,
    hints=[
        "Two views of one storage may begin at different places. What do they have in common?",
        "Look at what a storage can be asked: `x.untyped_storage().` and the Tab key.",
    ],
)


@sharing.reference
def share_memory(x, y):
    """True if x and y are views of one storage, also if they look at different parts of it.

    x, y: tensors of any shape. Returns a bool.
    """
    return x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()


@sharing.cases
def _(rng):
    x = whole_numbers(rng, 3, 4)
    yield x, x
    yield x, x.t()
    yield x, x[1:]
    yield x, x.clone()
    yield x[0], x[2]
    yield x, x.reshape(12)
    yield x.t(), x.t().reshape(12)
    yield x, torch.from_numpy(x.numpy())
    yield x[:1], torch.tensor(x[:1].tolist())
    yield x, x.detach()
    for shared in some_of_each(rng):
        x = whole_numbers(rng, rng.randint(2, 4), 3)
        views, copies = [x[:, 1:], x.t(), x.view(-1), x[0]], [x.clone(), x + 0, x.t().contiguous()]
        yield x, rng.choice(views if shared else copies)


@sharing.mistake(
    "You compare where the first elements lie. Two views of one storage may begin at different "
    "places."
)
def same_first_element(x, y):
    return x.data_ptr() == y.data_ptr()


@sharing.mistake(
    "You ask whether the two have numbers in common. Two rows of one matrix have none, and still "
    "they are saved, and kept alive, together."
)
def common_numbers(x, y):
    return numpy.shares_memory(x.numpy(), y.numpy())


@sharing.mistake("Equal values say nothing about the memory: a copy has equal values, too.")
def equal_values(x, y):
    return x.shape == y.shape and torch.equal(x, y)


@sharing.mistake(
    "`is` asks whether two names mean one Python object. Two tensors can look at one storage."
)
def same_object(x, y):
    return x is y


@sharing.mistake(
    "Storage objects are made new each time you ask for one. Which property of the storage is "
    "its place in memory?"
)
def same_storage_object(x, y):
    return x.untyped_storage() is y.untyped_storage()


# 01.12 ------------------------------------------------------------------------------------

bytes_exercise = Exercise(
    "01.12",
    "Centre the bytes of a picture",
    minutes=8,
    difficulty=1,
    hints=[
        "Try it with one dark pixel: what is torch.tensor([100], dtype=torch.uint8) - 128?",
        "A byte has no negative numbers. Leave bytes before you subtract.",
    ],
)


@bytes_exercise.reference
def centre_bytes(image):
    """Pixels 0 ... 255 as numbers from -1 to just below 1: (pixel - 128) / 128.

    image: a uint8 tensor of any shape. Returns a float32 tensor of the same shape.
    """
    return (image.float() - 128) / 128


@bytes_exercise.cases
def _(rng):
    yield (torch.tensor([0, 64, 128, 192, 255], dtype=torch.uint8),)
    yield (torch.tensor([[0]], dtype=torch.uint8),)
    for _ in range(2):
        pixels = [rng.randint(0, 255) for _ in range(12)]
        yield (torch.tensor(pixels, dtype=torch.uint8).reshape(3, 4),)


@bytes_exercise.mistake(
    "You subtract while the pixels are still bytes. Below zero a byte starts again at 255, so "
    "dark pixels become bright."
)
def subtracts_bytes(image):
    return (image - 128) / 128


@bytes_exercise.mistake(
    "Your result has twice the bits that were asked for: parameters are float32, and a layer "
    "refuses to mix the two."
)
def too_wide(image):
    return (image.double() - 128) / 128


@bytes_exercise.mistake(
    "An 8-bit number with a sign ends at 127: converting the bytes first already turns bright "
    "pixels into negative numbers."
)
def signed_bytes(image):
    return (image.to(torch.int8).float() - 128) / 128


@bytes_exercise.mistake(
    "`//` rounds down to whole numbers: between -1 and 1 there are only three of those."
)
def whole_division(image):
    return (image.float() - 128) // 128


@bytes_exercise.mistake("You scaled to the range 0 to 1 and forgot to move the middle to zero.")
def zero_to_one(image):
    return image.float() / 255


# 01.13 ------------------------------------------------------------------------------------

table_exercise = Exercise(
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


@table_exercise.reference
def columns_to_tensor(text, names):
    """The named columns of a CSV text as a float32 tensor; rows with a gap in them are left out.

    text: the CSV with a header line. names: a list of column names, in any order. A gap in a
    column that is not named does not matter.
    Returns a tensor of shape (rows, len(names)): column j holds the values of names[j].
    """
    frame = pandas.read_csv(io.StringIO(text))
    values = frame[names].dropna().to_numpy()
    return torch.tensor(values, dtype=torch.float32)


@table_exercise.cases
def _(rng):
    yield "mass,age\n3750,2\n3800,3\n", ["mass"]
    yield "mass,age\n3750,2\n,3\n3250,4\n", ["mass", "age"]
    yield "mass,age,sex\n3750,2,\n3800,3,male\n", ["age", "mass"]
    for _ in range(2):
        rows = [f"{rng.randint(10, 99)},{rng.randint(10, 99) / 10}" for _ in range(3)]
        yield "depth,length\n" + "\n".join(rows) + "\n", ["length"]


@table_exercise.mistake(
    "The numbers came through as float64, as pandas and NumPy hold them. Parameters are float32, "
    "and a layer refuses to mix the two."
)
def keeps_float64(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].dropna().to_numpy(dtype="float64"))


@table_exercise.mistake(
    "One column became a row of numbers without a second dimension. A model wants a table also "
    "when it has one column."
)
def squeezes_one_column(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    values = frame[names].dropna().to_numpy()
    return torch.tensor(values, dtype=torch.float32).squeeze()


@table_exercise.mistake(
    "You dropped rows because of a gap in a column that was not asked for. Choose first, then drop."
)
def drops_too_early(text, names):
    frame = pandas.read_csv(io.StringIO(text)).dropna()
    return torch.tensor(frame[names].to_numpy(), dtype=torch.float32)


@table_exercise.mistake(
    "Gaps were kept: pandas shows a missing number as NaN, and one NaN makes every sum with it NaN."
)
def keeps_gaps(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].to_numpy(), dtype=torch.float32)


@table_exercise.mistake(
    "With `usecols`, pandas keeps the columns in the order of the file, whatever the order of your "
    "names. What does column 0 of your tensor hold?"
)
def in_the_order_of_the_file(text, names):
    frame = pandas.read_csv(io.StringIO(text), usecols=names)
    return torch.tensor(frame.dropna().to_numpy(), dtype=torch.float32)


@table_exercise.mistake("Your numbers lost everything after the decimal point.")
def whole_numbers_only(text, names):
    frame = pandas.read_csv(io.StringIO(text))
    return torch.tensor(frame[names].dropna().to_numpy()).int().float()


# 01.14 ------------------------------------------------------------------------------------

slim_exercise = Exercise(
    "01.14",
    "Save a slice without its whole storage",
    minutes=8,
    difficulty=2,
    hints=[
        "Compare x.numel() * x.element_size() with x.untyped_storage().nbytes() for your result.",
        "A slice of the first rows is contiguous already: what does contiguous() do then?",
    ],
)


@slim_exercise.reference
def slim(x):
    """A tensor equal to x whose storage holds the elements of x and nothing else.

    x: a tensor of any shape, often a slice of a large one.
    """
    return x.clone()


@slim_exercise.cases
def _(rng):
    yield (torch.arange(100.0)[:3],)
    yield (torch.arange(100.0).reshape(10, 10)[:, 4],)
    yield (whole_numbers(rng, 6, 6)[1:3, ::2],)
    yield (whole_numbers(rng, 3, 5),)
    yield (whole_numbers(rng, 4, 5)[2:].t(),)
    yield (torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)[1:],)


@slim_exercise.observe
def _(answer, x):
    result = answer(x)
    facts = {"result": result}
    if isinstance(result, torch.Tensor):
        facts["bytes in the storage"] = result.untyped_storage().nbytes()
        # Where x fills its storage there is nothing to lose, and x itself is a right answer.
        if x.untyped_storage().nbytes() > x.numel() * x.element_size():
            facts["shares x's storage"] = shares_storage(result, x)
    return facts


@slim_exercise.mistake(
    "contiguous() gives back x itself when x is already contiguous, and a slice of the first rows "
    "is. Look at the bytes of its storage."
)
def contiguous_only(x):
    return x.contiguous()


@slim_exercise.mistake("In Python, `[:]` copies a list. Of a tensor it makes one more view.")
def sliced(x):
    return x[:]


@slim_exercise.mistake(
    "The storage is small now, but the shape is gone: someone will want the tensor back as it was."
)
def flattened(x):
    return x.clone().reshape(-1)


@slim_exercise.mistake(
    "On the way through a Python list the dtype is forgotten: what comes back is torch's default."
)
def through_a_list(x):
    return torch.tensor(x.tolist())


@slim_exercise.mistake(
    "A deep copy of a view copies all that lies behind it, so that views which shared before share "
    "afterwards. Look at the bytes of its storage."
)
def deep_copied(x):
    return copy.deepcopy(x)


# 01.15 ------------------------------------------------------------------------------------

view_exercise = Exercise(
    "01.15",
    "Can this be viewed as that?",
    minutes=25,
    difficulty=3,
    without=["Tensor.view", "Tensor.reshape", "Tensor.flatten", "torch.empty_strided"],
    hints=[
        "First count: do both shapes have the same number of elements?",
        "Join neighbouring dimensions wherever 01.4 says they can be joined. What is left is a "
        "list of blocks that cannot be joined any further.",
        "A new dimension may lie inside a block, or fill it, but it can never reach over the "
        "border between two blocks.",
    ],
)


@view_exercise.reference
def can_view(shape, stride, new_shape):
    """True if a tensor with this shape and these strides can be viewed as new_shape.

    shape, stride, new_shape: tuples of ints (no -1). Returns a bool.
    """
    if torch.Size(shape).numel() != torch.Size(new_shape).numel():
        return False
    if 0 in shape:
        return True
    blocks = []  # [number of elements, step inside]
    for size, step in zip(shape, stride):
        if size == 1:
            continue
        if blocks and blocks[-1][1] == size * step:
            blocks[-1] = [blocks[-1][0] * size, step]
        else:
            blocks.append([size, step])
    sizes = [size for size in new_shape if size != 1]
    for elements, _ in blocks:
        filled = 1
        while filled < elements:
            filled *= sizes.pop(0)
        if filled != elements:
            return False
    return True


@view_exercise.cases
def _(rng):
    yield (2, 3), (3, 1), (6,)
    yield (3, 2), (1, 3), (6,)
    yield (2, 3), (3, 1), (4,)
    yield (2, 4), (8, 1), (2, 2, 2)
    yield (2, 4), (8, 1), (8,)
    yield (4, 2), (1, 4), (2, 2, 2)
    yield (4, 2), (1, 4), (4, 1, 2)
    yield (2, 6), (12, 2), (12,)
    yield (3, 1, 4), (4, 77, 1), (12,)
    yield (0, 3), (3, 1), (3, 0, 5)
    yield (4, 3), (0, 1), (2, 2, 3)
    yield (2, 2, 3), (6, 3, 1), (3, 4)
    yield (3, 2), (1, 3), (3, 2)
    for _ in range(6):
        x = torch.empty(rng.choice([2, 4]), rng.choice([2, 3]), rng.choice([2, 4]))
        x = x.permute(rng.sample(range(3), 3))
        n = x.numel()
        yield tuple(x.shape), x.stride(), (2, n // 4, 2)
    for in_order in some_of_each(rng):
        x = torch.empty([rng.randint(2, 5) for _ in range(3)])
        x = x if in_order else x.transpose(0, 2)
        yield tuple(x.shape), x.stride(), (x.numel(),)


@view_exercise.mistake(
    "Many tensors that are not contiguous can be viewed: only the dimensions that are to be "
    "joined have to fit together."
)
def asks_whether_contiguous(shape, stride, new_shape):
    if torch.Size(shape).numel() != torch.Size(new_shape).numel():
        return False
    return torch.empty_strided(shape, stride).is_contiguous()


@view_exercise.mistake(
    "The same number of elements is needed, but it is not enough: a view keeps the storage as it "
    "is, and its steps have to be even."
)
def counts_elements(shape, stride, new_shape):
    return torch.Size(shape).numel() == torch.Size(new_shape).numel()


@view_exercise.mistake(
    "Dimensions can not only be joined. A dimension can also be split, and splitting is always "
    "possible."
)
def only_the_same_shape_or_flat(shape, stride, new_shape):
    if torch.Size(shape).numel() != torch.Size(new_shape).numel():
        return False
    if tuple(shape) == tuple(new_shape) or 0 in shape:
        return True
    pairs = zip(shape[1:], stride, stride[1:])
    return all(step == inner * size for size, step, inner in pairs)


@view_exercise.mistake("Think about dimensions of size 1: does it matter what their stride is?")
def trips_over_size_one(shape, stride, new_shape):
    if torch.Size(shape).numel() != torch.Size(new_shape).numel():
        return False
    if 0 in shape:
        return True
    blocks = []
    for size, step in zip(shape, stride):
        if blocks and blocks[-1][1] == size * step:
            blocks[-1] = [blocks[-1][0] * size, step]
        else:
            blocks.append([size, step])
    sizes = list(new_shape)
    for elements, _ in blocks:
        filled = 1
        while filled < elements and sizes:
            filled *= sizes.pop(0)
        if filled != elements:
            return False
    return True
