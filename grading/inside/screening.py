"""Does an answer keep to what a lesson's answer needs?

Marks come from observations, which a cheat cannot make without the right values. But some facts of
an observation say what an answer did not do: which functions it did not call, that it left nothing.
Code that reaches into the process it runs in could change those. So an answer that passes is given
its marks without a person only if it keeps to the modules, names and attributes below, and uses
none of the doors. Anything else is not forbidden: a person looks at it.

Nothing of the code is run. Of modules and underscored names the lists say what may be, not what
may not; each reason has the line that it was found in.
"""

from __future__ import annotations

import ast
import functools
import importlib
import string
import sys
import warnings
from collections.abc import Collection, Iterable
from types import ModuleType
from typing import Any

# Modules, with all that is public in them but other modules.
MODULES = {
    *("torch", "torch.nn", "torch.nn.functional", "torch.nn.init", "torch.nn.parameter"),
    *("torch.nn.utils", "torch.autograd", "torch.autograd.graph", "torch.autograd.functional"),
    *("torch.linalg", "torch.fft", "torch.special", "torch.random", "torch.testing", "torch.func"),
    *("torch.amp", "torch.types", "torch.version", "torch.sparse", "torch.utils"),
    *("torch.utils.hooks", "torch.utils.checkpoint", "torch.utils.tensorboard"),
    *("torchvision", "torchvision.utils", "torchvision.ops", "torchvision.io"),
    *("torchvision.tv_tensors", "torchtext", "torchtext.vocab", "torchtext.functional"),
    *("albumentations", "albumentations.pytorch", "datasets", "safetensors", "safetensors.torch"),
    "transformers",
    *("numpy", "numpy.random", "numpy.linalg", "numpy.fft", "numpy.ma", "pandas", "PIL"),
    *("PIL.Image", "PIL.ImageOps", "PIL.ImageDraw", "PIL.ImageFilter", "PIL.ImageChops"),
    *("math", "cmath", "random", "statistics", "fractions", "decimal", "numbers", "itertools"),
    *("operator", "collections", "collections.abc", "heapq", "bisect", "array", "string", "re"),
    *("textwrap", "csv", "json", "struct", "gzip", "zipfile", "pathlib", "tempfile", "time"),
    *("datetime", "calendar", "typing", "contextlib", "warnings", "logging", "unicodedata"),
    *("hashlib", "zlib", "__future__", "IPython", "IPython.display"),
}
# With all modules inside them.
PACKAGES = {
    *("torch.nn.modules", "torch.nn.utils.rnn", "torch.nn.utils.clip_grad", "torch.optim"),
    *("torch.nn.utils.parametrize", "torch.nn.utils.parametrizations", "torch.distributions"),
    *("torch.utils.data", "torch.cuda", "torch.backends", "torchvision.transforms"),
    *("torchvision.models", "torchvision.datasets", "torchtext.data", "torchtext.datasets"),
    *("torchtext.transforms", "torchmetrics", "matplotlib", "tqdm", "tokenizers"),
}
# Of some modules only these names: the others reach into the interpreter.
NAMES = {
    "functools": {
        *("partial", "partialmethod", "reduce", "wraps", "lru_cache", "cache", "cmp_to_key"),
        *("cached_property", "total_ordering", "singledispatch"),
    },
    "types": {"SimpleNamespace", "MappingProxyType", "MethodType", "NoneType", "GeneratorType"},
    "copy": {"copy", "deepcopy"},
    "io": {"StringIO", "BytesIO", "TextIOWrapper"},
    "gc": {"collect", "enable", "disable", "isenabled"},
    "sys": {
        *("maxsize", "float_info", "int_info", "byteorder", "version", "version_info", "platform"),
        *("stdout", "stderr", "getsizeof", "getrecursionlimit", "getrefcount", "argv"),
    },
    "enum": {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "auto", "unique"},
    "abc": {"ABC", "abstractmethod"},
    "dataclasses": {"dataclass", "field", "asdict", "astuple", "replace", "fields"}
    | {"InitVar", "KW_ONLY", "FrozenInstanceError", "is_dataclass"},
    "weakref": {"ref", "proxy", "WeakKeyDictionary", "WeakValueDictionary", "WeakSet"},
    "os": {"PathLike", "sep", "fspath", "listdir", "cpu_count"},
    "posixpath": {
        "basename",
        "dirname",
        "exists",
        "getsize",
        "isdir",
        "isfile",
        "join",
        "splitext",
    },
    "torch.distributed": {
        *("get_rank", "get_world_size", "get_backend", "is_available", "is_initialized"),
        *("all_reduce", "broadcast", "reduce", "all_gather", "gather", "scatter", "barrier"),
        *("all_gather_into_tensor", "reduce_scatter", "reduce_scatter_tensor", "all_to_all"),
        *("all_to_all_single", "send", "recv", "isend", "irecv", "batch_isend_irecv", "P2POp"),
        *("all_gather_object", "gather_object", "broadcast_object_list", "scatter_object_list"),
        *("monitored_barrier", "new_group", "group", "ReduceOp", "Work", "ProcessGroup"),
        *("get_process_group_ranks", "get_global_rank", "get_group_rank"),
    },
    "torch.distributed.algorithms.join": {"Join", "Joinable", "JoinHook"},
    "torch.nn.parallel": {"DistributedDataParallel"},
    "torch.nn.parallel.distributed": {"DistributedDataParallel"},
    "course_utils": {"check", "hint", "solution", "predict"},
    "course_utils.environment": {"report"},
    "course_utils.data": None,
    "course_utils.figures": None,
    "course_utils.worker_datasets": None,
}
# Not these: they run text as code, or look up names that the code does not show.
PARTS = {
    *("torch.compile", "torch.load", "torch.get_file_path", "torch.from_dlpack"),
    *("numpy.load", "pandas.eval", "pandas.read_pickle"),
    *("string.Formatter", "typing.get_type_hints", "typing.ForwardRef"),
    *("torch.set_default_device", "torch.utils.set_module", "torch.utils.swap_tensors"),
    *("torch.set_default_tensor_type", "logging.setLogRecordFactory", "logging.setLoggerClass"),
    *("torch.set_flush_denormal", "torch.set_warn_always", "torch.set_num_interop_threads"),
    *("contextlib.redirect_stdout", "contextlib.redirect_stderr", "contextlib.chdir"),
    *("logging.currentframe", "IPython.get_ipython", "torch.utils.data.graph"),
}

