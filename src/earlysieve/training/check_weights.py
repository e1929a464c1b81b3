"""Whether weights fit a model, and the first key that tells why they do not."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from earlysieve._names import near_names
from earlysieve.errors import CheckpointError

E = TypeVar("E", bound=CheckpointError)


class ShapeError(CheckpointError):
    """Weights have another shape than those of a model.

    Attributes:
        own, given: shape of the model's, and of those in the file.
    """

    own: tuple[int, ...] = ()
    given: tuple[int, ...] = ()


def check_keys(own: Mapping[str, Any], given: Mapping[str, Any], *, source: str) -> None:
    """Check that two state_dicts have the same keys, shapes and kinds of numbers.

    Real numbers of another precision are taken; others would lose a part of what they say.

    Raises:
        CheckpointError: they do not; the message names the first key, in the order of `own`. It is
            a ShapeError where its shape is another one.
    """
    for key, value in own.items():
        if key not in given:
            near = near_names(key, [k for k in given if k not in own], limit=1)
            hint = f" (it has '{near[0]}')" if near else ""
            raise _mismatch(f"the key '{key}'", f"{source} does not have it{hint}", CheckpointError)
        _check_value(key, value, given[key], source)
    for key in given:
        if key not in own:
            raise _mismatch("only keys of the model", f"{source} also has '{key}'", CheckpointError)


def _check_value(key: str, own: Any, given: Any, source: str) -> None:
    if isinstance(own, Tensor) != isinstance(given, Tensor):
        wanted = (
            f"to have shape {tuple(own.shape)}" if isinstance(own, Tensor) else "as it saves it"
        )
        raise _mismatch(
            f"'{key}' {wanted}", f"{source} has a value of type {_type(given)}", CheckpointError
        )
    if not isinstance(own, Tensor):
        return
    if own.shape != given.shape:
        found = f"{source} has {tuple(given.shape)}"
        wrong = _mismatch(f"'{key}' to have shape {tuple(own.shape)}", found, ShapeError)
        wrong.own, wrong.given = tuple(own.shape), tuple(given.shape)
        raise wrong
    if given.layout != own.layout:
        what = "dense" if own.layout is torch.strided else _type(own.layout)
        raise _mismatch(f"'{key}' to be {what}", f"{source} has a sparse tensor", CheckpointError)
    if given.is_meta and not own.is_meta:
        raise _mismatch(f"numbers of '{key}'", f"{source} has their shape only", CheckpointError)
    if not _same_kind(own, given):
        found = f"{source} has {_type(given.dtype)}"
        raise _mismatch(f"'{key}' to be of type {_type(own.dtype)}", found, CheckpointError)


def _same_kind(own: Tensor, given: Tensor) -> bool:
    """Whether copying `given` into `own` loses no more than precision."""
    if own.dtype == given.dtype or (own.is_floating_point() and given.is_floating_point()):
        return True
    if own.is_floating_point() or own.is_complex() or given.is_complex() or given.is_quantized:
        return False
    # Some tools save counters with the type of the weights.
    return bool((given == given.to(own.dtype)).all())


def _type(value: Any) -> str:
    """The name of a type, of numbers or of Python."""
    if isinstance(value, torch.dtype | torch.layout):
        return str(value).removeprefix("torch.")
    return type(value).__name__


def _mismatch(expected: str, found: str, kind: type[E]) -> E:
    return kind(
        f"Expected {expected} in the weights, but {found}; "
        "choose the checkpoint of this model, or the model of this checkpoint"
    )
