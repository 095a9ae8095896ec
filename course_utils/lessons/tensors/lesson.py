# %% [markdown]
# A tensor looks like a table of numbers. Inside, it is something simpler: one long row of
# numbers, and a small note that says how to walk along that row. The row is called the
# **storage**. The note holds the **shape**, the **stride** and the **offset**.
#
# Much of what surprises people about tensors follows from this. So we take it apart slowly, with
# tensors small enough to check in your head.

# %% [markdown]
# ## What lives where
#
# | part | what it is for | lesson |
# |---|---|---|
# | `torch` | tensors, and hundreds of functions on them | 01, 02 |
# | `torch.autograd` | gradients: how a loss changes with each weight and each bias | 03 |
# | `torch.nn` | layers, losses, and `Module`, the class of all models | 04, 05, 09 |
# | `torch.optim` | optimizers and learning rate schedules | 09 |
# | `torch.utils.data` | `Dataset` and `DataLoader`: from files to batches | 06 |
# | `torch.multiprocessing` | tensors shared between processes, used by `DataLoader` | 06 |
# | `torch.distributed` | processes that train one model together | 11 |
# | `torchvision`, `torchtext` | pictures and texts | 07, 08 |
#
# `torch.nn` is a part of torch, not a separate package. `import torch` is enough for all rows but
# the last. (torchtext has ended; its last release works with torch 2.3 only. Lesson 08 can do
# without it.)

# %%
import torch

from course_utils import figures, predict

# %% [markdown]
# ## Making tensors
#
# `torch.tensor` copies Python numbers into a new tensor. It looks at the numbers to choose the
# **dtype**, the type of every element.

# %%
x = torch.tensor([[1, 2, 3], [4, 5, 6]])  # (2, 3)
x.shape, x.dtype

# %% [markdown]
# **Predict 01.p1.** What is the dtype of `torch.tensor([1, 2.5])`? A guess is written as in Python,
# for example `torch.int64`.

# %%
guess = ...
predict("01.p1", guess, lambda: torch.tensor([1, 2.5]).dtype)

# %% [markdown]
# Other functions make a tensor of a given shape. `torch.arange` counts; it gives whole numbers
# when its arguments are ints.

# %%
torch.zeros(2, 3), torch.ones(2, dtype=torch.int64), torch.arange(6)

# %% [markdown]
# Random numbers come from a generator. With the same seed, the same calls give the same
# numbers.

# %%
generator = torch.Generator().manual_seed(1)
torch.randint(0, 10, (2, 5), generator=generator)  # (2, 5)

# %% [markdown]
# Two names differ in one letter only: `torch.tensor` and `torch.Tensor`.
#
# **Predict 01.p2.** What is the *shape* of `torch.Tensor(5)`, with a capital T? A shape is a
# tuple, for example `(2, 3)`; a single number has the shape `()`.

# %%
guess = ...
predict("01.p2", guess, lambda: torch.Tensor(5).shape)

# %% [markdown]
# Use the small letter: `torch.tensor(data)` for data, `torch.empty(5)`, `torch.zeros(5)` and so
# on for shapes.

# %%
torch.tensor(5), torch.tensor(5).shape, torch.zeros(5).shape

# %% [markdown]
# ## dtype: what an element can hold
#
# | dtype | bytes | for |
# |---|---|---|
# | `torch.float32` | 4 | almost everything: parameters, inputs, losses |
# | `torch.float64` | 8 | checks that need many digits; NumPy's default |
# | `torch.int64` | 8 | labels, indices; Python whole numbers |
# | `torch.uint8` | 1 | pixels, 0 to 255 |
# | `torch.bool` | 1 | masks |
#
# `.to(dtype)`, or a short form such as `.float()`, makes a converted copy. If the tensor has that
# dtype already, you get the tensor itself.

# %%
pixels = torch.tensor([0, 100, 200], dtype=torch.uint8)
pixels.float(), pixels.element_size(), pixels.float().element_size()

