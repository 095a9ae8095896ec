"""Several workers read one stream, each with a copy of it. Together they must yield each number
once. The check calls your code as workers would, without starting any.
"""

import copy
import math

import torch
import torch.utils.data
from torch.utils.data import (
    IterableDataset,
    get_worker_info,
)

from course_utils.exercise import Exercise
from course_utils.lessons.loading.facts import taken
from course_utils.lessons.loading.workers import as_worker
from course_utils.observation import attempt

exercise = Exercise(
    "06.17",
    "A stream that workers share",
    minutes=15,
    difficulty=3,
    hints=[
        "Every worker gets a copy of the dataset and calls `__iter__` on it. What does each copy "
        "have to know to do only its part?",
        "`get_worker_info()` gives `id` and `num_workers` in a worker, and None elsewhere.",
        "Worker 0 of 3 could take numbers 0, 3, 6, ..., worker 1 numbers 1, 4, 7, ...: `range` has "
        "a third argument.",
    ],
)


@exercise.reference
class SharedRange(IterableDataset):
    """The ints from start to stop - 1, each of them once, however many workers there are.

    start, stop: ints. Without workers, all of them in order. With workers, each worker yields a
    part: together everything once, and no worker more than its share, rounded up.
    """

    def __init__(self, start, stop):
        self.start = start
        self.stop = stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(self.start + worker.id, self.stop, worker.num_workers))


@exercise.cases
def _(rng):
    yield 0, 6, 2
    yield 0, 7, 3
    yield 10, 15, 2
    yield 3, 5, 4
    start = rng.randint(1, 20)
    yield start, start + rng.randint(7, 12), rng.randint(2, 4)


@exercise.observe
def _(answer, start, stop, workers):
    dataset = answer(start, stop)
    facts = {"without workers": attempt(lambda: taken(dataset))}
    parts = []
    for number in range(workers):
        copied = copy.deepcopy(dataset)
        with as_worker(number, workers, 1000, copied):
            part = attempt(lambda copied=copied: taken(copied))
        if isinstance(part, dict):
            return {**facts, f"in worker {number} of {workers}": part}
        parts += [part]
    share = math.ceil((stop - start) / workers)
    together = sum(parts, [])
    if all(isinstance(item, int) for item in together):  # other things may have no order
        together.sort()
    facts[f"with {workers} workers, all together, sorted"] = together
    facts["a worker yields more than its share"] = max(map(len, parts)) > share
    return facts


@exercise.mistake(
    "Every worker yields everything, so each sample comes once for each worker. A training epoch "
    "silently becomes several."
)
class EveryWorkerAll(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        return iter(range(self.start, self.stop))


@exercise.mistake(
    "Without workers there is no worker info, and None has no id. The same dataset should work "
    "with num_workers=0."
)
class NeedsAWorker(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        return iter(range(self.start + worker.id, self.stop, worker.num_workers))


@exercise.mistake(
    "Your parts are rounded down, so the numbers at the end belong to nobody and are lost."
)
class PartsRoundedDown(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        each = (self.stop - self.start) // worker.num_workers
        first = self.start + worker.id * each
        return iter(range(first, first + each))


@exercise.mistake("Nothing comes twice, but one worker does all the work and the others sit idle.")
class OnlyTheFirstWorker(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None or worker.id == 0:
            return iter(range(self.start, self.stop))
        return iter(())


@exercise.mistake("Your workers count from 0, whatever `start` is. Try it with start=10.")
class CountsFromZero(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(worker.id, self.stop, worker.num_workers))


@exercise.mistake(
    "You step by the worker's own number. Worker 0 would take no step at all; each step has to "
    "jump over the samples of all workers."
)
class StepsByItsNumber(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(range(self.start, self.stop, worker.id))


@exercise.right
class InBlocks(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        first, last = self.start, self.stop
        worker = torch.utils.data.get_worker_info()
        if worker is not None:
            size = (last - first + worker.num_workers - 1) // worker.num_workers
            first = first + worker.id * size
            last = min(first + size, last)
        yield from range(first, last)


exercise.equivalent(
    "if worker is None:",
    "if not worker:",
    because="A WorkerInfo counts as true.",
)


exercise.equivalent(
    "if worker is not None:",
    "if worker:",
    because="A WorkerInfo counts as true.",
)


exercise.equivalent(
    "first = first + worker.id * size",
    "first += worker.id * size",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
