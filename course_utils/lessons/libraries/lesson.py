# %% [markdown]
# Lessons 06 to 10 used torch and its sister torchvision. Most projects take more from outside:
# pictures are augmented by one library, texts are cut by a second one, and the model comes from a
# third. Each of them gives you objects that have a place in the course you know:
#
# | library | its object | becomes |
# |---|---|---|
# | `albumentations` | a pipeline of changes to a picture | the transform inside a Dataset |
# | `datasets` (Hugging Face) | a table that lies in files | a Dataset |
# | `tokenizers`, `transformers` | a tokenizer | the transform of a text |
# | `transformers` | a collator | a `collate_fn` |
# | `transformers` | a model and its config | a Module |
#
# Mistakes happen at the seams, where one convention meets another. So we ask four questions
# about each object. **What does it take? What does it give back? Where do its random numbers come
# from? What does it change?**
#
# ## Nothing leaves this page
#
# These libraries like to call home. Albumentations asks at its import whether there is a newer
# version. Hugging Face's libraries look for models and data sets on a server, the **Hub**, and
# count who uses them. Some environment variables stop that. They have to be set *before* the
# import, so the first cell of this notebook has done it:

# %%
import os

stops = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "NO_ALBUMENTATIONS_UPDATE"]
[os.environ[name] for name in stops]

# %% [markdown]
# So this lesson makes the model that it loads. Where other courses write the name of a model on the
# Hub, you will see the name of a folder, in the same place of the same call.
#
# ## Albumentations: arrays in, arrays out
#
# We need a picture. Two digits of lesson 07, side by side: one in the red channel, one in the
# green.

# %%
import numpy
from torchvision.datasets import MNIST

from course_utils import data, figures, predict

root = data.digits_root()
digits = MNIST(root)
scene = numpy.zeros((40, 64, 3), dtype="uint8")  # (height, width, channels)
scene[6:34, 2:30, 0] = digits.data[7].numpy()  # (28, 28)
scene[6:34, 34:62, 1] = digits.data[4].numpy()  # (28, 28)

# %% [markdown]
# A picture is a NumPy array of shape **(height, width, channels)**, of bytes from 0 to 255, or of
# float32 from 0 to 1. Each thing goes in under a name, and a dictionary with the same names comes
# back.

# %%
import albumentations as A

flip = A.Compose([A.HorizontalFlip(p=1)])
out = flip(image=scene)
sorted(out), type(out["image"]).__name__, out["image"].shape  # (40, 64, 3)

# %% [markdown]
# `A.Compose` is what `Compose` was in lesson 07. So someone gives it to torchvision's dataset, where
# a transform of lesson 07 would stand.
#
# **Predict 12.p1.** What is `MNIST(root, transform=flip)[0][0]`? Write `'picture'`, `'dict'` or
# `'error'`.

# %%
guess = ...


def with_the_pipeline():
    first = MNIST(root, transform=flip)[0][0]
    return "dict" if isinstance(first, dict) else "picture"


predict("12.p1", guess, with_the_pipeline)

# %% [markdown]
# torchvision calls `transform(picture)`, without a name, and its picture is a PIL image, not an
# array. Two lines in between help. In a Dataset of your own, they stand in `__getitem__`.


# %%
def flipped(picture):
    return flip(image=numpy.array(picture))["image"]  # (28, 28)


mirrored = MNIST(root, transform=flipped)
mirrored[0][0].shape  # (28, 28)

# %% [markdown]
# torch keeps the channels first. Somebody forgets to turn the axes around.
#
# **Predict 12.p2.** `square` has one channel, and the channel comes first. What does the horizontal
# flip make of `[[1, 2], [3, 4]]`? Write two lists, or `'error'`.

# %%
square = numpy.array([[[1, 2], [3, 4]]], dtype="uint8")  # (1, 2, 2): channels first
guess = ...
predict("12.p2", guess, lambda: flip(image=square)["image"][0])

# %% [markdown]
# Nothing warned. The second axis is the width, whatever you meant it to be. So turn the axes
# *after* the pipeline, or let its last step do it: `ToTensorV2` makes a tensor with the channels
# first.

# %%
to_tensor = A.ToTensorV2()
x = to_tensor(image=scene)["image"]  # (3, 40, 64)
x.shape, to_tensor(image=scene[:, :, 0])["image"].shape  # (3, 40, 64), (1, 40, 64)

