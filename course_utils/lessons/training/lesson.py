# %% [markdown]
# Five lines train a model, in this course and elsewhere:
#
# ```
# output = model(x)            # 1 forward: from inputs to scores
# loss = loss_fn(output, y)    # 2 loss: one number, smaller is better
# optimizer.zero_grad()        # 3 clear the gradients of the last step
# loss.backward()              # 4 backward: a gradient for each parameter
# optimizer.step()             # 5 step: move the parameters
# ```
#
# PyTorch has no `fit` method that does this for you. That is freedom, and it is the reason for
# this lesson: a loop with a bug in it mostly *runs*. It raises no error. It only learns badly, or
# reports numbers that are not true.

# %% [markdown]
# ## The five lines, once more
#
# Lesson 09 showed what each of these lines changes, and that `zero_grad()` must not stand between
# `backward()` and `step()`. Two questions about what is easily overlooked. Take one weight. It is
# 1, the input is 2 and the target is 8. So the output is 2, and the squared error is 36. After one
# step of SGD the weight is 3.4, and the squared error would be 1.44.

# %%
import torch
from torch import nn

from course_utils import predict

two, eight = torch.tensor([[2.0]]), torch.tensor([[8.0]])  # (1, 1)


def fresh():
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 1.0)
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


# %% [markdown]
# **Predict 10.p1.** The five lines are run once. *After* `optimizer.step()`, what does
# `loss.item()` give?


# %%
def five_lines(model, optimizer):
    loss = nn.functional.mse_loss(model(two), eight)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %%
guess = ...
predict("10.p1", guess, lambda: five_lines(*fresh()))

# %% [markdown]
# **Predict 10.p2.** In a notebook, the cell with `model = ...` is run once more, to begin anew.
# The cell with `optimizer = ...` is not. Then the five lines are run. What is the weight of the
# model?

# %%
guess = ...


def only_the_model_again():
    model, optimizer = fresh()
    model, _ = fresh()  # the cell with the model, run again
    five_lines(model, optimizer)
    return model.weight.item()


predict("10.p2", guess, only_the_model_again)

# %% [markdown]
# Nothing was raised, and nothing is learned. This is the typical bug of this lesson. Run the two
# cells together, or write them as one. (And a loss that you print after the step is still that of
# the model before it.)

# %% [markdown]
# ## A real table
#
# Now real data: four measurements of each penguin, and the question which of three species it is.

# %%
from course_utils import data

columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
table = data.penguins().dropna(subset=columns)
measured = torch.tensor(table[columns].to_numpy(), dtype=torch.float32)  # (342, 4)
species = ["Adelie", "Chinstrap", "Gentoo"]
labels = torch.tensor([species.index(name) for name in table["species"]])  # (342,)
measured.shape, labels.shape, labels.bincount().tolist()

# %% [markdown]
# The table has one species after the other, so the rows are mixed before they are divided. 250
# penguins are for training. The other 92 are for **validation**: the model never learns from them.

# %%
order = torch.randperm(342, generator=torch.Generator().manual_seed(1))  # (342,)
train_rows, valid_rows = order[:250], order[250:]

# %% [markdown]
# Grams are large numbers and bill depths are small ones. We bring every column to mean 0 and
# standard deviation 1. Both are measured on the training rows alone: what the model gets must not
# depend on validation data.

# %%
mean, std = measured[train_rows].mean(dim=0), measured[train_rows].std(dim=0)  # (4,), (4,)
features = (measured - mean) / std  # (342, 4)

# %% [markdown]
# A `DataLoader` gives the batches, as in lesson 06. Training data is shuffled in every epoch.
# Validation data need not be.

# %%
from torch.utils.data import DataLoader, TensorDataset

train_data = TensorDataset(features[train_rows], labels[train_rows])
valid_data = TensorDataset(features[valid_rows], labels[valid_rows])
train_loader = DataLoader(train_data, batch_size=32, shuffle=True)
valid_loader = DataLoader(valid_data, batch_size=32)
len(train_loader), [len(y) for x, y in train_loader]

# %% [markdown]
# 250 samples make seven batches of 32 and a short one of 26. An **epoch** is one walk through all
# of them. The loader can be walked through again and again; it is not used up.

