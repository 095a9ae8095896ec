"""Predictions of notebook 02: indexing, gather and broadcasting."""

from course_utils.prediction import Belief, Prediction

Prediction(
    "02.p1",
    because="The 0 takes the first dimension away, `...` keeps two, `None` puts a 1 at the end.",
    beliefs=(
        Belief((1, 3, 4), "So it would be with `z[0, None]`. Here `None` stands behind `...`."),
        Belief((3, 4), "`None` is not nothing: it makes a new dimension."),
        Belief((2, 3, 4, 1), "A number takes its dimension away, and here that is the first."),
        Belief((3, 1), "`...` stands for all dimensions that are left, not for one."),
    ),
)

Prediction(
    "02.p2",
    because="A slice takes what is there. From row 5 on there is nothing: no rows of four.",
    beliefs=(
        Belief("error", "A number that is too large raises. A slice is cut off, as in a list."),
        Belief((0,), "No rows are left. But what would each row have, if there were one?"),
        Belief((), "That is a single number. A slice keeps its dimension."),
    ),
)

Prediction(
    "02.p3",
    because="Without an argument, every dimension of size 1 goes. Here the batch has size 1, too.",
    beliefs=(
        Belief((1,), "Which of the two dimensions of size 1 should `squeeze` leave alone?"),
        Belief((1, 1), "`squeeze` takes dimensions of size 1 away, and both have that size."),
    ),
)

Prediction(
    "02.p4",
    because="From the right: 4 with 1 is 4, 1 with 3 is 3, and 5 stands alone.",
    beliefs=(
        Belief("error", "Write the last dimensions below each other: 4 and 1, then 1 and 3."),
        Belief((5, 1, 4), "The 1 in the middle meets a 3 and is stretched."),
        Belief((5, 3, 1), "The last 1 meets a 4 and is stretched."),
        Belief((5, 3, 4, 1), "No dimensions are added behind. The last ones stand in one column."),
    ),
)

Prediction(
    "02.p5",
    because="From the right, 3 meets 4. That `x` has three rows is the other dimension.",
    beliefs=(
        Belief((3, 4), "Is the last dimension of `x` the one with three elements?"),
        Belief((3, 3), "The result has no fewer columns than `x`: nothing is cut off."),
    ),
)

Prediction(
    "02.p6",
    because="(3,) is seen as (1, 3). Then both 1s are stretched, each to the other's 3.",
    beliefs=(
        Belief((3, 1), "The missing dimension comes in front: (3,) is a row, not a column."),
        Belief((3,), "No dimension goes away by broadcasting."),
        Belief("error", "It would be a good error to have. But a 1 stretches to anything."),
    ),
)

Prediction(
    "02.p7",
    because="The result has two rows, and the memory of `a` has place for one.",
    beliefs=(
        Belief((2, 3), "That is the shape of `a + b`, in memory of its own."),
        Belief((1, 3), "What should become of the second row of the result?"),
    ),
)

Prediction(
    "02.p8",
    because="The first number of a row becomes 0 first, and then 0 is subtracted from the others.",
    beliefs=(
        Belief(True, "When the second number's turn comes, what is `a[:, :1]` then? It is a view."),
        Belief("error", "torch finds this for a single row, but not here: it goes on."),
    ),
    choices=(),
)

Prediction(
    "02.p9",
    because="All named dimensions are gone; the channel is left: one mean for each.",
    beliefs=(
        Belief((8, 5, 5), "`dim` names what disappears, not what stays."),
        Belief((1, 3, 1, 1), "So it is with `keepdim=True`. Without it, the dimensions go."),
        Belief((), "Only the named dimensions are reduced. One is not named."),
    ),
)

Prediction(
    "02.p10",
    because="The sums 4 and 8 have shape (2,), a row. So column 0 is divided by 4, column 1 by 8.",
    beliefs=(
        Belief(
            [[0.25, 0.75], [0.25, 0.75]],
            "That is what was wanted. Which way does a shape of (2,) stretch?",
        ),
        Belief("error", "With two rows of three, it would be. Here 2 meets 2."),
        Belief(
            [[1 / 3, 1 / 3], [2 / 3, 2 / 3]],
            "For that, each column would be divided by its own sum. `dim=1` sums along the rows.",
        ),
    ),
)

Prediction(
    "02.p11",
    because="Each of the 3 x 4 ids is replaced by a row of two numbers.",
    beliefs=(
        Belief((3, 4), "Each id names a row, and a row has two numbers."),
        Belief((12, 2), "The ids keep their shape."),
        Belief("error", "An index can have any shape. It is not compared with the table's."),
        Belief((3, 2), "There are twelve ids, and every one of them brings a row."),
    ),
)

