"""A mask holds a class for each pixel. If the image is mirrored, so must be its mask; if the image
is normalised, its mask must not be. Let one v2 transform do both in one call.
"""

import torch
from torchvision import tv_tensors
from torchvision.transforms import v2

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers

exercise = Exercise(
    "07.10",
    "A picture and its mask",
    minutes=12,
    difficulty=2,
    hints=[
        "v2 transforms take several things at once, so the draw is shared. Each thing must say "
        "what it is.",
        "`tv_tensors` has a class for pictures and a class for masks.",
        "After the call, give back plain tensors: `.as_subclass(torch.Tensor)`.",
    ],
)


@exercise.reference
def transform_pair(image, mask, transform):
    """Send an image and its mask through one v2 transform, with the same random draw.

    image: float32 of shape (channels, height, width). mask: int64 of shape (height, width), the
    number of a class for each pixel. transform: a v2 transform, such as a Compose of a flip
    and a Normalize. What moves pixels moves both; what changes colours changes the image only.
    Returns (image, mask) as plain tensors. The arguments are not changed.
    """
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@exercise.cases
def _(rng):
    yield (
        torch.tensor([[[0.1, 0.2, 0.3]]]),
        torch.tensor([[1, 2, 3]]),
        v2.RandomHorizontalFlip(1.0),
    )
    both = v2.Compose([v2.RandomVerticalFlip(1.0), v2.Normalize([0.5], [0.25])])
    yield torch.tensor([[[0.5], [1.0]]]), torch.tensor([[7], [8]]), both
    for _ in range(3):
        image = numbers(rng, 1, 2, 3, high=99, dtype=torch.float32) / 100
        steps = [v2.RandomHorizontalFlip(0.5), v2.RandomVerticalFlip(0.5)]
        steps.append(v2.Normalize([0.5], [0.5]))
        yield image, numbers(rng, 2, 3, high=9, dtype=torch.int64), v2.Compose(steps)


@exercise.observe
def _(answer, image, mask, transform):
    drawn = [answer(image, mask, transform) for _ in range(6)]
    return {
        "image, six times": [image for image, _ in drawn],
        "mask, six times": [mask for _, mask in drawn],
    }


@exercise.mistake(
    "Your mask came back as it was, and no longer fits the picture. In one call at most one plain "
    "tensor is taken for an image, and all others are passed through."
)
def plain_tensors(image, mask, transform):
    return transform(image, mask)


@exercise.mistake(
    "Two calls are two draws: sometimes the picture is mirrored and the mask is not. And the "
    "numbers of classes in a mask are not colours."
)
def two_calls(image, mask, transform):
    mask = transform(mask.unsqueeze(0).float())[0]
    return transform(image), mask.long()


@exercise.mistake(
    "Your mask says that it is an image, so its classes were normalised like colours."
)
def mask_as_image(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Image(mask.float()))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor).reshape(mask.shape[-2:])


@exercise.mistake(
    "The mask moved, the image did not change at all: with a wrapped tensor in the call, plain "
    "ones are passed through. The image must say that it is one."
)
def only_mask_wrapped(image, mask, transform):
    _, mask = transform(image, tv_tensors.Mask(mask))
    return image, mask.as_subclass(torch.Tensor)


@exercise.right
def in_a_dictionary(image, mask, transform):
    together = {"image": tv_tensors.Image(image), "mask": tv_tensors.Mask(mask)}
    together = transform(together)
    return together["image"].as_subclass(torch.Tensor), together["mask"].data


exercise.equivalent(
    "image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))",
    "image, mask = transform.forward(tv_tensors.Image(image), tv_tensors.Mask(mask))",
    because="No hook hangs on a transform.",
)


exercise.equivalent(
    "together = transform(together)",
    "together = transform.forward(together)",
    because="No hook hangs on a transform.",
)