# %% [markdown]
# ## The loop
#
# The five steps, for each batch, in each epoch. The seed makes the start weights and the shuffling
# the same in every run.

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(8):
    for x, y in train_loader:  # (batch, 4), (batch,)
        output = model(x)  # (batch, 3)
        loss = loss_fn(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: loss of the last batch {loss.item():.2f}")

# %% [markdown]
# It learns. But look at what is printed: after the inner loop, `loss` is the loss of the *last
# batch*. It is not "the loss of the epoch". It goes up and down, because another batch is last each
# time.

# %% [markdown]
# ## The mean over an epoch
#
# So the losses have to be collected. Each one is a mean over its batch already. Take three batches
# of 4, 4 and 2 samples, with the mean losses 1, 1 and 5.
#
# **Predict 10.p3.** What is the mean loss over all ten samples?

# %%
guess = ...
losses, sizes = [1.0, 1.0, 5.0], [4, 4, 2]
total = sum(loss * size for loss, size in zip(losses, sizes))
predict("10.p3", guess, lambda: total / sum(sizes))

# %% [markdown]
# Multiply each mean by the size of its batch, add, and divide by the number of samples. The mean
# of the means gives the short batch too much weight. One more detail stands in the loop below:
# `loss.item()`. Without it, `total` would hold the graphs of all batches (lesson 03).


# %%
def train_epoch(model, loader, optimizer):
    model.train()
    total, samples = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        samples += len(y)
    return total / samples


# %%
for epoch in range(8, 12):
    print(f"epoch {epoch}: mean loss {train_epoch(model, train_loader, optimizer):.2f}")

# %% [markdown]
# Now each epoch is lower than the one before. Note that this mean is collected while the model
# changes: the first batch of an epoch met an older model than the last one.
#
# Why count the samples, when `len(loader.dataset)` is there?
#
# **Predict 10.p4.** The dataset has ten samples, and every loss is 1. The loader has
# `batch_size=4, drop_last=True`. Someone divides the total by `len(loader.dataset)`. What is the
# mean loss then?

# %%
guess = ...


def divided_by_the_dataset():
    loader = DataLoader(torch.ones(10), batch_size=4, drop_last=True)
    total = sum(batch.mean().item() * len(batch) for batch in loader)
    return total / len(loader.dataset)


predict("10.p4", guess, divided_by_the_dataset)

# %% [markdown]
# A sampler can do the same: a loader need not show the whole dataset. And `len(loader)` is the
# number of batches. Hits divided by it can make an accuracy above 1. Count what you have seen.

# %% [markdown]
# ## Validation
#
# A model that is only measured is put into eval mode first, with `model.eval()`.
#
# **Predict 10.p5.** After `model.eval()`, does the output still require a gradient? Write `True`
# or `False`.

# %%
import copy

guess = ...
predict("10.p5", guess, lambda: copy.deepcopy(model).eval()(features).requires_grad)

# %% [markdown]
# What `eval()` changes are some of the layers.
#
# **Predict 10.p6.** `Dropout(0.5)` in training mode turns about half of the numbers to 0. What
# does it make of four ones in eval mode? Write a list.

# %%
guess = ...
predict("10.p6", guess, lambda: nn.Dropout(0.5).eval()(torch.ones(4)))

# %% [markdown]
# BatchNorm does something else: in training mode it moves its running mean a tenth of the way
# towards the mean of each batch. And the recording has a switch of its own:
# `with torch.no_grad():` (lesson 03).
#
# **Predict 10.p7.** A fresh BatchNorm has a running mean of 0. One batch with mean 10 goes through
# it inside `no_grad()`, in training mode. What is the running mean then?

# %%
guess = ...


def look_with_no_grad():
    layer = nn.BatchNorm1d(1)
    with torch.no_grad():
        layer(torch.tensor([[9.0], [11.0]]))
    return layer.running_mean.item()


predict("10.p7", guess, look_with_no_grad)

# %% [markdown]
# That is a leak: validation data has taught the model something. (For the same reason
# `requires_grad = False` does not freeze all of a BatchNorm.) And in training mode `BatchNorm1d`
# refuses a batch of one row, because one number has no spread. So validation sets both switches:
#
# | switch | what it changes | what it does not change |
# |---|---|---|
# | `model.eval()` | how Dropout, BatchNorm and some others work | the recording of gradients |
# | `torch.no_grad()` | no graph is recorded: less memory, less time | how these layers work |
#
# It also has to leave the model as the next epoch wants it. `train_epoch` calls `model.train()` at
# its own beginning, so nobody can forget it.


# %%
def evaluate(model, loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in loader:
            output = model(x)  # (batch, classes)
            total += loss_fn(output, y).item() * len(y)
            hits += (output.argmax(dim=1) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


# %%
valid_loss, share = evaluate(model, valid_loader)
round(valid_loss, 1), share > 0.9

# %% [markdown]
# Both halves, training and validation, have to use *the same* loss: a squared error for training
# and a cross-entropy for validation cannot be drawn into one picture.
#
# `torch.inference_mode()` is the stricter switch of lesson 03. It records nothing either, and can
# be a little faster.
#
# **Predict 10.p8.** An output was made in inference mode. Later, outside, it is multiplied by
# a weight that is to be trained, and `backward()` is called. Does that work? Write `"works"` or
# `"error"`. (With `no_grad()` it works.)

# %%
guess = ...


def trained_on_an_output():
    with torch.inference_mode():
        output = nn.Linear(4, 3)(features[:2])  # (2, 3)
    weight = torch.ones(3, requires_grad=True)  # (3,)
    (output * weight).sum().backward()
    return "works"


predict("10.p8", guess, trained_on_an_output)

# %% [markdown]
# A tensor that is made new in it stays marked. So use it where nothing goes on from the output: to
# measure, to predict.
#
# ## On a GPU
#
# The model and each batch have to be on the same **device**. This line takes a GPU where there is
# one that CUDA can use, and runs everywhere:

# %%
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# %% [markdown]
# **Predict 10.p9.** `model.to(device)` and `x.to(device)` stand alone, each on its line. What
# has moved? Write `"the model and x"`, `"the model"`, `"x"` or `"neither"`. (To try it without a
# GPU, the code moves to `"meta"`, a device without data.)

# %%
guess = ...


def moved():
    model, x = nn.Linear(4, 3), torch.ones(2, 4)  # x: (2, 4)
    model.to("meta")
    x.to("meta")
    places = {"the model": model.weight.device, "x": x.device}
    return " and ".join(n for n, place in places.items() if place.type == "meta") or "neither"


predict("10.p9", guess, moved)

# %% [markdown]
# So the model moves once, before the optimizer is made. `train_epoch` and `evaluate` each need a
# line at the beginning of the loop over batches, with `x, y =` in front. Often it is written in one
# and forgotten in the other.

# %%
on_device = copy.deepcopy(model).to(device)
for x, y in valid_loader:
    x, y = x.to(device), y.to(device)  # (batch, 4), (batch,)
    on_device(x)
x.device == on_device[0].weight.device

# %% [markdown]
# The models of this lesson are small and stay on the CPU.

# %% [markdown]
# ## Gradients that are too long
#
# Sometimes one batch has a huge gradient, and one step throws the model far away. **Clipping**
# makes it shorter. The *norm* is the length of all gradients together, as one long vector: the root
# of the sum of all squares. `clip_grad_norm_(parameters, max_norm)` multiplies all of them by one
# factor, so that the norm is at most `max_norm`. The direction stays.
#
# **Predict 10.p10.** Two parameters have the gradients 3 and 4, so the norm is 5. `max_norm` is
# 1. What is the *first* gradient after clipping?


# %%
def two_gradients(max_norm):
    a, b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))  # (1,), (1,)
    a.grad, b.grad = torch.tensor([3.0]), torch.tensor([4.0])  # (1,), (1,)
    norm = nn.utils.clip_grad_norm_([a, b], max_norm)
    return norm.item(), round(a.grad.item(), 2), round(b.grad.item(), 2)


# %%
guess = ...
predict("10.p10", guess, lambda: two_gradients(1.0)[1])

# %%
two_gradients(1.0)[0], two_gradients(10.0)

# %% [markdown]
# It gives back the norm *before* clipping: a good number to log. A short gradient is left alone.
# (`clip_grad_value_` is something else: it cuts each number for itself, so the direction can
# change.)
#
# **Predict 10.p11.** Five lines, and clipping to norm 1. The weight is 1, its gradient is 10, the
# learning rate is 0.1. Somebody clips *after* `optimizer.step()`. What is the weight then?


# %%
def clipped(place):
    w = nn.Parameter(torch.ones(1))  # (1,)
    optimizer = torch.optim.SGD([w], lr=0.1)
    if place == "before backward()":
        nn.utils.clip_grad_norm_([w], max_norm=1.0)
    (10 * w).sum().backward()
    if place == "before step()":
        nn.utils.clip_grad_norm_([w], max_norm=1.0)
    optimizer.step()
    if place == "after step()":
        nn.utils.clip_grad_norm_([w], max_norm=1.0)
    return abs(round(w.item(), 2))


# %%
guess = ...
predict("10.p11", guess, lambda: clipped("after step()"))

# %%
clipped("before step()")

# %% [markdown]
# There is one place: after `backward()`, before `step()`. Before `backward()` there is no gradient
# yet, and no error either. Give it a list or `model.parameters()`, not an iterator that the
# optimizer has used up (lesson 09).

# %% [markdown]
# ## A run, written down
#
# A run also has a learning rate schedule. `StepLR` counts the calls of `scheduler.step()`, so it
# is called once in each epoch, after the training.


# %%
def start():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.1)
    return model, optimizer, scheduler


