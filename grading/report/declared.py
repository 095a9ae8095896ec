"""What reports say of an exercise itself: its title, what was asked, its code, its mistakes.

Nothing here imports torch: the command, which writes the reports, has it told by a worker.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from course_utils.sources import STUB_LINE

from ..mark.shards import Shard

if TYPE_CHECKING:
    from course_utils.exercise import Exercise


@dataclasses.dataclass(frozen=True)
class Paragraph:
    """One of what was asked: code as it stands, or sentences with `code` in backticks."""

    lines: tuple[str, ...]
    is_code: bool = False


@dataclasses.dataclass(frozen=True)
class Declared:
    """What is said of one exercise.

    asked: what the student was given. stub, solution: code. sentences: those of its mistakes, by
    their names.
    """

    id: str
    title: str
    asked: tuple[Paragraph, ...]
    stub: str
    solution: str
    sentences: Mapping[str, str]


def declared_for(shard: Shard) -> list[Declared]:
    """What is said of a shard's exercises, in a worker that marks such shards.

    Raises AssignmentError as mark_shard does.
    """
    from ..assignment import find_all, load_source

    for name, source in shard.private:
        load_source(name, source)
    return [_read(exercise) for exercise in find_all(id for id, _ in shard.items)]


_told: dict[str, Declared] = {}  # what a worker said


def remember(told: Iterable[Declared]) -> None:
    """Take what a worker told of exercises, by `declared_for`."""
    _told.update({one.id: one for one in told})


def declared(id: str) -> Declared:
    """What is said of the exercise with this id. Loads it, and torch, unless a worker has told."""
    return _told[id] if id in _told else _loaded(id)


@functools.cache  # the same on the page of every student, and slow to find
def _loaded(id: str) -> Declared:
    from course_utils.exercise import find

    return _read(find(id))


def _read(exercise: Exercise) -> Declared:
    return Declared(
        exercise.id,
        exercise.title,
        tuple(_asked(exercise)),
        exercise.stub_source,
        exercise.solution_source,
        {mistake.name: mistake.sentence for mistake in exercise.mistakes},
    )


def _asked(exercise: Exercise) -> list[Paragraph]:
    """What the student was given: the docstring, or the skeleton of a class."""
    given = exercise.start or exercise.answer
    own_docstring = vars(given).get("__doc__") if isinstance(given, type) else given.__doc__
    if isinstance(given, type) or not own_docstring:
        lines = exercise.stub_source.splitlines()
        return [Paragraph(tuple(line for line in lines if STUB_LINE not in line), is_code=True)]
    paragraphs = [Paragraph((f"`{exercise.name}{inspect.signature(given)}`",))]
    for paragraph in inspect.cleandoc(own_docstring).split("\n\n"):
        if paragraph.startswith("    "):
            paragraphs.append(Paragraph(tuple(paragraph.splitlines()), is_code=True))
        else:
            paragraphs.append(Paragraph(tuple(_flowing(paragraph))))
    return paragraphs


def _flowing(paragraph: str) -> list[str]:
    """Lines of a docstring joined, except before 'x: ...' and 'Returns ...'."""
    lines: list[str] = []
    for line in paragraph.splitlines():
        begins = re.match(r"[\w, *]+: |Returns |Raises ", line)
        if lines and not begins:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return lines
