# %% [markdown]
# Training changes numbers until a **loss** gets small: a number that says how wrong the results
# are. Suppose that one of these numbers goes up a little. Does the loss go up or down, and how
# fast? Training has to know this for each of them. The answer is a slope. **Autograd** is the part
# of torch that finds slopes, for one number or for millions.
#
# It does not do algebra, and it does not try numbers out. It writes down what you compute, step
# by step, and then walks back through its notes. Once you can see these notes, there are few
# surprises left.

# %%
import torch
from torch import nn

from course_utils import figures, predict

# %% [markdown]
# ## A slope
#
# A curve with two valleys. `requires_grad=True` says: I want a slope for this number.
# `backward()` finds it, and leaves it in `.grad`.


# %%
def curve(x):
    return x**4 - 3 * x**2 + x


x = torch.tensor(1.5, requires_grad=True)  # ()
curve(x).backward()
x.grad

# %% [markdown]
# The slope of a curve at a place is the slope of the line that just touches it there, the
# **tangent**. A positive slope means: to the right it goes up.

# %%
figures.tangents(curve, [-1.3, 0.0, 1.5])

# %% [markdown]
# The word for the slope of one number, or for the slopes of many at once, is **gradient**.
#
# **Predict 03.p1.** What is the value of `x` after `backward()`?

# %%
guess = ...


def after_backward():
    x = torch.tensor(1.5, requires_grad=True)  # ()
    curve(x).backward()
    return x.item()


predict("03.p1", guess, after_backward)

# %% [markdown]
# There is a second way to a slope: try it out. Go a little to the right and a little to the left,
# and see how far the heights are apart. This is the **numerical** gradient.


# %%
def numerical_slope(function, x, h=1e-4):
    return (function(x + h) - function(x - h)) / (2 * h)


place = torch.tensor(1.5, dtype=torch.float64)  # ()
round(numerical_slope(curve, place).item(), 6)

# %% [markdown]
# Why to both sides? With one side only, the error is far larger. These are the two errors; the
# true slope at 1.5 is 5.5.

# %%
one_side = (curve(place + 1e-4) - curve(place)) / 1e-4
both_sides = numerical_slope(curve, place)
f"{one_side - 5.5:.0e}", f"{both_sides - 5.5:.0e}"

# %% [markdown]
# A smaller step should be better still. Now in float32, which keeps about seven digits:
#
# **Predict 03.p2.** The slope of `x**2` at 100 is 200. What does the numerical gradient say, in
# float32 with a step of a millionth?

# %%
guess = ...


def tiny_step():
    x = torch.tensor(100.0)  # (), float32
    return numerical_slope(lambda x: x**2, x, h=1e-6).item()


predict("03.p2", guess, tiny_step)

# %% [markdown]
# So numerical gradients are taken in float64, with a step that is small but not tiny. They are
# good for checking. They are too slow for training: two evaluations for every single number,
# each of them moved alone.
#
# ## The graph: what autograd writes down
#
# A weight and a bias are numbers that training changes. Here are one of each, one input, and the
# square of an error. The result knows the step that made it. That is its `grad_fn`.

# %%
w = torch.tensor(2.0, requires_grad=True)  # ()
b = torch.tensor(-1.0, requires_grad=True)  # ()
x = torch.tensor(3.0)  # ()
loss = (w * x + b - 4) ** 2  # ()
loss.grad_fn.name()

# %% [markdown]
# Each step knows the steps before it, its `next_functions` ("next" on the way back). This little
# function follows them to the end.


# %%
def show_steps(step, depth=0):
    print("   " * depth + step.name())
    for before, _ in step.next_functions:
        if before is not None:
            show_steps(before, depth + 1)


show_steps(loss.grad_fn)

# %% [markdown]
# All these steps together are the **graph**. The two that end it, called `AccumulateGrad`, put
# gradients into `w.grad` and `b.grad`. There is none for `x`: it did not ask for a gradient.
#
# The same graph as a picture. In each box: what was done, the value that came out, and the
# gradient of the last value with respect to this one.


# %%
def error_squared(w, b, x):
    return (w * x + b - 4) ** 2


figures.autograd_graph(error_squared, w=w, b=b, x=x)

# %% [markdown]
# Read the gradients from the right. The last one is always 1. A square has the slope 2 times its
# input: 2 · 1 = 2. Adding has slope 1 for both inputs: the 2 goes on unchanged. Subtracting has
# slope 1 for the first input, and -1 for the second. Multiplying has for one factor the slope "the
# other factor": 2 · 3 = 6 for `w`. Every function brings its own: `exp` the slope "its result",
# `log` 1/input, `tanh` 1 minus the square of its result.
#
# That is all of it. Each step multiplies **what arrives** by **its own slope**, and passes it on.
# In calculus this is called the chain rule. `backward()` does it for all steps:

# %%
loss.backward()
w.grad, b.grad, x.grad

# %% [markdown]
# What if a tensor is used more than once?
#
# **Predict 03.p3.** `w` is 2. What is the gradient of `w * w + 3 * w` with respect to `w`?

# %%
guess = ...


def used_three_times():
    w = torch.tensor(2.0, requires_grad=True)  # ()
    (w * w + 3 * w).backward()
    return w.grad.item()


predict("03.p3", guess, used_three_times)

# %% [markdown]
# On the way back, several gradients can arrive at one tensor: one for each time that it was used.
# They are **added**.

# %%
figures.autograd_graph(lambda w: w * w + 3 * w, w=w)

# %% [markdown]
# Broadcasting (lesson 02) uses a number many times, and does not say so. Here one bias is added to
# four samples. The four gradients that come back are added as well, over the dimension that was
# stretched.

# %%
bias = torch.tensor(1.0, requires_grad=True)  # ()
(torch.zeros(4) + bias).sum().backward()
bias.grad

# %% [markdown]
# ## Leaves: where a gradient stays
#
# A tensor that no recorded step has made is called a **leaf**. Only leaves that require a
# gradient get one in `.grad`. All others pass theirs on and forget it.
#
# **Predict 03.p4.** `weight = torch.ones(2, requires_grad=True) * 0.1`. Is `weight` a leaf? Write
# `True` or `False`.

# %%
guess = ...
predict("03.p4", guess, lambda: (torch.ones(2, requires_grad=True) * 0.1).is_leaf)

# %% [markdown]
# So `weight.grad` stays `None`, reading it gives a warning, and nothing can train this `weight`.
# The same happens after `.double()`, or any other recorded step. Ask for the gradient last. The
# underscore of `requires_grad_` says: this changes the tensor itself.

# %%
weight = (torch.ones(2) * 0.1).requires_grad_()  # (2,)
weight.is_leaf

# %% [markdown]
# To look at the gradient of a tensor in the middle, tell it before `backward()` that it should
# keep it, too:

