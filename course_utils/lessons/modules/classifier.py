"""This classifier was trained, put into eval mode, and asked the same question twice. It gave two
answers. Find the reason and mend it.
"""

import torch
from torch import nn
from torch.nn import functional

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import parameter_shapes
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.promises import promised

exercise = Exercise(
    "04.10",
    "Mend it: a model that changes its mind",
    minutes=12,
    difficulty=2,
    hints=[
        "Run the model twice in eval mode. Which line gives another result the second time?",
        "`model.eval()` tells every module it knows. Does it know this one?",
        "A module is made once, in `__init__`, and used in `forward`.",
    ],
)


def broken_classifier():
    # Inside a function, because the mended class has the same name.
    class Classifier(nn.Module):
        """Two linear layers, with ReLU and then Dropout between them.

        features, hidden, classes: ints. p: the probability that Dropout sets a number to 0.
        In training mode hidden numbers are dropped; in eval mode nothing is.
        """

        def __init__(self, features, hidden, classes, p):
            super().__init__()
            self.first = nn.Linear(features, hidden)
            self.last = nn.Linear(hidden, classes)
            self.p = p

        def forward(self, x):
            """x: float32, shape (batch, features), any strides. Returns (batch, classes)."""
            x = torch.relu(self.first(x))
            x = nn.Dropout(self.p)(x)
            return self.last(x)

    return Classifier


exercise.starter(broken_classifier())


@exercise.reference
class Classifier(nn.Module):
    """Two linear layers, with ReLU and then Dropout between them.

    features, hidden, classes: ints. p: the probability that Dropout sets a number to 0.
    In training mode hidden numbers are dropped; in eval mode nothing is.
    """

    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.dropout = nn.Dropout(p)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x):
        """x: float32, shape (batch, features), any strides. Returns (batch, classes)."""
        x = torch.relu(self.first(x))
        x = self.dropout(x)
        return self.last(x)


@exercise.cases
def _(rng):
    yield 2, 64, 2, 0.5, torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    yield 3, 32, 1, 0.3, quarters(rng, 2, 3)
    yield 2, 4, 2, 1.0, quarters(rng, 2, 2)
    yield 2, 32, 3, 0.0, quarters(rng, 2, 2)
    yield 2, 64, 3, 0.5, quarters(rng, 1, 2)
    for x in promised(rng, "any strides"):
        yield 3, 32, 2, 0.5, x


@exercise.observe
def _(answer, features, hidden, classes, p, x):
    model = answer(features, hidden, classes, p)
    model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fill_by_name(model)
    fresh = [model(x).detach() for _ in range(4)]
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.01  # sums of quarters are 0 by luck in one run of ten
        with torch.enable_grad():  # eval mode has nothing to do with gradients
            first, second = model(x).detach(), model(x).detach()
        agree = bool(torch.equal(first, second))
        facts = {
            "two calls in eval mode agree": agree,
            "output in eval mode": first if agree else None,
        }
        model.train()
        outputs = [model(x) for _ in range(4)]
        with torch.enable_grad():
            others = [model(x).detach() for _ in range(4)]
        facts["calls in training mode agree"] = all(torch.equal(outputs[0], o) for o in outputs)
        facts["with gradients, too"] = all(torch.equal(others[0], o) for o in others)
        facts["calls of a new model agree"] = all(torch.equal(fresh[0], o) for o in fresh)
        if p in (0.0, 1.0):  # all or nothing: the output is certain
            facts["output in training mode"] = outputs[0]
        facts["some output is exactly 0 in training mode"] = any((o == 0).any() for o in outputs)
        # 4,000 calls at once, for one mean: it is right to a sixtieth of their spread.
        many = model(x[:1].repeat(4000, 1))
        near = (many.mean(0) - first[0]).abs() <= 0.1 * many.std(0) + 1e-4
        if p < 1:
            facts["the mean in training mode is what eval mode gives"] = bool(near.all())
        facts["mode of the model afterwards"] = "training" if model.training else "eval"
    facts["parameters"] = parameter_shapes(model)
    return facts


