"""Exercises on hooks: a right answer that leaves a handle behind does not pass.

Each answer here is the reference itself, plus one hook that nobody removes.
"""

import pytest
import torch
from torch import nn

from course_utils.exercise import describe_call, find
from course_utils.lessons.hooks.facts import GLOBAL_TABLES, broken, count_hooks
from course_utils.lessons.hooks.models import Source

RUN_A_MODEL = ["05.1", "05.2", "05.5", "05.6", "05.7", "05.10", "05.14"]


def look_only(*_):
    return None


LEFT_BEHIND = {
    "forward hook": lambda model: model.register_forward_hook(look_only),
    "pre-hook on a leaf": lambda model: list(model.modules())[-1].register_forward_pre_hook(
        look_only
    ),
    "backward hook": lambda model: model.register_full_backward_hook(look_only),
    "hook of all modules": lambda model: nn.modules.module.register_module_forward_hook(look_only),
    "state_dict hook": lambda model: model.register_state_dict_pre_hook(look_only),
}


def what_was_left(verdict):
    """The kinds of what the call shown by a verdict has left changed, where this is the fault."""
    assert verdict.difference.stage == "changed"
    return {effect.what for effect in verdict.seen.left}


@pytest.mark.parametrize("id", RUN_A_MODEL)
@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_a_handle_left_behind_does_not_pass(id, kind):
    exercise = find(id)

    def leaves_one(model, *args):
        result = exercise.answer(model, *args)
        LEFT_BEHIND[kind](model)
        return result

    verdict = exercise.judge(leaves_one)
    assert not verdict.passed
    assert what_was_left(verdict) & {"hooks_added", "global_hooks_added"}
    assert all(not getattr(nn.modules.module, table) for table in GLOBAL_TABLES)


@pytest.mark.parametrize("id", RUN_A_MODEL)
@pytest.mark.parametrize("kind", LEFT_BEHIND)
def test_a_handle_left_behind_after_an_error_does_not_pass(id, kind):
    exercise = find(id)

    def leaves_one_after_an_error(model, *args):
        try:
            return exercise.answer(model, *args)
        except RuntimeError:
            LEFT_BEHIND[kind](model)
            raise

    verdict = exercise.judge(leaves_one_after_an_error)
    assert not verdict.passed
    assert what_was_left(verdict) & {"hooks_added", "global_hooks_added"}
    assert all(not getattr(nn.modules.module, table) for table in GLOBAL_TABLES)


@pytest.mark.parametrize("id", RUN_A_MODEL)
@pytest.mark.parametrize("table", ["_forward_hooks", "_forward_pre_hooks"])
def test_hooks_of_others_have_to_stay(id, table):
    exercise = find(id)

    def clears_the_tables(model, *args):
        result = exercise.answer(model, *args)
        for module in model.modules():
            getattr(module, table).clear()
        return result

    verdict = exercise.judge(clears_the_tables)
    assert not verdict.passed
    assert "hooks_removed" in what_was_left(verdict)


def test_hooks_on_parameters_count():
    model = nn.Linear(1, 1)
    model.weight.register_hook(look_only)
    model.bias.register_post_accumulate_grad_hook(look_only)
    assert count_hooks(model) == 2


def test_a_broken_model_raises_and_is_mended():
    model = Source("nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Tanh()))").build()
    with broken(model), pytest.raises(RuntimeError, match="this layer is broken"):
        model(torch.ones(1))
    assert count_hooks(model) == 0
    model(torch.ones(1))


def test_a_message_shows_the_model_as_it_is_typed():
    model = Source("nn.Sequential(nn.Linear(3, 2))")
    assert describe_call("output_shapes", (model,)) == f"output_shapes({model.text})"
