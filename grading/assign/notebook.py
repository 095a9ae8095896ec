"""The notebook that students get: an opening, then the chosen exercises as in the course.

What is asked, and what stands around it, is what the exercise and its lesson's contents page say.
For an exercise of your own (Assignment.private) the docstring in the stub says what is asked.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import symtable
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.contents import page_of
from course_utils.exercise import Exercise
from course_utils.notebook import answer_cell, check_cell, heading, notebook_of, prose_cell

from ..assignment import Assignment, Item
from ..errors import AssignmentError

NO_CHECK = "There is no check for this one: it is marked after you have handed in."


def student_notebook(assignment: Assignment) -> NotebookNode:
    """The notebook without outputs. Raises AssignmentError when a private exercise cannot stand
    in it."""

    def cells(item: Item, exercise: Exercise) -> list[NotebookNode]:
        answer = answer_cell(exercise, exercise.stub_source)
        return [answer] if is_private(exercise) else [answer, check_cell(exercise)]

    return notebook_with(assignment, cells)


def notebook_with(
    assignment: Assignment,
    answer_cells: Callable[[Item, Exercise], list[NotebookNode]],
    *,
    strict: bool = False,
) -> NotebookNode:
    """The assignment's notebook with other cells for the answers.

    answer_cells: gives the cells under an exercise's prose. strict: the checks raise errors.
    """
    exercises = assignment.exercises()
    cells = [new_markdown_cell(opening(assignment, strict))]
    imports = import_cell(exercises)
    if imports:
        cells.append(new_code_cell(imports))
    shown: set[str] = set()
    for item, exercise in zip(assignment.items, exercises, strict=True):
        worth = points_text(item.points)
        if is_private(exercise):
            cells.append(new_markdown_cell(f"{heading(exercise, worth)}\n\n{NO_CHECK}"))
        else:
            section = page_of(exercise.id).section(exercise.id)
            if section and section not in shown:
                cells.append(new_markdown_cell(section))
                shown.add(section)
            cells.append(prose_cell(exercise, worth))
        cells += answer_cells(item, exercise)
    lessons = [page_of(one.id) for one in exercises if not is_private(one)]
    return notebook_of(cells, sorted({extra for lesson in lessons for extra in lesson.extras}))


def is_private(exercise: Exercise) -> bool:
    """True for an exercise from outside the course, which students do not have."""
    return not exercise.make_cases.__module__.startswith("course_utils.")


def points_text(points: float) -> str:
    """'1 point', '2.5 points'."""
    return f"{points:g} point" + ("" if points == 1 else "s")


def opening(assignment: Assignment, strict: bool) -> str:
    """Title, deadline, what each exercise is worth, how to answer. strict: as in notebook_with."""
    exercises = assignment.exercises()
    lines = [f"# {assignment.title}", ""]
    if assignment.deadline:
        lines += [f"**Hand in by:** {assignment.deadline}", ""]
    lines += ["| exercise | points |", "|---|---:|"]
    for item, exercise in zip(assignment.items, exercises, strict=True):
        title = exercise.title.replace("|", "\\|")
        lines.append(f"| {exercise.id} · {title} | {item.points:g} |")
    if len(exercises) > 1:
        lines.append(f"| together | {assignment.points:g} |")
    if assignment.partial:
        lines += ["", "An answer that is wrong on some cases earns points for the others."]
    minutes = sum(exercise.minutes for exercise in exercises)
    lines += ["", f"**Time:** about {minutes} minutes", ""]
    checked = [exercise for exercise in exercises if not is_private(exercise)]
    if checked:
        fact = "that is not passed raises an error" if strict else "never stops the notebook"
        lines.append(
            "Write each answer in its cell, run it, then run the check below it. A check "
            f'{fact}. `hint("{checked[0].id}")` gives a hint, and another one each time you ask.'
        )
    else:
        lines.append("Write each answer in its cell and run it.")
    lines[-1] += (
        " Leave the answer cells in their places: what stands in them is marked. When you are "
        "done, save this notebook and hand it in."
    )
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------
# Imports


def import_cell(exercises: Iterable[Exercise]) -> str:
    """One cell with all imports that the exercises' notebooks have, each once, in groups.

    Raises AssignmentError when one name stands for two things, or when the stub of a private
    exercise uses a name that the cell does not bind.
    """
    exercises = list(exercises)
    private = [e for e in exercises if is_private(e)]
    codes = [code for e in exercises if e not in private for code in page_of(e.id).imports]
    codes += [private_imports(exercise) for exercise in private]
    origins: dict[str, str] = {}
    for node in import_statements("\n".join(codes)):
        for alias in node.names:
            origin, name = imported(node, alias)
            if origins.setdefault(name, origin) != origin:
                raise AssignmentError(
                    f"`{name}` is {origins[name]} in one exercise and {origin} in another: put "
                    "them into two assignments."
                )
    for exercise in private:
        missing = unbound_names(exercise.stub_source) - set(origins)
        if missing:
            raise AssignmentError(
                f"The stub of exercise {exercise.id} uses `{min(missing)}`, which students do not "
                "have: import it at the top of the exercise's file, or write the stub without it."
            )
    return merged_imports(codes)


def import_statements(code: str) -> list[ast.Import | ast.ImportFrom]:
    """The imports at the top of a cell."""
    return [n for n in ast.parse(code).body if isinstance(n, (ast.Import, ast.ImportFrom))]


def imported_names(code: str) -> set[str]:
    """The names that a cell of imports binds."""
    return {imported(node, alias)[1] for node in import_statements(code) for alias in node.names}


def imported(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> tuple[str, str]:
    """What an import brings, and the name it gets: ('torch.nn.functional', 'F')."""
    if isinstance(node, ast.ImportFrom):
        return f"{node.module}.{alias.name}", alias.asname or alias.name
    if alias.asname:
        return alias.name, alias.asname
    package = alias.name.partition(".")[0]
    return package, package


def private_imports(exercise: Exercise) -> str:
    """The imports of a private exercise's file that its stub or its reference uses."""
    text = Path(inspect.getfile(sys.modules[exercise.make_cases.__module__])).read_text("utf-8")
    used = unbound_names(exercise.stub_source) | unbound_names(exercise.solution_source)
    kept = []
    for node in ast.parse(text).body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        if isinstance(node, ast.ImportFrom) and node.level:
            continue
        names = [alias for alias in node.names if imported(node, alias)[1] in used]
        if names:
            node.names = names
            kept.append(ast.unparse(node))
    return "\n".join(kept)


