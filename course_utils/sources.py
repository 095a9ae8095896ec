"""Surgery on sources: a solution, and a stub, which is a reference without the bodies."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

STUB_LINE = "raise NotImplementedError  # your answer goes here"
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def undecorated_source(thing: Callable[..., Any]) -> str:
    """The source of a function or class, without its decorators."""
    source = class_source(thing) if isinstance(thing, type) else inspect.getsource(thing)
    source = textwrap.dedent(source)
    node = ast.parse(source).body[0]
    return "\n".join(source.splitlines()[node.lineno - 1 :]) + "\n"


def class_source(kind: type) -> str:
    """The source of this class, where others of its file have the same name.

    A starter and its reference share a name, and before Python 3.13 inspect finds the first one.
    """
    methods = [inspect.unwrap(value) for value in vars(kind).values() if inspect.isfunction(value)]
    if not methods:
        return inspect.getsource(kind)
    source = inspect.getsource(sys.modules[kind.__module__])
    line = methods[0].__code__.co_firstlineno
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef) or node.name != kind.__name__:
            continue
        if node.lineno <= line <= last_line(node):
            return "\n".join(source.splitlines()[node.lineno - 1 : node.end_lineno]) + "\n"
    return inspect.getsource(kind)


def last_line(node: ast.stmt) -> int:
    """The line on which a statement that was parsed ends."""
    return node.end_lineno or node.lineno


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

    def visit(node: ast.Module | ast.ClassDef) -> None:
        for child in node.body:
            if isinstance(child, ast.ClassDef):
                visit(child)
            elif isinstance(child, ast.FunctionDef):
                first = child.body[0]
                has_docstring = ast.get_docstring(child) is not None
                begin = last_line(first) + 1 if has_docstring else first.lineno
                found.append((begin, last_line(child), first.col_offset))

    visit(ast.parse(source))
    return found
