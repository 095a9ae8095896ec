"""Does an answer keep to what a lesson's answer needs?

Marks come from observations, which a cheat cannot make without the right values. But some facts of
an observation are about how an answer works: which functions it called, which hooks it left. Code
that reaches into the process it runs in could change those. So an answer that passes is given its
marks without a person only if it keeps to the modules, names and attributes below. Anything else
is not forbidden: a person looks at it.

Nothing of the code is run, and the lists say what may be, not what may not.
"""

from __future__ import annotations

import ast
import sys

MODULES = {
    *("torch", "torchvision", "torchtext", "torchmetrics", "numpy", "pandas", "matplotlib", "PIL"),
    *("tqdm", "math", "cmath", "random", "statistics", "fractions", "decimal", "numbers"),
    *("itertools", "functools", "operator", "collections", "heapq", "bisect", "array", "string"),
    *("re", "textwrap", "copy", "io", "csv", "json", "struct", "gzip", "zipfile", "pathlib", "os"),
    *("tempfile", "time", "datetime", "calendar", "typing", "types", "dataclasses", "enum", "abc"),
    *("contextlib", "warnings", "logging", "weakref", "unicodedata", "hashlib", "zlib"),
    *("__future__", "IPython"),
}
# Parts of those that run code unseen by torch's function modes, or reach into the interpreter.
PARTS = {
    *("torch.overrides", "torch.jit", "torch.compile", "torch.ops", "torch.classes", "torch.hub"),
    *("torch.library", "torch.package", "torch.fx", "torch.multiprocessing", "torch.distributed"),
    *("torch.utils.cpp_extension", "torch.utils.dlpack", "torch.export", "torch.load"),
    *("numpy.ctypeslib", "numpy.f2py", "numpy.distutils", "pandas.eval", "pandas.read_pickle"),
    *("IPython.get_ipython", "IPython.core", "numpy.load", "typing.get_type_hints"),
    *("operator.attrgetter", "operator.methodcaller", "types.FunctionType", "types.CodeType"),
}
FROM_OS = {"os.path", "os.PathLike", "os.sep", "os.fspath", "os.listdir", "os.cpu_count"}
FROM_COURSE = {"check", "hint", "solution", "predict", "environment", "data", "figures"}

# Builtins that reach any name, or run text as code.
BUILTINS = {
    *("eval", "exec", "compile", "__import__", "globals", "locals", "breakpoint", "input"),
    *("memoryview", "__builtins__", "__loader__", "__spec__", "exit", "quit", "help"),
}

# Attributes with an underscore in front that torch's own users write.
PRIVATE = {
    *("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"),
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_state_dict_hooks", "_load_state_dict_pre_hooks", "_replace", "_asdict", "_fields"),
    *("_version", "_named_members", "_get_name", "_log_api_usage_once", "_worker_info"),
    *("_base", "_step_count", "_last_lr", "_is_view", "_initial_step", "_load_from_state_dict"),
    *("_register_load_state_dict_pre_hook", "_register_state_dict_hook", "_save_to_state_dict"),
    *("__init__", "__new__", "__post_init__", "__init_subclass__", "__class__", "__name__"),
    *("__qualname__", "__doc__", "__call__", "__len__", "__getitem__", "__setitem__"),
    *("__delitem__", "__iter__", "__next__", "__contains__", "__enter__", "__exit__", "__repr__"),
    *("__str__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"),
    *("__bool__", "__add__", "__radd__", "__iadd__", "__sub__", "__rsub__", "__mul__", "__rmul__"),
    *("__truediv__", "__matmul__", "__neg__", "__abs__", "__setattr__", "__getattr__"),
    *("__delattr__", "__getstate__", "__setstate__", "__reversed__", "__version__", "__all__"),
}

