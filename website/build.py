"""Build the site: python -m website.build, as `make site` does.

The truths of predictions and the words of checks are collected first, by running what changed
since the last time. Then the pages are written as Sphinx reads them, into build/website/, and
Sphinx makes build/site/ of them. A warning of Sphinx is an error.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from course_utils.exercise import ExerciseFault
from course_utils.notebook import as_text
from course_utils.whole_files import write_whole
from tools.build import ROOT, BuildError, stale, targets
from website import checks, front, glossary, pages, truths
from website.pages import PageError

BUILD = ROOT / "build" / "website"
SOURCE, EXTRA, HTML = BUILD / "source", BUILD / "extra", BUILD / "html"
SITE = ROOT / "build" / "site"


def write_sources() -> None:
    """All pages as Sphinx reads them. What is not a page any more is removed.

    Raises PageError where one cannot be made.
    """
    said = checks.collect()
    figures: dict[str, bytes] = {}
    files: dict[Path, bytes] = {}
    for target in targets():
        why = stale(target)
        if why:
            raise PageError(why)
        if target.practice:
            page = pages.practice(target, said)
        else:
            page = pages.lesson(target, said, figures)
        files[SOURCE / f"{target.name}.ipynb"] = as_text(page).encode()
    files[SOURCE / "index.md"] = front.index().encode()
    files[SOURCE / "instructors.md"] = front.instructors(figures).encode()
    files[SOURCE / "glossary.md"] = glossary.page().encode()
    files |= {EXTRA / "figures" / name: png for name, png in figures.items()}
    for old in (path for folder in (SOURCE, EXTRA) for path in folder.rglob("*")):
        if old.is_file() and old not in files:
            old.unlink()
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:  # else Sphinx reads it again
            write_whole(path, content)


def run_sphinx() -> int:
    """Its exit status."""
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--fail-on-warning"]
    command += ["--keep-going", "--quiet", "--jobs", "auto", "--conf-dir", str(ROOT / "website")]
    command += ["--doctree-dir", str(BUILD / "doctrees"), str(SOURCE), str(HTML)]
    return subprocess.run(command, cwd=ROOT).returncode


def main() -> int:
    try:
        truths.collect()
        write_sources()
    except (BuildError, ExerciseFault, PageError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    status = run_sphinx()
    if status:
        return status
    shutil.rmtree(SITE, ignore_errors=True)
    unwanted = shutil.ignore_patterns(".buildinfo*", "objects.inv", "_sources")
    shutil.copytree(HTML, SITE, ignore=unwanted)
    size = sum(path.stat().st_size for path in SITE.rglob("*") if path.is_file())
    number = len(list(SITE.glob("*.html")))
    print(f"{number} pages, {size / 1e6:.1f} MB: open {SITE.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
