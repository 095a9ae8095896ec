"""Every figure says in words what it draws, can be read, and looks like its stored image.

After a wanted change:  python -m pytest tests/figures/test_figures.py --update-figures
Then look at every image in tests/figures/images/ that changed.

A new figure needs one line in EXAMPLES; all tests of legibility then hold for it.
"""

import ast
import functools
import inspect
import io
import itertools
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy
import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text
from PIL import Image
from torchvision import transforms

from course_utils import figures, texts
from course_utils.figures import drawing, lessons, views
from tests import ROOT
from tests.figures.test_figures_modules import CNN, AllKinds, PoolsInForward

STORED = Path(__file__).parent / "images"
TOLERANCE = 1.0  # root mean square of the differences, of 255: a shifted label is far above

x = torch.arange(6).reshape(2, 3)
a = torch.arange(10, 22).reshape(3, 4)
z = torch.arange(24).reshape(2, 3, 4)
row = torch.tensor([7.5, -8.25, 9.0])
big = torch.zeros(1000, 1000)
COURSE = [
    ("00", "start here", []),
    ("01", "tensors storage stride", ["00"]),
    ("02", "indexing gather broadcast", ["01"]),
    ("03", "autograd", ["02"]),
    ("04", "modules and parameters", ["03"]),
    ("05", "hooks and apply", ["04"]),
    ("06", "datasets and dataloaders", ["02"]),
    ("07", "vision pipeline", ["06", "04"]),
    ("08", "text pipeline", ["06", "04"]),
    ("09", "losses optimizers schedulers", ["04"]),
    ("10", "training loop", ["09", "06"]),
]


def chart():
    """No figure of the course: shows that curves can stand on a page."""
    with drawing.page() as draw:
        axes = draw.chart(70, 50, 300, 150)
        axes.plot([0, 1, 2, 3], [0, 1, 4, 9], label="square")
        axes.plot([0, 1, 2, 3], [0, 1, 8, 27], label="cube")
        axes.set(xlabel="x", ylabel="power of x")
        axes.legend()
        draw.text(70, 28, "A chart on a page", bold=True)
        return draw.finish(400, 260, "Two curves over x from 0 to 3: its square and its cube.")


HOOK_TRACE = [
    ("forward pre", ""),
    ("forward pre", "body.0"),
    ("forward", "body.0"),
    ("forward", ""),
    ("backward pre", ""),
    ("backward pre", "body.0"),
    ("gradient", "body.0.bias"),
    ("gradient", "body.0.weight"),
    ("backward", "body.0"),
    ("backward", ""),
]
ACTIVATIONS = {
    "before": {"0": torch.linspace(-1, 3, 101), "2": torch.linspace(0, 0.4, 50).reshape(5, 10)},
    "after": {"0": torch.linspace(-2, 2, 101)},
}
POINTS = torch.linspace(-4, 4, 41)
WALK = [(1.5 - 0.1 * t, 1.0 - 0.08 * t) for t in range(12)]


W = torch.tensor([1.0, 2.0], requires_grad=True)
B = torch.tensor([-1.0, 0.5], requires_grad=True)


def two_minima(x):
    return x**4 - 3 * x**2 + x


PHOTO = figures.small_picture().permute(2, 0, 1)  # (3, 8, 8)


def two_valleys(place):
    return (place[..., 0] ** 2 - 1) ** 2 + 0.3 * place[..., 0] + 0.5 * place[..., 1] ** 2


TWO_COLOURS = torch.zeros(4, 6, 3, dtype=torch.uint8)
TWO_COLOURS[1:3, :2, 0] = TWO_COLOURS[1:3, 4:, 1] = 255
SCENE = {
    "image": TWO_COLOURS.numpy(),
    "mask": ((TWO_COLOURS[..., 0] > 0) + 2 * (TWO_COLOURS[..., 1] > 0)).byte().numpy(),
    "bboxes": [[0, 1, 2, 3], [4, 1, 6, 3]],
    "labels": [7, 4],
}
HALF_SCENE = {
    "image": TWO_COLOURS[:, 3:].permute(2, 0, 1),
    "mask": torch.as_tensor(SCENE["mask"])[:, 3:],
    "boxes": torch.tensor([[1, 1, 3, 3]]),
    "labels": torch.tensor([4]),
}


class Letters:
    """A tokenizer whose pieces are the letters of a text, between two special tokens."""

    def __call__(self, text):
        return {"input_ids": [2, *(ord(letter) - 92 for letter in text), 3]}

    def convert_ids_to_tokens(self, ids):
        return [{2: "[CLS]", 3: "[SEP]"}.get(id, chr(id + 92)) for id in ids]


TEXTS = (
    [(torch.tensor([5, 2]), 1), (torch.tensor([7, 4, 9]), 0)],
    (torch.tensor([[5, 2, 0], [7, 4, 9]]), torch.tensor([1, 0])),
)
STEPS = {
    "at the start": {"w": "1.00", "w.grad": "None"},
    "backward()": {"w": "1.00", "w.grad": "3.00"},
    "step()": {"w": "0.70", "w.grad": "3.00"},
}

