"""Where marking is done: processes on this machine, or the workers of a Dask cluster.

Nothing here imports torch, so that workers can begin to while the command still reads its options.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import signal
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing.queues import SimpleQueue

from ..errors import RunError
from .lending import CAN_LEND, Lender, receive_from
from .temporary_folders import remove_abandoned

CLUSTER_SECONDS = 10  # to wait for a scheduler
ENDING_SECONDS = 5  # to wait for a worker that was told to end
# A server that has imported torch and the exercises, and done nothing else with them: every worker
# is its fork.
PRELOADED = ("grading.mark.preloading", "grading.mark.marking")
METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def prepare_local_processes(modules: Iterable[str] = ()) -> None:
    """Begin to import torch for the workers, beside whatever this process does next.

    modules: that all of them will need, as those that declare the exercises.
    """
    if METHOD == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload([*PRELOADED, *modules])
        forkserver.ensure_running()


@contextlib.contextmanager
def local_processes(workers: int) -> Iterator[Executor]:
    """Worker processes on this machine."""
    prepare_local_processes()
    context = multiprocessing.get_context(METHOD)
    way = context.SimpleQueue() if CAN_LEND else None
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin_worker, initargs=(way,)
    )
    lender = Lender(pool, workers, way) if way is not None else None
    before = set(multiprocessing.active_children())
    try:
        yield lender or pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        workers_left = set(multiprocessing.active_children()) - before
        for process in workers_left:
            process.terminate()
        for process in workers_left:
            process.join(ENDING_SECONDS)
        raise
    else:
        pool.shutdown(cancel_futures=True)
    finally:
        if lender is not None:
            lender.close()
        remove_abandoned()  # a worker that was ended removes nothing itself


def _begin_worker(way: SimpleQueue | None) -> None:
    """way: on which the worker's sandbox comes."""
    # Ctrl-C is for the process that the person started; it ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what it found is not looked through, again and again
    gc.enable()  # see preloading.py
    if way is not None:
        receive_from(way)


@contextlib.contextmanager
def dask_cluster(address: str) -> Iterator[Executor]:
    """The workers of a Dask cluster whose scheduler is at this address. Raises RunError."""
    try:
        from distributed import Client
    except ImportError:
        raise RunError(
            "Marking on a cluster needs Dask: python tools/install.py --extra grading"
        ) from None
    try:
        client = Client(address, timeout=CLUSTER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise RunError(f"No Dask scheduler answers at {address}: {error}") from None
    # A worker that is lost is not the shard's fault: Dask gives it to another one.
    with client, client.get_executor(retries=2, pure=False) as executor:
        yield executor
