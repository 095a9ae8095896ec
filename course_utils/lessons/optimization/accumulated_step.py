"""A model can take 16 samples at once, and a batch has 64. Take one step that is the same as with
the large batch.
"""

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals, set_numbers
from course_utils.samples_at_once import SamplesInLayers, samples_at_once

exercise = Exercise(
    "09.13",
    "One step from several small batches",
    minutes=12,
    difficulty=2,
    hints=[
        "backward() adds to what is in .grad. From one small batch to the next that is what you "
        "want; what is there at the start is in the way. Where does zero_grad() belong?",
        "mse_loss gives the mean of a small batch. The sum of means is not the mean of all.",
        "Give each small batch its share: its number of samples divided by the number of all.",
    ],
)


@exercise.reference
def accumulated_step(model, optimizer, batches):
    """One optimizer step, as if all small batches were one large batch.

    model: some parameters may be frozen.
    batches: a list of (x, y), float tensors of shape (n, features) and (n, 1); n may differ.
    The loss is nn.functional.mse_loss. The model gets one small batch at a time. Afterwards it has
    moved by one step. There may be old gradients at the start; they do not count. Returns nothing.
    """
    total = sum(len(x) for x, _ in batches)
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.mse_loss(model(x), y) * len(x) / total
        loss.backward()
    optimizer.step()


@exercise.cases
def _(rng):
    for sizes in ((2,), (2, 2), (3, 1), (4, 2, 1), (rng.randint(1, 3), 2, 1, 3, 1)):
        model = set_numbers(nn.Linear(2, 1), rng)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        yield model, optimizer, [(decimals(rng, n, 2), decimals(rng, n, 1)) for n in sizes]
    for frozen in ("weight", "bias"):
        model = set_numbers(nn.Linear(2, 1), rng)
        model.get_parameter(frozen).requires_grad_(False)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        yield model, optimizer, [(decimals(rng, n, 2), decimals(rng, n, 1)) for n in (2, 1)]


@exercise.observe
def _(answer, model, optimizer, batches):
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    steps = []
    optimizer.register_step_post_hook(lambda *_: steps.append(1))
    calls = []
    own = model.register_forward_pre_hook(
        lambda _, given: calls.append(samples_at_once(given[0], model.in_features))
    )
    facts = {}
    inside = SamplesInLayers(model)
    for call in ("first", "second"):
        with inside:
            answer(model, optimizer, batches)
        facts[f"weight after the {call} call"] = model.weight.detach().clone()
        facts[f"bias after the {call} call"] = model.bias.detach().clone()
    own.remove()
    facts["calls of optimizer.step()"] = len(steps)
    # Called twice; whoever goes through the samples more often does no harm.
    wanted = 2 * sum(len(x) for x, _ in batches)
    facts["samples that the model itself was given"] = min(sum(calls), wanted)
    small = max(len(x) for x, _ in batches)
    too_many = max([*calls, inside.most]) > small
    facts["the model gets more samples at once than a small batch has"] = too_many
    return facts


