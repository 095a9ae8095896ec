"""One step for several micro-batches: gradients add up, and the ranks talk to each other only once.
The check counts how often they do.
"""

from contextlib import nullcontext

import torch
import torch.distributed as dist
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.messages import Messages
from course_utils.lessons.distributed.runs import (
    regression_batches,
    seeded,
    small_net,
    with_gradients,
)
from course_utils.ranks import ByRank
from course_utils.samples_at_once import SamplesInLayers, samples_at_once

exercise = Exercise(
    "11.8",
    "Communicate once",
    minutes=15,
    difficulty=2,
    ranks=3,
    hints=[
        "When does `DistributedDataParallel` average gradients? For how many of the micro-batches "
        "does that have to happen?",
        "`model.no_sync()` is used in a `with`. For which micro-batches, and for which not?",
        "Whether a backward averages is settled when the model is called. What of a micro-batch "
        "has to stand inside the `with`, then?",
    ],
    may_change=["model.gradients"],
)


@exercise.reference
def accumulate(model, optimizer, batches):
    """One step of the optimizer for several micro-batches; gradients from before do not count.

    model: a DistributedDataParallel. batches: a list of pairs (x, y), at least one, as many on each
    rank, all of the same size. The loss is the mean squared error over all samples of all ranks.
    `model` gets one micro-batch at a time, and averages gradients over the ranks once, at the last;
    nothing else goes from one rank to another.
    """
    optimizer.zero_grad()
    for x, y in batches[:-1]:
        with model.no_sync():
            (F.mse_loss(model(x), y) / len(batches)).backward()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.cases
def _(rng):
    for count, size, momentum in ((2, 2, 0), (1, 3, 0.9), (3, 1, 0), (rng.randint(4, 5), 2, 0.5)):
        model = seeded(rng, small_net)
        if count != 2:
            seeded(rng, lambda model=model: with_gradients(model))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=momentum)
        batches = [
            seeded(rng, lambda sizes=[size] * count: regression_batches(*sizes))
            for _ in range(3 if count > 3 else 2)
        ]
        if count == 3:  # the last pair stands in the list twice
            batches = [[first, second, first] for first, second, _ in batches]
        yield model, optimizer, ByRank(batches)


@exercise.observe
def _(answer, model, optimizer, batches):
    averaged = []

    def counted(_, bucket):
        averaged.append(bucket.index())
        return allreduce_hook(None, bucket)

    wrapped = DistributedDataParallel(model)
    wrapped.register_comm_hook(None, counted)
    given = []
    own = model.register_forward_pre_hook(
        lambda _, args: given.append(samples_at_once(args[0], batches[0][0].shape[1]))
    )
    with SamplesInLayers(model) as inside, Messages() as messages:
        answer(wrapped, optimizer, batches)
    own.remove()
    return {
        "more than a micro-batch went through the model at once": max([*given, inside.most])
        > len(batches[0][0]),
        "times that gradients were averaged": len(averaged),
        "messages between the ranks, besides the averages": messages.count - len(averaged),
        "parameters afterwards": list(model.parameters()),
    }


@exercise.mistake(
    "The step is right, and the ranks talked to each other at every micro-batch. If you wrote "
    "no_sync: what of a micro-batch did it see?"
)
def averages_each_time(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "All samples went through the model together. They were cut into micro-batches because they do "
    "not fit: what has to be over before the next one comes?"
)
def one_large_batch(model, optimizer, batches):
    optimizer.zero_grad()
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    F.mse_loss(model(x), y).backward()
    optimizer.step()


