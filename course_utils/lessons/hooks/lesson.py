# %% [markdown]
# A model is a box: a tensor goes in, a tensor comes out. Often you need to know what happens
# inside. What does layer 3 give? Where does the first NaN come from? Which layer gets no
# gradient? You could write `print` into every `forward`. But often the model is not yours.
#
# A **hook** is a function of yours that torch calls at an agreed moment: before a layer runs, after
# it, when a gradient is ready, when a saved state dict (a **checkpoint**) is loaded. You hang it
# on, look, and take it off again. The model's code stays as it is.
#
# The second subject is smaller: `apply` calls a function for every module of a model. Its main use
# is to initialise weights.

# %%
import torch
from torch import nn

from course_utils import figures, predict

# %% [markdown]
# ## A forward hook
#
# We take a layer that can be computed in your head: it doubles its input.

# %%
double = nn.Linear(1, 1, bias=False)
nn.init.constant_(double.weight, 2.0)
double(torch.tensor([5.0])).tolist()

# %% [markdown]
# `register_forward_hook` hangs a function on this layer. Each time the layer is called, as in
# `double(x)`, torch calls it with three things: the layer, its arguments, its output.

# %%
calls = []


def write_down(module, args, output):
    calls.append((type(module).__name__, output.item()))


handle = double.register_forward_hook(write_down)

# %%
double(torch.tensor([5.0]))
double(torch.tensor([7.0]))
calls

# %% [markdown]
# What you get back from registering is a **handle**. It belongs to this one hook, and it is the
# only clean way to take the hook off.

# %%
handle.remove()
double(torch.tensor([9.0]))
len(calls)

# %% [markdown]
# **Predict 05.p1.** A hook is registered, then `double.forward(x)` is called once. How many times
# does the hook run? (In the lambda, `*_` takes whatever arguments torch gives, and does not use
# them.)


# %%
def call_forward_directly():
    calls = []
    with double.register_forward_hook(lambda *_: calls.append("called")):
        double.forward(torch.tensor([5.0]))
    return len(calls)


# %%
guess = ...
predict("05.p1", guess, lambda: call_forward_directly())

# %% [markdown]
# `model(x)` runs Python's `__call__`. There torch runs the pre-hooks, then `forward`, then the
# hooks. `forward` is only the middle part. So: always call the model, never its `forward`.
#
# The code above has used a handle in a `with` line. When the block ends, the hook is removed. We
# come back to this.
#
# ## What a hook is given
#
# **Predict 05.p2.** A hook is called as `hook(module, args, output)`. The layer is called with one
# tensor. Is `args` that `'tensor'`, or a `'tuple'`?


# %%
def type_of_args():
    kinds = []
    with double.register_forward_hook(lambda m, args, out: kinds.append(type(args).__name__)):
        double(torch.tensor([5.0]))
    return kinds[0]


# %%
guess = ...
predict("05.p2", guess, lambda: type_of_args())

# %% [markdown]
# So the input is `args[0]`. Only positional arguments are in there. If a model is called with
# keyword arguments, register with `with_kwargs=True`. The hook then gets one argument more, a dict,
# between the arguments and the output.


# %%
class Scale(nn.Module):
    def forward(self, x, factor=1):
        return x * factor


# %%
scale, seen = Scale(), []
with scale.register_forward_hook(lambda m, args, out: seen.append(len(args))):
    scale(torch.ones(2), factor=3)
with scale.register_forward_hook(lambda m, args, kw, out: seen.append(kw), with_kwargs=True):
    scale(torch.ones(2), factor=3)
seen

# %% [markdown]
# The first hook saw one argument. The second one saw the factor as well.
#
# ## What a hook returns
#
# If a forward hook returns None, the layer's own output goes on. `list.append` returns None, so the
# lambdas above only look.
#
# **Predict 05.p3.** This hook wants to keep the first output. `setdefault` stores a value if the
# key is new, and *returns* what is stored. The layer doubles. What does the **second** call,
# `double(torch.tensor([5.0]))`, give?


# %%
def keep_the_first():
    kept = {}
    with double.register_forward_hook(lambda m, args, out: kept.setdefault("first", out)):
        double(torch.tensor([1.0]))
        return double(torch.tensor([5.0])).item()


# %%
guess = ...
predict("05.p3", guess, lambda: keep_the_first())

# %% [markdown]
# A lambda returns whatever its expression gives. If you are not sure what that is, write a `def`
# without `return`.
#
# Used on purpose, this rule is strong: you can change what a layer gives. Here one number of three
# is silenced.


# %%
def silence_unit_1(module, args, output):
    changed = output.clone()
    changed[:, 1] = 0
    return changed