def rate(optimizer):
    return optimizer.param_groups[0]["lr"]


# %%
model, optimizer, scheduler = start()
train_losses, valid_losses, rates = [], [], []
for _ in range(12):
    rates.append(rate(optimizer))
    train_losses.append(train_epoch(model, train_loader, optimizer))
    valid_losses.append(evaluate(model, valid_loader)[0])
    scheduler.step()

# %%
from course_utils import figures

figures.training_run(train_losses, valid_losses, rates)

# %% [markdown]
# Read such a picture in this order. Does the training loss fall at all? Does the validation loss
# fall with it? Where does it stop falling while the training loss goes on? From there on, the
# model learns its training data by heart. Here the two curves stay together. They are almost flat
# from epoch 4 on: the learning rate is a tenth of what it was, perhaps too early.

# %% [markdown]
# ## Accuracy, and a trap
#
# Accuracy is easy to compute, and easy to get wrong. Some datasets give labels as a column.
#
# **Predict 10.p12.** The predictions are `[1, 1, 0, 1]`. The labels are 1, 1, 0, 0, and come as a
# column of shape (4, 1). What does `(predicted == labels).sum()` give?

# %%
guess = ...
predicted = torch.tensor([1, 1, 0, 1])  # (4,)
column = torch.tensor([[1], [1], [0], [0]])  # (4, 1)
predict("10.p12", guess, lambda: (predicted == column).sum().item())

