# ---
# course:
#   number: "04"
#   title: "Exercises: modules and parameters"
#   needs: ["04"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check looks at more
#     than outputs: what is registered, what is saved, what an optimizer would get. `hint("04.1")`
#     gives a hint, and another one each time you ask.
# ---

# %%
import copy
import math

import torch
from torch import nn
from torch.nn import functional

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 04.1
#
# Each feature is multiplied by a number of its own, which is learned. With the start values, an
# input of `[[1, 2]]` gives `[[0.1, 0.2]]`.

# %% exercise="04.1"

# %% [markdown]
# ## Exercise 04.2
#
# Write `nn.Linear` yourself, so well that nobody notices: it loads the state dict of `nn.Linear`,
# gives the same outputs and the same gradients, and starts as small.

# %% exercise="04.2"

# %% [markdown]
# ## Exercise 04.3
#
# Sort the tensors of a module by what they are registered as. This is the function to have at
# hand when a model does not save what it should.

# %% exercise="04.3"

# %% [markdown]
# ## Exercise 04.4
#
# Two numbers for each feature belong to the model: they are saved with it and move with it. They
# come from the data, so training must not change them.

# %% exercise="04.4"

# %% [markdown]
# ## Exercise 04.5
#
# Write a module that remembers. After the training batches `[[1], [3]]` and `[[11]]` it has seen
# three samples with the sum 15, so in eval mode it subtracts 5.

# %% exercise="04.5"

# %% [markdown]
# ## Exercise 04.6
#
# Count what a model learns. `nn.Linear(3, 2)` has 6 weights and 2 biases, so the answer is
# `(8, 0)`.

# %% exercise="04.6"

# %% [markdown]
# ## Exercise 04.7
#
# Build a perceptron from a list of sizes. `[2, 3, 1]` means: 2 inputs, one hidden layer with 3
# numbers, 1 output.

# %% exercise="04.7"

# %% [markdown]
# ## Exercise 04.8
#
# Build a stack whose depth is an argument. Five layers have five weights that start different
# from each other.

# %% exercise="04.8"

# %% [markdown]
# ## Exercise 04.9
#
# One body can serve several tasks. Keep one linear head for each, and run only the one that is
# asked for: with `sizes={"age": 1, "species": 3}`, `model(x, "species")` has shape (batch, 3).

# %% exercise="04.9"

# %% [markdown]
# ## Exercise 04.10
#
# This classifier was trained, put into eval mode, and asked the same question twice. It gave two
# answers. Find the reason and mend it.

# %% exercise="04.10"

# %% [markdown]
# ## Exercise 04.11
#
# Compute the size after a convolution along one axis. An input of 32 and a kernel of 5 give 28;
# with a step of 2, they give 14. Some kernels do not fit at all.

# %% exercise="04.11"

# %% [markdown]
# ## Exercise 04.12
#
# Build the CNN of the lesson for any input size, so that `ConvNet(3, 32, 32, 10)` has a last layer
# for 750 numbers, and `ConvNet(1, 28, 28, 10)` one for 480. Whoever asks for an input that is too
# small should be told so when the model is made, not later.

# %% exercise="04.12"

# %% [markdown]
# ## Exercise 04.13
#
# Language models often use one weight twice: to turn a word into numbers, and to turn numbers
# into a score for each word. Tie the two layers together, so that they stay tied.

# %% exercise="04.13"

# %% [markdown]
# ## Exercise 04.14
#
# Before a trained model is trained further on new data, a part of it is often frozen. Freeze the
# part with the given name, and say what is left for the optimizer.

# %% exercise="04.14"

# %% [markdown]
# ## Exercise 04.15
#
# You have saved weights of another model: some entries fit yours, some have another shape, some
# another name. Load what fits, and say what was left over.

# %% exercise="04.15"

# %% [markdown]
# ## Exercise 04.16
#
# During training you want to remember the best state so far. Take a snapshot that stays as it is
# while the model goes on learning.

# %% exercise="04.16"

# %% [markdown]
# ## Exercise 04.17
#
# The model may live on a GPU, and may be in another precision. Bring a batch to it. The check uses
# the `meta` device, so you need no GPU.

# %% exercise="04.17"

# %% [markdown]
# ## Done?
#
# `solution("04.1")` shows one right answer after you have tried. Then take a model of your own and
# run your `kinds_of_tensors` on it: is there a plain tensor that should have been a buffer?
