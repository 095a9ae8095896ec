"""A batch is too large for one graph. Send it through in parts, and let the gradients of the parts
add up to the gradient of the whole batch. The mean goes over all samples, however they are cut.
"""

import torch
from torch.nn import functional as F

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.lessons.autograd.graphs import Kept
from course_utils.promises import promised
from course_utils.samples_at_once import samples_at_once

exercise = Exercise(
    "03.2",
    "A batch in parts",
    minutes=15,
    difficulty=1,
    hints=[
        "What does `backward()` do with a gradient that is already there? Here that is useful.",
        "The mean of the whole batch is a sum divided by n. Which part of that sum can you compute "
        "from one part, and by what is it divided?",
        "A graph can go as soon as its gradients have been computed. So when is `backward()` "
        "called?",
    ],
)


@exercise.reference
def accumulate(predict, w, x, y, size):
    """Leave in w.grad the gradient of the mean squared error over all samples, part by part.

    predict: predict(x, w) gives predictions of shape (samples,); it is called with at most `size`
    samples at once. w: a float32 leaf that requires grad; what w.grad held before is thrown away.
    x: float32, shape (n, features), any strides. y: float32, shape (n,), any strides. size: an int;
    the last part may be shorter.
    When predict is called again, nothing that was saved for the way back of a part before is kept,
    and graphs do not pile up.
    Returns the mean squared error over all samples, as a float.
    """
    w.grad = None
    total = 0.0
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.cases
def _(rng):
    predict = Formula("lambda x, w: torch.tanh(x @ w)")
    for n, features, size in ((4, 2, 2), (5, 2, 2), (3, 1, 1), (2, 3, 4), (7, 2, 3)):
        w = decimals(rng, features).requires_grad_()
        yield predict, w, decimals(rng, n, features), decimals(rng, n), size
    for n, size in ((4, 2), (5, 4)):
        w = decimals(rng, 2).requires_grad_()
        w.grad = decimals(rng, 2)
        yield predict, w, decimals(rng, n, 2), decimals(rng, n), size
    for x in promised(rng, "any strides"):
        w, y = decimals(rng, 6)[::2].requires_grad_(), decimals(rng, 2 * len(x) + 1)[1::2]
        yield Formula("lambda x, w: (x @ w) ** 2 / 50"), w, x.div_(50), y, rng.randint(1, 3)


@exercise.observe
def _(answer, predict, w, x, y, size):
    kept = Kept(predict)
    most = 0

    def counted(part, weights):
        nonlocal most
        most = max(most, samples_at_once(part, x.shape[1]))
        return kept(part, weights)

    returned = answer(counted, w, x, y, size)
    return {
        "gradient": w.grad,
        "what it returns": returned,
        "more than `size` samples at once": most > size,
        "saved by earlier parts when predict is called again": max(kept.tensors, default=0),
        "graphs of earlier parts pile up": max(kept.graphs, default=0) > 1,
    }


@exercise.mistake(
    "Each part counts the same in yours, however many samples it has. Here the last one is "
    "shorter: every *sample* has to count the same."
)
def mean_of_means(predict, w, x, y, size):
    w.grad = None
    parts = list(zip(x.split(size), y.split(size), strict=True))
    total = 0.0
    for some, wanted in parts:
        loss = (predict(some, w) - wanted).square().mean() / len(parts)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=mean_of_means)
