# %% [markdown]
# A loop in Python over the rows of a batch is slow and long. torch has another way to say "take
# these elements", "write there", "do it for each pair": an **index**, a **mask**, a **broadcast**.
# Each of them says in one line what a loop says in five.
#
# Short lines hide mistakes well. Many wrong indices raise no error: they give a tensor of a
# believable shape with wrong numbers in it. So this lesson asks often. Its tensors are small
# enough to check in your head.

# %%
import torch

from course_utils import figures, predict

x = torch.arange(12).reshape(3, 4)  # (3, 4)
x

# %% [markdown]
# ## Numbers, slices, `...` and `None`
#
# A number takes its dimension away. A slice keeps it, also a slice of length one. Dimensions that
# you do not mention are taken whole.

# %%
x[1].shape, x[:, 1].shape, x[:, 1:2].shape, x[1, 1].shape

# %% [markdown]
# `...` stands for as many `:` as are needed. So `[..., 0]` is the first element along the *last*
# dimension, however many come before it. `None` puts a new dimension of size 1 at its place.

# %%
z = torch.zeros(2, 3, 4)  # (2, 3, 4)
z[..., 0].shape, z[:, None].shape, z[..., None].shape

# %% [markdown]
# **Predict 02.p1.** What is the shape of `z[0, ..., None]`?

# %%
guess = ...
predict("02.p1", guess, lambda: z[0, ..., None].shape)

# %% [markdown]
# Negative numbers count from the end: `x[-1]` is the last row. A *number* that is too large
# raises an `IndexError`. And a slice?
#
# **Predict 02.p2.** `x` has three rows. What is the shape of `x[5:]`? Write a shape, or
# `'error'`.

# %%
guess = ...
predict("02.p2", guess, lambda: x[5:].shape)

# %% [markdown]
# `squeeze` is the opposite of `None`: it takes away dimensions of size 1.
#
# **Predict 02.p3.** A model gives one score for each sample, shape (batch, 1). You want shape
# (batch,) and write `scores.squeeze()`. The last batch holds a single sample: `scores` has the
# shape (1, 1). What is the shape of `scores.squeeze()`?

# %%
guess = ...
predict("02.p3", guess, lambda: torch.zeros(1, 1).squeeze().shape)

# %% [markdown]
# Say which dimension you mean. `squeeze(1)`, or the index `[:, 0]`, leaves the batch alone. Where
# the size is larger than 1, `[:, 0]` takes the first column; `squeeze(1)` leaves everything as it
# was, without an error.

# %%
scores = torch.zeros(1, 1)  # (1, 1)
scores.squeeze(1).shape, scores[:, 0].shape, torch.zeros(5, 3).squeeze(1).shape

# %% [markdown]
# ## Broadcasting: two shapes become one
#
# Two tensors of different shapes can be added where torch can stretch them to one shape:
#
# 1. Write the two shapes below each other, the *last* dimensions in one column.
# 2. Where one shape is shorter, put 1 in front.
# 3. In each column the two sizes are equal, or one of them is 1. A 1 is stretched to the other
#    size. Anything else is an error.

# %%
column = torch.tensor([[10], [20], [30]])  # (3, 1)
row = torch.arange(4)  # (4,)
column + row  # (3, 4)

# %%
figures.broadcast(column, row, names=["column", "row"])

# %% [markdown]
# The dashed cells are not stored anywhere. Stretching is `expand` from lesson 01: a stride of 0.
# `broadcast_tensors` shows the two stretched views.

# %%
stretched = torch.broadcast_tensors(column, row)
[(one.shape, one.stride()) for one in stretched]

# %% [markdown]
# For the shapes alone, there is `torch.broadcast_shapes`.
#
# **Predict 02.p4.** What does `torch.broadcast_shapes((5, 1, 4), (3, 1))` give?

# %%
guess = ...
predict("02.p4", guess, lambda: torch.broadcast_shapes((5, 1, 4), (3, 1)))

# %% [markdown]
# **Predict 02.p5.** You have one bonus for each of the three rows of `x`, shape (3,). What is the
# shape of `x + bonus`? Write a shape, or `'error'`.

# %%
guess = ...
bonus = torch.tensor([100, 200, 300])  # (3,)
predict("02.p5", guess, lambda: (x + bonus).shape)

# %% [markdown]
# Shapes are compared from the right, and a missing dimension is put in *front*. One number for
# each row needs its 1 *behind*: `[:, None]`. That is why you see these characters everywhere.

# %%
x + bonus[:, None]  # (3, 4)

# %% [markdown]
# An error is the better case: you see it.
#
# **Predict 02.p6.** `predicted` has shape (3, 1), `wanted` has shape (3,). What is the shape of
# `predicted - wanted`? Write a shape, or `'error'`.

# %%
guess = ...
predicted, wanted = torch.zeros(3, 1), torch.zeros(3)  # (3, 1), (3,)
predict("02.p6", guess, lambda: (predicted - wanted).shape)

# %% [markdown]
# Every prediction meets every wanted number, and a mean over all these pairs looks like a loss.
# The `-` gives no warning. Lesson 09 comes back to it.

# %%
figures.broadcast(torch.tensor([[1], [2], [3]]), torch.tensor([1, 2, 3]), "-")

# %% [markdown]
# A size of 0 follows the same rule: it goes with 0 and with 1, and nothing else. A tensor without
# dimensions goes with everything.

# %%
torch.broadcast_shapes((3, 0), (1,)), torch.broadcast_shapes((), (2, 3))

