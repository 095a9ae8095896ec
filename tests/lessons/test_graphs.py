"""What lesson 03 sees of graphs that are kept, also inside torch.func."""

import subprocess
import sys

import pytest
import torch

from course_utils.lessons.autograd.graphs import Kept
from tests import ROOT


def cubes(w):
    return (w**3).sum()


WAYS = {
    "grad": lambda f, w: torch.func.grad(f)(w),
    "vjp": lambda f, w: torch.func.vjp(f, w)[1](torch.tensor(1.0))[0],
    "jvp": lambda f, w: torch.func.jvp(f, (w,), (w,))[1],
    "hessian": lambda f, w: torch.func.hessian(f)(w),
    "vmap of grad": lambda f, w: torch.func.vmap(torch.func.grad(f))(w.expand(4, 3)),
}


# torch's own code for forward mode uses what newer versions of torch call old.
@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
@pytest.mark.parametrize("way", WAYS)
def test_a_watched_function_gives_the_same_and_keeps_no_graph(way):
    kept, w = Kept(cubes), torch.tensor([1.0, 2.0, 3.0])
    for _ in range(3):
        torch.testing.assert_close(WAYS[way](kept, w), WAYS[way](cubes, w))
    assert max(kept.graphs) <= 1, "that of the call before may be there until it is gone"


def test_graphs_that_wait_inside_torch_func_are_counted():
    kept, w = Kept(cubes), torch.tensor([1.0, 2.0, 3.0])
    backs = [torch.func.vjp(kept, w)[1] for _ in range(3)]
    kept(w)
    assert kept.graphs == [0, 1, 2, 3] and len(backs) == 3


def test_a_process_that_has_loaded_nothing_else_can_use_torch_func():
    """torch 2.3 loads parts of itself on the way, and cannot load all of them inside torch.func."""
    program = (
        "import torch; from course_utils.lessons.autograd.graphs import Kept; "
        "kept = Kept(lambda w: (w**3).sum()); "
        "print([torch.func.grad(kept)(torch.ones(2)).tolist() for _ in range(3)])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == str([[3.0, 3.0]] * 3)
