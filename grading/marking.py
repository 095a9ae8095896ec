"""Mark submissions: run each answer in the sandbox, compare what it did with the reference here.

No code of a student runs in this process. It knows the references and the secret seed, reads what
the sandbox sends (wire.py) and compares.
"""

from __future__ import annotations

import atexit
import contextlib
import dataclasses
import functools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from course_utils.comparison import a_type, show
from course_utils.exercise import Exercise, ExerciseFault, Verdict, find
from course_utils.observation import error_text

from . import wire
from .assignment import load_topic
from .result import (
    MARKED,
    NOT_ATTEMPTED,
    PARTLY,
    PASSED,
    PERSON,
    WRONG,
    ExerciseResult,
    SubmissionResult,
)
from .sandbox import Answer, Outcome, Sandbox
from .student_process import OBSERVATIONS

READ_SECONDS = 20.0
SUBMISSION_SECONDS = 600.0  # for all exercises of one submission; what is left then needs a person
FACTS_LIMIT = 100_000  # bytes of why an answer was not run
TEXT_LIMIT = 500  # characters of an answer's value in the feedback

ENDED = {
    "time": "Stopped: the code did not come to an end.",
    "memory": "Stopped: the code needed more memory than there is for one answer.",
    "processes": "Stopped: the code started more processes than one answer may have.",
    "output": "The code sent something that is not a result.",
    "died": "The process ended before the answer was checked.",
    "killed": "The process was ended before the answer was checked.",
}


@dataclasses.dataclass(frozen=True)
class Task:
    """One submission to be marked: whose it is, its place in the folder, its bytes."""

    student: str
    file: str
    notebook: bytes


@dataclasses.dataclass(frozen=True)
class Shard:
    """Some submissions and all that is needed to mark them, in any process on any machine.

    items: exercise ids and points. topics: modules that declare them. private: sources of those
    outside the course. seed: of the cases; students do not know it.
    """

    items: tuple[tuple[str, float], ...]
    topics: tuple[str, ...]
    private: tuple[tuple[str, str], ...]
    seed: int
    trusted: bool
    tasks: tuple[Task, ...]


_one_at_a_time = threading.Lock()  # a cluster's worker may have several threads


def mark_shard(shard: Shard) -> list[dict[str, Any]]:
    """Mark the submissions of a shard: SubmissionResults as dicts, in their order.

    Raises SandboxError when students' code cannot be run on this machine.
    """
    with _one_at_a_time:
        load_private_sources(shard.private)
        ids = tuple(id for id, _ in shard.items)
        sandbox = sandbox_for(shard.topics, shard.private, ids, shard.seed, shard.trusted)
        return [mark(task, shard.items, shard.seed, sandbox).as_dict() for task in shard.tasks]


@functools.lru_cache(maxsize=1)
def sandbox_for(
    topics: tuple[str, ...],
    private: tuple[tuple[str, str], ...],
    ids: tuple[str, ...],
    seed: int,
    trusted: bool,
) -> Sandbox:
    """This process's sandbox; it stays for the shards to come, so torch is imported once."""
    modules = [*topics, *loaded_by_references(ids, seed)]
    sandbox = Sandbox(modules, dict(private), trusted=trusted)
    atexit.register(sandbox.close)
    return sandbox


def loaded_by_references(ids: tuple[str, ...], seed: int) -> list[str]:
    """Modules that are first imported when the references run, in that order.

    torch loads large parts of itself at the first backward() or optimizer, for seconds; answers
    will need the same.
    """
    before = set(sys.modules) - WRAPPING
    with one_thread():
        for id in ids:
            with contextlib.suppress(ExerciseFault):  # told where an answer is marked
                find(id).reference_observations(seed)
    return [name for name in sys.modules if name not in before and name.split(".")[0] in LIBRARIES]


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """As in the sandbox: how a sum is shared among threads decides how it is rounded, and a
    training run magnifies that."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


# This one puts functions of its own in torch's place when it is loaded: it must not be loaded
# while an answer runs, nor be left out because this process has had it from the start.
WRAPPING = {"torch._dynamo"}
LIBRARIES = {"torch", "torchvision", "torchtext", "torchmetrics", "numpy", "pandas", "PIL", "scipy"}


def load_private_sources(private: tuple[tuple[str, str], ...]) -> None:
    """Register exercises from sources, where the instructor's own files are not at hand."""
    for name, source in private:
        folder = Path(tempfile.mkdtemp(prefix="course-private-"))
        path = folder / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        load_topic(name, path)


