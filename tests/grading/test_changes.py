"""Small changes of right answers: which are made, which pass, and when they are judged again."""

import ast
import sys
import textwrap

import pytest

from course_utils.exercise import catalogue, find
from grading.__main__ import main
from grading.review import changes as judging
from grading.review.command import LEFT
from grading.review.operators import changes

pytestmark = pytest.mark.usefixtures("forget_private_exercises")
judges = pytest.mark.skipif(sys.platform != "linux", reason="changes are judged on Linux")

QUIZ = '''
import torch

from course_utils.exercise import Exercise

exercise = Exercise("98.1", "The shape of a total", minutes=3, difficulty=1, hints=[])


@exercise.reference
def total(x, width):
    """The sum over the last axis, as a tensor of its own."""
    while width > 1:
        width -= 1
    return torch.sum(x, dim=-1)


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0, 4.0]), 3
    yield torch.tensor([1.0, rng.randint(5, 9)]), 2
'''
# No case has two dimensions, and how often the loop runs is nobody's business.
SHORT = "return torch.sum(x, dim=-1)", "return torch.sum(x)"
SURVIVOR = "  total, line 14: `return torch.sum(x, dim=-1)` -> `return torch.sum(x)` passes.\n"


@pytest.fixture(autouse=True)
def kept_elsewhere(tmp_path, monkeypatch):
    """Neither the cache nor the record of the course is touched."""
    monkeypatch.setattr(judging, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(judging, "RECORD", tmp_path / "judged_changes.json")


@pytest.fixture
def quiz(tmp_path):
    """Writes an exercise to a file, as it stands there from then on."""

    def write(source=QUIZ):
        catalogue._declared.pop("98.1", None)  # a new process would know nothing of it
        path = tmp_path / "quiz.py"
        path.write_text(source, encoding="utf-8")
        return str(path)

    return write


def reason(change, because="Nobody can tell."):
    before, after = change
    return f"\nexercise.equivalent({before!r}, {after!r}, because={because!r})\n"


def made(source, modules=("torch", "copy")):
    """The changes of an answer: what each statement becomes."""
    [answer] = ast.parse(textwrap.dedent(source)).body
    return {change.after for change in changes(ast.Module([answer], []), modules)}


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ("return a < b", {"return a <= b", "return None"}),
        ("return a is None", {"return a is not None", "return not a", "return None"}),
        (
            "return torch.sum(x, dim=1)",
            {"return torch.sum(x)", "return torch.sum(x, dim=2)", "return torch.sum(x, dim=0)"},
        ),
        ("return x.detach().clone()", {"return x.clone()", "return x.detach()"}),
        ("return x.reshape(2)", {"return x.view(2)", "return x"}),
        ("x.add(1)", {"x.add_(1)", "pass"}),
        ("x.add_(1)", {"x.add(1)", "pass"}),
        ("x[0] = x[0] + 1", {"x[0] += 1", "pass"}),
        ("x += 1", {"x = x + 1", "x -= 1", "pass"}),
        ("model.eval()", {"pass"}),
        ("return model(x)", {"return model.forward(x)", "return None"}),
        ("return sorted(copy.deepcopy(x))", {"return copy.deepcopy(x)", "return sorted(x)"}),
        ("return isinstance(a, int)", {"return True"}),
        ("with torch.no_grad(): a()", {"if True:"}),
        ("if a: b()", {"if True:", "if False:"}),
        ("for a in b: c()", {"for a in []:"}),
        ("return {'a': 1, 'b': 2}", {"return {'a': 1}", "return {'b': 2}"}),
    ],
)
def test_the_changes_of_a_statement(statement, others):
    assert others <= made(f"def f(model):\n    {statement}")


def test_the_changes_of_a_class():
    found = made("""
        class A:
            @torch.no_grad()
            def step(self, rate=1):
                \"\"\"A docstring stays.\"\"\"
                self.count -= rate
                raise ValueError("and so does the text of an error")
        """)
    assert found == {
        "def step(self, rate=1):",
        "@torch.no_grad() def step(self, rate=2):",
        "@torch.no_grad() def step(self, rate=0):",
        "self.count = self.count - rate",
        "self.count += rate",
        "pass",
    }


