"""What a call leaves behind at the objects that it was given, and at torch's own switches.

`Before(args, named)` reads, before a call, everything that a call can reach; `changes()` reads the
same places again and tells what differs, as plain data. Nothing of a class that an answer may have
written is called on the way: attributes, items and lengths are read as the builtin types read them.
What cannot be read is left out; nothing here raises.

Three things are not seen. Large tensors are compared at SAMPLED places. Whether an answer drew
numbers from torch's or Python's own generator is not told, because building a layer draws as well;
that it seeded one is, unless with the seed that was there already. A list or dict that is changed
only after the call that it was given to has returned.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import itertools
import random
import sys
import sysconfig
import types
import warnings
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import torch

from .plain import type_name
from .texts import text

OBJECTS_LIMIT = 2_000  # that are looked at for one call
DEPTH_LIMIT = 6  # from an argument to what it holds
ITEMS_LIMIT = 5_000  # of one list or dict
WHOLE_TENSOR = 20_000  # elements; a larger tensor is compared at SAMPLED places
SAMPLED = 4_096
PLAIN_ITEMS = 50  # of a result
WATCHED_CALLS = 50  # of one case
KEPT_CALLS = 5
SENTENCES_LIMIT = 3
CHANGES_LIMIT = 40  # of one case that are kept
NAME_LIMIT = 200  # characters of an argument's name, with the method's
TEXT_LIMIT = 100  # characters of a name or a value in a change
TWISTS = 200  # of Python's generator, 624 draws each, that count as drawing and not as seeding

CALL, END = "call", "end"  # a change was there when the call ended, or when the case did
TORCH = "torch"  # stands for an argument where what changed belongs to none
# What can have changed, and in which order it is told.
KINDS: tuple[str, ...] = (
    *("class", "forward", "parts", "parameters", "training", "requires_grad", "hooks_removed"),
    *("hooks_added", "attributes", "buffers", "values", "gradients", "graph", "shape", "items"),
    *("settings", "state", "draws", "grad_mode", "inference_mode", "default_dtype"),
    *("default_device", "deterministic", "anomaly", "threads", "seed", "global_hooks_removed"),
    *("global_hooks_added", "warning_filters"),
)
# No changes. GONE: something of the argument is no longer there when the case ends (an answer may
# hold it longer, and then shows what the observation did to it afterwards); of TORCH: the end was
# not looked at. LAZY: what a call gave back is an iterator, which does its work later.
GONE, LAZY = "gone", "lazy"
KINDS += (GONE, LAZY)

LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
OUR_LIBRARIES = {"torch", "torchvision", "torchtext"}
NOT_LOOKED_INTO = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType),
    *(types.GeneratorType, types.CoroutineType, types.CodeType, types.FrameType),
)
# What of a class is watched, and when its arguments are compared: what its constructor may do early
# or late is a matter of style.
METHODS = {"__init__": (END,), "__call__": (CALL,), "forward": (CALL,)}
VALUES = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
MODULE_OWN = {*vars(torch.nn.Module()), "_flat_weights", "_flat_weights_names", "_flat_weight_refs"}
MODULE_OWN |= {"_is_full_backward_hook"}
GLOBAL_HOOKS = tuple(
    name
    for name, table in vars(torch.nn.modules.module).items()
    if name.startswith("_global_") and isinstance(table, dict)
)
TENSOR_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


@dataclasses.dataclass(frozen=True)
class SideEffect:
    """One thing that a call left changed.

    argument: position (from 0) or keyword of the argument in the call, or TORCH. what: one of
    KINDS. when: CALL or END. part, before, after: for people, '' where nothing can be said.
    Two are the same thing when argument, what and when are.
    """

    argument: str
    what: str
    when: str = CALL
    part: str = dataclasses.field(default="", compare=False)
    before: str = dataclasses.field(default="", compare=False)
    after: str = dataclasses.field(default="", compare=False)


class Before:
    """What can be reached from the arguments of a call, as it is now."""

    def __init__(self, args: tuple, named: dict[str, Any] | None = None, label: str = "") -> None:
        self._label = label
        self._switches = _read(_switches, None)
        self._places: list[_Place] = []
        self._kept: list[Any] = []  # while the call runs nothing may get the place of another
        if not _is_traced():
            with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
                self._walk(args, named or {})

    def _walk(self, args: tuple, named: dict[str, Any]) -> None:
        known: set[int] = set()
        waiting: collections.deque[tuple[str, str, str, int, Any]] = collections.deque()
        for position, argument in enumerate(args):
            waiting.append((f"{self._label}{position}", "", "", 0, argument))
        for name, argument in named.items():
            waiting.append((f"{self._label}{name[:TEXT_LIMIT]}", "", "", 0, argument))
        while waiting and len(known) < OBJECTS_LIMIT:
            argument, path, role, depth, thing = waiting.popleft()
            if type(thing) in VALUES or id(thing) in known:
                continue
            known.add(id(thing))
            self._kept.append(thing)
            reader = _reader(thing)
            if reader is None:
                if issubclass(type(thing), tuple) and depth < DEPTH_LIMIT:
                    for number, item in enumerate(tuple.__iter__(thing)):
                        waiting.append((argument, f"{path}[{number}]", role, depth + 1, item))
                continue
            facts = _read(reader, thing, role)
            if facts is None:
                continue
            for fact in facts.values():
                if type(fact) is _Values:
                    fact.keep()
            self._places.append(_Place(argument, path, role, thing, reader, facts))
            if depth < DEPTH_LIMIT:
                for name, inner_role, inner in _read(_inside, thing, role) or ():
                    inner_path = name if name.startswith("[") or not path else f".{name}"
                    waiting.append((argument, path + inner_path, inner_role, depth + 1, inner))

    def changes(self, when: str = CALL) -> list[SideEffect]:
        """What differs now, at most one for each argument and kind."""
        found: dict[SideEffect, SideEffect] = {}
        if not _is_traced():
            with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
                for place in self._places:
                    for effect in place.changes(when):
                        found.setdefault(effect, effect)
        now = _read(_switches, None)
        if self._switches is not None and now is not None:
            for effect in _differences(TORCH, "", self._switches, now, when):
                found.setdefault(effect, effect)
        return list(found)[:CHANGES_LIMIT]

    def let_go(self) -> None:
        """From here on nothing is kept alive: objects that are gone are not looked at again."""
        self._kept.clear()
        self._switches = None
        self._places = [place for place in self._places if place.let_go()]


class _Place:
    """An object, what was read there, and how it is read again."""

    def __init__(
        self, argument: str, path: str, role: str, thing: Any, reader: Callable, facts: dict
    ) -> None:
        self.argument, self.path, self.role = argument, path, role
        self._thing, self._reader, self._facts = thing, reader, facts
        self._weak: weakref.ref | None = None

    def let_go(self) -> bool:
        """Hold the object weakly; False if it cannot be held so."""
        if self._weak is None:
            try:
                self._weak = weakref.ref(self._thing)
            except TypeError:
                return type(self._thing) is torch.Generator
            self._thing = None
        return True

    def changes(self, when: str) -> Iterator[SideEffect]:
        thing = self._thing if self._weak is None else self._weak()
        if thing is None:
            yield SideEffect(self.argument, GONE, when)
            return
        now = _read(self._reader, thing, self.role)
        if now is not None:
            yield from _differences(self.argument, self.path, self._facts, now, when)


def _read(reader: Callable, *args: Any) -> Any:
    try:
        return reader(*args)
    except Exception:  # whatever an odd object does: it is left out
        return None


def _is_traced() -> bool:
    """True where torch writes down what is done and does not do it."""
    return (
        torch._C._get_tracing_state() is not None
        or torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None  # vmap and its like
    )


class Watch:
    """What the calls of one answer, on one case, leave behind.

    Of each call the arguments are compared when it ends. Where it gave back something that may do
    more later (an iterator, a function, an object), those of the first KEPT_CALLS are compared once
    more when the case ends. A call inside a call is part of the outer one.
    """

    def __init__(self) -> None:
        self._found: dict[SideEffect, SideEffect] = {}
        self._later: list[Before] = []
        self._calls = 0
        self._inside = False
        self._switches = Before(())

    def run(
        self,
        function: Callable[..., Any],
        args: tuple,
        named: dict[str, Any],
        *,
        skip: int = 0,
        label: str = "",
        whens: tuple[str, ...] = (CALL, END),
    ) -> Any:
        """function(*args, **named), watched.

        skip: leading arguments that are left out (`self`). label: goes before each argument's name.
        whens: when the arguments are compared.
        """
        if self._inside or self._calls >= WATCHED_CALLS:
            return function(*args, **named)
        self._calls += 1
        before = Before(args[skip:], named, label)
        self._inside = True
        try:
            result = function(*args, **named)
        except Exception:
            self._ended(before, whens)
            raise
        finally:
            self._inside = False
        lazy = _is_iterator(result)
        if lazy:
            self._note([SideEffect(TORCH, LAZY)])
        self._ended(before, whens, over=_is_plain(result), hold=lazy)
        return result

    def _ended(
        self, before: Before, whens: tuple[str, ...], over: bool = True, hold: bool = False
    ) -> None:
        """over: nothing that the answer gave back can do anything later. hold: the arguments are
        kept alive until the case ends, as an iterator would keep them."""
        if CALL in whens:
            self._note(before.changes(CALL))
        if END not in whens:
            return
        if over and CALL in whens:
            self._note([SideEffect(TORCH, GONE, END)])
        elif len(self._later) < KEPT_CALLS:
            if not hold:
                before.let_go()
            self._later.append(before)

    def _note(self, effects: list[SideEffect]) -> None:
        for effect in effects:
            self._found.setdefault(effect, effect)

    def finish(self) -> tuple[SideEffect, ...]:
        """All that was found, also what is there now that the case has ended."""
        self._note(self._switches.changes(END))
        for before in self._later:
            self._note(before.changes(END))
        self._later.clear()
        return tuple(self._found)[:CHANGES_LIMIT]


def _is_iterator(thing: Any) -> bool:
    bases = type.__dict__["__mro__"].__get__(type(thing))
    return any("__next__" in type.__dict__["__dict__"].__get__(base) for base in bases)


def _is_plain(thing: Any, depth: int = 2) -> bool:
    """True for tensors and values, and for containers of a few of them."""
    kind = type(thing)
    if kind in VALUES or kind in (torch.Tensor, torch.Size):
        return True
    if not depth or kind not in (list, tuple, dict) or len(thing) > PLAIN_ITEMS:
        return False
    return all(_is_plain(item, depth - 1) for item in (thing.values() if kind is dict else thing))


@contextlib.contextmanager
def watched_class(kind: Any, watch: Watch) -> Iterator[None]:
    """As long as this lasts, objects of the class are made, and called, under the watch.

    Whatever is no class is left alone, as a function is.

    The class stays the same object: isinstance, super() and its name are as they were.
    """
    own = type.__dict__["__dict__"].__get__(kind) if issubclass(type(kind), type) else {}
    put: dict[str, Any] = {}
    for name, whens in METHODS.items():
        method = own.get(name)
        if type(method) is types.FunctionType:
            put[name] = method
            type.__setattr__(kind, name, _watched_method(method, watch, name, whens))
    try:
        yield
    finally:
        for name, method in put.items():
            type.__setattr__(kind, name, method)


def _watched_method(
    method: Callable[..., Any], watch: Watch, name: str, whens: tuple[str, ...]
) -> Callable[..., Any]:
    label = "" if name == "__init__" else f"{name}."

    @functools.wraps(method)
    def noted(*args: Any, **named: Any) -> Any:
        return watch.run(method, args, named, skip=1, label=label, whens=whens)

    return noted


# -- reading one object ----------------------------------------------------------------------
# Each reader gives a dict from (kind, name) to what is compared there: a token (see `_token`), a
# tuple of tokens, or a `_Values` of a tensor.


def _reader(thing: Any) -> Callable | None:
    kind = type(thing)
    if issubclass(kind, torch.Tensor) and not _is_torch_s(kind):
        return None  # a class of the answer's own may put code behind every attribute
    for one, reader in READERS:
        if issubclass(kind, one):
            return reader
    if kind is getattr(sys.modules.get("numpy"), "ndarray", type):
        return _of_array
    if issubclass(kind, (tuple, *NOT_LOOKED_INTO)) or not _is_of_interest(kind):
        return None
    return _of_object if _attributes(thing) is not None else None


def _is_of_interest(kind: type) -> bool:
    """False for classes of libraries that keep caches of their own, such as pandas' and PIL's."""
    module = type.__dict__["__module__"].__get__(kind)
    if type(module) is not str:
        return True
    if module.partition(".")[0] in OUR_LIBRARIES:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return module != "builtins" and not (type(file) is str and file.startswith(LIBRARIES))


def _is_torch_s(kind: type) -> bool:
    module = type.__dict__["__module__"].__get__(kind)
    name = type.__dict__["__name__"].__get__(kind)
    if type(module) is not str or module.partition(".")[0] not in OUR_LIBRARIES:
        return False
    home = sys.modules.get(module)
    return home is not None and vars(home).get(name) is kind or kind is torch.Tensor


def _attributes(thing: Any) -> dict[str, Any] | None:
    """The `__dict__` of an object, whatever its class says about attributes."""
    for base in type.__dict__["__mro__"].__get__(type(thing)):
        descriptor = type.__dict__["__dict__"].__get__(base).get("__dict__")
        if type(descriptor) is types.GetSetDescriptorType:
            found = descriptor.__get__(thing)
            return found if type(found) is dict else None
    return None


def _token(value: Any, depth: int = 3) -> tuple:
    """What tells whether there is still the same value, or for other objects the same object."""
    kind = type(value)
    if kind in VALUES:
        # repr(): NaN is itself, and 0.0 is not -0.0.
        return (kind, repr(value) if kind in (float, complex) else value)
    if kind is tuple and depth:
        return (kind, *(_token(item, depth - 1) for item in value))
    return (object, id(value), kind)


def _of_module(module: torch.nn.Module, role: str) -> dict:
    own = _attributes(module) or {}
    facts: dict[tuple[str, str], Any] = {
        ("class", ""): _token(type(module)),
        ("forward", ""): _token(own.get("forward")),
        ("parts", ""): _named(own.get("_modules")),
        ("parameters", ""): _named(own.get("_parameters")),
        ("buffers", ""): _named(own.get("_buffers")),
        ("training", ""): _token(own.get("training")),
    }
    for name, table in _pairs(own):
        if type(name) is not str:
            continue
        if name.endswith("_hooks"):
            if hooks := _hooks(table):
                facts["hooks", name] = hooks
        elif name not in MODULE_OWN and name != "forward":
            facts["attributes", name] = _token(table)
    return facts


def _pairs(table: Any) -> Iterable[tuple[Any, Any]]:
    """The items in their order, which an OrderedDict keeps by itself; none if it is no dict."""
    if not issubclass(type(table), dict):
        return ()
    kind = collections.OrderedDict if type(table) is collections.OrderedDict else dict
    return kind.items(table)


def _items(some: Any) -> Iterable[Any]:
    """The first items of a list or deque; none of anything else."""
    for kind in (list, collections.deque):
        if issubclass(type(some), kind):
            return itertools.islice(kind.__iter__(some), ITEMS_LIMIT)
    return ()


def _named(table: Any) -> tuple:
    return tuple((_token(name), id(value)) for name, value in _pairs(table))


def _hooks(table: Any) -> tuple:
    """A hook is the same one under the same number."""
    return tuple((_token(key), id(hook)) for key, hook in _pairs(table))


def _of_tensor(tensor: torch.Tensor, role: str) -> dict:
    values = {"buffer": "buffers", "attribute": "attributes", "state": "state"}.get(role, "values")
    facts: dict[tuple[str, str], Any] = {
        ("shape", ""): (tuple(tensor.shape), str(tensor.dtype)),
        ("requires_grad", ""): _token(tensor.requires_grad and tensor.is_leaf),
        ("graph", ""): _token(tensor.grad_fn.name() if tensor.grad_fn is not None else None),
    }
    if tensor.layout is torch.strided:
        place = (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.stride())
        facts[values, ""] = _Values(tensor)
        facts[values, "place"] = place
    if tensor.is_leaf or tensor.retains_grad:
        gradient = tensor.grad
        facts["gradients", ""] = None if gradient is None else _Values(gradient)
    for name in TENSOR_HOOKS:
        if hooks := _hooks(getattr(tensor, name, None)):
            facts["hooks", name] = hooks
    return facts


class _Values:
    """The values of a tensor, of a large one those at some places."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._values: torch.Tensor | None = None
        if tensor.device.type == "meta" or tensor.layout is not torch.strided:
            return
        self._values = tensor.detach()
        if tensor.numel() > WHOLE_TENSOR:
            places = torch.linspace(
                *(0, tensor.numel() - 1, SAMPLED), dtype=torch.float64, device="cpu"
            ).long()
            index: list[torch.Tensor] = []
            for size in reversed(tensor.shape):
                index.insert(0, places % size)
                places = places // size
            self._values = self._values[tuple(index)]

    def keep(self) -> None:
        """From here on they are a copy: what happens to the tensor does not reach them."""
        if self._values is not None:
            self._values = self._values.clone()

    def __eq__(self, other: object) -> bool:
        if type(other) is not _Values:
            return False
        one, two = self._values, other._values
        if one is None or two is None:
            return one is two
        if one.shape != two.shape or one.dtype != two.dtype:
            return False
        return bool(torch.equal(one, two) or ((one == two) | ((one != one) & (two != two))).all())

    __hash__ = None  # type: ignore[assignment]


