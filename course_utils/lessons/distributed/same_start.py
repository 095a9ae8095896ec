"""Each rank has built its model for itself, with other random numbers. They have to start the same.
Do by hand what `DistributedDataParallel` does when it wraps a model.
"""

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.distributed.collectives import COLLECTIVES
from course_utils.lessons.distributed.inputs import channels_last, halves, set_halves
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.4",
    "The same start",
    minutes=12,
    difficulty=2,
    ranks=RANKS,
    without=ByHand("nn.parallel.DistributedDataParallel", may=COLLECTIVES),
    hints=[
        "One collective hands on what one rank has. What do all ranks have to agree on, in its "
        "call?",
        "A model holds more numbers than an optimizer moves. What does BatchNorm keep?",
        "Whatever the collective writes into has to be the model's own tensor. Which of your "
        "tensors are copies, and which list leaves some out?",
    ],
)


@exercise.reference
def same_start(model):
    """Give the models of all ranks the numbers that rank 0 has: all parameters, all buffers.

    model: on each rank of the same structure, shapes, strides and dtypes. Frozen parameters count,
    and so do buffers that hold no floats or are in no state_dict. An optimizer may hold the
    parameters already, so they stay the same objects. Nothing changes on rank 0. Returns nothing.
    """
    for tensor in (*model.parameters(), *model.buffers()):
        dist.broadcast(tensor.detach(), src=0)


