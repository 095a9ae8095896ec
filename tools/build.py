"""Build the notebooks: a lesson's folder -> cells -> executed -> written.

    python tools/build.py                rebuild what changed, into notebooks/
    python tools/build.py --all          rebuild everything
    python tools/build.py 01             rebuild the notebooks whose name starts so
    python tools/build.py --solutions    the solved edition, into build/solutions/

A lesson's notebook is made from its contents page and `lesson.py`, its exercise notebook from the
contents page and one file an exercise. What they need not repeat is put in here: opening, the cell
that checks the environment, heading, stub and check of each exercise, and the links to other
notebooks.
"""

from __future__ import annotations

import argparse
import ast
import copy
import functools
import hashlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from tqdm import tqdm
from traitlets.config import Config

from course_utils.contents import Contents, all_lessons
from course_utils.exercise import Exercise, find
from course_utils.feedback import SIGNS
from course_utils.links import closing, colab_link, lesson_table, linked, practice_minutes
from course_utils.notebook import (
    CELL_SECONDS,
    answer_cell,
    as_text,
    check_cell,
    notebook_of,
    opening,
    prose_cell,
)
from course_utils.whole_files import write_whole

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "course_utils"
BUILT = ROOT / "notebooks"
SOLVED = ROOT / "build" / "solutions"
STAMPS = ROOT / "build" / "stamps.json"

# Text that changes from run to run must not stand in a stored output.
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}|ipykernel_\d+")
NOT_COMPARED = "nbval-ignore-output"  # the tag of a cell whose output is not compared


class BuildError(Exception):
    """A notebook cannot be built; the message says which one, where and why."""


@dataclass(frozen=True)
class Target:
    """A notebook that is built: a lesson's, or with `practice` that of its exercises."""

    contents: Contents
    practice: bool = False

    @property
    def name(self) -> str:
        """The file's name, without '.ipynb'."""
        return self.contents.practice_notebook if self.practice else self.contents.notebook

    @property
    def built(self) -> Path:
        return BUILT / f"{self.name}.ipynb"

    @property
    def exercises(self) -> list[str]:
        """The ids of the exercises that stand in it, in their order."""
        alone = self.contents.practice is None
        return list(self.contents.exercises) if self.practice or alone else []


def targets() -> list[Target]:
    """All notebooks of the course, in the order of their names."""
    found = []
    for contents in all_lessons():
        found.append(Target(contents))
        if contents.practice is not None:
            found.append(Target(contents, practice=True))
    return found


# -- the cells ---------------------------------------------------------------------------------


def expand(target: Target, *, solved: bool = False) -> NotebookNode:
    """The notebook before it is run: all cells there, no outputs.

    solved: each stub is the reference answer.
    """
    make = practice_cells if target.practice else lesson_cells
    cells = make(target.contents, solved)
    if link := colab_link(target.name):
        cells[0].source += f"\n\n{link}"
    return notebook_of(cells, target.contents.extras)


