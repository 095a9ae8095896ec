"""Run an answer and write down what it did, as plain data; compare two such observations."""

from __future__ import annotations

import contextlib
import dataclasses
import dis
import functools
import inspect
import io
import itertools
import linecache
import os
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import (
    BuiltinFunctionType,
    CodeType,
    FrameType,
    FunctionType,
    MethodType,
    TracebackType,
)
from typing import Any

import numpy
import torch
from torch.overrides import TorchFunctionMode, _get_current_function_mode, resolve_name

from . import by_hand
from .comparison import MASKED, OWN, Difference, a_type, first_difference, same, show
from .memory import forgetful
from .plain import ELEMENT_LIMIT, TooLarge, plain, type_name
from .settings import TimeLimit, course_settings, same_randomness
from .side_effect_texts import sentences
from .side_effects import CALL, SideEffect, Watch, aside, more_than, watched_class
from .texts import text

PRINTED_LIMIT = 2_000  # characters of an answer's output that are kept
WAITED = "waited"  # the type of what is raised where a rank waited in vain; see rank_observation
RAISE = dis.opmap["RAISE_VARARGS"]  # the instruction of `raise` and of a failed `assert`
CALLS_LIMIT = 20  # calls of an answer whose results' types are kept

COURSE = str(Path(__file__).parent)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
LIBRARIES += ("<frozen ", "<string>")  # code that Python or a library made itself
PACKAGES = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))


@dataclasses.dataclass(frozen=True)
class Raised:
    """An exception, as plain data.

    `where` is the line of the answer that raised it, `by_answer` is True when a `raise` of its own
    code raised it and not a library that it called, `function` is the function it happened in.
    `through_answer` is True when a call of the answer, or code of it, was running; else the
    observation stumbled over what the answer gave back, or is at fault itself.
    """

    type_name: str
    message: str
    where: str = ""
    function: str = ""
    by_answer: bool = False
    through_answer: bool = False


@dataclasses.dataclass
class Observation:
    """What one answer did with one case.

    value: what the exercise looks at, as plain data; None when `raised` is set.
    raised: the exception that ended the answer.
    timed_out: the answer was stopped at the time limit.
    gave: the types of what the first calls of the answer gave back, if it is not a class. They are
    shown where the observation stumbles, never compared.
    changed: positions of the arguments that the answer changed in place.
    left: what it left changed at what its calls were given, and at torch's switches.
    used: what the exercise is to be done without, and the answer used all the same.
    printed, warned: what the answer said on the way. They are shown, never compared.
    errors: what came up inside `attempt`. They stay in the process that ran the answer.
    """

    value: Any = None
    raised: Raised | None = None
    timed_out: bool = False
    gave: tuple[str, ...] = ()
    changed: tuple[int, ...] = ()
    left: tuple[SideEffect, ...] = ()
    used: tuple[str, ...] = ()
    printed: str = ""
    warned: tuple[str, ...] = ()
    errors: tuple[Raised, ...] = dataclasses.field(default=(), compare=False)


_LEARNT: dict[tuple[str, ...], dict[Any, str | None]] = {}  # by what is watched
KNOWN_LIMIT = 20_000  # functions and pieces of code that are remembered for it