def _of_optimizer(optimizer: torch.optim.Optimizer, role: str) -> dict:
    own = _attributes(optimizer) or {}
    facts: dict[tuple[str, str], Any] = {("class", ""): _token(type(optimizer))}
    for number, group in enumerate(_items(own.get("param_groups"))):
        for name, value in _pairs(group):
            if type(name) is not str:
                continue
            if name == "params":
                facts["parameters", f"[{number}]"] = tuple(map(id, _items(value)))
            else:
                facts["settings", f"[{number}].{name}"] = _token(value)
    for parameter, of_it in _pairs(own.get("state")):
        for name, value in _pairs(of_it):
            if type(name) is str:
                facts["state", f"{id(parameter)} {name}"] = _token(value)
    for name, table in _pairs(own):
        if type(name) is not str:
            continue
        if name.endswith("_hooks"):
            facts["hooks", name] = _hooks(table)
        # Schedulers count calls of `step` by an attribute; names with _ are torch's own.
        elif name not in ("param_groups", "state", "step") and not name.startswith("_"):
            facts["attributes", name] = _token(table)
    return facts


def _of_generator(generator: torch.Generator, role: str) -> dict:
    return {
        ("seed", ""): _token(generator.initial_seed()),
        ("draws", ""): bytes(generator.get_state().numpy()),
    }


