"""Alternative right answers pass; hostile answers get a clear message. For every exercise."""

import pytest
import torch

from course_utils.checks import verdict_panel
from course_utils.exercise import all_exercises, find

EXERCISES = all_exercises()
RIGHT = [(e.id, answer) for e in EXERCISES for answer in e.right_answers]


@pytest.mark.parametrize(("id", "answer"), RIGHT, ids=[f"{i}-{a.__name__}" for i, a in RIGHT])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_alternative_right_answer_passes(id, answer, seed):
    verdict = find(id).judge(answer, seed)
    assert verdict.passed, repr(verdict_panel(find(id), verdict))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_every_exercise_has_an_alternative_right_answer(exercise):
    assert exercise.id in {id for id, _ in RIGHT}


class EqualToEverything:
    def __eq__(self, other):
        return True

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    __hash__ = None


class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)


HOSTILE = {
    "no arguments": lambda: None,
    "too many arguments": lambda a, b, c, d, e, f, g, h: None,
    "gives None": lambda *args, **kwargs: None,
    "equal to everything": lambda *args, **kwargs: EqualToEverything(),
    "a lying tensor": lambda *args, **kwargs: torch.ones(1).as_subclass(Liar),
    "leaves Python": lambda *args, **kwargs: exit(0),
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_wrong_and_told_why(exercise, name):
    verdict = exercise.judge(HOSTILE[name])
    assert verdict.state == "wrong"
    text = repr(verdict_panel(exercise, verdict))
    assert len(text.splitlines()) >= 2, text
    assert "Traceback" not in text
