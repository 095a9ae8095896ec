"""Each rank has called `backward()` on its own part of the batch. Before the step, do what
`DistributedDataParallel` does: all ranks get the mean of their gradients.
"""

import torch
import torch.distributed as dist
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.inputs import channels_last, halves, set_halves
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.3",
    "Average the gradients",
    minutes=15,
    difficulty=2,
    ranks=RANKS,
    hints=[
        "Which tensors differ between the ranks after backward(), and which do not?",
        "A collective has to be called on all ranks, in the same order. What does your loop do on "
        "a rank where a gradient is None?",
        "None on this rank alone, or on all? A rank cannot know it of the others before they have "
        "told each other.",
    ],
)


@exercise.reference
def average_gradients(model):
    """Make each gradient the mean of this gradient over all ranks.

    model: the same on each rank, but for the gradients. Where a rank has none (None) and others
    have one, it counts as zeros in the mean, and this rank gets the mean, too. Where no rank has
    one, it stays None. Frozen parameters stay as they are, with any old gradients of theirs.
    Returns nothing.
    """
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if not having:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()


def _models(rng, make, without=(), frozen=(), ranks=RANKS):
    """A model for each rank: equal, with gradients of its own.

    without: (rank, name) of gradients that are None. frozen: names of parameters.
    """
    model = set_halves(make(), rng)
    models = []
    for rank in range(ranks):
        copy = make()
        copy.load_state_dict(model.state_dict())
        for name, parameter in copy.named_parameters():
            gradient = torch.empty_like(parameter, requires_grad=False)  # as backward lays it out
            gradient.copy_(halves(rng, *parameter.shape))
            parameter.grad = None if (rank, name) in without else gradient
            parameter.requires_grad_(name not in frozen)
        models.append(copy)
    return ByRank(models)


def _two_layers():
    return nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))


@exercise.cases
def _(rng):
    everywhere = range(RANKS)
    yield (_models(rng, lambda: nn.Linear(2, 1)),)
    yield (_models(rng, channels_last, ranks=2),)
    yield (_models(rng, _two_layers, without={(1, "0.weight"), (2, "0.weight"), (0, "2.bias")}),)
    yield (_models(rng, _two_layers, without={(rank, "0.bias") for rank in everywhere}),)
    old = {(rank, "0.bias") for rank in everywhere} | {(0, "0.weight")}
    yield (_models(rng, _two_layers, old, frozen=("0.weight", "0.bias")),)
    cancelling = _models(rng, lambda: nn.Linear(2, 1))
    for model, gradient in zip(cancelling, (1.5, -1.5, 0.0), strict=True):
        model.bias.grad = torch.tensor([gradient])
    cancelling[2].weight.grad = None  # and those of the others cancel
    cancelling[1].weight.grad = -cancelling[0].weight.grad
    yield (cancelling,)
    names = [name for name, _ in _two_layers().named_parameters()]
    gone = {(rng.randrange(RANKS), rng.choice(names)) for _ in range(3)}
    yield (_models(rng, _two_layers, gone, frozen=rng.sample(names, 1)),)


@exercise.observe
def _(answer, model):
    answer(model)
    facts = {f"{name}.grad": parameter.grad for name, parameter in model.named_parameters()}
    return facts | {name: parameter for name, parameter in model.named_parameters()}


def _mean(gradient):
    dist.all_reduce(gradient)
    gradient /= dist.get_world_size()


@exercise.mistake(
    "These are sums of the gradients, so the step is as many times too long as there are ranks."
)
def sums(model):
    size = dist.get_world_size()
    average_gradients(model)
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.grad is not None:
            parameter.grad *= size


@exercise.mistake(
    "Gradients that add up to zeros are gradients all the same. What do zeros not tell of who had "
    "one?"
)
def zeros_are_none(model):
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        gradient = torch.zeros_like(parameter)
        if parameter.grad is not None:
            gradient += parameter.grad
        _mean(gradient)
        parameter.grad = gradient if gradient.any() else None


@exercise.mistake(
    "A rank without this gradient does not call the collective, and the others do. What it calls "
    "next is then taken for this one. All ranks have to call the same ones, in one order."
)
def left_out_where_none(model):
    for parameter in model.parameters():
        if parameter.grad is not None:
            _mean(parameter.grad)


@exercise.mistake(
    "Not every parameter has a gradient: a collective needs a tensor, and here it is given None."
)
def nones_forgotten(model):
    for parameter in model.parameters():
        if parameter.requires_grad:
            _mean(parameter.grad)


