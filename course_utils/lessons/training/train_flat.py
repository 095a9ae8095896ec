"""**Complaint:** "I train and train. The loss is the same in every epoch, to the last digit." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import (
    last_batch,
    over_batches,
    over_dataset,
    trained_history,
)

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
    """Train with SGD and cross-entropy, in training mode.

    train_loader: may leave out samples of its dataset, and change their order from epoch to
    epoch. Returns the mean loss of each epoch over the samples that it gave.
    """
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
    """Train with SGD and cross-entropy, in training mode.

    train_loader: may leave out samples of its dataset, and change their order from epoch to
    epoch. Returns the mean loss of each epoch over the samples that it gave.
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
        yield model, seeded(rng, lambda n=left_out: loader(8, 3, left_out=n, turning=True)), epochs


@exercise.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters and buffers afterwards": model.state_dict()}


@exercise.mistake(
    "It moves now, and in the wrong way: each gradient is added to all gradients before it."
)
def no_zero_grad_at_all(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
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
    model.train()
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
    model.train()
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


@exercise.mistake(
    "Nobody says in which mode the model comes to you. In which one does your training run?"
)
def in_the_mode_it_came_in(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return trained_history(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "The training is right. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs, over_batches)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs, over_dataset)


@exercise.mistake(
    "The training is right. Your numbers are the losses of the last batch of each epoch."
)
def notes_the_last_batch(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs, last_batch)


@exercise.mistake(
    "It learns now, with another optimizer than the script had, or with other settings of it. "
    "Was the optimizer ill?"
)
def with_adam(model, train_loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs)


@exercise.mistake(same_as=with_adam)
def with_momentum(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.train()
    return trained_history(model, optimizer, train_loader, epochs)


@exercise.mistake(
    "There is one step for each epoch now, with the gradients of all its batches. How many steps "
    "did the script take before?"
)
def one_step_an_epoch(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    history = []
    for _ in range(epochs):
        optimizer.zero_grad()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            total += loss.item() * len(y)
            samples += len(y)
        optimizer.step()
        history.append(total / samples)
    return history


@exercise.right
def cleared_after_the_step(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
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
