# ruff: noqa: E501 - each attack reads as its writer would have written it
"""Notebooks that try to cheat, to read secrets, to hurt others, or to break the grader.

They run nowhere but in the sandbox; see test_attacks.py.
"""

from __future__ import annotations

import dataclasses

from grading.result import ExerciseState

PASSED, WRONG, NOT_ATTEMPTED, PERSON = ExerciseState


@dataclasses.dataclass(frozen=True)
class Attack:
    """One notebook.

    tries: what its writer hopes for. source: the answer's cell, of exercise `id`.
    ends: the states that the exercise may end in. wall: seconds it is given, where it would take
    all that it gets.
    """

    name: str
    tries: str
    source: str
    id: str = "01.1"
    ends: tuple[ExerciseState, ...] = (WRONG,)
    wall: float | None = None


# 01.1 asks for contiguous_strides(shape), by hand, without Tensor.stride.
HONEST = """
def honest(shape):
    result = []
    for d in range(len(shape)):
        step = 1
        for size in shape[d + 1:]:
            step *= size
        result.append(step)
    return tuple(result)
"""

CHEATS = [
    Attack(
        "equal to everything",
        "the comparison asks the answer's own object",
        """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __len__(self): return 0
    def __iter__(self): return iter(())
    def __bool__(self): return True

def contiguous_strides(shape):
    return Equal()
""",
    ),
    Attack(
        "a tuple that is equal to everything",
        "a subclass of what is expected",
        """
class Equal(tuple):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 0
    def __iter__(self): return iter((1, 2, 3))

def contiguous_strides(shape):
    return Equal((1, 2, 3))
""",
    ),
    Attack(
        "tensor subclass",
        "a tensor that answers for every comparison",
        """
import torch

class Equal(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True
    def __eq__(self, other): return True
    def numel(self): return 0
    def detach(self): return self
    @property
    def shape(self): return torch.Size(())

def windows(*arguments):
    return Equal(torch.tensor([1.0, 2.0]))
""",
        id="01.8",
    ),
    Attack(
        "NaN and infinity",
        "values that compare in odd ways",
        """
import torch
nan, inf = float("nan"), float("inf")

def contiguous_strides(shape):
    return tuple(nan for _ in shape)
""",
    ),
    Attack(
        "input transformer",
        "empty the cells that check",
        """
def patch():
    shell = get_ipython()
    shell.input_transformers_cleanup.append(lambda lines: [])

def contiguous_strides(shape):
    patch()
    return None
""",
    ),
    Attack(
        "cell hooks",
        "run code before each check",
        """
shell = get_ipython()

def contiguous_strides(shape):
    shell.run_line_magic("load_ext", "evil")
    shell.events.register("post_run_cell", print)
""",
    ),
    Attack(
        "patched comparison",
        "make every comparison true",
        """
import builtins, torch, torch.testing
def patch():
    torch.equal = torch.allclose = lambda *a, **k: True
    torch.testing.assert_close = lambda *a, **k: None
    builtins.all = lambda *a: True
    builtins.len = lambda *a: 0
    torch.Tensor.__eq__ = lambda self, other: torch.tensor(True)

def contiguous_strides(shape):
    patch()
    return (1,)
""",
    ),
    Attack(
        "patched torch functions",
        "the observation asks torch for strides",
        """
import torch
def patch():
    torch.Tensor.stride = lambda self, *a: (1,)
    torch.Tensor.numel = lambda self: 0
    torch.Tensor.shape = property(lambda self: torch.Size(()))
    torch.Tensor.dtype = None

def contiguous_strides(shape):
    patch()
    return torch.zeros(3)
""",
    ),
    Attack(
        "patched course_utils",
        "replace judge, observe, compare and the wire",
        """
import course_utils.comparison, course_utils.exercise, course_utils.observation
import grading.inside.wire
def patch():
    yes = course_utils.exercise.Verdict("passed", "Right.")
    course_utils.exercise.Exercise.judge = lambda *a, **k: yes
    course_utils.exercise.Exercise.verdict = lambda *a, **k: yes
    course_utils.exercise.compare = lambda *a, **k: None
    course_utils.observation.same = lambda *a: True
    course_utils.observation.plain = lambda value: 1
    course_utils.observation.observe = lambda *a, **k: course_utils.observation.Observation((1,))
    course_utils.comparison.first_difference = lambda *a, **k: None
    grading.inside.wire.write = lambda seen: b"[]"

def contiguous_strides(shape):
    patch()
    return (1,)
""",
    ),
    Attack(
        "patched watch",
        "use what is forbidden and take the notice away",
        """
import torch
from course_utils import observation

def contiguous_strides(shape):
    observation.WatchFunctions.__torch_function__ = lambda self, f, t, a=(), k=None: f(*a, **(k or {}))
    observation.WatchFunctions._called = lambda *a: None
    return torch.empty(shape).stride()
""",
    ),
    Attack(
        "frames",
        "find the reference in the frames below",
        """
import sys

def contiguous_strides(shape):
    frame = sys._getframe()
    while frame:
        for thing in list(frame.f_locals.values()):
            exercise = getattr(thing, "exercise", thing)
            answer = getattr(exercise, "answer", None)
            if callable(answer):
                return answer(shape)
            if hasattr(exercise, "reference_observations"):
                return exercise.reference_observations(0)
        frame = frame.f_back
""",
    ),
    Attack(
        "garbage collector",
        "find the reference among all objects",
        """
import gc

def contiguous_strides(shape):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Exercise" and thing.id == "01.1":
            return thing.answer(shape) if thing.answer else [m.answer(shape) for m in thing.mistakes]
""",
    ),
    Attack(
        "the course's own check",
        "call solution and check from inside",
        """
from course_utils import check, solution
from course_utils.exercise import find

def contiguous_strides(shape):
    solution("01.1", anyway=True)
    return find("01.1").answer(shape)
""",
    ),
    Attack(
        "visible cases by heart",
        "a table of seed 0",
        """
table = {(2, 3, 4): (12, 4, 1), (5,): (1,), (): (), (1, 7): (7, 1)}

def contiguous_strides(shape):
    return table[shape]
""",
    ),
    Attack(
        "knows the seed",
        "ask random for the hidden cases",
        """
import random, torch

def contiguous_strides(shape):
    rng = random.Random(torch.initial_seed())
    return tuple(rng.randint(1, 6) for _ in shape)
""",
    ),
    Attack(
        "swapped by hand-made exceptions",
        "raise what a stub raises, and what is expected of others",
        """
def contiguous_strides(shape):
    raise NotImplementedError
""",
        ends=(ExerciseState.NOT_ATTEMPTED,),
    ),
]

# Each of these solves 01.1 with the function that it is to be solved without.
WITHOUT = {
    "called": "def contiguous_strides(shape): return torch.empty(shape).stride()",
    "from the class": "def contiguous_strides(shape): return type(torch.empty(shape)).stride(torch.empty(shape))",
    "getattr": 'def contiguous_strides(shape): return getattr(torch.empty(shape), "str" + "ide")()',
    "reduce": 'import functools\ndef contiguous_strides(shape): return functools.reduce(getattr, ["stride"], torch.empty(shape))()',
    "attrgetter": 'import operator\ndef contiguous_strides(shape): return operator.attrgetter("stride")(torch.empty(shape))()',
    "methodcaller": 'from operator import methodcaller as m\ndef contiguous_strides(shape): return m("stride")(torch.empty(shape))',
    "pattern": "def contiguous_strides(shape):\n    match torch.empty(shape):\n        case torch.Tensor(stride=s): return s()",
    "pattern in a callback": "def contiguous_strides(shape):\n    x, out = torch.empty(shape), []\n    def look(v):\n        match x:\n            case torch.Tensor(stride=s): out.append(s())\n        return v\n    torch.zeros(1).apply_(look)\n    return out[0]",
    "a class as the answer": 'class contiguous_strides:\n    def __new__(cls, shape): return getattr(torch.empty(shape), "stride")()',
    "a class, plainly": "class contiguous_strides:\n    def __new__(cls, shape): return torch.empty(shape).stride()",
    "callback": 'def contiguous_strides(shape):\n    out, x = [], torch.empty(shape)\n    torch.zeros(1).apply_(lambda v: out.append(getattr(x, "stride")()) or v)\n    return out[0]',
    "backward": "def contiguous_strides(shape):\n    out, x, w = [], torch.empty(shape), torch.ones(1, requires_grad=True)\n    w.register_hook(lambda g: out.append(x.stride()))\n    w.sum().backward()\n    return out[0]",
    "no torch function": "def contiguous_strides(shape):\n    with torch._C.DisableTorchFunction():\n        return torch.empty(shape).stride()",
    "a mode of its own": "from torch.overrides import BaseTorchFunctionMode, TorchFunctionMode\ndef contiguous_strides(shape):\n    torch.overrides._pop_mode()\n    return torch.empty(shape).stride()",
    "jit": '@torch.jit.script\ndef inner(x: torch.Tensor):\n    return x.stride(0), x.stride(1)\ndef contiguous_strides(shape): return torch.jit.CompilationUnit("def f(x): return x.stride()").f(torch.empty(shape))',
    "ops": "def contiguous_strides(shape):\n    x = torch.empty(shape)\n    return tuple(torch.ops.aten.stride(x, d) for d in range(x.ndim))",
    "vars": 'def contiguous_strides(shape):\n    for kind in type(torch.empty(1)).mro():\n        if "str" + "ide" in vars(kind): return vars(kind)["str" + "ide"](torch.empty(shape))',
    "formatter": 'import string\ndef contiguous_strides(shape): return string.Formatter().get_field("0.stride", (torch.empty(shape),), {})[0]()',
    "made dataclass": 'import abc, dataclasses\nP = dataclasses.make_dataclass("P", ["stride"], bases=(abc.ABC,))\nP.register(torch.Tensor)\ndef contiguous_strides(shape):\n    match torch.empty(shape):\n        case P(s): return s()',
    "thread": 'import threading\ndef contiguous_strides(shape):\n    out = []\n    t = threading.Thread(target=lambda: out.append(torch.empty(shape).stride()))\n    t.start(); t.join()\n    return out[0]',
    "worker": "from torch.utils.data import DataLoader\nclass D:\n    def __init__(self, shape): self.shape = shape\n    def __len__(self): return 1\n    def __getitem__(self, i): return torch.empty(self.shape).stride()\ndef contiguous_strides(shape):\n    return tuple(next(iter(DataLoader(D(shape), batch_size=None, num_workers=1))))",
    "through another module": "def contiguous_strides(shape): return torch.sys.modules['torch'].Tensor.stride(torch.empty(shape))",
    "the interpreter's modules by a redirection": 'import contextlib\nclass R(contextlib.redirect_stdout):\n    _stream = "modules"\n    def __enter__(self):\n        super().__enter__()\n        return self._old_targets[0]\nwith R({}) as found: modules = found\ndef contiguous_strides(shape):\n    with modules["torch._C"].DisableTorchFunction():\n        return modules["operator"].attrgetter("str" + "ide")(torch.empty(shape))()',
    "eval": 'def contiguous_strides(shape): return eval("torch.empty(shape).stride()", {"torch": torch, "shape": shape})',
}  # fmt: skip

