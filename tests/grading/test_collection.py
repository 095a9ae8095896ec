"""One submission per student, in every layout, and nothing lost."""

import os
import re
import socket
import sys
import unicodedata

import pytest

from grading.errors import CollectionError
from grading.mark import collection
from grading.mark.collection import Submission, collect

NOT_WINDOWS = pytest.mark.skipif(sys.platform == "win32", reason="not on Windows")


def make(folder, *paths):
    """Files, and folders where a path ends in /."""
    for path in paths:
        where = folder / path
        if path.endswith("/"):
            where.mkdir(parents=True)
        else:
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_text("{}", encoding="utf-8")
    return folder


def found(folder):
    return {s.student: s.file for s in collect(folder, "week3") if not s.problem}


def problems(folder):
    return {s.student: s.problem for s in collect(folder, "week3") if s.problem}


# -- layouts ---------------------------------------------------------------------------------


def test_a_file_per_student(tmp_path):
    make(tmp_path, "park.ipynb", "kim.ipynb", "J. Lee.ipynb", "Cho.IPYNB")
    assert [s.student for s in collect(tmp_path, "week3")] == ["Cho", "J. Lee", "kim", "park"]
    assert collect(tmp_path, "week3")[2] == Submission("kim", tmp_path / "kim.ipynb", "kim.ipynb")


def test_a_folder_per_student(tmp_path):
    make(tmp_path, "kim/my answers.ipynb", "lee/week3/deep/x.ipynb", "park/week3.ipynb")
    make(tmp_path, "park/data.csv", "kim/.ipynb_checkpoints/my answers-checkpoint.ipynb")
    (tmp_path / "lee" / "week3").rename(tmp_path / "lee" / "homework")
    assert found(tmp_path) == {
        "kim": "kim/my answers.ipynb",
        "lee": "lee/homework/deep/x.ipynb",
        "park": "park/week3.ipynb",
    }


@pytest.mark.parametrize("given", [".", "submitted"])
def test_nbgrader(tmp_path, given):
    make(tmp_path, "submitted/kim/week3/week3.ipynb", "submitted/kim/week3/timestamp.txt")
    make(tmp_path, "submitted/kim/week2/week2.ipynb", "submitted/lee/week2/week2.ipynb")
    make(tmp_path, "source/week3/week3.ipynb", "gradebook.db", "grades.csv")
    make(tmp_path, "submitted/park/loose.ipynb")
    assert found(tmp_path / given) == {"kim": "kim/week3/week3.ipynb", "park": "park/loose.ipynb"}
    assert problems(tmp_path / given) == {
        "lee": "There is no folder week3 in the folder lee: it holds week2."
    }


def test_an_nbgrader_course_in_which_nobody_has_handed_in_this_one(tmp_path):
    make(tmp_path, "submitted/kim/week2/week2.ipynb", "source/", "release/")
    assert list(problems(tmp_path)) == [] and found(tmp_path) == {"kim": "kim/week2/week2.ipynb"}


def test_an_nbgrader_course_with_something_beside_it(tmp_path):
    make(tmp_path, "submitted/kim/week3/week3.ipynb", "lee.ipynb")
    with pytest.raises(CollectionError, match="also lee.ipynb: give .*submitted"):
        collect(tmp_path, "week3")


def test_a_student_may_be_called_submitted(tmp_path):
    make(tmp_path, "submitted/week3.ipynb", "kim/week3.ipynb")
    assert list(found(tmp_path)) == ["kim", "submitted"]


@pytest.mark.parametrize("end", ["_file_", "_file"])
def test_moodle_folders(tmp_path, end):
    make(tmp_path, f"Min Kim_1234567_assignsubmission{end}/week3.ipynb")
    make(tmp_path, f"Min Kim_7654321_assignsubmission{end}/sub/x.ipynb")
    make(tmp_path, f"Default group_assignsubmission{end}/x.ipynb")
    assert list(found(tmp_path)) == ["Default group", "Min Kim 1234567", "Min Kim 7654321"]


