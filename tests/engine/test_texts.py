"""What is read passes through `text`: whole sentences under names that stay.

What figures say is looked for in tests/figures/test_figures.py.
"""

import ast
import itertools
import re
import string
from html.parser import HTMLParser

import jinja2
import pytest

from course_utils import texts
from course_utils.exercise import all_exercises
from course_utils.notebook import ENVIRONMENT_CELL, WHEEL
from course_utils.texts import all_of, counted, one_of, text
from grading.report.pages import TEMPLATES, templates
from grading.report.roster import MANUAL_POSTING, OWN_COLUMNS
from tests import ROOT

ENGINE = ("calls", "checks", "comparison", "data", "environment", "exercise", "extras")
ENGINE += ("feedback", "links", "notebook", "observation", "prediction", "progress_panel")
ENGINE += ("recognition", "side_effect_texts", "symptoms", "terminal", "texts")
REPORTS = ("class_results", "history", "lms_marks", "pages", "reports", "roster")
MODULES = [f"course_utils/{name}" for name in ENGINE]
MODULES += [f"grading/report/{name}" for name in REPORTS]
MODULES += ["grading/result", "grading/mark/lateness"]
MODULES += ["grading/mark/marking", "grading/mark/shards"]
FIGURES = [
    f"course_utils/figures/{path.stem}"
    for path in sorted((ROOT / "course_utils/figures").glob("[!_]*.py"))
]
TREES = {
    name: ast.parse((ROOT / f"{name}.py").read_text(encoding="utf-8"))
    for name in (*MODULES, *FIGURES)
}
PAGES = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.j2")}
PASSED_ON = "text(name, sentence, **shown)"  # by pages.html_text, what templates say
# Raised at those who write exercises or scripts, or grade.
FOR_AUTHORS = {"ValueError", "CheckFailed", "TableError", "ReportError"}
NOT_TEXTS = {"good", "wrong", "note", "check", "predict"}  # kinds and titles
NOT_TEXTS |= {"passed", "not attempted"}  # states
NOT_TEXTS |= {"type", "structure", "shape", "dtype", "values"}  # stages of a difference
NOT_TEXTS |= {"time", "raised", "result", "changed"}
NOT_TEXTS |= {"needs a person", "partly marked", "nothing found"}  # states; pages.state_label
# A column of marks.csv, code, a key and a stage.
NOT_TEXTS |= {"marked by", "# from cell ", "not callable", "not raised"}
NOT_TEXTS |= {"Canvas", "Moodle", "a table of one's own"}  # kinds of class lists
NOT_TEXTS |= {"grade can be changed", "maximum grade", "Points Possible"}  # their columns
NOT_TEXTS |= {"sis login id", "sis user id", "id number", "full name", "email address"}
NOT_TEXTS |= {MANUAL_POSTING.pattern, *itertools.chain(*OWN_COLUMNS.values())}
NOT_TEXTS |= {"forward pre", "backward pre", "Backward"}  # events, and the end of a step's name
NOT_TEXTS |= {"frozen parameter", "unsaved buffer", "plain tensor", "hidden module"}  # kinds
NOT_TEXTS |= {", index, source)", "grad None", '<details name="'}  # code
NOT_TEXTS |= {", which needs ", "it was packed with enforce_sorted=False"}  # said to authors
# They are run where the course may not be installed.
NOT_TEXTS |= {ENVIRONMENT_CELL, WHEEL, "%pip install "}
NOT_TEXTS |= {"World", "Sports", "Business"}  # classes of AG_NEWS, as its authors named them
NOT_TEXTS |= {"make lab", "make lab LANE=", "python tools/install.py"}  # commands
NOT_TEXTS |= {"python tools/install.py ", "--lane latest ", " --lane "}
NOT_TEXTS |= {"^<urlopen error (.*)>$"}  # what Python writes
SHOWN = {
    "Panel",
    "Verdict",
    "Difference",
    "DataError",
    "print",
    "say",
}  # what they are given is read
WORDS = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z]")
LETTERS = re.compile(r"[A-Za-z]{2,}")
LABEL = re.compile(r"(?!None\Z)[A-Z][a-z]+\Z")


def called(node):
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


CALLS = [n for tree in TREES.values() for n in ast.walk(tree) if called(n) == "text"]
CALLS_OF_PAGES = [
    call
    for source in PAGES.values()
    for call in templates().parse(source).find_all(jinja2.nodes.Call)
    if getattr(call.node, "name", "") == "text"
]


