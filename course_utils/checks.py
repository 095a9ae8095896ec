"""What a student types: check, hint, solution. Taught in notebook 00."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from . import journal
from .catalogue import in_order
from .comparison import Difference
from .exercise import (
    Exercise,
    ExerciseFault,
    UnknownExercise,
    Verdict,
    all_exercises,
    find,
)
from .feedback import Panel, display
from .observation import describe_exception, error_text
from .settings import one_thread
from .texts import text

_attempted: set[str] = set()
_hints_shown: dict[str, int] = {}

_NOT_GIVEN: Any = object()  # None may be what an answer's name stands for


class CheckFailed(Exception):
    """Raised by check(..., strict=True) when an answer did not pass."""


def check(id: str, answer: Callable[..., Any] = _NOT_GIVEN, *, strict: bool = False) -> None:
    """Check an answer and show what was found. It never raises, unless `strict`.

    id: the exercise, '01.3'. answer: your function or class itself, without brackets; left out,
    it is what has the exercise's name where `check` is called.
    strict: raise CheckFailed when the answer did not pass (for graders).
    """
    panel, failure = _checked(id, answer, sys._getframe(1))
    display(panel)
    if strict and failure:
        raise CheckFailed(failure)


def _checked(id: Any, answer: Any, caller: FrameType) -> tuple[Panel, str]:
    """What is shown, and in one sentence why the answer did not pass; '' if it did."""
    exercise = _find(id, "check", answer)
    if isinstance(exercise, Panel):
        return exercise, exercise.headline
    if answer is _NOT_GIVEN:
        answer = _named(exercise.name, caller)
        if answer is _NOT_GIVEN:
            headline = text(
                "check.not_defined",
                "There is no `{name}` yet. Run the cell with your answer first, then this one.",
                name=exercise.name,
            )
            return Panel("note", exercise.id, headline), f"{exercise.id}: {headline}"
    try:
        # As marking does; and where other programs run as well, threads wait for each other for
        # longer than the small tensors of cases take.
        with _kernel_stays(), one_thread():
            verdict = exercise.judge(answer)
    except ExerciseFault as fault:
        _attempted.add(exercise.id)
        return fault_panel(fault), str(fault)
    except KeyboardInterrupt as stop:
        _attempted.add(exercise.id)
        panel = _stopped(exercise, answer, stop)
        return panel, f"{exercise.id}: {panel.headline}"
    except Exception as error:  # whatever it is, the notebook goes on
        _attempted.add(exercise.id)
        cause = error_text(describe_exception(error))
        return fault_panel(ExerciseFault(cause)), f"{exercise.id}: {cause}"
    if verdict.state != "not attempted":
        _attempted.add(exercise.id)
        name = verdict.mistake.name if verdict.mistake is not None else ""
        journal.note(journal.CHECK, exercise.id, right=verdict.passed, detail=name)
    failure = "" if verdict.passed else f"{exercise.id}: {verdict.headline}"
    return verdict_panel(exercise, verdict), failure


def _named(name: str, caller: FrameType) -> Any:
    """What has this name where `check` was called."""
    for names in (caller.f_locals, caller.f_globals):
        if name in names:
            return names[name]
    return _NOT_GIVEN


@contextlib.contextmanager
def _kernel_stays() -> Iterator[None]:
    """quit() and exit() in an answer raise SystemExit, as in a script; the kernel goes on."""
    try:
        shell = get_ipython()  # type: ignore[name-defined] # IPython puts it there
    except NameError:
        yield
        return

    def ask_exit() -> None:
        raise SystemExit

    shell.ask_exit = ask_exit
    try:
        yield
    finally:
        with contextlib.suppress(AttributeError):  # an answer that took it off
            del shell.ask_exit


def _stopped(exercise: Exercise, answer: Any, stop: KeyboardInterrupt) -> Panel:
    """The panel after the stop button."""
    line = describe_exception(stop, answer, exercise.look).where
    rows = ((_line_label(), f"`{line}`"),) if line else ()
    headline = text("check.interrupted", "Stopped, as if by the stop button. Nothing was judged.")
    return Panel("note", exercise.id, headline, rows)


def hint(id: str) -> None:
    """Show the next hint for an exercise; each call shows one more."""
    exercise = _find(id, "hint")
    if isinstance(exercise, Panel):
        display(exercise)
        return
    shown = max(_hints_shown.get(exercise.id, 0), journal.hints_shown(exercise.id))
    if shown >= len(exercise.hints):
        headline = text(
            "hint.last",
            'These are all hints. After an attempt, `solution("{id}")` shows the answer.',
            id=id,
        )
        rows = tuple(
            (str(number), text(f"{exercise.id}.hint.{number}", one))
            for number, one in enumerate(exercise.hints, start=1)
        )
        display(Panel("note", exercise.id, headline, rows))
        return
    _hints_shown[exercise.id] = shown + 1
    journal.note(journal.HINT, exercise.id, detail=str(shown + 1))
    title = text(
        "hint.title",
        "{id} · hint {number} of {all}",
        id=exercise.id,
        number=shown + 1,
        all=len(exercise.hints),
    )
    headline = text(f"{exercise.id}.hint.{shown + 1}", exercise.hints[shown])
    display(Panel("note", title, headline))


def solution(id: str, *, anyway: bool = False) -> None:
    """Show the answer: after an attempt, or with anyway=True."""
    exercise = _find(id, "solution")
    if isinstance(exercise, Panel):
        display(exercise)
        return
    if not (exercise.id in _attempted or journal.attempted(exercise.id) or anyway):
        headline = text(
            "solution.too_early",
            "Try it first: the answer is shown after your first check. "
            '`hint("{id}")` helps. To see it all the same: `solution("{id}", anyway=True)`.',
            id=id,
        )
        display(Panel("note", exercise.id, headline))
        return
    headline = text(
        "solution.shown",
        "One right answer to “{title}”:",
        title=text(f"{exercise.id}.title", exercise.title),
    )
    display(Panel("note", exercise.id, headline, block=exercise.solution_source))


# -- ids -------------------------------------------------------------------------------------


def _find(id: Any, asked: str, answer: Any = _NOT_GIVEN) -> Exercise | Panel:
    """The exercise, or the panel that says what to type. asked: 'check', 'hint' or 'solution'."""
    try:
        if isinstance(id, str):
            return find(id)
        return Panel("wrong", asked, _no_text(id, asked, answer))
    except UnknownExercise as error:
        return Panel("wrong", asked, _unknown(str(id), asked) or str(error))
    except ExerciseFault as fault:
        return fault_panel(fault)


def _no_text(id: Any, asked: str, answer: Any) -> str:
    """What to type in place of an id that is not a text."""
    if isinstance(answer, str):
        return text(
            "id.swapped",
            'The id comes first, then your answer: `{asked}("{id}")` is enough.',
            asked=asked,
            id=answer,
        )
    if isinstance(id, (int, float)):
        lesson, _, number = str(id).partition(".")
        meant = f"{lesson:0>2}.{number or 1}"
        headline = text(
            "id.quotes",
            "An id is a text, so it stands in quotes, and has two digits before the point: "
            '`{asked}("{id}")`.',
            asked=asked,
            id=meant,
        )
        if len(number) == 1 and f"{meant}0" in _ids():  # Python takes 1.10 for 1.1
            headline += " " + text(
                "id.quotes_tenth", 'For the tenth exercise it is `"{id}0"`.', id=meant
            )
        return headline
    name = getattr(id, "__name__", None)
    same = [one.id for one in all_exercises() if one.name == name]
    return text(
        "id.first",
        'There is no exercise with this id: first comes the id, as a text: `{asked}("{id}")`.',
        asked=asked,
        id=same[0] if len(same) == 1 else _ids()[0],
    )


def _unknown(id: str, asked: str) -> str:
    """What to type in place of the number of a lesson, or of a prediction; '' for other ids."""
    lesson, _, number = id.strip().partition(".")
    lesson = lesson.zfill(2)
    ids = [one for one in _ids() if one.startswith(f"{lesson}.")]
    if not ids:
        return ""
    if re.fullmatch(r"p\d+", number):
        return text(
            "id.prediction",
            "{id} is a prediction, and has no hints: make a guess with `predict`. The exercises "
            "of this lesson are {first} to {last}.",
            id=id,
            first=ids[0],
            last=ids[-1],
        )
    if f"{lesson}.{number}" in ids:
        return text("id.spelling", 'Type `{asked}("{id}")`.', asked=asked, id=f"{lesson}.{number}")
    if not number:
        return text(
            "id.lesson",
            'That is a whole lesson; its exercises are {first} to {last}: `{asked}("{first}")`.',
            first=ids[0],
            last=ids[-1],
            asked=asked,
        )
    return ""


def _ids() -> list[str]:
    return sorted((exercise.id for exercise in all_exercises()), key=in_order)


def fault_panel(fault: ExerciseFault) -> Panel:
    """The panel where the exercise itself is broken: nothing is said of an answer."""
    headline = text(
        "check.fault",
        "This exercise itself is broken; it is not your answer. Nothing was judged. "
        "Please show this to your instructor.",
    )
    return Panel("note", "check", headline, ((text("check.row.cause", "Cause"), str(fault)),))


def verdict_panel(exercise: Exercise, verdict: Verdict) -> Panel:
    """The panel a student sees under the check."""
    if verdict.state == "not attempted":
        headline = text(
            "check.not_attempted_yet",
            "Not attempted yet. Write your answer above, run it, then run this. "
            'Stuck? `hint("{id}")`',
            id=exercise.id,
        )
        return Panel("note", exercise.id, headline)
    rows = []
    if verdict.case:
        rows.append((text("check.row.called", "Called"), f"`{verdict.case}`"))
    if verdict.difference is not None:
        rows.append((_stage_label(verdict.difference), verdict.difference.message))
    rows += verdict.remarks
    if verdict.line:
        rows.append((_line_label(), f"`{verdict.line}`"))
    if verdict.printed:
        lines = verdict.printed.strip().splitlines()
        more = "\n..." if len(lines) > 8 else ""
        label = text("check.row.printed", "Your code printed")
        rows.append((label, "\n".join(lines[:8]) + more))
    for warning in verdict.warned[:2]:
        label = text("check.row.warned", "Your code warned")
        rows.append((label, warning.splitlines()[0] if warning else warning))
    kind = "good" if verdict.passed else "wrong"
    return Panel(kind, exercise.id, verdict.headline, tuple(rows))


def _line_label() -> str:
    return text("check.row.line", "In your line")


def _stage_label(difference: Difference) -> str:
    labels = {
        "time": text("check.row.time", "Time"),
        "raised": text("check.row.raised", "Error"),
        "result": text("check.row.result", "Result"),
        "type": text("check.row.type", "Type"),
        "structure": text("check.row.structure", "Structure"),
        "shape": text("check.row.shape", "Shape"),
        "dtype": text("check.row.dtype", "Dtype"),
        "values": text("check.row.values", "Values"),
        "changed": text("check.row.changed", "Changed"),
    }
    return f"{labels[difference.stage]} {difference.place}".strip()
