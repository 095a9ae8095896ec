"""Observations: hostile answers get a clear record, and nothing of theirs survives in it."""

import collections
import inspect
import random
import signal
import sys
import time
import warnings

import numpy
import pytest
import torch

from course_utils import settings
from course_utils.comparison import first_difference, same
from course_utils.observation import (
    CALLS_LIMIT,
    PRINTED_LIMIT,
    WatchFunctions,
    compare,
    observe,
    shares_storage,
)
from course_utils.plain import ELEMENT_LIMIT, Opaque, TooLarge, plain
from course_utils.settings import TimeLimit, same_randomness


def call(answer, *args):
    return answer(*args)


def seen(answer, *args, **options):
    return observe(call, answer, args, args, **options)


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


class Liar(torch.Tensor):
    """A tensor subclass that answers every question as the asker would like."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return torch.tensor(True)


def test_plain_copies_builtins_and_tensors():
    tensor = torch.arange(6.0).reshape(2, 3).t()
    value = plain({"a": [1, 2.5, (None, "x")], "b": tensor})
    assert value["a"] == [1, 2.5, (None, "x")]
    assert torch.equal(value["b"], tensor)
    tensor[0, 0] = 9
    assert value["b"][0, 0] == 0


def test_plain_takes_the_dictionaries_of_collections_for_dictionaries():
    history = collections.defaultdict(list, {"train": [1.0]})
    assert plain(history) == {"train": [1.0]}
    assert type(plain(history)) is dict
    assert type(plain(collections.Counter("aab"))) is dict


def test_plain_names_what_it_does_not_know():
    assert plain(EqualToEverything()) == Opaque("tests.test_observation.EqualToEverything") or (
        plain(EqualToEverything()).type_name.endswith("EqualToEverything")
    )
    assert plain(torch.float32) == Opaque("torch.float32")
    assert plain(torch.Size([2, 3])) == (2, 3)
    assert type(plain(torch.Size([2, 3]))) is tuple


def test_plain_does_not_trust_a_subclass():
    liar = torch.ones(2).as_subclass(Liar)
    assert isinstance(plain(liar), Opaque)
    # A subclass that says it belongs to torch is copied without calling it.
    Liar.__module__ = "torch.fake"
    try:
        copy = plain(liar)
    finally:
        Liar.__module__ = __name__
    assert type(copy) is torch.Tensor
    assert copy.tolist() == [1.0, 1.0]


def test_plain_takes_parameters_and_gradients_off():
    copy = plain(torch.nn.Parameter(torch.ones(2)))
    assert type(copy) is torch.Tensor
    assert not copy.requires_grad


def test_plain_has_limits():
    nested = []
    for _ in range(40):
        nested = [nested]
    with pytest.raises(TooLarge, match="levels"):
        plain(nested)
    itself = []
    itself.append(itself)
    with pytest.raises(TooLarge):
        plain(itself)
    with pytest.raises(TooLarge, match="values"):
        plain(list(range(100_000)))
    with pytest.raises(TooLarge, match="elements"):
        plain(torch.zeros(1).expand(ELEMENT_LIMIT + 1))


def test_an_exception_is_written_down_with_its_line():
    def answer(x):
        y = x + 1
        raise ValueError(f"bad {y}")

    raised = seen(answer, 1).raised
    assert (raised.type_name, raised.message) == ("ValueError", "bad 2")
    assert raised.where == 'raise ValueError(f"bad {y}")'
    assert raised.by_answer


def test_an_exception_inside_a_library_points_at_the_answer():
    def answer(x):
        return x.t().view(-1)

    raised = seen(answer, torch.zeros(2, 3)).raised
    assert raised.type_name == "RuntimeError"
    assert not raised.by_answer
    assert raised.where == "return x.t().view(-1)"


def test_leaving_python_is_only_an_error():
    assert seen(lambda: sys.exit(3)).raised.type_name == "SystemExit"


def test_an_exception_that_cannot_be_printed():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no")

    def answer():
        raise Broken

    assert seen(answer).raised.message == ""


def test_changed_arguments_are_noticed():
    def answer(x, y):
        y += 1
        return x

    x, y = torch.zeros(2), torch.zeros(2)
    result = observe(call, answer, (x, y), (torch.zeros(2), torch.zeros(2)))
    assert result.changed == (1,)


def test_prints_and_warnings_are_kept_and_bounded(capsys):
    def answer():
        print("a" * 10 * PRINTED_LIMIT)
        warnings.warn("careful", stacklevel=2)
        return 1

    result = seen(answer)
    assert result.value == 1
    assert len(result.printed) == PRINTED_LIMIT
    assert result.warned == ("careful",)
    assert capsys.readouterr().out == ""


def endless():
    while True:
        pass


CLOCKS = [settings._Alarm, settings._Timer]  # the second one is that of Windows


@pytest.mark.parametrize("clock", CLOCKS)
def test_an_endless_loop_is_stopped(clock, monkeypatch):
    monkeypatch.setattr(settings, "CLOCK", clock)
    result = seen(endless, seconds=0.2)
    assert result.timed_out
    assert result.value is None


@pytest.mark.parametrize("clock", CLOCKS)
def test_an_endless_loop_is_stopped_where_ctrl_c_is_ignored(clock, monkeypatch):
    monkeypatch.setattr(settings, "CLOCK", clock)
    # As in a process that a shell started in the background.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert seen(endless, seconds=0.2).timed_out
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_sleep_is_stopped():
    def answer():
        time.sleep(30)

    assert seen(answer, seconds=0.2).timed_out


def test_a_limit_inside_another_one_leaves_it_its_time():
    def answer():
        with TimeLimit(seconds=20):
            pass
        time.sleep(2)

    assert seen(answer, seconds=0.2).timed_out


def test_stop_by_the_person_is_not_swallowed():
    def answer():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seen(answer)


def test_forbidden_functions_are_seen_under_any_name():
    def answer(x):
        return [getattr(x, "str" + "ide")(), torch.gather]

    assert seen(answer, torch.zeros(2, 3), without=["Tensor.stride"]).used == ("Tensor.stride",)
    assert seen(lambda x: x.shape, torch.zeros(2), without=["Tensor.stride"]).used == ()


def test_forbidden_functions_of_nn_functional():
    def answer(x):
        return torch.nn.Linear(2, 3)(x)

    used = seen(answer, torch.zeros(1, 2), without=["nn.functional.linear"]).used
    assert used == ("nn.functional.linear",)


def test_a_function_that_torch_has_no_name_for_is_noticed():
    def answer(x):
        return torch.nn.utils.rnn.pad_sequence([x, x[:1]])

    watched = "nn.utils.rnn.pad_sequence"
    assert seen(answer, torch.zeros(2), without=[watched]).used == (watched,)
    assert seen(lambda x: torch.stack([x]), torch.zeros(2), without=[watched]).used == ()


@pytest.mark.parametrize("told", [torch.initial_seed, random.getstate])
def test_what_tells_the_seed_of_random_numbers_does_not_tell_that_of_secret_cases(told):
    def told_after(seed):
        torch.manual_seed(seed)
        random.seed(seed)
        return told()

    secret = 2**40 + 5
    with same_randomness(secret):
        now = told()
    assert now not in (told_after(secret), told_after(0))
    with same_randomness(0):
        now = told()
    assert now == told_after(0), "what notebooks show is drawn from 0 itself"


def test_randomness_is_the_same_for_every_answer_and_left_alone_outside():
    torch.manual_seed(3)
    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist()
    one, other = (
        seen(lambda: [torch.rand(3).tolist(), random.random(), numpy.random.random()])
        for _ in range(2)
    )
    assert same(one.value, other.value)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1:] == (random.getstate(), numpy.random.get_state()[1].tolist())


def test_shares_storage():
    x = torch.zeros(2, 3)
    assert shares_storage(x.t(), x)
    assert not shares_storage(x.clone(), x)
    assert not shares_storage([0], x)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(("modules", "stopped"), [(0, True), (100, False)])
def test_loading_modules_is_not_interrupted(modules, stopped, clock, monkeypatch):
    monkeypatch.setattr(settings, "CLOCK", clock)

    def answer():
        for number in range(modules):
            monkeypatch.setitem(sys.modules, f"loaded_{number}", None)
        time.sleep(0.6)
        return 1

    assert seen(answer, seconds=0.4).timed_out is stopped


def test_a_sparse_tensor_is_no_dense_one():
    dense = torch.tensor([[0.0, 2.0], [0.0, 0.0]])
    other = dense.to_sparse() * 2
    assert same(plain(dense.to_sparse()), plain(dense.to_sparse()))
    assert not same(plain(dense.to_sparse()), plain(other))
    difference = first_difference(dense, plain(dense.to_sparse()))
    assert difference.message.endswith("yours is a tensor of shape (2, 2), torch.sparse_coo")


def test_an_error_of_ones_own_is_not_the_builtin_one():
    error = type("ValueError", (Exception,), {"__module__": "__main__"})
    assert seen(lambda: (_ for _ in ()).throw(error)).raised.type_name == "__main__.ValueError"


def test_tensors_that_torch_cannot_compare_are_named():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch means to remove them
        quantized = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
    assert plain([quantized]) == [Opaque("torch.Tensor, quantized")]


def test_an_argument_made_endless_counts_as_changed():
    argument = [1]
    record = observe(call, lambda x: x.append(x), (argument,), ([1],))
    assert record.changed == (0,)


def test_an_answer_cannot_close_what_it_prints_to():
    def closes():
        print("before")
        sys.stdout.close()

    assert seen(closes).printed == "before\n"


def test_stderr_is_put_back():
    before = sys.stderr

    def replaces():
        sys.stderr = None

    seen(replaces)
    assert sys.stderr is before


def test_an_exception_whose_text_ends_python():
    class Leaves(Exception):
        def __str__(self):
            raise SystemExit

    def leaves():
        raise Leaves

    assert seen(leaves).raised.type_name.endswith("Leaves")


def test_a_metaclass_cannot_answer_for_the_type_s_name():
    class Meta(type):
        @property
        def __module__(cls):
            raise ValueError

    class Odd(metaclass=Meta):
        pass

    assert plain(Odd()).type_name.endswith("Odd")


@pytest.mark.parametrize(
    "switch",
    [
        lambda: torch.set_default_dtype(torch.float64),
        lambda: torch.set_default_device("meta"),
        lambda: torch.set_grad_enabled(False),
        lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    ],
    ids=["dtype", "device", "gradients", "anomaly"],
)
def test_an_answer_leaves_no_switch_of_torch_behind(switch):
    def settings():
        empty = torch.empty(0)
        return empty.dtype, empty.device, torch.is_grad_enabled(), torch.is_anomaly_enabled()

    before = settings()
    seen(switch)
    assert settings() == before


def test_a_switch_of_the_notebook_changes_no_answer_and_stays():
    torch.set_default_dtype(torch.float64)
    try:
        assert seen(lambda: torch.ones(1)).value.dtype == torch.float32
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_torch_knows_its_default_device_after_a_check():
    # torchmetrics asks for it.
    seen(lambda: 1)
    assert torch.get_default_device().type == "cpu"
    seen(lambda: torch.set_default_device("meta"))
    assert torch.get_default_device().type == "cpu"
    assert torch.empty(0).device.type == "cpu"


def test_an_observation_sees_the_answer_s_own_name_and_signature():
    def answer(x, *, scale=2):
        """Scaled."""

    def look(answer):
        return answer.__name__, answer.__doc__, str(inspect.signature(answer))

    assert observe(look, answer, (), ()).value == ("answer", "Scaled.", "(x, *, scale=2)")
    assert observe(lambda answer: answer is Liar, Liar, (), ()).value is True


def test_what_the_calls_of_an_answer_gave_back_is_noted():
    def look(answer):
        for value in [None, 1, torch.ones(1), *range(50)]:
            answer(value)

    gave = observe(look, lambda x: x, (), ()).gave
    assert gave[:4] == ("NoneType", "int", "torch.Tensor", "int")
    assert len(gave) == CALLS_LIMIT


class Lazy(list):
    def __iter__(self):
        return iter([1])


@pytest.mark.parametrize(
    "value", [Lazy(), (n for n in [1]), map(int, "1")], ids=["own class", "generator", "map"]
)
def test_what_stands_for_a_list_is_not_taken_for_one(value, monkeypatch):
    monkeypatch.setattr(Lazy, "__module__", "__main__")

    def look(answer):
        return list(answer())

    right, got = observe(look, lambda: [1], (), ()), observe(look, lambda: value, (), ())
    assert got.value == right.value == [1]
    assert compare(right, got).stage == "type"
    inside = observe(look, lambda: [Lazy()], (), ())
    assert inside.gave == ("list/Lazy~",)


def test_what_answers_in_the_place_of_a_tensor_is_no_tensor():
    def copied(x):
        found = x.clone()
        found.untyped_storage = x.untyped_storage
        return [found]

    def named(x):
        found = x[:]
        found.note = "mine"
        return [found]

    def look(answer, x):
        return answer(x)[0].untyped_storage().data_ptr() == x.untyped_storage().data_ptr()

    x = torch.ones(2)
    right, masked, noted = (
        observe(look, one, (x,), (x.clone(),)) for one in (lambda x: [x[:]], copied, named)
    )
    assert compare(right, masked).stage == "type" and masked.value is right.value is True
    assert compare(right, noted) is None


def raises():
    raise ValueError


def yields():
    yield 1
    raise ValueError


def closes_over():
    return lambda: raises()


class Raises:
    @staticmethod
    def static():
        raise ValueError

    @property
    def attribute(self):
        raise ValueError


def fails_itself(answer):
    answer()
    raise ValueError


@pytest.mark.parametrize(
    ("look", "answer", "through"),
    [
        (call, raises, True),
        (call, lambda x: 1, True),
        (call, torch.ones, True),
        (call, torch.no_grad()(raises), True),
        (lambda answer: list(answer()), yields, True),
        (lambda answer: answer()(), closes_over, True),
        (lambda answer: answer.static(), Raises, True),
        (lambda answer: answer().attribute, Raises, True),
        (lambda answer: answer().missing, Raises, False),
        (lambda answer: answer()[0](), lambda: [raises], False),
        (fails_itself, lambda: None, False),
        (torch.no_grad()(fails_itself), torch.no_grad()(lambda: None), False),
    ],
)
def test_an_error_knows_whether_the_answer_was_running(look, answer, through):
    assert observe(look, answer, (), ()).raised.through_answer is through


def test_an_error_in_a_file_of_the_student_s_own_is_the_answer_s(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("def late():\n    raise ValueError\ndef answer():\n    return late\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    raised = observe(lambda answer: answer()(), scope["answer"], (), ()).raised
    assert raised.through_answer
    assert (raised.where, raised.function) == ("raise ValueError", "late")


def strides_in_a_callback(shape):
    found, x = [], torch.empty(shape)
    torch.zeros(1).apply_(lambda value: found.append(x.stride()) or value)
    return found[0]


class StridesOfAClass:
    def __new__(cls, shape):
        return torch.empty(shape).stride()


def strides_after_the_mode_was_popped(shape):
    torch.device("cpu").__exit__(None, None, None)
    found = torch.empty(shape).stride()
    torch.device("cpu").__enter__()
    return found


@pytest.mark.parametrize(
    "answer", [strides_in_a_callback, StridesOfAClass, strides_after_the_mode_was_popped]
)
def test_a_forbidden_function_is_seen_where_torch_s_mode_is_off(answer):
    found = seen(answer, (2, 3), without=["Tensor.stride"])
    assert found.value == (3, 1)
    assert found.used == ("Tensor.stride",)


def test_what_torch_itself_calls_on_the_way_is_not_the_answer_s():
    def printed(x):
        return str(x)  # torch calls Tensor.reshape for it

    x = torch.zeros(2, 2)
    assert seen(printed, x, without=["Tensor.reshape"]).used == ()


def test_a_watch_that_was_taken_off_is_told():
    told = []
    active = [True]
    event = WatchFunctions.UNWATCHED
    sys.addaudithook(lambda name, _: told.append(name) if active and name == event else None)
    for answer in (strides_after_the_mode_was_popped, lambda shape: sys.setprofile(None)):
        seen(answer, (2,), without=["Tensor.stride"])
    seen(strides_in_a_callback, (2,), without=["Tensor.stride"])
    active.clear()
    assert told == [event] * 2
