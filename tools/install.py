"""Set up the course: find a Python that fits, make the virtual environment, install a lane.

    python tools/install.py [--lane torchtext|latest] [--extra libraries] [--extra grading]

Needs nothing but the standard library, and starts on any Python from 3.8 on: the Python that runs
this file only looks for the one that the lane needs. Packages come from the lane's requirement
file, with exact versions and checked hashes, through uv where it is installed and pip otherwise.
When everything is there it does nothing; after a stop it goes on with what was downloaded.

What can be known before is told in one sentence. Then uv and pip speak for themselves, and one
line of ours ends it. An extra is added to the lane: libraries for lesson 12, grading for
instructors and tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = sys.platform == "win32"
STAMP = "course-setup.json"  # in the environment: what it was made from
UNFINISHED = "course-setup-unfinished"  # in the environment, while it is being made
AGAIN = "then run the same command again"


class Lane(NamedTuple):
    """What a lane is installed into, and what its packages have been published for."""

    name: str
    venv: Path
    pythons: tuple[str, ...]
    systems: tuple[str, ...]
    macos: int  # the oldest release its packages load on

    @property
    def python(self) -> str:
        """The environment's own Python."""
        return str(self.venv / ("Scripts/python.exe" if WINDOWS else "bin/python"))


SIZES = {"linux": (3, 6), "darwin": (0.3, 1), "win32": (0.6, 2)}  # GB to download, on disk
SYSTEMS = ("linux x86_64", "darwin arm64", "win32 x86_64", "linux aarch64")
LANES = {
    "torchtext": Lane("torchtext", ROOT / ".venv", ("3.11", "3.12"), SYSTEMS[:3], 11),
    "latest": Lane("latest", ROOT / ".venv-latest", ("3.11", "3.12", "3.13", "3.14"), SYSTEMS, 14),
}
# From requirements/<name>.txt: packages that no lane has and change none.
EXTRAS = ("grading", "libraries", "site")


class Python(NamedTuple):
    """A Python that was run and answered."""

    executable: str
    version: str  # "3.11"
    system: str  # "linux x86_64"
    macos: int  # 0 elsewhere
    makes_venvs: bool
    has_pip: bool

    def fits(self, lane: Lane) -> bool:
        on_time = not self.macos or self.macos >= lane.macos
        return on_time and self.system in lane.systems and self.version in lane.pythons


PROBE = """
import importlib.util as u, json, platform, struct, sys, sysconfig
machine = sysconfig.get_platform()[4:] if sys.platform == "win32" else platform.machine()
machine = {"amd64": "x86_64", "AMD64": "x86_64"}.get(machine, machine)
machine += " (32 bits)" if struct.calcsize("P") != 8 else ""
machine += " (free-threaded)" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(json.dumps({
    "executable": sys.executable,
    "version": "%d.%d" % sys.version_info[:2],
    "system": sys.platform + " " + machine,
    "macos": int((platform.mac_ver()[0] or "0").split(".")[0]),
    "makes_venvs": bool(u.find_spec("venv") and u.find_spec("ensurepip")),
    "has_pip": bool(u.find_spec("pip")),
}))
"""


def probe(*command: str) -> Python | None:
    """Run a candidate and ask what it is; None if it does not run, as a pyenv shim may not."""
    command += ("-I", "-c", PROBE)
    try:
        answer = subprocess.run(command, capture_output=True, timeout=30, check=True)
        return Python(**json.loads(answer.stdout.decode("utf-8")))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def candidates() -> list[list[str]]:
    """Commands that may start a Python, the most wanted first."""
    versions = LANES["latest"].pythons
    names = [*(f"python{version}" for version in versions), "python3", "python"]
    # Every place on PATH, not only the first: a pyenv shim there may hide a Python that works.
    folders = os.environ.get("PATH", "").split(os.pathsep)
    on_path = [shutil.which(name, path=folder) for name in names for folder in folders]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    of_pyenv = [str(p) for v in versions for p in pyenv.glob(f"versions/{v}.*/bin/python")]
    found = [os.environ.get("PYTHON"), sys.executable, *on_path, *of_pyenv]
    launcher = [["py", f"-{version}"] for version in versions if WINDOWS]
    return [[path] for path in found if path] + launcher


