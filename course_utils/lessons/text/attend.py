"""In attention every token looks at every token. Make sure that none looks at padding."""

import torch
import torch.nn.functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.text.facts import result_and_gradients
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
    Scores may be as large as some hundreds. Gradients reach query, key and value. Places that are
    padding look at the real tokens, too; nobody will read their results.
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
    twenty = torch.tensor([[[-20.0], [20.0]]])  # a score of padding is 400, that of a token -400
    yield -twenty, twenty, torch.tensor([[[1.0], [9.0]]]), torch.tensor([1])
    yield (*(numbers(rng, 1, 2, 4) for _ in range(3)), torch.tensor([2]))  # nothing is padding
    views = (numbers(rng, 3, 2, 5).transpose(0, 1) for _ in range(3))
    yield (*views, torch.tensor([[1, 9], [2, 9]])[:, 0])
    leaves = (numbers(rng, 1, 3, 2).requires_grad_() for _ in range(3))
    yield (*leaves, torch.tensor([2]))


@exercise.observe
def _(answer, query, key, value, lengths):
    result = answer(query, key, value, lengths)
    return result_and_gradients(result, query=query, key=key, value=value)


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


@exercise.mistake(
    "Your scores are too large: with more features a sum of products grows, and the weights go "
    "to one single token. Something stands below the scores in the formula."
)
def without_the_root(query, key, value, lengths):
    scores = query @ key.transpose(1, 2)
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


@exercise.mistake(
    "You divide the scores by another number than the formula: look at what stands under the "
    "root, and whether there is one."
)
def divides_by_features(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1]
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


@exercise.mistake(same_as=divides_by_features)
def root_of_time(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


@exercise.mistake(
    "Your weights add up to 1 over the queries. For each query, they have to add up to 1 over "
    "the keys."
)
def softmax_over_the_queries(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=1) @ value


@exercise.mistake(
    "Padding has the score 0 in yours, and softmax makes a weight above 0 of it. Which score "
    "gives the weight 0?"
)
def scores_times_mask(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return (scores * ~padding[:, None, :]).softmax(dim=-1) @ value


@exercise.mistake(
    "Padding still has some weight: the number that you gave to its scores can be reached, or "
    "passed, by those of real tokens."
)
def not_low_enough(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return scores.masked_fill(padding[:, None, :], -10.0).softmax(dim=-1) @ value


@exercise.mistake(same_as=not_low_enough)
def not_low_enough_for_large_scores(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return scores.masked_fill(padding[:, None, :], -100.0).softmax(dim=-1) @ value


@exercise.mistake(
    "You masked queries and keys. A place that is padding then looks at nothing, and the mean "
    "of nothing is no number. Only keys are to be ignored."
)
def masks_both(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    both = padding[:, None, :] | padding[:, :, None]
    return scores.masked_fill(both, float("-inf")).softmax(dim=-1) @ value


@exercise.mistake(
    "The results at padding are zeros in yours. These places look at the real tokens, as the "
    "others do."
)
def zeros_at_padding(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return (scores.softmax(dim=-1) @ value) * ~padding[:, :, None]


@exercise.mistake(
    "Your tokens look back only. Here each one looks at all real tokens of its text, also at "
    "later ones."
)
def looks_back_only(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    later = torch.ones(key.shape[1], key.shape[1], dtype=torch.bool).triu(1)
    return scores.masked_fill(later, float("-inf")).softmax(dim=-1) @ value


@exercise.mistake("All texts have the mask of the first one. Each has its own length.")
def mask_of_the_first_text(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[0]
    return scores.masked_fill(padding, float("-inf")).softmax(dim=-1) @ value


@exercise.mistake(same_as=two_dimensions)
def two_dimensions_by_hand(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    return scores.masked_fill(padding, float("-inf")).softmax(dim=-1) @ value


@exercise.mistake(
    "One place too many is real in your mask. A text of length 2 has the places 0 and 1."
)
def one_too_many(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) > lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value


@exercise.mistake("Your result is narrower than the batch. As many places come back as were given.")
def cuts_to_the_longest(query, key, value, lengths):
    time = int(lengths.max())
    real = torch.arange(time) < lengths[:, None]
    query, key, value = query[:, :time], key[:, :time], value[:, :time]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, None, :])


@exercise.mistake(
    "The numbers are right, but no gradient comes back through them: no layer before this one "
    "could learn. On the way something has left the graph."
)
def out_of_the_graph(query, key, value, lengths):
    with torch.no_grad():
        real = torch.arange(key.shape[1]) < lengths[:, None]
        return F.scaled_dot_product_attention(query, key, value, attn_mask=real[:, None, :])


@exercise.right
def scores_by_hand(query, key, value, lengths):
    scores = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
    padding = torch.arange(key.shape[1]) >= lengths[:, None]
    scores = scores.masked_fill(padding[:, None, :], float("-inf"))
    return scores.softmax(dim=-1) @ value
