"""Turn class numbers into rows that hold a single 1; `scatter` can write all of these at once. The
number -1 stands for padding, where there is no class: all zeros.
"""

import torch

from course_utils.exercise import Exercise

exercise = Exercise(
    "02.2",
    "One-hot rows",
    minutes=12,
    difficulty=2,
    without=["nn.functional.one_hot"],
    hints=[
        "Begin with zeros of the right shape. Along which dimension is a 1 to be written?",
        "`scatter` wants an index with as many dimensions as what it writes to. What shape does "
        "an index of one place a row have?",
        "-1 is no place for `scatter`, and for an index in brackets it is the last one. What can "
        "be written at some harmless place instead of a 1?",
    ],
)


@exercise.reference
def one_hot(ids, classes):
    """A row for each id: 1 at the place of the id, 0 elsewhere. For the id -1, zeros only.

    ids: int64, any shape, any strides, from -1 to classes - 1. classes: an int, 1 or more.
    Returns float32, shape (*ids.shape, classes).
    """
    is_class = (ids >= 0).unsqueeze(-1)
    places = ids.clamp(min=0).unsqueeze(-1)
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, places, is_class.float())


def some_ids(rng, classes, *shape):
    """Ids from -1 to classes - 1."""
    count = torch.Size(shape).numel()
    return torch.tensor([rng.randrange(-1, classes) for _ in range(count)]).long().reshape(shape)


@exercise.cases
def _(rng):
    yield torch.tensor([2, 0]), 3
    yield torch.tensor([1, -1]), 3
    yield torch.tensor([-1, -1]), 2
    yield torch.tensor(1), 2
    yield torch.tensor(-1), 2
    yield torch.tensor([0, 0, -1]), 1
    yield torch.zeros(0, dtype=torch.int64), 2
    yield some_ids(rng, 4, 3), 6
    yield some_ids(rng, 3, 3, 3), 3
    yield some_ids(rng, 3, 2, 1, 4), 3
    yield some_ids(rng, 4, 4, 2).t(), 4
    yield some_ids(rng, 5, 8)[::2], 5
    yield some_ids(rng, 5, 6)[2:], 5


@exercise.mistake(
    "A place with -1 got the 1 of the last class. In Python -1 counts from the end; here it means "
    "that there is no class."
)
def last_class_for_padding(ids, classes):
    return torch.eye(classes)[ids]


@exercise.mistake(
    "A place with -1 got a 1 all the same, that of a class that -1 was turned into. What is to be "
    "written there?"
)
def first_class_for_padding(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, ids.clamp(min=0).unsqueeze(-1), 1.0)


@exercise.mistake(same_as=first_class_for_padding)
def without_the_sign(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, ids.abs().clamp(max=classes - 1).unsqueeze(-1), 1.0)


@exercise.mistake(
    "-1 is out of bounds there: what writes along an index knows places from 0 on, and does not "
    "count from the end. Padding has no place; which one could stand in for it?"
)
def scatters_minus_one(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, ids.unsqueeze(-1), 1.0)


@exercise.mistake(same_as=scatters_minus_one)
def scatters_minus_one_in_place(ids, classes):
    rows = torch.zeros(ids.numel(), classes)
    rows.scatter_(1, ids.reshape(-1, 1), 1)
    return rows.reshape(*ids.shape, classes)


@exercise.mistake(
    "To write along the classes, the index needs a dimension for them as well. How many dimensions "
    "has ids, and how many the result?"
)
def index_without_a_dimension(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, ids.clamp(min=0), 1.0) * (ids >= 0).unsqueeze(-1)


@exercise.mistake("The rows are right but for their dtype. Which one was asked for?")
def whole_numbers(ids, classes):
    return (ids.unsqueeze(-1) == torch.arange(classes)).long()


@exercise.mistake(same_as=whole_numbers)
def truth_values(ids, classes):
    return ids.unsqueeze(-1) == torch.arange(classes)