def mark(
    task: Task, items: tuple[tuple[str, float], ...], seed: int, sandbox: Sandbox
) -> SubmissionResult:
    """Mark one submission."""
    begun = time.monotonic()
    exercises = [(find(id), points) for id, points in items]
    wanted = {
        e.id: {"name": e.name, "stub": e.stub_source, "without": e.without} for e, _ in exercises
    }
    outcome = sandbox.read(task.notebook, wanted, READ_SECONDS)
    try:
        found = json.loads(outcome.message or b"")
    except ValueError:
        why = ENDED.get(outcome.ended, "").lower().removeprefix("stopped: ")
        problem = f"The file could not be read: {why} {outcome.detail}".strip()
        return unread(task.student, task.file, problem, items, sandbox.name)
    if found["problem"]:
        return unread(task.student, task.file, found["problem"], items, sandbox.name)
    programs, deadline = found["programs"], begun + SUBMISSION_SECONDS
    answers = answers_of(exercises, programs)
    outcomes = run_answers(answers, programs, seed, sandbox, deadline)
    results = []
    for exercise, points in exercises:
        program, outcome = programs[exercise.id], outcomes.get(exercise.id)
        result = mark_exercise(exercise, points, program, outcome, seed)
        # What an answer left behind in the process must not cost the next one its marks. One that
        # does just what a known mistake does is wrong by itself.
        unclear = result.state == WRONG and not result.mistake
        if unclear and outcome and not outcome.first and time.monotonic() < deadline:
            outcome = sandbox.run([answers[exercise.id]], seed)[0]
            result = mark_exercise(exercise, points, program, outcome, seed)
        results.append(result)
    seconds = round(time.monotonic() - begun, 2)
    return conclude(task.student, task.file, results, found["notes"], sandbox.name, seconds)


def conclude(
    student: str,
    file: str,
    results: list[ExerciseResult],
    notes: list[str],
    sandbox: str,
    seconds: float,
) -> SubmissionResult:
    """The state of a submission from those of its exercises."""
    waiting = [result for result in results if result.state == PERSON]
    state = MARKED if not waiting else PERSON if len(waiting) == len(results) else PARTLY
    reason = "; ".join(f"{result.id}: {result.reason}" for result in waiting) or "All was marked."
    return SubmissionResult(student, file, state, reason, results, notes, sandbox, seconds)


def unread(
    student: str, file: str, problem: str, items: tuple[tuple[str, float], ...], sandbox: str
) -> SubmissionResult:
    """A submission of which nothing can be marked."""
    results = [for_a_person(id, points, problem) for id, points in items]
    return SubmissionResult(student, file, PERSON, problem, results, [], sandbox)


def for_a_person(
    id: str, points: float, reason: str, program: dict[str, Any] | None = None
) -> ExerciseResult:
    """An exercise that is left to a person."""
    answer = program["answer"] if program else ""
    return ExerciseResult(
        id, points, PERSON, None, "A person will look at this one.", reason, answer=answer
    )


def answers_of(
    exercises: list[tuple[Exercise, float]], programs: dict[str, dict[str, Any]]
) -> dict[str, Answer]:
    """What is to be run, by exercise id: the answers that were found."""
    return {
        exercise.id: Answer(
            exercise.id,
            exercise.name,
            [{**part, "seconds": exercise.seconds} for part in programs[exercise.id]["parts"]],
            seconds=10 + 4 * exercise.seconds,  # each case has a limit of its own, inside
        )
        for exercise, _ in exercises
        if programs[exercise.id]["state"] == "found"
    }


def run_answers(
    answers: dict[str, Answer],
    programs: dict[str, dict[str, Any]],
    seed: int,
    sandbox: Sandbox,
    deadline: float,
) -> dict[str, Outcome]:
    """What came back of each answer; nothing for those left when time is over.

    Answers share a process as long as none of them is odd: a process costs more than most
    answers. One that ends its process, takes too long, or needs a person has it to itself, or is
    the last in it; so it costs only itself.
    """
    outcomes: dict[str, Outcome] = {}
    waiting = list(answers.values())
    while waiting and time.monotonic() < deadline:
        odd = [bool(programs[answer.id]["flags"]) for answer in waiting]
        together = 1 if odd[0] else [*odd, True].index(True)
        found = sandbox.run(waiting[:together], seed)
        outcomes |= {answer.id: outcome for answer, outcome in zip(waiting, found)}  # noqa: B905
        waiting = waiting[len(found) :]
    return outcomes