def _of_random(generator: random.Random, role: str) -> dict:
    state = random.Random.getstate(generator)
    return {("seed", ""): _Seeded(state), ("draws", ""): state}


class _Seeded:
    """A state of Python's generator; equal to what drawing makes of it."""

    def __init__(self, state: tuple) -> None:
        self._state = state

    def __eq__(self, other: object) -> bool:
        if type(other) is not _Seeded:
            return False
        wanted = other._state[1][:-1]
        if self._state[1][:-1] == wanted:
            return True
        copy = random.Random()
        copy.setstate(self._state)
        for _ in range(TWISTS):
            copy.getrandbits(32 * 624)
            if copy.getstate()[1][:-1] == wanted:
                return True
        return False

    __hash__ = None  # type: ignore[assignment]


def _of_list(items: Any, role: str) -> dict:
    length = list.__len__ if issubclass(type(items), list) else collections.deque.__len__
    some = tuple(_token(item) for item in _items(items))
    return {(_held(role), ""): (_Length(length(items)), some)}


def _of_dict(items: dict, role: str) -> dict:
    pairs = itertools.islice(_pairs(items), ITEMS_LIMIT)
    some = tuple((_token(key), _token(value)) for key, value in pairs)
    return {(_held(role), ""): (_Length(dict.__len__(items)), some)}


