"""Figures of loading: what is drawn is what the samplers, batches and times say."""

import re

import pytest
import torch
from torch.utils.data import default_collate

from course_utils import figures
from course_utils.figures.loading import coverage

samples = [(torch.tensor([1.0, 2.0]), 0), (torch.tensor([3.0, 4.0]), 1)]


@pytest.mark.parametrize(
    ("indices", "said"),
    [
        ([2, 0, 1], "each once"),
        ([0, 1], "never: 2"),
        ([0, 1, 2, 0], "more than once: 0"),
        ([1, 1, 1], "never: 0, 2; more than once: 1"),
    ],
)
def test_coverage(indices, said):
    assert coverage(indices, 3) == said


def test_text_tells_the_draws():
    text = figures.sampled({"a": [1, 0], "b": [[1], [1]]}, count=2).alt
    assert "a draws [1, 0] (each once); b draws [[1], [1]] (never: 0; more than once: 1)." in text
    text = figures.sampled({"a": [1], "b": [0]}, count=2, together=True).alt
    assert text.endswith("All together: each once.")
    assert "a draws [1]; b" in text


def test_text_tells_both_sides_of_collate():
    text = figures.collated(samples, default_collate(samples)).alt
    assert "sample 0 is (1, 2) and (0); sample 1 is (3, 4) and (1)." in text
    assert "[0] of shape (2, 2): [[1.0, 2.0], [3.0, 4.0]]; [1] of shape (2,): [0, 1]." in text


def test_only_padding_is_grey():
    padded = torch.tensor([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]])
    uneven = [(torch.tensor([1.0, 2.0]), 0), (torch.tensor([3.0, 4.0, 5.0]), 1)]
    from matplotlib.colors import to_hex

    from course_utils.figures.drawing import UNUSED

    def grey_cells(given, batch):
        drawing = figures.collated(given, batch).drawing
        return [to_hex(p.get_facecolor()) for a in drawing.axes for p in a.patches].count(UNUSED)

    assert grey_cells(uneven, (padded, torch.tensor([0, 1]))) == 1
    assert grey_cells(samples, default_collate(samples)) == 0


def test_shares_are_counted():
    text = figures.class_balance({"e": [torch.tensor([0, 0, 1]), torch.tensor([0])]}, ["a", "b"])
    assert text.alt.endswith("e, 2 batches, in all: a 75 %, b 25 %.")


BAD_CALLS = {
    "at least one sampler, over at most 30": lambda: figures.sampled({}, count=3),
    "over at most 30 samples": lambda: figures.sampled({"a": [0]}, count=31),
    "a draws an index that is not in 0 ... 2": lambda: figures.sampled({"a": [3]}, count=3),
    "draws 1 to 8 samples, not 0": lambda: figures.collated([], []),
    "A part has 3 rows for 2 samples": lambda: figures.collated(samples, torch.zeros(3)),
    "draws batches of tensors": lambda: figures.collated(samples, ["a", "b"]),
    "2 names for 1 part": lambda: figures.collated(samples, torch.zeros(2), names=["a", "b"]),
    "A label is larger than 1": lambda: figures.class_balance(
        {"a": [torch.tensor([2])]}, ["no", "yes"]
    ),
    "at least one loader with a batch": lambda: figures.class_balance({}, ["no"]),
    "at most 40 batches of at most 40": lambda: figures.class_balance(
        {"a": [torch.zeros(41, dtype=torch.int64)]}, ["no"]
    ),
    "at least one time": lambda: figures.epoch_time({}),
    "none of them negative": lambda: figures.epoch_time({"a": {0: -1.0}}),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        BAD_CALLS[sentence]()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
