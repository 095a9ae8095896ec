"""Write the generated parts of the README: a launch link, sizes, and the table of lessons.

python tools/readme.py            rewrite README.md
python tools/readme.py --check    say whether it is up to date; exit 1 if not
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from course_utils.exercise import find
from course_utils.links import colab_link
from course_utils.whole_files import write_whole
from tools.build import Target, targets
from tools.install import SIZES

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SYSTEMS = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}


def sizes() -> str:
    """For each system, what is downloaded, and what then stands on disk."""
    rows = ["| the first time, about | to download | on disk |", "|---|---:|---:|"]
    for system, (download, on_disk) in SIZES.items():
        rows.append(f"| {SYSTEMS[system]} | {download} GB | {on_disk} GB |")
    return "\n".join(rows)


def lessons() -> str:
    """The hours of the course, and a row for each lesson with its exercises."""
    rows = ["| no. | lesson | minutes | exercises | minutes |", "|---|---|---:|---:|---:|"]
    practices = {target.contents.number: target for target in targets() if target.practice}
    of_lessons = of_exercises = 0
    for lesson in (target for target in targets() if not target.practice):
        page = lesson.contents
        of_lessons += page.minutes
        row = f"| {page.number} | {link(page.title, lesson)} | {page.minutes} |"
        if page.number in practices:
            minutes = sum(find(id).minutes for id in page.exercises)
            of_exercises += minutes
            row += f" {link(str(len(page.exercises)), practices[page.number])} | {minutes} |"
        else:
            row += " | |"
        rows.append(row)
    hours = [f"{minutes / 60:.3g}" for minutes in (of_lessons, of_exercises)]
    total = f"{(of_lessons + of_exercises) / 60:.3g}"
    told = f"{total} hours in all: {hours[0]} of lessons and {hours[1]} of exercises."
    return "\n".join([told, "", *rows])


def link(title: str, target: Target) -> str:
    """A link to a notebook, from the README."""
    return f"[{title}]({target.built.relative_to(ROOT).as_posix()})"


def launch() -> str:
    """How to open the course without an installation; nothing while it is published nowhere."""
    link = colab_link(targets()[0].name)
    return f"Nothing to install: {link}, as at the top of each notebook.\n" if link else ""


PARTS = {"launch": launch, "sizes": sizes, "lessons": lessons}


def written(text: str) -> str:
    """The README's text with its generated parts made new.

    Raises ValueError if the comments that a part stands between are not there.
    """
    for name, part in PARTS.items():
        begin, end = f"<!-- {name}: written by tools/readme.py -->", f"<!-- end of {name} -->"
        between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        new = f"{begin}\n{part()}\n{end}".replace("\\", r"\\")
        text, count = between.subn(new, text)
        if count != 1:
            raise ValueError(f"README.md has no place for its {name}: put {begin} and {end} there.")
    return text


def main() -> int:
    now = README.read_text(encoding="utf-8")
    then = written(now)
    if "--check" in sys.argv[1:]:
        if now != then:
            print("README.md is not up to date; run: make readme", file=sys.stderr)
        return int(now != then)
    write_whole(README, then.encode("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
