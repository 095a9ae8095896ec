"""Panels where stdout is not UTF-8."""

import io

import pytest

from course_utils.feedback import Panel
from course_utils.terminal import say, writable


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp949", "latin-1", "utf-8", None])
def test_every_character_can_be_written(encoding):
    text = writable("✔ ✘ → · ★ “x” 안녕 \ud800", encoding)
    text.encode(encoding or "utf-8")


def test_signs_are_written_plainly():
    assert writable("✔ 01.1 · “a” → é", "ascii") == '[ok] 01.1 - "a" -> \\xe9'
    assert writable("✘ é", "cp1252") == "[x] é"
    assert writable("✔ 안녕", "utf-8") == "✔ 안녕"


def test_a_panel_is_said_to_any_stream():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp949")
    say(Panel("good", "01.1", "Right: é."), stream)
    stream.flush()
    assert stream.buffer.getvalue().decode("cp949").splitlines()[0].startswith("[ok] 01.1  Right")