class WatchFunctions(TorchFunctionMode):
    """Write down which functions and classes of libraries are used, in whatever form.

    `names` are as in the documentation: 'Tensor.stride', 'torch.gather', 'nn.Linear'; see by_hand
    for the forms that count as the same. `own` tells the answer's own code from that of the
    course; without it, all code counts as the answer's.

    Two nets: torch's own mode sees each call of a torch function but those in callbacks, Python's
    profiler sees those, but none that C code makes. What a library does in its own compiled code
    is not seen, and what the observation calls is not the answer's. An answer that took one of the
    nets off is told to Python's audit hooks as the event UNWATCHED.
    """

    UNWATCHED = "course_utils.unwatched"

    def __init__(
        self, names: Sequence[str], own: Callable[[CodeType], bool] = lambda code: True
    ) -> None:
        super().__init__()
        self.names = tuple(names)
        self.used: list[str] = []
        self._own = own
        self._forms = by_hand.forms(self.names)
        self._methods = {n for n in self.names if by_hand.of_one_class(n)}
        self._attributes = {n for n in by_hand.ATTRIBUTES if by_hand.key(n) in self._forms}
        # Code and functions of libraries, and the name where it is watched: learnt once.
        self._known: dict[Any, str | None] = _LEARNT.setdefault(self.names, {})
        self._looked_at: set[CodeType] = set()
        self._stored: set[str] = set()  # attributes that the answer gives to objects of its own

    def _note(self, name: str) -> None:
        if name not in self.used:
            self.used.append(name)

    def __enter__(self) -> WatchFunctions:
        super().__enter__()
        self._profiler_before = sys.getprofile()
        self._profiler = self._called
        sys.setprofile(self._profiler)
        return self

    def __exit__(self, *error: object) -> None:
        kept = sys.getprofile() is self._profiler
        sys.setprofile(self._profiler_before)
        if not kept or _get_current_function_mode() is not self:
            sys.audit(self.UNWATCHED)
        super().__exit__(*error)

    def note_class(self, answer: Any) -> None:
        """Note a class of a library that an answer is, or is made from."""
        for base in type.__dict__["__mro__"].__get__(answer):
            home = sys.modules.get(str(type.__dict__["__module__"].__get__(base)))
            name = self._forms.get(by_hand.key(type.__dict__["__name__"].__get__(base)))
            if name is not None and str(getattr(home, "__file__", "")).startswith(PACKAGES):
                self._note(name)

    def _called(self, frame: FrameType, event: str, called: Any) -> None:
        """What Python's profiler calls, for each function that begins or ends.

        It is called for all of them, so what most have not is asked first; and each look at a
        frame's code is told to Python's audit hooks.
        """
        if event == "call":
            code = frame.f_code
            if code.co_filename.startswith(PACKAGES):
                name = self._known[code] if code in self._known else self._learn(code)
                if name is not None and self._by_answer(frame.f_back):
                    self._note(name)
            elif self._attributes and code not in self._looked_at:
                self._looked_at.add(code)
                if not code.co_filename.startswith(LIBRARIES) and self._own(code):
                    self._look_at(code)
        elif event == "c_call":
            name = self._forms.get(by_hand.key(str(getattr(called, "__name__", ""))))
            # Libraries, too, call methods of tensors: printing one calls Tensor.reshape.
            if name is None or frame.f_code.co_filename.startswith(LIBRARIES):
                return
            owner = getattr(called, "__self__", None)
            of_array = isinstance(owner, numpy.ndarray) and _of_tensors_alone(name)
            if of_array or not _compiled_by_library(called, owner):
                return
            if self._by_answer(frame):
                self._note(name)

    def _learn(self, code: CodeType) -> str | None:
        """The name that is watched for a library's function, or for the class it belongs to."""
        parts = code.co_qualname.split(".")
        names = (self._forms.get(by_hand.key(part)) for part in parts)
        name = next((found for found in names if found is not None), None)
        if f"{os.sep}numpy{os.sep}" in code.co_filename and _of_tensors_alone(name):
            name = None
        for method in self._methods:
            if parts[-2:] == method.split(".")[-2:]:
                name = method
        if len(self._known) < KNOWN_LIMIT:
            self._known[code] = name
        return name

    def _look_at(self, code: CodeType) -> None:
        """Note attributes of arrays that the answer's code names: nothing is called for those."""
        instructions = list(dis.get_instructions(code))
        self._stored |= {i.argval for i in instructions if i.opname == "STORE_ATTR"}
        read = {i.argval for i in instructions if i.opname in ("LOAD_ATTR", "LOAD_METHOD")}
        if {"getattr", "attrgetter"} & set(code.co_names):
            read |= {constant for constant in code.co_consts if isinstance(constant, str)}
        for name in (read & self._attributes) - self._stored:
            self._note(self._forms[by_hand.key(name)])

    def _by_answer(self, frame: FrameType | None) -> bool:
        """True if the answer's code made libraries do what they do in this frame."""
        while frame is not None:
            code = frame.f_code
            if code is Watch.run.__code__:  # the answer is itself of a library
                return True
            if not code.co_filename.startswith(LIBRARIES):
                return self._own(code)
            frame = frame.f_back
        return False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        # torch has no name for some compiled functions, as that under pad_sequence.
        name = self._known[func] if func in self._known else self._learn_function(func)
        if name is not None and self._by_answer(sys._getframe(1)):
            self._note(name)
        return func(*args, **(kwargs or {}))

    def _learn_function(self, func: Callable[..., Any]) -> str | None:
        """The name that is watched for a function of torch."""
        # torch has no name for some compiled functions, as that under pad_sequence.
        called = f"{resolve_name(func) or ''}.{getattr(func, '__name__', '')}"
        for part in called.split("."):
            name = self._forms.get(by_hand.key(part))
            # `a * b` is Tensor.mul for torch. The profiler tells it from a.mul(b).
            sign = part in by_hand.SIGNS and "Tensor." in called and not _of_tensors_alone(name)
            if name is not None and not sign:
                break
        else:
            name = None
        if len(self._known) < KNOWN_LIMIT:
            self._known[func] = name
        return name


