"""A guess counts as right if the right class is among its `k` best. How many are right?"""

import torch

from course_utils.exercise import Exercise
from course_utils.promises import promised

exercise = Exercise(
    "02.7",
    "Top-k accuracy",
    minutes=12,
    difficulty=2,
    hints=[
        "`topk` gives two tensors. Which of the two can be compared with class numbers?",
        "The best classes have shape (N, k), the targets (N,). What do they broadcast to, and what "
        "do you want?",
        "A sample is right once or not at all: how many values are to be averaged?",
    ],
)


@exercise.reference
def top_k_accuracy(logits, target, k):
    """The share of samples whose right class is one of the k classes with the largest logits.

    logits: scores, shape (N, C), any float dtype, any strides; within a row all differ. target:
    int64, shape (N,), from 0 to C - 1. N may be 1. k: an int from 1 to C. Returns a float, from 0
    to 1.
    """
    best = logits.topk(k, dim=1).indices
    hits = (best == target.unsqueeze(1)).any(dim=1)
    return hits.float().mean().item()


def targets_for(rng, logits):
    """A random class for each sample."""
    samples, classes = logits.shape
    return torch.tensor([rng.randrange(classes) for _ in range(samples)])


@exercise.cases
def _(rng):
    logits = torch.tensor([[1.0, 3.0, 2.0], [9.0, 7.0, 8.0]])
    yield logits, torch.tensor([1, 1]), 1
    yield logits, torch.tensor([2, 1]), 2
    yield logits, torch.tensor([0, 1]), 3
    yield logits, torch.tensor([0, 1]), 1
    yield logits[:1], torch.tensor([2]), 2
    yield torch.tensor([[2.0], [-1.0]]), torch.tensor([0, 0]), 1
    third = torch.tensor([[1.0, 3.0], [9.0, 7.0], [4.0, 5.0]])
    for dtype in (torch.float32, torch.float16):
        yield third.to(dtype), torch.tensor([0, 1, 1]), 1
    far = torch.tensor([150.0, 0.0, 500.0, 300.0])
    swapped = torch.stack([far, far[[1, 0, 2, 3]], far[[1, 3, 2, 0]]])
    yield swapped, torch.tensor([0, 1, 3]), 3
    yield swapped, torch.tensor([1, 0, 0]), 3
    near = 1 + torch.tensor([[1, 2, 3], [2, 3, 1], [3, 1, 2]], dtype=torch.float64) * 1e-12
    yield near, torch.tensor([1, 2, 0]), 1
    yield near, torch.tensor([2, 1, 0]), 1
    for x in promised(rng, "any float dtype", "any strides", "negative too", shape=(3, 5)):
        yield x, targets_for(rng, x), rng.randint(2, 3)
    for x in promised(rng, "any strides", shape=(4, 4)):
        yield x, targets_for(rng, x), 4
        yield x, targets_for(rng, x), 2
    for x in promised(rng, "any strides", shape=(7, 6)):
        yield x, targets_for(rng, torch.cat([x, x]))[::2], rng.randint(1, 5)


@exercise.mistake(
    "Classes are numbers of columns. Yours compares them with the logits themselves, and hits "
    "nothing, or by chance."
)
def compares_values(logits, target, k):
    best = logits.topk(k, dim=1).values
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake(
    "Each target is compared with the best classes of all samples, or of others. What in yours "
    "says which row of the best belongs to which target?"
)
def target_without_a_dimension(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target).any(dim=1).float().mean().item()


@exercise.mistake(same_as=target_without_a_dimension)
def best_turned_and_target_not(logits, target, k):
    best = logits.topk(k, dim=1).indices
    hits = best == target.expand(k, -1).reshape(-1, k)
    return hits.any(dim=1).float().mean().item()


