"""Predictions of notebook 05: hooks and apply."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "05.p1",
    because="Hooks are called by `__call__`, and `forward` is only the middle part of it.",
    beliefs=(
        Belief(1, "That is what `double(x)` does. Who calls the hooks?"),
        Belief("error", "There is no error, and that is the trouble: the hook is just not called."),
        Belief(2, "Registered once, a hook runs at most once in one call of its layer."),
    ),
)

Prediction(
    "05.p2",
    because="`args` is the tuple of all positional arguments, also when there is only one.",
    beliefs=(Belief("tensor", "The error “'tuple' object has no attribute” often starts here."),),
    choices=("tensor", "tuple"),
)

Prediction(
    "05.p3",
    because="What a forward hook returns takes the place of the output: here the first one, 2.0.",
    beliefs=(
        Belief(10.0, "The layer gave 10. But the hook returned something, too."),
        Belief(5.0, "That is the input. Think of what `setdefault` returns."),
        Belief(1.0, "That was the first input. The hook sees the output of the layer."),
        Belief("error", "A hook may return something. What does torch do with it?"),
    ),
)

Prediction(
    "05.p4",
    because="The hook divides every input by 255, bytes or not: 2 times 1 / 255.",
    beliefs=(
        Belief(2.0, "The hook does not look at the dtype. It runs at every call."),
        Belief(0.0039, "That is 1 / 255. The layer doubles it."),
        Belief("error", "`.float()` of a float tensor is allowed: it changes nothing."),
    ),
)

Prediction(
    "05.p5",
    because="The attention uses the numbers of `out_proj` without calling it.",
    beliefs=(
        Belief(1, "It would, if the attention called its part. Does it?"),
        Belief("error", "The part exists, and takes a hook like every module."),
    ),
)

Prediction(
    "05.p6",
    because="The second registration has a handle of its own; removing it leaves the first hook.",
    beliefs=(
        Belief(0, "The handle belongs to a registration, not to the function."),
        Belief(2, "One of the two was removed. Which one?"),
        Belief("error", "A function may be registered as often as you like."),
    ),
)

Prediction(
    "05.p7",
    because="The call raised, so the line with `remove()` was never reached.",
    beliefs=(
        Belief(0, "When a line raises, the lines after it are skipped. Torch does not clean up."),
        Belief(2, "Only one hook was registered."),
    ),
)

Prediction(
    "05.p8",
    because="`detach()` shares its memory with the output, and the ReLU wrote its 0 there.",
    beliefs=(
        Belief(
            -3.0, "That is what the layer gave. Then the next layer wrote into the same memory."
        ),
        Belief(3.0, "A ReLU cuts off what is below 0; it does not turn the sign round."),
        Belief("error", "Nothing raises: the value is silently another one."),
    ),
)

Prediction(
    "05.p9",
    because="A forward hook comes when its module has finished. The model finishes last.",
    beliefs=(
        Belief(
            ["", "0", "1"],
            "The model begins first. But a forward hook comes at the end of its module.",
        ),
        Belief(["1", "0", ""], "Backward goes from the last layer to the first. This is forward."),
        Belief(
            ["0", "1"], "The model itself is a module as well: `named_modules()` begins with it."
        ),
    ),
)

Prediction(
    "05.p10",
    because="Nobody asked for a gradient of the data, so none is computed.",
    beliefs=(Belief("a tensor", "Torch computes only the gradients that somebody needs."),),
    choices=("a tensor", "None"),
)

Prediction(
    "05.p11",
    because="A full backward hook makes the tensors views that may not be changed in place.",
    beliefs=(
        Belief([1], "True without the hook. The hook and writing in place do not go together."),
        Belief([0], "The input is 1, so a ReLU would let it through. But does it come so far?"),
    ),
)

Prediction(
    "05.p12",
    because="The old hook reports the last operation, and that has three inputs: bias, x and the "
    "transposed weight.",
    beliefs=(
        Belief(
            1, "That is what a full backward hook gives. The old one looks at something smaller."
        ),
        Belief(2, "Weight and bias are two of them. What else goes into the last operation?"),
    ),
)

Prediction(
    "05.p13",
    because="The name `gradient` belongs to a new tensor, and the hook returns None: no change.",
    beliefs=(
        Belief([20, 40], "That needs `return`. An assignment gives a name to something, no more."),
        Belief([10, 20], "Without the hook, the gradient of w**2 is 2 * w."),
        Belief("error", "A hook may return None: then the old gradient goes on."),
    ),
)

Prediction(
    "05.p14",
    because="A hook hears what comes after it. The backward pass was over.",
    beliefs=(
        Belief(1, "That needs a hook that is there before backward runs."),
        Belief(3, "The gradient would be one tensor of three numbers; but none came."),
        Belief("error", "Registering works, since `y` requires grad. It just comes too late."),
    ),
)

Prediction(
    "05.p15",
    because="The hook belongs to the value before the ReLU; where that was negative, 0 comes back.",
    beliefs=(
        Belief([1, 1], "That is the gradient after the ReLU. When was the hook registered?"),
        Belief([1, -2], "That is the value of `y`. The hook gets a gradient."),
        Belief("error", "Backward of ReLU needs its output only, so in place is allowed here."),
    ),
)

Prediction(
    "05.p16",
    because="state_dict hooks run when `state_dict()` is called. Loading has hooks of its own.",
    beliefs=(
        Belief(1, "`load_state_dict` does not call `state_dict`, and this hook belongs to that."),
        Belief(2, "A linear layer has two tensors, but no hook is called for each of them."),
    ),
)

Prediction(
    "05.p17",
    because="The missing name is `0.bias` here, and the hook looks for `bias`.",
    beliefs=(
        Belief("loads", "Which name is missing now: the layer's own, or the one in the model?"),
    ),
)

Prediction(
    "05.p18",
    because="`apply` goes to the children first, and to the module itself in the end.",
    beliefs=(
        Belief(
            ["Sequential", "Linear", "ReLU"],
            "That is the order of `modules()`. `apply` ends with the outermost.",
        ),
        Belief(
            ["Linear", "ReLU"],
            "Those are the parts of the model. The model itself is visited as well.",
        ),
        Belief(
            ["ReLU", "Linear", "Sequential"],
            "The model is last, but children come in their own order.",
        ),
        Belief(["Sequential"], "That is the outermost one only. `apply` goes inside."),
    ),
)

Prediction(
    "05.p19",
    because="`LazyLinear` is made from `nn.Linear`, so it is chosen; but it has no numbers yet.",
    beliefs=(
        Belief(
            "nothing", "It is an instance of nn.Linear, so `init_kaiming` tries to fill the weight."
        ),
        Belief("initialises", "With which fan_in? The layer does not know its input yet."),
    ),
    choices=("nothing", "error", "initialises"),
)
