"""Say the shape of a broadcast before torch does. Work with the two tuples alone; what does not fit
together is an error.
"""

import itertools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import noted

exercise = Exercise(
    "02.9",
    "The shape of a broadcast",
    minutes=12,
    difficulty=1,
    without=["torch.broadcast_shapes", "torch.broadcast_tensors"],
    hints=[
        "Write the two shapes under each other, so that their last sizes stand in one column.",
        "Where one shape has nothing in a column, which size may you think there?",
        "In each column there are two sizes. Which pairs are allowed, and which of the two stays? "
        "Ask it for 1 and 0, too.",
    ],
)


@exercise.reference
def broadcast_shape(first, second):
    """The shape of x + y, for tensors x and y of these two shapes.

    first, second: tuples of ints; they may be empty, and a size may be 0. Returns a tuple of ints.
    Raises ValueError if the shapes do not broadcast. Makes no tensor.
    """
    sizes = []
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    for one, other in pairs:
        if one != other and 1 not in (one, other):
            raise ValueError(f"{first} and {second} do not broadcast: {one} meets {other}")
        sizes.append(other if one == 1 else one)
    return tuple(reversed(sizes))


def _stretched(rng, shape):
    """A shape that broadcasts to this one: some sizes are 1, some in front are left out."""
    sizes = [size if rng.random() < 0.6 else 1 for size in shape]
    return tuple(sizes[rng.randint(0, len(sizes)) :])


@exercise.cases
def _(rng):
    yield (2, 3), (2, 3)
    yield (2, 3), (3,)
    yield (3,), (2, 3)
    yield (2, 3), (2,)
    yield (4, 1), (3,)
    yield (2, 1, 3), (4, 1)
    yield (), (3,)
    yield (2,), ()
    yield (), ()
    yield (1, 1), (1,)
    yield (0, 3), (1, 3)
    yield (1,), (0,)
    yield (0,), (0,)
    yield (0, 2), (3, 2)
    yield (3, 2), (0, 2)
    yield (6, 2), (3, 2)
    yield (2,), (4,)
    yield (2, 3), (2, 3, 1)
    yield (10**9, 1, 10**9, 1), (1, 10**9, 1, 10**9)
    for _ in range(4):
        shape = tuple(rng.randint(2, 9) for _ in range(rng.randint(2, 4)))
        yield shape, _stretched(rng, shape)
        yield _stretched(rng, shape), shape
        yield _stretched(rng, shape), _stretched(rng, shape)
        dim = rng.randrange(len(shape))
        yield (
            shape,
            (*shape[:dim], shape[dim] + rng.randint(1, 3), *shape[dim + 1 :])[
                rng.randint(0, dim) :
            ],
        )


@exercise.observe
def _(answer, first, second):
    with noted() as effort:
        result = answer(first, second)
    return {"shape": result, "tensors made": effort.made}


@exercise.mistake(
    "You compare the first sizes with each other. Which end do broadcasts begin at, when one shape "
    "is shorter?"
)
def from_the_left(first, second):
    sizes = []
    for one, other in itertools.zip_longest(first, second, fillvalue=1):
        if one != other and 1 not in (one, other):
            raise ValueError("do not broadcast")
        sizes.append(other if one == 1 else one)
    return tuple(sizes)


@exercise.mistake(
    "You compare the first sizes with each other: which end do broadcasts begin at, when one "
    "shape is shorter? And where a 1 meets a 0, the larger size is not the right one."
)
def ones_added_on_the_right(first, second):
    length = max(len(first), len(second))
    first = first + (1,) * (length - len(first))
    second = second + (1,) * (length - len(second))
    for one, other in zip(first, second, strict=True):
        if one != other and one != 1 and other != 1:
            raise ValueError("do not broadcast")
    return tuple(max(pair) for pair in zip(first, second, strict=True))


@exercise.mistake(
    "Where a 1 meets a 0, yours says 1. A size of 1 is stretched to the other size, and that may "
    "also be none at all."
)
def the_larger_one(first, second):
    sizes = []
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    for one, other in pairs:
        if one != other and 1 not in (one, other):
            raise ValueError("do not broadcast")
        sizes.append(max(one, other))
    return tuple(reversed(sizes))


@exercise.mistake(
    "Yours gives a shape for tensors that do not broadcast. Two different sizes meet: when is that "
    "allowed?"
)
def never_an_error(first, second):
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    return tuple(reversed([other if one == 1 else one for one, other in pairs]))


@exercise.mistake(
    "Yours takes the larger of two sizes, whatever they are. Which pairs are not allowed? And "
    "where a 1 meets a 0, which of the two is it?"
)
def larger_without_an_error(first, second):
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    return tuple(max(pair) for pair in pairs)[::-1]


@exercise.mistake(
    "You let a size meet its double, or another multiple. Repeating is not stretching: which is "
    "the one size that is stretched?"
)
def multiples_are_repeated(first, second):
    sizes = []
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    for one, other in pairs:
        small, large = sorted((one, other))
        if small == 0 and large > 1 or small and large % small:
            raise ValueError("do not broadcast")
        sizes.append(large if small else 0)
    return tuple(reversed(sizes))