Prediction(
    "02.p12",
    because="A tuple is an index with commas: `x[(0, 1)]` is `x[0, 1]`, row 0 and column 1.",
    beliefs=(
        Belief([[0, 1, 2, 3], [4, 5, 6, 7]], "So it is with a list. These are round brackets."),
        Belief([0, 1], "Two numbers with a comma between them: row 0, then which column?"),
        Belief((2, 4), "The question is for what comes out. And is that still two rows?"),
        Belief("error", "A tuple in the brackets is what Python makes of every comma there."),
    ),
)

Prediction(
    "02.p13",
    because="The lists are paired: the element (0, 1) and the element (1, 2).",
    beliefs=(
        Belief([[1, 2], [5, 6]], "Two slices give a block. Two lists are paired."),
        Belief([[0, 1, 2, 3], [4, 5, 6, 7]], "Those are rows 0 and 1. What does [1, 2] say?"),
        Belief([1, 2], "The pairs are (0, 1) and (1, 2): row first, then column."),
        Belief("error", "Both lists have two numbers, so they can be paired."),
    ),
)

Prediction(
    "02.p14",
    because="`:` takes every row, and from each the columns 2, 0 and 3.",
    beliefs=(
        Belief((3,), "For that, each row has to meet its own number. `:` is not paired."),
        Belief((3, 1), "For that, each row has to meet its own number. `:` is not paired."),
        Belief((3, 4), "The last dimension is indexed: it becomes as long as `y`."),
        Belief("error", "The numbers in `y` are columns that exist. It is a fine index."),
    ),
)

Prediction(
    "02.p15",
    because="The index tensors are apart, so their dimension goes to the front.",
    beliefs=(
        Belief((7, 2, 4), "The sizes are right. Which of the two places should it stand at?"),
        Belief((7, 4, 2), "The sizes are right. Which of the two places should it stand at?"),
        Belief((7, 2, 4, 2), "The two index tensors are paired: they make one dimension, not two."),
    ),
)

Prediction(
    "02.p16",
    because="`a[[0, 2]]` is a copy. The 5 went into it, and nobody kept it.",
    beliefs=(
        Belief([5, 0, 0, 0], "So it would be with a slice. What does a list give: view or copy?"),
        Belief([5, 0, 5, 0], "`[0]` is one element. And does it belong to `a`?"),
        Belief("error", "Writing into a copy is allowed, and nobody hears of it."),
    ),
)

Prediction(
    "02.p17",
    because="The tensor keeps its dtype, and int64 has no fraction. It is cut off.",
    beliefs=(
        Belief([3, 0], "Nothing is rounded: the fraction is cut off."),
        Belief([2.7, 0], "A tensor has one dtype, and writing does not change it."),
        Belief(
            "error", "`+=` with a fraction raises an error. Writing a number by an index does not."
        ),
    ),
)

Prediction(
    "02.p18",
    because="The mask is True for two of the three rows, and whole rows are picked.",
    beliefs=(
        Belief((2,), "The mask has one dimension: it picks along the first one of `x`."),
        Belief((8,), "With a mask of the shape of `x` it would be one row. This one has (3,)."),
        Belief((3, 4), "Rows for which the mask is False are not there any more."),
        Belief("error", "A mask may have fewer dimensions than the tensor."),
    ),
)

Prediction(
    "02.p19",
    because="These are integers, so they are places: 1, then 0, then 1.",
    beliefs=(
        Belief([10, 30], "So it would be with True, False, True. What dtype is this index?"),
        Belief([10, 0, 30], "An index does not multiply."),
        Belief("error", "Places 0 and 1 exist. It is a fine index."),
    ),
)

Prediction(
    "02.p20",
    because="Python computes `2 & x` first, and then wants one True or False for a chain.",
    beliefs=(
        Belief([3, 4, 5], "So it is with brackets around each comparison."),
        Belief([], "It does not get that far. Which comes first, `&` or `<`?"),
    ),
)

Prediction(
    "02.p21",
    because="NaN times anything is NaN, also times 0. And NaN plus anything is NaN.",
    beliefs=(
        Belief(3.0, "That is what was wanted. What is NaN times 0?"),
        Belief("error", "NaN is a float like others. It just stays."),
    ),
)

Prediction(
    "02.p22",
    because="Column by column: place 2 of column 0, place 0 of column 1, place 1 of the others.",
    beliefs=(
        Belief(
            [[2, 0, 1, 1]], "These are columns of row 0, as with dim=1. Here the index names rows."
        ),
        Belief(
            [[8, 9, 10, 11], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5, 6, 7]],
            "That is `x[[2, 0, 1, 1]]`: whole rows. `gather` reads one element for each number.",
        ),
        Belief([[8], [1], [6], [7]], "The numbers are right. The result has the index's shape."),
        Belief([8, 1, 6, 7], "The numbers are right. The result has the index's shape."),
        Belief("error", "The index has fewer rows than `x`, and that is allowed."),
    ),
)

