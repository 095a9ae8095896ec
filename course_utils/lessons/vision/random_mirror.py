"""A random transform is an ordinary object that can be called. Make one."""

import torch
from torch import nn
from torchvision import transforms

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers
from course_utils.observation import attempt


def mirrored_share(answer, image, p):
    """How often a transform changes the image, roughly: 'about 0.25'."""
    transform = answer(p)
    changed = sum(not torch.equal(transform(image), image) for _ in range(300))
    return f"about {p}" if abs(changed / 300 - p) < 0.12 else f"{changed / 300:.1f}"


def changed_by(transform, image):
    return sum(not torch.equal(transform(image), image) for _ in range(1000))


def calls_without_a_draw(transform, image):
    """In how many of 20 calls torch's generator stays where it was."""
    states = [torch.get_rng_state()]
    for _ in range(20):
        transform(image)
        states.append(torch.get_rng_state())
    return sum(map(torch.equal, states[1:], states))


def repeats(answer, image, p):
    """The same changes after the same seed."""
    transform = answer(p)
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        runs.append([transform(image).tolist() for _ in range(20)])
    return runs[0] == runs[1]


exercise = Exercise(
    "07.7",
    "A random transform of your own",
    minutes=12,
    difficulty=2,
    hints=[
        "A transform is an object that can be called: `__init__` keeps the settings, `__call__` "
        "works on one image.",
        "*Horizontal* says along which direction the pixels travel. Which dimension is that?",
        "`torch.rand(())` is a number from 0 to 1, and it is below p with probability p.",
    ],
)


@exercise.reference
class RandomMirror:
    """Mirror an image left to right, with probability p, as RandomHorizontalFlip does.

    RandomMirror(p)(image): image is a tensor of shape (channels, height, width). Returns either
    the mirrored image or the image as it is. Every call draws anew, with torch's random numbers,
    so that torch.manual_seed makes it repeatable. `image` is not changed.
    """

    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.rand(()) < self.p else image


@exercise.cases
def _(rng):
    yield torch.tensor([[[1, 2], [3, 4]]]), 0.25
    yield torch.tensor([[[1, 2, 3]], [[4, 5, 6]]]), 0.5
    yield numbers(rng, 3, 2, 3, low=1, high=99), 0.75
    yield numbers(rng, 2, 3, 2, low=1, high=99).permute(2, 0, 1), 0.5


@exercise.observe
def _(answer, image, p):
    return {
        "image with p=1": answer(1.0)(image),
        "image with p=0": answer(0.0)(image),
        "images changed in 1000 calls with p=0": attempt(lambda: changed_by(answer(0.0), image)),
        "share of changed images in 300 calls": attempt(lambda: mirrored_share(answer, image, p)),
        "calls that draw nothing": attempt(lambda: calls_without_a_draw(answer(p), image)),
        "the same again after torch.manual_seed": attempt(lambda: repeats(answer, image, p)),
    }


@exercise.mistake(
    "`torch.manual_seed` sets torch's own generator, and no other one. Which one do you draw from?"
)
class DrawsFromItsOwnGenerator:
    def __init__(self, p):
        self.p, self.generator = p, torch.Generator()

    def __call__(self, image):
        return image.flip(-1) if torch.rand((), generator=self.generator) < self.p else image


@exercise.mistake("With p=0 an image is still mirrored now and then. Which numbers can be drawn?")
class DrawsWholePercent:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.randint(0, 101, ()) <= self.p * 100 else image


@exercise.mistake(
    "You turn the image upside down. *Horizontal* means that pixels travel horizontally: left and "
    "right change places."
)
class UpsideDown:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-2) if torch.rand(()) < self.p else image


@exercise.mistake(
    "You drew once, when the transform was made. From then on it mirrors every image or none. A "
    "random transform draws at each call."
)
class DrawsOnce:
    def __init__(self, p):
        self.mirror = torch.rand(()) < p

    def __call__(self, image):
        return image.flip(-1) if self.mirror else image


@exercise.mistake(
    "It is the other way round: with p=1 your transform never mirrors, with p=0 always."
)
class OtherWayRound:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.rand(()) >= self.p else image


@exercise.mistake("Dimension 0 holds the channels. You turn red into blue, and no pixel moves.")
class FlipsChannels:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(0) if torch.rand(()) < self.p else image


@exercise.mistake(
    "A normal distribution is not a chance: `torch.randn` gives numbers below 0 half of the time."
)
class DrawsNormally:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.randn(()) < self.p else image


@exercise.right
class AsModule(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.flip = transforms.RandomHorizontalFlip(p)

    def forward(self, image):
        return self.flip(image)


@exercise.right
class WithBernoulli:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        if torch.bernoulli(torch.tensor(self.p)):
            return image[..., list(reversed(range(image.shape[-1])))]
        return image.clone()


exercise.equivalent(
    "return image.flip(-1) if torch.rand(()) < self.p else image",
    "return image.flip(-1) if torch.rand(()) <= self.p else image",
    because="torch.rand gives exactly p so rarely that nobody can tell.",
)


exercise.equivalent(
    "return image.clone()",
    "return image",
    because="Whether the image itself comes back or a copy is left open.",
)
