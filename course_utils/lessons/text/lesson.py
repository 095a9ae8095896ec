# %% [markdown]
# A model computes with numbers. A text becomes numbers in four steps:
#
# | step | from | to |
# |---|---|---|
# | tokenizer | `"Rain stops"` | `["rain", "stops"]` |
# | vocabulary | `["rain", "stops"]` | `[2, 6]` |
# | batch | texts of different lengths | one tensor, and what tells words from padding |
# | embedding | ids | vectors that the model learns |
#
# Most mistakes happen in the third step. They are quiet: the code runs, and a short text gets
# another answer in a batch of long ones than it gets alone.
#
# ## torchtext, and life without it
#
# **torchtext** was made for the first steps. Its development has ended. The last version is 0.18.0,
# and its compiled part loads only with torch 2.3. This course has two lanes: one has torch 2.3 and
# torchtext, the other a newer torch and no torchtext. So we write each piece first in a few lines
# of plain Python. Where torchtext is there, the same name is then given to torchtext's own object,
# and an `assert` says that both agree.
#
# The next cell says which lane you are in. With torchtext, the lines under `if has_torchtext:` put
# its objects in place. Without torchtext, these lines are left out, and the plain Python does the
# work. All other outputs on this page are the same in both lanes, but for the name and the words of
# one error.

# %% tags=["nbval-ignore-output"]
# Not compared: it says whether this lane has torchtext.
import warnings

from course_utils import environment

has_torchtext = environment.lane() == "torchtext"
if has_torchtext:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns about a line of its source
        import torchtext
    torchtext.disable_torchtext_deprecation_warning()
    print("This lane has torchtext. It is used, and compared with plain Python.")
else:
    print("This lane has no torchtext. Left out: all lines under `if has_torchtext:`.")

# %% [markdown]
# `disable_torchtext_deprecation_warning()` is needed because each part of torchtext says at its
# import that it has ended.
#
# ## Tokens
#
# A **tokenizer** cuts a text into tokens: words and marks. The best known one of torchtext is
# called `"basic_english"`. Its rules: small letters, some marks become tokens, some go away, then
# cut at white space.

# %%
import re


def tokenize(text):
    text = text.lower().replace('"', "").replace("<br />", " ")
    text = re.sub(r"[;:]", " ", text)
    return re.sub(r"([.,'()!?])", r" \1 ", text).split()


tokenize("The match goes on: rain, wind; nothing stops it.")

# %% [markdown]
# torchtext's function is asked for by name. It is the same tokenizer, so we may compare the two on
# every test text of the course's news.

# %%
from course_utils import data

tokenizer = tokenize
if has_torchtext:
    from torchtext.data.utils import get_tokenizer

    tokenizer = get_tokenizer("basic_english")
    assert all(tokenizer(text) == tokenize(text) for _, text in data.news("test"))
tokenizer('Ann said "no" (twice).')

# %% [markdown]
# **Predict 08.p1.** How many tokens does `"Don't stop!"` have?

# %%
from course_utils import predict

guess = ...
predict("08.p1", guess, lambda: len(tokenizer("Don't stop!")))

# %% [markdown]
# ## A vocabulary
#
# A **vocabulary** gives each token an id. Frequent tokens come first, and equally frequent ones in
# the order of the alphabet. So the same texts always give the same ids.
#
# Two **special tokens** stand in front. `<pad>` fills up short texts, and `<unk>` stands for words
# that are not known.

# %%
from collections import Counter


def number_tokens(texts, min_freq=1, specials=("<pad>", "<unk>")):
    counter = Counter(token for tokens in texts for token in tokens)
    frequent = [token for token in counter if counter[token] >= min_freq]
    ordered = sorted(frequent, key=lambda token: (-counter[token], token))
    return {token: i for i, token in enumerate([*specials, *ordered])}


headlines = [tokenizer(t) for t in ("Rain stops", "The match goes on", "Rain")]
number_tokens(headlines)

# %% [markdown]
# One corner is left open: a text in which a special token stands itself. Exercise 08.2 closes it.
#
# In torchtext `build_vocab_from_iterator` does this step. It takes anything that yields lists of
# tokens. `get_stoi()` (string to index) gives its content as a dictionary.