@judges
def test_a_change_that_passes_is_told_until_there_is_a_reason(quiz, capsys):
    file = quiz()
    assert main(["review", "--changes", file]) == 1
    told = capsys.readouterr().out
    assert SURVIVOR in told
    # It ran for ever, and was stopped; the loop that is left out is not missed.
    assert "`width -= 1` -> `pass`" not in told
    assert "`while width > 1:` -> `while False:` passes." in told
    quiz(QUIZ + reason(SHORT))
    assert main(["review", "--changes", file]) == 1
    assert SURVIVOR not in capsys.readouterr().out


@judges
def test_a_reason_that_is_not_needed_is_told(quiz, capsys):
    wrong = SHORT[0], "return None"
    gone = SHORT[0], "return torch.prod(x)"
    assert main(["review", "--changes", quiz(QUIZ + reason(wrong) + reason(gone))]) == 1
    told = capsys.readouterr().out
    assert f"`{wrong[0]}` -> `{wrong[1]}` does not pass any more: take its reason away." in told
    assert f"`{gone[1]}` is a change of no answer any more: take its reason away." in told


@judges
def test_what_to_do_with_a_change_that_passes_is_said_where_there_is_one(quiz, capsys):
    no_loop = QUIZ.replace("    while width > 1:\n        width -= 1\n", "")
    file = quiz(no_loop)
    main(["review", "--changes", file])
    assert LEFT in capsys.readouterr().out
    zero, gone = (SHORT[0], "return torch.sum(x, dim=-0)"), (SHORT[0], "return torch.prod(x)")
    quiz(no_loop + reason(SHORT) + reason(zero) + reason(gone))
    assert main(["review", "--changes", file]) == 1
    told = capsys.readouterr().out
    assert "take its reason away" in told
    assert " passes." not in told
    assert LEFT not in told


@judges
def test_what_was_judged_is_judged_again_only_when_it_changed(quiz, capsys, monkeypatch):
    file = quiz()
    main(["review", "--changes", file])
    first = capsys.readouterr().out
    judge, judged = judging._judge, []
    monkeypatch.setattr(judging, "_judge", lambda one: judged.append(one) or judge(one))
    quiz(QUIZ + reason(SHORT))  # neither a reason nor a comment changes what passes
    main(["review", "--changes", file])
    assert capsys.readouterr().out == first.replace(SURVIVOR, "")
    assert judged == []
    quiz(QUIZ.replace("yield torch.tensor([1.0, 2.0, 4.0]), 3", "yield torch.ones(2, 2), 3"))
    main(["review", "--changes", file])
    assert SURVIVOR not in capsys.readouterr().out
    assert len(judged) == 1


@judges
def test_an_answer_that_does_not_pass_as_it_is(quiz, capsys):
    wrong = "\n\n@exercise.right\ndef first(x, width):\n    return x[0]\n"
    assert main(["review", "--changes", quiz(QUIZ + wrong)]) == 1
    assert "first does not pass as it is: its changes were not judged." in capsys.readouterr().out


def test_the_record_holds_for_the_source_that_was_judged(monkeypatch):
    exercise = find("00.1")
    assert not judging.is_recorded(exercise)
    judging.record(exercise, left=0)
    assert judging.is_recorded(exercise)
    source = judging.source_of(judging.module_of(exercise))
    monkeypatch.setattr(judging, "source_of", lambda module: source + "\nmore = 1\n")
    assert not judging.is_recorded(exercise)


@judges
@pytest.mark.parametrize(("left", "status"), [(1, 1), (2, 0)])
def test_of_what_is_not_recorded_no_more_may_be_left_than_before(monkeypatch, left, status):
    exercise = find("00.1")
    judged = judging.Judged(frozenset(), count=9, survivors=(), faults=("One.", "Another."))
    monkeypatch.setattr(judging, "judge_changes", lambda exercise: judged)
    judging.record(exercise, left=left)
    text = judging.RECORD.read_text(encoding="utf-8")
    assert main(["review", "--changes", "--unrecorded", "00.1"]) == 0  # it is recorded
    judging.RECORD.write_text(text.replace('"source": "', '"source": "of before '))
    assert main(["review", "--changes", "--unrecorded", "00.1"]) == status
