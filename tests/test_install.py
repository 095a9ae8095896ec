"""tools/install.py: which Python it takes, what it says when it cannot, and that it mends itself.

The tests with an environment use a course of one small wheel in a temporary folder and no network.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
# uv is one of the course's packages: it lies beside this Python, on the PATH or not.
os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


@pytest.fixture
def setup(monkeypatch, tmp_path):
    """tools/install.py as a module, with the course in a temporary folder."""
    spec = importlib.util.spec_from_file_location("course_install", ROOT / "tools" / "install.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "course_install", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def python(setup, version="3.11", system="linux x86_64", macos=(0, 0), makes_venvs=True):
    name = f"/bin/python{version}-{system}-{macos}-{makes_venvs}"
    return setup.Python(name, version, system, macos, makes_venvs)


def choose(setup, monkeypatch, pythons, lane="torchtext", uv=None):
    """choose_python on a machine that has these Pythons and no others."""
    there = {p.executable: p for p in pythons}
    monkeypatch.setattr(setup, "candidates", lambda: [["/bin/broken"], *([n] for n in there)])
    monkeypatch.setattr(setup, "probe", lambda command: there.get(command[0]))
    return setup.choose_python(setup.LANES[lane], uv)


# --- Which Python ----------------------------------------------------------------------------


def test_a_python_is_known_by_running_it(setup):
    found = setup.probe([sys.executable])
    assert found.version == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found.makes_venvs


def test_a_command_that_does_not_run_is_no_python(setup):
    """A pyenv shim of a version that is not selected exists and exits with 127."""
    assert setup.probe([sys.executable, "-c", "raise SystemExit(127)"]) is None
    assert setup.probe([sys.executable, "-c", "print('not the facts')"]) is None
    assert setup.probe(["there-is-no-such-command"]) is None


def test_every_place_on_path_is_tried(setup, monkeypatch, tmp_path):
    ending = ".exe" if sys.platform == "win32" else ""
    shims, real = tmp_path / "shims", tmp_path / "real"
    for folder in (shims, real):
        folder.mkdir()
        (folder / f"python3.11{ending}").touch()
    monkeypatch.setenv("PATH", os.pathsep.join([str(shims), str(real)]))
    monkeypatch.setenv("PYTHON", "/my/python")
    tried = [command[0] for command in setup.candidates()]
    assert tried[:4] == [
        "/my/python",
        sys.executable,
        str(shims / f"python3.11{ending}"),
        str(real / f"python3.11{ending}"),
    ]


def test_the_first_that_fits_is_taken(setup, monkeypatch):
    pythons = [python(setup, v) for v in ("3.9", "3.13", "3.12", "3.11")]
    assert choose(setup, monkeypatch, pythons).version == "3.12"
    assert choose(setup, monkeypatch, pythons, lane="latest").version == "3.13"


def test_one_that_cannot_make_environments_is_passed_over(setup, monkeypatch):
    pythons = [python(setup, "3.11", makes_venvs=False), python(setup, "3.12")]
    assert choose(setup, monkeypatch, pythons).version == "3.12"
    assert choose(setup, monkeypatch, pythons, uv="uv").version == "3.11", "uv needs no venv module"


def test_uv_may_fetch_one(setup, monkeypatch):
    assert choose(setup, monkeypatch, [python(setup, "3.9")], uv="uv") is None


MAC = {"system": "darwin arm64", "macos": (13, 6)}


@pytest.mark.parametrize(
    ("lane", "facts", "said"),
    [
        ("torchtext", {"version": "3.9"}, ["needs Python 3.11 or 3.12", "here: 3.9", "python.org"]),
        ("torchtext", {"version": "3.13"}, ["found here: 3.13", "LANE=latest"]),
        ("latest", {"version": "3.15"}, ["needs Python 3.11, 3.12, 3.13 or 3.14"]),
        ("torchtext", {"makes_venvs": False}, ["sudo apt install python3.11-venv"]),
        ("torchtext", {"system": "linux aarch64"}, ["torchtext is not published", "LANE=latest"]),
        ("torchtext", {"system": "darwin x86_64"}, ["Intel Macs", "Colab"]),
        ("latest", {"system": "darwin x86_64"}, ["Intel Macs", "Colab"]),
        ("latest", {"system": "linux riscv64"}, ["not published for linux riscv64"]),
        ("latest", {"system": "linux x86_64 (32 bits)"}, ["not published for linux x86_64 (32"]),
        ("latest", MAC, ["needs macOS 14", "LANE=torchtext"]),
    ],
)
def test_one_sentence_says_why_no_python_fits(setup, monkeypatch, lane, facts, said):
    with pytest.raises(setup.SetupError) as error:
        choose(setup, monkeypatch, [python(setup, **facts)], lane)
    assert all(part in str(error.value) for part in said), error.value
    assert "\n" not in str(error.value)


def test_no_python_at_all(setup, monkeypatch):
    with pytest.raises(setup.SetupError, match="none that runs"):
        choose(setup, monkeypatch, [])


# --- What a failed installer meant -----------------------------------------------------------

# What uv and pip wrote, shortened, when each of these was done to them.
LOGS = {
    "uv, no network": (
        "error: Request failed after 3 retries in 8.9s\n  cause: Failed to fetch: https://x/tqdm/\n"
        "  cause: dns error\n  cause: failed to lookup address information",
        "network",
    ),
    "pip, no network": (
        "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by "
        "'NewConnectionError(...)': /simple/tqdm/\n"
        "ERROR: Could not find a version that satisfies the requirement tqdm==4.67.1\n"
        "ERROR: No matching distribution found for tqdm==4.67.1",
        "network",
    ),
    "uv, full disk": (
        "error: Failed to install: torch-2.3.1.whl (torch==2.3.1)\n  cause: failed to copy file\n"
        "  cause: No space left on device (os error 28)",
        "disk is full",
    ),
    "uv, full disk while downloading": (
        "error: Failed to download `torch==2.3.1`\n  cause: Failed to extract archive\n"
        "  cause: No space left on device (os error 28)",
        "disk is full",
    ),
    "pip, full disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        "disk is full",
    ),
    "uv, hash": (
        "  cause: Failed to download `demo==1.0`\n  cause: Hash mismatch for `demo==1.0`\n\n"
        "Expected:\n  sha256:00\n\nComputed:\n  sha256:11",
        "download of demo==1.0 does not match",
    ),
    "pip, hash": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have "
        "updated the package versions, please update the hashes.\n"
        "    demo==1.0 from file:///wheels/demo.whl (from -r torchtext.txt (line 1)):\n"
        "        Expected sha256 00\n             Got        11",
        "download of demo==1.0 does not match",
    ),
    "uv, no wheel": (
        "error: No solution found when resolving dependencies\n  cause: Because torchtext==0.18.0 "
        "has no wheels with a matching platform tag (e.g., `manylinux_2_28_aarch64`)",
        "no package that fits this system",
    ),
    "pip, no wheel": (
        "ERROR: No matching distribution found for torchtext==0.18.0",
        "no package that fits this system",
    ),
    "permission": ("error: Permission denied (os error 13)", "could not be written"),
}


@pytest.mark.parametrize("case", LOGS)
def test_a_failure_is_told_in_one_sentence(setup, case):
    log, said = LOGS[case]
    sentence = setup.classify(log, setup.LANES["torchtext"])
    assert said in sentence
    assert "\n" not in sentence


def test_an_unknown_failure_is_not_guessed_at(setup):
    assert setup.classify("error: the moon is full", setup.LANES["latest"]) == ""


# --- Real environments, from a wheel in a folder -----------------------------------------------

BACKEND = '''"""Builds an editable install of this folder, without setuptools."""
import zipfile
from pathlib import Path

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "course_utils-1.0-py3-none-any.whl"
    with zipfile.ZipFile(Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("course_utils.pth", str(Path(__file__).parent))
        meta = "course_utils-1.0.dist-info/"
        about = ["Metadata-Version: 2.1", "Name: course_utils", "Version: 1.0", ""]
        wheel.writestr(meta + "METADATA", "\\n".join(about))
        kind = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", "Tag: py3-none-any", ""]
        wheel.writestr(meta + "WHEEL", "\\n".join(kind))
        wheel.writestr(meta + "RECORD", "")
    return name

def build_wheel(*arguments):
    raise NotImplementedError
'''


def make_wheel(folder: Path, version: str, name: str = "demo") -> str:
    """A wheel of one module; returns its line for a requirement file."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = {version!r}\n")
        meta = f"{name}-{version}.dist-info/"
        about = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", ""]
        wheel.writestr(meta + "METADATA", "\n".join(about))
        kind = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", "Tag: py3-none-any", ""]
        wheel.writestr(meta + "WHEEL", "\n".join(kind))
        files = [f"{name}.py,,", f"{meta}METADATA,,", f"{meta}WHEEL,,", f"{meta}RECORD,,", ""]
        wheel.writestr(meta + "RECORD", "\n".join(files))
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