@exercise.mistake(
    "You clear the gradients before each small batch, so only the last one is left when the step "
    "is taken."
)
def clears_every_time(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        optimizer.zero_grad()
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.step()


@exercise.mistake(
    "You add up means: with four small batches the gradient is about four times too large."
)
def sum_of_means(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        F.mse_loss(model(x), y).backward()
    optimizer.step()


@exercise.mistake(
    "Each small batch gets the same share. A batch of one sample should not count as much as a "
    "batch of four."
)
def equal_shares(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x), y) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "There is a step after every small batch, so the next one is computed with parameters that "
    "have already moved."
)
def a_step_for_each(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        optimizer.zero_grad()
        (F.mse_loss(model(x), y) * len(x) / total).backward()
        optimizer.step()


@exercise.mistake(same_as=a_step_for_each)
def the_usual_loop(model, optimizer, batches):
    for x, y in batches:
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()


@exercise.mistake(
    "You never clear the gradients: what was there before still takes part, and the second call "
    "adds to the first."
)
def never_clears(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.step()


@exercise.mistake(
    "When the step is taken, there is no gradient for it to use. Which line makes the "
    "gradients, and which one clears them?"
)
def clears_before_the_step(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.zero_grad()
    optimizer.step()


@exercise.mistake(
    "You clear after the step. What is there when your function is called the first time still "
    "takes part in it."
)
def clears_after_the_step(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()
    optimizer.step()
    optimizer.zero_grad()


@exercise.mistake("You count all batches as large as the first. The last one is often smaller.")
def all_as_large_as_the_first(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        loss = F.mse_loss(model(x), y, reduction="sum")
        (loss / len(batches[0][0]) / len(batches)).backward()
    optimizer.step()


@exercise.mistake(
    "You divide by the number of features as well. The mean of the loss is over the errors: how "
    "many numbers has y?"
)
def divides_by_the_features(model, optimizer, batches):
    total = sum(x.numel() for x, _ in batches)
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x), y, reduction="sum") / total).backward()
    optimizer.step()


@exercise.mistake(
    "Your function takes for granted that each parameter has a gradient. One that is frozen has "
    "none after backward()."
)
def divides_every_gradient(model, optimizer, batches):
    total = 0
    optimizer.zero_grad()
    for x, y in batches:
        F.mse_loss(model(x), y, reduction="sum").backward()
        total += len(x)
    for parameter in model.parameters():
        parameter.grad /= total
    optimizer.step()


@exercise.mistake(
    "That is the gradient of the sum of all errors. The loss of the large batch is their mean."
)
def sum_of_all(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        F.mse_loss(model(x), y, reduction="sum").backward()
    optimizer.step()


@exercise.mistake(
    "Prediction and target have two shapes in your loss, and are broadcast to a table: each "
    "prediction meets each target."
)
def squeezes_the_output(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x).squeeze(), y) * len(x) / total).backward()
    optimizer.step()


@exercise.mistake(
    "You divide by the samples seen so far. The first batches then count too much: the number of "
    "all is needed before the first backward()."
)
def divides_by_those_so_far(model, optimizer, batches):
    seen = 0
    optimizer.zero_grad()
    for x, y in batches:
        seen += len(x)
        (F.mse_loss(model(x), y) * len(x) / seen).backward()
    optimizer.step()


@exercise.mistake(
    "The step is right, and the learning rate of the optimizer is another than before: the next "
    "call takes a smaller step."
)
def writes_the_rate(model, optimizer, batches):
    optimizer.zero_grad()
    for x, y in batches:
        F.mse_loss(model(x), y, reduction="sum").backward()
    for group in optimizer.param_groups:
        group["lr"] /= sum(len(x) for x, _ in batches)
    optimizer.step()


@exercise.mistake(
    "You step after a number of batches that nobody named. All batches of the list make one "
    "step, however many there are."
)
def a_step_every_four(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    optimizer.zero_grad()
    for i, (x, y) in enumerate(batches, start=1):
        (F.mse_loss(model(x), y) * len(x) / total).backward()
        if i % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()


@exercise.mistake(
    "No step is taken. backward() leaves gradients behind, and the parameters as they are: "
    "what moves them?"
)
def never_steps(model, optimizer, batches):
    total = sum(len(x) for x, _ in batches)
    optimizer.zero_grad()
    for x, y in batches:
        (F.mse_loss(model(x), y) * len(x) / total).backward()


@exercise.mistake(
    "The step is right, and the model got all samples at once: the batch that does not fit into "
    "memory. What has to stay until the step is not the samples."
)
def one_large_batch(model, optimizer, batches):
    x = torch.cat([x for x, _ in batches])
    y = torch.cat([y for _, y in batches])
    optimizer.zero_grad()
    F.mse_loss(model(x), y).backward()
    optimizer.step()


@exercise.right
def step_from_sums(model, optimizer, batches):
    model.zero_grad()
    total = 0
    for x, y in batches:
        F.mse_loss(model(x), y, reduction="sum").backward()
        total += y.numel()
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad /= total
    optimizer.step()
    optimizer.zero_grad()


@exercise.right
def step_from_one_loss(model, optimizer, batches):
    errors = [F.mse_loss(model(x), y, reduction="sum") for x, y in batches]
    optimizer.zero_grad(set_to_none=False)
    (torch.stack(errors).sum() / sum(len(x) for x, _ in batches)).backward()
    optimizer.step()


exercise.equivalent(
    "parameter.grad /= total",
    "parameter.grad = parameter.grad / total",
    because="The gradient may be written into or replaced.",
)


exercise.equivalent(
    "optimizer.zero_grad()",
    "pass",
    because="The gradients are cleared at the beginning.",
)


exercise.equivalent(
    "optimizer.zero_grad(set_to_none=False)",
    "optimizer.zero_grad()",
    "optimizer.zero_grad(set_to_none=True)",
    because="A gradient of zeros and none at all are the same for SGD without momentum, "
    "once backward has run.",
)
