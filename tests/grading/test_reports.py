"""Marks, details and pages: right, harmless whatever students wrote, and no work of anyone lost."""

import csv
import dataclasses
import html.parser
import io
import json
import re
import unicodedata
import urllib.parse
from pathlib import Path

import jinja2
import pandas
import pytest

import course_utils
from course_utils.exercise import all_exercises, find
from course_utils.feedback import COLOURS
from course_utils.sources import STUB_LINE
from grading.assignment import Assignment, Item
from grading.errors import ReportError
from grading.report import pages, reports
from grading.report.class_results import common_mistakes, number, why_a_person
from grading.report.declared import declared
from grading.report.reports import MANIFEST, page_names, summary, write_reports
from grading.report.sanitize import csv_cell, in_lines, one_line, readable
from grading.result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState

PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState
MARKED, PARTLY, NOTHING_MARKED = SubmissionState

WEEK = Assignment(
    "week3", "Week 3: strides", (Item("01.1", 2), Item("01.10", 1.5), Item("04.1", 1)), "Friday"
)
VERSION = f"version {course_utils.__version__}"
KOREAN = "김민수"
BYTES_NOT_UTF8 = "\udcff"


def passed(id, of):
    return ExerciseResult(id, of, PASSED, of, "Right, on all 8 cases.", answer="def f(): ...")


def wrong(id, of, nth=0, **facts):
    mistake = find(id).mistakes[nth]
    given = {
        "case": "f((2, 3))",
        "yours": "(1, 2)",
        "stage": "values",
        "answer": "def f(shape):\n    return 1",
        **facts,
    }
    return ExerciseResult(id, of, WRONG, 0.0, mistake.sentence, mistake=mistake.name, **given)


def result(student, *exercises, state=MARKED, reason="", **facts):
    """A submission; exercises that are not given have passed."""
    given = {exercise.id: exercise for exercise in exercises}
    all_of_them = tuple(given.get(item.id, passed(item.id, item.points)) for item in WEEK.items)
    sandbox = facts.pop("sandbox", "bubblewrap")
    file = facts.pop("file", f"{student}.ipynb")
    return SubmissionResult(student, file, state, reason, all_of_them, sandbox=sandbox, **facts)


def open_question(id, of, reason="It did not come to an end."):
    return ExerciseResult(id, of, PERSON, None, "Not marked yet.", reason=reason, answer="x = 1")


def unreadable(student="oh"):
    nothing = [ExerciseResult(i.id, i.points, PERSON, None, "Not marked.") for i in WEEK.items]
    return result(student, *nothing, state=NOTHING_MARKED, reason="The file is empty.")


def the_class():
    return [
        result("park", open_question("01.10", 1.5), state=PARTLY),
        result("lee", wrong("01.1", 2), wrong("01.10", 1.5)),
        result(KOREAN, wrong("01.1", 2)),
        result("kim", ExerciseResult("04.1", 1, NOT_ATTEMPTED, 0.0, "Not attempted yet.")),
        unreadable(),
    ]