@pytest.fixture
def any_course(tmp_path):
    """For what does not depend on the installer: with the faster one of those here."""
    return Course(tmp_path, "uv" if shutil.which("uv") else "pip")


def test_from_nothing_to_done_and_then_again(course):
    first = course.install()
    assert first.returncode == 0, first.stderr
    assert course.ask("demo.version") == "1.0"
    assert Path(course.ask("course_utils.__file__")).is_relative_to(course.folder.resolve())

    made = (course.venv / "course-setup.json").stat().st_mtime_ns
    second = course.install()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", ""), "nothing to do"
    assert (course.venv / "course-setup.json").stat().st_mtime_ns == made

    # New requirements are installed; what the student added stays.
    (course.venv / "mine.txt").touch()
    course.require(make_wheel(course.wheels, "2.0"))
    third = course.install()
    assert third.returncode == 0, third.stderr
    assert course.ask("demo.version") == "2.0"
    assert (course.venv / "mine.txt").exists()


def test_an_extra_is_added_to_the_lane_and_then_again(course):
    first = course.install("--extra", "grading")
    assert first.returncode == 0, first.stderr
    assert course.ask("marker.version", "marker") == "1.0"
    assert "ready" in first.stderr.splitlines()[-1] and "grading" in first.stderr.splitlines()[-1]

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


