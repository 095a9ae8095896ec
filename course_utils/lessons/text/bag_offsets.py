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

    lengths: int64 of shape (bags,), at least one; a bag may be empty.
    Returns int64 of shape (bags,).
    """
    ends = lengths.cumsum(dim=0)  # (bags,)
    return ends - lengths  # (bags,)


@exercise.cases
def _(rng):
    yield (torch.tensor([2, 3, 1]),)
    yield (torch.tensor([4]),)
    yield (torch.tensor([3, 0, 2, 5]),)
    for _ in range(2):
        yield (torch.tensor([3, *[rng.randint(1, 5) for _ in range(rng.randint(2, 4))]]),)


@exercise.mistake(
    "Those are the lengths. An offset is a place: where the bag begins, counted from the front."
)
def lengths_themselves(lengths):
    return lengths.clone()


@exercise.mistake(
    "You moved the lengths by one place and put 0 in front. That is right for the first two bags, "
    "and no error tells you about the others."
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