# %% [markdown]
# **Predict 01.p3.** A pixel has the value 200 and you make the picture brighter by 100. The
# dtype is `uint8`. Which number comes out? (`.item()` makes a Python number of a tensor with one
# element.)

# %%
guess = ...
predict("01.p3", guess, lambda: (torch.tensor(200, dtype=torch.uint8) + 100).item())

# %% [markdown]
# Convert to float before you compute with pixels. Afterwards, cut to the allowed range and
# convert back.

# %%
brighter = pixels.float() + 100
brighter.clamp(0, 255).to(torch.uint8)

# %% [markdown]
# In 200 + 100 the 100 was a Python number. Now both are tensors, and the second has dtype int64.
#
# **Predict 01.p4.** Which number comes out of
# `torch.tensor([200], dtype=torch.uint8) + torch.tensor([100])`?

# %%
guess = ...


def add_two_tensors():
    pixel = torch.tensor([200], dtype=torch.uint8)  # (1,)
    return (pixel + torch.tensor([100])).item()


predict("01.p4", guess, add_two_tensors)

# %% [markdown]
# When the dtypes of two tensors differ, `+` and `*` choose one for the result. First by kind:
# floats win over whole numbers, and these over bool, however many bits each has. Within a kind,
# torch takes a dtype that holds both. (A few dtypes that were added late lack some of these rules:
# the sum of `uint16` and `int64` is an error.) The product of matrices, `@`, does not choose: two
# dtypes are an error there.
#
# Each field of this table is the dtype of `a + b`, asked of torch, for two tensors with dimensions.
# `torch.promote_types` gives the same answer for two dtypes.

# %%
figures.dtype_promotion(
    [torch.bool, torch.uint8, torch.int32, torch.int64, torch.float32, torch.float64]
)

# %% [markdown]
# Tensors without dimensions count less than tensors with dimensions: they can change the kind, but
# not the size within a kind. So a single float64 number does not make a whole float32 tensor
# float64. Python numbers count least, less than tensors without dimensions too: see 01.p3.

# %%
row = torch.ones(2)  # (2,), float32
number = torch.tensor(2.0, dtype=torch.float64)  # ()
(row + number).dtype, (row + number.reshape(1)).dtype, (torch.arange(2) + 0.5).dtype

# %% [markdown]
# `/` has a rule of its own: between whole numbers, too, it gives floats.

# %%
(torch.tensor([4, 5]) / torch.tensor([2, 2])).dtype

# %% [markdown]
# An operation *in place* writes into the tensor that is there, and that tensor keeps its dtype.
#
# **Predict 01.p5.** `counts` holds whole numbers. What does `counts /= 2` give? Write the list
# you expect, or `'error'`.

# %%
guess = ...


def halve():
    counts = torch.tensor([2, 4, 6])
    counts /= 2
    return counts


predict("01.p5", guess, halve)

# %% [markdown]
# Without the `=`, the division makes a new tensor, and that one can have a dtype of its own.

# %%
counts = torch.tensor([2, 4, 6])  # (3,)
counts / 2

# %% [markdown]
# ## device: where a tensor lives
#
# A tensor lives on one device: the CPU, or a GPU. Without a GPU that CUDA can use, making a tensor
# with `device="cuda:0"` is an error. Ask first, and the same notebook runs everywhere.

# %%
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
moved = torch.zeros(2, 3).to(device)  # (2, 3)
moved.device == torch.zeros(1, device=device).device

# %% [markdown]
# `.to(device)` does not move the tensor it is called on. It gives back a tensor that is there, so
# the result needs a name. This course works on the CPU.

# %% [markdown]
# ## Copy or share?
#
# Data often begins as a NumPy array. Three functions take it over. The difference that matters is
# who owns the memory.

# %%
import numpy

array = numpy.array([1.0, 2.0, 3.0])
copied = torch.tensor(array)  # always a copy
shared = torch.as_tensor(array)  # shares if it can
also_shared = torch.from_numpy(array)  # always shares

