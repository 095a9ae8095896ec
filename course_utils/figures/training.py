"""Figures of training: what a run wrote down, epoch by epoch, and what a classifier mixes up.

Taught in notebook 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from .drawing import MARGIN, Figure, Page, page

LEFT = 58  # pixels, room for the numbers of an axis
PLOT_WIDTH = 520
CELL = 38  # pixels, a cell of a confusion matrix
WHOLE = "#a9b0b7"  # the broad line of a run that others are drawn on


class Plot:
    """A plot area: values on two axes to whole pixels.

    Whole pixels, because the last digits of a trained loss differ from machine to machine and the
    picture should not.
    """

    def __init__(
        self, draw: Page, y: float, height: float, epochs: int, top: float, label: str
    ) -> None:
        self.draw, self.epochs, self.y, self.height = draw, epochs, y, height
        self.step = nice_step(top, parts=height / 32)
        self.top = max(1, math.ceil(round(top / self.step, 6))) * self.step
        draw.text(MARGIN, y - 18, label, bold=True)
        for tick in range(round(self.top / self.step) + 1):
            value = tick * self.step
            _, line = self.place(0, value)
            draw.line(
                [(MARGIN + LEFT, line), (MARGIN + LEFT + PLOT_WIDTH, line)],
                colour=draw.line_colour,
                line=1,
                under=True,
            )
            draw.text(
                MARGIN + LEFT - 10, line, f"{value:g}", size=13, colour=draw.muted, ha="right"
            )

    def place(self, epoch: float, value: float) -> tuple[int, int]:
        """The pixel of a value; what is above the plot is drawn at its upper edge."""
        across = epoch / max(self.epochs - 1, 1)
        up = min(max(value / self.top, 0.0), 1.0)
        return (
            round(MARGIN + LEFT + 14 + across * (PLOT_WIDTH - 28)),
            round(self.y + self.height - up * self.height),
        )

    def curve(self, values: Sequence[float], colour: str, first: int = 0) -> None:
        """A point for each epoch from `first` on, joined by a line."""
        points = [self.place(first + i, value) for i, value in enumerate(values)]
        self.draw.line(points, colour=colour, line=2.5)
        for x, y in points:
            self.draw.box(x - 3, y - 3, 6, 6, fill=colour, radius=2.9)

    def number_the_epochs(self) -> None:
        every = math.ceil(self.epochs / 12)
        for epoch in range(0, self.epochs, every):
            x, _ = self.place(epoch, 0)
            self.draw.text(
                x, self.y + self.height + 20, str(epoch), size=13, colour=self.draw.muted,
                ha="center",
            )  # fmt: skip
        self.draw.text(
            MARGIN + LEFT + PLOT_WIDTH, self.y + self.height + 40, "epoch", size=13, ha="right"
        )

    def key(self, entries: Sequence[tuple[str, str]]) -> None:
        """Names of the curves, in their colours, at the upper right."""
        x = MARGIN + LEFT + PLOT_WIDTH
        for name, colour in reversed(entries):
            x -= self.draw.width_of(name, bold=True)
            self.draw.text(x, self.y - 18, name, colour=colour, bold=True)
            x -= 18


def nice_step(top: float, parts: float) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that divides 0 to top into few parts."""
    if not 0 < top < math.inf:
        return 1.0
    power = 10.0 ** (math.floor(math.log10(top)) - 1)
    return next(step * power for step in (1, 2, 5, 10, 20, 50, 100) if top <= parts * step * power)


def epochs_of(curves: Sequence[Sequence[float]], name: str) -> int:
    """The common number of points. Raises ValueError if there is none, or not one for all."""
    lengths = {len(curve) for curve in curves}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            f"{name}() needs one number for each epoch in every list; these have the lengths "
            f"{', '.join(str(len(curve)) for curve in curves)}."
        )
    return lengths.pop()


def training_run(train: Sequence[float], valid: Sequence[float], rates: Sequence[float]) -> Figure:
    """The losses of a run, and under them the learning rate, over its epochs.

    train, valid, rates: one number for each epoch: the mean loss in training, the mean loss on
    validation data, and the learning rate.
    Raises ValueError if they are not equally long, or empty. Taught in notebook 10.
    """
    epochs = epochs_of([train, valid, rates], "training_run")
    with page() as draw:
        colours = draw.hues
        losses = Plot(draw, 58, 210, epochs, max(*train, *valid), "loss")
        losses.key([("training", colours[1]), ("validation", colours[0])])
        losses.curve(train, colours[1])
        losses.curve(valid, colours[0])
        below = Plot(draw, 330, 90, epochs, max(rates), "learning rate")
        below.curve(rates, colours[2])
        below.number_the_epochs()
        best = min(range(epochs), key=lambda epoch: valid[epoch])
        alt = (
            f"Two curves over {epochs} epochs: the training loss goes from {train[0]:.1f} to "
            f"{train[-1]:.1f}, the validation loss from {valid[0]:.1f} to {valid[-1]:.1f}, with "
            f"its lowest value in epoch {best}. Below, the learning rate goes from {rates[0]:g} "
            f"to {rates[-1]:g}."
        )
        return draw.finish(2 * MARGIN + LEFT + PLOT_WIDTH, 480, alt)


