"""The mount points of the interactive figures: a still and a text for those without JavaScript.

`_static/storage-explorer.js` and `_static/gather-arrows.js` put the figures in their place.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

CELL = 34  # pixels
GAP = 4
MARGIN = 12
LABEL = 20  # height of a line of words

SCRIPTS = ("cells.js", "storage-explorer.js", "gather-arrows.js")
STYLES = ("cells.css",)
# After which heading of which lesson a figure stands.
PLACES = {
    "storage-explorer": ("01", "One storage, many views"),
    "gather-arrows": ("02", "`gather`: one place for each result"),
}


def mount_point(name: str) -> str:
    """The HTML of one figure's mount point. name: a key of PLACES."""
    still, words = {"storage-explorer": _storage, "gather-arrows": _gather}[name]()
    return f'<div data-course="{name}" class="course-figure">\n{still}\n<p>{words}</p>\n</div>\n'


def _storage() -> tuple[str, str]:
    """A slice of a matrix, above the storage that it reads."""
    used = {4: (0, 0), 6: (0, 1), 8: (1, 0), 10: (1, 1)}
    parts = [_words(0, 0, "x[1:, ::2]: shape (2, 2), stride (4, 2), offset 4")]
    for place, (row, column) in used.items():
        parts.append(_cell(column, row, 10 * place, top=LABEL, marked=True))
    below = LABEL + 2 * (CELL + GAP) + LABEL
    parts.append(_words(0, below - LABEL, "storage of x"))
    for place in range(12):
        parts.append(_cell(place, 0, 10 * place, top=below, marked=place in used))
        middle = place * (CELL + GAP) + CELL // 2
        parts.append(_words(middle, below + CELL, str(place), anchor="middle"))
    alt = "A tensor of 40, 60, 80, 100 above a storage of 0 to 110; places 4, 6, 8, 10 are marked."
    words = (
        "The storage of <code>x</code> holds twelve numbers. The slice <code>x[1:, ::2]</code> is "
        "a note about it: begin at place 4, go on by 4 for a row and by 2 for a column. So its "
        "element [1, 1] reads place 4 + 1 × 4 + 1 × 2 = 10, which holds 100."
    )
    return _svg(parts, columns=12, height=below + CELL + LABEL, alt=alt), words


def _gather() -> tuple[str, str]:
    """The index and x, with the elements that gather(0, index) reads."""
    index = [2, 0, 1, 1]
    parts = [_words(0, 0, "index")]
    for column, row in enumerate(index):
        parts.append(_cell(column, 0, row, top=LABEL))
    below = LABEL + CELL + GAP + LABEL
    parts.append(_words(0, below - LABEL, "x"))
    for row in range(3):
        for column in range(4):
            read = index[column] == row
            parts.append(_cell(column, row, 40 * row + 10 * column, top=below, marked=read))
    under = below + 3 * (CELL + GAP) + LABEL
    parts.append(_words(0, under - LABEL, "x.gather(0, index)"))
    for column, row in enumerate(index):
        parts.append(_cell(column, 0, 40 * row + 10 * column, top=under, marked=True))
    alt = "An index of 2, 0, 1, 1, a table x, and the result 80, 10, 60, 70."
    words = (
        "With <code>dim=0</code>, each number of the index is a row of <code>x</code>; the column "
        "stays. The index begins with 2, so the result begins with <code>x[2, 0]</code>, which is "
        "80. Then come <code>x[0, 1]</code>, <code>x[1, 2]</code> and <code>x[1, 3]</code>."
    )
    return _svg(parts, columns=5, height=under + CELL, alt=alt), words


def _cell(column: int, row: int, number: int, *, top: int, marked: bool = False) -> str:
    x, y = column * (CELL + GAP), top + row * (CELL + GAP)
    fill = "#ffe14d" if marked else "#fffdf8"
    return (
        f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{fill}" stroke="#4d5864"/>'
        f'<text x="{x + CELL / 2}" y="{y + CELL / 2 + 5}" text-anchor="middle">{number}</text>'
    )


def _words(x: int, y: int, words: str, *, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y + LABEL - 5}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _svg(parts: Sequence[str], *, columns: int, height: int, alt: str) -> str:
    """On a soft panel of its own, so that it can be read on a dark page, too."""
    wide, high = columns * (CELL + GAP) - GAP + 2 * MARGIN, height + 2 * MARGIN
    return (
        f'<svg class="course-still" xmlns="http://www.w3.org/2000/svg" width="{wide}" '
        f'height="{high}" viewBox="{-MARGIN} {-MARGIN} {wide} {high}" role="img" '
        f'aria-label="{html.escape(alt)}" font-family="sans-serif" font-size="13">'
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{wide}" height="{high}" fill="#f6f4ee"/>'
        f'<g fill="#1d2630">{"".join(parts)}</g></svg>'
    )
