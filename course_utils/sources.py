"""Surgery on sources: a solution, a stub, and the half that a student's process may hold.

An exercise is declared once, as ordinary code. The stub is its reference without the bodies. A
process that runs answers nobody has read needs an exercise's cases and its observation, but it
must not hold the reference or the mistakes: they stand in the same file, so the file is cut.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

STUB_LINE = "raise NotImplementedError  # your answer goes here"
HIDDEN = {"reference", "mistake", "right"}


def undecorated_source(thing: Callable[..., Any]) -> str:
    """The source of a function or class, without its decorators."""
    find_source = class_source if isinstance(thing, type) else inspect.getsource
    source = textwrap.dedent(find_source(thing))
    node = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[node.lineno - 1 :]) + "\n"


def class_source(kind: type) -> str:
    """The source of this class, where others of its file have the same name.

    A starter and its reference share a name, and before Python 3.13 inspect finds the first one.
    """
    methods = [inspect.unwrap(value) for value in vars(kind).values() if inspect.isfunction(value)]
    if not methods:
        return inspect.getsource(kind)
    source = inspect.getsource(inspect.getmodule(kind))
    line = methods[0].__code__.co_firstlineno
    for node in ast.walk(ast.parse(source)):
        same_name = isinstance(node, ast.ClassDef) and node.name == kind.__name__
        if same_name and node.lineno <= line <= node.end_lineno:
            return "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno]) + "\n"
    return inspect.getsource(kind)


def emptied(source: str) -> str:
    """Signature and docstring stay, each function's body becomes the stub line."""
    lines = source.splitlines()
    for first, last, indent in reversed(bodies(source)):
        lines[first - 1 : last] = [" " * indent + STUB_LINE]
    return "\n".join(lines) + "\n"


def bodies(source: str) -> list[tuple[int, int, int]]:
    """First line, last line and indentation of each function's body, after its docstring.

    Functions and methods, from top to bottom; a function inside a function is part of a body.
    """
    found = []

    def visit(node: ast.AST) -> None:
        for child in node.body:
            if isinstance(child, ast.ClassDef):
                visit(child)
            elif isinstance(child, ast.FunctionDef):
                first = child.body[0]
                has_docstring = ast.get_docstring(child) is not None
                begin = first.end_lineno + 1 if has_docstring else first.lineno
                found.append((begin, child.end_lineno, first.col_offset))

    visit(ast.parse(source))
    return found


# -- the student's half -----------------------------------------------------------------------


def student_side(source: str) -> str:
    """The source of a topic module without references, mistakes, right answers, and what only
    those use.

    Raises SyntaxError if `source` is not Python.
    """
    body = [node for node in ast.parse(source).body if not _is_hidden(node)]
    # Definitions nobody needs any more may be half the answer: they go as well.
    needed: set[str] = set()
    kept: list[ast.stmt] = [node for node in body if not _defines(node)]
    waiting = [node for node in body if _defines(node)]
    while True:
        needed = {n.id for k in kept for n in ast.walk(k) if isinstance(n, ast.Name)}
        found = [node for node in waiting if _defines(node) & needed]
        if not found:
            break
        kept += found
        waiting = [node for node in waiting if node not in found]
    lines = source.splitlines()
    parts = [
        "\n".join(lines[_first_line(node) - 1 : node.end_lineno]) for node in body if node in kept
    ]
    return "\n\n\n".join(parts) + "\n"


def _is_hidden(node: ast.stmt) -> bool:
    """Decorated with @name.reference, @name.mistake(...) or @name.right."""
    for decorator in getattr(node, "decorator_list", []):
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute) and target.attr in HIDDEN:
            return True
    return False


def _defines(node: ast.stmt) -> set[str]:
    """Names that a plain definition binds; nothing for what has to run: imports, exercises."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.decorator_list:
        return {node.name}
    if isinstance(node, ast.Assign) and not _declares_exercise(node.value):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()


def _declares_exercise(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and getattr(value.func, "id", "") == "Exercise"


def _first_line(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return decorators[0].lineno if decorators else node.lineno