EXAMPLES = {
    "chart": chart,
    "storage_transpose": lambda: figures.storage({"x": x, "x.t()": x.t()}),
    "storage_slices": lambda: figures.storage(
        {"a": a, "a[:, 1]": a[:, 1], "a[1:, ::2]": a[1:, ::2], "a[2, 3]": a[2, 3]}
    ),
    "storage_expand": lambda: figures.storage(
        {
            "row": row,
            "row.expand(4, 3)": row.expand(4, 3),
            "row.unfold(0, 2, 1)": row.unfold(0, 2, 1),
        }
    ),
    "storage_three_dimensions": lambda: figures.storage(
        {"z": z, "z[1]": z[1], "z.permute(2, 0, 1)": z.permute(2, 0, 1)}
    ),
    "storage_sizes_one_and_zero": lambda: figures.storage(
        {"flags": (flags := torch.tensor([[True], [False]])), "flags[:0]": flags[:0]}
    ),
    "windows": lambda: figures.windows(torch.arange(9), size=3, step=2, name="signal"),
    "windows_of_a_matrix": lambda: figures.windows(
        torch.arange(16).as_strided((3, 2, 2), (1, 4, 1)), name="patches"
    ),
    "memory": lambda: figures.memory(
        {
            "big": big,
            "big[0]": big[0],
            "big[0].clone()": (r := big[0].clone()),
            "wide": r.expand(1000, -1),
        }
    ),
    "dtype_promotion": lambda: figures.dtype_promotion(),
    "axes_order": lambda: figures.axes_order(),
    "autograd_graph": lambda: figures.autograd_graph(
        lambda w, b, x: ((w * x + b).detach() * w - b[0]).sum(), w=W, b=B, x=torch.tensor(3.0)
    ),
    "autograd_graph_of_two_steps_in_one_call": lambda: figures.autograd_graph(
        lambda m, y: torch.nn.functional.cross_entropy(torch.eye(4, 2) @ m, y) + m[0, 0],
        m=torch.ones(2, 3, requires_grad=True),
        y=torch.tensor([0, 1, 2, 0]),
    ),
    "autograd_graph_of_one_use_and_two": lambda: figures.autograd_graph(
        lambda w: (w * w + 3 * w).sum(), w=W
    ),
    "tangents": lambda: figures.tangents(two_minima, [-1.3, 0.0, 1.75]),
    "curve_descent": lambda: figures.curve_descent(
        two_minima, {"left": [-2, -1.2, -1.3], "right": [0.5, 0.7, 1.1, 1.13], "out": [1, -5]}
    ),
    "loader_parts": lambda: figures.loader_parts(),
    "sampled": lambda: figures.sampled(
        {"in order": [0, 1, 2], "again and again": [2, 2, 0], "in lists": [[1, 2], [0]]}, count=4
    ),
    "sampled_together": lambda: figures.sampled(
        {"rank 0": [0, 2], "rank 1": [1, 0]}, count=3, together=True
    ),
    "collated": lambda: figures.collated(
        [(torch.tensor([5, 2]), 1), (torch.tensor([7, 4, 9]), 0)],
        (torch.tensor([[5, 2, 0], [7, 4, 9]]), torch.tensor([2, 3]), torch.tensor([1, 0])),
        names=["words", "lengths", "labels"],
    ),
    "collated_so_far": lambda: figures.collated(
        *TEXTS, names=["words", "labels"], made={"labels": 1}
    ),
    "collated_dict": lambda: figures.collated(
        [{"x": 1.5, "y": 0}, {"x": 22.25, "y": 1}],
        {"x": torch.tensor([1.5, 22.25]), "y": torch.tensor([0, 1])},
    ),
    "class_balance": lambda: figures.class_balance(
        {"shuffled": [torch.tensor([0, 0, 1, 0]), torch.tensor([0, 2])]}, ["no", "yes", "other"]
    ),
    "epoch_time": lambda: figures.epoch_time(
        {"quick": {0: 0.01, 1: 0.2}, "slow": {0: 1.5, 2: 0.8}}
    ),
    "gathered": lambda: figures.gathered(a, 1, torch.tensor([[2, 0], [3, 3], [1, 2]]), "a"),
    "gathered_from_columns": lambda: figures.gathered(a, 0, torch.tensor([[2, 0, 1]])),
    "gathered_from_one_line": lambda: figures.gathered(row, -1, torch.tensor([2, 2, 0, 1])),
    "scattered": lambda: figures.scattered(
        a, 1, torch.tensor([[2, 0], [3, 1]]), torch.tensor([[5, 6], [1000, 8]])
    ),
    "scattered_and_added": lambda: figures.scattered(
        torch.zeros(4),
        0,
        torch.tensor([1, 3, 1, 1]),
        torch.tensor([1.0, 2.0, 3.5, 4.0]),
        add=True,
        name="zeros",
    ),
    "broadcast": lambda: figures.broadcast(x[:, :1] * 10, row, names=["column", "row"]),
    "broadcast_of_one_number": lambda: figures.broadcast(a * 100, torch.tensor(3), "*"),
    "masked": lambda: figures.masked(a, a % 3 == 0),
    "masked_rows": lambda: figures.masked(a, a[:, 0] > 11, "a"),
    "masked_nothing": lambda: figures.masked(row, row > 99, "row"),
    "einsum_axes": lambda: figures.einsum_axes("ij,jk->ik", x, torch.ones(3, 4, dtype=x.dtype)),
    "einsum_axes_of_a_batch": lambda: figures.einsum_axes(
        "bqd,bkd->bqk", torch.ones(2, 3, 5), torch.ones(2, 4, 5), names=["queries", "keys"]
    ),
    "einsum_axes_to_one_number": lambda: figures.einsum_axes("ij->", x),
    "conventions": lambda: figures.conventions({"arrays to tensors": (SCENE, HALF_SCENE)}),
    "text_batch": lambda: figures.text_batch(
        ["rain", "go"],
        Letters(),
        {
            "input_ids": torch.tensor([[2, 22, 5, 13, 18, 3], [2, 11, 19, 3, 0, 0]]),
            "attention_mask": torch.tensor([[1] * 6, [1, 1, 1, 1, 0, 0]]),
        },
        torch.zeros(2, 6, 32),
        torch.zeros(2, 3),
    ),
    "padding": lambda: figures.padding(
        [[5, 2], [7, 4, 9], []],
        torch.tensor([[5, 2, 0], [7, 4, 9], [0, 0, 0]]),
        torch.tensor([[True, True, False], [True] * 3, [False] * 3]),
    ),
    "packing": lambda: figures.packing(
        torch.tensor([[5, 2, 0, 0], [7, 4, 9, 3], [8, 0, 0, 0]]), torch.tensor([2, 4, 1])
    ),
    "bags": lambda: figures.bags(
        torch.tensor([5, 2, 7, 4, 9, 8]),
        {
            "right": torch.tensor([0, 2, 5]),
            "lengths": torch.tensor([2, 3, 4]),
            "empty": torch.tensor([0, 0, 6]),
        },
    ),
    "collectives": lambda: figures.collectives(
        [torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])],
        {
            "reduce(x, dst=0)": [torch.tensor([11.0, 22.0]), None],
            "all_gather(every, x)": [[torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])]] * 2,
        },
    ),
    "ranks_in_a_step": lambda: figures.ranks_in_a_step(
        {
            "rank 0": [("forward", 0, 3), ("backward", 3, 6), ("wait", 6, 8), ("step", 8, 9)],
            "rank 1": [("forward", 0, 3.5), ("backward", 3.5, 7), ("wait", 7, 8), ("step", 8, 9)],
        },
        messages=[("bucket 1", 5, 6.4), ("bucket 2", 7, 8)],
    ),
    "rank_epochs": lambda: figures.rank_epochs(
        {"without": [[[0, 2], [0, 2]], [[3, 1], [3, 1]]], "with": [[[0], [1]], [[2], [3]]]}, count=4
    ),
    "course_map": lambda: figures.course_map(COURSE),
    "module_tree": lambda: figures.module_tree(AllKinds()),
    "feature_maps": lambda: figures.feature_maps(CNN, (3, 32, 32)),
    "feature_maps_of_a_vector": lambda: figures.feature_maps(PoolsInForward(), (1, 8, 8)),
    "hook_timeline": lambda: figures.hook_timeline(HOOK_TRACE),
    "hook_timeline_of_one_moment": lambda: figures.hook_timeline(HOOK_TRACE, now=(6, 8)),
    "hook_timeline_forward_only": lambda: figures.hook_timeline(HOOK_TRACE[:4]),
    "activations": lambda: figures.activations(ACTIVATIONS),
    "loss_curves": lambda: figures.loss_curves(
        {
            "square; x: prediction": (POINTS, lambda x: x**2),
            "softplus; x: logit": (POINTS, torch.nn.functional.softplus),
            "minus_log": (torch.linspace(0.1, 1, 31), lambda p: -p.log()),
            "absolute; x: prediction": (POINTS, torch.abs),
        }
    ),
    "schedule_sheet": lambda: figures.schedule_sheet(
        {"StepLR": [1, 1, 0.5, 0.5], "OneCycleLR": [0.04, 1, 0.6, 0.1], "LambdaLR": [1, 0.9]}
    ),
    "descent_paths": lambda: figures.descent_paths(
        two_valleys, {"SGD": WALK, "Adam": WALK[:6], "far": [*WALK, (-3.0, 9.0)]}
    ),
    "step_table": lambda: figures.step_table(STEPS),
    "step_table_of_one_moment": lambda: figures.step_table(STEPS, now="backward()"),
    "training_run": lambda: figures.training_run(
        [1.9, 1.2, 0.8, 0.5, 0.35, 0.3], [1.7, 1.1, 0.85, 0.7, 0.66, 0.71], [0.1] * 4 + [0.01] * 2
    ),
    "resumed_run": lambda: figures.resumed_run(
        [1.0, 0.7, 0.4, 0.3, 0.24, 0.22], [0.3, 0.24, 0.22], [0.35, 0.3, 0.31]
    ),
    "confusion": lambda: figures.confusion(
        torch.tensor([[40, 2, 0], [5, 17, 0], [0, 0, 31]]), ["Adelie", "Chinstrap", "Gentoo"]
    ),
    "confusion_of_many": lambda: figures.confusion(
        torch.diag(torch.arange(101, 111)), [str(digit) for digit in range(10)]
    ),
    "image_rows": lambda: figures.image_rows(
        {"original": [PHOTO], "flipped": [PHOTO.flip(-1), PHOTO], "half": [PHOTO[:, ::2, ::2]] * 3}
    ),
    "image_grid": lambda: figures.image_grid(
        [PHOTO, PHOTO[0], PHOTO[:, :4]],
        ["3, read as 8: 97 %", "7, read as 1", "upper half"],
        columns=2,
    ),
    "transform_steps": lambda: figures.transform_steps(
        transforms.ToPILImage()(PHOTO[:1]),
        [transforms.RandomHorizontalFlip(1), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)],
    ),
}


