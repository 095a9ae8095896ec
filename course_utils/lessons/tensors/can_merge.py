"""`view` can join two neighbouring dimensions if the steps fit together. Decide whether dimensions
`dim` and `dim + 1` can be joined. A dimension of size 1 can always be joined.
"""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import COUNTING
from course_utils.lessons.tensors.inputs import some_of_each

exercise = Exercise(
    "01.4",
    "Can two dimensions become one?",
    minutes=12,
    difficulty=2,
    without=ByHand(
        *("Tensor.view", "Tensor.reshape", "Tensor.flatten", "torch.as_strided"),
        only=(*COUNTING, "stride"),
    ),
    hints=[
        "Walk along the last element of a row and one step further. Where in the storage would "
        "the merged dimension need the next element to be? Where is it?",
        "One step along the first dimension has to end exactly where the second dimension ends.",
        "If one of the two dimensions has size 1, there is nothing to join.",
    ],
)


@exercise.reference
def can_merge(shape, stride, dim):
    """True if view() could join dimensions dim and dim + 1 into one, without copying.

    shape, stride: tuples of ints of the same length; every size is at least 1. dim: an int.
    Returns a bool.
    """
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.cases
def _(rng):
    yield (2, 3), (3, 1), 0
    yield (3, 2), (1, 3), 0
    yield (2, 3), (6, 2), 0
    yield (2, 3, 4), (24, 4, 1), 1
    yield (2, 3, 4), (24, 4, 1), 0
    yield (1, 4), (99, 1), 0
    yield (4, 1), (5, 9), 0
    yield (3, 2, 1), (1, 3, 6), 0
    yield (1, 3, 2), (6, 1, 3), 1
    yield (3, 4), (0, 1), 0
    yield (3, 4), (0, 0), 0
    yield (4, 4), (5, 1), 0
    yield (3, 4), (2, 1), 0
    yield (2, 3), (7, 2), 0
    for together in some_of_each(rng):
        x, dim = torch.empty([rng.randint(2, 5) for _ in range(3)]), rng.randint(0, 1)
        x = x if together else x.transpose(dim, dim + 1)
        yield tuple(x.shape), x.stride(), dim
    for _ in range(2):
        x = torch.empty([rng.randint(2, 4) for _ in range(3)]).permute(rng.sample(range(3), 3))
        yield tuple(x.shape), x.stride(), rng.randint(0, 1)
    yield (rng.randint(2, 5), 2, 1), (2, 5, 7), 1


@exercise.mistake(
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


@exercise.mistake(
    "You multiply by the size of the first dimension. How far does the second dimension reach?"
)
def wrong_size(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] == stride[dim + 1] * shape[dim]


@exercise.mistake(
    "You expect elements to lie side by side. Every second element can also form one dimension, "
    "if the rhythm goes on from row to row."
)
def needs_stride_one(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim + 1] == 1 and stride[dim] == shape[dim + 1]


@exercise.mistake("Think about a dimension of size 1: does its stride ever matter?")
def forgets_size_one(shape, stride, dim):
    return stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.mistake(same_as=forgets_size_one)
def forgets_size_one_inside(shape, stride, dim):
    return shape[dim] == 1 or stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.mistake(same_as=forgets_size_one)
def forgets_size_one_outside(shape, stride, dim):
    return shape[dim + 1] == 1 or stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.mistake(
    "Yours says yes where there is a gap between the rows. Is the step over the border of a row as "
    "long as the others?"
)
def far_enough(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] >= stride[dim + 1] * shape[dim + 1]


@exercise.mistake(same_as=far_enough)
def divided_to_whole_numbers(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] // shape[dim + 1] == stride[dim + 1]


@exercise.mistake(
    "A stride may be 0, as expand() makes it: the same element again and again. What does your "
    "test do with such a stride?"
)
def no_stride_of_zero(shape, stride, dim):
    if stride[dim] == 0 or stride[dim + 1] == 0:
        return False
    return 1 in shape[dim : dim + 2] or stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.mistake(same_as=no_stride_of_zero)
def divides_by_the_stride(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] / stride[dim + 1] == shape[dim + 1]


@exercise.mistake(same_as=no_stride_of_zero)
def remainder_by_the_stride(shape, stride, dim):
    if shape[dim] == 1 or shape[dim + 1] == 1:
        return True
    return stride[dim] // stride[dim + 1] == shape[dim + 1]


@exercise.mistake("In yours, `dim` makes no difference: which two dimensions are to be joined?")
def always_the_first_two(shape, stride, dim):
    return shape[0] == 1 or shape[1] == 1 or stride[0] == stride[1] * shape[1]


@exercise.mistake("A size of 1 in another dimension says nothing about these two.")
def one_anywhere(shape, stride, dim):
    return 1 in shape or stride[dim] == stride[dim + 1] * shape[dim + 1]


@exercise.right
def by_positions(shape, stride, dim):
    if 1 in (shape[dim], shape[dim + 1]):
        return True
    end_of_row = (shape[dim + 1] - 1) * stride[dim + 1]
    return stride[dim] - end_of_row == stride[dim + 1]
