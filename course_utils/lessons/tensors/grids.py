"""For `a = [10, 20]` and `b = [1, 2, 3]` the sum of your two grids is
`[[11, 12, 13], [21, 22, 23]]`. Neither grid may need memory of its own.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
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


@exercise.reference
def grids(a, b):
    """Two grids over the storages of a and b, whose sum is the table of all a[i] + b[j].

    a: shape (n,), any dtype, any strides. b: shape (m,), the dtype of a, any strides.
    Returns the tuple (left, right), both of shape (n, m), with left[i, j] == a[i] and
    right[i, j] == b[j], without copying.
    """
    n, m = len(a), len(b)
    left = a.as_strided((n, m), (a.stride(0), 0), a.storage_offset())
    right = b.as_strided((n, m), (0, b.stride(0)), b.storage_offset())
    return left, right


@exercise.cases
def _(rng):
    yield torch.tensor([10.0, 20.0]), torch.tensor([1.0, 2.0, 3.0])
    yield torch.tensor([5.0]), torch.tensor([1.0, 2.0])
    yield whole_numbers(rng, 3), whole_numbers(rng, 3)
    yield whole_numbers(rng, 8)[1::2], whole_numbers(rng, 5)[2:]
    some, others = (promised(rng, "any dtype", "any strides", shape=(length,)) for length in (4, 3))
    yield from zip(some, others, strict=True)


@exercise.observe
def _(answer, a, b):
    result = answer(a, b)
    pair = isinstance(result, tuple) and len(result) == 2
    return {
        "result": result,
        "left shares a's storage": pair and shares_storage(result[0], a),
        "right shares b's storage": pair and shares_storage(result[1], b),
    }


@exercise.mistake(
    "left and right are exchanged: in `left` the row decides the value, in `right` the column."
)
def exchanged(a, b):
    n, m = len(a), len(b)
    return b.expand(n, m), a[:, None].expand(n, m)


@exercise.mistake(
    "The values are right, but numbers of yours are written down again, once for each place. A "
    "view can show one number many times."
)
def repeated(a, b):
    return a[:, None].repeat(1, len(b)), b.repeat(len(a), 1)


@exercise.mistake(same_as=repeated)
def left_interleaved(a, b):
    n, m = len(a), len(b)
    return a.repeat_interleave(m).reshape(n, m), b.expand(n, m)


@exercise.mistake(same_as=repeated)
def right_repeated(a, b):
    return a[:, None].expand(len(a), len(b)), b.repeat(len(a), 1)


@exercise.mistake(
    "Yours have a row for each element of b, and a column for each of a. What is asked for is the "
    "other way round."
)
def rows_for_columns(a, b):
    n, m = len(a), len(b)
    return a.expand(m, n), b[:, None].expand(m, n)


@exercise.mistake(
    "Your steps are those of a tensor without gaps. a and b may be views, such as every other "
    "element of a longer tensor."
)
def assumes_no_gaps(a, b):
    n, m = len(a), len(b)
    left = a.as_strided((n, m), (1, 0), a.storage_offset())
    return left, b.as_strided((n, m), (0, 1), b.storage_offset())


@exercise.mistake(
    "Your grids begin where the storage begins. a and b may be parts of it that begin later."
)
def forgets_where_they_start(a, b):
    n, m = len(a), len(b)
    left = a.as_strided((n, m), (a.stride(0), 0), 0)
    return left, b.as_strided((n, m), (0, b.stride(0)), 0)


@exercise.mistake(
    "Both of yours run along one dimension, the last. In a table of all sums, one of the two has "
    "to run down the rows."
)
def broadcast_as_they_are(a, b):
    return tuple(torch.broadcast_tensors(a, b))


@exercise.mistake("That is the finished table. The two grids it is the sum of were asked for.")
def the_sum(a, b):
    return a[:, None] + b


@exercise.mistake(
    "`left` runs along its rows. expand() puts new dimensions in front; where does a need its "
    "new one? With equal lengths this mistake makes no error at all."
)
def expands_both_the_same_way(a, b):
    n, m = len(a), len(b)
    return a.expand(n, m), b.expand(n, m)


@exercise.mistake(
    "Your grids have the right values but the shapes (n, 1) and (1, m): they would be stretched "
    "in the sum. Here the stretching is to be written out."
)
def leaves_it_to_broadcasting(a, b):
    return a[:, None], b[None, :]


@exercise.right
def with_expand(a, b):
    shape = (len(a), len(b))
    return a.unsqueeze(1).expand(shape), b.unsqueeze(0).expand(shape)


@exercise.right
def with_broadcast_tensors(a, b):
    left, right_grid = torch.broadcast_tensors(a[:, None], b[None, :])
    return left, right_grid


@exercise.right
def with_meshgrid(a, b):
    return torch.meshgrid(a, b, indexing="ij")


exercise.equivalent(
    "left = a.as_strided((n, m), (a.stride(0), 0), a.storage_offset())",
    "left = a.as_strided((n, m), (a.stride(0), 0))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "left = a.as_strided((n, m), (a.stride(0), 0), a.storage_offset())",
    "left = a.as_strided((n, m), (a.stride(-1), 0), a.storage_offset())",
    because="The tensor has one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "right = b.as_strided((n, m), (0, b.stride(0)), b.storage_offset())",
    "right = b.as_strided((n, m), (0, b.stride(0)))",
    because="Without an offset, as_strided takes the tensor's own.",
)


exercise.equivalent(
    "right = b.as_strided((n, m), (0, b.stride(0)), b.storage_offset())",
    "right = b.as_strided((n, m), (0, b.stride(-1)), b.storage_offset())",
    because="The tensor has one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return (a.unsqueeze(1).expand(shape), b.unsqueeze(0).expand(shape))",
    "return (a.unsqueeze(1).expand(shape), b.expand(shape))",
    because="expand puts the missing dimension in front by itself.",
)


exercise.equivalent(
    "return torch.meshgrid(a, b, indexing='ij')",
    "return torch.meshgrid(a, b)",
    because="'ij' is what torch takes without `indexing`; it only warns.",
)
