"""Run an answer and write down what it did, as plain data; compare two such observations."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import linecache
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from .comparison import Difference, first_difference, same, show
from .plain import TooLarge, plain, type_name
from .settings import TimeLimit, course_settings, same_randomness

PRINTED_LIMIT = 2_000  # characters of an answer's output that are kept

COURSE = str(Path(__file__).parent)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))


@dataclasses.dataclass(frozen=True)
class Raised:
    """An exception, as plain data.

    `where` is the line of the answer that raised it, `by_answer` is True when the answer's own
    code raised it and not a library that it called, `function` is the function it happened in.
    """

    type_name: str
    message: str
    where: str = ""
    function: str = ""
    by_answer: bool = False


@dataclasses.dataclass
class Observation:
    """What one answer did with one case.

    value: what the exercise looks at, as plain data; None when `raised` is set.
    raised: the exception that ended the answer.
    timed_out: the answer was stopped at the time limit.
    changed: positions of the arguments that the answer changed in place.
    used: functions that the exercise is to be done without, and that the answer called.
    printed, warned: what the answer said on the way. They are shown, never compared.
    """

    value: Any = None
    raised: Raised | None = None
    timed_out: bool = False
    changed: tuple[int, ...] = ()
    used: tuple[str, ...] = ()
    printed: str = ""
    warned: tuple[str, ...] = ()


class WatchFunctions(TorchFunctionMode):
    """Write down which torch functions are called, whatever name the code calls them by.

    `names` are as in the documentation: 'Tensor.stride', 'torch.gather', 'nn.functional.linear'.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.names = tuple(names)
        self.used: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # noqa: D105
        called = resolve_name(func)
        for name in self.names:
            if called is None:
                # torch has no name for some compiled functions, as that under pad_sequence.
                same_name = getattr(func, "__name__", "") == name.rsplit(".", 1)[-1]
            else:
                same_name = called.removeprefix("torch.") == name.removeprefix("torch.")
            if same_name and name not in self.used:
                self.used.append(name)
        return func(*args, **(kwargs or {}))


class _Printed(io.StringIO):
    """Keeps the first PRINTED_LIMIT characters and lets the rest go."""

    def write(self, text: str) -> int:
        room = PRINTED_LIMIT - self.tell()
        super().write(text[: max(room, 0)])
        return len(text)

    def close(self) -> None:
        """Stays open: what an answer printed before it closed sys.stdout is still read."""


def compare(right: Observation, got: Observation, *, messages: bool = False) -> Difference | None:
    """The first difference between two observations of the same case.

    Two errors are equal when their types are; with `messages`, their texts have to be equal too.
    """
    if got.timed_out != right.timed_out:
        return Difference("time", "the code did not come to an end")
    if got.raised is not None and right.raised is None:
        text = got.raised.type_name + (f": {got.raised.message}" if got.raised.message else "")
        return Difference("raised", f"your code raised {text}")
    if right.raised is not None and got.raised is None:
        message = f"expected {right.raised.type_name}, yours gave {show(got.value)}"
        return Difference("raised", message)
    if right.raised is not None and got.raised is not None:
        if right.raised.type_name != got.raised.type_name:
            message = f"expected {right.raised.type_name}, yours raised {got.raised.type_name}"
            return Difference("raised", message)
        if messages and right.raised.message != got.raised.message:
            return Difference("raised", "the messages differ")
    difference = first_difference(right.value, got.value)
    if difference is not None:
        return difference
    if set(right.changed) != set(got.changed):
        positions = ", ".join(str(position + 1) for position in got.changed) or "none"
        return Difference("changed", f"arguments changed in place: {positions}")
    return None


def describe_exception(error: BaseException) -> Raised:
    """The exception as plain data, with the line of the answer's own code that it came from."""
    try:
        message = str(error)[:PRINTED_LIMIT]
    except BaseException:  # an exception class of the answer's own, with a broken __str__
        message = ""
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(COURSE)
    ]
    own = [f for f in frames if not f.filename.startswith(LIBRARIES)]
    if not own:
        return Raised(type_name(type(error)), message)
    last = own[-1]
    line = (last.line or linecache.getline(last.filename, last.lineno or 0)).strip()
    return Raised(type_name(type(error)), message, line, last.name, by_answer=last is frames[-1])


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
    without: names of torch functions the answer may not call (see WatchFunctions).
    seconds: the answer is interrupted after this time.
    """
    seen = Observation()
    printed = _Printed()
    watch = WatchFunctions(without)
    subject = answer
    if without and not isinstance(answer, type):

        def subject(*positional: Any, **named: Any) -> Any:
            with watch:
                return answer(*positional, **named)

    limit = TimeLimit(seconds)
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(sys.stderr),  # put back, should the answer replace it
        course_settings(),
        warnings.catch_warnings(record=True) as caught,
        same_randomness(seed),
    ):
        warnings.simplefilter("always")
        try:
            with limit:
                seen.value = plain(look(subject, *args))
        except KeyboardInterrupt:
            if not limit.expired:  # the person pressed stop
                raise
            seen.timed_out = True
        except TooLarge as error:
            seen.raised = Raised("TooLarge", f"the answer gave back {error}")
        except BaseException as error:  # sys.exit() in an answer must not end the notebook
            seen.raised = describe_exception(error)
    seen.changed = tuple(
        position
        for position, (now, before) in enumerate(zip(args, untouched, strict=True))
        if _changed(now, before)
    )
    seen.used = tuple(watch.used)
    seen.printed = printed.getvalue()
    seen.warned = tuple(dict.fromkeys(str(warning.message)[:300] for warning in caught))
    return seen


def attempt(action: Callable[[], Any]) -> Any:
    """What `action()` gives, or the exception's type name as {'raised': 'ValueError'}.

    For observations that look at several facts, of which one may be an error.
    """
    try:
        return action()
    except Exception as error:
        return {"raised": type_name(type(error))}


def _changed(now: Any, before: Any) -> bool:
    try:
        return not same(plain(now), plain(before))
    except TooLarge:  # the answer made the argument endless or huge
        return True


def shares_storage(one: Any, other: torch.Tensor) -> bool:
    """True if `one` is a tensor over the same storage as `other`. Taught in notebook 01."""
    if not isinstance(one, torch.Tensor):
        return False
    with torch._C.DisableTorchFunctionSubclass():
        return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