# %%
vocab = number_tokens(headlines)
if has_torchtext:
    from torchtext.vocab import build_vocab_from_iterator

    vocab = build_vocab_from_iterator(headlines, specials=["<pad>", "<unk>"])
    assert vocab.get_stoi() == number_tokens(headlines)
len(vocab), vocab["<pad>"], vocab["rain"]

# %% [markdown]
# **Predict 08.p2.** The word *sun* is in no headline. What does `vocab["sun"]` give? Write a
# number, or `'error'`.

# %%
guess = ...
build = build_vocab_from_iterator if has_torchtext else number_tokens


def look_up_sun():
    vocab = build(headlines, specials=["<pad>", "<unk>"])
    return vocab["sun"]


predict("08.p2", guess, look_up_sun)

# %% [markdown]
# torchtext wants to be told what an unknown word gets: `set_default_index`. In plain Python, a
# class made from `dict` may have a method `__missing__`. `vocab[token]` calls it for a key that is
# not there. (`vocab.get(token)` does not call it, and gives None.) From here on, `make_vocab` does
# the whole step.


# %%
class Vocab(dict):
    def __missing__(self, token):
        return self["<unk>"]


def make_vocab(texts, min_freq=1):
    if not has_torchtext:
        return Vocab(number_tokens(texts, min_freq))
    found = build_vocab_from_iterator(texts, min_freq=min_freq, specials=["<pad>", "<unk>"])
    found.set_default_index(found["<unk>"])
    return found


vocab = make_vocab(headlines)
[vocab[token] for token in ["rain", "sun", "match"]]

# %% [markdown]
# `min_freq=2` leaves out words that come up only once. A word seen once teaches little, and such
# words are often half of a vocabulary. They become `<unk>`, so the model also learns what an
# unknown word is like.

# %%
len(make_vocab(headlines)), len(make_vocab(headlines, min_freq=2))

# %% [markdown]
# ## How many rows does the embedding need?
#
# `nn.Embedding(n, features)` is a table of n rows. It is given ids and returns rows. Our headlines
# have six different words. Then `<pad>` and `<unk>` were put in front.
#
# **Predict 08.p3.** What is the shape of `six_rows(torch.tensor([vocab["the"]]))`? Write a shape,
# or `'error'`.

# %%
import torch
from torch import nn

six_rows = nn.Embedding(6, 3)
guess = ...
predict("08.p3", guess, lambda: six_rows(torch.tensor([vocab["the"]])).shape)

# %% [markdown]
# So count rows when the vocabulary is finished, specials included: `nn.Embedding(len(vocab), ...)`.
# On a CUDA GPU the same bug only says *device-side assert*; run such code on the CPU to find it.
#
# **Predict 08.p4.** Some people pad with -1. What does `table(torch.tensor([-1]))` give? Write
# `'last row'`, `'zeros'` or `'error'`.

# %%
table = nn.Embedding(len(vocab), 3)
guess = ...
predict("08.p4", guess, lambda: table(torch.tensor([-1])))

# %% [markdown]
# ## Padding, and its mask
#
# Texts of different lengths do not stack. `pad_sequence` fills them up to the longest one.

# %%
from torch.nn.utils.rnn import pad_sequence

texts = [torch.tensor([vocab[token] for token in tokens]) for tokens in headlines]
texts

# %% [markdown]
# **Predict 08.p5.** There are three texts, and the longest has four tokens. What is the shape of
# `pad_sequence(texts)`?

# %%
guess = ...
predict("08.p5", guess, lambda: pad_sequence(texts).shape)

# %% [markdown]
# We want a text in each row, so `batch_first=True`. And say `padding_value`. Its default is 0.0. It
# happens to be right here, because `<pad>` is 0, but for labels 0 is a real class.

# %%
ids = pad_sequence(texts, batch_first=True, padding_value=vocab["<pad>"])  # (batch, time)
lengths = torch.tensor([len(text) for text in texts])  # (batch,)
ids, lengths

# %% [markdown]
# A **mask** says for each place whether it is real. It is made from the lengths, as in lesson 02.

# %%
places = torch.arange(ids.shape[1])  # (time,)
real = places < lengths[:, None]  # (batch, time)
real

# %%
from course_utils import figures

figures.padding(texts, ids, real)

# %% [markdown]
# `ids != 0` gives the same mask, as long as no text itself contains the id of `<pad>`. The lengths
# are always right.
#
# torchtext has classes for these steps. `VocabTransform` looks ids up, `Truncate` cuts long texts,
# `ToTensor` pads, if you give it `padding_value=`. `Sequential` runs one after the other. In plain
# Python:


