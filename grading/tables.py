"""Read tables that people edit in spreadsheets, whatever program wrote them."""

from __future__ import annotations

import csv
import dataclasses
import io
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path

from .errors import TableError

# As spreadsheets write text: UTF-8 with or without a mark, "Unicode text", Korean Windows.
ENCODINGS = ("utf-8-sig", "cp949")
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SEPARATORS = ",;\t"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of a table. line: its number in the file, from 1. cells: by column, without spaces
    around them, in composed Unicode (NFC)."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


def read_table(path: Path, columns: Collection[str]) -> list[Row]:
    """The rows of a CSV file that are not empty, with these columns and any others.

    What separates cells (comma, semicolon or tab), the encoding and a byte order mark are found
    out. Names of columns are read without regard to case. Raises TableError.
    """
    text = _text(path)
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [(table.line_num, [_clean(cell) for cell in row]) for row in table]
    except csv.Error as error:
        raise TableError(
            f"{path}, line {table.line_num}: this is no row of a table ({error}). Save it as CSV."
        ) from None
    rows = [(line, row) for line, row in rows if any(row)]
    header = [name.casefold() for name in rows[0][1]] if rows else []
    missing = [name for name in columns if name not in header]
    if missing:
        has = ", ".join(name for name in header if name) or "nothing"
        raise TableError(
            f"{path} has no column `{missing[0]}`: its first line has to name the columns "
            f"{', '.join(columns)}, and it has {has}."
        )
    return list(_rows(rows[1:], header))


def _rows(rows: list[tuple[int, list[str]]], header: list[str]) -> Iterator[Row]:
    for line, cells in rows:
        padded = [*cells, *[""] * (len(header) - len(cells))]
        yield Row(line, dict(zip(header, padded, strict=False)))


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"Cannot read {path}: {error.strerror}.") from None
    encodings = ("utf-16",) if content.startswith(UTF_16_MARKS) else ENCODINGS
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(f"{path} is not a text: save it as CSV in UTF-8, not as a workbook.")


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()
