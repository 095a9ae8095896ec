"""An assignment: which exercises, and what each is worth.

It is kept as a small JSON file, from which everything else is made again: the notebook and the zip
for students, the nbgrader edition, the marks.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import json
import math
import re
import sys
from collections.abc import Iterable
from importlib.abc import SourceLoader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course_utils import contents
from course_utils.student_half import CannotBeCut, private_half

from .errors import AssignmentError

if TYPE_CHECKING:  # it imports torch, and marking reads an assignment while its workers still do
    from course_utils.exercise import Exercise

FORMAT = 1  # of the file
FORMAT_WITH_PARTIAL = 2  # an earlier course would leave the points for a part of the cases out


@dataclasses.dataclass(frozen=True)
class Item:
    """An exercise of an assignment and the points it is worth."""

    id: str
    points: float


@dataclasses.dataclass(frozen=True)
class Assignment:
    """What is handed out and marked.

    name: for files and folders, as 'week3'. title: for people. deadline: any text, shown to
    students; one that `lateness.moment` understands tells what is late. partial: a wrong answer
    earns points for the cases on which it is right. private: paths of files with exercises of your
    own, outside the course.
    """

    name: str
    title: str
    items: tuple[Item, ...]
    deadline: str = ""
    private: tuple[Path, ...] = ()
    partial: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", self.name):
            raise AssignmentError(
                f"The name {self.name!r} cannot be a file's name everywhere: use letters, digits, "
                "- and _, as in 'week3'."
            )
        if not self.items:
            raise AssignmentError("An assignment needs at least one exercise id, such as 01.1.")
        ids = [item.id for item in self.items]
        twice = sorted({id for id in ids if ids.count(id) > 1})
        if twice:
            raise AssignmentError(f"Exercise {twice[0]} is in the assignment twice.")
        for item in self.items:
            if not (math.isfinite(item.points) and item.points > 0):
                raise AssignmentError(
                    f"Exercise {item.id} is worth {item.points} points: a number above 0 is needed."
                )
        load_private(self.private)
        self.modules()

    def exercises(self) -> list[Exercise]:
        """The exercises, in the order of the assignment. Raises AssignmentError as find_all."""
        return find_all(item.id for item in self.items)

    def modules(self) -> dict[str, str]:
        """The name of the module that declares each exercise, by id. Raises AssignmentError.

        The contents pages tell it without torch; what they do not tell is looked up by importing.
        """
        pages = {id: page for page in contents.all_lessons() for id in page.exercises}
        asked = [item.id for item in self.items]
        if all(id in pages and not pages[id].extras for id in asked):
            return {id: f"{pages[id].package}.{pages[id].exercises[id]}" for id in asked}
        return {exercise.id: exercise.make_cases.__module__ for exercise in self.exercises()}

    def topics(self) -> dict[str, str]:
        """The whole source of each file that declares one of the exercises, by module name."""
        return {name: source_of(name) for name in sorted(set(self.modules().values()))}

    @property
    def points(self) -> float:
        return sum(item.points for item in self.items)

    def as_json(self, beside: Path) -> str:
        """The file's text; private paths are written relative to the folder `beside`."""
        facts: dict[str, Any] = {
            "format": FORMAT_WITH_PARTIAL if self.partial else FORMAT,
            "name": self.name,
            "title": self.title,
            "deadline": self.deadline,
            "exercises": [{"id": item.id, "points": item.points} for item in self.items],
            "private": [relative(path, beside) for path in self.private],
        }
        if self.partial:
            facts["partial"] = True
        return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def relative(path: Path, folder: Path) -> str:
    """How to get from a folder to a file, with / on every system."""
    import os

    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def source_of(module: str) -> str:
    """The text of a module's file, also of one that is not imported."""
    spec = importlib.util.find_spec(module)
    assert spec is not None and spec.origin is not None, "the module has a file"
    return Path(spec.origin).read_text(encoding="utf-8")


def find_all(ids: Iterable[str]) -> list[Exercise]:
    """The exercises with these ids. Raises AssignmentError for unknown and half-made ones."""
    from course_utils.exercise import ExerciseFault, UnknownExercise, find

    try:
        return [find(id) for id in ids]
    except (UnknownExercise, ExerciseFault) as error:
        raise AssignmentError(str(error)) from None