def choose_python(lane: Lane, uv: str | None) -> Python:
    """The first Python that fits, or one that uv can fetch; else one sentence ends the program."""
    found: list[Python] = []
    for command in candidates():
        python = probe(*command)
        if python and python.fits(lane) and (uv or python.makes_venvs):
            return python
        if python:
            found.append(python)
    for python in found:
        if python.fits(lane):
            sys.exit(
                f"{python.executable} fits, but its venv module is missing: install it (on Debian "
                f"and Ubuntu: sudo apt install python{python.version}-venv), {AGAIN}."
            )
        if python.system not in lane.systems:
            where = "use another machine, or Google Colab"
            if python.system == "darwin x86_64":  # an Intel Mac, or a Python for one
                where += "; on a Mac with an Apple chip, install the arm64 Python of python.org"
            if python.system in LANES["latest"].systems:
                where = "use make lab LANE=latest (or: python tools/install.py --lane latest)"
            sys.exit(
                f"The packages of the {lane.name} lane are published for {', '.join(lane.systems)},"
                f" not for {python.system} ({python.executable}): {where}."
            )
        if 0 < python.macos < lane.macos:
            sys.exit("The latest lane needs macOS 14: update macOS, or use LANE=torchtext.")
    if uv and found:  # it takes a version in place of a path
        return found[-1]._replace(executable=lane.pythons[0], version=lane.pythons[0])
    have = ", ".join(sorted({python.version for python in found})) or "none that runs"
    latest = any(python.fits(LANES["latest"]) for python in found)
    sys.exit(
        f"The {lane.name} lane needs Python {' or '.join(lane.pythons)}; found here: {have}. "
        "Install Python 3.11 (python.org, or your package manager), or uv, which fetches it"
        f"{', or use what you have with LANE=latest' if latest else ''}; {AGAIN}."
    )


def check_room(system: str, uv: str | None) -> None:
    """End the program with one sentence if a new environment will not find room."""
    download, on_disk = SIZES[system.split()[0]]
    # pip installs from the folder for temporary files, which may be on another disk, or in memory.
    # uv links what its cache holds already: how much room it needs is not known.
    temporary = Path(tempfile.gettempdir())
    needs = {} if uv else {ROOT: on_disk, temporary: download}
    for place in needs:
        disk = place.stat().st_dev
        needed = sum(size for other, size in needs.items() if other.stat().st_dev == disk)
        free = shutil.disk_usage(str(place)).free / 1e9
        if free < needed:
            sys.exit(
                f"The set-up takes {needed} GB at {place}, and {free:.1f} GB are free: make room "
                f"or set TMPDIR (now {temporary}) to a folder on a larger disk, {AGAIN}."
            )


