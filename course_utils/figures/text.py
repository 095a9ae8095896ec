"""Figures of texts in a batch: padding with its mask, packing, bags with their offsets.

Taught in notebook 08.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch.nn.utils.rnn import pack_padded_sequence

from ..texts import counted, text
from .drawing import MARGIN, UNUSED, Figure, Page, page, ramp

CELL_SIDE = 34  # pixels, a cell with an id
MASK_SIDE = 46  # pixels, a cell with True or False
APART = 56  # pixels between two parts of a picture
MOST_TEXTS = 8
MOST_PLACES = 12
MOST_IDS = 24


def padding(texts: Sequence[Sequence[int]], padded: torch.Tensor, mask: torch.Tensor) -> Figure:
    """Texts of different lengths, the batch they were padded to, and its mask.

        figures.padding([[5, 2], [7]], ids, ids != 0)

    texts: at most 8 lists of ids, at most 12 in each. padded: int64 of shape (batch, time). mask:
    bool of the same shape. What the mask says is padding is grey in the batch.
    Raises ValueError if there is more to draw, or the shapes do not agree.
    Taught in notebook 08.
    """
    _check_batch(padded, len(texts), "padding()")
    if mask.shape != padded.shape or mask.dtype != torch.bool:
        raise ValueError(
            f"The mask has shape {tuple(mask.shape)} and dtype {mask.dtype}; the padded batch "
            f"needs a bool mask of shape {tuple(padded.shape)}."
        )
    time = padded.shape[1]
    with page() as draw:
        colours = ramp(len(texts))
        x_padded = MARGIN + CELL_SIDE * max(time, 3) + APART
        x_mask = x_padded + CELL_SIDE * max(time, 4) + APART
        is_real = text("figure.padding.mask", "mask: is it real?")
        heads = (
            (MARGIN, text("figure.padding.texts", "texts")),
            (x_padded, text("figure.padding.padded", "padded")),
            (x_mask, is_real),
        )
        for x, head in heads:
            draw.text(x, MARGIN + 6, head, bold=True)
        for i, (ids, colour) in enumerate(zip(texts, colours, strict=True)):
            y = MARGIN + 24 + i * (CELL_SIDE + 4)
            _row(draw, MARGIN, y, [str(int(t)) for t in ids], [colour] * len(ids))
            fills = [colour if real else UNUSED for real in mask[i].tolist()]
            _row(draw, x_padded, y, [str(t) for t in padded[i].tolist()], fills)
            words = [str(real) for real in mask[i].tolist()]
            _row(draw, x_mask, y, words, fills, side=MASK_SIDE, size=13)
        bottom = MARGIN + 24 + len(texts) * (CELL_SIDE + 4)
        right = x_mask + max(MASK_SIDE * time, draw.width_of(is_real, bold=True))
        alt = text(
            "figure.padding.alt",
            "{texts} of ids: {ids}. Padded to shape {shape}: {padded}. The mask is True at {true} "
            "of {places} places, where a real token stands; the other places are grey.",
            texts=counted(len(texts), "text"),
            ids=[list(map(int, ids)) for ids in texts],
            shape=tuple(padded.shape),
            padded=padded.tolist(),
            true=int(mask.sum()),
            places=mask.numel(),
        )
        return draw.finish(right + MARGIN, bottom + MARGIN - 4, alt)


def packing(padded: torch.Tensor, lengths: torch.Tensor) -> Figure:
    """Which steps of a padded batch are really computed, and in what order they are packed.

        figures.packing(ids, lengths)

    padded: int64 of shape (batch, time), at most 8 by 12. lengths: int64 of shape (batch,), from
    1 to time. A text has the same colour everywhere; padding is grey.
    Raises ValueError if there is more to draw, or a length does not fit.
    Taught in notebook 08.
    """
    _check_batch(padded, len(lengths), "packing()")
    if not bool(((lengths >= 1) & (lengths <= padded.shape[1])).all()):
        raise ValueError(f"The lengths {lengths.tolist()} are not all in 1 ... {padded.shape[1]}.")
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    assert packed.sorted_indices is not None, "it was packed with enforce_sorted=False"
    order, sizes = packed.sorted_indices.tolist(), packed.batch_sizes.tolist()
    batch, time = padded.shape
    with page() as draw:
        colours = ramp(batch)
        x_steps = MARGIN + time * CELL_SIDE + APART + 60
        top = MARGIN + 24
        title = text("figure.packing.batch", "padded batch")
        draw.text(MARGIN, MARGIN + 6, title, bold=True)
        computed = text("figure.packing.computed", "what is computed, step by step")
        draw.text(x_steps, MARGIN + 6, computed, bold=True)
        for i in range(batch):
            length = int(lengths[i])
            fills = [colours[i]] * length + [UNUSED] * (time - length)
            y = top + i * (CELL_SIDE + 4)
            _row(draw, MARGIN, y, [str(t) for t in padded[i].tolist()], fills)
        for place, i in enumerate(order):
            y = top + place * (CELL_SIDE + 4)
            words = [str(t) for t in padded[i, : int(lengths[i])].tolist()]
            _row(draw, x_steps, y, words, [colours[i]] * len(words))
            label = text("figure.packing.text", "text {number}", number=i)
            draw.text(
                x_steps - 10, y + CELL_SIDE / 2, label, size=13, colour=draw.muted, ha="right"
            )
        y = top + batch * (CELL_SIDE + 4) + 14
        draw.text(x_steps - 10, y, "batch_sizes", size=13, colour=draw.muted, ha="right")
        for step, size in enumerate(sizes):
            draw.text(x_steps + (step + 0.5) * CELL_SIDE, y, str(size), bold=True, ha="center")
        y += 30
        draw.text(MARGIN, y + 6, "packed.data", bold=True)
        x, y, taken = MARGIN, y + 24, packed.data.tolist()
        for size in sizes:
            _row(draw, x, y, [str(t) for t in taken[:size]], [colours[i] for i in order[:size]])
            taken, x = taken[size:], x + size * CELL_SIDE + 10
        words_end = x_steps + draw.width_of(computed, bold=True)
        right = max(x, words_end, x_steps + len(sizes) * CELL_SIDE)
        alt = text(
            "figure.packing.alt",
            "A padded batch of shape {shape} with lengths {lengths}: of {places} places {computed} "
            "are computed, the grey ones are not. Sorted by length, the texts are {order}, and "
            "the steps have batch_sizes {sizes}. packed.data holds {data}, step after step.",
            shape=(batch, time),
            lengths=lengths.tolist(),
            places=padded.numel(),
            computed=int(lengths.sum()),
            order=order,
            sizes=sizes,
            data=packed.data.tolist(),
        )
        return draw.finish(right + MARGIN, y + CELL_SIDE + MARGIN, alt)


def bags(ids: torch.Tensor, offsets: Mapping[str, torch.Tensor]) -> Figure:
    """How offsets cut one row of ids into bags: one strip for each set of offsets.

        figures.bags(ids, {"right": torch.tensor([0, 2]), "lengths": torch.tensor([2, 3])})

    ids: int64 of shape (ids,), at most 24. offsets: a name, and int64 of shape (bags,), at most
    8, from 0 to the number of ids, not falling. Ids before the first offset are grey.
    Raises ValueError if there is more to draw, or the offsets fall or lie outside.
    Taught in notebook 08.
    """
    if ids.dim() != 1 or not 1 <= len(ids) <= MOST_IDS or not offsets:
        raise ValueError(f"bags() draws 1 to {MOST_IDS} ids in one row, with at least one name.")
    for name, starts in offsets.items():
        places = starts.tolist()
        fits = 1 <= len(places) <= MOST_TEXTS and min(places) >= 0 and max(places) <= len(ids)
        if not fits or places != sorted(places):
            raise ValueError(
                f"{name}: the offsets {places} are not 1 to {MOST_TEXTS} rising places in "
                f"0 ... {len(ids)}."
            )
    with page() as draw:
        x0 = MARGIN + 20 + max(draw.width_of(name, size=14) for name in offsets)
        y, right, parts = MARGIN, x0 + len(ids) * CELL_SIDE, []
        for i in range(len(ids)):
            x = x0 + (i + 0.5) * CELL_SIDE
            draw.text(x, y + 4, str(i), size=12, colour=draw.muted, ha="center")
        draw.text(MARGIN, y + 4, text("figure.bags.place", "place"), size=12, colour=draw.muted)
        y += 20
        words = [str(value) for value in ids.tolist()]
        for name, starts in offsets.items():
            places = starts.tolist()
            borders = [*places, len(ids)]
            colours = ramp(len(places))
            fills: list[str | tuple] = [UNUSED] * len(ids)
            empty, contents = [], []
            for bag, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
                fills[start:end] = [colours[bag]] * (end - start)
                contents.append(ids[start:end].tolist())
                if start == end:
                    empty.append(bag)
            draw.text(MARGIN, y + CELL_SIDE / 2, name, size=14)
            _row(draw, x0, y, words, fills)
            for bag, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
                x = x0 + start * CELL_SIDE
                if end > start:
                    draw.line([(x + 2, y - 2), (x + 2, y + CELL_SIDE + 6)], line=3)
                    said = str(bag)
                    if end - start > 1:
                        said = text("figure.bags.bag", "bag {number}", number=bag)
                    middle = x0 + (start + end) / 2 * CELL_SIDE
                    draw.text(middle, y + CELL_SIDE + 14, said, size=12, ha="center")
            if empty:
                numbers = ", ".join(map(str, empty))
                said = text("figure.bags.empty", "empty: bag {numbers}", numbers=numbers)
                x = x0 + len(ids) * CELL_SIDE + 14
                draw.text(x, y + CELL_SIDE / 2, said, size=13, colour=draw.muted)
                right = max(right, x + draw.width_of(said, size=13))
            parts.append(
                text(
                    "figure.bags.offsets",
                    "{name}, offsets {offsets}, gives the bags {bags}",
                    name=name,
                    offsets=places,
                    bags=contents,
                )
            )
            y += CELL_SIDE + 40
        alt = text(
            "figure.bags.alt",
            "One row of {ids}, cut into bags. {offsets}.",
            ids=counted(len(ids), "id"),
            offsets="; ".join(parts),
        )
        return draw.finish(right + MARGIN, y - 16 + MARGIN, alt)


def _check_batch(padded: torch.Tensor, texts: int, who: str) -> None:
    if padded.dim() != 2 or padded.shape[0] != texts:
        raise ValueError(
            f"{who} needs a batch of shape ({texts}, time), one row for each text, not "
            f"{tuple(padded.shape)}."
        )
    if not 1 <= texts <= MOST_TEXTS or not 1 <= padded.shape[1] <= MOST_PLACES:
        raise ValueError(f"{who} draws at most {MOST_TEXTS} texts of at most {MOST_PLACES} ids.")


def _row(
    draw: Page,
    x: float,
    y: float,
    words: Sequence[str],
    fills: Sequence,
    side: float = CELL_SIDE,
    size: float = 14,
) -> None:
    for word, fill in zip(words, fills, strict=True):
        draw.cell(x, y, side, CELL_SIDE, word, fill=fill, size=size)
        x += side