def holes_of(sentence):
    return {hole for _, hole, _, _ in string.Formatter().parse(sentence) if hole}


def strings_outside(tree):
    """Pairs of the innermost of SHOWN around it, and a string of the code; those in docstrings,
    in calls of `text`, and in what authors are told are left out."""

    def visit(node, inside):
        if called(node) in SHOWN:
            inside = called(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield inside, node.value
        if isinstance(node, ast.Raise) and node.exc and called(node.exc) in FOR_AUTHORS:
            return
        children = node.keywords if called(node) == "text" else ast.iter_child_nodes(node)
        for child in children:
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if not is_docstring:
                yield from visit(child, inside)

    return visit(tree, "")


def test_a_text_is_a_sentence_with_named_holes():
    assert text("a.name", "yours has {got} of {all:g}", got="{x}", all=2.0) == "yours has {x} of 2"
    assert text("a.name", "a dict, as {1: 2}") == "a dict, as {1: 2}"


def test_a_second_language_needs_only_names(monkeypatch):
    monkeypatch.setitem(texts.TRANSLATIONS, "a.name", "{all} 중 {got}")
    assert text("a.name", "{got} of {all}", got=1, all=2) == "2 중 1"


def test_one_or_several_are_listed():
    assert one_of(["a"]) == all_of(["a"]) == "a"
    assert one_of("abc") == "a or b or c"
    assert all_of("abc") == "a and b and c"


def test_one_item_and_three_items():
    assert [counted(n, "item") for n in (0, 1, 3)] == ["0 items", "1 item", "3 items"]


def written(node):
    """A name or a sentence as it stands in the code."""
    return node.value if isinstance(node, ast.Constant) else ast.unparse(node)


def test_every_name_stands_for_one_text():
    # A title is shown in several places, and is the same text in each.
    said = {tuple(map(written, call.args)) for call in CALLS if ast.unparse(call) != PASSED_ON}
    said |= {tuple(arg.value for arg in call.args) for call in CALLS_OF_PAGES}
    names = [name for name, _ in said]
    assert len(names) > 300
    assert sorted(names) == sorted(set(names))


def test_a_sentence_is_written_out_and_has_the_holes_that_are_filled():
    for call in CALLS:
        name, sentence = call.args
        told = ast.unparse(call)
        if told == PASSED_ON:
            continue
        if isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.FormattedValue):
            # '05.1.hint.2': an exercise says its own sentences; they have no holes.
            assert not call.keywords, told
            continue
        assert isinstance(sentence, ast.Constant), told
        holes = holes_of(sentence.value)
        given = {keyword.arg for keyword in call.keywords}
        if None in given:  # **holes, which several sentences share
            assert given - {None} <= holes, told
        else:
            assert given == holes, told

    for call in CALLS_OF_PAGES:
        name, sentence = (arg.as_const() for arg in call.args)
        assert {keyword.key for keyword in call.kwargs} == holes_of(sentence), name


@pytest.mark.parametrize("module", [*MODULES, *FIGURES])
def test_no_sentence_stands_outside(module):
    for inside, value in strings_outside(TREES[module]):
        looks = "style=" in value
        assert not LABEL.match(value) or value in NOT_TEXTS
        assert not WORDS.search(value) or value in NOT_TEXTS or looks
        assert not inside or not LETTERS.search(value) or value in NOT_TEXTS


class Read(HTMLParser):
    """What a browser shows of the HTML that a template writes itself."""

    def __init__(self, source):
        super().__init__()
        self.words = []
        self.feed("".join(part for _, kind, part in templates().lex(source) if kind == "data"))

    def handle_data(self, data):
        if self.lasttag != "style":
            self.words += LETTERS.findall(data)

    def handle_starttag(self, tag, attributes):
        self.words += [
            value for name, value in attributes if name in {"alt", "aria-label", "title"}
        ]


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_of_a_page_stands_outside(page):
    assert Read(PAGES[page]).words == []
    parsed = templates().parse(PAGES[page])
    inside = {id(arg) for call in parsed.find_all(jinja2.nodes.Call) for arg in call.args}
    for one in parsed.find_all(jinja2.nodes.Const):
        if isinstance(one.value, str) and id(one) not in inside:
            assert not WORDS.search(one.value) and not LABEL.match(one.value)


def test_the_texts_of_all_exercises_have_names_of_their_own():
    for exercise in all_exercises():
        # Several answers may stand under one sentence, which has one name.
        names = [one.name for one in exercise.mistakes if one.same_as is None]
        assert sorted(names) == sorted(set(names)), exercise.id
