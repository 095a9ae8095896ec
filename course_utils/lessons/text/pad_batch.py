"""Texts of different lengths do not stack. Fill them up, and keep the lengths: they cannot be found
again later.

```
[[5, 2], [7, 4, 9]], pad_id=1   ->   [[5, 2, 1], [7, 4, 9]]  and  [2, 3]
```
"""

import itertools

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "08.4",
    "Padding by hand",
    minutes=10,
    difficulty=1,
    without=["nn.utils.rnn.pad_sequence"],
    hints=[
        "Find the longest text. Then make a tensor that is padding everywhere.",
        "`torch.full((batch, longest), pad_id)`, then write each text into the front of its row.",
        "The lengths are those of the lists. Do not try to read them off the padded tensor.",
    ],
)


@exercise.reference
def pad_batch(texts, pad_id):
    """One tensor of texts that differ in length, and the lengths.

    texts: a list of at least one text, each a list of ids (int). A text may be empty, and the
    number pad_id may also come up inside a text.
    Returns (ids, lengths): ids int64 of shape (batch, longest), each text at the front of its
    row and pad_id after it; lengths int64 of shape (batch,).
    """
    lengths = torch.tensor([len(text) for text in texts])  # (batch,)
    ids = torch.full((len(texts), int(lengths.max())), pad_id)  # (batch, longest)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text, dtype=torch.int64)
    return ids, lengths


@exercise.cases
def _(rng):
    yield [[5, 2], [7, 4, 9], [3]], 1
    yield [[8, 0, 0], [6], []], 0
    yield [[4]], 9
    yield [[0, 2], [3]], 1
    yield [[2**24 + 1], []], 0  # the first whole number that float32 does not have
    yield [[], []], 1
    for _ in range(2):
        texts = [[rng.randint(2, 9) for _ in range(rng.randint(1, 4))] for _ in range(3)]
        yield [*texts, [2, 2, 2, 2, 2]], 1


@exercise.mistake(
    "You filled up with zeros. Zero may be the id of a real word; the padding id is given."
)
def zeros_always(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[0] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake("Your padding stands in front of the texts. Here it comes after them.")
def padding_in_front(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*[pad_id] * (longest - len(text)), *text] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "Your tensor is (time, batch): a text is a column. Some layers want that by default, but here "
    "a text is a row."
)
def texts_as_columns(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64).t(), torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "You cut all texts to the shortest one. Then no padding is needed, but words are lost."
)
def cuts_to_the_shortest(texts, pad_id):
    shortest = min(len(text) for text in texts)
    rows = torch.tensor([text[:shortest] for text in texts], dtype=torch.int64)
    return rows, torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "You counted what differs from the padding id. A text may have that number inside it: after "
    "padding nobody can see the difference."
)
def counts_what_is_not_padding(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    ids = torch.tensor(rows, dtype=torch.int64)
    return ids, (ids != pad_id).sum(dim=1)


@exercise.mistake(
    "Your ids are float32: that is what `torch.zeros` and `torch.ones` make. An embedding looks up "
    "rows by whole numbers."
)
def float_ids(texts, pad_id):
    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.zeros(len(texts), int(lengths.max())) + pad_id
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return ids, lengths


@exercise.mistake(
    "For a batch of empty texts you return float32: that is the dtype of a tensor made of empty "
    "lists."
)
def float_when_all_are_empty(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows), torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "The lists of the caller were filled up. They are still needed: nobody could read a length "
    "off them now."
)
def fills_up_the_lists(texts, pad_id):
    lengths = [len(text) for text in texts]
    for text in texts:
        text += [pad_id] * (max(lengths) - len(text))
    return torch.tensor(texts, dtype=torch.int64), torch.tensor(lengths)


@exercise.mistake("Your lengths were counted after padding: all texts look equally long.")
def lengths_after_padding(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.full((len(texts),), longest)


@exercise.mistake(
    "Empty texts are missing, so the rows after them belong to other texts, and to other labels."
)
def leaves_out_empty_texts(texts, pad_id):
    texts = [text for text in texts if text] or [[]]
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake("Your rows are in another order than the texts. Labels would not move along.")
def sorted_by_length(texts, pad_id):
    texts = sorted(texts, key=len, reverse=True)
    longest = len(texts[0])
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake("Your lengths are a list. They are asked for as a tensor, as the ids are.")
def lengths_as_a_list(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), [len(text) for text in texts]


@exercise.mistake("An empty text has length 0. Yours has 1, so one padding would count as a word.")
def empty_texts_have_one(texts, pad_id):
    lengths = [max(len(text), 1) for text in texts]
    rows = [[*text, *[pad_id] * (max(lengths) - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor(lengths)


@exercise.mistake("You have a column that no text needs: each row is as wide as the longest text.")
def one_column_more(texts, pad_id):
    longest = max(len(text) for text in texts) + 1
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "Ids of different texts got mixed up in a row: a new shape does not turn columns into rows."
)
def columns_reshaped(texts, pad_id):
    columns = torch.tensor(list(itertools.zip_longest(*texts, fillvalue=pad_id)), dtype=torch.int64)
    return columns.reshape(len(texts), -1), torch.tensor([len(text) for text in texts])


@exercise.mistake(same_as=leaves_out_empty_texts)
def raises_when_all_are_empty(texts, pad_id):
    texts = [text for text in texts if text]
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows, dtype=torch.int64), torch.tensor([len(text) for text in texts])


@exercise.mistake(
    "A 0 that belongs to a text became padding. Which places are free is not to be seen at the "
    "numbers in them."
)
def zeros_are_free_places(texts, pad_id):
    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.zeros(len(texts), int(lengths.max()), dtype=torch.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text, dtype=torch.int64)
    return ids.masked_fill(ids == 0, pad_id), lengths


@exercise.mistake(
    "A large id comes back as its neighbour: float32 does not have all whole numbers. An id is not "
    "safe in a float, not even for a while."
)
def by_way_of_floats(texts, pad_id):
    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.zeros(len(texts), int(lengths.max())) + pad_id
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return ids.long(), lengths


@exercise.right
def with_zip_longest(texts, pad_id):
    columns = itertools.zip_longest(*texts, fillvalue=pad_id)
    ids = torch.tensor(list(columns), dtype=torch.int64)
    return ids.reshape(-1, len(texts)).T, torch.tensor(list(map(len, texts)))


exercise.equivalent(
    "ids = torch.full((len(texts), int(lengths.max())), pad_id)",
    "ids = torch.full((len(texts), lengths.max()), pad_id)",
    because="A tensor of one number is a size, too.",
)


exercise.equivalent(
    "row[:len(text)] = torch.tensor(text, dtype=torch.int64)",
    "row[:len(text)] = torch.tensor(text)",
    "row[:len(text)] = torch.tensor(text, dtype=torch.int32)",
    because="The row is int64, and what is written into it becomes so.",
)
