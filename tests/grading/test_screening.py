# ruff: noqa: E501 - each source is one line
"""Screening: no honest answer is left to a person, and no way into the interpreter goes unseen."""

import ast
import functools
import inspect
import sys
from pathlib import Path

import pytest

from course_utils.exercise import all_exercises, find
from course_utils.sources import undecorated_source
from grading.inside import kept_state, screening
from grading.inside.reading import find_program, read_cell

EXERCISES = all_exercises()
USUAL_IMPORTS = """\
import collections, copy, functools, gc, io, itertools, math, os, random, sys, time, warnings
import numpy as np
import matplotlib.pyplot as plt
import torch
import torchvision
import torch.nn.functional as F
from torch import nn
from torch.utils.data import *
from collections import *
from contextlib import contextmanager
"""


def imports_of(module):
    """The imports of a module of the course, as a notebook would have them."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    kept = [
        node
        for node in tree.body
        if isinstance(node, ast.Import)
        or (isinstance(node, ast.ImportFrom) and not node.level and "tests" not in node.module)
    ]
    return "\n".join(ast.unparse(node) for node in kept)


def program_of(id, source, *cells):
    """The program that is found in a notebook of these cells and the answer's."""
    exercise = find(id)
    made = [{"source": cell, "metadata": {}} for cell in cells]
    made.append({"source": source, "metadata": {"exercise": id}})
    return find_program(
        [read_cell(number, cell) for number, cell in enumerate(made, 1)],
        id,
        name=exercise.name,
        stub=exercise.stub_source,
        by_hand=exercise.by_hand.facts(),
    )


def reasons(source):
    return screening.reasons(ast.parse(source).body)


@functools.cache
def cells_of(module):
    """The imports and the functions of a module of the course, each in a cell."""
    functions = [
        undecorated_source(thing)
        for name, thing in vars(module).items()
        if inspect.isfunction(thing) and thing.__module__ == module.__name__ and name != "_"
    ]
    return [imports_of(module), *functions]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_a_right_answer_of_the_course_is_not_left_to_a_person(exercise):
    for answer in (exercise.answer, *exercise.right_answers):
        # Another right answer has a name of its own, and so may its helpers.
        source = undecorated_source(answer)
        if answer.__name__ != exercise.name:
            source += f"\n{exercise.name} = {answer.__name__}\n"
        cells = cells_of(inspect.getmodule(answer))
        program = program_of(exercise.id, source, USUAL_IMPORTS, *cells)
        assert program.state == "found", f"{answer.__name__}: {program.note}"
        assert program.flags == (), answer.__name__


ANSWER = "def contiguous_strides(shape):\n    return ()\n"