@exercise.mistake(
    "One pair may stand in the list twice. What tells you that a micro-batch is the last one?"
)
def known_by_the_object(model, optimizer, batches):
    optimizer.zero_grad()
    for batch in batches:
        x, y = batch
        with nullcontext() if batch is batches[-1] else model.no_sync():
            (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "The ranks never talked to each other: each took a step of its own, and from here on they "
    "train two different models. Who averages what was gathered?"
)
def never_averages(model, optimizer, batches):
    optimizer.zero_grad()
    with model.no_sync():
        for x, y in batches:
            (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "Averaged was what one rank had too early: what came later stayed on the rank where it was "
    "computed. Which micro-batch is the one to be averaged at?"
)
def averages_at_the_first(model, optimizer, batches):
    optimizer.zero_grad()
    (x, y), *rest = batches
    (F.mse_loss(model(x), y) / len(batches)).backward()
    with model.no_sync():
        for x, y in rest:
            (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "Your step is longer the more micro-batches there are: gradients are added up, and the loss is "
    "a mean over all samples."
)
def sum_of_means(model, optimizer, batches):
    optimizer.zero_grad()
    with model.no_sync():
        for x, y in batches[:-1]:
            F.mse_loss(model(x), y).backward()
    x, y = batches[-1]
    F.mse_loss(model(x), y).backward()
    optimizer.step()


@exercise.mistake(
    "Your step is too short. DistributedDataParallel already gives the mean over the ranks: what "
    "is left for you to divide by?"
)
def divides_by_ranks_too(model, optimizer, batches):
    parts = len(batches) * dist.get_world_size()
    optimizer.zero_grad()
    with model.no_sync():
        for x, y in batches[:-1]:
            (F.mse_loss(model(x), y) / parts).backward()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / parts).backward()
    optimizer.step()


@exercise.mistake(
    "Gradients of an earlier step are in yours: backward adds to what it finds. What has to be "
    "done before the first one?"
)
def adds_to_old_gradients(model, optimizer, batches):
    with model.no_sync():
        for x, y in batches[:-1]:
            (F.mse_loss(model(x), y) / len(batches)).backward()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "Only the last micro-batch counts in your step. What happens to the gradients of those before?"
)
def last_one_only(model, optimizer, batches):
    for x, y in batches[:-1]:
        with model.no_sync():
            optimizer.zero_grad()
            (F.mse_loss(model(x), y) / len(batches)).backward()
    x, y = batches[-1]
    optimizer.zero_grad()
    (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "You take several steps, and one was asked for: the parameters move before all gradients are "
    "there."
)
def a_step_each_time(model, optimizer, batches):
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(same_as=a_step_each_time)
def small_steps_without_talking(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches[:-1]:
        with model.no_sync():
            (F.mse_loss(model(x), y) / len(batches)).backward()
            optimizer.step()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "The parameters are where they were. When you step, are the gradients there, and does anybody "
    "step at all?"
)
def does_not_step(model, optimizer, batches):
    optimizer.zero_grad()
    with model.no_sync():
        for x, y in batches[:-1]:
            (F.mse_loss(model(x), y) / len(batches)).backward()
    x, y = batches[-1]
    (F.mse_loss(model(x), y) / len(batches)).backward()


@exercise.right
def a_context_for_each(model, optimizer, batches):
    optimizer.zero_grad(set_to_none=False)
    for number, (x, y) in enumerate(batches):
        last = number == len(batches) - 1
        with nullcontext() if last else model.no_sync():
            loss = torch.square(model(x) - y).mean() / len(batches)
            loss.backward()
    optimizer.step()


@exercise.right
def through_the_inner_model(model, optimizer, batches):
    for parameter in model.parameters():
        parameter.grad = None
    *first, (x, y) = batches
    for earlier_x, earlier_y in first:
        F.mse_loss(model.module(earlier_x), earlier_y).div(len(batches)).backward()
    F.mse_loss(model(x), y).div(len(batches)).backward()
    optimizer.step()


@exercise.right
def divided_at_the_end(model, optimizer, batches):
    optimizer.zero_grad()
    with model.no_sync():
        for x, y in batches[:-1]:
            F.mse_loss(model(x), y).backward()
    x, y = batches[-1]
    F.mse_loss(model(x), y).backward()
    for parameter in model.parameters():
        parameter.grad /= len(batches)
    optimizer.step()


@exercise.right
def by_the_switch(model, optimizer, batches):
    optimizer.zero_grad()
    left = len(batches)
    for x, y in batches:
        left -= 1
        model.require_backward_grad_sync = left == 0
        (F.mse_loss(model(x), y, reduction="sum") / (len(y) * len(batches))).backward()
    optimizer.step()
