"""Other right answers to the exercises of notebook 10, the debug clinic among them."""

import collections
import copy
import io

import numpy
import torch
from torch import nn
from torch.nn import functional as F

from tests.right_answers import right


@right("10.1")
def cleared_at_the_end(model, loss_fn, optimizer, x, y):
    model.train(True)
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


@right("10.2")
def weighted_by_hand(model, loss_fn, loader):
    before = model.training
    model.train(False)
    with torch.inference_mode():
        pairs = [(loss_fn(model(x), y), x.shape[0]) for x, y in loader]
    model.train(before)
    weights = torch.tensor([float(n) for _, n in pairs])
    losses = torch.stack([loss for loss, _ in pairs])
    return ((losses * weights).sum() / weights.sum()).item()


@right("10.3")
def with_topk(logits, labels):
    predicted = logits.topk(1, dim=1).indices
    return (predicted == labels.view(-1, 1)).sum().item() / logits.shape[0]


@right("10.4")
class KeepsPairs:
    def __init__(self):
        self.pairs = []

    def reset(self):
        self.pairs = []

    def update(self, value, samples):
        self.pairs.append((value.detach().item(), samples))

    def compute(self):
        samples = sum(n for _, n in self.pairs)
        return sum(v * n for v, n in self.pairs) / samples if samples else float("nan")


@right("10.4")
class KeepsNoDictionary:
    __slots__ = ("samples", "total")

    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.samples = torch.zeros(()), 0

    @torch.no_grad()
    def update(self, value, samples):
        self.total += value * samples
        self.samples += samples

    def compute(self):
        return (self.total / self.samples).item()


