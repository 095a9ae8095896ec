"""A run that is stopped and goes on, for the exercises on checkpoints."""

import torch
from torch import nn

from course_utils.lessons.training.inputs import SmallNet


def noisy_run() -> tuple:
    """A model with BatchNorm and dropout, its optimizer with momentum, and a schedule."""
    model = SmallNet(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)


def train_epochs(model, optimizer, scheduler, epochs) -> dict[str, list]:
    """Train on fixed random data; one batch an epoch. Gives losses and learning rates."""
    data = torch.Generator().manual_seed(7)
    x = torch.randn(6, 3, generator=data)
    y = torch.randint(0, 3, (6,), generator=data)
    losses, rates = [], []
    model.train()
    for _ in epochs:
        order = torch.randperm(6)
        loss = nn.functional.cross_entropy(model(x[order]), y[order])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    return {"losses": losses, "learning rates": rates}
