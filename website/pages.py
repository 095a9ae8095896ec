"""The pages as Sphinx reads them: from the built notebooks, the contents pages, the exercises.

Lessons and exercises stay notebooks, with their stored outputs. What only a kernel can do is
replaced: a prediction by the directive `prediction`, an exercise by its parts, folded.
"""

from __future__ import annotations

import ast
import base64
import re
import struct
import textwrap
from collections.abc import Mapping, Sequence

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.contents import all_lessons
from course_utils.exercise import Exercise, find
from course_utils.links import practice_minutes
from course_utils.sources import undecorated_source
from course_utils.texts import counted
from tools.build import Target
from website.stills import PLACES, mount_point

QUESTION = re.compile(r"^\*\*Predict (?P<id>\d\d\.p\d+)\.\*\*\s*", re.MULTILINE)
IMAGE = re.compile(
    r'<img alt="(?P<alt>[^"]*)" width="(?P<width>\d+)" data-pixels="(?P<name>\w+)"[^>]*'
    r'src="data:image/png;base64,(?P<data>[^"]+)">'
)
# In the place of what the notebook says of its cells.
LEAD = (
    "What each exercise asks, with its hints, what the check says to wrong answers, and a right "
    "answer. To write your own and have it checked, open these exercises as a notebook."
)


class PageError(Exception):
    """A page cannot be made; the message says which one and why."""


# -- lessons -----------------------------------------------------------------------------------


def lesson(
    target: Target, checks: Mapping[str, Mapping[str, str]], figures: dict[str, bytes]
) -> NotebookNode:
    """The page of a lesson. checks: see website.checks.collect.

    figures: gets the bytes of its pictures, by the name of their file.
    Raises PageError where a question and the cell that answers it do not belong together.
    """
    page = nbformat.read(target.built, as_version=4)
    contents = target.contents
    cells: list[NotebookNode] = []
    waiting: list[str] = []  # the question that was asked, and the code that stands below it
    to_draw = {
        f"## {heading}": name for name, (at, heading) in PLACES.items() if at == contents.number
    }
    drawn = ""  # what stands at the end of this section
    for number, cell in enumerate(page.cells):
        if number == 1 and contents.practice is not None:
            continue  # it looks at the reader's environment; lesson 00 speaks of it
        asked = call_of_predict(cell)
        if cell.cell_type == "markdown":
            before, *question = divided(cell.source)
            if before.startswith("## ") and drawn:
                cells.append(new_markdown_cell(as_html(mount_point(drawn))))
                drawn = ""
            drawn = to_draw.pop(before.partition("\n")[0], drawn)
            if before:
                cells.append(new_markdown_cell(before))
            waiting = question or waiting
        elif asked is not None:
            cells.append(prediction(asked, waiting, code_asked_about(cell.source), target.name))
            waiting = []
        elif waiting and not cell.outputs:
            waiting.append(f"```python\n{cell.source}\n```")
        elif "exercise" in cell.metadata:
            exercise = find(cell.metadata["exercise"])
            cells.append(new_markdown_cell(exercise_parts(exercise, checks[exercise.id])))
        elif "check" not in cell.metadata:
            with_files(cell, figures)
            cells.append(cell)
    if waiting:
        raise PageError(f"{target.name}: no cell answers the question {waiting[0]!r}.")
    if to_draw or drawn:
        raise PageError(f"{target.name}: no section for {[*to_draw, drawn]}: see stills.PLACES.")
    practice = contents.practice_notebook
    if practice:
        cells.append(new_markdown_cell(toctree([f"Exercises <{practice}>"])))
    page.cells = cells
    return page


def divided(prose: str) -> list[str]:
    """The prose before a question, and the question itself, if there is one."""
    asked = QUESTION.search(prose)
    if asked is None:
        return [prose]
    return [prose[: asked.start()].rstrip(), prose[asked.start() :]]


def call_of_predict(cell: NotebookNode) -> ast.Call | None:
    """The call `predict("01.p1", guess, ...)` that a cell ends with, if it does."""
    if cell.cell_type != "code" or "predict(" not in cell.source:
        return None
    last = ast.parse(cell.source).body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    return call if call.func.id == "predict" else None


def code_asked_about(source: str) -> str:
    """The code of a prediction's cell, without the guess; its last line is what is asked for."""
    lines = source.splitlines()
    statements = ast.parse(source).body
    call = statements[-1].value  # type: ignore[attr-defined]
    run = call.args[2]
    if isinstance(run, ast.Lambda):
        asked = ast.get_source_segment(source, run.body) or ""
        # The lines of a long expression keep their distance from its first one.
        first, *rest = asked.splitlines()
        asked = "\n".join([first, *textwrap.dedent("\n".join(rest)).splitlines()])
        if rest:
            asked = ast.unparse(run.body) if len(ast.unparse(run.body)) <= 88 else asked
    else:
        asked = f"{ast.get_source_segment(source, run)}()"
    dropped = {statements[-1].lineno - 1: len(lines)}
    for statement in statements:
        if isinstance(statement, ast.Assign) and ast.unparse(statement) == "guess = ...":
            dropped[statement.lineno - 1] = statement.end_lineno or statement.lineno
    kept, number = [], 0
    while number < len(lines):
        if number in dropped:
            number = dropped[number]
        else:
            kept.append(lines[number])
            number += 1
    before = re.sub(r"\n{2,}", "\n\n", "\n".join(kept)).strip()
    ends_in_definition = before and before.splitlines()[-1].startswith((" ", ")"))
    gap = "\n\n" if ends_in_definition else "\n"
    return f"{before}{gap}{asked}".strip()