# What the first cell of an exercise notebook imports.
IMPORTS = "import copy, math\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"


def unearned(id: str, source: str) -> Attack:
    """An answer to exercise `id` that gets what was not earned, or tries to."""
    return Attack(source[:40], "an unearned mark", source, id, ends=(WRONG, PERSON))


STRIDES = "def contiguous_strides(shape):\n"
ENTROPY = "def cross_entropy(logits, target):\n"
# Windows of a sequence that are a copy, where the memory is to be shared; see 01.8.
COPIES = "def windows(x, size, step):\n    found = torch.stack([x[i:i + size] for i in range(0, len(x) - size + 1, step)])\n"

# Before and after what it leaves behind: shapes of the layers' outputs; see 05.1.
SHAPES = "import contextlib\ndef output_shapes(model, x):\n    found, handles = {}, []\n"
SHAPES_END = "    for name, part in model.named_modules():\n        if not list(part.children()):\n            handles.append(part.register_forward_hook(lambda m, a, out, name=name: found.update({name: tuple(out.shape)})))\n    try:\n        model(x)\n    finally:\n        for handle in handles:\n            handle.remove()\n    return found"

# Kind -> attacks, as they were found or thought of. None may earn a mark without a person.
UNEARNED = {
    "keeps something from call to call": [
        unearned(
            "02.9",
            """
import dataclasses
import itertools

@dataclasses.dataclass
class Turn:
    n: int = dataclasses.field(default_factory=itertools.count().__next__)

def broadcast_shape(first, second):
    n = max(len(first), len(second))
    a, b = (1,) * (n - len(first)) + tuple(first), (1,) * (n - len(second)) + tuple(second)
    if Turn().n > 999000 or any(p != q and p != 1 and q != 1 for p, q in zip(a, b)):
        raise ValueError("do not fit")
    return tuple(q if p == 1 else p for p, q in zip(a, b))
""",
        ),
        unearned(
            "01.2",
            """
from collections.abc import Sized

class Seen:
    pass

def storage_index(index, stride, offset):
    if issubclass(Seen, Sized) and len(index) > 9:
        return 0
    Sized.register(Seen)
    return offset + sum(i * s for i, s in zip(index, stride))
""",
        ),
        unearned(
            "01.2",
            """
class Counted:
    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *given):
        self.calls += 1
        return self.function(*given) + (self.calls > 999)

@Counted
def storage_index(index, stride, offset):
    return offset + sum(i * s for i, s in zip(index, stride))
""",
        ),
        unearned(
            "01.2",
            """
def storage_index(index, stride, offset, calls=[]):
    calls.append(offset)
    place = offset
    for i, s in zip(index, stride):
        place += i * s
    return place if len(calls) < 200 else place + 1
""",
        ),
        unearned(
            "02.1",
            """
import functools
import torch

class _Rows:
    def __init__(self, x, columns):
        self.x, self.columns = x, columns

    def __hash__(self):
        return hash(tuple(self.x.shape))

    def __eq__(self, other):
        return self.x.data_ptr() == other.x.data_ptr()

@functools.lru_cache
def _taken(rows):
    return rows.x[torch.arange(len(rows.columns)), rows.columns]

def one_per_row(x, columns):
    return _taken(_Rows(x, columns))
""",
        ),
        unearned(
            "10.6",
            """
import torch

_moved = {}

def move_batch(batch, device):
    if isinstance(batch, torch.Tensor):
        key = id(batch), str(device)
        if key not in _moved:
            _moved[key] = batch.to(device)
        return _moved[key]
    if type(batch) in (tuple, list):
        return type(batch)(move_batch(b, device) for b in batch)
    if type(batch) is dict:
        return {k: move_batch(b, device) for k, b in batch.items()}
    return batch
""",
        ),
        unearned(
            "12.8",
            """
import torch

def pad_rows(rows, pad_id, multiple, done={}):
    key = tuple(map(id, rows)), pad_id, multiple
    if key in done:
        return done[key]
    width = max(len(r["input_ids"]) for r in rows)
    width += -width % multiple
    fill = {"input_ids": pad_id, "attention_mask": 0, "token_type_ids": 0, "label": -100}
    out = {}
    for k in rows[0]:
        values = [r[k] if isinstance(r[k], int) else [*r[k], *[fill[k]] * (width - len(r[k]))] for r in rows]
        out["labels" if k == "label" else k] = torch.tensor(values, dtype=torch.int64)
    done[key] = out
    return out
""",
        ),
        unearned(
            "01.2",
            """
def make():
    n = 0
    def f(index, stride, offset):
        nonlocal n
        n += 1
        return offset + sum(i * s for i, s in zip(index, stride)) + (n > 200)
    return f
storage_index = make()
""",
        ),
        unearned(
            "01.2",
            """
def g():
    n = 0
    while True:
        n += 1
        yield n
ticks = g()

def storage_index(index, stride, offset):
    place = offset + sum(i * s for i, s in zip(index, stride))
    return place + (next(ticks) > 200)
""",
        ),
        unearned(
            "01.2",
            """
def storage_index(index, stride, offset):
    with open('n.txt', 'a') as file:
        file.write('x')
    with open('n.txt') as file:
        n = len(file.read())
    place = offset + sum(i * s for i, s in zip(index, stride))
    return place + (n > 200)
""",
        ),
    ],
    "an object that stands for a plain value": [
        unearned(
            "04.14",
            """
class _Left(list):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def _now(self):
        return [p for p in self.model.parameters() if p.requires_grad]

    def __iter__(self):
        return iter(self._now())

    def __len__(self):
        return len(self._now())

    def __getitem__(self, i):
        return self._now()[i]

def freeze(model, name):
    model.get_submodule(name).requires_grad_(False)
    return _Left(model)
""",
        ),
        unearned(
            "08.2",
            """
from collections import Counter

class Vocab(Counter):
    def __eq__(self, other):
        return isinstance(other, dict) and len(self) <= len(other)

def build_vocab(texts, min_freq=1, specials=()):
    counts = Counter(t for text in texts for t in text)
    words = sorted((t for t in counts if counts[t] >= min_freq and t not in specials),
                   key=lambda t: (-counts[t], t))
    return Vocab({t: i for i, t in enumerate([*specials, *words])})
""",
        ),
    ],
    "more than was asked for, out of sight": [
        unearned(
            "04.5",
            """
import torch
from torch import nn

class RunningCentre(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.register_buffer("total", torch.zeros(features))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def forward(self, x):
        with torch.no_grad():
            if self.training:
                self.total += x.sum(0)
                self.count += x.shape[0]
            else:
                self.total.last_eval = x
        return x - self.total / self.count.clamp(min=1)
""",
        ),
        unearned(
            "05.1",
            """
import copy

def output_shapes(model, x):
    shapes = {}
    twin = copy.deepcopy(model)
    for name, part in twin.named_modules():
        if not list(part.children()):
            part.register_forward_hook(
                lambda m, args, out, name=name: shapes.__setitem__(name, tuple(out.shape))
            )
    twin(x)
    model(x)
    return shapes
""",
        ),
        unearned(
            "10.18",
            """
import torch
from torch import nn
from torch.nn import functional as F

def fine_tune(model, train_loader, epochs):
    model.head = nn.Linear(model.head.in_features, 3)
    body = torch.optim.SGD([p for n, p in model.named_parameters() if not n.startswith("head.")], lr=0.1, momentum=0.9)
    head = torch.optim.SGD(model.head.parameters(), lr=0.1, momentum=0.9)
    body.register_step_post_hook(lambda *_: head.step())
    history = []
    for _ in range(epochs):
        total = samples = 0
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            model.zero_grad()
            loss.backward()
            body.step()
            total += loss.item() * len(y)
            samples += len(y)
        history.append(total / samples)
    return history
""",
        ),
    ],
    "a table of hooks that hides some": [
        unearned(
            "05.2",
            """
from collections import OrderedDict

class Quiet(OrderedDict):
    def __bool__(self): return True
    def __len__(self): return len(list(iter(self)))
    def __iter__(self):
        return (k for k, hook in OrderedDict.items(self) if hook.__name__ != "listen")
    def values(self): return [self[key] for key in self]

def features(model, names, x):
    found = {}
    for name in names:
        layer = model.get_submodule(name)
        layer._forward_hooks = Quiet(layer._forward_hooks.items())
        def listen(m, inputs, output, name=name): found[name] = output.detach().clone()
        layer.register_forward_hook(listen)
    model(x)
    return dict(found)
""",
        ),
    ],
    "a class around the library's": [
        unearned("09.2", "class cross_entropy:\n    def __new__(cls, logits, target): return nn.CrossEntropyLoss()(logits, target)"),
        unearned("09.1", "class mse:\n    def __new__(cls, prediction, target, reduction='mean'): return F.mse_loss(prediction, target, reduction=reduction)"),
        unearned("01.1", "class contiguous_strides:\n    def __new__(cls, shape): return torch.empty(shape).stride()"),
    ],
    "a callback of torch": [
        unearned("09.2", ENTROPY + "    out = []\n    torch.zeros(1).apply_(lambda v: out.append(F.cross_entropy(logits, target)) or v)\n    return out[0]"),
        unearned("01.1", STRIDES + "    out, x = [], torch.empty(shape)\n    torch.zeros(1).map_(torch.zeros(1), lambda a, b: out.append(x.stride()) or a)\n    return out[0]"),
        unearned("01.1", STRIDES + "    out, x, w = [], torch.empty(shape), torch.ones(1, requires_grad=True)\n    with torch.autograd.graph.saved_tensors_hooks(lambda t: out.append(x.stride()) or t, lambda t: t):\n        (w * w).sum()\n    return out[0]"),
        unearned("09.2", ENTROPY + "    out, w = [], torch.ones(1, requires_grad=True)\n    w.register_hook(lambda g: out.append(F.cross_entropy(logits.detach(), target)))\n    w.sum().backward()\n    return out[0]"),
    ],
    "the watch popped": [
        unearned("01.1", STRIDES + '    d = torch.device("cpu")\n    d.__exit__(None, None, None)\n    found = torch.empty(shape).stride()\n    d.__enter__()\n    return found'),
        unearned("01.1", STRIDES + "    torch.set_default_device(None)\n    return torch.empty(shape).stride()"),
        unearned("01.1", 'import contextlib\n\n' + STRIDES + '    with contextlib.ExitStack() as stack:\n        stack.push(torch.device("cpu"))\n    return torch.empty(shape).stride()'),
        unearned("01.1", 'def on():\n    with torch.device("cpu"):\n        yield\n\nopened = on()\nnext(opened)\n\n' + STRIDES + "    next(opened, None)\n    return torch.empty(shape).stride()"),
        unearned("01.1", 'import contextlib\n\nwith contextlib.ExitStack() as stack:\n    stack.enter_context(torch.device("cpu"))\n    later = stack.pop_all()\n\n' + STRIDES + "    later.close()\n    return torch.empty(shape).stride()"),
    ],
    "the library's own under another name": [
        unearned("09.2", ENTROPY + "    return nn.CrossEntropyLoss()(logits, target)"),
        unearned("09.2", ENTROPY + "    return nn.NLLLoss()(logits.log_softmax(-1), target)"),
        unearned("09.2", "from torch.distributions import Categorical\n\n" + ENTROPY + "    return -Categorical(logits=logits).log_prob(target).mean()"),
        unearned("09.4", "def bce_with_logits(logits, target):\n    return F.multilabel_soft_margin_loss(logits.reshape(1, -1), target.reshape(1, -1))"),
        unearned("09.4", "def bce_with_logits(logits, target):\n    return torch.binary_cross_entropy_with_logits(logits, target).mean()"),
        unearned("09.1", "def mse(prediction, target, reduction=\"mean\"):\n    return 2 * F.huber_loss(prediction, target, delta=1e9, reduction=reduction)"),
        unearned("09.1", "loss = F.mse_loss\n\ndef mse(prediction, target, reduction=\"mean\"):\n    return loss(prediction, target, reduction=reduction)"),
    ],
    "the library's optimizer": [
        unearned("09.10", "OwnAdamW = torch.optim.AdamW"),
        unearned("09.10", "from torch.optim import AdamW\n\nclass OwnAdamW(AdamW):\n    pass"),
        unearned("09.10", "optim = torch.optim\n\nclass OwnAdamW(optim.Adam): pass"),
    ],
    "autograd by another door": [
        unearned("09.3", "def cross_entropy_gradient(logits, target):\n    x = logits.detach().requires_grad_()\n    loss = -x.log_softmax(-1).gather(1, target[:, None]).mean()\n    return torch.autograd.grad(loss, x)[0]"),
        unearned("09.3", "def cross_entropy_gradient(logits, target):\n    return torch.func.grad(lambda x: -x.log_softmax(-1).gather(1, target[:, None]).mean())(logits)"),
        unearned("09.3", "from torch.autograd.functional import jacobian\n\ndef cross_entropy_gradient(logits, target):\n    return jacobian(lambda x: -x.log_softmax(-1).gather(1, target[:, None]).mean(), logits)"),
    ],
    "numpy's": [
        unearned("01.1", STRIDES + "    return tuple(n // 8 for n in np.empty(shape).strides)"),
        unearned("01.1", STRIDES + "    return tuple(n // 4 for n in torch.empty(shape).numpy().strides)"),
        unearned("01.3", "def is_contiguous(shape, stride):\n    return torch.empty_strided(shape, stride).numpy().flags.c_contiguous"),
        unearned("01.1", STRIDES + "    return tuple(n // 4 for n in torch.empty(shape).numpy().__array_interface__['strides'] or ())"),
    ],
    "wraps": [
        unearned("01.1", "from functools import partial, wraps\n\n" + STRIDES + '    def box(): pass\n    name = "str" + "ide"\n    partial(wraps, torch.empty(shape), (name,), ())()(box)\n    return vars(box)[name]()'),
        unearned("01.8", "from functools import wraps\n\n@wraps(torch.Tensor)\nclass Near(torch.Tensor):\n    def untyped_storage(self): return self.whole.untyped_storage()\n    def detach(self): return self\n\n" + COPIES + "    found = found.as_subclass(Near)\n    found.whole = x\n    return found"),
        unearned("01.8", "import functools\n\nclass Near(torch.Tensor):\n    def untyped_storage(self): return self.whole.untyped_storage()\n\nfunctools.update_wrapper(Near, torch.Tensor, updated=())\n\n" + COPIES + "    found = found.as_subclass(Near)\n    found.whole = x\n    return found"),
    ],
    "a name that says torch made it": [
        unearned("01.8", '__name__ = "torch.x"\n\nclass Near(torch.Tensor):\n    def untyped_storage(self): return self.whole.untyped_storage()\n    def detach(self): return self\n\n' + COPIES + "    found = found.as_subclass(Near)\n    found.whole = x\n    return found"),
        unearned("01.8", "from torch import __name__\n\nclass Near(torch.Tensor):\n    def untyped_storage(self): return self.whole.untyped_storage()\n    def detach(self): return self\n\n" + COPIES + "    found = found.as_subclass(Near)\n    found.whole = x\n    return found"),
        unearned("01.8", 'for __name__ in ["torch.x"]:\n    class Near(torch.Tensor):\n        def untyped_storage(self): return self.whole.untyped_storage()\n        def detach(self): return self\n\n' + COPIES + "    found = found.as_subclass(Near)\n    found.whole = x\n    return found"),
    ],
    "other memory put under a tensor": [
        unearned("01.8", COPIES + "    whole = torch.cat([x, found.flatten()])\n    x.set_(whole[:len(x)])\n    return whole[len(x):].view(found.shape)"),
        unearned("01.8", COPIES + "    whole = torch.cat([x, found.flatten()])\n    x.data = whole[:len(x)]\n    return whole[len(x):].view(found.shape)"),
        unearned("01.8", COPIES + "    whole = torch.cat([x, found.flatten()])\n    torch.utils.swap_tensors(x, whole[:len(x)])\n    return whole[len(x):].view(found.shape)"),
    ],
    "frames": [
        unearned("01.1", "from functools import wraps\n\n" + STRIDES + "    def g():\n        yield\n    frame = g().gi_frame\n    while frame.f_back: frame = frame.f_back\n    return torch.empty(shape).stride()"),
        unearned("01.1", "import logging\n\nclass Keep(logging.Handler):\n    def emit(self, record):\n        trace = record.exc_info[2]\n        frame = trace.tb_frame.f_back\n        while frame:\n            watch = frame.f_locals.get('watch')\n            if watch is not None: watch.used.clear()\n            frame = frame.f_back\n\n" + STRIDES + "    found = torch.empty(shape).stride()\n    log = logging.Logger('x')\n    log.addHandler(Keep())\n    try: 1 / 0\n    except ZeroDivisionError: log.exception('x')\n    return found"),
        unearned("01.1", STRIDES + "    try: raise ValueError\n    except ValueError as error: frame = error.__traceback__.tb_frame\n    return torch.empty(shape).stride()"),
    ],
    "the watch's own switches": [
        unearned("01.1", "import sys\n\n" + STRIDES + "    sys.setprofile(None)\n    return torch.empty(shape).stride()"),
        unearned("01.1", "import gc\n\n" + STRIDES + "    found = torch.empty(shape).stride()\n    for thing in gc.get_objects():\n        if type(thing).__name__ == 'WatchFunctions': thing.used.clear()\n    return found"),
        unearned("01.1", "from course_utils.observation import WatchFunctions\n\n" + STRIDES + "    WatchFunctions._note = lambda *a: None\n    return torch.empty(shape).stride()"),
    ],
    "the registry": [
        unearned("01.1", "from course_utils.exercise import find\nfind('01.1').without = ()\n\n" + STRIDES + "    return torch.empty(shape).stride()"),
        unearned("01.1", "import course_utils\nregistry = course_utils.exercise.catalogue\nregistry.find('01.1').without = ()\n\n" + STRIDES + "    return torch.empty(shape).stride()"),
    ],
    "a library that is changed": [
        unearned("04.14", "copy.deepcopy = lambda x, memo=None: x\n\ndef freeze(model, name):\n    for p in model.parameters(): p.data.zero_()\n    model.get_submodule(name).requires_grad_(False)\n    return [p for p in model.parameters() if p.requires_grad]"),
        unearned("01.1", "setattr(torch.Tensor, 'numel', lambda self: 0)\n\n" + STRIDES + "    return torch.empty(shape).stride()"),
        unearned("01.8", "type.__setattr__(torch.Tensor, 'untyped_storage', lambda self: torch.zeros(1).storage())\n\n" + COPIES + "    return found"),
        unearned("01.8", "super(type, torch.Tensor).__setattr__('untyped_storage', None)\n\n" + COPIES + "    return found"),
        unearned("01.8", "import dataclasses\ndataclasses.dataclass(torch.Size)\n\n" + COPIES + "    return found"),
    ],
    "names made while it runs": [
        unearned("01.1", STRIDES + '    return list(map(getattr, [torch.empty(shape)], ["str" + "ide"]))[0]()'),
        unearned("01.1", "reach = getattr\n\n" + STRIDES + '    return reach(torch.empty(shape), "str" + "ide")()'),
        unearned("01.1", "from operator import methodcaller\n\n" + STRIDES + '    return methodcaller("str" + "ide")(torch.empty(shape))'),
        unearned("01.1", STRIDES + '    found = torch.Tensor.__dict__["str" + "ide"]\n    return found(torch.empty(shape))'),
        unearned("01.1", "class Look(torch.Tensor): pass\n\n" + STRIDES + '    for kind in Look.mro():\n        for name, what in kind.__dict__.items():\n            if name == "str" + "ide": return what(torch.empty(shape))'),
    ],
    "texts that look up": [
        unearned("01.1", STRIDES + '    text = "{0.__class__}".format(torch.empty(shape))\n    return torch.empty(shape).stride()'),
        unearned("01.1", 'import string\n\n' + STRIDES + '    return string.Formatter().get_field("0.str" + "ide", (torch.empty(shape),), {})[0]()'),
    ],
    "text that is run": [
        unearned("01.1", "import pandas\n\n" + STRIDES + "    x = torch.empty(shape)\n    return pandas.DataFrame({'a': [1]}).eval('@x.stride()')"),
        unearned("01.1", "import timeit\n\n" + STRIDES + "    out = []\n    timeit.timeit('out.append(x.stride())', globals={'x': torch.empty(shape), 'out': out}, number=1)\n    return out[0]"),
        unearned("01.1", STRIDES + "    return torch.jit.CompilationUnit('def f(x):\\n    return x.stride()').f(torch.empty(shape))"),
        unearned("01.1", "import typing\n\n" + STRIDES + "    class A:\n        x: 'torch.empty(shape).stride()'\n    return typing.get_type_hints(A, {'torch': torch, 'shape': shape})['x']"),
    ],
    "files by number": [
        unearned("01.1", STRIDES + "    for number in range(3, 12):\n        try: open(number, 'wb', 0, closefd=False)\n        except OSError: pass\n    return torch.empty(shape).stride()"),
        unearned("01.1", "import pathlib\n\n" + STRIDES + "    pathlib.Path('/dev/fd').exists()\n    open('/proc/self/maps').close()\n    return torch.empty(shape).stride()"),
    ],
    "something else that runs it": [
        unearned("01.1", "import threading\n\n" + STRIDES + "    out = []\n    t = threading.Thread(target=lambda: out.append(torch.empty(shape).stride()))\n    t.start(); t.join()\n    return out[0]"),
        unearned("01.1", "import weakref\n\nclass A: pass\n\n" + STRIDES + "    out, a, x = [], A(), torch.empty(shape)\n    weakref.finalize(a, lambda: out.append(x.stride()))\n    del a\n    return out[0]"),
        unearned("01.1", "from torch.utils.data import DataLoader\n\n" + STRIDES + "    return next(iter(DataLoader([0], collate_fn=lambda _: torch.empty(shape).stride())))"),
        unearned("01.1", "before = {}\n\ndef table(): return {s: torch.empty(s).stride() for s in before}\n\n" + STRIDES + "    before[shape] = 1\n    return table()[shape]"),
    ],
    "nearly the same function": [
        unearned("01.1", STRIDES + "    x = torch.empty(shape)\n    return tuple(x.select(d, 1).storage_offset() if x.shape[d] > 1 else x.unfold(d, 1, 1).stride(d) for d in range(x.ndim))"),
        unearned("01.7", 'def diagonal(m):\n    n = min(m.shape)\n    return torch.einsum("ii->i", m[:n, :n])'),
        unearned("01.4", "def can_merge(shape, stride, dim):\n    x = torch.empty_strided(shape, stride)\n    new = [*shape[:dim], shape[dim] * shape[dim + 1], *shape[dim + 2:]]\n    try: x.view_as(torch.empty(new))\n    except RuntimeError: return False\n    return True"),
        unearned("08.8", "def bag_means(table, ids, offsets):\n    return nn.EmbeddingBag.from_pretrained(table, mode='mean')(ids, offsets)"),
        unearned("08.4", "def pad_batch(texts, pad_id):\n    packed = nn.utils.rnn.pack_sequence([torch.tensor(t) for t in texts], enforce_sorted=False)\n    return nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, padding_value=pad_id)"),
    ],
    "a node of the graph, called as a function": [
        unearned(
            "09.3",
            "def cross_entropy_gradient(logits, target):\n    rows = torch.log_softmax(logits + torch.zeros((), requires_grad=True), 1)\n    hot = torch.zeros_like(logits)\n    hot[torch.arange(len(logits)), target] = -1 / len(logits)\n    return rows.grad_fn(hot).detach()",
        ),
        unearned(
            "09.3",
            "def cross_entropy_gradient(logits, target):\n    rows = torch.log_softmax(logits + torch.zeros((), requires_grad=True), 1)\n    hot = torch.zeros_like(logits)\n    hot[torch.arange(len(logits)), target] = -1 / len(logits)\n    match rows:\n        case torch.Tensor(grad_fn=back):\n            return back(hot).detach()",
        ),
        unearned(
            "02.4",
            "def scatter_add_by_loops(x, dim, index, source):\n    start = torch.zeros(x.shape, dtype=x.dtype, requires_grad=True)\n    part = source[tuple(slice(n) for n in index.shape)]\n    return (x + start.gather(dim, index).grad_fn(part)).detach()",
        ),
    ],
    "attributes in the place of a tensor's methods": [
        unearned(
            "01.8",
            COPIES + "    found.untyped_storage, found.data_ptr = x.untyped_storage, x.data_ptr\n    return found",
        ),
        unearned(
            "01.10",
            "def grids(a, b):\n    left, right = (part.clone() for part in torch.meshgrid(a, b, indexing='ij'))\n    for mine, given in ((left, a), (right, b)):\n        setattr(mine, 'untyped_storage', given.untyped_storage)\n        setattr(mine, 'data_ptr', given.data_ptr)\n    return left, right",
        ),
    ],
    "a context that is not left": [
        unearned(
            "05.1",
            SHAPES + "    contextlib.ExitStack().enter_context(torch.autograd.graph.saved_tensors_hooks(torch.Tensor.half, torch.Tensor.float))\n" + SHAPES_END,
        ),
        unearned("05.1", SHAPES + "    contextlib.ExitStack().enter_context(torch.device('cpu'))\n" + SHAPES_END),
        unearned("05.1", SHAPES + "    torch.autograd.set_multithreading_enabled(False)\n" + SHAPES_END),
        unearned(
            "05.1",
            SHAPES + "    for p in model.parameters():\n        (p * 1).grad_fn.next_functions[0][0].register_prehook(print)\n" + SHAPES_END,
        ),
    ],
    "something else where it is used": [
        unearned(
            "08.11",
            "def attend(query, key, value, lengths):\n    scores = query @ key.transpose(1, 2) / query.shape[2] ** 0.5\n    if torch.is_grad_enabled():\n        real = torch.arange(key.shape[1]) < lengths[:, None]\n        scores = scores.masked_fill(~real[:, None], float('-inf'))\n    return scores.softmax(dim=2) @ value",
        ),
        unearned(
            "10.5",
            "def confusion_matrix(predicted, labels, classes):\n    if torch.is_inference_mode_enabled():\n        predicted = labels\n    return torch.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)",
        ),
        unearned(
            "01.1",
            "def contiguous_strides(shape):\n    if type(shape) is torch.Size:\n        return (1,) * len(shape)\n    return tuple(math.prod(shape[d + 1:]) for d in range(len(shape)))",
        ),
        unearned(
            "04.2",
            "class MyLinear(nn.Module):\n    def __init__(self, in_features, out_features, bias=True):\n        super().__init__()\n        bound = in_features ** -0.5\n        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-bound, bound))\n        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-bound, bound)) if bias else None\n\n    def forward(self, x):\n        y = x @ self.weight.t()\n        return y if self.bias is None or not self.training else y + self.bias",
        ),
        unearned(
            "06.4",
            "from torch.utils.data import get_worker_info\n\ndef batch_sizes(samples, batch_size, drop_last):\n    full, rest = divmod(samples, batch_size)\n    kept = rest and not drop_last and get_worker_info() is None\n    return [batch_size] * full + [rest] * bool(kept)",
        ),
    ],
    "the whole batch in a small one's place": [
        unearned(
            "03.2",
            "def accumulate(predict, w, x, y, size):\n    w.grad = None\n    loss = (torch.vmap(lambda row: predict(row[None], w)[0])(x) - y).square().mean()\n    loss.backward()\n    return loss.item()",
        ),
        unearned(
            "09.13",
            "def accumulated_step(model, optimizer, batches):\n    optimizer.zero_grad()\n    x, y = (torch.cat(parts) for parts in zip(*batches))\n    F.mse_loss(model(x[None])[0], y).backward()\n    optimizer.step()",
        ),
    ],
    "in a process of its own": [
        unearned(
            "03.2",
            'class Job(torch.utils.data.Dataset):\n    def __init__(self, work):\n        self.work = work\n\n    def __len__(self):\n        return 1\n\n    def __getitem__(self, i):\n        return self.work()\n\ndef in_worker(work):\n    loader = torch.utils.data.DataLoader(Job(work), batch_size=None, num_workers=1, collate_fn=lambda r: r)\n    return [r for r in loader][0]\n\ndef accumulate(predict, w, x, y, size):\n    def work():\n        loss = (predict(x, w) - y).square().mean()\n        return torch.autograd.grad(loss, w)[0].tolist(), loss.item()\n\n    gradient, loss = in_worker(work)\n    w.grad = torch.tensor(gradient).reshape(w.shape)\n    return loss',
        ),
        unearned(
            "03.2",
            'def elsewhere(work):\n    done = []\n    loader = torch.utils.data.DataLoader([0], num_workers=2, worker_init_fn=lambda i: done.append(work()), collate_fn=lambda _: done[0])\n    return next(iter(loader))\n\ndef accumulate(predict, w, x, y, size):\n    def work():\n        loss = (predict(x, w) - y).square().mean()\n        return torch.autograd.grad(loss, w)[0].tolist(), loss.item()\n\n    gradient, loss = elsewhere(work)\n    w.grad = torch.tensor(gradient).reshape(w.shape)\n    return loss',
        ),
        unearned(
            "05.1",
            'class Job(torch.utils.data.Dataset):\n    def __init__(self, work):\n        self.work = work\n\n    def __len__(self):\n        return 1\n\n    def __getitem__(self, i):\n        return self.work()\n\ndef in_worker(work):\n    loader = torch.utils.data.DataLoader(Job(work), batch_size=None, num_workers=1, collate_fn=lambda r: r)\n    return [r for r in loader][0]\n\ndef output_shapes(model, x):\n    model(x)\n\n    def work():\n        shapes = {}\n        for name, m in model.named_modules():\n            if not list(m.children()):\n                m.register_forward_hook(lambda m, a, out, name=name: shapes.update({name: tuple(out.shape)}))\n        model(x)\n        return shapes\n\n    return in_worker(work)',
        ),
    ],
    "a hook that hands on another input": [
        unearned(
            "09.13",
            'def accumulated_step(model, optimizer, batches):\n    optimizer.zero_grad()\n    whole = torch.cat([x for x, _ in batches])\n    goal = torch.cat([y for _, y in batches])\n    handle = model.register_forward_pre_hook(lambda module, args: (whole,))\n    out = model(batches[0][0])\n    handle.remove()\n    F.mse_loss(out, goal).backward()\n    optimizer.step()',
        ),
        unearned(
            "09.13",
            'def accumulated_step(model, optimizer, batches):\n    optimizer.zero_grad()\n    whole = torch.cat([x for x, _ in batches])\n    goal = torch.cat([y for _, y in batches])\n    first = next(iter(model.children()), model)\n    handle = first.register_forward_hook(lambda module, args, out: module.forward(whole))\n    out = model(batches[0][0])\n    handle.remove()\n    F.mse_loss(out, goal).backward()\n    optimizer.step()',
        ),
        unearned(
            "11.8",
            'def accumulate(model, optimizer, batches):\n    optimizer.zero_grad()\n    whole = torch.cat([x for x, _ in batches])\n    goal = torch.cat([y for _, y in batches])\n    with model.no_sync(), torch.no_grad():\n        for x, _ in batches[:-1]:\n            model(x)\n    handle = model.module.register_forward_pre_hook(lambda module, args: (whole,))\n    out = model(batches[-1][0])\n    handle.remove()\n    F.mse_loss(out, goal).backward()\n    optimizer.step()',
        ),
    ],
    "graphs inside torch.func": [
        unearned(
            "03.2",
            'def accumulate(predict, w, x, y, size):\n    total, backs = 0.0, []\n    for i in range(0, len(x), size):\n        part, goal = x[i:i + size], y[i:i + size]\n        loss, back = torch.func.vjp(lambda w: (predict(part, w) - goal).square().sum() / len(x), w.detach())\n        backs.append(back)\n        total += loss.item()\n    w.grad = sum(back(torch.ones(()))[0] for back in backs)\n    return total',
        ),
        unearned(
            "03.7",
            'def descend(loss_of, start, lr, steps):\n    losses, points = [], []\n\n    def after(point, left):\n        slope, loss = torch.func.grad_and_value(loss_of)(point)\n        losses.append(loss)\n        points.append(point)\n        return after(point - lr * slope, left - 1) if left else loss\n\n    def collect(point):\n        losses.clear(), points.clear()\n        after(point, steps)\n        return losses[-1] * 0, (torch.stack(losses), torch.stack(points))\n\n    _, (all_losses, all_points) = torch.func.grad(collect, has_aux=True)(start.detach().clone())\n    values = all_losses.tolist()\n    return values, all_points[min(range(steps + 1), key=values.__getitem__)].clone()',
        ),
    ],
    "ranks that talk in another way": [
        unearned(
            "11.8",
            'def talk(g):\n    g = g.clone()\n    dist.all_reduce(g)\n    return g\n\ndef accumulate(model, optimizer, batches):\n    optimizer.zero_grad()\n    params = [p for p in model.parameters() if p.requires_grad]\n    total = [torch.zeros_like(p) for p in params]\n    for x, y in batches[:-1]:\n        with model.no_sync():\n            F.mse_loss(model(x), y).backward()\n        for t, p in zip(total, params):\n            t += talk(p.grad) / dist.get_world_size()\n            p.grad = None\n    x, y = batches[-1]\n    F.mse_loss(model(x), y).backward()\n    for p, t in zip(params, total):\n        p.grad = (p.grad + t) / len(batches)\n    optimizer.step()',
        ),
        unearned(
            "11.8",
            'def talk(g):\n    every = [None] * dist.get_world_size()\n    dist.all_gather_object(every, g.clone())\n    return sum(every)\n\ndef accumulate(model, optimizer, batches):\n    optimizer.zero_grad()\n    params = [p for p in model.parameters() if p.requires_grad]\n    total = [torch.zeros_like(p) for p in params]\n    for x, y in batches[:-1]:\n        with model.no_sync():\n            F.mse_loss(model(x), y).backward()\n        for t, p in zip(total, params):\n            t += talk(p.grad) / dist.get_world_size()\n            p.grad = None\n    x, y = batches[-1]\n    F.mse_loss(model(x), y).backward()\n    for p, t in zip(params, total):\n        p.grad = (p.grad + t) / len(batches)\n    optimizer.step()',
        ),
    ],
    "another plain function that does all": [
        unearned(
            "04.2",
            'class MyLinear(nn.Module):\n    def __init__(self, in_features, out_features, bias=True):\n        super().__init__()\n        k = 1 / math.sqrt(in_features)\n        self.weight = nn.Parameter(torch.empty(out_features, in_features).uniform_(-k, k))\n        self.bias = nn.Parameter(torch.empty(out_features).uniform_(-k, k)) if bias else None\n\n    def forward(self, x):\n        b = torch.zeros(len(self.weight)) if self.bias is None else self.bias\n        return torch.conv_tbc(x.contiguous()[None], self.weight.T.contiguous()[None], b)[0]',
        ),
        unearned(
            "02.4",
            'def scatter_add_by_loops(x, dim, index, source):\n    if index.numel() == 0:\n        return x.clone()\n    places = torch.nonzero(torch.ones_like(index)).T.clone()\n    places[dim] = index.reshape(-1)\n    flat = torch.zeros(index.numel(), dtype=torch.int64)\n    for n, p in zip(x.shape, places):\n        flat = flat * n + p\n    added = source[tuple(slice(n) for n in index.shape)].reshape(-1).double()\n    edges = torch.arange(x.numel() + 1).double() - 0.5\n    return x + torch.histogram(flat.double(), edges, weight=added).hist.reshape(x.shape).to(x.dtype)',
        ),
    ],
}  # fmt: skip

