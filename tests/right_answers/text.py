"""Other right answers to the exercises of notebook 08."""

import itertools
from collections import Counter, defaultdict

import torch
from torch import nn
from torch.nn.utils.rnn import pack_sequence, unpad_sequence

from tests.right_answers import right


@right("08.1")
def letter_by_letter(text):
    tokens, word = [], ""
    for character in text.lower():
        if character == '"':
            continue
        if character.isspace() or character in ";:.,'()!?":
            tokens += [word] if word else []
            tokens += [character] if character in ".,'()!?" else []
            word = ""
        else:
            word += character
    return tokens + ([word] if word else [])


@right("08.2")
def counts_in_a_dictionary(texts, min_freq=1, specials=()):
    times = defaultdict(int)
    for token in itertools.chain.from_iterable(texts):
        times[token] += 1
    vocab = {}
    for special in specials:
        vocab[special] = len(vocab)
    by_alphabet = sorted(times)
    for token in sorted(by_alphabet, key=times.get, reverse=True):
        if times[token] >= min_freq and token not in vocab:
            vocab[token] = len(vocab)
    return vocab


@right("08.2")
def numbers_at_first_look(texts, min_freq=1, specials=()):
    counter = Counter(itertools.chain(*texts))
    vocab = defaultdict(lambda: len(vocab))
    for token in [*specials, *sorted(counter, key=lambda token: (-counter[token], token))]:
        if token in specials or counter[token] >= min_freq:
            vocab[token]
    return vocab


@right("08.3")
def fills_a_tensor(tokens, vocab):
    ids = torch.full((len(tokens),), vocab["<unk>"])
    for i, token in enumerate(tokens):
        if token in vocab:
            ids[i] = vocab[token]
    return ids


@right("08.4")
def with_zip_longest(texts, pad_id):
    columns = itertools.zip_longest(*texts, fillvalue=pad_id)
    ids = torch.tensor(list(columns)).T
    return ids, torch.tensor(list(map(len, texts)))


@right("08.5")
def counts_up(lengths, time):
    ones = torch.ones(len(lengths), time, dtype=torch.int64)
    return ones.cumsum(dim=1).le(lengths.unsqueeze(1))


@right("08.6")
def text_by_text(vectors, lengths):
    means = [
        text[:length].mean(dim=0) if length else torch.zeros(text.shape[1])
        for text, length in zip(vectors, lengths.tolist(), strict=True)
    ]
    return torch.stack(means)


@right("08.6")
def by_matrix_product(vectors, lengths):
    weights = (torch.arange(vectors.shape[1]) < lengths[:, None]).float()
    weights = weights / weights.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.bmm(weights[:, None, :], vectors)[:, 0]


@right("08.7")
def zero_in_front(lengths):
    offsets = torch.zeros_like(lengths)
    offsets[1:] = lengths[:-1].cumsum(0)
    return offsets


@right("08.8")
def adds_rows_to_bags(table, ids, offsets):
    ends = torch.cat([offsets[1:], torch.tensor([len(ids)])])
    counts = ends - offsets
    bag_of = torch.repeat_interleave(torch.arange(len(offsets)), counts)
    sums = torch.zeros(len(offsets), table.shape[1]).index_add(0, bag_of, table[ids])
    return sums / counts.clamp(min=1)[:, None]


@right("08.9")
def by_two_lists(outputs, lengths):
    return outputs[torch.arange(outputs.shape[0]), lengths - 1]


@right("08.10")
def each_text_alone(rnn, padded, lengths):
    outputs = torch.zeros(*padded.shape[:2], rnn.hidden_size)
    last = torch.zeros(len(padded), rnn.hidden_size)
    for i, length in enumerate(lengths.tolist()):
        alone, _ = rnn(padded[i : i + 1, :length])
        outputs[i, :length] = alone[0]
        last[i] = alone[0, -1]
    return outputs, last


@right("08.10")
def packs_a_list(rnn, padded, lengths):
    texts = unpad_sequence(padded, lengths, batch_first=True)
    packed, last = rnn(pack_sequence(texts, enforce_sorted=False))
    outputs, _ = nn.utils.rnn.pad_packed_sequence(
        packed, batch_first=True, total_length=padded.size(1)
    )
    return outputs, last.squeeze(0)


@right("08.11")
def scores_by_hand(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


@right("08.12")
def one_sample_after_the_other(samples, vocab):
    labels, ids, offsets = [], [], []
    for label, tokens in samples:
        labels.append(label - 1)
        offsets.append(len(ids))
        ids.extend(vocab[t] if t in vocab else vocab["<unk>"] for t in tokens)
    return torch.tensor(labels), torch.tensor(ids).long(), torch.tensor(offsets)
