"""A layer was called `fc`; now it is called `hidden`. Old checkpoints should still load, also where
your model is a part of a larger one. In torch 2.3 the hook that you need has only a private name:
`_register_load_state_dict_pre_hook(hook, with_module=True)`.
"""

import re
import weakref

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.facts import count_hooks
from course_utils.lessons.hooks.models import Source
from course_utils.observation import attempt

NAMED = Source(
    "nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3), act=nn.Tanh(), output=nn.Linear(3, 1)))"
)


NESTED = Source(
    "nn.Sequential(OrderedDict(body=nn.Sequential(nn.Linear(2, 3)), output=nn.Linear(3, 1)))"
)


BLOCKS = Source(
    "nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3), block=nn.Sequential(OrderedDict("
    "fc=nn.Linear(3, 3), act=nn.Tanh())), convfc=nn.Linear(3, 1)))"
)


ALIKE = Source(
    "nn.Sequential(OrderedDict(block=nn.Sequential(OrderedDict(hidden=nn.Linear(2, 3))), "
    "block_fc=nn.Linear(3, 1)))"
)


exercise = Exercise(
    "05.11",
    "Old checkpoints into a new model",
    minutes=20,
    difficulty=3,
    hints=[
        "The hook gets the state dict as its second and the prefix as its third argument. Print "
        "both for a model inside another one.",
        "torch goes on with the very dict that the hook was given. Making a new one changes "
        "nothing; put in and take out.",
        "Loop over `list(state_dict)`, since you change the dict on the way. Compare whole parts "
        "of a name: `fc2.weight` also begins with `fc`.",
    ],
)


