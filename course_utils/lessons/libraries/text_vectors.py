"""An encoder gives a vector for each token. For a search you need one for each text: the mean over
its tokens. It must not depend on which other texts are in the batch.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.models import padded_ids, tiny_encoder

exercise = Exercise(
    "12.10",
    "One vector for a text",
    minutes=12,
    difficulty=2,
    hints=[
        "Padding can get into the result twice: while the model reads, and while you average.",
        "The output has parts with names. Which of them has a vector for each token?",
        "A mask of shape (batch, length, 1) broadcasts over the hidden size. By which number does "
        "the sum have to be divided?",
    ],
)


@exercise.reference
def text_vectors(model, input_ids, attention_mask):
    """The mean of an encoder's last hidden states over the tokens of each text.

    model: an encoder such as BertModel, in any mode. It is used in eval mode, and afterwards it is
    in the mode it was in. input_ids, attention_mask: int64, shape (batch, length), any strides.
    The mask is 1 for tokens, 0 for the padding behind them, which may have any id. Special tokens
    count like others, and each text has at least one token.
    Returns float32 of shape (batch, hidden_size), without a graph. A text gets the same vector in
    every batch.
    """
    was_training = model.training
    model.eval()
    with torch.no_grad():
        states = model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    model.train(was_training)
    real = attention_mask[:, :, None]  # (batch, length, 1)
    return (states * real).sum(dim=1) / real.sum(dim=1)


@exercise.cases
def _(rng):
    ids = torch.tensor([[2, 7, 9, 3]])
    yield tiny_encoder(rng).eval(), ids, torch.ones_like(ids)
    ids, mask = torch.tensor([[2, 7, 9, 3], [2, 8, 0, 0]]), torch.tensor([[1] * 4, [1, 1, 0, 0]])
    yield tiny_encoder(rng).eval(), ids, mask
    ids, mask = torch.tensor([[2, 0, 9, 3], [0, 0, 5, 5]]), torch.tensor([[1] * 4, [1, 1, 0, 0]])
    yield tiny_encoder(rng), ids, mask
    yield tiny_encoder(rng).eval(), *padded_ids(rng, [5, 1, 3], 6)
    lengths = [rng.randint(2, 5), rng.randint(2, 5)]
    yield tiny_encoder(rng), *padded_ids(rng, lengths, rng.randint(0, 9))


@exercise.observe
def _(answer, model, input_ids, attention_mask):
    calls = []
    hook = model.register_forward_hook(lambda *_: calls.append(1))
    vectors = answer(model, input_ids, attention_mask)
    hook.remove()
    with torch.no_grad():
        answer(model, input_ids, attention_mask)
        on = torch.is_grad_enabled()
    return {
        "vectors": vectors,
        "called inside no_grad(), it leaves the recording on": on,
        "is in a graph": getattr(vectors, "requires_grad", "no tensor"),
        "hooks of the model ran": bool(calls),
    }


def output(model, *args, **named):
    """What the model gives in eval mode, without a graph; it stays in its mode."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        result = model(*args, **named)
    model.train(was_training)
    return result


def mean(states, mask):
    real = mask[:, :, None]
    return (states * real).sum(dim=1) / real.sum(dim=1)


