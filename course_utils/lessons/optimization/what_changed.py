"""Write the tool behind the table of this lesson: it runs something and tells what that changed.
For `loss.backward` the answer is `['gradients']`.
"""

import copy
import functools

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals, set_numbers
from course_utils.observation import attempt
from course_utils.promises import promised_models

exercise = Exercise(
    "09.14",
    "Who changed what?",
    minutes=15,
    difficulty=2,
    hints=[
        "Take a picture before, run the action, take a picture after, compare.",
        "A picture has to be a copy. Parameters are changed in place: a second name for the same "
        "tensor always looks equal.",
        "A gradient may be None before and a tensor after, or the other way round.",
    ],
)


@exercise.reference
def what_changed(model, optimizer, action):
    """Run action() once and find out what it changed.

    model: some parameters may be frozen, and weights may be tied; its buffers do not count.
    optimizer: an SGD that holds all parameters of the model. Its state is a momentum buffer for
    each parameter, once there is one.
    action: a function without arguments, such as optimizer.step.
    Returns a list with those of 'parameters', 'gradients', 'optimizer state' that are different
    afterwards, in this order. A single number that differs, however little, is a change, and so is
    a gradient or a momentum buffer that was None before or is None afterwards. An error that
    action() raises is not caught.
    """

    def picture():
        parameters = list(model.parameters())
        buffers = [optimizer.state.get(p, {}).get("momentum_buffer") for p in parameters]
        return {
            "parameters": [copy_of(p.detach()) for p in parameters],
            "gradients": [copy_of(p.grad) for p in parameters],
            "optimizer state": [copy_of(buffer) for buffer in buffers],
        }

    def copy_of(tensor):
        return None if tensor is None else tensor.clone()

    def equal(one, other):
        if one is None or other is None:
            return one is other
        return torch.equal(one, other)

    before = picture()
    action()
    after = picture()
    return [name for name in before if not all(map(equal, before[name], after[name]))]


