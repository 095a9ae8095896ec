"""In attention every token looks at every token. Make sure that none looks at padding."""

import torch
import torch.nn.functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.text.inputs import numbers

exercise = Exercise(
    "08.11",
    "Attention that ignores padding",
    minutes=15,
    difficulty=3,
    hints=[
        "`F.scaled_dot_product_attention(query, key, value, attn_mask=...)`. Read what True means "
        "in its `attn_mask`: it is not what True means in `nn.MultiheadAttention`.",
        "The scores have the shape (batch, queries, keys). Padding is to be ignored as a *key*.",
        "The mask of shape (batch, keys) needs a dimension in the middle, so that it is the same "
        "for all queries of a text.",
    ],
)


@exercise.reference
def attend(query, key, value, lengths):
    """Attention in which no token looks at padding.

    query, key, value: float32 of shape (batch, time, features). lengths: int64 of shape
    (batch,), from 1 to time.
    Returns float32 of shape (batch, time, features): for each place the weighted mean of the
    values of the real tokens of its own text, weights softmax(query . key / sqrt(features)).
    Places that are padding look at the real tokens, too; nobody will read their results.
    """
    real = torch.arange(key.shape[1]) < lengths[:, None]  # (batch, keys)
    mask = real[:, None, :]  # (batch, 1, keys)
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@exercise.cases
def _(rng):
    yield numbers(rng, 2, 3, 2), numbers(rng, 2, 3, 2), numbers(rng, 2, 3, 2), torch.tensor([2, 3])
    yield numbers(rng, 1, 2, 1), numbers(rng, 1, 2, 1), numbers(rng, 1, 2, 1), torch.tensor([1])
    yield (
        *(numbers(rng, 3, 3, 2) for _ in range(3)),
        torch.tensor([1, rng.randint(1, 2), rng.randint(1, 3)]),
    )
    yield (*(numbers(rng, 2, 4, 2) for _ in range(3)), torch.tensor([3, rng.randint(1, 2)]))


@exercise.mistake(
    "In your mask True means *blocked*, as in `nn.MultiheadAttention`. In "
    "`scaled_dot_product_attention` True means the opposite: your texts look at padding only."
)
def true_is_blocked(query, key, value, lengths):
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=padding[:, None, :])


@exercise.mistake("There is no mask, so each token also looks at padding.")
def no_mask(query, key, value, lengths):
    return F.scaled_dot_product_attention(query, key, value)


@exercise.mistake(
    "You masked the queries: a place that is padding looks at nothing. The others still look at "
    "padding."
)
def masks_the_queries(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, :, None])


@exercise.mistake(
    "Your mask has numbers. A mask of floats is *added* to the scores: real tokens get a little "
    "more weight, and padding still gets some."
)
def ones_are_added(query, key, value, lengths):
    real = (torch.arange(key.shape[1]) < lengths[:, None]).float()
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, None, :])


@exercise.mistake(
    "The values of the padding no longer count, but the padding has taken its share of the "
    "weights. The weights of the real tokens have to add up to 1."
)
def zeros_as_values(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value * real[:, :, None])


@exercise.mistake(
    "Your mask has two dimensions, and they are read as (queries, keys): the row of text 1 is used "
    "for query 1 of every text. Where the sizes do not agree it raises; where they do, nothing is "
    "said."
)
def two_dimensions(query, key, value, lengths):
    real = torch.arange(key.shape[1]) < lengths[:, None]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real)


@exercise.right
def scores_by_hand(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value
