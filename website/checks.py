"""What the check says to each declared wrong answer, as it would stand in a notebook.

Kept in build/checks.json, for each exercise as long as what it depends on is the same.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
from tqdm import tqdm

from course_utils.checks import verdict_panel
from course_utils.contents import page_of
from course_utils.exercise import Exercise, all_exercises, find
from course_utils.settings import one_thread
from course_utils.whole_files import write_whole
from tools.build import COURSE, ROOT, imported

STORED = ROOT / "build" / "checks.json"

Panels = dict[str, str]  # HTML by the name of the wrong answer


def collect(stored: Path = STORED) -> dict[str, Panels]:
    """The panels of all exercises by their ids. Checks those that changed, and writes `stored`.

    Raises ExerciseFault where an exercise itself is at fault.
    """
    before = _read(stored)
    exercises = all_exercises()
    now = {exercise.id: _stamp(exercise) for exercise in exercises}
    todo = [one for one in exercises if before.get(one.id, {}).get("stamp") != now[one.id]]
    kept = {one.id: before[one.id] for one in exercises if one not in todo}
    ids = [exercise.id for exercise in todo]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        found = zip(ids, pool.map(panels_of, ids), strict=True)
        for id, said in tqdm(found, desc="checking wrong answers", total=len(ids), disable=not ids):
            kept[id] = {"stamp": now[id], "panels": said}
            stored.parent.mkdir(parents=True, exist_ok=True)
            write_whole(stored, json.dumps(kept).encode())
    return {one.id: kept[one.id]["panels"] for one in exercises}


def panels_of(id: str) -> Panels:
    """See panels; for a process of its own."""
    return panels(find(id))


def panels(exercise: Exercise) -> Panels:
    """What the check says to each wrong answer but those that are another one's other way."""
    found = {}
    with one_thread():
        for mistake in exercise.mistakes:
            if mistake.same_as is None:
                verdict = exercise.judge_mistake(mistake)
                found[mistake.name] = verdict_panel(exercise, verdict)._repr_html_()
    return found


def _stamp(exercise: Exercise) -> str:
    """Changes where what a check says can have changed."""
    digest = hashlib.sha256(torch.__version__.encode())
    files = imported([page_of(exercise.id).file(exercise.id), COURSE / "checks.py"])
    for path in sorted([*files, Path(__file__)]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(stored: Path) -> dict[str, dict]:
    try:
        return json.loads(stored.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
