"""Processes that make up one group of torch.distributed. Its idea is taught in lesson 11.

Nothing of torch.distributed is replaced. The ranks talk to each other over this machine's own
network alone (gloo), and meet by a file. Where a process can be copied (fork: Linux), ranks are
copies of this one, ready in a moment. Elsewhere they begin from nothing, and import what they need.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import faulthandler
import functools
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

METHOD = "fork" if sys.platform == "linux" else "spawn"
LOOPBACK = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)  # the machine's own network
START_SECONDS = 60.0  # until all ranks are there: a process may have to import torch first
WAIT_SECONDS = 4.0  # that a rank waits in a collective for the others
# That ranks may need longer than the first that is ready. On a busy machine, a rank may not run for
# seconds; one that waits in a collective says so itself, before.
LATE_SECONDS = 6.0
HERE = "here"  # what a rank says that waits for the others to be as far
MOMENT_SECONDS = 0.3  # that a rank which is done stays there for the others
# How gloo says that another rank is gone, or that it did not come.
GONE = ("Connection closed by peer", "Connection reset", "Broken pipe", "Read error", "Write error")
LATE = ("Timed out", "timed out", "timeout")


class Copy:
    """A copy of this process that does one thing and ends."""

    def __init__(self, work: Callable[[], None]) -> None:
        with warnings.catch_warnings():
            # Python warns of copies of processes with threads. A rank uses none of those.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._id = os.fork()
        if self._id == 0:
            try:
                PR_SET_PDEATHSIG = 1  # when the notebook is killed, so are its ranks
                ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                work()
            finally:  # never back into the notebook
                os._exit(0)

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._id, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._id, 0)


class _Spawned:
    """A new process that does one thing and ends."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._process = multiprocessing.get_context("spawn").Process(target=work, daemon=True)
        self._process.start()

    def end(self) -> None:
        self._process.kill()
        self._process.join()


Work = Callable[[int, "Line"], None]


class Line:
    """A rank's connection to the process that started it. Messages are of any type."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: Any) -> None:
        # Not connection.send: torch has taught that one to share memory in place of copying.
        self.connection.send_bytes(pickle.dumps(message))

    def receive(self) -> Any:
        """Raises EOFError when the other end is gone."""
        return pickle.loads(self.connection.recv_bytes())

    def meet(self) -> None:
        """Wait until all ranks are as far: see Ranks.meet."""
        self.send(HERE)
        self.receive()


class Ranks:
    """Processes that do the same work, numbered from 0. All of them end with the `with` block."""

    def __init__(self, work: Work, count: int, method: str = METHOD) -> None:
        self.count = count
        self._processes: list[Copy | _Spawned] = []
        self.lines: list[Line] = []
        self.whole = True
        pipes = [multiprocessing.Pipe() for _ in range(count)]
        ours = [here for here, _ in pipes]
        try:
            for rank, (_, there) in enumerate(pipes):
                if method == "fork":
                    others = [*ours, *(end for _, end in pipes if end is not there)]
                    self._processes.append(
                        Copy(functools.partial(_begin, work, rank, there, others))
                    )
                else:
                    self._processes.append(
                        _Spawned(functools.partial(_begin, work, rank, there, []))
                    )
        except BaseException:
            self.end()
            raise
        finally:
            for _, there in pipes:
                there.close()
        self.lines = [Line(here) for here in ours]

    def __enter__(self) -> Ranks:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        for line in self.lines:
            line.connection.close()
        for process in self._processes:
            process.end()

    def tell(self, message: Any) -> None:
        """A message for every rank."""
        for line in self.lines:
            with contextlib.suppress(OSError):  # it has ended: `gather` will say so
                line.send(message)

    def meet(self) -> list[Any]:
        """Let the ranks go on once all of them are here; what each of them said in place of HERE.

        The list is empty when all came. None: a rank that ended.
        """
        said = self.gather(START_SECONDS, START_SECONDS)
        self.tell("go")
        return [] if said == [HERE] * self.count else said

    def gather(
        self, seconds: float, late: float, *, done: bool = False, first: int | None = None
    ) -> list[Any]:
        """The next message of each rank; None of one that ended or is late.

        seconds: for all. late: how much longer than the first rank the others may take. first: of
        so many ranks only.
        done: this message is the last of what the ranks do together. Where some are still at it a
        moment later, those that are done end, so that nobody waits for them in vain: `whole` says
        whether all are still there.
        """
        found: dict[int, Any] = {}
        asked = self.lines[:first]
        missing: dict[Any, int] = {line.connection: rank for rank, line in enumerate(asked)}
        deadline = time.monotonic() + seconds
        while missing:
            moment = done and found and self.whole
            left = deadline - time.monotonic()
            ready = wait([*missing], max(min(left, MOMENT_SECONDS) if moment else left, 0))
            if not ready and moment and left > MOMENT_SECONDS:
                self.whole = False
                for rank in found:
                    self._processes[rank].end()
                continue
            if not ready:
                break
            if not found:
                deadline = min(deadline, time.monotonic() + late)
            for connection in ready:
                rank = missing.pop(connection)
                try:
                    found[rank] = self.lines[rank].receive()
                except (EOFError, OSError, pickle.UnpicklingError):
                    found[rank] = None
        return [found.get(rank) for rank in range(len(asked))]


def _begin(work: Work, rank: int, connection: Connection, others: Sequence[Connection]) -> None:
    """What each rank's process does."""
    try:
        for other in others:  # else a rank would never hear that the notebook is gone
            other.close()
        faulthandler.disable()  # where gloo aborts, the one who waits says so
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)  # gloo's own messages, with ports and paths
        torch.set_num_threads(1)  # those of the process that this is a copy of are not here
        work(rank, Line(connection))
    except BaseException:  # the one who waits hears that the line is closed
        pass


@contextlib.contextmanager
def process_group(rank: int, ranks: int, meeting: Path) -> Iterator[None]:
    """torch.distributed with gloo, among the ranks that name the same file."""
    if LOOPBACK is not None:
        os.environ["GLOO_SOCKET_IFNAME"] = LOOPBACK
    dist.init_process_group(
        "gloo",
        store=dist.FileStore(str(meeting), ranks),  # type: ignore[attr-defined]
        rank=rank,
        world_size=ranks,
        timeout=datetime.timedelta(seconds=WAIT_SECONDS),
    )
    _GROUPS.append(dist.group.WORLD)
    try:
        yield
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


# While two ranks close their connections at once, gloo may wait for ever. What is held here is not
# closed before the process ends.
_GROUPS: list[Any] = []


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """A group with this process as its only rank; afterwards all is as it was before."""
    # A process group puts its rank before uncaught errors; in a notebook there is none.
    hook, interface = sys.excepthook, os.environ.get("GLOO_SOCKET_IFNAME")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with process_group(0, 1, Path(folder, "meeting")):
                yield
        finally:
            _GROUPS.clear()  # nobody closes the other end
            sys.excepthook = hook
            if interface is None:
                os.environ.pop("GLOO_SOCKET_IFNAME", None)


@functools.cache
def import_parts() -> None:
    """What torch loads at the first DistributedDataParallel: once, not in each rank."""
    if dist.is_initialized():  # the notebook's own
        return
    with alone(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1))
        model(torch.zeros(1, 1)).sum().backward()
        torch.optim.SGD(model.parameters(), lr=0.1).step()  # loads much of torch as well


def waits(raised: tuple[str, str] | None) -> bool:
    """True if gloo raised it because another rank is gone or did not come."""
    return raised is not None and any(part in raised[1] for part in (*GONE, *LATE))
