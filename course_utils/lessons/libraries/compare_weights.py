"""Before you load a folder into a model: which of the model's weights would be new and random, and
which in the folder would be left out? Say it without loading anything into the model.

A message of the check shows the folder as the tensors that are in its file.
"""

import json
import pathlib
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.models import tiny_decoder
from course_utils.lessons.training.inputs import seeded

exercise = Exercise(
    "12.12",
    "What a folder has for a model",
    minutes=15,
    difficulty=2,
    hints=[
        "Which list has all the names that a model saves, its buffers too?",
        "`safetensors` reads names and tensors without running any code of the file: `load_file` "
        "gives a dict, and so the rest is a comparison of two dicts.",
        "Two names of one parameter: the file has it once. When are two values of a state dict the "
        "same memory?",
    ],
)


@exercise.reference
def compare_weights(model, folder):
    """Which weights would be new, left out or refused if a folder were loaded into a model.

    model: an nn.Module, perhaps with buffers; two of its names may share a parameter, which the
    file has under one of them. folder: a str, the path of a folder with a model.safetensors.
    Returns a dict of three sorted lists of names. "missing": in the model's state dict, and the
    file has no name of this tensor. "unexpected": in the file, not in the model. "mismatched": in
    both, with different shapes; such a name is in no other list. Dtypes may differ.
    The model stays as it is.
    """
    own = model.state_dict(keep_vars=True)
    with safe_open(f"{folder}/model.safetensors", framework="pt") as file:
        names = file.keys()
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    saved = {id(tensor) for name, tensor in own.items() if name in shapes}
    return {
        "missing": sorted(name for name, tensor in own.items() if id(tensor) not in saved),
        "unexpected": sorted(set(shapes) - set(own)),
        "mismatched": sorted(n for n, s in shapes.items() if n in own and own[n].shape != s),
    }


class Tied(nn.Module):
    """Scores from the table of the embedding, as in many language models."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(3, 2)
        self.scores = nn.Linear(2, 3)
        self.scores.weight = self.embedding.weight


class Counted(nn.Module):
    """A layer with a buffer that is saved, and one that is not."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width)
        self.layer = nn.Linear(width, 2)
        self.register_buffer("scale", torch.ones(width), persistent=False)


@exercise.cases
def _(rng):
    def layer(inputs, outputs):
        return seeded(rng, lambda: nn.Linear(inputs, outputs))

    yield layer(2, 3), layer(2, 3).state_dict()
    yield layer(2, 3), {"weight": torch.ones(3, 2), "scale": torch.ones(3)}
    yield layer(2, 3), {"weight": torch.ones(2, 3), "bias": torch.ones(3)}
    yield layer(2, 2), {"weight": torch.ones(2, 2).half(), "bias": torch.ones(1)}
    saved = seeded(rng, lambda: Counted(3)).state_dict()
    yield seeded(rng, lambda: Counted(3)), saved
    yield seeded(rng, lambda: Counted(rng.randint(4, 6))), {**saved, "head.bias": torch.ones(2)}
    yield Tied(), {"embedding.weight": torch.ones(3, 2), "scores.bias": torch.ones(3)}
    yield Tied(), {"scores.weight": torch.ones(3, 2)}
    yield Tied(), {"embedding.weight": torch.ones(4, 2), "scores.bias": torch.ones(4)}
    yield Tied(), {"scores.bias": torch.ones(3)}
    # The order in a file is not that of the names: of two dtypes, the larger one comes first.
    more = {"z.steps": torch.ones(1, dtype=torch.int64), "a.scale": torch.ones(1)}
    yield layer(2, 2), {**more, "weight": torch.ones(2, 2), "bias": torch.ones(2)}
    saved = tiny_decoder(rng).state_dict()
    del saved["lm_head.weight"], saved["transformer.ln_f.bias"]
    yield tiny_decoder(rng), {**saved, "score.weight": torch.ones(2, 16)}
    names = rng.sample("abcdefgh", 4)
    parts = nn.ModuleDict({name: layer(2, rng.randint(1, 3)) for name in names})
    found = {f"{name}.weight": torch.ones(2, 2) for name in names[1:]}
    yield parts, {**found, "z.weight": torch.ones(1), "a_b.bias": torch.ones(1)}


@exercise.observe
def _(answer, model, saved):
    with tempfile.TemporaryDirectory() as folder:
        save_file(saved, f"{folder}/model.safetensors", metadata={"format": "pt"})
        before = times_written(model)
        found = answer(model, folder)
        return {"lists": found, "the model was written to": times_written(model) != before}


def times_written(model):
    """How often each tensor of the model was written to, as autograd counts it."""
    return [tensor._version for tensor in [*model.parameters(), *model.buffers()]]


def own_and_saved(model, folder):
    return model.state_dict(), load_file(f"{folder}/model.safetensors")


