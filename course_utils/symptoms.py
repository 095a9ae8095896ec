"""A sentence for a wrong answer that nobody foresaw: what is the matter with what it gave?

It says what happened and asks; it names no cause that the code may not have, and gives no value of
the right answer. Everything here is plain data, so nothing of the answer runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from .comparison import MASKED, OWN, a_type, first_difference
from .observation import Observation, compare
from .plain import Opaque, TooLarge, plain
from .texts import text

ENOUGH = 3  # numbers that have to agree before a factor or an offset is more than chance
Pair = tuple[Any, Any]  # what is right, and what the answer gave


def symptom(
    expected: Sequence[Observation],
    seen: Sequence[Observation],
    cases: Sequence[tuple],
    shown: int,
) -> str | None:
    """What is the matter with an answer, as a whole sentence; None where nothing simple is.

    expected, seen, cases: what is right, what the answer did, and the arguments, case by case.
    shown: the number of the case that the student is shown.
    """
    right, got = expected[shown], seen[shown]
    if got.timed_out or right.raised is not None:
        return None
    gave = _of_another_type(right, got)
    if gave is not None:
        return gave
    if got.raised is not None:
        return None
    told = _by_names(right.value, got.value)
    if told is not None:
        return told
    label = _first_label(right.value, got.value)
    pairs = [
        (_under(label, one.value), _under(label, other.value))
        for one, other in zip(expected, seen)  # noqa: B905 - seen may end early
        if one.raised is None and other.raised is None and not other.timed_out
    ]
    wrong = [pair for pair in pairs if first_difference(*pair) is not None]
    if not wrong:
        return None
    here = (_under(label, right.value), _under(label, got.value))
    for look in (_not_finite, _number_or_tensor):
        told = look(here)
        if told is not None:
            return _of_fact(label, told)
    if label is None:
        told = _is_the_input(wrong, cases, expected, seen) or _along_another(here, cases[shown])
        if told is not None:
            return told
    if label is None and _is_constant(pairs):
        return text(
            "symptom.constant",
            "Yours is the same in every case, whatever it was given, and the right one is not.",
        )
    for rule in RULES:
        told = rule(wrong)
        if told is not None:
            return _of_fact(label, told)
    return None


def _of_fact(label: str | None, said: str) -> str:
    """The sentence, with the fact that it is about where that is not simply the result."""
    if label is None or label in ("result", "output"):
        return said
    return text("symptom.of_fact", "Look at “{fact}”. {symptom}", fact=label, symptom=said)


# -- what the calls gave back ----------------------------------------------------------------


def _of_another_type(right: Observation, got: Observation) -> str | None:
    """From the types of what the first calls of the answer gave back."""
    for wanted, kind in zip(right.gave, got.gave):  # noqa: B905 - either may have ended early
        if wanted == kind:
            continue
        if kind == "NoneType":
            return text(
                "symptom.none",
                "Your function gave back None, and something was expected. Does every way through "
                "it end in a `return`?",
            )
        if kind in ("function", "method", "builtin_function_or_method", "functools.partial"):
            return text(
                "symptom.function",
                "Your function gave back a function, not what that function gives. Has it been "
                "called?",
            )
        if MASKED in kind and MASKED not in wanted:
            return text(
                "symptom.masked",
                "Your function gave back {got}: whoever asks the tensor is answered by those.",
                got=a_type(kind),
            )
        if OWN in kind and OWN not in wanted:
            return text(
                "symptom.own_class",
                "Your function gave back {got}. {expected} itself was asked for: all that is in "
                "it is there when the function ends.",
                got=a_type(kind),
                expected=a_type(wanted).capitalize(),
            )
        if kind == "generator":
            return text(
                "symptom.generator",
                "Your function gave back a generator: nothing of it has been computed yet. Who "
                "goes through it?",
            )
        if kind == "coroutine":
            return text(
                "symptom.coroutine",
                "Your function gave back a coroutine: its body has not run yet. Does it have to "
                "be `async`?",
            )
        if kind == "type":
            return text(
                "symptom.class",
                "Your function gave back a class, not an object that is made from it.",
            )
        if kind.startswith("torch.nn.modules.") and wanted == "torch.Tensor":
            return text(
                "symptom.layer",
                "Your function gave back a layer, not what the layer gives for an input. Has it "
                "been called?",
            )
        if kind.startswith("torch.return_types."):
            return text(
                "symptom.named_tuple",
                "Your function gave back several tensors at once, as some functions of torch do: "
                "values and where they were found. Which of them is asked for?",
            )
        return None
    return None


# -- facts and their names -------------------------------------------------------------------


def _is_facts(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(key, str) for key in value)


def _first_label(right: Any, got: Any) -> str | None:
    """The first fact that is wrong, where the observation is a dict of named facts."""
    if not (_is_facts(right) and _is_facts(got)):
        return None
    return next(
        (key for key in right if key in got and first_difference(right[key], got[key])), None
    )


def _under(label: str | None, value: Any) -> Any:
    if label is None:
        return value
    return value.get(label) if isinstance(value, dict) else None


def _by_names(right: Any, got: Any) -> str | None:
    """From the names of the facts that hold and of those that do not."""
    if not (_is_facts(right) and _is_facts(got) and right.keys() == got.keys()):
        return None
    wrong = [key for key in right if first_difference(right[key], got[key]) is not None]
    if not wrong:
        return None
    holds = [key for key in right if key not in wrong]

    def speak_of(words: str, keys: list[str]) -> list[str]:
        return [key for key in keys if re.search(words, key)]

    training, evaluation = r"\b(in )?train(ing)?( mode)?\b", r"\beval(uation)?( mode)?\b"
    if len(speak_of(evaluation, wrong)) == len(wrong) and speak_of(training, holds):
        return text(
            "symptom.wrong_in_eval", "In training mode yours is right, and in eval mode it is not."
        )
    if len(speak_of(training, wrong)) == len(wrong) and speak_of(evaluation, holds):
        return text(
            "symptom.wrong_in_training",
            "In eval mode yours is right, and in training mode it is not.",
        )
    later, first = r"\b(second|again|twice|later)\b", r"\bfirst\b"
    if len(speak_of(later, wrong)) == len(wrong) and holds and not speak_of(first, wrong):
        return text(
            "symptom.later",
            "The first time yours is right, and later it is not. What is left over from the first "
            "time?",
        )
    return None


# -- one value -------------------------------------------------------------------------------


def _numbers(value: Any) -> torch.Tensor | None:
    """A value as a tensor of float64, if it is one number, or numbers in lists or a tensor."""
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.dtype == torch.bool or value.device.type != "cpu":
            return None
        return value.to(torch.float64)
    flat = value if isinstance(value, (list, tuple)) else [value]
    if not all(type(item) in (int, float) for item in flat) or not flat:
        return None
    try:
        return torch.tensor(value, dtype=torch.float64)
    except (OverflowError, RuntimeError):  # an int beyond the largest float
        return None


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-5, atol=1e-6)


def _not_finite(pair: Pair) -> str | None:
    right, got = (_numbers(value) for value in pair)
    if right is None or got is None or not bool(torch.isfinite(right).all()):
        return None
    if bool(got.isnan().any()):
        return text(
            "symptom.nan",
            "There is NaN in what you gave, and none belongs there. Where does it begin: 0 / 0, "
            "0 times infinity, a root or logarithm of a negative number, infinity minus infinity?",
        )
    if bool(got.isinf().any()):
        return text(
            "symptom.infinite",
            "There is an infinite number in what you gave, and none belongs there. Where does it "
            "begin: a division by 0, the logarithm of 0, `exp` of a large number?",
        )
    return None


def _number_or_tensor(pair: Pair) -> str | None:
    right, got = pair
    if isinstance(right, (int, float)) and isinstance(got, torch.Tensor):
        if got.numel() == 1:
            return text(
                "symptom.tensor_for_number",
                "A number of Python was expected, and yours is a tensor that holds one.",
            )
        if not isinstance(right, bool):
            return text(
                "symptom.many_for_one",
                "One number was expected, and yours is a tensor with many, or none. Over what "
                "is to be summed up?",
            )
    if isinstance(right, torch.Tensor) and isinstance(got, (int, float)):
        return text(
            "symptom.number_for_tensor", "A tensor was expected, and yours is a number of Python."
        )
    if {type(right), type(got)} == {list, tuple} and first_difference(list(right), list(got)):
        return None
    if isinstance(right, list) and isinstance(got, tuple):
        return text("symptom.tuple_for_list", "The items are right; a list was asked for.")
    if isinstance(right, tuple) and isinstance(got, list):
        return text("symptom.list_for_tuple", "The items are right; a tuple was asked for.")
    if isinstance(got, Opaque) and not isinstance(right, Opaque):
        if got.type_name == "generator":
            return text(
                "symptom.generator_inside",
                "There is a generator in place of a value: nothing of it has been computed yet. "
                "Who goes through it?",
            )
        if got.type_name in ("function", "method", "builtin_function_or_method"):
            return text(
                "symptom.function_inside",
                "There is a function in place of a value. Has it been called?",
            )
    return None


def _is_the_input(
    wrong: Sequence[Pair],
    cases: Sequence[tuple],
    expected: Sequence[Observation],
    seen: Sequence[Observation],
) -> str | None:
    """In every wrong case, what came back equals an argument."""
    for right, got, case in zip(expected, seen, cases):  # noqa: B905 - seen may end early
        if compare(right, got) is None:
            continue
        if got.raised is not None or not isinstance(got.value, (torch.Tensor, list, dict, str)):
            return None
        try:
            arguments = [plain(argument) for argument in case]
        except TooLarge:
            return None
        if isinstance(got.value, torch.Tensor) and got.value.numel() < 2 or not len(got.value):
            return None
        if not any(first_difference(one, got.value) is None for one in arguments):
            return None
    return text("symptom.input", "What you gave back is equal to what your function was given.")


def _along_another(pair: Pair, case: tuple) -> str | None:
    """The shapes of both are the input's with a dimension taken away, each with another one."""
    right, got = pair
    if not (isinstance(right, torch.Tensor) and isinstance(got, torch.Tensor)):
        return None
    for argument in case:
        if not isinstance(argument, torch.Tensor) or argument.dim() < 2:
            continue
        shape = list(argument.shape)
        for kept in ([], [1]):
            without = [[*shape[:dim], *kept, *shape[dim + 1 :]] for dim in range(argument.dim())]
            both = list(right.shape) in without and list(got.shape) in without
            if both and right.shape != got.shape:
                return text(
                    "symptom.other_dimension",
                    "The shape is that of a result along another dimension. Which dimension "
                    "of the input is to go away?",
                )
    return None


