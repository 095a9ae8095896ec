"""Limit each value of each gradient, with a limit of 5:

```
[-20, 3, 8]   ->   [-5, 3, 5]
```

In the check, `Shift` is a module that adds its parameter to the input. Both then get the same
gradient, but only that of the parameter is to be clipped.
"""

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
    "05.8",
    "Clip gradients with hooks",
    minutes=12,
    difficulty=2,
    hints=[
        "`parameter.register_hook(hook)` calls `hook(gradient)` in every backward, before the "
        "gradient is added to `.grad`.",
        "A tensor hook changes the gradient by returning a new one.",
        "A parameter that does not require grad takes no hook. Look at `requires_grad` first.",
    ],
)


@exercise.reference
def clip_gradients(model, limit):
    """Clip the gradient of every parameter that requires grad, value by value, with tensor hooks.

    From now on, what a backward pass adds to `.grad` lies between -limit and limit. No other
    gradient changes. limit: a positive float.
    Returns the list of handles: when all of them are removed, nothing is clipped any more.
    """

    def clip(gradient):
        return gradient.clamp(-limit, limit)

    return [
        parameter.register_hook(clip) for parameter in model.parameters() if parameter.requires_grad
    ]


@exercise.cases
def _(rng):
    yield Source("nn.Linear(3, 2)"), 5.0, torch.tensor([[1.0, -2.0, 3.0]])
    yield Source("Shift()"), 5.0, torch.tensor([[1.0, -2.0, 3.0]])[0]
    frozen = Source(
        "nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 2))"
    )
    yield frozen, 2.0, numbers(rng, 2, 3)
    # A module with a part inside and with a parameter of its own, the bias.
    with_parts = Source("nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))")
    yield with_parts, 5.0, torch.tensor([[1.0, -2.0, 3.0]])
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, 1.0, numbers(rng, 5, 3)


@exercise.observe
def _(answer, source, limit, x):
    model = source.build()
    for parameter in model.parameters():
        if parameter.requires_grad:  # a hook of somebody else
            parameter.register_hook(of_somebody_else)
    others = count_hooks(model)
    handles = answer(model, limit)
    x = x.clone().requires_grad_()

    def backward():
        loss = (10 * model(x) ** 2).sum()
        loss.backward()
        return {name: parameter.grad for name, parameter in model.named_parameters()}

    facts = {"gradients": {k: v if v is None else v.clone() for k, v in backward().items()}}
    facts["gradient of the input"] = x.grad.clone()
    second = {k: v if v is None else v.clone() for k, v in backward().items()}
    facts["gradients after a second backward"] = second
    model.zero_grad(set_to_none=False)
    zeroed = {k: v if v is None else v.clone() for k, v in backward().items()}
    facts["gradients after zero_grad(set_to_none=False) and a backward"] = zeroed
    facts["a list is given back"] = isinstance(handles, (list, tuple))
    for handle in handles:
        handle.remove()
    facts["hooks after the handles were removed"] = count_hooks(model) - others
    third = {k: v if v is None else v.clone() for k, v in backward().items()}
    facts["gradients after that"] = third
    running = functions_in_backward((10 * model(x) ** 2).sum())
    facts["functions of yours that still run in backward"] = len(running)
    forget_global_hooks()
    return facts


@exercise.mistake(
    "The gradients are as large as ever. A tensor hook changes a gradient only by what it gives "
    "back: which of your hooks runs in backward, and what does it return?"
)
def assigns_and_forgets(model, limit):
    def clip(gradient):
        gradient = gradient.clamp(-limit, limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "The gradient of the input was clipped as well. The same tensor can be the gradient of several "
    "things, so a hook must not write into it; the documentation forbids it."
)
def clips_in_place(model, limit):
    def clip(gradient):
        gradient.clamp_(-limit, limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake("A gradient can be too large in two directions. You look at one of them.")
def clips_one_side(model, limit):
    def clip(gradient):
        return gradient.clamp(max=limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "A whole gradient was made smaller, because something in it was large. That is another kind of "
    "clipping; here each value is limited by itself."
)
def clips_the_norm(model, limit):
    def clip(gradient):
        return gradient * (limit / gradient.norm()).clamp(max=1)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "Not every parameter takes a hook: a frozen one does not require grad, and torch says so."
)
def hooks_frozen_ones_too(model, limit):
    return [p.register_hook(lambda g: g.clamp(-limit, limit)) for p in model.parameters()]


@exercise.mistake(
    "After two backward passes their sum is clipped. What each of them adds was to be, before it "
    "goes into `.grad`."
)
def clips_the_sum(model, limit):
    def clip(parameter):
        parameter.grad.clamp_(-limit, limit)

    trained = [p for p in model.parameters() if p.requires_grad]
    return [p.register_post_accumulate_grad_hook(clip) for p in trained]


@exercise.mistake(
    "Nothing clips in the backward passes to come. What is clipped when your function is called, "
    "or is only a promise to do it, does not count: a hook has to be there."
)
def clips_now(model, limit):
    torch.nn.utils.clip_grad_value_([p for p in model.parameters() if p.grad is not None], limit)
    return []


@exercise.mistake(
    "You give back one handle. Each hook has one of its own, and the caller wants to remove them "
    "all."
)
def one_handle(model, limit):
    for parameter in model.parameters():
        if parameter.requires_grad:
            handle = parameter.register_hook(lambda gradient: gradient.clamp(-limit, limit))
    return handle


@exercise.mistake(
    "You give back a generator. Nothing of it has run, so there is no hook yet: a list was asked "
    "for."
)
def a_generator_of_handles(model, limit):
    trained = (p for p in model.parameters() if p.requires_grad)
    return (p.register_hook(lambda gradient: gradient.clamp(-limit, limit)) for p in trained)


@exercise.mistake(
    "The hooks are there, and nobody can remove them: their handles were not given back."
)
def no_handles(model, limit):
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.register_hook(lambda gradient: gradient.clamp(-limit, limit))
    return []


@exercise.mistake(
    "Not every parameter is clipped. Each one that requires grad is meant, whatever its name is."
)
def weights_only(model, limit):
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    weights = [p for name, p in named if name.endswith("weight")]
    return [p.register_hook(lambda gradient: gradient.clamp(-limit, limit)) for p in weights]


@exercise.mistake(
    "The layers inside the model are not clipped: you reach its own parameters only, and not those "
    "of its layers."
)
def own_parameters_only(model, limit):
    own = [p for p in model.parameters(recurse=False) if p.requires_grad]
    return [p.register_hook(lambda gradient: gradient.clamp(-limit, limit)) for p in own]


@exercise.mistake(
    "Some parameters are not clipped. A module of any class may have parameters, also one that has "
    "other modules inside."
)
def modules_without_parts_only(model, limit):
    handles = []
    for module in model.modules():
        if not list(module.children()):
            for p in module.parameters():
                if p.requires_grad:
                    handles.append(p.register_hook(lambda g: g.clamp(-limit, limit)))
    return handles


@exercise.mistake(
    "A value beyond the limit comes out as 0. A gradient that is too large still says where to go: "
    "it is to be cut to the limit."
)
def large_ones_become_zero(model, limit):
    def clip(gradient):
        return gradient * (gradient.abs() <= limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(same_as=clips_the_norm)
def scales_by_the_largest(model, limit):
    def clip(gradient):
        largest = gradient.abs().max()
        return gradient / largest * limit if largest > limit else gradient

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "Your limit is a soft one: a value within it does not stay as it is, and one beyond it need "
    "not come out at the limit itself."
)
def bends_softly(model, limit):
    def clip(gradient):
        return limit * (gradient / limit).tanh()

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "Hooks of modules get the gradients of what goes in and comes out, not those of the "
    "parameters. A parameter is a tensor: it takes hooks itself."
)
def hooks_of_modules(model, limit):
    def clip(module, inputs, outputs):
        return tuple(g if g is None else g.clamp(-limit, limit) for g in inputs)

    return [module.register_full_backward_hook(clip) for module in model.modules()]


@exercise.right
def with_minimum_and_maximum(model, limit):
    handles = []
    for parameter in filter(lambda p: p.requires_grad, model.parameters()):
        handles.append(
            parameter.register_hook(
                lambda gradient: torch.minimum(
                    torch.maximum(gradient, torch.tensor(-limit)), torch.tensor(limit)
                )
            )
        )
    return handles