# Builtins that reach any name, or run text as code.
BUILTINS = {
    *("eval", "exec", "compile", "__import__", "globals", "locals", "breakpoint", "input"),
    *("memoryview", "__builtins__", "__loader__", "__spec__", "exit", "quit", "help"),
}

# Attributes with an underscore in front that torch's own users write.
PRIVATE = {
    *("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set"),
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_is_full_backward_hook", "_forward_hooks_with_kwargs", "_forward_hooks_always_called"),
    *("_forward_pre_hooks_with_kwargs", "_state_dict_pre_hooks", "_load_state_dict_post_hooks"),
    *("_state_dict_hooks", "_load_state_dict_pre_hooks", "_replace", "_asdict", "_fields"),
    *("_version", "_named_members", "_get_name", "_log_api_usage_once", "_worker_info"),
    *("_base", "_step_count", "_last_lr", "_is_view", "_initial_step", "_load_from_state_dict"),
    *("_register_load_state_dict_pre_hook", "_register_state_dict_hook", "_save_to_state_dict"),
    *("__init__", "__new__", "__post_init__", "__init_subclass__", "__class__", "__name__"),
    *("__slots__", "__dict__", "_cdata", "_make", "__metadata__"),
    *("__qualname__", "__doc__", "__call__", "__len__", "__getitem__", "__setitem__"),
    *("__delitem__", "__iter__", "__next__", "__contains__", "__enter__", "__exit__", "__repr__"),
    *("__str__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"),
    *("__bool__", "__add__", "__radd__", "__iadd__", "__sub__", "__rsub__", "__mul__", "__rmul__"),
    *("__truediv__", "__matmul__", "__neg__", "__abs__", "__setattr__", "__getattr__"),
    *("__delattr__", "__getstate__", "__setstate__", "__reversed__", "__version__", "__all__"),
}
# Of those, what a library may call in its own code, for an object of its own.
NOT_TO_DEFINE = {"__class__", "__name__", "__qualname__", "__getattr__", "__getstate__"}
NOT_TO_DEFINE |= {"__dict__"}
TO_DEFINE = (PRIVATE - NOT_TO_DEFINE) | {"__missing__", "__format__", "__pow__", "__floordiv__"}

