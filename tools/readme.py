"""Write the generated parts of the README: the table of lessons, from their contents pages.

python tools/readme.py            rewrite README.md
python tools/readme.py --check    say whether it is up to date; exit 1 if not
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from course_utils.contents import all_lessons

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- lessons: written by tools/readme.py -->", "<!-- end of lessons -->"


def lesson_table() -> str:
    """One row a lesson: number, title, what you can do after it, minutes, exercises."""
    rows = [
        "| | lesson | after it you can | minutes | exercises |",
        "|---|---|---|---:|---:|",
    ]
    for c in all_lessons():
        count = len(c.exercises) if c.practice else 0
        exercises = f"[{count}](notebooks/{c.practice_notebook}.ipynb)" if count else "-"
        link = f"[{c.title}](notebooks/{c.notebook}.ipynb)"
        rows.append(f"| {c.number} | {link} | {'; '.join(c.after)} | {c.minutes} | {exercises} |")
    return "\n".join(rows)


def written(text: str) -> str:
    """The README's text with its generated part made new."""
    part = f"{BEGIN}\n{lesson_table()}\n{END}"
    return re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: part, text, flags=re.DOTALL)


def main() -> int:
    now = README.read_text(encoding="utf-8")
    then = written(now)
    if "--check" in sys.argv[1:]:
        if now != then:
            print("README.md is not up to date; run: make readme", file=sys.stderr)
        return int(now != then)
    README.write_text(then, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
