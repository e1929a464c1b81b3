"""What the parts of a saved run look like, so that odd ones are found before they are used."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor


def is_state(value: Any) -> bool:
    """A mapping by name."""
    return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)


def is_count(value: Any) -> bool:
    """A whole number of 0 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_figure(value: Any) -> bool:
    """A number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_row(value: Any) -> bool:
    """Figures by name."""
    return is_state(value) and all(is_figure(item) for item in value.values())


def is_plain(value: Any) -> bool:
    """Plain values by name, however nested."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float | bool)


def _is_position(value: Any) -> bool:
    names = {"epoch", "batch", "step"}
    return is_state(value) and set(value) == names and all(is_count(n) for n in value.values())


def _is_history(value: Any) -> bool:
    return isinstance(value, list) and all(is_row(row) for row in value)


def _is_best(value: Any) -> bool:
    if not is_state(value) or set(value) != {"score", "epoch", "stale", "model"}:
        return False
    score, epoch, model = value["score"], value["epoch"], value["model"]
    return (
        (score is None) == (epoch is None)
        and (score is None or is_figure(score))
        and (epoch is None or is_count(epoch))
        and is_count(value["stale"])
        and (model is None or is_state(model))
    )


def _is_epoch(value: Any) -> bool:
    if not is_state(value) or set(value) != {"totals", "row"} or not is_state(value["totals"]):
        return False
    pairs = value["totals"].values()
    return (value["row"] is None or is_row(value["row"])) and all(
        isinstance(pair, list) and len(pair) == 2 and all(map(is_figure, pair)) for pair in pairs
    )


SHAPES: dict[str, Callable[[Any], bool]] = {
    "model": is_state,
    "algorithm": is_state,
    "random": is_state,
    "position": _is_position,
    "configuration": lambda value: isinstance(value, Mapping) and is_plain(value),
    "history": _is_history,
    "best": _is_best,
    "epoch": _is_epoch,
}


def alike(own: Any, given: Any) -> bool:
    """Whether a saved state has the form of the state that a new object has: keys, kinds, lengths.

    Where the new one has None, anything may be.
    """
    if own is None:
        return True
    if isinstance(own, Tensor):
        return isinstance(given, Tensor)
    if isinstance(own, Mapping):
        return (
            isinstance(given, Mapping)
            and set(own) == set(given)
            and all(alike(own[key], given[key]) for key in own)
        )
    if isinstance(own, list | tuple):
        return (
            isinstance(given, list | tuple)
            and len(own) == len(given)
            and all(map(alike, own, given))
        )
    if isinstance(own, bool) or not isinstance(own, int | float):
        return isinstance(given, type(own))
    return is_figure(given)
