"""Predictions of notebook 08: the text pipeline."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "08.p1",
    because="The tokens are `don`, `'`, `t`, `stop` and `!`: an apostrophe is a token of its own.",
    beliefs=(
        Belief(2, "That is what `split` alone would give. Here marks are tokens, too."),
        Belief(3, "The exclamation mark is a token; and so is another mark in this text."),
        Belief(4, "A word with an apostrophe inside becomes more than two tokens."),
    ),
)

Prediction(
    "08.p2",
    because="`<unk>` is in the vocabulary, but nobody has said that unknown words are to use it.",
    beliefs=(
        Belief(1, "That is the id of `<unk>`. It is an entry like any other until you say more."),
        Belief(0, "That is the id of `<pad>`. An unknown word is not padding."),
        Belief(-1, "Nothing here answers with -1 for what it does not find."),
        Belief(8, "That would be the next free id. Looking up adds nothing to a vocabulary."),
    ),
)

Prediction(
    "08.p3",
    because="Six words and two specials make ids from 0 to 7, and six rows are 0 to 5.",
    beliefs=(
        Belief([1, 3], "That is the shape if the table has a row for this id. Count the rows."),
        Belief([3], "One id in a list gives one row in a batch of one, if there is such a row."),
        Belief([6, 3], "That is the shape of the table."),
    ),
)

Prediction(
    "08.p4",
    because="An embedding takes ids from 0 to the number of rows minus 1, and nothing else.",
    beliefs=(
        Belief("last row", "`table.weight[-1]` would be the last row. A look-up is no indexing."),
        Belief("zeros", "No id stands for nothing; not even `padding_idx` does that for -1."),
    ),
    choices=("last row", "zeros", "error"),
)

Prediction(
    "08.p5",
    because="By default `batch_first=False`: time comes first.",
    beliefs=(
        Belief([3, 4], "That is what you get with `batch_first=True`. It is not the default."),
        Belief("error", "Different lengths are what this function is for."),
        Belief([7], "That would be all tokens in one row: `torch.cat`."),
    ),
)

Prediction(
    "08.p6",
    because="The row was zero when the embedding was made. Then all rows were written.",
    beliefs=(
        Belief([0.0, 0.0], "Nothing protects the row from being written to."),
        Belief("error", "Writing to that row is allowed, and nobody warns."),
    ),
)

Prediction(
    "08.p7",
    because="The sum is 6, and it is divided by 4 places.",
    beliefs=(
        Belief(3.0, "That is the mean of the two real tokens. `mean` does not know which are."),
        Belief(6.0, "That is the sum. A mean divides it."),
    ),
)

Prediction(
    "08.p8",
    because="A new state is computed from the old state, by weights and biases, at every step.",
    beliefs=(Belief(True, "Zeros switch off the input weights, but not the recurrent ones."),),
    choices=(True, False),
)

Prediction(
    "08.p9",
    because="The last column is place 3. Text 0 ends at place 1; then come two steps of padding.",
    beliefs=(Belief(True, "The outputs go on over the padding, and each step changes the state."),),
    choices=(True, False),
)

Prediction(
    "08.p10",
    because="By default the longest text has to come first, then the next longest, and so on.",
    beliefs=(
        Belief([3, 2, 1, 1], "So it would be, if the order of the texts were allowed."),
        Belief([2, 4, 1], "Those are the lengths; and the order of the texts is a problem."),
        Belief([4, 2, 1], "Those are the lengths in falling order. It does not sort unasked."),
    ),
)

Prediction(
    "08.p11",
    because="All 3 texts have a first token, 2 have a second one, 1 has a third and a fourth.",
    beliefs=(
        Belief([2, 4, 1], "Those are the lengths. There is one number for each *step*."),
        Belief([4, 2, 1], "Those are the sorted lengths. There is one number for each *step*."),
        Belief([3, 3, 3, 3], "So it would be with padding: all texts run to the end."),
        Belief("error", "This time it was allowed to sort."),
    ),
)

Prediction(
    "08.p12",
    because="States are (layers, batch, hidden). `batch_first` changes inputs and outputs only.",
    beliefs=(
        Belief([3, 1, 5], "`batch_first` does not apply to states."),
        Belief([3, 5], "There is one more dimension: the layers."),
        Belief([3, 4, 5], "That is the shape of the outputs: one for each place."),
    ),
)

Prediction(
    "08.p13",
    because="The second network begins at the last place: there it has read one token only.",
    beliefs=(Belief(True, "It reads from right to left. Where does it end?"),),
    choices=(True, False),
)

Prediction(
    "08.p14",
    because="The first dimension is read as time, so text 0 is step 0 and text 1 is step 1.",
    beliefs=(
        Belief(False, "The network takes the texts for steps in time, and step 0 reaches step 1."),
    ),
    choices=(True, False),
)

Prediction(
    "08.p15",
    because="The first begins at 0, the second after 2 ids, the third after 2 + 4.",
    beliefs=(
        Belief([2, 4, 1], "Those are the lengths. An offset is a place."),
        Belief([0, 2, 4], "The third begins after *all* ids of the first two."),
        Belief([2, 6, 7], "There the texts end. Where do they begin?"),
        Belief([0, 2, 6, 7], "The end of the last one is only wanted with `include_last_offset`."),
    ),
)

Prediction(
    "08.p16",
    because="Offsets 0, 2, 4 cut 7 ids into 2, 2 and 3. Nothing about them looks wrong.",
    beliefs=(
        Belief([2, 4, 1], "Those are the lengths of the texts, but the bags are cut elsewhere."),
        Belief("error", "The numbers rise and fit into the row, so there is nothing to find."),
        Belief([0, 2, 4], "Those are the offsets. How many ids lie from each to the next?"),
    ),
)

Prediction(
    "08.p17",
    because="In this function True means: may be looked at.",
    beliefs=(
        Belief(20.0, "That is the rule of `nn.MultiheadAttention`. This function has the other."),
        Belief(15.0, "That is the mean without a mask."),
        Belief(5.0, "The weights add up to 1 over what may be looked at."),
    ),
)

Prediction(
    "08.p18",
    because="The weights are shares of what may be looked at, and the shares of nothing are 0 / 0.",
    beliefs=(
        Belief(
            "zeros", "The weights of a text add up to 1. Here there is nothing to give them to."
        ),
        Belief("error", "Nobody looks whether a place is left. The result is silent."),
    ),
)

Prediction(
    "08.p19",
    because="Four classes have the labels 0 to 3.",
    beliefs=(
        Belief(1.386, "That is the loss of equal logits, for a label from 0 to 3."),
        Belief(0.0, "A label that is too large is not left out in silence."),
    ),
)

Prediction(
    "08.p20",
    because="The mean of three vectors is the same in any order.",
    beliefs=(Belief(True, "What does the mean keep of the order of its numbers?"),),
    choices=(True, False),
)