layer = nn.Identity()
with layer.register_forward_hook(silence_unit_1):
    silenced = layer(torch.tensor([[3.0, 4.0, 5.0]]))  # (1, 3)
silenced

# %% [markdown]
# The hook changes a copy. Writing into `output` itself would also show, but backward may need the
# old values, and then it stops with an error (lesson 03).
#
# ## A pre-hook: before the layer runs
#
# `register_forward_pre_hook` calls `hook(module, args)` before `forward`. If it returns None,
# nothing changes. Anything else takes the place of all positional arguments; for more than one,
# return a tuple. (With `with_kwargs=True` it returns a pair: the arguments as a tuple, and the
# dict.) So a model for floats can be given bytes.


# %%
def bytes_to_floats(module, args):
    return args[0].float() / 255


with double.register_forward_pre_hook(bytes_to_floats):
    result = double(torch.tensor([255], dtype=torch.uint8))  # (1,)
result.tolist()

# %% [markdown]
# **Predict 05.p4.** The same hook is on, and the picture comes as floats already: the input is
# `[1.0]`. What does `double` give now? Write a number, rounded to four decimals.

# %%
guess = ...


def floats_through_the_hook():
    with double.register_forward_pre_hook(bytes_to_floats):
        return round(double(torch.tensor([1.0])).item(), 4)


predict("05.p4", guess, floats_through_the_hook)

# %% [markdown]
# A hook runs at every call, whatever the input. Exercise 05.4 does better.
#
# ## Tuples, and parts of parts
#
# A layer may give a tuple: `nn.LSTM` gives its outputs and its last state. Then the hook's `output`
# is that tuple.
#
# **Predict 05.p5.** `nn.MultiheadAttention` has a part called `out_proj`, a linear layer. A forward
# hook is registered on that part, and the attention is called once. How many times does it run?

# %%
guess = ...


def hook_inside_attention():
    attention, runs = nn.MultiheadAttention(4, 1), []
    attention.out_proj.register_forward_hook(lambda *_: runs.append(1))
    attention(*[torch.ones(2, 4)] * 3)
    return len(runs)


predict("05.p5", guess, hook_inside_attention)

# %% [markdown]
# The attention takes the weight and the bias of its part and does the multiplication itself,
# without calling the part. A hook sees calls of *its* module, nothing else. If it is silent, look
# whether the module is called at all.
#
# ## Taking hooks off
#
# A hook that stays is called by everyone who uses the model later. It costs time, it may fill a
# list that nobody reads, and it may change outputs. The rule of this lesson: **who registers,
# removes.**
#
# **Predict 05.p6.** Somebody has lost the handle. To get rid of the hook, they register the same
# function again and remove *that* handle: `layer.register_forward_hook(f).remove()`. How many
# times does `f` run in the next call?


# %%
def register_again_and_remove():
    layer, runs = nn.Identity(), []

    def f(module, args, output):
        runs.append(1)

    layer.register_forward_hook(f)
    layer.register_forward_hook(f).remove()
    layer(torch.ones(1))
    return len(runs)


# %%
guess = ...
predict("05.p6", guess, lambda: register_again_and_remove())

# %% [markdown]
# Each registration has its own handle. Keep it.
#
# **Predict 05.p7.** Now the handle is kept, and `handle.remove()` stands in the line after the
# call. But the call raises, because the input has the wrong size. How many hooks are still on the
# layer afterwards?


# %%
def remove_after_an_error():
    layer = nn.Linear(3, 2)
    handle = layer.register_forward_hook(lambda *_: None)
    try:
        layer(torch.ones(5))
        handle.remove()
    except RuntimeError:
        pass
    return len(layer._forward_hooks)


# %%
guess = ...
predict("05.p7", guess, lambda: remove_after_an_error())

# %% [markdown]
# Two ways are safe. For one hook: `with layer.register_forward_hook(f):`. For several: a list of
# handles, and `finally`. Python runs what stands under `finally` in every case, also on the way out
# of an error. So a hook may even raise an error itself, to stop a model halfway.


# %%
def layer_means(model, x):
    means, handles = {}, []
    for name, module in model.named_children():

        def keep(module, args, output, name=name):
            means[name] = round(output.mean().item(), 3)

        handles.append(module.register_forward_hook(keep))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return means


# %%
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
layer_means(net, torch.ones(3, 4))

# %% [markdown]
# One detail: `name=name`. All hooks are made in one loop. A function looks a name up when it
# *runs*, and then the loop is over: without `name=name` every hook would write under the last name.
#
# And did it clean up when the model raises? Count:

