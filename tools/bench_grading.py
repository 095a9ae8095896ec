"""Measure grading: the same submissions with this course's grader and with nbgrader.

    python tools/bench.py --grading [--submissions 50]

Every submission answers all exercises of notebook 01: most are right, some are mistakes of the bug
library, some are untouched.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
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
    with tempfile.TemporaryDirectory(prefix="course-bench-") as folder:
        place = Path(folder)
        course = place / NAME / "nbgrader"
        run(
            "-m", "grading", "assign", "01.1-01.15", "--name", NAME, "--nbgrader", "--output", place
        )
        run("-m", "nbgrader", "generate_assignment", NAME, cwd=course)
        submit(course, students)
        seconds, memory = {}, {}
        for workers in (1, 2):
            with watched_memory() as peak:
                seconds[workers] = run(
                    *("-m", "grading", "grade", place / NAME, course / "submitted"),
                    *("--output", place / f"marks-{workers}", "--workers", str(workers)),
                )
            memory[workers] = peak[0] / workers / 1e6
        with watched_memory() as peak:
            nbgrader = run("-m", "nbgrader", "autograde", NAME, cwd=course)
        theirs_memory = peak[0] / 1e6
        run("-m", "nbgrader", "export", "--to", course / "grades.csv", cwd=course)
        same = same_marks(place / "marks-2" / "marks.csv", course / "grades.csv")
    rate = {workers: 60 * students / time_ for workers, time_ in seconds.items()}
    theirs = 60 * students / nbgrader
    return [
        (f"marking {students} notebooks with nbgrader", f"{theirs:.0f} a minute", ""),
        ("marking them here, 2 workers", f"{rate[2]:.0f} a minute", ""),
        ("this course to nbgrader", f"{rate[2] / theirs:.1f} : 1", "at least 20 : 1"),
        ("2 workers to 1", f"{rate[2] / rate[1]:.2f} : 1", ""),
        ("memory of a worker with its sandbox", f"{memory[2]:.0f} MB", ""),
        ("memory of nbgrader", f"{theirs_memory:.0f} MB", ""),
        ("students with the same mark from both", f"{same} of {students}", "all"),
    ]


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


def same_marks(ours: Path, theirs: Path) -> int:
    """How many students have the same points in both tables."""
    with ours.open(encoding="utf-8-sig", newline="") as file:
        here = {row["student"]: float(row["points"]) for row in csv.DictReader(file)}
    with theirs.open(encoding="utf-8", newline="") as file:
        there = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    return sum(here[student] == points for student, points in there.items())
