"""Find the answers in a submitted notebook.

Nothing of the notebook is run here. It is read in a sandboxed process all the same, because a file
may be made to stop whoever reads it.

Of a notebook only what an answer needs is taken: the statements that bind the answer's name, and
what those use, from any cell. So a cell that plots, trains for an hour or raises costs nothing,
and a notebook whose cells were moved, copied or renamed can still be marked. Where nobody can tell
from the notebook what was handed in, a person is asked and told why.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import enum
import functools
import importlib.util
import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from . import by_hand as allowed_by_hand
from . import kept_state, screening

NESTING_LIMIT = 400  # levels of syntax in one cell; Python's own tools stop at about 900
TOO_DEEP = "its code is nested too deeply"
SOURCE_LIMIT = 200_000  # characters of code in one cell
NAME_LIMIT = 40  # characters of a student's name for something, where a reason quotes it
PROSE = {"markdown": "Markdown", "raw": "raw text"}  # a cell's type and what JupyterLab calls it


class ProgramState(enum.StrEnum):
    """Whether there is an answer to be run."""

    FOUND = "found"
    UNTOUCHED = "untouched"  # the stub as it was handed out
    MISSING = "missing"
    BROKEN = "broken"  # the cell is not Python
    UNCLEAR = "unclear"  # a person has to see what was handed in


@dataclasses.dataclass(frozen=True)
class Part:
    """Some statements of a cell: its number, its code, and the places of the statements in it."""

    cell: int
    code: str
    statements: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Program:
    """What is run to have one answer.

    note: how it was found, or why there is nothing to run. parts: what to run, in this order.
    answer: the answer's cell as the student wrote it. flags: why a person should look at it.
    mentions: functions that the exercise is to be done without and that stand in the code.
    """

    state: ProgramState
    note: str = ""
    parts: tuple[Part, ...] = ()
    answer: str = ""
    flags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reading:
    """What reading a notebook gave.

    problem: why it cannot be read, '' if it can. notes: how it was read. programs: what is to be
    run for each exercise, by its id.
    """

    problem: str = ""
    notes: tuple[str, ...] = ()
    programs: dict[str, Program] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Cell:
    """A cell: its number, the exercise it is marked as, its text, the same as plain Python, its
    statements, and why it cannot be read.

    prose: what it is where it is not code; such a cell has no statements. is_plain: the text is
    Python as it stands, without IPython's syntax.
    """

    number: int
    exercise: str
    text: str
    code: str
    statements: list[ast.stmt]
    error: str = ""
    prose: str = ""
    is_plain: bool = False


class NotANotebook(ValueError):
    """One sentence: why these bytes cannot be read as a notebook."""


def read_notebook(data: bytes) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook file, and notes on how it was read. Raises NotANotebook."""
    if not data.strip():
        raise NotANotebook("The file is empty.")
    text, notes = decode(data)
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise NotANotebook("The file is nested too deeply to be a notebook.") from None
    except ValueError as error:
        raise NotANotebook(f"The file is not a notebook: it is not JSON ({error}).") from None
    if not isinstance(notebook, dict):
        raise NotANotebook("The file is JSON, but not a notebook: it has no cells.")
    if isinstance(notebook.get("worksheets"), list) and "cells" not in notebook:
        notebook = from_format_3(notebook)
        notes.append("The file is a notebook of format 3; it was read as one of format 4.")
    facts = notebook.get("cells")
    if not isinstance(facts, list):
        raise NotANotebook("The file is JSON, but not a notebook: it has no cells.")
    cells = [
        read_cell(number, cell)
        for number, cell in enumerate(facts, start=1)
        if isinstance(cell, dict) and cell.get("cell_type") in ("code", *PROSE)
    ]
    if all(cell.prose for cell in cells):
        raise NotANotebook("The notebook has no code cells.")
    return cells, notes


