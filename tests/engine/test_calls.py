"""A call in a panel can be typed, and does the same."""

import pytest
import torch
from torch import nn

from course_utils.calls import about_views, calls_of_class, describe_argument, describe_call

BASE = torch.arange(12.0)
TENSORS = [
    torch.tensor([1.0, 2.5]),
    torch.tensor([[1, 2], [3, 4]]),
    torch.tensor([1.0, 2.0], dtype=torch.float64),
    torch.tensor([0, 255], dtype=torch.uint8),
    torch.tensor(3.0),
    torch.tensor([True, False]),
    torch.tensor([float("inf"), 1.0]),
    torch.zeros(0, 3),
    torch.ones(5, 7),
    torch.arange(60.0).reshape(3, 4, 5),
    BASE[1::3],
    BASE[2:6],
    BASE.reshape(3, 4).t(),
    BASE.reshape(3, 4)[:, 1:3],
    torch.arange(24).reshape(2, 3, 4).permute(1, 2, 0),
    torch.tensor([[1.0], [2.0]]).expand(2, 3),
    torch.tensor([1.5, 2.5], requires_grad=True),
]


@pytest.mark.parametrize("tensor", TENSORS, ids=str)
def test_a_tensor_is_typed_with_its_strides_and_dtype(tensor):
    again = eval(describe_argument(tensor), {"torch": torch, "float": float})
    assert torch.equal(again, tensor)
    assert (again.dtype, again.requires_grad) == (tensor.dtype, tensor.requires_grad)
    assert (again.stride(), again.storage_offset()) == (tensor.stride(), tensor.storage_offset())


def test_views_are_told_and_who_shares_storage():
    x = torch.tensor([4.0, 5.0, 7.0, 6.0])
    assert about_views((x, 3)) == ""
    assert about_views((x[1::2],)) == (
        "argument 1 is a view: shape (2,), stride (2,), offset 1, in a storage of 4"
    )
    assert about_views((x, 3, x[:2])).endswith("; arguments 1 and 3 share one storage")
    assert describe_call("alike", (x, 3, x[:2], x.clone())) == (
        "x = torch.tensor([4.0, 5.0, 7.0, 6.0]); "
        "alike(x, 3, x[:2], torch.tensor([4.0, 5.0, 7.0, 6.0]))"
    )


def test_layers_of_torch_are_typed():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.2))
    again = eval(describe_argument(model), {"nn": nn})
    assert repr(again) == repr(model)


def test_other_arguments():
    sgd = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.5, momentum=0.9)
    assert describe_argument(sgd) == "torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)"
    assert describe_argument(torch.Generator().manual_seed(3)) == "torch.Generator().manual_seed(3)"
    assert describe_argument([torch.float64, len, None]) == "[torch.float64, len, None]"
    assert describe_argument(iter([])) == "list_iterator(...)"


class Net(nn.Module):
    def __init__(self, size, bias=True):
        super().__init__()
        self.layer = nn.Linear(size, 1, bias)

    def forward(self, x):
        return self.helper(x)

    def helper(self, x):
        return self.layer(x)


class RunningSum:
    def __init__(self):
        self.total = 0

    def add(self, number):
        self.total += number


def test_a_class_is_shown_as_it_is_made_and_used():
    def look(answer, size, x):
        answer(size)(x)
        answer(size, False)

    assert calls_of_class(look, Net, (2, torch.tensor([1.0, 2.0])), 0) == (
        "Net(2)(torch.tensor([1.0, 2.0]))",
    )

    def add(answer, numbers):
        total = answer()
        for number in numbers:
            total.add(number)

    shown = calls_of_class(add, RunningSum, ([1, 2, 3, 4],), 0)
    assert shown[:2] == ("running_sum = RunningSum()", "running_sum.add(1)")
    assert shown[3:] == ("running_sum.add(3)", "...")
    assert calls_of_class(lambda answer: 1 / 0, RunningSum, (), 0) == ()
