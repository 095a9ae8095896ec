"""One body can serve several tasks. Keep one linear head for each, and run only the one that is
asked for: with `sizes={"age": 1, "species": 3}`, `model(x, "species")` has shape (batch, 3).
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import parameter_shapes, saved_names
from course_utils.lessons.modules.inputs import fill_by_name, quarters
from course_utils.observation import attempt
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
    for x in promised(rng, "any strides"):
        yield 3, {"age": 1, "island": 3}, x, rng.choice(["age", "island"])


@exercise.observe
def _(answer, features, sizes, x, task):
    model = answer(features, dict(sizes))
    output = model(x, task)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fill_by_name(model)
    calls = {name: 0 for name in sizes}

    def counted(name):
        def count(*_):
            calls[name] += 1

        return count

    heads = getattr(model, "heads", None)
    if isinstance(heads, (dict, nn.ModuleDict)):
        for name, head in heads.items():
            head.register_forward_hook(counted(name))
    facts = {"shape of the output": attempt(lambda: tuple(output.shape))}
    facts["parameters"] = parameter_shapes(model)
    facts["output with given weights"] = model(x, task) if facts["parameters"] else None
    facts["calls of each head"] = dict(calls)
    facts["output for the task 'unknown'"] = attempt(lambda: model(x, "unknown"))
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
    "You call the method `forward` of a layer. The numbers are right, but its hooks are passed by: "
    "they belong to the call of the layer itself."
)
class HeadsByForward(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({t: nn.Linear(features, n) for t, n in sizes.items()})

    def forward(self, x, task):
        return self.heads[task].forward(x)


@exercise.mistake("Your module computes every head and then throws most of the results away.")
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


@exercise.right
class HeadsFromDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(features, n) for task, n in sizes.items()})

    def forward(self, x, task):
        head = self.heads[task]
        return head(x)