def _of_tensors_alone(name: str | None) -> bool:
    """True for 'Tensor.reshape': a table of numpy's may be reshaped on the way."""
    return name is not None and name.removeprefix("torch.").startswith("Tensor.")


def _compiled_by_library(called: Any, owner: Any) -> bool:
    """True for a compiled function of torch or numpy, or a method of a tensor or an array."""
    if isinstance(owner, (torch.Tensor, numpy.ndarray)):
        return True
    home = getattr(called, "__module__", None) or getattr(owner, "__name__", None) or ""
    return str(home).split(".")[0] in ("torch", "numpy", "torchvision", "scipy")


class _Printed(io.StringIO):
    """Keeps the first PRINTED_LIMIT characters and lets the rest go."""

    def write(self, more: str) -> int:
        room = PRINTED_LIMIT - self.tell()
        super().write(more[: max(room, 0)])
        return len(more)

    def close(self) -> None:
        """Stays open: what an answer printed before it closed sys.stdout is still read."""


def compare(
    right: Observation,
    got: Observation,
    *,
    messages: bool = False,
    may_change: Sequence[str] = (),
    parameters: Sequence[str] = (),
) -> Difference | None:
    """The first difference between two observations of the same case.

    Two errors are equal when their types are and both come from the answer; with `messages`, when
    their types and texts are, wherever they come from, and what they left behind is not compared
    (see `leaves_as_much`). may_change, parameters: see side_effects.more_than.
    """
    if got.timed_out != right.timed_out:
        message = text("compare.endless", "the code did not come to an end")
        return Difference("time", message)
    if right.raised is None and got.raised is not None:
        if not got.raised.through_answer:
            return _stumbled(right, got, got.raised)
        if got.raised.type_name == WAITED:
            return Difference("raised", got.raised.message)
        error = error_text(got.raised)
        return Difference("raised", text("compare.raised", "your code raised {error}", error=error))
    if right.raised is not None:
        difference = _without_the_error(right.raised, got, messages)
    else:
        difference = None
    left = [] if messages else more_than(right.left, got.left, may_change, parameters)
    # What is there after the call is told before values; what comes to be there later may be the
    # observation's doing, with what the answer gave it.
    at_once = [effect for effect in left if effect.when == CALL]
    if difference is None and at_once:
        return Difference("changed", sentences(at_once, parameters))
    if difference is None and right.raised is None:
        difference = first_difference(right.value, got.value) or _not_plain(right, got)
    if difference is None and left:
        return Difference("changed", sentences(left, parameters))
    if difference is not None or right.raised is not None:
        return difference
    if set(right.changed) != set(got.changed):
        if not got.changed:
            message = text("compare.unchanged", "arguments changed in place: none")
            return Difference("changed", message)
        positions = ", ".join(str(position + 1) for position in got.changed)
        message = text(
            "compare.changed", "arguments changed in place: {positions}", positions=positions
        )
        return Difference("changed", message)
    return None


def leaves_as_much(
    right: Sequence[Observation], wrong: Sequence[Observation], got: Sequence[Observation]
) -> bool:
    """False if a mistake is told from the reference by what it leaves behind alone, on these
    cases, and these observations do not show the same left."""
    pairs = list(zip(right, wrong, got))  # noqa: B905 - a mistake may end early, and differs then
    if any(compare(one, two, messages=True) is not None for one, two, _ in pairs):
        return True
    return all(
        effect in three.left
        for one, two, three in pairs
        for effect in more_than(one.left, two.left)
    )


