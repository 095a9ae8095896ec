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
    left alone, and so is what is inside them: apply visits that by itself. Parameters stay the same
    objects, so that an optimizer made earlier still holds them. Returns None.
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
    yield (Source("nn.Sequential(nn.Conv2d(64, 512, 3, groups=64), nn.ReLU())"),)
    yield (Source("nn.Sequential(nn.Conv1d(16, 32, 9), nn.ConvTranspose2d(8, 8, 3))"),)
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
    inside = {}
    for name, module in model.named_modules():
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            answer(module)
            inside[name] = all(torch.equal(p, before[n]) for n, p in model.named_parameters())
    returned = []
    model.apply(lambda module: returned.append(answer(module) is None))
    once = {name: p.detach().clone() for name, p in model.named_parameters()}
    model.apply(answer)
    spread, biases, changed, same_again = {}, {}, {}, []
    for layer_name, layer in model.named_modules():
        for name, parameter in layer.named_parameters(recurse=False):
            full = f"{layer_name}.{name}"
            if not isinstance(layer, (nn.Linear, nn.Conv2d)):
                changed[full] = full not in before or not torch.equal(parameter, before[full])
            elif name == "bias":
                biases[full] = [parameter.min().item(), parameter.max().item()]
            else:
                wanted = math.sqrt(2 / layer.weight[0].numel())
                ordered = parameter.flatten().sort().values
                if full in once and torch.equal(ordered, once[full].flatten().sort().values):
                    same_again.append(full)
                # Of numbers that are drawn hardly two are the same.
                spread[f"{full} has as many numbers as places"] = len(ordered.unique()) > 0.9 * len(
                    ordered
                )
                spread[full] = round(parameter.std().item() / wanted, 1)
                spread[f"mean of {full}"] = abs(parameter.mean().item()) < wanted / 5
    return {
        "spread of weights (1 is Kaiming's)": spread,
        "biases, smallest and largest": biases,
        "weights that are the same the second time": same_again,
        "parameters of other modules were changed": changed,
        "what is inside stays, when another module is given": inside,
        "None is returned": all(returned),
        "parameters are the same objects": [id(p) for p in model.parameters()] == objects,
    }


@exercise.mistake(
    "Other modules have a weight as well, such as normalisation layers, embeddings and other "
    "convolutions, and they are to be left alone; some have none at all. Ask for the type, not "
    "for a weight."
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
    "That is the spread for fan_out, made for the way back. Here fan_in was asked for: the way "
    "forward."
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
    "A class made from nn.Linear is a linear layer too, and yours leaves it out. Which question "
    "about a type takes it in?"
)
def exact_type_only(module):
    if type(module) in (nn.Linear, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def kaiming(module, of=(nn.Linear, nn.Conv2d), spread=None):
    """Weights and biases by Kaiming's rule, or with another spread (a function of the weight)."""
    if isinstance(module, of):
        if spread is None:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        else:
            nn.init.normal_(module.weight, std=spread(module.weight))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(same_as=asks_for_a_weight)
def every_module(module):
    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    nn.init.zeros_(module.bias)


@exercise.mistake(same_as=asks_for_a_weight)
def every_module_with_a_weight(module):
    if hasattr(module, "weight"):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(same_as=asks_for_a_weight)
def weights_of_two_dimensions(module):
    weight = getattr(module, "weight", None)
    if weight is not None and weight.dim() >= 2:
        nn.init.kaiming_normal_(weight, nonlinearity="relu")
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "Only linear layers are initialised in yours. Convolutions were asked for as well: nn.Conv2d."
)
def linear_layers_only(module):
    kaiming(module, nn.Linear)


@exercise.mistake(
    "Only nn.Linear and nn.Conv2d were asked for. Yours initialises other convolutions as well."
)
def every_convolution(module):
    kaiming(module, (nn.Linear, nn.modules.conv._ConvNd))


@exercise.mistake(
    "The function is given one module at a time, containers as well. Yours initialises what is "
    "inside them, and apply comes by there again."
)
def goes_inside(module):
    for inner in module.modules():
        kaiming(inner)


@exercise.mistake(
    "The parameters are right. Your function gives something back, and None was asked for: it "
    "changes the module it is given."
)
def gives_the_module(module):
    kaiming(module)
    return module


@exercise.mistake(
    "That is the spread of torch's own start, with the slope sqrt(5). For ReLU the slope is 0, and "
    "the weights have to be larger."
)
def as_torch_begins(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5))
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "That is a spread for layers with nothing behind them. A ReLU cuts half of the signal away: "
    "there is a gain that makes up for it."
)
def without_a_gain(module):
    kaiming(module, spread=lambda weight: (1 / weight[0].numel()) ** 0.5)


@exercise.mistake(
    "In a convolution, one output number looks at a window of each channel: the fan is larger than "
    "the number of channels."
)
def without_the_window(module):
    kaiming(module, spread=lambda weight: (2 / weight.shape[1]) ** 0.5)


@exercise.mistake(
    "With groups, one output channel looks at some of the input channels only: the fan is smaller "
    "than you count it."
)
def without_the_groups(module):
    groups = getattr(module, "groups", 1)
    kaiming(module, spread=lambda weight: (2 / (weight[0].numel() * groups)) ** 0.5)


@exercise.mistake("That is the variance, where a standard deviation was wanted: a root is missing.")
def variance_as_spread(module):
    kaiming(module, spread=lambda weight: 2 / weight[0].numel())


@exercise.mistake(
    "The ends of a uniform distribution are further out than its standard deviation. Which of the "
    "two does Kaiming's rule give?"
)
def spread_as_bound(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        bound = (2 / module.weight[0].numel()) ** 0.5
        nn.init.uniform_(module.weight, -bound, bound)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "Layers of one shape get the very same weights in yours, however often it is asked. Each was "
    "to get weights that are drawn for it."
)
def the_same_draw_for_all(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        draws = torch.Generator().manual_seed(0)
        with torch.no_grad():
            module.weight.normal_(std=(2 / module.weight[0].numel()) ** 0.5, generator=draws)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@exercise.mistake(
    "Other modules have a bias as well, such as normalisation layers. They are to be left alone."
)
def every_bias(module):
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    if getattr(module, "bias", None) is not None:
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