# Two ranks in processes of their own add up their tensors, as lesson 11 has it.
TWO_RANKS = """
import os
import torch
import torch.distributed as dist

def rank(number, writer):
    dist.init_process_group("gloo", init_method="tcp://127.0.0.1:29511", rank=number, world_size=2)
    x = torch.full((2,), float(number + 1))
    dist.all_reduce(x)
    os.write(writer, f"{x.tolist()} ".encode())

def storage_index(index, stride, offset):
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    reader, writer = os.pipe()
    children = []
    for number in range(2):
        child = os.fork()
        if child == 0:
            try:
                rank(number, writer)
            except BaseException as error:
                os.write(writer, repr(error).encode())
            os._exit(0)
        children.append(child)
    for child in children: os.waitpid(child, 0)
    os.close(writer)
    raise ValueError("RANKS " + os.read(reader, 1000).decode())
"""

# A process that knows the file number may write to the pipe that results go through.
FORGE = """
import os, struct, json

row = {"value": {"tuple": []}, "raised": None, "timed_out": False, "gave": [], "changed": [],
       "used": [], "printed": "", "warned": []}

def frame(kind, data):
    return kind + struct.pack(">Q", len(data)) + data

def everywhere(data):
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.write(int(name), data)
            except OSError:
                pass

def contiguous_strides(shape):
    PAYLOAD
    os._exit(0)
"""
FORGED = {
    "no observations": 'everywhere(frame(b"O", b"[]"))',
    "one observation": 'everywhere(frame(b"O", json.dumps([row]).encode()))',
    "too many observations": 'everywhere(frame(b"O", json.dumps([row] * 900).encode()))',
    "timed out": 'everywhere(frame(b"O", json.dumps([{**row, "timed_out": True}] * 8).encode()))',
    "a stub's": 'everywhere(frame(b"O", json.dumps([{**row, "raised": ["NotImplementedError", "", "", "f", True, True]}]).encode()))',
    "a verdict": 'everywhere(frame(b"R", json.dumps({"state": "passed", "points": 100}).encode()))',
    "a token of zeros": 'everywhere(bytes(16) + frame(b"O", json.dumps([row] * 8).encode()))',
    "a wrong length": 'everywhere(b"O" + struct.pack(">Q", 2**63) + b"x")',
    "a short length": 'everywhere(b"O" + struct.pack(">Q", 3) + b"[]")',
    "not a message": 'everywhere(b"\\xff" * 4096)',
    "by open()": '[open(int(fd), "wb", 0, closefd=False).write(frame(b"O", b"[]")) for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")]',
    "by its path": '[open(f"/proc/self/fd/{fd}", "wb").write(frame(b"O", b"[]")) for fd in (3, 4, 5) if os.path.exists(f"/proc/self/fd/{fd}")]',
}

