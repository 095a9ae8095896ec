"""The part of a topic module that a process with student code may hold.

A process that runs answers nobody has read needs an exercise's cases and its observation, but it
must not hold the reference or the mistakes. They stand in one file, so that an exercise is
declared once; this module cuts the file.
"""

from __future__ import annotations

import ast

HIDDEN = {"reference", "mistake", "right"}


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