class Outline(html.parser.HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "the tags are not nested"

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text += data

    def values(self, name):
        return [value for its_name, value in self.attributes if its_name == name]


# -- the table -------------------------------------------------------------------------------


def test_the_table_of_marks(tmp_path):
    write_reports(WEEK, the_class(), tmp_path)
    content = (tmp_path / "marks.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbfstudent,state,points,of,")
    lines = content.decode("utf-8-sig").split("\r\n")
    assert lines == [
        "student,state,points,of,01.1 (2),01.10 (1.5),04.1 (1),late,decided,cases,reason,file,"
        "page,marked by",
        f"kim,marked,3.5,4.5,2,1.5,0,,,,,kim.ipynb,feedback/kim.html,{VERSION}",
        f"lee,marked,1,4.5,0,0,1,,,,,lee.ipynb,feedback/lee.html,{VERSION}",
        f"oh,needs a person,,4.5,,,,,,,The file is empty.,oh.ipynb,feedback/oh.html,{VERSION}",
        f"park,partly marked,,4.5,2,,1,,,,01.10: It did not come to an end.,park.ipynb,"
        f"feedback/park.html,{VERSION}",
        f"{KOREAN},marked,2.5,4.5,0,1.5,1,,,,,{KOREAN}.ipynb,feedback/{KOREAN}.html,{VERSION}",
        "",
    ]


def test_pandas_reads_the_table(tmp_path):
    write_reports(WEEK, the_class(), tmp_path)
    marks = pandas.read_csv(tmp_path / "marks.csv", index_col="student")
    assert marks.loc["lee", "points"] == 1
    assert marks["01.10 (1.5)"].sum() == 3
    assert marks["points"].isna().sum() == 2


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "＝", "＋", "－", "＠", " =", "\u3000="])
def test_no_cell_begins_a_formula(begin):
    text = reports.marks_csv(WEEK, [result(f"{begin}1+1", reason=f"{begin}2", file=f"{begin}3")])
    [row] = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [row[column][0] for column in ("student", "reason", "file")] == ["'", "'", "'"]


@pytest.mark.parametrize("begin", [";=", "; =", ';"=', ';""" =', "a;b;@", ";＝", '";=', ';,"+'])
def test_no_cell_begins_a_formula_where_semicolons_divide(begin):
    """As in spreadsheets of many countries. Quotes do not help: there they are within a cell."""
    text = reports.marks_csv(WEEK, [result(f"{begin}1", reason=f"{begin}2", file=f"{begin}3")])
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    cells = [cell.lstrip(' "') for row in rows for cell in row]
    assert len(cells) >= 4, "the row is divided"
    assert not [cell for cell in cells if cell[:1] in {*"=+-@＝"}]


def test_tabs_and_line_breaks_do_not_begin_a_cell_or_a_row():
    lines = '\t=1\r\n=2\n"a",b'
    text = reports.marks_csv(WEEK, [result("\r=1", reason=lines, file="\t=1\x00")])
    header, row, end = text.split("\r\n")
    [cells] = list(csv.reader([row]))
    assert (cells[0], *cells[-4:-2]) == ("\\r=1", '\'=1 =2 "a",b', "\\t=1\\x00")
    assert end == ""


def test_ordinary_cells_stay_as_they_are():
    for text in ("kim", "O'Neil", "a-b", KOREAN, "", "1e5", "J. Park (2)"):
        assert csv_cell(text) == text


def test_numbers():
    given = [2.0, 1.5, 1 / 3, 0.0, -0.00001, None, 100.0, 0.1 + 0.2]
    assert [number(n) for n in given] == ["2", "1.5", "0.3333", "0", "0", "", "100", "0.3"]


# -- details ---------------------------------------------------------------------------------


def test_details_hold_everything(tmp_path):
    strange = wrong("01.1", 2, line="a\x00\ud800" * 9_999, yours=KOREAN, also_run=("x = 1",))
    given = [result("b"), result("a" + BYTES_NOT_UTF8, strange, notes=("n",), seconds=0.25)]
    write_reports(WEEK, given, tmp_path)
    text = (tmp_path / "details.json").read_text(encoding="utf-8")
    facts = json.loads(text)
    read = [SubmissionResult.from_dict(submission) for submission in facts["submissions"]]
    assert read == [given[1], given[0]]
    assert facts["assignment"]["exercises"][1] == {
        "id": "01.10",
        "title": find("01.10").title,
        "points": 1.5,
    }
    assert KOREAN in text  # readable without a tool


