"""The shipped data is what its manifest says, and bad files get one clear sentence."""

import errno
import functools
import gzip
import hashlib
import http.server
import json
import math
import re
import shutil
import socket
import subprocess
import sys
import threading
import warnings
from collections import Counter
from importlib import metadata

import pytest
import torch

from course_utils import data
from course_utils.data import DataError
from tests import ROOT

DATA = ROOT / "data"
AG_NEWS_URL, AG_NEWS_MD5 = data.AG_NEWS_URL, data.AG_NEWS_MD5  # tests put small sets in place
MANIFEST = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture
def copied_data(monkeypatch, tmp_path):
    """A copy of data/ that may be damaged, in the place of the real one."""
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy, ignore=shutil.ignore_patterns("full", "__pycache__"))
    monkeypatch.setattr(data, "folder", lambda: copy)
    return copy


# What is shipped ----------------------------------------------------------------------------


def test_the_manifest_and_the_readme_are_up_to_date():
    command = [sys.executable, str(DATA / "manifest.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout


def test_every_file_is_in_the_manifest_or_makes_one():
    machinery = {"README.md", "manifest.json", "manifest.py", ".gitattributes"}
    scripts = {entry["script"] for entry in MANIFEST.values() if entry["script"]}
    expected = machinery | scripts | set(MANIFEST)
    ignored = {"full", "__pycache__"}
    found = {
        path.relative_to(DATA).as_posix()
        for path in DATA.rglob("*")
        if path.is_file() and not ignored & set(path.relative_to(DATA).parts)
    }
    assert found == expected


def test_every_entry_names_licence_and_source():
    for name, entry in MANIFEST.items():
        assert entry["licence"] in ("CC0 1.0", "CC BY 4.0"), name
        assert entry["source"], name
        assert entry["rows"] > 0, name


def test_everything_shipped_is_intact():
    assert data.problems() == []


# Damage -------------------------------------------------------------------------------------


def test_a_missing_file_is_named_with_its_remedy(copied_data):
    (copied_data / "penguins.csv").unlink()
    with pytest.raises(DataError) as caught:
        data.penguins()
    assert str(caught.value) == (
        f"data/penguins.csv is missing (sha256 {MANIFEST['penguins.csv']['sha256']}): in the "
        "course's folder, restore it with `git checkout -- data/penguins.csv`."
    )
    assert data.problems() == [str(caught.value)]


@pytest.mark.parametrize("damage", [lambda c: c[:-40], lambda c: c.replace(b"39.1", b"93.1")])
def test_a_damaged_file_is_named_with_its_checksum(copied_data, damage):
    path = copied_data / "penguins.csv"
    path.write_bytes(damage(path.read_bytes()))
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DataError) as caught:
        data.penguins()
    assert str(caught.value) == (
        f"data/penguins.csv is damaged (its sha256 is {found[:12]}..., not "
        f"{MANIFEST['penguins.csv']['sha256']}): in the course's folder, restore it with "
        "`git checkout -- data/penguins.csv`."
    )


def test_each_damaged_file_is_reported(copied_data):
    for name in MANIFEST:
        (copied_data / name).write_bytes(b"")
    found = data.problems()
    assert len(found) == len(MANIFEST)
    for name, sentence in zip(MANIFEST, found, strict=True):
        assert sentence.startswith(f"data/{name} is damaged")


@pytest.mark.parametrize(("content", "fault"), [(None, "missing"), ("{", "damaged")])
def test_a_manifest_that_is_gone_is_one_problem(copied_data, content, fault):
    path = copied_data / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert data.problems() == [
        f"data/manifest.json is {fault}: in the course's folder, restore it with "
        "`git checkout -- data/manifest.json`."
    ]


def test_another_data_folder_can_be_named(monkeypatch, tmp_path):
    shutil.copytree(DATA, tmp_path / "d", ignore=shutil.ignore_patterns("full", "__pycache__"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "d"))
    assert len(data.penguins()) == 344
    (tmp_path / "d" / "penguins.csv").unlink()
    with pytest.raises(DataError) as caught:
        data.penguins()
    assert str(caught.value).startswith(f"{tmp_path / 'd' / 'penguins.csv'} is missing")
    assert "COURSE_DATA" in str(caught.value)


def test_a_notebook_shows_the_sentence_without_a_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        InteractiveShell().run_cell("from course_utils import data\ndata.news('valid')")
    expected = "DataError: there is no split 'valid': write 'train' or 'test'."
    assert captured.stdout.strip() == expected


# Tables ------------------------------------------------------------------------------------


def test_penguins_have_their_gaps():
    penguins = data.penguins()
    assert penguins.shape == (344, 8)
    measures = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    assert (penguins[measures].dtypes == "float64").all()
    assert penguins["year"].dtype == "int64"
    assert penguins["species"].value_counts().to_dict() == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    assert penguins["body_mass_g"].isna().sum() == 2
    assert penguins["sex"].isna().sum() == 11


def test_tumours_are_imbalanced():
    tumours = data.tumours()
    assert tumours.shape == (400, 5)
    assert tumours["diagnosis"].value_counts().to_dict() == {"benign": 357, "malignant": 43}
    assert not tumours.isna().any().any()


# Digits -------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", [True, False])
def test_torchvision_reads_the_digits(train):
    from torchvision.datasets import MNIST

    dataset = MNIST(data.digits_root(), train=train, download=False)
    images, labels = data.digits(train)
    assert len(dataset) == (1442 if train else 355)
    assert torch.equal(dataset.data, images)
    assert torch.equal(dataset.targets, labels)
    image, label = dataset[0]
    assert (image.size, image.mode, label) == ((28, 28), "L", labels[0].item())


@pytest.mark.parametrize("train", [True, False])
def test_digits_look_like_those_of_mnist(train):
    images, labels = data.digits(train)
    assert images.dtype == torch.uint8
    assert labels.dtype == torch.int64
    assert labels.unique().tolist() == list(range(10))
    border = torch.ones(28, 28, dtype=torch.bool)
    border[4:24, 4:24] = False
    assert images[:, border].max() == 0
    brightest = images.amax(dim=(1, 2))  # (n,)
    assert brightest.min() == 255
    assert 0.1 < images.float().mean() / 255 < 0.2  # MNIST: 0.13


def test_every_digit_is_in_both_splits_in_the_same_share():
    train, test = (torch.bincount(data.digits(part)[1]) for part in (True, False))
    share = test / (train + test)
    assert share.min() > 0.19
    assert share.max() < 0.21


def test_no_image_is_in_both_splits_or_twice_in_one():
    both = torch.cat([data.digits(True)[0], data.digits(False)[0]])  # (1797, 28, 28)
    hashes = {hashlib.sha256(image.numpy().tobytes()).hexdigest() for image in both}
    assert len(hashes) == len(both) == 1797


def test_digits_can_be_learned():
    train_images, train_labels = data.digits(True)
    test_images, test_labels = data.digits(False)
    distances = torch.cdist(test_images.flatten(1).float(), train_images.flatten(1).float())
    guesses = train_labels[distances.argmin(dim=1)]  # (355,)
    accuracy = (guesses == test_labels).float().mean().item()
    assert 0.95 < accuracy < 1.0


@pytest.mark.parametrize("name", data.MNIST_FILES)
def test_damaged_digits_are_named(copied_data, name):
    with (copied_data / "digits" / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match=f"^data/digits/{name} is damaged"):
        data.digits_root()


# News ---------------------------------------------------------------------------------------


def words(text):
    return re.findall(r"[a-z]+|\d+", text.lower())


def test_news_are_enough_in_every_class():
    for split, least in (("train", 400), ("test", 100)):
        labels = [label for label, _ in data.news(split)]
        assert len(labels) >= least
        counts = Counter(labels)
        assert set(counts) == set(data.NEWS_CLASSES)
        assert max(counts.values()) == min(counts.values())


@pytest.mark.parametrize("split", ["train", "test"])
def test_news_are_written_as_ag_news_are(split):
    for line in (DATA / "news" / f"{split}.csv").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r'"[1-4]","[^"]+","[^"]+"', line), line
        assert line.isascii(), line
        assert 5 <= len(words(line)) <= 70, line