def _is_constant(pairs: Sequence[Pair]) -> bool:
    """Of several cases all gave one value, which is more than a yes or a no."""
    given = [got for _, got in pairs]
    if len(pairs) < ENOUGH or isinstance(given[0], bool) or given[0] is None:
        return False
    same_given = all(first_difference(given[0], other, exact=True) is None for other in given)
    first = pairs[0][0]
    return same_given and sum(first_difference(first, right) is None for right, _ in pairs) == 1


# -- numbers, over all wrong cases -----------------------------------------------------------


def _as_numbers(wrong: Sequence[Pair]) -> list[tuple[torch.Tensor, torch.Tensor]] | None:
    """All pairs as numbers, finite ones, none empty; None if one of them cannot be."""
    found = []
    for pair in wrong:
        right, got = (_numbers(value) for value in pair)
        if right is None or got is None or not right.numel() or not got.numel():
            return None
        if not bool(torch.isfinite(right).all() and torch.isfinite(got).all()):
            return None
        found.append((right, got))
    return found


def _all_hold(wrong: Sequence[Pair], holds: Callable[[torch.Tensor, torch.Tensor], bool]) -> bool:
    pairs = _as_numbers(wrong)
    return pairs is not None and all(holds(right, got) for right, got in pairs)


def _zeros(wrong: Sequence[Pair]) -> str | None:
    def holds(right: torch.Tensor, got: torch.Tensor) -> bool:
        return got.numel() > 1 and not bool(got.any()) and got.shape == right.shape

    if not _all_hold(wrong, holds):
        return None
    return text(
        "symptom.zeros", "All numbers that you gave are 0. Where were they to be filled in?"
    )