# %%
try:
    layer_means(net, torch.ones(3, 99))
except RuntimeError:
    print("the model raised; hooks left:", sum(len(m._forward_hooks) for m in net))

# %% [markdown]
# `_forward_hooks` is a private table, good for looking. Never empty it yourself: hooks of other
# people may be in there.
#
# ## What a stored output costs
#
# An output that requires grad is the end of a graph, which keeps saved tensors alive (lesson 03).
# If your list holds the output, it holds all of that, until a backward lets the saved tensors go.
# If you only look into a model, no backward comes. How much is it? Count each storage once, and
# leave out the weights and the input: they are there anyway.

# %%
sizes = {}  # bytes of a storage, by its address


def note_storage(tensor):
    storage = tensor.untyped_storage()
    sizes[storage.data_ptr()] = storage.nbytes()
    return tensor


deep = nn.Sequential(*[nn.Sequential(nn.Linear(100, 100), nn.ReLU()) for _ in range(8)])
batch = torch.ones(500, 100)  # (500, 100)
with torch.autograd.graph.saved_tensors_hooks(note_storage, lambda tensor: tensor):
    output = deep(batch)  # (500, 100)

# %%
for tensor in [batch, *deep.parameters()]:
    sizes.pop(tensor.untyped_storage().data_ptr(), None)
[size / output.nbytes for size in sizes.values()], output.detach().grad_fn is None

# %% [markdown]
# (`saved_tensors_hooks`, too, is a kind of hook.) The graph holds eight tensors as large as the
# output, one for each ReLU. A model with 50 layers and a list that grows with every batch fills any
# computer. So keep `output.detach()`, which holds no graph.
#
# **Predict 05.p8.** Here the first layer gives -3, the hook keeps
# `output.detach()`, and the next layer is `nn.ReLU(inplace=True)`. What does the list hold in the
# end?


# %%
def keep_before_an_inplace_relu():
    kept = []
    net = nn.Sequential(nn.Linear(1, 1), nn.ReLU(inplace=True))
    nn.init.constant_(net[0].weight, -3.0)
    nn.init.zeros_(net[0].bias)
    net[0].register_forward_hook(lambda m, args, out: kept.append(out.detach()))
    net(torch.ones(1))
    return kept[0].item()


# %%
guess = ...
predict("05.p8", guess, lambda: keep_before_an_inplace_relu())

# %% [markdown]
# `detach()` does not copy (lesson 03). To be safe, keep `output.detach().clone()`. If you need one
# number, keep the number: `.item()`.
#
# ## The order in which hooks fire
#
# **Predict 05.p9.** A forward hook is registered on every module of `nn.Sequential(nn.Linear(2, 3),
# nn.ReLU())`: on `"0"`, on `"1"`, and on the model itself, whose name is `""`. In which order do
# the names come? Write a list of three strings.


# %%
def order_of_forward_hooks():
    net, names = nn.Sequential(nn.Linear(2, 3), nn.ReLU()), []
    for name, module in net.named_modules():
        module.register_forward_hook(lambda *_, name=name: names.append(name))
    net(torch.ones(1, 2))
    return names


# %%
guess = ...
predict("05.p9", guess, lambda: order_of_forward_hooks())

# %% [markdown]
# Now all kinds at once. Each hook writes down its kind and the name of its module. `note` makes the
# hooks; `*_` takes whatever arguments torch gives.

# %%
trace = []


def note(event, name):
    return lambda *_: trace.append((event, name))


net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
for name, module in net.named_modules():
    module.register_forward_pre_hook(note("forward pre", name))
    module.register_forward_hook(note("forward", name))
    module.register_full_backward_pre_hook(note("backward pre", name))
    module.register_full_backward_hook(note("backward", name))
for name, parameter in net.named_parameters():
    parameter.register_hook(note("gradient", name))

# %% [markdown]
# One run forward, one backward. How many calls do the hooks write down?

# %%
x = torch.ones(4, 2, requires_grad=True)  # (4, 2)
net(x).sum().backward()
len(trace)

# %% [markdown]
# In which order do they come? On the way back, which hook is the first? Is the gradient of a weight
# there before or after the backward hook of its layer? Guess, then open the steps one by one: each
# tells what runs, and its picture shows which hooks have fired by then.

# %%
figures.steps(
    {
        "The model is called.": figures.hook_timeline(trace, now=(1, 1)),
        "Forward runs through the layers.": figures.hook_timeline(trace, now=(2, 7)),
        "Forward is over.": figures.hook_timeline(trace, now=(8, 8)),
        "backward() is called.": figures.hook_timeline(trace, now=(9, 9)),
        "Backward runs through one layer.": figures.hook_timeline(trace, now=(10, 13)),
        "Backward runs to its end.": figures.hook_timeline(trace, now=(14, 20)),
    }
)

