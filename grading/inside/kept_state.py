"""Does an answer keep something from one call to the next?

A function that remembers its calls can be right for as long as it is looked at, or give back what
it computed for other values. Such an answer is not forbidden: a person looks at it.

What lasts between calls is made once: what a cell binds, default values, attributes of classes
and functions, and the local names of a function that a cell itself calls, such as a decorator.
Code that runs in each call may read them; where it writes, that is told with name and line. What a
call makes for itself, closures and caches of its own included, and an object's own `self.x`, are
nobody's concern. Nothing of the code is run.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from . import screening

CACHES = {"functools.cache", "functools.lru_cache"}
# Methods that change what they belong to, or hand out the next of what it gives. Those of tensors
# end in an underscore.
WRITES = {
    *("append", "appendleft", "add", "clear", "discard", "extend", "extendleft", "insert", "pop"),
    *("popitem", "popleft", "remove", "reverse", "rotate", "setdefault", "sort", "subtract"),
    *("update", "difference_update", "intersection_update", "symmetric_difference_update"),
    *("move_to_end", "fill", "put", "resize", "itemset", "setflags", "byteswap", "fromlist"),
    *("frombytes", "write", "writelines", "read", "readline", "readlines", "seek", "truncate"),
    *("send", "throw", "close", "__next__", "register", "load_state_dict", "register_buffer"),
    *("register_parameter", "register_forward_hook", "register_forward_pre_hook", "add_module"),
    *("setLevel", "addHandler", "addFilter", "cache_clear"),
    *("__setitem__", "__delitem__", "__iadd__", "__ior__", "__setattr__", "__delattr__"),
    *("set_extra_state", "zero_grad", "seed", "setstate", "add_note"),
}
# Functions that change their first argument, or take the next out of it.
WRITERS = {
    *("setattr", "delattr", "next", "random.shuffle"),
    *(f"operator.{n}" for n in ("setitem", "delitem", "iadd", "iconcat", "ior", "iand", "ixor")),
    *(f"operator.{n}" for n in ("isub", "imul", "imatmul", "itruediv", "ifloordiv", "imod")),
    *(f"operator.{n}" for n in ("ipow", "ilshift", "irshift")),
    *(f"heapq.{n}" for n in ("heappush", "heappop", "heapify", "heappushpop", "heapreplace")),
    *("bisect.insort", "bisect.insort_left", "bisect.insort_right"),
    *("numpy.put", "numpy.place", "numpy.putmask", "numpy.copyto", "numpy.fill_diagonal"),
}
# Parameters of libraries' functions that are written into while training.
RUNNING = ("running_mean", "running_var")
NORM = ("input", "weight", "bias", *RUNNING)
IN_C = {
    "torch.batch_norm": (*NORM, "training"),
    "torch.native_batch_norm": (*NORM, "training"),
    "torch.instance_norm": (*NORM, "use_input_stats"),
    "torch.cudnn_batch_norm": (*NORM, "training"),
    "torch.batch_norm_update_stats": ("input", *RUNNING),
}
# Methods that write into an argument, and functions of torch.nn.utils that change a model.
WRITE_ARGUMENTS = {"shuffle", "readinto", "pack_into"}
CHANGES_MODELS = {
    *("vector_to_parameters", "clip_grad_norm", "clip_grad_norm_", "clip_grad_value_"),
    *("clip_grads_with_norm_", "spectral_norm", "remove_spectral_norm", "weight_norm"),
    *("remove_weight_norm", "register_parametrization", "remove_parametrizations", "orthogonal"),
    *("convert_conv2d_weight_memory_format", "convert_conv3d_weight_memory_format"),
}
# Settings of libraries that no answer needs and that remember what they are set to.
SETTINGS = {
    *("csv.field_size_limit", "csv.register_dialect", "decimal.getcontext", "decimal.setcontext"),
    *("calendar.setfirstweekday", "numpy.seterr", "numpy.seterrcall", "numpy.setbufsize"),
    *("numpy.set_printoptions", "logging.addLevelName", "logging.disable", "gc.enable"),
    *("gc.disable", "torch.set_printoptions", "pandas.set_option", "warnings.filters"),
}
# What tells one call from another without anything being kept.
CLOCKS = {
    *(f"time.{n}" for n in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")),
    *("time.perf_counter_ns", "time.process_time", "time.process_time_ns", "time.localtime"),
    *("time.gmtime", "time.ctime", "time.strftime", "time.thread_time", "time.asctime"),
    *(f"datetime.datetime.{name}" for name in ("now", "today", "utcnow")),
    *("datetime.date.today", "random.SystemRandom", "logging.makeLogRecord", "logging.LogRecord"),
    "pandas.Timestamp.now",
}
# Texts by which numpy and pandas tell the time.
NOW = {"now", "today"}
# Calls that write a file, and the place of its path among their arguments.
WRITE_FILES = {"torch.save": 1, "numpy.save": 0, "numpy.savez": 0, "numpy.savetxt": 0}
WRITE_FILES |= {"safetensors.torch.save_file": 1}
METHODS_OF_PATHS = {"write_text", "write_bytes", "touch", "mkdir", "symlink_to", "tofile"}
# Places for a file that are new each time.
NEW_FILES = {
    *("io.BytesIO", "io.StringIO", "tempfile.TemporaryDirectory", "tempfile.TemporaryFile"),
    *("tempfile.NamedTemporaryFile", "tempfile.mkdtemp", "tempfile.SpooledTemporaryFile"),
}
# Calls whose result goes on from where it stands each time it is used.
GO_ON = {
    *("iter", "map", "filter", "zip", "enumerate", "reversed", "open", "random.Random"),
    *("io.StringIO", "io.BytesIO", "numpy.nditer", "numpy.random.Generator", "torch.Generator"),
    *("numpy.random.default_rng", "numpy.random.RandomState", "collections.defaultdict"),
}
# Modules whose objects change when they are used.
ALIVE = ("contextlib.", "csv.", "tqdm.", "torchmetrics.", "torch.optim.", "torch.utils.")
# Calls whose result nothing can be written into.
PLAIN_CALLS = {
    *("str", "int", "float", "bool", "len", "frozenset", "tuple", "range", "max", "min", "bytes"),
    *("complex", "type", "sum", "abs", "round", "pow", "re.compile", "collections.namedtuple"),
    *("torch.device", "typing.TypeVar", "functools.partial"),
    *("operator.itemgetter", "operator.attrgetter", "dataclasses.field"),
}
# Attributes and methods that give numbers, texts and the like.
PLAIN_ATTRIBUTES = {"shape", "ndim", "dtype", "device", "requires_grad", "is_leaf", "training"}
PLAIN_METHODS = {
    *("item", "numel", "size", "dim", "count", "index", "join", "format", "strip", "lower"),
    *("upper", "replace", "startswith", "endswith", "encode", "decode", "total"),
}
NEW_CONTAINERS = {"list", "dict", "set", "tuple", "sorted", "copy.copy", "collections.deque"}
LAYERS = ("torch.nn.", "torchvision.")
# Calls that give back what they were given, or what lies in it.
HANDS_BACK = {
    *("getattr", "vars", "iter", "enumerate", "zip", "reversed", "max", "min", "next", "sorted"),
    *("list", "tuple", "filter", "map", "dict", "itertools.chain", "functools.partial"),
    *("functools.reduce", "operator.getitem", "copy.copy", "numpy.asarray", "numpy.reshape"),
    *("numpy.ravel", "numpy.atleast_1d", "itertools.accumulate", "itertools.islice"),
    *("itertools.repeat", "itertools.cycle", "itertools.zip_longest", "itertools.product"),
    *("torch.from_numpy", "torch.as_tensor", "torch.asarray", "torch.view_as_real"),
    *("torch.view_as_complex", "torch.as_strided", "torch.real", "torch.imag"),
    *(f"torch.{name}" for name in ("reshape", "flatten", "squeeze", "unsqueeze", "transpose")),
    *(f"torch.{name}" for name in ("permute", "narrow", "select", "diagonal", "chunk", "split")),
    *(f"torch.{name}" for name in ("unbind", "swapaxes", "movedim", "ravel", "t", "detach")),
}
ITEMS = {
    *("get", "setdefault", "values", "items", "pop", "__getitem__", "view", "detach", "numpy"),
    *("reshape", "flatten", "t", "unsqueeze", "squeeze", "expand", "ravel", "transpose"),
    *("permute", "narrow", "select", "diagonal", "chunk", "unbind", "swapaxes", "movedim"),
    *("as_strided", "unfold", "view_as", "reshape_as", "expand_as", "contiguous", "unflatten"),
    *("parameters", "buffers", "modules", "children", "named_parameters", "named_buffers"),
    *("named_modules", "named_children", "state_dict", "get_parameter", "get_submodule"),
}
BUILDERS = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"}

PLAIN, HOLDER, GOES_ON = "plain", "holder", "goes on"

BUILTIN_TYPES = {"list", "dict", "set", "bytearray", "object", "type"}
LOOK_UP = {"operator.methodcaller", "operator.attrgetter"}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclasses.dataclass(eq=False)
class Scope:
    """The names of a notebook, a function or a class.

    values: what each name was given, where that is known: an expression, or a definition. items:
    expressions in which what a name was given lies, as in a loop. defaults: those of parameters.
    lasts: it is made once, not in each call.
    """

    node: ast.AST
    parent: Scope | None = None
    values: dict[str, list[ast.AST]] = dataclasses.field(default_factory=dict)
    items: dict[str, list[ast.expr]] = dataclasses.field(default_factory=dict)
    parameters: list[str] = dataclasses.field(default_factory=list)
    defaults: dict[str, ast.expr] = dataclasses.field(default_factory=dict)
    outer: dict[str, bool] = dataclasses.field(default_factory=dict)  # global: True, nonlocal
    lasts: bool = False

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_function(self) -> bool:
        return isinstance(self.node, screening.FUNCTIONS)

    @property
    def owner(self) -> Scope:
        """The scope whose code this is: that of a comprehension runs where it stands."""
        scope = self
        while isinstance(scope.node, COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        return scope

    def binds(self, name: str) -> bool:
        own = name in self.values or name in self.items or name in self.parameters
        return own and name not in self.outer


@dataclasses.dataclass(frozen=True)
class Given:
    """What a parameter is given. place: where. by_a_cell: by a call that a cell makes once.

    loose: the parameter may also be given what lies in it.
    """

    value: ast.AST
    place: Scope
    by_a_cell: bool = False
    loose: bool = False


def reasons(statements: list[ast.stmt], answer: str) -> list[str]:
    """What this code keeps from one call of `answer` to the next; empty for most code."""
    try:
        return KeptState(statements, answer).found()
    except (RecursionError, TooInvolved):
        return ["is too involved to see what it keeps from call to call"]


class TooInvolved(Exception):
    """Following what names stand for took more than STEPS_LIMIT steps."""


STEPS_LIMIT = 200_000
ROUNDS_LIMIT = 6  # through how many hands a function is followed


class KeptState:
    """The scopes of some code, and what is written into those that last."""

    def __init__(self, statements: list[ast.stmt], answer: str) -> None:
        self.answer = answer
        self.steps = self.cuts = 0
        self.kinds: dict[int, str] = {}  # of nodes: what kind() and lasting() found
        self.inside: dict[int, str] = {}
        self.attributes: dict[int, bool] = {}
        self.called_by: dict[int, list[ast.AST]] = {}
        self.known: dict[int, str] = {}
        self.imported = screening.imported_names(statements)
        self.module = Scope(ast.Module(statements, []), lasts=True)
        self.scopes: dict[int, Scope] = {}  # of each node: the scope that it stands in
        self.own: dict[int, Scope] = {}  # of each function and class: the scope that it makes
        self.given: dict[tuple[Scope, str], dict[int, Given]] = {}
        self.lines: dict[str, int] = {}
        for statement in statements:
            self._place(statement, self.module)
        self.nodes = [n for s in statements for n in ast.walk(s) if id(n) in self.scopes]
        self.functions_called = {n.func for n in self.nodes if isinstance(n, ast.Call)}
        self.methods: dict[str, list[ast.AST]] = {}
        self.stored: dict[str, list[ast.expr]] = {}  # what attributes of this name are given
        self.put: dict[tuple[Scope, str], list[ast.expr]] = {}  # into the container of this name
        self.raised: list[ast.expr] = []  # what exceptions are given
        self.registered: dict[str, list[ast.AST]] = {}  # functions that this name may call too
        self.in_part: set[int] = set()  # functions of which some arguments are given before
        for node in self.nodes:
            self._note_attributes(node)
        self._find_what_lasts(answer)
        self.in_place = any(
            is_on(self._by_name(node, path).get("inplace"))
            for node in self.nodes
            if isinstance(node, ast.Call) and (path := self._path(node.func)).startswith(LAYERS)
        )
        self._follow_arguments()

    # -- scopes ----------------------------------------------------------------------------

    def _place(self, node: ast.AST, scope: Scope) -> None:
        """Note in which scope a node and all in it stand, and what is bound there."""
        if id(node) in self.scopes:
            return  # what a comprehension goes through first is looked up outside of it
        self.scopes[id(node)] = scope
        if isinstance(node, (*screening.FUNCTIONS, ast.ClassDef)):
            self._place_definition(node, scope)
            return
        if isinstance(node, COMPREHENSIONS):
            self._place(node.generators[0].iter, scope)
            inner = Scope(node, scope)
            for child in ast.iter_child_nodes(node):
                self._place(child, inner)
            return
        owner = scope.owner if isinstance(node, ast.NamedExpr) else scope
        for name, value in bindings(node):
            owner.values.setdefault(name, []).append(value)
        for name, place in items_of(node):
            scope.items.setdefault(name, []).append(place)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            scope.outer |= dict.fromkeys(node.names, isinstance(node, ast.Global))
            if isinstance(node, ast.Global):
                for name in node.names:
                    self.module.values.setdefault(name, [])
        for child in ast.iter_child_nodes(node):
            self._place(child, scope)

    def _place_definition(self, node: Any, scope: Scope) -> None:
        inner = self.own[id(node)] = Scope(node, scope)
        if not isinstance(node, ast.Lambda):
            scope.values.setdefault(node.name, []).append(node)
        outside = [*getattr(node, "decorator_list", ()), *getattr(node, "bases", ())]
        if not inner.is_class:
            a = node.args
            positional = [*a.posonlyargs, *a.args]
            inner.parameters = [p.arg for p in (*positional, *a.kwonlyargs)]
            inner.parameters += [p.arg for p in (a.vararg, a.kwarg) if p]
            late = positional[len(positional) - len(a.defaults) :]
            inner.defaults = {p.arg: d for p, d in zip(late, a.defaults, strict=True)}
            inner.defaults |= {
                p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d
            }
            outside += inner.defaults.values()
        for part in outside:
            self._place(part, scope)
        for part in node.body if isinstance(node.body, list) else [node.body]:
            self._place(part, inner)

    def _note_attributes(self, node: ast.AST) -> None:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self.methods.setdefault(part.name, []).append(part)
                for name, value in bindings(part):
                    if isinstance(value, ast.Lambda):
                        self.methods.setdefault(name, []).append(value)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Attribute):
                    self.stored.setdefault(target.attr, []).append(node.value)
                elif isinstance(target, ast.Subscript):
                    self._note_put(target.value, node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if is_write(node.func.attr):
                for argument in node.args:
                    self._note_put(node.func.value, argument)
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            self.raised += node.exc.args
        for decorator in getattr(node, "decorator_list", ()):
            function = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(function, ast.Attribute) and function.attr == "register":
                self.registered.setdefault(root(function), []).append(node)

    def _note_put(self, target: ast.expr, value: ast.expr) -> None:
        home = self.home(target.id, self._scope(target)) if isinstance(target, ast.Name) else None
        if home is not None:
            self.put.setdefault((home, target.id), []).append(value)  # type: ignore[attr-defined]

    def home(self, name: str, scope: Scope) -> Scope | None:
        """The scope whose name this is; None for builtins."""
        here: Scope | None = scope
        if scope.outer.get(name):
            return self.module
        while here is not None:
            if here.binds(name) and (here is scope or not here.is_class):
                return here
            here = here.parent
        return None

    def _find_what_lasts(self, answer: str) -> None:
        """Scopes that are made once: classes outside of functions, functions that cells call."""
        needed = {answer} | {
            node.id
            for node in self.nodes
            if isinstance(node, ast.Name)
            and self.scopes[id(node)].owner is not self.module
            and self.home(node.id, self.scopes[id(node)]) is self.module
        }
        # What a cell makes of `model` or `x` to try its answer is not what the answer uses.
        waiting = [
            node
            for node in self.nodes
            if self.scopes[id(node)].owner is self.module
            and (bool(needed & kept_under(node)) or bool(getattr(node, "decorator_list", [])))
        ]
        self.handed_on: set[int] = set()  # functions that somebody else may call as well
        while waiting:
            for node in self._run_by(waiting.pop()):
                inner = self.own.get(id(node))
                if inner is not None and not inner.lasts:
                    inner.lasts = True
                    waiting.append(node)

    def _run_by(self, node: ast.AST) -> Iterator[ast.AST]:
        """Definitions that are run while this is run, but for what is only defined there."""
        if isinstance(node, ast.ClassDef):
            yield node
        inside: list[ast.AST]
        decorators: list[ast.expr] = list(getattr(node, "decorator_list", ()))
        if isinstance(node, screening.FUNCTIONS):
            inner = self.own[id(node)]
            inside = [*decorators, *inner.defaults.values()]
            if inner.lasts:
                inside += node.body if isinstance(node.body, list) else [node.body]
        else:
            inside = [node]
        while inside:
            part = inside.pop()
            if part is not node and isinstance(part, ast.ClassDef):
                yield part
            elif part is not node and isinstance(part, screening.FUNCTIONS):
                inner = self.own[id(part)]
                inside += [*getattr(part, "decorator_list", ()), *inner.defaults.values()]
                decorators += getattr(part, "decorator_list", ())
                continue
            if isinstance(part, ast.Call):
                yield from self._called(part.func)
                if self._path(part.func) != "functools.partial":
                    for argument in part.args:
                        for definition in self._called(argument):
                            self.handed_on.add(id(definition))
                            yield definition
            inside += ast.iter_child_nodes(part)
        for decorator in decorators:
            yield from self._called(decorator)

    def _called(self, function: ast.AST, depth: int = 0) -> Iterator[ast.AST]:
        """The functions of the code that an expression stands for, as far as it shows."""
        if isinstance(function, screening.FUNCTIONS):
            yield function
        elif isinstance(function, ast.ClassDef):
            yield from (b for b in function.body if getattr(b, "name", "") in BUILDERS)
        elif depth > 8:
            return
        elif isinstance(function, ast.Name) and id(function) in self.scopes:
            home = self.home(function.id, self.scopes[id(function)])
            values = [*home.values.get(function.id, ())] if home else []
            if home and function.id in home.defaults:
                values.append(home.defaults[function.id])
            for value in values:
                yield from self._called(value, depth + 1)
        elif isinstance(function, ast.Call):
            for definition in self._called(function.func, depth + 1):
                for value in self._returned(definition):
                    yield from self._called(value, depth + 1)

    def _returned(self, definition: ast.AST) -> list[ast.expr]:
        """What a function gives back, or a generator one by one."""
        if isinstance(definition, ast.Lambda):
            return [definition.body]
        inner = self.own[id(definition)]
        return [
            node.value
            for node in ast.walk(definition)
            if isinstance(node, (ast.Return, ast.Yield))
            and node.value is not None
            and self.scopes.get(id(node)) is inner
        ]

    def _follow_arguments(self) -> None:
        """What functions of the code are given by the code itself, parameter by parameter.

        What is given may be a function, which is then called: so in rounds, until all is found.
        """
        for _ in range(ROUNDS_LIMIT):
            before = sum(map(len, self.given.values()))
            self.called_by = {}  # of nodes: what _stands_for found in this round
            for node in self.nodes:
                if isinstance(node, ast.Call):
                    self._follow_call(node)
                elif isinstance(node, (ast.BinOp, ast.Compare, ast.Subscript, ast.AugAssign)):
                    self._follow_operator(node)
                for decorator in getattr(node, "decorator_list", ()):
                    for definition in self._stands_for(decorator):
                        self._give(definition, [node], [], self._scope(node), by_a_cell=True)
            if sum(map(len, self.given.values())) == before:
                return

    def _follow_call(self, call: ast.Call) -> None:
        function, arguments = call.func, call.args
        path, place = self._path(function), self._scope(call)
        by_a_cell = place.owner is self.module
        if path == "functools.partial" and arguments:
            function, arguments, by_a_cell = arguments[0], arguments[1:], False
        definitions = [*self._stands_for(function)]
        if not path:  # an object of some class of the code
            definitions += self.methods.get("__call__", []) + self.methods.get("forward", [])
        if getattr(function, "attr", "") == "apply":  # of torch.autograd.Function
            definitions += self.methods.get("forward", [])
        if path == "functools.partial":
            self.in_part |= {id(definition) for definition in definitions}
        # S.g(x) of a class S gives `self` as well.
        bound = not (isinstance(function, ast.Attribute) and self._class_of(function.value))
        directly = {id(definition) for definition in self._called(function)}
        for definition in definitions:
            self._give(
                definition,
                arguments,
                call.keywords,
                place,
                by_a_cell=by_a_cell,
                bound=bound,
                loose=id(definition) in self.in_part - directly,
            )
        if path == "functools.partial" or any(True for _ in self._called(call.func)):
            return
        if getattr(function, "attr", "") == "register":
            return  # of a function that looks at types: what it is handed is a type
        # Somebody else calls what it is handed, with what else it is handed.
        others = [*arguments, *(word.value for word in call.keywords)]
        if isinstance(call.func, ast.Attribute) and not screening.path_of(call.func, self.imported):
            others.append(call.func.value)
        for argument in others:
            for definition in self._stands_for(argument):
                rest = [other for other in others if other is not argument]
                if path in ("map", "filter"):
                    for name, value in zip(self.own[id(definition)].parameters, rest, strict=False):
                        self._note_given(definition, name, Given(value, place, loose=True))
                    continue
                for name in self.own[id(definition)].parameters:
                    for value in rest:
                        self._note_given(definition, name, Given(value, place, loose=True))

    def _follow_operator(self, node: Any) -> None:
        """Operators call methods such as `__add__` of the code's classes with their other side."""
        sides = [
            side
            for field in ("left", "right", "target", "value", "slice")
            if isinstance(side := getattr(node, field, None), ast.expr)
        ] + getattr(node, "comparators", [])
        for name, definitions in self.methods.items():
            if screening.is_dunder(name) and name not in BUILDERS:
                for definition in definitions:
                    for side in sides:
                        self._give(definition, [side], [], self._scope(node), by_a_cell=False)

    def _give(
        self,
        definition: ast.AST,
        arguments: Sequence[ast.AST],
        keywords: list[ast.keyword],
        place: Scope,
        *,
        by_a_cell: bool,
        bound: bool = True,
        loose: bool = False,
    ) -> None:
        """Note what the parameters of a function are given by a call.

        by_a_cell: as in Given. bound: a method's first parameter is not among the arguments.
        loose: nobody knows which argument goes where, as some were given before.
        """
        inner = self.own[id(definition)]
        signature = definition.args  # type: ignore[attr-defined]
        positional = [p.arg for p in (*signature.posonlyargs, *signature.args)]
        by_name = {*positional, *(p.arg for p in signature.kwonlyargs)}
        others = [p.arg for p in (signature.vararg, signature.kwarg) if p]
        of_class = inner.parent is not None and inner.parent.is_class
        if of_class and not is_static(definition) and (bound or is_class_method(definition)):
            positional = positional[1:]
        by_a_cell = by_a_cell and getattr(definition, "name", "") not in BUILDERS
        for number, value in enumerate(arguments):
            loose = loose or isinstance(value, ast.Starred)
            names = positional if loose else positional[number : number + 1]
            for name in names + others if loose else names or others:
                self._note_given(definition, name, Given(value, place, by_a_cell, loose))
        for word in keywords:
            names = [word.arg] if word.arg in by_name else others
            stars = word.arg is None
            for name in [*by_name, *others] if stars else names:
                self._note_given(definition, name, Given(word.value, place, by_a_cell, stars))

    def _note_given(self, definition: ast.AST, name: str, given: Given) -> None:
        self._count()
        self.given.setdefault((self.own[id(definition)], name), {})[id(given.value)] = given

    def _stands_for(self, node: ast.AST) -> list[ast.AST]:
        """The functions of the code that may be called by this, or that lie in it."""
        if id(node) in self.called_by:
            return self.called_by[id(node)]
        found: dict[int, ast.AST] = {}
        passed: set[int] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            if id(part) in passed:
                continue
            self._count()
            passed.add(id(part))
            if isinstance(part, screening.FUNCTIONS):
                found[id(part)] = part
            elif isinstance(part, ast.ClassDef):
                found |= {id(builder): builder for builder in self._called(part)}
            waiting += self._leads_to(part)
        self.called_by[id(node)] = [*found.values()]
        return self.called_by[id(node)]

    def _leads_to(self, node: ast.AST) -> list[ast.AST]:
        """What this is, gives back or holds, one step on."""
        if isinstance(node, ast.Name):
            more = self.registered.get(node.id, [])
            return [*more, *self._meanings(node)] if id(node) in self.scopes else []
        if isinstance(node, ast.Attribute):
            found = [*self.methods.get(node.attr, ()), *self.stored.get(node.attr, ())]
            found += self._class_values(node)
            return [*found, node.value] if node.attr in ("__call__", "__func__") else found
        if isinstance(node, ast.Call):
            found = [value for d in self._called(node.func) for value in self._returned(d)]
            if self._path(node.func) in HANDS_BACK:
                found += node.args
            if isinstance(node.func, ast.Attribute) and node.func.attr in ITEMS:
                found.append(node.func.value)
            return found
        if isinstance(node, (ast.Subscript, ast.NamedExpr, ast.Starred)):
            return [node.value]
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, (ast.BoolOp, ast.Dict)):
            return [*node.values]
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return [*node.elts]
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return [node.elt]
        if isinstance(node, ast.DictComp):
            return [node.value]
        decorators = getattr(node, "decorator_list", ())
        made = [definition for one in decorators for definition in self._called(one)]
        return [value for definition in made for value in self._returned(definition)]

    def _meanings(self, node: ast.Name) -> list[ast.AST]:
        """All that a name may stand for, or that holds it."""
        home = self.home(node.id, self._scope(node))
        if home is None:
            return []
        found = [*home.values.get(node.id, ()), *home.items.get(node.id, ())]
        if node.id in home.defaults:
            found.append(home.defaults[node.id])
        return found + [given.value for given in self.given.get((home, node.id), {}).values()]

    def _count(self) -> None:
        self.steps += 1
        if self.steps > STEPS_LIMIT:
            raise TooInvolved

    def _path(self, node: ast.expr) -> str:
        """'functools.partial', or the name of a builtin; '' for a name of the code's own."""
        path = screening.path_of(node, self.imported)
        if not path and isinstance(node, ast.Name) and self.home(node.id, self._scope(node)):
            return ""
        return path or getattr(node, "id", "")

    def _scope(self, node: ast.AST) -> Scope:
        return self.scopes.get(id(node), self.module)

    # -- what lasts ------------------------------------------------------------------------

    def kind(self, node: ast.AST | None) -> str:
        """Can something be written into what this gives, or does it go on with each use?"""
        self._count()
        if id(node) not in self.kinds:
            self.kinds[id(node)] = PLAIN  # while it is worked out: nothing more from going round
            self.kinds[id(node)] = self._kind(node)
        return self.kinds[id(node)]

    def _kind(self, node: ast.AST | None) -> str:
        if isinstance(node, (ast.BoolOp, ast.Tuple)):
            parts = node.values if isinstance(node, ast.BoolOp) else node.elts
            return worst(self.kind(part) for part in parts)
        if isinstance(node, ast.IfExp):
            return worst(self.kind(part) for part in (node.body, node.orelse))
        if isinstance(node, ast.Subscript) and self.kind_inside(node.value) == PLAIN:
            return PLAIN
        if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare)):  # of tensors: one more
            return HOLDER if worst(map(self.kind, operands(node))) != PLAIN else PLAIN
        if isinstance(node, (ast.NamedExpr, ast.Starred, ast.Subscript)):
            return self.kind(node.value)
        if isinstance(node, ast.GeneratorExp):
            return GOES_ON
        if isinstance(node, ast.Name):
            if node.id in self.imported:
                return PLAIN
            home = self.home(node.id, self._scope(node))
            if home is None:
                return PLAIN
            if node.id in home.parameters and not self._is_given_anew(node, home):
                default = home.defaults.get(node.id)
                kinds = [self.kind(given.value) for given in self._kept_for(home, node.id)]
                holds = HOLDER if worst(kinds) != PLAIN else PLAIN
                return worst([holds, self.kind(default) if default else PLAIN])
            kinds = [self.kind(v) for v in home.values.get(node.id, ())]
            inside = [self.kind_inside(v) for v in home.items.get(node.id, ())]
            return worst([*kinds, HOLDER if worst(inside) != PLAIN else PLAIN])
        if isinstance(node, ast.Attribute):
            if screening.path_of(node, self.imported) or node.attr in PLAIN_ATTRIBUTES:
                return PLAIN
            kind = worst([self.kind(node.value), *map(self.kind, self._class_values(node))])
            if kind == PLAIN and worst(map(self.kind, self.stored.get(node.attr, ()))) != PLAIN:
                return HOLDER
            return GOES_ON if kind == HOLDER and is_load(node) and is_write(node.attr) else kind
        if isinstance(node, ast.Call):
            return self._kind_of_call(node)
        if isinstance(node, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
            return HOLDER
        return PLAIN

    def kind_inside(self, node: ast.AST) -> str:
        """What kind() is of what lies in this: PLAIN for a table of numbers or texts."""
        self._count()
        if id(node) not in self.inside:
            self.inside[id(node)] = PLAIN
            self.inside[id(node)] = self._kind_inside(node)
        return self.inside[id(node)]

    def _kind_inside(self, node: ast.AST) -> str:
        if isinstance(node, ast.Dict):
            return worst(map(self.kind, node.values))
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return worst(map(self.kind, node.elts))
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self.kind(node.elt)
        parts: list[ast.AST] = []
        if isinstance(node, ast.Name) and node.id not in self.imported:
            parts = self._meanings(node)
        elif isinstance(node, ast.Call) and self._path(node.func) in HANDS_BACK:
            parts = [*node.args]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            parts = [node.func.value] if node.func.attr in ITEMS else []
        return worst(map(self.kind_inside, parts)) if parts else self.kind(node)

    def _kept_for(self, home: Scope, name: str) -> list[Given]:
        """What a parameter is given in calls of the answer, or for good."""
        return [given for given in self.given.get((home, name), {}).values() if not given.by_a_cell]

    def _is_given_anew(self, node: ast.Name, home: Scope) -> bool:
        """True where a parameter was assigned before, so that it is no longer what was given."""
        body = getattr(home.node, "body", ())
        return (
            isinstance(body, list)
            and self._scope(node).owner is home
            and any(
                isinstance(statement, ast.Assign)
                and statement.end_lineno is not None
                and statement.end_lineno < node.lineno
                and any(isinstance(t, ast.Name) and t.id == node.id for t in statement.targets)
                for statement in body
            )
        )

    def takes_attributes(self, node: ast.AST) -> bool:
        """True for functions, classes, modules and layers: plain, but for new attributes."""
        self._count()
        if id(node) not in self.attributes:
            self.attributes[id(node)] = False
            self.attributes[id(node)] = self._takes_attributes(node)
        return self.attributes[id(node)]

    def _takes_attributes(self, node: ast.AST) -> bool:
        if isinstance(node, (*DEFINITIONS, ast.Lambda)):
            return True
        if self._library_object(node) or getattr(node, "attr", "") == "__class__":
            return True
        parts: list[ast.AST] = []
        if isinstance(node, ast.Name):
            parts = self._meanings(node)
        elif isinstance(node, ast.Call):
            path = self._path(node.func)
            return path in ("functools.partial", "type") or path.startswith(LAYERS)
        elif isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.NamedExpr)):
            parts = [node.value]
        elif isinstance(node, (ast.IfExp, ast.BoolOp, ast.Tuple)):
            parts = [*ast.iter_child_nodes(node)]
        return any(map(self.takes_attributes, parts))

    def _is_fixed(self, node: ast.AST) -> bool:
        """True for numbers, texts and the like: nothing of them can be written."""
        return self.kind(node) == PLAIN and not self.takes_attributes(node)

    def is_new(self, node: ast.AST, depth: int = 0) -> bool:
        """True for a list, dict or iterator that each call makes: what lies in it may last."""
        self._count()
        if depth > 8 or isinstance(node, (ast.List, ast.Set, ast.Dict, *COMPREHENSIONS)):
            return depth <= 8
        if isinstance(node, ast.Call):
            path = self._path(node.func)
            return path in NEW_CONTAINERS | GO_ON or path.startswith("itertools.")
        parts: list[ast.AST] = []
        if isinstance(node, ast.IfExp):
            parts = [node.body, node.orelse]
        elif isinstance(node, ast.BoolOp):
            parts = [*node.values]
        elif isinstance(node, ast.Name):
            home = self.home(node.id, self._scope(node))
            if home is None or home.lasts or node.id in home.items or node.id in home.defaults:
                return False
            parts = [*home.values.get(node.id, ())]
            if node.id in home.parameters and not self._is_given_anew(node, home):
                kept = self._kept_for(home, node.id)
                if not kept or any(g.loose or g.place.owner is self.module for g in kept):
                    return False
                parts += [given.value for given in kept]
        parts = [part for part in parts if not isinstance(part, ast.Constant)]
        return bool(parts) and all(self.is_new(part, depth + 1) for part in parts)

    def _put_into(self, node: ast.AST) -> list[ast.expr]:
        """What code puts into a list or dict that it makes, by `d[k] = v` or `d.append(v)`."""
        if not isinstance(node, ast.Name) or not self.is_new(node):
            return []
        home = self.home(node.id, self._scope(node))
        found = self.put.get((home, node.id), []) if home is not None else []
        return [value for value in found if not self._is_fixed(value)]

    def _lasting_class(self, node: ast.expr) -> str:
        """The name of the class of an object, where it is made once."""
        home = self.home(node.id, self._scope(node)) if isinstance(node, ast.Name) else None
        made = home.parent if home is not None else None
        if made is None or not made.is_class or not made.lasts or not isinstance(node, ast.Name):
            return ""
        of_it = home is not None and home.parameters[:1] == [node.id]
        return made.node.name if of_it else ""  # type: ignore[attr-defined]

    def _library_object(self, node: ast.AST) -> str:
        """The path of a library's function, class or module; '' for anything else."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        path = screening.path_of(node, self.imported)
        thing = screening.object_at(path) if path else None
        return path if callable(thing) or isinstance(thing, ModuleType) else ""

    def _kind_of_call(self, call: ast.Call) -> str:
        path = self._path(call.func)
        if path in GO_ON or path.startswith("itertools."):
            return GOES_ON
        if any(word.arg == "requires_grad" for word in call.keywords):
            return GOES_ON  # its gradient adds up
        arguments = [*call.args, *(word.value for word in call.keywords)]
        attribute = getattr(call.func, "attr", "")
        if path.startswith("math.") or (
            attribute in PLAIN_METHODS and attribute not in self.methods
        ):
            return PLAIN
        if path in PLAIN_CALLS or path.startswith(("logging.", *LAYERS)):
            if "Norm" in path or is_on(self._by_name(call, path).get("max_norm")):
                return GOES_ON  # counts its batches, or writes into its table
            return worst(self.kind(a) for a in arguments)
        for definition in self._called(call.func):
            generates = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in ast.walk(definition))
            if generates and not getattr(definition, "decorator_list", ()):
                return GOES_ON
        if path.startswith(ALIVE) and isinstance(screening.object_at(path), type):
            return GOES_ON
        made = self._class_of(call.func)
        if made is not None and self._writes_to_itself(made):
            return GOES_ON
        if isinstance(call.func, ast.Attribute) and self.kind(call.func.value) == GOES_ON:
            return GOES_ON
        return HOLDER

    def _class_values(self, node: ast.Attribute) -> list[ast.AST]:
        """What a class gives the attribute `S.n`, or `self.n` in its own methods."""
        made = self._class_of(node.value)
        inner = self.own[id(made)] if made is not None else None
        if inner is None and isinstance(node.value, ast.Name):
            home = self.home(node.value.id, self._scope(node))
            of_class = home is not None and home.parent is not None and home.parent.is_class
            if home is not None and of_class and home.parameters[:1] == [node.value.id]:
                inner = home.parent
        return inner.values.get(node.attr, []) if inner is not None else []

    def _class_of(self, function: ast.expr) -> ast.ClassDef | None:
        if not isinstance(function, ast.Name):
            return None
        home = self.home(function.id, self._scope(function))
        values = home.values.get(function.id, ()) if home else ()
        return next((v for v in values if isinstance(v, ast.ClassDef)), None)

    def _writes_to_itself(self, made: ast.ClassDef) -> bool:
        """True where a method, once the object is there, changes an attribute of it."""
        bases = [self._class_of(base) for base in made.bases]
        if any(base is not None and self._writes_to_itself(base) for base in bases if base != made):
            return True
        for method in made.body:
            if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            names = self.own[id(method)].parameters
            if method.name in BUILDERS or not names:
                continue
            for node in ast.walk(method):
                target = written(node)
                if target is not None and root(target) == names[0]:
                    return True
        return False

    def lasting(self, node: ast.AST | None, seen: frozenset[Any] = frozenset()) -> str:
        """The name of what lasts where this may be it, or lie in it; '' where it may not."""
        self._count()
        if node is None or id(node) in self.known:
            return self.known.get(id(node), "")
        if id(node) in seen:
            self.cuts += 1
            return ""
        cuts = self.cuts
        found = self._lasting(node, seen | {id(node)})
        if found or self.cuts == cuts:  # else more may be found from elsewhere
            self.known[id(node)] = found
        return found

    def _lasting(self, node: ast.AST, seen: frozenset[Any]) -> str:

        def first(parts: Any) -> str:
            return next((name for part in parts if (name := self.lasting(part, seen))), "")

        scope = self._scope(node)
        if isinstance(node, ast.Name):
            return self._lasting_name(node, scope, seen)
        if isinstance(node, ast.Attribute):
            return self._lasting_attribute(node, scope, seen)
        if isinstance(node, ast.Subscript):
            return self.lasting(node.value, seen) or first(self._put_into(node.value))
        if isinstance(node, (ast.NamedExpr, ast.Starred, ast.Await)):
            return self.lasting(node.value, seen)
        if isinstance(node, ast.IfExp):
            return first((node.body, node.orelse))
        if isinstance(node, ast.BoolOp):
            return first(node.values)
        if isinstance(node, (ast.Tuple, ast.List, ast.Set, ast.Dict)):
            parts = node.values if isinstance(node, ast.Dict) else node.elts
            return first(part for part in parts if not self._is_fixed(part))
        if isinstance(node, ast.Call):
            path = self._path(node.func)
            if path == "logging.getLogger":
                return path
            if path == "type" and len(node.args) == 1:
                return self._lasting_class(node.args[0])
            if path in HANDS_BACK:
                return first(node.args)
            if isinstance(node.func, ast.Attribute) and node.func.attr in ITEMS:
                return self.lasting(node.func.value, seen)
            for definition in self._called(node.func):
                found = first(self._returned(definition))
                if found:
                    return found
        return ""

    def _lasting_name(self, node: ast.Name, scope: Scope, seen: frozenset[Any]) -> str:
        name = node.id
        home = self.home(name, scope)
        if home is None:
            return ""
        anew = self._is_given_anew(node, home)
        if (home, name, anew) in seen:
            self.cuts += 1
            return ""
        seen = seen | {(home, name, anew)}
        values = home.values.get(name, [])
        # What a scope that lasts binds is kept; the scope's own code is run once.
        kept = home.lasts and not home.is_class and (home is self.module or home is not scope.owner)
        if kept and not (home is self.module and name in self.imported):
            return name
        if name in home.parameters and not anew:
            default = home.defaults.get(name)
            if default is not None:
                made_once = home.parent is not None and home.parent.lasts
                if made_once and self.kind(default) != PLAIN:
                    return name
                if self.lasting(default, seen):
                    return self.lasting(default, seen)
            for given in self._kept_for(home, name):
                value = given.value
                if self._is_fixed(value):
                    continue
                if given.place.owner is self.module:
                    return name
                found = self.lasting(value, seen) or self._library_object(value)
                if found:
                    return found
            method_of = home.parent if home.parent is not None and home.parent.is_class else None
            if method_of and home.parameters[0] == name and is_class_method(home.node):
                return method_of.node.name if method_of.lasts else ""  # type: ignore[attr-defined]
            return ""
        if any(isinstance(value, ast.ExceptHandler) for value in values):
            values = [*values, *self.raised]
        for value in [*values, *home.items.get(name, ())]:
            if isinstance(value, ast.expr):
                found = self.lasting(value, seen)
                if found:
                    return found
        return ""

    def _lasting_attribute(self, node: ast.Attribute, scope: Scope, seen: frozenset[Any]) -> str:
        path = screening.path_of(node, self.imported)
        if path:
            thing = screening.object_at(path)
            return path if isinstance(thing, (list, dict, set)) else ""
        if node.attr == "__class__":
            return self._lasting_class(node.value)
        found = self.lasting(node.value, seen)
        if found:
            return f"{found}.{node.attr}" if "." not in found else found
        values = self._class_values(node)
        if values and all(isinstance(value, DEFINITIONS) for value in values):
            return ""
        for value in self.stored.get(node.attr, ()):
            if self.kind(value) != PLAIN and self.lasting(value, seen):
                return self.lasting(value, seen)
        # self.seen, where `seen` is the class's and no object has one of its own.
        scope = scope.owner
        while scope.parent is not None and not scope.parent.is_class:
            scope = scope.parent.owner
        made = scope.parent
        if made is None or not made.lasts or not scope.parameters:
            return ""
        if not isinstance(node.value, ast.Name) or node.value.id != scope.parameters[0]:
            return ""
        values = made.values.get(node.attr, [])
        own = any(
            isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and n.attr == node.attr
            for n in ast.walk(made.node)
        )
        kept = any(self.kind(value) != PLAIN for value in values)
        return f"{made.node.name}.{node.attr}" if kept and not own else ""  # type: ignore[attr-defined]

    # -- what is written -------------------------------------------------------------------

    def found(self) -> list[str]:
        for node in self.nodes:
            scope = self.scopes[id(node)].owner
            self._look_at_caches(node, scope)
            if scope.is_function and not self._runs_once(scope):
                self._look_at(node, scope)
        for value in self.module.values.get(self.answer, ()):
            if isinstance(value, ast.expr) and self.kind(value) == GOES_ON:
                self._keeps(self.answer, value)
        return [f"{reason} in line {line}" for reason, line in self.lines.items()]

    def _runs_once(self, scope: Scope) -> bool:
        """True for a function that cells call, such as a decorator, and no other code."""
        if not scope.lasts or id(scope.node) in self.handed_on:
            return False
        name = getattr(scope.node, "name", "")
        if name in BUILDERS and scope.parent is not None:
            name = getattr(scope.parent.node, "name", "")
        if name == self.answer:
            return False
        users = [
            self.scopes[id(node)].owner
            for node in self.nodes
            if isinstance(node, ast.Name) and node.id == name and is_load(node)
        ]
        return all(user is self.module or user.lasts for user in users)

    def say(self, reason: str, node: ast.AST) -> None:
        self.lines.setdefault(reason, getattr(node, "lineno", 0))

    def _keeps(self, name: str, node: ast.AST) -> None:
        if name:
            self.say(f"keeps something from call to call in `{name}`", node)

    def _look_at_caches(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, (ast.Name, ast.Attribute)):
            path = screening.path_of(node, self.imported)
            if path in CACHES and scope.lasts:
                self.say(f"keeps results from call to call with `{path}`", node)

    def _look_at(self, node: ast.AST, scope: Scope) -> None:
        """One node of code that is run in each call."""
        target = written(node)
        calls_a_definition = target is not None and is_load(node) and self._is_definition(target)
        if target is not None and not calls_a_definition and not self.is_new(target):
            self._keeps(self.lasting(target), node)
        for name in scope.outer.keys() & set(rebound(node)):
            home = self.home(name, scope)
            if home is not None and home.lasts and home is not scope:
                self._keeps(name, node)
        of_a_type = getattr(getattr(node, "value", None), "id", "") in BUILTIN_TYPES
        handed_on = of_a_type and node not in self.functions_called
        if isinstance(node, ast.Attribute) and handed_on and is_write(node.attr):
            self.say(f"hands on `{node.attr}`", node)
        if isinstance(node, (ast.Name, ast.Attribute)):
            reads_grad = getattr(node, "attr", "") == "grad"
            goes_on = self.kind(node) == GOES_ON and written(node) is None
            inside = isinstance(node, ast.Attribute) and self.kind(node.value) == GOES_ON
            if is_load(node) and (reads_grad or (goes_on and not inside and not self.is_new(node))):
                self._keeps(self.lasting(node), node)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            before = [v for v in scope.values.get(name, ()) if isinstance(v, ast.expr)]
            for value in scope.items.get(name, ()):
                if self.kind_inside(value) != PLAIN:
                    self._keeps(self.lasting(value), node)
            if name in scope.parameters:
                before.append(node.target)
            for value in before:
                if self.kind(value) != PLAIN and not self.is_new(value):
                    self._keeps(self.lasting(value), node)
        elif isinstance(node, ast.Call):
            self._look_at_call(node)

    def _is_definition(self, node: ast.expr) -> bool:
        """True for the name of a class or function of the code: it has methods like `apply_`."""
        home = self.home(node.id, self._scope(node)) if isinstance(node, ast.Name) else None
        values: list[ast.AST] = [*home.values.get(node.id, ())] if home else []  # type: ignore[attr-defined]
        if home is not None:
            values += [given.value for given in self._kept_for(home, node.id)]  # type: ignore[attr-defined]
        return bool(values) and all(
            isinstance(value, DEFINITIONS) or self._library_object(value) for value in values
        )

    def _is_given(self, node: ast.expr, seen: frozenset[Any] = frozenset()) -> bool:
        """True where a value is made of something that each call is given, or makes anew."""
        for name in ast.walk(node):
            if isinstance(name, ast.Call) and self._path(name.func) in NEW_FILES:
                return True
            if not isinstance(name, ast.Name):
                continue
            home = self.home(name.id, self._scope(name))
            if home is None or home is self.module or (home, name.id) in seen:
                continue
            if name.id in home.parameters and name.id not in home.defaults:
                return True
            more = seen | {(home, name.id)}
            for value in [*home.values.get(name.id, ()), *home.items.get(name.id, ())]:
                if isinstance(value, ast.expr) and self._is_given(value, more):
                    return True
        return False

    def _look_at_call(self, call: ast.Call) -> None:
        path = self._path(call.func)
        if path in SETTINGS:
            self._keeps(path, call)
        if path in CLOCKS:
            self.say(f"asks `{path}` for the time", call)
        constants = {str(a.value) for a in call.args if isinstance(a, ast.Constant)}
        if path.startswith(("numpy.", "pandas.")) and constants & NOW:
            self.say(f"asks `{path}` for the time", call)
        file = file_written(call, path)
        if file is not None and not self._is_given(file):
            self.say("writes a file that no argument names", call)
        values = [a.value for a in call.args if isinstance(a, ast.Constant)]
        texts = [value for value in values if isinstance(value, str)]
        if path in LOOK_UP and any(is_write(text) for text in texts):
            self.say(f"hands on `{texts[0]}`", call)
        if path == "getattr" and len(call.args) > 1:
            name = getattr(call.args[1], "value", None)
            if not isinstance(name, str) or is_write(name):
                self._keeps(self.lasting(call.args[0]), call)
        last = path.rsplit(".", 1)[-1] or getattr(call.func, "attr", "")
        of_a_type = isinstance(call.func, ast.Attribute) and is_write(last)
        if path in WRITERS or path.startswith("torch.nn.init.") or of_a_type:
            into_new = isinstance(call.func, ast.Attribute) and self.is_new(call.func.value)
            attributes = last in ("setattr", "delattr", "__setattr__", "__delattr__")
            for argument in call.args[: 0 if into_new else 1]:
                name = self.lasting(argument)
                writable = attributes or self.kind(argument) != PLAIN
                if name and writable and not self.is_new(argument):
                    self._keeps(name, call)
        outputs = self._outputs(call, path)
        thing = screening.object_at(path) if path.startswith("numpy.") else None
        if thing is not None and type(thing).__name__ == "ufunc":
            outputs += call.args[thing.nin :]
        elif path.startswith("numpy.") and path.endswith(".at"):
            outputs += call.args[:1]
        for output in outputs:
            if not self.is_new(output):
                self._keeps(self.lasting(output), call)

    def _outputs(self, call: ast.Call, path: str) -> list[ast.AST]:
        """The arguments that a library's function writes into, besides what its name says."""
        given = self._by_name(call, path)
        others = [*call.args, *(word.value for word in call.keywords)]
        found = [given["out"]] if "out" in given else []
        if is_on(given.get("training")) or is_on(given.get("use_input_stats")):
            found += [given[name] for name in RUNNING if name in given]
        if path.endswith("instance_norm") and "use_input_stats" not in given:  # it is on
            found += [given[name] for name in RUNNING if name in given]
        if is_on(given.get("inplace")) or is_on(given.get("max_norm")):
            found += others
            if isinstance(call.func, ast.Attribute) and not path:
                found.append(call.func.value)
        attribute = getattr(call.func, "attr", "")
        if path.startswith("torch.distributed.") or attribute in WRITE_ARGUMENTS:
            found += [value for value in others if self.kind(value) != PLAIN]
        if path.startswith("torch.nn.utils.") and path.rsplit(".", 1)[-1] in CHANGES_MODELS:
            found += [ast.Subscript(value, ast.Constant(0), ast.Load()) for value in others]
        if not path and self.in_place and not self._stands_for(call.func):
            # It may be a layer that writes into what it is called with.
            found += [value for value in others if self.kind(value) != PLAIN]
        return found

    def _by_name(self, call: ast.Call, path: str) -> dict[str, ast.AST]:
        """The arguments of a call by the names of their parameters, as far as they are known."""
        found: dict[str, ast.AST] = {}
        thing = screening.object_at(path) if path else None
        if callable(thing):
            try:
                found |= zip(inspect.signature(thing).parameters, call.args, strict=False)
            except (TypeError, ValueError):  # not all that is written in C tells its parameters
                found |= zip(IN_C.get(path, ()), call.args, strict=False)
        for word in call.keywords:
            if word.arg is not None:
                found[word.arg] = word.value
            elif isinstance(word.value, ast.Dict):
                for key, value in zip(word.value.keys, word.value.values, strict=True):
                    if isinstance(key, ast.Constant):
                        found[str(key.value)] = value
        return found


