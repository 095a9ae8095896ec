"""A causal model reads a batch of padded texts. What is its loss, if each token is to be predicted
from those before it? `labels=` computes it, if the labels are right; so does your own
cross-entropy.
"""

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.models import padded_ids, tiny_decoder
from course_utils.observation import attempt

exercise = Exercise(
    "12.9",
    "The loss of a causal model",
    minutes=15,
    difficulty=3,
    hints=[
        "Write down a text of four tokens, and under each place the token that is to come next. "
        "How many places have one?",
        "Who moves the labels by one place: you, or the model? Only one of you should.",
        "The model does not take padding out of the loss by the attention mask. There is a label "
        "that says 'do not count this place'.",
    ],
)


@exercise.reference
def causal_loss(model, input_ids, attention_mask):
    """The mean cross-entropy of the next token, in a batch of texts.

    model: a causal language model such as GPT2LMHeadModel, in eval mode.
    input_ids, attention_mask: int64, shape (batch, length), any strides. The mask is 1 for
    tokens, 0 for the padding behind them, which may have the id of a token that texts have too.
    Every token of a text but its first counts once, and once only; padding is never predicted.
    A text may be one token long, but not all are. Returns a tensor of shape (), connected to the
    model's parameters.
    """
    labels = input_ids.masked_fill(attention_mask == 0, -100)  # (batch, length)
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss


@exercise.cases
def _(rng):
    ids, mask = torch.tensor([[5, 7, 9]]), torch.tensor([[1, 1, 1]])
    yield tiny_decoder(rng), ids, mask
    ids, mask = torch.tensor([[5, 7, 9, 4], [6, 8, 0, 0]]), torch.tensor([[1] * 4, [1, 1, 0, 0]])
    yield tiny_decoder(rng), ids, mask
    ids = torch.tensor([[2, 7, 2, 9, 2], [2, 8, 2, 2, 2]])
    yield tiny_decoder(rng, padding=2), ids, torch.tensor([[1] * 5, [1, 1, 1, 0, 0]])
    ids = torch.tensor([[3], [9], [4], [1]]).expand(4, 3)
    yield tiny_decoder(rng), ids, torch.tensor([[1, 0, 0], [1, 1, 1], [1, 1, 0], [1, 1, 1]])
    for _ in range(2):
        padding = rng.randint(0, 5)
        lengths = [rng.randint(2, 5), 6, 1, rng.randint(2, 5)]
        yield tiny_decoder(rng, padding=padding), *padded_ids(rng, lengths, padding)


@exercise.observe
def _(answer, model, input_ids, attention_mask):
    calls = []
    hook = model.register_forward_hook(lambda *_: calls.append(1))
    loss = answer(model, input_ids, attention_mask)
    hook.remove()

    def gradient():
        loss.backward()
        return model.lm_head.weight.grad

    return {
        "loss": loss,
        "gradient of model.lm_head.weight": attempt(gradient),
        "hooks of the model ran": bool(calls),
    }


def with_labels(model, input_ids, attention_mask, labels):
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss


def scores(model, input_ids, attention_mask):
    return model(input_ids=input_ids, attention_mask=attention_mask).logits


@exercise.mistake(
    "Padding is among what your loss wants to be predicted. The attention mask says what is read, "
    "and nothing about what counts."
)
def padding_counts(model, input_ids, attention_mask):
    return with_labels(model, input_ids, attention_mask, input_ids)


@exercise.mistake(same_as=padding_counts)
def without_a_mask(model, input_ids, attention_mask):
    return model(input_ids, labels=input_ids).loss


@exercise.mistake(same_as=padding_counts)
def padding_counts_as_zero(model, input_ids, attention_mask):
    return with_labels(model, input_ids, attention_mask, input_ids * attention_mask)


@exercise.mistake(same_as=padding_counts)
def scores_of_padding_are_zero(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, 1:]
    return F.cross_entropy((logits * real[:, :, None]).transpose(1, 2), input_ids[:, 1:] * real)


