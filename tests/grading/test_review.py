"""Trying an exercise: a good one is ready, and each kind of fault is told in its own sentence."""

import itertools
import random
import time
from pathlib import Path

import pytest
import torch

from course_utils import exercise as engine
from course_utils.contents import ContentsError
from course_utils.exercise import Exercise, ExerciseFault
from course_utils.observation import WatchFunctions
from grading.__main__ import main
from grading.review import command
from grading.review.readiness import Review, lesson_problems, problems, review

QUIZ = Path(__file__).parent / "private_quiz.py"
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


def twice(number):
    """Twice a number. Returns an int."""
    return 2 * number


def a_sum(number):
    return number + number


def drawn(rng):
    yield (3,)
    yield (rng.randint(4, 10**6),)


def plus_two(number):
    return number + 2


def squared(number):
    return number**2


def negative(number):
    return -2 * number


@pytest.fixture
def make():
    """An exercise to put faults into: twice a number. It is a private one, as this file is."""

    def make(
        *,
        reference=twice,
        cases=drawn,
        observe=None,
        mistakes=(),
        sentence="A sentence about {}.",
        right=a_sum,
        starter=None,
        **declared,
    ):
        facts = {"minutes": 3, "difficulty": 1, "hints": ["A nudge.", "Two of them."]}
        one = Exercise("98.1", "Twice", **(facts | declared))
        if reference:
            one.reference(reference)
        if cases:
            one.cases(cases)
        if observe:
            one.observe(observe)
        if right:
            one.right(right)
        if starter:
            one.starter(starter)
        for wrong in (*mistakes, plus_two, squared, negative)[: max(3, len(mistakes))]:
            one.mistake(sentence.format(wrong.__name__))(wrong)
        return one

    return make


def of_the_course(cases):
    """The same cases, as if a module of the course declared them."""

    def make_cases(rng):
        return cases(rng)

    make_cases.__module__ = "course_utils.a_lesson"
    return make_cases


def only(exercise):
    """The one problem of an exercise."""
    [sentence] = problems(exercise)
    return sentence


def only_advice(exercise):
    """The one thing that is demanded of the course and recommended to instructors."""
    found = review(exercise)
    assert found.problems == ()
    [sentence] = found.advice
    return sentence


def test_a_good_exercise_is_ready(make):
    found = review(make())
    assert (found.problems, found.advice) == ((), ())


def test_what_is_advice_for_an_instructor_is_demanded_of_the_course(make):
    sentence = "The number of hints is 1: two at least, from a nudge on."
    exercise = make(hints=["One."])
    assert only_advice(exercise) == sentence
    exercise.cases(of_the_course(drawn))
    assert only(exercise) == sentence


# -- by hand ---------------------------------------------------------------------------------


def by_hand(number):
    """Twice a number, by hand. Returns an int."""
    return number + number


def of_torch(number):
    return int(torch.add(torch.tensor(number), number))


def test_words_that_promise_a_rule_need_one(make):
    assert only_advice(make(reference=by_hand)) == (
        "Its text says “by hand”, and nothing is forbidden: name it with `without=`."
    )


def test_what_is_forbidden_is_there(make):
    assert "is to be done without, and there is no such thing" in only_advice(
        make(without=["torch.ad"])
    )


def test_who_is_told_to_do_something_by_hand_is_checked(make, monkeypatch):
    exercise = make(reference=by_hand, without=["torch.add"])
    exercise.not_by_hand(of_torch)
    assert review(exercise).advice == ()
    exercise.not_by_hand(a_sum)
    assert "a_sum is to be told that its results are right and" in only_advice(exercise)
    exercise.ways_round.clear()
    monkeypatch.setattr(WatchFunctions, "_note", lambda *_: None)  # as if nothing were seen
    assert [sentence.split(" through")[0] for sentence in review(exercise).advice[:2]] == [
        "An answer that uses `torch.add` by its name is not refused.",
        "An answer that uses `torch.add`",
    ]


# -- what is written -------------------------------------------------------------------------