# %% [markdown]
# To see who shares, write into the array. All three have dtype float64: that is what NumPy makes
# of decimal numbers.

# %%
array[0] = 100
copied[0].item(), shared[0].item(), also_shared[0].item(), shared.dtype

# %% [markdown]
# **Predict 01.p6.** Another experiment: the array is `[1.0, 2.0, 3.0]` again. Make a tensor of it
# with `from_numpy`, then run `array = array + 1`. What is the first element of the tensor now?

# %%
guess = ...


def experiment():
    array = numpy.array([1.0, 2.0, 3.0])
    tensor = torch.from_numpy(array)
    array = array + 1
    return tensor[0].item()


predict("01.p6", guess, experiment)

# %% [markdown]
# `array + 1` is a *new* array, and the name `array` now belongs to it. The old one did not change,
# so the experiment says nothing about sharing. `+=` writes into the old one:

# %%
array = numpy.array([1.0, 2.0, 3.0])
tensor = torch.from_numpy(array)
array += 1
tensor

# %% [markdown]
# A Python list is turned round with `numbers[::-1]`, and so is a NumPy array.
#
# **Predict 01.p7.** What does `torch.arange(4)[::-1]` give? Write the list you expect, or
# `'error'`.

# %%
guess = ...
predict("01.p7", guess, lambda: torch.arange(4)[::-1])

# %% [markdown]
# NumPy turns a row round without moving a number, by a step below zero. torch has no such steps.
# `flip` writes the numbers down in the other order. For the same reason `torch.from_numpy`,
# `torch.as_tensor` and `torch.tensor` refuse an array that was turned round: copy it first.

# %%
turned = numpy.flip(array)
torch.from_numpy(turned.copy()), torch.arange(4).flip(0)

# %% [markdown]
# A new model has float32 parameters, so convert to float32 as you take data over. The
# conversion has to copy: float32 numbers need their own memory.

# %%
ready = torch.tensor(array, dtype=torch.float32)
ready.dtype

# %% [markdown]
# ## From a CSV file to a tensor
#
# A CSV file is a text: a line for each row, commas between the columns. `pandas.read_csv` makes a
# table of it. Here the text is short, and `StringIO` makes it look like a file.

# %%
from io import StringIO

import pandas

lines = "length,mass\n39.1,3750\n39.5,\n"
pandas.read_csv(StringIO(lines))

# %% [markdown]
# The second row has a gap. pandas writes `NaN` there, "not a number", and makes the whole column
# float64: whole numbers have no NaN.
#
# `penguins.csv` holds measurements of 344 real penguins. A line of this course finds the file and
# reads it with `read_csv`.

# %%
from course_utils import data

penguins = data.penguins()
penguins[["species", "bill_length_mm", "body_mass_g"]].head(4)

# %% [markdown]
# Nobody measured the fourth penguin. One NaN makes the sum of a tensor NaN, so rows with gaps
# are dropped first.

# %%
known = penguins.dropna(subset=["body_mass_g"])
len(penguins), len(known)

# %% [markdown]
# A model wants a table also when it has one column: shape (n, 1), float32. Two pairs of brackets
# keep the table a table.

# %%
mass = torch.tensor(known[["body_mass_g"]].to_numpy(), dtype=torch.float32)  # (n, 1)
mass.shape, mass.dtype, mass.mean().item()

# %% [markdown]
# **Predict 01.p8.** With one pair of brackets, `known["body_mass_g"]`, you get a single column.
# What is the shape of the tensor then?

# %%
guess = ...
predict("01.p8", guess, lambda: torch.tensor(known["body_mass_g"].to_numpy()).shape)

# %% [markdown]
# `.to_numpy()` matters too: `torch.tensor` takes no pandas table. For `known[["body_mass_g"]]`
# itself it says that it "could not determine the shape", and stops. A single row or column of
# pandas may work or fail: it depends on its labels.

# %% [markdown]
# ## Storage: one row of numbers
#
# Now look inside. However many dimensions a tensor has, its storage has one.

