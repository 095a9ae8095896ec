"""An answer that remembers nothing: a copy of it with memory of its own."""

from __future__ import annotations

import copy
import functools
import itertools
import random
import sys
import sysconfig
from collections import deque
from collections.abc import Callable
from types import BuiltinMethodType, CellType, FunctionType, MethodType
from typing import Any

import numpy
import torch

LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
CACHED = type(functools.lru_cache(lambda: None))
# What can hold something from one call to the next.
HOLDERS: tuple[type, ...] = (list, dict, set, deque, bytearray, random.Random)
HOLDERS += (numpy.random.Generator, numpy.ndarray, torch.Tensor, itertools.count, itertools.cycle)


def forgetful(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a function that shares no memory with it.

    What the function could keep from one call to the next is the copy's own, as it is now:
    default values, attributes, what it closes over, caches, and the global names that it uses,
    also through other functions. What libraries keep, and files, stay as they are.
    """
    return _Copies().of(answer)


class _Copies:
    """Copies of functions and of what they hold; one for each original."""

    def __init__(self) -> None:
        self.made: dict[int, Any] = {}
        self.originals: list[Any] = []  # their ids stay theirs as long as they are there

    def of(self, thing: Any) -> Any:
        if id(thing) not in self.made:
            self.originals.append(thing)
            self.made[id(thing)] = thing  # until it is copied: it may hold itself
            self.made[id(thing)] = self.copied(thing)
        return self.made[id(thing)]

    def copied(self, thing: Any) -> Any:
        kind = type(thing)
        if kind is FunctionType:
            return self.function(thing)
        if kind is CACHED:
            return functools.lru_cache(**thing.cache_parameters())(self.of(thing.__wrapped__))
        if kind is MethodType:
            return MethodType(self.of(thing.__func__), self.of(thing.__self__))
        if kind is BuiltinMethodType and isinstance(thing.__self__, HOLDERS):
            return getattr(self.of(thing.__self__), thing.__name__)
        if kind is functools.partial:
            arguments = [self.of(one) for one in thing.args]
            named = {name: self.of(one) for name, one in thing.keywords.items()}
            return functools.partial(self.of(thing.func), *arguments, **named)
        if isinstance(thing, torch.Generator):
            again = torch.Generator(thing.device)
            again.set_state(thing.get_state())
            return again
        if issubclass(kind, type):
            return self.class_(thing)
        if _is_own(kind) or isinstance(thing, HOLDERS):
            try:
                again = copy.deepcopy(thing)
                if _is_own(kind):
                    again.__class__ = self.of(kind)
            except Exception:  # it cannot be copied; then it is no memory that answers have
                return thing
            return again
        return thing

    def function(self, original: FunctionType) -> FunctionType:
        code = original.__code__
        if code.co_filename.startswith(LIBRARIES) and original.__closure__ is None:
            return original
        names = self.scope(original.__globals__)
        closure = tuple(CellType() for _ in original.__closure__ or ())
        again = FunctionType(code, names, original.__name__, None, closure or None)
        self.made[id(original)] = again  # before what it uses, which may be itself
        again.__qualname__, again.__module__ = original.__qualname__, original.__module__
        again.__doc__ = original.__doc__
        again.__defaults__ = tuple(map(self.of, original.__defaults__ or ())) or None
        again.__kwdefaults__ = {n: self.of(v) for n, v in (original.__kwdefaults__ or {}).items()}
        for cell, before in zip(closure, original.__closure__ or (), strict=True):
            if before != CellType():
                cell.cell_contents = self.of(before.cell_contents)
        again.__dict__.update({name: self.of(one) for name, one in original.__dict__.items()})
        if not code.co_filename.startswith(LIBRARIES):
            for name in _names(code) & original.__globals__.keys():
                names[name] = self.of(original.__globals__[name])
        return again

    def scope(self, names: dict[str, Any]) -> dict[str, Any]:
        """The copy of a file's or notebook's names, one for all functions in it."""
        if id(names) not in self.made:
            self.originals.append(names)
            self.made[id(names)] = dict(names)
        return self.made[id(names)]

    def class_(self, original: type) -> type:
        """A class that inherits all but what the class itself holds."""
        if not _is_own(original):
            return original
        held = {n: v for n, v in vars(original).items() if isinstance(v, HOLDERS)}
        fresh = {name: self.of(one) for name, one in held.items() if not name.startswith("__")}
        try:
            return type(original)(original.__name__, (original,), fresh)
        except Exception:  # it refuses to be inherited from
            return original


def _is_own(kind: type) -> bool:
    """True for a class that is neither Python's, nor a library's, nor the course's."""
    name = kind.__module__
    if name == "__main__":  # a notebook's
        return True
    file = str(getattr(sys.modules.get(name), "__file__", None) or "")
    ours = name.split(".")[0] in ("builtins", "course_utils")
    return not ours and name not in sys.builtin_module_names and not file.startswith(LIBRARIES)


def _names(code: Any) -> set[str]:
    """The global names that code may use, with that of the functions inside it."""
    found = set(code.co_names)
    for one in code.co_consts:
        if hasattr(one, "co_names"):
            found |= _names(one)
    return found
