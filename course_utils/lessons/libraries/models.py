"""Tiny models of Hugging Face for the exercises of lesson 12, fixed by the seed of a check."""

import random

import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
)

from course_utils.lessons.training.inputs import seeded

TOKENS = 40  # in the vocabularies of all models here
WIDTH = 16
LONGEST = 16


def tiny_encoder(rng: random.Random) -> BertModel:
    """Two layers and a pooler; random weights large enough that all tokens differ."""
    config = BertConfig(
        vocab_size=TOKENS,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=LONGEST,
        initializer_range=0.4,
    )
    return seeded(rng, lambda: BertModel(config))


def tiny_classifier(
    rng: random.Random,
    classes: int,
    *,
    dropout: float = 0.0,
    in_attention: float = 0.0,
    before_head: float = 0.0,
) -> BertForSequenceClassification:
    """One layer, in training mode. dropout: of its hidden states. in_attention: of the weights.

    before_head: in front of the head.
    """
    config = BertConfig(
        vocab_size=TOKENS,
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=2 * WIDTH,
        max_position_embeddings=LONGEST,
        initializer_range=0.4,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=in_attention,
        classifier_dropout=before_head,
        num_labels=classes,
    )
    return seeded(rng, lambda: BertForSequenceClassification(config))


def tiny_decoder(rng: random.Random, *, padding: int = 0) -> GPT2LMHeadModel:
    """One layer, in eval mode; padding: which token its config says that padding is."""
    config = GPT2Config(
        vocab_size=TOKENS,
        n_embd=WIDTH,
        n_layer=1,
        n_head=2,
        n_positions=LONGEST,
        bos_token_id=padding,
        eos_token_id=padding,
        pad_token_id=padding,
        initializer_range=0.4,
    )
    model = seeded(rng, lambda: GPT2LMHeadModel(config)).eval()
    model.loss_type = "ForCausalLM"  # else it says that it takes this one
    return model


def padded_ids(
    rng: random.Random, lengths: list[int], padding: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random ids and the attention mask, both (batch, longest), as every other column of a table.

    Padding stands behind the texts.
    """
    rows, longest = len(lengths) + 1, max(lengths)
    ids = torch.full((rows, 2 * longest), padding)[1:, ::2]  # (batch, longest)
    mask = torch.zeros(rows, 2 * longest, dtype=torch.int64)[1:, ::2]  # (batch, longest)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.tensor([rng.randrange(TOKENS) for _ in range(length)])
        mask[row, :length] = 1
    return ids, mask


# With the first model, transformers gives nn.Module one more method. That is to happen here, and
# not while an answer runs: whoever marks it would see that a class of torch has changed.
tiny_encoder(random.Random(0))
