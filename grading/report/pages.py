"""The pages: what a student reads about a submission, and what a lecturer reads about a class.

What they look like stands in templates/. A page is one file, without scripts and without anything
from elsewhere; its policy (CSP) tells the browser to load nothing. Whatever a template shows is
made printable and escaped, without the template asking; long texts it cuts. Its own sentences
pass through `html_text`.
"""

from __future__ import annotations

import functools
import re
import statistics
import urllib.parse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

import course_utils
from course_utils.feedback import COLOURS, SIGNS, Panel
from course_utils.texts import counted, text

from ..assignment import Assignment
from ..result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState
from .alike import THE_COURSE, Alike
from .class_results import (
    mistakes_made,
    number,
    points_of_those_marked,
    total,
    why_a_person,
    without_sandbox,
)
from .declared import declared
from .roster import ClassList, name_of
from .sanitize import in_lines, one_line, readable

TEMPLATES = Path(__file__).parent / "templates"
LINE_LIMIT = 300  # characters of a name, a file or a reason
TEXT_LIMIT = 2_000  # characters of a call, a result, a message
CODE_LIMIT = 20_000
WHOLE_CODE_LIMIT = 1_000_000  # where a person has to read it
NOTES_SHOWN = 20
MISTAKES_SHOWN = 8
GROUPS_SHOWN = 30

# A kind is a colour of the pages.
KINDS = {
    ExerciseState.PASSED: "good",
    ExerciseState.WRONG: "wrong",
    ExerciseState.NOT_ATTEMPTED: "none",
    ExerciseState.PERSON: "note",
}
MARKS = {**SIGNS, "none": "–"}  # a sign beside each colour, for those who cannot tell colours apart


def feedback_page(assignment: Assignment, result: SubmissionResult, name: str = "") -> str:
    """What a student reads: the total, a table of the exercises, and each of them.

    name: the student's, where more is known than what the submission is called.
    """
    answers = any(exercise.answer for exercise in result.exercises)
    template = templates().get_template("feedback.html.j2")
    return template.render(
        assignment=assignment,
        result=result,
        name_of_student=name or result.student,
        waiting=sum(exercise.state == ExerciseState.PERSON for exercise in result.exercises),
        # Else there is no code to speak about.
        was_read=result.state != SubmissionState.PERSON or answers,
    )


def class_page(
    assignment: Assignment,
    results: Sequence[SubmissionResult],
    pages: Sequence[str],
    people: ClassList | None = None,
    groups: Sequence[Alike] = (),
    notes: Sequence[str] = (),
) -> str:
    """What a lecturer reads: how the class did, what to talk about, what is left to mark.

    pages: for each result, the name of its feedback page. people: who they are. groups: answers
    that are alike. notes: what is to be said of the list of the class.
    """
    links = [f"feedback/{urllib.parse.quote(page)}" for page in pages]
    students = list(zip(results, links, strict=True))
    every = [exercise for result in results for exercise in result.exercises]
    people, made = people or ClassList(), mistakes_made(results)
    names = names_of_students(results, people)
    names[THE_COURSE] = text("page.class.the_course", "the course's own solution")
    template = templates().get_template("class.html.j2")
    return template.render(
        assignment=assignment,
        course_version=course_utils.__version__,
        students=students,
        facts=class_facts(assignment, results),
        trusted=len(without_sandbox(results)),
        waiting=[pair for pair in students if pair[0].state != SubmissionState.MARKED],
        mistakes=[mistake for mistake in made if mistake.name],
        exercises=[
            (
                item.id,
                states(exercise for exercise in every if exercise.id == item.id),
                [mistake for mistake in made if mistake.id == item.id],
            )
            for item in assignment.items
        ],
        links={result.student: link for result, link in students},
        names=names,
        absent=people.absent,
        groups=groups,
        notes_on_the_list=notes,
        GROUPS_SHOWN=GROUPS_SHOWN,
        MISTAKES_SHOWN=MISTAKES_SHOWN,
    )


def names_of_students(results: Iterable[SubmissionResult], people: ClassList) -> dict[str, str]:
    """What each student is called on the page of the class; no two are called alike."""
    names = {result.student: name_of(result.student, people) for result in results}
    times = Counter(names.values())
    return {
        student: name if times[name] == 1 else f"{name} ({student})"
        for student, name in names.items()
    }


def class_facts(
    assignment: Assignment, results: Sequence[SubmissionResult]
) -> list[tuple[str, str]]:
    """The numbers at the top of the page of the class, with their labels."""
    counts = Counter(result.state for result in results)
    if len(results) == 1:
        facts = [("1", text("page.class.submission", "submission"))]
    else:
        facts = [(str(len(results)), text("page.class.submissions", "submissions"))]
    facts += [(str(counts[s]), state_label(s, counts[s])) for s in SubmissionState if counts[s]]
    points = points_of_those_marked(results)
    if points:
        median = number(round(statistics.median(points), 2))
        points_of_all = number(assignment.points)
        label = text("page.class.median", "median of {points} points", points=points_of_all)
        facts.append((median, label))
    return facts


# -- what the templates use ------------------------------------------------------------------