# %%
(predicted == column.squeeze(1)).float().mean().item()

# %% [markdown]
# Broadcasting compared each prediction with each label. Write `squeeze(1)` with its dimension
# (lesson 02 has both traps). And `mean()` needs floats: of `True` and `False` it raises an error.

# %% [markdown]
# ## torchmetrics
#
# The package torchmetrics has many metrics, tested, in two forms. First, as a **function** of one
# batch.
#
# **Predict 10.p13.** What does `accuracy(predicted, target)` give, with nothing else, for three
# right answers out of four? Write a number, or `'error'`.

# %%
from torchmetrics.functional import accuracy

guess = ...
target = torch.tensor([1, 1, 0, 0])  # (4,)
predict("10.p13", guess, lambda: accuracy(predicted, target))

# %%
accuracy(predicted, target, task="multiclass", num_classes=2).item()

# %% [markdown]
# The second form is an **object** that collects over batches. Three of its methods matter: `update`
# takes a batch, `compute` gives the result so far, `reset` forgets.

# %%
from torchmetrics import Accuracy

metric = Accuracy(task="multiclass", num_classes=2)
metric.update(predicted, target)
metric.compute().item()

# %% [markdown]
# **Predict 10.p14.** Two batches: in the first, the only sample is right. In the second, none of
# three is right. What does `compute()` give after both?

# %%
guess = ...


def two_batches():
    metric = Accuracy(task="multiclass", num_classes=2)
    metric.update(torch.tensor([1]), torch.tensor([1]))
    metric.update(torch.tensor([0, 0, 0]), torch.tensor([1, 1, 1]))
    return metric.compute().item()


predict("10.p14", guess, two_batches)

# %% [markdown]
# The samples are pooled, so unequal batches are no problem.
#
# **Predict 10.p15.** In epoch 0, two of four samples are right. In epoch 1, four of four. Nobody
# calls `reset()`. What does `compute()` give at the end of epoch 1?

# %%
guess = ...


def without_reset():
    metric = Accuracy(task="multiclass", num_classes=2)
    metric.update(torch.tensor([1, 1, 1, 1]), torch.tensor([1, 1, 0, 0]))
    metric.compute()
    metric.update(torch.tensor([1, 1, 1, 1]), torch.tensor([1, 1, 1, 1]))
    return metric.compute().item()


predict("10.p15", guess, without_reset)

# %% [markdown]
# `compute()` does not know what an epoch is. It pools all that came since the last `reset()`.
#
# One more surprise: there are two classes for the same metric, and they average differently.
# `Accuracy(task="multiclass")` counts samples. `MulticlassAccuracy` takes the mean over classes. (A
# metric can also be called, like a function: that is an `update`, and gives the value of this one
# batch.)
#
# **Predict 10.p16.** Three samples of class 0 and one of class 1; the model always says 0. What
# does `MulticlassAccuracy(num_classes=2)` say?

# %%
from torchmetrics.classification import MulticlassAccuracy

guess = ...
always_zero, truth = torch.tensor([0, 0, 0, 0]), torch.tensor([0, 0, 0, 1])  # (4,), (4,)
by_class = MulticlassAccuracy(num_classes=2)
predict("10.p16", guess, lambda: by_class(always_zero, truth).item())

# %%
MulticlassAccuracy(num_classes=2, average="micro")(always_zero, truth).item()

# %% [markdown]
# Both are useful; say which one you mean, with `average="micro"` (it counts samples) or
# `average="macro"` (the mean over classes).

# %% [markdown]
# ## Real digits
#
# The same functions train on pictures, 28 by 28 pixels each. We make them floats between 0 and 1,
# and keep a part of the *training* set for validation. The test set waits until the end.

# %%
images, digits = data.digits(train=True)  # (1442, 28, 28), (1442,)
order = torch.randperm(1442, generator=torch.Generator().manual_seed(2))  # (1442,)
pixels, digits = images[order].float() / 255, digits[order]  # (1442, 28, 28), (1442,)
digit_train = DataLoader(TensorDataset(pixels[:1200], digits[:1200]), batch_size=50, shuffle=True)
digit_valid = DataLoader(TensorDataset(pixels[1200:], digits[1200:]), batch_size=100)

# %%
torch.manual_seed(3)
net = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
net_optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

# %% [markdown]
# Before you train, look at the first loss. A model that knows nothing about ten classes has a loss
# of log(10), which is 2.3 (lesson 09).

# %%
round(evaluate(net, digit_valid)[0], 1)

# %% [markdown]
# The untrained model is where it should be. If a first loss is much higher, look for a mistake in
# the labels, the scale of the inputs, or the last layer.

# %% [markdown]
# ## TensorBoard: write
#
# TensorBoard is a program that draws curves while a model trains. The `SummaryWriter` writes
# points to a file in a folder. Each point has a name, a value and a step.

# %%
import tempfile

from torch.utils.tensorboard import SummaryWriter

folder = tempfile.TemporaryDirectory()
writer = SummaryWriter(log_dir=folder.name)

# %% [markdown]
# ## A progress bar
#
# Training takes time, and `tqdm` shows how far it is. Put it around anything that can be looped
# over. By default it writes times and speeds, which are different in every run. The format below
# leaves them out, and the bar is written to the normal output, so this notebook looks the same
# each time.