def _without_the_error(wanted: Raised, got: Observation, messages: bool) -> Difference | None:
    """Where an error was expected: what came instead, or None if it came."""
    expected = wanted.type_name
    if got.raised is None:
        value = show(got.value)
        message = text(
            "compare.not_raised",
            "an error was expected here: {expected}; your code gave {value}",
            expected=expected,
            value=value,
        )
        return Difference("raised", message)
    if not messages and not got.raised.through_answer:
        message = text(
            "compare.raised_by_no_answer",
            "expected {expected}; your code itself raised nothing",
            expected=expected,
        )
        return Difference("raised", message)
    if got.raised.type_name != expected:
        message = text(
            "compare.raised_another",
            "expected {expected}, yours raised {got}",
            expected=expected,
            got=got.raised.type_name,
        )
        return Difference("raised", message)
    if messages and got.raised.message != wanted.message:
        return Difference("raised", text("compare.other_message", "the messages differ"))
    return None


def _stumbled(right: Observation, got: Observation, raised: Raised) -> Difference:
    """What the answer gave back is such that the observation cannot go on with it."""
    error = error_text(raised)
    if raised.type_name == "TooLarge":
        message = text(
            "compare.too_large",
            "your code gave back {what}: that is too much",
            what=raised.message,
        )
        return Difference("result", message)
    for wanted, kind in zip(right.gave, got.gave):  # noqa: B905 - it may have ended early
        if wanted != kind:
            message = text(
                "compare.gave_another",
                "your function gave back {got}; {expected} was expected ({error})",
                got=a_type(kind),
                expected=a_type(wanted),
                error=error,
            )
            return Difference("type", message)
    if not got.gave:
        message = text(
            "compare.class_stumbles",
            "what your class made or changed does not work here: {error}",
            error=error,
        )
        return Difference("result", message)
    message = text(
        "compare.function_stumbles",
        "your function ran, but what it gave back or changed does not work here: {error}",
        error=error,
    )
    return Difference("result", message)


def error_text(raised: Raised) -> str:
    """'ValueError: too small', as Python prints it."""
    return f"{raised.type_name}: {raised.message}" if raised.message else raised.type_name


def describe_exception(
    error: BaseException,
    answer: Callable[..., Any] | None = None,
    look: Callable[..., Any] | None = None,
) -> Raised:
    """The exception as plain data, with the line of the answer's own code that it came from.

    answer: whose error it may be. look: the observation; its file is not the answer's, though
    the answer may be written there as well.
    """
    try:
        message = str(error)[:PRINTED_LIMIT]
    except BaseException:  # an exception class of the answer's own, with a broken __str__
        message = ""
    codes = {id(code) for code in _codes(answer)}
    in_files_of_answer = _in_files_of_answer(codes, look)

    def is_own(step: TracebackType) -> bool:
        code = step.tb_frame.f_code
        return id(code) in codes or in_files_of_answer(code)

    steps = list(_steps(error.__traceback__))
    through_answer = any(is_own(step) or _is_method(step.tb_frame, answer) for step in steps)
    raised = Raised(type_name(type(error)), message, through_answer=through_answer)
    own = [step for step in steps if is_own(step)]
    if not own:
        return raised
    last, after = own[-1], steps[steps.index(own[-1]) + 1 :]
    by_library = any(not s.tb_frame.f_code.co_filename.startswith(COURSE) for s in after)
    code = last.tb_frame.f_code
    linecache.checkcache(code.co_filename)
    line = linecache.getline(code.co_filename, last.tb_lineno or 0, last.tb_frame.f_globals)
    return dataclasses.replace(
        raised,
        where=line.strip(),
        function=code.co_name,
        by_answer=not by_library and code.co_code[last.tb_lasti] == RAISE,
    )


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    """The parts of a traceback, from the outermost call to where the error came up."""
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _in_files_of_answer(
    codes: set[int], look: Callable[..., Any] | None
) -> Callable[[CodeType], bool]:
    """Tells code that no library, nor the course, nor the file of the observation has.

    codes: ids of the answer's own code, which may stand in the same file as the observation.
    """
    watching = getattr(inspect.unwrap(look), "__code__", None) if look is not None else None

    def is_own(code: CodeType) -> bool:
        if code.co_filename.startswith((COURSE, *LIBRARIES)):
            return False
        return id(code) in codes or watching is None or code.co_filename != watching.co_filename

    return is_own


def _code_of_answer(answer: Any, look: Callable[..., Any]) -> Callable[[CodeType], bool]:
    """Tells the answer's code from all other; that of a reference stands in the course's files."""
    kept = list(_codes(answer))  # their ids stay theirs as long as they are there
    codes = {id(code) for code in kept}
    is_own = _in_files_of_answer(codes, look)
    return lambda code: any(code is one for one in kept) or is_own(code)


