"""Observations and programs as bytes: how they leave the process that has a student's code.

JSON, because reading it runs nothing. Whatever arrives may have been forged by the student's code,
so reading checks every type, size and count, and raises WireError for all that `write` would not
have written.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
import warnings
from collections.abc import Iterable
from typing import Any

import torch

from course_utils.object_state import TEXT_LIMIT
from course_utils.observation import CALLS_LIMIT, PRINTED_LIMIT, Observation, Raised
from course_utils.plain import DEPTH_LIMIT, ITEM_LIMIT, Opaque
from course_utils.side_effects import (
    CALL,
    CHANGES_LIMIT,
    END,
    KINDS,
    NAME_LIMIT,
    SideEffect,
)

from .process import OBSERVATIONS_LIMIT
from .reading import Part, Program, ProgramState, Reading

PROGRAM_ITEMS_LIMIT = 1_000_000  # cells, statements, notes; a message has a limit of its own
MARKS_LIMIT = 2_000_000  # brackets and commas: few bytes of JSON may be many objects in memory
CASES_LIMIT = 1_000
WARNINGS_LIMIT = 20
KEY_LIMIT = 2**60  # of ints that are keys
INT_BITS_LIMIT = 100_000  # longer ints are cut: comparing and showing them would take long

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.complex64, torch.complex128),
    )
}


class WireError(ValueError):
    """These bytes are not what they are to be."""


def write(observations: list[Observation]) -> bytes:
    """Observations as JSON text."""
    return json.dumps([_write_observation(seen) for seen in observations]).encode("ascii")


def _write_observation(seen: Observation) -> dict[str, Any]:
    raised = seen.raised
    return {
        "value": _write(seen.value),
        "raised": raised
        and [raised.type_name, raised.message, raised.where, raised.function]
        + [raised.by_answer, raised.through_answer],
        "timed_out": seen.timed_out,
        "gave": list(seen.gave[:CALLS_LIMIT]),
        "changed": list(seen.changed),
        "left": [list(dataclasses.astuple(effect)) for effect in seen.left[:CHANGES_LIMIT]],
        "used": list(seen.used),
        "printed": seen.printed,
        "warned": list(seen.warned[:WARNINGS_LIMIT]),
    }


def _write(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str, float)):
        return value
    if isinstance(value, int):
        long = value.bit_length() > INT_BITS_LIMIT
        return {"opaque": "a very long int"} if long else {"int": hex(value)}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, list):
        return [_write(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [_write(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_write_key(key), _write(item)] for key, item in value.items()]}
    if isinstance(value, Opaque):
        return {"opaque": value.type_name}
    return _write_tensor(value)


def _write_key(key: Any) -> Any:
    """Long ints as text: among them are many with one hash, which make a dict slow."""
    long = isinstance(key, int) and abs(key) >= KEY_LIMIT
    return f"a long int, {hex(key)[:100]}" if long else _write(key)


def _write_tensor(tensor: torch.Tensor) -> dict[str, Any]:
    dtype = str(tensor.dtype).removeprefix("torch.")
    if dtype not in DTYPES:
        return {"opaque": f"a tensor of dtype {dtype}"}
    facts = {"dtype": dtype, "shape": list(tensor.shape)}
    if tensor.device.type == "meta":
        return {"meta": facts}
    # A clone, because a single element may have any stride and still be contiguous.
    flat = tensor.cpu().resolve_conj().resolve_neg().reshape(-1)
    flat = flat.clone(memory_format=torch.contiguous_format)
    data = bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""
    return {"tensor": facts, "bytes": base64.b64encode(data).decode("ascii")}


def read(data: bytes) -> list[Observation]:
    """The observations in these bytes. Raises WireError."""
    if len(data) > OBSERVATIONS_LIMIT:
        raise WireError(f"more than {OBSERVATIONS_LIMIT} bytes")
    if sum(data.count(mark) for mark in (b"[", b"{", b",")) > MARKS_LIMIT:
        raise WireError("too many values")
    try:
        rows = json.loads(data)
        if type(rows) is not list or len(rows) > CASES_LIMIT:
            raise WireError("not a list of observations")
        return [_read_observation(row) for row in rows]
    except WireError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError, RuntimeError) as error:
        raise WireError(f"{type(error).__name__}: {error}"[:200]) from None


def _read_observation(row: Any) -> Observation:
    _expect(type(row) is dict and len(row) == 9, "an observation has nine fields")
    raised = row["raised"]
    if raised is not None:
        _expect(type(raised) is list and len(raised) == 6, "an error has six fields")
        type_name, message, where, function, by_answer, through_answer = raised
        _expect(type(by_answer) is bool, "whose error is yes or no")
        _expect(type(through_answer) is bool, "whether the answer ran is yes or no")
        texts = (_text(type_name), _text(message), _text(where), _text(function))
        raised = Raised(*texts, by_answer, through_answer)
    _expect(type(row["timed_out"]) is bool, "timed_out is yes or no")
    changed = _list(row["changed"])
    _expect(all(type(n) is int and 0 <= n < 1000 for n in changed), "positions are ints")
    return Observation(
        value=_read(row["value"], 0, [0]),
        raised=raised,
        timed_out=row["timed_out"],
        gave=tuple(_text(kind) for kind in _list(row["gave"], CALLS_LIMIT)),
        changed=tuple(changed),
        left=tuple(_read_effect(effect) for effect in _list(row["left"], CHANGES_LIMIT)),
        used=tuple(_text(name) for name in _list(row["used"])),
        printed=_text(row["printed"]),
        warned=tuple(_text(text) for text in _list(row["warned"], WARNINGS_LIMIT)),
    )


def _read_effect(facts: Any) -> SideEffect:
    _expect(type(facts) is list and len(facts) == 6, "what is left has six fields")
    argument, what, when, part, before, after = facts
    _expect(type(what) is str and what in KINDS, "not a kind of what is left")
    _expect(type(when) is str and when in (CALL, END), "not a time")
    texts = (_text(text, TEXT_LIMIT) for text in (part, before, after))
    return SideEffect(_text(argument, NAME_LIMIT), what, when, *texts)


def _read(value: Any, depth: int, count: list[int]) -> Any:
    """One value; `count` holds how many there have been."""
    count[0] += 1
    _expect(depth <= DEPTH_LIMIT + 1, "nested too deeply")
    _expect(count[0] <= 2 * ITEM_LIMIT, "too many values")
    if value is None or type(value) in (bool, str, float):
        return value
    if type(value) is list:
        return [_read(item, depth + 1, count) for item in value]
    _expect(type(value) is dict, "not a kind of value")
    if set(value) == {"tensor", "bytes"}:
        return _read_tensor(value["tensor"], value["bytes"])
    _expect(len(value) == 1, "not a kind of value")
    ((kind, inner),) = value.items()
    if kind == "int":
        _expect(type(inner) is str and len(inner) <= INT_BITS_LIMIT, "not an int")
        return int(inner, 16)
    if kind == "complex":
        _expect(type(inner) is list and [type(x) for x in inner] == [float] * 2, "not a complex")
        return complex(*inner)
    if kind == "tuple":
        return tuple(_read(item, depth + 1, count) for item in _list(inner, ITEM_LIMIT))
    if kind == "dict":
        pairs = {}
        for pair in _list(inner, ITEM_LIMIT):
            _expect(type(pair) is list and len(pair) == 2, "not a pair")
            key = _read(pair[0], depth + 1, count)
            _expect(key is None or type(key) in (bool, int, float, str), "not a key")
            _expect(type(key) is not int or abs(key) < KEY_LIMIT, "not a key")
            pairs[key] = _read(pair[1], depth + 1, count)
        return pairs
    if kind == "opaque":
        return Opaque(_text(inner))
    _expect(kind == "meta", "not a kind of value")
    dtype, shape = _dtype_and_shape(inner)
    return torch.empty(shape, dtype=dtype, device="meta")


def _read_tensor(facts: Any, text: Any) -> torch.Tensor:
    dtype, shape = _dtype_and_shape(facts)
    _expect(type(text) is str, "not a tensor's bytes")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise WireError("not a tensor's bytes") from None
    # Sizes first: torch must not be asked for a tensor larger than what arrived.
    _expect(len(data) == math.prod(shape) * dtype.itemsize, "a tensor's bytes do not fit its shape")
    if not data:
        return torch.empty(shape, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that bytes cannot be written to
        raw = torch.frombuffer(data, dtype=torch.uint8).clone()
    if dtype is torch.bool:
        return (raw != 0).reshape(shape)  # a bool of any other byte is not defined
    return raw.view(dtype).reshape(shape)


def _dtype_and_shape(facts: Any) -> tuple[torch.dtype, list[int]]:
    _expect(type(facts) is dict and set(facts) == {"dtype", "shape"}, "not a tensor")
    _expect(type(facts["dtype"]) is str and facts["dtype"] in DTYPES, "not a dtype")
    shape = _list(facts["shape"], 64)
    _expect(all(type(n) is int and 0 <= n < 2**40 for n in shape), "not a shape")
    _expect(math.prod(shape) < 2**60, "not a shape")
    return DTYPES[facts["dtype"]], shape


def write_reading(reading: Reading) -> bytes:
    """What reading a notebook gave, as JSON text."""
    return json.dumps(dataclasses.asdict(reading)).encode("ascii")


def read_reading(data: bytes, ids: Iterable[str]) -> Reading:
    """What reading a notebook for these exercises gave. Raises WireError."""
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise WireError(f"{type(error).__name__}: {error}"[:200]) from None
    problem, notes, programs = _fields(facts, Reading)
    _expect(type(programs) is dict, "not programs")
    _expect(bool(problem) or set(programs) == set(ids), "not the programs that were asked for")
    return Reading(
        _text(problem, None),
        _texts(notes),
        {id: _read_program(program) for id, program in programs.items()},
    )


def _read_program(facts: Any) -> Program:
    state, note, parts, answer, flags, mentions = _fields(facts, Program)
    _expect(state in list(ProgramState), "not the state of a program")
    return Program(
        ProgramState(state),
        _text(note, None),
        tuple(_read_part(part) for part in _list(parts, PROGRAM_ITEMS_LIMIT)),
        _text(answer, None),
        _texts(flags),
        _texts(mentions),
    )


def _read_part(facts: Any) -> Part:
    cell, code, statements = _fields(facts, Part)
    _expect(type(cell) is int, "not the number of a cell")
    places = _list(statements, PROGRAM_ITEMS_LIMIT)
    _expect(all(type(place) is int and place >= 0 for place in places), "places are ints")
    return Part(cell, _text(code, None), tuple(places))


def _fields(facts: Any, of: type) -> list[Any]:
    """The values of a dataclass that was written as a dict, in the order of its fields."""
    names = [field.name for field in dataclasses.fields(of)]
    _expect(type(facts) is dict and set(facts) == set(names), f"not a {of.__name__}")
    return [facts[name] for name in names]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(text, None) for text in _list(value, PROGRAM_ITEMS_LIMIT))


def _text(value: Any, limit: int | None = PRINTED_LIMIT) -> str:
    _expect(type(value) is str, "not a text")
    return value[:limit]


def _list(value: Any, limit: int = 1_000) -> list:
    _expect(type(value) is list and len(value) <= limit, "not a list")
    return value


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise WireError(otherwise)
