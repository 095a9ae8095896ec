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
