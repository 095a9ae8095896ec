# %% [markdown]
# Every notebook begins with the cell above. If it says *Ready*, all is well. If not, it says what
# is wrong and which command mends it.
#
# Run a cell with **Shift + Enter**. Try it with the next one.

# %%
import torch

torch.arange(3) + 1

# %% [markdown] lesson_table="from the contents pages"
# ## The lessons
#
# Each lesson but this one has an exercise notebook of its own. Click on a name to open it. At its
# end, each notebook leads to the next one, and back to this table.

# %% [markdown]
# You need not read them in the order of their numbers. An arrow goes from a lesson to the ones
# that build on it.

# %%
from course_utils import figures, predict

# %% course_map="from the contents pages"

# %% [markdown]
# ## Predict, then run
#
# You learn more from an answer when you have made a guess first, also from a wrong guess. So a
# lesson asks before it shows. Write your guess in place of the three dots, then run the cell.
# Without a guess, nothing is revealed.
#
# **Predict 00.p1.** What does `7 // 2` give in Python?

# %%
guess = ...
predict("00.p1", guess, lambda: 7 // 2)

# %% [markdown]
# The answer is not written down anywhere in the course: the cell runs the code, and compares.
# A guess may be a number, a list, True or False, or a word. If you think that the code stops with
# an error, write `guess = 'error'`.
#
# **Predict 00.p2.** What does `torch.zeros(2) + torch.zeros(3)` give?

# %%
guess = ...
predict("00.p2", guess, lambda: torch.zeros(2) + torch.zeros(3))

# %% [markdown]
# ## Exercises
#
# An exercise looks like the next two cells: a place for your answer, and a check. Run both now:
# the check says that nothing is there yet, and stops nothing.

# %%
from course_utils import check, hint, solution

# %% exercise="00.1"

# %% [markdown]
# Now try it out. First write an answer that is *wrong*, for example one that sorts the list, and
# run the check: it tells you the first difference, and often the thought behind it. Then mend it.
#
# Stuck? Each call of `hint` gives one more hint.

# %%
hint("00.1")

# %% [markdown]
# `solution` shows one right answer, after you have tried.

# %%
solution("00.1")

# %% [markdown]
# What the check looks at: your function is called with several inputs. Its
# results are compared with those of a reference answer, in this order: was there an error, is the
# type right, the shape, the dtype, the values. You are shown the smallest input on which they
# differ. Code that does not come to an end is stopped.

# %% [markdown]
# ## How to read the documentation
#
# A page of the documentation packs much into few lines. Take one apart, and you can read all of
# them. Open the page of
# [`torch.gather`](https://pytorch.org/docs/stable/generated/torch.gather.html) beside this
# notebook.
#
# **1. The first line** is the call, with its arguments:
#
# `torch.gather(input, dim, index, *, sparse_grad=False, out=None) → Tensor`
#
# - Arguments without `=` have to be given: `input`, `dim`, `index`.
# - After the lone `*`, arguments must be given by name: `sparse_grad=True`.
# - After `=` stands the default.
# - After the arrow stands what comes back.
#
# The same text is in the notebook. Only the first lines are printed here:

# %%
print("\n".join(torch.gather.__doc__.strip().splitlines()[:3]))

# %% [markdown]
# **2. The rule.** For a table with two dimensions and `dim=1`, the page says
# `out[i][j] = input[i][index[i][j]]`. Read it from inside: take the number in `index` at
# `[i][j]`; use it as the column; stay in row `i`.
#
# **3. The conditions on shapes.** index must have as many dimensions as input, and the output has
# the shape of index. When a call fails, the reason is mostly here.
#
# **4. The example.** Change it until you can predict it. This one is ours; check each number
# with the rule.

# %%
table = torch.tensor([[10, 11, 12], [20, 21, 22]])  # (2, 3)
index = torch.tensor([[2, 0], [1, 1]])  # (2, 2)
torch.gather(table, 1, index)  # (2, 2)

# %% [markdown]
# **Predict 00.p3.** Now `index` is `[[2], [0]]`. What does `torch.gather(table, 1, index)` give?
# Write a list of lists.

# %%
guess = ...
predict("00.p3", guess, lambda: torch.gather(table, 1, torch.tensor([[2], [0]])))

# %% [markdown]
# Three more habits. First: a method such as `table.gather(1, index)` has a page of one line, which
# sends you to the function. The tensor is then the first argument.

# %%
by_method = table.gather(1, index)  # (2, 2)
by_name = torch.gather(input=table, dim=1, index=index)  # (2, 2)
by_method.equal(by_name)

# %% [markdown]
# Second: a name that ends in `_` writes into its tensor. Without it you get a new one.

# %%
x = torch.zeros(3)  # (3,)
x.add(1)
x

# %%
x.add_(1)
x

# %% [markdown]
# Third: the documentation has a version at the top. Yours may be older, so some pages describe
# arguments that you do not have.

# %% [markdown]
# ## Summary
#
# | you type | what happens |
# |---|---|
# | Shift + Enter | the cell runs |
# | `guess = ...` replaced by a guess | the code answers |
# | `check("00.1")` | the function that you ran above is tried and compared |
# | `hint("00.1")` | the next hint |
# | `solution("00.1")` | one right answer, after an attempt |

# %% [markdown]
# ## What people get wrong
#
# - "A cell I have not run again uses my new code." It does not: a notebook remembers what was
#   *run*, not what is written. When in doubt: *Kernel, Restart Kernel and Run All Cells*.
# - "`check` reads what I have written." It takes what was *run* under the name that the exercise
#   gives. After a restart: first the cell with your answer, then the check.
# - "An error means that I broke something." Read its last line first: it says what went wrong.

# %% [markdown]
# ## Further reading
#
# - [JupyterLab: notebooks](https://jupyterlab.readthedocs.io/en/stable/user/notebook.html)
# - [the PyTorch documentation](https://pytorch.org/docs/stable/index.html)
# - [`torch.gather`](https://pytorch.org/docs/stable/generated/torch.gather.html)