def _dtype(wrong: Sequence[Pair]) -> str | None:
    for right, got in wrong:
        if not (isinstance(right, torch.Tensor) and isinstance(got, torch.Tensor)):
            return None
        if right.dtype == got.dtype or right.shape != got.shape:
            return None
        if right.is_complex() or got.is_complex():
            return None
        if right.device != got.device or right.device.type == "meta":  # no numbers to compare
            return None
        if not _close(right.to(torch.float64), got.to(torch.float64)):
            return None
    return text(
        "symptom.dtype",
        "Shape and numbers are right; the dtype is another. Which step decides it?",
    )


def _digits(wrong: Sequence[Pair]) -> str | None:
    """Numbers that stand where they should, and differ from the right ones by next to nothing."""

    def holds(right: torch.Tensor, got: torch.Tensor) -> bool:
        return right.shape == got.shape and torch.allclose(got, right, rtol=1e-5, atol=0)

    if not _all_hold(wrong, holds):
        return None
    return text(
        "symptom.digits",
        "The first digits of your numbers are right, and those after them are not. Do the numbers "
        "go through a dtype, or a formula, that keeps fewer digits?",
    )


def _sign(wrong: Sequence[Pair]) -> str | None:
    if not _all_hold(wrong, lambda right, got: bool(right.any()) and _close(-right, got)):
        return None
    return text("symptom.sign", "The numbers are right but for their sign.")


