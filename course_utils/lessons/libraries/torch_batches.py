"""Get batches of tensors out of a Hugging Face table. A column in which all rows are alike becomes
one tensor; a column of lists of different lengths has to be padded; a text stays a text.

```
ids     [[5, 6], [7]]      ->  tensor([[5, 6], [7, 0]])
length                         tensor([2, 1])
label   [1, 0]             ->  tensor([1, 0])
weight  [0.5, 2.0]         ->  tensor([0.5000, 2.0000])
text    ["hi you", "bye"]  ->  ["hi you", "bye"]
```
"""

import datasets
import torch
from torch.nn.utils.rnn import pad_sequence

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.tables import rows_of

exercise = Exercise(
    "12.6",
    "Batches from a table",
    minutes=15,
    difficulty=2,
    hints=[
        'Look at `rows.with_format("torch")[:2]`: which type does each column have? Then look '
        "again at rows whose lists happen to be equally long.",
        "`set_format` and `with_format` do nearly the same. Which table do they change?",
        "Only columns that can become tensors should be looked at by torch; of a sequence of any "
        "kind, `torch.tensor(...)` and `pad_sequence` make what you need.",
    ],
)


@exercise.reference
def torch_batches(rows, batch_size):
    """Batches of a table, in its order, as a list of dictionaries.

    rows: a datasets.Dataset, without a format, of at least one row, with the columns ids (lists
    of ints, none empty), label (int), weight (float), text (str) and others that do not matter.
    The table stays as it is.
    Each dictionary has ids, int64 of shape (batch, longest of the batch), with 0 behind the end
    of a shorter list; length, int64, how many ids each row has; label, int64; weight, float32,
    all three of shape (batch,); text, a list of str. The last batch may be smaller.
    """
    batches = []
    for begin in range(0, len(rows), batch_size):
        part = rows[begin : begin + batch_size]
        ids = [torch.tensor(one) for one in part["ids"]]
        batch = {
            "ids": pad_sequence(ids, batch_first=True),
            "length": torch.tensor([len(one) for one in ids]),
            "label": torch.tensor(part["label"]),
            "weight": torch.tensor(part["weight"]),
            "text": part["text"],
        }
        batches.append(batch)
    return batches


@exercise.cases
def _(rng):
    def table(*lengths, **others):
        columns = {
            "text": [" ".join(rng.choice(["so", "la", "ti"]) for _ in range(n)) for n in lengths],
            "ids": [[rng.randint(1, 90) for _ in range(n)] for n in lengths],
            "label": [rng.randint(0, 3) for _ in lengths],
            "weight": [rng.randint(1, 40) / 4 for _ in lengths],
        }
        return datasets.Dataset.from_dict(columns | others)

    yield table(2, 1), 2
    yield table(2, 2, 2, 2), 2  # all lists of a batch are equally long
    yield table(3, 1, 4, 2, 1, place=["Seoul", None, "Jeju", "", "Busan"]), 2
    yield table(1, number=[None]), rng.randint(1, 4)
    zeros = [[0, 7, 0], [5, 0], [rng.randint(0, 2)]]
    yield table(3, 2, 1, ids=zeros), 3
    large = 2**24 + 1  # the first whole number that float32 rounds
    yield table(2, 1, 1, ids=[[large, -1], [-1], [large]], label=[large, 0, -1]), 2
    yield table(*(rng.randint(1, 5) for _ in range(rng.randint(5, 9)))), rng.randint(2, 4)


@exercise.observe
def _(answer, rows, batch_size):
    before = rows_of(rows), rows.format["type"], rows.format["columns"]
    batches = answer(rows, batch_size)
    after = rows_of(rows), rows.format["type"], rows.format["columns"]
    return {"batches": batches, "rows as before": after == before, "format": after[1]}


def parts(rows, batch_size):
    """What the wrong answers below share: the columns of each batch, as lists."""
    return [rows[begin : begin + batch_size] for begin in range(0, len(rows), batch_size)]


def batch_of(part, **others):
    ids = [torch.tensor(one) for one in part["ids"]]
    batch = {
        "ids": pad_sequence(ids, batch_first=True),
        "length": torch.tensor([len(one) for one in ids]),
        "label": torch.tensor(part["label"]),
        "weight": torch.tensor(part["weight"]),
        "text": part["text"],
    }
    return batch | others


@exercise.mistake(
    "The batches are right, and the caller's table has a format now: from here on it gives "
    "tensors, or fewer columns."
)
def set_format_of_the_callers(rows, batch_size):
    batches = [batch_of(part) for part in parts(rows, batch_size)]
    rows.set_format("torch", columns=["ids", "label", "weight"])
    return batches


