"""Read tables that people edit in spreadsheets, whatever program wrote them."""

from __future__ import annotations

import csv
import dataclasses
import io
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path

from .csv_table import decoded, separator_of
from .errors import TableError


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
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
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
    return decoded(content, str(path))[1]


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()
