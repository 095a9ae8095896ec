"""The words that a search of the website finds: parts of names in code, and of Hangul.

A Sphinx extension: `extensions = ["website.search_words"]`. Sphinx splits a page into words and
finds a word by its first letters at most, for words of three letters or more. So it does not find
the noun in a Korean word that ends with a particle, and it leaves out `where`, which is a function.
`search_words.js` splits what a reader asks for in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

# A run of Hangul, or a name with its modules: 'torch.nn.Module'.
HANGUL = "[가-힣]+"
WORD = r"(?:(?![가-힣])\w)+"
PIECE = re.compile(rf"{HANGUL}|{WORD}(?:\.{WORD})*")
# English words that say nothing, but for those that are functions of torch.
FUNCTIONS = {"all", "any", "where"}
LANGUAGES = ("en", "ko")


def words(text: str) -> list[str]:
    """The words under which a page with this text is found, some more than once.

    'nn.Module' gives 'nn', 'Module' and 'nn.Module'; 'as_strided' also 'as' and 'strided';
    Hangul gives each syllable and each two neighbours: any part of a word is found.
    """
    return list(_words(unicodedata.normalize("NFC", text)))


def _words(text: str) -> Iterator[str]:
    for piece in PIECE.findall(text):
        if re.match(HANGUL, piece):
            yield from piece
            yield from map("".join, pairwise(piece))
            continue
        names = piece.split(".")
        for name in names:
            yield name
            if "_" in name:
                yield from filter(None, name.split("_"))
        for first in range(len(names) - 1):
            yield ".".join(names[first:])


class NamesAndHangul(SearchEnglish):
    """English words by their stems, and the pieces of `words`."""

    js_splitter_code = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    stopwords = SearchEnglish.stopwords - FUNCTIONS

    def split(self, input: str) -> list[str]:
        return words(input)


def setup(app: Sphinx) -> dict[str, Any]:
    """Takes the place of Sphinx's own words for English, and gives Korean the same."""
    for language in LANGUAGES:
        app.add_search_language(type("Words", (NamesAndHangul,), {"lang": language}))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
