"""tools/install.py: which Python it takes, what it says when it cannot, and that it mends itself.

The tests with an environment use a course of one small wheel in a temporary folder and no network.
"""

import ast
import hashlib
import inspect
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import ROOT
from tools import install

# uv is one of the course's packages: it lies beside this Python, on the PATH or not.
os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


# --- What is known before --------------------------------------------------------------------


def python(version="3.11", system="linux x86_64", macos=0, makes_venvs=True):
    return install.Python(f"/bin/python{version}", version, system, macos, makes_venvs, True)


def choose(monkeypatch, pythons, lane="torchtext", uv=None):
    """choose_python on a machine that has these Pythons and no others."""
    there = dict(enumerate(pythons))
    monkeypatch.setattr(install, "candidates", lambda: [["broken"], *([place] for place in there)])
    monkeypatch.setattr(install, "probe", there.get)
    return install.choose_python(install.LANES[lane], uv)


def test_a_python_is_known_by_running_it():
    found = install.probe(sys.executable)
    assert found.version == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found.makes_venvs


def test_a_command_that_does_not_run_is_no_python():
    """A pyenv shim of a version that is not selected exists and exits with 127."""
    assert install.probe(sys.executable, "-c", "raise SystemExit(127)") is None
    assert install.probe(sys.executable, "-c", "print('not the facts')") is None
    assert install.probe("there-is-no-such-command") is None


def test_every_place_on_path_is_tried(monkeypatch, tmp_path):
    places = [
        tmp_path / name / f"python3.11{'.exe' * install.WINDOWS}" for name in ("shim", "real")
    ]
    for path in places:
        path.parent.mkdir()
        path.touch(mode=0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(str(path.parent) for path in places))
    monkeypatch.setenv("PYTHON", "/my/python")
    tried = [command[0] for command in install.candidates()]
    assert tried[:4] == ["/my/python", sys.executable, *map(str, places)]


def test_the_first_that_fits_is_taken(monkeypatch):
    pythons = [python(version) for version in ("3.9", "3.13", "3.12", "3.11")]
    assert choose(monkeypatch, pythons).version == "3.12"
    assert choose(monkeypatch, pythons, lane="latest").version == "3.13"


def test_uv_needs_no_venv_module_and_may_fetch_a_python(monkeypatch):
    pythons = [python("3.11", makes_venvs=False), python("3.12")]
    assert choose(monkeypatch, pythons).version == "3.12"
    assert choose(monkeypatch, pythons, uv="uv").version == "3.11"
    assert choose(monkeypatch, [python("3.9")], uv="uv").executable == "3.11"


MAC = {"system": "darwin arm64", "macos": 13}


@pytest.mark.parametrize(
    ("lane", "facts", "said"),
    [
        ("torchtext", {"version": "3.9"}, ["needs Python 3.11 or 3.12", "here: 3.9", "python.org"]),
        ("torchtext", {"version": "3.13"}, ["found here: 3.13", "LANE=latest"]),
        ("latest", {"version": "3.15"}, ["needs Python 3.11 or 3.12 or 3.13 or 3.14"]),
        ("torchtext", {"makes_venvs": False}, ["sudo apt install python3.11-venv"]),
        ("torchtext", {"system": "linux aarch64"}, ["not for linux aarch64", "LANE=latest"]),
        ("torchtext", {"system": "darwin x86_64"}, ["Apple chip", "Colab"]),
        ("latest", {"system": "linux x86_64 (32 bits)"}, ["not for linux x86_64 (32 bits)"]),
        ("latest", MAC, ["needs macOS 14", "LANE=torchtext"]),
    ],
)
def test_one_sentence_says_why_no_python_fits(monkeypatch, lane, facts, said):
    with pytest.raises(SystemExit) as end:
        choose(monkeypatch, [python(**facts)], lane)
    assert all(part in end.value.code for part in said), end.value.code
    assert "\n" not in end.value.code


def test_no_python_at_all(monkeypatch):
    with pytest.raises(SystemExit, match="none that runs"):
        choose(monkeypatch, [], uv="uv")


def test_an_old_mac_may_have_the_lane_with_torchtext(monkeypatch):
    assert choose(monkeypatch, [python(**MAC)]).macos == 13


