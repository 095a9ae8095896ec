"""Figures of pictures: what is drawn is what the images hold."""

import re

import pytest
import torch
from PIL import Image
from torchvision import transforms

from course_utils import figures
from course_utils.figures.vision import picture_of

GREY = torch.tensor([[0, 51, 102], [255, 204, 153]], dtype=torch.uint8)  # (2, 3)


def test_all_kinds_of_an_image_are_the_same_picture():
    picture = picture_of(GREY)
    assert picture.shape == (2, 3, 3)
    assert torch.allclose(picture[..., 0], GREY.double() / 255)
    for other in (
        Image.fromarray(GREY.numpy()),
        GREY[None],
        GREY[None] / 255,
        GREY.expand(3, 2, 3),
    ):
        assert torch.allclose(picture_of(other).double(), picture.double())


def test_text_tells_how_many_are_different():
    text = figures.image_rows({"a": [GREY, GREY, GREY.flip(0)], "b": [GREY[:, :2]]}).alt
    assert "a: 3 images of 2 x 3, 2 of them different; b: 1 image of 2 x 2." in text


def test_text_tells_the_captions():
    text = figures.image_grid([GREY, GREY], ["one", "two"]).alt
    assert text == "2 images, with these words under them: one; two."


def test_text_tells_each_step():
    steps = [transforms.ToTensor(), transforms.Normalize((0.5,), (0.25,))]
    text = figures.transform_steps(Image.fromarray(GREY.numpy()), steps).alt
    assert text == (
        "The image is PIL image, 3 x 2, 0 to 255; "
        "then ToTensor gives tensor, float32, (1, 2, 3), 0 to 1; "
        "then Normalize gives tensor, float32, (1, 2, 3), -2 to 2."
    )


BAD_CALLS = {
    "1 to 12 rows, not 0": lambda: figures.image_rows({}),
    "1 to 10 images in a row; 'a' has 11": lambda: figures.image_rows({"a": [GREY] * 11}),
    "1 to 40 images in 1 to 10 columns, not 1 in 11": lambda: figures.image_grid([GREY], ["a"], 11),
    "a caption for each of the 1 images; there are 2": lambda: figures.image_grid(
        [GREY], ["a", "b"]
    ),
    "1 to 6 steps, not 0": lambda: figures.transform_steps(GREY, []),
    "A str is not an image": lambda: picture_of("digit"),
    "shape (2, 2, 3) is not an image": lambda: picture_of(torch.zeros(2, 2, 3)),
    "After Normalize, undo it first": lambda: picture_of(torch.full((2, 2), -1.0)),
    "this one has other numbers": lambda: picture_of(torch.ones(2, 2, dtype=torch.int64)),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        BAD_CALLS[sentence]()
