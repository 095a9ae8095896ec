"""One body can serve several tasks. Keep one linear head for each, and run only the one that is
asked for: with `sizes={"age": 1, "species": 3}`, `model(x, "species")` has shape (batch, 3).
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import gradient_of, parameter_shapes, saved_names
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.observation import attempt
from course_utils.parameter_uses import ParameterUses
from course_utils.promises import promised

exercise = Exercise(
    "04.9",
    "One head for each task",
    minutes=12,
    difficulty=2,
    hints=[
        "Next to `nn.ModuleList` there is a container with names.",
        "`forward` gets the name of a task. Which layers does it have to run for that?",
        "A layer is used by calling it: `layer(x)`.",
    ],
)


@exercise.reference
class Heads(nn.Module):
    """One linear layer for each task, on the same features.

    features: an int. sizes: a dict from the name of a task to its number of outputs. The layers
    are in an nn.ModuleDict called `heads`.
    """

    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict()
        for task, outputs in sizes.items():
            self.heads[task] = nn.Linear(features, outputs)

    def forward(self, x, task):
        """x: float32, shape (batch, features), any strides. task: one of the names.

        Returns shape (batch, sizes[task]). Runs the layer of this task and no other. Raises
        KeyError for an unknown task.
        """
        return self.heads[task](x)


@exercise.cases
def _(rng):
    yield 2, {"age": 1, "species": 3}, torch.tensor([[1.0, 2.0]]), "species"
    yield 3, {"age": 1}, quarters(rng, 2, 3), "age"
    yield 2, {"sex": 2, "island": 3, "age": 1}, quarters(rng, 2, 2), rng.choice(["sex", "age"])
    yield 2, {"sex": 2, "alive": 2}, quarters(rng, 2, 2), "alive"
    for x in promised(rng, "any strides"):
        yield 3, {"age": 1, "island": 3}, x, rng.choice(["age", "island"])


@exercise.observe
def _(answer, features, sizes, x, task):
    given = dict(sizes)
    model = answer(features, sizes)
    output = model(x, task)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fill_by_name(model)
    calls = {name: 0 for name in given}

    def counted(name):
        def count(*_):
            calls[name] = calls.get(name, 0) + 1

        return count

    heads = getattr(model, "heads", None)
    is_dict = isinstance(heads, (dict, nn.ModuleDict))
    if is_dict:
        for name, head in heads.items():
            head.register_forward_hook(counted(name))
    facts = {"shape of the output": attempt(lambda: tuple(output.shape))}
    facts["parameters"] = parameter_shapes(model)
    facts["output with given weights"] = model(x, task) if facts["parameters"] else None
    facts["calls of each head"] = dict(calls)
    other = [head for name, head in heads.items() if name != task] if is_dict else []
    with ParameterUses(p for head in other for p in head.parameters()) as uses:
        attempt(lambda: model(x, task))
    facts["weights of other heads are used"] = bool(uses.names)
    facts["output for the task 'unknown'"] = attempt(lambda: model(x, "unknown"))
    facts["output for the first letters of a task"] = attempt(lambda: model(x, task[:2]))
    facts["gradient of x"] = attempt(lambda: gradient_of(x, lambda x: model(x, task)))
    facts["the dict of sizes afterwards"] = dict(sizes)
    facts["type of heads"] = type(heads).__name__
    facts["state_dict keys"] = saved_names(model)
    return facts


@exercise.mistake(
    "The module does not look into a Python dict: your heads work, but they are not registered."
)
class HeadsPlainDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = {task: nn.Linear(features, n) for task, n in sizes.items()}

    def forward(self, x, task):
        return self.heads[task](x)


@exercise.mistake(
    "The numbers are right, and the layer itself was not called, so its hooks are passed by: they "
    "belong to the call of the layer, not to its `forward` or its weight."
)
class HeadsByForward(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return self.heads[task].forward(x)


@exercise.mistake(
    "Your module computes every head and throws away all results but the one that was asked for."
)
class HeadsAllComputed(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        outputs = {name: head(x) for name, head in self.heads.items()}
        return outputs[task]


@exercise.mistake(
    "You give back the results of all tasks. One task was asked for, so one tensor comes back."
)
class HeadsGivesDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return {name: head(x) for name, head in self.heads.items()}


@exercise.mistake("An unknown task ends in an error, and in another one than the docstring names.")
class HeadsValueError(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        if task not in self.heads:
            raise ValueError(f"unknown task {task}")
        return self.heads[task](x)


@exercise.mistake(same_as=HeadsValueError)
class HeadsByAttribute(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return getattr(self.heads, task)(x)


@exercise.mistake(
    "For a task that nobody knows, no error comes up. Whoever mistypes a name should be told at "
    "once, with the error in the docstring."
)
class HeadsNoneForUnknown(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        for name, head in self.heads.items():
            if name == task:
                return head(x)
        return None


@exercise.mistake(same_as=HeadsNoneForUnknown)
class HeadsFirstForUnknown(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        if task not in self.heads:
            task = list(self.heads)[0]
        return self.heads[task](x)


@exercise.mistake("A part of a name is enough for your module. Only the whole name is the task.")
class HeadsByBeginning(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        for name, head in self.heads.items():
            if name.startswith(task):
                return head(x)
        raise KeyError(task)


@exercise.mistake(
    "In a list, the heads are numbers in the state dict. With the names of the tasks, each finds"
    " its place again when the order changes."
)
class HeadsList(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.names = list(sizes)
        self.heads = nn.ModuleList([nn.Linear(features, n) for n in sizes.values()])

    def forward(self, x, task):
        if task not in self.names:
            raise KeyError(task)
        return self.heads[self.names.index(task)](x)


@exercise.mistake(
    "One layer computes for all tasks, and you keep a piece of it. Each task is to have a layer "
    "of its own, under its name."
)
class HeadsOneLayer(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.sizes = sizes
        self.heads = nn.ModuleDict({"all": nn.Linear(features, sum(sizes.values()))})

    def forward(self, x, task):
        start = 0
        for name, outputs in self.sizes.items():
            if name == task:
                return self.heads["all"](x)[:, start : start + outputs]
            start += outputs
        raise KeyError(task)


@exercise.mistake(
    "Two tasks with the same number of outputs get one layer from you: what one learns, the "
    "other one forgets."
)
class HeadsShareBySize(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        layers = {n: nn.Linear(features, n) for n in sizes.values()}
        self.heads = nn.ModuleDict({t: layers[n] for t, n in sizes.items()})

    def forward(self, x, task):
        return self.heads[task](x)


@exercise.mistake(
    "There is a layer in front of your heads that was not asked for. x holds the features already."
)
class HeadsWithBody(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.body = nn.Linear(features, features)
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return self.heads[task](self.body(x))


@exercise.mistake(
    "Your outputs go through a softmax. A linear layer was asked for, and nothing after it."
)
class HeadsWithSoftmax(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        scores = self.heads[task](x)
        return scores.softmax(dim=1) if scores.shape[1] > 1 else scores


@exercise.right
class HeadsFromDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(features, n) for task, n in sizes.items()})

    def forward(self, x, task):
        head = self.heads[task]
        return head(x)
