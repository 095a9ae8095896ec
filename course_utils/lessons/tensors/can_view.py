"""The whole rule: decide whether a tensor with this shape and these strides can be viewed as a new
shape. Dimensions can be split and joined, in any combination.
"""

import math

import numpy
import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.tensors.allowed import COUNTING
from course_utils.lessons.tensors.inputs import some_of_each

exercise = Exercise(
    "01.15",
    "Can this be viewed as that?",
    minutes=25,
    difficulty=3,
    without=ByHand(
        *("Tensor.view", "Tensor.reshape", "Tensor.flatten", "torch.empty_strided"),
        only=(*COUNTING, "stride"),
    ),
    hints=[
        "First count: do both shapes have the same number of elements?",
        "Join neighbouring dimensions wherever 01.4 says they can be joined. What is left is a "
        "list of blocks that cannot be joined any further.",
        "A new dimension may lie inside a block, or fill it, but it can never reach over the "
        "border between two blocks.",
    ],
)


@exercise.reference
def can_view(shape, stride, new_shape):
    """True if a tensor with this shape and these strides can be viewed as new_shape.

    shape, stride, new_shape: tuples of ints (no -1); a size may be 0. Returns a bool.
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


@exercise.cases
def _(rng):
    yield (2, 3), (3, 1), (6,)
    yield (3, 2), (1, 3), (6,)
    yield (2, 3), (3, 1), (4,)
    yield (4,), (1,), (4, 3)
    yield (0, 3), (3, 1), (2,)
    yield (2, 4), (8, 1), (2, 2, 2)
    yield (2, 4), (8, 1), (8,)
    yield (4, 2), (1, 4), (2, 2, 2)
    yield (4, 2), (1, 4), (4, 1, 2)
    yield (2, 6), (12, 2), (12,)
    yield (3, 1, 4), (4, 77, 1), (12,)
    yield (1, 3, 2), (6, 1, 3), (6,)
    yield (0, 3), (3, 1), (3, 0, 5)
    yield (4, 3), (0, 1), (2, 2, 3)
    yield (2, 3), (0, 1), (6,)
    yield (2, 3), (0, 0), (6,)
    yield (2, 3), (1, 0), (6,)
    yield (2, 2, 3), (6, 3, 1), (3, 4)
    yield (3, 2), (1, 3), (3, 2)
    yield (1, 1), (5, 7), ()
    yield (), (), (1, 1)
    for _ in range(6):
        x = torch.empty(rng.choice([2, 4]), rng.choice([2, 3]), rng.choice([2, 4]))
        x = x.permute(rng.sample(range(3), 3))
        n = x.numel()
        yield tuple(x.shape), x.stride(), (2, n // 4, 2)
    for in_order in some_of_each(rng):
        x = torch.empty([rng.randint(2, 5) for _ in range(3)])
        x = x if in_order else x.transpose(0, 2)
        yield tuple(x.shape), x.stride(), (x.numel(),)
    yield (5, 2, 3), (100, 3, 1), (5, 6)


@exercise.mistake(
    "Many tensors that are not contiguous can be viewed: only the dimensions that are to be "
    "joined have to fit together."
)
def asks_whether_contiguous(shape, stride, new_shape):
    if torch.Size(shape).numel() != torch.Size(new_shape).numel():
        return False
    return torch.empty_strided(shape, stride).is_contiguous()


@exercise.mistake(same_as=asks_whether_contiguous)
def contiguous_or_the_same_shape(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    if tuple(shape) == tuple(new_shape):
        return True
    wanted = [math.prod(shape[d + 1 :]) for d in range(len(shape))]
    return all(n == 1 or step == w for n, step, w in zip(shape, stride, wanted, strict=True))


@exercise.mistake(
    "The same number of elements is needed, but it is not enough: a view keeps the storage as it "
    "is, and its steps have to be even."
)
def counts_elements(shape, stride, new_shape):
    return torch.Size(shape).numel() == torch.Size(new_shape).numel()


@exercise.mistake(
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


@exercise.mistake(same_as=only_the_same_shape_or_flat)
def joins_only(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    pairs = [(size, step) for size, step in zip(shape, stride) if size != 1]
    for size in [size for size in new_shape if size != 1]:
        if not pairs:
            return False
        filled, step = pairs.pop(0)
        while filled < size and pairs:
            inner, inner_step = pairs.pop(0)
            if step != inner * inner_step:
                return False
            filled, step = filled * inner, inner_step
        if filled != size:
            return False
    return True


@exercise.mistake("Dimensions can also be joined, where their steps fit together.")
def splits_only(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    sizes = [size for size in new_shape if size != 1]
    for size in [size for size in shape if size != 1]:
        filled = 1
        while sizes and filled < size:
            filled *= sizes.pop(0)
        if filled != size:
            return False
    return True


@exercise.mistake(
    "Yours says yes to a new shape with another number of elements. A view can not add any, and "
    "leaves none out."
)
def does_not_count(shape, stride, new_shape):
    blocks = []
    for size, step in zip(shape, stride):
        if size == 1:
            continue
        if blocks and blocks[-1][1] == size * step:
            blocks[-1] = (blocks[-1][0] * size, step)
        else:
            blocks.append((size, step))
    sizes = [size for size in new_shape if size != 1]
    for elements, _ in blocks:
        filled = 1
        while filled < elements and sizes:
            filled *= sizes.pop(0)
        if filled != elements:
            return False
    return True


@exercise.mistake(
    "A tensor without elements has no steps that could be uneven. Which new shapes can it have?"
)
def forgets_empty(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    blocks = []
    for size, step in zip(shape, stride):
        if size == 1:
            continue
        if blocks and blocks[-1][1] == size * step:
            blocks[-1] = (blocks[-1][0] * size, step)
        else:
            blocks.append((size, step))
    sizes = [size for size in new_shape if size != 1]
    for elements, _ in blocks:
        filled = 1
        while filled < elements and sizes:
            filled *= sizes.pop(0)
        if filled != elements:
            return False
    return not sizes


@exercise.mistake(
    "Strides that get smaller from front to back are not enough: there may be gaps between the "
    "rows. And a dimension that is only split may have any stride."
)
def falling_strides(shape, stride, new_shape):
    same_count = math.prod(shape) == math.prod(new_shape)
    return same_count and list(stride) == sorted(stride, reverse=True)


@exercise.mistake(
    "A dimension with stride 0, as expand() makes it, can be split as well: its new steps are 0, "
    "too."
)
def nothing_with_stride_zero(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    if 0 in stride:
        return tuple(shape) == tuple(new_shape)
    borders, total = [], 1
    pairs = [(size, step) for size, step in zip(shape, stride) if size != 1]
    for (size, step), (inner, inner_step) in zip(pairs, pairs[1:]):
        total *= size
        if step != inner * inner_step:
            borders.append(total)
    kept = [math.prod(new_shape[:d]) for d in range(len(new_shape) + 1)]
    return all(border in kept for border in borders)


@exercise.mistake(
    "With stride 0 the same elements come again. Joined with the next dimension, would every step "
    "from one element to the next still be the same?"
)
def stride_zero_joins_anything(shape, stride, new_shape):
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    borders, total = [], 1
    pairs = [(size, step) for size, step in zip(shape, stride) if size != 1]
    for (size, step), (inner, inner_step) in zip(pairs, pairs[1:]):
        total *= size
        if step not in (0, inner * inner_step):
            borders.append(total)
    kept = [math.prod(new_shape[:d]) for d in range(len(new_shape) + 1)]
    return all(border in kept for border in borders)


@exercise.mistake("Think about dimensions of size 1: does it matter what their stride is?")
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


@exercise.right
def by_positions_in_the_storage(shape, stride, new_shape):
    """Write down where each element lies, then look whether the new steps are even."""
    if math.prod(shape) != math.prod(new_shape):
        return False
    if 0 in shape:
        return True
    places = numpy.zeros(shape, dtype=int)
    for dim, (size, step) in enumerate(zip(shape, stride, strict=True)):
        steps = numpy.arange(size) * step
        places += steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])
    places = places.reshape(new_shape)
    return all(
        len(numpy.unique(numpy.diff(places, axis=dim))) <= 1 for dim in range(len(new_shape))
    )


exercise.equivalent(
    "sizes = [size for size in new_shape if size != 1]",
    "sizes = [size for size in new_shape]",
    "sizes = [size for size in new_shape if size != 0]",
    because="A factor of 1 changes no product, and one that is left over is never asked for.",
)


exercise.equivalent(
    "if 0 in shape:",
    "if False:",
    "if -1 in shape:",
    because="Without elements there are no steps, and none are uneven.",
)


exercise.equivalent(
    "places = numpy.zeros(shape, dtype=int)",
    "places = numpy.zeros(shape)",
    because="Places are whole numbers; as floats they have the same steps.",
)


exercise.equivalent(
    "places = numpy.zeros(shape, dtype=int)",
    "places = numpy.ones(shape, dtype=int)",
    because="All places move by one: the steps between them stay.",
)


exercise.equivalent(
    "places += steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])",
    "places -= steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])",
    because="All steps change their sign, and those that were even stay even.",
)


exercise.equivalent(
    "places += steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])",
    "places = places + steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])",
    because="The array was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "places += steps.reshape([-1 if d == dim else 1 for d in range(len(shape))])",
    "places += steps.reshape([-2 if d == dim else 1 for d in range(len(shape))])",
    because="A size below 0 is worked out by reshape, which takes any such number here.",
)
