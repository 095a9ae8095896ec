"""Build the network of the lesson as a module of your own. The names of your layers are free,
and so is their order in `__init__`; their shapes are not.
"""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.exercise import Exercise
from course_utils.observation import attempt


def with_known_numbers(model):
    """Fill the parameters so that the result does not depend on their names or their order."""
    for parameter in model.parameters():
        generator = torch.Generator().manual_seed(parameter.numel())
        values = torch.rand(parameter.shape, generator=generator) - 0.5
        parameter.data = 3 * values / max(parameter[0].numel(), 10) ** 0.5
    return model


def all_learn(model, logits):
    """True if a loss of the logits gives each parameter a gradient."""
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(logits.square().sum(), parameters, allow_unused=True)
    return all(gradient is not None for gradient in gradients)


exercise = Exercise(
    "07.11",
    "A small network for digits",
    minutes=20,
    difficulty=2,
    hints=[
        "Follow the shape: 28 -> convolution -> pooling -> convolution -> pooling.",
        "A 5x5 convolution without padding takes 4 away; pooling by 2 halves. So 28, 24, 12, 8, 4.",
        "`nn.Flatten()` keeps the batch dimension. What comes out at the end goes to "
        "cross-entropy, which does its own softmax.",
    ],
)


@exercise.reference
class DigitNet(nn.Module):
    """A convolutional network for grey images of 28 x 28.

    Layers: a 5x5 convolution with 8 output channels, ReLU, max pooling by 2; a 5x5 convolution
    with 16 output channels, ReLU, max pooling by 2; one linear layer with 10 outputs. No padding.
    DigitNet()(images): images is float32 of shape (batch, 1, 28, 28); returns logits of shape
    (batch, 10), for a loss that does the softmax itself. Gradients reach all parameters.
    """

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=5),  # (batch, 8, 24, 24)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (batch, 8, 12, 12)
            nn.Conv2d(8, 16, kernel_size=5),  # (batch, 16, 8, 8)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (batch, 16, 4, 4)
            nn.Flatten(),  # (batch, 256)
            nn.Linear(256, 10),  # (batch, 10)
        )

    def forward(self, images):
        return self.layers(images)


@exercise.cases
def _(rng):
    yield (2, 0)
    yield (1, rng.randint(1, 99))
    yield (3, rng.randint(1, 99))


@exercise.observe
def _(answer, batch, seed):
    if not (isinstance(answer, type) and issubclass(answer, nn.Module)):
        return {"a class made from nn.Module": False}
    model = answer()
    if any(nn.parameter.is_lazy(parameter) for parameter in model.parameters()):
        attempt(lambda: model(torch.zeros(2, 1, 28, 28)))  # lazy layers get their shapes now
    parameters = sorted(tuple(parameter.shape) for parameter in model.parameters())
    with_known_numbers(model)
    images = torch.rand(batch, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    if batch == 3:
        images = images.transpose(2, 3)  # a view
    logits = model(images)
    return {
        "shapes of the parameters": parameters,
        "shape of the result": tuple(logits.shape),
        "result, with known parameters": logits.detach(),
        "every parameter gets a gradient": attempt(lambda: all_learn(model, logits)),
    }


def digit_layers():
    """The layers up to the features of shape (batch, 16, 4, 4)."""
    first = [nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2)]
    return [*first, nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2)]


@exercise.mistake(
    "Your outputs are probabilities. Cross-entropy applies a softmax itself; a second one makes "
    "the gradients small, and nobody sees an error."
)
class EndsWithSoftmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).softmax(dim=1)


@exercise.mistake(
    "A ReLU after the last layer cuts off all negative logits: the network can no longer say that "
    "a class is out of the question."
)
class EndsWithRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).relu()


@exercise.mistake(
    "You flatten the batch as well: all images become one long row. It may fit for a batch of one."
)
class FlattensTheBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.last = nn.Sequential(*digit_layers()), nn.Linear(256, 10)

    def forward(self, images):
        return self.last(torch.flatten(self.layers(images)))