def test_no_two_news_items_are_nearly_the_same():
    texts = [text for split in ("train", "test") for _, text in data.news(split)]
    pairs_of_words = []
    for text in texts:
        found = words(text)
        pairs_of_words.append(set(zip(found, found[1:], strict=False)))
    alike = [
        (len(one & other) / len(one | other), texts[i], texts[i + 1 + j])
        for i, one in enumerate(pairs_of_words)
        for j, other in enumerate(pairs_of_words[i + 1 :])
    ]
    assert max(alike)[0] < 0.15, max(alike)


def test_news_follow_no_template():
    descriptions = [
        line.split('","')[2]
        for split in ("train", "test")
        for line in (DATA / "news" / f"{split}.csv").read_text(encoding="utf-8").splitlines()
    ]
    beginnings = Counter(tuple(words(text)[:3]) for text in descriptions)
    assert max(beginnings.values()) <= 3
    vocabulary = {word for text in descriptions for word in words(text)}
    assert len(vocabulary) > 5 * len(descriptions)


def naive_bayes_accuracy(train, test):
    """How many of the test items a bag of words gets right."""
    counts = {label: Counter() for label in data.NEWS_CLASSES}
    for label, text in train:
        counts[label].update(words(text))
    vocabulary = set().union(*counts.values())
    smoothed = {label: found.total() + len(vocabulary) for label, found in counts.items()}

    def score(label, text):
        known = [word for word in words(text) if word in vocabulary]
        return sum(math.log((counts[label][word] + 1) / smoothed[label]) for word in known)

    guesses = [max(counts, key=lambda label, text=text: score(label, text)) for _, text in test]
    right = [guess == label for guess, (label, _) in zip(guesses, test, strict=True)]
    return sum(right) / len(right)


