"""Set up the course: find a Python that fits, make the virtual environment, install a lane.

    python tools/install.py [--lane torchtext|latest] [--extra grading]

Needs nothing but the standard library, and starts on any Python from 3.8 on: the Python that runs
this file only looks for the one that the lane needs. Packages come from the lane's requirement
file, with exact versions and checked hashes, through uv where it is installed and pip otherwise.
An extra is added to the lane; students need none. When everything is there already it does
nothing. A set-up that was interrupted is made again by running the same command; what was
downloaded is kept in the cache of uv or pip.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
STAMP = "course-setup.json"  # in the environment: what it was made from
UNFINISHED = "course-setup-unfinished"  # in the environment, while it is being made
WINDOWS = sys.platform == "win32"


class Lane(NamedTuple):
    """What a lane is installed into, and what its packages have been published for."""

    name: str
    folder: str
    pythons: tuple[str, ...]
    systems: tuple[str, ...]
    macos: tuple[int, int]  # the oldest release its packages load on

    @property
    def requirements(self) -> Path:
        return ROOT / "requirements" / f"{self.name}.txt"

    @property
    def venv(self) -> Path:
        return ROOT / self.folder

    @property
    def python(self) -> Path:
        """The environment's own Python."""
        return self.venv / ("Scripts/python.exe" if WINDOWS else "bin/python")


LANES = {
    "torchtext": Lane(
        "torchtext",
        ".venv",
        ("3.11", "3.12"),
        ("linux x86_64", "darwin arm64", "win32 x86_64"),
        (11, 0),
    ),
    "latest": Lane(
        "latest",
        ".venv-latest",
        ("3.11", "3.12", "3.13", "3.14"),
        ("linux x86_64", "linux aarch64", "darwin arm64", "win32 x86_64"),
        (14, 0),
    ),
}


# Added to a lane, from requirements/<name>.txt: packages that no lane has and that change none.
EXTRAS = ("grading",)


class SetupError(Exception):
    """One sentence for the student: what is wrong, and what to do."""


# ---------------------------------------------------------------------------------------------
# Which Python


class Python(NamedTuple):
    """A Python that was run and answered."""

    executable: str
    version: str  # "3.11"
    system: str  # "linux x86_64"
    macos: tuple[int, int]  # (0, 0) elsewhere
    makes_venvs: bool

    def misfit(self, lane: Lane) -> str:
        """Why this Python cannot run the lane: "version", "system", "macos", or "" if it can."""
        if self.version not in lane.pythons:
            return "version"
        if self.system not in lane.systems:
            return "system"
        if self.system.startswith("darwin") and self.macos < lane.macos:
            return "macos"
        return ""


PROBE = """
import importlib.util as u, json, platform, struct, sys, sysconfig
machine = sysconfig.get_platform()[4:] if sys.platform == "win32" else platform.machine()
machine = {"amd64": "x86_64", "AMD64": "x86_64"}.get(machine, machine)
if struct.calcsize("P") != 8:
    machine += " (32 bits)"
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    machine += " (free-threaded)"
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d" % sys.version_info[:2],
    "system": sys.platform + " " + machine,
    "macos": [int(n) for n in (platform.mac_ver()[0] or "0.0").split(".")[:2]],
    "makes_venvs": bool(u.find_spec("venv") and u.find_spec("ensurepip")),
}))
"""