@exercise.mistake(
    "`squeeze()` removes every dimension of size 1. With a batch of one image, the batch dimension "
    "goes as well."
)
class SqueezesTheBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).squeeze()


@exercise.mistake(
    "The linear layer expects 5x5 features, as if the image were 32x32. Follow the shape of a "
    "28x28 image from layer to layer."
)
class ForLargerImages(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(16 * 5 * 5, 10))

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(
    "A ReLU is missing. Each convolution wants one behind it: without it, only the pooling keeps "
    "two layers from being one single linear step."
)
class WithoutRelu(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [layer for layer in digit_layers() if not isinstance(layer, nn.ReLU)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(
    "The numbers are right, but no gradient reaches some of your parameters: they can never learn."
)
class WithoutGradients(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        with torch.no_grad():
            return self.layers(images)


@exercise.mistake(same_as=WithoutGradients)
class DetachedFeatures(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.last = nn.Sequential(*digit_layers()), nn.Linear(256, 10)

    def forward(self, images):
        return self.last(self.layers(images).detach().flatten(1))


@exercise.mistake(
    "Your outputs are logarithms of probabilities. Cross-entropy makes them itself, of logits."
)
class EndsWithLogSoftmax(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).log_softmax(dim=1)


@exercise.mistake(same_as=WithoutRelu)
class WithoutFirstRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(256, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(same_as=WithoutRelu)
class WithoutSecondRelu(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 5),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(256, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake("Your pooling takes the mean of each block. Asked for is its largest number.")
class WithAveragePooling(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 16, 5),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(256, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(
    "Your convolutions have padding: it keeps the size, and the linear layer has become larger."
)
class WithPadding(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(784, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake("Your kernels are 3x3. They are to be 5x5.")
class SmallKernels(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(400, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(
    "There is a second linear layer. One is asked for, from the features to the logits."
)
class TwoLinearLayers(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [*digit_layers(), nn.Flatten(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 10)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images)


@exercise.mistake(
    "Your model has no parameters, so an optimizer has nothing to change. Where does a module "
    "look for its layers?"
)
class LayersInAList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [*digit_layers(), nn.Flatten(), nn.Linear(256, 10)]

    def forward(self, images):
        for layer in self.layers:
            images = layer(images)
        return images


@exercise.mistake(
    "A layer is missing among your parameters. If it is made in `forward`, it is a new one in "
    "each call and never learns."
)
class MadeInForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten())

    def forward(self, images):
        return nn.Linear(256, 10)(self.layers(images))


@exercise.mistake(
    "There is dropout in your network: in training mode each call gives other logits. It is not "
    "asked for."
)
class WithDropout(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [*digit_layers(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 10)]
        self.layers = nn.Sequential(*layers)

    def forward(self, images):
        return self.layers(images)


@exercise.mistake("Your convolutions have no bias. They have one, unless something else is said.")
class WithoutBias(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 5, bias=False),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 5, bias=False),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(256, 10),
        )

    def forward(self, images):
        return self.layers(images)


@exercise.mistake("You give back classes. A loss needs the logits of all ten.")
class GivesClasses(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images).argmax(dim=1)


@exercise.mistake(
    "What you wrote gives a network, and is no class of its own made from nn.Module. Which two "
    "methods does such a class have?"
)
def network_from_a_function():
    return nn.Sequential(*digit_layers(), nn.Flatten(), nn.Linear(256, 10))


@exercise.right
class WithFunctions(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(256, 10)
        self.second = nn.Conv2d(8, 16, 5)
        self.first = nn.Conv2d(1, 8, 5)

    def forward(self, images):
        features = F.relu(F.max_pool2d(self.first(images), 2))
        features = F.relu(F.max_pool2d(self.second(features), 2))
        return self.last(features.flatten(start_dim=1))


@exercise.right
class WithALazyLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 16, 5)
        self.out = nn.LazyLinear(10)

    def forward(self, x):
        for convolution in (self.conv1, self.conv2):
            x = F.max_pool2d(convolution(x).relu(), 2)
        return self.out(x.reshape(len(x), -1))