def _codes(answer: Any) -> Iterator[CodeType]:
    """The code of a function, or of a class's methods, with what is defined inside them."""
    is_class = issubclass(type(answer), type)
    waiting = list(type.__dict__["__dict__"].__get__(answer).values()) if is_class else [answer]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kind = type(part)
        if kind is FunctionType:
            waiting += [part.__code__, part.__dict__.get("__wrapped__")]
        elif kind in (staticmethod, classmethod, MethodType):
            waiting.append(part.__func__)
        elif kind is property:
            waiting += [part.fget, part.fset, part.fdel]
        elif kind is CodeType:
            waiting += part.co_consts
            if not part.co_filename.startswith(LIBRARIES):  # as what no_grad() puts around it
                yield part


def _is_method(frame: FrameType, answer: Any) -> bool:
    """True if the frame is a method of an object of the answer's class, inherited ones too."""
    code = frame.f_code
    if not issubclass(type(answer), type) or not code.co_argcount:
        return False
    first = frame.f_locals.get(code.co_varnames[0])
    return any(base is answer for base in type.__dict__["__mro__"].__get__(type(first)))


# Of a class of the answer's own, what a value gives is worked out when somebody looks.
LAZY = {"generator", "map", "filter", "zip", "enumerate", "reversed"}
PLAIN_TYPES = (list, dict, tuple, set, frozenset, str, int, float, torch.Tensor)
READ_BY = {"__iter__", "__getitem__", "__len__", "__contains__", "__eq__", "__getattribute__"}
INSIDE_LIMIT = 50  # items of a container whose types are looked at


def _kind_given(value: Any) -> str:
    """The name of a value's type, with OWN or MASKED: 'list', 'Lazy~', 'list/torch.Tensor!'."""
    kind = type(value)
    if mark := _mark(value):
        return type_name(kind) + mark
    inside = value.values() if kind is dict else value if kind in (list, tuple) else ()
    for item in itertools.islice(inside, INSIDE_LIMIT):
        if mark := _mark(item):
            return f"{type_name(kind)}/{type_name(type(item))}{mark}"
    return type_name(kind)


def _mark(value: Any) -> str:
    """What makes a value something else than it looks: OWN, MASKED, or '' for nothing."""
    kind = type(value)
    if _pretends(kind):
        return OWN
    if kind in (torch.Tensor, torch.nn.Parameter):
        names = torch.Tensor.__dict__["__dict__"].__get__(value)
        if any(hasattr(torch.Tensor, name) for name in names):
            return MASKED
    return ""


def _pretends(kind: type) -> bool:
    """True for a class that the answer made from a plain one; not for a tuple with names."""
    module = type.__dict__["__module__"].__get__(kind)
    own = module == "__main__" or str(module).startswith("course_utils.lessons.")
    if not own or not issubclass(kind, PLAIN_TYPES):
        return False
    changed = READ_BY & type.__dict__["__dict__"].__get__(kind).keys()
    return bool(changed) or not issubclass(kind, tuple)


def _not_plain(right: Observation, got: Observation) -> Difference | None:
    """Where a plain value was given, and an object that stands for it or makes it later is."""
    for wanted, kind in zip(right.gave, got.gave):  # noqa: B905 - it may have ended early
        lazy = kind in LAZY and wanted in ("list", "tuple", "dict", "set")
        own = OWN in kind and wanted.split(".")[0] in PLAIN_NAMES and OWN not in wanted
        if lazy or own or (MASKED in kind and MASKED not in wanted):
            message = text(
                "compare.not_plain",
                "your function gave back {got}; {expected} itself was expected",
                got=a_type(kind),
                expected=a_type(wanted),
            )
            return Difference("type", message)
    return None


PLAIN_NAMES = {"torch", *(kind.__name__ for kind in PLAIN_TYPES), "bool"}


def _noted(answer: Callable[..., Any], gave: list[str], effects: Watch) -> Callable[..., Any]:
    """The answer, with what its calls give back and leave changed noted. A class stays as it is."""
    if issubclass(type(answer), type):
        return answer

    def noted(*args: Any, **named: Any) -> Any:
        result = effects.run(answer, args, named)
        if len(gave) < CALLS_LIMIT:
            gave.append(_kind_given(result))
        return result

    if type(answer) in (FunctionType, BuiltinFunctionType, MethodType):
        functools.update_wrapper(noted, answer)
    noted.afresh = lambda: _noted(forgetful(answer), gave, effects)  # type: ignore[attr-defined]
    return noted


