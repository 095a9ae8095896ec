"""All ranks begin with the same weights. Dropout and augmentation are to differ from then on."""

import random

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import of_all_ranks, small_net

exercise = Exercise(
    "11.10",
    "Seeds on ranks",
    minutes=12,
    difficulty=2,
    ranks=3,
    hints=[
        "Two things are drawn: first the weights, then everything else. Which of them is to be the "
        "same on all ranks?",
        "What does each rank have that no other one has? And when may it come into the seed?",
        "There are two generators here: torch's, and the one of Python's `random`.",
    ],
)


@exercise.reference
def seeded_model(make_model, seed):
    """Make a model with the same weights on all ranks; afterwards each rank draws other numbers.

    make_model: gives a new model, whose weights are drawn by torch. seed: an int, from 0 on.
    Returns the model. What torch and Python's `random` draw after the call is different on each
    rank. Weights and numbers follow from `seed` and the rank alone, whatever was drawn before:
    called again, the same; with another seed, others.
    """
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed + 1 + dist.get_rank())
    random.seed(seed + 1 + dist.get_rank())
    return model


class MakeLinear:
    """Makes a layer of these sizes with each call."""

    def __init__(self, inputs: int, outputs: int) -> None:
        self.sizes = inputs, outputs

    def __call__(self) -> nn.Module:
        return nn.Linear(*self.sizes)

    def __repr__(self) -> str:
        return "MakeLinear({}, {})".format(*self.sizes)


@exercise.cases
def _(rng):
    yield MakeLinear(rng.randint(2, 99), rng.randint(2, 9)), 0
    yield small_net, rng.randint(1, 1000)
    yield MakeLinear(rng.randint(2, 99), rng.randint(2, 9)), rng.randint(1000, 100_000)


@exercise.observe
def _(answer, make_model, seed):
    rank = dist.get_rank()
    torch.rand(rank), [random.random() for _ in range(rank)]  # something was drawn before

    def drawn(seed):
        model = answer(make_model, seed)
        return {
            "weights": [value.tolist() for value in model.state_dict().values()],
            "numbers of torch": torch.rand(20, dtype=torch.float64).tolist(),
            "numbers of random": [random.random() for _ in range(20)],
            "shapes": {name: value.shape for name, value in model.named_parameters()},
        }

    first, again, other = drawn(seed), drawn(seed), drawn(seed + 1)
    ranks = of_all_ranks(first)
    others = [one for number, one in enumerate(ranks) if number != rank]
    facts = {
        "shapes of the model's parameters": first["shapes"],
        "weights are those of rank 0": first["weights"] == ranks[0]["weights"],
    }
    for kind in ("numbers of torch", "numbers of random"):
        common = {x for one in others for x in one[kind]} & set(first[kind])
        facts[f"{kind} that another rank draws, too"] = len(common)
    for kind in ("weights", "numbers of torch", "numbers of random"):
        facts[f"{kind}: the same when called again"] = first[kind] == again[kind]
        facts[f"{kind}: others with another seed"] = first[kind] != other[kind]
    return facts


@exercise.mistake(
    "The weights are alike, and so is what torch draws after them: dropout would drop the same "
    "elements on each rank."
)
def one_seed_for_all(make_model, seed):
    torch.manual_seed(seed)
    random.seed(seed)
    return make_model()


@exercise.mistake(same_as=one_seed_for_all)
def torch_alone_and_once(make_model, seed):
    torch.manual_seed(seed)
    return make_model()


@exercise.mistake(
    "The numbers differ as they should, and so do the weights: each rank begins with another "
    "model. What was drawn with the rank's own seed?"
)
def own_seed_from_the_start(make_model, seed):
    torch.manual_seed(seed + dist.get_rank())
    random.seed(seed + dist.get_rank())
    return make_model()


@exercise.mistake(
    "All ranks have the weights of rank 0 here, and they do not follow from the seed: what was "
    "drawn before your call decides."
)
def weights_before_the_seed(make_model, seed):
    model = make_model()
    for value in model.state_dict().values():
        dist.broadcast(value, 0)
    torch.manual_seed(seed + dist.get_rank())
    random.seed(seed + dist.get_rank())
    return model


