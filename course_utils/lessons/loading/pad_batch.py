"""Texts of different lengths cannot be stacked. Pad them with a given number, and make a mask that
says which numbers are words. Padded with 0:

```
[(tensor([5, 0]), 1), (tensor([7, 8, 9]), 0)]
    ->  tensor([[5, 0, 0],     tensor([[ True,  True, False],     tensor([1, 0])
                [7, 8, 9]])            [ True,  True,  True]])
```

(A loader calls its `collate_fn` with the samples alone: `lambda samples: pad_batch(samples, 0)`.)
"""

import torch
import torch.nn.functional as F
import torch.utils.data
from torch.nn.utils.rnn import pad_sequence

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.11",
    "A collate function that pads",
    minutes=15,
    difficulty=2,
    hints=[
        "The function gets a list of samples. First take it apart: all sequences, all labels.",
        "`pad_sequence` fills up at the end. Read its page: which dimension comes first, and with "
        "what does it fill?",
        "Write down the lengths before you pad: they decide the mask, not what the batch holds.",
        "Compare the places 0, 1, 2, ... of a row with its length.",
    ],
)


@exercise.reference
def pad_batch(samples, padding_value):
    """Make one batch of sequences of different lengths.

    samples: a list of pairs (sequence, label), not empty: sequence an int64 tensor of shape
    (length,), not empty, contiguous or not; label an int. padding_value: an int, which may stand
    in sequences as well. Returns a tuple of three tensors: the sequences with padding_value after
    their ends, int64, of shape (batch, longest); a bool mask of the same shape, True where a
    number comes from a sequence; the labels, int64, of shape (batch,). The samples stay in their
    order.
    """
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])  # (batch,)
    labels = torch.tensor([label for _, label in samples])  # (batch,)
    padded = pad_sequence(sequences, batch_first=True, padding_value=padding_value)
    mask = torch.arange(padded.shape[1]) < lengths[:, None]  # (batch, longest)
    return padded, mask, labels


@exercise.cases
def _(rng):
    def sequence(length):
        return torch.tensor([rng.randint(1, 9) for _ in range(length)])

    yield [(torch.tensor([5, 6]), 1), (torch.tensor([7, 8, 9]), 0)], 0
    yield [(torch.tensor([4, 4, 4]), 2)], 0
    yield [(torch.tensor([5, 0]), 1), (torch.tensor([0, 8, 0]), 0)], 0
    yield [(torch.tensor([5, 7]), 1), (torch.tensor([7, 0, 7]), 0), (torch.tensor([3]), 1)], 7
    yield [(sequence(n), rng.randint(0, 3)) for n in (3, 1, 4)], -100
    # No float32 holds the numbers, and what may seem to be free for a mark is a word.
    large = torch.tensor([2**24 + 1, -1, 2**53 + 1, -100])
    yield [(torch.tensor([-1, 2**31 + 1]), 2**24 + 1), (large, -1)], 0
    column = torch.tensor([[rng.randint(0, 9), 50] for _ in range(rng.randint(5, 7))])[:, 0]
    yield [(column, 2), (sequence(4)[1:], 0), (sequence(rng.randint(5, 8))[::2], 1)], 1


class Taken:
    """What the wrong answers below share."""

    def __init__(self, samples, padding_value=0):
        self.sequences = [sequence for sequence, _ in samples]
        self.lengths = torch.tensor([len(sequence) for sequence in self.sequences])
        self.labels = torch.tensor([label for _, label in samples])
        self.padded = pad_sequence(self.sequences, batch_first=True, padding_value=padding_value)
        self.mask = torch.arange(self.padded.shape[1]) < self.lengths[:, None]


@exercise.mistake(
    "The first dimension is the position in the sequence here. A batch has the samples first."
)
def position_first(samples, padding_value):
    batch = Taken(samples)
    padded = pad_sequence(batch.sequences, padding_value=padding_value)
    return padded, batch.mask, batch.labels


