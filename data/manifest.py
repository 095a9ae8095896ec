"""The list of what is shipped in data/, and the table in data/README.md that shows it.

    python data/manifest.py            write sizes, checksums and the table again
    python data/manifest.py --check    only say whether they are up to date

`manifest.json` is the one home of each file's checksum, licence and source. What a file is, its
licence, its source and its script are written there by hand; bytes, rows and sha256 by this
script. Each `make_*.py` beside it makes one data set and calls `save`.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parent
MANIFEST = DATA / "manifest.json"
README = DATA / "README.md"
BEGIN = "<!-- table: written by manifest.py -->"
END = "<!-- end of table -->"


def save(name: str, content: bytes, *, check: bool) -> bool:
    """Write one data file, or only say whether it is the same; True if it was the same."""
    path = DATA / name
    same = path.exists() and path.read_bytes() == content
    if not same and not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"data/{name}: {'the same' if same else 'DIFFERENT' if check else 'written'}")
    return same


def count_rows(path: Path) -> int:
    """Rows of a data file: images or labels of an IDX file, records of a CSV without its header."""
    if path.suffix != ".csv":
        return int.from_bytes(path.read_bytes()[4:8], "big")  # IDX: the first size after the magic
    with path.open(newline="", encoding="utf-8") as file:
        records = sum(1 for _ in csv.reader(file))
    has_header = path.parent.name != "news"  # the format of AG_NEWS has none
    return records - has_header


def measured(manifest: dict[str, dict]) -> dict[str, dict]:
    """The manifest with the bytes, rows and sha256 of the files as they are now."""
    result = {}
    for name, entry in manifest.items():
        content = (DATA / name).read_bytes()
        facts = {
            "bytes": len(content),
            "rows": count_rows(DATA / name),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        result[name] = {**entry, **facts}
    return result


def as_json(manifest: dict[str, dict]) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def table(manifest: dict[str, dict]) -> str:
    """The manifest as a Markdown table."""
    lines = [
        "| file | what | rows | bytes | licence | source | made by | sha256 |",
        "|---|---|---:|---:|---|---|---|---|",
    ]
    for name, entry in manifest.items():
        cells = [
            f"`{name}`",
            entry["what"],
            str(entry["rows"]),
            str(entry["bytes"]),
            entry["licence"],
            entry["source"],
            f"`{entry['script']}`" if entry["script"] else "hand",
            f"`{entry['sha256']}`",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_table(readme: str, manifest: dict[str, dict]) -> str:
    """The README with its table written again."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(manifest)}\n{END}{after}"


def main(check: bool) -> int:
    old_manifest = MANIFEST.read_text(encoding="utf-8")
    old_readme = README.read_text(encoding="utf-8")
    manifest = measured(json.loads(old_manifest))
    texts = {
        MANIFEST: (old_manifest, as_json(manifest)),
        README: (old_readme, with_table(old_readme, manifest)),
    }
    stale = [path for path, (old, new) in texts.items() if old != new]
    for path in stale:
        if not check:
            path.write_text(texts[path][1], encoding="utf-8", newline="\n")
        print(f"data/{path.name}: {'out of date' if check else 'written'}")
    if not stale:
        print("data/manifest.json and data/README.md: up to date")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
