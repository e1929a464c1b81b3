"""Which weights of a file are those of a model: under which prefix, and what is left out."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from earlysieve._names import near_names
from earlysieve.errors import CheckpointError

# What wrappers write into a name wherever they are; and before all names.
INNER = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
WRAPPER_PREFIXES = ("module.", "model.")
# Counters that files of old versions lack.
OPTIONAL = "num_batches_tracked"
# Names of running averages of weights.
AVERAGED = re.compile(r"(^|[._])(ema|averaged|swa)([._]|$)", re.IGNORECASE)
# What SimKD and DeTT save beside the student's weights, and goes between these and the answer.
_STUDENT, _TRANSPLANTED = "student.", ("projector.", "classifier.")
_MOST_NAMED = 3


class Matched(NamedTuple):
    """Weights of a model.

    Attributes:
        state: by the model's names without wrappers; those within the prefix, fit or not.
        prefix: what stood before them.
        ignored: names outside the prefix that were left out.
        others: further prefixes under which there are weights of the whole model.
    """

    state: dict[str, Any]
    prefix: str
    ignored: list[str]
    others: list[str]


def match(
    own: Mapping[str, Any], state: Mapping[str, Any], prefix: str | None, *, source: str
) -> Matched:
    """The part of a state_dict that belongs to a model.

    Args:
        own: the model's, by plain names (see `plain_names`).
        state: that of the file.
        prefix: what stands before the model's names in the file; None: looked for.
        source: the file, for messages.

    Raises:
        CheckpointError: nothing has the prefix, or there is more than one with weights of the whole
            model.
    """
    given = dict(zip(bare_names(state, source), state.values(), strict=True))
    units = _units(own)
    found = _prefixes(units, given)
    needed = {unit for name, unit in units.items() if not name.endswith(OPTIONAL)}
    whole = [start for start, seen in found.items() if needed <= seen]
    if prefix is None:
        chosen = _chosen(own, given, whole, found, source)
    else:
        chosen = _asked(prefix, given, source)
    others = [start for start in whole if start and start != chosen]
    inside, ignored = {}, []
    for name, value in given.items():
        copied = any(len(o) > len(chosen) and name.startswith(o) for o in others)
        if name.startswith(chosen) and not copied:
            inside[name[len(chosen) :]] = value
        else:
            ignored.append(name)
    if prefix is None and chosen == _STUDENT:
        _refuse_half_a_student(ignored, source)
    _fill(inside, own, units)
    return Matched(inside, chosen, ignored, others)


def _refuse_half_a_student(left: Iterable[str], source: str) -> None:
    """A student that SimKD or DeTT has trained never uses its own last layer, which is noise."""
    names = list(left)
    if all(any(name.startswith(part) for name in names) for part in _TRANSPLANTED):
        raise CheckpointError(
            f"{source} holds a student of SimKD or DeTT, which answers through a projector and its "
            "teacher's classifier: its own last layer was never trained. Pass --model "
            "earlysieve.networks:simkd_student --model-option student=SPEC --model-option "
            "teacher=SPEC; in Python, load the weights into SimKDStudent(student, teacher). "
            "prefix='student.' (--checkpoint-prefix student.) takes the student alone"
        )


def bare_names(state: Mapping[str, Any], source: str) -> list[str]:
    """The names in a state_dict without what wrappers write into them.

    Raises:
        CheckpointError: one is no text, or two are the same then.
    """
    odd = next((key for key in state if not isinstance(key, str)), None)
    if odd is not None or None in state:
        raise CheckpointError(
            f"Expected the names of parameters as text in {source}, but got {odd!r}; "
            "save model.state_dict()"
        )
    return _once([_without(key) for key in state], source)


def plain_names(state: Mapping[str, Any], source: str) -> list[str]:
    """The names without wrappers, also without a prefix of theirs that all names share.

    Raises:
        CheckpointError: one is no text, or two are the same then.
    """
    names = bare_names(state, source)
    prefixed = True
    while prefixed and names:
        prefixed = False
        for prefix in WRAPPER_PREFIXES:
            if all(name.startswith(prefix) for name in names):
                names = [name.removeprefix(prefix) for name in names]
                prefixed = True
    return _once(names, source)


def wrappers_in(names: Iterable[str]) -> list[str]:
    """Which of `INNER` stand in names."""
    known = list(names)
    return [part for part in INNER if any(part in name for name in known)]


def _without(name: str) -> str:
    for part in INNER:
        name = name.replace(part, "")
    return name


def _once(names: list[str], source: str) -> list[str]:
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise CheckpointError(
            f"Expected one value of '{twice}' in {source}, but got several, whose names differ by "
            "a prefix alone; save model.state_dict()"
        )
    return names


def _units(own: Mapping[str, Any]) -> dict[str, int]:
    """A number for each name; names of the same tensor share it, as files keep one of them."""
    numbers: dict[Any, int] = {}
    units = {}
    for name, value in own.items():
        plain = isinstance(value, Tensor) and value.layout is torch.strided and not value.is_meta
        known = plain and value.numel() > 0
        key = (value.data_ptr(), value.shape, value.stride()) if known else name
        units[name] = numbers.setdefault(key, len(numbers))
    return units


def _prefixes(units: Mapping[str, int], given: Iterable[str]) -> dict[str, set[int]]:
    """What of the model each prefix in the file has."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for name in given:
        start = 0
        while start >= 0:
            unit = units.get(name[start:])
            if unit is not None:
                found[name[:start]].add(unit)
            start = name.find(".", start) + 1 or -1
    return found