def test_the_lane_alone_is_without_the_extra(any_course):
    assert any_course.install().returncode == 0
    assert not list(any_course.venv.rglob("marker.py"))


def test_an_extra_that_fails_leaves_the_lane_ready_and_can_be_mended(any_course):
    line = make_wheel(any_course.wheels, "1.0", "marker")
    any_course.require(line[:-9] + "00000000\n", "grading")
    refused = any_course.install("--extra", "grading")
    assert refused.returncode == 1
    assert "marker==1.0 does not match its hash" in refused.stderr
    assert "install-torchtext-grading.log" in refused.stderr
    lane = any_course.install()
    assert (lane.returncode, lane.stderr) == (0, "")
    any_course.require(line, "grading")
    assert any_course.install("--extra", "grading").returncode == 0
    assert any_course.ask("marker.version", "marker") == "1.0"


def test_an_extra_that_was_stopped_is_put_there_again(course):
    assert course.install("--extra", "grading").returncode == 0
    [module] = course.venv.rglob("marker.py")
    module.unlink()  # not written into: uv's cache may be the same file
    module.write_text("half a fi", encoding="utf-8")  # the installer holds it for complete
    (course.venv / "course-setup-grading.json").unlink()
    assert course.install("--extra", "grading").returncode == 0
    assert course.ask("marker.version", "marker") == "1.0"


def test_what_a_stop_left_half_made_is_made_again(any_course):
    any_course.venv.mkdir()
    (any_course.venv / "course-setup-unfinished").touch()
    (any_course.venv / "half a file").touch()
    again = any_course.install()
    assert again.returncode == 0, again.stderr
    assert "did not finish" in again.stderr
    assert any_course.ask("demo.version") == "1.0"
    assert not (any_course.venv / "half a file").exists()


def test_a_moved_course_gets_a_new_environment(any_course):
    any_course.venv.mkdir()
    (any_course.venv / "pyvenv.cfg").touch()
    stamp = {"python": "3.11", "place": str(any_course.folder.parent / "old" / ".venv")}
    (any_course.venv / "course-setup.json").write_text(json.dumps(stamp))
    again = any_course.install()
    assert again.returncode == 0, again.stderr
    assert "in another place" in again.stderr
    assert any_course.ask("demo.version") == "1.0"


def test_a_changed_download_is_refused(course):
    line = make_wheel(course.wheels, "1.0")
    course.require(line[:-9] + "00000000\n")
    refused = course.install()
    assert refused.returncode == 1
    assert "demo==1.0 does not match its hash" in refused.stderr
    assert not list(course.venv.rglob("demo.py"))
    assert "install-torchtext.log" in refused.stderr
    course.require(line)
    assert course.install().returncode == 0, "running it again mends it"


