"""Panels: rich in a notebook, plain in a terminal, safe with any text."""

import re

import pytest

from course_utils import feedback
from course_utils.feedback import COLOURS, Panel

PANEL = Panel(
    "wrong", "01.3", "Use `x < y` & see.", (("Error", "a\nb"), ("", "<b>")), block="if x:\n    y"
)


def test_plain_text():
    assert repr(PANEL).splitlines() == [
        "✘ 01.3  Use x < y & see.",
        "  Error: a",
        "    b",
        "  <b>",
        "",
        "if x:",
        "    y",
    ]


def test_rich_text_is_escaped():
    html = PANEL._repr_html_()
    assert "<code>x &lt; y</code> &amp; see." in html
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "a<br>b" in html


def test_both_are_given_to_a_notebook():
    bundle = PANEL._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


def test_a_terminal_gets_plain_text(capsys):
    feedback.display(PANEL)
    assert capsys.readouterr().out == repr(PANEL) + "\n"


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", COLOURS.values())
@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_borders_stand_out_on_light_and_dark_pages(colour, page):
    light, dark = sorted([luminance(colour), luminance(page)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_text_takes_the_theme_s_colour():
    assert not re.findall(r"[^-]color:", PANEL._repr_html_())


def test_half_a_character_can_be_shown():
    panel = Panel("note", "x", "\ud800")
    assert (repr(panel) + panel._repr_html_()).encode("utf-8")