def test_half_a_declaration(make):
    assert only(make(reference=None)) == (
        "98.1 in test_review.py has no @reference: write the right answer under it, once."
    )


def test_cases_that_cannot_be_made(make):
    def broken(rng):
        yield (3,)
        yield (nothing_of_this_name,)  # noqa: F821

    assert only(make(cases=broken)) == (
        "98.1, case 2: making the case raised NameError: name 'nothing_of_this_name' is not defined"
    )


def test_no_cases(make):
    assert only(make(cases=lambda rng: iter(()))) == "98.1: its @cases yields none."


def test_no_docstring(make):
    def bare(number):
        return 2 * number

    assert only(make(reference=bare)) == (
        "The reference has no docstring: students are not told what is asked."
    )


def test_a_reference_that_screening_would_leave_to_a_person(make):
    def by_eval(number):
        """Twice a number."""
        return eval("2 * number")

    assert only(make(reference=by_eval)) == (
        "A right answer would be left to a person: the reference uses `eval` in line 3."
    )


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"hints": []}, "The number of hints is 0: two at least, from a nudge on."),
        ({"difficulty": 4}, "The difficulty is 4; it goes from 1 to 3."),
        ({"minutes": 50}, "It is to take 50 minutes; an exercise takes 3 to 45."),
        ({"minutes": 2}, "It is to take 2 minutes; an exercise takes 3 to 45."),
        (
            {"sentence": "{}: is it not len([ 0 ]*2*number)?"},
            "The sentence of plus_two gives the answer away: `len([0] * 2 * number)`.",
        ),
    ],
)
def test_declarations(make, declared, sentence):
    def by_length(number):
        """Twice a number."""
        return len([0] * 2 * number)

    assert review(make(reference=by_length, **declared)).advice[0] == sentence


def test_a_starter_that_is_right(make):
    assert only_advice(make(starter=a_sum)) == (
        "The starter passes the check: there is nothing to do."
    )


def test_a_stub_that_cannot_be_run(make):
    two = 2

    def with_a_default(number, times=two):
        """Twice a number."""
        return times * number

    assert review(make(reference=with_a_default)).advice[0] == (
        "The stub's cell raises NameError: name 'two' is not defined"
    )


def test_a_stub_that_counts_as_an_attempt(make):
    def look(answer, number):
        try:
            return answer(number)
        except NotImplementedError:
            return "nothing"

    assert "The untouched stub counts as an attempt; it is told: Not yet: the first difference" in (
        only_advice(make(observe=look))
    )


# -- cases and reference ---------------------------------------------------------------------


def test_a_reference_that_fails_its_own_check(make):
    calls = itertools.count()

    def wanders(number):
        """Another number each time."""
        return next(calls)

    assert only(make(reference=wanders, cases=of_the_course(drawn))) == (
        "The reference itself does not pass with the seeds "
        f"[0, 1, 2, {2**62 + 12345}, {2**63 - 1}]."
    )


def test_an_observation_with_a_slip(make):
    def look(answer, number):
        return SkipsOne(answer(number))  # noqa: F821

    assert only(make(observe=look)) == (
        "98.1, case 1: the observation itself raised NameError: name 'SkipsOne' is not defined"
    )


def test_a_reference_that_does_not_end(make):
    def waits(number):
        """Twice a number."""
        time.sleep(9)

    exercise = make(reference=waits, cases=of_the_course(drawn), seconds=0.02)
    assert only(exercise) == "98.1, case 1: the reference took more than 0.02 seconds"


def test_a_reference_that_gives_nothing(make):
    def stops(number):
        """Twice a number."""
        raise ValueError(f"not {number}")

    assert review(make(reference=stops)).advice[0] == (
        "With the seed 0 the reference gives nothing: every case ends in an error, as "
        "ValueError: not 3"
    )


def test_a_single_case(make):
    def one(rng):
        yield (rng.randint(4, 10**6),)

    assert only_advice(make(cases=one)) == "The number of cases with the seed 0 is 1; two at least."


