"""What no case shows is told: words of a docstring, arguments that stand still, and the like."""

import itertools

import pytest
import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.promises import promised, promised_models
from grading.review.promised import findings, promise_problems
from grading.review.readiness import review

pytestmark = pytest.mark.usefixtures("forget_private_exercises")
numbers = (f"97.{number}" for number in itertools.count(1))


def declared(reference, cases, observe=None, **named):
    facts = {"minutes": 3, "difficulty": 1, "hints": ["A nudge.", "Two."], "task": "Do it."}
    exercise = Exercise(next(numbers), "Tried", **(facts | named))
    exercise.reference(reference)
    exercise.cases(cases)
    if observe:
        exercise.observe(observe)
    return exercise


def found(*parts, **named):
    """What is said of an exercise with this reference and these cases."""
    exercise = declared(*parts, **named)
    sentences = [finding.sentence for finding in findings(exercise)]
    assert all(map(str.startswith, promise_problems(exercise), sentences))
    return sentences


def doubled(x):
    """Twice x.

    x: a tensor of any shape, any float dtype and any strides.
    """
    return 2 * x


def of_all_kinds(rng):
    for x in promised(rng, "any shape", "any float dtype", "any strides"):
        yield (x,)


def test_all_words_have_a_case():
    assert found(doubled, of_all_kinds) == []


def test_words_without_a_case():
    def one_kind(rng):
        for x in promised(rng, "any strides", "any float dtype"):
            yield (x,)
        yield (torch.zeros(0),)

    assert found(doubled, one_kind) == [
        "It says 'any shape' of `x`, and no case has a tensor without dimensions. Add "
        '`promised(rng, "any shape")` to the cases.',
        "It says 'any shape' of `x`, and no case has a tensor with three dimensions or more. Add "
        '`promised(rng, "any shape")` to the cases.',
    ]


def test_a_case_that_not_every_seed_has():
    def by_luck(rng):
        yield from ((x,) for x in promised(rng, "any float dtype", "any strides"))
        shapes = {True: ["any shape"], False: []}[rng.random() > 0.8]  # seed 0 has it
        yield from ((x,) for x in promised(rng, *shapes))

    assert len(found(doubled, by_luck)) == 3


def test_a_tensor_that_is_always_alike():
    def total(x, y):
        """The sum of all.

        x: a tensor with numbers. y: a contiguous float32 tensor.
        """
        return x.sum() + y.sum()

    def alike(rng):
        yield torch.ones(2), torch.ones(2)
        yield torch.ones(rng.randint(2, 9)), torch.ones(3)

    assert found(total, alike) == [
        "`x` is contiguous in every case, and the docstring does not ask for that. Take some from "
        '`promised(rng, "any strides")` of course_utils.promises, or say "contiguous".',
        "`x` is of dtype float32 in every case, and the docstring does not say so. Write "
        '"float32" there, or add `promised(rng, "any dtype")` to the cases.',
    ]


def test_arguments_that_stand_still():
    """Also where the observation, and no case, hands them over."""

    def scaled(number, by=2, *, plus=0):
        """number * by + plus."""
        return number * by + plus

    def some(rng):
        yield (rng.randint(1, 9),)
        yield (rng.randint(10, 99),)

    assert found(scaled, some, lambda answer, number: answer(number, plus=1)) == [
        "`by` is 2, its default, in every case: give it another value in one.",
        "`plus` is 1 in every case: give it another value in one.",
    ]
    moving = found(
        scaled, some, lambda answer, number: [answer(number), answer(number, by=3, plus=number)]
    )
    assert moving == []


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.functional.mse_loss])
def test_a_loss_that_stands_still(loss):
    def mean(number, loss_fn):
        """loss_fn of a number and 0."""
        return loss_fn(torch.tensor(float(number)), torch.tensor(0.0)).item()

    def some(rng):
        yield rng.randint(1, 9), loss
        yield rng.randint(10, 99), loss

    name = "MSELoss()" if isinstance(loss, nn.Module) else "mse_loss"
    assert found(mean, some) == [
        f"`loss_fn` is {name} in every case: give it another value in one."
    ]


def test_sizes_that_stand_still():
    def scores(x):
        """x: float32, contiguous, shape (batch, features). Returns its sums."""
        return x.sum(1)

    def always_three(rng):
        yield (torch.ones(2, 3),)
        yield (torch.ones(rng.randint(3, 9), 3),)

    assert found(scores, always_three) == [
        "`x` has shape (batch, features), and no case has a batch of one. Add `promised(rng, "
        '"a batch of one", shape=...)` to the cases.',
        "The size `features` of `x` is 3 in every case.",
    ]


def test_models_and_methods_of_a_class():
    class Wrapped(nn.Module):
        """Runs a model, which may have tied weights and frozen parameters."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            """x: a tensor with three columns."""
            return self.model(x)

    before = dict(vars(Wrapped))

    def untied(rng):
        for model in promised_models(rng, "frozen parameters"):
            yield model, torch.ones(1, 3)
        for x in promised(rng, "any strides", dtype=torch.float64):
            yield nn.Linear(3, 2).double(), x

    def look(answer, model, x):
        return answer(model)(x)

    assert found(Wrapped, untied, look) == [
        "It says 'tied', and no case has a model with tied weights. Add "
        '`promised_models(rng, "tied weights")` to the cases.'
    ]
    assert dict(vars(Wrapped)) == before  # and nothing of the watching stays behind


def test_a_reason_in_words():
    def same(number, base=2):
        """number, whatever base is."""
        return number

    def some(rng):
        yield (rng.randint(1, 9),)
        yield (rng.randint(10, 99),)

    reason = "It has no effect, and the text says so."
    said = promise_problems(declared(same, some))
    assert said == ["`base` is 2, its default, in every case: give it another value in one. [base]"]
    assert found(same, some, no_case={"base": reason}) == []
    assert found(same, some, no_case={"base": "Not needed."}) == [
        "`no_case` says 'Not needed.' about 'base': give the reason in words."
    ]
    assert found(same, some, no_case={"base": reason, "number": reason}) == [
        "`no_case` gives a reason for 'number', but nothing is missing there."
    ]


def test_instructors_are_advised():
    exercise = Exercise("97.99", "Sum", minutes=3, difficulty=1, hints=["One.", "Two."], task="Sum")
    exercise.reference(doubled)
    exercise.cases(lambda rng: iter([(torch.ones(2),), (torch.ones(rng.randint(3, 10**5)),)]))
    judged = review(exercise)
    assert not any("any shape" in sentence for sentence in judged.problems)
    assert any("any shape" in sentence for sentence in judged.advice)


def test_the_course_has_to():
    def one_shape(rng):
        yield (torch.ones(2),)
        yield (torch.ones(rng.randint(3, 10**5)),)

    one_shape.__module__ = "course_utils.a_lesson"
    exercise = Exercise("97.98", "Sum", minutes=3, difficulty=1, hints=["One.", "Two."], task="Sum")
    exercise.reference(doubled)
    exercise.cases(one_shape)
    [first, *_] = promise_problems(exercise)
    assert first in review(exercise).problems
