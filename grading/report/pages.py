"""The pages: what a student reads about a submission, and what a lecturer reads about a class.

A page is one file, without scripts and without anything from elsewhere; its policy (CSP) tells
the browser to load nothing. All text goes through `sanitize`, is cut to a size that a page can
hold, and is escaped.
"""

from __future__ import annotations

import functools
import html
import inspect
import re
import statistics
import urllib.parse
from collections import Counter
from collections.abc import Sequence

from course_utils.exercise import STUB_LINE, Exercise, find
from course_utils.feedback import COLOURS, SIGNS, Panel

from ..assignment import Assignment
from ..result import ExerciseResult, ExerciseState, SubmissionResult, SubmissionState
from .class_results import (
    common_mistakes,
    count,
    number,
    total,
    why_a_person,
    without_sandbox,
)
from .sanitize import in_lines, one_line

LINE_LIMIT = 300  # characters of a name, a file or a reason
TEXT_LIMIT = 2_000  # characters of a call, a result, a message
PRINTED_LIMIT = 4_000
CODE_LIMIT = 20_000
MISTAKES_SHOWN = 8

KINDS = {
    ExerciseState.PASSED: "good",
    ExerciseState.WRONG: "wrong",
    ExerciseState.NOT_ATTEMPTED: "none",
    ExerciseState.PERSON: "note",
}
MARKS = {**SIGNS, "none": "–"}  # a sign beside each colour, for those who cannot tell colours apart

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --soft: #f5f5f3; --line: #dddcd8; --text: #1f2328; --quiet: #5c636b;
  --good: GOOD; --wrong: WRONG; --note: NOTE; --none: #9aa1a9;
  --good-text: #1b7340; --wrong-text: #ab4316; --note-text: #245fa8; --none-text: #5c636b;
  --warn: #fdf0e9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --soft: #202327; --line: #373b41; --text: #e6e7e9; --quiet: #a2a9b1;
    --none: #6d747c;
    --good-text: #63cc90; --wrong-text: #f39a70; --note-text: #83b8f4; --none-text: #a2a9b1;
    --warn: #33231b;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 50rem; background: var(--page);
  color: var(--text); overflow-wrap: anywhere;
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic",
    "Noto Sans KR", "Noto Sans", sans-serif;
}
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: .2em; }
a:hover { text-decoration-thickness: .12em; }
:focus-visible { outline: 3px solid var(--note); outline-offset: 2px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .1rem 0 1.4rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0; }
h3 { font-size: .8rem; margin: 1.3rem 0 .4rem; color: var(--quiet); font-weight: 600;
  letter-spacing: .05em; text-transform: uppercase; }
p { margin: .5rem 0; }
.quiet { color: var(--quiet); }
.small { font-size: .875rem; }
.kicker { margin: 0; color: var(--quiet); }
.total { display: flex; align-items: baseline; gap: .5rem; margin: 0; }
.total strong { font-size: 2.6rem; line-height: 1; font-variant-numeric: tabular-nums; }
.bar { display: flex; gap: 2px; height: .7rem; margin: .8rem 0 .5rem; border-radius: .35rem;
  overflow: hidden; background: var(--soft); }
.bar i { min-width: 2px; }
i.good { background: var(--good); } i.wrong { background: var(--wrong); }
i.note { background: var(--note); } i.none { background: var(--none); }
.state { white-space: nowrap; }
.state.good { color: var(--good-text); } .state.wrong { color: var(--wrong-text); }
.state.note { color: var(--note-text); } .state.none { color: var(--none-text); }
.box { margin: 1.2rem 0; padding: .8rem 1rem; border-radius: .5rem; background: var(--soft);
  border-left: 4px solid var(--note); }
.box.warn { background: var(--warn); border-color: var(--wrong); }
.box p { margin: .2rem 0; }
.box ul { margin: .3rem 0; padding-left: 1.2rem; }
table { width: 100%; border-collapse: collapse; margin: 1.6rem 0; }
th { white-space: nowrap; text-align: left; font-size: .8rem; font-weight: 600;
  color: var(--quiet); }