def test_marks_say_which_version_of_the_course_made_them(tmp_path):
    earlier = result("early", course_version="0.9")
    before_versions = result("old", course_version="")
    write_reports(WEEK, [result("kim"), earlier, before_versions], tmp_path)
    now = course_utils.__version__
    facts = json.loads((tmp_path / "details.json").read_text(encoding="utf-8"))
    assert facts["course_version"] == now
    assert [one["course_version"] for one in facts["submissions"]] == ["0.9", now, ""]
    said = {
        name: re.findall(r"version ([\w.]+) of the course", page.read_text(encoding="utf-8"))
        for page in tmp_path.rglob("*.html")
        for name in [page.stem]
    }
    assert said == {"kim": [now], "early": ["0.9"], "old": [], "class": [now]}


def test_the_same_results_give_the_same_files(tmp_path):
    write_reports(WEEK, the_class(), tmp_path / "a")
    write_reports(WEEK, list(reversed(the_class())), tmp_path / "b")
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 9
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


# -- names of pages --------------------------------------------------------------------------

STRANGE_NAMES = [
    "kim",
    "KIM",
    "Kim",
    KOREAN,
    unicodedata.normalize("NFD", KOREAN),
    "ﬁn",
    "fin",
    "a/b",
    "a:b",
    "a*b",
    "a_b",
    "..",
    ".",
    "",
    " ",
    "_",
    "CON",
    "nul.txt",
    "con",
    "lpt1",
    "../../etc/passwd",
    "C:\\x",
    "x" * 250,
    "x" * 251,
    "y" * 5000,
    KOREAN * 100,
    "trailing.",
    "trailing",
    "-option",
    "a\nb",
    "a\x00b",
    BYTES_NOT_UTF8,
    "\ud800",
    "<script>",
    "a&b",
    '"quoted"',
    "😀",
    "a%2fb",
    "a#b?c",
]


def test_names_of_pages_are_unique_and_fit_everywhere():
    names = page_names(STRANGE_NAMES)
    alike = {unicodedata.normalize("NFKC", name).casefold() for name in names}
    assert len(alike) == len(STRANGE_NAMES)
    for name in names:
        assert re.fullmatch(r"[\w ,()+~.-]+\.html", name), name
        assert len(name.encode("utf-8")) <= 160
        assert not name.startswith(".") and name.split(".")[0].lower() != "con"
        assert not reports.RESERVED.fullmatch(name.removesuffix(".html"))


def test_ordinary_names_stay_and_do_not_depend_on_the_others():
    assert page_names(["kim", f"{KOREAN} 1234567", "J. Park"]) == [
        "kim.html",
        f"{KOREAN} 1234567.html",
        "J. Park.html",
    ]
    [alone] = page_names(["a:b"])
    assert page_names(["kim", "a:b", "a_b"])[1] == alone


def test_a_student_called_like_the_page_of_another():
    [made] = page_names(["a:b"])
    names = page_names([made.removesuffix(".html"), "a:b"])
    assert len(set(names)) == 2


# -- a student's page ------------------------------------------------------------------------

ATTACK = (
    "\"'><script>alert(1)</script><img src=//x onerror=alert(1)><a href='javascript:x'>"
    "</style></title></pre>&amp;`</code><b>`\x1b[31m\u202e\x00\ud800\ufffe]]>--><!--"
)


def attacked(state=WRONG):
    fields = (
        "headline",
        "reason",
        "mistake",
        "stage",
        "case",
        "yours",
        "line",
        "answer",
    )
    exercise = ExerciseResult(
        "01.1", 2, state, None if state == PERSON else 0.0, **{field: ATTACK for field in fields},
        also_run=(ATTACK,), notes=(ATTACK,),
    )  # fmt: skip
    state = PARTLY if state == PERSON else MARKED
    return result(ATTACK, exercise, state=state, reason=ATTACK, file=ATTACK, notes=(ATTACK,))


