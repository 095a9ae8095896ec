"""The shipped data is what its manifest says, and bad files get one clear sentence."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from course_utils import data
from course_utils.data import DataError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
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

    code = "from course_utils import data\ndata.read_table('nowhere.csv', {})"
    with capture_output() as captured:
        InteractiveShell().run_cell(code)
    expected = "DataError: nowhere.csv cannot be read: No such file or directory."
    assert captured.stdout.strip() == expected


# Penguins, and tables in general ------------------------------------------------------------


def test_penguins_are_what_pandas_reads():
    expected = pandas.read_csv(DATA / "penguins.csv")
    pandas.testing.assert_frame_equal(data.penguins(), expected)


def test_penguins_have_their_gaps():
    penguins = data.penguins()
    assert penguins.shape == (344, 8)
    assert penguins["species"].value_counts().to_dict() == {
        "Adelie": 152,
        "Gentoo": 124,
        "Chinstrap": 68,
    }
    assert penguins["body_mass_g"].isna().sum() == 2
    assert penguins["sex"].isna().sum() == 11


COLUMNS = {"kind": ("cat", "dog"), "weight": float, "legs": int, "name": str}


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "pets.csv"
    path.write_text(
        'name,legs,weight,kind,more\nMia,4,2.5,cat,\n\n"Rex, the\nthird",3,NA,dog,x\n',
        encoding="utf-8",
    )
    table = data.read_table(path, COLUMNS)
    assert list(table.columns) == ["kind", "weight", "legs", "name"]
    assert table["kind"].tolist() == ["cat", "dog"]
    assert table["weight"].isna().tolist() == [False, True]
    assert table.dtypes.astype(str).tolist() == ["object", "float64", "int64", "object"]
    assert table["name"].tolist() == ["Mia", "Rex, the\nthird"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " is empty."),
        (
            "kind;weight;legs;name\n",
            ", line 1: no column 'kind'; it has kind;weight;legs;name.",
        ),
        (
            "kind,weight,legs,legs,name\n",
            ", line 1: more than one column 'legs'; it has kind, weight, legs, legs, name.",
        ),
        (
            'kind,weight,legs,name\ncat,1,4,"a\nb"\ncat,1,4\n',
            ", line 4: 3 cells, where the header has 4.",
        ),
        (
            "kind,weight,legs,name\ncat,1,4,Mia\n\nbird,1,2,Tim\n",
            ", line 4, column kind: 'bird' is not one of cat, dog.",
        ),
        ("kind,weight,legs,name\nNA,1,4,Mia\n", ", line 2, column kind: a value is missing."),
        (
            "kind,weight,legs,name\ncat,heavy,4,Mia\n",
            ", line 2, column weight: 'heavy' is not a number.",
        ),
        (
            "kind,weight,legs,name\ncat,1,4.5,Mia\n",
            ", line 2, column legs: '4.5' is not a whole number.",
        ),
        ("kind,weight,legs,name\ncat,1,,Mia\n", ", line 2, column legs: a value is missing."),
        (
            'kind,weight,legs,name\ncat,1,4,Mia\ncat,1,4,"Mia\n',
            ", line 3: a quote is opened and never closed.",
        ),
        (
            'kind,weight,legs,name\ncat,1,4,"Mia"x\n',
            ", line 2: ',' expected after '\"'.",
        ),
        ("kind,weight,legs,name\ncat,1,4,Zo\udcff\n", ", line 2: this is not UTF-8 text."),
    ],
)
def test_a_bad_table_is_told_where(tmp_path, text, expected):
    path = tmp_path / "pets.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError) as caught:
        data.read_table(path, COLUMNS)
    assert str(caught.value) == f"{path}{expected}"
