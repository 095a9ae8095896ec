"""Measure grading: the same submissions with this course's grader and with nbgrader.

    python -m tools.bench --grading [--submissions 50]
    python -m tools.bench --large

Every submission answers all exercises of notebook 01: most are right, some are mistakes of the bug
library, some are untouched.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
NAME = "bench"


def measure(students: int = 50) -> list[tuple[str, str, str]]:
    """Rows of the table: what, measured, aim."""
    with handed_in(students) as (place, course):
        first = place / "first"
        shutil.copytree(course / "submitted" / "student-00", first / "student-00")
        one = grade(place, first, 1)
        seconds, memory = {}, {}
        for workers in (1, 2):
            with watched_memory() as peak:
                seconds[workers] = grade(place, course / "submitted", workers)
            memory[workers] = peak[0] / workers / 1e6
        with watched_memory() as peak:
            nbgrader = run("-m", "nbgrader", "autograde", NAME, cwd=course)
        theirs_memory = peak[0] / 1e6
        run("-m", "nbgrader", "export", "--to", course / "grades.csv", cwd=course)
        same = same_marks(marks(place, 2), course / "grades.csv")
    rate = {workers: 60 * students / time_ for workers, time_ in seconds.items()}
    theirs = 60 * students / nbgrader
    aim = "at least 17 : 1" if students >= 150 else "at least 13 : 1"
    return [
        ("from the command to the page of one notebook", f"{one:.1f} s", "4 s"),
        (f"marking {students} notebooks with nbgrader", f"{theirs:.0f} a minute", ""),
        ("marking them here, 2 workers", f"{rate[2]:.0f} a minute", ""),
        ("this course to nbgrader", f"{rate[2] / theirs:.1f} : 1", aim),
        ("2 workers to 1", f"{rate[2] / rate[1]:.2f} : 1", ""),
        ("memory of a worker with its sandbox", f"{memory[2]:.0f} MB", ""),
        ("memory of nbgrader", f"{theirs_memory:.0f} MB", ""),
        ("students with the same mark from both", f"{same} of {students}", "all"),
    ]


def measure_large(students: int = 1000, fewer: int = 150) -> list[tuple[str, str, str]]:
    """A large class in one run, with a worker killed in the middle of it."""
    seconds, right, largest, killed = {}, 0, 0.0, []
    for number in (fewer, students):
        with handed_in(number) as (place, course):
            output = marks(place, 2).parent
            with watched_workers(output, number // 2 if number == students else None) as seen:
                seconds[number] = grade(place, course / "submitted", 2)
            with marks(place, 2).open(encoding="utf-8-sig", newline="") as file:
                right = sum(row["state"] == "marked" for row in csv.DictReader(file))
            largest, killed = seen.largest / 1e6, seen.killed
    share = (seconds[students] / students) / (seconds[fewer] / fewer)
    return [
        (
            f"{students} notebooks in one run, {len(killed)} worker killed: marked",
            f"{right} of {students}",
            "all",
        ),
        ("largest marking process", f"{largest:.0f} MB", "under 1000 MB"),
        (f"time for one of them, to one of {fewer}", f"{share:.2f} : 1", "at most 1 : 1"),
    ]


@contextlib.contextmanager
def handed_in(students: int) -> Iterator[tuple[Path, Path]]:
    """A folder with an assignment, and nbgrader's course in it with that many submissions."""
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        place = Path(folder)
        course = place / NAME / "nbgrader"
        run(
            "-m", "grading", "assign", "01.1-01.15", "--name", NAME, "--nbgrader", "--output", place
        )
        run("-m", "nbgrader", "generate_assignment", NAME, cwd=course)
        submit(course, students)
        yield place, course


def grade(place: Path, submissions: Path, workers: int) -> float:
    """Mark submissions into a folder that was not there; the seconds it took."""
    output = marks(place, workers).parent
    shutil.rmtree(output, ignore_errors=True)
    return run(
        *("-m", "grading", "grade", place / NAME, submissions),
        *("--output", output, "--workers", str(workers)),
    )


def marks(place: Path, workers: int) -> Path:
    return place / f"marks-{workers}" / "marks.csv"


def run(*arguments: object, cwd: Path = ROOT) -> float:
    """Run a Python program to its end; the seconds it took."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_PREFER_ENV_PATH": "1"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")
    return seconds


def submit(course: Path, students: int) -> None:
    """Answer the released notebook once for each student, always in the same way."""
    from course_utils.exercise import find
    from course_utils.sources import undecorated_source

    released = json.loads((course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    draw = random.Random(0)
    for number in range(students):
        for cell in released["cells"]:
            if "exercise" not in cell["metadata"]:
                continue
            exercise = find(cell["metadata"]["exercise"])
            kind = draw.random()
            if kind < 0.6:
                cell["source"] = exercise.solution_source
            elif kind < 0.85:
                wrong = draw.choice(exercise.mistakes)
                answer = undecorated_source(wrong.answer)
                cell["source"] = f"{answer}\n\n{exercise.name} = {wrong.name}\n"
            else:
                cell["source"] = exercise.stub_source
        path = course / "submitted" / f"student-{number:02}" / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(released), encoding="utf-8")


@contextlib.contextmanager
def watched_memory() -> Iterator[list[int]]:
    """The most that all child processes held at once, in bytes; shared pages are shared out."""
    peak, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.5):
            now = 0
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    facts = process.memory_full_info()
                    now += getattr(facts, "pss", facts.rss)
            peak[0] = max(peak[0], now)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


@dataclasses.dataclass
class Seen:
    """The largest process that held references, in bytes, and the workers that were killed."""

    largest: int = 0
    killed: list[int] = dataclasses.field(default_factory=list)


@contextlib.contextmanager
def watched_workers(output: Path, kill_at: int | None) -> Iterator[Seen]:
    """Watch the marking processes; kill one of them when so many results are there."""
    seen, over = Seen(), threading.Event()

    def look() -> None:
        children = psutil.Process().children(recursive=True)
        boxes = [one for one in children if one.name() == "bwrap"]
        inside = {two.pid for one in boxes for two in [one, *one.children(recursive=True)]}
        for process in children:
            if process.pid not in inside:
                facts = process.memory_info()
                seen.largest = max(seen.largest, facts.rss)
        done = len(list((output / ".grading").glob("*.json")))
        # The workers are forks of a server that is a child of the command.
        servers = {one.pid for one in children if "forkserver" in " ".join(one.cmdline())}
        workers = {one.pid for one in children if one.ppid() in servers} - inside
        if kill_at is not None and done >= kill_at and workers and not seen.killed:
            seen.killed.append(min(workers))
            psutil.Process(min(workers)).kill()

    def watch() -> None:
        while not over.wait(1.0):
            with contextlib.suppress(psutil.Error, OSError):  # a process that has just ended
                look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def same_marks(ours: Path, theirs: Path) -> int:
    """How many students have the same points in both tables."""
    with ours.open(encoding="utf-8-sig", newline="") as file:
        here = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    with theirs.open(encoding="utf-8", newline="") as file:
        there = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return sum(here[student] == points for student, points in there.items())
