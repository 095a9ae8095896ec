"""The list of a class: who is in it, and which of them handed in what.

It is Canvas's gradebook, Moodle's grading worksheet, or a table of one's own with a name, an id or
an e-mail address for each student.

- Canvas, "Export Entire Gradebook". lib/gradebook_exporter.rb writes `Student` (or `LastName`,
  `FirstName`), `ID`, perhaps `SIS User ID`, `SIS Login ID`, `Section`, then a column for each
  assignment, called `Title (id)`. Two rows are nobody's: `Points Possible` and `Manual Posting`.
- Moodle, "Download grading worksheet". mod/assign/gradingtable.php writes `Identifier`
  (`Participant 1234567`; the number also stands in the names of submitted files), `Full name`
  and `Email address` unless students are anonymous, `Grade`, `Maximum Grade`, `Grade can be
  changed`.
"""

from __future__ import annotations

import dataclasses
import enum
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from course_utils.texts import all_of, text

from ..csv_table import CsvTable
from ..errors import TableError
from .sanitize import name_in_sentence, readable

POINTS_POSSIBLE = "Points Possible"  # in Canvas's row of what each assignment is worth
MANUAL_POSTING = re.compile(r"\s*(Muted|Manual Posting.*)?\s*", re.IGNORECASE)
PARTICIPANT = re.compile(r"\D*(?P<number>\d+)")
# What people call the columns of their own tables.
OWN_COLUMNS = {
    "name": ("name", "full name", "student", "student name", "이름", "성명"),
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "surname", "family name"),
    "id": ("id", "student id", "student number", "number", "login", "username", "학번"),
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "이메일"),
}


class RosterKind(enum.StrEnum):
    """Whose format the list has."""

    CANVAS = "Canvas"
    MOODLE = "Moodle"
    OWN = "a table of one's own"


@dataclasses.dataclass(frozen=True)
class Person:
    """A student on the list.

    row: of the table. name, id, email: '' where the list has none; from Moodle, the id is the
    number of the participant. also: other ids that a file may be called by.
    """

    row: int
    name: str
    id: str = ""
    email: str = ""
    also: tuple[str, ...] = ()

    @property
    def called(self) -> str:
        """For people: 'Kim Minsu (20231)'."""
        known = self.id or self.email
        return f"{self.name} ({known})" if self.name and known else self.name or known

    def ids(self) -> set[str]:
        """What nobody else in the class is called, as `same_id` writes it."""
        mailbox = self.email.partition("@")[0]
        return {same_id(known) for known in (self.id, self.email, mailbox, *self.also) if known}

    def names(self) -> set[str]:
        """The name as `letters` writes it, with the first and the last name in both orders."""
        last, comma, first = self.name.partition(",")
        words = [last, first] if comma else self.name.rsplit(None, 1)
        return {letters("".join(words)), letters("".join(reversed(words)))} - {""}


@dataclasses.dataclass(frozen=True)
class Roster:
    """The people of a class, in the order of the table that they were read from."""

    kind: RosterKind
    table: CsvTable
    people: tuple[Person, ...]


@dataclasses.dataclass(frozen=True)
class ClassList:
    """Who handed in what. Without a roster nobody is known, and nothing is missing.

    kind: of the list. people: by student, as in SubmissionResult. absent: those of whom nothing
    was found. notes: sentences about what belongs to nobody on the list, or to one of several.
    """

    kind: RosterKind | None = None
    people: Mapping[str, Person] = dataclasses.field(default_factory=dict)
    absent: tuple[Person, ...] = ()
    notes: tuple[str, ...] = ()


def name_of(student: str, people: ClassList) -> str:
    """The name that is on the list, else what the submission is called."""
    person = people.people.get(student)
    return person.name if person and person.name else student


def same_id(name: str) -> str:
    """Equal for two ids that only differ in case, in spaces around them or in Unicode's forms."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def letters(name: str) -> str:
    """Letters and digits alone and without accents, as names are written into names of files."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(filter(str.isalnum, apart))


# -- reading ---------------------------------------------------------------------------------


def read_roster(table: CsvTable) -> Roster:
    """Who is on the list. Raises TableError: it is no such list, or two people have one id."""
    columns = {same_id(name): place for place, name in reversed(list(enumerate(table.header)))}
    if {"id", "sis login id"} <= columns.keys() and columns.keys() & {"student", "lastname"}:
        kind, people = RosterKind.CANVAS, canvas_people(table, columns)
    elif {"identifier", "grade"} <= columns.keys():
        kind, people = RosterKind.MOODLE, moodle_people(table, columns)
    else:
        kind, people = RosterKind.OWN, own_people(table, columns)
    if not people:
        raise TableError(f"{table.file} has a header and no student: give the whole list.")
    refuse_twins(table, people)
    return Roster(kind, table, tuple(people))


def canvas_people(table: CsvTable, columns: Mapping[str, int]) -> list[Person]:
    people = []
    for row in range(1, len(table.rows)):
        if POINTS_POSSIBLE in table.cell(row, 0) or all(
            MANUAL_POSTING.fullmatch(cell) for cell in table.rows[row]
        ):
            continue
        name = text_of(table, row, columns, "student")
        if "lastname" in columns:
            parts = [text_of(table, row, columns, part) for part in ("lastname", "firstname")]
            name = ", ".join(filter(None, parts))
        ids = [text_of(table, row, columns, name) for name in ("sis user id", "sis login id")]
        email = next((one for one in ids if "@" in one), "")
        others = tuple(filter(None, ids))
        people.append(Person(row, name, text_of(table, row, columns, "id"), email, others))
    return people


