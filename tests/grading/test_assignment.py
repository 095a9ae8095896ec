"""An assignment: from the command line to its file and back, and one sentence for what is wrong."""

import json
import shutil
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.assignment import Assignment, Item, load_private, modules_in, read_assignment
from grading.errors import AssignmentError

QUIZ = Path(__file__).parent / "private_quiz.py"
pytestmark = pytest.mark.usefixtures("forget_private_exercises")


@pytest.fixture
def assign(tmp_path, monkeypatch, capsys):
    """Run `assign` in an empty folder; gives the exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        try:
            status = main(["assign", *map(str, arguments)])
        except SystemExit as stop:  # argparse's way
            status = stop.code
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def items(folder):
    return [(item.id, item.points) for item in read_assignment(folder).items]


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


# --- The file --------------------------------------------------------------------------------


def test_an_assignment_is_read_as_it_was_written(tmp_path):
    one = Assignment(
        "week3", "Week 3 · views", (Item("01.1", 1.0), Item("90.1", 0.5)), "Friday", (QUIZ,)
    )
    path = tmp_path / "week3" / "assignment.json"
    path.parent.mkdir()
    path.write_text(one.as_json(path.parent), encoding="utf-8")
    again = read_assignment(path)
    assert read_assignment(path.parent) == again
    assert (again.name, again.title, again.deadline) == ("week3", "Week 3 · views", "Friday")
    assert again.items == one.items
    assert again.points == 1.5
    assert [file.resolve() for file in again.private] == [QUIZ]
    assert not Path(json.loads(path.read_text("utf-8"))["private"][0]).is_absolute()
    assert again.as_json(path.parent) == path.read_text(encoding="utf-8")


def test_the_topics_are_the_files_that_declare_the_exercises():
    one = Assignment("a", "A", (Item("90.1", 1), Item("04.3", 1), Item("04.1", 1)), private=(QUIZ,))
    names = sorted(one.topics())
    lesson = "course_utils.lessons.modules"
    assert names[:2] == [f"{lesson}.kinds_of_tensors", f"{lesson}.layer_scale"]
    assert names[2].startswith("private_private_quiz_")
    assert one.topics()[names[2]] == QUIZ.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not an assignment"),
        ("[]", "is not an assignment"),
        ('{"name": "a", "title": "A"}', "is not an assignment"),
        ('{"name": "a", "title": "A", "exercises": 3}', "is not an assignment"),
        ('{"name": "a", "title": "A", "exercises": [{"id": "01.1"}]}', "is not an assignment"),
        ("[" * 100_000, "is not an assignment"),
        ('{"name": "a", "title": "A", "exercises": []}', "at least one exercise id"),
        ('{"name": "../a", "title": "A", "exercises": []}', "cannot be a file's name"),
    ],
)
def test_a_broken_file_is_one_sentence(tmp_path, text, said):
    path = tmp_path / "assignment.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AssignmentError, match=said) as error:
        read_assignment(path)
    assert "\n" not in str(error.value)
    assert set(modules_in(path)) <= {"course_utils.lessons.tensors.contiguous_strides"}, "no word"


def test_what_workers_will_load_is_told_by_the_file_alone(tmp_path):
    """Not private files, whose modules have other names, nor what needs more packages."""
    items = tuple(Item(id, 1.0) for id in ("90.1", "04.3", "12.1", "01.1"))
    one = Assignment("a", "A", items, private=(QUIZ,))
    path = tmp_path / "assignment.json"
    path.write_text(one.as_json(tmp_path), encoding="utf-8")
    lessons = "course_utils.lessons"
    expected = [f"{lessons}.modules.kinds_of_tensors", f"{lessons}.tensors.contiguous_strides"]
    assert modules_in(path) == modules_in(tmp_path) == expected
    assert modules_in(tmp_path / "none") == []


def test_a_private_file_may_not_take_an_id_of_the_course(tmp_path):
    theirs = tmp_path / "theirs.py"
    theirs.write_text(QUIZ.read_text("utf-8").replace('"90.1"', '"01.1"'), encoding="utf-8")
    with pytest.raises(AssignmentError, match=r"theirs.py does not load.*01\.1 is declared twice"):
        load_private((theirs,))
    # Nothing of it stays behind.
    assert Assignment("a", "A", (Item("01.1", 1),)).exercises()[0].name == "contiguous_strides"


def test_half_a_declaration_in_a_private_file_is_one_sentence(tmp_path, forget_private_exercises):
    half = tmp_path / "half.py"
    half.write_text(QUIZ.read_text("utf-8").replace(".cases\n", ".observe\n", 1), encoding="utf-8")
    with pytest.raises(AssignmentError, match=r"half\.py: 90\.1 in half\.py has no @cases: "):
        load_private((half,))


# --- The command line ------------------------------------------------------------------------


def test_ids_ranges_and_points(assign, tmp_path):
    status, out, err = assign(
        *["01.1", "04.9-04.11=2.5", "90.1=3", "00.1", "--name", "week3", "--points", "0.5"],
        *["--private", QUIZ, "--title", "Week\n 3", "--output", "out"],
    )
    assert (status, err) == (0, "")
    assert "Week 3: 6 exercises, 11.5 points" in out
    folder = tmp_path / "out" / "week3"
    # In a notebook's own order: 04.9 comes before 04.10.
    assert items(folder) == [
        *[("01.1", 0.5), ("04.9", 2.5), ("04.10", 2.5), ("04.11", 2.5)],
        *[("90.1", 3), ("00.1", 0.5)],
    ]
    assert set(files(folder)) == {"assignment.json", "week3.ipynb", "week3.zip"}


def test_made_again_it_is_the_same(assign, tmp_path):
    assign("01.1-01.2", "--name", "week3", "--private", QUIZ)
    folder = tmp_path / "assignments" / "week3"
    before = files(folder)
    (folder / "week3.zip").unlink()
    for again in (folder, folder / "assignment.json"):
        status, out, err = assign(again)
        assert (status, err) == (0, "")
        assert files(folder) == before
    assert out.count("(unchanged)") == 3
    # The same options are the same assignment.
    assert assign("01.1-01.2", "--name", "week3", "--private", QUIZ)[0] == 0
    assert files(folder) == before


def test_another_assignment_of_that_name_is_not_written_over(assign, tmp_path):
    assign("01.1", "--name", "week3")
    folder = tmp_path / "assignments" / "week3"
    before = files(folder)
    status, out, err = assign("01.2", "--name", "week3")
    assert (status, out) == (2, "")
    assert "holds a different assignment" in err and "--replace" in err
    assert files(folder) == before
    assert assign("01.2", "--name", "week3", "--replace")[0] == 0
    assert items(folder) == [("01.2", 1)]


def test_other_files_in_the_folder_are_not_touched(assign, tmp_path):
    folder = tmp_path / "assignments" / "week3"
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("mine", encoding="utf-8")
    status, _, err = assign("01.1", "--name", "week3")
    assert status == 2 and "holds other files" in err
    assert files(folder) == {"thesis.txt": b"mine"}
    assert assign("01.1", "--name", "week3", "--replace")[0] == 0
    assert files(folder)["thesis.txt"] == b"mine"


WRONG = {
    "no exercise": ([], "required: EXERCISE"),
    "no name": (["01.1"], "--name week3"),
    "unknown id": (["01.99", "--name", "a"], "There is no exercise '01.99'. Near it: 01."),
    "unknown notebook": (["77.1", "--name", "a"], "There is no exercise '77.1'"),
    "no id": (["one", "01.1", "--name", "a"], "'one' is neither an exercise id"),
    "no id and no folder": (["week3"], "'week3' is neither an exercise id"),
    "an id twice": (["01.1", "01.2", "01.1", "--name", "a"], "01.1 is in the assignment twice"),
    "in a range, too": (["01.1", "01.1-01.2", "--name", "a"], "01.1 is in the assignment twice"),
    "a range down": (["01.5-01.1", "--name", "a"], "has to go up within one notebook"),
    "a range across": (["01.1-04.1", "--name", "a"], "has to go up within one notebook"),
    "a range to nowhere": (["01.1-01.99", "--name", "a"], "There is no exercise '01.99'"),
    "no points": (["01.1=0", "--name", "a"], "01.1 is worth 0.0 points"),
    "points below zero": (["01.1=-1", "--name", "a"], "a number above 0 is needed"),
    "points that are no number": (["01.1=two", "--name", "a"], "'two' (in 01.1=two)"),
    "nan points": (["01.1=nan", "--name", "a"], "a number above 0 is needed"),
    "endless points": (["01.1", "--name", "a", "--points", "inf"], "a number above 0 is needed"),
    "empty points": (["01.1=", "--name", "a"], "'' (in 01.1=) is not a number of points"),
    "a name with a folder": (["01.1", "--name", "../a"], "cannot be a file's name everywhere"),
    "an unknown option": (["01.1", "--name", "a", "--nam", "b"], "unrecognized arguments"),
    "no private file": (
        ["01.1", "--name", "a", "--private", "no.py"],
        "Cannot read no.py: No such",
    ),
    "a private text": (
        ["01.1", "--name", "a", "--private", "notes.txt"],
        "declared in a Python file",
    ),
    "a private bug": (["01.1", "--name", "a", "--private", "bug.py"], "ZeroDivisionError"),
    "output is a file": (["01.1", "--name", "a", "--output", "notes.txt"], "notes.txt is a file"),
    "even with replace": (
        ["01.1", "--name", "a", "--output", "notes.txt/b", "--replace"],
        "notes.txt is a file",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_sentence_and_nothing_is_written(assign, tmp_path, case):
    arguments, said = WRONG[case]
    (tmp_path / "bug.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    status, out, err = assign(*arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1, err
    shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
    assert files(tmp_path) == {"bug.py": b"1 / 0\n", "notes.txt": b"mine"}


def test_an_assignment_is_made_again_as_it_is(assign, tmp_path):
    assign("01.1", "--name", "week3")
    status, _, err = assign("assignments/week3", "--title", "Other")
    assert status == 2 and "leave out --title" in err
    (tmp_path / "empty").mkdir()
    status, _, err = assign("empty")
    assert status == 2 and "There is no assignment at" in err


def test_a_name_that_two_answers_share_is_told_of(assign):
    status, _, err = assign("04.14", "09.12", "--name", "week3")
    assert status == 0
    assert err.startswith("Note: 04.14 and 09.12 are both answered by `freeze`")


def test_without_a_command_the_commands_are_named(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "required: COMMAND; --help lists" in capsys.readouterr().err