def test_moodle_files(tmp_path):
    make(tmp_path, "Min Kim_1234567_assignsubmission_file_x.ipynb")
    make(tmp_path, "Lee_12_assignsubmission_file_week3.ipynb")
    make(tmp_path, "Lee_12_assignsubmission_file_scratch_1.ipynb")
    make(tmp_path, "Lee_12_assignsubmission_file_data.csv")
    assert found(tmp_path) == {
        "Min Kim 1234567": "Min Kim_1234567_assignsubmission_file_x.ipynb",
        "Lee 12": "Lee_12_assignsubmission_file_week3.ipynb",
    }
    assert [s.beside for s in collect(tmp_path, "week3")] == [
        (
            "Lee_12_assignsubmission_file_scratch_1.ipynb",
            "Lee_12_assignsubmission_file_data.csv",
        ),
        (),
    ]


def test_moodle_text_that_was_handed_in_with_the_file(tmp_path):
    make(tmp_path, "Kim_1_assignsubmission_onlinetext/onlinetext.html")
    make(tmp_path, "Kim_1_assignsubmission_file/x.ipynb")
    make(tmp_path, "Lee_2_assignsubmission_onlinetext/onlinetext.html")
    assert found(tmp_path) == {"Kim 1": "Kim_1_assignsubmission_file/x.ipynb"}
    assert collect(tmp_path, "week3")[0].beside == ("Kim_1_assignsubmission_onlinetext",)
    assert "it holds onlinetext.html" in problems(tmp_path)["Lee 2"]


def test_canvas(tmp_path):
    make(tmp_path, "kimmin_12345_67890_week3.ipynb", "kimmin_12346_67891_week3-1.ipynb")
    make(tmp_path, "lee_LATE_12347_67892_my_12_34_x.ipynb", "parkjin_12348_67893_week3.ipynb")
    make(tmp_path, "parkjin_12348_67894_data.csv", "cho_12349_text.html")
    make(tmp_path, "anon_Ab3dE_67895_week3.ipynb", "LATE_anon_Xy3dE_67896_week3.ipynb")
    assert list(found(tmp_path)) == [
        "anonymous Ab3dE",
        "anonymous Xy3dE",
        "kimmin 12345",
        "kimmin 12346",
        "lee 12347",
        "parkjin 12348",
    ]
    assert list(problems(tmp_path)) == ["cho 12349"]


def test_canvas_handed_in_again(tmp_path):
    make(tmp_path, "kim_12345_67890_week3.ipynb", "kim_12345_67999_week3-1.ipynb")
    make(tmp_path, "lee_12346_67891_week3.ipynb")
    assert list(found(tmp_path)) == ["lee 12346"]
    assert problems(tmp_path)["kim 12345"] == (
        "There are two submissions by kim 12345 (kim_12345_67890_week3.ipynb, "
        "kim_12345_67999_week3-1.ipynb): keep the one that is to be marked and move what else "
        "there is out of the folder."
    )


def test_names_that_only_look_like_those_of_canvas(tmp_path):
    make(tmp_path, "week3_2024_5_kim.ipynb", "week3_2024_5_lee.ipynb")
    assert list(found(tmp_path)) == ["week3_2024_5_kim", "week3_2024_5_lee"]


def test_layouts_may_be_mixed_and_nothing_is_lost(tmp_path):
    make(tmp_path, "kim.ipynb", "lee/week3.ipynb", "Min Park_1_assignsubmission_file_/x.ipynb")
    make(tmp_path, "cho_12345_67890_week3.ipynb", "han/week3/week3.ipynb", "notes.pdf", "empty/")
    make(tmp_path, ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/kim.ipynb", ".x/y.txt")
    make(tmp_path, ".ipynb_checkpoints/kim-checkpoint.ipynb", "._kim.ipynb")
    assert found(tmp_path) == {
        "cho 12345": "cho_12345_67890_week3.ipynb",
        "han": "han/week3/week3.ipynb",
        "kim": "kim.ipynb",
        "lee": "lee/week3.ipynb",
        "Min Park 1": "Min Park_1_assignsubmission_file_/x.ipynb",
    }
    assert problems(tmp_path) == {
        "empty": "There is no notebook in the folder empty: it is empty.",
        "notes": "notes.pdf is not a notebook: a file that ends in .ipynb is needed.",
    }


def test_every_entry_is_in_some_submission(tmp_path):
    names = ["kim.ipynb", "kim.pdf", "lee.txt", "lee.doc", "park/a/b/c.ipynb", "park/d.ipynb"]
    make(tmp_path, *names, "cho_1_2_a.ipynb", "cho_1_3_b.ipynb", "Han_1_assignsubmission_file_a.py")
    named = {s.file for s in collect(tmp_path, "week3")}
    named |= {file for s in collect(tmp_path, "week3") for file in s.beside}
    assert {file.split("/")[0] for file in named} == {p.name for p in tmp_path.iterdir()}


# -- which notebook --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["week3.ipynb", "scratch.ipynb"], "week3.ipynb"),
        (["WEEK3.ipynb", "scratch.ipynb"], "WEEK3.ipynb"),
        (["week3 (1).ipynb", "scratch.ipynb"], "week3 (1).ipynb"),
        (["week3-2.ipynb", "week30.ipynb"], "week3-2.ipynb"),
        (["a.ipynb", "b.ipynb"], "two notebooks (a.ipynb, b.ipynb), and none of them is"),
        (["week3.ipynb", "week3 (1).ipynb"], "and more than one of them is called week3.ipynb"),
        (["a/week3.ipynb", "b/week3.ipynb"], "and more than one of them"),
        ([f"{n}.ipynb" for n in "abcd"], "4 notebooks (a.ipynb, b.ipynb, c.ipynb and 1 more)"),
    ],
)
def test_several_notebooks_in_a_folder(tmp_path, files, chosen):
    make(tmp_path, *(f"kim/{file}" for file in files))
    [submission] = collect(tmp_path, "week3")
    if chosen.endswith(".ipynb") and not submission.problem:
        assert submission.file == f"kim/{chosen}"
        assert submission.beside == tuple(f"kim/{f}" for f in sorted(files) if f != chosen)
    else:
        assert submission.path == tmp_path / "kim"
        assert chosen in submission.problem


