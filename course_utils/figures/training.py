"""Figures of training: what a run wrote down, epoch by epoch, and what a classifier mixes up.

Taught in notebook 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..texts import text
from .drawing import MARGIN, Figure, Page, page

LEFT = 74  # pixels, where the plots begin
PLOT_WIDTH = 520
CELL = 38  # pixels, a cell of a confusion matrix
WHOLE = "#a9b0b7"  # the broad line of a run that others are drawn on


def curve(axes: Any, values: Sequence[float], colour: str, first: int = 0, **look: Any) -> None:
    """A point for each epoch from `first` on, joined by a line.

    Two decimals are drawn: the last digits of a trained loss differ from machine to machine, and
    the picture should not.
    """
    epochs = range(first, first + len(values))
    shown = [round(float(value), 2) for value in values]
    axes.plot(
        epochs, shown, color=colour, **{"marker": "o", "markersize": 5, "clip_on": False, **look}
    )


def frame(draw: Page, y: float, height: float, epochs: int) -> Any:
    """Axes at this height of the page, with the numbers of the epochs below and a grid."""
    from matplotlib.ticker import MaxNLocator

    axes = draw.chart(LEFT, y, PLOT_WIDTH, height)
    axes.grid(axis="y")
    axes.set_xlim(-0.5, epochs - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
    return axes


def key(draw: Page, y: float, entries: Sequence[tuple[str, str]]) -> None:
    """Names of curves, with their signs and in their colours, up to the right edge of the plot."""
    x: float = LEFT + PLOT_WIDTH
    for name, colour in reversed(entries):
        x -= draw.width_of(name, bold=True)
        draw.text(x, y, name, colour=colour, bold=True)
        x -= 18


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
        blue, red, purple = draw.hues[1], draw.hues[0], draw.hues[2]
        draw.text(MARGIN, MARGIN + 6, text("figure.run.loss", "loss"), bold=True)
        entries = [
            (text("figure.training_run.training", "● training"), blue),
            (text("figure.training_run.validation", "■ validation"), red),
        ]
        key(draw, MARGIN + 6, entries)
        losses = frame(draw, MARGIN + 26, 200, epochs)
        curve(losses, train, blue)
        curve(losses, valid, red, marker="s")
        losses.set_ylim(bottom=0)
        rate = text("figure.training_run.rate", "learning rate")
        draw.text(MARGIN, MARGIN + 266, rate, bold=True)
        below = frame(draw, MARGIN + 286, 80, epochs)
        below.plot(
            range(epochs), list(rates), color=purple, marker="o", markersize=4, clip_on=False
        )
        below.set_ylim(0, 1.15 * max(rates))
        epoch = text("figure.run.epoch", "epoch")
        draw.text(LEFT + PLOT_WIDTH, MARGIN + 408, epoch, size=13, ha="right")
        best = min(range(epochs), key=lambda epoch: valid[epoch])
        alt = text(
            "figure.training_run.alt",
            "Two curves over {epochs} epochs: the training loss goes from {first_train:.1f} to "
            "{last_train:.1f}, the validation loss from {first_valid:.1f} to {last_valid:.1f}, "
            "with its lowest value in epoch {best}. Below, the learning rate goes from "
            "{first_rate:g} to {last_rate:g}.",
            epochs=epochs,
            first_train=train[0],
            last_train=train[-1],
            first_valid=valid[0],
            last_valid=valid[-1],
            best=best,
            first_rate=rates[0],
            last_rate=rates[-1],
        )
        return draw.finish(LEFT + PLOT_WIDTH + MARGIN, MARGIN + 438, alt)


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
        red, green, grey = draw.hues[0], draw.hues[3], draw.hues[5]
        draw.text(MARGIN, MARGIN + 6, text("figure.run.loss", "loss"), bold=True)
        entries = [
            (text("figure.resumed_run.whole", "▬ not interrupted"), grey),
            (text("figure.resumed_run.resumed", "● resumed"), green),
            (text("figure.resumed_run.careless", "■ parameters alone"), red),
        ]
        key(draw, MARGIN + 6, entries)
        axes = frame(draw, MARGIN + 26, 220, len(whole))
        curve(axes, whole, WHOLE, linewidth=8, marker="")
        curve(axes, careless, red, first, marker="s")
        curve(axes, resumed, green, first)
        axes.set_ylim(bottom=0)
        axes.axvline(first - 0.5, color=draw.ink, linewidth=1, linestyle="--")
        across = LEFT + PLOT_WIDTH * first / len(whole)
        checkpoint = text("figure.resumed_run.checkpoint", "checkpoint")
        draw.text(across + 8, MARGIN + 38, checkpoint, size=13, on=draw.panel)
        epoch = text("figure.run.epoch", "epoch")
        draw.text(LEFT + PLOT_WIDTH, MARGIN + 288, epoch, size=13, ha="right")
        apart = max(abs(a - b) for a, b in zip(careless, whole[first:], strict=True))
        if list(resumed) == list(whole[first:]):
            alt = text(
                "figure.resumed_run.alt",
                "The loss over {epochs} epochs, with a checkpoint before epoch {first}. The run "
                "resumed from everything lies exactly on the curve of the run that was not "
                "interrupted; the run resumed from the parameters alone is up to {apart:.1g} away "
                "from it.",
                epochs=len(whole),
                first=first,
                apart=apart,
            )
        else:
            alt = text(
                "figure.resumed_run.alt_differs",
                "The loss over {epochs} epochs, with a checkpoint before epoch {first}. The run "
                "resumed from everything leaves the curve of the run that was not interrupted; "
                "the run resumed from the parameters alone is up to {apart:.1g} away from it.",
                epochs=len(whole),
                first=first,
                apart=apart,
            )
        return draw.finish(LEFT + PLOT_WIDTH + MARGIN, MARGIN + 316, alt)


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
        predicted = text("figure.confusion.predicted", "predicted")
        true = text("figure.confusion.true", "true")
        widest = max(draw.width_of(name) for name in names)
        cell = max(CELL, widest + 16, draw.width_of(str(int(matrix.max())), bold=True) + 16)
        height = CELL
        left, top = MARGIN + max(widest, draw.width_of(true, bold=True)) + 14, MARGIN + 52
        draw.text(left + len(names) * cell / 2, MARGIN + 6, predicted, bold=True, ha="center")
        draw.text(left - 14, top - 14, true, bold=True, ha="right")
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
    red, green, blue = (low + part * (high - low) for low, high in zip(empty, full, strict=True))
    return red, green, blue


def confusion_alt(counts: list[list[int]], names: Sequence[str]) -> str:
    total = sum(map(sum, counts))
    right = sum(counts[i][i] for i in range(len(names)))
    alt = text(
        "figure.confusion.alt",
        "A confusion matrix of {classes} classes: {right} of {samples} samples lie on its "
        "diagonal.",
        classes=len(names),
        right=right,
        samples=total,
    )
    mixed = [
        (counts[i][j], names[i], names[j])
        for i in range(len(names))
        for j in range(len(names))
        if i != j
    ]
    most = max(mixed, default=(0, "", ""), key=lambda entry: entry[0])
    if most[0]:
        alt += " " + text(
            "figure.confusion.alt_most",
            "The largest number beside it is {count}: {true} taken for {predicted}.",
            count=most[0],
            true=most[1],
            predicted=most[2],
        )
    return alt
