"""Build the notebooks: percent source -> expanded -> executed -> written.

    python tools/build.py                rebuild what changed, into notebooks/
    python tools/build.py --all          rebuild everything
    python tools/build.py 01             rebuild the notebooks whose name starts so
    python tools/build.py --solutions    the solved edition, into build/solutions/

What a source need not repeat is put in here: the opening of a lesson from its header, the cell
that checks the environment, the heading, stub and check of each exercise.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from tqdm import tqdm
from traitlets.config import Config

from course_utils.exercise import Exercise, find
from course_utils.feedback import SIGNS
from course_utils.notebook import (
    CELL_SECONDS,
    answer_cell,
    as_text,
    check_cell,
    notebook_of,
    opening,
    with_headings,
)

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "notebooks" / "source"
BUILT = ROOT / "notebooks"
SOLVED = ROOT / "build" / "solutions"
STAMPS = ROOT / "build" / "stamps.json"

# Text that changes from run to run must not stand in a stored output.
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}|ipykernel_\d+")


class BuildError(Exception):
    """A notebook cannot be built; the message says which one, where and why."""


def read_source(path: Path) -> NotebookNode:
    """A percent script as a notebook; its `course` header is in metadata['course']."""
    notebook = jupytext.read(path, fmt="py:percent")
    header = {}
    if notebook.cells and notebook.cells[0].cell_type == "raw":
        header = yaml.safe_load(notebook.cells.pop(0).source.strip().strip("-"))
    if "course" not in header:
        raise BuildError(f"{path.name}: the header has no 'course' part (see CONTRIBUTING.md).")
    notebook.metadata["course"] = header["course"]
    return notebook


def expand(path: Path, *, solved: bool = False) -> NotebookNode:
    """The notebook of a source before it is run: all cells there, no outputs.

    solved: each stub is the reference answer.
    """
    source = read_source(path)
    course = source.metadata["course"]
    if "minutes" not in course:
        course["minutes"] = sum(exercise.minutes for exercise in exercises_of(source))
    cells = [opening(course)]
    for cell in source.cells:
        cells += expand_cell(cell, solved)
    return notebook_of(cells, path.stem)


def exercises_of(source: NotebookNode) -> list[Exercise]:
    """The exercises that stand in a source, in their order."""
    return [find(c.metadata["exercise"]) for c in source.cells if "exercise" in c.metadata]


def lessons() -> list[dict]:
    """The headers of all lessons, in their order; exercise notebooks are not lessons."""
    paths = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    return [
        dict(read_source(path).metadata["course"])
        for path in paths
        if not path.stem.endswith("_exercises")
    ]


def course_map_code() -> str:
    """The cell that draws which lesson needs which, from the headers."""
    rows = [f'    ("{c["number"]}", "{c["title"]}", {json.dumps(c["needs"])}),' for c in lessons()]
    return "\n".join(["lessons = [", *rows, "]", "figures.course_map(lessons)"])


def expand_cell(cell: NotebookNode, solved: bool) -> list[NotebookNode]:
    """The cells that one cell of the source stands for."""
    if cell.cell_type == "markdown":
        return [new_markdown_cell(with_headings(cell.source))]
    if "course_map" in cell.metadata:
        return [new_code_cell(course_map_code())]
    exercise_id = cell.metadata.get("exercise")
    tags = {"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {}
    if exercise_id is None:
        return [new_code_cell(cell.source, metadata=tags)]
    exercise = find(exercise_id)
    answer = exercise.solution_source if solved else exercise.stub_source
    return [answer_cell(exercise, answer, above=cell.source), check_cell(exercise)]


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
    partial = path.with_suffix(".partial")
    partial.write_text(as_text(notebook), encoding="utf-8")
    partial.replace(path)


def without_outputs(notebook: NotebookNode) -> list[dict]:
    """What a source decides about its notebook: everything but outputs and counts."""
    return [
        {key: cell[key] for key in ("id", "cell_type", "metadata", "source")}
        for cell in notebook.cells
    ]


def stale(path: Path) -> str | None:
    """Why the built notebook of a source is not what the source builds, or None."""
    built = BUILT / f"{path.stem}.ipynb"
    if not built.exists():
        return f"{built.name} is missing; run: make notebooks"
    remedy = "run: make notebooks"
    expected = without_outputs(expand(path))
    found = without_outputs(nbformat.read(built, as_version=4))
    for number, (one, other) in enumerate(zip(expected, found)):  # noqa: B905
        if one != other:
            return f"{built.name}, cell {number} is not what source/{path.name} builds; {remedy}"
    if len(expected) != len(found):
        counts = f"has {len(found)} cells, its source builds {len(expected)}"
        return f"{built.name} {counts}; {remedy}"
    return None


def ingredients() -> str:
    """One hash over the code and data that outputs depend on."""
    digest = hashlib.sha256()
    for folder, pattern in (
        ("course_utils", "*.py"),
        ("course_utils", "*.mplstyle"),
        ("data", "*"),
    ):
        for path in sorted((ROOT / folder).rglob(pattern)):
            if path.is_file() and "full" not in path.parts and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def read_stamps() -> dict[str, str]:
    try:
        return json.loads(STAMPS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def build(paths: list[Path], *, everything: bool) -> None:
    stamps, now = read_stamps(), ingredients()
    todo = [p for p in paths if everything or stale(p) or stamps.get(p.stem) != now]
    with tqdm(total=0, unit="cell", disable=not todo) as bar:
        for path in todo:
            notebook = expand(path)
            bar.total += count_code(notebook)
            bar.set_description(path.stem)
            write(execute(notebook, path.stem, bar), BUILT / f"{path.stem}.ipynb")
            stamps[path.stem] = now
            STAMPS.parent.mkdir(exist_ok=True)
            STAMPS.write_text(json.dumps(stamps, indent=1), encoding="utf-8")
    print(f"{len(todo)} built, {len(paths) - len(todo)} up to date.")


def build_solutions(paths: list[Path]) -> None:
    """The solved edition. Raises BuildError naming each check that did not pass."""
    failed = []
    with tqdm(total=0, unit="cell") as bar:
        for path in paths:
            notebook = expand(path, solved=True)
            bar.total += count_code(notebook)
            bar.set_description(path.stem)
            done = execute(notebook, path.stem, bar)
            write(done, SOLVED / f"{path.stem}.ipynb")
            failed += unpassed(done)
    if failed:
        raise BuildError(f"These checks did not pass: {', '.join(failed)}.")
    print(f"{len(paths)} solved notebooks in {SOLVED.relative_to(ROOT)}, every check passed.")


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
    parser = argparse.ArgumentParser(description="Build the notebooks from their sources.")
    parser.add_argument("names", nargs="*", help="beginnings of notebook names; all if none")
    parser.add_argument("--all", action="store_true", help="also what is up to date")
    parser.add_argument("--solutions", action="store_true", help="build the solved edition")
    options = parser.parse_args()
    paths = sorted(SOURCES.glob("[0-9][0-9]_*.py"))
    if options.names:
        paths = [p for p in paths if p.stem.startswith(tuple(options.names))]
    if not paths:
        print(f"No source in {SOURCES.relative_to(ROOT)} matches.", file=sys.stderr)
        return 2
    try:
        if options.solutions:
            build_solutions([p for p in paths if p.stem.endswith("_exercises")])
        else:
            build(paths, everything=options.all)
    except BuildError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
