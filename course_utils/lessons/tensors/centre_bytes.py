"""Turn the bytes of a picture into numbers around zero."""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "01.12",
    "Centre the bytes of a picture",
    minutes=8,
    difficulty=1,
    hints=[
        "Try it with one dark pixel: what is torch.tensor([100], dtype=torch.uint8) - 128?",
        "A byte has no negative numbers. Leave bytes before you subtract.",
    ],
)


@exercise.reference
def centre_bytes(image):
    """Pixels 0 ... 255 as numbers from -1 to just below 1: (pixel - 128) / 128.

    image: a uint8 tensor of any shape and any strides. Returns a float32 tensor of the same shape.
    """
    return (image.float() - 128) / 128


@exercise.cases
def _(rng):
    yield (torch.tensor([0, 64, 128, 192, 255], dtype=torch.uint8),)
    yield (torch.tensor([[0]], dtype=torch.uint8),)
    for _ in range(2):
        pixels = [rng.randint(0, 255) for _ in range(12)]
        yield (torch.tensor(pixels, dtype=torch.uint8).reshape(3, 4),)
    for image in promised(rng, "any shape", "any strides", dtype=torch.uint8):
        yield (image,)


@exercise.mistake(
    "You subtract while the pixels are still bytes. Below zero a byte starts again at 255, so "
    "dark pixels become bright."
)
def subtracts_bytes(image):
    return (image - 128) / 128


@exercise.mistake(
    "Your result has twice the bits that were asked for: parameters are float32, and a layer "
    "refuses to mix the two."
)
def too_wide(image):
    return (image.double() - 128) / 128


@exercise.mistake(
    "An 8-bit number with a sign ends at 127: converting the bytes first already turns bright "
    "pixels into negative numbers."
)
def signed_bytes(image):
    return (image.to(torch.int8).float() - 128) / 128


@exercise.mistake(
    "`//` rounds down to whole numbers: between -1 and 1 there are only three of those."
)
def whole_division(image):
    return (image.float() - 128) // 128


@exercise.mistake("You scaled to the range 0 to 1 and forgot to move the middle to zero.")
def zero_to_one(image):
    return image.float() / 255


@exercise.right
def divided_first(image):
    return image.to(torch.float32) / 128 - 1


@exercise.right
def as_whole_numbers_first(image):
    return (image.int() - 128) / 128


exercise.equivalent(
    "return image.to(torch.float32) / 128 - 1",
    "return image.to() / 128 - 1",
    "return image / 128 - 1",
    because="A division of bytes gives float32 as it is.",
)