@pytest.mark.parametrize(
    "pair",
    [
        ("kim.ipynb", "kim/week3.ipynb"),
        ("kim.ipynb", "kim.IPYNB"),
        ("kim.ipynb", "kim (1).ipynb"),
        ("kim(1).ipynb", "kim (2).ipynb"),
        ("kim/week3.ipynb", "kim (1)/week3.ipynb"),
        ("Kim_1_assignsubmission_file/a.ipynb", "Kim_1_assignsubmission_file_/a.ipynb"),
        ("Kim_1_assignsubmission_file/a.ipynb", "Kim_1_assignsubmission_file_b.ipynb"),
    ],
)
def test_two_submissions_by_one_student(tmp_path, pair):
    make(tmp_path, *pair)
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system does not tell the two names apart")
    make(tmp_path, "park.ipynb")
    assert list(found(tmp_path)) == ["park"]
    [problem] = problems(tmp_path).values()
    assert re.match("There are two submissions by [kK]im.*: keep the one", problem)


def test_other_files_of_a_student_are_no_second_submission(tmp_path):
    make(tmp_path, "kim.ipynb", "kim.pdf", "kim/picture.png")
    [submission] = collect(tmp_path, "week3")
    assert (submission.problem, submission.beside) == ("", ("kim", "kim.pdf"))


def test_a_copy_s_name_is_the_student_s(tmp_path):
    make(tmp_path, "kim (1).ipynb", "lee(2)/week3.ipynb", "(1).ipynb", "2024-1.ipynb")
    assert list(found(tmp_path)) == ["(1)", "2024-1", "kim", "lee"]


def test_what_a_zip_was_unpacked_to_concerns_its_student(tmp_path):
    unpacked = ("notebooks/week3.ipynb", "work/week3.ipynb", "tools/lab.py")
    make(tmp_path, *(f"kim/week3/{path}" for path in unpacked))
    make(tmp_path, "lee/homework/answers.ipynb", "park.ipynb")
    assert found(tmp_path) == {
        "kim": f"kim/week3/{unpacked[1]}",
        "lee": "lee/homework/answers.ipynb",
        "park": "park.ipynb",
    }
    assert collect(tmp_path, "week3")[0].beside == ("kim/week3/notebooks/week3.ipynb",)


def test_an_nbgrader_student_s_notebook_in_another_folder_is_known_by_its_name(tmp_path):
    make(tmp_path, "submitted/kim/week3/week3.ipynb", "submitted/lee/homework/week3.ipynb")
    assert found(tmp_path)["lee"] == "lee/homework/week3.ipynb"


def test_a_student_s_own_modules_are_named(tmp_path):
    make(tmp_path, "kim/week3.ipynb", "kim/helper.py", "kim/data.csv", "lee.ipynb", "tools.py")
    assert [s.beside for s in collect(tmp_path, "week3")] == [("kim/helper.py",), (), ()]


