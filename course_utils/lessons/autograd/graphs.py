"""What observations see of graphs: what they keep, and what is computed on the way back."""

import array
import collections
import contextlib
import gc
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy
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
        there = set(_nodes_at_all_levels(*args))
        if torch._C._functorch.peek_interpreter_stack() is not None:
            result = self._function(*args)  # torch.func lets no hooks in
        else:
            with torch.autograd.graph.saved_tensors_hooks(self._pack, lambda saved: saved.tensor):
                result = self._function(*args)
        mark = _Mark()
        for node in _nodes_at_all_levels(result):
            if node not in there and not hasattr(node, "variable"):  # those are of leaves
                node.metadata[mark] = mark  # there as long as one of the operations
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


# What can hold many numbers, or a graph of its own.
STORES = (torch.Tensor, torch.UntypedStorage, torch.TypedStorage, torch.autograd.graph.Node)
STORES += (numpy.ndarray, array.array, bytes, bytearray, memoryview)


@contextlib.contextmanager
def noted_objects() -> Iterator[Callable[[Sequence[Any]], int]]:
    """Gives a function that counts what was made inside this block and is still there.

    It is given what does not count. Tensors and nodes of graphs are seen wherever they are kept;
    arrays of numpy, bytes and lists of floats, where what keeps them was made inside the block.
    """
    gc.freeze()  # all that is there already is left out from here on

    def count(besides: Sequence[Any]) -> int:
        gc.collect()
        new = gc.get_objects()
        known = {id(one) for one in (new, besides, *besides)}
        found = {id(one): one for one in (*new, *gc.get_referents(*new)) if id(one) not in known}
        return sum(map(_is_store, found.values()))

    try:
        yield count
    finally:
        gc.unfreeze()


def _is_store(thing: Any) -> bool:
    """True for what holds numbers, but for a number alone; and for nodes of a graph."""
    if type(thing) in (list, tuple, set, frozenset):
        return any(type(one) is float for one in thing)
    if type(thing) is dict:
        return any(type(one) is float for one in thing.values())
    return isinstance(thing, STORES) or (type(thing) is int and thing.bit_length() > 64)


def elements_stored(tensors: Sequence[torch.Tensor]) -> int:
    """How many numbers the memory of these tensors has room for, each memory once.

    A tensor may be a small piece of its memory; all of it is there as long as the tensor is. A
    complex number is two.
    """
    room = {}
    for one in tensors:
        size = one.element_size() // (2 if one.is_complex() else 1)
        room[one.untyped_storage().data_ptr()] = one.untyped_storage().nbytes() // size
    return sum(room.values())


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


def _nodes_at_all_levels(*things: Any) -> Iterator[Any]:
    """The operations behind the tensors among these; inside torch.func, each transform has some."""
    functorch = torch._C._functorch
    for thing in filter(torch.is_tensor, things):
        yield from nodes_behind(thing)
        while functorch.is_functorch_wrapped_tensor(thing):
            thing = functorch.get_unwrapped(thing)
            yield from nodes_behind(thing)


def gradients_behind(tensor: torch.Tensor) -> list[torch.Tensor | None]:
    """What stands in .grad of the leaves that a tensor was made from; of a leaf, nothing."""
    leaves = leaves_behind(tensor)
    return [leaf.grad for leaf in leaves]


def leaves_behind(tensor: torch.Tensor, most: int = 1000) -> list[torch.Tensor]:
    """The leaves that the graph behind a tensor leads to, without the tensor itself."""
    return [node.variable for node in nodes_behind(tensor, most) if hasattr(node, "variable")]