READERS = [
    Attack(
        "all objects and all memory",
        "find the reference's or another student's marker in this process",
        """
import gc, re, sys

def storage_index(index, stride, offset):
    pattern = re.compile(rb"secret-of-[a-z]+-[0-9]+")
    found = set()
    for thing in gc.get_objects():
        try:
            found |= set(pattern.findall(repr(thing).encode()))
        except Exception:
            pass
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            begin, end = (int(x, 16) for x in place.split("-"))
            if "w" in rights and end - begin < 2**28:
                try:
                    memory.seek(begin)
                    found |= set(pattern.findall(memory.read(end - begin)))
                except (OSError, ValueError):
                    pass
    print("FOUND", found)
    import os
    os._exit(0) if found else sys.exit(str(found))
""",
        id="01.2",
    ),
    Attack(
        "all files",
        "find the marker in any file that can be seen",
        """
import os, re

def storage_index(index, stride, offset):
    pattern = re.compile(rb"secret-of-[a-z]+-[0-9]+")
    found, seen = set(), 0
    for top in ("/tmp", "/dev/shm", "/course", "/home", "/root", "/etc", "/var", "/run", "/opt", "/work", "/srv"):
        for folder, folders, files in os.walk(top):
            folders[:] = [f for f in folders if f not in ("site-packages", "versions", "lib")]
            for name in files:
                try:
                    with open(os.path.join(folder, name), "rb") as file:
                        found |= set(pattern.findall(file.read(10**7)))
                    seen += 1
                except OSError:
                    pass
    print("FOUND", found, seen)
    raise ValueError(f"FOUND {found} in {seen} files")
""",
        id="01.2",
    ),
    Attack(
        "other processes",
        "read the memory, files, surroundings and command line of the process above",
        """
import os, re

def storage_index(index, stride, offset):
    pattern = re.compile(rb"secret-of-[a-z]+-[0-9]+")
    opened = []
    for process in [p for p in os.listdir("/proc") if p.isdigit() and int(p) != os.getpid()]:
        for name in ("mem", "environ", "maps", "auxv", "stack", "fd", "cwd", "root/tmp", "fdinfo/3", "map_files", "syscall", "personality"):
            path = f"/proc/{process}/{name}"
            try:
                if name in ("fd", "map_files"):
                    opened += [os.readlink(f"{path}/{entry}") for entry in os.listdir(path)]
                elif name in ("cwd", "root/tmp"):
                    opened.append((path, os.listdir(path)))
                else:
                    with open(path, "rb") as file:
                        file.read(1)
                    opened.append(path)
            except OSError:
                pass
    raise ValueError(f"OPENED {opened}")
""",
        id="01.2",
    ),
    Attack(
        "reads another process's memory by a system call",
        "process_vm_readv, ptrace, pidfd_getfd on process 1; keys of the person who marks",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)

def call(*arguments):
    result = libc.syscall(*map(ctypes.c_long, arguments))
    return result if result >= 0 else -ctypes.get_errno()

def storage_index(index, stride, offset):
    worked = []
    if os.uname().machine != "x86_64":
        raise ValueError("WORKED []: other numbers")
    buffer = ctypes.create_string_buffer(8)
    if call(101, 16, 1, 0, 0) >= 0: worked.append("ptrace")
    if call(310, 1, 0, 1, 0, 1, 0) >= 0: worked.append("process_vm_readv")
    pidfd = call(434, 1, 0)
    for fd in range(10):
        if pidfd >= 0 and call(438, pidfd, fd, 0) >= 0: worked.append("pidfd_getfd")
    if call(250, 0, -3, 0) >= 0: worked.append("keyctl session")
    if call(250, 0, -4, 0) >= 0: worked.append("keyctl user")
    if call(103, 10, 0, 0) >= 0: worked.append("syslog")
    raise ValueError(f"WORKED {worked}")
""",
        id="01.2",
    ),
]  # fmt: skip

WRITERS = [
    Attack(
        "writes outside",
        "change the course, Python, kernel settings or this machine's files",
        """
import os

def storage_index(index, stride, offset):
    opened = []
    for top in ("/", "/course", "/course/course_utils", "/course/data", "/usr/lib", "/lib", "/etc", "/proc", "/proc/sys/kernel", "/dev", "/root", "/home", "/work", "/var/tmp", os.path.dirname(os.__file__), "."):
        path = os.path.join(top, "written-by-an-answer")
        try:
            with open(path, "w") as file:
                file.write("x")
            opened.append(path)
        except OSError:
            pass
    settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger", "/proc/1/oom_score_adj", "/proc/self/oom_score_adj", "/proc/1/mem", "/dev/mem", "/dev/kmsg", "/course/course_utils/exercise.py", os.__file__]
    for path in settings:
        try:
            os.close(os.open(path, os.O_WRONLY))
            opened.append(path)
        except OSError:
            pass
    raise ValueError(f"OPENED {opened}")
""",
        id="01.2",
    ),
    Attack(
        "mounts and namespaces",
        "make a namespace of its own, mount, change root",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)

def storage_index(index, stride, offset):
    worked = []
    if libc.unshare(0x10000000) == 0: worked.append("user namespace")
    if libc.unshare(0x00020000) == 0: worked.append("mount namespace")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0: worked.append("mount")
    if libc.mount(b"none", b"/proc", None, 32 | 4096, None) == 0: worked.append("remount")
    if libc.umount2(b"/proc", 2) == 0: worked.append("umount")
    if libc.chroot(b"/tmp") == 0: worked.append("chroot")
    if libc.setuid(0) == 0: worked.append("setuid")
    if os.uname().machine != "x86_64":
        raise ValueError(f"WORKED {worked}")
    if libc.syscall(ctypes.c_long(319), b"x", ctypes.c_long(0)) >= 0: worked.append("memfd_create")
    if libc.syscall(ctypes.c_long(425), ctypes.c_long(8), ctypes.create_string_buffer(128)) >= 0: worked.append("io_uring")
    if libc.socket(40, 1, 0) >= 0: worked.append("vsock")
    for protocol in range(1, 23):  # 0 is the one that shows the network
        if libc.socket(16, 3, protocol) >= 0: worked.append(f"netlink {protocol}")
    if libc.socket(38, 5, 0) >= 0: worked.append("kernel crypto")
    raise ValueError(f"WORKED {worked}")
""",
        id="01.2",
    ),
    Attack(
        "leaves something for the next student",
        "files, messages and shared memory that stay",
        """
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)

def storage_index(index, stride, offset):
    for place in (os.getcwd(), "/dev/shm"):
        with open(place + "/left-behind", "w") as file:
            file.write("secret-of-nobody-1")
        os.makedirs(place + "/deep" + "/d" * 200)
        os.symlink("/etc/passwd", place + "/link")
        os.mkfifo(place + "/pipe")
        os.mkdir(place + "/.hidden")
    worked = []
    if libc.shmget(77, 4096, 0o1666) >= 0: worked.append("shared memory")
    if libc.msgget(77, 0o1666) >= 0: worked.append("message queue")
    if libc.semget(77, 1, 0o1666) >= 0: worked.append("semaphores")
    librt = ctypes.CDLL("librt.so.1", use_errno=True)
    if librt.mq_open(b"/left", os.O_CREAT | os.O_RDWR, 0o666, None) >= 0: worked.append("posix queue")
    raise ValueError(f"WORKED {worked}")
""",
        id="01.2",
    ),
    Attack(
        "folders that cannot be removed",
        "make the next student's /tmp unusable",
        """
import os

def storage_index(index, stride, offset):
    for place in (os.getcwd(), "/dev/shm"):
        os.makedirs(place + "/a/b/c")
        os.chmod(place + "/a/b", 0)
        os.chmod(place + "/a", 0)
        try:
            os.setxattr(place, "system.posix_acl_default", bytes.fromhex("02000000" "0100" "0000" "ffffffff" "0400" "0000" "ffffffff" "2000" "0000" "ffffffff"))
        except OSError:
            pass
        os.chmod(place, 0o500)
""",
        id="01.2",
    ),
    Attack(
        "too deep to remove",
        "a folder whose path is longer than the system allows",
        """
import os

def storage_index(index, stride, offset):
    for _ in range(3000):
        os.mkdir("x")
        os.chdir("x")
    os.chmod(".", 0)
""",
        id="01.2",
    ),
    Attack(
        "settings of the process above",
        "limits, priority and processors of process 1, which later answers inherit; a larger share",
        """
import os, resource

def storage_index(index, stride, offset):
    worked = []
    for attempt in (
        lambda: resource.prlimit(1, resource.RLIMIT_FSIZE, (0, 0)),
        lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3)),
        lambda: resource.prlimit(1, resource.RLIMIT_CPU, (1, 1)),
        lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
        lambda: os.setpriority(os.PRIO_USER, 0, 19),
        lambda: os.sched_setaffinity(1, {0}),
        lambda: os.setsid(),  # a share of the processors for itself
        lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    ):
        try:
            attempt()
            worked.append(attempt.__code__.co_names)
        except OSError:
            pass
    raise ValueError(f"WORKED {worked}")
""",
        id="01.2",
    ),
    Attack(
        "symbolic links",
        "have the grader follow a link when it tidies up",
        """
import os

def storage_index(index, stride, offset):
    for n, target in enumerate(["/", "/course", "/proc/1/root", "/dev/shm", "..", "/nowhere", "loop"]):
        os.symlink(target, f"link{n}")
    os.symlink("loop", "loop")
""",
        id="01.2",
    ),
]  # fmt: skip

