"""Where a student is in the course: progress(). Taught in notebook 00."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from . import journal
from .contents import Contents, all_lessons
from .exercise import find
from .feedback import Panel, display, in_notebook
from .figures import course_map
from .prediction import all_predictions
from .texts import counted, text

LOOKED_AT = 5  # predictions that are named


@dataclasses.dataclass(frozen=True)
class Lesson:
    """How much of a lesson was done: exercises passed and predictions made, of how many."""

    page: Contents
    passed: int
    exercises: int
    guessed: int
    predictions: int

    @property
    def share(self) -> float:
        """Between 0 and 1."""
        everything = self.exercises + self.predictions
        return (self.passed + self.guessed) / everything if everything else 0.0


def progress(*, forget: bool = False) -> None:
    """Show what is done, what to look at again, and a next step.

    forget: put the file progress.jsonl aside in place of that, and begin a new one.
    """
    if forget:
        display(_forgotten())
        return
    entries = journal.entries()
    lessons = lessons_done(entries)
    display(summary(entries, lessons))
    if entries and in_notebook():
        from IPython.display import display as show_rich

        pages = [(one.page.number, one.page.title, one.page.needs) for one in lessons]
        show_rich(course_map(pages, done={one.page.number: one.share for one in lessons}))


def lessons_done(entries: Iterable[journal.Entry]) -> list[Lesson]:
    """What was done of each lesson, in their order."""
    entries = list(entries)
    passed = {one.id for one in entries if one.what == journal.CHECK and one.right}
    guessed = {one.id for one in entries if one.what == journal.GUESS}
    asked = [prediction.id for prediction in all_predictions()]
    found = []
    for page in all_lessons():
        predictions = [id for id in asked if id.startswith(f"{page.number}.")]
        found.append(
            Lesson(
                page,
                passed=len(passed & set(page.exercises)),
                exercises=len(page.exercises),
                guessed=len(guessed & set(predictions)),
                predictions=len(predictions),
            )
        )
    return found


def summary(entries: Sequence[journal.Entry], lessons: Sequence[Lesson]) -> Panel:
    """The panel: counts, one next step, predictions to look at again."""
    title = text("progress.title", "Your progress")
    if not entries:
        headline = text(
            "progress.nothing",
            "Nothing is written down yet. What you check and guess in the notebooks of work/ is.",
        )
        return Panel("note", title, headline)
    headline = text(
        "progress.counts",
        "{passed} of {exercises} passed, {guessed} of {predictions} made.",
        passed=sum(one.passed for one in lessons),
        exercises=counted(sum(one.exercises for one in lessons), "exercise"),
        guessed=sum(one.guessed for one in lessons),
        predictions=counted(sum(one.predictions for one in lessons), "prediction"),
    )
    rows = [
        (
            f"{one.page.number} {one.page.title}",
            text(
                "progress.of_lesson",
                "{passed} of {exercises} passed, {guessed} of {predictions} made",
                passed=one.passed,
                exercises=counted(one.exercises, "exercise"),
                guessed=one.guessed,
                predictions=counted(one.predictions, "prediction"),
            ),
        )
        for one in lessons
        if one.passed or one.guessed
    ]
    step = next_step(entries, lessons)
    if step:
        rows.append((text("progress.next", "Next"), step))
    again = to_look_at_again(entries)
    if again:
        named = ", ".join(again[:LOOKED_AT])
        label = text("progress.again", "Predictions to look at again")
        if len(again) > LOOKED_AT:
            more = counted(len(again) - LOOKED_AT, "other")
            named = text("progress.and_more", "{named}, and {more}", named=named, more=more)
        rows.append((label, named))
    return Panel("note", title, headline, tuple(rows))


def next_step(entries: Sequence[journal.Entry], lessons: Sequence[Lesson]) -> str:
    """One thing to do: go on with an exercise that did not pass, or with the next one there is."""
    passed = {one.id for one in entries if one.what == journal.CHECK and one.right}
    there = {id for lesson in lessons for id in lesson.page.exercises}
    for one in reversed(entries):
        if one.what == journal.CHECK and one.id in there and one.id not in passed:
            return text(
                "progress.go_on",
                "{id}, {title}: it has not passed yet.",
                id=one.id,
                title=_title(one.id),
            )
    number = entries[-1].id.partition(".")[0]
    at = next((n for n, one in enumerate(lessons) if one.page.number == number), 0)
    for lesson in [*lessons[at:], *lessons[:at]]:
        for id in lesson.page.exercises:
            if id not in passed:
                return text(
                    "progress.new",
                    "{id}, {title}, of lesson {lesson}.",
                    id=id,
                    title=_title(id),
                    lesson=lesson.page.number,
                )
    return text("progress.all", "Every exercise has passed.")


def _title(id: str) -> str:
    return text(f"{id}.title", find(id).title)


def to_look_at_again(entries: Iterable[journal.Entry]) -> list[str]:
    """Predictions whose last guess was wrong, in the order of the course."""
    last = {one.id: one.right for one in entries if one.what == journal.GUESS}
    return [one.id for one in all_predictions() if last.get(one.id) is False]


def _forgotten() -> Panel:
    title = text("progress.title", "Your progress")
    try:
        aside = journal.put_aside()
    except OSError as error:
        headline = text(
            "progress.not_put_aside",
            "{file} cannot be renamed: {why}. Rename or delete it yourself.",
            file=journal.FILE,
            why=error.strerror,
        )
        return Panel("wrong", title, headline)
    if aside is None:
        return Panel("note", title, text("progress.no_file", "There is nothing to put aside."))
    headline = text(
        "progress.put_aside",
        "What was written down is in {file} now; a new file begins.",
        file=aside.name,
    )
    return Panel("note", title, headline)
