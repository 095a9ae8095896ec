"""Judging: what an answer is told, on a small exercise made here."""

import random
import re
import warnings

import pytest
import torch

from course_utils import checks, exercise
from course_utils.catalogue import Catalogue, NotDeclared
from course_utils.exercise import Exercise, ExerciseFault, describe_call
from course_utils.observation import attempt
from course_utils.sources import emptied


@pytest.fixture
def doubling(monkeypatch):
    """An exercise of its own, in a registry of its own."""
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    monkeypatch.setattr(checks, "_attempted", set())
    monkeypatch.setattr(checks, "_hints_shown", {})
    made = Exercise(
        "99.1",
        "Double",
        minutes=3,
        difficulty=1,
        hints=["one", "two"],
        seconds=0.3,
        without=["torch.mul"],
    )

    @made.reference
    def double(x):
        """Twice x."""
        return x + x

    @made.cases
    def cases(rng):
        yield (torch.tensor([1.0, 2.0]),)
        yield (torch.tensor([float(rng.randint(3, 9))]),)

    @made.mistake("Squaring is not doubling.")
    def squares(x):
        return x**2

    @made.mistake("You add one number to each.")
    def adds_two(x):
        return x + 2

    return made


class EqualToEverything:
    def __eq__(self, other):
        return True

    __hash__ = None


class Subclass(torch.Tensor):
    pass


def shout(x):
    print("hello")
    warnings.warn("careful", stacklevel=2)
    return x + x


def in_place(x):
    x += x
    return x


def never(x):
    while True:
        pass


def calls_missing(x):
    return x.dubble()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: None, "end in a return?"),
        (lambda: 1, "TypeError"),
        (lambda x, y: 1, "missing 1 required positional argument"),
        (in_place, "Your code changed the values of x."),
        (never, "Stopped after 0.3 seconds"),
        (lambda x: EqualToEverything(), "EqualToEverything"),
        (lambda x: (x + x).as_subclass(Subclass), "Subclass"),
        (calls_missing, "return x.dubble()"),
        (lambda x: (x + x).double(), "expected torch.float32, yours is torch.float64"),
        (lambda x: (x + x)[None], "expected shape (1,), yours has (1, 1)"),
        (lambda x: x + x + 1, "1 of 1 values differ"),
        (lambda x: torch.zeros(6_000_000), "6000000 elements"),
        ("text", "without brackets after it"),
        (None, "It was given None"),
        (lambda x: x * 2, None),
        (lambda x: torch.mul(x, 2), "without `torch.mul`"),
    ],
)
def test_hostile_and_wrong_answers_get_a_clear_message(doubling, answer, words):
    verdict = doubling.judge(answer)
    if words is None:
        # `*` is Tensor.mul, which is not forbidden by the name torch.mul.
        assert verdict.passed
        return
    assert verdict.state == "wrong"
    assert words in repr(checks.verdict_panel(doubling, verdict)) or words in verdict.headline


def test_a_right_answer_that_prints_and_warns_passes_and_is_told(doubling):
    verdict = doubling.judge(shout)
    assert verdict.passed
    text = repr(checks.verdict_panel(doubling, verdict))
    assert "hello" in text
    assert "careful" in text


def test_a_known_mistake_is_recognised_by_what_it_does(doubling):
    verdict = doubling.judge(lambda x: x.pow(2))
    assert verdict.headline == "Squaring is not doubling."
    assert verdict.case == "double(torch.tensor([9.0]))"


def test_a_mistake_on_some_cases_only_is_not_recognised(doubling):
    def sometimes(x):
        return x**2 if len(x) == 2 else x

    assert doubling.judge(sometimes).mistake is None


def test_stub_and_half_a_stub(doubling):
    def stub(x):
        raise NotImplementedError  # your answer goes here

    def half(x):
        if len(x) == 1:
            raise NotImplementedError
        return x + x

    assert doubling.judge(stub).state == "not attempted"
    verdict = doubling.judge(half)
    assert verdict.state == "wrong"
    assert "`half` still raises NotImplementedError" in verdict.headline


