"""The tokenizer with which many text lessons begin. Its rules stand in the docstring.

```
"You can't go, said Ann."   ->   ['you', 'can', "'", 't', 'go', ',', 'said', 'ann', '.']
```
"""

import re

from course_utils.exercise import Exercise

exercise = Exercise(
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


@exercise.reference
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


@exercise.cases
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


@exercise.mistake(
    "Marks still stick to words, so `ann.` and `ann` would be two entries in the vocabulary. Which "
    "characters are to be tokens of their own?"
)
def only_split(text):
    return text.lower().split()


@exercise.mistake(
    "You kept capital letters. `The` at the front of a sentence and `the` inside it would get two "
    "ids, and the model would learn the same word twice."
)
def keeps_capitals(text):
    text = re.sub(r"[;:]", " ", text.replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@exercise.mistake(
    "`\\w+` finds words only: the marks are gone, and words with a hyphen are cut. Here most marks "
    "stay, as tokens."
)
def words_only(text):
    return re.findall(r"\w+", text.lower())


@exercise.mistake(
    "There are empty strings among your tokens. `split` with a space as its argument cuts at each "
    "single space; two in a row have nothing between them."
)
def split_at_each_space(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1 ", text).split(" ")


@exercise.mistake(
    "You treat all marks alike. Three of them are never tokens: one is removed, two become a space."
)
def every_mark_a_token(text):
    return re.sub(r"([.,'()!?\";:])", r" \1 ", text.lower()).split()


@exercise.mistake(
    "You put a space where a double quote stood. It is removed, and what stood beside it is joined."
)
def space_for_a_quote(text):
    text = re.sub(r"[;:\"]", " ", text.lower())
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@exercise.right
def letter_by_letter(text):
    tokens, word = [], ""
    for character in text.lower():
        if character == '"':
            continue
        if character.isspace() or character in ";:.,'()!?":
            tokens += [word] if word else []
            tokens += [character] if character in ".,'()!?" else []
            word = ""
        else:
            word += character
    return tokens + ([word] if word else [])


exercise.equivalent(
    "tokens += [word] if word else []",
    "tokens = tokens + ([word] if word else [])",
    because="The list was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    'tokens += [character] if character in ".,\'()!?" else []',
    'tokens = tokens + ([character] if character in ".,\'()!?" else [])',
    because="The list was made here: nobody else sees that it changes.",
)
