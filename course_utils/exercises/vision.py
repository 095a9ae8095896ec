"""Exercises of notebook 07: the vision pipeline."""

import torch
from PIL import Image
from torch import nn
from torch.utils.data import Dataset, Subset, random_split
from torchvision import transforms, tv_tensors
from torchvision.transforms import v2

from ..exercise import Exercise
from ..observation import attempt


def numbers(rng, *shape, low=0, high=255, dtype=torch.uint8):
    """A tensor of this shape with whole numbers from low to high."""
    count = torch.Size(shape).numel()
    values = [rng.randint(low, high) for _ in range(count)]
    return torch.tensor(values, dtype=dtype).reshape(shape)


# 07.1 -------------------------------------------------------------------------------------

to_tensor_exercise = Exercise(
    "07.1",
    "ToTensor by hand",
    minutes=12,
    difficulty=1,
    hints=[
        "Three things happen: a channel dimension is there, it comes first, and bytes become "
        "numbers from 0 to 1. Write one line for each.",
        "A grey image of shape (height, width) first becomes (height, width, 1).",
        "`permute` moves dimensions. `pixels.dtype` tells you whether to scale.",
    ],
)


@to_tensor_exercise.reference
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


@to_tensor_exercise.cases
def _(rng):
    yield (torch.tensor([[0, 51], [102, 255], [204, 153]], dtype=torch.uint8),)
    yield (torch.tensor([[[255, 0, 51], [0, 102, 255]]], dtype=torch.uint8),)
    yield (torch.tensor([[0.25, 0.5, 1.0]]),)
    yield (numbers(rng, 2, 3, 3),)
    yield (numbers(rng, 3, 2, 3, high=200).float(),)


