"""**Complaint:** "I loaded my classifier from its folder and trained it on. It soon knew the
training texts by heart. A new one with the same config did not: as if Dropout were switched off."

A message of the check shows the folder as the model that was saved there.
"""

# A starter and its reference have one name, because both are the student's answer.
# ruff: noqa: F811

import tempfile

import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    BertForSequenceClassification,
)

from course_utils.exercise import Exercise
from course_utils.lessons.libraries.models import TOKENS, padded_ids, tiny_classifier
from course_utils.lessons.training.optimizers import optimizers_that_step, what_they_hold

exercise = Exercise(
    "12.13",
    "Clinic: the model from a folder",
    minutes=8,
    difficulty=2,
    hints=[
        "The numbers in the config are right. What decides, in each forward pass, whether a "
        "Dropout layer does anything?",
        "Print `model.training` of a model made from a config, and of one loaded from a folder.",
    ],
    no_case={
        "train_on: BatchNorm and Dropout inside, with BatchNorm": "A classifier such as BERT has "
        "LayerNorm in the place of BatchNorm."
    },
)


@exercise.starter
@exercise.mistake(
    "Still ill: the losses are those of a model that drops nothing. In which state does a model "
    "come out of a folder?"
)
def train_on(folder, batches, rate):
    """Load the classifier of a folder, and train all of it on some batches, as if it were new.

    folder: a str; what save_pretrained wrote. batches: a list of dicts with input_ids,
    attention_mask and labels, all int64. One step each, with one SGD of lr `rate`.
    Returns the model and the list of the batches' losses, as floats.
    """
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


@exercise.reference
def train_on(folder, batches, rate):
    """Load the classifier of a folder, and train all of it on some batches, as if it were new.

    folder: a str; what save_pretrained wrote. batches: a list of dicts with input_ids,
    attention_mask and labels, all int64. One step each, with one SGD of lr `rate`.
    Returns the model and the list of the batches' losses, as floats.
    """
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def labelled(rng, texts, classes):
    """A batch of random texts with labels."""
    ids, mask = padded_ids(rng, [rng.randint(2, 5) for _ in range(texts)], rng.randrange(TOKENS))
    labels = torch.tensor([rng.randrange(classes) for _ in range(texts)])
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


@exercise.cases
def _(rng):
    # Dropout of everything: what it does depends on no random numbers.
    batches = [labelled(rng, 3, 2) for _ in range(2)]
    yield tiny_classifier(rng, 2, before_head=1.0), batches, 0.1
    batches = [labelled(rng, 2, 3) for _ in range(3)]
    yield tiny_classifier(rng, 3, dropout=1.0), batches, 0.1
    batches = [labelled(rng, 2, 3) for _ in range(rng.randint(2, 3))]
    yield tiny_classifier(rng, 3), batches, rng.choice([0.2, 0.3])
    batches = [labelled(rng, 2, 3) for _ in range(2)]
    yield tiny_classifier(rng, 3, in_attention=1.0), batches, 0.1


@exercise.observe
def _(answer, model, batches, rate):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with optimizers_that_step() as stepped:
            model, losses = answer(folder, batches, rate)
    facts = {"losses": losses, "weights afterwards": model.state_dict()}
    return facts | what_they_hold(stepped, model)


def steps(model, batches, rate, parameters=None):
    """The training part, with a model loaded elsewhere."""
    optimizer = torch.optim.SGD(parameters or model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


def loaded(folder, **settings):
    return AutoModelForSequenceClassification.from_pretrained(folder, **settings)


@exercise.mistake(
    "Now Dropout works, in a model that knows nothing: its weights are new and random. What did "
    "you take from the folder?"
)
def made_from_the_config(folder, batches, rate):
    config = AutoConfig.from_pretrained(folder)
    return steps(AutoModelForSequenceClassification.from_config(config), batches, rate)


@exercise.mistake(
    "You changed how much is dropped. How much stood in the config, and was right; it was whether "
    "that did not fit."
)
def other_numbers(folder, batches, rate):
    model = loaded(folder, hidden_dropout_prob=0.5, classifier_dropout=0.5)
    return steps(model.train(), batches, rate)


@exercise.mistake(
    "A part of the model drops, another does not. Dropout may be anywhere in it: in front of "
    "the head, and also where no Dropout layer stands."
)
def body_alone(folder, batches, rate):
    model = loaded(folder)
    model.bert.train()
    return steps(model, batches, rate)


@exercise.mistake(same_as=body_alone)
def in_front_of_the_head_alone(folder, batches, rate):
    model = loaded(folder)
    model.dropout.train()
    return steps(model, batches, rate)


@exercise.mistake(same_as=body_alone)
def dropout_layers_alone(folder, batches, rate):
    model = loaded(folder)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.train()
    return steps(model, batches, rate)


@exercise.mistake(
    "Your first batch is read in another mode than those after it. When does the loop need the "
    "mode?"
)
def after_the_first_batch(folder, batches, rate):
    model = loaded(folder)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        model.train()
    return model, losses


@exercise.mistake(
    "Dropout works now, and only the head learns. All of the model was to be trained."
)
def head_alone(folder, batches, rate):
    model = loaded(folder).train()
    return steps(model, batches, rate, list(model.classifier.parameters()))


@exercise.mistake("It learns otherwise now because it is another optimizer. Was the optimizer ill?")
def with_adam(folder, batches, rate):
    model = loaded(folder).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


@exercise.mistake(
    "The losses that you give back are still tensors with a graph: it keeps all that the model "
    "computed in memory."
)
def tensors(folder, batches, rate):
    model = loaded(folder).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return model, losses


@exercise.right
def mode_in_the_loop(folder, batches, rate):
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    losses = []
    for batch in batches:
        model.train()
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses


@exercise.right
def with_the_class_of_bert(folder, batches, rate):
    model = BertForSequenceClassification.from_pretrained(folder).train()
    return steps(model, batches, rate)


@exercise.right
def config_and_weights(folder, batches, rate):
    model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(folder))
    model.load_state_dict(load_file(f"{folder}/model.safetensors"))
    return steps(model, batches, rate)


@exercise.right
def module_by_module(folder, batches, rate):
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    for module in model.modules():
        module.training = True
    return steps(model, batches, rate)
