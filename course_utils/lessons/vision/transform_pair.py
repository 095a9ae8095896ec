"""A mask holds a class for each pixel. If the image is mirrored, so must be its mask; if the image
is normalised, its mask must not be. One v2 transform can do both.
"""

import random

import torch
from torch import nn
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
    number of a class for each pixel. transform: a v2 transform that changes nothing in place, such
    as a Compose of a flip and a Normalize, or one that draws by itself. What moves pixels moves
    both; what changes colours changes the image only.
    Returns (image, mask) as plain tensors. The arguments are not changed.
    """
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


class DrawsItself(nn.Module):
    """Mirrors all that it is given, or nothing; a generator of its own says which."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.mirror = v2.RandomHorizontalFlip(1.0)

    def forward(self, *given):
        if self.random.random() < 0.5:
            return self.mirror(*given)
        return given if len(given) > 1 else given[0]

    def __repr__(self) -> str:
        return "DrawsItself()"


@exercise.cases
def _(rng):
    yield (
        torch.tensor([[[0.1, 0.2, 0.3]]]),
        torch.tensor([[1, 2, 3]]),
        v2.RandomHorizontalFlip(1.0),
    )
    both = v2.Compose([v2.RandomVerticalFlip(1.0), v2.Normalize([0.5], [0.25])])
    yield torch.tensor([[[0.5], [1.0]]]), torch.tensor([[7], [300]]), both  # more than a byte
    darker = v2.Compose([v2.RandomHorizontalFlip(1.0), v2.ColorJitter(brightness=(0.5, 0.5))])
    yield torch.tensor([[[0.25, 0.5, 0.75]]]), torch.tensor([[4, 8, rng.randint(1, 9)]]), darker
    own = DrawsItself(rng.randint(1, 99))
    yield torch.tensor([[[0.1, 0.2, 0.3]]]), torch.tensor([[1, 2, 3]]), own
    views = numbers(rng, 3, 2, 2, dtype=torch.float32).permute(2, 0, 1), numbers(rng, 2, 3).long().T
    yield *views, v2.RandomHorizontalFlip(1.0)
    for _ in range(3):
        image = numbers(rng, 1, 2, 3, high=99, dtype=torch.float32) / 100
        steps = [v2.RandomHorizontalFlip(0.5), v2.RandomVerticalFlip(0.5)]
        steps.append(v2.Normalize([0.5], [0.5]))
        yield image, numbers(rng, 2, 3, high=9, dtype=torch.int64), v2.Compose(steps)


@exercise.observe
def _(answer, image, mask, transform):
    drawn = [tuple(answer(image, mask, transform)) for _ in range(6)]
    return {
        "image, six times": [image for image, _ in drawn],
        "mask, six times": [mask for _, mask in drawn],
        "types of the two": [type(one).__name__ for one in drawn[0]],
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
    "The mask moved with the transform, and the image that you give back is still the old one."
)
def only_mask_wrapped(image, mask, transform):
    _, mask = transform(image, tv_tensors.Mask(mask))
    return image, mask.as_subclass(torch.Tensor)


@exercise.mistake(
    "The numbers are right, but not both are plain tensors: at least one still says that it is "
    "an image or a mask. What computes with it later may behave otherwise."
)
def still_wrapped(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image, mask


@exercise.mistake(same_as=still_wrapped)
def image_still_wrapped(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image, mask.as_subclass(torch.Tensor)


@exercise.mistake(same_as=still_wrapped)
def mask_still_wrapped(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask


@exercise.mistake("Two calls are two draws: sometimes the picture is mirrored and the mask is not.")
def two_calls_of_wrapped(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image)), transform(tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@exercise.mistake(same_as=mask_as_image)
def mask_as_image_of_one_channel(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Image(mask[None].float()))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)[0].long()


@exercise.mistake(
    "Your mask has got a dimension of channels. Its shape is (height, width), before and after."
)
def mask_with_a_channel(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask[None]))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@exercise.mistake(
    "Your mask has another dtype than the one that was given. Numbers of classes are int64."
)
def mask_as_float(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor).float()


@exercise.mistake(same_as=mask_as_float)
def mask_as_bytes(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask.byte()))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@exercise.mistake("A byte holds no number above 255. The number of a class may be larger.")
def mask_through_bytes(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask.byte()))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor).long()


@exercise.mistake(
    "Both are drawn alike, each time the same: random numbers were set back. An augmentation "
    "has to draw anew."
)
def sets_the_seed(image, mask, transform):
    torch.manual_seed(0)
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@exercise.mistake("First the image, then the mask, please.")
def in_other_order(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return mask.as_subclass(torch.Tensor), image.as_subclass(torch.Tensor)


@exercise.mistake("The results are right, but the image and the mask of the caller have changed.")
def into_the_callers(image, mask, transform):
    new_image, new_mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.copy_(new_image).as_subclass(torch.Tensor), mask.copy_(new_mask).as_subclass(
        torch.Tensor
    )


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