# %%
x = torch.arange(6).reshape(2, 3)  # (2, 3)
x

# %%
x.untyped_storage().nbytes(), x.element_size(), x.storage_offset(), x.stride()

# %% [markdown]
# (`untyped` means: as plain bytes.) The storage has 48 bytes: six elements of 8 bytes. The
# **offset** says where the first element lies: 0. The **stride** has one number for each dimension.
# It says how many elements to go on in the storage when that index goes up by one.

# %%
figures.storage(x=x)

# %% [markdown]
# Read it like this: the element `x[i, j]` lies at `offset + i * stride[0] + j * stride[1]`. For
# `x[1, 2]` that is 0 + 1 * 3 + 2 * 1 = 5.

# %%
i, j = 1, 2
position = x.storage_offset() + i * x.stride(0) + j * x.stride(1)
position, x[i, j].item()

# %% [markdown]
# **Predict 01.p9.** What are the strides of a tensor of shape (2, 3, 4) fresh from `torch.zeros`?

# %%
guess = ...
predict("01.p9", guess, lambda: torch.zeros(2, 3, 4).stride())

# %% [markdown]
# ## One storage, many views
#
# `x.t()` is the transpose: rows become columns. Is it stored in another order?
#
# **Predict 01.p10.** `x` has shape (2, 3) and strides (3, 1). What are the strides of `x.t()`?

# %%
guess = ...
predict("01.p10", guess, lambda: torch.arange(6).reshape(2, 3).t().stride())

# %% [markdown]
# Same storage, same numbers in the same places. Only the note has changed: the two sizes and the
# two strides have changed places. Each colour below is one cell of the storage.

# %%
figures.storage({"x": x, "x.t()": x.t()})

# %% [markdown]
# Slices are views, too. Taking every second column changes a stride; leaving out the first row
# changes the offset. No number moves.
#
# **Predict 01.p11.** `x` is now the matrix of shape (3, 4) with the numbers 0 to 11. What are the
# *offset* and the *strides* of `x[1:, ::2]`? Write them as `(offset, (stride, stride))`.

# %%
guess = ...


def note_of_slice():
    x = torch.arange(12).reshape(3, 4)  # (3, 4)
    part = x[1:, ::2]  # (2, 2)
    return part.storage_offset(), part.stride()


predict("01.p11", guess, note_of_slice)

# %%
x = torch.arange(12).reshape(3, 4)  # (3, 4)
figures.storage({"x": x, "x[1:, ::2]": x[1:, ::2], "x[:, 3]": x[:, 3]})

# %% [markdown]
# How do you see that two tensors share a storage? `untyped_storage().data_ptr()` is the address of
# the storage's first byte. `data_ptr()` of a tensor is the address of *its* first element, and two
# views may begin at different places. (`from_numpy` of two slices of one array gives two storages
# over its memory.)

# %%
part = x[1:, ::2]  # (2, 2)
same_storage = part.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
same_storage, (part.data_ptr() - x.data_ptr()) // x.element_size() == part.storage_offset()

# %% [markdown]
# A new dimension of size 1 is a view, too. `row[:, None]` and `row.unsqueeze(1)` give the same: a
# row of three becomes a column of three.

# %%
row = torch.tensor([7, 8, 9])  # (3,)
row[:, None].shape, row.unsqueeze(1).shape, row[None, :].shape

# %% [markdown]
# `row.expand(1000, 3)` looks like a matrix of a thousand equal rows.
#
# **Predict 01.p12.** How many elements does the storage of `row.expand(1000, 3)` have?

