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
from course_utils.lessons.training.loops import last_batch, loss_on, over_batches, over_samples

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
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.mse_loss(model(x), F.one_hot(y, 3).float())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        train.append(total / samples)

        model.eval()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
                samples += len(y)
        valid.append(total / samples)
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
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        train.append(total / samples)

        model.eval()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += F.cross_entropy(model(x), y).item() * len(y)
                samples += len(y)
        valid.append(total / samples)
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


def train_with(
    model,
    train_loader,
    valid_loader,
    epochs,
    learn=F.cross_entropy,
    show_train=F.cross_entropy,
    show_valid=F.cross_entropy,
    *,
    mean=over_samples,
    eval_mode=True,
):
    """The loop with three losses: what is learned from, and what the two curves show."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    train, valid = [], []
    for _ in range(epochs):
        model.train()
        batches = []
        for x, y in train_loader:
            output = model(x)
            optimizer.zero_grad()
            learn(output, y).backward()
            optimizer.step()
            batches.append((show_train(output, y).item(), len(y)))
        train.append(mean(batches, train_loader))
        model.train(not eval_mode)
        with torch.no_grad():
            batches = [(show_valid(model(x), y).item(), len(y)) for x, y in valid_loader]
        valid.append(mean(batches, valid_loader))
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
    "The scores go through a softmax before the loss. This loss has one inside: what do the "
    "gradients become with two of them?"
)
def with_softmax(model, train_loader, valid_loader, epochs):
    losses = (softmax_first, softmax_first, softmax_first)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(same_as=with_softmax)
def with_softmax_in_training(model, train_loader, valid_loader, epochs):
    losses = (softmax_first, softmax_first, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(
    "This loss expects logarithms of probabilities. What does the model give? The docstring names "
    "another loss."
)
def nll_of_scores(model, train_loader, valid_loader, epochs):
    losses = (F.nll_loss, F.nll_loss, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(same_as=nll_of_scores)
def nll_of_scores_everywhere(model, train_loader, valid_loader, epochs):
    losses = (F.nll_loss, F.nll_loss, F.nll_loss)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


def binary(output, y):
    return F.binary_cross_entropy_with_logits(output, F.one_hot(y, 3).float())


@exercise.mistake(
    "Binary cross-entropy asks of each class for itself whether it is the one. Of how many classes "
    "is each sample here?"
)
def binary_cross_entropy(model, train_loader, valid_loader, epochs):
    losses = (binary, binary, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(same_as=binary_cross_entropy)
def binary_cross_entropy_everywhere(model, train_loader, valid_loader, epochs):
    losses = (binary, binary, binary)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


def smoothed(output, y):
    return F.cross_entropy(output, y, label_smoothing=0.1)


@exercise.mistake("A smoothed loss is not the plain one. Which of the two curves is smoothed?")
def smoothed_in_training(model, train_loader, valid_loader, epochs):
    losses = (smoothed, smoothed, F.cross_entropy)
    return train_with(model, train_loader, valid_loader, epochs, *losses)


@exercise.mistake(
    "The loss is the right one now. Your numbers are means of the batches' means: the samples of "
    "a short last batch count too much."
)
def mean_over_batches(model, train_loader, valid_loader, epochs):
    return train_with(model, train_loader, valid_loader, epochs, mean=over_batches)


@exercise.mistake("The loss is the right one now. Your numbers are those of the last batch alone.")
def notes_the_last_batch(model, train_loader, valid_loader, epochs):
    return train_with(model, train_loader, valid_loader, epochs, mean=last_batch)


@exercise.mistake(
    "The loss is the right one now. Your validation runs in training mode: the curves differ once "
    "more, and BatchNorm learns from data that it should not see."
)
def validates_in_training_mode(model, train_loader, valid_loader, epochs):
    return train_with(model, train_loader, valid_loader, epochs, eval_mode=False)


@exercise.mistake(
    "Your training loss is measured when the epoch is over. The script took it during the training."
)
def training_loss_afterwards(model, train_loader, valid_loader, epochs):
    train, valid = [], []
    for _ in range(epochs):
        _, one = train_with(model, train_loader, valid_loader, 1)
        valid += one
        train.append(loss_on(model, train_loader))
    return train, valid


@exercise.mistake("The two lists have changed places.")
def lists_swapped(model, train_loader, valid_loader, epochs):
    train, valid = train_with(model, train_loader, valid_loader, epochs)
    return valid, train


@exercise.right
def with_one_criterion(model, train_loader, valid_loader, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    curves = ([], [])
    for _ in range(epochs):
        for curve, batches in zip(curves, (train_loader, valid_loader), strict=True):
            learn = batches is train_loader
            model.train(learn)
            total, samples = 0.0, 0
            for x, y in batches:
                with torch.set_grad_enabled(learn):
                    loss = criterion(model(x), y)
                if learn:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item() * len(y)
                samples += len(y)
            curve.append(total / samples)
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


exercise.equivalent(
    "total += loss.item() * len(y)",
    "total = total + loss.item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
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