def test_not_implemented_inside_torch_is_an_error_not_a_stub(doubling):
    verdict = doubling.judge(lambda x: torch.nn.ModuleList()(x))
    assert verdict.state == "wrong"


def test_check_shows_and_does_not_raise(doubling, capsys):
    checks.check("99.1", lambda x: x)
    assert "✘ 99.1" in capsys.readouterr().out
    checks.check("99.1", doubling.answer)
    assert "✔ 99.1  Right, on all 2 cases." in capsys.readouterr().out
    checks.check("99.2", doubling.answer)
    assert "no exercise '99.2'. Near it: 99.1." in capsys.readouterr().out


def test_check_raises_where_it_is_told_to(doubling):
    with pytest.raises(checks.CheckFailed, match=r"99\.1"):
        checks.check("99.1", lambda x: x, strict=True)
    checks.check("99.1", doubling.answer, strict=True)
    with pytest.raises(checks.CheckFailed):
        checks.check("98.1", doubling.answer, strict=True)


def test_hints_come_one_by_one(doubling, capsys):
    for _ in range(3):
        checks.hint("99.1")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1] for line in lines[:2]] == ["one", "two"]
    assert "These are all hints" in lines[2]


def test_a_solution_is_shown_after_an_attempt(doubling, capsys):
    checks.solution("99.1")
    assert "return x + x" not in capsys.readouterr().out
    checks.solution("99.1", anyway=True)
    assert "return x + x" in capsys.readouterr().out
    checks.check("99.1", lambda x: x)
    capsys.readouterr()
    checks.solution("99.1")
    assert "return x + x" in capsys.readouterr().out


def test_another_seed_gives_other_cases(doubling):
    one = [args for args in doubling.make_cases(random.Random(1))]
    other = [args for args in doubling.make_cases(random.Random(2))]
    assert not torch.equal(one[1][0], other[1][0])


def test_two_exercises_cannot_have_one_id(doubling):
    with pytest.raises(ValueError, match="declared twice"):
        Exercise("99.1", "Again", minutes=1, difficulty=1, hints=[])
    with pytest.raises(ValueError, match="looks like"):
        Exercise("1.1", "Odd", minutes=1, difficulty=1, hints=[])


@pytest.fixture
def hooking(monkeypatch):
    """An exercise whose observation uses what the answer gives back."""
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    monkeypatch.setattr(checks, "_attempted", set())
    made = Exercise("99.1", "Hook", minutes=3, difficulty=1, hints=["one", "two"])

    @made.reference
    def hook(module):
        """A handle by which the hook goes away."""
        return module.register_forward_hook(lambda *_: None)

    @made.cases
    def cases(rng):
        yield (torch.nn.ReLU(),)
        yield (torch.nn.Tanh(),)

    @made.observe
    def look(answer, module):
        answer(module).remove()
        module(torch.ones(1)).sum()
        return len(module._forward_hooks)

    return made


@pytest.mark.parametrize(
    ("answer", "stage", "message"),
    [
        (
            lambda module: None,
            "type",
            "your function gave back None; an object of type torch.utils.hooks.RemovableHandle "
            "was expected (AttributeError: 'NoneType' object has no attribute 'remove')",
        ),
        (
            lambda module: [module.register_forward_hook(id), setattr(module, "forward", id)][0],
            "result",
            "your function ran, but what it gave back or changed does not work here: ",
        ),
        (lambda module: module.register_hook(), "raised", "your code raised AttributeError: 'ReLU"),
        (lambda: None, "raised", "your code raised TypeError: "),
        (torch.nn.Identity(), "type", "your function gave back an object of type torch.nn"),
    ],
)
def test_an_observation_that_stumbles_is_no_error_of_the_answer(hooking, answer, stage, message):
    verdict = hooking.judge(answer)
    assert verdict.state == "wrong"
    assert verdict.difference.stage == stage
    assert verdict.difference.message.startswith(message)
    told = repr(checks.verdict_panel(hooking, verdict))
    assert ("error came up" in told) == (stage == "raised")


