"""Two pipelines for one set of images: one that changes the images at random, for training, and
one that never does. `transforms` has a class for each step.
"""

import torch
from PIL import Image
from torch import nn
from torchvision import transforms
from torchvision.transforms import v2

from course_utils.exercise import Exercise
from course_utils.observation import attempt


def grey_image(size):
    """A PIL image in which every pixel has another value, and the corners are not black."""
    values = torch.arange(size * size).mul(7).add(9).remainder(256).to(torch.uint8)
    return Image.fromarray(values.reshape(size, size).numpy())


def all_shifts(image, size):
    """Every picture that a shift by up to 2 pixels can give, as lists of lists."""
    pixels = transforms.PILToTensor()(image)[0].int()  # (size, size)
    padded = nn.functional.pad(pixels, (2, 2, 2, 2))
    return [padded[i : i + size, j : j + size].tolist() for i in range(5) for j in range(5)]


def as_bytes(normalised, mean, std):
    """The pixels before ToTensor and Normalize, as lists of lists."""
    return (normalised * std + mean).mul(255).round().int()[0].tolist()


def put_beside(train, size, mean, std):
    """The values that come up beside the pixels of a white image, in many calls."""
    white = Image.new("L", (size, size), color=255)
    pictures = [as_bytes(train(white), mean, std) for _ in range(20)]
    return sorted({value for picture in pictures for row in picture for value in row} - {255})


SMALLEST = 5  # of this size many calls are made: how often each place is cut out is counted

exercise = Exercise(
    "07.8",
    "Two pipelines: training and validation",
    minutes=12,
    difficulty=2,
    hints=[
        "Three kinds of steps: some need a picture, one makes a tensor, one needs a tensor. That "
        "gives the order.",
        "Which of the steps are random? They belong in one of the two pipelines only.",
        "The three steps of training: transforms.RandomCrop, transforms.ToTensor, "
        "transforms.Normalize, in this order.",
    ],
)


@exercise.reference
def make_transforms(size, mean, std):
    """The transforms of the training images and of the validation images.

    size: the height and width of the grey PIL images that the transforms get. mean, std: floats.
    Returns (train, valid). Both turn an image into a float32 tensor of shape (1, size, size),
    scaled to 0 ... 1 and then normalised with mean and std. Before that, `train` shifts each image
    at random: it puts 2 black pixels on each of the four sides and cuts out size x size, anywhere
    with the same chance. `valid` has no chance in it.
    """
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.cases
def _(rng):
    yield 6, 0.5, 0.5
    yield 8, rng.randint(10, 40) / 100, 0.25
    yield SMALLEST, 0.2, rng.randint(30, 70) / 100
    yield 20, 0.5, 0.5


