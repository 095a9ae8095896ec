# %% [markdown]
# A model is a tree. At the top is the model, below it are its parts, and the parts hold tensors.
# The model and all its parts are of one kind: `nn.Module`.
#
# A module does two jobs. It **computes**: tensors in, tensors out. And it **keeps a register** of
# the tensors that belong to it. Saving, moving to a GPU and training all work from the register.
# A common bug is a tensor or a layer that is used, but not registered.

# %% [markdown]
# ## A first module
#
# You write two methods. `__init__` makes the parts. `forward` says what to compute with them.

# %%
import torch
from torch import nn

from course_utils import figures, predict


# %%
class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return x * self.factor


# %% [markdown]
# Do not call `forward` yourself: call the module, like a function.

# %%
scale = Scale()
x = torch.tensor([1.0, 2.0, 3.0])  # (3,)
scale(x).tolist()

# %% [markdown]
# Four methods work together. You write two of them.
#
# | method | written by | what it does |
# |---|---|---|
# | `__init__` | you | makes the parts; `super().__init__()` comes first |
# | `__setattr__` | torch | runs at `self.name = value`; registers parameters and modules |
# | `__call__` | torch | runs at `model(x)`, and calls `forward` |
# | `forward` | you | computes |
#
# A `backward` is missing, on purpose: autograd works it out from what `forward` did. A method that
# you name `backward` or `optimizer` is never called by torch. A backward of your own is written in
# a `torch.autograd.Function` (lesson 03).

# %%
hasattr(nn.Module, "forward"), hasattr(nn.Module, "backward")

# %% [markdown]
# The register is a few dicts inside the module. `super().__init__()` makes them, empty. Then each
# assignment is filed by the type of its value: as a parameter or as a module. A value of another
# type becomes an ordinary attribute, unless its name is registered already (or, in newer torch, it
# is an `nn.Buffer`).

# %%
list(scale._parameters), list(scale._buffers), list(scale._modules)

# %% [markdown]
# **Predict 04.p1.** What happens without `super().__init__()`? Write the list of parameter names
# that you expect from this module, or `'error'`.

# %%
guess = ...


class Forgetful(nn.Module):
    def __init__(self):
        self.factor = nn.Parameter(torch.tensor(2.0))


predict("04.p1", guess, lambda: [name for name, _ in Forgetful().named_parameters()])

# %% [markdown]
# `scale.forward(x)` gives the same numbers as `scale(x)`. Is everything else the same? A **hook**
# is a function that you hang on a module (lesson 05).
#
# **Predict 04.p2.** The hook below counts. The module is called once and its `forward` is called
# once. What does the counter say?

# %%
guess = ...


def count_calls():
    calls = []
    watched = Scale()
    watched.register_forward_hook(lambda *_: calls.append(1))
    watched(x)
    watched.forward(x)
    return len(calls)


predict("04.p2", guess, count_calls)

# %% [markdown]
# ## Parameter: a tensor that is learned
#
# `nn.Parameter` wraps a tensor and says two things: it wants gradients, and a module should
# register it as something to learn.

# %%
parameter = nn.Parameter(torch.ones(2))
isinstance(parameter, torch.Tensor), parameter.requires_grad

# %% [markdown]
# Is a plain tensor different? Test it: `plain` below is a tensor with `requires_grad=True`, kept as
# an attribute.


