"""Pictures of one thing at several moments, one below the other, to be opened one by one.

For what has an order: the reader sets the pace, and can guess before opening the next one.
Taught in notebooks 05, 06 and 09.
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping

from ..texts import text
from .drawing import Figure

FEWEST, MOST = 2, 9


@dataclasses.dataclass(frozen=True)
class Steps:
    """Figures in order, each below a sentence that opens it. No script: HTML's own `<details>`.

    stills: for each step its sentence and its figure.
    """

    stills: tuple[tuple[str, Figure], ...]

    def titles(self) -> list[str]:
        """'Step 1 of 5: ' and the sentence, for each step."""
        count = len(self.stills)
        return [
            text(
                "figure.steps.title",
                "Step {number} of {count}: {sentence}",
                number=number,
                count=count,
                sentence=sentence,
            )
            for number, (sentence, _) in enumerate(self.stills, 1)
        ]

    def __repr__(self) -> str:
        figures = [figure for _, figure in self.stills]
        return "\n".join(
            f"{title} {figure.alt}" for title, figure in zip(self.titles(), figures, strict=True)
        )

    def _repr_html_(self) -> str:
        # Those of one name close each other. A viewer that takes the name away loses only this.
        name = "steps-" + self.stills[0][1].pixels
        parts = [
            f'<details name="{name}"{"" if i else " open"}>'
            f'<summary style="cursor:pointer;padding:4px 0">{html.escape(title)}</summary>'
            f"{figure._repr_html_()}</details>"
            for i, (title, (_, figure)) in enumerate(zip(self.titles(), self.stills, strict=True))
        ]
        return "\n".join(parts)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def steps(stills: Mapping[str, Figure]) -> Steps:
    """Figures that are opened one by one, the first of them open.

        figures.steps({"The loss is computed.": before, "backward() runs.": after})

    stills: for each step a sentence and a figure, in order. A sentence can be read while its figure
    is closed, so it says what is done and leaves to the figure what comes of it. All figures have
    the same size, so that nothing jumps from one to the next.
    Raises ValueError for fewer than 2 or more than 9 stills, or if their sizes differ.
    Taught in notebooks 05, 06 and 09.
    """
    if not FEWEST <= len(stills) <= MOST:
        raise ValueError(f"steps() shows {FEWEST} to {MOST} figures, not {len(stills)}.")
    sizes = {(figure.width, figure.height) for figure in stills.values()}
    if len(sizes) > 1:
        listed = " and ".join(f"{width} by {height}" for width, height in sorted(sizes))
        raise ValueError(f"The figures of steps() have one size, but these are {listed} pixels.")
    return Steps(tuple(stills.items()))
