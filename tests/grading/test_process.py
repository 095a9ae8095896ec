"""The process for students' code: it names what an answer changed, with and without shortcuts."""

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
