"""Each item of a batch has a table of its own. Look up its ids in it."""

import torch

from course_utils.exercise import Exercise
from course_utils.observation import shares_storage
from course_utils.promises import promised

exercise = Exercise(
    "02.6",
    "Look up in a table of one's own",
    minutes=15,
    difficulty=2,
    hints=[
        "With loops: which row of which table goes to [b, k] of the result?",
        "An id alone does not say whose table is meant. What does the second index have to say, "
        "and which shape broadcasts against ids?",
        "Two index tensors are broadcast against each other, from the right. With as many items "
        "as ids for each, a wrong shape raises nothing.",
    ],
)


@exercise.reference
def look_up(table, ids):
    """Rows of tables, where each item of a batch has its own table.

    table: shape (batch, rows, features), each 1 or more, any dtype, any strides. ids: int64, shape
    (batch, ...), with any number of further dimensions, also none, of size 0 as well; from 0 to
    rows - 1.
    Returns a new tensor of shape (*ids.shape, features): at [b, ...] row ids[b, ...] of table[b].
    """
    further = [1] * (ids.dim() - 1)
    items = torch.arange(len(table)).reshape(-1, *further)
    return table[items, ids]


def ids_for(rng, table, *further):
    """Random ids into the rows of the tables."""
    shape = (len(table), *further)
    count = torch.Size(shape).numel()
    numbers = [rng.randrange(table.shape[1]) for _ in range(count)]
    return torch.tensor(numbers, dtype=torch.int64).reshape(shape)


@exercise.cases
def _(rng):
    table = torch.tensor(
        [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]]
    )
    yield table, torch.tensor([[0, 2, 1], [1, 1, 0]])
    yield table, torch.tensor([[2, 0], [0, 1]])
    yield table, torch.tensor([2, 1])
    yield table, torch.tensor([[[0, 1], [2, 2]], [[1, 0], [0, 2]]])
    yield table, torch.zeros(2, 0, dtype=torch.int64)
    yield table[:1], torch.tensor([[2]])
    # A view of the table, or the table itself, would hold the same numbers.
    for same_rows in ([0, 1, 2], [1, 2], 1):
        yield table, torch.tensor([same_rows, same_rows])
    yield torch.tensor([[[2**62], [2**62 + rng.randint(1, 9)]]]), torch.tensor([[1, 0]])
    for y in promised(rng, "any dtype", "any strides", "a size of 1", shape=(3, 4, 2)):
        yield y, ids_for(rng, y, 5)
    for y in promised(rng, "any strides", shape=(3, 3, 3)):
        yield y, ids_for(rng, y, 3).t()
        yield y, ids_for(rng, y, 2, 4)
        yield y, ids_for(rng, y, 2, 3).transpose(1, 2)
        yield y, ids_for(rng, y)


@exercise.observe
def _(answer, table, ids):
    result = answer(table, ids)
    return {"result": result, "shares storage with table": shares_storage(result, table)}


@exercise.mistake(
    "The ids were looked up in every table, or in one table after the other for every item. Each "
    "item's ids belong to its own table alone."
)
def in_every_table(table, ids):
    return table[:, ids]


@exercise.mistake(
    "An index alone in the brackets speaks of the first dimension. That is the batch: yours gives "
    "whole tables, not rows of them."
)
def whole_tables(table, ids):
    return table[ids]


@exercise.mistake(
    "Which item an id belongs to is lined up with the wrong dimension of ids: broadcasting goes "
    "from the right. Where both sizes are the same, nothing is raised."
)
def items_along_the_last_dimension(table, ids):
    return table[torch.arange(len(table)), ids]


@exercise.mistake(
    "Only the first feature of each row is there. With gather, the result has the shape of the "
    "index, in every dimension."
)
def first_feature(table, ids):
    flat = ids.reshape(len(table), -1, 1)
    return table.gather(1, flat).reshape(*ids.shape, 1)


@exercise.mistake(
    "All rows come from the first table. In one long list of rows, where does the table of item b "
    "begin?"
)
def first_table(table, ids):
    return table.reshape(-1, table.shape[2])[ids]


@exercise.mistake(
    "In one long list of rows, the table of item b begins after b tables. How many rows has each?"
)
def wrong_length_of_a_table(table, ids):
    begin = torch.arange(len(table)) * len(table)
    begin = begin.reshape(-1, *[1] * (ids.dim() - 1))
    return table.reshape(-1, table.shape[2])[(ids + begin) % (table.shape[0] * table.shape[1])]


@exercise.mistake(
    "Yours expects ids of shape (batch, K). There may be more dimensions behind the batch, or none."
)
def two_dimensions_only(table, ids):
    return table[torch.arange(len(table))[:, None], ids]


@exercise.mistake(same_as=two_dimensions_only)
def gathers_two_dimensions(table, ids):
    index = ids.unsqueeze(-1).expand(-1, -1, table.shape[2])
    return table.gather(1, index)


@exercise.mistake(same_as=two_dimensions_only)
def along_a_dimension_only(table, ids):
    return torch.take_along_dim(table, ids.unsqueeze(-1), dim=1)


@exercise.mistake(same_as=two_dimensions_only)
def two_sizes(table, ids):
    batch, count = ids.shape
    result = table.new_empty(batch, count, table.shape[2])
    for b in range(batch):
        for k in range(count):
            result[b, k] = table[b, ids[b, k]]
    return result