@exercise.mistake(
    "A size of 0 fits together with 0 and with 1, as any size does. Yours lets it meet others."
)
def nothing_fits_everything(first, second):
    sizes = []
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    for one, other in pairs:
        if one == 0 or other == 0:
            sizes.append(0)
        elif one == other or other == 1:
            sizes.append(one)
        elif one == 1:
            sizes.append(other)
        else:
            raise ValueError("do not broadcast")
    return tuple(reversed(sizes))


@exercise.mistake(same_as=nothing_fits_everything)
def zero_is_falsy(first, second):
    sizes = []
    pairs = itertools.zip_longest(reversed(first), reversed(second), fillvalue=1)
    for one, other in pairs:
        if one and other and one != other and 1 not in (one, other):
            raise ValueError("do not broadcast")
        sizes.append(other if one == 1 else one)
    return tuple(reversed(sizes))


@exercise.mistake(
    "Sizes are missing in front. Where the shorter shape has come to its end, what becomes of the "
    "rest of the longer one?"
)
def stops_at_the_shorter(first, second):
    sizes = []
    for one, other in zip(reversed(first), reversed(second)):  # noqa: B905
        if one != other and 1 not in (one, other):
            raise ValueError("do not broadcast")
        sizes.append(other if one == 1 else one)
    return tuple(reversed(sizes))


@exercise.mistake(
    "Yours asks for the same number of dimensions. A tensor with fewer of them broadcasts, too."
)
def same_length_only(first, second):
    if len(first) != len(second):
        raise ValueError("do not broadcast")
    return broadcast_shape(first, second)


@exercise.mistake(
    "One of the two shapes you leave as it is, and only the other may be stretched. In x + y both "
    "may be, even in one sum."
)
def only_the_second_is_stretched(first, second):
    if len(second) > len(first):
        raise ValueError("do not broadcast")
    second = (1,) * (len(first) - len(second)) + second
    for one, other in zip(first, second, strict=True):
        if other not in (1, one):
            raise ValueError("do not broadcast")
    return tuple(first)


@exercise.mistake(same_as=only_the_second_is_stretched)
def the_longer_one_wins(first, second):
    long, short = (first, second) if len(first) >= len(second) else (second, first)
    for one, other in zip(reversed(long), reversed(short)):  # noqa: B905
        if other not in (1, one):
            raise ValueError("do not broadcast")
    return tuple(long)


@exercise.mistake("The sizes are right, and in the opposite order: the last one was found first.")
def left_backwards(first, second):
    return broadcast_shape(first, second)[::-1]


@exercise.mistake(
    "Where the shapes do not fit together, yours gives something back. An error was asked for: "
    "nobody can go on with a wrong shape by mistake then."
)
def gives_none(first, second):
    try:
        return broadcast_shape(first, second)
    except ValueError:
        return None


@exercise.mistake(same_as=gives_none)
def gives_the_error(first, second):
    try:
        return broadcast_shape(first, second)
    except ValueError as error:
        return error


@exercise.mistake(
    "You let torch make tensors to find out. Shapes are known before there is any tensor, also "
    "those of tensors that no memory can hold."
)
def adds_two_tensors(first, second):
    try:
        return tuple((torch.empty(first) + torch.empty(second)).shape)
    except RuntimeError as error:
        raise ValueError(error) from error


@exercise.right
def ones_in_front(first, second):
    length = max(len(first), len(second))
    first = (1,) * (length - len(first)) + first
    second = (1,) * (length - len(second)) + second
    result = ()
    for a, b in zip(first, second, strict=True):
        if a == b or b == 1:
            result = (*result, a)
        elif a == 1:
            result = (*result, b)
        else:
            raise ValueError(f"sizes {a} and {b} do not fit together")
    return result


@exercise.right
def by_negative_index(first, second):
    sizes = []
    for back in range(max(len(first), len(second)), 0, -1):
        column = {shape[-back] for shape in (first, second) if back <= len(shape)} - {1}
        if len(column) > 1:
            raise ValueError(f"{sorted(column)} meet in place {-back}")
        sizes.append(column.pop() if column else 1)
    return tuple(sizes)


@exercise.right
def recursively(first, second):
    if not first or not second:
        return (*first, *second)
    *front, one = first
    *other_front, other = second
    if one == 1:
        one = other
    if other not in (1, one):
        raise ValueError
    return (*recursively(front, other_front), one)


@exercise.right
def longer_one_as_a_list(first, second):
    sizes, short = (list(first), second) if len(first) >= len(second) else (list(second), first)
    gap = len(sizes) - len(short)
    for place, size in enumerate(short, start=gap):
        match (sizes[place], size):
            case (1, _):
                sizes[place] = size
            case (kept, other) if other in (1, kept):
                pass
            case _:
                raise ValueError(f"cannot broadcast {tuple(first)} with {tuple(second)}")
    return tuple(sizes)


@exercise.not_by_hand
def asks_torch(first, second):
    try:
        return tuple(torch.broadcast_shapes(first, second))
    except RuntimeError as error:
        raise ValueError(error) from error


exercise.equivalent(
    "sizes, short = (list(first), second) if len(first) >= len(second) else (list(second), first)",
    "sizes, short = (list(first), second) if len(first) > len(second) else (list(second), first)",
    because="Of two shapes of the same length, either may be the one that is filled in.",
)