@pytest.mark.parametrize(
    "cells",
    [
        ["import os, sys, subprocess\nimport socket as s\n%matplotlib inline", ANSWER],
        [
            "import matplotlib.pyplot as plt\nplt.style.use('ggplot'); plt.plot([1]); plt.show()",
            ANSWER,
        ],
        ["import pandas as pd\nframe = pd.read_csv('x.csv')\nframe.eval('a + b')", ANSWER],
        ["!pip install torch", ANSWER],
        ["exec('1')\nglobals()['x'] = eval('3')", ANSWER],
        ["def helper(x):\n    return x.__dict__", ANSWER],
    ],
)
def test_what_the_answer_does_not_use_is_not_screened(cells):
    assert program_of("01.1", cells[1], cells[0]).flags == ()


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nfrom torch import Tensor\n\ndef f(x: Tensor, n: 'int' = 3) -> tuple[int, ...]: ...",
        "import dataclasses\n\n@dataclasses.dataclass(frozen=True)\nclass A:\n    x: int = 0",
        "from dataclasses import dataclass, field\n\n@dataclass\nclass A:\n    x: list = field(default_factory=list)",
        "import functools\n\n@functools.lru_cache(maxsize=None)\ndef f(n): return n",
        "from functools import wraps\n\ndef d(g):\n    @wraps(g)\n    def h(*a): return g(*a)\n    return h",
        "class A:\n    def __init__(self):\n        self._private = 1\n    @property\n    def x(self): return self._private",
        "from torch import nn\n\nclass N(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(2, 3)\n    def forward(self, x): return self.fc(x)",
        "import torch\nnn = torch.nn\nF = nn.functional\n\ndef f(x): return F.relu(nn.Linear(2, 3)(x))",
        "def f(x):\n    match x:\n        case int(n): return n\n        case (a, b): return a\n        case {'k': v}: return v\n        case _: return None",
        "def f(model):\n    model.train()\n    model.eval()\n    return [m for m in model.modules()]",
        "import torch\n\ndef f(x):\n    with torch.no_grad():\n        x.data += 1\n        x.requires_grad = False\n    return x",
        "import numpy as np\nrng = np.random.default_rng(0)\n\ndef f(): return rng.normal(size=(3,))",
        "from pathlib import Path\nimport json, csv\n\ndef f(p):\n    with open(p) as file: return json.load(file)",
        "import os\n\ndef f(folder): return sorted(os.listdir(folder)), os.path.join('a', 'b')",
        "def f(model, name): return getattr(model, name), getattr(model, 'fc', None), vars(model)",
        "def f(module, kind): return type(module) is kind, isinstance(module, type)",
        "from enum import Enum\n\nclass Colour(Enum):\n    RED = 1",
        "from typing import NamedTuple, Optional\n\nclass P(NamedTuple):\n    x: Optional[int]",
        "import logging\nlog = logging.getLogger(__name__)\n\ndef f(): log.info('x')",
        "import torch\n\ndef f(p): return torch.load(p, weights_only=True)",
        "import time\nfrom torch.utils.data import *\n\ndef f(time, dataset): return time, dataset",
        "import random\n\ndef f(xs):\n    random = xs[0]\n    return [random, lambda sys: sys]",
        "if __name__ == '__main__':\n    x = 1",
        "import gc, sys\n\ndef f():\n    gc.collect()\n    return sys.maxsize, sys.float_info.max",
        "import sys\nprint('x', file=sys.stderr)\nsys.stdout.write('x')\nsys.stdout.flush()",
        "def f(module): return module.__dict__['_parameters'], module.__dict__.items()",
        "from torch.nn.functional import *\nfrom torch import *\n\ndef f(x): return relu(x)",
        "from operator import attrgetter, methodcaller as m\n\ndef f(xs): return sorted(xs, key=attrgetter('a.b')), m('sum')",
        "from functools import partial\nimport torch\nzeros = partial(torch.zeros, dtype=torch.int64)",
        "import contextlib\nimport torch\n\ndef f(m):\n    with contextlib.ExitStack() as stack:\n        stack.enter_context(torch.no_grad())\n        stack.callback(m.train)",
        "from contextlib import ExitStack\n\ndef f(c):\n    stack = ExitStack()\n    try: stack.enter_context(c)\n    finally: stack.close()",
        "from contextlib import ExitStack\n\ndef f(c):\n    stack = ExitStack()\n    with stack: stack.enter_context(c)",
        "def f(x): return x.grad_fn.next_functions",
        "import torch\nfrom contextlib import contextmanager\n\ndef f():\n    @contextmanager\n    def g():\n        with torch.no_grad():\n            yield\n    return g",
        "class A:\n    def __setattr__(self, name, value): super().__setattr__(name, value)",
        "class A:\n    def __init__(self): object.__setattr__(self, 'x', 1)",
        "from collections import namedtuple\nP = namedtuple('P', ['x', 'y'], defaults=[0])",
        "import logging\nlogging.getLogger(__name__).error('x', exc_info=True)",
        "class A:\n    __radd__ = __add__ = None\n    __slots__ = ('x',)",
        "def f(x): return '{:.2f} {name}'.format(x, name=x)",
    ],
)
def test_ordinary_python_is_not_left_to_a_person(source):
    assert reasons(source) == []