def _of_set(items: set, role: str) -> dict:
    some = frozenset(_token(item) for item in itertools.islice(set.__iter__(items), ITEMS_LIMIT))
    return {(_held(role), ""): (_Length(set.__len__(items)), some)}


class _Length(int):
    """How many items there were; shown in the sentence."""


def _held(role: str) -> str:
    """A list that an object holds is told as that object's attribute."""
    return {"attribute": "attributes", "state": "state"}.get(role, "items")


def _of_object(thing: Any, role: str) -> dict:
    own = _attributes(thing) or {}
    is_loader = issubclass(type(thing), torch.utils.data.DataLoader)
    facts: dict[tuple[str, str], Any] = {("class", ""): _token(type(thing))}
    for name, value in _pairs(own):
        if type(name) is str and not (
            (is_loader and name.startswith("_")) or _is_cache(thing, name)
        ):
            facts["attributes", name] = _token(value)
    return facts


def _is_cache(thing: Any, name: str) -> bool:
    """True for an attribute that comes up by being read."""
    bases = type.__dict__["__mro__"].__get__(type(thing))
    found = [type.__dict__["__dict__"].__get__(base).get(name) for base in bases]
    return any(type(one) is functools.cached_property for one in found)


def _of_array(array: Any, role: str) -> dict:
    if array.dtype.kind not in "biufc" or array.size > WHOLE_TENSOR:
        return {("shape", ""): (array.shape, str(array.dtype))}
    return {("shape", ""): (array.shape, str(array.dtype)), ("values", ""): array.tobytes()}


