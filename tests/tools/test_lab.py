"""tools/lab.py: what a student changed is never written over, and JupyterLab says where it is."""

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from course_utils import journal
from tests import ROOT

OLD, NEW, NEWER, MINE = b'{"course": 1}', b'{"course": 2}', b'{"course": 3}', b'{"mine": 1}'


@pytest.fixture
def lab():
    """tools/lab.py as a module."""
    spec = importlib.util.spec_from_file_location("course_lab", ROOT / "tools" / "lab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def course(tmp_path):
    """A folder of built notebooks; copies go to `tmp_path / "work"`."""
    folder = tmp_path / "notebooks"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "draft.ipynb").write_bytes(OLD)
    (folder / "01.ipynb").write_bytes(OLD)
    return folder


@pytest.fixture
def work(tmp_path):
    return tmp_path / "work"


def there(work: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in work.iterdir() if path.name != ".course.json"}


def done(**lists):
    kinds = ("renamed", "doubled", "copied", "updated", "kept", "beside")
    return {kind: [] for kind in kinds} | lists


def test_new_notebooks_are_copied_and_only_once(lab, course, work):
    assert lab.copy_notebooks(course, work) == done(copied=["01.ipynb"])
    assert there(work) == {"01.ipynb": OLD}
    assert lab.copy_notebooks(course, work) == done()
    (course / "02.ipynb").write_bytes(NEW)
    assert lab.copy_notebooks(course, work) == done(copied=["02.ipynb"])


def test_an_untouched_one_is_updated(lab, course, work):
    lab.copy_notebooks(course, work)
    (course / "01.ipynb").write_bytes(NEW)
    assert lab.copy_notebooks(course, work) == done(updated=["01.ipynb"])
    assert there(work) == {"01.ipynb": NEW}


def test_a_changed_one_is_kept(lab, course, work):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").write_bytes(MINE)
    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"])
    assert there(work) == {"01.ipynb": MINE}


def test_a_newer_one_is_put_beside_a_changed_one_once(lab, course, work):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").write_bytes(MINE)
    (course / "01.ipynb").write_bytes(NEW)
    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"], beside=["01.new.ipynb"])
    assert there(work) == {"01.ipynb": MINE, "01.new.ipynb": NEW}

    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"])
    (work / "01.new.ipynb").unlink()
    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"]), "it was not wanted"


def test_the_one_beside_is_the_students_too_once_changed(lab, course, work):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").write_bytes(MINE)
    (course / "01.ipynb").write_bytes(NEW)
    lab.copy_notebooks(course, work)
    (course / "01.ipynb").write_bytes(NEWER)
    assert lab.copy_notebooks(course, work)["beside"] == ["01.new.ipynb"], "replaced: untouched"
    assert there(work) == {"01.ipynb": MINE, "01.new.ipynb": NEWER}

    (work / "01.new.ipynb").write_bytes(MINE + MINE)
    (course / "01.ipynb").write_bytes(OLD)
    assert lab.copy_notebooks(course, work)["beside"] == ["01.new2.ipynb"]
    assert there(work) == {"01.ipynb": MINE, "01.new.ipynb": MINE + MINE, "01.new2.ipynb": OLD}


def test_taking_the_newer_one_makes_it_the_courses_again(lab, course, work):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").write_bytes(MINE)
    (course / "01.ipynb").write_bytes(NEW)
    lab.copy_notebooks(course, work)
    (work / "01.new.ipynb").replace(work / "01.ipynb")
    assert lab.copy_notebooks(course, work) == done()
    (course / "01.ipynb").write_bytes(NEWER)
    assert lab.copy_notebooks(course, work) == done(updated=["01.ipynb"])


def test_a_deleted_one_comes_back_fresh(lab, course, work):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").unlink()
    assert lab.copy_notebooks(course, work) == done(copied=["01.ipynb"])


