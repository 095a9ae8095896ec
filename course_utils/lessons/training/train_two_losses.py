"""**Complaint:** "Training loss 0.2, validation loss 1.1. I am told it is overfitting, but nothing
helps."
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded

exercise = Exercise(
    "10.17",
    "Clinic: two curves that cannot be compared",
    minutes=8,
    difficulty=2,
    hints=[
        "Write down, for each of the two curves, the formula that its points come from.",
        "The docstring says which loss is meant. What does it expect as labels?",
    ],
)


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        train, valid = seeded(rng, lambda: loader(8, 3)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


@exercise.observe
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


@exercise.mistake(
    "The curves can be compared now, but the script was meant to learn another loss than this one."
)
def squared_everywhere(model, train_loader, valid_loader, epochs):
    losses = (squared, squared, squared)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(
    "You changed the curve and not the training: the gradients still come from the other loss."
)
def only_the_curve(model, train_loader, valid_loader, epochs):
    losses = (squared, F.cross_entropy, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(
    "You take a softmax before the loss. This loss has its own inside, and with two of them the "
    "gradients get much smaller."
)
def with_softmax(model, train_loader, valid_loader, epochs):
    losses = (softmax_first, softmax_first, softmax_first)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.right
def with_one_criterion(model, train_loader, valid_loader, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    curves = ([], [])
    for _ in range(epochs):
        for curve, batches in zip(curves, (train_loader, valid_loader), strict=True):
            learn = batches is train_loader
            model.train(learn)
            total = 0.0
            for x, y in batches:
                with torch.set_grad_enabled(learn):
                    loss = criterion(model(x), y)
                if learn:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item() * len(y)
            curve.append(total / len(batches.dataset))
    return curves


exercise.equivalent(
    "with torch.no_grad():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "with torch.set_grad_enabled(learn):",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)
