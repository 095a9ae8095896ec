"""The readers of data/, and the optional download of the full sets.

    python -m course_utils.data mnist      the full MNIST: 12 MB to download, 55 MB on disk
    python -m course_utils.data ag_news    the full AG_NEWS: 31 MB

The lessons read what is shipped in data/, so that they work offline and print the same on every
machine. A downloaded set lies in data/full/ and is used only where it is asked for: with
`full=True`, or everywhere with the environment variable COURSE_FULL=1.

Every shipped file is checked against its sha256 when it is read. COURSE_DATA names another data
folder.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import hashlib
import http.client
import io
import json
import os
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .course_files import course_folder, from_wheel
from .terminal import say
from .texts import text

if TYPE_CHECKING:
    import pandas
    import torch

NEWS_CLASSES = {1: "World", 2: "Sports", 3: "Business", 4: "Sci/Tech"}

# MNIST's files are IDX: 4 bytes for the format and 4 for each size, then one byte for each pixel
# or label.
IMAGES_START, LABELS_START = 4 + 3 * 4, 4 + 4
# Where torchvision's MNIST looks below its root, and how large its files are.
MNIST_FILES = {
    "MNIST/raw/train-images-idx3-ubyte": IMAGES_START + 60_000 * 28 * 28,
    "MNIST/raw/train-labels-idx1-ubyte": LABELS_START + 60_000,
    "MNIST/raw/t10k-images-idx3-ubyte": IMAGES_START + 10_000 * 28 * 28,
    "MNIST/raw/t10k-labels-idx1-ubyte": LABELS_START + 10_000,
}
# Where torchtext's AG_NEWS looks below its root. It brings no progress bar and does not load in
# every lane, so its addresses and MD5 sums are repeated here; a test compares them.
AG_NEWS_FOLDER = "datasets/AG_NEWS"
AG_NEWS_URL = "https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv"
AG_NEWS_MD5 = {
    "train": "b1a00f826fdfbd249f79597b59e1dc12",
    "test": "d52ea96a97a2d943681189a97654912d",
}
NETWORK_SECONDS = 30  # how long a download waits for a silent server

NewsItem = tuple[int, str]


class DataError(Exception):
    """A data file is missing, damaged or not what its reader expects; one sentence says which."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [f"DataError: {self}"]


# Where the files are, and whether they are what was shipped ---------------------------------


def folder() -> Path:
    """The data folder: the course's own, or what COURSE_DATA names."""
    asked = os.environ.get("COURSE_DATA")
    return Path(asked).expanduser() if asked else course_folder("data")


def problems() -> list[str]:
    """One sentence for each shipped file that is missing or damaged; an empty list is good."""
    try:
        names = list(_manifest())
    except DataError as error:
        return [str(error)]
    found = []
    for name in names:
        try:
            _shipped(name)
        except DataError as error:
            found.append(str(error))
    return found


def _manifest() -> dict[str, dict]:
    path = folder() / "manifest.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        message = text(
            "data.manifest_missing",
            "{path} is missing: {remedy}.",
            path=_shown(path),
            remedy=_remedy("manifest.json"),
        )
    except ValueError:
        message = text(
            "data.manifest_damaged",
            "{path} is damaged: {remedy}.",
            path=_shown(path),
            remedy=_remedy("manifest.json"),
        )
    raise DataError(message)


def _shipped(name: str) -> bytes:
    """The content of a shipped file, if its checksum is right."""
    manifest = _manifest()
    if name not in manifest:
        path = folder() / "manifest.json"
        message = text(
            "data.not_listed",
            "{path} does not list {name}: {remedy}.",
            path=_shown(path),
            name=name,
            remedy=_remedy("manifest.json"),
        )
        raise DataError(message)
    expected = manifest[name]["sha256"]
    path = folder() / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        message = text(
            "data.missing",
            "{path} is missing (sha256 {expected}): {remedy}.",
            path=_shown(path),
            expected=expected,
            remedy=_remedy(name),
        )
        raise DataError(message) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        message = text(
            "data.damaged",
            "{path} is damaged (its sha256 is {found}..., not {expected}): {remedy}.",
            path=_shown(path),
            found=found[:12],
            expected=expected,
            remedy=_remedy(name),
        )
        raise DataError(message)
    return content