# %%
def to_batch(batch, longest=3):
    rows = [torch.tensor([vocab[token] for token in tokens[:longest]]) for tokens in batch]
    return pad_sequence(rows, batch_first=True, padding_value=vocab["<pad>"])


if has_torchtext:
    from torchtext import transforms as T

    by_hand = to_batch(headlines)
    steps = T.VocabTransform(vocab), T.Truncate(3), T.ToTensor(padding_value=vocab["<pad>"])
    to_batch = T.Sequential(*steps)
    assert torch.equal(to_batch(headlines), by_hand)
to_batch(headlines)  # (batch, 3)

# %% [markdown]
# `AddToken` puts a special token at one end of each text, for example `<bos>` for *begin of
# sentence*. In plain Python that is `[begin, *ids]`.
#
# ## padding_idx
#
# `nn.Embedding(8, 2, padding_idx=0)` makes row 0 a row of zeros.
#
# **Predict 08.p6.** After `nn.init.ones_(embedding.weight)`, what is row 0? Write a list of 2
# numbers.


# %%
def row_of_padding():
    embedding = nn.Embedding(8, 2, padding_idx=0)
    nn.init.ones_(embedding.weight)
    return embedding.weight[0].tolist()


guess = ...
predict("08.p6", guess, row_of_padding)

# %% [markdown]
# `padding_idx` sets the row to zeros **when the embedding is made**, and no look-up gives it a
# gradient. That is all. Initialising by type, or loading a table of vectors, writes into the row.
# Set it to zero again afterwards, under `torch.no_grad()`, or better: mask.
#
# And zeros are not *nothing*. Take a text of two tokens in a batch of width 4.
#
# **Predict 08.p7.** The tokens have the vectors 2.0 and 4.0, the padding has zeros. What is the
# mean over the row?

# %%
padded_row = torch.tensor([2.0, 4.0, 0.0, 0.0])  # (time,)
guess = ...
predict("08.p7", guess, lambda: padded_row.mean().item())

# %% [markdown]
# Take the sum of the real places, and divide by their number. `clamp(min=1)` is for empty texts,
# which would give 0 / 0.

# %%
torch.manual_seed(0)
embedding = nn.Embedding(len(vocab), 3)


def mean_of_real(ids, lengths):
    real = torch.arange(ids.shape[1]) < lengths[:, None]  # (batch, time)
    vectors = embedding(ids) * real[:, :, None]  # (batch, time, 3)
    return vectors.sum(dim=1) / lengths.clamp(min=1)[:, None]  # (batch, 3)


means = mean_of_real(ids, lengths)  # (batch, 3)
alone = mean_of_real(texts[2][None], lengths[2:])  # (1, 3)
torch.allclose(means[2], alone[0])

# %% [markdown]
# Text 2 has one token. It gets the same vector alone as in a batch of width 4. This is the test to
# make for every model that reads batches of texts, in `eval()` mode: dropout would draw anew.
# Without the mask it fails:

# %%
torch.allclose(embedding(ids).mean(dim=1)[2], alone[0])

# %% [markdown]
# ## Recurrent networks
#
# A recurrent network reads a text token by token. After each one it has a new **state**. `nn.GRU`
# gives two results: the outputs of all steps, and the state after the last step.
#
# **Predict 08.p8.** Someone says: "With `padding_idx` the padding is zeros, so the network ignores
# it." We feed zeros. Does the state stay the same? Write `True` or `False`.

# %%
gru = nn.GRU(3, 5, batch_first=True)
guess = ...


def state_stays():
    state = torch.ones(1, 1, 5)  # 5 numbers for one text
    _, after = gru(torch.zeros(1, 1, 3), state)
    return torch.equal(state, after)


predict("08.p8", guess, state_stays)

# %% [markdown]
# The state is multiplied by weights, and biases are added, whatever comes in. What does that mean
# for the outputs of a padded row?
#
# **Predict 08.p9.** Text 0 has two tokens, the batch has width 4. Is `outputs[0, -1]` the output
# after the second token of text 0?

# %%
outputs, state = gru(embedding(ids))  # outputs: (batch, time, 5)
guess = ...
predict("08.p9", guess, lambda: torch.equal(outputs[0, -1], outputs[0, 1]))

