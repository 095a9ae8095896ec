"""Make a tokenizer of the most frequent words of some texts, and give it the template of BERT:
where the special tokens stand in one text, and in a pair of texts.
"""

import re
from collections import Counter

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from course_utils.exercise import Exercise

exercise = Exercise(
    "12.7",
    "A tokenizer of whole words",
    minutes=20,
    difficulty=2,
    hints=[
        "A tokenizer has parts: normalizer, pre-tokenizer, model, post-processor. Which of them "
        "must be there before the training, because the training uses them?",
        "`models.WordLevel` has a trainer of its own name. It takes the size and the special "
        "tokens; their order there gives their ids.",
        'In a `TemplateProcessing`, `"$B:1"` stands for the second text with type 1. A special '
        "token takes a type in the same way.",
    ],
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")


@exercise.reference
def word_tokenizer(texts, size):
    """A tokenizer of the most frequent words of texts.

    texts: a list of str. They are made lowercase, then `pre_tokenizers.Whitespace` cuts them; so is
    whatever the tokenizer is given later. size: how many tokens it may have, special ones too.
    Returns a tokenizers.Tokenizer. The ids 0 to 3 are [PAD], [UNK], [CLS] and [SEP]; then come the
    most frequent words, and equally frequent ones in the order of the alphabet. A word without an
    id becomes [UNK].
    encode(a) gives [CLS] a [SEP], all of type 0. encode(a, b) gives [CLS] a [SEP] b [SEP], where b
    and the [SEP] after it have type 1.
    """
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.WordLevelTrainer(
        vocab_size=size, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return tokenizer


@exercise.cases
def _(rng):
    yield ["rain rain sun"], 10
    yield ["Rain again", "rain, and wind again", "again and again"], 20
    yield ["b a c b c a", "d d"], 6
    yield ["Café open", "the café is open: don't wait", "open?!"], 10
    yield ["wind"], 4
    words = rng.sample(["rain", "wind", "Seoul", "sun", "snow", "Storm", "ice", "fog"], 6)
    texts = [" ".join(rng.choices(words, k=5)) + "." for _ in range(4)]
    yield texts, rng.randint(7, 9)
    yield texts, 40


@exercise.observe
def _(answer, texts, size):
    tokenizer = answer(texts, size)
    if not isinstance(tokenizer, Tokenizer):
        return {"result": tokenizer, "type": type(tokenizer).__name__}
    first, last = texts[0], f"{texts[-1]} zebra"

    def tokens(*pair):
        encoded = tokenizer.encode(*pair)
        return {"tokens": encoded.tokens, "ids": encoded.ids, "types": encoded.type_ids}

    return {
        "tokens by their ids": [
            tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size())
        ],
        f"encode({first!r})": tokens(first),
        f"encode({last!r})": tokens(last),
        f"encode({first.upper()!r})": tokens(first.upper()),
        "encode('')": tokens(""),
        f"encode({last!r}, {first!r})": tokens(last, first),
    }


def made(
    texts,
    size,
    *,
    model=None,
    normalizer=None,
    cut=None,
    special=SPECIAL,
    single="[CLS] $A [SEP]",
    pair="[CLS] $A [SEP] $B:1 [SEP]:1",
    **settings,
):
    """The tokenizer that is asked for, but for what is given."""
    tokenizer = Tokenizer(model or models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer or normalizers.Lowercase()
    tokenizer.pre_tokenizer = cut or pre_tokenizers.Whitespace()
    settings = {"vocab_size": size, "special_tokens": list(special), **settings}
    trainer = tokenizer.model.get_trainer()
    for name, value in {"show_progress": False, **settings}.items():
        setattr(trainer, name, value)
    tokenizer.train_from_iterator(texts, trainer)
    if single:
        ids = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=single, pair=pair, special_tokens=ids
        )
    return tokenizer


@exercise.mistake(
    "A word that it does not know makes your tokenizer fail, or drops out. The model has to be "
    "told which token stands for such words; that there is an [UNK] is not enough."
)
def no_unknown_token(texts, size):
    return made(texts, size, model=models.WordLevel())


@exercise.mistake(
    "'Rain' and 'rain' are two words for your tokenizer. Which of its parts changes letters, "
    "before anything is cut?"
)
def letters_stay(texts, size):
    return made(texts, size, normalizer=normalizers.NFC())


@exercise.mistake(
    "Your tokenizer was trained on other words than those that it looks up later: letters are "
    "made small at one of the two times only. When does each part come into use?"
)
def small_letters_after_training(texts, size):
    tokenizer = made(texts, size, normalizer=normalizers.NFC())
    tokenizer.normalizer = normalizers.Lowercase()
    return tokenizer


@exercise.mistake(same_as=small_letters_after_training)
def small_letters_for_the_training_only(texts, size):
    return made([text.lower() for text in texts], size, normalizer=normalizers.NFC())


@exercise.mistake(
    "A comma or a point stays at its word: 'rain' and 'rain,' are two words then. There are "
    "several ways of cutting where there is space."
)
def cut_at_space_only(texts, size):
    return made(texts, size, cut=pre_tokenizers.WhitespaceSplit())


@exercise.mistake(
    "Signs that stand side by side, as in '?!', are one token in the way of cutting that was asked "
    "for. In yours, each is its own."
)
def cut_as_bert_cuts(texts, size):
    return made(texts, size, cut=pre_tokenizers.BertPreTokenizer())


@exercise.mistake(
    "Whole texts are words for your tokenizer, at least while it is trained. Which part says where "
    "words end?"
)
def not_cut(texts, size):
    return made(texts, size, cut=pre_tokenizers.Split("\n", "removed"))


@exercise.mistake(same_as=not_cut)
def cut_after_the_training(texts, size):
    tokenizer = made(texts, size, cut=pre_tokenizers.Split("\n", "removed"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


@exercise.mistake(
    "An accent is lost: 'é' became 'e'. BERT's normalizer does more than to write letters small."
)
def accents_lost(texts, size):
    return made(texts, size, normalizer=normalizers.BertNormalizer(lowercase=True))


@exercise.mistake(
    "The words that are not special have the right order, and the special tokens have other ids "
    "than asked. What gives them their ids?"
)
def special_in_another_order(texts, size):
    return made(texts, size, special=("[UNK]", "[CLS]", "[SEP]", "[PAD]"))


@exercise.mistake(same_as=special_in_another_order)
def start_and_end_first(texts, size):
    return made(texts, size, special=("[CLS]", "[SEP]", "[PAD]", "[UNK]"))


@exercise.mistake(
    "Special tokens came into your tokenizer behind the words, so that their ids are others "
    "than asked for. Who gives out the ids first?"
)
def special_after_the_words(texts, size):
    tokenizer = made(texts, size - 4, special=("[UNK]",), single="")
    tokenizer.add_special_tokens(["[PAD]", "[CLS]", "[SEP]"])
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]"))
    )
    return tokenizer


@exercise.mistake(
    "The special tokens have ids, and `encode` puts none of them into a text. That is the work of "
    "a part of its own."
)
def no_template(texts, size):
    return made(texts, size, single="")


@exercise.mistake(same_as=no_template)
def neither_template_nor_small_letters(texts, size):
    return made(texts, size, single="", normalizer=normalizers.NFC())


@exercise.mistake(
    "That is a tokenizer of transformers, made around yours. It has an `encode` as well, which "
    "gives something else."
)
def wrapped(texts, size):
    return PreTrainedTokenizerFast(tokenizer_object=made(texts, size))


@exercise.mistake(
    "All tokens of a pair have type 0 in your tokenizer. How is a model to see where the second "
    "text begins?"
)
def one_type(texts, size):
    return made(texts, size, pair="[CLS] $A [SEP] $B [SEP]")


@exercise.mistake("In a pair, the type of one token is another than asked: look at the last one.")
def last_separator_of_type_0(texts, size):
    return made(texts, size, pair="[CLS] $A [SEP] $B:1 [SEP]")


@exercise.mistake(
    "The special tokens of a pair are not those that were asked for. Count them: how often does "
    "each stand there?"
)
def second_start(texts, size):
    return made(texts, size, pair="[CLS] $A [SEP] [CLS]:1 $B:1 [SEP]:1")


@exercise.mistake(same_as=second_start)
def no_last_separator(texts, size):
    return made(texts, size, pair="[CLS] $A [SEP] $B:1")


@exercise.mistake(same_as=second_start)
def two_separators(texts, size):
    return made(texts, size, pair="[CLS] $A [SEP] [SEP] $B:1 [SEP]:1")


@exercise.mistake("Your tokenizer has more tokens than it may have. Do the special ones count?")
def special_on_top(texts, size):
    return made(texts, size + len(SPECIAL))


@exercise.mistake(
    "Words that come up once are missing, though there is room for them. What does the trainer ask "
    "of a word, besides the size?"
)
def words_that_come_twice(texts, size):
    return made(texts, size, min_frequency=2)


@exercise.mistake(
    "Your tokens are letters or pieces of words. Whole words were asked for: which model has them?"
)
def byte_pairs(texts, size):
    return made(texts, size, model=models.BPE(unk_token="[UNK]"))


@exercise.mistake(
    "Your tokens are letters: whoever goes through one text as if it were a list of texts gets "
    "its letters, one by one."
)
def one_long_text(texts, size):
    return made(" ".join(texts), size)


@exercise.mistake(
    "It was trained on a part of the texts, and so it counts other words than asked for."
)
def first_text_only(texts, size):
    return made(texts[:1], size)


@exercise.mistake(
    "Equally frequent words stand in the order in which they came up. Which order breaks a tie?"
)
def ties_as_they_come(texts, size):
    counts = Counter(w for text in texts for w in re.findall(r"\w+|[^\w\s]+", text.lower()))
    words = [*SPECIAL, *(word for word, _ in counts.most_common(size - len(SPECIAL)))]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


@exercise.right
def with_the_template_of_bert(texts, size):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(
        texts, trainers.WordLevelTrainer(vocab_size=size, special_tokens=[*SPECIAL])
    )
    tokenizer.post_processor = processors.BertProcessing(sep=("[SEP]", 3), cls=("[CLS]", 2))
    return tokenizer


@exercise.right
def counted_words(texts, size):
    counts = Counter()
    for text in texts:
        cut = pre_tokenizers.Whitespace().pre_tokenize_str(text.lower())
        counts.update(word for word, _ in cut)
    words = sorted(counts, key=lambda word: (-counts[word], word))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]
    vocabulary = dict(zip(words, range(size), strict=False))
    tokenizer = Tokenizer(models.WordLevel(vocab=vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $0 [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[SEP]", 3), ("[CLS]", 2)],
    )
    return tokenizer


@exercise.right
def trained_in_batches(texts, size):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace()])
    trainer = trainers.WordLevelTrainer(special_tokens=list(SPECIAL))
    trainer.vocab_size = size
    batches = (texts[start : start + 2] for start in range(0, len(texts), 2))
    tokenizer.train_from_iterator(batches, trainer=trainer)
    ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
    tokenizer.post_processor = processors.TemplateProcessing(
        single=["[CLS]", "$A", "[SEP]"],
        pair=["[CLS]", "$A", "[SEP]", "$B:1", "[SEP]:1"],
        special_tokens=[*ids.items()],
    )
    return tokenizer


@exercise.right
def trained_model_in_a_new_tokenizer(texts, size):
    learner = Tokenizer(models.WordLevel())
    learner.pre_tokenizer = pre_tokenizers.Whitespace()
    small = [text.lower() for text in texts]
    learner.train_from_iterator(
        small, trainers.WordLevelTrainer(vocab_size=size, special_tokens=list(SPECIAL))
    )
    tokenizer = Tokenizer(models.WordLevel(learner.get_vocab(), "[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = learner.pre_tokenizer
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


exercise.equivalent(
    "trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=special, "
    "show_progress=False)",
    "trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=special)",
    "trainer = trainers.WordLevelTrainer(vocab_size=size, special_tokens=special, "
    "show_progress=True)",
    because="A bar that shows progress is drawn in a terminal, and changes no tokenizer.",
)
