"""Three texts of 2, 3 and 1 ids lie in one row of six. Where does each of them begin?"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "08.7",
    "Offsets of bags",
    minutes=5,
    difficulty=1,
    hints=[
        "Where does bag 0 begin? Where does bag 1 begin, if bag 0 has 2 ids? And bag 2?",
        "`cumsum` adds up. It gives where each bag *ends*.",
        "A bag begins where the bag before it ends, and the first one at 0.",
    ],
)


@exercise.reference
def bag_offsets(lengths):
    """The offsets that `nn.EmbeddingBag` wants: where each bag begins in the one row of ids.

    lengths: int64 of shape (bags,), at least one bag; a length may be 0.
    Returns int64 of shape (bags,).
    """
    ends = lengths.cumsum(dim=0)  # (bags,)
    return ends - lengths  # (bags,)


@exercise.cases
def _(rng):
    yield (torch.tensor([2, 3, 1]),)
    yield (torch.tensor([4]),)
    yield (torch.tensor([3, 0, 2, 5]),)
    yield (torch.tensor([0, 0, 2, 0]),)
    yield (torch.tensor([2**24, 1, 2]),)  # 2**24 + 1 is not in float32
    yield (torch.tensor([[3, 9], [1, 9], [2, 9]])[:, 0],)  # a column of a larger tensor
    for _ in range(2):
        yield (torch.tensor([3, *[rng.randint(1, 5) for _ in range(rng.randint(2, 4))]]),)


@exercise.mistake(
    "Those are the lengths. An offset is a place: where the bag begins, counted from the front."
)
def lengths_themselves(lengths):
    return lengths.clone()


@exercise.mistake(
    "You moved the lengths by one place and put 0 in front. That is right for the first two bags, "
    "and if the lengths rise, no error tells you about the others."
)
def without_adding_up(lengths):
    return torch.cat([torch.tensor([0]), lengths[:-1]])


@exercise.mistake("Those are the places where the bags end. The first bag begins at 0.")
def ends_not_starts(lengths):
    return lengths.cumsum(dim=0)


@exercise.mistake(
    "You have one number more than there are bags: the end of the last one. `EmbeddingBag` wants "
    "that only with `include_last_offset=True`; without it, the number makes an empty bag."
)
def with_the_end(lengths):
    return torch.cat([torch.tensor([0]), lengths.cumsum(dim=0)])


@exercise.mistake(
    "Your offsets are float32. They are places, and `EmbeddingBag` wants whole numbers."
)
def float_offsets(lengths):
    return torch.cat([torch.zeros(1), lengths.cumsum(dim=0)[:-1]])


@exercise.mistake(
    "Your first offset is the number of all ids. It was moved to the front from the end; the first "
    "bag begins at 0."
)
def rolled(lengths):
    return lengths.cumsum(dim=0).roll(1)


@exercise.mistake("Your bags are all as long as the first. Each one has its own length.")
def all_as_the_first(lengths):
    return torch.arange(len(lengths)) * lengths[0]


@exercise.mistake(
    "The offsets are right, but the lengths of the caller are no longer what they were."
)
def adds_up_in_place(lengths):
    lengths.cumsum_(dim=0)
    return torch.cat([torch.tensor([0]), lengths[:-1]])


@exercise.mistake(same_as=adds_up_in_place)
def moves_in_place(lengths):
    lengths[1:] = lengths[:-1].clone()
    lengths[0] = 0
    return lengths.cumsum(dim=0)


@exercise.mistake(
    "Empty bags have no offset in your result. They begin somewhere, too, and have a row in the "
    "batch."
)
def leaves_out_empty_bags(lengths):
    return (lengths.cumsum(dim=0) - lengths)[lengths > 0]


@exercise.mistake("Yours is a list. `EmbeddingBag` takes a tensor.")
def a_list(lengths):
    return (lengths.cumsum(dim=0) - lengths).tolist()


@exercise.mistake("Between your bags places are left over: a bag begins right where another ends.")
def one_place_between(lengths):
    return lengths.cumsum(dim=0) - lengths + torch.arange(len(lengths))


@exercise.mistake("An empty bag takes no place. After it, the next one begins at the same offset.")
def empty_bag_takes_a_place(lengths):
    lengths = lengths.clamp(min=1)
    return lengths.cumsum(dim=0) - lengths


@exercise.mistake("Your offsets are those of another order. The bags stay in the order they have.")
def offsets_of_sorted(lengths):
    lengths = lengths.sort().values
    return lengths.cumsum(dim=0) - lengths


@exercise.mistake("With one bag you have lost the dimension: one bag still is a row of one.")
def squeezed(lengths):
    return (lengths.cumsum(dim=0) - lengths).squeeze()


@exercise.mistake(
    "A large offset is off by one: float32 does not have all whole numbers. Places are counted in "
    "int64 all the way."
)
def by_way_of_floats(lengths):
    ends = lengths.float().cumsum(dim=0)
    return torch.cat([torch.zeros(1), ends[:-1]]).long()


@exercise.right
def zero_in_front(lengths):
    offsets = torch.zeros_like(lengths)
    offsets[1:] = lengths[:-1].cumsum(0)
    return offsets


exercise.equivalent(
    "ends = lengths.cumsum(dim=0)",
    "ends = lengths.cumsum(dim=-1)",
    because="There is one dimension: 0 and -1 are the same.",
)


exercise.equivalent(
    "offsets[1:] = lengths[:-1].cumsum(0)",
    "offsets[1:] = lengths[:-1].cumsum(-1)",
    because="There is one dimension: 0 and -1 are the same.",
)
