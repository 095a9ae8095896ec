"""Decide whether a tensor is contiguous when you know only its shape and its strides. Two corners
to think about: dimensions of size 1, and tensors without elements.
"""

import math

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import COUNTING
from course_utils.lessons.tensors.inputs import some_of_each

exercise = Exercise(
    "01.3",
    "Contiguous or not, from shape and strides alone",
    minutes=12,
    difficulty=2,
    without=ByHand("Tensor.is_contiguous", "Tensor.contiguous", "Tensor.stride", only=COUNTING),
    hints=[
        "You know which strides a contiguous tensor of this shape would have (01.1).",
        "Think of a dimension of size 1: is its stride ever used to go anywhere?",
        "And a tensor without any elements has nothing that could be out of order.",
    ],
)


@exercise.reference
def is_contiguous(shape, stride):
    """True if a tensor with this shape and these strides is contiguous.

    shape, stride: tuples of ints of the same length; they may be empty. A size may be 0.
    Returns a bool.
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


@exercise.cases
def _(rng):
    yield (2, 3), (3, 1)
    yield (3, 2), (1, 3)
    yield (2, 1, 3), (3, 99, 1)
    yield (1, 4), (1, 1)
    yield (0, 3), (1, 7)
    yield (3, 0), (1, 5)
    yield (3, 1, 4), (1, 9, 3)
    yield (1, 2, 3), (99, 3, 1)
    yield (3, 2, 1), (1, 3, 6)
    yield (3, 4), (0, 1)
    yield (3, 1), (1, 0)
    yield (1, 3), (0, 1)
    yield (2, 0), (0, 0)
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


@exercise.mistake(
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


@exercise.mistake(same_as=compares_all_strides)
def compares_with_those_of_a_fresh_tensor(shape, stride):
    return tuple(stride) == tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


@exercise.mistake(
    "Strides that get smaller from front to back are not enough: there may be gaps, or rows "
    "that overlap. And are they needed along a dimension where no step is taken?"
)
def only_descending(shape, stride):
    return all(a >= b for a, b in zip(stride, stride[1:]))


@exercise.mistake(same_as=only_descending)
def only_descending_where_not_empty(shape, stride):
    return 0 in shape or all(a >= b for a, b in zip(stride, stride[1:]))


@exercise.mistake(same_as=only_descending)
def descending_to_one(shape, stride):
    return all(a >= b for a, b in zip(stride, stride[1:])) and (not stride or stride[-1] == 1)


@exercise.mistake(same_as=only_descending)
def descending_to_one_where_not_empty(shape, stride):
    if 0 in shape or not stride:
        return True
    return list(stride) == sorted(stride, reverse=True) and stride[-1] == 1


@exercise.mistake(
    "A last stride of 1 says that a row is in one piece. It does not say that the next row "
    "follows at once. And is it needed where no step is taken?"
)
def last_stride_is_one(shape, stride):
    return not stride or stride[-1] == 1


@exercise.mistake(same_as=last_stride_is_one)
def last_stride_is_one_where_not_empty(shape, stride):
    return 0 in shape or not stride or stride[-1] == 1


@exercise.mistake(same_as=last_stride_is_one)
def there_is_a_last_stride_of_one(shape, stride):
    return stride[-1] == 1


@exercise.mistake(
    "Yours says yes where each element of a row is followed by a gap. Which of the strides is "
    "compared with nothing?"
)
def neighbours_only(shape, stride):
    if 0 in shape:
        return True
    for d in range(len(shape) - 1):
        if shape[d] != 1 and stride[d] != stride[d + 1] * shape[d + 1]:
            return False
    return True


@exercise.mistake(same_as=neighbours_only)
def neighbours_only_also_where_empty(shape, stride):
    return all(stride[d] == stride[d + 1] * shape[d + 1] for d in range(len(shape) - 1))


@exercise.mistake("A dimension of size 1 can stand anywhere, not at the front only.")
def size_one_at_the_front_only(shape, stride):
    if 0 in shape:
        return True
    if shape and shape[0] == 1:
        shape, stride = shape[1:], stride[1:]
    return tuple(stride) == tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


@exercise.mistake(
    "A size of 1 frees its own dimension only. The steps along the others matter as before."
)
def one_anywhere(shape, stride):
    if 0 in shape or 1 in shape:
        return True
    return tuple(stride) == tuple(math.prod(shape[d + 1 :]) for d in range(len(shape)))


@exercise.mistake(
    "A tensor without dimensions has one element, and so has one whose sizes are all 1. Which "
    "strides are left there for your test?"
)
def asks_for_a_last_stride(shape, stride):
    if 0 in shape:
        return True
    pairs = [(size, step) for size, step in zip(shape, stride) if size != 1]
    if pairs[-1][1] != 1:
        return False
    return all(a[1] == b[1] * b[0] for a, b in zip(pairs, pairs[1:]))


@exercise.mistake(
    "A tensor has no elements as soon as one of its sizes is 0, wherever that size stands."
)
def empty_at_the_front_only(shape, stride):
    if shape and shape[0] == 0:
        return True
    expected = 1
    for size, step in zip(reversed(shape), reversed(stride)):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True


@exercise.mistake(
    "Yours asks whether all strides that are needed are there. But each belongs to one "
    "dimension: which step stands where?"
)
def in_any_order(shape, stride):
    if 0 in shape:
        return True
    wanted = {math.prod(shape[d + 1 :]) for d in range(len(shape)) if shape[d] != 1}
    return wanted == {step for size, step in zip(shape, stride) if size != 1}


@exercise.mistake(
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


@exercise.right
def against_contiguous_strides(shape, stride):
    if math.prod(shape) == 0:
        return True
    wanted = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    return all(s == w for s, w, size in zip(stride, wanted, shape, strict=True) if size > 1)
