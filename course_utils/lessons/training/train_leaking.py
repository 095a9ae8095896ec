"""**Complaint:** "When I validate twice as often, my model comes out different. I only *look*!" """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import loss_on

exercise = Exercise(
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


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        train, valid = seeded(rng, lambda: loader(8, 4)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


@exercise.observe
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.right
def eval_then_back(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            sums = [F.cross_entropy(model(x), y, reduction="sum").item() for x, y in valid_loader]
        model.train()
        history.append(sum(sums) / len(valid_loader.dataset))
    return history


exercise.equivalent(
    "with torch.no_grad():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "total += F.cross_entropy(model(x), y).item() * len(y)",
    "total = total + F.cross_entropy(model(x), y).item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += len(y)",
    "samples = samples + len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "model.train()",
    "pass",
    because="The models arrive in training mode; what the function is asked for does not "
    "depend on who said so.",
)


exercise.equivalent(
    "with torch.inference_mode():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)
