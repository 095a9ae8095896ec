"""**Complaint:** "I clip the gradients, and the training explodes all the same." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import SmallNet, loader, normed_net, seeded

exercise = Exercise(
    "10.19",
    "Clinic: gradient clipping that clips nothing",
    minutes=8,
    difficulty=2,
    hints=[
        "Print len(list(params)) twice in a row, just before the loop.",
        "filter() gives an iterator: the one who walks through it first gets everything.",
        "A list can be walked through as often as you like.",
    ],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the steps are longer than the limit allows. How many gradients were made shorter?"
)
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD; the norm of all gradients together is at most 0.1.

    Some parameters of the model have requires_grad False and stay as they are.
    Returns the mean loss over the samples of each epoch.
    """
    params = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.reference
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD; the norm of all gradients together is at most 0.1.

    Some parameters of the model have requires_grad False and stay as they are.
    Returns the mean loss over the samples of each epoch.
    """
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.cases
def _(rng):
    for epochs in (2, 3):
        model = seeded(rng, normed_net)
        model[3].bias.requires_grad_(False)
        yield model, seeded(rng, lambda: loader(8, 4)), epochs
    # Gradients that are shorter than the limit from the beginning.
    model = seeded(rng, lambda: SmallNet(nn.Linear(3, 3)))
    model[0].bias.requires_grad_(False)
    x, y = seeded(rng, lambda: (torch.randn(8, 3) / 30, torch.randint(0, 3, (8,))))
    yield model, DataLoader(TensorDataset(x, y), batch_size=4), 2


@exercise.observe
def _(answer, model, train_loader, epochs):
    history = answer(model, train_loader, epochs)
    return {"loss of each epoch": history, "parameters and buffers afterwards": model.state_dict()}


def train_with_clip(model, train_loader, epochs, before_backward, before_step, after_step):
    """The loop, with something done to the parameters at one of three places."""
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            before_backward(params)
            loss.backward()
            before_step(params)
            optimizer.step()
            after_step(params)
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


def nothing(params):
    pass


@exercise.mistake(
    "You clip each number of the gradient for itself. The norm of all of them together can still "
    "be larger, and the direction changes."
)
def clips_each_number(model, train_loader, epochs):
    def clip(params):
        nn.utils.clip_grad_value_(params, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@exercise.mistake(
    "You clip one parameter after the other. The limit is for all gradients together."
)
def clips_each_parameter(model, train_loader, epochs):
    def clip(params):
        for parameter in params:
            nn.utils.clip_grad_norm_(parameter, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@exercise.mistake(
    "You clip the parameters themselves. What should be short is the step, not the weights."
)
def clips_the_weights(model, train_loader, epochs):
    def clip(params):
        with torch.no_grad():
            for parameter in params:
                parameter.clamp_(-0.1, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, nothing, clip)


@exercise.right
def clips_the_model(model, train_loader, epochs):
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.5)
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
    return history


@exercise.right
def scales_by_hand(model, train_loader, epochs):
    params = list(filter(lambda p: p.requires_grad, model.parameters()))
    optimizer = torch.optim.SGD(params, lr=0.5)
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norm = sum(p.grad.square().sum() for p in params).sqrt()
            for p in params:
                p.grad *= min(1.0, 0.1 / norm)
            optimizer.step()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
    return history


exercise.equivalent(
    "model.train()",
    "pass",
    because="The models arrive in training mode; what the function is asked for does not "
    "depend on who said so.",
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
    "losses += [loss.item()] * len(y)",
    "losses = losses + [loss.item()] * len(y)",
    because="The list was made here: nobody else sees that it changes.",
)