def mean_of_means_by_n_over_size(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().mean() * size / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=mean_of_means)
def mean_of_whole_parts(predict, w, x, y, size):
    w.grad = None
    total, count = 0.0, max(1, len(x) // size)
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().mean() / count
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=mean_of_means)
def only_the_loss_is_weighted(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().mean()
        (loss / -(-len(x) // size)).backward()
        total += loss.item() * len(some)
    return total / len(x)


@exercise.mistake(
    "The means of the parts are added up, and nothing makes a mean of them: with more parts, your "
    "gradient gets larger."
)
def sum_of_means(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().mean()
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=sum_of_means)
def sum_of_means_for_the_gradient(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().mean()
        loss.backward()
        total += loss.item() * len(some)
    return total / len(x)


@exercise.mistake(same_as=sum_of_means)
def sum_of_means_and_mean_of_losses(predict, w, x, y, size):
    w.grad = None
    losses = []
    for start in range(0, len(x), size):
        loss = ((predict(x[start : start + size], w) - y[start : start + size]) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@exercise.mistake(
    "This is the gradient of the sum over all samples. A mean over n samples is a sum that is "
    "divided by n."
)
def of_the_sum(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum()
        loss.backward()
        total += loss.item()
    return total / len(x)


@exercise.mistake(same_as=of_the_sum)
def of_the_sum_altogether(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum()
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(
    "What `w.grad` held before is still in it: `backward()` adds, and never replaces."
)
def adds_to_the_old_one(predict, w, x, y, size):
    total = 0.0
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake("`w.grad` may be None: nothing has arrived there yet. None has no zero_().")
def zeroes_none(predict, w, x, y, size):
    w.grad.zero_()
    total = 0.0
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(
    "The gradient is cleared for every part, as one does before a step. What stays is that of the "
    "last part."
)
def clears_for_each_part(predict, w, x, y, size):
    total = 0.0
    for start in range(0, len(x), size):
        w.grad = None
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=clears_for_each_part)
def clears_and_takes_means(predict, w, x, y, size):
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        w.grad = None
        loss = (predict(some, w) - wanted).square().mean()
        loss.backward()
        total += loss.item() * len(some)
    return total / len(x)


@exercise.mistake(
    "You add up losses that carry their graphs, and go back once at the end. Until then all the "
    "graphs are there: as large as that of the whole batch."
)
def backward_at_the_end(predict, w, x, y, size):
    w.grad = None
    total = torch.zeros(())
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        total = total + (predict(some, w) - wanted).square().sum()
    loss = total / len(x)
    loss.backward()
    return loss.item()


@exercise.mistake(
    "With retain_graph=True the graph stays as long as anything of it is held. Each part has a "
    "graph of its own that is gone through once: what is to be kept of it?"
)
def retains_the_graph(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum() / len(x)
        loss.backward(retain_graph=True)
        total += loss.item()
    return total


@exercise.mistake(same_as=retains_the_graph)
def goes_back_through_the_total(predict, w, x, y, size):
    w.grad = None
    total = torch.zeros(())
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        total = total + (predict(some, w) - wanted).square().sum() / len(x)
        total.backward(retain_graph=True)
    return total.item()


@exercise.mistake(
    "The sum of the losses carries the graphs of all parts so far. The second `backward()` meets "
    "that of the first part, which has been gone through."
)
def goes_back_twice(predict, w, x, y, size):
    w.grad = None
    total = torch.zeros(())
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        total = total + (predict(some, w) - wanted).square().sum() / len(x)
        total.backward()
    return total.item()


@exercise.mistake(
    "The samples at the end are missing: those that do not fill a part are samples as well."
)
def drops_the_rest(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for number in range(len(x) // size):
        part = slice(number * size, (number + 1) * size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=drops_the_rest)
def drops_the_rest_and_its_share(predict, w, x, y, size):
    w.grad = None
    total, count = 0.0, len(x) // size
    for number in range(count):
        part = slice(number * size, (number + 1) * size)
        loss = (predict(x[part], w) - y[part]).square().mean() / count
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake("`size` is how many samples a part has. Yours takes it for the number of parts.")
def size_is_the_number_of_parts(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.chunk(size), y.chunk(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(
    "Under no_grad() the predictions have no graph, and the loss has nothing to go back through."
)
def predicts_without_recording(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        with torch.no_grad():
            out = predict(some, w)
        loss = (out - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(
    "A gradient was asked for, not a step: w itself is another one when your function ends."
)
def takes_a_step(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    w.data -= 0.1 * w.grad
    return total


@exercise.mistake(
    "The gradient arrived at a copy of w, and w was to have it: a detached tensor has a .grad of "
    "its own."
)
def gradient_of_a_copy(predict, w, x, y, size):
    w.grad = None
    copy = w.detach().clone().requires_grad_()
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, copy) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake(same_as=gradient_of_a_copy)
def gradient_of_a_copy_beside_the_old(predict, w, x, y, size):
    copy = w.detach().requires_grad_()
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, copy) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.item()
    return total


@exercise.mistake("The whole batch went through at once. That is what does not fit.")
def all_at_once(predict, w, x, y, size):
    w.grad = None
    loss = (predict(x, w) - y).square().mean()
    loss.backward()
    return loss.item()


@exercise.mistake(
    "The gradient is right. What comes back was to be the mean over all samples, each of them "
    "counting the same, as a number."
)
def returns_nothing(predict, w, x, y, size):
    w.grad = None
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()


@exercise.mistake(same_as=returns_nothing)
def returns_the_last_loss(predict, w, x, y, size):
    w.grad = None
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        loss = (predict(x[part], w) - y[part]).square().sum() / len(x)
        loss.backward()
    return loss.item()


@exercise.mistake(same_as=returns_nothing)
def returns_the_sum(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        errors = (predict(some, w) - wanted).square().sum()
        (errors / len(x)).backward()
        total += errors.item()
    return total


@exercise.mistake(same_as=returns_nothing)
def returns_the_mean_of_means(predict, w, x, y, size):
    w.grad = None
    losses = []
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().mean()
        (loss * len(some) / len(x)).backward()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@exercise.mistake(
    "A total of tensors is a tensor with a graph: it leads back to the losses of all parts, and "
    "holds what is left of their graphs."
)
def adds_up_with_graphs(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss
    return total.item()


@exercise.mistake(same_as=adds_up_with_graphs)
def keeps_losses_with_graphs(predict, w, x, y, size):
    w.grad = None
    losses = []
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        losses.append((predict(some, w) - wanted).square().mean() * len(some) / len(x))
        losses[-1].backward()
    return sum(losses)


@exercise.mistake(
    "What comes back is a tensor of shape (). A float was asked for: a number of Python."
)
def returns_a_tensor(predict, w, x, y, size):
    w.grad = None
    total = 0.0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = (predict(some, w) - wanted).square().sum() / len(x)
        loss.backward()
        total += loss.detach()
    return total


@exercise.right
def with_split(predict, w, x, y, size):
    w.grad = torch.zeros_like(w)
    total = 0
    for some, wanted in zip(x.split(size), y.split(size), strict=True):
        loss = F.mse_loss(predict(some, w), wanted)
        share = len(some) / len(x)
        (loss * share).backward()
        total += share * loss.item()
    return total


@exercise.right
def divided_at_the_end(predict, w, x, y, size):
    w.grad, total = None, 0.0
    for start in range(0, len(x), size):
        stop = min(start + size, len(x))
        error = predict(x[start:stop], w) - y[start:stop]
        loss = (error * error).sum()
        total = total + loss.detach()
        loss.backward()
    w.grad = w.grad / len(x)
    return float(total) / len(x)


@exercise.right
def with_autograd_grad(predict, w, x, y, size):
    gradient, losses = torch.zeros_like(w), []
    while len(losses) < len(x):
        done = len(losses)
        errors = (predict(x[done : done + size], w) - y[done : done + size]) ** 2
        (part,) = torch.autograd.grad(errors.sum(), w)
        gradient = gradient + part
        losses.extend(errors.tolist())
    w.grad = gradient / len(losses)
    return sum(losses) / len(losses)


@exercise.right
def with_torch_func(predict, w, x, y, size):
    def loss(weights, part):
        return (predict(x[part], weights) - y[part]).square().sum() / len(x)

    parts = [slice(start, start + size) for start in range(0, len(x), size)]
    found = [torch.func.grad_and_value(loss)(w.detach(), part) for part in parts]
    w.grad = sum(gradient for gradient, _ in found)
    return sum(value.item() for _, value in found)


@exercise.right
def error_given_to_backward(predict, w, x, y, size):
    if w.grad is not None:
        w.grad.zero_()
    total = 0.0
    for rows in torch.arange(len(x)).split(size):
        out = predict(x[rows], w)
        error = out.detach() - y[rows]
        out.backward(2 * error / len(y))
        total += (error @ error).item()
    return total / len(y)


exercise.equivalent(
    "total = total + loss.detach()",
    "total += loss.detach()",
    because="The first addition makes a tensor of its own: nobody else sees that it changes.",
)


exercise.equivalent(
    "w.grad = w.grad / len(x)",
    "w.grad /= len(x)",
    because="The gradient was made here, whether it is changed or replaced.",
)


exercise.equivalent(
    "gradient = gradient + part",
    "gradient += part",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "error = out.detach() - y[rows]",
    "error = out - y[rows]",
    because="backward takes the values alone, and the graph goes with the names of this turn.",
)
