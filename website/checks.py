"""What the check says to each declared wrong answer, as it would stand in a notebook.

Kept in build/checks/, for each exercise as long as what it depends on is the same. The review of
an exercise makes all its wrong answers as well: the tests keep what the check says there, and where
they have run, `collect` has nothing left to do.
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

STORED = ROOT / "build" / "checks"

Panels = dict[str, str]  # HTML by the name of the wrong answer


def collect(stored: Path = STORED) -> dict[str, Panels]:
    """The panels of all exercises by their ids. Checks those that changed, and keeps what it found.

    Raises ExerciseFault where an exercise itself is at fault.
    """
    exercises = all_exercises()
    kept = {one.id: _kept(one, stored) for one in exercises}
    todo = [one for one in exercises if kept[one.id] is None]
    if todo:
        ids = [exercise.id for exercise in todo]
        with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
            found = zip(todo, pool.map(panels_of, ids), strict=True)
            for exercise, said in tqdm(found, desc="checking wrong answers", total=len(todo)):
                kept[exercise.id] = said
                _keep(exercise, said, stored)
    return {id: said for id, said in kept.items() if said is not None}


def keep(exercise: Exercise, stored: Path = STORED) -> None:
    """Keep what the check says, for `collect`. Costs little where the mistakes were made already.

    Raises ExerciseFault where the exercise itself is at fault.
    """
    if _kept(exercise, stored) is None:
        _keep(exercise, panels(exercise), stored)


def panels_of(id: str) -> Panels:
    """See panels; for a process of its own."""
    return panels(find(id))


def panels(exercise: Exercise) -> Panels:
    """What the check says to each wrong answer but those that are another one's other way."""
    found = {}
    with one_thread():
        exercise.observe_mistakes(exercise.mistakes)  # each is compared with all others
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


def _kept(exercise: Exercise, stored: Path) -> Panels | None:
    """What was kept of the exercise as it is now."""
    try:
        found = json.loads(_file(exercise, stored).read_text(encoding="utf-8"))
        return found["panels"] if found["stamp"] == _stamp(exercise) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(exercise: Exercise, said: Panels, stored: Path) -> None:
    path = _file(exercise, stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"stamp": _stamp(exercise), "panels": said}).encode())


def _file(exercise: Exercise, stored: Path) -> Path:
    """Each lane has its own: one does not take away what the tests of the other have kept."""
    return stored / torch.__version__ / f"{exercise.id}.json"
