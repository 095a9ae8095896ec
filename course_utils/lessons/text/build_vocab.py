"""Number the tokens. The same texts must always give the same numbers: a saved model is of no use
with another vocabulary.

```
[["b", "a"], ["c", "b", "b"]] with specials ["<unk>"]   ->   {"<unk>": 0, "b": 1, "a": 2, "c": 3}
```
"""

import itertools
from collections import Counter, defaultdict

from course_utils.exercise import Exercise
from course_utils.observation import attempt

exercise = Exercise(
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


@exercise.reference
def build_vocab(texts, min_freq=1, specials=()):
    """A vocabulary: a dict from token (str) to id (int).

    texts: a list of texts, each a list of tokens. Ids are 0, 1, 2, ... without a gap, first for
    the specials in their order, then for all other tokens that come up at least min_freq times in
    all texts together: the most frequent first, equally frequent ones in the order of `sorted`.
    A special that also comes up in a text keeps its one place in front.
    """
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.cases
def _(rng):
    yield [["b", "a"], ["c", "b", "b"]], 1, ["<pad>", "<unk>"]
    yield [["x", "<unk>", "x", "a"], ["y", "<unk>", "y", "<unk>"]], 2, ["<unk>"]
    yield [["t", "s"], []], 1, []
    yield [[]], 1, ["<pad>"]  # no token at all
    yield [["d", "d", "e"]], 1, ["<unk>", "<pad>", "<bos>"]
    yield [["n", "n", "n"], ["m", "o"], ["o"]], 2, ["<pad>", "<unk>"]
    yield [["ab", "B"], ["C", "ab", "a"]], 1, ["<unk>"]  # capital letters come first in `sorted`
    for _ in range(2):
        texts = [[rng.choice("pqrstu") for _ in range(rng.randint(2, 5))] for _ in range(3)]
        yield [*texts, ["z", "q", "q"]], rng.randint(1, 2), ["<pad>", "<unk>"]


@exercise.observe
def _(answer, texts, min_freq, specials):
    return {
        "tokens and ids": in_order(answer(texts, min_freq, specials)),
        "with min_freq and specials left out": attempt(lambda: in_order(answer(texts))),
    }


def in_order(vocab):
    """The order of a dict's keys is nobody's business: what counts is which token has which id."""
    if not isinstance(vocab, dict):
        return vocab
    return {token: vocab[token] for token in sorted(vocab, key=str)}


@exercise.mistake(
    "Your tokens are numbered as they come up in the texts. Read again in another order, the same "
    "texts would give other ids, and a saved model would be lost."
)
def order_of_appearance(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    known = [t for t in counter if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "Equally frequent tokens stay in the order in which they came up. There is a second rule for "
    "them."
)
def ties_as_they_come(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    known = [t for t, n in counter.most_common() if n >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake("A token that comes up exactly `min_freq` times is to be in the vocabulary.")
def more_than_min_freq(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] > min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "Your specials come last. In front, their ids stay the same when the vocabulary grows: "
    "`<pad>` is 0 in every one."
)
def specials_last(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*known, *specials])}


@exercise.mistake(
    "A special came up in a text and was numbered twice. Its id changed, and one id belongs to "
    "nobody."
)
def special_twice(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake("You counted in how many texts a token comes up. Two times in one text are two.")
def texts_not_times(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in set(tokens))
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "Your ids begin with 1. An embedding has rows 0 to n - 1, so the last id would have no row."
)
def from_one(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known], start=1)}


