# ---
# course:
#   number: "06"
#   title: "Exercises: datasets and dataloaders"
#   needs: ["06"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check never stops the
#     notebook. `hint("06.1")` gives a hint, and another one each time you ask. No check starts
#     worker processes.
# ---

# %%
import io
import math

import numpy
import pandas
import torch

# %%
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import (
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    Sampler,
    Subset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 06.1
#
# The smallest useful dataset: features and labels in two lists. A `DataLoader` must be able to
# make batches of it with dtypes that a model can use.

# %% exercise="06.1"

# %% [markdown]
# ## Exercise 06.2
#
# Make a dataset of a CSV text, with dictionaries as samples. For `columns=["mass"]` and
# `label="species"`:
#
# ```
# species,mass        dataset.classes  ->  ['Adelie', 'Gentoo']
# Gentoo,5000         dataset[0]       ->  {'features': tensor([5000.]), 'label': tensor(1)}
# Adelie,3700         dataset[1]       ->  {'features': tensor([3700.]), 'label': tensor(0)}
# ```

# %% exercise="06.2"

# %% [markdown]
# ## Exercise 06.3
#
# Some files are too long to keep in memory. Read numbers line by line, as an iterable dataset
# that can be walked through again in the next epoch.

# %% exercise="06.3"

# %% [markdown]
# ## Exercise 06.4
#
# Ten samples in batches of four: `[4, 4, 2]`, or `[4, 4]` if the short batch is dropped. Find the
# sizes without making a loader.

# %% exercise="06.4"

# %% [markdown]
# ## Exercise 06.5
#
# `random_split` and many other functions give you datasets without a transform. Write a dataset
# that stands in front of another one and changes its inputs.

# %% exercise="06.5"

# %% [markdown]
# ## Exercise 06.6
#
# Large models are trained for a number of steps. Take that many batches from a loader. When an
# epoch ends too early, the next one begins, with a new order.

# %% exercise="06.6"

# %% [markdown]
# ## Exercise 06.7
#
# Write the sampler behind `shuffle=True` yourself.

# %% exercise="06.7"

# %% [markdown]
# ## Exercise 06.8
#
# `[0, 0, 0, 1]`: three samples of class 0, one of class 1. Find weights with which both classes
# are drawn equally often. The weights of the three have to be as large together as that of the one.

# %% exercise="06.8"

# %% [markdown]
# ## Exercise 06.9
#
# Put the weights to use: a loader in whose epochs a rare class comes up as often as a common one.

# %% exercise="06.9"

# %% [markdown]
# ## Exercise 06.10
#
# Padding costs time: in a batch of one long text and many short ones, most numbers are zeros. Write
# a batch sampler that puts texts of similar length together.
#
# ```
# LengthBatches([5, 1, 4, 2, 3], batch_size=2)   ->   [1, 3], [4, 2], [0]
# ```

# %% exercise="06.10"

# %% [markdown]
# ## Exercise 06.11
#
# Texts of different lengths cannot be stacked. Pad them with zeros, and keep the lengths.
#
# ```
# [(tensor([5, 6]), 1), (tensor([7, 8, 9]), 0)]
#     ->  tensor([[5, 6, 0], [7, 8, 9]]), tensor([2, 3]), tensor([1, 0])
# ```

# %% exercise="06.11"

# %% [markdown]
# ## Exercise 06.12
#
# A dataset gives `None` for a file that it cannot read. Leave such samples out of the batch. Be
# careful: the number 0 is a good sample.

# %% exercise="06.12"

# %% [markdown]
# ## Exercise 06.13
#
# `default_collate` has rules that surprise people: decimal numbers become float64, and lists are
# taken apart. Write a collate function with better rules. It has to work for dictionaries in
# tuples in dictionaries.

# %% exercise="06.13"

# %% [markdown]
# ## Exercise 06.14
#
# Two datasets of the same pictures: with random changes for training, without for validation.
# Split them so that no picture is in both parts.

# %% exercise="06.14"

# %% [markdown]
# ## Exercise 06.15
#
# Ten samples for three processes. All need equally many. Do what `DistributedSampler` does with
# `shuffle=False`, by hand.
#
# ```
# rank 0: [0, 3, 6, 9]    rank 1: [1, 4, 7, 0]    rank 2: [2, 5, 8, 1]
# ```

# %% exercise="06.15"

# %% [markdown]
# ## Exercise 06.16
#
# Now with `DistributedSampler` itself: write down who draws what, in each of several epochs. Every
# epoch has a new order, and in each the ranks share the same one.

# %% exercise="06.16"

# %% [markdown]
# ## Exercise 06.17
#
# Several workers read one stream, each with a copy of it. Together they must yield each number
# once. The check calls your code as workers would, without starting any.

# %% exercise="06.17"

# %% [markdown]
# ## Exercise 06.18
#
# A dataset has a NumPy generator of its own, and all workers begin with a copy of it. Write the
# `worker_init_fn` that gives each worker its own random numbers.

# %% exercise="06.18"

# %% [markdown]
# ## Done?
#
# Take a dataset of your own: a folder of files, a table. Write its `Dataset` class into a Python
# file, load it with two workers, and look at the first batch.