# %%
class WithPlainTensor(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = torch.tensor(2.0, requires_grad=True)

    def forward(self, x):
        return (x * self.plain).sum()


# %% [markdown]
# `backward()` fills the `.grad` of leaves that require one (lesson 03). The input is `[1, 2, 3]`.
#
# **Predict 04.p3.** After `backward()`, what is `module.plain.grad`? Write a number, or `None`.

# %%
guess = ...


def gradient_of_plain():
    module = WithPlainTensor()
    module(x).backward()
    return None if module.plain.grad is None else module.plain.grad.item()


predict("04.p3", guess, gradient_of_plain)

# %% [markdown]
# Autograd does not know what a module is; it looks at tensors. What `plain` lacks is a place in the
# register. An optimizer gets `module.parameters()`, and that is empty:

# %%
list(WithPlainTensor().parameters())

# %% [markdown]
# An optimizer changes only the tensors it was given, and of these only the ones that have a
# gradient: not "all of the model".
# Here is one step of size 1 (`lr`, the learning rate), on a parameter whose gradient is 1 + 2 + 3:

# %%
optimizer = torch.optim.SGD(scale.parameters(), lr=1.0)
scale(x).sum().backward()
optimizer.step()
scale.factor.item()

# %% [markdown]
# Who sets `requires_grad`: the parameter, or the module that it is given to?
#
# **Predict 04.p4.** This parameter is made with `requires_grad=False`, then given to a module.
# What is its `requires_grad` afterwards?

# %%
guess = ...


def assign_frozen():
    module = Scale()
    module.factor = nn.Parameter(torch.tensor(3.0), requires_grad=False)
    return module.factor.requires_grad


predict("04.p4", guess, assign_frozen)

# %% [markdown]
# The constructor of `nn.Parameter` sets the flag, True unless you say otherwise. Assigning only
# registers.
#
# **Predict 04.p5.** A parameter that starts at 0.1, written with a product. What is
# `[name for name, _ in module.named_parameters()]`?

# %%
guess = ...


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(3)) * 0.1


predict("04.p5", guess, lambda: [name for name, _ in Small().named_parameters()])

# %% [markdown]
# An operation that makes a new tensor makes a plain one: `* 0.1`, and also `.to(...)` when it
# really converts. So compute first and wrap last.

# %%
type(nn.Parameter(torch.ones(3)) * 0.1).__name__, type(nn.Parameter(torch.ones(3) * 0.1)).__name__

# %% [markdown]
# ## Buffer: a tensor that belongs to the model and is not learned
#
# Means for scaling, masks, counters: they should be saved and moved with the model, but no
# optimizer should touch them. These are **buffers**. With `persistent=False` a buffer moves, but it
# is not saved: good for what can be computed again. (Newer versions of torch also register
# `self.mean = nn.Buffer(tensor)`; torch 2.3 has no `nn.Buffer`.)


# %%
class Kinds(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("positions", torch.arange(2.0), persistent=False)
        self.mask = torch.ones(2)


kinds = Kinds()

# %% [markdown]
# What a module saves is its **state dict**: `state_dict()` gives a dict from names to tensors.
#
# **Predict 04.p6.** Which names does `kinds.state_dict()` hold? Write a list. A module's own
# parameters come before its own buffers.

# %%
guess = ...
predict("04.p6", guess, lambda: list(kinds.state_dict()))

# %% [markdown]
# A module has `.to()` as well. With a float dtype, it converts the floats of the model all at once;
# whole numbers, such as counters, keep their dtype.
#
# **Predict 04.p7.** What is the dtype of `kinds.mask` after `kinds.to(torch.float64)`?

# %%
guess = ...
predict("04.p7", guess, lambda: Kinds().to(torch.float64).mask.dtype)

# %% [markdown]
# `.to()` works through the register. Here is the tree of this module, with what happens to each
# tensor. Nothing in it was written down by hand: the figure asks the module.

# %%
figures.module_tree(kinds)

# %% [markdown]
# Once such a model is moved to a GPU, the forgotten `mask` gives an error about two devices, as
# soon as `forward` computes with it. You can see it without a GPU: the `meta` device holds shapes
# and no numbers.

# %%
moved = Kinds().to("meta")
{name: str(getattr(moved, name).device) for name in ["weight", "mean", "positions", "mask"]}

# %% [markdown]
# | kind | made with | gradient | optimizer gets it | `state_dict` | follows `.to()` |
# |---|---|---|---|---|---|
# | parameter | `nn.Parameter(t)` | yes, unless frozen | yes | yes | yes |
# | buffer | `register_buffer(name, t)` | only if you ask | no | yes | yes |
# | unsaved buffer | the same, `persistent=False` | only if you ask | no | no | yes |
# | plain tensor | `self.name = t` | only if you ask | no | no | no |
#
# `model.to(...)` changes the model itself. `x.to(...)` of a tensor gives back a tensor, a new one
# if something has to change, and leaves `x` as it was. Write `x = x.to(...)`.

# %%
layer = nn.Linear(3, 1)
layer.to(torch.float64)
x.to(torch.float64)
layer.weight.dtype, x.dtype

# %% [markdown]
# "A buffer is a tensor that is not updated." Not by the optimizer, that is true. `nn.BatchNorm1d`
# keeps a running mean in a buffer. It begins at 0, and each training batch moves it one tenth of
# the way to the mean of the batch.
#
# **Predict 04.p8.** The batch below has mean 10. The call is under `no_grad` (lesson 03), and there
# is no optimizer. A new module is in training mode. What is `norm.running_mean` afterwards? Write a
# number.

# %%
guess = ...


def run_batchnorm():
    norm = nn.BatchNorm1d(1)
    with torch.no_grad():
        norm(torch.tensor([[9.0], [11.0]]))
    return norm.running_mean.item()


predict("04.p8", guess, run_batchnorm)

# %% [markdown]
# Forward wrote it, because the module was in training mode. After `norm.eval()` it would not.
# `no_grad` has nothing to do with it.

# %% [markdown]
# ## A linear layer by hand
#
# `nn.Linear(3, 2)` takes 3 numbers and gives 2. Each output is a sum of the inputs, with weights of
# its own, and a bias.
#
# **Predict 04.p9.** What is the shape of `nn.Linear(3, 2).weight`?

# %%
guess = ...
predict("04.p9", guess, lambda: nn.Linear(3, 2).weight.shape)

# %% [markdown]
# So it computes `x @ weight.T + bias`. Here is a layer like it, without the bias. It has the same
# name and the same shape for its weight. So the state dict of an `nn.Linear` without bias
# fits: `load_state_dict` copies its values into the parameters with the same names.


# %%
class PlainLinear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))

    def forward(self, x):  # x: (batch, in_features)
        return x @ self.weight.t()  # (batch, out_features)