Prediction(
    "02.p23",
    because="The index has one dimension and `x` has two.",
    beliefs=(
        Belief((3,), "That is what was wanted. But an index needs as many dimensions as `x`."),
        Belief((3, 1), "So it is with `y[:, None]`. As it stands, the index has one dimension."),
        Belief((3, 3), "That is the shape of `x[:, y]`."),
    ),
)

Prediction(
    "02.p24",
    because="The result has the shape of the index, one row. So only row 0 is read.",
    beliefs=(
        Belief(
            [[0, 3], [4, 7], [8, 11]],
            "That is what was wanted. What shape does the result of `gather` always have?",
        ),
        Belief("error", "An error would be helpful. A short index is allowed, though."),
        Belief([[0, 4, 8], [3, 7, 11]], "Columns? Each number of the index reads one element."),
    ),
)

Prediction(
    "02.p25",
    because="`gather` counts from 0 only. Outside of that it raises an error.",
    beliefs=(
        Belief([[3], [4], [8]], "So it is in brackets. `gather` does not count from the end."),
        Belief([[0], [4], [8]], "No number is replaced by another without a word."),
    ),
)

Prediction(
    "02.p26",
    because="Place 0 was 0 when it was read, twice. So a 1 is written there, twice.",
    beliefs=(
        Belief([2, 0, 1], "When the second 1 is added, has the first been written already?"),
        Belief([1, 1, 1], "The index holds places, and place 1 is not among them."),
        Belief("error", "A place may come twice. Nobody checks it."),
    ),
)

Prediction(
    "02.p27",
    because="The index has one column, so only column 0 of the source is added.",
    beliefs=(
        Belief(
            [[8, 10, 12, 14], [4, 5, 6, 7]],
            "That is `index_add`. How many elements of the source have a place in this index?",
        ),
        Belief("error", "An index that is smaller than the source is allowed."),
        Belief(
            [[8, 8, 8, 8], [4, 4, 4, 4]], "Nothing is stretched, neither the index nor the sums."
        ),
    ),
)

Prediction(
    "02.p28",
    because="`bincount` counts up to the largest number it meets, and 3 is not there.",
    beliefs=(
        Belief([1, 0, 2, 0], "How should `bincount` know that there is a class 3?"),
        Belief([1, 2], "Place 1 stands for the number 1, which comes 0 times."),
        Belief([0, 2], "Those are the numbers that come. How often does each?"),
    ),
)

Prediction(
    "02.p29",
    because="It reads along `order` once more: place 1, then 3, 0 and 2 of what is sorted.",
    beliefs=(
        Belief([30, 10, 40, 20], "To get back, would you read along the order again, or write?"),
        Belief([10, 20, 30, 40], "What is sorted can be mixed again: `[order]` reads by places."),
    ),
)

Prediction(
    "02.p30",
    because="`max(dim=1)` is a pair of tensors. Python compares the pair with a tensor: not equal.",
    beliefs=(
        Belief([True, True], "That is what was wanted. Is a pair of tensors a tensor?"),
        Belief([False, False], "The values would give that. But the pair itself was compared."),
        Belief("error", "A pair may be compared with a tensor. Python says no, and goes on."),
    ),
)

Prediction(
    "02.p31",
    because="The result has shape (500, 500, 20), with 4 bytes for each element.",
    beliefs=(
        Belief(40_000, "That is what each of the two has. The result has all pairs."),
        Belief(80_000, "That is what went in. The result has all pairs."),
        Belief(1_000_000, "All pairs, 4 bytes each. And the 20 coordinates?"),
        Belief(5_000_000, "That is the number of elements. float32 has 4 bytes."),
    ),
)

Prediction(
    "02.p32",
    because="`d` is not behind the arrow: it is summed away. `b` is the same place in both.",
    beliefs=(
        Belief((8, 5, 16), "Behind the arrow stands k, the time of the keys, and no d."),
        Belief((8, 8, 5, 7), "The letter b comes twice and is one dimension: the same in both."),
        Belief((5, 7), "b stands behind the arrow, so it is kept."),
        Belief("error", "b and d have the same size in both. q and k may differ."),
    ),
)

Prediction(
    "02.p33",
    because="The result has the letters in the order a, b. And a is the last dimension of `x`.",
    beliefs=(
        Belief((3, 4), "Nothing is summed. In which order does the alphabet put b and a?"),
        Belief((), "Only letters that come twice are summed away without an arrow."),
        Belief("error", "Without an arrow, einsum makes one of its own."),
    ),
)
