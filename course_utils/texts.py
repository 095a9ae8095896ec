"""Every text that a student reads passes through here, under a name that stays.

A text is a whole sentence (or label, or noun) with named holes. A second language is a dictionary
from the names to sentences with the same holes.
"""

from __future__ import annotations

from collections.abc import Iterable

TRANSLATIONS: dict[str, str] = {}


def text(name: str, sentence: str, /, **holes: object) -> str:
    """The sentence in the reader's language, with its holes filled in: 'yours has {got}'.

    name: 'compare.shape', '05.1.hint.2', '05.1.mistake.never_removes'. A sentence that is given
    no holes is taken as it stands, so its braces are braces.
    """
    sentence = TRANSLATIONS.get(name, sentence)
    return sentence.format(**holes) if holes else sentence


def one_of(choices: Iterable[str]) -> str:
    """'2.4.6 or 2.5.5'. choices: at least one."""
    first, *others = choices
    for other in others:
        first = text("list.or", "{first} or {other}", first=first, other=other)
    return first


def all_of(names: Iterable[str]) -> str:
    """'`a` and `b`'. names: at least one."""
    first, *others = names
    for other in others:
        first = text("list.and", "{first} and {other}", first=first, other=other)
    return first


def counted(number: int, noun: str) -> str:
    """'1 item', '3 items'."""
    if number == 1:
        return text(f"count.{noun}.one", "{number} {noun}", number=number, noun=noun)
    return text(f"count.{noun}.many", "{number} {noun}s", number=number, noun=noun)
