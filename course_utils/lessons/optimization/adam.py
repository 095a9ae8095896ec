"""Adam over several steps. Check your function against `torch.optim.Adam` before you run the check:
that is how you will find mistakes in your own code later.
"""

import torch
from torch import nn

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals
from course_utils.promises import promised

exercise = Exercise(
    "09.9",
    "Several steps of Adam by hand",
    minutes=15,
    difficulty=2,
    without=ByHand(
        "optim.Adam", "optim.AdamW", may=("torch.optim.Optimizer", "torch.optim.optimizer")
    ),
    hints=[
        "Two running means begin at 0: one of the gradient, one of its square.",
        "Because they begin at 0 they are too small at first. Divide each by one minus its beta "
        "to the power of the step number. Which number has the first step?",
        "The epsilon is there so that nothing is divided by zero. It is added to the root.",
    ],
)


@exercise.reference
def adam(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    """What torch.optim.Adam makes of a parameter, step by step, computed by hand.

    w: a float32 tensor, any number of dimensions, any strides.
    gradients: a list of float32 tensors of w's shape, any strides, one for each step.
    lr, eps: floats. betas: two floats. Returns the list of w after each step. No argument is
    changed.
    """
    mean = torch.zeros_like(w)
    square = torch.zeros_like(w)
    steps = []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        corrected_mean = mean / (1 - betas[0] ** t)
        corrected_square = square / (1 - betas[1] ** t)
        w = w - lr * corrected_mean / (corrected_square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.cases
def _(rng):
    yield torch.tensor([1.0, 1.0]), [torch.tensor([1000.0, -0.001])], 0.1
    yield torch.tensor([1.0]), [torch.tensor([g]) for g in (1.0, 2.0, -4.0)], 0.1
    yield torch.tensor([2.0]), [torch.tensor([0.1])] * 3, 0.1, (0.5, 0.9), 0.5
    # A gradient of 0, in the first step and after others: the running means go on.
    zeros = [[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]
    yield torch.tensor([1.0, 1.0]), [torch.tensor(grad) for grad in zeros], 0.1
    yield decimals(rng, 2, 2), [decimals(rng, 2, 2) for _ in range(3)], 0.3
    yield decimals(rng, 3), [decimals(rng, 3) for _ in range(4)], 0.2, (0.6, 0.8)
    promises = ("any number of dimensions", "any strides")
    tensors = (promised(rng, *promises) for _ in range(3))
    for w, first, second in zip(*tensors, strict=True):
        yield w, [first, -second], 0.5, (0.5, 0.75)
    yield torch.tensor([1.0, 1.0]), [torch.tensor([1e-8, -3e-8])], 0.1


@exercise.mistake(
    "The running means begin at 0, and nothing makes up for that: your first steps have the "
    "wrong length."
)
def no_correction(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for grad in gradients:
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Your steps are NaN: 0 is divided by 0, or a root is taken of a negative number. If you "
    "number the steps from 0, what is one minus beta to the power of 0?"
)
def counts_from_zero(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        # Tensors divide by zero without an error.
        one, two = torch.tensor(1 - betas[0] ** t), torch.tensor(1 - betas[1] ** t)
        w = w - lr * (mean / one) / ((square / two).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "The epsilon stands under the root in your formula. There a small epsilon becomes a larger "
    "one, and a large one a smaller one."
)
def epsilon_under_the_root(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / (square / (1 - betas[1] ** t) + eps).sqrt()
        steps.append(w)
    return steps


@exercise.mistake(
    "This is plain gradient descent. Adam's first step has the length of the learning rate, "
    "however large the gradient is."
)
def plain_descent(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    steps = []
    for grad in gradients:
        w = w - lr * grad
        steps.append(w)
    return steps


@exercise.mistake(
    "The root is missing: you divide by a mean of *squares*, so large gradients make tiny steps."
)
def forgets_the_root(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / (square / (1 - betas[1] ** t) + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Your running means give the *new* gradient the large share. The betas say how much of the "
    "old mean stays."
)
def betas_the_other_way(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = (1 - betas[0]) * mean + betas[0] * grad
        square = (1 - betas[1]) * square + betas[1] * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "All entries of your list are one tensor, with the numbers of the last step. A step that "
    "writes into w changes what was put into the list before."
)
def one_tensor_in_the_list(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    w = w.clone()
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w -= lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "The corrected means are kept, so the next step corrects them once more. The correction is "
    "for this step only."
)
def keeps_the_corrected(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        mean, square = mean / (1 - betas[0] ** t), square / (1 - betas[1] ** t)
        w = w - lr * mean / (square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "The correction is that of the first step, in every step. It has to fade out: what grows with "
    "the number of steps?"
)
def always_the_first_correction(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for grad in gradients:
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0]) / ((square / (1 - betas[1])).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake("Your steps are the same whatever is given for betas or eps. Both are arguments.")
def usual_settings(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    betas, eps = (0.9, 0.999), 1e-8
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake("The steps are right, and the w of the caller has moved with them.")
def moves_the_callers_w(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w -= lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w.clone())
    return steps


@exercise.mistake(
    "Your list begins with w before any step. What was asked for is w after each step."
)
def begins_with_the_start(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), [w]
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "The mean of the gradients is corrected, that of the squares is not. Both begin at 0."
)
def corrects_the_mean_only(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / (square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake("You give the last w. A list with w after each step was asked for.")
def only_the_last(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square = torch.zeros_like(w), torch.zeros_like(w)
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
    return w


@exercise.mistake(
    "Your two running means are one tensor: what is written into the one stands in the other as "
    "well."
)
def two_names_for_one(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean = square = torch.zeros_like(w)
    steps = []
    for t, grad in enumerate(gradients, start=1):
        mean.mul_(betas[0]).add_(grad, alpha=1 - betas[0])
        square.mul_(betas[1]).add_(grad**2, alpha=1 - betas[1])
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Your eps is added to the root before the root is corrected, so in the first steps it counts "
    "for more than it should."
)
def epsilon_before_the_correction(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        rate = lr * (1 - betas[1] ** t) ** 0.5 / (1 - betas[0] ** t)
        w = w - rate * mean / (square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Elements whose gradient is 0 stay where they are in your function. The gradient is not all "
    "that a step of Adam is made of: what do the steps before leave behind?"
)
def rests_where_the_gradient_is_zero(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        step = lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        w = torch.where(grad == 0, w, w - step)
        steps.append(w)
    return steps


@exercise.mistake(
    "All elements share one root in your function. Adam has one for each element: that is how "
    "small and large gradients make steps of one size."
)
def one_root_for_all(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients, start=1):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * (grad**2).mean()
        w = w - lr * mean / (1 - betas[0] ** t) / ((square / (1 - betas[1] ** t)).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Your running means begin with the first gradient. Those of torch begin at 0, and are "
    "corrected for that."
)
def begins_with_the_first_gradient(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = gradients[0], gradients[0] ** 2, []
    for grad in gradients:
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        w = w - lr * mean / (square.sqrt() + eps)
        steps.append(w)
    return steps


@exercise.mistake(
    "Your correction is one step behind: the first step has none, and the second has that of "
    "the first. Which number has the first step?"
)
def no_correction_at_zero(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    mean, square, steps = torch.zeros_like(w), torch.zeros_like(w), []
    for t, grad in enumerate(gradients):
        mean = betas[0] * mean + (1 - betas[0]) * grad
        square = betas[1] * square + (1 - betas[1]) * grad**2
        one, two = (1 - betas[0] ** t, 1 - betas[1] ** t) if t else (1, 1)
        w = w - lr * (mean / one) / ((square / two).sqrt() + eps)
        steps.append(w)
    return steps


@exercise.not_by_hand
def adam_by_torch(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    parameter = nn.Parameter(w.clone())
    optimizer = torch.optim.Adam([parameter], lr=lr, betas=betas, eps=eps)
    places = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        places.append(parameter.detach().clone())
    return places


@exercise.right
def adam_with_a_corrected_rate(w, gradients, lr, betas=(0.9, 0.999), eps=1e-8):
    one, two = betas
    m = v = torch.zeros(w.shape)
    result = []
    for t in range(1, len(gradients) + 1):
        g = gradients[t - 1]
        m, v = m + (1 - one) * (g - m), v + (1 - two) * (g * g - v)
        root = (v / (1 - two**t)) ** 0.5 + eps
        w = w - lr / (1 - one**t) * m / root
        result.append(w)
    return result


exercise.equivalent(
    "w = w - lr * corrected_mean / (corrected_square.sqrt() + eps)",
    "w = w - lr * corrected_mean / (corrected_square.sqrt_() + eps)",
    because="The tensor was made here: nobody else sees that it changes.",
)
