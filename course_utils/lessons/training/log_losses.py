"""You are given the losses of a run and something with `add_scalar`, like TensorBoard's
`SummaryWriter`. Write the points of two curves.
"""

import numpy
import torch

from course_utils.exercise import Exercise


class Recorder:
    """Stands in for TensorBoard's SummaryWriter: keeps the points instead of writing a file."""

    def __init__(self) -> None:
        self.points: dict[str, list] = {}

    def add_scalar(self, tag, scalar_value, global_step=None):
        point = (self._number(global_step), self._number(scalar_value))
        self.points.setdefault(str(tag), []).append(point)

    @staticmethod
    def _number(value):
        """Numbers of NumPy and tensors of one element count, as with SummaryWriter."""
        return value.item() if isinstance(value, (torch.Tensor, numpy.generic)) else value

    def flush(self):
        """As SummaryWriter has it; there is nothing to write."""

    def close(self):
        """As SummaryWriter has it; there is no file."""


exercise = Exercise(
    "10.7",
    "Log batches and epochs",
    minutes=12,
    difficulty=2,
    hints=[
        "Two curves, two counters: one goes up with every batch and never goes back.",
        "The point of an epoch can only be written when its last batch is known.",
        "Which mean is the loss of an epoch when the last batch is shorter?",
    ],
)


@exercise.reference
def log_losses(writer, epochs):
    """Write two curves: "loss/batch", a point for each batch, "loss/epoch", one for each epoch.

    writer: has add_scalar(tag, scalar_value, global_step), like SummaryWriter. epochs: a list of
    epochs, each a list of pairs (mean loss of a batch, number of its samples). Their lengths
    may differ.
    The step of a batch is its number in the whole run, the step of an epoch is its number; both
    count from 0. The value of an epoch is the mean over its samples. Returns nothing.
    """
    step = 0
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@exercise.cases
def _(rng):
    yield Recorder(), [[(4.0, 2), (1.0, 1)], [(2.0, 2), (0.5, 1)]]
    yield Recorder(), [[(3.0, 2)]]
    yield Recorder(), [[(1.0, 2), (-1.0, 2)], [(0.0, 1)]]  # a mean of exactly 0
    yield Recorder(), [[(1.0, 2)] * 3, [(2.0, 1), (5.0, 3)], [(4.0, rng.randint(1, 3))] * 4]
    for _ in range(3):
        sizes = [4, 4, rng.randint(1, 2)]
        yield Recorder(), [[(float(rng.randint(1, 9)), n) for n in sizes] for _ in range(3)]


@exercise.observe
def _(answer, writer, epochs):
    returned = answer(writer, epochs)
    points = {f"points (step, value) of {tag}": points for tag, points in writer.points.items()}
    return {**points, "what it returns": returned}


@exercise.mistake(
    "All batches of an epoch have the same step. TensorBoard draws them above each other, as a "
    "vertical line."
)
def epoch_as_step(writer, epochs):
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, epoch)
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@exercise.mistake(
    "In every epoch your batches are counted from 0 again, so the curve jumps back and draws "
    "over itself."
)
def counter_starts_again(writer, epochs):
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for step, (loss, n) in enumerate(batches):
            writer.add_scalar("loss/batch", loss, step)
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


