"""What Canvas and Moodle take back: their own tables with marks, and pages in Moodle's folders."""

import csv
import io
import re
import zipfile

import pytest

from grading.assignment import Assignment, Item
from grading.errors import TableError
from grading.report.kept_roster import kept_roster
from grading.report.reports import summary, write_reports
from tests.grading.test_reports import open_question, result, wrong
from tests.grading.test_roster import CANVAS, MOODLE, OWN

WEEK = Assignment(
    "week3", "Week 3, strides", (Item("01.1", 2), Item("01.10", 1.5), Item("04.1", 1)), "Friday"
)
KINDS = {"canvas": CANVAS, "moodle": MOODLE, "own": OWN}
OF_CANVAS = ["lópezmaría 56", "oneilpat 57", "kimminsu 58", "kimminsu 59"]


@pytest.fixture
def run(tmp_path):
    """A run of `grade` without its marking: gives who was found, and the table with marks."""
    kept, output = tmp_path / "marks" / ".grading", tmp_path / "marks"
    kept.mkdir(parents=True)

    def run(results, table=None, *, column="", file="class.csv"):
        given = None
        if table is not None:
            given = tmp_path / file
            given.write_bytes(table if isinstance(table, bytes) else table.encode())
        roster = kept_roster(kept, WEEK, given, column)
        people, filled = roster.placed(WEEK, results)
        write_reports(WEEK, results, output, people, filled)
        roster.keep(kept, filled)
        return people, filled

    run.output = output
    return run


