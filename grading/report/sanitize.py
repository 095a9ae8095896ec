"""Make text that strangers chose or printed fit for terminals, tables and pages."""

from __future__ import annotations

import unicodedata


def readable(text: str, keep: str = "") -> str:
    """The text in composed Unicode (NFC), all of it printable.

    Bytes that are not UTF-8, control characters, half characters and marks that turn the direction
    of writing are shown as Python writes them: \\xff, \\x1b, \\ud800, \\u202e. Spaces of all kinds
    become plain ones. keep: characters that stay, as line breaks.
    """
    text = unicodedata.normalize("NFC", text)
    if text.isprintable():
        return text
    return "".join(c if c in keep else _readable_character(c) for c in text)


def _readable_character(character: str) -> str:
    if character.isprintable() or character in "\u200c\u200d":  # joiners, as some scripts need them
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


def csv_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a ' goes before what begins one.

    So OWASP's page on CSV injection advises. The wide forms ＝ ＋ － ＠ begin one as well in
    Japanese and Korean editions. Tabs and line breaks, which the page also names, are written out.
    """
    line = readable(text)
    begins_formula = unicodedata.normalize("NFKC", line.lstrip()[:1]) in ("=", "+", "-", "@")
    return "'" + line if begins_formula else line
