"""The map of a course: which lesson needs which.

Taught in notebook 00.
"""

from __future__ import annotations

import dataclasses
import graphlib
import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence

from ..texts import all_of, counted, text
from .drawing import MARGIN, Figure, Page, page, ramp

MOST_LESSONS = 40
NARROWEST = 90  # pixels, a lesson's box
BETWEEN = 38  # pixels, from one column of boxes to the next
APART = 18  # pixels, between boxes of one column
LETTERS, LINE = 13, 17  # pixels, the letters of a title and a line of them
SHADES = 11  # colours from nothing done to everything
SWEEPS = 20  # over the columns and back, each straightening the arrows a little


def course_map(
    lessons: Iterable[tuple[str, str, Sequence[str]]], done: Mapping[str, float] | None = None
) -> Figure:
    """Which lesson needs which, from left to right: a lesson stands right of all that it needs.

        figures.course_map([("00", "start here", []), ("01", "tensors", ["00"])])

    What a lesson needs by way of another one has no arrow of its own.

    lessons: (number, title, numbers of the lessons it needs), in any order, at most 40.
    done: for each number, the share of the lesson that was done, from 0 to 1: it gives the box its
    colour, and stands in it. Without it, colours follow the order of the lessons.
    Raises ValueError for a number given twice, for one that is needed but missing, for lessons
    that need each other in a circle, and for too many of them.
    Taught in notebook 00.
    """
    lessons = list(lessons)
    if not 1 <= len(lessons) <= MOST_LESSONS:
        raise ValueError(f"course_map() draws 1 to {MOST_LESSONS} lessons, not {len(lessons)}.")
    needs = {number: list(dict.fromkeys(needed)) for number, _, needed in lessons}
    if len(needs) < len(lessons):
        raise ValueError("Two lessons have the same number; course_map() needs different ones.")
    needs = direct(needs)
    with page() as draw:
        words = [word for _, title, _ in lessons for word in title.split()]
        wide = max(NARROWEST, *(draw.width_of(word, size=LETTERS) + 12 for word in words))
        lines = {number: wrapped(draw, title, wide - 10) for number, title, _ in lessons}
        columns, arrows = placed(needs, {n: LINE * len(lines[n]) + 34 for n in needs})

        nodes = [node for column in columns for node in column]
        down = MARGIN - min(node.y - node.high / 2 for node in nodes)
        for arrow in arrows:
            draw_arrow(draw, arrow, wide, down)
        colours = dict(zip(needs, ramp(len(needs)), strict=True))
        if done is not None:
            shades = ramp(SHADES)
            colours = {number: shades[round(done[number] * (SHADES - 1))] for number in needs}
        for node in nodes:
            if node.lesson is None:
                continue
            x, top = left_of(node, wide), node.y + down - node.high / 2
            draw.box(x, top, wide, node.high, fill=colours[node.lesson], radius=8)
            label = node.lesson + ("" if done is None else f" · {percent(done[node.lesson])}")
            size = 16 if done is None else 14
            draw.text(x + wide / 2, top + 16, label, size=size, bold=True, ha="center")
            for row, line in enumerate(lines[node.lesson]):
                at = x + wide / 2, top + 36 + LINE * row
                draw.text(*at, line, size=LETTERS, ha="center")
        parts = []
        for number, title, _ in lessons:
            lesson = f"{number} {title}"
            if done is not None:
                share = percent(done[number])
                lesson = text(
                    "figure.course_map.done", "{lesson} ({share} done)", lesson=lesson, share=share
                )
            if needs[number]:
                lesson = text(
                    "figure.course_map.needs",
                    "{lesson} needs {others}",
                    lesson=lesson,
                    others=all_of(needs[number]),
                )
            parts.append(lesson)
        alt = text(
            "figure.course_map.alt",
            "A map of {count} with an arrow to each from what it needs: {lessons}.",
            count=counted(len(lessons), "lesson"),
            lessons="; ".join(parts),
        )
        right = left_of(columns[-1][0], wide) + wide
        bottom = max(node.y + node.high / 2 for node in nodes) + down
        return draw.finish(right + MARGIN, bottom + MARGIN, alt)


def percent(share: float) -> str:
    """'40 %'. Only what is whole is '100 %', and only nothing is '0 %'."""
    return f"{min(max(round(share * 100), int(share > 0)), 100 if share >= 1 else 99)} %"


@dataclasses.dataclass(eq=False)
class Node:
    """A lesson's box, or a place where an arrow passes through a column (lesson None)."""

    lesson: str | None
    column: int
    high: float
    y: float = 0  # of its middle
    before: list[Node] = dataclasses.field(default_factory=list)
    after: list[Node] = dataclasses.field(default_factory=list)


