"""What the code of each prediction gives, as data for a page that answers guesses.

    python -m website.truths        run the lessons that changed, write build/predictions.json

Nothing of it is written down by hand: the cells of each lesson are run in a process of its own,
with a `predict` that notes the truth. `_static/guesses.js` reads what `record` writes.
"""

from __future__ import annotations

import hashlib
import json
import linecache
import math
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import course_utils
from course_utils import prediction
from course_utils.catalogue import in_order
from course_utils.comparison import show
from course_utils.notebook import CELL_SECONDS
from course_utils.plain import Opaque
from course_utils.prediction import Prediction, actual, reading, right_headline, wrong_headline
from course_utils.settings import TimeLimit
from course_utils.texts import text
from course_utils.whole_files import write_whole
from tools import build

STORED = build.ROOT / "build" / "predictions.json"
AT_ONCE = 2  # lessons

Truths = dict[str, dict[str, Any]]  # records by the ids of their predictions


def record(asked: Prediction, value: Any) -> dict[str, Any]:
    """One prediction as JSON. value: what its code gives, as `prediction.actual` says it.

    `reading` is what a reader takes a value for, see `as_json`; `shown` is how it is printed.
    `right` and `wrong` are the headlines for a guess, with the hole {guess} in the second one.
    `any_error`: this belief, or choice, is met by the name of any error.
    """
    return {
        "id": asked.id,
        "truth": _truth(value),
        "right": right_headline(value),
        "wrong": wrong_headline(Opaque("{guess}"), value),
        "beliefs": [
            {
                **_guess(belief.guess),
                "sentence": text(f"{asked.id}.belief.{number}", belief.sentence),
            }
            for number, belief in enumerate(asked.beliefs, start=1)
        ],
        "choices": [_guess(choice) for choice in asked.choices],
        "because": text(f"{asked.id}.because", asked.because),
    }


def _truth(value: Any) -> dict[str, Any]:
    if not isinstance(value, Exception):
        return _value(value)
    caught_by = [kind.__name__.lower() for kind in type(value).__mro__[:-1]]
    return {"error": caught_by, "shown": prediction.first_line(value)}


def _guess(guess: Any) -> dict[str, Any]:
    return {**_value(guess), "any_error": guess == "error"}


def _value(value: Any) -> dict[str, Any]:
    return {"reading": as_json(reading(value)), "shown": show(prediction.as_data(value))}


def as_json(value: Any) -> Any:
    """A reading as JSON: null, true, false, a text and a list are themselves.

    JavaScript has one kind of number and JSON no infinity: {"int": "3"}, {"float": "0.5"},
    {"float": "nan"}. A dict is {"dict": [[key, value], ...]}. Raises TypeError for what is none
    of these.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return {"int": str(value)}
    if isinstance(value, float):
        return {"float": repr(value) if math.isfinite(value) else str(value)}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[as_json(key), as_json(item)] for key, item in value.items()]}
    raise TypeError(f"A page cannot compare guesses with a {type(value).__name__}: {value!r}.")


def collect(stored: Path = STORED) -> Truths:
    """All predictions by their ids, in order; runs the lessons that changed, and writes `stored`.

    Raises BuildError where a lesson cannot be run.
    """
    before = _read(stored)
    lessons = [target for target in build.targets() if not target.practice]
    stamps = {target.name: _stamp(target) for target in lessons}
    todo = [one for one in lessons if before["stamps"].get(one.name) != stamps[one.name]]
    predictions = {
        id: kept
        for target in lessons
        if target not in todo
        for id, kept in before["predictions"].items()
        if id.startswith(f"{target.contents.number}.")
    }
    for found in run_all(todo):
        predictions |= found
    predictions = {id: predictions[id] for id in sorted(predictions, key=in_order)}
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_whole(stored, json.dumps({"stamps": stamps, "predictions": predictions}).encode())
    return predictions


def run_all(lessons: Sequence[build.Target]) -> Iterator[Truths]:
    """The predictions of each of these lessons. Two lessons are run at a time.

    Raises BuildError where one cannot be run.
    """
    if not lessons:
        return
    # Each process is a copy of one that has imported torch and the course, and nothing else.
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    context.set_forkserver_preload([__name__])
    # A process runs one lesson: no lesson finds what another one has left behind.
    with ProcessPoolExecutor(AT_ONCE, context, max_tasks_per_child=1) as pool:
        yield from pool.map(truths_of, [target.name for target in lessons])


def truths_of(name: str) -> Truths:
    """The predictions of the lesson whose notebook has this name.

    Runs all its cells: seconds to a minute. Only in a process for this lesson alone, whose streams,
    folder and modules it takes.
    Raises BuildError where a cell raises, takes too long, or says something on stderr.
    """
    [target] = [one for one in build.targets() if one.name == name]
    found: Truths = {}

    def note_truth(id: str, guess: Any, run: Any) -> None:
        """Stands in the place of `predict`."""
        found[id] = record(prediction.catalogue.load(id), actual(run))

    course_utils.predict = note_truth
    os.chdir(build.BUILT)
    torch.set_num_threads(1)  # the tensors are small, and another lesson is run at the same time
    notebook = ModuleType("__main__")
    sys.modules["__main__"] = notebook
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as warned:
        os.dup2(printed.fileno(), 1)
        os.dup2(warned.fileno(), 2)
        for number, cell in enumerate(build.expand(target).cells):
            if cell.cell_type == "code":
                _run(cell.source, notebook, f"{name}, cell {number}")
        sys.stderr.flush()
        warned.seek(0)
        if said := warned.read().decode(errors="replace").strip():
            raise build.BuildError(f"{name}: writes to stderr: {said[:300]}")
    return found


def _run(source: str, notebook: ModuleType, place: str) -> None:
    """Run a cell. Raises BuildError with its place and the reason."""
    file = f"<{place}>"
    # The source of what a cell defines can be found, as in a notebook: ranks need it.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    limit = TimeLimit(CELL_SECONDS)
    try:
        with limit:
            exec(compile(source, file, "exec"), vars(notebook))
    except KeyboardInterrupt:
        raise build.BuildError(f"{place}: takes more than {CELL_SECONDS} seconds.") from None
    except Exception as error:
        raise build.BuildError(f"{place}: {type(error).__name__}: {error}") from None


def _stamp(target: build.Target) -> str:
    """Changes where a truth, or what is said about it, can have changed."""
    cells = json.dumps(build.without_outputs(build.expand(target)))
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for part in (cells, build.stamp(target), torch.__version__):
        digest.update(part.encode())
    return digest.hexdigest()


def _read(stored: Path) -> dict[str, dict[str, Any]]:
    try:
        return json.loads(stored.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"stamps": {}, "predictions": {}}


if __name__ == "__main__":
    print(f"{len(collect())} predictions in {STORED.relative_to(build.ROOT)}.")
