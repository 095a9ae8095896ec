# %% [markdown]
# Lessons 06 to 10 used torch and its sisters, such as torchvision. Most projects take more from
# outside: pictures are augmented by one library, texts are cut by a second one, and the model comes
# from a third. Each of them gives you objects that have a place in the course you know:
#
# | library | its object | becomes |
# |---|---|---|
# | `albumentations` | a pipeline of changes to a picture | the transform inside a Dataset |
# | `datasets` (Hugging Face) | a table that lies in files | a Dataset |
# | `tokenizers`, `transformers` | a tokenizer | the transform of a text |
# | `transformers` | a collator | a `collate_fn` |
# | `transformers` | a model and its config | a Module |
#
# Mistakes happen at the seams, where one convention meets another. So we ask four questions about
# each object. **What does it take? What does it give back? Where do its random numbers come from?
# What does it change?**
#
# ## Nothing leaves your machine
#
# These libraries use the internet without being asked. Albumentations asks at its import whether
# there is a newer version. Hugging Face's libraries look for models and data sets on a server, the
# **Hub**, and count how they are used. Some environment variables stop that. They have to be set
# *before* the import, so the first cell of this notebook has done it. (The packages of this lesson
# are an extra: where they are missing, the first cell installs them. It also switches off progress
# bars and the warnings of `transformers`. What they would say, this lesson says itself.)

# %%
import os

stops = ["HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "NO_ALBUMENTATIONS_UPDATE"]
[os.environ[name] for name in stops]

# %% [markdown]
# So this lesson makes the model that it loads. Other courses write the name of a model on the Hub.
# Here you will see the name of a folder, in the same place of the same call.
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
# `A.Compose` is what `Compose` was in lesson 07. So someone gives it to torchvision's dataset,
# where a transform of lesson 07 would stand.
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
# torch keeps the channels first. Somebody gives such a picture to the pipeline: `square` has one
# channel, and the channel comes first.
#
# **Predict 12.p2.** What does the horizontal flip make of `[[1, 2], [3, 4]]`? Write two lists, or
# `'error'`.

# %%
square = numpy.array([[[1, 2], [3, 4]]], dtype="uint8")  # (1, 2, 2): channels first
guess = ...
predict("12.p2", guess, lambda: flip(image=square)["image"][0].tolist())

# %% [markdown]
# Nothing warned. The second axis is the width, whatever you meant it to be. So move the channels
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
# Dividing is the work of `Normalize`, which stands *before* it. It computes
# `(x / 255 - mean) / std`, and gives float32. Without arguments it uses the numbers of ImageNet,
# the photos that most large networks were trained with.

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
# For floats write `max_pixel_value=1`. The mistake is quiet: all numbers are about -1, so all
# pictures look nearly alike to the network.
#
# The names of sizes are said in the order of the array: `A.Resize(height, width)`,
# `A.RandomCrop(height, width)`. And `p` is the chance that a step happens. For most random steps it
# is one half if you do not say it; for crops, `Resize` and `Normalize` it is 1.

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
predict("12.p6", guess, lambda: numpy.unique(turn(image=tiny)["image"]).tolist())

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
# **Predict 12.p8.** A picture is 64 wide. A box goes from x = 4 to x = 24 and from y = 10 to y =
# 30. What is it after a horizontal flip? Write a list of four numbers.


# %%
def flip_box(box):
    follow = A.Compose([A.HorizontalFlip(p=1)], bbox_params=A.BboxParams(format="pascal_voc"))
    out = follow(image=scene, bboxes=[box])
    return [round(edge) for edge in out["bboxes"][0]]


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
# know. So both labels are still there, and the box that is left gets the label of the one that has
# gone. **`label_fields`** names the lists that belong to the boxes. (Whole numbers in such a list
# come back as floats: `4.0`.)

# %%
count_after_the_crop(label_fields=["labels"])

# %% [markdown]
# What if a narrow strip of a digit is left? Its box stays, with the label, though nobody could read
# the digit. `min_visibility=0.3` drops a box of which less than 30 % is left. (At exactly 30 %,
# rounding decides.) `min_area=1` drops boxes of less than one pixel: rounding errors can leave such
# a box at an edge. Here 3 columns of the left digit remain:


# %%
def boxes_left(**names):
    params = A.BboxParams(format="pascal_voc", label_fields=["labels"], **names)
    narrow = A.Compose([A.Crop(boxes[0][2] - 3, 0, 64, 40)], bbox_params=params)
    return len(narrow(image=scene, bboxes=boxes, labels=labels)["bboxes"])


boxes_left(), boxes_left(min_visibility=0.3)

# %% [markdown]
# And a picture in which no box is left? A list of boxes then comes back empty. `torch.tensor([])`
# has the shape (0,), and a detector wants (0, 4): `reshape(-1, 4)` is right for any number of
# boxes.

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
from torchvision.transforms import v2

sample = {
    "image": tv_tensors.Image(torch.from_numpy(scene).permute(2, 0, 1)),  # (3, 40, 64)
    "mask": tv_tensors.Mask(torch.from_numpy(mask)),  # (40, 64)
    "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=(40, 64)),  # (2, 4)
    "labels": torch.tensor(labels),  # (2,)
}

# %% [markdown]
# The formats of upright boxes are `"XYXY"` (two corners), `"XYWH"` (a corner, width, height) and
# `"CXCYWH"` (the centre, width, height), always in pixels. (Newer versions also know turned boxes.)
# A box can be converted from one format to another. (`"CXCYWH"` cuts off half a pixel where a box
# of whole numbers needs one: make it float first.)

# %%
v2.functional.convert_bounding_box_format(sample["boxes"], new_format="XYWH").tolist()

# %% [markdown]
# The same crop: 32 columns from column 32 on.
#
# **Predict 12.p10.** How many boxes does v2 give back?


# %%
def crop_right_half(sample):
    cut = {
        name: v2.functional.crop(sample[name], top=0, left=32, height=40, width=32)
        for name in ("image", "mask", "boxes")
    }
    return {**cut, "labels": sample["labels"]}


guess = ...
predict("12.p10", guess, lambda: len(crop_right_half(sample)["boxes"]))

# %%
cropped = crop_right_half(sample)
cropped["boxes"].tolist(), cropped["labels"].tolist()

# %% [markdown]
# v2 never drops a box while it cuts. The left box has been pushed into the picture, and has a width
# of 0. torchvision's detectors refuse such a box while they train. `SanitizeBoundingBoxes` takes
# such boxes away, and their labels with them. (A mask would be treated in the same way, as one mask
# for each box, of shape (boxes, height, width). Our mask of classes is another kind, so it is not
# handed over: with torchvision 0.18 that is an error.)

# %%
pair = {"boxes": cropped["boxes"], "labels": cropped["labels"]}
clean = {**cropped, **v2.SanitizeBoundingBoxes()(pair)}
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
# | what a thing is | its name: `image=`, `bboxes=` | its type: `Image`, `BoundingBoxes` |
# | boxes | any list, `format=` of the pipeline | a tensor that knows its format |
# | a box outside | dropped, with what `label_fields` names | kept, until `SanitizeBoundingBoxes` |
# | bytes to floats | inside `Normalize` | `ToDtype(torch.float32, scale=True)` |
# | to a tensor | `ToTensorV2`, at the end | `ToImage`, at the beginning |
# | random numbers | of its own | torch's |
# | a batch | sample by sample; one draw for `images=` | one draw for the whole batch |
#
# Numbers agree where both do the same: here the normalised picture.

# %%
to_float = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
z = v2.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))(to_float(scene))  # (3, 40, 64)
torch.allclose(z, y, atol=1e-6)