@pytest.mark.parametrize("state", [WRONG, PASSED, NOT_ATTEMPTED, PERSON])
def test_nothing_from_a_student_gets_out_of_its_place(tmp_path, state):
    write_reports(WEEK, [attacked(state)], tmp_path)
    [page] = (tmp_path / "feedback").iterdir()
    for path in (page, tmp_path / "class.html"):
        text = path.read_bytes().decode("utf-8")  # no half characters
        outline = Outline(text)
        assert outline.open == []
        assert not {"script", "img", "b_"} & set(outline.tags), outline.tags
        assert "alert(1)" in outline.text
        names = {name for name, _ in outline.attributes}
        assert not [name for name in names if name.startswith("on") or name == "src"]
        for target in outline.values("href"):
            assert target.startswith("#e") or target == "feedback/" + urllib.parse.quote(page.name)
        assert not re.search("[\0-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufffe]", text)


def test_a_template_that_asks_for_nothing_is_safe():
    shown = pages.templates().from_string("{{ text }}").render(text="<b>\x1b\u202e\ud800'\n")
    assert shown == "&lt;b&gt;\\x1b\\u202e\\ud800&#39;\n"
    with pytest.raises(jinja2.UndefinedError):
        pages.templates().from_string("{{ misspelled }}").render()


def test_pages_are_complete_in_themselves():
    page = pages.feedback_page(WEEK, result("kim"))
    outline = Outline(page)
    [policy] = [v for v in outline.values("content") if "default-src" in v]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert not {"link", "script", "img", "iframe", "form", "object"} & set(outline.tags)
    assert not re.search(r"url\(|@import|https?:", page)
    assert "prefers-color-scheme: dark" in page and "@media print" in page
    assert "width=device-width" in page
    assert all(f"{name}: {colour}" in page for name, colour in COLOURS.items())


def test_a_wrong_answer_is_explained():
    lee = result("lee", wrong("01.1", 2, line="return shape[0]", printed=True, warned=True))
    text = Outline(pages.feedback_page(WEEK, lee)).text
    assert "2.5 of 4.5 points\n" in text
    assert "2 passed" in text and "1 wrong" in text
    asked = "The strides of a contiguous tensor of this shape."
    for said in (
        find("01.1").title,
        find("01.1").mistakes[0].sentence,
        "Called: f((2, 3))",
        "It gave: (1, 2)",
        "First difference: in the values",
        "In your line: return shape[0]",
        "Your code printed and warned: What it said on hidden cases is not kept.",
        "contiguous_strides(shape)",
        asked,
        "def f(shape):\n    return 1",
    ):
        assert said in text, said
    assert "a person" not in text.lower()


def test_an_error_is_called_one():
    lee = result("lee", wrong("01.1", 2, stage="raised", yours="IndexError: out of range"))
    text = Outline(pages.feedback_page(WEEK, lee)).text
    assert "Error: IndexError: out of range" in text
    assert "First difference" not in text


def test_the_task_of_a_class_is_its_skeleton_without_the_answer():
    exercise = find("04.1")
    assert isinstance(exercise.answer, type)
    page = pages.feedback_page(WEEK, result("kim"))
    text = Outline(page).text
    assert f"class {exercise.name}" in text
    body = [line.strip() for line in exercise.solution_source.splitlines()]
    given = exercise.stub_source
    hidden = [line for line in body if line and line not in given]
    assert hidden and not any(line in text for line in hidden)
    assert "NotImplementedError" not in text


def test_every_exercise_of_the_course_has_a_task_and_none_gives_the_answer_away():
    for exercise in all_exercises():
        lines = [line for paragraph in declared(exercise.id).asked for line in paragraph.lines]
        task = " ".join(" ".join(lines).split())
        assert len(task) > 20, exercise.id
        assert STUB_LINE not in task
        if isinstance(exercise.answer, type):  # shown as code; of a function, only the docstring
            given = " ".join(exercise.stub_source.split())
            lines = [" ".join(line.split()) for line in exercise.solution_source.splitlines()]
            hidden = [line for line in lines if len(line) > 20 and line not in given]
            assert not [line for line in hidden if line in task], exercise.id