# %%
theirs = nn.Linear(3, 2, bias=False)
mine = PlainLinear(3, 2)
mine.load_state_dict(theirs.state_dict())
batch = torch.ones(4, 3)  # (batch, in_features)
torch.allclose(mine(batch), theirs(batch))

# %% [markdown]
# Now another version. It runs. Three things in it are wrong; find them before you read on.


# %%
class WrongLinear(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(in_features, out_features))
        self.bias = nn.Parameter(torch.randn(out_features))

    def forward(self, x):
        return x @ self.weights + self.bias


# %% [markdown]
# First, `bias=False` is accepted and ignored. Second, name and shape are not those of `nn.Linear`,
# so its state dict does not load.

# %%
wrong = WrongLinear(3, 2, bias=False)
{name: tuple(p.shape) for name, p in wrong.named_parameters()}

# %% [markdown]
# `load_state_dict` has an argument `strict=False`. With it, the two can be brought together without
# an error.
#
# **Predict 04.p10.** The state dict of an `nn.Linear(3, 2)` has two entries, `weight` and `bias`.
# How many of them does `wrong.load_state_dict(..., strict=False)` use?

# %%
guess = ...


def entries_that_were_used():
    saved = nn.Linear(3, 2).state_dict()
    fit = WrongLinear(3, 2).load_state_dict(saved, strict=False)
    return len(saved) - len(fit.unexpected_keys)


predict("04.p10", guess, entries_that_were_used)

# %%
fit = wrong.load_state_dict(nn.Linear(3, 2).state_dict(), strict=False)
fit.missing_keys, fit.unexpected_keys

# %% [markdown]
# So look at what it gives back. A model that was loaded with `strict=False` may have none of the
# trained numbers in it.
#
# Third, `torch.randn` gives start values that do not know the number of inputs. A sum of many
# inputs spreads like the square root of their number. `nn.Linear` starts with smaller numbers for
# more inputs. So, for inputs around 0 with a spread of 1, as below, the spread of the outputs does
# not grow with the number of inputs.

# %%
torch.manual_seed(0)
for inputs in [100, 10_000]:
    data_in = torch.randn(50, inputs)  # (batch, inputs)
    wrong_spread = WrongLinear(inputs, 20)(data_in).std().item()
    torch_spread = nn.Linear(inputs, 20)(data_in).std().item()
    print(inputs, "randn:", round(wrong_spread, -1), "nn.Linear below 1:", torch_spread < 1)