@exercise.reference
def accept_old_names(model, renames):
    """Let `model.load_state_dict` take checkpoints that were saved under old names.

    renames: a dict, old name of a layer to its new name: {"fc": "hidden"} makes "fc.weight" load
    as "hidden.weight", and leaves "fc2.weight" and "block.fc.weight" alone. Names are full names
    inside `model`, such as "fc" or "block.fc"; none of them begins with another one and a dot. The
    model itself may be a part of a larger one. New checkpoints still load, and saving is not
    changed. Done with a load_state_dict pre-hook. Returns its handle.
    """

    def rename(module, state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{old}."
                if key.startswith(beginning):
                    rest = key.removeprefix(beginning)
                    state_dict[f"{prefix}{new}.{rest}"] = state_dict.pop(key)
                    break

    if hasattr(model, "register_load_state_dict_pre_hook"):
        return model.register_load_state_dict_pre_hook(rename)
    # torch 2.3 has this hook under a private name only.
    return model._register_load_state_dict_pre_hook(rename, with_module=True)


@exercise.cases
def _(rng):
    yield NAMED, {"fc": "hidden"}
    yield NAMED, {"fc": "hidden", "fc2": "output"}
    yield NESTED, {"backbone": "body"}
    yield BLOCKS, {"fc": "hidden"}
    yield BLOCKS, {"block.out": "block.fc", "rap": "convfc"}
    yield BLOCKS, {"stem.first": "hidden"}
    yield ALIKE, {"block.fc": "block.hidden"}  # block_fc is another layer
    first, last = rng.sample(["encoder", "trunk", "mixer", "top", "scores", "lift", "stage"], 2)
    source = f"{first}=nn.Linear(2, 3), act=nn.Tanh(), {last}=nn.Linear(3, 1)"
    renames = {f"layer{rng.randint(1, 9)}": first, rng.choice(["head", "fc"]): last}
    yield Source(f"nn.Sequential(OrderedDict({source}))"), renames


@exercise.observe
def _(answer, source, renames):
    saved = {name: value + 1 for name, value in source.build().state_dict().items()}
    model = source.build()
    model._register_load_state_dict_pre_hook(lambda *args: None)  # a hook of somebody else
    others = count_hooks(model)
    old = {}
    for key, value in saved.items():
        for old_name, new_name in renames.items():
            if key.startswith(f"{new_name}."):
                key = old_name + key.removeprefix(new_name)
        old[key] = value
    untouched = list(old)

    def load(target, checkpoint):
        """The parameters after loading; the model starts from zeros, so what is loaded shows."""
        with torch.no_grad():
            for parameter in target.parameters():
                parameter.zero_()
        target.load_state_dict(checkpoint)
        return dict(target.named_parameters())

    handle = answer(model, dict(renames))
    for_loading = sum(len(module._load_state_dict_pre_hooks) for module in model.modules())
    larger = nn.ModuleDict({"part": model, "fc": nn.Linear(1, 1)})
    checkpoint = {f"part.{key}": value for key, value in old.items()}
    checkpoint |= {"fc.weight": torch.ones(1, 1), "fc.bias": torch.ones(1)}
    facts = {
        "after an old checkpoint": attempt(lambda: load(model, old)),
        "after a new checkpoint": attempt(lambda: load(model, saved)),
        "as a part of a larger model": attempt(lambda: load(larger, checkpoint)),
        "an old checkpoint once more": attempt(lambda: load(model, old)),
        "a checkpoint with an unknown name": attempt(
            lambda: load(model, saved | {"stray.weight": torch.ones(1)})
        ),
        "missing and unexpected names, if not strict": attempt(
            lambda: [list(names) for names in model.load_state_dict(dict(old), strict=False)]
        ),
        "names that the model saves": list(model.state_dict()),
        "the checkpoint that was given": list(old) == untouched,
        "there is a load_state_dict pre-hook more": for_loading > 1,
    }
    handle.remove()
    facts["hooks after handle.remove()"] = count_hooks(model) - others
    facts["an old checkpoint after handle.remove()"] = attempt(lambda: load(model, old))
    return facts


@exercise.mistake(
    "Old checkpoints load as if there were no hook: torch goes on with the dict that it gave to "
    "your hook, and there the old names still stand. Is it this very dict that you change?"
)
def builds_a_new_dict(model, renames):
    def rename(state_dict, prefix, *others):
        renamed = {}
        for key, value in state_dict.items():
            for old, new in renames.items():
                if key.startswith(f"{prefix}{old}."):
                    key = prefix + new + key.removeprefix(prefix + old)
                    break
            renamed[key] = value
        state_dict = renamed

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "Alone the model loads. As a part of a larger model its names begin with a prefix, and yours "
    "are not found."
)
def ignores_the_prefix(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                if key.startswith(f"{old}."):
                    state_dict[new + key.removeprefix(old)] = state_dict.pop(key)
                    break

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "The weights arrive under the new names, but the old names are still in the dict: torch "
    "reports them as unexpected."
)
def copies_instead_of_moving(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{old}."
                if key.startswith(beginning):
                    state_dict[f"{prefix}{new}." + key.removeprefix(beginning)] = state_dict[key]
                    break

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "A name is changed in which the old one is only a part: of a longer name, or behind a dot. "
    "Compare whole names, from where they begin to the dot after them."
)
def replaces_letters(model, renames):
    def rename(state_dict, prefix, *others):
        for key in list(state_dict):
            renamed = key.removeprefix(prefix)
            for old, new in renames.items():
                renamed = renamed.replace(old, new)
            state_dict[prefix + renamed] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "Loading does not call your hook. A state_dict hook runs when the model saves; it is another "
    "thing than a load_state_dict hook."
)
def hooks_the_saving(model, renames):
    def rename(module, state_dict, prefix, *others):
        for key in list(state_dict):
            for old, new in renames.items():
                beginning = f"{prefix}{new}."
                if key.startswith(beginning):
                    rest = key.removeprefix(beginning)
                    state_dict[f"{prefix}{old}.{rest}"] = state_dict.pop(key)
                    break

    return model._register_state_dict_hook(rename)


@exercise.mistake(
    "A checkpoint with the new names does not load any more. It has none of the old ones: does "
    "your hook expect them?"
)
def expects_old_names(model, renames):
    def rename(state_dict, prefix, *others):
        for old, new in renames.items():
            inside = [k for k in state_dict if k.startswith(f"{prefix}{old}.")]
            if not inside:
                raise KeyError(old)
            for key in inside:
                rest = key.removeprefix(f"{prefix}{old}.")
                state_dict[f"{prefix}{new}.{rest}"] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


