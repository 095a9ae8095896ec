"""Measure what a student and a maintainer wait for. Prints one small table, in Markdown.

    python -m tools.bench                    everything
    python -m tools.bench --grading          only how fast submissions are marked
    python -m tools.bench --submissions 10   with fewer of them

All numbers come from one run on one machine; compare ratios, not seconds. README.md quotes the
table: after a run on a quiet machine, put the new one in place of the old one.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import io
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbformat.v4 import new_code_cell

from course_utils.contents import all_lessons
from course_utils.exercise import Exercise, all_exercises
from course_utils.settings import course_settings
from tools import bench_grading, bench_justice

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
WORKERS = os.cpu_count() or 1

IMPORTS = """
import json, time
start = time.perf_counter()
import torch
middle = time.perf_counter()
from course_utils import check, hint, predict, solution
print(json.dumps([middle - start, time.perf_counter() - middle]))
"""


def run_python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT / "notebooks", check=True, stdout=-1, text=True).stdout


def import_times(repeats: int = 7) -> tuple[float, float]:
    """Seconds to import torch, and what course_utils adds: medians of fresh processes."""
    pairs = [json.loads(run_python(IMPORTS)) for _ in range(repeats)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


FIRST_CHECK = """
import json, time
import torch
start = time.perf_counter()
from course_utils.checks import find
exercise = find("01.1")
exercise.judge(exercise.answer)
print(json.dumps(time.perf_counter() - start))
"""


def first_check_time(repeats: int = 5) -> float:
    """Seconds of the first check of a notebook, after torch was imported: median of fresh
    processes."""
    return statistics.median(json.loads(run_python(FIRST_CHECK)) for _ in range(repeats))


def check_times() -> tuple[list[float], list[float]]:
    """Seconds that a check takes beyond running the answer on the cases.

    Of each reference the second check, for which what is right is known; and of each exercise's
    first mistake the first one, with everything that it is compared with.
    """
    passing: list[float] = []
    failing: list[float] = []
    for exercise in all_exercises():
        exercise.judge(exercise.answer)
        passing.append(beyond_the_answer(exercise, exercise.answer))
        Exercise.reference_observations.cache_clear()
        exercise.forget_mistakes()
        failing.append(beyond_the_answer(exercise, exercise.mistakes[0].answer))
    return passing, failing


def beyond_the_answer(exercise: Exercise, answer: Callable[..., Any]) -> float:
    """Seconds that judging takes beyond calling the answer: making the cases, looking at what each
    call leaves behind, and comparing are all counted."""
    start = time.perf_counter()
    exercise.judge(answer)
    judged = time.perf_counter() - start
    with course_settings():
        cases = list(exercise.make_cases(random.Random(0)))
        start = time.perf_counter()
        for args in cases:
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                exercise.look(answer, *args)
        return judged - (time.perf_counter() - start)


WARM_SCRIPT = """
import contextlib, io, json, linecache, sys, time
import torch, matplotlib, pandas, IPython.display
import course_utils
from course_utils import extras
extras.keep_offline("libraries")  # as lesson 12 does, before anything imports them
lessons, paths = json.loads(sys.argv[1])
slowest, total = (0.0, ""), 0.0
for path in paths:
    notebook = json.load(open(path, encoding="utf-8"))
    scope = {"__name__": "__main__"}
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        name = f"<{path} {number}>"  # the source is found, as in a notebook: ranks need it
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source, name, "exec"), scope)
        seconds = time.perf_counter() - start
        total += seconds
        if path in lessons:
            slowest = max(slowest, (seconds, source.splitlines()[0]))
