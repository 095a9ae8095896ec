"""Figures of texts: what is grey, where bags begin, and what is computed."""

import re

import pytest
import torch
from matplotlib.colors import to_hex

from course_utils import figures
from course_utils.figures.drawing import UNUSED

ids = torch.tensor([[5, 2, 0], [7, 4, 9]])
real = torch.tensor([[True, True, False], [True, True, True]])


def grey_cells(figure):
    patches = [p for axes in figure.drawing.axes for p in axes.patches]
    return [to_hex(p.get_facecolor()) for p in patches].count(UNUSED)


def test_padding_is_grey_in_batch_and_mask():
    assert grey_cells(figures.padding([[5, 2], [7, 4, 9]], ids, real)) == 2
    assert grey_cells(figures.padding([[5, 2], [7, 4, 9]], ids, real | True)) == 0


def test_text_tells_batch_and_mask():
    text = figures.padding([[5, 2], [7, 4, 9]], ids, real).alt
    assert "Padded to shape (2, 3): [[5, 2, 0], [7, 4, 9]]. The mask is True at 5 of 6" in text


def test_text_tells_what_is_computed():
    figure = figures.packing(ids, torch.tensor([2, 3]))
    assert "of 6 places 5 are computed" in figure.alt
    assert "the texts are [1, 0], and the steps have batch_sizes [2, 2, 1]" in figure.alt
    assert "packed.data holds [7, 5, 4, 2, 9]" in figure.alt
    assert grey_cells(figure) == 1


def test_text_tells_the_bags():
    row = torch.tensor([5, 2, 7])
    figure = figures.bags(row, {"a": torch.tensor([0, 2]), "b": torch.tensor([1, 1, 3])})
    assert "a, offsets [0, 2], gives the bags [[5, 2], [7]]; b" in figure.alt
    assert "b, offsets [1, 1, 3], gives the bags [[], [2, 7], []]." in figure.alt
    assert grey_cells(figure) == 1  # the id before the first offset of b


row = torch.tensor([5, 2, 7])
BAD_CALLS = {
    "needs a batch of shape (1, time)": lambda: figures.padding([[5, 2]], ids, real),
    "at most 8 texts of at most 12 ids": lambda: figures.padding(
        [[1]] * 9, torch.ones(9, 1, dtype=torch.int64), torch.ones(9, 1, dtype=torch.bool)
    ),
    "needs a bool mask of shape (2, 3)": lambda: figures.padding([[5], [7]], ids, real.long()),
    "needs a batch of shape (3, time)": lambda: figures.packing(ids, torch.tensor([1, 1, 1])),
    "[0, 3] are not all in 1 ... 3": lambda: figures.packing(ids, torch.tensor([0, 3])),
    "[2, 4] are not all in 1 ... 3": lambda: figures.packing(ids, torch.tensor([2, 4])),
    "draws 1 to 24 ids": lambda: figures.bags(row, {}),
    "in one row": lambda: figures.bags(ids, {"a": torch.tensor([0])}),
    "a: the offsets [0, 4]": lambda: figures.bags(row, {"a": torch.tensor([0, 4])}),
    "a: the offsets [2, 0]": lambda: figures.bags(row, {"a": torch.tensor([2, 0])}),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        BAD_CALLS[sentence]()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
