"""Have many submissions marked by an executor, and lose none.

Any executor of the standard library's interface will do: processes on this machine, or the workers
of a Dask cluster. A result is written down as soon as it is there, so a run that is stopped goes on
where it was, and a later run marks only what changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import os
import stat
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from course_utils.texts import text

from ..assignment import Assignment
from ..errors import GradingError
from ..result import SubmissionResult
from .collection import Submission
from .lateness import lateness
from .ledger import Ledger
from .lending import Lender
from .sandbox import BUBBLEWRAP, TRUSTED
from .shards import Shard, Task, mark_shard, unread

FILE_LIMIT = 20_000_000  # bytes of a notebook that is read
SHARD_LIMIT = 8  # submissions that are marked together, and lost together when a worker is
TRIES = 3  # of a shard whose worker was lost, before its submissions go one by one


# -- submissions -----------------------------------------------------------------------------


def read_submission(path: Path) -> tuple[bytes, str]:
    """The bytes of a submitted file, or why they are not read. Follows no symbolic link."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        file = os.open(path, flags)
    except OSError as error:
        return b"", text(
            "mark.cannot_be_read", "The file cannot be read: {error}.", error=error.strerror
        )
    with os.fdopen(file, "rb") as opened:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode):
            return b"", text("mark.not_ordinary", "This is not an ordinary file.")
        if facts.st_size > FILE_LIMIT:
            megabytes = math.ceil(facts.st_size / 1e6)
            return b"", text(
                "mark.too_large",
                "The file has {megabytes} MB; at most {most} MB are read.",
                megabytes=megabytes,
                most=FILE_LIMIT // 1_000_000,
            )
        return opened.read(FILE_LIMIT + 1), ""


def read_submissions(submissions: Iterable[Submission]) -> Iterator[tuple[str, bytes]]:
    """Each student whose file can be marked, and its bytes, one after the other."""
    for submission in submissions:
        if submission.problem:
            continue
        content, problem = read_submission(submission.path)
        if not problem:
            yield submission.student, content