@pytest.mark.parametrize(
    "source",
    [
        # Modules that are not an answer's business, also through others that are.
        "import sys\nsys.modules",
        "import gc as g\ng.get_objects()",
        "from inspect import currentframe\ncurrentframe()",
        "import importlib\nimportlib.import_module('os')",
        "import torch\ntorch.sys.modules",
        "import torch\ntorch.os.system('ls')",
        "from torch import sys as s\ns.modules",
        "import torch.nn as nn\nnn.functional.importlib.import_module('os')",
        "import torch\nt = torch.autograd\nt.graph",
        "import torch\nt = [torch][0]",
        "import torch\nt = (lambda m: m)(torch.nn)",
        "import torch.utils.benchmark as b\nb.Timer('1')",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "import torch, functools\nfunctools.partial(torch.load, weights_only=True)",
        "from torch import load\nload('x')",
        # A name that is a function's own in one place and imported in another.
        "import sys\n\ndef f(sys): return sys\n\ndef g(): return sys",
        "import torch\n\ndef f():\n    t = 1\n    t = torch.Tensor\n    t.stride = None",
        "def f(torch):\n    import torch\n    return torch.sys",
        "import sys\n\ndef f(x=lambda sys: 0): return sys.modules",
        "import sys\n\ndef f(sys=sys): return sys.modules",
        "import sys\n\ndef f():\n    class A:\n        sys = sys\n    return A.sys.modules",
        "import sys\n\ndef f():\n    [0 for sys in ()]\n    return sys",
        "import sys\n\ndef f(sys):\n    def g():\n        global sys\n        return sys",
        "import torch\n\ndef f():\n    global torch\n    torch = torch\n    return torch.sys",
        "from torch.utils.data import DataLoader\nDataLoader([]).multiprocessing_context.reducer",
        "import numpy\nnumpy.lib.stride_tricks.as_strided",
        "import numpy\nnumpy.zeros(1).ctypes.shape",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import pandas\npandas.io.pickle.read_pickle('x')",
        "import pathlib\npathlib.os.system('ls')",
        "import random\nrandom._os.system('ls')",
        "import torch\ntorch._C.DisableTorchFunction()",
        "import torch\ntorch.jit.script",
        "import torch\ntorch.overrides.BaseTorchFunctionMode",
        "import torch\ntorch.ops.aten.stride",
        "import torch\ntorch.__getattr__('_dynamo')",
        "import torch\ntorch.__dict__['sys']",
        "import os\nos.write(5, b'')",
        "from os import *\nsystem('ls')",
        "import ctypes\nctypes.string_at(0)",
        "import threading\nthreading.Thread",
        "from multiprocessing import Process\nProcess()",
        "from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()",
        "import signal\nsignal.signal",
        "import atexit\natexit.register(print)",
        "import pickle\npickle.loads(b'')",
        "import unittest.mock as m\nm.patch",
        # The course's own machinery.
        "from course_utils import observation\nobservation.plain",
        "from course_utils.exercise import find\nfind('01.1')",
        "import course_utils.checks as c\nc.check",
        "from course_utils import data\ndata.sys.modules",
        "from course_utils import environment\nenvironment.sys.modules",
        "import course_utils\ncourse_utils.exercise.Exercise.judge = None",
        "from . import x\nx",
        # Text as code.
        "eval('1')",
        "e = exec\ne('1')",
        "compile('1', '', 'eval')",
        "__import__('os')",
        "globals()['x']",
        "import pandas as pd\npd.eval('1')",
        "def f(frame, g): return frame.eval('@g.__globals__')",
        "def f(frame, g): return frame.query('@g.x')",
        "import typing\ntyping.get_type_hints(int)",
        "from typing import *\nget_type_hints(int)",
        # Names inside the interpreter.
        "def f(g): return g.__globals__",
        "def f(g): return g.__code__",
        "def f(x): return x.__class__.__mro__",
        "def f(x): return type(x).__subclasses__()",
        "def f(e): return e.__traceback__.tb_frame.f_back",
        "def f(g): return g.gi_frame",
        "def f(x): return getattr(x, '__globals__')",
        "def f(x):\n    match x:\n        case object(__globals__=g): return g",
        "def f(x):\n    match x:\n        case object(tb_frame=g): return g",
        "def f(x, P):\n    match x:\n        case P(g): return g",
        "import operator\ndef f(name): return operator.attrgetter(name)",
        "from operator import attrgetter as a\na('__globals__')",
        "from operator import *\nmap(attrgetter, 'x')",
        "import string\nstring.Formatter().get_field('0.x', [1], {})",
        "import functools\nfunctools.update_wrapper(1, 2, ['__globals__'])",
        "from functools import wraps\nwraps(print, assigned=['x'])",
        "import dataclasses\ndataclasses.make_dataclass('P', ['x'])",
        "import contextlib\n\nclass R(contextlib.redirect_stdout):\n    _stream = 'modules'",
        "import types\ntypes.LambdaType",
        "import types\ntypes.SimpleNamespace(__array_interface__={})",
        "import abc\nabc.ABCMeta('P', (), {})",
        "import enum\nenum.global_enum(1)",
        "import io\nio.FileIO(5, 'w')",
        "import copy\ncopy.sys",
        "d = {'__array_interface__': 1}",
        "'{0.__class__}'.format(1)",
        "def f(text, x): return text.format(x)",
        "from functools import partial, wraps\npartial(wraps, print)",
        "from functools import wraps\nimport torch\n\n@wraps(torch.Tensor)\nclass A: ...",
        "import dataclasses, torch\ndataclasses.dataclass(torch.nn.Linear)",
        "def f(xs): return list(map(getattr, xs, ['a']))",
        "reach = getattr\nreach(1, 'x')",
        "def f(d): d.__exit__(None, None, None)",
        "super(type, int).__setattr__('x', 1)",
        "object.__setattr__(print, 'x', 1)",
        "import torch\ntorch.set_default_device(None)",
        "import contextlib, torch\ncontextlib.ExitStack().push(torch.device('cpu'))",
        "open(3, 'wb')",
        "def f(record): return record.exc_info[2]",
        "def f(record): return record.__dict__['exc_info']",
        "def f(x, y): x.set_(y)",
        "import sys\nsys.setprofile(None)",
        "import gc\ngc.get_referrers(1)",
        # Names that say where a class comes from.
        "__name__ = 'torch.x'",
        "from torch import __name__",
        "import math as __name__",
        "try: pass\nexcept ValueError as __name__: pass",
        "match 'torch':\n    case __name__: pass",
        "from collections import namedtuple\nnamedtuple('P', 'x', module='torch')",
        "from collections import namedtuple as n\nn('P', 'x', **{'module': 'torch'})",
        "from enum import Enum\nmake = Enum\nmake('P', 'x', module='torch')",
        # Changes to what the answer did not make.
        "import torch\ntorch.Tensor.stride = None",
        "import torch\nT = torch.Tensor\nT.stride = None",
        "import torch\ntorch.equal = lambda *a: True",
        "from torch.testing import assert_close\nassert_close.x = 1",
        "def f(x): type(x).stride = None",
        "def f(x): x.__class__.stride = None",
        "def f(x): setattr(type(x), 'stride', None)",
        "import torch\nsetattr(torch.Tensor, 'stride', None)",
        "import torch\nfor torch.Tensor.stride in [1]: pass",
        "import torch\ndel torch.Tensor.stride",
        "__builtins__.print = None",
        "class A(type): pass\n\nclass B(metaclass=A): pass",
        "type('A', (), {})",
        # Classes that answer for what they are not.
        "class A:\n    def __reduce__(self): return print, ()",
        "class A:\n    @property\n    def __class__(self): return int",
        "class A:\n    @classmethod\n    def __torch_function__(cls, *a): ...",
        "class A:\n    def __getattribute__(self, name): ...",
        "class A:\n    def __getattr__(self, name): ...",
        "class A:\n    __array_interface__ = {}",
        "class A:\n    __module__ = 'torch'",
        "from IPython import get_ipython\nget_ipython().events",
        # What stays after the answer, where nobody looks.
        "import contextlib\nimport torch\ncontextlib.ExitStack().enter_context(torch.no_grad())",
        "from contextlib import ExitStack\n\ndef f(c):\n    go = ExitStack().enter_context\n    go(c)",
        "from operator import methodcaller\n\ndef f(s, c): methodcaller('enter_context', c)(s)",
        "def f(p): p.expand_as(p).grad_fn.next_functions[0][0].register_prehook(print)",
        "def f(p):\n    node = (p * 1).grad_fn.next_functions[0][0]\n    node.register_hook(print)",
        "import torch\ntorch.set_flush_denormal(True)",
        "import torch\n\ndef f():\n    with torch.no_grad():\n        yield",
        # What tells one call from another, or who calls.
        "def f(m):\n    handle = m.register_forward_hook(print)\n    return handle.id",
        "import logging\n\ndef f(): return logging.getLogger('a').findCaller()",
        "import logging\n\ndef f(): return len(logging.root.manager.loggerDict)",
        "import warnings\n\ndef f():\n    with warnings.catch_warnings(record=True) as w:\n        warnings.warn('a', stacklevel=2)\n    return w[0].filename",
    ],
)
def test_a_way_into_the_interpreter_is_left_to_a_person(source):
    assert reasons(source), "not noticed"


