"""Write the function for `model.apply` that gives linear layers and convolutions good weights, and
leaves everything else alone. In the check, `Head` is a class made from `nn.Linear`.
"""

import math

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.hooks.models import Source, some_activations

exercise = Exercise(
    "05.13",
    "Kaiming, by type of layer",
    minutes=12,
    difficulty=2,
    hints=[
        "Your function is called once for every module, containers included. Decide with "
        "`isinstance` whether it is one to be changed.",
        "`nn.init` has a function with the name of the method. Those with `_` at the end write "
        "into the parameter that is there.",
        "A layer made with `bias=False` has `bias` None.",
    ],
)


@exercise.reference
def init_kaiming(module):
    """Initialise one module; to be used as model.apply(init_kaiming).

    nn.Linear and nn.Conv2d, and classes made from them: weights drawn by Kaiming's rule for ReLU
    with fan_in, normal or uniform; the bias, if there is one, set to 0. All other modules are
    left alone. Parameters stay the same objects, so that an optimizer made earlier still holds
    them. Returns None.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.cases
def _(rng):
    # At least 4000 weights each: fewer scatter so much that a right spread may round to 0.9.
    wide = rng.choice([192, 256])
    yield (Source(f"nn.Sequential(nn.Linear({wide}, 64), nn.ReLU(), nn.Linear(64, 64))"),)
    yield (Source("nn.Sequential(nn.Conv2d(16, 32, 3), nn.BatchNorm2d(32), nn.ReLU())"),)
    yield (Source("nn.Sequential(nn.Embedding(50, 128), nn.Linear(128, 32, bias=False))"),)
    yield (Source("nn.Sequential(nn.Sequential(Head(128, 32)), nn.LayerNorm(32))"),)
    layers = ["nn.Linear(128, 32)", "nn.Conv2d(16, 32, 3)", "nn.BatchNorm2d(8)", "nn.LayerNorm(8)"]
    layers += some_activations(rng, 1, 4)
    rng.shuffle(layers)
    yield (Source(f"nn.Sequential({', '.join(layers)})"),)


@exercise.observe
def _(answer, source):
    model = source.build()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(mean=1.0, std=0.5)  # so that what is left alone shows
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    objects = [id(parameter) for parameter in model.parameters()]
    model.apply(answer)
    spread, biases, changed = {}, {}, {}
    for layer_name, layer in model.named_modules():
        for name, parameter in layer.named_parameters(recurse=False):
            full = f"{layer_name}.{name}"
            if not isinstance(layer, (nn.Linear, nn.Conv2d)):
                changed[full] = full not in before or not torch.equal(parameter, before[full])
            elif name == "bias":
                biases[full] = [parameter.min().item(), parameter.max().item()]
            else:
                wanted = math.sqrt(2 / layer.weight[0].numel())
                spread[full] = round(parameter.std().item() / wanted, 1)
                spread[f"mean of {full}"] = abs(parameter.mean().item()) < wanted / 5
    return {
        "spread of weights (1 is Kaiming's)": spread,
        "biases, smallest and largest": biases,
        "parameters of other modules were changed": changed,
        "parameters are the same objects": [id(p) for p in model.parameters()] == objects,
    }


@exercise.mistake(
    "You ask for a weight, not for a type. Normalisation layers and embeddings have a weight as "
    "well, and for some of them a fan cannot even be computed."
)
def asks_for_a_weight(module):
    if hasattr(module, "weight"):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake("A layer can have been made with `bias=False`. Then there is none to fill.")
def expects_a_bias(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


@exercise.mistake("The weights are right. The biases still hold what they held before.")
def forgets_the_bias(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


@exercise.mistake(
    "That is Xavier's rule, made for activations like tanh. Behind a ReLU half of the signal is "
    "cut away, and the weights have to be larger."
)
def xavier_instead(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "You keep the spread on the way back (fan_out). Here it is to be kept on the way forward."
)
def fan_out(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "The numbers are right, but they stand in new parameters. An optimizer that was made before "
    "still holds the old ones, and nothing learns."
)
def makes_new_parameters(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        weight = torch.empty_like(module.weight)
        module.weight = nn.Parameter(nn.init.kaiming_normal_(weight, nonlinearity="relu"))
        if module.bias is not None:
            module.bias = nn.Parameter(torch.zeros_like(module.bias))


@exercise.mistake(
    "You compare the type exactly. A class made from nn.Linear is a linear layer too."
)
def exact_type_only(module):
    if type(module) in (nn.Linear, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.right
def by_hand(module):
    if isinstance(module, (nn.Conv2d, nn.Linear)):
        fan_in = module.weight.flatten(1).shape[1]
        with torch.no_grad():
            module.weight.normal_(std=(2 / fan_in) ** 0.5)
            if module.bias is not None:
                module.bias.zero_()


@exercise.right
def uniform_with_match(module):
    match module:
        case nn.Linear() | nn.Conv2d():
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.constant_(module.bias, 0.0)


exercise.equivalent(
    "nn.init.kaiming_normal_(module.weight, nonlinearity='relu')",
    "nn.init.kaiming_normal_(module.weight)",
    because="Without `nonlinearity` the gain is that of leaky ReLU with a slope of 0: "
    "the same as for ReLU.",
)


exercise.equivalent(
    "nn.init.kaiming_uniform_(module.weight, nonlinearity='relu')",
    "nn.init.kaiming_uniform_(module.weight)",
    because="Without `nonlinearity` the gain is that of leaky ReLU with a slope of 0: "
    "the same as for ReLU.",
)
