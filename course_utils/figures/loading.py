"""Figures of loading data: samplers, batches, classes, the parts of a DataLoader.

Taught in notebook 06.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..texts import all_of, counted, text
from .drawing import MARGIN, UNUSED, Figure, Page, page, ramp, shape_label

SQUARE = 30  # pixels, a cell with a number in it
MOST_INDICES = 30
MOST_DRAWS = 30  # in one row
MOST_SAMPLES = 8
TINY = 14  # pixels, a sample in a column of a batch
LONGEST = 420  # pixels, the longest bar


def loader_parts() -> Figure:
    """The parts of a DataLoader, and what goes from each to the next.

    Taught in notebook 06.
    """
    parts = [
        (
            text("figure.loader_parts.sampler", "sampler"),
            text("figure.loader_parts.sampler_asks", "which sample\ncomes next?"),
            "3  7  1  0",
        ),
        (
            text("figure.loader_parts.batch_sampler", "batch sampler"),
            text("figure.loader_parts.batch_sampler_asks", "which samples\nmake a batch?"),
            "[3, 7]  [1, 0]",
        ),
        (
            text("figure.loader_parts.dataset", "dataset"),
            text("figure.loader_parts.dataset_asks", "what is\nsample number i?"),
            "dataset[3]  dataset[7]",
        ),
        (
            "collate_fn",
            text("figure.loader_parts.collate_asks", "how do samples\nbecome a batch?"),
            text("figure.loader_parts.collate_gives", "one batch"),
        ),
    ]
    wide, high, apart, top = 160, 84, 46, MARGIN + 34
    with page() as draw:
        colours = ramp(len(parts))
        left = [MARGIN + i * (wide + apart) for i in range(len(parts))]
        # What happens where: the frames stand behind the boxes.
        for first, last, where in (
            (0, 1, text("figure.loader_parts.own_process", "in your own process")),
            (2, 3, text("figure.loader_parts.worker", "in a worker, if there are workers")),
        ):
            x, right = left[first] - 12, left[last] + wide + 12
            draw.box(
                x, top - 34, right - x, high + 84, fill="none", edge=draw.line_colour, radius=10
            )
            draw.text(x + 12, top - 18, where, size=13, colour=draw.muted)
        for i, (name, question, gives) in enumerate(parts):
            x = left[i]
            draw.box(x, top, wide, high, fill=colours[i], radius=8)
            draw.text(x + wide / 2, top + 20, name, size=15, bold=True, ha="center")
            for row, line in enumerate(question.split("\n")):
                draw.text(x + wide / 2, top + 44 + 18 * row, line, size=13, ha="center")
            draw.text(x + wide / 2, top + high + 22, gives, size=12, code=True, ha="center")
            if i:
                draw.arrow([(x - apart + 4, top + high / 2), (x - 4, top + high / 2)])
        alt = text(
            "figure.loader_parts.alt",
            "The parts of a DataLoader in a row. A sampler gives indices such as 3, 7, 1, 0; a "
            "batch sampler groups them as [3, 7] and [1, 0]; the dataset is asked for samples 3 "
            "and 7; collate_fn makes one batch of them. The first two run in your own process, "
            "the last two in a worker if there are workers.",
        )
        return draw.finish(left[-1] + wide + 12 + MARGIN, top + high + 50 + MARGIN, alt)


def sampled(
    draws: Mapping[str, Sequence[int] | Sequence[Sequence[int]]],
    count: int,
    *,
    together: bool = False,
) -> Figure:
    """The indices that samplers draw, one row for each, in the order of the draws.

        figures.sampled({"shuffled": list(RandomSampler(range(10)))}, count=10)

    draws: name and indices (ints below count), or lists of indices for a batch sampler. count:
    the number of samples, at most 30. At most 30 draws in a row. An index has the same colour in
    every row. At the end of a row stands what was never drawn and what more than once; with
    `together` this is said once, for all rows together.
    Raises ValueError if there is too much to draw, or an index is out of range.
    Taught in notebook 06.
    """
    rows: dict[str, list[Any]] = {  # lists of indices
        name: [group if isinstance(group, (list, tuple)) else [group] for group in indices]
        for name, indices in draws.items()
    }
    flat = {name: [int(i) for group in groups for i in group] for name, groups in rows.items()}
    most = max(map(len, flat.values()), default=0)
    if not rows or not 1 <= count <= MOST_INDICES or most > MOST_DRAWS:
        raise ValueError(
            f"sampled() draws at least one sampler, over at most {MOST_INDICES} samples, with at "
            f"most {MOST_DRAWS} draws in a row."
        )
    for name, indices in flat.items():
        if any(not 0 <= i < count for i in indices):
            raise ValueError(f"{name} draws an index that is not in 0 ... {count - 1}.")
    with page() as draw:
        colours = ramp(count)
        x0 = MARGIN + 20 + max(draw.width_of(name, size=14) for name in rows)
        y, right, parts = MARGIN, x0, []
        for name, groups in rows.items():
            draw.text(MARGIN, y + SQUARE / 2, name, size=14)
            x, in_lists = x0, any(isinstance(g, (list, tuple)) for g in draws[name])
            for group in groups:
                begin = x
                for i in group:
                    draw.cell(x, y, SQUARE, SQUARE, str(int(i)), fill=colours[int(i)])
                    x += SQUARE
                if in_lists:
                    draw.box(begin, y, x - begin, SQUARE, edge=draw.ink, line=2)
                    x += 10
            said = "" if together else coverage(flat[name], count)
            draw.text(x + 14, y + SQUARE / 2, said, size=13, colour=draw.muted)
            right = max(right, x + 14 + draw.width_of(said, size=13))
            listed = str(draws[name] if in_lists else flat[name])
            drawn = text("figure.sampled.row", "{name} draws {indices}", name=name, indices=listed)
            parts.append(f"{drawn} ({said})" if said else drawn)
            y += SQUARE + 12
        alt = text(
            "figure.sampled.alt",
            "Indices drawn from {samples}, in order. {rows}.",
            samples=counted(count, "sample"),
            rows="; ".join(parts),
        )
        if together:
            of_all = coverage(sum(flat.values(), []), count)
            said = text("figure.sampled.together", "all together: {coverage}", coverage=of_all)
            draw.text(x0, y + 8, said, size=13, colour=draw.muted)
            right, y = max(right, x0 + draw.width_of(said, size=13)), y + 28
            alt += " " + text(
                "figure.sampled.alt_together", "All together: {coverage}.", coverage=of_all
            )
        return draw.finish(right + MARGIN, y + MARGIN - 12, alt)


def coverage(indices: Sequence[int], count: int) -> str:
    """'each once', or which of the indices 0 ... count - 1 come never and which more than once."""
    times = Counter(indices)
    never = [i for i in range(count) if i not in times]
    often = [i for i in range(count) if times[i] > 1]
    if not never and not often:
        return text("figure.sampled.each_once", "each once")
    said = []
    if never:
        listed = ", ".join(map(str, never))
        said.append(text("figure.sampled.never", "never: {indices}", indices=listed))
    if often:
        listed = ", ".join(map(str, often))
        said.append(text("figure.sampled.often", "more than once: {indices}", indices=listed))
    return "; ".join(said)


def collated(
    samples: Sequence[Any],
    batch: Any,
    names: Sequence[str] | None = None,
    made: Mapping[str, int] | None = None,
) -> Figure:
    """Samples on the left, the batch that was made of them on the right.

        figures.collated(samples, default_collate(samples))

    samples: at most 8 tuples, lists or dicts of numbers and tensors of at most one dimension, or
    such numbers and tensors themselves. batch: a tensor of one or two dimensions whose first one
    is the sample, or a tuple, list or dict of those. names: what to call its parts.
    made: draws a moment inside collate_fn, as one of the stills of `steps`: the names of the parts
    that are made by then, in order, each with the place of the field it is made from. The last of
    them and its fields have a frame, and parts that are not yet made are left out.
    A sample has the same colour on both sides; a number that stands for no part of a sample
    (padding) is grey. Raises ValueError for more samples, a batch of another form, or a part or
    a field in `made` that is not there.
    Taught in notebook 06.
    """
    if not 1 <= len(samples) <= MOST_SAMPLES:
        raise ValueError(f"collated() draws 1 to {MOST_SAMPLES} samples, not {len(samples)}.")
    fields = [parts_of(sample) for sample in samples]
    result = parts_of(batch)
    names = list(names or result)
    if len(names) != len(result):
        raise ValueError(
            f"There are {counted(len(names), 'name')} for {counted(len(result), 'part')}."
        )
    for part in result.values():
        if not isinstance(part, torch.Tensor) or part.dim() not in (1, 2):
            raise ValueError("collated() draws batches of tensors with one or two dimensions.")
        if len(part) != len(samples):
            raise ValueError(f"A part has {len(part)} rows for {counted(len(samples), 'sample')}.")
    for name, place in (made or {}).items():
        if name not in names or not all(0 <= place < len(parts) for parts in fields):
            raise ValueError(f"There is no part {name!r}, or no field {place} to make it from.")
    newest, origin = list(made.items())[-1] if made else (None, None)
    with page() as draw:
        colours = ramp(len(samples))
        words = [w for f in (*fields, result) for part in f.values() for w in numbers(part)]
        cell = max(SQUARE, 12 + max(draw.width_of(word, code=True) for word in words))
        label = draw.width_of(sample_label(0), size=13) + 14
        before_it = text("figure.collated.samples", "a list of samples")
        draw.text(MARGIN, MARGIN, before_it, bold=True)
        y, right = MARGIN + 24, MARGIN + draw.width_of(before_it, bold=True)
        for i, parts in enumerate(fields):
            draw.text(MARGIN, y + SQUARE / 2, sample_label(i), size=13, colour=draw.muted)
            x = MARGIN + label
            for place, part in enumerate(parts.values()):
                begin = x
                x = strip(draw, x, y, cell, numbers(part), [colours[i]] * len(numbers(part))) + 10
                if place == origin:
                    frame(draw, begin, y, x - 10, y + SQUARE)
            right, y = max(right, x - 10), y + SQUARE + 12
        below = y

        middle = right + 24
        x0 = middle + 110
        draw.arrow([(middle, (MARGIN + below) / 2), (x0 - 20, (MARGIN + below) / 2)])
        draw.text(
            (middle + x0 - 20) / 2,
            (MARGIN + below) / 2 - 16,
            "collate_fn",
            size=13,
            code=True,
            ha="center",
        )
        after_it = text("figure.collated.batch", "a batch")
        draw.text(x0, MARGIN, after_it, bold=True)
        y, right = MARGIN + 24, x0 + draw.width_of(after_it, bold=True)
        for place, (name, part) in enumerate(zip(names, result.values(), strict=True)):
            title = shape_label(part.shape)
            title = f"{name}   {title}" if name else title
            right = max(right, x0 + draw.width_of(title, size=13))
            if made is not None and name not in made:
                # Its place stays free, so that all stills have one size.
                draw.text(x0, y + 8, name, size=13, colour=draw.muted)
                longest = part.shape[1] if part.dim() == 2 else len(part)
                right = max(right, x0 + cell * longest)
                y += 22 + SQUARE * (len(part) if part.dim() == 2 else 1) + 14
                continue
            draw.text(x0, y + 8, title, size=13, colour=draw.muted)
            y += 22
            top = y
            if part.dim() == 1:
                right = max(right, strip(draw, x0, y, cell, numbers(part), colours))
                y += SQUARE
            else:
                for i, row in enumerate(part):
                    source = (
                        numbers(list(fields[i].values())[place]) if place < len(fields[i]) else []
                    )
                    fills = [colours[i] if j < len(source) else UNUSED for j in range(len(row))]
                    right = max(right, strip(draw, x0, y, cell, numbers(row), fills))
                    y += SQUARE
            if name == newest:
                frame(draw, x0, top, x0 + cell * part.shape[-1], y)
            y += 14
        before = "; ".join(
            text(
                "figure.collated.sample_is", "sample {number} is {fields}", number=i, fields=said(f)
            )
            for i, f in enumerate(fields)
        )
        after = "; ".join(
            text(
                "figure.collated.part",
                "{name} of shape {shape}: {numbers}",
                name=name or text("figure.collated.tensor", "a tensor"),
                shape=tuple(part.shape),
                numbers=part.tolist(),
            )
            for name, part in zip(names, result.values(), strict=True)
            if made is None or name == newest
        )
        if made is None:
            alt = text(
                "figure.collated.alt",
                "Before collate_fn: {samples}. After it, the batch: {parts}.",
                samples=before,
                parts=after,
            )
        elif made:
            alt = text(
                "figure.collated.alt_new",
                "New in the batch, from field {field} of each sample, is {part}.",
                field=origin,
                part=after,
            )
        else:
            alt = text("figure.collated.alt_first", "The samples: {samples}.", samples=before)
        if made is not None:
            alt += " " + still_to_be_made([name for name in names if name not in made])
        return draw.finish(right + MARGIN, max(y, below) + MARGIN - 14, alt)


def sample_label(number: int) -> str:
    return text("figure.collated.sample", "sample {number}", number=number)


def still_to_be_made(names: Sequence[str]) -> str:
    if not names:
        return text("figure.collated.all_made", "All parts are made.")
    listed = ", ".join(names)
    return text("figure.collated.missing", "Still to be made: {parts}.", parts=listed)


def frame(draw: Page, left: float, top: float, right: float, bottom: float) -> None:
    """A frame around what a step reads or makes."""
    draw.box(left, top, right - left, bottom - top, edge=draw.ink, line=3, over=True)


def strip(
    draw: Page, x: float, y: float, cell: float, words: Sequence[str], fills: Sequence
) -> float:
    """Numbers side by side in cells; returns the right end."""
    for word, fill in zip(words, fills, strict=True):
        draw.cell(x, y, cell, SQUARE, word, fill=fill)
        x += cell
    return x


def parts_of(thing: Any) -> dict[str, Any]:
    """The fields of a sample or of a batch by name; one without a name if it has none."""
    if isinstance(thing, dict):
        return thing
    if isinstance(thing, (tuple, list)):
        return {f"[{i}]": part for i, part in enumerate(thing)}
    return {"": thing}


def numbers(part: Any) -> list[str]:
    """The numbers of a field as texts."""
    values = part.tolist() if isinstance(part, torch.Tensor) else part
    flat = values if isinstance(values, list) else [values]
    while flat and isinstance(flat[0], list):
        flat = sum(flat, [])
    return [f"{value:g}" if isinstance(value, float) else str(value) for value in flat]


def said(parts: dict[str, Any]) -> str:
    return all_of(f"({', '.join(numbers(part))})" for part in parts.values())


def class_balance(batches: Mapping[str, Sequence[torch.Tensor]], classes: Sequence[str]) -> Figure:
    """The classes in each batch of several loaders: one column for each batch.

        figures.class_balance({"shuffled": [labels for _, labels in loader]}, ["no", "yes"])

    batches: name and the label tensors of an epoch, each of shape (batch,), at most 40 batches of
    at most 40 labels. classes: their names; a label is a place in this list.
    Raises ValueError for too many batches or labels, or a label without a name.
    Taught in notebook 06.
    """
    counted = {
        name: [torch.bincount(labels, minlength=len(classes)).tolist() for labels in epoch]
        for name, epoch in batches.items()
    }
    columns = [column for epoch in counted.values() for column in epoch]
    if not columns:
        raise ValueError("class_balance() needs at least one loader with a batch.")
    if any(len(column) > len(classes) for column in columns):
        raise ValueError(f"A label is larger than {len(classes) - 1}, and has no name in classes.")
    highest = max(map(sum, columns))
    if highest > 40 or max(map(len, counted.values())) > 40:
        raise ValueError("class_balance() draws at most 40 batches of at most 40 labels.")
    with page() as draw:
        colours = ramp(len(classes))
        x: float = MARGIN
        for name, colour in zip(classes, colours, strict=True):
            draw.box(x, MARGIN - 6, 14, 14, fill=colour)
            draw.text(x + 22, MARGIN + 1, name, size=13)
            x += 46 + draw.width_of(name, size=13)
        right, top, parts = x, MARGIN + 34, []
        x0: float = MARGIN
        bottom = top + 24 + highest * TINY
        for name, epoch in counted.items():
            draw.text(x0, top, name, bold=True)
            for place, column in enumerate(epoch):
                y = bottom
                for colour, number in zip(colours, column, strict=True):
                    for _ in range(number):
                        y -= TINY
                        x = x0 + place * (TINY + 3)
                        draw.box(x, y, TINY, TINY, fill=colour, edge=draw.panel)
            totals = [sum(column[c] for column in epoch) for c in range(len(classes))]
            shares = [f"{100 * total / sum(totals):.0f} %" for total in totals]
            listed = ", ".join(f"{c} {s}" for c, s in zip(classes, shares, strict=True))
            words = text("figure.class_balance.in_all", "in all: {shares}", shares=listed)
            draw.text(x0, bottom + 18, words, size=13, colour=draw.muted)
            parts.append(
                text(
                    "figure.class_balance.loader",
                    "{name}, {count} batches, in all: {shares}",
                    name=name,
                    count=len(epoch),
                    shares=listed,
                )
            )
            end = x0 + max(len(epoch) * (TINY + 3), draw.width_of(words, size=13))
            right, x0 = max(right, end), end + 44
        alt = text(
            "figure.class_balance.alt",
            "The classes in each batch of an epoch, one column of squares for each batch. "
            "{loaders}.",
            loaders="; ".join(parts),
        )
        return draw.finish(right + MARGIN, bottom + 30 + MARGIN, alt)


def epoch_time(times: Mapping[str, Mapping[int, float]]) -> Figure:
    """How long an epoch takes with different numbers of workers.

        figures.epoch_time({"slow samples": {0: 0.8, 2: 0.5}})

    times: name, then number of workers, then seconds. All bars have one scale.
    Raises ValueError if there is nothing to draw, or a time is negative.
    Taught in notebook 06.
    """
    seconds = [value for by_workers in times.values() for value in by_workers.values()]
    if not seconds or min(seconds) < 0:
        raise ValueError("epoch_time() needs at least one time, and none of them negative.")
    with page() as draw:
        scale = LONGEST / (max(seconds) or 1)
        x0, y, right, parts = MARGIN + 120, MARGIN, 0.0, []
        for (name, by_workers), colour in zip(times.items(), ramp(len(times)), strict=True):
            draw.text(MARGIN, y + 4, name, bold=True)
            y += 22
            for workers, value in by_workers.items():
                time = text("figure.epoch_time.seconds", "{seconds:.2f} s", seconds=value)
                draw.text(MARGIN + 8, y + 10, counted(workers, "worker"), size=13)
                length = max(value * scale, 2)
                draw.box(x0, y, length, 20, fill=colour)
                draw.text(x0 + length + 8, y + 10, time, size=13)
                right = max(right, x0 + length + 8 + draw.width_of(time, size=13))
                y += 26
            bars = [
                text(
                    "figure.epoch_time.bar",
                    "{workers} workers {seconds:.2f} s",
                    workers=workers,
                    seconds=value,
                )
                for workers, value in by_workers.items()
            ]
            parts.append(f"{name}: {', '.join(bars)}")
            y += 12
        alt = text(
            "figure.epoch_time.alt",
            "Seconds for one epoch by number of workers, as bars. {loaders}.",
            loaders="; ".join(parts),
        )
        return draw.finish(right + MARGIN, y + MARGIN - 12, alt)