def kept(source):
    return kept_state.reasons(ast.parse(source).body, "f")


@pytest.mark.parametrize(
    ("source", "name"),
    [
        # What a cell binds.
        ("d = []\n\ndef f(x): d.append(x)", "d"),
        ("d = {}\n\ndef f(x): d[id(x)] = x", "d"),
        ("d = {}\n\ndef f(x): return d.setdefault(id(x), x)", "d"),
        ("n = 0\n\ndef f(x):\n    global n\n    n += 1", "n"),
        ("n = 0\n\ndef f(x):\n    global n\n    match x:\n        case n: pass", "n"),
        ("import torch\nn = torch.zeros(3)\n\ndef f(x): n.add_(1)", "n"),
        ("import torch\nn = torch.zeros(3)\n\ndef f(x):\n    row = n[:1]\n    row += 1", "n"),
        ("import torch\nn = torch.zeros(3)\n\ndef f(x): torch.add(x, 1, out=n)", "n"),
        ("import numpy as np\nn = np.zeros(3)\n\ndef f(x): np.add(n, 1, n)", "n"),
        (
            "from weakref import WeakKeyDictionary\nd = WeakKeyDictionary()\n\ndef f(x): d[x] = 1",
            "d",
        ),
        ("from collections import defaultdict\nd = defaultdict(int)\n\ndef f(x): return d[x]", "d"),
        ("from itertools import count\nc = count()\n\ndef f(x): return next(c)", "c"),
        (
            "def g(): yield 1\n\nopen_one = g()\n\ndef f(x):\n    for y in open_one: return y",
            "open_one",
        ),
        ("import random\nr = random.Random(0)\n\ndef f(x): return r.random()", "r"),
        (
            "import torch\np = torch.zeros(1, requires_grad=True)\n\ndef f(x): (p * x).backward()",
            "p",
        ),
        ("import torch\nnorm = torch.nn.BatchNorm1d(1)\n\ndef f(x): return norm(x)", "norm"),
        ("import heapq\nd = []\n\ndef f(x): heapq.heappush(d, x)", "d"),
        ("d = []\n\ndef f(x): list.append(d, x)", "d"),
        ("d = []\nnote = d.append\n\ndef f(x): note(x)", "note"),
        ("d = []\n\ndef f(x):\n    for one in (d,): one.append(x)", "d"),
        ("d = []\n\ndef g(where): where.append(1)\n\ndef f(x): g(d)", "d"),
        ("d = []\n\ndef g(): return d\n\ndef f(x): g().append(1)", "d"),
        # Defaults, functions, classes and their objects.
        ("def f(x, d=[]): d.append(x)", "d"),
        ("def f(x, *, d=(e := {})): e[1] = x", "e"),
        ("import itertools\n\ndef f(x, c=itertools.count().__next__): return c()", "c"),
        ("def f(x, g=lambda d=[]: d): g().append(x)", "d"),
        ("def f(x): f.n = x", "f"),
        ("def f(x): setattr(f, 'n', x)", "f"),
        ("def f(x): f.__dict__['n'] = x", "f.__dict__"),
        ("class S: n = 0\n\ndef f(x): S.n += 1", "S"),
        ("class S: d = []\n\ndef f(x): S.d.append(x)", "S.d"),
        ("import itertools\n\nclass S: c = itertools.count()\n\ndef f(x): return next(S.c)", "S.c"),
        (
            "class S:\n    def g(self): self.n = 1\n\nclass f:\n    s = S()\n    def g(self): self.s.g()",
            "f.s",
        ),
        ("class f:\n    d = []\n    def g(self): self.d.append(1)", "f.d"),
        ("class f:\n    n = 0\n    @classmethod\n    def g(cls): cls.n += 1", "f"),
        ("class S:\n    def g(self): self.n = 1\ns = S()\n\ndef f(x): s.g()", "s"),
        ("class S:\n    def __call__(self, x): self.n = x\nf = S()", "f"),
        ("import logging\n\ndef f(x): logging.getLogger('x').n = x", "logging.getLogger"),
        ("import sys\n\ndef f(x): sys.argv.append(x)", "sys.argv"),
        # Functions that a cell calls once.
        (
            "def g():\n    n = 0\n    def h(x):\n        nonlocal n\n        n += 1\n    return h\nf = g()",
            "n",
        ),
        ("f = (lambda d: lambda x: d.append(x))([])", "d"),
        ("from functools import partial\n\ndef g(d, x): d.append(x)\nf = partial(g, [])", "d"),
        (
            "def g(h):\n    d = []\n    def k(x):\n        d.append(x)\n        return h(x)\n    return k\n\n@g\ndef f(x): ...",
            "d",
        ),
        (
            "def g(n):\n    def h(k):\n        d = []\n        return lambda x: d.append(x)\n    return h\n\n@g(1)\ndef f(x): ...",
            "d",
        ),
        ("import functools\n\n@functools.lru_cache\ndef f(x): return x", "functools.lru_cache"),
        (
            "from functools import cache\ng = cache(list)\n\ndef f(x): g().append(x)",
            "functools.cache",
        ),
        # Outside of the process's memory, and what needs no memory.
        ("def f(x):\n    with open('n', 'a') as file: file.write('x')", "file"),
        ("from pathlib import Path\n\ndef f(x): Path('n').write_text('x')", "file"),
        ("import time\n\ndef f(x): return time.time() > 2e9", "time.time"),
        ("import numpy as np\n\ndef f(x): return np.datetime64('today')", "numpy.datetime64"),
        ("import pandas\n\ndef f(x): return pandas.to_datetime('now')", "pandas.to_datetime"),
        ("import logging\n\ndef f(x): return logging.makeLogRecord({})", "logging.makeLogRecord"),
    ],
)
def test_what_is_kept_from_call_to_call_is_left_to_a_person(source, name):
    found = kept(source)
    assert len(found) >= 1
    assert f"`{name}`" in found[0] or name in found[0].split()


