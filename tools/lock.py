"""Write requirements/*.txt, exact versions with hashes, from requirements/*.in.

    python tools/lock.py [--upgrade]

There is a file for each lane, and one for each extra: what is added to a lane for a purpose of its
own. An extra's file holds only what neither lane has, and fits on top of both without changing
their versions. Where the lanes differ, as in NumPy, it has what fits the first lane, which has to
fit the other as well.

One file serves Linux, macOS and Windows, and every Python of the lane: what differs is marked with
conditions. No address of an index is written, so that a mirror works as well. Pins that still fit
are kept; --upgrade looks for newer ones.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[1]
LANES = ("torchtext", "latest")
EXTRAS = ("grading", "libraries", "site")
# Where the lanes can be installed, as tools/install.py has it.
SYSTEMS = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
    ("win32", "Windows", "AMD64"),
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def lock(uv: str, name: str, upgrade: bool, on_top_of: tuple[str, ...] = ()) -> None:
    """Resolve one lane or extra and write its file. on_top_of: the lanes that it must fit.

    An extra is resolved beside each lane in turn, and what fits one is kept beside the next. Raises
    SystemExit where they want different versions: the .in file then has to name one.
    """
    path = ROOT / "requirements" / f"{name}.txt"
    if not on_top_of:
        compile_file(uv, name, upgrade)
        return
    found: dict[str, str] = {}  # by lane: the extra's file without what the lane has
    for lane in on_top_of:
        beside = path.with_name(f"{lane}.txt")
        compile_file(uv, name, upgrade and not found, "--constraint", str(beside.relative_to(ROOT)))
        found[lane] = without(path.read_text(encoding="utf-8"), beside.read_text(encoding="utf-8"))
    path.write_text(found[lane], encoding="utf-8")
    pinned = [set(re.findall(r"^\S+==[^\\\n]+", text, re.M)) for text in found.values()]
    differ = sorted(set.union(*pinned) - set.intersection(*pinned))
    if differ:
        sys.exit(f"{name}.in has to name versions that fit {' and '.join(found)}: {differ}")


def compile_file(uv: str, name: str, upgrade: bool, *options: str) -> None:
    """Let uv resolve requirements/<name>.in into requirements/<name>.txt."""
    command = [uv, "pip", "compile", f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "make lock", *options]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


def without(text: str, other: str) -> str:
    """A requirement file without the pins that another one has wherever they are needed."""
    head, *blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.M)
    there = places_of_pins(other)

    def is_new(block: str) -> bool:
        [(pin, places)] = places_of_pins(block).items()
        return not places <= there.get(pin, set())

    return head + "".join(filter(is_new, blocks))


def places_of_pins(text: str) -> dict[str, set[tuple[str, ...]]]:
    """The systems and Pythons of the course that each 'name==version' is installed on."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for pin, condition in re.findall(r"^([\w.-]+==[^\s;\\]+)(?: ; ([^\\\n]+))?", text, re.M):
        marker = Marker(condition.strip()) if condition else None
        found.setdefault(pin, set()).update(
            (*system, version)
            for system in SYSTEMS
            for version in PYTHONS
            if marker is None or marker.evaluate(environment(*system, version))
        )
    return found


def environment(sys_platform: str, platform_system: str, machine: str, version: str) -> dict:
    """What conditions of requirements look at, for one system and Python."""
    return {
        "sys_platform": sys_platform,
        "platform_system": platform_system,
        "platform_machine": machine,
        "os_name": "nt" if sys_platform == "win32" else "posix",
        "python_version": version,
        "python_full_version": f"{version}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def pins(text: str) -> dict[str, set[str]]:
    """The versions that a requirement file pins, by package; more than one where they differ by
    Python or system."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M):
        found.setdefault(name, set()).add(version)
    return found


def main() -> int:
    """The command line; returns the exit status."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if not uv:
        print("make lock needs uv: python -m pip install uv, then run this again.", file=sys.stderr)
        return 1
    for name in LANES + EXTRAS:  # the extras last: they follow the lanes
        path = ROOT / "requirements" / f"{name}.txt"
        before = pins(path.read_text(encoding="utf-8")) if path.exists() else {}
        try:
            lock(uv, name, "--upgrade" in sys.argv[1:], LANES if name in EXTRAS else ())
        except subprocess.CalledProcessError as error:
            print(f"uv could not resolve requirements/{name}.in (see above).", file=sys.stderr)
            return error.returncode
        after = pins(path.read_text(encoding="utf-8"))
        changed = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
        print(f"requirements/{name}.txt: {len(after)} packages, changed: {changed or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