# %% [markdown]
# Place -1 is the last column, and for a short text it is padding. `state` has gone through the
# padding, too. The last *real* place of a text is its length minus 1. `gather` takes it, with an
# index that is expanded over the features (lesson 02).

# %%
index = (lengths - 1)[:, None, None].expand(-1, 1, 5)  # (batch, 1, 5)
last = outputs.gather(1, index).squeeze(1)  # (batch, 5)
alone, _ = gru(embedding(texts[0][None]))  # (1, 2, 5)
torch.allclose(last[0], alone[0, -1])

# %% [markdown]
# This works because a GRU reads from left to right: what comes after a token cannot change its
# output. A network that also reads from right to left (`bidirectional=True`) begins with the
# padding. There `gather` is not enough: pack the batch.
#
# ## Packing
#
# `pack_padded_sequence` keeps the real steps only. The result's `batch_sizes` say how many texts
# are still running at step 0, step 1, and so on.
#
# **Predict 08.p10.** Our lengths are 2, 4, 1. What are the `batch_sizes` of
# `pack_padded_sequence(ids, lengths, batch_first=True)`? Write a list, or `'error'`.

# %%
from torch.nn.utils.rnn import pack_padded_sequence

guess = ...
predict("08.p10", guess, lambda: pack_padded_sequence(ids, lengths, batch_first=True).batch_sizes)

# %% [markdown]
# With `enforce_sorted=False` it sorts for itself, and remembers the order of the batch. (The
# lengths must be on the CPU, also when the batch is on a GPU.)
#
# **Predict 08.p11.** What are the `batch_sizes` now? Write a list, or `'error'`.

# %%
packed = pack_padded_sequence(ids, lengths, batch_first=True, enforce_sorted=False)
guess = ...
predict("08.p11", guess, lambda: packed.batch_sizes)

# %%
figures.packing(ids, lengths)

# %% [markdown]
# Seven places are computed, five are not. A recurrent network takes the packed batch as it is.
# `pad_packed_sequence` makes a padded one of the result, in the order of the batch.

# %%
from torch.nn.utils.rnn import pad_packed_sequence

vectors = pack_padded_sequence(embedding(ids), lengths, batch_first=True, enforce_sorted=False)
packed_outputs, state = gru(vectors)
outputs, lengths_again = pad_packed_sequence(packed_outputs, batch_first=True)
outputs.shape, lengths_again  # (batch, time, 5), (batch,)

# %% [markdown]
# **Predict 08.p12.** The network has `batch_first=True`, one layer, and 5 numbers in each state
# (its *hidden size*). The batch has 3 texts. What is the shape of `state`?

# %%
guess = ...
predict("08.p12", guess, lambda: state.shape)

# %% [markdown]
# After packing, `state[0]` is what we want: the state after the last real token of each text. Each
# text gets the same one alone:


# %%
def same_alone(i):
    _, alone = gru(embedding(texts[i][None]))  # (1, 1, 5)
    return torch.allclose(state[0, i], alone[0, 0], atol=1e-6)


[same_alone(i) for i in range(3)]

# %% [markdown]
# Two rules about packing and states. A text needs one token at least: `pack_padded_sequence`
# refuses a length of 0. And a state that you make yourself has the size of one batch; the last
# batch is often smaller. If it is padded, that is an error. If it is packed with
# `enforce_sorted=False`, nothing is said: the network takes the first states, one for each text.
# Make the state in `forward`, for as many texts as the batch has, or leave it out: without one,
# the network begins with zeros.
#
# With `bidirectional=True` a second network reads from right to left. The outputs of both stand
# side by side: here 5 numbers of the first, then 5 of the second.
#
# **Predict 08.p13.** No padding this time: one text of four tokens. Is `outputs[0, -1, 5:]`, the
# second half at the last place, the last state of the second network? Write `True` or `False`.


# %%
def last_of_both_directions():
    torch.manual_seed(0)
    both = nn.GRU(3, 5, batch_first=True, bidirectional=True)
    outputs, state = both(torch.randn(1, 4, 3))  # (1, 4, 10), (2, 1, 5)
    return torch.equal(outputs[0, -1, 5:], state[1, 0])


guess = ...
predict("08.p13", guess, last_of_both_directions)