@functools.cache
def example(name):
    """A figure, drawn once for all tests of it."""
    return EXAMPLES[name]()


every_figure = pytest.mark.parametrize("name", EXAMPLES)


# As it was drawn before ---------------------------------------------------------------------


@every_figure
def test_looks_like_its_stored_image(name, request, tmp_path):
    figure = example(name)
    stored = STORED / f"{name}.png"
    if request.config.getoption("--update-figures"):
        STORED.mkdir(exist_ok=True)
        stored.write_bytes(figure.png)
    assert stored.exists(), "run: python -m pytest tests/figures/test_figures.py --update-figures"
    drawn = tmp_path / f"{name}.png"
    drawn.write_bytes(figure.png)
    copy = tmp_path / f"{name}_stored.png"  # the comparison writes files beside its input
    copy.write_bytes(stored.read_bytes())
    assert compare_images(copy, drawn, tol=TOLERANCE) is None


def test_another_number_is_another_image(tmp_path):
    first, second = tmp_path / "first.png", tmp_path / "second.png"
    first.write_bytes(figures.storage(x=torch.tensor([1, 2, 3])).png)
    second.write_bytes(figures.storage(x=torch.tensor([1, 2, 8])).png)
    assert "Error" in compare_images(first, second, tol=TOLERANCE)


