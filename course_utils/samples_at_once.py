"""How many samples a model is given in one call: for observations."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

functorch = torch._C._functorch


def samples_at_once(x: torch.Tensor, features: int) -> int:
    """The number of samples in a tensor of samples with so many features each.

    Every dimension but that of the features is one of samples, as for nn.Linear. Inside torch.vmap,
    where a function sees one sample of many, it is all that torch works on. Taught in lesson 03.
    """
    while functorch.is_functorch_wrapped_tensor(x):
        x = functorch.get_unwrapped(x)
    return x.numel() // features


class SamplesInLayers(TorchDispatchMode):
    """Notes the largest number of samples that meets a weight of a model's linear layers.

    A model may be called with a small batch, and a hook inside hand on a large one. Taught in
    lesson 05. most: so far.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.weights = {
            _memory(one.weight) for one in model.modules() if isinstance(one, nn.Linear)
        }
        self.most = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), named: dict | None = None
    ) -> Any:
        """Run the function; of a matrix product with a weight, count the rows of the other."""
        if function.overloadpacket.__name__ in PRODUCTS:
            left, right = args[-2:]
            if _memory(right) in self.weights:
                self.most = max(self.most, left.shape[0])
            elif _memory(left) in self.weights:
                self.most = max(self.most, right.shape[1])
        return function(*args, **(named or {}))


PRODUCTS = {"mm", "addmm"}


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata
