"""Before you load a folder of photos, you want to know which sizes will come out of `Resize`."""

import math

import torch
from torchvision import transforms

from course_utils.exercise import Exercise

exercise = Exercise(
    "07.5",
    "What Resize gives",
    minutes=8,
    difficulty=1,
    hints=[
        "An int speaks of one edge only. Which one, and what happens to the other?",
        "The shorter edge becomes `size`; the longer one keeps the proportion.",
        "`int(...)` cuts off, as torchvision does here.",
    ],
)


@exercise.reference
def resized(height, width, size):
    """The size of an image after transforms.Resize(size).

    height, width: ints. size: an int, or a pair of ints (height, width).
    With an int, the proportion stays; a length that is not whole is cut off, not rounded.
    Returns the pair (new height, new width), two ints.
    """
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.cases
def _(rng):
    yield 28, 56, 24
    yield 56, 28, 24
    yield 28, 28, 24
    yield 100, 50, (30, 40)
    yield 60, 101, 32
    yield 20, 50, 46  # 46 / 20 times 50 is a little less than 115
    yield 91, 30, 60
    # With floats, 1 / 24 times 56 times 24 is a little less than 56, and 1 / 49 times 49 than 1.
    yield 24, 56, 24
    yield 98, 49, 16
    for _ in range(2):
        yield rng.randint(20, 40), rng.randint(50, 90), rng.randint(10, 60)


@exercise.mistake(
    "An int does not make a square. It sets one edge, and the picture keeps its proportion."
)
def makes_a_square(height, width, size):
    return (size, size) if isinstance(size, int) else tuple(size)


@exercise.mistake(
    "You set the longer edge. Resize sets the other one, so that a crop of this size fits inside."
)
def sets_longer_edge(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * shorter / longer)
    return (other, size) if height <= width else (size, other)


@exercise.mistake(
    "Your result is (width, height), as PIL has it. torchvision's sizes are the other way round."
)
def as_pil_says(height, width, size):
    if not isinstance(size, int):
        return tuple(size)[::-1]
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (other, size) if height <= width else (size, other)


@exercise.mistake(
    "You always set the height. For a picture that is taller than wide, this is the longer edge."
)
def always_the_height(height, width, size):
    return (size, int(size * width / height)) if isinstance(size, int) else tuple(size)


@exercise.mistake("Almost: a length that is not whole is cut off here, not rounded.")
def rounds(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = round(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake(
    "An edge of yours is off by one, now and then: a factor of floats is rounded before it is "
    "used. In which order do you multiply and divide?"
)
def factor_first(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(longer * (size / shorter))
    return (size, other) if height <= width else (other, size)


@exercise.mistake(same_as=factor_first)
def factor_of_two_places(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * round(longer / shorter, 2))
    return (size, other) if height <= width else (other, size)


@exercise.mistake(same_as=factor_first)
def one_over_the_shorter(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    scale = 1 / min(height, width)
    return int(height * scale * size), int(width * scale * size)


@exercise.mistake(same_as=rounds)
def rounds_up(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = -(-size * longer // shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake(
    "A pair is (height, width) here, as the docstring says; PIL has them the other way round."
)
def pair_as_in_pil(height, width, size):
    if not isinstance(size, int):
        return tuple(size)[::-1]
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake("The factor was cut to a whole number, so the proportion is lost.")
def whole_factor(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = longer // shorter * size
    return (size, other) if height <= width else (other, size)


@exercise.mistake("A small picture keeps its size in yours. Resize makes it larger, too.")
def never_enlarges(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    if size >= shorter:
        return height, width
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake("A pair is taken as it is: it does not keep the proportion of the picture.")
def pair_keeps_the_proportion(height, width, size):
    if not isinstance(size, int):
        scale = min(size[0] / height, size[1] / width)
        return int(height * scale), int(width * scale)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake("A pair says both edges. One of its numbers has no effect in yours.")
def first_of_the_pair(height, width, size):
    size = size if isinstance(size, int) else size[0]
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@exercise.mistake("One of your lengths is a float. There is no half pixel: an int.")
def floats(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = size * longer / shorter
    return (size, other) if height <= width else (other, size)


@exercise.mistake("The proportion is upside down: a wide picture became a tall one.")
def upside_down(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * shorter / longer)
    return (size, other) if height <= width else (other, size)


@exercise.right
def by_trying(height, width, size):
    image = torch.zeros(1, height, width)
    return tuple(transforms.Resize(size, antialias=True)(image).shape[1:])


@exercise.right
def with_floor(height, width, size):
    if isinstance(size, tuple):
        return size
    if height < width:
        return size, math.floor(size * width / height)
    return size * height // width, size


exercise.equivalent(
    "return tuple(size)",
    "return size",
    because="A pair is a tuple already.",
)


exercise.equivalent(
    "return (size, other) if height <= width else (other, size)",
    "return (size, other) if height < width else (other, size)",
    because="Height and width are the same where this decides: both ways give the same pair.",
)


exercise.equivalent(
    "if height < width:",
    "if height <= width:",
    because="Height and width are the same where this decides: both ways give the same pair.",
)


exercise.equivalent(
    "image = torch.zeros(1, height, width)",
    "image = torch.ones(1, height, width)",
    "image = torch.zeros(2, height, width)",
    because="Only a shape is read: neither the values nor the number of channels count.",
)


exercise.equivalent(
    "return tuple(transforms.Resize(size, antialias=True)(image).shape[1:])",
    "return transforms.Resize(size, antialias=True)(image).shape[1:]",
    "return tuple(transforms.Resize(size)(image).shape[1:])",
    "return tuple(transforms.Resize(size, antialias=False)(image).shape[1:])",
    because="A torch.Size is a tuple, and whether the picture is smoothed does not "
    "change its size.",
)