def _chosen(
    own: Mapping[str, Any],
    given: Mapping[str, Any],
    whole: list[str],
    found: Mapping[str, set[int]],
    source: str,
) -> str:
    """The prefix of the model: the empty one, else that of its shapes, else of no average."""
    if not whole:
        return min(found, key=lambda start: (-len(found[start]), len(start)), default="")
    pool = [start for start in whole if _has_shapes(own, given, start)] or whole
    plain = [start for start in pool if not AVERAGED.search(start)] or pool
    if "" in plain or len(plain) == 1:
        return "" if "" in plain else plain[0]
    raise CheckpointError(
        f"Expected the weights of one model in {source}, but those of the whole model are there "
        f"under {', '.join(map(repr, plain[:_MOST_NAMED]))}; name the checkpoint prefix of this "
        f"model, as {plain[0]!r} (checkpoint_prefix=, --checkpoint-prefix)"
    )


def _has_shapes(own: Mapping[str, Any], given: Mapping[str, Any], prefix: str) -> bool:
    return all(
        getattr(given.get(prefix + name), "shape", None) in (getattr(value, "shape", None), None)
        for name, value in own.items()
    )


def _asked(prefix: str, given: Mapping[str, Any], source: str) -> str:
    """A prefix as it was named, with its point."""
    bare = _without(prefix if not prefix or prefix.endswith(".") else f"{prefix}.")
    if any(name.startswith(bare) for name in given):
        return bare
    parts = [name.split(".") for name in given]
    starts = list(dict.fromkeys(".".join(p[:cut]) for p in parts for cut in range(1, len(p))))
    near = near_names(bare.rstrip("."), starts, limit=_MOST_NAMED) or starts[:_MOST_NAMED]
    raise CheckpointError(
        f"Expected names that begin with the checkpoint prefix '{bare}' in {source}, but got none; "
        f"near ones are: {', '.join(near) or 'none'}"
    )


def _fill(inside: dict[str, Any], own: Mapping[str, Any], units: Mapping[str, int]) -> None:
    """Add what a file need not have: further names of a tensor, and counters of old versions."""
    values = {units[name]: value for name, value in inside.items() if name in units}
    for name, value in own.items():
        if name not in inside and units[name] in values:
            inside[name] = values[units[name]]
        elif name not in inside and name.endswith(OPTIONAL):
            inside[name] = value
