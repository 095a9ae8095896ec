"""Parts of the training loops that mistakes of the debug clinic are made of."""

import torch
from torch.nn import functional as F


def loss_on(model, valid_loader) -> float:
    """The mean loss over samples, in the mode the model is in."""
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            total += F.cross_entropy(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


def trained_loss(model, optimizer, train_loader) -> float:
    """One epoch of training in the mode the model is in; its mean loss over samples."""
    total, samples = 0.0, 0
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        samples += len(y)
    return total / samples


def over_samples(batches, loader) -> float:
    """The mean over samples of pairs (mean loss of a batch, its size)."""
    return sum(loss * n for loss, n in batches) / sum(n for _, n in batches)


def over_batches(batches, loader) -> float:
    """The mean of the batches' means."""
    return sum(loss for loss, _ in batches) / len(batches)


def over_dataset(batches, loader) -> float:
    """The sum over samples, divided by the size of the dataset."""
    return sum(loss * n for loss, n in batches) / len(loader.dataset)


def last_batch(batches, loader) -> float:
    """The loss of the last batch."""
    return batches[-1][0]


def trained_history(model, optimizer, train_loader, epochs, mean=over_samples) -> list[float]:
    """Epochs of training in the mode the model is in; mean() makes the number of each."""
    history = []
    for _ in range(epochs):
        batches = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            batches.append((loss.item(), len(y)))
        history.append(mean(batches, train_loader))
    return history