def test_what_is_hidden_is_told_and_stops_nobody(tmp_path):
    make(tmp_path, ".kim.ipynb", ".park/week3.ipynb", "cho/.week3.ipynb", "lee.ipynb")
    make(tmp_path, ".lee.ipynb", "han.ipynb")
    assert list(found(tmp_path)) == ["han", "lee"]
    assert collect(tmp_path, "week3")[3].beside == (".lee.ipynb",)
    rename = "because its name begins with a dot: if it is what was handed in, rename it to"
    assert problems(tmp_path) == {
        "cho": f"In the folder cho, .week3.ipynb is hidden, {rename} week3.ipynb.",
        "kim": f".kim.ipynb is hidden, {rename} kim.ipynb.",
        "park": f".park is hidden, {rename} park.",
    }


# -- names -----------------------------------------------------------------------------------

KOREAN = "김민수"


@pytest.mark.parametrize(
    "name",
    [
        KOREAN + ".ipynb",
        KOREAN + "/x.ipynb",
    ],
)
def test_names_from_a_mac_are_composed(tmp_path, name):
    decomposed = unicodedata.normalize("NFD", name)
    assert decomposed != name
    make(tmp_path, decomposed)
    [submission] = collect(tmp_path, "week3")
    assert (submission.student, submission.file) == (KOREAN, name)
    assert submission.path.exists()


def test_names_from_a_mac_in_exports(tmp_path):
    make(tmp_path, unicodedata.normalize("NFD", f"{KOREAN}_12_assignsubmission_file_/x.ipynb"))
    make(tmp_path, unicodedata.normalize("NFD", "joséruiz_123_456_week3.ipynb"))
    assert list(found(tmp_path)) == ["joséruiz 123", f"{KOREAN} 12"]


def test_one_name_in_two_forms(tmp_path):
    make(tmp_path, KOREAN + ".ipynb", unicodedata.normalize("NFD", KOREAN) + ".ipynb")
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system does not tell the two names apart")
    make(tmp_path, "park.ipynb")
    assert list(found(tmp_path)) == ["park"]
    assert re.search("different Unicode forms .*keep one", problems(tmp_path)[KOREAN])


@NOT_WINDOWS
@pytest.mark.parametrize("place", [b"kim\xff.ipynb", b"kim\xff/week3.ipynb"])
def test_a_name_that_is_not_utf8(tmp_path, place):
    path = os.path.join(os.fsencode(tmp_path), place)  # noqa: PTH118 - bytes
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system has no such names")
    [submission] = collect(tmp_path, "week3")
    assert submission.student == "kim\\xff"
    assert submission.problem.endswith("is not valid UTF-8: rename it.")
    (submission.student + submission.file + submission.problem).encode("utf-8")
    assert submission.path.exists()


@NOT_WINDOWS
def test_names_that_would_harm_a_terminal(tmp_path):
    make(tmp_path, "kim\x1b[31m\n.ipynb", "park\u202egnp.ipynb", "a\xa0b.ipynb")
    assert list(found(tmp_path)) == ["a b", "kim\\x1b[31m\\n", "park\\u202egnp"]


# -- what cannot be read ---------------------------------------------------------------------


@NOT_WINDOWS
def test_links_are_never_followed(tmp_path):
    secret = make(tmp_path / "elsewhere", "secret.ipynb", "deep/week3.ipynb")
    folder = make(tmp_path / "in", "lee/", "park/scratch.ipynb", "cho/x.ipynb", "han/")
    (folder / "kim.ipynb").symlink_to(secret / "secret.ipynb")
    (folder / "broken.ipynb").symlink_to(secret / "nothing")
    (folder / "folder").symlink_to(secret)
    (folder / "lee" / "week3.ipynb").symlink_to(secret / "secret.ipynb")
    (folder / "park" / "week3.ipynb").symlink_to(secret / "secret.ipynb")
    (folder / "cho" / "more").symlink_to(secret)
    (folder / "han" / "week3").symlink_to(secret / "deep")
    assert found(folder) == {"cho": "cho/x.ipynb"}
    said = problems(folder)
    assert list(said) == ["broken", "folder", "han", "kim", "lee", "park"]
    for student in ("broken", "folder", "kim", "lee", "park"):
        assert "is a symbolic link, which is never followed" in said[student], student
    assert "no notebook in the folder han" in said["han"]


