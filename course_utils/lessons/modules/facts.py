"""What observations of modules look at."""

from collections.abc import Callable, Iterable

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


def go_back(loss: torch.Tensor) -> None:
    """backward(). Without a graph nothing gets a gradient: that is what is seen then."""
    if loss.requires_grad:
        loss.backward()


def gradient_of(x: torch.Tensor, run: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """What comes back to x; None if nothing does."""
    x = x.detach().clone().requires_grad_()
    go_back(run(x).square().sum())
    return x.grad


def one_step(model: nn.Module, loss: torch.Tensor) -> dict:
    """The model's parameters by name, after backward and a step with all of them."""
    go_back(loss)
    step(nn.Module.parameters(model))
    return dict(nn.Module.named_parameters(model))
