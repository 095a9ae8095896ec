"""Other right answers to the exercises of notebook 09."""

import collections
import copy
import itertools
import math

import torch
from torch import nn
from torch.nn import functional as F

from tests.right_answers import right


@right("09.1")
def mse_by_elements(prediction, target, reduction="mean"):
    if list(prediction.shape) != list(target.shape):
        raise ValueError
    difference = prediction.sub(target)
    squares = difference * difference
    return {"none": squares, "sum": torch.sum(squares), "mean": torch.mean(squares)}[reduction]


@right("09.2")
def cross_entropy_with_gather(logits, target):
    log_p = F.log_softmax(logits, dim=-1)
    return -log_p.gather(1, target[:, None]).squeeze(1).mean()


@right("09.2")
def cross_entropy_with_the_largest_taken_off(logits, target):
    losses = []
    for row, label in zip(logits, target, strict=True):
        row = row - row.max().detach()
        losses.append(row.exp().sum().log() - row[label])
    return torch.stack(losses).mean()


@right("09.3")
def gradient_with_one_hot(logits, target):
    n, classes = logits.shape
    return (torch.softmax(logits, 1) - F.one_hot(target, classes)) / n


@right("09.4")
def bce_with_softplus(logits, target):
    return (F.softplus(logits) - target * logits).mean()


@right("09.4")
def bce_by_the_documentation(logits, target):
    return (logits.clamp(min=0) - logits * target + (-logits.abs()).exp().log1p()).mean()


@right("09.5")
def labels_by_flattening(raw, loss):
    flat = raw.flatten()
    if loss == "cross_entropy":
        return flat.to(torch.int64)
    return flat.to(torch.float32).unsqueeze(-1)


@right("09.6")
def sequence_loss_with_a_mask(logits, target, pad):
    real = target != pad
    if not real.any():
        return (logits * 0).sum()
    return F.cross_entropy(logits[real], target[real])


@right("09.6")
def sequence_loss_with_classes_in_the_middle(logits, target, pad):
    losses = F.cross_entropy(logits.permute(0, 2, 1), target, ignore_index=pad, reduction="none")
    count = int((target != pad).sum())
    return losses.sum() / max(count, 1)


@right("09.7")
class SequentialClassifier(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, classes))

    def forward(self, x):
        return self.layers(x)

    def probabilities(self, x):
        return self.forward(x).softmax(-1)

    def predicted(self, x):
        return self.probabilities(x).max(dim=1).indices


@right("09.8")
def sgd_step_in_place_on_copies(
    w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False
):
    new, grad = w.clone(), grad.clone()
    grad += weight_decay * new
    if momentum:
        buffer = torch.zeros_like(w) if buffer is None else buffer.clone()
        buffer.mul_(momentum).add_(grad)
        grad = grad + momentum * buffer if nesterov else buffer
    return new.sub_(lr * grad), buffer


@right("09.8")
def sgd_step_by_torch(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    parameter = nn.Parameter(w.clone())
    optimizer = torch.optim.SGD(
        [parameter], lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov
    )
    if buffer is not None:
        optimizer.state[parameter]["momentum_buffer"] = buffer.clone()
    parameter.grad = grad.clone()
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter].get("momentum_buffer")


@right("09.9")
def adam_by_torch(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    parameter = nn.Parameter(w.clone())
    optimizer = torch.optim.Adam([parameter], lr=lr, betas=betas, eps=eps)
    places = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        places.append(parameter.detach().clone())
    return places


@right("09.9")
def adam_with_a_corrected_rate(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    one, two = betas
    m = v = torch.zeros(w.shape)
    result = []
    for t in range(1, len(gradients) + 1):
        g = gradients[t - 1]
        m, v = m + (1 - one) * (g - m), v + (1 - two) * (g * g - v)
        root = (v / (1 - two**t)) ** 0.5 + eps
        w = w - lr / (1 - one**t) * m / root
        result.append(w)
    return result


@right("09.10")
class AdamWOfTorch(torch.optim.AdamW):
    """torch's own has to pass, too."""


@right("09.10")
class AdamWInPlace(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        for group in self.param_groups:
            one, two = group["betas"]
            for p in (p for p in group["params"] if p.grad is not None):
                state, g = self.state[p], p.grad
                state["t"] = t = state.get("t", 0) + 1
                state["m"] = state.get("m", torch.zeros_like(g)).mul(one).add(g, alpha=1 - one)
                state["v"] = state.get("v", torch.zeros_like(g)).mul(two).add(g * g, alpha=1 - two)
                root = (state["v"] / (1 - two**t)).sqrt().add(group["eps"])
                p.data -= group["lr"] * group["weight_decay"] * p.data
                p.data -= group["lr"] * (state["m"] / (1 - one**t)) / root


@right("09.11")
def groups_by_a_loop(model, weight_decay):
    decay, rest = [], []
    for parameter in model.parameters():
        if parameter.requires_grad:
            (decay if parameter.ndim > 1 else rest).append(parameter)
    return [dict(params=rest, weight_decay=0), dict(params=decay, weight_decay=weight_decay)]


@right("09.12")
def freeze_with_zero_grad(part):
    part.requires_grad_(False)
    part.zero_grad(set_to_none=True)


@right("09.12")
def freeze_module_by_module(part):
    for module in part.modules():
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False
            parameter.grad = None


@right("09.13")
def step_from_sums(model, optimizer, batches):
    model.zero_grad()
    total = 0
    for x, y in batches:
        F.mse_loss(model(x), y, reduction="sum").backward()
        total += y.numel()
    for parameter in model.parameters():
        parameter.grad /= total
    optimizer.step()
    optimizer.zero_grad()


@right("09.13")
def step_from_one_loss(model, optimizer, batches):
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    optimizer.zero_grad(set_to_none=False)
    F.mse_loss(model(x), y).backward()
    optimizer.step()


@right("09.14")
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


@right("09.15")
def rates_of_torch(base_lr, milestones, gamma, steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=base_lr)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=gamma)
    rates = []
    for _ in range(steps):
        rates += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return rates


@right("09.15")
def rates_by_a_counter(base_lr, milestones, gamma, steps):
    counted, lr, rates = collections.Counter(milestones), base_lr, []
    for t in range(steps):
        lr *= gamma ** counted[t]
        rates.append(lr)
    return rates


@right("09.16")
def warmup_then_sine(optimizer, warmup, total):
    def factor(t):
        if t + 1 <= warmup:
            return (t + 1) / warmup
        if t >= total:
            return 0.0
        return math.cos(math.pi / 2 * (t - warmup) / (total - warmup)) ** 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=factor)


@right("09.17")
def rates_by_get_last_lr(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _, batch in itertools.product(range(epochs), range(1, batches + 1)):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if every == "batch" or batch == batches:
            scheduler.step()
    return rates


@right("09.18")
class CheckpointByNames:
    def __init__(self, model, optimizer, scheduler):
        self.saved = copy.deepcopy(
            {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
            }
        )

    def restore(self, model, optimizer, scheduler):
        saved = copy.deepcopy(self.saved)
        scheduler.load_state_dict(saved["scheduler"])
        optimizer.load_state_dict(saved["optimizer"])
        model.load_state_dict(saved["model"])


@right("09.19")
def plateau_of_torch(values, lr, mode="min", factor=0.1, patience=2):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=lr)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, mode=mode, factor=factor, patience=patience, threshold=0.0
    )
    rates = []
    for value in values:
        optimizer.step()
        schedule.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates
