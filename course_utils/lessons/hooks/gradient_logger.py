"""Which layers learn, and which get next to no gradient? Log the norm of every gradient, in every
backward pass.
"""

import functools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import (
    count_hooks,
    forget_global_hooks,
    functions_in_backward,
    of_somebody_else,
)
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

    norms: a dict, the parameter's full name to a list of floats, one for each backward pass that
    reaches it: the norm of the gradient that this pass computed, whatever `.grad` held before. The
    norm is the root of the sum of all squares. A parameter that does not require grad has no entry.
    The gradients themselves do not change. Each logger has norms of its own.
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
    # A module with a part inside and with a parameter of its own, the bias.
    with_parts = Source("nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))")
    yield with_parts, numbers(rng, 2, 3), numbers(rng, 2, 3)
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, numbers(rng, 2, 3), numbers(rng, 2, 3)


@exercise.observe
def _(answer, source, one, other):
    model = source.build()
    for parameter in model.parameters():
        if parameter.requires_grad:  # a hook of somebody else
            parameter.register_hook(of_somebody_else)
    others = count_hooks(model)
    logger = answer(model)
    (model(one) ** 2).sum().backward()
    (model(other) ** 2).sum().backward()  # no zero_grad: `.grad` holds the sum of both
    facts = {"norms": {name: list(norms) for name, norms in dict(logger.norms).items()}}
    facts["gradients"] = {name: parameter.grad for name, parameter in model.named_parameters()}
    logger.close()
    left = count_hooks(model) - others
    facts["hooks after close()"] = max(left, 0)
    facts["hooks of others that are gone"] = max(-left, 0)
    running = functions_in_backward((model(one) ** 2).sum())
    facts["functions of yours that run in backward after close()"] = len(running)
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
    "Your hook gives something back, and what a tensor hook returns takes the place of the "
    "gradient. The gradients were to stay as they are."
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


@exercise.mistake(
    "The second norm is that of the sum of both passes, which is what `.grad` holds by then. This "
    "pass alone was asked for."
)
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


@exercise.mistake(
    "After close() the hooks are still there. A hook goes only when its handle removes it; "
    "forgetting the handle, or not writing any more, leaves it."
)
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


class Logger:
    """As asked for: what the wrong answers below do otherwise is all that is wrong in them."""

    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                self.norms.setdefault(name, [])
                hook = functools.partial(self.note, name)
                self.handles.append(parameter.register_hook(hook))

    def note(self, name, gradient):
        self.norms[name].append(self.norm(gradient))

    def norm(self, gradient):
        return gradient.norm().item()

    def close(self):
        for handle in self.handles:
            handle.remove()


@exercise.mistake(
    "Your lists hold tensors. Floats were asked for: plain Python numbers, which no graph and no "
    "device hangs on."
)
class KeepsTensors(Logger):
    def norm(self, gradient):
        return gradient.norm()


@exercise.mistake("Only the last norm is there. Each backward pass adds one to the list.")
class KeepsTheLast(Logger):
    def note(self, name, gradient):
        self.norms[name] = [self.norm(gradient)]


@exercise.mistake("A frozen parameter has no gradient to log. It stands in your dict all the same.")
class EmptyListsForFrozenOnes(Logger):
    def __init__(self, model):
        super().__init__(model)
        self.norms = {name: [] for name, _ in model.named_parameters()}


@exercise.mistake(
    "After close() the norms are gone. They stay readable: closing ends the writing, and nothing "
    "else."
)
class EmptiesAtTheEnd(Logger):
    def close(self):
        super().close()
        self.norms.clear()


@exercise.mistake(
    "After close() some hooks are gone, and others are still there. Is every handle kept?"
)
class KeepsTheLastHandle(Logger):
    def close(self):
        self.handles[-1].remove()


@exercise.mistake(
    "After close() the hooks of other people are gone as well. Each handle takes away one hook "
    "only: your own."
)
class ClearsTheTables(Logger):
    def __init__(self, model):
        super().__init__(model)
        self.parameters = [p for p in model.parameters() if p.requires_grad]

    def close(self):
        for parameter in self.parameters:
            parameter._backward_hooks.clear()


@exercise.mistake(same_as=ForgetsTheHandles)
class StopsWriting(Logger):
    is_open = True

    def note(self, name, gradient):
        if self.is_open:
            super().note(name, gradient)

    def close(self):
        self.is_open = False


@exercise.mistake(same_as=ReturnsTheNorm)
class ReturnsAUnitGradient(Logger):
    def note(self, name, gradient):
        super().note(name, gradient)
        return gradient / gradient.norm()


@exercise.mistake("That is the square of the norm: a root is missing.")
class SquaresOnly(Logger):
    def norm(self, gradient):
        return gradient.pow(2).sum().item()


@exercise.mistake(
    "Your numbers are smaller the more values a gradient has: somewhere a mean is taken. A norm "
    "is made from a sum."
)
class TakesAMean(Logger):
    def norm(self, gradient):
        return gradient.pow(2).mean().sqrt().item()


@exercise.mistake(
    "For a matrix, that is another norm than the one of all its values. Some functions of torch "
    "take a norm of rows, of columns or of the matrix as a map."
)
class NormOfTheMatrix(Logger):
    def norm(self, gradient):
        return torch.linalg.norm(gradient, 2).item()


@exercise.mistake(same_as=NormOfTheMatrix)
class NormOfEachRow(Logger):
    def norm(self, gradient):
        return gradient.norm(dim=-1).mean().item()


@exercise.mistake(
    "That is the sum of the absolute values, or the largest of them. The norm asked for is the "
    "root of the sum of all squares."
)
class SumsAbsoluteValues(Logger):
    def norm(self, gradient):
        return gradient.abs().sum().item()


@exercise.mistake(same_as=SumsAbsoluteValues)
class TheLargestValue(Logger):
    def norm(self, gradient):
        return gradient.abs().max().item()


@exercise.mistake(
    "Your numbers are rounded. A gradient that is next to nothing then looks like none at all."
)
class Rounds(Logger):
    def norm(self, gradient):
        return round(gradient.norm().item(), 2)


@exercise.mistake(
    "Some parameters are not logged. A module of any class may have parameters, also one that has "
    "other modules inside."
)
class ModulesWithoutPartsOnly(Logger):
    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, module in model.named_modules():
            if not list(module.children()):
                for full, parameter in module.named_parameters(prefix=name):
                    if parameter.requires_grad:
                        self.norms[full] = []
                        hook = functools.partial(self.note, full)
                        self.handles.append(parameter.register_hook(hook))


@exercise.mistake(
    "Those are norms of the gradients that go through a layer. A parameter is a tensor with a "
    "gradient of its own."
)
class HooksOfModules(Logger):
    def __init__(self, model):
        self.norms = {}
        self.handles = []
        for name, module in model.named_modules():
            for own, parameter in module.named_parameters(recurse=False):
                if parameter.requires_grad:
                    full = f"{name}.{own}" if name else own
                    self.norms[full] = []
                    hook = functools.partial(self.note_output, full)
                    self.handles.append(module.register_full_backward_hook(hook))

    def note_output(self, name, module, inputs, outputs):
        self.note(name, outputs[0])


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