# %% [markdown]
# **Predict 12.p3.** The brightest byte of `scene` is 255. What is the largest value of `x`?

# %%
guess = ...
predict("12.p3", guess, lambda: x.max().item())

# %% [markdown]
# The name is that of torchvision's `ToTensor`, but it does one thing less: it does not divide.
# Dividing is the work of `Normalize`, which stands *before* it. It computes `(x / 255 - mean) /
# std`, and gives float32. Without arguments it uses the numbers of ImageNet, the photos that most
# large networks were trained with.

# %%
ready = A.Compose([A.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), A.ToTensorV2()])
y = ready(image=scene)["image"]  # (3, 40, 64)
y.dtype, y.min().item(), y.max().item()

# %% [markdown]
# **Predict 12.p4.** `floats` has values from 0 to 1 already. What is the largest value of
# `ready(image=floats)["image"]`, rounded to one digit?

# %%
floats = (scene / 255).astype("float32")  # (40, 64, 3)
guess = ...
predict("12.p4", guess, lambda: round(ready(image=floats)["image"].max().item(), 1))

# %% [markdown]
# For floats write `max_pixel_value=1`. The mistake is quiet: all numbers are about -1, and the
# network learns next to nothing.
#
# The names of sizes are said in the order of the array: `A.Resize(height, width)`,
# `A.RandomCrop(height, width)`. And `p` is the chance that a step happens. For most random steps it
# is one half if you do not say it; for crops, resizing and `Normalize` it is 1.

# %%
A.Resize(20, 64)(image=scene)["image"].shape, A.HorizontalFlip().p, A.Resize(20, 64).p

# %% [markdown]
# ## Masks that follow
#
# In **segmentation** each pixel has a class. The target is a **mask**: an array of (height, width)
# that holds the class of each pixel. Here 0 is the background, 1 the left digit, 2 the right one.

# %%
bright = scene > 100  # (40, 64, 3)
mask = (bright[:, :, 0] + 2 * bright[:, :, 1]).astype("uint8")  # (40, 64)
numpy.unique(mask)

# %% [markdown]
# When the picture is flipped, the mask has to be flipped, too. `flip_sometimes` flips with the
# chance of one half. Someone calls it twice for each sample: once with the picture, and once with
# the mask.
#
# **Predict 12.p5.** For how many of 20 samples do picture and mask still fit? Write `'all'`,
# `'some'` or `'none'`.


# %%
def fits(out, out_mask):
    return ((out["image"] > 100).any(axis=2) == (out_mask > 0)).all()


def called_twice():
    flip_sometimes = A.Compose([A.HorizontalFlip()], seed=0)
    pairs = [(flip_sometimes(image=scene), flip_sometimes(image=mask)) for _ in range(20)]
    fitting = sum(fits(one, other["image"]) for one, other in pairs)
    return {0: "none", 20: "all"}.get(fitting, "some")


guess = ...
predict("12.p5", guess, called_twice)

# %% [markdown]
# One call is one draw. So give everything that belongs together in **one** call: `image=` and
# `mask=`, or `masks=` for a list of them.

# %%
flip_sometimes = A.Compose([A.HorizontalFlip()], seed=0)
outs = [flip_sometimes(image=scene, mask=mask) for _ in range(20)]
all(fits(out, out["mask"]) for out in outs)

# %% [markdown]
# The name matters for a second reason. A turned picture needs values between its pixels, so they
# are computed from the neighbours. `tiny` is a mask with the classes 0 and 3.
#
# **Predict 12.p6.** It is turned by 30 degrees, and given as `image=`. Which values does the result
# hold? Write a list of whole numbers.

# %%
tiny = (numpy.arange(100).reshape(10, 10) % 4 == 0).astype("uint8") * 3  # (10, 10)
turn = A.Compose([A.Rotate((30, 30), p=1)])
guess = ...
predict("12.p6", guess, lambda: numpy.unique(turn(image=tiny)["image"]))

# %%
black = numpy.zeros((10, 10, 3), dtype="uint8")
numpy.unique(turn(image=black, mask=tiny)["mask"])