print(json.dumps([total, slowest]))
"""


def warm_script() -> tuple[float, tuple[float, str]]:
    """Seconds for all cells in one process that has imported torch; the slowest lesson cell, and
    its first line."""
    lessons = [str(ROOT / "notebooks" / f"{page.notebook}.ipynb") for page in all_lessons()]
    files = json.dumps([lessons, [str(path) for path in NOTEBOOKS]])
    total, slowest = json.loads(run_python(WARM_SCRIPT, files))
    return total, tuple(slowest)


def validation_time() -> float:
    """Seconds of strict nbval over all notebooks, with as many workers as cores."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), *map(str, NOTEBOOKS)]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, stdout=-1, stderr=subprocess.STDOUT, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"The notebooks do not pass, so there is nothing to time:\n{done.stdout[-2000:]}")
    return seconds


def peak_memory() -> tuple[float, str]:
    """Largest resident memory of a notebook's kernel in MB, and which notebook it was."""
    from nbclient import NotebookClient

    peaks = []
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        source = "import resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        notebook.cells.append(new_code_cell(source))
        resources = {"metadata": {"path": str(ROOT / "notebooks")}}
        NotebookClient(notebook, kernel_name="python3", resources=resources).execute()
        # Linux counts in kilobytes, macOS in bytes.
        unit = 1e6 if sys.platform == "darwin" else 1e3
        peaks.append((int(notebook.cells[-1].outputs[0].text) / unit, path.stem))
    return max(peaks)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what people wait for.")
    parser.add_argument("--grading", action="store_true", help="only how fast marking is")
    parser.add_argument("--submissions", type=int, default=50, metavar="N", help="that are marked")
    parser.add_argument(
        "--large", action="store_true", help="only how a run of 1,000 does when a worker is killed"
    )
    parser.add_argument("--justice", action="store_true", help="only how just marking is")
    options = parser.parse_args()
    if options.justice:
        rows = bench_justice.measure()
    elif options.large:
        rows = bench_grading.measure_large()
    else:
        rows = [] if options.grading else course_rows()
        rows += bench_grading.measure(options.submissions)
    print(table(rows))
    return 0


def table(rows: list[tuple[str, str, str]]) -> str:
    """The rows as Markdown, under a line that says when and on what they were measured."""
    today = datetime.date.today()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    lines = [
        f"Measured on {today.day} {today:%B %Y}, in one run: {WORKERS} cores, {gpu}.",
        "",
        "| | measured | aim |",
        "|---|---:|---|",
    ]
    return "\n".join(
        [*lines, *(f"| {what} | {measured} | {aim} |" for what, measured, aim in rows)]
    )


def course_rows() -> list[tuple[str, str, str]]:
    """What a student and a maintainer wait for: what, measured, aim."""
    torch_seconds, course_seconds = import_times()
    passing, failing = map(sorted, check_times())
    script, (slowest, first_line) = warm_script()
    validation = validation_time()
    rows = [
        (
            f"`import course_utils`, of the {torch_seconds:.1f} s of `import torch`",
            f"{100 * course_seconds / torch_seconds:.1f} %",
            "at most 5 %",
        ),
        (
            "the second check of a right answer, beyond the time of the answer itself: median",
            f"{1e3 * statistics.median(passing):.0f} ms",
            "under 20 ms",
        ),
        (
            "the slowest 5 % of them, from",
            f"{1e3 * passing[int(0.95 * len(passing))]:.0f} ms",
            "under 50 ms",
        ),
        (
            "the first check of a wrong answer, which is compared with all known ones: median",
            f"{1e3 * statistics.median(failing):.0f} ms",
            "",
        ),
        ("the first check of a notebook, beyond torch", f"{first_check_time():.1f} s", "under 1 s"),
        (f"slowest cell of a lesson (`{first_line}`)", f"{slowest:.1f} s", "under 10 s"),
        (
            f"all notebooks run and compared, {WORKERS} workers, "
            f"to the {script:.0f} s of their cells in one script",
            f"{validation / script:.2f} : 1",
            "at most 1.5 : 1",
        ),
    ]
    if sys.platform != "win32":
        memory, notebook = peak_memory()
        rows.append((f"most memory of a notebook (`{notebook}`)", f"{memory:.0f} MB", ""))
    return rows


if __name__ == "__main__":
    sys.exit(main())