def read_assignment(path: Path) -> Assignment:
    """The assignment in a file, or in the folder that `assign` made. Raises AssignmentError."""
    if path.is_dir():
        path = path / "assignment.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts.get("format", FORMAT) not in (FORMAT, FORMAT_WITH_PARTIAL):
            raise AssignmentError(
                f"{path} was written by a later version of the course: update the course, or make "
                "the assignment again with `python -m grading assign`."
            )
        return Assignment(
            name=str(facts["name"]),
            title=str(facts["title"]),
            items=tuple(Item(str(e["id"]), float(e["points"])) for e in facts["exercises"]),
            deadline=str(facts.get("deadline", "")),
            private=tuple(path.parent / name for name in facts.get("private", [])),
            partial=facts.get("partial", False) is True,
        )
    except OSError as error:
        raise AssignmentError(
            f"There is no assignment at {path} ({error.strerror}). "
            "`python -m grading assign` makes one."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AssignmentError(
            f"{path} is not an assignment ({type(error).__name__}: {error}). "
            "Take the assignment.json that `python -m grading assign` wrote."
        ) from None


def modules_in(path: Path) -> list[str]:
    """The modules of the course that declare an assignment's exercises, read from its file alone.

    Those of lessons that need packages of their own are left out, and so is everything where the
    file is no assignment: read_assignment says what is the matter with it.
    """
    file = path / "assignment.json" if path.is_dir() else path
    try:
        ids = [entry["id"] for entry in json.loads(file.read_text(encoding="utf-8"))["exercises"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    pages = {id: page for page in contents.all_lessons() for id in page.exercises}
    known = [(pages[id], id) for id in ids if isinstance(id, str) and id in pages]
    return [f"{page.package}.{page.exercises[id]}" for page, id in known if not page.extras]


def load_private(paths: tuple[Path, ...]) -> list[ModuleType]:
    """Register the exercises of files outside the course. Raises AssignmentError.

    Returns the modules.

    A module is loaded as private_<name>_<digest of its text>, so that two folders may hold files
    of one name, and a file that is given twice is loaded once.
    """
    if not paths:
        return []
    from course_utils.exercise import ExerciseFault, all_exercises

    all_exercises()  # the course's ids first: a file that takes one of them is refused
    modules = []
    for path in paths:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise AssignmentError(f"Cannot read {path}: {error.strerror}.") from None
        name = f"private_{path.stem}_{hashlib.sha256(text).hexdigest()[:8]}"
        if path.suffix != ".py" or not name.isidentifier():
            raise AssignmentError(
                f"{path}: exercises are declared in a Python file with a plain name, as quiz.py."
            )
        try:
            private_half({str(path): text.decode()})  # what students' processes will have of it
            load_topic(name, path)
            all_exercises()  # a half-made one is refused
        except CannotBeCut as error:
            raise AssignmentError(str(error)) from None
        except ExerciseFault as fault:
            raise AssignmentError(f"{path}: {fault}") from None
        except Exception as error:  # whatever the instructor's file does
            raise AssignmentError(
                f"{path} does not load: {type(error).__name__}: {error}"
            ) from None
        modules.append(sys.modules[name])
    return modules


def load_topic(name: str, path: Path) -> None:
    """Import a file as the module `name`, unless there is one; that registers its exercises."""
    if name not in sys.modules:
        _load(importlib.util.spec_from_file_location(name, path))


def load_source(name: str, source: str) -> None:
    """The same from a private file's text, where the file itself is not at hand.

    Nothing is written to a disk. Raises AssignmentError.
    """
    if name in sys.modules:
        return
    spec = ModuleSpec(name, _Text(source), origin=f"{name}.py")
    spec.has_location = True
    try:
        _load(spec)
    except Exception as error:  # whatever the instructor's file does
        raise AssignmentError(
            f"The private file of the module {name} does not load on its own: "
            f"{type(error).__name__}: {error}. Workers have its text and nothing beside it: let it "
            "read and import no file of yours. Nothing was marked with it."
        ) from None


class _Text(SourceLoader):
    """The source of one module; `inspect` finds it here, for there is no file."""

    def __init__(self, source: str) -> None:
        self.source = source

    def get_filename(self, name: str) -> str:
        return f"{name}.py"

    def get_data(self, path: str) -> bytes:
        return self.source.encode("utf-8")


def _load(spec: ModuleSpec | None) -> None:
    assert spec is not None and spec.loader is not None, "the file is Python"
    name = spec.name
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
