"""Mark submissions: run each answer in the sandbox, compare what it did with the reference here.

No code of a student runs in this process. It knows the references and the secret seed, reads what
the sandbox sends (wire.py) and compares.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from course_utils.comparison import a_type, show
from course_utils.exercise import Exercise, ExerciseFault, Verdict, find
from course_utils.observation import error_text
from course_utils.settings import one_thread
from course_utils.texts import text

from ..assignment import find_all, load_source
from ..errors import GradingError
from ..inside import wire
from ..inside.by_hand import LIBRARIES
from ..inside.process import OBSERVATIONS
from ..inside.reading import Program, ProgramState, Reading
from ..result import ExerciseResult, ExerciseState, SubmissionResult
from .lending import begun_sandbox
from .sandbox import Answer, Outcome, Sandbox
from .shards import Items, Shard, Task, conclude, for_a_person, for_a_person_headline, unread

READ_SECONDS = 20.0
SUBMISSION_SECONDS = 600.0  # for all exercises of one submission; what is left then needs a person
FACTS_LIMIT = 100_000  # bytes of why an answer was not run
TEXT_LIMIT = 500  # characters of an answer's value in the feedback
NAME_LIMIT = 40  # characters of a name of the student's in a reason

_one_at_a_time = threading.Lock()  # a cluster's worker may have several threads


def mark_all(shard: Shard) -> list[SubmissionResult]:
    """What shards.mark_shard does."""
    with _one_at_a_time, one_thread():
        for name, source in shard.private:
            load_source(name, source)
        find_all(id for id, _ in shard.items)
        sandbox = sandbox_for(shard)
        return [
            mark_or_say_why(task, shard.items, shard.seed, sandbox, partial=shard.partial)
            for task in shard.tasks
        ]


def mark_or_say_why(
    task: Task, items: Items, seed: int, sandbox: Sandbox, *, partial: bool = False
) -> SubmissionResult:
    """Mark one submission; one that marking stumbles over waits for a person.

    Raises SandboxError.
    """
    try:
        return mark(task, items, seed, sandbox, partial=partial)
    except GradingError:
        raise
    except Exception as error:
        return unread(task.student, task.file, stumbled(error), task.of(items), sandbox.name)


_sandboxes: dict[tuple, Sandbox] = {}  # one, by what it was made for


def sandbox_for(shard: Shard) -> Sandbox:
    """This process's sandbox; it stays for the shards to come, so torch is imported once."""
    ids = tuple(id for id, _ in shard.items)
    made_for = (shard.topics, shard.private, ids, shard.trusted)
    if made_for not in _sandboxes:
        for other in _sandboxes.values():
            other.close()
        _sandboxes.clear()
        sandbox = begun_sandbox(shard)  # it imports torch while the references run here
        # Before the folder is removed. Workers of a pool end without `atexit`.
        Finalize(None, sandbox.close, exitpriority=1)
        sandbox.modules += loaded_by_references(ids, shard.seed)
        _sandboxes[made_for] = sandbox
    return _sandboxes[made_for]


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


# This one puts functions of its own in torch's place when it is loaded: it must not be loaded
# while an answer runs, nor be left out because this process has had it from the start.
WRAPPING = {"torch._dynamo"}


def mark(
    task: Task, items: Items, seed: int, sandbox: Sandbox, *, partial: bool = False
) -> SubmissionResult:
    """Mark one submission: of the assignment's exercises those that the task asks for."""
    begun = time.monotonic()
    deadline = begun + SUBMISSION_SECONDS
    exercises = [(find(id), points) for id, points in items]
    reading = read(task.notebook, [exercise for exercise, _ in exercises], sandbox)
    if reading.problem:
        return unread(task.student, task.file, reading.problem, task.of(items), sandbox.name)
    programs = reading.programs
    exercises = [(find(id), points) for id, points in task.of(items)]
    outcomes = run_answers(answers_of(exercises, programs, seed), seed, sandbox, deadline)
    results = []
    for exercise, points in exercises:
        program, outcome = programs[exercise.id], outcomes.get(exercise.id)
        results.append(mark_exercise(exercise, points, program, outcome, seed, partial=partial))
    seconds = round(time.monotonic() - begun, 2)
    return conclude(task.student, task.file, results, reading.notes, sandbox.name, seconds)


