"""Predictions of notebook 11: more than one process."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "11.p1",
    because="Each rank has memory of its own: it got a copy of the list, and changed its copy.",
    beliefs=(
        Belief([0, 1], "So it would be with two threads. Where is the list of a new process?"),
        Belief([1, 0], "So it could be with two threads. Where is the list of a new process?"),
        Belief([0], "Rank 0 is a new process as well. It is not this notebook."),
        Belief("error", "Every rank has a list to append to. Which one?"),
    ),
)

Prediction(
    "11.p2",
    because="A new rank runs a file. The tensor `rates` is in this notebook, and in no file.",
    beliefs=(
        Belief([0.25, 0.5], "Each rank would look up its own rate. Where would it find `rates`?"),
        Belief([0.25, 0.25], "The ranks are 0 and 1, so they would take different ones."),
    ),
)

Prediction(
    "11.p3",
    because="A broadcast copies once. Afterwards the two tensors are in two processes, as before.",
    beliefs=(
        Belief([6, 7], "That is what rank 0 holds. Is the tensor of rank 1 the same memory?"),
        Belief([10, 20], "The broadcast wrote into this tensor, in place."),
        Belief([15, 25], "Rank 0 adds to its own tensor, and rank 1 holds what rank 0 had."),
    ),
)

Prediction(
    "11.p4",
    because="Without `op`, the tensors of all ranks are added, element by element.",
    beliefs=(
        Belief([5.5, 11], "That is the mean. What does `all_reduce` do if you do not say `op`?"),
        Belief([1, 2], "The result is written into the tensor, on each rank."),
        Belief([10, 20], "That is what rank 1 had. Nothing is overwritten here: it is combined."),
        Belief([3, 30], "Ranks are combined with each other, not the elements of one rank."),
        Belief(33, "The shape stays: each place is combined on its own."),
        Belief([1, 2, 10, 20], "That keeps the ranks apart. To reduce is to make one of them."),
    ),
)

Prediction(
    "11.p5",
    because="`all_reduce` works in place, and gives nothing back. The sum is in `x`.",
    beliefs=(
        Belief([11, 22], "That is in `x`. Does a function that works in place give it back, too?"),
        Belief([5.5, 11], "That would be the mean, and it would be in `x`."),
        Belief(33, "No dimension is reduced, only ranks are. And where does the result go?"),
    ),
)

Prediction(
    "11.p6",
    because="The first calls of both ranks meet: the loss of rank 0 and the count of rank 1.",
    beliefs=(
        Belief(1.0, "0.5 + 0.5. How should torch know that both variables have the same name?"),
        Belief(0.5, "Something is added to it: what rank 1 brings to its first call."),
        Belief("error", "Both calls have one float. torch sees nothing that could be wrong."),
        Belief(16.0, "Rank 0 comes with its loss first, so only one of the two is 8."),
    ),
)

Prediction(
    "11.p7",
    because="Rank 0 waits in `all_reduce`, and rank 1 never calls it. The course ends that.",
    beliefs=(
        Belief(3.0, "For that, rank 1 would have to bring its 4. Does it call `mean_loss`?"),
        Belief(2.0, "Rank 0 does not go on alone: a collective is complete, or it waits."),
        Belief(1.0, "Half of its own loss? A collective does not go on without a rank."),
        Belief(6.0, "That is the sum. But who calls `mean_loss` on rank 1?"),
    ),
)

Prediction(
    "11.p8",
    because="The default is half an hour: a rank may only be slow, or save a large file.",
    beliefs=(
        Belief(0, "A rank cannot know that nobody comes. The others may only be slow."),
        Belief(0.5, "A slow rank may load data for longer than half a minute."),
        Belief(1, "It is longer: a rank that only saves a large file must not end the job."),
        Belief(5, "It is longer. A rank that only saves a large file must not end the job."),
        Belief(10, "That is what torch gives to NCCL, on GPUs. gloo waits longer."),
        Belief(float("inf"), "There is an end. It only feels so."),
    ),
)

Prediction(
    "11.p9",
    because="Each rank steps with its own gradient: 1 - 0.1 * 2 and 1 - 0.1 * 18.",
    beliefs=(
        Belief([0.0, 0.0], "That is the step with the mean gradient, 10. Who averages it?"),
        Belief([-1.0, -1.0], "That is the step with the sum, 20. Who adds the gradients?"),
        Belief([0.8, 0.8], "Rank 1 has an input of its own, and so a gradient of its own."),
        Belief([1.0, 1.0], "Each rank takes its step. Nothing waits for a collective here."),
    ),
)

Prediction(
    "11.p10",
    because="Both weights are moved by the same amounts, so their distance stays.",
    beliefs=(
        Belief(0.0, "The gradients are averaged, the weights never are. What brings them nearer?"),
        Belief(20.0, "Equal gradients move both by the same amount: nothing grows, either."),
        Belief(0.5, "Is a weight averaged with the other one anywhere in the loop?"),
    ),
)

Prediction(
    "11.p11",
    because="When it is made, DDP copies parameters and buffers of rank 0 to all ranks.",
    beliefs=(
        Belief(False, "They differ before. Are averaged gradients enough then? Think of p10."),
    ),
)

Prediction(
    "11.p12",
    because="DDP averages gradients. A loss belongs to the batch of its rank.",
    beliefs=(
        Belief([5, 5], "That is their mean. Does anything reduce the loss here?"),
        Belief([10, 10], "That is the gradient on both ranks, or the sum of the losses."),
        Belief([1, 3], "Those are the outputs. The loss squares them."),
        Belief([2, 18], "Those are the gradients before they are averaged."),
    ),
)

Prediction(
    "11.p13",
    because="`forward` of DDP was not called, so DDP does not take part in this `backward`.",
    beliefs=(
        Belief(10, "The hooks are there. But who tells them that a step has begun?"),
        Belief(20, "Nothing is added up. Is anything sent at all?"),
        Belief("error", "It would be good to have one. The module is an ordinary model."),
        Belief(18, "That is the gradient of rank 1."),
    ),
)

Prediction(
    "11.p14",
    because="Step 1 leaves a gradient open. The `forward` of step 2 finds that it never came.",
    beliefs=(
        Belief(1, "In the first `backward`, how should DDP know that no gradient will come?"),
        Belief("never", "DDP waits for the gradient of every parameter. One never comes."),
        Belief(3, "Something is left open by step 1. Who is the first to notice?"),
    ),
)

Prediction(
    "11.p15",
    because="DDP divides by the number of ranks, whatever the loss is: (2 + 18) / 2.",
    beliefs=(
        Belief(20, "So it is in one process. What does DDP do with the two gradients?"),
        Belief(40, "Each rank has one input, and DDP does not double anything."),
        Belief(2, "That is the gradient of rank 0 before the ranks talk."),
        Belief(5, "DDP divides once, and a loss of one sample is its own sum."),
    ),
)

Prediction(
    "11.p16",
    because="The mean of rank 0 is 2, that of rank 1 is 18, and DDP takes the mean of the two.",
    beliefs=(
        Belief(6, "For that, DDP would have to know how many samples each rank has."),
        Belief(20, "DDP does not add, it averages."),
        Belief(24, "Each rank has the mean of its samples, and DDP averages again."),
        Belief(12, "Each rank divides by its own number of samples, and DDP by two."),
    ),
)

Prediction(
    "11.p17",
    because="Each rank computes the statistics of its own half: 0 and a tenth of 10.",
    beliefs=(
        Belief([0.5, 0.5], "DDP averages gradients. Is `running_mean` a gradient?"),
        Belief([0, 0], "Buffers of rank 0 are copied *before* the forward. And then?"),
        Belief([0, 10], "It moves only a tenth of the way in one step."),
        Belief([5, 5], "The ranks do not talk about it, and it moves a tenth of the way."),
    ),
)

Prediction(
    "11.p18",
    because="Each rank gets 32 of the samples, in batches of 8. A step of the group sees 16.",
    beliefs=(
        Belief(8, "So it is in one process. How many samples does one rank get?"),
        Belief(16, "A rank gets half of the samples, and its batches still have 8."),
        Belief(2, "The ranks share the samples once. The size of a batch stays 8."),
    ),
)

Prediction(
    "11.p19",
    because="Each rank goes through all samples. The loader knows nothing of ranks.",
    beliefs=(
        Belief(1, "Who would tell the loader of rank 0 what to leave for rank 1?"),
        Belief(0.5, "No rank leaves anything out: where would it say so?"),
        Belief("error", "A loader works in every process. It does not look for a group."),
    ),
)

Prediction(
    "11.p20",
    because="Five samples for two ranks: sample 0 comes twice. So 4 of 6 are right.",
    beliefs=(
        Belief(0.8, "4 of 5, if each sample came once. How many does each rank get?"),
        Belief(1.0, "Sample 0 is not left out. Rather the opposite."),
        Belief(0.75, "How many samples do the ranks get together?"),
    ),
)

Prediction(
    "11.p21",
    because="(0.75 + 0) / 2. The one sample of rank 1 counts as much as the four of rank 0.",
    beliefs=(
        Belief(0.6, "That is 3 of 5. A mean of two shares does not know how many are behind each."),
        Belief(0.75, "That is rank 0 alone. Rank 1 is wrong on its only sample."),
        Belief(0.5, "It is the mean of 3/4 and of 0/1."),
    ),
)

Prediction(
    "11.p22",
    because="This `forward` of DDP copies the buffers to all ranks, in `eval` mode, too. It waits.",
    beliefs=(
        Belief(0.0, "No gradient, no `backward`. But does `forward` send nothing?"),
        Belief(1.0, "A zero would stay a zero. But does rank 0 get that far?"),
    ),
)

Prediction(
    "11.p23",
    because="All names begin with `module.`: for the plain layer two are missing, two unexpected.",
    beliefs=(
        Belief("loads", "The numbers would fit. Which names does a wrapper's `state_dict` have?"),
    ),
)

Prediction(
    "11.p24",
    because="DDP averages in every `backward`. It does not know that a step is not yet due.",
    beliefs=(
        Belief(1, "How should DDP know which `backward` is the last before the step?"),
        Belief(8, "Two ranks take part in one `all_reduce`, and each rank counts it once."),
        Belief(0, "DDP does not wait for `step`. It listens to gradients."),
    ),
)

Prediction(
    "11.p25",
    because="In `forward`, outside, DDP made ready to send. What comes later does not change that.",
    beliefs=(
        Belief(1, "When does DDP decide whether a `backward` will be sent? Think of p13."),
        Belief(0, "The last `backward` is outside in any case."),
        Belief("error", "Nothing is raised. It is only slower than you think."),
    ),
)

Prediction(
    "11.p26",
    because="Rank 1 answers with a gradient of 0: the mean is (1 + 0) / 2, and the step 0.05.",
    beliefs=(
        Belief(
            0.7, "So it would be with a mean over those that have a batch. Over how many is it?"
        ),
        Belief(0.8, "Rank 0 takes its third step. How long is it?"),
        Belief("error", "So it is without `join`. Here rank 1 goes on answering."),
    ),
)

Prediction(
    "11.p27",
    because="One seed, one sequence of random numbers, in each process the same.",
    beliefs=(
        Belief(False, "Two processes have two generators. And both were seeded with the same 0."),
    ),
)

Prediction(
    "11.p28",
    because="Nobody has told this process its rank: `torchrun` would have set `RANK` and others.",
    beliefs=(
        Belief("a group of one", "It cannot know that it is alone. Who tells a process its rank?"),
    ),
)

Prediction(
    "11.p29",
    because="The gradient is a mean, so each step is as long as before, and there are only eight.",
    beliefs=(
        Belief("same", "Each step is as long as before. How many steps are there?"),
        Belief("nearer", "A mean over two ranks is not longer. How many steps are there?"),
    ),
    choices=("nearer", "same", "farther"),
)
