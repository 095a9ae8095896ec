# %% [markdown]
# A batch may be too large for one process, or an epoch too long to wait for. Then several
# processes share the work. Each has the whole model and a part of the data, and they talk to each
# other.
#
# Most of what goes wrong here raises no error. A rank trains on the wrong samples, or alone, or
# waits in vain. So this lesson often asks you what will happen. It needs no GPU: two small
# processes on your own machine do what eight large ones do elsewhere.

# %%
import torch
import torch.distributed as dist
from torch import nn

from course_utils import figures, predict
from course_utils.ranks import ByRank, run_on_ranks

# %% [markdown]
# ## Two processes
#
# A **process** is a program that runs, with memory of its own. Processes that work together form a
# **group**. Each has a number in it, its **rank**, counted from 0. How many there are is the
# **world size**. All of them run the *same* code; only the rank differs.


# %%
def who():
    print("I am", dist.get_rank(), "of", dist.get_world_size())
    return 10 * dist.get_rank()


run_on_ranks(who)

# %% [markdown]
# `run_on_ranks` belongs to this course. It starts two new processes, joins them to a group, runs
# the function in each, and ends them. It prints what they printed, and gives back a list: what
# each rank's call gave. (On Linux a process starts in a moment. On macOS and Windows it begins
# from nothing and imports torch anew, which takes seconds. The same cells run there, more slowly.)
#
# **Predict 11.p1.** `put(seen)` appends the rank to the list `seen` and gives it back. It runs on
# ranks 0 and 1 with an empty list of this notebook. What is in the notebook's list afterwards?


# %%
def put(seen):
    seen.append(dist.get_rank())
    return seen


# %%
guess = ...


def what_is_left():
    seen = []
    run_on_ranks(put, seen)
    return seen


predict("11.p1", guess, what_is_left)

# %% [markdown]
# Arguments are copied to each rank, and results are copied back. Nothing is shared.

# %%
run_on_ranks(put, [7])

# %% [markdown]
# And what about variables of the notebook?
#
# **Predict 11.p2.** `rates` is a tensor of this notebook, and `rate_of_rank` uses it. What does
# `run_on_ranks(rate_of_rank)` give? Write a list, or `'error'`.

# %%
rates = torch.tensor([0.25, 0.5])  # (2,)


def rate_of_rank():
    return rates[dist.get_rank()].item()


# %%
guess = ...
predict("11.p2", guess, lambda: run_on_ranks(rate_of_rank))

# %% [markdown]
# A process that begins from nothing cannot see into a notebook. It can import a file. So
# `run_on_ranks` writes the function into a file first, with its imports and with the functions that
# it calls. This is that file for `who`:

# %%
from course_utils.rank_files import file_of

print(file_of(who))

# %% [markdown]
# Python's own `multiprocessing` has the same limit: where it starts processes from nothing, a
# function of a notebook is not found there. Write such functions into a `.py` file and import
# them. (On Linux, Python can also copy the whole process of the notebook. Code that relies on it
# fails elsewhere, so `run_on_ranks` uses a file on every system.)
#
# Data goes in as arguments. `ByRank` gives each rank its own:


# %%
def double(rate):
    return 2 * rate.item()


run_on_ranks(double, ByRank((rates[0], rates[1])))

# %% [markdown]
# ## Collectives: who holds what
#
# Ranks talk in **collectives**: calls that *every* rank of the group makes. The library that
# carries the numbers is called the backend. Here it is gloo, which needs no GPU; on GPUs it is
# mostly NCCL. `broadcast` copies the tensor of one rank, `src`, into the tensors of all the others.
# It writes in place.

# %%
mine = ByRank((torch.tensor([1.0, 2.0]), torch.tensor([10.0, 20.0])))  # (2,) on each rank


def take_from_0(x):
    dist.broadcast(x, src=0)
    return x


run_on_ranks(take_from_0, mine)

# %% [markdown]
# **Predict 11.p3.** After the broadcast, rank 0 adds 5 to its tensor. Rank 1 does nothing. What
# does rank 1 hold? Write a list.


# %%
def take_then_add(x):
    dist.broadcast(x, src=0)
    if dist.get_rank() == 0:
        x += 5
    return x.tolist()


# %%
guess = ...
predict("11.p3", guess, lambda: run_on_ranks(take_then_add, mine)[1])

# %% [markdown]
# The other direction is `reduce`: the tensors of all ranks become one. `all_reduce` does it, and
# leaves the result on every rank.
#
# **Predict 11.p4.** Rank 0 holds `[1, 2]`, rank 1 holds `[10, 20]`, and both call
# `dist.all_reduce(x)`. What does `x` hold on rank 0? Write a list.


# %%
def reduce_all(x):
    dist.all_reduce(x)
    return x.tolist()


# %%
guess = ...
predict("11.p4", guess, lambda: run_on_ranks(reduce_all, mine)[0])

# %% [markdown]
# For the mean, divide by the world size. `op=dist.ReduceOp.MAX` takes the largest, element by
# element. (There is an `AVG`, too, but not with gloo on every version.)
#
# **Predict 11.p5.** A colleague writes `total = dist.all_reduce(x)`. What is `total` on rank 0?


# %%
def keep_total(x):
    total = dist.all_reduce(x)
    return x.tolist(), total


# %%
guess = ...
predict("11.p5", guess, lambda: run_on_ranks(keep_total, mine)[0][1])

# %% [markdown]
# Collectives write into what you give them. If you still need your own numbers, `clone` first.
# `all_gather` keeps the ranks apart: every rank gets a list with the tensor of each rank. It fills
# a list that you make, of tensors of the same shape and dtype.


# %%
def gather(x):
    every = [torch.empty_like(x) for _ in range(dist.get_world_size())]
    dist.all_gather(every, x)
    return every


run_on_ranks(gather, mine)

# %% [markdown]
# The picture shows four collectives. A colour says whose number it is; numbers of both ranks
# together have a third one. After `reduce`, only the rank `dst` may use its tensor: what the other
# one holds is not defined.


