"""python -m grading review: try exercises of your own before a class does."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(subparsers: argparse._SubParsersAction) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "review",
        help="try exercises of your own before a class does",
        description="Try the exercises of your own files: the reference must pass, every mistake "
        "must fail with its own sentence, and hidden cases must differ from the visible ones.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="such as quiz.py")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Try every exercise of the files. Returns 1 when one has a problem. Raises AssignmentError."""
    from course_utils.exercise import Exercise

    from ..assignment import AssignmentError, load_private
    from .readiness import problems

    modules = load_private(tuple(options.files))
    things = [thing for module in modules for thing in vars(module).values()]
    exercises = {thing.id: thing for thing in things if isinstance(thing, Exercise)}
    if not exercises:
        names = ", ".join(map(str, options.files))
        raise AssignmentError(f"{names}: no exercise is declared there.")
    bad = 0
    for _, exercise in sorted(exercises.items()):
        found = problems(exercise)
        bad += bool(found)
        mistakes = f"{len(exercise.mistakes)} mistakes"
        print(f"{exercise.id} {exercise.title}: " + ("" if found else f"ready, {mistakes}."))
        for sentence in found:
            print(f"  {sentence}")
    return 1 if bad else 0
