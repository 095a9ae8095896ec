"""Now all of it: epochs, training, validation, and a history that can be trusted."""

import collections

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import labelled_loader, normed_net, seeded

exercise = Exercise(
    "10.11",
    "The whole loop",
    minutes=25,
    difficulty=3,
    hints=[
        "An epoch has two halves: train on all batches of one loader, then measure on all "
        "batches of the other. Each half begins with its own mode.",
        "Your answers to 10.1 and 10.2 are two thirds of it. You may copy them into your cell.",
        "The training loss is collected on the way, sample by sample, while the model changes.",
    ],
)


@exercise.reference
def fit(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    """Train for some epochs; after each one measure the loss on the validation data.

    loss_fn(output, y) gives the mean over one batch. The loaders give batches (x, y) of unequal
    sizes. epochs: an int. The model learns from train_loader alone, in training mode; on
    valid_loader it runs in eval mode.
    Returns {"train": [...], "valid": [...]}, one Python float for each epoch: the mean over the
    samples, for "train" as it was measured before each step.
    """
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)

        model.eval()
        total, samples = 0.0, 0
        with torch.no_grad():
            for x, y in valid_loader:
                total += loss_fn(model(x), y).item() * len(y)
                samples += len(y)
        history["valid"].append(total / samples)
    return history


@exercise.cases
def _(rng):
    for epochs in (2, 3, 1):
        model = seeded(rng, normed_net)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
        train = seeded(rng, lambda: labelled_loader(14, 6))
        valid = seeded(rng, lambda: labelled_loader(7, 4))
        yield model, nn.CrossEntropyLoss(), optimizer, train, valid, epochs


@exercise.observe
def _(answer, model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = answer(model, loss_fn, optimizer, train_loader, valid_loader, epochs)
    return {"history": history, "parameters and buffers afterwards": model.state_dict()}


def one_pass(model, loss_fn, loader, optimizer=None) -> float:
    """The mean loss over the samples of a loader; with an optimizer, a step for each batch."""
    total, samples = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x), y)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(y)
        samples += len(y)
    return total / samples


@exercise.mistake("Your loop runs one epoch too many: count what range() gives.")
def one_epoch_too_many(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs + 1):
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "The first epoch is right. From the second on, the model trains in eval mode: where is it "
    "switched back?"
)
def train_mode_once(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    model.train()
    for _ in range(epochs):
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "The model runs over the validation data in training mode, so BatchNorm learns from data "
    "that it should never have seen."
)
def never_in_eval(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    model.train()
    for _ in range(epochs):
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "You also take optimizer steps on the validation data. Then it is training data, and nobody "
    "knows how good the model is."
)
def trains_on_both(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader, optimizer))
    return history


@exercise.mistake(
    "The gradients are never cleared: each step uses the sum of all gradients so far."
)
def gradients_pile_up(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "The batches are not all of one size, and you divide by their number: the short last batch "
    "counts too much."
)
def divides_by_batches(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        losses = []
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        history["train"].append(sum(losses) / len(losses))
        model.eval()
        losses = [loss_fn(model(x), y).item() for x, y in valid_loader]
        history["valid"].append(sum(losses) / len(losses))
    return history


@exercise.right
def in_two_functions(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def walk(loader, learn):
        model.train(learn)
        losses, sizes = [], []
        with torch.set_grad_enabled(learn):
            for x, y in loader:
                loss = loss_fn(model(x), y)
                if learn:
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()
                losses.append(loss.item() * len(x))
                sizes.append(len(x))
        return sum(losses) / sum(sizes)

    history = {"valid": [], "train": []}
    for _ in range(epochs):
        history["train"].append(walk(train_loader, True))
        history["valid"].append(walk(valid_loader, False))
    return history


@exercise.right
def in_a_default_dictionary(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = collections.defaultdict(list)
    for _ in range(epochs):
        for name, loader in (("train", train_loader), ("valid", valid_loader)):
            learn = name == "train"
            model.train(learn)
            losses = []
            for x, y in loader:
                with torch.set_grad_enabled(learn):
                    loss = loss_fn(model(x), y)
                if learn:
                    model.zero_grad()
                    loss.backward()
                    optimizer.step()
                losses += [loss.item()] * len(y)
            history[name].append(sum(losses) / len(losses))
    return history


exercise.equivalent(
    "total += loss.item() * len(y)",
    "total = total + loss.item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "samples += len(y)",
    "samples = samples + len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "with torch.no_grad():",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "total += loss_fn(model(x), y).item() * len(y)",
    "total = total + loss_fn(model(x), y).item() * len(y)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)


exercise.equivalent(
    "with torch.set_grad_enabled(learn):",
    "if True:",
    because="No backward follows there: only memory and time would tell.",
)


exercise.equivalent(
    "losses += [loss.item()] * len(y)",
    "losses = losses + [loss.item()] * len(y)",
    because="The list was made here: nobody else sees that it changes.",
)
