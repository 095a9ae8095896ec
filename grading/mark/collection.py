"""Find one submission per student in a folder, however it was handed in.

Layouts, which may be mixed in one folder:

- a file per student: `kim.ipynb`
- a folder per student: `kim/anything.ipynb`
- nbgrader: `submitted/<student>/<assignment>/<notebook>.ipynb`; the folder to give is `submitted`
  or the course folder above it (nbgrader's documentation, "How to structure course files").
- Moodle, "Download all submissions". mod/assign/classes/downloader.php (before Moodle 4.1:
  mod/assign/locallib.php) joins full name, number, `assignsubmission` and the plugin with `_`,
  and turns each `_` of the name into a space. With "Download submissions in folders" that is
  the name of a folder, in some versions with a `_` at the end, and the files keep their own
  folders inside; without it, it stands before the name of each file. Group submissions have the
  group's name, and no number if it is the default group.
- Canvas, "Download Submissions". lib/content_zipper.rb joins the sortable name (lower case,
  letters and digits only), `LATE` if it is, the user's number, the file's number and the file's
  name with `_`. Anonymous: `anon_` and a code for name and number. A text or a link that was
  handed in is `..._text.html`, `..._link.html`. A file that is handed in again is named `-1`.

Nothing is opened except to see that it can be read; symbolic links are never followed.
What is wrong with one student's files is said in that student's row; the others are marked.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import stat
import unicodedata
from collections.abc import Callable
from pathlib import Path

from ..errors import CollectionError
from ..report.sanitize import name_in_sentence, readable
from .lateness import nbgrader_moment

SYSTEM = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "icon\r"}
# Hidden folders that programs make for themselves; there may be notebooks in them.
SYSTEM |= {".ipynb_checkpoints", ".git", ".venv", ".cache", ".config", ".local", ".jupyter"}
NBGRADER = {
    "submitted",
    "source",
    "release",
    "autograded",
    "feedback",
    "downloaded",
    "exchange",
    "gradebook.db",
    "grades.csv",  # of `nbgrader export`
    "nbgrader_config.py",
}
MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<number>\d+))?_assignsubmission_[a-z]+(?:_(?P<rest>.*))?", re.DOTALL
)
CANVAS = re.compile(
    r"(?:(?P<name>\w+?)_)?(?P<late>LATE_)?(?P<user>[1-9]\d*|anon_[A-Za-z0-9]+)_"
    r"(?:(?P<file>[1-9]\d*)_(?P<rest>.+)|(?:text|link)\.html)",
    re.DOTALL,
)
BROWSER_COPY = r" ?\(\d+\)"  # what browsers add to the name of a second copy
TIMESTAMP = "timestamp.txt"  # of nbgrader
COPY = rf"(?:[-_ ]\d+|{BROWSER_COPY})?"  # the same, and what Canvas adds
FILE_LIMIT = 20_000  # files and folders that are looked at in one student's folder
DEPTH_LIMIT = 20  # folders in folders


@dataclasses.dataclass(frozen=True)
class Submission:
    """What one student handed in.

    student: unique in the class, in Unicode's composed form (NFC), safe to print. The name of the
    file or the folder; from Moodle 'Full Name 1234567' and from Canvas 'lastfirst 12345'. The
    number always stays: two people may share a name, and a student keeps one name from run to run,
    whoever else hands in.
    path: the notebook; where there is a problem, the file or folder that has it.
    file: the same inside the folder of submissions, with /, safe to print.
    problem: '' or why it cannot be marked, one sentence.
    beside: other notebooks and files of the student, which are not marked, in the form of `file`.
    late: the system says that it is; Canvas does in the file's name. handed_in: when, where the
    system says that: nbgrader does in timestamp.txt.
    """

    student: str
    path: Path
    file: str
    problem: str = ""
    beside: tuple[str, ...] = ()
    late: bool = False
    handed_in: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class _Item:
    """A file or folder, seen without following links. kind: 'file', 'folder', 'link', 'other'."""

    path: Path
    kind: str

    @property
    def is_notebook(self) -> bool:
        return self.kind != "folder" and self.path.name.lower().endswith(".ipynb")

    @property
    def is_hidden(self) -> bool:
        return self.path.name.startswith(".")


@dataclasses.dataclass(frozen=True)
class _Entry:
    """An item at the level of submissions: whose it is, and the name it was handed in under."""

    item: _Item
    student: str
    name: str
    exported: bool  # by Moodle or Canvas, which write several files of one student side by side
    late: bool = False  # Canvas says so


def collect(folder: Path, assignment_name: str) -> list[Submission]:
    """The submissions in a folder, one per student, in the order of their names.

    assignment_name: as in Assignment.name. It tells which of several notebooks is meant, and which
    of nbgrader's folders.

    Whatever is there and is not a system file becomes a Submission or is named in one; what
    cannot be marked has a `problem`.

    Raises CollectionError if there is no such folder, or nothing in it.
    """
    level, nbgrader = _level(folder, assignment_name)
    items = _listed(level, f"the folder {readable(str(level))}")
    items = [item for item in items if not item.is_hidden or _holds_notebooks(item)]
    if not items:
        raise CollectionError(
            f"There is nothing in {readable(str(level))}: put the submissions there."
        )
    students: dict[str, list[_Entry]] = {}
    for entry in _entries(items):
        students.setdefault(entry.student, []).append(entry)
    return [
        _submission(student, students[student], level, assignment_name, nbgrader)
        for student in sorted(students, key=lambda name: (name.casefold(), name))
    ]


# -- the level of submissions ----------------------------------------------------------------


def _level(folder: Path, assignment_name: str) -> tuple[Path, bool]:
    """The folder itself, or `submitted` in it if it is a course of nbgrader; and whether it is.

    Only nbgrader's own `submitted` says so: elsewhere a folder that is called like the assignment
    is what one student's zip was unpacked to.
    """
    name = readable(str(folder))
    try:
        is_folder = folder.is_dir()
        if not is_folder and not folder.exists():
            raise CollectionError(f"There is no folder {name}: give the folder of submissions.")
    except (OSError, ValueError) as error:
        raise CollectionError(f"Cannot read {name}: {error}.") from None
    if not is_folder:
        raise CollectionError(
            f"{name} is not a folder: give the folder of submissions (unpack it if it is a zip)."
        )
    submitted = folder / "submitted"
    if _kind(submitted) != "folder":
        return folder, folder.resolve().name == "submitted" and any(
            _kind(item.path / assignment_name) == "folder"
            for item in _listed(folder, f"the folder {name}")
        )
    siblings = {
        item.path.name
        for item in _listed(folder, f"the folder {name}")
        if not item.is_hidden or _holds_notebooks(item)
    }
    inside = _listed(submitted, f"the folder {readable(str(submitted))}")
    is_course = len(siblings & NBGRADER) > 1 or any(
        _kind(item.path / assignment_name) == "folder" for item in inside
    )
    if not is_course:
        return folder, False
    strangers = sorted(siblings - NBGRADER)
    if strangers:
        raise CollectionError(
            f"{name} holds a folder `submitted`, as nbgrader makes it, and also "
            f"{_some(strangers)}: give {readable(str(submitted))}, and put there what else is to "
            "be marked."
        )
    return submitted, any(_kind(item.path / assignment_name) == "folder" for item in inside)


def _kind(path: Path) -> str:
    """'file', 'folder', 'link', 'other'; '' if there is nothing or it cannot be seen."""
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISLNK(mode) or getattr(os.path, "isjunction", lambda _: False)(path):
        return "link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _listed(folder: Path, called: str) -> list[_Item]:
    """What is in a folder, without system files. Raises CollectionError."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - the names as they are
    except OSError as error:
        raise CollectionError(f"Cannot read {called}: {error.strerror}.") from None
    return [
        _Item(folder / name, _kind(folder / name) or "other")
        for name in names
        if not name.startswith("._") and name.lower() not in SYSTEM  # macOS: ._kim.ipynb
    ]