@right("10.5")
def counted_one_by_one(predicted, labels, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for p, t in zip(predicted.tolist(), labels.tolist(), strict=True):
        matrix[t, p] += 1
    return matrix


@right("10.5")
def with_index_put(predicted, labels, classes):
    matrix = torch.zeros((classes, classes), dtype=torch.long)
    return matrix.index_put((labels, predicted), torch.ones_like(labels), accumulate=True)


@right("10.6")
def by_type(batch, device):
    if torch.is_tensor(batch):
        return batch.to(device=device)
    if isinstance(batch, tuple):
        return tuple(by_type(item, device) for item in batch)
    if isinstance(batch, list):
        return [by_type(item, device) for item in batch]
    if isinstance(batch, dict):
        return dict((key, by_type(batch[key], device)) for key in batch)
    return batch


@right("10.7")
def epochs_first(writer, epochs):
    for number, batches in enumerate(epochs):
        samples = sum(n for _, n in batches)
        mean = sum(loss * n for loss, n in batches) / samples
        writer.add_scalar("loss/epoch", mean, global_step=number)
    for number, (loss, _) in enumerate(pair for batches in epochs for pair in batches):
        writer.add_scalar("loss/batch", loss, global_step=number)


@right("10.7")
def numbers_of_numpy_and_flushed(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        losses, sizes = zip(*batches, strict=True)
        for loss in losses:
            writer.add_scalar("loss/batch", torch.tensor(loss), step)
            step += 1
        writer.add_scalar("loss/epoch", numpy.average(losses, weights=sizes), epoch)
    writer.flush()
    writer.close()


@right("10.8")
class ByHistory:
    def __init__(self, patience):
        self.patience = patience
        self.losses = []
        self.best_state = None

    @property
    def best_loss(self):
        return min(self.losses, default=float("inf"))

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.losses.append(loss)
        since = len(self.losses) - 1 - self.losses.index(min(self.losses))
        return since >= self.patience


@right("10.8")
class StaysStopped:
    def __init__(self, patience):
        self.left = self.patience = patience
        self.best_loss, self.best_state, self.stop = float("inf"), None, False

    def step(self, loss, model):
        self.left -= 1
        if loss < self.best_loss:
            self.best_loss, self.left = loss, self.patience
            self.best_state = copy.deepcopy(model).state_dict()
        self.stop = self.stop or self.left == 0
        return self.stop


@right("10.9")
def through_memory(model, optimizer, scheduler, epoch):
    file = io.BytesIO()
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    content = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**content, "epoch": epoch, "random state": torch.random.get_rng_state()}, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@right("10.10")
def in_another_order(checkpoint, model, optimizer, scheduler):
    torch.random.set_rng_state(checkpoint["random state"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    optimizer.load_state_dict(copy.deepcopy(checkpoint["optimizer"]))
    with torch.no_grad():
        for name, value in checkpoint["model"].items():
            model.get_parameter(name).copy_(value)
    return 1 + checkpoint["epoch"]


@right("10.10")
def through_a_file(checkpoint, model, optimizer, scheduler):
    file = io.BytesIO()
    torch.save(dict(checkpoint), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    for name, part in {"model": model, "optimizer": optimizer, "scheduler": scheduler}.items():
        part.load_state_dict(state[name])
    torch.default_generator.set_state(state["random state"])
    return state["epoch"] + 1


@right("10.11")
def in_two_functions(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def walk(loader, learn):
        model.train(learn)
        losses, sizes = [], []
        with torch.set_grad_enabled(learn):
            for x, y in loader:
                loss = loss_fn(model(x), y)
                if learn:
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()
                losses.append(loss.item() * len(x))
                sizes.append(len(x))
        return sum(losses) / sum(sizes)

    history = {"valid": [], "train": []}
    for _ in range(epochs):
        history["train"].append(walk(train_loader, True))
        history["valid"].append(walk(valid_loader, False))
    return history


@right("10.11")
def in_a_default_dictionary(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = collections.defaultdict(list)
    for _ in range(epochs):
        for name, loader in (("train", train_loader), ("valid", valid_loader)):
            learn = name == "train"
            model.train(learn)
            losses = []
            for x, y in loader:
                with torch.set_grad_enabled(learn):
                    loss = loss_fn(model(x), y)
                if learn:
                    model.zero_grad()
                    loss.backward()
                    optimizer.step()
                losses += [loss.item()] * len(y)
            history[name].append(sum(losses) / len(losses))
    return history


# The debug clinic ---------------------------------------------------------------------------


@right("10.12")
def cleared_after_the_step(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
    return history


@right("10.13")
def with_sums(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        epoch_loss = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            losses = F.cross_entropy(model(x), y, reduction="none")
            losses.mean().backward()
            optimizer.step()
            epoch_loss += losses.sum().item()
        history.append(epoch_loss / len(train_loader.dataset))
    return history


@right("10.14")
def eval_then_back(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            sums = [F.cross_entropy(model(x), y, reduction="sum").item() for x, y in valid_loader]
        model.train()
        history.append(sum(sums) / len(valid_loader.dataset))
    return history


@right("10.15")
def back_after_validation(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    model.train()
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
        model.eval()
        with torch.no_grad():
            for x, _ in valid_loader:
                model(x)
        model.train()
    return history


@right("10.15")
def validates_with_gradients(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = []
    for _ in range(epochs):
        losses = []
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
        model.eval()
        print([(model(x).argmax(dim=1) == y).tolist() for x, y in valid_loader])
    return history


@right("10.16")
def predictions_as_a_column(model, valid_loader):
    model.eval()
    total, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in valid_loader:
            logits = model(x)
            total += F.cross_entropy(logits, y[:, 0]).item() * len(y)
            hits += (logits.argmax(dim=1, keepdim=True) == y).sum().item()
            samples += len(y)
    return total / samples, hits / samples


@right("10.17")
def with_one_criterion(model, train_loader, valid_loader, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    curves = ([], [])
    for _ in range(epochs):
        for curve, loader in zip(curves, (train_loader, valid_loader), strict=True):
            learn = loader is train_loader
            model.train(learn)
            total = 0.0
            for x, y in loader:
                with torch.set_grad_enabled(learn):
                    loss = criterion(model(x), y)
                if learn:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total += loss.item() * len(y)
            curve.append(total / len(loader.dataset))
    return curves


@right("10.18")
def as_a_second_group(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.head = nn.Linear(model.head.in_features, 3)
    optimizer.add_param_group({"params": model.head.parameters()})
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
    return history


@right("10.19")
def clips_the_model(model, train_loader, epochs):
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.5)
    history = []
    for _ in range(epochs):
        total = 0.0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            total += loss.item() * len(y)
        history.append(total / len(train_loader.dataset))
    return history


@right("10.19")
def scales_by_hand(model, train_loader, epochs):
    params = list(filter(lambda p: p.requires_grad, model.parameters()))
    optimizer = torch.optim.SGD(params, lr=0.5)
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norm = sum(p.grad.square().sum() for p in params).sqrt()
            for p in params:
                p.grad *= min(1.0, 0.1 / norm)
            optimizer.step()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
    return history


@right("10.20")
def counted_in_batches(model, train_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2 * len(train_loader), 0.5)
    losses, rates = [], []
    for _ in range(epochs):
        rates.append(scheduler.get_last_lr()[0])
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(y)
        losses.append(total / len(train_loader.dataset))
    return losses, rates


@right("10.20")
def by_its_own_rule(model, train_loader, epochs):
    losses, rates = [], []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(epochs):
        rates.append(0.1 * 0.5 ** (epoch // 2))
        optimizer.param_groups[0]["lr"] = rates[-1]
        total = 0.0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / len(train_loader.dataset))
    return losses, rates


@right("10.21")
def cloned_tensor_by_tensor(model, train_loader, valid_loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    results = []
    for epoch in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            loss = sum(F.mse_loss(model(x), y, reduction="sum").item() for x, y in valid_loader)
        state = {name: value.clone() for name, value in model.state_dict().items()}
        results.append((loss, epoch, state))
    _, epoch, state = min(results, key=lambda result: result[:2])
    return epoch, state