def test_every_stored_image_belongs_to_a_figure():
    assert {path.stem for path in STORED.glob("*.png")} == set(EXAMPLES)


@every_figure
def test_drawing_twice_gives_the_same_bytes(name):
    assert EXAMPLES[name]().png == example(name).png


def test_the_readers_own_settings_change_nothing():
    before = example("windows")
    with matplotlib.rc_context({"font.size": 40, "text.antialiased": False, "figure.dpi": 50}):
        settings = dict(matplotlib.rcParams)
        assert EXAMPLES["windows"]().png == before.png
        assert dict(matplotlib.rcParams) == settings


def test_the_file_says_nothing_about_who_made_it():
    image = Image.open(io.BytesIO(example("windows").png))
    assert not {"Software", "Creation Time", "date"} & set(image.info)


def test_every_public_figure_has_a_stored_image():
    drawn = {name for name in figures.__all__ if name[0].islower()}
    drawn -= {"small_picture", "steps"}  # a tensor, and a list of figures
    for function in drawn:
        assert any(name.startswith(function) for name in EXAMPLES), function


# In a notebook ------------------------------------------------------------------------------


@every_figure
def test_html_carries_the_text_and_a_sharp_image(name):
    figure = example(name)
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == figure.alt == repr(figure)
    assert f'width="{figure.width}"' in bundle["text/html"]
    assert "max-width:100%" in bundle["text/html"]
    image = Image.open(io.BytesIO(figure.png))
    assert image.size == (2 * figure.width, 2 * figure.height)
    assert len(figure.png) < 80_000


def test_a_name_cannot_leave_the_alt_text():
    html = figures.storage({'d["x"] <b>': x})._repr_html_()
    assert "d[&quot;x&quot;] &lt;b&gt;" in html
    assert html.count('"') == 14  # seven attributes


@every_figure
def test_text_is_one_to_three_sentences(name):
    text = example(name).alt
    assert len(text.split()) >= 8
    assert 1 <= len(re.findall(r"\.(?:\s|$)", text)) <= 3
    assert text.endswith(".")


class WithoutLetters(dict):
    """A language in which every text is its holes and signs: no letter of ours is left."""

    def get(self, name, sentence):
        # {noun}: see texts.counted.
        return re.sub(r"(\{(?!noun)[^{}]*\})|[A-Za-z{}]", lambda found: found[1] or "~", sentence)


# Words that are code wherever they stand, and units.
CODE = {"batch_sizes", "collate_fn", "dataset", "gather", "grad", "index", "mask", "packed", "data"}
CODE |= {"last_hidden_state", "logits", "all_reduce", "permute", "reshape", "scatter"}
CODE |= {"scatter_add", "source", "unfold", "ndarray", "list", "Tensor", "kB", "MB"}
CODE |= {"bool", "uint", "int", "float", "bfloat"}  # dtypes
CODE |= {"Add", "LogSoftmax", "Mm", "Mul", "NllLoss", "Select", "Sub", "Sum", "add", "mul"}  # steps
CODE |= {"Conv", "Flatten", "Linear", "MaxPool", "ReLU"}  # layers
CODE |= {"image", "target"}  # names that a figure gives where it is given none
WORD = re.compile(r"[A-Za-z_]{2,}")