def renaming(change):
    """An answer whose hook gives each key what `change(inside, prefix, renames)` makes of it."""

    def answer(model, renames):
        def rename(state_dict, prefix, *others):
            for key in list(state_dict):
                renamed = prefix + change(key.removeprefix(prefix), prefix, renames)
                if renamed != key:
                    state_dict[renamed] = state_dict.pop(key)

        return model._register_load_state_dict_pre_hook(rename)

    return answer


def right_name(inside, prefix, renames):
    for old, new in renames.items():
        if inside.startswith(f"{old}."):
            return new + inside.removeprefix(old)
    return inside


@exercise.mistake(same_as=hooks_the_saving)
def renames_when_saving(model, renames):
    def rename(module, state_dict, prefix, *others):
        for key in list(state_dict):
            renamed = prefix + right_name(key.removeprefix(prefix), prefix, renames)
            if renamed != key:
                state_dict[renamed] = state_dict.pop(key)

    return model._register_state_dict_hook(rename)


@exercise.mistake(same_as=replaces_letters)
def any_part_of_the_name(model, renames):
    def change(inside, prefix, renames):
        return ".".join(renames.get(part, part) for part in inside.split("."))

    return renaming(change)(model, renames)


@exercise.mistake(same_as=replaces_letters)
def any_part_also_with_dots(model, renames):
    def change(inside, prefix, renames):
        for old, new in renames.items():
            inside = f".{inside}".replace(f".{old}.", f".{new}.")[1:]
        return inside

    return renaming(change)(model, renames)


@exercise.mistake(same_as=replaces_letters)
def letters_with_the_dot(model, renames):
    def change(inside, prefix, renames):
        for old, new in renames.items():
            inside = inside.replace(f"{old}.", f"{new}.")
        return inside

    return renaming(change)(model, renames)


@exercise.mistake(same_as=replaces_letters)
def begins_with_the_letters(model, renames):
    def change(inside, prefix, renames):
        for old, new in renames.items():
            if inside.startswith(old):
                return new + inside.removeprefix(old)
        return inside

    return renaming(change)(model, renames)


@exercise.mistake(
    "A layer inside a container is not found. Its full name has a dot in it, and is more than the "
    "first part of a key."
)
def first_part_only(model, renames):
    def change(inside, prefix, renames):
        layer, dot, rest = inside.partition(".")
        return renames.get(layer, layer) + dot + rest

    return renaming(change)(model, renames)


@exercise.mistake(
    "A layer with another name was renamed as well: one with another character where the old name "
    "has a dot. In a regular expression, for instance, a dot stands for any character."
)
def dots_for_any_character(model, renames):
    def change(inside, prefix, renames):
        for old, new in renames.items():
            renamed = re.sub(f"^{old}[.]", f"{new}.", inside)
            if renamed != inside:
                return renamed
        return inside

    return renaming(change)(model, renames)


@exercise.mistake(
    "Not everything of a layer arrives under its new name. A layer can be a container, with names "
    "of its own inside, and not a weight and a bias alone."
)
def weight_and_bias_only(model, renames):
    def rename(state_dict, prefix, *others):
        for old, new in renames.items():
            for part in ("weight", "bias"):
                if f"{prefix}{old}.{part}" in state_dict:
                    value = state_dict.pop(f"{prefix}{old}.{part}")
                    state_dict[f"{prefix}{new}.{part}"] = value

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "Old checkpoints load, and nobody can take the hook away again: your function gives no handle."
)
def gives_no_handle(model, renames):
    renaming(right_name)(model, renames)


@exercise.mistake(
    "Your code has put another `load_state_dict` on the model. A larger model does not call it for "
    "its parts, and it stays: that is what the hook is for."
)
def replaces_load_state_dict(model, renames):
    load = model.load_state_dict

    def load_renamed(state_dict, *args, **named):
        renamed = {right_name(key, "", renames): value for key, value in state_dict.items()}
        return load(renamed, *args, **named)

    model.load_state_dict = load_renamed
    return model._register_load_state_dict_pre_hook(lambda *args: None)