def is_on(node: ast.AST | None) -> bool:
    """True for an argument that switches something on, as far as it shows."""
    return node is not None and not (isinstance(node, ast.Constant) and not node.value)


def bindings(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Names that a node binds by itself, each with what it gives them."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from matched(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield from matched(node.target, node.value)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, ast.Constant(0)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from matched(node.optional_vars, node.context_expr)
    elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and node.name:
        yield node.name, node
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0], node


def matched(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Starred):
        yield from matched(target.value, ast.List([value], ast.Load()))  # a list of its own
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts = getattr(value, "elts", [])
        fits = len(parts) == len(target.elts)
        fits = fits and not any(isinstance(one, ast.Starred) for one in [*parts, *target.elts])
        for place, one in enumerate(target.elts):
            inside = ast.Subscript(value, ast.Constant(place), ast.Load())
            yield from matched(one, parts[place] if fits else inside)


def items_of(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names of a loop, each with what it goes through."""
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        for name, _ in matched(node.target, node.iter):
            yield name, node.iter
    elif isinstance(node, ast.Match):
        for part in (part for case in node.cases for part in ast.walk(case.pattern)):
            if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
                yield part.name, ast.Tuple([node.subject], ast.Load())  # it, or what lies in it


def rebound(node: ast.AST) -> Iterator[str]:
    """Names that a node gives another meaning where it stands."""
    if isinstance(node, ast.Name) and not is_load(node):
        yield node.id
    elif isinstance(node, (*DEFINITIONS, ast.MatchAs, ast.MatchStar, ast.ExceptHandler)):
        yield node.name or ""
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


def kept_under(node: ast.AST) -> set[str]:
    """Names under which what a node of a cell makes is kept."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    names = {name for name, _ in [*bindings(node), *items_of(node)]}
    if isinstance(node, ast.Assign):
        names |= {root(target) for target in node.targets}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        names.add(root(node.func))
    return names


def written(node: ast.AST) -> ast.expr | None:
    """What a node writes into: `d` of `d[k] = v`, of `del d.x`, and of `d.append`."""
    if isinstance(node, (ast.Attribute, ast.Subscript)):
        if not isinstance(node.ctx, ast.Load):
            return node.value
        if isinstance(node, ast.Attribute) and is_write(node.attr):
            return node.value
    return None


def file_written(call: ast.Call, path: str) -> ast.expr | None:
    """The path of the file that a call writes; None where it writes none."""
    words = {word.arg: word.value for word in call.keywords}
    attribute = getattr(call.func, "attr", "")
    if path in WRITE_FILES and len(call.args) > WRITE_FILES[path]:
        return call.args[WRITE_FILES[path]]
    if attribute in METHODS_OF_PATHS and isinstance(call.func, ast.Attribute):
        return call.func.value
    if path in ("open", "io.open") or attribute == "open":
        of_path = attribute == "open" and path != "io.open"
        place = 0 if of_path else 1
        mode = call.args[place] if len(call.args) > place else words.get("mode")
        reads = mode is None or getattr(mode, "value", "") in ("r", "rb", "rt")
        file = call.func.value if of_path and isinstance(call.func, ast.Attribute) else None
        return None if reads else file or (call.args[0] if call.args else words.get("file"))
    return None


def is_load(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)


def is_write(name: str) -> bool:
    """True for a method that changes its object."""
    return name in WRITES or (name.endswith("_") and not name.endswith("__"))


def root(node: ast.expr) -> str:
    """The name that a chain of attributes, subscripts and calls begins with; '' for none."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def operands(node: ast.AST) -> list[ast.AST]:
    return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]


def is_static(node: ast.AST) -> bool:
    return "staticmethod" in {getattr(d, "id", "") for d in getattr(node, "decorator_list", ())}


def is_class_method(node: ast.AST) -> bool:
    names = {getattr(d, "id", "") for d in getattr(node, "decorator_list", ())}
    of_class = ("__new__", "__init_subclass__", "__class_getitem__")
    return "classmethod" in names or getattr(node, "name", "") in of_class


def worst(kinds: Any) -> str:
    """Of some kinds, the one that lets most happen."""
    found = set(kinds)
    return next((kind for kind in (GOES_ON, HOLDER) if kind in found), PLAIN)
