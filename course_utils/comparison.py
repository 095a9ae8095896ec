"""Find the first difference between two values, in the order a person would look.

The stages: type, structure, shape, dtype, values. Only plain data (see plain.py) is
compared, so no method of an answer's own objects is ever called.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .plain import Opaque, type_name
from .texts import counted, text

LONGEST = 1_000  # characters of a string, and bits of an int, that a message shows

# (rtol, atol), as torch.testing.assert_close has them; other dtypes are to be exactly equal. Only
# those of 64 bits per number are narrower: what went through float32 on the way is another number.
TOLERANCES = {
    torch.float16: (1e-3, 1e-5),
    torch.bfloat16: (1.6e-2, 1e-5),
    torch.float32: (1.3e-6, 1e-5),
    torch.float64: (1e-10, 1e-10),
    torch.complex64: (1.3e-6, 1e-5),
    torch.complex128: (1e-10, 1e-10),
}
# Python floats in an answer mostly come from a float32 tensor's .item().
RTOL, ATOL = TOLERANCES[torch.float32]


class Difference:
    """Where two values differ first.

    stage: 'type', 'structure', 'shape', 'dtype' or 'values'; of two observations also 'time',
    'raised', 'result' or 'changed'. place: '' or "['output'][0]". The message and the place may be
    given as functions, which are called when somebody reads them: an answer is compared with each
    known mistake, and nobody reads where it differs from those.
    """

    def __init__(
        self, stage: str, message: str | Callable[[], str], place: str | Callable[[], str] = ""
    ) -> None:
        self.stage = stage
        self._message = message
        self._place = place

    @functools.cached_property
    def message(self) -> str:
        return self._message if isinstance(self._message, str) else self._message()

    @functools.cached_property
    def place(self) -> str:
        return self._place if isinstance(self._place, str) else self._place()


def first_difference(
    expected: Any, got: Any, *, exact: bool = False, place: str = ""
) -> Difference | None:
    """The first difference of two values made of plain data, or None.

    An int is accepted where a float is expected. `exact` turns tolerances and this off.
    """
    if _are_one_value(expected, got):  # most are, and this is asked of every item of a list
        return None
    if isinstance(expected, torch.Tensor) and isinstance(got, torch.Tensor):
        return _tensors(expected, got, exact, place)
    if isinstance(expected, Opaque) and isinstance(got, Opaque):
        if expected == got:
            return None
        return Difference("values", lambda: contrast(expected, got), place)
    if type(expected) is float and type(got) in ((float,) if exact else (float, int)):
        return _floats(expected, _as_float(got), exact, place)
    if error_named(got) != error_named(expected):
        return _fact_differs(expected, got, place)
    if type(expected) is not type(got):
        message = text(
            "compare.kind",
            "expected {expected}, yours is {got}",
            expected=a_kind(expected),
            got=a_kind(got),
        )
        return Difference("type", message, place)
    if isinstance(expected, (list, tuple)):
        return _sequences(expected, got, exact, place)
    if isinstance(expected, dict):
        return _dicts(expected, got, exact, place)
    if expected != got and not _both_nan(expected, got):
        return Difference("values", lambda: contrast(expected, got), place)
    return None


VALUES = (int, float, bool, str, complex, type(None))


def _are_one_value(one: Any, other: Any) -> bool:
    """True for two equal numbers, strings or Nones of one type."""
    return type(one) is type(other) and type(one) in VALUES and one == other


def error_named(value: Any) -> str:
    """The type of the error that a fact stands for, as `attempt` of observations writes it."""
    if isinstance(value, dict) and list(value) == ["raised"] and isinstance(value["raised"], str):
        return value["raised"]
    return ""


def _fact_differs(expected: Any, got: Any, place: str) -> Difference:
    """One of two values, or both, stand for an error."""
    wanted, raised = error_named(expected), error_named(got)
    if not raised:
        message = text(
            "compare.fact_not_raised",
            "an error was expected here: {expected}; yours gave {value}",
            expected=wanted,
            value=show(got),
        )
    elif wanted:
        message = text(
            "compare.fact_raised_another",
            "an error was expected here: {expected}; yours was {got}",
            expected=wanted,
            got=raised,
        )
    else:
        message = text(
            "compare.fact_raised",
            "expected {expected}, and {error} came up",
            expected=a_kind(expected),
            error=raised,
        )
    return Difference("raised", message, place)


def fact_raised(expected: Any, got: Any) -> str:
    """The type of the first error in `got` that does not stand at the same place in `expected`."""
    if error_named(got):
        return "" if error_named(got) == error_named(expected) else error_named(got)
    if isinstance(got, dict) and isinstance(expected, dict):
        pairs = [(expected.get(key), item) for key, item in got.items()]
    elif isinstance(got, (list, tuple)) and isinstance(expected, (list, tuple)):
        pairs = list(zip(expected, got))  # noqa: B905 - one may be longer
    else:
        return ""
    return next((name for pair in pairs if (name := fact_raised(*pair))), "")


def _both_nan(one: Any, other: Any) -> bool:
    """Complex numbers with NaN in the same parts: not equal for Python, the same for a reader."""
    return isinstance(one, complex) and repr(one) == repr(other)


def same(one: Any, other: Any) -> bool:
    """Exactly equal plain data: types, shapes, dtypes and values (NaN equals NaN)."""
    return first_difference(one, other, exact=True) is None


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:  # an int beyond the largest float
        return math.inf if number > 0 else -math.inf


def _floats(expected: float, got: float, exact: bool, place: str) -> Difference | None:
    both_nan = expected != expected and got != got
    # The distance to an infinite number is infinite, and so is the tolerance.
    close = math.isfinite(expected) and abs(expected - got) <= ATOL + RTOL * abs(expected)
    if expected == got or both_nan or (close and not exact):
        return None
    return Difference("values", lambda: contrast(expected, got), place)


def _sequences(
    expected: Sequence[Any], got: Sequence[Any], exact: bool, place: str
) -> Difference | None:
    if len(expected) != len(got):
        holes = {"expected": counted(len(expected), "item"), "got": len(got)}
        message = text("compare.length", "expected {expected}, yours has {got}", **holes)
        if len(expected) <= 8 and len(got) <= 8:
            message = text(
                "compare.length_with_items",
                "expected {expected}, yours has {got}: {contrast}",
                **holes,
                contrast=contrast(expected, got),
            )
        return Difference("structure", message, place)
    for position, (one, other) in enumerate(zip(expected, got, strict=True)):
        if _are_one_value(one, other):
            continue
        difference = first_difference(one, other, exact=exact, place=f"{place}[{position}]")
        if difference is None:
            continue
        if isinstance(one, (int, float, str, type(None))):
            return _of_items(expected, got, difference, place)
        return difference
    return None


def _of_items(
    expected: Sequence[Any], got: Sequence[Any], of_one: Difference, place: str
) -> Difference:
    """A difference of two simple items, told with all of them where that can be read."""

    @functools.cache
    def whole() -> str:
        both = contrast(expected, got)
        readable = len(both) < 160 and show(expected) != show(got)  # 2 and 2.0 look alike
        return both if readable else ""

    return Difference(
        of_one.stage,
        lambda: whole() or of_one.message,
        lambda: place if whole() else of_one.place,
    )


def _dicts(expected: dict, got: dict, exact: bool, place: str) -> Difference | None:
    missing = [key for key in expected if key not in got]
    extra = [key for key in got if key not in expected]
    if missing or extra:
        parts = [text("compare.key_missing", "{key} is missing", key=show(key)) for key in missing]
        parts += [
            text("compare.key_extra", "{key} should not be there", key=show(key)) for key in extra
        ]
        return Difference("structure", ", ".join(parts[:4]), place)
    for key in expected:
        inner = f"{place}[{key!r}]"
        difference = first_difference(expected[key], got[key], exact=exact, place=inner)
        if difference is not None:
            return difference
    return None


def _tensors(
    expected: torch.Tensor, got: torch.Tensor, exact: bool, place: str
) -> Difference | None:
    if expected.shape != got.shape:
        message = text(
            "compare.shape",
            "expected shape {expected}, yours has {got}",
            expected=tuple(expected.shape),
            got=tuple(got.shape),
        )
        return Difference("shape", message, place)
    if expected.dtype != got.dtype:
        message = text(
            "compare.dtype",
            "expected {expected}, yours is {got}",
            expected=expected.dtype,
            got=got.dtype,
        )
        return Difference("dtype", message, place)
    if expected.device != got.device:
        message = text(
            "compare.device",
            "expected a tensor on {expected}, yours is on {got}",
            expected=expected.device,
            got=got.device,
        )
        return Difference("values", message, place)
    if expected.device.type == "meta":  # it has no numbers
        return None
    if _equal(expected, got) or _close(expected, got, exact):  # equal is the quicker one
        return None
    return Difference("values", lambda: _value_message(expected, got), place)


def _equal(expected: torch.Tensor, got: torch.Tensor) -> bool:
    try:
        return torch.equal(expected, got)
    except RuntimeError:  # torch stores some dtypes, such as float8, and cannot compare them
        one, other = (tensor.reshape(-1).view(torch.uint8) for tensor in (expected, got))
        return torch.equal(one, other)


def _close(expected: torch.Tensor, got: torch.Tensor, exact: bool) -> bool:
    """Near enough, and NaN equals NaN; torch.testing.assert_close would write a text first."""
    if expected.dtype not in TOLERANCES:
        return False
    rtol, atol = (0.0, 0.0) if exact else TOLERANCES[expected.dtype]
    return torch.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)


def _value_message(expected: torch.Tensor, got: torch.Tensor) -> str:
    """How many elements differ, and the largest difference and where it is."""
    equal = (expected == got) | ((expected != expected) & (got != got))
    if expected.dtype == torch.bool:
        distance = (~equal).double()
    else:
        wide = torch.complex128 if expected.is_complex() else torch.float64
        distance = (expected.to(wide) - got.to(wide)).abs()
        distance = torch.where(distance.isnan(), torch.inf, distance).masked_fill(equal, 0.0)
    flat = int(distance.reshape(-1).argmax())
    index: list[int] = []  # by hand: the first torch.unravel_index of a process takes seconds
    for size in reversed(expected.shape):
        flat, place = divmod(flat, size)
        index.insert(0, place)
    holes = {
        "wrong": int((~equal).sum()),
        "all": expected.numel(),
        "contrast": contrast(expected[tuple(index)].item(), got[tuple(index)].item()),
    }
    if not index:
        return text("compare.value", "{wrong} of {all} values differ, most: {contrast}", **holes)
    holes["place"] = index
    whole = contrast(expected, got)
    if 1 < expected.numel() <= 12 and len(whole) < 220:
        return text(
            "compare.values_with_all",
            "{wrong} of {all} values differ, most at {place}: {contrast} ({whole})",
            **holes,
            whole=whole,
        )
    return text(
        "compare.values", "{wrong} of {all} values differ, most at {place}: {contrast}", **holes
    )


def contrast(expected: Any, got: Any) -> str:
    """'expected 0.5, yours is 0.75', with as few digits as show that they differ, but at least 4.

    The last digits of a float32 differ between processors; what a notebook stores should not.
    """
    for digits in (4, 6, 9, 17):
        one, other = show(expected, digits), show(got, digits)
        if one != other:
            break
    return text("compare.contrast", "expected {one}, yours is {other}", one=one, other=other)


def a_kind(value: Any) -> str:
    """A noun for what a value is, for people: 'a tensor of shape (2, 3)', 'the int 3', 'None'."""
    if value is None:
        return "None"
    if isinstance(value, torch.Tensor):
        return text("kind.tensor", "a tensor of shape {shape}", shape=tuple(value.shape))
    if isinstance(value, Opaque):
        return an_object(value.type_name)
    if isinstance(value, dict) and list(value) == ["layout", "dense"]:  # as plain_tensor writes it
        shape, layout = tuple(value["dense"].shape), value["layout"].type_name
        return text(
            "kind.sparse", "a tensor of shape {shape}, {layout}", shape=shape, layout=layout
        )
    kind = type_name(type(value))
    if isinstance(value, (bool, int, float, complex, str)):
        return text("kind.value", "the {kind} {value}", kind=kind, value=show(value))
    if isinstance(value, dict) and list(value) == ["set"] and isinstance(value["set"], list):
        kind, value = "set", value["set"]  # as plain() writes a set
    if kind == "dict" and 0 < len(value) <= 4:
        keys = ", ".join(show(key) for key in value)
        return text("kind.dict", "a dict with the keys {keys}", keys=keys)
    items = counted(len(value), "item")
    return text("kind.container", "a {kind} of {items}", kind=kind, items=items)


def an_object(name: str) -> str:
    """A noun for an object of a type that is not plain data."""
    return text("kind.object", "an object of type {name}", name=name)


# After the name of a type: the answer has made the class from a plain one. 'list/Lazy~' is a list
# that holds a Lazy.
OWN = "~"
# The same for a tensor with attributes of its own where a tensor's methods are looked for.
MASKED = "!"


def a_type(name: str) -> str:
    """A noun for a type's name, for people: 'a tensor', 'an int', 'None'."""
    if name.endswith((OWN, MASKED)):
        container, _, own = name[:-1].rpartition("/")
        one = text("kind.masked", "a tensor with attributes in the place of its methods")
        if name.endswith(OWN):
            one = text("kind.own_class", "{object}, a class of your own", object=an_object(own))
        if not container:
            return one
        return text(
            "kind.holds", "{container} that holds {one}", container=a_type(container), one=one
        )
    if name == "NoneType":
        return "None"
    if name == "torch.Tensor":
        return text("kind.some_tensor", "a tensor")
    if "." in name or name[:1].isupper():
        return an_object(name)
    if name[:1] in "aeiou":
        return text("kind.builtin_with_an", "an {name}", name=name)
    return text("kind.builtin", "a {name}", name=name)


def show(value: Any, digits: int = 6) -> str:
    """A short text for a value, as it would be typed; `digits`: significant ones of a float."""
    if isinstance(value, torch.Tensor):
        if value.numel() > 24 or value.device.type == "meta":
            dtype = str(value.dtype).removeprefix("torch.")
            shape = tuple(value.shape)
            return text(
                "show.tensor", "a {dtype} tensor of shape {shape}", dtype=dtype, shape=shape
            )
        return show(value.tolist(), digits)
    if isinstance(value, Opaque):
        return value.type_name
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(show(item, digits) for item in value[:24])
        if len(value) > 24:
            inner += ", ..."
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        items = list(value.items())[:24]
        pairs = [f"{show(key, digits)}: {show(item, digits)}" for key, item in items]
        return "{" + ", ".join(pairs + ["..."] * (len(value) > 24)) + "}"
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]!r}..."
    if isinstance(value, int) and value.bit_length() > LONGEST:  # Python refuses to print some
        return text("show.long_int", "an int of {bits} bits", bits=value.bit_length())
    return repr(value)
