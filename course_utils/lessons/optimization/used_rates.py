"""
Three things are wrong with this loop. Mend it: it should use the whole schedule, keep to `every`,
and note the rates that were really used.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import itertools

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import current_rates
from course_utils.lessons.optimization.inputs import two_groups
from course_utils.observation import attempt

exercise = Exercise(
    "09.17",
    "Who steps when?",
    minutes=10,
    difficulty=2,
    hints=[
        "The rate a step uses stands in optimizer.param_groups[0]['lr'] at the moment of the step.",
        "Since torch 1.1 the order is: first the optimizer, then the scheduler.",
        "The scheduler does not know what an epoch is. It counts the calls of its step().",
    ],
)


@exercise.starter
def used_rates(optimizer, scheduler, epochs, batches, every):
    """Train (without data) and note the learning rate that each optimizer step uses.

    There are `epochs` epochs of `batches` batches; each batch is one optimizer.step().
    every: 'batch' or 'epoch': after each of these, scheduler.step() is called once.
    Returns a list of epochs * batches floats: the rates that were used, in order.
    """
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            scheduler.step()
            optimizer.step()
            rates.append(scheduler.get_lr()[0])
    return rates


@exercise.reference
def used_rates(optimizer, scheduler, epochs, batches, every):
    """Train (without data) and note the learning rate that each optimizer step uses.

    There are `epochs` epochs of `batches` batches; each batch is one optimizer.step().
    every: 'batch' or 'epoch': after each of these, scheduler.step() is called once.
    Returns a list of epochs * batches floats: the rates that were used, in order.
    """
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.cases
def _(rng):
    for epochs, batches, every, size in (
        (3, 2, "epoch", 1),
        (2, 3, "batch", 2),
        (4, 1, "epoch", 2),
        (2, 2, "batch", rng.randint(1, 2)),
        (2, 1, "epoch", 1),
    ):
        optimizer = two_groups([rng.randint(1, 9) / (10 if batches > 1 else 10_000_000)])
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, size, gamma=0.5)
        yield optimizer, scheduler, epochs, batches, every


@exercise.observe
def _(answer, optimizer, scheduler, epochs, batches, every):
    used = []
    optimizer.register_step_pre_hook(lambda *_: used.append(current_rates(optimizer)[0]))
    given = answer(optimizer, scheduler, epochs, batches, every)
    return {
        "rates that you returned": given,
        "rates that the optimizer used": used,
        # Rates of a millionth are equal for a comparison of numbers, whatever they are.
        "what you returned, in shares of what was used": attempt(
            lambda: [one / other for one, other in zip(given, used, strict=True)]
        ),
        "calls of scheduler.step()": scheduler.last_epoch,
    }


@exercise.mistake("Your scheduler goes first, so the first value of the schedule is skipped.")
def scheduler_first(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        if every == "epoch":
            scheduler.step()
        for _ in range(batches):
            if every == "batch":
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
    return rates


@exercise.mistake(
    "Your scheduler steps after every batch, whatever is asked for. A schedule that was made "
    "for epochs runs too fast then."
)
def always_after_a_batch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return rates


@exercise.mistake(
    "Your scheduler steps after every epoch, whatever is asked for. A schedule made for batches "
    "hardly moves then."
)
def always_after_an_epoch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
        scheduler.step()
    return rates


@exercise.mistake(
    "get_lr() is for the scheduler's own use: it works out a *next* value, so at a change the "
    "decay is in it twice."
)
def asks_get_lr(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(scheduler.get_lr()[0])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "The training is right, but you read the rate after the scheduler has changed it for the "
    "next step."
)
def reads_too_late(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            optimizer.step()
            if every == "batch":
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        if every == "epoch":
            scheduler.step()
            rates[-1] = optimizer.param_groups[0]["lr"]
    return rates


@exercise.mistake(same_as=reads_too_late)
def reads_after_the_batch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            optimizer.step()
            if every == "batch":
                scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "With 'batch' your scheduler steps at the end of each epoch as well: once more than there are "
    "batches."
)
def steps_for_both(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        scheduler.step()
    return rates


@exercise.mistake(
    "The last step of your scheduler is missing. It comes after each batch or each epoch, the last "
    "one as well: who goes on training later needs it."
)
def not_after_the_last(optimizer, scheduler, epochs, batches, every):
    rates = []
    for epoch, batch in itertools.product(range(epochs), range(batches)):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (epoch, batch) == (epochs - 1, batches - 1):
            break
        if every == "batch" or batch == batches - 1:
            scheduler.step()
    return rates


@exercise.mistake(
    "You note one rate for each epoch. There is one for each optimizer step, and it may change "
    "within the epoch."
)
def one_rate_for_each_epoch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "You read the rate when the epoch begins, and note it for all its batches. It may change from "
    "batch to batch."
)
def reads_once_in_an_epoch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        rate = optimizer.param_groups[0]["lr"]
        for _ in range(batches):
            rates.append(rate)
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "Each entry of your list is a list. get_last_lr(), for one, gives a rate for each group of "
    "parameters."
)
def lists_of_rates(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(scheduler.get_last_lr())
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "You tell the scheduler which step it is, and begin with 0. It is there already: it counts its "
    "own calls."
)
def tells_the_number(optimizer, scheduler, epochs, batches, every):
    rates = []
    for epoch in range(epochs):
        for batch in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch":
                scheduler.step(epoch * batches + batch)
        if every == "epoch":
            scheduler.step(epoch)
    return rates


@exercise.mistake(
    "All your rates are the last one. A group is one dict that the scheduler writes into: note the "
    "number while it is in use."
)
def keeps_the_group(optimizer, scheduler, epochs, batches, every):
    groups = []
    for _ in range(epochs):
        for _ in range(batches):
            groups.append(optimizer.param_groups[0])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return [group["lr"] for group in groups]


@exercise.mistake(
    "Your rates are all the rate of the beginning. Where does the rate stand that is in use now?"
)
def rates_of_the_beginning(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(scheduler.base_lrs[0])
            optimizer.step()
            if every == "batch":
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.mistake(
    "With 'batch' your scheduler leaves out the last batch of each epoch. An epoch is nothing to "
    "it."
)
def not_after_the_last_batch(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _ in range(epochs):
        for batch in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if every == "batch" and batch < batches - 1:
                scheduler.step()
        if every == "epoch":
            scheduler.step()
    return rates


@exercise.right
def rates_by_get_last_lr(optimizer, scheduler, epochs, batches, every):
    rates = []
    for _, batch in itertools.product(range(epochs), range(1, batches + 1)):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        if every == "batch" or batch == batches:
            scheduler.step()
    return rates


exercise.equivalent(
    "rates.append(optimizer.param_groups[0]['lr'])",
    "rates.append(optimizer.param_groups[-1]['lr'])",
    because="The optimizer has one parameter group.",
)


exercise.equivalent(
    "rates.append(scheduler.get_last_lr()[0])",
    "rates.append(scheduler.get_last_lr()[-1])",
    because="The optimizer has one parameter group.",
)