# %%
def reduce_to_0(x):
    dist.reduce(x, dst=0)
    return x if dist.get_rank() == 0 else None


after = {
    "broadcast(x, src=0)": run_on_ranks(take_from_0, mine),
    "reduce(x, dst=0)": run_on_ranks(reduce_to_0, mine),
    "all_reduce(x)": run_on_ranks(reduce_all, mine),
    "all_gather(every, x)": run_on_ranks(gather, mine),
}
figures.collectives(mine, after)

# %% [markdown]
# `barrier` moves no numbers at all: each rank waits there until all have come. And for things that
# are no tensors, such as a dict or a path, there are `broadcast_object_list` and
# `all_gather_object`. They turn each object into bytes (with Python's `pickle`), and are slow.


# %%
def names():
    every = [None, None]
    dist.all_gather_object(every, {"rank": dist.get_rank()})
    return every


run_on_ranks(names)[0]

# %% [markdown]
# How does torch know which call of one rank belongs to which call of the other?
#
# **Predict 11.p6.** Each rank has a loss of 0.5 and a count of 8. Rank 0 reduces the loss first
# and then the count. Rank 1 reduces the count first. What is the `loss` of rank 0 afterwards?
# Write a number, or `'error'`.


# %%
def two_sums():
    loss, count = torch.tensor(0.5), torch.tensor(8.0)
    for x in (loss, count) if dist.get_rank() == 0 else (count, loss):
        dist.all_reduce(x)
    return loss.item()


# %%
guess = ...
predict("11.p6", guess, lambda: run_on_ranks(two_sums)[0])

# %% [markdown]
# Only their order counts: the first call of one rank meets the first call of the other. Where
# shapes or dtypes differ between ranks, you may get an error, a wait, or wrong numbers. So there is
# one rule for all of this lesson: **every rank calls the same collectives, in the same order, with
# the same shapes and dtypes.**

# %% [markdown]
# ## A rank that fails, a rank that waits
#
# Here rank 1 finds no data and raises. Look at rank 0 as well: it stands in `all_reduce` and waits
# for a rank that is gone.

# %%
from course_utils.ranks import RanksFailed


def count_samples(samples):
    if len(samples) == 0:
        raise ValueError("no samples")
    dist.all_reduce(torch.tensor(len(samples)))


# %%
def try_on_ranks(function, *args):
    try:
        return run_on_ranks(function, *args)
    except RanksFailed as failed:
        print(failed)


try_on_ranks(count_samples, ByRank(([1, 2], [])))

# %% [markdown]
# gloo itself would say more: its errors have addresses and ports in them, and rank 0 would
# complain about a lost connection. In such a log, look for the *first* error that is not about a
# connection.
#
# Next, only one rank is to print, so the line stands under an `if`.
#
# **Predict 11.p7.** The losses are 2 and 4. What is printed? Write a number, or `'error'`.


# %%
def mean_loss(loss):
    dist.all_reduce(loss)
    return loss.item() / dist.get_world_size()


def print_once(loss):
    if dist.get_rank() == 0:
        print(mean_loss(loss))


# %%
guess = ...
losses = ByRank((torch.tensor(2.0), torch.tensor(4.0)))
predict("11.p7", guess, lambda: run_on_ranks(print_once, losses))

# %%
try_on_ranks(print_once, losses)

# %% [markdown]
# Many people meet this bug first. The collective is inside a function, and you cannot see it where
# the `if` stands. First call it on all ranks, then print on one.
#
# In this course, a rank that waits for what never comes is ended after some seconds at most, with
# a sentence like this. Torch has more patience: a group has a timeout.
#
# **Predict 11.p8.** If you set no timeout, for how many minutes does a rank wait with gloo?

# %%
guess = ...
patience = dist.distributed_c10d.default_pg_timeout
predict("11.p8", guess, lambda: patience.total_seconds() / 60)

# %% [markdown]
# So a forgotten collective often looks like this: the job stands still for half an hour, and then
# an error says `Timed out waiting`. (If the process of the other rank has already ended, gloo
# notices at once, and the error is about a lost connection.) In a script of your own,
# `init_process_group` makes the group. While you look for bugs, give it
# `timeout=timedelta(seconds=20)`.

# %% [markdown]
# ## Averaging gradients by hand
#
# Now to training. The model is one weight, which is 1. For an input x the loss is (x times weight)
# squared, so its gradient is 2x². Rank 0 has an x of 1 and gradient 2. Rank 1 has an x of 3 and
# gradient 18.

# %%
inputs = ByRank((torch.tensor([[1.0]]), torch.tensor([[3.0]])))  # (1, 1) on each rank


def one_weight(start=1.0):
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, start)
    return model


# %% [markdown]
# **Predict 11.p9.** Both ranks are in one group, and both take the step below, with a learning
# rate of 0.1. What is the weight on rank 0 and on rank 1? Write a list.


# %%
def step_alone(x):
    model = one_weight()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(x).square().mean().backward()
    optimizer.step()
    return model.weight.item()


# %%
guess = ...
predict("11.p9", guess, lambda: run_on_ranks(step_alone, inputs))

# %% [markdown]
# A group changes nothing by itself: these are two trainings that know nothing of each other. What
# they have to agree on is the gradient. Between `backward` and `step`, replace each gradient by
# its mean over ranks:


# %%
def average_gradients(model):
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad)
        parameter.grad /= dist.get_world_size()


