"""The helper package of the course: exercises with feedback, predictions, figures, data."""

from importlib import import_module
from typing import Any

__version__ = "1.3"  # of the course; CHANGELOG.md says what is new in it

# Where the course is published, "https://github.com/owner/name"; "" while it is nowhere. Written
# here alone: the first cell of notebooks and the links that open them in Colab are made from it.
REPOSITORY = ""

# Where each name lives. It is loaded when it is first asked for, so that the first cell of a
# notebook can say what is wrong with an environment in which torch cannot be imported.
HOMES = {
    **{"check": "checks", "hint": "checks", "solution": "checks"},
    **{"predict": "prediction", "progress": "progress_panel"},
}

__all__ = ["check", "hint", "predict", "progress", "solution"]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"course_utils has no {name!r}")
    value = getattr(import_module(f".{HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
