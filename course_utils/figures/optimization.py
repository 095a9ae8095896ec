"""Figures of losses, of optimizers on their way down, and of learning rates.

Taught in notebook 09.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch

from ..texts import all_of, text
from .drawing import CELL, MARGIN, RAMP, UNUSED, Figure, Page, page

MOST_PANELS = 12
GAP = 30  # pixels, from one panel to the next
BANDS = 14  # steps of height on the landscape
MAP_CELLS = 160  # the landscape is drawn as so many coloured cells each way
CHANGED = "#ffe9a8"  # a cell that is different from the one above it

Surface = Callable[[torch.Tensor], torch.Tensor]


class Frame:
    """A rectangle of the page that numbers are drawn into; up is up."""

    def __init__(
        self,
        box: tuple[float, float, float, float],
        across: tuple[float, float],
        up: tuple[float, float],
    ) -> None:
        self.x, self.y, self.width, self.height = box
        self.across, self.up = across, up

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where the point (x, y) lies on the page."""
        left, right = self.across
        low, high = self.up
        part = (x - left) / (right - left), (y - low) / (high - low)
        return self.x + part[0] * self.width, self.y + (1 - part[1]) * self.height

    def draw_scales(self, draw: Page, *, whole: bool = False) -> None:
        """The ground, with lines and numbers at round values. whole: whole numbers across."""
        draw.box(self.x, self.y, self.width, self.height, fill=CELL)
        for value in round_values(*self.up, 4):
            _, y = self.place(self.across[0], value)
            draw.line([(self.x, y), (self.x + self.width, y)], colour=draw.line_colour, line=1)
            draw.text(self.x - 6, y, f"{value:g}", size=12, colour=draw.muted, ha="right")
        for value in round_values(*self.across, 4):
            if whole and value != int(value):
                continue
            x, _ = self.place(value, self.up[0])
            below = self.y + self.height
            draw.line([(x, below), (x, below + 4)], colour=draw.muted, line=1)
            draw.text(x, below + 15, f"{value:g}", size=12, colour=draw.muted, ha="center")


def round_values(low: float, high: float, most: int) -> list[float]:
    """Round numbers from low to high, at most `most` + 1 of them."""
    rough = (high - low) / most
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return [round(index * step, 10) for index in range(first, last + 1)]


def check_count(function: str, things: Sequence | Mapping, noun: str) -> None:
    if not 1 <= len(things) <= MOST_PANELS:
        raise ValueError(f"{function}() draws 1 to {MOST_PANELS} {noun}, not {len(things)}.")