# %% [markdown]
# Read the last picture from left to right. Forward: the model's pre-hook comes first and its hook
# last; the layers lie in between, like boxes in a box. Backward, the model's box opens first again,
# and inside it the last layer begins. The gradients of a layer's own parameters are ready while its
# box is open. (For the first layer that is so because `x` asks for a gradient here.)
#
# Several hooks of one kind on one module run in the order in which they were registered.
# `prepend=True` puts a new forward or backward hook in front. With `always_call=True` a forward
# hook runs also when forward, or a hook before it, raises; if there is no output yet, it gets None.
# There are hooks for all modules of the program at once, too, such as
# `torch.nn.modules.module.register_module_forward_hook`, for finding bugs.
#
# ## Backward hooks
#
# `register_full_backward_hook` calls `hook(module, grad_input, grad_output)`. The names look from
# the module: `grad_output` is the gradient with respect to what the module *gave*, `grad_input`
# with respect to what it *was given*. Both are tuples, as `args` was.

# %%
linear = nn.Linear(3, 2)
shapes = []


def gradient_shapes(module, grad_input, grad_output):
    shapes.append([tuple(grad.shape) for grad in grad_input + grad_output])


with linear.register_full_backward_hook(gradient_shapes):
    linear(torch.ones(4, 3, requires_grad=True)).sum().backward()
shapes

# %% [markdown]
# The gradient of the weight is not among them. For parameters there are tensor hooks; they come
# below.
#
# **Predict 05.p10.** In a usual training step the input is data: it does not require grad. What is
# `grad_input[0]` of the first layer then: `'a tensor'` or `'None'`?

# %%
import warnings


def input_gradient_of_the_first_layer():
    kinds, layer = [], nn.Linear(3, 2)
    layer.register_full_backward_hook(
        lambda m, grad_in, grad_out: kinds.append("None" if grad_in[0] is None else "a tensor")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer(torch.ones(4, 3)).sum().backward()
    return kinds[0]


# %%
guess = ...
predict("05.p10", guess, lambda: input_gradient_of_the_first_layer())

# %% [markdown]
# There is a second surprise in this case. A full backward hook waits for the gradients of the
# module's positional arguments. (A tensor that is passed by name, or inside a list, does not
# count.) If nobody asks for these gradients, there is nothing to wait for, and the hook fires
# early: in a first layer before the gradients of its weight and bias. For a whole model this
# means: its backward hook runs **before** those of its layers. Newer versions of torch give a
# warning about it (2.15 does); torch 2.3 says nothing. If the parameters of that first layer are
# frozen as well, its hook does not run at all.

# %%
trace.clear()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    net(torch.ones(4, 2)).sum().backward()
[name for event, name in trace if event == "backward"]

# %% [markdown]
# A full backward hook may return a new `grad_input`: a tuple with one entry for each positional
# argument. It goes on backward in place of the old one. (If none of them requires grad, returning
# one is an error.) And `register_full_backward_pre_hook` is called before, with `grad_output`, and
# may replace that by a tuple, too.
#
# **Predict 05.p11.** Many models of others use `nn.ReLU(inplace=True)` to save memory. Can its
# layer have a full backward hook? Write the gradient of the input that you expect, a list of one
# number, or `'error'`.


# %%
def full_hook_and_inplace():
    net = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))
    net[1].register_full_backward_hook(lambda *_: None)
    x = torch.ones(1, requires_grad=True)
    net(x * 1).sum().backward()
    return x.grad


# %%
guess = ...
predict("05.p11", guess, lambda: full_hook_and_inplace())

# %% [markdown]
# The layer *before* an in-place one has the same trouble. The way out is a tensor hook, set in a
# forward hook. It meets the output as the layer gives it.

# %%
gradients = []


def watch_output(module, args, output):
    output.register_hook(lambda gradient: gradients.append(gradient.clone()))


net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(inplace=True))
with net[0].register_forward_hook(watch_output):
    net(torch.ones(1, 2)).sum().backward()
gradients[0].shape

# %% [markdown]
# `watch_output` has no `return`. A lambda would return the handle of the tensor hook, and that
# would take the place of the output.
#
# ## The old backward hook
#
# Older code uses `register_backward_hook`. It is deprecated, for a good reason: it
# sits on the last small operation inside the layer, and reports the inputs of *that*.
#
# **Predict 05.p12.** A linear layer has one input. How many tensors are in the `grad_input` that
# the old hook of `nn.Linear(3, 2)` gets, for a batch of 4?


