"""A function of a notebook, in a file that another process can import. Taught in lesson 11.

A process that begins from nothing cannot see a notebook. It can import a file, so the file holds
the function, the functions and classes of the notebook that it uses, and what they import.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import inspect
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from .texts import text

PLAIN = (bool, int, float, str, type(None))  # values that can be written down as they are
FILE = "on_ranks.py"


class CannotBeWritten(ValueError):
    """One sentence: what the function uses that cannot be put into a file."""


def write_file(function: Callable[..., Any], folder: Path) -> Path:
    """Write the function and what it needs into on_ranks.py of this folder; returns its path.

    Raises CannotBeWritten if it uses a variable of the notebook that is not a plain value.
    """
    path = folder / FILE
    path.write_text(file_of(function), encoding="utf-8")
    return path


def imported(path: Path) -> ModuleType:
    """The module that a file is."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # what the file defines can be sent to others
    spec.loader.exec_module(module)
    return module


def file_of(function: Callable[..., Any]) -> str:
    """The text of the file for a function: imports, values, definitions, then the function.

    Raises CannotBeWritten.
    """
    imports: dict[str, None] = {}
    values: dict[str, None] = {}
    definitions: dict[str, str] = {}
    _collect(function, imports, values, definitions)
    parts = ["\n".join(sorted(imports)), "\n".join(values), *definitions.values()]
    return "\n\n\n".join(part for part in parts if part) + "\n"


def _collect(
    thing: Any, imports: dict[str, None], values: dict[str, None], definitions: dict[str, str]
) -> None:
    """Add a function or a class, after all that it uses."""
    try:
        source = textwrap.dedent(_source(thing))
    except (OSError, TypeError):
        raise CannotBeWritten(
            text(
                "ranks.no_source",
                "The source of `{name}` cannot be found. Define it in a cell, with `def`.",
                name=getattr(thing, "__name__", "the function"),
            )
        ) from None
    definitions[thing.__name__] = ""  # it may use itself
    found = _names_of(thing)
    for name in dict.fromkeys(_needs(source)):
        if name in definitions or name not in found:
            continue
        value = found[name]
        if isinstance(value, ModuleType):
            same = value.__name__ == name
            imports[f"import {name}" if same else f"import {value.__name__} as {name}"] = None
        elif isinstance(value, PLAIN):
            values[f"{name} = {value!r}"] = None
        elif isinstance(value, (type, FunctionType)) and value.__module__ == thing.__module__:
            _collect(value, imports, values, definitions)
        elif hasattr(value, "__module__") and hasattr(value, "__qualname__"):
            of = f"{value.__qualname__} as {name}" if value.__qualname__ != name else name
            imports[f"from {value.__module__} import {of}"] = None
        else:
            raise CannotBeWritten(
                text(
                    "ranks.variable",
                    "`{function}` uses the variable `{name}` of this notebook, and another process "
                    "does not have it. Hand it over as an argument.",
                    function=thing.__name__,
                    name=name,
                )
            )
    del definitions[thing.__name__]  # to stand after what it uses
    definitions[thing.__name__] = source.rstrip()


def _source(thing: Any) -> str:
    """The source of a function or a class.

    Before Python 3.13, inspect looks for a class in its module's file, and a notebook has none; the
    class's methods know the cell that they stand in.
    """
    methods = [value for value in vars(thing).values() if isinstance(value, FunctionType)]
    if not isinstance(thing, type) or not methods:
        return inspect.getsource(thing)
    lines, _ = inspect.findsource(methods[0].__code__)
    cell = "".join(lines)
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.ClassDef) and node.name == thing.__name__:
            return "".join(lines[node.lineno - 1 : node.end_lineno])
    return inspect.getsource(thing)


def _names_of(thing: Any) -> dict[str, Any]:
    """What stands under each name where a function or a class was defined."""
    if isinstance(thing, FunctionType):
        free = inspect.getclosurevars(thing).nonlocals
        return {**thing.__globals__, **free}
    methods = (one for one in vars(thing).values() if isinstance(one, FunctionType))
    first = next(methods, None)
    return first.__globals__ if first is not None else vars(inspect.getmodule(thing))


def _needs(source: str) -> Iterator[str]:
    """Names that the source uses and does not bind, without Python's own."""

    def visit(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for symbol in table.get_symbols():
            outside = symbol.is_global() or (top and not symbol.is_assigned())
            if symbol.is_referenced() and outside and not hasattr(builtins, symbol.get_name()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from visit(child, False)

    yield from visit(symtable.symtable(source, FILE, "exec"), True)
