"""What pyproject.toml cannot say: what a wheel has of the folders beside the package.

A wheel holds the helper package, and in it, under course/, the data and the pins, from data/ and
requirements/. Of lessons it has no lesson.py, which the build reads and nothing imports. An
editable install reads these folders where they are, and has grading/ and tools/ as well.
"""

import json
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

LANES = ("torchtext", "latest")


class CourseInAWheel(build_py):
    """The package without the text of its lessons, with the data and the pins."""

    def find_package_modules(self, package, package_dir):
        found = super().find_package_modules(package, package_dir)
        return [(package, module, file) for package, module, file in found if module != "lesson"]

    def run(self):
        if self.editable_mode:
            super().run()
            return
        # What an earlier build left there would be in this wheel, too.
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        for name in beside_the_package():
            target = Path(self.build_lib, "course_utils", "course", name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, target)


class WithTheTools(editable_wheel):
    """In an editable install, `python -m grading` works in every folder."""

    def run(self):
        self.distribution.packages += find_packages(include=["grading*", "tools*"])
        super().run()


def beside_the_package():
    """The files of data/ and requirements/ that a student's kernel reads."""
    shipped = json.loads(Path("data/manifest.json").read_bytes())
    data = [f"data/{name}" for name in ("README.md", "manifest.json", *shipped)]
    return [*data, *(f"requirements/{name}.txt" for name in (*LANES, "libraries"))]


def pins(lane):
    """All packages of a lane, as a wheel can ask for them: without their hashes."""
    text = Path(f"requirements/{lane}.txt").read_text(encoding="utf-8")
    return [pin.strip() for pin in re.findall(r"^[\w.-]+==[^\\\n]+", text, re.MULTILINE)]


setup(
    cmdclass={"build_py": CourseInAWheel, "editable_wheel": WithTheTools},
    extras_require={lane: pins(lane) for lane in LANES},
)
