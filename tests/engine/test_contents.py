"""The contents pages say what is in the lessons' folders, and the other way round."""

import ast
import dataclasses
import importlib

import pytest

from course_utils import contents
from course_utils.contents import (
    Contents,
    ContentsError,
    Practice,
    all_lessons,
    exercise_modules,
    import_exercise,
    lesson_numbered,
    next_lesson,
)

LESSONS = all_lessons()
by_lesson = pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.name)


def small(**changed):
    facts = {"number": "77", "name": "small", "title": "Small", "needs": [], "minutes": 5}
    facts |= {"after": [], "exercises": {"77.1": "one", "77.2": "two", "77.3": "three"}}
    return Contents("course_utils.lessons.small", **facts | changed)


@by_lesson
def test_every_exercise_of_a_folder_is_on_its_contents_page(page):
    declaring = [
        path.stem
        for path in sorted(page.folder.glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "exercise"
    ]
    assert sorted(page.exercises.values()) == declaring
    assert list(page.exercises) == [f"{page.number}.{n + 1}" for n in range(len(declaring))]
    for id in page.exercises:
        [name] = exercise_modules(id)
        assert import_exercise(name).exercise.id == id


@by_lesson
def test_a_lesson_names_what_it_needs(page):
    for needed in page.needs:
        assert needed in {other.number for other in LESSONS}
        assert needed != page.number


def test_a_lesson_is_found_by_its_number_and_the_next_one_after_it():
    tensors = lesson_numbered("01")
    assert tensors.name == "tensors_storage_stride"
    assert next_lesson(tensors) is lesson_numbered("02")
    assert next_lesson(LESSONS[-1]) is None
    with pytest.raises(ContentsError, match="There is no lesson 77"):
        lesson_numbered("77")


def test_a_file_that_is_not_what_its_page_says_is_named(monkeypatch):
    hooks = next(page for page in LESSONS if page.number == "05")
    files = {"77.1": "output_shapes", "77.2": "models", "77.3": "nowhere"}
    wrong = dataclasses.replace(hooks, number="77", exercises=files, practice=None)
    monkeypatch.setattr(contents, "all_lessons", lambda: (wrong,))
    place = "course_utils/lessons/hooks"
    for id, said in {
        "77.1": f"{place}/output_shapes.py declares 05.1; its contents page calls it 77.1.",
        "77.2": f"{place}/models.py declares no `exercise`; its contents page calls it 77.2.",
        "77.3": f"77.3 is on its contents page, but there is no {place}/nowhere.py.",
    }.items():
        with pytest.raises(ContentsError) as raised:
            import_exercise(*exercise_modules(id))
        assert str(raised.value) == said
    assert exercise_modules("05.1") == []


def test_a_file_that_does_not_load_is_named_with_the_line(monkeypatch):
    place = "course_utils/lessons/hooks/output_shapes.py"

    def load(name):
        exec(compile("one = 1\n\nmodl", f"/elsewhere/{place}", "exec"))

    monkeypatch.setattr(importlib, "import_module", load)
    with pytest.raises(ContentsError) as raised:
        import_exercise("course_utils.lessons.hooks.output_shapes")
    said = f"{place} does not load: in line 3, NameError: name 'modl' is not defined"
    assert str(raised.value) == said


def test_an_id_of_another_lesson_is_refused():
    with pytest.raises(ContentsError, match="exercise 76.1 is not of lesson 77"):
        small(exercises={"76.1": "one"})
    practice = Practice(title="", lead="", imports=[], sections={"77.4": "Part four"})
    with pytest.raises(ContentsError, match="there is no 77.4 for a section to begin at"):
        small(practice=practice)


def test_a_section_holds_until_the_next_one():
    sections = {"77.2": "## Two", "77.3": "## Three"}
    page = small(practice=Practice(title="", lead="", imports=["import torch"], sections=sections))
    assert [page.section(id) for id in page.exercises] == ["", "## Two", "## Three"]
    assert page.imports == ["import torch"]
    assert small().section("77.1") == ""
    assert small().imports == ["from course_utils import check, hint, solution"]


def test_in_a_list_of_files_a_lesson_stands_before_its_exercises():
    pairs = [(page.notebook, page.practice_notebook) for page in LESSONS]
    assert pairs[0] == ("00_start_here", "")
    assert pairs[5] == ("05_lesson_hooks_and_apply", "05_practice_hooks_and_apply")
    names = [name for pair in pairs for name in pair if name]
    assert names == sorted(names)
    assert len({name[:12] for name in names}) == len(names), "a narrow list shows no more"
