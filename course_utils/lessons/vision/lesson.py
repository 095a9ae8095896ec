# %% [markdown]
# Images come as files, and a model wants a float tensor of shape (batch, channels, height, width).
# This lesson goes all the way: files, dataset, transforms, loader, network, and a look at what
# the network gets wrong.
#
# The digits are real, written by 13 people. They stand in the same kind of files as MNIST, the
# data set that most courses begin with, so torchvision's own class reads them.

# %%
from torchvision.datasets import MNIST

from course_utils import data, figures, predict

root = data.digits_root()
digits = MNIST(root)
len(digits), digits.classes[:3]

# %% [markdown]
# `root` is the folder *above* `MNIST/raw/`. `download=False` is the default: if the files are not
# there, you get an error. `train=True` is the default, too.
#
# **Predict 07.p1.** A sample is a pair: image and label. Of which type is the image?

# %%
guess = ...  # 'Image', 'Tensor' or 'ndarray'
predict("07.p1", guess, lambda: type(digits[0][0]).__name__)

# %%
image, label = digits[0]
image.size, image.mode, image.getextrema(), label

# %% [markdown]
# PIL, the Python imaging library, says `size` = (width, height). Mode `L` is grey, one byte for
# each pixel: 0 is black, 255 is white. Here are the first ten digits:

# %%
first = [digits[i] for i in range(10)]
figures.image_grid([image for image, _ in first], [str(label) for _, label in first], columns=10)

# %% [markdown]
# A model cannot compute with a PIL image. So the dataset takes a function that is called for each
# image when you ask for it: `transform=`. There is also `target_transform=`, for the label.
#
# **Predict 07.p2.** In the next call, the name has one letter more. What does it give: `'dataset'`,
# or `'error'`?

# %%
guess = ...
predict("07.p2", guess, lambda: MNIST(root, transforms=None) and "dataset")

# %% [markdown]
# ## ToTensor
#
# The transforms are classes in the module `torchvision.transforms` (with an s, this time). You
# make an object, and the object can be called. `ToTensor` makes a tensor of an image.
#
# **Predict 07.p3.** The brightest pixel of `image` is 255. What is the largest value of
# `to_tensor(image)`?

# %%
from torchvision import transforms

to_tensor = transforms.ToTensor()
guess = ...
predict("07.p3", guess, lambda: to_tensor(image).max().item())

# %%
x = to_tensor(image)  # (1, 28, 28)
x.shape, x.dtype

# %% [markdown]
# Three changes at once: the channel dimension comes first, bytes become float32, and 0 ... 255
# becomes 0 ... 1. That is why code that subtracts 127.5 after `ToTensor` is wrong.
#
# But does it *always* divide by 255? NumPy arrays are allowed as well.
#
# **Predict 07.p4.** The array below holds float numbers up to 255. What is the largest value of
# the tensor?

# %%
import numpy

floats = numpy.full((28, 28), 255.0, dtype="float32")  # (28, 28)
guess = ...
predict("07.p4", guess, lambda: to_tensor(floats).max().item())

# %% [markdown]
# Only bytes are scaled: 8-bit images and uint8 arrays. The values of a float array stay as they
# are, and nothing warns you.
#
# ## Normalize and Compose
#
# `Normalize(mean, std)` computes `(x - mean) / std`, channel by channel. Both arguments are
# sequences with one number for each channel.
#
# **Predict 07.p5.** Someone wants the mean 0.5 and the standard deviation 1, and writes
# `Normalize((0.5,), (1.0,))`. What do the values 0 and 1 become? Write a list of two numbers.

# %%
import torch

black_and_white = torch.tensor([[[0.0, 1.0]]])  # (1, 1, 2)
half = transforms.Normalize((0.5,), (1.0,))
guess = ...
predict("07.p5", guess, lambda: half(black_and_white).flatten().tolist())

