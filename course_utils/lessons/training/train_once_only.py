"""**Complaint:** "The first epoch is fine. Then Dropout seems to be off and BatchNorm stands still." """  # noqa: E501

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader, normed_net, seeded
from course_utils.lessons.training.loops import loss_on, trained_loss

exercise = Exercise(
    "10.15",
    "Clinic: only the first epoch trains as it should",
    minutes=8,
    difficulty=2,
    hints=[
        "Print model.training at the beginning of every epoch.",
        "A mode stays until somebody changes it.",
    ],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the first epoch is as it should be, the second is not. What did the first "
    "one leave behind?"
)
def train_once_only(model, train_loader, valid_loader, epochs):
    """Train with SGD and cross-entropy in training mode; validate after each epoch in eval mode.

    Returns the mean training loss over the samples of each epoch.
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

    Returns the mean training loss over the samples of each epoch.
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
    for epochs in (3, 2):
        train, valid = seeded(rng, lambda: loader(8, 4)), seeded(rng, lambda: loader(5, 3))
        yield seeded(rng, normed_net), train, valid, epochs


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
    "You took the eval mode away altogether. Now BatchNorm learns from the validation data."
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
    "You switch back too early: the mode changes again before the validation data is looked at."
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
    "You left the validation out. That heals the training, but nobody can see how it goes."
)
def no_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    return [trained_loss(model, optimizer, train_loader) for _ in range(epochs)]


@exercise.right
def back_after_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
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
