"""A file is there whole, or as it was."""

import sys
from pathlib import Path

import pytest

from course_utils.whole_files import write_whole


def test_a_file_is_written_over_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.txt"
    for content in (b"one", b"two" * 1000):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o644


def test_what_was_there_stays_when_writing_stops(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"before")

    def stops(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stops)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