@exercise.mistake(
    "Where no rank has a gradient, there are zeros now. Zeros are not None: an optimizer leaves "
    "out what has None, and moves the rest, by its momentum or its weight decay."
)
def zeros_where_nobody_has_one(model):
    for parameter in model.parameters():
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            _mean(parameter.grad)


@exercise.mistake(
    "You divide by the number of ranks that have this gradient. In the mean over all ranks, one "
    "without it counts as well."
)
def by_those_that_have_one(model):
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if having:
            total = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            dist.all_reduce(total)
            parameter.grad = total / having


@exercise.mistake(
    "Where other ranks have a gradient and this one has none, it still has none afterwards. Its "
    "model would not take the step that theirs take."
)
def stays_none_here(model):
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        if parameter.grad is None:
            _mean(torch.zeros_like(parameter))
        else:
            _mean(parameter.grad)


@exercise.mistake(
    "Frozen parameters have changed, or their old gradients have. Who asks for `requires_grad`?"
)
def frozen_ones_as_well(model):
    for parameter in model.parameters():
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if having:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            _mean(parameter.grad)


@exercise.mistake(
    "The gradients of the model are as different as before. What did you average: the parameters, "
    "which are equal before the step, or copies that nobody puts back?"
)
def parameters_averaged(model):
    with torch.no_grad():
        for parameter in model.parameters():
            dist.all_reduce(parameter)
            parameter /= dist.get_world_size()


@exercise.mistake(
    "A gradient may have other strides than usual: what you average of it is a copy then, and the "
    "gradient itself is as before."
)
def contiguous_ones_averaged(model):
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if having:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            _mean(parameter.grad.contiguous())


@exercise.mistake("One rank has the mean. The others would take another step than that one.")
def on_rank_0_only(model):
    for parameter in model.parameters():
        having = torch.tensor(int(parameter.grad is not None))
        dist.all_reduce(having)
        if not having or not parameter.requires_grad:
            continue
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        dist.reduce(parameter.grad, dst=0)
        if dist.get_rank() == 0:
            parameter.grad /= dist.get_world_size()


@exercise.mistake("All ranks have the gradients of one of them. What the others found is lost.")
def gradients_of_rank_0(model):
    box = [[parameter.grad for parameter in model.parameters()]]
    dist.broadcast_object_list(box, src=0)
    for parameter, gradient in zip(model.parameters(), box[0], strict=True):
        if parameter.requires_grad:
            parameter.grad = gradient


@exercise.mistake("Each rank divides, and no rank hears of the others.")
def divides_its_own(model):
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.grad is not None:
            parameter.grad /= dist.get_world_size()


@exercise.right
def one_flat_vector(model):
    trained = [p for p in model.parameters() if p.requires_grad]
    have = torch.tensor([p.grad is not None for p in trained], dtype=torch.int64)
    dist.all_reduce(have, op=dist.ReduceOp.MAX)
    trained = [p for p, one in zip(trained, have.tolist(), strict=True) if one]
    parts = [torch.zeros(p.numel()) if p.grad is None else p.grad.flatten() for p in trained]
    flat = torch.cat(parts) / dist.get_world_size()
    dist.all_reduce(flat)
    for parameter, part in zip(trained, flat.split([p.numel() for p in trained]), strict=True):
        parameter.grad = part.view_as(parameter).clone()


@exercise.right
def as_objects(model):
    own = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    every = [None] * dist.get_world_size()
    dist.all_gather_object(every, own)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        found = [each[name] for each in every if each[name] is not None]
        if found:
            parameter.grad = torch.stack(found).sum(0) / len(every)


@exercise.right
def counted_with_the_gradient(model):
    for p in filter(lambda p: p.requires_grad, model.parameters()):
        here = p.grad is not None
        both = torch.cat(
            [(p.grad if here else torch.zeros_like(p)).flatten(), torch.ones(1) * here]
        )
        dist.all_reduce(both)
        if both[-1] > 0:
            p.grad = (both[:-1] / dist.get_world_size()).reshape(p.shape).detach()


@exercise.right
def waits_at_the_end(model):
    have = [None] * dist.get_world_size()
    dist.all_gather_object(have, [p.grad is not None for p in model.parameters()])
    work = []
    for one, p in zip(zip(*have, strict=True), model.parameters(), strict=True):
        if p.requires_grad and any(one):
            p.grad = torch.zeros_like(p.data) if p.grad is None else p.grad
            p.grad.div_(dist.get_world_size())
            work.append(dist.all_reduce(p.grad, async_op=True))
    for one in work:
        one.wait()