def run(command: list[str], failed: str) -> None:
    """Run uv or pip, whose lines the student sees; end the program with `failed` if it fails."""
    # Settings for other environments, or that would change what is installed.
    unwanted = re.compile(
        "PYTHON(PATH|HOME)|VIRTUAL_ENV|CONDA_PREFIX|PIP_(TARGET|PREFIX|CONSTRAINT|REQUIRE_HASHES)"
        "|UV_(REQUIRE_HASHES|CONSTRAINT|OVERRIDE|SYSTEM_PYTHON|TORCH_BACKEND)"
    )
    environment = {k: v for k, v in os.environ.items() if not unwanted.fullmatch(k)}
    environment.update(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    # Their stdout goes to stderr: ours stays free for --print-python.
    if subprocess.run(command, cwd=str(ROOT), env=environment, stdout=sys.stderr).returncode:
        sys.exit(
            f"{failed}; the lines above say why. Mend that, {AGAIN}: what was downloaded is kept. "
            "If a hash does not match, first empty the cache (uv cache clean, or pip cache purge)."
        )


def digest(name: str) -> str:
    """The SHA-256 of a text file, without its line ends: git may write others on Windows."""
    return hashlib.sha256((ROOT / name).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def read_stamp(stamp: Path) -> dict:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def install(lane: Lane, uv: str | None) -> None:
    """Make or mend the lane's environment, with uv or with pip."""
    python, stamp, unfinished = probe(lane.python), lane.venv / STAMP, lane.venv / UNFINISHED
    made_from = read_stamp(stamp)
    requirements = f"requirements/{lane.name}.txt"
    wanted = {
        "requirements": digest(requirements),
        "pyproject": digest("pyproject.toml"),
        "python": python.version if python else "",
        # An environment holds absolute paths: it does not survive a move of the course.
        "place": str(lane.venv),
    }
    if python and made_from == wanted:
        return
    moved = made_from.get("place", wanted["place"]) != wanted["place"]
    spoilt = moved or unfinished.exists()
    if not python or spoilt or not python.fits(lane) or not (uv or python.has_pip):
        python = make_environment(lane, uv)
    unfinished.touch()
    stamp.unlink(missing_ok=True)
    add(lane, uv, "--require-hashes", "--only-binary=:all:", "-r", requirements)
    add(lane, uv, "--no-deps", "--no-build-isolation", "--editable", ".")
    wanted["python"] = python.version
    stamp.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    unfinished.unlink()
    say(f"The {lane.name} lane is ready in {lane.venv.name}.")


def make_environment(lane: Lane, uv: str | None) -> Python:
    """Make the environment, without packages, in place of one that is spoilt; its Python."""
    venv = lane.venv
    if venv.exists():
        ours = (venv / "pyvenv.cfg").exists() or (venv / UNFINISHED).exists()
        if venv.is_symlink() or not ours:
            sys.exit(f"{venv.name} is no virtual environment: move it away, {AGAIN}.")
        say(f"{venv.name} is not finished, or was made elsewhere or otherwise: making it again.")
        shutil.rmtree(str(venv))
    python = choose_python(lane, uv)
    check_room(python.system, uv)
    download, on_disk = SIZES[python.system.split()[0]]
    say(f"Setting up {venv.name}: about {download} GB to download, {on_disk} GB on disk.")
    # The way without them needs a file that an assignment does not have.
    if python.system.startswith("linux") and (ROOT / f"requirements/{lane.name}.in").exists():
        say("Most of it are GPU libraries. To do without: Ctrl-C, then README, Smaller downloads.")
    venv.mkdir()
    (venv / UNFINISHED).touch()
    with_uv = [uv, "venv", "--no-project", "--allow-existing", "--python", python.executable]
    command = with_uv if uv else [python.executable, "-m", "venv"]
    run([*command, str(venv)], f"No environment with Python {python.version} could be made")
    return python


def add(lane: Lane, uv: str | None, *what: str) -> None:
    """Install into the lane's environment."""
    with_uv = [uv, "pip", "install", "--python", lane.python]
    command = with_uv if uv else [lane.python, "-m", "pip", "install"]
    run([*command, *what], f"Not all packages could be installed into {lane.venv.name}")


def install_extra(lane: Lane, extra: str, uv: str | None) -> None:
    """Add an extra to the lane's environment, which is ready, and stays so after a stop here."""
    requirements, stamp = f"requirements/{extra}.txt", lane.venv / f"course-setup-{extra}.json"
    wanted = {"requirements": digest(requirements), "lane": read_stamp(lane.venv / STAMP)}
    if read_stamp(stamp) == wanted:
        return
    stamp.unlink(missing_ok=True)
    # A stop may have left packages in part: all are put there again, and only they.
    again = ["--reinstall" if uv else "--force-reinstall", "--no-deps"]
    add(lane, uv, *again, "--require-hashes", "--only-binary=:all:", "-r", requirements)
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    say(f"The packages for {extra} are ready in {lane.venv.name}.")


def say(text: str) -> None:
    """Tell the student; on stderr, so that stdout stays free for --print-python."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Set up the course's virtual environment.")
    parser.add_argument("--lane", choices=list(LANES), default="torchtext")
    parser.add_argument(
        "--extra",
        choices=EXTRAS,
        action="append",
        default=[],
        help="also add the packages for it; may be given more than once",
    )
    parser.add_argument("--installer", choices=["auto", "uv", "pip"], default="auto")
    parser.add_argument("--print-python", action="store_true", help="print the lane's Python")
    options = parser.parse_args(arguments)
    lane = LANES[options.lane]
    uv = shutil.which("uv") if options.installer != "pip" else None
    if options.installer == "uv" and not uv:
        sys.exit("uv is not installed: install it, or leave out --installer uv.")
    try:
        install(lane, uv)
        for extra in options.extra:
            install_extra(lane, extra, uv)
    except KeyboardInterrupt:
        sys.exit("Stopped. Run the same command again to go on.")
    except OSError as error:
        sys.exit(f"{error.filename or ROOT}: {error.strerror}. Mend this, {AGAIN}.")
    if options.print_python:
        print(lane.python)


if __name__ == "__main__":
    main()
