"""What an answer's own objects hold, before its calls and after them.

kept_state.py reads an answer's code for what it keeps from one call to the next, and knows the
ways that somebody has thought of. This looks at the objects themselves: all that the answer can
reach through names of cells, default values, closures and attributes, and that a call can leave
changed. Where something is different after the calls, a person is told the name. What is changed
and put back in the same call is not seen, nor what lies in a library.

Nothing of a class that the answer may have written is called on the way: attributes, items and
lengths are read as the builtin types read them.
"""

from __future__ import annotations

import abc
import collections
import contextvars
import functools
import io
import itertools
import logging
import operator
import random
import threading
import types
import warnings
from collections.abc import Iterable, Iterator
from gc import get_referents
from typing import Any

import numpy
import torch

OBJECTS_LIMIT = 20_000  # that are looked at, of all names together
BYTES_LIMIT = 4_000_000  # of one tensor or array; of a larger one only its shape is compared
PLAIN = (
    *(type(None), bool, int, float, complex, str, bytes, range, slice, type(...)),
    *(torch.dtype, torch.device, torch.layout, torch.Size),
)
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType)
# What is the same for all code, or changes by being used and tells nothing.
NOT_LOOKED_INTO = (
    *(types.ModuleType, types.CodeType, types.FrameType, types.TracebackType),
    *(types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType),
    logging.Logger,
)
CONTAINERS = (dict, list, tuple, set, frozenset, collections.deque)
# How iterators of libraries in C tell where they stand: by what is left, by their text, or by what
# a copy of them would be made of.
COUNTS = type(itertools.count())
ITERATORS = tuple(
    thing for thing in vars(itertools).values() if isinstance(thing, type) and thing is not COUNTS
) + (enumerate, zip, map, filter, reversed)


class LastingState:
    """What the names that an answer uses hold at one time: fingerprints by name."""

    def __init__(self, function: Any, names: dict[str, Any], name: str) -> None:
        self.names = names
        self.seen: dict[int, tuple[str, int]] = {}
        self.kept: list[Any] = []  # so that no address is used twice
        self.waiting = [name]
        self.fingerprints: dict[str, int] = {}
        roots = {name: function}
        for root in self.waiting:  # grows on the way
            thing = roots.get(root, names.get(root))
            self.fingerprints[root] = hash(tuple(self._facts(thing, root)))

    def changed_to(self, later: LastingState) -> list[str]:
        """Names that hold something else in a later state, in order."""
        before, after = self.fingerprints, later.fingerprints
        return [name for name in before | after if before.get(name) != after.get(name)]

    def _facts(self, thing: Any, root: str) -> Iterator[Any]:
        """What tells an object, and all that lies in it, from what it was before."""
        waiting = [thing]
        others = len(self.seen)
        while waiting:
            thing = waiting.pop()
            kind = type(thing)
            if kind in PLAIN:
                yield kind, repr(thing)  # NaN is itself, and 0.0 is not -0.0
                continue
            if id(thing) in self.seen:
                yield self.seen[id(thing)]
                continue
            if len(self.seen) >= OBJECTS_LIMIT:
                return
            self.seen[id(thing)] = (root, len(self.seen) - others)
            self.kept.append(thing)
            yield type.__dict__["__name__"].__get__(kind)
            inside: list[Any] = []
            try:
                yield from self._looked_into(thing, kind, inside)
            except Exception:  # an odd object: what was told of it is told again
                yield "odd"
            waiting += reversed(inside)

    def _looked_into(self, thing: Any, kind: type, inside: list[Any]) -> Iterator[Any]:
        """Facts of one object; what lies in it is put into `inside`."""
        if issubclass(kind, NOT_LOOKED_INTO):
            return
        if issubclass(kind, type):
            if self._is_own(thing):
                yield from self._of_class(thing, inside)
            elif "_abc_impl" in type.__dict__["__dict__"].__get__(thing):
                yield len(REGISTRY(thing)[0])
        elif issubclass(kind, FUNCTIONS):
            if kind is types.FunctionType:
                yield from self._of_function(thing, inside)
            elif kind is types.BuiltinFunctionType and thing.__self__ is not None:
                inside.append(thing.__self__)  # `next` of an object, as a function
        elif issubclass(kind, torch.Tensor):
            yield from of_tensor(thing, inside)
        elif kind is numpy.ndarray:
            yield thing.shape, str(thing.dtype)
            if thing.dtype.hasobject:
                inside += thing.ravel().tolist()
            elif thing.nbytes <= BYTES_LIMIT:
                yield thing.tobytes()
        elif issubclass(kind, types.GeneratorType):
            frame = thing.gi_frame
            yield frame and frame.f_lasti
            inside.append(frame and dict(frame.f_locals))
        else:
            yield from own_facts(thing, kind)
            inside += parts(thing, kind)

    def _of_function(self, function: Any, inside: list[Any]) -> Iterator[Any]:
        if function.__globals__ is self.names:
            self._note_names(function.__code__)
            yield id(function.__code__)
            inside += [function.__defaults__, function.__kwdefaults__, function.__dict__]
        # One of a library may stand around one of the answer, as `torch.no_grad()` does.
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        inside += [cell for name, cell in cells if name not in CHANGE_BY_THEMSELVES]

    def _note_names(self, code: types.CodeType) -> None:
        """The names of cells that some code reads are looked at as well."""
        known = {*self.waiting}
        for name in code.co_names:
            if name in self.names and name not in known:
                self.waiting.append(name)
        for constant in code.co_consts:
            if type(constant) is types.CodeType:
                self._note_names(constant)

    def _is_own(self, made: type) -> bool:
        return type.__dict__["__module__"].__get__(made) == self.names.get("__name__")

    def _of_class(self, made: type, inside: list[Any]) -> Iterator[Any]:
        inside += type.__dict__["__mro__"].__get__(made)[1:]
        for name, value in type.__dict__["__dict__"].__get__(made).items():
            if name == "_abc_impl":
                yield len(REGISTRY(made)[0])  # classes that were registered
            elif name == "step" and issubclass(made, torch.optim.Optimizer):
                # torch wraps it when the first object is made, an inherited one as well.
                value = value.__wrapped__ if hasattr(value, "hooked") else value
                inside += [value] if value.__module__ == self.names["__name__"] else []
            elif name not in CHANGE_BY_THEMSELVES:
                yield name
                inside.append(value)