# What `with` and assignments call by themselves; called by name, they can undo what others did.
NOT_TO_CALL = {"__enter__", "__exit__", "__setattr__", "__delattr__"}
# These change what they are given: fine as a decorator above a function or class of the answer.
ONLY_DECORATORS = {"functools.wraps", "dataclasses.dataclass", "functools.total_ordering"}
# These look up or change names, which a reader sees only where they are called plainly.
ONLY_CALLED = {"getattr", "setattr", "delattr", "vars", "open"}
ONLY_CALLED |= {"operator.attrgetter", "operator.methodcaller"}
# These make classes; told so, they say that a library made them.
MAKE_CLASSES = {"collections.namedtuple"} | {
    f"enum.{kind}" for kind in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")
}
# Methods that do what an answer does not: torch's own tensors are given other memory, a manager
# of contexts a device that ends another's, a node of the graph a hook that no tensor knows of.
METHODS = {"set_", "push", "push_async_exit", "pop_all", "enable_reentrant", "register_prehook"}

# Of an ExitStack; fine where the code ends it.
ENTER = "enter_context"

# Attributes of anything that are modules, or lead to memory, in libraries' own objects.
INTERPRETER = {
    *("sys", "os", "posix", "builtins", "gc", "inspect", "ctypes", "threading", "subprocess"),
    *("multiprocessing", "importlib", "pickle", "marshal", "socket", "signal", "atexit"),
    *("traceback", "linecache", "from_address", "from_buffer", "reducer", "meta_path"),
}

# Attributes that run text as code where they are given any.
RUN_TEXT = {"eval", "query"}

# An argument of transformers: a model's folder may bring code of its own, which is then run.
RUN_FILES = "trust_remote_code"

# Patterns `case int(x)` look at the value itself; those of other classes at any of its names.
PLAIN_PATTERNS = {"int", "float", "str", "bool", "bytes", "list", "tuple", "dict", "set"}

# Attributes without an underscore that lead to frames and code.
FRAMES = {
    *("tb_frame", "tb_next", "f_back", "f_globals", "f_locals", "f_builtins", "f_code"),
    *("gi_frame", "gi_code", "cr_frame", "cr_code", "ag_frame", "ag_code", "cell_contents"),
    *("tb_lasti", "f_trace", "exc_info", "gi_yieldfrom", "cr_await", "ag_await", "with_traceback"),
    # Of warnings and of logging: who calls, and names that stay.
    *("filename", "pathname", "findCaller", "makeRecord", "loggerDict"),
}