# %% [markdown]
# ### In place
#
# `a += b` does not make a new tensor: it writes into the one that `a` is.
#
# **Predict 02.p7.** What is the shape of `a` after `a += b`, for `a` of shape (1, 3) and `b` of
# shape (2, 3)? Write a shape, or `'error'`.

# %%
guess = ...


def add_in_place():
    a, b = torch.zeros(1, 3), torch.zeros(2, 3)
    a += b
    return a.shape


predict("02.p7", guess, add_in_place)

# %% [markdown]
# Memory that is there cannot grow. So only the right side is stretched: the result has to have the
# shape that the left side has already. Even a 1 in front is too much: (3,) does not take (1, 3).
# And an expanded tensor is no target of `+=`: several of its cells are one place in memory.

# %%
for target, other in ((torch.zeros(3), torch.zeros(1, 3)), (torch.zeros(3).expand(2, 3), 1)):
    try:
        target += other
    except RuntimeError as error:
        print(str(error)[:66])

# %% [markdown]
# The dtype cannot change either (lesson 01). `torch.result_type(a, b)` is the dtype of `a + b`, and
# `torch.can_cast` says whether `+=` may write one dtype into another.

# %%
whole, half = torch.zeros(2, dtype=torch.int64), torch.zeros(2)  # (2,), (2,)
torch.result_type(whole, half), torch.can_cast(torch.float32, torch.int64)

# %% [markdown]
# `a - a[:, :1]` subtracts from each row its first number: `a[:, :1]` is a column, and is stretched.
# Now in place.
#
# **Predict 02.p8.** `a` has shape (2, 3). Does `a -= a[:, :1]` give the same numbers as
# `a - a[:, :1]`? Write `True`, `False` or `'error'`.

# %%
guess = ...


def same_numbers():
    a = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    right = a - a[:, :1]
    a -= a[:, :1]
    return torch.equal(a, right)


predict("02.p8", guess, same_numbers)

# %% [markdown]
# torch finds some of these cases and raises an error, but not all. In long rows, some of the
# numbers or all of them may even come out right. Where you write into what you still read from,
# `clone` one of the two: `a -= a[:, :1].clone()`. Or leave out the `=`.

# %% [markdown]
# ## Reductions: `dim` is what disappears
#
# `sum`, `mean`, `max`, `any` and others reduce. `dim` names the dimension along which they walk,
# and that dimension is gone afterwards. With `dim=0` you walk *down*, over the rows, and get one
# number for each column.

# %%
x.sum(dim=0), x.sum(dim=1), x.sum()

# %% [markdown]
# For `sum`, `mean` and `any`, `dim` can be a tuple; for `max` it is one number.
#
# **Predict 02.p9.** A batch of pictures has shape (batch, channel, height, width) = (8, 3, 5, 5).
# What is the shape of `batch.mean(dim=(0, 2, 3))`?

# %%
guess = ...
predict("02.p9", guess, lambda: torch.zeros(8, 3, 5, 5).mean(dim=(0, 2, 3)).shape)

# %% [markdown]
# Often the result is used together with the tensor that it came from: every row divided by its sum.
# Then shapes have to match from the right again.
#
# **Predict 02.p10.** `square` is `[[1, 3], [2, 6]]`. What does `square / square.sum(dim=1)` give?
# Write a nested list, or `'error'`.

# %%
guess = ...
square = torch.tensor([[1.0, 3.0], [2.0, 6.0]])  # (2, 2)
predict("02.p10", guess, lambda: square / square.sum(dim=1))

# %% [markdown]
# `keepdim=True` leaves a 1 where the dimension was, and so the result stretches in the right
# direction. With two rows of *four* the mistake would have been an error; a square hides it.

# %%
sums = square.sum(dim=1, keepdim=True)  # (2, 1)
square / sums

# %% [markdown]
# `softmax` turns scores into shares: a larger score gets a larger share, and none is negative. It
# does not take a dimension away, but its `dim` means the same: along it, the shares sum to 1. For
# scores of shape (batch, classes) that is `dim=1`, or `dim=-1`.

# %%
grades = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])  # (batch 2, classes 3)
grades.softmax(dim=1).sum(dim=1), grades.softmax(dim=0).sum(dim=1)

# %% [markdown]
# ## A list or a tensor as index
#
# A slice can only take what lies at equal steps. A list of numbers takes what you want, in the
# order you want, also twice. A tensor of integers does the same.

# %%
x[[2, 0, 0]]  # (3, 4)

# %% [markdown]
# An index holds integers: int64, as labels do. A tensor of floats is refused, also when its numbers
# are whole. The shape of an index is free.
#
# **Predict 02.p11.** `table` has five rows of two numbers, shape (5, 2). `ids` has shape (3, 4).
# What is the shape of `table[ids]`?

# %%
guess = ...


def look_up():
    table, ids = torch.zeros(5, 2), torch.zeros(3, 4, dtype=torch.int64)
    return table[ids].shape


predict("02.p11", guess, look_up)

# %% [markdown]
# Each number in `ids` is replaced by the row it names. That is all an embedding does: ids of words
# in, one row of a table for each (lesson 08).
#
# A list is not a tuple.
#
# **Predict 02.p12.** `x[[0, 1]]` has the shape (2, 4). What is `x[(0, 1)]`? Its rows are 0 1 2 3,
# 4 5 6 7 and 8 9 10 11. Write a number or a list.

# %%
guess = ...
predict("02.p12", guess, lambda: x[(0, 1)])

# %% [markdown]
# Python makes a tuple of `x[0, 1]`, too: the comma does it. So a place that is computed, one number
# for each dimension, is made a tuple before it is used as an index. (A loop over
# `itertools.product(range(3), range(4))` meets all places of `x`, each as a tuple.)