@exercise.mistake(
    "The numbers differ between ranks, and nobody can have them again: they do not follow from "
    "the seed you are given."
)
def seeds_that_nobody_knows(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    torch.seed()
    random.seed()
    return model


@exercise.mistake(same_as=seeds_that_nobody_knows)
def new_seed_of_torch_alone(make_model, seed):
    torch.manual_seed(seed)
    random.seed(seed + dist.get_rank())
    model = make_model()
    torch.seed()
    return model


@exercise.mistake(
    "What torch draws is as asked. Augmentation written with Python's `random` would do the same "
    "on each rank, or something else in each run."
)
def forgets_pythons_random(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed + 1 + dist.get_rank())
    return model


@exercise.mistake(same_as=forgets_pythons_random)
def random_alike_on_all(make_model, seed):
    random.seed(seed)
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed + 1 + dist.get_rank())
    return model


@exercise.mistake(
    "What Python's `random` draws is as asked. torch has a generator of its own: is it another one "
    "on each rank after the weights?"
)
def forgets_torch(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    random.seed(seed + 1 + dist.get_rank())
    return model


@exercise.mistake(
    "There is a seed and a rank for which your product says nothing new: what is anything times 0?"
)
def seed_times_rank(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(seed * dist.get_rank())
    random.seed(seed * dist.get_rank())
    return model


@exercise.mistake(
    "The seed is not in it: whichever seed you are given, a rank draws the same numbers after the "
    "weights."
)
def the_rank_alone(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    torch.manual_seed(dist.get_rank())
    random.seed(dist.get_rank())
    return model


@exercise.mistake(
    "Your ranks draw from one row of numbers and begin at different places in it, so that they "
    "meet the same numbers, only later."
)
def throws_some_away(make_model, seed):
    torch.manual_seed(seed)
    random.seed(seed)
    model = make_model()
    torch.rand(dist.get_rank())
    for _ in range(dist.get_rank()):
        random.random()
    return model


@exercise.mistake(
    "Rank 0 differs from the others, and those do not differ from each other. There may be more "
    "than two ranks."
)
def two_kinds_of_ranks(make_model, seed):
    torch.manual_seed(seed)
    model = make_model()
    if dist.get_rank() > 0:
        torch.manual_seed(seed + 1)
    random.seed(seed + (dist.get_rank() > 0))
    return model


@exercise.mistake(
    "The seed of your weights is gone when the function ends: what is drawn afterwards follows "
    "from what was drawn before the call."
)
def puts_the_generator_back(make_model, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make_model()
    random.seed(seed + dist.get_rank())
    return model


@exercise.mistake(
    "The model that comes back is packed into another one, so that its parameters have other "
    "names. The model itself was asked for."
)
def in_a_wrapper(make_model, seed):
    torch.manual_seed(seed)
    model = DistributedDataParallel(make_model())
    torch.manual_seed(seed + 1 + dist.get_rank())
    random.seed(seed + 1 + dist.get_rank())
    return model


@exercise.right
def weights_told_by_rank_0(make_model, seed):
    torch.manual_seed(seed + dist.get_rank())
    random.seed(f"{seed} {dist.get_rank()}")
    model = make_model()
    with torch.no_grad():
        for parameter in model.parameters():
            dist.broadcast(parameter, src=0)
    return model


@exercise.right
def state_told_by_rank_0(make_model, seed):
    torch.random.default_generator.manual_seed(seed * 1000 + dist.get_rank())
    random.seed(seed * 1000 + dist.get_rank())
    model = make_model()
    state = [model.state_dict()]
    dist.broadcast_object_list(state)
    model.load_state_dict(state[0])
    return model


@exercise.right
def one_rank_keeps_the_seed(make_model, seed):
    rank = dist.get_rank()
    torch.manual_seed(seed)
    random.seed(1_000_003 * seed + rank)
    model = make_model()
    if rank:
        torch.manual_seed(torch.randint(2**40, (rank,))[-1].item())
    return model


@exercise.right
def generator_for_the_weights(make_model, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = make_model()
    own = dist.get_world_size() * seed + dist.get_rank()
    for seed_one in (torch.manual_seed, random.seed):
        seed_one(own)
    return model
