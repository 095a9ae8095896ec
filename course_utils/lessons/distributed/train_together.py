"""This function trains a model on two ranks, and may come to no end. Where it ends, nearly all
that it gives is wrong. It has six bugs. One process alone would never show most of them. Mend it.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import os
import tempfile
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import SmallNet, seeded
from course_utils.observation import attempt

exercise = Exercise(
    "11.12",
    "Clinic: two ranks that do not work together",
    minutes=30,
    difficulty=3,
    ranks=2,
    hints=[
        "First make it end: which ranks call the collective in a loop, and how often each of them?",
        "Print on each rank the random numbers, the samples of each epoch, the losses and what is "
        "written. Which of them should be the same on both, and which should not?",
        "How long is a step along a batch of two samples, and along one of four? Does the sampler "
        "know which epoch it is?",
    ],
    may_change=["net.training", "net.gradients"],
)


@exercise.starter
@exercise.mistake(
    "Still ill, in more than one place: the ranks wait for each other, or what they give is wrong. "
    "Mend one thing after the other, and begin with the one that waits."
)
def train_together(net, train_set, test_set, seed, path):
    """Train `net` for 3 epochs on all ranks; returns (losses, accuracy), the same on each rank.

    net: the same on all ranks. In training it draws random numbers: torch's seed on each rank is
    to be seed + rank. Epochs 0, 1 and 2 take the orders that DistributedSampler has for them and
    `seed`. A step follows the mean loss of its samples. losses: for each epoch the mean over all
    batches of all ranks. accuracy: the share of test_set that is right, in eval mode. At the end
    rank 0 alone saves the state dict of net at `path`.
    """
    torch.manual_seed(seed)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    loader = DataLoader(train_set, 2, sampler=DistributedSampler(train_set, seed=seed))
    own_tests = DataLoader(Subset(test_set, range(rank, len(test_set), ranks)), 2)
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        total = torch.tensor(0.0)
        for x, y in loader:
            loss = F.cross_entropy(model(x), y, reduction="sum")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        losses.append(total.item() / len(loader))
    net.eval()
    right = torch.tensor(0)
    for x, y in own_tests:
        hits = (net(x).argmax(1) == y).sum()
        dist.all_reduce(hits)
        right += hits
    torch.save(net.state_dict(), path)
    return losses, right.item() / len(test_set)


@exercise.reference
def train_together(net, train_set, test_set, seed, path):
    """Train `net` for 3 epochs on all ranks; returns (losses, accuracy), the same on each rank.

    net: the same on all ranks. In training it draws random numbers: torch's seed on each rank is
    to be seed + rank. Epochs 0, 1 and 2 take the orders that DistributedSampler has for them and
    `seed`. A step follows the mean loss of its samples. losses: for each epoch the mean over all
    batches of all ranks. accuracy: the share of test_set that is right, in eval mode. At the end
    rank 0 alone saves the state dict of net at `path`.
    """
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(seed + rank)
    sampler = DistributedSampler(train_set, seed=seed)
    loader = DataLoader(train_set, 2, sampler=sampler)
    own_tests = DataLoader(Subset(test_set, range(rank, len(test_set), ranks)), 2)
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        total = torch.tensor(0.0)
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        dist.all_reduce(total)
        losses.append(total.item() / (len(loader) * ranks))
    net.eval()
    right = torch.tensor(0)
    for x, y in own_tests:
        right += (net(x).argmax(1) == y).sum()
    dist.all_reduce(right)
    if rank == 0:
        torch.save(net.state_dict(), path)
    return losses, right.item() / len(test_set)


class Halving(nn.Module):
    """In training it drops every other feature; in eval nothing.

    It draws a number as dropout does; results do not depend on it, so that others may draw, too.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: shape (n, features). Returns a tensor of this shape."""
        if not self.training:
            return x
        torch.rand(())
        return x * (torch.arange(x.shape[1]) % 2) * 2


def halving_net():
    """From x of shape (n, 3) to scores of shape (n, 3)."""
    return SmallNet(nn.Linear(3, 6), Halving(), nn.Linear(6, 3))


def labelled_by(net, samples):
    """Random x, shape (samples, 3), and as labels what the net says of nearly all of them."""
    x = torch.randn(samples, 3)
    y = torch.where(torch.arange(samples) % 5 == 4, 0, net(x).argmax(1))
    return TensorDataset(x, y)


@exercise.cases
def _(rng):
    for trained, tested in ((8, 9), (6, 8), (7, rng.choice([10, 14]))):
        net = seeded(rng, halving_net).eval()
        train_set = seeded(rng, lambda net=net, n=trained: labelled_by(net, n))
        test_set = seeded(rng, lambda net=net, n=tested: labelled_by(net, n))
        yield net.train(), train_set, test_set, rng.randint(1, 99), f"after_{trained}.pt"


@exercise.observe
def _(answer, net, train_set, test_set, seed, path):
    home = Path.cwd()
    os.chdir(tempfile.mkdtemp())  # one for each rank; taken away with the group; see ranks
    try:
        losses, accuracy = answer(net, train_set, test_set, seed, path)
        written = sorted(file.name for file in Path().iterdir())
        saved = attempt(lambda: dict(torch.load(path, weights_only=True))) if written else {}
    finally:
        os.chdir(home)
    return {
        "parameters of net": list(net.parameters()),
        "losses": losses,
        "accuracy": accuracy,
        "seed of torch": torch.initial_seed(),
        "files that it wrote": written,
        "what is in the file": saved,
    }


def mended(net, train_set, test_set, seed, path, *, ill=()):
    """The function with some of its bugs, by a word for each."""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(seed if "seed" in ill else seed + rank)
    sampler = DistributedSampler(train_set, seed=seed)
    loader = DataLoader(train_set, 2, sampler=sampler)
    own_tests = DataLoader(Subset(test_set, range(rank, len(test_set), ranks)), 2)
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    reduction = "sum" if "sum" in ill else "mean"
    for epoch in range(3):
        if "order" not in ill:
            sampler.set_epoch(epoch)
        total = torch.tensor(0.0)
        for x, y in loader:
            loss = F.cross_entropy(model(x), y, reduction=reduction)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        if "own losses" not in ill:
            dist.all_reduce(total)
            total /= ranks
        losses.append(total.item() / len(loader))
    if "training" not in ill:
        net.eval()
    right = torch.tensor(0)
    for x, y in own_tests:
        hits = (net(x).argmax(1) == y).sum()
        if "waits" in ill:
            dist.all_reduce(hits)
        right += hits
    if "waits" not in ill and "own hits" not in ill:
        dist.all_reduce(right)
    if "saves" in ill or rank == 0:
        torch.save(model.state_dict() if "wrapper" in ill else net.state_dict(), path)
    return losses, right.item() / (len(own_tests.dataset) if "own hits" in ill else len(test_set))


@exercise.mistake(
    "Still ill: the ranks wait for each other in the test, as they do not have as many batches "
    "there. How often does each of them call the collective?"
)
def still_waits(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["waits"])


@exercise.mistake(
    "Still ill: torch's seed is the same on both ranks, so that net draws the same random numbers "
    "on each of them."
)
def one_seed_is_left(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["seed"])


@exercise.mistake(
    "Still ill: all epochs have the order of the first one. Who tells the sampler that a new epoch "
    "begins?"
)
def order_of_epoch_0(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["order"])


@exercise.mistake(
    "Still ill: a batch with more samples makes a longer step. The loss of a step is to be a mean."
)
def summed_loss_is_left(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["sum"])


@exercise.mistake(
    "Still ill: each rank gives back losses of its own batches, and takes them for those of all."
)
def losses_of_one_rank(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["own losses"])


@exercise.mistake(
    "Still ill: the ranks give back different accuracies. Each of them has tested a part only."
)
def accuracy_of_one_rank(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["own hits"])


@exercise.mistake(
    "Still ill: every rank writes the file. On one machine they would write into each other's."
)
def every_rank_writes(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["saves"])


@exercise.mistake(
    "Still ill: the names in the file are those of the wrapper, and not those of `net`."
)
def names_of_the_wrapper(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["wrapper"])


@exercise.mistake(
    "Still ill: the test is made in training mode, in which net drops a part of what it knows."
)
def tested_in_training_mode(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path, ill=["training"])


@exercise.mistake(
    "Still ill: each rank trains on all samples, so that the second one brings nothing. Who gives "
    "each rank its part?"
)
def nobody_shares_the_samples(net, train_set, test_set, seed, path):
    torch.manual_seed(seed + dist.get_rank())
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        total = torch.tensor(0.0)
        for x, y in DataLoader(train_set, 2):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() / len(DataLoader(train_set, 2))
        losses.append(total.item())
    net.eval()
    x, y = test_set.tensors
    if dist.get_rank() == 0:
        torch.save(net.state_dict(), path)
    return losses, (net(x).argmax(1) == y).float().mean().item()


@exercise.mistake(
    "Still ill: the accuracy is a mean of the ranks' own, and they have not tested as many "
    "samples. Or the number of tests is not that of test_set."
)
def mean_of_accuracies(net, train_set, test_set, seed, path):
    losses, own = mended(net, train_set, test_set, seed, path, ill=["own hits"])
    accuracy = torch.tensor(own)
    dist.all_reduce(accuracy)
    return losses, accuracy.item() / dist.get_world_size()


@exercise.mistake(
    "Still ill: without DistributedDataParallel, or behind its back, each rank trains a model of "
    "its own."
)
def each_its_own_model(net, train_set, test_set, seed, path):
    sampler = DistributedSampler(train_set, seed=seed)
    loader = DataLoader(train_set, 2, sampler=sampler)
    torch.manual_seed(seed + dist.get_rank())
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=0.1), []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        total = torch.tensor(0.0)
        for x, y in loader:
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        dist.all_reduce(total)
        losses.append(total.item() / len(loader) / dist.get_world_size())
    net.eval()
    x, y = test_set.tensors
    if dist.get_rank() == 0:
        torch.save(net.state_dict(), path)
    return losses, (net(x).argmax(1) == y).float().mean().item()


@exercise.right
def tests_everything_everywhere(net, train_set, test_set, seed, path):
    rank = dist.get_rank()
    torch.manual_seed(rank + seed)
    sampler = DistributedSampler(train_set, shuffle=True, seed=seed)
    model = DistributedDataParallel(net)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for epoch in range(3):
        sampler.set_epoch(epoch)
        model.train()
        found = []
        for x, y in DataLoader(train_set, batch_size=2, sampler=sampler):
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(x), y)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
        parts = [None] * dist.get_world_size()
        dist.all_gather_object(parts, found)
        together = sum(parts, [])
        losses.append(sum(together) / len(together))
    model.eval()
    with torch.no_grad():
        right = sum(int(net(x[None]).argmax()) == int(y) for x, y in test_set)
    if rank == 0:
        torch.save(model.module.state_dict(), path)
    dist.barrier()
    return losses, right / len(test_set)


@exercise.right
def with_batches_of_indices(net, train_set, test_set, seed, path):
    rank, ranks = dist.get_rank(), dist.get_world_size()
    sampler = DistributedSampler(range(len(train_set)), ranks, rank, seed=seed)
    model = DistributedDataParallel(net)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    torch.random.manual_seed(seed + rank)
    losses = torch.zeros(3)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        batches = torch.tensor(list(sampler)).split(2)
        for indices in batches:
            x, y = (tensor[indices] for tensor in train_set.tensors)
            loss = F.cross_entropy(model(x), y, reduction="sum") / len(y)
            model.zero_grad()
            loss.backward()
            optimizer.step()
            losses[epoch] += loss.item() / len(batches) / ranks
    dist.all_reduce(losses)
    model.eval()
    hits = torch.zeros(2)
    for number in range(rank, len(test_set), ranks):
        x, y = test_set[number]
        hits += torch.tensor([net(x[None]).argmax() == y, 1])
    dist.all_reduce(hits)
    if not rank:
        with Path(path).open("wb") as file:
            torch.save(net.state_dict(), file)
    return losses.tolist(), (hits[0] / hits[1]).item()


@exercise.right
def rank_0_tells_what_it_found(net, train_set, test_set, seed, path):
    rank, ranks = dist.get_rank(), dist.get_world_size()
    torch.default_generator.manual_seed(seed + rank)
    sampler = DistributedSampler(train_set, seed=seed)
    loader = DataLoader(train_set, 2, sampler=sampler)
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for sampler.epoch in range(3):
        own = []
        for x, y in loader:
            own.append(F.cross_entropy(model(x), y))
            optimizer.zero_grad()
            own[-1].backward()
            optimizer.step()
        mean = torch.stack(own).mean().detach()
        dist.all_reduce(mean)
        losses.append(mean.item() / ranks)
    report = [None]
    if rank == 0:
        net.eval()
        x, y = test_set.tensors
        report = [(net(x).argmax(1) == y).sum().item() / len(y)]
        torch.save(net.state_dict(), path)
    dist.broadcast_object_list(report, src=0)
    return losses, report[0]


@exercise.right
def one_step_at_a_time(net, train_set, test_set, seed, path):
    return mended(net, train_set, test_set, seed, path)
