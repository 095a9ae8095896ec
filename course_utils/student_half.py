"""The half of the exercises' files that a student's process may hold.

A process that runs answers nobody has read needs an exercise's cases and its observation, but it
must not hold the reference or the mistakes: they stand in the same file, so the files are cut.
"""

from __future__ import annotations

import ast
import functools
import symtable
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .sources import DEFINITIONS

# What a student's process may not hold.
HIDDEN = {"reference", "mistake", "right", "not_by_hand", "equivalent", "starter"}
JUDGING = {"cases", "observe"}  # what it needs


def student_half(files: Mapping[str, str]) -> dict[str, str]:
    """The part of exercises' files that a process with student code may hold.

    files: path -> source, for example of all files of course_utils/lessons/. Paths begin where
    imports do: 'course_utils/lessons/hooks/models.py'. What is kept: cases and observations, and
    what they need, followed through imports from one of these files to another. References,
    mistakes, right answers and starters are not kept, nor what only those need, nor a file that
    nothing kept needs. Contents pages (`__init__.py`) stay as they are.
    Raises SyntaxError if a source is not Python.
    """
    half = _Half(files)
    for path, source in files.items():
        page = path.endswith("__init__.py")
        declares = ".cases" in source  # most files that declare nothing need not be parsed
        if page or (declares and any(one.judges for one in half.statements(path))):
            half.take_file(path, whole=page)
    return {
        path: source if path.endswith("__init__.py") else half.source(path)
        for path, source in files.items()
        if path in half.taken
    }


class CannotBeCut(ValueError):
    """One sentence: where something that students may not see could not be told from the rest."""


def private_half(
    files: Mapping[str, str], exercises: Collection[str] | None = None
) -> dict[str, str]:
    """The student's half of files outside the course, whose exercises nobody may read.

    More is left out than by `student_half`: exercises that are not among these ids, hints, and
    texts that stand by themselves. exercises: None for all of them.
    Raises CannotBeCut where a file declares something in a way in which it cannot be told whose it
    is, and where what is kept needs what is hidden; SyntaxError if a source is not Python.
    """
    return {
        path: half
        for path, source in files.items()
        for half in student_half({path: _only(source, path, exercises)}).values()
    }


def _only(source: str, path: str, exercises: Collection[str] | None) -> str:
    """A private file without hints and without what judges other exercises."""
    statements = ast.parse(source).body
    ids = {name: id for one in statements for name, id in [_declared(one)] if name}
    kept: list[ast.stmt] = []
    hidden: set[str] = set()  # names of what is left out here or cut later
    for one in statements:
        owner = _owner(one, HIDDEN | JUDGING)
        if owner is not None and owner not in ids:
            raise CannotBeCut(
                f"{path}, line {one.lineno}: it cannot be told whose this is. Write "
                '`name = Exercise("90.1", ...)` at the top of the file, with the id as a text, '
                "and `@name.reference`, `@name.cases` and so on below it."
            )
        other = owner is not None and exercises is not None and ids[owner] not in exercises
        if other or _declares(one, HIDDEN):
            hidden |= {one.name} if isinstance(one, DEFINITIONS) else set()
        elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
            continue  # a docstring
        else:
            _forbid_hidden_inside(one, path, ids)
        if not other:
            kept.append(_without_hints(one) if _declared(one)[0] else one)
    text = ast.unparse(ast.Module(kept, type_ignores=[]))
    _forbid_needing_hidden(text, path, hidden)
    return text


