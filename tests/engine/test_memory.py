"""Who remembers what was drawn, in place of drawing it from the seed, is found out."""

import pytest

from course_utils.exercise import find
from course_utils.memory import forgetful

SPLIT = """
import functools, random, torch
from collections import defaultdict
from torch.utils.data import Subset

def cut(order, plain_set, augmented_set, labels, one_in):
    train, validation = [], []
    for label in labels.unique():
        of_class = [i for i in order if labels[i] == label]
        size = len(of_class) // one_in
        train, validation = train + of_class[size:], validation + of_class[:size]
    return Subset(augmented_set, train), Subset(plain_set, validation)
"""
REMEMBERS = {
    "a cache": """
@functools.lru_cache(maxsize=None)
def order(count, seed): return torch.randperm(count).tolist()
def split_datasets(a, b, y, n, seed): return cut(order(len(a), seed), a, b, y, n)
""",
    "a cache in a partial": """
order = functools.partial(functools.cache(lambda count, seed: torch.randperm(count).tolist()))
def split_datasets(a, b, y, n, seed): return cut(order(len(a), seed), a, b, y, n)
""",
    "a global dict": """
known = {}
def split_datasets(a, b, y, n, seed):
    return cut(known.setdefault((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
""",
    "a global name": """
known = None
def split_datasets(a, b, y, n, seed):
    global known
    if known is None or len(known) != len(a): known = torch.randperm(len(a)).tolist()
    return cut(known, a, b, y, n)
""",
    "a default": """
def split_datasets(a, b, y, n, seed, known={}):
    return cut(known.setdefault((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
""",
    "a keyword's default": """
def split_datasets(a, b, y, n, seed, *, known={}):
    return cut(known.setdefault((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
""",
    "an attribute of its own": """
def split_datasets(a, b, y, n, seed):
    known = split_datasets.__dict__.setdefault("known", {})
    return cut(known.setdefault((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
""",
    "an attribute of a helper": """
def order(count, seed):
    order.known = getattr(order, "known", {})
    return order.known.setdefault((count, seed), torch.randperm(count).tolist())
def split_datasets(a, b, y, n, seed): return cut(order(len(a), seed), a, b, y, n)
""",
    "a closure": """
def make():
    known = {}
    def split_datasets(a, b, y, n, seed):
        return cut(known.setdefault((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
    return split_datasets
split_datasets = make()
""",
    "an attribute of a class": """
class Order:
    known = {}
    @classmethod
    def of(cls, *key): return cls.known.setdefault(key, torch.randperm(key[0]).tolist())
def split_datasets(a, b, y, n, seed): return cut(Order.of(len(a), seed), a, b, y, n)
""",
    "a new attribute of a class": """
class Order: pass
def split_datasets(a, b, y, n, seed):
    if not hasattr(Order, f"o{len(a)}_{seed}"):
        setattr(Order, f"o{len(a)}_{seed}", torch.randperm(len(a)).tolist())
    return cut(getattr(Order, f"o{len(a)}_{seed}"), a, b, y, n)
""",
    "an object": """
class Orders:
    def __init__(self): self.known = {}
    def of(self, *key): return self.known.setdefault(key, torch.randperm(key[0]).tolist())
orders = Orders()
def split_datasets(a, b, y, n, seed): return cut(orders.of(len(a), seed), a, b, y, n)
""",
    "an object that is called": """
class Split:
    def __init__(self): self.known = {}
    def __call__(self, a, b, y, n, seed):
        order = self.known.setdefault((len(a), seed), torch.randperm(len(a)).tolist())
        return cut(order, a, b, y, n)
split_datasets = Split()
""",
    "a method of an object": """
class Split:
    def __init__(self): self.known = {}
    def split(self, a, b, y, n, seed):
        order = self.known.setdefault((len(a), seed), torch.randperm(len(a)).tolist())
        return cut(order, a, b, y, n)
split_datasets = Split().split
""",
    "a subclass of dict": """
class Known(dict):
    def __missing__(self, key):
        self[key] = torch.randperm(key[0]).tolist()
        return self[key]
known = Known()
def split_datasets(a, b, y, n, seed): return cut(known[len(a), seed], a, b, y, n)
""",
    "a table that is made by a method of a dict": """
known = {}
order = known.setdefault
def split_datasets(a, b, y, n, seed):
    return cut(order((len(a), seed), torch.randperm(len(a)).tolist()), a, b, y, n)
""",
}
RIGHT = {
    "a cache of what the seed gives": """
@functools.cache
def order(count, seed):
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
def split_datasets(a, b, y, n, seed): return cut(order(len(a), seed), a, b, y, n)
""",
    "an object with Python's generator": """
class Order:
    generator = random.Random()
    def of(self, count, seed):
        self.generator.seed(seed)
        return self.generator.sample(range(count), count)
orders = Order()
def split_datasets(a, b, y, n, seed): return cut(orders.of(len(a), seed), a, b, y, n)
""",
    "a global generator of torch": """
generator = torch.Generator()
def split_datasets(a, b, y, n, seed):
    generator.manual_seed(seed)
    return cut(torch.randperm(len(a), generator=generator).tolist(), a, b, y, n)
""",
    "a partial": """
def split(a, b, y, n, seed, shuffle):
    return cut(shuffle(len(a), generator=torch.Generator().manual_seed(seed)).tolist(), a, b, y, n)
split_datasets = functools.partial(split, shuffle=torch.randperm)
""",
}


def answer(source):
    scope = {"__name__": "__main__"}
    exec(compile(SPLIT + source, "/tmp/ipykernel_1/1.py", "exec"), scope)
    return scope["split_datasets"]


@pytest.mark.parametrize("way", REMEMBERS)
def test_memory_in_place_of_the_seed_is_found_out_each_time(way):
    mine = answer(REMEMBERS[way])
    assert [find("06.14").judge(mine).passed for _ in range(2)] == [False, False]


@pytest.mark.parametrize("way", RIGHT)
def test_memory_that_depends_on_the_seed_is_right(way):
    assert find("06.14").judge(answer(RIGHT[way])).passed


def test_a_copy_does_as_the_original_and_leaves_it_alone():
    def count(step=1, *, seen=[]):  # noqa: B006
        """Counts."""
        seen.append(step)
        return count.__doc__, sum(seen)

    one, other = forgetful(count), forgetful(count)
    assert [one(), one(2), other(5)] == [("Counts.", 1), ("Counts.", 3), ("Counts.", 5)]
    assert count.__kwdefaults__ == {"seen": []}
