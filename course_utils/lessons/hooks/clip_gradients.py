"""Limit each value of each gradient, with a limit of 5:

```
[-20, 3, 8]   ->   [-5, 3, 5]
```

In the check, `Shift` is a module that adds its parameter to the input. Both then get the same
gradient, but only that of the parameter is to be clipped.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import count_hooks, forget_global_hooks
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
    whole = Source("nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))")
    yield whole, 1.0, numbers(rng, 5, 3)


@exercise.observe
def _(answer, source, limit, x):
    model = source.build()
    handles = list(answer(model, limit))
    x = x.clone().requires_grad_()

    def backward():
        loss = (10 * model(x) ** 2).sum()
        loss.backward()
        return {name: parameter.grad for name, parameter in model.named_parameters()}

    facts = {"gradients": {k: v if v is None else v.clone() for k, v in backward().items()}}
    facts["gradient of the input"] = x.grad.clone()
    second = {k: v if v is None else v.clone() for k, v in backward().items()}
    facts["gradients after a second backward"] = second
    for handle in handles:
        handle.remove()
    facts["hooks after the handles were removed"] = count_hooks(model)
    forget_global_hooks()
    return facts


@exercise.mistake(
    "Your hook gives the clipped gradient a name and forgets it. To change a gradient, a hook has "
    "to hand something back."
)
def assigns_and_forgets(model, limit):
    def clip(gradient):
        gradient = gradient.clamp(-limit, limit)

    return [p.register_hook(clip) for p in model.parameters() if p.requires_grad]


@exercise.mistake(
    "You clip in place. The same tensor can be the gradient of something else: here the gradient "
    "of the input was clipped as well. The documentation forbids it."
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
    "You scale the whole gradient by its norm. That is another kind of clipping; here each value "
    "is limited by itself."
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
    "You clip `.grad` after it was added up. After two backward passes the sum is clipped, not "
    "what each of them adds."
)
def clips_the_sum(model, limit):
    def clip(parameter):
        parameter.grad.clamp_(-limit, limit)

    trained = [p for p in model.parameters() if p.requires_grad]
    return [p.register_post_accumulate_grad_hook(clip) for p in trained]


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
