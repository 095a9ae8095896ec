"""What every figure is made of: a page measured in pixels, and the finished Figure.

A figure is drawn on a `page()`. The unit is one pixel of the notebook page at normal zoom, x runs
to the right and y runs down. The size of the page is given at the end:

    with page() as draw:
        draw.box(20, 20, 40, 40, fill=CELL)
        draw.text(40, 40, "7", ha="center")
        return draw.finish(width=80, height=80, alt="A cell that holds a 7.")

Nothing here touches matplotlib's pyplot, so a figure leaves no state behind.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import html
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..texts import text

STYLE = Path(__file__).with_name("course.mplstyle")

# Roles of colours. What is written with stands in the style file; these are fillings under it.
UNUSED = "#e6e2d8"  # a cell that nothing looks at
CELL = "#fffdf8"  # a cell without a meaning in its colour
# From the first of many things to the last: ever lighter, and from blue to yellow, which
# colour-blind readers tell apart. All of them carry dark numbers.
RAMP = ("#a08be8", "#6aaef0", "#62cdb8", "#b4e070", "#ffe14d")

# Of its size: in a narrow window, or at 200 %, a figure gets no smaller, and scrolls.
# Its smallest words, of 11 pixels, then have 8.8.
SMALLEST = 0.8

MARGIN = 24  # pixels, from the edge of the page to what is drawn
PIXELS_PER_INCH = 100
POINTS_PER_PIXEL = 72 / PIXELS_PER_INCH


@dataclasses.dataclass(frozen=True)
class Figure:
    """A finished picture for a notebook.

    alt: what it shows, in one to three sentences, for those who cannot see it.
    png: its bytes, the same on every call. width, height: in pixels of the page (the file holds
    twice as many each way). pixels: the beginning of their sha256. The bytes of a PNG also depend
    on who compressed it, the pixels do not, so they are what a stored output is compared by.
    drawing: the matplotlib figure behind it.
    """

    alt: str
    png: bytes
    pixels: str
    width: int
    height: int
    drawing: Any = dataclasses.field(repr=False, compare=False)

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.png).decode("ascii")
        least = math.ceil(SMALLEST * self.width)
        # With a tabindex, those who have no mouse can scroll, too.
        return (
            '<div style="overflow-x:auto" tabindex="0">'
            f'<img alt="{html.escape(self.alt)}" width="{self.width}" data-pixels="{self.pixels}" '
            f'style="max-width:100%;min-width:{least}px;height:auto;border-radius:8px" '
            f'src="data:image/png;base64,{data}"></div>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        # No image/png: JupyterLab shows it without its alt text, and it would double the size.
        return {"text/html": self._repr_html_(), "text/plain": self.alt}


def shape_label(shape: Sequence[int]) -> str:
    """'shape (2, 3)'."""
    return text("figure.shape", "shape {shape}", shape=tuple(shape))


def ramp(count: int) -> list[tuple[float, float, float]]:
    """`count` colours in order, each as red, green and blue from 0 to 1."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("ramp", RAMP)
    return [colours(step / max(count - 1, 1))[:3] for step in range(count)]


@contextlib.contextmanager
def page() -> Iterator[Page]:
    """A page to draw on, in the course's style whatever the reader's own settings are."""
    import matplotlib.style

    with matplotlib.style.context(["default", str(STYLE)]):
        yield Page()