# %% [markdown]
# But names can mislead. `A.Resize` and `v2.Resize` compute the pixels of a smaller picture in
# different ways. v2 takes a weighted mean over all old pixels around the place of a new one;
# Albumentations only looks at the nearest ones. So do not train with the one and predict with the
# other.

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
# A pipeline has generators of its own; the seeds of torch, NumPy and Python change nothing.
# `A.Compose(..., seed=5)` seeds them when it is made, and `set_random_seed(5)` later. Without one
# of them, no run can be repeated.

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
# pipeline, whose generator has not moved, because it is the copies that draw. Nothing warns you:
# every epoch makes the same draws in the same order, and without shuffling each picture is the same
# in all epochs. (Workers that stay, `persistent_workers=True`, draw on, and still repeat each
# other.) `Augmented` in the next cell gives a picture that went through the pipeline. A 1 is a
# flip.

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
# (Seeding in `__getitem__`, from the number of the epoch and of the sample, goes further: then not
# even the number of workers changes the pictures.)
#
# Sometimes you want one draw again: the same crop for the next frame of a film, or the one that
# made a picture look wrong. `A.ReplayCompose` writes down what it drew, and draws it again for
# another picture of the same size.

# %%
shake = A.ReplayCompose([A.Rotate(40), A.RandomCrop(34, 54), A.HorizontalFlip()])
shake.set_random_seed(1)
outs = [shake(image=scene) for _ in range(5)]
again = [A.ReplayCompose.replay(out["replay"], image=255 - scene)["image"] for out in outs]
pictures = {"drawn": [out["image"] for out in outs], "replayed": again}
figures.image_rows({k: [to_tensor(image=p)["image"] for p in v] for k, v in pictures.items()})

# %% [markdown]
# ## Rows from local files
#
# Hugging Face's `datasets` reads tables: CSV, JSON, Parquet, folders of pictures. To have files, we
# write the news of lesson 08 into two CSV files, with a line of column names.

# %%
import atexit
import csv
import shutil
import tempfile
from pathlib import Path

