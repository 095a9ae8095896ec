"""A normalised image cannot be drawn: its values are not between 0 and 1. Bring it back."""

import torch
from torchvision import transforms

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers

exercise = Exercise(
    "07.3",
    "Back to a picture",
    minutes=12,
    difficulty=2,
    hints=[
        "Undo the last step first.",
        "After `(x - mean) / std`, the last step was the division.",
        "Then keep the values inside 0 ... 1 with `clamp`, and move the channels to the end.",
    ],
)


@exercise.reference
def to_picture(image, mean, std):
    """Undo Normalize, so that a person can look at what the model sees.

    image: float32 of shape (channels, height, width), after Normalize(mean, std).
    mean, std: lists with one float for each channel.
    Returns float32 of shape (height, width, channels) with values from 0 to 1; what lies outside
    is set to 0 or 1. `image` is not changed.
    """
    mean = torch.tensor(mean).reshape(-1, 1, 1)  # (channels, 1, 1)
    std = torch.tensor(std).reshape(-1, 1, 1)  # (channels, 1, 1)
    return (image * std + mean).clamp(0, 1).permute(1, 2, 0)


@exercise.cases
def _(rng):
    yield torch.tensor([[[-1.0, 0.0, 1.0]]]), [0.5], [0.5]
    yield torch.tensor([[[-2.0, 0.5], [1.0, 3.0], [0.0, 1.5]]]), [0.25], [0.5]
    yield torch.arange(-6.0, 6.0).reshape(2, 2, 3) / 8, [0.5, 0.4], [0.25, 0.75]
    image = torch.arange(-6.0, 6.0).reshape(2, 3, 2) / 8
    yield image.permute(2, 0, 1), [0.5, 0.4], [0.25, 0.75]
    yield numbers(rng, 3, 3, 2, low=-99, high=99).float() / 99, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]


@exercise.mistake(
    "You undo the two steps in the order in which they were done. The last one has to be undone "
    "first."
)
def undoes_in_order(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return ((image + mean) * std).clamp(0, 1).permute(1, 2, 0)


@exercise.mistake("You normalise a second time instead of undoing the first.")
def normalizes_again(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return ((image - mean) / std).clamp(0, 1).permute(1, 2, 0)


@exercise.mistake(
    "Some of your values lie below 0 or above 1. Drawing programs then complain, or stretch the "
    "picture."
)
def does_not_clamp(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).permute(1, 2, 0)


@exercise.mistake(
    "The shape is right, and the pixels are not where they were. `reshape` does not move "
    "dimensions."
)
def reshapes_the_picture(image, mean, std):
    channels, height, width = image.shape
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).clamp(0, 1).reshape(height, width, channels)


@exercise.mistake(
    "The channels still come first. A model wants them there, a drawing function wants them last."
)
def channels_first(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).clamp(0, 1)


@exercise.mistake(
    "You stretched each picture from its darkest to its brightest pixel. It can be seen, but it is "
    "not the picture that went in: `mean` and `std` are not used."
)
def stretches(image, mean, std):
    low, high = image.min(), image.max()
    return ((image - low) / (high - low)).permute(1, 2, 0)


@exercise.right
def by_a_second_normalize(image, mean, std):
    back = transforms.Normalize(
        [-m / s for m, s in zip(mean, std, strict=True)], [1 / s for s in std]
    )
    return torch.einsum("chw->hwc", back(image)).clip(min=0.0, max=1.0)


exercise.equivalent(
    "mean = torch.tensor(mean).reshape(-1, 1, 1)",
    "mean = torch.tensor(mean).view(-1, 1, 1)",
    because="The tensor was made here and is contiguous.",
)


exercise.equivalent(
    "std = torch.tensor(std).reshape(-1, 1, 1)",
    "std = torch.tensor(std).view(-1, 1, 1)",
    because="The tensor was made here and is contiguous.",
)


exercise.equivalent(
    "return torch.einsum('chw->hwc', back(image)).clip(min=0.0, max=1.0)",
    "return torch.einsum('chw->hwc', back(image)).clip_(min=0.0, max=1.0)",
    because="What `back` gives was made for this line.",
)
