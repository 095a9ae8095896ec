"""Walk down a loss step by step, keep a log of the losses, and remember the best point that was
seen. After a million steps no more graphs may be in memory than after one.
"""

import torch
from torch import nn

from course_utils.exercise import Exercise
from course_utils.lessons.autograd.functions import Formula, decimals
from course_utils.lessons.autograd.graphs import Kept, nodes_behind
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "03.7",
    "Walk down, and keep no graph",
    minutes=20,
    difficulty=2,
    hints=[
        "Write the loop without the log first. Is your point still a leaf in the second step?",
        "A loss that you keep keeps its graph, and the graph keeps what it needs to go back. What "
        "do you want to keep of a loss?",
        "The best point is to stay as it was. What happens to it if your next step writes into "
        "the same memory?",
    ],
)


@exercise.reference
def descend(loss_of, start, lr, steps):
    """Walk down by gradient descent: point - lr * gradient, `steps` times.

    loss_of: takes a point and gives its loss, a tensor of shape (). start: a float32 or float64
    tensor of any shape, any strides; it may require grad. lr: a float. steps: an int, may be 0.
    Returns a tuple: the losses of all points, a list of `steps + 1` floats, and the point with the
    lowest loss, the first of equals. That is a tensor that requires no grad and shares no memory
    with start.
    When loss_of is called, nothing that was saved for the way back of an earlier point is kept, and
    graphs do not pile up. start and start.grad stay.
    """
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == len(losses) - 1:  # none before it is as low
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


BOWL = "lambda p: (p ** 2).sum()"
HILLS = "lambda p: (p ** 4 / 4 - p ** 2 + p / 4).sum()"  # two valleys, one of them lower
KINK = "lambda p: p.abs().sum()"


@exercise.cases
def _(rng):
    yield Formula(BOWL), torch.tensor([1.0, -2.0]), 0.25, 3
    yield Formula(BOWL), torch.tensor([1.0, 2.0]), 1.5, 2  # jumps over the valley, higher each time
    yield Formula(KINK), torch.tensor([0.5]), 1.0, 3  # to and fro between equals
    yield Formula("lambda p: p[0]"), torch.tensor([1.0, 2.0]), 0.25, 2  # a view of the point
    yield Formula(BOWL), decimals(rng, 2).requires_grad_(), 0.1, 0
    yield Formula(HILLS), decimals(rng, 1), 0.1, 25
    yield Formula(HILLS), decimals(rng, 3), rng.choice([0.05, 0.2]), 4
    yield Formula(KINK), torch.tensor([rng.randint(11, 29) / 40]), 0.25, 6
    start = decimals(rng, 2).requires_grad_()
    start.grad = decimals(rng, 2)
    yield Formula(BOWL), start, 0.2, 2
    yield Formula(HILLS), decimals(rng, 2).requires_grad_(), 0.1, 1
    yield Formula(BOWL), decimals(rng, 2, dtype=torch.float64), 0.3, 2
    for start in promised(rng, "any shape", "any strides", "the same dtype"):
        yield Formula(BOWL), start.div_(20), 0.4, 2


@exercise.observe
def _(answer, loss_of, start, lr, steps):
    kept = Kept(loss_of)
    behind = []

    def watched(point):
        behind.append(len(nodes_behind(point)))
        return kept(point)

    losses, best = answer(watched, start, lr, steps)
    return {
        "losses": losses,
        "best point": best,
        "the best point requires grad": best.requires_grad,
        "the best point shares memory with start": shares_storage(best, start),
        "saved for earlier points when loss_of is called": max(kept.tensors, default=0),
        "graphs of earlier points pile up": max(kept.graphs, default=0) > 1,
        "the points carry a graph that grows": max(behind, default=0) > 3,
    }


@exercise.mistake(
    "You keep losses with their graphs. They pile up with every step: what of a loss do you want "
    "to keep?"
)
def keeps_the_losses(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best, lowest = [], point.detach().clone(), float("inf")
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss)
        if loss < lowest:
            lowest, best = loss, point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=keeps_the_losses)
def keeps_losses_and_graphs(loss_of, start, lr, steps):
    point, losses, points = start.detach().clone(), [], []
    for _ in range(steps + 1):
        leaf = point.detach().requires_grad_()
        points.append(leaf)
        losses.append(loss_of(leaf))
        (gradient,) = torch.autograd.grad(losses[-1], leaf, retain_graph=True)
        point = leaf - lr * gradient
    values = [loss.item() for loss in losses]
    return values, points[values.index(min(values))].detach()