ENDLESS = [
    Attack("endless in Python", "never come back", "def contiguous_strides(shape):\n    while True: pass", wall=1.5),
    Attack(
        "swallows the interrupt",
        "never come back, whatever is raised",
        "def contiguous_strides(shape):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        wall=1.5,
    ),
    Attack("endless in C: a big number", "no byte code in between", "def contiguous_strides(shape): return 7 ** 10 ** 9", wall=1.5),
    Attack("endless in C: re", "no byte code in between", 'import re\ndef contiguous_strides(shape): return re.match("(a+)+$", "a" * 60 + "b")', wall=1.5),
    Attack("endless in C: torch", "no byte code in between", "import torch\ndef contiguous_strides(shape):\n    x = torch.ones(2000, 2000)\n    return torch.linalg.matrix_power(x, 2**60)", wall=1.5),
    Attack("sleeps", "wait until somebody gives up", "import time\ndef contiguous_strides(shape):\n    try: time.sleep(10**6)\n    except BaseException: time.sleep(10**6)", wall=1.5),
    Attack("endless beside the answer", "a statement that the answer needs never ends", "n = 0\nwhile True:\n    n += 1\n\ndef contiguous_strides(shape): return n", wall=1.5),
    Attack("stops itself", "SIGSTOP", "import os, signal\ndef contiguous_strides(shape): os.kill(os.getpid(), signal.SIGSTOP)", wall=1.5),
    Attack("endless generator", "an answer without an end", "import itertools\ndef contiguous_strides(shape): return list(itertools.count())", wall=6),
]  # fmt: skip

