"""Figures of training: the curves hold the run's numbers, the words say what happened."""

import pytest
import torch

from course_utils import figures

WHOLE = [1.0, 0.7, 0.4, 0.3]


def lines(figure):
    """The points of every curve, panel by panel."""
    return [
        [[round(float(y), 4) for y in line.get_ydata()] for line in axes.get_lines()]
        for axes in figure.drawing.axes
        if axes.get_lines()
    ]


def test_a_run_is_drawn_as_it_was():
    figure = figures.training_run([1.0, 0.5], [0.9, 0.7], [0.1, 0.01])
    assert lines(figure) == [[[1.0, 0.5], [0.9, 0.7]], [[0.1, 0.01]]]
    assert "training loss goes from 1.0 to 0.5, the validation loss from 0.9 to 0.7" in figure.alt
    assert "lowest value in epoch 1" in figure.alt
    assert "learning rate goes from 0.1 to 0.01" in figure.alt


def test_the_last_digits_of_a_loss_change_nothing():
    one = figures.training_run([1.0, 0.5], [0.9, 0.7], [0.1, 0.1])
    other = figures.training_run([1.0, 0.5 + 1e-6], [0.9 - 1e-6, 0.7], [0.1, 0.1])
    assert one.png == other.png


def test_resumed_parts_begin_at_their_epoch():
    figure = figures.resumed_run(WHOLE, WHOLE[2:], [0.5, 0.4])
    curves = [line for axes in figure.drawing.axes for line in axes.get_lines()]
    first = [list(line.get_xdata())[0] for line in curves]
    assert first == [0, 2, 2, 1.5]
    assert "checkpoint before epoch 2" in figure.alt
    assert "lies exactly on the curve" in figure.alt
    assert "up to 0.1 away" in figure.alt


def test_a_resumed_run_that_differs_in_the_last_bit_is_noticed():
    figure = figures.resumed_run(WHOLE, [0.4, 0.3 + 1e-12], [0.5, 0.45])
    assert "leaves the curve" in figure.alt


def test_the_largest_confusion_is_named():
    figure = figures.confusion(torch.tensor([[3, 1], [2, 4]]), ["cat", "dog"])
    assert figure.alt == (
        "A confusion matrix of 2 classes: 7 of 10 samples lie on its diagonal. "
        "The largest number beside it is 2: dog taken for cat."
    )
    assert "beside it" not in figures.confusion(torch.eye(2).long(), ["a", "b"]).alt


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.training_run([1.0], [1.0, 2.0], [0.1]), "lengths 1, 2, 1"),
        (lambda: figures.training_run([], [], []), "lengths 0, 0, 0"),
        (lambda: figures.resumed_run(WHOLE, [0.3], [0.3, 0.2]), "lengths 1, 2"),
        (lambda: figures.resumed_run(WHOLE, WHOLE, WHOLE), "longer than"),
        (lambda: figures.confusion(torch.zeros(2, 3), ["a", "b"]), r"shape \(2, 3\)"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_sentence(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