def test_cases_that_the_seed_does_not_decide(make):
    calls = itertools.count(10)

    def counted(rng):
        yield rng.randint(4, 10**6), 0
        yield rng.randint(4, 10**6), next(calls)

    def look(answer, number, _):
        return answer(number)

    found = review(make(cases=counted, observe=look))
    assert found.advice[0] == (
        "The cases of the seed 0 differ when they are made again: draw everything from the "
        "`random.Random` that the cases are given."
    )


def test_cases_that_are_always_the_same(make):
    def fixed(rng):
        yield (3,)
        yield (5,)

    assert only(make(cases=fixed)) == (
        "An answer that only remembers the visible cases passes 20 of 20 hidden sets, and may "
        "pass 2: draw more of the cases at random, or from more possibilities."
    )


def test_cases_of_which_one_answer_is_true(make):
    """Who knows the visible cases gives for all others what was right for one of them."""

    def look(answer, number):
        return answer(number) > 10

    found = problems(make(observe=look, mistakes=[negative] * 3))
    assert "remembers the visible cases passes 20 of 20 hidden sets" in found[0]


# -- answers ---------------------------------------------------------------------------------


def test_too_few_mistakes(make):
    exercise = make()
    del exercise.mistakes[1:]
    assert only(exercise) == "The number of mistakes is 1; three help most students."


def test_a_mistake_that_passes(make):
    def one_number(rng):
        yield (2,)
        yield (2,)

    sentences = problems(make(cases=one_number))
    assert "The mistake plus_two passes with the seeds [0, 1, 2, 3, 4]: add a case." in sentences


def test_two_mistakes_that_do_the_same(make):
    def also_plus_two(number):
        return 2 + number

    assert only(make(mistakes=[plus_two, also_plus_two, negative])) == (
        "also_plus_two and plus_two do the same on all cases."
    )


def test_a_mistake_that_does_something_else_each_time(make):
    calls = itertools.count(10**9)

    def wanders(number):
        return next(calls)

    assert only(make(mistakes=[wanders, squared, negative])) == (
        "wanders is not recognised: it does something else each time it is run."
    )


def test_a_mistake_that_is_no_attempt(make):
    def unwritten(number):
        raise NotImplementedError

    assert problems(make(mistakes=[unwritten, squared, negative])) == [
        "With the seed 0, unwritten is told: Not attempted yet."
    ]


def test_a_mistake_that_is_not_told_its_sentence(make):
    def waits(number):
        if number > 3:
            time.sleep(9)
        return 2 * number

    exercise = make(mistakes=[waits, squared, negative], seconds=0.2)
    assert only_advice(exercise) == (
        "With the seed 0, waits is told: Stopped after 0.2 seconds: the code did not come to an "
        "end."
    )


def test_a_mistake_that_is_taken_for_another_where_students_do_not_see_it(make):
    _, (visible,) = drawn(random.Random(0))

    def unless_seven(number):
        return number + 2 if number != visible else 7

    exercise = make(mistakes=[plus_two, unless_seven, negative])
    assert only_advice(exercise) == "With the seed 1, unless_seven is taken for plus_two."


def test_no_other_right_answer(make):
    assert only_advice(make(right=None)) == (
        "There is no right answer in another style: declare one with `@exercise.right`."
    )


def test_a_right_answer_that_is_turned_down(make):
    def as_a_float(number):
        return 2.0 * number

    sentence = only_advice(make(right=as_a_float))
    assert sentence.startswith(
        "The right answer as_a_float is turned down with the seed 0: Not yet"
    )
    assert "`twice(3)`: " in sentence


def test_an_exercise_that_accepts_anything(make):
    """And says nothing of use, or too much, to those that it turns down."""

    def look(answer, number):
        got = answer(number)
        if isinstance(got, torch.Tensor):
            return 2 * number
        if got is None:
            raise ValueError("Traceback (most recent call last)")
        return 2 * number if callable(got) else got

    exercise = make(observe=look, without=["torch.ones"])
    told = review(exercise).advice
    assert told[0] == "An answer that gives None is shown a traceback."
    assert told[1] == (
        "An answer that gives an object equal to everything counts as passed, not as wrong."
    )
    assert told[2].startswith("An answer that gives a tensor that lies is not told why it is wrong")


