"""What a call cost on the way: how many tensors it made, how large they were, how often it called.

A loop in Python shows in the calls: with twice as many elements there are more of them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.observation import COURSE, LIBRARIES

# These hand numbers of a tensor to Python, where only a loop can work on them, or call it for each.
TO_PYTHON = ("tolist", "item", "__iter__", "__int__", "__float__", "__index__")
TO_PYTHON += ("apply_", "map_", "map2_")
# After these, the numbers are somewhere where torch does not see what is made of them.
OUT_OF_TORCH = (*TO_PYTHON, "numpy", "__array__", "__dlpack__", "__reduce_ex__", "data_ptr")
OUT_OF_TORCH += ("storage", "_typed_storage", "untyped_storage")


@dataclasses.dataclass
class Effort:
    """What was done while it was noted.

    made: how many tensors with memory of their own. largest: elements of the largest of them.
    steps: calls of torch, and single numbers handed to Python, also by numpy's tolist. lines:
    lines of the answer's code that ran, each as often as it did. left_torch: True if numbers were
    taken out of a tensor, as by `.numpy()`.
    """

    made: int = 0
    largest: int = 0
    steps: int = 0
    lines: int = 0
    left_torch: bool = False

    def shows_a_loop(self, less: Effort) -> bool:
        """True if more was done than in a call with fewer elements."""
        return self.steps > less.steps or self.lines > less.lines


@contextlib.contextmanager
def noted() -> Iterator[Effort]:
    """Note what torch does inside this block."""
    effort = Effort()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        engine = file.rpartition(os.sep)[0] == COURSE or frame.f_globals is globals()
        if engine or file.startswith(LIBRARIES):
            return None
        effort.lines += event == "line"
        return trace

    before = sys.gettrace(), sys.getprofile()

    def profile(frame: FrameType, event: str, called: Any) -> None:
        array = getattr(called, "__self__", None)
        if event == "c_call" and called.__name__ == "tolist" and isinstance(array, numpy.ndarray):
            effort.steps += array.size
        if before[1] is not None:  # the watch for what is to be done by hand
            before[1](frame, event, called)

    with _Steps(effort), _Memory(effort):
        sys.settrace(trace)
        sys.setprofile(profile)
        try:
            yield effort
        finally:
            sys.settrace(before[0])
            sys.setprofile(before[1])


class _Steps(TorchFunctionMode):
    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort = effort

    def __torch_function__(
        self, function: Any, types: Any, args: tuple = (), named: dict | None = None
    ) -> Any:
        """Count the call, then make it."""
        self.effort.steps += 1
        name = getattr(function, "__name__", "")
        by_us = sys._getframe(1).f_globals is globals()  # as where _Memory looks at a tensor
        self.effort.left_torch |= name in OUT_OF_TORCH and not by_us
        if name in TO_PYTHON and args:
            self.effort.steps += args[0].numel()
        return function(*args, **(named or {}))


class _Memory(TorchDispatchMode):
    def __init__(self, effort: Effort) -> None:
        super().__init__()
        self.effort = effort

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), named: dict | None = None
    ) -> Any:
        """Run the function, then look which tensors of its result have new memory."""
        result = function(*args, **(named or {}))
        given = {_memory(tensor) for tensor in _tensors((args, named))}
        for tensor in _tensors(result):
            if _memory(tensor) not in given:
                elements = tensor.untyped_storage().nbytes() // tensor.element_size()
                self.effort.made += 1
                self.effort.largest = max(self.effort.largest, elements)
        return result


@contextlib.contextmanager
def writes_to(tensor: torch.Tensor) -> Iterator[list[str]]:
    """Note the operations inside this block that write to the memory of a tensor.

    What was written and put back later counts as well, also where `_version` says nothing of it.
    """
    writes: list[str] = []
    with _Writes(tensor, writes):
        yield writes


class _Writes(TorchDispatchMode):
    def __init__(self, tensor: torch.Tensor, writes: list[str]) -> None:
        super().__init__()
        self.memory = _memory(tensor)
        self.writes = writes

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), named: dict | None = None
    ) -> Any:
        """Run the function, and note it if its declaration says that it writes to the memory.

        Of what it was given that is: `set_` gives a tensor other memory, and writes to none.
        """
        given = dict(enumerate(args)) | (named or {})
        writes = any(
            self.memory in map(_memory, _tensors(given.get(place, given.get(name))))
            for place, name in _written_to(function)
        )
        result = function(*args, **(named or {}))  # one that torch refuses has written nothing
        if writes:
            self.writes.append(str(function))
        return result


@functools.cache
def _written_to(function: Any) -> list[tuple[int, str]]:
    """The arguments that a function of torch writes to, by their places and names."""
    return [
        (place, one.name)
        for place, one in enumerate(function._schema.arguments)
        if one.alias_info is not None and one.alias_info.is_write
    ]


def _tensors(thing: Any) -> list[torch.Tensor]:
    if isinstance(thing, torch.Tensor):
        return [thing]
    if isinstance(thing, dict):
        thing = thing.values()
    elif not isinstance(thing, (list, tuple)):
        return []
    return [tensor for one in thing for tensor in _tensors(one)]


def _memory(tensor: torch.Tensor) -> int:
    storage = tensor.untyped_storage()
    return storage.data_ptr() or storage._cdata  # numpy's array of it has another storage there
