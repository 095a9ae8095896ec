"""What every notebook has to be: built from its source, within the budgets, complete.

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

from tools import build

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "notebooks" / "source").glob("[0-9][0-9]_*.py"))
LESSONS = [path for path in SOURCES if not path.stem.endswith("_exercises")]
EXERCISES = [path for path in SOURCES if path.stem.endswith("_exercises")]
IGNORE_TAG = "nbval-ignore-output"


def built(path):
    return nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)


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


by_name = pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
by_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def test_there_are_notebooks():
    assert len(LESSONS) >= 2
    names = {path.stem for path in SOURCES}
    assert {p.stem for p in (ROOT / "notebooks").glob("*.ipynb")} == names


@by_name
def test_a_notebook_is_what_its_source_builds(path):
    assert build.stale(path) is None


@by_name
def test_every_cell_was_run_without_complaint(path):
    for cell in code_cells(built(path)):
        assert cell.execution_count is not None, cell.source
        for output in cell.outputs:
            assert output.output_type != "error", cell.source
            assert output.get("name") != "stderr", cell.source
            text = output.get("text", "") + str(output.get("data", {}).get("text/plain", ""))
            assert not build.ADDRESS.search(text), text


@by_name
def test_cells_are_short(path):
    # An answer's stub is as long as its docstring; the budget is for what is read as a lesson.
    cells = [c for c in code_cells(built(path)) if "exercise" not in c.metadata]
    lengths = [len(code_lines(cell)) for cell in cells]
    assert max(lengths) <= 15
    assert statistics.median(lengths) <= 5


@by_lesson
def test_prose_and_code_are_in_balance(path):
    notebook = built(path)
    # The first code cell stands in every notebook and is not part of the lesson.
    lines = sum(len(code_lines(cell)) for cell in code_cells(notebook)[1:])
    ratio = words(markdown(notebook)) / lines
    assert 7 <= ratio <= 25, f"{ratio:.1f} words for a line of code"


@by_lesson
def test_a_lesson_opens_and_closes_as_agreed(path):
    course = build.read_source(path).metadata["course"]
    assert 3 <= len(course["after"]) <= 6
    assert 10 <= course["minutes"] <= 150
    text = markdown(built(path))
    places = [text.find(f"\n## {part}\n") for part in CLOSING]
    assert -1 not in places, places
    assert places == sorted(places)


CLOSING = ["Summary", "What people get wrong", "Further reading"]


@by_lesson
def test_a_lesson_asks_before_it_shows(path):
    number = path.stem[:2]
    notebook = built(path)
    asked = re.findall(rf"\*\*Predict ({number}\.p\d+)\.\*\*", markdown(notebook))
    code = "\n".join(cell.source for cell in code_cells(notebook))
    answered = re.findall(r'predict\("(\d\d\.p\d+)"', code)
    assert asked == answered == [f"{number}.p{i + 1}" for i in range(len(asked))]
    assert len(asked) >= (3 if number == "00" else 8)
    assert code.count("guess = ...") == len(asked)


@by_name
def test_code_keeps_to_the_rules(path):
    for cell in code_cells(built(path)):
        tree = ast.parse(cell.source)  # also refuses magics and shell lines
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert [name.name for name in node.names] != ["*"], cell.source
        assert "sys.path" not in cell.source
        assert "download=True" not in cell.source


@by_name
def test_every_figure_has_a_text_for_those_who_cannot_see_it(path):
    for cell in code_cells(built(path)):
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
        (path.stem, cell)
        for path in SOURCES
        for cell in code_cells(built(path))
        if IGNORE_TAG in cell.metadata.get("tags", [])
    ]
    assert len(ignored) <= 5
    for name, cell in ignored:
        assert re.search(r"# Not compared: \w+", cell.source), (name, cell.source)
    everything = "".join(cell.source for path in SOURCES for cell in code_cells(built(path)))
    assert "NBVAL" not in everything


@pytest.mark.parametrize("path", EXERCISES, ids=lambda p: p.stem)
def test_exercises_stand_in_order_and_all_of_them(path):
    from course_utils.exercise import all_exercises

    source = build.read_source(path)
    ids = [exercise.id for exercise in build.exercises_of(source)]
    assert ids == [e.id for e in all_exercises() if e.id[:2] == path.stem[:2]]
    titled = re.findall(r"^## Exercise (\d\d\.\d+)$", markdown(source), re.MULTILINE)
    assert titled == ids


def test_lessons_name_what_they_need():
    numbers = [course["number"] for course in build.lessons()]
    for course in build.lessons():
        assert course["number"] in {path.stem[:2] for path in LESSONS}
        for needed in course["needs"]:
            assert needed in numbers, f"{course['number']} needs {needed}, which is not there"
            assert needed != course["number"]


def test_figures_are_compared_by_their_pixels_and_not_by_their_compression(request):
    config = Path(request.config.option.nbval_sanitize_with)
    assert config.name == ("nbval.cfg" if sys.platform == "linux" else "nbval_other_systems.cfg")
    rules = configparser.ConfigParser()
    rules.read(ROOT / "tests" / "nbval.cfg")
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
