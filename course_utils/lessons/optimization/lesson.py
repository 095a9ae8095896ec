# %% [markdown]
# Training needs three decisions. The **loss** turns a prediction and the truth into one number:
# how wrong is this? The **optimizer** turns gradients into new parameters. The **schedule** changes
# the optimizer's learning rate while training goes on.
#
# None of them is magic. Each is a formula of a few lines. In this lesson you write down the most
# common ones and check them against torch.

# %%
import torch
from torch.nn import functional as F

from course_utils import figures, predict

# %% [markdown]
# ## A loss is one number
#
# The **mean squared error** is the loss for predicting numbers: subtract, square, take the mean.

# %%
prediction = torch.tensor([1.0, 2.0, 3.0])  # (samples,)
target = torch.tensor([1.0, 4.0, 0.0])  # (samples,)
((prediction - target) ** 2).mean(), F.mse_loss(prediction, target)

# %% [markdown]
# `reduction` says what happens to the single errors: `"mean"` is the default, `"sum"` adds them
# up, `"none"` gives them all. `backward()` without an argument begins only at one number
# (lesson 03).

# %%
[F.mse_loss(prediction, target, reduction=how) for how in ("none", "sum", "mean")]

# %% [markdown]
# A model with one output gives shape (n, 1). A column of a table often has shape (n,).
#
# **Predict 09.p1.** The prediction has shape (3, 1) and the target has shape (3,). How many
# numbers does `prediction - target` hold?

# %%
guess = ...
predict("09.p1", guess, lambda: (prediction.reshape(3, 1) - target).numel())

# %% [markdown]
# Every prediction meets every target (lesson 02). `mse_loss` gives you a warning here, and a
# number. The number is wrong. Read your warnings, and give both the same shape.

# %%
import warnings

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    wrong = F.mse_loss(prediction.reshape(3, 1), target)
round(wrong.item(), 4), caught[0].category.__name__

# %% [markdown]
# ## Cross-entropy: a loss for classes
#
# A classifier gives a score for each class. The scores are called **logits**, and any number is
# allowed. `softmax` makes probabilities of them: none is negative, and they add up to 1.

# %%
logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]])  # (samples, classes)
labels = torch.tensor([0, 2])  # (samples,)
logits.softmax(dim=1)

# %% [markdown]
# The loss of one sample is `-log(p)`, where `p` is the probability of the right class. It is 0 for
# p = 1 and grows without end as p goes to 0. The loss of a batch is the mean.
#
# **Predict 09.p2.** The second sample has three equal logits. What is its loss? `math.log` is
# the natural logarithm; you may compute your guess.

# %%
import math

guess = ...
predict("09.p2", guess, lambda: F.cross_entropy(logits[1:], labels[1:]).item())

# %% [markdown]
# Cross-entropy is made of two parts. `log_softmax` gives the logarithms of the probabilities, and
# `nll_loss` (negative log-likelihood) picks the right one in each row. An index of pairs does the
# same (lesson 02).

# %%
log_p = logits.log_softmax(dim=1)  # (samples, classes)
picked = log_p[torch.arange(2), labels]  # (samples,)
-picked.mean(), F.nll_loss(log_p, labels), F.cross_entropy(logits, labels)

# %% [markdown]
# A classifier that knows nothing about C classes gives them equal logits. Its loss is log(C): 2.3
# for ten. A training that does not get below that gives no better probabilities than knowing
# nothing.
#
# **Predict 09.p3.** `nll_loss` gets *probabilities* by mistake: 0.7 for the right class, 0.3 for
# the other one. What does it return?

# %%
guess = ...
predict("09.p3", guess, lambda: F.nll_loss(torch.tensor([[0.7, 0.3]]), torch.tensor([0])).item())

# %% [markdown]
# `cross_entropy` begins with logits. Many models end in a softmax all the same, because
# "a classifier has to give probabilities".
#
# **Predict 09.p4.** A model ends in softmax and is perfectly sure and right: it gives
# `[1, 0, 0]` for class 0. What does `cross_entropy` say?

# %%
guess = ...
perfect = torch.tensor([[1.0, 0.0, 0.0]])  # (1, classes)
predict("09.p4", guess, lambda: F.cross_entropy(perfect, torch.tensor([0])).item())

# %% [markdown]
# No training can get below this floor. The accuracy still rises, so nobody notices. A ReLU behind
# the last layer does harm in a similar way: a score can no longer go below zero. Where it is cut
# off, its gradient is 0.
#
# **Predict 09.p5.** And `log_softmax` before `cross_entropy`? Is the loss still the right one?
# Write `True` or `False`.


# %%
def same_loss():
    doubled = F.cross_entropy(logits.log_softmax(dim=1), labels)
    return torch.allclose(doubled, F.cross_entropy(logits, labels))


# %%
guess = ...
predict("09.p5", guess, lambda: same_loss())

# %% [markdown]
# ## Shapes and dtypes that losses want
#
# **Predict 09.p6.** Labels from a table often have shape (n, 1). Does `cross_entropy` accept
# them? Write `"works"` or `"error"`.


# %%
def column_of_labels():
    F.cross_entropy(logits, labels.reshape(2, 1))
    return "works"


# %%
guess = ...
predict("09.p6", guess, lambda: column_of_labels())

# %% [markdown]
# Each loss stands in `torch.nn` as a class, too: `nn.MSELoss`, `nn.CrossEntropyLoss` and so on.
#
# **Predict 09.p7.** What does `nn.CrossEntropyLoss(logits, labels)` give, for these two samples?
# Write `"a loss"` or `"error"`.


# %%
def class_with_two_tensors():
    torch.nn.CrossEntropyLoss(logits, labels)
    return "a loss"


# %%
guess = ...
predict("09.p7", guess, lambda: class_with_two_tensors())

# %% [markdown]
# So a class is used in two steps: make the loss once, without data, and call it for each batch.

# %%
loss_fn = torch.nn.CrossEntropyLoss()
loss_fn(logits, labels)

# %% [markdown]
# | loss | input | target | shape of the target |
# |---|---|---|---|
# | `mse_loss` | float numbers | float | the input's |
# | `cross_entropy` | logits (n, C) | int64 class numbers | (n,) |
# | `nll_loss` | log-probabilities (n, C) | int64 class numbers | (n,) |
# | `binary_cross_entropy` | probabilities | float, 0 to 1 | the input's |
# | `binary_cross_entropy_with_logits` | logits | float, 0 to 1 | the input's |
#
# `binary_cross_entropy` looks whether its numbers lie between 0 and 1. Its sister with logits does
# not look at the target: a label 2 gives a number without a meaning.

# %% [markdown]
# Labels as floats in shape (n,), and labels as int32, are errors as well. For labels `raw` of any
# of these kinds, `raw.reshape(-1).long()` is right. (`squeeze()` without an argument fails on a
# last batch of one sample: lesson 02.)


# %%
def attempt(labels):
    try:
        return round(F.cross_entropy(logits, labels).item(), 4)
    except RuntimeError:
        return "error"


attempt(labels), attempt(labels.float()), attempt(labels.int())