# %%
start = torch.ones(2, requires_grad=True)  # (2,)
middle = start * 0.1  # (2,)
middle.retain_grad()
(middle**2).sum().backward()
start.grad, middle.grad

# %% [markdown]
# As a rule, a result requires a gradient as soon as one of its inputs does. (The exceptions come
# below.)
#
# **Predict 03.p5.** `x = torch.tensor([1.0, 2.0])`, nothing else. Is `x * 2` a leaf?

# %%
guess = ...
predict("03.p5", guess, lambda: (torch.tensor([1.0, 2.0]) * 2).is_leaf)

# %% [markdown]
# **Predict 03.p6.** What does `torch.tensor([1, 2, 3], requires_grad=True)` give? Write the list
# you expect, or `'error'`.

# %%
guess = ...
predict("03.p6", guess, lambda: torch.tensor([1, 2, 3], requires_grad=True).detach())

# %% [markdown]
# A slope asks for small changes, and whole numbers have none. Write `1.0`.
#
# ## What stands in `.grad`
#
# **Predict 03.p7.** `w` is 2. The two lines below both run `(w * 3).backward()`. What is `w.grad`
# in the end?

# %%
guess = ...


def backward_twice():
    w = torch.tensor(2.0, requires_grad=True)  # ()
    (w * 3).backward()
    (w * 3).backward()
    return w.grad.item()


predict("03.p7", guess, backward_twice)

# %% [markdown]
# `backward()` adds to what is in `.grad` already. Between two steps of training somebody has to
# clear it: `w.grad = None`, or an optimizer's `zero_grad()` (lesson 09).

# %%
w = torch.tensor(2.0, requires_grad=True)  # ()
(w * 3).backward()
w.grad = None
(w * 3).backward()
w.grad

# %% [markdown]
# None and zero are not the same.
#
# **Predict 03.p8.** The loss is `a * 0`, and `b` takes no part in it. What are `a.grad` and
# `b.grad` afterwards? Write a pair.

# %%
guess = ...


def times_zero():
    a = torch.tensor(5.0, requires_grad=True)  # ()
    b = torch.tensor(5.0, requires_grad=True)  # ()
    (a * 0).backward()
    return a.grad.item(), b.grad


predict("03.p8", guess, times_zero)

# %% [markdown]
# At a leaf, zero says: a way led here, and what arrived is 0. None says: nothing has arrived.
#
# The sum has a use. A batch that is too large for the memory can be cut into parts. Run
# `backward()` for each part, and the gradients add up. Here are six samples, and the gradient of
# their summed error, first at once, then in parts of 4 and 2. (`torch.autograd.grad` gives
# gradients back, as a tuple, and leaves the `.grad` of leaves alone.)

# %%
targets = torch.tensor([1.0, 1.0, 1.0, 1.0, 4.0, 4.0])  # (samples,)
weight = torch.tensor(0.0, requires_grad=True)  # ()
(at_once,) = torch.autograd.grad(((weight - targets) ** 2).sum(), weight)
for part in (targets[:4], targets[4:]):
    ((weight - part) ** 2).sum().backward()
at_once, weight.grad

# %% [markdown]
# Most losses are means, not sums. The gradient of the mean over all six is -4.
#
# **Predict 03.p9.** The same two parts, with `.mean()` in place of `.sum()`. What is `w.grad` in
# the end?

# %%
guess = ...


def means_of_parts():
    w = torch.tensor(0.0, requires_grad=True)  # ()
    for part in (torch.ones(4), torch.tensor([4.0, 4.0])):
        ((w - part) ** 2).mean().backward()
    return w.grad.item()


predict("03.p9", guess, means_of_parts)

# %% [markdown]
# Means do not add up. For the mean over the whole batch, each part has to count by its share of
# the samples.
#
# ## An engine of our own
#
# You have seen all the ideas. Now build them: an autograd for single numbers, in some fifty
# lines. A `Value` holds a number, what it was made from, and its own slope for each of these.


# %%
class Value:
    """A number that remembers what it was made from."""

    def __init__(self, data, parents=(), slopes=()):
        self.data = data
        self.parents = parents
        self.slopes = slopes  # of this value, one for each parent
        self.grad = 0.0

    def __repr__(self):
        return f"Value({self.data:g}, grad={self.grad:g})"


Value(3.0)

# %% [markdown]
# Adding has slope 1 for both inputs; multiplying has the other factor. A plain number becomes a
# `Value` without parents. The last two lines give `+` and `*` their meaning, from both sides.


# %%
def as_value(number):
    return number if isinstance(number, Value) else Value(number)


def add(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data + b.data, (a, b), (1.0, 1.0))


def multiply(a, b):
    a, b = as_value(a), as_value(b)
    return Value(a.data * b.data, (a, b), (b.data, a.data))


Value.__add__ = Value.__radd__ = add
Value.__mul__ = Value.__rmul__ = multiply

# %%
a, c = Value(2.0), Value(-3.0)
product = a * c + 10
product, product.parents, product.parents[0].slopes

# %% [markdown]
# A power, an exponential, and `relu`, which keeps positive numbers and makes 0 of all others.
# What has one input has one slope.

# %%
import math


def power(a, n):
    return Value(a.data**n, (a,), (n * a.data ** (n - 1),))


def exponential(a):
    result = math.exp(a.data)
    return Value(result, (a,), (result,))


def relu(a):
    return Value(max(a.data, 0.0), (a,), (float(a.data > 0),))


Value.__pow__, Value.exp, Value.relu = power, exponential, relu
Value.__sub__ = lambda a, b: a + as_value(b) * -1

# %%
Value(3.0) ** 2, Value(0.0).exp(), Value(-3.0).relu(), Value(5.0) - 2

# %% [markdown]
# The way back needs an order: a value may pass its gradient on only when all of it has arrived.
# So each value is put behind its parents, and the list is read from its end.


# %%
def in_order(last):
    """`last` and all that it was made from, each one behind its parents."""
    order = []

    def visit(value):
        if value not in order:
            for parent in value.parents:
                visit(parent)
            order.append(value)

    visit(last)
    return order


[value.data for value in in_order(a * c + a)]

# %% [markdown]
# And this is `backward`: what arrives, times its own slope, added up at the parent.


# %%
def backward(last):
    last.grad = 1.0
    for value in reversed(in_order(last)):
        for parent, slope in zip(value.parents, value.slopes, strict=True):
            parent.grad += value.grad * slope


Value.backward = backward
a, c = Value(2.0), Value(-3.0)
(a * c + a).backward()
a, c

# %% [markdown]
# **Predict 03.p10.** Somebody writes `=` in place of `+=` in the last line of `backward`. Which
# gradient does `a` get then from `a * a`, where `a` is 3?

# %%
guess = ...


def without_adding():
    a = Value(3.0)
    last = a * a
    last.grad = 1.0
    for parent, slope in zip(last.parents, last.slopes, strict=True):
        parent.grad = last.grad * slope
    return a.grad