# %%
def inputs_of_the_old_hook():
    seen, layer = [], nn.Linear(3, 2)
    layer.register_backward_hook(lambda m, grad_in, grad_out: seen.append(grad_in))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer(torch.ones(4, 3, requires_grad=True)).sum().backward()
    return len(seen[0])


# %%
guess = ...
predict("05.p12", guess, lambda: inputs_of_the_old_hook())

# %% [markdown]
# The cell above has silenced a warning from torch: a `UserWarning` in 2.3, a `FutureWarning` in
# 2.15. Use the full hook, or tensor hooks.
#
# ## Tensor hooks
#
# `tensor.register_hook(hook)` calls `hook(gradient)` when the gradient with respect to this tensor
# is computed. For a parameter this happens before it is added to `.grad`. What the hook returns
# takes the place of the gradient.

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)  # (2,)
with w.register_hook(lambda gradient: 10 * gradient):
    (w**2).sum().backward()
w.grad

# %% [markdown]
# Without the hook it would be (2, 4).
#
# **Predict 05.p13.** The hook is now `def larger(gradient): gradient = 10 * gradient`. What is
# `w.grad` after the same backward? Write a list of two numbers.


# %%
def assign_in_the_hook():
    w = torch.tensor([1.0, 2.0], requires_grad=True)

    def larger(gradient):
        gradient = 10 * gradient

    w.register_hook(larger)
    (w**2).sum().backward()
    return w.grad


# %%
guess = ...
predict("05.p13", guess, lambda: assign_in_the_hook())

# %% [markdown]
# Nor should a hook change the gradient in place, with `gradient.mul_(10)`: the documentation
# forbids it. The same tensor can be the gradient of something else. In `a + b`, both get the same
# one:

# %%
a = torch.tensor([1.0], requires_grad=True)  # (1,)
b = torch.tensor([1.0], requires_grad=True)  # (1,)


def ten_times_in_place(gradient):
    gradient.mul_(10)  # forbidden


a.register_hook(ten_times_in_place)
((a + b) ** 2).sum().backward()
a.grad, b.grad

# %% [markdown]
# The hook was on `a` alone. The gradient of `b` should be 4.
#
# **Predict 05.p14.** `y = x * 2` is computed, backward is run, *then* a hook that appends to a list
# is registered on `y`. How long is the list?


# %%
def length_of_list():
    x, heard = torch.ones(3, requires_grad=True), []
    y = x * 2
    y.sum().backward()
    y.register_hook(lambda gradient: heard.append(gradient))
    return len(heard)


# %%
guess = ...
predict("05.p14", guess, lambda: length_of_list())

# %% [markdown]
# And a tensor that does not require grad takes no hook at all: torch raises an error. For a frozen
# model, look at `requires_grad` first.
#
# `retain_grad()` is another way to the gradient of a tensor in the middle (lesson 03). It calls no
# function of yours. An in-place operation shows another difference.
#
# **Predict 05.p15.** `y` is `[1, -2]`. It gets a tensor hook and `retain_grad()`, and *then*
# `y.relu_()` writes into it. After `y.sum().backward()`, `y.grad` is `[1, 1]`. Which gradient did
# the hook get? Write a list of two numbers.

# %%
guess = ...


def hook_before_relu():
    x, heard = torch.tensor([1.0, -2.0], requires_grad=True), []
    y = x * 1
    y.retain_grad()
    y.register_hook(lambda gradient: heard.append(gradient.tolist()))
    y.relu_()
    y.sum().backward()
    return heard[0]


predict("05.p15", guess, hook_before_relu)

# %% [markdown]
# The hook belongs to the value that `y` had when it was registered. `retain_grad()` stays with the
# tensor `y`, whatever is written into it: here, the value after the ReLU.
#
# Another hook of this family comes later: `register_post_accumulate_grad_hook` is called when
# `.grad` is up to date, with the parameter itself.

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)  # (2,)
order = []
w.register_hook(lambda gradient: order.append(("gradient", w.grad)))
w.register_post_accumulate_grad_hook(lambda tensor: order.append(("after", tensor.grad.tolist())))
(w**2).sum().backward()
order

# %% [markdown]
# When the tensor hook ran, `.grad` was still None.
#
# ## Hooks on saving and loading
#
# `state_dict()` and `load_state_dict()` have hooks, too.
#
# **Predict 05.p16.** `register_state_dict_pre_hook` hangs a hook on a layer. Then `load_state_dict`
# is called once, with a dict saved earlier. How many times does the hook run?