class Page:
    """Shapes and words at pixel positions. Made by `page()`; `finish()` gives the Figure."""

    def __init__(self) -> None:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Drawing

        settings = matplotlib.rcParams
        self.ink: str = settings["text.color"]
        self.muted: str = settings["xtick.color"]
        self.panel: str = settings["figure.facecolor"]
        self.line_colour: str = settings["grid.color"]
        self.hues: list[str] = settings["axes.prop_cycle"].by_key()["color"]
        self._drawing = Drawing()
        self._canvas = FigureCanvasAgg(self._drawing)
        self._surface = self._drawing.add_axes((0, 0, 1, 1))
        self._surface.set_axis_off()
        self._charts: list[tuple[Any, tuple[float, float, float, float]]] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 14,
        colour: str | None = None,
        bold: bool = False,
        code: bool = False,
        ha: str = "left",
        va: str = "center_baseline",
        on: str | None = None,
    ) -> None:
        """Words at (x, y). size: in pixels. on: paints this colour behind the words."""
        behind = None
        if on is not None:
            behind = {"facecolor": on, "edgecolor": "none", "boxstyle": "square,pad=0.12"}
        self._surface.text(
            x,
            y,
            words,
            fontsize=size * POINTS_PER_PIXEL,
            color=colour or self.ink,
            fontweight="bold" if bold else "normal",
            family="monospace" if code else "sans-serif",
            ha=ha,
            va=va,
            bbox=behind,
            parse_math=False,
            zorder=4,
        )

    def width_of(
        self, words: str, *, size: float = 14, bold: bool = False, code: bool = False
    ) -> float:
        """How many pixels wide the words will be."""
        from matplotlib.font_manager import FontProperties

        font = FontProperties(
            family="monospace" if code else "sans-serif",
            weight="bold" if bold else "normal",
            size=size * POINTS_PER_PIXEL,
        )
        width, _, _ = self._canvas.get_renderer().get_text_width_height_descent(words, font, False)
        return width * PIXELS_PER_INCH / self._drawing.dpi

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | tuple = "none",
        edge: str | tuple = "none",
        line: float = 1,
        radius: float = 0,
        dashed: bool = False,
        over: bool = False,
    ) -> None:
        """A rectangle whose top left corner is (x, y). over: over the lines drawn before it."""
        from matplotlib.patches import FancyBboxPatch

        shape = f"round,pad=0,rounding_size={radius}" if radius else "square,pad=0"
        self._surface.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle=shape,
                facecolor=fill,
                edgecolor=edge,
                linewidth=line * POINTS_PER_PIXEL if edge != "none" else 0,
                linestyle=(0, (3, 3)) if dashed else "solid",
                zorder=3 if over else 2,
            )
        )

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        colour: str | None = None,
        line: float = 1.5,
        dashed: bool = False,
        under: bool = False,
    ) -> None:
        """A line through the points, each moved to the nearest 64th of a pixel.

        The last digits of computed points differ between processors; the pixels should not.
        """
        self._surface.plot(
            [round(x * 64) / 64 for x, _ in points],
            [round(y * 64) / 64 for _, y in points],
            color=colour or self.ink,
            linewidth=line * POINTS_PER_PIXEL,
            linestyle=(0, (3, 3)) if dashed else "solid",
            zorder=1 if under else 3,
        )

    def arrow(
        self,
        points: Sequence[tuple[float, float]],
        *,
        codes: Sequence[int] | None = None,
        colour: str | None = None,
        line: float = 2,
        head: float = 10,
    ) -> None:
        """An arrow along the points; codes as in matplotlib.path.Path, for a curved one."""
        from matplotlib.patches import PathPatch, Polygon
        from matplotlib.path import Path as Outline

        colour = colour or self.ink
        (x0, y0), (x1, y1) = points[-2:]
        length = math.hypot(x1 - x0, y1 - y0)
        along, across = ((x1 - x0) / length, (y1 - y0) / length), 0.42 * head
        back = (x1 - head * along[0], y1 - head * along[1])
        # The line ends inside the head, so that it does not blunt the tip.
        points = [*points[:-1], (x1 - 0.7 * head * along[0], y1 - 0.7 * head * along[1])]
        self._surface.add_patch(
            PathPatch(
                Outline(points, codes),
                facecolor="none",
                edgecolor=colour,
                linewidth=line * POINTS_PER_PIXEL,
                capstyle="round",
                zorder=3,
            )
        )
        corners = [
            (x1, y1),
            (back[0] - across * along[1], back[1] + across * along[0]),
            (back[0] + across * along[1], back[1] - across * along[0]),
        ]
        self._surface.add_patch(Polygon(corners, facecolor=colour, edgecolor="none", zorder=3))

    def hop(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        rise: float,
        *,
        colour: str | None = None,
        head: float = 10,
        _turned: bool = False,
    ) -> None:
        """A curved arrow that leaves `start` upwards, rises `rise` pixels, and lands on `end`."""
        (x0, y0), (x1, y1) = start, end
        top = min(y0, y1) - rise
        reach = min(rise - head, abs(x1 - x0) / 2, 20)  # of the two round corners
        bend = math.copysign(reach, x1 - x0)
        move, straight, curve = 1, 2, 4  # MOVETO, LINETO and CURVE4 of matplotlib.path.Path
        route = [
            (move, (x0, y0)),
            (straight, (x0, top + reach)),
            (curve, (x0, top + 0.45 * reach)),
            (curve, (x0 + 0.55 * bend, top)),
            (curve, (x0 + bend, top)),
            (straight, (x1 - bend, top)),
            (curve, (x1 - 0.55 * bend, top)),
            (curve, (x1, top + 0.45 * reach)),
            (curve, (x1, top + reach)),
            (straight, (x1, y1)),
        ]
        points = [(y, x) if _turned else (x, y) for _, (x, y) in route]
        self.arrow(points, codes=[code for code, _ in route], colour=colour, head=head)

    def side_hop(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        reach: float,
        *,
        colour: str | None = None,
        head: float = 10,
    ) -> None:
        """As `hop`, but it leaves to the left, by `reach` pixels, and lands from there."""
        self.hop(start[::-1], end[::-1], reach, colour=colour, head=head, _turned=True)

    def picture(
        self, x: float, y: float, width: float, height: float, pixels: Any, *, smooth: bool = False
    ) -> None:
        """An image array of shape (rows, columns, 3), floats from 0 to 1 or bytes, at (x, y)."""
        self._surface.imshow(
            pixels,
            extent=(x, x + width, y + height, y),
            interpolation="bilinear" if smooth else "nearest",
            aspect="auto",
            zorder=2,
        )

    def chart(self, x: float, y: float, width: float, height: float) -> Any:
        """A matplotlib Axes for curves, whose frame has its top left corner at (x, y).

        Leave about 50 pixels on its left and below for the numbers and names of its axes.
        """
        axes = self._drawing.add_axes((0, 0, 1, 1), label=str(len(self._charts)), zorder=-1)
        self._charts.append((axes, (x, y, width, height)))
        return axes

    def cell(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        word: str,
        *,
        fill: str | tuple = CELL,
        colour: str | None = None,
        size: float = 14,
        bold: bool = False,
    ) -> None:
        """A filled rectangle with a word in its middle, as in a row of numbers."""
        self.box(x, y, width, height, fill=fill, edge=self.panel, line=1.5)
        self.text(
            x + width / 2, y + height / 2, word, size=size, colour=colour, bold=bold, ha="center"
        )

    def finish(self, width: float, height: float, alt: str) -> Figure:
        """The Figure, `width` by `height` pixels."""
        width, height = round(width), round(height)
        self._drawing.set_size_inches(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH)
        self._surface.set(xlim=(0, width), ylim=(height, 0))
        for axes, (x, y, wide, high) in self._charts:
            bottom = 1 - (y + high) / height
            axes.set_position((x / width, bottom, wide / width, high / height))
        self._canvas.draw()
        return Figure(alt, *_png(self._canvas), width, height, self._drawing)


def _png(canvas: Any) -> tuple[bytes, str]:
    """The canvas as PNG, a palette of 256 colours, no date in it; and the digest of its pixels."""
    from PIL import Image

    image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
    digest = hashlib.sha256(image.tobytes()).hexdigest()[:16]
    file = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(file, format="png", optimize=True)
    return file.getvalue(), digest
