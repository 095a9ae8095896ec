"""**Complaint:** "I gave a trained model a new last layer. The loss goes down, but too
slowly."
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, seeded


class Classifier(nn.Module):
    """A body that makes features and a head that makes scores of two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.tanh(self.body(x)))


exercise = Exercise(
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


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        yield seeded(rng, Classifier), seeded(rng, lambda: loader(8, 3)), epochs


@exercise.observe
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


@exercise.mistake("Now the head learns, and the body does not. All of the model was asked for.")
def head_alone(model, train_loader, epochs):
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1, momentum=0.9)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(
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


@exercise.mistake(
    "Your head is a new one in every epoch: what it has learned is thrown away each time."
)
def head_in_every_epoch(model, train_loader, epochs):
    history = []
    for _ in range(epochs):
        model.head = nn.Linear(model.head.in_features, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        history += tune_with(model, optimizer, train_loader, 1)
    return history


@exercise.right
def as_a_second_group(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer.add_param_group({"params": model.head.parameters()})
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
    return history


exercise.equivalent(
    "total += loss.item() * len(y)",
    "total = total + loss.item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += len(y)",
    "samples = samples + len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