# %% [markdown]
# The arguments say what is taken away and what divides, not what comes out. With 0.5 and 0.5 the
# values run from -1 to 1.
#
# `Compose` calls transforms one after the other. Their order matters.
#
# **Predict 07.p6.** `Normalize` first, then `ToTensor`. What is the shape of the result? Write a
# shape, or `'error'`.

# %%
guess = ...
wrong_order = transforms.Compose([transforms.Normalize((0.5,), (0.5,)), transforms.ToTensor()])
predict("07.p6", guess, lambda: wrong_order(image).shape)

# %% [markdown]
# So there are three groups, in this order: what works on pictures, `ToTensor`, what works on
# tensors only. (The first group takes tensors, too.) The next figure shows an image after each
# step. The picture hardly changes; type, shape and range do.

# %%
steps = [transforms.CenterCrop(24), transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
figures.transform_steps(image, steps)

# %% [markdown]
# Ready-made code often has three means and three standard deviations, for red, green and blue. Our
# digits have one channel.
#
# **Predict 07.p7.** What is the shape of a grey digit after `Normalize` with three numbers? Write
# a shape, or `'error'`.

# %%
three = (0.5, 0.5, 0.5)
guess = ...
predict("07.p7", guess, lambda: transforms.Normalize(three, three)(x).shape)

# %% [markdown]
# ## Mean and standard deviation of the training set
#
# With numbers around zero, training begins more easily. Which numbers belong in `Normalize`?
# Those of **your** training set: all pixels of all images together. Not those of the test set,
# which you should know nothing about, and not 0.1307 and 0.3081, which are MNIST's own.
#
# `digits.data` holds the raw bytes of all images. No transform has touched them.

# %%
pixels = digits.data / 255  # (samples, 28, 28)
mean, std = pixels.mean().item(), pixels.std().item()
round(mean, 3), round(std, 3)

# %% [markdown]
# For large data sets people take a shortcut: the standard deviation of each image, and the mean
# of those.
#
# **Predict 07.p8.** Four tiny images of two pixels: two are black, two are white. Compared with
# the standard deviation over all pixels, is the mean of the four images' own standard deviations
# `'smaller'`, `'equal'` or `'larger'`?


# %%
def compared(images):
    # correction=0 divides by the number of pixels; the default divides by that number minus 1.
    of_images = images.std(dim=1, correction=0).mean()  # ()
    of_pixels = images.std(correction=0)  # ()
    if of_images == of_pixels:
        return "equal"
    return "smaller" if of_images < of_pixels else "larger"


guess = ...
tiny = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])  # (images, pixels)
predict("07.p8", guess, lambda: compared(tiny))

# %% [markdown]
# Inside each of these images nothing varies. The shortcut does not see that images differ from
# each other. Sums and sums of squares over all pixels are right; exercise 07.4 asks for it.
#
# ## Resize and the crops
#
# Photos have many sizes, a batch has one. Our digits are all alike, so we put two beside each other
# to get an image that is wider than high. `ToPILImage` makes a picture of a tensor.

# %%
wide = transforms.ToPILImage()(torch.cat([x, to_tensor(digits[1][0])], dim=2))  # 28 high, 56 wide
figures.image_rows({"wide": [wide]})

# %% [markdown]
# **Predict 07.p9.** What are (height, width) after `Resize(24)`?


# %%
def height_and_width(image):
    return image.height, image.width


guess = ...
predict("07.p9", guess, lambda: height_and_width(transforms.Resize(24)(wide)))

# %% [markdown]
# One number sets the *shorter* edge, and the proportion stays. A pair is (height, width): here
# torchvision and PIL disagree. To get equal sizes without distortion, resize the shorter edge,
# then crop.

# %%
figures.image_rows(
    {
        "Resize(24)": [transforms.Resize(24)(wide)],
        "Resize((24, 24))": [transforms.Resize((24, 24))(wide)],
        "Resize((56, 28))": [transforms.Resize((56, 28))(wide)],
        "CenterCrop(24)": [transforms.CenterCrop(24)(wide)],
    }
)

