"""Make text that strangers chose or printed fit for terminals, tables and pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

NAME_LIMIT = 40  # characters of a name in a sentence
MARKS_LIMIT = 4  # over one letter: a syllable of Tibetan or Burmese has as many
JOINERS = "\u200c\u200d"  # as some scripts need them


def readable(text: str, keep: str = "") -> str:
    """The text in composed Unicode (NFC), all of it printable.

    Bytes that are not UTF-8, control characters, half characters and marks that turn the direction
    of writing are shown as Python writes them: \\xff, \\x1b, \\ud800, \\u202e. Spaces of all kinds
    become plain ones. Of marks that are drawn over one letter, those that no script needs are left
    out and … stands for them. keep: characters that stay, as line breaks.
    """
    text = unicodedata.normalize("NFC", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep else _readable_character(c) for c in _without_piles(text))


def _without_piles(text: str) -> Iterator[str]:
    """The characters of a text, with at most MARKS_LIMIT marks over one letter."""
    marks = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me"):
            marks += 1
        elif character not in JOINERS:
            marks = 0
        if marks <= MARKS_LIMIT:
            yield character
        elif marks == MARKS_LIMIT + 1 and character not in JOINERS:
            yield "…"


def _readable_character(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    if "\udc80" <= character <= "\udcff":  # how Python keeps a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


def in_lines(text: str, limit: int) -> tuple[str, int]:
    """The beginning of a text with its line breaks, and how many characters were left out."""
    shown = text[:limit].replace("\r\n", "\n").replace("\r", "\n")
    return readable(shown, keep="\n\t"), max(0, len(text) - limit)


def one_line(text: str, limit: int) -> str:
    """The text on one line, cut with … beyond `limit` characters."""
    line = readable(" ".join(text[: 4 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def name_in_sentence(name: str, free: str = "") -> str:
    """A student's name for a file or folder, so that it cannot be taken for the sentence's words.

    Each part of a path is cut after NAME_LIMIT characters, and of more than four parts the middle
    ones are left out. With other characters than letters, digits and . _ - / it stands in
    backticks. free: characters that need none.
    """
    parts = readable(name).replace("`", "'").split("/")
    if len(parts) > 4:
        parts = [*parts[:2], "…", *parts[-2:]]
    cut = [part if len(part) <= NAME_LIMIT else part[: NAME_LIMIT - 1] + "…" for part in parts]
    short = "/".join(cut)
    plain = all(character.isalnum() or character in "._-/…" + free for character in short)
    return short if plain else f"`{short}`"


def csv_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a ' goes before what begins one.

    So OWASP's page on CSV injection advises. The wide forms ＝ ＋ － ＠ begin one as well in
    Japanese and Korean editions. Tabs and line breaks, which the page also names, are written out.
    Where a spreadsheet divides cells by ; what follows one begins a cell.
    """
    return ";".join(
        "'" + part if _begins_formula(part) else part for part in readable(text).split(";")
    )


def _begins_formula(text: str) -> bool:
    first = text.lstrip(' "')[:1]
    return unicodedata.normalize("NFKC", first) in ("=", "+", "-", "@")
