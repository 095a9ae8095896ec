"""**Complaint:** "I gave a trained model a new last layer. The loss goes down, but too
slowly."
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import copy

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, seeded
from course_utils.lessons.training.loops import over_batches, over_dataset, trained_history
from course_utils.lessons.training.optimizers import optimizers_that_step, what_they_hold


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
    train_loader: may leave out samples of its dataset. Returns the mean loss of each epoch over
    the samples that it gave.
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
    train_loader: may leave out samples of its dataset. Returns the mean loss of each epoch over
    the samples that it gave.
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
    for epochs, left_out in ((2, 0), (3, 2)):
        train = seeded(rng, lambda n=left_out: loader(8, 3, left_out=n))
        yield seeded(rng, Classifier), train, epochs


@exercise.observe
def _(answer, model, train_loader, epochs):
    with optimizers_that_step() as stepped:
        history = answer(model, train_loader, epochs)
    return {
        "loss of each epoch": history,
        "parameters afterwards": model.state_dict(),
        **what_they_hold(stepped, model),
    }


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


def with_new_head(model, *, bias=True):
    model.head = nn.Linear(model.head.in_features, 3, bias=bias)


@exercise.mistake(
    "The docstring asks for one optimizer, with its rate and its momentum for the whole model. "
    "Which rate and which momentum has your head, and which your body?"
)
def head_without_momentum(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.body.parameters(), lr=0.1, momentum=0.9)
    with_new_head(model)
    optimizer.add_param_group({"params": model.head.parameters(), "momentum": 0.0})
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(same_as=head_without_momentum)
def body_ten_times_slower(model, train_loader, epochs):
    with_new_head(model)
    groups = [{"params": model.body.parameters(), "lr": 0.01}, {"params": model.head.parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(same_as=head_without_momentum)
def momentum_lost(model, train_loader, epochs):
    with_new_head(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "The new head learns now, with another optimizer than the docstring asks for. Was the "
    "optimizer ill?"
)
def with_adam(model, train_loader, epochs):
    with_new_head(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(same_as=with_adam)
def with_small_adam(model, train_loader, epochs):
    with_new_head(model)
    optimizer = torch.optim.Adam(model.parameters())
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "A part of the new head does not learn: a linear layer has two parameters. Which of them does "
    "the optimizer hold?"
)
def weight_of_the_head_only(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    with_new_head(model)
    optimizer.add_param_group({"params": [model.head.weight]})
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake("Your new head lacks a parameter that the script gave it.")
def head_without_bias(model, train_loader, epochs):
    with_new_head(model, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "The head that the model has is made for two classes. For how many is the new one to be?"
)
def no_new_head(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return tune_with(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "What has learned is a copy. The caller's model is to get the head, and to learn."
)
def trains_a_copy(model, train_loader, epochs):
    return fine_tune(copy.deepcopy(model), train_loader, epochs)


@exercise.mistake(same_as=trains_a_copy)
def trains_a_copy_with_the_head(model, train_loader, epochs):
    with_new_head(model)
    twin = copy.deepcopy(model)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9)
    return tune_with(twin, optimizer, train_loader, epochs)


@exercise.mistake(
    "The training is right. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, epochs):
    with_new_head(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return trained_history(model, optimizer, train_loader, epochs, over_batches)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, epochs):
    with_new_head(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return trained_history(model, optimizer, train_loader, epochs, over_dataset)


@exercise.right
def as_a_second_group(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer.add_param_group({"params": model.head.parameters()})
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