def _shape(wrong: Sequence[Pair]) -> str | None:
    def moved(right: torch.Tensor, got: torch.Tensor) -> bool:
        return right.dim() >= 2 and got.shape == right.mT.shape and _close(right.mT, got)

    if _all_hold(wrong, moved):
        return text(
            "symptom.transposed",
            "The numbers are right, with rows and columns exchanged.",
        )

    def flat(right: torch.Tensor, got: torch.Tensor) -> bool:
        same = right.numel() == got.numel() and right.shape != got.shape
        return same and _close(right.reshape(-1), got.reshape(-1))

    if not _all_hold(wrong, flat):
        return None
    pairs = _as_numbers(wrong) or []

    def without_ones(numbers: torch.Tensor) -> list[int]:
        return [size for size in numbers.shape if size != 1]

    if all(without_ones(right) == without_ones(got) for right, got in pairs):
        if all(got.dim() > right.dim() for right, got in pairs):
            return text(
                "symptom.one_dimension_more",
                "The numbers are right; there is a dimension of size 1 too many.",
            )
        if all(got.dim() < right.dim() for right, got in pairs):
            return text(
                "symptom.one_dimension_less",
                "The numbers are right; a dimension of size 1 is missing.",
            )
    return text(
        "symptom.other_shape", "The numbers and their order are right; the shape is another."
    )


def _order(wrong: Sequence[Pair]) -> str | None:
    if all(isinstance(right, list) and isinstance(got, list) for right, got in wrong):
        same_items = all(sorted(map(repr, one)) == sorted(map(repr, two)) for one, two in wrong)
        if same_items and max(len(right) for right, _ in wrong) >= ENOUGH:
            return text("symptom.order", "The items are the right ones, in another order.")
    if not _all_hold(wrong, lambda right, got: right.dim() > 0 and right.shape == got.shape):
        return None

    def reversed_(right: torch.Tensor, got: torch.Tensor) -> bool:
        return any(_close(right.flip(dim), got) for dim in range(right.dim()))

    if _all_hold(wrong, reversed_):
        return text("symptom.reversed", "The numbers are right, in the reverse order.")

    def rearranged(right: torch.Tensor, got: torch.Tensor) -> bool:
        one, other = right.reshape(-1).sort().values, got.reshape(-1).sort().values
        return len(one.unique()) >= ENOUGH and _close(one, other)

    if _all_hold(wrong, rearranged):
        return text(
            "symptom.rearranged", "The numbers are the right ones, but they stand in other places."
        )
    return None


