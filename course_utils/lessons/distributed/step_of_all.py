"""Every rank has a batch of another size. Take the step that one process would take with all the
samples in one batch.
"""

import torch
import torch.distributed as dist
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from course_utils.exercise import Exercise
from course_utils.lessons.distributed.runs import seeded, small_net, with_gradients
from course_utils.ranks import ByRank

exercise = Exercise(
    "11.11",
    "The step of the whole batch",
    minutes=20,
    difficulty=3,
    ranks=3,
    hints=[
        "One rank has 1 sample, another one has 9. How much does each of them count in a mean of "
        "means?",
        "Each sample's loss is to be divided by the number of all samples. Who knows that number?",
        "`DistributedDataParallel` gives the mean of the gradients over the ranks, and you need "
        "their sum. What can the loss be multiplied by?",
    ],
    may_change=["model.gradients"],
)


@exercise.reference
def step_of_all(model, optimizer, x, y):
    """Take one step on the mean loss over all samples of all ranks; returns that loss, a float.

    model: a DistributedDataParallel that gives scores. x: shape (n, 3). y: labels, shape (n,),
    int64; n may be another one on each rank, and 0 on some. The loss is cross-entropy.
    Gradients from before do not count. Each rank returns the same loss: the one before the step.
    """
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") / count
    optimizer.zero_grad()
    (loss * dist.get_world_size()).backward()
    optimizer.step()
    whole = loss.detach()
    dist.all_reduce(whole)
    return whole.item()


@exercise.cases
def _(rng):
    for sizes in ((2, 2), (1, 4, 2), (0, 3, 1), (rng.randint(5, 7), 0, 0)):
        model = seeded(rng, lambda: small_net(outputs=3))
        if sizes[0] == 1:
            seeded(rng, lambda model=model: with_gradients(model))
        momentum = 0.5 if sizes[0] == 1 else 0
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=momentum)
        samples = sum(sizes)
        x = seeded(rng, lambda samples=samples: torch.randn(samples, 3))
        y = torch.tensor([rng.randrange(3) for _ in range(samples)])
        yield model, optimizer, ByRank(x.split(list(sizes))), ByRank(y.split(list(sizes)))


@exercise.observe
def _(answer, model, optimizer, x, y):
    loss = answer(DistributedDataParallel(model), optimizer, x, y)
    return {"loss": loss, "parameters afterwards": list(model.parameters())}