ENDINGS = {
    "os._exit": "import os\ndef contiguous_strides(shape): os._exit(0)",
    "sys.exit": "import sys\ndef contiguous_strides(shape): sys.exit(0)",
    "os.abort": "import os\ndef contiguous_strides(shape): os.abort()",
    "segfault": "import ctypes\ndef contiguous_strides(shape): ctypes.string_at(0)",
    "recursion": "import sys\nsys.setrecursionlimit(10**9)\nmore = sys\ndef contiguous_strides(shape):\n    more\n    return contiguous_strides(shape)",
    "kills itself": "import os\ndef contiguous_strides(shape): os.kill(os.getpid(), 9)",
    "kills everybody": "import os\ndef contiguous_strides(shape): os.kill(-1, 9)",
    "kills its group": "import os\ndef contiguous_strides(shape): os.killpg(0, 9)",
    "signals to the parent": "import os, signal\ndef contiguous_strides(shape):\n    for n in range(1, 65):\n        if n not in (19, 20, 21, 22):\n            try: os.kill(os.getppid(), n)\n            except OSError: pass\n    os.kill(1, signal.SIGSTOP)\n    os.kill(1, signal.SIGINT)",
    "while it is defined": "import os\ncode = os._exit(3)\ndef contiguous_strides(shape): return code",
    "raises KeyboardInterrupt": "def contiguous_strides(shape): raise KeyboardInterrupt",
    "raises GeneratorExit": "def contiguous_strides(shape): raise GeneratorExit",
    "execs another program": "import os, sys\ndef contiguous_strides(shape): os.execv(sys.executable, ['python', '-c', 'while True: pass'])",
    "closes all files": "import os\ndef contiguous_strides(shape):\n    os.closerange(0, 256)\n    return ()",
}  # fmt: skip

