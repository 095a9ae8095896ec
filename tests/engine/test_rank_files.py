"""What a function of a notebook uses stands in the file that ranks import."""

import linecache

from course_utils.rank_files import file_of

CELL = """\
from torch import nn

class Wide(nn.Linear):
    def forward(self, x):
        return x

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Wide(1, 1)

def build():
    return Net()
"""


def test_classes_of_a_notebook_are_in_the_file_before_what_uses_them():
    linecache.cache["<a cell>"] = (len(CELL), None, CELL.splitlines(keepends=True), "<a cell>")
    scope = {"__name__": "__main__"}
    exec(compile(CELL, "<a cell>", "exec"), scope)
    text = file_of(scope["build"])
    assert text.count("class ") == 2
    places = [text.index(part) for part in ("torch.nn", "class Wide", "class Net", "def build")]
    assert places == sorted(places)
    exec(compile(text, "file", "exec"), {"__name__": "on_ranks"})