# %% [markdown]
# In exercise 04.2 you write the version that does all of it right.
#
# **Predict 04.p11.** A layer exists, and you want zeros for its weight. What is `layer.weight`
# after `layer.weight = torch.zeros(1, 2)`? Write a list of lists, or `'error'`.

# %%
guess = ...


def assign_a_tensor():
    layer = nn.Linear(2, 1)
    layer.weight = torch.zeros(1, 2)
    return layer.weight


predict("04.p11", guess, assign_a_tensor)

# %% [markdown]
# The place of a parameter takes a Parameter, or None. To change a weight, put a new parameter
# there, or new values into the old one. An optimizer that was made before knows only the old one.

# %%
layer = nn.Linear(2, 1)
layer.weight = nn.Parameter(torch.zeros(1, 2))  # a new parameter
with torch.no_grad():
    layer.weight.fill_(0.5)  # new values for the same parameter
layer.weight.tolist()

# %% [markdown]
# ## Containers
#
# A module that is assigned to `self` is registered, with everything inside it. The names form
# paths through the tree. `nn.Sequential` runs its modules in order; it is a model of its own.

# %%
mlp = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 3))
mlp

# %% [markdown]
# Printing a model shows its parts, and the names to reach them. `get_submodule` takes such a path;
# `named_parameters()` gives the paths of all parameters. With `recurse=False` it gives those of the
# module itself, and a Sequential has none of its own. `named_buffers()` works the same way.

# %%
paths = [name for name, _ in mlp.named_parameters()]
own = [name for name, _ in mlp.named_parameters(recurse=False)]
mlp.get_submodule("2") is mlp[2], paths, own

# %% [markdown]
# This is a multilayer perceptron: four measurements in, three scores out (one for each species),
# `nn.Sigmoid` between the layers. Without it, two linear layers would be one. How many numbers does
# it learn? By hand: 4 · 8 + 8 and 8 · 3 + 3, that is 67.

# %%
sum(p.numel() for p in mlp.parameters())

# %% [markdown]
# Give it real penguins. Each has four measurements; the model is not trained, so its scores mean
# nothing yet.

# %%
from course_utils import data

names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
known = data.penguins()[names].dropna()
measured = torch.tensor(known.to_numpy(), dtype=torch.float32)  # (penguins, 4)
mlp(measured).shape

# %% [markdown]
# The scores can be any number, also a negative one. With a ReLU after the last layer, no score can
# be below 0, and where it cuts, no gradient comes back. So a classifier ends with a linear layer.
#
# Layers can also be kept in a Python list, as below in `rest`.
#
# **Predict 04.p12.** How many parameters does `Listed()` have? Count tensors: a linear layer has
# two, its weight and its bias.

# %%
guess = ...


class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2)
        self.rest = [nn.Linear(2, 2), nn.Linear(2, 2)]


predict("04.p12", guess, lambda: len(list(Listed().parameters())))

# %%
figures.module_tree(Listed())

# %% [markdown]
# The module does not look into the list. With a `forward` it would run and train without an error,
# and only `first` would learn. `nn.ModuleList` and `nn.ModuleDict` are used like a list and a dict
# of modules, and register what they hold. (A key of a ModuleDict is a text without a dot. It must
# not be the name of an attribute or method, such as `training`, `type` or `keys`.)


# %%
class Kept(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(2)])
        self.heads = nn.ModuleDict({"age": nn.Linear(2, 1), "sex": nn.Linear(2, 2)})

    def forward(self, x, task):
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.heads[task](x)


# %%
figures.module_tree(Kept())

# %% [markdown]
# A `ModuleList` is not a `Sequential`. It does not know what to do with an input, so calling it
# is an error. The loop is yours.
#
# **Predict 04.p13.** `nn.Linear(2, 2)` learns 6 numbers. How many does
# `nn.ModuleList([layer] * 3)` learn?

# %%
guess = ...


def three_times():
    layer = nn.Linear(2, 2)
    layers = nn.ModuleList([layer] * 3)
    return sum(p.numel() for p in layers.parameters())


predict("04.p13", guess, three_times)