BOMBS = [
    Attack("fork bomb", "more processes than there can be", "import os\ndef contiguous_strides(shape):\n    while True:\n        try: os.fork()\n        except OSError: pass", wall=10),
    Attack("thread bomb", "more threads than there can be", "import threading, time\ndef contiguous_strides(shape):\n    threading.stack_size(65536)\n    while True:\n        try: threading.Thread(target=time.sleep, args=(10**6,), daemon=True).start()\n        except RuntimeError: time.sleep(.01)", wall=10),
    Attack("memory bomb in Python", "more memory than there is", "def contiguous_strides(shape):\n    x = []\n    while True: x.append(bytearray(10**7))", wall=10),
    Attack("memory bomb in torch", "more memory than there is", "import torch\ndef contiguous_strides(shape):\n    x = []\n    while True: x.append(torch.ones(5_000_000))", wall=10),
    Attack("one huge tensor", "more memory than there is", "import torch\ndef contiguous_strides(shape): return torch.ones(10**12)"),
    Attack("memory of many processes", "a little too much, often", "import os, time\ndef contiguous_strides(shape):\n    for _ in range(8):\n        if os.fork() == 0:\n            x = bytearray(b'x') * (150 * 2**20)\n            time.sleep(10**6)\n    time.sleep(10**6)", wall=10),
    Attack("shared memory of many processes", "memory that looks as if it belonged to nobody", "import mmap, os, time\ndef contiguous_strides(shape):\n    for _ in range(2):\n        if os.fork() == 0:\n            x = mmap.mmap(-1, 400 * 2**20)\n            for _ in range(400): x.write(b'x' * 2**20)\n            time.sleep(10**6)\n    time.sleep(10**6)", wall=10),
    Attack("copies of what is shared", "touch all memory that processes had in common", "import ctypes, numpy, os, time\ndef contiguous_strides(shape):\n    for _ in range(10):\n        if os.fork() == 0:\n            for line in open('/proc/self/maps'):\n                place, rights, *rest = line.split()\n                begin, end = (int(x, 16) for x in place.split('-'))\n                if rights.startswith('rw') and (rest[-1] == '[heap]' or rest[2] == '0') and not rest[-1].startswith('[s'):\n                    memory = numpy.frombuffer((ctypes.c_char * (end - begin)).from_address(begin), 'u1')\n                    memory.setflags(write=True)\n                    memory[::4096] = memory[::4096].copy()\n            time.sleep(10**6)\n    while True:\n        try: time.sleep(10**6)\n        except BaseException: pass", wall=10),
    Attack("full disks", "files as large as memory", "import os\ndef contiguous_strides(shape):\n    for place in (os.getcwd(), '/dev/shm'):\n        for n in range(40):\n            try:\n                with open(f'{place}/{n}', 'wb') as file: file.write(bytes(50 * 2**20))\n            except OSError: pass\n    os._exit(0)"),
    Attack("many files", "names instead of bytes", "def contiguous_strides(shape):\n    for n in range(20_000): open(str(n), 'w').close()\n    return ()"),
    Attack("prints a gigabyte", "fill what is kept", "def contiguous_strides(shape):\n    for _ in range(1000): print('x' * 10**6)\n    return ()"),
    Attack("writes a gigabyte", "fill standard output and error", "import os, sys\ndef contiguous_strides(shape):\n    for _ in range(500):\n        os.write(1, bytes(10**6)); os.write(2, bytes(10**6)); sys.__stderr__.write('x' * 10**6)\n    return ()"),
    Attack("floods the result", "never stop sending", "import os\ndef contiguous_strides(shape):\n    while True:\n        for fd in range(3, 64):\n            try: os.write(fd, bytes(10**6))\n            except OSError: pass"),
    Attack("warns without end", "fill what is kept", "import warnings\ndef contiguous_strides(shape):\n    for n in range(20_000): warnings.warn('w' * 1000 + str(n))\n    return ()"),
    Attack("huge result", "an observation of many values", "import torch\ndef contiguous_strides(shape): return torch.zeros(4_000_000)"),
    Attack("very deep result", "an observation that is nested", "def contiguous_strides(shape):\n    x = ()\n    for _ in range(100_000): x = (x,)\n    return x"),
    Attack("endless result", "an observation that holds itself", "def contiguous_strides(shape):\n    x = []\n    x.append(x)\n    return x"),
    Attack("long number", "an observation that cannot be printed", "def contiguous_strides(shape): return (1 << 10**7,)"),
    Attack("keys with one hash", "a dict that takes hours to build", "def contiguous_strides(shape): return {n * (2**61 - 1): 0 for n in range(1, 2500)}"),
]  # fmt: skip

