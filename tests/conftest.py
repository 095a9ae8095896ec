"""Options of the test run, and what tests of several files need."""

import sys

import pytest

from course_utils import exercise


def pytest_addoption(parser):
    parser.addoption(
        "--update-figures",
        action="store_true",
        help="store the figures of tests/test_figures.py anew; look at every changed one",
    )


@pytest.fixture(scope="session")
def right_answers():
    """The right answers in other styles, with the exercises that they answer."""
    from tests.right_answers import all_right_answers

    for id, answer in all_right_answers():
        exercise.find(id).right(answer)


@pytest.fixture
def forget_private_exercises():
    """Take exercises from outside the course off the list again, which all tests share."""
    exercise.all_exercises()
    before = dict(exercise._registry)
    yield
    exercise._registry.clear()
    exercise._registry.update(before)
    for name in [name for name in sys.modules if name.startswith("private_")]:
        del sys.modules[name]
