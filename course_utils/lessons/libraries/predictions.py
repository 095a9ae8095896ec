"""Predictions of notebook 12: the libraries around torch."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "12.p1",
    because="The dataset calls `transform(picture)`. Albumentations takes named arguments only.",
    beliefs=(
        Belief("picture", "That needs `flip(image=...)[...]`. Who would write the name?"),
        Belief("dict", "`flip` gives a dict, if it is called with a name. Is it called so here?"),
    ),
    choices=("picture", "dict", "error"),
)

Prediction(
    "12.p2",
    because="The axes are read as (height, width, channels): the second one is mirrored.",
    beliefs=(
        Belief([[2, 1], [4, 3]], "That is left and right. But which axis does it take for x?"),
        Belief([[1, 2], [3, 4]], "It does flip something. Which axis does it take for the width?"),
        Belief("error", "The array has three axes. Nothing says what they mean."),
    ),
)

Prediction(
    "12.p3",
    because="`ToTensorV2` moves the channels to the front. It changes neither values nor dtype.",
    beliefs=(Belief(1.0, "So does `ToTensor` of torchvision. This one has another task."),),
)

Prediction(
    "12.p4",
    because="It divides by 255 whatever comes in: (1 / 255 - 0.5) / 0.5 is about -0.99.",
    beliefs=(
        Belief(1.0, "So it would be, if it looked whether the values are divided already."),
        Belief(0.5, "First it divides by 255. What is left of 1 then?"),
        Belief("error", "Floats are welcome, and nobody looks at their range."),
    ),
)

Prediction(
    "12.p5",
    because="Two calls are two draws. They agree by chance, about every second time.",
    beliefs=(
        Belief("all", "The pipeline does not remember what it drew for the picture."),
        Belief("none", "By chance both calls may do the same."),
    ),
    choices=("all", "some", "none"),
)

Prediction(
    "12.p6",
    because="Between a 0 and a 3, a picture that is turned gets values in between.",
    beliefs=(
        Belief([0, 3], "So it is for a mask. But it was called an image."),
        Belief("error", "An array with two axes is a grey picture."),
    ),
)

Prediction(
    "12.p7",
    because="A name that the pipeline does not know is handed through, untouched.",
    beliefs=(
        Belief(True, "How could it know that this is a picture? It goes by names."),
        Belief("error", "Only with `strict=True`. Else, other names are allowed, as for labels."),
    ),
    choices=(True, False, "error"),
)

Prediction(
    "12.p8",
    because="64 - 24 = 40 is the new left edge, and 64 - 4 = 60 the new right one. y stays.",
    beliefs=(
        Belief([60, 10, 40, 30], "Each x is right. But which of them is the left edge now?"),
        Belief([4, 10, 24, 30], "That is the old box. The picture under it has moved."),
        Belief([4, 34, 24, 54], "That mirrors y. A horizontal flip changes left and right."),
    ),
)

Prediction(
    "12.p9",
    because="The box outside is dropped. `labels` is a name that the pipeline does not know.",
    beliefs=(
        Belief([1, 1], "How should it know that these numbers belong to the boxes?"),
        Belief([2, 2], "A box that lies outside the picture is dropped."),
        Belief([2, 1], "The boxes are what the pipeline knows. What are the labels to it?"),
    ),
)

Prediction(
    "12.p10",
    because="v2 moves and trims boxes. It never takes one away while it cuts.",
    beliefs=(
        Belief(1, "So does Albumentations. v2 has a step of its own for that."),
        Belief(0, "The right digit is still in the picture."),
    ),
)

Prediction(
    "12.p11",
    because="Albumentations draws from a generator of its own, which torch's seed does not reach.",
    beliefs=(Belief(True, "torch's seed is for torch's generators. Whose number is this?"),),
    choices=(True, False),
)

Prediction(
    "12.p12",
    because="A copy has the same state of the generator, so it goes on with the same numbers.",
    beliefs=(Belief(False, "What would make the copies differ? Nobody gave them other seeds."),),
    choices=(True, False),
)

Prediction(
    "12.p13",
    because="Without `split=` it gives a dictionary of splits. One file makes one split, `train`.",
    beliefs=(Belief("Dataset", "So it would be with `split='train'`. What if there were more?"),),
    choices=("Dataset", "DatasetDict"),
)

Prediction(
    "12.p14",
    because="A slice is a dict of lists, and the dict has two names: `label` and `text`.",
    beliefs=(
        Belief(3, "That is the length of each list in it. A slice is no list of rows."),
        Belief(6, "Values are not counted. What has the slice two of?"),
    ),
)

Prediction(
    "12.p15",
    because="`map` gives a new table, and here nobody keeps it. The old one is as it was.",
    beliefs=(
        Belief(2, "That is in the new table. Which table is looked at?"),
        Belief("error", "A result that nobody keeps is no error."),
    ),
)

Prediction(
    "12.p16",
    because="`len(rows['text'])` is one number for many rows. A list with a number each is needed.",
    beliefs=(
        Belief(195, "That is the length of the first text. What is `rows['text']` here?"),
        Belief(424, "That is what the function counts, the rows. But what has it to give back?"),
    ),
)

Prediction(
    "12.p17",
    because="`map` ran the function once for each row and stored what it gave.",
    beliefs=(Belief(False, "The function does not run when a row is asked for."),),
    choices=(True, False),
)

Prediction(
    "12.p18",
    because="Rows hold lists, and the default collate goes into lists: first with first, etc.",
    beliefs=(
        Belief("one tensor", "So it would be, if each row held a tensor."),
        Belief("list of 4 tensors", "One tensor a row would need no collating at all."),
    ),
    choices=("one tensor", "list of 2 tensors", "list of 4 tensors"),
)

Prediction(
    "12.p19",
    because="The format `torch` makes float32 of all floats, whatever the table stores.",
    beliefs=(
        Belief("float64", "So the table stores it, and so the loader made it without a format."),
        Belief("int64", "The values are whole, but their type is not."),
    ),
)

Prediction(
    "12.p20",
    because="A buffer of one row leaves nothing to choose from.",
    beliefs=(Belief(False, "It draws from the buffer only. How many rows are in it?"),),
    choices=(True, False),
)

Prediction(
    "12.p21",
    because="The name falls into pieces that are known, some of them single letters.",
    beliefs=(
        Belief(1, "So it would be with a vocabulary of whole words."),
        Belief(7, "The pieces themselves are known. The letters came up in other words."),
    ),
)

Prediction(
    "12.p22",
    because="A token named `[PAD]` is a token like others, until someone says what it is for.",
    beliefs=(
        Belief("padded", "With which token? The name alone says nothing to the tokenizer."),
        Belief("not padded", "It was asked to, and says loudly that it cannot."),
    ),
    choices=("padded", "not padded", "error"),
)

Prediction(
    "12.p23",
    because="The template puts `[CLS]` in front and `[SEP]` behind.",
    beliefs=(
        Belief(1, "That is the word alone. The template adds to every text."),
        Belief(2, "The template adds a token in front, and one behind."),
        Belief(4, "The word is one piece: its letters do not count."),
    ),
)

Prediction(
    "12.p24",
    because="Every column has to become a tensor, and the column of texts cannot.",
    beliefs=(Belief("batch", "What should it do with the texts? It leaves no column out."),),
    choices=("batch", "error"),
)

Prediction(
    "12.p25",
    because="The longest has 17 ids, and the next multiple of 8 is 24.",
    beliefs=(
        Belief(17, "That is the longest text. Is it a multiple of 8?"),
        Belief(16, "A row of 17 ids does not fit into that."),
        Belief(64, "That is how long a text may be. A batch is only as wide as it has to be."),
    ),
)

Prediction(
    "12.p26",
    because="`three` has labels, so the first thing in the output is the loss: one number.",
    beliefs=(
        Belief([3, 4], "Those are the logits. They come first only if there are no labels."),
        Belief([4], "That would be the logits of the first text. The output is no tensor."),
        Belief([3], "The loss is the mean over the texts."),
    ),
)

Prediction(
    "12.p27",
    because="Unpacking goes over the keys, and the second key is the text `logits`.",
    beliefs=(
        Belief("Tensor", "So it was before version 4. What does a dictionary give when unpacked?"),
        Belief("error", "There are two things to unpack, so this line has no error."),
    ),
)

Prediction(
    "12.p28",
    because="Without a mask, the padding is looked at as if it were words.",
    beliefs=(Belief(True, "To the model, the pad token is an id like others."),),
    choices=(True, False),
)

Prediction(
    "12.p29",
    because="The loss counts every label but -100, also where nobody looks.",
    beliefs=(
        Belief(False, "The attention mask is about who is looked at, and not about the loss."),
    ),
    choices=(True, False),
)

Prediction(
    "12.p30",
    because="The labels are moved by one before the call, and the model moves them by one more.",
    beliefs=(
        Belief(1, "So it was meant. But the model moves the labels, too."),
        Belief(0, "Two moves in the same direction do not cancel out."),
        Belief("error", "All shapes fit. The mistake is silent."),
    ),
)

Prediction(
    "12.p31",
    because="`from_pretrained` calls `eval()` at its end.",
    beliefs=(Belief(True, "That is the mode of a new Module. This one was loaded."),),
    choices=(True, False),
)

Prediction(
    "12.p32",
    because="The file has a head of four rows, the model one of two. Sizes have to fit.",
    beliefs=(
        Belief("two labels", "The model is made so. But the weights in the file have other sizes."),
        Belief("four labels", "The argument does change the config."),
    ),
    choices=("four labels", "two labels", "error"),
)

Prediction(
    "12.p33",
    because="The folder has no head, so each load makes one at random.",
    beliefs=(
        Belief(True, "Which file does the head come from?"),
        Belief("error", "Weights that the file lacks are made new, and that is allowed."),
    ),
    choices=(True, False, "error"),
)

Prediction(
    "12.p34",
    because="Two names for one memory: the format has no way to say so, and it refuses.",
    beliefs=(
        Belief("saved twice", "Then they would no longer be tied after loading."),
        Belief("saved once", "For that it would have to know which name to leave out."),
    ),
    choices=("saved twice", "saved once", "error"),
)

Prediction(
    "12.p35",
    because="Dropout asks for the mode, and not for `requires_grad`.",
    beliefs=(Belief(True, "No weight changes. But what does Dropout do in training mode?"),),
    choices=(True, False),
)
