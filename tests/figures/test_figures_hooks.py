"""Figures of hooks: spans and rows follow the trace, statistics are those of the tensors."""

import pytest
import torch
from torch import nn

from course_utils import figures
from course_utils.figures.hooks import Span, depth_of, rows_of, spans_of, spreads_of


def trace_of(model, x):
    """A real trace of a run forward and backward."""
    trace = []

    def note(event, name):
        return lambda *_: trace.append((event, name))

    for name, module in model.named_modules():
        module.register_forward_pre_hook(note("forward pre", name))
        module.register_forward_hook(note("forward", name))
        module.register_full_backward_pre_hook(note("backward pre", name))
        module.register_full_backward_hook(note("backward", name))
    for name, parameter in model.named_parameters():
        parameter.register_hook(note("gradient", name))
    model(x).sum().backward()
    return trace


@pytest.fixture
def trace():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Tanh()))
    return trace_of(model, torch.ones(1, 2, requires_grad=True))


def test_every_module_has_one_span_each_way(trace):
    spans = spans_of(trace)
    assert sorted((span.name, span.kind) for span in spans) == sorted(
        (name, kind) for name in ("", "0", "1", "1.0") for kind in ("forward", "backward")
    )
    for span in spans:
        assert trace[span.first] == (f"{span.kind} pre", span.name)
        assert trace[span.last] == (span.kind, span.name)
        assert span.first < span.last


def test_a_module_that_runs_twice_has_two_spans():
    twice = [("forward pre", "0"), ("forward", "0")] * 2
    assert spans_of(twice) == [Span("0", "forward", 0, 1), Span("0", "forward", 2, 3)]


def test_a_hook_without_its_pre_hook_has_no_span():
    assert spans_of([("forward", "0"), ("backward", "0")]) == []


def test_parameters_stand_under_their_module(trace):
    rows = rows_of(trace)
    assert rows == ["", "0", "0.weight", "0.bias", "1", "1.0"]
    assert [depth_of(name, rows) for name in rows] == [0, 1, 2, 2, 1, 2]


def test_the_text_tells_the_order(trace):
    text = figures.hook_timeline(trace).alt
    assert text.startswith("A timeline of 18 hook calls on 6 modules and parameters")
    assert "in this order: forward pre of the model; forward pre of 0; forward of 0;" in text
    assert text.endswith("backward of 0; backward of the model.")


def test_another_order_is_another_picture(trace):
    assert figures.hook_timeline(trace).png != figures.hook_timeline(trace[::-1]).png


def test_spreads_are_those_of_the_tensor():
    points, spread = spreads_of("a", {"0": torch.arange(101.0)})["0"]
    assert points == [5.0, 25.0, 50.0, 75.0, 95.0]
    assert spread == pytest.approx(torch.arange(101.0).std(correction=0).item())


def test_the_text_tells_the_spreads():
    text = figures.activations({"one": {"0": torch.tensor([-1.0, 1.0])}}).alt
    assert text.endswith("Standard deviations, one: 0 1.")


def test_activations_take_what_hooks_give():
    for tensor in (
        torch.zeros(2, 3),
        torch.ones(1, requires_grad=True),
        torch.arange(3),
        torch.ones(2, 3, 4, 4, dtype=torch.bfloat16),
    ):
        assert figures.activations({"a": {"0": tensor}}).png


BAD_CALLS = {
    "The trace is empty": lambda: figures.hook_timeline([]),
    "The trace has 41 events": lambda: figures.hook_timeline([("forward", "0")] * 41),
    "'fwd' is no event of a timeline": lambda: figures.hook_timeline([("fwd", "0")]),
    "at least one model": lambda: figures.activations({}),
    "'a' has 0 layers; activations() draws 1 to 16": lambda: figures.activations({"a": {}}),
    "The output of '0' in 'a' is empty, NaN or infinite": lambda: figures.activations(
        {"a": {"0": torch.tensor([float("nan")])}}
    ),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_bad_input_gets_one_sentence(message):
    with pytest.raises(ValueError) as raised:
        BAD_CALLS[message]()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
