"""Write requirements/<lane>.txt, exact versions with hashes, from requirements/<lane>.in.

    python tools/lock.py [--upgrade]

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

ROOT = Path(__file__).resolve().parents[1]
LANES = ("torchtext", "latest")


def lock(uv: str, lane: str, upgrade: bool) -> None:
    """Resolve one lane and write its file."""
    command = [uv, "pip", "compile", f"requirements/{lane}.in", "-o", f"requirements/{lane}.txt"]
    command += ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command += ["--custom-compile-command", "make lock"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


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
    for lane in LANES:
        path = ROOT / "requirements" / f"{lane}.txt"
        before = pins(path.read_text(encoding="utf-8")) if path.exists() else {}
        try:
            lock(uv, lane, "--upgrade" in sys.argv[1:])
        except subprocess.CalledProcessError as error:
            print(f"uv could not resolve requirements/{lane}.in (see above).", file=sys.stderr)
            return error.returncode
        after = pins(path.read_text(encoding="utf-8"))
        changed = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
        print(f"requirements/{lane}.txt: {len(after)} packages, changed: {changed or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