@exercise.observe
def _(answer, size, mean, std):
    train, valid = answer(size, mean, std)
    image = grey_image(size)
    calls = 400 if size == SMALLEST else 60
    seen = [attempt(lambda: train(image)) for _ in range(calls)]
    shapes = {tuple(one.shape) if isinstance(one, torch.Tensor) else str(one) for one in seen}
    facts = {
        "valid(image)": attempt(lambda: valid(image)),
        "valid(image) is always the same": attempt(
            lambda: all(torch.equal(valid(image), valid(image)) for _ in range(10))
        ),
        "shapes of train(image)": sorted(shapes),
        "dtypes of train(image)": sorted({str(getattr(one, "dtype", "none")) for one in seen}),
    }
    if all(isinstance(one, torch.Tensor) for one in seen):
        shifts = all_shifts(image, size)
        pictures = [attempt(lambda one=one: as_bytes(one, mean, std)) for one in seen]
        facts["train(image) gives more than one picture"] = (
            len({str(picture) for picture in pictures}) > 1
        )
        facts["values put beside a white image"] = attempt(
            lambda: put_beside(train, size, mean, std)
        )
        facts["each of them is the image, shifted by up to 2"] = all(
            picture in shifts for picture in pictures
        )
        # Each shift has a chance of 1 in 25: 60 calls have all sides, and few stay as they were.
        found = [shifts.index(picture) for picture in pictures if picture in shifts]
        facts["shifts up and down, from -2 to 2"] = sorted({place // 5 - 2 for place in found})
        facts["shifts to left and right, from -2 to 2"] = sorted({place % 5 - 2 for place in found})
        facts["most of them are shifted"] = found.count(12) < calls / 4
        if calls == 400:
            # By 2 pixels, up, down, left or right: with the same chance for all places 64 in 100.
            outer = sum(max(abs(place // 5 - 2), abs(place % 5 - 2)) == 2 for place in found)
            facts["places at the edge come as often as others"] = outer > 0.54 * calls
    return facts


@exercise.mistake(
    "Normalize computes with tensors, and here it meets a PIL image. Which step makes the tensor?"
)
def normalizes_first(size, mean, std):
    to_numbers = [transforms.Normalize((mean,), (std,)), transforms.ToTensor()]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your validation images are shifted at random, too. Then the score changes from run to run "
    "although the model does not."
)
def augments_both(size, mean, std):
    steps = [transforms.RandomCrop(size, padding=2), transforms.ToTensor()]
    both = transforms.Compose([*steps, transforms.Normalize((mean,), (std,))])
    return both, both


@exercise.mistake(
    "Your training images never change: the same piece is cut out every time. In how many places "
    "can it be cut out, and who draws one of them?"
)
def crops_without_padding(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "You pad after Normalize. The zeros that are put there are no longer black: black has another "
    "value by then."
)
def pads_after_normalizing(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([*to_numbers, transforms.RandomCrop(size, padding=2)])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "You divide by 255 a second time: ToTensor has already done it, and `mean` and `std` belong to "
    "values from 0 to 1."
)
def scales_twice(size, mean, std):
    to_numbers = [
        transforms.ToTensor(),
        transforms.Normalize((255 * mean,), (255 * std,)),
    ]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake("First the training transform, then the one for validation, please.")
def in_other_order(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return transforms.Compose(to_numbers), train


@exercise.mistake("The shift goes in one direction only. Black pixels are put on all four sides.")
def pads_left_and_right_only(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=(2, 0)), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Some of your images are not the image shifted by up to 2 pixels: they are shifted further, "
    "or changed in another way. Only the shift is asked for."
)
def pads_more(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=4), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Many of your images come back unshifted: whether to shift is not asked for. Each image is "
    "cut anew."
)
def shifts_some(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose(
        [transforms.RandomApply([transforms.RandomCrop(size, padding=2)], p=0.5), *to_numbers]
    )
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your validation images have to be normalised as well: a model knows only what it was "
    "trained on."
)
def valid_is_not_normalised(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.ToTensor()


@exercise.mistake(
    "Nothing black comes in beside your images. Black pixels are put around, and the image "
    "moves into them: nothing is stretched or zoomed."
)
def edges_around(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose(
        [transforms.RandomCrop(size, padding=2, padding_mode="edge"), *to_numbers]
    )
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your training images are larger than size x size. Put something around first, then cut."
)
def pads_after_the_crop(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size), transforms.Pad(2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your training images are turned or stretched a little. They are only shifted, by whole pixels."
)
def turns(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose(
        [transforms.RandomAffine(5, translate=(2 / size, 2 / size)), *to_numbers]
    )
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your training images are not normalised, and the validation images are. A model has to see "
    "both alike."
)
def train_is_not_normalised(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), transforms.ToTensor()])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "You normalise with other numbers than `mean` and `std`. Those of another data set do not fit."
)
def numbers_of_a_tutorial(size, mean, std):
    mean = std = 0.5
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "The images are grey, with one channel, and your numbers are for three: v1 raises an error, "
    "and v2 would make three channels."
)
def three_channels(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize([mean] * 3, [std] * 3)]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake("Your training images have a size of their own. `size` says it.")
def always_28(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(28, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@exercise.mistake(
    "Your images are float64. The model's weights are float32, and both have to agree."
)
def float64_images(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    double = transforms.ConvertImageDtype(torch.float64)
    steps = [
        transforms.RandomCrop(size, padding=2),
        transforms.PILToTensor(),
        double,
        to_numbers[1],
    ]
    return transforms.Compose(steps), transforms.Compose(to_numbers)


@exercise.right
def with_v2(size, mean, std):
    numbers = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([mean], [std])]
    train = v2.Compose([v2.RandomCrop((size, size), padding=2), *numbers])
    return train, v2.Compose(numbers)


@exercise.right
def pads_as_a_tensor(size, mean, std):
    valid = transforms.Compose([transforms.ToTensor(), transforms.Normalize([mean], [std])])
    steps = [transforms.ToTensor(), transforms.RandomCrop(size, padding=2), valid.transforms[1]]
    return [transforms.Compose(steps), valid]


@exercise.right
def as_functions(size, mean, std):
    def valid(image):
        return (transforms.ToTensor()(image) - mean) / std

    crop = transforms.Compose([transforms.Pad(2), transforms.RandomCrop(size)])
    return lambda image: valid(crop(image)), valid
