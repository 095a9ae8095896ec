"""Some ranks have more batches than others. Nobody may wait for ever, and no batch may be lost."""

import torch
import torch.distributed as dist
from torch.distributed.algorithms.join import Join
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import regression_batches, seeded, small_net
from course_utils.ranks import ByRank

exercise = Exercise(
    "11.9",
    "Ranks with more batches than others",
    minutes=20,
    difficulty=3,
    ranks=3,
    hints=[
        "A backward waits for the backward of the other ranks. Who calls it where a rank has no "
        "batch left?",
        "Either torch steps in for a rank that is through (its documentation speaks of joining), "
        "or every rank takes as many steps as the one with the most batches.",
        "By hand: agree on the largest number first. What is the gradient of a loss that is "
        "multiplied by 0?",
    ],
    may_change=["model.gradients", "optimizer.state"],
)


@exercise.reference
def train_uneven(model, optimizer, batches):
    """Take a step for each batch, until no rank has one left; all ranks end with the same model.

    model: a DistributedDataParallel, for x of shape (n, 3).
    optimizer: SGD. batches: a list of pairs (x, y), often of another length on each rank, and
    sometimes empty. The loss of a batch is its mean squared error. The gradient of a step is the
    mean over all ranks; a rank that has no batch left counts in it with a gradient of 0.
    """
    with Join([model]):
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()


@exercise.cases
def _(rng):
    for sizes in (
        ([2, 2], [2]),
        ([], [3]),
        ([2, 1], [1, 2]),
        ([1], [2] * rng.randint(3, 4), [3, 1]),
    ):
        model = seeded(rng, small_net)
        batches = [seeded(rng, lambda n=n: regression_batches(*n)) for n in sizes]
        momentum = 0.5 if len(sizes) == 3 else 0
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
        yield model, optimizer, ByRank(batches)


@exercise.observe
def _(answer, model, optimizer, batches):
    answer(DistributedDataParallel(model), optimizer, batches)
    return {"parameters afterwards": list(model.parameters())}


@exercise.mistake(
    "A rank waits in backward for one that has no batch left and is gone. Each rank goes through "
    "its own batches, and nobody asks how many the others have."
)
def each_its_own(model, optimizer, batches):
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(
    "All ranks end together, and batches are lost: the rank with the fewest says how many steps "
    "there are."
)
def as_many_as_all_have(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MIN)
    for x, y in batches[: int(steps)]:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(
    "Nothing hangs and no batch is lost. But where one rank has none left, your step is too long: "
    "over how many ranks is the mean?"
)
def mean_over_those_left(model, optimizer, batches):
    with model.join(divide_by_initial_world_size=False):
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()


@exercise.mistake(
    "The last batches, or all, are used on the rank that has them and nowhere else: at the end "
    "there is another model on each rank."
)
def the_rest_alone(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MIN)
    for number, (x, y) in enumerate(batches):
        optimizer.zero_grad()
        together = number < steps
        F.mse_loss((model if together else model.module)(x), y).backward()
        optimizer.step()


@exercise.mistake(same_as=the_rest_alone)
def nobody_talks(model, optimizer, batches):
    with model.no_sync():
        for x, y in batches:
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()


@exercise.mistake(
    "A rank that has no batch left adds something to the gradient: batches that it has used "
    "before, or some that nobody gave it. What is it to count with?"
)
def begins_again(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MAX)
    own = batches or [(torch.zeros(1, 3), torch.zeros(1, 1))]
    for number in range(int(steps)):
        x, y = own[number % len(own)]
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(same_as=begins_again)
def the_last_one_again(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MAX)
    own = batches or [(torch.ones(1, 3), torch.ones(1, 1))]
    for number in range(int(steps)):
        x, y = own[min(number, len(own) - 1)]
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(same_as=begins_again)
def filled_up_with_zeros(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MAX)
    own = [*batches, *[(torch.zeros(1, 3), torch.zeros(1, 1))] * (int(steps) - len(batches))]
    for x, y in own:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(
    "You take one step for everything, or fewer than there are batches. Each batch is to have its "
    "own step."
)
def one_step_for_all(model, optimizer, batches):
    optimizer.zero_grad()
    with Join([model]):
        for x, y in batches:
            F.mse_loss(model(x), y).backward()
    optimizer.step()


@exercise.mistake(
    "Gradients of the steps before are still in yours: backward adds to what it finds."
)
def never_zeroed(model, optimizer, batches):
    with Join([model]):
        for x, y in batches:
            F.mse_loss(model(x), y).backward()
            optimizer.step()


@exercise.right
def losses_of_zero(model, optimizer, batches):
    steps = torch.tensor(len(batches))
    dist.all_reduce(steps, op=dist.ReduceOp.MAX)
    for number in range(steps.item()):
        optimizer.zero_grad()
        if number < len(batches):
            x, y = batches[number]
            loss = F.mse_loss(model(x), y)
        else:
            loss = model(torch.zeros(1, 3)).sum() * 0
        loss.backward()
        optimizer.step()


@exercise.right
def joined_by_the_model(model, optimizer, batches):
    with model.join():
        for x, y in batches:
            loss = torch.mean((model(x) - y) ** 2)
            optimizer.zero_grad(set_to_none=False)
            loss.backward()
            optimizer.step()


@exercise.right
def asks_before_each_step(model, optimizer, batches):
    own = iter(batches)
    while True:
        batch = next(own, None)
        some = torch.tensor([0 if batch is None else 1])
        dist.all_reduce(some, op=dist.ReduceOp.MAX)
        if not some:
            break
        x, y = batch if batch is not None else (torch.empty(0, 3), torch.empty(0, 1))
        optimizer.zero_grad()
        (F.mse_loss(model(x), y, reduction="sum") / max(len(y), 1)).backward()
        optimizer.step()


@exercise.right
def averages_by_hand(model, optimizer, batches):
    lengths = [None] * dist.get_world_size()
    dist.all_gather_object(lengths, len(batches))
    for step in range(max(lengths)):
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        for x, y in batches[step : step + 1]:
            F.mse_loss(model.module(x), y).backward()
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
            parameter.grad /= len(lengths)
        optimizer.step()
