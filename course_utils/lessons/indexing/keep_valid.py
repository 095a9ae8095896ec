"""A batch of sequences of different lengths, padded to one length. Many computations want only the
real steps, in one row, and have to know afterwards from which sequence each came.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.13",
    "Only the real steps",
    minutes=12,
    difficulty=2,
    hints=[
        "For lengths 2 and 3, write down by hand which cells of a (2, 4) table are real.",
        "Comparing the numbers of the steps with a column of lengths gives a mask for the whole "
        "table.",
        "A mask of two dimensions picks from a tensor of three as well. And where a mask is True, "
        "`nonzero` knows.",
    ],
)


@exercise.reference
def keep_valid(x, lengths):
    """The real steps of all sequences, in order, and from which sequence each one is.

    x: shape (batch, time, ...), any dtype, any strides. lengths: int64, shape (batch,), from 0 to
    time: the steps after them are padding.
    Returns a tuple (steps, owners): a copy of the real steps, shape (number of real steps, ...);
    and the row of x of each of them, int64, shape (number of real steps,).
    """
    real = torch.arange(x.shape[1]) < lengths[:, None]  # (batch, time)
    return x[real], real.nonzero()[:, 0]


def _lengths(rng, batch, time):
    return torch.tensor([rng.randint(0, time) for _ in range(batch)])


def _numbers(rng, *shape):
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randint(-9, 9) / 2 for _ in range(count)]).reshape(shape)


@exercise.cases
def _(rng):
    yield torch.tensor([[1.0, 2.0, 0.0], [3.0, 4.0, 5.0]]), torch.tensor([2, 3])
    yield torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]), torch.tensor([1, 2])
    # A zero may be real, and padding may be anything.
    yield torch.tensor([[0.0, 3.0, 9.0], [4.0, 0.0, float("nan")]]), torch.tensor([2, 2])
    yield torch.tensor([[7, 8], [5, 6], [1, 2]]), torch.tensor([1, 0, 2])
    yield torch.tensor([[7, 8], [5, 6], [1, 2]]), torch.tensor([0, 2, 0])
    yield torch.tensor([[7, 8], [5, 6]]), torch.tensor([0, 0])
    yield torch.tensor([[7, 8], [5, 6]]), torch.tensor([0, 1])
    yield _numbers(rng, 2, 2, 1), torch.tensor([1, 0])
    yield _numbers(rng, 2, 3, 2), torch.tensor([0, 0])
    yield torch.tensor([[4.0, 2.0, 6.0]]), torch.tensor([3])
    yield torch.tensor([[4.0, 2.0, 6.0]]), torch.tensor([2])
    yield _numbers(rng, 1, 3, 2), torch.tensor([2])
    yield _numbers(rng, 2, 2, 2), torch.tensor([2, 2])
    yield _numbers(rng, 3, 3), torch.tensor([1, 3, 2])
    yield _numbers(rng, 3, 3, 3), torch.tensor([3, 1, 2])
    yield _numbers(rng, 2, 3, 2, 2), torch.tensor([3, 1])
    for x in promised(rng, "any dtype", "any strides", shape=(3, 4)):
        yield x, _lengths(rng, *x.shape[:2])
    for x in promised(rng, "any strides", shape=(3, 4, 2)):
        yield x, _lengths(rng, 2 * x.shape[0], x.shape[1])[::2]
    for _ in range(3):
        x = _numbers(rng, rng.randint(2, 4), rng.randint(2, 5), rng.randint(1, 3))
        yield x, _lengths(rng, *x.shape[:2])


@exercise.observe
def _(answer, x, lengths):
    result = answer(x, lengths)
    is_pair = isinstance(result, tuple) and len(result) == 2
    steps, owners = result if is_pair else (result, None)
    return {
        "steps": steps,
        "owners": owners,
        "steps share the storage of x": shares_storage(steps, x),
    }


@exercise.mistake(
    "The padding is still there. Which steps of a sequence are real is said by its length."
)
def padding_too(x, lengths):
    return x.flatten(0, 1), torch.arange(len(x)).repeat_interleave(x.shape[1])


@exercise.mistake(
    "Yours takes zeros for padding, or the other way round. A real step may be 0, and padding may "
    "be anything: only the lengths know."
)
def zeros_are_padding(x, lengths):
    real = x != 0
    real = real.flatten(2).any(2) if x.dim() > 2 else real
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(
    "A step too many is taken from the sequences. A length of 2 means the steps 0 and 1."
)
def one_too_many(x, lengths):
    real = torch.arange(x.shape[1]) <= lengths[:, None]
    return x[real], real.nonzero()[:, 0]


@exercise.mistake("A step too few is taken. A length of 2 means the steps 0 and 1.")
def one_too_few(x, lengths):
    real = torch.arange(1, x.shape[1] + 1) < lengths[:, None]
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(
    "Yours keeps what stands at the end of each row. That is where the padding is: the real "
    "steps come first."
)
def from_the_end(x, lengths):
    time = x.shape[1]
    real = torch.arange(time) >= time - lengths[:, None]
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(same_as=from_the_end)
def the_padding_only(x, lengths):
    real = torch.arange(x.shape[1]) >= lengths[:, None]
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(
    "Steps are compared with the lengths of other sequences. The lengths belong to rows: which "
    "shape do they need for that?"
)
def lengths_as_a_row(x, lengths):
    real = torch.arange(x.shape[1])[:, None] < lengths
    real = real if real.shape == x.shape[:2] else real.T
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(same_as=lengths_as_a_row)
def lengths_not_a_column(x, lengths):
    real = (torch.arange(x.shape[1]) < lengths).expand(x.shape[:2])
    return x[real], real.nonzero()[:, 0]


@exercise.mistake(
    "The steps are right, and those of one sequence are torn apart. All steps of the first "
    "sequence are to come first, then all of the second."
)
def step_by_step(x, lengths):
    real = torch.arange(x.shape[1])[:, None] < lengths
    return x.transpose(0, 1)[real], real.nonzero()[:, 1]


@exercise.mistake(
    "owners says at which time a step stood, alone or beside its row. Asked for is the row "
    "alone: from which sequence a step is."
)
def times_for_owners(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real], real.nonzero()[:, 1]


@exercise.mistake(same_as=times_for_owners)
def both_for_owners(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real], real.nonzero()


@exercise.mistake(
    "owners has an entry for each sequence. It is to have one for each step, so that both can be "
    "read side by side."
)
def rows_for_owners(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real], torch.arange(len(x))


@exercise.mistake(same_as=rows_for_owners)
def lengths_for_owners(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real], lengths


@exercise.mistake(
    "Sequences without a step are skipped in the counting of rows, so that all later owners are "
    "too small."
)
def counts_without_empty_ones(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    kept = lengths[lengths > 0]
    return x[real], torch.arange(len(kept)).repeat_interleave(kept)


@exercise.mistake(
    "Yours works for one number a step. A step may also be a vector, or more: it stays together, "
    "and its numbers are not picked one by one."
)
def numbers_one_by_one(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    whole = real.reshape(real.shape + (1,) * (x.dim() - 2)).expand(x.shape)
    return x[whole], real.nonzero()[:, 0]


@exercise.mistake(
    "Yours works where each step is a vector. A step may also be one number, or have more "
    "dimensions: what stands behind (batch, time) in the shape of x stays as it is."
)
def steps_are_vectors(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    steps = x[real]
    return steps.reshape(-1, x.shape[-1]), real.nonzero()[:, 0]


@exercise.mistake(same_as=steps_are_vectors)
def vectors_by_a_mask(x, lengths):
    real = torch.arange(x.shape[1]) < lengths.unsqueeze(1)
    steps = torch.masked_select(x, real.unsqueeze(-1)).view(-1, x.shape[-1])
    return steps, real.nonzero()[:, 0]


@exercise.mistake(same_as=numbers_one_by_one)
def owners_of_numbers(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    whole = real.reshape(real.shape + (1,) * (x.dim() - 2)).expand(x.shape)
    return x[whole], whole.nonzero()[:, 0]


@exercise.mistake(
    "The padding is 0 now, and still there. The real steps alone are asked for, in one row."
)
def padding_set_to_zero(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    shaped = real.reshape(real.shape + (1,) * (x.dim() - 2))
    return x.masked_fill(~shaped, 0), real.nonzero()[:, 0]


@exercise.mistake(
    "You give one tensor for each sequence. They are to be in one tensor, one after another."
)
def a_list_of_sequences(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    steps = [row[:length] for row, length in zip(x, lengths.tolist(), strict=True)]
    return steps, real.nonzero()[:, 0]


@exercise.mistake("The steps are there; from which sequence each one is was asked for as well.")
def steps_alone(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real]


@exercise.mistake(
    "Your owners are not always int64, as was asked for. Think of the case without any step, "
    "too: an empty list does not say what it would hold."
)
def owners_of_another_dtype(x, lengths):
    steps, owners = keep_valid(x, lengths)
    return steps, owners.float()


@exercise.mistake(same_as=owners_of_another_dtype)
def owners_in_int32(x, lengths):
    steps, owners = keep_valid(x, lengths)
    return steps, owners.int()


@exercise.mistake(same_as=owners_of_another_dtype)
def owners_from_a_list(x, lengths):
    owners = [row for row, length in enumerate(lengths.tolist()) for _ in range(length)]
    return keep_valid(x, lengths)[0], torch.tensor(owners)


@exercise.mistake(
    "A dimension is lost where there is one step only, or a step holds one number. How many "
    "dimensions are asked for?"
)
def owners_squeezed(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real], real.nonzero()[:, :1].squeeze()


@exercise.mistake(same_as=owners_squeezed)
def steps_squeezed(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    return x[real].squeeze(), real.nonzero()[:, 0]


@exercise.mistake(
    "You give a view of x: who writes into the steps writes into the batch. A copy was asked for."
)
def a_view_of_one_sequence(x, lengths):
    if len(x) == 1:
        return x[0, : int(lengths[0])], torch.zeros(int(lengths[0]), dtype=torch.int64)
    return keep_valid(x, lengths)


@exercise.mistake(same_as=a_view_of_one_sequence)
def a_view_where_all_is_real(x, lengths):
    batch, time = x.shape[:2]
    if bool((lengths == time).all()):
        return x.flatten(0, 1), torch.arange(batch).repeat_interleave(time)
    return keep_valid(x, lengths)


@exercise.right
def sequence_by_sequence(x, lengths):
    parts, owners = [], []
    for row, length in enumerate(lengths.tolist()):
        parts.append(x[row, :length])
        owners.extend([row] * length)
    return torch.cat(parts), torch.tensor(owners, dtype=torch.int64)


@exercise.right
def from_two_indices(x, lengths):
    row, step = torch.where(torch.arange(x.size(1)) < lengths.unsqueeze(1))
    return x[row, step], row


@exercise.right
def repeated_rows(x, lengths):
    owners = torch.repeat_interleave(lengths)
    starts = lengths.cumsum(0) - lengths
    steps = torch.arange(len(owners)) - starts[owners]
    return x.flatten(0, 1).index_select(0, owners * x.shape[1] + steps), owners


@exercise.right
def through_masked_select(x, lengths):
    real = torch.arange(x.shape[1]) < lengths[:, None]
    places = torch.arange(real.numel()).reshape(real.shape).masked_select(real)
    return x.reshape(real.numel(), *x.shape[2:])[places], places // x.shape[1]


exercise.equivalent(
    "for row, length in enumerate(lengths.tolist()):",
    "for row, length in enumerate(lengths):",
    because="A tensor of one whole number can end a slice and repeat a list.",
)


exercise.equivalent(
    "starts = lengths.cumsum(0) - lengths",
    "starts = lengths.cumsum(-1) - lengths",
    because="The lengths have one dimension, so that first and last are the same.",
)


exercise.equivalent(
    "places = torch.arange(real.numel()).reshape(real.shape).masked_select(real)",
    "places = torch.arange(real.numel()).view(real.shape).masked_select(real)",
    because="arange makes its result here, and it is contiguous.",
)