def resumed_run(
    whole: Sequence[float], resumed: Sequence[float], careless: Sequence[float]
) -> Figure:
    """A run that was not interrupted, and two that went on from a checkpoint, on top of it.

    whole: the loss of each epoch without an interruption. resumed, careless: the losses of the
    last epochs, from everything that was saved and from the parameters alone.
    Raises ValueError if the two resumed parts are empty, not equally long, or longer than the
    whole. Taught in notebook 10.
    """
    first = len(whole) - epochs_of([resumed, careless], "resumed_run")
    if first < 1:
        raise ValueError("resumed_run() needs a whole run that is longer than its resumed parts.")
    with page() as draw:
        colours = draw.hues
        plot = Plot(draw, 58, 230, len(whole), max(*whole, *resumed, *careless), "loss")
        plot.key(
            [
                ("not interrupted", colours[5]),
                ("resumed", colours[3]),
                ("parameters alone", colours[0]),
            ]
        )
        points = [plot.place(epoch, loss) for epoch, loss in enumerate(whole)]
        draw.line(points, colour=WHOLE, line=10, under=True)
        plot.curve(careless, colours[0], first)
        plot.curve(resumed, colours[3], first)
        edge, _ = plot.place(first - 0.5, 0)
        draw.line([(edge, 58), (edge, 288)], line=1.5, dashed=True)
        draw.text(edge + 6, 70, "checkpoint", size=13)
        plot.number_the_epochs()
        apart = max(abs(a - b) for a, b in zip(careless, whole[first:], strict=True))
        same = list(resumed) == list(whole[first:])
        alt = (
            f"The loss over {len(whole)} epochs, with a checkpoint before epoch {first}. The run "
            f"resumed from everything {'lies exactly on' if same else 'leaves'} the curve of the "
            f"run that was not interrupted; the run resumed from the parameters alone is up to "
            f"{apart:.1g} away from it."
        )
        return draw.finish(2 * MARGIN + LEFT + PLOT_WIDTH, 350, alt)


def confusion(matrix: torch.Tensor, names: Sequence[str]) -> Figure:
    """A confusion matrix: a row for each true class, a column for each predicted one.

    matrix: whole numbers, shape (classes, classes). names: one for each class.
    A cell is darker the larger its share of the row; mistakes have a frame.
    Raises ValueError if the shapes do not fit. Taught in notebook 10.
    """
    if matrix.dim() != 2 or matrix.shape != (len(names), len(names)):
        raise ValueError(
            f"confusion() needs a row and a column for each of the {len(names)} names; this "
            f"matrix has the shape {tuple(matrix.shape)}."
        )
    counts = matrix.tolist()
    with page() as draw:
        widest = max(draw.width_of(name) for name in names)
        cell = max(CELL, widest + 16, draw.width_of(str(int(matrix.max())), bold=True) + 16)
        height = CELL
        left, top = MARGIN + max(widest, draw.width_of("true", bold=True)) + 14, MARGIN + 52
        draw.text(left + len(names) * cell / 2, MARGIN + 6, "predicted", bold=True, ha="center")
        draw.text(left - 14, top - 14, "true", bold=True, ha="right")
        for j, name in enumerate(names):
            draw.text(left + (j + 0.5) * cell, top - 14, name, ha="center")
        for i, row in enumerate(counts):
            draw.text(left - 14, top + (i + 0.5) * height, names[i], ha="right", va="center")
            total = max(sum(row), 1)
            for j, count in enumerate(row):
                x, y = left + j * cell, top + i * height
                draw.box(x + 1, y + 1, cell - 2, height - 2, fill=shade(count / total))
                if count and i != j:
                    draw.box(x + 2, y + 2, cell - 4, height - 4, edge=draw.hues[0], line=2)
                draw.text(
                    x + cell / 2,
                    y + height / 2,
                    str(count),
                    ha="center",
                    va="center",
                    colour=draw.ink if count else draw.muted,
                    bold=i == j,
                )
        return draw.finish(
            left + len(names) * cell + MARGIN, top + len(names) * height + MARGIN,
            confusion_alt(counts, names),
        )  # fmt: skip


def shade(share: float) -> tuple[float, float, float]:
    """From the colour of an empty cell to a blue that dark numbers can be read on."""
    empty, full = (1.0, 0.99, 0.97), (0.55, 0.75, 0.92)
    part = round(share, 2)
    return tuple(low + part * (high - low) for low, high in zip(empty, full, strict=True))


def confusion_alt(counts: list[list[int]], names: Sequence[str]) -> str:
    total = sum(map(sum, counts))
    right = sum(counts[i][i] for i in range(len(names)))
    alt = f"A confusion matrix of {len(names)} classes: "
    alt += f"{right} of {total} samples lie on its diagonal."
    mixed = [
        (counts[i][j], names[i], names[j])
        for i in range(len(names))
        for j in range(len(names))
        if i != j
    ]
    most = max(mixed, default=(0, "", ""), key=lambda entry: entry[0])
    if most[0]:
        alt += f" The largest number beside it is {most[0]}: {most[1]} taken for {most[2]}."
    return alt