def _holds_notebooks(item: _Item) -> bool:
    """True for a notebook, and for a folder with one in it or in its folders."""
    if item.kind != "folder":
        return item.is_notebook
    try:
        return bool(_notebooks_in(item, str, ""))
    except _Problem:
        return True


# -- whose it is -----------------------------------------------------------------------------


def _entries(items: list[_Item]) -> list[_Entry]:
    """Each item with its student.

    `kim (1).ipynb`, as browsers name a second download, and the hidden `.kim.ipynb` are kim's:
    a student keeps one name from run to run, whoever else hands in.
    """
    canvas = _canvas_names([item.path.name for item in items if item.kind != "folder"])
    entries = []
    for item in items:
        name = item.path.name
        moodle = MOODLE.fullmatch(name)
        if moodle:
            student = " ".join(filter(None, [moodle["name"], moodle["number"]]))
            entries.append(_Entry(item, readable(student), moodle["rest"] or "", True))
        elif name in canvas:
            found = canvas[name]
            student = f"{found['name']} {found['user']}"
            if found["user"].startswith("anon_"):
                student = found["user"].replace("anon_", "anonymous ")
            rest, late = found["rest"] or "", bool(found["late"])
            entries.append(_Entry(item, readable(student), rest, True, late))
        else:
            visible = name.lstrip(".") or name
            student = visible if item.kind == "folder" else _without_ending(visible)
            student = re.sub(rf"(?s)(?<=.){BROWSER_COPY}\Z", "", student)
            entries.append(_Entry(item, readable(student), name, False))
    return entries


