"""Observations go through bytes unchanged, and forged bytes raise WireError and nothing else."""

import base64
import dataclasses
import json
import math
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.comparison import same
from course_utils.exercise import find
from course_utils.observation import CALLS_LIMIT, Observation, Raised
from course_utils.plain import ITEM_LIMIT, Opaque, plain
from course_utils.side_effects import END, SideEffect
from grading.inside import wire
from grading.inside.process import OBSERVATIONS_LIMIT
from grading.inside.reading import Part, Program, ProgramState, Reading
from grading.inside.wire import DTYPES, WireError

# The same examples in every run, whatever the machine is doing.
REPEATED = settings(derandomize=True, database=None, deadline=None)

SHAPES = [(), (0,), (1,), (3,), (2, 3), (0, 4), (2, 0, 3), (1, 1, 1, 1), (2, 1, 3, 1)]
NUMBERS = [0, 1, -1, 2**31, -(2**63), 2**64, 2**1000, -(2**5000), True, False]
FLOATS = [0.0, -0.0, 1.5, -1e308, 5e-324, math.inf, -math.inf, math.nan, 0.1]
TEXTS = ["", "abc", "\x00", "\ud800", "a\udfff b", "한글", "😀", "\\u0041", '"', "x" * 5000, "\n"]


def through(value):
    (seen,) = wire.read(wire.write([Observation(value=value)]))
    return seen.value


@pytest.mark.parametrize("name", DTYPES)
def test_tensors_stay(name):
    dtype = DTYPES[name]
    for shape in SHAPES:
        numbers = torch.Generator().manual_seed(len(shape))
        whole = torch.randint(0, 100, shape, generator=numbers)
        tensor = whole > 50 if dtype is torch.bool else whole.to(dtype)
        got = through(tensor)
        assert type(got) is torch.Tensor
        assert (got.dtype, got.shape, got.device) == (tensor.dtype, tensor.shape, tensor.device)
        assert torch.equal(got, tensor), shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_special_numbers_in_tensors_stay(dtype):
    tensor = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan], dtype=dtype)
    assert exact(through(tensor)) == exact(tensor)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(12).reshape(3, 4).T,
        torch.arange(12)[::5],
        torch.ones(1).expand(4, 3),
        torch.arange(4.0)[2:3].as_strided((1, 1), (7, 3)),
        torch.tensor([1 + 2j, 3j]).conj(),
        torch.tensor([1 + 2j, 3j]).conj().imag,
        torch.arange(3.0, requires_grad=True).detach(),
    ],
)
def test_tensors_of_any_layout_stay(tensor):
    assert torch.equal(through(tensor), tensor)


def test_a_tensor_without_memory_stays():
    got = through(torch.empty((2, 3), dtype=torch.float16, device="meta"))
    assert (got.device.type, got.dtype, tuple(got.shape)) == ("meta", torch.float16, (2, 3))


CONTAINERS = [
    *([], (), {}, [[], (), {}, [None]], (1,), list(range(5000))),
    {1: "a", "1": "b", 1.5: [2], None: (), False: 0},
    *({"tensor": 1, "bytes": 2}, {"int": "0x1"}, {"opaque": "x"}, {"set": [1, 2]}),
    [Opaque("Net"), Opaque("")],
    [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]],
]


def exact(value):
    """All there is to a plain value, to the last bit: type, order, -0.0 and NaN as well."""
    if isinstance(value, torch.Tensor):
        return str(value.dtype), str(value.device), value.shape, str(value.tolist())
    if isinstance(value, (list, tuple)):
        return type(value), [exact(item) for item in value]
    if isinstance(value, dict):
        return dict, [(exact(key), exact(item)) for key, item in value.items()]
    return type(value), repr(value)


def test_corners_stay():
    for value in [None, *NUMBERS, *FLOATS, *TEXTS, *CONTAINERS]:
        assert exact(through(value)) == exact(value), repr(value)[:60]
    for value in FLOATS:
        assert exact(through(complex(value, -value))) == exact(complex(value, -value))


def a_tensor(dtype, shape, number):
    return torch.full(shape, number).to(dtype)


