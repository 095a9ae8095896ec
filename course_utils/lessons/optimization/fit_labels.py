"""Labels come out of files in all kinds of shapes and dtypes. Make them fit the loss, also in a
batch of one sample.
"""

import torch

from course_utils.exercise import Exercise
from course_utils.lessons.optimization.inputs import labels
from course_utils.promises import promised

exercise = Exercise(
    "09.5",
    "Labels that fit the loss",
    minutes=8,
    difficulty=1,
    hints=[
        "The lesson has a table: for each loss the shape and the dtype of the target.",
        "Test your function with a batch of one sample. What does squeeze() without an argument "
        "make of shape (1, 1)?",
        "`reshape(-1)` and `reshape(-1, 1)` give a shape whatever the shape was before.",
    ],
)


@exercise.reference
def fit_labels(raw, loss):
    """The class labels of a batch, in the shape and dtype that a loss expects.

    raw: whole numbers in a tensor of shape (n,) or (n, 1), of any dtype (int32, float64, bool,
    ...) and any strides.
    loss: 'cross_entropy' with logits of shape (n, classes), or 'bce_with_logits' with logits of
    shape (n, 1). Returns a tensor.
    """
    if loss == "cross_entropy":
        return raw.reshape(-1).long()
    return raw.reshape(-1, 1).float()


@exercise.cases
def _(rng):
    for loss in ("cross_entropy", "bce_with_logits"):
        yield torch.tensor([[0], [1], [1]], dtype=torch.int32), loss
        yield torch.tensor([1.0, 0.0], dtype=torch.float64), loss
        yield torch.tensor([[1]]), loss
        yield torch.tensor([1]), loss
        yield labels(rng, 4, 2), loss
        yield torch.tensor([[2**24 + 1 + 2 * rng.randrange(50)], [0]]), loss
        for raw in promised(rng, "any dtype", shape=(3,)):
            yield raw, loss
        for raw in promised(rng, "any strides", shape=(3, 1), dtype=torch.int64):
            yield raw, loss


@exercise.mistake(
    "A dimension of size 1 is taken away. In a batch of one sample, that can be the batch itself. "
    "What becomes of the shapes (1,) and (1, 1)?"
)
def squeezes_everything(raw, loss):
    if loss == "cross_entropy":
        return raw.squeeze().long()
    return raw.reshape(-1, 1).float()


@exercise.mistake(same_as=squeezes_everything)
def squeezes_for_both(raw, loss):
    raw = raw.squeeze()
    return raw.long() if loss == "cross_entropy" else raw.float().unsqueeze(1)


@exercise.mistake(same_as=squeezes_everything)
def squeezes_and_adds_at_the_end(raw, loss):
    raw = raw.squeeze()
    return raw.long() if loss == "cross_entropy" else raw.float().unsqueeze(-1)


@exercise.mistake(same_as=squeezes_everything)
def squeezes_the_last(raw, loss):
    raw = raw.squeeze(-1)
    return raw.long() if loss == "cross_entropy" else raw.float().reshape(-1, 1)


@exercise.mistake(
    "On the way your class numbers are float32, which does not have every whole number above 2**24."
)
def by_way_of_floats(raw, loss):
    raw = raw.float()
    return raw.reshape(-1).long() if loss == "cross_entropy" else raw.reshape(-1, 1)


@exercise.mistake(
    "Your whole numbers have 32 bits. Cross-entropy uses labels to look up columns, and wants "
    "torch's usual type for that."
)
def thirty_two_bits(raw, loss):
    if loss == "cross_entropy":
        return raw.reshape(-1).int()
    return raw.reshape(-1, 1).float()


@exercise.mistake(
    "All your labels are floats. For cross-entropy a label is the number of a class: something "
    "to count with."
)
def always_floats(raw, loss):
    return raw.reshape(-1).float() if loss == "cross_entropy" else raw.reshape(-1, 1).float()


@exercise.mistake(
    "All your labels are whole numbers. Binary cross-entropy multiplies with its target, which "
    "may lie between 0 and 1."
)
def always_whole_numbers(raw, loss):
    return raw.reshape(-1).long() if loss == "cross_entropy" else raw.reshape(-1, 1).long()


@exercise.mistake(
    "Both losses get the same shape from you. Binary cross-entropy compares element by element: "
    "what shape have its logits?"
)
def always_one_dimension(raw, loss):
    return raw.reshape(-1).long() if loss == "cross_entropy" else raw.reshape(-1).float()


@exercise.mistake(
    "Both losses get a column from you. How many numbers does cross-entropy want for one sample, "
    "and how many dimensions has its target?"
)
def always_a_column(raw, loss):
    return raw.reshape(-1, 1).long() if loss == "cross_entropy" else raw.reshape(-1, 1).float()


@exercise.mistake(
    "The dtype is right for some labels and not for others: of whole numbers and of floats there "
    "are several kinds. Which one does each loss want?"
)
def keeps_a_float(raw, loss):
    if loss == "cross_entropy":
        return raw.reshape(-1).long()
    return (raw if raw.is_floating_point() else raw.float()).reshape(-1, 1)


@exercise.mistake(same_as=keeps_a_float)
def keeps_whole_numbers(raw, loss):
    if loss == "cross_entropy":
        return (raw.long() if raw.is_floating_point() else raw).reshape(-1)
    return raw.reshape(-1, 1).float()


@exercise.mistake(same_as=keeps_a_float)
def keeps_both(raw, loss):
    if loss == "cross_entropy":
        return (raw.long() if raw.is_floating_point() else raw).reshape(-1)
    return (raw if raw.is_floating_point() else raw.float()).reshape(-1, 1)


@exercise.mistake("A column gets one more dimension from you. Labels come as (n,) and as (n, 1).")
def adds_a_dimension(raw, loss):
    if loss == "cross_entropy":
        return raw.reshape(-1).long()
    return raw.float().unsqueeze(1)


@exercise.mistake(
    "Your labels are other numbers than those that came in. Which class a number means is decided "
    "where the file was made."
)
def begins_at_zero(raw, loss):
    if loss == "cross_entropy":
        return (raw.long() - raw.long().min()).reshape(-1)
    return raw.reshape(-1, 1).float()


@exercise.mistake(
    "You give a table of zeros and ones. cross_entropy takes the numbers of the classes as they "
    "are; how many there are it sees from the logits."
)
def gives_a_table(raw, loss):
    if loss == "cross_entropy":
        return torch.nn.functional.one_hot(raw.reshape(-1).long()).float()
    return raw.reshape(-1, 1).float()


@exercise.mistake(
    "Your floats have 64 bits. The logits of a model are float32, and with your target the loss "
    "becomes float64."
)
def sixty_four_bits(raw, loss):
    if loss == "cross_entropy":
        return raw.reshape(-1).long()
    return raw.reshape(-1, 1).double()


@exercise.mistake("Your function needs a column. Labels come in the shape (n,), too.")
def needs_a_column(raw, loss):
    return raw[:, 0].long() if loss == "cross_entropy" else raw[:, :1].float()


@exercise.mistake("Your function needs the shape (n,). Labels come as a column, too.")
def needs_one_dimension(raw, loss):
    return raw.long() if loss == "cross_entropy" else raw.float().unsqueeze(1)


@exercise.right
def labels_by_flattening(raw, loss):
    flat = raw.flatten()
    if loss == "cross_entropy":
        return flat.to(torch.int64)
    return flat.to(torch.float32).unsqueeze(-1)


exercise.equivalent(
    "return raw.reshape(-1).long()",
    "return raw.view(-1).long()",
    because="Shapes (n,) and (n, 1) can be viewed as each other, whatever their strides.",
)


exercise.equivalent(
    "return raw.reshape(-1, 1).float()",
    "return raw.view(-1, 1).float()",
    because="Shapes (n,) and (n, 1) can be viewed as each other, whatever their strides.",
)


exercise.equivalent(
    "return flat.to(torch.float32).unsqueeze(-1)",
    "return flat.to(torch.float32).unsqueeze_(-1)",
    "return flat.to(torch.float32).unsqueeze(1)",
    because="`flat` has one dimension, so that -1 and 1 are the same place, and it was made here.",
)