def moodle_people(table: CsvTable, columns: Mapping[str, int]) -> list[Person]:
    people = []
    for row in range(1, len(table.rows)):
        identifier = text_of(table, row, columns, "identifier")
        number = PARTICIPANT.fullmatch(identifier)
        if number is None:
            if not any(table.rows[row]):
                continue
            raise TableError(
                f"{table.file} has no participant's number in row {row + 1}, in the column "
                "Identifier: download the grading worksheet again."
            )
        others = [text_of(table, row, columns, name) for name in ("id number", "username")]
        people.append(
            Person(
                row,
                text_of(table, row, columns, "full name"),
                number["number"],
                text_of(table, row, columns, "email address"),
                (identifier, *filter(None, others)),
            )
        )
    return people


def own_people(table: CsvTable, columns: Mapping[str, int]) -> list[Person]:
    found = {
        part: next((name for name in names if name in columns), "")
        for part, names in OWN_COLUMNS.items()
    }
    if not (found["name"] or found["last"] or found["id"] or found["email"]):
        there = ", ".join(name_in_sentence(name, free=" ") for name in table.header[:8])
        raise TableError(
            f"{table.file} has no column called name, id or email, so it does not say who is in "
            f"the class (its columns are: {there}). Give a list with one of them, Canvas's "
            "gradebook or Moodle's grading worksheet."
        )
    people = []
    for row in range(1, len(table.rows)):
        texts = {part: text_of(table, row, columns, name) for part, name in found.items()}
        name = texts["name"] or ", ".join(filter(None, [texts["last"], texts["first"]]))
        if name or texts["id"] or texts["email"]:
            people.append(Person(row, name, texts["id"], texts["email"]))
    return people


def text_of(table: CsvTable, row: int, columns: Mapping[str, int], name: str) -> str:
    """A cell by the name of its column, fit to be shown; '' where there is none."""
    return readable(" ".join(table.cell(row, columns[name]).split())) if name in columns else ""


def refuse_twins(table: CsvTable, people: Iterable[Person]) -> None:
    """Raise TableError where two rows have one id, or one name and no id."""
    seen: dict[str, int] = {}
    for person in people:
        key = person.id or person.email or person.name
        first = seen.setdefault(same_id(key), person.row)
        if first != person.row:
            raise TableError(
                f"{table.file} has {name_in_sentence(key, free=' @,')} twice, in rows "
                f"{first + 1} and {person.row + 1}: give each student a row and an id."
            )


# -- who handed in what ----------------------------------------------------------------------


def class_list(roster: Roster, students: Iterable[str]) -> ClassList:
    """Find each student's submission on the list.

    students: as in SubmissionResult: how a file or folder is called, from Canvas 'lastfirst 12345'
    and from Moodle 'Full Name 1234567'. A number alone is nobody: the name before it has to agree.
    """
    by_id, by_name = defaultdict(list), defaultdict(list)
    numbers = {person.id for person in roster.people if person.id.isdecimal()}
    for person in roster.people:
        for id in person.ids():
            by_id[id].append(person)
        for name in person.names():
            by_name[name].append(person)

    def candidates(student: str) -> list[Person]:
        before, _, number = student.rpartition(" ")
        named = by_name[letters(before)]
        found = by_id[same_id(student)] or [one for one in named if one.id == number]
        if found or number in numbers:  # the number of somebody who is called otherwise
            return found
        return by_name[letters(student)] or (named if number.isdecimal() else [])

    people: dict[str, Person] = {}
    notes = []
    for student in students:
        found = candidates(student)
        if len(found) == 1:
            people[student] = found[0]
        else:
            notes.append(_not_found(student, found))
    times = Counter(person.row for person in people.values())
    absent = tuple(person for person in roster.people if not times[person.row])
    for person in roster.people:
        if times[person.row] > 1:
            theirs = [student for student in people if people[student] == person]
            notes.append(
                text(
                    "class_list.twice",
                    "{names} are both by {person}: keep the one that is to be marked.",
                    names=all_of(name_in_sentence(student, free=" ") for student in theirs),
                    person=in_sentence(person),
                )
            )
            for student in theirs:
                del people[student]
    return ClassList(roster.kind, people, absent, tuple(notes))


def in_sentence(person: Person) -> str:
    return name_in_sentence(person.called, free=" (),@")


def _not_found(student: str, found: list[Person]) -> str:
    name = name_in_sentence(student, free=" ")
    if found:
        return text(
            "class_list.one_of_several",
            "{name} may be {people}: rename what was handed in to the id or the e-mail address of "
            "the one it is by.",
            name=name,
            people=all_of(in_sentence(person) for person in found[:3]),
        )
    return text(
        "class_list.nobody",
        "{name} is nobody on the list of the class: rename what was handed in to an id or an "
        "e-mail address that stands there.",
        name=name,
    )
