"""A guess typed on a page is judged as the notebook judges it: guesses.js beside prediction.py."""

import builtins
import math
import warnings

import pytest
import torch

from course_utils import prediction
from course_utils.catalogue import Catalogue
from course_utils.prediction import Belief, Prediction, all_predictions
from tests import skip_without
from tests.website.loose_pages import opened, written
from website import truths

ODD = [
    "...",
    "1/3",
    "2 ** 3",
    "2**-1",
    "-7 // 2",
    "7 % -3",
    "-2 ** 2",
    "(1 + 2) * 3",
    "[0] * 3",
    "[1] + [2]",
    "1_000",
    "1__0",
    "007",
    "0x1f",
    ".5",
    "5.",
    "1e3",
    "1E-2",
    "+3",
    "--3",
    "1 / 0",
    "10 ** 5000",
    "nan",
    "float('nan')",
    "inf",
    "-inf",
    "[-inf, nan]",
    "math.inf",
    'float("-inf")',
    "none",
    "TRUE",
    "[true, false]",
    "True + 1",
    "'None'",
    "'[1, 2]'",
    "\"'1'\"",
    "'1/3'",
    "()",
    "[]",
    "(1)",
    "(1,)",
    "1,",
    "1, 2",
    "[1, 2",
    "[1 2]",
    "[1, 2,]",
    "{'a': 1}",
    "{'a': 1, 'b': [2]}",
    "{1, 2}",
    "{2, 1, 2}",
    "{}",
    "tensor([1, 2])",
    "torch.tensor([1., 2.])",
    "tensor([1, 2], dtype=torch.int32)",
    "tensor(True)",
    "torch.Size([2, 3])",
    "Size((2, 3))",
    "torch.float",
    "torch.double",
    "torch.long",
    "torch.bool",
    "float",
    "[torch.float32, torch.int64]",
    "[float32, int64]",
    "('error', 1)",
    "error",
    "ERROR",
    "'error'",
    "IndexError",
    "IndexError()",
    "IndexError('too large')",
    "LookupError",
    "Exception",
    "StopIteration",
    "torch.cuda.OutOfMemoryError",
    "no error",
    "an error",
    "a b",
    "'it''s'",
    r"'a\'b'",
    "r'a\\b'",
    "view",
    "View ",
    "텐서",
    "x" * 2000,
]


VALUES = [
    *(None, True, 3, 1000, -4, 8, 0.5, 1 / 3, 5e5, -0.5, math.nan, -math.inf, "nan"),
    *("view", "it's", "1/3", "error", "텐서", torch.float32, torch.bool),
    *([], [1, 2], [[0.5, 1.0]], [True, False], [0, 0, 0], [-math.inf, math.nan]),
    *(["float32", "int64"], ["error", 1], {"a": 1}, {"a": 1, "b": [2]}, {1, 2}),
    *(IndexError(), StopIteration()),
]


class Names(dict):
    """What names mean in a guess: those of Python and torch; another name stands for its word."""

    def __missing__(self, name):
        return name


NAMES = {
    **{name: value for name, value in vars(builtins).items() if isinstance(value, type)},
    "torch": torch,
    "math": math,
    "tensor": torch.tensor,
    "Size": torch.Size,
    "nan": math.nan,
    "inf": math.inf,
}

BUILTINS = {"__builtins__": {"__import__": __import__}}  # torch imports NumPy when it has to


def as_in_a_notebook(text):
    """The guess that a cell would hold, if this text were typed into it; else the text itself."""
    if text.strip() == "tensor" or text.strip().startswith("not "):  # the word, and not Python
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python has advice for some of what is typed
            return eval(text.strip(), BUILTINS, Names(NAMES)) if len(text) < 1000 else text
    except Exception:
        return text


def as_python(reading):
    """The value behind a reading of truths.as_json."""
    if isinstance(reading, list):
        return [as_python(item) for item in reading]
    if not isinstance(reading, dict):
        return reading
    if "dict" in reading:
        return {as_python(key): as_python(item) for key, item in reading["dict"]}
    return int(reading["int"]) if "int" in reading else float(reading["float"])


def code_of(truth):
    """A function that gives what the record of a truth says, or raises such an error."""

    def run():
        if "error" not in truth:
            return as_python(truth["reading"])
        kind = BaseException
        for name in reversed(truth["error"][:-1]):
            kind = getattr(builtins, name.capitalize(), None) or type(name, (kind,), {})
        raise kind

    return run