@exercise.mistake(same_as=position_first)
def mask_for_position_first(samples, padding_value):
    batch = Taken(samples)
    padded = pad_sequence(batch.sequences, padding_value=padding_value)
    return padded, batch.mask.t(), batch.labels


@exercise.mistake(
    "All sequences are cut to the shortest one. What was behind it is lost; padding loses nothing."
)
def cut_to_the_shortest(samples, padding_value):
    batch = Taken(samples)
    shortest = int(batch.lengths.min())
    cut = torch.stack([sequence[:shortest] for sequence in batch.sequences])
    return cut, torch.ones_like(cut, dtype=torch.bool), batch.labels


@exercise.mistake(same_as=cut_to_the_shortest)
def cut_with_the_mask(samples, padding_value):
    batch = Taken(samples)
    shortest = int(batch.lengths.min())
    cut = torch.stack([sequence[:shortest] for sequence in batch.sequences])
    return cut, batch.mask, batch.labels


@exercise.mistake("The padding stands in front of the sequences. It belongs after their ends.")
def padding_in_front(samples, padding_value):
    batch = Taken(samples)
    return in_front(batch, padding_value), batch.mask.flip(1), batch.labels


def in_front(batch, padding_value):
    longest = int(batch.lengths.max())
    return torch.stack(
        [F.pad(s, (longest - len(s), 0), value=padding_value) for s in batch.sequences]
    )


@exercise.mistake(same_as=padding_in_front)
def padding_in_front_mask_behind(samples, padding_value):
    batch = Taken(samples)
    return in_front(batch, padding_value), batch.mask, batch.labels