th, td { padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
tr > :last-child { padding-right: 0; }
tbody tr:last-child td, ol.talk li:last-child { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.id { color: var(--quiet); font-variant-numeric: tabular-nums; }
section { margin-top: 2.2rem; padding-top: 1.6rem; border-top: 1px solid var(--line);
  scroll-margin-top: 1rem; }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem;
  margin-bottom: .8rem; }
.head .number { color: var(--quiet); }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "D2Coding", Consolas,
  "DejaVu Sans Mono", monospace; font-size: .875em; }
p code, li code, div > code, span code { background: var(--soft); padding: .1em .3em;
  border-radius: .25em; }
pre { margin: .4rem 0; padding: .8rem 1rem; background: var(--soft); border-radius: .5rem;
  overflow-x: auto; line-height: 1.5; tab-size: 4; overflow-wrap: normal; }
pre code { font-size: 1em; }
pre.wraps { white-space: pre-wrap; overflow-wrap: anywhere; }
.cut { color: var(--quiet); font-size: .875rem; font-style: italic; }
details { margin-top: .9rem; }
summary { cursor: pointer; color: var(--quiet); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line);
  color: var(--quiet); font-size: .875rem; }
ol.talk { list-style: none; padding: 0; margin: 1rem 0; }
ol.talk li { display: flex; gap: 1rem; padding: .75rem 0; border-bottom: 1px solid var(--line); }
ol.talk b { flex: 0 0 3.2rem; text-align: right; font-size: 1.5rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
ol.talk p { margin: 0; }
.counts { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .5rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .8rem 2.4rem; margin: 0 0 1rem; }
.facts div { line-height: 1.3; }
.facts strong { display: block; font-size: 1.9rem; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.exercise .bar { margin: .3rem 0; }
.exercise .bar i { min-width: 0; }
@media (max-width: 34rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  th, td { padding-right: .5rem; }
  .overview th:nth-child(2) { display: none; }
  .overview tr { display: grid; grid-template-columns: 1fr auto; padding: .5rem 0;
    border-bottom: 1px solid var(--line); }
  .overview tr > * { padding: 0; border: 0; }
  .overview tr > :nth-child(2) { grid-area: 2 / 1; font-size: .875rem; }
  .overview tbody tr:last-child { border-bottom: 0; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --text: #000; --soft: #f3f3f1; --line: #ccc;
    --quiet: #444; --good-text: #1b7340; --wrong-text: #ab4316; --note-text: #245fa8;
    --none-text: #444; --warn: #fdf0e9; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .bar, .bar i, .box { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  h2, .head, h3 { break-after: avoid; }
  tr, li, .box { break-inside: avoid; }
  details::details-content { content-visibility: visible; height: auto; }
}
"""
for _kind, _word in (("good", "GOOD"), ("wrong", "WRONG"), ("note", "NOTE")):
    STYLE = STYLE.replace(f"--{_kind}: {_word};", f"--{_kind}: {COLOURS[_kind]};")

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def _page(title: str, body: str) -> str:
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(one_line(title, LINE_LIMIT))}</title>\n"
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


# -- pieces ----------------------------------------------------------------------------------


def _line(text: str, limit: int = LINE_LIMIT) -> str:
    """A name or a sentence on one line; it keeps its own direction of writing."""
    return f"<bdi>{html.escape(one_line(text, limit))}</bdi>"


def _rich(text: str) -> str:
    """A sentence with `code` in backticks."""
    escaped = html.escape(one_line(text, TEXT_LIMIT), quote=False)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)


def _listing(text: str, limit: int, kind: str = "") -> str:
    """Lines as they stand, and a note where they were cut."""
    shown, more = in_lines(text.strip("\r\n"), limit)
    attribute = f' class="{kind}"' if kind else ""
    note = f'<p class="cut">{_cut(more)}</p>' if more else ""
    return f"<pre{attribute}><code>{html.escape(shown, quote=False)}</code></pre>\n{note}"


def _cut(more: int) -> str:
    return f"Cut here: {more:,} more {'character' if more == 1 else 'characters'}."


def _state(state: str, text: str = "") -> str:
    kind = KINDS[state]
    return f'<span class="state {kind}">{MARKS[kind]} {text or state}</span>'


def _counts(states: Counter[str]) -> str:
    shown = [_state(s, f"{states[s]} {_of_many(s, states[s])}") for s in ExerciseState if states[s]]
    return f'<p class="counts">{" ".join(shown)}</p>\n'


def _of_many(state: str, n: int) -> str:
    return "need a person" if state == ExerciseState.PERSON and n > 1 else state


def _bar(parts: Sequence[tuple[str, float]]) -> str:
    """A bar of (kind, width). What it shows stands beside it as text, so readers skip it."""
    pieces = "".join(f'<i class="{kind}" style="flex:{width:g}"></i>' for kind, width in parts)
    return f'<div class="bar" aria-hidden="true">{pieces}</div>\n'


# -- a student's page ------------------------------------------------------------------------


def feedback_page(assignment: Assignment, result: SubmissionResult) -> str:
    """What a student reads: the total, a table of the exercises, and each of them."""
    body = _head(assignment, result)
    read = result.state != SubmissionState.PERSON or any(
        exercise.answer for exercise in result.exercises
    )
    body += _overview(result, links=read)
    if read:  # else there is no code to speak about
        for exercise in result.exercises:
            body += _exercise(exercise)
    body += f"<footer><p>From the file {_line(result.file)}.</p></footer>\n"
    return _page(f"{result.student} · {assignment.title}", body)


def _head(assignment: Assignment, result: SubmissionResult) -> str:
    states = Counter(exercise.state for exercise in result.exercises)
    so_far = " so far" if result.state == SubmissionState.PARTLY else ""
    parts = [(KINDS[exercise.state], exercise.of) for exercise in result.exercises]
    due = f" · {_line(assignment.deadline)}" if assignment.deadline else ""
    text = (
        f'<header>\n<p class="kicker">{_line(assignment.title)}{due}</p>\n'
        f"<h1>{_line(result.student)}</h1>\n"
        f'<p class="total"><strong>{_earned(result.points)}</strong> of '
        f"{number(total(result))} points{so_far}"
        f"</p>\n{_bar(parts)}{_counts(states)}"
    )
    if result.state != SubmissionState.MARKED:
        waiting = [
            exercise for exercise in result.exercises if exercise.state == ExerciseState.PERSON
        ]
        what = (
            count(len(waiting), "exercise")
            if result.state == SubmissionState.PARTLY
            else "this submission"
        )
        text += (
            f'<div class="box"><p><strong>{MARKS["note"]} A person will look at {what}.</strong> '
            "The points for it are still open.</p>\n"
        )
        text += f"<p>{_rich(result.reason)}</p>\n" if result.reason else ""
        text += "</div>\n"
    if result.notes:
        text += f'<div class="box">{_notes(result.notes)}</div>\n'
    return text + "</header>\n"


def _notes(notes: Sequence[str]) -> str:
    listed = "".join(f"<li>{_rich(note)}</li>\n" for note in notes[:20])
    more = f"<li>and {len(notes) - 20} more</li>\n" if len(notes) > 20 else ""
    return f"<ul>\n{listed}{more}</ul>\n"


def _overview(result: SubmissionResult, links: bool) -> str:
    rows = ""
    for exercise in result.exercises:
        name = _name(exercise.id)
        link = f'<a href="#e{html.escape(exercise.id)}">{name}</a>' if links else name
        rows += (
            f"<tr><td>{link}</td><td>{_state(exercise.state)}</td>"
            f'<td class="number">{_points(exercise)}</td></tr>\n'
        )
    return (
        '<table class="overview">\n<thead><tr><th>Exercise</th><th>State</th>'
        f'<th class="number">Points</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
    )


def _earned(points: float | None) -> str:
    return "?" if points is None else number(points)


def _name(id: str) -> str:
    return f'<span class="id">{html.escape(id)}</span> {html.escape(find(id).title)}'


def _points(exercise: ExerciseResult) -> str:
    return f"{_earned(exercise.points)} of {number(exercise.of)}"


def _exercise(result: ExerciseResult) -> str:
    exercise = find(result.id)
    text = (
        f'<section id="e{html.escape(result.id)}">\n'
        f'<div class="head"><h2>{_name(result.id)}</h2>'
        f'<span class="number">{_points(result)}</span></div>\n'
        f"{_verdict(result)._repr_html_()}\n"
    )
    if result.printed.strip():
        text += f"<h3>Your code printed</h3>\n{_listing(result.printed, PRINTED_LIMIT, 'wraps')}"
    if result.notes:
        text += f"<h3>How it was read</h3>\n{_notes(result.notes)}"
    background = f"<h3>What was asked</h3>\n{_task(exercise)}"
    if result.answer.strip() and result.state != ExerciseState.NOT_ATTEMPTED:
        background += f"<h3>Your code</h3>\n{_listing(result.answer, CODE_LIMIT)}"
    if result.state == ExerciseState.PASSED:
        summary = "What was asked, and your code"
        background = f"<details><summary>{summary}</summary>\n{background}</details>\n"
    return text + background + "</section>\n"


def _verdict(result: ExerciseResult) -> Panel:
    """The panel that `check` shows in the notebook, without what a hidden case expects."""
    headline = one_line(result.headline, TEXT_LIMIT)
    rows = []
    if result.state == ExerciseState.PERSON:
        because = result.reason or "It could not be marked by itself."
        rows.append(("Why", one_line(because, TEXT_LIMIT)))
    if result.case:
        rows.append(("Called", _code(result.case)))
    if result.yours:
        rows.append(("Error" if result.stage == "raised" else "It gave", _code(result.yours)))
    if result.mistake and result.stage and result.stage != "raised":
        rows.append(("First difference", f"in the {one_line(result.stage, LINE_LIMIT)}"))
    if result.line:
        rows.append(("In your line", _code(result.line)))
    for warning in result.warned[:3]:
        rows.append(("Your code warned", one_line(warning, LINE_LIMIT)))
    title = (
        f"{result.id} · a person will look at this"
        if result.state == ExerciseState.PERSON
        else result.id
    )
    kind = {ExerciseState.PASSED: "good", ExerciseState.WRONG: "wrong"}.get(result.state, "note")
    return Panel(kind, title, headline, tuple(rows))


def _code(text: str) -> str:
    """For a row of a Panel, which shows what stands in backticks as code."""
    shown, more = in_lines(text.strip("\r\n"), TEXT_LIMIT)
    cut = f" … {_cut(more)}" if more else ""
    return (shown if "`" in shown or "\n" in shown else f"`{shown}`") + cut


@functools.cache  # the same on the page of every student, and slow to find
def _task(exercise: Exercise) -> str:
    """What the student was given: the docstring, or the skeleton of a class."""
    given = exercise.start or exercise.answer
    own_docstring = vars(given).get("__doc__") if isinstance(given, type) else given.__doc__
    if isinstance(given, type) or not own_docstring:
        lines = exercise.stub_source.splitlines()
        return _listing("\n".join(line for line in lines if STUB_LINE not in line), CODE_LIMIT)
    signature = f"{exercise.name}{inspect.signature(given)}"
    text = f"<p><code>{html.escape(signature)}</code></p>\n"
    for paragraph in inspect.cleandoc(own_docstring).split("\n\n"):
        if paragraph.startswith("    "):
            text += _listing(paragraph, CODE_LIMIT)
        else:
            text += f"<p>{_flowing(paragraph)}</p>\n"
    return text


def _flowing(paragraph: str) -> str:
    """Lines of a docstring joined, except before 'x: ...' and 'Returns ...'."""
    lines: list[str] = []
    for line in paragraph.splitlines():
        begins = re.match(r"[\w, *]+: |Returns |Raises ", line)
        if lines and not begins:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return "<br>\n".join(map(_rich, lines))


# -- the page of the class -------------------------------------------------------------------


def class_page(
    assignment: Assignment, results: Sequence[SubmissionResult], pages: Sequence[str]
) -> str:
    """What a lecturer reads: how the class did, what to talk about, what is left to mark.

    pages: for each result, the name of its feedback page.
    """
    links = {
        id(result): f"feedback/{urllib.parse.quote(page)}"
        for result, page in zip(results, pages, strict=True)
    }
    body = f'<header>\n<p class="kicker">{_line(assignment.title)}</p>\n<h1>The class</h1>\n'
    body += _sandbox_warning(results) + _class_facts(assignment, results) + "</header>\n"
    body += _waiting(results, links)
    body += _talk(results)
    body += _exercises(assignment, results)
    body += _students(results, links)
    return _page(f"The class · {assignment.title}", body)


def _sandbox_warning(results: Sequence[SubmissionResult]) -> str:
    trusted = without_sandbox(results)
    if not trusted:
        return ""
    which = (
        "All submissions"
        if len(trusted) == len(results)
        else (f"{len(trusted)} of {len(results)} submissions")
    )
    return (
        '<div class="box warn"><p><strong>Marked without a sandbox.</strong> '
        f"{which} were trusted: their code could read the right answers, change marks, and do "
        "anything on this computer that you can do.</p></div>\n"
    )


def _class_facts(assignment: Assignment, results: Sequence[SubmissionResult]) -> str:
    states = Counter(result.state for result in results)
    facts = [(str(len(results)), "submission" if len(results) == 1 else "submissions")]
    facts += [(str(states[s]), _of_many(s, states[s])) for s in SubmissionState if states[s]]
    points = [result.points for result in results if result.state == SubmissionState.MARKED]
    if points:
        median = number(round(statistics.median(points), 2))
        facts.append((median, f"median of {number(assignment.points)} points"))
    shown = "".join(f"<div><strong>{value}</strong> {label}</div>" for value, label in facts)
    return f'<div class="facts">{shown}</div>\n'


def _waiting(results: Sequence[SubmissionResult], links: dict[int, str]) -> str:
    waiting = [result for result in results if result.state != SubmissionState.MARKED]
    if not waiting:
        return ""
    rows = ""
    for result in waiting:
        open_points = sum(e.of for e in result.exercises if e.points is None)
        rows += (
            f'<tr><td><a href="{links[id(result)]}">{_line(result.student)}</a><br>'
            f'<span class="quiet">{_rich(why_a_person(result))}</span></td>'
            f'<td class="number">{number(open_points)}</td></tr>\n'
        )
    return (
        "<section>\n<h2>What you have to look at</h2>\n<table>\n<thead><tr><th>Student, and why"
        '</th><th class="number">Points open</th></tr></thead>\n'
        f"<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )


def _talk(results: Sequence[SubmissionResult]) -> str:
    mistakes = common_mistakes(results)
    text = "<section>\n<h2>What to talk about</h2>\n"
    if not mistakes:
        return text + '<p class="quiet">No known mistake was made.</p>\n</section>\n'
    text += (
        '<p class="quiet">The commonest mistakes: how many made each, and what its feedback '
        'says.</p>\n<ol class="talk">\n'
    )
    for mistake in mistakes[:MISTAKES_SHOWN]:
        text += (
            f'<li><b>{mistake.count}</b><div><p class="quiet small">{_name(mistake.id)}</p>'
            f"<p>{_rich(mistake.sentence)}</p></div></li>\n"
        )
    text += "</ol>\n"
    more = mistakes[MISTAKES_SHOWN:]
    if more:
        made = sum(mistake.count for mistake in more)
        text += f'<p class="quiet">{len(more)} more, made {count(made, "time")} in all.</p>\n'
    return text + "</section>\n"


def _exercises(assignment: Assignment, results: Sequence[SubmissionResult]) -> str:
    text = "<section>\n<h2>Exercises</h2>\n<table>\n<tbody>\n"
    for item in assignment.items:
        states = Counter(
            exercise.state
            for result in results
            for exercise in result.exercises
            if exercise.id == item.id
        )
        parts = [(KINDS[state], states[state]) for state in ExerciseState if states[state]]
        text += (
            f'<tr><td class="exercise">{_name(item.id)}{_bar(parts)}{_counts(states)}</td></tr>\n'
        )
    return text + "</tbody>\n</table>\n</section>\n"


def _students(results: Sequence[SubmissionResult], links: dict[int, str]) -> str:
    rows = ""
    for result in results:
        parts = [(KINDS[exercise.state], exercise.of) for exercise in result.exercises]
        state = (
            ""
            if result.state == SubmissionState.MARKED
            else f' <span class="quiet small">{result.state}</span>'
        )
        points = f"{_earned(result.points)} of {number(total(result))}"
        rows += (
            f'<tr><td class="exercise"><a href="{links[id(result)]}">{_line(result.student)}</a>'
            f'{state}{_bar(parts)}</td><td class="number">{points}</td></tr>\n'
        )
    return (
        "<section>\n<h2>Students</h2>\n<table>\n<thead><tr><th>Feedback page</th>"
        f'<th class="number">Points</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n'
        "</section>\n"
    )
