"""**Complaint:** "I keep the best model. It is never better than the last one." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import copy

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from course_utils.exercise import Exercise


class OneWeight(nn.Module):
    """A single weight, 0 at the beginning, and a buffer that counts batches in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("batches", torch.tensor(0))  # a whole number, as in BatchNorm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: shape (batch, 1). Returns the same shape."""
        if self.training:
            self.batches += 1
        return x * self.weight


def constant_loader(*targets: float) -> DataLoader:
    """Samples with x = 1 and these y, in batches of two; the last one may be shorter."""
    y = torch.tensor(targets)[:, None]
    return DataLoader(TensorDataset(torch.ones_like(y), y), batch_size=2)


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

    A validation loss is taken in eval mode, over all samples. Returns (epoch, state): the number
    of the best epoch, counted from 0, and the state dict, buffers included, that the model had
    after it. All epochs are run; the model itself stays as the last one left it.
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

    A validation loss is taken in eval mode, over all samples. Returns (epoch, state): the number
    of the best epoch, counted from 0, and the state dict, buffers included, that the model had
    after it. All epochs are run; the model itself stays as the last one left it.
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
        yield OneWeight(), constant_loader(*[3.0] * 4), constant_loader(*[target] * 4), 8
    # Over samples the best weight is 1.8, over batches 2.2.
    yield OneWeight(), constant_loader(*[3.0] * 4), constant_loader(1.0, 1.0, 3.4), 6
    end = rng.randint(20, 90) / 10
    part = rng.randint(40, 80) / 100
    yield OneWeight(), constant_loader(*[end] * 4), constant_loader(*[end * part] * 3), 8


@exercise.observe
def _(answer, model, train_loader, valid_loader, epochs):
    epoch, state = answer(model, train_loader, valid_loader, epochs)
    return {
        "best epoch": epoch,
        "state": state,
        "parameters and buffers afterwards": model.state_dict(),
    }


def weights_and_losses(
    model, train_loader, valid_loader, epochs, *, eval_mode=True, reduction="sum"
):
    """After each epoch of the training, done right: a copy of the state, the validation loss."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.train(not eval_mode)
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction=reduction).item() for x, y in valid_loader)
        history.append((copy.deepcopy(model.state_dict()), loss))
    return history


@exercise.mistake(
    "Both the epoch and the state are those of the end. Which losses are compared with each other, "
    "and is the lower one remembered?"
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
    "The state is the one from the beginning of the epoch. The loss that made it the best was "
    "measured at its end."
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


def best_of(history):
    """The number, counted from 0, of the epoch with the lowest loss."""
    return min(range(len(history)), key=lambda epoch: history[epoch][1])


@exercise.mistake(
    "A state dict holds more than what the optimizer changes: buffers belong to it, and to your "
    "state they do not."
)
def without_buffers(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = best_of(history)
    names = [name for name, _ in model.named_parameters()]
    return best, {name: history[best][0][name] for name in names}


@exercise.mistake("The second result is a whole model. A state dict was asked for.")
def keeps_the_model(model, train_loader, valid_loader, epochs):
    best = best_of(weights_and_losses(model, train_loader, valid_loader, epochs))
    return best, copy.deepcopy(model)


@exercise.mistake("Your epochs count from 1.")
def counts_from_one(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs)
    best = best_of(history)
    return best + 1, history[best][0]


@exercise.mistake(
    "The means of the batches are added up. A sample of the short last batch then counts more than "
    "others, and another epoch seems to be the best."
)
def means_of_batches(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs, reduction="mean")
    return best_of(history), history[best_of(history)][0]


@exercise.mistake(
    "While you validate, the model is in training mode. Its buffers show that it took the "
    "validation data for training data."
)
def validates_in_training_mode(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(model, train_loader, valid_loader, epochs, eval_mode=False)
    return best_of(history), history[best_of(history)][0]


@exercise.mistake(
    "Your training ends when the validation loss goes up for the first time. All epochs were asked "
    "for."
)
def stops_early(model, train_loader, valid_loader, epochs):
    twin = copy.deepcopy(model)
    best = best_of(weights_and_losses(twin, train_loader, valid_loader, epochs))
    history = weights_and_losses(model, train_loader, valid_loader, min(best + 2, epochs))
    return best, history[best][0]


@exercise.mistake("What has learned is a copy. The caller's model is to be trained, too.")
def trains_a_copy(model, train_loader, valid_loader, epochs):
    history = weights_and_losses(copy.deepcopy(model), train_loader, valid_loader, epochs)
    return best_of(history), history[best_of(history)][0]


@exercise.mistake("The state that you keep is the optimizer's. Whose was asked for?")
def state_of_the_optimizer(model, train_loader, valid_loader, epochs):
    best = best_of(weights_and_losses(model, train_loader, valid_loader, epochs))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return best, copy.deepcopy(optimizer.state_dict())


@exercise.right
def cloned_tensor_by_tensor(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    results = []
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader)
        state = {name: value.clone() for name, value in model.state_dict().items()}
        results.append((loss, epoch, state))
    _, epoch, state = min(results, key=lambda result: result[:2])
    return epoch, state