@pytest.mark.parametrize(
    "body",
    [
        # A helper writes into what it is handed.
        "def g(s): s += [1]\n\ndef f(x): g(d)",
        "def g(s): s |= {1: 1}\n\ndef h(s): g(s)\n\ndef f(x): h(d)",
        "def g(s):\n    s = s or []\n    s += [1]\n\ndef f(x): g(d)",
        "def g(*a): a[1].append(1)\n\ndef f(x): g(1, d)",
        "def g(a, s): s += [1]\n\ndef f(x): g(*(1, d))",
        "def g(**k): k['s'].append(1)\n\ndef f(x): g(s=d)",
        "def g(s): s += [1]\n\ndef f(x): g(**{'s': d})",
        "def g(s):\n    match s:\n        case k: k += [1]\n\ndef f(x): g(d)",
        "def f(x):\n    for s in [d]: s += [1]",
        "def f(x): [s.append(1) for s in [d]]",
        "def f(x):\n    box = {}\n    box['a'] = d\n    box['a'].append(1)",
        "def f(x):\n    try: raise ValueError(d)\n    except ValueError as e: e.args[0].append(1)",
        "import operator\n\ndef f(x): operator.imul(d, 2)",
        # Which function is called does not stand where it is called.
        "def g(s): s += [1]\n\ndef f(x): {'g': g}['g'](d)",
        "def g(s): s += [1]\nK = [g]\n\ndef f(x):\n    for k in K: k(d)",
        "def g(s): s += [1]\n\ndef f(x): (g if x else g)(d)",
        "def g(s): s += [1]\n\ndef h(k, y): k(y)\n\ndef f(x): h(g, d)",
        "def g(s): s += [1]\n\ndef f(x): sorted([d], key=g)",
        "import itertools\n\ndef g(s): s += [1]\n\ndef f(x): list(itertools.starmap(g, [(d,)]))",
        "import functools\n\ndef f(x): functools.reduce(lambda s, y: s.append(y) or s, x, d)",
        "import itertools\n\ndef g(s, y): s += y\n\ndef f(x): itertools.accumulate(x, g, initial=d)",
        "from functools import partial\n\ndef g(a, s): s += [1]\n\ndef f(x): partial(partial(g, 1), d)()",
        "import types\n\ndef g(s): s += [1]\n\ndef f(x): types.MethodType(g, d)()",
        "from functools import singledispatch\n\n@singledispatch\ndef g(s): ...\n\n@g.register\ndef _(s: list): s += [1]\n\ndef f(x): g(d)",
        "def w(k):\n    def inner(*a): a[0].append(1)\n    return inner\n\n@w\ndef g(s): ...\n\ndef f(x): g(d)",
        # Methods and operators.
        "class S:\n    @staticmethod\n    def g(s): s += [1]\n\ndef f(x): S.g(d)",
        "class S:\n    def g(s): s += [1]\n\ndef f(x): S.g(d)",
        "class S:\n    g = lambda self, s: s.append(1)\n\ndef f(x): S().g(d)",
        "class S:\n    def __call__(self, s): s += [1]\n\ndef f(x): S()(d)",
        "class S:\n    def __add__(self, s): s += [1]\n\ndef f(x): S() + d",
        "class S:\n    def __init__(self, s): self.s = s\n    def g(self):\n        s = self.s\n        s += [1]\n\ndef f(x): S(d).g()",
    ],
)
def test_a_list_of_a_cell_that_a_helper_writes_into_is_left_to_a_person(body):
    assert "call to call in `d" in " ".join(kept("d = []\n\n" + body))


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def g(s): s.n = 1\n\ndef f(x): g(f)", "f"),
        ("def g(s): del s.n\n\ndef f(x): [g(s) for s in (f,)]", "f"),
        ("def g(s): setattr(s, 'n', 1)\n\ndef f(x): g(f)", "f"),
        ("def g(s): vars(s)['n'] = 1\n\ndef f(x): g(f)", "f"),
        ("class S: n = 0\n\ndef g(s): s.n += 1\n\ndef f(x): g(S)", "S"),
        ("class S: n = 0\n\ndef g(s): type.__setattr__(s, 'n', 1)\n\ndef f(x): g(S)", "S"),
        ("class f:\n    def g(self): type(self).n = 1", "f"),
        ("def g(s): s.n = 1\n\nclass f:\n    def h(self): g(self.__class__)", "f"),
        ("import torch\n\ndef g(s): s.n = 1\n\ndef f(x): g(torch.nn.Linear)", "torch.nn.Linear"),
        ("import torch\n\ndef g(s): s.n = 1\n\ndef f(x): g(torch)", "torch"),
        ("from torch import nn\nm = nn.Identity()\n\ndef g(s): s.n = 1\n\ndef f(x): g(m)", "m"),
        (
            "from torch import nn\nm = nn.Identity()\n\ndef g(s): s.n = 1\n\ndef f(x): m.apply(g)",
            "m",
        ),
    ],
)
def test_an_attribute_that_a_helper_sets_is_left_to_a_person(source, name):
    assert f"call to call in `{name}`" in " ".join(kept(source))


