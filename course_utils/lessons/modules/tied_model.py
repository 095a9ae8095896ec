"""Language models often use one weight twice: to turn a word into numbers, and to turn numbers
into a score for each word. Tie the two layers together, so that they stay tied.
"""

import copy

import torch
from torch import nn
from torch.nn import functional

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import one_step, saved_names
from course_utils.lessons.modules.inputs import set_values
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "04.13",
    "Two layers, one weight",
    minutes=12,
    difficulty=2,
    hints=[
        "`nn.Embedding(words, width).weight` and `nn.Linear(width, words).weight` have the same "
        "shape. Why?",
        "An attribute that holds a Parameter may be given another Parameter.",
    ],
)


@exercise.reference
class TiedModel(nn.Module):
    """A score for each possible next word; the first and the last layer share their weight.

    words, width: ints. `embedding`: nn.Embedding, from words to width. `out`: nn.Linear without
    a bias, from width to words. `embedding.weight` and `out.weight` are the same parameter, and
    stay the same when the model is converted to another dtype or copied with copy.deepcopy.
    """

    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        """word: int64, shape (batch,), any strides. Returns shape (batch, words)."""
        return self.out(self.embedding(word))


@exercise.cases
def _(rng):
    yield 3, 2, torch.tensor([0, 2])
    yield 2, 1, torch.tensor([1])
    words = rng.randint(3, 20)
    yield words, rng.randint(2, 6), torch.tensor([rng.randrange(words) for _ in range(3)])
    for word in promised(rng, "any strides", shape=(3,), dtype=torch.int64):
        yield 61, 2, word


@exercise.observe
def _(answer, words, width, word):
    def tied(model):
        return model.embedding.weight is model.out.weight

    model = answer(words, width)
    at_once = attempt(lambda: tied(model))
    output = model(word)
    if not isinstance(model, nn.Module):
        return {"model": model}

    facts = {
        "shape of the output": attempt(lambda: tuple(output.shape)),
        "number of parameters": sum(p.numel() for p in model.parameters()),
        "state_dict keys": saved_names(model),
        "embedding.weight is out.weight": attempt(lambda: tied(model)),
        "the two weights are equal": attempt(
            lambda: bool(torch.equal(model.embedding.weight, model.out.weight))
        ),
        "tied as soon as the model is made": at_once,
        "words and width of embedding": attempt(
            lambda: (model.embedding.num_embeddings, model.embedding.embedding_dim)
        ),
        "inputs and outputs of out": attempt(
            lambda: (model.out.in_features, model.out.out_features)
        ),
        "they share their memory": attempt(
            lambda: model.embedding.weight.data_ptr() == model.out.weight.data_ptr()
        ),
        "requires_grad": [p.requires_grad for p in model.parameters()],
    }
    for parameter in model.parameters():
        set_values(parameter, str(tuple(parameter.shape)))
    facts["output with given weights"] = output = model(word)
    one_step(model, output.square().sum())
    facts["state_dict after one step of SGD"] = dict(nn.Module.state_dict(model))
    facts["tied after .to(torch.float64)"] = attempt(lambda: tied(model.to(torch.float64)))
    facts["tied in a copy"] = attempt(lambda: tied(copy.deepcopy(model)))
    return facts


@exercise.mistake(
    "The two weights begin equal, but they are two parameters: the first step of training makes "
    "them different."
)
class TiedByCopy(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight.data.copy_(self.embedding.weight.data)

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake(
    "Two parameters over the same memory: each gets a gradient of its own, the optimizer steps "
    "twice, and after `.to()` or a copy they are apart. There should be one parameter object."
)
class TiedByMemory(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = nn.Parameter(self.embedding.weight)

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake(
    "The place of a parameter takes a Parameter or None. What you gave it is a plain tensor."
)
class TiedToTensor(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight.detach()

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake("The two layers have nothing to do with each other yet.")
class NotTied(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake("A bias was not asked for: `out` has only the shared weight.")
class TiedWithBias(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake(
    "The layers are tied when the model is used for the first time. An optimizer that is made "
    "before that gets two parameters."
)
class TiedInForward(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)

    def forward(self, word):
        self.out.weight = self.embedding.weight
        return self.out(self.embedding(word))


@exercise.mistake(
    "The scores are right, and there is no layer `out`. Two layers were asked for, that share a "
    "weight."
)
class TiedWithoutOut(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)

    def forward(self, word):
        return self.embedding(word) @ self.embedding.weight.t()


@exercise.mistake(
    "The weight is used twice and learns from one use only: from the other one no gradient comes"
    " back."
)
class TiedDetached(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(width, words, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        return functional.linear(self.embedding(word), self.out.weight.detach())


@exercise.mistake("The shared weight does not require gradients, so it is never learned.")
class TiedFrozen(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.out = nn.Linear(width, words, bias=False)
        self.embedding = nn.Embedding.from_pretrained(self.out.weight.detach())
        self.out.weight = self.embedding.weight

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake(
    "You turn the weight, so there are two tensors. Print the shape of `nn.Linear(2, 5).weight`:"
    " does it have to be turned?"
)
class TiedTransposed(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(words, width, bias=False)
        self.out.weight = nn.Parameter(self.embedding.weight.t())

    def forward(self, word):
        return self.embedding(word) @ self.out.weight


@exercise.mistake(
    "`out` says of itself that it goes from words to width. It was to go the other way."
)
class TiedTurnedLinear(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.out = nn.Linear(words, width, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, word):
        return self.out(self.embedding(word))


@exercise.mistake(
    "One layer stands under both names, so there is nothing to tie. The first layer was to be a "
    "table of vectors, the last one a Linear: what can two layers of different kinds share?"
)
class OneLayerTwoNames(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = self.out = nn.Linear(width, words, bias=False)

    def forward(self, word):
        return self.out(self.embedding.weight[word])


@exercise.right
class TiedFromTheOtherSide(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.out = nn.Linear(width, words, bias=False)
        self.embedding = nn.Embedding(words, width)
        self.embedding.weight = self.out.weight

    def forward(self, word):
        return functional.linear(self.embedding.weight[word], self.out.weight)
