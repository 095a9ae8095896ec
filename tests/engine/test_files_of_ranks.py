"""Temporary files that ranks make while an answer is observed."""

import tempfile
from pathlib import Path

from course_utils import exercise
from course_utils.catalogue import Catalogue
from course_utils.exercise import Exercise


def test_they_are_gone_with_the_group(monkeypatch):
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    made = Exercise("99.1", "Files", minutes=3, difficulty=1, hints=["one", "two"], ranks=2)
    made.cases(lambda rng: iter([()]))

    def makes_a_folder():
        return tempfile.mkdtemp()

    [seen] = made.observations(makes_a_folder)
    assert len(set(seen.value.values())) == 2
    assert not any(Path(folder).exists() for folder in seen.value.values())