# %% [markdown]
# Between class 0 and class 3 there is no class 1. As `mask=` each pixel takes the value of the
# nearest one. For the same reason `Normalize` leaves a mask alone. `ToTensorV2` makes a tensor of
# it, with the same shape and dtype; a loss wants `.long()`.

# %%
out = ready(image=scene, mask=mask)
out["image"].shape, out["mask"].shape, out["mask"].dtype  # (3, 40, 64), (40, 64)

# %% [markdown]
# What about a name that the pipeline does not know? Say, a second photo of the same place.
#
# **Predict 12.p7.** `flip` always flips. After `out = flip(image=scene, second=scene)`, is
# `out["second"]` flipped? Write `True`, `False` or `'error'`.

# %%
guess = ...


def second_is_flipped():
    out = flip(image=scene, second=scene)
    return (out["second"] == out["image"]).all().item()


predict("12.p7", guess, second_is_flipped)

# %% [markdown]
# An unknown name goes through as it is. That is handy for a label, and bad for a name with a typing
# mistake. `additional_targets` says what a new name is to be treated as; `strict=True` makes an
# error of any other name.

# %%
both = A.Compose([A.HorizontalFlip(p=1)], additional_targets={"second": "image"}, strict=True)
out = both(image=scene, second=scene)
bool((out["second"] == out["image"]).all())

# %% [markdown]
# ## Boxes that follow, and boxes that vanish
#
# In **detection** the target is a list of boxes with a label each. A box says where it begins and
# where it ends, **x before y**. An array is indexed the other way: rows first, and rows are y.


# %%
def box_around(inside):
    rows, columns = inside.nonzero()
    return [min(columns), min(rows), max(columns) + 1, max(rows) + 1]


boxes = [[int(edge) for edge in box_around(mask == number)] for number in (1, 2)]
labels = [digits.targets[7].item(), digits.targets[4].item()]
boxes, labels

# %% [markdown]
# There are several ways to write a box, and four numbers do not say which one they are. So the
# pipeline has to be told, by `bbox_params`:
#
# | `format=` | the four numbers |
# |---|---|
# | `"pascal_voc"` | x_min, y_min, x_max, y_max, in pixels |
# | `"coco"` | x_min, y_min, width, height, in pixels |
# | `"yolo"` | x and y of the centre, width, height, as shares of the picture from 0 to 1 |
# | `"albumentations"` | as `"pascal_voc"`, as shares of the picture |
#
# **Predict 12.p8.** A picture is 64 wide. A box goes from x = 4 to x = 24 and from y = 10 to y = 30.
# What is it after a horizontal flip? Write a list of four numbers.


# %%
def flip_box(box):
    follow = A.Compose([A.HorizontalFlip(p=1)], bbox_params=A.BboxParams(format="pascal_voc"))
    out = follow(image=scene, bboxes=[[*box, 0]])  # the label stands behind the box
    return [round(edge) for edge in out["bboxes"][0][:4]]


guess = ...
predict("12.p8", guess, lambda: flip_box([4, 10, 24, 30]))

# %% [markdown]
# The old right edge becomes the new left one: mirroring by hand (`64 - x`) is not enough, the two
# have to change places. The numbers come back as floats with small rounding errors, so `flip_box`
# rounds.
#
# Now a crop: only the columns from 32 on stay. The left digit is cut away.
#
# **Predict 12.p9.** We give two boxes, and two labels under the name `labels`. How many boxes and
# how many labels come back? Write a list of two numbers.


# %%
def count_after_the_crop(**names):
    params = A.BboxParams(format="pascal_voc", **names)
    right_half = A.Compose([A.Crop(32, 0, 64, 40)], bbox_params=params)
    out = right_half(image=scene, bboxes=boxes, labels=labels)
    return [len(out["bboxes"]), len(out["labels"])]


guess = ...
predict("12.p9", guess, lambda: count_after_the_crop())

# %% [markdown]
# A box that lies outside is dropped. The list of labels is just a name that the pipeline does not
# know, so both labels are still there, and the box that is left gets the label of the one that has
# gone. **`label_fields`** names the lists that belong to the boxes.

# %%
count_after_the_crop(label_fields=["labels"])

# %% [markdown]
# What if a narrow strip of a digit is left? Its box stays, with the label, though nobody could read
# the digit. `min_visibility=0.3` drops a box of which less than 30 % is left. `min_area=1` drops
# boxes without any area, which rounding errors can leave at an edge. Here 3 columns of the left
# digit remain:


# %%
def boxes_left(**names):
    params = A.BboxParams(format="pascal_voc", label_fields=["labels"], **names)
    narrow = A.Compose([A.Crop(boxes[0][2] - 3, 0, 64, 40)], bbox_params=params)
    return len(narrow(image=scene, bboxes=boxes, labels=labels)["bboxes"])


boxes_left(), boxes_left(min_visibility=0.3)

# %% [markdown]
# And a picture in which no box is left? `bboxes` is then an empty list. `torch.tensor([])` has the
# shape (0,), and a detector wants (0, 4): `reshape(-1, 4)` is right for any number of boxes.

# %%
import torch

torch.tensor([]).shape, torch.tensor([]).reshape(-1, 4).shape  # (0,), (0, 4)

# %% [markdown]
# ## The same effect in v2
#
# In torchvision's v2 (lesson 07) the *type* says what a thing is, where Albumentations looks at its
# name. A `BoundingBoxes` also knows its format, and the size of the picture.

# %%
from torchvision import tv_tensors

sample = {
    "image": tv_tensors.Image(torch.from_numpy(scene).permute(2, 0, 1)),  # (3, 40, 64)
    "mask": tv_tensors.Mask(torch.from_numpy(mask)),  # (40, 64)
    "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(40, 64)),  # (2, 4)
    "labels": torch.tensor(labels),  # (2,)
}

# %% [markdown]
# The same crop: 32 columns from column 32 on.
#
# **Predict 12.p10.** How many boxes does v2 give back?

# %%
from torchvision.transforms import v2


def crop_right_half(sample):
    cut = {
        name: v2.functional.crop(sample[name], top=0, left=32, height=40, width=32)
        for name in ("image", "mask", "boxes")
    }
    return {**cut, "labels": sample["labels"]}


guess = ...
predict("12.p10", guess, lambda: len(crop_right_half(sample)["boxes"]))

# %%
right = crop_right_half(sample)
right["boxes"].tolist(), right["labels"].tolist()

# %% [markdown]
# v2 never drops a box while it cuts. The left box has been pushed into the picture, and has a width
# of 0, which spoils the loss of a detector. `SanitizeBoundingBoxes` takes such boxes away, and
# their labels with them. (It would take masks away, too: v2 expects one mask for each box then, of
# shape (boxes, height, width). Our mask of classes is another kind, so it is not handed over.)

# %%
pair = {"boxes": right["boxes"], "labels": right["labels"]}
clean = {**right, **v2.SanitizeBoundingBoxes()(pair)}
clean["boxes"].tolist(), clean["labels"].tolist()

# %% [markdown]
# Both libraries have come to the same picture, mask, boxes and labels:

# %%
params = A.BboxParams(format="pascal_voc", label_fields=["labels"])
right_half = A.Compose([A.Crop(32, 0, 64, 40)], bbox_params=params)
given = {"image": scene, "mask": mask, "bboxes": boxes, "labels": labels}
out = right_half(**given)
figures.conventions({"Albumentations": (given, out), "torchvision v2": (sample, clean)})

# %% [markdown]
# | | Albumentations | torchvision v2 |
# |---|---|---|
# | picture | array, (height, width, channels) | tensor or PIL image, (channels, height, width) |
# | what a thing is | its name: `image=`, `mask=`, `bboxes=` | its type: `Image`, `Mask`, `BoundingBoxes` |
# | boxes | any list, `format=` of the pipeline | a tensor that knows its format |
# | a box outside | dropped, with what `label_fields` names | kept, until `SanitizeBoundingBoxes` |
# | bytes to floats | inside `Normalize` | `ToDtype(torch.float32, scale=True)` |
# | to a tensor | `ToTensorV2`, at the end | `ToImage`, at the beginning |
# | random numbers | of its own | torch's |
# | a batch | sample by sample | one draw for the whole batch |
#
# Numbers agree where both do the same: here the normalised picture.

# %%
to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
z = v2.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))(to_float(scene))  # (3, 40, 64)
torch.allclose(z, y, atol=1e-6)

# %% [markdown]
# But names can mislead. `A.Resize` and `v2.Resize` compute the pixels of a smaller picture in
# different ways (v2 takes the mean of those that fall away, Albumentations looks at the nearest
# ones). So do not train with the one and predict with the other.