def lesson_cells(contents: Contents, solved: bool) -> list[NotebookNode]:
    """The cells of a lesson's notebook: its opening, then what `lesson.py` stands for."""
    cells = [
        opening(
            f"{contents.number}.lesson",
            contents.number,
            contents.title,
            lead=contents.lead,
            after=contents.after,
            needs=contents.needs,
            knowing=contents.knowing,
            minutes=contents.minutes,
        )
    ]
    path = contents.folder / "lesson.py"
    for cell in jupytext.read(path, fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            prose = linked(cell.source, contents)
            if "lesson_table" in cell.metadata:
                prose += f"\n\n{lesson_table(contents)}"
            cells.append(new_markdown_cell(prose))
        elif "course_map" in cell.metadata:
            cells.append(new_code_cell(course_map_code()))
        elif "exercise" in cell.metadata:
            cells += exercise_cells(find(cell.metadata["exercise"]), solved)
        else:
            tags = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
            cells.append(new_code_cell(cell.source, metadata=tags))
    return [*cells, new_markdown_cell(closing(contents, practice=False))]


def practice_cells(contents: Contents, solved: bool) -> list[NotebookNode]:
    """The cells of a lesson's exercise notebook. Raises BuildError if the lesson has none."""
    practice = contents.practice
    if practice is None:
        raise BuildError(f"{contents.package}: the contents page names no exercise notebook.")
    exercises = [find(id) for id in contents.exercises]
    cells = [
        opening(
            f"{contents.number}.practice",
            contents.number,
            practice.title,
            lead=practice.lead,
            needs=[contents.number],
            minutes=practice_minutes(contents),
        )
    ]
    cells += [new_code_cell(code) for code in practice.imports]
    for exercise in exercises:
        if exercise.id in practice.sections:
            cells.append(new_markdown_cell(practice.sections[exercise.id]))
        cells += exercise_cells(exercise, solved)
    if practice.closing:
        cells.append(new_markdown_cell(practice.closing))
    return [*cells, new_markdown_cell(closing(contents, practice=True))]


def exercise_cells(exercise: Exercise, solved: bool) -> list[NotebookNode]:
    """What is asked, the place for the answer, and the check."""
    answer = exercise.solution_source if solved else exercise.stub_source
    return [prose_cell(exercise), answer_cell(exercise, answer), check_cell(exercise)]


def course_map_code() -> str:
    """The cell that draws which lesson needs which, from the contents pages."""
    rows = [f'    ("{c.number}", "{c.title}", {json.dumps(list(c.needs))}),' for c in all_lessons()]
    return "\n".join(["figures.course_map([", *rows, "])"])


# -- running them ------------------------------------------------------------------------------


def execute(notebook: NotebookNode, name: str, bar: tqdm | None = None) -> NotebookNode:
    """Run all cells in a fresh kernel of this Python. Raises BuildError with cell and reason."""
    notebook = copy.deepcopy(notebook)

    def count(**_: object) -> None:
        if bar is not None:
            bar.update()

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(BUILT)}},
        record_timing=False,
        allow_errors=True,
        on_cell_executed=count,
        # Without it the kernel says on stderr that its traffic on this machine is not encrypted.
        config=Config(KernelManager={"transport_encryption": "auto"}),
    )
    client.execute()
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            inspect_outputs(cell, f"{name}, cell {number} ({cell.source.splitlines()[0]!r})")
    notebook.metadata.language_info = NotebookNode(name="python")
    return notebook


def count_code(notebook: NotebookNode) -> int:
    """How many cells will be run."""
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def inspect_outputs(cell: NotebookNode, place: str) -> None:
    """Refuse what must not be stored: errors, stderr, addresses."""
    merged: list[NotebookNode] = []
    for output in cell.outputs:
        if output.output_type == "error":
            raise BuildError(f"{place}: {output.ename}: {output.evalue}")
        if output.output_type == "stream":
            if output.name == "stderr":
                raise BuildError(f"{place}: writes to stderr: {output.text.strip()[:300]}")
            # How prints are cut into messages depends on timing.
            if merged and merged[-1].output_type == "stream":
                merged[-1].text += output.text
                continue
        text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
        if ADDRESS.search(text):
            raise BuildError(f"{place}: prints an address, which is different in every run.")
        merged.append(output)
    cell.outputs = merged


def write(notebook: NotebookNode, path: Path) -> None:
    """Write at once or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, as_text(notebook).encode())


def without_outputs(notebook: NotebookNode) -> list[dict]:
    """What a source decides about its notebook: everything but outputs and counts."""
    return [
        {key: cell[key] for key in ("id", "cell_type", "metadata", "source")}
        for cell in notebook.cells
    ]


def keep_uncompared(notebook: NotebookNode, stored: Path) -> None:
    """Where an output is not compared, keep the stored one as long as its source is the same."""
    if not stored.exists():
        return
    before = {cell.id: cell for cell in nbformat.read(stored, as_version=4).cells}
    for cell in notebook.cells:
        old = before.get(cell.id)
        if NOT_COMPARED in cell.metadata.get("tags", []) and old and old.source == cell.source:
            cell.outputs = old.outputs


# -- what has to be built ----------------------------------------------------------------------


def stale(target: Target) -> str | None:
    """Why the built notebook is not what its lesson's folder says, or None."""
    built = target.built
    if not built.exists():
        return f"{built.name} is missing; run: make notebooks"
    expected = without_outputs(expand(target))
    found = without_outputs(nbformat.read(built, as_version=4))
    source = f"what lessons/{target.contents.folder.name}/ builds; run: make notebooks"
    for number, (one, other) in enumerate(zip(expected, found)):  # noqa: B905
        if one != other:
            return f"{built.name}, cell {number} is not {source}"
    if len(expected) != len(found):
        return f"{built.name} has {len(found)} cells and not the {len(expected)} of {source}"
    return None