@functools.cache
def templates() -> jinja2.Environment:
    """The templates of pages, with their filters and what they know besides what they are given."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=printable,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters |= {
        "beginning": lambda code, limit: in_lines(code.strip("\r\n"), limit),
        "cut_here": cut_here,
        "earned": lambda points: "?" if points is None else number(points),
        "kind": KINDS.__getitem__,
        "line": lambda words: one_line(words, LINE_LIMIT),
        "mark": MARKS.__getitem__,
        "number": number,
        "open_points": lambda result: sum(e.of for e in result.exercises if e.points is None),
        "panel": lambda result: Markup(panel(result)._repr_html_()),  # it escapes by itself
        "parts": lambda result: [(exercise.state, exercise.of) for exercise in result.exercises],
        "rich": rich,
        "states": states,
        "title_of": lambda id: declared(id).title,
        "total": total,
        "why_a_person": why_a_person,
    }
    pages.globals |= {
        "CODE_LIMIT": CODE_LIMIT,
        "NOTES_SHOWN": NOTES_SHOWN,
        "WHOLE_CODE_LIMIT": WHOLE_CODE_LIMIT,
        "ExerciseState": ExerciseState,
        "SubmissionState": SubmissionState,
        "asked": lambda id: declared(id).asked,
        "colours": COLOURS,
        "counted": counted,
        "state_label": state_label,
        "text": html_text,
    }
    return pages


def printable(value: Any) -> str:
    """Whatever a template shows, before it is escaped; what is HTML already has gone through."""
    return value if isinstance(value, Markup) else readable(str(value), keep="\n\t")


def html_text(name: str, sentence: str, /, **holes: Any) -> Markup:
    """A text of a template. It may hold tags; what its holes are given is printable and escaped."""
    shown = {hole: escape(printable(value)) for hole, value in holes.items()}
    return Markup(text(name, sentence, **shown))


def rich(sentence: str) -> Markup:
    """A sentence with `code` in backticks."""
    escaped = str(escape(one_line(sentence, TEXT_LIMIT)))
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))


def cut_here(more: int) -> str:
    if more == 1:
        return text("page.cut_one", "Cut here: 1 more character.")
    return text("page.cut", "Cut here: {count:,} more characters.", count=more)


def states(exercises: Iterable[ExerciseResult]) -> list[tuple[ExerciseState, int]]:
    """The states that there are, in their order, and how often."""
    counts = Counter(exercise.state for exercise in exercises)
    return [(state, counts[state]) for state in ExerciseState if counts[state]]


def state_label(state: ExerciseState | SubmissionState, n: int = 1) -> str:
    """What a state is called beside the number `n` of those that are in it."""
    if n > 1 and state in (ExerciseState.PERSON, SubmissionState.PERSON):
        return text("state.need_a_person", "need a person")
    return {
        ExerciseState.PASSED: text("state.passed", "passed"),
        ExerciseState.WRONG: text("state.wrong", "wrong"),
        ExerciseState.NOT_ATTEMPTED: text("state.not_attempted", "not attempted"),
        SubmissionState.MARKED: text("state.marked", "marked"),
        SubmissionState.PARTLY: text("state.partly_marked", "partly marked"),
        SubmissionState.PERSON: text("state.needs_a_person", "needs a person"),
    }[state]


def panel(result: ExerciseResult) -> Panel:
    """The panel that `check` shows in the notebook, without what a hidden case expects."""
    headline = one_line(result.headline, TEXT_LIMIT)
    rows = []
    if result.comment:
        rows.append((text("page.row.comment", "Comment"), one_line(result.comment, TEXT_LIMIT)))
    if result.decided:
        if result.found != ExerciseState.PERSON:
            rows.append((text("page.row.found", "The check found"), headline))
        headline = text(
            "page.decided",
            "A person decided: {points} of {of}.",
            points=number(result.points),
            of=count_of_points(result.of),
        )
    if result.state == ExerciseState.PERSON:
        because = result.reason or text("page.no_reason", "It could not be marked by itself.")
        rows.append((text("page.row.why", "Why"), one_line(because, TEXT_LIMIT)))
    if result.case:
        rows.append((text("check.row.called", "Called"), _code(result.case)))
    if result.yours:
        raised, gave = text("check.row.raised", "Error"), text("page.row.gave", "It gave")
        rows.append((raised if result.stage == "raised" else gave, _code(result.yours)))
    if result.mistake and result.stage and result.stage != "raised":
        place = one_line(result.stage, LINE_LIMIT)
        where = text("page.where", "in the {place}", place=place)
        rows.append((text("page.row.difference", "First difference"), where))
    if result.line:
        rows.append((text("check.row.line", "In your line"), _code(result.line)))
    if result.printed or result.warned:
        not_kept = text("page.not_kept", "What it said on hidden cases is not kept.")
        rows.append((said_label(result), not_kept))
    title = result.id
    if result.state == ExerciseState.PERSON:
        title = text("page.person", "{exercise} · a person will look at this", exercise=result.id)
    kind = {ExerciseState.PASSED: "good", ExerciseState.WRONG: "wrong"}.get(result.state, "note")
    return Panel(kind, title, headline, tuple(rows))


def said_label(result: ExerciseResult) -> str:
    """What an answer did that printed, warned or both."""
    if result.printed and result.warned:
        return text("page.row.printed_and_warned", "Your code printed and warned")
    if result.printed:
        return text("check.row.printed", "Your code printed")
    return text("check.row.warned", "Your code warned")


def count_of_points(of: float) -> str:
    """'1 point', '2.5 points'."""
    if of == 1:
        return text("page.one_point", "1 point")
    return text("page.many_points", "{points} points", points=number(of))


def _code(code: str) -> str:
    """For a row of a Panel, which shows what stands in backticks as code."""
    shown, more = in_lines(code.strip("\r\n"), TEXT_LIMIT)
    cut = f" … {cut_here(more)}" if more else ""
    return (shown if "`" in shown or "\n" in shown else f"`{shown}`") + cut
