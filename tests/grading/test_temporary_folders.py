"""Of temporary folders nothing stays, however the process that made them ends."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

import pytest

from grading.mark.temporary_folders import PREFIX, TemporaryFolder, remove_abandoned

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows marks nothing")
MAKES_ONE = (
    "from grading.mark.temporary_folders import TemporaryFolder as T; folder = T(); "
    "(folder.path / 'secret').write_text('x'); print('made', flush=True); input()"
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where temporary folders lie in this process and in those that it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_what_a_killed_process_left_is_removed_and_what_is_in_use_is_not(place):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", MAKES_ONE], **pipes) as other:
        assert other.stdout.readline() == b"made\n"
        [folder] = place.iterdir()
        remove_abandoned()
        assert (folder / "secret").exists()
        other.kill()
        other.wait()
        assert (folder / "secret").exists()
        remove_abandoned()
    assert list(place.iterdir()) == []


def make_one():
    global kept
    kept = TemporaryFolder()


def test_a_worker_of_a_pool_removes_its_folder_when_it_ends(place):
    worker = multiprocessing.get_context("spawn").Process(target=make_one)
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert list(place.iterdir()) == []


def test_a_folder_is_removed_when_it_is_no_longer_used(place):
    folder = TemporaryFolder()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    folder.remove()
    assert list(place.iterdir()) == []


def test_folders_that_are_new_or_not_ours_stay(place):
    old = time.time() - 86_400
    for name in (f"{PREFIX}old", "course-private-old", f"{PREFIX}new", "theirs"):
        (place / name).mkdir()
        if name != f"{PREFIX}new":
            os.utime(place / name, (old, old))
    (place / f"{PREFIX}link").symlink_to(place / "theirs")
    remove_abandoned()
    names = sorted(path.name for path in place.iterdir())
    assert names == [f"{PREFIX}link", f"{PREFIX}new", "theirs"]
