"""What the code of each prediction gives, as data for a page that answers guesses.

    python -m website.truths        run the lessons that changed, write build/predictions.json

Nothing of it is written down by hand: each lesson is run in a kernel of its own, as the build runs
it, with a `predict` that notes the truth. `_static/guesses.js` reads what `record` writes.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import torch
from IPython.display import display
from nbformat.v4 import new_code_cell

from course_utils import prediction
from course_utils.catalogue import in_order
from course_utils.comparison import show
from course_utils.plain import Opaque
from course_utils.prediction import Prediction, actual, reading, right_headline, wrong_headline
from course_utils.texts import text
from course_utils.whole_files import write_whole
from tools import build

STORED = build.ROOT / "build" / "predictions.json"
MEDIA_TYPE = "application/json"

# Runs before a lesson's first cell. A lesson imports `predict` from course_utils.
LISTEN = """\
import sys
sys.path.insert(0, {root!r})
import course_utils
from website import truths
course_utils.predict = truths.note_truth"""


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


def note_truth(id: str, guess: Any, run: Any) -> None:
    """Stands in the place of `predict` while a lesson is run: gives its record as an output."""
    noted = record(prediction.catalogue.load(id), actual(run))
    display({MEDIA_TYPE: noted}, raw=True)


def collect(stored: Path = STORED) -> dict[str, dict[str, Any]]:
    """All predictions by their ids, in order; runs the lessons that changed, and writes `stored`.

    Raises BuildError where a lesson cannot be run.
    """
    before = _read(stored)
    stamps: dict[str, str] = {}
    predictions: dict[str, dict[str, Any]] = {}
    for target in build.targets():
        if target.practice:
            continue
        stamp = _stamp(target)
        if before["stamps"].get(target.name) == stamp:
            number = target.contents.number
            found = {k: v for k, v in before["predictions"].items() if k.startswith(f"{number}.")}
        else:
            found = truths_of(target)
        stamps[target.name] = stamp
        predictions |= found
    predictions = {id: predictions[id] for id in sorted(predictions, key=in_order)}
    stored.parent.mkdir(parents=True, exist_ok=True)
    write_whole(stored, json.dumps({"stamps": stamps, "predictions": predictions}).encode())
    return predictions


def truths_of(target: build.Target) -> dict[str, dict[str, Any]]:
    """The predictions of one lesson, by their ids. Runs all its cells: seconds to a minute."""
    notebook = build.expand(target)
    notebook.cells.insert(0, new_code_cell(LISTEN.format(root=str(build.ROOT))))
    done = build.execute(notebook, target.name)
    noted = [
        output.data[MEDIA_TYPE]
        for cell in done.cells
        for output in cell.get("outputs", ())
        if MEDIA_TYPE in output.get("data", {})
    ]
    return {one["id"]: one for one in noted}


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
