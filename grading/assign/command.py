"""`python -m grading assign`: make an assignment, or make it again from its file."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AssignmentError

if TYPE_CHECKING:  # loading it takes seconds
    from ..assignment import Assignment

ID = r"\d\d\.\d+"
CHOICE = re.compile(rf"(?P<first>{ID})(?:-(?P<last>{ID}))?(?:=(?P<points>.*))?")
# What a new assignment is made of; one that is made again has all of it in its file.
NEW_ONLY = ("name", "title", "deadline", "points", "partial", "private", "output")

EXAMPLES = """\
examples:
  python -m grading assign 01.1 01.4=2 04.3 --name week3 --title "Week 3" --deadline "Friday 18:00"
  python -m grading assign 01.1-01.5 90.1=3 --private quiz.py --name quiz1
  python -m grading assign assignments/week3        make all its files again
"""


def add_arguments(subparsers: argparse._SubParsersAction) -> None:
    """Add the options of `assign` to the command line."""
    parser = subparsers.add_parser(
        "assign",
        help="make the notebook and the zip for students from a choice of exercises",
        description="Make an assignment from a choice of exercises, or make it again.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "what",
        nargs="+",
        metavar="EXERCISE",
        help="an id (01.1), a range (01.1-01.5), either with points (01.1=2); or, alone, the "
        "folder or the assignment.json of an assignment to make again",
    )
    parser.add_argument("--name", help="for files and folders, as week3")
    parser.add_argument("--title", help="for people; otherwise the name")
    parser.add_argument(
        "--deadline",
        help="any text, shown to students; written as '2026-12-04 18:00', it tells what is late",
    )
    parser.add_argument("--points", metavar="N", help="for each exercise without =N; otherwise 1")
    parser.add_argument(
        "--partial",
        action="store_true",
        default=None,
        help="a wrong answer earns points for the cases on which it is right; otherwise none",
    )
    parser.add_argument(
        "--private",
        action="append",
        metavar="FILE",
        help="a file that declares exercises of your own; may be given several times",
    )
    parser.add_argument("--output", help="the folder for assignments; otherwise assignments")
    parser.add_argument("--nbgrader", action="store_true", help="also write it for nbgrader")
    parser.add_argument(
        "--replace", action="store_true", help="write over a different assignment of this name"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the files; returns the exit status. Raises AssignmentError, and then writes nothing."""
    # Loading torch takes seconds: only when the options have been read.
    from .files import NBGRADER, check_folder, handout, write_files
    from .notebook import points_text

    assignment, folder = wanted(options)
    try:
        check_folder(assignment, folder, replace=options.replace)
        # An edition that is there already stays in step with the rest.
        nbgrader = options.nbgrader or (folder / NBGRADER).is_dir()
        files = handout(assignment, folder, nbgrader=nbgrader)
        written = write_files(files, folder)
    except OSError as error:
        print(
            f"{error.filename or folder}: {error.strerror}: mend this, then run it again.",
            file=sys.stderr,
        )
        return 1
    for sentence in notes(assignment):
        print(f"Note: {sentence}", file=sys.stderr)
    count = len(assignment.items)
    exercises = f"{count} exercise" + ("" if count == 1 else "s")
    print(f"{assignment.title}: {exercises}, {points_text(assignment.points)}, in {folder}")
    for name in files:
        print(f"  {name}{'' if name in written else '  (unchanged)'}")
    return 0


def wanted(options: argparse.Namespace) -> tuple:
    """The assignment that the options ask for, and its folder. Raises AssignmentError."""
    from ..assignment import Assignment, load_private, read_assignment

    if len(options.what) == 1 and not CHOICE.fullmatch(options.what[0]):
        path = Path(options.what[0])
        if not path.exists():
            raise AssignmentError(
                f"{str(path)!r} is neither an exercise id such as 01.1, nor a range such as "
                "01.1-01.5, nor the folder of an assignment."
            )
        given = [name for name in NEW_ONLY if getattr(options, name) is not None]
        if given:
            raise AssignmentError(
                f"{path} is made again as it is: leave out --{given[0]}, or name the exercises to "
                "make another assignment."
            )
        return read_assignment(path), path if path.is_dir() else path.parent
    if not options.name:
        raise AssignmentError("The assignment needs a name for its files: add --name week3.")
    points = read_points(options.points, "--points") if options.points is not None else 1.0
    private = tuple(Path(path) for path in options.private or [])
    load_private(private)  # so that ranges know their ids
    assignment = Assignment(
        name=options.name,
        title=" ".join((options.title or options.name).split()),
        items=tuple(item for choice in options.what for item in items(choice, points)),
        deadline=" ".join((options.deadline or "").split()),
        private=private,
        partial=bool(options.partial),
    )
    return assignment, Path(options.output or "assignments") / assignment.name


def items(choice: str, points: float) -> list:
    """What one argument asks for: '01.1', '01.1=2', '01.1-01.5', '01.1-01.5=2'."""
    from course_utils.exercise import UnknownExercise, all_exercises, find

    from ..assignment import Item

    match = CHOICE.fullmatch(choice)
    if match is None:
        raise AssignmentError(
            f"{choice!r} is neither an exercise id such as 01.1 or 01.1=2, nor a range such as "
            "01.1-01.5."
        )
    if match["points"] is not None:
        points = read_points(match["points"], choice)
    try:
        ends = [find(match["first"]).id, find(match["last"] or match["first"]).id]
    except UnknownExercise as error:
        raise AssignmentError(str(error)) from None
    if match["last"] is None:  # other files need not be loaded, nor be whole
        return [Item(ends[0], points)]
    ids = [exercise.id for exercise in all_exercises()]
    first, last = (ids.index(id) for id in ends)
    if ends[0].split(".")[0] != ends[1].split(".")[0] or first > last:
        raise AssignmentError(
            f"The range {choice!r} has to go up within one notebook, as 01.1-01.5 does."
        )
    return [Item(id, points) for id in ids[first : last + 1]]


def read_points(text: str, place: str) -> float:
    """A number; that it is above 0, the assignment itself checks."""

    try:
        return float(text)
    except ValueError:
        raise AssignmentError(
            f"{text!r} (in {place}) is not a number of points, such as 2 or 0.5."
        ) from None


def notes(assignment: Assignment) -> list[str]:
    """What an instructor may want to know, and what is no error."""
    from ..mark.lateness import moment

    by_name: dict[str, list[str]] = {}
    for exercise in assignment.exercises():
        by_name.setdefault(exercise.name, []).append(exercise.id)
    found = []
    if assignment.deadline and moment(assignment.deadline) is None:
        found.append(
            f"the deadline {assignment.deadline!r} is a text only: written as '2026-12-04 18:00', "
            "it also tells what is late."
        )
    return found + [
        f"{' and '.join(ids)} are both answered by `{name}`; a student who runs their cells out of "
        "order checks the wrong one."
        for name, ids in by_name.items()
        if len(ids) > 1
    ]
