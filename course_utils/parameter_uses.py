"""Which functions of torch an answer gives a model's parameters to: for observations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten


class ParameterUses(TorchFunctionMode):
    """Notes the functions of torch that are given something over the memory of these parameters.

    names: of the functions, but for those that ask for a shape. A copy, as deepcopy makes one of a
    model, is noted only when something is done with it.
    """

    LOOKS = {
        *("__get__", "__set__", "__hash__", "__deepcopy__", "detach", "size", "dim", "numel"),
        "requires_grad_",
    }
    COPIES = {"clone", "copy_"}

    def __init__(self, parameters: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self.memory = {p.untyped_storage().data_ptr() for p in parameters}
        self.names: list[str] = []
        self.copies: list[torch.Tensor] = []  # kept, so that no other tensor gets their memory

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), named: Any = None
    ) -> Any:
        """Note the call where it is one of those, then make it."""
        name = getattr(function, "__name__", "")
        given = [one for one in tree_flatten((args, named))[0] if isinstance(one, torch.Tensor)]
        is_theirs = any(one.untyped_storage().data_ptr() in self.memory for one in given)
        if is_theirs and name not in self.LOOKS | self.COPIES:
            self.names.append(name)
        result = function(*args, **(named or {}))
        if is_theirs and name in self.COPIES:
            self.copies.append(result)
            self.memory.add(result.untyped_storage().data_ptr())
        return result
