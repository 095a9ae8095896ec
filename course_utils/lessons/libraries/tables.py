"""Tables for the exercises of lesson 12 with Hugging Face's datasets."""

import contextlib
import tempfile
from pathlib import Path


@contextlib.contextmanager
def csv_file(text):
    """The path of a file with this text, which is there inside the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "reviews.csv")
        path.write_text(text, encoding="utf-8")
        yield str(path)


def rows_of(table):
    """The rows of a datasets.Dataset as plain data: names of columns, their types, their lists."""
    return {
        "columns": sorted(table.column_names),
        "types": {name: str(feature) for name, feature in sorted(table.features.items())},
        "rows": table.with_format(None).to_dict(),
    }
