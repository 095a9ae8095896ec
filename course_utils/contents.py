"""The contents page of a lesson, and the way from an exercise's id to its file.

A lesson is a folder in course_utils/lessons/. Its `__init__.py` is its contents page: title, order
of the exercises, and what the two notebooks of the lesson say around them. Reading all pages is
cheap, so one exercise can be found without importing the others.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from types import ModuleType

from . import extras, lessons

CHECKS = "from course_utils import check, hint, solution"


class ContentsError(Exception):
    """A contents page does not say what is there, or a file that it names does not load.

    The message says which one.
    """


@dataclass(frozen=True, kw_only=True)
class Practice:
    """The exercise notebook of a lesson, but for the exercises themselves.

    lead: the paragraph under the title. imports: the code of its first cells, which only import.
    sections: Markdown that opens a group of exercises, by the id of the first one.
    closing: the last cell, in Markdown.
    """

    title: str
    lead: str
    imports: Sequence[str]
    sections: Mapping[str, str] = field(default_factory=dict)
    closing: str = ""


@dataclass(frozen=True)
class Contents:
    """What a lesson is called, needs and promises, and which exercises it has, in their order.

    package: the module name of the lesson's folder: `__name__` on its contents page.
    number: '05'. name: the topic, as it stands in the notebooks' names: 'hooks_and_apply'.
    needs: numbers of the lessons before it. knowing: what else a reader should know.
    after: what the reader can do then, three to six verbs.
    exercises: id -> name of the file beside the contents page, without '.py'.
    practice: the exercise notebook; without it, the exercises stand in the lesson.
    extras: packages beside a lane that the lesson needs, as "libraries" in extras.PACKAGES.
    Raises ContentsError where an id is not of this lesson.
    """

    package: str
    _: KW_ONLY
    number: str
    name: str
    title: str
    needs: Sequence[str]
    minutes: int
    after: Sequence[str]
    exercises: Mapping[str, str]
    lead: str = ""
    knowing: str = ""
    practice: Practice | None = None
    extras: Sequence[str] = ()

    def __post_init__(self) -> None:
        for id in self.exercises:
            if not id.startswith(f"{self.number}."):
                raise ContentsError(
                    f"{self.package}: exercise {id} is not of lesson {self.number}."
                )
        for id in self.practice.sections if self.practice else ():
            if id not in self.exercises:
                raise ContentsError(f"{self.package}: there is no {id} for a section to begin at.")

    @property
    def notebook(self) -> str:
        """The name of the lesson's notebook, without '.ipynb': '05_lesson_hooks_and_apply'.

        A list of files is narrow and sorted by name: the lesson stands before its exercises, and
        the first letters say which is which. A lesson without an exercise notebook has nothing to
        be told from: '00_start_here'.
        """
        kind = "lesson_" if self.practice else ""
        return f"{self.number}_{kind}{self.name}"

    @property
    def practice_notebook(self) -> str:
        """The name of the exercise notebook: '05_practice_hooks_and_apply'; '' if there is none."""
        return f"{self.number}_practice_{self.name}" if self.practice else ""

    @property
    def folder(self) -> Path:
        """Where the lesson's files are."""
        return Path(inspect.getfile(sys.modules[self.package])).parent

    @property
    def imports(self) -> Sequence[str]:
        """The code of cells that import what the answers use."""
        return self.practice.imports if self.practice else [CHECKS]

    def section(self, id: str) -> str:
        """The Markdown that opens the group of exercises in which this one stands, or ''."""
        opened = ""
        for other in self.exercises:
            opened = self.practice.sections.get(other, opened) if self.practice else ""
            if other == id:
                break
        return opened

    def file(self, id: str) -> Path:
        """The file of an exercise of this lesson."""
        return self.folder / f"{self.exercises[id]}.py"


@functools.cache
def all_lessons() -> tuple[Contents, ...]:
    """The contents pages of the course, in the order of their numbers."""
    names = [module.name for module in pkgutil.iter_modules(lessons.__path__) if module.ispkg]
    pages = [importlib.import_module(f"{lessons.__name__}.{name}").contents for name in names]
    return tuple(sorted(pages, key=lambda page: page.number))


def lesson_numbered(number: str) -> Contents:
    """The contents page of a lesson. Raises ContentsError if the course has no such lesson."""
    for page in all_lessons():
        if page.number == number:
            return page
    raise ContentsError(f"There is no lesson {number}: see course_utils/lessons/.")


def next_lesson(page: Contents) -> Contents | None:
    """The lesson that comes after another in the order of their numbers; None after the last."""
    return next((other for other in all_lessons() if other.number > page.number), None)


def page_of(id: str) -> Contents:
    """The contents page on which an exercise stands. Raises ContentsError for an unknown id."""
    for page in all_lessons():
        if id in page.exercises:
            return page
    raise ContentsError(f"No contents page of the course has an exercise {id}.")


def exercise_modules(id: str | None) -> list[str]:
    """The module name of the file that an exercise has; those of all exercises, if `id` is None.

    Of all: but for those that cannot be imported, as the packages of their lesson are not here.
    """
    return [
        f"{page.package}.{file}"
        for page in all_lessons()
        for one, file in page.exercises.items()
        if id == one or (id is None and not any(map(extras.missing, page.extras)))
    ]


def import_exercise(name: str) -> ModuleType:
    """Import the file of one exercise, which declares it.

    name: of the module. Raises ContentsError if the file is missing, does not load or declares
    another exercise than its contents page says, PackagesMissing where an extra of its lesson is
    not installed, and ModuleNotFoundError where another package is not.
    """
    package, file = name.rsplit(".", 1)
    page = next(page for page in all_lessons() if page.package == package)
    id = next(id for id, its_file in page.exercises.items() if its_file == file)
    place = f"{name.replace('.', '/')}.py"
    for extra in page.extras:
        extras.demand(extra, id)
        extras.keep_offline(extra)
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ContentsError(f"{id} is on its contents page, but there is no {place}.") from error
    except Exception as error:  # whatever the file does
        what = f"{type(error).__name__}: {error}"
        raise ContentsError(f"{place} does not load: {_line_in(place, error)}{what}") from error
    declared = getattr(getattr(module, "exercise", None), "id", None)
    if declared != id:
        found = f"declares {declared}" if declared else "declares no `exercise`"
        raise ContentsError(f"{place} {found}; its contents page calls it {id}.")
    return module


def _line_in(place: str, error: Exception) -> str:
    """'in line 5, ' for the last line of a file that an error came from; '' if it knows none."""
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if Path(step.filename).as_posix().endswith(place)]
    return f"in line {lines[-1]}, " if lines else ""  # a SyntaxError says its own


def prediction_modules(id: str | None) -> list[str]:
    """The module name of the predictions of an id's lesson; of all lessons, if it is None."""
    return [
        f"{page.package}.predictions"
        for page in all_lessons()
        if id is None or id.startswith(f"{page.number}.")
    ]