@exercise.mistake(
    "The keys of a dict must not change while a loop goes through it. What could the loop go "
    "through instead?"
)
def changes_it_on_the_way(model, renames):
    def rename(state_dict, prefix, *others):
        for key in state_dict:
            renamed = prefix + right_name(key.removeprefix(prefix), prefix, renames)
            if renamed != key:
                state_dict[renamed] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "New names become old ones in yours. Which of the two stand in the checkpoint, and which in "
    "the model?"
)
def the_wrong_way_round(model, renames):
    return renaming(right_name)(model, {new: old for old, new in renames.items()})


@exercise.mistake(
    "There is no error with an old checkpoint any more, or another one, and what was saved under "
    "the old names is not loaded. It is to arrive in the layer with the new name."
)
def throws_old_names_away(model, renames):
    def rename(state_dict, prefix, metadata, strict, missing, unexpected, errors):
        for key in list(state_dict):
            if key.startswith(tuple(f"{prefix}{old}." for old in renames)):
                del state_dict[key]
        missing.clear()
        unexpected.clear()

    return model._register_load_state_dict_pre_hook(rename)


@exercise.mistake(
    "The first old checkpoint loads, and a second one does not. What does your hook use up?"
)
def first_time_only(model, renames):
    left = dict(renames)

    def rename(state_dict, prefix, *others):
        now = dict(left)
        left.clear()
        for key in list(state_dict):
            renamed = prefix + right_name(key.removeprefix(prefix), prefix, now)
            if renamed != key:
                state_dict[renamed] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(rename)


@exercise.right
def all_names_first(model, renames):
    def hook(state_dict, prefix, *_):
        old_keys = [key for key in state_dict if key.startswith(prefix)]
        for key in old_keys:
            inside = key[len(prefix) :]
            old = next((name for name in renames if inside.startswith(name + ".")), None)
            if old is not None:
                state_dict[prefix + renames[old] + inside[len(old) :]] = state_dict.pop(key)

    return model._register_load_state_dict_pre_hook(hook)


@exercise.right
def empties_and_fills(model, renames):
    def hook(module, state_dict, prefix, *_):
        entries = list(state_dict.items())
        state_dict.clear()
        for key, value in entries:
            for old, new in renames.items():
                if key.startswith(prefix + old + "."):
                    key = prefix + new + key[len(prefix + old) :]
                    break
            state_dict[key] = value

    public = getattr(model, "register_load_state_dict_pre_hook", None)
    if public is not None:
        return public(hook)
    owner = weakref.proxy(model)
    return model._register_load_state_dict_pre_hook(lambda *args: hook(owner, *args))


exercise.equivalent(
    "break",
    "continue",
    because="A key that has its new name begins with no other old name here.",
)


exercise.equivalent(
    "if hasattr(model, 'register_load_state_dict_pre_hook'):",
    "if False:",
    because="torch 2.3 has no public name for this hook: the line is for later versions.",
)


exercise.equivalent(
    "return model.register_load_state_dict_pre_hook(rename)",
    "return None",
    "return model.register_load_state_dict_pre_hook()",
    "return model",
    because="torch 2.3 has no public name for this hook: the line is for later versions.",
)


exercise.equivalent(
    "if public is not None:",
    "if False:",
    "if public:",
    because="torch 2.3 has no public name for this hook: the line is for later versions.",
)


exercise.equivalent(
    "return public(hook)",
    "return None",
    because="torch 2.3 has no public name for this hook: the line is for later versions.",
)


exercise.equivalent(
    "if old is not None:",
    "if old:",
    because="No layer has an empty name.",
)


exercise.equivalent(
    "old_keys = [key for key in state_dict if key.startswith(prefix)]",
    "old_keys = [key for key in state_dict]",
    "old_keys = [key for key in state_dict if key]",
    because="torch hands each part only the keys that begin with its prefix.",
)
