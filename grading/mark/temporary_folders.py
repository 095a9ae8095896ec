"""Temporary folders of which nothing stays, however their process ends.

A folder holds a lock that its process keeps; the system opens the lock when the process ends, also
when it is killed. So a later run can tell the folders that nobody uses any more, and removes them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from multiprocessing.util import Finalize
from pathlib import Path
from typing import IO

with contextlib.suppress(ImportError):  # Windows has none, and marks nothing
    import fcntl

PREFIX = "course-grading-"
BEGINNINGS = (PREFIX, "course-private-")  # what earlier versions left begins so as well
LOCK = ".lock"
WITHOUT_LOCK_SECONDS = 3600.0  # an older folder without a lock is nobody's


class TemporaryFolder:
    """A folder that only this user can read, until remove() or the end of this process.

    The workers of a pool end without `atexit`, and TemporaryDirectory relies on that; what
    multiprocessing finalizes is done in them as well.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        # The lock takes its name when it is held: an open one means that nobody uses the folder.
        nameless = self.path / f"{LOCK}.new"
        self._lock: IO[bytes] = nameless.open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        nameless.rename(self.path / LOCK)
        self.remove = Finalize(self, _remove, (self.path, self._lock), exitpriority=0)


def _remove(path: Path, lock: IO[bytes]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    lock.close()


def remove_abandoned() -> None:
    """Remove the folders of this user whose processes have ended without doing so."""
    for path in Path(tempfile.gettempdir()).iterdir():
        if path.name.startswith(BEGINNINGS):
            with contextlib.suppress(OSError):
                if _is_abandoned(path):
                    shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(path: Path) -> bool:
    """Raises OSError where this is not to be known, as of another user's folder."""
    facts = path.lstat()
    if path.is_symlink() or not path.is_dir() or facts.st_uid != os.getuid():
        return False
    try:
        lock = (path / LOCK).open("rb")
    except FileNotFoundError:
        return time.time() - facts.st_mtime > WITHOUT_LOCK_SECONDS
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