# %%
place = [2, 1]
place[1] -= 1
x[tuple(place)], x[place].shape

# %% [markdown]
# Now two lists at once. `x[0:2, 1:3]` is a block of two rows and two columns.
#
# **Predict 02.p13.** What does `x[[0, 1], [1, 2]]` give? The rows of `x` are 0 1 2 3, 4 5 6 7 and
# 8 9 10 11. Write a list.

# %%
guess = ...
predict("02.p13", guess, lambda: x[[0, 1], [1, 2]])

# %% [markdown]
# Several index tensors are **paired**: the first number of one with the first number of the other.
# They are broadcast against each other first, by the rules above. So a column of row numbers and
# a row of column numbers give the block. (A list of lists counts as several indices, too. If you
# mean one index with two dimensions, make a tensor of it.)

# %%
rows, columns = torch.tensor([0, 2]), torch.tensor([3, 1])  # (2,), (2,)
x[rows, columns], x[rows[:, None], columns]

# %% [markdown]
# In the shape of the result, the broadcast shape of the index tensors stands in place of the
# dimensions that they index. The others stay. Here it is (2, 2) and no more.
#
# **Predict 02.p14.** You want one element of each row of `x`: column 2, then 0, then 3. You write
# `x[:, y]`. What is the shape of the result?

# %%
guess = ...
y = torch.tensor([2, 0, 3])  # (3,)
predict("02.p14", guess, lambda: x[:, y].shape)

# %% [markdown]
# A `:` is not paired with anything: it says "all rows", and the index takes its columns from each
# of them. To pair row 0 with `y[0]` and so on, the rows need numbers of their own, 0, 1, 2. Below,
# it is the other way round: one element of each *column*, from row 2, then 0, 1 and 1.

# %%
x[torch.tensor([2, 0, 1, 1]), torch.arange(4)]

# %% [markdown]
# The same with more dimensions. Below are two series of three steps. From each, one step is taken
# with all its features: step 2 of the first series, step 0 of the second.

# %%
series = torch.arange(12).reshape(2, 3, 2)  # (batch, time, features)
series[torch.arange(2), torch.tensor([2, 0])]  # (batch, features)

# %% [markdown]
# And several steps of each: the numbers of the batch get a dimension of their own, as a column.

# %%
steps = torch.tensor([[0, 2], [1, 1]])  # (batch, 2)
series[torch.arange(2)[:, None], steps]  # (batch, 2, features)

# %% [markdown]
# Where does the new dimension stand? At the place of the index tensors. There is one exception.
#
# **Predict 02.p15.** `two` has shape (2,). What is the shape of
# `torch.zeros(7, 3, 4, 5)[:, two, :, two]`?

# %%
guess = ...
two = torch.tensor([0, 1])  # (2,)
predict("02.p15", guess, lambda: torch.zeros(7, 3, 4, 5)[:, two, :, two].shape)

# %% [markdown]
# Index tensors with a slice, `...` or `None` between them have no one place, so their dimension
# goes to the front. Move the dimensions together with `permute` before you index, and nobody has to
# know this. (Indexing in two steps is something else: it gives the block.)

# %% [markdown]
# ## View or copy?
#
# Numbers, slices, `...` and `None` only change the note of lesson 01: offset, strides, shape. The
# result is a view. An index tensor can pick in any order, and no stride describes "2, 0, 0". So the
# result is a copy. (An index tensor without dimensions, `torch.tensor(2)`, counts as a number: a
# view.) One line tells which you have:


# %%
def shares(a, b):
    return a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()


indexed = {"x[1]": x[1], "x[:, 1:]": x[:, 1:], "x[..., None]": x[..., None], "x[[1]]": x[[1]]}
indexed.update({"x[x > 5]": x[x > 5], "x.gather(1, x % 4)": x.gather(1, x % 4)})
print(*(f"{name:20} {shares(one, x)}" for name, one in indexed.items()), sep="\n")

# %% [markdown]
# `x[1]` and `x[[1]]` hold the same numbers, and differ in shape and in this. Functions that choose,
# such as `gather`, `where` and `masked_fill`, give new tensors.
#
# It matters when someone writes. `x[index] = value` writes into `x` itself, whatever the index is:

# %%
written = torch.zeros(4)  # (4,)
written[[0, 2]] = 1
written[1:2] = 7
written

# %% [markdown]
# **Predict 02.p16.** `a = torch.zeros(4)`, then `a[[0, 2]][0] = 5`. What is `a` now? Write a list.

# %%
guess = ...


def write_twice_indexed():
    a = torch.zeros(4)
    a[[0, 2]][0] = 5
    return a


predict("02.p16", guess, write_twice_indexed)

# %% [markdown]
# Only the *last* pair of brackets writes. All before it reads, and what it reads is a copy if a
# list, an index tensor or a mask did it. With slices the same line works, because they are views.
# Put everything into one pair of brackets:

# %%
grid = torch.zeros(3, 2)  # (3, 2)
grid[[0, 2]][:, 1] = 5  # into a copy that nobody keeps
grid[[0, 2], 0] = 7
grid

# %% [markdown]
# What is written takes the dtype of the tensor that is there. But where a list or an index tensor
# stands in the brackets, a tensor of another dtype is an error. (Where a single mask stands there,
# a tensor of one element is no error.)
#
# **Predict 02.p17.** `counts` is `torch.zeros(2, dtype=torch.int64)`. What is `counts` after
# `counts[0] = 2.7`? Write a list, or `'error'`.

# %%
guess = ...


