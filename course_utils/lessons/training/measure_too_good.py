"""**Complaint:** "My accuracy is 1.25." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded

exercise = Exercise(
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


@exercise.starter
@exercise.mistake(
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


@exercise.reference
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


@exercise.cases
def _(rng):
    x, y = torch.eye(2)[[0, 1, 0]], torch.tensor([[0], [1], [1]])
    yield nn.Identity(), DataLoader(TensorDataset(x, y), batch_size=3)  # two of three are right
    for samples in (9, 10):  # the last batch of the first of these has one sample
        batches = seeded(rng, lambda n=samples: loader(n, 4, column=True))
        yield seeded(rng, normed_net), batches


@exercise.observe
def _(answer, model, valid_loader):
    loss, accuracy = answer(model, valid_loader)
    return {"loss": loss, "accuracy": accuracy}


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.mistake(
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


@exercise.right
def predictions_as_a_column(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)
            total += F.cross_entropy(logits, y[:, 0]).item() * len(y)
            hits += (logits.argmax(dim=1, keepdim=True) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


exercise.equivalent(
    "with torch.no_grad():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "total += F.cross_entropy(logits, y, reduction='sum').item()",
    "total = total + F.cross_entropy(logits, y, reduction='sum').item()",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "hits += (logits.argmax(dim=1) == y).sum().item()",
    "hits = hits + (logits.argmax(dim=1) == y).sum().item()",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += len(y)",
    "samples = samples + len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "total += F.cross_entropy(logits, y[:, 0]).item() * len(y)",
    "total = total + F.cross_entropy(logits, y[:, 0]).item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "hits += (logits.argmax(dim=1, keepdim=True) == y).sum().item()",
    "hits = hits + (logits.argmax(dim=1, keepdim=True) == y).sum().item()",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