# %% [markdown]
# `copy.deepcopy` makes layers that are separate. But it copies the numbers too, so the copies
# begin equal.

# %%
import copy

original = nn.Linear(2, 2)
copied = copy.deepcopy(original)
copied.weight is original.weight, torch.equal(copied.weight, original.weight)

# %% [markdown]
# So for three different layers, call `nn.Linear` three times.
#
# | container | calling it | use it for |
# |---|---|---|
# | `nn.Sequential` | runs its modules in order | a straight chain |
# | `nn.ModuleList` | error | layers for your own loop |
# | `nn.ModuleDict` | error | parts chosen by name |
# | Python list or dict | error | anything but modules, parameters and buffers |
#
# ## Identity and lazy layers
#
# `nn.Identity` gives back what it gets. Put it where a layer was, to take that layer out.

# %%
mlp[2] = nn.Identity()
mlp(measured).shape

# %% [markdown]
# `nn.LazyLinear(3)` finds out its number of inputs from the first batch.
#
# **Predict 04.p14.** What is the number of elements in its weight, right after it was made? Write
# a number, or `'error'`.

# %%
guess = ...

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch 2.3 warns that lazy layers are new; the newest does not
    lazy = nn.LazyLinear(3)

predict("04.p14", guess, lambda: copy.deepcopy(lazy).weight.numel())

# %% [markdown]
# So run one batch first. Then count and initialise.

# %%
filled = copy.deepcopy(lazy)
filled(torch.zeros(1, 5)).shape, tuple(filled.weight.shape), type(filled).__name__

# %% [markdown]
# ## Make a module once
#
# Layers are made in `__init__` and used in `forward`. This one makes its Dropout in `forward`.
# In training mode only, `nn.Dropout(p)` sets each number to 0 with probability `p`, and divides the
# others by 1 - p.
#
# **Predict 04.p15.** The model is in eval mode, its input has 1000 ones, and `p` is 0.5. Does the
# output hold any zeros? Write `True` or `False`.

# %%
guess = ...


class Fresh(nn.Module):
    def forward(self, x):
        return nn.Dropout(0.5)(x)


predict("04.p15", guess, lambda: bool((Fresh().eval()(torch.ones(1000)) == 0).any()))

# %% [markdown]
# `eval()` walks through the register and sets `training` to False everywhere. What it cannot see,
# it cannot set. A Linear made in `forward` is worse: new random weights at every call, and nothing
# for the optimizer.

# %%
nn.Dropout(0.5).training, nn.Sequential(nn.Dropout(0.5)).eval()[0].training

# %% [markdown]
# There is also a function, `nn.functional.dropout(x, p)`. It is no module.
#
# **Predict 04.p16.** A model in eval mode calls it in `forward`. The input has 1000 ones and
# `p` is 0.5. Does the output hold any zeros? Write `True` or `False`.

# %%
guess = ...


class WithFunction(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5)


predict("04.p16", guess, lambda: bool((WithFunction().eval()(torch.ones(1000)) == 0).any()))

# %% [markdown]
# `eval()` did set `training` of the model to False. But the function does not know which model
# calls it, so it has to be told. Inside a module, `self.training` is the mode.


# %%
class WithMode(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, training=self.training)


WithMode().eval()(torch.ones(5)).tolist()

# %% [markdown]
# ## A CNN, and its sizes by hand
#
# A **convolution** moves a small window of weights, its **kernel**, over the picture. At each place
# it gives one sum. The result is a new picture, one **channel** for each kernel.
#
# A kernel looks at all channels of its input at once. For a picture of 3 channels it has 3 sheets
# of weights, one on top of the other. It multiplies, and adds up all of it.
#
# **Predict 04.p17.** `nn.Conv2d(3, 64, kernel_size=5)` has 64 kernels for a picture of 3 channels.
# How many numbers does its `weight` hold?

# %%
guess = ...
predict("04.p17", guess, lambda: nn.Conv2d(3, 64, kernel_size=5).weight.numel())

