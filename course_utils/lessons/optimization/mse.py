"""Write `mse_loss` yourself, and make it refuse two shapes that would only broadcast."""

import torch

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import loss_and_gradient
from course_utils.lessons.optimization.inputs import decimals
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "09.1",
    "Mean squared error that does not broadcast",
    minutes=6,
    difficulty=1,
    without=ByHand("nn.functional.mse_loss", not_=("dist", "cdist", "var", "std")),
    hints=[
        "Begin with all squared errors. The reduction is a second step.",
        "Compare the two shapes before you subtract. Which exception does the docstring name?",
    ],
)


@exercise.reference
def mse(prediction, target, reduction="mean"):
    """The squared error between a prediction and its target.

    prediction, target: float32 tensors of the same shape, any number of dimensions, any strides.
    reduction: 'none' gives every squared error, in that shape; 'mean' and 'sum' give a tensor
    of shape ().
    Raises ValueError when the shapes differ, even if they could be broadcast.
    """
    if prediction.shape != target.shape:
        raise ValueError(f"shapes differ: {tuple(prediction.shape)}, {tuple(target.shape)}")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.cases
def _(rng):
    target = torch.tensor([1.0, 4.0, 0.0])
    for reduction in ("mean", "sum", "none"):
        yield torch.tensor([1.0, 2.0, 3.0]), target, reduction
    yield torch.tensor([[1.0], [2.0], [3.0]]), target, "mean"
    yield decimals(rng, 3, 2), decimals(rng, 3, 1), rng.choice(["mean", "sum", "none"])
    yield decimals(rng, 2), decimals(rng, 3), "mean"
    # Shape () fits every shape, and has as many elements as shape (1,).
    yield torch.tensor([1.0, 2.0, 3.0]), torch.tensor(4.0), "mean"
    yield torch.tensor(4.0), torch.tensor([1.0]), "sum"
    for reduction in ("mean", "none"):
        yield decimals(rng, 2, 3), decimals(rng, 2, 3), reduction
    promises = ("any number of dimensions", "any strides")
    pairs = zip(promised(rng, *promises), promised(rng, *promises), strict=True)
    for prediction, target in pairs:
        yield prediction, target, rng.choice(["mean", "sum", "none"])


@exercise.observe
def _(answer, prediction, target, reduction):
    return {
        **loss_and_gradient(answer, prediction, target, reduction),
        "loss with reduction left out": attempt(lambda: answer(prediction, target)),
    }


@exercise.mistake(
    "A prediction of shape (n, 1) and a target of shape (n,) broadcast to a square table: each "
    "prediction meets each target. Your function lets that happen."
)
def lets_shapes_broadcast(prediction, target, reduction="mean"):
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(same_as=lets_shapes_broadcast)
def refuses_what_does_not_broadcast(prediction, target, reduction="mean"):
    try:
        squares = (prediction - target) ** 2
    except RuntimeError:
        raise ValueError("shapes") from None
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "You took the root of the mean. That is a number to report (RMSE); the loss of this name "
    "has none."
)
def takes_the_root(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean().sqrt() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "The half that textbooks put in front makes the derivative look nicer. torch does not have it."
)
def has_a_half_in_front(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2 / 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "You average over the rows and add up inside each row. How many numbers are in the table?"
)
def mean_over_rows_only(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.sum() / len(squares) if reduction == "mean" else squares.sum()


@exercise.mistake(
    "The number is right, but it is a Python number: no gradient can go back through that."
)
def leaves_the_graph(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean().item() if reduction == "mean" else squares.sum().item()


@exercise.mistake(
    "The numbers are right, but no gradient goes back to the prediction. Which line cuts your loss "
    "off from it?"
)
def cut_from_the_graph(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction.detach() - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "Your function refuses two shapes, with another kind of error than the docstring names. Who "
    "calls it can only prepare for the kind that was promised."
)
def another_kind_of_error(prediction, target, reduction="mean"):
    assert prediction.shape == target.shape
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "Two different shapes have to end in an error. Your function brings one into the shape of the "
    "other and goes on."
)
def makes_them_fit(prediction, target, reduction="mean"):
    squares = (prediction - target.reshape(prediction.shape)) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "Some pairs of shapes get through that are not the same. Two tensors can have equally many "
    "elements, rows or dimensions, and still other shapes."
)
def compares_the_number_of_elements(prediction, target, reduction="mean"):
    if prediction.numel() != target.numel():
        raise ValueError("sizes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(same_as=compares_the_number_of_elements)
def compares_the_lengths(prediction, target, reduction="mean"):
    if len(prediction) != len(target):
        raise ValueError("lengths")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(same_as=compares_the_number_of_elements)
def compares_the_dimensions(prediction, target, reduction="mean"):
    if prediction.dim() != target.dim():
        raise ValueError("dimensions")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake(
    "A single number, of shape (), gets through next to a tensor with dimensions. It fits every "
    "shape, but only because it is broadcast."
)
def a_number_fits_every_shape(prediction, target, reduction="mean"):
    if prediction.dim() and target.dim() and prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.mistake("With reduction 'none' your function gives one number, too. What was asked for?")
def always_one_number(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = (prediction - target) ** 2
    return squares.sum() if reduction == "sum" else squares.mean()


@exercise.mistake(
    "You write into the prediction itself. It belongs to the caller, who still needs it as it was."
)
def subtracts_in_place(prediction, target, reduction="mean"):
    if prediction.shape != target.shape:
        raise ValueError("shapes")
    squares = prediction.sub_(target) ** 2
    if reduction == "none":
        return squares
    return squares.mean() if reduction == "mean" else squares.sum()


@exercise.right
def mse_by_elements(prediction, target, reduction="mean"):
    if list(prediction.shape) != list(target.shape):
        raise ValueError
    difference = prediction.sub(target)
    squares = difference * difference
    return {"none": squares, "sum": torch.sum(squares), "mean": torch.mean(squares)}[reduction]