@exercise.mistake(
    "`ids` may have any shape, also no dimension at all. Yours counts on a list of numbers."
)
def a_list_of_ids(ids, classes):
    rows = torch.zeros(len(ids), classes)
    rows.scatter_(1, ids.clamp(min=0).unsqueeze(1), 1.0)
    rows[ids < 0] = 0
    return rows


@exercise.mistake(same_as=a_list_of_ids)
def row_by_row(ids, classes):
    rows = torch.zeros(len(ids), classes)
    for i, c in enumerate(ids):
        if c >= 0:
            rows[i, c] = 1.0
    return rows


@exercise.mistake(same_as=a_list_of_ids)
def a_view_with_one_column(ids, classes):
    is_class = (ids >= 0).float()
    rows = torch.zeros(len(ids), classes)
    return rows.scatter_(1, ids.clamp(min=0).view(-1, 1), is_class.view(-1, 1))


@exercise.mistake(
    "`ids` may be a view itself, as a transposed tensor is. Which step of yours wants the elements "
    "to lie in order?"
)
def flat_view(ids, classes):
    flat = ids.view(-1)
    rows = torch.zeros(len(flat), classes)
    is_class = flat >= 0
    rows[is_class.nonzero().squeeze(1), flat[is_class]] = 1.0
    return rows.view(*ids.shape, classes)


@exercise.mistake(same_as=a_list_of_ids)
def number_of_elements(ids, classes):
    rows = torch.zeros(ids.numel(), classes)
    rows.scatter_(1, ids.clamp(min=0).reshape(-1, 1), 1.0)
    rows[ids.reshape(-1) < 0] = 0
    return rows


@exercise.mistake(same_as=a_list_of_ids)
def from_the_first_size(ids, classes):
    rows = torch.zeros(ids.shape[0], classes)
    is_class = ids >= 0
    rows[is_class, ids[is_class]] = 1.0
    return rows


@exercise.mistake("The dimension of the classes is not where it belongs, behind those of ids.")
def classes_first(ids, classes):
    rows = torch.zeros(classes, *ids.shape)
    return rows.scatter(0, ids.clamp(min=0).unsqueeze(0), (ids >= 0).float().unsqueeze(0))


@exercise.mistake(
    "How many classes there are is not seen in these ids: the last ones may not come at all."
)
def as_many_as_come(ids, classes):
    classes = int(ids.max()) + 1
    return (ids.unsqueeze(-1) == torch.arange(classes)).float()


@exercise.mistake(
    "The result is right, but the caller's ids have changed: there is no -1 in them any more."
)
def overwrites_the_padding(ids, classes):
    is_class = ids >= 0
    ids[ids < 0] = 0
    rows = torch.zeros(*ids.shape, classes)
    return rows.scatter(-1, ids.unsqueeze(-1), is_class.float().unsqueeze(-1))


@exercise.mistake("The places of padding are gone. They stay, as rows of zeros.")
def drops_the_padding(ids, classes):
    left = ids[ids >= 0]
    return torch.zeros(len(left), classes).scatter(1, left.unsqueeze(1), 1.0)


