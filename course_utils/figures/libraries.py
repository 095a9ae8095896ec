"""Figures of what libraries around torch make of a sample: pictures with masks and boxes, texts.

Taught in notebook 12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ..texts import counted, text
from .drawing import MARGIN, UNUSED, Figure, Page, page, ramp
from .vision import picture_of

ZOOM_TO = 192  # pixels, the wider side of the largest picture
GAP = 12  # pixels, from a picture to its mask
ARROW = 52  # pixels, the place of an arrow
LINE = 19  # pixels, a line of words under a picture
CELL = 34  # pixels, a cell with an id
PIECE = 54  # pixels, a cell with a piece of a word
MASK_CELL = 26  # pixels, a cell with 0 or 1
BELOW = 44  # pixels, from one stage of a text to the next
BOX_COLOUR = "#ffe14d"


# Pictures -----------------------------------------------------------------------------------


def conventions(libraries: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Figure:
    """A sample before and after a change, as each library holds it: picture, mask, boxes.

        figures.conventions({"Albumentations": (given, pipeline(**given))})

    libraries: for each name a sample before and one after. A sample is a dict with "image" (an
    array of shape (height, width, channels), or a tensor with the channels first), "mask" (whole
    numbers, shape (height, width)), "bboxes" or "boxes" (x_min, y_min, x_max, y_max in pixels) and
    "labels". Other names are left out.
    Raises ValueError for no libraries or more than 4, and for a sample that lacks one of these.
    Taught in notebook 12.
    """
    if not 1 <= len(libraries) <= 4:
        raise ValueError(f"conventions() draws 1 to 4 libraries, not {len(libraries)}.")
    drawn = {
        name: [_Sample(name, sample) for sample in samples] for name, samples in libraries.items()
    }
    everything = [sample for samples in drawn.values() for sample in samples]
    zoom = ZOOM_TO / max(max(sample.picture.shape[:2]) for sample in everything)
    classes = sorted({value for sample in everything for value in sample.mask.unique().tolist()})
    shown = [value for value in classes if value != 0]
    colours = dict(zip(shown, ramp(len(shown)), strict=True))
    with page() as draw:
        y: float = MARGIN
        right, parts = 0.0, []
        for name, samples in drawn.items():
            draw.text(MARGIN, y + 6, name, bold=True)
            top, bottom = y + 26, 0.0
            x: float = MARGIN
            for number, sample in enumerate(samples):
                if number:
                    middle = top + samples[0].picture.shape[0] * zoom / 2
                    draw.arrow([(x + 6, middle), (x + ARROW - 8, middle)])
                    x += ARROW
                x, under = _draw_sample(draw, x, top, sample, zoom, colours)
                right, bottom = max(right, x), max(bottom, under)
            y = bottom + 20
            before, after = (sample.described() for sample in samples)
            parts.append(
                text(
                    "figure.conventions.library",
                    "in {name} before: {before}, and after: {after}",
                    name=name,
                    before=before,
                    after=after,
                )
            )
        alt = text(
            "figure.conventions.alt",
            "A picture with its mask and its boxes, before and after a change: {libraries}.",
            libraries="; ".join(parts),
        )
        return draw.finish(right + MARGIN, y - 20 + MARGIN, alt)


class _Sample:
    """One sample, with what is drawn of it and the words under it."""

    def __init__(self, name: str, sample: Mapping[str, Any]) -> None:
        boxes_name = "bboxes" if "bboxes" in sample else "boxes"
        lacking = [key for key in ("image", "mask", boxes_name, "labels") if key not in sample]
        if lacking:
            raise ValueError(f"A sample of {name} has no {lacking[0]!r}.")
        image, mask, boxes = sample["image"], sample["mask"], sample[boxes_name]
        self.mask = torch.as_tensor(mask)
        if self.mask.dim() != 2:
            raise ValueError(
                f"The mask of {name} has shape {tuple(self.mask.shape)}; (height, width) is drawn."
            )
        if isinstance(image, torch.Tensor):
            self.picture = picture_of(image.as_subclass(torch.Tensor))
        else:
            self.picture = picture_of(torch.as_tensor(image).permute(2, 0, 1))
        self.boxes = [[round(float(edge)) for edge in box] for box in boxes]
        self.labels = [int(label) for label in sample["labels"]]
        self.words = [[_kind(image), _shape(image)], [_kind(mask), _shape(mask)]]
        kind = f"{boxes_name}: {type(boxes).__name__}"
        said = text("figure.conventions.labels", "labels {labels}", labels=self.labels)
        self.box_words = [kind, str(self.boxes), said]

    def described(self) -> str:
        picture, mask = (f"{kind} {shape}" for kind, shape in self.words)
        return text(
            "figure.conventions.sample",
            "picture {picture} and mask {mask}, boxes {boxes}, labels {labels}",
            picture=picture,
            mask=mask,
            boxes=self.boxes,
            labels=self.labels,
        )


def _kind(thing: Any) -> str:
    return f"{type(thing).__name__}, {str(thing.dtype).removeprefix('torch.')}"


def _shape(thing: Any) -> str:
    return f"({', '.join(map(str, thing.shape))})"


def _draw_sample(
    draw: Page, x: float, y: float, sample: _Sample, zoom: float, colours: Mapping[int, Any]
) -> tuple[float, float]:
    """Picture and mask side by side, words under them. Returns where they end, right and below."""
    height, width = (side * zoom for side in sample.picture.shape[:2])
    left, wide = x, max(width, *(_width(draw, lines) for lines in sample.words))
    mask_pixels = sample.mask[:, :, None].double().expand(-1, -1, 3) * 0  # black, as the picture
    for value, colour in colours.items():
        mask_pixels[sample.mask == value] = mask_pixels.new_tensor(colour)
    for pixels, lines in zip([sample.picture, mask_pixels], sample.words, strict=True):
        draw.picture(x, y, width, height, pixels.tolist())
        for line, words in enumerate(lines):
            draw.text(x, y + height + 14 + LINE * line, words, size=12.5)
        x += wide + GAP
    for box, label in zip(sample.boxes, sample.labels, strict=True):
        x0, y0, x1, y1 = (edge * zoom for edge in box)
        draw.box(left + x0, y + y0, x1 - x0, y1 - y0, edge=BOX_COLOUR, line=2.5, over=True)
        tag = draw.width_of(str(label), size=13, bold=True) + 8
        middle = left + (x0 + x1) / 2
        draw.box(middle - tag / 2, y + y0 - 18, tag, 18, fill=BOX_COLOUR, over=True)
        draw.text(middle, y + y0 - 9, str(label), size=13, bold=True, ha="center")
    under = y + height + 14 + LINE * 2 + 6
    for line, words in enumerate(sample.box_words):
        draw.text(left, under + LINE * line, words, size=12.5)
    end = max(x - GAP, left + _width(draw, sample.box_words))
    return end, under + LINE * len(sample.box_words)


def _width(draw: Page, lines: Sequence[str]) -> float:
    return max(draw.width_of(words, size=12.5) for words in lines)


# Texts --------------------------------------------------------------------------------------


def text_batch(
    texts: Sequence[str],
    tokenizer: Any,
    batch: Mapping[str, torch.Tensor],
    hidden: torch.Tensor,
    logits: torch.Tensor,
) -> Figure:
    """A batch of texts on its way through tokenizer, collator and model.

        figures.text_batch(texts, tokenizer, batch, hidden, logits)

    texts: 1 to 6 of them. tokenizer: of transformers. batch: "input_ids" and "attention_mask" of
    shape (batch, time), at most 12 wide. hidden: (batch, time, features). logits: (batch, labels),
    at most 8 labels. A text has one colour everywhere, padding is grey.
    Raises ValueError if there is more to draw, or the shapes do not agree.
    Taught in notebook 12.
    """
    ids, mask = batch["input_ids"], batch["attention_mask"]
    count, time = ids.shape
    fits = 1 <= count <= 6 and time <= 12 and logits.dim() == 2 and logits.shape[1] <= 8
    agree = len(texts) == count == len(logits) and mask.shape == ids.shape == hidden.shape[:2]
    if not fits or not agree:
        raise ValueError(
            f"text_batch() draws 1 to 6 texts of at most 12 ids and 8 labels, one row for each; "
            f"here are {len(texts)} texts, input_ids {tuple(ids.shape)}, attention_mask "
            f"{tuple(mask.shape)}, hidden {tuple(hidden.shape)}, logits {tuple(logits.shape)}."
        )
    rows = [tokenizer(one)["input_ids"] for one in texts]
    pieces = [tokenizer.convert_ids_to_tokens(row) for row in rows]
    labels = logits.shape[1]
    with page() as draw:
        colours = ramp(count)
        fills = [
            [colours[i] if real else UNUSED for real in mask[i].tolist()] for i in range(count)
        ]
        wide = max(PIECE, *(draw.width_of(piece, size=13) + 12 for row in pieces for piece in row))
        y, right = MARGIN + 6, MARGIN + wide * max(map(len, rows))

        def title(x: float, words: str, shape: Sequence[int] = ()) -> None:
            nonlocal right
            draw.text(x, y, words, bold=True)
            end = x + draw.width_of(words, bold=True)
            if shape:
                said = str(tuple(shape))
                draw.text(end + 10, y, said, size=13, colour=draw.muted)
                end += 10 + draw.width_of(said, size=13)
            right = max(right, end)

        def grid(x: float, side: float, fill: Sequence, word: Callable[[int, int], str]) -> None:
            for i, row in enumerate(fill):
                for place, colour in enumerate(row):
                    at = x + place * side, y + 20 + i * (CELL + 4)
                    draw.cell(*at, side, CELL, word(i, place), fill=colour, size=13)

        def then(words: str) -> None:
            nonlocal y, right
            right = max(right, MARGIN + 40 + draw.width_of(words, size=13))
            y += 20 + count * (CELL + 4)
            draw.arrow([(MARGIN + 20, y + 4), (MARGIN + 20, y + BELOW - 8)])
            draw.text(MARGIN + 40, y + BELOW / 2 - 2, words, size=13, colour=draw.muted)
            y += BELOW + 8

        title(MARGIN, text("figure.text_batch.pieces", "texts, cut into pieces"))
        grid(
            MARGIN,
            wide,
            [[colours[i]] * len(row) for i, row in enumerate(rows)],
            lambda i, place: pieces[i][place],
        )
        then(
            text(
                "figure.text_batch.tokenizer",
                "tokenizer: an id for each piece; collator: one width for all",
            )
        )
        title(MARGIN, "input_ids", ids.shape)
        grid(MARGIN, CELL, fills, lambda i, place: str(int(ids[i, place])))
        x = max(MARGIN + time * CELL, right - time * MASK_CELL, MARGIN + 200) + 30
        title(x, "attention_mask", mask.shape)
        grid(x, MASK_CELL, fills, lambda i, place: str(int(mask[i, place])))
        right = max(right, x + time * MASK_CELL)
        then(
            text("figure.text_batch.model", "model: a vector for each place; logits for each text")
        )
        title(MARGIN, "last_hidden_state", hidden.shape)
        for back in (8, 4, 0):
            for i, row in enumerate(fills):
                for place, colour in enumerate(row):
                    at = MARGIN + place * CELL + back, y + 20 + i * (CELL + 12) + 8 - back
                    draw.cell(*at, CELL, CELL - 4, "", fill=colour)
        title(x, "logits", logits.shape)
        for i in range(count):
            for label in range(labels):
                draw.cell(
                    x + label * MASK_CELL,
                    y + 24 + i * (CELL + 12),
                    MASK_CELL,
                    CELL - 4,
                    "",
                    fill=colours[i],
                )
        bottom = y + 20 + count * (CELL + 12)
        right = max(right, x + labels * MASK_CELL)
        said = "; ".join(
            text("figure.text_batch.cut", "{one!r} is {pieces}", one=one, pieces=" ".join(row))
            for one, row in zip(texts, pieces, strict=True)
        )
        alt = text(
            "figure.text_batch.alt",
            "{texts} on the way through a model: {pieces}. The collator makes input_ids {ids} "
            "with attention_mask {mask}. The model gives last_hidden_state of shape {hidden}, "
            "with a vector for padding too, and logits of shape {logits}.",
            texts=counted(count, "text"),
            pieces=said,
            ids=ids.tolist(),
            mask=mask.tolist(),
            hidden=tuple(hidden.shape),
            logits=tuple(logits.shape),
        )
        return draw.finish(right + MARGIN, bottom + MARGIN - 8, alt)
