"""Run an answer and write down what it did, as plain data.

Nothing of the answer's own classes survives in an observation: tensors are copied into plain
`torch.Tensor`s, containers into builtins, and every other object into the name of its type. So
an observation can be compared without calling any code of the answer, and can be sent from one
process to another.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import linecache
import random
import signal
import sys
import sysconfig
import threading
import traceback
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

PRINTED_LIMIT = 2_000  # characters of an answer's output that are kept
DEPTH_LIMIT = 20  # levels of nesting
ITEM_LIMIT = 20_000  # numbers, strings and containers together
MANY_MODULES = 20  # loaded since the time began: torch is loading a part of itself
ELEMENT_LIMIT = 5_000_000  # elements of one tensor

COURSE = str(Path(__file__).parent)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))


@dataclasses.dataclass(frozen=True)
class Opaque:
    """Stands for an object that is not plain data: only the name of its type is kept."""

    type_name: str


@dataclasses.dataclass(frozen=True)
class Raised:
    """An exception, as plain data.

    `where` is the line of the answer that raised it, `by_answer` is True when the answer's own
    code raised it and not a library that it called, `function` is the function it happened in.
    """

    type_name: str
    message: str
    where: str = ""
    function: str = ""
    by_answer: bool = False


@dataclasses.dataclass
class Observation:
    """What one answer did with one case.

    value: what the exercise looks at, as plain data; None when `raised` is set.
    raised: the exception that ended the answer.
    timed_out: the answer was stopped at the time limit.
    changed: positions of the arguments that the answer changed in place.
    used: functions that the exercise is to be done without, and that the answer called.
    printed, warned: what the answer said on the way. They are shown, never compared.
    """

    value: Any = None
    raised: Raised | None = None
    timed_out: bool = False
    changed: tuple[int, ...] = ()
    used: tuple[str, ...] = ()
    printed: str = ""
    warned: tuple[str, ...] = ()


class TooLarge(Exception):
    """An answer gave back more than an observation holds."""


def type_name(kind: type) -> str:
    """'int' for builtins, 'numpy.int64' or 'Net' otherwise (a notebook's own names stay short)."""
    if kind is torch.Tensor:
        return "torch.Tensor"
    # By type's own descriptors: a metaclass may answer for __module__ with anything.
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    if not isinstance(module, str) or module in ("builtins", "__main__"):
        return str(name)
    return f"{module}.{name}"


def plain(value: Any) -> Any:
    """A copy of `value` made of None, bool, int, float, complex, str, list, tuple, dict, tensors.

    torch.Size and named tuples become tuples; dtypes, devices and all unknown objects become
    `Opaque`. Tensors are detached, keep shape and dtype, and are always of type torch.Tensor.

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


def plain_tensor(tensor: torch.Tensor) -> torch.Tensor | Opaque:
    """A detached copy of type torch.Tensor; `Opaque` for subclasses that torch does not make."""
    name = type_name(type(tensor))
    if name.split(".")[0] not in ("torch", "torchvision"):
        return Opaque(name)
    # A subclass may override any method, so none of its own is called.
    with torch._C.DisableTorchFunctionSubclass():
        if tensor.is_quantized or tensor.is_nested:  # torch can hardly compare or print these
            return Opaque("torch.Tensor, quantized" if tensor.is_quantized else "a nested tensor")
        if tensor.numel() > ELEMENT_LIMIT:
            raise TooLarge(f"a tensor of {tensor.numel()} elements")
        bare = tensor.detach()
        if bare.layout is not torch.strided:
            bare = bare.to_dense()
        return torch.Tensor.as_subclass(bare, torch.Tensor).clone()


class WatchFunctions(TorchFunctionMode):
    """Write down which torch functions are called, whatever name the code calls them by.

    `names` are as in the documentation: 'Tensor.stride', 'torch.gather', 'nn.functional.linear'.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.used: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # noqa: D105
        called = resolve_name(func)
        for name in self.names:
            if called is None:
                # torch has no name for some compiled functions, as that under pad_sequence.
                same_name = getattr(func, "__name__", "") == name.rsplit(".", 1)[-1]
            else:
                same_name = called.removeprefix("torch.") == name.removeprefix("torch.")
            if same_name and name not in self.used:
                self.used.append(name)
        return func(*args, **(kwargs or {}))


class _Printed(io.StringIO):
    """Keeps the first PRINTED_LIMIT characters and lets the rest go."""

    def write(self, text: str) -> int:
        room = PRINTED_LIMIT - self.tell()
        super().write(text[: max(room, 0)])
        return len(text)

    def close(self) -> None:
        """Stays open: what an answer printed before it closed sys.stdout is still read."""


class TimeLimit:
    """Interrupt the main thread after `seconds`, as Ctrl-C would.

    An answer that runs inside one long C call is stopped only when that call returns, and one
    that swallows KeyboardInterrupt not at all: for code that is not trusted, use a process.

    torch loads large parts of itself at the first backward() or the first optimizer, for seconds.
    Interrupted there it stays broken, so the time begins again while many modules are loaded.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self._done = False
        self._lock = threading.Lock()

    def __enter__(self) -> TimeLimit:
        self._timer = None
        self._loaded = len(sys.modules)
        # Signals reach only the main thread; elsewhere (a test runner's thread) there is no limit.
        if threading.current_thread() is threading.main_thread():
            # A process that a shell started in the background ignores Ctrl-C until it is told to.
            self._handler = signal.signal(signal.SIGINT, signal.default_int_handler)
            self._start()
        return self

    def _start(self) -> None:
        self._timer = threading.Timer(self.seconds, self._interrupt)
        self._timer.daemon = True
        self._timer.start()

    def _interrupt(self) -> None:
        with self._lock:
            if self._done:
                return
            if len(sys.modules) > self._loaded + MANY_MODULES:
                self._loaded = len(sys.modules)
                self._start()
                return
            self.expired = True
            if hasattr(signal, "pthread_kill"):
                # A real signal also ends a sleep, which interrupt_main does not.
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            else:
                import _thread

                _thread.interrupt_main()

    def __exit__(self, *_: object) -> None:
        if self._timer is None:
            return
        try:
            self._timer.cancel()
            with self._lock:
                self._done = True
        finally:  # the interrupt may arrive in the lines above
            signal.signal(signal.SIGINT, self._handler or signal.SIG_DFL)


@contextlib.contextmanager
def course_settings() -> Iterator[None]:
    """torch's global switches at their defaults; afterwards they are as they were before.

    An answer or a notebook that calls torch.set_default_dtype, torch.set_default_device or
    torch.set_grad_enabled must not change what the next answer, or the reference, is judged by.
    """
    # An empty tensor tells: torch.get_default_device() fails in 2.3 once one was set and taken off.
    dtype, device = torch.get_default_dtype(), torch.empty(0).device
    gradients, anomaly = torch.is_grad_enabled(), torch.is_anomaly_enabled()

    def switch(dtype: torch.dtype, device: str | None, gradients: bool, anomaly: bool) -> None:
        if torch.empty(0).device.type != (device or "cpu").split(":")[0]:
            torch.set_default_device(device)
            # 2.3 remembers a None here, on which its get_default_device() then fails.
            context = vars(getattr(torch, "_GLOBAL_DEVICE_CONTEXT", SimpleNamespace()))
            if context.get("device_context", 0) is None:
                del context["device_context"]
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(gradients)
        torch.autograd.set_detect_anomaly(anomaly)

    switch(torch.float32, None, True, False)
    try:
        yield
    finally:
        switch(dtype, None if device.type == "cpu" else str(device), gradients, anomaly)


@contextlib.contextmanager
def _same_randomness(seed: int) -> Iterator[None]:
    """Every answer draws the same random numbers, and the notebook's own sequence goes on."""
    state = random.getstate()
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed(), at whose first call torch 2.3 imports its compiler, for seconds.
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def describe_exception(error: BaseException) -> Raised:
    """The exception as plain data, with the line of the answer's own code that it came from."""
    try:
        message = str(error)[:PRINTED_LIMIT]
    except BaseException:  # an exception class of the answer's own, with a broken __str__
        message = ""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(COURSE)
    ]
    own = [f for f in frames if not f.filename.startswith(LIBRARIES)]
    if not own:
        return Raised(type_name(type(error)), message)
    last = own[-1]
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    return Raised(type_name(type(error)), message, line, last.name, by_answer=last is frames[-1])