def read(notebook: bytes, exercises: list[Exercise], sandbox: Sandbox) -> Reading:
    """What reading a notebook gave; with a problem where the sandbox gave nothing of the kind."""
    wanted = {exercise.id: asked(exercise) for exercise in exercises}
    outcome = sandbox.read(notebook, wanted, READ_SECONDS)
    if outcome.message is None:
        return Reading(why_unread(outcome.ended))
    try:
        return wire.read_reading(outcome.message, wanted)
    except wire.WireError as error:
        return Reading(
            text(
                "mark.unread.wire",
                "The file could not be read: what came back is not a reading of it ({error}).",
                error=error,
            )
        )


def why_unread(ended: str) -> str:
    """One sentence for a reading that ended so: see Outcome.ended."""
    return {
        "time": text(
            "mark.unread.time", "The file could not be read: the code did not come to an end."
        ),
        "memory": text(
            "mark.unread.memory",
            "The file could not be read: the code needed more memory than there is for one answer.",
        ),
        "processes": text(
            "mark.unread.processes",
            "The file could not be read: the code started more processes than one answer may have.",
        ),
        "output": text(
            "mark.unread.output",
            "The file could not be read: the code sent something that is not a result.",
        ),
        "died": text(
            "mark.unread.died",
            "The file could not be read: the process ended before the answer was checked.",
        ),
        "killed": text(
            "mark.unread.killed",
            "The file could not be read: the process was ended before the answer was checked.",
        ),
        "failed": text(
            "mark.unread.failed",
            "The file could not be read: the process failed before the answer was checked.",
        ),
    }[ended]


def how_it_ended(ended: str) -> str:
    """One sentence for an answer whose run ended so: see Outcome.ended."""
    return {
        "time": text("mark.ended.time", "Stopped: the code did not come to an end."),
        "memory": text(
            "mark.ended.memory",
            "Stopped: the code needed more memory than there is for one answer.",
        ),
        "processes": text(
            "mark.ended.processes",
            "Stopped: the code started more processes than one answer may have.",
        ),
        "output": text("mark.ended.output", "The code sent something that is not a result."),
        "died": text("mark.ended.died", "The process ended before the answer was checked."),
        "killed": text("mark.ended.killed", "The process was ended before the answer was checked."),
        "failed": text("mark.ended.failed", "The process failed before the answer was checked."),
    }[ended]


@functools.cache  # the stub is cut from the file's text
def asked(exercise: Exercise) -> dict[str, Any]:
    """What is looked for in a notebook; see reading.find_programs."""
    return {
        "name": exercise.name,
        "stub": exercise.stub_source,
        "by_hand": exercise.by_hand.facts(),
    }


def answers_of(
    exercises: list[tuple[Exercise, float]], programs: dict[str, Program], seed: int
) -> Iterator[Answer]:
    """What is to be run: the answers that were found, each made when it is asked for."""
    for exercise, _ in exercises:
        if programs[exercise.id].state == ProgramState.FOUND:
            yield Answer(
                exercise.id,
                exercise.name,
                programs[exercise.id].parts,
                part_seconds=exercise.seconds,
                seconds=10 + 4 * exercise.seconds,  # each case has a limit of its own, inside
                again=made_again(exercise, seed),
            )


def made_again(exercise: Exercise, seed: int) -> tuple[tuple[str, int], ...]:
    """The cases that are made in other surroundings, too; see Exercise.observations."""
    try:
        with one_thread():
            return tuple((one.place.name, one.number) for one in exercise.made_again(seed))
    except ExerciseFault:  # told where the answer is marked
        return ()


def run_answers(
    answers: Iterable[Answer], seed: int, sandbox: Sandbox, deadline: float
) -> dict[str, Outcome]:
    """What came back of each answer; nothing for those left when time is over.

    Each has a process of its own, a copy of one in which no answer ever ran.
    """
    outcomes: dict[str, Outcome] = {}
    for answer in answers:
        if time.monotonic() < deadline:
            outcomes[answer.id] = sandbox.run(answer, seed)
    return outcomes