# %%
small = A.Resize(10, 16)(image=scene)["image"]  # (10, 16, 3)
other = v2.Resize((10, 16))(sample["image"]).permute(1, 2, 0).numpy()  # (10, 16, 3)
small.shape == other.shape, bool((small == other).all())

# %% [markdown]
# ## Seeds, workers, replay
#
# Where do the random numbers come from?
#
# **Predict 12.p11.** We call `torch.manual_seed(0)`, draw 20 flips, call it again, and draw 20
# more. Are the flips the same? Write `True` or `False`.


# %%
def draws(pipeline, count=20):
    mirrored = flip(image=scene)["image"]
    return [bool((pipeline(image=scene)["image"] == mirrored).all()) for _ in range(count)]


def the_same_after_torchs_seed():
    pipeline = A.Compose([A.HorizontalFlip()], seed=5)
    torch.manual_seed(0)
    first = draws(pipeline)
    torch.manual_seed(0)
    return first == draws(pipeline)


guess = ...
predict("12.p11", guess, the_same_after_torchs_seed)

# %% [markdown]
# Albumentations has generators of its own; the seeds of torch, NumPy and Python change nothing.
# `A.Compose(..., seed=5)` seeds it when it is made, and `set_random_seed(5)` later. Without one of
# them, no run can be repeated.

# %%
pipeline = A.Compose([A.HorizontalFlip()], seed=5)
first = draws(pipeline)
pipeline.set_random_seed(5)
first == draws(pipeline)

# %% [markdown]
# Now think of workers (lesson 06). Each of them gets a copy of the dataset, and in it a copy of the
# pipeline and of its generator.
#
# **Predict 12.p12.** We copy a pipeline twice, as two workers would get it. Do the two copies draw
# the same flips? Write `True` or `False`.

# %%
import pickle

guess = ...


def two_copies_agree():
    pipeline = A.Compose([A.HorizontalFlip()])
    one, other = (pickle.loads(pickle.dumps(pipeline)) for _ in range(2))
    return draws(one) == draws(other)


predict("12.p12", guess, two_copies_agree)

# %% [markdown]
# So the workers repeat each other. It is worse: in the next epoch new copies are made of the same
# pipeline, whose generator has not moved, because it is the copies that draw. Without a word,
# every epoch sees the same versions of the pictures. `Augmented` in the next cell gives a picture
# that went through the pipeline. A 1 is a flip.

# %%
from torch.utils.data import DataLoader

from course_utils.worker_datasets import Augmented

mark = numpy.array([[[0], [1]]], dtype="uint8")  # (1, 2, 1): after a flip, the 1 comes first
dataset = Augmented([mark] * 8, A.Compose([A.HorizontalFlip()], seed=0))


def one_epoch(**options):
    loader = DataLoader(dataset, batch_size=4, num_workers=2, **options)
    return [batch[:, 0, 0, 0].tolist() for batch in loader]


[one_epoch() for _ in range(2)]

# %% [markdown]
# Two workers load a batch each: both batches are alike, and so are both epochs. The remedy is a
# `worker_init_fn` that seeds the pipeline of this worker. `torch.initial_seed()` is different in
# each worker and each epoch, and torch's own seed decides it, so the run can be repeated.

# %%
import inspect

from course_utils.worker_datasets import seed_pipeline

print(inspect.getsource(seed_pipeline))

# %%
torch.manual_seed(0)
[one_epoch(worker_init_fn=seed_pipeline) for _ in range(2)]

# %% [markdown]
# At times a draw itself is wanted: the same crop for the next frame of a film, or the one that made
# a picture look wrong. `A.ReplayCompose` writes down what it drew, and draws it again for another
# picture.

# %%
shake = A.ReplayCompose([A.Rotate(40), A.RandomCrop(34, 54), A.HorizontalFlip()])
shake.set_random_seed(1)
outs = [shake(image=scene) for _ in range(5)]
again = [A.ReplayCompose.replay(out["replay"], image=255 - scene)["image"] for out in outs]
rows = {"drawn": [to_tensor(**out)["image"] for out in outs]}
figures.image_rows({**rows, "replayed": [to_tensor(image=image)["image"] for image in again]})