predict("03.p10", guess, without_adding)

# %% [markdown]
# Is the engine right? The expression below uses only what both know, so it can be given two
# Values, or two tensors.


# %%
def expression(a, c):
    return (a * c + a).exp() * c + (a - c).relu() ** 2 * 0.5


ours = Value(0.5), Value(-2.0)
expression(*ours).backward()
ours

# %%
theirs = [torch.tensor(number, requires_grad=True) for number in (0.5, -2.0)]
expression(*theirs).backward()
[(round(o.grad, 4), round(t.grad.item(), 4)) for o, t in zip(ours, theirs, strict=True)]

# %% [markdown]
# torch does the same with tensors in place of numbers. What changes is the slope of a step: it
# becomes a table of slopes, and we come to that below.
#
# ## Down the slope, by hand
#
# A gradient points uphill. To make something small, go a small step against it, look again, and
# go on: **gradient descent**. The step is the gradient times a **rate**.
#
# The update itself must not be recorded, so it stands under `no_grad()`. And it changes `x` in
# place, with `-=`, so that `x` stays the same leaf.


# %%
def descend(start, rate=0.05, steps=30):
    x = torch.tensor(start, requires_grad=True)  # ()
    path = [x.item()]
    for _ in range(steps):
        (slope,) = torch.autograd.grad(curve(x), x)
        with torch.no_grad():
            x -= rate * slope
        path.append(x.item())
    return path


[round(descend(-2.0)[step], 2) for step in (0, 1, 5, 30)]

# %% [markdown]
# **Predict 03.p11.** The left valley of `curve` is the deeper one. A descent begins at 0.5. In
# which valley does it end, `'left'` or `'right'`?

# %%
guess = ...
predict("03.p11", guess, lambda: "left" if descend(0.5)[-1] < 0 else "right")

# %% [markdown]
# The valley on the right is a **local** minimum: the lowest place near it, not the lowest of all,
# which is the **global** one. A slope knows nothing of what lies behind the next hill. The third
# descent begins far up on the right, with a rate that is too large for so steep a place.

# %%
paths = {"from -2": descend(-2.0), "from 0.5": descend(0.5)}
paths["from 2, rate 0.1"] = descend(2.0, rate=0.1)
figures.curve_descent(curve, paths)

# %% [markdown]
# It jumped over the hill. Here that was luck. With a rate of 0.3, it would jump out of the
# picture, each time further, and end as NaN. Lesson 09 says more about rates.
#
# Now a descent with a small mistake: `w = w - ...` in place of `w -= ...`.
#
# **Predict 03.p12.** The slope of `w**2` is `2 * w`. What is `w` after these two turns? Write a
# number, or `'error'`.

# %%
guess = ...


def two_turns():
    w = torch.tensor(3.0, requires_grad=True)  # ()
    for _ in range(2):
        (w**2).backward()
        with torch.no_grad():
            w = w - 0.1 * w.grad
    return w.item()


predict("03.p12", guess, two_turns)

# %% [markdown]
# Without `no_grad()`, `w -= ...` is refused as well. This little function shows the first line of
# an error:


# %%
def error_of(run):
    try:
        run()
    except Exception as error:
        return str(error).splitlines()[0]


def step_on_record():
    w = torch.tensor(3.0, requires_grad=True)  # ()
    w -= 0.1


error_of(step_on_record)

# %% [markdown]
# The same holds for a part of a leaf, as in `w[0] = 1`.
#
# ## Six things that are easy to mix up
#
# | what | what it is | what it does |
# |---|---|---|
# | `requires_grad` | a mark on one tensor | asks for a gradient of this tensor |
# | `detach()` | a method of one tensor | the same numbers, without the way back |
# | `no_grad()` | a block, or a function's decorator | nothing in it is recorded |
# | `inference_mode()` | the same, stricter | and no later graph can save a tensor made new in it |
# | `set_grad_enabled(flag)` | the same with a flag | records or not |
# | `eval()` | a method of layers and models | layers such as Dropout behave differently |
#
# `nn.Dropout` is a layer: while a model is trained, it sets random elements to 0. After `eval()`
# it lets everything pass (lesson 04).
#
# **Predict 03.p13.** `layer = nn.Dropout(0.5).eval()`, and `ones` requires a gradient. What is
# `layer(ones).requires_grad`?

# %%
guess = ...
layer = nn.Dropout(0.5).eval()
ones = torch.ones(3, requires_grad=True)  # (3,)
predict("03.p13", guess, lambda: layer(ones).requires_grad)

# %% [markdown]
# Do not believe tables: ask torch. One row for each of the six, after the row of a computation
# with none of them. The columns: has the result a graph? Is it an inference tensor? Does `w` still
# require a gradient? Were elements set to 0?

# %%
from contextlib import nullcontext


def row(name, block=nullcontext, change=lambda w: w, training=True):
    w = torch.ones(100, requires_grad=True)  # (100,)
    with block():
        result = nn.Dropout(0.5).train(training)(change(w) * 3)  # (100,)
    answers = result.requires_grad, result.is_inference(), w.requires_grad, 0 in result
    print(f"{name:25}", *(f"{'yes' if answer else '-':10}" for answer in answers))


print(f"{'':25}", *(f"{title:10}" for title in ("graph", "inference", "w asks", "zeros")))
row("none of them")
row("requires_grad_(False)", change=lambda w: w.requires_grad_(False))
row("detach()", change=lambda w: w.detach())
row("no_grad()", block=torch.no_grad)
row("inference_mode()", block=torch.inference_mode)
row("set_grad_enabled(False)", block=lambda: torch.set_grad_enabled(False))
row("eval()", training=False)

# %% [markdown]
# Only the last row changes what the layer does, and it changes nothing else. When you measure a
# model, you usually want both: `eval()` and one of the blocks.
#
# A whole function can run without recording: write `@torch.no_grad()` above it.


# %%
@torch.no_grad()
def distance(a, b):
    return (a - b).abs().max()


distance(torch.ones(2, requires_grad=True), torch.zeros(2)).requires_grad

# %% [markdown]
# A tensor that is made new under `inference_mode()` stays marked, and so does a view of it. (A view
# of a tensor from outside is not marked.) What is computed from it later is not marked, and neither
# is a later `clone()`. A later graph may use a marked tensor, but cannot save it:

# %%
with torch.inference_mode():
    mask = torch.ones(3)  # (3,)
error_of(lambda: ones * mask).split(".")[0]

# %% [markdown]
# `set_grad_enabled` is for code that trains and measures in the same lines. Called without a
# `with`, it holds until the next call, or until a block around it ends.

# %%
for training in (True, False):
    with torch.set_grad_enabled(training):
        print(training, (w * 3).requires_grad)

