# %% [markdown]
# Some models learn for days. Some batches do not fit into one machine's memory. The answer to both
# is to let several processes work together.

# %%
import torch

from course_utils import figures, predict

# %% [markdown]
# ## Two processes

# %% [markdown]
# ## Collectives: who holds what

# %% [markdown]
# ## A rank that fails, a rank that waits

# %% [markdown]
# ## Averaging gradients by hand

# %% [markdown]
# ## `DistributedDataParallel`

# %% [markdown]
# ## Where two ranks are not one process

# %% [markdown]
# ## Each rank its part of the data

# %% [markdown]
# ## Metrics over ranks

# %% [markdown]
# ## Save once, load everywhere

# %% [markdown]
# ## Fewer messages: `no_sync`

# %% [markdown]
# ## When one rank has more batches

# %% [markdown]
# ## Seeds on ranks

# %% [markdown]
# ## A script for `torchrun`

# %% [markdown]
# ## The learning rate when the batch grows

# %% [markdown]
# ## When the model itself is too large

# %% [markdown]
# ## Summary

# %% [markdown]
# ## What people get wrong

# %% [markdown]
# ## Further reading
