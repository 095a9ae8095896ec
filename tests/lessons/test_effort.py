"""What lesson 02 notes of an answer's work: what wrote to memory, and what did not."""

import torch

from course_utils.lessons.indexing.effort import writes_to


def test_a_tensor_that_gets_other_memory_writes_to_none():
    x = torch.arange(4.0)
    with writes_to(x) as writes:
        own = torch.empty(0)
        own.set_(x.untyped_storage().clone(), 0, x.size(), x.stride())
        own += 1
    assert writes == []


def test_what_writes_through_a_view_is_noted_also_where_it_is_undone():
    x = torch.arange(4.0)
    with writes_to(x) as writes:
        x[1:].add_(1)
        x.data[1:] -= 1
    assert writes[:2] == ["aten.add_.Tensor", "aten.sub_.Tensor"]