def mark_exercise(
    exercise: Exercise,
    points: float,
    program: Program,
    outcome: Outcome | None,
    seed: int,
    *,
    partial: bool = False,
) -> ExerciseResult:
    """Mark one exercise of one submission. outcome: None when there was no time to run it.

    Whatever comparing and judging stumble over concerns this exercise only: a person looks at it.
    """
    try:
        result = decide(exercise, points, program, outcome, seed, partial=partial)
    except ExerciseFault as fault:
        reason = text(
            "mark.fault", "The exercise itself is at fault, not the answer: {fault}.", fault=fault
        )
        result = for_a_person(exercise.id, points, reason, program.answer)
    except Exception as error:
        result = for_a_person(exercise.id, points, stumbled(error), program.answer)
    result = result.worth(points, partial=partial)
    if result.state != ExerciseState.PERSON:
        return result
    others = [part for part in program.parts if part.code != program.answer]
    code = tuple(f"# from cell {part.cell}\n{part.code}" for part in others)
    return dataclasses.replace(result, also_run=code)


def stumbled(error: Exception) -> str:
    """Why a person has to look where marking itself raised an error.

    Not what the error says: the words may be a student's.
    """
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = text(
        "mark.place",
        "{file}, line {line}",
        file=Path(place.filename).name,
        line=place.lineno,
    )
    return text(
        "mark.stumbled",
        "The grader stumbled over it: {error} in {place}.",
        error=type(error).__name__,
        place=where,
    )


def decide(
    exercise: Exercise,
    points: float,
    program: Program,
    outcome: Outcome | None,
    seed: int,
    *,
    partial: bool,
) -> ExerciseResult:
    """The result of one exercise, without the points that it earns.

    Raises ExerciseFault, and whatever judging raises.
    """
    if program.state in (ProgramState.UNTOUCHED, ProgramState.MISSING):
        headline = program.note or text("mark.not_attempted", "Not attempted.")
        return ExerciseResult(exercise.id, points, ExerciseState.NOT_ATTEMPTED, None, headline)
    if program.state == ProgramState.UNCLEAR:
        return for_a_person(exercise.id, points, program.note, program.answer)
    if program.state == ProgramState.BROKEN:
        headline = text("mark.broken", "The cell cannot be run: {error}.", error=program.note)
        return wrong(exercise, points, headline, "raised", answer=program.answer)
    if outcome is None:
        reason = text(
            "mark.no_time",
            "The submission took more than {seconds:g} seconds.",
            seconds=SUBMISSION_SECONDS,
        )
        return for_a_person(exercise.id, points, reason, program.answer)
    if outcome.ended == "failed":
        reason = text(
            "mark.failed", "What runs and observes the answer failed before there was a result."
        )
        return for_a_person(exercise.id, points, reason, program.answer)
    with one_thread():
        exercise.reference_observations(seed)
    judged = judge(exercise, points, outcome, seed)
    found = (program.note,) if program.note else ()
    result = dataclasses.replace(judged, answer=program.answer, notes=(*found, *judged.notes))
    # What was seen to happen first: the reason has room for some.
    flags = [in_our_words(flag) for flag in (*outcome.flags, *program.flags)]
    flags += [
        text("mark.mentions", "has `{name}` in it, though no run was seen to call it", name=name)
        for name in program.mentions
    ]
    earns = result.state == ExerciseState.PASSED or (partial and result.right_cases > 0)
    if earns and flags:
        does = ", ".join(flags[:4])
        reason = text("mark.passes_but", "It passes, but the code {does}.", does=does)
        if result.state != ExerciseState.PASSED:
            reason = text(
                "mark.right_but",
                "It is right on {right} of {cases} cases, but the code {does}.",
                right=result.right_cases,
                cases=result.cases,
                does=does,
            )
        return dataclasses.replace(
            result,
            state=ExerciseState.PERSON,
            headline=for_a_person_headline(),
            reason=reason,
        )
    return result


def in_our_words(flag: str) -> str:
    """A flag as a reason tells it: of what a student wrote, only names, cut short.

    A name, in backticks or from a / on, ends at the first character that no name has. What stands
    around it are words of the grader's own; a flag that was forged keeps only letters and digits.
    """

    def begins(pattern: re.Pattern[str], words: str) -> str:
        match = pattern.match(words)
        return match[0] if match else ""

    whole_flag = FLAG.fullmatch(flag)
    before, name, after = whole_flag.groups() if whole_flag else (flag, None, "")
    parts = [begins(WORDS, before), begins(WORDS, after)]
    if name is not None:
        whole = name.removeprefix("`").removesuffix("`")
        shown = begins(NAME, whole)[:NAME_LIMIT]
        parts.insert(1, f"`{shown}`" if shown == whole else f"`{shown}…`")
    return "".join(parts).strip() or text("mark.no_name", "does what has no name")


