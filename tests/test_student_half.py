"""The half of every topic that may be held by a process with student code works by itself."""

import pkgutil
import random
from pathlib import Path

import pytest

from course_utils import exercise, exercises
from course_utils.comparison import same
from course_utils.exercise import all_exercises
from course_utils.sources import student_side

TOPICS = [module.name for module in pkgutil.iter_modules(exercises.__path__)]
FOLDER = Path(exercises.__file__).parent


@pytest.mark.parametrize("topic", TOPICS)
def test_the_student_side_of_a_topic_observes_as_the_whole_does(topic, monkeypatch):
    whole = {e.id: e for e in all_exercises() if e.answer.__module__.endswith(f".{topic}")}
    monkeypatch.setattr(exercise, "_registry", {})
    source = student_side((FOLDER / f"{topic}.py").read_text(encoding="utf-8"))
    scope = {"__name__": f"course_utils.exercises.{topic}", "__package__": "course_utils.exercises"}
    exec(compile(source, f"student side of {topic}", "exec"), scope)
    half = exercise._registry
    assert set(half) == set(whole)
    for id, one in half.items():
        assert one.answer is None
        assert not one.mistakes
        args = next(iter(one.make_cases(random.Random(0))))
        assert len(args) == len(next(iter(whole[id].make_cases(random.Random(0)))))
    # The first exercise, all the way: same observations of the same answer.
    first = min(half, key=lambda id: int(id.split(".")[1]))
    answer = whole[first].answer
    for mine, theirs in zip(
        half[first].observations(answer), whole[first].observations(answer), strict=True
    ):
        assert same(mine.value, theirs.value)


@pytest.mark.parametrize("topic", TOPICS)
def test_no_mistake_s_sentence_and_no_solution_is_left(topic):
    source = student_side((FOLDER / f"{topic}.py").read_text(encoding="utf-8"))
    for e in all_exercises():
        if not e.answer.__module__.endswith(f".{topic}"):
            continue
        assert e.solution_source.strip() not in source
        if e.start is None:  # a starter has the answer's name
            assert f"def {e.name}(" not in source
            assert f"class {e.name}(" not in source
        for mistake in e.mistakes:
            assert f"def {mistake.name}(" not in source
            assert f"class {mistake.name}(" not in source
