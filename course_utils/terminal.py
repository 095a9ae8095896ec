"""Write text where the reader is not in a notebook, whatever characters the terminal has."""

from __future__ import annotations

import sys
from typing import TextIO

PLAINLY = {
    "✔": "[ok]",
    "✘": "[x]",
    "→": "->",
    "·": "-",
    "★": "*",
    "☆": ".",
    "×": "x",
    "“": '"',
    "”": '"',
    "’": "'",
    "…": "...",
}


def writable(text: str, encoding: str | None) -> str:
    """`text` in characters that this encoding has: its signs written plainly, others as \\u2603."""
    encoding = encoding or "utf-8"

    def has(character: str) -> bool:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            return False
        return True

    plainly = (c if has(c) else PLAINLY.get(c, c) for c in text)
    return "".join(plainly).encode(encoding, "backslashreplace").decode(encoding)


def say(text: object, file: TextIO | None = None) -> None:
    """Print a line to `file`, sys.stdout by default; no character of it raises an error."""
    file = file if file is not None else sys.stdout
    if file is not None:  # a program without a window has none
        line = writable(str(text), getattr(file, "encoding", None))
        print(line, file=file)
