"""The list of a class: read from whatever it is, and matched with what was handed in."""

import codecs
import unicodedata

import pytest

from grading.csv_table import read_csv
from grading.errors import TableError
from grading.report.roster import RosterKind, class_list, letters, read_roster

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (11),"Week 3, strides (12)",Final Score
,,,,,,Manual Posting,
    Points Possible,,,,,5,4.50,(read only)
"López, María",56,S1,maria@uni.example,A,4.00,,88.0
"O'Neil, Pat",57,S2,pat@uni.example,A,,2.00,
"Kim, Minsu",58,S3,minsu1@uni.example,B,,EX,
"Kim, Minsu",59,S4,minsu2@uni.example,B,,N/A,
"""
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 1001","김 민수",minsu@uni.example,"Submitted for grading",,4.50,Yes,-,-,
"Participant 1002","Maria Jose Lopez",lopez@uni.example,Draft,3.00,4.50,Yes,-,-,"Well, done"
"Participant 1003","Jean-Luc D'Arc",darc@uni.example,"Submitted for grading",,4.50,No,-,-,
"""
OWN = "학번,이름,이메일\n20231,김민수,minsu@a.example\n20232,이영희,lee@a.example\n"


def roster(text, encoding="utf-8"):
    return read_roster(read_csv(text.encode(encoding), "class.csv"))


def places(people, *students):
    """Who each submission is by, by the last thing that is known of each: an id or an address."""
    found = class_list(people, students)
    return {student: person.id or person.email for student, person in found.people.items()}


# -- reading ---------------------------------------------------------------------------------


def test_canvas_s_gradebook_is_a_list_of_the_class():
    people = roster(CANVAS)
    assert people.kind == RosterKind.CANVAS
    assert [(p.name, p.id, p.email) for p in people.people] == [
        ("López, María", "56", "maria@uni.example"),
        ("O'Neil, Pat", "57", "pat@uni.example"),
        ("Kim, Minsu", "58", "minsu1@uni.example"),
        ("Kim, Minsu", "59", "minsu2@uni.example"),
    ]


def test_canvas_may_give_first_and_last_names():
    text = "LastName,FirstName,ID,SIS Login ID,Section,Week 3 (12)\nLee,Ann,7,ann,A,\n"
    [ann] = roster(text).people
    assert (ann.name, ann.id) == ("Lee, Ann", "7")


def test_moodle_s_worksheet_is_a_list_of_the_class():
    people = roster(MOODLE)
    assert people.kind == RosterKind.MOODLE
    assert people.people[0].called == "김 민수 (1001)"
    hidden = "Identifier,Status,Grade,Last modified (grade)\nParticipant 12,Draft,,-\n"
    assert places(roster(hidden), "Participant 12") == {"Participant 12": "12"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_one_s_own_list_in_whatever_way_a_spreadsheet_saved_it(encoding, separator):
    text = OWN.replace(",", separator).replace("\n", "\r\n")
    people = roster(text, encoding)
    assert people.kind == RosterKind.OWN
    assert [(p.id, p.name) for p in people.people] == [("20231", "김민수"), ("20232", "이영희")]
    assert people.table.as_bytes() == text.encode(encoding)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty: give the list"),
        (b"PK\x03\x04rest", "is an Excel workbook: in Excel, save it as `CSV UTF-8`"),
        (b"name\xff\xff\n", "is not in UTF-8"),
        (b'name\n"kim\n', "is not a CSV file"),
        (b"\x00\x01\x02", "is not a CSV file"),
        (b"name,id\n", "has a header and no student"),
        (b"grade,room\n1,2\n", r"no column called name, id or email.*its columns are: grade, room"),
        (b"name,id\nKim,7\nLee,7\n", "has 7 twice, in rows 2 and 3"),
        (b"name\nKim\nKim\n", "has Kim twice, in rows 2 and 3: give each student a row and an id"),
        (b"Identifier,Grade\nParticipant,\n", "no participant's number in row 2"),
    ],
)
def test_an_odd_file_is_told_in_one_sentence(content, said):
    with pytest.raises(TableError, match=f"^class.csv.*{said}") as error:
        read_roster(read_csv(content, "somewhere/class.csv"))
    assert "\n" not in str(error.value)