# %% [markdown]
# Texts and pictures have a label in many places. `cross_entropy` then wants the classes in
# dimension **1**. From (n, length, classes) get there with `transpose`, or make one long table
# with `flatten`. `view` would fit as well, and mix up the scores.

# %%
scores = torch.arange(12.0).reshape(1, 4, 3)  # (samples, length, classes)
words = torch.tensor([[0, 1, 2, 0]])  # (samples, length)
moved = F.cross_entropy(scores.transpose(1, 2), words)
table = F.cross_entropy(scores.flatten(0, 1), words.flatten())
moved, table, F.cross_entropy(scores.view(1, 3, 4), words)

# %% [markdown]
# `ignore_index` leaves out the places with one label, such as padding (what fills up short texts).
# They count neither in the sum nor in the mean.
#
# **Predict 09.p8.** In one batch *all* labels are the ignored one. What is the loss? Write
# `"0.0"`, `"nan"` or `"error"`.

# %%
guess = ...
padding = torch.tensor([0, 0])  # (samples,)
predict("09.p8", guess, lambda: str(F.cross_entropy(logits, padding, ignore_index=0).item()))

# %% [markdown]
# `weight` makes some classes count more. With class numbers as labels, the mean is then a weighted
# mean: torch divides by the sum of the weights of the samples, not by their number.

# %%
weight = torch.tensor([1.0, 1.0, 3.0])  # (classes,)
w = weight[labels]  # (samples,)
by_hand = -(w * picked).sum() / w.sum()
by_hand, F.cross_entropy(logits, labels, weight=weight)

# %% [markdown]
# ## Binary cross-entropy: yes or no
#
# For one yes-or-no question, one logit is enough, and `sigmoid` makes a probability of it.
# `binary_cross_entropy` wants that probability; its sister `..._with_logits` wants the logit and
# does the sigmoid itself, in a way that survives large numbers.

# %%
z = torch.tensor([2.0, -1.0, -200.0])  # (samples,)
yes = torch.tensor([1.0, 0.0, 1.0])  # (samples,)
losses = F.binary_cross_entropy_with_logits(z, yes, reduction="none")  # (samples,)
losses, -z.sigmoid().log()

# %% [markdown]
# The second tensor is -log of a sigmoid, as it stands in books. It is the loss of the first sample.
# It is not the loss of the second one, where the answer was no. And for the third sample it is
# infinite, although the loss is 200: the sigmoid of -200 is too small for a float32.
#
# **Predict 09.p9.** A model ends in sigmoid, and the loss is `..._with_logits`. What the loss takes
# for a logit is already a probability. The model is very sure of "no": it gives 0.00005.
# Which probability of "yes" does the loss see?

# %%
guess = ...
predict("09.p9", guess, lambda: torch.tensor(0.00005).sigmoid().item())

# %% [markdown]
# Do not use one output unit with `cross_entropy`: softmax over a single class is always 1. So the
# loss of each label 0 is 0, and a label 1 is an error. One unit goes with `..._with_logits`; a unit
# for each class goes with `cross_entropy`. (Several yes-or-no questions at once: a unit for each,
# and `..._with_logits`.)

# %%
F.cross_entropy(torch.tensor([[5.0], [-3.0]]), torch.tensor([0, 0]))

# %% [markdown]
# ## Each loss and its gradient, by hand
#
# What matters for learning is the gradient: which way, and how strongly, does the loss push each
# number of the model's output?
#
# **Predict 09.p10.** One sample, three classes, `cross_entropy`. What do the gradients of its
# three logits add up to? Write a number.


# %%
def sum_of_gradients():
    x = logits[:1].clone().requires_grad_()  # (1, classes)
    F.cross_entropy(x, labels[:1]).backward()
    return round(x.grad.sum().item(), 4)


# %%
guess = ...
predict("09.p10", guess, lambda: sum_of_gradients())

# %% [markdown]
# Each answer fits into one line. n is how many losses the mean is taken of: samples for the class
# losses, elements for the others. `logsumexp` is the logarithm of the sum of exponentials, in one
# piece; one-hot is 1 for the right class and 0 for the others.
#
# | loss | by hand | gradient with respect to its input |
# |---|---|---|
# | `mse_loss` | mean of (prediction - target)² | 2 (prediction - target) / n |
# | `nll_loss` | minus the mean of the right ones | -1 / n for the right class, 0 for the others |
# | `cross_entropy` | mean of logsumexp - right logit | (softmax - one-hot) / n |
# | `binary_cross_entropy` | mean of -log(p), or of -log(1 - p) | (p - target) / (p (1 - p)) / n |
# | `..._with_logits` | the same, with p = sigmoid | (sigmoid - target) / n |
#
# `binary_cross_entropy` cuts each logarithm off at -100: for p = 0 and target 1 the loss is 100.

# %%
p, truth = torch.tensor([0.9, 0.3]), torch.tensor([1.0, 0.0])  # (samples,)
one_hot = F.one_hot(labels, 3)  # (samples, classes)


def bce_by_hand(p):
    return -(truth * p.log() + (1 - truth) * (1 - p).log()).mean()


values = {
    F.mse_loss: (p - truth).square().mean(),
    F.nll_loss: -(one_hot * log_p).sum() / 2,
    F.cross_entropy: (logits.logsumexp(dim=1) - (one_hot * logits).sum(dim=1)).mean(),
    F.binary_cross_entropy: bce_by_hand(p),
    F.binary_cross_entropy_with_logits: bce_by_hand(p.sigmoid()),
}

# %%
formulas = {
    F.mse_loss: (p, truth, 2 * (p - truth) / 2),
    F.nll_loss: (log_p, labels, -one_hot / 2),
    F.cross_entropy: (logits, labels, (logits.softmax(dim=1) - one_hot) / 2),
    F.binary_cross_entropy: (p, truth, (p - truth) / (p * (1 - p)) / 2),
    F.binary_cross_entropy_with_logits: (p, truth, (p.sigmoid() - truth) / 2),
}

# %% [markdown]
# Now ask torch. The first column compares the loss, the second one its gradient with what autograd
# finds.

# %%
for loss, (x, y, gradient) in formulas.items():
    x = x.clone().requires_grad_()
    value = loss(x, y)
    value.backward()
    alike = torch.allclose(value, values[loss]), torch.allclose(x.grad, gradient)
    print(f"{loss.__name__:33}", *alike)

# %% [markdown]
# The same as pictures. With logits, a confident and wrong answer is pushed with a force of nearly
# 1. A right one is hardly pushed: the gradient goes to 0.

# %%
# float64 (double), so that the picture is the same on every processor
x = torch.linspace(-4, 4, 81).double()  # (points,)
p = torch.linspace(0.1, 0.99, 81).double()  # (points,)
zero, one = torch.zeros(81).double(), torch.ones(81).double()  # (points,)
first = torch.zeros(81, dtype=torch.int64)  # (points,): class 0 is the right one
binary, cross_entropy = F.binary_cross_entropy_with_logits, F.cross_entropy


def column(x):
    return torch.stack([x, 0 * x, 0 * x], dim=1)  # (points, classes)


