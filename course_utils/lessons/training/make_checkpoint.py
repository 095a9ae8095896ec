"""Put into one dict what a run needs to go on. The check trains the model on after your function
has returned, and only then saves your dict, loads it, and looks.
"""

import copy
import io

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import seeded
from course_utils.lessons.training.runs import noisy_run, train_epochs
from course_utils.observation import attempt

exercise = Exercise(
    "10.9",
    "Everything a run needs to go on",
    minutes=12,
    difficulty=2,
    hints=[
        "Ask of each object of the run: would the next step be the same without its memory?",
        "Shuffling and dropout draw from torch's random generator; torch.get_rng_state() tells "
        "where it is.",
        "A state dict holds the tensors themselves. Copy the whole dict, deeply.",
    ],
)


@exercise.reference
def make_checkpoint(model, optimizer, scheduler, epoch):
    """A dict with all that a run needs to go on exactly where it is.

    epoch: the number of the epoch that has just ended, an int.
    The keys are "model", "optimizer", "scheduler" (their state dicts), "epoch" and
    "random state" (torch's, as a tensor). The dict must stay as it is when training goes on, and
    torch.load(..., weights_only=True) has to accept it from a file.
    """
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
            "random state": torch.get_rng_state(),
        }
    )


@exercise.cases
def _(rng):
    for epochs in (1, 3, 0):
        model, optimizer, scheduler = seeded(rng, noisy_run)
        seeded(
            rng, lambda n=epochs, run=(model, optimizer, scheduler): train_epochs(*run, range(n))
        )
        yield model, optimizer, scheduler, epochs - 1


@exercise.observe
def _(answer, model, optimizer, scheduler, epoch):
    torch.rand(5)  # the state is no longer that of a seed
    kept = answer(model, optimizer, scheduler, epoch)
    train_epochs(model, optimizer, scheduler, range(2))

    def through_a_file():
        file = io.BytesIO()
        torch.save(kept, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    return {"checkpoint, saved later and loaded": attempt(through_a_file)}


@exercise.mistake(
    "The state that you keep is the one right after seeding. Since then numbers have been drawn: "
    "where does the generator stand now?"
)
def state_of_the_seed(model, optimizer, scheduler, epoch):
    generator = torch.Generator().manual_seed(torch.initial_seed())
    states = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    kept = {name: copy.deepcopy(one.state_dict()) for name, one in states.items()}
    return {**kept, "epoch": epoch, "random state": generator.get_state()}


@exercise.mistake(
    "The state of the model is enough to use it, but not to go on training it: what do the "
    "optimizer and the schedule remember?"
)
def parameters_only(model, optimizer, scheduler, epoch):
    return {"model": copy.deepcopy(model.state_dict())}


@exercise.mistake(
    "Your checkpoint changes while training goes on: a state dict holds the tensors of the "
    "model, not copies of them."
)
def not_copied(model, optimizer, scheduler, epoch):
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": epoch,
        "random state": torch.get_rng_state(),
    }


@exercise.mistake(
    "torch.load refuses your file. weights_only=True takes tensors, numbers, texts, lists and "
    "dicts; to make other objects it would have to run code from the file."
)
def whole_objects(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model,
            "optimizer": optimizer,
            "scheduler": scheduler,
            "epoch": epoch,
            "random state": torch.get_rng_state(),
        }
    )


@exercise.mistake(
    "After loading, shuffling and dropout would draw other numbers than the run that was not "
    "interrupted."
)
def without_random_state(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
        }
    )


@exercise.mistake(
    "A seed is where a generator began. The run has drawn from it since then, and has to go on "
    "from where the generator is now."
)
def seed_instead_of_state(model, optimizer, scheduler, epoch):
    return copy.deepcopy(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": epoch,
            "random state": torch.tensor(torch.initial_seed()),
        }
    )


def checkpoint_with(run, other):
    """The right checkpoint, but for some of its items."""
    return {**make_checkpoint(*run), **other}


@exercise.mistake(same_as=not_copied)
def model_not_copied(model, optimizer, scheduler, epoch):
    return checkpoint_with((model, optimizer, scheduler, epoch), {"model": model.state_dict()})


@exercise.mistake(
    "Your checkpoint changes while training goes on: an optimizer's state dict holds the tensors "
    "that the optimizer works with."
)
def optimizer_not_copied(model, optimizer, scheduler, epoch):
    return checkpoint_with(
        (model, optimizer, scheduler, epoch), {"optimizer": optimizer.state_dict()}
    )


@exercise.mistake(
    "A model's state is more than its parameters: BatchNorm keeps its means in buffers. Where are "
    "they in your checkpoint?"
)
def without_buffers(model, optimizer, scheduler, epoch):
    state = {name: value.detach().clone() for name, value in model.named_parameters()}
    return checkpoint_with((model, optimizer, scheduler, epoch), {"model": state})


@exercise.mistake(
    "`epoch` is to be the number of the epoch that has ended. Which one to go on with is for the "
    "reader of the checkpoint to say."
)
def epoch_to_go_on_with(model, optimizer, scheduler, epoch):
    return checkpoint_with((model, optimizer, scheduler, epoch), {"epoch": epoch + 1})


@exercise.mistake("Look at the keys once more, letter by letter.")
def another_key(model, optimizer, scheduler, epoch):
    kept = make_checkpoint(model, optimizer, scheduler, epoch)
    kept["random_state"] = kept.pop("random state")
    return kept


@exercise.mistake(
    "The random state is to be torch's own, as a tensor, so that torch can take it back as it is."
)
def state_as_a_list(model, optimizer, scheduler, epoch):
    kept = make_checkpoint(model, optimizer, scheduler, epoch)
    return {**kept, "random state": kept["random state"].tolist()}


@exercise.mistake(
    "A new generator is at its own beginning. The run draws from torch's default generator: where "
    "is that one now?"
)
def state_of_a_new_generator(model, optimizer, scheduler, epoch):
    kept = make_checkpoint(model, optimizer, scheduler, epoch)
    return {**kept, "random state": torch.Generator().get_state()}


@exercise.mistake(
    "The learning rate and the groups are there. What does the optimizer remember of the steps "
    "before, besides its settings?"
)
def optimizer_without_momentum(model, optimizer, scheduler, epoch):
    groups = copy.deepcopy(optimizer.state_dict()["param_groups"])
    state = {"state": {}, "param_groups": groups}
    return checkpoint_with((model, optimizer, scheduler, epoch), {"optimizer": state})


@exercise.mistake("A scheduler's state is all of its state dict. You keep a part of it.")
def last_epoch_of_the_scheduler(model, optimizer, scheduler, epoch):
    state = {"last_epoch": scheduler.last_epoch}
    return checkpoint_with((model, optimizer, scheduler, epoch), {"scheduler": state})


@exercise.right
def through_memory(model, optimizer, scheduler, epoch):
    file = io.BytesIO()
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    content = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**content, "epoch": epoch, "random state": torch.random.get_rng_state()}, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


exercise.equivalent(
    "return torch.load(file, weights_only=True)",
    "return torch.load(file)",
    "return torch.load(file, weights_only=False)",
    because="The file holds numbers and tensors: both ways of loading give them.",
)
