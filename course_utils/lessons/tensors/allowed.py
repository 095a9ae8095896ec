"""What answers about shapes and strides may use of torch, where they are marked."""

# The size of a shape, and sums of it.
COUNTING = (
    *("shape", "size", "numel", "ndim", "dim", "prod", "cumprod", "tolist", "item", "flip"),
    *("tensor", "as_tensor", "arange", "unique", "zeros", "ones", "diff", "all", "any"),
    *("sum", "cat", "stack", "sort", "argsort", "long", "int", "int64", "Size", "Tensor"),
    *("max", "min", "clamp", "roll", "eq", "equal", "ne", "gt", "ge", "lt", "le", "count"),
    *("index_select", "nonzero", "where", "abs", "bool", "dtype", "to", "div", "mul"),
    *("add", "sub", "remainder", "device", "cumsum", "empty"),
)
# Not these: other ways to the views that are to be made, and to memory passed off as shared.
VIEWS = (
    *("einsum", "view_as", "reshape_as", "expand_as", "set_", "data", "unfold_copy"),
    *("diagonal_copy", "diagonal_scatter", "view_copy", "as_strided_copy", "numpy"),
    *("trace", "diag_embed", "diagflat", "new", "storage"),
)
