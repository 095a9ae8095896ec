"""Figures of hooks: when they fire, and what they see of a model's activations.

Taught in notebook 05.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import torch

from ..texts import all_of, text
from .drawing import MARGIN, Figure, Page, page

STEP = 31  # pixels, from one event to the next
ROW = 34  # pixels, the height of a module's row
BAR = 16
STARTS = {"forward pre": "forward", "backward pre": "backward"}
ENDS = {"forward": "forward", "backward": "backward"}
GRADIENT = "gradient"
PASS_COLOURS = {"forward": 1, "backward": 0, GRADIENT: 2}  # places in the style's colours
KEY_GAP = 28
NOW = "now"  # in the key: what the marks of the newest events mean
MOST_EVENTS = 40


@dataclasses.dataclass(frozen=True)
class Span:
    """What one module or parameter did from one event to another; places in the trace."""

    name: str
    kind: str
    first: int
    last: int


def hook_timeline(trace: Sequence[tuple[str, str]], now: tuple[int, int] | None = None) -> Figure:
    """When hooks fired, from left to right, with one row for each module and parameter.

        trace = [("forward pre", ""), ("forward pre", "0"), ("forward", "0"), ("forward", "")]
        figures.hook_timeline(trace)

    trace: (event, name) pairs in the order in which they happened. The events are "forward pre",
    "forward", "backward pre" and "backward" for the hooks of modules, and "gradient" for a tensor
    hook on a parameter. Names are full names, as in named_modules(); "" is the model itself.
    A bar reaches from a module's pre-hook to its hook; a dot is one event.
    now: draws one moment of the run, as one of the stills of `steps`: the events from the first to
    the last of these two numbers, counted from 1, are filled, and what comes later is left out.
    Raises ValueError for an event of another name, for none or more than 40 events, and for
    numbers that are not in the trace.
    Taught in notebook 05.
    """
    check_trace(trace)
    first, last = now or (1, len(trace))
    if not 1 <= first <= last <= len(trace):
        raise ValueError(f"now={now} are no numbers of events; there are {len(trace)} of them.")
    spans = [span for span in spans_of(trace) if span.first < last]
    rows = rows_of(trace)
    with page() as draw:
        root = text("figure.hook_timeline.root", "(the model)")
        labels = [(name, name or root, depth_of(name, rows)) for name in rows]
        widest = max(draw.width_of(label, code=True) + 16 * depth for _, label, depth in labels)
        left = MARGIN + widest + 26
        top = MARGIN + 56
        # A short trace is drawn wider, so that it fills the page that its key needs.
        key = key_of(draw, trace)
        if now:
            new = text("figure.hook_timeline.key_now", "filled: new")
            key.append((NOW, new, 19 + draw.width_of(new, size=13) + KEY_GAP))
        key_end = MARGIN + sum(width for _, _, width in key) - KEY_GAP
        step = min(max(STEP, (key_end - left) / len(trace)), 2 * STEP)
        right = left + step * len(trace)
        bottom = top + ROW * len(rows)
        draw_head(draw, trace, left, top, right, bottom)
        place = {name: top + ROW * (row + 0.5) for row, name in enumerate(rows)}
        for name, label, depth in labels:
            draw.text(MARGIN + 16 * depth, place[name], label, code=True)
            draw.line(
                [(left, place[name]), (right, place[name])],
                line=1,
                under=True,
                colour=draw.line_colour,
            )
        for span in spans:
            so_far = dataclasses.replace(span, last=min(span.last, last - 1))
            draw_span(draw, so_far, left, step, place[span.name])
        for number, (event, name) in enumerate(trace[:last]):
            x = left + step * (number + 0.5)
            colour = draw.hues[PASS_COLOURS[pass_of(event)]]
            fill, ink = (draw.panel, colour)
            if now and number + 1 >= first:
                fill, ink = ink, fill
            draw.box(x - 9, place[name] - 9, 18, 18, fill=fill, edge=colour, line=1.6, radius=9)
            draw.text(x, place[name], str(number + 1), size=11, colour=ink, ha="center", bold=True)
        draw_key(draw, key, bottom + 26)
        width = max(right, key_end) + MARGIN
        alt = moment_alt(trace, *now) if now else timeline_alt(trace)
        return draw.finish(width, bottom + 48, alt)


def check_trace(trace: Sequence[tuple[str, str]]) -> None:
    """Raises ValueError if this is not a trace that can be drawn."""
    if not trace:
        raise ValueError("The trace is empty: did the model run after the hooks were registered?")
    if len(trace) > MOST_EVENTS:
        raise ValueError(
            f"The trace has {len(trace)} events; a timeline of more than {MOST_EVENTS} cannot be "
            "read. Take fewer modules."
        )
    known = [*STARTS, *ENDS, GRADIENT]
    for event, _ in trace:
        if event not in known:
            raise ValueError(f"{event!r} is no event of a timeline. Known: {', '.join(known)}.")


def pass_of(event: str) -> str:
    """'forward', 'backward' or 'gradient'."""
    return event.removesuffix(" pre")


def spans_of(trace: Sequence[tuple[str, str]]) -> list[Span]:
    """A span for every pre-hook and the next hook of the same module and pass."""
    waiting: dict[tuple[str, str], list[int]] = {}
    spans = []
    for place, (event, name) in enumerate(trace):
        if event in STARTS:
            waiting.setdefault((STARTS[event], name), []).append(place)
        elif event in ENDS and waiting.get((event, name)):
            spans.append(Span(name, event, waiting[event, name].pop(), place))
    return spans


def rows_of(trace: Sequence[tuple[str, str]]) -> list[str]:
    """Modules in the order of their first event, each followed by its parameters."""
    modules = list(dict.fromkeys(name for event, name in trace if event != GRADIENT))
    parameters = sorted({name for event, name in trace if event == GRADIENT}, reverse=True)
    rows = []
    for module in modules:
        rows.append(module)
        own = [name for name in parameters if name.rpartition(".")[0] == module]
        rows += [name for name in own if name not in rows]
    return rows + [name for name in parameters if name not in rows]


def depth_of(name: str, rows: Sequence[str]) -> int:
    """How many rows of the figure this one lies inside of."""
    return sum(1 for other in rows if other != name and is_inside(name, other))


def is_inside(name: str, other: str) -> bool:
    return other == "" or name.startswith(other + ".")


def draw_head(
    draw: Page, trace: Sequence, left: float, top: float, right: float, bottom: float
) -> None:
    """The arrow of time, and a line between the forward and the backward part."""
    title = text("figure.hook_timeline.title", "Which hook fires when")
    draw.text(MARGIN, MARGIN + 8, title, size=16, bold=True)
    time = text("figure.hook_timeline.time", "time")
    draw.text(left, top - 16, time, size=13, colour=draw.muted)
    start = left + draw.width_of(time, size=13) + 10
    draw.arrow([(start, top - 16), (right, top - 16)], colour=draw.muted, line=1.5, head=9)
    kinds = [pass_of(event) == "forward" for event, _ in trace]
    if all(kinds) or not any(kinds):
        return
    turn = kinds.index(False)
    if any(kinds[turn:]):
        return  # more than one pass: no single line parts them
    x = left + (right - left) * turn / len(trace)
    draw.line([(x, top - 6), (x, bottom + 6)], colour=draw.muted, line=1.5, dashed=True)


def draw_span(draw: Page, span: Span, left: float, step: float, y: float) -> None:
    import matplotlib.colors

    colour = draw.hues[PASS_COLOURS[span.kind]]
    pale = matplotlib.colors.to_rgba(colour, 0.28)
    x = left + step * (span.first + 0.5)
    draw.box(x, y - BAR / 2, step * (span.last - span.first), BAR, fill=pale)


def key_of(draw: Page, trace: Sequence[tuple[str, str]]) -> list[tuple[str, str, float]]:
    """What the colours mean: (kind, words, pixels to the next one)."""
    used = {pass_of(event) for event, _ in trace}
    meanings = {
        "forward": text("figure.hook_timeline.key_forward", "forward pre-hook to forward hook"),
        "backward": text("figure.hook_timeline.key_backward", "backward pre-hook to backward hook"),
        GRADIENT: text("figure.hook_timeline.key_gradient", "tensor hook on a parameter"),
    }
    return [
        (kind, meaning, 19 + draw.width_of(meaning, size=13) + KEY_GAP)
        for kind, meaning in meanings.items()
        if kind in used
    ]


def draw_key(draw: Page, key: Sequence[tuple[str, str, float]], y: float) -> None:
    x: float = MARGIN
    for kind, meaning, width in key:
        colour = draw.hues[PASS_COLOURS[kind]] if kind in PASS_COLOURS else draw.muted
        fill = draw.panel if kind in PASS_COLOURS else colour
        draw.box(x, y - 6, 12, 12, fill=fill, edge=colour, line=1.6, radius=6)
        draw.text(x + 19, y, meaning, size=13, colour=colour)
        x += width


def moment_alt(trace: Sequence[tuple[str, str]], first: int, last: int) -> str:
    spans = sorted(spans_of(trace), key=lambda span: span.first)  # outer ones first
    waiting = [span.name for span in spans if span.first < last <= span.last]
    waits = text("figure.hook_timeline.nothing", "nothing")
    if waiting:
        waits = all_of(map(named, waiting))
    return text(
        "figure.hook_timeline.moment",
        "The timeline after {last} of {count} hook calls. New in this step: {events}. "
        "Begun and not yet ended: {names}.",
        last=last,
        count=len(trace),
        events=listed(trace[first - 1 : last]),
        names=waits,
    )


def timeline_alt(trace: Sequence[tuple[str, str]]) -> str:
    return text(
        "figure.hook_timeline.alt",
        "A timeline of {count} hook calls on {names} modules and parameters, in this order: "
        "{events}.",
        count=len(trace),
        names=len({name for _, name in trace}),
        events=listed(trace),
    )


def listed(trace: Sequence[tuple[str, str]]) -> str:
    return "; ".join(
        text("figure.hook_timeline.event", "{event} of {name}", event=event, name=named(name))
        for event, name in trace
    )


def named(name: str) -> str:
    return name or text("figure.hook_timeline.model", "the model")


# -- activations -----------------------------------------------------------------------------

PANEL_HEIGHT = 150  # pixels, the plotted part of one model
COLUMN = 72  # pixels for a layer, at least
KEY_WIDTH = 480  # pixels, up to the end of the key
MOST_LAYERS = 16
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def activations(models: Mapping[str, Mapping[str, torch.Tensor]]) -> Figure:
    """How the outputs of each layer are spread: one panel for each model, one column a layer.

        figures.activations({"before": before, "after": after})

    models: a title for each panel, to a dict from layer name to that layer's output (a tensor of
    floats of any shape). The pale bar holds the values from the 5th to the 95th of a hundred, the
    dark bar the middle half, the line is the median; the number is the standard deviation. All
    panels have the same scale.
    Raises ValueError if there is nothing to draw, a tensor is empty, holds NaN or infinities, or
    if a panel has more than 16 layers.
    Taught in notebook 05.
    """
    spreads = {title: spreads_of(title, layers) for title, layers in models.items()}
    if not spreads:
        raise ValueError("activations() needs at least one model, as in {'before': outputs}.")
    columns = max(len(layers) for layers in spreads.values())
    values = [
        value for layers in spreads.values() for points, _ in layers.values() for value in points
    ]
    low, high = min(*values, 0.0), max(*values, 0.0)
    if low == high:
        low, high = -1.0, 1.0
    with page() as draw:
        axis = max(draw.width_of(f"{value:.2g}", size=12) for value in (low, high)) + 10
        layer = text("figure.activations.layer", "layer")
        left = MARGIN + max(axis, draw.width_of(layer, size=13) + 10)
        column = max(COLUMN, (KEY_WIDTH - left) / columns)
        y = MARGIN
        for title, layers in spreads.items():
            draw.text(MARGIN, y + 8, title, size=16, bold=True)
            draw_panel(draw, layers, left, y + 32, low, high, column, columns)
            y += 32 + PANEL_HEIGHT + 68
        draw_spread_key(draw, y)
        return draw.finish(left + column * columns + MARGIN, y + 26, activations_alt(spreads))


def spreads_of(title: str, layers: Mapping[str, torch.Tensor]) -> dict[str, tuple[list, float]]:
    """For each layer its five quantiles and its standard deviation."""
    if not layers or len(layers) > MOST_LAYERS:
        raise ValueError(
            f"{title!r} has {len(layers)} layers; activations() draws 1 to {MOST_LAYERS} of them."
        )
    spreads = {}
    for name, output in layers.items():
        flat = output.detach().double().reshape(-1)
        if not flat.numel() or not flat.isfinite().all():
            raise ValueError(f"The output of {name!r} in {title!r} is empty, NaN or infinite.")
        # Sorted places, not torch.quantile, which refuses more than 16 million elements.
        ordered = flat.sort().values
        points = [ordered[round(share * (len(ordered) - 1))].item() for share in QUANTILES]
        spreads[name] = (points, flat.std(correction=0).item())
    return spreads


def draw_panel(
    draw: Page,
    layers: Mapping[str, tuple[list, float]],
    left: float,
    top: float,
    low: float,
    high: float,
    column: float,
    columns: int,
) -> None:
    """One model: a bar for each layer, its name and its standard deviation below."""
    import matplotlib.colors

    def height(value: float) -> int:
        """Whole pixels, so that the last bit of a float never shows."""
        return round(top + PANEL_HEIGHT * (high - value) / (high - low))

    colour = draw.hues[1]
    pale = matplotlib.colors.to_rgba(colour, 0.25)
    right = left + column * columns
    for value in {low, 0.0, high}:
        draw.text(left - 8, height(value), f"{value:.2g}", size=12, ha="right", colour=draw.muted)
        draw.line(
            [(left, height(value)), (right, height(value))],
            colour=draw.line_colour,
            line=1,
            under=True,
        )
    bottom = top + PANEL_HEIGHT
    layer, std = text("figure.activations.layer", "layer"), text("figure.activations.std", "std")
    draw.text(left - 8, bottom + 18, layer, size=13, ha="right", colour=draw.muted)
    draw.text(left - 8, bottom + 38, std, size=13, ha="right", colour=draw.muted)
    for place, (name, (points, spread)) in enumerate(layers.items()):
        x = left + column * (place + 0.5)
        p05, p25, p50, p75, p95 = map(height, points)
        draw.box(x - 17, p95, 34, max(p05 - p95, 1), fill=pale)
        draw.box(x - 17, p75, 34, max(p25 - p75, 1), fill=colour)
        draw.line([(x - 22, p50), (x + 22, p50)], colour=draw.ink, line=2)
        draw.text(x, bottom + 18, name, size=13, code=True, ha="center")
        draw.text(x, bottom + 38, f"{spread:.2g}", size=13, ha="center", bold=True)


def draw_spread_key(draw: Page, y: float) -> None:
    import matplotlib.colors

    colour = draw.hues[1]
    x: float = MARGIN
    pale = matplotlib.colors.to_rgba(colour, 0.25)
    for fill, meaning in (
        (pale, text("figure.activations.most", "5 % to 95 % of the values")),
        (colour, text("figure.activations.half", "the middle half")),
    ):
        draw.box(x, y - 6, 16, 12, fill=fill)
        draw.text(x + 23, y, meaning, size=13)
        x += 23 + draw.width_of(meaning, size=13) + 26
    draw.line([(x, y), (x + 18, y)], line=2)
    draw.text(x + 25, y, text("figure.activations.median", "median"), size=13)


def activations_alt(spreads: Mapping[str, Mapping]) -> str:
    parts = []
    for title, layers in spreads.items():
        listed = ", ".join(f"{name} {spread:.2g}" for name, (_, spread) in layers.items())
        parts.append(f"{title}: {listed}")
    return text(
        "figure.activations.alt",
        "How the outputs of each layer are spread. Standard deviations, {models}.",
        models="; ".join(parts),
    )