# %% [markdown]
# ## Random transforms
#
# Now to the transforms that draw. Each of them is called eight times with the same digit.
# Their random numbers are torch's, so a seed makes the page repeatable. (In v1, `RandomChoice` and
# `RandomOrder` draw with Python's `random`.)

# %%
seven = digits[7][0]


def draws(transform, count=8):
    torch.manual_seed(0)
    return [transform(seven) for _ in range(count)]


crop = transforms.RandomCrop(28, padding=4)
figures.image_rows({"RandomCrop(28, padding=4)": draws(crop)})

# %% [markdown]
# `RandomCrop(28, padding=4)` puts 4 black pixels on each side and cuts a 28 x 28 piece out at a
# random place: it shifts the digit. Without padding, a crop of the full size would change nothing.
#
# `RandomRotation(30)` turns by an angle from -30 to 30 degrees. The corners that come in are
# black, unless you give `fill=`.

# %%
figures.image_rows({"RandomRotation(30)": draws(transforms.RandomRotation(30))})

# %% [markdown]
# Now the two flips. Their names are often mixed up.
#
# **Predict 07.p10.** With `p=1` a flip always happens. What does `RandomHorizontalFlip(p=1)` make
# of `[[1, 2], [3, 4]]`? Write lists.

# %%
square = torch.tensor([[[1, 2], [3, 4]]])  # (1, 2, 2)
guess = ...
predict("07.p10", guess, lambda: transforms.RandomHorizontalFlip(p=1)(square)[0])

# %%
figures.image_rows(
    {
        "RandomHorizontalFlip()": draws(transforms.RandomHorizontalFlip()),
        "RandomVerticalFlip()": draws(transforms.RandomVerticalFlip()),
    }
)

# %% [markdown]
# *Horizontal* says how the pixels travel: left and right change places. Without an argument, `p`
# is one half.
#
# Would you train with these pictures? A mirrored cat is a cat. A mirrored 7 is no digit, and a
# turned 6 is a 9 with the label 6. **Choose only changes after which the label is still true.**

# %%
six, nine = digits[6][0], digits[9][0]
half_turn = transforms.RandomRotation((180, 180))
figures.image_grid([six, half_turn(six), nine], ["a 6", "labelled 6", "a 9"])

# %% [markdown]
# ## Augmentation
#
# A pipeline with random steps is **augmentation**: the model sees each training image in many
# versions. For our digits: a small turn and a small shift.

# %%
numbers = [transforms.ToTensor(), transforms.Normalize((mean,), (std,))]
plain = transforms.Compose(numbers)
augmented = transforms.Compose(
    [transforms.RandomRotation(10), transforms.RandomCrop(28, padding=2), *numbers]
)

# %% [markdown]
# **Predict 07.p11.** `digits` has 1442 samples. How many has `MNIST(root, transform=augmented)`?

# %%
guess = ...
predict("07.p11", guess, lambda: len(MNIST(root, transform=augmented)))

# %% [markdown]
# The transform runs inside `dataset[i]`, afresh each time. So what grows is the number of
# *versions* of an image, from epoch to epoch. Ask for the same sample twice:

# %%
torch.manual_seed(0)
moving = MNIST(root, transform=augmented)
torch.equal(moving[0][0], moving[0][0]), torch.equal(moving.data[0], digits.data[0])

# %% [markdown]
# Augmentation is for **training only**. In validation you want to know how good the model is on
# real images, and to get the same score for the same model.
#
# ## Training, validation, test
#
# - **training** set: for the gradients
# - **validation** set: for your decisions, such as how many epochs
# - **test** set: touched once, at the end
#
# `MNIST` has two of them: `train=True` and `train=False`. To have three, someone makes a validation
# set with `train=False`, and a test set with `train=False`.
#
# **Predict 07.p12.** How many images of that test set are in that validation set, too: `'none'`,
# `'some'` or `'all'`?


# %%
def in_both(one, other):
    known = {bytes(image.numpy()) for image in other.data}
    shared = sum(bytes(image.numpy()) in known for image in one.data)
    return {0: "none", len(one): "all"}.get(shared, "some")


