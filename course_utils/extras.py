"""Packages that one lesson needs beside a lane: which, are they here, and do they stay offline?

requirements/<extra>.txt pins them. None of them is imported here.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
import uuid
from importlib import metadata
from pathlib import Path

from .texts import all_of, text

# The packages that answers and exercises import; what these bring is not named.
PACKAGES = {
    "libraries": ("albumentations", "datasets", "safetensors", "tokenizers", "transformers"),
}

# What keeps these packages from the network, and from writing beside the outputs of a notebook.
# They read it when they are imported.
SETTINGS = {
    "libraries": {
        "HF_HUB_OFFLINE": "1",  # a name that is no folder raises an error and is not looked up
        "HF_DATASETS_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_ALBUMENTATIONS_UPDATE": "1",  # or it asks for its newest version at each import
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",  # its threads do not survive the fork of a DataLoader
    }
}
CACHE = "HF_HOME"  # the folder in which datasets keeps the tables that it makes


class PackagesMissing(Exception):
    """The packages of an extra are not installed; the message says which, and the command."""


def missing(extra: str) -> list[str]:
    """The packages of an extra that are not installed."""
    return [name for name in PACKAGES[extra] if not _installed(name)]


def _installed(package: str) -> bool:
    # A folder of the student's may have the same name, so that finding a module says nothing.
    try:
        return bool(metadata.version(package))
    except metadata.PackageNotFoundError:
        return False


def demand(extra: str, what: str) -> None:
    """Raise PackagesMissing if an extra is not installed. what: that needs it: '12.3'."""
    lacking = missing(extra)
    if lacking:
        sentence = text(
            "extras.missing",
            "{what} needs packages that are not installed here: {packages}. Run the first cell of "
            "its notebook, or `{command}`.",
            what=what,
            packages=all_of(f"`{name}`" for name in lacking),
            command=command(extra),
        )
        raise PackagesMissing(sentence)


def command(extra: str) -> str:
    """What installs an extra into the lane, from a terminal."""
    lane = "" if _installed("torchtext") else "--lane latest "
    return f"python tools/install.py {lane}--extra {extra}"


def keep_offline(extra: str) -> None:
    """Set what keeps an extra's packages from the network, before they are imported.

    Their caches lie in a temporary folder, which is removed when this process ends.
    """
    os.environ.update(SETTINGS[extra], **{CACHE: _cache()})


@functools.cache
def _cache() -> str:
    """The path of a folder that the packages make when they need it."""
    folder = Path(tempfile.gettempdir(), f"course-{uuid.uuid4()}")
    atexit.register(_remove, folder, os.getpid())
    return str(folder)


def _remove(folder: Path, maker: int) -> None:
    if os.getpid() == maker:  # not a process that was forked from it
        shutil.rmtree(folder, ignore_errors=True)