def test_one_that_left_the_course_stays_with_the_student(lab, course, work):
    lab.copy_notebooks(course, work)
    (course / "01.ipynb").unlink()
    assert lab.copy_notebooks(course, work) == done()
    assert there(work) == {"01.ipynb": OLD}


@pytest.mark.parametrize("manifest", [None, b"", b"[1, 2]", b"\xff"])
def test_without_a_manifest_everything_there_is_the_students(lab, course, work, manifest):
    lab.copy_notebooks(course, work)
    (work / "01.ipynb").write_bytes(MINE)
    (work / "own.ipynb").write_bytes(MINE)
    if manifest is None:
        (work / ".course.json").unlink()
    else:
        (work / ".course.json").write_bytes(manifest)
    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"], beside=["01.new.ipynb"])
    assert there(work) == {"01.ipynb": MINE, "own.ipynb": MINE, "01.new.ipynb": OLD}


def a_notebook(source, outputs=(), number=None, **metadata):
    cell = {"cell_type": "code", "source": source, "metadata": {}}
    cell |= {"outputs": list(outputs), "execution_count": number}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4}).encode()


def test_copies_have_no_outputs_and_are_the_students_once_their_cells_changed(lab, course, work):
    shown = [{"output_type": "stream", "name": "stdout", "text": "6"}]
    (course / "01.ipynb").write_bytes(a_notebook("x = 6", shown, 1))
    lab.copy_notebooks(course, work)
    (cell,) = json.loads((work / "01.ipynb").read_bytes())["cells"]
    assert cell["outputs"] == [] and cell["execution_count"] is None

    # Opened, run and saved: the same cells, in another layout.
    run = a_notebook(["x = ", "6"], shown, 7, kernelspec={"name": "python3"})
    (work / "01.ipynb").write_bytes(run)
    assert lab.copy_notebooks(course, work) == done()
    assert there(work) == {"01.ipynb": run}
    (course / "01.ipynb").write_bytes(a_notebook("x = 7"))
    assert lab.copy_notebooks(course, work) == done(updated=["01.ipynb"])

    (work / "01.ipynb").write_bytes(a_notebook("x = 8"))
    (course / "01.ipynb").write_bytes(a_notebook("x = 9"))
    assert lab.copy_notebooks(course, work) == done(kept=["01.ipynb"], beside=["01.new.ipynb"])


def test_lab_and_the_journal_mean_the_same_files(lab):
    # tools/lab.py starts without the course's package.
    assert (lab.JOURNAL, lab.MANIFEST) == (journal.FILE, journal.MARK)


def test_lab_opens_the_notebook_where_the_student_stopped(lab, work):
    assert lab.last_notebook(work) == ""
    work.mkdir()
    for name in ("01_lesson_x", "01_lesson_x.new", "01_practice_x", "00_start_here"):
        (work / f"{name}.ipynb").write_bytes(MINE)
    lines = ['{"about": "what it is"}', '{"id": "00.1"}', '{"id": "01.3"}', '{"id": "01.p2"}']
    for count, name in ((1, ""), (2, "00_start_here"), (3, "01_practice_x"), (4, "01_lesson_x")):
        (work / "progress.jsonl").write_text("\n".join([*lines[:count], "{broken"]))
        assert lab.last_notebook(work) == (f"{name}.ipynb" if name else "")


def test_copies_of_an_earlier_version_are_known_again(lab, course, work):
    first = a_notebook("x = 6", [{"output_type": "stream", "name": "stdout", "text": "6"}], 1)
    work.mkdir()
    (work / "01.ipynb").write_bytes(first)
    (work / ".course.json").write_text(json.dumps({"01.ipynb": lab._sha256(first)}))
    (course / "01.ipynb").write_bytes(a_notebook("x = 7"))
    assert lab.copy_notebooks(course, work) == done(updated=["01.ipynb"])