def test_a_bag_of_words_learns_the_news_but_not_perfectly():
    train, test = data.news("train"), data.news("test")
    assert 0.80 < naive_bayes_accuracy(train, test) < 0.97
    everything = train + test
    for fold in range(5):
        held_out = everything[fold::5]
        others = [item for place, item in enumerate(everything) if place % 5 != fold]
        assert 0.75 < naive_bayes_accuracy(others, held_out) < 0.97


def test_an_unknown_split_is_told():
    with pytest.raises(DataError, match="^there is no split 'valid': write 'train' or 'test'.$"):
        data.news("valid")


# The full sets ------------------------------------------------------------------------------


def small_idx(*shape):
    """A file of zeros in the IDX format."""
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return bytes([0, 0, 8, len(shape)]) + sizes + bytes(torch.Size(shape).numel())


SMALL_MNIST = {
    "train-images-idx3-ubyte": small_idx(3, 28, 28),
    "train-labels-idx1-ubyte": small_idx(3),
    "t10k-images-idx3-ubyte": small_idx(2, 28, 28),
    "t10k-labels-idx1-ubyte": small_idx(2),
}
SMALL_NEWS = {
    "train": b'"1","a","b"\n"4","c","d"\n',
    "test": b'"2","e","f"\n',
}


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def server(tmp_path):
    """A web server on this machine: its folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join(10)


def point_to(address, monkeypatch):
    """Download small sets from this address in place of the full ones."""
    from torchvision.datasets import MNIST

    compressed = {name: gzip.compress(content) for name, content in SMALL_MNIST.items()}
    resources = [(f"{name}.gz", md5(content)) for name, content in compressed.items()]
    sizes = {f"MNIST/raw/{name}": len(content) for name, content in SMALL_MNIST.items()}
    monkeypatch.setattr(MNIST, "mirrors", [f"{address}/"])
    monkeypatch.setattr(MNIST, "resources", resources)
    monkeypatch.setattr(data, "MNIST_FILES", sizes)
    monkeypatch.setattr(data, "AG_NEWS_URL", address)
    monkeypatch.setattr(
        data, "AG_NEWS_MD5", {split: md5(content) for split, content in SMALL_NEWS.items()}
    )
    return {f"{name}.gz": content for name, content in compressed.items()} | {
        f"{split}.csv": content for split, content in SMALL_NEWS.items()
    }


@pytest.fixture
def small_sets(server, copied_data, monkeypatch):
    """Small sets ready to be downloaded; the folder that serves them."""
    folder, address = server
    for name, content in point_to(address, monkeypatch).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("name", ["mnist", "ag_news"])
def test_a_download_shows_its_progress_and_ends_in_one_line(small_sets, copied_data, name, capsys):
    assert data.main([name]) == 0
    printed = capsys.readouterr()
    assert printed.out == (
        f"{name} is in {copied_data / 'full'}. To use it, set COURSE_FULL=1, or call its reader "
        "with full=True.\n"
    )
    assert "100%" in printed.err


def test_the_same_code_reads_the_full_digits_where_asked(small_sets, monkeypatch):
    from torchvision.datasets import MNIST

    root = data.download("mnist")
    assert data.digits_root(full=True) == root
    assert len(MNIST(data.digits_root(full=True), train=False)) == 2
    # A download alone changes nothing for the lessons.
    monkeypatch.delenv("COURSE_FULL", raising=False)
    assert data.digits_root() == data.folder() / "digits"
    monkeypatch.setenv("COURSE_FULL", "1")
    assert data.digits_root() == root
    assert data.digits_root(full=False) == data.folder() / "digits"


def test_the_same_code_reads_the_full_news_where_asked(small_sets, monkeypatch):
    data.download("ag_news")
    assert data.news("train", full=True) == [(1, "a b"), (4, "c d")]
    monkeypatch.setenv("COURSE_FULL", "1")
    assert data.news("test") == [(2, "e f")]


def test_what_is_there_is_not_downloaded_again(small_sets):
    for name in ("mnist", "ag_news"):
        data.download(name)
    for path in small_sets.iterdir():
        path.unlink()
    for name in ("mnist", "ag_news"):
        data.download(name)


@pytest.mark.parametrize(
    ("name", "file", "fault", "read"),
    [
        (
            "mnist",
            "MNIST/raw/train-images-idx3-ubyte",
            "its size is 2367, not 2368",
            lambda: data.digits_root(full=True),
        ),
        (
            "ag_news",
            "datasets/AG_NEWS/test.csv",
            f"its md5 is {md5(SMALL_NEWS['test'][:-1])}, not {md5(SMALL_NEWS['test'])}",
            lambda: data.news("test", full=True),
        ),
    ],
)
def test_a_download_that_was_cut_short_is_not_read_and_mended(small_sets, name, file, fault, read):
    path = data.download(name) / file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError) as caught:
        read()
    assert str(caught.value) == (
        f"data/full/{file} is damaged ({fault}): "
        f"download it again with `python -m course_utils.data {name}`."
    )
    data.download(name)
    read()


def test_a_set_that_was_not_downloaded_is_told(copied_data):
    with pytest.raises(DataError) as caught:
        data.digits_root(full=True)
    assert str(caught.value) == (
        "data/full/MNIST/raw/train-images-idx3-ubyte is not there: download the full set with "
        "`python -m course_utils.data mnist`."
    )
    with pytest.raises(DataError, match="^data/full/datasets/AG_NEWS/test.csv is not there"):
        data.news("test", full=True)


@pytest.mark.parametrize("name", ["mnist", "ag_news"])
def test_without_a_network_there_is_one_line(copied_data, monkeypatch, name, capsys):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    point_to(address, monkeypatch)
    assert data.main([name]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith(f"{name} was not downloaded (")
    assert "check the network" in printed.err


@pytest.mark.parametrize("name", ["mnist", "ag_news"])
def test_a_silent_server_is_not_waited_for_without_end(copied_data, monkeypatch, name):
    monkeypatch.setattr(data, "NETWORK_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_to(f"http://127.0.0.1:{silent.getsockname()[1]}", monkeypatch)
        with pytest.raises(DataError, match="check the network"):
            data.download(name)
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("name", ["mnist", "ag_news"])
def test_a_file_that_arrives_damaged_is_told(small_sets, name):
    for path in small_sets.iterdir():
        path.write_bytes(b"something else")
    with pytest.raises(DataError, match=f"^{name} was not downloaded"):
        data.download(name)


def test_a_full_disk_is_told(copied_data, monkeypatch):
    def fill_the_disk(root):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setitem(data.DOWNLOADS, "mnist", fill_the_disk)
    with pytest.raises(DataError, match="^mnist was not downloaded: the disk is full.$"):
        data.download("mnist")


@pytest.mark.skipif(
    all(found.name != "torchtext" for found in metadata.distributions()),
    reason="this lane has no torchtext to compare with",
)
def test_torchtext_reads_what_is_downloaded(small_sets, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchtext's own source has an invalid escape sequence
        import torchtext

        torchtext.disable_torchtext_deprecation_warning()
        from torchtext.datasets import AG_NEWS, ag_news

    original = f"{AG_NEWS_URL}/train.csv", f"{AG_NEWS_URL}/test.csv"
    assert (ag_news.URL["train"], ag_news.URL["test"]) == original
    assert ag_news.MD5 == AG_NEWS_MD5
    monkeypatch.setattr(ag_news, "MD5", data.AG_NEWS_MD5)
    root = data.download("ag_news")
    for split in ("train", "test"):
        assert list(AG_NEWS(root=str(root), split=split)) == data.news(split, full=True)