@exercise.mistake(same_as=keeps_the_losses)
def numbers_at_the_end(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, points = [], []
    for _ in range(steps + 1):
        losses.append(loss_of(point))
        points.append(point.detach().clone())
        (gradient,) = torch.autograd.grad(losses[-1], point)
        with torch.no_grad():
            point -= lr * gradient
    losses = [loss.item() for loss in losses]
    return losses, points[losses.index(min(losses))]


@exercise.mistake(
    "loss_of may give back a view of the point. After detach() it is still one, and such a loss "
    "walks along with the point until you take its number."
)
def numbers_of_detached_losses(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best, lowest = [], None, float("inf")
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.detach())
        if loss.item() < lowest:
            lowest, best = loss.item(), point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return torch.stack(losses).tolist(), best


@exercise.mistake("The losses are to be floats, numbers of Python. Yours are tensors.")
def keeps_tensors(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best, lowest = [], None, float("inf")
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.detach())
        if loss.item() < lowest:
            lowest, best = loss.item(), point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "Your best point is where the walk ended, and that need not be the lowest. A point that lies "
    "in the same memory as the one that walks goes along with it."
)
def best_is_an_alias(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach()
        (gradient,) = torch.autograd.grad(loss, point)
        if step < steps:
            with torch.no_grad():
                point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=best_is_an_alias)
def best_is_the_walker(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point
        (gradient,) = torch.autograd.grad(loss, point)
        if step < steps:
            with torch.no_grad():
                point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=best_is_an_alias)
def best_walks_one_step_more(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.data
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "clone() copies the values, and stays in the graph: your best point requires grad, and leads "
    "back to the point it was copied from."
)
def best_in_the_graph(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "The point you keep is one step further than the loss you measured: which of the two belong "
    "together?"
)
def best_after_the_step(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
    return losses, best


@exercise.mistake(
    "Where the start is the best point, yours is a view of it: whoever writes into one writes into "
    "the other."
)
def best_may_be_start(loss_of, start, lr, steps):
    point = start.detach()
    losses, best = [], point
    for _ in range(steps + 1):
        leaf = point.detach().requires_grad_()
        loss = loss_of(leaf)
        losses.append(loss.item())
        if losses[-1] < min(losses[:-1], default=float("inf")):
            best = point
        point = point - lr * torch.autograd.grad(loss, leaf)[0]
    return losses, best


@exercise.mistake("The last point has a loss in your log, and is never looked at as the best.")
def the_last_is_never_best(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], point.detach().clone()
    for step in range(steps):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    losses.append(loss_of(point).item())
    return losses, best


@exercise.mistake(
    "Of points that are equally low the first one was asked for. Yours is replaced by each that "
    "comes later."
)
def last_of_equals(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best, lowest = [], None, float("inf")
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses[-1] <= lowest:
            lowest, best = losses[-1], point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "Steps are between points: after n steps there are n + 1 of them, and the last one has a loss "
    "as well."
)
def one_loss_too_few(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], point.detach().clone()
    for step in range(steps):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=one_loss_too_few)
