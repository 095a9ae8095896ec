"""A CSV file holds reviews with several sentences each. Make a Hugging Face dataset with a row for
each sentence:

```
text,label,place                    sentence    label  review
Good. Very good.,1,Seoul      ->    Good          1      0
,0,Busan                            Very good     1      0
No,0,Jeju                           No            0      2
```
"""

import csv
from pathlib import Path

import datasets

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.tables import csv_file, rows_of

exercise = Exercise(
    "12.5",
    "A row for each sentence",
    minutes=20,
    difficulty=2,
    hints=[
        "Read the file, and print the first rows: what stands where a cell was empty?",
        "With `batched=True` the function gets a dictionary of lists, and gives one back. Its "
        "lists may be longer than those that it got, but all of them equally long.",
        "Columns that the function does not give back are kept as they were, with their old "
        "length. And numbers of rows can be had, too: look for `with_indices`.",
    ],
)


@exercise.reference
def sentence_rows(path):
    """Read reviews from a CSV file, and make a row of each sentence.

    path: of the file. It has the columns text and label (an int), and others that do not matter.
    A text may be missing; such a row gives nothing. Sentences end with "."; spaces around them do
    not count, nor do sentences of which nothing is left.
    Returns a datasets.Dataset, not formatted, with three columns and no other: sentence (a str,
    without its "."); label; review, the number of the review's row in the file, from 0. The rows
    keep their order.
    """
    table = datasets.load_dataset("csv", data_files=path, split="train")

    def split(batch, places):
        out = {"sentence": [], "label": [], "review": []}
        for text, label, place in zip(batch["text"], batch["label"], places):
            for sentence in (text or "").split("."):
                if sentence.strip():
                    out["sentence"].append(sentence.strip())
                    out["label"].append(label)
                    out["review"].append(place)
        return out

    return table.map(split, batched=True, with_indices=True, remove_columns=table.column_names)


@exercise.cases
def _(rng):
    yield ("text,label\nGood. Very good.,1\nNo,0\n",)
    yield (
        "place,text,label,review\n"
        "Seoul,,0,x\n"
        "Busan,Bad.  Never again . ,2,y\n"
        'Jeju,"Fine, so far. ",1,z\n'
        "Ulsan,Early.Too late.,3,w\n",
    )
    words = ["so", "la", "ti", "do", "NA", "7"]
    lines = []
    for n in range(1001, 1001 + rng.randint(5, 60)):  # more than one batch
        count = rng.randint(0, 3)
        text = ". ".join(rng.choice(words) + " " + rng.choice("xyz") for _ in range(count))
        lines.append(f"{text}{rng.choice(['', '.', ' . .'])},{rng.randint(0, 9)},{n}")
    more = [f"Row {n},{n % 3},{n}" for n in range(1001)]
    yield ("text,label,number\n" + "\n".join([*more, *lines]) + "\n",)


@exercise.observe
def _(answer, text):
    with csv_file(text) as path:
        table = answer(path)
        if not isinstance(table, datasets.Dataset):
            return {"result": table, "type": type(table).__name__}
        return {**rows_of(table), "format": table.format["type"]}


def read(path):
    """What the wrong answers below share."""
    return datasets.load_dataset("csv", data_files=path, split="train")


def split(batch, places):
    out = {"sentence": [], "label": [], "review": []}
    for text, label, place in zip(batch["text"], batch["label"], places):
        for sentence in filter(None, map(str.strip, (text or "").split("."))):
            out["sentence"].append(sentence)
            out["label"].append(label)
            out["review"].append(place)
    return out


def mapped(table, function=split):
    names = table.column_names
    return table.map(function, batched=True, with_indices=True, remove_columns=names)


@exercise.mistake(
    "The old columns are still there, and they have as many rows as there were reviews. All "
    "columns of a table are equally long."
)
def old_columns_stay(path):
    return read(path).map(split, batched=True, with_indices=True)


@exercise.mistake(same_as=old_columns_stay)
def only_the_text_is_removed(path):
    return read(path).map(split, batched=True, with_indices=True, remove_columns=["text"])


