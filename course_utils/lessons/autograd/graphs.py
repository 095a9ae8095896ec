"""What observations see of graphs: what they keep, and what is computed on the way back."""

import collections
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Kept:
    """Counts what graphs keep for the way back, of the calls of a function.

    tensors, graphs: how many of earlier calls were there, each time that it was called again. A
    saved tensor is there until its graph is gone, or was gone through; a graph, as long as anything
    holds it.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._tensors: weakref.WeakSet = weakref.WeakSet()
        self._graphs: weakref.WeakSet = weakref.WeakSet()
        self.tensors: list[int] = []
        self.graphs: list[int] = []

    def __call__(self, *args: Any) -> Any:
        self.tensors.append(len(self._tensors))
        self.graphs.append(len(self._graphs))
        if torch._C._functorch.peek_interpreter_stack() is not None:
            return self._function(*args)  # torch.func lets no hooks in, and keeps nothing
        with torch.autograd.graph.saved_tensors_hooks(self._pack, lambda saved: saved.tensor):
            result = self._function(*args)
        if result.grad_fn is not None:
            mark = _Mark()
            result.grad_fn.metadata["mark"] = mark  # there as long as the operation
            self._graphs.add(mark)
        return result

    def _pack(self, tensor: torch.Tensor) -> "_Saved":
        saved = _Saved(tensor.detach())
        self._tensors.add(saved)
        return saved


class _Mark:
    """Something that a weak reference can be made to."""


class _Saved:
    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


class Operations(TorchDispatchMode):
    """Notes the operations that torch carries out, those of the way back included.

    counts: how often each was carried out, by its name, as 'tanh_backward'. largest: elements of
    the largest tensor that one of them gave.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: collections.Counter[str] = collections.Counter()
        self.largest = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.counts[func.overloadpacket.__name__] += 1
        result = func(*args, **(kwargs or {}))
        for one in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(one, torch.Tensor):
                self.largest = max(self.largest, one.numel())
        return result


def nodes_behind(tensor: torch.Tensor, most: int = 1000) -> list[Any]:
    """The operations of the graph behind a tensor; not more than about `most`."""
    seen: dict[Any, None] = {}
    waiting = [tensor.grad_fn]
    while waiting and len(seen) < most:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen[node] = None
            waiting += [following for following, _ in node.next_functions]
    return list(seen)


def gradients_behind(tensor: torch.Tensor) -> list[torch.Tensor | None]:
    """What stands in .grad of the leaves that a tensor was made from; of a leaf, nothing."""
    leaves = leaves_behind(tensor)
    return [leaf.grad for leaf in leaves]


def leaves_behind(tensor: torch.Tensor, most: int = 1000) -> list[torch.Tensor]:
    """The leaves that the graph behind a tensor leads to, without the tensor itself."""
    return [node.variable for node in nodes_behind(tensor, most) if hasattr(node, "variable")]