def write_a_fraction():
    counts = torch.zeros(2, dtype=torch.int64)
    counts[0] = 2.7
    return counts


predict("02.p17", guess, write_a_fraction)

# %% [markdown]
# ## Masks
#
# A comparison gives a tensor of bools, a **mask**. As an index, it picks what is True.

# %%
figures.masked(x, x % 3 == 0)

# %% [markdown]
# What is picked has no rectangle any more, so it comes as one row, in reading order. A mask may
# also have fewer dimensions than the tensor.
#
# **Predict 02.p18.** What is the shape of `x[x[:, 0] > 3]`?

# %%
guess = ...
predict("02.p18", guess, lambda: x[x[:, 0] > 3].shape)

# %% [markdown]
# The dimensions of the mask are the first ones of the tensor, and the others are taken whole.

# %%
figures.masked(x, x[:, 0] > 3)

# %% [markdown]
# For columns, say `:` first. True counts as 1: `sum` counts what is picked, `float().mean()` is
# its share. `any` and `all` reduce along a dimension, and `nonzero` gives the places, one row for
# each.

# %%
large = x > 8  # (3, 4), bool
x[:, x[0] > 1].shape, large.sum(), large.float().mean(), large.any(dim=1), large.nonzero()

# %% [markdown]
# For a mask of one dimension, `nonzero()[:, 0]` has its True places. Lesson 07 looks for wrong
# answers in this way.
#
# A mask need not come from a comparison. Files and other libraries often write it with 0 and 1.
#
# **Predict 02.p19.** What does `torch.tensor([10, 20, 30])[torch.tensor([1, 0, 1])]` give?

# %%
guess = ...


def picked_by_ones():
    return torch.tensor([10, 20, 30])[torch.tensor([1, 0, 1])]


predict("02.p19", guess, picked_by_ones)

# %% [markdown]
# Integers are places. `mask.bool()` makes a mask of zeros and ones. One dtype is in between: an
# index of uint8 is taken for a mask, with a warning that this will end. So convert: `.bool()` for a
# mask, `.long()` for places.
#
# Masks are joined with `&` for and, `|` for or, `~` for not.
#
# **Predict 02.p20.** Which numbers does `x[x > 2 & x < 6]` pick? Write a list, or `'error'`.

# %%
guess = ...
predict("02.p20", guess, lambda: x[x > 2 & x < 6])

# %% [markdown]
# `&` binds more tightly than `<`, so Python reads `x > (2 & x) < 6`. Brackets around each
# comparison are needed. `and` is no help with masks: it wants one True or False.

# %%
x[(x > 2) & (x < 6)], x[~(x > 2)]

# %% [markdown]
# ### Choosing instead of picking
#
# Often the shape has to stay. `torch.where(mask, a, b)` takes an element from `a` where the mask is
# True, and from `b` elsewhere, all three broadcast. `x.masked_fill(mask, value)` is the short form
# for one number: the value where the mask is True, `x` elsewhere. Both give new tensors. `where`
# chooses the dtype as a sum does, while `masked_fill` keeps that of `x`: of 2.7, an int64 tensor
# gets 2.

# %%
torch.where(x > 5, x, -x), x.masked_fill(x > 5, 0)

# %% [markdown]
# Some people multiply by the mask instead: `values * mask`, what is False becomes 0.
#
# **Predict 02.p21.** `values` is `[1, 2, nan]`, where the last one was never measured. `mask` is
# `[True, True, False]`. What is `(values * mask).sum()`? Write a number.

# %%
guess = ...
values = torch.tensor([1.0, 2.0, float("nan")])  # (3,)
mask = torch.tensor([True, True, False])  # (3,)
predict("02.p21", guess, lambda: (values * mask).sum().item())

# %% [markdown]
# Choosing has no such problem. And a mean is divided by the number of elements that count, not by
# all of them. If the mask was stretched, count it as it was stretched: `mask.expand(values.shape)`.

# %%
torch.where(mask, values, 0.0).sum() / mask.sum(), values[mask].mean()

# %% [markdown]
# ### A mask from lengths
#
# Sequences of different lengths are padded to one length. Which places are real? Compare the
# number of each place with each length: a row with a column. Lesson 08 needs this for every batch.

# %%
lengths = torch.tensor([2, 0, 3])  # (3,)
real = torch.arange(4) < lengths[:, None]  # (3, 4)
real

# %% [markdown]
# The first place has the number 0, so the last real one has `lengths - 1`. For length 0 that is -1,
# in brackets the end of the row: no error, and a padded value. Treat empty sequences apart.
#
# With this mask you can also go back, from one long row to a padded table. `repeat_interleave` says
# for each number in the row whose it is, `cumsum` where each sequence ends, as the end of a slice.

# %%
flat = torch.tensor([5, 6, 7, 8, 9])  # (5,)
table = torch.zeros(3, 4, dtype=torch.int64)  # (3, 4)
table[real] = flat
table, torch.arange(3).repeat_interleave(lengths), lengths.cumsum(dim=0)

# %% [markdown]
# ## `gather`: one place for each result
#
# `x.gather(1, index)` reads, for two dimensions:
#
# `result[i, j] = x[i, index[i, j]]`
#
# and with `dim=0`: `result[i, j] = x[index[i, j], j]`. The number from `index` stands at the place
# of `dim`. All other places are those of the result. So the result always has the shape of
# `index`.

# %%
index = torch.tensor([[2, 0], [3, 3], [1, 2]])  # (3, 2)
figures.gathered(x, 1, index)