# %%
guess = ...
predict("01.p12", guess, lambda: row.expand(1000, 3).untyped_storage().nbytes() // 8)

# %% [markdown]
# A stride can be **0**: one step along the new dimension goes nowhere. So `expand` shows one row
# many times without writing it down again.

# %%
figures.storage({"row": row, "row.expand(4, 3)": row.expand(4, 3)})

# %% [markdown]
# ## Writing your own note: `as_strided`
#
# `as_strided(shape, stride, offset)` makes a view from a note that you write yourself. Without an
# offset, the view begins where the tensor begins; an offset counts from the beginning of the
# storage. The main diagonal of a matrix: one step is one row down *and* one column to the right.

# %%
square = torch.arange(16).reshape(4, 4)  # (4, 4)
diagonal = square.as_strided((4,), (square.stride(0) + square.stride(1),))  # (4,)
figures.storage(square=square, diagonal=diagonal)

# %% [markdown]
# Windows that overlap are views as well. `unfold(dimension, size, step)` writes the note for you:
# here, windows of 3 that start at every second number.

# %%
signal = torch.arange(9)  # (9,)
windows = signal.unfold(0, 3, 2)  # (4, 3)
windows.stride(), windows.untyped_storage().nbytes() == signal.untyped_storage().nbytes()

# %%
figures.windows(signal, size=3, step=2)

# %% [markdown]
# `as_strided` believes you. With a wrong note it reads numbers that belong to something else, or
# stops with an error. Use it to understand; use `unfold`, `t` and slices in your programs.

# %% [markdown]
# ## Contiguous
#
# A tensor is **contiguous** when walking through it in reading order, last index fastest, walks
# through the storage without a jump. `x` below is. Its transpose is not. New memory alone is
# no promise: `x.t() + 1` and `x.t().clone()` keep the order of `x.t()`.

# %%
x = torch.arange(6).reshape(2, 3)  # (2, 3)
x.is_contiguous(), x.t().is_contiguous()

# %% [markdown]
# Two special cases. Along a dimension of size 1 nobody ever takes a step, so its stride does not
# count. And a tensor without elements has nothing to walk through: it is contiguous, whatever its
# strides. (`torch.empty_strided` makes a tensor of this shape and these strides, with numbers that
# nobody has set.)

# %%
column = torch.empty_strided((3, 1), (1, 99))  # (3, 1)
nothing = torch.zeros(0, 3).t()  # (3, 0)
column.is_contiguous(), nothing.stride(), nothing.is_contiguous()

# %% [markdown]
# `contiguous()` is there for tensors that are not.
#
# **Predict 01.p13.** `y` is the transpose of `x`. After the line `y.contiguous()`, is `y`
# contiguous? Write `True` or `False`.

# %%
guess = ...


def make_contiguous():
    y = x.t()
    y.contiguous()
    return y.is_contiguous()


predict("01.p13", guess, make_contiguous)

# %%
y = x.t().contiguous()  # (3, 2)
figures.storage(y=y)

# %% [markdown]
# ## `view` and `reshape`
#
# `view(shape)` keeps the storage and writes a new note. Nothing is copied, so it needs a note
# that works.
#
# **Predict 01.p14.** Can `x.t()` be flattened with `view(6)`? Write the list you expect, or
# `'error'`.

# %%
guess = ...
predict("01.p14", guess, lambda: x.t().view(6))

# %% [markdown]
# To walk through `x.t()` in reading order you would step 0, 3, 1, 4, 2, 5 through the storage:
# sometimes +3, sometimes -2. One stride is one number, so there is no such note.
#
# A short rule is easy to remember: "`view` works only on contiguous tensors". Is it true?
#
# **Predict 01.p15.** `half = torch.arange(16).reshape(4, 4)[:, :2]` has shape (4, 2) and strides
# (4, 1), so it is not contiguous. What does `half.view(2, 2, 2).shape` give? Write a shape, or
# `'error'`.

# %%
guess = ...
half = torch.arange(16).reshape(4, 4)[:, :2]  # (4, 2)
predict("01.p15", guess, lambda: half.view(2, 2, 2).shape)

# %% [markdown]
# The real rule looks at the dimensions you *join*. Two neighbours can become one when one step of
# the first is exactly as long as a step of the second times its size:
#
# `stride[d] == stride[d + 1] * size[d + 1]`
#
# Leave out dimensions of size 1 first: their strides do not count. Splitting a dimension is always
# possible. Joining `half`'s two is not: its step is 4, but a row ends after 2. (A tensor without
# elements can be viewed as any shape without elements.)

# %%
column = torch.empty_strided((3, 1), (5, 99))  # (3, 1)
half.stride(0) == half.stride(1) * half.size(1), column.view(3).stride()

# %%
figures.storage({"half": half, "half.view(2, 2, 2)": half.view(2, 2, 2)})

# %% [markdown]
# `reshape` is `view` where that is possible, and a copy where it is not. It does not tell you which
# one you got.
#
# **Predict 01.p16.** `flat = x.t().reshape(6)`, then `flat[0] = 99`. What is `x[0, 0]` now?

# %%
guess = ...


def write_into_reshape():
    x = torch.arange(6).reshape(2, 3)
    flat = x.t().reshape(6)
    flat[0] = 99
    return x[0, 0].item()


predict("01.p16", guess, write_into_reshape)

# %% [markdown]
# Without the transpose, `reshape` is a view, and writing goes through to `x`:

# %%
x = torch.arange(6).reshape(2, 3)  # (2, 3)
flat = x.reshape(6)  # (6,)
flat[0] = 99
x

# %% [markdown]
# ## `permute` is not `reshape`
#
# A picture that was read from a file is mostly height, width, channels (HWC). torch's layers want
# channels, height, width (CHW). Both calls in this figure give the shape (3, 8, 8). Only one gives
# the picture.

# %%
picture = figures.small_picture()  # (height, width, channels)
figures.axes_order(picture, "picture")

# %% [markdown]
# `permute` changes the order of the axes: each number still belongs to its pixel and its channel.
# `reshape` keeps the row of numbers and cuts it in a new way. No error will tell you: only the
# picture, or a model that learns badly.

# %%
image = torch.arange(12).reshape(2, 2, 3)  # (height, width, channels)
image.permute(2, 0, 1)[0].tolist(), image.reshape(3, 2, 2)[0].tolist()

# %% [markdown]
# In `image` the first channel holds the numbers 0, 3, 6, 9. The left result has them; the right
# one has 0, 1, 2, 3.
#
# | you want | use | copies? |
# |---|---|---|
# | another shape, same order of numbers | `view`, or `reshape` if unsure | `view` never |
# | axes in another order | `permute`, `transpose`, `t` | never |
# | reading order in memory | `contiguous` | if needed |
# | the numbers in a storage of their own | `clone` | always |

# %% [markdown]
# ## Views share: writing and saving
#
# Writing into a view writes into the storage, and so into every other view that looks
# at the same place.

# %%
table = torch.zeros(2, 3)  # (2, 3)
table.t()[0] = 5
table

# %% [markdown]
# What does a small slice of a large tensor weigh?
#
# **Predict 01.p17.** `big` has a million float32 numbers, 4 bytes each. How many bytes does the
# storage of `big[:10]` have?

# %%
guess = ...
big = torch.zeros(1_000_000)  # (1000000,)
predict("01.p17", guess, lambda: big[:10].untyped_storage().nbytes())

# %%
figures.memory({"big[:10]": big[:10], "big[:10].clone()": big[:10].clone()})

# %% [markdown]
# A view keeps its whole storage alive, and `torch.save` saves whole storages. So clone a slice
# before you save it.

# %%
import io


def saved_bytes(tensor):
    file = io.BytesIO()
    torch.save(tensor, file)
    return file.tell()


saved_bytes(big[:10]) > 4_000_000, saved_bytes(big[:10].clone()) < 2_000

# %% [markdown]
# ## Summary
#
# | idea | in one line |
# |---|---|
# | storage | one row of numbers, whatever the shape |
# | stride | how far to go in the storage when an index goes up by one; counted in elements |
# | offset | where the first element lies |
# | view | another note over the same storage: slices, `t`, `permute`, `expand`, `view`, `unfold` |
# | contiguous | reading order is storage order |
# | `view` works if | what is joined fits: `stride[d] == stride[d+1] * size[d+1]`, without sizes 1 |
# | `reshape` | a view if possible, else a copy |
# | sharing | `from_numpy` shares, `as_tensor` if it can; `torch.tensor` and `clone` copy |

# %% [markdown]
# ## What people get wrong
#
# - "`view` swaps axes." It re-cuts the same row of numbers:
#   [a report from users](https://github.com/pytorch/pytorch/issues/16560).
# - "`x.contiguous()` changes `x`." It returns a tensor:
#   [thread](https://github.com/pytorch/tutorials/pull/1613).
# - "`from_numpy` copies: I tried `array = array + 1`." The experiment is wrong:
#   [thread](https://github.com/mrdbourke/pytorch-deep-learning/issues/1279).
# - "`torch.Tensor(5)` is the number 5." It is five numbers that nobody has set:
#   [thread](https://github.com/pytorch/pytorch/issues/28867).
# - "Pixels stop at 255." They begin again at 0:
#   [thread](https://github.com/pytorch/pytorch/issues/110854).
# - "Saving `x[:10]` saves ten numbers." It saves the storage:
#   [thread](https://github.com/pytorch/pytorch/issues/1995).
# - "NumPy data can go straight into a layer." It is mostly float64, the layer is float32:
#   [thread](https://github.com/pytorch/pytorch/issues/15436).
# - "Strides are bytes." In NumPy they are; in torch they count elements.
# - "A slice begins at offset 0." Nothing is moved to the beginning of the storage: the slice has an
#   offset, which says where it begins.
# - "The transpose is stored differently." It is the same storage; sizes and strides
#   are exchanged.
# - "A float64 number makes a float32 tensor float64." Not if the number has no dimensions and the
#   tensor has some.
# - "`x[::-1]` turns a tensor round, as in NumPy." torch has no negative strides, so an array that
#   was turned round has to be copied, too:
#   [thread](https://github.com/pytorch/pytorch/issues/92680).

# %% [markdown]
# ## Further reading
#
# Reading the documentation is a skill of its own; lesson 00 shows how. The pages of what was
# used here:
#
# - [tensor views](https://pytorch.org/docs/stable/tensor_view.html): a long list of functions
#   that give views
# - [`torch.tensor`](https://pytorch.org/docs/stable/generated/torch.tensor.html),
#   [`torch.as_tensor`](https://pytorch.org/docs/stable/generated/torch.as_tensor.html),
#   [`torch.from_numpy`](https://pytorch.org/docs/stable/generated/torch.from_numpy.html),
#   [`torch.arange`](https://pytorch.org/docs/stable/generated/torch.arange.html),
#   [`torch.Generator`](https://pytorch.org/docs/stable/generated/torch.Generator.html)
# - [dtypes and promotion](https://pytorch.org/docs/stable/tensor_attributes.html),
#   [`torch.promote_types`](https://pytorch.org/docs/stable/generated/torch.promote_types.html)
# - [`Tensor.view`](https://pytorch.org/docs/stable/generated/torch.Tensor.view.html),
#   [`torch.reshape`](https://pytorch.org/docs/stable/generated/torch.reshape.html),
#   [`torch.permute`](https://pytorch.org/docs/stable/generated/torch.permute.html),
#   [`Tensor.contiguous`](https://pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html),
#   [`torch.clone`](https://pytorch.org/docs/stable/generated/torch.clone.html)
# - [`Tensor.stride`](https://pytorch.org/docs/stable/generated/torch.Tensor.stride.html),
#   [`torch.as_strided`](https://pytorch.org/docs/stable/generated/torch.as_strided.html),
#   [`Tensor.unfold`](https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html),
#   [`Tensor.expand`](https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html),
#   [`torch.unsqueeze`](https://pytorch.org/docs/stable/generated/torch.unsqueeze.html),
#   [`torch.flip`](https://pytorch.org/docs/stable/generated/torch.flip.html)
# - [`torch.save`](https://pytorch.org/docs/stable/generated/torch.save.html)