place = Path(tempfile.mkdtemp())  # a new, empty folder
atexit.register(shutil.rmtree, place, ignore_errors=True)  # it goes away with the kernel
for split in ("train", "test"):
    with (place / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerow(["label", "text"])
        csv.writer(file).writerows(data.news(split))

# %% [markdown]
# `load_dataset` is told the kind of file, and where the files are.
#
# **Predict 12.p13.** We give it one file. Of which type is what it gives back: `'Dataset'` or
# `'DatasetDict'`?

# %%
from datasets import Dataset, load_dataset

files = {split: str(place / f"{split}.csv") for split in ("train", "test")}
one_file = load_dataset("csv", data_files=files["train"])
guess = ...
predict("12.p13", guess, lambda: type(one_file).__name__)

# %% [markdown]
# It is a dictionary of **splits**, the parts of a data set, also when there is only one. A
# file of `data_files` for which you name no split goes into `train`. `split="train"` takes it out.
# Here are both files:

# %%
news = load_dataset("csv", data_files=files)
train = news["train"]
news

# %% [markdown]
# Where other courses write `load_dataset("ag_news")`, the name is one on the Hub.
#
# A row is a dictionary. What is a slice?
#
# **Predict 12.p14.** `train` has 424 rows and two columns. What is `len(train[:3])`?

# %%
guess = ...
predict("12.p14", guess, lambda: len(train[:3]))

# %%
train[0]["label"], train[:3]["label"], train.features

# %% [markdown]
# A row is a dict of values, a slice is a **dict of lists**. `train["label"]` is a column. It reads
# its values when you ask for them: `train["label"][:3]` is the same list as `train[:3]["label"]`.
#
# `map` calls a function for each row. What the function returns, a dict, is put into the row: a
# known name replaces a column, a new name adds one.
#
# **Predict 12.p15.** Labels go from 1 to 4, and the first one is 3. What does the function below
# return?

# %%
guess = ...


def first_label_after_map():
    train.map(lambda row: {"label": row["label"] - 1})
    return train[0]["label"]


predict("12.p15", guess, first_label_after_map)

# %% [markdown]
# The values in a table never change. `map`, `filter`, `shuffle` and the others give a **new**
# one, as `x.add(1)` gives a new tensor. (`train[0]["label"] = 2` has no effect either: it changes a
# copy of the row.) Keep what they give:

# %%
sports = train.filter(lambda row: row["label"] == 2)
from_zero = train.map(lambda row: {"label": row["label"] - 1})
len(train), len(sports), from_zero[0]["label"]

# %% [markdown]
# One call for each row is slow. With `batched=True` the function gets up to 1000 rows at once, as a
# dict of lists, and has to give a dict of lists.
#
# **Predict 12.p16.** What does the first row hold under `"length"`? Write a number or `'error'`.

# %%
guess = ...


def first_length():
    measured = train.map(lambda rows: {"length": len(rows["text"])}, batched=True)
    return measured[0]["length"]


predict("12.p16", guess, first_length)

# %%
measured = train.map(lambda rows: {"length": [len(text) for text in rows["text"]]}, batched=True)
measured[0]["length"]

# %% [markdown]
# The lists may also be longer or shorter than those that came in: one text becomes many words. Then
# the old columns no longer fit, and have to go: `remove_columns`.

# %%
words = train.map(
    lambda rows: {"word": [word for text in rows["text"] for word in text.split()]},
    batched=True,
    remove_columns=train.column_names,
)
len(train), len(words), words.column_names

# %% [markdown]
# ## Tables on the disk
#
# `load_dataset` has turned the CSV files into files of another kind, Arrow, in a cache on the disk.
# They are **memory-mapped**: the file counts as memory, and the system reads only what is asked
# for. So a table may be larger than the memory, and opens at once.
#
# What `map` computes from such a table goes into the cache, too, under a **fingerprint** of the
# table and of the function: its code and the values it uses. (Of an imported function only the name
# counts: change its file, and `map` still gives the old result. With `load_from_cache_file=False`
# it is computed anew.) The function below says when it is called.


# %%
def count_letters(row):
    print("called", end=" ")
    return {"letters": len(row["text"])}


few = train.select(range(3))
counted = few.map(count_letters)

# %% [markdown]
# The same call again finds the result in the cache, and calls nothing:

# %%
counted = few.map(count_letters)
[Path(file["filename"]).suffix for file in counted.cache_files], counted[0]["letters"]

# %% [markdown]
# So `map` is for what is done once. Now a random function. We look at the same row twice, as in two
# epochs.
#
# **Predict 12.p17.** Is the number the same both times? Write `True` or `False`.

# %%
numbers = Dataset.from_dict({"number": list(range(8))})
guess = ...


def same_in_two_epochs():
    noisy = numbers.map(lambda row: {"noise": torch.rand(()).item()})
    return noisy[0]["noise"] == noisy[0]["noise"]


predict("12.p17", guess, same_in_two_epochs)

# %% [markdown]
# It was drawn once and written down. Augmentation in `map` gives every epoch the same pictures.
# What has to be new each time belongs into **`with_transform`**: its function runs when a row is
# asked for. It always gets a dict of lists, also for a single row. There a pipeline of
# Albumentations has its place.

# %%
fresh = numbers.with_transform(lambda rows: {"noise": torch.rand(len(rows["number"])).tolist()})
fresh[0]["noise"] == fresh[0]["noise"]

# %% [markdown]
# ## From rows to tensors
#
# A table has `len` and an index, so a DataLoader takes it as it is. Here each row holds a point: a
# list of two numbers.
#
# **Predict 12.p18.** What is `batch["point"]` in a batch of four rows? Write `'one tensor'`,
# `'list of 2 tensors'` or `'list of 4 tensors'`.

# %%
points = Dataset.from_dict({"point": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]})
guess = ...


def kind_of_batch():
    batch = next(iter(DataLoader(points, batch_size=4)))
    found = batch["point"]
    return "one tensor" if torch.is_tensor(found) else f"list of {len(found)} tensors"


predict("12.p18", guess, kind_of_batch)

# %% [markdown]
# The rows hold Python lists, and the default collate of lesson 06 goes *into* lists: it makes a
# tensor of all first numbers, and one of all second numbers. The **format** of a table says what a
# row gives:

# %%
tensors = points.with_format("torch")
next(iter(DataLoader(tensors, batch_size=4)))["point"].shape  # (4, 2)

# %% [markdown]
# **Predict 12.p19.** Without a format, the loader made float64 of Python's numbers. What is
# `tensors[0]["point"].dtype`?

# %%
guess = ...
predict("12.p19", guess, lambda: tensors[0]["point"].dtype)

# %% [markdown]
# `"torch"` gives float32 for floats and int64 for whole numbers, as models want them. Texts stay
# texts. `with_format` gives a new table, `set_format` changes this one; with `columns=` the others
# are hidden. And where rows have different lengths, a slice has no rectangle to give:

# %%
ragged = Dataset.from_dict({"ids": [[5, 2], [7]], "text": ["rain stops", "rain"]})
ragged.with_format("torch")[:2]

# %% [markdown]
# Such a column needs padding, so a collate function; we come to it.
#
# With `streaming=True` nothing is converted, and rows are read from the files one by one, for sets
# that are too large even for the disk. The result is an `IterableDataset` (lesson 06): no `len`, no
# row by its number, and `map` runs only when the rows come. Shuffling uses a **buffer** of
# `buffer_size` rows: one of them is drawn, and the next row of the stream takes its place. (With
# several files, it also mixes the files.)

# %%
stream = load_dataset("csv", data_files=files, split="train", streaming=True)
isinstance(stream, torch.utils.data.IterableDataset), [row["label"] for row in stream][:3]

# %% [markdown]
# **Predict 12.p20.** The eight numbers are streamed and shuffled with `buffer_size=1`. Do they come
# in their old order? Write `True` or `False`.

# %%
guess = ...


def in_old_order():
    shuffled = numbers.to_iterable_dataset().shuffle(seed=0, buffer_size=1)
    return [row["number"] for row in shuffled] == list(range(8))


predict("12.p20", guess, in_old_order)