# %% [markdown]
# **Predict 03.p14.** `w` is `[1, 2]`. After `flat = w.detach()` and `flat[0] = 5`: what is `w[0]`?

# %%
guess = ...


def write_into_detached():
    w = torch.tensor([1.0, 2.0], requires_grad=True)  # (2,)
    flat = w.detach()  # (2,)
    flat[0] = 5
    return w[0].item()


predict("03.p14", guess, write_into_detached)

# %% [markdown]
# For numbers that stay as they are, write `w.detach().clone()`. For a leaf of your own, with the
# same numbers, ask again: `w.detach().requires_grad_()`. It has a `.grad` of its own, and no
# gradient goes on to `w`. The memory is still shared.

# %%
w = torch.tensor(2.0, requires_grad=True)  # ()
mine = w.detach().requires_grad_()  # ()
(mine**2).backward()
w.grad, mine.grad

# %% [markdown]
# Now look at what is cut away. Grey boxes are not reached on the way back. First
# `detach()`, in one of two terms:


# %%
def with_detach(w, b, x):
    prediction = w * x + b
    return (prediction - 4) ** 2 + prediction.detach() * b


figures.autograd_graph(with_detach, w=w, b=b, x=torch.tensor(3.0))

# %% [markdown]
# In the second term, the prediction counts as a plain number. `detach` cuts off all that lies
# *before* it. What comes after it goes on as usual.
#
# With `no_grad()`, the product is not recorded, so no way leads back to `w`:


# %%
def with_no_grad(w, b, x):
    with torch.no_grad():
        product = w * x
    return (product + b - 4) ** 2


figures.autograd_graph(with_no_grad, w=w, b=b, x=torch.tensor(3.0))

# %% [markdown]
# **Predict 03.p15.** A tensor is made under `no_grad()`: `torch.ones(1, requires_grad=True)`. What
# is its `requires_grad`?

# %%
guess = ...


def made_without_recording():
    with torch.no_grad():
        return torch.ones(1, requires_grad=True).requires_grad


predict("03.p15", guess, made_without_recording)

# %% [markdown]
# `no_grad()` is about steps, and making a tensor is none.
#
# Where to cut? A model often has a **body**, which is kept as it is, and a **head**, which is
# trained.
#
# **Predict 03.p16.** `output = (x * body).detach() * head`. Which of the two has a gradient after
# `output.backward()`? Write a pair of `True` or `False`, the body first.

# %%
guess = ...


def frozen_body():
    body, head = (torch.tensor(2.0, requires_grad=True) for _ in range(2))
    ((torch.tensor(3.0) * body).detach() * head).backward()
    return body.grad is not None, head.grad is not None


predict("03.p16", guess, frozen_body)

# %% [markdown]
# The other way round is different. Let the *head* stay as it is, and the body learn. Then the
# gradient has to pass through the step of the head. A `detach()` around the product would stop it.
# Take the head's own tensor out instead: for this step, it is then a plain number.
#
# ## Graphs that were cut by mistake
#
# Each of these results was computed from `w`. Which ones still know?

# %%
w = torch.tensor([1.5, -2.5], requires_grad=True)  # (2,)
print("w * 2               ", (w * 2).requires_grad)
print("w.argmax()          ", w.argmax().requires_grad)
print("(w > 0).float()     ", (w > 0).float().requires_grad)
print("w.long()            ", w.long().requires_grad)
print("torch.tensor(list)  ", torch.tensor(w.tolist()).requires_grad)
print("w.data              ", w.data.requires_grad)

# %% [markdown]
# What gives an index, a yes or no, or an integer dtype has no slope. `item()`, `tolist()` and
# `numpy()` leave torch, and torch does not see what you do there. (For `numpy()`, torch first asks
# for a `detach()`, except under `no_grad()`.)
#
# **Predict 03.p17.** `round()` keeps the dtype. `w` is `[1.4, -2.6]`. What is the gradient of
# `w.round().sum()`? Write a list, or `'error'`.

# %%
guess = ...


def slope_of_round():
    w = torch.tensor([1.4, -2.6], requires_grad=True)  # (2,)
    w.round().sum().backward()
    return w.grad


predict("03.p17", guess, slope_of_round)

# %% [markdown]
# The graph is whole, and nothing is learned. That is harder to find than an error.
#
# A loss without a graph says so: "element 0 of tensors does not require grad and does not have a
# grad_fn". A popular answer is to make it require a gradient.
#
# **Predict 03.p18.** Two losses are put together by `torch.tensor`, with `requires_grad=True`, and
# `backward()` runs without an error. What is `w.grad`?

# %%
guess = ...


def made_to_require():
    w = torch.tensor(2.0, requires_grad=True)  # ()
    losses = [w**2, w * 3]
    numbers = [loss.item() for loss in losses]
    torch.tensor(numbers, requires_grad=True).sum().backward()
    return w.grad


predict("03.p18", guess, made_to_require)

# %% [markdown]
# The error is gone, and so is the way to `w`: the new tensor is a leaf of its own. To put losses
# together, use what autograd can see: `torch.stack`, or Python's `sum`.

# %%
w = torch.tensor(2.0, requires_grad=True)  # ()
torch.stack([w**2, w * 3]).sum().backward()
w.grad

# %% [markdown]
# To find a cut, go through the tensors of a computation in order and print `requires_grad`. The
# first `False` behind a `True` comes from the step that cut. Do not count the data: they never
# required a gradient.

# %%
hidden = w * torch.tensor([1.0, 2.0])  # (2,)
share = hidden / hidden.sum().item()  # (2,)
hard = (share > 0.5).float()  # (2,)
for name, tensor in {"hidden": hidden, "share": share, "hard": hard}.items():
    print(f"{name:8}{tensor.requires_grad}")

# %% [markdown]
# This finds `hard`. It does not find the sum in the line before. There, one of two ways is cut, and
# `share` still requires a gradient, a wrong one. So look at `item()`, `detach()` and `data` in the
# code as well.
#
# You can also ask for a gradient and see whether it arrives. A tensor that takes no part is an
# error for `autograd.grad`; with `allow_unused=True` the answer is None, with
# `materialize_grads=True` it is zeros.

# %%
far = torch.tensor(1.0, requires_grad=True)  # ()
torch.autograd.grad(w**2, [w, far], allow_unused=True)

# %% [markdown]
# Neither of the two helps where the result has no graph at all: that stays an error. So look at
# its `requires_grad` first.
#
# ## Results with many numbers
#
# `backward()` without an argument begins with a gradient of 1, so it needs a result with a single
# number.

# %%
error_of(lambda: (w * torch.ones(3)).backward())

# %% [markdown]
# For a result with several numbers, say how much each of them counts. torch calls this the
# `gradient` of the result; it has the result's shape. Often it is called **v**.
#
# **Predict 03.p19.** `x` is `[1, 2, 3]`. What is `x.grad` after
# `(x**2).backward(gradient=torch.tensor([1.0, 0.0, 10.0]))`?

