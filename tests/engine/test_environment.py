"""The first cell: one line when all is well, one line with the remedy for each problem."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
import torch

from course_utils import data, environment
from course_utils.notebook import environment_cell
from tests import ROOT

HAS_TORCHTEXT = any(d.name == "torchtext" for d in metadata.distributions())

TORCHTEXT_PINS = {
    "torch": ["2.3.1"],
    "torchvision": ["0.18.1"],
    "torchtext": ["0.18.0"],
    "numpy": ["1.26.4"],
}
LATEST_PINS = {
    "torch": ["2.15.0"],
    "torchvision": ["0.29.2"],
    "numpy": ["2.4.6", "2.5.5"],
}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A function that pretends these packages are installed, with pins that do not change."""
    monkeypatch.delenv("VSCODE_PID", raising=False)
    for lane, pins in (("torchtext", TORCHTEXT_PINS), ("latest", LATEST_PINS)):
        lines = [f"{name}=={v} ; python == 3 \\" for name, found in pins.items() for v in found]
        text = "\n    --hash=sha256:0123\n".join(["# torch==9.9", *lines])
        (tmp_path / f"{lane}.txt").write_text(text, encoding="utf-8")
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)

    def pretend(**versions):
        def version(package):
            if package not in versions:
                raise metadata.PackageNotFoundError(package)
            return versions[package]

        monkeypatch.setattr(environment.metadata, "version", version)

    return pretend


def test_this_environment_is_ready(capsys):
    environment.report()
    printed = capsys.readouterr()
    assert printed.out == "Ready: packages as pinned, data intact.\n"
    assert printed.err == ""


def test_the_lane_of_this_environment():
    assert environment.lane() == ("torchtext" if HAS_TORCHTEXT else "latest")
    assert torch.__version__.split("+")[0] in environment.pins(environment.lane())["torch"]


def test_pins_are_read_from_the_requirements():
    for lane in environment.LANES:
        text = (ROOT / "requirements" / f"{lane}.txt").read_text(encoding="utf-8")
        pins = environment.pins(lane)
        assert len(pins) > 50
        for package in environment.CHECKED:
            for version in pins.get(package, []):
                assert re.search(rf"^{package}=={re.escape(version)} ", text, re.M)
    assert "torchtext" not in environment.pins("latest")


def test_oldest_python_is_the_one_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*environment.OLDEST_PYTHON)


def test_both_lanes_as_pinned_are_ready(machine, capsys):
    machine(torch="2.3.1", torchvision="0.18.1", torchtext="0.18.0", numpy="1.26.4")
    assert (environment.problems(), environment.notes()) == ([], [])
    assert environment.lane() == "torchtext"
    machine(torch="2.15.0", torchvision="0.29.2", numpy="2.5.5")
    assert (environment.problems(), environment.notes()) == ([], [])
    assert environment.lane() == "latest"


def test_builds_for_cpu_or_gpu_are_the_same_version(machine):
    machine(torch="2.3.1+cpu", torchvision="0.18.1+cu121", torchtext="0.18.0", numpy="1.26.4")
    assert environment.problems() == []


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        (
            {"torch": "2.1.0", "torchvision": "0.18.1", "torchtext": "0.18.0", "numpy": "1.26.4"},
            "torch 2.1.0 is not the course's 2.3.1: close JupyterLab and run `make lab`.",
        ),
        (
            {"torch": "2.3.1", "torchvision": "0.18.1", "torchtext": "0.18.0", "numpy": "2.4.6"},
            "numpy 2.4.6 is not the course's 1.26.4: close JupyterLab and run `make lab`.",
        ),
        (
            {"torch": "2.3.1", "torchvision": "0.18.1", "numpy": "1.26.4"},
            "torchtext is not installed: close JupyterLab and run `make lab`.",
        ),
        (
            {"torch": "2.15.0", "torchvision": "0.18.1", "numpy": "2.4.6"},
            "torchvision 0.18.1 is not the course's 0.29.2: "
            "close JupyterLab and run `make lab LANE=latest`.",
        ),
        (
            {"torch": "2.15.0", "torchvision": "0.29.2", "torchtext": "0.18.0", "numpy": "2.4.6"},
            "torchtext 0.18.0 does not load with torch 2.15.0: remove it with "
            "`pip uninstall torchtext` and restart the kernel.",
        ),
        (
            {"torchvision": "0.29.2"},
            "torch is not installed: close JupyterLab and run `make lab`.",
        ),
    ],
)
def test_a_problem_is_one_line_with_its_remedy(machine, capsys, packages, expected):
    machine(**packages)
    environment.report()
    assert capsys.readouterr().out == expected + "\n"


def test_in_vs_code_the_remedy_does_not_speak_of_jupyterlab(machine, monkeypatch):
    machine(torchvision="0.29.2")
    monkeypatch.setenv("VSCODE_PID", "1")
    assert environment.problems() == [
        "torch is not installed: run `python tools/install.py` in the course's folder, and choose "
        ".venv with Select Kernel."
    ]
    machine(torch="2.15.0", torchvision="0.18.1", numpy="2.4.6")
    monkeypatch.delenv("VSCODE_PID")
    monkeypatch.setattr(sys.modules["__main__"], "__vsc_ipynb_file__", "1.ipynb", raising=False)
    [sentence] = environment.problems()
    assert "`python tools/install.py --lane latest`" in sentence
    assert "choose .venv-latest with Select Kernel" in sentence


def test_a_torchtext_that_does_not_load_makes_no_lane(machine):
    machine(torch="2.15.0", torchvision="0.29.2", torchtext="0.18.0", numpy="2.4.6")
    assert environment.lane() == "latest"


def test_newer_versions_are_a_note_of_one_line(machine, capsys):
    machine(torch="2.16.0+cu130", torchvision="0.30.0", numpy="2.6.0")
    environment.report()
    assert capsys.readouterr().out == (
        "Note: torch 2.16.0 is not the course's 2.15.0; torchvision 0.30.0 is not the course's "
        "0.29.2; numpy 2.6.0 is not the course's 2.4.6 or 2.5.5. Most of the course works the "
        "same; printed results may differ.\nReady: data intact.\n"
    )
    assert environment.lane() == "latest"


def test_without_the_requirements_there_is_a_note(machine, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path / "elsewhere")
    environment.report()
    printed = capsys.readouterr().out.splitlines()
    assert printed == [
        "Note: requirements/ was not found, so the versions were not compared.",
        "Ready: data intact.",
    ]


def test_an_old_python_is_a_problem(monkeypatch):
    monkeypatch.setattr(environment.sys, "version_info", (3, 9, 1))
    expected = "Python 3.9 is older than the course's 3.11: close JupyterLab and run `make lab`."
    assert environment.problems()[0] == expected


def test_damaged_data_is_a_problem(monkeypatch, capsys):
    sentence = "data/penguins.csv is damaged."
    monkeypatch.setattr(data, "problems", lambda: [sentence])
    environment.report()
    assert capsys.readouterr().out == sentence + "\n"


def test_the_first_cell_works_where_torch_cannot_be_imported():
    # None in sys.modules makes `import torch` fail, as in an environment without torch.
    code = "import sys\nsys.modules['torch'] = None\n" + environment_cell()
    environment_variables = dict(os.environ, PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment_variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip().splitlines()) == 1
