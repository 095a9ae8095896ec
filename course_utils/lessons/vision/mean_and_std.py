"""Find the numbers for `Normalize`. The images come in batches, as from a loader. Take care: the
last batch may be smaller than the others.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.vision.inputs import numbers

exercise = Exercise(
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


@exercise.reference
def mean_and_std(batches):
    """The mean and standard deviation of each channel, over all pixels of all images.

    batches: pairs (images, labels), as a DataLoader gives them; images is float32 of shape
    (batch, channels, height, width), and the last batch may be smaller.
    Returns (mean, std), two float32 tensors of shape (channels,). The standard deviation divides
    by the number of pixels (correction=0).
    """
    images = torch.cat([images for images, _ in batches])  # (samples, channels, height, width)
    return images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)


@exercise.cases
def _(rng):
    dark, bright = torch.zeros(2, 1, 2, 2), torch.ones(1, 1, 2, 2)
    yield ([(dark, torch.tensor([0, 1])), (bright, torch.tensor([2]))],)
    for channels in (1, 2, 3):
        batches = []
        for size in (3, 3, 1):
            images = numbers(rng, size, channels, 2, 3, high=9, dtype=torch.float32) / 10
            batches.append((images + size / 10, torch.zeros(size, dtype=torch.int64)))
        yield (batches,)


@exercise.mistake(
    "You average the means and the standard deviations of the batches. A small last batch then "
    "counts as much as a full one, and differences *between* batches are not seen at all."
)
def mean_of_batches(batches):
    means = [images.mean((0, 2, 3)) for images, _ in batches]
    stds = [images.std((0, 2, 3), correction=0) for images, _ in batches]
    return torch.stack(means).mean(0), torch.stack(stds).mean(0)


@exercise.mistake(
    "Your mean is right. But the mean of the images' standard deviations is too small: it does not "
    "see that one image is dark and the next one bright."
)
def mean_of_image_stds(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.std((2, 3), correction=0).mean(0)


@exercise.mistake("You looked at the first batch only. The training set has more of them.")
def first_batch_only(batches):
    images, _ = next(iter(batches))
    return images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)


@exercise.mistake(
    "All channels went into one number. Normalize wants one for each channel, also where there is "
    "only one channel."
)
def over_all_channels(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean(), images.std(correction=0)


@exercise.mistake(
    "You have a number for each *pixel*: the mean picture. Rows and columns are to be summed up, "
    "too."
)
def mean_picture(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean(0), images.std(0, correction=0)


@exercise.mistake(
    "Your standard deviation is a little too large: by default `std` divides by one less than the "
    "number of pixels."
)
def divides_by_one_less(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.std((0, 2, 3))


@exercise.mistake(
    "You give back the variance. One more step, and the unit is that of the pixels again."
)
def gives_variance(batches):
    images = torch.cat([images for images, _ in batches])
    return images.mean((0, 2, 3)), images.var((0, 2, 3), correction=0)


@exercise.right
def with_sums(batches):
    count, total, squares = 0, 0.0, 0.0
    for images, _ in batches:
        count += images.numel() // images.shape[1]
        total = total + images.double().sum((0, 2, 3))
        squares = squares + images.double().square().sum((0, 2, 3))
    mean = total / count
    return mean.float(), (squares / count - mean**2).sqrt().float()


exercise.equivalent(
    "count += images.numel() // images.shape[1]",
    "count = count + images.numel() // images.shape[1]",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "count += images.numel() // images.shape[1]",
    "count += images.numel() / images.shape[1]",
    because="The division has no remainder.",
)


exercise.equivalent(
    "total = total + images.double().sum((0, 2, 3))",
    "total += images.double().sum((0, 2, 3))",
    because="`total` was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "squares = squares + images.double().square().sum((0, 2, 3))",
    "squares += images.double().square().sum((0, 2, 3))",
    because="`squares` was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "squares = squares + images.double().square().sum((0, 2, 3))",
    "squares = squares + images.double().square_().sum((0, 2, 3))",
    because="The doubles were made on this line.",
)