REGISTRY = vars(abc)["_get_dump"]
# Of classes, and of functools.singledispatch.
CHANGE_BY_THEMSELVES = {"__weakref__", "__dict__", "__doc__", "__slotnames__", "__annotations__"}
CHANGE_BY_THEMSELVES |= {"dispatch_cache"}


def of_tensor(tensor: Any, inside: list[Any]) -> Iterator[Any]:
    with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
        yield tuple(tensor.shape), str(tensor.dtype), tensor.requires_grad
        if tensor.is_leaf:
            inside.append(tensor.grad)
        inside.append(torch.Tensor.__dict__["__dict__"].__get__(tensor))
        has_values = tensor.layout is torch.strided and tensor.device.type == "cpu"
        if has_values and tensor.numel() * tensor.element_size() <= BYTES_LIMIT:
            plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
            yield plain.reshape(-1).view(torch.uint8).numpy().tobytes()


def own_facts(thing: Any, kind: type) -> Iterable[Any]:
    """What an object of a library in C keeps that no other object holds."""
    for one, facts in FACTS:
        if issubclass(kind, one):
            return (facts(thing),)
    for base in (int, float, str, bytes, complex):  # a class of the answer's own
        if issubclass(kind, base):
            return (base.__repr__(thing),)
    if kind in ITERATORS:
        return (place_of(thing),)
    if hasattr(kind, "__length_hint__") and kind.__module__ == "builtins":
        return (operator.length_hint(thing, -1),)
    return ()


def place_of(iterator: Any) -> Any:
    """The numbers in what a copy of an iterator would be made of; the rest lies in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made_of = iterator.__reduce__()
        except TypeError:  # from Python 3.14 on
            return None
    flat = [part for some in made_of[1:] for part in (some if type(some) is tuple else (some,))]
    return tuple(part for part in flat if type(part) in (int, bool))


FACTS: tuple[tuple[Any, Any], ...] = (
    (bytearray, bytes),
    (COUNTS, repr),
    (random.Random, random.Random.getstate),
    (torch.Generator, lambda generator: bytes(generator.get_state().numpy())),
    (numpy.random.Generator, lambda generator: repr(generator.bit_generator.state)),
    (numpy.random.RandomState, lambda generator: repr(generator.get_state())),
    (io.StringIO, lambda file: (io.StringIO.tell(file), io.StringIO.getvalue(file))),
    (io.BytesIO, lambda file: (io.BytesIO.tell(file), io.BytesIO.getvalue(file))),
    (functools._lru_cache_wrapper, lambda function: function.cache_info()),
)


def parts(thing: Any, kind: type) -> list[Any]:
    """What lies in an object: items in their order, attributes, and what C code keeps of it."""
    if issubclass(kind, dict):
        ordered = issubclass(kind, collections.OrderedDict)
        base: Any = collections.OrderedDict if ordered else dict
        found = [part for pair in base.items(thing) for part in pair]
    elif issubclass(kind, (set, frozenset)):
        base = set if issubclass(kind, set) else frozenset
        found = [base.__len__(thing), *sorted(base.__iter__(thing), key=by_text)]
    elif kind is contextvars.ContextVar:
        found = [thing.get(None)]
    elif kind is threading.local:
        found = [vars(thing)]
    else:
        found = []
        for base in (list, tuple, collections.deque):
            if issubclass(kind, base):
                found = [*base.__iter__(thing)]
    if kind in CONTAINERS:
        return found
    known = {id(part) for part in found}
    return found + [
        part for part in get_referents(thing) if part is not kind and id(part) not in known
    ]


def by_text(item: Any) -> str:
    return repr(item) if type(item) in PLAIN else type(item).__name__