def reasons(statements: list[ast.stmt]) -> list[str]:
    """Why a person should look at this code, all of which will be run; empty for most code."""
    imported = imported_names(statements)
    everything = [node for statement in statements for node in ast.walk(statement)]
    fine = local_names(everything, imported) | safe_loads(everything, imported)
    nodes = [node for node in everything if id(node) not in fine]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    fine_there = on_itself(everything) | left_again(everything)
    screening = Screening(imported, used, plain_uses(everything, imported), fine_there)
    attributes = {node.attr for node in everything if isinstance(node, ast.Attribute)}
    for node in nodes:
        screening.visit(node)
        if getattr(node, "attr", "") == "id" and any(map(is_hook_maker, attributes)):
            screening.say("reads the number of a hook")
        if "next_functions" in attributes and getattr(node, "attr", "") == "register_hook":
            screening.say("walks the graph and registers a hook")
    seen_through = {id(node.value) for node in everything if isinstance(node, ast.Attribute)}
    assigned = (ast.Assign, ast.NamedExpr)
    seen_through |= {
        id(node.value)
        for node in everything
        if isinstance(node, assigned) and _renamed(node, imported)
    }
    for node in nodes:
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in seen_through:
            screening.screen_bare_module(node)
    return screening.found


def mentions(statements: list[ast.stmt], without: tuple[str, ...]) -> list[str]:
    """The functions of `without` whose last name stands in the code as an attribute or import."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    imported = imported_names(statements)
    local = local_names(nodes, imported)
    names = {
        imported[node.id].rsplit(".", 1)[-1]
        for node in nodes
        if isinstance(node, ast.Name) and id(node) not in local and node.id in imported
        if imported[node.id].startswith("torch.")
    }
    for node in nodes:
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.MatchClass):
            names |= set(node.kwd_attrs)
        elif isinstance(node, ast.Call):
            names |= looked_up(node, imported)
    return [name for name in without if name.rsplit(".", 1)[-1] in names]


def looked_up(call: ast.Call, imported: dict[str, str]) -> set[str]:
    """Names that a call looks up by text: getattr(x, "stride"), attrgetter("a.b")."""
    name = path_of(call.func, imported) or getattr(call.func, "id", "")
    texts = [a.value for a in call.args if isinstance(a, ast.Constant) and type(a.value) is str]
    if name in ("getattr", "operator.attrgetter", "operator.methodcaller"):
        return {part for one in texts for part in one.split(".")}
    return set()


def is_hook_maker(name: str) -> bool:
    """True for methods whose handle has a number, which counts all hooks of the process."""
    return name.startswith("register_") and "hook" in name


def plain_uses(nodes: list[ast.AST], imported: dict[str, str]) -> set[int]:
    """Ids of names and attributes where they stand as what is called, or decorates.

    Of ONLY_DECORATORS only as decorators, `@wraps(f)` of functions only.
    """
    fine: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and path_of(node.func, imported) not in ONLY_DECORATORS:
            fine.add(id(node.func))
        for one in getattr(node, "decorator_list", ()):
            function = one.func if isinstance(one, ast.Call) else one
            if isinstance(node, FUNCTIONS) or path_of(function, imported) != "functools.wraps":
                fine.add(id(function))
    return fine


def imported_names(statements: list[ast.stmt]) -> dict[str, str]:
    """Name in the code -> path of what it stands for: {'F': 'torch.nn.functional'}.

    Also for `F = torch.nn.functional`, and for classes of libraries that are given another name.
    """
    names: dict[str, str] = {}
    nodes = [node for statement in statements for node in ast.walk(statement)]
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.split(".")[0]
                names[alias.asname or path] = path
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if alias.name != "*":
                    names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                elif allowed(node.module):
                    public = getattr(object_at(node.module), "__all__", None)
                    if public is None:
                        public = [n for n in dir(object_at(node.module)) if not n.startswith("_")]
                    names |= {name: f"{node.module}.{name}" for name in public}
    for _ in range(3):  # a new name may get another one
        for node in nodes:
            names |= _renamed(node, names)
    return names


def local_names(nodes: list[ast.AST], imported: dict[str, str]) -> set[int]:
    """Ids of the uses of names that are a function's own where they stand, not imported ones."""
    local: set[int] = set()
    for node in nodes:
        if not isinstance(node, FUNCTIONS):
            continue
        body = node.body if isinstance(node.body, list) else [node.body]
        a = node.args
        parameters = [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]
        own = {parameter.arg for parameter in parameters if parameter} | _stores(body)
        # Defaults and decorators are looked up outside of the function.
        inside = [n for part in body for n in ast.walk(part)]
        own -= {name for n in inside for name in _renamed(n, imported)}
        for n in inside:
            if isinstance(n, (ast.Global, ast.Nonlocal)):
                own -= set(n.names)
            elif isinstance(n, (ast.Import, ast.ImportFrom)):
                own -= {alias.asname or alias.name.split(".")[0] for alias in n.names}
        own &= imported.keys()  # what else a name is looked at for does not depend on this
        local |= {id(n) for n in inside if isinstance(n, ast.Name) and n.id in own}
    return local


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _stores(body: Iterable[ast.AST]) -> set[str]:
    """Names that these statements bind in their own scope."""
    names: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)
    return names