READERS: tuple[tuple[Any, Callable], ...] = (
    (torch.nn.Module, _of_module),
    (torch.Tensor, _of_tensor),
    (torch.optim.Optimizer, _of_optimizer),
    (torch.Generator, _of_generator),
    (random.Random, _of_random),
    ((list, collections.deque), _of_list),
    (dict, _of_dict),
    (set, _of_set),
)


def _inside(thing: Any, role: str) -> list[tuple[str, str, Any]]:
    """What an object holds: name, role, object."""
    kind = type(thing)
    own = _attributes(thing) or {} if not issubclass(kind, torch.Tensor) else {}
    if issubclass(kind, torch.nn.Module):
        found = [
            (_named_part(name), inner_role, value)
            for table, inner_role in MODULE_TABLES
            for name, value in _pairs(own.get(table))
        ]
        return found + [
            (name, "attribute", value)
            for name, value in _pairs(own)
            if type(name) is str and name not in MODULE_OWN and name != "forward"
        ]
    if issubclass(kind, torch.optim.Optimizer):
        groups = [_pairs(group) for group in _items(own.get("param_groups"))]
        state = [_pairs(of_it) for _, of_it in _pairs(own.get("state"))]
        pairs = [pair for group in groups for pair in group if type(pair[0]) is str]
        given = [one for name, value in pairs if name == "params" for one in _items(value)]
        return [
            *(("", "parameter", one) for one in given),
            *((name, "settings", value) for name, value in pairs if name != "params"),
            *((n, "state", v) for of_it in state for n, v in of_it if type(n) is str),
        ]
    if issubclass(kind, (list, collections.deque)):
        return [(f"[{n}]", role, item) for n, item in enumerate(_items(thing))]
    if issubclass(kind, dict):
        some = itertools.islice(_pairs(thing), ITEMS_LIMIT)
        return [(f"[{_named_part(key)!r}]", role, value) for key, value in some]
    if issubclass(kind, (torch.Tensor, torch.Generator, random.Random, set)):
        return []
    return [(n, "attribute", value) for n, value in _pairs(own) if type(n) is str]