# %% [markdown]
# A larger buffer mixes better. But where a file is sorted by class, even a buffer as long as a
# class gives first batches of two classes only. Shuffle such a file on the disk before.
#
# ## A tokenizer of our own
#
# Lesson 08 cut texts into words, and a word that was not in the vocabulary was `<unk>`. A
# **subword** tokenizer knows words and pieces of words. It is trained: **BPE**, byte pair encoding,
# begins with letters. It joins the two pieces that stand most often side by side into a new piece,
# and goes on until the vocabulary is full. The library `tokenizers` is quick at that.

# %%
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

cutter = Tokenizer(models.BPE(unk_token="[UNK]"))
cutter.normalizer = normalizers.Lowercase()
cutter.pre_tokenizer = pre_tokenizers.Metaspace()  # a space becomes the mark ▁
cutter.decoder = decoders.Metaspace()
specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
trainer = trainers.BpeTrainer(vocab_size=1000, special_tokens=specials, show_progress=False)
cutter.train_from_iterator(train["text"], trainer)
cutter.encode("Rain stops the match").tokens

# %% [markdown]
# Frequent words are one piece. `▁` marks the beginning of a word, so no space between words is
# lost: the pieces can be put together again. The parts are called in this order, and each can be
# another one:
#
# | part | here | also |
# |---|---|---|
# | `normalizer` | `Lowercase` | accents taken away |
# | `pre_tokenizer` | `Metaspace`: at spaces | `Whitespace`: words and marks apart, spaces lost |
# | model | `BPE` | `WordLevel`: whole words, as in lesson 08; `WordPiece`: BERT's own |
# | `post_processor` | | special tokens: see below |
#
# Each model has a trainer of its name. What the trainer needs, normalizer and pre-tokenizer, has to
# be there before it runs.
#
# **Predict 12.p21.** No text has the name *Gwendolyn*. How many of its tokens are `[UNK]`?

# %%
guess = ...
predict("12.p21", guess, lambda: cutter.encode("Gwendolyn").tokens.count("[UNK]"))

# %% [markdown]
# A new word falls into known pieces, in the worst case into letters. Only a *character* that was in
# no training text is unknown. No text of our news has a `!`:

# %%
cutter.encode("Gwendolyn wins!").tokens

# %% [markdown]
# Models want **special tokens** around a text: here `[CLS]` in front, for a summary of the whole,
# and `[SEP]` after each text, because some tasks compare two texts. A template says so. Numbers
# after a colon are **type ids**: which of the two texts a token is from.

# %%
from tokenizers.processors import TemplateProcessing

cutter.post_processor = TemplateProcessing(
    single="[CLS] $A [SEP]",
    pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    special_tokens=[("[CLS]", specials.index("[CLS]")), ("[SEP]", specials.index("[SEP]"))],
)

# %% [markdown]
# `transformers` wraps the cutter into a tokenizer that can also pad and make tensors. We ask it to
# pad two texts.
#
# **Predict 12.p22.** What happens? Write `'padded'`, `'not padded'` or `'error'`.

# %%
from transformers import PreTrainedTokenizerFast

bare = PreTrainedTokenizerFast(tokenizer_object=cutter)
guess = ...


def pad_two():
    ids = bare(["rain", "rain stops the match"], padding=True)["input_ids"]
    return "padded" if len(ids[0]) == len(ids[1]) else "not padded"


predict("12.p22", guess, pad_two)

# %% [markdown]
# There is a token called `[PAD]`, but nobody has said that it is the one for padding. The wrapper
# has to be told which token has which task:

# %%
tokenizer = PreTrainedTokenizerFast(
    tokenizer_object=cutter,
    pad_token="[PAD]",
    unk_token="[UNK]",
    cls_token="[CLS]",
    sep_token="[SEP]",
)
len(tokenizer), tokenizer.pad_token_id

# %% [markdown]
# **Predict 12.p23.** *rain* is one piece. How many ids has `tokenizer("rain")["input_ids"]`?

# %%
guess = ...
predict("12.p23", guess, lambda: len(tokenizer("rain")["input_ids"]))

# %%
encoding = tokenizer("Rain", "the match")
tokenizer.convert_ids_to_tokens(encoding["input_ids"]), encoding["token_type_ids"]

# %% [markdown]
# A *list* of texts is a batch, two *arguments* are a pair. `truncation=True` with `max_length=`
# cuts long texts, and keeps the special tokens. `decode` goes back.

# %%
short = tokenizer("Rain stops the match in the second half", truncation=True, max_length=6)
tokenizer.decode(short["input_ids"]), tokenizer.decode(short["input_ids"], skip_special_tokens=True)

# %% [markdown]
# ## A collator is a collate_fn
#
# Texts are encoded once, so `map` is the place. Labels begin at 0 now. The table still has its
# column of texts.
#
# **Predict 12.p24.** `DataCollatorWithPadding` makes a batch of rows. What does it make of three
# rows of `encoded`: `'batch'` or `'error'`?

# %%
from transformers import DataCollatorWithPadding


def encode(rows):
    encoding = tokenizer(rows["text"], truncation=True, max_length=64)
    return {**encoding, "label": [label - 1 for label in rows["label"]]}


encoded = train.map(encode, batched=True)
collate = DataCollatorWithPadding(tokenizer)
guess = ...
predict("12.p24", guess, lambda: collate([encoded[i] for i in range(3)]) and "batch")

# %% [markdown]
# A collator wants to make a tensor of every column, and a text is no number. The message speaks of
# padding and truncation, which is misleading: look at the column that it names. Take away what the
# model does not use:

# %%
train_rows = encoded.remove_columns(["text"])
three = collate([train_rows[i] for i in (117, 313, 376)])
{name: tuple(tensor.shape) for name, tensor in three.items()}  # (batch, time), (batch,)