def placed(
    needs: dict[str, list[str]], high: dict[str, float]
) -> tuple[list[list[Node]], list[list[Node]]]:
    """The columns of nodes, top to bottom, and the arrows, each as the nodes that it runs through.

    Each node goes near the mean height of its neighbours; nodes of one column keep apart.
    """
    boxes = {number: Node(number, column, high[number]) for number, column in depths(needs).items()}
    columns: list[list[Node]] = [[] for _ in range(1 + max(box.column for box in boxes.values()))]
    for box in boxes.values():
        columns[box.column].append(box)
    arrows = []
    for number, needed in needs.items():
        for source in needed:
            arrow = [boxes[source]]
            for column in range(boxes[source].column + 1, boxes[number].column):
                arrow.append(Node(None, column, 4))
                columns[column].append(arrow[-1])
            arrow.append(boxes[number])
            arrows.append(arrow)
            for one, following in itertools.pairwise(arrow):
                one.after.append(following)
                following.before.append(one)
    uncross(columns)
    for _ in range(SWEEPS):
        # To the right after what is needed, then back to the left: the last sweep straightens
        # the arrows into every lesson that others build on.
        for nodes in columns:
            spread(nodes, [mean_y(node.before or node.after, node) for node in nodes])
        for nodes in columns[::-1]:
            spread(nodes, [mean_y(node.after or node.before, node) for node in nodes])
    return columns, arrows


def uncross(columns: list[list[Node]]) -> None:
    """Order each column: swap neighbours for as long as this saves crossings of arrows."""

    def crossings(upper: Node, lower: Node) -> int:
        pairs = [
            (mine, other)
            for near, far in ((upper.before, lower.before), (upper.after, lower.after))
            for mine in near
            for other in far
        ]
        return sum(mine.y > other.y for mine, other in pairs)

    for column in columns:
        for rank, node in enumerate(column):
            node.y = rank
    swapped = True
    while swapped:
        swapped = False
        for column in columns:
            for rank, (upper, lower) in enumerate(itertools.pairwise(column)):
                if crossings(lower, upper) < crossings(upper, lower):
                    column[rank : rank + 2] = lower, upper
                    upper.y, lower.y = lower.y, upper.y
                    swapped = True
                    break  # the pairs have changed


def mean_y(nodes: list[Node], otherwise: Node) -> float:
    return statistics.fmean(node.y for node in nodes) if nodes else otherwise.y


def spread(column: list[Node], wishes: list[float]) -> None:
    """Put the nodes near where they wish to be, in this order and without touching."""
    bottom = float("-inf")
    for node, wish in zip(column, wishes, strict=True):
        node.y = max(wish, bottom + node.high / 2 + APART)
        bottom = node.y + node.high / 2
    shift = statistics.fmean(wish - node.y for node, wish in zip(column, wishes, strict=True))
    for node in column:
        node.y += shift


def depths(needs: dict[str, list[str]]) -> dict[str, int]:
    """For each lesson its column: one more than the deepest lesson that it needs."""
    for number, needed in needs.items():
        for other in needed:
            if other not in needs:
                raise ValueError(f"Lesson {number} needs {other}, which is not among the lessons.")
    try:
        order = list(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as error:
        first, *others = reversed(error.args[1])
        circle = f"{first} needs {', which needs '.join(others)}"
        raise ValueError(f"These lessons need each other in a circle: {circle}.") from None
    found: dict[str, int] = {}
    for number in order:
        found[number] = max((found[other] + 1 for other in needs[number]), default=0)
    return {number: found[number] for number in needs}


def direct(needs: dict[str, list[str]]) -> dict[str, list[str]]:
    """For each lesson what it needs, without what it needs by way of another one as well."""
    before: dict[str, set[str]] = {}
    for number in sorted(needs, key=depths(needs).__getitem__):
        before[number] = set(needs[number]).union(*(before[other] for other in needs[number]))
    return {
        number: [o for o in needed if not any(o in before[between] for between in needed)]
        for number, needed in needs.items()
    }


def draw_arrow(draw: Page, arrow: list[Node], wide: float, down: float) -> None:
    move, straight, curve = 1, 2, 4  # MOVETO, LINETO and CURVE4 of matplotlib.path.Path
    points = [(left_of(arrow[0], wide) + wide, arrow[0].y + down)]
    codes = [move]
    for node in arrow[1:]:
        (x0, y0), x1, y1 = points[-1], left_of(node, wide), node.y + down
        x1 -= 12 if node.lesson else 0  # the head is straight
        middle = (x0 + x1) / 2
        points += [(middle, y0), (middle, y1), (x1, y1)]
        codes += [curve] * 3
        points.append((left_of(node, wide) + (wide if node.lesson is None else -2), y1))
        codes.append(straight)
    draw.arrow(points, codes=codes, colour=draw.muted, line=1.8)


def left_of(node: Node, wide: float) -> float:
    """The left side of its box, in pixels."""
    return MARGIN + node.column * (wide + BETWEEN)


def wrapped(draw: Page, title: str, width: float) -> list[str]:
    """The title in lines that fit the width."""
    lines: list[str] = []
    for word in title.split():
        if lines and draw.width_of(f"{lines[-1]} {word}", size=LETTERS) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