def _canvas_names(names: list[str]) -> dict[str, re.Match[str]]:
    """Those of the names that Canvas made.

    `week3_2024_5_kim.ipynb` looks like one. But Canvas gives each file a number of its own, so
    where one number stands before two names, it was a person who chose them.
    """
    found = {}
    files: dict[str, set[str]] = {}
    for name in names:
        match = CANVAS.fullmatch(unicodedata.normalize("NFC", name))
        if match and (match["name"] or match["user"].startswith("anon_")):
            found[name] = match
            if match["file"]:
                original = re.sub(COPY + r"(\.\w+)?$", r"\1", match["rest"])
                files.setdefault(match["file"], set()).add(original)
    return {} if any(len(originals) > 1 for originals in files.values()) else found


def _without_ending(name: str) -> str:
    """'kim' for kim.ipynb, kim.pdf and kim.ipynb.txt; 'J. Park' stays."""
    shorter = re.sub(r"(?s)(?<=.)(\.ipynb)?\.[a-z0-9]{1,8}\Z", "", name, flags=re.IGNORECASE)
    return shorter.rstrip(" ") or name


# -- what it is ------------------------------------------------------------------------------


class _Problem(Exception):
    """Why an item cannot be marked: one sentence."""


def _submission(
    student: str, entries: list[_Entry], level: Path, assignment_name: str, nbgrader: bool
) -> Submission:
    """The one submission of a student, or why there is none."""

    def whole(path: Path) -> str:
        return readable(path.relative_to(level).as_posix())

    def file(path: Path) -> str:
        return name_in_sentence(whole(path))

    visible = [entry for entry in entries if not entry.item.is_hidden]
    chosen, others = (visible or entries)[0].item.path, []
    try:
        if not visible:
            raise _Problem(_hidden(whole(chosen)))
        chosen, *others = _notebooks(student, visible, file, assignment_name, nbgrader)
        if chosen.parent != level:
            others += _own_modules(chosen.parent, file)
        problem = _unreadable(chosen, file(chosen))
    except _Problem as error:
        problem = str(error)
    try:
        str(chosen.relative_to(level)).encode("utf-8")
    except UnicodeEncodeError:
        problem = f"The name {file(chosen)} is not valid UTF-8: rename it."
    others += [e.item.path for e in entries if e.item.path not in (chosen, *chosen.parents)]
    beside = tuple(whole(path) for path in dict.fromkeys(others))
    late = any(e.late for e in entries if e.item.path == chosen)
    handed_in = _time_of(chosen.parent / TIMESTAMP) if nbgrader else None
    return Submission(student, chosen, whole(chosen), problem, beside, late, handed_in)


