# ---
# course:
#   number: "07"
#   title: "Exercises: the vision pipeline"
#   needs: ["07"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check never stops the
#     notebook. `hint("07.1")` gives a hint, and another one each time you ask.
# ---

# %%
import torch
from torch import nn
from torch.utils.data import Subset, random_split

# %%
from torchvision import transforms, tv_tensors
from torchvision.transforms import v2

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 07.1
#
# Do what `ToTensor` does. The two pixels of a grey image with one row:
#
# ```
# [[0, 51]] as uint8    ->  [[[0.0, 0.2]]]    shape (1, 1, 2)
# [[0, 51]] as float32  ->  [[[0.0, 51.0]]]
# ```

# %% exercise="07.1"

# %% [markdown]
# ## Exercise 07.2
#
# Do what `Normalize` does, for any number of channels. With `mean=[0.5]` and `std=[0.25]`, a
# pixel of 1.0 becomes 2.0.

# %% exercise="07.2"

# %% [markdown]
# ## Exercise 07.3
#
# A normalised image cannot be drawn: its values are not between 0 and 1. Bring it back.

# %% exercise="07.3"

# %% [markdown]
# ## Exercise 07.4
#
# Find the numbers for `Normalize`. The images come in batches, as from a loader. Take care: the
# last batch may be smaller than the others.

# %% exercise="07.4"

# %% [markdown]
# ## Exercise 07.5
#
# Before you load a folder of photos, you want to know which sizes will come out of `Resize`.

# %% exercise="07.5"

# %% [markdown]
# ## Exercise 07.6
#
# `RandomCrop(size, padding=1)` draws a place and then cuts there. Write the part after the draw.
# An image `[[5]]` with one pixel and `padding=1`, cut to `size=2`:
#
# ```
# padded     top=0, left=0    top=1, left=0
# 0 0 0
# 0 5 0      0 0              0 5
# 0 0 0      0 5              0 0
# ```

# %% exercise="07.6"

# %% [markdown]
# ## Exercise 07.7
#
# A random transform is an ordinary object that can be called. Write one.

# %% exercise="07.7"

# %% [markdown]
# ## Exercise 07.8
#
# Two pipelines for one set of images: one that changes the images at random, for training, and
# one that never does. Use the classes of `transforms`.

# %% exercise="07.8"

# %% [markdown]
# ## Exercise 07.9
#
# Give the training part its augmentation and the validation part none, and let no image be in
# both. `make_dataset(transform)` stands for `MNIST(root, transform=transform)`.

# %% exercise="07.9"

# %% [markdown]
# ## Exercise 07.10
#
# A mask holds a class for each pixel. If the image is mirrored, so must be its mask; if the image
# is normalised, its mask must not be. Let one v2 transform do both in one call.

# %% exercise="07.10"

# %% [markdown]
# ## Exercise 07.11
#
# Build the network of the lesson as a module of your own. Names and order of your layers are
# free; their shapes are not.

# %% exercise="07.11"

# %% [markdown]
# ## Exercise 07.12
#
# Which wrong answers should you look at first? Those where the model believed least in the truth.

# %% exercise="07.12"