# %% [markdown]
# **Predict 02.p22.** The rows of `x` are 0 1 2 3, 4 5 6 7 and 8 9 10 11. What does
# `x.gather(0, torch.tensor([[2, 0, 1, 1]]))` give? Write a nested list.

# %%
guess = ...
predict("02.p22", guess, lambda: x.gather(0, torch.tensor([[2, 0, 1, 1]])))

# %%
figures.gathered(x, 0, torch.tensor([[2, 0, 1, 1]]))

# %% [markdown]
# **Predict 02.p23.** `y = torch.tensor([2, 0, 3])` names a column for each row of `x`. What is the
# shape of `x.gather(1, y)`? Write a shape, or `'error'`.

# %%
guess = ...
predict("02.p23", guess, lambda: x.gather(1, y).shape)

# %% [markdown]
# `index` needs as many dimensions as `x`: one column here, `y[:, None]`. The result is a column,
# too, and `[:, 0]` makes a row of it.

# %%
x.gather(1, y[:, None])

# %% [markdown]
# **Predict 02.p24.** You want columns 0 and 3 of *every* row, and write
# `x.gather(1, torch.tensor([[0, 3]]))`. What comes out? Write a nested list, or `'error'`.

# %%
guess = ...
predict("02.p24", guess, lambda: x.gather(1, torch.tensor([[0, 3]])))

# %% [markdown]
# `gather` does not broadcast. A short index is not stretched, and is no error: the rows that it
# does not reach are not read.

# %%
figures.gathered(x, 1, torch.tensor([[0, 3]]))

# %% [markdown]
# `take_along_dim` reads as `gather` does, and broadcasts.

# %%
x.take_along_dim(torch.tensor([[0, 3]]), dim=1)  # (3, 2)

# %% [markdown]
# In brackets, -1 is the last place. As a label, -1 or -100 often means "not known".
#
# **Predict 02.p25.** What does `x.gather(1, torch.tensor([[-1], [0], [0]]))` give? Write a nested
# list, or `'error'`.

# %%
guess = ...
predict("02.p25", guess, lambda: x.gather(1, torch.tensor([[-1], [0], [0]])))

# %% [markdown]
# `scatter` and `index_add`, which come next, refuse -1 as well. (`take_along_dim` refuses it in
# torch 2.3, and takes it in 2.15.) Replace such labels first, by `clamp(min=0)` or `where`, and
# leave their results out by a mask.
#
# For whole rows there is also `index_select(0, rows)`. It is `x[rows]`, for an index of one
# dimension that counts from 0. A row for each sample of a batch is more: there, expand the index of
# `gather` over the features.

# %%
step = torch.tensor([2, 0])  # (batch,)
series.gather(1, step[:, None, None].expand(-1, 1, 2))  # (batch, 1, features)

# %% [markdown]
# ## `scatter`: writing along an index
#
# `scatter` turns the arrows round. The source goes where the index says:
#
# `result[i, index[i, j]] = source[i, j]` (for `dim=1`)

# %%
source = torch.tensor([[5, 6], [7, 8]])  # (2, 2)
where_to = torch.tensor([[2, 0], [3, 1]])  # (2, 2)
figures.scattered(torch.zeros(2, 4, dtype=torch.int64), 1, where_to, source)

# %% [markdown]
# Write along an index, then read along the same index: you have the source back, as long as no
# place comes twice. Read first, then write into zeros: what was not read is lost. The source may
# also be one number. `scatter` gives a new tensor; `scatter_`, with the underscore, writes into the
# one that is there. So it is with nearly all functions of torch that have both names.

# %%
back = torch.zeros(2, 4, dtype=torch.int64).scatter(1, where_to, source)  # (2, 4)
back.gather(1, where_to), torch.zeros(2, 4).scatter(1, where_to[:, :1], 9.0)

# %% [markdown]
# A tensor as the source has the dtype of the target, or it is an error. With 1 as the source,
# `scatter` makes *one-hot* rows: a 1 at the place of the class, 0 elsewhere. The ready function for
# them, `torch.nn.functional.one_hot`, gives int64: where floats are wanted, convert.
#
# ### When a place comes twice
#
# **Predict 02.p26.** `a = torch.zeros(3)`, then `a[torch.tensor([0, 0, 2])] += 1`. What is `a`?

# %%
guess = ...


def add_at_places():
    a = torch.zeros(3)
    a[torch.tensor([0, 0, 2])] += 1
    return a


predict("02.p26", guess, add_at_places)

# %% [markdown]
# The line reads three numbers (a copy), adds 1 to each, and writes three numbers. Place 0 is
# written twice with the same 1. With `scatter` it is the same: one source wins, and which one is
# not defined. To *add*, say so. `scatter_add` is, for one dimension:
#
# `result[index[i]] += source[i]`, one `i` after the other.

# %%
places = torch.tensor([1, 3, 1, 1])  # (4,)
amounts = torch.tensor([1, 2, 3, 4])  # (4,)
zeros = torch.zeros(4, dtype=torch.int64)  # (4,)
figures.scattered(zeros, 0, places, amounts, add=True, name="zeros")

# %% [markdown]
# `scatter_add` works element by element, as `gather` does: each element of the source has its own
# place in the index. `index_add` works by whole rows: one number for each row.

# %%
team = torch.tensor([0, 1, 0])  # (3,), the team of each row of x
torch.zeros(2, 4, dtype=torch.int64).index_add(0, team, x)  # (2, 4)

# %% [markdown]
# **Predict 02.p27.** The same with `scatter_add` needs an index with two dimensions. You write
# `zeros.scatter_add(0, team[:, None], x)`, with zeros of shape (2, 4). The rows of `x` are 0 1 2 3,
# 4 5 6 7 and 8 9 10 11. What comes out? Write a nested list, or `'error'`.