def test_no_network_is_one_line(course):
    refused = course.install(index="http://127.0.0.1:9/simple")  # a port that nothing listens on
    assert refused.returncode == 1
    told = [line for line in refused.stderr.splitlines() if not line.startswith("Installing")]
    assert len(told) == 1, refused.stderr
    assert told[0].startswith("The package index cannot be reached")


def test_a_folder_of_the_student_is_not_removed(any_course):
    any_course.venv.mkdir()
    (any_course.venv / "thesis.txt").touch()
    refused = any_course.install()
    assert refused.returncode == 1
    assert ".venv is no virtual environment" in refused.stderr
    assert (any_course.venv / "thesis.txt").exists()


def test_without_a_python_that_uv_can_fetch_it_says_so(setup, monkeypatch, tmp_path):
    def fail(installer, command):
        raise setup.SetupError("The package index cannot be reached.")

    monkeypatch.setattr(setup, "choose_python", lambda lane, uv: None)
    monkeypatch.setattr(setup.Installer, "run", fail)
    monkeypatch.setattr(setup.shutil, "which", lambda name: "uv")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "torchtext.txt").touch()
    (tmp_path / "pyproject.toml").touch()
    with pytest.raises(setup.SetupError, match="no Python 3.11 or 3.12 here, and uv could not"):
        setup.install(setup.LANES["torchtext"])


# --- The command line ------------------------------------------------------------------------


def test_it_starts_on_old_pythons():
    """Only syntax is checked: from 3.8 on, it has to come as far as its own sentence."""
    import ast

    source = (ROOT / "tools" / "install.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert "from __future__ import annotations" in source, "3.8 cannot evaluate the type hints"


def test_an_unknown_lane_is_one_line(setup, capsys):
    assert setup.main(["--lane", "newest"]) == 2
    said = capsys.readouterr().err
    assert said == "There is no lane 'newest': use LANE=torchtext or LANE=latest.\n"


def test_an_unknown_extra_is_one_line(setup, capsys):
    assert setup.main(["--extra", "gpu"]) == 2
    assert capsys.readouterr().err == "There is no extra 'gpu': use --extra grading.\n"


def test_the_fullest_disk_is_named(setup, monkeypatch, tmp_path):
    free = {str(tmp_path): 70e9, str(tmp_path / "cache"): 1e6}
    (tmp_path / "cache").mkdir()
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(
        setup.shutil, "disk_usage", lambda p: SimpleNamespace(free=free.get(p, 50e9))
    )
    assert f"0.0 GB free at {tmp_path / 'cache'}" in setup.classify("os error 28", None)


def without_make():
    """The environment without what `make test LANE=latest` puts there for the test run itself."""
    ours = {"MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "LANE", "ARGS"}
    return {name: value for name, value in os.environ.items() if name not in ours}


def test_make_uses_the_environment_of_the_lane():
    if not shutil.which("make"):
        pytest.skip("make is not installed on this machine")
    environment = without_make()
    for lane, folder in (("torchtext", ".venv"), ("latest", ".venv-latest")):
        said = subprocess.run(
            ["make", "-n", "test", f"LANE={lane}", "ARGS=-k strides"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        assert f"tools/install.py --lane {lane}" in said
        assert f"{folder}/bin/python -m pytest -n 2 -k strides" in said.replace("Scripts", "bin")


@pytest.mark.parametrize(
    ("target", "extra"),
    [
        *(("test", True), ("bench", True)),
        *(("lab", False), ("review", False), ("assign", False), ("grade", False)),
    ],
)
def test_make_adds_the_extra_only_where_it_is_needed(target, extra):
    if not shutil.which("make"):
        pytest.skip("make is not installed on this machine")
    environment = without_make()
    command = ["make", "-n", target, "ARGS=--one two"]
    said = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert "tools/install.py --lane torchtext" in said
    assert ("--extra grading" in said) == extra
    assert "--one two" in said


def test_the_stamp_names_everything_the_environment_depends_on(setup, tmp_path):
    (tmp_path / "requirements").mkdir()
    lane = setup.LANES["latest"]
    lane.requirements.write_bytes(b"demo==1.0\n")
    (tmp_path / "pyproject.toml").write_bytes(b"[project]\n")
    before = setup.fingerprint(lane, "3.11")
    assert json.loads(json.dumps(before)) == before
    lane.requirements.write_bytes(b"demo==1.0\r\n")
    assert setup.fingerprint(lane, "3.11") == before, "line ends do not count"
    lane.requirements.write_bytes(b"demo==1.1\n")
    assert setup.fingerprint(lane, "3.11") != before