def mark_exercise(
    exercise: Exercise,
    points: float,
    program: dict[str, Any],
    outcome: Outcome | None,
    seed: int,
) -> ExerciseResult:
    """Mark one exercise of one submission. outcome: None when there was no time to run it."""
    result = ExerciseResult(exercise.id, points, WRONG, 0.0, "", answer=program["answer"])
    if program["note"] and program["state"] == "found":
        result.notes.append(program["note"])
    if program["state"] in ("untouched", "missing"):
        result.state = NOT_ATTEMPTED
        result.headline = "Not attempted." if program["state"] == "untouched" else program["note"]
        return result
    if program["state"] == "broken":
        result.headline = f"The cell cannot be run: {program['note']}."
        result.stage = "raised"
        return result
    if outcome is None:
        reason = f"The submission took more than {SUBMISSION_SECONDS:g} seconds."
        return for_a_person(exercise.id, points, reason, program)
    try:
        with one_thread():
            exercise.reference_observations(seed)
    except ExerciseFault as fault:
        reason = f"The exercise itself is at fault, not the answer: {fault}."
        return for_a_person(exercise.id, points, reason, program)
    judge(exercise, outcome, seed, result)
    flags = [*program["flags"], *outcome.flags]
    flags += [
        f"has `{name}` in it, though no run was seen to call it" for name in program["mentions"]
    ]
    if result.state == PASSED and flags:
        result.state, result.points = PERSON, None
        result.headline = "A person will look at this one."
        result.reason = f"It passes, but the code {', '.join(flags[:4])}."
    if result.state == PASSED:
        result.points = points
    return result


def judge(exercise: Exercise, outcome: Outcome, seed: int, result: ExerciseResult) -> None:
    """Fill in a result from what came back."""
    if outcome.message is None:
        result.headline, result.stage = ENDED[outcome.ended], outcome.ended
        result.notes.append(f"The sandbox says: {outcome.detail or outcome.ended}.")
        return
    try:
        if outcome.kind == OBSERVATIONS:
            seen = wire.read(outcome.message)
        else:
            facts = json.loads(outcome.message[:FACTS_LIMIT])
            if "undefined" in facts:
                undefined(exercise, facts["undefined"], result)
            else:
                kind = str(facts["not callable"])[:100]
                result.headline = f"`{exercise.name}` is {kind}, which cannot be called."
                result.stage = "type"
            return
    # The answer may have forged it: whatever is wrong with it is the answer's fault.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        result.headline, result.stage = ENDED["output"], "output"
        result.notes.append(f"What came back: {str(error)[:200]}.")
        return
    with one_thread():
        verdict = exercise.verdict(seen, seed)
    explain(exercise, verdict, result)


def undefined(exercise: Exercise, raised: Any, result: ExerciseResult) -> None:
    """The cell was run, and the answer's name was not there afterwards."""
    result.stage = "raised"
    result.headline = f"After the cell was run there was no `{exercise.name}`."
    if isinstance(raised, dict):
        result.headline = "An error came up before the answer was there."
        result.yours = f"{raised.get('type_name')}: {raised.get('message')}"[:TEXT_LIMIT]
        result.line = str(raised.get("where", ""))[:TEXT_LIMIT]


def explain(exercise: Exercise, verdict: Verdict, result: ExerciseResult) -> None:
    """What the student is told. Never what the reference gives on a hidden case."""
    result.state = verdict.state
    result.headline = verdict.headline
    result.case, result.line = verdict.case[:TEXT_LIMIT], verdict.line[:TEXT_LIMIT]
    result.printed, result.warned = verdict.printed, list(verdict.warned)
    if verdict.mistake is not None:
        result.mistake = verdict.mistake.name
    if verdict.difference is not None:
        result.stage = f"{verdict.difference.stage} {verdict.difference.place}".strip()
        raised = verdict.seen.raised
        if result.stage == "raised" and (raised is None or not raised.through_answer):
            result.stage = "not raised"
    if verdict.seen is not None and not verdict.seen.timed_out:
        raised = verdict.seen.raised
        if raised is None:
            text = show(verdict.seen.value)
        elif raised.through_answer:
            text = error_text(raised)
        else:
            gave = [a_type(kind) for kind in verdict.seen.gave[-1:]]
            text = " ".join([*gave, f"({error_text(raised)})"])
        result.yours = text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "..."
