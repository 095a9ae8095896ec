"""Every promise's inputs are of its kinds, and an input like any other is not."""

import random

import pytest
import torch
from torch import nn

from course_utils.plain import plain
from course_utils.promises import PROMISES, promised, promised_models, promised_sources

NAMES = {
    of: [promise for promise in PROMISES if getattr(promise, of)] for of in ("tensors", "models")
}
OF_OPTIMIZERS = [promise for promise in PROMISES if not promise.tensors and not promise.models]
PLAIN_TENSOR = torch.arange(1.0, 7.0).reshape(2, 3)
PLAIN_MODEL = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def name(promise):
    return promise.name


@pytest.mark.parametrize("promise", NAMES["tensors"], ids=name)
def test_tensors_of_a_promise(promise):
    for seed in range(20):
        made = list(promised(random.Random(seed), promise.name))
        assert all(any(map(kind.holds, made)) for kind in promise.kinds)
    assert not any(kind.holds(PLAIN_TENSOR) for kind in promise.kinds)


@pytest.mark.parametrize("promise", NAMES["models"], ids=name)
def test_models_of_a_promise(promise):
    for seed in range(5):
        made = list(promised_models(random.Random(seed), promise.name, inputs=4, outputs=3))
        assert all(any(map(kind.holds, made)) for kind in promise.kinds)
        assert all(model(torch.ones(2, 4)).shape == (2, 3) for model in made)
    assert not all(kind.holds(PLAIN_MODEL) for kind in promise.kinds)


def test_optimizers_of_a_promise():
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    plain_one = torch.optim.SGD(one.parameters(), lr=0.1)
    groups = [{"params": one.parameters(), "momentum": 0.9}, {"params": other.parameters()}]
    full = torch.optim.SGD(groups, lr=0.1, weight_decay=0.1)
    assert len(OF_OPTIMIZERS) == 3
    for promise in OF_OPTIMIZERS:
        [kind] = promise.kinds
        assert kind.holds(full) and not kind.holds(plain_one)


def test_the_seed_decides_all_numbers():
    def made(seed):
        rng = random.Random(seed)
        tensors = list(promised(rng, *map(name, NAMES["tensors"])))
        models = list(promised_models(rng, *map(name, NAMES["models"])))
        return repr([plain(tensors), models, [plain(model.state_dict()) for model in models]])

    assert made(1) == made(1) != made(2)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 1, 3)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float16, torch.bool])
def test_shape_and_dtype_are_as_asked(shape, dtype):
    for x in promised(random.Random(0), "any strides", shape=shape, dtype=dtype):
        assert (x.shape, x.dtype) == (shape, dtype)
        # Small whole numbers are exact in every dtype.
        assert torch.equal(x.double(), x.double().round())
        assert dtype == torch.bool or bool(((x >= 1) & (x <= 60)).all())


def test_an_unknown_promise():
    with pytest.raises(ValueError, match="no promise 'any size' about tensors; there are 'any sha"):
        list(promised(random.Random(0), "any size"))
    with pytest.raises(ValueError, match="no promise 'any shape' about models"):
        list(promised_sources(random.Random(0), "any shape"))


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("x: a tensor of any shape and any dtype.", ["any shape", "any dtype"]),
        ("a list that is not empty", []),
        ("ids: a list; it may be empty", ["empty too"]),
        ("a matrix, contiguous or not", ["any strides"]),
        ("Returns a tensor of the same shape and dtype.", ["the same dtype"]),
        ("A first argument of another dtype stays as it is.", ["any dtype"]),
        ("a float32 tensor of shape (n,)", []),
        ("Its state is a momentum buffer for each parameter.", ["momentum"]),
        ("Its buffers do not count.", ["buffers"]),
        ("The result does not require gradients.", []),
        ("A parameter that does not require grad has no entry.", ["frozen parameters"]),
        ("a part of the model with tied weights, in any mode", ["tied weights", "any mode"]),
    ],
)
def test_words(text, made):
    assert [promise.name for promise in PROMISES if promise.said_in(text)] == made
