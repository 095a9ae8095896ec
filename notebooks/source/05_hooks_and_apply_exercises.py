# ---
# course:
#   number: "05"
#   title: "Exercises: hooks and apply"
#   needs: ["05"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check never stops the
#     notebook. `hint("05.1")` gives a hint, and another one each time you ask. The checks of this
#     notebook also count the hooks that are left on the model, after a good run and after one that
#     raised.
# ---

# %%
import torch
from torch import nn

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 05.1
#
# Which shape does each layer give? You cannot see it from outside. Hang a hook on every leaf, run
# the model, take the hooks off.
#
# ```
# nn.Sequential(nn.Linear(3, 5), nn.ReLU()), x of shape (2, 3)   ->   {"0": (2, 5), "1": (2, 5)}
# ```

# %% exercise="05.1"

# %% [markdown]
# ## Exercise 05.2
#
# Get the outputs of some layers of a model that you did not write, as a small library would do it:
# nobody can see afterwards that you were there. A layer behind yours may work in place.

# %% exercise="05.2"

# %% [markdown]
# ## Exercise 05.3
#
# A with-block is a good place for a hook: the block cannot be left without `__exit__`. Write a
# class that records a layer for the length of a block.

# %% exercise="05.3"

# %% [markdown]
# ## Exercise 05.4
#
# A trained model wants floats between 0 and 1, and you have bytes. Teach it to take both, without
# touching its code. Some models of the check have a second argument.

# %% exercise="05.4"

# %% [markdown]
# ## Exercise 05.5
#
# Which unit of a layer does what? One way to find out: switch a single unit off and look at what
# the model gives now.

# %% exercise="05.5"

# %% [markdown]
# ## Exercise 05.6
#
# You need the output of the second layer of a large model. Running the other ninety-eight would be
# a waste. Leave the model as soon as the layer has finished.

# %% exercise="05.6"

# %% [markdown]
# ## Exercise 05.7
#
# The loss is NaN. Name the module where it began. An infinity counts as bad, too: it is often NaN
# one layer later. In the check, `Log` and `LogOf` are small modules that take a logarithm; `log(0)`
# is -inf. `LogLast` registers its layers in another order than it runs them.

# %% exercise="05.7"

# %% [markdown]
# ## Exercise 05.8
#
# Limit each value of each gradient, with a limit of 5:
#
# ```
# [-20, 3, 8]   ->   [-5, 3, 5]
# ```
#
# In the check, `Shift` is a module that adds its parameter to the input. Both then get the same
# gradient, but only that of the parameter is to be clipped.

# %% exercise="05.8"

# %% [markdown]
# ## Exercise 05.9
#
# Which layers learn, and which get next to no gradient? Log the norm of every gradient, in every
# backward pass.

# %% exercise="05.9"

# %% [markdown]
# ## Exercise 05.10
#
# Pictures of what a network looks at need the gradient at an inner layer. In many networks the next
# layer is `nn.ReLU(inplace=True)`, and full backward hooks do not work there.

# %% exercise="05.10"

# %% [markdown]
# ## Exercise 05.11
#
# A layer was called `fc`; now it is called `hidden`. Old checkpoints should still load, also where
# your model is a part of a larger one. In torch 2.3 the hook that you need has only a private name:
# `_register_load_state_dict_pre_hook(hook, with_module=True)`.

# %% exercise="05.11"

# %% [markdown]
# ## Exercise 05.12
#
# `apply` is a few lines of Python. Write them, without calling `apply`.

# %% exercise="05.12"

# %% [markdown]
# ## Exercise 05.13
#
# Write the function for `model.apply` that gives linear layers and convolutions good weights, and
# leaves everything else alone. In the check, `Head` is a class made from `nn.Linear`.

# %% exercise="05.13"

# %% [markdown]
# ## Exercise 05.14
#
# How much work is one run of a model? Count the products. For a linear layer with 3 inputs and 5
# outputs and a batch of 2, there are 2 * 5 numbers, each a sum of 3 products: 30. In the check,
# `Twice` is a model that uses its layer two times.

# %% exercise="05.14"

# %% [markdown]
# ## Done?
#
# `solution("05.1")` shows one right answer after you have tried. You have written a small set of
# tools that you can take to every model: keep them.
