"""Every exercise of the course is ready for a class, as grading/review/readiness.py judges."""

import pytest

from course_utils.exercise import all_exercises, find
from grading.review.changes import files_of
from grading.review.readiness import lesson_problems, problems
from website import checks


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda e: e.id)
def test_an_exercise_is_ready(exercise, unless_unchanged):
    unless_unchanged(files_of(exercise))
    assert problems(exercise) == []
    checks.keep(exercise)  # its wrong answers were made: `make site` need not make them again
    exercise.forget_mistakes()


def test_lessons_are_ready():
    assert lesson_problems(all_exercises()) == []


def test_an_unknown_id_names_the_nearest():
    with pytest.raises(LookupError, match=r"no exercise '01\.33'.*01\.3"):
        find("01.33")
