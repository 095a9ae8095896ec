"""Sequences of different lengths were padded, so that they fit into one tensor. Take the last real
step of each.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.5",
    "The last real step",
    minutes=12,
    difficulty=2,
    hints=[
        "Where does the last step of a sequence of 3 steps stand? And of one without steps?",
        "One element a row, as in 02.1; here an element is a whole row of features.",
        "What is at index -1 of a padded sequence? Set to zeros what no step belongs to, after "
        "you have picked.",
    ],
)


@exercise.reference
def last_steps(x, lengths):
    """The last real step of each sequence of a padded batch; zeros for one of length 0.

    x: shape (batch, time, features), each 1 or more, any dtype, any strides. What stands behind
    the length of a sequence is padding, and may be anything, also NaN. lengths: int64, shape
    (batch,), from 0 to time. Returns a new tensor of shape (batch, features), x's dtype.
    """
    steps = x[torch.arange(len(x)), lengths - 1]
    steps[lengths == 0] = 0
    return steps


def lengths_for(rng, x):
    """Random lengths of the sequences of x, one of them 0 where there are two or more."""
    lengths = [rng.randint(1, x.shape[1]) for _ in range(len(x))]
    if len(x) > 1:
        lengths[rng.randrange(len(x))] = 0
    return torch.tensor(lengths)


@exercise.cases
def _(rng):
    x = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 1.0], [2.0, 3.0]]])
    yield x, torch.tensor([3, 1])
    yield x, torch.tensor([2, 0])
    yield x, torch.tensor([2, 2])
    yield x, torch.tensor([3, 3])
    yield x[:, :1], torch.tensor([1, 1])
    yield x, torch.tensor([0, 0])
    yield x[:1], torch.tensor([2])
    yield x[:1], torch.tensor([0])
    yield x[..., :1], torch.tensor([1, 2])
    yield x[:, :1], torch.tensor([0, 1])
    yield torch.tensor([[[2**62 + rng.randint(1, 9)], [0]]]), torch.tensor([1])
    with_zeros = torch.tensor([[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]])
    yield with_zeros, torch.tensor([2])
    for y in promised(rng, "any dtype", "any strides", "a batch of one", shape=(3, 4, 2)):
        yield y, lengths_for(rng, y)
    for y in promised(rng, "any strides", shape=(3, 3, 3)):
        yield y, torch.tensor([rng.randint(0, 3) for _ in range(6)])[::2]
    y = torch.tensor(rng.sample(range(1, 61), 24), dtype=torch.float32).reshape(2, 4, 3)
    y[0, 2:] = float("nan")
    y[1] = float("nan")
    yield y, torch.tensor([2, 0])
    y = torch.full((3, 3, 2), float("inf"))
    y[0, 1] = torch.tensor([float("nan"), float(rng.randint(1, 9))])
    y[2, 0] = torch.tensor([-float("inf"), float(rng.randint(1, 9))])
    yield y, torch.tensor([2, 0, 1])
    y = torch.tensor(rng.sample(range(1, 61), 24), dtype=torch.float32).reshape(3, 4, 2)
    yield y, torch.tensor([rng.randint(2, 4), 4, rng.randint(1, 3)])


@exercise.observe
def _(answer, x, lengths):
    result = answer(x, lengths)
    return {"result": result, "shares storage with x": shares_storage(result, x)}


@exercise.mistake(
    "The steps are right, and in one case they are a part of x itself. Whoever writes into them "
    "writes into x. Which of your ways out gives a view?"
)
def a_slice_for_equal_lengths(x, lengths):
    if lengths.min() == lengths.max() and lengths[0] > 0:
        return x[:, int(lengths[0]) - 1]
    steps = x[torch.arange(len(x)), lengths - 1]
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "Yours takes the same step of all sequences: the last of the table, or of the longest. For "
    "a shorter sequence that is padding."
)
def the_end_of_the_row(x, lengths):
    return x[:, -1].clone()


@exercise.mistake(same_as=the_end_of_the_row)
def the_longest_for_all(x, lengths):
    steps = x[:, lengths.max() - 1].clone()
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "A sequence of length 0 got a step. Which index did yours have for it, and what stands there?"
)
def forgets_length_zero(x, lengths):
    return x[torch.arange(len(x)), lengths - 1]


@exercise.mistake(same_as=forgets_length_zero)
def first_step_for_none(x, lengths):
    return x[torch.arange(len(x)), (lengths - 1).clamp(min=0)]


@exercise.mistake(same_as=forgets_length_zero)
def forgets_it_on_a_flat_tensor(x, lengths):
    rows = torch.arange(len(x)) * x.shape[1] + lengths - 1
    return x.reshape(-1, x.shape[-1])[rows]


@exercise.mistake(
    "For a sequence of length 0 yours asks for a step that is not there, and that raises. Not all "
    "ways to index count from the end. What is such a sequence to get?"
)
def gathers_minus_one(x, lengths):
    index = (lengths - 1).reshape(-1, 1, 1).expand(-1, 1, x.shape[2])
    steps = x.gather(1, index).squeeze(1)
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "The first step has number 0. Which number has the last of a sequence of 3 steps?"
)
def one_too_late(x, lengths):
    return x[torch.arange(len(x)), lengths]


@exercise.mistake(same_as=one_too_late)
def one_too_late_but_inside(x, lengths):
    steps = x[torch.arange(len(x)), lengths.clamp(max=x.shape[1] - 1)]
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "Each sequence has its own last step. Yours takes the steps of all of them from every sequence."
)
def all_steps_of_all(x, lengths):
    return x[:, lengths - 1]


@exercise.mistake(
    "Batch and time have changed places: which number says the sequence, and which the step?"
)
def batch_and_time_exchanged(x, lengths):
    steps = x[lengths - 1, torch.arange(len(x))]
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "Only the first feature of each step is there. With gather, the result has the shape of the "
    "index, in every dimension."
)
def first_feature(x, lengths):
    index = (lengths - 1).clamp(min=0).reshape(-1, 1, 1)
    steps = x.gather(1, index).squeeze(1)
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "Padding may hold NaN or infinity, and 0 times either of them is NaN. What is not to count "
    "must not be multiplied."
)
def multiplies_by_zero(x, lengths):
    steps = x[torch.arange(len(x)), lengths - 1]
    return steps * (lengths > 0).unsqueeze(1)


@exercise.mistake(same_as=multiplies_by_zero)
def sums_what_is_left(x, lengths):
    is_last = torch.arange(x.shape[1]) == (lengths - 1).unsqueeze(1)
    return (x * is_last.unsqueeze(2)).sum(1).to(x.dtype)


@exercise.mistake(same_as=multiplies_by_zero)
def product_with_a_mask(x, lengths):
    is_last = (torch.arange(x.shape[1]) == (lengths - 1).unsqueeze(1)).to(x.dtype)
    return torch.einsum("btf,bt->bf", x, is_last)


@exercise.mistake(
    "The result has the dtype of x. In yours another dtype comes into play, for some x at "
    "least: where is it chosen?"
)
def into_float_zeros(x, lengths):
    steps = torch.zeros(len(x), x.shape[2])
    for i, length in enumerate(lengths):
        if length > 0:
            steps[i] = x[i, length - 1]
    return steps


@exercise.mistake(same_as=into_float_zeros)
def sum_of_one_step(x, lengths):
    is_last = torch.arange(x.shape[1]) == (lengths - 1).unsqueeze(1)
    return x.masked_fill(~is_last.unsqueeze(2), 0).sum(dim=1)


@exercise.mistake(same_as=into_float_zeros)
def where_with_a_number(x, lengths):
    steps = x[torch.arange(len(x)), lengths - 1]
    return torch.where((lengths > 0).unsqueeze(1), steps, 0)


@exercise.mistake(
    "With a batch of one sequence, or one feature, a dimension is missing: a size of 1 can be one "
    "that is needed."
)
def squeezes_everything(x, lengths):
    index = (lengths - 1).clamp(min=0).reshape(-1, 1, 1).expand(-1, 1, x.shape[2])
    steps = x.gather(1, index).squeeze()
    steps[lengths == 0] = 0
    return steps


@exercise.mistake("There is one dimension too many: of the time, one step is left, and it goes.")
def keeps_the_time(x, lengths):
    index = (lengths - 1).clamp(min=0).reshape(-1, 1, 1).expand(-1, 1, x.shape[2])
    steps = x.gather(1, index)
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(
    "How long a sequence is, `lengths` says, and not the numbers: a real step may hold zeros, and "
    "padding may hold anything."
)
def until_the_zeros(x, lengths):
    steps = torch.zeros(len(x), x.shape[2], dtype=x.dtype)
    for i, sequence in enumerate(x):
        real = sequence[(sequence != 0).any(1)]
        if lengths[i] > 0 and len(real):
            steps[i] = real[-1]
    return steps


@exercise.mistake("What the caller gave has changed. x and lengths are to stay as they are.")
def clears_the_padding_of_x(x, lengths):
    x[lengths == 0] = 0
    return x[torch.arange(len(x)), lengths - 1]


@exercise.mistake(same_as=clears_the_padding_of_x)
def counts_lengths_down(x, lengths):
    there = lengths > 0
    lengths -= 1
    steps = x[torch.arange(len(x)), lengths]
    steps[~there] = 0
    return steps


@exercise.mistake(
    "A sequence of length 0 has its place in the result, too. Yours leaves it out, and the others "
    "move up."
)
def leaves_out_length_zero(x, lengths):
    there = lengths > 0
    return x[there][torch.arange(int(there.sum())), lengths[there] - 1]


@exercise.mistake(
    "What says which sequences are empty has one dimension, and speaks of the batch. The steps "
    "have two: which of them does it meet in yours?"
)
def mask_without_a_dimension(x, lengths):
    steps = x[torch.arange(len(x)), lengths - 1]
    return torch.where(lengths > 0, steps, torch.zeros_like(steps))


@exercise.mistake(same_as=mask_without_a_dimension)
def clears_columns(x, lengths):
    steps = x[torch.arange(len(x)), lengths - 1]
    steps[:, lengths == 0] = 0
    return steps


@exercise.mistake(same_as=gathers_minus_one)
def last_of_none(x, lengths):
    return torch.stack([x[i, :length][-1] for i, length in enumerate(lengths)])


@exercise.mistake(
    "A real step may hold NaN or an infinity as well, and is to come through as it is. Only "
    "padding is not to be seen."
)
def no_nan_at_all(x, lengths):
    steps = torch.nan_to_num(x[torch.arange(len(x)), lengths - 1])
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(same_as=into_float_zeros)
def into_float_zeros_at_once(x, lengths):
    steps = torch.zeros(x.shape[0], x.shape[2])
    there = lengths > 0
    steps[there] = x[there, lengths[there] - 1]
    return steps


@exercise.mistake(same_as=into_float_zeros)
def where_with_float_zeros(x, lengths):
    steps = x[torch.arange(len(x)), lengths - 1]
    return torch.where((lengths == 0).unsqueeze(1), torch.zeros(x.shape[2]), steps)


@exercise.mistake(
    "All sequences get the step at which one of them ends. Each ends at a step of its own."
)
def where_the_first_ends(x, lengths):
    steps = x[:, lengths[0] - 1].clone()
    steps[lengths == 0] = 0
    return steps


@exercise.mistake(same_as=where_the_first_ends)
def the_first_of_all(x, lengths):
    return x.index_select(1, (lengths - 1).clamp(min=0))[:, 0]


@exercise.right
def gathered(x, lengths):
    batch, _, features = x.shape
    index = (lengths - 1).clamp(min=0).view(batch, 1, 1).expand(batch, 1, features)
    steps = x.gather(1, index).squeeze(1)
    return steps.masked_fill((lengths == 0).unsqueeze(1), 0)


@exercise.right
def a_step_of_zeros_in_front(x, lengths):
    """With a step of zeros before all others, the length itself is the number of the last step."""
    nothing = x.new_zeros(len(x), 1, x.shape[2])
    return torch.cat([nothing, x], dim=1)[torch.arange(len(x)), lengths]


@exercise.right
def one_after_another(x, lengths):
    steps = []
    for sequence, length in zip(x, lengths, strict=True):
        steps.append(sequence[length - 1] if length else torch.zeros_like(sequence[0]))
    return torch.stack(steps)


@exercise.right
def only_those_with_steps(x, lengths):
    steps = torch.zeros_like(x[:, 0])
    (there,) = torch.nonzero(lengths, as_tuple=True)
    steps[there] = x[there, lengths[there] - 1]
    return steps


@exercise.right
def chosen_by_where(x, lengths):
    is_last = torch.arange(1, x.size(1) + 1) == lengths[:, None]
    result = torch.zeros(len(x), x.size(2), dtype=x.dtype)
    result[is_last.any(1)] = x[is_last]
    return result


exercise.equivalent(
    "return steps.masked_fill((lengths == 0).unsqueeze(1), 0)",
    "return steps.masked_fill_((lengths == 0).unsqueeze(1), 0)",
    "return steps.masked_fill((lengths == 0).unsqueeze_(1), 0)",
    because="Both tensors were made here: nobody else sees that they change.",
)


exercise.equivalent(
    "steps.append(sequence[length - 1] if length else torch.zeros_like(sequence[0]))",
    "steps.append(sequence[length - 1] if length else torch.zeros_like(sequence[-1]))",
    because="All steps have the same shape and dtype.",
)


exercise.equivalent(
    "steps = torch.zeros_like(x[:, 0])",
    "steps = torch.zeros_like(x[:, -1])",
    because="All steps have the same shape and dtype.",
)