def stepped(model, optimizer, loss):
    """The loss as a float, after a step on it."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@exercise.mistake(
    "Yours is right where all ranks have as many samples. Elsewhere a sample counts more on a rank "
    "with few of them: it is a mean of means."
)
def mean_of_means(model, optimizer, x, y):
    loss = torch.tensor(stepped(model, optimizer, F.cross_entropy(model(x), y)))
    dist.all_reduce(loss)
    return loss.item() / dist.get_world_size()


@exercise.mistake(same_as=mean_of_means)
def empty_ones_count_as_zero(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y, reduction="sum") / max(len(y), 1)
    loss = torch.tensor(stepped(model, optimizer, loss))
    dist.all_reduce(loss)
    return loss.item() / dist.get_world_size()


@exercise.mistake(same_as=mean_of_means)
def averages_by_ranks_with_samples(model, optimizer, x, y):
    ranks = torch.tensor(float(len(y) > 0))
    dist.all_reduce(ranks)
    loss = F.cross_entropy(model(x), y, reduction="sum") / max(len(y), 1)
    loss = loss * dist.get_world_size() / ranks
    loss = torch.tensor(stepped(model, optimizer, loss))
    dist.all_reduce(loss)
    return loss.item() / dist.get_world_size()


@exercise.mistake(
    "Each rank gives back the loss of its own samples. The loss of all of them is to be the same "
    "number everywhere."
)
def own_loss(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    losses = F.cross_entropy(model(x), y, reduction="sum")
    stepped(model, optimizer, losses * dist.get_world_size() / count)
    return losses.item() / max(len(y), 1)


@exercise.mistake(same_as=own_loss)
def plain_step(model, optimizer, x, y):
    return stepped(model, optimizer, F.cross_entropy(model(x), y))


@exercise.mistake(
    "The loss you give back is right. Your step is too short: DistributedDataParallel has divided "
    "once more than you think."
)
def step_too_short(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") / count
    loss = torch.tensor(stepped(model, optimizer, loss))
    dist.all_reduce(loss)
    return loss.item()


@exercise.mistake(
    "Your step grows with the number of samples: losses are added up, and nobody divides them by "
    "how many there are."
)
def step_of_the_sum(model, optimizer, x, y):
    count = torch.tensor(float(len(y)))
    dist.all_reduce(count)
    losses = F.cross_entropy(model(x), y, reduction="sum")
    losses = torch.tensor(stepped(model, optimizer, losses))
    dist.all_reduce(losses)
    return losses.item() / count.item()


@exercise.mistake(same_as=step_of_the_sum)
def sum_over_all_ranks(model, optimizer, x, y):
    count = torch.tensor(float(len(y)))
    dist.all_reduce(count)
    losses = F.cross_entropy(model(x), y, reduction="sum")
    stepped(model, optimizer, losses * dist.get_world_size())
    losses = losses.detach()
    dist.all_reduce(losses)
    return losses.item() / count.item()


@exercise.mistake(
    "There is NaN in yours: a mean over no samples is 0 / 0. A rank without samples has no mean of "
    "its own."
)
def weighted_mean(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y) * len(y) / count
    stepped(model, optimizer, loss * dist.get_world_size())
    loss = loss.detach()
    dist.all_reduce(loss)
    return loss.item()


@exercise.mistake(
    "A rank without samples went its own way, and the others wait for it. Each rank has to call "
    "the model and backward as often as the others."
)
def nothing_to_do(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    whole = torch.tensor(0.0)
    if len(y):
        loss = F.cross_entropy(model(x), y, reduction="sum") / count
        whole += stepped(model, optimizer, loss * dist.get_world_size()) / dist.get_world_size()
    dist.all_reduce(whole)
    return whole.item()


@exercise.mistake(
    "The number of ranks is not always the one you think of. Yours is right for another number."
)
def two_ranks_only(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") / count
    whole = torch.tensor(stepped(model, optimizer, loss * 2) / 2)
    dist.all_reduce(whole)
    return whole.item()


@exercise.mistake(
    "The step is right. The number you give back is too large by a factor that only the step needs."
)
def loss_with_the_factor(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") * dist.get_world_size() / count
    whole = torch.tensor(stepped(model, optimizer, loss))
    dist.all_reduce(whole)
    return whole.item()


@exercise.mistake("Gradients of a step before are in yours: backward adds to what it finds.")
def adds_to_old_gradients(model, optimizer, x, y):
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    loss = F.cross_entropy(model(x), y, reduction="sum") / count
    (loss * dist.get_world_size()).backward()
    optimizer.step()
    whole = loss.detach()
    dist.all_reduce(whole)
    return whole.item()


@exercise.mistake(
    "The loss you give back is that of the model after the step. Asked for is the one before it."
)
def loss_after_the_step(model, optimizer, x, y):
    step_of_all(model, optimizer, x, y)
    count = torch.tensor(len(y))
    dist.all_reduce(count)
    with torch.no_grad():
        losses = F.cross_entropy(model(x), y, reduction="sum")
    dist.all_reduce(losses)
    return (losses / count).item()


@exercise.right
def weighted_if_there_are_any(model, optimizer, x, y):
    counts = [None] * dist.get_world_size()
    dist.all_gather_object(counts, len(y))
    scores = model(x)
    loss = F.cross_entropy(scores, y) if len(y) else scores.sum()
    weight = len(y) / sum(counts)
    optimizer.zero_grad()
    (loss * weight * len(counts)).backward()
    optimizer.step()
    parts = [None] * len(counts)
    dist.all_gather_object(parts, loss.item() * weight)
    return sum(parts)


@exercise.right
def one_message_for_two_numbers(model, optimizer, x, y):
    optimizer.zero_grad()
    log_probabilities = model(x).log_softmax(dim=1)
    losses = -log_probabilities[torch.arange(len(y)), y].sum()
    both = torch.tensor([losses.item(), len(y)], dtype=torch.float64)
    dist.all_reduce(both)
    total, count = both.tolist()
    losses.mul(dist.get_world_size() / count).backward()
    optimizer.step()
    return total / count


@exercise.right
def mended_after_backward(model, optimizer, x, y):
    optimizer.zero_grad(set_to_none=False)
    losses = F.cross_entropy(model(x), y, reduction="none").sum()
    losses.backward()
    count, total = torch.tensor(len(y)), losses.detach().clone()
    dist.all_reduce(count)
    dist.all_reduce(total)
    for parameter in model.parameters():
        parameter.grad *= dist.get_world_size() / count
    optimizer.step()
    return float(total / count)


@exercise.right
def averages_by_hand(model, optimizer, x, y):
    count = torch.tensor([len(y)])
    dist.all_reduce(count, op=dist.ReduceOp.SUM)
    optimizer.zero_grad()
    loss = F.cross_entropy(model.module(x), y, reduction="sum").div(count.item())
    loss.backward()
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad)
    optimizer.step()
    whole = loss.detach()
    dist.reduce(whole, dst=0)
    dist.broadcast(whole, src=0)
    return whole.item()
