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
    """The loss and the accuracy on a validation set, as two floats, in eval mode.

    Labels are (batch, 1). Both are means over the samples that the loader gives; it may leave out
    samples of its dataset.
    """
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
    """The loss and the accuracy on a validation set, as two floats, in eval mode.

    Labels are (batch, 1). Both are means over the samples that the loader gives; it may leave out
    samples of its dataset.
    """
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
    for samples, left_out in ((9, 0), (10, 3)):  # the last batch of the first has one sample
        sizes = {"column": True, "left_out": left_out}
        yield seeded(rng, normed_net), seeded(rng, lambda n=samples, s=sizes: loader(n, 4, **s))


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
    "squeeze() without a dimension takes every dimension of size 1 away. Where the last batch "
    "has one sample, what is left of its labels?"
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


def measured(model, valid_loader, *, mode=False):
    """Loss, hits and size of each batch, with the shapes as they should be."""
    model.train(mode)
    with torch.no_grad():
        for x, y in valid_loader:
            y = y[:, 0]
            logits = model(x)
            hits = (logits.argmax(dim=1) == y).sum().item()
            yield F.cross_entropy(logits, y).item(), hits, len(y)


@exercise.mistake(same_as=mean_of_the_square)
def divides_by_all_pairs(model, valid_loader):
    model.eval()
    total, hits, samples, pairs = 0.0, 0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)
            total += F.cross_entropy(logits, y.squeeze(1), reduction="sum").item()
            hits += (logits.argmax(dim=1) == y).sum().item()
            samples += len(y)
            pairs += len(y) ** 2
    return total / samples, hits / pairs


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, valid_loader):
    size = len(valid_loader.dataset)
    batches = list(measured(model, valid_loader))
    return sum(a * n for a, _, n in batches) / size, sum(h for _, h, _ in batches) / size


@exercise.mistake(same_as=divides_by_the_dataset)
def hits_by_the_dataset(model, valid_loader):
    batches = list(measured(model, valid_loader))
    loss = sum(a * n for a, _, n in batches) / sum(n for _, _, n in batches)
    return loss, sum(h for _, h, _ in batches) / len(valid_loader.dataset)


@exercise.mistake(
    "Your accuracy is hits for each batch, not for each sample. What does `len` of a loader count?"
)
def hits_by_the_loader(model, valid_loader):
    batches = list(measured(model, valid_loader))
    loss = sum(a * n for a, _, n in batches) / sum(n for _, _, n in batches)
    return loss, sum(h for _, h, _ in batches) / len(valid_loader)


@exercise.mistake(
    "Your accuracy is a mean of the batches' accuracies: the samples of a short last batch count "
    "too much."
)
def mean_of_accuracies(model, valid_loader):
    batches = list(measured(model, valid_loader))
    loss = sum(a * n for a, _, n in batches) / sum(n for _, _, n in batches)
    return loss, sum(h / n for _, h, n in batches) / len(batches)


@exercise.mistake(
    "Your loss is too small, by about the size of a batch: each is a mean already, and then you "
    "divide by the number of samples."
)
def divides_the_loss_twice(model, valid_loader):
    batches = list(measured(model, valid_loader))
    samples = sum(n for _, _, n in batches)
    return sum(a for a, _, _ in batches) / samples, sum(h for _, h, _ in batches) / samples


@exercise.mistake(
    "You look for the best sample of each class. The question is which class is best for each "
    "sample."
)
def argmax_over_the_batch(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            y = y.squeeze(1)
            logits = model(x)
            total += F.cross_entropy(logits, y, reduction="sum").item()
            hits += (logits.argmax(dim=0) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


@exercise.mistake("You measure in training mode. What do BatchNorm and Dropout do there?")
def in_training_mode(model, valid_loader):
    batches = list(measured(model, valid_loader, mode=True))
    samples = sum(n for _, _, n in batches)
    return sum(a * n for a, _, n in batches) / samples, sum(h for _, h, _ in batches) / samples


@exercise.mistake("Two numbers were asked for, the loss and the accuracy. How many come back?")
def accuracy_alone(model, valid_loader):
    batches = list(measured(model, valid_loader))
    return sum(h for _, h, _ in batches) / sum(n for _, _, n in batches)


@exercise.mistake("An accuracy is a share between 0 and 1. Yours is in percent.")
def in_percent(model, valid_loader):
    batches = list(measured(model, valid_loader))
    samples = sum(n for _, _, n in batches)
    loss = sum(a * n for a, _, n in batches) / samples
    return loss, 100 * sum(h for _, h, _ in batches) / samples


@exercise.mistake("The numbers are right, but they are tensors. Floats were asked for.")
def gives_tensors(model, valid_loader):
    batches = list(measured(model, valid_loader))
    samples = sum(n for _, _, n in batches)
    loss = sum(a * n for a, _, n in batches) / samples
    return torch.tensor(loss), torch.tensor(sum(h for _, h, _ in batches) / samples)


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