def _unreadable(path: Path, error: OSError) -> DataError:
    message = text(
        "data.unreadable",
        "{path} cannot be read: {reason}.",
        path=_shown(path),
        reason=error.strerror,
    )
    return DataError(message)


def _wants_full(full: bool | None) -> bool:
    return os.environ.get("COURSE_FULL") == "1" if full is None else full


def full_folder() -> Path:
    """Where downloaded sets lie: the root for torchvision's MNIST and torchtext's AG_NEWS."""
    return folder() / "full"


def _remedy(name: str) -> str:
    """What to do about a shipped file, as a clause."""
    if os.environ.get("COURSE_DATA"):
        return text(
            "data.copy_it",
            "COURSE_DATA names this folder, so unset it or copy the course's own file there",
        )
    if from_wheel():
        return text("data.install_again", "install the course's wheel again")
    return text(
        "data.restore_it",
        "in the course's folder, restore it with `git checkout -- data/{name}`",
        name=name,
    )


def _shown(path: Path) -> str:
    """A path as a message shows it: short inside the data folder, as given elsewhere."""
    if path.is_relative_to(folder()) and not os.environ.get("COURSE_DATA"):
        return f"data/{path.relative_to(folder()).as_posix()}"
    return str(path)


# Tables -------------------------------------------------------------------------------------


def penguins() -> pandas.DataFrame:
    """Measurements of 344 penguins of three species, with gaps; first used in lesson 01.

    Returns a DataFrame of shape (344, 8): species, island and sex are text, year is int64, the
    measurements are float64 in mm and g. A gap is NaN.
    Raises DataError if the file is missing or damaged.
    """
    return _table("penguins.csv")


def tumours() -> pandas.DataFrame:
    """400 tumours, of which 43 are malignant: the imbalanced table of lesson 06.

    Returns a DataFrame of shape (400, 5): texture, smoothness, compactness and symmetry are
    float64, diagnosis is "benign" or "malignant". There are no gaps. How the rare class was made
    rare is told in data/README.md.
    Raises DataError if the file is missing or damaged.
    """
    return _table("tumours.csv")


def _table(name: str) -> pandas.DataFrame:
    # Not at the top: the first cell reads this module also where pandas cannot be imported.
    import pandas

    return pandas.read_csv(io.BytesIO(_shipped(name)))


# Digits -------------------------------------------------------------------------------------


def digits_root(full: bool | None = None) -> Path:
    """The root to give to torchvision.datasets.MNIST(root, download=False); used in lesson 07.

    It holds 1442 handwritten digits for training and 355 for testing, 28x28. With full=True, or
    with COURSE_FULL=1 in the environment, it is that of the downloaded MNIST: 60000 and 10000.
    Raises DataError if a file is missing or damaged, or if MNIST has not been downloaded.
    """
    if _wants_full(full):
        for name, size in MNIST_FILES.items():
            _expect_full(full_folder() / name, "mnist", "size", size)
        return full_folder()
    for name in MNIST_FILES:
        _shipped(f"digits/{name}")
    return folder() / "digits"


def digits(train: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
    """The shipped digits as two tensors, without torchvision.

    Returns images (n, 28, 28) uint8 from 0 to 255, and labels (n,) int64.
    Raises DataError if a file is missing or damaged.
    """
    # Not at the top: the first cell reads this module also where torch cannot be imported.
    import torch

    def values(kind: str, start: int) -> torch.Tensor:
        part = "train" if train else "t10k"
        content = _shipped(f"digits/MNIST/raw/{part}-{kind}-ubyte")
        return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=start).clone()

    images, labels = values("images-idx3", IMAGES_START), values("labels-idx1", LABELS_START)
    return images.reshape(-1, 28, 28), labels.long()


# News ---------------------------------------------------------------------------------------