@pytest.mark.parametrize(
    "call",
    [
        "F.batch_norm(x, d, x, training=True)",
        "F.batch_norm(x, x, d, None, None, x.training)",
        "torch.batch_norm(x, None, None, d, x, True, 0.1, 1e-5, False)",
        "F.instance_norm(x, d, x)",
        "F.embedding(x, d, max_norm=1.0)",
        "F.threshold(d, 0.0, 1.0, inplace=True)",
        "F.relu(d, True)",
        "nn.ReLU(True)(d)",
        "nn.Sequential(nn.Hardtanh(inplace=True))(d)",
        "(lambda act: act.forward(d))(nn.ReLU(inplace=True))",
        "nn.utils.vector_to_parameters(x, [d])",
        "torch.add(x, 1, **{'out': d})",
        "np.cumsum(x, 0, None, d)",
        "random.Random(0).shuffle(d)",
        "torch.distributed.all_reduce(d)",
        "torch.unbind(d)[0].add_(1)",
        "torch.as_tensor(d).add_(1)",
        "[row.add_(1) for row in d.unbind()]",
        "[p.data.add_(1) for p in model.parameters()]",
        "nn.utils.parametrizations.weight_norm(model)",
        "table(x)",
    ],
)
def test_a_library_that_writes_into_what_a_cell_made_is_left_to_a_person(call):
    source = f"""\
import random, torch
import numpy as np
import torch.nn.functional as F
from torch import nn
d = torch.zeros(3, 3) + 1
model = nn.Linear(1, 1)
table = nn.Embedding(3, 2, max_norm=1.0)

def f(x): return {call}
"""
    assert "keeps something from call to call" in " ".join(kept(source))