def lists(own, saved, *, shared=True):
    """The right lists; with shared=False, a tensor is missing under its second name."""
    found = {own[name].data_ptr() for name in own if name in saved} if shared else set()
    return {
        "missing": sorted(n for n in own if n not in saved and own[n].data_ptr() not in found),
        "unexpected": sorted(n for n in saved if n not in own),
        "mismatched": sorted(n for n in own if n in saved and own[n].shape != saved[n].shape),
    }


@exercise.mistake(
    "A name is missing in the file, and its tensor is there under another name. Both names are "
    "filled when the model is loaded: which values of the state dict are one and the same?"
)
def second_name_is_missing(model, folder):
    return lists(*own_and_saved(model, folder), shared=False)


@exercise.mistake(
    "Look at the lists of names again: one of them is what the model has too much, the other what "
    "the file has too much. From whose side is 'missing' said?"
)
def sides_exchanged(model, folder):
    found = lists(*own_and_saved(model, folder))
    return {**found, "missing": found["unexpected"], "unexpected": found["missing"]}


@exercise.mistake(
    "You compare with the parameters. A model also saves buffers, such as the means of BatchNorm."
)
def parameters_only(model, folder):
    own = dict(model.named_parameters(remove_duplicate=False))
    return lists(own, own_and_saved(model, folder)[1])


@exercise.mistake(
    "You compare with the parameters, each of them once. A model also saves buffers, such as "
    "the means of BatchNorm, and a shared parameter under both of its names."
)
def parameters_as_they_come(model, folder):
    own, saved = dict(model.named_parameters()), own_and_saved(model, folder)[1]
    return {
        "missing": [n for n in own if n not in saved],
        "unexpected": [n for n in saved if n not in own],
        "mismatched": [n for n in own if n in saved and own[n].shape != saved[n].shape],
    }


@exercise.mistake(
    "You ask for parameters without their second names. A file may have the tensor under just that "
    "name."
)
def without_second_names(model, folder):
    names = {n for n, _ in model.named_parameters()} | {n for n, _ in model.named_buffers()}
    own, saved = own_and_saved(model, folder)
    return lists({n: own[n] for n in own if n in names}, saved)


@exercise.mistake(
    "A buffer that is not saved is in your lists. Not all buffers are part of the state dict."
)
def every_buffer(model, folder):
    own = {**model.state_dict(), **dict(model.named_buffers())}
    return lists(own, own_and_saved(model, folder)[1])


@exercise.mistake(
    "A weight of another shape is in two of your lists, or in the wrong one. The file has its name "
    "and the model has it."
)
def mismatched_are_missing_too(model, folder):
    found = lists(*own_and_saved(model, folder))
    return {**found, "missing": sorted(found["missing"] + found["mismatched"])}


@exercise.mistake(same_as=mismatched_are_missing_too)
def names_with_shapes(model, folder):
    own, saved = own_and_saved(model, folder)
    pairs = {(n, v.shape) for n, v in own.items()}
    others = {(n, v.shape) for n, v in saved.items()}
    return {**lists(own, saved), "unexpected": sorted({n for n, _ in others - pairs})}


@exercise.mistake(
    "Two shapes are the same if all their sizes are. As many elements, or the same first size, "
    "is not enough: such a weight would be refused."
)
def number_of_elements(model, folder):
    own, saved = own_and_saved(model, folder)
    both = [n for n in own if n in saved and own[n].numel() != saved[n].numel()]
    return {**lists(own, saved), "mismatched": sorted(both)}


@exercise.mistake(same_as=number_of_elements)
def first_size(model, folder):
    own, saved = own_and_saved(model, folder)
    both = [n for n in own if n in saved and own[n].shape[:1] != saved[n].shape[:1]]
    return {**lists(own, saved), "mismatched": sorted(both)}


@exercise.mistake(
    "You call a weight mismatched that fits: its numbers or its dtype are others than in the "
    "model, and that does not stop it from being loaded."
)
def equal_tensors(model, folder):
    own, saved = own_and_saved(model, folder)
    both = [n for n in own if n in saved and not torch.equal(own[n], saved[n])]
    return {**lists(own, saved), "mismatched": sorted(both)}


@exercise.mistake(same_as=equal_tensors)
def dtypes_too(model, folder):
    own, saved = own_and_saved(model, folder)
    both = [
        n
        for n in own
        if n in saved and (own[n].shape, own[n].dtype) != (saved[n].shape, saved[n].dtype)
    ]
    return {**lists(own, saved), "mismatched": sorted(both)}


@exercise.mistake(
    "`strict=False` forgives names that are missing or too many. To another shape it says the same "
    "as ever, and what fits is loaded on the way."
)
def load_not_strictly(model, folder):
    _, saved = own_and_saved(model, folder)
    keys = model.load_state_dict(saved, strict=False)
    return {
        "missing": sorted(keys.missing_keys),
        "unexpected": sorted(keys.unexpected_keys),
        "mismatched": [],
    }


@exercise.mistake(same_as=load_not_strictly)
def load_and_hand_on(model, folder):
    _, saved = own_and_saved(model, folder)
    keys = model.load_state_dict(saved, strict=False)
    found = {"missing": keys.missing_keys, "unexpected": keys.unexpected_keys}
    return {**found, "mismatched": []}