def given_to_examples():
    """For each example the words of its own code, and of what this file defines for it."""
    here = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    defined = {}
    for node in here.body:
        for target in getattr(node, "targets", [node]):
            defined[getattr(target, "id", getattr(target, "name", ""))] = node

    def words(node, seen):
        found = set(WORD.findall(ast.unparse(node)))
        for name in {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} - seen:
            seen.add(name)
            thing = globals().get(name)
            if name in defined:
                found |= words(defined[name], seen)
            elif inspect.isclass(thing) and thing.__module__.startswith("tests."):
                found |= words(ast.parse(inspect.getsource(thing)), seen)
        return found

    examples = defined["EXAMPLES"].value
    return {
        key.value: words(node, set())
        for key, node in zip(examples.keys, examples.values, strict=True)
    }


def test_every_word_that_is_not_given_passes_through_text(monkeypatch):
    monkeypatch.setattr(texts, "TRANSLATIONS", WithoutLetters())
    # Nobody looks at the pixels.
    monkeypatch.setattr(FigureCanvasAgg, "draw", lambda canvas: None)
    monkeypatch.setattr(drawing, "_png", lambda canvas: (b"", ""))
    given = given_to_examples()
    ours = {}
    for name, draw in EXAMPLES.items():
        figure = draw()
        shown = [word.get_text() for axes in figure.drawing.axes for word in axes.texts]
        left = set(WORD.findall(" ".join([*shown, figure.alt]))) - CODE - given[name]
        if left:
            ours[name] = left
    assert ours == {}


def test_text_tells_the_data():
    text = figures.storage({"x": x, "x.t()": x.t(), "x[1:]": x[1:]}).alt
    assert text == (
        "3 tensors over one storage that holds 0, 1, 2, 3, 4, 5. "
        "x has shape (2, 3), stride (3, 1) and offset 0; "
        "x.t() has shape (3, 2), stride (1, 3) and offset 0; "
        "x[1:] has shape (1, 3), stride (3, 1) and offset 3."
    )
    text = figures.windows(torch.arange(5), size=3).alt
    assert "x.unfold(0, 3, 1) has shape (3, 3), stride (1, 1)" in text
    assert "shows 9 numbers, stores 5" in text
    text = figures.memory(big=big, part=big[0]).alt
    assert "big needs 4 MB and keeps 4 MB; part needs 4 kB and keeps 4 MB, shared with big" in text
    text = figures.dtype_promotion([torch.uint8, torch.int8]).alt
    assert "uint8 and int8 give int16" in text
    assert "07 vision pipeline needs 06 and 04;" in figures.course_map(COURSE).alt


def test_text_of_an_index_tells_what_is_read_and_written():
    text = EXAMPLES["gathered"]().alt
    assert "a is [[10, 11, 12, 13], " in text
    assert "index is [[2, 0], [3, 3], [1, 2]], the result is [[12, 10], [17, 17], " in text
    assert text.endswith("from these places in row 0: 2, 0; in row 1: 3, 3; in row 2: 1, 2.")
    text = EXAMPLES["scattered_and_added"]().alt
    assert (
        "the result is [0.0, 8.5, 0.0, 2.0]. The arrows lead to these places: 1, 3, 1, 1." in text
    )
    text = EXAMPLES["broadcast"]().alt
    assert "column of shape (2, 1), stride (1, 0) and row of shape (3,), stride (0, 1)" in text
    assert "True at 4 of 12 places. x[mask] has shape (4,) and is [12, 15, 18, 21]." in (
        EXAMPLES["masked"]().alt
    )
    text = EXAMPLES["einsum_axes"]().alt
    assert text.endswith("The result has shape (2, 4) and the axes i k; summed away: j.")


def test_text_of_a_training_tells_what_happened():
    text = EXAMPLES["step_table"]().alt
    assert "backward() changes w.grad; step() changes w." in text
    text = EXAMPLES["descent_paths"]().alt
    assert "Paths from (1.5, 1.0) over one landscape whose lowest place is (-1.0, 0.0)" in text
    assert "SGD at (0.4, 0.1), Adam at (1.0, 0.6)" in text
    text = EXAMPLES["schedule_sheet"]().alt
    assert "StepLR from 1 to 0.5, OneCycleLR from 0.04 to 0.1" in text
    text = EXAMPLES["loss_curves"]().alt
    assert "square goes from 16.00 to 16.00 and its gradient from -8.00 to 8.00" in text


def test_text_of_a_graph_tells_the_gradients_and_what_is_cut_away():
    text = EXAMPLES["autograd_graph"]().alt
    assert "Gradients at the leaves: w [2, 6.5]; b [-2, 0]." in text
    assert text.endswith("Not recorded: x, mul, add, detach.")


