"""The README says what is there."""

import re

import pytest

from tests import ROOT
from tools import readme

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_table_of_lessons_is_what_the_sources_say():
    now = readme.README.read_text(encoding="utf-8")
    assert readme.BEGIN in now
    assert readme.written(now) == now, "run: make readme"


def test_a_stale_table_is_noticed():
    now = readme.README.read_text(encoding="utf-8")
    assert readme.written(now.replace("| 01 |", "| 77 |", 1)) == now


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_make_targets_named_in_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, named - targets