MODULE_TABLES = (("_modules", ""), ("_parameters", "parameter"), ("_buffers", "buffer"))


def _named_part(name: Any) -> str:
    return name[:TEXT_LIMIT] if type(name) is str else type_name(type(name))


def _switches(_: None) -> dict:
    hooks = {
        ("global_hooks", name): _hooks(getattr(torch.nn.modules.module, name))
        for name in GLOBAL_HOOKS
    }
    return {
        **hooks,
        ("grad_mode", ""): _token(torch.is_grad_enabled()),
        ("inference_mode", ""): _token(torch.is_inference_mode_enabled()),
        ("default_dtype", ""): _token(torch.get_default_dtype()),
        ("default_device", ""): _token(torch.empty(0).device),
        ("deterministic", ""): _token(torch.are_deterministic_algorithms_enabled()),
        ("anomaly", ""): _token(torch.is_anomaly_enabled()),
        ("threads", ""): _token(torch.get_num_threads()),
        ("seed", "torch"): _token(torch.default_generator.initial_seed()),
        ("seed", "random"): _Seeded(random.getstate()),
        # Libraries that are loaded on the way add filters of their own.
        ("warning_filters", ""): (tuple(map(id, warnings.filters)), len(sys.modules)),
    }


# -- what differs ----------------------------------------------------------------------------