@pytest.fixture
def renamed(lab, course, work, monkeypatch):
    """Work as it was under the older names, in a course that has given newer ones to 01 to 04."""
    names = {"01": "01_lesson", "02": "02_lesson", "03": "03_lesson", "04": "04_lesson"}
    for old in names:
        (course / f"{old}.ipynb").write_bytes(OLD)
    lab.copy_notebooks(course, work)
    for old, new in names.items():
        (course / f"{old}.ipynb").replace(course / f"{new}.ipynb")
    monkeypatch.setattr(lab, "RENAMED", names)
    return course


def test_what_the_course_renamed_is_renamed_with_the_answers_in_it(lab, renamed, work):
    (work / "02.ipynb").write_bytes(MINE)
    (work / "03.ipynb").unlink()
    (work / "04.ipynb").write_bytes(MINE)
    (work / "04.new.ipynb").write_bytes(NEWER)
    (work / "04.new2.ipynb").write_bytes(MINE + MINE)
    (renamed / "01_lesson.ipynb").write_bytes(NEW)
    new_names = ["01_lesson", "02_lesson", "04_lesson", "04_lesson.new", "04_lesson.new2"]
    assert lab.copy_notebooks(renamed, work) == done(
        renamed=[f"{name}.ipynb" for name in new_names],
        updated=["01_lesson.ipynb"],
        kept=["02_lesson.ipynb", "04_lesson.ipynb"],
        copied=["03_lesson.ipynb"],
    )
    expected = dict(zip(new_names, [NEW, MINE, MINE, NEWER, MINE + MINE], strict=True))
    expected["03_lesson"] = OLD
    assert there(work) == {f"{name}.ipynb": content for name, content in expected.items()}
    assert lab.copy_notebooks(renamed, work) == done(kept=["02_lesson.ipynb", "04_lesson.ipynb"])


def test_where_the_newer_name_is_taken_both_are_kept(lab, renamed, work):
    (work / "01.ipynb").write_bytes(MINE)
    (work / "01_lesson.ipynb").write_bytes(MINE + MINE)
    told = lab.copy_notebooks(renamed, work)
    assert told["doubled"] == ["01.ipynb", "01_lesson.ipynb"]
    assert there(work)["01.ipynb"] == MINE and there(work)["01_lesson.ipynb"] == MINE + MINE
    (work / "01_lesson.ipynb").unlink()
    assert lab.copy_notebooks(renamed, work)["renamed"] == ["01_lesson.ipynb"]
    assert there(work)["01_lesson.ipynb"] == MINE


def test_without_the_newer_one_in_the_course_nothing_is_renamed(lab, renamed, work):
    (renamed / "01_lesson.ipynb").unlink()
    lab.copy_notebooks(renamed, work)
    assert (work / "01.ipynb").exists() and not (work / "01_lesson.ipynb").exists()


@pytest.mark.parametrize("step", ["rename", "replace"])  # of the notebook, of the manifest
def test_a_stop_while_renaming_forgets_nothing(lab, renamed, work, monkeypatch, step):
    with monkeypatch.context() as patch:

        def stopped(path, target):
            raise OSError(13, "Permission denied", str(path))

        patch.setattr(Path, step, stopped)
        with pytest.raises(OSError, match="Permission"):
            lab.copy_notebooks(renamed, work)
    (renamed / "01_lesson.ipynb").write_bytes(NEW)
    assert lab.copy_notebooks(renamed, work)["updated"] == ["01_lesson.ipynb"], "known as untouched"
    assert set(there(work).values()) == {OLD, NEW}


def test_every_newer_name_is_a_notebook_of_the_course(lab):
    for old, new in lab.RENAMED.items():
        assert (ROOT / "notebooks" / f"{new}.ipynb").exists()
        assert not (ROOT / "notebooks" / f"{old}.ipynb").exists()


def test_a_folder_of_that_name_is_kept(lab, course, work):
    (work / "01.ipynb").mkdir(parents=True)
    assert lab.copy_notebooks(course, work)["kept"] == ["01.ipynb"]
    assert (work / "01.ipynb").is_dir()


