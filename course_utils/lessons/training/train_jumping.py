"""**Complaint:** "My loss curve jumps up and down, although the model gets better and better." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import last_batch, trained_history

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
    """Train with SGD and cross-entropy, in training mode.

    train_loader: may leave out samples of its dataset. Returns the mean loss of each epoch over
    the samples that it gave.
    """
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
    """Train with SGD and cross-entropy, in training mode.

    train_loader: may leave out samples of its dataset. Returns the mean loss of each epoch over
    the samples that it gave.
    """
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
    for epochs, left_out, training in ((2, 0, True), (3, 2, False)):
        model = seeded(rng, normed_net).train(training)
        yield model, seeded(rng, lambda n=left_out: loader(8, 3, left_out=n)), epochs


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
    "Each batch counts as much as any other in yours. How many samples does the last one have?"
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
    "The values are right, but they are tensors: one that has a graph keeps a whole epoch in "
    "memory."
)
def collects_tensors(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss * n for loss, n in batches) / sum(n for _, n in batches) for batches in runs]


@exercise.mistake(
    "Nobody says in which mode the model comes to you. In which one does your training run?"
)
def in_the_mode_it_came_in(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return trained_history(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, epochs):
    size = len(train_loader.dataset)
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() * n for loss, n in batches) / size for batches in runs]


@exercise.mistake(
    "The first epoch is right. In later ones your sums still hold the epochs before: where do "
    "they begin?"
)
def sums_begin_once(model, train_loader, epochs):
    so_far, history = [], []
    for batches in batches_of_each_epoch(model, train_loader, epochs):
        so_far += batches
        history.append(sum(loss.item() * n for loss, n in so_far) / sum(n for _, n in so_far))
    return history


@exercise.mistake(
    "You add up over samples, and nothing is divided: the numbers grow with the size of the data."
)
def sum_of_samples(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [sum(loss.item() * n for loss, n in batches) for batches in runs]


@exercise.mistake("You give a number for each batch. How many were asked for?")
def a_number_for_each_batch(model, train_loader, epochs):
    runs = batches_of_each_epoch(model, train_loader, epochs)
    return [loss.item() for batches in runs for loss, _ in batches]


@exercise.mistake(
    "You measure once more after the epoch, with a model that has learned meanwhile. The losses "
    "that were asked for come up during the training."
)
def measures_afterwards(model, train_loader, epochs):
    history = []
    for _ in batches_of_each_epoch(model, train_loader, epochs):
        model.eval()
        with torch.no_grad():
            pairs = [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in train_loader]
        model.train()
        history.append(sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs))
    return history


@exercise.mistake(same_as=measures_afterwards)
def measures_afterwards_in_training_mode(model, train_loader, epochs):
    history = []
    for _ in batches_of_each_epoch(model, train_loader, epochs):
        with torch.no_grad():
            pairs = [(F.cross_entropy(model(x), y).item(), len(y)) for x, y in train_loader]
        history.append(sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs))
    return history


@exercise.mistake(
    "Another learning rate changes the training. The complaint was about the curve: what do its "
    "points stand for?"
)
def smaller_rate(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs, last_batch)


@exercise.right
def with_sums(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        epoch_loss, samples = 0.0, 0
        for x, y in train_loader:
            optimizer.zero_grad()
            losses = F.cross_entropy(model(x), y, reduction="none")
            losses.mean().backward()
            optimizer.step()
            epoch_loss += losses.sum().item()
            samples += len(y)
        history.append(epoch_loss / samples)
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
