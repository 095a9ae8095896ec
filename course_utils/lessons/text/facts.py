"""What observations of lesson 08 ask of a result beside its numbers."""

from __future__ import annotations

from typing import Any

import torch

from course_utils.observation import attempt


def result_and_gradients(result: Any, **inputs: torch.Tensor) -> dict[str, Any]:
    """The result; with the gradient of each input that requires one, by its name.

    The gradients are those of a loss in which each number of the result weighs differently.
    """
    facts = {"result": result}
    for name, tensor in inputs.items():
        if tensor.requires_grad:
            facts[f"gradient of {name}"] = attempt(lambda tensor=tensor: _gradient(result, tensor))
    return facts


def _gradient(result: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    weights = torch.arange(1.0, result.numel() + 1).reshape(result.shape)
    return torch.autograd.grad((result * weights).sum(), tensor, retain_graph=True)[0]