@NOT_WINDOWS
def test_a_linked_folder_of_an_nbgrader_student(tmp_path):
    make(tmp_path, "elsewhere/week3.ipynb", "in/submitted/lee/week3/week3.ipynb")
    make(tmp_path, "in/submitted/kim/")
    (tmp_path / "in/submitted/kim/week3").symlink_to(tmp_path / "elsewhere")
    assert list(found(tmp_path / "in")) == ["lee"]
    assert list(problems(tmp_path / "in")) == ["kim"]


@NOT_WINDOWS
def test_pipes_and_sockets_are_not_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's name may not be long
    os.mkfifo("kim.ipynb")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("lee.ipynb")
        said = problems(tmp_path)
    assert "not a file but a named pipe" in said["kim"]
    assert "not a file but a socket" in said["lee"]


def test_files_and_folders_that_may_not_be_read(tmp_path, monkeypatch):
    make(tmp_path, "kim.ipynb", "lee/week3.ipynb", "park.ipynb")
    really_listed, really_open = os.listdir, type(tmp_path).open

    def listdir(path):
        if os.fspath(path).endswith("lee"):
            raise PermissionError(13, "Permission denied")
        return really_listed(path)

    def opened(path, *args):
        if path.name == "kim.ipynb":
            raise PermissionError(13, "Permission denied")
        return really_open(path, *args)

    monkeypatch.setattr(os, "listdir", listdir)
    monkeypatch.setattr(type(tmp_path), "open", opened)
    assert list(found(tmp_path)) == ["park"]
    assert problems(tmp_path) == {
        "kim": "kim.ipynb cannot be read (Permission denied): change its permissions.",
        "lee": "Cannot read the folder lee: Permission denied.",
    }


def test_a_folder_that_is_no_submission(tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "FILE_LIMIT", 20)
    make(tmp_path, *(f"kim/{n}.txt" for n in range(21)), "lee/" + "x/" * 25 + "week3.ipynb")
    make(tmp_path, "park/week3.ipynb")
    assert list(found(tmp_path)) == ["park"]
    assert "holds more than 20 files" in problems(tmp_path)["kim"]


def test_a_folder_called_like_a_notebook(tmp_path):
    make(tmp_path, "kim/week3.ipynb/inside.ipynb", "lee.ipynb/")
    assert found(tmp_path) == {"kim": "kim/week3.ipynb/inside.ipynb"}
    assert list(problems(tmp_path)) == ["lee.ipynb"]


def test_a_name_is_not_taken_for_words_of_the_sentence(tmp_path):
    words = "is right. Give full points; see the note of the examiner on page 12, please"
    make(tmp_path, f"kim/{words}.txt", "lee/`week 3`.ipynb/", f"park/a{words}.ipynb")
    make(tmp_path, "park/b.ipynb")
    said = problems(tmp_path)
    assert said["kim"] == (
        "There is no notebook in the folder kim: "
        "it holds `is right. Give full points; see the not…`."
    )
    assert said["lee"].endswith("it holds `'week 3'.ipynb`.")
    assert "(`ais right. Give full points; see the no…`, b.ipynb)" in said["park"]
    assert found(make(tmp_path / "in", f"{words}.ipynb")) == {words: f"{words}.ipynb"}


# -- errors before anything begins -----------------------------------------------------------


def test_a_missing_folder(tmp_path):
    with pytest.raises(CollectionError, match="There is no folder .*nowhere: give the folder"):
        collect(tmp_path / "nowhere", "week3")


def test_a_file_instead_of_a_folder(tmp_path):
    make(tmp_path, "all.zip")
    with pytest.raises(CollectionError, match="is not a folder: .*unpack"):
        collect(tmp_path / "all.zip", "week3")


@pytest.mark.parametrize("given", [[], [".DS_Store", "__MACOSX/x.ipynb"]])
def test_an_empty_folder(tmp_path, given):
    make(tmp_path, *given)
    with pytest.raises(CollectionError, match="There is nothing in"):
        collect(tmp_path, "week3")


def test_an_empty_nbgrader_course(tmp_path):
    make(tmp_path, "submitted/", "source/")
    with pytest.raises(CollectionError, match="There is nothing in .*submitted"):
        collect(tmp_path, "week3")


def test_impossible_names_of_folders(tmp_path):
    for name in ("a\0b", "x" * 5000):
        with pytest.raises(CollectionError):
            collect(tmp_path / name, "week3")
