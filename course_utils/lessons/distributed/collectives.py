"""What of torch.distributed an answer may use where another part of torch is to be done by hand."""

COLLECTIVES = tuple(
    f"torch.distributed.{name}"
    for name in (
        *("get_rank", "get_world_size", "is_initialized", "barrier", "ReduceOp", "send", "recv"),
        *("broadcast", "reduce", "all_reduce", "gather", "all_gather", "scatter"),
        *("all_gather_into_tensor", "broadcast_object_list", "gather_object", "all_gather_object"),
    )
)
