"""**Complaint:** "I clip the gradients, and the training explodes all the same." """

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import DataLoader, TensorDataset

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import SmallNet, loader, normed_net, seeded
from course_utils.lessons.training.loops import over_batches, over_dataset, over_samples

exercise = Exercise(
    "10.19",
    "Clinic: gradient clipping that clips nothing",
    minutes=8,
    difficulty=2,
    hints=[
        "Print len(list(params)) twice in a row, just before the loop.",
        "filter() gives an iterator: the one who walks through it first gets everything.",
        "A list can be walked through as often as you like.",
    ],
)


@exercise.starter
@exercise.mistake(
    "Still ill: the steps are longer than the limit allows. Which gradients were made shorter, and "
    "when?"
)
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD, in training mode.

    The norm of all gradients together is at most 0.1 in each step. Some parameters of the model
    have requires_grad False and stay as they are. train_loader: may leave out samples of its
    dataset. Returns the mean loss of each epoch over the samples that it gave.
    """
    params = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.reference
def train_clipped(model, train_loader, epochs):
    """Train what is not frozen, with SGD, in training mode.

    The norm of all gradients together is at most 0.1 in each step. Some parameters of the model
    have requires_grad False and stay as they are. train_loader: may leave out samples of its
    dataset. Returns the mean loss of each epoch over the samples that it gave.
    """
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(params, max_norm=0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.cases
def _(rng):
    for epochs, left_out, training in ((2, 0, True), (3, 2, False)):
        model = seeded(rng, normed_net).train(training)
        model[-1].bias.requires_grad_(False)
        yield model, seeded(rng, lambda n=left_out: loader(8, 3, left_out=n)), epochs
    # Gradients that are shorter than the limit from the beginning; and much longer ones.
    for scale in (1 / 30, 20):
        model = seeded(rng, lambda: SmallNet(nn.Linear(3, 3)))
        model[0].bias.requires_grad_(False)
        x, y = seeded(rng, lambda s=scale: (torch.randn(8, 3) * s, torch.randint(0, 3, (8,))))
        yield model, DataLoader(TensorDataset(x, y), batch_size=4), 2


@exercise.observe
def _(answer, model, train_loader, epochs):
    norms = []

    def look(optimizer, args, named):
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        found = [p.grad.norm() for p in parameters if p.grad is not None]
        norms.append(torch.stack(found).norm() if found else 0)

    watch = register_optimizer_step_pre_hook(look)
    try:
        history = answer(model, train_loader, epochs)
    finally:
        watch.remove()
    return {
        "loss of each epoch": history,
        "parameters and buffers afterwards": model.state_dict(),
        "a step with longer gradients": any(norm > 0.101 for norm in norms),
    }


def train_with_clip(
    model,
    train_loader,
    epochs,
    before_backward,
    before_step,
    after_step,
    *,
    rate=0.5,
    mode=True,
    mean=over_samples,
    loss_of=F.cross_entropy,
):
    """The loop, with something done to the parameters at one of three places."""
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=rate)
    if mode:
        model.train()
    history = []
    for _ in range(epochs):
        batches = []
        for x, y in train_loader:
            loss = loss_of(model(x), y)
            optimizer.zero_grad()
            before_backward(params)
            loss.backward()
            before_step(params)
            optimizer.step()
            after_step(params)
            batches.append((loss.item(), len(y)))
        history.append(mean(batches, train_loader))
    return history


def nothing(params):
    pass


@exercise.mistake(
    "You clip each number of the gradient for itself. The norm of all of them together can still "
    "be larger, and the direction changes."
)
def clips_each_number(model, train_loader, epochs):
    def clip(params):
        nn.utils.clip_grad_value_(params, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@exercise.mistake(
    "You clip one parameter after the other. The limit is for all gradients together."
)
def clips_each_parameter(model, train_loader, epochs):
    def clip(params):
        for parameter in params:
            nn.utils.clip_grad_norm_(parameter, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing)


@exercise.mistake(
    "You clip the parameters themselves. What should be short is the step, not the weights."
)
def clips_the_weights(model, train_loader, epochs):
    def clip(params):
        with torch.no_grad():
            for parameter in params:
                parameter.clamp_(-0.1, 0.1)

    return train_with_clip(model, train_loader, epochs, nothing, nothing, clip)


def clip_together(params):
    nn.utils.clip_grad_norm_(params, 0.1)


def clipped(model, train_loader, epochs, clip=clip_together, **how):
    """The loop with clip() at its place."""
    return train_with_clip(model, train_loader, epochs, nothing, clip, nothing, **how)


@exercise.mistake(
    "The gradients are clipped now, and to another length than the docstring asks for."
)
def clips_at_one(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, lambda ps: nn.utils.clip_grad_norm_(ps, 1.0))


@exercise.mistake(same_as=clips_at_one)
def clips_at_the_step(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, lambda ps: nn.utils.clip_grad_norm_(ps, 0.05))


@exercise.mistake(
    "There are several norms. The plain word means the root of the sum of squares; yours is "
    "another one."
)
def largest_number(model, train_loader, epochs):
    return clipped(
        model, train_loader, epochs, lambda ps: nn.utils.clip_grad_norm_(ps, 0.1, float("inf"))
    )


@exercise.mistake(same_as=largest_number)
def sum_of_the_norms(model, train_loader, epochs):
    def clip(params):
        norm = sum(p.grad.norm() for p in params)
        for p in params:
            p.grad *= min(1.0, 0.1 / norm)

    return clipped(model, train_loader, epochs, clip)


@exercise.mistake(
    "Gradients that are short enough stay as they are. Yours all get the length of the limit."
)
def always_of_that_length(model, train_loader, epochs):
    def clip(params):
        norm = sum(p.grad.square().sum() for p in params).sqrt()
        for p in params:
            p.grad *= 0.1 / norm

    return clipped(model, train_loader, epochs, clip)


@exercise.mistake("Smaller steps hide the complaint. The rate was not ill: what was made shorter?")
def smaller_rate(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, nothing, rate=0.05)


@exercise.mistake(
    "You clip the loss. All gradients of a loss that is cut off are 0; the limit is for the norm "
    "of the gradients."
)
def clips_the_loss(model, train_loader, epochs):
    def cut_off(output, y):
        return F.cross_entropy(output, y).clamp(max=0.1)

    return clipped(model, train_loader, epochs, nothing, loss_of=cut_off)


@exercise.mistake(
    "Some parameters were frozen when you got the model. They are to stay as they are."
)
def unfreezes(model, train_loader, epochs):
    model.requires_grad_(True)
    return clipped(model, train_loader, epochs)


@exercise.mistake(
    "Nobody says in which mode the model comes to you. In which one does your training run?"
)
def in_the_mode_it_came_in(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, mode=False)


@exercise.mistake(
    "The training is right. Your numbers are means of the batches' means: the samples of a short "
    "last batch count too much."
)
def mean_over_batches(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, mean=over_batches)


@exercise.mistake(
    "A loader need not give all samples of its dataset: think of `drop_last=True`, or of a "
    "sampler. By how many do you divide?"
)
def divides_by_the_dataset(model, train_loader, epochs):
    return clipped(model, train_loader, epochs, mean=over_dataset)


@exercise.mistake(
    "The parameters move as they should, and the gradients are as long as before: it is the rate "
    "that you made smaller. An optimizer that remembers gradients would remember the long ones."
)
def a_smaller_rate(model, train_loader, epochs):
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norm = torch.stack([p.grad.norm() for p in params]).norm().item()
            optimizer.param_groups[0]["lr"] = 0.5 * min(1.0, 0.1 / (norm + 1e-6))
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.right
def clips_the_model(model, train_loader, epochs):
    optimizer = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        total, samples = 0.0, 0
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history


@exercise.right
def scales_by_hand(model, train_loader, epochs):
    params = list(filter(lambda p: p.requires_grad, model.parameters()))
    optimizer = torch.optim.SGD(params, lr=0.5)
    model.train()
    history = []
    for _ in range(epochs):
        losses = []
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            norm = sum(p.grad.square().sum() for p in params).sqrt()
            for p in params:
                p.grad *= min(1.0, 0.1 / norm)
            optimizer.step()
            losses += [loss.item()] * len(y)
        history.append(sum(losses) / len(losses))
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
    "losses += [loss.item()] * len(y)",
    "losses = losses + [loss.item()] * len(y)",
    because="The list was made here: nobody else sees that it changes.",
)
