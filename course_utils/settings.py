"""What an answer runs under: a clock, torch's switches, and random numbers that repeat."""

from __future__ import annotations

import _thread
import contextlib
import hashlib
import random
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from types import SimpleNamespace

import torch

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
        self._done = False
        self._lock = threading.Lock()

    def __enter__(self) -> TimeLimit:
        self._timer: threading.Timer | None = None
        self._loaded = len(sys.modules)
        # Signals reach only the main thread; elsewhere (a test runner's thread) there is no limit.
        if threading.current_thread() is threading.main_thread():
            self._main = threading.get_ident()
            # A process that a shell started in the background ignores Ctrl-C until it is told to.
            self._handler = signal.signal(signal.SIGINT, signal.default_int_handler)
            self._start()
        return self

    def _start(self) -> None:
        timer = threading.Timer(self.seconds, self._interrupt)
        timer.daemon = True
        self._timer = timer
        timer.start()

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
                signal.pthread_kill(self._main, signal.SIGINT)
            else:
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
        torch.autograd.anomaly_mode.set_detect_anomaly(anomaly)

    deterministic, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    hooks = {name: dict(table) for name, table in _global_hooks()}
    switch(torch.float32, None, True, False)
    try:
        yield
    finally:
        switch(dtype, None if device.type == "cpu" else str(device), gradients, anomaly)
        if torch.are_deterministic_algorithms_enabled() != deterministic:
            torch.use_deterministic_algorithms(deterministic)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        for name, table in _global_hooks():
            for key in dict.keys(table) - hooks[name].keys():
                table.pop(key)  # dict.pop() would break an OrderedDict


def _global_hooks() -> list[tuple[str, dict]]:
    """torch's tables of hooks on all modules there are."""
    found = vars(torch.nn.modules.module).items()
    return [(n, t) for n, t in found if n.startswith("_global_") and type(t) in (dict, OrderedDict)]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch, as in the grader's sandbox.

    How a sum is shared among threads decides how it is rounded, and a training run magnifies that.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def same_randomness(seed: int) -> Iterator[None]:
    """Every answer draws the same random numbers, and the notebook's own sequence goes on.

    seed: that of the cases. torch and random tell theirs to whoever asks, so a secret one (all but
    the notebooks' own 0) is not given to them, only a number that is made of it.
    """
    if seed:
        digest = hashlib.sha256(f"same_randomness {seed}".encode()).digest()
        seed = int.from_bytes(digest[:7], "big")
    state = random.getstate()
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed(), at whose first call torch 2.3 imports its compiler, for seconds.
        torch.default_generator.manual_seed(seed)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)
