"""Measure a model on a validation set, and leave no trace. The check looks at the number, at the
mode of the model while you run it and afterwards, and at its parameters and buffers.

Three batches of 3, 3 and 1 samples with the mean losses 1, 1 and 8 have the mean
(3 * 1 + 3 * 1 + 1 * 8) / 7 = 2.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import labelled_loader, normed_net, seeded

exercise = Exercise(
    "10.2",
    "The loss on a validation set",
    minutes=15,
    difficulty=2,
    hints=[
        "Two switches: one for the layers, one for the recording of gradients. Neither of them "
        "turns the other.",
        "loss_fn gives the mean over one batch. What do you multiply it by to get a sum over "
        "its samples?",
        "Remember model.training before you change it; model.train(mode) takes True or False.",
    ],
)


@exercise.reference
def evaluate(model, loss_fn, loader):
    """The mean loss over all samples of a loader, as a Python float.

    model: a Module. While it runs it is in eval mode and no gradients are recorded; afterwards it
    is in the mode it was in before, and none of its parameters and buffers has changed.
    loss_fn(output, y) gives the mean over one batch.
    loader: gives batches (x, y); the last one may be shorter than the others.
    """
    was_training = model.training
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    model.train(was_training)
    return total / samples


@exercise.cases
def _(rng):
    for samples, batch_size, training in ((7, 5, True), (10, 4, False), (8, 4, True)):
        model = seeded(rng, normed_net).train(training)
        loader = seeded(rng, lambda n=samples, b=batch_size: labelled_loader(n, b))
        yield model, nn.CrossEntropyLoss(), loader


@exercise.observe
def _(answer, model, loss_fn, loader):
    modes, recording = set(), set()

    def note(module, inputs):
        modes.add(module.training)
        recording.add(torch.is_grad_enabled())

    handle = model.register_forward_pre_hook(note)
    result = answer(model, loss_fn, loader)
    handle.remove()
    return {
        "mean loss": result,
        "model.training while it ran": sorted(modes),
        "gradients recorded while it ran": sorted(recording),
        "model.training afterwards": model.training,
        "parameters and buffers afterwards": model.state_dict(),
    }


@exercise.mistake(
    "You take the mean of the batches' means. A sample of the short last batch then counts more "
    "than a sample of a full one."
)
def mean_of_means(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(losses)


@exercise.mistake(
    "Your result is too small, by about the size of a batch: each loss you add up is a mean "
    "already, and then you divide by the number of samples."
)
def divides_twice(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(loader.dataset)


@exercise.mistake(
    "no_grad() only stops the recording. In training mode BatchNorm has learned from your "
    "validation data: look at its buffers."
)
def no_grad_only(model, loss_fn, loader):
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


@exercise.mistake(
    "eval() changes what some layers do. It does not stop the recording of gradients, which "
    "costs memory and time here."
)
def eval_only(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    total, samples = 0.0, 0
    for x, y in loader:
        total += loss_fn(model(x), y).item() * len(y)
        samples += len(y)
    model.train(was_training)
    return total / samples


@exercise.mistake(
    "The number is right, but you leave the model in eval mode. The next epoch would train "
    "without its Dropout, and BatchNorm would stop learning."
)
def stays_in_eval(model, loss_fn, loader):
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    return total / samples


@exercise.mistake(
    "You always leave the model in training mode. Whoever evaluates a model that was in eval "
    "mode gets it back in another one."
)
def always_back_to_training(model, loss_fn, loader):
    model.eval()
    total, samples = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
    model.train()
    return total / samples


@exercise.right
def weighted_by_hand(model, loss_fn, loader):
    before = model.training
    model.train(False)
    with torch.inference_mode():
        pairs = [(loss_fn(model(x), y), x.shape[0]) for x, y in loader]
    model.train(before)
    weights = torch.tensor([float(n) for _, n in pairs])
    losses = torch.stack([loss for loss, _ in pairs])
    return ((losses * weights).sum() / weights.sum()).item()


exercise.equivalent(
    "total += loss_fn(model(x), y).item() * len(y)",
    "total = total + loss_fn(model(x), y).item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += len(y)",
    "samples = samples + len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "weights = torch.tensor([float(n) for _, n in pairs])",
    "weights = torch.tensor([n for _, n in pairs])",
    because="Whole numbers become floats where they meet the losses.",
)
