"""A batch is too large for one graph. Send it through in parts, and let the gradients of the parts
add up to the gradient of the whole batch: the mean goes over all samples, however they are cut.
"""

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.given import Typed, decimals

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
    samples at once. w: a leaf that requires grad; what w.grad held before is thrown away. x: shape
    (n, features). y: shape (n,). All are float32, of any strides. size: an int; the last part may
    be shorter.
    When predict is called again, nothing is kept of the graph of the part before.
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
    predict = Typed("lambda x, w: torch.tanh(x @ w)")
    for n, size in ((4, 2), (5, 2), (3, 1)):
        w = decimals(rng, 2).requires_grad_()
        yield predict, w, decimals(rng, n, 2), decimals(rng, n), size
