"""What an exercise is to be done without, and all the ways round that come to the same.

`torch.diagonal` is also `Tensor.diagonal`, `numpy.diag` and `ndarray.diagonal`; `cross_entropy` is
also `nn.CrossEntropyLoss`. An exercise names one of them. Names are the same when they differ in
case, underscores and the endings that torch, numpy and torchvision give to forms of one function;
what has another name altogether stands in ALSO.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

# What else does the work of a function, by the last part of its name. Names of a library only.
ALSO: dict[str, tuple[str, ...]] = {
    "stride": ("strides", "make_contiguous_strides_for", "__array_interface__"),
    "is_contiguous": ("flags", "is_contiguous_for_memory_format"),
    "contiguous": ("ascontiguousarray", "require"),
    "view": ("view_as", "unsafe_view", "shares_memory", "may_share_memory"),
    "reshape": ("reshape_as", "reshape_alias"),
    "flatten": ("ravel", "unflatten"),
    "diagonal": ("diagonal_scatter", "diag_indices", "fill_diagonal"),
    "unfold": ("sliding_window_view", "im2col"),
    "linear": (
        *("bilinear", "conv1d", "conv2d", "conv3d", "conv_tbc", "convolution"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    ),
    "DataLoader": ("BatchSampler",),
    "RandomSampler": (
        *("SubsetRandomSampler", "WeightedRandomSampler", "DistributedSampler", "random_split"),
    ),
    "ToTensor": ("PILToTensor", "ToImage", "ToImageTensor"),
    "Normalize": (
        *("normalize_image", "normalize_video", "batch_norm", "BatchNorm2d", "native_batch_norm"),
        *("instance_norm", "InstanceNorm2d"),
    ),
    "pad_sequence": ("pack_sequence", "pad_packed_sequence", "to_padded_tensor"),
    "embedding_bag": ("segment_reduce",),
    "mse_loss": ("mean_squared_error", "huber_loss", "smooth_l1_loss", "pairwise_distance"),
    "cross_entropy": ("kl_div", "Categorical", "adaptive_log_softmax_with_loss"),
    "nll_loss": ("nll_loss2d", "nll_loss_nd"),
    "binary_cross_entropy": ("BCELoss", "multilabel_soft_margin_loss", "soft_margin_loss"),
    "binary_cross_entropy_with_logits": ("BCEWithLogitsLoss", "sigmoid_focal_loss"),
    "take_along_dim": ("take_along_axis",),
    "gather": ("choose", "autograd.grad", "backward", "vjp"),  # of a sum that scatter_add makes
    "broadcast_shapes": ("_infer_size", "broadcast", "broadcast_arrays"),
    "cdist": ("_cdist_forward", "_euclidean_dist"),
    "scatter_add": (
        *("index_put", "put", "scatter", "index_reduce", "bincount", "coalesce", "histogram"),
        *("histogramdd", "sparse_coo_tensor", "segment_reduce", "_unsafe_index_put"),
        "_index_put_impl",
        *("autograd.grad", "backward", "vjp"),
    ),
    "backward": (
        *("autograd.grad", "vjp", "jvp", "jacobian", "jacrev", "jacfwd", "grad_and_value"),
        *("hessian", "vhp", "hvp", "linearize"),
    ),
}
# Attributes of arrays, which are seen only where code names them.
ATTRIBUTES = {"strides", "flags", "__array_interface__"}
# Methods of tensors that are called by a sign: `a * b`.
SIGNS = {"add", "sub", "mul", "div", "true_divide", "floor_divide", "remainder", "pow", "matmul"}
SIGNS |= {"neg", "abs", "eq", "ne", "lt", "le", "gt", "ge", "add_", "sub_", "mul_", "div_"}
SIGNS |= {"rsub", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"}
BEGINNINGS = ("lazy", "singletensor", "multitensor", "fused", "foreach")
ENDINGS = ("loss", "copy")


@dataclasses.dataclass(frozen=True, init=False)
class ByHand:
    """What an exercise is to be done without, and what the reader of the code lets pass.

    without: functions and classes, as in the documentation: 'Tensor.stride', 'nn.Linear'; all
    other forms of the same (see `forms`) are meant, too. The rest is for grading, where what is
    not allowed is left to a person: may: paths of libraries' modules that an answer may use, with
    all below them. not_: names of torch or Tensor that are no plain functions here. only: where it
    is not empty, the only names of Tensor that are.
    """

    without: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def __init__(
        self,
        *without: str,
        may: Iterable[str] = (),
        not_: Iterable[str] = (),
        only: Iterable[str] = (),
    ) -> None:
        lists = (without, may, not_, only)
        for field, names in zip(dataclasses.fields(self), lists, strict=True):
            object.__setattr__(self, field.name, tuple(sorted(set(names), key=list(names).index)))

    def facts(self) -> dict[str, tuple[str, ...]]:
        """The same as plain data, for the process that reads code; {} where nothing is asked."""
        return {**dataclasses.asdict(self), "forms": tuple(sorted(named(self.without)))}


@functools.lru_cache(maxsize=20_000)
def key(name: str) -> str:
    """What all forms of a name have in common: 'mse' for mse_loss and for nn.MSELoss."""
    found = name.rsplit(".", 1)[-1].lower().replace("_", "")
    for beginning in BEGINNINGS:
        if found.startswith(beginning) and found != beginning:
            found = found.removeprefix(beginning)
    for ending in ENDINGS:
        if found.endswith(ending) and found != ending:
            found = found.removesuffix(ending)
    return found


@functools.cache
def forms(without: tuple[str, ...]) -> dict[str, str]:
    """Key of each form -> the name that is told for it: as declared, or of its own in ALSO."""
    found: dict[str, str] = {}
    for name in without:
        if not of_one_class(name):
            found.setdefault(key(name), name)
    for name in without:
        for other in ALSO.get(name.rsplit(".", 1)[-1], ()) if not of_one_class(name) else ():
            found.setdefault(key(other), other)
    return found


def of_one_class(name: str) -> bool:
    """True for 'nn.Module.apply': a method of that class, whose name alone says too little."""
    owner = name.rsplit(".", 2)[-2:-1]
    return bool(owner) and owner[0][:1].isupper() and owner[0] != "Tensor"


@functools.cache
def named(without: tuple[str, ...]) -> frozenset[str]:
    """The names that stand in code which uses one of the forms, as far as they are known."""
    last = {name.rsplit(".", 1)[-1] for name in without}
    return frozenset(last | {o.rsplit(".", 1)[-1] for name in last for o in ALSO.get(name, ())})