def observe(
    look: Callable[..., Any],
    answer: Callable[..., Any],
    args: tuple,
    untouched: tuple,
    *,
    without: Sequence[str] = (),
    seconds: float = 5.0,
    seed: int = 0,
) -> Observation:
    """Call `look(answer, *args)` and write down what happens.

    look: the exercise's observation; by default it calls the answer and gives back the result.
    untouched: the same arguments made a second time, to see which ones the answer changed.
    without: names of torch functions the answer may not call (see WatchFunctions).
    seconds: the answer is interrupted after this time.
    """
    seen = Observation()
    printed = _Printed()
    watch = WatchFunctions(without)
    subject = answer
    if without and not isinstance(answer, type):

        def subject(*positional: Any, **named: Any) -> Any:
            with watch:
                return answer(*positional, **named)

    limit = TimeLimit(seconds)
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(sys.stderr),  # put back, should the answer replace it
        course_settings(),
        warnings.catch_warnings(record=True) as caught,
        _same_randomness(seed),
    ):
        warnings.simplefilter("always")
        try:
            with limit:
                seen.value = plain(look(subject, *args))
        except KeyboardInterrupt:
            if not limit.expired:  # the person pressed stop
                raise
            seen.timed_out = True
        except TooLarge as error:
            seen.raised = Raised("TooLarge", f"the answer gave back {error}")
        except BaseException as error:  # sys.exit() in an answer must not end the notebook
            seen.raised = describe_exception(error)
    seen.changed = tuple(
        position
        for position, (now, before) in enumerate(zip(args, untouched, strict=True))
        if _changed(now, before)
    )
    seen.used = tuple(watch.used)
    seen.printed = printed.getvalue()
    seen.warned = tuple(dict.fromkeys(str(warning.message)[:300] for warning in caught))
    return seen


def attempt(action: Callable[[], Any]) -> Any:
    """What `action()` gives, or the exception's type name as {'raised': 'ValueError'}.

    For observations that look at several facts, of which one may be an error.
    """
    try:
        return action()
    except Exception as error:
        return {"raised": type_name(type(error))}


def _changed(now: Any, before: Any) -> bool:
    try:
        return not same(plain(now), plain(before))
    except TooLarge:  # the answer made the argument endless or huge
        return True


def same(one: Any, other: Any) -> bool:
    """Exactly equal plain data: types, shapes, dtypes and values (NaN equals NaN)."""
    from .comparison import first_difference

    return first_difference(one, other, exact=True) is None


def shares_storage(one: Any, other: torch.Tensor) -> bool:
    """True if `one` is a tensor over the same storage as `other`. Taught in notebook 01."""
    if not isinstance(one, torch.Tensor):
        return False
    with torch._C.DisableTorchFunctionSubclass():
        return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
