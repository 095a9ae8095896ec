"""Look tokens up. A text that comes later has words that nobody has seen."""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "08.3",
    "From tokens to ids",
    minutes=5,
    difficulty=1,
    hints=[
        "`dict.get(key, other)` gives `other` where the key is missing.",
        "What is the dtype of `torch.tensor([])`? Say the dtype yourself.",
    ],
)


@exercise.reference
def encode(tokens, vocab):
    """The ids of the tokens as an int64 tensor of shape (tokens,), also for no token at all.

    vocab: a dict from token to id. It has the token "<unk>", under any id; a token that is not
    in vocab gets that id.
    """
    unknown = vocab["<unk>"]
    return torch.tensor([vocab.get(token, unknown) for token in tokens], dtype=torch.int64)


@exercise.cases
def _(rng):
    yield ["rain", "in", "oslo"], {"rain": 0, "<unk>": 1, "in": 2}
    yield [], {"<unk>": 0, "a": 1}
    yield ["?", "a", "?"], {"<pad>": 0, "<unk>": 1, "a": 2}
    yield ["a", "z"], {"<unk>": 3, "a": 2**24 + 1}  # the first whole number not in float32
    yield ["Rain", "rain", " rain"], {"<pad>": 0, "rain": 1, "<unk>": 2}
    for _ in range(2):
        known = rng.sample("abcdefg", 4)
        known.insert(rng.randint(2, 4), "<unk>")
        vocab = {token: i for i, token in enumerate(["<pad>", *known])}
        yield ["z", *[rng.choice("abcdefg") for _ in range(4)]], vocab


@exercise.mistake(
    "A word that was not in the training texts raises a KeyError. New texts always have such words."
)
def no_unknown_words(tokens, vocab):
    return torch.tensor([vocab[token] for token in tokens], dtype=torch.int64)


@exercise.mistake(
    "You left unknown words out. Their places are lost, and a text of unknown words only would be "
    "empty."
)
def leaves_out(tokens, vocab):
    return torch.tensor([vocab[token] for token in tokens if token in vocab], dtype=torch.int64)


@exercise.mistake(
    "Unknown words get the id -1. In Python that would be the last entry; an embedding accepts no "
    "negative id and raises."
)
def minus_one(tokens, vocab):
    return torch.tensor([vocab.get(token, -1) for token in tokens], dtype=torch.int64)


@exercise.mistake(
    "Unknown words get the first id after the vocabulary. An `Embedding(len(vocab), ...)` has no "
    "row for it."
)
def one_after_the_end(tokens, vocab):
    return torch.tensor([vocab.get(token, len(vocab)) for token in tokens], dtype=torch.int64)


@exercise.mistake("Unknown words get the id 0 here. Look up which id `<unk>` has.")
def unknown_is_zero(tokens, vocab):
    return torch.tensor([vocab.get(token, 0) for token in tokens], dtype=torch.int64)


@exercise.mistake(
    "`or` takes its right side for everything that counts as false, and the id 0 does. The word "
    "with id 0 is taken for unknown."
)
def zero_is_false(tokens, vocab):
    ids = [vocab.get(token) or vocab["<unk>"] for token in tokens]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake(
    "For an empty text you return float32: that is the dtype of a tensor made of an empty list. "
    "An embedding wants whole numbers."
)
def float_when_empty(tokens, vocab):
    return torch.tensor([vocab.get(token, vocab["<unk>"]) for token in tokens])


@exercise.mistake(
    "Unknown tokens were added to the caller's vocabulary. Once a model is trained its vocabulary "
    "stays as it is: an embedding has no row for a new id."
)
def adds_to_the_vocabulary(tokens, vocab):
    return torch.tensor([vocab.setdefault(t, len(vocab)) for t in tokens], dtype=torch.int64)


@exercise.mistake(same_as=adds_to_the_vocabulary)
def adds_them_as_unknown(tokens, vocab):
    return torch.tensor([vocab.setdefault(t, vocab["<unk>"]) for t in tokens], dtype=torch.int64)


@exercise.mistake(
    "You changed tokens before you looked them up. `Rain` is not `rain` here: what the tokenizer "
    "gave is looked up as it is."
)
def makes_letters_small(tokens, vocab):
    ids = [vocab.get(token.strip().lower(), vocab["<unk>"]) for token in tokens]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake(same_as=makes_letters_small)
def only_makes_letters_small(tokens, vocab):
    ids = [vocab.get(token.lower(), vocab["<unk>"]) for token in tokens]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake(
    "For an empty text you give back an id. A text without tokens has no ids: shape (0,)."
)
def one_id_when_empty(tokens, vocab):
    ids = [vocab.get(token, vocab["<unk>"]) for token in tokens or ["<unk>"]]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake("Your function raises for an empty text. There may be no token at all.")
def raises_when_empty(tokens, vocab):
    return torch.stack([torch.tensor(vocab.get(t, vocab["<unk>"])) for t in tokens])


@exercise.mistake(
    "Yours is a batch of one text, of shape (1, tokens). One text has the shape (tokens,)."
)
def a_batch_of_one(tokens, vocab):
    return torch.tensor([[vocab.get(t, vocab["<unk>"]) for t in tokens]], dtype=torch.int64)


@exercise.mistake("Your ids are in a list. An embedding takes a tensor of them.")
def a_list(tokens, vocab):
    return [vocab.get(token, vocab["<unk>"]) for token in tokens]


@exercise.mistake(
    "A token that comes again in the text is missing. Each place of the text has its id."
)
def each_token_once(tokens, vocab):
    ids = [vocab.get(token, vocab["<unk>"]) for token in dict.fromkeys(tokens)]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake(
    "One unknown token turned the whole text into unknown ones. Only that token has no id of "
    "its own."
)
def all_unknown(tokens, vocab):
    known = all(token in vocab for token in tokens)
    ids = [vocab[token] if known else vocab["<unk>"] for token in tokens]
    return torch.tensor(ids, dtype=torch.int64)


@exercise.mistake(
    "A large id comes back as its neighbour: float32 does not have all whole numbers. Which dtype "
    "do the ids have on the way?"
)
def by_way_of_floats(tokens, vocab):
    ids = torch.zeros(len(tokens))
    for i, token in enumerate(tokens):
        ids[i] = vocab.get(token, vocab["<unk>"])
    return ids.long()


@exercise.right
def fills_a_tensor(tokens, vocab):
    ids = torch.full((len(tokens),), vocab["<unk>"])
    for i, token in enumerate(tokens):
        if token in vocab:
            ids[i] = vocab[token]
    return ids
