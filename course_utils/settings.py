"""What an answer runs under: a clock, torch's switches, and random numbers that repeat."""

from __future__ import annotations

import _thread
import contextlib
import functools
import hashlib
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy
import torch

from .object_state import (
    GLOBAL_HOOKS,
    PLAIN_DICTS,
    numpys_state,
    put_numpys_state,
    saved_tensors_hooks,
)

MANY_MODULES = 20  # loaded since the time began: torch is loading a part of itself


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

    def __enter__(self) -> TimeLimit:
        self._clock: _Alarm | _Timer | None = None
        self._loaded = len(sys.modules)
        # Signals reach only the main thread; elsewhere (a test runner's thread) there is no limit.
        if threading.current_thread() is threading.main_thread():
            self._clock = CLOCK(self._is_over)
            self._clock.begin(self.seconds)
        return self

    def _is_over(self) -> bool:
        """Asked by the clock when the time has run out; False: it begins again."""
        if len(sys.modules) > self._loaded + MANY_MODULES:
            self._loaded = len(sys.modules)
            return False
        self.expired = True
        return True

    def __exit__(self, *_: object) -> None:
        if self._clock is not None:
            self._clock.end()


class _Alarm:
    """A clock of the operating system, which also ends a sleep.

    It costs microseconds. A thread costs a hundred times that, and a process that is copied for
    each answer pays for the thread's memory as well.
    """

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over

    def begin(self, seconds: float) -> None:
        self._seconds = seconds
        self._handler = signal.signal(signal.SIGALRM, self._rings)
        self._begun = time.monotonic()
        self._outer = signal.setitimer(signal.ITIMER_REAL, seconds)  # of a limit around this one

    def _rings(self, *_: object) -> None:
        if self._is_over():
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, self._seconds)

    def end(self) -> None:
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:  # it may ring in the line above
            signal.signal(signal.SIGALRM, self._handler or signal.SIG_DFL)
            left, interval = self._outer
            if left:
                passed = time.monotonic() - self._begun
                signal.setitimer(signal.ITIMER_REAL, max(left - passed, SOON), interval)


class _Timer:
    """A clock that is a thread, for Windows, which has no other."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over
        self._done = False
        self._lock = threading.Lock()

    def begin(self, seconds: float) -> None:
        self._handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._rings, (seconds,))
        self._timer.daemon = True
        self._timer.start()

    def _rings(self, seconds: float) -> None:
        with self._lock:
            if self._done:
                return
            if self._is_over():
                _thread.interrupt_main()
            else:
                self._start(seconds)

    def end(self) -> None:
        try:
            self._timer.cancel()
            with self._lock:
                self._done = True
        finally:  # the interrupt may arrive in the lines above
            signal.signal(signal.SIGINT, self._handler or signal.SIG_DFL)


CLOCK: type[_Alarm] | type[_Timer] = _Alarm if hasattr(signal, "setitimer") else _Timer
SOON = 1e-3  # seconds until an outer clock rings whose time ran out under an inner one


@contextlib.contextmanager
def course_settings() -> Iterator[None]:
    """torch's global switches at their defaults; afterwards they are as they were before.

    An answer or a notebook that calls torch.set_default_dtype, torch.set_default_device or
    torch.set_grad_enabled must not change what the next answer, or the reference, is judged by.
    """
    before = _switches()
    hooks = {name: set(dict.keys(table)) for name, table in _global_hooks()}
    if before[:4] != _COURSE:
        _switch(*_COURSE)
    try:
        yield
    finally:
        # This is done for every case. Mostly all is as it was, and asking is cheap.
        if _switches() != before:
            _put_back(before)
        for name, table in _global_hooks():
            for key in dict.keys(table) - hooks.get(name, set()):
                table.pop(key)  # dict.pop() would break an OrderedDict


# dtype, device, gradients, anomaly; deterministic, threads, multithreading; hooks of saved tensors,
# contexts that see torch's functions.
_Switches = tuple[torch.dtype, torch.device, bool, bool, bool, int, bool, tuple[int, ...], int]
_COURSE = (torch.float32, torch.device("cpu"), True, False)


def _switches() -> _Switches:
    """torch's global switches as they are now."""
    return (
        torch.get_default_dtype(),
        # An empty tensor tells: torch.get_default_device() fails in 2.3 once one was set and taken
        # off.
        torch.empty(0).device,
        torch.is_grad_enabled(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
        torch._C._is_multithreading_enabled(),
        saved_tensors_hooks(),
        torch._C._len_torch_function_stack(),
    )


def _switch(dtype: torch.dtype, device: torch.device, gradients: bool, anomaly: bool) -> None:
    if torch.empty(0).device.type != device.type:
        torch.set_default_device(None if device.type == "cpu" else device)
        # 2.3 remembers a None here, on which its get_default_device() then fails.
        context = vars(getattr(torch, "_GLOBAL_DEVICE_CONTEXT", SimpleNamespace()))
        if context.get("device_context", 0) is None:
            del context["device_context"]
    if torch.get_default_dtype() != dtype:
        torch.set_default_dtype(dtype)
    if torch.is_grad_enabled() != gradients:
        torch.set_grad_enabled(gradients)
    if torch.is_anomaly_enabled() != anomaly:
        torch.autograd.anomaly_mode.set_detect_anomaly(anomaly)


def _put_back(before: _Switches) -> None:
    dtype, device, gradients, anomaly, deterministic, threads, multi, saving, modes = before
    _switch(dtype, device, gradients, anomaly)
    if torch.are_deterministic_algorithms_enabled() != deterministic:
        torch.use_deterministic_algorithms(deterministic)
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    if torch._C._is_multithreading_enabled() != multi:
        torch.autograd.grad_mode.set_multithreading_enabled(multi)
    # Contexts that were entered and not left: they end when nothing holds them, or never.
    while torch._C._len_torch_function_stack() > modes:
        torch._C._pop_torch_function_stack()
    while saved_tensors_hooks() not in (saving, ()):
        torch._C._autograd._pop_saved_tensors_default_hooks()


def _global_hooks() -> list[tuple[str, dict]]:
    """torch's tables of hooks on all modules and on all optimizers there are, if anything is in."""
    return [
        (name, table)
        for name, places in GLOBAL_HOOKS.items()
        if type(table := places.get(name)) in PLAIN_DICTS and table
    ]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch, as in the grader's sandbox.

    How a sum is shared among threads decides how it is rounded, and a training run magnifies that.
    """
    threads = torch.get_num_threads()
    if threads != 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch.get_num_threads() != threads:  # starting more of them takes milliseconds
            torch.set_num_threads(threads)


@contextlib.contextmanager
def same_randomness(seed: int) -> Iterator[None]:
    """Every answer draws the same random numbers, and the notebook's own sequence goes on.

    seed: that of the cases. torch, random and numpy tell theirs to whoever asks, so a secret one
    (all but the notebooks' own 0) is not given to them, only a number that is made of it.
    """
    seed = _told(seed)
    generator = torch.default_generator
    state, torchs, numpys = random.getstate(), generator.get_state(), numpys_state()
    # Not torch.manual_seed(), at whose first call torch 2.3 imports its compiler, for seconds.
    generator.manual_seed(seed)
    random.seed(seed)
    numpy.random.seed(seed % 2**32)
    try:
        yield
    finally:
        put_numpys_state(numpys)
        random.setstate(state)
        generator.set_state(torchs)


@functools.lru_cache
def _told(seed: int) -> int:
    """What is told in a seed's place."""
    if not seed:
        return 0
    digest = hashlib.sha256(f"same_randomness {seed}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
