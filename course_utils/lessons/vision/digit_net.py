"""Build the network of the lesson as a module of your own. Names and order of your layers are
free; their shapes are not.
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
    (batch, 10), for a loss that does the softmax itself.
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
    model = answer()
    if any(nn.parameter.is_lazy(parameter) for parameter in model.parameters()):
        attempt(lambda: model(torch.zeros(2, 1, 28, 28)))  # lazy layers get their shapes now
    parameters = sorted(tuple(parameter.shape) for parameter in model.parameters())
    with_known_numbers(model)
    images = torch.rand(batch, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        logits = attempt(lambda: model(images))
    return {
        "shape of the result": tuple(logits.shape) if isinstance(logits, torch.Tensor) else logits,
        "result, with known parameters": logits,
        "shapes of the parameters": parameters,
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
    "ReLU is missing. Without it, only the pooling keeps your layers from being one single linear "
    "step."
)
class WithoutRelu(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [layer for layer in digit_layers() if not isinstance(layer, nn.ReLU)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 10))

    def forward(self, images):
        return self.layers(images)


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