# %% [markdown]
# `state` holds the right ones: `state[0]` and `state[1]`, one for each direction.
#
# One more trap: someone forgets `batch_first=True`.
#
# **Predict 08.p14.** `mixed = nn.GRU(2, 5)` reads `x` of shape (batch, time, features). We change
# text 0. Does that change the output of text 1? Write `True` or `False`.


# %%
def text_1_changes():
    mixed = nn.GRU(2, 5)
    x = torch.zeros(3, 4, 2)  # (batch, time, features)
    before = mixed(x)[0][1]
    x[0] = 1.0
    return not torch.equal(before, mixed(x)[0][1])


guess = ...
predict("08.p14", guess, text_1_changes)

# %% [markdown]
# A batch of shape (3, 4, 2) was accepted, and read as 4 texts of length 3. `nn.LSTM`, `nn.RNN`,
# `nn.MultiheadAttention` and `nn.TransformerEncoderLayer` have the same default.
#
# ## Bags instead of padding
#
# If only the mean of the vectors is wanted, no padding is needed at all. All ids of the batch lie
# in one row, and **offsets** say where each text begins. `nn.EmbeddingBag` takes both.
#
# **Predict 08.p15.** Our texts have 2, 4 and 1 tokens. What are their offsets? Write a list.

# %%
row = torch.cat(texts)  # (all tokens,)
offsets = lengths.cumsum(dim=0) - lengths  # (bags,)
guess = ...
predict("08.p15", guess, lambda: offsets)

# %% [markdown]
# An end is the sum of all lengths up to a text; a beginning is its end minus its own length. A
# common slip is to forget the sum: 0, then all lengths but the last, so `[0, 2, 4]` here.
#
# **Predict 08.p16.** With a table of ones and `mode="sum"`, a bag's result is the number of its
# ids. What does `[0, 2, 4]` give? Write a list of 3 numbers, or `'error'`.

# %%
counting = nn.EmbeddingBag.from_pretrained(torch.ones(len(vocab), 1), mode="sum")
slip = torch.tensor([0, 2, 4])
guess = ...
predict("08.p16", guess, lambda: counting(row, slip).flatten())

# %%
figures.bags(row, {"right": offsets, "the slip": slip})

# %% [markdown]
# No error says so: two words of text 1 now belong to text 2. On the CPU, torch looks at the ends
# only: the first offset has to be 0, the last one at most the number of ids. If an offset is
# smaller than the one before it, nothing is promised: there may be an error, or wrong numbers.
#
# The same table as above, as bags. The result is the masked mean, and the short text gets it alone,
# too. An empty text gives zeros. (With `padding_idx=`, a bag leaves that id out of its mean. So an
# `nn.EmbeddingBag` can take padded rows; an `nn.Embedding` never leaves anything out.)

# %%
bags = nn.EmbeddingBag.from_pretrained(embedding.weight.detach(), mode="mean")
alone = bags(texts[2], torch.tensor([0]))  # (1, 3)
torch.allclose(bags(row, offsets), means), torch.allclose(bags(row, offsets)[2], alone[0])

# %%
bags(texts[2], torch.tensor([0, 1]))[1]  # (3,)

# %% [markdown]
# ## Attention: what True means
#
# In attention each token has three vectors: a **query**, a **key** and a **value**. The query of a
# token is compared with the keys of all tokens, and that gives a score for each. A softmax turns
# the scores into weights that add up to 1. The result is the mean of all values with these weights.
# Padding must get the weight 0, by a mask. But there are two kinds of mask.
#
# **Predict 08.p17.** Two tokens with equal scores have the values 10 and 20. The mask is
# `[True, False]`. What does `scaled_dot_product_attention` give?


# %%
def attend_to_two():
    query, keys = torch.zeros(1, 1, 1), torch.zeros(1, 2, 1)  # (batch, places, features)
    values = torch.tensor([[[10.0], [20.0]]])  # (1, 2, 1)
    mask = torch.tensor([[[True, False]]])  # (1, 1, 2)
    return nn.functional.scaled_dot_product_attention(query, keys, values, mask).item()


guess = ...
predict("08.p17", guess, attend_to_two)