def from_format_3(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook of format 3 (or 2), as old programs save it, in format 4. Raises NotANotebook."""
    import nbformat  # takes half a second, and few notebooks need it

    notebook.setdefault("metadata", {})
    if notebook.get("nbformat") not in (2, 3):
        notebook["nbformat"] = 3
    for sheet in notebook["worksheets"]:
        for cell in sheet.get("cells", ()) if isinstance(sheet, dict) else ():
            if isinstance(cell, dict):
                cell["outputs"] = []  # of any size and form, and never read
    try:
        return nbformat.reads(json.dumps(notebook), as_version=4)
    except Exception as error:  # it finds a missing or odd field by stumbling over it
        raise NotANotebook(
            "The file is a notebook of format 3 that cannot be converted "
            f"({type(error).__name__}): open it in JupyterLab, save it, and mark that."
        ) from None


def decode(data: bytes) -> tuple[str, list[str]]:
    """The file's text: JSON's own encodings, else the one that Korean Windows saves in."""
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding, "surrogatepass").removeprefix("\ufeff"), []
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp949"), ["The file is not UTF-8; it was read as CP949."]
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        return text, ["The file is not UTF-8; characters that could not be read were replaced."]


def read_cell(number: int, cell: dict[str, Any]) -> Cell:
    """One cell; code is made plain Python where it uses IPython's %magic and !shell."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    metadata = cell.get("metadata")
    tag = metadata.get("exercise", "") if isinstance(metadata, dict) else ""
    if not isinstance(tag, str) or not tag:
        match = re.fullmatch(r"answer-(\d\d)-(\d+)", str(cell.get("id", "")))
        tag = f"{match[1]}.{match[2]}" if match else ""
    found = Cell(
        number, tag, source, source, [], prose=PROSE.get(cell.get("cell_type", "code"), "")
    )
    if found.prose:
        return found
    if len(source) > SOURCE_LIMIT:
        found.error = f"it has {len(source)} characters; at most {SOURCE_LIMIT} are read"
        return found
    try:
        found.statements = ast.parse(source).body
        found.is_plain = True
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        try:
            found.code = plain_python(source)
            found.statements = ast.parse(found.code).body
        except Exception:
            line = getattr(error, "lineno", None)
            where = f" in its line {line}" if line else ""
            found.error = f"{type(error).__name__}{where}: {getattr(error, 'msg', error)}"
            if isinstance(error, (RecursionError, MemoryError)):  # the parser's words for it
                found.error = TOO_DEEP
    if not found.error and depth(found.statements) > NESTING_LIMIT:
        found.statements, found.error = [], TOO_DEEP
    return found


def depth(statements: Iterable[ast.AST]) -> int:
    """How many levels of syntax there are. Without recursion, whose limit this is to keep from."""
    levels, waiting = 0, list(statements)
    while waiting:
        levels += 1
        waiting = [child for node in waiting for child in ast.iter_child_nodes(node)]
    return levels


def plain_python(source: str) -> str:
    """Without IPython's syntax: %magics and !commands are left out, a cell magic's body stays.

    Raises whatever IPython raises for text that it cannot read.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    source = source.replace("\r\n", "\n")
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        # Other cell magics hold another language.
        timed = first[2:].split()[:1] in (["time"], ["timeit"], ["capture"])
        source = rest if timed else ""
    return TransformerManager().transform_cell(source)


def read(data: bytes, wanted: dict[str, dict[str, Any]]) -> Reading:
    """A notebook file, read for some exercises; see find_programs for `wanted`."""
    try:
        cells, notes = read_notebook(data)
    except NotANotebook as problem:
        return Reading(str(problem))
    return Reading("", tuple(notes), find_programs(cells, wanted))


def find_programs(cells: list[Cell], wanted: dict[str, dict[str, Any]]) -> dict[str, Program]:
    """What is to be run for each exercise.

    wanted: for each exercise id, its answer's `name`, the `stub` that was handed out and what is
    to be done `by_hand`, as ByHand.facts() gives it.
    """
    programs = {}
    for id, facts in wanted.items():
        # Two exercises may ask for the same name: one's cell is never the other's answer.
        twins = {i: f["stub"] for i, f in wanted.items() if i != id and f["name"] == facts["name"]}
        own = [cell for cell in cells if cell.exercise not in twins]
        programs[id] = find_program(own, id, twins, **facts)
    return programs


def find_program(
    cells: list[Cell],
    id: str,
    twins: Mapping[str, str] = MappingProxyType({}),
    *,
    name: str,
    stub: str,
    by_hand: Mapping[str, Sequence[str]],
) -> Program:
    """What is to be run for one exercise.

    twins: stubs of others that ask for the same name. by_hand: what ByHand.facts() gives.
    """
    stub_dumps = {ast.dump(s) for text in (stub, *twins.values()) for s in ast.parse(text).body}

    def written(cell: Cell) -> bool:
        """Binds the name to something that is not the stub."""
        return any(
            name in bound(statement) and ast.dump(statement) not in stub_dumps
            for statement in cell.statements
        )

    def unclear(note: str, *cells: Cell) -> Program:
        return Program(ProgramState.UNCLEAR, note, answer="\n\n".join(c.text for c in cells))

    code = [cell for cell in cells if not cell.prose]
    tagged = [cell for cell in code if cell.exercise == id]
    answers = [cell for cell in tagged if written(cell)] or [c for c in code if written(c)]
    if not any(cell in tagged for cell in answers):
        prose = [c for c in cells if c.prose and c.text.strip() not in ("", stub.strip())]
        for cell in reversed(prose):
            if cell.exercise == id or not answers and defines(cell.text, name):
                note = f"Cell {cell.number} is {cell.prose}, not code, and holds an answer."
                return unclear(note, cell)
    broken = [c for c in code if c.error and (c in tagged or defines(c.text, name))]
    if not answers and not broken:
        if any(name in bound(s) for cell in code for s in cell.statements):
            return Program(ProgramState.UNTOUCHED)
        return Program(ProgramState.MISSING, f"No cell of the notebook defines `{name}`.")
    answer = (answers or broken)[-1]
    if twins and answer not in tagged:
        ids, candidates = " and ".join(sorted({id, *twins})), answers or broken
        where = " and ".join(str(cell.number) for cell in candidates)
        where = f"cell{'s' if len(candidates) > 1 else ''} {where}"
        note = f"The answers of {ids} are called `{name}`; nothing says which stands in {where}."
        return unclear(note, *candidates)
    halves = cut_in_two(code, answer)
    if halves:
        first, rest = halves
        note = f"The code in cell {first.number} goes on in cell {rest.number}: they were one cell."
        return unclear(note, first, rest)
    if not answers:
        return Program(ProgramState.BROKEN, answer.error, answer=answer.text)
    notes = []
    if answer not in tagged:
        notes.append(f"The answer was found in cell {answer.number}, by its name.")
    elif len(answers) > 1:
        notes.append(f"{len(answers)} cells define `{name}`; the last of them was marked.")
    parts, statements = needed_parts(code, answer, name)
    absent = absent_module(statements)
    if absent:
        note = (
            f"The code imports `{absent[:NAME_LIMIT]}`, which is not installed here: "
            "if it is a file of the student's own, look at both."
        )
        return unclear(note, answer)
    return Program(
        ProgramState.FOUND,
        " ".join(notes),
        tuple(parts),
        answer=answer.text,
        flags=(*screening.reasons(statements), *kept_state.reasons(statements, name)),
        mentions=tuple(
            [
                *screening.mentions(statements, tuple(by_hand.get("without", ()))),
                *allowed_by_hand.mentions(statements, by_hand),
            ]
        ),
    )


def defines(text: str, name: str) -> bool:
    """True where a line of a text that need not be Python seems to bind this name."""
    name = re.escape(name)
    return bool(re.search(rf"^(?:(?:async\s+)?def|class)\s+{name}\b|^{name}\s*=", text, re.M))


def cut_in_two(cells: list[Cell], answer: Cell) -> tuple[Cell, Cell] | None:
    """The two cells that an answer's cell was split into; None if it is whole.

    One of the two is no Python by itself (it begins with an indent, say), and together they are.
    """
    for first, rest in itertools.pairwise(cells):
        if answer not in (first, rest) or (first.is_plain and rest.is_plain):
            continue
        together = f"{first.text}\n{rest.text}"
        if len(together) > SOURCE_LIMIT:
            continue
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            ast.parse(together)
            return first, rest
    return None


def absent_module(statements: list[ast.stmt]) -> str:
    """A module that this code imports and that is not there; '' for none.

    What is imported in a `try` may be absent. Looking for a module runs nothing of it.
    """
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            package = name.partition(".")[0]
            try:
                if importlib.util.find_spec(package) is None:
                    return package
            except ValueError:  # it is there, and was not found in any file: __main__
                continue
        if not isinstance(node, ast.Try):
            waiting += ast.iter_child_nodes(node)
    return ""


def needed_parts(cells: list[Cell], answer: Cell, name: str) -> tuple[list[Part], list[ast.stmt]]:
    """The statements that the answer needs, in the order they are run.

    A statement is needed when it binds or changes a name that a needed statement uses. What comes
    after the answer's cell is only looked through for names that nothing before it binds. `from
    __future__` is needed by all code after it, in a notebook also by that of later cells.
    """
    position = cells.index(answer)
    kept = {id(s) for cell in cells[: position + 1] for s in cell.statements if is_future(s)}
    names = {name}
    searched: set[str] = set()
    while names - searched:
        wanted = names - searched
        searched |= wanted
        for one in sorted(wanted):
            # Another cell's attempt at the answer itself is not part of it.
            places = [answer] if one == name else cells[: position + 1]
            found = touching(places, one)
            if not any(one in bound(s) for s in found) and one != name:
                found += touching(cells[position + 1 :], one)
            for statement in found:
                if id(statement) not in kept:
                    kept.add(id(statement))
                    names |= used(statement)
    unbound = names - {n for c in cells for s in c.statements if id(s) in kept for n in bound(s)}
    if any(not hasattr(builtins, n) for n in unbound):
        for cell in cells:
            kept |= {id(s) for s in cell.statements if imports_everything(s)}
    for cell in cells[: position + 1]:  # a notebook remembers these for all cells that follow
        kept |= {id(s) for s in cell.statements if is_future(s)}
    parts, statements = [], []
    # The answer's own cell is the last to be run, wherever the others stand.
    for cell in [c for c in cells if c is not answer] + [answer]:
        needed = [place for place, s in enumerate(cell.statements) if id(s) in kept]
        if needed:
            parts.append(Part(cell.number, cell.code, tuple(needed)))
            statements += [cell.statements[place] for place in needed]
    return parts, statements


def touching(cells: list[Cell], name: str) -> list[ast.stmt]:
    """The statements at the top of these cells that bind this name or change what it stands for."""
    found = [s for cell in cells for s in cell.statements if name in bound(s)]
    if found and not any(isinstance(s, (ast.Import, ast.ImportFrom)) for s in found):
        found += [s for cell in cells for s in cell.statements if name in changed(s)]
    return found


@functools.lru_cache(maxsize=10_000)  # asked of each statement for each exercise
def bound(statement: ast.stmt) -> frozenset[str]:
    """Names that a statement binds in the notebook; not those inside functions and classes.

    By its syntax and not by symtable, here and below: that answers for a whole text which can be
    compiled, and the question is which statement of which cell, in what order.
    """
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue  # its body has names of its own
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return frozenset(names)


def changed(statement: ast.stmt) -> set[str]:
    """Names whose object a statement changes: table[k] = v, table.update(...), table.x = v.

    Also where it decorates: `@show.register(int)`.
    """
    names = set()
    for decorator in getattr(statement, "decorator_list", ()):
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(function, ast.Attribute):
            names.add(root(function))
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        if isinstance(function, ast.Attribute):
            names.add(root(function))
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.For, ast.While, ast.With, ast.If)):
        for node in ast.walk(statement):
            store = isinstance(getattr(node, "ctx", None), ast.Store)
            if store and isinstance(node, (ast.Attribute, ast.Subscript)):
                names.add(root(node))
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                names |= changed(node)
    return names - {""}


def root(node: ast.expr) -> str:
    """The name that a chain of attributes and subscripts begins with; '' for none."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def used(statement: ast.stmt) -> set[str]:
    """Every name that stands in a statement, also inside its functions and classes."""
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def is_future(statement: ast.stmt) -> bool:
    """True for `from __future__ import annotations`."""
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def imports_everything(statement: ast.stmt) -> bool:
    """True for `from torch import *`."""
    return isinstance(statement, ast.ImportFrom) and any(a.name == "*" for a in statement.names)
