"""Texts of different lengths cannot be stacked. Pad them with zeros, and keep the lengths.

```
[(tensor([5, 6]), 1), (tensor([7, 8, 9]), 0)]
    ->  tensor([[5, 6, 0], [7, 8, 9]]), tensor([2, 3]), tensor([1, 0])
```
"""

import torch
import torch.nn.functional as F
import torch.utils.data
from torch.nn.utils.rnn import pad_sequence

from course_utils.exercise import Exercise

exercise = Exercise(
    "06.11",
    "A collate function that pads",
    minutes=12,
    difficulty=2,
    hints=[
        "The function gets a list of samples. First take it apart: all sequences, all labels.",
        "Write down the lengths before you pad; afterwards they are all equal.",
        "`pad_sequence` puts zeros at the end. Read its page: which dimension comes first?",
    ],
)


@exercise.reference
def pad_batch(samples):
    """Make one batch of sequences of different lengths.

    samples: a list of pairs (sequence, label): sequence an int64 tensor of shape (length,),
    label an int. Returns a tuple of three int64 tensors: the sequences with zeros after their
    ends, of shape (batch, longest); their lengths, of shape (batch,); the labels, of shape
    (batch,). The samples stay in their order.
    """
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])  # (batch,)
    labels = torch.tensor([label for _, label in samples])  # (batch,)
    return pad_sequence(sequences, batch_first=True), lengths, labels


@exercise.cases
def _(rng):
    def sequence(length):
        return torch.tensor([rng.randint(1, 9) for _ in range(length)])

    yield ([(torch.tensor([5, 6]), 1), (torch.tensor([7, 8, 9]), 0)],)
    yield ([(torch.tensor([4, 4, 4]), 2)],)
    yield ([(sequence(n), rng.randint(0, 3)) for n in (3, 1, 4)],)
    yield ([(sequence(rng.randint(5, 7)), rng.randint(0, 3)) for _ in range(4)],)


@exercise.mistake(
    "Your first dimension is the position in the sequence. A batch has the samples first."
)
def position_first(samples):
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(sequences), lengths, torch.tensor([label for _, label in samples])


@exercise.mistake(
    "You cut all sequences to the shortest one. What was behind it is lost; padding loses nothing."
)
def cut_to_the_shortest(samples):
    shortest = min(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    cut = torch.stack([sequence[:shortest] for sequence, _ in samples])
    return cut, lengths, torch.tensor([label for _, label in samples])


@exercise.mistake("Your zeros stand in front of the sequences. They belong after the end.")
def zeros_in_front(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    padded = torch.zeros(len(samples), longest, dtype=torch.int64)
    for row, (sequence, _) in zip(padded, samples, strict=True):
        row[longest - len(sequence) :] = sequence
    return padded, lengths, torch.tensor([label for _, label in samples])


@exercise.mistake(
    "You measured the lengths after padding, when all are equal. Nobody can tell any more where a "
    "sequence ends."
)
def lengths_after_padding(samples):
    padded = pad_sequence([sequence for sequence, _ in samples], batch_first=True)
    lengths = torch.tensor([len(row) for row in padded])
    return padded, lengths, torch.tensor([label for _, label in samples])


@exercise.mistake(
    "Your padded batch holds decimal numbers: `torch.zeros` makes float32. Words are numbered, and "
    "an embedding looks them up by int64."
)
def float_padding(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    padded = torch.zeros(len(samples), longest)
    for row, (sequence, _) in zip(padded, samples, strict=True):
        row[: len(sequence)] = sequence
    return padded, lengths, torch.tensor([label for _, label in samples])


@exercise.mistake(
    "Your function leaves the labels as a Python list. With your own collate function nobody else "
    "makes a tensor of them."
)
def labels_as_a_list(samples):
    sequences = [sequence for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(sequences, batch_first=True), lengths, [label for _, label in samples]


@exercise.mistake(
    "You sorted the sequences by length, and the labels stayed where they were: now they belong "
    "to other sequences."
)
def sorted_without_labels(samples):
    sequences = sorted([sequence for sequence, _ in samples], key=len, reverse=True)
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    labels = torch.tensor([label for _, label in samples])
    return pad_sequence(sequences, batch_first=True), lengths, labels


@exercise.right
def padded_row_by_row(samples):
    longest = max(len(sequence) for sequence, _ in samples)
    rows = [F.pad(sequence, (0, longest - len(sequence))) for sequence, _ in samples]
    lengths = torch.tensor([len(sequence) for sequence, _ in samples])
    return torch.stack(rows), lengths, torch.tensor([label for _, label in samples])
