"""Build the CNN of the lesson for any input size, so that `ConvNet(3, 32, 32, 10)` has a last layer
for 750 numbers, and `ConvNet(1, 28, 28, 10)` one for 480. Whoever asks for an input that is too
small should be told so when the model is made, not later.
"""

import torch
from torch import nn
from torch.nn import functional

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import parameter_shapes
from course_utils.lessons.modules.inputs import set_values
from course_utils.observation import attempt

exercise = Exercise(
    "04.12",
    "A CNN for any input size",
    minutes=30,
    difficulty=3,
    hints=[
        "Follow one axis with the rule of 04.11: convolution, pooling, convolution, pooling.",
        "Height and width shrink separately. The last layer gets 30 times what is left of both.",
        "Check the size in `__init__`, before any layer is made: there you know all you need.",
        "Flatten everything but the batch: `x.flatten(start_dim=1)`.",
    ],
)


@exercise.reference
class ConvNet(nn.Module):
    """Two times convolution, ReLU, max-pooling; then one linear layer that gives the scores.

    channels, height, width: the size of one input. classes: how many scores.
    `conv1`: 5x5, from channels to 64. `conv2`: 5x5, from 64 to 30. Both without padding. Each is
    followed by ReLU and by 2x2 max-pooling. `head`: linear, to classes; nothing comes after it.
    All parameters have their shapes as soon as the model is made.
    Raises ValueError, with the height and the width in its message, if nothing is left of the
    input before `head`.
    """

    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows = ((height - 4) // 2 - 4) // 2
        columns = ((width - 4) // 2 - 4) // 2
        if rows < 1 or columns < 1:
            raise ValueError(
                f"An input of {height} x {width} is too small: both sides need 16 or more."
            )
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        """x: contiguous float32, shape (batch, channels, height, width).

        Returns shape (batch, classes).
        """
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.cases
def _(rng):
    yield 3, 32, 32, 10
    yield 1, 28, 28, 10
    yield 3, 16, 19, 2
    yield 1, 15, 32, 2
    yield 1, 40, 12, 2
    yield 2, rng.randint(17, 30), rng.randint(31, 44), rng.randint(2, 9)
    yield 1, rng.randint(2, 9), rng.randint(2, 9), 2


@exercise.observe
def _(answer, channels, height, width, classes):
    facts = {
        "error": "none",
        "parameters": None,
        "output with given weights": None,
        "output for a batch of one": None,
        "the output requires grad": None,
    }
    try:
        model = answer(channels, height, width, classes)
    except ValueError as error:
        words = "".join(letter if letter.isdigit() else " " for letter in str(error)).split()
        named = {str(height), str(width)} <= set(words)
        facts["error"] = f"ValueError, {'with' if named else 'without'} the height and the width"
        return facts
    if not isinstance(model, nn.Module):
        return {"model": model}
    facts["parameters"] = attempt(lambda: parameter_shapes(model))
    x = torch.zeros(2, channels, height, width)
    x[0, :, ::2, 1::3] = 1.0
    with torch.no_grad():
        if "raised" not in facts["parameters"]:
            for name, parameter in model.named_parameters():
                set_values(parameter, name)
                parameter /= 8
        facts["output with given weights"] = model(x)
        facts["output for a batch of one"] = model(x[:1])
    facts["the output requires grad"] = model(x[:1]).requires_grad
    return facts


@exercise.mistake(
    "The last layer is made for pictures of 32 x 32. What is left of another size before it?"
)
class ConvNetFor32(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * 5 * 5, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "A lazy layer finds its size only when data comes: until then its parameters have no shape, "
    "and cannot be counted or initialised."
)
class ConvNetLazy(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.LazyLinear(classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "The scores go through one more ReLU, so none of them can be negative, and where it cuts, no "
    "gradient comes back."
)
class ConvNetReLUAtTheEnd(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return torch.relu(self.head(x.flatten(start_dim=1)))


@exercise.mistake(
    "Your size is computed as if every picture were square. Height and width shrink separately."
)
class ConvNetSquare(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        side = (height - 12) // 4
        if side < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * side * side, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "The arithmetic is right, but nobody is told when the input is too small: the model is built "
    "with a last layer for nothing, or stops with an error about a size nobody wrote."
)
class ConvNetNoCheck(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "It is the right error at the right time, but whoever reads it does not learn both the height "
    "and the width that were asked for."
)
class ConvNetSilentError(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError("The input is too small.")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(same_as=ConvNetLazy)
class ConvNetLazyWithCheck(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.LazyLinear(classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(same_as=ConvNetSquare)
class ConvNetSquareOfHeight(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows = (height - 12) // 4
        if min(height, width) < 16:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * rows, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "A picture that is far too small on both sides is let through. Less than nothing is left of "
    "either side then, and the product of two negative numbers is positive."
)
class ConvNetProductChecked(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if rows * columns < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake("A low picture is turned away, a narrow one is not. Both sides need a look.")
class ConvNetHeightChecked(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if rows < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * abs(columns), classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "Your outputs are probabilities: they go through a softmax. Scores were asked for, with "
    "nothing after `head`."
)
class ConvNetSoftmax(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return torch.softmax(self.head(x.flatten(start_dim=1)), dim=1)


@exercise.mistake("After one of the two convolutions stands no ReLU.")
class ConvNetOneReLU(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(self.conv2(x), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake("Nothing bends the numbers: after each convolution, a ReLU was asked for.")
class ConvNetNoReLU(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(self.conv1(x), 2)
        x = functional.max_pool2d(self.conv2(x), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "Pooling leaves out what does not fill a window. Your arithmetic sometimes rounds up instead, "
    "and has one too many."
)
class ConvNetRounded(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = round((height - 12) / 4), round((width - 12) / 4)
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake("Your pooling takes the average of each window. Which pooling was asked for?")
class ConvNetAveraged(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.avg_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.avg_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "The second pooling of yours takes windows of whatever size is needed. 2x2 windows were "
    "asked for."
)
class ConvNetAdaptive(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)
        self.pool = nn.AdaptiveMaxPool2d((rows, columns))

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = self.pool(torch.relu(self.conv2(x)))
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "Your second pooling takes the average, of windows of whatever size is needed. Which pooling "
    "was asked for, and which windows?"
)
class ConvNetAdaptiveAverage(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if min(rows, columns) < 1:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)
        self.pool = nn.AdaptiveAvgPool2d((rows, columns))

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = self.pool(torch.relu(self.conv2(x)))
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "The check comes when the model is used. It was to come when it is made: there all is known "
    "already."
)
class ConvNetChecksInForward(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.size = height, width
        rows, columns = max((height - 12) // 4, 0), max((width - 12) // 4, 0)
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        if min(self.size) < 16:
            raise ValueError(f"too small: {self.size[0]} x {self.size[1]}")
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.mistake(
    "A size that is just large enough is turned away. Follow 16 through both convolutions and "
    "poolings: what is left?"
)
class ConvNetOneTooMany(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        rows, columns = (height - 12) // 4, (width - 12) // 4
        if height <= 16 or width <= 16:
            raise ValueError(f"too small: {height} x {width}")
        self.conv1 = nn.Conv2d(channels, 64, kernel_size=5)
        self.conv2 = nn.Conv2d(64, 30, kernel_size=5)
        self.head = nn.Linear(30 * rows * columns, classes)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.relu(self.conv2(x)), 2)
        return self.head(x.flatten(start_dim=1))


@exercise.right
class ConvNetMeasured(nn.Module):
    def __init__(self, channels, height, width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 64, 5)
        self.conv2 = nn.Conv2d(64, 30, 5)
        self.pool = nn.MaxPool2d(2)
        try:
            features = self.features(torch.zeros(1, channels, height, width)).shape[1]
        except RuntimeError:
            raise ValueError(f"{height}x{width} is too small") from None
        self.head = nn.Linear(features, classes)

    def features(self, x):
        for convolution in (self.conv1, self.conv2):
            x = self.pool(functional.relu(convolution(x)))
        return torch.flatten(x, 1)

    def forward(self, x):
        return self.head(self.features(x))


exercise.equivalent(
    "features = self.features(torch.zeros(1, channels, height, width)).shape[1]",
    "features = self.features(torch.ones(1, channels, height, width)).shape[1]",
    "features = self.features(torch.zeros(2, channels, height, width)).shape[1]",
    "features = self.features(torch.zeros(0, channels, height, width)).shape[1]",
    because="Only a shape is read: neither the values nor the number of samples count.",
)