def ways_to_type(value):
    """Texts that people type for one value."""
    for text in {repr(value), str(value)}:
        yield from (text, text.replace(" ", ""), f"  {text} ", text.replace("'", '"'))
        yield text.replace(",", " , ").replace("[", "[ ")
    if isinstance(value, str):
        yield from (value.upper(), value.capitalize())
        if isinstance(getattr(torch, value, None), torch.dtype):
            yield f"torch.{value}"
        yield from (f"'{value}'", f'"{value}"', f'" {value}"', f"{value}()")
    if isinstance(value, (int, float)):
        yield from (f"{value} * 1", f"({value})", f"[{value}]", f"({value},)", f"tensor({value})")
        yield from (f"{value * 1.004}", f"{value * 1.02}", f"{value}.", f"0{value}", f"+{value}")
        yield from (f"{value:.2f}", f"{value:.3g}", f"{value:e}", f"'{value}'", f"{value} + 0")
    if isinstance(value, (list, tuple)):
        yield from (repr(tuple(value)), repr(list(value)), repr(value)[1:-1] or "()")
        yield from (f"tensor({value})", f"torch.tensor({value})")
        if all(type(item) is int for item in value):
            yield f"torch.Size({value})"
        yield f"'{value}'"
        yield from (repr([str(item) for item in value]), repr(value).replace("'", ""))


@pytest.fixture(scope="module")
def records():
    """What `make site` wrote. It takes minutes to run all lessons for it."""

    def no_run(lessons):
        for target in lessons:
            skip_without(
                "site", f"build/predictions.json has no {target.name} of today: run make site"
            )
        return ()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(truths, "run_all", no_run)
        return truths.collect()


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    with opened(browser, written(tmp_path_factory.mktemp("guesses"), "", "guesses.js")) as page:
        yield page


def answers(page, asked, record, texts):
    """What the page and what Python say to each text: (text, kind, the belief's sentence)."""
    run = code_of(record["truth"])
    panels = [asked.reveal(as_in_a_notebook(text), run) for text in texts]
    python = [(panel.kind, dict(panel.rows).get("", "")) for panel in panels]
    shown = page.evaluate(
        "([texts, record]) => texts.map((text) => course.reveal(text, record))", [texts, record]
    )
    return list(zip(texts, ((a["kind"], a["sentence"]) for a in shown), python, strict=True))


def different(answers):
    return [answer for answer in answers if answer[1] != answer[2]]


def test_every_guess_is_answered_as_in_a_notebook(records, page):
    typed = 0
    for asked in all_predictions():
        record = records[asked.id]
        truth = record["truth"]
        values = [belief.guess for belief in asked.beliefs] + list(asked.choices)
        values += truth.get("error") or [as_python(truth["reading"]), asked_as_text(truth)]
        texts = sorted({text for value in values for text in ways_to_type(value)})
        typed += len(texts)
        assert different(answers(page, asked, record, texts)) == [], asked.id
    assert typed > 30 * len(records)


def asked_as_text(truth):
    """The value as it is shown: people type what they see."""
    return as_in_a_notebook(truth["shown"])


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_odd_guesses(value, page, monkeypatch):
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
    asked = Prediction("99.p1", "Because.", (Belief("error", "No error."), Belief(7, "Not 7.")))
    record = truths.record(asked, value)
    assert different(answers(page, asked, record, ODD)) == []


def test_every_name_of_a_dtype(page):
    names = {name: kind for name, kind in vars(torch).items() if isinstance(kind, torch.dtype)}
    records = {name: truths.as_json(prediction.reading(kind)) for name, kind in names.items()}
    wrong = page.evaluate(
        "(records) => Object.keys(records).filter("
        "(name) => !course.alike(`torch.${name}`, { reading: records[name] }))",
        records,
    )
    assert wrong == []


def test_what_a_page_offers_to_choose_from(records, page):
    """Each is judged as what it stands for, and the place of the right one tells nothing."""
    places = []
    for asked in all_predictions():
        record = records[asked.id]
        offered = page.evaluate("(record) => course.options(record)", record)
        judged = page.evaluate(
            "([texts, record]) => texts.map((text) => course.reveal(text, record))",
            [offered, record],
        )
        kinds = [answer["kind"] for answer in judged]
        assert kinds.count("good") == 1 and kinds.count("note") == 0, (asked.id, offered)
        sentences = {answer["sentence"] for answer in judged}
        assert sentences >= {belief["sentence"] for belief in record["beliefs"]}, asked.id
        if not asked.choices and len(offered) > 2:
            places.append(kinds.index("good") / (len(kinds) - 1))
    for place in (0, 1):
        assert 0.15 < places.count(place) / len(places) < 0.4, place


def test_what_a_page_says(page, monkeypatch):
    monkeypatch.setattr(prediction, "catalogue", Catalogue(lambda id: ()))
    asked = Prediction("99.p1", "Because.", (Belief(7, "Not `7`."),), choices=(7, 8, 9))
    record = truths.record(asked, 8)

    def headline(text):
        return page.evaluate(
            "([text, record]) => course.reveal(text, record).headline", [text, record]
        )

    assert headline(" ") == "Make your guess first."
    assert headline("6") == "Your guess should be `7` or `8` or `9`; nothing is revealed yet."
    assert headline("8") == "You predicted it: the code gives `8`."
    assert headline(" `9` ".replace("`", "'")) == "You predicted `'9'`; the code gives `8`."
    shown = page.evaluate(
        "() => { document.body.append(course.inline('Not `7 < 8` <b>'));"
        " return document.body.innerHTML; }"
    )
    assert shown.endswith("Not <code>7 &lt; 8</code> &lt;b&gt;")