def _declared(node: ast.stmt) -> tuple[str, str]:
    """The name and the id of `name = Exercise("90.1", ...)`; two empty texts for all else."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    target = node.target if isinstance(node, ast.AnnAssign) else target
    call = getattr(node, "value", None)
    if not isinstance(target, ast.Name) or not isinstance(call, ast.Call):
        return "", ""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else call.func
    called = called.id if isinstance(called, ast.Name) else called
    named = [word.value for word in call.keywords if word.arg == "id"]
    first = [*call.args, *named][:1]
    if called != "Exercise" or not first or not isinstance(first[0], ast.Constant):
        return "", ""
    return target.id, str(first[0].value)


def _without_hints(declaration: ast.stmt) -> ast.stmt:
    call = getattr(declaration, "value", None)
    for word in call.keywords if isinstance(call, ast.Call) else ():
        if word.arg == "hints":
            word.value = ast.List([], ast.Load())
    return declaration


def _forbid_hidden_inside(node: ast.stmt, path: str, ids: Collection[str]) -> None:
    """Raise CannotBeCut where a kept statement hands something to `.reference` and the like."""
    outermost = {id(one) for one in _outermost_calls(node)}
    for inner in ast.walk(node):
        if not isinstance(inner, ast.Attribute) or id(inner) in outermost:
            continue
        of_exercise = isinstance(inner.value, ast.Name) and inner.value.id in {*ids, "Exercise"}
        if inner.attr in HIDDEN and (of_exercise or inner.attr in ("reference", "mistake")):
            raise CannotBeCut(
                f"{path}, line {inner.lineno}: `.{inner.attr}` stands inside something else, so "
                "what it gets cannot be kept from students. Write it as a decorator at the top of "
                f"the file: `@name.{inner.attr}`."
            )


def _forbid_needing_hidden(text: str, path: str, hidden: set[str]) -> None:
    """Raise CannotBeCut where the half uses a name that only something hidden binds."""
    half = student_half({path: text}).get(path, "")
    statements = [_Statement(node, half.splitlines()) for node in ast.parse(half).body]
    bound = {name for one in statements for name in one.binds}
    missing = sorted({name for one in statements for name in one.needs & hidden} - bound)
    if missing:
        raise CannotBeCut(
            f"{path}: what judges an answer uses `{missing[0]}`, which students may not have. Let "
            "the cases and the observation do without it."
        )


class _Half:
    """Collects the statements and the imported names that are needed, file by file."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.parsed: dict[str, list[_Statement]] = {}
        self.taken: dict[str, set[int]] = {}  # path -> which of its statements
        self.names: set[tuple[str, str]] = set()  # path and name: what is used there

    def statements(self, path: str) -> list[_Statement]:
        """All that stands at the top of a file and is not hidden."""
        if path not in self.parsed:
            source = self.files[path]
            lines = source.splitlines()
            found = (_Statement(node, lines) for node in ast.parse(source).body)
            self.parsed[path] = [one for one in found if not _declares(one.node, HIDDEN)]
        return self.parsed[path]

    def take_file(self, path: str, *, whole: bool = False) -> None:
        """What a file does in any case when it is imported; whole: all that is not hidden."""
        new = path not in self.taken
        self.taken.setdefault(path, set())
        for number, one in enumerate(self.statements(path)):
            if whole or (new and self.runs(path, one)):
                self.take(path, number)
            for name in one.binds if whole else ():
                self.need(path, name)

    def take(self, path: str, number: int) -> None:
        if number in self.taken[path]:
            return
        self.taken[path].add(number)
        one = self.statements(path)[number]
        for name in one.needs:
            self.need(path, name)
        for node in ast.walk(one.node):
            for found in _imports(node, path, self.files):
                # At the top, only the names that are needed: see `need`.
                if node is not one.node or not found.bound:
                    self.follow(found)

    def need(self, path: str, name: str) -> None:
        """A name is used in a file: take what binds it."""
        if (path, name) in self.names:
            return
        self.names.add((path, name))
        self.take_file(path)
        for number, one in enumerate(self.statements(path)):
            if name in one.binds:
                self.take(path, number)
                for found in _imports(one.node, path, self.files):
                    if found.bound == name:
                        self.follow(found)

    def follow(self, found: _Import) -> None:
        if found.name == "*":
            self.take_file(found.path, whole=True)
        else:
            self.need(found.path, found.name)

    def runs(self, path: str, one: _Statement) -> bool:
        """It has an effect of its own: a case, an observation, all that is not just a name."""
        if isinstance(one.node, (ast.Import, ast.ImportFrom)):
            return not any(found.bound for found in _imports(one.node, path, self.files))
        just_names = (*DEFINITIONS, ast.Assign, ast.AnnAssign, ast.AugAssign)
        return one.judges or not isinstance(one.node, just_names)

    def source(self, path: str) -> str:
        """What is left of a file."""
        parts = []
        for number, one in enumerate(self.statements(path)):
            if number not in self.taken[path]:
                continue
            text = one.text
            if isinstance(one.node, ast.ImportFrom):
                found = _imports(one.node, path, self.files)
                kept = [i.alias for i in found if (path, i.bound) in self.names]
                if kept:  # without the names that are not there any more
                    text = ast.unparse(ast.ImportFrom(one.node.module, kept, one.node.level))
            parts.append(text)
        return "\n\n\n".join(parts) + "\n"