def own_nodes(body: Iterable[ast.AST]) -> list[ast.AST]:
    """All nodes of these statements, without those of functions and classes inside."""
    found: list[ast.AST] = []
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return found


def safe_loads(nodes: list[ast.AST], imported: dict[str, str]) -> set[int]:
    """Ids of the functions in calls of torch.load that load plain data only."""
    return {
        id(node.func)
        for node in nodes
        if isinstance(node, ast.Call)
        and path_of(node.func, imported) == "torch.load"
        and any(
            word.arg == "weights_only" and getattr(word.value, "value", None) is True
            for word in node.keywords
        )
    }


def path_of(node: ast.expr, imported: dict[str, str]) -> str:
    """'torch.load' for what is reached through imported names; '' for anything else."""
    chain = _dotted(node)
    return ".".join([imported[chain[0]], *chain[1:]]) if chain and chain[0] in imported else ""


def _renamed(node: ast.AST, names: dict[str, str]) -> dict[str, str]:
    """What an assignment adds to imported_names."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target: ast.expr = node.targets[0]
    elif isinstance(node, ast.NamedExpr):
        target = node.target
    else:
        return {}
    if not isinstance(target, ast.Name):
        return {}
    path = path_of(node.value, names)
    thing = object_at(path) if path else None
    return {target.id: path} if isinstance(thing, ModuleType) or callable(thing) else {}


def allowed(module: str) -> bool:
    """True for a module that an answer may use."""
    return module in MODULES or module in NAMES or within(module, PACKAGES)


@functools.lru_cache(maxsize=4096)
def follow(path: str) -> tuple[str, tuple[str, ...], Any]:
    """Where a path with dots leads: the last module on the way, the names after it, the object.

    The module is given by its own name: torch.os is os. The object is None when there is none.
    """
    module, *rest = path.split(".")
    thing = _module(module)
    while rest:
        name = f"{module}.{rest[0]}"
        following = _module(name) or _attribute(thing, rest[0])
        if isinstance(following, ModuleType):
            module = following.__name__
        elif thing is None and allowed(name):
            module = name
        else:
            break
        thing, rest = following, rest[1:]
    for name in rest:
        thing = _attribute(thing, name)
    return module, tuple(rest), thing


def object_at(path: str) -> Any:
    """The object that a path with dots leads to, None when there is none."""
    return follow(path)[2]


def _module(name: str) -> ModuleType | None:
    """A module, imported only if it is one that answers may use."""
    if name not in sys.modules and allowed(name):
        try:
            importlib.import_module(name)
        except Exception:
            return None
    return sys.modules.get(name)


def _attribute(thing: Any, name: str) -> Any:
    """An attribute of a library's object; None when there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(thing, name, None)
    except Exception:
        return None


def within(path: str, places: Collection[str]) -> bool:
    """True for 'torch.jit.script' and the place 'torch.jit'."""
    return any(path == place or path.startswith(place + ".") for place in places)


