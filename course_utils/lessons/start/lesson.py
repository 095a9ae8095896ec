# %% [markdown]
# Every notebook begins with the cell above. If it says *Ready*, all is well. If not, it says what
# is wrong and which command mends it.
#
# Run a cell with **Shift + Enter**. Try it with the next one.

# %%
import torch

torch.arange(3) + 1

# %% [markdown]
# **A cell of your own.** Click to the left of a cell and press **B**: an empty cell appears below.
# Use such cells to try things out, and to ask for hints.
#
# **The kernel** is a program that runs the cells and remembers every name. It knows what was *run*,
# not what is written. Try it: change a number below, and run only the second cell.

# %%
x = torch.arange(3)  # (3,)

# %%
x + 10

# %% [markdown]
# **After a break.** When JupyterLab was shut down (closing its window is not enough), the kernel
# is new and remembers nothing. Then a cell says `NameError: name 'x' is not defined`: the cell that
# makes `x` was not run. In the menu *Run*, choose *Run All Above Selected Cell*.
#
# **When something is odd:** *Kernel*, *Restart Kernel and Run All Cells*. Every notebook that you
# opened keeps a kernel, also after you close its tab, and each takes memory; *Kernel*, *Shut Down
# Kernel* ends one. Your text stays.

# %% [markdown] lesson_table="from the contents pages"
# ## The lessons
#
# Each lesson but this one has an exercise notebook of its own. Click on a name to open it. At its
# end, each notebook leads to the next one, and back to this table.

# %% [markdown]
# Lessons 01, 02 and 03 carry most of the others. After them you need not keep to the order of the
# numbers. An arrow goes from a lesson to the ones that build on it.

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
# The answer does not stand beside the question: `predict` runs the code after `lambda:`, and
# compares. A guess may be a number, a list, True or False, or a word. If you think that the code
# stops with an error, write `guess = 'error'`.
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
# run the check. It tells you the first difference, and often the thought behind it. Then mend it.
#
# Stuck? Each call of `hint` gives one more hint.

# %%
hint("00.1")

# %% [markdown]
# `solution` shows one right answer, after you have tried.

# %%
solution("00.1")

# %% [markdown]
# What the check looks at: your function is called with several inputs. Its results are compared
# with those of a reference answer. First: was there an error? Then the type, the shape, the dtype,
# and the values. The check also sees what your code has changed. You are shown a small input on
# which something differs. Code that does not come to an end is stopped.

# %% [markdown]
# ## How to read the documentation
#
# Take one page apart, and you can read all of them. Open
# [`torch.clamp`](https://pytorch.org/docs/stable/generated/torch.clamp.html) beside this notebook.
#
# **1. The first line** is the call, with its arguments:
#
# `torch.clamp(input, min=None, max=None, *, out=None) → Tensor`
#
# - An argument without `=` has to be given: `input`.
# - After `=` stands the default, which holds when you leave the argument out.
# - Without a name, arguments are taken in this order. After the lone `*` they need their name:
#   `out=...`.
# - After the arrow stands what comes back.
#
# The first lines, in the notebook:

# %%
print("\n".join(torch.clamp.__doc__.strip().splitlines()[:3]))

# %% [markdown]
# **2. The rule.** The page says it as a formula, from inside to outside: each number becomes at
# least `min`, and then at most `max`.
#
# **3. The conditions.** "If `min` is None, there is no lower bound." When a call fails or gives
# something odd, the reason is mostly in such a sentence.
#
# **4. The example.** Change it until you can predict it.

# %%
x = torch.tensor([-3, 0, 8])  # (3,)
torch.clamp(x, min=-1, max=5)

# %% [markdown]
# **Predict 00.p3.** What does `torch.clamp(x, 0)` give? Write a list. The first line of the page
# says what the 0 is.

# %%
guess = ...
predict("00.p3", guess, lambda: torch.clamp(torch.tensor([-3, 0, 8]), 0))

# %% [markdown]
# Three more habits. First: the page of a method, such as `x.clamp(max=5)`, is often one line, which
# sends you to the function. The tensor is then the first argument.

# %%
by_method = x.clamp(max=5)  # (3,)
by_name = torch.clamp(input=x, max=5)  # (3,)
by_method.equal(by_name)

# %% [markdown]
# Second: a method that ends in `_` changes its tensor. The same name without it gives a result
# back.
#
# **Predict 00.p4.** After the line `x.clamp(max=5)`, what is in `x`? Write a list.

# %%
guess = ...


def clamped_without_a_name():
    x = torch.tensor([-3, 0, 8])  # (3,)
    x.clamp(max=5)
    return x


predict("00.p4", guess, clamped_without_a_name)

# %%
x.clamp_(max=5)
x

# %% [markdown]
# Third: look at the version at the top. Yours (`torch.__version__`) may be older, and may lack
# some arguments.

# %% [markdown]
# ## Summary
#
# | you type | what happens |
# |---|---|
# | Shift + Enter | the cell runs |
# | B, beside a cell | a new cell below it |
# | *Run All Above Selected Cell* | what this cell needs is there again |
# | `guess = ...` replaced by a guess | the code answers |
# | `check("00.1")` | the function that you ran above is tried and compared |
# | `hint("00.1")` | the next hint |
# | `solution("00.1")` | one right answer, after an attempt |
# | `progress()` | what you have done, what to look at again, and a next step |
#
# For `progress()`, first `from course_utils import progress`. Which exercises and guesses were
# right is written into `progress.jsonl` beside your notebooks, never your code, and is sent
# nowhere.

# %% [markdown]
# ## What people get wrong
#
# - "A cell I have not run again uses my new code." It does not: a notebook remembers what was
#   *run*, not what is written. When in doubt: *Kernel, Restart Kernel and Run All Cells*.
# - "`check` reads what I have written." It takes what was *run* under the name that the exercise
#   gives. After a restart: first the cell with your answer, then the check.
# - "The name is in a cell above, so Python knows it." It knows it when that cell was run, after the
#   last start of the kernel.
# - "An error means that I broke something." Read its last line first: it says what went wrong.

# %% [markdown]
# ## Further reading
#
# - [JupyterLab: notebooks](https://jupyterlab.readthedocs.io/en/stable/user/notebook.html)
# - [the PyTorch documentation](https://pytorch.org/docs/stable/index.html)
# - [`torch.clamp`](https://pytorch.org/docs/stable/generated/torch.clamp.html)