def _one_more_or_less(wrong: Sequence[Pair]) -> str | None:
    """Ints that are all 1 too large, or lists with one item too many."""
    ints = all(type(right) is int and type(got) is int for right, got in wrong)
    if ints and len(wrong) > 1:
        apart = {got - right for right, got in wrong}
        if apart == {1}:
            return text("symptom.one_too_large", "Each time your number is too large by 1.")
        if apart == {-1}:
            return text("symptom.one_too_small", "Each time your number is too small by 1.")
    if not all(isinstance(v, (list, str)) for pair in wrong for v in pair):
        return None
    if not any(min(len(right), len(got)) > 1 for right, got in wrong):
        return None
    if all(len(got) == len(right) + 1 for right, got in wrong):
        for place, cut in ((0, slice(1, None)), (-1, slice(None, -1))):
            if all(first_difference(right, got[cut]) is None for right, got in wrong):
                return _end("more", place)
    if all(len(got) == len(right) - 1 for right, got in wrong):
        for place, cut in ((0, slice(1, None)), (-1, slice(None, -1))):
            if all(first_difference(right[cut], got) is None for right, got in wrong):
                return _end("less", place)
    return None


def _end(which: str, place: int) -> str:
    if which == "more":
        if place == 0:
            return text("symptom.first_too_many", "There is one item too many, at the beginning.")
        return text("symptom.last_too_many", "There is one item too many, at the end.")
    if place == 0:
        return text("symptom.first_missing", "One item is missing, the first.")
    return text("symptom.last_missing", "One item is missing, the last.")


def _rounding(wrong: Sequence[Pair]) -> str | None:
    def whole(right: torch.Tensor, got: torch.Tensor) -> bool:
        if right.shape != got.shape or _close(right, right.round()):
            return False
        cut = (right.round(), right.trunc(), right.floor(), right.ceil())
        return any(torch.equal(each, got) for each in cut)

    if (
        not _all_hold(wrong, whole)
        or sum(right.numel() for right, _ in _as_numbers(wrong) or []) < 2
    ):
        return None
    return text(
        "symptom.whole",
        "Yours are whole numbers, and others were expected. Which step rounds, or cuts off what "
        "comes after the point?",
    )


def _factor(wrong: Sequence[Pair]) -> str | None:
    """The same factor for all numbers of a case, or an offset; the same in all cases, or not."""
    pairs = _as_numbers(wrong)
    if pairs is None or any(right.shape != got.shape for right, got in pairs):
        return None
    factors, offsets = [], []
    for right, got in pairs:
        some = right != 0
        ratio, apart = got[some] / right[some], (got - right).reshape(-1)
        is_factor = bool(some.any()) and not bool(got[~some].any()) and bool(ratio[0])
        if is_factor and _close(ratio, ratio[0].expand_as(ratio)):
            factors.append(float(ratio[0]))
        if _close(apart, apart[0].expand_as(apart)):
            offsets.append(float(apart[0]))
    count = len(torch.cat([right.reshape(-1) for right, _ in pairs]).unique())
    most = max(len(right.unique()) for right, _ in pairs)
    if len(factors) == len(pairs):
        one = max(factors) - min(factors) <= 1e-4 * max(map(abs, factors))
        if one and count >= ENOUGH:
            return text(
                "symptom.factor",
                "All numbers of yours are the right ones, times the same factor. Where does that "
                "factor come from, or where is it missing?",
            )
        if not one and most >= ENOUGH:
            return text(
                "symptom.factor_of_its_own",
                "The numbers of yours are the right ones, times a factor that is the same within "
                "one call and another in the next. What do you divide or multiply by?",
            )
    if len(offsets) == len(pairs):
        one = max(offsets) - min(offsets) <= 1e-4 * max(map(abs, offsets))
        if one and count >= ENOUGH:
            return text(
                "symptom.offset",
                "All numbers of yours are the right ones, plus or minus the same number. Where "
                "does it come from?",
            )
        if not one and most >= ENOUGH:
            return text(
                "symptom.offset_of_its_own",
                "Within one call all numbers of yours are away from the right ones by the same "
                "amount. What is added or taken away?",
            )
    return None


RULES: tuple[Callable[[Sequence[Pair]], str | None], ...] = (
    _zeros,
    _dtype,
    _one_more_or_less,
    _digits,  # before those that ask whether numbers are close to each other in other places
    _sign,
    _shape,
    _order,
    _rounding,
    _factor,
)


# -- which cases go wrong --------------------------------------------------------------------