def mark_submissions(
    assignment: Assignment,
    submissions: list[Submission],
    ledger: Ledger,
    *,
    trusted: bool,
    executors: Callable[[], contextlib.AbstractContextManager[Executor]],
    width: int,
    progress: Callable[[int], None] = lambda count: None,
    meanwhile: Callable[[Executor, Shard], object] = lambda executor, shard: None,
) -> list[SubmissionResult]:
    """Mark what was not marked before; results in the order of the submissions.

    submissions: as collection.collect gives them. executors: makes an executor, and a new one when
    that broke. width: its workers. progress: called with how many more submissions are done.
    meanwhile: called whenever work was given out, while the workers are at it, with the executor
    and a shard that it has.
    Points are those of the assignment as it is now, whenever something was marked.
    Raises GradingError when no worker can run students' code.
    """
    items = tuple((item.id, item.points) for item in assignment.items)
    sandbox = TRUSTED if trusted else BUBBLEWRAP
    results: dict[str, SubmissionResult] = {}
    late: dict[str, str] = {}

    def waiting() -> Iterator[tuple[int, Task]]:
        """What has to be marked, with its seed; the rest is put into the results at once."""
        for submission in submissions:
            content, problem = b"", submission.problem
            if not problem:
                content, problem = read_submission(submission.path)
            late[submission.student] = lateness(
                assignment.deadline,
                flagged=submission.late,
                handed_in=submission.handed_in,
                not_before=ledger.not_before(submission.student, content),
            )
            if problem:
                store(unread(submission.student, submission.file, problem, items, sandbox))
                continue
            found = ledger.find(submission.student, content)
            known = {exercise.id for exercise in found.exercises} if found else set()
            by_seed: dict[int, list[str]] = {}
            for id, _ in items:
                if id not in known:
                    seed = ledger.seed_of(submission.student, content, id)
                    by_seed.setdefault(seed, []).append(id)
            if found and not by_seed:
                store(found)
            for seed, ids in by_seed.items():
                yield seed, Task(submission.student, submission.file, content, tuple(ids))

    def store(result: SubmissionResult) -> None:
        """Of a submission, the exercises that are marked; it is done when those are all."""
        results[result.student] = result
        if len(result.exercises) == len(items):
            progress(1)

    def told(submission: Submission) -> SubmissionResult:
        """What is not kept with a result: points, lateness, the file's place, what is beside it."""
        result = results[submission.student]
        notes = result.notes
        if submission.beside:
            beside = ", ".join(submission.beside)
            said = text("mark.beside", "Also handed in, and not marked: {files}.", files=beside)
            notes += (said,)
        by_id = {exercise.id: exercise for exercise in result.exercises}
        exercises = [by_id[id].worth(of, partial=assignment.partial) for id, of in items]
        result = dataclasses.replace(
            result, file=submission.file, notes=notes, late=late[submission.student]
        )
        return result.with_exercises(exercises)

    topics = assignment.topics()
    private = tuple((n, s) for n, s in topics.items() if not n.startswith("course_utils."))

    def shards() -> Iterator[Shard]:
        """Smaller ones towards the end, so that no worker waits long for the last one."""
        by_seed: dict[int, list[Task]] = {}
        for seed, task in waiting():
            tasks = by_seed.setdefault(seed, [])
            tasks.append(task)
            looked_at = len(late)  # which has one for each
            left = len(submissions) - looked_at + len(tasks)
            if len(tasks) >= min(SHARD_LIMIT, left // (4 * width)):
                yield shard(seed, by_seed.pop(seed))
        for seed, tasks in by_seed.items():
            yield shard(seed, tasks)

    def shard(seed: int, tasks: list[Task]) -> Shard:
        return Shard(items, tuple(topics), private, seed, trusted, tuple(tasks), assignment.partial)

    def done(task: Task, result: SubmissionResult) -> None:
        store(ledger.keep(result, task.notebook))

    def lost(task: Task, why: str) -> None:
        # Kept as well: what took its workers along would do so in every later run.
        done(task, unread(task.student, task.file, why, task.of(items), sandbox))

    ledger.begin_run(read_submissions(submissions))
    run_shards(shards(), executors, 2 * width, done, lost, meanwhile)
    return [told(submission) for submission in submissions]


# -- executors -------------------------------------------------------------------------------


def run_shards(
    shards: Iterable[Shard],
    executors: Callable[[], contextlib.AbstractContextManager[Executor]],
    width: int,
    done: Callable[[Task, SubmissionResult], None],
    lost: Callable[[Task, str], None],
    meanwhile: Callable[[Executor, Shard], object],
) -> None:
    """Give shards to an executor, at most `width` at once, until each submission is done or lost.

    A shard whose worker was lost is given out again; one that loses its worker TRIES times is
    taken apart, and a submission that does so by itself is lost. Any other error would only come
    again: the shard is taken apart at once. Raises GradingError, with which no worker goes on.
    """
    source = iter(shards)
    again: deque[tuple[Shard, int]] = deque()  # with how often its worker was lost
    while True:
        with executors() as executor:
            whole = _run_until_broken(executor, source, again, width, done, lost, meanwhile)
        if whole:
            return


def _run_until_broken(
    executor: Executor,
    source: Iterator[Shard],
    again: deque[tuple[Shard, int]],
    width: int,
    done: Callable[[Task, SubmissionResult], None],
    lost: Callable[[Task, str], None],
    meanwhile: Callable[[Executor, Shard], object],
) -> bool:
    """True when everything is done; False when the executor broke and a new one is needed."""
    running: dict[Future, tuple[Shard, int]] = {}
    broken = False
    while True:
        room = 0 if broken else max(width - len(running) - len(again), 0)
        again.extend((shard, 0) for shard in itertools.islice(source, room))
        if isinstance(executor, Lender):
            executor.expect([shard for shard, _ in again])
        while again and not broken and len(running) < width:
            # Nothing can be said about a shard that never ran, so it is given out first.
            shard, tries = again.popleft()
            try:
                running[executor.submit(mark_shard, shard)] = (shard, tries)
            except (BrokenProcessPool, RuntimeError):
                again.append((shard, tries))
                broken = True
        if not running:
            return not broken
        meanwhile(executor, next(iter(running.values()))[0])
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            shard, tries = running.pop(future)
            try:
                found = future.result()
            except GradingError:
                for other in running:
                    other.cancel()
                raise
            except BaseException as error:  # the worker is gone, or marking has a bug
                if isinstance(error, KeyboardInterrupt):
                    raise
                broken |= isinstance(error, BrokenProcessPool)
                again.extend(_after_an_error(shard, tries + 1, error, lost))
                continue
            for task, result in zip(shard.tasks, found, strict=True):
                done(task, result)


def _after_an_error(
    shard: Shard, tries: int, error: BaseException, lost: Callable[[Task, str], None]
) -> list[tuple[Shard, int]]:
    """What to do with a shard that came to nothing: the same again, or its submissions singly."""
    worker_lost = is_loss_of_worker(error)
    if worker_lost and tries < TRIES:
        return [(shard, tries)]
    if len(shard.tasks) > 1:
        return [(dataclasses.replace(shard, tasks=(task,)), 0) for task in shard.tasks]
    kind = type(error).__name__
    why = text("mark.lost", "Marking it failed: {error}.", error=kind)
    if worker_lost:
        why = text(
            "mark.worker_lost",
            "Marking it failed {times} times: its worker was lost ({error}).",
            times=TRIES,
            error=kind,
        )
    lost(shard.tasks[0], why)
    return []


def is_loss_of_worker(error: BaseException) -> bool:
    """True where the worker is gone, so that another one may do better."""
    # Dask's own errors, as KilledWorker and CommClosedError, by name: it need not be installed.
    from_dask = type(error).__module__.partition(".")[0] == "distributed"
    return from_dask or isinstance(error, (BrokenExecutor, CancelledError, ConnectionError))