def test_a_graph_is_drawn_without_a_trace():
    w = torch.ones(2, requires_grad=True)

    def in_place(w):
        doubled = w * 2
        doubled += 1
        return (doubled.sigmoid() * w[0]).sum()

    text = figures.autograd_graph(in_place, w=w).alt
    assert "Mul, Add, Sigmoid, Select, Mul, Sum" in text
    assert w.grad is None
    with torch.no_grad():
        text = figures.autograd_graph(in_place, w=w).alt
    assert "no step is recorded. Gradients at the leaves: w no gradient." in text


def test_a_function_of_ones_own_is_one_step():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, arriving):
            return 2 * arriving * ctx.saved_tensors[0]

    text = figures.autograd_graph(lambda w: Square.apply(w).sum(), w=W).alt
    assert text == "A graph, from left to right: Square, Sum. Gradients at the leaves: w [2, 4]."


def test_text_of_an_image_tells_whether_the_picture_survives():
    text = figures.axes_order().alt
    assert "permute(2, 0, 1) has shape (3, 8, 8), stride (1, 24, 3)" in text
    assert "offset 0: its three channels make the same picture." in text
    assert text.endswith("its three channels make a scrambled picture.")
    grey = torch.full((4, 4, 3), 0.5)
    assert "scrambled" not in figures.axes_order(grey).alt


# Legible ------------------------------------------------------------------------------------


def luminance(colour):
    """Relative luminance as the Web Content Accessibility Guidelines define it, 0 to 1."""
    parts = numpy.asarray(colour, dtype=float)
    linear = numpy.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    lighter = numpy.maximum(luminance(one), luminance(other))
    return (lighter + 0.05) / (numpy.minimum(luminance(one), luminance(other)) + 0.05)


def pixels(drawn):
    """Red, green and blue, from 0 to 255, as it was drawn last."""
    return numpy.array(drawn.canvas.buffer_rgba())[..., :3].astype("int16")


