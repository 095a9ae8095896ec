# ---
# course:
#   number: "09"
#   title: "Exercises: losses, optimizers and schedules"
#   needs: ["09"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. Some begin with code that
#     runs and is wrong. `hint("09.1")` gives a hint, and another one each time you ask.
# ---

# %%
import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 09.1
#
# Write `mse_loss` yourself, and make it refuse two shapes that would only broadcast.

# %% exercise="09.1"

# %% [markdown]
# ## Exercise 09.2
#
# The loss of all classifiers. For the logits `[2, 1, 0]` and class 0 it is 0.4076. Logits may be as
# large as 1000, so softmax and logarithm cannot be done one after the other.

# %% exercise="09.2"

# %% [markdown]
# ## Exercise 09.3
#
# Now its gradient, without autograd: one line of paper and pencil for one sample, then the batch.
# For the logits `[0, 0]` and class 1 it is `[0.5, -0.5]`.

# %% exercise="09.3"

# %% [markdown]
# ## Exercise 09.4
#
# The loss of yes-or-no questions, from logits. The logit -200 with target 1 has the loss 200, and
# not infinity.

# %% exercise="09.4"

# %% [markdown]
# ## Exercise 09.5
#
# Labels come out of files in all kinds of shapes and dtypes. Make them fit the loss, also in a
# batch of one sample.

# %% exercise="09.5"

# %% [markdown]
# ## Exercise 09.6
#
# A model gives scores for every word of every text, and short texts are filled up with padding.
# Every real word counts the same; padding counts nothing.

# %% exercise="09.6"

# %% [markdown]
# ## Exercise 09.7
#
# This classifier runs, its loss falls a little, and then nothing more happens. Find what is wrong
# with `forward` and with `probabilities`, and mend them.

# %% exercise="09.7"

# %% [markdown]
# ## Exercise 09.8
#
# SGD has three settings that change its rule: momentum, weight decay and Nesterov. Write one step
# with all of them. The documentation of `torch.optim.SGD` has it as a table of instructions.

# %% exercise="09.8"

# %% [markdown]
# ## Exercise 09.9
#
# Adam over several steps. Check your function against `torch.optim.Adam` before you run the check:
# that is how you will find mistakes in your own code later.

# %% exercise="09.9"

# %% [markdown]
# ## Exercise 09.10
#
# A whole optimizer, as people write it who invent one: `__init__` is there, `step` is yours. It has
# to work with groups, with a schedule, and with `state_dict`.

# %% exercise="09.10"

# %% [markdown]
# ## Exercise 09.11
#
# Sort the parameters of a model into two groups: with weight decay and without.

# %% exercise="09.11"

# %% [markdown]
# ## Exercise 09.12
#
# Freeze a part of a model between two batches, so that no optimizer moves it any more. Its
# gradients of the last batch are still there when your function is called.

# %% exercise="09.12"

# %% [markdown]
# ## Exercise 09.13
#
# A batch of 64 does not fit into memory, four of 16 do. Take one step that is the same as with the
# large batch.

# %% exercise="09.13"

# %% [markdown]
# ## Exercise 09.14
#
# Write the tool behind the table of this lesson: it runs something and tells what that changed.
# For `loss.backward` the answer is `['gradients']`.

# %% exercise="09.14"

# %% [markdown]
# ## Exercise 09.15
#
# Give the rates of a `MultiStepLR` without making one.

# %% exercise="09.15"

# %% [markdown]
# ## Exercise 09.16
#
# The schedule that most large models are trained with. With `warmup=2`, `total=6` and base rate 1,
# the rates are 0.5, 1, then half a cosine: 1, 0.854, 0.5, 0.146, and 0 from step 6 on.

# %% exercise="09.16"

# %% [markdown]
# ## Exercise 09.17
#
# Three things are wrong with this loop. Mend it: it should use the whole schedule, keep to `every`,
# and note the rates that were really used.

# %% exercise="09.17"

# %% [markdown]
# ## Exercise 09.18
#
# Remember a run and put it back later, in the middle of its schedule, more than once if need be.

# %% exercise="09.18"

# %% [markdown]
# ## Exercise 09.19
#
# Write the rule of `ReduceLROnPlateau` yourself. For the values `[5, 4, 4, 4, 4]` with patience 2
# and factor 0.5, the rate 1 falls to 0.5 after the last value.

# %% exercise="09.19"

# %% [markdown]
# ## Done?
#
# `solution("09.1")` shows one right answer after you have tried. Compare it with yours.
