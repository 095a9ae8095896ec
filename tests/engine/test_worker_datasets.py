"""The datasets of lessons 06 and 12 that are given to workers do there what the lesson says."""

import pickle

import numpy
import pytest
import torch
from torch.utils.data import DataLoader

from course_utils import worker_datasets
from course_utils.worker_datasets import (
    Augmented,
    Noisy,
    Numbers,
    Processes,
    Slow,
    Ticked,
    Traced,
    own_generator,
    samples_loaded_ahead,
    seed_pipeline,
    take_a_part,
)


class AddsANumber:
    """Stands for a pipeline of Albumentations, which is not installed everywhere."""

    def __init__(self):
        self.set_random_seed(0)

    def set_random_seed(self, seed):
        self.rng = numpy.random.default_rng(seed)

    def __call__(self, image):
        return {"image": (image + self.rng.random())[:, ::-1]}


PICTURE = numpy.zeros((1, 2, 1))


@pytest.mark.parametrize(
    "given",
    [
        Traced(3),
        Noisy(3),
        Slow(3, 0.0),
        Numbers(0, 3),
        Processes(3),
        Augmented([PICTURE], AddsANumber()),
        own_generator,
        seed_pipeline,
        take_a_part,
    ],
    ids=lambda given: getattr(given, "__name__", type(given).__name__),
)
def test_everything_can_be_sent_to_a_new_python(given):
    # What pickle cannot find by module and name does not reach workers on macOS and Windows.
    assert worker_datasets.__name__ in repr(type(pickle.loads(pickle.dumps(given)))) or callable(
        given
    )


def test_workers_take_turns_and_count_in_their_own_copies():
    traced = Traced(8)
    batches = [[part.tolist() for part in b] for b in DataLoader(traced, 2, num_workers=2)]
    assert batches == [[[0, 1], [0, 0]], [[2, 3], [1, 1]], [[4, 5], [0, 0]], [[6, 7], [1, 1]]]
    assert traced.fetched == 0
    assert [part.tolist() for part in next(iter(DataLoader(traced, 2)))] == [[0, 1], [-1, -1]]
    assert traced.fetched == 2


@pytest.mark.parametrize("stop", [0, 1, 4, 5])
def test_take_a_part_leaves_nothing_out(stop):
    loader = DataLoader(
        Numbers(0, stop), batch_size=None, num_workers=2, worker_init_fn=take_a_part
    )
    assert sorted(loader) == list(range(stop))


def test_own_generators_differ_where_copies_do_not():
    copies = list(DataLoader(Noisy(2), batch_size=None, num_workers=2))
    assert copies[0][1] == copies[1][1]
    assert copies[0][0] != copies[1][0]
    own = list(DataLoader(Noisy(2), batch_size=None, num_workers=2, worker_init_fn=own_generator))
    assert own[0][1] != own[1][1]


def test_pipelines_differ_only_where_they_are_seeded():
    dataset = Augmented([PICTURE, PICTURE], AddsANumber())
    one, other = DataLoader(dataset, num_workers=2)
    assert one.shape == (1, 1, 2, 1)
    assert torch.equal(one, other)
    one, other = DataLoader(dataset, num_workers=2, worker_init_fn=seed_pipeline)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(("factor", "expected"), [(1, 4), (2, 8)])
def test_workers_load_ahead_as_much_as_they_may(factor, expected):
    watched = Ticked(torch.zeros(20))
    loader = DataLoader(watched, batch_size=2, num_workers=2, prefetch_factor=factor)
    assert samples_loaded_ahead(loader) == expected