def test_a_full_disk_leaves_whole_notebooks_and_running_again_continues(
    lab, course, work, monkeypatch
):
    lab.copy_notebooks(course, work)
    (course / "01.ipynb").write_bytes(NEW)
    (course / "02.ipynb").write_bytes(NEW)
    with monkeypatch.context() as patch:

        def full(path, target):
            raise OSError(28, "No space left on device", str(path))

        patch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            lab.copy_notebooks(course, work)
    assert there(work) == {"01.ipynb": OLD}, "neither half a notebook nor a temporary file"
    assert lab.copy_notebooks(course, work) == done(copied=["02.ipynb"], updated=["01.ipynb"])


def test_the_report_names_the_files(lab, work):
    facts = {"copied": list("abcdef"), "updated": ["g"], "kept": ["h"], "beside": ["i"]}
    said = lab.report(done(renamed=["j"], doubled=["k", "l"], **facts), work)
    assert said.splitlines() == [
        "Renamed as in the course, with all that is in them: j.",
        "There under an older and a newer name; both are kept, so look into both: k, l.",
        "Copied to work/: a, b, c, 3 more.",
        "Updated, as you had not changed them: g.",
        "Kept, as they are yours: h.",
        "The course has newer ones; they lie beside yours: i.",
    ]
    assert lab.report(done(), work) == ""


# --- The command -----------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path, course):
    """A course with the real tools/ and one notebook, so that the real work/ is not touched."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("__pyc*"))
    (tmp_path / "course_utils").mkdir()
    (tmp_path / "course_utils" / "__init__.py").touch()
    notebook = {
        "cells": [],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (course / "00_start_here.ipynb").write_text(json.dumps(notebook))
    return tmp_path


def test_copying_only(checkout):
    said = subprocess.run(
        [sys.executable, "tools/lab.py", "--no-start"],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout == "Copied to work/: 00_start_here.ipynb, 01.ipynb.\n"


def test_what_cannot_be_written_is_one_line(checkout):
    (checkout / "work").write_text("a file in the way")
    said = subprocess.run(
        [sys.executable, "tools/lab.py"], cwd=checkout, capture_output=True, text=True, timeout=60
    )
    assert said.returncode == 1
    assert len(said.stderr.splitlines()) == 1 and "run this again" in said.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_jupyterlab_says_where_it_is_and_stops_on_ctrl_c(checkout):
    hidden = {"DISPLAY", "WAYLAND_DISPLAY", "JUPYTER_TOKEN", "PYTHONPATH"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    process = subprocess.Popen(
        [sys.executable, "tools/lab.py", f"--port={_free_port()}", "--no-browser"],
        cwd=checkout,
        env={**environment, "HOME": str(checkout), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    timer = _kill_after(process, 90)
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("JupyterLab is at"):
                break
        address = re.fullmatch(r"JupyterLab is at  (http://127\.0\.0\.1:\d+(/\S*))\n", said[-1])
        assert address, "".join(said)
        assert address.group(2).startswith("/lab/tree/00_start_here.ipynb?token=")
        with urllib.request.urlopen(address.group(1), timeout=30) as page:
            assert page.status == 200
        # This environment's own kernel, which finds course_utils though it is not installed here.
        answer = _ask_server(address.group(1), "/api/kernelspecs")
        assert answer["default"] == "python3" and list(answer["kernelspecs"]) == ["python3"]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait() == 0, rest
    finally:
        timer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()
    told = [line for line in [*said, *rest.splitlines()] if line.strip()]
    # With the packages for grading, JupyterLab has an extension that speaks for itself.
    told = [line for line in told if not line.startswith("[NbGrader")]
    assert len(told) == 4, told  # copied, the address, how to end it, that it has ended


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _kill_after(process, seconds):
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _ask_server(address: str, path: str):
    """What the server at an address with its token says about a path."""
    base, token = re.match(r"(http://[^/]+).*token=(\w+)", address).groups()
    with urllib.request.urlopen(f"{base}{path}?token={token}", timeout=30) as answer:
        return json.load(answer)
