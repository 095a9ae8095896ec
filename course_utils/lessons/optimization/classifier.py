"""This classifier runs, its loss falls a little, and then nothing more happens. Find what is wrong
with `forward` and with `probabilities`, and mend them.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn

from course_utils.exercise import Exercise


def kind_of_scores(scores: torch.Tensor, last: torch.Tensor) -> str:
    """In words, what a classifier's output is, compared with what its last layer gave."""
    if scores.shape != last.shape:
        return f"a tensor of shape {tuple(scores.shape)}"
    if torch.allclose(scores, last):
        return "the scores of the last linear layer, as they are"
    if torch.allclose(scores, last.log_softmax(dim=1), atol=1e-5):
        return "logarithms of probabilities"
    if torch.allclose(scores.sum(dim=1), torch.ones(len(scores))) and bool((scores >= 0).all()):
        return "probabilities"
    return "scores that are never negative" if bool((scores >= 0).all()) else "other numbers"


def kind_of_shares(given: torch.Tensor, last: torch.Tensor) -> str:
    """In words, what a classifier's probabilities are, compared with what its last layer gave."""
    kinds = {
        "softmax of each row of scores": last.softmax(dim=-1),
        "softmax of each column of scores": last.softmax(dim=0),
        "sigmoid of each score": last.sigmoid(),
    }
    for kind, numbers in kinds.items():
        if given.shape == numbers.shape and torch.allclose(given, numbers, atol=1e-5):
            return kind
    return "other numbers"


exercise = Exercise(
    "09.7",
    "Mend a classifier",
    minutes=12,
    difficulty=2,
    hints=[
        "What does cross_entropy expect, and what does it do first? Then: what may a score for a "
        "class that is ruled out look like?",
        "forward is for the loss. Probabilities are for people: another method makes them.",
        "The class with the largest score has the largest probability, too.",
    ],
)


@exercise.starter
class Classifier(nn.Module):
    """Two linear layers with a ReLU between them. Runs, and learns badly: mend it.

    Classifier(features, classes).
    forward(x): what `cross_entropy` expects, shape (n, classes), for a contiguous float32
    x of shape (n, features).
    probabilities(x): shape (n, classes), each row adds up to 1; for people to read.
    predicted(x): the most probable class of each sample, int64, shape (n,).
    """

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        x = torch.relu(self.hidden(x))
        x = torch.relu(self.out(x))
        return torch.softmax(x, dim=1)

    def probabilities(self, x):
        return torch.softmax(self(x), dim=0)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@exercise.reference
class Classifier(nn.Module):
    """Two linear layers with a ReLU between them.

    Classifier(features, classes).
    forward(x): what `cross_entropy` expects, shape (n, classes), for a contiguous float32
    x of shape (n, features).
    probabilities(x): shape (n, classes), each row adds up to 1; for people to read.
    predicted(x): the most probable class of each sample, int64, shape (n,).
    """

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))

    def probabilities(self, x):
        return torch.softmax(self(x), dim=1)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@exercise.cases
def _(rng):
    yield 2, 3
    yield 4, 2
    yield rng.randint(3, 5), rng.randint(4, 40)


@exercise.observe
def _(answer, features, classes):
    model = answer(features, classes)
    if not isinstance(model, nn.Module):
        return {"a model": model}
    inputs, outputs = [], []
    linear = [module for module in model.modules() if type(module) is nn.Linear]
    for module in linear:
        module.register_forward_pre_hook(lambda module, args: inputs.append(args[0].detach()))
        module.register_forward_hook(lambda module, args, output: outputs.append(output.detach()))
    x = torch.randn(40, features)
    scores = model(x)
    last = outputs[-1] if outputs else torch.zeros(0)
    between = len(inputs) > 1 and torch.equal(inputs[-1], outputs[0].relu())
    given = model.probabilities(x)
    picked = model.predicted(x)
    for result in (scores, given, picked):
        if type(result) is not torch.Tensor:
            return {"forward, probabilities, predicted": [scores, given, picked]}
    names, uses = (
        ("forward", "probabilities", "predicted"),
        (
            model,
            model.probabilities,
            model.predicted,
        ),
    )
    facts = {
        "forward gives": kind_of_scores(scores.detach(), last),
        "probabilities gives": kind_of_shares(given.detach(), last),
        "rows of probabilities add up to 1": torch.allclose(given.sum(dim=-1), torch.ones(1)),
        "predicted is right for every sample": picked.shape == (40,)
        and torch.equal(picked, last.argmax(dim=1)),
        "dtype of predicted": picked.dtype,
        "shape of what forward gives": tuple(scores.shape),
        "linear layers": len(linear),
        "a ReLU between the linear layers": between,
        "the first linear layer gets x": bool(inputs) and torch.equal(inputs[0], x),
        "a gradient comes back": bool(scores.requires_grad),
        "shape of what predicted gives": tuple(picked.shape),
        "shapes for one sample": [tuple(use(x[:1]).shape) for use in uses],
    }
    model.eval()
    facts["what evaluation mode changes"] = [
        name
        for name, use, result in zip(names, uses, (scores, given, picked), strict=True)
        if not torch.equal(use(x), result)
    ]
    return facts


