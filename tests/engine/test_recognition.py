"""Which wrong answers are taken for one that is known."""

import pytest
import torch

from course_utils import exercise
from course_utils.catalogue import Catalogue
from course_utils.exercise import Exercise, find
from grading.review.readiness import own_name


@pytest.fixture
def root(monkeypatch):
    """An exercise whose reference raises on one case."""
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    made = Exercise("99.1", "Root", minutes=3, difficulty=1, hints=["one", "two"])

    @made.reference
    def root(x):
        """The square root."""
        if bool((x < 0).any()):
            raise ValueError("negative")
        return x**0.5

    @made.cases
    def cases(rng):
        yield (torch.tensor([-4.0]),)
        for end in range(2, 8):
            yield (torch.arange(2.0, end + 2),)

    @made.mistake("Half of a number is not its root.")
    def halves(x):
        if bool((x < 0).any()):
            raise ValueError("text of the author")
        return x / 2

    @made.mistake(same_as=halves)
    def halves_all(x):
        return x / 2

    @made.mistake("You square.")
    def squares(x):
        return x**2

    return made


def test_texts_that_a_student_wrote_into_an_error_do_not_count(root):
    def other_words(x):
        if bool((x < 0).any()):
            raise ValueError("mine")
        return x / 2

    assert root.judge(other_words).mistake.name == "halves"


def test_several_answers_are_one_mistake_under_one_name(root):
    verdict = root.judge(lambda x: x * 0.5)
    assert own_name(verdict.mistake) == "halves_all"
    assert verdict.mistake.name == "halves"
    assert verdict.headline == "Half of a number is not its root."


def test_one_more_difference_that_is_small_does_not_hide_a_belief(root):
    def returns_none_once(x):
        return x / 2 if len(x) != 6 else x

    verdict = root.judge(returns_none_once)
    assert verdict.mistake.name == "halves"
    assert "arange" not in verdict.case
    assert len(verdict.seen.value) != 6

    def right_half_the_time(x):
        return x / 2 if len(x) < 5 else x**0.5

    assert root.judge(right_half_the_time).mistake is None


def test_same_as_takes_a_mistake_that_stands_above(root):
    with pytest.raises(ValueError, match="stands above"):
        root.mistake(same_as=len)
    with pytest.raises(ValueError, match="one of the two"):
        root.mistake("A sentence.", same_as=root.mistakes[0].answer)
    with pytest.raises(ValueError, match="one of the two"):
        root.mistake()
    assert [mistake.name for mistake in root.mistakes] == ["halves", "halves", "squares"]


def test_an_error_that_was_expected_and_did_not_come_is_said_so(root):
    def never_raises(x):
        return x.abs() ** 0.5

    verdict = root.judge(never_raises)
    assert verdict.headline == "Not yet: this call has to end in an error, and did not."
    assert verdict.difference.message == (
        "an error was expected here: ValueError; your code gave [2]"
    )


def test_an_error_of_torch_is_the_same_in_a_notebook_and_in_the_course_s_own_file():
    def slim(x):
        return torch.cat([x])  # compiled code raises here, for a tensor without dimensions

    verdict = find("01.14").judge(slim)
    assert verdict.mistake is not None
    assert verdict.mistake.name == "stacks_the_rows"


def test_a_mistake_of_the_course_that_raises_by_itself_is_recognised():
    def conv_size(size, kernel, stride=1, padding=0, dilation=1):
        covered = dilation * (kernel - 1) + 1
        if covered > size + padding:
            raise ValueError("in other words")
        return (size + padding - covered) // stride + 1

    assert find("04.11").judge(conv_size).mistake.name == "padding_once"


def test_a_mistake_that_parts_early_is_not_tried_on_all_cases(root, monkeypatch):
    seen = root.observations(lambda x: x * 3)
    asked = []
    observations = root.observations
    root.reference_observations(0)

    def noted(answer, seed, cases=None):
        asked.append(cases)
        return observations(answer, seed, cases)

    monkeypatch.setattr(root, "observations", noted)
    assert root.recognise(seen) is None
    assert set(asked) == {exercise.FIRST_CASES}