def cells(text, separator=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def changed(before, after, separator=","):
    """The cells in which two tables differ: row and column, and what stands there now."""
    old, new = cells(before, separator), cells(after, separator)
    assert len(old) == len(new)
    differ = {}
    for row, (ours, theirs) in enumerate(zip(new, old, strict=True)):
        theirs = theirs + [""] * (len(ours) - len(theirs))
        assert len(ours) == len(theirs)
        both = enumerate(zip(ours, theirs, strict=True))
        differ |= {(row, column): one for column, (one, other) in both if one != other}
    return differ


def with_cell(text, row, column, value):
    table = cells(text)
    table[row][column] = value
    out = io.StringIO(newline="")
    csv.writer(out).writerows(table)
    return out.getvalue()


# -- the cells of marks ----------------------------------------------------------------------


def test_of_canvas_s_gradebook_only_cells_of_marks_change(run):
    """Not those of other assignments, excuses, Canvas's own two rows and sums."""
    results = [result(student) for student in OF_CANVAS]
    people, filled = run(results, CANVAS)
    text = (run.output / "for-canvas.csv").read_text(encoding="utf-8")
    assert changed(CANVAS, text) == {(3, 6): "4.5"}
    assert people.absent == ()
    assert [note.partition(":")[0] for note in filled.notes] == [
        "Canvas has 2.00 for `O'Neil, Pat (57)` where the marks say 4.5",
        "Canvas has EX for Kim, Minsu (58) where the marks say 4.5",
        "Canvas has N/A for Kim, Minsu (59) where the marks say 4.5",
    ]


def test_of_moodle_s_worksheet_only_cells_of_marks_change(run):
    students = ["김 민수 1001", "Maria Jose Lopez 1002", "Jean-Luc D'Arc 1003"]
    _, filled = run([result(student) for student in students], MOODLE)
    text = (run.output / "for-moodle.csv").read_text(encoding="utf-8")
    assert changed(MOODLE, text) == {(1, 4): "4.5"}
    assert "Moodle has 3.00 for Maria Jose Lopez (1002)" in filled.notes[0]
    assert "it says that the grade cannot be changed" in filled.notes[1]


def test_what_is_undecided_or_not_there_stays_blank(run):
    waiting = result("kimminsu 59", open_question("01.1", 2), state="partly marked")
    table = CANVAS.replace("N/A", "")
    people, _ = run([waiting], table)
    assert (run.output / "for-canvas.csv").read_bytes() == table.encode()
    assert [person.id for person in people.absent] == ["56", "57", "58"]


def test_a_mark_that_was_written_from_here_is_written_anew(run):
    """After a regrade; not one that somebody else gave, and none that says the same."""
    run([result("lópezmaría 56", wrong("04.1", 1))], CANVAS)
    uploaded = with_cell(CANVAS, 3, 6, "3.50")
    run([result("lópezmaría 56", wrong("01.1", 2))])  # never uploaded
    _, filled = run([result("lópezmaría 56")], uploaded)
    text = (run.output / "for-canvas.csv").read_text(encoding="utf-8")
    assert changed(uploaded, text) == {(3, 6): "4.5"}
    assert filled.notes == ("Canvas has 3.50 for López, María (56); now it is 4.5.",)
    same = with_cell(CANVAS, 3, 6, "4,50")
    _, filled = run([result("lópezmaría 56")], same)
    assert changed(same, (run.output / "for-canvas.csv").read_text(encoding="utf-8")) == {}
    by_hand = with_cell(CANVAS, 3, 6, "4.25")
    _, filled = run([result("lópezmaría 56")], by_hand)
    assert changed(by_hand, (run.output / "for-canvas.csv").read_text(encoding="utf-8")) == {}
    assert "it was not written from here, so it was left" in filled.notes[0]


def test_a_later_run_reads_the_list_again(run):
    run([result("oneilpat 57")], CANVAS, file="first.csv")
    people, filled = run([result("oneilpat 57"), result("lópezmaría 56")])
    assert len(people.people) == 2 and filled.table.file == "first.csv"
    people, filled = run([result("minsu")], OWN)
    assert filled is None and len(people.people) == 1


def test_semicolons_and_a_byte_order_mark_come_back(run):
    table = "\ufeff" + CANVAS.replace(",", ";").replace("; ", ", ").replace("\n", "\r\n")
    run([result("lópezmaría 56")], table)
    content = (run.output / "for-canvas.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfStudent;ID;") and content.count(b"\r\n") == 7
    assert changed(table, content.decode(), ";") == {(3, 6): "4.5"}


def test_another_scale_is_told(run):
    _, filled = run([result("lópezmaría 56")], CANVAS.replace("4.50", "100"))
    assert filled.notes == (
        "In Canvas the assignment has 100 points, here it has 4.5: the marks were written as they "
        "are. Give it 4.5 points there too.",
    )
    _, filled = run([], MOODLE.replace(",4.50,", ',"100,00",'))
    assert filled.notes[0].startswith("In Moodle the assignment has 100,00 points")


def test_the_column_is_the_assignment_s_or_the_one_that_is_named(run):
    other = CANVAS.replace("Week 3, strides (12)", "Homework (12)")
    with pytest.raises(TableError, match=r"no assignment called Week 3, strides or week3: .*11.*"):
        run([], other)
    with pytest.raises(TableError, match="no assignment called Home: "):
        run([], other, column="Home")
    run([result("lópezmaría 56")], other, column="homework")
    assert changed(other, (run.output / "for-canvas.csv").read_text(encoding="utf-8"))
    run([result("lópezmaría 56")], other)  # known from the run before
    twice = CANVAS.replace("Warm-up (11)", '"Week 3, strides (11)"')
    with pytest.raises(TableError, match="has 2 columns called Week 3, strides: give one"):
        run([], twice, column="Week 3, strides")
    run([], twice, column="Week 3, strides (11)")


def test_moodle_s_scale_of_words_takes_no_points(run):
    with pytest.raises(TableError, match=r"graded with words \(a scale\)"):
        run([], MOODLE.replace("Maximum Grade", "Scale"))


# -- the course's own reports ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_of_marks_has_names_and_rows_for_all(run, kind):
    people, _ = run([result("stranger")], KINDS[kind])
    text = (run.output / "marks.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(rows[0])[:5] == ["student", "name", "id", "email", "state"]
    assert len(rows) == 1 + len(people.people) + len(people.absent)
    assert rows[0]["page"] == "feedback/stranger.html" and rows[0]["name"] == ""
    assert {row["state"] for row in rows[1:]} == {"nothing found"}
    assert {row["points"] for row in rows[1:]} == {""}
    assert [row["id"] for row in rows[1:]] == [person.id for person in people.absent]


def test_names_and_those_who_are_missing_stand_on_the_pages(run):
    people, filled = run([result("oneilpat 57"), result("stranger")], CANVAS)
    page = (run.output / "class.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    assert "Nothing was found of 3 on it: López, María (56); Kim, Minsu (58)" in text
    assert "stranger is nobody on the list of the class" in text
    assert "oneilpat 57 O&#39;Neil, Pat" in text
    feedback = (run.output / "feedback" / "oneilpat 57.html").read_text(encoding="utf-8")
    assert "<h1><bdi>O&#39;Neil, Pat</bdi></h1>" in feedback
    said = summary([], people, filled)
    assert "Nothing was found of 3 on the list: López, María (56); " in said
    assert "  stranger is nobody on the list" in said


def test_two_of_one_name_are_told_apart_on_the_page_of_the_class(run):
    run([result("kimminsu 58", wrong("01.1", 2)), result("kimminsu 59", wrong("01.1", 2))], CANVAS)
    text = re.sub(r"<[^>]+>", "", (run.output / "class.html").read_text(encoding="utf-8"))
    assert "2: Kim, Minsu (kimminsu 58); Kim, Minsu (kimminsu 59)" in text


def test_a_name_of_the_list_begins_no_formula(run):
    run([result("+2")], "name,id,email\n=1+1,+2,@x\n-1,-3,@y\n")
    text = (run.output / "marks.csv").read_text(encoding="utf-8-sig")
    assert "'+2,'=1+1,'+2,'@x,marked," in text
    assert "'-1 (-3),'-1,'-3,'@y,nothing found," in text


# -- pages for Moodle ------------------------------------------------------------------------


def in_zip(folder):
    with zipfile.ZipFile(folder / "for-moodle.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_pages_have_the_folder_names_that_moodle_takes_back(tmp_path):
    """Known from what Moodle called the files, also without a list of the class."""
    in_folder = "Ann Lee_1001_assignsubmission_file_/week3.ipynb"
    flat = "김 민수_1002_assignsubmission_file_week3.ipynb"
    results = [result("Ann Lee 1001", file=in_folder), result("김 민수 1002", file=flat)]
    write_reports(WEEK, [*results, result("kim")], tmp_path)
    pages = in_zip(tmp_path)
    assert list(pages) == [
        "Ann Lee_1001_assignsubmission_file_/feedback-week3.html",
        "김 민수_1002_assignsubmission_file_/feedback-week3.html",
    ]
    page = (tmp_path / "feedback" / "Ann Lee 1001.html").read_bytes()
    assert pages["Ann Lee_1001_assignsubmission_file_/feedback-week3.html"] == page
    first = (tmp_path / "for-moodle.zip").read_bytes()
    write_reports(WEEK, [*results, result("kim")], tmp_path)
    assert (tmp_path / "for-moodle.zip").read_bytes() == first


def test_moodle_s_worksheet_gives_the_numbers_of_other_files(run):
    table = MOODLE.replace("Maria Jose Lopez", "Maria_Jose Lopez")
    run([result("lopez"), result("stranger")], table)
    assert list(in_zip(run.output)) == [
        "Maria Jose Lopez_1002_assignsubmission_file_/feedback-week3.html"
    ]


def test_without_moodle_there_is_nothing_for_it(run):
    run([result("oneilpat 57")], CANVAS)
    assert not (run.output / "for-moodle.zip").exists()