@exercise.mistake(same_as=target_without_a_dimension)
def anywhere_in_the_batch(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return sum(int(c in best) for c in target) / len(target)


@exercise.mistake(
    "A sample is right once or not at all. Of its k guesses one can hit at most, and yours "
    "averages over all of them."
)
def mean_over_all_guesses(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).float().mean().item()


@exercise.mistake("Yours takes the smallest logits for the best.")
def the_smallest(logits, target, k):
    best = logits.argsort(dim=1)[:, :k]
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake(
    "Within each sample its classes compete with each other: not the samples for a class, nor all "
    "with all. Along which dimension is the best looked for?"
)
def best_sample_of_a_class(logits, target, k):
    best = logits.topk(min(k, len(logits)), dim=0).indices
    return (best == target.unsqueeze(0)[..., :1]).any(dim=0).float().mean().item()


@exercise.mistake(same_as=best_sample_of_a_class)
def softmax_over_the_samples(logits, target, k):
    best = logits.float().softmax(dim=0).topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake("That is how many samples are right. Which share of all is it?")
def how_many(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return float((best == target.unsqueeze(1)).sum())


@exercise.mistake("From 0 to 1 is asked for, not percent.")
def percent(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return 100 * (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake("The number is right and still in a tensor. A float is asked for.")
def as_a_tensor(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).float().mean()


@exercise.mistake("Yours looks at one guess. All of the k best count.")
def the_kth_only(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best[:, -1] == target).float().mean().item()


@exercise.mistake(same_as=the_kth_only)
def the_best_only(logits, target, k):
    return (logits.argmax(dim=1) == target).float().mean().item()


@exercise.mistake("How many guesses count in yours: k of them, or one more, or one less?")
def one_too_few(logits, target, k):
    own = logits[torch.arange(len(logits)), target]
    kth = logits.topk(k, dim=1).values[:, -1]
    return (own > kth).float().mean().item()


@exercise.mistake(same_as=one_too_few)
def one_too_many(logits, target, k):
    own = logits.gather(1, target.unsqueeze(1))
    larger = (logits > own).sum(dim=1)
    return (larger <= k).float().mean().item()


@exercise.mistake(
    "What sorting gives at place c is the class that came in at place c. You read it as the place "
    "of class c: that is the other way round."
)
def order_for_rank(logits, target, k):
    order = logits.argsort(dim=1, descending=True)
    place = order[torch.arange(len(logits)), target]
    return (place < k).float().mean().item()


@exercise.mistake(
    "Right is counted once for each sample; what you divide by has to be the number of samples."
)
def divided_by_k(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).sum().item() / k


@exercise.mistake(same_as=divided_by_k)
def divided_by_the_classes(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).sum().item() / logits.shape[1]


@exercise.mistake(
    "The numbers are there; to look at them as one row without a copy is not possible, for they do "
    "not lie in order. That is about memory, not about the hits."
)
def views_what_was_turned(logits, target, k):
    best = logits.topk(k, dim=1).indices.t()
    hits = best.eq(target.view(1, -1).expand_as(best))
    return hits[:k].view(-1).float().sum().item() / len(target)


@exercise.mistake(
    "A share of 1/3 has become a little more, or less: it was worked out in a dtype of few digits, "
    "or rounded."
)
def mean_in_the_dtype_of_the_logits(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).to(logits.dtype).mean().item()


@exercise.mistake(same_as=mean_in_the_dtype_of_the_logits)
def two_digits(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return round((best == target.unsqueeze(1)).any(dim=1).float().mean().item(), 2)


@exercise.mistake(
    "Logits that differ have become equal, and their order is lost: too small, or too near each "
    "other for the dtype that yours turns them into. Does it take other numbers to see who is "
    "largest?"
)
def softmax_first(logits, target, k):
    best = logits.softmax(dim=1).topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake(same_as=softmax_first)
def rank_of_a_probability(logits, target, k):
    shares = logits.softmax(dim=1)
    own = shares.gather(1, target.unsqueeze(1))
    return ((shares > own).sum(dim=1) < k).float().mean().item()


@exercise.mistake(same_as=softmax_first)
def in_single_precision(logits, target, k):
    best = logits.float().topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake(
    "One right sample is enough in yours, or all have to be right: a share lies between the two."
)
def any_of_all(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return float((best == target.unsqueeze(1)).any())


@exercise.mistake(same_as=best_sample_of_a_class)
def best_of_each_column(logits, target, k):
    best = logits.topk(k, dim=0).indices
    return (best == target[:k].unsqueeze(1)).any(dim=0).float().mean().item()


@exercise.mistake(same_as=best_sample_of_a_class)
def best_of_all(logits, target, k):
    best = logits.flatten().topk(k).indices
    return torch.isin(target, best).float().mean().item()


@exercise.mistake(
    "A sample is right if one of its own guesses hits. Yours asks of each guess whether it hits "
    "for any sample: over which dimension is that?"
)
def any_sample_of_a_guess(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=0).float().mean().item()


@exercise.mistake(
    "The best values and their places come together, in one tuple. A tuple is equal to no tensor: "
    "the comparison is one False."
)
def compares_the_pair(logits, target, k):
    best = logits.topk(k, dim=1)
    return (best == target.unsqueeze(1)).any(dim=1).float().mean().item()


@exercise.mistake("torch takes no mean of True and False. What can they become first?")
def mean_of_truth_values(logits, target, k):
    best = logits.topk(k, dim=1).indices
    return (best == target.unsqueeze(1)).any(dim=1).mean().item()


@exercise.right
def by_rank(logits, target, k):
    own = logits.gather(1, target[:, None])
    better = (logits > own).sum(1)
    return float((better < k).double().mean())


@exercise.right
def by_the_kth_value(logits, target, k):
    kth = logits.sort(dim=1, descending=True).values[:, k - 1]
    own = logits[torch.arange(len(target)), target]
    return (own >= kth).sum().item() / len(target)


@exercise.right
def sample_by_sample(logits, target, k):
    right = 0
    for row, label in zip(logits, target, strict=True):
        if label in row.topk(k).indices:
            right += 1
    return right / len(logits)


@exercise.right
def with_a_table_of_hits(logits, target, k):
    _, best = torch.topk(logits, k)
    marked = torch.zeros(logits.shape).scatter_(1, best, 1.0)
    return marked[range(len(target)), target].mean().item()


@exercise.right
def sums_of_hits(logits, target, k):
    best = logits.argsort(1)[:, -k:]
    hits = best.eq(target.view(-1, 1))
    return hits.sum().div(target.numel()).item()


exercise.equivalent(
    "best = logits.topk(k, dim=1).indices",
    "best = logits.topk(k).indices",
    because="The last dimension is the default, and logits has two.",
)


exercise.equivalent(
    "return hits.float().mean().item()",
    "return hits.double().mean().item()",
    because="A share is the same in both, to the digits that are compared.",
)


exercise.equivalent(
    "kth = logits.sort(dim=1, descending=True).values[:, k - 1]",
    "kth = logits.sort(descending=True).values[:, k - 1]",
    because="The last dimension is the default, and logits has two.",
)


exercise.equivalent(
    "marked = torch.zeros(logits.shape).scatter_(1, best, 1.0)",
    "marked = torch.zeros(logits.shape).scatter(1, best, 1.0)",
    because="The zeros have no other name: nobody sees whether they change.",
)


exercise.equivalent(
    "best = logits.argsort(1)[:, -k:]",
    "best = logits.argsort()[:, -k:]",
    because="The last dimension is the default, and logits has two.",
)


exercise.equivalent(
    "hits = best.eq(target.view(-1, 1))",
    "hits = best.eq_(target.view(-1, 1))",
    because="best was made here, and what is written into it are zeros and ones of the same sum.",
)