# %%
how = {"reduction": "none"}
curves = {
    "mse_loss; x: prediction, target 0": (x, lambda x: F.mse_loss(x, zero, **how)),
    "cross_entropy; x: right logit, others 0": (
        x,
        lambda x: cross_entropy(column(x), first, **how),
    ),
    "nll_loss; x: log of the right p": (p.log(), lambda x: F.nll_loss(column(x), first, **how)),
}

# %%
name = binary.__name__
curves[f"{name}; x: logit, target 1"] = (x, lambda x: binary(x, one, **how))
curves[f"{name}; x: logit, target 0"] = (x, lambda x: binary(x, zero, **how))
bce = F.binary_cross_entropy
curves[f"{bce.__name__}; x: probability, target 1"] = (p, lambda x: bce(x, one, **how))

# %%
figures.loss_curves(curves)

# %% [markdown]
# ## Accuracy and F1
#
# People want a high accuracy: the share of right answers. Or a high F1, which is another score made
# of such counts. Why not train with it? Counting begins with `argmax`: which class has the largest
# score?
#
# **Predict 09.p11.** `scores` has `requires_grad=True`. Has the accuracy computed from its
# `argmax` a gradient (`requires_grad`)? Write `True` or `False`.


# %%
def accuracy_has_gradient():
    scores = logits.clone().requires_grad_()
    accuracy = (scores.argmax(dim=1) == labels).float().mean()
    return accuracy.requires_grad


# %%
guess = ...
predict("09.p11", guess, lambda: accuracy_has_gradient())

# %% [markdown]
# A small change of a score changes no count, and then, suddenly, one jumps. No slope, no gradient
# (lesson 03). So torch.nn has no "F1 loss". Train with a loss, and report a **metric**, such as
# the accuracy (lesson 10).
#
# ## What `backward`, `step` and `zero_grad` change
#
# An optimizer is made from the parameters that it shall change. It holds them; it knows nothing
# about the model or the loss.
#
# `optimizer.zero_grad()` clears the gradients of the last batch.
#
# **Predict 09.p12.** `w.grad` is 3. What is it after `optimizer.zero_grad()`?


# %%
def gradient_after_clearing():
    w = torch.nn.Parameter(torch.tensor(1.0))
    w.grad = torch.tensor(3.0)
    torch.optim.SGD([w], lr=0.1, momentum=0.9).zero_grad()
    return w.grad


# %%
guess = ...
predict("09.p12", guess, lambda: gradient_after_clearing())

# %% [markdown]
# A function notes the weight, its gradient and what the optimizer remembers. With `momentum=0.9`,
# that is a sum of all gradients so far, in which old ones count less; the rule comes below.


# %%
def note():
    kept = optimizer.state.get(w, {}).get("momentum_buffer")
    numbers = {"w": w, "w.grad": w.grad, "momentum": kept}
    return {k: "None" if v is None else f"{v.item():.2f}" for k, v in numbers.items()}


w = torch.nn.Parameter(torch.tensor(1.0))
optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
steps = {"at the start": note()}

# %% [markdown]
# Now one real training step, with a note after each line. The loss is 3w, so its gradient is
# always 3.


# %%
def training_step(number):
    loss = 3 * w
    steps[f"{number} forward"] = note()
    loss.backward()
    steps[f"{number} backward()"] = note()
    optimizer.step()
    steps[f"{number} step()"] = note()
    optimizer.zero_grad()
    steps[f"{number} zero_grad()"] = note()


training_step("first")

# %% [markdown]
# Which of the three numbers does each line change, and which does it leave alone? Guess, then open
# the steps one by one.

# %%
figures.steps(
    {
        "The weight is 1, and nothing has run.": figures.step_table(steps, now="at the start"),
        "The loss is computed.": figures.step_table(steps, now="first forward"),
        "loss.backward() has run.": figures.step_table(steps, now="first backward()"),
        "optimizer.step() has run.": figures.step_table(steps, now="first step()"),
        "optimizer.zero_grad() has run.": figures.step_table(steps, now="first zero_grad()"),
    }
)

# %% [markdown]
# - `backward()` fills `.grad`. It moves no parameter.
# - `step()` reads `.grad`, changes the parameters and the optimizer's own state. It does not clear
#   `.grad`.
# - `zero_grad()` clears the gradients. It touches neither the parameters nor the momentum.
#
# The second step finds a momentum that is not empty. Does the weight move as far as before? Guess,
# then look at both steps together.

# %%
training_step("second")
figures.step_table(steps)

# %% [markdown]
# It moves further, with the same gradient: the momentum of the first step is still there.
#
# **Predict 09.p13.** Someone forgets `zero_grad()`. The loss is 3w again. What is `w.grad` after
# two rounds of `backward()` and `step()`?


# %%
def two_rounds():
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([w], lr=0.1)
    for _ in range(2):
        (3 * w).backward()
        optimizer.step()
    return w.grad.item()


# %%
guess = ...
predict("09.p13", guess, lambda: two_rounds())

# %% [markdown]
# Gradients that add up (lesson 03) are like a momentum without friction: the parameter swings
# around the minimum and never settles. Below, the loss is w²; the minimum is at 0.


# %%
def last_values(clear):
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([w], lr=0.1)
    values = []
    for _ in range(40):
        if clear:
            optimizer.zero_grad()
        w.square().backward()
        optimizer.step()
        values.append(round(w.item(), 2))
    return values[-6:]


last_values(clear=True), last_values(clear=False)

# %% [markdown]
# Order matters as well. With `zero_grad()` between `backward()` and `step()` there is nothing left
# for the step to read, and the parameters never move. (A good reason to leave it out for some
# batches is to add their gradients up on purpose: exercise 09.13.)

# %% [markdown]
# ## The rules of the optimizers
#
# "Every optimizer does w = w - lr * grad." Only plain SGD does. Here are the rules of the most
# common ones; `g` is the gradient, and everything is done for each element on its own.
#
# | optimizer | what it remembers | the step |
# |---|---|---|
# | SGD | nothing | w - lr g |
# | SGD with momentum m | v = m v + g | w - lr v |
# | the same, `nesterov=True` | v = m v + g | w - lr (g + m v) |
# | any SGD, `weight_decay=wd` | the same | the same, with g + wd w in the place of g |
# | Adagrad | s = s + g² | w - lr g / √s |
# | RMSprop | s = 0.99 s + 0.01 g² | w - lr g / √s |
# | Rprop | the last g, and a step size for each element | w - size sign(g) |
# | Adam | running means of g and of g², corrected | w - lr mean / √square |
# | AdamW | as Adam | first w - lr wd w, then Adam |
# | Adamax | mean of g, corrected; largest \|g\|, slowly forgotten | w - lr mean / largest |
# | SparseAdam | as Adam, for elements that have a gradient | as Adam |
#
# To each root a tiny epsilon is added, so that nothing is divided by 0. Their names in
# `torch.optim` are written exactly so: `RMSprop` and `Adagrad`, not RMSProp and AdaGrad. Momentum
# and Nesterov are settings of `SGD`, not classes.