def test_what_others_wrote_into_the_table_is_fit_to_be_shown():
    [one] = roster("name\n\x1b[2Jkim\u202e\n").people
    assert one.name == "\\x1b[2Jkim\\u202e"


# -- who handed in what ----------------------------------------------------------------------


def test_what_canvas_names_is_found_by_number_and_name():
    people = roster(CANVAS)
    given = ("lopezmaria 56", "oneilpat 57", "kimminsu 58", "kimminsu 59")
    assert places(people, *given) == dict(zip(given, ("56", "57", "58", "59"), strict=True))


def test_a_number_alone_is_nobody():
    """A folder `kim 2` is not by whoever has the number 2."""
    people = roster("name,id\nLee Ann,2\nPark Jin,3\n")
    assert places(people, "kim 2", "3 3") == {}
    assert places(people, "leeann 2") == {"leeann 2": "2"}
    two = roster("name,id\nLópez Ana,2\nLopez Ana,3\n")
    assert places(two, "lopezana 2", "lopezana 3") == {"lopezana 2": "2", "lopezana 3": "3"}
    assert places(two, "lopezana 4") == places(people, "lee ann 3") == {}


def test_what_moodle_names_is_found():
    people = roster(MOODLE)
    assert places(people, "김 민수 1001", "Maria Jose Lopez 1002", "Jean-Luc D Arc 1003") == {
        "김 민수 1001": "1001",
        "Maria Jose Lopez 1002": "1002",
        "Jean-Luc D Arc 1003": "1003",
    }


@pytest.mark.parametrize(
    "student",
    [
        *("20231", "MINSU@a.example", "minsu", "김민수", "김 민수"),
        unicodedata.normalize("NFD", "김민수"),
        "김민수 7654321",
    ],
)
def test_files_may_be_called_by_id_address_or_name(student):
    assert places(roster(OWN), student) == {student: "20231"}


def test_names_are_found_in_both_orders():
    people = roster("first name,last name,id\nAnn,Lee,1\n")
    assert set(places(people, "Lee Ann", "lee_ann", "AnnLee")) == set()  # three by one person
    for student in ("Lee Ann", "lee_ann", "AnnLee", "Lee, Ann"):
        assert places(people, student) == {student: "1"}


def test_two_of_one_name_are_not_taken_for_each_other():
    found = class_list(roster(CANVAS), ["Minsu Kim"])
    assert found.people == {}
    [note] = found.notes
    assert note.startswith("Minsu Kim may be Kim, Minsu (58) and Kim, Minsu (59): rename")
    assert {person.id for person in found.absent} == {"56", "57", "58", "59"}


def test_what_is_nobody_s_and_what_is_there_twice_is_told():
    found = class_list(roster(OWN), ["late_park", "20231", "김민수"])
    assert found.people == {}
    assert found.notes[0].startswith("late_park is nobody on the list of the class: rename what")
    assert found.notes[1].startswith("20231 and 김민수 are both by 김민수 (20231): keep")
    assert [person.id for person in found.absent] == ["20232"]


def test_letters():
    assert letters("O'Neil, Pat") == "oneilpat"
    assert letters(unicodedata.normalize("NFD", "김 민수")) == letters("김민수") != letters("김민")
    assert letters("López") == letters("Lopez")


def test_the_byte_order_mark_stays_and_is_no_part_of_the_header():
    table = read_csv(codecs.BOM_UTF8 + CANVAS.encode(), "g.csv")
    assert table.header[0] == "Student"
    assert table.as_bytes().startswith(codecs.BOM_UTF8 + b"Student,ID")
