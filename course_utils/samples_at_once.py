"""How many samples a model is given in one call: for observations."""

from __future__ import annotations

import torch

functorch = torch._C._functorch


def samples_at_once(x: torch.Tensor, features: int) -> int:
    """The number of samples in a tensor of samples with so many features each.

    Every dimension but that of the features is one of samples, as for nn.Linear. Inside torch.vmap,
    where a function sees one sample of many, it is all that torch works on. Taught in lesson 03.
    """
    while functorch.is_functorch_wrapped_tensor(x):
        x = functorch.get_unwrapped(x)
    return x.numel() // features