# %%
def saving_hook_when_loading():
    layer, runs = nn.Linear(2, 1), []
    saved = layer.state_dict()
    layer.register_state_dict_pre_hook(lambda *_: runs.append(1))
    layer.load_state_dict(saved)
    return len(runs)


# %%
guess = ...
predict("05.p16", guess, lambda: saving_hook_when_loading())

# %% [markdown]
# There are four moments: before and after, on either side. Which of them has a public name depends
# on the version of torch.
#
# | moment | public name in torch 2.15 | public in 2.3? |
# |---|---|---|
# | before saving | `register_state_dict_pre_hook` | yes |
# | after saving | `register_state_dict_post_hook` | no: `_register_state_dict_hook` |
# | before loading | `register_load_state_dict_pre_hook` | no: `_` in front, and see below |
# | after loading | `register_load_state_dict_post_hook` | yes |
#
# A name that begins with an underscore is private: it may change. And the private ones differ in
# more than the name. `_register_load_state_dict_pre_hook` gives your hook the module only if you
# ask for it with `with_module=True`. What `_register_state_dict_hook` returns takes the place of
# the state dict, if `state_dict()` is called on that module itself. The public post-hook has to
# return None, and changes the dict in place.
#
# The best use of a loading hook: the names in your model have changed, and old checkpoints should
# still load. Here `fc` became `head`.

# %%
from collections import OrderedDict

old_checkpoint = {"fc.weight": torch.tensor([[1.0, 2.0]]), "fc.bias": torch.tensor([3.0])}
model = nn.Sequential(OrderedDict(head=nn.Linear(2, 1)))

# %% [markdown]
# The hook gets the module, the dict that torch will go on with, and a prefix: where in a larger
# model this one sits. It has to change *this* dict. The dict that you gave to `load_state_dict`
# keeps its names, because torch works on a copy. But the copy holds the same tensors: replace
# them, and never write into them.


# %%
def rename_fc(module, state_dict, prefix, *others):
    for key in list(state_dict):
        if key.startswith(prefix + "fc."):
            new_key = prefix + "head." + key.removeprefix(prefix + "fc.")
            state_dict[new_key] = state_dict.pop(key)


if hasattr(model, "register_load_state_dict_pre_hook"):
    model.register_load_state_dict_pre_hook(rename_fc)
else:  # torch 2.3
    model._register_load_state_dict_pre_hook(rename_fc, with_module=True)

# %%
model.load_state_dict(old_checkpoint)
model.head.weight, list(old_checkpoint), list(model.state_dict())

# %% [markdown]
# This hook stays on purpose: it is a part of the model. It belongs in `__init__`.
#
# The post-hook gets the names that were missing or unexpected, and may take names off these lists.
# So a model can say: this one may be missing. The hook below first looks whether the name is on the
# list: with a complete checkpoint it is not.


# %%
def bias_may_be_missing(module, incompatible):
    if "bias" in incompatible.missing_keys:
        incompatible.missing_keys.remove("bias")


layer = nn.Linear(2, 1)
layer.register_load_state_dict_post_hook(bias_may_be_missing)
result = layer.load_state_dict({"weight": torch.ones(1, 2)})
result.missing_keys

# %% [markdown]
# **Predict 05.p17.** The layer is now a part of a model: `nn.Sequential(layer)`. Does
# `load_state_dict({"0.weight": torch.ones(1, 2)})` of that model go through? Write `'loads'` or
# `'error'`.

# %%
guess = ...


def load_a_model_around_it():
    nn.Sequential(layer).load_state_dict({"0.weight": torch.ones(1, 2)})
    return "loads"


predict("05.p17", guess, load_a_model_around_it)

# %% [markdown]
# In a larger model, names carry the path. A loading pre-hook is told it, as `prefix`; this one is
# not. Then put the hook on the whole model, which knows its paths.

# %% [markdown]
# ## Hooks travel with a copy
#
# `copy.deepcopy` copies the hooks of modules as well. One that is a function still writes into the
# old list. (One that is a method gets a copy of its object, with a list of its own.) Hooks on
# parameters are not copied. And a state dict holds no hooks at all.

# %%
import copy

original, calls = nn.Identity(), []
original.register_forward_hook(lambda *_: calls.append("called"))
twin = copy.deepcopy(original)
twin(torch.ones(1))
len(calls)

# %% [markdown]
# ## `apply`: a function for every module
#
# `model.apply(function)` calls `function(module)` for every module.
#
# **Predict 05.p18.** In which order does `apply` visit `nn.Sequential(nn.Linear(2, 3), nn.ReLU())`?
# Write the list of type names: which of `"Linear"`, `"ReLU"`, `"Sequential"`, in which order.


