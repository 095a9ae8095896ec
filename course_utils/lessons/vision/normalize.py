"""Do what `Normalize` does, for any number of channels. With `mean=[0.5]` and `std=[0.25]`, a
pixel of 1.0 becomes 2.0.
"""

import torch
from torchvision import transforms

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers
from course_utils.observation import shares_storage

exercise = Exercise(
    "07.2",
    "Normalize by hand",
    minutes=8,
    difficulty=1,
    without=["transforms.Normalize"],
    hints=[
        "Two operations. Which number is subtracted, and which one divides?",
        "`mean` has one number for each channel. Which shape must it have to meet an image of "
        "shape (channels, height, width)?",
        "`torch.tensor(mean).reshape(-1, 1, 1)` has the shape (channels, 1, 1).",
    ],
)


@exercise.reference
def normalize(image, mean, std):
    """What transforms.Normalize(mean, std) does.

    image: float32 of shape (channels, height, width). mean, std: lists with one float for each
    channel: what is subtracted, and what it is then divided by.
    Returns a new float32 tensor of the same shape; `image` is not changed.
    """
    mean = torch.tensor(mean).reshape(-1, 1, 1)  # (channels, 1, 1)
    std = torch.tensor(std).reshape(-1, 1, 1)  # (channels, 1, 1)
    return (image - mean) / std


@exercise.cases
def _(rng):
    yield torch.tensor([[[0.0, 0.5, 1.0]]]), [0.5], [1.0]
    yield torch.tensor([[[0.0, 0.5], [1.0, 0.25]]]), [0.5], [0.25]
    yield torch.arange(27.0).reshape(3, 3, 3) / 26, [0.5, 0.25, 0.75], [0.5, 0.25, 0.125]
    image = numbers(rng, 2, 3, 2, high=100, dtype=torch.float32).permute(2, 0, 1) / 100
    yield image, [0.1, 0.6], [0.2, 0.4]
    image = numbers(rng, 2, 2, 3, high=100, dtype=torch.float32) / 100
    yield image, [0.1, 0.6], [0.2, 0.4]
    # Nothing to do, which the image itself would satisfy if it were not to be a new tensor.
    yield image, [0.0, 0.0], [1.0, 1.0]


@exercise.observe
def _(answer, image, mean, std):
    result = answer(image, mean, std)
    return {"result": result, "shares storage with image": shares_storage(result, image)}


@exercise.mistake(
    "You took the two arguments for the mean and standard deviation that come *out*. They say what "
    "goes in: the first is taken away, the second divides."
)
def makes_that_mean(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image * std + mean


@exercise.mistake("The two arguments changed places: you take away the spread.")
def swaps_arguments(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image - std) / mean


@exercise.mistake(
    "One number for each channel, but broadcasting lines up the *last* dimensions: your numbers "
    "went to the columns of the picture."
)
def along_the_columns(image, mean, std):
    return (image - torch.tensor(mean)) / torch.tensor(std)


@exercise.mistake(
    "Division comes before subtraction if no brackets say otherwise, in Python as in school."
)
def without_brackets(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image - mean / std


@exercise.mistake(
    "You used the picture's own mean and spread. Then a dark picture and a bright one look the "
    "same. The numbers are given, once for all pictures."
)
def by_its_own_numbers(image, mean, std):
    dims = (1, 2)
    return (image - image.mean(dims, keepdim=True)) / image.std(dims, keepdim=True)


@exercise.mistake(
    "The numbers are right, but you wrote them into the image you were given. The caller's picture "
    "is gone, and a second call would normalise it twice."
)
def in_place(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image.sub_(mean).div_(std)


@exercise.right
def in_a_loop(image, mean, std):
    return torch.stack([(image[c] - mean[c]) / std[c] for c in range(len(mean))])


@exercise.not_by_hand
def with_torchvision(image, mean, std):
    return transforms.Normalize(mean, std)(image)


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