def test_too_little_room_is_told_before_anything_is_downloaded(monkeypatch, tmp_path):
    """On one disk with the downloads, Linux needs 3 + 6 GB."""
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install.tempfile, "gettempdir", lambda: str(tmp_path.parent))
    free = SimpleNamespace(free=8.9e9)
    monkeypatch.setattr(install.shutil, "disk_usage", lambda place: free)
    with pytest.raises(SystemExit, match=f"takes 9 GB at {tmp_path}, and 8.9 GB are free: make"):
        install.check_room("linux x86_64", uv=None)
    install.check_room("linux x86_64", uv="uv")
    free.free = 9e9
    install.check_room("linux x86_64", uv=None)


def test_it_starts_on_old_pythons():
    """Only syntax is checked: from 3.8 on, it has to come as far as its own sentence."""
    source = (ROOT / "tools" / "install.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert "from __future__ import annotations" in source, "3.8 cannot evaluate the type hints"


def test_line_ends_do_not_count(monkeypatch, tmp_path):
    monkeypatch.setattr(install, "ROOT", tmp_path)
    for name, content in (("unix", b"a==1\nb==2\n"), ("windows", b"a==1\r\nb==2\r\n")):
        (tmp_path / name).write_bytes(content)
    assert install.digest("unix") == install.digest("windows")


# --- Real environments, from a wheel in a folder -----------------------------------------------


def write_wheel(path, name, version, file, content):
    """A wheel of one file, from the standard library alone: an editable install is made so too."""
    about = f"{name}-{version}.dist-info"
    files = {
        file: content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{place},,\n" for place in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for place, text in files.items():
            wheel.writestr(place, text)


BACKEND = f"""import pathlib, zipfile

{inspect.getsource(write_wheel)}

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "course_utils-1.0-py3-none-any.whl"
    here = str(pathlib.Path(__file__).parent)
    write_wheel(pathlib.Path(folder) / name, "course_utils", "1.0", "course_utils.pth", here)
    return name


def build_wheel(*arguments):
    raise NotImplementedError
"""


def make_wheel(folder: Path, version: str, name: str = "demo") -> str:
    """A wheel of one module; returns its line for a requirement file."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    write_wheel(path, name, version, f"{name}.py", f"version = {version!r}\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"


class Course:
    """A course in a temporary folder, whose lane is one wheel."""

    def __init__(self, folder: Path, installer: str):
        self.folder, self.installer = folder / "course", installer
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        for part in ("tools", "requirements", "course_utils"):
            (self.folder / part).mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "install.py", self.folder / "tools")
        (self.folder / "course_utils" / "__init__.py").touch()
        (self.folder / "backend.py").write_text(BACKEND)
        (self.folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "course_utils"\nversion = "1.0"\n'
        )
        self.require(make_wheel(self.wheels, "1.0"))
        self.require(make_wheel(self.wheels, "1.0", "marker"), "grading")

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    def require(self, lines: str, name: str = "torchtext") -> None:
        (self.folder / "requirements" / f"{name}.txt").write_text(lines)

    def install(self, *options: str, index: str = "") -> subprocess.CompletedProcess:
        """Run tools/install.py as a student would, without a network."""
        cache = str(self.folder.parent / "cache")
        wheels = str(self.wheels)
        environment = {
            **os.environ,
            "PYTHON": sys.executable,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_FIND_LINKS": wheels,
            "PIP_CACHE_DIR": cache,
            "PIP_RETRIES": "1",
            "UV_FIND_LINKS": wheels,
            "UV_CACHE_DIR": cache,
            "UV_NO_CONFIG": "1",
            "UV_HTTP_RETRIES": "0",
            "PYTHONWARNINGS": "",
        }
        if index:
            environment |= {"PIP_INDEX_URL": index, "UV_INDEX_URL": index}
            environment |= {"PIP_FIND_LINKS": "", "UV_FIND_LINKS": ""}
        else:
            environment |= {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        return subprocess.run(
            [sys.executable, "tools/install.py", "--installer", self.installer, *options],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def stamps(self) -> dict[str, int]:
        """When each stamp in the environment was written."""
        return {p.name: p.stat().st_mtime_ns for p in self.venv.glob("course-setup*")}

    def ask(self, expression: str, module: str = "demo") -> str:
        """The value of an expression in the course's environment."""
        there = self.venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        code = f"import {module}, course_utils; print({expression})"
        return subprocess.run(
            [there, "-I", "-B", "-c", code], capture_output=True, text=True, timeout=60, check=True
        ).stdout.strip()


@pytest.fixture(params=["pip", "uv"])
def course(request, tmp_path):
    """For what pip and uv do each in their own way."""
    if request.param == "uv" and not shutil.which("uv"):
        pytest.skip("uv is not installed on this machine; pip's way is tested")
    return Course(tmp_path, request.param)


@pytest.fixture(scope="module", params=["pip", "uv"])
def made_once(request, tmp_path_factory):
    """A course that was set up once, and a copy of it as it was then."""
    if request.param == "uv" and not shutil.which("uv"):
        pytest.skip("uv is not installed on this machine; pip's way is tested")
    folder = tmp_path_factory.mktemp(request.param)
    course = Course(folder, request.param)
    done = course.install()
    assert done.returncode == 0, done.stderr
    for part in ("course", "wheels"):
        shutil.copytree(folder / part, folder / "as it was" / part, symlinks=True)
    return course


@pytest.fixture
def ready_course(made_once):
    """A course that is set up, at its place: an environment holds absolute paths."""
    for part in (made_once.folder, made_once.wheels):
        shutil.rmtree(part)
        shutil.copytree(part.parent / "as it was" / part.name, part, symlinks=True)
    return made_once


@pytest.fixture
def any_course(tmp_path):
    """For what does not depend on the installer: with the faster one of those here."""
    return Course(tmp_path, "uv" if shutil.which("uv") else "pip")


def test_from_nothing_to_done_and_then_again(course):
    (course.folder / "requirements" / "torchtext.in").touch()
    first = course.install("--print-python")
    assert first.returncode == 0, first.stderr
    assert "about" in first.stderr and "GB on disk" in first.stderr.splitlines()[0]
    without_gpu = "Smaller downloads" in first.stderr.splitlines()[1]
    assert without_gpu == sys.platform.startswith("linux")
    assert first.stderr.splitlines()[-1] == "The torchtext lane is ready in .venv."
    assert Path(first.stdout.strip()).parent.parent == course.venv, "and nothing else on stdout"
    assert course.ask("demo.version") == "1.0"
    assert Path(course.ask("course_utils.__file__")).is_relative_to(course.folder.resolve())
    assert not list(course.venv.rglob("marker.py")), "students need no extra"

    stamps = course.stamps()
    second = course.install()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", ""), "nothing to do"
    assert course.stamps() == stamps

    # New requirements are installed; what the student added stays.
    (course.venv / "mine.txt").touch()
    course.require(make_wheel(course.wheels, "2.0"))
    third = course.install()
    assert third.returncode == 0, third.stderr
    assert course.ask("demo.version") == "2.0"
    assert (course.venv / "mine.txt").exists()


def test_an_extra_is_added_to_the_lane_and_then_again(ready_course):
    course = ready_course
    first = course.install("--extra", "grading")
    assert first.returncode == 0, first.stderr
    assert first.stderr.splitlines()[-1] == "The packages for grading are ready in .venv."

    stamps = course.stamps()
    assert len(stamps) == 2
    for options in (["--extra", "grading"], []):
        second = course.install(*options)
        assert (second.returncode, second.stdout, second.stderr) == (0, "", ""), "nothing to do"
        assert course.stamps() == stamps
    assert course.ask("marker.version", "marker") == "1.0", "the lane alone leaves it there"

    # A new version of the extra is installed, and the lane is not made again.
    course.require(make_wheel(course.wheels, "2.0", "marker"), "grading")
    third = course.install("--extra", "grading")
    assert third.returncode == 0, third.stderr
    assert "lane" not in third.stderr
    assert course.ask("marker.version", "marker") == "2.0"

    # A stop left a package in part, which the installer holds for complete.
    [module] = course.venv.rglob("marker.py")
    module.unlink()  # not written into: uv's cache may be the same file
    module.write_text("half a fi", encoding="utf-8")
    (course.venv / "course-setup-grading.json").unlink()
    assert course.install("--extra", "grading").returncode == 0
    assert course.ask("marker.version", "marker") == "2.0"


def test_a_changed_download_is_refused_and_the_same_command_mends_it(ready_course):
    course = ready_course
    line = make_wheel(course.wheels, "2.0")
    course.require(line[:-9] + "00000000\n")
    refused = course.install()
    assert refused.returncode == 1
    assert "hash" in refused.stderr.lower(), "in the installer's own words"
    assert "Not all packages could be installed into .venv" in refused.stderr.splitlines()[-1]
    assert "run the same command again" in refused.stderr.splitlines()[-1]
    assert course.ask("demo.version") == "1.0"

    course.require(line)
    (course.venv / "half a file").touch()
    again = course.install()
    assert again.returncode == 0, again.stderr
    assert ".venv is not finished" in again.stderr
    assert course.ask("demo.version") == "2.0"
    assert not (course.venv / "half a file").exists()


def test_an_extra_that_fails_leaves_the_lane_ready(any_course):
    line = make_wheel(any_course.wheels, "1.0", "marker")
    any_course.require(line[:-9] + "00000000\n", "grading")
    assert any_course.install("--extra", "grading").returncode == 1
    lane = any_course.install()
    assert (lane.returncode, lane.stderr) == (0, "")
    any_course.require(line, "grading")
    assert any_course.install("--extra", "grading").returncode == 0
    assert any_course.ask("marker.version", "marker") == "1.0"


def test_without_a_network_the_installer_says_so(ready_course):
    ready_course.require(make_wheel(ready_course.wheels, "2.0"))
    refused = ready_course.install(
        index="http://127.0.0.1:9/simple"
    )  # a port that nothing listens on
    assert refused.returncode == 1
    assert "127.0.0.1:9" in refused.stderr
    assert "the lines above say why" in refused.stderr.splitlines()[-1]


def test_a_moved_course_gets_a_new_environment(any_course):
    assert any_course.install().returncode == 0
    any_course.folder = any_course.folder.rename(any_course.folder.parent / "moved")
    again = any_course.install()
    assert again.returncode == 0, again.stderr
    assert "was made elsewhere" in again.stderr
    assert Path(any_course.ask("course_utils.__file__")).is_relative_to(any_course.folder.resolve())


def test_an_environment_of_uv_is_made_again_where_there_is_only_pip(tmp_path):
    if not shutil.which("uv"):
        pytest.skip("uv is not installed on this machine")
    course = Course(tmp_path, "uv")
    assert course.install().returncode == 0
    course.installer = "pip"
    course.require(make_wheel(course.wheels, "2.0"))
    again = course.install()
    assert again.returncode == 0, again.stderr
    assert course.ask("demo.version") == "2.0"


def test_a_folder_of_the_student_is_not_removed(any_course):
    any_course.venv.mkdir()
    (any_course.venv / "thesis.txt").touch()
    refused = any_course.install()
    assert refused.returncode == 1
    assert ".venv is no virtual environment" in refused.stderr
    assert (any_course.venv / "thesis.txt").exists()


# --- The command line ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "lane", "extra"),
    [
        ("test", "torchtext", True),
        ("test", "latest", True),
        ("bench", "torchtext", True),
        ("site", "torchtext", False),
        ("lab", "latest", False),
        ("assign", "torchtext", False),
        ("grade", "torchtext", False),
        ("review", "torchtext", False),
    ],
)
def test_make_sets_up_the_lane_with_the_extra_where_it_is_needed(target, lane, extra):
    if not shutil.which("make"):
        pytest.skip("make is not installed on this machine")
    # Not what `make test LANE=latest` puts there for the test run itself.
    ours = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "LANE", "ARGS"}
    said = subprocess.run(
        ["make", "-n", target, f"LANE={lane}", "ARGS=--one two"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in ours},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert f"tools/install.py --lane {lane}" in said
    assert ("--extra libraries --extra grading" in said) == extra
    assert f"{install.LANES[lane].venv.name}/bin/python" in said.replace("Scripts", "bin")
    assert "--one two" in said