def _time_of(timestamp: Path) -> datetime.datetime | None:
    """What nbgrader wrote beside a submission; None where it wrote nothing."""
    if _kind(timestamp) != "file":
        return None
    try:
        with timestamp.open("rb") as file:
            return nbgrader_moment(file.read(100).decode("ascii", "replace"))
    except OSError:
        return None


def _notebooks(
    student: str,
    entries: list[_Entry],
    file: Callable[[Path], str],
    assignment_name: str,
    nbgrader: bool,
) -> list[Path]:
    """The notebook that is meant, then the student's other notebooks.

    Raises _Problem if nobody can tell, or if there are two submissions.
    """
    found: dict[Path, str] = {}  # the name each was handed in under
    homes = []
    for entry in entries:
        if entry.item.kind == "folder":
            only = assignment_name if nbgrader and not entry.exported else ""
            notebooks = _notebooks_in(entry.item, file, only)
            if only and not notebooks:  # handed in under another folder's name
                notebooks = _notebooks_in(entry.item, file, "")
                notebooks = [n for n in notebooks if _is_named(n.path.name, assignment_name)]
            inside = {notebook.path: notebook.path.name for notebook in notebooks}
        else:
            inside = {entry.item.path: entry.name} if entry.item.is_notebook else {}
        found.update(inside)
        if inside:
            homes.append(entry)
    if not found:
        raise _Problem(_no_notebook(entries, file, assignment_name if nbgrader else ""))
    named = [path for path, name in found.items() if _is_named(name, assignment_name)]
    # Moodle and Canvas write the files of one hand-in side by side; all else is a hand-in each.
    files_of_one = all(home.exported and home.item.kind != "folder" for home in homes)
    if len(homes) > 1 and (len(named) > 1 or not files_of_one):
        paths = named if files_of_one else [home.item.path for home in homes]
        raise _Problem(_twice(student, [file(path) for path in paths]))
    if len(named) > 1:
        named = _worked_on(named) or named
    if len(found) > 1 and len(named) != 1:
        how_many = "two notebooks" if len(found) == 2 else f"{len(found)} notebooks"
        which = "more than one of them is" if named else "none of them is"
        raise _Problem(
            f"There are {how_many} ({_some([path.name for path in found])}), and {which} called "
            f"{assignment_name}.ipynb: keep the one that is meant."
        )
    chosen = next(iter(found)) if len(found) == 1 else named[0]
    return [chosen, *(path for path in found if path != chosen)]


def _is_named(name: str, assignment_name: str) -> bool:
    """The assignment's own name, or that of a copy: week3-1.ipynb, 'week3 (1).ipynb'."""
    return bool(re.fullmatch(re.escape(assignment_name) + COPY + r"\.ipynb", name, re.IGNORECASE))


def _worked_on(notebooks: list[Path]) -> list[Path]:
    """Of an unpacked assignment, whose `work` holds a student's copies of `notebooks`: that copy.

    Empty where the notebooks are not just those two.
    """
    by_folder = {path.parent.name: path for path in notebooks}
    if len(notebooks) != 2 or set(by_folder) != {"notebooks", "work"}:
        return []
    original, copy = by_folder["notebooks"], by_folder["work"]
    same = (original.parent.parent, original.name) == (copy.parent.parent, copy.name)
    return [copy] if same else []


def _own_modules(folder: Path, file: Callable[[Path], str]) -> list[Path]:
    """The Python files in the notebook's folder: answers may import them. Raises _Problem."""
    items = _inside(folder, file)
    return [i.path for i in items if i.kind == "file" and i.path.suffix.lower() == ".py"]