def test_a_class_that_cannot_be_used_is_told_so(hooking):
    class Handle:
        def __init__(self, module):
            pass

        def close(self):
            pass

    does_not_work = "what your class made or changed does not work here: "
    assert hooking.judge(Handle).difference.message == (
        f"{does_not_work}AttributeError: 'Handle' object has no attribute 'remove'"
    )
    Handle.remove = lambda self, x: None
    message = hooking.judge(Handle).difference.message
    assert message.startswith(f"{does_not_work}TypeError: ")

    class Raises(Handle):
        def remove(self):
            raise ValueError("no")

    class Inherits(Raises):
        pass

    for answer in (Raises, Inherits):
        assert hooking.judge(answer).difference.message == "your code raised ValueError: no"


def test_an_expected_error_has_to_come_from_the_answer(hooking):
    @hooking.reference
    def hook(module):
        raise AttributeError("on purpose")

    verdict = hooking.judge(lambda module: None)
    assert verdict.difference.message == "expected AttributeError; your code itself raised nothing"

    def raises(module):
        raise AttributeError("in other words")

    assert hooking.judge(raises).passed


BROKEN = {
    "observation": "99.1, case 1: the observation itself raised NameError: name 'remover' is not",
    "second case": "99.1, case 2: the observation itself raised NameError: name 'remover' is not",
    "case": "99.1, case 2: making the case raised NameError: name 'Tanhh' is not",
    "no case": "99.1: its @cases yields none.",
    "endless": "99.1, case 1: the reference took more than 0.2 seconds",
    "too large": "99.1, case 1: the observation itself raised TooLarge: a tensor of 6000000",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_fault_of_the_exercise_is_not_judged(hooking, broken, capsys):
    if broken in ("observation", "second case"):

        @hooking.observe
        def look(answer, module):
            answer(module)
            if broken == "observation" or isinstance(module, torch.nn.Tanh):
                remover  # noqa: B018, F821

    if broken in ("case", "no case"):

        @hooking.cases
        def cases(rng):
            if broken == "case":
                yield (torch.nn.ReLU(),)
                yield (Tanhh(),)  # noqa: F821
            yield from ()

    if broken == "endless":
        hooking.seconds = 0.2
        hooking.reference(never)
    if broken == "too large":
        hooking.reference(lambda module: torch.zeros(6_000_000))
        hooking.observe(lambda answer, module: answer(module))
    for answer in (lambda module: "nonsense", hooking.answer):
        with pytest.raises(ExerciseFault, match="^" + re.escape(BROKEN[broken])):
            hooking.judge(answer)
        checks.check("99.1", answer)
        told = capsys.readouterr().out
        assert "This exercise itself is broken; it is not your answer." in told
        assert BROKEN[broken] in told
    with pytest.raises(checks.CheckFailed, match=re.escape(BROKEN[broken])):
        checks.check("99.1", hooking.answer, strict=True)


def test_half_a_declaration_is_refused_in_words(doubling):
    half = Exercise("99.3", "Half", minutes=1, difficulty=1, hints=[])
    with pytest.raises(ExerciseFault, match=r"^99\.3 in test_exercise\.py has no @reference: "):
        exercise.find("99.3")
    half.reference(lambda x: x)
    with pytest.raises(ExerciseFault, match=r"^99\.3 in test_exercise\.py has no @cases: "):
        exercise.all_exercises()
    # The process that runs students' code holds the half that has no reference.
    assert exercise.load("99.3") is half


def test_a_file_that_raises_has_declared_nothing(monkeypatch, tmp_path):
    files = Catalogue(lambda id: ["declares_and_raises"])
    monkeypatch.setattr(exercise, "catalogue", files)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "declares_and_raises.py").write_text(
        "from course_utils.exercise import Exercise\n"
        "Exercise('99.4', 'Raises', minutes=1, difficulty=1, hints=[])\n"
        "import nothing_of_this_name\n"
    )
    for _ in range(2):
        with pytest.raises(ImportError, match="nothing_of_this_name"):
            exercise.find("99.4")


