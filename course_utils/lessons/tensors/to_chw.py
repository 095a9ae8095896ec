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
    yield (whole_numbers(rng, 2, 3, 4),)
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
    "Your channels come second, and the width first. In permute, the list says which OLD axis "
    "each new axis is taken from, not where each old axis goes."
)
def inverse_permutation(image):
    return image.permute(1, 2, 0)


@exercise.mistake(
    "The channels have to come first of all three; you only exchanged them with the width."
)
def swapped_last_two(image):
    return image.transpose(1, 2)


@exercise.mistake("The channels are still the last of the three axes.")
def swapped_first_two(image):
    return image.transpose(0, 1)


@exercise.mistake("Only the axes change places here: the numbers and their dtype stay as they are.")
def scaled(image):
    return image.permute(2, 0, 1) / 255


@exercise.mistake(same_as=scaled)
def as_floats(image):
    return image.permute(2, 0, 1).float()


@exercise.mistake(same_as=scaled)
def scaled_floats(image):
    return image.permute(2, 0, 1).float() / 255


@exercise.mistake(
    "Not every picture has three channels: a gray one has one, and one with transparency four."
)
def three_channels(image):
    return torch.stack([image[:, :, 0], image[:, :, 1], image[:, :, 2]])


@exercise.mistake("Four dimensions are a batch of pictures. Here one picture was asked for.")
def with_a_batch(image):
    return image.permute(2, 0, 1).unsqueeze(0)


@exercise.mistake(
    "A gray picture has one channel, and a size of 1 is a dimension, too. In yours such a "
    "dimension is gone."
)
def squeezed(image):
    return image.permute(2, 0, 1).squeeze()


@exercise.mistake(
    "The channels come first, as they should, but in the opposite order: red has become blue."
)
def channels_turned_round(image):
    return image.permute(2, 0, 1).flip(0)


@exercise.mistake("A picture need not be as wide as it is high.")
def as_wide_as_high(image):
    height, _, channels = image.shape
    result = torch.zeros(channels, height, height, dtype=image.dtype)
    for i in range(height):
        for j in range(height):
            result[:, i, j] = image[i, j]
    return result


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