def test_lessons_with_too_few_mistakes(make):
    assert lesson_problems([make()]) == [
        "Lesson 98 has 3.0 mistakes an exercise on average; four are wanted."
    ]


# -- the command -----------------------------------------------------------------------------


def test_the_command_says_what_is_ready(capsys):
    assert main(["review", str(QUIZ)]) == 0
    said = capsys.readouterr().out
    assert "90.1 The area of a circle: ready, 3 mistakes." in said
    assert "  Advice: The number of hints is 1" in said


def test_what_the_judge_cannot_see_is_said_of_a_single_exercise(capsys):
    assert main(["review", "00.1"]) == 0
    assert "go through each sentence of its docstring" in capsys.readouterr().out
    assert main(["review", "00.1", str(QUIZ)]) == 0
    assert "docstring" not in capsys.readouterr().out


def test_other_files_need_not_load_for_the_review_of_one_exercise(monkeypatch, capsys):
    def all_exercises():
        raise ContentsError("another file does not load")

    monkeypatch.setattr(engine, "all_exercises", all_exercises)
    assert main(["review", "00.1"]) == 0
    assert main(["review", "00"]) == 2
    assert capsys.readouterr().err == "another file does not load\n"


@pytest.mark.parametrize("error", [ContentsError, ExerciseFault])
def test_a_file_of_the_course_that_is_at_fault_is_told_in_one_sentence(error, monkeypatch, capsys):
    def wanted(what, *, everything):
        raise error("one.py does not load")

    monkeypatch.setattr(command, "wanted", wanted)
    assert main(["review", "05.1"]) == 2
    assert capsys.readouterr().err == "one.py does not load\n"


def test_the_command_says_what_is_not(tmp_path, capsys):
    path = tmp_path / "quiz.py"
    text = QUIZ.read_text(encoding="utf-8").replace("rng.randint(2, 9)", "3")
    path.write_text(text, encoding="utf-8")
    assert main(["review", str(path)]) == 1
    assert "draw more of the cases at random" in capsys.readouterr().out


def test_the_command_takes_ids_ranges_and_files(capsys):
    assert main(["review", "90.1", "01.1-01.3", str(QUIZ), "01.2"]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "Advice" not in line]
    assert [line[:4] for line in said[:-1]] == ["90.1", "01.1", "01.2", "01.3"]
    assert said[-1] == "4 of 4 exercises are ready."


def test_the_command_takes_lessons_and_the_whole_course(capsys, monkeypatch):
    tried = []
    monkeypatch.setattr(
        "grading.review.readiness.review", lambda exercise: tried.append(exercise.id) or Review(())
    )
    assert main(["review", "05"]) == 0
    assert {id[:2] for id in tried} == {"05"} and "05.14" in tried
    of_a_lesson = len(tried)
    assert main(["review", "--all"]) == 0
    assert len(set(tried)) == len(tried) - of_a_lesson > 100
    monkeypatch.setattr("grading.review.readiness.lesson_problems", lambda _: ["Lesson 05 is bad."])
    capsys.readouterr()
    assert main(["review", "05"]) == 1
    assert "Lesson 05 is bad." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [("import nothing_of_this_name", "does not load"), ("x = 1", "no exercise is declared there")],
)
def test_a_file_that_cannot_be_tried(tmp_path, capsys, text, message):
    path = tmp_path / "quiz.py"
    path.write_text(text)
    assert main(["review", str(path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ([], "Say what to review: an id such as 05.14"),
        (["05.77"], "There is no exercise '05.77'. Near it: 05.7"),
        (["55"], "There is no lesson 55; the lessons are 00, 01"),
        (["05.3-05.1"], "has to go up within one notebook"),
        (["quizz"], "'quizz' is neither an exercise id such as 05.14"),
        (["quizz.py"], "Cannot read quizz.py: No such file or directory."),
    ],
)
def test_what_there_is_not_is_told_in_one_sentence(capsys, what, message):
    assert main(["review", *what]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
