"""**Complaint:** "I train and train. The loss is the same in every epoch, to the last digit." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, seeded

exercise = Exercise(
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


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        model = seeded(rng, lambda: nn.Linear(3, 3))
        yield model, seeded(rng, lambda: loader(7, 3)), epochs


@exercise.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters afterwards": model.state_dict()}


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.right
def cleared_after_the_step(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
    return history


exercise.equivalent(
    "model.train()",
    "pass",
    because="The models arrive in training mode; what the function is asked for does not "
    "depend on who said so.",
)


exercise.equivalent(
    "loss = F.cross_entropy(model(x), y)",
    "loss = F.cross_entropy(model.forward(x), y)",
    because="No hook hangs on this model.",
)


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


exercise.equivalent(
    "losses += [loss.item()] * len(y)",
    "losses = losses + [loss.item()] * len(y)",
    because="The list was made here: nobody else sees that it changes.",
)
