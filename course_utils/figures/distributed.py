"""Figures of several processes: who holds what, one step in time, who sees which samples.

Taught in notebook 11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..texts import all_of, text
from .drawing import MARGIN, RAMP, UNUSED, Figure, Page, page, ramp

SQUARE = 34  # pixels, a cell with a number
GAP = 10  # pixels, between tensors of one rank
OWN = (RAMP[1], RAMP[3], RAMP[0], RAMP[2])  # whose number a cell holds: rank 0, 1, 2, 3
MIXED = RAMP[4]  # a number made from those of several ranks
MOST_RANKS = len(OWN)
TIME = 56  # pixels, one unit of time
KINDS = {  # what a rank does in a step: colour, and colour of what is written on it
    "forward": RAMP[1],
    "backward": RAMP[0],
    "step": RAMP[3],
    "wait": UNUSED,
}
MESSAGE = RAMP[4]


# -- who holds what --------------------------------------------------------------------------


def collectives(before: Sequence[torch.Tensor], after: Mapping[str, Sequence[Any]]) -> Figure:
    """What each rank holds before and after each collective.

        figures.collectives([x0, x1], {"all_reduce(x)": [sum, sum]})

    before: a tensor of one dimension for each of at most 4 ranks. after: for each call, what each
    rank holds then: a tensor, a list of tensors, a list of numbers, or None where it is not
    defined. A colour says whose number it is, another one that it is made from several.
    Raises ValueError for no ranks, more than 4, or a call with another number of ranks.
    Taught in notebook 11.
    """
    start = [held(x) for x in before]
    if not 1 <= len(start) <= MOST_RANKS:
        raise ValueError(f"collectives() draws 1 to {MOST_RANKS} ranks, not {len(start)}.")
    at_first = text("figure.collectives.before", "before")
    undefined = text("figure.collectives.undefined", "not defined")
    rows = {at_first: start} | {
        name: [held(one) for one in by_rank] for name, by_rank in after.items()
    }
    for name, by_rank in rows.items():
        if len(by_rank) != len(start):
            raise ValueError(f"{name} is given for {len(by_rank)} ranks, not for {len(start)}.")
    owner = {
        word: rank for rank, [words] in reversed([*enumerate(map(only, start))]) for word in words
    }
    with page() as draw:
        words = [w for by_rank in rows.values() for one in by_rank for t in one or [] for w in t]
        cell = max(SQUARE, 14 + max(draw.width_of(word) for word in words))
        left = MARGIN + max(draw.width_of(name, code=True) for name in rows) + 24
        wide = max(width_of(one, cell) for by_rank in rows.values() for one in by_rank)
        wide = max(wide, draw.width_of(undefined) + 24)
        right = key(draw, MARGIN, MARGIN, len(start))
        y = MARGIN + 42
        for rank in range(len(start)):
            draw.text(left + rank * (wide + 30), y, rank_label(rank), bold=True)
        y += 20
        for name, by_rank in rows.items():
            draw.text(MARGIN, y + SQUARE / 2, name, code=name != at_first, bold=name == at_first)
            for rank, one in enumerate(by_rank):
                x = left + rank * (wide + 30)
                if one is None:
                    draw.box(x, y, wide, SQUARE, edge=draw.muted, dashed=True)
                    draw.text(x + 12, y + SQUARE / 2, undefined, colour=draw.muted)
                for tensor in one or []:
                    for word in tensor:
                        fill = OWN[owner[word]] if word in owner else MIXED
                        draw.cell(x, y, cell, SQUARE, word, fill=fill)
                        x += cell
                    x += GAP
            y += SQUARE + (22 if name == at_first else 12)
        right = max(right, left + len(start) * (wide + 30) - 30)
        said = "; ".join(
            f"{name}: " + ", ".join(f"{rank_label(r)} {says(one)}" for r, one in enumerate(by_rank))
            for name, by_rank in rows.items()
        )
        alt = text(
            "figure.collectives.alt",
            "What each rank holds before, and after each collective. {rows}.",
            rows=said,
        )
        return draw.finish(right + MARGIN, y - 12 + MARGIN, alt)


def held(thing: Any) -> list[list[str]] | None:
    """The tensors of one rank as words; None where nothing is defined."""
    if thing is None:
        return None
    if isinstance(thing, torch.Tensor):
        return [[f"{number:g}" for number in thing.flatten().tolist()]]
    if any(isinstance(one, torch.Tensor) for one in thing):
        return [words for one in thing for words in held(one) or []]
    return [[f"{number:g}" for number in thing]]


def only(tensors: list[list[str]] | None) -> list[list[str]]:
    """One list of one tensor's words."""
    return (tensors or [[]])[:1]