# %%
guess = ...


def weighted_results():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)  # (3,)
    (x**2).backward(gradient=torch.tensor([1.0, 0.0, 10.0]))
    return x.grad


predict("03.p19", guess, weighted_results)

# %% [markdown]
# It is the same as `(v * x**2).sum().backward()`. With all ones as `v`, it is `x**2` summed up.
#
# The whole table of slopes, of each result with respect to each input, is the **Jacobian**.
# `torch.func.jacrev` takes a function and gives one that computes it. (`torch.func` works on
# functions; no `requires_grad` is needed.)
#
# **Predict 03.p20.** `two` makes 2 numbers of 3. What is the shape of its Jacobian?


# %%
def two(x):
    return torch.stack([x.sum(), (x**2).sum()])  # (2,)


guess = ...
predict("03.p20", guess, lambda: torch.func.jacrev(two)(torch.tensor([1.0, 2.0, 3.0])).shape)

# %% [markdown]
# A row for each result, a column for each input. Now compare: `v @ jacobian`, and what autograd
# gives for the same `v`, here through `grad_outputs`, the name that `autograd.grad` has for it.

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)  # (3,)
v = torch.tensor([10.0, 1.0])  # (2,)
jacobian = torch.func.jacrev(two)(x.detach())  # (2, 3)
(product,) = torch.autograd.grad(two(x), x, grad_outputs=v)  # (3,)
jacobian, v @ jacobian, product

# %% [markdown]
# With a 1 at one result and 0 elsewhere, the product is one row of the table.

# %%
torch.autograd.grad(two(x), x, grad_outputs=torch.tensor([0.0, 1.0]))

# %% [markdown]
# So `backward` computes a **vector-Jacobian product** (VJP), and never the Jacobian. That is what
# makes it cheap. For a million inputs and as many results, the table would have a million times a
# million numbers. As a rule, the product takes at most a few times as long as the computation
# itself.

# %%
x = torch.linspace(0, 1, 1_000_000).requires_grad_()  # (1000000,)
(product,) = torch.autograd.grad(x.exp(), x, grad_outputs=torch.ones(1_000_000))
product.shape

# %% [markdown]
# Every step has its own VJP: what arrives has the shape of its result, what it passes on has the
# shape of its input. For `x.exp()`, each number has one slope. But a mean takes from all numbers:
#
# **Predict 03.p21.** `x` is `[1, 2, 6]`. What is the gradient of `(x - x.mean()).sum()`?

# %%
guess = ...


def centred_sum():
    x = torch.tensor([1.0, 2.0, 6.0], requires_grad=True)  # (3,)
    (x - x.mean()).sum().backward()
    return x.grad


predict("03.p21", guess, centred_sum)

# %% [markdown]
# Work it out by the two ways from `x` to the result. Let `arriving` be what comes back.
#
# - Straight through the difference: `arriving` itself.
# - Through the mean: the mean was subtracted from *every* number, so `-arriving.sum()` arrives at
#   it. It has slope 1/n for each of the n inputs: `-arriving.sum() / n`.
#
# Two ways, so the two are added: `arriving - arriving.mean()`. Longer formulas, with a standard
# deviation in them, go the same way: small steps, and a sum where ways meet.

# %%
x = torch.tensor([1.0, 2.0, 6.0], requires_grad=True)  # (3,)
arriving = torch.tensor([1.0, 0.0, 5.0])  # (3,)
(from_torch,) = torch.autograd.grad(x - x.mean(), x, grad_outputs=arriving)
from_torch, arriving - arriving.mean()

# %% [markdown]
# One more, the one that models are made of. In `x @ w`, each weight meets every sample, so it gets
# a sum over the samples. That is `x.T @ arriving`, with the transpose of `x`. For 2 samples and 3
# features, the shapes leave no other choice.

# %%
x = torch.arange(6.0).reshape(2, 3)  # (samples, features)
w = torch.ones(3, requires_grad=True)  # (features,)
arriving = torch.tensor([1.0, 10.0])  # (samples,)
torch.autograd.grad(x @ w, w, grad_outputs=arriving)[0], x.T @ arriving

# %% [markdown]
# ## A gradient for each sample
#
# The loss of a batch is one number. So each weight gets one gradient, with all samples summed up
# in it. To see how hard each sample pulls, you need one gradient for each of them.
#
# `torch.func.grad` makes a function that gives the gradient with respect to the first argument.
# `torch.func.vmap` runs a function on many inputs at once; `in_dims` says along which dimension
# each argument is cut, and `None` means: the same for all.


# %%
def sample_loss(w, x, y):  # (features,), (features,), ()
    return (x @ w - y) ** 2


weights = torch.tensor([1.0, -1.0, 1.0])  # (features,)
batch = torch.arange(12.0).reshape(4, 3)  # (samples, features)
targets = torch.zeros(4)  # (samples,)
torch.func.grad(sample_loss)(weights, batch[0], targets[0])

# %% [markdown]
# **Predict 03.p22.** There are 4 samples with 3 features. What is the shape of what `each` gives?

# %%
guess = ...
each = torch.func.vmap(torch.func.grad(sample_loss), in_dims=(None, 0, 0))
predict("03.p22", guess, lambda: each(weights, batch, targets).shape)

# %% [markdown]
# Their mean is the gradient of the mean loss, as it has to be. If a model has several tensors,
# the first argument may be a tuple of them; the gradients come as a tuple, too. A loop over the
# samples, with `autograd.grad` in it, gives the same. With many samples it is far slower.

# %%
leaf = weights.clone().requires_grad_()  # (features,)
((batch @ leaf - targets) ** 2).mean().backward()
torch.allclose(each(weights, batch, targets).mean(0), leaf.grad)

# %% [markdown]
# For the *inputs* it is easier. Each loss depends on its own row only, so the gradient of their sum
# has, in each row, the gradient of that sample.

# %%
rows = batch.clone().requires_grad_()  # (samples, features)
torch.autograd.grad(((rows @ weights - targets) ** 2).sum(), rows)[0]

# %% [markdown]
# ## The same graph again
#
# **Predict 03.p23.** `loss = (x**2).sum()`. What happens at the second `loss.backward()`? Write
# the gradient you expect in `x.grad`, or `'error'`. `x` is `[1, 2]`.

# %%
guess = ...


def again():
    x = torch.tensor([1.0, 2.0], requires_grad=True)  # (2,)
    loss = (x**2).sum()
    loss.backward()
    loss.backward()
    return x.grad


predict("03.p23", guess, again)

# %% [markdown]
# To give its slope, a square needs its input again, so the step saves it. After `backward()`, the
# saved tensors are let go. A sum saves nothing, so this one runs twice, and adds twice:

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)  # (2,)
loss = x.sum()
loss.backward()
loss.backward()
x.grad