@exercise.mistake(
    "The vectors of the padding are in your mean. They are not zero: the model gives a vector at "
    "every place."
)
def over_all_places(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return states.mean(dim=1)


@exercise.mistake(
    "Three things: the vectors of the padding are in your mean, the model reads in whatever "
    "mode it came, and your vectors hang in a graph."
)
def mean_as_it_comes(model, input_ids, attention_mask):
    return model(input_ids, attention_mask=attention_mask).last_hidden_state.mean(dim=1)


@exercise.mistake(
    "The padding is not in your mean, and still a text has another vector beside a longer one: "
    "while the model reads, its tokens look at the padding. How does it learn what to leave out?"
)
def mask_for_the_mean_only(model, input_ids, attention_mask):
    return mean(output(model, input_ids).last_hidden_state, attention_mask)


@exercise.mistake(
    "Padding plays no part for you: the model reads it, and its vectors are in the mean. What is "
    "the attention mask for?"
)
def without_the_mask(model, input_ids, attention_mask):
    return output(model, input_ids).last_hidden_state.mean(dim=1)


@exercise.mistake(
    "Your mask is turned round: the model reads the padding and none of the text. In this library, "
    "1 means 'look at it'."
)
def turned_round(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=1 - attention_mask).last_hidden_state
    return mean(states, attention_mask)


@exercise.mistake(
    "Your sums have the padding out, and are divided by a number that belongs to the batch. Beside "
    "a longer text, a text would get a smaller vector."
)
def divided_by_the_width(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return (states * attention_mask[:, :, None]).mean(dim=1)


@exercise.mistake(same_as=divided_by_the_width)
def divided_by_all_tokens(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return (states * attention_mask[:, :, None]).sum(dim=1) / attention_mask.sum()


@exercise.mistake("That is the sum of the vectors. A long text would get a longer vector.")
def sum_of_the_vectors(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return (states * attention_mask[:, :, None]).sum(dim=1)


@exercise.mistake(
    "`pooler_output` sounds like a mean, and is none: the vector of the first token goes through "
    "a layer of its own and a tanh."
)
def the_pooler(model, input_ids, attention_mask):
    return output(model, input_ids, attention_mask=attention_mask).pooler_output


@exercise.mistake(same_as=the_pooler)
def second_part(model, input_ids, attention_mask):
    return output(model, input_ids, attention_mask=attention_mask)[1].tanh()


@exercise.mistake(
    "You take the vector of one token for the whole text. The mean over all of its tokens was "
    "asked for."
)
def first_token(model, input_ids, attention_mask):
    return output(model, input_ids, attention_mask=attention_mask).last_hidden_state[:, 0]


@exercise.mistake(same_as=first_token)
def last_token(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return states[torch.arange(len(states)), attention_mask.sum(dim=1) - 1]


@exercise.mistake(
    "You leave the first and the last token out. Special tokens are tokens of the text here: the "
    "mask has a 1 for them."
)
def without_special_tokens(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    inner = attention_mask.clone()
    inner[:, 0] = 0
    inner[torch.arange(len(inner)), attention_mask.sum(dim=1) - 1] = 0
    return (states * inner[:, :, None]).sum(dim=1) / inner.sum(dim=1).clamp(min=1)[:, None]


@exercise.mistake(
    "Those are vectors from an earlier place in the model. How many hidden states are there, and "
    "which of them comes out last?"
)
def embeddings(model, input_ids, attention_mask):
    states = output(
        model, input_ids, attention_mask=attention_mask, output_hidden_states=True
    ).hidden_states
    return mean(states[0], attention_mask)


@exercise.mistake(same_as=embeddings)
def of_the_embedding_layer(model, input_ids, attention_mask):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        states = model.embeddings(input_ids)
    model.train(was_training)
    return mean(states, attention_mask)


@exercise.mistake(same_as=embeddings)
def last_but_one(model, input_ids, attention_mask):
    states = output(
        model, input_ids, attention_mask=attention_mask, output_hidden_states=True
    ).hidden_states
    return mean(states[-2], attention_mask)


@exercise.mistake(
    "You look for padding among the ids. The id that pads may be that of a real token, and it need "
    "not be 0: who knows which places are real?"
)
def zeros_are_padding(model, input_ids, attention_mask):
    mask = (input_ids != 0).long()
    states = output(model, input_ids, attention_mask=mask).last_hidden_state
    return (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1).clamp(min=1)[:, None]


@exercise.mistake(
    "The model does not always read in eval mode. In training mode it drops numbers by chance: "
    "the same text gets another vector each time."
)
def in_whatever_mode(model, input_ids, attention_mask):
    with torch.no_grad():
        states = model(input_ids, attention_mask=attention_mask).last_hidden_state
    return mean(states, attention_mask)


@exercise.mistake(
    "Your vectors hang in a graph, and the model reads in whatever mode it came. These are two "
    "things: in training mode, numbers are dropped by chance."
)
def neither_eval_nor_no_grad(model, input_ids, attention_mask):
    states = model(input_ids, attention_mask=attention_mask).last_hidden_state
    return mean(states, attention_mask)


@exercise.mistake(same_as=in_whatever_mode)
def no_grad_is_not_eval(model, input_ids, attention_mask):
    with torch.inference_mode():
        model.train()
        states = model(input_ids, attention_mask=attention_mask).last_hidden_state
    return mean(states, attention_mask).clone()


@exercise.mistake(
    "The vectors are right, and the model is in another mode than before. If that happens in the "
    "middle of training, nothing is dropped from there on."
)
def stays_in_eval_mode(model, input_ids, attention_mask):
    model.eval()
    with torch.no_grad():
        states = model(input_ids, attention_mask=attention_mask).last_hidden_state
    return mean(states, attention_mask)


@exercise.mistake(
    "The vectors are right, and the model is in training mode now, whichever it was in before."
)
def always_back_to_training(model, input_ids, attention_mask):
    vectors = stays_in_eval_mode(model, input_ids, attention_mask)
    model.train()
    return vectors


@exercise.mistake(
    "Your vectors are right, and hang in a graph: all that the model computed stays in memory as "
    "long as they do. eval() alone does not change that."
)
def with_a_graph(model, input_ids, attention_mask):
    was_training = model.training
    states = model.eval()(input_ids, attention_mask=attention_mask).last_hidden_state
    model.train(was_training)
    return mean(states, attention_mask)


@exercise.mistake(
    "Your vectors are right, and hooks on the model are passed by: the method `forward` of a "
    "module is not the same as a call of the module."
)
def by_forward(model, input_ids, attention_mask):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        states = model.forward(input_ids, attention_mask=attention_mask).last_hidden_state
    model.train(was_training)
    return mean(states, attention_mask)


@exercise.mistake(
    "Your vectors all have length 1. That is often done afterwards, for a search; here, the mean "
    "as it is was asked for."
)
def of_length_one(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return F.normalize(mean(states, attention_mask), dim=1)


@exercise.mistake(
    "All texts together have one mean in your result. Each text has its own: over which dimension "
    "do you add up?"
)
def one_mean_for_all(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return states[attention_mask.bool()].mean(dim=0)


@exercise.mistake(same_as=one_mean_for_all)
def one_row_for_all(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return states[attention_mask.bool()].mean(dim=0, keepdim=True)


@exercise.mistake(
    "You average the numbers of each vector, so that a token is left with one number. Along "
    "which dimension do the tokens of a text lie?"
)
def over_the_hidden_size(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    return (states * attention_mask[:, :, None]).mean(dim=2)


@exercise.mistake(
    "Those are the largest numbers of the tokens, feature by feature. The mean was asked for."
)
def largest(model, input_ids, attention_mask):
    states = output(model, input_ids, attention_mask=attention_mask).last_hidden_state
    hidden = states.masked_fill(attention_mask[:, :, None] == 0, -torch.inf)
    return hidden.max(dim=1).values


@exercise.right
def text_by_text(model, input_ids, attention_mask):
    was_training = model.training
    model.eval()
    vectors = []
    with torch.no_grad():
        for ids, mask in zip(input_ids, attention_mask, strict=True):
            text = ids[mask == 1][None]  # (1, tokens)
            vectors.append(model(text)[0][0].mean(dim=0))
    model.train(was_training)
    return torch.stack(vectors)


@exercise.right
@torch.no_grad()
def last_of_all_hidden_states(model, input_ids, attention_mask):
    mode = model.training
    try:
        made = model.eval()(
            input_ids, attention_mask=attention_mask, output_hidden_states=True
        ).hidden_states[-1]
    finally:
        model.train(mode)
    return torch.stack([m[a.bool()].mean(dim=0) for m, a in zip(made, attention_mask, strict=True)])


@exercise.right
def by_matrix_product(model, input_ids, attention_mask):
    training = model.training
    model.train(False)
    with torch.inference_mode():
        states = model(input_ids, attention_mask=attention_mask, return_dict=False)[0]
    if training:
        model.train()
    weights = attention_mask / attention_mask.sum(dim=1, keepdim=True)  # (batch, length)
    return torch.einsum("bl,blh->bh", weights, states)


@exercise.right
def with_nanmean(model, input_ids, attention_mask):
    was_training = model.training
    states = model.eval()(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
    model.train(was_training)
    return states.detach().masked_fill(attention_mask[..., None] == 0, torch.nan).nanmean(dim=1)


exercise.equivalent(
    "vectors.append(model(text)[0][0].mean(dim=0))",
    "vectors.append(model(text)[0][-1].mean(dim=0))",
    because="The batch is one text.",
)


exercise.equivalent(
    "states = model(input_ids, attention_mask=attention_mask, return_dict=False)[0]",
    "states = model(input_ids, attention_mask=attention_mask)[0]",
    "states = model(input_ids, attention_mask=attention_mask, return_dict=True)[0]",
    because="The first part of the output is the same, whichever form the output has.",
)


exercise.equivalent(
    "return states.detach().masked_fill(attention_mask[..., None] == 0, torch.nan).nanmean(dim=1)",
    "return states.detach().masked_fill_(attention_mask[..., None] == 0, torch.nan).nanmean(dim=1)",
    "return states.detach_().masked_fill(attention_mask[..., None] == 0, torch.nan).nanmean(dim=1)",
    because="The states belong to the answer, and nobody looks at them afterwards.",
)
