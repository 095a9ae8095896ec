"""How often marking asks for a person without need, and what it lets pass that it should not.

The right answers of tests/grading/right_answers were written from the questions alone;
the attacks are those of tests/grading/hostile_notebooks.py. Both go through the grader's sandbox.
`make bench ARGS=--justice` prints the two rates; the guide has them from there.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from course_utils.exercise import find
from grading.inside.reading import Program, find_program, read_cell
from grading.mark import sandbox as sandboxes
from grading.mark.marking import loaded_by_references, mark
from grading.mark.sandbox import Sandbox
from grading.mark.shards import Task
from grading.result import ExerciseResult, ExerciseState

ROOT = Path(__file__).parents[1]
ANSWERS = ROOT / "tests" / "grading" / "right_answers"
SEED = 4_611_686_018_427_387_847
# Their writers took them for right; the cases do not, as torch 2.3 makes a storage's object anew.
DISPUTED = {
    ("01.11", "storage identity"),
    ("01.11", "torch alias"),
    ("01.11", "is_set_to helper"),
    ("01.11", "attrgetter style"),
}


@dataclasses.dataclass(frozen=True)
class RightAnswer:
    """One right answer. code: of the answer's cell. helper: of a cell above, '' for none."""

    id: str
    style: str
    code: str
    helper: str

    def cells(self) -> list[dict]:
        """The code cells of its notebook: the imports that students are given, helper, answer."""
        found = [code_cell(imports_of(self.id))]
        if self.helper:
            found.append(code_cell(self.helper))
        return [*found, code_cell(self.code, exercise=self.id)]

    def program(self) -> Program:
        """What the grader finds in its notebook."""
        exercise = find(self.id)
        return find_program(
            [read_cell(number, cell) for number, cell in enumerate(self.cells(), 1)],
            self.id,
            name=exercise.name,
            stub=exercise.stub_source,
            by_hand=exercise.by_hand.facts(),
        )


def right_answers() -> list[RightAnswer]:
    """All but DISPUTED.

    A file has, for each, a line `#### ID | right | style`, its code, and where there is a cell
    above it, a line `%%%% helper` and that cell's code.
    """
    found = []
    for path in sorted(ANSWERS.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").split("\n#### "):
            head, _, body = block.removeprefix("#### ").partition("\n")
            id, _, style = (part.strip() for part in head.split("|", 2))
            code, _, helper = body.partition("\n%%%% helper\n")
            if (id, style) not in DISPUTED:
                found.append(RightAnswer(id, style, code, helper))
    return found


def imports_of(id: str) -> str:
    """The code of the exercise's notebook before its first question."""
    paths = sorted((ROOT / "notebooks").glob(f"{id[:2]}_*.ipynb"))
    cells = json.loads(paths[-1].read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    before = itertools.takewhile(lambda cell: "exercise" not in cell["metadata"], code)
    return "\n".join("".join(cell["source"]) for cell in before)


def code_cell(source: str, **metadata: str) -> dict:
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}


def marked(id: str, cells: list[dict], sandbox: Sandbox) -> ExerciseResult:
    """The result of a notebook with one answer."""
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    task = Task("lee", "lee.ipynb", json.dumps(notebook).encode())
    return mark(task, ((id, 1.0),), SEED, sandbox).exercises[0]


def sandbox_of(ids: Iterable[str]) -> Sandbox:
    """A sandbox in which all that these exercises need is loaded."""
    ids = tuple(dict.fromkeys(ids))
    topics = dict.fromkeys(find(id).answer.__module__ for id in ids)
    return Sandbox([*topics, *loaded_by_references(ids, SEED)])


def mark_right_answers(sandbox: Sandbox) -> Iterator[tuple[RightAnswer, ExerciseResult]]:
    for answer in right_answers():
        yield answer, marked(answer.id, answer.cells(), sandbox)


def measure() -> list[tuple[str, str, str]]:
    """Rows for the bench: what, measured, aim."""
    from tests.grading.hostile_notebooks import IMPORTS, UNEARNED

    problem = sandboxes.problem()
    if problem:
        return [("justice of marking", "not measured", problem)]
    states: collections.Counter[str] = collections.Counter()
    with sandbox_of(answer.id for answer in right_answers()) as sandbox:
        for answer, result in mark_right_answers(sandbox):
            states[result.state] += 1
            if result.state != ExerciseState.PASSED:
                print(f"{answer.id} ({answer.style}): {result.reason or result.headline}")
        attacks = [
            (
                kind,
                marked(
                    one.id, [code_cell(IMPORTS), code_cell(one.source, exercise=one.id)], sandbox
                ),
            )
            for kind, ones in UNEARNED.items()
            for one in ones
        ]
    total = states.total()
    gained = [kind for kind, result in attacks if result.state == ExerciseState.PASSED]
    right = sum(result.state == ExerciseState.PERSON for _, result in attacks)
    return [
        (
            "right answers that go to a person",
            f"{100 * states[ExerciseState.PERSON] / total:.1f} % of {total}",
            "at most 2 %",
        ),
        ("  that are marked wrong", str(states[ExerciseState.WRONG]), "none by the process"),
        (
            "attacks with an unearned mark",
            f"{len(gained)} of {len(attacks)}, {len(UNEARNED)} kinds",
            "none",
        ),
        ("  that a person is shown", str(right), ""),
    ]