def probe(command: list[str]) -> Python | None:
    """Run a candidate and ask what it is; None if it does not run, as a pyenv shim may not."""
    try:
        answer = subprocess.run(
            [*command, "-I", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=True,
        )
        facts = json.loads(answer.stdout.decode("utf-8"))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    facts["macos"] = (*facts["macos"], 0)[:2]
    return Python(**facts)


def candidates() -> list[list[str]]:
    """Commands that may start a Python, the most wanted first."""
    found = [[os.environ["PYTHON"]]] if os.environ.get("PYTHON") else []
    found.append([sys.executable])
    ending = ".exe" if WINDOWS else ""
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p]
    names = [f"python{v}" for v in LANES["latest"].pythons] + ["python3", "python"]
    # Every place on PATH, not only the first: a pyenv shim there may hide a Python that works.
    found += [
        [str(folder / (name + ending))]
        for name in names
        for folder in folders
        if (folder / (name + ending)).is_file()
    ]
    if WINDOWS and shutil.which("py"):
        found += [["py", f"-{version}"] for version in LANES["latest"].pythons]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found += [
        [str(path)]
        for version in LANES["latest"].pythons
        for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python"))
    ]
    return found


def choose_python(lane: Lane, uv: str | None) -> Python | None:
    """The first Python that fits the lane; None if there is none but uv can fetch one."""
    seen: dict[str, Python] = {}
    for command in candidates():
        python = probe(command)
        if python is None or python.executable in seen:
            continue
        seen[python.executable] = python
        if not python.misfit(lane) and (uv or python.makes_venvs):
            return python
    found = list(seen.values())
    reasons = {python.misfit(lane): python for python in found}
    if "" in reasons:
        raise SetupError(
            f"{reasons[''].executable} fits, but its venv module is missing: install it (on Debian "
            f"and Ubuntu: sudo apt install python{reasons[''].version}-venv), then run this again."
        )
    if "macos" in reasons:
        raise SetupError(
            f"The {lane.name} lane needs macOS {lane.macos[0]} or newer: update macOS"
            + (", or use LANE=torchtext." if lane.name == "latest" else ".")
        )
    wrong_system = reasons.get("system") or next(
        (p for p in found if p.system not in lane.systems), None
    )
    if wrong_system:
        raise SetupError(_no_packages_sentence(lane, wrong_system))
    if uv:
        return None
    wanted = " or ".join([", ".join(lane.pythons[:-1]), lane.pythons[-1]])
    have = ", ".join(sorted({p.version for p in found})) or "none that runs"
    other = any(not p.misfit(LANES["latest"]) for p in found)
    raise SetupError(
        f"The {lane.name} lane needs Python {wanted}; found here: {have}. Install Python 3.11 "
        "(python.org, or your package manager), or install uv, which fetches it"
        + (", or use what you have with LANE=latest" if other else "")
        + "; then run this again."
    )


def _no_packages_sentence(lane: Lane, python: Python) -> str:
    """Why nothing can be installed on this system, and where to go instead."""
    if python.system == "darwin x86_64":
        return (
            "PyTorch is no longer published for Intel Macs: work on another machine or on Google "
            "Colab. On a Mac with Apple silicon this means that "
            f"{python.executable} is a Python for Intel: install the arm64 one from python.org."
        )
    if python.system in LANES["latest"].systems:
        return (
            f"torchtext is not published for {python.system}: use the lane without it, "
            "make lab LANE=latest (or: python tools/install.py --lane latest)."
        )
    return (
        f"The packages of the course are not published for {python.system} ({python.executable}); "
        f"the {lane.name} lane runs on: {', '.join(lane.systems)}."
    )


# ---------------------------------------------------------------------------------------------
# Running uv or pip