# %% [markdown]
# The column was called `label`, and the batch says `labels`, because that is how the models call
# it. Beside the collate function of lesson 08:
#
# | lesson 08 | `DataCollatorWithPadding` |
# |---|---|
# | `pad_sequence(..., padding_value=...)` | `input_ids`: padded with the pad token's id |
# | `places < lengths[:, None]` | `attention_mask`: 1 is real, 0 is padding; int64 |
# | labels as a tensor | `labels`, from a column `label` or `labels` |
# | | `token_type_ids`, padded as well |
# | | `pad_to_multiple_of=8`: some GPUs like such widths |
#
# **Predict 12.p25.** With `pad_to_multiple_of=8`, three texts of 10, 12 and 17 ids: how wide is the
# batch?

# %%
guess = ...


def width_of_batch():
    collate = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
    return collate([{"input_ids": [5] * length} for length in (10, 12, 17)])["input_ids"].shape[1]


predict("12.p25", guess, width_of_batch)

# %% [markdown]
# It pads what the *tokenizer* has made. Where each token has a label, the labels are a list. This
# collator does not pad them: lists of different lengths are an error.
# `DataCollatorForTokenClassification` pads them, too, with **-100**: the class that `cross_entropy`
# leaves out (lesson 09).

# %%
from transformers import DataCollatorForTokenClassification

tagged = [{"input_ids": [5, 6, 7], "labels": [0, 1, 1]}, {"input_ids": [8], "labels": [1]}]
DataCollatorForTokenClassification(tokenizer)(tagged)["labels"]  # (batch, time)

# %% [markdown]
# ## A small transformer
#
# A model of `transformers` is a Module like those of lesson 04. Its sizes stand in a **config**.
# From the config alone a model is made with random weights; nothing is downloaded. `BertModel` is a
# transformer: it reads a text through layers of attention (lesson 08), here in both directions.
# `BertForSequenceClassification` puts a head on it.

# %%
from transformers import BertConfig, BertForSequenceClassification

config = BertConfig(
    vocab_size=len(tokenizer),
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=64,  # no text may have more tokens
    num_labels=4,
    initializer_range=0.1,  # a model as small as this one needs larger weights than the usual 0.02
)


def fresh_model():
    torch.manual_seed(0)
    return BertForSequenceClassification(config)


# %%
model = fresh_model()
out = model(**three)
type(out).__name__, list(out.keys()), out.logits.shape  # (batch, labels)

# %% [markdown]
# The batch is a dictionary whose names are those of `forward`'s arguments, so `**` hands it over.
# What comes back has names, too. It can also be indexed by numbers.
#
# **Predict 12.p26.** What is the shape of `model(**three)[0]`?

# %%
guess = ...
predict("12.p26", guess, lambda: model(**three)[0].shape)

# %% [markdown]
# With `labels` among the arguments, the loss comes first; without them there is no loss, and `[0]`
# are the logits. So use the names: `out.logits`, `out.loss`.
#
# **Predict 12.p27.** In old code you find `loss, logits = model(**three)`. Of which type is
# `logits` then?

# %%
guess = ...


def type_after_unpacking():
    loss, logits = model(**three)
    return type(logits).__name__


predict("12.p27", guess, type_after_unpacking)

# %% [markdown]
# To unpack a dictionary is to get its keys, and the output is one: `"loss"` and `"logits"`. The
# next line then says that a `str` has no attribute `argmax`.
#
# Here is the way of a batch, from texts to logits:

# %%
texts = ["Rain stops the match", "Rain", "The club wins"]
batch = collate([tokenizer(text) for text in texts])
with torch.no_grad():
    hidden = model.bert(**batch).last_hidden_state  # (batch, time, hidden)
figures.text_batch(texts, tokenizer, batch, hidden, model(**batch).logits)

# %% [markdown]
# `last_hidden_state` has one vector for each place, **also for padding**. For one vector a text,
# two ways are usual. One is the mean over the real tokens, with `attention_mask` as the mask of
# lesson 08. The other is the vector of `[CLS]`, and this model takes it. A linear layer and tanh
# make `pooler_output` of it, of shape (batch, hidden), and the head takes that.
#
# **Predict 12.p28.** Someone gives `input_ids` only, and no mask. Does *Rain* get the same logits
# in this batch as alone? Write `True` or `False`.

# %%
guess = ...


def same_alone(**mask):
    model.eval()
    alone = model(**collate([tokenizer("Rain")])).logits[0]  # (labels,)
    together = model(input_ids=batch["input_ids"], **mask).logits[1]  # (labels,)
    return torch.allclose(alone, together, atol=1e-6)


predict("12.p28", guess, lambda: same_alone())

# %%
same_alone(attention_mask=batch["attention_mask"])

# %% [markdown]
# The model does not look for the pad token: without a mask, all places are real. It is the test of
# lesson 08 again: **a text gets the same answer alone and in a batch**. (Call `eval()` before: with
# Dropout any two answers differ.)
#
# ## Labels and loss
#
# With `labels`, the model computes a loss. Which one? Here it is the one you know:

# %%
by_hand = torch.nn.functional.cross_entropy(out.logits, three["labels"])
torch.allclose(out.loss, by_hand)

# %% [markdown]
# | model | labels | loss |
# |---|---|---|
# | `ForSequenceClassification` | int64, (batch,) | cross-entropy |
# | the same, `num_labels=1` | float, (batch,) | mean squared error |
# | the same, `num_labels` above 1 | float, (batch, labels) | binary cross-entropy with logits |
# | `ForTokenClassification` | int64, (batch, time) | cross-entropy; -100 is left out |
# | a causal model: `GPT2LMHeadModel` | int64, (batch, time) | cross-entropy of the *next* token |
#
# (With `num_labels` above 1, `ForSequenceClassification` takes the kind of the first labels that it
# gets, and writes it into its config. Labels of another kind are an error from then on.)
#
# A **causal** model reads from left to right and says at each place which token comes next. Its
# labels are token ids, too.

# %%
from transformers import GPT2Config, GPT2LMHeadModel

torch.manual_seed(0)
gpt_config = GPT2Config(vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=2, n_positions=64)
gpt = GPT2LMHeadModel(gpt_config).eval()
gpt(**batch, labels=batch["input_ids"]).logits.shape  # (batch, time, vocabulary)