class TwoLayers(nn.Module):
    """What the mistakes below have in common."""

    def __init__(self, features, classes):
        super().__init__()
        self.hidden = nn.Linear(features, 8)
        self.out = nn.Linear(8, classes)

    def forward(self, x):
        return self.out(torch.relu(self.hidden(x)))

    def probabilities(self, x):
        return torch.softmax(self(x), dim=1)

    def predicted(self, x):
        return self(x).argmax(dim=1)


@exercise.mistake(
    "`forward` still ends in softmax. cross_entropy does that itself, and the second softmax "
    "keeps the loss of a perfect answer far from 0."
)
class SoftmaxInForward(TwoLayers):
    def forward(self, x):
        return torch.softmax(super().forward(x), dim=1)

    def probabilities(self, x):
        return self(x)


@exercise.mistake(
    "`forward` still ends in softmax, and `probabilities` does it a second time: the "
    "probabilities come out too much alike."
)
class SoftmaxInBoth(TwoLayers):
    def forward(self, x):
        return torch.softmax(super().forward(x), dim=1)


@exercise.mistake(
    "A ReLU stands behind the last layer. Scores have to be free to go below zero; a score that "
    "is cut off also gets no gradient."
)
class ReluAtTheEnd(TwoLayers):
    def forward(self, x):
        return torch.relu(super().forward(x))


@exercise.mistake(
    "`forward` gives logarithms of probabilities. The loss is right by luck (doing it twice "
    "changes nothing), but it is work for nothing, and readers expect scores."
)
class LogSoftmaxInForward(TwoLayers):
    def forward(self, x):
        return torch.log_softmax(super().forward(x), dim=1)


@exercise.mistake(
    "Your probabilities add up to one down the batch. Each sample shares out its probability "
    "among the classes."
)
class SoftmaxOverTheBatch(TwoLayers):
    def probabilities(self, x):
        return torch.softmax(self(x), dim=0)


@exercise.mistake(
    "Sigmoid answers one yes-or-no question for each class. These classes exclude each other, so "
    "their probabilities have to be shared out."
)
class SigmoidForClasses(TwoLayers):
    def probabilities(self, x):
        return torch.sigmoid(self(x))


@exercise.mistake(
    "Between the two linear layers stands no ReLU any more, or it stands elsewhere. Two linear "
    "layers with nothing between them can do no more than one."
)
class NoReluBetween(TwoLayers):
    def forward(self, x):
        return self.out(self.hidden(x))


@exercise.mistake(
    "Your first linear layer does not get x as it is. Nobody asked for anything in front of it; a "
    "ReLU there, for one, hides all that is below 0."
)
class ReluBeforeBoth(TwoLayers):
    def forward(self, x):
        return super().forward(torch.relu(x))


@exercise.mistake(
    "A score for cross_entropy may be any number, also one below 0. Something behind the last "
    "layer keeps yours in a smaller range."
)
class SigmoidAtTheEnd(TwoLayers):
    def forward(self, x):
        return torch.sigmoid(super().forward(x))


@exercise.mistake(
    "In evaluation mode `forward` gives something else than in training. A loss on validation data "
    "needs scores, too, and the mode is for layers such as Dropout."
)
class SoftmaxInEvaluation(TwoLayers):
    def forward(self, x):
        scores = super().forward(x)
        return scores if self.training else scores.softmax(dim=1)


@exercise.mistake(
    "Your rows add up to 1, and the shares are not those that cross_entropy works with. Scores "
    "that are divided by their sum, for example, make no probabilities: a score may be "
    "negative."
)
class SharesOfTheScores(TwoLayers):
    def probabilities(self, x):
        scores = self(x)
        return scores / scores.sum(dim=1, keepdim=True)


@exercise.mistake(
    "The numbers of a row of your probabilities do not add up to 1. If that is because of "
    "percent or rounding: both belong to the place where they are printed."
)
class Percent(TwoLayers):
    def probabilities(self, x):
        return 100 * super().probabilities(x)


@exercise.mistake("`predicted` gives a column. One number for each sample was asked for.")
class PredictedInAColumn(TwoLayers):
    def predicted(self, x):
        return self(x).argmax(dim=1, keepdim=True)


@exercise.mistake(
    "With a batch of one sample a dimension is lost. squeeze() takes away every dimension of size "
    "1, and here that is the batch."
)
class SqueezesOneSample(TwoLayers):
    def probabilities(self, x):
        return super().probabilities(x).squeeze()

    def predicted(self, x):
        return self.probabilities(x).argmax(dim=-1)


@exercise.mistake(same_as=SqueezesOneSample)
class SqueezesThePrediction(TwoLayers):
    def predicted(self, x):
        return self(x).topk(1, dim=1).indices.squeeze()


@exercise.right
class SequentialClassifier(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, classes))

    def forward(self, x):
        return self.layers(x)

    def probabilities(self, x):
        return self.forward(x).softmax(-1)

    def predicted(self, x):
        return self.probabilities(x).max(dim=1).indices


exercise.equivalent(
    "return torch.softmax(self(x), dim=1)",
    "return torch.softmax(self.forward(x), dim=1)",
    because="No hook hangs on the model, which its own methods may call either way.",
)


exercise.equivalent(
    "return self(x).argmax(dim=1)",
    "return self.forward(x).argmax(dim=1)",
    because="No hook hangs on the model, which its own methods may call either way.",
)


exercise.equivalent(
    "return self.forward(x).softmax(-1)",
    "return self.forward(x).softmax(1)",
    because="The scores have two dimensions: -1 and 1 are the same.",
)