def width_of(tensors: list[list[str]] | None, cell: float) -> float:
    return sum(cell * len(words) + GAP for words in tensors or []) - GAP


def says(tensors: list[list[str]] | None) -> str:
    if tensors is None:
        return text("figure.collectives.undefined", "not defined")
    return all_of(f"({', '.join(words)})" for words in tensors)


def rank_label(rank: int) -> str:
    return text("figure.rank", "rank {rank}", rank=rank)


def key(draw: Page, x: float, y: float, ranks: int) -> float:
    """Whose number a colour means; returns the right end."""
    names = [text("figure.collectives.own", "of rank {rank}", rank=rank) for rank in range(ranks)]
    names.append(text("figure.collectives.mixed", "made from all"))
    for name, fill in zip(names, [*OWN[:ranks], MIXED], strict=True):
        draw.box(x, y - 7, 14, 14, fill=fill)
        draw.text(x + 22, y, name, size=13)
        x += 44 + draw.width_of(name, size=13)
    return x - 22


# -- one step --------------------------------------------------------------------------------


def ranks_in_a_step(
    ranks: Mapping[str, Sequence[tuple[str, float, float]]],
    messages: Sequence[tuple[str, float, float]],
) -> Figure:
    """What ranks do in the time of one training step, and when they exchange gradients.

        figures.ranks_in_a_step({"rank 0": [("forward", 0, 3)]}, messages=[("bucket 1", 1, 2)])

    ranks: for each, what it does from when to when; "forward", "backward", "step" or "wait".
    messages: an all_reduce of all ranks, from when to when. Times are in no unit.
    Raises ValueError for something else that is done, or if nothing is.
    Taught in notebook 11.
    """
    spans = [span for line in ranks.values() for span in line]
    for name, _, _ in spans:
        if name not in KINDS:
            raise ValueError(f"A rank does one of {', '.join(KINDS)}, not {name!r}.")
    if not spans:
        raise ValueError("ranks_in_a_step() needs at least one thing that a rank does.")
    end = max(until for _, _, until in [*spans, *messages])
    with page() as draw:
        names = [*ranks, "all_reduce"]
        left = (
            MARGIN
            + max(draw.width_of(name, bold=True, code=name == "all_reduce") for name in names)
            + 20
        )
        y = MARGIN
        bottom = MARGIN + (SQUARE + 14) * len(names)
        for _, start, until in messages:
            for time in (start, until):
                x = left + TIME * time
                draw.line(
                    [(x, MARGIN), (x, bottom - 14)],
                    dashed=True,
                    line=1,
                    under=True,
                    colour=draw.muted,
                )
        for name, line in ranks.items():
            draw.text(MARGIN, y + SQUARE / 2, name, bold=True)
            for kind, start, until in line:
                x, wide = left + TIME * start, TIME * (until - start)
                draw.box(x, y, wide, SQUARE, fill=KINDS[kind], edge=draw.panel, line=1.5)
                draw.text(x + wide / 2, y + SQUARE / 2, kind, size=13, ha="center")
            y += SQUARE + 14
        draw.text(MARGIN, y + SQUARE / 2, "all_reduce", code=True)
        for name, start, until in messages:
            x, wide = left + TIME * start, TIME * (until - start)
            draw.box(x, y, wide, SQUARE, fill=MESSAGE, edge=draw.panel, line=1.5)
            draw.text(x + wide / 2, y + SQUARE / 2, name, size=12, ha="center")
        y += SQUARE + 22
        draw.arrow([(left, y), (left + TIME * end, y)], colour=draw.muted, line=1.5)
        axis = text("figure.ranks_in_a_step.time", "time")
        draw.text(left + TIME * end, y + 16, axis, size=13, colour=draw.muted, ha="right")
        exchanged = text("figure.ranks_in_a_step.messages", "all_reduce of gradients")
        said = "; ".join(
            f"{name}: {spans_alt(line)}" for name, line in [*ranks.items(), (exchanged, messages)]
        )
        alt = text(
            "figure.ranks_in_a_step.alt",
            "What ranks do in the time of one training step. {ranks}.",
            ranks=said,
        )
        return draw.finish(left + TIME * end + MARGIN, y + 26 + MARGIN - 12, alt)