class _Masked(nn.Module):
    """A layer with buffers of several kinds; one of them is in no state_dict."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.register_buffer("mask", torch.ones(2, dtype=torch.bool))
        self.register_buffer("scale", torch.ones(2), persistent=False)
        self.register_buffer("nothing", None)

    def forward(self, x):
        return self.layer(x * self.mask * self.scale)


def _models(rng, make, frozen=(), ranks=2):
    """A model for each rank, with other numbers in everything that it holds."""
    models = []
    for rank in range(ranks):
        model = set_halves(make(), rng)
        for buffer in model.buffers():
            if buffer.dtype == torch.bool:
                buffer.copy_(torch.tensor([rank == 0, rank != 0]))
            elif buffer.is_floating_point():
                buffer.copy_(halves(rng, *buffer.shape).abs() + rank + 1)
            else:
                buffer.fill_(2**24 + 1 + rank)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in frozen)
        models.append(model)
    return ByRank(models)


def _normed():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 1))


@exercise.cases
def _(rng):
    yield (_models(rng, lambda: nn.Linear(2, 1)),)
    yield (_models(rng, channels_last),)
    yield (_models(rng, _normed, frozen=("0.weight", "0.bias", "1.weight")),)
    yield (_models(rng, lambda: nn.Sequential(_Masked(), nn.Linear(2, 1)).eval()),)
    width = rng.randint(2, 4)

    def deep():
        return nn.Sequential(nn.Embedding(3, width), _Masked(), _normed())

    yield (_models(rng, deep, ranks=RANKS),)


@exercise.observe
def _(answer, model):
    held = dict(model.named_parameters())  # as an optimizer has them
    memory = {name: tensor.data_ptr() for name, tensor in _tensors(model)}
    answer(model)
    facts = {name: tensor.clone() for name, tensor in model.named_parameters()}
    facts |= {name: tensor.clone() for name, tensor in model.named_buffers()}
    for name, parameter in model.named_parameters():
        facts[f"{name} is the same object"] = parameter is held.get(name)
    if dist.get_rank() == 0:
        moved = [name for name, tensor in _tensors(model) if tensor.data_ptr() != memory[name]]
        facts["in new memory"] = moved
    return facts


def _tensors(model):
    return [*model.named_parameters(), *model.named_buffers()]


def _broadcast(tensors):
    for tensor in tensors:
        dist.broadcast(tensor.detach(), src=0)


@exercise.mistake(
    "The parameters agree, and other numbers that the model works with do not. Two models with "
    "the same weights can give different outputs: what does BatchNorm use when it is in eval()?"
)
def parameters_only(model):
    _broadcast(model.parameters())


@exercise.mistake(
    "A buffer stays behind. What was registered with persistent=False counts as well, and a "
    "state_dict does not have it."
)
def state_dict_only(model):
    _broadcast(model.state_dict().values())


@exercise.mistake(
    "Frozen parameters are not trained, so they would stay different for ever. Are they less a "
    "part of the model?"
)
def trained_ones_only(model):
    _broadcast([p for p in model.parameters() if p.requires_grad])
    _broadcast(model.buffers())


@exercise.mistake(
    "What holds no floats is left out: a counter, a mask. A collective takes them, too."
)
def floats_only(model):
    tensors = [*model.parameters(), *model.buffers()]
    _broadcast([tensor for tensor in tensors if tensor.is_floating_point()])


@exercise.mistake(
    "These are means over the ranks. Rank 0 was to keep its numbers, and the mean of a mask or of "
    "two random starts is no start at all."
)
def averaged(model):
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            mean = tensor.float()
            mean = mean.clone()
            dist.all_reduce(mean)
            tensor.copy_(mean / dist.get_world_size())


@exercise.mistake(
    "All ranks have the numbers of another rank than the one that was asked for. Counting begins "
    "with 0."
)
def those_of_the_last_rank(model):
    for tensor in (*model.parameters(), *model.buffers()):
        dist.broadcast(tensor.detach(), src=dist.get_world_size() - 1)


@exercise.mistake(
    "Only the sender calls the collective. Those who receive have to call it as well, with the "
    "same src: how else would they know where to put it?"
)
def only_rank_0_calls(model):
    if dist.get_rank() == 0:
        _broadcast([*model.parameters(), *model.buffers()])


@exercise.mistake(
    "The models are as different as before: the numbers came into copies, or none were sent. Who "
    "puts a result back into the model?"
)
def into_copies(model):
    _broadcast([tensor.clone() for tensor in (*model.parameters(), *model.buffers())])


@exercise.mistake(
    "The model got new parameters. An optimizer that was made before still moves the old ones, and "
    "nothing of its step is seen in the model."
)
def new_parameters(model):
    for part in model.modules():
        for name, parameter in [*part.named_parameters(recurse=False)]:
            fresh = parameter.detach().clone()
            dist.broadcast(fresh, src=0)
            setattr(part, name, nn.Parameter(fresh, parameter.requires_grad))
    _broadcast(model.buffers())


@exercise.mistake(
    "A seed gives all ranks equal random numbers, and not those that rank 0 has now. These may "
    "come from a checkpoint."
)
def one_seed_for_all(model):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for part in model.modules():
            if hasattr(part, "reset_parameters"):
                part.reset_parameters()


@exercise.mistake(
    "A parameter may have other strides than usual: what you send and receive of it is a copy "
    "then, and it keeps its own numbers."
)
def contiguous_ones(model):
    _broadcast([tensor.contiguous() for tensor in (*model.parameters(), *model.buffers())])


@exercise.not_by_hand
def wrapped(model):
    DistributedDataParallel(model)


@exercise.right
def in_place_without_grad(model):
    with torch.no_grad():
        for parameter in model.parameters():
            dist.broadcast(parameter, 0)
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


@exercise.right
def by_names_as_objects(model):
    own = dict(model.named_parameters()) | dict(model.named_buffers())
    box = [{name: tensor.detach() for name, tensor in own.items()}]
    dist.broadcast_object_list(box, src=0)
    for name, tensor in own.items():
        tensor.data.copy_(box[0][name])


@exercise.right
def all_gathered(model):
    for part in model.modules():
        tensors = [*part.parameters(recurse=False), *part.buffers(recurse=False)]
        for tensor in tensors:
            every = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
            dist.all_gather(every, tensor.data)
            tensor.data[...] = every[0]


@exercise.right
def one_message_for_each_dtype(model):
    tensors = [t.detach() for t in [*model.parameters(), *model.buffers()]]
    for dtype in sorted({t.dtype for t in tensors}, key=str):
        same = [t for t in tensors if t.dtype is dtype]
        flat = torch.cat([t.reshape(-1) for t in same])
        dist.broadcast(flat, src=0)
        for t, part in zip(same, flat.split([t.numel() for t in same]), strict=True):
            t.copy_(part.view(t.shape))


@exercise.right
def zeros_elsewhere_and_a_sum(model):
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if dist.get_rank() != 0:
                tensor.zero_()
            dist.all_reduce(tensor)