texts = st.sampled_from(TEXTS) | st.text(st.characters(), max_size=20)  # half characters as well
numbers = st.sampled_from(NUMBERS) | st.integers() | st.floats() | st.sampled_from(FLOATS)
tensors = st.builds(
    a_tensor,
    st.sampled_from(list(DTYPES.values())),
    st.sampled_from(SHAPES) | st.lists(st.integers(0, 3), max_size=5),
    st.integers(0, 100),
)
short_ints = st.integers(1 - wire.KEY_LIMIT, wire.KEY_LIMIT - 1)
keys = st.none() | st.booleans() | short_ints | st.floats(allow_nan=False) | texts
values = st.recursive(
    st.none() | numbers | st.complex_numbers() | texts | st.builds(Opaque, texts) | tensors,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(REPEATED, max_examples=200)
@given(values)
def test_any_plain_value_stays(value):
    value = plain(value)
    assert exact(through(value)) == exact(value)
    assert same(through(value), value)


def test_everything_else_about_an_observation_stays():
    whole = Observation(
        value=None,
        raised=Raised("E", "message", "x = 1", "f", True, True),
        timed_out=True,
        gave=("NoneType", "torch.Tensor"),
        changed=(0, 3),
        left=(SideEffect("0", "training", END, "0.1", "True", "False"),),
        used=("Tensor.stride",),
        printed="a\ud800\n",
        warned=("w", ""),
    )
    assert wire.read(wire.write([whole, Observation()])) == [whole, Observation()]


def test_what_no_message_holds_is_said_in_words():
    assert through(1 << 10**6) == Opaque("a very long int")
    (key,) = through({10**100: 1})
    assert key.startswith("a long int, 0x1249ad2594c37ceb0b2784c4ce0bf38ace408e211a7caab24308a82e")
    rare = torch.empty(2, dtype=torch.float8_e4m3fn)
    assert through(rare) == Opaque("a tensor of dtype float8_e4m3fn")


def test_more_warnings_than_are_kept_are_left_out():
    (seen,) = wire.read(wire.write([Observation(warned=tuple("abc" * 50))]))
    assert len(seen.warned) == wire.WARNINGS_LIMIT


def row(**facts):
    whole = json.loads(wire.write([Observation()]))[0]
    return {**whole, **facts}


def forged(value):
    return json.dumps([row(value=value)]).encode()


def tensor(shape, dtype="float32", data=b""):
    text = base64.b64encode(data).decode()
    return {"tensor": {"dtype": dtype, "shape": shape}, "bytes": text}


DEEP = "[" * 5000 + "]" * 5000
FORGED = [
    *(b"", b"x", b"\xff\xfe", b"null", b"{}", b"1", b'"text"', b"[1]", b"[[]]", b"[{}]", b"[null]"),
    b"[" * 100_000,
    b'[{"a":' * 100_000,
    b"[" + b"1" * 5000 + b"]",
    json.dumps([row()] * 1001).encode(),
    b"[" * 20 + b"]" * 20,
    json.dumps([row(extra=1)]).encode(),
    json.dumps([row(timed_out="yes")]).encode(),
    json.dumps([row(timed_out=None)]).encode(),
    json.dumps([row(printed=1)]).encode(),
    json.dumps([row(printed=None)]).encode(),
    json.dumps([row(raised=["E", "m"])]).encode(),
    json.dumps([row(raised=["E", "m", "w", "f", True])]).encode(),
    json.dumps([row(raised=["E", "m", "w", "f", 1, True])]).encode(),
    json.dumps([row(raised=["E", "m", "w", "f", True, 1])]).encode(),
    json.dumps([row(raised=["E", "m", "w", 3, True, True])]).encode(),
    json.dumps([row(raised="E")]).encode(),
    json.dumps([row(gave=[1])]).encode(),
    json.dumps([row(gave="ab")]).encode(),
    json.dumps([row(gave=["int"] * (CALLS_LIMIT + 1))]).encode(),
    json.dumps([row(changed=[-1])]).encode(),
    json.dumps([row(changed=[True])]).encode(),
    json.dumps([row(changed=[10**9])]).encode(),
    json.dumps([row(changed="12")]).encode(),
    json.dumps([row(left=["training"])]).encode(),
    json.dumps([row(left=[["0", "training", "call", "", ""]])]).encode(),
    json.dumps([row(left=[["0", "laughing", "call", "", "", ""]])]).encode(),
    json.dumps([row(left=[["0", "training", "later", "", "", ""]])]).encode(),
    json.dumps([row(left=[[0, "training", "call", "", "", ""]])]).encode(),
    json.dumps([row(left=[["0", "training", "call", "", "", None]])]).encode(),
    json.dumps([row(left=[["0", "training", "call", "", "", ""]] * 41)]).encode(),
    json.dumps([row(used=[1])]).encode(),
    json.dumps([row(used="ab")]).encode(),
    json.dumps([row(warned=["w"] * 21)]).encode(),
    forged({}),
    forged({"int": 5}),
    forged({"int": "zz"}),
    forged({"int": "0x"}),
    forged({"int": ""}),
    forged({"int": "f" * 200_000}),
    forged(5),
    forged({"complex": [1, 2]}),
    forged({"complex": [1.0]}),
    forged({"complex": 1.0}),
    forged({"tuple": 1}),
    forged({"tuple": {"a": 1}}),
    forged({"dict": [[1]]}),
    forged({"dict": [[[], None]]}),
    forged({"dict": [[{"tuple": []}, None]]}),
    forged({"dict": [[{"int": hex(2**61 - 1)}, None]]}),
    forged({"dict": {"a": 1}}),
    forged({"opaque": 1}),
    forged({"opaque": None}),
    forged({"unknown": 1}),
    forged({"a": 1, "b": 2}),
    forged({"meta": 1}),
    forged({"meta": {"dtype": "float32"}}),
    forged({"meta": {"dtype": "float33", "shape": []}}),
    forged({"meta": {"dtype": "float32", "shape": [2**41]}}),
    forged({"meta": {"dtype": "float32", "shape": [2**39, 2**39]}}),
    forged({"meta": {"dtype": "float32", "shape": [-1]}}),
    forged({"meta": {"dtype": "float32", "shape": [1.0]}}),
    forged({"meta": {"dtype": "float32", "shape": [True]}}),
    forged({"meta": {"dtype": ["float32"], "shape": []}}),
    forged(tensor([3], data=b"12")),
    forged(tensor([2**40])),
    forged(tensor([2**39, 2**39])),
    forged(tensor([-1, -4], data=b"1234" * 4)),
    forged(tensor([1] * 65, data=b"1234")),
    forged(tensor([1], dtype="object", data=b"12345678")),
    forged({"tensor": None, "bytes": ""}),
    forged({"tensor": {"dtype": "float32", "shape": []}, "bytes": "é"}),
    forged({"tensor": {"dtype": "float32", "shape": []}, "bytes": "====="}),
    forged({"tensor": {"dtype": "float32", "shape": []}, "bytes": None}),
    forged([None] * 50_000),
    forged({"tuple": [None] * (ITEM_LIMIT + 1)}),
    json.dumps([row(value=0)]).encode().replace(b": 0", b": " + DEEP.encode()),
    b"[" + b"[]," * 3_000_000 + b"[]]",
    b" " * (OBSERVATIONS_LIMIT + 1),
]


@pytest.mark.parametrize("data", FORGED, ids=lambda d: repr(d[:60]))
def test_forged_bytes_are_refused(data):
    with pytest.raises(WireError):
        wire.read(data)


def test_what_would_fill_the_memory_is_refused_before_it_is_parsed(monkeypatch):
    def parsed(data):
        raise AssertionError("parsed")

    monkeypatch.setattr(wire.json, "loads", parsed)
    for many in (b"[]," * 1_000_000, b"{}" * 2_000_001, b"0," * 2_000_001):
        with pytest.raises(WireError, match="too many values"):
            wire.read(b"[" + many + b"0]")


def test_a_bool_that_is_no_bool_is_one():
    (seen,) = wire.read(forged(tensor([3], dtype="bool", data=b"\x00\x01\xff")))
    assert seen.value.tolist() == [False, True, True]
    assert seen.value.view(torch.uint8).tolist() == [0, 1, 1]


PIECES = [
    *(b"[", b"]", b"{", b"}", b",", b'"', b"null", b"true", b"1e999", b"-", b"NaN", b"\\u", b"0"),
    *(b'{"int":"0x1"}', b'{"meta":{"dtype":"bool","shape":[0]}}', b"\xff", b'"tuple"'),
]


def put(data, place, length, new):
    data[place : place + length] = new


def repeat(data, place, length, _):
    data[place:place] = data[place : place + length]


def put_letter(data, place, _, new):
    """Another number, name or text: what was a letter or a digit stays one."""
    where = [n for n, byte in enumerate(data) if chr(byte).isalnum()]
    if where:
        data[where[place % len(where)]] = new


places = st.integers(0, 2**20)
edits = st.one_of(
    st.tuples(st.just(put), places, st.just(1), st.binary(min_size=1, max_size=1)),
    st.tuples(st.just(put), places, st.integers(1, 19), st.just(b"")),
    st.tuples(st.just(put), places, st.integers(0, 7), st.sampled_from(PIECES)),
    st.tuples(st.just(repeat), places, st.integers(1, 60), st.none()),
)
# Most messages can still be read then.
letters = st.tuples(st.just(put_letter), places, st.none(), st.sampled_from(b"0123456789abcdef"))


def test_mutated_messages_are_refused_or_read_and_compared():
    """Real messages, and what a forger might do to their bytes."""
    exercises = [find(id) for id in ("01.1", "01.5", "06.6", "09.2")]
    messages = [(e, wire.write(e.reference_observations(3))) for e in exercises]
    outcomes = Counter()

    @settings(REPEATED, max_examples=1000)
    @given(st.sampled_from(messages), st.lists(letters, max_size=3), st.lists(edits, max_size=2))
    def forge(message, letters, edits):
        exercise, data = message[0], bytearray(message[1])
        for edit, place, length, new in letters + edits:
            edit(data, place % (len(data) + 1), length, new)
        try:
            seen = wire.read(bytes(data))
        except WireError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            exercise.verdict(seen, 3)  # whatever was read can be compared, and shown

    forge()
    assert outcomes["read"] > 50 and outcomes["refused"] > 300, outcomes


# -- what reading a notebook gave ------------------------------------------------------------

PROGRAM = Program(
    ProgramState.FOUND, "note", (Part(2, "x = 1\n" * 20_000, (0, 3)),), "x = 1", ("flag",), ("a.b",)
)
READINGS = [
    Reading("", ("note",), {"01.1": PROGRAM, "01.2": Program(ProgramState.MISSING)}),
    Reading("The file is empty."),
]


@pytest.mark.parametrize("reading", READINGS)
def test_a_reading_comes_back_as_it_was(reading):
    assert wire.read_reading(wire.write_reading(reading), ["01.1", "01.2"]) == reading


def forged_reading(**changes):
    program = {**dataclasses.asdict(PROGRAM), **changes}
    return {"problem": "", "notes": [], "programs": {"01.1": program}}


@pytest.mark.parametrize(
    "facts",
    [
        *(None, 3, [], {}, "problem", {"problem": ""}),
        {"problem": "", "notes": [], "programs": {}},
        {"problem": 3, "notes": [], "programs": {}},
        {"problem": "x", "notes": [], "programs": []},
        {"problem": "", "notes": [], "programs": {"01.1": []}},
        {**forged_reading(), "more": 1},
        forged_reading(more=1),
        forged_reading(state="passed"),
        forged_reading(state=["found"]),
        forged_reading(note=None),
        forged_reading(answer=["x"]),
        forged_reading(flags="flag"),
        forged_reading(flags=[1]),
        forged_reading(mentions={}),
        forged_reading(parts=[3]),
        forged_reading(parts=[{"cell": 1, "code": "x"}]),
        forged_reading(parts=[{"cell": True, "code": "x", "statements": []}]),
        forged_reading(parts=[{"cell": 1, "code": b"x".hex(), "statements": [-1]}]),
        forged_reading(parts=[{"cell": 1, "code": None, "statements": []}]),
    ],
    ids=lambda facts: repr(facts)[:60],
)
def test_a_forged_reading_is_refused(facts):
    with pytest.raises(WireError):
        wire.read_reading(json.dumps(facts).encode(), ["01.1"])


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 200_000])
def test_what_is_no_json_is_no_reading(data):
    with pytest.raises(WireError):
        wire.read_reading(data, ["01.1"])
