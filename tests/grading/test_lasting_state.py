"""What an answer keeps between its calls is seen in its objects, in whatever spelling."""

import pytest
import torch

from grading.inside.lasting_state import LastingState

KEEPS = {
    "a default factory": """
        import dataclasses, itertools
        @dataclasses.dataclass
        class Turn:
            n: int = dataclasses.field(default_factory=itertools.count().__next__)
        def f(x): return Turn().n and x
    """,
    "a class that decorates": """
        class Counted:
            def __init__(self, function): self.function, self.calls = function, 0
            def __call__(self, x):
                self.calls += 1
                return self.function(x)
        @Counted
        def f(x): return x
    """,
    "an iterator behind functions": """
        def made(items): return lambda: (lambda: next(items))
        turn = made(iter(range(10**6)))()
        def f(x): return turn() and x
    """,
    "the registry of an abstract class": """
        import abc
        class Turn(abc.ABC): pass
        class Kind: pass
        def f(x):
            Turn.register(Kind)
            return x
    """,
    "the registry of a library's abstract class": """
        from collections.abc import Sized
        class Kind: pass
        def f(x):
            Sized.register(Kind)
            return x
    """,
    "a generator behind torch.no_grad": """
        import torch
        def numbers():
            n = 0
            while True:
                n = n + 1
                yield n
        def counted():
            going = numbers()
            @torch.no_grad()
            def inner(x): return next(going) and x
            return inner
        f = counted()
    """,
    "values of a tensor, past its version": """
        import torch
        seen = torch.zeros(2)
        def f(x):
            seen.data.add_(1)
            return x
    """,
    "an attribute of a tensor": """
        import torch
        seen = torch.zeros(2)
        def f(x):
            seen.last = x
            return x
    """,
    "a gradient": """
        import torch
        w = torch.ones(2, requires_grad=True)
        def f(x):
            (w * x).sum().backward()
            return x
    """,
    "statistics of a layer": """
        import torch
        norm = torch.nn.BatchNorm1d(2)
        def f(x): return norm(x[None].expand(3, 2))
    """,
    "items in sets in a dict in a class": """
        class Store: seen = {"all": [set()]}
        def f(x):
            Store.seen["all"][0].add(len(Store.seen["all"][0]))
            return x
    """,
    "a slot": """
        class Store:
            __slots__ = ("n",)
        store = Store()
        store.n = 0
        def f(x):
            store.n = store.n + 1
            return x
    """,
    "a number of one's own kind of int": """
        class Count(int): pass
        def count(): return f.n
        def f(x):
            f.n = Count(count() + 1)
            return x
        f.n = Count(0)
    """,
    "where a file stands": """
        import io
        tape = io.StringIO("0" * 100)
        def f(x): return tape.read(1) and x
    """,
    "a name that is bound anew": """
        n = 0
        def f(x):
            global n
            n = n + 1
            return x
    """,
    "a function with other code": """
        def other(x): return x + 0
        def g(x): return x
        def f(x):
            g.__code__ = other.__code__
            return g(x)
    """,
    "random numbers of one's own": """
        import random
        own = random.Random(1)
        def f(x): return own.random() and x
    """,
    "an array": """
        import numpy as np
        seen = np.zeros(2)
        def f(x):
            seen[0] += 1
            return x
    """,
    "what a context variable holds": """
        from contextvars import ContextVar
        now = ContextVar("now", default=0)
        def f(x):
            now.set(now.get() + 1)
            return x
    """,
    "what is local to a thread": """
        import threading
        here = threading.local()
        here.n = 0
        def f(x):
            here.n += 1
            return x
    """,
    "a bytearray under a memoryview": """
        view = memoryview(bytearray(8))
        def f(x):
            view[0] += 1
            return x
    """,
}
KEEPS_NOTHING = {
    "tables and layers that are read": """
        import math, torch
        names, scale = {"a": [1, 2], "b": {3, 4}}, torch.ones(2)
        layer = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
        def f(x):
            with torch.no_grad():
                return layer(x * scale) * names["a"][0] * math.pi
    """,
    "objects of a class": """
        import abc, functools
        class Base(abc.ABC):
            made = ()
            @abc.abstractmethod
            def go(self, x): ...
        class Own(Base):
            def __init__(self): self.seen = []
            @functools.cached_property
            def half(self): return 0.5
            def go(self, x):
                self.seen.append(x)
                return x * self.half
        def f(x):
            own = Own()
            return own.go(x) if isinstance(own, Base) else x
    """,
    "a function that looks at types": """
        import functools
        @functools.singledispatch
        def doubled(x): return x * 2
        @doubled.register
        def _(x: list): return [2 * one for one in x]
        def f(x): return doubled(x) + doubled([1])[0]
    """,
    "an optimizer of one's own": """
        import torch
        class Plain(torch.optim.Optimizer):
            def __init__(self, parameters): super().__init__(parameters, {})
            @torch.no_grad()
            def step(self):
                for group in self.param_groups:
                    for p in group["params"]: p -= p.grad
        class Same(torch.optim.SGD): pass
        def f(x):
            w = x.clone().requires_grad_()
            w.sum().backward()
            Plain([w]).step()
            Same([w], lr=0.1).step()
            return w
    """,
    "a log": """
        import logging
        log = logging.getLogger(__name__)
        def f(x):
            log.debug("called")
            return x
    """,
    "a function of autograd, generators and iterators of one call": """
        import itertools, torch
        class Twice(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x): return x * 2
            @staticmethod
            def backward(ctx, g): return g * 2
        def f(x):
            w = x.clone().requires_grad_()
            Twice.apply(w).sum().backward()
            return sum(itertools.islice((part for part in w.grad), 2))
    """,
}


def names_that_changed(source):
    lines = source.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    scope = {"__name__": "__main__"}
    exec("\n".join(line[indent:] for line in lines), scope)
    before = LastingState(scope["f"], scope, "f")
    for _ in range(2):
        scope["f"](torch.tensor([1.0, 2.0]))
    return before.changed_to(LastingState(scope["f"], scope, "f"))


@pytest.mark.parametrize("kind", KEEPS)
def test_what_is_kept_is_seen(kind):
    assert names_that_changed(KEEPS[kind])


@pytest.mark.parametrize("kind", KEEPS_NOTHING)
def test_what_only_runs_is_not_told(kind):
    assert not names_that_changed(KEEPS_NOTHING[kind])


def test_the_name_is_told():
    assert names_that_changed(KEEPS["values of a tensor, past its version"]) == ["seen"]


def test_odd_objects_are_not_called():
    source = """
        class Odd:
            called = False
            def odd(self, *rest):
                Odd.called = True
                raise RuntimeError
            __eq__ = __hash__ = __repr__ = __len__ = __iter__ = __getattribute__ = odd
        odd = Odd()
        def f(x): return odd and x if False else x
    """
    assert not names_that_changed(source)
