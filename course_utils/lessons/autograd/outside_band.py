"""This function gives the right number, and nothing can learn from it: its graph is cut in four
places. Mend it. The values stay; the gradient has to reach all four arguments.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import decimals
from course_utils.observation import attempt
from course_utils.promises import promised

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
@exercise.mistake(
    "Still ill: not one gradient arrives. Ask of each tensor on the way what its `grad_fn` is, and "
    "begin at the one that is given back."
)
def outside_band(signals, logits, low, high):
    """How far the signals lie outside the band from low to high, weighted by softmax(logits).

    signals: float32, shape (n, steps), any strides. logits: float32, shape (n,), any strides.
    low, high: float32, shape (); low is below high.
    Returns a tensor of shape (), connected to each argument that requires grad.
    """
    with torch.no_grad():
        centred = signals - signals.mean(dim=1, keepdim=True)  # (n, steps)
    parts = logits.exp().detach().numpy()
    weights = torch.from_numpy(parts / parts.sum())  # (n,)
    band = torch.tensor([low.item(), high.item()])  # (2,)
    total = 0.0
    for signal, weight in zip(centred, weights):
        distance = signal - signal.clamp(band[0], band[1])
        total += (weight * distance.square().mean()).item()
    return torch.tensor(total, requires_grad=True)


@exercise.reference
def outside_band(signals, logits, low, high):
    """How far the signals lie outside the band from low to high, weighted by softmax(logits).

    signals: float32, shape (n, steps), any strides. logits: float32, shape (n,), any strides.
    low, high: float32, shape (); low is below high.
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
    yield torch.tensor([[0.0, 2.0, 1.0], [0.0, 0.2, 0.1]]), torch.tensor([0.0, 1.0]), *band
    yield torch.tensor([[0.0, 6.0], [5.0, 4.0]]), torch.tensor([1.0, -1.0]), *band
    for n, steps in ((3, 4), (4, 3), (2, 1)):
        low = torch.tensor(-rng.randint(1, 9) / 10)
        yield decimals(rng, n, steps), decimals(rng, n), low, low + rng.randint(1, 9) / 10
    logits = promised(rng, "any strides", shape=(2,))
    for signals, row in zip(promised(rng, "any strides"), logits, strict=True):
        yield signals.div_(10), row.div_(30), torch.tensor(-2.0), torch.tensor(3.0)


NAMES = ("signals", "logits", "low", "high")


def gradient_of(result, leaf):
    """The gradient, or None where none arrives: torch's words for that differ between versions."""
    return torch.autograd.grad(result, leaf, retain_graph=True, allow_unused=True)[0]


@exercise.observe
def _(answer, *tensors):
    def leaves(*learnt):
        return [t.detach().requires_grad_(name in learnt) for name, t in zip(NAMES, tensors)]

    given = leaves(*NAMES)
    result = answer(*given)
    facts = {"result": result, "result where nothing requires grad": answer(*tensors)}
    for name, leaf in zip(NAMES, given, strict=True):
        facts[f"gradient of {name}"] = attempt(lambda leaf=leaf: gradient_of(result, leaf))
    for place, name in enumerate(NAMES):
        alone = leaves(name)
        facts[f"gradient where only {name} requires grad"] = attempt(
            lambda alone=alone, place=place: gradient_of(answer(*alone), alone[place])
        )
    return facts


def centre(signals):
    """Each signal without its mean."""
    return signals - signals.mean(dim=1, keepdim=True)


def total_of(signals, weights, low, high):
    """The weighted sum of what lies outside, of centred signals."""
    distance = signals - signals.clamp(low, high)
    return (weights * distance.square().mean(dim=1)).sum()


@exercise.mistake(
    "A number of Python has no graph at all. The result is to be a tensor that knows where it "
    "came from."
)
def a_python_float(signals, logits, low, high):
    return total_of(centre(signals), logits.softmax(0), low, high).item()


