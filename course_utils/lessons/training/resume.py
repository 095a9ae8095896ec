"""The other half: bring a fresh model, optimizer and scheduler to where the checkpoint was made.
The check then trains four epochs with dropout and shuffling, and compares every loss.
"""

import copy
import io

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.training.inputs import seeded
from course_utils.lessons.training.runs import noisy_run, train_epochs


class Checkpoint(dict):
    """A dict; a message shows its name instead of all its tensors."""


exercise = Exercise(
    "10.10",
    "Go on as if nothing had happened",
    minutes=15,
    difficulty=2,
    hints=[
        "Three objects have load_state_dict. The two other parts of the checkpoint need "
        "something else.",
        "torch.set_rng_state is the opposite of torch.get_rng_state.",
        "The epoch in the checkpoint has ended. Which one comes next?",
    ],
    no_case={
        "checkpoint: contiguous": "State dicts are handed on as they are; the answer indexes none.",
        "checkpoint: dtype": "The random state of torch is always a tensor of uint8.",
    },
)


@exercise.reference
def resume(checkpoint, model, optimizer, scheduler):
    """Bring a fresh model, optimizer and scheduler to the state of a checkpoint.

    checkpoint: a dict as in exercise 10.9: "model", "optimizer", "scheduler", "epoch" (the epoch
    that had just ended) and "random state".
    Afterwards training goes on exactly as it would have without the interruption.
    Returns the number of the epoch to go on with, an int.
    """
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@exercise.cases
def _(rng):
    for epochs in (3, 1, 4):
        run = seeded(rng, noisy_run)

        def interrupted(run=run, epochs=epochs):
            model, optimizer, scheduler = run
            train_epochs(*run, range(epochs))
            return Checkpoint(
                {
                    "model": model.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "scheduler": scheduler.state_dict(),
                    "epoch": epochs - 1,
                    "random state": torch.get_rng_state(),
                }
            )

        checkpoint = seeded(rng, interrupted)
        yield checkpoint, *seeded(rng, noisy_run)


@exercise.observe
def _(answer, checkpoint, model, optimizer, scheduler):
    epoch = answer(checkpoint, model, optimizer, scheduler)
    facts = dict.fromkeys(("epoch to go on with", "the next four epochs", "parameters after them"))
    facts["epoch to go on with"] = epoch
    if type(epoch) is int:
        # The number of epochs is the same for every answer, so that the numbers can be compared.
        facts["the next four epochs"] = train_epochs(model, optimizer, scheduler, range(4))
        facts["parameters after them"] = model.state_dict()
    return facts


@exercise.mistake("You go on with the epoch that had just ended, and train on it twice.")
def repeats_the_epoch(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"]


@exercise.mistake(
    "The parameters are there, and the steps are not those of the run. Which things does an "
    "optimizer remember, and which of them are back?"
)
def forgets_the_optimizer(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@exercise.mistake(
    "The learning rate is right at first, and then it falls at the wrong epochs: the schedule "
    "counts from 0 again."
)
def forgets_the_scheduler(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@exercise.mistake(
    "The model, the optimizer and the scheduler are as they were, and yet the losses are "
    "different: dropout and shuffling draw other random numbers than they would have."
)
def forgets_the_random_state(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    return checkpoint["epoch"] + 1


@exercise.mistake(
    "The parameters are those of a model that has never been trained. Which part of the "
    "checkpoint did you not use?"
)
def forgets_the_model(checkpoint, model, optimizer, scheduler):
    optimizer.load_state_dict(checkpoint["optimizer"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@exercise.mistake(
    "A model has more than parameters: BatchNorm keeps its means in buffers, and yours are still "
    "those of a fresh model."
)
def forgets_the_buffers(checkpoint, model, optimizer, scheduler):
    epoch = resume(checkpoint, model, optimizer, scheduler)
    for name, buffer in model.named_buffers():
        buffer.fill_(1 if name.endswith("running_var") else 0)
    return epoch


@exercise.mistake(
    "The model, the optimizer and the scheduler are as fresh as before. A name that stands for "
    "another thing inside your function changes nothing outside."
)
def gives_the_names_away(checkpoint, model, optimizer, scheduler):
    torch.set_rng_state(checkpoint["random state"])
    return checkpoint["epoch"] + 1


@exercise.mistake(
    "Every step() of the scheduler changes its count, and may lower a rate that is right "
    "already. To load a state, no step() is needed."
)
def one_step_of_the_scheduler_more(checkpoint, model, optimizer, scheduler):
    epoch = resume(checkpoint, model, optimizer, scheduler)
    scheduler.step()
    return epoch


@exercise.mistake(same_as=one_step_of_the_scheduler_more)
def steps_the_scheduler_forward(checkpoint, model, optimizer, scheduler):
    epoch = forgets_the_scheduler(checkpoint, model, optimizer, scheduler)
    for _ in range(epoch):
        scheduler.step()
    return epoch


@exercise.mistake(
    "A random state is no seed. The generator has to be where it was, not where some seed begins."
)
def state_as_a_seed(checkpoint, model, optimizer, scheduler):
    epoch = resume(checkpoint, model, optimizer, scheduler)
    torch.manual_seed(int(checkpoint["random state"].sum()))
    return epoch


@exercise.mistake(same_as=forgets_the_optimizer)
def sets_the_rate_only(checkpoint, model, optimizer, scheduler):
    groups = copy.deepcopy(checkpoint["optimizer"]["param_groups"])
    optimizer.param_groups[0]["lr"] = groups[0]["lr"]
    return forgets_the_optimizer(checkpoint, model, optimizer, scheduler)


@exercise.mistake(
    "You put the model into eval mode, as for a test. What comes next here is training."
)
def leaves_eval_mode(checkpoint, model, optimizer, scheduler):
    epoch = resume(checkpoint, model, optimizer, scheduler)
    model.eval()
    return epoch


@exercise.mistake(
    "The model alone is loaded. That is enough to use it; what else does the next step of training "
    "need?"
)
def the_model_only(checkpoint, model, optimizer, scheduler):
    model.load_state_dict(checkpoint["model"])
    return checkpoint["epoch"] + 1


@exercise.right
def in_another_order(checkpoint, model, optimizer, scheduler):
    torch.random.set_rng_state(checkpoint["random state"])
    scheduler.load_state_dict(checkpoint["scheduler"])
    optimizer.load_state_dict(copy.deepcopy(checkpoint["optimizer"]))
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(checkpoint["model"][name])
    return 1 + checkpoint["epoch"]


@exercise.right
def through_a_file(checkpoint, model, optimizer, scheduler):
    file = io.BytesIO()
    torch.save(dict(checkpoint), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    for name, part in {"model": model, "optimizer": optimizer, "scheduler": scheduler}.items():
        part.load_state_dict(state[name])
    torch.default_generator.set_state(state["random state"])
    return state["epoch"] + 1


exercise.equivalent(
    "optimizer.load_state_dict(copy.deepcopy(checkpoint['optimizer']))",
    "optimizer.load_state_dict(checkpoint['optimizer'])",
    because="The optimizer works with tensors of the checkpoint then, which nobody reads again.",
)


exercise.equivalent(
    "state = torch.load(file, weights_only=True)",
    "state = torch.load(file)",
    "state = torch.load(file, weights_only=False)",
    because="The file holds numbers and tensors: both ways of loading give them.",
)