# %%
def order_of_apply():
    visited = []
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    net.apply(lambda module: visited.append(type(module).__name__))
    return visited


# %%
guess = ...
predict("05.p18", guess, lambda: order_of_apply())

# %% [markdown]
# Children first, then the module that holds them, the model itself last. `apply` returns the model.
# Inside the function, `isinstance` decides what to do.


# %%
def init_kaiming(module):
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


# %% [markdown]
# Does it matter? We look inside with forward hooks. This function gives the outputs of all ReLU
# layers of a model, and leaves nothing behind.


# %%
def relu_outputs(model, x):
    outputs, handles = {}, []
    for name, module in model.named_modules():
        if isinstance(module, nn.ReLU):

            def keep(module, args, output, name=name):
                outputs[name] = output.detach().clone()

            handles.append(module.register_forward_hook(keep))
    try:
        model(x)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


# %% [markdown]
# The model is `deep`: eight times `Linear(100, 100)` and ReLU. The input is random, with mean 0 and
# standard deviation 1. First with the weights that `nn.Linear` makes by itself, then with
# Kaiming's.

# %%
torch.manual_seed(0)
deep = nn.Sequential(*[nn.Sequential(nn.Linear(100, 100), nn.ReLU()) for _ in range(8)])
x = torch.randn(500, 100)  # (500, 100)
before = relu_outputs(deep, x)
after = relu_outputs(deep.apply(init_kaiming), x)

# %%
figures.activations({"before: nn.Linear's own": before, "after: Kaiming": after})

# %% [markdown]
# Before, each layer passes on less of what differs between the inputs. The standard deviation falls
# over the first layers, then it stays near 0.04. What is left at the end comes from the biases and
# is nearly the same for all inputs. Backward it is the same. Take the sum of the outputs as the
# loss: the gradient that arrives at the first layer has a norm some 600 times smaller than at the
# last. After, all layers give numbers of about the same size.
#
# Kaiming's rule draws each weight with standard deviation sqrt(2 / fan_in), where fan_in is the
# number of inputs: that is just enough to make up for the half that ReLU cuts away.
#
# ## `apply` and lazy layers
#
# `nn.LazyLinear(3)` does not know the size of its input yet; it finds out at the first call.
#
# **Predict 05.p19.** `nn.LazyLinear(3).apply(init_kaiming)`: what does it do? Write `'nothing'`,
# `'error'`, or `'initialises'`.


# %%
def init_a_lazy_layer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lazy = nn.LazyLinear(3)
    lazy.apply(init_kaiming)
    return "initialises" if lazy.weight.std() > 0 else "nothing"


# %%
guess = ...
predict("05.p19", guess, lambda: init_a_lazy_layer())

# %% [markdown]
# First one batch, then `apply`. The batch has to go through `lazy(x)`: `lazy.forward(x)` makes no
# weights, because that, too, is done by a hook. (In torch 2.3 a lazy layer also warns that it is
# new, in 2.15 it does not. So the cells here keep warnings quiet.)

# %%
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    lazy = nn.LazyLinear(3)
lazy(torch.ones(1, 5))
lazy.apply(init_kaiming)
type(lazy).__name__, lazy.weight.shape, lazy.bias.tolist()

# %% [markdown]
# ## A real model
#
# `resnet18` is a well-known network for pictures. Its code is in torchvision, not in your notebook,
# so hooks are the way in. We ask: how many multiply-adds does one picture cost? Each number that a
# layer gives is a sum of products, one for each weight that belongs to it.

# %%
import torchvision

resnet = torchvision.models.resnet18(weights=None).eval()
costs = {}
counted = (nn.Conv2d, nn.Linear)
layers = [(name, layer) for name, layer in resnet.named_modules() if isinstance(layer, counted)]


def count_as(name):
    def count(layer, args, output):
        costs[name] = output.numel() * layer.weight[0].numel()

    return count


# %%
handles = [layer.register_forward_hook(count_as(name)) for name, layer in layers]
try:
    with torch.no_grad():
        resnet(torch.zeros(1, 3, 224, 224))
finally:
    for handle in handles:
        handle.remove()
len(costs), sum(costs.values()), max(costs, key=costs.get)

# %% [markdown]
# 1.8 thousand million, in 21 layers; the paper that introduced the network gives the same number.
# The most costly layer is the very first one. `layer.weight[0]` is one kernel with its sheets. With
# `groups=2`, a convolution would divide its channels into two halves, and each kernel would have
# half the sheets.
#
# Inside, resnet18 uses `nn.ReLU(inplace=True)`. You know now what that means for stored outputs and
# for backward hooks.

