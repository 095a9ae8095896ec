"""Which optimizers an answer works with."""

import contextlib
from collections.abc import Iterator
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook


@contextlib.contextmanager
def optimizers_that_step() -> Iterator[list[Optimizer]]:
    """A list that gets each optimizer at its first step, as long as this lasts."""
    stepped: list[Optimizer] = []

    def note(one: Optimizer, *_: Any) -> None:
        if not any(one is known for known in stepped):
            stepped.append(one)

    handle = register_optimizer_step_pre_hook(note)
    try:
        yield stepped
    finally:
        handle.remove()


def what_they_hold(stepped: list[Optimizer], model: nn.Module) -> dict:
    """How many optimizers there were, and which parameters of the model they hold."""
    held = [id(p) for one in stepped for group in one.param_groups for p in group["params"]]
    return {
        "optimizers": len(stepped),
        "what they hold": [name for name, p in model.named_parameters() if id(p) in held],
    }
