"""Values as plain data: what an answer gives back, without anything of its own.

Tensors are copied into plain `torch.Tensor`s, containers into builtins, and every other object
into the name of its type. So plain data can be compared without calling any code of the answer,
and can be sent from one process to another.
"""

from __future__ import annotations

import builtins
import dataclasses
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import torch

DEPTH_LIMIT = 20  # levels of nesting
ITEM_LIMIT = 20_000  # numbers, strings and containers together
ELEMENT_LIMIT = 5_000_000  # elements of one tensor


@dataclasses.dataclass(frozen=True)
class Opaque:
    """Stands for an object that is not plain data: only the name of its type is kept."""

    type_name: str


class TooLarge(Exception):
    """An answer gave back more than an observation holds."""


def type_name(kind: type) -> str:
    """'int' for builtins, 'numpy.int64' or 'Net' otherwise.

    A notebook's own names stay short; one that is also a builtin's is '__main__.ValueError'.
    """
    if kind is torch.Tensor:
        return "torch.Tensor"
    # By type's own descriptors: a metaclass may answer for __module__ with anything.
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    if not isinstance(module, str) or module in ("builtins", "__main__"):
        pretends = getattr(builtins, str(name), kind) is not kind  # a ValueError of one's own
        return f"__main__.{name}" if pretends else str(name)
    return f"{module}.{name}"


def plain(value: Any) -> Any:
    """A copy of `value` made of None, bool, int, float, complex, str, list, tuple, dict, tensors.

    torch.Size and named tuples become tuples, a set {"set": [...]}, a tensor that is not dense
    {"layout": Opaque, "dense": tensor}; dtypes, devices and all unknown objects become `Opaque`.
    Tensors are detached, keep shape and dtype, and are always of type torch.Tensor.

    Raises TooLarge beyond DEPTH_LIMIT, ITEM_LIMIT or ELEMENT_LIMIT.
    """
    items = [0]

    def copy(value: Any, depth: int) -> Any:
        items[0] += 1
        if depth > DEPTH_LIMIT:
            raise TooLarge(f"more than {DEPTH_LIMIT} levels of nesting")
        if items[0] > ITEM_LIMIT:
            raise TooLarge(f"more than {ITEM_LIMIT} values")
        kind = type(value)
        if value is None or kind in (bool, int, float, complex):
            return value
        if kind is str:
            return value[:ITEM_LIMIT]
        if kind is list:
            return [copy(item, depth + 1) for item in value]
        if issubclass(kind, tuple):
            return tuple(copy(item, depth + 1) for item in tuple.__iter__(value))
        if kind in (dict, OrderedDict, defaultdict, Counter):
            return {_key(key): copy(item, depth + 1) for key, item in value.items()}
        if kind in (set, frozenset):
            return {"set": sorted((copy(item, depth + 1) for item in value), key=repr)}
        if kind in (torch.dtype, torch.device, torch.layout, torch.memory_format):
            return Opaque(str(value))
        if issubclass(kind, torch.Tensor):
            return plain_tensor(value)
        return Opaque(type_name(kind))

    return copy(value, 0)


def _key(key: Any) -> Any:
    return key if type(key) in (str, int, bool, float) or key is None else repr(plain(key))


def plain_tensor(tensor: torch.Tensor) -> torch.Tensor | Opaque | dict[str, Any]:
    """A detached copy of type torch.Tensor; `Opaque` for subclasses that torch does not make.

    A sparse one is {"layout": Opaque, "dense": the copy}.
    """
    name = type_name(type(tensor))
    if name.split(".")[0] not in ("torch", "torchvision"):
        return Opaque(name)
    # A subclass may override any method, so none of its own is called.
    with torch._C.DisableTorchFunction():
        if tensor.is_quantized or tensor.is_nested:  # torch can hardly compare or print these
            return Opaque("torch.Tensor, quantized" if tensor.is_quantized else "a nested tensor")
        if tensor.numel() > ELEMENT_LIMIT:
            raise TooLarge(f"a tensor of {tensor.numel()} elements")
        bare = tensor.detach()
        if bare.layout is not torch.strided:
            dense = torch.Tensor.as_subclass(bare.to_dense(), torch.Tensor)
            return {"layout": Opaque(str(bare.layout)), "dense": dense}
        return torch.Tensor.as_subclass(bare, torch.Tensor).clone()
