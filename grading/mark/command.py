"""python -m grading grade: mark a folder of submissions."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import difflib
import functools
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RunError

if TYPE_CHECKING:  # loading it takes seconds
    from concurrent.futures import Executor, Future

    from ..assignment import Assignment
    from .ledger import Choice
    from .shards import Shard

CLUSTER_WIDTH = 64  # half the shards that wait on a cluster at once, whatever its size
DESCRIPTION = """\
Mark a folder of submissions. Students' code runs in a sandbox. Run again, it marks only what
changed; stopped in the middle, it goes on where it was."""


def add_arguments(subparsers: argparse._SubParsersAction) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "grade", help="mark a folder of submissions", description=DESCRIPTION
    )
    parser.add_argument("assignment", type=Path, help="the assignment.json that `assign` wrote")
    parser.add_argument("submissions", type=Path, help="the folder of what was handed in")
    parser.add_argument("--output", type=Path, help="for the marks; default: marks/NAME")
    parser.add_argument(
        "--roster",
        type=Path,
        metavar="FILE",
        help="the list of the class: Canvas's gradebook, Moodle's grading worksheet, or a table "
        "with name, id or email; later runs read it again",
    )
    parser.add_argument(
        "--column", default="", metavar="NAME", help="of the gradebook, for the marks"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument(
        "--trusted",
        action="store_true",
        help="run the submissions WITHOUT a sandbox, with your own rights; the marks say so",
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help="of a Dask scheduler: tcp://host:8786")
    parser.add_argument(
        "--again", action="store_true", help="mark everything again, on new hidden cases"
    )
    parser.add_argument(
        "--regrade",
        nargs="+",
        default=[],
        metavar="WHO_OR_WHAT",
        help="mark again, on the same cases, these students' answers (names as in marks.csv) to "
        "these exercises (ids); with --again, these alone on new cases",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Mark, write the reports, print a summary. Returns the exit status. Raises GradingError."""
    from ..assignment import modules_in, read_assignment
    from .executors import prepare_local_processes

    if not options.cluster:
        prepare_local_processes(modules_in(options.assignment))
    try:
        return grade(read_assignment(options.assignment), options)
    except OSError as error:
        raise RunError(f"{error.filename}: {error.strerror}.") from None


def grade(assignment: Assignment, options: argparse.Namespace) -> int:
    """The command with an assignment that was read."""
    from tqdm import tqdm

    from ..report import history
    from ..report.kept_roster import kept_roster
    from . import overrides, sandbox
    from .collection import collect
    from .executors import dask_cluster, local_processes
    from .ledger import STATE, Ledger
    from .running import mark_submissions, read_submissions

    if sys.platform == "win32" and not options.cluster:
        raise RunError("Marking needs Linux or macOS. On Windows, do it in WSL 2.")
    if options.workers < 1:
        raise RunError("--workers needs at least 1.")
    output = options.output or Path("marks") / assignment.name
    if output.resolve().is_relative_to(options.submissions.resolve()):
        raise RunError(
            f"The marks must not lie in the folder of submissions; {output} does. Use --output."
        )
    if output.exists() and not output.is_dir():
        raise RunError(f"{output} is a file; --output needs a folder.")
    roster = kept_roster(output / STATE, assignment, options.roster, options.column)
    submissions = collect(options.submissions, assignment.name)
    why_not = "" if options.trusted or options.cluster else sandbox.problem()
    if why_not:
        raise RunError(
            f"{why_not} Nothing was marked. --trusted marks without a sandbox: the submissions "
            "then run with your rights, and can read and change your files."
        )
    choice = chosen(options.regrade, assignment, [one.student for one in submissions])
    decisions = overrides.read_overrides(output / overrides.FILE, assignment)
    new_seed = options.again and not options.regrade
    ledger = Ledger(output, assignment, trusted=options.trusted, again=new_seed)
    overrides.make_table(output)
    if options.regrade:
        ledger.mark_again(choice, read_submissions(submissions), new_cases=options.again)
    executors, width = functools.partial(local_processes, options.workers), options.workers
    if options.cluster:
        executors, width = functools.partial(dask_cluster, options.cluster), CLUSTER_WIDTH
    reports = Reports()
    with tqdm(total=len(submissions), unit="submission", desc=assignment.name) as bar:
        results = mark_submissions(
            assignment,
            submissions,
            ledger,
            trusted=options.trusted,
            executors=executors,
            width=width,
            progress=bar.update,
            meanwhile=reports.prepare,
        )
    reports.finish()
    from ..report.reports import summary, write_reports

    results, unused = overrides.decided(results, decisions)
    changed = list(history.changes(history.results_before(output), results))
    people, filled = roster.placed(assignment, results) if roster else (None, None)
    kept = write_reports(assignment, results, output, people, filled)
    if roster:
        roster.keep(output / STATE, filled)
    history.note(changed, output, datetime.datetime.now(datetime.UTC))
    print(summary(results, people, filled))
    for line in [*history.told(changed), *unused]:
        print(line)
    for path in kept:
        print(f"Somebody had changed a report; the changed one is now {path}.")
    also = f", {filled.file}" if filled else ""
    print(
        f"The marks are in {output}: marks.csv, class.html, feedback/, details.json{also}. What "
        f"you decide yourself goes into {overrides.FILE} there."
    )
    return 0


class Reports:
    """What the reports need, made ready while the workers mark.

    A worker tells what is said of the exercises: loading them here would take seconds.
    """

    def __init__(self) -> None:
        self._told: Future | None = None

    def prepare(self, executor: Executor, shard: Shard) -> None:
        """Load what writes the reports, and ask a worker about the exercises, once."""
        if self._told is None:
            from ..report import declared

            with contextlib.suppress(Exception):  # a broken pool; the next one is asked
                self._told = executor.submit(declared.declared_for, shard)
            importlib.import_module("grading.report.reports")

    def finish(self) -> None:
        """Take what was told. Where nothing was, the exercises are loaded here."""
        from ..report import declared

        if self._told is not None:
            with contextlib.suppress(Exception):
                declared.remember(self._told.result())


def chosen(wanted: list[str], assignment: Assignment, students: list[str]) -> Choice:
    """The students and exercises that are named for --regrade. Raises RunError."""
    from .ledger import Choice

    ids = {item.id for item in assignment.items}
    unknown = [one for one in wanted if one not in ids and one not in students]
    if unknown:
        near = difflib.get_close_matches(unknown[0], [*students, *ids], n=3, cutoff=0.5)
        advice = f"near it: {', '.join(near)}" if near else "marks.csv has both"
        raise RunError(
            f"--regrade: {unknown[0]!r} is neither a student who handed in nor an exercise of this "
            f"assignment ({advice})."
        )
    return Choice(frozenset(wanted) & frozenset(students), frozenset(wanted) & ids)