@exercise.mistake(
    "You know padding by its id. A text may have that token as well, at its end for example, and "
    "it is to be learned there. What tells the two apart?"
)
def padding_by_its_id(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(input_ids == model.config.pad_token_id, -100)
    return with_labels(model, input_ids, attention_mask, labels)


@exercise.mistake(same_as=padding_by_its_id)
def padding_is_zero(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(input_ids == 0, -100)
    return with_labels(model, input_ids, attention_mask, labels)


@exercise.mistake(
    "Your labels are one place shorter than the ids. The model wants a label at every place, and "
    "does something with them itself before it compares."
)
def labels_one_shorter(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100)
    return with_labels(model, input_ids, attention_mask, labels[:, 1:])


@exercise.mistake(
    "Your model learns the token after the next one: the labels were moved twice. Who moves them, "
    "when they are given to the model?"
)
def moved_twice(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100)
    labels = F.pad(labels[:, 1:], (0, 1), value=-100)
    return with_labels(model, input_ids, attention_mask, labels)


@exercise.mistake(same_as=moved_twice)
def rolled(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100).roll(-1, dims=1)
    return with_labels(model, input_ids, attention_mask, labels)


@exercise.mistake(
    "Each place is compared with its own token, which the model has just read there. What is it "
    "to say at that place?"
)
def not_moved(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100)
    logits = scores(model, input_ids, attention_mask)
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten())


@exercise.mistake(same_as=not_moved)
def not_moved_and_padding(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)
    return F.cross_entropy(logits.flatten(0, 1), input_ids.flatten())


@exercise.mistake(
    "You moved the scores against the labels in the wrong direction: a place is compared with the "
    "token before it."
)
def moved_backwards(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, 1:]
    real = attention_mask[:, 1:].bool()
    return F.cross_entropy(logits[real], input_ids[:, :-1][real])


@exercise.mistake(
    "A last token is followed by padding, and yours has to predict it. The mask is to be asked at "
    "the place of the token that is predicted."
)
def mask_of_what_was_read(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, :-1].bool()
    return F.cross_entropy(logits[real], input_ids[:, 1:][real])


@exercise.mistake(
    "You average within each text first. A token of a short text counts more than one of a long "
    "text then."
)
def mean_of_the_texts(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)
    losses = []
    for row, mask, ids in zip(logits, attention_mask.bool(), input_ids, strict=True):
        if mask.sum() > 1:
            losses.append(F.cross_entropy(row[:-1][mask[1:]], ids[1:][mask[1:]]))
    return torch.stack(losses).mean()


@exercise.mistake(same_as=mean_of_the_texts)
def mean_of_the_texts_with_nan(model, input_ids, attention_mask):
    logits, real = scores(model, input_ids, attention_mask)[:, :-1], attention_mask[:, 1:]
    losses = F.cross_entropy(logits.transpose(1, 2), input_ids[:, 1:], reduction="none")
    return ((losses * real).sum(dim=1) / real.sum(dim=1)).mean()


@exercise.mistake(
    "The sum is right, and you divide by another number than that of the predicted tokens. How "
    "many are there in a text of four?"
)
def divided_by_all_tokens(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, 1:].bool()
    total = F.cross_entropy(logits[real], input_ids[:, 1:][real], reduction="sum")
    return total / attention_mask.sum()


@exercise.mistake(same_as=divided_by_all_tokens)
def divided_by_all_places(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    labels = input_ids.masked_fill(attention_mask == 0, -100)[:, 1:]
    losses = F.cross_entropy(logits.transpose(1, 2), labels, reduction="none")
    return losses.mean()


@exercise.mistake(same_as=divided_by_all_tokens)
def divided_by_the_texts(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, 1:].bool()
    total = F.cross_entropy(logits[real], input_ids[:, 1:][real], reduction="sum")
    return total / len(input_ids)


@exercise.mistake("That is the sum over the tokens. A larger batch would have a larger loss.")
def sum_of_the_losses(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, 1:].bool()
    return F.cross_entropy(logits[real], input_ids[:, 1:][real], reduction="sum")


@exercise.mistake(
    "That is the perplexity, which is made of the loss. The mean cross-entropy itself was asked "
    "for."
)
def perplexity(model, input_ids, attention_mask):
    return causal_loss(model, input_ids, attention_mask).exp()


@exercise.mistake(
    "You wrote into the ids themselves. They belong to the caller, and the model works with "
    "them: an embedding has no row for -100."
)
def writes_into_the_ids(model, input_ids, attention_mask):
    labels = input_ids
    labels[attention_mask == 0] = -100
    return with_labels(model, input_ids, attention_mask, labels)


@exercise.mistake(same_as=writes_into_the_ids)
def writes_after_reading(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    input_ids[attention_mask == 0] = -100
    return F.cross_entropy(logits.flatten(0, 1), input_ids[:, 1:].flatten())


@exercise.mistake(
    "The number is right, and no gradient reaches the model through it: it could not be trained "
    "by this loss."
)
def out_of_the_graph(model, input_ids, attention_mask):
    with torch.no_grad():
        return causal_loss(model, input_ids, attention_mask)


@exercise.mistake(same_as=out_of_the_graph)
def a_python_number(model, input_ids, attention_mask):
    return causal_loss(model, input_ids, attention_mask).item()


@exercise.mistake(
    "cross_entropy takes scores. Yours gets probabilities, so that a softmax is taken twice."
)
def softmax_twice(model, input_ids, attention_mask):
    chances = scores(model, input_ids, attention_mask)[:, :-1].softmax(dim=-1)
    real = attention_mask[:, 1:].bool()
    return F.cross_entropy(chances[real], input_ids[:, 1:][real])


@exercise.mistake(
    "nll_loss takes the logarithms of probabilities. Yours gets the scores as they are."
)
def nll_of_scores(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    real = attention_mask[:, 1:].bool()
    return F.nll_loss(logits[real], input_ids[:, 1:][real])


@exercise.mistake(
    "The scores of different places and tokens are mixed up: the same numbers are only cut in a "
    "new way. cross_entropy wants the classes in dimension 1."
)
def scrambled(model, input_ids, attention_mask):
    logits = scores(model, input_ids, attention_mask)[:, :-1]
    labels = input_ids.masked_fill(attention_mask == 0, -100)[:, 1:]
    batch, length, tokens = logits.shape
    return F.cross_entropy(logits.reshape(batch, tokens, length), labels)


@exercise.mistake(
    "The loss is right, and there are gradients in the model now. The loss alone was asked for."
)
def goes_back_as_well(model, input_ids, attention_mask):
    loss = causal_loss(model, input_ids, attention_mask)
    loss.backward(retain_graph=True)
    return loss


@exercise.mistake(
    "The model came in eval mode, and yours puts it into training mode. Dropout works there: "
    "the loss is another one, and the model stays like that."
)
def in_training_mode(model, input_ids, attention_mask):
    model.train()
    return causal_loss(model, input_ids, attention_mask)


@exercise.mistake(
    "The loss is right, and hooks on the model are passed by: the method `forward` of a module is "
    "not the same as a call of the module."
)
def by_forward(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100)
    return model.forward(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss


@exercise.mistake(
    "You give back all that the model gives. The docstring asks for one tensor of it: the loss."
)
def the_whole_output(model, input_ids, attention_mask):
    labels = input_ids.masked_fill(attention_mask == 0, -100)
    return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels)


@exercise.right
def by_hand_with_the_mask(model, input_ids, attention_mask):
    logits = model(input_ids, attention_mask=attention_mask).logits[:, :-1]
    real = attention_mask[:, 1:] == 1
    return F.cross_entropy(logits[real], input_ids[:, 1:][real])


@exercise.right
def by_log_softmax(model, input_ids, attention_mask):
    log_chances = model(input_ids).logits[:, :-1].log_softmax(dim=-1)
    target, real = input_ids[:, 1:], attention_mask[:, 1:]
    losses = -log_chances.gather(2, target[:, :, None])[:, :, 0]
    return (losses * real).sum() / real.sum()


@exercise.right
def text_by_text(model, input_ids, attention_mask):
    total, count = 0.0, 0
    for ids, length in zip(input_ids, attention_mask.sum(dim=1).tolist(), strict=True):
        if length > 1:
            text = ids[None, :length]
            total = total + model(text, labels=text).loss * (length - 1)
            count += length - 1
    return total / count


@exercise.right
def copy_of_the_ids(model, input_ids, attention_mask):
    labels = input_ids.clone()
    labels[~attention_mask.bool()] = -100
    return model(input_ids, attention_mask=attention_mask, labels=labels)[0]


@exercise.right
def classes_in_the_middle(model, input_ids, attention_mask):
    labels = torch.where(attention_mask == 1, input_ids, -100)[:, 1:]
    logits = model(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[0]
    return nn.CrossEntropyLoss()(logits[:, :-1].permute(0, 2, 1), labels)


behind = "Padding stands behind the tokens, and a causal model never looks there."
exercise.equivalent(
    "return model(input_ids=input_ids, attention_mask=attention_mask, labels=labels).loss",
    "return model(input_ids=input_ids, labels=labels).loss",
    because=behind,
)
exercise.equivalent(
    "logits = model(input_ids, attention_mask=attention_mask).logits[:, :-1]",
    "logits = model(input_ids).logits[:, :-1]",
    because=behind,
)
exercise.equivalent(
    "return model(input_ids, attention_mask=attention_mask, labels=labels)[0]",
    "return model(input_ids, labels=labels)[0]",
    because=behind,
)
exercise.equivalent(
    "logits = model(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[0]",
    "logits = model(input_ids=input_ids, return_dict=False)[0]",
    because=behind,
)


exercise.equivalent(
    "logits = model(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[0]",
    "logits = model(input_ids=input_ids, attention_mask=attention_mask)[0]",
    "logits = model(input_ids=input_ids, attention_mask=attention_mask, return_dict=True)[0]",
    because="The first part of the output is the same, whichever form the output has.",
)


exercise.equivalent(
    "log_chances = model(input_ids).logits[:, :-1].log_softmax(dim=-1)",
    "log_chances = model(input_ids).logits[:, :].log_softmax(dim=-1)",
    because="gather looks at as many places as there are targets, from the front.",
)


exercise.equivalent(
    "losses = -log_chances.gather(2, target[:, :, None])[:, :, 0]",
    "losses = -log_chances.gather(2, target[:, :, None])[:, :, -1]",
    because="The last dimension has the size 1.",
)


exercise.equivalent(
    "for ids, length in zip(input_ids, attention_mask.sum(dim=1).tolist(), strict=True):",
    "for ids, length in zip(input_ids, attention_mask.sum(dim=1), strict=True):",
    because="A tensor of one number is an end of a slice, too.",
)


exercise.equivalent(
    "total = total + model(text, labels=text).loss * (length - 1)",
    "total += model(text, labels=text).loss * (length - 1)",
    because="The first total is a number, and no later one is used elsewhere.",
)


exercise.equivalent(
    "count += length - 1",
    "count = count + (length - 1)",
    because="Numbers cannot be changed in place: both ways give the name a new number.",
)
