"""Let a GRU read a batch of texts as if each were alone. `pack_padded_sequence` and
`pad_packed_sequence` can do it; their documentation is short.
"""

import random

import torch
from torch import nn
from torch.nn.utils.rnn import (
    pack_padded_sequence,
    pack_sequence,
    pad_packed_sequence,
    unpad_sequence,
)
from torch.utils.flop_counter import FlopCounterMode

from course_utils.exercise import Exercise
from course_utils.lessons.text.inputs import numbers
from course_utils.observation import attempt


def small_gru(rng: random.Random, inputs: int, hidden: int) -> nn.GRU:
    """A GRU with batch_first=True, the same for the same rng."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(rng.randrange(2**31))
        return nn.GRU(inputs, hidden, batch_first=True)


exercise = Exercise(
    "08.10",
    "A packed batch",
    minutes=15,
    difficulty=3,
    hints=[
        "Three steps: pack, run the network, pad again.",
        "`pack_padded_sequence` has to know that the batch comes first, and that the texts are "
        "not sorted by length.",
        "What the network gives as its second result needs no padding: it is the state after each "
        "text's own last token, of shape (layers, batch, hidden).",
        "`pad_packed_sequence` makes its result as wide as the longest text, unless "
        "`total_length` says otherwise.",
    ],
)


@exercise.reference
def run_packed(rnn, padded, lengths):
    """Run a recurrent network over texts of different lengths, without computing the padding.

    rnn: an nn.GRU with batch_first=True, one layer, one direction. padded: float32 of shape
    (batch, time, features). lengths: int64 of shape (batch,), on the CPU, from 1 to time, in any
    order.
    Returns (outputs, last), both in the order of the batch: outputs of shape (batch, time,
    hidden), as wide as padded, with zeros at the padding; last of shape (batch, hidden), the
    state after each text's last real token. Gradients reach rnn through both.
    """
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=time)
    return outputs, last[0]


@exercise.cases
def _(rng):
    yield small_gru(rng, 1, 2), numbers(rng, 2, 3, 1), torch.tensor([1, 3])
    yield small_gru(rng, 2, 2), numbers(rng, 3, 3, 2), torch.tensor([2, 1, 3])
    yield small_gru(rng, 2, 3), numbers(rng, 3, 5, 2), torch.tensor([2, 4, 1])
    for _ in range(2):
        lengths = [rng.randint(1, 2), 4, rng.randint(2, 3), 3]
        yield small_gru(rng, 2, 2), numbers(rng, 4, 4, 2), torch.tensor(lengths)
    yield small_gru(rng, 1, 2), numbers(rng, 1, 3, 1), torch.tensor([2])
    yield small_gru(rng, 2, 2), numbers(rng, 3, 12, 2), torch.tensor([1, 12, 1])
    column = torch.tensor([[1, 9], [3, 9], [2, 9]])[:, 0]
    yield small_gru(rng, 2, 2), numbers(rng, 3, 3, 2).transpose(0, 1), column


@exercise.observe
def _(answer, rnn, padded, lengths):
    with FlopCounterMode(display=False) as counter:
        result = answer(rnn, padded, lengths)
    needed = int(lengths.sum()) * 2 * sum(w.numel() for w in rnn.parameters() if w.dim() == 2)
    return {
        "result": result,
        # Whoever runs over the real tokens twice computes no padding.
        "more is computed than for the real tokens": counter.get_total_flops()
        not in (needed, 2 * needed),
        "gradients reach the network": attempt(lambda: [one.requires_grad for one in result]),
    }


@exercise.mistake(
    "The network has computed the padding as well: the state of a short text goes on changing "
    "after its last token, whatever the padding is."
)
def not_packed(rnn, padded, lengths):
    outputs, last = rnn(padded)
    return outputs, last[0]


@exercise.mistake(
    "Your outputs have zeros at the padding, but they were computed over the padding first. The "
    "second result is the state after it."
)
def zeroed_afterwards(rnn, padded, lengths):
    outputs, last = rnn(padded)
    real = torch.arange(padded.shape[1]) < lengths[:, None]
    return outputs * real[:, :, None], last[0]


@exercise.mistake(
    "By default packing wants the longest text first and raises for any other order. There is an "
    "argument that lets it sort, and put everything back afterwards."
)
def wants_sorted(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, last[0]


@exercise.mistake(
    "You sorted the texts by length and left the results in that order. Row 0 is no longer text 0, "
    "and the labels do not move along."
)
def stays_sorted(rnn, padded, lengths):
    lengths, order = lengths.sort(descending=True)
    packed = pack_padded_sequence(padded[order], lengths, batch_first=True)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, last[0]


@exercise.mistake(
    "Your outputs are only as wide as the longest text. The batch that was given may be wider, and "
    "its masks are as wide as the batch."
)
def narrower_than_given(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True)
    return outputs, last[0]


@exercise.mistake(
    "The last column of the outputs is zeros for every text that is shorter. The state after its "
    "last token stands elsewhere: what else does the network return?"
)
def last_column_of_zeros(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, _ = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=padded.shape[1])
    return outputs, outputs[:, -1]


@exercise.mistake(
    "Your outputs are (time, batch, hidden). Padding again also has to be told that the batch "
    "comes first."
)
def time_comes_first(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(outputs, total_length=padded.shape[1])
    return outputs, last[0]


@exercise.mistake("Your state still has a dimension for the layers: (1, batch, hidden).")
def keeps_the_layers(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    return pad_packed_sequence(outputs, batch_first=True, total_length=time)[0], last


@exercise.mistake(
    "`squeeze()` without a number takes away every dimension of size 1, with one text also that of "
    "the batch."
)
def squeezes_everything(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    return pad_packed_sequence(outputs, batch_first=True, total_length=time)[0], last.squeeze()


@exercise.mistake(
    "Packing took your batch for (time, batch, features). It also has to be told that the batch "
    "comes first."
)
def packs_time_first(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    return pad_packed_sequence(outputs, batch_first=True, total_length=time)[0], last[0]


@exercise.mistake(
    "You put the texts back by the order that sorted them. What undoes an order is its inverse: "
    "where did text 0 go?"
)
def sorted_twice(rnn, padded, lengths):
    lengths, order = lengths.sort(descending=True)
    outputs, last = rnn(pack_padded_sequence(padded[order], lengths, batch_first=True))
    time = padded.shape[1]
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=time)
    return outputs[order], last[0][order]


@exercise.mistake(
    "The outputs are in the order of the batch, and the states are still in that of the lengths."
)
def only_outputs_put_back(rnn, padded, lengths):
    lengths, order = lengths.sort(descending=True)
    outputs, last = rnn(pack_padded_sequence(padded[order], lengths, batch_first=True))
    time = padded.shape[1]
    outputs, _ = pad_packed_sequence(outputs, batch_first=True, total_length=time)
    return outputs[order.argsort()], last[0]


@exercise.mistake("At the padding of your outputs stands another number. Zeros are asked for.")
def filled_with_minus_one(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    outputs, _ = pad_packed_sequence(
        outputs, batch_first=True, total_length=padded.shape[1], padding_value=-1.0
    )
    return outputs, last[0]


@exercise.mistake("Your outputs are still packed. A tensor is asked for: pad them again.")
def still_packed(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    return outputs, last[0]


@exercise.mistake(
    "The results are right, and most of the work was for nothing: the network has run over the "
    "padding, and you threw away what it made of it."
)
def picked_afterwards(rnn, padded, lengths):
    outputs, _ = rnn(padded)
    real = torch.arange(padded.shape[1]) < lengths[:, None]
    last = outputs[torch.arange(len(padded)), lengths - 1]
    return outputs * real[:, :, None], last


@exercise.mistake(same_as=not_packed)
def zeros_in_place_of_padding(rnn, padded, lengths):
    real = torch.arange(padded.shape[1]) < lengths[:, None]
    outputs, last = rnn(padded * real[:, :, None])
    return outputs, last[0]


@exercise.mistake(
    "The numbers are right, but no gradient comes back through them: the network could never "
    "learn. Who turned the gradients off?"
)
@torch.no_grad()
def without_gradients(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn(packed)
    time = padded.shape[1]
    return pad_packed_sequence(outputs, batch_first=True, total_length=time)[0], last[0]


@exercise.mistake(
    "The results are right, but the network is left in eval mode. It comes back as it was given."
)
def left_in_eval_mode(rnn, padded, lengths):
    packed = pack_padded_sequence(padded, lengths, batch_first=True, enforce_sorted=False)
    outputs, last = rnn.eval()(packed)
    time = padded.shape[1]
    return pad_packed_sequence(outputs, batch_first=True, total_length=time)[0], last[0]


@exercise.right
def each_text_alone(rnn, padded, lengths):
    outputs = torch.zeros(*padded.shape[:2], rnn.hidden_size)
    last = torch.zeros(len(padded), rnn.hidden_size)
    for i, length in enumerate(lengths.tolist()):
        alone, _ = rnn(padded[i : i + 1, :length])
        outputs[i, :length] = alone[0]
        last[i] = alone[0, -1]
    return outputs, last


@exercise.right
def packs_a_list(rnn, padded, lengths):
    texts = unpad_sequence(padded, lengths, batch_first=True)
    packed, last = rnn(pack_sequence(texts, enforce_sorted=False))
    outputs, _ = nn.utils.rnn.pad_packed_sequence(
        packed, batch_first=True, total_length=padded.size(1)
    )
    return outputs, last.squeeze(0)
