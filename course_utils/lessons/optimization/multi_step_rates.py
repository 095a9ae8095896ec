"""Give the rates of a `MultiStepLR` without making one."""

import collections

import torch
from torch import nn

from course_utils.exercise import Exercise

exercise = Exercise(
    "09.15",
    "The rates of MultiStepLR",
    minutes=8,
    difficulty=1,
    without=["MultiStepLR"],
    hints=[
        "Write down the rates for base_lr=1, milestones=[2, 4], gamma=0.1 and six steps.",
        "In step number 2, has the milestone 2 been reached?",
        "How many milestones have been reached in step t? That is the power of gamma.",
    ],
)


@exercise.reference
def multi_step_rates(base_lr, milestones, gamma, steps):
    """The learning rates that MultiStepLR gives to the optimizer steps 0 to steps - 1.

    The scheduler's step() is called after each optimizer step. milestones: a list of ints from 0
    up, in rising order; a number may stand in it twice, or lie behind the last step. Returns a
    list of `steps` floats.
    """
    return [
        base_lr * gamma ** sum(milestone <= t for milestone in milestones) for t in range(steps)
    ]


@exercise.cases
def _(rng):
    yield 1.0, [2, 4], 0.1, 6
    yield 0.8, [3], 0.5, 5
    yield 1.0, [2, 2, 5], 0.5, 7
    yield 0.5, [], 0.1, 3
    yield 1.0, [0, 2], 0.1, 4
    yield 0.5, [1, rng.randint(4, 9)], 0.5, 3
    yield 0.0001, [1, 2, 3], 0.1, 5
    yield 0.5, [1], 0.1, 0
    first = rng.randint(1, 3)
    yield rng.randint(1, 9) / 10, [first, first + rng.randint(1, 3)], 0.2, rng.randint(7, 9)


@exercise.observe
def _(answer, base_lr, milestones, gamma, steps):
    """Small rates are compared as shares of base_lr: side by side, 0.000001 and 0 look alike."""
    rates = answer(base_lr, milestones, gamma, steps)
    facts = {"rates": rates}
    if type(rates) is list and all(type(rate) is float for rate in rates):
        facts["rates divided by base_lr"] = [rate / base_lr for rate in rates]
    return facts


@exercise.mistake(
    "You read the milestones as distances from one change to the next. They count from the "
    "beginning of training."
)
def milestones_as_distances(base_lr, milestones, gamma, steps):
    places, place = [], 0
    for milestone in milestones:
        place += milestone
        places.append(place)
    return [base_lr * gamma ** sum(m <= t for m in places) for t in range(steps)]


@exercise.mistake(
    "Your rate changes one step late. After `m` calls of step() the counter stands at m, and the "
    "next optimizer step already uses the new rate."
)
def one_step_late(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m < t for m in milestones) for t in range(steps)]


@exercise.mistake("Your rate falls at the milestone and then comes back. Each change stays.")
def only_at_the_milestone(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** milestones.count(t) for t in range(steps)]


@exercise.mistake("These are the factors. The rate is the factor times the base rate.")
def factors_only(base_lr, milestones, gamma, steps):
    return [float(gamma ** sum(m <= t for m in milestones)) for t in range(steps)]


@exercise.mistake(
    "A milestone that is named twice lowers the rate twice, and yours lowers it once. A set "
    "does not count how often a number is there, and neither does `in`."
)
def milestones_in_a_set(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m <= t for m in set(milestones)) for t in range(steps)]


@exercise.mistake(
    "Your rate falls once and never again. Each milestone lowers it, and what has been lowered "
    "stays so."
)
def falls_only_once(base_lr, milestones, gamma, steps):
    first = min(milestones, default=steps)
    return [base_lr if t < first else base_lr * gamma for t in range(steps)]


@exercise.mistake("The caller's list of milestones is empty, or shorter, after your function.")
def takes_out_of_the_list(base_lr, milestones, gamma, steps):
    lr, rates = base_lr, []
    for t in range(steps):
        while milestones and milestones[0] <= t:
            lr *= gamma
            milestones.pop(0)
        rates.append(lr)
    return rates


@exercise.mistake("The rate falls by the same factor, whatever gamma is.")
def usual_gamma(base_lr, milestones, gamma, steps):
    return [base_lr * 0.1 ** sum(m <= t for m in milestones) for t in range(steps)]


@exercise.mistake(
    "Some of your small rates are not exact any more. If you round them: that is for people who "
    "read numbers. To a rate of 0.000001 the sixth place is everything."
)
def rounded_rates(base_lr, milestones, gamma, steps):
    return [round(base_lr * gamma ** sum(m <= t for m in milestones), 6) for t in range(steps)]


@exercise.mistake("You give one rate too many. The steps are 0 to steps - 1.")
def one_rate_too_many(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m <= t for m in milestones) for t in range(steps + 1)]


@exercise.mistake(
    "Of two milestones at one step only one is seen in time, and those behind it come late or "
    "never."
)
def one_milestone_a_step(base_lr, milestones, gamma, steps):
    rates, lr, i = [], base_lr, 0
    for t in range(steps):
        if i < len(milestones) and t == milestones[i]:
            lr, i = lr * gamma, i + 1
        rates.append(lr)
    return rates


@exercise.mistake(
    "Your rate falls at equal distances. That is StepLR; milestones stand where they are named."
)
def equal_distances(base_lr, milestones, gamma, steps):
    every = max(milestones[0], 1) if milestones else steps + 1
    return [base_lr * gamma ** (t // every) for t in range(steps)]


@exercise.mistake(
    "You give a tensor. A list of floats was asked for; its numbers are also more exact."
)
def a_tensor_of_rates(base_lr, milestones, gamma, steps):
    places = torch.tensor(milestones)
    return base_lr * gamma ** (places[:, None] <= torch.arange(steps)).sum(dim=0)


@exercise.mistake(
    "Where a milestone lies behind the last step, your list is longer than it should be."
)
def piece_by_piece(base_lr, milestones, gamma, steps):
    rates, lr, begin = [], base_lr, 0
    for milestone in milestones:
        rates += [lr] * (milestone - begin)
        begin, lr = milestone, lr * gamma
    return rates + [lr] * (steps - begin)


@exercise.mistake(
    "Each rate of yours is one step early: in step 0 the scheduler's step() has not been called."
)
def one_step_early(base_lr, milestones, gamma, steps):
    return [base_lr * gamma ** sum(m <= t + 1 for m in milestones) for t in range(steps)]


@exercise.not_by_hand
def rates_of_torch(base_lr, milestones, gamma, steps):
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=base_lr)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, gamma=gamma)
    rates = []
    for _ in range(steps):
        rates += schedule.get_last_lr()
        optimizer.step()
        schedule.step()
    return rates


@exercise.right
def rates_by_a_counter(base_lr, milestones, gamma, steps):
    counted, lr, rates = collections.Counter(milestones), base_lr, []
    for t in range(steps):
        lr *= gamma ** counted[t]
        rates.append(lr)
    return rates


exercise.equivalent(
    "lr *= gamma ** counted[t]",
    "lr = lr * gamma ** counted[t]",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
