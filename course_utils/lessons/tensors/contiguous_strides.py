"""`torch.zeros(2, 3, 4)` has the strides (12, 4, 1). Write the function that finds the strides of a
contiguous tensor from its shape.
"""

import math

import numpy
import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import COUNTING

exercise = Exercise(
    "01.1",
    "Strides of a contiguous tensor",
    minutes=8,
    difficulty=1,
    without=ByHand("Tensor.stride", only=COUNTING),
    hints=[
        "Write down by hand, for shape (2, 3, 4), how many numbers you pass when the last index "
        "goes up by one. Then the middle index. Then the first.",
        "Moving one step along a dimension jumps over one whole block of everything that comes "
        "after that dimension.",
        "Go through the shape from the back and keep the product of the sizes you have passed.",
    ],
)


@exercise.reference
def contiguous_strides(shape):
    """The strides of a contiguous tensor of this shape.

    shape: a tuple of ints, each at least 1; it may be empty. Returns a tuple of ints of the same
    length.
    """
    result = []
    step = 1
    for size in reversed(shape):
        result.insert(0, step)
        step *= size
    return tuple(result)


@exercise.cases
def _(rng):
    yield ((2, 3, 4),)
    yield ((5,),)
    yield ((),)
    yield ((1, 7),)
    yield ((3, 1, 4),)
    yield ((2, 4099, 4097),)  # a stride that is odd, and above 2**24
    for _ in range(4):
        yield (tuple(rng.randint(1, 6) for _ in range(rng.randint(2, 5))),)


@exercise.mistake("A stride skips the dimensions after its own; yours counts its own as well.")
def counts_own_dimension(shape):
    result = []
    step = 1
    for size in reversed(shape):
        step *= size
        result.insert(0, step)
    return tuple(result)


@exercise.mistake(
    "Your first stride is 1, and each other one is the product of the sizes before it. In torch "
    "the last index is the one whose neighbours lie next to each other."
)
def column_major_strides(shape):
    result = []
    step = 1
    for size in shape:
        result.append(step)
        step *= size
    return tuple(result)


@exercise.mistake("Your strides count bytes, as NumPy does. A torch stride counts elements.")
def strides_in_bytes(shape):
    result = []
    step = 4
    for size in reversed(shape):
        result.insert(0, step)
        step *= size
    return tuple(result)


@exercise.mistake(same_as=strides_in_bytes)
def strides_in_twice_as_many_bytes(shape):
    return tuple(math.prod(shape[d + 1 :]) * 8 for d in range(len(shape)))


@exercise.mistake(
    "Each of your strides looks at one neighbouring dimension only. With three dimensions, how "
    "many numbers lie between x[0, 0, 0] and x[1, 0, 0]?"
)
def next_size_only(shape):
    return tuple(list(shape[1:]) + [1]) if shape else ()


@exercise.mistake(same_as=next_size_only)
def next_size_and_one(shape):
    return tuple(shape[1:]) + (1,)


@exercise.mistake(
    "float32 holds about seven digits, and strides may have more. Which type holds whole numbers "
    "exactly?"
)
def in_float32(shape):
    return tuple(int(torch.Tensor(list(shape[d + 1 :])).prod()) for d in range(len(shape)))


@exercise.mistake(
    "The strides are there, but in the opposite order: stride[0] belongs to dimension 0."
)
def in_reverse(shape):
    result = []
    step = 1
    for size in reversed(shape):
        result.append(step)
        step *= size
    return tuple(result)


@exercise.mistake("A shape without dimensions has no strides either: as many as there are sizes.")
def one_stride_for_no_dimension(shape):
    strides = (1,)
    for size in shape[:0:-1]:
        strides = (strides[0] * size, *strides)
    return strides


@exercise.mistake("The strides are right, as a list. In torch, a shape and its strides are tuples.")
def as_a_list(shape):
    return [math.prod(shape[d + 1 :]) for d in range(len(shape))]


@exercise.mistake("Not every shape has three dimensions: it may have more or fewer, or none.")
def three_dimensions(shape):
    _, rows, columns = shape
    return rows * columns, columns, 1


@exercise.mistake(same_as=three_dimensions)
def three_indices(shape):
    return shape[1] * shape[2], shape[2], 1


@exercise.mistake(
    "A dimension of size 1 has a stride as well: torch gives it the length of all that comes after."
)
def one_for_size_one(shape):
    rest = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    return tuple(1 if size == 1 else step for size, step in zip(shape, rest, strict=True))


@exercise.mistake(
    "Your strides are tensors with one number in them. Ints of Python were asked for."
)
def tensors_for_ints(shape):
    sizes = torch.tensor(shape, dtype=torch.int64)
    return tuple(sizes[d + 1 :].prod() for d in range(len(shape)))


@exercise.right
def product_of_the_rest(shape):
    return tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


@exercise.not_by_hand
def numpy_in_elements(shape):
    return tuple(s // 8 for s in numpy.empty(shape, dtype="float64").strides)
