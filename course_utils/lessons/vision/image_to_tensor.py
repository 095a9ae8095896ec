"""Do what `ToTensor` does. The two pixels of a grey image with one row:

```
[[0, 51]] as uint8    ->  [[[0.0, 0.2]]]    shape (1, 1, 2)
[[0, 51]] as float32  ->  [[[0.0, 51.0]]]
```
"""

import torch
from torchvision import transforms

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers

exercise = Exercise(
    "07.1",
    "ToTensor by hand",
    minutes=12,
    difficulty=1,
    without=ByHand("transforms.ToTensor", not_=("ToTensor",), may=("numpy", "PIL")),
    hints=[
        "Three things happen: a channel dimension is there, it comes first, and bytes become "
        "numbers from 0 to 1. Write one line for each.",
        "A grey image of shape (height, width) first becomes (height, width, 1).",
        "`permute` moves dimensions. `pixels.dtype` tells you whether to scale.",
    ],
)


@exercise.reference
def image_to_tensor(pixels):
    """An image as a model wants it.

    pixels: a tensor of shape (height, width) or (height, width, channels), either uint8 with
    values from 0 to 255, or float32.
    Returns float32 of shape (channels, height, width). Bytes are scaled to 0 ... 1; a float
    image keeps its values, as with ToTensor. `pixels` is not changed.
    """
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)  # (height, width, 1)
    image = pixels.permute(2, 0, 1)  # (channels, height, width)
    return image / 255 if image.dtype == torch.uint8 else image


@exercise.cases
def _(rng):
    yield (torch.tensor([[0, 51], [102, 255], [204, 153]], dtype=torch.uint8),)
    yield (torch.tensor([[[255, 0, 51], [0, 102, 255]]], dtype=torch.uint8),)
    yield (torch.tensor([[0.25, 0.5, 1.0]]),)
    yield (numbers(rng, 2, 3, 1),)
    yield (numbers(rng, 2, 3, 4),)
    yield (numbers(rng, 3, 2, 3).transpose(0, 1),)
    yield (numbers(rng, 2, 3, 3),)
    yield (numbers(rng, 3, 2, 3, high=200).float(),)
    yield (torch.tensor([[0, 1, 1], [1, 0, 0]], dtype=torch.uint8),)


@exercise.mistake(
    "You divide every image. ToTensor looks at the dtype: only bytes are scaled, and a float image "
    "goes through with the values it has."
)
def scales_everything(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    return pixels.permute(2, 0, 1).float() / 255


@exercise.mistake(
    "Your bytes became floats, but they still run from 0 to 255. ToTensor does two things to them."
)
def does_not_scale(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    return pixels.permute(2, 0, 1).float()


@exercise.mistake(
    "The shape is right, and the picture is scrambled: `reshape` deals the numbers out anew in "
    "their old order. Dimensions have to be moved."
)
def reshapes(pixels):
    height, width = pixels.shape[:2]
    image = pixels.reshape(-1, height, width)
    return image / 255 if image.dtype == torch.uint8 else image


@exercise.mistake(
    "The channels came first, and on the way height and width changed places: every picture is "
    "mirrored along its diagonal."
)
def reverses_dimensions(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    image = pixels.permute(2, 1, 0)
    return image / 255 if image.dtype == torch.uint8 else image


@exercise.mistake(
    "A grey image has a channel, too: one. A convolution asks for it, so the shape has three "
    "numbers."
)
def forgets_the_channel(pixels):
    image = pixels.permute(2, 0, 1) if pixels.dim() == 3 else pixels
    return image / 255 if image.dtype == torch.uint8 else image


@exercise.mistake("256 values, but the largest of them is 255. White should become exactly 1.")
def divides_by_256(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    image = pixels.permute(2, 0, 1)
    return image / 256 if image.dtype == torch.uint8 else image


@exercise.right
def channel_by_channel(pixels):
    channels = [pixels] if pixels.dim() == 2 else pixels.unbind(-1)
    image = torch.stack([channel.clone() for channel in channels])
    return image.to(torch.float32) / (255.0 if pixels.dtype == torch.uint8 else 1.0)


@exercise.not_by_hand
def with_numpy_and_totensor(pixels):
    return transforms.ToTensor()(pixels.numpy())


exercise.equivalent(
    "image = torch.stack([channel.clone() for channel in channels])",
    "image = torch.stack([channel for channel in channels])",
    because="stack makes a tensor of its own.",
)


exercise.equivalent(
    "return image.to(torch.float32) / (255.0 if pixels.dtype == torch.uint8 else 1.0)",
    "return image.to() / (255.0 if pixels.dtype == torch.uint8 else 1.0)",
    "return image / (255.0 if pixels.dtype == torch.uint8 else 1.0)",
    because="A division of bytes gives float32, and floats of the cases are float32.",
)