@exercise.mistake(
    "`from_pretrained` is a method of the models of transformers, and it loads. Here, any "
    "nn.Module may come."
)
def from_pretrained(model, folder):
    _, info = type(model).from_pretrained(folder, output_loading_info=True)
    return {key: info[f"{key}_keys"] for key in ("missing", "unexpected", "mismatched")}


@exercise.mistake(
    "The lists are right, and the weights of the file are in the model now. The question was what "
    "would happen."
)
def loads_what_fits(model, folder):
    own, saved = own_and_saved(model, folder)
    found = lists(own, saved)
    fitting = {n: v for n, v in saved.items() if n in own and n not in found["mismatched"]}
    model.load_state_dict(fitting, strict=False)
    return found


@exercise.mistake(
    "The lists are right, and the model is as it was. In between it was loaded: it had the numbers "
    "of the folder. What do you have to know of two tensors to say whether one would fit?"
)
def loaded_and_put_back(model, folder):
    own, saved = own_and_saved(model, folder)
    before = {name: tensor.clone() for name, tensor in own.items()}
    found = lists(own, saved)
    fitting = {n: v for n, v in saved.items() if n not in found["mismatched"]}
    keys = model.load_state_dict(fitting, strict=False)
    model.load_state_dict(before)
    return {**found, "unexpected": sorted(keys.unexpected_keys)}


@exercise.mistake(
    "Your names are not in the order of the alphabet. A model and a file have orders of their own."
)
def as_they_come(model, folder):
    own, saved = own_and_saved(model, folder)
    found = lists(own, saved)
    names = [*own, *(n for n in reversed(list(saved)) if n not in own)]
    return {key: [n for n in names if n in found[key]] for key in found}


@exercise.mistake(same_as=as_they_come)
def in_the_order_of_the_file(model, folder):
    own, saved = own_and_saved(model, folder)
    found = lists(own, saved)
    return {key: [n for n in [*own, *saved] if n in found[key]] for key in found} | {
        "mismatched": found["mismatched"]
    }


@exercise.mistake("Your lists are no lists of names: look at what the docstring wants in them.")
def sets(model, folder):
    return {key: set(names) for key, names in lists(*own_and_saved(model, folder)).items()}


@exercise.mistake(same_as=sets)
def names_and_shapes(model, folder):
    own, saved = own_and_saved(model, folder)
    found = lists(own, saved)
    pairs = [(n, tuple(saved[n].shape), tuple(own[n].shape)) for n in found["mismatched"]]
    return {**found, "mismatched": pairs}


@exercise.right
def by_memory(model, folder):
    own, saved = model.state_dict(), load_file(f"{folder}/model.safetensors")
    ours, theirs = set(own), set(saved)
    filled = {own[name].data_ptr() for name in ours & theirs}
    return {
        "missing": sorted(n for n, v in own.items() if v.data_ptr() not in filled),
        "unexpected": sorted(theirs - ours),
        "mismatched": sorted(n for n in ours & theirs if own[n].shape != saved[n].shape),
    }


@exercise.right
def by_parameters(model, folder):
    path = pathlib.Path(folder) / "model.safetensors"
    own = model.state_dict(keep_vars=True)
    missing, unexpected, mismatched = [], [], []
    with safe_open(path, framework="pt") as file:
        names = file.keys()  # sorted
        for name in names:
            if name not in own:
                unexpected.append(name)
            elif file.get_tensor(name).shape != own[name].shape:
                mismatched.append(name)
    for name, tensor in sorted(own.items()):
        if not any(tensor is own[other] for other in names if other in own):
            missing.append(name)
    return {"missing": missing, "unexpected": unexpected, "mismatched": mismatched}


@exercise.right
def by_the_head_of_the_file(model, folder):
    content = pathlib.Path(folder, "model.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    del head["__metadata__"]
    own = model.state_dict(keep_vars=True)
    found = {"missing": [], "unexpected": [], "mismatched": []}
    for name in sorted({*own, *head}):
        if name not in own:
            found["unexpected"].append(name)
        elif name in head:
            if list(own[name].shape) != head[name]["shape"]:
                found["mismatched"].append(name)
        elif all(own[name] is not own[other] for other in own if other in head):
            found["missing"].append(name)
    return found


@exercise.right
def by_what_is_equal_in_memory(model, folder):
    saved = load_file(folder + "/model.safetensors")
    own = model.state_dict()
    names = {}
    for name, tensor in own.items():
        names.setdefault((tensor.data_ptr(), tensor.shape), []).append(name)
    groups = [group for group in names.values() if not set(group) & set(saved)]
    return dict(
        missing=sorted(sum(groups, [])),
        unexpected=sorted(filter(lambda name: name not in own, saved)),
        mismatched=sorted(n for n, v in saved.items() if n in own and v.shape != own[n].shape),
    )


exercise.equivalent(
    "size = int.from_bytes(content[:8], 'little')",
    "size = int.from_bytes(content[:7], 'little')",
    because="The eighth byte is 0 in every file of less than 72 petabytes.",
)