# %% [markdown]
# **Max-pooling** keeps only the largest number of each 2 x 2 field, in each channel separately.
#
# A convolution with a 5 x 5 kernel loses 4 rows and 4 columns: the kernel cannot stand over the
# edge. Pooling with 2 x 2 halves, and rounds down. Along one axis:
#
# `out = (in + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1`
#
# **padding** (0 unless you ask) is the width of a rim around the picture. It holds zeros for a
# convolution, and for max-pooling a value that is never the largest. **stride** is how far the
# kernel moves each time: 1 for a convolution unless you ask, and for pooling the size of its field.
# It has nothing to do with the strides of lesson 01. **dilation** is the distance between the cells
# that the kernel looks at; 1 is without gaps.
#
# | layer | out of 32 | channels |
# |---|---|---|
# | input | 32 | 3 |
# | convolution 5 x 5 | 28 | 64 |
# | pooling 2 x 2 | 14 | 64 |
# | convolution 5 x 5 | 10 | 30 |
# | pooling 2 x 2 | 5 | 30 |
#
# The linear layer at the end gets 30 · 5 · 5 = 750 numbers.

# %%
cnn = nn.Sequential(
    nn.Conv2d(3, 64, kernel_size=5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(64, 30, kernel_size=5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(30 * 5 * 5, 10),
)

# %%
figures.feature_maps(cnn, (3, 32, 32))

# %% [markdown]
# The figure was measured, not computed: a batch of zeros went through the model, layer by layer.
# `nn.Flatten` keeps the first dimension, the batch.

# %%
cnn(torch.zeros(2, 3, 32, 32)).shape  # (batch, classes)

# %% [markdown]
# The handwritten digits of MNIST are 1 x 28 x 28. This model cannot take them: its first
# convolution wants 3 channels, its last layer wants 750 numbers.
#
# **Predict 04.p18.** With a first convolution for 1 channel, how many numbers come out of
# `Flatten` for a 1 x 28 x 28 input? Work it out by hand.

# %%
guess = ...


def flat_numbers():
    first = nn.Conv2d(1, 64, kernel_size=5)
    body = nn.Sequential(first, *cnn[1:7])
    return body(torch.zeros(1, 1, 28, 28)).shape[1]


predict("04.p18", guess, flat_numbers)

# %% [markdown]
# Count the parameters. A convolution uses each of its weights at every place of its output, 28 · 28
# times in the first one. The linear layer uses each weight once.

# %%
for name, parameter in cnn.named_parameters():
    print(f"{name:9} {str(tuple(parameter.shape)):17} {parameter.numel()}")

# %% [markdown]
# ## Sharing and freezing
#
# The same module, or the same parameter, may stand in several places. It is learned once, its
# gradient is the sum from all places (lesson 03). `parameters()` lists it once, the state dict
# under each name. Below, `nn.Embedding(5, 2)` is a table with a row of 2 learned numbers for each
# of 5 words (`table[ids]`, lesson 02).

# %%
embedding = nn.Embedding(5, 2)
out = nn.Linear(2, 5, bias=False)
out.weight = embedding.weight
tied = nn.ModuleDict({"embedding": embedding, "out": out})
[name for name, _ in tied.named_parameters()], list(tied.state_dict())

# %% [markdown]
# To **freeze** is to stop asking for gradients.
#
# **Predict 04.p19.** After `layer.weight.required_grad = False`, what is
# `layer.weight.requires_grad`?

# %%
guess = ...


def freeze_layer():
    layer = nn.Linear(2, 1)
    layer.weight.required_grad = False
    return layer.weight.requires_grad


predict("04.p19", guess, freeze_layer)

# %% [markdown]
# A tensor, like an object of a class of your own, takes new attributes without a word. So does a
# module: after `layer.requires_grad = False` its parameters still ask for gradients. The method
# `requires_grad_(False)`, with an underscore, freezes a whole module. A wrong name for it is an
# error. Give the optimizer what is left.

# %%
cnn[0].requires_grad_(False)
trainable = [name for name, p in cnn.named_parameters() if p.requires_grad]
trainable

# %% [markdown]
# **Predict 04.p20.** A BatchNorm is frozen with `requires_grad_(False)` and gets the batch of
# 04.p8 again, in training mode. What is its `running_mean` afterwards? Write a number.

# %%
guess = ...


def run_frozen_batchnorm():
    norm = nn.BatchNorm1d(1).requires_grad_(False)
    norm(torch.tensor([[9.0], [11.0]]))
    return norm.running_mean.item()


predict("04.p20", guess, run_frozen_batchnorm)

# %% [markdown]
# Freezing stops new gradients. (A `.grad` from before still counts: call `zero_grad()`.) `eval()`
# stops what the forward of a BatchNorm writes. A frozen part with BatchNorm or Dropout needs both,
# and the `eval()` again after each `train()` of the whole model.
#
# Not every tensor of a model is of floats: a BatchNorm counts its batches. `is_floating_point()`
# tells them apart.

# %%
norm = nn.BatchNorm1d(1)
{name: buffer.is_floating_point() for name, buffer in norm.named_buffers()}

# %% [markdown]
# ## Saving, loading, copying
#
# `state_dict()` is a dict from names to tensors. Save that, not the model object: the names fit as
# long as the code makes the same tree. `weights_only=True` loads tensors and plain data (numbers,
# texts, lists, dicts). It refuses most other objects, those of NumPy too: loading them could run
# code that somebody has put into the file.

# %%
import io

file = io.BytesIO()  # a file in memory; a path works the same
torch.save(nn.Linear(2, 1).state_dict(), file)
file.seek(0)
loaded = torch.load(file, weights_only=True)
{name: tuple(value.shape) for name, value in loaded.items()}

# %% [markdown]
# `load_state_dict` copies the values into the model's own tensors. It wants all names, and no
# others. With `strict=False` it forgives names and tells you which; a tensor of another shape is
# still an error. (An exception: a tensor of shape () takes a saved one of shape (1,); in torch 2.3
# also one of shape (n,), and keeps its first number.) Where it stops with an error, what fits has
# been copied all the same.

# %%
fit = nn.Linear(2, 1, bias=False).load_state_dict(loaded, strict=False)
fit.missing_keys, fit.unexpected_keys

# %% [markdown]
# Often people keep the best state of a training run like this: `best = model.state_dict()`.
#
# **Predict 04.p21.** The weight was 1 when `best` was taken. Then the model is changed to 5.
# What is `best["weight"]`?

# %%
guess = ...


def keep_best():
    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, 1.0)
    best = model.state_dict()
    nn.init.constant_(model.weight, 5.0)
    return best["weight"].item()


predict("04.p21", guess, keep_best)

# %% [markdown]
# The tensors in a state dict share their memory with the model. To keep a state, copy it.

# %%
model = nn.Linear(1, 1)
best = copy.deepcopy(model.state_dict())
best["weight"].data_ptr() == model.weight.data_ptr()

# %% [markdown]
# ## Summary
#
# | idea | in one line |
# |---|---|
# | module | computes in `forward`, and keeps a register of its tensors and parts |
# | `super().__init__()` | makes the register; comes first |
# | parameter | learned, saved, moved |
# | buffer | moved, saved unless `persistent=False`, not learned; forward may change it |
# | plain tensor | none of these, though it may get a gradient |
# | containers | `Sequential` runs, `ModuleList` and `ModuleDict` keep; Python lists hide |
# | `weight` of `nn.Linear` | shape (out_features, in_features) |
# | CNN sizes | `(in + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1` |
# | `state_dict()` | names to tensors, which share the model's memory: copy them to keep a state |
# | `model.to()`, `x.to()` | the first changes the model, the second gives back a tensor |

# %% [markdown]
# ## What people get wrong
#
# - "A Python list of layers is part of the model." It is not registered:
#   [thread](https://github.com/pytorch/pytorch/issues/38639).
# - "A tensor attribute moves with `.to()` and is saved." Only parameters and buffers move, and
#   buffers with `persistent=False` are not saved:
#   [thread](https://github.com/pytorch/pytorch/issues/2641).
# - "`super().__init__()` is optional." Then there is no register:
#   [thread](https://github.com/Genentech/gReLU/issues/188).
# - "`x.to(...)` works in place, as `model.to(...)` does." It gives back a tensor:
#   [thread](https://github.com/pytorch/pytorch/issues/7844).
# - "`nn.Parameter(...).to(...)` is still a parameter." Not where it converts; then it is the result
#   of an operation:
#   [thread](https://github.com/pytorch/pytorch/issues/17484).
# - "My own list of the buffers follows the model." Where `.to()` changes a buffer, it puts
#   a new tensor in its place: [thread](https://github.com/pytorch/pytorch/issues/43815).
# - "`[layer] * n` makes n layers." It is one layer:
#   [thread](https://github.com/deep-learning-with-pytorch/dlwpt-code/issues/89).
# - "A deep copy is initialised anew." It starts with the same numbers; so do the layers of
#   `nn.TransformerEncoder`: [thread](https://github.com/harvardnlp/annotated-transformer/issues/9).
# - "A lazy layer can be counted at once." Not before its first batch:
#   [thread](https://github.com/pytorch/pytorch/issues/53366).
# - "Dropout made in `forward` is the same." `eval()` does not reach it:
#   [thread](https://github.com/yangze0930/NTS-Net/issues/14).
# - "The weight of a linear layer has shape (in, out)." It is (out, in); with as many inputs as
#   outputs the mistake runs silently: [thread](https://github.com/pytorch/pytorch/issues/129834).
# - "`ModuleList` can be called." That is an error:
#   [thread](https://github.com/pytorch/pytorch/issues/55459).
# - "`functional.dropout(x, p)` follows `eval()`." It takes the mode as an argument:
#   [thread](https://github.com/pytorch/pytorch/issues/26338).
# - "A frozen BatchNorm stays as it is." Its running statistics move until `eval()`.
# - "In training, `BatchNorm1d` takes any batch." One row of numbers has no spread, and is an error.
# - "`strict=False` made it load." It loads what fits by name; in this thread all names began with
#   `module.`, and nothing did: [thread](https://github.com/pytorch/pytorch/issues/3805).
# - "`model = model.load_state_dict(...)`." It changes the model; what it gives back are the names
#   that did not fit.
# - "A parameter wants gradients because a module holds it." The constructor of Parameter says so:
#   [thread](https://github.com/pytorch/pytorch/issues/40008).
# - "`layer.weight = tensor` sets the weight." It takes a Parameter:
#   [thread](https://github.com/pytorch/pytorch/issues/1812).
# - "A module defines `backward`, and can define `optimizer`." `nn.Module` has neither.
# - "`torch.nnModule`, `Linear`, `Tensor`." After `from torch import nn` the names are `nn.Module`
#   and `nn.Linear`; in a type hint it is `torch.Tensor`.
# - "Every classifier ends in 30 · 5 · 5." That is for inputs of 32 x 32; 28 x 28 leaves 30 · 4 · 4.

# %% [markdown]
# ## Further reading
#
# - [`nn.Module`](https://pytorch.org/docs/stable/generated/torch.nn.Module.html), and the
#   [notes on modules](https://pytorch.org/docs/stable/notes/modules.html)
# - [`nn.Parameter`](https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html),
#   [`register_buffer`](https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer),
#   [`nn.BatchNorm1d`](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html)
# - [`nn.Linear`](https://pytorch.org/docs/stable/generated/torch.nn.Linear.html),
#   [`nn.LazyLinear`](https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html),
#   [`nn.Identity`](https://pytorch.org/docs/stable/generated/torch.nn.Identity.html),
#   [`nn.Embedding`](https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html),
#   [`nn.Dropout`](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html)
# - [`nn.Sequential`](https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html),
#   [`nn.ModuleList`](https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html),
#   [`nn.ModuleDict`](https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html)
# - [`nn.Sigmoid`](https://pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html),
#   [`nn.ReLU`](https://pytorch.org/docs/stable/generated/torch.nn.ReLU.html),
#   [`nn.Conv2d`](https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html),
#   [`nn.MaxPool2d`](https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html),
#   [`nn.Flatten`](https://pytorch.org/docs/stable/generated/torch.nn.Flatten.html)
# - [`torch.optim.SGD`](https://pytorch.org/docs/stable/generated/torch.optim.SGD.html),
#   [`nn.init`](https://pytorch.org/docs/stable/nn.init.html),
#   [the meta device](https://pytorch.org/docs/stable/meta.html),
#   [saving and loading](https://pytorch.org/docs/stable/notes/serialization.html)