# %% [markdown]
# | where | True means | 1.0 means |
# |---|---|---|
# | `scaled_dot_product_attention`, `attn_mask` | may be looked at | is added to the score |
# | `nn.MultiheadAttention`, `key_padding_mask` and `attn_mask` | blocked | is added to the score |
# | Hugging Face, `attention_mask` | | may be looked at (as the whole number 1) |
#
# A mask of float numbers is no mask of yes and no. torch adds it to the scores, so 1.0 makes a
# place *more* important. Hugging Face's mask holds whole numbers, which both of torch's refuse:
# give them `mask.bool()` or `~mask.bool()`.
#
# So the same batch needs `real` for the one and `~real` for the other. The mask belongs to the
# **keys**, the tokens that are looked at, and is the same for all queries of a text.

# %%
x = embedding(ids)  # (batch, time, 3)
scaled = nn.functional.scaled_dot_product_attention
y = scaled(x, x, x, attn_mask=real[:, None, :])  # (batch, time, 3)
short = embedding(texts[0][None])  # (1, 2, 3)
torch.allclose(y[0, :2], scaled(short, short, short)[0], atol=1e-6)

# %%
attention = nn.MultiheadAttention(3, num_heads=1, batch_first=True)
y, _ = attention(x, x, x, key_padding_mask=~real)  # (batch, time, 3)
alone, _ = attention(short, short, short)  # (1, 2, 3)
torch.allclose(y[0, :2], alone[0], atol=1e-6)

# %% [markdown]
# With the mask turned around, the short text looks at padding only:

# %%
y, _ = attention(x, x, x, key_padding_mask=real)
torch.allclose(y[0, :2], alone[0], atol=1e-6)

# %% [markdown]
# **Predict 08.p18.** A text has no tokens at all: every place is blocked. What does `attention`
# give for it? Write `'zeros'`, `'nan'` or `'error'`.

# %%
guess = ...


def nothing_to_look_at():
    y, _ = attention(x[:1], x[:1], x[:1], key_padding_mask=torch.ones(1, 4).bool())
    return "nan" if y.isnan().all() else "zeros"


predict("08.p18", guess, nothing_to_look_at)

# %% [markdown]
# A NaN spreads through the loss into the gradients, and with the next step into the weights.
# `scaled_dot_product_attention` gives NaN in torch 2.3, too, but zeros in newer versions. There,
# `nn.MultiheadAttention` with `need_weights=False` gives numbers or NaN: that depends on the number
# of heads, on `eval()` and on `no_grad()`. So rely on neither: leave empty texts out, or keep one
# place open.

# %% [markdown]
# ## A classifier of news
#
# Now the real thing. The course's news have the format of AG_NEWS: a label from 1 to 4 and a text.
# They were written for this course.

# %%
items = data.news("train")
label, text = items[0]
print(len(items), "items. The first:", data.NEWS_CLASSES[label])
print(text[:70])

# %% [markdown]
# The vocabulary comes from the **training** texts only. Words that come up less than 3 times are
# left out. How many tokens of the test texts are unknown?

# %%
train = [(label, tokenizer(text)) for label, text in items]
test = [(label, tokenizer(text)) for label, text in data.news("test")]
news_vocab = make_vocab([tokens for _, tokens in train], min_freq=3)
seen = [news_vocab[token] != news_vocab["<unk>"] for _, tokens in test for token in tokens]
len(news_vocab), f"{1 - sum(seen) / len(seen):.0%} unknown"

# %% [markdown]
# Labels go from 1 to 4, four classes in all. The loss is **cross-entropy**: it takes one number for
# each class, called the logits, and the label.
#
# **Predict 08.p19.** What does cross-entropy give for four logits and the label 4? Write a number,
# or `'error'`.

# %%
from torch.nn import functional as F

guess = ...
predict("08.p19", guess, lambda: F.cross_entropy(torch.zeros(1, 4), torch.tensor([4])).item())

# %% [markdown]
# So the `collate_fn` takes 1 away. It puts the texts into bags: one row of ids, and offsets.


# %%
def collate(samples):
    labels = torch.tensor([label - 1 for label, _ in samples])  # (batch,)
    lengths = torch.tensor([len(tokens) for _, tokens in samples])  # (batch,)
    ids = [news_vocab[token] for _, tokens in samples for token in tokens]
    ids = torch.tensor(ids, dtype=torch.int64)  # (all tokens,); of no ids it would be float32
    return labels, ids, lengths.cumsum(dim=0) - lengths


labels, news_ids, news_offsets = collate(train[:3])  # (batch,), (all tokens,), (batch,)
labels, len(news_ids), news_offsets