# %% [markdown]
# `batch` has padding, and an attention mask that says so. We write another id into the *labels* of
# the padding.
#
# **Predict 12.p29.** Does the loss change? Write `True` or `False`.

# %%
padding = batch["attention_mask"] == 0  # (batch, time)
guess = ...


def loss_changes():
    labels = batch["input_ids"]  # (batch, time)
    with torch.no_grad():
        before = gpt(**batch, labels=labels).loss
        after = gpt(**batch, labels=labels.masked_fill(padding, 500)).loss
    return not torch.equal(before, after)


predict("12.p29", guess, loss_changes)

# %% [markdown]
# `attention_mask` decides who is looked at. It does not reach the loss: there, only the label -100
# says *leave this out*. Without it, a model learns very well to predict padding.
#
# **Predict 12.p30.** To predict the next token, someone moves the labels by one before the call:
# place 0 gets the token of place 1 as its label, and so on. How many places ahead is the token that
# the model then learns to predict?

# %%
from torch.nn import functional as F

guess = ...


def places_ahead():
    ids = tokenizer("the club wins the match in the rain", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        out = gpt(input_ids=ids[:, :-1], labels=ids[:, 1:])
    logits = out.logits[0]  # (time, vocabulary)
    for ahead in range(4):
        targets = ids[0, ahead : ahead + len(logits)]  # the token that stands so far ahead
        if torch.isclose(out.loss, F.cross_entropy(logits[: len(targets)], targets)):
            return ahead
    return None


predict("12.p30", guess, places_ahead)

# %% [markdown]
# The model moves the labels itself: its loss compares the logits of all places but the last with
# the labels of all places but the first. So `labels=input_ids` is right, and moving them before is
# once too often. The loss falls all the same, and the texts come out as nonsense.
#
# ## The loop of lesson 10 around it
#
# Nothing is new here but `model(**batch).loss`: five steps, `train()` and `eval()`.

# %%
loader = DataLoader(train_rows, batch_size=32, shuffle=True, collate_fn=collate)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
model.train()
torch.manual_seed(0)  # for the order of the texts, and for Dropout
for _ in range(10):
    for news_batch in loader:
        loss = model(**news_batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %%
@torch.no_grad()
def accuracy(model, table):
    model.eval()
    batch = collate(list(table))
    correct = model(**batch).logits.argmax(dim=1) == batch["labels"]  # (rows,)
    return correct.float().mean().item()


test_rows = news["test"].map(encode, batched=True, remove_columns=["text"])
print("guessing: 25 %")
print("training above 90 %:", accuracy(model, train_rows) > 0.9)
print("test above 40 %:", accuracy(model, test_rows) > 0.4)

# %% [markdown]
# The bag of words of lesson 08 did better on the same texts. A transformer has to learn from the
# texts that order matters, and how, and 424 texts do not teach it that. What makes it strong is
# that it was trained *before*, on very many texts; then a few hundred of yours are often enough.
# That is what the rest of this lesson is about: saving, loading, and putting a new head on.
#
# `transformers` has a class `Trainer` that runs the loop for you. (It needs one more package,
# `accelerate`, so this course only describes it.) In the words of lesson 10:
#
# | step | in `Trainer` |
# |---|---|
# | a batch | a DataLoader with `data_collator=`; columns that `forward` does not know are dropped |
# | forward, loss | `model(**batch).loss`: it needs labels in the batch |
# | `zero_grad`, `backward`, `step` | AdamW; gradients clipped to norm 1; a linear schedule |
# | `train()`, `eval()`, `no_grad` | `train()` in each step, the other two in each evaluation |
# | metrics | `compute_metrics=`: a function of all logits and labels, as NumPy arrays |
# | checkpoints | folders with model, optimizer, schedule and random state |

# %% [markdown]
# ## A folder for a model
#
# A state dict (lesson 04) needs the code that made the model. A **folder** holds the config as
# well, so that the model can be made again. The tokenizer belongs into the same folder: with other
# ids, the model is worth nothing.

# %%
folder = place / "news_model"
model.save_pretrained(folder)
tokenizer.save_pretrained(folder)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# `from_pretrained` takes a folder, or the name of a model on the Hub, which it would put into a
# folder first.
#
# **Predict 12.p31.** A model is made from a config, saved, and loaded. What is `.training` of the
# loaded one?

# %%
guess = ...


def training_after_loading():
    fresh_model().save_pretrained(place / "copy")
    return BertForSequenceClassification.from_pretrained(place / "copy").training


predict("12.p31", guess, training_after_loading)

# %% [markdown]
# A model that is made from a config is in training mode, as every Module is; a loaded one is in
# `eval` mode. To train such a model on is called **fine-tuning**. Without `model.train()` there is
# no Dropout in it, and nothing warns you.
#
# The **Auto** classes read in the config which model it is. What comes back is the same function:

# %%
from transformers import AutoModelForSequenceClassification, AutoTokenizer

loaded = AutoModelForSequenceClassification.from_pretrained(folder)
loaded_tokenizer = AutoTokenizer.from_pretrained(folder)
same_ids = loaded_tokenizer("Rain")["input_ids"] == tokenizer("Rain")["input_ids"]
with torch.no_grad():
    same_logits = torch.equal(loaded(**batch).logits, model.eval()(**batch).logits)
type(loaded).__name__, same_ids, same_logits

# %% [markdown]
# And a name that is no folder? With the Hub, this line would download a tokenizer. Here it cannot.

# %%
name = "bert-base-uncased"
try:
    AutoTokenizer.from_pretrained(name)
except OSError:
    print(f"{name} was not reached: it is no folder here, and the Hub is switched off.")

# %% [markdown]
# Now the new task: *is it about sports?* Two labels, not four.
#
# **Predict 12.p32.** What does `from_pretrained(folder, num_labels=2)` give? Write `'four labels'`,
# `'two labels'` or `'error'`.

# %%
guess = ...


def with_two_labels(**options):
    loaded = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2, **options)
    return {2: "two labels", 4: "four labels"}[loaded(**batch).logits.shape[1]]


predict("12.p32", guess, with_two_labels)

# %% [markdown]
# The saved head has four rows and the new one two, and *mismatched* sizes are an error.
# `ignore_mismatched_sizes=True` allows it: the head is then new, with random weights.
#
# There are two more ways in which model and file can differ. A weight that only the model has is
# **missing**, one that only the file has is **unexpected**. Here is a folder with the model below
# the head, the **backbone**, alone.
#
# **Predict 12.p33.** We load this folder twice, as a classifier. Do both give the same logits?
# Write `True`, `False` or `'error'`.

# %%
model.bert.save_pretrained(place / "backbone")
guess = ...


def load_twice():
    one, other = (
        AutoModelForSequenceClassification.from_pretrained(place / "backbone", num_labels=4)
        for _ in range(2)
    )
    return torch.equal(one(**batch).logits, other(**batch).logits)


predict("12.p33", guess, load_twice)

# %% [markdown]
# Missing weights are no error. They are drawn at random, and the library warns (*newly
# initialized*), and many people do not read the warning. Such a model answers, but its head knows
# nothing. `output_loading_info=True` tells what happened:

# %%
_, info = AutoModelForSequenceClassification.from_pretrained(
    place / "backbone", num_labels=4, output_loading_info=True
)
sorted(info["missing_keys"]), sorted(info["unexpected_keys"])

# %% [markdown]
# ## safetensors and pickle
#
# `model.safetensors` is not a file of `torch.save`. Lesson 10 showed that loading a pickle can run
# code. A file of this format holds names, dtypes, shapes and bytes, and nothing that could run.

# %%
from safetensors import safe_open
from safetensors.torch import load_file, save_file

weights = load_file(folder / "model.safetensors")  # a dict of tensors
with safe_open(folder / "model.safetensors", framework="pt") as file:
    rows_of_head = file.get_slice("classifier.weight")[:2]  # reads these rows only
len(weights), rows_of_head.shape  # (2, hidden)

# %% [markdown]
# | | `torch.save` | `save_file` |
# |---|---|---|
# | holds | tensors, and nearly any object | a flat dict: name and tensor; text as `metadata=` |
# | loading can run code | yes, but for `weights_only=True` | no |
# | one tensor alone | reads the file, but for `mmap=True` | `safe_open`: reads this tensor |
# | two names for one memory; a tensor that is not contiguous | kept | refused |
#
# **Predict 12.p34.** In a language model the first and the last layer often share their weight
# (lesson 04: *tied*). What does `save_file` do with such a dict? Write `'saved twice'`,
# `'saved once'` or `'error'`.

# %%
guess = ...


def save_tied():
    weight = torch.ones(300, 300)
    save_file({"first.weight": weight, "last.weight": weight}, place / "tied.safetensors")
    twice = (place / "tied.safetensors").stat().st_size > 1.5 * weight.nbytes
    return "saved twice" if twice else "saved once"


predict("12.p34", guess, save_tied)

# %% [markdown]
# Saved twice, the two would be separate after loading, and no longer learn together. So it is
# refused. `save_pretrained` knows which weights of its model are tied, and saves one of them;
# `from_pretrained` ties them again. For any other Module, `save_model` of safetensors saves one of
# them. `load_model` fills a Module whose code ties them; it ties nothing itself.

# %%
gpt.save_pretrained(place / "gpt")
loaded_gpt = GPT2LMHeadModel.from_pretrained(place / "gpt")
saved = load_file(place / "gpt" / "model.safetensors")
"lm_head.weight" in saved, loaded_gpt.lm_head.weight is loaded_gpt.transformer.wte.weight

# %% [markdown]
# ## A backbone with a new head
#
# Back to the new task. `AutoModel` loads the backbone and leaves the old head in the file. We
# **freeze** it: no gradient, no step. A linear layer of our own comes on top, and only this layer
# is in the optimizer.

# %%
from transformers import AutoModel

backbone = AutoModel.from_pretrained(folder).requires_grad_(False)
torch.manual_seed(0)
head = torch.nn.Linear(config.hidden_size, 2)
sum(p.numel() for p in backbone.parameters()), sum(p.numel() for p in head.parameters())

# %% [markdown]
# **Predict 12.p35.** `backbone.train()` is called, as a training loop does it for the whole model.
# The same batch goes through the frozen backbone twice. Are the two outputs equal? Write `True` or
# `False`.

# %%
guess = ...


def equal_outputs():
    backbone.train()
    one, other = (backbone(**batch).pooler_output for _ in range(2))  # (batch, hidden)
    backbone.eval()
    return torch.equal(one, other)


predict("12.p35", guess, equal_outputs)

# %% [markdown]
# `requires_grad` is about gradients, modes are about `forward`. In training mode a frozen Dropout
# goes on dropping, and a frozen BatchNorm goes on moving its running mean (lessons 04 and 10). So a
# frozen part stays in `eval`, also when the model around it is told to train. Overriding `train`
# does that:


# %%
class IsItSports(torch.nn.Module):
    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, labels=None, **inputs):
        return self.head(self.backbone(**inputs).pooler_output)  # (batch, 2)

    def train(self, mode=True):
        super().train(mode)
        self.backbone.eval()
        return self


