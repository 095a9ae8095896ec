"""Figures of modules: what is drawn is what the module says."""

import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional

from course_utils import figures
from course_utils.figures.modules import measured_steps, tree_rows

CNN = nn.Sequential(
    nn.Conv2d(3, 64, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(64, 30, 5),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(750, 10),
)


class AllKinds(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 3))
        self.fixed = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("positions", torch.arange(2), persistent=False)
        self.register_buffer("nothing", None)
        self.mask = torch.ones(2)
        self.hidden = [nn.Linear(1, 1, bias=False)]
        self.pairs = {"a": torch.zeros(1)}
        self.tied = nn.Module()
        self.tied.weight = self.weight


def test_each_tensor_has_its_kind_and_its_marks():
    found = {row.path: (row.kind, row.marks) for row in tree_rows(AllKinds()) if row.marks}
    assert found == {
        "weight": ("parameter", (True, True, True)),
        "fixed": ("frozen parameter", (False, True, True)),
        "mean": ("buffer", (False, True, True)),
        "positions": ("unsaved buffer", (False, False, True)),
        "mask": ("plain tensor", (False, False, False)),
        "hidden[0].weight": ("parameter", (False, False, False)),
        "pairs['a']": ("plain tensor", (False, False, False)),
        "tied.weight": ("parameter", (True, True, True)),
    }


def test_marks_tell_what_really_happens():
    module = AllKinds()
    marks = {row.path: row.marks for row in tree_rows(module) if row.marks}
    tensors = {"weight", "fixed", "mean", "positions", "mask"}
    assert {name for name in tensors if marks[name][1]} == set(module.state_dict()) - {
        "tied.weight"
    }
    module.to(torch.float64)
    moved = {n for n in tensors if getattr(module, n).dtype in (torch.float64, torch.int64)}
    assert {name for name in tensors if marks[name][2]} == moved


def test_what_is_shared_or_hidden_is_said():
    rows = {row.path: row for row in tree_rows(AllKinds())}
    assert rows["tied.weight"].shared_with == "weight"
    assert rows["hidden[0]"].kind == "hidden module"
    assert rows["tied"].kind == "module"
    text = figures.module_tree(AllKinds()).alt
    assert "positions is an unsaved buffer" in text
    assert "tied.weight is a parameter shared with weight" in text
    assert text.endswith("Not registered: hidden[0].")


def test_a_module_that_contains_itself_in_a_list_comes_to_an_end():
    module = nn.Linear(1, 1)
    module.friends = [module]
    assert len(tree_rows(module)) == 4


def test_drawing_changes_nothing():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5))
    model[2].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    figures.feature_maps(model, (1, 5, 5))
    figures.module_tree(model)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == [True, True, True, False]
    assert not any(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def test_sizes_are_measured():
    model = nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    steps = [(step.layers, step.shape) for step in measured_steps(model, (3, 9, 12))]
    assert steps == [
        ([], (3, 9, 12)),
        (["Conv2d 5×5", "ReLU"], (4, 5, 8)),
        (["MaxPool2d 2×2"], (4, 2, 4)),
        (["Flatten"], (32,)),
    ]


class PoolsInForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, (3, 1), dtype=torch.float64)
        self.head = nn.Linear(2 * 3 * 4, 5, dtype=torch.float64)

    def forward(self, x):
        x = functional.max_pool2d(self.conv(x), 2)
        return self.head(x.flatten(1)).softmax(1)[:, :2]


def test_what_a_function_changes_is_a_step_of_its_own():
    steps = measured_steps(PoolsInForward(), (1, 8, 8))
    assert [step.shape for step in steps] == [(1, 8, 8), (2, 6, 8), (24,), (5,), (2,)]
    assert [step.layers for step in steps[1:]] == [
        ["Conv2d 3×1"],
        ["in forward"],
        ["Linear"],
        ["in forward"],
    ]


def test_an_input_that_does_not_fit_is_named_and_no_hook_is_left():
    model = nn.Sequential(nn.Conv2d(3, 4, 5))
    with pytest.raises(ValueError, match=r"^The model does not take an input of 1 x 9 x 9: "):
        figures.feature_maps(model, (1, 9, 9))
    assert not model[0]._forward_hooks
    assert model.training


def test_too_much_to_draw_is_said():
    with pytest.raises(ValueError, match=r"has 101 rows; module_tree\(\) draws at most 60"):
        figures.module_tree(nn.Sequential(*[nn.ReLU() for _ in range(100)]))
    layers = [nn.Linear(1 + n, 2 + n) for n in range(12)]
    with pytest.raises(ValueError, match=r"has 13 steps .* draws at most 12"):
        figures.feature_maps(nn.Sequential(*layers), (1,))
    with pytest.raises(ValueError, match="draws an nn.Module, not a Tensor"):
        figures.module_tree(torch.zeros(1))


def test_a_lazy_layer_has_no_shape_yet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch 2.3 warns that lazy layers are new
        lazy = nn.LazyLinear(2)
    assert [row.shape for row in tree_rows(lazy) if row.marks] == [None, None]
    assert figures.module_tree(lazy).png
