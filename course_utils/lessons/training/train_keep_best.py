"""**Complaint:** "I keep the best model. It is never better than the last one." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from course_utils.exercise import Exercise


def one_weight() -> nn.Module:
    """A model with a single weight, 0 at the beginning."""
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    return model


def constant_loader(target: float) -> DataLoader:
    """Four samples with x = 1 and y = target."""
    x, y = torch.ones(4, 1), torch.full((4, 1), target)
    return DataLoader(TensorDataset(x, y), batch_size=2)


exercise = Exercise(
    "10.21",
    "Clinic: the best model is always the last one",
    minutes=10,
    difficulty=2,
    hints=[
        "Print the saved weight right after it was saved, and once more at the end.",
        "Whose memory do the tensors in a state dict use?",
        "A dict can be copied in two ways. One of them copies the tensors as well.",
    ],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the epoch is right, and the state is not the one of that epoch. When did it change?"
)
def train_keep_best(model, train_loader, valid_loader, epochs):
    """Train with SGD and squared error; keep the state with the lowest validation loss.

    Returns (epoch, state): its number, counted from 0, and the state dict the model had then.
    The model itself stays as the last epoch left it.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    best_loss, best_epoch, best_state = float("inf"), None, None
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses = [F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader]
        if sum(losses) < best_loss:
            best_loss, best_epoch = sum(losses), epoch
            best_state = model.state_dict()
    return best_epoch, best_state


@exercise.reference
def train_keep_best(model, train_loader, valid_loader, epochs):
    """Train with SGD and squared error; keep the state with the lowest validation loss.

    Returns (epoch, state): its number, counted from 0, and the state dict the model had then.
    The model itself stays as the last epoch left it.
    """
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    best_loss, best_epoch, best_state = float("inf"), None, None
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            losses = [F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader]
        if sum(losses) < best_loss:
            best_loss, best_epoch = sum(losses), epoch
            best_state = copy.deepcopy(model.state_dict())
    return best_epoch, best_state


@exercise.cases
def _(rng):
    # The weight goes from 0 towards the target of the training data and passes that of the
    # validation data on its way.
    for target in (1.0, 2.0):
        yield one_weight(), constant_loader(3.0), constant_loader(target), 8
    end = rng.randint(20, 90) / 10
    part = rng.randint(40, 80) / 100
    yield one_weight(), constant_loader(end), constant_loader(end * part), 8


@exercise.observe
def _(answer, model, train_loader, valid_loader, epochs):
    epoch, state = answer(model, train_loader, valid_loader, epochs)
    return {"best epoch": epoch, "state": state, "parameters afterwards": model.state_dict()}


def weights_and_losses(model, train_loader, valid_loader, epochs):
    """After each epoch of the training, done right: a copy of the state, the validation loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader)
        history.append((copy.deepcopy(model.state_dict()), loss))
    return history


@exercise.mistake(
    "Both the epoch and the state are those of the end: something that should be remembered for "
    "the next comparison is not."
)
def forgets_the_best_loss(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    return len(history) - 1, history[-1][0]


@exercise.mistake("You keep the epoch with the highest loss. What is better, more loss or less?")
def keeps_the_worst(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    worst = max(range(epochs), key=lambda epoch: history[epoch][1])
    return worst, history[worst][0]


@exercise.mistake(
    "The state is kept at the beginning of the epoch. The loss that made it the best was measured "
    "at its end."
)
def one_epoch_early(model, train_loader, valid_loader, epochs):
    before = copy.deepcopy(model.state_dict())
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = min(range(epochs), key=lambda epoch: history[epoch][1])
    return best, history[best - 1][0] if best else before


@exercise.mistake(
    "You load the best state back into the model. It was asked for as a result; the model itself "
    "is to stay as the last epoch left it."
)
def loads_it_back(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = min(range(epochs), key=lambda epoch: history[epoch][1])
    model.load_state_dict(history[best][0])
    return best, history[best][0]


@exercise.right
def cloned_tensor_by_tensor(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    results = []
    for epoch in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader)
        state = {name: value.clone() for name, value in model.state_dict().items()}
        results.append((loss, epoch, state))
    _, epoch, state = min(results, key=lambda result: result[:2])
    return epoch, state