def special(cases: Sequence[tuple], wrong: Sequence[bool]) -> str | None:
    """What all cases that go wrong have and no other has; None if some fail without it.

    wrong: for each case, whether the answer was wrong there.
    """
    kinds = [set(_kinds(case)) for case in cases]
    bad = [kind for kind, is_wrong in zip(kinds, wrong, strict=True) if is_wrong]
    good = [kind for kind, is_wrong in zip(kinds, wrong, strict=True) if not is_wrong]
    if not bad or not good:
        return None
    only = set[str].intersection(*bad) - set[str]().union(*good)
    names = {
        "empty": text("special.empty", "has no elements at all"),
        "no_dimension": text("special.no_dimension", "is a tensor without dimensions"),
        "one_element": text("special.one_element", "has a single element"),
        "size_one": text("special.size_one", "has a dimension of size 1"),
        "strides": text("special.strides", "is a view whose elements do not lie in order"),
        "offset": text("special.offset", "is a view that does not begin where its storage does"),
        "whole": text("special.whole", "holds whole numbers, of an integer dtype"),
        "dtype": text("special.dtype", "has a float dtype other than float32"),
        "negative": text("special.negative", "has negative numbers in it"),
        "below_zero": text("special.below_zero", "is a number below 0"),
        "not_finite": text("special.not_finite", "has NaN or an infinite number in it"),
        "one": text("special.one", "is the number 1"),
        "zero": text("special.zero", "is the number 0"),
        "none": text("special.none", "is None"),
        "false": text("special.false", "is False"),
        "true": text("special.true", "is True"),
        "three_dimensions": text("special.three", "is a tensor with three dimensions or more"),
    }
    for name, sentence in names.items():
        if name in only:
            return text(
                "special.only",
                "right on {good} of {all} cases; in those that go wrong an argument {kind}",
                good=len(good),
                all=len(cases),
                kind=sentence,
            )
    return None


def _kinds(arguments: Any, depth: int = 0) -> Iterator[str]:
    """What is special about arguments, as names."""
    for argument in arguments:
        if isinstance(argument, torch.Tensor) and argument.layout is torch.strided:
            yield from _kinds_of_tensor(argument)
        elif isinstance(argument, (list, tuple, str, dict)):
            if not len(argument):
                yield "empty"
            elif len(argument) == 1 and not isinstance(argument, str):
                yield "one_element"
            if depth < 3 and isinstance(argument, (list, tuple)):
                yield from _kinds(argument, depth + 1)
        elif argument is None:
            yield "none"
        elif isinstance(argument, bool):
            yield "true" if argument else "false"
        elif isinstance(argument, (int, float)):
            if argument in (0, 1) and depth == 0:
                yield "one" if argument else "zero"
            if argument < 0:
                yield "below_zero"


def _kinds_of_tensor(tensor: torch.Tensor) -> Iterator[str]:
    if tensor.numel() == 0:
        yield "empty"
    elif tensor.numel() == 1:
        yield "one_element"
    if tensor.dim() == 0:
        yield "no_dimension"
    if tensor.dim() >= 3:
        yield "three_dimensions"
    if 1 in tensor.shape:
        yield "size_one"
    if not tensor.is_contiguous():
        yield "strides"
    if tensor.device.type == "cpu" and tensor.storage_offset():
        yield "offset"
    if tensor.dtype in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64):
        yield "whole"
    if tensor.is_floating_point() and tensor.dtype != torch.float32:
        yield "dtype"
    if tensor.device.type == "cpu" and tensor.numel() and not tensor.is_complex():
        if tensor.dtype != torch.bool and bool((tensor < 0).any()):
            yield "negative"
        if not bool(torch.isfinite(tensor).all()):
            yield "not_finite"


def facts_that_differ(right: Any, got: Any) -> tuple[list[str], list[str]]:
    """Of two dicts with the same named facts: the names that differ, and those that hold."""
    if not (_is_facts(right) and _is_facts(got) and right.keys() == got.keys()):
        return [], []
    wrong = [key for key in right if first_difference(right[key], got[key]) is not None]
    return wrong, [key for key in right if key not in wrong]


def size_of(value: Any) -> int:
    """How much there is to read in a case: elements of tensors, items, letters, parameters."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, torch.nn.Module):
        return sum(parameter.numel() for parameter in value.parameters()) or len(repr(value))
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(1 + size_of(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return sum(map(size_of, value))
    return 1
