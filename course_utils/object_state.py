"""What stands in an object, as facts that can be compared later: the reading half of side effects.

`reader_of(thing)` is a function that reads one object; it gives a dict from (kind, name) to what is
compared there: a token (see `_token`), a tuple of tokens, or the `Values` of a tensor. `held_by`
names what the object holds, which is read by itself, and `Switches` are torch's own state.
Nothing of a class that an answer may have written is called on the way: attributes, items and
lengths are read as the builtin types read them. A reader raises where an object is odd; who calls
it leaves that object out.
"""

from __future__ import annotations

import collections
import ctypes
import functools
import itertools
import random
import struct
import sys
import sysconfig
import types
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy
import torch

from .plain import type_name

ITEMS_LIMIT = 5_000  # of one list or dict
WHOLE_TENSOR = 20_000  # elements; a larger tensor is compared at SAMPLED places
SAMPLED = 4_096
TWISTS = 200  # of Python's generator, 624 draws each, that count as drawing and not as seeding
TEXT_LIMIT = 100  # characters of a name or a value in a change

LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
OUR_LIBRARIES = {"torch", "torchvision", "torchtext"}
NOT_LOOKED_INTO = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType),
    *(types.GeneratorType, types.CoroutineType, types.CodeType, types.FrameType),
)
VALUES = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
MODULE_OWN = {*vars(torch.nn.Module()), "_flat_weights", "_flat_weights_names", "_flat_weight_refs"}
MODULE_OWN |= {"_is_full_backward_hook"}
# Name of the table -> the names of torch's module that has it: hooks on all modules, on all
# optimizers.
GLOBAL_HOOKS: dict[str, dict[str, Any]] = {
    name: vars(sys.modules[module])
    for module in ("torch.nn.modules.module", "torch.optim.optimizer")
    for name, table in vars(sys.modules[module]).items()
    if name.startswith("_global_") and isinstance(table, dict)
}
TENSOR_HOOKS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def reader_of(thing: Any) -> Callable | None:
    """What reads this object, or None for one that is not looked into."""
    kind = type(thing)
    if kind is torch.Tensor:  # most are
        return _of_tensor
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


PLAIN_DICTS = (dict, collections.OrderedDict)


def _is_empty(table: Any) -> bool:
    """True for a dict with nothing in it, which tables of hooks nearly always are."""
    return type(table) in PLAIN_DICTS and not table


def _hooks(table: Any) -> tuple:
    """A hook is the same one under the same number."""
    if _is_empty(table):
        return ()
    return tuple((_token(key), id(hook)) for key, hook in _pairs(table))


def _of_tensor(tensor: torch.Tensor, role: str) -> dict:
    values = {"buffer": "buffers", "attribute": "attributes", "state": "state"}.get(role, "values")
    facts: dict[tuple[str, str], Any] = {
        ("shape", ""): (tuple(tensor.shape), tensor.dtype),
        ("requires_grad", ""): _token(tensor.requires_grad and tensor.is_leaf),
        ("graph", ""): _token(tensor.grad_fn.name() if tensor.grad_fn is not None else None),
    }
    if tensor.layout is torch.strided:
        place = (tensor.untyped_storage().data_ptr(), tensor.storage_offset(), tensor.stride())
        facts[values, ""] = Values(tensor)
        facts[values, "place"] = place
    if tensor.is_leaf or tensor.retains_grad:
        gradient = tensor.grad
        facts["gradients", ""] = None if gradient is None else Values(gradient)
    for name in TENSOR_HOOKS:
        if hooks := _hooks(getattr(tensor, name, None)):
            facts["hooks", name] = hooks
    for name, value in _pairs(_attributes(tensor)):  # nearly always none
        if type(name) is str:
            facts["attributes", name] = _token(value)
    return facts


class Values:
    """The values of a tensor, of a large one those at some places."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self._values: torch.Tensor | None = None
        if tensor.is_meta or tensor.layout is not torch.strided:
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
        if type(other) is not Values:
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
    return {("seed", ""): _Seeded(_words(generator)), ("draws", ""): state}


class _Seeded:
    """What a generator of Python draws from; equal to what drawing makes of it. words: as bytes."""

    def __init__(self, words: bytes) -> None:
        self._words = words

    def __eq__(self, other: object) -> bool:
        if type(other) is not _Seeded:
            return False
        if self._words == other._words:
            return True
        copy = random.Random()
        copy.setstate((copy.VERSION, (*WORDS.unpack(self._words), WORDS.size // 4), None))
        for _ in range(TWISTS):
            copy.getrandbits(8 * WORDS.size)
            if _words(copy) == other._words:
                return True
        return False

    __hash__ = None  # type: ignore[assignment]


WORDS = struct.Struct("624I")  # of the Mersenne Twister


def _words(generator: random.Random) -> bytes:
    """What a generator draws from."""
    return WORDS.pack(*random.Random.getstate(generator)[1][:-1])


def _view_of_words(generator: random.Random) -> Any:
    """Where CPython has the words of a generator in memory.

    Asking for them makes 600 numbers, which takes as long as all else that is read of torch.
    """
    return (ctypes.c_char * WORDS.size).from_address(id(generator) + WORDS_PLACE)


WORDS_PLACE = object.__basicsize__ + ctypes.sizeof(ctypes.c_int)  # after the number of the next one


def _words_are_in_place() -> bool:
    """Does this Python have the words where they are looked for?"""
    if random.Random.__basicsize__ < WORDS_PLACE + WORDS.size:
        return False
    generator = random.Random()
    view = _view_of_words(generator)
    seen = []
    for _ in range(2):
        seen.append(view.raw == _words(generator))
        generator.getrandbits(8 * WORDS.size)
    return all(seen)


# The generator behind random.random() and all other functions of the module.
PYTHONS_GENERATOR: random.Random = random.getstate.__self__  # type: ignore[attr-defined]
_view = _view_of_words(PYTHONS_GENERATOR) if _words_are_in_place() else None


def _words_of_python() -> bytes:
    return _view.raw if _view is not None else _words(PYTHONS_GENERATOR)


def _view_of_numpys_state() -> Any:
    """Where the generator of numpy.random's own functions has its words in memory.

    After them comes the number of the next one. numpy's way to ask for them takes 40 microseconds.
    """
    generator = numpy.random.get_bit_generator()
    size = WORDS.size + ctypes.sizeof(ctypes.c_int)
    view = (ctypes.c_char * size).from_address(generator.ctypes.state_address)
    state = generator.state["state"]
    is_there = view.raw == state["key"].tobytes() + struct.pack("i", state["pos"])
    return view if is_there else None


_numpys_view = _view_of_numpys_state()


def numpys_state() -> Any:
    """The state of numpy.random's own functions, for `put_numpys_state`."""
    return _numpys_view.raw if _numpys_view is not None else numpy.random.get_state()