@exercise.mistake(
    "Without `batched=True` a function gives one row for one row: your sentences are lists in a "
    "row."
)
def a_list_a_row(path):
    def one(row, place):
        found = split({"text": [row["text"]], "label": [row["label"]]}, [place])["sentence"]
        return {"sentence": found, "label": row["label"], "review": place}

    table = read(path)
    return table.map(one, with_indices=True, remove_columns=table.column_names)


@exercise.mistake(
    "The function was written for one row and gets many at once: under each name there is a list "
    "of texts, not a text."
)
def written_for_one_row(path):
    def one(row, place):
        found = [s.strip() for s in row["text"].split(".") if s.strip()]
        return {"sentence": found, "label": [row["label"]] * len(found), "review": [place]}

    return mapped(read(path), one)


@exercise.mistake(
    "Where a cell is empty, the table holds None, and None has no sentences to split."
)
def empty_cells_not_expected(path):
    def split_all(batch, places):
        out = {"sentence": [], "label": [], "review": []}
        for text, label, place in zip(batch["text"], batch["label"], places):
            for sentence in text.split("."):
                if sentence.strip():
                    out["sentence"].append(sentence.strip())
                    out["label"].append(label)
                    out["review"].append(place)
        return out

    return mapped(read(path), split_all)


@exercise.mistake(
    "Your numbers of reviews do not count the rows of the file: rows without a text were taken out "
    "before they were counted."
)
def counted_after_the_filter(path):
    table = read(path).filter(lambda batch: [bool(t) for t in batch["text"]], batched=True)
    return mapped(table)


@exercise.mistake(
    "Your numbers of reviews begin again after some rows. A function that is given many rows is "
    "not given all: a table comes in batches."
)
def counted_within_the_batch(path):
    return mapped(read(path), lambda batch, places: split(batch, range(len(places))))


@exercise.mistake(
    "Your last column numbers the sentences. The number of the review was asked for: two sentences "
    "of one review have the same."
)
def sentences_counted(path):
    table = mapped(read(path))
    return table.remove_columns("review").add_column("review", list(range(len(table))))


@exercise.mistake(
    "Some sentences hold nothing, or have spaces around them. A text that ends with a point has "
    "nothing behind it."
)
def empty_sentences_stay(path):
    def split_all(batch, places):
        out = {"sentence": [], "label": [], "review": []}
        for text, label, place in zip(batch["text"], batch["label"], places):
            for sentence in (text or "").split("."):
                out["sentence"].append(sentence.strip())
                out["label"].append(label)
                out["review"].append(place)
        return out

    return mapped(read(path), split_all)


@exercise.mistake(same_as=empty_sentences_stay)
def spaces_stay(path):
    def split_all(batch, places):
        out = {"sentence": [], "label": [], "review": []}
        for text, label, place in zip(batch["text"], batch["label"], places):
            for sentence in filter(None, (text or "").split(".")):
                out["sentence"].append(sentence)
                out["label"].append(label)
                out["review"].append(place)
        return out

    return mapped(read(path), split_all)


@exercise.mistake(
    "You wait for a space behind the full stop. Where none follows, the stop stays, or two "
    "sentences stay one."
)
def only_points_with_a_space(path):
    def split_all(batch, places):
        parts = [(text or "").split(". ") for text in batch["text"]]
        return {
            "sentence": [one.strip() for part in parts for one in part if one.strip()],
            "label": [x for x, part in zip(batch["label"], parts) for s in part if s.strip()],
            "review": [n for n, part in zip(places, parts) for s in part if s.strip()],
        }

    return mapped(read(path), split_all)


@exercise.mistake(
    "A dictionary of tables came back: a file is read as the part `train` of a data set. Which "
    "argument chooses a part?"
)
def all_the_splits(path):
    tables = datasets.load_dataset("csv", data_files=path)
    return datasets.DatasetDict({name: mapped(table) for name, table in tables.items()})


@exercise.mistake(
    "A table does not change when `map` is called: what you gave back is still the table of the "
    "file. Where is the new one?"
)
def the_new_one_is_dropped(path):
    table = read(path)
    mapped(table)
    return table


@exercise.mistake("Your labels are not ints any more. A CSV file is text; who made numbers of it?")
def labels_as_text(path):
    table = mapped(read(path))
    return table.cast_column("label", datasets.Value("string"))


@exercise.mistake("A list of rows came back. A datasets.Dataset was asked for.")
def a_list_of_rows(path):
    return list(mapped(read(path)))


