"""Say the shape of a broadcast before torch does. Work with the two tuples alone; what does not fit
together is an error.
"""

import itertools

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.indexing.effort import effort_of

exercise = Exercise(
    "02.9",
    "The shape of a broadcast",
    minutes=12,
    difficulty=1,
    without=ByHand("torch.broadcast_shapes", "torch.broadcast_tensors", "Tensor.expand"),
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


@exercise.cases
def _(rng):
    yield (2, 3), (2, 3)
    yield (2, 3), (3,)
    yield (2, 3), (2,)
    yield (4, 1), (3,)
    yield (2, 3), (1, 1, 3)
