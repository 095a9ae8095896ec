"""The last piece before a classifier: what a `DataLoader` does with a list of news.

```
[(2, ["late", "goal"]), (3, ["shares"])]   ->   labels [1, 2], 3 ids, offsets [0, 2]
```
"""

import torch
from torch.nn.utils.rnn import pad_sequence

from course_utils.exercise import Exercise

exercise = Exercise(
    "08.12",
    "A collate_fn for news",
    minutes=15,
    difficulty=2,
    hints=[
        "Three lists: the labels, the ids of all texts one after the other, and the lengths.",
        "`F.cross_entropy` counts classes from 0.",
        "Offsets are the places where the texts begin: exercise 08.7.",
        "The ids of a batch are one row, without padding. Say the dtype: there may be no ids.",
    ],
)


@exercise.reference
def collate_news(samples, vocab):
    """A batch for an `nn.EmbeddingBag` classifier.

    samples: a list of at least one (label, tokens); label an int from 1 to 4, as in AG_NEWS,
    tokens a list of str, which may be empty. vocab: a dict from token to id, with "<unk>" for
    all tokens that it does not have.
    Returns (labels, ids, offsets), all int64: labels of shape (batch,) from 0 to 3; ids of shape
    (all tokens,), the texts one after the other; offsets of shape (batch,), where each begins.
    """
    labels = torch.tensor([label - 1 for label, _ in samples])  # (batch,)
    unknown = vocab["<unk>"]
    ids = [vocab.get(token, unknown) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])  # (batch,)
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.cases
def _(rng):
    vocab = {"<pad>": 0, "<unk>": 1, "goal": 2, "shares": 3, "rise": 4}
    yield [(2, ["late", "goal"]), (3, ["shares", "rise", "late"]), (1, ["goal"])], vocab
    yield [(4, []), (2, ["goal"]), (3, ["rise"])], vocab
    yield [(1, []), (4, [])], vocab
    yield [(2, ["goal", "vote"])], {"<unk>": 0, "goal": 2**24 + 1}  # float32 does not have it
    vocab = {"<pad>": 0, "goal": 1, "shares": 2, "<unk>": 3, "rise": 4}
    yield [(3, ["Goal", "rise", " rise"])], {"rise": 0, "goal": 1, "<unk>": 2}
    words = ["goal", "shares", "rise", "moon", "vote"]
    for _ in range(2):
        texts = [[rng.choice(words) for _ in range(n)] for n in (3, rng.randint(1, 2), 2)]
        yield [(rng.randint(1, 4), text) for text in [["moon", "goal"], *texts]], vocab


