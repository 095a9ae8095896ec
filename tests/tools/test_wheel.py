"""A wheel of the course: what is in it, and that it works where the course's folder is not."""

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import course_utils
from course_utils.notebook import environment_cell
from tests import ROOT

LANES = ("torchtext", "latest")
BUILT_FROM = ("course_utils", "data", "requirements", "Makefile", "pyproject.toml", "setup.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What `make wheel` makes, in a copy: building leaves files beside the source."""
    if not shutil.which("make"):
        pytest.skip("there is no make here")
    copy = tmp_path_factory.mktemp("course")
    for name in BUILT_FROM:
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        take(ROOT / name, copy / name)
    left_over = copy / "build" / "lib" / "course_utils" / "of_yesterday.py"
    left_over.parent.mkdir(parents=True)
    left_over.touch()
    # The environment is there already, so its set-up is left out.
    here = f"BIN={Path(sys.executable).parent}"
    command = ["make", "wheel", here, "--old-file=install"]
    subprocess.run(command, cwd=copy, check=True, stdin=subprocess.DEVNULL)
    [wheel] = (copy / "dist").glob("*.whl")
    return wheel


def test_a_wheel_holds_the_package_the_data_and_the_pins(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    own = f"course_utils-{course_utils.__version__}.dist-info"
    assert wheel.name.split("-")[1] == course_utils.__version__
    assert {name.split("/")[0] for name in names} == {"course_utils", own}
    assert "course_utils/lessons/tensors/predictions.py" in names
    assert "course_utils/figures/course.mplstyle" in names
    assert "course_utils/course/data/digits/MNIST/raw/train-images-idx3-ubyte" in names
    assert not [name for name in names if name.endswith(("lesson.py", "of_yesterday.py"))]
    assert zipfile.ZipFile(wheel).read(f"{own}/top_level.txt").split() == [b"course_utils"]


def test_a_wheel_asks_for_the_pins_of_a_lane_only_where_it_is_named(wheel):
    archive = zipfile.ZipFile(wheel)
    [metadata] = [name for name in archive.namelist() if name.endswith("/METADATA")]
    wanted = email.message_from_bytes(archive.read(metadata)).get_all("Requires-Dist")
    assert "torch" in wanted
    for lane in LANES:
        text = (ROOT / "requirements" / f"{lane}.txt").read_text(encoding="utf-8")
        assert archive.read(f"course_utils/course/requirements/{lane}.txt").decode() == text
        pinned = re.findall(r"^[\w.-]+==[^\s;\\]+", text, re.M)
        asked = [one.split(";")[0].strip() for one in wanted if f'extra == "{lane}"' in one]
        assert asked == pinned
    assert not [one for one in wanted if "==" in one and "extra ==" not in one]


SESSION = """
import os
from course_utils import check, course_files, data, environment, hint, journal
assert str(course_files.PACKAGE).startswith(os.environ["PYTHONPATH"])
assert len(data.penguins()) == 344
data.digits_root()
hint("01.1")
assert journal.hints_shown("01.1") == 1
def version(package):
    raise environment.metadata.PackageNotFoundError
environment.metadata.version = version
print(environment.problems()[0])
"""


def test_a_wheel_works_in_another_folder(wheel, tmp_path):
    """With the packages of this environment; PYTHONPATH comes before its editable install."""
    place, notebooks = tmp_path / "installed", tmp_path / "notebooks"
    notebooks.mkdir()
    zipfile.ZipFile(wheel).extractall(place)
    first = [sys.executable, "-c", environment_cell()]
    options = {"cwd": notebooks, "env": {**os.environ, "PYTHONPATH": str(place)}}
    said = subprocess.run(first, **options, check=True, capture_output=True, text=True).stdout
    assert said == "Ready: packages as pinned, data intact.\n"
    session = [sys.executable, "-c", SESSION]
    said = subprocess.run(session, **options, check=True, capture_output=True, text=True).stdout
    assert 'torch is not installed: run `%pip install "course_utils[latest]"` in a cell' in said


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M)[0] == course_utils.__version__
