# ---
# course:
#   number: "01"
#   title: "Exercises: tensors, storage and stride"
#   needs: ["01"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check never stops the
#     notebook. `hint("01.1")` gives a hint, and another one each time you ask.
# ---

# %%
import io

import pandas
import torch

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 01.1
#
# A fresh tensor of shape (2, 3, 4) has the strides (12, 4, 1). Write the function that finds the
# strides from the shape.

# %% exercise="01.1"

# %% [markdown]
# ## Exercise 01.2
#
# Every element has one place in the storage. Find it from the index, the strides and the offset.

# %% exercise="01.2"

# %% [markdown]
# ## Exercise 01.3
#
# Decide whether a tensor is contiguous when you know only its shape and its strides. Two corners
# to think about: dimensions of size 1, and tensors without elements.

# %% exercise="01.3"

# %% [markdown]
# ## Exercise 01.4
#
# `view` can join two neighbouring dimensions if the steps fit together. Decide whether dimensions
# `dim` and `dim + 1` can be joined. A dimension of size 1 can always be joined.

# %% exercise="01.4"

# %% [markdown]
# ## Exercise 01.5
#
# Some programs store matrices column by column. Give all elements of a matrix in that order.
#
# ```
# [[1, 2, 3],
#  [4, 5, 6]]   ->   [1, 4, 2, 5, 3, 6]
# ```

# %% exercise="01.5"

# %% [markdown]
# ## Exercise 01.6
#
# Pictures come as (height, width, channels). Give them to torch as (channels, height, width).

# %% exercise="01.6"

# %% [markdown]
# ## Exercise 01.7
#
# Use `as_strided` to look at the diagonal of a matrix. The matrix may be transposed, or a slice
# of a larger one; your diagonal must still be a view of it.

# %% exercise="01.7"

# %% [markdown]
# ## Exercise 01.8
#
# Cut a signal into windows that may overlap. With `size=3` and `step=2`, the signal
# `[0, 1, 2, 3, 4, 5, 6]` has the windows `[0, 1, 2]`, `[2, 3, 4]`, `[4, 5, 6]`. Nothing is copied.

# %% exercise="01.8"

# %% [markdown]
# ## Exercise 01.9
#
# A convolution looks at every small patch of a picture. Make a tensor of four dimensions that
# holds them all, without copying a number.

# %% exercise="01.9"

# %% [markdown]
# ## Exercise 01.10
#
# For `a = [10, 20]` and `b = [1, 2, 3]` the sum of your two grids is
# `[[11, 12, 13], [21, 22, 23]]`. Neither grid may need memory of its own.

# %% exercise="01.10"

# %% [markdown]
# ## Exercise 01.11
#
# Write a test for the question of this lesson: do two tensors look at the same storage?

# %% exercise="01.11"

# %% [markdown]
# ## Exercise 01.12
#
# Turn the bytes of a picture into numbers around zero.

# %% exercise="01.12"

# %% [markdown]
# ## Exercise 01.13
#
# Read the columns you are told to read, leave out rows with gaps in them, and give a float32
# tensor with one column for each name.

# %% exercise="01.13"

# %% [markdown]
# ## Exercise 01.14
#
# `x` is a small slice of a large tensor. Give a tensor that is equal to it in shape, dtype and
# values, and that weighs no more than it has to.

# %% exercise="01.14"

# %% [markdown]
# ## Exercise 01.15
#
# The whole rule: decide whether a tensor with this shape and these strides can be viewed as a new
# shape. Dimensions can be split and joined, in any combination.

# %% exercise="01.15"

# %% [markdown]
# ## Done?
#
# `solution("01.1")` shows one right answer after you have tried. Compare it with yours: which of
# the two would you rather read in a year?
