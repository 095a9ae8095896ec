"""What a student reads passes through `text`: whole sentences under names that stay."""

import ast
import re
import string
from pathlib import Path

import pytest

import course_utils
from course_utils import texts
from course_utils.exercise import all_exercises
from course_utils.notebook import ENVIRONMENT_CELL, WHEEL
from course_utils.texts import all_of, counted, one_of, text

FOLDER = Path(course_utils.__file__).parent
MODULES = ("calls", "checks", "comparison", "data", "environment", "exercise", "extras")
MODULES += ("feedback", "links", "notebook", "observation", "prediction", "recognition")
MODULES += ("side_effect_texts", "symptoms", "terminal", "texts")
TREES = {name: ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8")) for name in MODULES}
FOR_AUTHORS = {"ValueError", "CheckFailed"}  # raised at those who write exercises or scripts
NOT_TEXTS = {"good", "wrong", "note", "check", "predict"}  # kinds and titles
NOT_TEXTS |= {"passed", "not attempted"}  # states
NOT_TEXTS |= {"type", "structure", "shape", "dtype", "values"}  # stages of a difference
NOT_TEXTS |= {"time", "raised", "result", "changed"}
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


def test_every_name_stands_once():
    # A title is shown in several places, and is the same text in each.
    said = {tuple(map(ast.unparse, call.args)) for call in CALLS}
    names = [name for name, _ in said]
    fixed = [call for call in CALLS if isinstance(call.args[0], ast.Constant)]
    assert len(fixed) == len({call.args[0].value for call in fixed}) > 80
    assert sorted(names) == sorted(set(names))


def test_a_sentence_is_written_out_and_has_the_holes_that_are_filled():
    for call in CALLS:
        name, sentence = call.args
        told = ast.unparse(call)
        if isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.FormattedValue):
            # '05.1.hint.2': an exercise says its own sentences; they have no holes.
            assert not call.keywords, told
            continue
        assert isinstance(sentence, ast.Constant), told
        holes = {hole for _, hole, _, _ in string.Formatter().parse(sentence.value) if hole}
        given = {keyword.arg for keyword in call.keywords}
        if None in given:  # **holes, which several sentences share
            assert given - {None} <= holes, told
        else:
            assert given == holes, told


@pytest.mark.parametrize("module", MODULES)
def test_no_sentence_stands_outside(module):
    for inside, value in strings_outside(TREES[module]):
        looks = module == "feedback" and "style=" in value
        assert not LABEL.match(value) or value in NOT_TEXTS
        assert not WORDS.search(value) or value in NOT_TEXTS or looks
        assert not inside or not LETTERS.search(value) or value in NOT_TEXTS


def test_the_texts_of_all_exercises_have_names_of_their_own():
    for exercise in all_exercises():
        # Several answers may stand under one sentence, which has one name.
        names = [one.name for one in exercise.mistakes if one.same_as is None]
        assert sorted(names) == sorted(set(names)), exercise.id
