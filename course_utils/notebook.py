"""The cells of the course's notebooks: opening, heading of an exercise, its answer, its check.

The build of the course and the grader's assignments make their notebooks from these.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

import course_utils

from .contents import lesson_numbered
from .exercise import Exercise
from .links import lesson_link
from .texts import all_of, text

CELL_SECONDS = 120  # a cell that takes longer is stopped

# Where the course is not installed, it says what helps there. INSTALL: see environment_cell.
ENVIRONMENT_CELL = """\
import importlib.util
import os

if importlib.util.find_spec("course_utils"):
    from course_utils import environment
    environment.report()
elif "COLAB_RELEASE_TAG" in os.environ:
    print("Colab does not have the course yet. In a cell of its own: INSTALL")
elif "VSCODE_PID" in os.environ or "__vsc_ipynb_file__" in globals():
    print("This kernel is not the course's. Run tools/install.py, then Select Kernel: .venv")
else:
    print("This kernel is not the course's. Close JupyterLab, then start it with: make lab")
    print("Without the course's folder, in a cell of its own: INSTALL")"""
WHEEL = "course_utils*.whl (the course's wheel, put beside this notebook)"


def opening(
    name: str,
    number: str,
    title: str,
    *,
    minutes: int,
    lead: str = "",
    after: Sequence[str] = (),
    needs: Sequence[str] = (),
    knowing: str = "",
) -> NotebookNode:
    """Title, what the reader will be able to do, what is needed first, how long it takes.

    name: of its texts: '05.lesson' for '05.lesson.title'.
    needs: the numbers of the lessons that come before; each is a link.
    """
    title = text(f"{name}.title", title)
    lines = [f"# {number} · {title}", ""]
    if lead:
        lines += [text(f"{name}.lead", lead), ""]
    if after:
        lines += [text("notebook.after", "**After this lesson you can**"), ""]
        abilities = (text(f"{name}.after.{n}", verb) for n, verb in enumerate(after, start=1))
        lines += [f"- {verb}" for verb in abilities] + [""]
    first = [lesson_link(lesson_numbered(other)) for other in needs]
    first += [text(f"{name}.knowing", knowing)] if knowing else []
    if first:
        lines += [text("notebook.first", "**You need first:** {list}", list="; ".join(first)), ""]
    lines += [text("notebook.time", "**Time:** about {minutes} minutes", minutes=minutes)]
    return new_markdown_cell("\n".join(lines))


def heading(exercise: Exercise, worth: str = "") -> str:
    """Number, title, difficulty and time of an exercise. worth: what it is worth, '2 points'."""
    stars = "★" * exercise.difficulty + "☆" * (3 - exercise.difficulty)
    minutes = text("notebook.minutes", "about {minutes} minutes", minutes=exercise.minutes)
    facts = [stars, minutes]
    if worth:
        facts.append(worth)
    if exercise.without:
        library = all_of(f"`{name}`" for name in exercise.without)
        facts.append(
            text(
                "notebook.by_hand",
                "by hand, without {library} or another function that does the same",
                library=library,
            )
        )
    title = text(f"{exercise.id}.title", exercise.title)
    return f"## {exercise.id} · {title}\n\n" + " · ".join(facts)


def prose_cell(exercise: Exercise, worth: str = "") -> NotebookNode:
    """The cell that says what is asked, under its heading. worth: as in heading."""
    task = text(f"{exercise.id}.task", exercise.task)
    return new_markdown_cell(f"{heading(exercise, worth)}\n\n{task}")


def answer_cell(exercise: Exercise, answer: str) -> NotebookNode:
    """The cell for the answer: the stub, or what else is to stand there."""
    return new_code_cell(answer.rstrip(), metadata={"exercise": exercise.id})


def check_cell(exercise: Exercise, *, strict: bool = False) -> NotebookNode:
    """The cell that checks the answer. strict: it raises an error when the answer is not right.

    `check` finds the answer by its name, so that a cell that was not run stops no other.
    """
    option = ", strict=True" if strict else ""
    call = f'check("{exercise.id}"{option})'
    return new_code_cell(call, metadata={"check": exercise.id})


def environment_cell(extras: Collection[str] = ()) -> str:
    """The code of the first cell. extras: the packages beside a lane that the notebook needs."""
    named = ", ".join(f'"{extra}"' for extra in extras)
    # Where the course is not published, a person has to hand on its wheel.
    wheel = f"git+{course_utils.REPOSITORY}" if course_utils.REPOSITORY else WHEEL
    code = ENVIRONMENT_CELL.replace("report()", f"report({named})")
    return code.replace("INSTALL", f"%pip install {wheel}")


def notebook_of(cells: list[NotebookNode], extras: Collection[str] = ()) -> NotebookNode:
    """A notebook of these cells, with the cell that checks the environment after the first.

    extras: as in environment_cell.
    """
    cells = [cells[0], new_code_cell(environment_cell(extras)), *cells[1:]]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    give_ids(notebook)
    return notebook


def give_ids(notebook: NotebookNode) -> None:
    """Ids that depend on a cell's content alone: an edit changes one id, a new name none."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        if "exercise" in cell.metadata:
            cell.id = "answer-" + cell.metadata["exercise"].replace(".", "-")
            continue
        if "check" in cell.metadata:
            cell.id = "check-" + cell.metadata["check"].replace(".", "-")
            continue
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:10]
        seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def as_text(notebook: NotebookNode) -> str:
    """The notebook as it stands in a file, the same for the same cells."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
