"""**Complaint:** "My loss curve jumps up and down, although the model gets better and better." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded

exercise = Exercise(
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


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        yield seeded(rng, normed_net), seeded(rng, lambda: loader(8, 3)), epochs


@exercise.observe
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


@exercise.mistake("You collect now, but a sum over batches grows with the size of the data.")
def sum_of_batches(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() for loss, _ in batches) for batches in runs]


@exercise.mistake(
    "You divide by the number of batches. The two samples of the last batch then count as much "
    "as three of another."
)
def mean_over_batches(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() for loss, _ in batches) / len(batches) for batches in runs]


@exercise.mistake(
    "Your numbers are too small, by about the size of a batch. Each loss is a mean already when "
    "you divide by the number of samples."
)
def means_over_samples(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [
        sum(loss.item() for loss, _ in batches) / sum(n for _, n in batches) for batches in runs
    ]


@exercise.mistake(
    "The values are right, but they are tensors: each one keeps the graphs of a whole epoch."
)
def collects_tensors(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss * n for loss, n in batches) / sum(n for _, n in batches) for batches in runs]


@exercise.right
def with_sums(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        epoch_loss = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            losses = F.cross_entropy(model(x), y, reduction="none")
            losses.mean().backward()
            optimizer.step()
            epoch_loss += losses.sum().item()
        history.append(epoch_loss / len(train_loader.dataset))
    return history


exercise.equivalent(
    "model.train()",
    "pass",
    because="The models arrive in training mode; what the function is asked for does not "
    "depend on who said so.",
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