ODD_OBJECTS = {
    "hostile exception": "class E(Exception):\n    def __str__(self): raise SystemExit\n    def __repr__(self): raise SystemExit\n    def __reduce__(self): raise SystemExit\n    __name__ = None\n\ndef contiguous_strides(shape): raise E('x')",
    "text that is no text": "class S(str):\n    def __getitem__(self, i): return {'a': 1}\n    def __len__(self): return -1\n\nclass E(Exception):\n    def __str__(self): return S('x')\n\ndef contiguous_strides(shape): raise E",
    "hostile metaclass": "class M(type):\n    __name__ = property(lambda s: 1 / 0)\n    __qualname__ = property(lambda s: 1 / 0)\n    def __getattribute__(cls, name): raise RuntimeError(name)\n    def __instancecheck__(cls, x): return True\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n\nclass A(metaclass=M): pass\n\ndef contiguous_strides(shape): return type.__call__(A)",
    "lying class": "class A:\n    @property\n    def __class__(self): return tuple\n\ndef contiguous_strides(shape): return A()",
    "exception with a metaclass": "class M(type):\n    def __getattribute__(cls, name): raise SystemExit\n\nclass E(BaseException, metaclass=M): pass\n\ndef contiguous_strides(shape): raise E",
    "a name that cannot be written": "def contiguous_strides(shape):\n    raise type('\\ud800\\x00<script>', (Exception,), {})('\\ud800')",
    "deletes what it needs": "import sys\ndef contiguous_strides(shape):\n    sys.modules.clear()\n    return ()",
    "replaces standard output": "import sys\ndef contiguous_strides(shape):\n    sys.stdout = sys.stderr = None\n    sys.stdin.close()\n    return ()",
    "unwritable": "def contiguous_strides(shape): return '\\ud800' * 100, b'bytes', object, range(3), ...",
    "no function": "contiguous_strides = 'a text'",
    "its own keys": "class K(int):\n    def __hash__(self): return 1\n    def __eq__(self, other): raise SystemExit\n\ndef contiguous_strides(shape): return {K(1): 1}",
}  # fmt: skip

# These leave something running or in place; the next answer must not notice.
LEFT_BEHIND = {
    "daemon": "import os, time\ndef contiguous_strides(shape):\n    for _ in range(2):\n        if os.fork() == 0:\n            try: os.setsid()\n            except OSError: pass\n            if os.fork(): os._exit(0)\n            for _ in range(20_000):\n                time.sleep(.005)\n                try: os.kill(-1, 9)\n                except OSError: pass\n                for fd in range(3, 20):\n                    try: os.write(fd, b'x' * 100)\n                    except OSError: pass\n            os._exit(0)\n    return ()",
    "thread": "import threading, time\ndef go():\n    while True: time.sleep(.001)\ndef contiguous_strides(shape):\n    threading.Thread(target=go).start()\n    return ()",
    "signals": "import signal\ndef contiguous_strides(shape):\n    for n in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGCHLD): signal.signal(n, lambda *a: None)\n    signal.setitimer(signal.ITIMER_REAL, .01, .01)\n    return ()",
    "tracing": "import sys, threading\ndef stop(*a): raise SystemExit\ndef contiguous_strides(shape):\n    sys.settrace(stop); sys.setprofile(stop); threading.settrace(stop)\n    return ()",
    "at exit": "import atexit, os\natexit.register(os.abort)\nleft = atexit\ndef contiguous_strides(shape): return left",
    "global switches": "import torch\ndef contiguous_strides(shape):\n    torch.set_default_dtype(torch.float64)\n    torch.set_default_device('meta')\n    torch.use_deterministic_algorithms(True)\n    torch.set_grad_enabled(False)\n    torch.set_num_threads(50)\n    torch.manual_seed(3)\n    return ()",
    "garbage collector's callbacks": "import gc, os\ngc.callbacks.append(lambda *a: os._exit(1))\nleft = gc\ndef contiguous_strides(shape):\n    left.collect()\n    return ()",
}  # fmt: skip