# %% [markdown]
# We check them all. One parameter with two elements gets three gradients that we choose.

# %%
start = torch.tensor([1.0, -2.0])  # (elements,)
gradients = torch.tensor([[1.0, -0.5], [2.0, 0.0], [-1.0, -0.5]])  # (steps, elements)
lr = 0.1


def by_torch(kind, sparse=False, **settings):
    w, path = torch.nn.Parameter(start.clone()), []
    optimizer = kind([w], lr=lr, **settings)
    for g in gradients:
        w.grad = g.to_sparse() if sparse else g.clone()
        optimizer.step()
        path.append(w.detach().clone())
    return torch.stack(path)  # (steps, elements)


# %% [markdown]
# A rule by hand is a function. It gets `w`, `g`, what it remembers (the dict `s`, empty at first)
# and the number of the step. It gives back the new `w`.


# %%
def by_hand(rule):
    w, s, path = start, {}, []
    for t, g in enumerate(gradients, start=1):
        w = rule(w, g, s, t)
        path.append(w)
    return torch.stack(path)  # (steps, elements)


def agree(rule, kind, **settings):
    return torch.allclose(by_hand(rule), by_torch(kind, **settings), atol=1e-6)


# %% [markdown]
# SGD, with momentum and with Nesterov. Momentum is a ball that rolls: old gradients go on pushing.
# Nesterov looks one step ahead along the same way.


# %%
def sgd(w, g, s, t):
    return w - lr * g


def momentum(w, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) + g
    return w - lr * s["v"]


def nesterov(w, g, s, t):
    s["v"] = 0.9 * s.get("v", 0) + g
    return w - lr * (g + 0.9 * s["v"])


# %%
SGD = torch.optim.SGD
[agree(sgd, SGD), agree(momentum, SGD, momentum=0.9)]


# %%
def decayed(w, g, s, t):
    return momentum(w, g + 0.5 * w, s, t)


rolling = {"momentum": 0.9}
agree(nesterov, SGD, nesterov=True, **rolling), agree(decayed, SGD, weight_decay=0.5, **rolling)

# %% [markdown]
# Adagrad and RMSprop divide by the size of past gradients, so each element gets a rate of its own.
# Adagrad adds up for ever and gets slower and slower; RMSprop forgets.


# %%
def adagrad(w, g, s, t):
    s["sum"] = s.get("sum", 0) + g**2
    return w - lr * g / (s["sum"].sqrt() + 1e-10)


def rmsprop(w, g, s, t):
    s["square"] = 0.99 * s.get("square", 0) + 0.01 * g**2
    return w - lr * g / (s["square"].sqrt() + 1e-8)


agree(adagrad, torch.optim.Adagrad), agree(rmsprop, torch.optim.RMSprop)

# %% [markdown]
# **Predict 09.p14.** w is 1, lr is 0.1, and the first gradient is 1000. Where is w after the
# first step of **RMSprop**? Use the rule above.


# %%
def first_step(gradient, kind=torch.optim.Adam, **settings):
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = kind([w], lr=0.1, **settings)
    w.grad = torch.tensor(gradient)
    optimizer.step()
    return w.item()


# %%
guess = ...
predict("09.p14", guess, lambda: round(first_step(1000.0, torch.optim.RMSprop), 4))

# %% [markdown]
# Rprop looks at signs only. Same sign as before: the step gets 1.2 times as long. Another sign: we
# went too far, so the step is halved and this time nothing moves. It needs the gradient of *all*
# data; with small batches, signs change by chance.


# %%
def rprop(w, g, s, t):
    same = g * s.get("g", 0)
    factor = torch.where(same > 0, 1.2, torch.where(same < 0, 0.5, 1.0))  # (elements,)
    s["size"] = s.get("size", lr) * factor
    s["g"] = torch.where(same < 0, 0, g)  # (elements,)
    return w - s["size"] * s["g"].sign()


agree(rprop, torch.optim.Rprop)

# %% [markdown]
# Adam joins the two ideas: a running mean of the gradient over the root of a running mean of its
# square. Both begin at 0 and are too small at first; the correction makes up for that.


# %%
def adam(w, g, s, t):
    s["mean"] = 0.9 * s.get("mean", 0) + 0.1 * g
    s["square"] = 0.999 * s.get("square", 0) + 0.001 * g**2
    mean = s["mean"] / (1 - 0.9**t)
    square = s["square"] / (1 - 0.999**t)
    return w - lr * mean / (square.sqrt() + 1e-8)


agree(adam, torch.optim.Adam)

# %% [markdown]
# **Predict 09.p15.** w is 1, lr is 0.1, and the first gradient is 1000. Where is w after Adam's
# first step?

# %%
guess = ...
predict("09.p15", guess, lambda: first_step(1000.0))

# %% [markdown]
# **Weight decay** pulls every parameter that has a gradient a little towards 0. In SGD and in Adam
# it is added to the gradient; in Adam it then goes through the division. In AdamW it goes straight
# to the parameter.
#
# **Predict 09.p16.** w is 1, the gradient is 0, lr is 0.1 and `weight_decay=0.5`. AdamW takes
# away 0.1 * 0.5 * w and ends at 0.95. Where does *Adam* end?

# %%
guess = ...
predict("09.p16", guess, lambda: first_step(0.0, weight_decay=0.5))

# %% [markdown]
# So `weight_decay` does not mean the same in the two. The defaults are different as well: 0 in
# Adam, 0.01 in AdamW. The last three rules; Adamax and SparseAdam are rare, and you may skip them:


# %%
def adamw(w, g, s, t):
    return adam(w - lr * 0.5 * w, g, s, t)


def adamax(w, g, s, t):
    s["mean"] = 0.9 * s.get("mean", 0) + 0.1 * g
    s["most"] = torch.maximum(0.999 * s.get("most", 0 * g), g.abs() + 1e-8)
    return w - lr / (1 - 0.9**t) * s["mean"] / s["most"]


agree(adamw, torch.optim.AdamW, weight_decay=0.5), agree(adamax, torch.optim.Adamax)

# %% [markdown]
# `SparseAdam` is for **sparse** gradients, as `nn.Embedding(..., sparse=True)` makes them: only the
# rows that were looked up. An element without an entry keeps its place *and* its memory. In
# Adam, an element with gradient 0 goes on rolling. Our second gradient has such a 0.


# %%
def sparse_adam(w, g, s, t):
    old = dict(s)
    moved = adam(w, g, s, t)
    for name, value in old.items():
        s[name] = torch.where(g == 0, value, s[name])  # (elements,)
    return torch.where(g == 0, w, moved)  # (elements,)


agree(sparse_adam, torch.optim.SparseAdam, sparse=True), agree(sparse_adam, torch.optim.Adam)

# %% [markdown]
# On an ordinary gradient SparseAdam stops with an error, and Adam stops on a sparse one. It does
# not belong in a list of optimizers "to try".
#
# `torch.optim` has more of them. `NAdam` is Adam with Nesterov's look ahead, `RAdam` an Adam whose
# first five steps leave out the division. `Adadelta` compares the size of past gradients with the
# size of past moves. `ASGD` is nearly SGD, and also keeps a mean of its places, but only after `t0`
# steps: by default a million. `LBFGS` is of another kind: it computes the loss several times in one
# step, so its `step` needs a function that does it. Later versions have others, such as `Adafactor`
# and `Muon`.

