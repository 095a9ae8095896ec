"""Write the rule of `ReduceLROnPlateau` yourself. For the values `[5, 4, 4, 4, 4]` with patience 2
and factor 0.5, the rate 1 falls to 0.5 after the last value.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise

exercise = Exercise(
    "09.19",
    "Lower the rate when nothing improves",
    minutes=15,
    difficulty=3,
    without=["ReduceLROnPlateau"],
    hints=[
        "Keep two things: the best value so far, and how many values in a row were no better.",
        "With patience 2, two values without improvement are forgiven; the third is not.",
        "After the rate has fallen the patience begins anew. And in mode 'max', what is better?",
    ],
)


@exercise.reference
def plateau_rates(values, lr, mode="min", factor=0.1, patience=2):
    """The rate after each value, as ReduceLROnPlateau(threshold=0, eps=0) sets it.

    values: floats, one for each epoch: a loss (mode 'min', smaller is better) or an accuracy
    (mode 'max'). `patience` values in a row that are no better than the best are forgiven; at
    the next one the rate is multiplied by `factor` and the counting begins anew.
    Returns a list of floats, as long as values, which may be empty.
    """
    best = None
    waited = 0
    rates = []
    for value in values:
        better = best is None or (value < best if mode == "min" else value > best)
        if better:
            best = value
            waited = 0
        else:
            waited += 1
        if waited > patience:
            lr = lr * factor
            waited = 0
        rates.append(lr)
    return rates


@exercise.cases
def _(rng):
    yield [5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0], 1.0, "min", 0.5, 2
    yield [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 1.0, "max", 0.5, 1
    yield [3.0, 5.0, 4.0, 3.5, 3.2, 2.0], 0.8, "min", 0.5, 2
    yield [3.0, 4.0, 4.0, 2.0, 3.0, 3.0, 1.0], 1.0, "min", 0.5, 2
    yield [2.0, 2.0, 2.0], 0.4, "min", 0.1, 0
    rate = rng.randint(1, 99) / 100
    yield [rng.randint(1, 9) / 10 for _ in range(9)], rate, "max", 0.5, 1
    yield [0.5, 0.49999, 0.49998, 0.49997, 0.49996], 1.0, "min", 0.5, 1
    yield [0.0, 1.0, 0.5, 2.0, 1.0, 3.0, 1.0], rate
    yield [-3.0, -2.0, -1.0, -0.5], 1.0, "max", 0.5, 1
    yield [1.0, 5.0, 5.0, 4.0, 3.0, 2.0, 1.5], 1.0, "min", 0.5, 1
    yield [1.0, 2.0, 2.0, 2.0, 2.0], 0.0001, "min", 0.1, 0
    yield [], 1.0


@exercise.observe
def _(answer, values, lr, *settings):
    """Small rates are compared as shares of the first: side by side, 0.000001 and 0 look alike."""
    rates = answer(values, lr, *settings)
    facts = {"rates": rates}
    if type(rates) is list and all(type(rate) is float for rate in rates):
        facts["rates divided by the first lr"] = [rate / lr for rate in rates]
    return facts


@exercise.mistake(
    "You always look for smaller values. An accuracy that gets better all the time then looks "
    "like standing still."
)
def always_smaller(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or value < best:
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "Your rate falls one value too early: as many values as `patience` says are still forgiven."
)
def impatient(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
            if waited >= patience:
                lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(same_as=impatient)
def impatient_also_without_patience(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited >= patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "You compare each value with the one before it. After a bad value, a less bad one is not an "
    "improvement: the best value so far counts."
)
def compares_with_the_last(values, lr, mode="min", factor=0.1, patience=2):
    last, waited, rates = None, 0, []
    for value in values:
        if last is None or (value < last if mode == "min" else value > last):
            waited = 0
        else:
            waited += 1
        last = value
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "You count all bad values since the last change of the rate. An improvement wipes the "
    "count out."
)
def never_forgives(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best = value
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "Once the patience is used up, your rate falls with every further value that is no better. "
    "After a change the counting begins anew."
)
def falls_and_falls(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr = lr * factor
        rates.append(lr)
    return rates


@exercise.mistake(
    "A value that equals the best wipes your count out. `patience` forgives values that are no "
    "better: is an equal one better?"
)
def equal_is_better(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value <= best if mode == "min" else value >= best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "After the rate has fallen, your best value is forgotten, and any value counts as an "
    "improvement. Only the counting begins anew."
)
def forgets_the_best(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited, best = lr * factor, 0, None
        rates.append(lr)
    return rates


@exercise.mistake(
    "Your rate falls one value late. The list holds the rate after each value has been seen."
)
def one_value_late(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        rates.append(lr)
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
    return rates


@exercise.mistake(
    "In mode 'max' negative values are never an improvement for you. With what do you compare the "
    "first value?"
)
def best_begins_at_zero(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = float("inf") if mode == "min" else 0.0, 0, []
    for value in values:
        if value < best if mode == "min" else value > best:
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "A small improvement does not count for you. That is what a threshold does, and here it is 0."
)
def small_ones_do_not_count(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (
            value < best * (1 - 1e-4) if mode == "min" else value > best * (1 + 1e-4)
        ):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake(
    "After a change your patience is one value longer. The counting begins anew, from the same "
    "number."
)
def patience_grows(values, lr, mode="min", factor=0.1, patience=2):
    best, left, rates = None, patience, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, left = value, patience
        elif left > 0:
            left -= 1
        else:
            lr, left = lr * factor, patience + 1
        rates.append(lr)
    return rates


@exercise.mistake(
    "Some of your small rates are not exact any more. If you round them: that is for people who "
    "read numbers. To a rate of 0.000001 the sixth place is everything."
)
def rounded_rates(values, lr, mode="min", factor=0.1, patience=2):
    rates = plateau_rates(values, lr, mode, factor, patience)
    return [round(rate, 6) for rate in rates]


@exercise.mistake("Your rate falls once and stays there. Each time it falls from where it is.")
def falls_only_once(values, lr, mode="min", factor=0.1, patience=2):
    start = lr
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = start * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake("Your patience is always 2, whatever is given.")
def usual_patience(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = None, 0, []
    for value in values:
        if best is None or (value < best if mode == "min" else value > best):
            best, waited = value, 0
        else:
            waited += 1
        if waited > 2:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.mistake("Your function needs a first value. With no values there is a list of no rates.")
def needs_a_first_value(values, lr, mode="min", factor=0.1, patience=2):
    best, waited, rates = values[0], -1, []
    for value in values:
        if value < best if mode == "min" else value > best:
            best, waited = value, 0
        else:
            waited += 1
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


@exercise.not_by_hand
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


@exercise.right
def plateau_of_signed_values(values, lr, mode="min", factor=0.1, patience=2):
    sign = -1.0 if mode == "max" else 1.0
    best, waited, rates = float("inf"), 0, []
    for value in (sign * value for value in values):
        waited = 0 if value < best else waited + 1
        best = min(best, value)
        if waited > patience:
            lr, waited = lr * factor, 0
        rates.append(lr)
    return rates


exercise.equivalent(
    "waited = 0",
    "pass",
    "waited = 1",
    "waited = -1",
    because="The first value is better than none, and sets it to 0.",
)


exercise.equivalent(
    "lr = lr * factor",
    "lr *= factor",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "sign = -1.0 if mode == 'max' else 1.0",
    "sign = -2.0 if mode == 'max' else 1.0",
    "sign = -1.0 if mode == 'max' else 2.0",
    because="Only the order of the values counts, and a positive factor keeps it.",
)


exercise.equivalent(
    "best, waited, rates = (float('inf'), 0, [])",
    "best, waited, rates = (float('inf'), 1, [])",
    "best, waited, rates = (float('inf'), -1, [])",
    because="The first value is an improvement, and the count begins again at 0.",
)
