"""Two numbers for each feature belong to the model: they are saved with it and move with it. They
come from the data, so training must not change them.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.modules.facts import gradient_of, parameter_shapes
from course_utils.lessons.modules.inputs import quarters
from course_utils.observation import attempt
from course_utils.promises import promised

exercise = Exercise(
    "04.4",
    "Numbers that belong to the model and are not learned",
    minutes=10,
    difficulty=1,
    hints=[
        "Mean and std have to be saved with the model, and to move with it. No optimizer should "
        "get them.",
        "`register_buffer(name, tensor)` makes the attribute itself. What does it return?",
    ],
)


@exercise.reference
class Standardize(nn.Module):
    """Subtract a mean and divide by a standard deviation, for each feature.

    mean, std: float32 tensors of shape (features,), any strides. They are buffers with these
    names: they are saved, they follow .to(), and no optimizer gets them.
    """

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        """x: float32, shape (batch, features), any strides. Returns the same shape.

        Gradients reach x.
        """
        return (x - self.mean) / self.std


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]), torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    yield torch.tensor([5.0]), torch.tensor([2.0]), torch.tensor([[5.0]])
    yield quarters(rng, 3), torch.tensor([0.5, 1.0, 2.0]), quarters(rng, 2, 3)
    yield torch.tensor([0.5, 1.0]), torch.tensor([2.0**-50, 1.0]), torch.tensor([[0.75, 3.0]])
    powers = torch.tensor([[0.5, 1.0], [2.0, 4.0], [0.25, 8.0]])
    for x in promised(rng, "any strides"):
        yield quarters(rng, 3, 2)[:, 1], powers[:, 1], x


@exercise.observe
def _(answer, mean, std, x):
    model = answer(mean, std)
    output = model(x)
    if not isinstance(model, nn.Module):
        return {"model": model}
    fresh = answer(torch.zeros_like(mean), torch.ones_like(std))
    double = answer(mean, std).to(torch.float64)
    meta = answer(mean, std).to("meta")

    def output_after_loading():
        fresh.load_state_dict(nn.Module.state_dict(model))
        return fresh(x)

    return {
        "output": output,
        "gradient of x": attempt(lambda: gradient_of(x, model)),
        "parameters": parameter_shapes(model),
        "requires_grad of mean": attempt(lambda: model.mean.requires_grad),
        "buffers": dict(nn.Module.named_buffers(model)),
        "state_dict": dict(nn.Module.state_dict(model)),
        "output of another model that loaded the state dict": attempt(output_after_loading),
        "dtype of mean after .to(torch.float64)": attempt(lambda: double.mean.dtype),
        "dtype of the output then": attempt(lambda: double(x.half()).dtype),
        # Not the output on meta: the first subtraction there in a process takes seconds.
        "device of mean after .to('meta')": attempt(lambda: meta.mean.device),
    }


@exercise.mistake(
    "Mean and std are plain attributes. Look what `state_dict()` holds, and which dtype they have "
    "after `.to(torch.float64)`: the model does not know that they belong to it."
)
class StandardizePlain(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = mean
        self.std = std

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "As parameters, your mean and std would be changed by every step of training. They are facts "
    "about the data, not something to learn."
)
class StandardizeLearned(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = nn.Parameter(mean)
        self.std = nn.Parameter(std)

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "Frozen parameters are still parameters: they are counted, and code that unfreezes the model "
    "makes them learn. There is a kind made for this."
)
class StandardizeFrozen(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = nn.Parameter(mean, requires_grad=False)
        self.std = nn.Parameter(std, requires_grad=False)

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "Your buffers move with the model but they are not saved. Whoever loads the model would have "
    "to know mean and std from somewhere else."
)
class StandardizeUnsaved(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("std", std, persistent=False)

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "Your output is computed from tensors that are kept beside the buffers: `.to()` gives the "
    "buffers new tensors, and the output does not follow them."
)
class StandardizeOwnList(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.numbers = [self.mean, self.std]

    def forward(self, x):
        mean, std = self.numbers
        return (x - mean) / std


@exercise.mistake(
    "`register_buffer` returns nothing. You stored that nothing under the buffer's own name."
)
class StandardizeStoresNone(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean = self.register_buffer("mean", mean)
        self.std = self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "The buffers are there, and your output is computed from other tensors: loading and `.to()` "
    "give the buffers new values and new dtypes, and the output does not follow them."
)
class StandardizeOwnCopies(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean.clone())
        self.register_buffer("std", std.clone())
        self.transform = lambda x: (x - mean) / std

    def forward(self, x):
        return self.transform(x)


@exercise.mistake(
    "What you subtract, or divide by, comes from the batch at hand. One sample would then get "
    "another result in another batch: take the numbers that the model was given."
)
class StandardizeByBatch(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - x.mean(dim=0)) / x.std(dim=0)


@exercise.mistake(same_as=StandardizeByBatch)
class StandardizeByBatchOfAll(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - x.mean(dim=0)) / x.std(dim=0, unbiased=False)


@exercise.mistake(same_as=StandardizeByBatch)
class StandardizeCentreOfBatch(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - x.mean(dim=0)) / self.std


@exercise.mistake("Python divides before it subtracts. In your line only the mean is divided.")
class StandardizePrecedence(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return x - self.mean / self.std


@exercise.mistake(
    "You take the root of `std`. It is the standard deviation already, not the variance."
)
class StandardizeRoot(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / self.std.sqrt()


@exercise.mistake(
    "You divide by the variance. The standard deviation itself was given, and is to divide."
)
class StandardizeSquared(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / self.std**2


@exercise.mistake("The difference is multiplied by `std`. A wide feature would become wider still.")
class StandardizeTimes(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) * self.std


@exercise.mistake(
    "Something is added to `std` before the division, so your results lie too close to 0. The "
    "docstring has no such number."
)
class StandardizeWithoutZero(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / (self.std + 1e-3)


@exercise.mistake(same_as=StandardizeWithoutZero)
class StandardizeWithoutZeroSmaller(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / (self.std + 1e-4)


@exercise.mistake(
    "The results are written into the batch of the caller, who may still need it as it was. Make"
    " a new tensor."
)
class StandardizeInPlace(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        x -= self.mean
        x /= self.std
        return x


@exercise.mistake(
    "One of the two tensors is registered as it should be. The other one is not, so it is not "
    "saved and does not move."
)
class StandardizeOnlyMean(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.std = std

    def forward(self, x):
        return (x - self.mean) / self.std


@exercise.mistake(
    "Your buffers have other names than those in the docstring. A state dict goes by the names."
)
class StandardizeOtherNames(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("_mean", mean)
        self.register_buffer("_std", std)

    def forward(self, x):
        return (x - self._mean) / self._std


@exercise.mistake(
    "The numbers are right, and no gradient comes back to x: layers in front of yours could "
    "never learn."
)
class StandardizeOutsideTheGraph(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        with torch.no_grad():
            return (x - self.mean) / self.std


@exercise.mistake(
    "All features get the same two numbers from you. Each feature has its own mean and its own std."
)
class StandardizeMeanOfAll(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean.mean()) / self.std.mean()


@exercise.mistake(same_as=StandardizeOtherNames)
class StandardizeNamedTwice(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("_mean", mean)
        self.register_buffer("_std", std)
        self.mean, self.std = self._mean, self._std

    def forward(self, x):
        return (x - self._mean) / self._std


@exercise.mistake(
    "Your divisor is not std alone: something is added to it, or it cannot be smaller than some "
    "limit. A feature with a tiny spread comes out wrong, and nothing says so."
)
class StandardizeWithEpsilon(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return (x - self.mean) / (self.std + 1e-8)


@exercise.right
class StandardizeWithBuffers(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        for name, tensor in {"std": std, "mean": mean}.items():
            self.register_buffer(name, tensor.clone().detach())

    def forward(self, x):
        return torch.div(x - self.mean, self.std)


exercise.equivalent(
    "self.register_buffer(name, tensor.clone().detach())",
    "self.register_buffer(name, tensor.clone())",
    because="A tensor that requires gradients is taken as it is: the reference does so, too.",
)


exercise.equivalent(
    "self.register_buffer(name, tensor.clone().detach())",
    "self.register_buffer(name, tensor.detach())",
    because="Whether the buffer is a copy is left open: the reference keeps the caller's tensor.",
)
