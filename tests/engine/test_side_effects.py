"""What an answer leaves behind is seen wherever it is, and nothing of its own is called."""

import collections
import cProfile
import gc
import random
import sys
import warnings
from contextlib import ExitStack

import numpy
import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from course_utils import exercise as exercises
from course_utils import object_state
from course_utils.exercise import Exercise
from course_utils.observation import observe
from course_utils.side_effects import SideEffect, Watch, more_than


def call(answer, *args):
    return answer(*args)


def left(answer, *args, look=call):
    """(argument, what) of all that a call left changed."""
    seen = observe(look, answer, args, args)
    return {(effect.argument, effect.what) for effect in more_than((), seen.left)}


def model():
    made = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU())
    made[0].register_forward_hook(foreign)
    made[0].seen = []
    return made


def foreign(*_):
    """A hook of somebody else."""


def optimizer():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    return torch.optim.SGD([weight, nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9)


class Numbers(torch.utils.data.Dataset):
    def __init__(self):
        self.numbers = [1, 2, 3]
        self.scale = 2.0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.numbers[index]


def loader():
    return torch.utils.data.DataLoader(Numbers(), generator=torch.Generator())


def with_a_hook():
    x = torch.ones(2, requires_grad=True)
    x.register_hook(foreign)
    return x


def put(name, value):
    return lambda thing: setattr(thing, name, value)


def grows(x):
    x.mul_(torch.ones(2, requires_grad=True))


def writes(x):
    x.data[0] = 9


LEFT = [
    (model, lambda m: m.eval(), "training"),
    (model, lambda m: m[1].eval(), "training"),
    (model, lambda m: m.requires_grad_(False), "requires_grad"),
    (model, lambda m: put("weight", nn.Parameter(m[0].weight.detach()))(m[0]), "parameters"),
    (model, lambda m: m[1].register_buffer("running_mean", torch.zeros(2)), "buffers"),
    (model, lambda m: m(torch.ones(3, 2)), "buffers"),
    (model, lambda m: writes(m[0].bias), "values"),
    (model, lambda m: m(torch.ones(3, 2)).sum().backward(), "gradients"),
    (model, lambda m: m[0].register_forward_pre_hook(foreign), "hooks_added"),
    (model, lambda m: m[0].weight.register_hook(foreign), "hooks_added"),
    (model, lambda m: m[0]._forward_hooks.clear(), "hooks_removed"),
    (model, lambda m: put("forward", foreign)(m[0]), "forward"),
    (model, lambda m: put("note", 1)(m), "attributes"),
    (model, lambda m: put("inplace", True)(m[2]), "attributes"),
    (model, lambda m: put("note", 1)(m[0].weight), "attributes"),
    (model, lambda m: m[0].seen.append(1), "attributes"),
    (model, lambda m: m.append(nn.ReLU()), "parts"),
    (model, lambda m: put("__class__", nn.Tanh)(m[2]), "class"),
    (optimizer, lambda o: o.param_groups[0].update(lr=1.0), "settings"),
    (optimizer, lambda o: o.param_groups[0]["params"].pop(), "parameters"),
    (optimizer, lambda o: o.step(), "state"),
    (optimizer, lambda o: o.zero_grad(), "gradients"),
    (optimizer, lambda o: o.register_step_pre_hook(foreign), "hooks_added"),
    (lambda: torch.optim.lr_scheduler.StepLR(optimizer(), 2), put("gamma", 0.5), "attributes"),
    (loader, put("collate_fn", foreign), "attributes"),
    (loader, put("_running", 1), "attributes"),
    (loader, lambda it: it.dataset.numbers.clear(), "attributes"),
    (loader, lambda it: list(it), "draws"),
    (Numbers, put("scale", 3.0), "attributes"),
    (torch.Generator, lambda g: torch.rand(1, generator=g), "draws"),
    (torch.Generator, lambda g: g.manual_seed(3), "seed"),
    (lambda: random.Random(1), lambda r: r.random(), "draws"),
    (lambda: random.Random(1), lambda r: r.seed(2), "seed"),
    (lambda: {"a": 1, "b": 2}, lambda d: d.update(a=d.pop("a")), "items"),
    (lambda: {"a": {"b": [1]}}, lambda d: d["a"]["b"].append(2), "items"),
    (lambda: collections.OrderedDict(a=1, b=2), lambda d: d.move_to_end("a"), "items"),
    (lambda: [[1], 2], list.reverse, "items"),
    (lambda: [torch.ones(1)], lambda x: x.__setitem__(0, torch.ones(1)), "items"),
    (lambda: collections.deque([1]), lambda d: d.pop(), "items"),
    (lambda: {1, 2}, set.clear, "items"),
    (lambda: numpy.ones(2), lambda a: a.fill(2), "values"),
    (lambda: torch.ones(2), writes, "values"),
    (lambda: torch.ones(2, 2), lambda x: x.t_(), "values"),
    (lambda: torch.ones(300, 300), lambda x: x.zero_(), "values"),
    (lambda: torch.ones(2), lambda x: x.unsqueeze_(0), "shape"),
    (lambda: torch.ones(2), lambda x: x.requires_grad_(), "requires_grad"),
    (lambda: torch.ones(2), grows, "graph"),
    (lambda: torch.ones(2, requires_grad=True), lambda x: x.sum().backward(), "gradients"),
    (with_a_hook, lambda x: x._backward_hooks.clear(), "hooks_removed"),
    (with_a_hook, lambda x: x.register_post_accumulate_grad_hook(foreign), "hooks_added"),
]


@pytest.mark.parametrize(("make", "answer", "what"), LEFT)
def test_what_is_left_at_an_argument_is_seen(make, answer, what):
    assert ("0", what) in left(answer, make())


ENTERED: list = []  # such a mode cannot be left but by itself
SWITCHES = [
    (lambda: torch.set_grad_enabled(False), "grad_mode"),
    (lambda: ENTERED.append(torch.inference_mode()) or ENTERED[0].__enter__(), "inference_mode"),
    (lambda: torch.set_default_dtype(torch.float64), "default_dtype"),
    (lambda: torch.set_default_device("meta"), "default_device"),
    (lambda: torch.use_deterministic_algorithms(True), "deterministic"),
    (lambda: torch.autograd.set_detect_anomaly(True), "anomaly"),
    (lambda: torch.autograd.set_multithreading_enabled(False), "multithreading"),
    (lambda: ExitStack().enter_context(torch.device("cpu")), "contexts"),
    (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "threads"),
    (lambda: torch.manual_seed(3), "seed"),
    (lambda: random.seed(3), "seed"),
    (lambda: numpy.random.seed(3), "seed"),
    (lambda: nn.modules.module.register_module_forward_hook(foreign), "global_hooks_added"),
    (lambda: register_optimizer_step_post_hook(foreign), "global_hooks_added"),
    (lambda: warnings.simplefilter("ignore"), "warning_filters"),
]


@pytest.mark.parametrize(("answer", "what"), SWITCHES, ids=[what for _, what in SWITCHES])
def test_what_is_left_of_torch_s_own_is_seen_and_put_back(answer, what):
    threads = torch.get_num_threads()
    assert ("torch", what) in left(answer)
    for mode in ENTERED:
        mode.__exit__(None, None, None)
    ENTERED.clear()
    assert torch.get_num_threads() == threads
    assert left(lambda: None) == set()
    assert not torch.are_deterministic_algorithms_enabled()
    assert not nn.modules.module._global_forward_hooks
    assert torch._C._is_multithreading_enabled()
    assert not torch._C._len_torch_function_stack()


@pytest.mark.parametrize(("name", "library"), [("_view", random), ("_numpys_view", numpy.random)])
def test_generators_are_read_alike_where_their_memory_is_not_looked_at(name, library, monkeypatch):
    for view in (getattr(object_state, name), None):
        monkeypatch.setattr(object_state, name, view)
        assert ("torch", "seed") in left(lambda: library.seed(3))
        assert left(lambda: [library.random() for _ in range(2_000)]) == set(), "drawing is no seed"


def there_and_back(m):
    state = {name: value.clone() for name, value in m.state_dict().items()}
    handle = m[0].register_forward_hook(foreign)
    m.eval().requires_grad_(False)
    for parameter in m.parameters():
        parameter.zero_()
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(1)
        m(torch.rand(2, 2))
    m.load_state_dict(state)
    m.train().requires_grad_(True)
    handle.remove()


@pytest.mark.parametrize(
    ("answer", "args"),
    [
        (there_and_back, (model(),)),
        (lambda x, y: [x.t() + y, nn.Linear(2, 2), random.random()], (torch.ones(2, 2), 1)),
        (lambda o: [len(o), o[0], list(o)], (Numbers(),)),
    ],
)
def test_what_is_put_back_or_only_read_is_not_told(answer, args):
    assert left(answer, *args) == set()


def test_a_model_that_the_observation_makes_is_seen_however_it_is_given():
    def look(answer):
        answer(model())
        answer(wanted=model())
        answer([{"a": (model(),)}])

    found = left(lambda *args, **named: found_model(args, named).eval(), look=look)
    assert found == {("0", "training"), ("wanted", "training")}


def found_model(args, named):
    given = [*args, *named.values()][0]
    return given[0]["a"][0] if type(given) is list else given


def test_what_is_left_after_an_error_and_by_what_comes_later_is_seen():
    def raises(m):
        m.eval()
        raise ValueError

    def later(m):
        m.eval()
        yield 1

    assert left(raises, model()) == {("0", "training")}
    assert left(later, model(), look=lambda answer, m: list(answer(m))) == {("0", "training")}


def test_an_answer_may_hold_what_it_was_given_longer_than_the_reference():
    def look(answer):
        given = model()
        answer(given)
        given.eval()

    held = []
    forgets, holds = (lambda m: len), (lambda m: held.append(m) or len)
    assert left(holds, look=look) == {("0", "training")}
    right, got = (observe(look, answer, (), ()) for answer in (forgets, holds))
    assert more_than(right.left, got.left) == []


def test_an_answer_may_do_early_what_the_reference_does_late():
    def late(numbers):
        yield numbers.pop()

    def look(answer):
        given = collections.deque([1, 2])
        return list(answer(given))

    right, got = (observe(look, answer, (), ()) for answer in (late, lambda n: [n.pop()]))
    assert left(lambda n: [n.pop()], look=look) == {("0", "items")}
    assert more_than(right.left, got.left) == []


class Scaled(nn.Module):
    """Empties what its constructor was given, and writes into its input."""

    def __init__(self, parts):
        super().__init__()
        self.first = parts.pop()

    def forward(self, x):
        return x.mul_(2)


class Evaluates:
    def __init__(self, of):
        of.eval()


def test_of_a_class_the_constructor_and_forward_are_watched_and_it_stays_what_it_was():
    before = dict(vars(Scaled))

    def look(kind):
        assert kind is Scaled
        parts = [nn.ReLU()]
        made = kind(parts)
        assert isinstance(made, Scaled)
        return made(torch.ones(2))

    assert left(Scaled, look=look) == {("0", "items"), ("forward.0", "values")}

    given = left(Evaluates, model(), look=lambda kind, m: bool(kind(of=m)))
    assert given == {("of", "training")}
    assert dict(vars(Scaled)) == before


@pytest.fixture
def freezing(monkeypatch):
    monkeypatch.setattr(exercises.catalogue, "_declared", {})
    made = Exercise(
        *("99.1", "Freeze"),
        **{"minutes": 3, "difficulty": 1, "hints": ["a", "b"]},
        may_change=["net.gradients"],
    )

    @made.reference
    def freeze(net):
        """Freeze it and count the parts."""
        net.requires_grad_(False)
        return len(net)

    @made.cases
    def _(rng):
        yield (model(),)

    @made.mistake("Only counting is asked.")
    def trains(net):
        net.requires_grad_(False).eval()
        return len(net)

    @made.mistake("One too many.")
    def one_more(net):
        return len(net) + 1

    return made


def test_an_answer_may_change_what_the_reference_changes_and_what_the_exercise_names(freezing):
    def freezes(net):
        for parameter in net.parameters():
            parameter.requires_grad = False
            parameter.grad = torch.ones_like(parameter)
        return 3

    assert freezing.judge(freezes).passed


def test_what_is_left_is_told_before_values_and_a_sentence_goes_by_both(freezing):
    def hooked(result):
        def answer(net):
            net.register_forward_hook(foreign)
            return result

        return answer

    right, wrong = freezing.judge(hooked(3)), freezing.judge(hooked(7))
    for verdict in (right, wrong):
        assert verdict.difference.stage == "changed"
        assert verdict.difference.message == "Your code left a hook on `net`."
        assert verdict.mistake is None
    assert freezing.judge(hooked(4)).mistake.name == "one_more"
    evaluated = freezing.judge(lambda net: len(net.eval()))
    assert evaluated.mistake.name == "trains"
    assert "left `net` in eval mode" in evaluated.difference.message


def test_nothing_of_an_answer_s_own_class_is_called():
    called = []

    class Curious(list):
        def spied(self, *args):
            called.append(args)
            raise ValueError

        __eq__ = __len__ = __iter__ = __getattribute__ = __hash__ = __repr__ = __bool__ = spied
        __dict__ = property(spied)

    class CuriousTensor(torch.Tensor):
        __torch_function__ = classmethod(lambda *args: called.append(args))
        shape = property(called.append)

    one, tensor = Curious([1]), torch.ones(1).as_subclass(CuriousTensor)
    found = left(lambda m, *_: vars(m).update(own=one), model(), [one], tensor)
    assert found == {("0", "attributes")}
    assert called == []


def test_effects_are_the_same_by_where_and_what():
    one, other = SideEffect("0", "values", part="a"), SideEffect("0", "values", part="b")
    assert more_than((one,), (other,)) == []
    assert more_than((), (other,), ["x.values"], ["x"]) == []
    assert more_than((), (other,), ["y.values"], ["x"]) == [other]


def test_a_profiler_does_not_see_how_arguments_are_looked_at():
    """The watch for what is to be done by hand is one: it would be called a thousand times."""
    seen, collects = [], []

    def answer(x):
        collects.append(gc.isenabled())

    watch = Watch()
    sys.setprofile(lambda frame, event, _: seen.append(frame.f_code.co_name))
    try:
        watch.run(answer, (torch.ones(1),), {})
    finally:
        sys.setprofile(None)
    assert "answer" in seen
    assert "_walk" not in seen
    assert collects == [True]
    assert gc.isenabled()


def test_a_profiler_of_another_kind_goes_on():
    with cProfile.Profile() as profile:
        Watch().run(len, ([],), {})
        assert sys.getprofile() is profile