# Attributes without an underscore that lead to frames and code.
FRAMES = {
    *("tb_frame", "tb_next", "f_back", "f_globals", "f_locals", "f_builtins", "f_code"),
    *("gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "ag_code", "cell_contents"),
}


def reasons(statements: list[ast.stmt]) -> list[str]:
    """Why a person should look at this code, all of which will be run; empty for most code."""
    imported = imported_names(statements)
    used = {
        node.id
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
    }
    found: list[str] = []

    def say(reason: str) -> None:
        if reason not in found:
            found.append(reason)

    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import os, sys, torch` at the top of a notebook brings names nobody uses.
                if (alias.asname or alias.name.split(".")[0]) in used:
                    _screen_path(alias.name, say)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                say("imports from a package of its own")
            for alias in node.names:
                if alias.name == "*" or (alias.asname or alias.name) in used:
                    _screen_path(f"{node.module}.{alias.name}", say)
        elif isinstance(node, ast.Attribute):
            _screen_attribute(node, imported, say)
        elif isinstance(node, ast.Name):
            _screen_name(node, imported, say)
        elif isinstance(node, ast.Call):
            _screen_call(node, imported, say)
        elif isinstance(node, ast.ClassDef) and any(k.arg == "metaclass" for k in node.keywords):
            say("has a metaclass")
    _screen_bare_modules(statements, imported, say)
    return found


def mentions(statements: list[ast.stmt], without: tuple[str, ...]) -> list[str]:
    """The functions of `without` whose last name stands in the code as an attribute."""
    attributes = {
        node.attr
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Attribute)
    }
    return [name for name in without if name.rsplit(".", 1)[-1] in attributes]


def imported_names(statements: list[ast.stmt]) -> dict[str, str]:
    """Name in the code -> path of what was imported: {'F': 'torch.nn.functional'}."""
    names = {}
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                names[alias.asname or path] = path
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _screen_path(path: str, say) -> None:
    """A module, or something in one, that is imported or reached through dots."""
    root, _, rest = path.partition(".")
    if root == "course_utils":
        first = rest.split(".")[0]
        if first not in FROM_COURSE and not path.startswith("course_utils.worker_datasets"):
            say(f"imports `{path}`")
    elif root not in MODULES:
        say(f"imports `{root}`")
    elif (
        within(path, PARTS)
        or (root == "os" and rest and not within(path, FROM_OS))
        or any(is_private(part) for part in rest.split("."))
    ):
        say(f"uses `{path}`")


def within(path: str, places: set[str]) -> bool:
    """True for 'torch.jit.script' and the place 'torch.jit'."""
    return any(path == place or path.startswith(place + ".") for place in places)


def is_private(name: str) -> bool:
    """True for an attribute that an answer of this course does not need."""
    hidden = name.startswith("_") and name.strip("_") != ""
    return name in FRAMES or (hidden and name not in PRIVATE)


def _dotted(node: ast.expr) -> list[str] | None:
    """['torch', 'nn', 'Linear'] for that chain of attributes; None when it begins otherwise."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else None


def _screen_attribute(node: ast.Attribute, imported: dict[str, str], say) -> None:
    chain = _dotted(node)
    own = chain is not None and chain[0] in ("self", "cls") and len(chain) == 2
    dunder = node.attr.startswith("__") and node.attr.endswith("__")
    if is_private(node.attr) and (dunder or not own):
        say(f"reaches for `{node.attr}`")
    if chain and chain[0] in imported:
        _screen_path(".".join([imported[chain[0]], *chain[1:]]), say)
        if isinstance(node.ctx, (ast.Store, ast.Del)):
            say(f"changes `{'.'.join(chain)}`")
    elif isinstance(node.ctx, (ast.Store, ast.Del)):
        if dunder:
            say(f"changes `{node.attr}`")
        if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "type":
            say(f"changes `{node.attr}` of a type")


def _screen_name(node: ast.Name, imported: dict[str, str], say) -> None:
    if node.id in BUILTINS and node.id not in imported:
        say(f"uses `{node.id}`")
    if isinstance(node.ctx, (ast.Store, ast.Del)) and is_private(node.id) and "__" in node.id:
        say(f"changes `{node.id}`")


def _screen_call(node: ast.Call, imported: dict[str, str], say) -> None:
    """getattr and setattr by a name that can be read, and not on what was imported."""
    name = getattr(node.func, "id", "")
    if name not in ("getattr", "setattr", "delattr", "vars", "dir", "type"):
        return
    if name == "type" and len(node.args) == 3:
        say("makes a class with `type`")
    if name in ("setattr", "delattr", "vars") and node.args:
        chain = _dotted(node.args[0])
        if (chain and chain[0] in imported) or isinstance(node.args[0], ast.Call):
            say(f"uses `{name}` on what it did not make")
    if name == "vars" and not node.args:
        say("uses `vars`")
    if name in ("getattr", "setattr", "delattr") and len(node.args) >= 2:
        attribute = node.args[1]
        if isinstance(attribute, ast.Constant) and isinstance(attribute.value, str):
            if is_private(attribute.value):
                say(f"reaches for `{attribute.value}`")
        elif name == "getattr":
            chain = _dotted(node.args[0])
            if chain and chain[0] in imported:
                say("looks up a name that is made while it runs")


def _screen_bare_modules(statements: list[ast.stmt], imported: dict[str, str], say) -> None:
    """A module that is passed on under another name could be changed unseen."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    under_dots = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
            continue
        if id(node) not in under_dots and imported.get(node.id) in sys.modules:
            say(f"hands on the module `{node.id}`")
