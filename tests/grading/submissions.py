"""Notebooks as students hand them in, for the tests of grading."""

from __future__ import annotations

import json
from pathlib import Path

from course_utils.exercise import find
from course_utils.sources import undecorated_source

IMPORTS = "import io, math\n\nimport pandas\nimport torch\n\nfrom course_utils import check, hint"


def right(id: str) -> str:
    """The reference, as a student might have written it."""
    return find(id).solution_source


def mistake(id: str, name: str = "") -> str:
    """A wrong answer of the bug library under the answer's name; the first one if not named."""
    exercise = find(id)
    wrong = next(m for m in exercise.mistakes if name in ("", m.name))
    return undecorated_source(wrong.answer) + f"\n\n{exercise.name} = {wrong.name}\n"


def untouched(id: str) -> str:
    return find(id).stub_source


def notebook(answers: dict[str, str], *extra: str) -> bytes:
    """A notebook with imports, these answers and their checks, and extra cells after them."""
    cells = [code(IMPORTS)]
    for id, source in answers.items():
        cells.append(code(source, exercise=id))
        cells.append(code(f'check("{id}", {find(id).name})', check=id))
    cells += [code(source) for source in extra]
    return as_file(cells)


def code(source: str, **metadata: str) -> dict:
    """A code cell."""
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}


def as_file(cells: list[dict]) -> bytes:
    """The bytes of a notebook file."""
    facts = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(facts).encode()


def hand_in(folder: Path, student: str, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{student}.ipynb").write_bytes(content)
