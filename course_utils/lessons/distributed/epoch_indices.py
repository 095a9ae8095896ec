"""Which samples does this rank see in this epoch? Do what `DistributedSampler` does with shuffling,
by hand. In 06.15 the indices were dealt out in their order; here they are shuffled first.

```
order of the epoch: 2 0 4 1 3    rank 0: 2 1    rank 1: 0 3    rank 2: 4 2
```
"""

import math
import random

import torch
import torch.distributed as dist
from torch.utils.data import DistributedSampler

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.distributed.collectives import COLLECTIVES
from course_utils.ranks import ByRank

RANKS = 3

exercise = Exercise(
    "11.5",
    "The indices of an epoch",
    minutes=15,
    difficulty=2,
    ranks=RANKS,
    without=ByHand("DistributedSampler", may=COLLECTIVES),
    hints=[
        "Nothing has to be sent. What do all ranks need in common so that each can work out the "
        "same order for itself, and another one in the next epoch?",
        "Order first, then deal. What is repeated or left out, is it taken from the samples in "
        "their order or from the shuffled ones?",
        "Make the shuffled list exactly as long as all ranks need together. A slice with a step "
        "takes the part of one rank.",
    ],
)


@exercise.reference
def epoch_indices(count, epoch, seed, drop_last):
    """This rank's indices in this epoch, as DistributedSampler with shuffle=True gives them.

    count: the number of samples, at least 1; there may be more ranks. The order of an epoch is
    torch.randperm(count) from a generator of its own, seeded with seed + epoch. It is dealt out
    like cards, equally many to each rank: with drop_last the last of the order are left out,
    without it the first of the order come again. Returns a list of ints.
    """
    generator = torch.Generator().manual_seed(seed + epoch)
    order = torch.randperm(count, generator=generator).tolist()
    ranks = dist.get_world_size()
    each = count // ranks if drop_last else math.ceil(count / ranks)
    order = (order * ranks)[: each * ranks]
    return order[dist.get_rank() :: ranks]


@exercise.cases
def _(rng):
    yield 6, 0, 0, False
    yield 10, 1, 0, False
    yield 11, 2, rng.randint(1, 99), True
    yield ByRank([10] * 2), rng.randint(1, 9), 5, True
    yield 1, 1, 3, False
    yield 2, 1, 4, True
    count = rng.choice([7, 8, 10, 11, 13])
    yield count, rng.randint(2, 9), rng.randint(1, 99), rng.choice([True, False])


def _order(count, number):
    return torch.randperm(count, generator=torch.Generator().manual_seed(number)).tolist()


def _each(count, drop_last):
    ranks = dist.get_world_size()
    return count // ranks if drop_last else math.ceil(count / ranks)


def _dealt(order, count, drop_last):
    """The part of this rank, of an order that is cut, or begun again, to the right length."""
    ranks = dist.get_world_size()
    return (order * ranks)[: _each(count, drop_last) * ranks][dist.get_rank() :: ranks]


@exercise.mistake(
    "Every epoch has the same order. What in your code knows that another epoch has begun?"
)
def no_epoch(count, epoch, seed, drop_last):
    return _dealt(_order(count, seed), count, drop_last)


@exercise.mistake(
    "Each rank shuffles for itself, with a seed of its own. Dealt out of different orders, some "
    "samples go to several ranks and some to none."
)
def rank_in_the_seed(count, epoch, seed, drop_last):
    return _dealt(_order(count, seed + epoch + dist.get_rank()), count, drop_last)


@exercise.mistake(
    "A rank has the same samples in every epoch, in another order: you deal first and shuffle "
    "each part. Samples have to change ranks."
)
def deals_then_shuffles(count, epoch, seed, drop_last):
    own = _dealt(list(range(count)), count, drop_last)
    return [own[i] for i in _order(len(own), seed + epoch)]


@exercise.mistake(
    "You seed the global generator and shuffle with it: whoever draws from it afterwards gets "
    "other numbers. The order has a generator of its own."
)
def global_seed(count, epoch, seed, drop_last):
    torch.manual_seed(seed + epoch)
    return _dealt(torch.randperm(count).tolist(), count, drop_last)


@exercise.mistake(
    "Python's `random` shuffles otherwise than torch. The order is that of torch.randperm."
)
def pythons_shuffle(count, epoch, seed, drop_last):
    order = list(range(count))
    random.Random(seed + epoch).shuffle(order)
    return _dealt(order, count, drop_last)


@exercise.mistake("Nothing is shuffled: these are the indices in the order of the samples.")
def not_shuffled(count, epoch, seed, drop_last):
    return _dealt(list(range(count)), count, drop_last)


@exercise.mistake(
    "Some ranks get one sample more than others. With DistributedDataParallel the others would "
    "end the epoch earlier, and the last batch would wait in vain."
)
def uneven(count, epoch, seed, drop_last):
    return _order(count, seed + epoch)[dist.get_rank() :: dist.get_world_size()]