@exercise.mistake(
    "The signals get no gradient, or one that is not right. What is computed without recording, or "
    "detached, is not in the graph, and a mean belongs to it, too."
)
def centred_without_recording(signals, logits, low, high):
    with torch.no_grad():
        centred = centre(signals)
    return total_of(centred, logits.softmax(0), low, high)


@exercise.mistake(same_as=centred_without_recording)
def mean_without_recording(signals, logits, low, high):
    with torch.no_grad():
        means = signals.mean(dim=1, keepdim=True)
    return total_of(signals - means, logits.softmax(0), low, high)


@exercise.mistake(
    "The logits get no gradient, or one that is not right. Look at each step from the logits to "
    "the weights, also at the sum that they are divided by: which of them keeps numbers alone?"
)
def weights_by_numpy(signals, logits, low, high):
    parts = logits.exp().detach().numpy()
    weights = torch.from_numpy(parts / parts.sum())
    return total_of(centre(signals), weights, low, high)


@exercise.mistake(same_as=weights_by_numpy)
def sum_detached(signals, logits, low, high):
    parts = logits.exp()
    return total_of(centre(signals), parts / parts.sum().detach(), low, high)


@exercise.mistake(
    "Low and high get no gradient, or only one of them does. Follow both from the argument to "
    "where they are used: what there keeps their numbers alone?"
)
def band_by_tensor(signals, logits, low, high):
    band = torch.tensor([low, high])
    return total_of(centre(signals), logits.softmax(0), band[0], band[1])


@exercise.mistake(same_as=band_by_tensor)
def only_high_is_a_tensor(signals, logits, low, high):
    centred = centre(signals)
    clamped = centred.clamp(min=low.item()).minimum(high)
    return (logits.softmax(0) * (centred - clamped).square().mean(dim=1)).sum()


@exercise.mistake(
    "The terms of the sum are turned into numbers, in part or as a whole, and numbers have no "
    "gradient. The sum may be a tensor from the start."
)
def distances_of_the_sum_as_numbers(signals, logits, low, high):
    total = 0.0
    for signal, weight in zip(centre(signals), logits.softmax(0), strict=True):
        distance = signal - signal.clamp(low, high)
        total = total + weight * distance.square().mean().item()
    return total


@exercise.mistake(
    "It has a graph now, and its number is another one. Mend where the graph is cut, and leave "
    "what is computed."
)
def mean_over_the_signals(signals, logits, low, high):
    centred = centre(signals)
    distance = centred - centred.clamp(low, high)
    return (logits.softmax(0) * distance.square().mean(dim=1)).mean()


@exercise.mistake(same_as=mean_over_the_signals)
def without_weights(signals, logits, low, high):
    centred = centre(signals)
    return (centred - centred.clamp(low, high)).square().mean()


@exercise.mistake(same_as=mean_over_the_signals)
def without_centring(signals, logits, low, high):
    return total_of(signals, logits.softmax(0), low, high)


@exercise.mistake(same_as=mean_over_the_signals)
def centred_over_everything(signals, logits, low, high):
    return total_of(signals - signals.mean(), logits.softmax(0), low, high)


@exercise.mistake("The result has the shape (), of a single number. A sum can begin with one, too.")
def begins_with_a_row(signals, logits, low, high):
    total = torch.zeros(1)
    for signal, weight in zip(centre(signals), logits.softmax(0), strict=True):
        total = total + weight * (signal - signal.clamp(low, high)).square().mean()
    return total


@exercise.mistake(same_as=begins_with_a_row)
def one_for_each_signal(signals, logits, low, high):
    centred = centre(signals)
    return logits.softmax(0) * (centred - centred.clamp(low, high)).square().mean(dim=1)


@exercise.mistake(
    "A gradient is switched on for the arguments themselves. They are the caller's, who says what "
    "is learnt; and the graph is cut behind them."
)
def switches_the_arguments(signals, logits, low, high):
    for argument in (signals, logits, low, high):
        argument.requires_grad_()
    return total_of(centre(signals), logits.softmax(0), low, high)