@exercise.mistake(
    "Lists that are not equally long do not become one tensor as they are. What do the shorter "
    "ones need?"
)
def a_list_of_tensors(rows, batch_size):
    return [
        batch_of(part, ids=[torch.tensor(one) for one in part["ids"]])
        for part in parts(rows, batch_size)
    ]


@exercise.mistake(same_as=a_list_of_tensors)
def as_the_format_gives_them(rows, batch_size):
    torch_rows = rows.with_format("torch")
    return [
        batch_of(part, ids=torch_rows[batch_size * n : batch_size * (n + 1)]["ids"])
        for n, part in enumerate(parts(rows, batch_size))
    ]


@exercise.mistake(same_as=a_list_of_tensors)
def tensor_of_lists(rows, batch_size):
    return [batch_of(part, ids=torch.tensor(part["ids"])) for part in parts(rows, batch_size)]


@exercise.mistake(
    "All batches are as wide as the longest list of the whole table. The longest one of the batch "
    "is enough."
)
def padded_for_the_table(rows, batch_size):
    ids = pad_sequence([torch.tensor(one) for one in rows["ids"]], batch_first=True)
    return [
        batch_of(part, ids=ids[batch_size * n : batch_size * (n + 1)])
        for n, part in enumerate(parts(rows, batch_size))
    ]


@exercise.mistake(
    "In your ids the first dimension is the place in the list. A batch has its rows first."
)
def places_first(rows, batch_size):
    return [
        batch_of(part, ids=pad_sequence([torch.tensor(one) for one in part["ids"]]))
        for part in parts(rows, batch_size)
    ]


@exercise.mistake(
    "Your lengths are those of the padded rows, all alike. How long were the lists before?"
)
def lengths_after_padding(rows, batch_size):
    batches = [batch_of(part) for part in parts(rows, batch_size)]
    for batch in batches:
        batch["length"] = torch.tensor([len(row) for row in batch["ids"]])
    return batches


@exercise.mistake("An id may be 0 in the middle of a list: your lengths do not count it.")
def zeros_do_not_count(rows, batch_size):
    batches = [batch_of(part) for part in parts(rows, batch_size)]
    for batch in batches:
        batch["length"] = (batch["ids"] != 0).sum(1)
    return batches


@exercise.mistake("Lists were cut to the shortest one of their batch. What was behind it is lost.")
def cut_to_the_shortest(rows, batch_size):
    batches = [batch_of(part) for part in parts(rows, batch_size)]
    for batch in batches:
        batch["ids"] = batch["ids"][:, : int(batch["length"].min())]
    return batches


@exercise.mistake("The last rows are missing: they did not fill a batch.")
def last_one_dropped(rows, batch_size):
    return [batch_of(part) for part in parts(rows, batch_size) if len(part["ids"]) == batch_size]


@exercise.mistake("Your weights are float64. What takes them beside a model is float32.")
def double_weights(rows, batch_size):
    arrays = rows.with_format("numpy")["weight"]
    return [
        batch_of(part, weight=torch.tensor(arrays[batch_size * n : batch_size * (n + 1)]).double())
        for n, part in enumerate(parts(rows, batch_size))
    ]


@exercise.mistake("Your labels, lengths or ids are floats. They are numbers of something: int64.")
def float_labels(rows, batch_size):
    return [
        batch_of(part, label=torch.tensor(part["label"]).float())
        for part in parts(rows, batch_size)
    ]


@exercise.mistake(same_as=float_labels)
def float_ids(rows, batch_size):
    return [batch_of(part, ids=batch_of(part)["ids"].float()) for part in parts(rows, batch_size)]


@exercise.mistake(same_as=float_labels)
def float_lengths(rows, batch_size):
    return [
        batch_of(part, length=torch.Tensor([len(one) for one in part["ids"]]))
        for part in parts(rows, batch_size)
    ]


@exercise.mistake(
    "Large ids or labels are other numbers now, though their dtype is right at last. Which one did "
    "they have on the way?"
)
def ids_written_into_float_zeros(rows, batch_size):
    batches = []
    for part in parts(rows, batch_size):
        lengths = [len(one) for one in part["ids"]]
        ids = torch.zeros(len(lengths), max(lengths))
        for row, one in zip(ids, part["ids"], strict=True):
            row[: len(one)] = torch.tensor(one)
        batches.append(batch_of(part, ids=ids.long()))
    return batches


