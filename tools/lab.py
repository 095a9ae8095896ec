"""Copy the notebooks to work/ and open JupyterLab there.

    python tools/lab.py [--no-start] [--port 9000] [--ip 0.0.0.0] [any option of JupyterLab]

Copies have no outputs: nothing is shown before it was run there. What a student changed is never
written over. `work/.course.json` holds the SHA-256 of what can be edited in each notebook (kind,
source and attachments of its cells), so that a file which still has it is known to be untouched,
though it was opened, run and saved:

    not in work/ (new, or deleted by the student)   copied
    untouched, and the course has a newer one       updated
    changed, and the course's is the same as then   kept
    changed, and the course has a newer one         kept; the newer one is put beside it,
                                                    once, as NAME.new.ipynb

An untouched one that is updated loses the outputs of its runs. To start one over, delete it and run
`make lab` again.

A notebook that the course has renamed is renamed in work/ too, changed or not, and so is a newer
one beside it. Where the new name is taken, both files stay as they are.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import importlib.util
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Instructors' tools, which may be installed beside the course, are not for students.
NOT_FOR_STUDENTS = [
    f"nbgrader.server_extensions.{name}"
    for name in ("formgrader", "validate_assignment", "assignment_list", "course_list")
]
MANIFEST = ".course.json"
JOURNAL = "progress.jsonl"  # see course_utils/journal.py
FIRST = "00_start_here.ipynb"
# What notebooks were called -> what they are called now, without ".ipynb". Rows stay: a student
# may come back after any number of months.
RENAMED = {
    "01_tensors_storage_stride": "01_lesson_tensors_storage_stride",
    "01_tensors_storage_stride_exercises": "01_practice_tensors_storage_stride",
    "04_modules_and_parameters": "04_lesson_modules_and_parameters",
    "04_modules_and_parameters_exercises": "04_practice_modules_and_parameters",
    "05_hooks_and_apply": "05_lesson_hooks_and_apply",
    "05_hooks_and_apply_exercises": "05_practice_hooks_and_apply",
    "06_datasets_and_dataloaders": "06_lesson_datasets_and_dataloaders",
    "06_datasets_and_dataloaders_exercises": "06_practice_datasets_and_dataloaders",
    "07_vision_pipeline": "07_lesson_vision_pipeline",
    "07_vision_pipeline_exercises": "07_practice_vision_pipeline",
    "08_text_pipeline": "08_lesson_text_pipeline",
    "08_text_pipeline_exercises": "08_practice_text_pipeline",
    "09_losses_optimizers_schedulers": "09_lesson_losses_optimizers_schedulers",
    "09_losses_optimizers_schedulers_exercises": "09_practice_losses_optimizers_schedulers",
    "10_training_loop": "10_lesson_training_loop",
    "10_training_loop_exercises": "10_practice_training_loop",
}


# ---------------------------------------------------------------------------------------------
# Copying


def copy_notebooks(source: Path, work: Path) -> dict[str, list[str]]:
    """Bring work/ up to date with the course's notebooks, leaving the student's alone.

    Args:
        source: the folder of the built notebooks; only its own *.ipynb, no subfolder.
        work: the student's folder; made if it is missing.

    Returns:
        File names in work/, in alphabetical order, under "renamed" (the new names), "doubled" (both
        names of what is there twice), "copied", "updated", "kept" and "beside" (the newer versions
        of kept files).
    """
    work.mkdir(exist_ok=True)
    known = _read_manifest(work)
    kinds = ("renamed", "doubled", "copied", "updated", "kept", "beside")
    done: dict[str, list[str]] = {kind: [] for kind in kinds}
    for old_stem, new_stem in RENAMED.items():
        if (source / f"{new_stem}.ipynb").exists():
            _rename(work, old_stem, new_stem, known, done)
    for path in sorted(source.glob("*.ipynb")):
        name, new = path.name, _without_outputs(path.read_bytes())
        new_sum, last_sum = _edited_sum(new), known.get(name)
        mine = work / name
        if not mine.exists():
            _write(mine, new)
            done["copied"].append(name)
        else:
            my = mine.read_bytes() if mine.is_file() else b""
            # Earlier versions wrote down the sum of the whole file, and copied outputs as well.
            whole = _sha256(my) == last_sum
            if not whole and _edited_sum(my) not in (new_sum, last_sum):
                done["kept"].append(name)
                if new_sum != last_sum:
                    done["beside"] += _put_beside(mine, new, last_sum)
            elif whole or _edited_sum(my) != new_sum:
                if my != new:
                    _write(mine, new)
                if _edited_sum(my) != new_sum:
                    done["updated"].append(name)
        # Written after every file: a stop halfway then forgets nothing that was copied.
        if last_sum != new_sum:
            known[name] = new_sum
            _write(work / MANIFEST, json.dumps(known, indent=1).encode())
    return done


def _rename(
    work: Path, old_stem: str, new_stem: str, known: dict[str, str], done: dict[str, list[str]]
) -> None:
    """Rename a notebook of work/ and those beside it; what was done to which is added to `done`."""
    for old in [work / f"{old_stem}.ipynb", *sorted(work.glob(f"{old_stem}.new*.ipynb"))]:
        new = work / old.name.replace(old_stem, new_stem, 1)
        if not old.is_file():
            continue
        if new.exists():
            done["doubled"] += [old.name, new.name]
            continue
        if old.name in known:
            # Written before the file moves: after a stop in between, the next run goes on.
            known[new.name] = known.pop(old.name)
            _write(work / MANIFEST, json.dumps(known, indent=1).encode())
        old.rename(new)
        done["renamed"].append(new.name)


def _put_beside(mine: Path, new: bytes, last_sum: str | None) -> list[str]:
    """Write the course's newer notebook next to the student's; return its name, if it was written.

    A newer one put there earlier and not touched since is replaced; one that was touched stays.
    """
    number = 1
    while True:
        beside = mine.with_name(f"{mine.stem}.new{'' if number == 1 else number}.ipynb")
        if not beside.exists():
            break
        its = beside.read_bytes()
        if _edited_sum(its) == _edited_sum(new):
            return []
        if last_sum in (_edited_sum(its), _sha256(its)):
            break
        number += 1
    _write(beside, new)
    return [beside.name]


def _read_manifest(work: Path) -> dict[str, str]:
    """The sums of what was copied; empty if unknown, so that everything there is the student's."""
    try:
        known = json.loads((work / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _cells(content: bytes) -> list | None:
    """The cells of a notebook; None for what is none."""
    try:
        cells = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError):
        return None
    whole = isinstance(cells, list) and all(
        isinstance(cell, dict) and isinstance(cell.get("source", ""), (str, list)) for cell in cells
    )
    return cells if whole else None


def _edited_sum(content: bytes) -> str:
    """Of what a person edits in a notebook; of the whole file, if it is none."""
    cells = _cells(content)
    if cells is None:
        return _sha256(content)
    edited = [
        [cell.get("cell_type"), "".join(cell.get("source", "")), cell.get("attachments")]
        for cell in cells
    ]
    return _sha256(json.dumps(edited, sort_keys=True).encode())


def _without_outputs(content: bytes) -> bytes:
    """A notebook as it is before anything was run; what is none stays as it is."""
    if _cells(content) is None:
        return content
    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or nothing: a full disk or a stop leaves no half notebook."""
    handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def report(done: dict[str, list[str]], work: Path) -> str:
    """What was done, for the student: one line for each kind, at most."""
    lines = []
    if done["renamed"]:
        lines.append(
            f"Renamed as in the course, with all that is in them: {_names(done['renamed'])}."
        )
    if done["doubled"]:
        lines.append(
            "There under an older and a newer name; both are kept, so look into both: "
            f"{_names(done['doubled'])}."
        )
    if done["copied"]:
        lines.append(f"Copied to {work.name}/: {_names(done['copied'])}.")
    if done["updated"]:
        lines.append(f"Updated, as you had not changed them: {_names(done['updated'])}.")
    if done["kept"]:
        lines.append(f"Kept, as they are yours: {_names(done['kept'])}.")
    if done["beside"]:
        lines.append(f"The course has newer ones; they lie beside yours: {_names(done['beside'])}.")
    return "\n".join(lines)


def _names(names: list[str]) -> str:
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return ", ".join(names)


# ---------------------------------------------------------------------------------------------
# JupyterLab


def start(work: Path, arguments: list[str], first_time: bool) -> None:
    """Run JupyterLab on work/ until it is stopped; prints one line with its address."""
    # Kernels of this environment, also where the student has others of the same name.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # Without an installed course_utils (a conda environment, say) kernels find it by its path.
    found = importlib.util.find_spec("course_utils")
    if not found or not found.origin or Path(found.origin).resolve().parents[1] != ROOT:
        inherited = os.environ.get("PYTHONPATH")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
    # With a token made here JupyterLab prints no address of its own among much else.
    token = os.environ.setdefault("JUPYTER_TOKEN", os.urandom(24).hex())

    # It builds grammars for half of the start, to check a format that no schema of Jupyter has.
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    from jupyterlab.labapp import LabApp

    options = [
        f"--ServerApp.root_dir={work}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
        "--KernelManager.transport_encryption=auto",
        f"--LabApp.app_settings_dir={ROOT / 'tools' / 'lab_settings'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    ]
    options += [f"--ServerApp.jpserver_extensions={name}=False" for name in NOT_FOR_STUDENTS]
    first = first_notebook(ROOT / "notebooks") if first_time else last_notebook(work)
    if first:
        options.append(f"--LabApp.default_url=/lab/tree/{first}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    if not _has_display():
        options.append("--no-browser")
    server = LabApp.initialize_server([*options, *arguments])
    address = server.local_url.replace("token=...", f"token={token}")

    def announce() -> None:
        print(f"\nJupyterLab is at  {address}\nCtrl-C here ends it; your notebooks are in {work}\n")
        sys.stdout.flush()

    # Queued behind the server's own binding of its port: what is printed can be opened.
    server.io_loop.add_callback(announce)
    if sys.platform != "win32":
        # Ctrl-C ends it at once, without a question, also where there is no terminal.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: server.stop(from_signal=True))
    server.start()
    print("JupyterLab has ended. Your notebooks are in work/; make lab opens them again.")


def first_notebook(notebooks: Path) -> str:
    """The notebook to begin with: the course's first, or the only one, as of an assignment."""
    names = [path.name for path in notebooks.glob("*.ipynb")]
    if FIRST in names:
        return FIRST
    return names[0] if len(names) == 1 else ""


def last_notebook(work: Path) -> str:
    """The notebook in which something was checked or guessed last; '' where none is known."""
    try:
        lines = (work / JOURNAL).read_bytes().splitlines()
    except OSError:
        return ""
    for line in reversed(lines):
        try:
            lesson, _, number = json.loads(line)["id"].partition(".")
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # the line that says what the file is, or a broken one
        kind = "lesson" if number.startswith("p") else "practice"
        found = sorted(work.glob(f"{lesson}_{kind}_*.ipynb")) + sorted(
            work.glob(f"{lesson}_*.ipynb")
        )
        if lesson.isdigit() and found:
            return found[0].name
    return ""


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Copy the notebooks to work/ and open JupyterLab there.",
        epilog="Every other option goes to JupyterLab, for example --port 9000 or --ip 0.0.0.0.",
        allow_abbrev=False,
    )
    parser.add_argument("--no-start", action="store_true", help="copy the notebooks only")
    options, rest = parser.parse_known_args(arguments)
    work = ROOT / "work"
    first_time = not (work / MANIFEST).exists()
    try:
        done = copy_notebooks(ROOT / "notebooks", work)
    except OSError as error:
        remedy = "make room" if error.errno == errno.ENOSPC else "mend this"
        print(
            f"{error.filename or work}: {error.strerror}: {remedy}, then run this again; no "
            "notebook was left half written.",
            file=sys.stderr,
        )
        return 1
    said = report(done, work)
    if said:
        print(said, flush=True)
    if options.no_start:
        return 0
    if importlib.util.find_spec("jupyterlab") is None:
        print(
            f"{sys.executable} has no JupyterLab: run make lab, or python tools/install.py first.",
            file=sys.stderr,
        )
        return 1
    try:
        start(work, rest, first_time)
    except KeyboardInterrupt:
        print("\nJupyterLab has ended. Your notebooks are in work/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
