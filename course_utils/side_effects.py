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
import gc
import sys
import types
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import torch

from .object_state import TEXT_LIMIT, VALUES, Switches, Values, held_by, reader_of

Result = TypeVar("Result")

OBJECTS_LIMIT = 2_000  # that are looked at for one call
DEPTH_LIMIT = 6  # from an argument to what it holds
PLAIN_ITEMS = 50  # of a result
WATCHED_CALLS = 50  # of one case
KEPT_CALLS = 5
CHANGES_LIMIT = 40  # of one case that are kept
NAME_LIMIT = 200  # characters of an argument's name, with the method's

CALL, END = "call", "end"  # a change was there when the call ended, or when the case did
TORCH = "torch"  # stands for an argument where what changed belongs to none
# What can have changed, and in which order it is told.
KINDS: tuple[str, ...] = (
    *("class", "forward", "parts", "parameters", "training", "requires_grad", "hooks_removed"),
    *("hooks_added", "attributes", "buffers", "values", "gradients", "graph", "shape", "items"),
    *("settings", "state", "draws", "grad_mode", "inference_mode", "default_dtype"),
    *("default_device", "deterministic", "anomaly", "multithreading", "contexts", "threads"),
    *("seed", "global_hooks_removed", "global_hooks_added", "warning_filters"),
)
# No changes. GONE: something of the argument is no longer there when the case ends (an answer may
# hold it longer, and then shows what the observation did to it afterwards); of TORCH: the end was
# not looked at. LAZY: what a call gave back is an iterator, which does its work later.
GONE, LAZY = "gone", "lazy"
KINDS += (GONE, LAZY)

# What of a class is watched, and when its arguments are compared: what its constructor may do early
# or late is a matter of style, unless it is done to the items of a list or dict.
METHODS = {"__init__": (END,), "__call__": (CALL,), "forward": (CALL,)}


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
        self._switches = _read(Switches)
        self._places: list[_Place] = []
        self._kept: list[Any] = []  # while the call runs nothing may get the place of another
        if (args or named) and not _is_traced():
            with torch.no_grad(), torch._C.DisableTorchFunction():
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
            reader = reader_of(thing)
            if reader is None:
                if issubclass(type(thing), tuple) and depth < DEPTH_LIMIT:
                    for number, item in enumerate(tuple.__iter__(thing)):
                        waiting.append((argument, f"{path}[{number}]", role, depth + 1, item))
                continue
            facts = _read(reader, thing, role)
            if facts is None:
                continue
            for fact in facts.values():
                if type(fact) is Values:
                    fact.keep()
            self._places.append(_Place(argument, path, role, thing, reader, facts))
            if depth < DEPTH_LIMIT:
                for name, inner_role, inner in _read(held_by, thing, role) or ():
                    inner_path = name if name.startswith("[") or not path else f".{name}"
                    waiting.append((argument, path + inner_path, inner_role, depth + 1, inner))

    def changes(self, when: str = CALL) -> list[SideEffect]:
        """What differs now, at most one for each argument and kind."""
        found: dict[SideEffect, SideEffect] = {}
        if self._places and not _is_traced():
            with torch.no_grad(), torch._C.DisableTorchFunction():
                for place in self._places:
                    for effect in place.changes(when):
                        found.setdefault(effect, effect)
        now = _read(Switches)
        if self._switches is not None and now is not None and now != self._switches:
            before, after = self._switches.facts(), now.facts()
            for effect in _differences(TORCH, "", before, after, when):
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
        before = aside(Before, args[skip:], named, label)
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
        changes = aside(before.changes, CALL)
        # What a constructor has emptied may be gone when the case ends.
        self._note([one for one in changes if CALL in whens or one.what == "items"])
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


def aside(look: Callable[..., Result], *args: Any) -> Result:
    """look(*args), which runs nothing of an answer's, without Python's profiler.

    The watch for what is to be done by hand is one, and would be called a thousand times a case. No
    garbage is collected meanwhile: code of an answer may hang on it, which is to be watched.
    """
    profiler, collects = sys.getprofile(), gc.isenabled()
    if not callable(profiler):  # there is none, or one that only its own module can put back
        return look(*args)
    try:
        gc.disable()
        sys.setprofile(None)
        return look(*args)
    finally:
        sys.setprofile(profiler)
        if collects:
            gc.enable()


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
        elif old is nothing or new is nothing or not old == new:  # noqa: SIM201 - Values has no !=
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


# -- what counts ------------------------------------------------------------------------------


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
        and f"{argument_name(effect, parameters)}.{effect.what}" not in may_change
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
    return tuple(dict.fromkeys(f"{argument_name(effect, parameters)}.draws" for effect in drawn))


def argument_name(effect: SideEffect, parameters: Sequence[str]) -> str:
    """The argument as a person calls it: by the reference's parameter, where it has one."""
    argument = effect.argument
    if argument.isdecimal() and int(argument) < len(parameters):
        return parameters[int(argument)]
    return argument