def afresh(answer: Callable[..., Any]) -> Callable[..., Any]:
    """What observations are given, as it would be in a program that was just started.

    It has memory of its own (see forgetful): it shares nothing with the answer, or with another
    call of this. For results that depend on their arguments alone.
    """
    renew = getattr(answer, "afresh", None)
    return answer if issubclass(type(answer), type) or renew is None else renew()


def observe(
    look: Callable[..., Any],
    answer: Callable[..., Any],
    args: tuple,
    untouched: tuple,
    *,
    without: Sequence[str] = (),
    seconds: float = 5.0,
    seed: int = 0,
) -> Observation:
    """Call `look(answer, *args)` and write down what happens.

    look: the exercise's observation; by default it calls the answer and gives back the result.
    untouched: the same arguments made a second time, to see which ones the answer changed.
    without: names of what the answer may not use (see WatchFunctions).
    seconds: the answer is interrupted after this time.
    """
    seen = Observation()
    printed = _Printed()
    is_class = issubclass(type(answer), type)
    watch = WatchFunctions(without, _code_of_answer(answer, look)) if without else None
    if is_class and watch is not None:
        watch.note_class(answer)
    gave: list[str] = []
    limit = TimeLimit(seconds)
    _swallowed.clear()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(sys.stderr),  # put back, should the answer replace it
        course_settings(),
        warnings.catch_warnings(record=True) as caught,
        same_randomness(seed),
    ):
        warnings.simplefilter("always")
        effects = Watch()
        subject = _noted(answer, gave, effects)
        try:
            with (
                limit,
                watched_class(answer, effects),
                watch or contextlib.nullcontext(),
            ):
                seen.value = aside(plain, look(subject, *args))
        except KeyboardInterrupt:
            if not limit.expired:  # the person pressed stop
                raise
            seen.timed_out = True
        except TooLarge as error:
            seen.raised = Raised("TooLarge", str(error))
        except BaseException as error:  # sys.exit() in an answer must not end the notebook
            seen.raised = describe_exception(error, answer if is_class else subject, look)
        seen.left = effects.finish()
    seen.errors = tuple(
        describe_exception(error, answer if is_class else subject, look) for error in _swallowed
    )
    _swallowed.clear()
    seen.gave = tuple(gave)
    seen.changed = tuple(
        position
        for position, (now, before) in enumerate(zip(args, untouched, strict=True))
        if _changed(now, before)
    )
    seen.used = tuple(watch.used) if watch is not None else ()
    seen.printed = printed.getvalue()
    seen.warned = tuple(dict.fromkeys(str(warning.message)[:300] for warning in caught))
    return seen


# Exceptions that `attempt` turned into facts since the observation began.
_swallowed: list[Exception] = []


def attempt(action: Callable[[], Any]) -> Any:
    """What `action()` gives, or the exception's type name as {'raised': 'ValueError'}.

    For observations that look at several facts, of which one may be an error.
    """
    try:
        return action()
    except Exception as error:
        if len(_swallowed) < CALLS_LIMIT:
            _swallowed.append(error)
        return {"raised": type_name(type(error))}


def _changed(now: Any, before: Any) -> bool:
    if _is_dense(now) and _is_dense(before):  # most arguments are, and need not be copied
        with torch._C.DisableTorchFunction():
            return not same(torch.Tensor.detach(now), torch.Tensor.detach(before))
    try:
        return not same(plain(now), plain(before))
    except TooLarge:  # the answer made the argument endless or huge
        return True


def _is_dense(thing: Any) -> bool:
    """True for a plain tensor that `plain` copies as it is."""
    return (
        type(thing) is torch.Tensor
        and thing.layout is torch.strided
        and not thing.is_quantized
        and not thing.is_nested
        and torch.Tensor.numel(thing) <= ELEMENT_LIMIT
    )


def shares_storage(one: Any, other: torch.Tensor) -> bool:
    """True if `one` is a tensor over the same storage as `other`. Taught in notebook 01."""
    if not isinstance(one, torch.Tensor):
        return False
    with torch._C.DisableTorchFunctionSubclass():
        return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