def stamp(target: Target) -> str:
    """One hash over the files that the notebook's outputs depend on."""
    digest = hashlib.sha256()
    for path in sorted(depends_on(target)):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def depends_on(target: Target) -> set[Path]:
    """The files whose change can change an output: what its code imports, and what that reads.

    Contents pages are not among them: what they say stands in the cells, see `stale`.
    """
    contents = target.contents
    own = [contents.file(id) for id in target.exercises]
    if not target.practice:
        own += [contents.folder / "lesson.py", contents.folder / "predictions.py"]
    found = imported(own)
    if COURSE / "figures" / "__init__.py" in found:
        found |= set((COURSE / "figures").glob("*.mplstyle"))
    if COURSE / "data.py" in found:
        found |= {
            path
            for path in (ROOT / "data").rglob("*")
            if path.is_file() and not {"full", "__pycache__"} & set(path.parts)
        }
    # What `from course_utils import check, predict` and the first cell load.
    return found | imported(
        COURSE / f"{name}.py" for name in ("checks", "prediction", "environment")
    )


def imported(files: Iterable[Path]) -> set[Path]:
    """These files and those of course_utils that they import, and so on; no contents pages."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        path = waiting.pop()
        page = path.stem == "__init__" and path.parent.parent == COURSE / "lessons"
        if path not in found and not page:
            found.add(path)
            waiting += [other for other in imports(path) if other not in found]
    return found


@functools.cache
def imports(path: Path) -> frozenset[Path]:
    """The files of course_utils that a file imports, anywhere in it."""
    package = path.parent.relative_to(ROOT).parts if path.is_relative_to(ROOT) else ()
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            # What is imported from a package may be a module of it.
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return frozenset(filter(None, map(file_of, names)))


def file_of(module: str) -> Path | None:
    """The file of a module of course_utils; None for other modules, and for names in a module."""
    place = ROOT.joinpath(*module.split("."))
    if not place.is_relative_to(COURSE):
        return None
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None


def read_stamps() -> dict[str, str]:
    try:
        return json.loads(STAMPS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def build(chosen: list[Target], *, everything: bool) -> None:
    """Build what is not up to date, or everything; say how many."""
    stamps = read_stamps()
    now = {target.name: stamp(target) for target in chosen}
    todo = [t for t in chosen if everything or stale(t) or stamps.get(t.name) != now[t.name]]
    with tqdm(total=0, unit="cell", disable=not todo) as bar:
        for target in todo:
            notebook = expand(target)
            bar.total += count_code(notebook)
            bar.set_description(target.name)
            done = execute(notebook, target.name, bar)
            keep_uncompared(done, target.built)
            write(done, target.built)
            stamps[target.name] = now[target.name]
            STAMPS.parent.mkdir(exist_ok=True)
            STAMPS.write_text(json.dumps(stamps, indent=1), encoding="utf-8")
    print(f"{len(todo)} built, {len(chosen) - len(todo)} up to date.")


def build_solutions(chosen: list[Target]) -> None:
    """The solved edition. Raises BuildError naming each check that did not pass."""
    failed = []
    with tqdm(total=0, unit="cell") as bar:
        for target in chosen:
            notebook = expand(target, solved=True)
            bar.total += count_code(notebook)
            bar.set_description(target.name)
            done = execute(notebook, target.name, bar)
            write(done, SOLVED / f"{target.name}.ipynb")
            failed += unpassed(done)
    if failed:
        raise BuildError(f"These checks did not pass: {', '.join(failed)}.")
    print(f"{len(chosen)} solved notebooks in {SOLVED.relative_to(ROOT)}, every check passed.")


def unpassed(notebook: NotebookNode) -> list[str]:
    """Ids of the exercises whose check shows anything but a pass."""
    return [
        cell.metadata["check"]
        for cell in notebook.cells
        if "check" in cell.metadata
        and not any(
            str(output.get("data", {}).get("text/plain", "")).startswith(SIGNS["good"])
            for output in cell.outputs
        )
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the notebooks from the lessons' folders.")
    parser.add_argument("names", nargs="*", help="beginnings of notebook names; all if none")
    parser.add_argument("--all", action="store_true", help="also what is up to date")
    parser.add_argument("--solutions", action="store_true", help="build the solved edition")
    options = parser.parse_args()
    chosen = [t for t in targets() if t.name.startswith(tuple(options.names or [""]))]
    if not chosen:
        print(f"No notebook's name begins with {' or '.join(options.names)}.", file=sys.stderr)
        return 2
    try:
        if options.solutions:
            build_solutions([target for target in chosen if target.practice])
        else:
            build(chosen, everything=options.all)
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