# The starter is no mistake of its own: its check shows what goes wrong, not why.
@exercise.mistake(
    "In eval mode the model is right now, but in training nothing is dropped any more."
)
class NoDropout(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.last(torch.relu(self.first(x)))


@exercise.mistake(
    "Dropout stands after the last layer: it sets whole scores to 0. It is the hidden numbers "
    "that are to be dropped."
)
class DropoutOnTheScores(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(p)

    def forward(self, x):
        return self.dropout(self.last(torch.relu(self.first(x))))


@exercise.mistake(
    "The argument p is not used: your Dropout sets a number to 0 with a probability of one half, "
    "whatever p is."
)
class DropoutWithDefault(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout()

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.first(x))))


@exercise.mistake(
    "The mode is the wrong way round: yours drops numbers in eval mode and keeps them in training."
)
class DropoutInEval(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.last(functional.dropout(hidden, self.p, training=not self.training))


@exercise.mistake(
    "Whether gradients are on says nothing of the mode: a model in eval mode may well be called "
    "with gradients."
)
class DropoutByGradients(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        return self.last(functional.dropout(hidden, self.p, training=torch.is_grad_enabled()))


@exercise.mistake(
    "p is the probability that a number is set to 0. In yours it is the probability that one stays."
)
class DropoutKeepsP(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(1 - p)

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.first(x))))


@exercise.mistake(
    "In eval mode your hidden numbers are made smaller. torch's Dropout makes up for what it "
    "drops in training already, so that nothing is left to do."
)
class DropoutScalesInEval(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        hidden = functional.dropout(hidden, self.p, training=self.training)
        if not self.training:
            hidden = hidden * (1 - self.p)
        return self.last(hidden)


@exercise.mistake(
    "In training, what is left keeps its size, so the hidden numbers are smaller on the average "
    "than in eval mode. Dropout makes up for that."
)
class DropoutWithoutScaling(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        if self.training:
            hidden = hidden * (torch.rand_like(hidden) >= self.p)
        return self.last(hidden)


@exercise.mistake(
    "`forward` puts the model into eval mode, so that nothing is dropped, also after `train()`. "
    "Whoever trains the model chooses the mode."
)
class ClassifierGoesToEval(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(p)

    def forward(self, x):
        self.eval()
        return self.last(self.dropout(torch.relu(self.first(x))))


@exercise.mistake(
    "A model that was just made is to be in training mode, and yours drops nothing then: it, or a "
    "part of it, is in another mode."
)
class ClassifierFreshInEval(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.dropout = nn.Dropout(p).eval()

    def forward(self, x):
        return self.last(self.dropout(torch.relu(self.first(x))))


@exercise.right
class DropoutAsFunction(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        x = functional.relu(self.first(x))
        return self.last(functional.dropout(x, self.p, training=self.training))


@exercise.right
class DropoutByHand(nn.Module):
    """Draws its random numbers in another order than nn.Dropout does."""

    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.last = nn.Linear(hidden, classes)
        self.first = nn.Linear(features, hidden)
        nn.init.xavier_uniform_(self.first.weight)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        if self.training:
            kept = torch.rand(hidden.shape) >= self.p
            hidden = torch.where(kept, hidden / (1 - self.p) if self.p < 1 else 0.0, 0.0)
        return self.last(hidden)


exercise.equivalent(
    "nn.init.xavier_uniform_(self.first.weight)",
    "pass",
    because="How the weights start is left open: the check sets them.",
)


exercise.equivalent(
    "kept = torch.rand(hidden.shape) >= self.p",
    "kept = torch.rand(hidden.shape) > self.p",
    because="torch.rand gives exactly p so rarely that nobody can tell.",
)


exercise.equivalent(
    "hidden = torch.where(kept, hidden / (1 - self.p) if self.p < 1 else 0.0, 0.0)",
    "hidden = torch.where(kept, hidden / (1 - self.p), 0.0)",
    "hidden = torch.where(kept, hidden / (1 - self.p) if self.p <= 1 else 0.0, 0.0)",
    "hidden = torch.where(kept, hidden / (1 - self.p) if self.p < 2 else 0.0, 0.0)",
    "hidden = torch.where(kept, hidden / (1 - self.p) if self.p < 1 else 1.0, 0.0)",
    because="torch.where takes these numbers where something is kept, and with p = 1 nothing is.",
)
