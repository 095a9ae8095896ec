"""**Complaint:** "After the first epoch the model stops learning." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import (
    over_batches,
    over_dataset,
    over_samples,
    trained_history,
)

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
    """Train with SGD, in training mode; the rate is 0.1, and is halved after every second epoch.

    train_loader: may leave out samples of its dataset. Returns (losses, rates): for each epoch the
    mean loss over the samples that it gave, and the learning rate that its first batch was
    trained with.
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
    """Train with SGD, in training mode; the rate is 0.1, and is halved after every second epoch.

    train_loader: may leave out samples of its dataset. Returns (losses, rates): for each epoch the
    mean loss over the samples that it gave, and the learning rate that its first batch was
    trained with.
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
    for epochs, left_out, training in ((5, 0, True), (3, 2, False)):
        model = seeded(rng, normed_net).train(training)
        yield model, seeded(rng, lambda n=left_out: loader(8, 3, left_out=n)), epochs


@exercise.observe
def _(answer, model, train_loader, epochs):
    losses, rates = answer(model, train_loader, epochs)
    return {
        "learning rate of each epoch": rates,
        "loss of each epoch": losses,
        "parameters and buffers afterwards": model.state_dict(),
    }


def train_with_schedule(
    model, train_loader, epochs, make, first=False, once=True, mode=True, mean=over_samples
):
    """The loop with a schedule of one's own; first: the scheduler steps before the epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    if mode:
        model.train()
    scheduler = make(optimizer)
    losses, rates = [], []
    for _ in range(epochs):
        if not once:
            scheduler = make(optimizer)
        if first:
            scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
        losses += trained_history(model, optimizer, train_loader, 1, mean)
        if not first:
            scheduler.step()
    return losses, rates


def every_second(optimizer):
    return torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


@exercise.mistake(
    "Once an epoch is right, but every change comes one epoch too early. So it is where a "
    "scheduler steps before the epoch is trained."
)
def steps_first(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, first=True)


@exercise.mistake(
    "In the runs of the check the rate does not fall. From where does the optimizer take it, and "
    "who changes it there? A scheduler does so when its own step() has been called often enough."
)
def new_scheduler_each_epoch(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, once=False)


@exercise.mistake(
    "Yours is halved after every epoch. How many epochs are to lie between one change and the next?"
)
def after_every_epoch(model, train_loader, epochs):
    return train_with_schedule(
        model,
        train_loader,
        epochs,
        lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5),
    )


def train_with_rates(model, train_loader, epochs, rate_of, noted=None):
    """The loop with a rate for each epoch, and what is noted of it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    losses, rates = [], []
    for epoch in range(epochs):
        optimizer.param_groups[0]["lr"] = rate_of(epoch)
        rates.append((noted or rate_of)(epoch))
        losses += trained_history(model, optimizer, train_loader, 1)
    return losses, rates


def halved(epoch):
    return 0.1 * 0.5 ** (epoch // 2)


@exercise.mistake(
    "The rates that you note fall, and the training goes on with the first one. From where does "
    "the optimizer take its rate?"
)
def notes_another_rate(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, lambda epoch: 0.1, halved)


@exercise.mistake("The training is right. The rate that you note is the one of the next epoch.")
def notes_the_next_rate(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, halved, lambda epoch: halved(epoch + 1))


@exercise.mistake(
    "The training is right. What you note is not the rate that the optimizer used: get_lr() is for "
    "the scheduler's own use."
)
def notes_get_lr(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = every_second(optimizer)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(scheduler.get_lr()[0])
        losses += trained_history(model, optimizer, train_loader, 1)
        scheduler.step()
    return losses, rates


@exercise.mistake(
    "The rate falls too late. How many calls of step() does your schedule get, and after how many "
    "does it change something?"
)
def counts_two_twice(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, lambda e: 0.1 * 0.5 ** (e // 4))


@exercise.mistake("The rate falls at the right epochs, by another factor than the docstring says.")
def by_a_tenth(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, lambda e: 0.1 * 0.1 ** (e // 2))


@exercise.mistake(
    "Your rate falls a little after every epoch. The docstring asks for a stair: two epochs, then "
    "a step."
)
def a_little_each_epoch(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, lambda e: 0.1 * 0.5 ** (e / 2))


@exercise.mistake("The rate is halved once. The docstring says: after every second epoch.")
def halved_once(model, train_loader, epochs):
    return train_with_rates(model, train_loader, epochs, lambda e: 0.1 if e < 2 else 0.05)


@exercise.mistake("You note a rate for each batch. How many were asked for?")
def a_rate_for_each_batch(model, train_loader, epochs):
    losses, rates = train_with_rates(model, train_loader, epochs, halved)
    return losses, [rate for rate in rates for _ in train_loader]


@exercise.mistake("The scheduler still steps with every batch. Another factor only hides that.")
def another_factor(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.9)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        batches = []
        for batch in train_loader:
            batches += [
                (loss, len(batch[1])) for loss in trained_history(model, optimizer, [batch], 1)
            ]
            scheduler.step()
        losses.append(over_samples(batches, train_loader))
    return losses, rates


@exercise.mistake(
    "Nobody says in which mode the model comes to you. In which one does your training run?"
)
def in_the_mode_it_came_in(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, mode=False)


@exercise.mistake(
    "The training is right. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, mean=over_batches)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, epochs):
    return train_with_schedule(model, train_loader, epochs, every_second, mean=over_dataset)


@exercise.right
def counted_in_batches(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2 * len(train_loader), 0.5)
    model.train()
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(scheduler.get_last_lr()[0])
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


@exercise.right
def by_its_own_rule(model, train_loader, epochs):
    losses, rates = [], []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    for epoch in range(epochs):
        rates.append(0.1 * 0.5 ** (epoch // 2))
        optimizer.param_groups[0]["lr"] = rates[-1]
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        losses.append(total / samples)
    return losses, rates


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
