"""Files that are written whole or not at all: a full disk or a stop leaves no half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, or leave what is there as it is. Its folder has to be there.

    Raises OSError.
    """
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(partial).chmod(0o644)  # mkstemp makes files that others cannot read
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink()
        raise
