"""What observations of modules look at."""

from collections.abc import Iterable

import torch
from torch import nn


def parameter_shapes(model: nn.Module) -> dict:
    """Names and shapes of what an optimizer would be given."""
    return {name: tuple(p.shape) for name, p in nn.Module.named_parameters(model)}


def saved_names(model: nn.Module) -> list:
    return sorted(nn.Module.state_dict(model))


def step(parameters: Iterable[torch.Tensor], rate: float = 0.5) -> None:
    """One step of SGD. By hand: the first use of torch.optim in a process takes seconds."""
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= rate * parameter.grad


def one_step(model: nn.Module, loss: torch.Tensor) -> dict:
    """The model's parameters by name, after backward and a step with all of them."""
    loss.backward()
    step(nn.Module.parameters(model))
    return dict(nn.Module.named_parameters(model))