sports_model = IsItSports(backbone, head).train()
head.training, backbone.training

# %%
optimizer = torch.optim.AdamW(head.parameters(), lr=0.05)
before = backbone.get_input_embeddings().weight.clone()  # (vocabulary, hidden)
for _ in range(3):
    for sports_batch in loader:
        is_sports = (sports_batch["labels"] == 1).long()  # (batch,)
        loss = F.cross_entropy(sports_model(**sports_batch), is_sports)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
torch.equal(before, backbone.get_input_embeddings().weight)

# %% [markdown]
# 66 numbers were trained, and none of the backbone has moved. How good is it on new texts? Who
# always says *no* is right in 75 %. (It is an easy task for this backbone: it has already learned
# from these labels, with sports as one of four classes.)

# %%
with torch.no_grad():
    test_batch = collate(list(test_rows))
    answers = sports_model.eval()(**test_batch).argmax(dim=1)  # (rows,)
correct = answers == (test_batch["labels"] == 1)  # (rows,)
print("above 75 %:", correct.float().mean().item() > 0.75)

# %% [markdown]
# A frozen backbone in `eval` mode also gives the same vectors in every epoch: compute them once,
# with `map`, and train the head on those.
#
# ## Summary
#
# | object | remember |
# |---|---|
# | offline | variables before the import; a folder where a name would stand |
# | `A.Compose` | names in, dict out; (height, width, channels); one call is one draw |
# | `A.Normalize`, `A.ToTensorV2` | divides by 255 itself; does not divide |
# | `mask=` | nearest value, no `Normalize`; `.long()` afterwards |
# | `bboxes=` | x before y; `format`, `label_fields`; boxes vanish, with their labels if named |
# | v2 | types, not names; `SanitizeBoundingBoxes` |
# | random numbers | generators of its own: `seed=`, `set_random_seed`, `worker_init_fn` |
# | `ReplayCompose` | the same draw again |
# | `datasets` | a slice is a dict of lists; `map`: new table, once; `with_transform`: each time |
# | `with_format("torch")` | int64, float32; rows of unequal length: a list of tensors |
# | tokenizer | trained, saved and loaded with its model; say which token pads |
# | collator | a `collate_fn`; only columns that become tensors; `label` becomes `labels` |
# | model output | by name: `out.loss`, `out.logits` |
# | `attention_mask` | 1 is real; needed whenever there is padding |
# | loss | -100 is left out; a causal model moves the labels itself |
# | `from_pretrained` | `eval` mode; missing weights are random: look at the loading info |
# | safetensors | no code, no shared tensors |
# | frozen backbone | `requires_grad_(False)`, `eval()`, and not in the optimizer |

