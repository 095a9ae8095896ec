"""**Complaint:** "After the first epoch the model stops learning." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import trained_loss

exercise = Exercise(
    "10.20",
    "Clinic: the learning rate that is gone after one epoch",
    minutes=8,
    difficulty=2,
    hints=[
        "Print the learning rate at the beginning of each epoch.",
        "A scheduler counts the calls of its own step(). How many are there in one epoch?",
    ],
)


@exercise.starter
@exercise.mistake(
    "Still ill: look at the learning rates, epoch by epoch. Where does each halving come from?"
)
def train_fading(model, train_loader, epochs):
    """Train with SGD; the learning rate starts at 0.1 and is halved after every second epoch.

    Returns (losses, rates): the mean loss over the samples of each epoch, and the learning rate
    that its first batch was trained with.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(y)
            samples += len(y)
        losses.append(total / samples)
    return losses, rates


@exercise.reference
def train_fading(model, train_loader, epochs):
    """Train with SGD; the learning rate starts at 0.1 and is halved after every second epoch.

    Returns (losses, rates): the mean loss over the samples of each epoch, and the learning rate
    that its first batch was trained with.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        losses.append(total / samples)
        scheduler.step()
    return losses, rates


@exercise.cases
def _(rng):
    for epochs in (5, 3):
        yield seeded(rng, normed_net), seeded(rng, lambda: loader(8, 3)), epochs


@exercise.observe
def _(answer, model, train_loader, epochs):
    losses, rates = answer(model, train_loader, epochs)
    return {
        "learning rate of each epoch": rates,
        "loss of each epoch": losses,
        "parameters and buffers afterwards": model.state_dict(),
    }


def train_with_schedule(model, train_loader, epochs, make, first=False, once=True):
    """The loop with a schedule of one's own; first: the scheduler steps before the epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = make(optimizer)
    losses, rates = [], []
    for _ in range(epochs):
        if not once:
            scheduler = make(optimizer)
        if first:
            scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
        losses.append(trained_loss(model, optimizer, train_loader))
        if not first:
            scheduler.step()
    return losses, rates


def every_second(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


@exercise.mistake(
    "Once an epoch is right. But yours steps before the epoch is trained, so every change comes "
    "one epoch too early."
)
def steps_first(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, first=True)


@exercise.mistake(
    "The rate never falls. A scheduler counts the calls of its own step(): one that is not called "
    "stays at 0, and one that is new in each epoch never gets to two."
)
def new_scheduler_each_epoch(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, once=False)


@exercise.mistake(
    "Yours is halved after every epoch. The number of batches in an epoch and the number of "
    "epochs between two changes got mixed up."
)
def after_every_epoch(model, train_loader, epochs):
    return train_with_schedule(
        model,
        train_loader,
        epochs,
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5),
    )


@exercise.right
def counted_in_batches(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2 * len(train_loader), 0.5)
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(scheduler.get_last_lr()[0])
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(y)
        losses.append(total / len(train_loader.dataset))
    return losses, rates


@exercise.right
def by_its_own_rule(model, train_loader, epochs):
    losses, rates = [], []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(epochs):
        rates.append(0.1 * 0.5 ** (epoch // 2))
        optimizer.param_groups[0]["lr"] = rates[-1]
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / len(train_loader.dataset))
    return losses, rates


exercise.equivalent(
    "model.train()",
    "pass",
    because="The models arrive in training mode; what the function is asked for does not "
    "depend on who said so.",
)


exercise.equivalent(
    "rates.append(optimizer.param_groups[0]['lr'])",
    "rates.append(optimizer.param_groups[-1]['lr'])",
    because="The optimizer has one parameter group.",
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
    "optimizer.param_groups[0]['lr'] = rates[-1]",
    "optimizer.param_groups[-1]['lr'] = rates[-1]",
    because="The optimizer has one parameter group.",
)
