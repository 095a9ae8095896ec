"""Other right answers to the exercises of notebook 05."""

import contextlib
import functools
import weakref

import torch
from torch import nn

from tests.right_answers import right


@right("05.1")
def with_an_exit_stack(model, x):
    shapes = {}

    def keep(name, module, args, output):
        shapes[name] = output.shape

    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            if next(module.children(), None) is None:
                hook = functools.partial(keep, name)
                stack.enter_context(module.register_forward_hook(hook))
        model(x)
    return shapes


@right("05.1")
def by_a_table_of_names(model, x):
    names = {module: name for name, module in model.named_modules()}
    leaves = [module for module in names if not len(list(module.children()))]
    shapes = {}

    def hook(module, args, output):
        shapes[names[module]] = tuple(output.size())

    handles = [leaf.register_forward_hook(hook) for leaf in leaves]
    try:
        model(x)
    finally:
        [handle.remove() for handle in handles]
    return shapes


@right("05.2")
def without_gradients(model, names, x):
    wanted = dict(model.named_modules())
    kept = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        for name in names:

            def hook(layer, args, output, name=name):
                kept[name] = output.clone()

            stack.enter_context(wanted[name].register_forward_hook(hook))
        model(x)
    return kept


@right("05.2")
def with_a_global_hook(model, names, x):
    kept = {}
    wanted = {model.get_submodule(name): name for name in names}

    def hook(layer, args, output):
        if layer in wanted:
            kept[wanted[layer]] = output.detach().clone()

    handle = nn.modules.module.register_module_forward_hook(hook)
    try:
        model(x)
    finally:
        handle.remove()
    return kept


@right("05.3")
class KeepsItsHandle:
    def __init__(self, layer):
        self.layer = layer
        self.handle = None
        self.outputs = None

    def hook(self, layer, args, output):
        self.outputs.append(output.detach())

    def __enter__(self):
        self.outputs = []
        self.handle = self.layer.register_forward_hook(self.hook)
        return self.outputs

    def __exit__(self, kind, error, trace):
        self.handle.remove()
        return False


@right("05.4")
def a_list_of_arguments(model):
    def to_float(module, args):
        args = list(args)
        if args[0].dtype is torch.uint8:
            args[0] = args[0].to(torch.float32).div(255)
        return tuple(args)

    return model.register_forward_pre_hook(to_float)


@right("05.4")
def none_if_nothing_is_to_do(model):
    def to_float(module, args):
        if args[0].dtype != torch.uint8:
            return None
        return (args[0] / 255.0, *args[1:])

    return model.register_forward_pre_hook(to_float)


@right("05.5")
def with_a_mask(model, name, unit, x):
    def hook(layer, args, output):
        mask = torch.ones(output.shape[1], dtype=output.dtype)
        mask[unit] = 0
        return output * mask.reshape(1, -1, *[1] * (output.dim() - 2))

    with model.get_submodule(name).register_forward_hook(hook):
        return model(x)


@right("05.6")
def with_a_with_block(model, name, x):
    class Enough(BaseException):
        pass

    kept = []

    def hook(layer, args, output):
        kept.append(output)
        raise Enough

    layer = dict(model.named_modules())[name]
    with contextlib.suppress(Enough), layer.register_forward_hook(hook):
        model(x)
    return kept.pop()


@right("05.7")
def stops_at_the_first(model, x):
    class Found(Exception):
        pass

    names = {module: name for name, module in model.named_modules()}

    def hook(module, args, output):
        tensors = [output] if isinstance(output, torch.Tensor) else list(output)
        if any((tensor.isnan() | tensor.isinf()).any() for tensor in tensors):
            raise Found(names[module])

    handles = [module.register_forward_hook(hook) for module in names]
    try:
        model(x)
    except Found as found:
        return found.args[0]
    finally:
        for handle in handles:
            handle.remove()


@right("05.8")
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


@right("05.9")
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


@right("05.9")
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


@right("05.10")
def a_copy_between(model, name, x):
    # A copy of the output goes on; the layer behind writes into the copy.
    kept = []

    def hook(layer, args, output):
        kept.append(output)
        return output.clone()

    with model.get_submodule(name).register_forward_hook(hook):
        total = model(x).sum()
    return torch.autograd.grad(total, kept[0])[0]


@right("05.10")
def the_hook_of_the_tensor_in_a_with(model, name, x):
    kept = []

    def hook(layer, args, output):
        output.register_hook(lambda gradient: kept.insert(0, gradient))

    with model.get_submodule(name).register_forward_hook(hook):
        model(x).sum().backward()
    return kept[0]


@right("05.11")
def all_names_first(model, renames):
    def hook(state_dict, prefix, *_):
        old_keys = [key for key in state_dict if key.startswith(prefix)]
        for key in old_keys:
            layer, dot, rest = key[len(prefix) :].partition(".")
            if layer in renames and dot:
                state_dict[prefix + renames[layer] + dot + rest] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(hook)


@right("05.11")
def empties_and_fills(model, renames):
    def hook(module, state_dict, prefix, *_):
        entries = list(state_dict.items())
        state_dict.clear()
        for key, value in entries:
            for old, new in renames.items():
                if key.startswith(prefix + old + "."):
                    key = prefix + new + key[len(prefix + old) :]
                    break
            state_dict[key] = value

    public = getattr(model, "register_load_state_dict_pre_hook", None)
    if public is not None:
        return public(hook)
    owner = weakref.proxy(model)
    return model._register_load_state_dict_pre_hook(lambda *args: hook(owner, *args))


@right("05.12")
def with_a_stack(module, function):
    waiting = [(module, False)]
    while waiting:
        current, is_ready = waiting.pop()
        if is_ready:
            function(current)
            continue
        waiting.append((current, True))
        waiting += [(child, False) for child in reversed(list(current.children()))]
    return module


@right("05.13")
def by_hand(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        fan_in = module.weight.flatten(1).shape[1]
        with torch.no_grad():
            module.weight.normal_(std=(2 / fan_in) ** 0.5)
            if module.bias is not None:
                module.bias.zero_()


@right("05.13")
def uniform_with_match(module):
    match module:
        case nn.Linear() | nn.Conv2d():
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.constant_(module.bias, 0.0)


@right("05.14")
def by_the_formulas(model, x):
    counts = {}

    def hook(layer, args, output, name):
        if isinstance(layer, nn.Linear):
            cost = args[0].numel() * layer.out_features
        else:
            height, width = layer.kernel_size
            cost = output.numel() * height * width * layer.in_channels // layer.groups
        counts[name] = counts.get(name, 0) + cost

    with contextlib.ExitStack() as stack:
        for name, layer in model.named_modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                bound = functools.partial(hook, name=name)
                stack.enter_context(layer.register_forward_hook(bound))
        model(x)
    return counts
