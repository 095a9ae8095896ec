"""A long test that has passed is not run again while all that it depends on is the same.

It is skipped, and says why. CI runs every test, and so does `make test ARGS=--anew`. Only the tests
that judge one exercise or one lesson know what they depend on: the fixture `unless_unchanged` is
given those files.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from course_utils.whole_files import write_whole
from tests import ROOT

RECORDS = ROOT / "build" / "passed"
WHY = "passed before with the same sources and packages; `make test ARGS=--anew` runs it again"
# What every judgement goes through, beside the exercise's or lesson's own files.
ENGINE = ("course_utils/*.py", "course_utils/figures/*.py", "grading/inside/*.py")
ENGINE += ("grading/review/*.py", "data/**/*")
PASSED = pytest.StashKey[bool]()


class UnlessUnchanged:
    """Called by a test with the files it depends on: skips it if it passed with these before."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._digest = ""

    def __call__(self, files: Iterable[Path]) -> None:
        config = self._item.config
        if os.environ.get("CI") or config.getoption("anew"):
            return
        parts = [_environment(), _engine(), *map(_digest, sorted({self._item.path, *files}))]
        self._digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        if self._record.is_file() and self._record.read_text(encoding="ascii") == self._digest:
            pytest.skip(WHY)

    @property
    def _record(self) -> Path:
        name = re.sub(r"[^\w.]+", "_", f"{self._item.nodeid} {Path(sys.prefix).name}")
        return RECORDS / name

    def ended(self) -> None:
        """Write down that the test passed, if it did."""
        if self._digest and self._item.stash.get(PASSED, False):
            RECORDS.mkdir(parents=True, exist_ok=True)
            write_whole(self._record, self._digest.encode())


@pytest.fixture
def unless_unchanged(request: pytest.FixtureRequest) -> Iterator[UnlessUnchanged]:
    """Skips a test that passed before: `unless_unchanged(files)`, first thing in the test."""
    judge = UnlessUnchanged(request.node)
    yield judge
    judge.ended()


@functools.cache
def _environment() -> str:
    packages = sorted(f"{one.name}=={one.version}" for one in metadata.distributions())
    return "\n".join([sys.version, *packages])


@functools.cache
def _engine() -> str:
    files = sorted({path for pattern in ENGINE for path in ROOT.glob(pattern) if path.is_file()})
    return "\n".join(map(_digest, files))


@functools.cache
def _digest(file: Path) -> str:
    content = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{file.relative_to(ROOT).as_posix()} {content}"
