"""Measure a model on a validation set, and leave no trace. The check looks at the number, at the
mode of the model while you run it and afterwards, and at its parameters and buffers.

Three batches of 3, 3 and 1 samples with the mean losses 1, 1 and 8 have the mean
(3 * 1 + 3 * 1 + 1 * 8) / 7 = 2.
"""

import copy

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader as make_loader
from course_utils.lessons.training.inputs import normed_net, seeded

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

    model: a Module, all of it in one mode. While it runs it is in eval mode and no gradients are
    recorded; afterwards it is in the mode it was in before, and none of its parameters and buffers
    has changed. loss_fn(output, y) gives the mean over one batch.
    loader: gives batches (x, y); the last one may be shorter than the others. It may leave out
    samples of its dataset: the mean is over those that it gives.
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
    for samples, batch_size, left_out, training in (
        (7, 5, 0, True),
        (10, 4, 3, False),
        (8, 4, 0, True),
    ):
        model = seeded(rng, normed_net).train(training)
        sizes = (samples, batch_size)
        loader = seeded(rng, lambda s=sizes, n=left_out: make_loader(*s, left_out=n))
        yield model, nn.MultiMarginLoss() if left_out else nn.CrossEntropyLoss(), loader


@exercise.observe
def _(answer, model, loss_fn, loader):
    modes, recording = set(), set()

    def note(module, inputs):
        modes.add(module.training)
        recording.add(torch.is_grad_enabled())

    # Of each layer: model.forward(x) goes past the hooks of the model itself.
    handles = [module.register_forward_pre_hook(note) for module in model.modules()]
    result = answer(model, loss_fn, loader)
    for handle in handles:
        handle.remove()
    with torch.no_grad():
        answer(model, loss_fn, loader)
        on = torch.is_grad_enabled()
    return {
        "mean loss": result,
        "training while it ran, of the model and its layers": sorted(modes),
        "gradients recorded while it ran": sorted(recording),
        "called inside no_grad(), it leaves the recording on": on,
        "model.training afterwards": model.training,
        "parameters and buffers afterwards": model.state_dict(),
    }


@exercise.mistake(
    "Each batch counts as much as any other in yours. A sample of the short last batch then counts "
    "more than a sample of a full one."
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
    return sum(losses) / sum(len(y) for _, y in loader)


@exercise.mistake(same_as=divides_twice)
def divides_twice_by_the_dataset(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    model.train(was_training)
    return sum(losses) / len(loader.dataset)


def total_in_eval(model, loss_fn, loader):
    """The sum of the losses of all samples, measured as it should be."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        total = sum(loss_fn(model(x), y).item() * len(y) for x, y in loader)
    model.train(was_training)
    return total


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, loss_fn, loader):
    return total_in_eval(model, loss_fn, loader) / len(loader.dataset)


@exercise.mistake(
    "Your result is too large, by about the size of a batch. `len` of a loader is a number of "
    "batches, and your sum is over samples."
)
def divides_by_the_loader(model, loss_fn, loader):
    return total_in_eval(model, loss_fn, loader) / len(loader)


@exercise.mistake("The value is right, but it is a tensor. A Python float was asked for.")
def returns_a_tensor(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    total, samples = torch.zeros(()), 0
    with torch.no_grad():
        for x, y in loader:
            total += loss_fn(model(x), y) * len(y)
            samples += len(y)
    model.train(was_training)
    return total / samples


@exercise.mistake("Your number is the loss of the first batch alone. Where does your loop end?")
def first_batch_only(model, loss_fn, loader):
    return total_in_eval(model, loss_fn, [next(iter(loader))]) / len(next(iter(loader))[1])


@exercise.mistake("Your number is the loss of the last batch alone. What happened to the others?")
def last_batch_only(model, loss_fn, loader):
    *_, (x, y) = loader
    return total_in_eval(model, loss_fn, [(x, y)]) / len(y)


@exercise.mistake(
    "The model itself is untouched, but what you measured was in training mode. Of what mode is a "
    "copy?"
)
def measures_a_copy(model, loss_fn, loader):
    return no_grad_only(copy.deepcopy(model), loss_fn, loader)


@exercise.mistake(
    "To stop the recording of gradients does not change what a layer does. In training mode "
    "BatchNorm has learned from your validation data: look at its buffers."
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
    "without its Dropout, and the running means of BatchNorm would stand still."
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


@exercise.mistake(
    "You switch the recording on at the end, whatever it was before. Whoever calls this inside "
    "`no_grad()` has gradients recorded from there on."
)
def always_back_to_recording(model, loss_fn, loader):
    was_training = model.training
    model.eval()
    torch.set_grad_enabled(False)
    total, samples = 0.0, 0
    for x, y in loader:
        total += loss_fn(model(x), y).item() * len(y)
        samples += len(y)
    torch.set_grad_enabled(True)
    model.train(was_training)
    return total / samples


@exercise.mistake(
    "Your loss is always cross-entropy. In another case another one was wanted: what were you "
    "given that says so?"
)
def a_loss_of_its_own(model, loss_fn, loader):
    return evaluate(model, nn.functional.cross_entropy, loader)


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
