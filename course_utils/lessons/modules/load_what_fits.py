"""You have saved weights of another model: some entries fit yours, some have another shape, some
another name. Load what fits, and say what was left over.
"""

import contextlib

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.inputs import quarters
from course_utils.promises import promised

exercise = Exercise(
    "04.15",
    "Load what fits",
    minutes=15,
    difficulty=3,
    hints=[
        "`load_state_dict(..., strict=False)` forgives names that are missing or too many. What "
        "does it say to a wrong shape?",
        "Make a new dict with the entries that fit, and load that one.",
        "`state_dict()` is the list of all names and shapes that the model has.",
    ],
)


@exercise.reference
def load_what_fits(model, saved):
    """Load the entries of a state dict whose name and shape the model has.

    model: an nn.Module.
    saved: a state dict, perhaps from another model, with entries of any float dtype and any
    strides. It stays as it is, also when the model is trained later.
    Returns the sorted list of the names in `saved` that were not loaded.
    """
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in saved.items()
        if name in own and own[name].shape == value.shape
    }
    model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@exercise.cases
def _(rng):
    yield nn.Linear(2, 1), {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0])}
    yield nn.Linear(2, 1, bias=False), {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}
    yield nn.Linear(2, 2), {"weight": torch.ones(3, 2), "bias": torch.ones(2)}
    yield (
        nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)),
        {"1.running_mean": torch.tensor([5.0, 6.0]), "0.weight": quarters(rng, 2, 2)},
    )
    yield nn.Linear(2, 2), {"weight": torch.ones(2), "bias": torch.ones(1)}
    yield nn.Linear(2, 2), {"weight": quarters(rng, 2, 3), "bias": quarters(rng, 2)}
    yield nn.Linear(2, 3), {"weight": quarters(rng, 2, 3), "bias": quarters(rng, 3)}
    for weight in promised(rng, "any float dtype", "any strides"):
        yield nn.Linear(3, 2), {"weight": weight, "bias": quarters(rng, 2)}
    yield (
        nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)),
        {"0.weight": quarters(rng, 3, 2), "0.bias": quarters(rng, 3), "head.bias": torch.ones(1)},
    )


@exercise.observe
def _(answer, model, saved):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(9.0)
    result = answer(model, saved)
    loaded = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():  # as training does: what was saved has memory of its own
        for value in model.state_dict().values():
            value += 1
    return {"state_dict of the model": loaded, "returned": result}


@exercise.mistake(
    "`strict=False` forgives missing and unknown names. A known name with another shape is an "
    "error all the same."
)
def loads_not_strict(model, saved):
    return sorted(model.load_state_dict(saved, strict=False).unexpected_keys)


@exercise.mistake(
    "The model is as it was: nothing was loaded. `state_dict()` gives a new dict each time, and "
    "putting another tensor into it does not reach the model."
)
def loads_into_the_dict(model, saved):
    own = model.state_dict()
    left = []
    for name, value in saved.items():
        if name in own and own[name].shape == value.shape:
            own[name] = value
        else:
            left.append(name)
    return sorted(left)


@exercise.mistake("You looked for the names among the parameters. A state dict also holds buffers.")
def loads_parameters_only(model, saved):
    own = dict(model.named_parameters())
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@exercise.mistake(
    "The model took what fits, but so did you: the names that do not fit are gone from the "
    "caller's dict."
)
def loads_and_pops(model, saved):
    own = model.state_dict()
    left = [n for n, v in saved.items() if n not in own or own[n].shape != v.shape]
    for name in left:
        del saved[name]
    model.load_state_dict(saved, strict=False)
    return sorted(left)


@exercise.mistake(
    "A smaller tensor was stretched over a larger one without a word: that is broadcasting. "
    "Compare the shapes yourself."
)
def loads_with_copy(model, saved):
    own = model.state_dict()
    left = []
    for name, value in saved.items():
        try:
            own[name].copy_(value)
        except (KeyError, RuntimeError):
            left.append(name)
    return sorted(left)


@exercise.mistake(
    "You gave back what the model did not get. The question was which of the saved entries were "
    "left over."
)
def returns_missing(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    return sorted(model.load_state_dict(fitting, strict=False).missing_keys)


@exercise.mistake(
    "Tensors with as many elements need not have the same shape: a turned weight was loaded, "
    "with its numbers in wrong places."
)
def loads_equal_counts(model, saved):
    own = model.state_dict()
    left = []
    for name, value in saved.items():
        if name in own and own[name].numel() == value.numel():
            own[name].copy_(value.reshape(own[name].shape))
        else:
            left.append(name)
    return sorted(left)


@exercise.mistake("You compare a part of the shapes. All sizes have to agree.")
def loads_equal_first_sizes(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape[:1] == v.shape[:1]}
    with contextlib.suppress(RuntimeError):
        model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@exercise.mistake(
    "The model's tensors lie in the memory of the saved ones now: to train it would change what "
    "was saved. The numbers were to come over, into memory that the model has already."
)
def loads_by_assigning(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False, assign=True)
    return sorted(set(saved) - set(fitting))


@exercise.mistake("The names are right, in the order of the dict. They were to be sorted.")
def loads_unsorted(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
    return [name for name in saved if name not in fitting]


@exercise.mistake(
    "What is left of the saved entries does not fill the model, and your line insists that it "
    "does. Which argument allows that names are missing?"
)
def loads_strictly(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting)
    return sorted(set(saved) - set(fitting))


@exercise.mistake(
    "An entry of another dtype was left over. Name and shape decide; numbers are converted while"
    " they are loaded."
)
def loads_same_dtype_only(model, saved):
    own = model.state_dict()
    fitting = {
        n: v
        for n, v in saved.items()
        if n in own and own[n].shape == v.shape and own[n].dtype == v.dtype
    }
    model.load_state_dict(fitting, strict=False)
    return sorted(set(saved) - set(fitting))


@exercise.mistake("You stop at the first entry that does not fit. Those after it may fit.")
def loads_until_one_fails(model, saved):
    own = model.state_dict()
    names = list(saved)
    for place, name in enumerate(names):
        if name not in own or own[name].shape != saved[name].shape:
            return sorted(names[place:])
        own[name].copy_(saved[name])
    return []


@exercise.mistake(
    "You give back the names that were loaded. Those that were left over were asked for."
)
def returns_what_was_loaded(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False)
    return sorted(fitting)


@exercise.mistake(
    "Everything is loaded that fits. Your function gives back nothing; what was left over?"
)
def returns_nothing(model, saved):
    own = model.state_dict()
    fitting = {n: v for n, v in saved.items() if n in own and own[n].shape == v.shape}
    model.load_state_dict(fitting, strict=False)


@exercise.right
def copied_one_by_one(model, saved):
    own = model.state_dict()
    left = []
    for name in sorted(saved):
        if name in own and own[name].size() == saved[name].size():
            own[name].copy_(saved[name])  # the tensors in the dict are the model's own
        else:
            left.append(name)
    return left
