"""What a student did so far, in a file beside the notebooks: progress.jsonl, a line for each thing.

A line is added in one write, so that several notebooks at once lose nothing. It says what was
checked, guessed or asked, when, and which mistake was recognised; never what was written. Only a
folder that `make lab` has filled has a journal, and any folder where the course was installed as a
wheel: not the course's own notebooks, tests or a site.
Nothing can go wrong with it: a folder that cannot be written, or a broken line, stops nothing.
Grading never reads it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .course_files import from_wheel
from .texts import text

FILE = "progress.jsonl"
MARK = ".course.json"  # in every folder that tools/lab.py has filled
CHECK, GUESS, HINT = "check", "guess", "hint"
ABOUT = (
    "What you checked, guessed and asked for in this course: which exercise or prediction, when, "
    "and which mistake it was, never your code. progress() and hint() read it. It stays in this "
    "folder and is sent nowhere; marks do not depend on it. progress(forget=True) puts it aside."
)


@dataclass(frozen=True)
class Entry:
    """One line of the journal.

    what: CHECK, GUESS or HINT. id: of an exercise or a prediction. right: passed, or a right guess.
    detail: the name of a recognised mistake, or the number of a hint.
    """

    what: str
    id: str
    right: bool = False
    detail: str = ""


def place(folder: Path | None = None) -> Path | None:
    """The journal of a folder (the kernel's own), whether it is there or not; None without one."""
    folder = folder or Path.cwd()
    return folder / FILE if from_wheel() or (folder / MARK).is_file() else None


def note(what: str, id: str, *, right: bool = False, detail: str = "") -> None:
    """Add a line to the journal, if there is one and it can be written."""
    with contextlib.suppress(OSError):  # no folder, no room, no rights: the lesson goes on
        path = place()
        if path is None:
            return
        facts: dict[str, Any] = {"when": time.strftime("%Y-%m-%dT%H:%M:%S"), "what": what, "id": id}
        if what != HINT:
            facts["right"] = right
        if detail:
            facts["detail"] = detail
        if not path.exists():
            _add(path, {"about": text("journal.about", ABOUT)}, new=True)
        _add(path, facts)


def _add(path: Path, facts: dict[str, Any], *, new: bool = False) -> None:
    """One line, in one write. new: only if nobody has made the file in the meantime."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (os.O_EXCL if new else 0)
    with contextlib.suppress(FileExistsError):
        file = os.open(path, flags, 0o644)
        try:
            os.write(file, (json.dumps(facts, ensure_ascii=False) + "\n").encode())
        finally:
            os.close(file)


def entries(folder: Path | None = None) -> list[Entry]:
    """All lines of the journal that can be read, from the first to the last."""
    try:
        path = place(folder)
        lines = path.read_bytes().split(b"\n") if path is not None else []
    except OSError:
        return []
    return [entry for line in lines for entry in _read(line)]


def _read(line: bytes) -> Iterable[Entry]:
    """The entry of a line; nothing where it is broken, or is the file's first."""
    try:
        facts = json.loads(line)
        what, id = facts["what"], facts["id"]
    except (ValueError, KeyError, TypeError):
        return
    if what in (CHECK, GUESS, HINT) and isinstance(id, str):
        yield Entry(what, id, facts.get("right") is True, str(facts.get("detail", "")))


def attempted(id: str) -> bool:
    """True if an answer to this exercise was checked before."""
    return any(one.what == CHECK and one.id == id for one in entries())


def hints_shown(id: str) -> int:
    """How many hints of this exercise were shown before."""
    return sum(one.what == HINT and one.id == id for one in entries())


def put_aside() -> Path | None:
    """Rename the journal, so that a new one begins; returns its new name, None without one.

    Raises OSError.
    """
    path = place()
    if path is None or not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"progress-{number}.jsonl")).exists():
        number += 1
    path.rename(aside)
    return aside