guess = ...
predict("07.p12", guess, lambda: in_both(MNIST(root, train=False), MNIST(root, train=False)))

# %% [markdown]
# Then there is no test set: every decision was made on it. So take the validation set out of the
# training set. `random_split` is quick. The next cell then sets the transform of the validation
# part.
#
# **Predict 07.p13.** After that, has the *training* part lost its augmentation? Write `True` or
# `False`.

# %%
from torch.utils.data import random_split

part, other = random_split(MNIST(root, transform=augmented), [1200, len(digits) - 1200])
other.dataset.transform = plain
guess = ...
predict("07.p13", guess, lambda: part.dataset.transform is plain)

# %% [markdown]
# Both parts look at one dataset, and one object has one transform. For two transforms, make **two
# dataset objects** over the same files, and cut one list of indices in two.

# %%
from torch.utils.data import Subset

order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(0)).tolist()
train_set = Subset(MNIST(root, transform=augmented), order[:1200])
valid_set = Subset(MNIST(root, transform=plain), order[1200:])
test_set = MNIST(root, train=False, transform=plain)
len(train_set), len(valid_set), len(test_set), len({*order[:1200]} & {*order[1200:]})

# %% [markdown]
# Strictly, `mean` and `std` should come from the 1200 training images alone. They hardly differ:

# %%
only_train = digits.data[order[:1200]] / 255  # (1200, 28, 28)
print(f"{only_train.mean():.2f} and {mean:.2f}, {only_train.std():.2f} and {std:.2f}")

# %% [markdown]
# ## Transforms v2
#
# `torchvision.transforms.v2` is the newer version, and the one to use in new code; what you used so
# far is v1. v2 knows the same names, and nearly all of the above holds for it, too. It also works
# on masks and on boxes. The documentation replaces `ToTensor` by two steps:

# %%
from torchvision.transforms import v2

to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
y = to_float(image)  # (1, 28, 28)
type(y).__name__, torch.allclose(y, x)

# %% [markdown]
# The result is an `Image` of `torchvision.tv_tensors`: a tensor that knows it is an
# image. Its values are those of `ToTensor`, up to rounding.
#
# **Predict 07.p14.** `scale=True` is easily forgotten. What is the largest value without it?

# %%
guess = ...
no_scale = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32)])
predict("07.p14", guess, lambda: no_scale(image).max().item())

# %% [markdown]
# `v2.ToTensor()` still works, but it warns; the old `transforms.ToTensor()` does not.

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    v2.ToTensor()
print([warning.category.__name__ for warning in caught])

# %% [markdown]
# With three means for a grey image, v1 raised an error. v2 raises none: without a warning, the
# image gets three channels.

# %%
v2.Normalize(three, three)(x).shape  # (3, 28, 28)

# %% [markdown]
# Both versions take a whole batch, too.
#
# **Predict 07.p15.** A batch of six equal images goes through `RandomHorizontalFlip()`, which flips
# with the chance of one half. How many *different* images come out?

# %%
guess = ...


def different_images():
    batch = x.expand(6, 1, 28, 28)  # (6, 1, 28, 28)
    return len(v2.RandomHorizontalFlip()(batch).unique(dim=0))


predict("07.p15", guess, different_images)

# %% [markdown]
# Whether to flip, where to cut, how far to turn: one call is one draw, for everything in it. So
# augment sample by sample, in the dataset. (Noise is another matter: `v2.GaussianNoise`, in
# newer versions of torchvision, draws for each pixel.)
#
# The great advantage of v2 comes from the same rule: several things go through together, with
# **one** draw. A mask says for each pixel whether it belongs to the digit. When the image turns,
# the mask has to turn, too.
#
# **Predict 07.p16.** Two plain tensors, each `[[1, 2]]`, go through a flip with `p=1`. What comes
# out? Write two lists.

# %%
row = torch.tensor([[[1, 2]]])  # (1, 1, 2)
flip = v2.RandomHorizontalFlip(p=1)
guess = ...
predict("07.p16", guess, lambda: [out.flatten().tolist() for out in flip(row, row)])

