"""Make tumours.csv: a table in which one class is rare.

    pip download --no-deps scikit-learn==1.9.1
    python data/make_tumours.py scikit_learn-1.9.1-*.whl
    python data/make_tumours.py scikit_learn-1.9.1-*.whl --check

From the 569 rows of the source, all 357 benign tumours are kept, and of the malignant ones the
first and then every fifth: 43. From its 30 columns four are kept that say little about the size
of the cells: with the size, the task is so easy that the imbalance does no harm. The numbers are
copied as they are written in the source, the rows are in its order.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import zipfile
from pathlib import Path

import manifest

MEMBER = "sklearn/datasets/data/breast_cancer.csv"
# Place in the source: its columns are the means of radius, texture, perimeter, area, smoothness,
# compactness, concavity, concave points, symmetry, fractal dimension, and 20 others.
COLUMNS = {"texture": 1, "smoothness": 4, "compactness": 5, "symmetry": 8}
EVERY = 5


def main() -> int:
    parser = argparse.ArgumentParser(description="Make data/tumours.csv.")
    parser.add_argument("wheel", type=Path, help="the downloaded package, a .whl file")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    with zipfile.ZipFile(arguments.wheel) as wheel:
        source = io.StringIO(wheel.read(MEMBER).decode())
    _, _, *names = next(csv.reader(source))  # rows, columns, 'malignant', 'benign'
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n")
    writer.writerow([*COLUMNS, "diagnosis"])
    malignant = 0
    for row in csv.reader(source):
        diagnosis = names[int(row[-1])]
        if diagnosis == "malignant":
            malignant += 1
            if (malignant - 1) % EVERY:
                continue
        writer.writerow([*(row[place] for place in COLUMNS.values()), diagnosis])
    same = manifest.save("tumours.csv", kept.getvalue().encode(), check=arguments.check)
    return 1 if arguments.check and not same else 0


if __name__ == "__main__":
    sys.exit(main())