@exercise.right
def in_the_loop(signals, logits, low, high):
    centred = signals - signals.mean(dim=1, keepdim=True)
    parts = logits.exp()
    weights = parts / parts.sum()
    band = torch.stack([low, high])
    total = 0.0
    for signal, weight in zip(centred, weights):
        distance = signal - signal.clamp(band[0], band[1])
        total = total + weight * distance.square().mean()
    return total


@exercise.right
def stacked(signals, logits, low, high):
    centred = signals - signals.mean(1)[:, None]
    weights = torch.nn.functional.softmax(logits, dim=0)
    terms = []
    for signal, weight in zip(centred, weights):
        clamped = torch.minimum(torch.maximum(signal, low), high)
        terms.append(weight * ((signal - clamped) ** 2).mean())
    return torch.stack(terms).sum()


@exercise.right
def both_sides_by_relu(signals, logits, low, high):
    centred = signals - signals.mean(-1, keepdim=True)
    distance = torch.relu(centred - high) + torch.relu(low - centred)
    return torch.softmax(logits, 0) @ distance.pow(2).mean(-1)


@exercise.right
def starts_from_a_tensor(signals, logits, low, high):
    centred = signals - torch.mean(signals, dim=1, keepdim=True)
    weights = torch.exp(logits - logits.logsumexp(0))
    total = torch.zeros(())
    for i in range(signals.shape[0]):
        distance = centred[i] - torch.clamp(centred[i], min=low, max=high)
        total += weights[i] * distance.square().sum() / distance.numel()
    return total


exercise.equivalent(
    "weights = logits.softmax(0)",
    "weights = logits.softmax(-1)",
    because="There is one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return (weights * distance.square().mean(dim=1)).sum()",
    "return (weights * distance.square_().mean(dim=1)).sum()",
    because="The distance was made here, and torch keeps what it needs of it for the way back.",
)


exercise.equivalent(
    "total = total + weight * distance.square().mean()",
    "total = total + weight * distance.square_().mean()",
    because="The distance was made here, and torch keeps what it needs of it for the way back.",
)


exercise.equivalent(
    "weights = torch.nn.functional.softmax(logits, dim=0)",
    "weights = torch.nn.functional.softmax(logits)",
    "weights = torch.nn.functional.softmax(logits, dim=-1)",
    because="There is one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "centred = signals - signals.mean(-1, keepdim=True)",
    "centred = signals - signals.mean(1, keepdim=True)",
    because="The second of two dimensions is the last one.",
)


exercise.equivalent(
    "distance = torch.relu(centred - high) + torch.relu(low - centred)",
    "distance = torch.relu(centred - high) - torch.relu(low - centred)",
    because="Only its square is used, and never are both parts above 0.",
)


exercise.equivalent(
    "return torch.softmax(logits, 0) @ distance.pow(2).mean(-1)",
    "return torch.softmax(logits, -1) @ distance.pow(2).mean(-1)",
    because="There is one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "return torch.softmax(logits, 0) @ distance.pow(2).mean(-1)",
    "return torch.softmax(logits, 0) @ distance.pow_(2).mean(-1)",
    because="The distance was made here, and torch keeps what it needs of it for the way back.",
)


exercise.equivalent(
    "return torch.softmax(logits, 0) @ distance.pow(2).mean(-1)",
    "return torch.softmax(logits, 0) @ distance.pow(2).mean(1)",
    because="The second of two dimensions is the last one.",
)


exercise.equivalent(
    "weights = torch.exp(logits - logits.logsumexp(0))",
    "weights = torch.exp(logits - logits.logsumexp(-1))",
    because="There is one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "total += weights[i] * distance.square().sum() / distance.numel()",
    "total = total + weights[i] * distance.square().sum() / distance.numel()",
    because="The total was made here: nobody else sees whether it is the same tensor.",
)


exercise.equivalent(
    "total += weights[i] * distance.square().sum() / distance.numel()",
    "total += weights[i] * distance.square_().sum() / distance.numel()",
    because="The distance was made here, and torch keeps what it needs of it for the way back.",
)