# %% [markdown]
# Of several *plain* tensors only the first counts as an image; and beside an `Image` or a PIL
# image, none of them does. So say what each one is:

# %%
from torchvision import tv_tensors

turn = v2.Compose([v2.RandomRotation(40), v2.RandomHorizontalFlip()])
picture, mask = tv_tensors.Image(x), tv_tensors.Mask((x > 0.5).to(torch.uint8))
torch.manual_seed(3)
pairs = [turn(picture, mask) for _ in range(6)]
figures.image_rows({"images": [p for p, _ in pairs], "masks": [255 * m for _, m in pairs]})

# %% [markdown]
# ## Your own photos
#
# `ImageFolder` reads a folder with one folder for each class; their names, sorted, are the classes.
# Here are a few digits, saved as files.

# %%
import atexit
import shutil
import tempfile
from pathlib import Path

photos = Path(tempfile.mkdtemp())  # a new, empty folder
atexit.register(shutil.rmtree, photos)  # it goes away with the kernel
for i in range(6):
    picture, label = digits[i]
    place = photos / ("even" if label % 2 == 0 else "odd")
    place.mkdir(exist_ok=True)
    picture.save(place / f"{i}.png")

# %%
from torchvision.datasets import ImageFolder

folder = ImageFolder(photos)
folder.class_to_idx, folder.targets, folder[0][0].mode

# %% [markdown]
# Our digits were grey, and `ImageFolder` made them `RGB`. In a dataset of your own you have to do
# that. Photos come as grey, as RGB, and as RGBA, with a fourth channel for what is transparent.
# Those do not make one batch.
#
# **Predict 07.p17.** What is the shape of `to_tensor(sticker)`? Write a tuple of three numbers.

# %%
from PIL import Image

sticker = Image.new("RGBA", (5, 2))  # (width, height)
guess = ...
predict("07.p17", guess, lambda: to_tensor(sticker).shape)

# %%
to_tensor(sticker.convert("RGB")).shape

# %% [markdown]
# One more thing changes with photos. A network that was trained by others was trained with *their*
# mean and standard deviation. Go on with those, not with the numbers of your pictures. torchvision
# keeps them with the weights (this line downloads nothing):

# %%
from torchvision.models import ResNet18_Weights

ResNet18_Weights.DEFAULT.transforms().mean, ResNet18_Weights.DEFAULT.transforms().std

# %% [markdown]
# ## A small network
#
# Lesson 04 built such networks. Follow the shapes: a 5 x 5 convolution takes 4 away, pooling
# halves.
#
# `.double()` makes the parameters float64. Training makes small rounding differences large, and
# computers round differently. In float64 the differences stay so small that your network should
# make the same mistakes as the one on this page. Otherwise float32 is the right choice: it is
# faster.

# %%
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(
    nn.Conv2d(1, 8, kernel_size=5),  # (batch, 8, 24, 24)
    nn.ReLU(),
    nn.MaxPool2d(2),  # (batch, 8, 12, 12)
    nn.Conv2d(8, 16, kernel_size=5),  # (batch, 16, 8, 8)
    nn.ReLU(),
    nn.MaxPool2d(2),  # (batch, 16, 4, 4)
    nn.Flatten(),  # (batch, 256)
    nn.Linear(256, 10),  # (batch, 10)
).double()

# %%
figures.feature_maps(model, (1, 28, 28))

# %% [markdown]
# Two functions for looking at a dataset without learning from it. The ten outputs for an image are
# called its **logits**. The largest of them is the prediction.

# %%
from torch.utils.data import DataLoader


@torch.no_grad()
def logits_and_labels(dataset):
    model.eval()
    batches = [(model(x.double()), y) for x, y in DataLoader(dataset, batch_size=200)]
    logits, labels = zip(*batches, strict=True)
    return torch.cat(logits), torch.cat(labels)  # (samples, 10), (samples,)


