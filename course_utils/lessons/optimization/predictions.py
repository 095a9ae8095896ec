"""Predictions of notebook 09: losses, optimizers and schedules."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "09.p1",
    because="Three rows of one meet one row of three: each prediction meets each target.",
    beliefs=(
        Belief(3, "That is what you want. But (3, 1) and (3,) broadcast to a table."),
        Belief("error", "Broadcasting fits the two shapes together without an error."),
        Belief(1, "The mean is one number. The question is over how many numbers it is taken."),
    ),
)

Prediction(
    "09.p2",
    because="Three equal logits give the probability 1/3, and -log(1/3) is log(3).",
    beliefs=(
        Belief(1 / 3, "That is the probability of the right class. The loss is -log of it."),
        Belief(0, "A loss of 0 needs a probability of 1 for the right class."),
        Belief(1, "The logarithm of 3 is meant here: the natural one, so a bit more than 1."),
        Belief(-1.0986, "The logarithm of a probability is negative; the minus turns it round."),
        Belief(0.477, "That is the logarithm to base 10. torch uses the natural one."),
    ),
)

Prediction(
    "09.p3",
    because="It takes no logarithm: it picks the number and puts a minus in front.",
    beliefs=(
        Belief(0.3567, "That is -log(0.7). The name says log, but the log has to be in the input."),
        Belief(0.7, "It picks this number, and then comes the `negative` of its name."),
        Belief(0.3, "0.3 is the probability of the other class."),
        Belief("error", "Nothing checks that the input is logarithms: the loss is simply wrong."),
    ),
)

Prediction(
    "09.p4",
    because="Softmax once more makes 0.58, 0.21, 0.21 of it, and -log(0.58) is 0.55.",
    beliefs=(
        Belief(0, "cross_entropy takes the 1 for a logit, and does its own softmax first."),
        Belief(1.0986, "That would be three equal logits. These are not quite equal."),
        Belief("error", "Probabilities are numbers, too. Nothing can notice that."),
    ),
)

Prediction(
    "09.p5",
    because="log_softmax subtracts the logarithm of a sum, and the second time that is log(1) = 0.",
    beliefs=(Belief(False, "softmax twice does harm. log_softmax twice changes nothing more."),),
)

Prediction(
    "09.p6",
    because="Class numbers of shape (n, 1) are refused: one number a sample, in one dimension.",
    beliefs=(
        Belief("works", "cross_entropy does not guess: (n, 1) is two-dimensional, (n,) is wanted."),
    ),
    choices=("works", "error"),
)

Prediction(
    "09.p7",
    because="The class takes settings: the logits went to `weight`, the labels to an old setting.",
    beliefs=(
        Belief(
            "a loss", "The loss is an object. Make it first, then call it with the two tensors."
        ),
    ),
    choices=("a loss", "error"),
)

Prediction(
    "09.p8",
    because="The mean over no samples is 0 / 0, and that is not a number.",
    beliefs=(
        Belief("0.0", "The sum is 0. But the mean divides by how many labels were counted."),
        Belief("error", "In a tensor, dividing floats by zero makes inf or nan, and no error."),
    ),
    choices=("0.0", "nan", "error"),
)

Prediction(
    "09.p9",
    because="The sigmoid of a probability is at least 0.5: a clear no has become impossible.",
    beliefs=(
        Belief(0.00005, "This is what the model means. The loss does a sigmoid of its own."),
        Belief(0, "Nearly 0 is what the model means. What is the sigmoid of nearly 0?"),
        Belief(0.73, "That is the other end, the sigmoid of 1."),
    ),
)

Prediction(
    "09.p10",
    because="It is softmax minus one-hot, and each of them adds up to 1.",
    beliefs=(
        Belief(1, "The probabilities add up to 1. From the right one of them, 1 is taken away."),
        Belief(-1, "The right class is pushed up, but the others are pushed down as much."),
        Belief(-0.3348, "That is the right class alone. The wrong ones have a gradient, too."),
    ),
)

Prediction(
    "09.p11",
    because="argmax gives the number of a class, and a number of a class has no slope.",
    beliefs=(
        Belief(True, "The scores have one, but argmax cuts the graph: it gives whole numbers."),
    ),
)

Prediction(
    "09.p12",
    because="`set_to_none=True` is the default: the gradients are taken away, not filled with 0.",
    beliefs=(
        Belief(0, "So it was before torch 2.0. Code that calls w.grad.norm() after it now fails."),
        Belief(3, "That is the gradient before it was cleared."),
    ),
)

Prediction(
    "09.p13",
    because="backward() adds to what is there, and step() leaves it there: 3 + 3.",
    beliefs=(
        Belief(3, "That would be a fresh gradient. Who has cleared the first one?"),
        Belief(9, "Gradients are added, not multiplied."),
        Belief(None, "step() reads the gradients. It does not clear them."),
        Belief(0, "step() reads the gradients. It does not clear them."),
    ),
)

Prediction(
    "09.p14",
    because="s is 0.01 g² in the first step, its root is 0.1 g: the step is ten times the rate.",
    beliefs=(
        Belief(-99, "w - lr * g is plain SGD. RMSprop divides by the size of the gradient."),
        Belief(0.9, "That would divide g by its own size. But s has taken only 0.01 of g² yet."),
        Belief(1, "The division makes large gradients harmless, but not nothing."),
    ),
)

Prediction(
    "09.p15",
    because="In the first step, mean / root is g / |g|: the step is as long as the learning rate.",
    beliefs=(
        Belief(-99, "w - lr * g is plain SGD. Adam divides by the size of the gradient."),
        Belief(-9, "Adam's running mean takes a tenth of the gradient, but it is corrected."),
        Belief(1, "The division makes large gradients harmless, but not nothing."),
    ),
)

Prediction(
    "09.p16",
    because="The decay 0.5 * 1 is the whole gradient, and Adam's first step is lr * sign.",
    beliefs=(
        Belief(0.95, "So does AdamW. In Adam the decay goes through the division."),
        Belief(1, "The gradient is 0, but Adam adds the decay to it."),
        Belief(0.5, "Not the whole decay: a step of Adam is about as long as the rate."),
    ),
)

Prediction(
    "09.p17",
    because="The buffer is 0.9 * 1 + 0, so the ball rolls on: 0.9 - 0.1 * 0.9.",
    beliefs=(
        Belief(0.9, "A gradient of 0 does not stop the momentum."),
        Belief(0.8, "Momentum 1 would make a full step. With 0.9, old gradients count less."),
    ),
)

Prediction(
    "09.p18",
    because="The optimizer still holds the parameters of the old layer, and nothing told it.",
    beliefs=(
        Belief(True, "The optimizer does not know the model, only the parameters it was given."),
    ),
)

Prediction(
    "09.p19",
    because="A filter can be walked through once; the optimizer has done that.",
    beliefs=(
        Belief(2, "A list could be used twice. An iterator is at its end after the first time."),
        Belief("error", "An empty iterator is no error: clipping then clips nothing at all."),
    ),
)

Prediction(
    "09.p20",
    because="Nothing reads `optimizer.lr`. The rate of each group stands in `param_groups`.",
    beliefs=(
        Belief(0.99, "That is a step with the rate 0.01. But who reads this attribute?"),
        Belief("error", "Python lets you put a new attribute on this object; no one complains."),
    ),
)

Prediction(
    "09.p21",
    because="The counter has passed 30, 60 and 90: three times a tenth.",
    beliefs=(
        Belief(1, "The scheduler counts calls of its step(), not epochs."),
        Belief(0.1, "It has been called 100 times, and every 30 calls count."),
        Belief(0.0001, "30 goes into 100 three times, not four."),
    ),
)

Prediction(
    "09.p22",
    because="The function gives a factor: 0.01 * 0.01.",
    beliefs=(
        Belief(0.01, "The function is multiplied with the base rate; it is not the rate."),
        Belief(0.02, "Factor and base rate are multiplied, not added."),
    ),
)

Prediction(
    "09.p23",
    because="The counter begins at 0, so does the rate; and nothing stops it at 1.",
    beliefs=(
        Belief([0.25, 0.5, 0.75, 1, 1, 1], "That was the plan. What is 0 / 4, and what is 5 / 4?"),
        Belief([0, 0.25, 0.5, 0.75, 1, 1], "The beginning is right. What stops the growth at 1?"),
        Belief([0.25, 0.5, 0.75, 1, 1.25, 1.5], "The counter begins at 0, and so does the factor."),
        Belief([1, 0.25, 0.5, 0.75, 1, 1.25], "The schedule acts at once, when it is made."),
    ),
)

Prediction(
    "09.p24",
    because="A cosine goes up again: after T_max steps it is down, after 2 T_max it is back.",
    beliefs=(
        Belief(0, "Down at step 4, yes. But nothing keeps it there."),
        Belief("error", "CosineAnnealingLR goes on for ever. OneCycleLR would stop with an error."),
    ),
)

Prediction(
    "09.p25",
    because="get_lr() works out a next value from the current one: the decay is in it twice.",
    beliefs=(
        Belief(0.1, "That is the current rate, and what get_last_lr() gives."),
        Belief(1, "The milestone has been reached, so the rate is no longer 1."),
    ),
)

Prediction(
    "09.p26",
    because="`cycle_momentum=True` is the default: it writes a momentum, too, first 0.95.",
    beliefs=(
        Belief(0.9, "That was yours. OneCycleLR moves the momentum as well as the rate."),
        Belief(0, "The momentum is not switched off. It begins high, while the rate is low."),
        Belief(0.85, "That is the lowest value, which it has when the rate is highest."),
    ),
)

Prediction(
    "09.p27",
    because="StepLR begins to count when its turn comes, in step 4: 4 + 6.",
    beliefs=(
        Belief(6, "So it is in ChainedScheduler. Here StepLR is not called before step 4."),
        Belief(4, "In step 4 StepLR takes over, and it begins with the full rate."),
        Belief(7, "Steps are counted from 0, and StepLR counts from its own beginning."),
        Belief(11, "Count from 0: the steps 4 to 9 are the first six of StepLR."),
    ),
)

Prediction(
    "09.p28",
    because="The default mode looks for smaller numbers, so four values in a row were no better.",
    beliefs=(
        Belief(1, "It does improve. But who told the scheduler that larger is better?"),
        Belief(0.5, "Four values were no better; after the second the counting began anew."),
        Belief(0.0625, "One value without improvement is forgiven each time: that is patience=1."),
    ),
)

Prediction(
    "09.p29",
    because="Better means better by more than `threshold`: a ten-thousandth of the best value.",
    beliefs=(
        Belief(False, "Each loss is smaller. But what is too little does not count as better."),
    ),
)

Prediction(
    "09.p30",
    because="The rate lives in the optimizer. Loading the scheduler does not write it there.",
    beliefs=(
        Belief(0.01, "The scheduler knows this rate, but the optimizer uses its own."),
        Belief(0.1, "That is the rate of the steps 2 and 3. Neither of the two holds it now."),
    ),
)

Prediction(
    "09.p31",
    because="The dict holds the optimizer's own tensor, and the step has written to it.",
    beliefs=(
        Belief(1, "So it was when it was kept. But nobody made a copy of the tensor."),
        Belief(0.9, "The step multiplies by 0.9 and adds the gradient."),
    ),
)
