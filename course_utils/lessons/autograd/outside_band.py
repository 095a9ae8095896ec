"""This function gives the right number, and nothing can learn from it: its graph is cut in four
places. Mend it. The values stay; the gradient has to reach all four arguments.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals

exercise = Exercise(
    "03.16",
    "A clinic for graphs",
    minutes=20,
    difficulty=3,
    hints=[
        "Go through it line by line, and ask of each tensor what its `grad_fn` is.",
        "Everything that leaves torch cuts the graph: numbers, arrays, and new tensors made from "
        "them.",
        "A result that got `requires_grad=True` at the end is a new leaf. A gradient arrives "
        "there, and ends there.",
    ],
)


@exercise.starter
def outside_band(signals, logits, low, high):
    """How far the signals lie outside the band from low to high, weighted by softmax(logits).

    signals: float32, shape (n, steps). logits: float32, shape (n,). low, high: float32, shape ().
    Returns a tensor of shape (), connected to each argument that requires grad.
    """
    with torch.no_grad():
        centred = signals - signals.mean(dim=1, keepdim=True)  # (n, steps)
    parts = logits.exp().detach().numpy()
    weights = torch.from_numpy(parts / parts.sum())  # (n,)
    band = torch.tensor([low, high])  # (2,)
    total = 0.0
    for signal, weight in zip(centred, weights):
        distance = signal - signal.clamp(band[0], band[1])
        total += (weight * distance.square().mean()).item()
    return torch.tensor(total, requires_grad=True)


@exercise.reference
def outside_band(signals, logits, low, high):
    """How far the signals lie outside the band from low to high, weighted by softmax(logits).

    signals: float32, shape (n, steps). logits: float32, shape (n,). low, high: float32, shape ().
    Returns a tensor of shape (), connected to each argument that requires grad.
    """
    centred = signals - signals.mean(dim=1, keepdim=True)  # (n, steps)
    weights = logits.softmax(0)  # (n,)
    distance = centred - centred.clamp(low, high)  # (n, steps)
    return (weights * distance.square().mean(dim=1)).sum()


@exercise.cases
def _(rng):
    band = torch.tensor(-0.5), torch.tensor(0.5)
    yield torch.tensor([[1.0, 3.0]]), torch.tensor([0.0]), *band
    yield decimals(rng, 3, 4), decimals(rng, 3), *band
