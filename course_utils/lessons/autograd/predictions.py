"""Predictions of notebook 03: autograd."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "03.p1",
    because="`backward()` computes a slope and leaves it in `.grad`. It changes no value.",
    beliefs=(
        Belief(-4.0, "That is 1.5 - 5.5, a step against the slope. Who takes that step?"),
        Belief(5.5, "That is the slope. It stands in `.grad`, and not in the tensor itself."),
        Belief(7.0, "Is the slope added to the value? `backward()` writes to `.grad` only."),
        Belief(0.0, "Nothing is used up here: the value of a leaf stays as it is."),
    ),
)

Prediction(
    "03.p2",
    because="Near 100, float32 has no number that is a millionth away: both places are 100.",
    beliefs=(
        Belief(200.0, "On paper, yes. Which float32 number lies a millionth to the right of 100?"),
        Belief(
            "error", "Nothing is divided by zero: the step of a millionth is a number of its own."
        ),
        Belief("nan", "A difference of two equal numbers is 0, and 0 divided by a small one is 0."),
        Belief("inf", "We divide by a small number, yes. But what is it that we divide?"),
    ),
)

Prediction(
    "03.p3",
    because="Each use of `w` sends a gradient back: 2 + 2 from the product, 3 from the other term.",
    beliefs=(
        Belief(5.0, "In `w * w` there are two factors, and both of them are `w`."),
        Belief(3.0, "The gradient of the last term alone. What do the other uses send back?"),
        Belief(4.0, "The gradient of `w * w` alone. The other term sends one back as well."),
        Belief(10.0, "That is the value of the expression, not its slope."),
    ),
)

Prediction(
    "03.p4",
    because="A recorded step, the product, has made it. The leaf is the tensor of ones.",
    beliefs=(
        Belief(True, "The leaf is the tensor that you asked a gradient for. What made this one?"),
    ),
)

Prediction(
    "03.p5",
    because="Nobody asked for a gradient, so nothing was recorded: no recorded step has made it.",
    beliefs=(
        Belief(
            False, "A step made it. But was the step recorded? Nobody asked for a gradient here."
        ),
    ),
)

Prediction(
    "03.p6",
    because="The dtype is int64, so these are whole numbers, and they have no slopes.",
    beliefs=(
        Belief([1.0, 2.0, 3.0], "`requires_grad` does not choose a dtype: it is int64 here."),
    ),
)

Prediction(
    "03.p7",
    because="Both calls arrive at the same leaf, and `.grad` adds them: 3 + 3.",
    beliefs=(
        Belief(3.0, "The second call does not write over the first one."),
        Belief("error", "One graph used twice would be one. But each line computes a new graph."),
        Belief(9.0, "Gradients on one way are multiplied. These come from two separate losses."),
        Belief(2.0, "That is the value of `w`. The slope of `w * 3` is asked for."),
    ),
)

Prediction(
    "03.p8",
    because="A way leads to `a`, and its slope is 0. No way leads to `b`, so nothing was written.",
    beliefs=(
        Belief((0.0, 0.0), "Right for `a`. But who would have written a 0 into `b.grad`?"),
        Belief((None, None), "The product with 0 is recorded like any other one."),
        Belief("error", "What takes no part in a loss is left alone; that is no error."),
        Belief((5.0, None), "The slope of `a * 0` is the other factor."),
    ),
)

Prediction(
    "03.p9",
    because="The two means have the gradients -2 and -8, and `.grad` adds them.",
    beliefs=(
        Belief(-4.0, "That is the mean over all six. Here each part is divided by its own size."),
        Belief(-5.0, "That is the mean of -2 and -8. `.grad` is a sum."),
        Belief(-8.0, "That is the second part alone. What happened to the first?"),
        Belief(-24.0, "That is the gradient of the sum. Each part was divided by its size."),
        Belief("error", "Each part has a graph of its own, so `backward()` may run for both."),
    ),
)

Prediction(
    "03.p10",
    because="Both factors are `a`. The second gradient, 3, is written over the first one.",
    beliefs=(
        Belief(6.0, "That is the right slope. It is a sum of two gradients; is one built here?"),
        Belief(9.0, "That is the value of `a * a`, not its slope."),
        Belief(0.0, "At least one gradient is written, and it is not 0."),
    ),
)

Prediction(
    "03.p11",
    because="At 0.5 the curve falls to the right, and small steps follow it down to 1.13.",
    beliefs=(Belief("left", "The descent sees the slope where it stands, and no other valley."),),
    choices=("left", "right"),
)

Prediction(
    "03.p12",
    because="The name `w` now belongs to a new tensor, made without recording: no way leads back.",
    beliefs=(
        Belief(1.92, "With `-=` and a gradient cleared in between. Is it the same tensor?"),
        Belief(2.4, "That is `w` after the first turn. Something happens in the second."),
        Belief(1.8, "A new tensor has no old gradient to add to. But does it have any?"),
        Belief(1.32, "With `-=` and an old gradient that nobody cleared. Is it the same tensor?"),
    ),
)

Prediction(
    "03.p13",
    because="`eval()` changes how some layers compute. What is recorded is another question.",
    beliefs=(
        Belief(False, "`eval()` is a switch of the layer. Does the layer decide what is recorded?"),
    ),
)

Prediction(
    "03.p14",
    because="`detach()` gives another tensor over the same memory: nothing was copied.",
    beliefs=(
        Belief(1.0, "So it would be after a copy. `detach()` cuts the way back, not the memory."),
        Belief(
            "error",
            "Writing into `w` itself would be one. The detached tensor requires no gradient.",
        ),
    ),
)

Prediction(
    "03.p15",
    because="A new tensor gets the mark that you ask for. Under `no_grad()`, no step is recorded.",
    beliefs=(
        Belief(False, "The result of a sum would be marked so. Which step was there?"),
        Belief("error", "Asking for a gradient is allowed anywhere, also under `no_grad()`."),
    ),
)

Prediction(
    "03.p16",
    because="The way back ends at `detach()`. The head comes after it, the body before.",
    beliefs=(
        Belief((True, True), "Which way would lead from the output to the body?"),
        Belief((False, False), "`detach()` cuts what lies before it. The head comes after."),
        Belief((True, False), "The other way round: what lies before `detach()` is cut off."),
        Belief("error", "The output still has one way back, and that is enough."),
    ),
)

Prediction(
    "03.p17",
    because="Between its jumps, `round` is flat. Its slope is 0 and is recorded as such.",
    beliefs=(
        Belief("error", "The result is still a float, and `round` is a recorded step."),
        Belief([1.0, 1.0], "If 1.4 grows by a little, by how much does the rounded number grow?"),
        Belief(None, "`round` is recorded, so something arrives. What is its slope?"),
    ),
)

Prediction(
    "03.p18",
    because="The new tensor is a leaf itself. The way back ends there, and never gets to `w`.",
    beliefs=(
        Belief(7.0, "So it would be if the new tensor knew how it was made. It holds two numbers."),
        Belief(0.0, "A zero would have to arrive. Does any way lead to `w`?"),
        Belief("error", "The new tensor requires a gradient, so `backward()` runs."),
    ),
)

Prediction(
    "03.p19",
    because="The slopes are 2, 4 and 6, and each is multiplied by how much its result counts.",
    beliefs=(
        Belief([2.0, 4.0, 6.0], "These are the slopes. What do the numbers 1, 0 and 10 do?"),
        Belief([1.0, 0.0, 10.0], "That arrives at the square. It has a slope of its own."),
        Belief([1.0, 0.0, 90.0], "These are the results, weighted. A gradient has the slopes."),
        Belief(62.0, "A gradient has the shape of the input: one number for each."),
        Belief("error", "With a `gradient`, a result may have many numbers."),
    ),
)

Prediction(
    "03.p20",
    because="One row for each of the 2 results, one column for each of the 3 inputs.",
    beliefs=(
        Belief((3, 2), "The results come first: their shape, and then that of the inputs."),
        Belief((3,), "That is a gradient, of a single number. Here there are two results."),
        Belief((2,), "Each result has a slope for every input."),
        Belief((3, 3), "That would be a table of inputs by inputs."),
    ),
)

Prediction(
    "03.p21",
    because="Centred numbers add up to 0, whatever they are. What never changes has slope 0.",
    beliefs=(
        Belief([1.0, 1.0, 1.0], "That is one of two ways. `x` is also used inside of the mean."),
        Belief(
            [0.667, 0.667, 0.667], "The mean is subtracted from every number, so it counts 3 times."
        ),
        Belief(
            [-2.0, -1.0, 3.0], "These are the centred numbers. The slope of their sum is asked."
        ),
        Belief(None, "A way leads to `x`, even two. They add up to numbers."),
    ),
)

Prediction(
    "03.p22",
    because="One gradient for each of the 4 samples, and each has the shape of the weights, (3,).",
    beliefs=(
        Belief((3,), "That is the gradient for one sample, or for a sum of them."),
        Belief((4,), "One number a sample would be a loss. A gradient has one for each weight."),
        Belief((3, 4), "`vmap` puts the dimension that it ran along first."),
        Belief((4, 3, 3), "Each loss is one number, so its gradient has the shape of the weights."),
    ),
)

Prediction(
    "03.p23",
    because="The square has let go of its saved input after the first `backward()`.",
    beliefs=(
        Belief([4.0, 8.0], "It would add up, if the graph were still whole."),
        Belief([2.0, 4.0], "That is after the first one. The second one needs what was saved."),
    ),
)

Prediction(
    "03.p24",
    because="The slope was computed without recording: for autograd it is a plain number.",
    beliefs=(
        Belief(18.0, "6 times 3 is right on paper. Did anybody record how the slope was made?"),
        Belief(27.0, "That is the first slope, 3 times 9. The slope of this slope is asked for."),
        Belief(0.0, "Without a graph, autograd does not answer 0. It refuses."),
    ),
)

Prediction(
    "03.p25",
    because="The slope is a plain number, so the penalty sends nothing to `w`. `w**2` sends 6.",
    beliefs=(
        Belief(1734.0, "So it would be if the way back had been recorded. Was it?"),
        Belief("error", "The penalty has no graph. But the sum has one, from `w**2`."),
        Belief(0.0, "The penalty sends nothing. But `w**2` has a graph."),
    ),
)

Prediction(
    "03.p26",
    because="The step saved its result, and finds that it was written to since then.",
    beliefs=(
        Belief([0.25, 0.25], "Adding 1 changes no slope. But which tensor does `sigmoid` need?"),
        Belief([1.0, 1.0], "That is the slope of adding 1. And that of `sigmoid`?"),
        Belief([-0.75, -0.75], "So it would be with the overwritten result. torch notices that."),
    ),
)

Prediction(
    "03.p27",
    because="The slope is made of the saved result, now 0, and the counter did not see the change.",
    beliefs=(
        Belief([0.25, 0.25], "The step saved its result. What do you find in that memory now?"),
        Belief("error", "So it would be through `detach()`. `.data` has a counter of its own."),
    ),
)

Prediction(
    "03.p28",
    because="A 0 goes back into the root, whose slope at 0 is infinite: 0 times infinity is NaN.",
    beliefs=(
        Belief(0.0, "A 0 goes back to the side that was not chosen. What meets it there?"),
        Belief("inf", "The slope is infinite, and a 0 arrives. What is the product?"),
        Belief("error", "An infinite slope raises no error: it is a float like others."),
        Belief(1.0, "The root was not chosen here. And which slope has the 0.0 in its place?"),
    ),
)

Prediction(
    "03.p29",
    because="What arrived, the 3 of the product, was dropped on the way.",
    beliefs=(
        Belief(3.0, "That is right, and a `backward` that multiplies would find it."),
        Belief("error", "torch does not compute your formula a second time. It believes you."),
        Belief(0.0, "The slope is passed on, and it is not 0."),
    ),
)

Prediction(
    "03.p30",
    because="`forward` has two arguments besides `ctx`, so two gradients are expected.",
    beliefs=(
        Belief(3.0, "That is the right slope. But `forward` has one more argument."),
        Belief(1.0, "The slope of `x * 3` is 3. And is one gradient enough?"),
    ),
)

Prediction(
    "03.p31",
    because="Each loss brings its graph with it, and `total` holds on to all of them.",
    beliefs=(
        Belief(1, "The sum has one last step. But it holds all that was added, with its graph."),
        Belief(0, "`backward()` lets saved tensors go. The steps stay, if somebody holds them."),
        Belief(9, "The first loss was added to a plain number. That sum is recorded, too."),
    ),
)
