"""`DataCollatorWithPadding` fills up what a tokenizer made, and no lists of labels. Here both are
to be filled up: a row may have one label, or a label for each token.
"""

import math

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from course_utils.exercise import Exercise

exercise = Exercise(
    "12.8",
    "A collator that pads labels too",
    minutes=15,
    difficulty=2,
    hints=[
        "Each key has a number of its own that means 'nothing here'. Which number does a loss "
        "leave out?",
        "The width of the batch comes first: one number for all keys. Then fill up each list.",
        "How many times `multiple` has to fit so that the longest row has room? Try it with a "
        "longest row of exactly `multiple`.",
    ],
)


@exercise.reference
def pad_rows(rows, pad_id, multiple):
    """One batch of tokenized rows that differ in length.

    rows: a list of at least one dict, all with the same keys. "input_ids", "attention_mask" and,
    if it is there, "token_type_ids" are lists of ints; "label" is an int, or a list with a label
    for each token. pad_id may be the id of a real token, and a mask may have a 0 inside a text.
    Returns a dict of int64 tensors of shape (batch, width): the longest length, rounded up to a
    multiple of `multiple`. After the end of a row come pad_id, mask 0, type 0 and label -100.
    "label" is called "labels" there; of one int a row, it has shape (batch,). The rows stay as
    they are.
    """
    longest = max(len(row["input_ids"]) for row in rows)
    width = math.ceil(longest / multiple) * multiple
    padding = {"input_ids": pad_id, "attention_mask": 0, "token_type_ids": 0, "label": -100}
    batch = {}
    for key in rows[0]:
        values = [row[key] for row in rows]
        if isinstance(values[0], list):
            values = [value + [padding[key]] * (width - len(value)) for value in values]
        batch[key] = torch.tensor(values)
    batch["labels"] = batch.pop("label")
    return batch


