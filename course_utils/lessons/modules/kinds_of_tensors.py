"""Sort the tensors of a module by what they are registered as. This is the function to have at
hand when a model does not save what it should.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise


class Shelf(nn.Module):
    """A module with tensors of several kinds, for the cases of 04.3."""

    def __init__(self, **kinds: str) -> None:
        super().__init__()
        for name, kind in kinds.items():
            if kind == "parameter":
                setattr(self, name, nn.Parameter(torch.zeros(2)))
            elif kind == "frozen parameter":
                setattr(self, name, nn.Parameter(torch.zeros(2), requires_grad=False))
            elif kind == "buffer":
                self.register_buffer(name, torch.zeros(2))
            elif kind == "unsaved buffer":
                self.register_buffer(name, torch.zeros(2), persistent=False)
            elif kind == "tensor that requires grad":
                setattr(self, name, torch.zeros(2, requires_grad=True))
            elif kind == "tensor":
                setattr(self, name, torch.zeros(2))
            elif kind == "layer":
                setattr(self, name, nn.BatchNorm1d(2))
        self.size = 2  # not a tensor
        self.kinds = kinds

    def extra_repr(self) -> str:
        return ", ".join(f"{name}: {kind}" for name, kind in self.kinds.items())


exercise = Exercise(
    "04.3",
    "Parameter, buffer or plain tensor?",
    minutes=15,
    difficulty=2,
    hints=[
        "Look at `named_parameters` and `named_buffers` in the documentation. Which argument "
        "keeps them out of the layers inside?",
        "A buffer that is not saved is a buffer all the same. Where is it missing?",
        "Plain attributes stand where those of every Python object stand: `vars(module)`.",
    ],
)


@exercise.reference
def kinds_of_tensors(module):
    """What the module's own tensors are registered as.

    module: an nn.Module. Tensors of the layers inside it do not count, None is no tensor, and no
    tensor has two names.
    Returns a dict from name to 'parameter', 'buffer', 'unsaved buffer' (one that is not in the
    state dict) or 'plain tensor' (not registered at all).
    """
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.cases
def _(rng):
    yield (Shelf(weight="parameter", mean="buffer", mask="tensor"),)
    yield (Shelf(weight="frozen parameter", scale="tensor that requires grad"),)
    yield (Shelf(mean="buffer", positions="unsaved buffer", norm="layer"),)
    yield (nn.BatchNorm1d(3),)
    yield (nn.BatchNorm1d(3, affine=False),)
    yield (nn.BatchNorm1d(3, track_running_stats=False),)
    yield (nn.Linear(2, 2, bias=False),)
    yield (nn.Sequential(nn.Linear(2, 2), nn.ReLU()),)
    names = rng.sample(["a", "b", "c", "d", "e", "f"], 4)
    kinds = ["parameter", "frozen parameter", "buffer", "unsaved buffer", "tensor"]
    yield (Shelf(**{name: rng.choice(kinds) for name in names}),)
    yield (nn.Linear(2, 3, bias=False),)
    yield (nn.BatchNorm1d(3, track_running_stats=False),)


@exercise.mistake(
    "The tensors of the layers inside are in your dict as well. Only the module's own were asked "
    "for."
)
def kinds_recursive(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters()}
    saved = module.state_dict()
    for name, _ in module.named_buffers():
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "You decide by requires_grad. A parameter may be frozen and is still a parameter; a plain "
    "tensor may ask for gradients and is still not registered."
)
def kinds_by_requires_grad(module):
    saved = module.state_dict()
    tensors = dict(module.named_parameters(recurse=False))
    tensors.update(module.named_buffers(recurse=False))
    tensors.update((n, v) for n, v in vars(module).items() if isinstance(v, torch.Tensor))
    kinds = {}
    for name, tensor in tensors.items():
        if tensor.requires_grad:
            kinds[name] = "parameter"
        elif name in vars(module):
            kinds[name] = "plain tensor"
        else:
            kinds[name] = "buffer" if name in saved else "unsaved buffer"
    return kinds


@exercise.mistake(
    "The buffers that are not in the state dict are missing. They are left out there by request, "
    "and they are registered all the same."
)
def kinds_without_unsaved(module):
    parameters = dict(module.named_parameters(recurse=False))
    kinds = {
        name: "parameter" if name in parameters else "buffer"
        for name in module.state_dict()
        if "." not in name
    }
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "All buffers are the same to your function. Some of them are left out when the model is saved."
)
def kinds_all_buffers_alike(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    kinds.update({name: "buffer" for name, _ in module.named_buffers(recurse=False)})
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "What is registered does not stand among the ordinary attributes: the module keeps it "
    "in dicts of its own, one for each kind."
)
def kinds_from_vars(module):
    kinds = {}
    for name, value in vars(module).items():
        if isinstance(value, nn.Parameter):
            kinds[name] = "parameter"
        elif isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "A name can be registered with None under it, as `bias` is in a layer without one. The name "
    "is there, and there is no tensor."
)
def kinds_with_none(module):
    kinds = {name: "parameter" for name in module._parameters}
    saved = module.state_dict()
    for name, buffer in module._buffers.items():
        if buffer is not None:
            kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(same_as=kinds_with_none)
def kinds_with_none_everywhere(module):
    kinds = {name: "parameter" for name in module._parameters}
    for name in module._buffers:
        unsaved = name in module._non_persistent_buffers_set
        kinds[name] = "unsaved buffer" if unsaved else "buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "Tensors that are not registered are missing. The module knows nothing of them, so no method"
    " of it lists them: where do attributes stand?"
)
def kinds_without_plain(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    return kinds


@exercise.mistake(same_as=kinds_by_requires_grad)
def kinds_frozen_as_buffer(module):
    kinds = {}
    for name, parameter in module.named_parameters(recurse=False):
        kinds[name] = "parameter" if parameter.requires_grad else "buffer"
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds[name] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(same_as=kinds_recursive)
def kinds_by_last_name(module):
    kinds = {name.split(".")[-1]: "parameter" for name, _ in module.named_parameters()}
    saved = module.state_dict()
    for name, _ in module.named_buffers():
        kinds[name.split(".")[-1]] = "buffer" if name in saved else "unsaved buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.mistake(
    "Your dict goes from each kind to names. It was to go from each name to its kind."
)
def kinds_turned(module):
    kinds = {"parameter": [], "buffer": [], "unsaved buffer": [], "plain tensor": []}
    kinds["parameter"] += [name for name, _ in module.named_parameters(recurse=False)]
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds["buffer" if name in saved else "unsaved buffer"].append(name)
    kinds["plain tensor"] += [n for n, v in vars(module).items() if isinstance(v, torch.Tensor)]
    return kinds


@exercise.mistake(
    "The two kinds of buffers have each other's names. Which of them is in the state dict?"
)
def kinds_swapped(module):
    kinds = {name: "parameter" for name, _ in module.named_parameters(recurse=False)}
    saved = module.state_dict()
    for name, _ in module.named_buffers(recurse=False):
        kinds[name] = "unsaved buffer" if name in saved else "buffer"
    for name, value in vars(module).items():
        if isinstance(value, torch.Tensor):
            kinds[name] = "plain tensor"
    return kinds


@exercise.right
def from_the_registers(module):
    kinds = {}
    for name in module._parameters:
        if module._parameters[name] is not None:
            kinds[name] = "parameter"
    for name, buffer in module._buffers.items():
        unsaved = name in module._non_persistent_buffers_set
        if buffer is not None:
            kinds[name] = "unsaved buffer" if unsaved else "buffer"
    for name in module.__dict__:
        if torch.is_tensor(module.__dict__[name]):
            kinds[name] = "plain tensor"
    return kinds