# %% [markdown]
# The error recommends `retain_graph=True`, which keeps the saved tensors. Most of the time that is
# not what you want. Here, `state` is carried from turn to turn, and takes the old graph along:


# %%
def carried_along(forget):
    w, state = torch.tensor(2.0, requires_grad=True), torch.tensor(1.0)
    for _ in range(3):
        state = forget(state) * w
        (state**2).backward()
    return w.grad


error_of(lambda: carried_along(lambda state: state))[:52], carried_along(torch.detach)

# %% [markdown]
# With `retain_graph=True`, the message would go away, and every turn would walk back to the very
# first one. That gets slower and slower, with more and more memory. Cut at the right place: each
# turn begins with `state.detach()`. And if two losses share a part of their graph, add them, and
# call `backward()` once.

# %% [markdown]
# ## Slopes of slopes
#
# The gradient of `x**3` is `3 * x**2`. That is a function as well, so it has a slope: `6 * x`.
#
# **Predict 03.p24.** `(slope,) = torch.autograd.grad(x**3, x)`, and then
# `torch.autograd.grad(slope, x)`, at 3. Which number comes out, or is it an `'error'`?

# %%
guess = ...


def slope_of_slope():
    x = torch.tensor(3.0, requires_grad=True)  # ()
    (slope,) = torch.autograd.grad(x**3, x)
    (second,) = torch.autograd.grad(slope, x)
    return second.item()


predict("03.p24", guess, slope_of_slope)

# %% [markdown]
# On the way back nothing is recorded, unless you ask for it: `create_graph=True`.

# %%
x = torch.tensor(3.0, requires_grad=True)  # ()
(slope,) = torch.autograd.grad(x**3, x, create_graph=True)
(second,) = torch.autograd.grad(slope, x)
slope.item(), second.item()

# %% [markdown]
# For n numbers, the second slopes are a table of n times n, the **Hessian**. It is the Jacobian of
# the gradient. (`torch.func.hessian` is a shorter way to write it.)


# %%
def bowl(x):
    return x[0] ** 2 + 3 * x[0] * x[1]


torch.func.jacrev(torch.func.jacrev(bowl))(torch.tensor([1.0, 2.0]))

# %% [markdown]
# As before, a *product* of this table with a vector needs no table. The gradient times the vector,
# summed up, is one number, and one number has a gradient. One case is special: the gradient of
# `3 * x` is 3, whatever `x` is. So no way leads from it back to `x`, also with `create_graph=True`.
#
# Some losses have a gradient inside. The slope of a model with respect to its input says how
# strongly the result depends on it. A **gradient penalty** adds the square of this slope to the
# loss, to keep it small.
#
# **Predict 03.p25.** `w` is 3, `x` is 2. The slope of `(w * x) ** 2` with respect to `x` is
# `2 * w**2 * x`. It is computed without `create_graph`. What is `w.grad` after
# `(w**2 + slope**2).backward()`? Write a number, or `'error'`.

# %%
guess = ...


def penalty_without_graph():
    w = torch.tensor(3.0, requires_grad=True)  # ()
    x = torch.tensor(2.0, requires_grad=True)  # ()
    (slope,) = torch.autograd.grad((w * x) ** 2, x)
    (w**2 + slope**2).backward()
    return w.grad.item()


predict("03.p25", guess, penalty_without_graph)

# %% [markdown]
# Alone, such a penalty would give an error. Added to another loss, it gives none: it is part of
# the printed loss, and teaches nothing. With `create_graph=True`, it reaches `w`:

# %%
w = torch.tensor(3.0, requires_grad=True)  # ()
x = torch.tensor(2.0, requires_grad=True)  # ()
(slope,) = torch.autograd.grad((w * x) ** 2, x, create_graph=True)  # 2 * w**2 * x
(slope**2).backward()
w.grad  # 2 * slope * (4 * w * x)

# %% [markdown]
# Use `autograd.grad` for this. `backward(create_graph=True)` leaves a graph behind `.grad`, and
# torch warns that it may never be freed.
#
# ## Writing in place
#
# `sigmoid` makes numbers between 0 and 1.
#
# **Predict 03.p26.** `y = x.sigmoid()`, then `y += 1`, then `y.sum().backward()`. `x` is `[0, 0]`,
# where the slope of `sigmoid` is 0.25. What is `x.grad`, or is it an `'error'`?

# %%
guess = ...


def sigmoid_in_place():
    x = torch.zeros(2, requires_grad=True)  # (2,)
    y = x.sigmoid()  # (2,)
    y += 1
    y.sum().backward()
    return x.grad


predict("03.p26", guess, sigmoid_in_place)

# %% [markdown]
# The slope of `sigmoid` is computed from its result, so that is what the step has saved. A tensor
# counts how often it was written to, in `_version`. A step notes the count when it saves, and
# compares it when it needs the tensor. A product with a number does not need its result, so there
# the same line works. It depends on what is saved.

# %%
x = torch.zeros(2, requires_grad=True)  # (2,)
y = x * 2  # (2,)
y += 1
y.sum().backward()
y._version, x.grad

# %% [markdown]
# Views share this counter, and so does `detach()`. `.data` gives the same numbers with a counter
# of its own.
#
# **Predict 03.p27.** `y = x.sigmoid()`, then `y.data.zero_()`, which sets all of it to 0, then
# `y.sum().backward()`. What is `x.grad`?

# %%
guess = ...


def behind_the_back():
    x = torch.zeros(2, requires_grad=True)  # (2,)
    y = x.sigmoid()  # (2,)
    y.data.zero_()
    y.sum().backward()
    return x.grad


predict("03.p27", guess, behind_the_back)

# %% [markdown]
# A wrong gradient, and no error. Use `detach()` where you find `.data` in old code.
#
# Writing into a part of a float tensor is recorded like any other step, also if that tensor did not
# require a gradient before. (With an integer dtype, nothing is recorded.)

# %%
w = torch.tensor(2.0, requires_grad=True)  # ()
out = torch.zeros(3)  # (3,)
out[1] = w
(out * torch.tensor([1.0, 20.0, 3.0])).sum().backward()
out.requires_grad, w.grad

# %% [markdown]
# ## At the corners
#
# Some functions have no slope at some place: a corner, or a wall. torch gives a number all the
# same. Which one?


# %%
def slope_at(function, numbers):
    x = torch.tensor(numbers, requires_grad=True)
    (slope,) = torch.autograd.grad(function(x).sum(), x)
    return slope.tolist()


print("relu at 0:           ", slope_at(torch.relu, 0.0))
print("abs at 0:            ", slope_at(torch.abs, 0.0))
print("sqrt at 0:           ", slope_at(torch.sqrt, 0.0))
print("max, two are largest:", slope_at(torch.max, [1.0, 3.0, 3.0]))
print("norm of zeros:       ", slope_at(torch.linalg.norm, [0.0, 0.0]))
print("the same by hand:    ", slope_at(lambda x: (x**2).sum().sqrt(), [0.0, 0.0]))