def spans_alt(line: Sequence[tuple[str, float, float]]) -> str:
    return ", ".join(
        text(
            "figure.ranks_in_a_step.span",
            "{name} from {start:g} to {end:g}",
            name=name,
            start=start,
            end=end,
        )
        for name, start, end in line
    )


# -- who sees which samples ------------------------------------------------------------------


def rank_epochs(runs: Mapping[str, Sequence[Sequence[Sequence[int]]]], count: int) -> Figure:
    """Which samples each rank sees in each epoch, for several runs.

        figures.rank_epochs({"without set_epoch": [[[0, 2], [0, 2]], [[1, 3], [1, 3]]]}, count=4)

    runs: for each, by rank and then by epoch, the indices in their order; at most 20 in an epoch.
    count: the number of samples. An index has the same colour everywhere.
    Raises ValueError if there is nothing to draw, or too much, or an index is out of range.
    Taught in notebook 11.
    """
    flat = [i for run in runs.values() for rank in run for epoch in rank for i in epoch]
    longest = max(
        (len(epoch) for run in runs.values() for rank in run for epoch in rank), default=0
    )
    if not 1 <= longest <= 20:
        raise ValueError("rank_epochs() draws 1 to 20 indices in an epoch.")
    if any(not 0 <= i < count for i in flat):
        raise ValueError(f"There is an index that is not in 0 ... {count - 1}.")
    with page() as draw:
        colours = ramp(count)
        label = draw.width_of(rank_label(0)) + 18
        y, right, parts = float(MARGIN), 0.0, []
        for name, run in runs.items():
            draw.text(MARGIN, y + 6, name, bold=True)
            y += 26
            epochs = max(map(len, run))
            for epoch in range(epochs):
                x = MARGIN + label + epoch * (longest * SQUARE + 40)
                words = text("figure.rank_epochs.epoch", "epoch {epoch}", epoch=epoch)
                draw.text(x, y + 6, words, size=13, colour=draw.muted)
            y += 20
            for rank, seen in enumerate(run):
                draw.text(MARGIN, y + SQUARE / 2, rank_label(rank))
                for epoch, indices in enumerate(seen):
                    x = MARGIN + label + epoch * (longest * SQUARE + 40)
                    for i in indices:
                        draw.cell(x, y, SQUARE, SQUARE, str(i), fill=colours[i])
                        x += SQUARE
                    right = max(right, x)
                    parts.append(
                        text(
                            "figure.rank_epochs.seen",
                            "{name}, epoch {epoch}, rank {rank}: {indices}",
                            name=name,
                            epoch=epoch,
                            rank=rank,
                            indices=list(indices),
                        )
                    )
                y += SQUARE + 8
            y += 18
        alt = text(
            "figure.rank_epochs.alt",
            "Which samples each rank sees. {seen}.",
            seen="; ".join(parts),
        )
        return draw.finish(right + MARGIN, y - 26 + MARGIN, alt)