# %% [markdown]
# ## One landscape, ten ways down
#
# Now let them all walk on the same hills, from the same place. Like the curve of lesson 03, this
# landscape has two minima. The one on the right, near the start, is local; the one on the left is
# lower, and global.


# %%
def height(place):
    x, y = place[..., 0], place[..., 1]
    return (x**2 - 1) ** 2 + 0.3 * x + 0.5 * y**2


def walk(kind, lr, sparse=False, steps=60, **settings):
    place = torch.nn.Parameter(torch.tensor([1.7, 1.3]))
    optimizer, path = kind([place], lr=lr, **settings), []
    for _ in range(steps):
        path.append(place.tolist())
        optimizer.zero_grad()
        height(place).backward()
        place.grad = place.grad.to_sparse() if sparse else place.grad
        optimizer.step()
    return path


# %%
optim = torch.optim
walks = {
    "SGD": walk(optim.SGD, 0.03),
    "momentum": walk(optim.SGD, 0.03, momentum=0.9),
    "Nesterov": walk(optim.SGD, 0.03, momentum=0.9, nesterov=True),
    "Adagrad": walk(optim.Adagrad, 0.3),
    "RMSprop": walk(optim.RMSprop, 0.05),
    "Rprop": walk(optim.Rprop, 0.05),
    "Adam": walk(optim.Adam, 0.1),
    "AdamW": walk(optim.AdamW, 0.1, weight_decay=0.5),
    "Adamax": walk(optim.Adamax, 0.1),
    "SparseAdam": walk(optim.SparseAdam, 0.1, sparse=True),
}
figures.descent_paths(height, walks)

# %% [markdown]
# Most of them stop in the local minimum: the slope leads there. Momentum and Nesterov are fast
# enough to roll over the ridge, and end in the deeper valley. That is luck: with a sixth of the
# rate they end in the local one, too. Rprop goes straight and turns sharply. Adam goes too far and
# comes back. AdamW ends off the minimum: its decay pulls towards (0, 0). And SparseAdam goes Adam's
# way, because here every element has a gradient.
#
# No optimizer is the best one. A fair comparison tries several rates for each. Good first choices:
# AdamW with a rate near 0.001, or SGD with momentum 0.9 and a rate near 0.1, with a schedule.

# %% [markdown]
# ## Which parameters, which settings
#
# An optimizer changes the parameters *it was given*, and of these only the ones that have a
# gradient. `.grad` being `None` means: skip. A gradient of 0 is something else.
#
# **Predict 09.p17.** SGD with lr 0.1 and momentum 0.9. w begins at 1. In the first step the
# gradient is 1, so w becomes 0.9. In the second step the gradient is **0**. Where is w now?


# %%
def second_step(gradient):
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    w.grad = torch.tensor(1.0)
    optimizer.step()
    w.grad = gradient
    optimizer.step()
    return w.item()


# %%
guess = ...
predict("09.p17", guess, lambda: second_step(torch.tensor(0.0)))

# %% [markdown]
# With `None`, w stays at 0.9:

# %%
round(second_step(None), 2)

# %% [markdown]
# That is why freezing at once, in the middle of training, needs two lines: `requires_grad = False`,
# *and* `grad = None`. With only the first, the last gradient stays until the next `zero_grad()`,
# and every step before that uses it.
#
# **Predict 09.p18.** An optimizer was made from `model.parameters()`. After that, the last layer is
# replaced: `model[1] = nn.Linear(4, 2)`. Does a training step change the new layer?

# %%
from torch import nn


def trains_the_new_layer():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model[1] = nn.Linear(4, 2)
    before = model[1].weight.detach().clone()
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return not torch.equal(before, model[1].weight)


# %%
guess = ...
predict("09.p18", guess, lambda: trains_the_new_layer())

# %% [markdown]
# So finish the model first, then make the optimizer. `model.to(device)` keeps the parameters on
# the way to a GPU: they stay the same objects, only their data moves. (On the way to `"meta"` they
# become new objects.) But what an optimizer remembers does not move with them, and Adagrad
# remembers something from the start. So move the model first.
#
# **Predict 09.p19.** `params = filter(lambda p: p.requires_grad, model.parameters())` is given to
# an optimizer, and later to `clip_grad_norm_` (it shortens gradients; lesson 10). How many
# parameters does the second one find? The model has 2.


# %%
def second_use():
    model = nn.Linear(3, 4)
    params = filter(lambda p: p.requires_grad, model.parameters())
    torch.optim.SGD(params, lr=0.1)
    return len(list(params))


# %%
guess = ...
predict("09.p19", guess, lambda: second_use())

# %% [markdown]
# **Parameter groups** give parts of a model settings of their own. A setting that a group does not
# name comes from the optimizer's defaults. Weight decay is often left out for biases and for
# the scales of normalisation layers; torch does not do that by itself.

# %%
model = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
groups = [
    {"params": [p for p in model.parameters() if p.dim() > 1]},
    {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0, "lr": 0.01},
]
optimizer = torch.optim.AdamW(groups, lr=0.001, weight_decay=0.1)
[(len(g["params"]), g["lr"], g["weight_decay"]) for g in optimizer.param_groups]

# %% [markdown]
# **Predict 09.p20.** In the middle of training, someone wants a smaller rate and writes
# `optimizer.lr = 0.01`. The optimizer is SGD, made with lr=0.1. w is 1 and its gradient is 1. Where
# is w after the next step?


# %%
def rate_as_attribute():
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([w], lr=0.1)
    optimizer.lr = 0.01
    w.grad = torch.tensor(1.0)
    optimizer.step()
    return w.item()


# %%
guess = ...
predict("09.p20", guess, lambda: rate_as_attribute())

# %% [markdown]
# The learning rate lives in `param_groups`. This changes it:

# %%
for group in optimizer.param_groups:
    group["lr"] = group["lr"] / 10
[group["lr"] for group in optimizer.param_groups]

# %% [markdown]
# A change in `optimizer.state_dict()["param_groups"]` does nothing, because the groups there are
# copies. And always write `lr` yourself: `SGD(parameters)` was an error for years and now quietly
# means 0.001.

# %%
torch.optim.SGD(model.parameters()).param_groups[0]["lr"]

# %% [markdown]
# ## Schedules: changing the rate
#
# Large steps at first, small steps at the end. A **scheduler** holds an optimizer and a counter.
# Each call of `scheduler.step()` moves the counter by one and writes new rates into
# `optimizer.param_groups`. It does not know what a batch is, or an **epoch** (one walk
# through all the training data).

# %%
schedulers = torch.optim.lr_scheduler


def new_optimizer(lr=1.0):
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=lr)


def rates(optimizer, scheduler, steps):
    used = []
    for _ in range(steps):
        used.append(round(optimizer.param_groups[0]["lr"], 6))
        optimizer.step()
        scheduler.step()
    return used