@to_tensor_exercise.mistake(
    "You divide every image. ToTensor looks at the dtype: only bytes are scaled, and a float image "
    "goes through with the values it has."
)
def scales_everything(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    return pixels.permute(2, 0, 1).float() / 255


@to_tensor_exercise.mistake(
    "Your bytes became floats, but they still run from 0 to 255. ToTensor does two things to them."
)
def does_not_scale(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    return pixels.permute(2, 0, 1).float()


@to_tensor_exercise.mistake(
    "The shape is right, and the picture is scrambled: `reshape` deals the numbers out anew in "
    "their old order. Dimensions have to be moved."
)
def reshapes(pixels):
    height, width = pixels.shape[:2]
    image = pixels.reshape(-1, height, width)
    return image / 255 if image.dtype == torch.uint8 else image


@to_tensor_exercise.mistake(
    "The channels came first, and on the way height and width changed places: every picture is "
    "mirrored along its diagonal."
)
def reverses_dimensions(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    image = pixels.permute(2, 1, 0)
    return image / 255 if image.dtype == torch.uint8 else image


@to_tensor_exercise.mistake(
    "A grey image has a channel, too: one. A convolution asks for it, so the shape has three "
    "numbers."
)
def forgets_the_channel(pixels):
    image = pixels.permute(2, 0, 1) if pixels.dim() == 3 else pixels
    return image / 255 if image.dtype == torch.uint8 else image


@to_tensor_exercise.mistake(
    "256 values, but the largest of them is 255. White should become exactly 1."
)
def divides_by_256(pixels):
    if pixels.dim() == 2:
        pixels = pixels.unsqueeze(-1)
    image = pixels.permute(2, 0, 1)
    return image / 256 if image.dtype == torch.uint8 else image


# 07.2 -------------------------------------------------------------------------------------

normalize_exercise = Exercise(
    "07.2",
    "Normalize by hand",
    minutes=8,
    difficulty=1,
    hints=[
        "Two operations. Which number is subtracted, and which one divides?",
        "`mean` has one number for each channel. Which shape must it have to meet an image of "
        "shape (channels, height, width)?",
        "`torch.tensor(mean).reshape(-1, 1, 1)` has the shape (channels, 1, 1).",
    ],
)


@normalize_exercise.reference
def normalize(image, mean, std):
    """What transforms.Normalize(mean, std) does.

    image: float32 of shape (channels, height, width). mean, std: lists with one float for each
    channel: what is subtracted, and what it is then divided by.
    Returns a new float32 tensor of the same shape; `image` is not changed.
    """
    mean = torch.tensor(mean).reshape(-1, 1, 1)  # (channels, 1, 1)
    std = torch.tensor(std).reshape(-1, 1, 1)  # (channels, 1, 1)
    return (image - mean) / std


@normalize_exercise.cases
def _(rng):
    yield torch.tensor([[[0.0, 0.5, 1.0]]]), [0.5], [1.0]
    yield torch.tensor([[[0.0, 0.5], [1.0, 0.25]]]), [0.5], [0.25]
    yield torch.arange(27.0).reshape(3, 3, 3) / 26, [0.5, 0.25, 0.75], [0.5, 0.25, 0.125]
    image = numbers(rng, 2, 2, 3, high=100, dtype=torch.float32) / 100
    yield image, [0.1, 0.6], [0.2, 0.4]


@normalize_exercise.mistake(
    "You took the two arguments for the mean and standard deviation that come *out*. They say what "
    "goes in: the first is taken away, the second divides."
)
def makes_that_mean(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image * std + mean


@normalize_exercise.mistake("The two arguments changed places: you take away the spread.")
def swaps_arguments(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image - std) / mean


@normalize_exercise.mistake(
    "One number for each channel, but broadcasting lines up the *last* dimensions: your numbers "
    "went to the columns of the picture."
)
def along_the_columns(image, mean, std):
    return (image - torch.tensor(mean)) / torch.tensor(std)


@normalize_exercise.mistake(
    "Division comes before subtraction if no brackets say otherwise, in Python as in school."
)
def without_brackets(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image - mean / std


@normalize_exercise.mistake(
    "You used the picture's own mean and spread. Then a dark picture and a bright one look the "
    "same. The numbers are given, once for all pictures."
)
def by_its_own_numbers(image, mean, std):
    dims = (1, 2)
    return (image - image.mean(dims, keepdim=True)) / image.std(dims, keepdim=True)


@normalize_exercise.mistake(
    "The numbers are right, but you wrote them into the image you were given. The caller's picture "
    "is gone, and a second call would normalise it twice."
)
def in_place(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return image.sub_(mean).div_(std)


# 07.3 -------------------------------------------------------------------------------------

show_exercise = Exercise(
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


@show_exercise.reference
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


@show_exercise.cases
def _(rng):
    yield torch.tensor([[[-1.0, 0.0, 1.0]]]), [0.5], [0.5]
    yield torch.tensor([[[-2.0, 0.5], [1.0, 3.0], [0.0, 1.5]]]), [0.25], [0.5]
    yield torch.arange(-6.0, 6.0).reshape(2, 2, 3) / 8, [0.5, 0.4], [0.25, 0.75]
    yield numbers(rng, 3, 3, 2, low=-99, high=99).float() / 99, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]


@show_exercise.mistake(
    "You undo the two steps in the order in which they were done. The last one has to be undone "
    "first."
)
def undoes_in_order(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return ((image + mean) * std).clamp(0, 1).permute(1, 2, 0)


@show_exercise.mistake("You normalise a second time instead of undoing the first.")
def normalizes_again(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return ((image - mean) / std).clamp(0, 1).permute(1, 2, 0)


@show_exercise.mistake(
    "Some of your values lie below 0 or above 1. Drawing programs then complain, or stretch the "
    "picture."
)
def does_not_clamp(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).permute(1, 2, 0)


@show_exercise.mistake(
    "The shape is right, and the pixels are not where they were. `reshape` does not move "
    "dimensions."
)
def reshapes_the_picture(image, mean, std):
    channels, height, width = image.shape
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).clamp(0, 1).reshape(height, width, channels)


@show_exercise.mistake(
    "The channels still come first. A model wants them there, a drawing function wants them last."
)
def channels_first(image, mean, std):
    mean, std = torch.tensor(mean).reshape(-1, 1, 1), torch.tensor(std).reshape(-1, 1, 1)
    return (image * std + mean).clamp(0, 1)


@show_exercise.mistake(
    "You stretched each picture from its darkest to its brightest pixel. It can be seen, but it is "
    "not the picture that went in: `mean` and `std` are not used."
)
def stretches(image, mean, std):
    low, high = image.min(), image.max()
    return ((image - low) / (high - low)).permute(1, 2, 0)


# 07.4 -------------------------------------------------------------------------------------

statistics_exercise = Exercise(
    "07.4",
    "Mean and standard deviation of a training set",
    minutes=20,
    difficulty=2,
    hints=[
        "Would a mean of means be right if the last batch is smaller? And a mean of standard "
        "deviations?",
        "Walk through all batches once and keep three things: how many pixels, their sum, and the "
        "sum of their squares.",
        "The variance is the mean of the squares minus the square of the mean.",
        "Or keep all batches, `torch.cat` them, and reduce over the dimensions (0, 2, 3).",
    ],
)


@statistics_exercise.reference
def mean_and_std(batches):
    """The mean and standard deviation of each channel, over all pixels of all images.

    batches: pairs (images, labels), as a DataLoader gives them; images is float32 of shape
    (batch, channels, height, width), and the last batch may be smaller.
    Returns (mean, std), two float32 tensors of shape (channels,). The standard deviation divides
    by the number of pixels (correction=0).
    """
    images = torch.cat([images for images, _ in batches])  # (samples, channels, height, width)
    return images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)


@statistics_exercise.cases
def _(rng):
    dark, bright = torch.zeros(2, 1, 2, 2), torch.ones(1, 1, 2, 2)
    yield ([(dark, torch.tensor([0, 1])), (bright, torch.tensor([2]))],)
    for channels in (1, 2, 3):
        batches = []
        for size in (3, 3, 1):
            images = numbers(rng, size, channels, 2, 3, high=9, dtype=torch.float32) / 10
            batches.append((images + size / 10, torch.zeros(size, dtype=torch.int64)))
        yield (batches,)


@statistics_exercise.mistake(
    "You average the means and the standard deviations of the batches. A small last batch then "
    "counts as much as a full one, and differences *between* batches are not seen at all."
)
def mean_of_batches(batches):
    means = [images.mean((0, 2, 3)) for images, _ in batches]
    stds = [images.std((0, 2, 3), correction=0) for images, _ in batches]
    return torch.stack(means).mean(0), torch.stack(stds).mean(0)


@statistics_exercise.mistake(
    "Your mean is right. But the mean of the images' standard deviations is too small: it does not "
    "see that one image is dark and the next one bright."
)
def mean_of_image_stds(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.std((2, 3), correction=0).mean(0)


@statistics_exercise.mistake(
    "You looked at the first batch only. The training set has more of them."
)
def first_batch_only(batches):
    images, _ = next(iter(batches))
    return images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)


@statistics_exercise.mistake(
    "All channels went into one number. Normalize wants one for each channel, also where there is "
    "only one channel."
)
def over_all_channels(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean(), images.std(correction=0)


@statistics_exercise.mistake(
    "You have a number for each *pixel*: the mean picture. Rows and columns are to be summed up, "
    "too."
)
def mean_picture(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean(0), images.std(0, correction=0)


@statistics_exercise.mistake(
    "Your standard deviation is a little too large: by default `std` divides by one less than the "
    "number of pixels."
)
def divides_by_one_less(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.std((0, 2, 3))


@statistics_exercise.mistake(
    "You give back the variance. One more step, and the unit is that of the pixels again."
)
def gives_variance(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.var((0, 2, 3), correction=0)


# 07.5 -------------------------------------------------------------------------------------

resize_exercise = Exercise(
    "07.5",
    "What Resize gives",
    minutes=8,
    difficulty=1,
    hints=[
        "An int speaks of one edge only. Which one, and what happens to the other?",
        "The shorter edge becomes `size`; the longer one keeps the proportion.",
        "`int(...)` cuts off, as torchvision does here.",
    ],
)


@resize_exercise.reference
def resized(height, width, size):
    """The size of an image after transforms.Resize(size).

    height, width: ints. size: an int, or a pair of ints (height, width).
    With an int, the proportion stays; a length that is not whole is cut off, not rounded.
    Returns the pair (new height, new width), two ints.
    """
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


@resize_exercise.cases
def _(rng):
    yield 28, 56, 24
    yield 56, 28, 24
    yield 28, 28, 24
    yield 100, 50, (30, 40)
    yield 60, 101, 32
    for _ in range(2):
        yield rng.randint(20, 40), rng.randint(50, 90), rng.randint(10, 60)


@resize_exercise.mistake(
    "An int does not make a square. It sets one edge, and the picture keeps its proportion."
)
def makes_a_square(height, width, size):
    return (size, size) if isinstance(size, int) else tuple(size)


@resize_exercise.mistake(
    "You set the longer edge. Resize sets the other one, so that a crop of this size fits inside."
)
def sets_longer_edge(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = int(size * shorter / longer)
    return (other, size) if height <= width else (size, other)


@resize_exercise.mistake(
    "Your pair is (width, height), as PIL has it. torchvision's sizes are the other way round."
)
def as_pil_says(height, width, size):
    if not isinstance(size, int):
        return tuple(size)[::-1]
    shorter, longer = min(height, width), max(height, width)
    other = int(size * longer / shorter)
    return (other, size) if height <= width else (size, other)


@resize_exercise.mistake(
    "You always set the height. For a picture that is taller than wide, this is the longer edge."
)
def always_the_height(height, width, size):
    return (size, int(size * width / height)) if isinstance(size, int) else tuple(size)


@resize_exercise.mistake("Almost: a length that is not whole is cut off here, not rounded.")
def rounds(height, width, size):
    if not isinstance(size, int):
        return tuple(size)
    shorter, longer = min(height, width), max(height, width)
    other = round(size * longer / shorter)
    return (size, other) if height <= width else (other, size)


# 07.6 -------------------------------------------------------------------------------------

crop_exercise = Exercise(
    "07.6",
    "Pad, then crop",
    minutes=12,
    difficulty=2,
    hints=[
        "Make a larger picture of zeros and write the image into its middle.",
        "Then cut: rows from `top` on, columns from `left` on. Where does a slice end?",
        "`nn.functional.pad` takes its numbers from the last dimension backwards: left, right, "
        "top, bottom.",
    ],
)


@crop_exercise.reference
def pad_and_crop(image, padding, top, left, size):
    """What RandomCrop(size, padding=padding) does once it has drawn `top` and `left`.

    image: a tensor of shape (channels, height, width). padding: how many zeros are put on each of
    the four sides. top, left: where the cut begins, counted in the padded image.
    Returns a tensor of shape (channels, size, size) and of the image's dtype; `image` is not
    changed.
    """
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, top : top + size, left : left + size]


@crop_exercise.cases
def _(rng):
    image = torch.arange(1, 10).reshape(1, 3, 3)
    yield image, 1, 0, 1, 3
    yield image, 1, 2, 0, 3
    yield image, 0, 1, 0, 2
    yield numbers(rng, 2, 4, 4, low=1, high=99, dtype=torch.float32), 2, 3, 1, 4
    yield numbers(rng, 3, 4, 4, low=1, high=99), 1, 0, 2, rng.randint(2, 3)


@crop_exercise.mistake(
    "You cut first and pad afterwards. Then the zeros are always there, and the size has grown."
)
def crops_first(image, padding, top, left, size):
    cut = image[:, top : top + size, left : left + size]
    return nn.functional.pad(cut, (padding, padding, padding, padding))


@crop_exercise.mistake("`top` counts rows and `left` counts columns; yours are exchanged.")
def exchanges_top_and_left(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, left : left + size, top : top + size]


@crop_exercise.mistake(
    "A slice ends at a place, not after a number of rows: yours gets shorter the later it begins."
)
def ends_at_size(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    return padded[:, top:size, left:size]


@crop_exercise.mistake(
    "Two numbers for `pad` speak of the last dimension only: you have zeros on the left and on the "
    "right, none above and below."
)
def pads_two_sides(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding))
    return padded[:, top : top + size, left : left + size]


@crop_exercise.mistake(
    "You count `top` and `left` in the image before padding. They are drawn in the padded one."
)
def counts_in_the_image(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    top, left = top + padding, left + padding
    return padded[:, top : top + size, left : left + size]


@crop_exercise.mistake(
    "You took a fixed piece out of the middle, as CenterCrop does. `top` and `left` have no effect."
)
def center_crop(image, padding, top, left, size):
    padded = nn.functional.pad(image, (padding, padding, padding, padding))
    top, left = (padded.shape[1] - size) // 2, (padded.shape[2] - size) // 2
    return padded[:, top : top + size, left : left + size]


# 07.7 -------------------------------------------------------------------------------------

mirror_exercise = Exercise(
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


@mirror_exercise.reference
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


@mirror_exercise.cases
def _(rng):
    yield torch.tensor([[[1, 2], [3, 4]]]), 0.25
    yield torch.tensor([[[1, 2, 3]], [[4, 5, 6]]]), 0.5
    yield numbers(rng, 3, 2, 3, low=1, high=99), 0.75


def mirrored_share(answer, image, p):
    """How often a transform changes the image, roughly: 'about 0.25'."""
    transform = answer(p)
    changed = sum(not torch.equal(transform(image), image) for _ in range(300))
    return f"about {p}" if abs(changed / 300 - p) < 0.12 else f"{changed / 300:.1f}"


def repeats(answer, image, p):
    """The same changes after the same seed."""
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        transform = answer(p)
        runs.append([transform(image).tolist() for _ in range(20)])
    return runs[0] == runs[1]


@mirror_exercise.observe
def _(answer, image, p):
    return {
        "image with p=1": answer(1.0)(image),
        "image with p=0": answer(0.0)(image),
        "share of changed images in 300 calls": attempt(lambda: mirrored_share(answer, image, p)),
        "the same again after torch.manual_seed": attempt(lambda: repeats(answer, image, p)),
    }


@mirror_exercise.mistake(
    "You turn the image upside down. *Horizontal* means that pixels travel horizontally: left and "
    "right change places."
)
class UpsideDown:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-2) if torch.rand(()) < self.p else image


@mirror_exercise.mistake(
    "You drew once, when the transform was made. From then on it mirrors every image or none. A "
    "random transform draws at each call."
)
class DrawsOnce:
    def __init__(self, p):
        self.mirror = torch.rand(()) < p

    def __call__(self, image):
        return image.flip(-1) if self.mirror else image


@mirror_exercise.mistake(
    "It is the other way round: with p=1 your transform never mirrors, with p=0 always."
)
class OtherWayRound:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.rand(()) >= self.p else image


@mirror_exercise.mistake(
    "Dimension 0 holds the channels. You turn red into blue, and no pixel moves."
)
class FlipsChannels:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(0) if torch.rand(()) < self.p else image


@mirror_exercise.mistake(
    "A normal distribution is not a chance: `torch.randn` gives numbers below 0 half of the time."
)
class DrawsNormally:
    def __init__(self, p):
        self.p = p

    def __call__(self, image):
        return image.flip(-1) if torch.randn(()) < self.p else image


# 07.8 -------------------------------------------------------------------------------------

compose_exercise = Exercise(
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


@compose_exercise.reference
def make_transforms(size, mean, std):
    """The transforms of the training images and of the validation images.

    size: the height and width of the grey PIL images that the transforms get. mean, std: floats.
    Returns (train, valid). Both turn an image into a float32 tensor of shape (1, size, size),
    scaled to 0 ... 1 and then normalised with mean and std. Before that, `train` shifts the image
    at random: it puts 2 black pixels on each side and cuts out size x size. `valid` has no chance
    in it.
    """
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@compose_exercise.cases
def _(rng):
    yield 6, 0.5, 0.5
    yield 8, rng.randint(10, 40) / 100, 0.25
    yield 5, 0.2, rng.randint(30, 70) / 100


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


@compose_exercise.observe
def _(answer, size, mean, std):
    train, valid = answer(size, mean, std)
    image = grey_image(size)
    seen = [attempt(lambda: train(image)) for _ in range(20)]
    shapes = {tuple(one.shape) if isinstance(one, torch.Tensor) else str(one) for one in seen}
    facts = {
        "valid(image)": attempt(lambda: valid(image)),
        "valid(image) is always the same": attempt(
            lambda: all(torch.equal(valid(image), valid(image)) for _ in range(10))
        ),
        "shapes of train(image)": sorted(shapes),
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
        # Of 25 shifts 16 go to the border, so 20 calls do not miss all of them.
        inner = [shifts[5 * i + j] for i in (1, 2, 3) for j in (1, 2, 3)]
        facts["some of them are shifted by 2"] = any(picture not in inner for picture in pictures)
    return facts


@compose_exercise.mistake(
    "Normalize computes with tensors, and here it meets a PIL image. Which step makes the tensor?"
)
def normalizes_first(size, mean, std):
    to_numbers = [transforms.Normalize((mean,), (std,)), transforms.ToTensor()]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return train, transforms.Compose(to_numbers)


@compose_exercise.mistake(
    "Your validation images are shifted at random, too. Then the score changes from run to run "
    "although the model does not."
)
def augments_both(size, mean, std):
    steps = [transforms.RandomCrop(size, padding=2), transforms.ToTensor()]
    both = transforms.Compose([*steps, transforms.Normalize((mean,), (std,))])
    return both, both


@compose_exercise.mistake(
    "Your training images never change: the same piece is cut out every time. In how many places "
    "does a piece of the full size fit, if nothing was put around the image?"
)
def crops_without_padding(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size), *to_numbers])
    return train, transforms.Compose(to_numbers)


@compose_exercise.mistake(
    "You pad after Normalize. The zeros that are put there are no longer black: black has another "
    "value by then."
)
def pads_after_normalizing(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([*to_numbers, transforms.RandomCrop(size, padding=2)])
    return train, transforms.Compose(to_numbers)


@compose_exercise.mistake(
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


@compose_exercise.mistake("First the training transform, then the one for validation, please.")
def in_other_order(size, mean, std):
    to_numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
    train = transforms.Compose([transforms.RandomCrop(size, padding=2), *to_numbers])
    return transforms.Compose(to_numbers), train


# 07.9 -------------------------------------------------------------------------------------

split_exercise = Exercise(
    "07.9",
    "A real validation split",
    minutes=15,
    difficulty=2,
    hints=[
        "A transform belongs to a dataset object. Two transforms need two objects.",
        "Draw one random order of all indices. The first part is for validation, the rest for "
        "training.",
        "`torch.randperm(n, generator=...)` and `Subset(dataset, indices)`.",
    ],
)


@split_exercise.reference
def split(make_dataset, count, train_transform, valid_transform, seed):
    """Split a training set into two parts with different transforms.

    make_dataset(transform): gives a new dataset over the same files each time, with this
    transform. count: how many samples are for validation.
    seed: decides which ones; the same seed gives the same split, another seed another one.
    Returns (train, valid), two datasets. Every sample is in exactly one of them; which one is
    decided at random, because the files may be sorted by class. Samples of `train` went through
    train_transform, those of `valid` through valid_transform.
    """
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[count:]), Subset(valid, order[:count])


class Numbered(Dataset):
    """Sample i is (transform(i), label); sorted by label, as a folder of files often is."""

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return 40

    def __getitem__(self, i):
        if not 0 <= i < 40:
            raise IndexError(i)
        return self.transform(i), i // 10


def training(i):
    """Stands for a transform with augmentation: which sample, and that it was this transform."""
    return i, "training transform"


def validation(i):
    """Stands for a transform without augmentation."""
    return i, "validation transform"


def members(dataset):
    """Which samples are in a dataset of Numbered, and which transforms they went through."""
    samples = [dataset[i][0] for i in range(len(dataset))]
    return [int(i) for i, _ in samples], sorted({how for _, how in samples})


@split_exercise.cases
def _(rng):
    yield Numbered, 10, training, validation, 0
    # With fewer than eight samples, all of them may be of one class by chance.
    yield Numbered, 8, training, validation, rng.randint(1, 99)
    yield Numbered, rng.randint(9, 19), training, validation, rng.randint(1, 99)
    yield Numbered, rng.randint(21, 31), training, validation, rng.randint(1, 99)


@split_exercise.observe
def _(answer, make_dataset, count, train_transform, valid_transform, seed):
    def drawn(seed):
        return answer(make_dataset, count, train_transform, valid_transform, seed)

    train, valid = drawn(seed)
    (in_train, train_how), (in_valid, valid_how) = members(train), members(valid)
    again, other = members(drawn(seed)[1])[0], members(drawn(seed + 1)[1])[0]
    labels = {i // 10 for i in in_valid}
    return {
        "samples for training": len(in_train),
        "samples for validation": len(in_valid),
        "samples in both parts": len(set(in_train) & set(in_valid)),
        "samples in neither part": 40 - len(set(in_train) | set(in_valid)),
        "transforms seen in training": train_how,
        "transforms seen in validation": valid_how,
        "validation has samples of several classes": len(labels) > 1,
        "the same seed gives the same split": sorted(again) == sorted(in_valid),
        "another seed gives another split": sorted(other) != sorted(in_valid),
    }


@split_exercise.mistake(
    "Both parts look at one dataset object, and an object has one transform: the last one that you "
    "set. Training has lost its augmentation."
)
def sets_the_transform_afterwards(make_dataset, count, train_transform, valid_transform, seed):
    dataset = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    train, valid = random_split(dataset, [len(dataset) - count, count], generator)
    valid.dataset.transform = valid_transform
    return train, valid


@split_exercise.mistake(
    "One dataset with the training transform was split, so validation is augmented as well."
)
def one_dataset_for_both(make_dataset, count, train_transform, valid_transform, seed):
    dataset = make_dataset(train_transform)
    generator = torch.Generator().manual_seed(seed)
    return tuple(random_split(dataset, [len(dataset) - count, count], generator))


@split_exercise.mistake(
    "You drew twice, and the second draw is another one. Samples of one part are in the other part "
    "as well: the score is measured on what was learned by heart."
)
def draws_twice(make_dataset, count, train_transform, valid_transform, seed):
    generator = torch.Generator().manual_seed(seed)
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    sizes = [len(train) - count, count]
    return random_split(train, sizes, generator)[0], random_split(valid, sizes, generator)[1]


@split_exercise.mistake(
    "You took the last samples as they stand in the file. If it is sorted, validation has one "
    "class only, and training has none of it."
)
def takes_the_last(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    n = len(train)
    return Subset(train, range(n - count)), Subset(valid, range(n - count, n))


@split_exercise.mistake(
    "Your validation part was cut off, but training still gets everything. What is in both cannot "
    "tell you anything about new pictures."
)
def trains_on_everything(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return train, Subset(valid, order[:count])


@split_exercise.mistake("`count` is the size of the validation part; yours is what training gets.")
def exchanges_the_sizes(make_dataset, count, train_transform, valid_transform, seed):
    train, valid = make_dataset(train_transform), make_dataset(valid_transform)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(train), generator=generator).tolist()
    return Subset(train, order[:count]), Subset(valid, order[count:])


# 07.10 ------------------------------------------------------------------------------------

pair_exercise = Exercise(
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


@pair_exercise.reference
def transform_pair(image, mask, transform):
    """Send an image and its mask through one v2 transform, with the same random draw.

    image: float32 of shape (channels, height, width). mask: int64 of shape (height, width), the
    number of a class for each pixel. transform: a v2 transform, such as a Compose of a flip
    and a Normalize. What moves pixels moves both; what changes colours changes the image only.
    Returns (image, mask) as plain tensors. The arguments are not changed.
    """
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Mask(mask))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor)


@pair_exercise.cases
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


@pair_exercise.observe
def _(answer, image, mask, transform):
    drawn = [answer(image, mask, transform) for _ in range(6)]
    return {
        "image, six times": [image for image, _ in drawn],
        "mask, six times": [mask for _, mask in drawn],
    }


@pair_exercise.mistake(
    "Your mask came back as it was, and no longer fits the picture. In one call at most one plain "
    "tensor is taken for an image, and all others are passed through."
)
def plain_tensors(image, mask, transform):
    return transform(image, mask)


@pair_exercise.mistake(
    "Two calls are two draws: sometimes the picture is mirrored and the mask is not. And the "
    "numbers of classes in a mask are not colours."
)
def two_calls(image, mask, transform):
    mask = transform(mask.unsqueeze(0).float())[0]
    return transform(image), mask.long()


@pair_exercise.mistake(
    "Your mask says that it is an image, so its classes were normalised like colours."
)
def mask_as_image(image, mask, transform):
    image, mask = transform(tv_tensors.Image(image), tv_tensors.Image(mask.float()))
    return image.as_subclass(torch.Tensor), mask.as_subclass(torch.Tensor).reshape(mask.shape[-2:])


@pair_exercise.mistake(
    "The mask moved, the image did not change at all: with a wrapped tensor in the call, plain "
    "ones are passed through. The image must say that it is one."
)
def only_mask_wrapped(image, mask, transform):
    _, mask = transform(image, tv_tensors.Mask(mask))
    return image, mask.as_subclass(torch.Tensor)


# 07.11 ------------------------------------------------------------------------------------

network_exercise = Exercise(
    "07.11",
    "A small network for digits",
    minutes=20,
    difficulty=2,
    hints=[
        "Follow the shape: 28 -> convolution -> pooling -> convolution -> pooling.",
        "A 5x5 convolution without padding takes 4 away; pooling by 2 halves. So 28, 24, 12, 8, 4.",
        "`nn.Flatten()` keeps the batch dimension. What comes out at the end goes to "
        "cross-entropy, which does its own softmax.",
    ],
)


@network_exercise.reference
class DigitNet(nn.Module):
    """A convolutional network for grey images of 28 x 28.

    Layers: a 5x5 convolution with 8 output channels, ReLU, max pooling by 2; a 5x5 convolution
    with 16 output channels, ReLU, max pooling by 2; one linear layer with 10 outputs. No padding.
    DigitNet()(images): images is float32 of shape (batch, 1, 28, 28); returns logits of shape
    (batch, 10), for a loss that does the softmax itself.
    """

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=5),  # (batch, 8, 24, 24)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (batch, 8, 12, 12)
            nn.Conv2d(8, 16, kernel_size=5),  # (batch, 16, 8, 8)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (batch, 16, 4, 4)
            nn.Flatten(),  # (batch, 256)
            nn.Linear(256, 10),  # (batch, 10)
        )

    def forward(self, images):
        return self.layers(images)


@network_exercise.cases
def _(rng):
    yield (2, 0)
    yield (1, rng.randint(1, 99))
    yield (3, rng.randint(1, 99))


def with_known_numbers(model):
    """Fill the parameters so that the result does not depend on their names or their order."""
    for parameter in model.parameters():
        generator = torch.Generator().manual_seed(parameter.numel())
        values = torch.rand(parameter.shape, generator=generator) - 0.5
        parameter.data = 3 * values / max(parameter[0].numel(), 10) ** 0.5
    return model


@network_exercise.observe
def _(answer, batch, seed):
    model = answer()
    if any(nn.parameter.is_lazy(parameter) for parameter in model.parameters()):
        attempt(lambda: model(torch.zeros(2, 1, 28, 28)))  # lazy layers get their shapes now
    parameters = sorted(tuple(parameter.shape) for parameter in model.parameters())
    with_known_numbers(model)
    images = torch.rand(batch, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        logits = attempt(lambda: model(images))
    return {
        "shape of the result": tuple(logits.shape) if isinstance(logits, torch.Tensor) else logits,
        "result, with known parameters": logits,
        "shapes of the parameters": parameters,
    }


def digit_layers():
    """The layers up to the features of shape (batch, 16, 4, 4)."""
    first = [nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)]
    return [*first, nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]


@network_exercise.mistake(
    "Your outputs are probabilities. Cross-entropy applies a softmax itself; a second one makes "
    "the gradients small, and nobody sees an error."
)
class EndsWithSoftmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).softmax(dim=1)


@network_exercise.mistake(
    "A ReLU after the last layer cuts off all negative logits: the network can no longer say that "
    "a class is out of the question."
)
class EndsWithRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).relu()


@network_exercise.mistake(
    "You flatten the batch as well: all images become one long row. It may fit for a batch of one."
)
class FlattensTheBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.last = nn.Sequential(*digit_layers()), nn.Linear(256, 10)

    def forward(self, images):
        return self.last(torch.flatten(self.layers(images)))


@network_exercise.mistake(
    "`squeeze()` removes every dimension of size 1. With a batch of one image, the batch dimension "
    "goes as well."
)
class SqueezesTheBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).squeeze()


@network_exercise.mistake(
    "The linear layer expects 5x5 features, as if the image were 32x32. Follow the shape of a "
    "28x28 image from layer to layer."
)
class ForLargerImages(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(16 * 5 * 5, 10))

    def forward(self, images):
        return self.layers(images)


@network_exercise.mistake(
    "ReLU is missing. Without it, only the pooling keeps your layers from being one single linear "
    "step."
)
class WithoutRelu(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [layer for layer in digit_layers() if not isinstance(layer, nn.ReLU)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images)


# 07.12 ------------------------------------------------------------------------------------

worst_exercise = Exercise(
    "07.12",
    "The worst mistakes",
    minutes=15,
    difficulty=3,
    hints=[
        "First find the places where the prediction is wrong. Keep their numbers: you need them at "
        "the end.",
        "How sure was the model of the *true* class? `softmax` makes probabilities of logits.",
        "`argsort` on the probabilities of the wrong samples gives places among the wrong ones; "
        "look up their numbers.",
    ],
)


@worst_exercise.reference
def worst_mistakes(logits, labels, count):
    """The wrongly classified samples to look at first.

    logits: float32 of shape (samples, classes). labels: int64 of shape (samples,). count: how
    many to give at most.
    Returns the indices of wrong predictions, int64 of shape (k,), with k at most `count`: first
    the sample whose true class got the smallest probability.
    """
    probabilities = logits.softmax(dim=1)  # (samples, classes)
    of_true_class = probabilities.gather(1, labels[:, None])[:, 0]  # (samples,)
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]  # (wrong,)
    return wrong[of_true_class[wrong].argsort()[:count]]


@worst_exercise.cases
def _(rng):
    yield (
        torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 4.0], [2.0, 0.0]]),
        torch.tensor([0, 0, 0, 1]),
        2,
    )
    yield torch.tensor([[0.0, 2.0, 1.0], [5.0, 0.0, 0.0]]), torch.tensor([1, 0]), 3
    yield (
        torch.tensor([[9.0, 8.0, 0.0], [1.0, 0.0, -1.0], [0.1, 0.0, 0.0], [6.0, 0.0, 5.5]]),
        torch.tensor([1, 2, 0, 2]),
        5,
    )
    # The first sample is right, with less confidence than the true class of the others has.
    logits = torch.tensor([[0.2, 0.1, 0.0], [1.0, 0.9, -5.0], [2.0, 1.8, -5.0]])
    yield logits, torch.tensor([0, 1, 1]), 2
    for _ in range(2):
        logits = numbers(rng, 9, 3, low=-40, high=40, dtype=torch.float32) / 10
        noise = torch.tensor([rng.random() for _ in range(27)]).reshape(9, 3) / 20
        yield logits + noise, torch.tensor([rng.randint(0, 2) for _ in range(9)]), 3


@worst_exercise.mistake(
    "Your numbers count among the wrong samples only. The caller wants to look up the images in "
    "the whole set."
)
def places_among_the_wrong(logits, labels, count):
    of_true_class = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = logits.argmax(dim=1) != labels
    return of_true_class[wrong].argsort()[:count]


@worst_exercise.mistake(
    "Some of your samples were classified rightly, only without much confidence. They are not "
    "mistakes."
)
def unsure_ones_too(logits, labels, count):
    of_true_class = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    return of_true_class.argsort()[:count]


@worst_exercise.mistake(
    "You begin with the mistakes that were almost right. The worst ones come first."
)
def mildest_first(logits, labels, count):
    of_true_class = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort(descending=True)[:count]]


@worst_exercise.mistake(
    "You compare logits of different samples. Only differences inside one row mean something: make "
    "probabilities of them first."
)
def by_logits(logits, labels, count):
    of_true_class = logits.gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()[:, 0]
    return wrong[of_true_class[wrong].argsort()[:count]]


@worst_exercise.mistake(
    "Your list of mistakes is right, but it stands in the order of the data set: nothing says "
    "which of them is the worst."
)
def as_they_come(logits, labels, count):
    return (logits.argmax(dim=1) != labels).nonzero()[:, 0][:count]


@worst_exercise.mistake(
    "`nonzero` gives one row for each place it finds, so your result has one dimension too many."
)
def a_column(logits, labels, count):
    of_true_class = logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    wrong = (logits.argmax(dim=1) != labels).nonzero()
    return wrong[of_true_class[wrong[:, 0]].argsort()[:count]]
