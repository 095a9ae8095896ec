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
from course_utils.observation import attempt, plain

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

    start, stop: ints; where they are equal, there are none. Without workers, all of them in order.
    With workers, each worker yields a part: together everything once, and no worker more than its
    share, rounded up. The same again in each epoch.
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
    yield 4, 4, 2
    yield 2, 6, 1
    start = rng.randint(1, 20)
    yield start, start + rng.randint(7, 12), rng.randint(2, 4)


@exercise.observe
def _(answer, start, stop, workers):
    dataset = answer(start, stop)
    facts = {
        "without workers": attempt(lambda: taken(dataset)),
        "without workers, the second time": attempt(lambda: taken(dataset)),
    }
    dataset = answer(start, stop)
    parts, parts_again = [], []
    for number in range(workers):
        copied = copy.deepcopy(dataset)
        with as_worker(number, workers, 1000, copied):
            part = attempt(lambda copied=copied: taken(copied))
            again = attempt(lambda copied=copied: taken(copied))  # as persistent workers do
        if isinstance(part, dict):
            return {**facts, f"in worker {number} of {workers}": part}
        parts.append(part)
        parts_again.append(again)
    share = math.ceil((stop - start) / workers)
    together = sum(parts, [])
    if all(isinstance(item, int) for item in together):  # other things may have no order
        together.sort()
    facts[f"with {workers} workers, all together, sorted"] = together
    facts["a worker yields more than its share"] = max(map(len, parts)) > share
    facts["each worker yields the same in the second epoch"] = plain(parts) == plain(parts_again)
    return facts


class Shared(IterableDataset):
    """What the wrong answers below change in one place: a worker's part."""

    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        return iter(self.part(worker.id, worker.num_workers))


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
    "All parts together are too small: some numbers belong to nobody and are lost. How is the "
    "size of a part rounded?"
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


@exercise.mistake(
    "The rest goes to one worker, which has more than its share: the others wait for it."
)
class RestForTheLast(Shared):
    def part(self, number, of):
        each = (self.stop - self.start) // of
        first = self.start + number * each
        return range(first, self.stop if number == of - 1 else first + each)


@exercise.mistake(
    "The parts are rounded up, and the last ones go past `stop`. Numbers come that nobody asked "
    "for."
)
class PastTheEnd(Shared):
    def part(self, number, of):
        each = math.ceil((self.stop - self.start) / of)
        first = self.start + number * each
        return range(first, first + each)


@exercise.mistake("The first worker has number 0. Yours begins one place too early.")
class WorkersFromOne(Shared):
    def part(self, number, of):
        return range(self.start + number - 1, self.stop, of)


@exercise.mistake(
    "`stop` itself comes as well. As with `range`, the last number is the one before."
)
class StopIncluded(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        number, of = (0, 1) if worker is None else (worker.id, worker.num_workers)
        return iter(range(self.start + number, self.stop + 1, of))


@exercise.mistake(
    "In the second epoch a worker yields something else than in the first. `__iter__` is called "
    "again on the same object: what has it changed there?"
)
class StartIsMoved(IterableDataset):
    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def __iter__(self):
        worker = get_worker_info()
        if worker is None:
            return iter(range(self.start, self.stop))
        self.start += worker.id
        return iter(range(self.start, self.stop, worker.num_workers))


@exercise.mistake(
    "The numbers can be walked through only once, then they are used up. Each epoch begins with a "
    "new call of `__iter__`."
)
class OneIterator(IterableDataset):
    def __init__(self, start, stop):
        self.numbers = iter(range(start, stop))

    def __iter__(self):
        worker = get_worker_info()
        for place, number in enumerate(self.numbers):
            if worker is None or place % worker.num_workers == worker.id:
                yield number


@exercise.mistake("Your numbers are tensors. Ints were asked for.")
class YieldsTensors(IterableDataset):
    def __init__(self, start, stop):
        self.numbers = torch.arange(start, stop)

    def __iter__(self):
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        return iter(self.numbers[first::step])


@exercise.mistake(
    "One worker yields numbers that another one yields as well. Each number is for one worker "
    "alone."
)
class FirstWorkerTakesAll(Shared):
    def part(self, number, of):
        return [i for i in range(self.start, self.stop) if number == 0 or i % of == number]


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
