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
    """The tokens of an English text, as a list of str.

    Letters become small. Each of . , ' ( ) ! ? is a token of its own. A double quote (") is
    removed, and what stood on its two sides is joined. ; and : become a space. Then the text is
    cut at white space (spaces, tabs, line ends). No token is empty. All other characters stay as
    they are, also a hyphen.
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
    yield ('"No!" A " alone',)  # quotes beside a mark, and one between spaces
    yield ("so<br />so <b> & #1",)  # characters that no rule names
    yield ("(A CAFÉ!)\n\t‘Né’, (2.5)",)  # letters and quotes beyond those of a keyboard
    words = ["Rain", "sun", "isn't", "well-made", '"Yes"', "(no)", "Oslo", "7.5"]
    for _ in range(2):
        chosen = [rng.choice(words) + rng.choice(["", ",", "!", ";", "  "]) for _ in range(4)]
        yield (" ".join(["Well,", *chosen]),)


@exercise.mistake(
    "Some marks still stick to words. A word with a mark and the same word alone are then two "
    "entries in the vocabulary. Which characters are to be tokens of their own, and on which sides?"
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
    "A mark became a token that never is one. Three marks never are: one is removed, two become "
    "a space."
)
def every_mark_a_token(text):
    return re.sub(r"([.,'()!?\";:])", r" \1 ", text.lower()).split()


@exercise.mistake(
    "You put a space where a double quote stood. It is removed, and what stood beside it is joined."
)
def space_for_a_quote(text):
    text = re.sub(r"[;:\"]", " ", text.lower())
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@exercise.mistake(same_as=only_split)
def apostrophe_stays(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,()!?])", r" \1 ", text).split()


@exercise.mistake(same_as=only_split)
def brackets_stay(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'!?])", r" \1 ", text).split()


@exercise.mistake(same_as=only_split)
def space_in_front_only(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1", text).split()


@exercise.mistake(same_as=only_split)
def marks_at_the_ends_only(text):
    tokens = []
    for word in re.sub(r"[;:]", " ", text.lower().replace('"', "")).split():
        core = word.strip(".,'()!?")
        begin = word.find(core) if core else len(word)
        tokens += [*word[:begin], *([core] if core else []), *word[begin + len(core) :]]
    return tokens


@exercise.mistake(same_as=every_mark_a_token)
def quotes_as_tokens(text):
    text = re.sub(r"[;:]", " ", text.lower())
    return re.sub(r"([.,'()!?\"])", r" \1 ", text).split()


@exercise.mistake(same_as=every_mark_a_token)
def colons_as_tokens(text):
    return re.sub(r"([.,'()!?;:])", r" \1 ", text.lower().replace('"', "")).split()


@exercise.mistake(
    "; or : is gone, and the words on its two sides became one. What stands in its place?"
)
def removes_colons(text):
    text = re.sub(r"[;:\"]", "", text.lower())
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@exercise.mistake("; and : are still there, as a part of words. They become a space.")
def keeps_colons(text):
    return re.sub(r"([.,'()!?])", r" \1 ", text.lower().replace('"', "")).split()


@exercise.mistake("Words with a hyphen are cut into two. A hyphen is to stay where it is.")
def cuts_at_hyphens(text):
    return re.findall(r"\w+|[.,'()!?]", text.lower().replace('"', ""))


@exercise.mistake("Numbers are lost: a token need not consist of letters.")
def letters_and_marks_only(text):
    return re.findall(r"[a-z]+|[.,'()!?]", text.lower().replace('"', ""))


@exercise.mistake(
    "Letters beyond a to z are lost. Most languages have them, and English borrows words from all."
)
def keeps_ascii_only(text):
    text = text.lower().encode("ascii", "ignore").decode().replace('"', "")
    return re.sub(r"([.,'()!?])", r" \1 ", re.sub(r"[;:]", " ", text)).split()


@exercise.mistake("Several marks in a row became one token. Each of them is a token of its own.")
def runs_of_marks(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'()!?]+)", r" \1 ", text).split()


@exercise.mistake(
    "Single letters became tokens. Where you look for a dot: what does a dot mean in a pattern?"
)
def every_character(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return re.sub(r"(.)", r" \1 ", text).split()


@exercise.mistake(
    "There are line ends or tabs inside your tokens. The text is cut at *all* white space, not at "
    "spaces only."
)
def cuts_at_spaces_only(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return [token for token in re.sub(r"([.,'()!?])", r" \1 ", text).split(" ") if token]


@exercise.mistake(
    "A double quote that stands alone is still there. Each one is removed, with a partner or not."
)
def quotes_in_pairs_only(text):
    text = re.sub(r"[;:]", " ", re.sub(r'"([^"]*)"', r"\1", text.lower()))
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


@exercise.mistake(
    "There is an empty string among your tokens: it was a double quote and nothing else. In which "
    "order do your steps come?"
)
def quotes_out_of_tokens(text):
    text = re.sub(r"[;:]", " ", text.lower())
    tokens = re.sub(r"([.,'()!?])", r" \1 ", text).split()
    return [token.replace('"', "") for token in tokens]


@exercise.mistake(
    "You have a rule more than the docstring: `<br />` stands in texts from web pages, and none of "
    "the rules here speaks of it."
)
def without_line_breaks_of_html(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    return re.sub(r"([.,'()!?])", r" \1 ", re.sub(r"[;:]", " ", text)).split()


@exercise.mistake(same_as=without_line_breaks_of_html)
def without_any_html(text):
    text = re.sub(r"<[^>]*>", " ", text.lower().replace('"', ""))
    return re.sub(r"([.,'()!?])", r" \1 ", re.sub(r"[;:]", " ", text)).split()


@exercise.mistake(
    "A token that comes again is missing. A text is a sequence: the same word may stand in it "
    "often."
)
def each_token_once(text):
    text = re.sub(r"[;:]", " ", text.lower().replace('"', ""))
    return list(dict.fromkeys(re.sub(r"([.,'()!?])", r" \1 ", text).split()))


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
