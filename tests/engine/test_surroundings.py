"""An answer gives in other surroundings what it gives on the cases; what may differ there."""

import pytest
import torch
from torch import nn
from torch.utils.data import get_worker_info

from course_utils import exercise
from course_utils.catalogue import Catalogue
from course_utils.exercise import Exercise


@pytest.fixture
def declared(monkeypatch):
    """Declares an exercise with these cases and this reference."""
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))

    def declare(reference, make_cases, look=None):
        made = Exercise("99.1", "A name", minutes=3, difficulty=1, hints=["one", "two"])
        made.reference(reference)
        made.cases(make_cases)
        if look is not None:
            made.observe(look)
        return made

    return declare


@pytest.fixture
def zeros(declared):
    """Takes a shape and a tensor of floats."""

    def reference(shape, x):
        return torch.zeros(shape) + x.sum()

    def cases(rng):
        for _ in range(4):
            yield (rng.randint(1, 3), 2), torch.tensor([rng.random(), 2.0])

    return declared(reference, cases)


@pytest.mark.parametrize(
    "somewhere",
    [
        lambda shape, x: not torch.is_grad_enabled(),
        lambda shape, x: torch.is_inference_mode_enabled(),
        lambda shape, x: x.requires_grad,
        lambda shape, x: isinstance(shape, torch.Size),
        lambda shape, x: get_worker_info() is not None,
    ],
)
def test_what_differs_in_use_is_wrong(zeros, somewhere):
    def answer(shape, x):
        return torch.zeros(shape) + (0 if somewhere(shape, x) else x.sum())

    verdict = zeros.judge(answer)
    assert verdict.state == "wrong" and verdict.mistake is None
    assert "On 4 cases it is right, and inside `torch.inference_mode()`" in verdict.headline
    assert verdict.difference is not None and verdict.case
    assert verdict.right_cases < verdict.cases


def test_a_worker_is_left_behind_by_nobody(zeros):
    assert zeros.judge(zeros.answer).passed
    assert get_worker_info() is None and torch.is_grad_enabled()


def test_an_answer_may_need_what_is_not_there(zeros):
    def by_way_of_autograd(shape, x):
        ones = torch.ones_like(x, requires_grad=True)
        (x * ones).sum().backward()
        return torch.zeros(shape) + ones.grad.sum()

    verdict = zeros.judge(by_way_of_autograd)
    assert verdict.passed and verdict.cases == 4


def test_nothing_is_asked_where_the_reference_gives_something_else(declared):
    def reference(x):
        return torch.is_grad_enabled()

    def always(x):
        return True

    graded = declared(reference, lambda rng: iter([(1,), (2,)]))
    assert graded.judge(always).passed
    assert graded.made_again() == ()


def test_of_several_facts_the_other_ones_are_asked(declared):
    def look(answer, x):
        return {"value": answer(x), "recorded": torch.is_grad_enabled() and len(x) == 1}

    def cases(rng):
        yield (torch.ones(1),)
        yield (torch.ones(1) * 2,)

    def reference(x):
        return x * 2

    def in_training_only(x):
        return x * 2 if torch.is_grad_enabled() else x

    graded = declared(reference, cases, look)
    assert graded.judge(reference).passed
    assert not graded.judge(in_training_only).passed


class Doubling(nn.Module):
    def forward(self, x):
        return 2 * x


class DoublesInTraining(nn.Module):
    def forward(self, x):
        return 2 * x if self.training else x


def test_a_class_of_modules_is_tried_in_eval_mode(declared):
    graded = declared(
        Doubling,
        lambda rng: iter([(torch.ones(2),), (torch.ones(3),)]),
        lambda answer, x: answer()(x),
    )
    assert graded.judge(Doubling).passed
    verdict = graded.judge(DoublesInTraining)
    assert verdict.headline == (
        "Not yet. On 2 cases it is right, and with the model in eval mode, it gives something else."
    )


def test_a_model_that_is_given_comes_in_eval_mode_as_well(declared):
    def in_training_only(model, x):
        return model(x) if model.training else x

    def reference(model, x):
        return model(x)

    def cases(rng):
        for factor in (2.0, 3.0):
            model = nn.Linear(1, 1, bias=False)
            model.weight.data.fill_(factor)
            yield model, torch.ones(1, 1)

    graded = declared(reference, cases)
    assert graded.judge(reference).passed
    assert "in eval mode" in graded.judge(in_training_only).headline


def test_answers_that_come_back_without_these_cases_are_not_right(zeros):
    seen = zeros.observations(zeros.answer)
    verdict = zeros.verdict(seen)
    assert verdict.state == "wrong"
    assert verdict.headline == "The code was run on 6 cases; 4 came back."