# %%
optimizer = new_optimizer()
rates(optimizer, schedulers.StepLR(optimizer, step_size=2, gamma=0.1), 6)

# %% [markdown]
# The order is: `optimizer.step()`, then `scheduler.step()`. The other way round, the first value of
# the schedule is skipped, and torch warns. To step a schedule after each batch or after each epoch
# is your choice, and the schedule's numbers have to fit it.
#
# **Predict 09.p21.** `StepLR(optimizer, step_size=30, gamma=0.1)` was meant for epochs, but
# `scheduler.step()` stands in the loop over 100 batches. The rate begins at 1. What is it after the
# *first epoch*?


# %%
def after_one_epoch():
    optimizer = new_optimizer()
    scheduler = schedulers.StepLR(optimizer, step_size=30, gamma=0.1)
    rates(optimizer, scheduler, 100)
    return optimizer.param_groups[0]["lr"]


# %%
guess = ...
predict("09.p21", guess, lambda: after_one_epoch())

# %% [markdown]
# `LambdaLR` takes a function of the counter and asks it at every step.
#
# **Predict 09.p22.** The optimizer has `lr=0.01`, and the function returns 0.01 for every step.
# What is the rate?


# %%
def rate_as_factor():
    optimizer = new_optimizer(lr=0.01)
    schedulers.LambdaLR(optimizer, lambda step: 0.01)
    return optimizer.param_groups[0]["lr"]


# %%
guess = ...
predict("09.p22", guess, lambda: rate_as_factor())

# %% [markdown]
# What the function returns is a **factor**: the rate is factor times base rate. The base rate is
# what the optimizer had when its first schedule was made. (A `LambdaLR` made later begins from it,
# too. Most others begin from the rate of that moment.) So a rate that you write into `param_groups`
# is lost when a `LambdaLR` steps. A plain number instead of a function is an error:
# `LambdaLR(optimizer, 0.95)`.
#
# A **warm-up** begins with a small rate and raises it.
#
# **Predict 09.p23.** A warm-up over four steps: `LambdaLR(optimizer, lambda step: step / 4)`, with
# base rate 1. Which rates do the first six steps use? Write a list of six numbers.


# %%
def warmup_rates():
    optimizer = new_optimizer()
    return rates(optimizer, schedulers.LambdaLR(optimizer, lambda step: step / 4), 6)


# %%
guess = ...
predict("09.p23", guess, lambda: warmup_rates())

# %% [markdown]
# The counter is the scheduler's own. It begins at 0, whatever the loop variable is called and
# wherever it begins, and the schedule acts at once, when it is made. Better:
# `lambda step: min((step + 1) / 4, 1)`.
#
# `CosineAnnealingLR` follows half a cosine down to 0.
#
# **Predict 09.p24.** `T_max=4`, base rate 1, and training goes on for longer than that. What is the
# rate after **eight** steps?


# %%
def after_eight():
    optimizer = new_optimizer()
    return rates(optimizer, schedulers.CosineAnnealingLR(optimizer, T_max=4), 9)[8]


# %%
guess = ...
predict("09.p24", guess, lambda: after_eight())

# %% [markdown]
# ## Each schedule by its formula
#
# A schedule can be a formula of the counter t alone. Here each runs for a whole training of 12
# steps, by torch and by hand.

# %%
made = {
    "StepLR": lambda o: schedulers.StepLR(o, 4, gamma=0.5),
    "MultiStepLR": lambda o: schedulers.MultiStepLR(o, [3, 8], gamma=0.5),
    "LambdaLR": lambda o: schedulers.LambdaLR(o, lambda t: 0.95**t),
    "ExponentialLR": lambda o: schedulers.ExponentialLR(o, gamma=0.8),
    "LinearLR": lambda o: schedulers.LinearLR(o, 0.25, 1.0, total_iters=4),
    "CosineAnnealingLR": lambda o: schedulers.CosineAnnealingLR(o, T_max=12),
}