def is_internal(name: str) -> bool:
    """True for an attribute that an answer of this course does not need."""
    hidden = name.startswith("_") and name.strip("_") != ""
    return name in FRAMES or (hidden and name not in PRIVATE)


def is_dunder(name: str) -> bool:
    """True for '__init__'."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def is_type_of_something(node: ast.expr) -> bool:
    """True for `type(x)` and `x.__class__`."""
    called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "type"
    return called or getattr(node, "attr", "") == "__class__"


def _dotted(node: ast.expr) -> list[str] | None:
    """['torch', 'nn', 'Linear'] for that chain of attributes; None when it begins otherwise."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*reversed([*parts, node.id])] if isinstance(node, ast.Name) else None


def on_itself(nodes: list[ast.AST]) -> set[int]:
    """Ids of `super().__enter__` and of `object.__setattr__` in `object.__setattr__(self, ...)`."""
    found: set[int] = set()
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        function = node.func
        of = function.value
        if isinstance(of, ast.Call) and getattr(of.func, "id", "") == "super" and not of.args:
            found.add(id(function))
        first = node.args[0] if node.args else None
        if getattr(of, "id", "") == "object" and getattr(first, "id", "") == "self":
            found.add(id(function))
    return found


def left_again(nodes: list[ast.AST]) -> set[int]:
    """Ids of `stack.enter_context` where the code has `with ... as stack` or `stack.close`."""
    ended = set()
    for node in nodes:
        if isinstance(node, ast.withitem):
            ended |= {ast.unparse(one) for one in (node.context_expr, node.optional_vars) if one}
        elif isinstance(node, ast.Attribute) and node.attr in ("close", "__exit__"):
            ended.add(ast.unparse(node.value))
    return {
        id(node)
        for node in nodes
        if isinstance(node, ast.Attribute)
        if node.attr == ENTER and ast.unparse(node.value) in ended
    }


def attributes_in_format(text: str) -> list[str]:
    """Internal attributes that a format looks up: `__class__` in "{0.__class__}"."""
    try:
        fields = [field or "" for _, field, _, _ in string.Formatter().parse(text)]
    except ValueError:  # no format
        return []
    names = [part.split("[")[0] for field in fields for part in field.split(".")[1:]]
    return [name for name in names if is_internal(name) or is_dunder(name)]


def bound_by(node: ast.AST) -> list[str]:
    """Names that a node binds, other than functions: those have a rule of their own."""
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, (ast.Store, ast.Del)) else []
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.ClassDef)):
        return [node.name or ""]
    if isinstance(node, ast.MatchMapping):
        return [node.rest or ""]
    return []