# %% [markdown]
# ## Summary
#
# | hook | called with | when | a return value |
# |---|---|---|---|
# | `register_forward_pre_hook` | module, args | before forward | replaces the arguments |
# | `register_forward_hook` | module, args, output | after forward | replaces the output |
# | `register_full_backward_pre_hook` | module, grad_output | before | a tuple replaces it |
# | `register_full_backward_hook` | module, grad_input, grad_output | after (*) | a tuple: new one |
# | `tensor.register_hook` | gradient | gradient ready, before `.grad` | replaces the gradient |
# | `register_post_accumulate_grad_hook` | the tensor | `.grad` is up to date | must be None |
# | `register_state_dict_pre_hook` | module, prefix, keep_vars | before saving | is ignored |
# | after saving, before loading | module, dict, prefix, ... | table above | change the dict |
# | `register_load_state_dict_post_hook` | module, names | after loading | must be None |
#
# (*) Early, if no positional argument of the module requires grad.
#
# | rule | why |
# |---|---|
# | call `model(x)`, not `model.forward(x)` | hooks live in `__call__` |
# | who registers, removes: `with`, or `finally` | an error skips the line that removes |
# | keep `output.detach().clone()`, or a number | graphs fill the memory; in-place layers |
# | return None unless you mean to replace | a lambda returns what its expression gives |
# | `apply`: children first, the model itself last | choose with `isinstance` |

# %% [markdown]
# ## What people get wrong
#
# - "`model.forward(x)` is the same as `model(x)`." The model's own hooks do not run; those of its
#   layers do: [thread](https://github.com/d2l-ai/d2l-en/pull/1623).
# - "What a forward hook returns is ignored." It replaces the output:
#   [thread](https://github.com/Lyken17/pytorch-OpCounter/issues/169).
# - "I register the function again and remove it." That is a second hook:
#   [thread](https://github.com/moskomule/anatome/issues/21).
# - "`input` is a tensor." It is a tuple, and keyword arguments are not in it:
#   [thread](https://github.com/pytorch/pytorch/issues/35643).
# - "`register_backward_hook` gives the gradient of the input." It gives that of the last small
#   operation inside, and is deprecated:
#   [thread](https://github.com/idiap/fullgrad-saliency/issues/10).
# - "Full backward hooks work everywhere." Not with an in-place layer:
#   [thread](https://github.com/pytorch/pytorch/issues/61519).
# - "Storing outputs is free." Each keeps its own memory, and a graph if it has one:
#   [thread](https://github.com/meta-pytorch/opacus/issues/176).
# - "In a tensor hook I assign to the gradient." Return it:
#   [documentation](https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html).
# - "I can register a hook after backward, or on any tensor." Before, and only where
#   `requires_grad` is True: [thread](https://github.com/awslabs/sagemaker-debugger/pull/193).
# - "`apply` begins at the root", or "visits only the leaves", or "all **sub**modules". Children
#   first, then the module itself: [thread](https://github.com/knazeri/edge-connect/issues/154).
# - "I use `register_state_dict_hook` and return a dict, as in an old post." The public names are in
#   the table above, and a public hook returns None:
#   [thread](https://github.com/pytorch/pytorch/pull/131690).
# - "state_dict hooks are what `load_state_dict` uses." They run in `state_dict()`; loading has
#   hooks of its own.
# - "`.grad` of a tensor in the middle holds its gradient." It is None, unless `retain_grad()` was
#   called before backward.

# %% [markdown]
# ## Further reading
#
# - [`nn.Module`](https://pytorch.org/docs/stable/generated/torch.nn.Module.html): all
#   `register_..._hook` methods and `apply`
# - [`Tensor.register_hook`](https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html),
#   [`Tensor.register_post_accumulate_grad_hook`](https://pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html)
# - [autograd mechanics](https://pytorch.org/docs/stable/notes/autograd.html), the part on backward
#   hooks: in which order they run, and what in-place operations do to them
# - [`saved_tensors_hooks`](https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks)
# - [`nn.init`](https://pytorch.org/docs/stable/nn.init.html): Kaiming's and the other rules
# - [`nn.LazyLinear`](https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html)
# - [`torchvision.models.resnet18`](https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html)
# - K. He and others, [Deep Residual Learning for Image
#   Recognition](https://arxiv.org/abs/1512.03385): table 1 has the multiply-adds of resnet18
# - [`copy.deepcopy`](https://docs.python.org/3/library/copy.html) and the
#   [`with` statement](https://docs.python.org/3/reference/compound_stmts.html#the-with-statement)
#   in Python's own documentation