@exercise.mistake("Your dataset gives tensors, or arrays. It was to be left without a format.")
def formatted(path):
    return mapped(read(path)).with_format("torch")


@exercise.mistake("All columns of the file came back as well. Three were asked for.")
def other_columns_repeated(path):
    table = read(path)

    def split_all(batch, places):
        out = {name: [] for name in [*batch, "sentence", "review"]}
        for row, place in enumerate(places):
            for sentence in filter(None, map(str.strip, (batch["text"][row] or "").split("."))):
                for name in batch:
                    out[name].append(batch[name][row])
                out["sentence"].append(sentence)
                out["review"].append(place)
        return out

    return mapped(table, split_all)


@exercise.mistake(
    "You wait for a space behind the full stop. Where the next sentence follows at once, two of "
    "them stay one."
)
def cuts_at_stop_and_space(path):
    def split_at_both(batch, places):
        out = {"sentence": [], "label": [], "review": []}
        for text, label, place in zip(batch["text"], batch["label"], places):
            for part in (text or "").split(". "):
                sentence = part.strip().rstrip(".").strip()
                if sentence:
                    out["sentence"].append(sentence)
                    out["label"].append(label)
                    out["review"].append(place)
        return out

    return mapped(read(path), split_at_both)


@exercise.right
def a_column_of_numbers_first(path):
    table = datasets.load_dataset("csv", data_files=path, split="train")
    table = table.select_columns(["text", "label"])
    table = table.add_column("review", list(range(len(table))))
    table = table.filter(lambda row: row["text"] is not None)

    def split_all(batch):
        parts = [[s.strip() for s in text.split(".") if s.strip()] for text in batch["text"]]
        return {
            "sentence": sum(parts, []),
            "label": [x for x, part in zip(batch["label"], parts) for _ in part],
            "review": [n for n, part in zip(batch["review"], parts) for _ in part],
        }

    return table.map(split_all, batched=True, remove_columns=["text"])


@exercise.right
def from_a_list(path):
    rows = []
    for number, row in enumerate(datasets.Dataset.from_csv(path)):
        for sentence in (row["text"] or "").split("."):
            if sentence.strip():
                row_of_it = {"sentence": sentence.strip(), "label": row["label"]}
                rows.append(row_of_it | {"review": number})
    return datasets.Dataset.from_list(rows)


@exercise.right
def in_small_batches(path):
    table = datasets.Dataset.from_csv(path)

    def split_some(batch, places):
        found = [
            (sentence.strip(), batch["label"][n], place)
            for n, place in enumerate(places)
            for sentence in (batch["text"][n] or "").split(".")
            if sentence.strip()
        ]
        names = ("sentence", "label", "review")
        return {name: [row[n] for row in found] for n, name in enumerate(names)}

    options = {"batched": True, "batch_size": 100, "with_indices": True}
    return table.map(split_some, remove_columns=table.column_names, **options)


@exercise.right
def with_the_csv_module(path):
    columns = {"sentence": [], "label": [], "review": []}
    with Path(path).open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            sentences = [s.strip() for s in row["text"].split(".")]
            for sentence in filter(None, sentences):
                columns["sentence"].append(sentence)
                columns["label"].append(int(row["label"]))
                columns["review"].append(number)
    return datasets.Dataset.from_dict(columns)


exercise.equivalent(
    "table = table.add_column('review', list(range(len(table))))",
    "table = table.add_column('review', range(len(table)))",
    because="A column can be made of any sequence.",
)


exercise.equivalent(
    "table = table.filter(lambda row: row['text'] is not None)",
    "table = table.filter(lambda row: row['text'])",
    because="An empty cell is None, and never an empty text.",
)


exercise.equivalent(
    "with Path(path).open(newline='') as file:",
    "with Path(path).open() as file:",
    because="No text of the file goes over the end of a line.",
)


exercise.equivalent(
    "options = {'batched': True, 'batch_size': 100, 'with_indices': True}",
    "options = {'batched': True, 'with_indices': True}",
    "options = {'batched': True, 'batch_size': 101, 'with_indices': True}",
    "options = {'batched': True, 'batch_size': 99, 'with_indices': True}",
    because="Each row is split by itself, so that batches of any size will do.",
)