@exercise.mistake(same_as=uneven)
def uneven_unless_dropped(count, epoch, seed, drop_last):
    ranks = dist.get_world_size()
    order = _order(count, seed + epoch)
    if drop_last:
        order = order[: count // ranks * ranks]
    return order[dist.get_rank() :: ranks]


@exercise.mistake(
    "You cut the order into blocks. It is dealt out one by one, like cards: to rank 0, to rank 1, "
    "and so on."
)
def in_blocks(count, epoch, seed, drop_last):
    ranks, each = dist.get_world_size(), _each(count, drop_last)
    order = (_order(count, seed + epoch) * ranks)[: each * ranks]
    return order[dist.get_rank() * each :][:each]


@exercise.mistake(
    "You have `drop_last` the wrong way round: with it samples are left out, without it some come "
    "again."
)
def inverted_drop_last(count, epoch, seed, drop_last):
    return _dealt(_order(count, seed + epoch), count, not drop_last)


@exercise.mistake(
    "Where all ranks get equally many anyhow, `drop_last` has nothing to leave out. Your lists are "
    "empty there."
)
def cut_from_the_end(count, epoch, seed, drop_last):
    ranks = dist.get_world_size()
    if not drop_last:
        return epoch_indices(count, epoch, seed, drop_last)
    return _order(count, seed + epoch)[: -(count % ranks)][dist.get_rank() :: ranks]


@exercise.mistake("Samples are repeated with `drop_last` as well as without. What is it for?")
def never_drops(count, epoch, seed, drop_last):
    return _dealt(_order(count, seed + epoch), count, False)


@exercise.mistake(
    "What comes again is not the beginning of the shuffled order. The dealing just goes on: with "
    "which card?"
)
def repeats_the_last(count, epoch, seed, drop_last):
    order, ranks = _order(count, seed + epoch), dist.get_world_size()
    order = order + [order[-1]] * (ranks - 1)
    return order[: _each(count, drop_last) * ranks][dist.get_rank() :: ranks]


@exercise.mistake(same_as=repeats_the_last)
def repeats_the_first_samples(count, epoch, seed, drop_last):
    order, ranks = _order(count, seed + epoch), dist.get_world_size()
    order = order + list(range(count)) * ranks
    return order[: _each(count, drop_last) * ranks][dist.get_rank() :: ranks]


@exercise.mistake(
    "You fill up before you shuffle, or leave out before it. Then a sample may come twice in the "
    "middle of an epoch, or the last ones of the data set never come at all."
)
def fills_up_before_the_shuffle(count, epoch, seed, drop_last):
    ranks, each = dist.get_world_size(), _each(count, drop_last)
    samples = (list(range(count)) * ranks)[: each * ranks]
    order = [samples[i] for i in _order(len(samples), seed + epoch)]
    return order[dist.get_rank() :: ranks]


@exercise.mistake(
    "The first of the order are repeated once at most. With more than twice as many ranks as "
    "samples that is not enough."
)
def repeats_once(count, epoch, seed, drop_last):
    order, ranks = _order(count, seed + epoch), dist.get_world_size()
    return (order * 2)[: _each(count, drop_last) * ranks][dist.get_rank() :: ranks]


@exercise.mistake(
    "The number of ranks stands in your code. The group knows it: the check has three, the next "
    "machine has eight."
)
def two_ranks(count, epoch, seed, drop_last):
    each = count // 2 if drop_last else math.ceil(count / 2)
    return (_order(count, seed + epoch) * 2)[: each * 2][dist.get_rank() :: 2]


@exercise.mistake("The numbers are right, and they are in no list. A list of ints was asked for.")
def a_tensor(count, epoch, seed, drop_last):
    return torch.tensor(epoch_indices(count, epoch, seed, drop_last), dtype=torch.int64)


@exercise.mistake(same_as=a_tensor)
def an_iterator(count, epoch, seed, drop_last):
    return iter(epoch_indices(count, epoch, seed, drop_last))


@exercise.not_by_hand
def asked_of_the_sampler(count, epoch, seed, drop_last):
    sampler = DistributedSampler(range(count), shuffle=True, seed=seed, drop_last=drop_last)
    sampler.set_epoch(epoch)
    return list(sampler)


@exercise.right
def by_places_in_the_order(count, epoch, seed, drop_last):
    generator = torch.Generator()
    generator.manual_seed(seed + epoch)
    order = torch.randperm(count, generator=generator)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    turns = count // ranks
    if not drop_last and count % ranks:
        turns += 1
    return [int(order[(rank + turn * ranks) % count]) for turn in range(turns)]


@exercise.right
def as_a_table(count, epoch, seed, drop_last):
    ranks = dist.get_world_size()
    order = torch.randperm(count, generator=torch.Generator().manual_seed(epoch + seed))
    if drop_last:
        order = order[: count - count % ranks]
    else:
        missing = -count % ranks
        order = torch.cat([order, order.repeat(ranks)[:missing]])
    return order.reshape(-1, ranks)[:, dist.get_rank()].tolist()


@exercise.right
def rank_0_deals(count, epoch, seed, drop_last):
    rank, ranks = dist.get_rank(), dist.get_world_size()
    order = torch.zeros(count, dtype=torch.int64)
    if rank == 0:
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
    dist.broadcast(order, src=0)
    deck = order.tolist()
    while len(deck) % ranks:
        if drop_last:
            deck.pop()
        else:
            deck.append(deck[len(deck) - count])
    return deck[rank::ranks]


@exercise.right
def card_by_card(count, epoch, seed, drop_last):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed + epoch)
        cards = list(torch.randperm(count).numpy())
    hands = [[] for _ in range(dist.get_world_size())]
    rounds = count / len(hands)
    rounds = math.floor(rounds) if drop_last else math.ceil(rounds)
    for card in range(rounds * len(hands)):
        hands[card % len(hands)].append(int(cards[card % count]))
    return hands[dist.get_rank()]
