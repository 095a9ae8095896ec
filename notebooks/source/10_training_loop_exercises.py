# ---
# course:
#   number: "10"
#   title: "Exercises: the training loop"
#   needs: ["10"]
#   lead: >-
#     The first eleven exercises build a training loop from its parts. The other ten are a debug
#     clinic: scripts that run, raise no error, and are wrong. A check never stops the notebook.
#     `hint("10.1")` gives a hint, and another one each time you ask.
# ---

# %%
import copy

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 10.1
#
# Forward, loss, clear, backward, step. The check calls your function three times with the same
# model: a gradient that was left behind shows in the second call.

# %% exercise="10.1"

# %% [markdown]
# ## Exercise 10.2
#
# Measure a model on a validation set, and leave no trace. The check looks at the number, at the
# mode of the model while you run it and afterwards, and at its parameters and buffers.
#
# Three batches of 3, 3 and 1 samples with the mean losses 1, 1 and 8 have the mean
# (3 * 1 + 3 * 1 + 1 * 8) / 7 = 2.

# %% exercise="10.2"

# %% [markdown]
# ## Exercise 10.3
#
# Some datasets give labels of shape (batch,), some of shape (batch, 1). Your function takes both,
# and batches of one sample too.

# %% exercise="10.3"

# %% [markdown]
# ## Exercise 10.4
#
# Write a small metric object as torchmetrics has them. The check gives your object some batches,
# asks it in between, and resets it:
#
# ```
# mean.update(torch.tensor(1.0), 4)
# mean.update(torch.tensor(6.0), 1)
# mean.compute()    # (4 * 1 + 1 * 6) / 5 = 2.0
# ```

# %% exercise="10.4"

# %% [markdown]
# ## Exercise 10.5
#
# One number hides which classes are mixed up. With labels `[0, 1, 1, 0]` and predictions
# `[0, 1, 1, 1]` the matrix is `[[1, 1], [0, 2]]`: one 0 was taken for a 1.

# %% exercise="10.5"

# %% [markdown]
# ## Exercise 10.6
#
# Training code often moves `x` and forgets `y`, or moves the training batch and forgets the
# validation batch. Write it once, for every batch. The check uses the device `"meta"`: its tensors
# have a shape and no numbers, and every computer has it.

# %% exercise="10.6"

# %% [markdown]
# ## Exercise 10.7
#
# You are given the losses of a run and something with `add_scalar`, like TensorBoard's
# `SummaryWriter`. Write the points of two curves.

# %% exercise="10.7"

# %% [markdown]
# ## Exercise 10.8
#
# The check makes one object with the patience it shows, and calls `step` with one loss of the
# list after the other, until it says stop. Between the calls the model changes, as it does in
# training.

# %% exercise="10.8"

# %% [markdown]
# ## Exercise 10.9
#
# Put into one dict what a run needs to go on. The check trains the model on after your function
# has returned, and only then saves your dict, loads it, and looks.

# %% exercise="10.9"

# %% [markdown]
# ## Exercise 10.10
#
# The other half: bring a fresh model, optimizer and scheduler to where the checkpoint was made.
# The check then trains four epochs with dropout and shuffling, and compares every loss.

# %% exercise="10.10"

# %% [markdown]
# ## Exercise 10.11
#
# Now all of it: epochs, training, validation, and a history that can be trusted.

# %% exercise="10.11"

# %% [markdown]
# ## The debug clinic
#
# The patients: each function below runs without an error, and each has **one** bug that was found
# in a real program or in real lecture notes. Read the complaint, look for the place, and mend it
# in its cell. You are judged by what your version does, not by how it looks.
#
# A good order: read the docstring, which says what the script is meant to do. Guess. Then *print*
# something that would prove your guess wrong.

# %% [markdown]
# ## Exercise 10.12
#
# **Complaint:** "I train and train. The loss is the same in every epoch, to the last digit."

# %% exercise="10.12"

# %% [markdown]
# ## Exercise 10.13
#
# **Complaint:** "My loss curve jumps up and down, although the model gets better and better."

# %% exercise="10.13"

# %% [markdown]
# ## Exercise 10.14
#
# **Complaint:** "When I validate twice as often, my model comes out different. I only *look*!"

# %% exercise="10.14"

# %% [markdown]
# ## Exercise 10.15
#
# **Complaint:** "The first epoch is fine. Then Dropout seems to be off and BatchNorm stands still."

# %% exercise="10.15"

# %% [markdown]
# ## Exercise 10.16
#
# **Complaint:** "My accuracy is 1.25."

# %% exercise="10.16"

# %% [markdown]
# ## Exercise 10.17
#
# **Complaint:** "Training loss 0.2, validation loss 1.1. I am told it is overfitting, but nothing
# helps."

# %% exercise="10.17"

# %% [markdown]
# ## Exercise 10.18
#
# **Complaint:** "I gave a trained model a new last layer. The loss goes down, but too
# slowly."

# %% exercise="10.18"

# %% [markdown]
# ## Exercise 10.19
#
# **Complaint:** "I clip the gradients, and the training explodes all the same."

# %% exercise="10.19"

# %% [markdown]
# ## Exercise 10.20
#
# **Complaint:** "After the first epoch the model stops learning."

# %% exercise="10.20"

# %% [markdown]
# ## Exercise 10.21
#
# **Complaint:** "I keep the best model. It is never better than the last one."

# %% exercise="10.21"

# %% [markdown]
# ## Done?
#
# `solution("10.1")` shows one right answer after you have tried. For the clinic, compare line by
# line: how many characters was the bug?