def unbound_names(code: str) -> set[str]:
    """Names that code reads and neither binds itself nor has from Python."""
    read: set[str] = set()
    bound: set[str] = set()
    waiting = [symtable.symtable(code, "code", "exec")]
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        names = [symbol for symbol in scope.get_symbols() if symbol.is_global()]
        read |= {name.get_name() for name in names if name.is_referenced()}
        bound |= {n.get_name() for n in names if n.is_assigned() or n.is_imported()}
    return read - bound - {*dir(builtins), "__file__", "__name__"}


def merged_imports(codes: Iterable[str]) -> str:
    """The imports of several cells as one, as ruff sorts them: each once, the course's own last.

    Raises AssignmentError where there is no ruff.
    """
    done = subprocess.run(
        [*SORTED_BY, "-"], input="\n".join(codes), capture_output=True, encoding="utf-8"
    )
    if done.returncode:
        raise AssignmentError(
            f"The imports cannot be sorted ({done.stderr.strip()[-200:]}): ruff is needed, which "
            "`python tools/install.py` installs."
        )
    return done.stdout.strip()


# Settings of nobody's own, so that an assignment is the same everywhere.
SORTED_BY = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet"]
SORTED_BY += ["--select=I001", "--fix", "--target-version=py311", "--line-length=100"]
SORTED_BY += ["--config", 'lint.isort.known-first-party = ["course_utils"]']
SORTED_BY += ["--stdin-filename", "imports.py"]
