"""Predictions of notebook 10: the training loop."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "10.p1",
    because="`backward()` only fills `.grad`. The weight moves in `step()`.",
    beliefs=(
        Belief(3.4, "That is the weight after `step()`. Computing a gradient moves nothing."),
        Belief(-24.0, "That is the gradient. It is written beside the weight, not into it."),
        Belief(25.0, "Taking the whole gradient off would be a step with learning rate 1."),
    ),
)

Prediction(
    "10.p2",
    because="`step()` reads the gradient and leaves it where it is.",
    beliefs=(
        Belief(0.0, "Nobody has cleared it. That is the job of `zero_grad()`."),
        Belief(None, "Nobody has cleared it. That is the job of `zero_grad()`."),
        Belief(-2.4, "The learning rate is applied to the weight, not to `.grad`."),
        Belief(3.4, "That is the weight. `step()` stores nothing in `.grad`."),
        Belief(2.4, "That is how far the weight moved."),
    ),
)

Prediction(
    "10.p3",
    because="`zero_grad()` clears gradients. The optimizer's own memory stays.",
    beliefs=(
        Belief(0.0, "Clearing gradients is not a new beginning for the optimizer."),
        Belief(None, "`.grad` becomes None; the memory is kept in another place."),
        Belief("error", "The memory is still there, so reading it is no error."),
        Belief(-21.6, "The factor 0.9 is applied in the next `step()`."),
    ),
)

Prediction(
    "10.p4",
    because="Each `backward()` adds its gradient to what is there: -24 and -24.",
    beliefs=(
        Belief(-24.0, "`backward()` does not overwrite `.grad`; it adds to it."),
        Belief("error", "Each backward had a forward of its own, so its graph was there."),
        Belief(0.0, "Only `zero_grad()` clears, and nobody called it."),
    ),
)

Prediction(
    "10.p5",
    because="`step()` found no gradient and left the weight alone, without a word.",
    beliefs=(
        Belief(3.4, "`step()` needs the gradient, and it had just been thrown away."),
        Belief(0.0, "`zero_grad()` never touches a weight."),
        Belief("error", "A parameter without a gradient is simply skipped."),
    ),
)

Prediction(
    "10.p6",
    because="`range(6)` has six numbers, and each epoch has 8 batches.",
    beliefs=(
        Belief(40, "That is 5 epochs. Count what `range(epochs + 1)` gives."),
        Belief(42, "Six epochs is right, but the short eighth batch is a batch too."),
        Belief(6, "That is the number of epochs. There is a step for each batch."),
        Belief(1500, "There is one step for each batch, not for each sample."),
    ),
)

Prediction(
    "10.p7",
    because="(4 * 1 + 4 * 1 + 2 * 5) / 10.",
    beliefs=(
        Belief(
            7 / 3, "That is the mean of the three means. The short batch counts too much in it."
        ),
        Belief(0.7, "Each loss is a mean already. Multiply by the batch size before you divide."),
        Belief(1.0, "Most batches have this loss, but not all of them."),
    ),
)

Prediction(
    "10.p8",
    because="`eval()` changes Dropout and BatchNorm. The recording goes on.",
    beliefs=(Belief(False, "Two independent switches: recording is stopped by `no_grad()`."),),
)

Prediction(
    "10.p9",
    because="In eval mode Dropout lets everything through unchanged.",
    beliefs=(
        Belief([2.0, 2.0, 2.0, 2.0], "The factor 2 is used in training, for those that survive."),
        Belief([0.5, 0.5, 0.5, 0.5], "torch scales in training already, so nothing is left to do."),
        Belief([0.0, 2.0, 0.0, 2.0], "That is what training mode could give."),
    ),
)

Prediction(
    "10.p10",
    because="`no_grad()` does not change what a layer does: the mean moved from 0 towards 10.",
    beliefs=(
        Belief(
            0.0, "`no_grad()` stops the recording for backward, not the statistics of BatchNorm."
        ),
        Belief(10.0, "It moves only a tenth of the way with each batch."),
        Belief(5.0, "It moves a tenth of the way, not half of it."),
    ),
)

Prediction(
    "10.p11",
    because="Shapes (4,) and (4, 1) broadcast to (4, 4): sixteen comparisons, eight of them true.",
    beliefs=(
        Belief(3, "That is the number of hits. Look at the two shapes."),
        Belief("error", "Broadcasting makes the shapes fit, so nothing complains."),
        Belief(4, "Think of a table with a row for each label and a column for each prediction."),
        Belief(16, "There are sixteen comparisons. Not all of them are true."),
    ),
)

Prediction(
    "10.p12",
    because="The function has to be told what kind of task it is.",
    beliefs=(
        Belief(0.75, "It was so in versions before 0.11."),
        Belief(3, "Accuracy is a share, and the call has to say `task=`."),
    ),
)

Prediction(
    "10.p13",
    because="One right answer out of four samples: the batches are pooled.",
    beliefs=(
        Belief(0.5, "That is the mean of the batches' accuracies, 1 and 0."),
        Belief(0.0, "That is the second batch alone. `update` collects."),
        Belief(1.0, "That is the first batch alone. `update` collects."),
    ),
)

Prediction(
    "10.p14",
    because="Six of eight since the last reset, and there was none.",
    beliefs=(
        Belief(1.0, "`compute()` does not forget. Epoch 0 is still in it."),
        Belief(0.5, "That was epoch 0 alone."),
    ),
)

Prediction(
    "10.p15",
    because="Class 0 is always right, class 1 never: the mean over the classes is a half.",
    beliefs=(
        Belief(0.75, "That counts samples. This class takes the mean over classes by default."),
        Belief(1.0, "One of the four samples is wrong."),
        Belief(0.25, "That is the share of the mistakes."),
    ),
)

Prediction(
    "10.p16",
    because="Each class gets the probability 1/10, and -log(1/10) is the loss.",
    beliefs=(
        Belief(0.1, "That is the probability. The loss is minus its logarithm."),
        Belief(0.0, "Zero would be a model that is sure, and right."),
        Belief(1.0, "-log10(0.1) is 1. torch uses the natural logarithm."),
        Belief(0.9, "That would be the share of wrong answers."),
        Belief(10.0, "The loss grows with the logarithm of the number of classes."),
    ),
)

Prediction(
    "10.p17",
    because="Every call writes a point. All three batches of epoch 0 wrote theirs at step 0.",
    beliefs=(
        Belief(1, "A second point at the same step does not replace the first."),
        Belief(2, "That is the number of epochs. Step 0 belongs to epoch 0 alone."),
        Belief(6, "Six points in all; half of them are at step 1."),
    ),
)

Prediction(
    "10.p18",
    because="Momentum, learning rate and the order of the data are different.",
    beliefs=(
        Belief(True, "The parameters are the same, but the next steps depend on more than those."),
    ),
)

Prediction(
    "10.p19",
    because="A NumPy number is not one of the types that are allowed; the file is refused.",
    beliefs=(
        Belief(0.5, "It looks like a float, but loading it needs a function of NumPy."),
        Belief(None, "What is not allowed is not left out: the whole file is refused."),
    ),
)

Prediction(
    "10.p20",
    because="The seed fixes the sequence. The second call gives the next two numbers of it.",
    beliefs=(
        Belief(True, "For that, the seed would have to be set again before the second call."),
    ),
)

Prediction(
    "10.p21",
    because="0.6 in epoch 3 was the best. Epochs 4 and 5 were not better, and that makes two.",
    beliefs=(
        Belief(4, "In epoch 3 there was a new best, so the count began again."),
        Belief(2, "One bad epoch is not enough for a patience of 2."),
        Belief(6, "The better loss of epoch 6 is never seen."),
        Belief(3, "That is the best epoch. The loop has to wait to know it."),
        Belief(None, "There are two epochs in a row that are not better."),
    ),
)