def words_of(drawn):
    """All the Text that shows; a chart also has tick labels beyond its ends, which do not."""
    drawn.canvas.draw()
    hidden = set()
    for axis in (axis for axes in drawn.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if not axis.axes.axison or not low <= tick.get_loc() <= high:
                hidden |= {tick.label1, tick.label2}
    shown = [text for text in drawn.findobj(Text) if text.get_text() and text.get_visible()]
    return [text for text in shown if text not in hidden]


def worst_contrast(drawn):
    """The least contrast of any words with the pixels that lie under their letters."""
    words = words_of(drawn)
    complete = pixels(drawn)
    for text in words:
        text.set_visible(False)
    drawn.canvas.draw()
    bare = pixels(drawn)
    for text in words:
        text.set_visible(True)
    letters = (numpy.abs(complete - bare) > 0.02 * 255).any(axis=2)
    found = {}
    for text in words:
        (x0, y0), (x1, y1) = text.get_window_extent().get_points()
        height = len(bare)
        part = slice(int(height - y1), int(height - y0) + 1), slice(int(x0), int(x1) + 1)
        under = bare[part][letters[part]] / 255
        found[text.get_text()] = contrast(to_rgb(text.get_color()), under).min()
    word = min(found, key=found.get)
    return found[word], word


@every_figure
def test_words_stand_out_from_what_is_under_them(name):
    worst, word = worst_contrast(example(name).drawing)
    assert worst >= 4.5, word


def test_pale_words_and_words_on_a_line_are_noticed():
    with drawing.page() as draw:
        draw.text(20, 20, "pale", colour="#b0b0b0")
        pale = draw.finish(80, 40, "")
    with drawing.page() as draw:
        draw.text(20, 20, "crossed")
        draw.line([(0, 20), (100, 20)], colour="#202020", line=4)
        crossed = draw.finish(100, 40, "")
    assert worst_contrast(pale.drawing)[0] < 4.5
    assert worst_contrast(crossed.drawing)[0] < 4.5


@every_figure
def test_words_are_on_the_page_and_apart(name):
    figure = example(name)
    boxes = {}
    for number, text in enumerate(words_of(figure.drawing)):
        # Half a pixel of the page all around may touch.
        boxes[number, text.get_text()] = text.get_window_extent().padded(-1)
    for (_, word), box in boxes.items():
        assert box.x0 >= 8 and box.x1 <= 2 * figure.width - 8, word
        assert box.y0 >= 8 and box.y1 <= 2 * figure.height - 8, word
    for (one, box), (other, other_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), (one, other)


@every_figure
def test_letters_are_large_enough_for_a_small_window(name):
    figure = example(name)
    least = int(re.findall(r"min-width:(\d+)px", figure._repr_html_())[0])
    for text in words_of(figure.drawing):
        pixels = text.get_fontsize() / drawing.POINTS_PER_PIXEL
        assert pixels * least / figure.width >= 8.5, text.get_text()


@pytest.mark.parametrize("count", [1, 2, 6, 24])
def test_ramp_gets_lighter_and_carries_dark_numbers(count):
    colours = drawing.ramp(count)
    light = [luminance(colour) for colour in colours]
    assert light == sorted(light)
    with drawing.page() as draw:
        assert min(contrast(to_rgb(draw.ink), colour) for colour in colours) >= 4.5
        assert contrast(to_rgb(draw.muted), to_rgb(drawing.UNUSED)) >= 4.5
        for hue in draw.hues:
            assert contrast(to_rgb(hue), to_rgb(draw.panel)) >= 4.5


# What is drawn is right ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        a,
        a.t(),
        a[1:, ::2],
        a[:, 1],
        a[2, 3],
        a[0].expand(3, -1),
        z.permute(2, 0, 1),
        a.unfold(1, 2, 1),
    ],
)
def test_positions_find_the_numbers_in_the_storage(view):
    stored = torch.tensor(view.untyped_storage().nbytes() // 8 * [0]).to(view.dtype)
    stored.set_(view.untyped_storage())
    assert torch.equal(stored[views.positions(view)], view)


def test_storage_is_drawn_whatever_the_tensor_carries():
    for tensor in (
        torch.ones(2, requires_grad=True),
        torch.nn.Parameter(torch.ones(2)),
        torch.tensor([True, False]),
        torch.tensor([float("nan"), float("-inf")]),
        torch.ones(2, dtype=torch.bfloat16),
        torch.tensor(3),
    ):
        assert figures.storage(x=tensor).png


def test_storage_is_read_not_only_the_first_tensor():
    assert "holds 0, 1, 2, 3, 4, 5." in figures.storage(end=x[1, 2:]).alt


def test_lessons_stand_right_of_what_they_need():
    needs = {number: needed for number, _, needed in COURSE}
    column = lessons.depths(needs)
    assert column["00"] == 0
    assert column["03"] == column["06"] == 3
    assert all(column[number] > column[other] for number in needs for other in needs[number])


def test_the_map_has_no_arrow_for_what_is_needed_by_way_of_another_lesson():
    more = [(number, title, [*needed, "01"]) for number, title, needed in COURSE[2:]]
    assert figures.course_map([*COURSE[:2], *more]).alt == figures.course_map(COURSE).alt


def test_boxes_of_the_map_do_not_touch_and_arrows_cross_once():
    needs = {number: needed for number, _, needed in COURSE}
    columns, arrows = lessons.placed(needs, dict.fromkeys(needs, 60))
    for column in columns:
        for upper, lower in itertools.pairwise(column):
            assert lower.y - upper.y >= (upper.high + lower.high) / 2 + lessons.APART - 0.01
    steps = [step for arrow in arrows for step in itertools.pairwise(arrow)]
    crossings = sum(
        one[0].column == other[0].column and (one[0].y - other[0].y) * (one[1].y - other[1].y) < 0
        for one, other in itertools.combinations(steps, 2)
    )
    assert crossings == 1  # 07 and 08 both need 04 and 06, which cannot be drawn with none


def test_sizes():
    sizes = 0, 400, 999, 4000, 1_234_567, 8_000_000_000
    words = ["0 B", "400 B", "999 B", "4 kB", "1.23 MB", "8 GB"]
    assert [figures.memory_use.size_of(size) for size in sizes] == words


# Bad input ----------------------------------------------------------------------------------

BAD_CALLS = {
    "y does not share its storage with x": lambda: figures.storage(x=x, y=x.clone()),
    "x[0] is torch.int32 and x is torch.int64": lambda: figures.storage(
        {"x": x, "x[0]": x[0].view(torch.int32)}
    ),
    "The storage of x has 25 elements; storage() draws 1 to 24": lambda: figures.storage(
        x=torch.zeros(25)[:3]
    ),
    "x has 32 elements; storage() draws at most 24": lambda: figures.storage(
        x=torch.zeros(4).expand(8, 4)
    ),
    "x has 4 dimensions; storage() draws at most 3": lambda: figures.storage(
        x=torch.zeros(1, 1, 1, 1)
    ),
    "The storage of x has 0 elements": lambda: figures.storage(x=torch.zeros(0)),
    "x is a list; storage() draws tensors": lambda: figures.storage(x=[1, 2]),
    "at least one named tensor, as in storage(x=x)": lambda: figures.storage(),
    "x is complex, sparse or on the meta device": lambda: figures.storage(
        x=torch.zeros(2, device="meta")
    ),
    "s is complex, sparse or on": lambda: figures.storage(s=torch.eye(2).to_sparse()),
    "No window of size 4 with step 1 fits into x, whose shape is (3,)": lambda: figures.windows(
        torch.zeros(3), size=4
    ),
    "No window of size 2 with step 0": lambda: figures.windows(torch.zeros(3), size=2, step=0),
    "w has shape (); windows() draws 1 to 12 windows": lambda: figures.windows(
        torch.tensor(1), name="w"
    ),
    "x is a int; windows() draws tensors": lambda: figures.windows(3, size=2),
    "memory() draws 1 to 12 tensors, not 0": lambda: figures.memory(),
    "x has no storage of its own": lambda: figures.memory(x=3),
    "dtype_promotion() draws 1 to 12 dtypes, not 0": lambda: figures.dtype_promotion([]),
    "'float32' is not a dtype": lambda: figures.dtype_promotion(["float32"]),
    "image has shape (3, 8, 8); axes_order() draws (H, W, 3)": lambda: figures.axes_order(
        torch.zeros(3, 8, 8)
    ),
    "image is 65 x 2; axes_order() draws at most 64": lambda: figures.axes_order(
        torch.zeros(65, 2, 3)
    ),
    "image is torch.int64; axes_order() draws uint8": lambda: figures.axes_order(
        torch.zeros(2, 2, 3, dtype=torch.int64)
    ),
    "image is a list; axes_order() draws a tensor": lambda: figures.axes_order([1]),
    "Lesson 02 needs 01, which is not among the lessons": lambda: figures.course_map(
        [("02", "two", ["01"])]
    ),
    "in a circle: 01 needs 03, which needs 02, which needs 01.": lambda: figures.course_map(
        [("00", "0", []), ("01", "1", ["03", "00"]), ("02", "2", ["01"]), ("03", "3", ["02"])]
    ),
    "Two lessons have the same number": lambda: figures.course_map(
        [("1", "a", []), ("1", "b", [])]
    ),
    "draws 1 to 40 lessons, not 0": lambda: figures.course_map([]),
    "autograd_graph() draws expressions with one element, not shape (2,)": (
        lambda: figures.autograd_graph(lambda w: w * 2, w=W)
    ),
    "The graph has 21 boxes; autograd_graph() draws at most 16": lambda: figures.autograd_graph(
        lambda w: sum(w[0] for _ in range(10)), w=W
    ),
    "tangents() draws 1 to 12 places, not 0": lambda: figures.tangents(two_minima, []),
    "tangents() draws a curve with one finite height": lambda: figures.tangents(torch.log, [1.0]),
    "curve_descent() draws 1 to 12 paths, not 0": lambda: figures.curve_descent(two_minima, {}),
    "The path 'left' has no places": lambda: figures.curve_descent(two_minima, {"left": []}),
    "loss_curves() draws 1 to 12 losses, not 0": lambda: figures.loss_curves({}),
    "The loss 'mse' gives shape () for 41 points": lambda: figures.loss_curves(
        {"mse": (POINTS, lambda x: (x**2).mean())}
    ),
    "schedule_sheet() draws 1 to 12 schedules, not 0": lambda: figures.schedule_sheet({}),
    "StepLR has 1 steps; schedule_sheet() draws 2 or more": lambda: figures.schedule_sheet(
        {"StepLR": [1.0]}
    ),
    "descent_paths() draws 1 to 12 paths, not 0": lambda: figures.descent_paths(two_valleys, {}),
    "The path 'SGD' has no places": lambda: figures.descent_paths(two_valleys, {"SGD": []}),
    "x has shape (2, 3, 4); gathered() draws 1 to 2 dimensions of 1 to 8": lambda: figures.gathered(
        z, 1, z
    ),
    "gather refuses: ": lambda: figures.gathered(x, 1, torch.tensor([[5]])),
    "dim=2 does not exist; there are 2 dimensions": lambda: figures.gathered(x, 2, x),
    "source has shape (1,) and index (2,)": lambda: figures.scattered(
        row, 0, torch.tensor([0, 1]), row[:1]
    ),
    "scatter refuses: ": lambda: figures.scattered(row, 0, torch.tensor([0]), torch.tensor([1])),
    "The shapes (2, 3) and (2,) cannot be broadcast together": lambda: figures.broadcast(
        x, torch.zeros(2)
    ),
    "broadcast() draws the signs + - *, not '/'": lambda: figures.broadcast(x, x, "/"),
    "The mask has shape (3,) and dtype torch.bool; x of shape (2, 3) needs": lambda: figures.masked(
        x, x[0] > 1
    ),
    "b is a int; broadcast() draws tensors": lambda: figures.broadcast(x, 1),
    "einsum_axes() draws letters and an arrow, not 'ij'": lambda: figures.einsum_axes("ij", x),
    "einsum_axes() draws 1 to 4 tensors, not 0": lambda: figures.einsum_axes("i->i"),
    "einsum refuses: ": lambda: figures.einsum_axes("ij,ij->i", x, x.t()),
    "step_table() draws 1 to 12 lines, not 0": lambda: figures.step_table({}),
    "The line 'step()' does not tell of w, w.grad": lambda: figures.step_table(
        {"backward()": {"w": "1", "w.grad": "3"}, "step()": {"w": "1"}}
    ),
}


@pytest.mark.parametrize("sentence", BAD_CALLS)
def test_bad_input_gets_one_sentence(sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)) as caught:
        BAD_CALLS[sentence]()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


# Nothing left behind ------------------------------------------------------------------------


def test_import_is_light_and_drawing_leaves_pyplot_alone():
    program = (
        "import sys\n"
        "from course_utils import figures\n"
        "assert 'matplotlib' not in sys.modules, 'imported with the package'\n"
        "assert 'PIL' not in sys.modules, 'imported with the package'\n"
        "figures.course_map([('00', 'start', [])])\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot keeps figures'\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
