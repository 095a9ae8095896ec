"""How a test run uses the machine, and how stored outputs of notebooks are compared."""

import os
import sys
from pathlib import Path

from jupyter_client.provisioning import local_provisioner

from tests.notebooks.forked_kernels import Server

# Before torch is loaded, here and in the kernels: a thread that has nothing to do sleeps. It
# would wait by counting, and take the processor from the tests of the other worker.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

COMPARED_AS = Path(__file__).parent / "tests" / "notebooks"
COMPARED_AS /= "nbval.cfg" if sys.platform == "linux" else "nbval_other_systems.cfg"
# Files are given to workers in this order, so that no worker is left with a long one at the end.
LONG = (
    "test_exercises.py",
    "test_browser.py",
    "test_attacks.py",
    "test_nbgrader_edition.py",
    "test_build.py",
    "test_grade_command.py",
    "test_cluster.py",
    "test_install.py",
    "test_predictions.py",
    "test_marking.py",
)


KERNELS = Server()


def pytest_configure(config):
    if sys.platform == "linux":  # elsewhere torch may not be forked
        local_provisioner.launch_kernel = KERNELS.launch
    if getattr(config.option, "nbval_sanitize_with", "") is None:
        config.option.nbval_sanitize_with = str(COMPARED_AS)


def pytest_unconfigure():
    KERNELS.close()


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):  # one process runs them as they stand
        place = {name: number for number, name in enumerate(LONG)}
        items.sort(key=lambda item: place.get(item.path.name, len(LONG)))