def classify(log: str, lane: Lane) -> str:
    """One sentence about a failed installer, from what it wrote."""
    disk = r"No space left on device|os error (28|112)\b|Errno 28\b|not enough space on the disk"
    disk += r"|Disk quota exceeded"
    if re.search(disk, log, re.I):
        return _disk_sentence()
    # uv:  Hash mismatch for `tqdm==4.67.1`       pip:  tqdm==4.67.1 from https://...
    mismatch = re.search(r"Hash mismatch for `?([\w.=+-]+)", log)
    if not mismatch and "DO NOT MATCH THE HASHES" in log:
        mismatch = re.search(r"DO NOT MATCH THE HASHES[\s\S]*?^\s+([\w.=+-]+)", log, re.M)
    if mismatch:
        return (
            f"The download of {mismatch.group(1)} does not match its hash in the files of "
            "requirements/ and was not installed: it was damaged or changed on the way. Empty the "
            "cache (uv cache clean, or pip cache purge) and run this again; if it happens "
            "again, use another network."
        )
    network = (
        r"error sending request|client error \(Connect\)|dns error|Failed to (fetch|download)"
        r"|NewConnectionError|ConnectionError|ReadTimeout|ConnectTimeout|timed out|ProtocolError"
        r"|IncompleteRead|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED|Max retries exceeded"
        r"|Network is unreachable|network connectivity is disabled"
    )
    if re.search(network, log, re.I):
        return (
            "The package index cannot be reached: check the network (and the proxy, if there is "
            "one), then run this again; what was downloaded so far is kept."
        )
    missing = (
        r"has no wheels|no usable wheels|No matching distribution found|is not a supported wheel"
        r"|was not found in the package registry|no version of"
    )
    if re.search(missing, log, re.I):
        return (
            f"The index has no package that fits this system for the {lane.name} lane: if you use "
            "a mirror, check that it is complete; otherwise try the other lane (LANE=latest or "
            "LANE=torchtext)."
        )
    if re.search(r"Permission denied|Read-only file system|os error (13|5|30)\b", log, re.I):
        return f"A file could not be written: check that {ROOT} and the caches belong to you."
    if re.search(r"MemoryError|Killed|Cannot allocate memory", log):
        return "The installer ran out of memory: close other programs and run this again."
    return ""


