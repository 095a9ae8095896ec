"""Sandboxes that the command begins and lends to the workers of its pool.

A sandbox takes seconds to load torch, and so does a worker: this way they do it side by side.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from multiprocessing import resource_sharer
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

from .sandbox import FolderOfAnother, Sandbox
from .shards import Shard, mark_shard

CAN_LEND = hasattr(os, "pidfd_open")  # on Linux: to see the end of a process of another one
STOP_SECONDS = 5  # for the thread that hands out open files


@dataclasses.dataclass(frozen=True)
class Lent:
    """A sandbox on its way: its folder, its process, and the open files of Sandbox.lend."""

    folder: Path
    process: int
    channel: resource_sharer.DupFd
    said: resource_sharer.DupFd


class Lender(Executor):
    """A pool, each of whose workers finds a sandbox that was begun.

    workers: how many it has. way: on which each of them gets one; see receive_from.
    """

    def __init__(self, pool: Executor, workers: int, way: SimpleQueue) -> None:
        self._pool = pool
        self._workers = workers
        self._way = way
        self._sandboxes: list[Sandbox] = []
        self._marks = 0  # shards that were given out

    def expect(self, shards: Sequence[Shard]) -> None:
        """Begin the sandboxes for these shards, which will be submitted next.

        The first of them is submitted only when the pool's first worker is there, which takes as
        long as a sandbox does.
        """
        for shard in shards[: self._workers - len(self._sandboxes)]:
            self._begin(shard)

    def _begin(self, shard: Shard) -> None:
        sandbox = sandbox_made_for(shard)
        self._sandboxes.append(sandbox)
        sandbox.begin()
        process, channel, said = sandbox.lend()
        with channel, said:
            files = [resource_sharer.DupFd(file.fileno()) for file in (channel, said)]
        self._way.put(Lent(sandbox.folder, process, *files))

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future:
        """function(shard), in a worker."""
        (shard,) = args
        # One for each worker that marks, and there before the work is.
        self._marks += function is mark_shard
        if len(self._sandboxes) < min(self._marks, self._workers):
            self._begin(shard)
        return self._pool.submit(function, shard)

    def close(self) -> None:
        """End the sandboxes, after the workers, and remove their folders."""
        resource_sharer.stop(STOP_SECONDS)  # of what nobody took
        for sandbox in self._sandboxes:
            sandbox.close()


_way: list[SimpleQueue] = []  # on which this process gets one sandbox; empty: it makes its own


def receive_from(way: SimpleQueue) -> None:
    """Tell a new worker where it gets its sandbox."""
    _way.append(way)


def begun_sandbox(shard: Shard) -> Sandbox:
    """A sandbox for a shard, begun: the one that was lent to this process, or its own."""
    with contextlib.suppress(OSError, EOFError):  # where it did not arrive
        if _way:
            lent: Lent = _way.pop().get()
            sandbox = sandbox_made_for(shard, FolderOfAnother(lent.folder))
            channel = socket.socket(fileno=lent.channel.detach())
            sandbox.take(lent.process, channel, os.fdopen(lent.said.detach(), "w+b"))
            return sandbox
    sandbox = sandbox_made_for(shard)
    sandbox.begin()
    return sandbox


def sandbox_made_for(shard: Shard, folder: FolderOfAnother | None = None) -> Sandbox:
    """A sandbox with what the answers of a shard need. folder: it lies there already."""
    ids = [id for id, _ in shard.items]
    private = dict(shard.private)
    return Sandbox(list(shard.topics), private, ids, trusted=shard.trusted, folder=folder)
