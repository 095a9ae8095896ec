"""Is this kernel the course's, and is its data intact? The first cell of every notebook asks.

The versions expected are those of requirements/*.txt, the one home of the numbers. Only package
metadata is read: nothing heavy is imported. Where a lesson needs an extra, the first cell installs
it into the kernel's environment, and keeps it offline. A remedy is what helps where the notebook is
open: in JupyterLab, in VS Code, or wherever the course was installed as a wheel.
"""

from __future__ import annotations

import functools
import importlib
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from . import data, extras
from .course_files import course_folder, from_wheel
from .terminal import say
from .texts import all_of, one_of, text

OLDEST_PYTHON = (3, 11)  # as requires-python in pyproject.toml
REQUIREMENTS = course_folder("requirements")
LANES = ("torchtext", "latest")
# A wrong version of one of these changes what lessons print, or breaks them.
CHECKED = ("torch", "torchvision", "torchtext", "numpy")


def report(*needed: str) -> None:
    """Print one line when all is well, or one line for each problem with its remedy.

    needed: the extras of the notebook, as "libraries". What is not there is installed, and what
    keeps it from the network is set: extras.SETTINGS.
    Shown in the first cell of every notebook; explained in 00.
    """
    trouble = [sentence for extra in needed for sentence in _add(extra)] + problems()
    for extra in needed:
        extras.keep_offline(extra)
    for line in trouble:
        say(line)
    if trouble:
        return
    remarks = notes()
    for line in remarks:
        say(text("environment.note", "Note: {remark}", remark=line))
    if remarks:
        say(text("environment.ready_with_notes", "Ready: data intact."))
    else:
        say(text("environment.ready", "Ready: packages as pinned, data intact."))


