"""The zip for students who have nothing installed: the assignment, with the course it needs.

Unpacked, it is a small course of one notebook. The set-up and JupyterLab start from it with the
same two scripts as in the course itself.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from ..assignment import Assignment

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = (
    "LICENSE",
    "LICENSE-prose.md",
    "pyproject.toml",
    "data/README.md",
    "data/manifest.json",
    "requirements/torchtext.txt",
    "requirements/latest.txt",
    "requirements/libraries.txt",
    "tools/install.py",
    "tools/lab.py",
)
FOLDERS = (
    ("course_utils", "*.py"),
    ("course_utils", "*.mplstyle"),
    ("tools/lab_settings", "*.json"),
)
TARGETS = {"lab", "install", "help"}  # of the Makefile; the others need what is not there
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can name: the same in every zip


def student_zip(assignment: Assignment, notebook: str) -> bytes:
    """The zip's bytes, the same for the same assignment and the same course.

    notebook: the text of the student notebook.
    """
    contents = {
        "README.md": readme(assignment).encode(),
        "Makefile": makefile((ROOT / "Makefile").read_text(encoding="utf-8")).encode(),
        f"notebooks/{assignment.name}.ipynb": notebook.encode(),
        **{path: (ROOT / path).read_bytes() for path in course_files()},
    }
    memory = io.BytesIO()
    # Not compressed: compressed bytes differ between versions of zlib.
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as archive:
        for path, content in sorted(contents.items()):
            entry = zipfile.ZipInfo(f"{assignment.name}/{path}", MOMENT)
            entry.create_system = 3  # Unix, whose permissions follow
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return memory.getvalue()


def course_files() -> list[str]:
    """The files of the course that are needed, as paths with /."""
    found = list(FILES)
    found += [f"data/{name}" for name in json.loads((ROOT / "data/manifest.json").read_bytes())]
    for folder, pattern in FOLDERS:
        paths = (ROOT / folder).rglob(pattern)
        found += [path.relative_to(ROOT).as_posix() for path in paths]
    return sorted(found)


def makefile(text: str) -> str:
    """The course's Makefile with only the targets that work here."""

    def stays(part: str) -> bool:
        target = re.search(r"^([\w-]+):", part, re.MULTILINE)
        return target is None or target.group(1) in TARGETS

    return "\n\n".join(filter(stays, text.rstrip().split("\n\n"))) + "\n"


def readme(assignment: Assignment) -> str:
    """How to start, for each system, and what to hand in."""
    name = assignment.name
    deadline = f"**Hand in by:** {assignment.deadline}\n\n" if assignment.deadline else ""
    return f"""\
# {assignment.title}

{deadline}You need Python 3.11 or 3.12 (python.org has it), and nothing else. Open a terminal in
this folder. The first command sets everything up; before it begins, it says how much it downloads.
The second one opens the assignment in JupyterLab. To go on later, run the second command again.

Linux and macOS:

```
python3 tools/install.py
.venv/bin/python tools/lab.py
```

Windows:

```
py tools\\install.py
.venv\\Scripts\\python tools\\lab.py
```

With Python 3.13 or 3.14, or on Linux on ARM, write `tools/install.py --lane latest`, and
`.venv-latest` in place of `.venv`.

Your answers are in `work/{name}.ipynb`. Hand in that file.
"""