@exercise.mistake(same_as=ids_written_into_float_zeros)
def labels_of_floats(rows, batch_size):
    return [
        batch_of(part, label=torch.Tensor(part["label"]).long()) for part in parts(rows, batch_size)
    ]


@exercise.mistake(
    "You fill up with a number that may be an id: the lengths do not count it, or it became a 0."
)
def minus_one_is_no_id(rows, batch_size):
    batches = []
    for part in parts(rows, batch_size):
        ids = [torch.tensor(one) for one in part["ids"]]
        ids = pad_sequence(ids, batch_first=True, padding_value=-1)
        length = (ids != -1).sum(1)
        batches.append(batch_of(part, ids=ids.clamp(min=0), length=length))
    return batches


@exercise.mistake(
    "The texts are missing. A format with `columns=` gives those columns only, and says nothing of "
    "the others."
)
def without_the_texts(rows, batch_size):
    batches = [batch_of(part) for part in parts(rows, batch_size)]
    for batch in batches:
        del batch["text"]
    return batches


@exercise.mistake("Other columns came along. The batches have five names.")
def all_the_columns(rows, batch_size):
    return [part | batch_of(part) for part in parts(rows, batch_size)]


@exercise.mistake(
    "Labels, lengths or weights are lists of numbers still. What a table gives without a format is "
    "plain Python."
)
def plain_lists(rows, batch_size):
    return [
        batch_of(part, label=part["label"], weight=part["weight"])
        for part in parts(rows, batch_size)
    ]


@exercise.mistake(same_as=plain_lists)
def plain_lengths(rows, batch_size):
    return [
        batch_of(part, length=[len(one) for one in part["ids"]]) for part in parts(rows, batch_size)
    ]


@exercise.mistake("The rows were sorted, and the table's order is lost.")
def sorted_by_length(rows, batch_size):
    order = sorted(range(len(rows)), key=lambda n: len(rows[n]["ids"]))
    return [batch_of(part) for part in parts(rows.select(order), batch_size)]


@exercise.mistake(
    "Only the first batch came back, or all rows in one. The table holds more than one batch."
)
def only_one_batch(rows, batch_size):
    return [batch_of(part) for part in parts(rows, batch_size)][:1]


@exercise.mistake(same_as=only_one_batch)
def all_in_one(rows, batch_size):
    return [batch_of(rows[:])]


@exercise.right
def with_a_loader(rows, batch_size):
    def collate(samples):
        ids = [torch.tensor(sample["ids"]) for sample in samples]
        return {
            "ids": pad_sequence(ids, batch_first=True),
            "length": torch.tensor([len(one) for one in ids]),
            "label": torch.tensor([sample["label"] for sample in samples]),
            "weight": torch.tensor([sample["weight"] for sample in samples]),
            "text": [sample["text"] for sample in samples],
        }

    return list(torch.utils.data.DataLoader(rows, batch_size=batch_size, collate_fn=collate))


@exercise.right
def with_the_torch_format(rows, batch_size):
    tensors = rows.with_format("torch")
    batches = []
    for begin in range(0, len(rows), batch_size):
        end = begin + batch_size
        part = tensors[begin:end]
        lengths = [len(one) for one in part["ids"]]
        ids = pad_sequence([*part["ids"]], batch_first=True)
        found = {"ids": ids, "length": torch.tensor(lengths)}
        found["label"], found["weight"] = part["label"], part["weight"]
        batches.append(found | {"text": rows[begin:end]["text"]})
    return batches


@exercise.right
def with_zeros_and_iter(rows, batch_size):
    batches = []
    for part in rows.iter(batch_size=batch_size):
        lengths = torch.tensor(list(map(len, part["ids"])))
        ids = torch.zeros(len(lengths), lengths.max(), dtype=torch.long)
        for row, one in zip(ids, part["ids"]):
            row[: len(one)] = torch.tensor(one)
        numbers = {name: torch.tensor(part[name]) for name in ("label", "weight")}
        batches.append({"ids": ids, "length": lengths, **numbers, "text": part["text"]})
    return batches


@exercise.right
def with_all_columns_formatted(rows, batch_size):
    kept = rows.map(lambda row: {"length": len(row["ids"])})
    formatted = kept.with_format("torch", columns=["label", "weight", "length"])
    batches = []
    for begin in range(0, len(kept), batch_size):
        plain = kept[begin : begin + batch_size]
        longest = max(plain["length"])
        ids = [one + [0] * (longest - len(one)) for one in plain["ids"]]
        batch = formatted[begin : begin + batch_size]
        batches.append({**batch, "ids": torch.tensor(ids), "text": plain["text"]})
    return batches
