"""Tests, in folders like the rooms that they test."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent  # of the course


def skip_without(tool: str, why: str) -> None:
    """Skip this test if there is a reason why its tool cannot be used.

    Where the tool was installed for the tests, as `.ci/run` says in COURSE_CI_HAS, fail instead: a
    test that is never run tells nothing.
    """
    if why and tool in os.environ.get("COURSE_CI_HAS", "").split():
        pytest.fail(f"{tool} was installed for the tests, but cannot be used: {why}", pytrace=False)
    if why:
        pytest.skip(why)