def test_code_that_passed_is_folded_and_what_was_not_attempted_has_none():
    untouched = ExerciseResult(
        "01.1", 2, NOT_ATTEMPTED, 0.0, "Not attempted yet.", answer="STUB HERE"
    )
    page = pages.feedback_page(WEEK, result("kim", untouched))
    assert Outline(page).tags.count("details") == 2
    assert "STUB HERE" not in page


def test_what_a_person_will_look_at():
    park = result("park", open_question("01.10", 1.5), state=PARTLY, notes=("A cell was `there`.",))
    text = Outline(pages.feedback_page(WEEK, park)).text
    assert "3 of 4.5 points so far" in text
    assert "A person will look at 1 exercise." in text
    assert "01.10 · a person will look at this" in text
    assert "Why: It did not come to an end." in text
    assert "? of 1.5" in text
    assert "A cell was there." in text


def test_what_a_person_has_to_read_is_all_there():
    code = "x = 1\n" * 20_000 + "the_end = 2"
    told = open_question("01.10", 1.5)
    told = dataclasses.replace(told, answer=code, also_run=("# from cell 1\nhelper = 3", code))
    text = Outline(pages.feedback_page(WEEK, result("park", told, state=PARTLY))).text
    assert text.count("the_end = 2") == 2 and "more characters" not in text
    assert "Also run for it\n# from cell 1\nhelper = 3" in text


def test_a_submission_that_could_not_be_read():
    outline = Outline(pages.feedback_page(WEEK, unreadable()))
    assert "? of 4.5 points\n" in outline.text
    assert "A person will look at this submission." in outline.text
    assert "The file is empty." in outline.text
    assert "section" not in outline.tags and outline.values("href") == []


def test_huge_texts_are_cut_with_a_note():
    huge = "x = 1  # <&>\n" * 100_000
    told = wrong("01.1", 2, yours=huge, case=huge, answer=huge)
    lee = result("lee", told, notes=("note",) * 100)
    page = pages.feedback_page(WEEK, lee)
    assert len(page) < 150_000
    assert page.count("more characters.") == 3
    assert "Cut here: 1,279,999 more characters." in page  # the code, without its last line break
    assert "and 80 more" in page


def test_links_lead_to_the_exercises():
    outline = Outline(pages.feedback_page(WEEK, result("kim")))
    assert outline.values("href") == ["#e01.1", "#e01.10", "#e04.1"]
    assert set(outline.values("href")) == {f"#{id}" for id in outline.values("id")}


# -- the page of the class -------------------------------------------------------------------


def test_the_page_of_the_class(tmp_path):
    write_reports(WEEK, the_class(), tmp_path)
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    outline = Outline(page)
    text = " ".join(outline.text.split())
    assert "5 submissions3 marked1 partly marked1 needs a person2.5 median of 4.5 points" in text
    assert "01.1 Strides of a contiguous tensor ✔ 2 passed ✘ 2 wrong → 1 needs a person" in text
    assert "✔ 2 passed ✘ 1 wrong → 2 need a person" in text
    assert "✔ 3 passed – 1 not attempted → 1 needs a person" in text
    assert "ohThe file is empty.4.5" in text
    assert "park01.10: It did not come to an end.1.5" in text
    talk = text[text.index("What to talk about") :]
    first, second = find("01.1").mistakes[0].sentence, find("01.10").mistakes[0].sentence
    assert f"201.1 {find('01.1').title}{first}" in talk
    assert talk.index(first) < talk.index(second.replace("`", ""))
    for target in outline.values("href"):
        assert (tmp_path / urllib.parse.unquote(target)).is_file(), target
    assert len(set(outline.values("href"))) == 5
    assert "sandbox" not in text