def row(rng, length, *, types=False, token_labels=False):
    """What a tokenizer makes of a text of so many tokens, with a label."""
    made = {
        "input_ids": [rng.randint(0, 9) for _ in range(length)],
        "attention_mask": [1] * length,
    }
    if types:
        made["token_type_ids"] = [int(place >= length // 2) for place in range(length)]
    made["label"] = (
        [rng.randint(0, 2) for _ in range(length)] if token_labels else rng.randint(0, 2)
    )
    return made


@exercise.cases
def _(rng):
    first = {"input_ids": [2, 7, 3], "attention_mask": [1, 1, 1], "label": 1}
    second = {"input_ids": [2, 3], "attention_mask": [1, 1], "label": 0}
    yield [first, second], 0, 4
    yield [first, second], 5, 1
    hidden = {"input_ids": [2, 0, 0, 3], "attention_mask": [1, 0, 1, 1], "label": 2}
    yield [second, hidden], 0, 3  # more tokens than the mask has ones, and over a multiple
    words = {"input_ids": [2, 7, 3], "attention_mask": [1, 1, 1], "label": [-100, 1, -100]}
    yield [words, {"input_ids": [4], "attention_mask": [1], "label": [2]}], 9, 2
    large = 2**24 + 1  # the first whole number that float32 rounds
    ids = {"input_ids": [large, 2], "attention_mask": [1, 1], "label": large}
    yield [ids, {"input_ids": [3], "attention_mask": [1], "label": -1}], large, 2
    inside = {"input_ids": [2, 0, 3], "attention_mask": [1, 0, 1], "label": [1, 2, 0]}
    yield [words, inside, {"input_ids": [4], "attention_mask": [1], "label": [2]}], 9, 2
    yield [row(rng, 3, types=True, token_labels=True)], rng.randint(0, 9), 8
    yield [row(rng, n, types=True) for n in (2, 4, 1)], 1, 3
    for token_labels in (False, True):
        lengths = [rng.randint(1, 5), 3, 6]
        rows = [row(rng, n, types=True, token_labels=token_labels) for n in lengths]
        yield rows, rng.randint(0, 9), rng.choice([2, 4, 5])


def padded(rows, width, padding, *, front=False):
    """The batch with this width and these numbers for padding."""
    batch = {}
    for key in rows[0]:
        values = [one[key] for one in rows]
        if isinstance(values[0], list):
            more = [[padding[key]] * (width - len(value)) for value in values]
            values = [m + v if front else v + m for v, m in zip(values, more, strict=True)]
        batch["labels" if key == "label" else key] = torch.tensor(values)
    return batch


def rounded(rows, multiple):
    return -(-max(len(one["input_ids"]) for one in rows) // multiple) * multiple


def paddings(pad_id, **other):
    usual = {"input_ids": pad_id, "attention_mask": 0, "token_type_ids": 0, "label": -100}
    return {**usual, **other}


@exercise.mistake(
    "Padding has a number in your labels that does not mean 'nothing here'. To cross_entropy "
    "only one number is special: which?"
)
def label_zero(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(pad_id, label=0))


@exercise.mistake(same_as=label_zero)
def label_pad_id(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(pad_id, label=pad_id))


@exercise.mistake(same_as=label_zero)
def label_minus_one(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(pad_id, label=-1))


@exercise.mistake(
    "You made the mask anew. Each row brings its own: it may hide a token in the middle of a text, "
    "and the id of padding may be that of a real token."
)
def mask_from_ids(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    batch["attention_mask"] = (batch["input_ids"] != pad_id).long()
    return batch


@exercise.mistake(same_as=mask_from_ids)
def mask_from_lengths(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    lengths = torch.tensor([len(one["input_ids"]) for one in rows])
    batch["attention_mask"] = (torch.arange(rounded(rows, multiple)) < lengths[:, None]).long()
    return batch


@exercise.mistake("Your mask says that padding is to be read. Which number means 'leave it out'?")
def mask_of_ones(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(pad_id, attention_mask=1))


@exercise.mistake(same_as=mask_of_ones)
def pad_id_everywhere(rows, pad_id, multiple):
    number = {"attention_mask": pad_id, "token_type_ids": pad_id}
    return padded(rows, rounded(rows, multiple), paddings(pad_id, **number))


@exercise.mistake(
    "Your batch is as wide as its longest row. `multiple` is to count as well: which widths may "
    "a batch have?"
)
def as_wide_as_the_longest(rows, pad_id, multiple):
    return padded(rows, rounded(rows, 1), paddings(pad_id))


@exercise.mistake(
    "A row that fits exactly gets a whole block of padding. Try your width with a longest row of "
    "4 tokens and a multiple of 4."
)
def always_one_block_more(rows, pad_id, multiple):
    longest = max(len(one["input_ids"]) for one in rows)
    return padded(rows, (longest // multiple + 1) * multiple, paddings(pad_id))


@exercise.mistake(
    "Your width is not large enough for the longest row: it would have to lose its end. In which "
    "direction is the length rounded?"
)
def rounded_down(rows, pad_id, multiple):
    width = max(len(one["input_ids"]) for one in rows) // multiple * multiple
    short = [{k: v[:width] if isinstance(v, list) else v for k, v in r.items()} for r in rows]
    return padded(short, width, paddings(pad_id))


@exercise.mistake(same_as=rounded_down)
def width_is_the_multiple(rows, pad_id, multiple):
    short = [{k: v[:multiple] if isinstance(v, list) else v for k, v in r.items()} for r in rows]
    return padded(short, multiple, paddings(pad_id))


@exercise.mistake(same_as=rounded_down)
def rounded_to_the_nearest(rows, pad_id, multiple):
    width = round(max(len(one["input_ids"]) for one in rows) / multiple) * multiple
    return padded(rows, width, paddings(pad_id))


@exercise.mistake(
    "Look at the names in your batch once more: under which one does a model look for the right "
    "answers?"
)
def called_label(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    batch["label"] = batch.pop("labels")
    return batch


@exercise.mistake(same_as=called_label)
def called_both(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    return {**batch, "label": batch["labels"]}


@exercise.mistake(
    "You took the ones of a mask for the length of its text. A mask may hide a token in the middle."
)
def length_from_the_mask(rows, pad_id, multiple):
    longest = max(sum(one["attention_mask"]) for one in rows)
    return padded(rows, math.ceil(longest / multiple) * multiple, paddings(pad_id))


@exercise.mistake("Your padding stands in front of the texts. Here it comes after them.")
def in_front(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(pad_id), front=True)


@exercise.mistake("You filled up the ids with zeros. Which id means padding is given.")
def ids_with_zeros(rows, pad_id, multiple):
    return padded(rows, rounded(rows, multiple), paddings(0))


@exercise.mistake(
    "The batch is right, and the rows of the caller have changed. A dataset gives the same rows "
    "in the next epoch: what does your function find there then?"
)
def fills_up_the_rows(rows, pad_id, multiple):
    width = rounded(rows, multiple)
    for one in rows:
        for key, value in one.items():
            if isinstance(value, list):
                value += [paddings(pad_id)[key]] * (width - len(value))
    return padded(rows, width, paddings(pad_id))


@exercise.mistake(same_as=fills_up_the_rows)
def takes_the_labels_out(rows, pad_id, multiple):
    width, labels = rounded(rows, multiple), [one.pop("label") for one in rows]
    batch = padded(rows, width, paddings(pad_id))
    if isinstance(labels[0], list):
        labels = [value + [-100] * (width - len(value)) for value in labels]
    return {**batch, "labels": torch.tensor(labels)}


@exercise.mistake(
    "A list of labels is as long as its text, so lists of different lengths do not become one "
    "tensor. What does a row without a label for its padding get?"
)
def labels_not_filled_up(rows, pad_id, multiple):
    labels = torch.tensor([one["label"] for one in rows])
    width = rounded(rows, multiple)
    others = [{k: v for k, v in one.items() if k != "label"} for one in rows]
    return {**padded(others, width, paddings(pad_id)), "labels": labels}


@exercise.mistake(same_as=labels_not_filled_up)
def one_tensor_of_labels_each(rows, pad_id, multiple):
    labels = [torch.tensor(one["label"]) for one in rows]
    width = rounded(rows, multiple)
    others = [{k: v for k, v in one.items() if k != "label"} for one in rows]
    return {**padded(others, width, paddings(pad_id)), "labels": torch.stack(labels)}


@exercise.mistake(
    "Where a text has one label, your labels have two dimensions. Which shape was asked for?"
)
def label_as_a_row(rows, pad_id, multiple):
    wrapped = [{k: v if isinstance(v, list) else [v] for k, v in one.items()} for one in rows]
    return padded(wrapped, rounded(rows, multiple), paddings(pad_id))


@exercise.mistake(same_as=label_as_a_row)
def label_as_a_column(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    if batch["labels"].dim() == 1:
        batch["labels"] = batch["labels"][:, None]
    return batch


@exercise.mistake("Your batch is made of lists. A model takes tensors.")
def lists(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    return {key: value.tolist() for key, value in batch.items()}


@exercise.mistake(same_as=lists)
def lists_of_tensors(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    return {key: list(value) for key, value in batch.items()}


@exercise.mistake(
    "The types of the tokens are gone. Without them, a model takes a pair of texts for one text."
)
def without_types(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    batch.pop("token_type_ids", None)
    return batch


@exercise.mistake(
    "Rows without types of tokens are possible: what is not in the rows is not in the batch."
)
def types_are_always_there(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    batch["token_type_ids"] = padded(
        [{"token_type_ids": one["token_type_ids"]} for one in rows],
        rounded(rows, multiple),
        paddings(pad_id),
    )["token_type_ids"]
    return batch


@exercise.mistake(same_as=types_are_always_there)
def types_made_of_zeros(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    batch.setdefault("token_type_ids", torch.zeros_like(batch["input_ids"]))
    return batch


@exercise.mistake(
    "Your tensors hold float32: that is what `torch.zeros` makes. Ids are looked up and labels are "
    "classes: whole numbers."
)
def floats(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    return {key: value.float() for key, value in batch.items()}


@exercise.mistake(
    "Large numbers came out as others, though their dtype is right at last. Which one did they "
    "have on the way?"
)
def floats_on_the_way(rows, pad_id, multiple):
    return {key: value.long() for key, value in floats(rows, pad_id, multiple).items()}


@exercise.mistake(same_as=floats_on_the_way)
def float_ids_on_the_way(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    ids = torch.full(batch["input_ids"].shape, float(pad_id))
    for place, one in zip(ids, rows, strict=True):
        place[: len(one["input_ids"])] = torch.tensor(one["input_ids"])
    return {**batch, "input_ids": ids.long()}


@exercise.mistake(same_as=floats_on_the_way)
def float_labels_on_the_way(rows, pad_id, multiple):
    batch = padded(rows, rounded(rows, multiple), paddings(pad_id))
    return {**batch, "labels": batch["labels"].float().long()}


@exercise.right
def into_full_tensors(rows, pad_id, multiple):
    width = max(len(one["input_ids"]) for one in rows)
    while width % multiple != 0:
        width += 1
    batch = {}
    for key, fill in paddings(pad_id).items():
        if key not in rows[0]:
            continue
        name = "labels" if key == "label" else key
        if isinstance(rows[0][key], int):
            batch[name] = torch.tensor([one[key] for one in rows])
            continue
        batch[name] = torch.full((len(rows), width), fill)
        for place, one in enumerate(rows):
            batch[name][place, : len(one[key])] = torch.tensor(one[key])
    return batch


@exercise.right
def with_pad_sequence(rows, pad_id, multiple):
    def filled(key, fill):
        wide = pad_sequence([torch.tensor(one[key]) for one in rows], True, fill)
        return F.pad(wide, (0, -wide.shape[1] % multiple), value=fill)

    batch = {
        "input_ids": filled("input_ids", pad_id),
        "attention_mask": filled("attention_mask", 0),
    }
    if "token_type_ids" in rows[0]:
        batch["token_type_ids"] = filled("token_type_ids", 0)
    if isinstance(rows[0]["label"], list):
        batch["labels"] = filled("label", -100)
    else:
        batch["labels"] = torch.tensor([one["label"] for one in rows])
    return batch


@exercise.right
def with_pad(rows, pad_id, multiple):
    longest = max(len(one["input_ids"]) for one in rows)
    width = (longest + multiple - 1) // multiple * multiple
    batch = {"labels" if key == "label" else key: [] for key in rows[0]}
    for one in rows:
        for key, value in one.items():
            now = torch.tensor(value)
            if now.dim():
                fill = {"input_ids": pad_id, "label": -100}.get(key, 0)
                now = F.pad(now, (0, width - len(now)), value=fill)
            batch["labels" if key == "label" else key].append(now)
    return {key: torch.stack(values) for key, values in batch.items()}


@exercise.right
def row_by_row(rows, pad_id, multiple):
    blocks, rest = divmod(max(len(one["attention_mask"]) for one in rows), multiple)
    width = (blocks + (rest > 0)) * multiple
    columns = {key: [] for key in rows[0]}
    for one in rows:
        missing = width - len(one["input_ids"])
        for key, value in one.items():
            match key:
                case "input_ids":
                    columns[key].append([*value, *[pad_id] * missing])
                case "label" if isinstance(value, int):
                    columns[key].append(value)
                case "label":
                    columns[key].append([*value, *[-100] * missing])
                case _:
                    columns[key].append([*value, *[0] * missing])
    columns["labels"] = columns.pop("label")
    return {key: torch.tensor(column) for key, column in columns.items()}


for line in (
    "for key in rows[0]:",
    "if isinstance(values[0], list):",
    "if key not in rows[0]:",
    "if isinstance(rows[0][key], int):",
    "if 'token_type_ids' in rows[0]:",
    "if isinstance(rows[0]['label'], list):",
    "batch = {'labels' if key == 'label' else key: [] for key in rows[0]}",
    "columns = {key: [] for key in rows[0]}",
):
    exercise.equivalent(
        line,
        line.replace("[0]", "[-1]"),
        because="All rows have the same keys, with values of the same kinds.",
    )


exercise.equivalent(
    "width += 1",
    "width = width + 1",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "continue",
    "break",
    because="Labels are the last of the keys there: after them nothing is left to do.",
)


exercise.equivalent(
    "fill = {'input_ids': pad_id, 'label': -100}.get(key, 0)",
    "fill = {'input_ids': pad_id, 'label': -100}.get(key)",
    because="Where it is told no number, torch's pad takes 0.",
)
