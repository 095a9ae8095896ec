"""The readers of data/, and the optional download of the full sets.

    python -m course_utils.data mnist      the full MNIST: 12 MB to download, 55 MB on disk
    python -m course_utils.data ag_news    the full AG_NEWS: 31 MB

The lessons read what is shipped in data/, so that they work offline and print the same on every
machine. A downloaded set lies in data/full/ and is used only where it is asked for: with
`full=True`, or everywhere with the environment variable COURSE_FULL=1.

Every shipped file is checked against its sha256 when it is read. COURSE_DATA names another data
folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

PENGUIN_COLUMNS = {
    "species": ("Adelie", "Chinstrap", "Gentoo"),
    "island": ("Biscoe", "Dream", "Torgersen"),
    "bill_length_mm": float,
    "bill_depth_mm": float,
    "flipper_length_mm": float,
    "body_mass_g": float,
    "sex": ("female", "male", "NA"),
    "year": int,
}
GAPS = ("NA", "")

Column = type | Sequence[str]


class DataError(Exception):
    """A data file is missing, damaged or not what its reader expects; one sentence says which."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [f"DataError: {self}"]


# Where the files are, and whether they are what was shipped ---------------------------------


def folder() -> Path:
    """The data folder: data/ beside this package, or what COURSE_DATA names."""
    asked = os.environ.get("COURSE_DATA")
    if asked:
        return Path(asked).expanduser()
    return Path(__file__).resolve().parent.parent / "data"


def problems() -> list[str]:
    """One sentence for each shipped file that is missing or damaged; an empty list is good."""
    try:
        names = list(_manifest())
    except DataError as error:
        return [str(error)]
    found = []
    for name in names:
        try:
            _shipped(name)
        except DataError as error:
            found.append(str(error))
    return found


def _manifest() -> dict[str, dict]:
    path = folder() / "manifest.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise DataError(f"{_shown(path)} is missing: {_remedy('manifest.json')}.") from None
    except ValueError:
        raise DataError(f"{_shown(path)} is damaged: {_remedy('manifest.json')}.") from None


def _shipped(name: str) -> bytes:
    """The content of a shipped file, if its checksum is right."""
    expected = _manifest()[name]["sha256"]
    path = folder() / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        message = f"{_shown(path)} is missing (sha256 {expected}): {_remedy(name)}."
        raise DataError(message) from None
    except OSError as error:
        raise DataError(f"{_shown(path)} cannot be read: {error.strerror}.") from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        message = (
            f"{_shown(path)} is damaged (its sha256 is {found[:12]}..., not {expected}): "
            f"{_remedy(name)}."
        )
        raise DataError(message)
    return content


def _remedy(name: str) -> str:
    if os.environ.get("COURSE_DATA"):
        return "COURSE_DATA names this folder, so unset it or copy the course's own file there"
    return f"in the course's folder, restore it with `git checkout -- data/{name}`"


def _shown(path: Path) -> str:
    """A path as a message shows it: short inside the data folder, as given elsewhere."""
    if path.is_relative_to(folder()) and not os.environ.get("COURSE_DATA"):
        return f"data/{path.relative_to(folder()).as_posix()}"
    return str(path)


def _content(path: str | Path) -> bytes:
    """The content of any file, a student's own for example."""
    path = Path(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{_shown(path)} cannot be read: {error.strerror}.") from None


# Tables -------------------------------------------------------------------------------------


def penguins() -> pandas.DataFrame:
    """Measurements of 344 penguins of three species, with gaps; first used in lesson 01.

    Returns a DataFrame of shape (344, 8): species, island and sex are text, year is int64, the
    measurements are float64 in mm and g. A gap is NaN.
    Raises DataError if the file is missing or damaged.
    """
    return _table(_shipped("penguins.csv"), folder() / "penguins.csv", PENGUIN_COLUMNS)


def read_table(path: str | Path, columns: Mapping[str, Column]) -> pandas.DataFrame:
    """A CSV file with a header as a DataFrame; taught in lessons 01 and 06.

    columns: what is expected under each name: float, int, str, or a list of the labels allowed.
    Other columns are left out. A gap ("NA", or nothing) becomes NaN; it is allowed under float
    and str, and under a list of labels that contains "NA".
    Raises DataError naming the file and line: no such column, a row with too few or too many
    cells, a number that is none, an unknown label.
    """
    return _table(_content(path), Path(path), columns)


def _table(content: bytes, path: Path, columns: Mapping[str, Column]) -> pandas.DataFrame:
    import pandas

    rows = _csv_rows(content, path)
    try:
        _, header = next(rows)
    except StopIteration:
        raise DataError(f"{_shown(path)} is empty.") from None
    for name in columns:
        if header.count(name) != 1:
            fault = "no column" if name not in header else "more than one column"
            message = f"{_shown(path)}, line 1: {fault} {name!r}; it has {', '.join(header)}."
            raise DataError(message)
    positions = {name: header.index(name) for name in columns}
    values: dict[str, list] = {name: [] for name in columns}
    for line, row in rows:
        where = f"{_shown(path)}, line {line}"
        if len(row) != len(header):
            message = f"{where}: {_count(len(row), 'cell')}, where the header has {len(header)}."
            raise DataError(message)
        for name, position in positions.items():
            values[name].append(_cell(row[position], columns[name], f"{where}, column {name}"))
    return pandas.DataFrame(values)


def _cell(text: str, column: Column, where: str) -> float | int | str:
    if text in GAPS:
        if column is float or column is str or (column is not int and "NA" in column):
            return float("nan")
        raise DataError(f"{where}: a value is missing.")
    if column is str:
        return text
    if column is float or column is int:
        try:
            return column(text)
        except ValueError:
            kind = "whole number" if column is int else "number"
            raise DataError(f"{where}: {text!r} is not a {kind}.") from None
    if text not in column:
        known = ", ".join(label for label in column if label not in GAPS)
        raise DataError(f"{where}: {text!r} is not one of {known}.")
    return text


def _csv_rows(content: bytes, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each record of a CSV file with the line it starts on; empty lines are left out."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{_shown(path)}, line {line}: this is not UTF-8 text.") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = "a quote is opened and never closed" if "end of data" in str(error) else error
            raise DataError(f"{_shown(path)}, line {line}: {fault}.") from None
        if row:
            yield line, row


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
