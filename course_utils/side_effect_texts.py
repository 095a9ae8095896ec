"""What a call left changed, in words for the student: a sentence for each side effect."""

from __future__ import annotations

from collections.abc import Sequence

from .side_effects import TORCH, SideEffect, argument_name
from .texts import text

SENTENCES_LIMIT = 3


def sentences(effects: Sequence[SideEffect], parameters: Sequence[str] = ()) -> str:
    """What was left changed, a sentence each, of the first SENTENCES_LIMIT."""
    return " ".join(_sentence(effect, parameters) for effect in effects[:SENTENCES_LIMIT])


def _sentence(effect: SideEffect, parameters: Sequence[str]) -> str:
    name = argument_name(effect, parameters)
    method, _, place = name.rpartition(".")
    if method and place.isdecimal():
        thing = text(
            "side_effect.argument_of",
            "argument {number} of `{method}`",
            number=int(place) + 1,
            method=method,
        )
    elif place.isdecimal():
        thing = text("side_effect.argument", "argument {number}", number=int(place) + 1)
    else:
        thing = f"`{place}`"
    if effect.part:
        thing = text("side_effect.part", "{thing} (at `{part}`)", thing=thing, part=effect.part)
    said = _what(effect, thing)
    if effect.before and effect.after and effect.what not in ("training", "class"):
        said += " " + text(
            "side_effect.before_and_after",
            "It was `{before}`, now it is `{after}`.",
            before=effect.before,
            after=effect.after,
        )
    return said


def _what(effect: SideEffect, thing: str) -> str:
    holes = {"thing": thing}
    match effect.what:
        case "training" if effect.after == repr(False):
            return text("side_effect.eval", "Your code left {thing} in eval mode.", **holes)
        case "training":
            return text(
                "side_effect.training",
                "Your code left {thing} in another mode, training or eval, than it was given.",
                **holes,
            )
        case "class":
            return text("side_effect.class", "Your code gave {thing} another class.", **holes)
        case "forward":
            return text(
                "side_effect.forward",
                "Your code put another `forward` on {thing} and left it there.",
                **holes,
            )
        case "parts":
            return text(
                "side_effect.parts", "Your code left other parts in {thing} than it had.", **holes
            )
        case "parameters":
            return text(
                "side_effect.parameters",
                "Your code left other parameters in {thing} than it had.",
                **holes,
            )
        case "requires_grad":
            return text(
                "side_effect.requires_grad",
                "Your code changed whether {thing} requires gradients.",
                **holes,
            )
        case "hooks_removed":
            return text(
                "side_effect.hooks_removed",
                "Your code removed a hook of {thing} that was there before.",
                **holes,
            )
        case "hooks_added":
            return text("side_effect.hooks_added", "Your code left a hook on {thing}.", **holes)
        case "attributes":
            return text(
                "side_effect.attributes",
                "Your code left {thing} with another attribute than it had.",
                **holes,
            )
        case "buffers":
            return text("side_effect.buffers", "Your code changed buffers of {thing}.", **holes)
        case "values":
            return text("side_effect.values", "Your code changed the values of {thing}.", **holes)
        case "gradients":
            return text(
                "side_effect.gradients", "Your code changed the gradients of {thing}.", **holes
            )
        case "graph":
            return text("side_effect.graph", "Your code gave {thing} another graph.", **holes)
        case "shape":
            return text(
                "side_effect.shape", "Your code changed the shape or dtype of {thing}.", **holes
            )
        case "items":
            return text("side_effect.items", "Your code changed what {thing} holds.", **holes)
        case "settings":
            return text("side_effect.settings", "Your code changed a setting of {thing}.", **holes)
        case "state":
            return text("side_effect.state", "Your code changed the state of {thing}.", **holes)
        case "draws":
            return text(
                "side_effect.draws", "Your code drew numbers from {thing}, or set it anew.", **holes
            )
        case "seed" if effect.argument != TORCH:
            return text("side_effect.seed", "Your code seeded {thing} anew.", **holes)
    return _what_of_torch(effect.what)


def _what_of_torch(what: str) -> str:
    match what:
        case "grad_mode":
            return text(
                "side_effect.grad_mode",
                "Your code left the recording of gradients switched over for all that follows.",
            )
        case "inference_mode":
            return text(
                "side_effect.inference_mode",
                "Your code left inference mode switched over for all that follows.",
            )
        case "default_dtype":
            return text("side_effect.default_dtype", "Your code left another default dtype.")
        case "default_device":
            return text("side_effect.default_device", "Your code left another default device.")
        case "deterministic":
            return text(
                "side_effect.deterministic",
                "Your code left the switch for deterministic algorithms in another place.",
            )
        case "anomaly":
            return text(
                "side_effect.anomaly", "Your code left the detection of anomalies switched over."
            )
        case "multithreading":
            return text(
                "side_effect.multithreading",
                "Your code left the threads of backward switched over for all that follows.",
            )
        case "contexts":
            return text(
                "side_effect.contexts",
                "Your code went into a context of torch and has not left it: what it changes stays "
                "changed for all that follows.",
            )
        case "threads":
            return text("side_effect.threads", "Your code left torch another number of threads.")
        case "seed":
            return text(
                "side_effect.global_seed",
                "Your code seeded the random numbers of the whole program anew.",
            )
        case "global_hooks_removed":
            return text(
                "side_effect.global_hooks_removed",
                "Your code removed a hook on all modules, or on all optimizers, that was there "
                "before.",
            )
        case "global_hooks_added":
            return text(
                "side_effect.global_hooks_added",
                "Your code left a hook on all modules, or on all optimizers, there are.",
            )
    return text("side_effect.warning_filters", "Your code left other filters for warnings.")
