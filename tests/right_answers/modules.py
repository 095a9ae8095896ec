"""Other right answers to the exercises of notebook 04."""

import copy
import math

import torch
from torch import nn
from torch.nn import functional

from tests.right_answers import right


@right("04.1")
class ScaleRegistered(nn.Module):
    def __init__(self, size):
        nn.Module.__init__(self)
        self.register_parameter("scale", nn.Parameter(0.1 * torch.ones(size)))

    def forward(self, features):
        return torch.mul(self.scale, features)


@right("04.1")
class ScaleFilledLater(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = nn.Parameter(torch.empty(size))
        nn.init.constant_(self.scale, 0.1)

    def forward(self, x):
        return torch.einsum("bf,f->bf", x, self.scale)


@right("04.2")
class LinearRegistered(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_features, in_features))
        if bias:
            self.bias = nn.Parameter(torch.zeros(out_features))
        else:
            self.register_parameter("bias", None)
        bound = in_features**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x):
        output = torch.einsum("bi,oi->bo", x, self.weight)
        return output if self.bias is None else output + self.bias


@right("04.2")
class LinearWithAddmm(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        self.bias = None
        if bias:
            start = (torch.rand(out_features) * 2 - 1) / math.sqrt(in_features)
            self.bias = nn.Parameter(start)

    def forward(self, x):
        if self.bias is None:
            return torch.mm(x, self.weight.T)
        return torch.addmm(self.bias, x, self.weight.T)


@right("04.3")
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


@right("04.4")
class StandardizeWithBuffers(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        for name, tensor in {"std": std, "mean": mean}.items():
            self.register_buffer(name, tensor.clone().detach())

    def forward(self, x):
        return torch.div(x - self.mean, self.std)


@right("04.5")
class CentreWithNoGrad(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("total", torch.zeros(features))

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.total = self.total + x.sum(0)
                self.count = self.count + x.shape[0]
        if self.count == 0:
            return x
        return x - self.total / self.count


@right("04.6")
def counted_in_a_loop(model):
    counts = {True: 0, False: 0}
    for _, parameter in model.named_parameters():
        counts[parameter.requires_grad] += math.prod(parameter.shape)
    return counts[True], counts[False]


@right("04.7")
class MLPWithModuleList(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.hidden = nn.ModuleList()
        for i in range(len(sizes) - 2):
            self.hidden.append(nn.Linear(sizes[i], sizes[i + 1]))
        self.last = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, x):
        for layer in self.hidden:
            x = layer(x).sigmoid()
        return self.last(x)


@right("04.7")
class MLPIsSequential(nn.Sequential):
    def __init__(self, sizes):
        super().__init__(nn.Linear(sizes[0], sizes[1]))
        for inputs, outputs in zip(sizes[1:-1], sizes[2:], strict=True):
            self.append(nn.Sigmoid())
            self.append(nn.Linear(inputs, outputs))


@right("04.8")
class StackAppended(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList()
        while len(self.layers) < depth:
            self.layers.append(nn.Linear(width, width))
        self.activation = nn.Tanh()

    def forward(self, x):
        for i in range(len(self.layers)):
            x = self.activation(self.layers[i](x))
        return x


@right("04.9")
class HeadsFromDict(nn.Module):
    def __init__(self, features, sizes):
        super().__init__()
        self.heads = nn.ModuleDict({task: nn.Linear(features, n) for task, n in sizes.items()})

    def forward(self, x, task):
        head = self.heads[task]
        return head(x)


@right("04.10")
class DropoutAsFunction(nn.Module):
    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.last = nn.Linear(hidden, classes)
        self.p = p

    def forward(self, x):
        x = functional.relu(self.first(x))
        return self.last(functional.dropout(x, self.p, training=self.training))


@right("04.10")
class DropoutByHand(nn.Module):
    """Draws its random numbers in another order than nn.Dropout does."""

    def __init__(self, features, hidden, classes, p):
        super().__init__()
        self.last = nn.Linear(hidden, classes)
        self.first = nn.Linear(features, hidden)
        nn.init.xavier_uniform_(self.first.weight)
        self.p = p

    def forward(self, x):
        hidden = torch.relu(self.first(x))
        if self.training:
            kept = torch.rand(hidden.shape) >= self.p
            hidden = torch.where(kept, hidden / (1 - self.p) if self.p < 1 else 0.0, 0.0)
        return self.last(hidden)


@right("04.11")
def by_counting_places(size, kernel, stride=1, padding=0, dilation=1):
    padded = size + 2 * padding
    last = dilation * (kernel - 1)
    places = [start for start in range(0, padded, stride) if start + last < padded]
    if not places:
        raise ValueError("the kernel does not fit")
    return len(places)


@right("04.11")
def with_a_real_convolution(size, kernel, stride=1, padding=0, dilation=1):
    try:
        layer = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
        return layer(torch.zeros(1, 1, size)).shape[-1]
    except RuntimeError:
        raise ValueError("does not fit") from None


@right("04.12")
class ConvNetMeasured(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 5)
        self.conv2 = nn.Conv2d(64, 30, 5)
        self.pool = nn.MaxPool2d(2)
        try:
            features = self.features(torch.zeros(1, channels, height, width)).shape[1]
        except RuntimeError:
            raise ValueError(f"{height}x{width} is too small") from None
        self.head = nn.Linear(features, classes)

    def features(self, x):
        for convolution in (self.conv1, self.conv2):
            x = self.pool(functional.relu(convolution(x)))
        return torch.flatten(x, 1)

    def forward(self, x):
        return self.head(self.features(x))


@right("04.13")
class TiedFromTheOtherSide(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.out = nn.Linear(width, words, bias=False)
        self.embedding = nn.Embedding(words, width)
        self.embedding.weight = self.out.weight

    def forward(self, word):
        return functional.linear(self.embedding.weight[word], self.out.weight)


@right("04.14")
def parameter_by_parameter(model, name):
    part = dict(model.named_modules())[name]
    for parameter in part.parameters():
        parameter.requires_grad = False
    return list(filter(lambda p: p.requires_grad, model.parameters()))


@right("04.14")
def by_name_with_a_dot(model, name):
    left = []
    for parameter_name, parameter in model.named_parameters():
        if parameter_name.startswith(name + "."):
            parameter.requires_grad_(False)
        if parameter.requires_grad:
            left.append(parameter)
    return left


@right("04.15")
def copied_one_by_one(model, saved):
    own = model.state_dict()
    left = []
    for name in sorted(saved):
        if name in own and own[name].size() == saved[name].size():
            own[name].copy_(saved[name])  # the tensors in the dict are the model's own
        else:
            left.append(name)
    return left


@right("04.16")
def deep_copied(model):
    return copy.deepcopy(model.state_dict())


@right("04.16")
def parameters_and_buffers(model):
    with torch.no_grad():
        tensors = dict(model.named_parameters()) | dict(model.named_buffers())
        return {name: tensors[name].clone() for name in model.state_dict()}


@right("04.17")
def with_two_steps(batch, model):
    parameter = list(model.parameters())[0]
    result = dict(batch)
    for name in batch:
        result[name] = result[name].to(parameter.device)
        if result[name].dtype.is_floating_point:
            result[name] = result[name].to(parameter.dtype)
    return result