# %% [markdown]
# The last row shows where NaN comes from. At 0, the slope of the root is infinite and that of the
# square is 0. And 0 times infinity is not a number. `norm` knows that case. Your own formula
# does not. (These numbers are choices, and choices change: at its limits, `clamp(0, 1)` has the
# slope 1 in torch 2.3, and 0 in 2.15.)
#
# So you keep the bad numbers away with `where`:
#
# **Predict 03.p28.** `x` is `[0, 4]`, and `y = torch.where(x > 0, x.sqrt(), 0.0)` is `[0, 2]`. What
# is the gradient of `y.sum()` for the first element? A guess may also be `'inf'`, `'nan'` or
# `'error'`.

# %%
guess = ...


def masked_root(x):
    return torch.where(x > 0, x.sqrt(), 0.0)


predict("03.p28", guess, lambda: slope_at(masked_root, [0.0, 4.0])[0])

# %% [markdown]
# Both sides are computed, and then `where` chooses. On the way back, the side that was not chosen
# gets a 0. The root multiplies it by its own slope at 0, which is infinite. A mask *behind* the bad
# step comes too late. Make its **input** safe, before:

# %%
x = torch.tensor([0.0, 4.0], requires_grad=True)  # (2,)
safe = torch.where(x > 0, x, 1.0)  # (2,)
torch.where(x > 0, safe.sqrt(), 0.0).sum().backward()
x.grad

# %% [markdown]
# ## A step of your own
#
# Sometimes you know a better way back than autograd: shorter, safer, or different on purpose. A
# `torch.autograd.Function` is a step with both ways written by you. `ctx` carries from one to the
# other what `save_for_backward` gave to it. `apply` runs it.


# %%
class Exponential(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, arriving):
        (result,) = ctx.saved_tensors
        return arriving * result


x = torch.zeros(2, requires_grad=True)  # (2,)
Exponential.apply(x)

# %% [markdown]
# In `forward`, nothing is recorded. Save what `backward` needs, and only that: here the result,
# since it is also the slope. `save_for_backward` is for tensors; a plain number becomes an
# attribute, as in `ctx.factor = 3.0`. Where one Function does the work of several steps, it can
# often save fewer tensors. This is one reason why losses are **fused**: made one step.
#
# Is it right? `gradcheck` compares with numerical gradients, and raises an error if they differ.
# Give it float64, and numbers that are not special.

# %%
numbers = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64, requires_grad=True)  # (3,)
torch.autograd.gradcheck(Exponential.apply, (numbers,))

# %% [markdown]
# **Predict 03.p29.** A `backward` returns its slope, and forgets `arriving`. What is the gradient
# of `(F.apply(x) * 3).sum()` at 0, where the slope of the exponential is 1?

# %%
guess = ...


def forgets_what_arrives():
    class F(Exponential):
        @staticmethod
        def backward(ctx, arriving):
            return ctx.saved_tensors[0]

    x = torch.zeros(1, requires_grad=True)  # (1,)
    (F.apply(x) * 3).sum().backward()
    return x.grad.item()


predict("03.p29", guess, forgets_what_arrives)

# %% [markdown]
# `backward` returns a VJP: what arrives, times the slope.
#
# **Predict 03.p30.** `forward(ctx, x, factor)` takes a tensor and a Python number. `backward`
# returns one gradient, that of `x`. Is that right? `x` is 1, the factor 3. Write the gradient, or
# `'error'`.

# %%
guess = ...


def one_of_two():
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx, arriving):
            return arriving * ctx.factor

    x = torch.tensor(1.0, requires_grad=True)
    Scale.apply(x, 3.0).backward()
    return x.grad.item()


predict("03.p30", guess, one_of_two)

# %% [markdown]
# One gradient for each argument of `forward`, and `None` where there is none: here
# `return arriving * ctx.factor, None`.
#
# Work that nobody asked for can be left out: `ctx.needs_input_grad` says, for each argument,
# whether its gradient is wanted.


# %%
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, arriving):
        a, b = ctx.saved_tensors
        print("wanted:", ctx.needs_input_grad)
        to_a = arriving * b if ctx.needs_input_grad[0] else None
        to_b = arriving * a if ctx.needs_input_grad[1] else None
        return to_a, to_b


Multiply.apply(torch.tensor(2.0, requires_grad=True), torch.tensor(5.0)).backward()

# %% [markdown]
# A way back may also be different from the true one. This step changes nothing forwards, and gives
# the gradient the other sign:


# %%
class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)  # a view: what goes out is not what came in

    @staticmethod
    def backward(ctx, arriving):
        return -arriving


x = torch.tensor(2.0, requires_grad=True)  # ()
Reverse.apply(x**2).backward()
x.grad

# %% [markdown]
# `gradcheck` is no judge of such a step: it compares with the true slope.
#
# Often `detach` does the same without a class. `smooth + (hard - smooth).detach()` has the value of
# `hard`, up to a rounding error that grows with the size of `smooth`. It has the gradient of
# `smooth`: what is detached counts as a number. With `smooth = x`, the gradient goes straight
# through, as if the hard step were not there. This is called a **straight-through** estimator.

# %%
x = torch.tensor([-0.5, 0.3, 4.0], requires_grad=True)  # (3,)
y = x + (x.clamp(0, 1) - x).detach()  # (3,)
y.sum().backward()
y.detach(), x.grad

# %% [markdown]
# And our engine? As a Function, it can be given to `gradcheck` as well. Its `backward` runs the
# engine's.


# %%
class ByEngine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, c):
        ctx.values = Value(a.item()), Value(c.item())
        ctx.last = expression(*ctx.values)
        return torch.tensor(ctx.last.data, dtype=a.dtype)

    @staticmethod
    def backward(ctx, arriving):
        for value in in_order(ctx.last):
            value.grad = 0.0
        ctx.last.backward()
        return tuple(arriving * value.grad for value in ctx.values)


# %%
pair = [torch.tensor(n, dtype=torch.float64, requires_grad=True) for n in (0.5, -2.0)]
torch.autograd.gradcheck(ByEngine.apply, pair)

# %% [markdown]
# ## What a graph keeps alive
#
# A graph is memory: each step holds what it saved. `saved_tensors_hooks` calls a function for
# every tensor that is saved, so they can be counted.


# %%
def saved_by(run):
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        run()
    return len(saved)


x = torch.ones(3, requires_grad=True)  # (3,)
saved_by(lambda: x + 1), saved_by(lambda: x.sum()), saved_by(lambda: x.exp())