def put_numpys_state(state: Any) -> None:
    """They go on from this state."""
    if _numpys_view is not None:
        _numpys_view.raw = state
    else:
        numpy.random.set_state(state)


def _words_of_numpy() -> bytes:
    """What numpy.random's own functions draw from: the words of a Mersenne Twister, too."""
    state = numpys_state()
    return state[: WORDS.size] if type(state) is bytes else state[1].tobytes()


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


# What a loader itself notes while somebody walks through it.
OF_LOADERS = {"_iterator", "_IterableDataset_len_called"}


def _of_object(thing: Any, role: str) -> dict:
    own = _attributes(thing) or {}
    is_loader = issubclass(type(thing), torch.utils.data.DataLoader)
    facts: dict[tuple[str, str], Any] = {("class", ""): _token(type(thing))}
    for name, value in _pairs(own):
        if type(name) is str and not ((is_loader and name in OF_LOADERS) or _is_cache(thing, name)):
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


def held_by(thing: Any, role: str) -> list[tuple[str, str, Any]]:
    """What an object holds: name, role, object."""
    kind = type(thing)
    if kind is torch.Tensor:
        return []
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


_top_saved_tensors_hooks: Callable[[bool], tuple | None] | None = getattr(
    torch._C._autograd, "_top_saved_tensors_default_hooks", None
)


def saved_tensors_hooks() -> tuple[int, ...]:
    """Ids of what torch.autograd.graph.saved_tensors_hooks has put there; torch 2.3 tells none."""
    if _top_saved_tensors_hooks is None:
        return ()
    return tuple(map(id, _top_saved_tensors_hooks(False) or ()))


class Switches:
    """torch's global switches, hooks and seeds as they are now; `facts()` is what a reader gives.

    They are read several times for each case, and nearly always all are as they were.
    """

    __slots__ = ("_values", "_hooks", "_words", "_numpys_words", "_filters")

    def __init__(self) -> None:
        values: tuple = (
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.get_default_dtype(),
            torch.empty(0).device,
            torch.are_deterministic_algorithms_enabled(),
            torch.is_anomaly_enabled(),
            torch._C._is_multithreading_enabled(),
            torch.get_num_threads(),
            torch._C._len_torch_function_stack(),
            saved_tensors_hooks(),
            torch.default_generator.initial_seed(),
        )
        if tuple(map(type, values)) != SWITCH_TYPES:  # something stands in torch's place
            values = tuple(map(_token, values))
        self._values = values
        self._hooks = [
            (name, _hooks(table))
            for name, places in GLOBAL_HOOKS.items()
            if not _is_empty(table := places[name])
        ]
        self._words = _words_of_python()
        self._numpys_words = _words_of_numpy()
        # Libraries that are loaded on the way add filters of their own.
        self._filters = (tuple(map(id, warnings.filters)), len(sys.modules))

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is Switches
            and self._values == other._values
            and self._hooks == other._hooks
            and self._words == other._words
            and self._numpys_words == other._numpys_words
            and self._filters == other._filters
        )

    __hash__ = None  # type: ignore[assignment]

    def facts(self) -> dict:
        """As facts; those of two states may be the same where the states are not equal."""
        *switches, contexts, saved, seed = map(_token, self._values)
        return {
            **{("global_hooks", name): hooks for name, hooks in self._hooks},
            **{(kind, ""): value for kind, value in zip(SWITCHES, switches, strict=True)},
            ("contexts", ""): (contexts, saved),
            ("seed", "torch"): seed,
            ("seed", "random"): _Seeded(self._words),
            ("seed", "numpy"): _Seeded(self._numpys_words),
            ("warning_filters", ""): self._filters,
        }


SWITCHES = (
    *("grad_mode", "inference_mode", "default_dtype", "default_device", "deterministic"),
    *("anomaly", "multithreading", "threads"),
)
SWITCH_TYPES = (
    *(bool, bool, torch.dtype, torch.device, bool, bool, bool, int),
    *(int, tuple, int),  # contexts, hooks of saved tensors, seed
)
