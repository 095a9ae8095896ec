"""The debug clinic of notebook 10: training scripts that run and are wrong.

Each patient is a starter with one planted bug, and its own first mistake: its sentence is shown
before anything was tried, so it tells the symptom and not the cause. A mended version is judged
by what it does. The bugs come from real programs and lecture notes; the lesson links to the
threads.
"""

import copy
import random

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from ..exercise import Exercise


def seeded(rng: random.Random, make):
    """What make() builds, with torch's random numbers fixed by rng and left alone outside."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return make()


class SmallNet(nn.Sequential):
    """Shown by its name in messages: how layers are printed differs between versions of torch."""

    def __repr__(self) -> str:
        return "SmallNet()"


def normed_net() -> nn.Module:
    """From 3 features to 3 scores; its BatchNorm shows in which mode the model was run."""
    return SmallNet(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))


def loader(samples: int, batch_size: int, *, column: bool = False) -> DataLoader:
    """Batches of random features (batch, 3) and labels (batch,) or (batch, 1), always in order."""
    x, y = torch.randn(samples, 3), torch.randint(0, 3, (samples,))
    return DataLoader(TensorDataset(x, y[:, None] if column else y), batch_size=batch_size)


# 10.12 ------------------------------------------------------------------------------------

standstill = Exercise(
    "10.12",
    "Clinic: the loss that does not move",
    minutes=6,
    difficulty=1,
    hints=[
        "Print a weight before and after the first step. Then print its .grad just before "
        "optimizer.step().",
        "For each of the five steps: what does it need from the step before it?",
    ],
)


@standstill.starter
@standstill.mistake(
    "Still ill: the parameters after training are those from before it. Which line should "
    "have moved them?"
)
def train_flat(model, train_loader, epochs):
    """Train with SGD and cross-entropy. Returns the mean loss over the samples of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.zero_grad()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@standstill.reference
def train_flat(model, train_loader, epochs):
    """Train with SGD and cross-entropy. Returns the mean loss over the samples of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@standstill.cases
def _(rng):
    for epochs in (2, 3):
        model = seeded(rng, lambda: nn.Linear(3, 3))
        yield model, seeded(rng, lambda: loader(7, 3)), epochs


@standstill.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters afterwards": model.state_dict()}


@standstill.mistake(
    "It moves now, and in the wrong way: each gradient is added to all gradients before it."
)
def no_zero_grad_at_all(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@standstill.mistake(
    "Clearing once for each epoch lets the gradients of all its batches add up. How often is "
    "there a step?"
)
def zero_grad_once_an_epoch(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@standstill.mistake(
    "Your optimizer steps before the gradient of this batch exists, so it uses the gradient of "
    "the batch before."
)
def one_batch_behind(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.step()
            optimizer.zero_grad()
            loss.backward()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


# 10.13 ------------------------------------------------------------------------------------

jumping = Exercise(
    "10.13",
    "Clinic: the loss curve that jumps",
    minutes=6,
    difficulty=1,
    hints=[
        "What does the variable hold when an epoch is over? Print it after each batch.",
        "To collect needs +=, and something to divide by at the end.",
        "The last batch is shorter. How much should its mean count?",
    ],
)


@jumping.starter
@jumping.mistake(
    "Still ill: the numbers of your curve are not means over all samples of an epoch. Whose "
    "are they?"
)
def train_jumping(model, train_loader, epochs):
    """Train with SGD and cross-entropy. Returns the mean loss over the samples of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        batch_loss = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            batch_loss = loss.item()
        history.append(batch_loss)
    return history


@jumping.reference
def train_jumping(model, train_loader, epochs):
    """Train with SGD and cross-entropy. Returns the mean loss over the samples of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@jumping.cases
def _(rng):
    for epochs in (2, 3):
        yield seeded(rng, normed_net), seeded(rng, lambda: loader(8, 3)), epochs


@jumping.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters afterwards": model.state_dict()}


def batches_of_each_epoch(model, train_loader, epochs):
    """For each epoch the list of (loss, samples) of its batches, with the training done right."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    for _ in range(epochs):
        batches = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            batches.append((loss, len(y)))
        yield batches