@exercise.mistake(
    "The rows are right, in one long list for each item. The result keeps all dimensions of ids."
)
def one_list_for_each_item(table, ids):
    flat = ids.reshape(len(table), -1)
    return table[torch.arange(len(table))[:, None], flat]


@exercise.mistake(
    "Item and row have changed places: an id says a row, and is taken here for the number of a "
    "table."
)
def items_and_rows_exchanged(table, ids):
    items = torch.arange(len(table)).reshape(-1, *[1] * (ids.dim() - 1))
    return table.transpose(0, 1)[items, ids]


@exercise.mistake(
    "A dimension is missing where one of the sizes is 1. It is needed: ids says which shape the "
    "result has."
)
def squeezes_everything(table, ids):
    items = torch.arange(len(table)).reshape(-1, *[1] * (ids.dim() - 1))
    return table[items, ids].squeeze()


@exercise.mistake(
    "The table may be a view itself, as a transposed tensor is. Which step of yours wants its rows "
    "to lie one after the other?"
)
def view_of_all_rows(table, ids):
    batch, rows, features = table.shape
    begin = torch.arange(batch).reshape(-1, *[1] * (ids.dim() - 1)) * rows
    return table.view(batch * rows, features)[ids + begin]


@exercise.mistake("The features belong at the end of the shape, behind all dimensions of ids.")
def features_not_at_the_end(table, ids):
    items = torch.arange(len(table)).reshape(-1, *[1] * (ids.dim() - 1))
    return table[items, ids].movedim(-1, 1)


@exercise.mistake("The dtype of the table has got lost. Looking up is no arithmetic.")
def product_with_one_hot(table, ids):
    chosen = torch.nn.functional.one_hot(ids.reshape(len(table), -1), table.shape[1]).float()
    return (chosen @ table.float()).reshape(*ids.shape, table.shape[2])


@exercise.mistake(same_as=two_dimensions_only)
def gathers_as_many_dimensions(table, ids):
    index = ids.unsqueeze(-1).expand(*ids.shape, table.shape[2])
    return table.gather(1, index)


@exercise.mistake(same_as=two_dimensions_only)
def two_loops(table, ids):
    rows = []
    for b in range(ids.shape[0]):
        rows.append(torch.stack([table[b, ids[b, k]] for k in range(ids.shape[1])]))
    return torch.stack(rows)


@exercise.mistake(same_as=two_dimensions_only)
def turned_round(table, ids):
    return table[torch.arange(len(table)), ids.T].transpose(0, 1)


@exercise.mistake(same_as=two_dimensions_only)
def product_of_batches(table, ids):
    chosen = (ids.unsqueeze(-1) == torch.arange(table.shape[1])).to(table.dtype)
    return torch.bmm(chosen, table)


@exercise.mistake(same_as=wrong_length_of_a_table)
def as_long_as_the_features(table, ids):
    begin = torch.arange(len(table)).reshape(-1, *[1] * (ids.dim() - 1)) * table.shape[2]
    rows = table.reshape(-1, table.shape[2])
    return rows[(ids + begin).clamp(max=len(rows) - 1)]


@exercise.right
def item_by_item(table, ids):
    return torch.stack([rows[wanted] for rows, wanted in zip(table, ids, strict=True)])


@exercise.right
def gathered(table, ids):
    batch, _, features = table.shape
    index = ids.flatten(1) if ids.dim() > 1 else ids.unsqueeze(1)
    index = index.unsqueeze(-1).expand(-1, -1, features)
    return table.gather(1, index).reshape(*ids.shape, features)


@exercise.right
def in_one_long_list_of_rows(table, ids):
    batch, rows, features = table.shape
    begin = (torch.arange(batch) * rows).view([batch] + [1] * (ids.ndim - 1))
    return table.reshape(batch * rows, features)[begin + ids]


@exercise.right
def with_a_meshgrid(table, ids):
    ranges = [torch.arange(size) for size in ids.shape]
    items = torch.meshgrid(*ranges, indexing="ij")[0]
    return table[items, ids, :]


@exercise.right
def along_a_dimension(table, ids):
    flat = ids.reshape(ids.shape[0], ids[0].numel(), 1)
    picked = torch.take_along_dim(table, flat, dim=1)
    return picked.view(*ids.shape, table.shape[-1])


exercise.equivalent(
    "items = torch.arange(len(table)).reshape(-1, *further)",
    "items = torch.arange(len(table)).view(-1, *further)",
    because="What arange makes is contiguous, so that every shape is a view of it.",
)


exercise.equivalent(
    "return table.gather(1, index).reshape(*ids.shape, features)",
    "return table.gather(1, index).view(*ids.shape, features)",
    because="What gather makes is contiguous, so that every shape is a view of it.",
)


exercise.equivalent(
    "flat = ids.reshape(ids.shape[0], ids[0].numel(), 1)",
    "flat = ids.reshape(ids.shape[0], ids[-1].numel(), 1)",
    because="All items have ids of the same shape.",
)


exercise.equivalent(
    "items = torch.meshgrid(*ranges, indexing='ij')[0]",
    "items = torch.meshgrid(*ranges)[0]",
    because="The same order is the default, with a warning.",
)