def prediction(call: ast.Call, waiting: Sequence[str], code: str, where: str) -> NotebookNode:
    """The cell of a prediction: its question, the code above it that it speaks of, its own code."""
    id = ast.literal_eval(call.args[0])
    asked = QUESTION.match(waiting[0]) if waiting else None
    if asked is None or asked["id"] != id:
        raise PageError(f"{where}: above the cell of {id} stands no **Predict {id}.**")
    question = waiting[0][asked.end() :]
    content = "\n\n".join([question, *waiting[1:], f"```python\n{code}\n```"])
    return new_markdown_cell(f"``````{{prediction}} {id}\n{content}\n``````")


def with_files(cell: NotebookNode, figures: dict[str, bytes]) -> None:
    """The pictures of a cell's outputs become files, with links to them in full size."""

    def link(image: re.Match[str]) -> str:
        png = base64.b64decode(image["data"])
        name = f"{image['name']}.png"
        figures[name] = png
        wide, high = struct.unpack(">II", png[16:24])  # of the file: the page shows fewer pixels
        width = int(image["width"])
        return (
            f'<a class="figure" href="figures/{name}"><img alt="{image["alt"]}" width="{width}" '
            f'height="{round(width * high / wide)}" src="figures/{name}" loading="lazy"></a>'
        )

    for output in cell.outputs:
        data = output.get("data", {})
        if "text/html" in data:
            data["text/html"] = IMAGE.sub(link, data["text/html"])


# -- exercises ---------------------------------------------------------------------------------


def practice(target: Target, checks: Mapping[str, Mapping[str, str]]) -> NotebookNode:
    """The page of a lesson's exercises. checks: see website.checks.collect."""
    page = nbformat.read(target.built, as_version=4)
    said = target.contents.practice
    assert said is not None
    cells = []
    for cell in page.cells:
        if "exercise" in cell.metadata:
            exercise = find(cell.metadata["exercise"])
            cells.append(new_markdown_cell(exercise_parts(exercise, checks[exercise.id])))
        elif cell.cell_type == "markdown" and cell.source != said.closing:
            cells.append(new_markdown_cell(cell.source.replace(said.lead, LEAD)))
    page.cells = cells
    return page


def exercise_parts(exercise: Exercise, panels: Mapping[str, str]) -> str:
    """The stub; then, folded: hints, what the check says to wrong answers, a right answer.

    panels: what the check says to each wrong answer, as HTML, by its name.
    """
    parts = [listing(exercise.stub_source), hints(exercise.hints)]
    said = [
        f"{listing(undecorated_source(mistake.answer))}\n\n{panel(panels[mistake.name])}"
        for mistake in exercise.mistakes
        if mistake.same_as is None and mistake.name in panels
    ]
    if said:
        title = f"What the check says to {counted(len(said), 'wrong answer')}"
        parts.append(folded(title, "\n\n".join(said), kind="wrong-answers", fence=6))
    parts.append(folded("A right answer", listing(exercise.solution_source), kind="right-answer"))
    return "\n\n".join(parts)


def hints(sentences: Sequence[str]) -> str:
    """Each hint holds the next one, so that they are opened one by one."""
    text = ""
    for number in range(len(sentences), 0, -1):
        content = f"{escaped(sentences[number - 1])}\n\n{text}".rstrip()
        text = folded(f"Hint {number}", content, kind="hint", fence=5 + len(sentences) - number)
    return text


def folded(title: str, content: str, *, kind: str, fence: int = 5) -> str:
    """A part that opens when its title is clicked. fence: more than the fences inside have."""
    ticks = "`" * fence
    return f"{ticks}{{folded}} {title}\n:class: {kind}\n\n{content}\n{ticks}"


def listing(source: str) -> str:
    return f"```python\n{source.rstrip()}\n```"


def panel(markup: str) -> str:
    """A panel of the course, as it stands in a notebook."""
    return as_html(f'<div class="panel">{markup}</div>')


def as_html(markup: str) -> str:
    """Markdown that puts HTML onto the page."""
    return f"````{{raw}} html\n{markup}\n````"


def escaped(sentence: str) -> str:
    """Markdown that shows a text of the course as it stands, but for `code` in backticks."""
    parts = re.split(r"(`[^`]+`)", sentence)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", part)
        for part in parts
    )


# -- the other pages ---------------------------------------------------------------------------


def toctree(entries: Sequence[str], caption: str = "") -> str:
    head = ["```{toctree}", ":hidden:"]
    if caption:
        head.append(f":caption: {caption}")
    return "\n".join([*head, "", *entries, "```"])


def lesson_list() -> str:
    """All lessons with what they take, as a list of links."""
    rows = []
    for page in all_lessons():
        practice = ""
        if page.practice is not None:
            number = counted(len(page.exercises), "exercise")
            practice = (
                f'<a class="practice" href="{page.practice_notebook}.html">{number}</a>'
                f"<span>{practice_minutes(page)} min</span>"
            )
        rows.append(
            f'<li><span class="number">{page.number}</span>'
            f'<a class="title" href="{page.notebook}.html">{page.title}</a>'
            f"<span>{page.minutes} min</span>{practice}</li>"
        )
    return as_html("\n".join(['<ol class="lessons">', *rows, "</ol>"]))


def hours() -> str:
    """'About 24 hours of lessons and 42 hours of exercises.'"""
    lessons = sum(page.minutes for page in all_lessons())
    exercises = sum(practice_minutes(page) for page in all_lessons())
    return f"About {lessons / 60:.0f} hours of lessons and {exercises / 60:.0f} of exercises."
