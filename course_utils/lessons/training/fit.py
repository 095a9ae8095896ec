"""Now all of it: epochs, training, validation, and a history that can be trusted."""

import collections

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import loader as make_loader
from course_utils.lessons.training.inputs import normed_net, seeded

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
    sizes, in an order that may change from epoch to epoch, and may leave out samples of their
    datasets. epochs: an int. The model learns from train_loader alone, in training mode; on
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
        model = seeded(rng, normed_net).train(epochs > 1)
        loss_fn = nn.MultiMarginLoss() if epochs == 3 else nn.CrossEntropyLoss()
        momentum = 0.9 if epochs == 3 else 0
        optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=momentum)
        left_out = 2 if epochs == 1 else 0
        train = seeded(rng, lambda n=left_out: make_loader(14, 6, left_out=n, turning=True))
        valid = seeded(rng, lambda n=left_out: make_loader(7, 4, left_out=n))
        yield model, loss_fn, optimizer, train, valid, epochs


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
    "Your loaders are read once, and their batches are kept. What is the order of a loader that "
    "shuffles, in the second epoch?"
)
def batches_of_the_first_epoch(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    train_batches, valid_batches = list(train_loader), list(valid_loader)
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_batches, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_batches))
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
    "Your first epoch, at least, trains in the mode in which the model came. Nobody has promised "
    "that this is training mode."
)
def mode_of_the_caller(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        mode = model.training
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
        model.train(mode)
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


def history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean):
    """Training and validation as they should be; mean() makes a number of (loss, size) pairs."""
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        batches = []
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            batches.append((loss.item(), len(y)))
        history["train"].append(mean(batches, train_loader))
        model.eval()
        with torch.no_grad():
            batches = [(loss_fn(model(x), y).item(), len(y)) for x, y in valid_loader]
        history["valid"].append(mean(batches, valid_loader))
    return history


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def mean(batches, loader):
        return sum(loss * n for loss, n in batches) / len(loader.dataset)

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake(
    "Your numbers are too small, by about the size of a batch: each loss is a mean already when "
    "you divide by the number of samples."
)
def divides_twice(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def mean(batches, loader):
        return sum(loss for loss, _ in batches) / sum(n for _, n in batches)

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake("Your curves show the loss of the last batch of each epoch.")
def last_batch_only(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def mean(batches, loader):
        return batches[-1][0]

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake(
    "The first epoch is right. Later ones still hold the sums of those before: where do your sums "
    "begin?"
)
def sums_begin_once(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    seen = {}

    def mean(batches, loader):
        so_far = seen.setdefault(id(loader), [])
        so_far += batches
        return sum(loss * n for loss, n in so_far) / sum(n for _, n in so_far)

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake(
    "Your validation numbers are not means over the validation data alone. What is in your sums "
    "when the validation begins?"
)
def sums_go_on_into_validation(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    seen = []

    def mean(batches, loader):
        if loader is train_loader:
            seen.clear()
        seen.extend(batches)
        return sum(loss * n for loss, n in seen) / sum(n for _, n in seen)

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake(
    "Clearing once for each epoch lets the gradients of all its batches add up. How often is "
    "there a step?"
)
def clears_once_an_epoch(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        optimizer.zero_grad()
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
    "Your training loss is measured when the training of the epoch is over, in eval mode. The one "
    "that was asked for comes up during the training."
)
def training_loss_afterwards(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        one_pass(model, loss_fn, train_loader, optimizer)
        model.eval()
        history["train"].append(one_pass(model, loss_fn, train_loader))
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "Your training loss is measured after each step. It should be that whose gradient made the "
    "step."
)
def loss_after_each_step(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
            total += loss_fn(model(x), y).item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
    return history


@exercise.mistake(
    "You validate before the training of the epoch: each number belongs to the model of the epoch "
    "before."
)
def validates_first(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
        model.train()
        history["train"].append(one_pass(model, loss_fn, train_loader, optimizer))
    return history


@exercise.mistake(
    "There is one number of validation for the whole run. How often was it asked for?"
)
def validates_once_at_the_end(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    model.train()
    train = [one_pass(model, loss_fn, train_loader, optimizer) for _ in range(epochs)]
    model.eval()
    return {"train": train, "valid": [one_pass(model, loss_fn, valid_loader)]}


@exercise.mistake("The values are right, but they are tensors. Python floats were asked for.")
def collects_tensors(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    def mean(batches, loader):
        return torch.tensor(sum(loss * n for loss, n in batches) / sum(n for _, n in batches))

    return history_of(model, loss_fn, optimizer, train_loader, valid_loader, epochs, mean)


@exercise.mistake(
    "Your loss is always cross-entropy. In another case another one was wanted: what were you "
    "given that says so?"
)
def a_loss_of_its_own(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    own = nn.functional.cross_entropy
    return fit(model, own, optimizer, train_loader, valid_loader, epochs)


@exercise.mistake(
    "The parameters do not move as the optimizer moves them: it may have momentum. Who is to take "
    "the step?"
)
def steps_by_hand(model, loss_fn, optimizer, train_loader, valid_loader, epochs):
    lr = optimizer.param_groups[0]["lr"]
    history = {"train": [], "valid": []}
    for _ in range(epochs):
        model.train()
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = loss_fn(model(x), y)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter -= lr * parameter.grad
            total += loss.item() * len(y)
            samples += len(y)
        history["train"].append(total / samples)
        model.eval()
        history["valid"].append(one_pass(model, loss_fn, valid_loader))
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
