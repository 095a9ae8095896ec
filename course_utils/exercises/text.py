"""Exercises of notebook 08: the text pipeline."""

import random
import re
from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from ..exercise import Exercise


def numbers(rng: random.Random, *shape: int) -> torch.Tensor:
    """A float32 tensor of this shape with one digit after the point, from -3.0 to 3.0."""
    count = torch.Size(shape).numel()
    values = [rng.randint(-30, 30) / 10 for _ in range(count)]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def small_gru(rng: random.Random, inputs: int, hidden: int) -> nn.GRU:
    """A GRU with batch_first=True, the same for the same rng."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return nn.GRU(inputs, hidden, batch_first=True)


# 08.1 -------------------------------------------------------------------------------------

tokens_exercise = Exercise(
    "08.1",
    "A tokenizer",
    minutes=10,
    difficulty=1,
    hints=[
        "Work in this order: small letters, then the marks, then cut at white space.",
        "If a mark has a space on each side, `split` makes a token of it. `re.sub(pattern, "
        "replacement, text)` can put them there.",
        "In a replacement, `\\1` stands for what the first bracket of the pattern has found. And "
        "`split()` without an argument cuts at any number of spaces.",
    ],
)


@tokens_exercise.reference
def tokenize(text):
    """The tokens of an English text, as a list of str, by the rules of "basic_english".

    Letters become small. Each of . , ' ( ) ! ? is a token of its own. A double quote (") is
    removed, and what stood on its two sides is joined. ; and : become a space. Then the text is
    cut at white space (spaces, tabs, line ends). A hyphen is left as it is. No token is empty.
    """
    text = text.lower().replace('"', "")
    text = re.sub(r"[;:]", " ", text)
    text = re.sub(r"([.,'()!?])", r" \1 ", text)
    return text.split()


@tokens_exercise.cases
def _(rng):
    yield ("You can't go, said Ann.",)
    yield ('A  "long-term" plan:\n\tnone (yet)',)
    yield ("",)
    yield ('3"5 ; ?!',)
    yield ("one;two:three",)
    words = ["Rain", "sun", "isn't", "well-made", '"Yes"', "(no)", "Oslo", "7.5"]
    for _ in range(2):
        chosen = [rng.choice(words) + rng.choice(["", ",", "!", ";", "  "]) for _ in range(4)]
        yield (" ".join(["Well,", *chosen]),)


@tokens_exercise.mistake(
    "Marks still stick to words, so `ann.` and `ann` would be two entries in the vocabulary. Which "
    "characters are to be tokens of their own?"
)
def only_split(text):
    return text.lower().split()


@tokens_exercise.mistake(
    "You kept capital letters. `The` at the front of a sentence and `the` inside it would get two "
    "ids, and the model would learn the same word twice."
)
def keeps_capitals(text):
    text = re.sub(r"[;:]", " ", text.replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@tokens_exercise.mistake(
    "`\\w+` finds words only: the marks are gone, and words with a hyphen are cut. Here most marks "
    "stay, as tokens."
)
def words_only(text):
    return re.findall(r"\w+", text.lower())


@tokens_exercise.mistake(
    "There are empty strings among your tokens. `split` with a space as its argument cuts at each "
    "single space; two in a row have nothing between them."
)
def split_at_each_space(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1 ", text).split(" ")


@tokens_exercise.mistake(
    "You treat all marks alike. Three of them are never tokens: one is removed, two become a space."
)
def every_mark_a_token(text):
    return re.sub(r"([.,'()!?\";:])", r" \1 ", text.lower()).split()


@tokens_exercise.mistake(
    "You put a space where a double quote stood. It is removed, and what stood beside it is joined."
)
def space_for_a_quote(text):
    text = re.sub(r"[;:\"]", " ", text.lower())
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


# 08.2 -------------------------------------------------------------------------------------

vocabulary_exercise = Exercise(
    "08.2",
    "A vocabulary",
    minutes=15,
    difficulty=2,
    hints=[
        "`collections.Counter` counts: `counter.update(tokens)` adds a whole list.",
        "`sorted` takes a `key`. A tuple as key sorts by its first part, and by the second where "
        "the first parts are equal. A minus turns the order of numbers around.",
        "Make one list of all tokens, specials first, then `enumerate` it. A special that comes "
        "up in a text must not stand in the list twice.",
    ],
)


@vocabulary_exercise.reference
def build_vocab(texts, min_freq=1, specials=()):
    """A vocabulary: a dict from token (str) to id (int).

    texts: a list of texts, each a list of tokens. Ids are 0, 1, 2, ... without a gap, first for
    the specials in their order, then for all other tokens that come up at least min_freq times in
    all texts together: the most frequent first, equally frequent ones in alphabetical order.
    A special that also comes up in a text keeps its one place in front.
    """
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.observe
def _(answer, texts, min_freq, specials):
    vocab = answer(texts, min_freq, specials)
    if not isinstance(vocab, dict):
        return vocab
    # The order of a dict's keys is nobody's business: what counts is which token has which id.
    return {"tokens and ids": {token: vocab[token] for token in sorted(vocab, key=str)}}


@vocabulary_exercise.cases
def _(rng):
    yield [["b", "a"], ["c", "b", "b"]], 1, ["<pad>", "<unk>"]
    yield [["x", "<unk>", "x", "a"], ["y", "<unk>", "y", "<unk>"]], 2, ["<unk>"]
    yield [["t", "s"], []], 1, []
    yield [["d", "d", "e"]], 1, ["<unk>", "<pad>", "<bos>"]
    yield [["n", "n", "n"], ["m", "o"], ["o"]], 2, ["<pad>", "<unk>"]
    for _ in range(2):
        texts = [[rng.choice("pqrstu") for _ in range(rng.randint(2, 5))] for _ in range(3)]
        yield [*texts, ["z", "q", "q"]], rng.randint(1, 2), ["<pad>", "<unk>"]


@vocabulary_exercise.mistake(
    "Your tokens are numbered as they come up in the texts. Read again in another order, the same "
    "texts would give other ids, and a saved model would be lost."
)
def order_of_appearance(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    known = [t for t in counter if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.mistake(
    "`most_common` leaves equally frequent tokens in the order in which they came up. There is a "
    "second rule for them."
)
def ties_as_they_come(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    known = [t for t, n in counter.most_common() if n >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.mistake(
    "A token that comes up exactly `min_freq` times is to be in the vocabulary."
)
def more_than_min_freq(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] > min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.mistake(
    "Your specials come last. In front, their ids stay the same when the vocabulary grows: "
    "`<pad>` is 0 in every one."
)
def specials_last(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*known, *specials])}


@vocabulary_exercise.mistake(
    "A special came up in a text and was numbered twice. Its id changed, and one id belongs to "
    "nobody."
)
def special_twice(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.mistake(
    "You counted in how many texts a token comes up. Two times in one text are two."
)
def texts_not_times(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in set(tokens))
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@vocabulary_exercise.mistake(
    "Your ids begin with 1. An embedding has rows 0 to n - 1, so the last id would have no row."
)
def from_one(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known], start=1)}


# 08.3 -------------------------------------------------------------------------------------

encode_exercise = Exercise(
    "08.3",
    "From tokens to ids",
    minutes=5,
    difficulty=1,
    hints=[
        "`dict.get(key, other)` gives `other` where the key is missing.",
        "What is the dtype of `torch.tensor([])`? Say the dtype yourself.",
    ],
)


@encode_exercise.reference
def encode(tokens, vocab):
    """The ids of the tokens as an int64 tensor of shape (tokens,), also for no token at all.

    vocab: a dict from token to id. It has the token "<unk>", under any id; a token that is not
    in vocab gets that id.
    """
    unknown = vocab["<unk>"]
    return torch.tensor([vocab.get(token, unknown) for token in tokens], dtype=torch.int64)


@encode_exercise.cases
def _(rng):
    yield ["rain", "in", "oslo"], {"rain": 0, "<unk>": 1, "in": 2}
    yield [], {"<unk>": 0, "a": 1}
    yield ["?", "a", "?"], {"<pad>": 0, "<unk>": 1, "a": 2}
    for _ in range(2):
        known = rng.sample("abcdefg", 4)
        known.insert(rng.randint(2, 4), "<unk>")
        vocab = {token: i for i, token in enumerate(["<pad>", *known])}
        yield ["z", *[rng.choice("abcdefg") for _ in range(4)]], vocab


@encode_exercise.mistake(
    "A word that was not in the training texts raises a KeyError. New texts always have such words."
)
def no_unknown_words(tokens, vocab):
    return torch.tensor([vocab[token] for token in tokens], dtype=torch.int64)


@encode_exercise.mistake(
    "You left unknown words out. Their places are lost, and a text of unknown words only would be "
    "empty."
)
def leaves_out(tokens, vocab):
    return torch.tensor([vocab[token] for token in tokens if token in vocab], dtype=torch.int64)


@encode_exercise.mistake(
    "Unknown words get the id -1. In Python that would be the last entry; an embedding accepts no "
    "negative id and raises."
)
def minus_one(tokens, vocab):
    return torch.tensor([vocab.get(token, -1) for token in tokens], dtype=torch.int64)


@encode_exercise.mistake(
    "Unknown words get the first id after the vocabulary. An `Embedding(len(vocab), ...)` has no "
    "row for it."
)
def one_after_the_end(tokens, vocab):
    return torch.tensor([vocab.get(token, len(vocab)) for token in tokens], dtype=torch.int64)


@encode_exercise.mistake("Unknown words get the id 0 here. Look up which id `<unk>` has.")
def unknown_is_zero(tokens, vocab):
    return torch.tensor([vocab.get(token, 0) for token in tokens], dtype=torch.int64)


@encode_exercise.mistake(
    "`or` takes its right side for everything that counts as false, and the id 0 does. The word "
    "with id 0 is taken for unknown."
)
def zero_is_false(tokens, vocab):
    ids = [vocab.get(token) or vocab["<unk>"] for token in tokens]
    return torch.tensor(ids, dtype=torch.int64)


@encode_exercise.mistake(
    "For an empty text you return float32: that is the dtype of a tensor made of an empty list. "
    "An embedding wants whole numbers."
)
def float_when_empty(tokens, vocab):
    return torch.tensor([vocab.get(token, vocab["<unk>"]) for token in tokens])


# 08.4 -------------------------------------------------------------------------------------

padding_exercise = Exercise(
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


@padding_exercise.reference
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


@padding_exercise.cases
def _(rng):
    yield [[5, 2], [7, 4, 9], [3]], 1
    yield [[8, 0, 0], [6], []], 0
    yield [[4]], 9
    for _ in range(2):
        texts = [[rng.randint(2, 9) for _ in range(rng.randint(1, 4))] for _ in range(3)]
        yield [*texts, [2, 2, 2, 2, 2]], 1


@padding_exercise.mistake(
    "You filled up with zeros. Zero may be the id of a real word; the padding id is given."
)
def zeros_always(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[0] * (longest - len(text))] for text in texts]
    return torch.tensor(rows), torch.tensor([len(text) for text in texts])


@padding_exercise.mistake("Your padding stands in front of the texts. Here it comes after them.")
def padding_in_front(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*[pad_id] * (longest - len(text)), *text] for text in texts]
    return torch.tensor(rows), torch.tensor([len(text) for text in texts])


@padding_exercise.mistake(
    "Your tensor is (time, batch): a text is a column. Some layers want that by default, but here "
    "a text is a row."
)
def texts_as_columns(texts, pad_id):
    longest = max(len(text) for text in texts)
    rows = [[*text, *[pad_id] * (longest - len(text))] for text in texts]
    return torch.tensor(rows).t(), torch.tensor([len(text) for text in texts])


@padding_exercise.mistake(
    "You cut all texts to the shortest one. Then no padding is needed, but words are lost."
)
def cuts_to_the_shortest(texts, pad_id):
    shortest = min(len(text) for text in texts)
    rows = torch.tensor([text[:shortest] for text in texts], dtype=torch.int64)
    return rows, torch.tensor([len(text) for text in texts])


@padding_exercise.mistake(
    "You counted what differs from the padding id. A text may have that number inside it: after "
    "padding nobody can see the difference."
)
def counts_what_is_not_padding(texts, pad_id):
    longest = max(len(text) for text in texts)
    ids = torch.tensor([[*text, *[pad_id] * (longest - len(text))] for text in texts])
    return ids, (ids != pad_id).sum(dim=1)


@padding_exercise.mistake(
    "Your ids are float32: that is what `torch.zeros` and `torch.ones` make. An embedding looks up "
    "rows by whole numbers."
)
def float_ids(texts, pad_id):
    lengths = torch.tensor([len(text) for text in texts])
    ids = torch.zeros(len(texts), int(lengths.max())) + pad_id
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text)
    return ids, lengths


# 08.5 -------------------------------------------------------------------------------------

mask_exercise = Exercise(
    "08.5",
    "A mask from lengths",
    minutes=10,
    difficulty=2,
    hints=[
        "Number the places of a row: 0, 1, 2, ... A place is real as long as its number is below "
        "the length.",
        "Compare a row of places, shape (time,), with a column of lengths, shape (batch, 1): they "
        "broadcast to (batch, time).",
    ],
)


@mask_exercise.reference
def real_tokens(lengths, time):
    """A bool tensor of shape (batch, time), True where a padded batch has a real token.

    lengths: int64 of shape (batch,), from 0 to time. time: int, the number of columns of the
    batch. It may be larger than the largest length.
    """
    places = torch.arange(time)  # (time,)
    return places < lengths[:, None]  # (batch, time)


@mask_exercise.cases
def _(rng):
    yield torch.tensor([2, 3, 1]), 3
    yield torch.tensor([0, 4]), 4
    yield torch.tensor([1, 2]), 5
    for _ in range(2):
        time = rng.randint(3, 5)
        yield torch.tensor([0, time - 1, *[rng.randint(1, time) for _ in range(2)]]), time


@mask_exercise.mistake(
    "Each row has one True too many. Places are counted from 0, so the last of three is place 2."
)
def one_too_many(lengths, time):
    return torch.arange(time) <= lengths[:, None]


@mask_exercise.mistake(
    "Yours is True where the padding is. Both ways are in use: read which one is asked for."
)
def true_is_padding(lengths, time):
    return torch.arange(time) >= lengths[:, None]


@mask_exercise.mistake("Yours is (time, batch). The column and the row were exchanged.")
def time_first(lengths, time):
    return torch.arange(time)[:, None] < lengths


@mask_exercise.mistake(
    "The values are right, but they are numbers. As an index 0 and 1 mean rows, and in attention "
    "they are added to the scores. A mask is bool."
)
def numbers_not_bool(lengths, time):
    return (torch.arange(time) < lengths[:, None]).long()


@mask_exercise.mistake(
    "Your mask is as wide as the longest text. The batch may be wider; its width is given."
)
def as_wide_as_the_longest(lengths, time):
    return torch.arange(int(lengths.max())) < lengths[:, None]


# 08.6 -------------------------------------------------------------------------------------

mean_exercise = Exercise(
    "08.6",
    "The mean over real tokens",
    minutes=15,
    difficulty=2,
    hints=[
        "The padding must not count twice: not in the sum, and not in the number to divide by.",
        "A mask of shape (batch, time, 1) broadcasts over the features.",
        "For an empty text the sum is 0 already. Only the division 0 / 0 has to be avoided: "
        "`clamp(min=1)`.",
    ],
)


@mean_exercise.reference
def mean_over_tokens(vectors, lengths):
    """The mean vector of each text, over its real tokens only.

    vectors: float32 of shape (batch, time, features); beyond a text's length stands padding,
    which may have any finite values. lengths: int64 of shape (batch,), from 0 to time.
    Returns float32 of shape (batch, features). An empty text gives zeros.
    """
    real = torch.arange(vectors.shape[1]) < lengths[:, None]  # (batch, time)
    total = (vectors * real[:, :, None]).sum(dim=1)  # (batch, features)
    return total / lengths.clamp(min=1)[:, None]


@mean_exercise.cases
def _(rng):
    yield torch.tensor([[[2.0], [4.0], [9.0]], [[1.0], [2.0], [6.0]]]), torch.tensor([2, 3])
    yield torch.tensor([[[5.0, 7.0], [1.0, 1.0]], [[2.0, 3.0], [4.0, 5.0]]]), torch.tensor([0, 1])
    for _ in range(2):
        yield numbers(rng, 3, 4, 2), torch.tensor([rng.randint(1, 3), 2, 4])


@mean_exercise.mistake(
    "The padding is part of your mean. The longer the other texts of the batch are, the more of "
    "it there is."
)
def mean_of_everything(vectors, lengths):
    return vectors.mean(dim=1)


@mean_exercise.mistake(
    "The padding is out of the sum, but you divide by the width of the batch. In a batch with a "
    "longer text, the same text would get a smaller mean."
)
def divides_by_the_width(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).mean(dim=1)


@mean_exercise.mistake(
    "You divide by the right number, but the sum has the padding in it. That only works while all "
    "padding is zero."
)
def padding_in_the_sum(vectors, lengths):
    return vectors.sum(dim=1) / lengths.clamp(min=1)[:, None]


@mean_exercise.mistake(
    "An empty text gives 0 / 0, which is NaN. One such text makes the loss of the whole batch NaN."
)
def empty_is_nan(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / lengths[:, None]


@mean_exercise.mistake(
    "You added 1 to each length to avoid 0 / 0. All other means are too small now."
)
def plus_one(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1) / (lengths + 1)[:, None]


@mean_exercise.mistake("That is the sum. A long text would get a larger vector than a short one.")
def sum_not_mean(vectors, lengths):
    real = torch.arange(vectors.shape[1]) < lengths[:, None]
    return (vectors * real[:, :, None]).sum(dim=1)


# 08.7 -------------------------------------------------------------------------------------

offsets_exercise = Exercise(
    "08.7",
    "Offsets of bags",
    minutes=5,
    difficulty=1,
    hints=[
        "Where does bag 0 begin? Where does bag 1 begin, if bag 0 has 2 ids? And bag 2?",
        "`cumsum` adds up. It gives where each bag *ends*.",
        "A bag begins where the bag before it ends, and the first one at 0.",
    ],
)


@offsets_exercise.reference
def bag_offsets(lengths):
    """The offsets that `nn.EmbeddingBag` wants: where each bag begins in the one row of ids.

    lengths: int64 of shape (bags,), at least one; a bag may be empty.
    Returns int64 of shape (bags,).
    """
    ends = lengths.cumsum(dim=0)  # (bags,)
    return ends - lengths  # (bags,)


@offsets_exercise.cases
def _(rng):
    yield (torch.tensor([2, 3, 1]),)
    yield (torch.tensor([4]),)
    yield (torch.tensor([3, 0, 2, 5]),)
    for _ in range(2):
        yield (torch.tensor([3, *[rng.randint(1, 5) for _ in range(rng.randint(2, 4))]]),)


@offsets_exercise.mistake(
    "Those are the lengths. An offset is a place: where the bag begins, counted from the front."
)
def lengths_themselves(lengths):
    return lengths.clone()


@offsets_exercise.mistake(
    "You moved the lengths by one place and put 0 in front. That is right for the first two bags, "
    "and no error tells you about the others."
)
def without_adding_up(lengths):
    return torch.cat([torch.tensor([0]), lengths[:-1]])


@offsets_exercise.mistake("Those are the places where the bags end. The first bag begins at 0.")
def ends_not_starts(lengths):
    return lengths.cumsum(dim=0)


@offsets_exercise.mistake(
    "You have one number more than there are bags: the end of the last one. `EmbeddingBag` wants "
    "that only with `include_last_offset=True`; without it, the number makes an empty bag."
)
def with_the_end(lengths):
    return torch.cat([torch.tensor([0]), lengths.cumsum(dim=0)])


@offsets_exercise.mistake(
    "Your offsets are float32. They are places, and `EmbeddingBag` wants whole numbers."
)
def float_offsets(lengths):
    return torch.cat([torch.zeros(1), lengths.cumsum(dim=0)[:-1]])


# 08.8 -------------------------------------------------------------------------------------

bags_exercise = Exercise(
    "08.8",
    "EmbeddingBag by hand",
    minutes=15,
    difficulty=2,
    without=["nn.functional.embedding_bag"],
    hints=[
        "Bag i goes from offset i up to the next offset; the last one up to the end of the ids.",
        "A list of all borders helps: the offsets, then the number of ids.",
        "The mean of nothing is NaN. What does `nn.EmbeddingBag` give for an empty bag? Begin "
        "with zeros and fill only the bags that are not empty.",
    ],
)


@bags_exercise.reference
def bag_means(table, ids, offsets):
    """What `nn.EmbeddingBag(mode="mean")` gives, computed bag by bag.

    table: float32 of shape (words, features), the weight. ids: int64 of shape (ids,), all bags
    one after the other. offsets: int64 of shape (bags,), where each bag begins; the first is 0.
    Returns float32 of shape (bags, features): the mean of the rows of each bag, and zeros for an
    empty bag.
    """
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])  # (bags, features)
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean(dim=0)
    return means


@bags_exercise.cases
def _(rng):
    table = torch.tensor([[0.0, 0.0], [1.0, 10.0], [2.0, 20.0], [3.0, 30.0]])
    yield table, torch.tensor([1, 3, 2, 2, 0]), torch.tensor([0, 2])
    yield table, torch.tensor([3, 1, 2]), torch.tensor([0, 1, 1])
    yield table, torch.tensor([3]), torch.tensor([0, 1])
    for _ in range(2):
        ids = [rng.randint(0, 4) for _ in range(6)]
        yield numbers(rng, 5, 3), torch.tensor(ids), torch.tensor([0, 2, 2, rng.randint(3, 5)])


@bags_exercise.mistake(
    "The last bag is missing. Nobody tells where it ends, because nothing comes after it but the "
    "end of the ids."
)
def loses_the_last(table, ids, offsets):
    starts = offsets.tolist()
    means = torch.zeros(len(starts) - 1, table.shape[1])
    for i, (start, end) in enumerate(zip(starts[:-1], starts[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean(dim=0)
    return means


@bags_exercise.mistake("An empty bag gives NaN: the mean of no rows. `EmbeddingBag` gives zeros.")
def empty_bag_is_nan(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].mean(dim=0) for start, end in pairs])


@bags_exercise.mistake(
    "You left empty bags out, so there are fewer rows than bags, and the rows no longer belong to "
    "their texts."
)
def leaves_out_empty_bags(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].mean(dim=0) for start, end in pairs if end > start])


@bags_exercise.mistake("Those are the sums. That is another mode of `EmbeddingBag`.")
def sums(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    pairs = zip(borders[:-1], borders[1:], strict=True)
    return torch.stack([table[ids[start:end]].sum(dim=0) for start, end in pairs])


@bags_exercise.mistake(
    "You took the mean over the features as well. Each feature of a bag has its own mean."
)
def one_number_a_bag(table, ids, offsets):
    borders = [*offsets.tolist(), len(ids)]
    means = torch.zeros(len(offsets), table.shape[1])
    for i, (start, end) in enumerate(zip(borders[:-1], borders[1:], strict=True)):
        if end > start:
            means[i] = table[ids[start:end]].mean()
    return means


@bags_exercise.mistake(
    "You used the offsets as lengths. They say where each bag begins, not how many ids it has."
)
def offsets_as_lengths(table, ids, offsets):
    means = torch.zeros(len(offsets), table.shape[1])
    start = 0
    for i, length in enumerate(offsets.tolist()):
        if length:
            means[i] = table[ids[start : start + length]].mean(dim=0)
        start += length
    return means


# 08.9 -------------------------------------------------------------------------------------

last_exercise = Exercise(
    "08.9",
    "The last real output",
    minutes=10,
    difficulty=2,
    hints=[
        "A text of length 3 has its last output at place 2.",
        "One place for each row: either index with two lists, the rows and their places, or use "
        "`gather` along the time.",
        "`gather` wants an index with as many dimensions as its input, and it gives a result of "
        "the index's shape: (batch, 1, features). The dimension of size 1 goes away at the end.",
    ],
)


@last_exercise.reference
def last_output(outputs, lengths):
    """The output at the last real token of each text.

    outputs: float32 of shape (batch, time, features), as a recurrent network with
    batch_first=True gives it. lengths: int64 of shape (batch,), from 1 to time.
    Returns float32 of shape (batch, features).
    """
    last = (lengths - 1)[:, None, None]  # (batch, 1, 1)
    index = last.expand(-1, -1, outputs.shape[2])  # (batch, 1, features)
    return outputs.gather(1, index).squeeze(1)  # (batch, features)


@last_exercise.cases
def _(rng):
    yield torch.arange(12.0).reshape(2, 3, 2), torch.tensor([2, 1])
    yield torch.arange(8.0).reshape(1, 4, 2), torch.tensor([3])
    yield torch.arange(12.0).reshape(3, 2, 2), torch.tensor([1, 2, 1])
    for _ in range(2):
        lengths = torch.tensor([rng.randint(1, 2), 4, rng.randint(2, 3)])
        yield numbers(rng, 3, 5, 2), lengths


@last_exercise.mistake(
    "Place -1 is the last column of the batch. For a short text that is padding, not its last "
    "output."
)
def last_column(outputs, lengths):
    return outputs[:, -1]


@last_exercise.mistake(
    "You took the place after the last one: lengths are counted from 1, places from 0. A text that "
    "fills its row has no such place."
)
def one_step_too_far(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths]


@last_exercise.mistake(
    "A colon and a list of places give all these places for each row, so you have (batch, batch, "
    "features). Each row has only one place that is its own."
)
def every_place_for_every_row(outputs, lengths):
    return outputs[:, lengths - 1]


@last_exercise.mistake(
    "`gather` gives a result of the index's shape, and your index has one place in the features. "
    "So you have only the first feature."
)
def first_feature_only(outputs, lengths):
    return outputs.gather(1, (lengths - 1)[:, None, None]).squeeze(1)


@last_exercise.mistake("A dimension of size 1 is left in the middle: (batch, 1, features).")
def time_left_over(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths - 1][:, None]


@last_exercise.mistake(
    "You took one place for all rows, that of the longest text. For the shorter ones it is padding."
)
def place_of_the_longest(outputs, lengths):
    return outputs[:, int(lengths.max()) - 1]


# 08.10 ------------------------------------------------------------------------------------

packed_exercise = Exercise(
    "08.10",
    "A packed batch",
    minutes=15,
    difficulty=3,
    hints=[
        "Three steps: pack, run the network, pad again.",
        "`pack_padded_sequence` has to know that the batch comes first, and that the texts are "
        "not sorted by length.",
        "What the network gives as its second result needs no padding: it is the state after each "
        "text's own last token, of shape (layers, batch, hidden).",
        "`pad_packed_sequence` makes its result as wide as the longest text, unless "
        "`total_length` says otherwise.",
    ],
)


@packed_exercise.reference
def run_packed(rnn, padded, lengths):
    """Run a recurrent network over texts of different lengths, without computing the padding.

    rnn: an nn.GRU with batch_first=True, one layer, one direction. padded: float32 of shape
    (batch, time, features). lengths: int64 of shape (batch,), on the CPU, from 1 to time, in any
    order.
    Returns (outputs, last), both in the order of the batch: outputs of shape (batch, time,
    hidden), as wide as padded, with zeros at the padding; last of shape (batch, hidden), the
    state after each text's last real token.
    """
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=time)
    return outputs, last[0]


@packed_exercise.cases
def _(rng):
    yield small_gru(rng, 1, 2), numbers(rng, 2, 3, 1), torch.tensor([1, 3])
    yield small_gru(rng, 2, 2), numbers(rng, 3, 3, 2), torch.tensor([2, 1, 3])
    yield small_gru(rng, 2, 3), numbers(rng, 3, 5, 2), torch.tensor([2, 4, 1])
    for _ in range(2):
        lengths = [rng.randint(1, 2), 4, rng.randint(2, 3), 3]
        yield small_gru(rng, 2, 2), numbers(rng, 4, 4, 2), torch.tensor(lengths)


@packed_exercise.mistake(
    "The network has computed the padding as well: the state of a short text goes on changing "
    "after its last token, whatever the padding is."
)
def not_packed(rnn, padded, lengths):
    outputs, last = rnn(padded)
    return outputs, last[0]


@packed_exercise.mistake(
    "Your outputs have zeros at the padding, but they were computed over the padding first. The "
    "second result is the state after it."
)
def zeroed_afterwards(rnn, padded, lengths):
    outputs, last = rnn(padded)
    real = torch.arange(padded.shape[1]) < lengths[:, None]
    return outputs * real[:, :, None], last[0]


@packed_exercise.mistake(
    "By default packing wants the longest text first and raises for any other order. There is an "
    "argument that lets it sort, and put everything back afterwards."
)
def wants_sorted(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, last[0]


@packed_exercise.mistake(
    "You sorted the texts by length and left the results in that order. Row 0 is no longer text 0, "
    "and the labels do not move along."
)
def stays_sorted(rnn, padded, lengths):
    lengths, order = lengths.sort(descending=True)
    packed = pack_padded_sequence(padded[order], lengths, batch_first=True)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, last[0]


@packed_exercise.mistake(
    "Your outputs are only as wide as the longest text. The batch that was given may be wider, and "
    "its masks are as wide as the batch."
)
def narrower_than_given(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True)
    return outputs, last[0]


@packed_exercise.mistake(
    "The last column of the outputs is zeros for every text that is shorter. The state after its "
    "last token stands elsewhere: what else does the network return?"
)
def last_column_of_zeros(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, _ = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, outputs[:, -1]


@packed_exercise.mistake(
    "Your outputs are (time, batch, hidden). Padding again also has to be told that the batch "
    "comes first."
)
def time_comes_first(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, total_length=padded.shape[1])
    return outputs, last[0]


# 08.11 ------------------------------------------------------------------------------------

attention_exercise = Exercise(
    "08.11",
    "Attention that ignores padding",
    minutes=15,
    difficulty=3,
    hints=[
        "`F.scaled_dot_product_attention(query, key, value, attn_mask=...)`. Read what True means "
        "in its `attn_mask`: it is not what True means in `nn.MultiheadAttention`.",
        "The scores have the shape (batch, queries, keys). Padding is to be ignored as a *key*.",
        "The mask of shape (batch, keys) needs a dimension in the middle, so that it is the same "
        "for all queries of a text.",
    ],
)


@attention_exercise.reference
def attend(query, key, value, lengths):
    """Attention in which no token looks at padding.

    query, key, value: float32 of shape (batch, time, features). lengths: int64 of shape
    (batch,), from 1 to time.
    Returns float32 of shape (batch, time, features): for each place the weighted mean of the
    values of the real tokens of its own text, weights softmax(query . key / sqrt(features)).
    Places that are padding look at the real tokens, too; nobody will read their results.
    """
    real = torch.arange(key.shape[1]) < lengths[:, None]  # (batch, keys)
    mask = real[:, None, :]  # (batch, 1, keys)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@attention_exercise.cases
def _(rng):
    yield numbers(rng, 2, 3, 2), numbers(rng, 2, 3, 2), numbers(rng, 2, 3, 2), torch.tensor([2, 3])
    yield numbers(rng, 1, 2, 1), numbers(rng, 1, 2, 1), numbers(rng, 1, 2, 1), torch.tensor([1])
    yield (
        *(numbers(rng, 3, 3, 2) for _ in range(3)),
        torch.tensor([1, rng.randint(1, 2), rng.randint(1, 3)]),
    )
    yield (*(numbers(rng, 2, 4, 2) for _ in range(3)), torch.tensor([3, rng.randint(1, 2)]))


@attention_exercise.mistake(
    "In your mask True means *blocked*, as in `nn.MultiheadAttention`. In "
    "`scaled_dot_product_attention` True means the opposite: your texts look at padding only."
)
def true_is_blocked(query, key, value, lengths):
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=padding[:, None, :])


@attention_exercise.mistake("There is no mask, so each token also looks at padding.")
def no_mask(query, key, value, lengths):
    return F.scaled_dot_product_attention(query, key, value)


@attention_exercise.mistake(
    "You masked the queries: a place that is padding looks at nothing. The others still look at "
    "padding."
)
def masks_the_queries(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, :, None])


@attention_exercise.mistake(
    "Your mask has numbers. A mask of floats is *added* to the scores: real tokens get a little "
    "more weight, and padding still gets some."
)
def ones_are_added(query, key, value, lengths):
    real = (torch.arange(key.shape[1]) < lengths[:, None]).float()
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, None, :])


@attention_exercise.mistake(
    "The values of the padding no longer count, but the padding has taken its share of the "
    "weights. The weights of the real tokens have to add up to 1."
)
def zeros_as_values(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value * real[:, :, None])


@attention_exercise.mistake(
    "Your mask has two dimensions, and they are read as (queries, keys): the row of text 1 is used "
    "for query 1 of every text. Where the sizes do not agree it raises; where they do, nothing is "
    "said."
)
def two_dimensions(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real)


# 08.12 ------------------------------------------------------------------------------------

collate_exercise = Exercise(
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


@collate_exercise.reference
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


@collate_exercise.cases
def _(rng):
    vocab = {"<pad>": 0, "<unk>": 1, "goal": 2, "shares": 3, "rise": 4}
    yield [(2, ["late", "goal"]), (3, ["shares", "rise", "late"]), (1, ["goal"])], vocab
    yield [(4, []), (2, ["goal"]), (3, ["rise"])], vocab
    yield [(1, []), (4, [])], vocab
    vocab = {"<pad>": 0, "goal": 1, "shares": 2, "<unk>": 3, "rise": 4}
    words = ["goal", "shares", "rise", "moon", "vote"]
    for _ in range(2):
        texts = [[rng.choice(words) for _ in range(n)] for n in (3, rng.randint(1, 2), 2)]
        yield [(rng.randint(1, 4), text) for text in [["moon", "goal"], *texts]], vocab


@collate_exercise.mistake(
    "Your labels still go from 1 to 4. A loss for four classes has no class 4 and raises; with "
    "labels 1 to 3 only, it would say nothing and learn the wrong classes."
)
def labels_from_one(samples, vocab):
    labels = torch.tensor([label for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@collate_exercise.mistake(
    "Your offsets are lengths, moved by one place. They have to be added up: where does the third "
    "text begin?"
)
def offsets_not_added_up(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    offsets = torch.tensor([0, *[len(tokens) for _, tokens in samples]][:-1])
    return labels, torch.tensor(ids, dtype=torch.int64), offsets


@collate_exercise.mistake(
    "A word that is not in the vocabulary raises. In validation and in use there are always some."
)
def unknown_words_raise(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab[token] for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@collate_exercise.mistake(
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


@collate_exercise.mistake("Your labels are float32. The number of a class is int64.")
def float_labels(samples, vocab):
    labels = torch.tensor([label - 1.0 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0) - lengths


@collate_exercise.mistake(
    "Your offsets are the places where the texts end. The first text would be cut off."
)
def offsets_of_the_ends(samples, vocab):
    labels = torch.tensor([label - 1 for label, _ in samples])
    ids = [vocab.get(token, vocab["<unk>"]) for _, tokens in samples for token in tokens]
    lengths = torch.tensor([len(tokens) for _, tokens in samples])
    return labels, torch.tensor(ids, dtype=torch.int64), lengths.cumsum(0)
