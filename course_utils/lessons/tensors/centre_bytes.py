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
    "Your result has half of the bits that were asked for: parameters are float32, and a layer "
    "refuses to mix the two."
)
def too_narrow(image):
    return (image.half() - 128) / 128


@exercise.mistake(
    "In yours no byte becomes exactly 0. Which one does, in the formula of the docstring?"
)
def from_minus_one_to_one(image):
    return image.float() / 255 * 2 - 1


@exercise.mistake("Yours changes the picture of the caller: its pixels are other bytes afterwards.")
def in_place(image):
    image -= 128
    return image.float() / 128


@exercise.mistake(
    "All pixels below 128 have become the same in yours: black and dark gray can not be told apart."
)
def dark_pixels_alike(image):
    return (image.clamp(min=128) - 128).float() / 128


@exercise.mistake(
    "Yours reads the same eight bits as a number with a sign: a bright pixel becomes negative, and "
    "a dark one stays positive. Is that the order of brightness?"
)
def bits_with_a_sign(image):
    return image.view(torch.int8).float() / 128


@exercise.mistake(
    "In yours the number of a pixel depends on the other pixels of its picture: two pictures with "
    "the same gray would give other numbers for it."
)
def around_the_mean(image):
    pixels = image.float()
    return (pixels - pixels.mean()) / 128


@exercise.mistake("The numbers are right, but the shape of the picture is gone.")
def flat(image):
    return torch.tensor([(pixel - 128) / 128 for pixel in image.flatten().tolist()])


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