# %% [markdown]
# ## What people get wrong
#
# - "An Albumentations pipeline fits `transform=` of torchvision's datasets." They call it without a
#   name: [thread](https://github.com/albumentations-team/albumentations/issues/879).
# - "`ToTensorV2` scales to 0 ... 1, as `ToTensor` does." It does not; `Normalize` does:
#   [thread](https://github.com/albumentations-team/albumentations/issues/1360).
# - "Each worker augments in its own way." With Albumentations 2.0.8 all workers make the same
#   draws, in each epoch again:
#   [thread](https://github.com/albumentations-team/AlbumentationsX/issues/266).
# - "`torch.manual_seed` makes the run repeatable." Not the draws of Albumentations:
#   [thread](https://github.com/albumentations-team/albumentations/issues/2473).
# - "My boxes are lost, it is a bug." A crop drops what lies outside:
#   [thread](https://github.com/albumentations-team/albumentations/issues/383).
# - "`Resize((width, height))`, as in PIL." Both libraries say the height first.
# - "`dataset.map(f)` changes the dataset." It gives a new one:
#   [thread](https://github.com/huggingface/datasets/issues/120).
# - "Augmentation belongs into `map`." There it is drawn once:
#   [thread](https://github.com/huggingface/datasets/issues/768).
# - "`map` notices that I have changed its function." Not if the function is imported:
#   [thread](https://github.com/huggingface/datasets/issues/3297).
# - "A DataLoader makes a tensor of a column of lists." The default collate goes into lists:
#   [thread](https://github.com/pytorch/pytorch/issues/50272).
# - "`shuffle()` of a stream mixes everything." It mixes inside a buffer:
#   [thread](https://github.com/hiyouga/LlamaFactory/issues/6326).
# - "A tokenizer pads by itself." It has to know its pad token:
#   [thread](https://github.com/LegallyCoder/mamba-hf/issues/2).
# - "The same texts give the same tokenizer." BPE as in this lesson does; the trainer of WordPiece
#   does not: [thread](https://github.com/huggingface/tokenizers/issues/1794).
# - "`DataCollatorWithPadding` pads labels." It pads what the tokenizer made:
#   [thread](https://github.com/huggingface/transformers/issues/8146).
# - "`loss, logits = model(...)`." That gives two names:
#   [thread](https://github.com/huggingface/transformers/issues/8919).
# - "The model sees which tokens are padding." Not without a mask:
#   [thread](https://github.com/huggingface/transformers/issues/278).
# - "I have to move the labels of a causal model." It does that:
#   [thread](https://github.com/huggingface/transformers/issues/2033).
# - "A loaded model is ready to be trained." It is in `eval` mode:
#   [thread](https://github.com/huggingface/transformers/pull/1703).
# - "*Newly initialized* is a warning to be ignored." The head is random:
#   [thread](https://github.com/huggingface/transformers/issues/949).
# - "Tied weights can be saved like others." Not with `save_file`:
#   [thread](https://github.com/safetensors/safetensors/issues/98).
# - "`requires_grad = False` freezes BatchNorm." Its running mean moves until `eval()`:
#   [thread](https://github.com/lightly-ai/lightly/issues/1438).

# %% [markdown]
# ## Further reading
#
# - [Albumentations](https://albumentations.ai/docs/): targets, boxes, reproducibility. Version
#   2.0.8, the one of this course, is under the MIT licence, and the last one of its line.
# - [transforms v2](https://pytorch.org/vision/stable/transforms.html) and
#   [`tv_tensors`](https://pytorch.org/vision/stable/tv_tensors.html)
# - [`datasets`](https://huggingface.co/docs/datasets): how a table lies on the disk, with PyTorch,
#   streaming
# - [`tokenizers`](https://huggingface.co/docs/tokenizers): the parts of a tokenizer, and other
#   models than BPE: `WordLevel` has whole words, `WordPiece` is what BERT uses
# - [`transformers`](https://huggingface.co/docs/transformers): models, outputs, collators,
#   `Trainer`
# - [safetensors](https://huggingface.co/docs/safetensors): the format, and tensors that are shared
# - [`cross_entropy`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html)
#   and its `ignore_index`
