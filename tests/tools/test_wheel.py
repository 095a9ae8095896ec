"""A wheel of the course, and its version."""

import re
import shutil
import subprocess
import sys
import zipfile

import course_utils
from tests import ROOT


def test_a_wheel_holds_the_course_without_the_text_of_its_lessons(tmp_path):
    """In a copy: building leaves files beside the source."""
    for name in ("course_utils", "setup.py", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", "wheels", "."]
    subprocess.run(command, cwd=tmp_path, check=True, stdin=subprocess.DEVNULL)
    [wheel] = (tmp_path / "wheels").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.split("-")[1] == course_utils.__version__
    assert "course_utils/lessons/tensors/predictions.py" in names
    assert not [name for name in names if name.endswith("lesson.py")]


def test_the_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M)[0] == course_utils.__version__
