"""The process for students' code: it names what an answer changed, with and without shortcuts."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course_utils.exercise import find
from grading.inside import process


@pytest.mark.parametrize("told", [True, False])
def test_what_was_changed_is_named(told, monkeypatch):
    exercise = find("01.1")
    monkeypatch.setattr(process, "versions_are_told", lambda: told)
    originals = process.snapshot()
    assert process.changes(originals) == []
    monkeypatch.setattr(torch, "add", len)
    monkeypatch.setattr(torch.Tensor, "of_the_answer", 1, raising=False)
    monkeypatch.setattr(exercise, "__dict__", {**vars(exercise), "without": ()})
    changed = process.changes(originals)
    assert sorted(changed) == ["exercise-01.1.without", "torch.Tensor.of_the_answer", "torch.add"]


def linux() -> tuple[int, int]:
    """(6, 1) on Linux 6.1; (0, 0) on other systems."""
    found = re.match(r"(\d+)\.(\d+)", platform.release() if sys.platform == "linux" else "")
    return (int(found[1]), int(found[2])) if found else (0, 0)


LARGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


@pytest.mark.skipif(
    linux() < (6, 1) or not LARGE_PAGES.exists(), reason="large pages on demand need Linux 6.1"
)
def test_the_memory_of_a_process_is_kept_in_large_pages():
    program = """
from grading.inside import process
kept = [str(number) for number in range(500_000)]
before = process.process_facts("self", "smaps_rollup").get("AnonHugePages", 0)
process.use_large_pages()
print(process.process_facts("self", "smaps_rollup").get("AnonHugePages", 0) - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert not done.stderr
    assert int(done.stdout) >= 10 * 1024**2
