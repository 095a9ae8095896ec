"""**Complaint:** "The first epoch is fine. Then Dropout seems to be off and BatchNorm stands still." """  # noqa: E501

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import copy

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import (
    loss_on,
    over_batches,
    over_dataset,
    over_samples,
    trained_history,
    trained_loss,
)

exercise = Exercise(
    "10.15",
    "Clinic: only the first epoch trains as it should",
    minutes=8,
    difficulty=2,
    hints=[
        "Print model.training at the beginning of every epoch.",
        "A mode stays until somebody changes it.",
    ],
    may_change=["model.training"],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the first epoch is as it should be, the second is not. What did the first "
    "one leave behind?"
)
def train_once_only(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy in training mode; validate after each epoch in eval mode.

    train_loader: may leave out samples of its dataset. Returns the mean training loss of each
    epoch over the samples that it gave.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
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

        model.eval()
        hits, samples = 0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                hits += (model(x).argmax(dim=1) == y).sum().item()
                samples += len(y)
        print(f"validation accuracy {hits / samples:.2f}")
    return history


@exercise.reference
def train_once_only(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy in training mode; validate after each epoch in eval mode.

    train_loader: may leave out samples of its dataset. Returns the mean training loss of each
    epoch over the samples that it gave.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
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
        history.append(total / samples)

        model.eval()
        hits, samples = 0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                hits += (model(x).argmax(dim=1) == y).sum().item()
                samples += len(y)
        print(f"validation accuracy {hits / samples:.2f}")
    return history


@exercise.cases
def _(rng):
    for epochs, left_out, training in ((3, 0, True), (2, 2, False)):
        train = seeded(rng, lambda n=left_out: loader(8, 3, left_out=n))
        valid = seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net).train(training), train, valid, epochs


@exercise.observe
def _(answer, model, train_loader, valid_loader, epochs):
    modes, order = {"training": set(), "validation": set()}, []
    known = {tuple(row) for row in train_loader.dataset.tensors[0].tolist()}

    def note(module, inputs):
        data = "training" if tuple(inputs[0][0].tolist()) in known else "validation"
        modes[data].add(module.training)
        if order[-1:] != [data]:
            order.append(data)

    handle = model.register_forward_pre_hook(note)
    history = answer(model, train_loader, valid_loader, epochs)
    handle.remove()
    return {
        "training loss of each epoch": history,
        "data that the model was run on": order,
        "model.training on training data": sorted(modes["training"]),
        "model.training on validation data": sorted(modes["validation"]),
        "parameters and buffers afterwards": model.state_dict(),
    }


@exercise.mistake(
    "Your model runs on the validation data in training mode, so BatchNorm learns from it. In "
    "which mode is it when the first validation batch comes?"
)
def never_evaluates(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        history.append(trained_loss(model, optimizer, train_loader))
        loss_on(model, valid_loader)
    return history


@exercise.mistake(
    "You switch back too early: the mode changes again before the model has seen all of the "
    "validation data."
)
def back_too_early(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        history.append(trained_loss(model, optimizer, train_loader))
        model.eval()
        with torch.no_grad():
            for batch, (x, _) in enumerate(valid_loader):
                if batch == 1:
                    model.train()
                model(x)
        model.train()
    return history


@exercise.mistake(
    "The model is not called with any validation data: that heals the training, but nobody can "
    "see how it goes. A call is `model(x)`; `model.forward(x)` goes past its hooks."
)
def no_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return [trained_loss(model, optimizer, train_loader) for _ in range(epochs)]


def train_and_validate(model, train_loader, valid_loader, epochs, mean, validate):
    """Training as it should be; mean() makes the number of each epoch."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        history += trained_history(model, optimizer, train_loader, 1, mean)
        validate(model, valid_loader)
    return history


def as_it_should_be(model, valid_loader):
    model.eval()
    return loss_on(model, valid_loader)


@exercise.mistake(
    "Nobody says in which mode the model comes to you. In which one does your first epoch run?"
)
def back_to_the_mode_it_came_in(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    mode = model.training
    history = []
    for _ in range(epochs):
        history.append(trained_loss(model, optimizer, train_loader))
        as_it_should_be(model, valid_loader)
        model.train(mode)
    return history


@exercise.mistake(
    "`training` is an attribute of every layer. Setting the one of the model leaves those of its "
    "layers as they are."
)
def sets_the_attribute(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.training = True
        history.append(trained_loss(model, optimizer, train_loader))
        as_it_should_be(model, valid_loader)
    return history


@exercise.mistake(
    "Two epochs are as they should be, and the third is not. How often does the model go back to "
    "training mode?"
)
def back_once(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for epoch in range(epochs):
        if epoch == 1:
            model.train()
        history.append(trained_loss(model, optimizer, train_loader))
        as_it_should_be(model, valid_loader)
    return history


@exercise.mistake(
    "All of your training runs in eval mode: Dropout is off, and the running means of BatchNorm "
    "stand still."
)
def trains_in_eval_mode(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.eval()
        history.append(trained_loss(model, optimizer, train_loader))
        as_it_should_be(model, valid_loader)
    return history


@exercise.mistake(
    "The model itself is cured. What is measured on the validation data runs in training mode: of "
    "what mode is a copy?"
)
def validates_a_copy(model, train_loader, valid_loader, epochs):
    def validate(model, valid_loader):
        loss_on(copy.deepcopy(model), valid_loader)

    return train_and_validate(model, train_loader, valid_loader, epochs, over_samples, validate)


@exercise.mistake(
    "The training is right. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, valid_loader, epochs):
    return train_and_validate(
        model, train_loader, valid_loader, epochs, over_batches, as_it_should_be
    )


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, valid_loader, epochs):
    return train_and_validate(
        model, train_loader, valid_loader, epochs, over_dataset, as_it_should_be
    )


@exercise.mistake("The list that comes back holds something else than training losses.")
def gives_the_accuracy(model, train_loader, valid_loader, epochs):
    history = []

    def validate(model, valid_loader):
        model.eval()
        with torch.no_grad():
            hits = [model(x).argmax(dim=1) == y for x, y in valid_loader]
        history.append(torch.cat(hits).float().mean().item())

    train_and_validate(model, train_loader, valid_loader, epochs, over_samples, validate)
    return history


@exercise.right
def back_after_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
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
        model.eval()
        with torch.no_grad():
            for x, _ in valid_loader:
                model(x)
        model.train()
    return history


@exercise.right
def validates_with_gradients(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        losses = []
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
        model.eval()
        print([(model(x).argmax(dim=1) == y).tolist() for x, y in valid_loader])
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
    "with torch.no_grad():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "hits += (model(x).argmax(dim=1) == y).sum().item()",
    "hits = hits + (model(x).argmax(dim=1) == y).sum().item()",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