@pytest.mark.parametrize(
    ("sandboxes", "said"),
    [
        (["none: submissions were trusted"] * 2, "All submissions were trusted"),
        (["none: submissions were trusted", "bubblewrap"], "1 of 2 submissions were trusted"),
    ],
)
def test_marks_without_a_sandbox_are_announced(sandboxes, said):
    results = [result(f"s{n}", sandbox=sandbox) for n, sandbox in enumerate(sandboxes)]
    page = pages.class_page(WEEK, results, page_names(r.student for r in results))
    assert "Marked without a sandbox." in page and said in page
    assert "WITHOUT A SANDBOX" in summary(results)


def test_the_commonest_mistakes_come_first():
    results = [result(f"s{n}", wrong("01.1", 2, nth=n % 2)) for n in range(5)]
    assert [(m.id, m.count, m.sentence) for m in common_mistakes(results)] == [
        ("01.1", 3, find("01.1").mistakes[0].sentence),
        ("01.1", 2, find("01.1").mistakes[1].sentence),
    ]


def test_each_exercise_says_which_mistakes_were_made_by_whom():
    own = ExerciseResult("01.1", 2, WRONG, 0.0, "Not as it should be.", case="f(1)", yours="2")
    results = [
        result("kim", wrong("01.1", 2)),
        result("lee", own),
        result("park", wrong("01.1", 2)),
        result("seo", ExerciseResult("01.1", 2, NOT_ATTEMPTED, 0.0, "Not attempted yet.")),
    ]
    page = pages.class_page(WEEK, results, page_names(r.student for r in results))
    text = " ".join(Outline(page).text.split())
    [told] = re.findall("Which mistakes, and by whom (.+?) 01.10", text)
    sentence = find("01.1").mistakes[0].sentence.replace("`", "")
    assert told == f"{sentence} 2: kim; park Wrong in a way that is no known mistake. 1: lee"
    assert Outline(page).values("href").count("feedback/park.html") == 2


def test_mistakes_that_are_rare_are_counted(monkeypatch):
    monkeypatch.setattr(pages, "MISTAKES_SHOWN", 1)
    results = [result("a", wrong("01.1", 2)), result("b", wrong("01.10", 1.5, nth=1))]
    assert "1 more, made 1 time in all." in pages.class_page(WEEK, results, ["a", "b"])


def test_a_class_without_mistakes_and_one_without_students():
    assert "No known mistake was made." in pages.class_page(WEEK, [result("kim")], ["kim.html"])
    assert "0" in Outline(pages.class_page(WEEK, [], [])).text
    assert summary([]) == "0 submissions: nothing to mark."


# -- the terminal ----------------------------------------------------------------------------


def test_summary():
    assert summary(the_class()).splitlines() == [
        "5 submissions: 3 marked, 1 partly marked, 1 needs a person.",
        "Points of those marked: 1 to 3.5, median 2.5, of 4.5.",
        f"Commonest mistake (01.1, 2 of 5): {find('01.1').mistakes[0].sentence}",
        "A person has to look at:",
        "  oh: The file is empty.",
        "  park: 01.10: It did not come to an end.",
    ]


def test_summary_is_short_and_harmless():
    text = summary([unreadable(f"\x1b[2Js{n}\n{BYTES_NOT_UTF8}") for n in range(30)])
    assert len(text.splitlines()) == 8
    assert text.splitlines()[-1] == "  and 25 more; class.html lists them."
    assert "\x1b" not in text and text.isascii()


def test_why_a_person_has_to_look():
    assert why_a_person(result("kim")) == ""
    two = result("a", open_question("01.1", 2), open_question("04.1", 1, reason=""), state=PARTLY)
    assert why_a_person(two) == "01.1: It did not come to an end. 04.1: no reason was given."


