"""Pictures come as (height, width, channels). Give them to torch as (channels, height, width)."""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.tensors.inputs import whole_numbers
from course_utils.promises import promised

exercise = Exercise(
    "01.6",
    "A picture for torch: HWC to CHW",
    minutes=6,
    difficulty=1,
    hints=[
        "Say in words which old axis becomes the new first axis, the new second and the new third.",
        "The function that gives axes a new order takes exactly that list.",
    ],
)


@exercise.reference
def to_chw(image):
    """A picture with its colour channels first.

    image: a tensor of shape (height, width, channels), of any dtype and any strides.
    Returns a tensor of shape (channels, height, width) and the same dtype.
    """
    return image.permute(2, 0, 1)


@exercise.cases
def _(rng):
    yield (torch.arange(6).reshape(1, 2, 3),)
    yield (whole_numbers(rng, 2, 3, 3, dtype=torch.uint8),)
    yield (whole_numbers(rng, 4, 4, 3),)
    yield (whole_numbers(rng, 3, 3, 3),)
    yield (whole_numbers(rng, 5, 4, 1),)
    for image in promised(rng, "any dtype", "any strides", shape=(2, 4, 3)):
        yield (image,)


@exercise.mistake(
    "The shape is right, but the numbers did not move with their axes: the same row of numbers "
    "was only cut in another way. Look at the scrambled picture in the lesson."
)
def reshaped(image):
    height, width, channels = image.shape
    return image.reshape(channels, height, width)


@exercise.mistake("Height and width have changed places: your picture lies on its side, mirrored.")
def swapped_ends(image):
    return image.transpose(0, 2)


@exercise.mistake(
    "In permute, the list says which OLD axis each new axis is taken from. You wrote where each "
    "old axis goes."
)
def inverse_permutation(image):
    return image.permute(1, 2, 0)


@exercise.mistake(
    "The channels have to come first of all three; you only exchanged them with the width."
)
def swapped_last_two(image):
    return image.transpose(1, 2)


@exercise.right
def two_transposes(image):
    return image.transpose(1, 2).transpose(0, 1)


@exercise.right
def moved(image):
    return torch.movedim(image, -1, 0).contiguous()


exercise.equivalent(
    "return image.transpose(1, 2).transpose(0, 1)",
    "return image.transpose(1, 2).transpose_(0, 1)",
    because="The view was made on this line: nobody else sees that its strides change.",
)


exercise.equivalent(
    "return torch.movedim(image, -1, 0).contiguous()",
    "return torch.movedim(image, -1, 0)",
    because="The same values in the same shape: whether it is a view is left open.",
)