# %% [markdown]
# The model: the mean of the word vectors, then one linear layer.
#
# **Predict 08.p20.** Can it tell "man bites dog" from "dog bites man"? Write `True` or `False`.


# %%
class NewsModel(nn.Module):
    def __init__(self, words, features=32, classes=4):
        super().__init__()
        self.bags = nn.EmbeddingBag(words, features, mode="mean")
        self.head = nn.Linear(features, classes)

    def forward(self, ids, offsets):
        return self.head(self.bags(ids, offsets))  # (batch, classes)


torch.manual_seed(0)
model = NewsModel(len(news_vocab))
model(news_ids, news_offsets).shape  # (batch, classes)

# %%
guess = ...


def told_apart():
    one_way, other_way = torch.tensor([2, 3, 4]), torch.tensor([4, 3, 2])
    start = torch.tensor([0])
    return not torch.allclose(model(one_way, start), model(other_way, start))


predict("08.p20", guess, told_apart)

# %%
from torch.utils.data import DataLoader

# A training loop. Lessons 09 and 10 explain its loss, its optimizer and its steps.
loader = DataLoader(train, batch_size=32, shuffle=True, collate_fn=collate)
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
for _ in range(12):
    for labels, news_ids, news_offsets in loader:
        loss = F.cross_entropy(model(news_ids, news_offsets), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %% [markdown]
# How often is it right? Guessing would give one in four.


# %%
def accuracy(samples):
    labels, ids, offsets = collate(samples)
    with torch.no_grad():
        return (model(ids, offsets).argmax(dim=1) == labels).float().mean().item()


print("training above 95 %:", accuracy(train) > 0.95)
print("test above 70 %:", accuracy(test) > 0.7)

# %% [markdown]
# It knows the training texts by heart, and is right in about four of five new ones. With a few
# hundred texts, many words of a new text are unknown. More texts help more than a larger model.
#
# And your own sentence? Change it.


# %%
def classify(text):
    _, ids, offsets = collate([(1, tokenizer(text))])
    return data.NEWS_CLASSES[model(ids, offsets).argmax().item() + 1]


classify("The striker scored twice and the club won the final match.")

# %% [markdown]
# The last check: a text in a batch of all the others gets the same logits as alone.

# %%
_, news_ids, news_offsets = collate(test)
together = model(news_ids, news_offsets)  # (test texts, 4)
_, news_ids, news_offsets = collate(test[5:6])
torch.allclose(together[5], model(news_ids, news_offsets)[0], atol=1e-5)

# %% [markdown]
# ## AG_NEWS itself
#
# The full set has 120000 training texts. Download it once, in a terminal: `python -m
# course_utils.data ag_news`. Then `data.news("train", full=True)` reads it, in both lanes; and
# `COURSE_FULL=1` makes this whole page use it.
#
# `torchtext.datasets.AG_NEWS` reads the same file. The next cell compares the two where both are
# there. Without the download it compares nothing, so that it never starts one; it then looks at
# the course's own news only.

# %%
downloaded = (data.full_folder() / data.AG_NEWS_FOLDER / "test.csv").exists()
sets = [data.news("test")]
if downloaded:
    sets.append(data.news("test", full=True))
if downloaded and has_torchtext:
    from torchtext.datasets import AG_NEWS

    assert list(AG_NEWS(root=str(data.full_folder()), split="test")) == sets[1]
all(label in data.NEWS_CLASSES for items in sets for label, _ in items)

# %% [markdown]
# ## What to use now
#
# | torchtext | now |
# |---|---|
# | `get_tokenizer("basic_english")` | `tokenize` above; Hugging Face `tokenizers` |
# | `build_vocab_from_iterator` | `Counter`, `sorted` and a dictionary; a tokenizer brings its own |
# | `torchtext.transforms` | a function in `collate_fn`, with `pad_sequence` |
# | `torchtext.datasets.AG_NEWS` | Python's `csv`; Hugging Face `datasets` |
# | `torchtext.models` | Hugging Face `transformers` |
#
# Modern tokenizers cut words into **pieces**, so that hardly any word is unknown. A model that was
# trained with one tokenizer works with no other: the two are saved and loaded together.

# %% [markdown]
# ## Summary
#
# | piece | remember |
# |---|---|
# | tokenizer | small letters and marks: the same function for training and for use |
# | vocabulary | from training texts only; specials first; unknown words need an id |
# | `nn.Embedding` | `len(vocab)` rows, specials included; no negative ids |
# | `padding_idx` | zeros at first, no gradient from look-ups; a mask only in `nn.EmbeddingBag` |
# | `pad_sequence` | `batch_first=True`, `padding_value=`; keep the lengths |
# | mask | `arange(time) < lengths[:, None]`: True is real |
# | mean | masked sum, divided by the length |
# | last output | place `lengths - 1`, by `gather`; or the state after packing |
# | `pack_padded_sequence` | `batch_first=True`, `enforce_sorted=False`, lengths on the CPU |
# | `nn.EmbeddingBag` | no padding; offsets are beginnings: `cumsum - lengths` |
# | attention | read what True means; mask the keys |
# | the test for all | in `eval()` mode, a text gets the same answer alone and in a batch |

# %% [markdown]
# ## What people get wrong
#
# - "`padding_idx` guarantees a zero vector." Only until something writes to the row:
#   [thread](https://github.com/pytorch/pytorch/issues/6411).
# - "With `padding_idx` the RNN ignores the padding." Zeros change the state, too:
#   [thread](https://github.com/bentrevett/pytorch-pos-tagging/issues/8).
# - "`out[:, -1]` is the last output of every sequence." For a short one it is padding:
#   [thread](https://github.com/keitakurita/practical-torchtext/issues/5).
# - "`pack_padded_sequence` takes the batch as it comes." Only with `enforce_sorted=False`:
#   [thread](https://github.com/pytorch/pytorch/issues/3662).
# - "`EmbeddingBag` offsets are the lengths of the bags." They are beginnings, and a missing
#   `cumsum` may be silent: [thread](https://github.com/pytorch/tutorials/issues/1359).
# - "True in a mask means masked." In `scaled_dot_product_attention` it means the opposite:
#   [thread](https://github.com/rasbt/LLMs-from-scratch/issues/1061).
# - "`nn.LSTM` and `nn.TransformerEncoderLayer` take (batch, time, features)." Only with
#   `batch_first=True`, and the states of an LSTM keep (layers, batch, hidden):
#   [thread](https://github.com/Exorust/TorchLeet/issues/5).
# - "`Embedding(len(vocab))`, and then two specials more." Two rows are missing:
#   [thread](https://github.com/bentrevett/pytorch-seq2seq/issues/89).
# - "`pad_sequence` returns (batch, time)." The default is (time, batch), and its 0.0 may be a real
#   label: [thread](https://github.com/pytorch/pytorch/pull/22528).
# - "Negative indices work everywhere, as in Python." On the CPU, an embedding, `gather` and
#   `index_select` refuse them: [thread](https://github.com/pytorch/pytorch/issues/9407).
# - "A mask that hides everything gives zeros." `nn.MultiheadAttention` gives NaN. Only a newer
#   torch with `need_weights=False` gives numbers, and not always:
#   [thread](https://github.com/pytorch/pytorch/issues/160064).
# - "`out[:, -1]` of a bidirectional network is its last state." Of the second direction, it is the
#   first.
# - "AG_NEWS and text transforms come with torchtext." They do, but torchtext has ended: 0.18.0 is
#   the last version, and newer versions of torch cannot load it.

# %% [markdown]
# ## Further reading
#
# - [`nn.Embedding`](https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html),
#   [`nn.EmbeddingBag`](https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html),
#   [`nn.GRU`](https://pytorch.org/docs/stable/generated/torch.nn.GRU.html)
# - [`pad_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html),
#   [`pack_padded_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html),
#   [`pad_packed_sequence`](https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html)
# - [`scaled_dot_product_attention`](https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html),
#   [`nn.MultiheadAttention`](https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html):
#   compare what their masks mean
# - [`torch.gather`](https://pytorch.org/docs/stable/generated/torch.gather.html),
#   [`torch.cumsum`](https://pytorch.org/docs/stable/generated/torch.cumsum.html),
#   [`cross_entropy`](https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html),
#   [`torch.optim.Adam`](https://pytorch.org/docs/stable/generated/torch.optim.Adam.html),
#   [`DataLoader`](https://pytorch.org/docs/stable/data.html)
# - [torchtext 0.18](https://pytorch.org/text/0.18.0/): `get_tokenizer`,
#   `build_vocab_from_iterator`, `torchtext.transforms`, `AG_NEWS`