def test_what_is_kept_is_told_with_its_line():
    assert kept("d = []\n\n\ndef f(x):\n    d.append(x)") == [
        "keeps something from call to call in `d` in line 5"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "def f(model):\n    seen = {}\n    def hook(m, a, o): seen[m] = o\n    for m in model.modules(): m.register_forward_hook(hook)\n    return seen",
        "def f(model):\n    n = 0\n    def count(m):\n        nonlocal n\n        n += 1\n    model.apply(count)\n    return n",
        "T = {'a': 1}\n\ndef f(x):\n    n = T[x]\n    n += 1\n    return n, T.get(x), sorted(T), dict(T)",
        "import torch\nT = torch.arange(3)\n\ndef f(x):\n    y = T.clone()\n    y += 1\n    z = x + T\n    z[0] = 1\n    return z.add_(y)",
        "import functools\n\ndef f(n):\n    @functools.lru_cache(None)\n    def g(k): return k and g(k - 1)\n    return g(n)",
        "class f:\n    def __init__(self): self.seen = []\n    def add(self, x):\n        self.seen.append(x)\n        self.n = 1",
        "RULES = []\n\ndef rule(kind):\n    def register(g):\n        RULES.append((kind, g))\n        return g\n    return register\n\n@rule(int)\ndef g(x): return x\n\ndef f(x): return [g(x) for kind, g in RULES]",
        "import functools\n\ndef logged(g):\n    @functools.wraps(g)\n    def inner(*args):\n        calls = []\n        calls.append(args)\n        return g(*args)\n    return inner\n\n@logged\ndef f(x): return x",
        "from contextlib import contextmanager\n\n@contextmanager\ndef g(m):\n    seen = []\n    h = m.register_forward_hook(lambda m, a, o: seen.append(o))\n    try: yield seen\n    finally: h.remove()\n\ndef f(m, x):\n    with g(m) as seen: m(x)\n    return seen",
        "def f(x):\n    seen = []\n    def note(v): seen.append(v)\n    note(x)\n    return seen\n\nif __name__ == '__main__':\n    x = 3\n    seen = f(x)",
        "def f(path, rows):\n    with open(path, 'w') as file: file.writelines(rows)",
        "import io, torch\n\ndef f(model):\n    box = io.BytesIO()\n    torch.save(model.state_dict(), box)\n    return box.getvalue()",
        "import torch\n\nclass C(torch.autograd.Function): ...\n\ndef f(x): return C.apply(x)",
        "def numbers(n): yield n\n\ndef f(n):\n    it = numbers(n)\n    return next(it), list(it)",
        # Numbers of a cell, and what is made of its tables and tensors.
        "N = 3\n\ndef g(n):\n    n += 1\n    return n\n\ndef f(x): return g(N)",
        "import math\nS = math.sqrt(2)\n\ndef g(s):\n    s *= 2\n    return s\n\ndef f(x): return g(S)",
        "T = [1, 2]\n\ndef f(x):\n    for i, t in enumerate(T): t += i\n    return t",
        "T = {'a': 1}\n\ndef f(x):\n    for k, t in T.items(): t += 1\n    return t",
        "T = [1, 2]\n\ndef g(t):\n    a, *rest = t\n    a += 1\n    rest.append(a)\n    return rest\n\ndef f(x): return g(T)",
        "T = ['a']\n\ndef f(x):\n    words = list(T)\n    words.append(x)\n    words += [x]\n    return words",
        "T = [1]\n\ndef f(x):\n    box = [T]\n    box.append(T)\n    return box",
        "T = [1]\n\ndef f(x):\n    pairs = zip(T, x)\n    return next(pairs), list(pairs)",
        "import torch\nT = torch.zeros(3)\n\ndef g(t):\n    n = t.shape[0]\n    n += 1\n    t = t.clone()\n    t += n\n    t[0] = 1\n    return t\n\ndef f(x): return g(T)",
        "import functools\n\ndef f(x): return functools.reduce(lambda a, b: a.update(b) or a, x, {})",
        "def g(k, x):\n    k.n = 1\n    return x\n\ndef f(x):\n    def h(): ...\n    return g(h, x)",
        # What a cell tries is run once.
        "import torch\n\ndef g(a, x):\n    a += x\n    return a\n\ndef f(x):\n    a = torch.zeros(3)\n    return g(a, x)\n\na = g(torch.zeros(3), 1)",
        "from torch import nn\nmodel = nn.Linear(1, 1)\n\ndef f(model):\n    return [p.grad for p in model.parameters()]\n\nf(model)",
        # Libraries that only read.
        "import torch.nn.functional as F, torch\nT = torch.zeros(3)\n\ndef f(x): return F.batch_norm(x, T, T), F.batch_norm(x, T, T, training=False)",
        "import torch.nn.functional as F, torch\nT = torch.zeros(3, 2)\n\ndef f(x): return F.embedding(x, T, max_norm=None)",
        "import torch\nT = torch.zeros(3)\n\ndef f(x):\n    act = torch.nn.ReLU(inplace=True)\n    return act(x) + T",
        "import random\nT = [1, 2]\n\ndef f(x):\n    order = list(T)\n    random.Random(0).shuffle(order)\n    return order",
        "import torch\n\ndef g(lib, x): return lib.relu_(x)\n\ndef f(x): return g(torch, x)",
        "from functools import singledispatch\nfrom torch import nn\n\n@singledispatch\ndef g(m): ...\n\n@g.register(nn.Linear)\ndef _(m): m.bias.data.zero_()\n\ndef f(m): return g(m)",
    ],
)
def test_what_each_call_makes_for_itself_is_not_left_to_a_person(source):
    assert kept(source) == []