def test_marks_that_pile_up_are_cut():
    assert readable("kim" + "\u0301\u0302" * 60 + "!") == ("ki\u1e3f" + "\u0302\u0301" * 2 + "…!")
    assert readable("a" + "\u0336\u200d" * 60 + "b\u0336") == "a" + "\u0336\u200d" * 4 + "…b\u0336"
    for text in (KOREAN, "ไม่ได้", "ကြောင့်", "हिन्दी", "1\ufe0f\u20e3", "שָׁלוֹם", "ế"):
        assert readable(text) == unicodedata.normalize("NFC", text)


def test_readable_text():
    assert readable("kim " + KOREAN) == "kim " + KOREAN
    assert readable("a\nb\tc", keep="\n") == "a\nb\\tc"
    assert readable(BYTES_NOT_UTF8 + "\ud800\x1b\u202e\xa0\u2028") == (
        "\\xff\\ud800\\x1b\\u202e \\u2028"
    )
    assert in_lines("a\r\nb\rc", 100) == ("a\nb\nc", 0)
    assert in_lines("abcdef", 4) == ("abcd", 2)
    assert one_line("a\n b", 10) == "a b" and one_line("x" * 20, 5) == "xxxx…"


# -- writing ---------------------------------------------------------------------------------


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_is_written(tmp_path):
    assert write_reports(WEEK, [result("kim")], tmp_path / "new" / "out") == []
    assert names(tmp_path / "new" / "out") == [
        MANIFEST,
        "class.html",
        "details.json",
        "feedback/kim.html",
        "marks.csv",
    ]


def test_files_that_did_not_change_are_not_written_again(tmp_path, monkeypatch):
    write_reports(WEEK, [result("kim"), result("lee")], tmp_path)
    put = []
    really = reports.write_whole
    monkeypatch.setattr(
        reports,
        "write_whole",
        lambda path, content: (put.append(path.name), really(path, content)),
    )
    write_reports(WEEK, [result("kim"), result("lee", wrong("01.1", 2))], tmp_path)
    assert sorted(set(put)) == [MANIFEST, "class.html", "details.json", "lee.html", "marks.csv"]