@exercise.cases
def _(rng):
    model = set_numbers(nn.Linear(2, 1), rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
    x = decimals(rng, 3, 2)

    def backward():
        model(x).pow(2).mean().backward()

    def zeros():
        optimizer.zero_grad(set_to_none=False)

    def forward():
        model(x)

    # In this order on one model: each action starts from what the one before left.
    for action in (forward, backward, optimizer.step, backward, optimizer.step, zeros):
        yield model, optimizer, action
    for action in (optimizer.step, optimizer.zero_grad, optimizer.step):
        yield model, optimizer, action
    for _ in range(6):
        any_action = [forward, backward, optimizer.step, zeros, optimizer.zero_grad]
        yield model, optimizer, rng.choice(any_action)

    model = set_numbers(nn.Linear(2, 1), rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

    def gradients_of_zero():
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)

    # The first step makes a buffer of zeros, where none was; the second one changes nothing.
    for action in (gradients_of_zero, optimizer.step, optimizer.step):
        yield model, optimizer, action

    model = set_numbers(nn.Linear(2, 1), rng)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def change_a_number_beside_a_large_one():
        with torch.no_grad():
            model.weight[0, 1] += 1

    with torch.no_grad():
        model.weight[0, 0] = 1e30
    yield model, optimizer, change_a_number_beside_a_large_one

    promises = ("buffers", "BatchNorm and Dropout inside", "frozen parameters", "tied weights")
    for number, model in enumerate(promised_models(rng, *promises, inputs=2, outputs=1)):
        momentum = rng.choice([0.0, 0.9])
        first, *others = model.parameters()
        groups = [{"params": [first]}, {"params": others}]
        optimizer = torch.optim.SGD(groups, lr=0.5, momentum=momentum)
        actions = actions_on(model, optimizer, x)
        for action in actions if number == 0 else actions[:7]:
            yield model, optimizer, action


def actions_on(model, optimizer, x):
    """In this order, each starts from what the one before left."""

    def forward():
        model(x)

    def backward():
        model(x).pow(2).mean().backward()

    def change_one_number():
        with torch.no_grad():
            list(model.parameters())[-1][0] += 1

    def swap_two_numbers():  # sum and norm stay as they are
        with torch.no_grad():
            weight = list(model.parameters())[-2]
            weight.copy_(weight.flip(-1))

    def change_a_frozen_one():
        with torch.no_grad():
            next(model.parameters()).flatten()[0] += 1

    def change_a_little():
        with torch.no_grad():
            number = next(model.parameters()).flatten()[:1]
            number.copy_(torch.nextafter(number, number + 1))

    def write_the_same_numbers():
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(parameter.clone())

    def set_to(number):
        with torch.no_grad():
            next(model.parameters()).flatten()[0] = number

    def set_to_zero():
        set_to(0.0)

    def set_to_next_to_nothing():
        set_to(1e-12)

    def set_to_nan():
        set_to(float("nan"))

    def turn_gradients_round():  # norms stay as they are
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.neg_()

    def turn_momentum_round():
        for state in optimizer.state.values():
            if state.get("momentum_buffer") is not None:
                state["momentum_buffer"].neg_()

    def set_learning_rate():
        for group in optimizer.param_groups:
            group["lr"] /= 2

    def stop_with_an_error():
        raise RuntimeError("the action itself fails")

    first = forward, backward, optimizer.step, change_one_number, swap_two_numbers, backward
    turned = change_a_frozen_one, turn_gradients_round, turn_momentum_round, set_learning_rate
    others = change_a_little, write_the_same_numbers, stop_with_an_error
    return first + turned + others + (set_to_zero, set_to_next_to_nothing, set_to_nan)


@exercise.observe
def _(answer, model, optimizer, action):
    calls = []

    @functools.wraps(action)
    def counted():
        calls.append("")
        action()

    def run():
        return answer(model, optimizer, counted)

    # Only here an error is a right answer.
    changed = attempt(run) if action.__name__ == "stop_with_an_error" else run()
    return {f"changed by {action.__name__}": changed, "times that action ran": len(calls)}


# -- what the mistakes below have in common ---------------------------------------------------


def buffers(model, optimizer):
    return [optimizer.state.get(p, {}).get("momentum_buffer") for p in model.parameters()]


def copies(tensors):
    return [None if tensor is None else tensor.detach().clone() for tensor in tensors]


def equal(one, other):
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def all_equal(one, other):
    return len(one) == len(other) and all(map(equal, one, other))


def compared(picture, action, same=all_equal):
    before = picture()
    action()
    after = picture()
    return [name for name in before if not same(before[name], after[name])]


def pictured(model, optimizer, parameters=copies, gradients=copies, state=copies):
    """A function that takes the picture; the arguments say how each part is kept."""

    def picture():
        return {
            "parameters": parameters([p.detach() for p in model.parameters()]),
            "gradients": gradients([p.grad for p in model.parameters()]),
            "optimizer state": state(buffers(model, optimizer)),
        }

    return picture


# -- mistakes ---------------------------------------------------------------------------------


@exercise.mistake(
    "A tensor was changed in place, and yours did not see it. Is what you keep from before a copy, "
    "or a second name for the same tensor? And are numbers compared, or only whether it is there?"
)
def keeps_no_copy(model, optimizer, action):
    return compared(pictured(model, optimizer, list, list, list), action)


@exercise.mistake(same_as=keeps_no_copy)
def parameters_not_copied(model, optimizer, action):
    return compared(pictured(model, optimizer, parameters=list), action)


@exercise.mistake(same_as=keeps_no_copy)
def gradients_not_copied(model, optimizer, action):
    return compared(pictured(model, optimizer, gradients=list), action)


@exercise.mistake(same_as=keeps_no_copy)
def state_not_copied(model, optimizer, action):
    return compared(pictured(model, optimizer, state=list), action)


@exercise.mistake(same_as=keeps_no_copy)
def only_parameters_copied(model, optimizer, action):
    return compared(pictured(model, optimizer, gradients=list, state=list), action)


@exercise.mistake(
    "Where a gradient or a momentum buffer is None, yours skips it, or takes it for zeros. "
    "From None to a tensor, or back, is a change."
)
def skips_none(model, optimizer, action):
    def same(one, other):
        pairs = zip(one, other, strict=True)
        return all(torch.equal(a, b) for a, b in pairs if a is not None and b is not None)

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(same_as=skips_none)
def skips_none_in_gradients(model, optimizer, action):
    before = pictured(model, optimizer)()
    action()
    after = pictured(model, optimizer)()
    pairs = zip(before["gradients"], after["gradients"], strict=True)
    changed = [not torch.equal(a, b) for a, b in pairs if a is not None and b is not None]
    names = [name for name in before if not all_equal(before[name], after[name])]
    kept = [name for name in names if name != "gradients"]
    return (
        ["parameters"] * ("parameters" in kept)
        + ["gradients"] * any(changed)
        + ["optimizer state"] * ("optimizer state" in kept)
    )


@exercise.mistake(same_as=skips_none)
def none_is_zero(model, optimizer, action):
    def zeros_for_none(tensors):
        pairs = zip(tensors, model.parameters(), strict=True)
        return [torch.zeros_like(p) if t is None else t.detach().clone() for t, p in pairs]

    return compared(pictured(model, optimizer, gradients=zeros_for_none), action)


@exercise.mistake(same_as=skips_none)
def none_before_is_skipped(model, optimizer, action):
    def same(one, other):
        return all(a is None or equal(a, b) for a, b in zip(one, other, strict=True))

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(same_as=skips_none)
def state_that_was_not_there_is_skipped(model, optimizer, action):
    before = pictured(model, optimizer)()
    action()
    after = pictured(model, optimizer)()
    found = [n for n in ("parameters", "gradients") if not all_equal(before[n], after[n])]
    pairs = zip(before["optimizer state"], after["optimizer state"], strict=True)
    if any(a is not None and not equal(a, b) for a, b in pairs):
        found.append("optimizer state")
    return found


@exercise.mistake(
    "You look at the parameters and the gradients. The optimizer remembers something, too."
)
def forgets_the_state(model, optimizer, action):
    found = compared(pictured(model, optimizer), action)
    return [name for name in found if name != "optimizer state"]


@exercise.mistake(
    "What forward writes into a BatchNorm are buffers. They are saved with the model, but they are "
    "no parameters."
)
def counts_buffers(model, optimizer, action):
    def picture():
        whole = pictured(model, optimizer)()
        return whole | {"parameters": copies(model.state_dict().values())}

    return compared(picture, action)


@exercise.mistake(
    "Different tensors can have the same sum, and the same norm. Every number has to be compared."
)
def compares_sums(model, optimizer, action):
    def sums(tensors):
        return [None if t is None else t.sum() for t in tensors]

    return compared(pictured(model, optimizer, sums, sums, sums), action)


@exercise.mistake(same_as=compares_sums)
def compares_lengths_of_gradients(model, optimizer, action):
    def lengths(tensors):
        return [None if t is None else t.norm() for t in tensors]

    return compared(pictured(model, optimizer, gradients=lengths, state=lengths), action)


@exercise.mistake(
    "A number that differs by little is another number. What you compare does not show it."
)
def close_is_equal(model, optimizer, action):
    def same(one, other):
        pairs = zip(one, other, strict=True)
        return all(a is b if a is None or b is None else torch.allclose(a, b) for a, b in pairs)

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(same_as=close_is_equal)
def compares_what_is_printed(model, optimizer, action):
    def printed(tensors):
        return [str(None if t is None else t.detach()) for t in tensors]

    picture = pictured(model, optimizer, printed, printed, printed)
    return compared(picture, action, lambda one, other: one == other)


@exercise.mistake(
    "Parameters can change while the optimizer keeps nothing new, and the other way round. Its "
    "state is its momentum buffers: an entry that holds None, or a learning rate, is none of "
    "them."
)
def whenever_parameters_change(model, optimizer, action):
    found = compared(pictured(model, optimizer), action)
    found = [name for name in found if name != "optimizer state"]
    return [*found, "optimizer state"] if "parameters" in found else found


@exercise.mistake(same_as=whenever_parameters_change)
def counts_the_learning_rate(model, optimizer, action):
    def rates():
        return [torch.tensor(group["lr"]) for group in optimizer.param_groups]

    def picture():
        whole = pictured(model, optimizer)()
        return whole | {"optimizer state": whole["optimizer state"] + rates()}

    return compared(picture, action)


@exercise.mistake(same_as=skips_none)
def no_buffer_is_a_buffer_of_zeros(model, optimizer, action):
    def zeros_for_none(tensors):
        pairs = zip(tensors, model.parameters(), strict=True)
        return [torch.zeros_like(p) if t is None else t.detach().clone() for t, p in pairs]

    return compared(pictured(model, optimizer, state=zeros_for_none), action)


@exercise.mistake(
    "A deep copy holds other tensors. What is looked up in it by the old ones is not there, and a "
    "copied parameter has lost its gradient."
)
def copied_keys(model, optimizer, action):
    before = pictured(model, optimizer)()
    copied = copy.deepcopy(optimizer.state)
    action()
    before["optimizer state"] = [
        copied.get(p, {}).get("momentum_buffer") for p in model.parameters()
    ]
    after = pictured(model, optimizer)()
    return [name for name in before if not all_equal(before[name], after[name])]


@exercise.mistake(same_as=copied_keys)
def gradients_of_a_copy(model, optimizer, action):
    before = pictured(model, optimizer)()
    before["gradients"] = [copy.deepcopy(p).grad for p in model.parameters()]
    action()
    after = pictured(model, optimizer)()
    return [name for name in before if not all_equal(before[name], after[name])]


@exercise.mistake(
    "To write the same numbers once more changes nothing. A counter of writes cannot tell."
)
def counts_writes(model, optimizer, action):
    def versions(tensors):
        return [None if t is None else torch.tensor([id(t), t._version]) for t in tensors]

    def picture():
        return {
            "parameters": versions(model.parameters()),
            "gradients": versions(p.grad for p in model.parameters()),
            "optimizer state": versions(buffers(model, optimizer)),
        }

    return compared(picture, action)


@exercise.mistake(
    "It is enough that one number of one parameter differs. Do you look at all of them, and at "
    "each?"
)
def the_first_only(model, optimizer, action):
    def same(one, other):
        return equal(one[0], other[0])

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(same_as=the_first_only)
def all_have_to_change(model, optimizer, action):
    def same(one, other):
        return any(map(equal, one, other))

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(same_as=the_first_only)
def one_equal_number_is_enough(model, optimizer, action):
    def same(one, other):
        pairs = zip(one, other, strict=True)
        return all(a is b if a is None or b is None else bool((a == b).any()) for a, b in pairs)

    return compared(pictured(model, optimizer), action, same)


@exercise.mistake(
    "A frozen parameter gets no gradient. Its numbers can be changed all the same, by whoever "
    "writes into it."
)
def trainable_only(model, optimizer, action):
    def picture():
        whole = pictured(model, optimizer)()
        return whole | {"parameters": copies(p for p in model.parameters() if p.requires_grad)}

    return compared(picture, action)


@exercise.mistake("The names are right. In which order are they to stand, and each how often?")
def in_the_alphabet(model, optimizer, action):
    return sorted(compared(pictured(model, optimizer), action))


@exercise.mistake(same_as=in_the_alphabet)
def once_for_each_parameter(model, optimizer, action):
    before = pictured(model, optimizer)()
    action()
    after = pictured(model, optimizer)()
    return [
        name
        for name in before
        for one, other in zip(before[name], after[name], strict=True)
        if not equal(one, other)
    ]


@exercise.mistake(
    "Before the first step, and without momentum, the optimizer has no buffer: who asks for it "
    "by its name alone can get an error."
)
def buffers_have_to_be_there(model, optimizer, action):
    def picture():
        whole = pictured(model, optimizer)()
        state = [optimizer.state[p]["momentum_buffer"] for p in model.parameters()]
        return whole | {"optimizer state": state}

    return compared(picture, action)


@exercise.mistake(
    "The action has to do its work on what you were given, once. What works on a copy, is undone, "
    "or runs again, is another action."
)
def runs_it_each_time(model, optimizer, action):
    found = []
    for name in ("parameters", "gradients", "optimizer state"):
        before = pictured(model, optimizer)()[name]
        action()
        if not all_equal(before, pictured(model, optimizer)()[name]):
            found.append(name)
    return found


@exercise.mistake(
    "For you nothing ever changes. Do your two looks show the model that the action works on, "
    "one of them before it and one after?"
)
def runs_it_on_a_copy(model, optimizer, action):
    model_copy = copy.deepcopy(model)
    before = [p.detach().clone() for p in model_copy.parameters()]
    action()
    after = [p.detach().clone() for p in model_copy.parameters()]
    return [] if all(map(torch.equal, before, after)) else ["parameters"]


@exercise.mistake("You never ran the action, so of course nothing changed.")
def never_runs_it(model, optimizer, action):
    before = [p.detach().clone() for p in model.parameters()]
    after = [p.detach().clone() for p in model.parameters()]
    return [] if all(map(torch.equal, before, after)) else ["parameters"]


@exercise.mistake(
    "In your function a backward has nothing to go back on, as under no_grad. The action is to "
    "run as it would without you."
)
def without_gradients(model, optimizer, action):
    before = pictured(model, optimizer)()
    with torch.no_grad():
        action()
    after = pictured(model, optimizer)()
    return [name for name in before if not all_equal(before[name], after[name])]


@exercise.mistake(
    "An error of the action belongs to whoever called you. Caught and forgotten, it looks as if "
    "all went well."
)
def catches_the_error(model, optimizer, action):
    before = pictured(model, optimizer)()
    try:
        action()
    except Exception:
        print("the action failed")
    after = pictured(model, optimizer)()
    return [name for name in before if not all_equal(before[name], after[name])]


@exercise.right
def changes_by_bytes(model, optimizer, action):
    def picture():
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        things = {
            "parameters": parameters,
            "gradients": [p.grad for p in parameters],
            "optimizer state": [dict(optimizer.state.get(p, {})) for p in parameters],
        }
        return {name: repr([numbers(item) for item in listed]) for name, listed in things.items()}

    def numbers(item):
        if isinstance(item, dict):
            return {key: numbers(value) for key, value in item.items() if value is not None}
        return item.tolist() if isinstance(item, torch.Tensor) else item

    before = picture()
    action()
    after = picture()
    return [name for name in before if before[name] != after[name]]