def test_code_that_leads_nowhere_is_not_followed_for_ever():
    lines = [f"    a{n + 1} = a{n} or a{n} or a{n + 2}\n" for n in range(60)]
    found = kept("def f(x):\n    a0 = []\n" + "".join(lines) + "    a60.append(1)")
    assert found == ["is too involved to see what it keeps from call to call"]


@pytest.mark.parametrize(
    "source",
    [
        "import torch\n\ndef f(x): return x.stride()",
        "import torch\n\ndef f(x): return torch.Tensor.stride(x)",
        "def f(x):\n    match x:\n        case object(stride=s): return s()",
        "from torch import gather as g\n\ndef f(x): return g(x, 0, x)",
        "from torch import *\n\ndef f(x): return gather(x, 0, x)",
        "import torch\ng = torch.gather",
    ],
)
def test_what_is_to_be_done_by_hand_is_seen_under_other_names(source):
    found = screening.mentions(ast.parse(source).body, ("Tensor.stride", "torch.gather"))
    assert len(found) == 1


def test_what_a_star_brings_is_no_mention_until_it_is_used():
    source = "from torch import *\n\ndef f(x): return softmax(x, 0)"
    assert screening.mentions(ast.parse(source).body, ("torch.gather",)) == []


def test_a_reason_has_its_line():
    assert reasons("import torch\n\ntorch.sys.modules") == ["uses `sys.modules` in line 3"]


def test_a_word_that_only_looks_like_a_function_is_no_mention():
    source = "import math\nstride = 3\n\ndef gather(x):\n    return sum(x) + stride"
    assert screening.mentions(ast.parse(source).body, ("Tensor.stride", "torch.gather")) == []


def test_a_module_that_is_not_loaded_is_followed_without_loading_forbidden_ones():
    before = set(sys.modules)
    assert reasons("import xmlrpc.client as c\nc.ServerProxy")
    assert "xmlrpc.client" not in set(sys.modules) - before


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("AutoModel.from_pretrained(folder)", []),
        (
            "AutoModel.from_pretrained(folder, trust_remote_code=True)",
            ["uses `trust_remote_code` in line 2"],
        ),
        (
            "AutoModel.from_pretrained(folder, **{'trust_remote_code': True})",
            ["names `trust_remote_code` in line 2"],
        ),
    ],
)
def test_code_that_a_model_s_folder_brings_is_not_run_without_a_person(call, why):
    assert reasons(f"from transformers import AutoModel\nload = lambda folder: {call}") == why