FLAG = re.compile(r"([^`/]*)(`.*`|/.*)?(.*)", re.DOTALL)
WORDS = re.compile(r"[A-Za-z0-9 ,']{0,60}")
NAME = re.compile(r"[\w./-]*")


def judge(exercise: Exercise, points: float, outcome: Outcome, seed: int) -> ExerciseResult:
    """What came back, compared with the reference: passed, or wrong."""
    if outcome.message is None:
        detail = outcome.detail or outcome.ended
        note = text("mark.sandbox", "The sandbox says: {detail}.", detail=detail)
        headline = how_it_ended(outcome.ended)
        return wrong(exercise, points, headline, outcome.ended, notes=(note,))
    try:
        if outcome.kind != OBSERVATIONS:
            return not_run(exercise, points, json.loads(outcome.message[:FACTS_LIMIT]))
        seen = wire.read(outcome.message)
    # The answer may have forged it: whatever is wrong with it is the answer's fault.
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        note = text("mark.came_back", "What came back: {error}.", error=str(error)[:200])
        return wrong(exercise, points, how_it_ended("output"), "output", notes=(note,))
    with one_thread():
        verdict = exercise.verdict(seen, seed)
    return explained(exercise, points, verdict)


def wrong(
    exercise: Exercise, points: float, headline: str, stage: str, **facts: Any
) -> ExerciseResult:
    """A wrong answer. facts: more fields of the result."""
    return ExerciseResult(
        exercise.id, points, ExerciseState.WRONG, None, headline, stage=stage, **facts
    )


def not_run(exercise: Exercise, points: float, facts: Any) -> ExerciseResult:
    """The answer's cell was run, and then there was nothing that can be called.

    facts: as inside.process.run sends them, or anything that was forged. Raises TypeError,
    KeyError or AttributeError when they are not those.
    """
    if "undefined" not in facts:
        kind = str(facts["not callable"])[:100]
        headline = text(
            "mark.not_callable",
            "`{name}` is {kind}, which cannot be called.",
            name=exercise.name,
            kind=kind,
        )
        return wrong(exercise, points, headline, "type")
    raised = facts["undefined"]
    if not isinstance(raised, dict):
        headline = text(
            "mark.undefined", "After the cell was run there was no `{name}`.", name=exercise.name
        )
        return wrong(exercise, points, headline, "raised")
    return wrong(
        exercise,
        points,
        text("mark.raised_before", "An error came up before the answer was there."),
        "raised",
        yours=f"{raised.get('type_name')}: {raised.get('message')}"[:TEXT_LIMIT],
        line=str(raised.get("where", ""))[:TEXT_LIMIT],
    )


def explained(exercise: Exercise, points: float, verdict: Verdict) -> ExerciseResult:
    """What the student is told. Never what the reference gives on a hidden case."""
    state = ExerciseState(verdict.state)
    stage = yours = ""
    if verdict.difference is not None and verdict.seen is not None:
        stage = f"{verdict.difference.stage} {verdict.difference.place}".strip()
        raised = verdict.seen.raised
        if stage == "raised" and (raised is None or not raised.through_answer):
            stage = "not raised"
    if verdict.seen is not None and not verdict.seen.timed_out:
        raised = verdict.seen.raised
        if raised is None:
            yours = show(verdict.seen.value)
        elif raised.through_answer:
            yours = error_text(raised)
        else:
            gave = [a_type(kind) for kind in verdict.seen.gave[-1:]]
            yours = " ".join([*gave, f"({error_text(raised)})"])
    return ExerciseResult(
        exercise.id,
        points,
        state,
        None,
        verdict.headline,
        mistake=verdict.mistake.name if verdict.mistake else "",
        stage=stage,
        case=verdict.case[:TEXT_LIMIT],
        yours=yours if len(yours) <= TEXT_LIMIT else yours[:TEXT_LIMIT] + "...",
        line=verdict.line[:TEXT_LIMIT],
        printed=bool(verdict.printed),
        warned=bool(verdict.warned),
        cases=verdict.cases,
        right_cases=verdict.right_cases,
    )