class Screening(ast.NodeVisitor):
    """What stands out in single nodes, told in `found`; it does not go into them by itself.

    imported: see imported_names. used: the names that the code uses. fine: see plain_uses.
    of_itself: see on_itself and left_again.
    """

    def __init__(
        self, imported: dict[str, str], used: set[str], fine: set[int], of_itself: set[int]
    ) -> None:
        self.imported = imported
        self.used = used
        self.fine = fine
        self.of_itself = of_itself
        self.lines: dict[str, int] = {}  # reason -> line it was first found in
        self.line = 0

    @property
    def found(self) -> list[str]:
        return [f"{reason} in line {line}" for reason, line in self.lines.items()]

    def visit(self, node: ast.AST) -> None:
        self.line = getattr(node, "lineno", self.line)
        for name in bound_by(node):
            if is_dunder(name) and name not in TO_DEFINE | {"__all__"}:
                self.say(f"changes `{name}`")
        super().visit(node)

    def say(self, reason: str) -> None:
        self.lines.setdefault(reason, self.line)

    def generic_visit(self, node: ast.AST) -> None:
        """All other nodes are fine."""

    # -- imports and names -----------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            # `import os, sys, torch` at the top of a notebook brings names nobody uses.
            if (alias.asname or alias.name.split(".")[0]) in self.used:
                self.screen_module(alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            self.say("imports from a package of its own")
        elif any(a.name == "*" or (a.asname or a.name) in self.used for a in node.names):
            self.screen_module(node.module or "")

    def screen_module(self, name: str) -> None:
        """A module that is imported by its whole name."""
        module, rest, _ = follow(name)
        if not allowed(".".join([module, *rest])):
            self.say(f"imports `{name}`")

    def screen_path(self, path: str) -> None:
        """A module, or something in one, that is imported or reached through dots."""
        module, rest, _ = follow(path)
        full = ".".join([module, *rest])
        if not allowed(module):
            self.say(f"uses the module `{module}`")
        elif (
            within(full, PARTS)
            or (rest and rest[0] not in (NAMES.get(module) or rest))  # None: all of it
            or any(is_internal(part) for part in rest)
            or rest[-1:] in (("__getattr__",), ("__dict__",))
        ):
            self.say(f"uses `{full}`")

    def screen_bare_module(self, node: ast.Name | ast.Attribute) -> None:
        """A module that is passed on under another name could be changed unseen."""
        path = path_of(node, self.imported) if isinstance(node.ctx, ast.Load) else ""
        if path and isinstance(object_at(path), ModuleType):
            self.say(f"hands on the module `{path}`")

    def screen_use(self, node: ast.Name | ast.Attribute) -> None:
        """What looks up or changes names may only be called or decorate, in plain sight."""
        path = path_of(node, self.imported) or getattr(node, "id", "")
        if path in ONLY_CALLED | ONLY_DECORATORS and id(node) not in self.fine:
            self.say(f"hands on `{path.rsplit('.', 1)[-1]}`")

    def visit_Name(self, node: ast.Name) -> None:
        self.screen_use(node)
        if node.id in self.imported:
            self.screen_path(self.imported[node.id])
        elif node.id in BUILTINS:
            self.say(f"uses `{node.id}`")

    # -- what is looked up, changed or made ------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain, path = _dotted(node), path_of(node, self.imported)
        own = chain is not None and chain[0] in ("self", "cls") and len(chain) == 2
        if is_internal(node.attr) and (is_dunder(node.attr) or not own):
            self.say(f"reaches for `{node.attr}`")
        changes = isinstance(node.ctx, (ast.Store, ast.Del))
        self.screen_use(node)
        if node.attr in NOT_TO_CALL and id(node) not in self.of_itself:
            self.say(f"calls `{node.attr}` by its name")
        if node.attr == ENTER and id(node) not in self.of_itself:
            self.say("goes into a context that it may not leave")
        if node.attr in METHODS and not own:
            self.say(f"uses `{node.attr}`")
        if path:
            self.screen_path(path)
            if changes:
                self.say(f"changes `{path}`")
            return
        if node.attr in INTERPRETER and not own:
            self.say(f"reaches for `{node.attr}`")
        if changes and is_dunder(node.attr):
            self.say(f"changes `{node.attr}`")
        if changes and is_type_of_something(node.value):
            self.say(f"changes `{node.attr}` of a type")

    def visit_Call(self, node: ast.Call) -> None:
        """Calls that look up, change or make what the code does not show."""
        path = path_of(node.func, self.imported)
        name = path.rsplit(".", 1)[-1] or getattr(node.func, "id", "")
        self.screen_what_is_made(node, path)
        attribute = getattr(node.func, "attr", "")
        arguments = len(node.args) + len(node.keywords)
        if attribute in RUN_TEXT and arguments:
            self.say(f"calls `{attribute}` with something to run")
        if "wraps" in (name, attribute) and arguments > 1:
            self.say("copies attributes with `wraps`")
        if name == "type" and (arguments > 1 or any(isinstance(a, ast.Starred) for a in node.args)):
            self.say("makes a class with `type`")
        first = node.args[0] if node.args else None
        if name == "open" and isinstance(getattr(first, "value", None), int):
            self.say("opens a file by its number")
        made_from = getattr(node.func, "value", None)
        if attribute in ("format", "format_map") and not isinstance(made_from, ast.Constant):
            self.say(f"calls `{attribute}` of a text that is made while it runs")
        of_a_library = node.args and path_of(node.args[0], self.imported)
        foreign = of_a_library or (node.args and isinstance(node.args[0], ast.Call))
        if name in ("setattr", "delattr", "vars") and foreign:
            self.say(f"uses `{name}` on what it did not make")
        if name == "vars" and not node.args:
            self.say("uses `vars`")
        for one in looked_up(node, self.imported):
            if is_internal(one) or one in INTERPRETER | METHODS | {ENTER}:
                self.say(f"reaches for `{one}`")
        if name in ("attrgetter", "methodcaller") and path:
            texts = node.args[:1] if name == "methodcaller" else node.args
            if not all(isinstance(a, ast.Constant) for a in texts):
                self.say("looks up a name that is made while it runs")
        if name in ("getattr", "setattr", "delattr") and len(node.args) >= 2:
            second = node.args[1]
            if isinstance(second, ast.Constant) and isinstance(second.value, str):
                text = second.value
                if is_internal(text) or (name != "getattr" and is_dunder(text)):
                    self.say(f"reaches for `{text}`")
            elif name == "getattr" and of_a_library:
                self.say("looks up a name that is made while it runs")

    def screen_what_is_made(self, node: ast.Call, path: str) -> None:
        """Classes that would say that a library made them."""
        if path in MAKE_CLASSES and any(
            word.arg in (None, "module", "qualname", "type") for word in node.keywords
        ):
            self.say(f"makes a class of another module with `{path}`")

    def visit_keyword(self, node: ast.keyword) -> None:
        if is_internal(node.arg or "") and node.arg != "exc_info":
            self.say(f"reaches for `{node.arg}`")
        if node.arg == RUN_FILES:
            self.say(f"uses `{RUN_FILES}`")

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """`case Thing(name=x)` reads an attribute, `case Thing(x)` one that the class chooses."""
        for name in node.kwd_attrs:
            if is_internal(name) or name in INTERPRETER:
                self.say(f"reaches for `{name}`")
        if node.patterns and getattr(node.cls, "id", "") not in PLAIN_PATTERNS:
            self.say("has a pattern that reads attributes by their position")

    def visit_Constant(self, node: ast.Constant) -> None:
        name = node.value
        if not isinstance(name, str):
            return
        if (is_dunder(name) and name not in PRIVATE | {"__main__"}) or name in FRAMES | {RUN_FILES}:
            self.say(f"names `{name}`")
        for one in attributes_in_format(name):
            self.say(f"reaches for `{one}` in a text")

    # -- definitions -----------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(word.arg == "metaclass" for word in node.keywords):
            self.say("has a metaclass")

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if is_dunder(node.name) and node.name not in TO_DEFINE:
            self.say(f"defines `{node.name}`")
        # A generator may be left standing; above a function of its own, `with` leaves it again.
        decorated = {path_of(one, self.imported) for one in node.decorator_list}
        if "contextlib.contextmanager" not in decorated and self.yields_in_a_context(node):
            self.say("goes into a context that it may not leave")

    visit_AsyncFunctionDef = visit_FunctionDef

    def yields_in_a_context(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        """True for a generator with a `yield` under a `with` of torch."""
        for node in own_nodes(function.body):
            if not isinstance(node, ast.With):
                continue
            entered = [getattr(item.context_expr, "func", None) for item in node.items]
            of_torch = any(f and path_of(f, self.imported).startswith("torch.") for f in entered)
            yields = (ast.Yield, ast.YieldFrom)
            if of_torch and any(isinstance(one, yields) for one in own_nodes(node.body)):
                return True
        return False
