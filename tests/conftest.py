"""Options of the test run, and what tests of several files need."""

import functools
import sys

import pytest
import torch
from xdist.scheduler import LoadFileScheduling

from course_utils import exercise
from grading.mark import sandbox
from tests import skip_without
from tests.chromium import CHROMIUM_OPTIONS, chromium_path
from tests.unchanged import PASSED, unless_unchanged

__all__ = ["unless_unchanged"]  # a fixture of all tests


def pytest_addoption(parser):
    parser.addoption(
        "--update-figures",
        action="store_true",
        help="store the figures of tests/figures/test_figures.py anew; look at every changed one",
    )

    parser.addoption(
        "--anew",
        action="store_true",
        help="run also what passed before with the same sources: see tests/unchanged.py",
    )


def pytest_configure(config):
    # As the grader has it while it marks: to end its threads and to start them again, for each
    # answer, takes torch longer than to judge it. Workers share the processor as it is.
    torch.set_num_threads(1)
    config.addinivalue_line("markers", "needs_sandbox: runs students' code under bubblewrap")


SHARED_OUT = ("test_exercises.py", "test_site.py")


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


class ByFile(LoadFileScheduling):
    """A file is for one worker; reviews and pages, the longest, are shared out lesson by lesson."""

    def _split_scope(self, nodeid):
        file, _, rest = nodeid.partition("::")
        lesson = rest.partition("[")[2][:2] if file.endswith(SHARED_OUT) else ""
        return f"{file}{lesson}"


@functools.cache  # it starts a process
def why_no_sandbox():
    return sandbox.problem()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    if item.get_closest_marker("needs_sandbox"):
        skip_without("bubblewrap", why_no_sandbox())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture(scope="module")
def browser():
    """Chromium. Not for all tests together: while it is there, asyncio cannot begin a loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(
                executable_path=chromium_path(), args=CHROMIUM_OPTIONS
            )
        except playwright.Error as error:
            skip_without("chromium", f"no Chromium here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@functools.cache  # to look for all of them again takes as long as a test
def declare_all_exercises():
    exercise.all_exercises()


@pytest.fixture
def forget_private_exercises():
    """Take exercises from outside the course off the list again, which all tests share."""
    declare_all_exercises()
    before = dict(exercise.catalogue._declared)
    yield
    exercise.catalogue._declared.clear()
    exercise.catalogue._declared.update(before)
    for name in [name for name in sys.modules if name.startswith("private_")]:
        del sys.modules[name]
