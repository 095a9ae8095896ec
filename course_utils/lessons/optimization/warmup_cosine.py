"""A schedule that many large models are trained with. With `warmup=2`, `total=6` and base rate 1,
the rates are 0.5, 1, then half a cosine: 1, 0.854, 0.5, 0.146, and 0 from step 6 on.
"""

import math

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.facts import current_rates
from course_utils.lessons.optimization.inputs import two_groups

exercise = Exercise(
    "09.16",
    "Warm-up, then a cosine",
    minutes=15,
    difficulty=3,
    hints=[
        "LambdaLR calls your function with its counter 0, 1, 2, ... and multiplies what comes "
        "back with the base rate of each group.",
        "In step 0 the factor should be 1 / warmup, not 0: the first step is a step, too.",
        "After the warm-up let `part` run from 0 to 1 and use (1 + cos(pi * part)) / 2, which "
        "runs from 1 to 0. What should `part` be after the end?",
    ],
)


@exercise.reference
def warmup_cosine(optimizer, warmup, total):
    """A schedule for `optimizer`: linear warm-up, then half a cosine down to 0, then 0 for ever.

    The factor on every group's rate is 1/warmup, 2/warmup, ..., 1 in the steps 0 to warmup - 1,
    then (1 + cos(pi * part)) / 2, where part runs from 0 in step `warmup` to 1 in step `total`.
    Returns a torch.optim.lr_scheduler.LambdaLR.
    """

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        part = min((step - warmup) / (total - warmup), 1)
        return (1 + math.cos(math.pi * part)) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.cases
def _(rng):
    for warmup, total, rates in ((2, 6, [0.1]), (4, 8, [0.5, 0.05]), (1, 5, [2.0])):
        yield two_groups(rates), warmup, total
    yield two_groups([rng.randint(1, 99) / 100]), rng.randint(2, 4), rng.randint(8, 12)


@exercise.observe
def _(answer, optimizer, warmup, total):
    schedule = answer(optimizer, warmup, total)
    if not isinstance(schedule, torch.optim.lr_scheduler.LambdaLR):
        return {"a LambdaLR": type(schedule).__name__}
    rates, saved = [], []
    for step in range(total + 3):
        rates.append(current_rates(optimizer))
        if step == 1:
            saved = [optimizer.state_dict(), schedule.state_dict()]
        optimizer.step()
        schedule.step()
    optimizer = two_groups([1.0] * len(rates[0]))
    schedule = answer(optimizer, warmup, total)
    optimizer.load_state_dict(saved[0])
    schedule.load_state_dict(saved[1])
    later = []
    for _ in range(total):
        optimizer.step()
        schedule.step()
        later.append(current_rates(optimizer))
    return {
        "rates in each step": torch.tensor(rates),
        "rates of a run that was saved in step 1 and goes on": torch.tensor(later),
    }


@exercise.mistake(
    "Your first step has rate 0: nothing is learned in it. The counter begins at 0, and the "
    "schedule acts from the beginning."
)
def begins_at_zero(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return step / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "Your function gives back the rate. LambdaLR multiplies what it gets with the base rate of "
    "each group, so there is one base rate too many in it."
)
def gives_the_rate(optimizer, warmup, total):
    base = optimizer.param_groups[0]["lr"]

    def factor(step):
        if step < warmup:
            return base * (step + 1) / warmup
        return base * (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "A cosine goes up again after its lowest point, and so does your rate when training goes on."
)
def comes_back_up(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake("Your warm-up never ends: the factor goes on growing past 1.")
def never_stops_growing(optimizer, warmup, total):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: (step + 1) / warmup)


@exercise.mistake(
    "Your cosine began with the training, so the rate jumps down when the warm-up is over. It "
    "should begin at its top then."
)
def cosine_from_the_start(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min(step / total, 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "Your cosine is too long: it ends `total` steps after the warm-up. Step `total` counts from "
    "the beginning of training."
)
def total_after_the_warmup(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / total, 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "Your warm-up and your cosine run at the same time. The cosine should begin at its top when "
    "the warm-up is over."
)
def both_at_once(optimizer, warmup, total):
    def factor(step):
        up = min((step + 1) / warmup, 1)
        return up * (1 + math.cos(math.pi * min(step / total, 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "The step after the warm-up is already on the way down. In step `warmup` the factor is still 1."
)
def down_at_once(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min((step + 1 - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake("Your factor is 0 one step too early. In which step should `part` be 1?")
def down_too_early(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup - 1), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(
    "Your curve falls most steeply at its end. Half a cosine runs from 1 to -1 and ends as gently "
    "as it begins."
)
def quarter_of_a_cosine(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return math.cos(math.pi / 2 * min((step - warmup) / (total - warmup), 1))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake("Your rate goes down in a straight line. A cosine begins gently and ends gently.")
def a_straight_line_down(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (total - step) / (total - warmup))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake("A little of your rate is left at the end. It was to be 0 from step `total` on.")
def a_rest_at_the_end(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        part = min((step - warmup) / (total - warmup), 1)
        return max(0.01, (1 + math.cos(math.pi * part)) / 2)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake("There may be several groups, and one function in a list is for one group only.")
def a_list_of_one(optimizer, warmup, total):
    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, [factor])


@exercise.mistake(
    "Your function counts its own calls. That can go wrong with several groups, or when a "
    "saved run goes on. LambdaLR tells it the step."
)
def counts_its_calls(optimizer, warmup, total):
    calls = iter(range(10**6))

    def factor(_):
        step = next(calls)
        if step < warmup:
            return (step + 1) / warmup
        return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@exercise.mistake(same_as=counts_its_calls)
def counts_for_each_group(optimizer, warmup, total):
    def factor_of_a_group():
        step = -1

        def factor(_):
            nonlocal step
            step += 1
            if step < warmup:
                return (step + 1) / warmup
            return (1 + math.cos(math.pi * min((step - warmup) / (total - warmup), 1))) / 2

        return factor

    factors = [factor_of_a_group() for _ in optimizer.param_groups]
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factors)


@exercise.mistake("A LambdaLR was asked for. Yours is a schedule of another kind, or a function.")
def glues_two_schedules(optimizer, warmup, total):
    schedules = torch.optim.lr_scheduler
    up = schedules.LinearLR(optimizer, 1 / warmup, 1.0, total_iters=max(warmup - 1, 1))
    down = schedules.CosineAnnealingLR(optimizer, T_max=total - warmup)
    return schedules.SequentialLR(optimizer, [up, down], milestones=[warmup])


@exercise.right
def warmup_then_sine(optimizer, warmup, total):
    def factor(t):
        if t + 1 <= warmup:
            return (t + 1) / warmup
        if t >= total:
            return 0.0
        return math.cos(math.pi / 2 * (t - warmup) / (total - warmup)) ** 2

    return torch.optim.lr_scheduler.LambdaLR(optimizer, lr_lambda=factor)


exercise.equivalent(
    "if t >= total:",
    "if t > total:",
    because="At t == total the cosine is 0 as well.",
)
