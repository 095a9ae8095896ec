"""How the stored outputs of notebooks are compared, wherever pytest is started."""

import sys
from pathlib import Path

COMPARED_AS = "nbval.cfg" if sys.platform == "linux" else "nbval_other_systems.cfg"


def pytest_configure(config):
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / COMPARED_AS)
