"""SGD has three settings that change its rule: momentum, weight decay and Nesterov. Write one step
with all of them. The documentation of `torch.optim.SGD` has it as a table of instructions.
"""

import torch
from torch import nn

from course_utils.by_hand import ByHand
from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import decimals
from course_utils.promises import promised

exercise = Exercise(
    "09.8",
    "One step of SGD, with everything",
    minutes=15,
    difficulty=2,
    without=ByHand("optim.SGD", may=("torch.optim.Optimizer", "torch.optim.optimizer")),
    hints=[
        "Do it in this order: weight decay is added to the gradient, then momentum, then the step.",
        "In the first step there is no buffer yet: it becomes the gradient, not a part of it.",
        "Nesterov looks one step ahead: gradient plus momentum times the *new* buffer.",
    ],
)


@exercise.reference
def sgd_step(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    """One step of torch.optim.SGD on one tensor, computed by hand.

    w, grad: float32 tensors of the same shape, any number of dimensions, any strides.
    buffer: the momentum buffer of the step before, a float32 tensor of that shape and any strides,
    or None before the first step. lr, momentum, weight_decay: floats.
    Returns (new w, new buffer); without momentum the buffer stays None. No argument is changed.
    """
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    step = grad + momentum * buffer if nesterov else buffer
    return w - lr * step, buffer


@exercise.cases
def _(rng):
    w, grad = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 1.0])
    yield w, grad, None, 0.1
    yield w, grad, None, 0.1, 0.9
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9, 0.0, True
    yield w, grad, torch.tensor([1.0, 1.0]), 0.1, 0.9, 0.5, False
    # A gradient of 0 is one all the same: momentum and decay go on.
    zero, ones = torch.tensor([0.0, 0.0]), torch.tensor([1.0, 1.0])
    yield w, zero, ones, 0.1, 0.9, 0.5
    yield decimals(rng, 2, 2), decimals(rng, 2, 2), None, 0.5, 0.5, 0.1, True
    yield decimals(rng, 3), decimals(rng, 3), None, 0.2, 0.0, 0.3
    promises = ("any number of dimensions", "any strides")
    tensors = (promised(rng, *promises) for _ in range(3))
    for w, grad, buffer in zip(*tensors, strict=True):
        yield w, grad, buffer, 0.5, 0.5, rng.choice([0.0, 0.25]), rng.random() < 0.5
    yield decimals(rng, 3), decimals(rng, 3), decimals(rng, 3), 0.1, 0.7, 0.2, True


@exercise.mistake(
    "You blend the old buffer with only a part of the gradient. Adam does that; SGD's buffer "
    "is a sum in which the new gradient counts in full."
)
def blends_the_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + (1 - momentum) * grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "Your weight decay goes past the momentum, straight to the parameter. In SGD it is a part of "
    "the gradient, so it gets into the buffer as well."
)
def decay_past_momentum(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    decay = lr * weight_decay * w
    if momentum == 0:
        return w - lr * grad - decay, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer) - decay, buffer


@exercise.mistake(
    "Your buffer holds learning rate times gradient. When a schedule changes the rate, the old "
    "rate stays in there; torch multiplies at the very end."
)
def rate_in_the_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = lr * grad if buffer is None else momentum * buffer + lr * grad
    return w - (lr * grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "With `nesterov` your step is the same as without. What is added to the gradient then?"
)
def ignores_nesterov(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * buffer, buffer


@exercise.mistake(
    "Your Nesterov step begins from the buffer and adds more of the buffer. The new gradient comes "
    "first, and the look ahead is added to that."
)
def looks_ahead_from_the_buffer(
    w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False
):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (buffer + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(same_as=blends_the_buffer)
def blends_from_zero(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = torch.zeros_like(w) if buffer is None else buffer
    buffer = momentum * buffer + (1 - momentum) * grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "Nesterov adds the buffer to the gradient in your function as it is. One step ahead it has "
    "become smaller: by which factor?"
)
def whole_buffer_ahead(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (grad + buffer if nesterov else buffer), buffer


@exercise.mistake(
    "The weight decay gets into your buffer, but not into the gradient that Nesterov adds to it. "
    "Both are the gradient with decay."
)
def nesterov_without_decay(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    decayed = grad + weight_decay * w
    if momentum == 0:
        return w - lr * decayed, None
    buffer = decayed if buffer is None else momentum * buffer + decayed
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "Your first step is a plain one. Nesterov looks ahead in the first step, too: there is a new "
    "buffer then."
)
def plain_first_step(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    if buffer is None:
        return w - lr * grad, grad
    buffer = momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "The first gradient does not get into your buffer, so the next step knows nothing of it."
)
def forgets_the_first(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    if buffer is None:
        return w - lr * grad, torch.zeros_like(w)
    buffer = momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "Without momentum you give a buffer back. What does the docstring say about it for that case?"
)
def always_a_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "With `nesterov` you keep what the step was taken with. The look ahead is for this step only; "
    "the buffer that is kept is the same with and without it."
)
def keeps_the_look_ahead(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    step = grad + momentum * buffer if nesterov else buffer
    return w - lr * step, step


@exercise.mistake(
    "The numbers are right, and the buffer of the caller is another than before. An optimizer may "
    "write into its own buffer; here it belongs to someone else."
)
def writes_into_the_buffer(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    grad = grad + weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad.clone() if buffer is None else buffer.mul_(momentum).add_(grad)
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "The numbers are right, and the gradient of the caller is another than before. `+=`, like "
    "`add_`, writes into the tensor that came in."
)
def writes_into_the_gradient(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    if weight_decay:
        grad += weight_decay * w
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad.clone() if buffer is None else momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.mistake(
    "Where the gradient is 0 your function takes no step. Is the gradient all that moves a "
    "parameter here?"
)
def rests_without_a_gradient(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    if not grad.any():
        return w.clone(), buffer
    return sgd_step(w, grad, buffer, lr, momentum, weight_decay, nesterov)


@exercise.mistake(
    "Weight decay is given, and your step is the same as without it. To what is it added?"
)
def ignores_the_decay(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    if momentum == 0:
        return w - lr * grad, None
    buffer = grad if buffer is None else momentum * buffer + grad
    return w - lr * (grad + momentum * buffer if nesterov else buffer), buffer


@exercise.right
def sgd_step_in_place_on_copies(
    w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False
):
    new, grad = w.clone(), grad.clone()
    grad += weight_decay * new
    if momentum:
        buffer = torch.zeros_like(w) if buffer is None else buffer.clone()
        buffer.mul_(momentum).add_(grad)
        grad = grad + momentum * buffer if nesterov else buffer
    return new.sub_(lr * grad), buffer


@exercise.not_by_hand
def sgd_step_by_torch(w, grad, buffer, lr, momentum=0.0, weight_decay=0.0, nesterov=False):
    parameter = nn.Parameter(w.clone())
    optimizer = torch.optim.SGD(
        [parameter], lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov
    )
    if buffer is not None:
        optimizer.state[parameter]["momentum_buffer"] = buffer.clone()
    parameter.grad = grad.clone()
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter].get("momentum_buffer")


exercise.equivalent(
    "grad += weight_decay * new",
    "grad = grad + weight_decay * new",
    because="The answer works on its own copy of the gradient.",
)


exercise.equivalent(
    "return (new.sub_(lr * grad), buffer)",
    "return (new.sub(lr * grad), buffer)",
    because="`new` is the answer's own copy.",
)
