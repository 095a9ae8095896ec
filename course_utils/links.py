"""The links between the course's notebooks, in Markdown, from the contents pages.

All notebooks lie in one folder, here and in a student's copy, so a link is the name of a file.
That works in JupyterLab, in other editors and on a page; a place inside a notebook ("#The-lessons")
is written differently in each, so no link has one.
"""

from __future__ import annotations

import re

import course_utils

from .contents import Contents, all_lessons, next_lesson
from .exercise import find
from .texts import counted, text


def lesson_link(page: Contents) -> str:
    """'[05 · Hooks and apply](05_lesson_hooks_and_apply.ipynb)', in Markdown."""
    return f"[{numbered_title(page)}]({page.notebook}.ipynb)"


def numbered_title(page: Contents) -> str:
    """'05 · Hooks and apply'."""
    return f"{page.number} · {lesson_title(page)}"


def lesson_title(page: Contents) -> str:
    return text(f"{page.number}.lesson.title", page.title)


def colab_link(notebook: str) -> str:
    """A link, in Markdown, that opens a notebook in Colab; '' while the course is not on GitHub.

    notebook: its name, without '.ipynb'.
    """
    on_github = "https://github.com/"
    if not course_utils.REPOSITORY.startswith(on_github):
        return ""
    place = course_utils.REPOSITORY.removeprefix(on_github)
    there = f"https://colab.research.google.com/github/{place}/blob/main/notebooks"
    return f"[{text('links.to_colab', 'Open in Colab')}]({there}/{notebook}.ipynb)"


def linked(prose: str, own: Contents) -> str:
    """Markdown in which 'lesson 05' is a link to that lesson, if the course has it.

    own: the lesson in which it stands, to which nothing links.
    """
    pages = {page.number: page for page in all_lessons() if page.number != own.number}

    def link(mention: re.Match[str]) -> str:
        page = pages.get(mention["number"])
        return f"[{mention[0]}]({page.notebook}.ipynb)" if page else mention[0]

    return re.sub(r"\b[Ll]esson\s(?P<number>\d\d)\b", link, prose)


def practice_minutes(page: Contents) -> int:
    """How long the exercise notebook of a lesson takes; 0 if it has none."""
    return sum(find(id).minutes for id in page.exercises) if page.practice else 0


def lesson_table(own: Contents) -> str:
    """All lessons with their exercises and minutes, as a table in Markdown; then the hours.

    own: the lesson in which it stands, to which nothing links.
    """
    head = text("links.table", "| no. | lesson | minutes | exercises | minutes |")
    rows = [head, "|---|---|---:|---|---:|"]
    for page in all_lessons():
        here = page.number == own.number
        title = lesson_title(page)
        lesson = title if here else f"[{title}]({page.notebook}.ipynb)"
        exercises, minutes = text("links.in_the_lesson", "in the lesson"), ""
        if page.practice:
            count = counted(len(page.exercises), "exercise")
            exercises = f"[{count}]({page.practice_notebook}.ipynb)"
            minutes = str(practice_minutes(page))
        rows.append(f"| {page.number} | {lesson} | {page.minutes} | {exercises} | {minutes} |")
    lessons = half_hours(sum(page.minutes for page in all_lessons()))
    exercises = half_hours(sum(map(practice_minutes, all_lessons())))
    together = text(
        "links.together",
        "Together: about {lessons} hours of lessons and {exercises} hours of exercises.",
        lessons=lessons,
        exercises=exercises,
    )
    return "\n".join([*rows, "", together])


def half_hours(minutes: int) -> str:
    """Minutes as hours, to the nearest half: '26.5' for 1592."""
    return f"{round(minutes / 30) / 2:g}"


def closing(page: Contents, *, practice: bool) -> str:
    """The last cell of a lesson, or with `practice` of its exercises: where to go from there."""
    links = []
    if practice:
        lesson = numbered_title(page)
        title = text("links.to_lesson", "The lesson: {lesson}", lesson=lesson)
        links.append(f"[{title}]({page.notebook}.ipynb)")
    elif page.practice:
        link = text(
            "links.to_exercises",
            "[The exercises of this lesson]({file}): {number}, about {minutes} minutes",
            file=f"{page.practice_notebook}.ipynb",
            number=len(page.exercises),
            minutes=practice_minutes(page),
        )
        links.append(link)
    following = next_lesson(page)
    if following:
        lesson = numbered_title(following)
        title = text("links.to_next", "The next lesson: {lesson}", lesson=lesson)
        links.append(f"[{title}]({following.notebook}.ipynb)")
    first = all_lessons()[0]
    if page.number != first.number:
        links.append(f"[{text('links.to_all', 'All lessons')}]({first.notebook}.ipynb)")
    return "\n".join([text("links.next", "## Next"), "", *(f"- {link}" for link in links)])
