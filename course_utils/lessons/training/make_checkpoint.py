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
    kept = answer(model, optimizer, scheduler, epoch)
    train_epochs(model, optimizer, scheduler, range(2))

    def through_a_file():
        file = io.BytesIO()
        torch.save(kept, file)
        file.seek(0)
        return torch.load(file, weights_only=True)

    return {"checkpoint, saved later and loaded": attempt(through_a_file)}


@exercise.mistake(
    "The parameters alone are enough to use a model, but not to go on training it: what do the "
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
    "You put whole objects into the checkpoint. Loading them means running code from the file, "
    "and weights_only=True refuses that."
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