# %%
import sys

from tqdm import tqdm


def progress(epochs):
    form = "{bar:20} epoch {n_fmt} of {total_fmt}"
    return tqdm(
        range(epochs), file=sys.stdout, ascii=" #", bar_format=form, mininterval=0, miniters=1
    )


# %% [markdown]
# In a program that you start and wait for, `for epoch in tqdm(range(5))` is all you need. Now the
# run, with everything together.

# %%
metric = MulticlassAccuracy(num_classes=10, average="micro")
for epoch in progress(5):
    train_loss = train_epoch(net, digit_train, net_optimizer)
    valid_loss, _ = evaluate(net, digit_valid)
    metric.reset()
    with torch.no_grad():
        for x, y in digit_valid:
            metric.update(net(x), y)
    writer.add_scalar("loss/train", train_loss, epoch)
    writer.add_scalar("loss/valid", valid_loss, epoch)
    writer.add_scalar("accuracy/valid", metric.compute(), epoch)
writer.close()

# %% [markdown]
# In each epoch, `reset` stands before the first `update`.
#
# **Predict 10.p17.** Nothing in this cell says `eval()`. What is `net.training` while the metric
# is measured? Write `True` or `False`.

# %%
guess = ...


def mode_of_the_metric():
    model = nn.Linear(4, 3)
    train_epoch(model, train_loader, torch.optim.SGD(model.parameters(), lr=0.1))
    evaluate(model, valid_loader)
    return model.training


predict("10.p17", guess, mode_of_the_metric)

# %% [markdown]
# ## TensorBoard: look and read back
#
# To look at the curves in JupyterLab, run these two lines in a cell of their own. They are not run
# here, because they start a server:
#
# ```
# %load_ext tensorboard
# %tensorboard --logdir runs
# ```
#
# A `SummaryWriter()` without arguments makes a folder in `runs` for itself. Or open a terminal
# (File, New, Terminal), start `tensorboard --logdir runs`, and open the address that it prints in
# a browser. Keep one sub-folder for each run: TensorBoard draws them in one picture, with one
# colour each. (The run above is in a temporary folder, not in `runs`: there you will not find it.)
#
# The same file can be read by a program. That is how you compare runs without looking at pictures.

# %%
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

log = EventAccumulator(folder.name).Reload()
points = log.Scalars("loss/train")
log.Tags()["scalars"], [point.step for point in points]

# %%
points[0].value > 2 * points[-1].value, log.Scalars("accuracy/valid")[-1].value > 0.9

# %% [markdown]
# **Predict 10.p18.** Somebody writes `add_scalar("loss", loss, epoch)` *inside* the loop over the
# batches. There are 2 epochs of 3 batches. How many points does the file hold for step 0?

# %%
guess = ...


def points_at_step_zero():
    with tempfile.TemporaryDirectory() as other:
        with SummaryWriter(log_dir=other) as writer:
            for epoch in range(2):
                for loss in (3.0, 2.0, 1.0):
                    writer.add_scalar("loss", loss, epoch)
        points = EventAccumulator(other).Reload().Scalars("loss")
    return sum(point.step == 0 for point in points)


predict("10.p18", guess, points_at_step_zero)

# %% [markdown]
# TensorBoard draws them as a vertical line. Use the epoch as the step for numbers of an epoch, and
# a counter that never goes back for numbers of a batch.

# %% [markdown]
# ## Which digits are mixed up?
#
# Accuracy is one number. A **confusion matrix** has a row for each true class and a column for each
# predicted one. Only now, at the end, do we use the test set.

# %%
from torchmetrics.functional.classification import multiclass_confusion_matrix

test_images, test_digits = data.digits(train=False)  # (355, 28, 28), (355,)
with torch.no_grad():
    scores = net.eval()(test_images.float() / 255)  # (355, 10)
matrix = multiclass_confusion_matrix(scores, test_digits, num_classes=10)  # (10, 10)
matrix.sum().item(), (matrix.diag().sum() / matrix.sum()).item() > 0.9

# %%
figures.confusion(matrix, [str(digit) for digit in range(10)])

# %% [markdown]
# A frame marks a mistake. This model knows the zeros, and it has trouble with the eights: five of
# them were taken for ones. Next you would look at those five pictures; lesson 07 does that.

# %%
folder.cleanup()

# %% [markdown]
# ## Checkpoints
#
# Training can take days, and computers stop. A **checkpoint** is a file with everything that the
# next epoch needs. What does it need?
#
# | part | why |
# |---|---|
# | the model's state dict | parameters and buffers |
# | the optimizer's state dict | momentum, Adam's averages, the learning rate |
# | the scheduler's state dict | how often it has been called |
# | the number of the epoch | where to go on |
# | the state of the random generator | shuffling and Dropout draw from it |
#
# To *use* a model, its state dict and its code are enough.


# %%
def save(path, model, optimizer, scheduler, epoch):
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
            "random state": torch.get_rng_state(),
        },
        path,
    )