@exercise.mistake(
    "What says where the padding is has one dimension less than the result. Broadcasting lines "
    "shapes up from the right: which dimensions of yours meet?"
)
def mask_without_a_dimension(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    rows = rows.scatter(-1, ids.clamp(min=0).unsqueeze(-1), 1.0)
    return rows * (ids >= 0)


@exercise.mistake("Where the 1 is to stand, yours writes the class number itself.")
def writes_the_id(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    places = ids.clamp(min=0).unsqueeze(-1)
    return rows.scatter(-1, places, places.float())


@exercise.mistake("A row of padding holds zeros only. In yours another number stands in it.")
def padding_of_minus_one(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    rows.scatter_(-1, ids.clamp(min=0).unsqueeze(-1), 1.0)
    rows[ids == -1] = -1
    return rows


@exercise.mistake(same_as=padding_of_minus_one)
def writes_the_sign(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    places = ids.clamp(min=0).unsqueeze(-1)
    return rows.scatter(-1, places, torch.where(places == ids.unsqueeze(-1), 1.0, -1.0))


@exercise.mistake(same_as=whole_numbers)
def in_double_precision(ids, classes):
    return (ids.unsqueeze(-1) == torch.arange(classes)).double()


@exercise.mistake(same_as=a_list_of_ids)
def scatters_a_list(ids, classes):
    return torch.zeros(ids.shape[0], classes).scatter_(1, ids.unsqueeze(1), 1)


@exercise.mistake(same_as=a_list_of_ids)
def always_along_dimension_one(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    rows.scatter_(1, ids.clamp(min=0).unsqueeze(1), 1.0)
    rows[ids < 0] = 0
    return rows


@exercise.mistake(
    "A place more in each row, for padding, is a way. Yours is still there, or another one was cut "
    "off in its stead."
)
def place_for_padding_stays(ids, classes):
    rows = torch.zeros(*ids.shape, classes + 1)
    return rows.scatter(-1, (ids + 1).unsqueeze(-1), 1.0)


@exercise.mistake(same_as=place_for_padding_stays)
def cut_at_the_other_end(ids, classes):
    rows = torch.zeros(*ids.shape, classes + 1)
    return rows.scatter(-1, (ids + 1).unsqueeze(-1), 1.0)[..., :-1]


@exercise.mistake(same_as=mask_without_a_dimension)
def fills_by_a_mask_without_a_dimension(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    rows.scatter_(-1, ids.clamp(min=0).unsqueeze(-1), 1.0)
    return rows.masked_fill(ids < 0, 0)


@exercise.right
def cleared_afterwards(ids, classes):
    rows = torch.zeros(*ids.shape, classes)
    rows.scatter_(-1, ids.clamp(min=0).unsqueeze(-1), 1.0)
    rows[ids == -1] = 0
    return rows


@exercise.right
def compared_with_each_class(ids, classes):
    return (ids[..., None] == torch.arange(classes)).float()


@exercise.right
def a_class_of_its_own_for_padding(ids, classes):
    """Padding is class 0 of one more, which is cut off at the end."""
    rows = torch.zeros(*ids.shape, classes + 1)
    rows = rows.scatter(-1, (ids + 1).unsqueeze(-1), 1)
    return rows[..., 1:]


@exercise.right
def rows_of_a_unit_matrix(ids, classes):
    units = torch.cat([torch.eye(classes), torch.zeros(1, classes)])
    return units[ids]


@exercise.right
def only_where_a_class_is(ids, classes):
    flat = ids.flatten()
    rows = torch.zeros(flat.numel(), classes)
    (where,) = (flat >= 0).nonzero(as_tuple=True)
    rows[where, flat[where]] = 1.0
    return rows.view(ids.shape + (classes,))


@exercise.not_by_hand
def by_the_function(ids, classes):
    rows = torch.nn.functional.one_hot(ids.clamp(min=0), classes).float()
    return rows * (ids >= 0).unsqueeze(-1)


exercise.equivalent(
    "is_class = (ids >= 0).unsqueeze(-1)",
    "is_class = (ids >= 0).unsqueeze_(-1)",
    because="The tensor was made here: nobody else sees that it changes.",
)


exercise.equivalent(
    "return rows.scatter(-1, places, is_class.float())",
    "return rows.scatter_(-1, places, is_class.float())",
    because="The zeros were made here: nobody else sees that they change.",
)


exercise.equivalent(
    "rows = rows.scatter(-1, (ids + 1).unsqueeze(-1), 1)",
    "rows = rows.scatter_(-1, (ids + 1).unsqueeze(-1), 1)",
    because="The zeros were made here: nobody else sees that they change.",
)


exercise.equivalent(
    "units = torch.cat([torch.eye(classes), torch.zeros(1, classes)])",
    "units = torch.cat([torch.eye(classes), torch.zeros(2, classes)])",
    because="-1 counts from the end, and the last row holds zeros in both.",
)
