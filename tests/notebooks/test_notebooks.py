"""What every notebook has to be: built from its lesson's folder, within the budgets, complete.

That its outputs are true is checked by nbval, which runs every cell in this same test run.
"""

import ast
import configparser
import html
import re
import statistics
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.exercise import all_exercises
from tests import ROOT
from tools import build

TARGETS = build.targets()
LESSONS = [target for target in TARGETS if not target.practice]


def built(target):
    return nbformat.read(target.built, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code_lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def words(text):
    """Words a reader reads: link addresses and table rules do not count."""
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return len(re.findall(r"\w[\w'.-]*", text))


by_name = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
by_lesson = pytest.mark.parametrize("target", LESSONS, ids=lambda target: target.name)


def test_there_are_notebooks():
    assert len(LESSONS) >= 2
    assert {p.stem for p in build.BUILT.glob("*.ipynb")} == {target.name for target in TARGETS}


@by_name
def test_a_notebook_is_what_its_folder_builds(target):
    assert build.stale(target) is None


@by_name
def test_every_cell_was_run_without_complaint(target):
    for cell in code_cells(built(target)):
        assert cell.execution_count is not None, cell.source
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            assert not build.ADDRESS.search(text), text


@by_name
def test_cells_are_short(target):
    # An answer's stub is as long as its docstring; the budget is for what is read as a lesson.
    cells = [c for c in code_cells(built(target)) if "exercise" not in c.metadata]
    lengths = [len(code_lines(cell)) for cell in cells]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= 5


@by_lesson
def test_prose_and_code_are_in_balance(target):
    notebook = built(target)
    # The first code cell stands in every notebook and is not part of the lesson.
    lines = sum(len(code_lines(cell)) for cell in code_cells(notebook)[1:])
    ratio = words(markdown(notebook)) / lines
    assert 7 <= ratio <= 25, f"{ratio:.1f} words for a line of code"


@by_lesson
def test_a_lesson_opens_and_closes_as_agreed(target):
    assert 3 <= len(target.contents.after) <= 6
    assert 10 <= target.contents.minutes <= 150
    text = markdown(built(target))
    places = [text.find(f"\n## {part}\n") for part in CLOSING]
    assert -1 not in places, places
    assert places == sorted(places)


CLOSING = ["Summary", "What people get wrong", "Further reading", "Next"]


def links(text):
    """The targets of a Markdown text's links, but for those into the web."""
    return [to for to in re.findall(r"\]\(([^)]*)\)", text) if not re.match(r"https?://", to)]


@by_name
def test_every_link_leads_to_a_notebook_beside_it(target):
    # A file's name alone: students have all notebooks in one folder, and a place inside a notebook
    # is written differently in JupyterLab, in other editors and on a page.
    for to in links(markdown(built(target))):
        assert to in {other.built.name for other in TARGETS} - {target.built.name}
        assert (target.built.parent / to).is_file()


@by_name
def test_a_notebook_links_to_what_it_needs_to_its_other_half_to_the_next_and_to_all(target):
    cells = built(target).cells
    page = target.contents
    pages = [lesson.contents for lesson in LESSONS]
    before = [page] if target.practice else [other for other in pages if other.number in page.needs]
    assert sorted(links(cells[0].source)) == sorted(f"{other.notebook}.ipynb" for other in before)
    other_half = page.notebook if target.practice else page.practice_notebook
    next_ones = [other.notebook for other in pages[pages.index(page) + 1 :]][:1]
    contents = [] if page.number == "00" else ["00_start_here"]
    expected = [other_half, *next_ones, *contents]
    assert links(cells[-1].source) == [f"{name}.ipynb" for name in expected if name]


def test_lesson_00_has_a_table_of_all_notebooks_with_their_minutes():
    [table] = [c.source for c in built(TARGETS[0]).cells if c.source.startswith("## The lessons")]
    assert links(table) == [target.built.name for target in TARGETS[1:]]
    row = "| 05 | [Hooks and apply](05_lesson_hooks_and_apply.ipynb) | 90 | "
    assert f"{row}[14 exercises](05_practice_hooks_and_apply.ipynb) | 210 |\n" in table
    lessons = sum(target.contents.minutes for target in LESSONS)
    exercises = sum(e.minutes for e in all_exercises() if not e.id.startswith("00."))
    for minutes, what in ((lessons, "lessons"), (exercises, "exercises")):
        [hours] = re.findall(rf"([\d.]+) hours of {what}", table)
        assert abs(float(hours) * 60 - minutes) <= 15


def test_what_an_assignment_takes_from_the_course_has_no_link_to_a_notebook():
    texts = [text for one in all_exercises() for text in (one.task, *one.hints)]
    for target in LESSONS:
        texts += target.contents.practice.sections.values() if target.contents.practice else []
    assert not [to for text in texts for to in links(text)]


@by_lesson
def test_a_lesson_asks_before_it_shows(target):
    number = target.contents.number
    notebook = built(target)
    asked = re.findall(rf"\*\*Predict ({number}\.p\d+)\.\*\*", markdown(notebook))
    code = "\n".join(cell.source for cell in code_cells(notebook))
    answered = re.findall(r'predict\("(\d\d\.p\d+)"', code)
    assert asked == answered == [f"{number}.p{i + 1}" for i in range(len(asked))]
    assert len(asked) >= (3 if number == "00" else 8)
    assert code.count("guess = ...") == len(asked)


@by_name
def test_code_keeps_to_the_rules(target):
    for cell in code_cells(built(target)):
        tree = ast.parse(cell.source)  # also refuses magics and shell lines
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert [name.name for name in node.names] != ["*"], cell.source
        assert "sys.path" not in cell.source
        assert "download=True" not in cell.source


@by_name
def test_every_figure_has_a_text_for_those_who_cannot_see_it(target):
    for cell in code_cells(built(target)):
        for output in cell.outputs:
            data = output.get("data", {})
            assert "image/png" not in data, "a bare picture; use course_utils.figures"
            for image in re.findall(r"<img[^>]*>", "".join(data.get("text/html", ""))):
                alt = re.search(r'alt="([^"]*)"', image)
                assert alt, image[:100]
                assert re.search(r'data-pixels="[0-9a-f]{16}"', image), image[:100]
                assert len(html.unescape(alt.group(1)).split()) >= 8, alt.group(1)


def test_what_is_left_out_of_the_comparison_is_little_and_has_a_reason():
    ignored = [
        (target.name, cell)
        for target in TARGETS
        for cell in code_cells(built(target))
        if build.NOT_COMPARED in cell.metadata.get("tags", [])
    ]
    assert len(ignored) <= 5
    for name, cell in ignored:
        assert re.search(r"# Not compared: \w+", cell.source), (name, cell.source)
    everything = "".join(cell.source for t in TARGETS for cell in code_cells(built(t)))
    assert "NBVAL" not in everything


def test_figures_are_compared_by_their_pixels_and_not_by_their_compression(request):
    config = Path(request.config.option.nbval_sanitize_with)
    assert config.name == ("nbval.cfg" if sys.platform == "linux" else "nbval_other_systems.cfg")
    rules = configparser.ConfigParser()
    assert rules.read(ROOT / "tests" / "notebooks" / "nbval.cfg")
    notebook = built(LESSONS[1])
    page = "".join(
        output.get("data", {}).get("text/html", "")
        for cell in code_cells(notebook)
        for output in cell.outputs
    )
    assert "base64," in page
    for rule in rules.sections():
        page = re.sub(rules.get(rule, "regex"), rules.get(rule, "replace"), page)
    assert "base64," not in page
    assert page.count("data-pixels=") == page.count("A-PICTURE") > 5
