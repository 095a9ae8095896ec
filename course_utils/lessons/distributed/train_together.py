"""This function trains a model on two ranks, and comes to no end. When it does, nearly everything
is still wrong: six lines have a bug each that one process would never show.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset
from torch.utils.data.distributed import DistributedSampler

from course_utils.exercise import Exercise

exercise = Exercise(
    "11.12",
    "Clinic: two ranks that do not work together",
    minutes=30,
    difficulty=3,
    ranks=2,
    hints=[
        "First make it end. Which ranks call the collective inside a loop, and how often?",
        "Print on each rank: the random numbers, the samples of each epoch, the losses. Which "
        "should be the same on both ranks, and which should not?",
        "With one sample more in a batch, should the step be larger? And who writes to `path`?",
    ],
)


@exercise.starter
def train_together(net, train_set, test_set, seed, path):
    """Train `net` for 3 epochs on all ranks; returns (losses, accuracy), alike on every rank.

    net: alike on all ranks; in training it draws random numbers, other ones on each rank. Each
    epoch, from epoch 0, takes the order that DistributedSampler has for it and `seed`. A step goes
    along the mean loss of its samples. losses: of each epoch the mean over all batches of all
    ranks. accuracy: share of all samples of test_set, each tested by one rank, in eval mode. At
    the end rank 0 alone saves net's state dict at `path`.
    """
    torch.manual_seed(seed)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    loader = DataLoader(train_set, 2, sampler=DistributedSampler(train_set, seed=seed))
    own_tests = DataLoader(Subset(test_set, range(rank, len(test_set), ranks)), 2)
    model, losses = DistributedDataParallel(net), []
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        total = torch.zeros(())
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
    """Train `net` for 3 epochs on all ranks; returns (losses, accuracy), alike on every rank.

    net: alike on all ranks; in training it draws random numbers, other ones on each rank. Each
    epoch, from epoch 0, takes the order that DistributedSampler has for it and `seed`. A step goes
    along the mean loss of its samples. losses: of each epoch the mean over all batches of all
    ranks. accuracy: share of all samples of test_set, each tested by one rank, in eval mode. At
    the end rank 0 alone saves net's state dict at `path`.
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
        total = torch.zeros(())
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
