"""Every element has one place in the storage. Find it from the index, the strides and the offset."""  # noqa: E501

import operator

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import COUNTING

exercise = Exercise(
    "01.2",
    "From an index to a place in the storage",
    minutes=6,
    difficulty=1,
    without=ByHand(
        *("Tensor.storage_offset", "Tensor.data_ptr"),
        may=("numpy.dot", "numpy.inner", "numpy.multiply", "numpy.sum"),
        only=(*COUNTING, "dot", "inner"),
    ),
    hints=[
        "Start at the place of element [0, 0, ...]. Which of the arguments says where that is?",
        "Each index says how many steps to take along its dimension; the stride says how long "
        "one such step is.",
    ],
)


@exercise.reference
def storage_index(index, stride, offset):
    """The position in the storage of the element at `index`.

    index, stride: tuples of ints of the same length. offset: an int. Returns an int.
    """
    position = offset
    for i, step in zip(index, stride):
        position += i * step
    return position


@exercise.cases
def _(rng):
    yield (1, 2), (3, 1), 0
    yield (1, 2), (1, 2), 0
    yield (0, 0), (3, 1), 4
    yield (), (), 7
    yield (3, 1), (0, 1), 2
    yield (2,), (5,), 3
    yield (0, 1, 1), (6, 3, 2), 2
    yield (20000, 1), (1001, 1), 0  # odd, and above 2**24: no float32 is this number
    yield (4001, rng.choice([2, 4, 6, 8])), (5003, 1), 2**24 + 1
    for _ in range(4):
        n = rng.randint(1, 4)
        index = tuple(rng.randint(0, 5) for _ in range(n))
        yield index, tuple(rng.randint(0, 12) for _ in range(n)), rng.randint(0, 20)


@exercise.mistake(
    "A view need not begin at the beginning of its storage. Does the offset count in yours?"
)
def forgets_offset(index, stride, offset):
    return sum(i * step for i, step in zip(index, stride))


@exercise.mistake(
    "The offset is where element [0, 0, ...] lies, once for the whole tensor; yours takes part "
    "in every dimension."
)
def offset_in_every_dimension(index, stride, offset):
    return sum(i * step + offset for i, step in zip(index, stride))


@exercise.mistake(
    "You treat the offset as a number of steps. It is already a position in the storage."
)
def offset_times_stride(index, stride, offset):
    first = stride[0] if stride else 1
    return offset * first + sum(i * step for i, step in zip(index, stride))


@exercise.mistake(
    "You pair the first index with the last stride. Dimension 0 has index[0] and stride[0]."
)
def strides_from_the_back(index, stride, offset):
    return offset + sum(i * step for i, step in zip(index, reversed(stride)))


@exercise.mistake(same_as=offset_times_stride)
def offset_times_last_stride(index, stride, offset):
    last = stride[-1] if stride else 1
    return offset * last + sum(i * step for i, step in zip(index, stride))


@exercise.mistake(same_as=offset_times_stride)
def offset_times_any_last_stride(index, stride, offset):
    return offset * stride[-1] + sum(i * step for i, step in zip(index, stride))


@exercise.mistake(
    "With element [0, 0, ...] you are at the offset already. From there, in which direction do the "
    "steps go on?"
)
def offset_taken_away(index, stride, offset):
    return sum(i * step for i, step in zip(index, stride)) - offset


@exercise.mistake(
    "Yours takes steps of 1 along the last dimension. That is so in a contiguous tensor; here the "
    "strides may be any."
)
def last_stride_is_one(index, stride, offset):
    position = offset
    for d in range(len(index) - 1):
        position += index[d] * stride[d]
    return position + index[-1] if index else position


@exercise.mistake(same_as=last_stride_is_one)
def last_stride_is_one_if_there_is_a_last(index, stride, offset):
    return offset + sum(map(operator.mul, index[:-1], stride[:-1])) + index[-1]


@exercise.mistake(
    "The strides are not in falling order in every tensor, and need not be: each belongs to its "
    "own dimension."
)
def strides_in_falling_order(index, stride, offset):
    return offset + sum(i * s for i, s in zip(index, sorted(stride, reverse=True)))


@exercise.mistake("A tensor may have any number of dimensions, not two only, and also none.")
def two_dimensions(index, stride, offset):
    return offset + index[0] * stride[0] + index[1] * stride[1]


@exercise.mistake("Yours is a tensor that holds the position. A number of Python was asked for.")
def tensor_for_int(index, stride, offset):
    return (torch.tensor(index) * torch.tensor(stride)).sum() + offset


@exercise.mistake(same_as=tensor_for_int)
def whole_tensor_for_int(index, stride, offset):
    return torch.tensor(index).long() @ torch.tensor(stride).long() + offset


@exercise.mistake(
    "A tensor without dimensions has one element, and it lies somewhere too: no index and no "
    "stride, but an offset."
)
def no_index_no_place(index, stride, offset):
    return offset + sum(i * step for i, step in zip(index, stride)) if index else 0


@exercise.mistake(
    "float32 holds about seven digits; in a large storage, positions next to each other become the "
    "same. Which type holds whole numbers exactly?"
)
def in_float32(index, stride, offset):
    steps = torch.tensor(index, dtype=torch.float32) @ torch.tensor(stride, dtype=torch.float32)
    return int(steps) + offset


@exercise.mistake(same_as=in_float32)
def sum_in_float32(index, stride, offset):
    products = torch.Tensor(list(index)) * torch.Tensor(list(stride))
    return int(products.sum() + offset)


@exercise.right
def one_sum(index, stride, offset):
    return offset + sum(i * s for i, s in zip(index, stride, strict=True))


exercise.equivalent(
    "position += i * step",
    "position = position + i * step",
    because="Whole numbers cannot be changed in place: both ways give the name a new number.",
)
