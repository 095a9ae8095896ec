"""Code run as in a worker process, without one."""

import contextlib
import random

import numpy
import torch
import torch.utils.data._utils.worker as worker_process


@contextlib.contextmanager
def as_worker(number: int, of: int, base_seed: int, dataset):
    """Run code as worker `number` of a DataLoader would, without starting a process.

    A notebook's own classes do not reach worker processes on every system, so a check must not
    need one. The names set here are the ones that a worker process sets for itself.
    """
    before, state = worker_process._worker_info, numpy.random.get_state()
    python_state = random.getstate()
    seed = base_seed + number
    worker_process._worker_info = worker_process.WorkerInfo(
        id=number, num_workers=of, seed=seed, dataset=dataset
    )
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            numpy.random.seed(seed % 2**32)
            random.seed(seed)
            yield
    finally:
        worker_process._worker_info = before
        numpy.random.set_state(state)
        random.setstate(python_state)
