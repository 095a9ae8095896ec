"""A checkpoint of several ranks: one file, written once, and one state everywhere."""

import contextlib
import copy
import os
import tempfile
import time
from pathlib import Path
from unittest import mock

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import SmallNet, seeded
from course_utils.observation import attempt
from course_utils.ranks import ByRank

exercise = Exercise(
    "11.7",
    "Save once, load everywhere",
    minutes=15,
    difficulty=2,
    ranks=2,
    hints=[
        "Print the names in `model.state_dict()`, and those in `fresh.state_dict()`.",
        "Which rank writes? And what may the others not do before the file is whole?",
        "The model inside has a name of its own in `model`. And a barrier has to be called by "
        "every rank, or by none.",
    ],
)


@exercise.reference
def save_and_load(model, fresh, path):
    """Save the state of `model` in a file once; `fresh` has this state then, on every rank.

    model: a DistributedDataParallel. fresh: a model like the one inside it, on each rank.
    path: the file, the same one for all ranks; an older one may be there. Rank 0 alone writes, its
    own state (buffers may differ between ranks). The file holds a state dict with the names of
    `fresh`, and torch.load(path, weights_only=True) accepts it.
    """
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


class Body(nn.Module):
    """Parts whose names are made of the letters of `module.`, or are that word."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.Linear(3, 2)
        self.model = nn.BatchNorm1d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """x: shape (n, 3). Returns shape (n, 2)."""
        return self.model(self.module(x))

    def __repr__(self) -> str:
        return "Body()"


def normed() -> nn.Module:
    """From x of shape (n, 3) to (n, 2), with buffers."""
    return SmallNet(nn.Linear(3, 2), nn.BatchNorm1d(2))


@exercise.cases
def _(rng):
    for make, path in ((normed, "first.pt"), (Body, "older.pt")):
        model, fresh = seeded(rng, make), [seeded(rng, make) for _ in range(2)]
        yield model, ByRank(fresh), path


def _until(happened, seconds=0.5):
    """Wait until happened() is true, for these seconds at most; returns whether it is."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _meet(place):
    """Wait for all ranks, by files: a barrier might be taken for one that an answer calls."""
    Path(f"{place} {dist.get_rank()}").touch()
    there = [Path(f"{place} {rank}") for rank in range(dist.get_world_size())]
    if not _until(lambda: all(map(Path.exists, there)), 3.0):
        raise TimeoutError("Timed out: another rank did not come.")


def _is_whole(file):
    """True if a file is there that can be read to its end."""
    try:
        torch.load(file, weights_only=False)
    except Exception:  # it is not there, or being written
        return False
    return True


@contextlib.contextmanager
def _counted_saves():
    """Gives a function that counts each torch.save of this block, by whatever name it is called."""
    saves = []
    with contextlib.ExitStack() as patches:
        for name in ("_save", "_legacy_save"):
            patch = mock.patch.object(
                torch.serialization, name, wraps=getattr(torch.serialization, name)
            )
            saves.append(patches.enter_context(patch))
        yield lambda: sum(save.call_count for save in saves)


@exercise.observe
def _(answer, model, fresh, path):
    rank = dist.get_rank()
    folder = [tempfile.mkdtemp()]  # taken away with the group; see ranks
    dist.broadcast_object_list(folder)
    home = Path.cwd()
    os.chdir(folder[0])
    try:
        return _saved_twice(answer, model, fresh, path, rank)
    finally:
        os.chdir(home)


def _saved_twice(answer, model, fresh, path, rank):
    """What the answer does where rank 0 is slow, and where rank 1 is late."""
    file, begun, through = Path(path), Path("rank 1 has begun"), Path("rank 1 is through")
    model = DistributedDataParallel(model)
    facts = {}
    if rank == 0:
        if path == "older.pt":
            torch.save(fresh.state_dict(), file)
        # Its state takes long to collect: a rank 1 that does not wait for it is through then.
        model.module.register_state_dict_pre_hook(
            lambda *_: _until(lambda: through.exists() or not begun.exists())
        )
    for who, into in (("rank 0 is slow", fresh), ("rank 1 is late", copy.deepcopy(fresh))):
        with torch.no_grad():  # the buffers are other ones on each rank
            model(torch.arange(12.0).reshape(4, 3) ** (1 + rank) / (1 + len(facts)))
        if rank == 1 and who == "rank 0 is slow":
            begun.touch()
        _meet(f"before {who}")
        if rank == 1 and who == "rank 1 is late":
            _until(lambda: _is_whole(file))
            begun.touch()
        try:
            with _counted_saves() as saves:
                answer(model, into, path)
        finally:
            if rank == 1:
                through.touch()
        facts[f"this rank saves, when {who}"] = saves() > 0
        _meet(f"after {who}")
        facts[f"the file, when {who}"] = attempt(lambda: dict(torch.load(file, weights_only=True)))
        facts[f"fresh, when {who}"] = dict(into.state_dict())
        _meet(f"seen {who}")
        if rank == 1:
            for gone in (begun, through, file):
                gone.unlink(missing_ok=True)
    return facts