def accuracy(dataset):
    logits, labels = logits_and_labels(dataset)
    return (logits.argmax(dim=1) == labels).double().mean().item()


# %%
untrained = accuracy(valid_set)

# %% [markdown]
# **Predict 07.p18.** The network is not trained yet. About how large is its accuracy: 0.0, 0.1 or
# 0.5? The cell rounds to one digit.

# %%
guess = ...
predict("07.p18", guess, lambda: round(untrained, 1))

# %% [markdown]
# Now the training loop. For each batch: compute a loss, its gradients (lesson 03), and one small
# step of all parameters against them. Lesson 09 explains the loss and the optimizer, lesson 10
# takes the loop apart. Here we watch the pipeline work.

# %%
torch.manual_seed(0)
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
loader = DataLoader(train_set, batch_size=40, shuffle=True)
for epoch in range(6):
    model.train()
    for images, labels in loader:
        loss = nn.functional.cross_entropy(model(images.double()), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch + 1}: validation accuracy {accuracy(valid_set):.2f}")

# %% [markdown]
# The test set, once:

# %%
score = accuracy(test_set)
print(f"{score:.1%} of the test digits are right; at least 95 %: {score >= 0.95}")

# %% [markdown]
# Keep in mind what was tested: new images by *known* hands, because the files do not say who wrote
# what. For the hands of other people, expect less.
#
# ## What it gets wrong
#
# One number hides a lot. A **confusion matrix** counts how often each pair of a true digit and an
# answer comes up. Each pair gets a number of its own, and `bincount` counts them, as it counted the
# two dice of lesson 02.
#
# **Predict 07.p19.** What is the sum of *row* 3: the number of images that `'are'` a 3, or of those
# that `'were read'` as a 3?

# %%
guess = ...


def meaning_of_a_row():
    logits, labels = logits_and_labels(test_set)
    pairs = labels * 10 + logits.argmax(dim=1)
    row = torch.bincount(pairs, minlength=100).reshape(10, 10)[3]
    return "are" if row.sum() == (labels == 3).sum() else "were read"


predict("07.p19", guess, meaning_of_a_row)

# %%
logits, labels = logits_and_labels(test_set)
answers = logits.argmax(dim=1)  # (samples,)
counts = torch.bincount(labels * 10 + answers, minlength=100).reshape(10, 10)  # (true, answer)
figures.confusion(counts, [str(digit) for digit in range(10)])

# %% [markdown]
# A row belongs to a true digit, a column to an answer. On the diagonal the two are equal.
#
# Then look at the images. The worst mistakes are those where the true digit got the smallest
# probability. `softmax` makes probabilities of each row of logits: they add up to 1. `gather` takes
# the true digit's from each row, `nonzero` finds the wrong answers, and `argsort` puts them in
# order (lesson 02).

# %%
probabilities = logits.softmax(dim=1)  # (samples, 10)
of_true = probabilities.gather(1, labels[:, None])[:, 0]  # (samples,)
wrong = (answers != labels).nonzero()[:, 0]  # (wrong,)
worst = wrong[of_true[wrong].argsort()][:8]
captions = [f"{labels[i]}, read as {answers[i]}" for i in worst]
figures.image_grid([test_set.data[i] for i in worst], captions, columns=4)