def panels(count: int, columns: int, width: float, height: float) -> list[tuple[float, float]]:
    """The top left corners of `count` panels, row after row."""
    return [
        (MARGIN + (i % columns) * (width + GAP), MARGIN + (i // columns) * (height + GAP))
        for i in range(count)
    ]


def loss_curves(curves: Mapping[str, tuple[torch.Tensor, Surface]]) -> Figure:
    """Losses as curves, each with its gradient: what pushes, and how strongly.

    curves: for each title a pair (x, loss), where x has shape (points,), in rising order, and
    loss(x) gives one loss for each point, shape (points,). The gradient comes from autograd. A
    title may have a second line, after a semicolon.
    Raises ValueError for no curves or more than 12, or a loss that is not of x's shape.
    Taught in notebook 09.
    """
    check_count("loss_curves", curves, "losses")
    wide, high = 250, 150
    told = []
    with page() as draw:
        corners = panels(len(curves), 3, wide + 30, high + 62)
        for (title, (x, loss)), (left, top) in zip(curves.items(), corners, strict=True):
            x, y, slope = with_gradient(title, x, loss)
            low = min(0.0, y.min().item(), slope.min().item())
            top_value = max(0.0, y.max().item(), slope.max().item())
            frame = Frame(
                (left + 30, top + 44, wide, high), (x[0].item(), x[-1].item()), (low, top_value)
            )
            name, _, axis = title.partition(";")
            draw.text(frame.x, top + 10, name, size=14, bold=True, code=True)
            draw.text(frame.x, top + 30, axis.strip(), size=12, colour=draw.muted)
            frame.draw_scales(draw)
            for values, colour, dashed in ((slope, draw.hues[0], True), (y, draw.hues[1], False)):
                points = [frame.place(*p) for p in zip(x.tolist(), values.tolist(), strict=True)]
                draw.line(points, colour=colour, line=2.5, dashed=dashed)
            told.append(
                text(
                    "figure.loss_curves.curve",
                    "{name} goes from {first:.2f} to {last:.2f} and its gradient from "
                    "{first_slope:.2f} to {last_slope:.2f}",
                    name=name,
                    first=y[0].item(),
                    last=y[-1].item(),
                    first_slope=slope[0].item(),
                    last_slope=slope[-1].item(),
                )
            )
        right = max(left for left, _ in corners) + wide + 30
        bottom = corners[-1][1] + high + 62 + 26
        entries = {
            text("figure.loss_curves.loss", "loss"): (1, False),
            text("figure.loss_curves.gradient", "gradient"): (0, True),
        }
        legend(draw, MARGIN + 30, bottom, entries)
        alt = text(
            "figure.loss_curves.alt",
            "Losses and their gradients, drawn from left to right: {curves}.",
            curves="; ".join(told),
        )
        return draw.finish(right + MARGIN, bottom + MARGIN, alt)


def with_gradient(
    title: str, x: torch.Tensor, loss: Surface
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, the loss at each point of x, and its slope there, all of shape (points,)."""
    x = x.detach().clone().requires_grad_()
    y = loss(x)
    if y.shape != x.shape:
        raise ValueError(
            f"The loss {title!r} gives shape {tuple(y.shape)} for {len(x)} points; "
            'use reduction="none".'
        )
    (slope,) = torch.autograd.grad(y.sum(), x)
    return x.detach(), y.detach(), slope


def legend(draw: Page, x: float, y: float, entries: Mapping[str, tuple[int, bool]]) -> None:
    """A row of lines and their names; each entry has a hue's number, and is dashed or not."""
    for name, (hue, dashed) in entries.items():
        draw.line([(x, y), (x + 30, y)], colour=draw.hues[hue], line=2.5, dashed=dashed)
        draw.text(x + 38, y, name, size=13)
        x += 38 + draw.width_of(name, size=13) + 30


def schedule_sheet(rates: Mapping[str, Sequence[float]]) -> Figure:
    """Learning rates over the steps of a run, one panel for each schedule, on one scale.

    rates: for each name the rates that the optimizer steps 0, 1, 2, ... used.
    Raises ValueError for no schedules or more than 12, or one with fewer than two steps.
    Taught in notebook 09.
    """
    check_count("schedule_sheet", rates, "schedules")
    for name, values in rates.items():
        if len(values) < 2:
            raise ValueError(f"{name} has {len(values)} steps; schedule_sheet() draws 2 or more.")
    wide, high = 250, 110
    highest = max(max(values) for values in rates.values())
    told = []
    with page() as draw:
        corners = panels(len(rates), 3, wide + 30, high + 44)
        for (name, values), (left, top) in zip(rates.items(), corners, strict=True):
            values = [float(value) for value in values]
            frame = Frame(
                (left + 30, top + 26, wide, high), (-0.5, len(values) - 0.5), (0, 1.05 * highest)
            )
            draw.text(frame.x, top + 10, name, bold=True, code=True)
            frame.draw_scales(draw, whole=True)
            for t, value in enumerate(values):
                # One step of training has one rate: a level piece, and then a jump.
                ends = [frame.place(t - 0.5, value), frame.place(t + 0.5, value)]
                if t + 1 < len(values):
                    ends.append(frame.place(t + 0.5, values[t + 1]))
                draw.line(ends, colour=draw.hues[1], line=2.5)
            told.append(
                text(
                    "figure.schedule_sheet.schedule",
                    "{name} from {first:.2g} to {last:.2g}",
                    name=name,
                    first=values[0],
                    last=values[-1],
                )
            )
        right = max(left for left, _ in corners) + wide + 30
        bottom = corners[-1][1] + high + 44 + 16
        key = text("figure.schedule_sheet.key", "across: optimizer step; up: learning rate")
        draw.text(MARGIN + 30, bottom, key, size=13, colour=draw.muted)
        alt = text(
            "figure.schedule_sheet.alt",
            "The learning rate in each step of {count} schedules: {schedules}.",
            count=len(rates),
            schedules=", ".join(told),
        )
        return draw.finish(right + MARGIN, bottom + MARGIN, alt)


def descent_paths(
    height: Surface,
    paths: Mapping[str, Sequence[Sequence[float]]],
    across: tuple[float, float] = (-2.0, 2.0),
    up: tuple[float, float] = (-1.5, 1.5),
) -> Figure:
    """The ways of several optimizers over one landscape, seen from above, a map for each.

    Low ground is light. A ring marks the start, a dot the end, and a cross the lowest place.

    height: gives the height of places: a tensor of shape (..., 2) to one of shape (...).
    paths: for each name the places (x, y), in order. across, up: the part of the landscape.
    Raises ValueError for no paths or more than 12, or one without places.
    Taught in notebook 09.
    """
    check_count("descent_paths", paths, "paths")
    for name, places in paths.items():
        if not len(places):
            raise ValueError(f"The path {name!r} has no places.")
    wide = 170
    high = round(wide * (up[1] - up[0]) / (across[1] - across[0]))
    pixels, lowest = landscape(height, across, up)
    told = []
    with page() as draw:
        columns = min(5, len(paths))
        corners = panels(len(paths), columns, wide, high + 24)
        for (name, places), (left, top) in zip(paths.items(), corners, strict=True):
            frame = Frame((left, top + 24, wide, high), across, up)
            draw.text(left, top + 10, name, bold=True)
            draw.picture(left, top + 24, wide, high, pixels)
            x, y = frame.place(*lowest)
            for dx in (-5, 5):
                draw.line([(x - dx, y - 5), (x + dx, y + 5)], colour=draw.ink, line=2)
            points = [frame.place(*inside(place, across, up)) for place in places]
            if len(points) > 1:
                draw.line(points, colour=draw.hues[0], line=2)
            dot(draw, points[0], 5, fill=CELL, edge=draw.hues[0])
            dot(draw, points[-1], 5, fill=draw.hues[0], edge=CELL)
            x, y = places[-1]
            told.append(
                text(
                    "figure.descent_paths.end",
                    "{name} at ({x}, {y})",
                    name=name,
                    x=round(x, 1) + 0.0,
                    y=round(y, 1) + 0.0,
                )
            )
        bottom = corners[-1][1] + high + 24 + 18
        key = text(
            "figure.descent_paths.key",
            "ring: start    dot: end    cross: the lowest place    light: low ground",
        )
        draw.text(MARGIN, bottom, key, size=13, colour=draw.muted)
        start = paths[name][0]
        alt = text(
            "figure.descent_paths.alt",
            "Paths from ({x:.1f}, {y:.1f}) over one landscape whose lowest place is "
            "({lowest_x:.1f}, {lowest_y:.1f}), drawn on {count} maps. The paths end here: {ends}.",
            x=start[0],
            y=start[1],
            lowest_x=lowest[0],
            lowest_y=lowest[1],
            count=len(paths),
            ends=", ".join(told),
        )
        right = max(MARGIN + columns * (wide + GAP) - GAP, MARGIN + draw.width_of(key, size=13))
        return draw.finish(right + MARGIN, bottom + MARGIN, alt)


def landscape(
    height: Surface, across: tuple[float, float], up: tuple[float, float]
) -> tuple[torch.Tensor, tuple[float, float]]:
    """The landscape in bands of colour, shape (rows, columns, 3), and its lowest place."""
    x = torch.linspace(*across, MAP_CELLS)
    y = torch.linspace(up[1], up[0], MAP_CELLS)  # row 0 is at the top
    places = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)  # (rows, columns, 2)
    ground = height(places).detach()
    # The root makes bands of the same height wide in the valleys, where the paths end.
    ground = (ground - ground.min()).sqrt()
    band = (ground / ground.max() * (BANDS - 1)).round().long()  # (rows, columns)
    low, high = colour_parts("#fffdf8"), colour_parts(RAMP[1])
    shares = torch.linspace(0, 1, BANDS)[:, None]  # (bands, 1)
    colours = low * (1 - shares) + high * shares  # (bands, 3)
    row, column = divmod(int(ground.argmin()), MAP_CELLS)
    return colours[band].numpy(), (x[column].item(), y[row].item())


def colour_parts(colour: str) -> torch.Tensor:
    """'#ffe14d' as red, green and blue from 0 to 1: shape (3,)."""
    return torch.tensor([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def inside(
    place: Sequence[float], across: tuple[float, float], up: tuple[float, float]
) -> tuple[float, float]:
    """The nearest place on the map."""
    x, y = place
    return min(max(x, across[0]), across[1]), min(max(y, up[0]), up[1])


def dot(draw: Page, place: tuple[float, float], radius: float, *, fill: str, edge: str) -> None:
    x, y = place
    size = 2 * radius
    draw.box(x - radius, y - radius, size, size, fill=fill, edge=edge, line=2, radius=radius)


def step_table(steps: Mapping[str, Mapping[str, str]], now: str | None = None) -> Figure:
    """What each line of a training step changed: a row for each, and changed cells in colour.

    steps: for each line, in order, what every thing was after it, as in
    {"backward()": {"w": "1.00", "w.grad": "3.00"}}.
    now: draws the moment after this line, as one of the stills of `steps`: only what this line
    changed is in colour, and the lines after it are still empty.
    Raises ValueError for no lines, for lines that do not tell of the same things, or if `now` is
    none of the lines.
    Taught in notebook 09.
    """
    check_count("step_table", steps, "lines")
    names = list(next(iter(steps.values())))
    for line, values in steps.items():
        if list(values) != names:
            raise ValueError(f"The line {line!r} does not tell of {', '.join(names)}.")
    if now is not None and now not in steps:
        raise ValueError(f"now={now!r} is none of the lines {', '.join(steps)}.")
    high, changes = 32, []
    with page() as draw:
        bold = now is not None
        first = max(draw.width_of(line, code=True, bold=bold) for line in steps) + 24
        wide = max(90, *(draw.width_of(name, bold=True, code=True) + 24 for name in names))
        y = MARGIN
        for column, name in enumerate(names):
            x = MARGIN + first + (column + 0.5) * wide
            draw.text(x, y + high / 2, name, bold=True, code=True, ha="center")
        before: Mapping[str, str] | None = None
        done = list(steps)[: 1 + list(steps).index(now)] if now is not None else list(steps)
        for line, values in steps.items():
            y += high
            colour = draw.ink if line in done else draw.muted
            draw.text(MARGIN, y + high / 2, line, code=True, bold=line == now, colour=colour)
            changed = [name for name in names if before and before[name] != values[name]]
            for column, name in enumerate(names):
                x = MARGIN + first + column * wide
                if line not in done:
                    draw.cell(x, y, wide, high, "", fill=UNUSED)
                    continue
                marked = name in changed and now in (None, line)
                fill = CHANGED if marked else CELL
                draw.cell(x, y, wide, high, values[name], fill=fill, bold=marked)
            if before:
                changes.append(
                    text(
                        "figure.step_table.changes",
                        "{line} changes {names}",
                        line=line,
                        names=all_of(changed)
                        if changed
                        else text("figure.step_table.nothing", "nothing"),
                    )
                )
            before = values
        y += high + 20
        draw.box(MARGIN, y - 7, 14, 14, fill=CHANGED)
        key = text("figure.step_table.key", "changed by this line")
        draw.text(MARGIN + 22, y, key, size=13, colour=draw.muted)
        right = MARGIN + max(first + wide * len(names), 22 + draw.width_of(key, size=13))
        alt = text(
            "figure.step_table.alt",
            "A table of {names} after each line: {changes}.",
            names=", ".join(names),
            changes="; ".join(changes),
        )
        if now is not None:
            last = changes[len(done) - 2] if len(done) > 1 else now
            holds = ", ".join(
                text("figure.step_table.value", "{name} is {value}", name=name, value=value)
                for name, value in steps[now].items()
            )
            alt = text(
                "figure.step_table.alt_now",
                "The table so far, with this last line: {line}. Now {values}.",
                line=last,
                values=holds,
            )
        return draw.finish(right + MARGIN, y + MARGIN, alt)