@exercise.mistake(
    "The value you write for an epoch is the loss of its last batch. Nothing was collected on "
    "the way."
)
def last_batch_for_the_epoch(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
        writer.add_scalar("loss/epoch", loss, epoch)


@exercise.mistake(
    "Your epochs are means of means: the samples of the short last batch count more than others."
)
def epoch_as_mean_of_means(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
        writer.add_scalar("loss/epoch", sum(loss for loss, _ in batches) / len(batches), epoch)


@exercise.mistake(
    "You divide by the samples of the whole run so far. Each epoch stands for itself: what has "
    "to begin again with it?"
)
def never_starts_again(writer, epochs):
    step, total, samples = 0, 0.0, 0
    for epoch, batches in enumerate(epochs):
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
        writer.add_scalar("loss/epoch", total / samples, epoch)


def log_with(writer, epochs, *, start=0, point=lambda epoch, step: epoch):
    """Both curves; start: of the count of batches; point: the step of an epoch's point."""
    step = start
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", mean, point(epoch, step))


@exercise.mistake("The first batch of the run has step 0, and so has the first epoch.")
def batches_count_from_one(writer, epochs):
    log_with(writer, epochs, start=1)


@exercise.mistake(same_as=batches_count_from_one)
def epochs_count_from_one(writer, epochs):
    log_with(writer, epochs, point=lambda epoch, step: epoch + 1)


@exercise.mistake(same_as=batches_count_from_one)
def both_count_from_one(writer, epochs):
    log_with(writer, epochs, start=1, point=lambda epoch, step: epoch + 1)


@exercise.mistake(
    "The points of the epochs stand at numbers of batches. What does the docstring say their step "
    "is?"
)
def epoch_at_its_last_batch(writer, epochs):
    log_with(writer, epochs, point=lambda epoch, step: step - 1)


@exercise.mistake(same_as=epoch_at_its_last_batch)
def epoch_at_the_next_batch(writer, epochs):
    log_with(writer, epochs, point=lambda epoch, step: step)


@exercise.mistake(
    "Epochs need not have the same number of batches. How many batches came before this one?"
)
def epochs_of_one_length(writer, epochs):
    for epoch, batches in enumerate(epochs):
        for number, (loss, _) in enumerate(batches):
            writer.add_scalar("loss/batch", loss, epoch * len(batches) + number)
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", mean, epoch)


@exercise.mistake(same_as=epochs_of_one_length)
def as_many_batches_as_the_first_epoch(writer, epochs):
    for epoch, batches in enumerate(epochs):
        for number, (loss, _) in enumerate(batches):
            writer.add_scalar("loss/batch", loss, epoch * len(epochs[0]) + number)
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", mean, epoch)


@exercise.mistake("The value comes before the step in add_scalar(): yours have changed places.")
def value_and_step_swapped(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, _ in batches:
            writer.add_scalar("loss/batch", step, loss)
            step += 1
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", epoch, mean)


@exercise.mistake(
    "You write a point of the epoch's curve with every batch. How many points has an epoch?"
)
def epoch_point_with_every_batch(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
            writer.add_scalar("loss/epoch", total / samples, epoch)


@exercise.mistake(
    "The points are right. The curves are the result here: the function itself has nothing to "
    "give back."
)
def gives_the_means_back(writer, epochs):
    log_with(writer, epochs)
    return [sum(loss * n for loss, n in one) / sum(n for _, n in one) for one in epochs]


@exercise.mistake(
    "A point of the batches' curve is the loss as it was given, the mean over the batch. Yours is "
    "multiplied by something."
)
def sums_of_batches(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss * n, step)
            step += 1
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", mean, epoch)


@exercise.mistake("The step of a batch counts batches. Yours counts samples.")
def step_counts_samples(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += n
        mean = sum(loss * n for loss, n in batches) / sum(n for _, n in batches)
        writer.add_scalar("loss/epoch", mean, epoch)


@exercise.right
def epochs_first(writer, epochs):
    for number, batches in enumerate(epochs):
        samples = sum(n for _, n in batches)
        mean = sum(loss * n for loss, n in batches) / samples
        writer.add_scalar("loss/epoch", mean, global_step=number)
    for number, (loss, _) in enumerate(pair for batches in epochs for pair in batches):
        writer.add_scalar("loss/batch", loss, global_step=number)


@exercise.mistake(
    "There is no point where the loss of an epoch is exactly 0. A 0 is a number like any other, "
    "and it counts as false."
)
def nothing_for_zero(writer, epochs):
    step = 0
    for epoch, batches in enumerate(epochs):
        total, samples = 0.0, 0
        for loss, n in batches:
            writer.add_scalar("loss/batch", loss, step)
            step += 1
            total += loss * n
            samples += n
        if total:
            writer.add_scalar("loss/epoch", total / samples, epoch)


@exercise.right
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


exercise.equivalent(
    "total += loss * n",
    "total = total + loss * n",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += n",
    "samples = samples + n",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "writer.flush()",
    "pass",
    because="close() writes what is left, and the check reads afterwards.",
)


exercise.equivalent(
    "writer.close()",
    "pass",
    because="flush() has written everything already.",
)