def test_the_catalogue_lists_in_the_order_of_the_numbers():
    files = Catalogue(lambda id: ())
    for id in ("01.p10", "01.p9", "10.p1", "02.p1"):
        files.register(id, id.upper())
    assert files.load_all() == ["01.P9", "01.P10", "02.P1", "10.P1"]
    assert files.load("01.p9") == "01.P9"
    with pytest.raises(NotDeclared) as missing:
        files.load("02.p2")
    assert "02.p1" in missing.value.near


def test_emptied_keeps_signatures_and_docstrings():
    source = (
        'class Net(Base):\n    """A net."""\n\n    size = 3\n\n    def __init__(self):\n'
        "        super().__init__()\n        self.a = 1\n\n    def forward(self, x):\n"
        '        """Shapes."""\n        return x\n'
    )
    assert emptied(source) == (
        'class Net(Base):\n    """A net."""\n\n    size = 3\n\n    def __init__(self):\n'
        "        raise NotImplementedError  # your answer goes here\n\n    def forward(self, x):\n"
        '        """Shapes."""\n        raise NotImplementedError  # your answer goes here\n'
    )


def test_calls_are_described_as_typed():
    assert (
        describe_call("f", ((2, 3), torch.tensor([1.0, 2.5])))
        == "f((2, 3), torch.tensor([1.0, 2.5]))"
    )


def test_a_module_in_a_call_is_shown_on_one_line():
    model = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Flatten(start_dim=1))
    text = describe_call("f", (model, 2))
    assert text.startswith("f(nn.Sequential(nn.ReLU(), nn.Flatten(start_dim=1")
    assert text.endswith("), 2)")
    wide = torch.nn.Sequential(*[torch.nn.ReLU() for _ in range(50)])
    assert describe_call("f", (wide,)) == "f(Sequential(...))"


def test_a_starter_and_a_reference_class_of_one_name_keep_their_own_source(monkeypatch):
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    mended = Exercise("99.2", "Mend", minutes=3, difficulty=1, hints=["one", "two"])

    @mended.starter
    class Counter:
        """Counts."""

        @torch.no_grad()
        def count(self):
            return 1 - 1

    @mended.reference
    class Counter:  # noqa: F811
        """Counts."""

        @torch.no_grad()
        def count(self):
            return 1 + 1

    assert "1 - 1" in mended.stub_source
    assert "1 + 1" in mended.solution_source
    assert "1 - 1" not in mended.solution_source


def test_an_id_that_is_no_text(doubling, capsys):
    checks.check(["99.1"], doubling.answer)
    assert "There is no exercise" in capsys.readouterr().out


def test_cases_are_made_with_torch_s_own_switches(doubling):
    torch.set_default_dtype(torch.float64)
    try:
        assert doubling.observations(lambda x: x)[0].value.dtype == torch.float32
    finally:
        torch.set_default_dtype(torch.float32)


def test_an_error_that_is_missing_inside_an_observation_is_not_called_one_that_came(doubling):
    def refuses_zero(x):
        if not x.any():
            raise ValueError("only zeros")
        return x + x

    doubling.reference(refuses_zero)
    doubling.observe(lambda answer, x: {"twice": answer(x), "of 0": attempt(lambda: answer(0 * x))})
    verdict = doubling.judge(lambda x: x + x)
    assert verdict.headline == "Not yet: an error has to come up in one place, and did not."

    def refuses_all_but_the_whole(x):
        if not x.all():
            raise KeyError("0")
        return x + x

    assert doubling.judge(refuses_all_but_the_whole).headline == "Not yet: an error came up."