# %%
guess = ...


def add_rows():
    return torch.zeros(2, 4, dtype=torch.int64).scatter_add(0, team[:, None], x)


predict("02.p27", guess, add_rows)

# %% [markdown]
# Again: no broadcasting, no error. `team[:, None].expand(-1, 4)` makes the index as wide as `x`,
# without copying it.
#
# For the largest instead of the sum there is `scatter_reduce`. What is in the target takes part:
# next to a 0, a -2 is not the largest. With `include_self=False`, only the source does.
# A place to which nothing goes keeps what it has.

# %%
best, start = torch.tensor([-1.0, -2.0, 5.0]), torch.zeros(3)  # (3,), (3,)
alone = start.scatter_reduce(0, team, best, "amax", include_self=False)
start.scatter_reduce(0, team, best, "amax"), alone

# %% [markdown]
# ## Counting and groups
#
# How often does each number come? `bincount` counts, and is `scatter_add` of ones. It takes one
# dimension of an integer dtype, and no negative numbers.
#
# **Predict 02.p28.** There are four classes, 0 to 3. What does
# `torch.bincount(torch.tensor([0, 2, 2]))` give? Write a list.

# %%
guess = ...
predict("02.p28", guess, lambda: torch.bincount(torch.tensor([0, 2, 2])))

# %% [markdown]
# `minlength=4` makes sure of at least four counts. With `weights`, it sums instead of counting.
# Divided, that is a mean for each group; a group without members would be 0 / 0, so its count is
# raised to 1.

# %%
group = torch.tensor([0, 2, 2])  # (3,)
weight = torch.tensor([1.0, 2.0, 6.0])  # (3,)
count = torch.bincount(group, minlength=4)  # (4,)
torch.bincount(group, weight, minlength=4) / count.clamp(min=1)

# %% [markdown]
# Pairs are counted as well, once each pair has a number of its own. Two dice, counted from 0: the
# throw (a, b) gets the number `a * 6 + b`, as the place in a storage with strides (6, 1).

# %%
first, second = torch.tensor([0, 5, 0, 2]), torch.tensor([3, 5, 3, 0])  # (4,), (4,)
throws = torch.bincount(first * 6 + second, minlength=36).reshape(6, 6)  # (6, 6)
throws[0, 3], throws[5, 5], throws.sum()

# %% [markdown]
# Names of groups that are not 0, 1, 2 become so with `unique`: it gives the different values,
# sorted. With `return_inverse=True`, it also gives for each element the place of its value among
# them.

# %%
years = torch.tensor([2024, 1999, 2024])  # (3,)
years.unique(return_inverse=True)

# %% [markdown]
# ## Sorting, and the way back
#
# `sort` gives a pair: the sorted values, and for each of them the place where it was. `argsort`
# gives only the places. So, for one dimension, `a[a.argsort()]` is sorted.
#
# **Predict 02.p29.** `a = [30, 10, 40, 20]`, `order = a.argsort()` is `[1, 3, 0, 2]`, and
# `ordered = a[order]` is `[10, 20, 30, 40]`. What is `ordered[order]`?

# %%
guess = ...


def ordered_again():
    order = torch.tensor([30, 10, 40, 20]).argsort()
    return torch.tensor([10, 20, 30, 40])[order]


predict("02.p29", guess, ordered_again)

# %% [markdown]
# `a[order]` *reads* along `order`. To undo it, *write* along `order`: what now stands at place 0
# goes back to place `order[0]`.

# %%
cards = torch.tensor([30, 10, 40, 20])  # (4,)
order = torch.tensor([2, 0, 3, 1])  # (4,), a shuffle
shuffled, restored = cards[order], torch.zeros_like(cards)
restored[order] = shuffled
shuffled, restored

# %% [markdown]
# Where other dimensions are there, `sort(dim=...)` and `argsort(dim=...)` sort every line along
# `dim` on its own. Their places have the shape of the tensor: an index for `gather` to read along,
# and for `scatter` to write along.

# %%
marks = torch.tensor([[3, 1, 2], [5, 9, 7]])  # (2, 3)
places = marks.argsort(dim=1, descending=True)  # (2, 3)
places, marks.gather(1, places)

# %% [markdown]
# `topk(k)` gives the `k` largest along the last dimension and their places, the largest first.
# `argmax(dim=1)` gives the place of the largest, `max(dim=1)` both, as a pair.
#
# **Predict 02.p30.** `right` holds the right column for each row. What does
# `marks.max(dim=1) == right` give, for `right = torch.tensor([0, 1])`? Write a list, or a value.

# %%
guess = ...


def compare_with_pair():
    pair = torch.tensor([[3, 1, 2], [5, 9, 7]]).max(dim=1)
    return pair == torch.tensor([0, 1])


predict("02.p30", guess, compare_with_pair)

# %% [markdown]
# `.indices` takes the places out of the pair. And is a label among the two best? Each label is
# compared with a row of places: `[:, None]` again.

# %%
labels = torch.tensor([2, 2])  # (2,)
best_two = marks.topk(2).indices  # (2, 2)
marks.argmax(dim=1), best_two, best_two == labels[:, None]

# %% [markdown]
# Two equal values? `argmax` and `max` give the place of the first. For `topk` and `sort` it is not
# defined which one comes first, and a GPU may choose otherwise than a CPU. `sort(stable=True)`
# keeps their order. And without a `dim`, `argmax` counts through the whole tensor, as if it were
# one row.