# %%
def run(model, optimizer, scheduler, epochs, path=None):
    losses = []
    for epoch in epochs:
        losses.append(train_epoch(model, train_loader, optimizer))
        scheduler.step()
        if path is not None and epoch == 3:
            save(path, model, optimizer, scheduler, epoch)
    return losses


# %% [markdown]
# The first run goes through all twelve epochs and saves a checkpoint after epoch 3.

# %%
from pathlib import Path

place = tempfile.TemporaryDirectory()
path = Path(place.name) / "checkpoint.pt"
whole = run(*start(), range(12), path)
sorted(torch.load(path, weights_only=True))

# %% [markdown]
# The second run begins like a program that was started again: fresh objects, which then take over
# what was saved.

# %%
checkpoint = torch.load(path, weights_only=True)
model, optimizer, scheduler = start()
model.load_state_dict(checkpoint["model"])
optimizer.load_state_dict(checkpoint["optimizer"])
scheduler.load_state_dict(checkpoint["scheduler"])
torch.set_rng_state(checkpoint["random state"])
resumed = run(model, optimizer, scheduler, range(checkpoint["epoch"] + 1, 12))
resumed == whole[4:]

# %% [markdown]
# Not "nearly": every loss of the eight epochs is the same number, to the last bit.
#
# **Predict 10.p19.** A third run loads the parameters alone. The optimizer, the schedule and the
# random state begin anew. Are its losses equal to those of the whole run? Write `True` or `False`.

# %%
guess = ...
model, optimizer, scheduler = start()
model.load_state_dict(checkpoint["model"])
careless = run(model, optimizer, scheduler, range(4, 12))
predict("10.p19", guess, lambda: careless == whole[4:])

# %% [markdown]
# A checkpoint that is *kept in memory*, such as the best one so far, needs one thing more. The
# tensors in a state dict share the model's memory, and training goes on writing to it.

# %%
kept, copied = model.state_dict(), copy.deepcopy(model.state_dict())
train_epoch(model, train_loader, optimizer)
same = [torch.equal(state["0.weight"], model[0].weight) for state in (kept, copied)]
same

# %% [markdown]
# Back to the three runs. The careless one has lost its momentum and begins again with the first
# learning rate. Here it even comes out lower. But it is another run than the one that was planned,
# and nothing warned about it.

# %%
figures.resumed_run(whole, resumed, careless)

# %% [markdown]
# ## Loading can run code
#
# `torch.save` uses Python's pickle format, and a pickle can hold calls of any function. Here is a
# harmless one. A bad one could delete your files.


# %%
class Trick:
    def __reduce__(self):
        return print, ("this line was run while the file was loaded",)


trick_path = Path(place.name) / "trick.pt"
torch.save({"weight": torch.ones(2), "extra": Trick()}, trick_path)
loaded = torch.load(trick_path, weights_only=False)

# %% [markdown]
# With `weights_only=True`, tensors, ints, floats, strings, and dicts, lists and tuples of them are
# built. So is a short list of other types, which is longer in later versions. A call like this one
# is refused.

# %%
try:
    torch.load(trick_path, weights_only=True)
except Exception as error:
    print(type(error).__name__)

# %% [markdown]
# The lanes of this course are two sets of packages. They differ here:
#
# | lane | torch | `torch.load(path)` without the argument |
# |---|---|---|
# | `torchtext` | 2.3.1 | loads everything, **runs code from the file**, and does not warn |
# | `latest` | 2.15 | loads as with `weights_only=True` |
#
# So write `weights_only=True` every time: then both lanes load the checkpoint above, and both
# refuse the trick. It is no full protection: before torch 2.6, a file made by `torch.jit.save`,
# which is a whole program, is loaded all the same. Use `weights_only=False` only for files that you
# have made yourself. That is also why a state dict is saved and not the model: with
# `weights_only=True`, a whole model is refused.
#
# **Predict 10.p20.** A checkpoint holds the best accuracy as a NumPy number. It is loaded with
# `weights_only=True`. What does `loaded["best"]` give? Write a number, or `'error'`.

# %%
import io

import numpy

guess = ...


def load_numpy_number():
    file = io.BytesIO()
    torch.save({"best": numpy.float64(0.5)}, file)
    file.seek(0)
    return torch.load(file, weights_only=True)["best"]


predict("10.p20", guess, load_numpy_number)

# %% [markdown]
# A plain `float(best)` is loaded everywhere. (torch 2.3.1 also refuses the state dict of a
# `MultiStepLR`, because its milestones are a `Counter`.) Now the folder can go.

# %%
place.cleanup()

# %% [markdown]
# ## The same run again
#
# A seed sets the random generator to a known place.
#
# **Predict 10.p21.** After `torch.manual_seed(0)`, `torch.rand(2)` is called twice. Do both calls
# give the same numbers? Write `True` or `False`.

# %%
guess = ...


def draw_twice():
    torch.manual_seed(0)
    return torch.equal(torch.rand(2), torch.rand(2))


predict("10.p21", guess, draw_twice)

# %% [markdown]
# From that place it goes on. On the CPU, start weights, Dropout and shuffling all draw from this
# one generator. (So does each walk through a loader, also without shuffling. Each GPU has a
# generator of its own: see `torch.cuda.get_rng_state_all`.) So a model with one more layer also
# sees its data in another order:


# %%
def first_shuffle(layers):
    torch.manual_seed(0)
    nn.Sequential(*[nn.Linear(2, 2) for _ in range(layers)])  # draws its start weights
    return torch.randperm(6).tolist()


first_shuffle(1) == first_shuffle(2), first_shuffle(2) == first_shuffle(2)

# %% [markdown]
# To compare two models on the same order of data, give the loader a generator of its own. Its state
# then belongs in the checkpoint as well. If your transforms use `random` or NumPy, seed those
# too: they have generators of their own.


# %%
def first_batch(layers):
    torch.manual_seed(0)
    nn.Sequential(*[nn.Linear(2, 2) for _ in range(layers)])
    own = torch.Generator().manual_seed(4)
    loader = DataLoader(torch.arange(6), batch_size=6, shuffle=True, generator=own)
    return next(iter(loader)).tolist()


first_batch(1) == first_batch(2)

# %% [markdown]
# ## Early stopping
#
# When the validation loss has not become better for some epochs, more training seldom helps. The
# number of epochs one is ready to wait is the **patience**.
#
# **Predict 10.p22.** These are the validation losses, and the patience is 2. After which epoch,
# counted from 0, does the training stop?
#
# `[0.9, 0.7, 0.8, 0.6, 0.65, 0.62, 0.5]`


# %%
def stops_after(losses, patience):
    best, bad = float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, bad = loss, 0
        else:
            bad += 1
        if bad == patience:
            return epoch
    return None


# %%
guess = ...
predict("10.p22", guess, lambda: stops_after([0.9, 0.7, 0.8, 0.6, 0.65, 0.62, 0.5], 2))

# %% [markdown]
# `ReduceLROnPlateau` counts in another way: its patience of 2 forgives two, and acts at the third.
# Say which one you mean. In a loop, keep a copy of the best state as well, and load it at the end.
# You write such a class in exercise 10.8.

# %% [markdown]
# ## A loop that runs and is wrong
#
# When a model does not learn, do not change the learning rate first. Look, in this order:
#
# | look at | if it is wrong, suspect |
# |---|---|
# | one batch: shapes, dtypes, a label next to its picture | data, transforms |
# | the first loss: about log(number of classes)? | last layer, labels, scale of the inputs |
# | a parameter before and after one step | place of `zero_grad`, parameters of the optimizer |
# | `.grad` before the step: None, zero, huge? | frozen or unused layers, missing `zero_grad` |
# | the norm that `clip_grad_norm_` gives back | its place, an iterator that is used up |
# | `model.training` in both halves | `train()` and `eval()` |
# | can it learn *one* batch by heart? | the loss, the model |
# | the learning rate of each epoch | a scheduler that is called too often |
# | the metric on five samples, by hand | shapes, missing `reset`, unequal batches |
#
# The line with *one* batch is the strongest. With a model that is large enough, a loop without a
# bug can learn a single batch by heart:

# %%
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
batch = [(features[train_rows[:32]], labels[train_rows[:32]])]
for _ in range(100):
    loss = train_epoch(model, batch, optimizer)
loss < 0.05

# %% [markdown]
# And the line with a parameter before and after a step, as three lines of code:

# %%
before = copy.deepcopy(model.state_dict())
train_epoch(model, batch, optimizer)
[name for name, value in model.state_dict().items() if torch.equal(value, before[name])]

# %% [markdown]
# An empty list: every parameter has moved. A parameter whose name is in such a list did not
# move in this step: ask why. The exercises of this lesson end with a clinic of ten such loops.

# %% [markdown]
# ## Summary
#
# | idea | in one line |
# |---|---|
# | the five steps | forward, loss, `zero_grad`, `backward`, `step`; each does one thing |
# | loss of an epoch | sum of loss * batch size, divided by the number of samples; with `.item()` |
# | `train()`, `eval()` | how layers behave; set at the beginning of each half |
# | `no_grad()` | no recording; a second, independent switch; `inference_mode()` is stricter |
# | device | `model.to(device)` once, `x = x.to(device)` for each batch, in both halves |
# | clipping | between `backward()` and `step()`; one norm for all gradients |
# | metric object | `update` for each batch, `compute` at the end, `reset` before the next epoch |
# | TensorBoard | `add_scalar(name, value, step)`; the epoch or a counter that never goes back |
# | checkpoint | model, optimizer, scheduler, epoch, random state |
# | `torch.load` | always with `weights_only=True` |
# | seed | fixes the sequence, not each draw; one generator on the CPU, unless you give another |