# %% [markdown]
# Some of them a person would misread, too. Others tell you what to try next: more data of one
# kind, other augmentation, a larger network. Looking at mistakes is the cheapest way to a better
# model. Here the work ends, so we looked at the test set. If the mistakes are to decide what you
# change, look at those of the validation set. A test set that was used for decisions tests no more.
#
# Note `test_set.data`: the raw images. What the model sees has gone through `Normalize`; to draw
# that, undo it first (exercise 07.3).
#
# ## Summary
#
# | transform | works on | what it does |
# |---|---|---|
# | `Resize(s)` | picture, tensor | shorter edge to s; `Resize((h, w))`: exactly h x w |
# | `CenterCrop(s)` | picture, tensor | a piece from the middle; pads a smaller image with 0 |
# | `RandomCrop(s, padding=p)` | picture, tensor | pads, then cuts at a random place: a shift |
# | `RandomRotation(d)` | picture, tensor | turns by -d to d degrees |
# | `RandomHorizontalFlip(p)` | picture, tensor | with probability p, left and right change places |
# | `RandomVerticalFlip(p)` | picture, tensor | with probability p, top and bottom change places |
# | `ToTensor()` | picture to tensor | (C, H, W); bytes to 0 ... 1; floats stay |
# | `Normalize(mean, std)` | tensor | (x - mean) / std for each channel |
# | `Compose([...])` | | one after the other |
# | `v2.ToImage()`, `v2.ToDtype(torch.float32, scale=True)` | picture | bytes: as `ToTensor` |
#
# | set | made of | transform |
# |---|---|---|
# | training | part of `train=True` | with augmentation |
# | validation | the rest of `train=True` | without |
# | test | `train=False` | without |

# %% [markdown]
# ## What people get wrong
#
# - "Normalize first, then ToTensor." Normalize needs a tensor.
# - "`Normalize((0.5,), (1.0,))` makes mean 0.5 and standard deviation 1." It takes 0.5 away.
# - "`MNIST(root, transforms=...)`." The argument is `transform`. Some datasets also take
#   `transforms`, mostly those whose target has to change with the image, as in segmentation.
# - "`torchvision.transform`." The module is `torchvision.transforms`, and it holds classes; use
#   its `v2` in new code.
# - "Set `subset.dataset.transform` after the split." Both parts share the dataset:
#   [thread](https://github.com/torchgeo/torchgeo/pull/257).
# - "Validation and test: `train=False` for both." Then there is no test set.
# - "`Resize(24)` gives 24 x 24." Only of a square, or nearly one:
#   [thread](https://github.com/pytorch/vision/issues/114).
# - "Three means on a grey image do no harm", or "always raise". v1 raises, v2 makes three channels:
#   [thread](https://github.com/udacity/deep-learning-v2-pytorch/issues/10).
# - "ToTensor leaves 0 ... 255", or "always divides". It divides bytes only:
#   [thread](https://github.com/pytorch/vision/issues/546).
# - "`v2.ToDtype(torch.float32)` replaces ToTensor." Not without `scale=True`:
#   [thread](https://github.com/pytorch/vision/issues/6753).
# - "v2 transforms every tensor I pass." Of plain ones, the first at most:
#   [thread](https://github.com/pytorch/vision/issues/8520).
# - "A random transform of a batch changes each image in its own way." One call is one flip, one
#   place, one angle for all.
# - "Normalize with my own mean and standard deviation, whatever the network." One that was trained
#   by others wants theirs.
# - "Augmentation makes the dataset larger." `len` stays; each epoch sees other versions:
#   [thread](https://github.com/albumentations-team/albumentations/issues/646).
# - "RandomHorizontalFlip or RandomVerticalFlip: up-down or left-right." It is the other order.

# %% [markdown]
# ## Further reading
#
# - [`torchvision.transforms`](https://pytorch.org/vision/stable/transforms.html): v1 and v2 on one
#   page, with [examples as
#   pictures](https://pytorch.org/vision/stable/auto_examples/transforms/plot_transforms_illustrations.html)
# - [`MNIST`](https://pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html) and the
#   [other datasets](https://pytorch.org/vision/stable/datasets.html)
# - [`tv_tensors`](https://pytorch.org/vision/stable/tv_tensors.html): images, masks and boxes
# - [`Conv2d`](https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html),
#   [`MaxPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html),
#   [`Flatten`](https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html),
#   [`cross_entropy`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html),
#   [`Adam`](https://pytorch.org/docs/stable/generated/torch.optim.Adam.html)
# - [`bincount`](https://pytorch.org/docs/stable/generated/torch.bincount.html),
#   [`gather`](https://pytorch.org/docs/stable/generated/torch.gather.html),
#   [`random_split` and `Subset`](https://pytorch.org/docs/stable/data.html)