def test_pages_of_students_who_are_gone_are_removed_only_if_they_are_ours(tmp_path):
    write_reports(WEEK, [result("kim"), result("lee"), result("park")], tmp_path)
    (tmp_path / "feedback" / "lee.html").write_text("I added a word.", encoding="utf-8")
    (tmp_path / "feedback" / "mine.html").write_text("mine", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert write_reports(WEEK, [result("kim")], tmp_path) == []
    assert [n for n in names(tmp_path) if n.startswith(("feedback", "notes"))] == [
        "feedback/kim.html",
        "feedback/lee.html",
        "feedback/mine.html",
        "notes.txt",
    ]


def test_marks_that_were_filled_in_by_hand_are_kept(tmp_path):
    write_reports(WEEK, the_class(), tmp_path)
    marks = tmp_path / "marks.csv"
    for n in (1, 2):
        marks.write_text(f"filled in {n}", encoding="utf-8")
        kept = write_reports(WEEK, the_class(), tmp_path)
        assert kept == [tmp_path / f"marks.kept-{n}.csv"]
        assert kept[0].read_text(encoding="utf-8") == f"filled in {n}"
        assert marks.read_text(encoding="utf-8-sig").startswith("student,")


def test_what_stood_there_before_is_kept(tmp_path):
    (tmp_path / "feedback").mkdir()
    (tmp_path / "feedback" / "kim.html").write_text("mine", encoding="utf-8")
    (tmp_path / "class.html").mkdir()
    kept = write_reports(WEEK, [result("kim")], tmp_path)
    assert sorted(p.name for p in kept) == ["class.kept-1.html", "kim.kept-1.html"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"written": 3}', '{"written": {"marks.csv": 3}}', "\ufeff{}"]
)
def test_a_broken_manifest_loses_nothing(tmp_path, text):
    write_reports(WEEK, [result("kim"), result("lee")], tmp_path)
    (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
    write_reports(WEEK, [result("kim", wrong("01.1", 2))], tmp_path)
    assert (tmp_path / "feedback" / "lee.html").exists()
    assert (tmp_path / "feedback" / "kim.kept-1.html").exists()


def test_a_manifest_removes_nothing_elsewhere(tmp_path):
    out = tmp_path / "out"
    write_reports(WEEK, [result("kim")], out)
    victims = {
        "../victim.html": tmp_path / "victim.html",
        "feedback/../../victim2.html": tmp_path / "victim2.html",
        "other.html": out / "other.html",
        "feedback/data.csv": out / "feedback" / "data.csv",
    }
    facts = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    for name, path in victims.items():
        path.write_text("x", encoding="utf-8")
        facts["written"][name] = [reports.digest(b"x")]
    (out / MANIFEST).write_text(json.dumps(facts), encoding="utf-8")
    write_reports(WEEK, [result("kim")], out)
    assert all(path.exists() for path in victims.values())


def test_a_run_that_was_stopped_half_way(tmp_path, monkeypatch):
    write_reports(WEEK, [result("kim"), result("lee")], tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    really_replace = Path.replace

    def replace(path, target):
        if target.name == "class.html":
            raise PermissionError(13, "Permission denied", str(path), None, str(target))
        return really_replace(path, target)

    changed = [result("kim", wrong("01.1", 2)), result("park")]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(ReportError, match="Cannot write .*class.html .*Permission denied.*: "):
            write_reports(WEEK, changed, tmp_path)
    assert not list(tmp_path.rglob("*.partial"))
    assert (tmp_path / "class.html").read_bytes() == before["class.html"]
    assert (tmp_path / "marks.csv").read_bytes() != before["marks.csv"]
    again = [result("kim", wrong("01.10", 1.5)), result("park")]
    assert write_reports(WEEK, again, tmp_path) == []  # marks.csv is known as ours
    assert [n for n in names(tmp_path) if "feedback" in n] == [
        "feedback/kim.html",
        "feedback/park.html",
    ]


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(ReportError, match="Cannot write .*out"):
        write_reports(WEEK, [result("kim")], tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_every_strange_student_has_a_page(tmp_path):
    students = dict.fromkeys(STRANGE_NAMES)
    write_reports(WEEK, [result(student) for student in students], tmp_path)
    assert len(list((tmp_path / "feedback").iterdir())) == len(students)
    outline = Outline((tmp_path / "class.html").read_text(encoding="utf-8"))
    for target in outline.values("href"):
        assert (tmp_path / urllib.parse.unquote(target)).is_file(), target


# -- how it looks ----------------------------------------------------------------------------


def contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_contrast(dark):
    style = (pages.TEMPLATES / "page.css").read_text(encoding="utf-8")
    light_rules, rest = style.split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", light_rules))
    if dark:
        colours |= dict(re.findall(r"--([\w-]+): (#\w{6})", rest.split("* {")[0]))
    for name in ("text", "quiet", "good-text", "wrong-text", "note-text", "none-text"):
        assert contrast(colours[name], colours["page"]) >= 4.5, name
        assert contrast(colours[name], colours["soft"]) >= 4.5, name
    assert contrast(colours["text"], colours["warn"]) >= 4.5


def test_pages_fit_a_phone_and_the_browser_has_nothing_to_say(tmp_path, browser):
    long = "w" * 3_000
    lee = result(
        "l" + "e" * 200, wrong("01.1", 2, yours=long, line=long, also_run=(long,), answer=long)
    )
    write_reports(WEEK, [*the_class(), lee, attacked(), attacked(PERSON)][:-1], tmp_path)
    for scheme in ("light", "dark"):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": 360, "height": 700}, offline=True
        )
        page = context.new_page()
        said = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("dialog", lambda dialog, said=said: said.append(dialog.message))
        for path in [tmp_path / "class.html", *(tmp_path / "feedback").iterdir()]:
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path.name
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        assert said == []
        context.close()