@exercise.mistake(
    "Another rank than 0 saves as well. How often is the file written when there are two ranks, or "
    "eight?"
)
def every_rank_saves(model, fresh, path):
    torch.save(model.module.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(
    "A rank read before rank 0 had written: it found an older file, or none. How does it know when "
    "it may read?"
)
def nobody_waits(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(same_as=every_rank_saves)
def one_after_the_other(model, fresh, path):
    for rank in reversed(range(dist.get_world_size())):
        if dist.get_rank() == rank:
            torch.save(model.module.state_dict(), path)
        dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(same_as=nobody_waits)
def waits_before_saving(model, fresh, path):
    dist.barrier()
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(
    "`fresh` does not know the names in your file. DistributedDataParallel holds the model as a "
    "part of itself: what does that do to the names?"
)
def names_of_the_wrapper(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(
    "Nothing has been loaded, and nobody complained: with strict=False names that do not fit are "
    "passed over. Do the names in the file fit?"
)
def not_strict(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True), strict=False)


@exercise.mistake(
    "`fresh` is as it should be. The file is not: whoever loads it in one process finds names that "
    "a model without DistributedDataParallel does not have."
)
def renamed_on_loading(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.state_dict(), path)
    dist.barrier()
    state = torch.load(path, weights_only=True)
    fresh.load_state_dict({name.removeprefix("module."): state[name] for name in state})


@exercise.mistake(
    "Too much of the names is gone: a part of a model may itself be called `module`, or begin with "
    "one of these letters. What is to go is the beginning, once."
)
def replaced_everywhere(model, fresh, path):
    if dist.get_rank() == 0:
        state = model.state_dict()
        torch.save({name.replace("module.", ""): state[name] for name in state}, path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(same_as=replaced_everywhere)
def stripped_letters(model, fresh, path):
    if dist.get_rank() == 0:
        state = model.state_dict()
        torch.save({name.lstrip("module."): state[name] for name in state}, path)  # noqa: B005
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(
    "Only on rank 0 has `fresh` been loaded. The other ranks have a model of their own to fill."
)
def only_rank_0_loads(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
        fresh.load_state_dict(torch.load(path, weights_only=True))
    dist.barrier()


@exercise.mistake(
    "Your file is not one that weights_only=True accepts: it takes tensors, numbers, texts, lists "
    "and dicts, and no whole models."
)
def whole_model(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module, path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=False).state_dict())


@exercise.mistake(
    "`fresh` is filled, and not with what rank 0 has in its buffers, or not from the file. Every "
    "rank is to get what the file holds."
)
def own_state_into_fresh(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    dist.barrier()
    fresh.load_state_dict(model.module.state_dict())


@exercise.mistake(
    "A state is more than parameters: BatchNorm keeps its means in buffers. Where are they in your "
    "file?"
)
def parameters_alone(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save({n: p.detach() for n, p in model.module.named_parameters()}, path)
    dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True), strict=False)


@exercise.mistake("A rank waits at a barrier to which another one never comes. Who has to call it?")
def the_others_wait_alone(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
    else:
        dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.mistake(same_as=the_others_wait_alone)
def barrier_for_one(model, fresh, path):
    if dist.get_rank() == 0:
        torch.save(model.module.state_dict(), path)
        dist.barrier()
    fresh.load_state_dict(torch.load(path, weights_only=True))


@exercise.right
def begins_of_names_taken_off(model, fresh, path):
    rank = dist.get_rank()
    if rank == 0:
        state = {name[len("module.") :]: value for name, value in model.state_dict().items()}
        torch.save(state, path)
        dist.barrier()
    else:
        dist.barrier()
    fresh.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))


@exercise.right
def with_a_message(model, fresh, path):
    written = torch.zeros(1)
    if not dist.get_rank():
        with Path(path).open("wb") as file:
            torch.save(model.module.state_dict(), file)
        written += 1
    dist.broadcast(written, src=0)
    assert written == 1
    with Path(path).open("rb") as file:
        fresh.load_state_dict(torch.load(file, weights_only=True))


@exercise.right
def with_torchs_own_renaming(model, fresh, path):
    if dist.get_rank() == 0:
        state = model.state_dict()
        nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
        torch.save(state, path + ".new")
        Path(path + ".new").replace(path)
    dist.barrier()
    state = torch.load(path, weights_only=True)
    for name, value in fresh.state_dict().items():
        value.copy_(state[name])


@exercise.right
def rank_0_tells_the_state(model, fresh, path):
    state = [model.module.state_dict()]
    dist.broadcast_object_list(state, src=0)
    if dist.get_rank() == 0:
        torch.save(state[0], path)
    fresh.load_state_dict(state[0])
    dist.barrier()