def news(split: str = "train", full: bool | None = None) -> list[NewsItem]:
    """News items as (label, text), as torchtext.datasets.AG_NEWS gives them; used in lesson 08.

    split: "train" or "test". The label is 1 World, 2 Sports, 3 Business, 4 Sci/Tech; the text is
    the title, a space, and the description. With full=True, or with COURSE_FULL=1 in the
    environment, they are those of the downloaded AG_NEWS.
    Raises DataError if the file is missing or damaged, or if AG_NEWS has not been downloaded.
    """
    if split not in AG_NEWS_MD5:
        message = text(
            "data.no_split", "there is no split {split!r}: write 'train' or 'test'.", split=split
        )
        raise DataError(message)
    if _wants_full(full):
        path = full_folder() / AG_NEWS_FOLDER / f"{split}.csv"
        _expect_full(path, "ag_news", "md5", AG_NEWS_MD5[split])
        content = path.read_bytes()
    else:
        content = _shipped(f"news/{split}.csv")
    rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    return [(int(label), f"{title} {description}") for label, title, description in rows]


# The full sets ------------------------------------------------------------------------------


def _expect_full(path: Path, name: str, measure: str, expected: int | str) -> None:
    """Raise DataError unless a downloaded file is there and its "size" or "md5" is right."""
    command = f"python -m course_utils.data {name}"
    try:
        if measure == "size":
            found: int | str = path.stat().st_size
        else:
            found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except FileNotFoundError:
        message = text(
            "data.not_downloaded",
            "{path} is not there: download the full set with `{command}`.",
            path=_shown(path),
            command=command,
        )
        raise DataError(message) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if found == expected:
        return
    holes = {"path": _shown(path), "found": found, "expected": expected, "command": command}
    if measure == "size":
        message = text(
            "data.wrong_size",
            "{path} is damaged (its size is {found}, not {expected}): download it again with "
            "`{command}`.",
            **holes,
        )
    else:
        message = text(
            "data.wrong_md5",
            "{path} is damaged (its md5 is {found}, not {expected}): download it again with "
            "`{command}`.",
            **holes,
        )
    raise DataError(message)


def download(name: str) -> Path:
    """Download a full set, "mnist" or "ag_news", into data/full/, with a progress bar.

    What is there already and intact is not downloaded again.
    Returns the root to give to torchvision's MNIST or to torchtext's AG_NEWS.
    Raises DataError if there is no network, no space, or a file arrives damaged.
    """
    root = full_folder()
    waited = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_SECONDS)
    try:
        root.mkdir(parents=True, exist_ok=True)
        # torchvision prints addresses and every failed try; its progress bars go to stderr.
        with contextlib.redirect_stdout(io.StringIO()):
            DOWNLOADS[name](root)
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            message = text(
                "data.disk_full", "{name} was not downloaded: the disk is full.", name=name
            )
        else:
            message = text(
                "data.download_failed",
                "{name} was not downloaded ({reason}): check the network and run the command "
                "again; the lessons work without it.",
                name=name,
                reason=_reason(error),
            )
        raise DataError(message) from None
    finally:
        socket.setdefaulttimeout(waited)
    return root


def _download_mnist(root: Path) -> None:
    from torchvision.datasets import MNIST

    for name, size in MNIST_FILES.items():
        path = root / name
        if path.exists() and path.stat().st_size != size:
            path.unlink()  # torchvision would take a file that was cut short for a finished one
    MNIST(root, download=True)


def _download_ag_news(root: Path) -> None:
    from torchvision.datasets.utils import download_url

    for split, md5 in AG_NEWS_MD5.items():
        download_url(f"{AG_NEWS_URL}/{split}.csv", root / AG_NEWS_FOLDER, f"{split}.csv", md5)


DOWNLOADS = {"mnist": _download_mnist, "ag_news": _download_ag_news}


def _reason(error: Exception) -> str:
    """An error of the network in one line."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return re.sub(r"^<urlopen error (.*)>$", r"\1", first).rstrip(".:")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.data",
        description=text(
            "data.command",
            "Download a full data set into data/full/. The lessons work without it.",
        ),
    )
    parser.add_argument("name", choices=sorted(DOWNLOADS))
    name = parser.parse_args(arguments).name
    try:
        root = download(name)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    message = text(
        "data.downloaded",
        "{name} is in {root}. To use it, set COURSE_FULL=1, or call its reader with full=True.",
        name=name,
        root=root,
    )
    say(message)
    return 0


if __name__ == "__main__":
    sys.exit(main())
