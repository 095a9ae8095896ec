"""Where the data and the pins of the course are: in its folder, or in this package in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
IN_A_WHEEL = PACKAGE / "course"  # setup.py puts it there


def from_wheel() -> bool:
    """True where the course was installed as a wheel: then there is no folder with `make lab`."""
    return IN_A_WHEEL.is_dir()


def course_folder(name: str) -> Path:
    """The folder 'data' or 'requirements'."""
    return (IN_A_WHEEL if from_wheel() else PACKAGE.parent) / name
