"""Predictions of notebook 04: modules and parameters."""

import torch

from course_utils.prediction import Belief, Prediction

Prediction(
    "04.p1",
    because="The register does not exist yet, so there is no place to file the parameter in.",
    beliefs=(
        Belief(["factor"], "So it would be in some languages. Here the base class has work to do."),
        Belief([], "If it were only not registered, it would be silent. It is not silent."),
    ),
)

Prediction(
    "04.p2",
    because="Hooks belong to `__call__`. Calling `forward` passes them by.",
    beliefs=(
        Belief(2, "Both give the same numbers, but only one of them runs the hooks."),
        Belief(0, "A forward hook runs when the module is called, and it was called once."),
    ),
)

Prediction(
    "04.p3",
    because="Autograd fills in `.grad` of each leaf that was used and asks for it: here 1 + 2 + 3.",
    beliefs=(
        Belief(None, "A gradient needs no module and no Parameter. The tensor asked for one."),
        Belief(0.0, "The result grows with the tensor, so its gradient is not zero."),
        Belief("error", "Nothing is wrong with this computation, only with the register."),
        Belief(2.0, "That is the value of the tensor. Its gradient is the sum of the inputs."),
    ),
)

Prediction(
    "04.p4",
    because="Assigning to a module registers the parameter and leaves its flag alone.",
    beliefs=(
        Belief(True, "The flag is set when the parameter is made, not when a module gets it."),
        Belief("error", "A frozen parameter is allowed: this is how parts are kept fixed."),
    ),
)

Prediction(
    "04.p5",
    because="The product of a parameter and a number is a plain tensor; it is not registered.",
    beliefs=(
        Belief(["factor"], "A Parameter went in. What came out of the product?"),
        Belief("error", "Plain tensors may be attributes. That is why the slip is silent."),
    ),
)

Prediction(
    "04.p6",
    because="Parameters and buffers are saved, but not buffers with `persistent=False`.",
    beliefs=(
        Belief(["weight"], "More than parameters: what the model needs to go on is saved as well."),
        Belief(
            ["weight", "mean", "positions"], "One of the buffers was made with `persistent=False`."
        ),
        Belief(
            ["weight", "mean", "positions", "mask"],
            "A plain tensor is in no register, and one buffer asked not to be saved.",
        ),
        Belief(
            ["weight", "mean", "mask"], "`mask` is an attribute like any other: not registered."
        ),
    ),
)

Prediction(
    "04.p7",
    because="`.to()` works through the register, and the plain tensor is not in it.",
    beliefs=(
        Belief(torch.float64, "Everything registered is float64 now. Is `mask` registered?"),
        Belief("error", "Nothing complains here. Later `@` would complain; a sum would not."),
    ),
)

Prediction(
    "04.p8",
    because="In training mode, forward moves the buffer a tenth of the way from 0 to 10.",
    beliefs=(
        Belief(0.0, "No optimizer and no gradient are needed: forward itself writes the buffer."),
        Belief(10.0, "It moves one tenth of the way with each batch."),
        Belief("error", "`no_grad` forbids nothing. It only turns the notes for `backward` off."),
    ),
)

Prediction(
    "04.p9",
    because="The weight has one row for each output: (out_features, in_features).",
    beliefs=(
        Belief((3, 2), "The arguments come in this order, the shape does not."),
        Belief((2,), "That is the shape of the bias."),
    ),
)

Prediction(
    "04.p10",
    because="Only `bias` has the same name in both; `weight` and `weights` are two names.",
    beliefs=(
        Belief(2, "`strict=False` forgives names that do not fit. It does not match them."),
        Belief(0, "One of the two names is the same in both, and so is its shape."),
        Belief("error", "The shapes of the weights differ, but they are never brought together."),
    ),
)

Prediction(
    "04.p11",
    because="The place of a parameter takes a Parameter or None, and this is a plain tensor.",
    beliefs=(
        Belief([[0, 0]], "So it would be for an ordinary attribute. This place is registered."),
    ),
)

Prediction(
    "04.p12",
    because="Only `first` is registered: one weight and one bias.",
    beliefs=(
        Belief(6, "The module does not look into a Python list."),
        Belief(3, "Count tensors, two for each registered layer. And which layers are registered?"),
        Belief("error", "A list is a fine attribute. That is why the slip is silent."),
        Belief(0, "`first` was assigned to the module itself, so it is registered."),
    ),
)

Prediction(
    "04.p13",
    because="It is one layer in three places, and `parameters()` lists each parameter once.",
    beliefs=(
        Belief(18, "`[layer] * 3` is a list of one and the same layer."),
        Belief(2, "Two tensors, but the question was about numbers."),
    ),
)

Prediction(
    "04.p14",
    because="Before the first batch the weight has no shape, so it has no number of elements.",
    beliefs=(
        Belief(0, "It is not empty: it does not have a shape at all."),
        Belief(3, "The number of outputs is known, the number of inputs is not."),
    ),
)

Prediction(
    "04.p15",
    because="The Dropout is new at each call, and a new module is in training mode.",
    beliefs=(
        Belief(False, "`eval()` sets the modules it can find. This one did not exist yet."),
        Belief("error", "It runs. That is what makes it hard to find."),
    ),
)

Prediction(
    "04.p16",
    because="The function's own `training` is True unless you say otherwise.",
    beliefs=(
        Belief(False, "`eval()` sets a flag in modules. Who tells the function about it?"),
        Belief("error", "It runs, in both modes. That is what makes it hard to find."),
    ),
)

Prediction(
    "04.p17",
    because="64 kernels, each with 3 sheets of 5 x 5 weights: 64 times 75.",
    beliefs=(
        Belief(1600, "That is one sheet for each kernel. How many channels lie under it?"),
        Belief(4864, "With the 64 biases. They are kept beside the weight, in `bias`."),
        Belief(75, "That is one of the kernels."),
        Belief(192, "Each of the 64 kernels has 3 sheets, and each sheet has 5 x 5 weights."),
        Belief(25, "That is one sheet of one kernel."),
    ),
)

Prediction(
    "04.p18",
    because="28 becomes 24, 12, 8 and 4, in both directions: 30 times 4 times 4.",
    beliefs=(
        Belief(750, "That is for 32 x 32. Follow 28 through the four layers."),
        Belief(16, "The channels count as well: there are 30 of them."),
        Belief(120, "Height and width both shrink. 30 times 4 is only one row."),
        Belief(1470, "A kernel of 5 without padding takes 4 off each side length."),
        Belief("error", "The first convolution was replaced, so it fits one channel."),
    ),
)

Prediction(
    "04.p19",
    because="The name is `requires_grad`. The other one is a new attribute that nobody reads.",
    beliefs=(
        Belief(False, "Read the name letter by letter."),
        Belief("error", "Python lets you put new attributes on a tensor without a word."),
    ),
)

Prediction(
    "04.p20",
    because="The running mean is a buffer: forward writes it in training mode, frozen or not.",
    beliefs=(
        Belief(0.0, "Freezing keeps gradients from its weight and bias. Is the mean one of these?"),
        Belief(10.0, "It moves one tenth of the way with each batch."),
        Belief("error", "No gradient is needed to run a module forward."),
    ),
)

Prediction(
    "04.p21",
    because="The tensors in a state dict share memory with the model, so they show the change.",
    beliefs=(
        Belief(1.0, "The dict is new. But were the numbers in it copied?"),
        Belief("error", "Nothing complains: the 5 was written where the dict looks, too."),
    ),
)
