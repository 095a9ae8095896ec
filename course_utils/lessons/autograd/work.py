"""How much work torch was given: operations, and the largest tensor that was made on the way."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class CountWork(TorchDispatchMode):
    """Counts operations on tensors, backward included, as long as it is on.

    operations: how many there were. largest: elements of the largest tensor that one gave back.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.operations += 1
        for made in tree_leaves(result):
            if isinstance(made, torch.Tensor):
                self.largest = max(self.largest, made.numel())
        return result


def work_of(action: Callable[[], Any]) -> CountWork:
    """Run `action()` and count."""
    with CountWork() as work:
        action()
    return work
