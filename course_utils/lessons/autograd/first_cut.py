"""No gradient arrives at `x`: somewhere on the way the graph was cut. Find the step that did it.
A gradient of 0 is a gradient: it has arrived.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.promises import promised

exercise = Exercise(
    "03.5",
    "Find the step that cut the graph",
    minutes=15,
    difficulty=2,
    hints=[
        "Run the steps one by one and look at what comes out. What do you see of a tensor that "
        "has no graph behind it?",
        "A tensor that requires grad has some graph, or is a leaf itself. Does that say that this "
        "graph leads to x?",
        "You can ask torch for the gradient of any tensor in the chain with respect to x, and let "
        "it tell you that there is no way. What has to be kept so that you can ask again?",
    ],
)


@exercise.reference
def first_cut(steps, x):
    """The position of the first step after which the graph no longer leads back to x.

    steps: a list of functions; it may be empty. The first one takes x, each of the others what the
    one before it gave; all give a tensor. A step may use other tensors that require grad. x: a
    float32 leaf that requires grad.
    Returns an int, counted from 0, or None where the graph leads back to x from the end, too. A
    gradient of zeros counts as arrived. No .grad of any tensor changes.
    """
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


KEEPS = [
    *("lambda h: h * 2", "lambda h: torch.tanh(h)", "lambda h: h.clone()", "lambda h: h.t()"),
    "lambda h, w=torch.tensor(0.5, requires_grad=True): h * w",
]
FLATTENS = ["lambda h: h.round()", "lambda h: h * 0", "lambda h: torch.clamp(h, 90, 99)"]
IN_PART = ["lambda h: torch.cat([h[:1].detach(), h[1:]])", "lambda h: h.detach() + 0 * h"]
CUTS = [
    *("lambda h: h.detach()", "lambda h: h.data * 3", "lambda h: torch.tensor(h.tolist())"),
    *("lambda h: torch.from_numpy(h.detach().numpy() + 1)", "lambda h: (h > 0).float()"),
    *("lambda h: h.argmax(0)", "lambda h: torch.ones_like(h)"),
]
HIDDEN_CUTS = [  # what they give requires grad
    *(
        "lambda h: h.detach().requires_grad_()",
        "lambda h: torch.tensor(h.tolist()).requires_grad_()",
    ),
    "lambda h, w=torch.tensor(0.5, requires_grad=True): h.detach() * w",
    "lambda h, w=torch.tensor(0.5, requires_grad=True): h.argmax(0) * w",
]


@exercise.cases
def _(rng):
    def x(*shape):
        return decimals(rng, *(shape or (3,))).requires_grad_()

    yield typed("lambda h: h * 2", "lambda h: h.detach()", "lambda h: torch.tanh(h)"), x()
    yield typed("lambda h: h * 2", "lambda h: torch.tanh(h)"), x()
    yield [], x()
    yield typed("lambda h: h", "lambda h: h * 2"), x()
    for cut in CUTS:
        before, behind = rng.choices(KEEPS[:3], k=rng.randint(0, 2)), [rng.choice(KEEPS[:3])]
        yield typed(*before, cut, *behind[: rng.randint(0, 1)]), x()
    for cut in HIDDEN_CUTS:
        before, behind = rng.choices(KEEPS, k=rng.randint(0, 2)), rng.choices(KEEPS[:3], k=2)
        yield typed(*before, cut, *behind), x()
        yield typed(cut), x()
    for flat in FLATTENS:
        yield typed(rng.choice(KEEPS), flat, rng.choice(KEEPS)), x()
    yield typed(FLATTENS[1], rng.choice(CUTS[:3]), "lambda h: h * 2"), x()
    for part in IN_PART:
        yield typed(part, rng.choice(KEEPS[:3])), x()
    twice = "lambda h: torch.cat([h, h])"
    yield typed("lambda h: h * 2", twice, "lambda h: h.reshape(2, 3)", *rng.choices(CUTS[:2])), x()
    yield typed("lambda h: h.abs() + 90", "lambda h: h.data if h.sum() > 90 else h"), x()
    first, second = rng.sample(CUTS[:3] + HIDDEN_CUTS[:2], 2)
    yield typed(KEEPS[0], first, second), x()
    yield typed(KEEPS[4], KEEPS[1], KEEPS[4]), x()
    yield typed(KEEPS[4], HIDDEN_CUTS[2], KEEPS[4]), x()
    given = x(2, 2)
    given.grad = decimals(rng, 2, 2)
    yield typed(KEEPS[3], rng.choice(HIDDEN_CUTS[:3]), KEEPS[4]), given
    for one in promised(rng, "any strides"):
        yield typed("lambda h: h / 9", rng.choice(CUTS[:3] + KEEPS)), one.requires_grad_()


def typed(*texts):
    return [Formula(text) for text in texts]


@exercise.observe
def _(answer, steps, x):
    others = [one for step in steps for one in step.function.__defaults__ or ()]
    found = answer(steps, x)
    return {
        "position": found,
        "gradients of other tensors that steps use": [one.grad for one in others],
    }


@exercise.mistake(
    "You trust `requires_grad`. It says that a tensor has some graph, or is a leaf of its own, not "
    "that the graph leads to x."
)
def asks_requires_grad(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
    return None


@exercise.mistake(same_as=asks_requires_grad)
def asks_for_a_grad_fn(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if h.grad_fn is None:
            return position
    return None


@exercise.mistake(
    "A gradient of zeros has arrived: its way was not cut. What does torch give where there is no "
    "way at all?"
)
def zeros_count_as_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None or not gradient.any():
            return position
    return None


@exercise.mistake(
    "The first question used up the graph. Behind the next step the way back goes through the same "
    "operations again, and what they saved is gone."
)
def asks_once_only(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(same_as=asks_once_only)
def takes_a_used_graph_for_a_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        try:
            torch.autograd.grad(h.sum(), x)
        except RuntimeError:
            return position
    return None


@exercise.mistake(
    "Where there is no way to x, torch raises an error, unless you allow for it. That error is the "
    "finding, and it ends your search."
)
def errors_at_a_hidden_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(same_as=errors_at_a_hidden_cut)
def errors_at_a_plain_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(
    "`backward()` writes into .grad, of x and of everything else on the way. You were to look, and "
    "to leave nothing."
)
def goes_backward(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        x.grad = None
        if h.requires_grad:
            h.sum().backward(retain_graph=True)
        if x.grad is None:
            return position
    x.grad = None
    return None


@exercise.mistake(
    "You ask of each step whether it cuts, and name the last one that does. A graph can be cut "
    "more than once."
)
def asks_for_the_last_cut(steps, x):
    h, last = x, None
    for position, step in enumerate(steps):
        before = h
        h = step(before)
        if not h.requires_grad:
            last = position
        elif before.requires_grad:
            (gradient,) = torch.autograd.grad(h.sum(), before, allow_unused=True, retain_graph=True)
            if gradient is None:
                last = position
    return last


@exercise.mistake(
    "Behind a cut the graph does not lead to x any more after any step. It is the *first* of them "
    "that was asked for."
)
def the_last_of_all(steps, x):
    h, found = x, None
    for position, step in enumerate(steps):
        h = step(h)
        reaches = h.requires_grad and (
            torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)[0] is not None
        )
        if not reaches:
            found = position
    return found


@exercise.mistake(same_as=the_last_of_all)
def the_last_without_a_graph(steps, x):
    h, found = x, None
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            found = position
    return found


@exercise.mistake(
    "Every step gets what the one before it gave. In yours each of them gets x, and may do "
    "something else with it."
)
def each_step_on_x(steps, x):
    for position, step in enumerate(steps):
        h = step(x)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(
    "An operation may have several inputs, and each of them a way back. You followed one way only."
)
def follows_the_first_way(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        node = h.grad_fn
        while node is not None and node.next_functions:
            node = node.next_functions[0][0]
        if getattr(node, "variable", None) is not x:
            return position
    return None


@exercise.mistake(same_as=follows_the_first_way)
def follows_the_first_way_from_later_ones(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if h is x:
            continue
        node = h.grad_fn
        while node is not None and node.next_functions:
            node = node.next_functions[0][0]
        if getattr(node, "variable", None) is not x:
            return position
    return None


@exercise.mistake(same_as=follows_the_first_way)
def follows_the_last_way(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        node = h.grad_fn
        while node is not None and node.next_functions:
            node = node.next_functions[-1][0]
        if getattr(node, "variable", None) is not x:
            return position
    return None


@exercise.mistake(
    "h has many elements. Without being told where to begin, torch goes back from a single number "
    "only, and raises an error."
)
def begins_with_many_numbers(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h, x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(same_as=begins_with_many_numbers)
def takes_any_error_for_a_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        try:
            torch.autograd.grad(h, x, retain_graph=True)
        except RuntimeError:
            return position
    return None


@exercise.mistake(
    "Positions count from 0, and belong to the step that cut: not to the one before it, and not to "
    "the one behind."
)
def counts_from_one(steps, x):
    h = x
    for position, step in enumerate(steps, start=1):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.mistake(same_as=counts_from_one)
def last_good_one(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position - 1
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position - 1
    return None


@exercise.mistake(
    "Position 0 is a finding, and it is false where it is asked for yes or no: yours takes it for "
    "none."
)
def zero_is_none(steps, x):
    h, cut = x, None
    for position, step in enumerate(steps):
        h = step(h)
        gradient = None
        if h.requires_grad:
            (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None and not cut:
            cut = position
    return cut or None


@exercise.mistake(same_as=zero_is_none)
def zero_is_none_at_the_end(steps, x):
    h, cut = x, None
    for position, step in enumerate(steps):
        h = step(h)
        gradient = None
        if h.requires_grad:
            (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            cut = position
            break
    return cut or None


@exercise.mistake(
    "A step may hand on the tensor that it was given. x itself has no operation behind it, and is "
    "the end of every way to x."
)
def x_itself_counts_as_cut(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if h.grad_fn is None:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return None


@exercise.mistake("Where nothing was cut, there is no position to give: not even -1.")
def minus_one_for_none(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return -1


@exercise.mistake(same_as=minus_one_for_none)
def length_for_none(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)
        if gradient is None:
            return position
    return len(steps)


@exercise.mistake(
    "`retain_grad()` asks for a gradient that has yet to come, and `.grad` alone does not say why "
    "it is None: nobody went backwards."
)
def looks_at_grad(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if x.grad is None:
            return position
    return None


@exercise.right
def through_the_nodes(steps, x):
    def leads_to_x(node):
        if getattr(node, "variable", None) is x:
            return True
        return any(leads_to_x(before) for before, _ in getattr(node, "next_functions", ()))

    out = x
    for position, step in enumerate(steps):
        out = step(out)
        if not (out is x or leads_to_x(out.grad_fn)):
            return position
    return None


@exercise.right
def all_of_them_first(steps, x):
    outputs = []
    for step in steps:
        outputs.append(step(outputs[-1] if outputs else x))
    arrived = [
        out.requires_grad
        and None not in torch.autograd.grad(out.sum(), x, retain_graph=True, allow_unused=True)
        for out in outputs
    ]
    return arrived.index(False) if False in arrived else None


@exercise.right
def by_trying(steps, x):
    h = x
    for i in range(len(steps)):
        h = steps[i](h)
        try:
            torch.autograd.grad(h.sum(), x, retain_graph=True)
        except RuntimeError:
            return i
    return None


@exercise.right
def with_a_graph_of_the_gradient(steps, x):
    h = x
    for position, step in enumerate(steps):
        h = step(h)
        if not h.requires_grad:
            return position
        (gradient,) = torch.autograd.grad(
            h, x, torch.rand(h.shape), allow_unused=True, create_graph=True
        )
        if gradient is None:
            return position
    return None


exercise.equivalent(
    "gradient, = torch.autograd.grad(h.sum(), x, allow_unused=True, retain_graph=True)",
    "gradient, = torch.autograd.grad(h.mean(), x, allow_unused=True, retain_graph=True)",
    because="Whether a gradient arrives does not depend on the number that is differentiated.",
)


exercise.equivalent(
    "torch.autograd.grad(h.sum(), x, retain_graph=True)",
    "torch.autograd.grad(h.mean(), x, retain_graph=True)",
    because="Whether a gradient arrives does not depend on the number that is differentiated.",
)


exercise.equivalent(
    "arrived = [out.requires_grad and None not in torch.autograd.grad(out.sum(), x, "
    "retain_graph=True, allow_unused=True) for out in outputs]",
    "arrived = [out.requires_grad and None not in torch.autograd.grad(out.mean(), x, "
    "retain_graph=True, allow_unused=True) for out in outputs]",
    because="Whether a gradient arrives does not depend on the number that is differentiated.",
)