# %%
by_formula = {
    "StepLR": lambda t: 0.5 ** (t // 4),
    "MultiStepLR": lambda t: 0.5 ** ((t >= 3) + (t >= 8)),
    "LambdaLR": lambda t: 0.95**t,
    "ExponentialLR": lambda t: 0.8**t,
    "LinearLR": lambda t: 0.25 + 0.75 * min(t / 4, 1),
    "CosineAnnealingLR": lambda t: (1 + math.cos(math.pi * t / 12)) / 2,
}
sheet = {}
for name, make in made.items():
    optimizer = new_optimizer()
    sheet[name] = rates(optimizer, make(optimizer), 12)
    formula = [by_formula[name](t) for t in range(12)]
    print(f"{name:18}", torch.allclose(torch.tensor(sheet[name]), torch.tensor(formula), atol=2e-6))

# %% [markdown]
# The numbers in `MultiStepLR` are **milestones**: absolute values of the counter, not distances.
#
# **Predict 09.p25.** `scheduler.get_lr()` sounds like the current rate. `MultiStepLR` with
# milestone 2 and gamma 0.1 has just lowered the rate from 1 to 0.1. What does `get_lr()` give?


# %%
def asked_at_the_milestone():
    optimizer = new_optimizer()
    scheduler = schedulers.MultiStepLR(optimizer, [2], gamma=0.1)
    rates(optimizer, scheduler, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scheduler.get_lr()[0]


# %%
guess = ...
predict("09.p25", guess, lambda: asked_at_the_milestone())

# %% [markdown]
# Ask `scheduler.get_last_lr()`, or look into `optimizer.param_groups`.
#
# `OneCycleLR` rises to `max_lr` and falls again, and wants to be stepped after every batch. It
# needs to know the number of all steps, and stops with an error after that.
#
# **Predict 09.p26.** `SGD(..., lr=1.0, momentum=0.9)`, and then
# `OneCycleLR(optimizer, max_lr=1.0, total_steps=13)` is made. No step yet. What is the optimizer's
# *momentum* now?


# %%
def momentum_of_one_cycle():
    w = torch.nn.Parameter(torch.ones(1))  # (1,)
    optimizer = torch.optim.SGD([w], lr=1.0, momentum=0.9)
    schedulers.OneCycleLR(optimizer, max_lr=1.0, total_steps=13)
    return optimizer.param_groups[0]["momentum"]


# %%
guess = ...
predict("09.p26", guess, lambda: momentum_of_one_cycle())

# %% [markdown]
# Its momentum falls while the rate rises, down to 0.85, and rises again. The rate that you gave to
# the optimizer does not count either. `cycle_momentum=False` leaves the momentum alone.
#
# `ChainedScheduler` steps several schedules at once; their factors are multiplied. (Not with
# some, such as `LambdaLR` or `OneCycleLR`: they write the whole rate anew, whatever the others have
# made of it.)


# %%
def chained(optimizer):
    warmup = schedulers.LinearLR(optimizer, 0.25, total_iters=4)
    return schedulers.ChainedScheduler([warmup, schedulers.StepLR(optimizer, 6)])


made["OneCycleLR"] = lambda o: schedulers.OneCycleLR(o, max_lr=1.0, total_steps=13)
made["ChainedScheduler"] = chained

# %%
for name in ("OneCycleLR", "ChainedScheduler"):
    optimizer = new_optimizer()
    sheet[name] = rates(optimizer, made[name](optimizer), 12)
sheet["ChainedScheduler"]

# %% [markdown]
# `SequentialLR` takes several schedules, too, but uses one after the other. `milestones` says in
# which step the next one takes over.
#
# **Predict 09.p27.** The same two schedules, one after the other, with `milestones=[4]`. Which is
# the first step, counted from 0, that uses the rate 0.1?


# %%
def one_after_the_other():
    optimizer = new_optimizer()
    warmup = schedulers.LinearLR(optimizer, 0.25, total_iters=4)
    later = schedulers.StepLR(optimizer, 6)
    sequence = schedulers.SequentialLR(optimizer, [warmup, later], milestones=[4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in torch 2.3 it warns of a thing that it does itself
        return rates(optimizer, sequence, 12)


# %%
guess = ...
predict("09.p27", guess, lambda: one_after_the_other().index(0.1))

# %% [markdown]
# `ReduceLROnPlateau` is different: it watches a number, such as the loss on validation data
# (data that the model does not learn from). When that has not improved for more than `patience`
# epochs, the rate is lowered. So its `step` wants the number: `scheduler.step(loss)`. Without it,
# there is an error. The other schedules want none: most take the loss for the value of their
# counter, and `SequentialLR` and `ChainedScheduler` stop with an error.
#
# **Predict 09.p28.** Someone gives it an *accuracy* that gets better each time: 0.5, 0.6, 0.7, 0.8,
# 0.9. The settings are `patience=1, factor=0.5`, and nothing else. The rate began at 1. What is it
# in the sixth epoch, after these five?


# %%
def watch(optimizer, **settings):
    return schedulers.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, **settings)


def plateau_rates(values, optimizer, scheduler):
    used = []
    for value in values:
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(value)
    return used


# %%
guess = ...


def watches_an_accuracy():
    optimizer = new_optimizer()
    accuracies = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]
    return plateau_rates(accuracies, optimizer, watch(optimizer))[-1]


predict("09.p28", guess, lambda: watches_an_accuracy())

# %% [markdown]
# For a number that should rise, say `mode="max"`.
#
# **Predict 09.p29.** Now a *loss*, with the same settings. It gets better in each of ten epochs:
# from 1, it falls by 0.00001 each time. Is the rate lowered? Write `True` or `False`.

# %%
guess = ...


def falls_by_very_little():
    optimizer = new_optimizer()
    values = [1 - 0.00001 * epoch for epoch in range(10)]
    return plateau_rates(values, optimizer, watch(optimizer))[-1] < 1


predict("09.p29", guess, falls_by_very_little)

# %% [markdown]
# For losses above 0, each smaller number is an improvement only with `threshold=0`. And read what
# patience means: `patience=2` forgives two values in a row that are no better, and acts at the
# third. The early stopping of lesson 10 counts in another way.
#
# The sheet shows the schedules, with a loss that gets stuck for the last one.

# %%
losses = [9, 7, 5, 4, 4, 4, 4, 3, 3, 3, 3, 3]
optimizer = new_optimizer()
sheet["ReduceLROnPlateau"] = plateau_rates(losses, optimizer, watch(optimizer))
figures.schedule_sheet(sheet)

# %% [markdown]
# ## Stop and go on
#
# Optimizer and scheduler have a memory, so each has a `state_dict()`, as a model has. What do you
# need to go on in the middle of a schedule?
#
# **Predict 09.p30.** `StepLR(step_size=2, gamma=0.1)`, base rate 1, has run for four steps: the
# rate is 0.01. A fresh optimizer and a fresh scheduler are made, and the *scheduler's* state is
# loaded. Which rate does the optimizer use?


# %%
def after_loading(load_optimizer):
    optimizer, fresh = new_optimizer(), new_optimizer()
    scheduler = schedulers.StepLR(optimizer, 2, gamma=0.1)
    rates(optimizer, scheduler, 4)
    resumed = schedulers.StepLR(fresh, 2, gamma=0.1)
    resumed.load_state_dict(scheduler.state_dict())
    if load_optimizer:
        fresh.load_state_dict(optimizer.state_dict())
    return round(fresh.param_groups[0]["lr"], 6)


# %%
guess = ...
predict("09.p30", guess, lambda: after_loading(load_optimizer=False))

# %% [markdown]
# Load both, and make both before you load: a new scheduler writes its first rate into the
# optimizer. (`StepLR(optimizer, 2, last_epoch=3)` on a fresh optimizer is not a way: it stops with
# a KeyError.) Now the test that counts: every schedule in the dict `made`, stopped after 5 steps
# and resumed, against the run that was never stopped.


# %%
def resumed_rates(make, first=5, total=12):
    optimizer, fresh = new_optimizer(), new_optimizer()
    scheduler, resumed = make(optimizer), make(fresh)
    begun = rates(optimizer, scheduler, first)
    fresh.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    return begun + rates(fresh, resumed, total - first)


{name: resumed_rates(make) == sheet[name] for name, make in made.items()}

# %% [markdown]
# The same for the schedule that watches a loss:

# %%
optimizer, fresh = new_optimizer(), new_optimizer()
scheduler, resumed = watch(optimizer), watch(fresh)
begun = plateau_rates(losses[:5], optimizer, scheduler)
fresh.load_state_dict(optimizer.state_dict())
resumed.load_state_dict(scheduler.state_dict())
resumed_run = begun + plateau_rates(losses[5:], fresh, resumed)
resumed_run, resumed_run == sheet["ReduceLROnPlateau"]

# %% [markdown]
# What is kept to go on from is called a **checkpoint**. It can also stay in memory:
# `kept = optimizer.state_dict()`.
#
# **Predict 09.p31.** SGD with momentum 0.9; the gradient is always 1. After the first step the
# momentum is 1.0, and the state is kept. One more step makes the momentum 1.9. Which momentum is in
# `kept` then?


# %%
def one_more_step(state):
    w = torch.nn.Parameter(torch.tensor(1.0))
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    w.grad = torch.tensor(1.0)
    optimizer.step()
    kept = state(optimizer)
    optimizer.step()
    return optimizer, kept


def buffer(kept):
    return round(kept["state"][0]["momentum_buffer"].item(), 2)


# %%
guess = ...
predict("09.p31", guess, lambda: buffer(one_more_step(lambda o: o.state_dict())[1]))

# %% [markdown]
# So a checkpoint in memory needs `copy.deepcopy`; one that goes to a file is safe. The same holds
# when it is loaded: the optimizer goes on with the very tensors that it is given. Load a copy, if
# you want to load it twice.

# %%
import copy

optimizer, kept = one_more_step(lambda o: copy.deepcopy(o.state_dict()))
before = buffer(kept)
optimizer.load_state_dict(kept)
optimizer.step()
before, buffer(kept)

# %% [markdown]
# ## Summary
#
# | you have | use |
# |---|---|
# | numbers to predict | `mse_loss`, both shapes equal |
# | one class of several | logits (n, C), int64 labels (n,), `cross_entropy` |
# | a yes-or-no question | one logit, float target of the same shape, `..._with_logits` |
# | a sequence with padding | classes to dimension 1, `ignore_index` |
# | a batch | `zero_grad`, forward, loss, `backward`, `step` |
# | weight decay | AdamW, without biases and normalisation layers |
# | a part to freeze | `requires_grad = False` and `grad = None` |
# | a schedule | a factor by its own counter, after `optimizer.step()` |
# | several schedules | `SequentialLR`: one after the other; `ChainedScheduler`: all at once |
# | a run to resume | the state of model, optimizer and scheduler |

# %% [markdown]
# ## What people get wrong
#
# - "A classifier ends in softmax." Not before `cross_entropy`:
#   [thread](https://github.com/ariecattan/SciCo/issues/2). `log_softmax` is only
#   [work for nothing](https://github.com/Randl/MobileNetV2-pytorch/issues/5).
# - "A model ends in sigmoid." Not before `BCEWithLogitsLoss`:
#   [thread](https://github.com/itakurah/focal-loss-pytorch/pull/5). And `BCELoss` takes no raw
#   scores: [thread](https://github.com/ray-project/ray/issues/17117). If they all happen to lie
#   between 0 and 1, there is no error.
# - "Labels are numbers like any others." For `cross_entropy` they are int64 and (n,):
#   [dtype](https://github.com/pytorch/pytorch/issues/103813),
#   [shape](https://github.com/pytorch/pytorch/issues/3670). For `BCEWithLogitsLoss` they are
#   floats in the shape of the logits:
#   [thread](https://github.com/pytorch/pytorch/issues/1939).
# - "A float target is always an error in `cross_entropy`." In the *shape of the logits* it is
#   accepted: as probabilities. One [unit is not
#   enough](https://github.com/pytorch/pytorch/issues/133833).
# - "Padding is 0, so it is ignored." Say `ignore_index`; and a batch of nothing but padding gives
#   [NaN](https://github.com/pytorch/pytorch/issues/116349).
# - "`view` brings the classes to dimension 1." It mixes them up:
#   [thread](https://github.com/voiler/IMPALA/issues/3).
# - "`nll_loss` takes probabilities." It takes their logarithms:
#   [explained](https://openillumi.com/en/en-pytorch-crossentropy-logits-nllloss-mechanism).
# - "`nn.CrossEntropyLoss(output, target)` is the loss." It only makes one, from settings. The
#   message about a Boolean value does not tell you so. With a single sample there is no error, only
#   a warning.
# - "There is an F1 loss in torch.nn", "torch.nn is a separate package": neither is so.
# - "`backward` updates the parameters", "`zero_grad` sets them to 0": neither does. Gradients
#   become [None](https://github.com/lcswillems/torch-ac/pull/5).
# - "`zero_grad` can stand anywhere": not [between backward and
#   step](https://github.com/tientrandinh/Revisiting-Reverse-Distillation/issues/12). And without
#   it, training [swings](https://github.com/wenet-e2e/wekws/issues/72).
# - "The optimizer changes all parameters of the model." Those it was given, if they have a
#   gradient. A layer that came later is not among them:
#   [thread](https://github.com/microsoft/nni/issues/4521). After `model.to(...)` to a GPU they
#   are [still the same](https://github.com/pytorch/pytorch/issues/7844).
# - "An iterator of parameters can be used twice":
#   [thread](https://github.com/YanaiEliyahu/AdasOptimizer/issues/2).
# - "Adam with `weight_decay` is AdamW": [the change that made
#   AdamW](https://github.com/pytorch/pytorch/pull/21250). "Biases are left out by themselves":
#   [thread](https://github.com/TransformerLensOrg/TransformerLens/issues/460).
# - "`requires_grad = False` freezes at once":
#   [thread](https://github.com/facebookresearch/moco/issues/14).
# - "`from torch.optim import optimizer` is needed." It imports a module that your own variable
#   `optimizer` then hides. `import torch` is enough.
# - "The scheduler goes first." Since torch 1.1 it does not:
#   [thread](https://github.com/michuanhaohao/reid-strong-baseline/issues/190). "Per batch or per
#   epoch is all the same": [thread](https://github.com/sthalles/SimCLR/issues/8).
# - "The function of `LambdaLR` returns the rate": [a paper's
#   code](https://github.com/lhoyer/MIC/issues/60). "Warm-up is step / n": [the first step has rate
#   0](https://github.com/Adit-Jain-srm/NightmareNet/pull/158). "A number will do":
#   [thread](https://github.com/pytorch/pytorch/pull/151973).
# - "`optimizer.lr = ...` changes the rate", "`scheduler.step(loss)` is for every scheduler": the
#   first does nothing, the second sets the counter of most of them to the loss.
# - "`get_lr()` is the current rate": [thread](https://github.com/pytorch/pytorch/issues/31871).
# - "`ReduceLROnPlateau` steps like the others", "and knows that accuracy should rise":
#   [no number](https://github.com/keris2020/hackathon/issues/81),
#   [no mode](https://github.com/md-mohaiminul/ViS4mer/issues/4).
# - "A cosine stays down." It comes back:
#   [thread](https://github.com/pytorch/pytorch/issues/20086). "Milestones are distances":
#   [thread](https://github.com/pytorch/pytorch/issues/20527).
# - "`ChainedScheduler` chains any schedules." `LambdaLR` undoes the others:
#   [thread](https://github.com/pytorch/pytorch/issues/82859).
# - "`last_epoch=k` resumes a schedule": [thread](https://github.com/mozilla/TTS/issues/57).

# %% [markdown]
# ## Further reading
#
# - [`nn.functional`](https://pytorch.org/docs/stable/nn.functional.html): all losses;
#   [`mse_loss`](https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html),
#   [`CrossEntropyLoss`](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html),
#   [`NLLLoss`](https://pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html),
#   [`BCELoss`](https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html),
#   [`BCEWithLogitsLoss`](https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html)
# - [`torch.optim`](https://pytorch.org/docs/stable/optim.html): parameter groups, and how to use
#   schedulers; [`SGD`](https://pytorch.org/docs/stable/generated/torch.optim.SGD.html),
#   [`Adagrad`](https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html),
#   [`RMSprop`](https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html),
#   [`Rprop`](https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html),
#   [`Adam`](https://pytorch.org/docs/stable/generated/torch.optim.Adam.html),
#   [`AdamW`](https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html),
#   [`Adamax`](https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html),
#   [`SparseAdam`](https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html),
#   [`zero_grad`](https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html)
# - schedules:
#   [`StepLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html),
#   [`MultiStepLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html),
#   [`LambdaLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html),
#   [`ExponentialLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html),
#   [`LinearLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html),
#   [`CosineAnnealingLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html),
#   [`OneCycleLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html),
#   [`ChainedScheduler`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html),
#   [`SequentialLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html),
#   [`ReduceLROnPlateau`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html)