def _add(extra: str) -> list[str]:
    """Install an extra where it is not there as pinned; what is in the way, as sentences."""
    wanted, names = pins(extra), extras.PACKAGES[extra]
    if not wanted:  # the course's requirements/ is not here
        lacking = extras.missing(extra)
        return [_not_added(extra, lacking)] if lacking else []
    others = [name for name in names if installed(name) not in wanted[name]]
    if not others:
        return []
    requirements = REQUIREMENTS / f"{extra}.txt"
    sentence = text(
        "environment.adding",
        "This notebook needs {packages} in the course's versions. They are installed now, with "
        "what they bring: about 170 MB to download, 530 MB on disk.",
        packages=all_of(f"{name} {one_of(wanted[name])}" for name in others),
    )
    say(sentence)
    # What they share with the lane is there, in the versions of the lane.
    options = ["--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r"]
    command = [sys.executable, "-m", "pip", "install", *options, str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    importlib.invalidate_caches()
    if done.returncode == 0:
        return []
    return [_not_added(extra, others), *done.stderr.strip().splitlines()[-1:]]


def _not_added(extra: str, packages: list[str]) -> str:
    if from_wheel():
        return text(
            "environment.not_added_to_wheel",
            "{packages} could not be installed: run `%pip install --no-deps -r {file}` in a cell, "
            "and restart the kernel.",
            packages=all_of(packages),
            file=REQUIREMENTS / f"{extra}.txt",
        )
    return text(
        "environment.not_added",
        "{packages} could not be installed: close JupyterLab, run `{command}` in the course's "
        "folder with this environment's Python, and start it again.",
        packages=all_of(packages),
        command=extras.command(extra),
    )


def lane() -> str:
    """'torchtext' where torchtext can be loaded, otherwise 'latest'; taught in lesson 08.

    torchtext's binary loads only with the torch it was built for, so both are looked at.
    """
    pinned = pins("torchtext").get("torch")
    found = installed("torch")
    fits = found is not None and (pinned is None or _minor(found) == _minor(pinned[0]))
    return "torchtext" if fits and installed("torchtext") else "latest"


def problems() -> list[str]:
    """One sentence for each thing that keeps the course from working; an empty list is good."""
    return [*_python_problems(), *_package_findings()[0], *data.problems()]


def notes() -> list[str]:
    """Differences from the pins with which the course mostly works, newer versions for example."""
    return _package_findings()[1]


def installed(package: str) -> str | None:
    """The version installed, without a local part such as '+cpu'; None if there is none."""
    try:
        return metadata.version(package).split("+")[0]
    except metadata.PackageNotFoundError:
        return None


def pins(of_lane: str) -> dict[str, list[str]]:
    """The versions pinned for a lane, by package; more than one where Python decides."""
    return _read_pins(REQUIREMENTS / f"{of_lane}.txt")


@functools.cache
def _read_pins(path: Path) -> dict[str, list[str]]:
    if not path.exists():
        return {}
    found: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", path.read_text("utf-8"), re.M):
        found.setdefault(package, []).append(version)
    return found


def _python_problems() -> list[str]:
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return []
    sentence = text(
        "environment.old_python",
        "Python {found} is older than the course's {oldest}: {remedy}.",
        found=".".join(map(str, sys.version_info[:2])),
        oldest=".".join(map(str, OLDEST_PYTHON)),
        remedy=_remedy(LANES[0]),
    )
    return [sentence]


def _package_findings() -> tuple[list[str], list[str]]:
    """Problems and notes about the packages, compared with the lane that torch belongs to."""
    torch_found = installed("torch")
    if not all(pins(each) for each in LANES):
        remark = text(
            "environment.no_requirements",
            "requirements/ was not found, so the versions were not compared.",
        )
        return [], [remark]
    if torch_found is None:
        return [_not_installed("torch", "latest" if from_wheel() else LANES[0])], []
    older = _key(torch_found) <= _key(pins("torchtext")["torch"][0])
    own_lane = "torchtext" if older else "latest"
    expected = pins(own_lane)
    trouble, differences = [], []
    for package in CHECKED:
        found, wanted = installed(package), expected.get(package)
        if found is None and wanted is not None:
            trouble.append(_not_installed(package, own_lane))
        elif found is not None and wanted is None:
            sentence = text(
                "environment.does_not_load",
                "{package} {found} does not load with torch {torch}: remove it with "
                "`pip uninstall {package}` and restart the kernel.",
                package=package,
                found=found,
                torch=torch_found,
            )
            trouble.append(sentence)
        elif found is not None and wanted is not None and found not in wanted:
            holes = {"package": package, "found": found, "wanted": one_of(wanted)}
            # A newer torch than any of ours, as on Colab, brings packages of its own that fit it.
            if own_lane == "torchtext" or torch_found in expected["torch"]:
                sentence = text(
                    "environment.other_version",
                    "{package} {found} is not the course's {wanted}: {remedy}.",
                    **holes,
                    remedy=_remedy(own_lane),
                )
                trouble.append(sentence)
            else:
                difference = text(
                    "environment.difference",
                    "{package} {found} is not the course's {wanted}",
                    **holes,
                )
                differences.append(difference)
    if not differences:
        return trouble, []
    remark = text(
        "environment.differences",
        "{differences}. Most of the course works the same; printed results may differ.",
        differences="; ".join(differences),
    )
    return trouble, [remark]


def _not_installed(package: str, for_lane: str) -> str:
    return text(
        "environment.not_installed",
        "{package} is not installed: {remedy}.",
        package=package,
        remedy=_remedy(for_lane),
    )


def _remedy(for_lane: str) -> str:
    """How to set up a lane, as a clause."""
    default = for_lane == LANES[0]
    if from_wheel():  # the pins are extras of it; pip does not look for what is installed
        return text(
            "environment.install_pins",
            'run `%pip install "course_utils[{lane}]"` in a cell, and restart the kernel',
            lane=for_lane,
        )
    in_vs_code = hasattr(sys.modules["__main__"], "__vsc_ipynb_file__")
    if in_vs_code or "VSCODE_PID" in os.environ:
        return text(
            "environment.set_up_for_an_editor",
            "run `{command}` in the course's folder, and choose {folder} with Select Kernel",
            command="python tools/install.py" + ("" if default else f" --lane {for_lane}"),
            folder=".venv" if default else f".venv-{for_lane}",
        )
    return text(
        "environment.set_up",
        "close JupyterLab and run `{command}`",
        command="make lab" if default else f"make lab LANE={for_lane}",
    )


def _key(version: str) -> tuple[int, ...]:
    """Versions in order: (2, 3, 1) for '2.3.1' and '2.3.1rc1'."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _minor(version: str) -> tuple[int, ...]:
    return _key(version)[:2]
