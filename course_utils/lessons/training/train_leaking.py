"""**Complaint:** "When I validate twice as often, my model comes out different. I only *look*!" """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import copy

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import loss_on, over_batches, over_dataset

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
    may_change=["model.training"],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the model comes out different when there is other validation data. What in "
    "it differs?"
)
def train_leaking(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy; returns the validation loss after each epoch.

    Validation data must not change the model. At the end the model may be in training mode or in
    eval mode, as you like. The loaders may leave out samples of their datasets: a loss is the mean
    over those that they give.
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
    eval mode, as you like. The loaders may leave out samples of their datasets: a loss is the mean
    over those that they give.
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
    for epochs, left_out, training in ((2, 0, True), (3, 2, False)):
        train = seeded(rng, lambda n=left_out: loader(8, 4, left_out=n))
        valid = seeded(rng, lambda n=left_out: loader(5, 3, left_out=n))
        yield seeded(rng, normed_net).train(training), train, valid, epochs


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
    "Now the model is in eval mode during training as well, and the running means of BatchNorm "
    "stand still."
)
def always_eval(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.eval()
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


def validated(model, train_loader, valid_loader, epochs, measure):
    """Training as it should be; measure() gives the number of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        train_one_epoch(model, optimizer, train_loader)
        history.append(measure(model, valid_loader))
    return history


def batches_in_eval(model, valid_loader):
    """The loss and the size of each batch, in eval mode."""
    model.eval()
    with torch.no_grad():
        return [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in valid_loader]


@exercise.mistake(
    "The model is as it should be afterwards, but the loss is one of training mode. What do "
    "Dropout and BatchNorm do there?"
)
def measures_a_copy_in_training_mode(model, train_loader, valid_loader, epochs):
    def measure(model, valid_loader):
        return loss_on(copy.deepcopy(model), valid_loader)

    return validated(model, train_loader, valid_loader, epochs, measure)


@exercise.mistake(
    "BatchNorm and Dropout both have two ways to work. Which modes do the layers of the model "
    "have while you measure?"
)
def only_batch_norm_in_eval(model, train_loader, valid_loader, epochs):
    def measure(model, valid_loader):
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm1d):
                layer.eval()
        return loss_on(model, valid_loader)

    return validated(model, train_loader, valid_loader, epochs, measure)


@exercise.mistake(same_as=only_batch_norm_in_eval)
def only_dropout_in_eval(model, train_loader, valid_loader, epochs):
    def measure(model, valid_loader):
        for layer in model.modules():
            if isinstance(layer, nn.Dropout):
                layer.eval()
        return loss_on(model, valid_loader)

    return validated(model, train_loader, valid_loader, epochs, measure)


@exercise.mistake(
    "The model is cured. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, valid_loader, epochs):
    def measure(model, valid_loader):
        return over_batches(batches_in_eval(model, valid_loader), valid_loader)

    return validated(model, train_loader, valid_loader, epochs, measure)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, valid_loader, epochs):
    def measure(model, valid_loader):
        return over_dataset(batches_in_eval(model, valid_loader), valid_loader)

    return validated(model, train_loader, valid_loader, epochs, measure)


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
        history.append(sum(sums) / sum(len(y) for _, y in valid_loader))
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
    "with torch.inference_mode():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)