@exercise.mistake("Rare tokens are in your vocabulary, too: `min_freq` has no effect.")
def ignores_min_freq(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    return {t: i for i, t in enumerate([*specials, *(t for t in ordered if t not in specials)])}


@exercise.mistake(
    "Your tokens are in the order of the alphabet alone. How frequent they are comes first."
)
def alphabet_only(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    known = [t for t in sorted(counter) if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake("You begin with the rarest tokens. The most frequent ones come first.")
def rarest_first(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "The frequent tokens come first, but equally frequent ones stand in the reverse order: what "
    "turns one order round turned both."
)
def both_reversed(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (counter[token], token), reverse=True)
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "Your order does not look at capital letters. `sorted` compares strings as they are: `B` comes "
    "before `a`."
)
def capitals_do_not_count(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token.lower()))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "Your ids have gaps: tokens that were left out have used up a number. An embedding would have "
    "rows for nobody, and the last id may have none."
)
def gaps(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    vocab = {token: i for i, token in enumerate(specials)}
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    for i, token in enumerate(ordered, start=len(specials)):
        if counter[token] >= min_freq and token not in vocab:
            vocab[token] = i
    return vocab


@exercise.mistake(
    "There is a special in your vocabulary that is not asked for, or not at this place: the "
    "specials are those of the argument, in their order."
)
def specials_of_its_own(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    specials = ["<unk>", *(special for special in specials if special != "<unk>")]
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "A special that is rare in the texts, or in none of them, is missing. Specials are always "
    "there."
)
def rare_specials_left_out(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    kept = [special for special in specials if counter[special] >= min_freq]
    return {token: i for i, token in enumerate([*kept, *known])}


@exercise.mistake(same_as=rare_specials_left_out)
def no_specials(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate(known)}


@exercise.mistake(
    "A token has to come up `min_freq` times in *all* texts together. Yours is left out unless one "
    "single text has it as often."
)
def often_in_one_text(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    often = {t for tokens in texts for t, n in Counter(tokens).items() if n >= min_freq}
    known = sorted(often - set(specials), key=lambda token: (-counter[token], token))
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake("You counted letters. A text is a list of tokens, and a token may be long.")
def counts_letters(texts, min_freq=1, specials=()):
    counter = Counter("".join(token for tokens in texts for token in tokens))
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return {token: i for i, token in enumerate([*specials, *known])}


@exercise.mistake(
    "The order is right, but yours is a list. A dict tells the id of a token at once."
)
def a_list(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    return [*specials, *(t for t in ordered if counter[t] >= min_freq and t not in specials)]


@exercise.mistake("Your dict goes from id to token. To number a text, the token is what one has.")
def from_id_to_token(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ordered = sorted(counter, key=lambda token: (-counter[token], token))
    known = [t for t in ordered if counter[t] >= min_freq and t not in specials]
    return dict(enumerate([*specials, *known]))


@exercise.mistake(
    "Where no text has a token, your code stops. Of nothing there is no largest number; the "
    "specials still get their ids."
)
def from_the_largest_count(texts, min_freq=1, specials=()):
    counter = Counter(token for tokens in texts for token in tokens)
    ids = {token: i for i, token in enumerate(specials)}
    for count in range(max(counter.values()), min_freq - 1, -1):
        for token in sorted(counter):
            if counter[token] == count and token not in ids:
                ids[token] = len(ids)
    return ids


@exercise.right
def counts_in_a_dictionary(texts, min_freq=1, specials=()):
    times = defaultdict(int)
    for token in itertools.chain.from_iterable(texts):
        times[token] += 1
    vocab = {}
    for special in specials:
        vocab[special] = len(vocab)
    by_alphabet = sorted(times)
    for token in sorted(by_alphabet, key=times.get, reverse=True):
        if times[token] >= min_freq and token not in vocab:
            vocab[token] = len(vocab)
    return vocab


@exercise.right
def numbers_at_first_look(texts, min_freq=1, specials=()):
    counter = Counter(itertools.chain(*texts))
    vocab = defaultdict(lambda: len(vocab))
    for token in [*specials, *sorted(counter, key=lambda token: (-counter[token], token))]:
        if token in specials or counter[token] >= min_freq:
            vocab[token]
    return vocab


exercise.equivalent(
    "def build_vocab(texts, min_freq=1, specials=()):",
    "def build_vocab(texts, min_freq=0, specials=()):",
    because="A token that comes up does so once at least.",
)

exercise.equivalent(
    "def counts_in_a_dictionary(texts, min_freq=1, specials=()):",
    "def counts_in_a_dictionary(texts, min_freq=0, specials=()):",
    because="A token that comes up does so once at least.",
)

exercise.equivalent(
    "def numbers_at_first_look(texts, min_freq=1, specials=()):",
    "def numbers_at_first_look(texts, min_freq=0, specials=()):",
    because="A token that comes up does so once at least.",
)

exercise.equivalent(
    "times[token] += 1",
    "times[token] = times[token] + 1",
    because="The count is a number: there is nothing to write into.",
)
