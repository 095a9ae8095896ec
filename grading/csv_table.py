"""A table that another program made: read cell by cell, and written back as it was.

Its encoding, its byte order mark, its separator and its line ends stay, so that the program which
made it knows it again.
"""

from __future__ import annotations

import codecs
import csv
import dataclasses
import io
from collections import Counter
from pathlib import Path

from .errors import TableError
from .report.sanitize import name_in_sentence

SEPARATORS = (",", ";", "\t")
EXCEL, OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"  # how a workbook begins
SAVE_AS = "in Excel, save it as `CSV UTF-8`"


@dataclasses.dataclass(frozen=True)
class CsvTable:
    """The rows of a CSV file, its header first; a row may have fewer cells than the header.

    file: its name, safe to print. encoding: as Python calls it. A byte order mark is no part of
    the first cell.
    """

    file: str
    rows: tuple[tuple[str, ...], ...]
    encoding: str = "utf-8"
    separator: str = ","
    line_end: str = "\r\n"

    @property
    def header(self) -> tuple[str, ...]:
        return self.rows[0]

    def cell(self, row: int, column: int) -> str:
        """'' where the row has no such cell."""
        cells = self.rows[row]
        return cells[column] if column < len(cells) else ""

    def with_cells(self, texts: dict[tuple[int, int], str]) -> CsvTable:
        """The same table with other texts in some cells, by row and column."""
        rows = [list(row) for row in self.rows]
        for (row, column), text in texts.items():
            rows[row] += [""] * (column + 1 - len(rows[row]))
            rows[row][column] = text
        return dataclasses.replace(self, rows=tuple(map(tuple, rows)))

    def as_bytes(self) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.separator, lineterminator=self.line_end)
        writer.writerows(self.rows)
        return text.getvalue().encode(self.encoding)


def read_csv(content: bytes, file: Path | str) -> CsvTable:
    """The table in a file. content: of the file. Raises TableError, with one sentence."""
    name = name_in_sentence(Path(file).name)
    encoding, text = decoded(content, name)
    line_end = "\r\n" if "\r\n" in text else "\n"
    separator = separator_of(text)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = tuple(tuple(row) for row in reader)
    except csv.Error as error:
        raise TableError(f"{name} is not a CSV file ({error}): {SAVE_AS}.") from None
    while rows and not any(rows[-1]):
        rows = rows[:-1]
    if not rows:
        raise TableError(f"{name} is empty: give the list of the class.")
    if "\0" in text or len(rows[0]) == 1 and not rows[0][0].isprintable():
        raise TableError(f"{name} is not a CSV file: {SAVE_AS}.")
    return CsvTable(name, rows, encoding, separator, line_end)


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """The encoding and the text; what Korean Windows saves is read as well.

    name: of the file, safe to print. A byte order mark is no part of the text. Raises TableError.
    """
    if content.startswith((EXCEL, OLD_EXCEL)):
        raise TableError(f"{name} is an Excel workbook: {SAVE_AS} and give that.")
    encodings = ["utf-8-sig"] if content.startswith(codecs.BOM_UTF8) else ["utf-8", "cp949"]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return encoding, content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(f"{name} is not in UTF-8: {SAVE_AS}.")


def separator_of(text: str) -> str:
    """Of the characters that may separate cells, the one that the first line has most often."""
    counts = Counter(text.lstrip().partition("\n")[0])
    return max(SEPARATORS, key=lambda separator: counts[separator])