def _disk_sentence() -> str:
    # The environment, the downloads and the cache may lie on three disks: name the fullest.
    caches = [os.environ.get(name) for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR")]
    places = [str(ROOT), tempfile.gettempdir(), str(Path.home()), *filter(None, caches)]
    free, place = min((shutil.disk_usage(p).free, p) for p in places if Path(p).exists())
    return (
        f"The disk is full ({free / 1e9:.1f} GB free at {place}): a lane takes about 6 GB on Linux "
        "and 1 GB elsewhere, and as much again in the cache while it is installed. Make room, or "
        "set TMPDIR, UV_CACHE_DIR and PIP_CACHE_DIR to a larger disk; then run this again."
    )


class Installer:
    """Runs commands, keeps their output in a log, and shows one moving line meanwhile."""

    def __init__(self, lane: Lane, extra: str = ""):
        self.lane = lane
        name = "-".join(filter(None, [lane.name, extra]))
        self.path = ROOT / "build" / f"install-{name}.log"
        self.started = time.monotonic()
        self.last = ""
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text("", encoding="utf-8")

    def run(self, command: list[str]) -> None:
        """Run one command to its end; SetupError with one sentence if it fails."""
        lines = [f"$ {' '.join(command)}\n"]
        self._log(lines[0])
        done = threading.Event()
        ticker = threading.Thread(target=self._show, args=(done,), daemon=True)
        ticker.start()
        process = subprocess.Popen(
            command,
            cwd=str(ROOT),
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        try:
            for line in process.stdout:
                self.last = line.strip() or self.last
                lines.append(line)
                self._log(line)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            done.set()
            ticker.join()
        if code:
            output = "".join(lines[1:])
            name = Path(command[0]).name
            sentence = classify(output, self.lane) or (
                f"{name} stopped with exit code {code} ({self.last[:160]}): "
                "run this again, and if it stays, show the log to whoever gave you the course."
            )
            raise SetupError(f"{sentence} The installer's log: {self.path}")

    def _log(self, text: str) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(text)
        except OSError:  # the full disk is told of by the sentence, not by its log
            pass

    def _show(self, done: threading.Event) -> None:
        if not sys.stderr.isatty():
            return
        while not done.wait(0.5):
            width = shutil.get_terminal_size().columns - 1
            text = f"  {time.monotonic() - self.started:4.0f} s  {self.last}"[:width]
            print("\r" + text.ljust(width), end="", file=sys.stderr, flush=True)
        print("\r" + " " * (shutil.get_terminal_size().columns - 1), end="\r", file=sys.stderr)


def clean_environment() -> dict[str, str]:
    """The environment without settings that would send packages to another place."""
    unwanted = {
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_CONSTRAINT",
        "PIP_REQUIRE_HASHES",
        "UV_REQUIRE_HASHES",
        "UV_CONSTRAINT",
        "UV_OVERRIDE",
        "UV_SYSTEM_PYTHON",
        "UV_TORCH_BACKEND",
    }
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"}


# ---------------------------------------------------------------------------------------------
# The environment


def digest(path: Path) -> str:
    """The SHA-256 of a text file, without its line ends: git may write others on Windows."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def fingerprint(lane: Lane, version: str) -> dict[str, str]:
    """What the environment is made from; another answer means that it has to be made again."""
    return {
        "requirements": digest(lane.requirements),
        "pyproject": digest(ROOT / "pyproject.toml"),
        "python": version,
        # An environment holds absolute paths: it does not survive a move of the course.
        "place": str(lane.venv),
    }


def read_stamp(lane: Lane) -> dict[str, str]:
    try:
        return json.loads((lane.venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_ready(lane: Lane) -> bool:
    """True if the environment is complete, up to date, and its Python still runs."""
    stamp = read_stamp(lane)
    if stamp != fingerprint(lane, stamp.get("python", "")):
        return False
    python = probe([str(lane.python)])
    return python is not None and python.version == stamp["python"]


def install(lane: Lane, installer: str = "auto") -> None:
    """Make or mend the lane's environment.

    Args:
        lane: one of LANES.
        installer: "uv", "pip", or "auto" for uv where it is installed.

    Raises:
        SetupError: with one sentence, when it cannot be made.
    """
    if is_ready(lane):
        return
    uv = find_uv(installer)
    started = time.monotonic()
    tool = Installer(lane)
    version = _make_environment(lane, uv, tool)
    stamp = fingerprint(lane, version)
    (lane.venv / UNFINISHED).touch()
    (lane.venv / STAMP).unlink(missing_ok=True)
    pip = pip_install(lane, uv)
    say(
        f"Installing the {lane.name} lane into {lane.folder} with {'uv' if uv else 'pip'}; the "
        "first time this downloads up to 3 GB and takes some minutes."
    )
    tool.run([*pip, "--require-hashes", "--only-binary=:all:", "-r", str(lane.requirements)])
    tool.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)])
    (lane.venv / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    (lane.venv / UNFINISHED).unlink()
    say(f"The {lane.name} lane is ready in {lane.folder} ({time.monotonic() - started:.0f} s).")


def pip_install(lane: Lane, uv: str | None) -> list[str]:
    """The beginning of a command that installs into the lane's environment."""
    python = str(lane.python)
    if uv:
        return [uv, "pip", "install", "--python", python]
    return [python, "-m", "pip", "install", "--progress-bar=off"]


def find_uv(installer: str) -> str | None:
    """The command uv, where it is to be used. Raises SetupError when it is wanted and not there."""
    uv = shutil.which("uv") if installer != "pip" else None
    if installer == "uv" and not uv:
        raise SetupError("uv is not installed: install it, or leave out --installer uv.")
    return uv


def extra_stamp(lane: Lane, extra: str) -> Path:
    """The file in the environment that says which version of an extra is there."""
    return lane.venv / f"course-setup-{extra}.json"


def install_extra(lane: Lane, extra: str, installer: str = "auto") -> None:
    """Add an extra to the lane's environment, which is ready. Raises SetupError.

    Its packages are no lane's, so a stop here leaves the lane as it was.
    """
    requirements = ROOT / "requirements" / f"{extra}.txt"
    stamp = extra_stamp(lane, extra)
    wanted = json.dumps({"requirements": digest(requirements), "lane": read_stamp(lane)})
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    uv = find_uv(installer)
    started = time.monotonic()
    tool = Installer(lane, extra)
    # Without a stamp the packages may be there in part: then all of them are put there again.
    again = ["--reinstall" if uv else "--force-reinstall"] if not stamp.exists() else []
    stamp.unlink(missing_ok=True)
    say(f"Adding the packages for {extra} to {lane.folder}.")
    # Their dependencies are in the file or in the lane.
    exact = ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(requirements)]
    tool.run([*pip_install(lane, uv), *again, *exact])
    stamp.write_text(wanted, encoding="utf-8")
    say(f"The packages for {extra} are ready ({time.monotonic() - started:.0f} s).")


def _make_environment(lane: Lane, uv: str | None, tool: Installer) -> str:
    """See that the environment exists with a Python that fits; return that Python's version."""
    venv = lane.venv
    if venv.is_symlink() or (venv.exists() and not venv.is_dir()):
        raise SetupError(f"{lane.folder} is not a folder: remove it and run this again.")
    if venv.exists():
        if (venv / UNFINISHED).exists():
            say(f"The last set-up of {lane.folder} did not finish: making it again.")
            shutil.rmtree(str(venv))
        else:
            python = probe([str(lane.python)])
            moved = read_stamp(lane).get("place", str(venv)) != str(venv)
            usable = python and not python.misfit(lane) and (uv or python.makes_venvs)
            if usable and not moved:
                return python.version
            if not (venv / "pyvenv.cfg").exists() and any(venv.iterdir()):
                raise SetupError(
                    f"{lane.folder} is no virtual environment: move it away and run this again."
                )
            say(f"{lane.folder} was made by another Python or in another place: making it again.")
            shutil.rmtree(str(venv))
    python = choose_python(lane, uv)
    venv.mkdir()
    (venv / UNFINISHED).touch()
    if uv:
        make = [uv, "venv", "--no-project", "--allow-existing", "--python"]
        if python is None:
            say(f"No Python {' or '.join(lane.pythons)} here: uv fetches one.")
            try:
                tool.run([*make, lane.pythons[0], str(venv)])
            except SetupError as error:
                raise SetupError(
                    f"There is no Python {' or '.join(lane.pythons)} here, and uv could not fetch "
                    f"one: install Python {lane.pythons[0]}, or mend this. {error}"
                ) from error
        else:
            tool.run([*make, python.executable, str(venv)])
    else:
        tool.run([python.executable, "-m", "venv", str(venv)])
    return python.version if python else lane.pythons[0]


def say(text: str) -> None:
    """Tell the student; on stderr, so that stdout stays free for --print-python."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Set up the course's virtual environment.")
    parser.add_argument("--lane", default="torchtext", help=f"one of: {', '.join(LANES)}")
    parser.add_argument("--extra", help=f"also add the packages for: {', '.join(EXTRAS)}")
    parser.add_argument("--installer", choices=["auto", "uv", "pip"], default="auto")
    parser.add_argument(
        "--print-python", action="store_true", help="print the path of the environment's Python"
    )
    options = parser.parse_args(arguments)
    if options.lane not in LANES:
        say(f"There is no lane {options.lane!r}: use LANE={' or LANE='.join(LANES)}.")
        return 2
    if options.extra and options.extra not in EXTRAS:
        say(f"There is no extra {options.extra!r}: use --extra {' or --extra '.join(EXTRAS)}.")
        return 2
    lane = LANES[options.lane]
    try:
        install(lane, options.installer)
        if options.extra:
            install_extra(lane, options.extra, options.installer)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped. Run this again to continue.")
        return 130
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else -1):
            say(_disk_sentence())
        else:
            say(f"{error.filename or ROOT}: {error.strerror}. Mend this and run it again.")
        return 1
    if options.print_python:
        print(lane.python)
    return 0


if __name__ == "__main__":
    sys.exit(main())