def forgets_the_start(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], point.detach().clone()
    for step in range(steps):
        (gradient,) = torch.autograd.grad(loss_of(point), point)
        with torch.no_grad():
            point -= lr * gradient
        losses.append(loss_of(point).item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
    return losses, best


@exercise.mistake(
    "The gradients of all steps add up in yours: backward() adds to what is there already."
)
def gradients_add_up(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        loss.backward()
        with torch.no_grad():
            point -= lr * point.grad
    return losses, best


@exercise.mistake(
    "`point = point - ...` gives the name to a new tensor, the result of an operation. It is no "
    "leaf: backward() leaves no .grad there."
)
def a_new_point_without_a_grad(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        loss.backward()
        point = point - lr * point.grad
    return losses, best


@exercise.mistake(
    "Each of your points is computed from the one before it, with recording on: the graph of all "
    "steps so far hangs on the last one."
)
def a_chain_of_points(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        point = point - lr * gradient
    return losses, best


@exercise.mistake(same_as=a_chain_of_points)
def a_chain_with_retained_grads(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        point.retain_grad()
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        loss.backward(retain_graph=True)
        point = point - lr * point.grad
    return losses, best


@exercise.mistake(
    "What is computed under no_grad() requires no grad. Your next point is such a tensor, and the "
    "next loss has nothing to go back to."
)
def a_new_point_under_no_grad(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point = point - lr * gradient
    return losses, best


@exercise.mistake(
    "Nothing is recorded where the loss is computed: under no_grad(), or from a point that does "
    "not require grad, there is no way back."
)
def walks_under_no_grad(loss_of, start, lr, steps):
    point = start.detach().clone()
    losses, best = [], None
    with torch.no_grad():
        for step in range(steps + 1):
            loss = loss_of(point)
            losses.append(loss.item())
            if losses.index(min(losses)) == step:
                best = point.clone()
            (gradient,) = torch.autograd.grad(loss, point)
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "You write into a leaf that requires grad, and torch records: that it refuses. Is the step a "
    "part of what is to be differentiated?"
)
def writes_into_a_leaf(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        point -= lr * gradient
    return losses, best


@exercise.mistake(
    "The graph is kept though it is gone through once. Behind create_graph=True hangs even more: "
    "what would you differentiate a second time?"
)
def creates_graphs(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point, create_graph=True)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=creates_graphs)
def retains_graphs_and_the_lowest_loss(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best, lowest = [], None, None
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if lowest is None or loss < lowest:
            lowest, best = loss, point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point, retain_graph=True)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(
    "You walk with the tensor of the caller, in its memory or in its graph: `start` is no longer "
    "as it was, or an error comes up."
)
def walks_with_start(loss_of, start, lr, steps):
    point = start.detach().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.mistake(same_as=walks_with_start)
def clones_into_the_graph_of_start(loss_of, start, lr, steps):
    point = start.clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        loss.backward()
        with torch.no_grad():
            point -= lr * point.grad
        point.grad = None
    return losses, best


@exercise.mistake(same_as=walks_with_start)
def switches_start_on(loss_of, start, lr, steps):
    point, losses, points = start.requires_grad_(), [], []
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        points.append(point.detach().clone())
        (gradient,) = torch.autograd.grad(loss, point)
        point = (point - lr * gradient).detach().requires_grad_()
    return losses, points[losses.index(min(losses))]


@exercise.mistake(same_as=walks_with_start)
def walks_with_start_and_clears(loss_of, start, lr, steps):
    point = start.detach().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        if step < steps:
            (gradient,) = torch.autograd.grad(loss, point)
            with torch.no_grad():
                point -= lr * gradient
    return losses, best


@exercise.mistake("The loss gets larger: the gradient points up, and you follow it.")
def walks_up(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point += lr * gradient
    return losses, best


@exercise.mistake("Your best is a loss. The point where it was measured was asked for.")
def best_loss_for_the_point(loss_of, start, lr, steps):
    point = start.detach().clone().requires_grad_()
    losses = []
    for _ in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, torch.tensor(min(losses))


@exercise.mistake("Your point became float32 when it was copied. start's dtype is to stay.")
def always_float32(loss_of, start, lr, steps):
    point = torch.tensor(start.tolist(), dtype=torch.float32, requires_grad=True)
    losses, best = [], None
    for step in range(steps + 1):
        loss = loss_of(point)
        losses.append(loss.item())
        if losses.index(min(losses)) == step:
            best = point.detach().clone()
        (gradient,) = torch.autograd.grad(loss, point)
        with torch.no_grad():
            point -= lr * gradient
    return losses, best


@exercise.right
def with_backward(loss_of, start, lr, steps):
    w = start.detach().clone().requires_grad_()
    losses, best, lowest = [], None, float("inf")
    for _ in range(steps + 1):
        w.grad = None
        loss = loss_of(w)
        loss.backward()
        value = loss.item()
        losses.append(value)
        if value < lowest:
            lowest = value
            best = w.detach().clone()
        with torch.no_grad():
            w -= lr * w.grad
    return losses, best


@exercise.right
def a_new_leaf_for_each_point(loss_of, start, lr, steps):
    point, points, losses = start.detach().clone(), [], []
    while len(losses) <= steps:
        leaf = point.requires_grad_()
        loss = loss_of(leaf)
        losses.append(float(loss))
        points.append(leaf.detach())
        (gradient,) = torch.autograd.grad(loss, leaf)
        point = points[-1] - lr * gradient
    return losses, points[losses.index(min(losses))]


@exercise.right
def with_torch_func(loss_of, start, lr, steps):
    slope_and_value = torch.func.grad_and_value(loss_of)
    point = start.detach().clone()
    seen = []
    for _ in range(steps + 1):
        gradient, value = slope_and_value(point)
        seen.append((value.item(), point))
        point = point - lr * gradient
    return [value for value, _ in seen], min(seen, key=lambda pair: pair[0])[1]


@exercise.right
def with_an_optimizer(loss_of, start, lr, steps):
    point = nn.Parameter(start.clone())
    optimizer = torch.optim.SGD([point], lr=lr)
    losses, best = [loss_of(point).item()], start.detach().clone()
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of(point).backward()
        optimizer.step()
        with torch.no_grad():
            losses.append(loss_of(point).item())
            if losses[-1] < min(losses[:-1]):
                best.copy_(point)
    return losses, best


exercise.equivalent(
    "point = start.detach().clone().requires_grad_()",
    "point = start.clone().requires_grad_()",
    because="The gradient is asked for at the point: nothing goes on from there to start.",
)


exercise.equivalent(
    "point, points, losses = (start.detach().clone(), [], [])",
    "point, points, losses = (start.clone(), [], [])",
    because="The gradient is asked for at the point: nothing goes on from there to start.",
)
