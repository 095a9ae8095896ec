"""Answers that are alike: what counts as the same code, and who is named."""

import dataclasses
from collections import defaultdict

import pytest

from course_utils.exercise import find
from grading.report.alike import OWN_TOKENS, THE_COURSE, Alike, alike, normalised
from grading.report.pages import class_page
from grading.report.reports import page_names
from grading.result import ExerciseState
from tests.grading.test_reports import WEEK, passed, result, wrong
from tools.bench_justice import right_answers

CODE = '''\
from torch.nn.functional import relu


def contiguous_strides(shape):
    """Strides."""
    strides = []
    step = 1  # of the last dimension
    for size in reversed(shape):
        strides.append(step)
        step = step * max(size, 1)
    return tuple(reversed(strides)) if len(shape) > 0 else ()
'''
# The same with other names, comments, layout and imports.
COPIED = """\
import torch

def contiguous_strides(dims):
    # my own
    out = []
    now = 1
    for n in reversed(dims):
        out.append( now )
        now = now * max(n,
            1)
    return tuple(reversed(out)) if len(dims) > 0 else ()"""


def answered(student, *answers, state=ExerciseState.PASSED):
    """A submission with these answers to 01.1 and 01.10."""
    exercises = []
    for item, code in zip(WEEK.items, answers, strict=False):
        of = item.points
        one = wrong(item.id, of) if state == ExerciseState.WRONG else passed(item.id, of)
        exercises.append(dataclasses.replace(one, answer=code))
    return result(student, *exercises)


def test_names_comments_and_layout_do_not_count():
    assert normalised(COPIED) == normalised(CODE)
    assert len(normalised(CODE)) > OWN_TOKENS


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("step * max", "step + max"),
        ("max(size, 1)", "min(size, 1)"),
        ("strides.append", "strides.remove"),
        ("size, 1)", "size, 2)"),
        ("size, 1)", "step, 1)"),
        ("> 0", ">= 0"),
        ("tuple(reversed", "tuple(sorted"),
    ],
)
def test_what_the_code_does_counts(was, now):
    assert was in CODE
    assert normalised(CODE.replace(was, now)) != normalised(CODE)


def test_functions_that_are_called_keep_their_names():
    assert normalised("y = relu(x)\n") != normalised("y = gelu(x)\n")
    assert normalised("y = x.mT\n") != normalised("y = x.mH\n")
    assert normalised("def f(x): ...\ny = f(x)\n") == normalised("def g(x): ...\ny = g(x)\n")


def test_lines_are_told_by_their_depth_and_not_by_their_breaks():
    one = "for a in b:\n    c = a\n    d = (a,\n  c)\n\n# end\n"
    assert normalised(one) == normalised('for a in b :\n\tc=a\n\td=(a, c)  # \'"""')
    assert normalised(one) != normalised("for a in b:\n    c = a\nd = (a, c)\n")
    assert normalised("x = 1 + \\\n    2") == normalised("y = 1+2")
    assert normalised("x = '#1'  # 2") == normalised("x = '#1'") != normalised("x = '#2'")


@pytest.mark.parametrize("code", ["", "(" * 100, "x = '", "  x\n y", "\x00", "!ls", "(" * 100_000])
def test_what_is_no_python_is_like_nothing(code):
    assert len(normalised(code)) < OWN_TOKENS


def test_who_shares_most_comes_first():
    other = CODE.replace("> 0", "!= 0")
    results = [
        answered("kim", CODE, CODE),
        answered("lee", COPIED, COPIED),
        answered("park", other, "x = 1"),
        answered("seo", other, "x = 1"),
        answered("yoon", CODE.replace("max", "min"), CODE),
    ]
    assert alike(results) == [
        Alike(("kim", "lee"), ("01.1", "01.10")),
        Alike(("park", "seo"), ("01.1",)),
        Alike(("kim", "lee", "yoon"), ("01.10",)),
    ]


def test_short_answers_and_what_was_handed_out_are_left_alone():
    stub = find("01.1").stub_source
    short = "def contiguous_strides(shape):\n    return (1,)\n"
    for code in (stub, short):
        assert alike([answered("kim", code), answered("lee", code)]) == []
    start = find("10.12").stub_source  # a class to be mended
    assert len(normalised(start)) > 2 * OWN_TOKENS
    one = dataclasses.replace(passed("10.12", 1), answer=start)
    mended = [dataclasses.replace(result(name), exercises=(one,)) for name in ("kim", "lee")]
    assert alike(mended) == []


def test_the_course_s_own_solution_is_named():
    id = "01.10"
    solution = find(id).solution_source
    assert len(normalised(solution)) - len(normalised(find(id).stub_source)) >= OWN_TOKENS
    assert alike([answered("kim", CODE, solution)]) == [Alike(("kim", THE_COURSE), (id,))]


def test_right_answers_that_were_written_apart_are_not_alike():
    """Of those that were written from the questions alone, and are long enough to be compared."""
    codes = defaultdict(list)
    for answer in right_answers():
        codes[answer.id].append(normalised(answer.code))
    for id, written in codes.items():
        handed_out = len(normalised(find(id).stub_source))
        codes[id] = [code for code in written if len(code) - handed_out >= OWN_TOKENS]
    assert sum(map(len, codes.values())) > 500
    for id, written in codes.items():
        assert len(set(written)) == len(written), id


def test_the_page_of_the_class_says_it_as_a_fact():
    results = [
        answered(name, code, state=ExerciseState.WRONG)
        for name, code in [("kim", CODE), ("lee", COPIED), ("park", "x")]
    ]
    pages = page_names(one.student for one in results)
    page = class_page(WEEK, results, pages, groups=alike(results))
    assert "Answers that are alike" in page and "says nothing of how that came about" in page
    kim, lee = (f'<a href="feedback/{name}.html"><bdi>{name}</bdi></a>' for name in ("kim", "lee"))
    assert f"<li>{kim}; {lee}: 01.1 (wrong)</li>" in page
    assert "Answers that are alike" not in class_page(WEEK, results, pages)
