"""Real processes that work together: for a lesson's functions and for exercises."""

import os
import random
import subprocess
import sys

import psutil
import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from course_utils import exercise, rank_observation, rank_processes
from course_utils.catalogue import Catalogue
from course_utils.exercise import Exercise, ExerciseFault, catalogue, find
from course_utils.observation import WAITED, Observation, Raised
from course_utils.rank_files import CannotBeWritten, file_of
from course_utils.ranks import ByRank, RanksFailed, run_on_ranks
from course_utils.recognition import ended_together

STEP = 10
TABLE = torch.ones(3)


@pytest.fixture(autouse=True)
def nothing_stays():
    """No test leaves a process behind, but the one that Python starts for new processes."""
    before = set(psutil.Process().children())
    yield
    after = set(psutil.Process().children()) - before
    assert [one for one in after if "resource_tracker" not in " ".join(one.cmdline())] == []


def added(x):
    return x + STEP


def told_and_summed(x, name):
    print(f"{name} {dist.get_rank()} of {dist.get_world_size()}")
    dist.all_reduce(x)
    return added(x)


def fails():
    if dist.get_rank() == 1:
        raise ValueError("too few rows")
    dist.barrier()


def one_waits():
    if dist.get_rank() == 1:
        dist.barrier()


def each_waits():
    if dist.get_rank() == 0:
        dist.broadcast(torch.zeros(1), 1)
    dist.all_reduce(torch.zeros(1))


def never_ends():
    while dist.get_rank() == 1:
        pass


def uses_a_tensor():
    return TABLE


def trained(seed):
    torch.manual_seed(seed + dist.get_rank())
    model = DistributedDataParallel(torch.nn.Linear(2, 1))
    model(torch.ones(1, 2)).sum().backward()
    return model.module.weight.detach()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ranks_print_in_order_and_give_back_what_they_have(method, capsys):
    x = ByRank((torch.tensor([1.0]), torch.tensor([2.0])))
    assert run_on_ranks(told_and_summed, x, "rank", method=method) == [13.0, 13.0]
    assert capsys.readouterr().out == "rank 0 | rank 0 of 2\nrank 1 | rank 1 of 2\n"


def test_a_model_begins_alike_on_all_of_three_ranks():
    first, *others = run_on_ranks(trained, 0, ranks=3)
    assert len(others) == 2 and all(torch.equal(first, one) for one in others)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (fails, r"Rank 1 raised ValueError: too few rows, in the line `raise ValueError\("),
        (one_waits, r"Rank 1 waits in the line `dist.barrier\(\)` for a rank that has come to"),
        (each_waits, "No rank came to its end: each waits for something"),
        (never_ends, "Rank 1 did not come to its end, when the others had"),
    ],
)
def test_a_rank_that_fails_or_waits_ends_with_one_sentence(function, sentence):
    with pytest.raises(RanksFailed, match=sentence) as told:
        run_on_ranks(function, seconds=5)
    assert "127.0.0.1" not in str(told.value) and "gloo" not in str(told.value)


