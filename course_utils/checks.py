"""What a student types: check, hint, solution. Taught in notebook 00."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .comparison import Difference
from .exercise import Exercise, ExerciseFault, UnknownExercise, Verdict, find
from .feedback import Panel, display
from .texts import text

_attempted: set[str] = set()
_hints_shown: dict[str, int] = {}


class CheckFailed(Exception):
    """Raised by check(..., strict=True) when an answer did not pass."""


def check(id: str, answer: Callable[..., Any], *, strict: bool = False) -> None:
    """Check an answer and show what was found. It never raises, unless `strict`.

    id: the exercise, '01.3'. answer: your function or class itself, without brackets.
    strict: raise CheckFailed when the answer did not pass (for graders).
    """
    exercise = _find(id)
    if exercise is None:
        if strict:
            raise CheckFailed(f"no exercise {id!r}")
        return
    try:
        verdict = exercise.judge(answer)
    except ExerciseFault as fault:
        _attempted.add(exercise.id)
        display(fault_panel(fault))
        if strict:
            raise CheckFailed(str(fault)) from fault
        return
    if verdict.state != "not attempted":
        _attempted.add(exercise.id)
    display(verdict_panel(exercise, verdict))
    if strict and not verdict.passed:
        raise CheckFailed(f"{exercise.id}: {verdict.headline}")


def hint(id: str) -> None:
    """Show the next hint for an exercise; each call shows one more."""
    exercise = _find(id)
    if exercise is None:
        return
    shown = _hints_shown.get(exercise.id, 0)
    if shown == len(exercise.hints):
        headline = text(
            "hint.last",
            'That was the last hint. After an attempt, `solution("{id}")` shows the answer.',
            id=id,
        )
        display(Panel("note", exercise.id, headline))
        return
    _hints_shown[exercise.id] = shown + 1
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
    exercise = _find(id)
    if exercise is None:
        return
    if exercise.id not in _attempted and not anyway:
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


def _find(id: str) -> Exercise | None:
    try:
        return find(id)
    except UnknownExercise as error:
        display(Panel("wrong", "check", str(error)))
    except ExerciseFault as fault:
        display(fault_panel(fault))
    return None


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
    if verdict.line:
        rows.append((text("check.row.line", "In your line"), f"`{verdict.line}`"))
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
