"""Forward, loss, clear, backward, step. The check calls your function three times with the same
model: a gradient that was left behind shows in the second call.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import labelled_batch, normed_net, seeded

exercise = Exercise(
    "10.1",
    "One training step",
    minutes=10,
    difficulty=1,
    hints=[
        "Write the five steps of the lesson as five comments, in order. Then one line under each.",
        "The gradients of the step before may still be there when your function begins.",
        "A loss is a tensor with a graph behind it. Which method gives the bare number?",
    ],
    no_case={
        "x: a batch of one": "BatchNorm in training mode refuses a batch of one.",
        "y: a batch of one": "BatchNorm in training mode refuses a batch of one.",
        "x: features": "The model that is given decides it; the answer only hands x over.",
    },
)


@exercise.reference
def train_step(model, loss_fn, optimizer, x, y):
    """One training step on one batch, with the model in training mode.

    model: a Module, in any mode. loss_fn: called as loss_fn(output, y). optimizer: holds the
    model's parameters. Gradients of an earlier step may still be there, or none at all.
    x: float32 features, shape (batch, features). y: int64 labels, shape (batch,).
    Returns the loss of this batch, measured before the step, as a Python float.
    """
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.cases
def _(rng):
    for samples, training, old in ((4, True, True), (5, False, False), (3, False, True)):
        model = seeded(rng, normed_net).train(training)
        if old:
            for parameter in model.parameters():
                parameter.grad = torch.ones_like(parameter)  # of an earlier step
        optimizer = torch.optim.SGD(model.parameters(), lr=samples / 40, momentum=0.9)
        x, y = seeded(rng, lambda n=samples: labelled_batch(2 * n))
        x, y = x[::2], y[::2]  # not contiguous
        loss_fn = nn.MultiMarginLoss() if samples == 5 else nn.CrossEntropyLoss()
        yield model, loss_fn, optimizer, x, y


@exercise.observe
def _(answer, model, loss_fn, optimizer, x, y):
    calls = []
    own = model.register_forward_pre_hook(lambda *_: calls.append(1))
    losses = [answer(model, loss_fn, optimizer, x, y) for _ in range(3)]
    own.remove()
    return {
        "the model's own hook is called": bool(calls),
        "losses of three steps": losses,
        "parameters and buffers afterwards": model.state_dict(),
    }


@exercise.mistake(
    "The loss of the first step is right. Then the gradients of the first step take part in the "
    "second: backward() adds to what is there."
)
def without_zero_grad(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "The parameters never change. Which line makes the gradients, which one uses them, which "
    "one throws them away, and in which order?"
)
def zero_grad_too_late(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "You give back a tensor. It looks like a number, but where a graph hangs on it, that stays "
    "alive: a list of a thousand of them holds a thousand graphs. A Python float was asked for."
)
def returns_the_tensor(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


@exercise.mistake(
    "Somebody may have called eval() before you are called: then BatchNorm and Dropout work in "
    "the wrong mode during your step. Each layer has a mode of its own."
)
def trusts_the_mode(model, loss_fn, optimizer, x, y):
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "The loss you give back belongs to the model after the step. It costs a second forward, and "
    "it is not the loss whose gradient was used."
)
def loss_after_the_step(model, loss_fn, optimizer, x, y):
    model.train()
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    optimizer.step()
    return loss_fn(model(x), y).item()


@exercise.mistake(
    "The first step goes in the wrong direction. What does `.grad` hold at the moment when your "
    "function is called?"
)
def clears_afterwards_only(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@exercise.mistake(
    "To this loss, output and labels are not the same thing: what does the docstring say of their "
    "order?"
)
def labels_first(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(y, model(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "The step is right. The loss is that of a model in eval mode, and the step was made from "
    "another one."
)
def loss_in_eval_mode(model, loss_fn, optimizer, x, y):
    model.eval()
    with torch.no_grad():
        measured = loss_fn(model(x), y).item()
    model.train()
    optimizer.zero_grad()
    loss_fn(model(x), y).backward()
    optimizer.step()
    return measured


@exercise.mistake("A parameter that has never had a gradient has None in its `.grad`.")
def multiplies_gradients_by_zero(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    for parameter in model.parameters():
        parameter.grad *= 0
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "The loss is a mean over the batch already, and you multiply it by the number of samples."
)
def gives_the_sum(model, loss_fn, optimizer, x, y):
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item() * len(y)


@exercise.mistake(
    "Your loss is always cross-entropy. In another case another one was wanted: what were you "
    "given that says so?"
)
def a_loss_of_its_own(model, loss_fn, optimizer, x, y):
    return train_step(model, nn.functional.cross_entropy, optimizer, x, y)


@exercise.right
def cleared_at_the_end(model, loss_fn, optimizer, x, y):
    model.train(True)
    optimizer.zero_grad(set_to_none=False)
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


exercise.equivalent(
    "model.train(True)",
    "model.train()",
    because="train() without a value is train(True).",
)


exercise.equivalent(
    "optimizer.zero_grad(set_to_none=False)",
    "optimizer.zero_grad()",
    "optimizer.zero_grad(set_to_none=True)",
    because="backward fills the gradients, whether they are zeros or None.",
)


exercise.equivalent(
    "optimizer.zero_grad()",
    "pass",
    because="The gradients are cleared at the beginning, too.",
)


exercise.equivalent(
    "return float(loss.detach())",
    "return float(loss)",
    "return float(loss.detach_())",
    because="float() reads the number, with or without a graph.",
)
