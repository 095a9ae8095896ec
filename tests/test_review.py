"""Trying an exercise: a good one is ready, and each kind of fault is told."""

from pathlib import Path

import pytest

from course_utils.exercise import Exercise, find
from grading.__main__ import main
from grading.review.readiness import problems

QUIZ = Path(__file__).parent / "private_quiz.py"
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


@pytest.fixture
def make():
    """An exercise to put faults into: twice a number."""

    def make(reference=None, cases=None, mistakes=()):
        one = Exercise("98.1", "Twice", minutes=3, difficulty=1, hints=["Two of them."])

        def twice(number):
            """Twice a number. Returns an int."""
            return 2 * number

        def drawn(rng):
            yield (3,)
            yield (rng.randint(4, 10**6),)

        one.reference(reference or twice)
        one.cases(cases or drawn)
        for wrong in (*mistakes, plus_two, squared, negative)[: max(3, len(mistakes))]:
            one.mistake(f"A sentence about {wrong.__name__}.")(wrong)
        return one

    return make


def plus_two(number):
    return number + 2


def squared(number):
    return number**2


def negative(number):
    return -2 * number


def test_a_good_exercise_is_ready(make):
    assert problems(make()) == []


@pytest.mark.parametrize("id", ["01.1", "04.3", "06.2"])
def test_exercises_of_the_course_are_ready(id):
    assert problems(find(id)) == []


def test_cases_that_are_always_the_same(make):
    def fixed(rng):
        yield (3,)
        yield (5,)

    [sentence] = problems(make(cases=fixed))
    assert "Who writes down the visible cases passes 20 of 20 hidden sets" in sentence


def test_a_mistake_that_passes(make):
    def thirds(rng):
        yield (2,)

    sentences = problems(make(cases=thirds))
    assert any("The mistake plus_two passes with the seeds [0, 1, 2, 3, 4]" in s for s in sentences)


def test_two_mistakes_that_do_the_same(make):
    def also_plus_two(number):
        return 2 + number

    assert problems(make(mistakes=[plus_two, also_plus_two, negative])) == [
        "also_plus_two and plus_two do the same on all cases."
    ]


def test_a_reference_that_fails_its_own_check(make):
    calls = []

    def wanders(number):
        """Another number each time."""
        calls.append(number)
        return len(calls)

    [sentence] = problems(make(reference=wanders))
    assert "The reference itself does not pass" in sentence


def test_a_reference_that_screening_would_leave_to_a_person(make):
    def by_eval(number):
        """Twice a number."""
        return eval("2 * number")

    [sentence] = problems(make(reference=by_eval))
    assert "A right answer would be left to a person: the reference uses `eval`." in sentence


def test_no_docstring(make):
    def bare(number):
        return 2 * number

    [sentence] = problems(make(reference=bare))
    assert "no docstring" in sentence


# -- the command -----------------------------------------------------------------------------


def test_the_command_says_what_is_ready(capsys):
    assert main(["review", str(QUIZ)]) == 0
    assert "90.1 The area of a circle: ready, 3 mistakes." in capsys.readouterr().out


def test_the_command_says_what_is_not(tmp_path, capsys):
    path = tmp_path / "quiz.py"
    text = QUIZ.read_text(encoding="utf-8").replace("rng.randint(2, 9)", "3")
    path.write_text(text, encoding="utf-8")
    assert main(["review", str(path)]) == 1
    assert "draw more of the cases at random" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [("import nothing_of_this_name", "does not load"), ("x = 1", "no exercise is declared there")],
)
def test_a_file_that_cannot_be_tried(tmp_path, capsys, text, message):
    path = tmp_path / "quiz.py"
    path.write_text(text)
    assert main(["review", str(path)]) == 2
    assert message in capsys.readouterr().err