def _differences(
    argument: str, path: str, before: dict, now: dict, when: str
) -> Iterator[SideEffect]:
    if before == now:  # nearly always
        return
    nothing = object()
    for key in [*before, *(key for key in now if key not in before)]:
        kind, name = key
        old, new = before.get(key, nothing), now.get(key, nothing)
        part = ".".join(filter(None, (path, name)))[:TEXT_LIMIT]
        if kind in ("hooks", "global_hooks"):
            old_hooks = () if old is nothing else old
            new_hooks = () if new is nothing else new
            if any(hook not in new_hooks for hook in old_hooks):
                yield SideEffect(argument, f"{kind}_removed", when, path[:TEXT_LIMIT])
            if any(hook not in old_hooks for hook in new_hooks):
                yield SideEffect(argument, f"{kind}_added", when, path[:TEXT_LIMIT])
        elif kind == "warning_filters":
            if old[1] == new[1] and old[0] != new[0]:
                yield SideEffect(argument, kind, when)
        elif old is nothing or new is nothing or not old == new:  # noqa: SIM201 - _Values has no !=
            if kind == "state" or name == "place":  # such a name is ours
                part = path[:TEXT_LIMIT]
            if kind == "seed":  # is not told: that of the cases may be secret
                yield SideEffect(argument, kind, when, path[:TEXT_LIMIT])
            else:
                yield SideEffect(argument, kind, when, part, _shown(old), _shown(new))


def _shown(fact: Any) -> str:
    """A value as it is typed; '' for what has no short text."""
    if type(fact) is tuple and len(fact) == 2 and fact[0] in VALUES:
        value = fact[1]
        return (value if fact[0] in (float, complex) else repr(value))[:TEXT_LIMIT]
    return ""


# -- what is told ----------------------------------------------------------------------------


def more_than(
    right: tuple[SideEffect, ...],
    got: tuple[SideEffect, ...],
    may_change: Collection[str] = (),
    parameters: Sequence[str] = (),
) -> list[SideEffect]:
    """What an answer left changed that the reference did not, nor the exercise allows.

    may_change: `model.gradients`, `torch.seed`, by the names of the reference's parameters.
    """
    gone = {effect.argument for effect in right if effect.what == GONE}
    whens = (CALL, END) if SideEffect(TORCH, LAZY) in right else ()
    more = [
        effect
        for effect in got
        if effect not in right
        and effect.what not in (GONE, LAZY)
        and not (effect.when == END and (effect.argument in gone or TORCH in gone))
        and not any(dataclasses.replace(effect, when=when) in right for when in whens)
        and f"{_name(effect, parameters)}.{effect.what}" not in may_change
    ]
    # What was told of the call is not told of the end of the case once more.
    told = {(effect.argument, effect.what) for effect in more if effect.when == CALL}
    more = [e for e in more if e.when == CALL or (e.argument, e.what) not in told]
    return sorted(more, key=lambda effect: KINDS.index(effect.what))


def drawn_from(
    cases: Iterable[tuple[SideEffect, ...]], parameters: Sequence[str] = ()
) -> tuple[str, ...]:
    """`generator.draws` for what the reference draws from on some case, as may_change names it.

    How many numbers a case takes is style: of one item, randperm() draws none and rand() one.
    """
    drawn = [effect for effects in cases for effect in effects if effect.what == "draws"]
    return tuple(dict.fromkeys(f"{_name(effect, parameters)}.draws" for effect in drawn))


def _name(effect: SideEffect, parameters: Sequence[str]) -> str:
    argument = effect.argument
    if argument.isdecimal() and int(argument) < len(parameters):
        return parameters[int(argument)]
    return argument


def sentences(effects: Sequence[SideEffect], parameters: Sequence[str] = ()) -> str:
    """What was left changed, a sentence each, of the first SENTENCES_LIMIT."""
    return " ".join(_sentence(effect, parameters) for effect in effects[:SENTENCES_LIMIT])


def _sentence(effect: SideEffect, parameters: Sequence[str]) -> str:
    name = _name(effect, parameters)
    method, _, place = name.rpartition(".")
    if method and place.isdecimal():
        thing = text(
            "side_effect.argument_of",
            "argument {number} of `{method}`",
            number=int(place) + 1,
            method=method,
        )
    elif place.isdecimal():
        thing = text("side_effect.argument", "argument {number}", number=int(place) + 1)
    else:
        thing = f"`{place}`"
    if effect.part:
        thing = text("side_effect.part", "{thing} (at `{part}`)", thing=thing, part=effect.part)
    said = _what(effect, thing)
    if effect.before and effect.after and effect.what not in ("training", "class"):
        said += " " + text(
            "side_effect.before_and_after",
            "It was `{before}`, now it is `{after}`.",
            before=effect.before,
            after=effect.after,
        )
    return said


