"""Nothing is skipped where its tool was installed for the tests."""

import re

import pytest

from tests import ROOT, skip_without


def test_a_skip_is_a_failure_where_the_tool_was_installed(monkeypatch):
    monkeypatch.delenv("COURSE_CI_HAS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="it does not start"):
        skip_without("bubblewrap", "it does not start")
    monkeypatch.setenv("COURSE_CI_HAS", "chromium bubblewrap")
    with pytest.raises(pytest.fail.Exception, match="was installed.*it does not start"):
        skip_without("bubblewrap", "it does not start")
    skip_without("bubblewrap", "")  # it can be used


def test_ci_tells_of_the_tools_that_tests_ask_for():
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    told = set(re.findall(r'COURSE_CI_HAS\+=" (\w+)"', run))
    files = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    asked = {name for text in files for name in re.findall(r'skip_without\("(\w+)", (?!")', text)}
    assert told == asked == {"bubblewrap", "chromium", "site"}
