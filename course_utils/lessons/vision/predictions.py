"""Predictions of notebook 07: the vision pipeline."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "07.p1",
    because="The dataset reads bytes and makes a PIL image of them. You choose what comes next.",
    beliefs=(
        Belief("Tensor", "It becomes a tensor only when a transform makes one of it."),
        Belief("ndarray", "An array is only a step on the way. What you are given is a PIL image."),
    ),
    choices=("Image", "Tensor", "ndarray"),
)

Prediction(
    "07.p2",
    because="MNIST has `transform` and `target_transform`; it does not know `transforms`.",
    beliefs=(
        Belief(
            "dataset",
            "Some datasets do take `transforms`, for an image and its target. Not this one.",
        ),
    ),
    choices=("dataset", "error"),
)

Prediction(
    "07.p3",
    because="ToTensor scales bytes from 0 ... 255 to 0 ... 1.",
    beliefs=(
        Belief(255, "It does more than to change the type: bytes are scaled as well."),
        Belief(0.5, "Nothing is centred yet. That would be the work of Normalize."),
    ),
)

Prediction(
    "07.p4",
    because="The dtype decides: only bytes are scaled, and these are floats.",
    beliefs=(
        Belief(
            1.0, "ToTensor does not look at how large the numbers are. It looks at their dtype."
        ),
        Belief("error", "Float arrays are allowed, and nothing warns you."),
    ),
)

Prediction(
    "07.p5",
    because="(0 - 0.5) / 1 and (1 - 0.5) / 1: the arguments are taken away and divide.",
    beliefs=(
        Belief([0.5, 1.5], "That would add the mean. Normalize takes it away."),
        Belief([-1.0, 1.0], "That is what the arguments 0.5 and 0.5 give."),
        Belief([0.0, 1.0], "The values do change, by what is taken away."),
    ),
)

Prediction(
    "07.p6",
    because="Normalize computes with tensors, and a PIL image is none.",
    beliefs=(
        Belief((1, 28, 28), "It would be this shape in the other order."),
        Belief((28, 28), "Normalize does not compute with a picture at all."),
    ),
)

Prediction(
    "07.p7",
    because="It subtracts inside a copy of the image, where three numbers have no place.",
    beliefs=(
        Belief((1, 28, 28), "Which of the three numbers should be used? None is chosen for you."),
        Belief((3, 28, 28), "Broadcasting would give this. `Normalize` refuses it here."),
    ),
)

Prediction(
    "07.p8",
    because="Each of the images has the standard deviation 0, all pixels together have 0.5.",
    beliefs=(
        Belief(
            "equal",
            "That needs images with one and the same mean. Here black and white ones differ.",
        ),
        Belief(
            "larger", "On average, images of one size never vary more than all pixels together."
        ),
    ),
    choices=("smaller", "equal", "larger"),
)

Prediction(
    "07.p9",
    because="The shorter edge, here the height, becomes 24. The width follows: it is twice that.",
    beliefs=(
        Belief((24, 24), "One number does not make a square. Only a pair sets both edges."),
        Belief((12, 24), "The number sets the shorter edge, not the longer one."),
        Belief((48, 24), "That is (width, height), as PIL says it."),
    ),
)

Prediction(
    "07.p10",
    because="Pixels travel horizontally: left and right change places in each row.",
    beliefs=(
        Belief(
            [[3, 4], [1, 2]],
            "You mirrored top and bottom: that is the vertical flip. Notes often exchange the two.",
        ),
        Belief([[1, 2], [3, 4]], "With p=1 the flip happens at every call."),
        Belief([[4, 3], [2, 1]], "That would be both flips, one after the other."),
    ),
)

Prediction(
    "07.p11",
    because="A transform changes what a sample looks like, not how many samples there are.",
    beliefs=(
        Belief(2884, "Nothing is stored beside the original: each call makes one version."),
        Belief(4326, "Two random steps do not make two more copies. Nothing is copied."),
    ),
)

Prediction(
    "07.p12",
    because="Both are made of the same two files: they are the same images.",
    beliefs=(
        Belief("none", "Two names do not make two sets. Both were read from one file."),
        Belief("some", "Nothing was drawn at random here. Each of them reads the whole file."),
    ),
)

Prediction(
    "07.p13",
    because="Both parts hold the same dataset object, and it has one transform.",
    beliefs=(
        Belief(
            False,
            "The parts have different indices, but look up images in one and the same dataset.",
        ),
    ),
)

Prediction(
    "07.p14",
    because="ToDtype changes the type. Values change only with `scale=True`.",
    beliefs=(
        Belief(1.0, "That needs `scale=True`. Without it, only the dtype changes."),
        Belief("error", "No error: the network gets numbers that are 255 times too large."),
    ),
)

Prediction(
    "07.p15",
    because="The transform is called once, and draws once: all six are flipped, or none.",
    beliefs=(
        Belief(
            2, "Six calls would nearly always give both. How often is the transform called here?"
        ),
        Belief(6, "A flip has two results. And how often is the transform called here?"),
        Belief(3, "Six calls would flip about half of the images. This is one call."),
        Belief("error", "A batch is allowed, in both versions. That is why it is a trap."),
    ),
)

Prediction(
    "07.p16",
    because="Of several plain tensors, v2 takes the first for the image and leaves the others.",
    beliefs=(
        Belief([[2, 1], [2, 1]], "That needs tensors that say they are images or masks."),
        Belief([[1, 2], [1, 2]], "With p=1 the flip happens. But to which of the two?"),
        Belief("error", "It runs without an error, and image and mask no longer fit together."),
    ),
)

Prediction(
    "07.p17",
    because="RGBA has four channels, and PIL's size is (width, height).",
    beliefs=(
        Belief((3, 2, 5), "The fourth channel says what is transparent, and comes along."),
        Belief((4, 5, 2), "The channels are right. PIL gives the width first, torch the height."),
        Belief((1, 2, 5), "A grey image has one channel. This one has more."),
        Belief((2, 5, 4), "The channels go to the front."),
        Belief("error", "Four channels are read without a complaint."),
    ),
)

Prediction(
    "07.p18",
    because="It calls nearly all images a 9. One in seven really is: hardly better than guessing.",
    beliefs=(
        Belief(0.0, "It does not know anything, but by chance some answers are right. How many?"),
        Belief(0.5, "That is guessing between two classes. Here are ten."),
    ),
)

Prediction(
    "07.p19",
    because="A row belongs to a true digit: its ten numbers say what became of these images.",
    beliefs=(Belief("were read", "That is a column. Look how the pair of numbers is made."),),
)