def _what(effect: SideEffect, thing: str) -> str:
    holes = {"thing": thing}
    match effect.what:
        case "training" if effect.after == repr(False):
            return text("side_effect.eval", "Your code left {thing} in eval mode.", **holes)
        case "training":
            return text(
                "side_effect.training",
                "Your code left {thing} in another mode, training or eval, than it was given.",
                **holes,
            )
        case "class":
            return text("side_effect.class", "Your code gave {thing} another class.", **holes)
        case "forward":
            return text(
                "side_effect.forward",
                "Your code put another `forward` on {thing} and left it there.",
                **holes,
            )
        case "parts":
            return text(
                "side_effect.parts", "Your code left other parts in {thing} than it had.", **holes
            )
        case "parameters":
            return text(
                "side_effect.parameters",
                "Your code left other parameters in {thing} than it had.",
                **holes,
            )
        case "requires_grad":
            return text(
                "side_effect.requires_grad",
                "Your code changed whether {thing} requires gradients.",
                **holes,
            )
        case "hooks_removed":
            return text(
                "side_effect.hooks_removed",
                "Your code removed a hook of {thing} that was there before.",
                **holes,
            )
        case "hooks_added":
            return text("side_effect.hooks_added", "Your code left a hook on {thing}.", **holes)
        case "attributes":
            return text(
                "side_effect.attributes",
                "Your code left {thing} with another attribute than it had.",
                **holes,
            )
        case "buffers":
            return text("side_effect.buffers", "Your code changed buffers of {thing}.", **holes)
        case "values":
            return text("side_effect.values", "Your code changed the values of {thing}.", **holes)
        case "gradients":
            return text(
                "side_effect.gradients", "Your code changed the gradients of {thing}.", **holes
            )
        case "graph":
            return text("side_effect.graph", "Your code gave {thing} another graph.", **holes)
        case "shape":
            return text(
                "side_effect.shape", "Your code changed the shape or dtype of {thing}.", **holes
            )
        case "items":
            return text("side_effect.items", "Your code changed what {thing} holds.", **holes)
        case "settings":
            return text("side_effect.settings", "Your code changed a setting of {thing}.", **holes)
        case "state":
            return text("side_effect.state", "Your code changed the state of {thing}.", **holes)
        case "draws":
            return text(
                "side_effect.draws", "Your code drew numbers from {thing}, or set it anew.", **holes
            )
        case "seed" if effect.argument != TORCH:
            return text("side_effect.seed", "Your code seeded {thing} anew.", **holes)
    return _what_of_torch(effect.what)


def _what_of_torch(what: str) -> str:
    match what:
        case "grad_mode":
            return text(
                "side_effect.grad_mode",
                "Your code left the recording of gradients switched over for all that follows.",
            )
        case "inference_mode":
            return text(
                "side_effect.inference_mode",
                "Your code left inference mode switched over for all that follows.",
            )
        case "default_dtype":
            return text("side_effect.default_dtype", "Your code left another default dtype.")
        case "default_device":
            return text("side_effect.default_device", "Your code left another default device.")
        case "deterministic":
            return text(
                "side_effect.deterministic",
                "Your code left the switch for deterministic algorithms in another place.",
            )
        case "anomaly":
            return text(
                "side_effect.anomaly", "Your code left the detection of anomalies switched over."
            )
        case "threads":
            return text("side_effect.threads", "Your code left torch another number of threads.")
        case "seed":
            return text(
                "side_effect.global_seed",
                "Your code seeded the random numbers of the whole program anew.",
            )
        case "global_hooks_removed":
            return text(
                "side_effect.global_hooks_removed",
                "Your code removed a hook on all modules that was there before.",
            )
        case "global_hooks_added":
            return text(
                "side_effect.global_hooks_added", "Your code left a hook on all modules there are."
            )
    return text("side_effect.warning_filters", "Your code left other filters for warnings.")