@exercise.mistake(
    "Your labels still go from 1 to 4. A loss for four classes has no class 4 and raises; with "
    "labels 1 to 3 only, it would say nothing and learn the wrong classes."
)
def labels_from_one(samples, vocab):
    labels = torch.tensor([label for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "Your offsets are lengths, moved by one place. They have to be added up: where does the third "
    "text begin?"
)
def offsets_not_added_up(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    offsets = torch.tensor([0, *[len(tokens) for _, tokens in samples]][:-1])
    return labels, torch.tensor(ids, dtype=torch.int64), offsets


@exercise.mistake(
    "A word that is not in the vocabulary raises. In validation and in use there are always some."
)
def unknown_words_raise(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab[token] for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "You padded the texts. A bag needs no padding, and with offsets the ids have to be one row: "
    "all padding would count as words."
)
def padded_rows(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    texts = [
        torch.tensor([vocab.get(t, vocab["<unk>"]) for t in tokens], dtype=torch.int64)
        for _, tokens in samples
    ]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, pad_sequence(texts, batch_first=True), lengths.cumsum(0) - lengths


@exercise.mistake("Your labels are float32. The number of a class is int64.")
def float_labels(samples, vocab):
    labels = torch.tensor([label - 1.0 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake("Your offsets are the places where the texts end. The first text begins at 0.")
def offsets_of_the_ends(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0)


@exercise.mistake(
    "Your offsets are the lengths of the texts. An offset is a place: where a text begins."
)
def offsets_are_lengths(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths


@exercise.mistake(
    "Without a single token your ids are float32: that is the dtype of a tensor made of an "
    "empty list. An embedding wants whole numbers."
)
def float_when_empty(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids), lengths.cumsum(0) - lengths


@exercise.mistake("Unknown tokens are missing. They have an id, that of `<unk>`.")
def leaves_out_unknown(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab[token] for _, tokens in samples for token in tokens if token in vocab]
    lengths = torch.tensor([sum(t in vocab for t in tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(same_as=leaves_out_unknown)
def leaves_out_unknown_ids(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab[token] for _, tokens in samples for token in tokens if token in vocab]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake("Unknown tokens got 0. Which id `<unk>` has stands in the vocabulary.")
def unknown_is_zero(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, 0) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "A known word became `<unk>`: the one with the id 0. In Python 0 counts as false."
)
def zero_is_false(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token) or vocab["<unk>"] for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake("You changed tokens before you looked them up. They are looked up as they are.")
def makes_letters_small(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(t.lower(), vocab["<unk>"]) for _, tokens in samples for t in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "Texts without a token are missing, with their labels. They belong to the batch: as empty bags."
)
def leaves_out_empty_texts(samples, vocab):
    samples = [(label, tokens) for label, tokens in samples if tokens]
    labels = torch.tensor([label - 1 for label, _ in samples], dtype=torch.int64)
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples], dtype=torch.int64)
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(same_as=leaves_out_empty_texts)
def leaves_out_empty_texts_as_float(samples, vocab):
    samples = [(label, tokens) for label, tokens in samples if tokens]
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake("An empty text has an id in yours. An empty bag has none; its offset is enough.")
def unknown_for_empty(samples, vocab):
    samples = [(label, tokens or ["<unk>"]) for label, tokens in samples]
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "You have one offset too many: the end of the last text. Without `include_last_offset=True` "
    "it makes one more bag."
)
def with_the_end(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    ends = torch.tensor([0, *[len(tokens) for _, tokens in samples]]).cumsum(0)
    return labels, torch.tensor(ids, dtype=torch.int64), ends


@exercise.mistake("The three are there, in another order: labels, ids, offsets.")
def in_another_order(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths, labels


@exercise.mistake("The vocabulary of the caller has grown. An embedding has no rows for new ids.")
def adds_to_the_vocabulary(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.setdefault(t, len(vocab)) for _, tokens in samples for t in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(
    "Your labels depend on what else is in the batch. Class 1 becomes 0 in every batch."
)
def labels_from_the_smallest(samples, vocab):
    labels = torch.tensor([label for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels - labels.min(), torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake("There is a list among the three. All of them are tensors.")
def offsets_as_a_list(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), (lengths.cumsum(0) - lengths).tolist()


@exercise.mistake(
    "Your offsets are float32. They are places, and `EmbeddingBag` wants whole numbers."
)
def float_offsets(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([0.0, *[len(tokens) for _, tokens in samples[:-1]]])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0)


@exercise.mistake("The texts are in another order than the samples. Nothing asks for that.")
def sorted_by_length(samples, vocab):
    samples = sorted(samples, key=lambda sample: len(sample[1]))
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@exercise.mistake(same_as=padded_rows)
def padded_in_one_row(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    longest = max(len(tokens) for _, tokens in samples)
    texts = [[*tokens, *["<pad>"] * (longest - len(tokens))] for _, tokens in samples]
    ids = [
        vocab.get(t, 0) if t == "<pad>" else vocab.get(t, vocab["<unk>"]) for x in texts for t in x
    ]
    return labels, torch.tensor(ids, dtype=torch.int64), torch.arange(len(samples)) * longest


@exercise.mistake(
    "A large id comes back as its neighbour: float32 does not have all whole numbers, and making "
    "int64 of it afterwards does not bring them back."
)
def ids_by_way_of_floats(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    texts = [[vocab.get(token, vocab["<unk>"]) for token in tokens] for _, tokens in samples]
    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.cat([torch.tensor(text, dtype=torch.float32) for text in texts]).long()
    return labels, ids, lengths.cumsum(0) - lengths


@exercise.right
def one_sample_after_the_other(samples, vocab):
    labels, ids, offsets = [], [], []
    for label, tokens in samples:
        labels.append(label - 1)
        offsets.append(len(ids))
        ids.extend(vocab[t] if t in vocab else vocab["<unk>"] for t in tokens)
    return torch.tensor(labels), torch.tensor(ids).long(), torch.tensor(offsets)


exercise.equivalent(
    "return (labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths)",
    "return (labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(-1) - lengths)",
    because="There is one dimension: 0 and -1 are the same.",
)
