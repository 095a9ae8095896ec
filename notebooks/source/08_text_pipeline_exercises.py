# ---
# course:
#   number: "08"
#   title: "Exercises: the text pipeline"
#   needs: ["08"]
#   lead: >-
#     Write each answer in its cell, run it, then run the check below it. A check never stops the
#     notebook. `hint("08.1")` gives a hint, and another one each time you ask. No exercise needs
#     torchtext: all of them are the same in both lanes.
# ---

# %%
import re
from collections import Counter

import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from course_utils import check, hint, solution

# %% [markdown]
# ## Exercise 08.1
#
# The tokenizer with which many text lessons begin. Its rules stand in the docstring.
#
# ```
# "You can't go, said Ann."   ->   ['you', 'can', "'", 't', 'go', ',', 'said', 'ann', '.']
# ```

# %% exercise="08.1"

# %% [markdown]
# ## Exercise 08.2
#
# Number the tokens. The same texts must always give the same numbers: a saved model is of no use
# with another vocabulary.
#
# ```
# [["b", "a"], ["c", "b", "b"]] with specials ["<unk>"]   ->   {"<unk>": 0, "b": 1, "a": 2, "c": 3}
# ```

# %% exercise="08.2"

# %% [markdown]
# ## Exercise 08.3
#
# Look tokens up. A text that comes later has words that nobody has seen.

# %% exercise="08.3"

# %% [markdown]
# ## Exercise 08.4
#
# Texts of different lengths do not stack. Fill them up, and keep the lengths: they cannot be found
# again later.
#
# ```
# [[5, 2], [7, 4, 9]], pad_id=1   ->   [[5, 2, 1], [7, 4, 9]]  and  [2, 3]
# ```

# %% exercise="08.4"

# %% [markdown]
# ## Exercise 08.5
#
# Tell every place of a padded batch apart: word or padding? One comparison is enough, without a
# loop.

# %% exercise="08.5"

# %% [markdown]
# ## Exercise 08.6
#
# The simplest vector of a whole text is the mean of the vectors of its tokens. A text must get the
# same mean in every batch.

# %% exercise="08.6"

# %% [markdown]
# ## Exercise 08.7
#
# Three texts of 2, 3 and 1 ids lie in one row of six. Where does each of them begin?

# %% exercise="08.7"

# %% [markdown]
# ## Exercise 08.8
#
# Compute what `nn.EmbeddingBag` computes, with a loop over the bags.

# %% exercise="08.8"

# %% [markdown]
# ## Exercise 08.9
#
# A recurrent network gives an output for each place, also for padding. Take each text's own last
# one.

# %% exercise="08.9"

# %% [markdown]
# ## Exercise 08.10
#
# Let a GRU read a batch of texts as if each were alone. You need `pack_padded_sequence` and
# `pad_packed_sequence`; their documentation is short.

# %% exercise="08.10"

# %% [markdown]
# ## Exercise 08.11
#
# In attention every token looks at every token. Make sure that none looks at padding.

# %% exercise="08.11"

# %% [markdown]
# ## Exercise 08.12
#
# The last piece before a classifier: what a `DataLoader` does with a list of news.
#
# ```
# [(2, ["late", "goal"]), (3, ["shares"])]   ->   labels [1, 2], 3 ids, offsets [0, 2]
# ```

# %% exercise="08.12"