@dataclass(frozen=True)
class _Import:
    """What a file imports from another one of the files, which is at `path`.

    name: what it is there, '*' for all of it. bound: what it is called here, '' where the import
    binds more than one name, or none of its own.
    """

    alias: ast.alias
    path: str
    name: str
    bound: str


class _Statement:
    """A statement at the top of a file."""

    def __init__(self, node: ast.stmt, lines: list[str]) -> None:
        self.node = node
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        self.text = "\n".join(lines[first - 1 : node.end_lineno])
        self.judges = _declares(node, JUDGING)

    @functools.cached_property
    def binds(self) -> set[str]:
        """Names that a definition or an import binds, or that it adds something to."""
        if isinstance(self.node, DEFINITIONS):
            return {self.node.name}
        if isinstance(self.node, (ast.Import, ast.ImportFrom)):
            return {alias.asname or alias.name.partition(".")[0] for alias in self.node.names}
        targets = getattr(self.node, "targets", [getattr(self.node, "target", None)])
        nodes = [node for target in targets if target for node in ast.walk(target)]
        return {node.id for node in nodes if isinstance(node, ast.Name)}

    @functools.cached_property
    def needs(self) -> set[str]:
        """The names of its file that it uses: those that are not its own."""
        found: set[str] = set()

        def visit(table: symtable.SymbolTable, top: bool) -> None:
            for symbol in table.get_symbols():
                if symbol.is_referenced() and (top or symbol.is_global()):
                    found.add(symbol.get_name())
            for child in table.get_children():
                visit(child, top=False)

        visit(symtable.symtable(self.text, "<statement>", "exec"), top=True)
        return found


def _imports(node: ast.AST, path: str, files: Mapping[str, str]) -> list[_Import]:
    """What an import takes from one of the files."""
    if isinstance(node, ast.Import):
        places = [(alias, _file(alias.name.split("."), files)) for alias in node.names]
        return [_Import(alias, place, "*", alias.asname or "") for alias, place in places if place]
    if not isinstance(node, ast.ImportFrom):
        return []
    folder = path.split("/")[:-1]
    above = folder[: len(folder) - node.level + 1] if node.level else []
    module = above + (node.module.split(".") if node.module else [])
    found = []
    for alias in node.names:
        place, name = _file([*module, alias.name], files), "*"  # a module of a package
        if place is None:
            place, name = _file(module, files), alias.name
        if place is not None:
            bound = "" if alias.name == "*" else alias.asname or alias.name
            found.append(_Import(alias, place, name, bound))
    return found


def _file(module: list[str], files: Mapping[str, str]) -> str | None:
    place = "/".join(module)
    return next((p for p in (f"{place}.py", f"{place}/__init__.py") if p in files), None)


def _declares(node: ast.stmt, kinds: set[str]) -> bool:
    """Decorated with @exercise.reference, @exercise.mistake(...), or calls it as a function."""
    return any(call.attr in kinds for call in _outermost_calls(node))


def _owner(node: ast.stmt, kinds: set[str]) -> str | None:
    """The name of the exercise that a statement declares something of.

    None where it declares nothing; '' where the exercise has no name of its own.
    """
    for call in _outermost_calls(node):
        if call.attr in kinds:
            return call.value.id if isinstance(call.value, ast.Name) else ""
    return None


def _outermost_calls(node: ast.stmt) -> list[ast.Attribute]:
    """What a statement is decorated with, or calls, as far as that is an attribute."""
    calls = list(getattr(node, "decorator_list", []))
    if isinstance(node, ast.Expr):
        calls.append(node.value)
    found = []
    for call in calls:
        while isinstance(call, ast.Call):
            call = call.func
        if isinstance(call, ast.Attribute):
            found.append(call)
    return found