# %% [markdown]
# ## What people get wrong
#
# - "`no_grad()` is enough for validation." BatchNorm goes on learning:
#   [thread](https://github.com/princeton-vl/pytorch_stacked_hourglass/issues/44).
# - "`model.train()` once, before the loop." After the first validation the model stays in eval
#   mode: [thread](https://github.com/fartashf/vsepp/issues/4).
# - "The mean of the batches' means is the mean." Only for equal batches:
#   [thread](https://github.com/catalyst-team/catalyst/issues/799). Dividing the sum of means by the
#   number of samples is wrong as well: it is too small, by a factor of about the size of a batch.
# - "`total += loss` adds numbers." It keeps graphs:
#   [thread](https://github.com/google/brax/pull/152).
# - "`(predicted == y).sum()` counts hits." Not with (4,) and (4, 1):
#   [thread](https://github.com/935963004/LaBraM/issues/15).
# - "`Accuracy()` and `accuracy(predicted, target)`." `task=` has been needed since torchmetrics
#   0.11: [thread](https://github.com/rasbt/machine-learning-book/issues/128).
# - "Accuracy is accuracy." The two classes average differently:
#   [thread](https://github.com/Lightning-AI/torchmetrics/issues/2320).
# - "`compute()` is the mean over the batches." It pools all samples since the last `reset()`.
# - "`len(loader.dataset)` samples were seen", "hits / `len(loader)` is the accuracy." A loader may
#   show fewer, and its length counts batches:
#   [thread](https://github.com/sotte/pytorch_tutorial/issues/10).
# - "Clipping can stand anywhere." Only between `backward()` and `step()`:
#   [thread](https://github.com/awslabs/graphstorm/issues/1366).
# - "`x.to(device)` moves x." It gives back the moved one; only a module moves itself.
# - "`add_scalar('Loss', loss, epoch)` in the batch loop." Many points at one step:
#   [thread](https://github.com/mworchel/svbrdf-estimation/issues/27).
# - "`torch.load` loads whatever I saved." Not with `weights_only=True`, the default since
#   torch 2.6: [thread](https://github.com/speechbrain/speechbrain/issues/2856).
# - "With a seed, every `torch.rand` is the same." A seed fixes the sequence:
#   [thread](https://github.com/pytorch/pytorch/issues/18119).
# - "With a seed, the order of the data is the same in every experiment." One more layer changes
#   it: [thread](https://github.com/pytorch/pytorch/issues/7068).
# - "The model's state dict is enough to resume."
#   [A report from users](https://github.com/xiaofeng94/GMFlowNet/issues/7).
# - "`loss.item()` after the step is the new loss." It is that of the model before the step.
# - "The model is made anew, so training begins anew." The optimizer still holds the old parameters.
# - "`range(epochs + 1)`, to be safe." One epoch too many.
# - "`batch_loss = 0.0` before the loop collects the loss." Only if something is added to it.
# - "One-hot floats and a squared error for training, int64 labels and cross-entropy for
#   validation." These are two different losses, and the curves cannot be compared.
# - "`squeeze()` removes the column." With a last batch of one sample it removes both dimensions.
# - "Only the training batch has to go to the device." The validation batch too.
# - "`eval()` uses all nodes." That is Dropout; BatchNorm changes as well.
# - From lesson 09, in the clinic: a head replaced after the optimizer was made
#   ([thread](https://github.com/pytorch/pytorch/issues/14467)), parameters from an iterator that
#   is used up ([thread](https://github.com/YanaiEliyahu/AdasOptimizer/issues/2)), a scheduler
#   that is called for each batch ([thread](https://github.com/sthalles/SimCLR/issues/8)).

# %% [markdown]
# ## Further reading
#
# - the tutorial [Optimizing model
#   parameters](https://pytorch.org/tutorials/beginner/basics/optimization_tutorial.html)
# - [`torch.optim`](https://pytorch.org/docs/stable/optim.html),
#   [`Optimizer.zero_grad`](https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html),
#   [`StepLR`](https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html),
#   [`Tensor.backward`](https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html)
# - [`Module.train`, `Module.eval`](https://pytorch.org/docs/stable/generated/torch.nn.Module.html),
#   [`torch.no_grad`](https://pytorch.org/docs/stable/generated/torch.no_grad.html),
#   [`inference_mode`](https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html),
#   [`clip_grad_norm_`](https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html),
#   [`BatchNorm1d`](https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html),
#   [`Dropout`](https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html)
# - [`DataLoader`](https://pytorch.org/docs/stable/data.html),
#   [`CrossEntropyLoss`](https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html)
# - torchmetrics:
#   [accuracy](https://lightning.ai/docs/torchmetrics/stable/classification/accuracy.html),
#   [confusion
#   matrix](https://lightning.ai/docs/torchmetrics/stable/classification/confusion_matrix.html)
# - [`SummaryWriter`](https://pytorch.org/docs/stable/tensorboard.html) and
#   [TensorBoard in notebooks](https://www.tensorflow.org/tensorboard/tensorboard_in_notebooks)
# - [tqdm](https://tqdm.github.io/)
# - [saving and loading](https://pytorch.org/tutorials/beginner/saving_loading_models.html),
#   [`torch.save`](https://pytorch.org/docs/stable/generated/torch.save.html),
#   [`torch.load`](https://pytorch.org/docs/stable/generated/torch.load.html),
#   [`weights_only`](https://pytorch.org/docs/stable/notes/serialization.html)
# - [reproducibility](https://pytorch.org/docs/stable/notes/randomness.html),
#   [`torch.manual_seed`](https://pytorch.org/docs/stable/generated/torch.manual_seed.html)