@jumping.mistake("You collect now, but a sum over batches grows with the size of the data.")
def sum_of_batches(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() for loss, _ in batches) for batches in runs]


@jumping.mistake(
    "You divide by the number of batches. The two samples of the last batch then count as much "
    "as three of another."
)
def mean_over_batches(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() for loss, _ in batches) / len(batches) for batches in runs]


@jumping.mistake(
    "Your numbers are too small, by about the size of a batch. Each loss is a mean already when "
    "you divide by the number of samples."
)
def means_over_samples(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [
        sum(loss.item() for loss, _ in batches) / sum(n for _, n in batches) for batches in runs
    ]


@jumping.mistake(
    "The values are right, but they are tensors: each one keeps the graphs of a whole epoch."
)
def collects_tensors(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss * n for loss, n in batches) / sum(n for _, n in batches) for batches in runs]


# 10.14 ------------------------------------------------------------------------------------

leaking = Exercise(
    "10.14",
    "Clinic: validation that teaches the model",
    minutes=8,
    difficulty=2,
    hints=[
        "Print model[1].running_mean before and after the validation part.",
        "Which of the two switches is set here, and which one is not?",
        "A switch that is set for validation has to be set back for training.",
    ],
)


@leaking.starter
@leaking.mistake(
    "Still ill: the model comes out different when there is other validation data. What in "
    "it differs?"
)
def train_leaking(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy; returns the validation loss after each epoch.

    Validation data must not change the model. At the end the model may be in training mode or in
    eval mode, as you like.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
                samples += len(y)
        history.append(total / samples)
    return history


@leaking.reference
def train_leaking(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy; returns the validation loss after each epoch.

    Validation data must not change the model. At the end the model may be in training mode or in
    eval mode, as you like.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
                samples += len(y)
        history.append(total / samples)
    return history


@leaking.cases
def _(rng):
    for epochs in (2, 3):
        train, valid = seeded(rng, lambda: loader(8, 4)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


@leaking.observe
def _(answer, model, train_loader, valid_loader, epochs):
    history = answer(model, train_loader, valid_loader, epochs)
    return {
        "validation loss of each epoch": history,
        "parameters and buffers afterwards": model.state_dict(),
    }


def train_one_epoch(model, optimizer, train_loader):
    """The training half of an epoch, in the mode the model is in."""
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def loss_on(model, valid_loader) -> float:
    """The mean loss over samples, in the mode the model is in."""
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            total += F.cross_entropy(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


@leaking.mistake(
    "Now the model is in eval mode during training as well, and BatchNorm learns from nobody."
)
def always_eval(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.eval()
    for _ in range(epochs):
        train_one_epoch(model, optimizer, train_loader)
        history.append(loss_on(model, valid_loader))
    return history


@leaking.mistake(
    "The first epoch is cured. After that the model stays in eval mode, through all the training "
    "that follows."
)
def eval_for_ever(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        train_one_epoch(model, optimizer, train_loader)
        model.eval()
        history.append(loss_on(model, valid_loader))
    return history


@leaking.mistake(
    "The loss you report is measured in eval mode, but the buffers show that the model has seen "
    "the validation data in training mode once more."
)
def looks_twice(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        train_one_epoch(model, optimizer, train_loader)
        model.eval()
        history.append(loss_on(model, valid_loader))
        model.train()
        loss_on(model, valid_loader)
    return history


# 10.15 ------------------------------------------------------------------------------------

first_epoch_only = Exercise(
    "10.15",
    "Clinic: only the first epoch trains as it should",
    minutes=8,
    difficulty=2,
    hints=[
        "Print model.training at the beginning of every epoch.",
        "A mode stays until somebody changes it.",
    ],
)


@first_epoch_only.starter
@first_epoch_only.mistake(
    "Still ill: the first epoch is as it should be, the second is not. What did the first "
    "one leave behind?"
)
def train_once_only(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy in training mode; validate after each epoch in eval mode.

    Returns the mean training loss over the samples of each epoch.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)

        model.eval()
        hits, samples = 0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                hits += (model(x).argmax(dim=1) == y).sum().item()
                samples += len(y)
        print(f"validation accuracy {hits / samples:.2f}")
    return history


@first_epoch_only.reference
def train_once_only(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy in training mode; validate after each epoch in eval mode.

    Returns the mean training loss over the samples of each epoch.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)

        model.eval()
        hits, samples = 0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                hits += (model(x).argmax(dim=1) == y).sum().item()
                samples += len(y)
        print(f"validation accuracy {hits / samples:.2f}")
    return history


@first_epoch_only.cases
def _(rng):
    for epochs in (3, 2):
        train, valid = seeded(rng, lambda: loader(8, 4)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


@first_epoch_only.observe
def _(answer, model, train_loader, valid_loader, epochs):
    modes, order = {"training": set(), "validation": set()}, []
    known = {tuple(row) for row in train_loader.dataset.tensors[0].tolist()}

    def note(module, inputs):
        data = "training" if tuple(inputs[0][0].tolist()) in known else "validation"
        modes[data].add(module.training)
        if order[-1:] != [data]:
            order.append(data)

    handle = model.register_forward_pre_hook(note)
    history = answer(model, train_loader, valid_loader, epochs)
    handle.remove()
    return {
        "training loss of each epoch": history,
        "data that the model was run on": order,
        "model.training on training data": sorted(modes["training"]),
        "model.training on validation data": sorted(modes["validation"]),
        "parameters and buffers afterwards": model.state_dict(),
    }


def trained_loss(model, optimizer, train_loader) -> float:
    """One epoch of training in the mode the model is in; its mean loss over samples."""
    total, samples = 0.0, 0
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        samples += len(y)
    return total / samples


@first_epoch_only.mistake(
    "You took the eval mode away altogether. Now BatchNorm learns from the validation data."
)
def never_evaluates(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        history.append(trained_loss(model, optimizer, train_loader))
        loss_on(model, valid_loader)
    return history


@first_epoch_only.mistake(
    "You switch back too early: the mode changes again before the validation data is looked at."
)
def back_too_early(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        history.append(trained_loss(model, optimizer, train_loader))
        model.eval()
        with torch.no_grad():
            for batch, (x, _) in enumerate(valid_loader):
                if batch == 1:
                    model.train()
                model(x)
        model.train()
    return history


@first_epoch_only.mistake(
    "You left the validation out. That heals the training, but nobody can see how it goes."
)
def no_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return [trained_loss(model, optimizer, train_loader) for _ in range(epochs)]


# 10.16 ------------------------------------------------------------------------------------

too_good = Exercise(
    "10.16",
    "Clinic: more than 100 percent right",
    minutes=8,
    difficulty=2,
    hints=[
        "Print both shapes around the ==, and the shape of what comes out.",
        "These labels come as a column, (batch, 1). Where in the script does that matter, and "
        "where has it been taken care of?",
    ],
)


@too_good.starter
@too_good.mistake(
    "Still ill: the loss is right and the accuracy is not. Count the comparisons that are "
    "made for one batch."
)
def measure_too_good(model, valid_loader):
    """The loss and the accuracy on a validation set, as two floats. Labels are (batch, 1)."""
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)  # (batch, classes)
            total += F.cross_entropy(logits, y.squeeze(1), reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


@too_good.reference
def measure_too_good(model, valid_loader):
    """The loss and the accuracy on a validation set, as two floats. Labels are (batch, 1)."""
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            y = y.squeeze(1)  # (batch,)
            logits = model(x)  # (batch, classes)
            total += F.cross_entropy(logits, y, reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


@too_good.cases
def _(rng):
    x, y = torch.eye(2)[[0, 1, 0]], torch.tensor([[0], [1], [1]])
    yield nn.Identity(), DataLoader(TensorDataset(x, y), batch_size=3)  # two of three are right
    for samples in (9, 10):  # the last batch of the first of these has one sample
        batches = seeded(rng, lambda n=samples: loader(n, 4, column=True))
        yield seeded(rng, normed_net), batches


@too_good.observe
def _(answer, model, valid_loader):
    loss, accuracy = answer(model, valid_loader)
    return {"loss": loss, "accuracy": accuracy}


@too_good.mistake(
    "The number is possible now, but it is still a mean over all pairs of a prediction and a label."
)
def mean_of_the_square(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0.0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)
            total += F.cross_entropy(logits, y.squeeze(1), reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).float().mean().item() * len(y)
            samples += len(y)
    return total / samples, hits / samples


@too_good.mistake(
    "squeeze() without a dimension takes every dimension of size 1 away. The last batch has one "
    "sample: what is left of its labels?"
)
def squeezes_everything(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            y = y.squeeze()
            logits = model(x)
            total += F.cross_entropy(logits, y, reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


@too_good.mistake(
    "You cut the symptom off at 1. The number below it is as wrong as the number above it was."
)
def cut_at_one(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)
            total += F.cross_entropy(logits, y.squeeze(1), reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).sum().item()
            samples += len(y)
    return total / samples, min(1.0, hits / samples)


# 10.17 ------------------------------------------------------------------------------------

two_losses = Exercise(
    "10.17",
    "Clinic: two curves that cannot be compared",
    minutes=8,
    difficulty=2,
    hints=[
        "Write down, for each of the two curves, the formula that its points come from.",
        "The docstring says which loss is meant. What does it expect as labels?",
    ],
)


@two_losses.starter
@two_losses.mistake(
    "Still ill: the validation loss and the training loss do not measure the same thing."
)
def train_two_losses(model, train_loader, valid_loader, epochs):
    """Train with SGD; cross-entropy is the loss of training and of validation.

    Returns (train, valid): two lists with the mean over the samples of each epoch.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train, valid = [], []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            loss = F.mse_loss(model(x), F.one_hot(y, 3).float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        train.append(total / len(train_loader.dataset))

        model.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
        valid.append(total / len(valid_loader.dataset))
    return train, valid


@two_losses.reference
def train_two_losses(model, train_loader, valid_loader, epochs):
    """Train with SGD; cross-entropy is the loss of training and of validation.

    Returns (train, valid): two lists with the mean over the samples of each epoch.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train, valid = [], []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        train.append(total / len(train_loader.dataset))

        model.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
        valid.append(total / len(valid_loader.dataset))
    return train, valid


@two_losses.cases
def _(rng):
    for epochs in (2, 3):
        train, valid = seeded(rng, lambda: loader(8, 3)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


@two_losses.observe
def _(answer, model, train_loader, valid_loader, epochs):
    train, valid = answer(model, train_loader, valid_loader, epochs)
    return {
        "training loss of each epoch": train,
        "validation loss of each epoch": valid,
        "parameters and buffers afterwards": model.state_dict(),
    }


def train_with(model, train_loader, valid_loader, epochs, learn, show_train, show_valid):
    """The loop with three losses: what is learned from, and what the two curves show."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train, valid = [], []
    for _ in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_loader:
            output = model(x)
            optimizer.zero_grad()
            learn(output, y).backward()
            optimizer.step()
            total += show_train(output, y).item() * len(y)
        train.append(total / len(train_loader.dataset))
        model.eval()
        with torch.no_grad():
            total = sum(show_valid(model(x), y).item() * len(y) for x, y in valid_loader)
        valid.append(total / len(valid_loader.dataset))
    return train, valid


def squared(output, y):
    return F.mse_loss(output, F.one_hot(y, 3).float())


def softmax_first(output, y):
    return F.cross_entropy(output.softmax(dim=1), y)


@two_losses.mistake(
    "The curves can be compared now, but the script was meant to learn another loss than this one."
)
def squared_everywhere(model, train_loader, valid_loader, epochs):
    losses = (squared, squared, squared)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@two_losses.mistake(
    "You changed the curve and not the training: the gradients still come from the other loss."
)
def only_the_curve(model, train_loader, valid_loader, epochs):
    losses = (squared, F.cross_entropy, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@two_losses.mistake(
    "You take a softmax before the loss. This loss has its own inside, and with two of them the "
    "gradients get much smaller."
)
def with_softmax(model, train_loader, valid_loader, epochs):
    losses = (softmax_first, softmax_first, softmax_first)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


# 10.18 ------------------------------------------------------------------------------------

new_head = Exercise(
    "10.18",
    "Clinic: the new head that learns nothing",
    minutes=8,
    difficulty=2,
    hints=[
        "Compare model.head.weight before and after the training.",
        "Which parameters does the optimizer hold? It was given them at one moment, and the "
        "model was changed at another.",
    ],
)


class Classifier(nn.Module):
    """A body that makes features and a head that makes scores of two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.body(x)))


@new_head.starter
@new_head.mistake(
    "Still ill: one layer is exactly as it was when it was made. Which one, and why that one?"
)
def fine_tune(model, train_loader, epochs):
    """Give the model a new head for three classes and train all of it: body and head.

    model: has layers model.body and model.head. Optimizer: one SGD with lr 0.1, momentum 0.9.
    Returns the mean loss over the samples of each epoch.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.head = nn.Linear(model.head.in_features, 3)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@new_head.reference
def fine_tune(model, train_loader, epochs):
    """Give the model a new head for three classes and train all of it: body and head.

    model: has layers model.body and model.head. Optimizer: one SGD with lr 0.1, momentum 0.9.
    Returns the mean loss over the samples of each epoch.
    """
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@new_head.cases
def _(rng):
    for epochs in (2, 3):
        yield seeded(rng, Classifier), seeded(rng, lambda: loader(8, 3)), epochs


@new_head.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters afterwards": model.state_dict()}


def tune_with(model, optimizer, train_loader, epochs):
    """The training part, with an optimizer made elsewhere."""
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@new_head.mistake("Now the head learns, and the body does not. All of the model was asked for.")
def head_alone(model, train_loader, epochs):
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1, momentum=0.9)
    return tune_with(model, optimizer, train_loader, epochs)


@new_head.mistake(
    "You make a new optimizer in every epoch. It finds the head, but it forgets its momentum "
    "each time."
)
def optimizer_in_every_epoch(model, train_loader, epochs):
    model.head = nn.Linear(model.head.in_features, 3)
    history = []
    for _ in range(epochs):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        history += tune_with(model, optimizer, train_loader, 1)
    return history


@new_head.mistake(
    "Your head is a new one in every epoch: what it has learned is thrown away each time."
)
def head_in_every_epoch(model, train_loader, epochs):
    history = []
    for _ in range(epochs):
        model.head = nn.Linear(model.head.in_features, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        history += tune_with(model, optimizer, train_loader, 1)
    return history


# 10.19 ------------------------------------------------------------------------------------

clipping = Exercise(
    "10.19",
    "Clinic: gradient clipping that clips nothing",
    minutes=8,
    difficulty=2,
    hints=[
        "Print len(list(params)) twice in a row, just before the loop.",
        "filter() gives an iterator: the one who walks through it first gets everything.",
        "A list can be walked through as often as you like.",
    ],
)


@clipping.starter
@clipping.mistake(
    "Still ill: the steps are longer than the limit allows. How many gradients were made shorter?"
)
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD; the norm of all gradients together is at most 0.1.

    Some parameters of the model have requires_grad False and stay as they are.
    Returns the mean loss over the samples of each epoch.
    """
    params = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@clipping.reference
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD; the norm of all gradients together is at most 0.1.

    Some parameters of the model have requires_grad False and stay as they are.
    Returns the mean loss over the samples of each epoch.
    """
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@clipping.cases
def _(rng):
    for epochs in (2, 3):
        model = seeded(rng, normed_net)
        model[3].bias.requires_grad_(False)
        yield model, seeded(rng, lambda: loader(8, 4)), epochs
    # Gradients that are shorter than the limit from the beginning.
    model = seeded(rng, lambda: SmallNet(nn.Linear(3, 3)))
    model[0].bias.requires_grad_(False)
    x, y = seeded(rng, lambda: (torch.randn(8, 3) / 30, torch.randint(0, 3, (8,))))
    yield model, DataLoader(TensorDataset(x, y), batch_size=4), 2


@clipping.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters and buffers afterwards": model.state_dict()}


def train_with_clip(model, train_loader, epochs, before_backward, before_step, after_step):
    """The loop, with something done to the parameters at one of three places."""
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            before_backward(params)
            loss.backward()
            before_step(params)
            optimizer.step()
            after_step(params)
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


def nothing(params):
    pass


@clipping.mistake(
    "You clip each number of the gradient for itself. The norm of all of them together can still "
    "be larger, and the direction changes."
)
def clips_each_number(model, train_loader, epochs):
    def clip(params):
        nn.utils.clip_grad_value_(params, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@clipping.mistake(
    "You clip one parameter after the other. The limit is for all gradients together."
)
def clips_each_parameter(model, train_loader, epochs):
    def clip(params):
        for parameter in params:
            nn.utils.clip_grad_norm_(parameter, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@clipping.mistake(
    "You clip the parameters themselves. What should be short is the step, not the weights."
)
def clips_the_weights(model, train_loader, epochs):
    def clip(params):
        with torch.no_grad():
            for parameter in params:
                parameter.clamp_(-0.1, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, nothing, clip)


# 10.20 ------------------------------------------------------------------------------------

too_fast = Exercise(
    "10.20",
    "Clinic: the learning rate that is gone after one epoch",
    minutes=8,
    difficulty=2,
    hints=[
        "Print the learning rate at the beginning of each epoch.",
        "A scheduler counts the calls of its own step(). How many are there in one epoch?",
    ],
)


@too_fast.starter
@too_fast.mistake(
    "Still ill: look at the learning rates, epoch by epoch. Where does each halving come from?"
)
def train_fading(model, train_loader, epochs):
    """Train with SGD; the learning rate starts at 0.1 and is halved after every second epoch.

    Returns (losses, rates): the mean loss over the samples of each epoch, and the learning rate
    that its first batch was trained with.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(y)
            samples += len(y)
        losses.append(total / samples)
    return losses, rates


@too_fast.reference
def train_fading(model, train_loader, epochs):
    """Train with SGD; the learning rate starts at 0.1 and is halved after every second epoch.

    Returns (losses, rates): the mean loss over the samples of each epoch, and the learning rate
    that its first batch was trained with.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        losses.append(total / samples)
        scheduler.step()
    return losses, rates


@too_fast.cases
def _(rng):
    for epochs in (5, 3):
        yield seeded(rng, normed_net), seeded(rng, lambda: loader(8, 3)), epochs


@too_fast.observe
def _(answer, model, train_loader, epochs):
    losses, rates = answer(model, train_loader, epochs)
    return {
        "learning rate of each epoch": rates,
        "loss of each epoch": losses,
        "parameters and buffers afterwards": model.state_dict(),
    }


def train_with_schedule(model, train_loader, epochs, make, first=False, once=True):
    """The loop with a schedule of one's own; first: the scheduler steps before the epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = make(optimizer)
    losses, rates = [], []
    for _ in range(epochs):
        if not once:
            scheduler = make(optimizer)
        if first:
            scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
        losses.append(trained_loss(model, optimizer, train_loader))
        if not first:
            scheduler.step()
    return losses, rates


def every_second(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


@too_fast.mistake(
    "Once an epoch is right. But yours steps before the epoch is trained, so every change comes "
    "one epoch too early."
)
def steps_first(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, first=True)


@too_fast.mistake(
    "The rate never falls. A scheduler counts the calls of its own step(): one that is not called "
    "stays at 0, and one that is new in each epoch never gets to two."
)
def new_scheduler_each_epoch(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, once=False)


@too_fast.mistake(
    "Yours is halved after every epoch. The number of batches in an epoch and the number of "
    "epochs between two changes got mixed up."
)
def after_every_epoch(model, train_loader, epochs):
    return train_with_schedule(
        model,
        train_loader,
        epochs,
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5),
    )


# 10.21 ------------------------------------------------------------------------------------

last_for_best = Exercise(
    "10.21",
    "Clinic: the best model is always the last one",
    minutes=10,
    difficulty=2,
    hints=[
        "Print the saved weight right after it was saved, and once more at the end.",
        "Whose memory do the tensors in a state dict use?",
        "A dict can be copied in two ways. One of them copies the tensors as well.",
    ],
)


@last_for_best.starter
@last_for_best.mistake(
    "Still ill: the epoch is right, and the state is not the one of that epoch. When did it change?"
)
def train_keep_best(model, train_loader, valid_loader, epochs):
    """Train with SGD and squared error; keep the state with the lowest validation loss.

    Returns (epoch, state): its number, counted from 0, and the state dict the model had then.
    The model itself stays as the last epoch left it.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    best_loss, best_epoch, best_state = float("inf"), None, None
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses = [F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader]
        if sum(losses) < best_loss:
            best_loss, best_epoch = sum(losses), epoch
            best_state = model.state_dict()
    return best_epoch, best_state


@last_for_best.reference
def train_keep_best(model, train_loader, valid_loader, epochs):
    """Train with SGD and squared error; keep the state with the lowest validation loss.

    Returns (epoch, state): its number, counted from 0, and the state dict the model had then.
    The model itself stays as the last epoch left it.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    best_loss, best_epoch, best_state = float("inf"), None, None
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses = [F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader]
        if sum(losses) < best_loss:
            best_loss, best_epoch = sum(losses), epoch
            best_state = copy.deepcopy(model.state_dict())
    return best_epoch, best_state


def one_weight() -> nn.Module:
    """A model with a single weight, 0 at the beginning."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    return model


def constant_loader(target: float) -> DataLoader:
    """Four samples with x = 1 and y = target."""
    x, y = torch.ones(4, 1), torch.full((4, 1), target)
    return DataLoader(TensorDataset(x, y), batch_size=2)


@last_for_best.cases
def _(rng):
    # The weight goes from 0 towards the target of the training data and passes that of the
    # validation data on its way.
    for target in (1.0, 2.0):
        yield one_weight(), constant_loader(3.0), constant_loader(target), 8
    end = rng.randint(20, 90) / 10
    part = rng.randint(40, 80) / 100
    yield one_weight(), constant_loader(end), constant_loader(end * part), 8


@last_for_best.observe
def _(answer, model, train_loader, valid_loader, epochs):
    epoch, state = answer(model, train_loader, valid_loader, epochs)
    return {"best epoch": epoch, "state": state, "parameters afterwards": model.state_dict()}


def weights_and_losses(model, train_loader, valid_loader, epochs):
    """After each epoch of the training, done right: a copy of the state, the validation loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader)
        history.append((copy.deepcopy(model.state_dict()), loss))
    return history


@last_for_best.mistake(
    "Both the epoch and the state are those of the end: something that should be remembered for "
    "the next comparison is not."
)
def forgets_the_best_loss(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    return len(history) - 1, history[-1][0]


@last_for_best.mistake(
    "You keep the epoch with the highest loss. What is better, more loss or less?"
)
def keeps_the_worst(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    worst = max(range(epochs), key=lambda epoch: history[epoch][1])
    return worst, history[worst][0]


@last_for_best.mistake(
    "The state is kept at the beginning of the epoch. The loss that made it the best was measured "
    "at its end."
)
def one_epoch_early(model, train_loader, valid_loader, epochs):
    before = copy.deepcopy(model.state_dict())
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = min(range(epochs), key=lambda epoch: history[epoch][1])
    return best, history[best - 1][0] if best else before


@last_for_best.mistake(
    "You load the best state back into the model. It was asked for as a result; the model itself "
    "is to stay as the last epoch left it."
)
def loads_it_back(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = min(range(epochs), key=lambda epoch: history[epoch][1])
    model.load_state_dict(history[best][0])
    return best, history[best][0]