@exercise.mistake(
    "A number inside a sequence may be equal to the padding. It is a word all the same: your mask "
    "leaves it out."
)
def mask_by_value(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.padded != padding_value, batch.labels


@exercise.mistake(
    "Your mask takes a number for a mark that no word should have. Any whole number may stand in a "
    "sequence, also one below 0."
)
def mask_by_another_padding(samples, padding_value):
    batch = Taken(samples, padding_value)
    marked = pad_sequence(batch.sequences, batch_first=True, padding_value=-1)
    return batch.padded, marked != -1, batch.labels


@exercise.mistake(same_as=mask_by_another_padding)
def mask_of_what_is_not_negative(samples, padding_value):
    batch = Taken(samples, padding_value)
    marked = pad_sequence(batch.sequences, batch_first=True, padding_value=-1)
    return batch.padded, marked >= 0, batch.labels


@exercise.mistake(same_as=mask_by_another_padding)
def mask_by_minus_a_hundred(samples, padding_value):
    batch = Taken(samples, padding_value)
    marked = pad_sequence(batch.sequences, batch_first=True, padding_value=-100)
    return batch.padded, marked != -100, batch.labels


@exercise.mistake(
    "Your mask asks whether a number is 0. A word may be 0, and the padding may be another number."
)
def mask_of_what_is_not_zero(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.padded != 0, batch.labels


@exercise.mistake(
    "Your mask is the wrong way round: it is True at the padding. (Some layers of torch want it "
    "so; here True is a word.)"
)
def mask_turned_round(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, ~batch.mask, batch.labels


@exercise.mistake(same_as=mask_turned_round)
def mask_of_the_padding_value(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.padded == padding_value, batch.labels


@exercise.mistake(
    "Your mask is True everywhere. After padding, all rows are equally long; which numbers are "
    "words is known only before."
)
def mask_after_padding(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, torch.ones_like(batch.padded, dtype=torch.bool), batch.labels


@exercise.mistake("Your mask holds numbers. A mask of dtype bool was asked for.")
def mask_of_numbers(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask.long(), batch.labels


@exercise.mistake(same_as=mask_of_numbers)
def mask_of_decimals(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask.float(), batch.labels


@exercise.mistake(
    "The lengths stand where the mask should be. They say the same; who computes with the batch "
    "wants a True or False for each number."
)
def lengths_for_the_mask(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.lengths, batch.labels


@exercise.mistake(same_as=lengths_for_the_mask)
def lengths_and_zeros(samples, padding_value):
    batch = Taken(samples)
    return batch.padded, batch.lengths, batch.labels


@exercise.mistake("Your padding is always 0, whatever number was asked for.")
def always_zeros(samples, padding_value):
    batch = Taken(samples)
    return batch.padded, batch.mask, batch.labels


@exercise.mistake(
    "Your padded batch holds decimal numbers. Words are numbered, and an embedding looks them up "
    "by int64. Which dtype does torch take for a new tensor, when nobody says?"
)
def float_padding(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded.float(), batch.mask, batch.labels


@exercise.mistake(
    "A large number came back as its neighbour. Floats hold all whole numbers up to a limit only, "
    "float32 up to 2**24; to turn them into int64 afterwards does not bring the others back."
)
def by_way_of_floats(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded.float().long(), batch.mask, batch.labels


@exercise.mistake(same_as=by_way_of_floats)
def by_way_of_float64(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded.double().long(), batch.mask, batch.labels


@exercise.mistake(same_as=by_way_of_floats)
def labels_by_way_of_floats(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask, batch.labels.float().long()


@exercise.mistake(
    "The labels are a Python list. With your own collate function nobody else makes a tensor of "
    "them."
)
def labels_as_a_list(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask, batch.labels.tolist()


@exercise.mistake("Labels are numbers of classes: int64. Yours have another dtype.")
def float_labels(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask, batch.labels.float()


@exercise.mistake(same_as=float_labels)
def small_labels(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask, batch.labels.int()


@exercise.mistake("The labels have a dimension too many: there is one label for each sample.")
def labels_in_a_column(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.mask, batch.labels[:, None]


@exercise.mistake(
    "The sequences are sorted by length, and the labels stayed where they were: now they belong "
    "to other sequences."
)
def sorted_without_labels(samples, padding_value):
    by_length = sorted(samples, key=lambda sample: len(sample[0]), reverse=True)
    batch = Taken(by_length, padding_value)
    return batch.padded, batch.mask, Taken(samples).labels


@exercise.mistake(
    "The samples come back in another order than they came. Nobody asked to sort them."
)
def sorted_by_length(samples, padding_value):
    batch = Taken(sorted(samples, key=lambda s: len(s[0]), reverse=True), padding_value)
    return batch.padded, batch.mask, batch.labels


@exercise.mistake(same_as=sorted_by_length)
def shortest_first(samples, padding_value):
    batch = Taken(sorted(samples, key=lambda s: len(s[0])), padding_value)
    return batch.padded, batch.mask, batch.labels


@exercise.mistake("The batch is wider than its longest sequence: a whole column is padding.")
def a_column_too_many(samples, padding_value):
    batch = Taken(samples, padding_value)
    padded = F.pad(batch.padded, (0, 1), value=padding_value)
    return padded, F.pad(batch.mask, (0, 1)), batch.labels


@exercise.mistake("The three parts are there, in another order than was asked for.")
def labels_before_the_mask(samples, padding_value):
    batch = Taken(samples, padding_value)
    return batch.padded, batch.labels, batch.mask


@exercise.right
def padded_row_by_row(samples, padding_value):
    longest = max(len(sequence) for sequence, _ in samples)
    rows, marks = [], []
    for sequence, _ in samples:
        rows.append(F.pad(sequence, (0, longest - len(sequence)), value=padding_value))
        marks.append([place < len(sequence) for place in range(longest)])
    return torch.stack(rows), torch.tensor(marks), torch.tensor([label for _, label in samples])


@exercise.right
def mask_padded_as_well(samples, padding_value):
    sequences, labels = zip(*samples, strict=True)
    marks = [torch.ones_like(sequence) for sequence in sequences]
    padded = pad_sequence(sequences, batch_first=True, padding_value=padding_value)
    return padded, pad_sequence(marks, batch_first=True).bool(), torch.tensor(labels)
