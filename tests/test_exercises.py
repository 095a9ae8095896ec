"""Every exercise of the course: references pass, mistakes fail with their own sentence."""

import ast
import random
import sys

import pytest

from course_utils.exercise import all_exercises, find

EXERCISES = all_exercises()
SEEDS = [0, 1, 2]
MISTAKES = [(e, m) for e in EXERCISES for m in e.mistakes]


def name_of(value):
    return getattr(value, "id", None) or getattr(value, "name", None)


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_passes(exercise, seed):
    verdict = exercise.judge(exercise.answer, seed)
    assert verdict.passed, verdict
    # Two that fail alike are equal, too: the reference has to come to an end and to give something.
    seen = exercise.observations(exercise.answer, seed)
    assert not any(one.timed_out for one in seen)
    assert any(one.raised is None for one in seen)


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES, ids=name_of)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_mistake_fails_with_its_own_sentence(exercise, mistake, seed):
    verdict = exercise.judge(mistake.answer, seed)
    assert verdict.state == "wrong"
    assert verdict.mistake is mistake, f"taken for {verdict.mistake}"
    assert verdict.headline == mistake.sentence


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_the_stub_is_not_attempted(exercise):
    if exercise.start is not None:
        answer = exercise.start
        assert not exercise.judge(answer).passed
        return
    # A class names its base class before anything runs, so the imports have to be there.
    scope = dict(vars(sys.modules[exercise.answer.__module__]))
    exec(compile(exercise.stub_source, "<a cell>", "exec"), scope)
    assert exercise.judge(scope[exercise.name]).state == "not attempted"


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_a_declaration_is_complete(exercise):
    assert len(exercise.mistakes) >= 3
    assert len(exercise.hints) >= 2
    assert 1 <= exercise.difficulty <= 3
    assert 3 <= exercise.minutes <= 45
    assert ast.get_docstring(ast.parse(exercise.solution_source).body[0])


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_sentences_do_not_give_the_answer_away(exercise):
    # A whole expression of the reference, spaces aside, must not stand in a sentence.
    returns = [
        ast.unparse(node.value).replace(" ", "")
        for node in ast.walk(ast.parse(exercise.solution_source))
        if isinstance(node, (ast.Return, ast.Assign, ast.AugAssign)) and node.value is not None
    ]
    expressions = [text for text in returns if len(text) > 12]
    for mistake in exercise.mistakes:
        sentence = mistake.sentence.replace(" ", "")
        assert not [text for text in expressions if text in sentence]


def test_there_are_four_mistakes_an_exercise_on_average():
    by_lesson = {}
    for exercise in EXERCISES:
        by_lesson.setdefault(exercise.id[:2], []).append(len(exercise.mistakes))
    for lesson, counts in by_lesson.items():
        assert sum(counts) / len(counts) >= 4, lesson


@pytest.mark.parametrize("exercise", EXERCISES, ids=name_of)
def test_cases_depend_on_the_seed_alone(exercise):
    from course_utils.comparison import same
    from course_utils.plain import plain

    first = [plain(args) for args in exercise.make_cases(random.Random(5))]
    again = [plain(args) for args in exercise.make_cases(random.Random(5))]
    assert len(first) >= 2
    assert all(same(a, b) for a, b in zip(first, again, strict=True))


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(LookupError, match=r"no exercise '01\.33'.*01\.3"):
        find("01.33")
