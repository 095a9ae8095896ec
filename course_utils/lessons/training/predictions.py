"""Predictions of notebook 10: the training loop."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "10.p1",
    because="The loss was computed before the step, and a tensor does not compute itself anew.",
    beliefs=(
        Belief(1.44, "For that, the model has to be called again, after the step."),
        Belief(0, "`zero_grad()` clears gradients, not the loss."),
        Belief(
            "error",
            "`backward()` frees what the graph has saved, but the number of the loss stays.",
        ),
    ),
)

Prediction(
    "10.p2",
    because="The optimizer holds the weight of the old model. `step()` found no gradient there.",
    beliefs=(
        Belief(3.4, "That would be one step. But the optimizer does not hold this weight."),
        Belief("error", "A parameter without a gradient is simply skipped."),
    ),
)

Prediction(
    "10.p3",
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
    "10.p4",
    because="Two batches of four were seen: 8 / 10. The last two samples were dropped.",
    beliefs=(
        Belief(1, "So it should be. But the loader shows only eight of the ten samples."),
        Belief(0.2, "Each mean is multiplied by the size of its batch first: 8 in all."),
        Belief(1.2, "There are two batches, not three: the short one is dropped."),
    ),
)

Prediction(
    "10.p5",
    because="`eval()` changes layers such as Dropout and BatchNorm. The recording goes on.",
    beliefs=(Belief(False, "Two independent switches: recording is stopped by `no_grad()`."),),
)

Prediction(
    "10.p6",
    because="In eval mode Dropout lets everything through unchanged.",
    beliefs=(
        Belief([2.0, 2.0, 2.0, 2.0], "The factor 2 is used in training, for those that survive."),
        Belief([0.5, 0.5, 0.5, 0.5], "torch scales in training already, so nothing is left to do."),
        Belief([0.0, 2.0, 0.0, 2.0], "That is what training mode could give."),
    ),
)

Prediction(
    "10.p7",
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
    "10.p8",
    because="To compute the gradient of the weight, autograd has to save the output; it refuses.",
    beliefs=(
        Belief(
            "works",
            "So it is with `no_grad()`. Autograd never saves a tensor made new in inference mode.",
        ),
    ),
    choices=("works", "error"),
)

Prediction(
    "10.p9",
    because="A module changes its own parameters. A tensor stays, and `to` gives back another one.",
    beliefs=(
        Belief("the model and x", "A tensor cannot move; without `x =` the new one is lost."),
        Belief("x", "It is the other way round: a module changes itself, a tensor does not."),
        Belief("neither", "A tensor stays where it is, but a module changes its own parameters."),
    ),
    choices=("the model and x", "the model", "x", "neither"),
)

Prediction(
    "10.p10",
    because="All gradients are multiplied by one factor, 1 / 5: 3 becomes 0.6 and 4 becomes 0.8.",
    beliefs=(
        Belief(1, "That would clip each one for itself. The limit is for both together."),
        Belief(3, "3 is above 1. It is not left alone."),
        Belief(3 / 7, "The norm is the root of the sum of squares, not the sum: 5."),
        Belief(2, "Nothing is subtracted. All are multiplied by one factor."),
    ),
)

Prediction(
    "10.p11",
    because="The step was made with the whole gradient: 1 - 0.1 * 10. Clipping came too late.",
    beliefs=(
        Belief(0.9, "That is right for clipping before the step. Here the step came first."),
        Belief(-9, "The learning rate is applied, too: 0.1 * 10."),
    ),
)

Prediction(
    "10.p12",
    because="Shapes (4,) and (4, 1) broadcast to (4, 4): sixteen comparisons, eight of them true.",
    beliefs=(
        Belief(3, "That is the number of hits. Look at the two shapes."),
        Belief("error", "Broadcasting makes the shapes fit, so nothing complains."),
        Belief(4, "Think of a table with a row for each label and a column for each prediction."),
        Belief(16, "There are sixteen comparisons. Not all of them are true."),
    ),
)

Prediction(
    "10.p13",
    because="The function has to be told what kind of task it is.",
    beliefs=(
        Belief(0.75, "It was so in versions before 0.11."),
        Belief(3, "Accuracy is a share, and the call has to say `task=`."),
    ),
)

Prediction(
    "10.p14",
    because="One right answer out of four samples: the batches are pooled.",
    beliefs=(
        Belief(0.5, "That is the mean of the batches' accuracies, 1 and 0."),
        Belief(0.0, "That is the second batch alone. `update` collects."),
        Belief(1.0, "That is the first batch alone. `update` collects."),
    ),
)

Prediction(
    "10.p15",
    because="Six of eight since the last reset, and there was none.",
    beliefs=(
        Belief(1.0, "`compute()` does not forget. Epoch 0 is still in it."),
        Belief(0.5, "That was epoch 0 alone."),
    ),
)

Prediction(
    "10.p16",
    because="Class 0 is always right, class 1 never: the mean over the classes is a half.",
    beliefs=(
        Belief(0.75, "That counts samples. This class takes the mean over classes by default."),
        Belief(1.0, "One of the four samples is wrong."),
        Belief(0.25, "That is the share of the mistakes."),
    ),
)

Prediction(
    "10.p17",
    because="`evaluate` was called before, has set the eval mode, and has left the model in it.",
    beliefs=(Belief(True, "So it is after `train_epoch`. But then `evaluate` was called."),),
)

Prediction(
    "10.p18",
    because="Every call writes a point. All three batches of epoch 0 wrote theirs at step 0.",
    beliefs=(
        Belief(1, "A second point at the same step does not replace the first."),
        Belief(2, "That is the number of epochs. Step 0 belongs to epoch 0 alone."),
        Belief(6, "Six points in all; half of them are at step 1."),
    ),
)

Prediction(
    "10.p19",
    because="Momentum, learning rate and the order of the data are different.",
    beliefs=(
        Belief(True, "The parameters are the same, but the next steps depend on more than those."),
    ),
)

Prediction(
    "10.p20",
    because="A NumPy number is not one of the types that are allowed; the file is refused.",
    beliefs=(
        Belief(0.5, "It looks like a float, but loading it needs a function of NumPy."),
        Belief(None, "What is not allowed is not left out: the whole file is refused."),
    ),
)

Prediction(
    "10.p21",
    because="The seed fixes the sequence. The second call gives the next two numbers of it.",
    beliefs=(
        Belief(True, "For that, the seed would have to be set again before the second call."),
    ),
)

Prediction(
    "10.p22",
    because="0.6 in epoch 3 was the best. Epochs 4 and 5 were not better, and that makes two.",
    beliefs=(
        Belief(4, "In epoch 3 there was a new best, so the count began again."),
        Belief(2, "One bad epoch is not enough for a patience of 2."),
        Belief(6, "The better loss of epoch 6 is never seen."),
        Belief(3, "That is the best epoch. The loop has to wait to know it."),
        Belief(
            None, "So would ReduceLROnPlateau count, which acts at the third. Here two are enough."
        ),
    ),
)
