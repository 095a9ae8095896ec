"""Make penguins.csv: the table of the Palmer penguins, unchanged.

    pip download --no-deps palmerpenguins==0.1.6
    python data/make_penguins.py palmerpenguins-0.1.6-py3-none-any.whl
    python data/make_penguins.py palmerpenguins-0.1.6-py3-none-any.whl --check

The missing values (NA) stay in: what to do with them is part of a lesson.
With --check, nothing is written: the exit status says whether the file would be the same.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from pathlib import Path

import manifest

MEMBER = "palmerpenguins/data/penguins.csv"


def main() -> int:
    parser = argparse.ArgumentParser(description="Make data/penguins.csv.")
    parser.add_argument("wheel", type=Path, help="the downloaded package, a .whl file")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        content = wheel.read(MEMBER)
    content = content.replace(b"\r\n", b"\n")  # the same bytes on every system
    same = manifest.save("penguins.csv", content, check=arguments.check)
    return 1 if arguments.check and not same else 0


if __name__ == "__main__":
    sys.exit(main())
