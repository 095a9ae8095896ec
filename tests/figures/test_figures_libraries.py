"""What the figures of lesson 12 say and refuse."""

import re

import pytest
import torch

from course_utils import figures
from tests.figures.test_figures import EXAMPLES, SCENE, Letters

IDS = torch.tensor([[2, 22, 3], [2, 3, 0]])
MASK = torch.tensor([[1, 1, 1], [1, 1, 0]])
BATCH = {"input_ids": IDS, "attention_mask": MASK}


def test_text_of_conventions_tells_what_each_library_holds():
    text = EXAMPLES["conventions"]().alt
    assert "before: picture ndarray, uint8 (4, 6, 3) and mask ndarray, uint8 (4, 6), boxes " in text
    assert text.endswith(
        "(3, 4, 3) and mask Tensor, uint8 (4, 3), boxes [[1, 1, 3, 3]], labels [4]."
    )


def test_text_of_a_batch_tells_pieces_ids_and_shapes():
    text = EXAMPLES["text_batch"]().alt
    assert "'go' is [CLS] g o [SEP]" in text
    assert "attention_mask [[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]]" in text
    assert "last_hidden_state of shape (2, 6, 32)" in text


BAD_CALLS = {
    "conventions() draws 1 to 4 libraries, not 0": lambda: figures.conventions({}),
    "A sample of v2 has no 'labels'": lambda: figures.conventions(
        {"v2": (SCENE, {name: SCENE[name] for name in ("image", "mask", "bboxes")})}
    ),
    "The mask of v2 has shape (4, 6, 1)": lambda: figures.conventions(
        {"v2": (SCENE, {**SCENE, "mask": SCENE["mask"][:, :, None]})}
    ),
    "here are 1 texts, input_ids (2, 3)": lambda: figures.text_batch(
        ["v"], Letters(), BATCH, torch.zeros(2, 3, 4), torch.zeros(2, 2)
    ),
    "hidden (2, 4, 4), logits (2, 2)": lambda: figures.text_batch(
        ["v", ""], Letters(), BATCH, torch.zeros(2, 4, 4), torch.zeros(2, 2)
    ),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        BAD_CALLS[sentence]()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