# %% [markdown]
# A graph goes away with the last result that leads to it. What it saved goes earlier, in
# `backward()`. Many training loops have a line for their log:
#
# **Predict 03.p31.** In 10 turns, a line adds `total += loss`. How many of the square's steps,
# `PowBackward0`, hang on `total` in the end?

# %%
guess = ...


def squares_behind(step):
    own = int(step.name() == "PowBackward0")
    return own + sum(squares_behind(s) for s, _ in step.next_functions if s is not None)


def sum_of_losses():
    w, total = torch.tensor(2.0, requires_grad=True), torch.tensor(0.0)
    for turn in range(10):
        loss = (w * turn) ** 2
        loss.backward()
        total += loss
    return squares_behind(total.grad_fn)


predict("03.p31", guess, sum_of_losses)

# %% [markdown]
# For a log, take the number: `total += loss.item()`, or `loss.detach()` for a tensor. Lists of
# losses or of outputs do the same harm. An attribute that remembers the last loss keeps one graph
# alive.
#
# Where the graph itself is too large, trade time for memory. A **checkpoint** saves the input of a
# block only, and computes the block again on the way back.

# %%
from torch.utils.checkpoint import checkpoint


def block(x):
    return x.exp().sin().exp().sin()


usual = saved_by(lambda: block(x))
usual, saved_by(lambda: checkpoint(block, x, use_reentrant=False)) < usual

# %%
(usual,) = torch.autograd.grad(block(x).sum(), x)
(again,) = torch.autograd.grad(checkpoint(block, x, use_reentrant=False).sum(), x)
torch.equal(usual, again)

# %% [markdown]
# ## Summary
#
# | idea | in one line |
# |---|---|
# | gradient | how fast the result changes with each number; `backward` changes no value |
# | graph | the recorded steps behind a result, from `grad_fn` on |
# | chain rule | each step passes on what arrives times its own slope; where ways meet, add |
# | leaf | made by no recorded step; keeps its gradient in `.grad` if it requires one |
# | `.grad` | a sum over all `backward()`; None until something arrives |
# | update | under `no_grad()`, in place |
# | `detach` | cuts off what lies before; shares the memory |
# | VJP | what `backward` computes; `gradient=v` for a result with many numbers |
# | once | saved tensors are let go; carry a state over with `detach()` |
# | `create_graph` | a gradient that has a gradient |
# | corners | some number; NaN where 0 meets infinity: make the *input* safe |
# | Function | `forward`, `backward`, a gradient for each argument; then `gradcheck` in float64 |
# | memory | who holds a loss holds its graph: `item()` |

# %% [markdown]
# ## What people get wrong
#
# - "`backward()` updates the weights." It fills `.grad`; a step of an optimizer, or your own line,
#   changes the weights.
# - "`backward()` overwrites `.grad`." It adds:
#   [thread](https://github.com/pytorch/pytorch/issues/47175).
# - "After `requires_grad=True`, I can still convert it." What comes out is no leaf:
#   [thread](https://github.com/pytorch/pytorch/issues/10065).
# - "`require_grad = True` is the flag." A tensor takes any attribute, and gives no error:
#   [thread](https://github.com/pytorch/pytorch/issues/72332).
# - "`eval()` turns gradients off." It changes layers:
#   [the note that keeps them apart](https://github.com/pytorch/pytorch/pull/58513).
# - "`w = w - lr * w.grad` is as good as `w -= ...`." It is another tensor, without `.grad`. Here
#   somebody gets [the wrong advice](https://github.com/BaiTheBest/SparseLLM/issues/13).
# - "The error says `retain_graph=True`, so that is the fix." Then the graph grows, or the weights
#   it saved have changed: [thread](https://github.com/jlamprou/Infini-Attention/issues/3).
# - "`torch.tensor` of a list of losses is a loss." It is new numbers:
#   [thread](https://github.com/laekov/fastmoe/issues/49).
# - "`requires_grad` is True, so the way is whole." Not for a view made under `no_grad()`: it says
#   True, and has no `grad_fn`. Ask for the gradient, and see whether it arrives.
# - "The error rate can be minimised." `argmax` has no slope:
#   [question](https://github.com/pytorch/pytorch/issues/1339).
# - "`where` keeps NaN out." Not out of the gradient:
#   [thread](https://github.com/pytorch/pytorch/issues/68425), and the same for a mask that comes
#   [after the bad step](https://github.com/pytorch/pytorch/issues/4132).
# - "`x.norm()` and the root of the summed squares are the same." Not at zero:
#   [the change that made it so](https://github.com/pytorch/pytorch/pull/2775).
# - "The penalty is in the loss, so it is learned." Not without `create_graph`:
#   [thread](https://github.com/facebookresearch/DomainBed/issues/50).
# - "`backward(create_graph=True)` is fine." It can leak:
#   [thread](https://github.com/pytorch/pytorch/issues/4661).
# - "`detach()` is a copy." It is the same memory; `.data` is that too, without a guard:
#   [thread](https://github.com/pytorch/pytorch/issues/6990).
# - "`gradcheck` says my layer is wrong." In float32 it says so of right ones:
#   [thread](https://github.com/pytorch/pytorch/issues/5351).
# - "`inference_mode()` is a faster `no_grad()`." A tensor made new in it cannot be saved for a
#   later `backward`:
#   [thread](https://github.com/lucidrains/denoising-diffusion-pytorch/issues/286).
# - "The memory grows, so torch leaks." Look for a sum of losses first:
#   [thread](https://github.com/BatsResearch/labelmodels/issues/4).
# - "A Function is an object: `Square()(x)`." It is used through the class, `Square.apply(x)`:
#   [a repair](https://github.com/josipd/torch-two-sample/pull/6).
# - "`backward()` can be called on any tensor." On one number, or with `gradient=`:
#   [thread](https://github.com/pytorch/pytorch/issues/1198).

# %% [markdown]
# ## Further reading
#
# - [autograd mechanics](https://pytorch.org/docs/stable/notes/autograd.html): leaves, saved
#   tensors, the grad modes, in-place writes, and slopes at corners
# - [`Tensor.backward`](https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html),
#   [`torch.autograd.grad`](https://pytorch.org/docs/stable/generated/torch.autograd.grad.html),
#   [`Tensor.retain_grad`](https://pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html),
#   [`Tensor.detach`](https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html)
# - [`torch.no_grad`](https://pytorch.org/docs/stable/generated/torch.no_grad.html),
#   [`inference_mode`](https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html),
#   [`set_grad_enabled`](https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.set_grad_enabled.html)
# - [extending torch](https://pytorch.org/docs/stable/notes/extending.html): writing a Function,
#   [`gradcheck`](https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html)
# - [`torch.func`](https://pytorch.org/docs/stable/func.html): `grad`, `vmap`, `vjp`, `jacrev`,
#   `hessian`
# - [`saved_tensors_hooks`](https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks),
#   [`checkpoint`](https://pytorch.org/docs/stable/checkpoint.html)
