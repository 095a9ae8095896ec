"""Make digits/: handwritten digits as the IDX files that torchvision.datasets.MNIST reads.

    pip download --no-deps scikit-learn==1.9.1
    python data/make_digits.py scikit_learn-1.9.1-*.whl
    python data/make_digits.py scikit_learn-1.9.1-*.whl --check

The source has 8x8 pixels with values from 0 to 16. MNIST has 28x28 with values from 0 to 255, the
digit inside the middle 20x20. So each image is enlarged to 20x20 by cubic interpolation, its
contrast is stretched, and a black border of 4 pixels is put around it. All of it is done in whole
numbers, so that the bytes are the same on every machine.

Of each digit, every fifth image is for testing, the others are for training. No image is in both.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import zipfile
from pathlib import Path

import manifest
import torch

MEMBER = "sklearn/datasets/data/digits.csv.gz"
FOLDER = "digits/MNIST/raw"
SMALL, LARGE, BORDER = 8, 20, 4  # 20 + 2 * 4 = 28
WHITE = 16  # the largest value in the source
EVERY = 5


def read_source(wheel: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 8, 8) and labels (n,), both int64, in the order of the source."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MEMBER)).decode()
    rows = torch.tensor([[int(float(cell)) for cell in line.split(",")] for line in text.split()])
    return rows[:, :-1].reshape(-1, SMALL, SMALL), rows[:, -1]


def cubic_weight(tenths: int) -> int:
    """Keys' cubic kernel (a = -1/2) at a distance in tenths of a pixel, times 2000."""
    d = abs(tenths)
    if d <= 10:
        return 3 * d**3 - 50 * d**2 + 2000
    if d <= 20:
        return -(d**3) + 50 * d**2 - 800 * d + 4000
    return 0


def enlarge(images: torch.Tensor) -> torch.Tensor:
    """Images (n, 8, 8) from 0 to 16 to (n, 28, 28) uint8 from 0 to 255."""
    # The middle of large pixel i lies at (i + 1/2) * 8/20 - 1/2 = (4 i - 3) / 10 small pixels.
    weights = torch.tensor(
        [[cubic_weight(4 * i - 3 - 10 * j) for j in range(SMALL)] for i in range(LARGE)]
    )  # (20, 8)
    enlarged = weights @ images @ weights.T  # (n, 20, 20), in units of 1 / one
    one = WHITE * 2000**2
    # Below a quarter becomes black, above three quarters white, a straight line between them.
    stretched = (2 * enlarged - one // 2).clamp(0, one)
    pixels = (stretched * 255 + one // 2) // one
    return torch.nn.functional.pad(pixels, (BORDER,) * 4).to(torch.uint8)


def for_testing(labels: torch.Tensor) -> torch.Tensor:
    """A mask (n,): True for every fifth image of each digit."""
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for digit in range(10):
        places = (labels == digit).nonzero().flatten()
        chosen[places[EVERY - 1 :: EVERY]] = True
    return chosen


def as_idx(array: torch.Tensor) -> bytes:
    """The IDX format: two zeros, 8 for unsigned bytes, the dimensions, each size, the values."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.dim()]) + sizes + array.to(torch.uint8).numpy().tobytes()


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the files of data/digits/.")
    parser.add_argument("wheel", type=Path, help="the downloaded package, a .whl file")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    small, labels = read_source(arguments.wheel)
    images = enlarge(small)
    testing = for_testing(labels)
    same = []
    for name, part in (("train", ~testing), ("t10k", testing)):
        for kind, array in (("images-idx3", images[part]), ("labels-idx1", labels[part])):
            path = f"{FOLDER}/{name}-{kind}-ubyte"
            same.append(manifest.save(path, as_idx(array), check=arguments.check))
    return 1 if arguments.check and not all(same) else 0


if __name__ == "__main__":
    sys.exit(main())