# %% [markdown]
# ## All pairs, and the memory they take
#
# `a[:, None] - b` has all differences between the elements of `a` and of `b`. For points with
# coordinates: `a[:, None, :] - b[None, :, :]`.
#
# **Predict 02.p31.** `a` and `b` have shape (500, 20), float32. How many bytes does the result of
# `a[:, None] - b` have?

# %%
guess = ...


def bytes_of_differences():
    a, b = torch.zeros(500, 20), torch.zeros(500, 20)
    return (a[:, None] - b).untyped_storage().nbytes()


predict("02.p31", guess, bytes_of_differences)

# %% [markdown]
# The stretched cells of `a` and `b` cost nothing. The *result* is stored in full. Here it is 250
# times what went in, and often it is summed away in the next step. Where a sum of *products* over
# the last dimension is all you want, a matrix product never writes the large middle down. Its sign
# is `@`: `(a @ m)[i, k]` is the sum over `j` of `a[i, j] * m[j, k]`. (With one row of numbers in
# place of `m`, there is no `k`.)

# %%
a = torch.tensor([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])  # (3, 2)
b = torch.tensor([[1.0, 0.0], [2.0, 2.0]])  # (2, 2)
slow = (a[:, None] * b).sum(dim=-1)  # (3, 2), with a middle of (3, 2, 2)
torch.equal(slow, a @ b.t())

# %% [markdown]
# A squared distance is made of such sums: |p - q|² = |p|² - 2 p·q + |q|². Here p·q, the *inner
# product*, is the sum of `p[j] * q[j]`, and |p|² is p·p. Below for one point `q`. Rounding can make
# a squared distance of 0 a little negative, and its root NaN: `clamp(min=0)` before the root.

# %%
q = torch.tensor([1.0, 2.0])  # (2,)
squared = (a * a).sum(dim=1) - 2 * (a @ q) + (q * q).sum()  # (3,)
squared.clamp(min=0).sqrt()

# %% [markdown]
# ## `einsum`: loops with names
#
# `torch.einsum("ij,jk->ik", a, b)` gives each dimension a letter. A letter that stands behind the
# arrow is a dimension of the result. A letter that stands only before it is summed away. The same
# letter twice means: the same place in both. So there is one loop for each letter:

# %%
result = torch.zeros(3, 2)  # (i, k)
for i in range(3):
    for j in range(2):
        for k in range(2):
            result[i, k] += a[i, j] * b[j, k]
torch.equal(result, torch.einsum("ij,jk->ik", a, b))

# %% [markdown]
# Two axes called `j` meet, and are gone in the result. `i` and `k` stay.

# %%
figures.einsum_axes("ij,jk->ik", a, b, names=["a", "b"])

# %% [markdown]
# So this is a matrix product. Other letters say other things:
#
# | equation | in words |
# |---|---|
# | `"ij->ji"` | transpose |
# | `"ij->"` | sum of all |
# | `"ij->j"` | sum over the rows, one number for each column |
# | `"ii->i"` | diagonal |
# | `"i,j->ij"` | all products of two rows of numbers |
# | `"bi,bi->b"` | for each row, the inner product |
# | `"id,jd->ij"` | the inner products of all pairs, as above |
#
# **Predict 02.p32.** `queries` has shape (8, 5, 16) and `keys` (8, 7, 16): batch, time, features.
# What is the shape of `torch.einsum("bqd,bkd->bqk", queries, keys)`?

# %%
guess = ...
queries, keys = torch.zeros(8, 5, 16), torch.zeros(8, 7, 16)  # (b, q, d), (b, k, d)
predict("02.p32", guess, lambda: torch.einsum("bqd,bkd->bqk", queries, keys).shape)

# %%
figures.einsum_axes("bqd,bkd->bqk", queries, keys, names=["queries", "keys"])

# %% [markdown]
# Without an arrow, the letters that come once are kept, in the order of the *alphabet*.
#
# **Predict 02.p33.** `x` has shape (3, 4). What is the shape of `torch.einsum("ba", x)`?

# %%
guess = ...
predict("02.p33", guess, lambda: torch.einsum("ba", x).shape)

# %% [markdown]
# Always write the arrow. Sizes are checked: two different sizes under one letter are an error. But
# a size of 1 is stretched without a word, as in any broadcast. And give `einsum`
# tensors of one dtype: where a letter of both is summed, it refuses mixtures.

# %%
torch.einsum("ij,jk->ik", a, torch.ones(1, 2)), a.sum(dim=1)

# %% [markdown]
# ## Summary
#
# | you want | write | the result |
# |---|---|---|
# | a row, a part, every second | `x[1]`, `x[1:, ::2]` | a view |
# | a new dimension of 1 | `x[:, None]`, `x[..., None]` | a view |
# | chosen rows, any order | `x[[2, 0]]`, `x.index_select(0, rows)` | a copy |
# | a row for each id | `table[ids]` | a copy, shape of ids and then the row |
# | pairs of places | `x[rows, columns]` | a copy, one element for each pair |
# | one element a row | `x[torch.arange(n), y]` or `x.gather(1, y[:, None])[:, 0]` | a copy |
# | where something is true | `x[mask]` | a copy; one row, if the mask has the shape of `x` |
# | the same shape, some replaced | `torch.where`, `masked_fill` | a new tensor |
# | a place for each result | `gather` | a copy, shape of the index; `take_along_dim` broadcasts |
# | write along an index | `scatter`, `x[index] = ...` | of several for one place, one wins |
# | add along an index | `scatter_add`, `index_add`, `bincount` | all of them count |
# | undo a sort | write along the order that you read along | the order from before |
# | sum over some axes | `sum(dim=...)`, `einsum` | `dim` is gone; with `keepdim`, it is 1 |
#
# Shapes are compared from the right; what is missing is a 1 in front; a 1 stretches; the left side
# of `+=` does not.