def test_the_stop_button_ends_all_ranks(monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rank_processes.Ranks, "gather", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_on_ranks(never_ends)  # nothing_stays looks for its processes


def test_ranks_end_with_a_notebook_that_is_killed(tmp_path):
    script = tmp_path / "killed.py"
    script.write_text(
        "import os, threading, time\n"
        "from course_utils.rank_processes import Ranks\n"
        "def work(rank, line):\n"
        "    while True:\n"
        "        pass\n"
        "group = Ranks(work, 2)\n"
        "print(*(one._id for one in group._processes), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=120, check=False
    )
    ids = [int(id) for id in ended.stdout.split()]
    assert len(ids) == 2
    psutil.wait_procs([psutil.Process(id) for id in ids if psutil.pid_exists(id)], timeout=10)
    assert not any(map(psutil.pid_exists, ids))


def test_the_file_has_what_the_function_uses():
    text = file_of(told_and_summed)
    names = {}
    exec(compile(text, "on_ranks.py", "exec"), names)
    assert names["added"](1) == 11
    assert "import torch.distributed as dist" in text and "TABLE" not in text
    with pytest.raises(CannotBeWritten, match="the variable `TABLE` of this notebook"):
        file_of(uses_a_tensor)


# -- exercises -------------------------------------------------------------------------------


@pytest.fixture
def summing():
    exercise = Exercise(
        "90.1", "", minutes=1, difficulty=1, hints=[], ranks=2, without=["Tensor.tolist"]
    )

    @exercise.reference
    def sum_over_ranks(x):
        total = x.clone()
        dist.all_reduce(total)
        return total

    @exercise.cases
    def _(rng: random.Random):
        for _ in range(2):
            yield (ByRank([torch.tensor([rng.random(), 1.0]) for _ in range(2)]),)

    yield exercise
    catalogue._declared.pop("90.1")


def test_a_case_may_be_for_fewer_ranks_than_others(summing):
    @summing.cases
    def _(rng):
        for count in (1, 2, 1, 2):
            yield (ByRank([torch.tensor([rng.random(), 1.0]) for _ in range(count)]),)

    def counts_on_two(x):
        total = x.clone()
        dist.all_reduce(total)
        return total * dist.get_world_size() / 2

    ranks = [len(one.value) for one in summing.reference_observations(0)]
    assert ranks == [1, 2, 1, 2]
    assert summing.judge(summing.answer).passed
    assert not summing.judge(counts_on_two).passed


def test_facts_are_named_by_rank_and_differences_told_so(summing):
    def on_rank_zero_alone(x):
        total = x.clone()
        dist.reduce(total, 0)
        return total if dist.get_rank() == 0 else x.clone()

    assert summing.judge(summing.answer).passed
    verdict = summing.judge(on_rank_zero_alone)
    assert not verdict.passed and "result on rank 1" in verdict.headline
    assert verdict.case.startswith("rank 0: sum_over_ranks(torch.tensor(")


def test_what_an_answer_changes_or_may_not_use_on_a_rank_is_seen(summing):
    def in_place(x):
        dist.all_reduce(x)
        return x.clone()

    def with_tolist(x):
        total = x.clone()
        dist.all_reduce(total)
        return torch.tensor(total.tolist())

    assert "changed the values of `x`" in summing.judge(in_place).difference.message
    assert "`Tensor.tolist`" in summing.judge(with_tolist).headline


def test_an_answer_that_fails_or_waits_on_one_rank_is_told(summing):
    def raises_on_one(x):
        if dist.get_rank() == 1:
            raise IndexError("nothing there")
        dist.all_reduce(x)

    def only_one_calls(x):
        if dist.get_rank() == 0:
            dist.all_reduce(x)
        return x

    raised = summing.judge(raises_on_one)
    assert "IndexError: nothing there" in raised.difference.message
    assert raised.line == 'raise IndexError("nothing there")'
    waits = summing.judge(only_one_calls)
    assert waits.difference.message.startswith("rank 0 waits in a collective that another rank")
    assert waits.headline == "Not yet: a rank waits for another one that never comes."
    assert waits.line == "dist.all_reduce(x)"
    stuck = summing.observations(lambda x: each_waits())
    assert len(stuck) == 1 and "each rank waits" in stuck[0].raised.message


def test_where_processes_are_not_copied_an_exercise_is_judged_as_well():
    exercise = find("11.1")
    spawned = rank_observation.observations(exercise, exercise.answer, 0, method="spawn")
    assert exercise.verdict(spawned).passed


def test_answers_that_are_watched_side_by_side_are_told_apart(summing):
    def number(which):
        return lambda x: which

    asked = [(number(which), 0, None) for which in range(2 * rank_observation.AT_ONCE)]
    seen = rank_observation.side_by_side(summing, asked)
    assert [one[0].value for one in seen] == [
        {"result on rank 0": which, "result on rank 1": which} for which in range(len(asked))
    ]


def test_who_watches_an_answer_and_is_lost_is_no_wrong_answer(summing, monkeypatch):
    for seed in (0, 1):
        summing.reference_observations(seed)
    monkeypatch.setattr(rank_observation, "observations", lambda *_: os._exit(1))
    with pytest.raises(ExerciseFault, match="90.1: .*ended before it had told"):
        summing.judge_each([(summing.answer, 0), (summing.answer, 1)])


def waited(message):
    return Observation(raised=Raised(WAITED, message, through_answer=True))


RIGHT = [Observation(value=1), Observation(value=2)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # Which rank gives up first, and whether the next case is tried, is chance.
        ([waited("each")], [waited("rank 1"), waited("rank 0")], True),
        ([waited("each")], [waited("rank 1"), Observation(value=7)], True),
        ([Observation(value=1), waited("each")], [waited("rank 1"), waited("rank 1")], False),
        ([Observation(value=1)], [Observation(value=1), waited("each")], False),
    ],
)
def test_who_waits_first_does_not_tell_answers_apart(one, other, same):
    assert ended_together(RIGHT, one, other) is same
    assert ended_together(RIGHT, other, one) is same


def test_an_answer_may_come_further_than_the_mistake_that_it_is(summing, monkeypatch):
    @summing.mistake("One rank does not call it.")
    def never_calls(x):
        return x

    monkeypatch.setattr(
        summing, "observe_mistakes", lambda mistakes, *_: [[waited("each")] for _ in mistakes]
    )
    verdict = summing.verdict([waited("rank 0"), waited("rank 1")])
    assert verdict.headline == "One rank does not call it."


def test_a_reference_that_waits_is_a_fault_of_the_exercise(monkeypatch):
    monkeypatch.setattr(exercise, "catalogue", Catalogue(lambda id: ()))
    made = Exercise("90.2", "Sum", minutes=3, difficulty=1, hints=["one", "two"], ranks=2)

    @made.reference
    def summed(x):
        """The sum."""
        if dist.get_rank() == 0:
            dist.all_reduce(x)
        return x

    @made.cases
    def cases(rng):
        yield (torch.tensor([1.0]),)

    with pytest.raises(ExerciseFault, match=r"90\.2, case 1: with the reference, rank 0 waits"):
        made.judge(lambda x: x)


def test_ranks_that_only_compute_have_met_before_one_of_them_ends():
    assert all(run_on_ranks(added, n) == [n + STEP] * 2 for n in range(10))


def test_ranks_that_do_not_find_each_other_are_no_fault_of_an_answer(summing, monkeypatch):
    monkeypatch.setattr(rank_processes.Ranks, "meet", lambda group: [None] * group.count)
    with pytest.raises(ExerciseFault, match=r"90\.1: 2 processes did not find each other in 3"):
        summing.judge(lambda x: x)
