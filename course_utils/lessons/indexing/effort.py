"""What a result cost on the way: how large the tensors were that were made, and how many calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Functions that hand numbers of a tensor to Python, where only a loop can work on them.
TO_PYTHON = ("tolist", "item", "__iter__", "__int__", "__float__", "__index__", "__bool__")


@dataclasses.dataclass
class Effort:
    """What a call did. largest: elements of the largest storage that was made. calls: of torch."""

    largest: int = 0
    calls: int = 0


class _Largest(TorchDispatchMode):
    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort = effort

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), named: Any = None):
        result = function(*args, **(named or {}))
        given = {_address(one) for one in tree_leaves((args, named)) if _is_tensor(one)}
        for one in tree_leaves(result):
            if _is_tensor(one) and _address(one) not in given:
                count = one.untyped_storage().nbytes() // one.element_size()
                self.effort.largest = max(self.effort.largest, count)
        return result


class _Calls(TorchFunctionMode):
    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort = effort

    def __torch_function__(self, function: Any, types: Any, args: Any = (), named: Any = None):
        self.effort.calls += 1
        if getattr(function, "__name__", "") in TO_PYTHON and args and _is_tensor(args[0]):
            self.effort.calls += args[0].numel()
        return function(*args, **(named or {}))


def effort_of(call: Callable[[], Any]) -> Effort:
    """Run `call` and note what it made and called; its result is not kept."""
    effort = Effort()
    with _Calls(effort), _Largest(effort):
        call()
    return effort


def _is_tensor(thing: Any) -> bool:
    return isinstance(thing, torch.Tensor)


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata
