"""Which layers learn, and which get next to no gradient? Log the norm of every gradient, in every
backward pass.
"""

import functools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import count_hooks, forget_global_hooks
from course_utils.lessons.hooks.inputs import numbers
from course_utils.lessons.hooks.models import Source

exercise = Exercise(
    "05.9",
    "A gradient logger",
    minutes=20,
    difficulty=3,
    hints=[
        "Each parameter needs a hook of its own, which knows where to write. A small function "
        "that takes the list and gives back the hook does that.",
        "In a tensor hook, `.grad` does not hold this gradient yet. The hook's argument does.",
        "A tensor hook that returns None changes nothing. `list.append` returns None.",
    ],
)


@exercise.reference
class GradientLogger:
    """Logs the norm of every parameter's gradient in each backward pass.

    norms: a dict, the parameter's full name to a list of floats, one for each backward pass: the
    norm of the gradient that this pass computed, whatever `.grad` held before. A parameter that
    does not require grad has no entry. The gradients themselves do not change.
    close() removes every hook; norms stay readable.
    """

    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            def hook(gradient):
                norms.append(gradient.norm().item())

            return hook

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.cases
def _(rng):
    yield Source("nn.Linear(3, 2)"), torch.tensor([[1.0, -2.0, 3.0]]), torch.ones(1, 3)
    frozen = Source(
        "nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 2))"
    )
    yield frozen, numbers(rng, 2, 3), numbers(rng, 4, 3)
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, numbers(rng, 2, 3), numbers(rng, 2, 3)


@exercise.observe
def _(answer, source, one, other):
    model = source.build()
    logger = answer(model)
    (model(one) ** 2).sum().backward()
    (model(other) ** 2).sum().backward()  # no zero_grad: `.grad` holds the sum of both
    facts = {"norms": {name: list(norms) for name, norms in dict(logger.norms).items()}}
    facts["gradients"] = {name: parameter.grad for name, parameter in model.named_parameters()}
    logger.close()
    facts["hooks after close()"] = count_hooks(model)
    (model(one) ** 2).sum().backward()
    facts["entries after close()"] = {name: len(norms) for name, norms in logger.norms.items()}
    forget_global_hooks()
    return facts


@exercise.mistake(
    "All your hooks write under the last name of the loop: a function looks a name up when it "
    "runs, and by then the loop is over."
)
class WritesUnderTheLastName:
    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                handle = parameter.register_hook(
                    lambda gradient: self.norms[name].append(gradient.norm().item())  # noqa: B023
                )
                self.handles.append(handle)

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake(
    "Your hook returns the norm, and what a tensor hook returns takes the place of the gradient."
)
class ReturnsTheNorm:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            def hook(gradient):
                norms.append(gradient.norm().item())
                return gradient.norm()

            return hook

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake("You read `.grad`, where the passes are added up. This pass alone was asked for.")
class LogsTheSum:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda parameter: norms.append(parameter.grad.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                hook = write_into(self.norms[name])
                self.handles.append(parameter.register_post_accumulate_grad_hook(hook))

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake(
    "In a tensor hook `.grad` is not written yet: at the first pass it is None. The gradient is "
    "what the hook is called with."
)
class ReadsGradTooEarly:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms, parameter):
            return lambda gradient: norms.append(parameter.grad.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                hook = write_into(self.norms[name], parameter)
                self.handles.append(parameter.register_hook(hook))

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake("A frozen parameter has no gradient to log, and torch refuses a hook on it.")
class HooksFrozenOnesToo:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda gradient: norms.append(gradient.norm().item())

        for name, parameter in model.named_parameters():
            self.norms[name] = []
            self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake("close() forgets the handles, but forgetting a handle does not remove its hook.")
class ForgetsTheHandles:
    def __init__(self, model):
        self.norms = {}
        self.handles = []

        def write_into(norms):
            return lambda gradient: norms.append(gradient.norm().item())

        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms[name] = []
                self.handles.append(parameter.register_hook(write_into(self.norms[name])))

    def close(self):
        self.handles = []


@exercise.right
class WithDefaultArguments:
    def __init__(self, model):
        trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        self.norms = {name: [] for name, _ in trained}
        self.handles = []
        for name, parameter in trained:

            def hook(gradient, norms=self.norms[name]):
                norms.append(float(gradient.pow(2).sum().sqrt()))

            self.handles.append(parameter.register_hook(hook))

    def close(self):
        while self.handles:
            self.handles.pop().remove()


@exercise.right
class WithAPartial:
    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                hook = functools.partial(self.note, name)
                self.handles.append(parameter.register_hook(hook))

    def note(self, name, gradient):
        self.norms.setdefault(name, []).append(torch.linalg.vector_norm(gradient).item())

    def close(self):
        for handle in self.handles:
            handle.remove()