def _hidden(name: str) -> str:
    return (
        f"{name_in_sentence(name)} is hidden, because its name begins with a dot: if it is what "
        f"was handed in, rename it to {name_in_sentence(name.lstrip('.'))}."
    )


def _twice(student: str, files: list[str]) -> str:
    student = name_in_sentence(student, free=" ")
    if len(set(files)) < len(files):
        return (
            f"There are two submissions by {student}, whose names look alike and are stored in "
            f"different Unicode forms ({files[0]}): keep one of them."
        )
    how_many = "two" if len(files) == 2 else len(files)
    return (
        f"There are {how_many} submissions by {student} ({_listed_names(files)}): keep the one "
        "that is to be marked and move what else there is out of the folder."
    )


def _notebooks_in(folder: _Item, file: Callable[[Path], str], only: str) -> list[_Item]:
    """All notebooks in a student's folder and, except with `only`, in the folders in it.

    only: the folder of nbgrader's that belongs to the assignment; others are other assignments.
    Raises _Problem if the folder cannot be read, or is too large to be a submission.
    """
    notebooks = []
    waiting = [(folder.path, 0)]
    seen = 0
    while waiting:
        place, depth = waiting.pop(0)
        items = _inside(place, file)
        seen += len(items)
        if seen > FILE_LIMIT or depth > DEPTH_LIMIT:
            raise _Problem(
                f"The folder {file(folder.path)} holds more than {FILE_LIMIT} files or "
                f"{DEPTH_LIMIT} levels of folders: find the notebook in it by hand."
            )
        items = [item for item in items if not item.is_hidden]
        notebooks += [item for item in items if item.is_notebook]
        waiting += [
            (item.path, depth + 1)
            for item in items
            if item.kind == "folder" and (not only or depth > 0 or item.path.name == only)
        ]
    return notebooks


def _inside(folder: Path, file: Callable[[Path], str]) -> list[_Item]:
    """What is in a student's folder, without system files. Raises _Problem."""
    try:
        return _listed(folder, f"the folder {file(folder)}")
    except CollectionError as error:
        raise _Problem(str(error)) from None


def _no_notebook(entries: list[_Entry], file: Callable[[Path], str], only: str) -> str:
    """Why a student has nothing to be marked: one sentence. Raises _Problem with another one."""
    item = entries[0].item
    name = file(item.path)
    if item.kind == "folder":
        items = _inside(item.path, file)
        inside = [inner.path.name for inner in items]
        holds = f"it holds {_some(inside)}" if inside else "it is empty"
        hidden = [inner.path.name for inner in items if inner.is_hidden and inner.is_notebook]
        if hidden:
            return f"In the folder {name}, {_hidden(hidden[0])}"
        if only and inside and _kind(item.path / only) != "folder" and not entries[0].exported:
            return f"There is no folder {only} in the folder {name}: {holds}."
        return f"There is no notebook in the folder {name}: {holds}."
    needed = f"{name} is not a notebook: a file that ends in .ipynb is needed."
    return _unreadable(item.path, name) or needed


def _unreadable(path: Path, name: str) -> str:
    """Why a file cannot be read, one sentence; '' if it can."""
    kind = _kind(path)
    if kind == "link":
        return f"{name} is a symbolic link, which is never followed: put the file itself there."
    if kind != "file":
        return f"{name} is not a file but a {_special(path)}: ask for the notebook itself."
    try:
        with path.open("rb"):
            return ""
    except OSError as error:
        return f"{name} cannot be read ({error.strerror}): change its permissions."


def _special(path: Path) -> str:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return "thing that cannot be looked at"
    return "named pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"


def _some(names: list[str]) -> str:
    """The first three names, and how many more."""
    return _listed_names([name_in_sentence(name) for name in names])


def _listed_names(names: list[str]) -> str:
    listed = ", ".join(names[:3])
    return f"{listed} and {len(names) - 3} more" if len(names) > 3 else listed