# %% [markdown]
# ## What people get wrong
#
# - "`gather(1, y)` picks one element a row." `y` needs as many dimensions as the tensor:
#   [request to make it broadcast](https://github.com/pytorch/pytorch/issues/9407).
# - "A short index is stretched." It reads less, silently:
#   [how that came](https://github.com/pytorch/pytorch/issues/41532).
# - "A list and a tuple are the same index." `x[(0, 1)]` is `x[0, 1]`, one element; `x[[0, 1]]` is
#   two rows.
# - "`x[:, y]` picks one element a row." It takes these columns of every row:
#   [question](https://github.com/pytorch/pytorch/issues/1651).
# - "`a[index] += 1` counts." Each place grows by 1, however often it comes:
#   [thread](https://github.com/pytorch/pytorch/issues/165503), and
#   [the same in NumPy](https://github.com/numpy/numpy/issues/8866).
# - "`scatter` adds up." One source wins, and nobody says which:
#   [CPU and GPU differ](https://github.com/pytorch/pytorch/issues/37130).
# - "`x[mask][0] = 1` writes into `x`." It writes into a copy:
#   [thread](https://github.com/pytorch/pytorch/issues/20201),
#   [another](https://github.com/pytorch/pytorch/issues/32579).
# - "(n, 1) minus (n,) is (n, 1)." It is (n, n):
#   [thread](https://github.com/pytorch/pytorch/issues/2973),
#   [a loss that does not fall](https://github.com/pytorch/pytorch/issues/16045).
# - "In place is the same, only faster." Not where it reads what it writes:
#   [thread](https://github.com/pytorch/pytorch/issues/135487).
# - "The rows of an expanded tensor can be written one by one." They are one place in memory. `+=`
#   on all of it is an error, and `expanded[0] = 7` changes every row:
#   [thread](https://github.com/pytorch/pytorch/issues/4664).
# - "`squeeze()` takes the useless dimension." With one sample, the batch, too:
#   [thread](https://github.com/layumi/Person_reID_baseline_pytorch/issues/77).
# - "`max(dim=1)` gives the classes." It gives a pair, and a pair is never equal to a tensor.
# - "`argmax()` gives the class of each row." Without `dim` it gives one place of all:
#   [in a measure of accuracy](https://github.com/Zasder3/train-CLIP/issues/6).
# - "`topk` gives the first of two equal ones." It need not:
#   [CPU and GPU differ](https://github.com/pytorch/pytorch/issues/127196).
# - "0 < x < 1 works as with numbers." It needs `&` and brackets:
#   [thread](https://github.com/pytorch/pytorch/issues/41323).
# - "Times 0, a value is gone." NaN times 0 is NaN, in losses as well:
#   [an answer](https://github.com/chemprop/chemprop/issues/960).
# - "torch indexes exactly as NumPy." `z[0, :, [0, 1]]` has shape (3, 2) here and (2, 3) there:
#   [thread](https://github.com/pytorch/pytorch/issues/158134).
# - "0 and 1 are a mask." Integers are places, and uint8 is an old mask that warns:
#   [thread](https://github.com/pytorch/pytorch/issues/29365).
# - "-1 is the last place, as in Python." In brackets it is. `gather`, `scatter`, `index_select` and
#   `index_add` refuse it.
# - "`index_select` takes any index, as `gather` does." It takes one dimension: a list of rows, or
#   of columns.
# - "`softmax(dim=0)` gives a probability for each class." For (batch, classes), it shares out 1
#   among the samples.
# - "A slice beyond the end raises." It is empty. The mean of an empty float tensor is NaN.

# %% [markdown]
# ## Further reading
#
# - [indexing in NumPy](https://numpy.org/doc/stable/user/basics.indexing.html): torch follows its
#   rules nearly everywhere
# - [broadcasting](https://pytorch.org/docs/stable/notes/broadcasting.html): the rules, and in
#   place
# - [`torch.gather`](https://pytorch.org/docs/stable/generated/torch.gather.html),
#   [`torch.take_along_dim`](https://pytorch.org/docs/stable/generated/torch.take_along_dim.html),
#   [`torch.index_select`](https://pytorch.org/docs/stable/generated/torch.index_select.html)
# - [`Tensor.scatter_`](https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html),
#   [`Tensor.scatter_add_`](https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html),
#   [`Tensor.scatter_reduce_`](https://pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html),
#   [`Tensor.index_add_`](https://pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html)
# - [`torch.where`](https://pytorch.org/docs/stable/generated/torch.where.html),
#   [`Tensor.masked_fill`](https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html),
#   [`torch.nonzero`](https://pytorch.org/docs/stable/generated/torch.nonzero.html)
# - [`torch.bincount`](https://pytorch.org/docs/stable/generated/torch.bincount.html),
#   [`torch.unique`](https://pytorch.org/docs/stable/generated/torch.unique.html),
#   [`torch.cumsum`](https://pytorch.org/docs/stable/generated/torch.cumsum.html),
#   [`torch.repeat_interleave`](https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html)
# - [`torch.sort`](https://pytorch.org/docs/stable/generated/torch.sort.html),
#   [`torch.topk`](https://pytorch.org/docs/stable/generated/torch.topk.html)
# - [`torch.einsum`](https://pytorch.org/docs/stable/generated/torch.einsum.html),
#   [`torch.cdist`](https://pytorch.org/docs/stable/generated/torch.cdist.html) for distances