def step_together(x, start=1.0):
    model = one_weight(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(20):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        average_gradients(model)
        optimizer.step()
    return round(model.weight.item(), 4)


# %%
run_on_ranks(step_together, inputs)

# %% [markdown]
# Twenty steps, the same weight. (Where a parameter has no gradient on one of the ranks, its `grad`
# is `None`. Then this loop raises on that rank, and the other one waits. See exercise 11.3.)
#
# **Predict 11.p10.** The same twenty steps, but rank 0 starts with a weight of 1 and rank 1 with a
# weight of 2. That happens without a common seed. How far apart are the two weights in the end?

# %%
guess = ...
starts = ByRank((1.0, 2.0))


def distance():
    first, second = run_on_ranks(step_together, inputs, starts)
    return second - first


predict("11.p10", guess, distance)

# %% [markdown]
# Equal gradients move both weights by the same amount. What was different at the start stays
# different. So before the first step, all ranks take the parameters of rank 0, and its
# buffers as well: a `broadcast` for each of them.
#
# After an equal start, two ranks with half of a batch each do what one process does with the whole
# batch. A mean over eight samples is the mean of two means over four. We test it: a net, five
# steps, on one rank and on two.


# %%
def five_steps(x, y):
    torch.manual_seed(0)  # the same start on each rank
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.mse_loss(net(x), y).backward()
        average_gradients(net)
        optimizer.step()
    return net[0].weight.detach()


# %%
torch.manual_seed(1)
x, y = torch.randn(8, 3), torch.randn(8, 1)  # (8, 3), (8, 1)
[one_process] = run_on_ranks(five_steps, x, y, ranks=1)  # (4, 3)
two_ranks = run_on_ranks(five_steps, ByRank((x[:4], x[4:])), ByRank((y[:4], y[4:])))
torch.equal(*two_ranks), torch.allclose(one_process, two_ranks[0], atol=1e-6)

# %% [markdown]
# The two ranks hold the same weights, bit for bit: both got the same sums. Compared with one
# process, they are close, to about six digits. Floats were added in another order, and that
# changes the last digits a little. Compare with `allclose`, not with `equal`.

# %% [markdown]
# ## `DistributedDataParallel`
#
# `DistributedDataParallel`, **DDP** for short, wraps a model. You use the wrapper like the model,
# and `backward` then also averages the gradients over the ranks.
#
# **Predict 11.p11.** Each rank seeds with its own number, makes a layer, and wraps it. Do both
# ranks hold the same weight then? Write `True` or `False`.

# %%
from torch.nn.parallel import DistributedDataParallel as DDP


def start_with_ddp():
    torch.manual_seed(dist.get_rank())
    return DDP(nn.Linear(1, 1)).module.weight.item()


# %%
guess = ...


def same_start():
    first, second = run_on_ranks(start_with_ddp)
    return first == second


predict("11.p11", guess, same_start)

# %% [markdown]
# When it is made, DDP copies the parameters and buffers of rank 0 to all ranks. It also gives each
# parameter that requires a gradient a hook (lesson 05), which is called when the gradient is ready.
# DDP collects gradients in **buckets** of some megabytes. When a bucket is full, its `all_reduce`
# starts, while `backward` still computes the layers before. It can end only when this bucket is
# full on all ranks.

# %%
figures.ranks_in_a_step(
    {
        "rank 0": [("forward", 0, 3), ("backward", 3, 8), ("wait", 8, 11), ("step", 11, 12)],
        "rank 1": [("forward", 0, 4), ("backward", 4, 10), ("wait", 10, 11), ("step", 11, 12)],
    },
    messages=[("bucket 1", 6.2, 7.6), ("bucket 2", 8.2, 9.6), ("bucket 3", 10, 11)],
)

# %% [markdown]
# You see two things. The ranks send and compute at the same time, except for the last bucket. And
# the faster rank waits for the slower one, in every step. So one slow rank slows down all.
#
# **Predict 11.p12.** The inputs are 1 on rank 0 and 3 on rank 1, and the weight is 1, as above.
# The model is wrapped. After `backward`, what does `loss.item()` give on the two ranks? Write a
# list.


# %%
def ddp_backward(x):
    ddp = DDP(one_weight())
    loss = ddp(x).square().mean()
    loss.backward()
    return loss.item(), ddp.module.weight.grad.item()


# %%
guess = ...
predict("11.p12", guess, lambda: [loss for loss, _ in run_on_ranks(ddp_backward, inputs)])

# %%
run_on_ranks(ddp_backward, inputs)

# %% [markdown]
# The gradients are averaged, 10 on both ranks. The loss is each rank's own: to report it, reduce
# it yourself.
#
# The model itself is inside, as `.module`. Its own attributes are found only there:
# `ddp.module.weight`, not `ddp.weight`. Some people therefore call `ddp.module(x)`, too.
#
# **Predict 11.p13.** The loss is computed with `ddp.module(x)`. Gradients of the ranks' own losses
# are 2 and 18. What is the gradient on rank 0 after `backward`?


# %%
def backward_of_module(x):
    ddp = DDP(one_weight())
    ddp.module(x).square().mean().backward()
    return ddp.module.weight.grad.item()


# %%
guess = ...
predict("11.p13", guess, lambda: run_on_ranks(backward_of_module, inputs)[0])

# %% [markdown]
# DDP gets ready for `backward` in its own `forward`. Without that call each rank trains alone, and
# nothing is raised. For training, always call the wrapper.
#
# DDP waits for the gradient of *every* parameter that requires one. What if a layer is not used?
#
# **Predict 11.p14.** The model has two layers and uses one. Three times, `forward` and `backward`
# are tried. In which of the three does an error come? Write 1, 2, 3, or `'never'`.


# %%
class HalfUsed(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.idle = nn.Linear(1, 1), nn.Linear(1, 1)

    def forward(self, x):
        return self.used(x)


# %%
def steps_with_idle(search=False):
    ddp = DDP(HalfUsed(), find_unused_parameters=search)
    for step in (1, 2, 3):
        try:
            ddp(torch.ones(1, 1)).sum().backward()
        except RuntimeError as error:
            print(str(error).split(".")[0])
            return step
    return "never"


# %%
guess = ...
predict("11.p14", guess, lambda: run_on_ranks(steps_with_idle)[0])

# %%
run_on_ranks(steps_with_idle)

# %% [markdown]
# In the first step a gradient is missing, so the bucket never becomes full, and nothing is
# averaged. The second `forward` notices it. It is best not to have such layers, or to freeze them
# before wrapping (`requires_grad_(False)`, lesson 04). If it changes from batch to batch which
# layers are used, `find_unused_parameters=True` lets DDP look for them in each step. That costs
# time.

# %%
run_on_ranks(steps_with_idle, True)

# %% [markdown]
# ## Where two ranks are not one process
#
# Three cases, and in all of them nothing is raised. First: a loss that is a *sum*, as with
# `reduction="sum"`. One process with both inputs has the gradient 2 + 18 = 20.
#
# **Predict 11.p15.** Two ranks with DDP, one input each, the loss is a sum. What is the gradient?


# %%
def backward_of_sum(x):
    ddp = DDP(one_weight())
    ddp(x).square().sum().backward()
    return ddp.module.weight.grad.item()


# %%
guess = ...
predict("11.p15", guess, lambda: run_on_ranks(backward_of_sum, inputs)[0])

# %% [markdown]
# DDP divides by the world size, whatever the loss is. Where batches are of one size, a mean of
# means is the mean of all. A mean of sums is not the sum of all.
#
# Second: batches of different sizes. Rank 0 has three inputs of 1, rank 1 has one input of 3. One
# process with all four has the gradient (2 + 2 + 2 + 18) / 4 = 6.
#
# **Predict 11.p16.** The loss is a mean again. What is the gradient with two ranks?

# %%
guess = ...
unequal = ByRank((torch.ones(3, 1), torch.full((1, 1), 3.0)))
predict("11.p16", guess, lambda: run_on_ranks(ddp_backward, unequal)[0][1])

# %% [markdown]
# Each *rank* counts the same, not each sample: the one sample of rank 1 counts as much as the three
# of rank 0. This matters where sizes differ a lot, as with sequences or with masked tokens. So
# count the samples of all ranks, with `all_reduce`, and divide by the world size: here 4 / 2 = 2.
# Every rank divides the *sum* of its losses by that number. Then DDP's mean is right.


# %%
def backward_weighted(x):
    ddp, count = DDP(one_weight()), torch.tensor(float(len(x)))
    dist.all_reduce(count)
    (ddp(x).square().sum() / (count / dist.get_world_size())).backward()
    return ddp.module.weight.grad.item()


run_on_ranks(backward_weighted, unequal)

# %% [markdown]
# Third: layers that look at the whole batch. `BatchNorm` in training mode takes mean and variance
# of its batch. It also moves its `running_mean` towards that mean, by a tenth of the way.
#
# **Predict 11.p17.** Rank 0 sees only zeros, rank 1 only tens. One process with all of them would
# have a `running_mean` of 0.5 after one step. What do the two ranks have? Write a list.


# %%
def running_means(x, steps=1):
    ddp = DDP(nn.BatchNorm1d(1))
    for _ in range(steps):
        ddp(x)
    return round(ddp.module.running_mean.item(), 2)


# %%
guess = ...
halves = ByRank((torch.zeros(4, 1), torch.full((4, 1), 10.0)))
predict("11.p17", guess, lambda: run_on_ranks(running_means, halves))

# %% [markdown]
# DDP averages gradients, not buffers. In the `forward` of each step it first copies the buffers of
# rank 0 to the others. So what the other ranks saw is forgotten, and the model that you save has
# the statistics of rank 0 alone. With shuffled data and large batches that does little harm. With
# two samples on each rank it does: then `nn.SyncBatchNorm.convert_sync_batchnorm(model)` before DDP
# makes the layers compute over all ranks. It needs GPUs.

# %%
run_on_ranks(running_means, halves, 5)

# %% [markdown]
# ## Each rank its part of the data
#
# Lesson 06 tried `DistributedSampler` with ranks that were only numbers. In a group, it asks the
# group for rank and world size. It goes into the loader as `sampler=`.
#
# **Predict 11.p18.** Two ranks, 64 samples, `batch_size=8`. How many batches does each rank get in
# an epoch?

# %%
from torch.utils.data import DataLoader, DistributedSampler


def batches(count, size):
    data = torch.arange(count)
    loader = DataLoader(data, batch_size=size, sampler=DistributedSampler(data, shuffle=False))
    return [batch.tolist() for batch in loader]


# %%
guess = ...
predict("11.p18", guess, lambda: len(run_on_ranks(batches, 64, 8)[0]))

# %%
run_on_ranks(batches, 10, 2)

# %% [markdown]
# `batch_size` is the size on *one* rank. A step of the group sees `batch_size` times world size
# samples. `len(loader)` is the number on this rank.
#
# **Predict 11.p19.** Someone forgets the sampler: each rank has
# `DataLoader(data, batch_size=8, shuffle=True)`. How often does the group see each sample in one
# epoch?


# %%
def without_sampler():
    torch.manual_seed(dist.get_rank())
    loader = DataLoader(torch.arange(64), batch_size=8, shuffle=True)
    return torch.cat(list(loader)).tolist()


# %%
guess = ...


def times_seen():
    indices = torch.tensor(run_on_ranks(without_sampler))  # (ranks 2, 64)
    return torch.bincount(indices.flatten()).unique().item()


predict("11.p19", guess, times_seen)

# %% [markdown]
# Nothing is wrong with the loss, and nothing is gained: an epoch takes as long as with one
# process. To find out, compare `len(loader)` on one rank and on two: it must be about half.
#
# With `shuffle=True`, all ranks must shuffle alike, or their parts would overlap. So the sampler
# shuffles from its own seed, the same on all ranks, plus the number of the epoch. It does not know
# that number unless you tell it, with `sampler.set_epoch(epoch)`.


# %%
def indices_seen(tell, epochs=2):
    sampler = DistributedSampler(range(10), shuffle=True)
    seen = []
    for epoch in range(epochs):
        if tell:
            sampler.set_epoch(epoch)
        seen.append(list(sampler))
    return seen


figures.rank_epochs(
    {
        "without set_epoch": run_on_ranks(indices_seen, False),
        "with set_epoch": run_on_ranks(indices_seen, True),
    },
    count=10,
)

# %% [markdown]
# Without `set_epoch`, each rank sees the same five samples in the same order in every epoch, and
# never those of the other rank. The model still learns something, and no message tells you.
#
# Ten samples on three ranks cannot be shared evenly. The sampler repeats the first samples of its
# order, or leaves some out with `drop_last=True`. All ranks get the same number, so that no rank
# waits.

# %% [markdown]
# ## Metrics over ranks
#
# An accuracy is a number of right answers, divided by a number of samples. Each rank counts its
# own, and the sums are reduced.
#
# **Predict 11.p20.** A model is right on four of five samples, and wrong on sample 0. Two ranks
# take the samples with `DistributedSampler(..., shuffle=False)` and sum up. Which accuracy comes
# out?


# %%
def accuracy_of_all(right):
    mine = right[list(DistributedSampler(right, shuffle=False))]
    sums = torch.tensor([mine.sum().item(), len(mine)])  # (2,)
    dist.all_reduce(sums)
    return (sums[0] / sums[1]).item()


# %%
guess = ...
right = torch.tensor([0, 1, 1, 1, 1])  # (5,)
predict("11.p20", guess, lambda: run_on_ranks(accuracy_of_all, right)[0])

# %% [markdown]
# For training, a sample that comes twice does little harm. Here it does. For evaluation, share the
# samples without repeating: `range(rank, count, world_size)` gives the indices of one rank. Then
# ranks have unequal counts, so do not average what each rank computed.
#
# **Predict 11.p21.** Rank 0 is right on 3 of 4 samples, rank 1 on 0 of 1. What is the mean of the
# two ranks' accuracies? (Of all five samples, 0.6 are right.)


# %%
def mean_of_accuracies(right):
    accuracy = right.float().mean()
    dist.all_reduce(accuracy)
    return accuracy.item() / dist.get_world_size()


# %%
guess = ...
by_rank = ByRank((torch.tensor([1, 1, 1, 0]), torch.tensor([0])))
predict("11.p21", guess, lambda: run_on_ranks(mean_of_accuracies, by_rank)[0])

# %% [markdown]
# Reduce the sums and the counts, then divide once, as in lesson 10. It also works for a rank
# without samples, whose own accuracy would be 0 / 0. Some metrics that are no such sums, such as
# F1, are made from sums that are: true positives and so on. `torchmetrics` does that in
# `compute()`, over all ranks, if there is a group. So `compute()` is a collective: call it on every
# rank.
#
# Can one rank evaluate alone, while the others wait?
#
# **Predict 11.p22.** The model has a `BatchNorm` layer and is wrapped with DDP. It is in `eval`
# mode. Rank 0 calls it under `no_grad`, rank 1 does not. What is the output on rank 0? Write a
# number, or `'error'`.


# %%
def evaluate_on_0():
    ddp, output = DDP(nn.BatchNorm1d(1)).eval(), None
    if dist.get_rank() == 0:
        with torch.no_grad():
            output = ddp(torch.zeros(1, 1)).item()
    return output


# %%
guess = ...
predict("11.p22", guess, lambda: run_on_ranks(evaluate_on_0)[0])

# %%
try_on_ranks(evaluate_on_0)

# %% [markdown]
# The first `forward` of DDP copies the buffers of rank 0 to all, and that is a collective. So does
# the first one after each training step, in `eval` mode, too. Without buffers in the model it would
# have worked; the bug appears when someone adds a `BatchNorm`. To evaluate on one rank, call
# `ddp.module(x)`. Here this is right: no gradient is needed.

# %% [markdown]
# ## Save once, load everywhere
#
# All ranks hold the same weights. If each of them writes the same file, they write over each
# other, and a file may be broken. So rank 0 writes. The others must not read before it is ready: a
# `barrier` between writing and reading, called by all.
#
# **Predict 11.p23.** `torch.save(ddp.state_dict(), path)`. Then, without DDP,
# `nn.Linear(1, 1).load_state_dict(torch.load(path))`. What happens? Write `'loads'` or `'error'`.

# %%
guess = ...


def names_of(wrapped):
    ddp = DDP(nn.Linear(1, 1))
    return dict(ddp.state_dict() if wrapped else ddp.module.state_dict())


def load_without_ddp():
    nn.Linear(1, 1).load_state_dict(run_on_ranks(names_of, True)[0])
    return "loads"


predict("11.p23", guess, load_without_ddp)

# %%
[list(run_on_ranks(names_of, wrapped)[0]) for wrapped in (True, False)]

# %% [markdown]
# Every name begins with `module.`. With `strict=False` it is worse: nothing fits, nothing is
# loaded, and nothing is raised. Save `ddp.module.state_dict()`, and the file knows nothing of DDP.


# %%
def save_and_load(path):
    ddp = DDP(one_weight(1.0 + dist.get_rank()))
    if dist.get_rank() == 0:
        torch.save(ddp.module.state_dict(), path)
    dist.barrier()
    model = one_weight(0.0)
    model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return model.weight.item()


# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())  # a new, empty folder
run_on_ranks(save_and_load, str(folder / "model.pt"))

# %% [markdown]
# `map_location` matters with GPUs: without it, each rank would load onto the GPU from which rank 0
# saved. For files whose names already begin with `module.`, torch has
# `nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")`.

# %% [markdown]
# ## Fewer messages: `no_sync`
#
# Gradients add up (lesson 03): call `backward` for several small batches, then `step` once, and
# you have the step of a large batch. That is gradient accumulation. How often do ranks talk then?
# A communication hook of DDP is called in the place of each `all_reduce`. Ours counts, and then
# does what DDP would have done.

# %%
from torch.distributed.algorithms.ddp_comm_hooks.default_hooks import allreduce_hook


def counted(ddp):
    calls = []

    def hook(state, bucket):
        calls.append(bucket.index())
        return allreduce_hook(state, bucket)

    ddp.register_comm_hook(None, hook)
    return calls


# %% [markdown]
# **Predict 11.p24.** Four times `backward`, then one step. The model is small: one bucket. How
# often do the ranks talk?


# %%
def accumulate(x):
    ddp = DDP(one_weight())
    calls = counted(ddp)
    for _ in range(4):
        ddp(x).square().mean().backward()
    return len(calls)


# %%
guess = ...
predict("11.p24", guess, lambda: run_on_ranks(accumulate, inputs)[0])

# %% [markdown]
# Only the last of these is needed: the gradients add up on each rank, and their sum can be averaged
# once. Inside `with ddp.no_sync():` no gradients are sent. What was added up there is sent in the
# next `backward` outside.


# %%
from contextlib import nullcontext


def accumulate_quietly(x):
    ddp = DDP(one_weight())
    calls = counted(ddp)
    for number in range(4):
        with nullcontext() if number == 3 else ddp.no_sync():
            ddp(x).square().mean().backward()
    return len(calls), ddp.module.weight.grad.item()


run_on_ranks(accumulate_quietly, inputs)

# %% [markdown]
# One message, and the gradient is four times 10, the same on both ranks. (Divide each loss by
# four, and it is the mean.)
#
# **Predict 11.p25.** Now only `backward` stands inside `no_sync`. The model was called before it.
# How often do the ranks talk?


# %%
def only_backward_inside(x):
    ddp = DDP(one_weight())
    calls = counted(ddp)
    for number in range(4):
        loss = ddp(x).square().mean()
        with nullcontext() if number == 3 else ddp.no_sync():
            loss.backward()
    return len(calls)


# %%
guess = ...
predict("11.p25", guess, lambda: run_on_ranks(only_backward_inside, inputs)[0])

# %% [markdown]
# Whether a `backward` will send is decided in `forward`, as we saw with `ddp.module`. Both belong
# inside.

# %% [markdown]
# ## When one rank has more batches
#
# Without `DistributedSampler`, as with files of different lengths, ranks may have different numbers
# of batches. Here rank 0 has three, rank 1 has two. The loss is the output itself, so that the
# gradient is the input, 1.


# %%
def train_all(batches):
    ddp = DDP(one_weight())
    optimizer = torch.optim.SGD(ddp.parameters(), lr=0.1)
    for x in batches:
        optimizer.zero_grad()
        ddp(x).mean().backward()
        optimizer.step()
    return round(ddp.module.weight.item(), 3)


one = torch.ones(1, 1)  # (1, 1)
try_on_ranks(train_all, ByRank(([one, one, one], [one, one])))

# %% [markdown]
# One way out: all ranks agree on the smallest number of batches, by `all_reduce` with
# `ReduceOp.MIN`, and the rest is left out. Another: `with ddp.join():` around the loop. A rank
# that has no batch left then answers the collectives of the others, with zeros, until all are
# through.
#
# **Predict 11.p26.** Each gradient is 1, and the learning rate is 0.1. After two steps the weight
# is 0.8. In the third step only rank 0 has a batch. What is the weight after it?


# %%
def train_joined(batches):
    ddp = DDP(one_weight())
    optimizer = torch.optim.SGD(ddp.parameters(), lr=0.1)
    with ddp.join():
        for x in batches:
            optimizer.zero_grad()
            ddp(x).mean().backward()
            optimizer.step()
    return round(ddp.module.weight.item(), 3)


# %%
guess = ...
uneven = ByRank(([one, one, one], [one, one]))
predict("11.p26", guess, lambda: run_on_ranks(train_joined, uneven)[0])

# %%
run_on_ranks(train_joined, uneven)

# %% [markdown]
# The zeros count in the mean: (1 + 0) / 2. So late steps are smaller. In the end both ranks have
# the same weights. `join` answers DDP's own collectives only. An `all_reduce` of yours in the loop
# is not answered: when rank 1 has no batch left, it meets one of DDP's. You get an error, a wait,
# or wrong numbers.

# %% [markdown]
# ## Seeds on ranks
#
# Dropout, augmentation and the first weights are random. People write one `torch.manual_seed(0)`
# at the top of the script, and every rank runs it.
#
# **Predict 11.p27.** Both ranks call `torch.manual_seed(0)`, and then `nn.Dropout(0.5)` on eight
# ones. Are the same places zero on both ranks? Write `True` or `False`.


# %%
def dropped(own):
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    if own:
        torch.manual_seed(1 + dist.get_rank())
    return model.weight.item(), nn.Dropout(0.5)(torch.ones(8))


# %%
guess = ...


def same_dropout(own=False):
    (_, first), (_, second) = run_on_ranks(dropped, own)
    return torch.equal(first, second)


predict("11.p27", guess, same_dropout)

# %% [markdown]
# The same masks, the same flips of pictures, the same noise: two ranks then show less variety than
# one process would. Two seeds help. The first is the same everywhere: for the weights, and as
# `seed=` of the sampler. The second differs by rank: for dropout and augmentation.

# %%
(first, _), (second, _) = run_on_ranks(dropped, True)
first == second, same_dropout(own=True)

# %% [markdown]
# (The workers of a loader get their seeds from the loader's generator: torch's own, or the one that
# you gave it. They differ by rank only if that generator does.)

# %% [markdown]
# ## A script for `torchrun`
#
# Outside of this course, ranks are started by `torchrun`. It starts a script several times and
# tells each process in variables of the environment who it is: `RANK`, `WORLD_SIZE`, `LOCAL_RANK`
# (the number on this machine, and of its GPU), `MASTER_ADDR` and `MASTER_PORT` (where they meet).
# In the script, `dist.init_process_group("gloo")` reads all of them but `LOCAL_RANK`.
#
# **Predict 11.p28.** What does `dist.init_process_group("gloo")` do in this notebook? Write
# `'a group of one'` or `'error'`.

# %%
guess = ...


def group_here():
    dist.init_process_group("gloo")
    return "a group of one"


predict("11.p28", guess, group_here)

# %% [markdown]
# The same error comes when you start such a script with `python` in place of `torchrun`.
#
# Now the script. First a table of numbers for it, and the mean of a loss over ranks.

# %%
from torch.utils.data import TensorDataset


def lines(count):
    x = torch.linspace(-1, 1, count)[:, None]  # (count, 1)
    return TensorDataset(x, 3 * x + 1)


def mean_over_ranks(total, count):
    sums = torch.tensor([total, count])  # (2,)
    dist.all_reduce(sums)
    return (sums[0] / sums[1]).item()


# %% [markdown]
# One epoch of one rank: the five steps of lesson 10, and its own sum and count.


# %%
def one_epoch(ddp, optimizer, loader):
    total = count = 0.0
    for x, y in loader:
        loss = nn.functional.mse_loss(ddp(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
        count += len(x)
    return total, count


# %% [markdown]
# And all together. Look for each line that you have met in this lesson: why does it stand there,
# and which lines run on rank 0 only?


# %%
def main(path):
    torch.manual_seed(0)
    data = lines(64)
    sampler = DistributedSampler(data)
    loader = DataLoader(data, batch_size=8, sampler=sampler)
    ddp = DDP(nn.Linear(1, 1))
    optimizer = torch.optim.SGD(ddp.parameters(), lr=0.2)
    for epoch in range(4):
        sampler.set_epoch(epoch)
        loss = mean_over_ranks(*one_epoch(ddp, optimizer, loader))
        if dist.get_rank() == 0:
            print(f"epoch {epoch}: loss {loss:.3f}")
    if dist.get_rank() == 0:
        torch.save(ddp.module.state_dict(), path)


# %% [markdown]
# `file_of` writes the imports and these functions below each other. What is still missing are the
# lines that run when the file is started. Many scripts end with `dist.destroy_process_group()`.
# This one does not: its group ends with the process. With gloo in torch 2.3.1, one run in five
# waited for ever in that call, when the other rank had closed the group a moment before.

# %%
ending = """

if __name__ == "__main__":
    dist.init_process_group("gloo")
    main("model.pt")
"""
script = folder / "train.py"
script.write_text(file_of(main) + ending, encoding="utf-8")
print(script.read_text(encoding="utf-8"))

# %% [markdown]
# In a terminal you would go to its folder and write `torchrun --nproc-per-node=2 train.py`.
# `run_script` does that for this notebook, with torchrun itself, and ends all processes that it
# started. It takes some seconds: each process imports torch.

# %%
from course_utils.ranks import run_script

run_script(script)
torch.load(folder / "model.pt", weights_only=True)["weight"].shape

# %% [markdown]
# For GPUs, few lines change. With `local_rank = int(os.environ["LOCAL_RANK"])`,
# `torch.cuda.set_device(local_rank)` comes first. The backend is `"nccl"`, and it is
# `DDP(model, device_ids=[local_rank])`. The model, the batches and all that a collective gets (here
# `sums`) go to that device.
#
# For several machines, `torchrun` is started on each, with `--nnodes`, `--rdzv-backend=c10d` and
# the same `--rdzv-endpoint`: the address of one of them, with a port.

# %% [markdown]
# ## The learning rate when the batch grows
#
# A model of one weight, whose best value is 0, starts at 1. There are 16 samples and
# `batch_size=1`. One process takes 16 steps in an epoch, with a learning rate of 0.05.
#
# **Predict 11.p29.** Two ranks, the same `batch_size` and the same rate. After one epoch, is the
# weight nearer to 0 than with one process, as near, or farther away? Write `'nearer'`, `'same'` or
# `'farther'`.

# %%
guess = ...


def weight_after_epoch(lr, samples=16):
    ddp = DDP(one_weight())
    optimizer = torch.optim.SGD(ddp.parameters(), lr=lr)
    for _ in range(samples // dist.get_world_size()):
        optimizer.zero_grad()
        ddp(torch.ones(1, 1)).square().mean().backward()
        optimizer.step()
    return round(ddp.module.weight.item(), 3)


def compared():
    one, two = (run_on_ranks(weight_after_epoch, 0.05, ranks=count)[0] for count in (1, 2))
    return "same" if one == two else "nearer" if two < one else "farther"


predict("11.p29", guess, compared)

# %% [markdown]
# Below: one process with a rate of 0.05, two ranks with the same, two ranks with twice the rate.

# %%
one_rank = run_on_ranks(weight_after_epoch, 0.05, ranks=1)[0]
one_rank, *(run_on_ranks(weight_after_epoch, lr)[0] for lr in (0.05, 0.1))

# %% [markdown]
# A mean over more samples has less noise, but it is not a longer gradient. So a step is as long as
# before, and there are half as many. Twice the rate makes up for it. That is the **linear rule**:
# batch times k, rate times k. It is a rule of thumb. It needs a warm-up at the start (lesson 09),
# it breaks down for very large batches, and for Adam people often take the root of k. Measure.

# %% [markdown]
# ## When the model itself is too large
#
# DDP needs the whole model, its gradients and the optimizer's state on every rank. If these do not
# fit into memory, the model is cut, too:
#
# | what | each rank holds | ranks talk |
# |---|---|---|
# | DDP | the whole model, a part of the batch | once a step: gradients |
# | FSDP | a slice of weights, gradients, state; part of the batch | per layer: weights, gradients |
# | tensor parallel | a part of each large matrix | inside each layer |
# | pipeline parallel | some of the layers | between the parts: activations |
#
# The places to begin: [FSDP](https://pytorch.org/docs/stable/fsdp.html),
# [tensor parallel](https://pytorch.org/docs/stable/distributed.tensor.parallel.html),
# [pipeline parallel](https://pytorch.org/docs/stable/distributed.pipelining.html). They can be
# combined. Begin with DDP; take FSDP when memory is not enough.

# %% [markdown]
# ## Summary
#
# | you want | write | and remember |
# |---|---|---|
# | the same numbers everywhere | `broadcast(x, src=0)` | in place, a copy |
# | a sum, a mean | `all_reduce(x)`, divide by the world size | returns `None` |
# | everybody's numbers | `all_gather(every, x)` | equal shapes and dtypes |
# | to wait | `barrier()` | on *every* rank |
# | gradients averaged | `DDP(model)` | call `ddp(x)`, not `ddp.module(x)` |
# | a part of the data | `DistributedSampler` | `set_epoch`; it repeats samples |
# | a metric | sums and counts, reduced, then divided | on every rank, print on one |
# | a file | rank 0 saves `ddp.module.state_dict()` | `barrier` before loading |
# | fewer messages | `no_sync` | `forward` inside, too |
# | unequal numbers of batches | `join`, or agree on the least | late steps are smaller |
# | random numbers | one seed for weights, one by rank | DDP copies rank 0's weights |
# | a start | `torchrun --nproc-per-node=2` | `RANK`, `WORLD_SIZE`, `LOCAL_RANK` |
#
# Every rank calls the same collectives, in the same order, with the same shapes and dtypes.

# %% [markdown]
# ## What people get wrong
#
# - "`DistributedSampler(shuffle=True)` shuffles each epoch anew." Without `set_epoch` it does not:
#   [thread](https://github.com/pytorch/pytorch/issues/31771),
#   [a request to change that](https://github.com/pytorch/pytorch/issues/31232).
# - "The sampler shares the samples exactly." It repeats some, and metrics count them twice:
#   [thread](https://github.com/pytorch/pytorch/issues/25162),
#   [in the references of torchvision](https://github.com/pytorch/vision/issues/4559).
# - "DDP shares the data." It does not look at data. Without a sampler, all ranks train on all:
#   [question](https://github.com/PatrickHua/SimSiam/issues/16),
#   [no faster with three GPUs](https://github.com/innnky/so-vits-svc/issues/70).
# - "`batch_size` is that of the group." It is that of each rank:
#   [question](https://github.com/pytorch/examples/issues/640).
# - "DDP averages the loss." Gradients only; what you log is one rank's:
#   [question](https://github.com/pytorch/pytorch/issues/47491),
#   [a correction](https://github.com/huggingface/transformers/pull/13681).
# - "DDP adds the gradients." It divides by the number of ranks, also for a loss that is a sum:
#   [thread](https://github.com/pytorch/pytorch/issues/37359),
#   [a loss that was multiplied for no reason](https://github.com/neuralmagic/sparseml/pull/135).
# - "A mean of means is the mean." Not with unequal counts:
#   [a correction](https://github.com/facebookresearch/fairchem/pull/269).
# - "Only rank 0 has to validate." The others wait for it, or it for them:
#   [a barrier that hangs](https://github.com/pytorch/pytorch/issues/54059),
#   [a collective under an `if`](https://github.com/tier4/Diffusion-Planner/pull/256).
# - "`ddp.module(x)` is the same." The gradients are not averaged then, and
#   [a test of torch makes sure of it](https://github.com/pytorch/pytorch/pull/20282).
# - "`no_sync` belongs around `backward`." `forward` decides:
#   [thread](https://github.com/huggingface/accelerate/pull/1726),
#   [a correction](https://github.com/KellerJordan/modded-nanogpt/pull/31).
# - "The error says `find_unused_parameters=True`, so I write that." First ask which layer is idle:
#   [thread](https://github.com/pytorch/pytorch/issues/43259).
# - "The names in the file are those of my model." `module.` stands in front:
#   [thread](https://github.com/pytorch/pytorch/issues/3805),
#   [how the helper came](https://github.com/pytorch/pytorch/issues/41048).
# - "Every rank may save." They write over each other:
#   [broken files](https://github.com/NVIDIA/apex/issues/629),
#   [with `LOCAL_RANK` in place of `RANK`, too](https://github.com/NVIDIA/apex/issues/886).
# - "One seed for all ranks makes it reproducible." It also makes all augmentations equal:
#   [why the rank is added](https://github.com/facebookresearch/detr/issues/297),
#   [in a trainer](https://github.com/huggingface/transformers/issues/37932).
# - "BatchNorm sees the whole batch." It sees that of its rank:
#   [question](https://github.com/facebookresearch/moco/issues/41),
#   [buffers of rank 0](https://github.com/huggingface/pytorch-image-models/issues/110).
# - "`all_gather` takes any lengths." Not with gloo, and NCCL has to know them on every rank:
#   [thread](https://github.com/pytorch/pytorch/issues/156627),
#   [a request](https://github.com/Lightning-AI/pytorch-lightning/issues/7773).
# - "A rank without batches is done." The others wait for it:
#   [how `join` came](https://github.com/pytorch/pytorch/issues/38174).
# - "A function of a notebook can run in a new process." It has to stand in a file:
#   [thread](https://github.com/jupyter/notebook/issues/6258).
# - "`python train.py` starts two ranks." `torchrun` does, and sets `RANK`:
#   [question](https://github.com/meta-llama/llama-cookbook/issues/59).
# - "The learning rate has nothing to do with the number of GPUs." Steps get fewer:
#   [question](https://github.com/Lightning-AI/pytorch-lightning/issues/3706).

# %% [markdown]
# ## Further reading
#
# - [`torch.distributed`](https://pytorch.org/docs/stable/distributed.html): all collectives, and
#   which backend has which
# - [`DistributedDataParallel`](https://pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html),
#   and [how it works inside](https://pytorch.org/docs/stable/notes/ddp.html): buckets and hooks
# - [the tutorial of torch on DDP](https://pytorch.org/tutorials/intermediate/ddp_tutorial.html)
# - [`DistributedSampler`](https://pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler),
#   [`Join`](https://pytorch.org/docs/stable/distributed.algorithms.join.html), [communication
#   hooks](https://pytorch.org/docs/stable/ddp_comm_hooks.html)
# - [`torchrun`](https://pytorch.org/docs/stable/elastic/run.html): its arguments, and the variables
#   that it sets
# - [Accurate, Large Minibatch SGD](https://arxiv.org/abs/1706.02677): the linear rule, a warm-up
# - [a worked guide to training on many
#   GPUs](https://github.com/LambdaLabsML/distributed-training-guide)
