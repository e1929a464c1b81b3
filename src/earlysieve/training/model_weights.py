"""Load weights into a model, and say precisely why they do not fit it."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._names import near_names
from earlysieve.errors import CheckpointError, one_line
from earlysieve.training.archive import read_weights

WRAPPER_PREFIXES = ("module.", "model.")
NESTED_KEYS = ("state_dict", "model")


def load_weights(model: nn.Module, path: str | os.PathLike[str]) -> None:
    """Load a user's file of weights into `model`, all or nothing.

    The file holds a state_dict, alone or under "state_dict" or "model" (as the checkpoints of this
    package do), or is a `.safetensors` file. The prefixes that DataParallel, torch.compile and
    Lightning put before every key ("module.", "_orig_mod.", "model.") are ignored.

    Raises:
        CheckpointError: the file is missing, damaged or unsafe, or belongs to another model; the
            message names the first key that does not match. The model is then unchanged.
        MissingDependencyError: a .safetensors file without the package safetensors.
    """
    state = _unnest(read_weights(path), path)
    load_state(model, state, source=f"'{path}'")


def load_state(model: nn.Module, state: Mapping[str, Any], *, source: str) -> None:
    """Load a state_dict into `model`, all or nothing, whatever wrappers either of them is in.

    Raises:
        CheckpointError: a key is missing or unexpected, or a shape or kind of number differs; the
            first is named.
    """
    own = model.state_dict()
    given = dict(zip(_plain_names(state, source), state.values(), strict=True))
    names = dict(zip(_plain_names(own, "the model"), own, strict=True))
    check_keys({plain: own[name] for plain, name in names.items()}, given, source=source)
    with all_or_nothing(model):
        try:
            model.load_state_dict({name: given[plain] for plain, name in names.items()})
        except Exception as error:  # of a module's own way to load
            raise CheckpointError(
                f"Expected weights that the model takes, but it failed to load those of {source}: "
                f"{one_line(error)}; choose the checkpoint of this model"
            ) from error


@contextmanager
def all_or_nothing(model: nn.Module) -> Iterator[None]:
    """Give a model its parameters and buffers back if the block fails."""
    before = [
        (value, value.detach().to("cpu", copy=True))
        for value in (*model.parameters(), *model.buffers())
    ]
    try:
        yield
    except BaseException:
        with torch.no_grad():
            for value, copy in before:
                value.copy_(copy)
        raise


def check_keys(own: Mapping[str, Any], given: Mapping[str, Any], *, source: str) -> None:
    """Check that two state_dicts have the same keys, shapes and kinds of numbers.

    Real numbers of another precision are taken; others would lose a part of what they say.

    Raises:
        CheckpointError: they do not; the message names the first key, in the order of `own`.
    """
    for key, value in own.items():
        if key not in given:
            near = near_names(key, [k for k in given if k not in own], limit=1)
            hint = f" (it has '{near[0]}')" if near else ""
            raise _mismatch(f"the key '{key}'", f"{source} does not have it{hint}")
        _check_value(key, value, given[key], source)
    for key in given:
        if key not in own:
            raise _mismatch("only keys of the model", f"{source} also has '{key}'")


def _check_value(key: str, own: Any, given: Any, source: str) -> None:
    if isinstance(own, Tensor) != isinstance(given, Tensor):
        wanted = (
            f"to have shape {tuple(own.shape)}" if isinstance(own, Tensor) else "as it saves it"
        )
        raise _mismatch(f"'{key}' {wanted}", f"{source} has a value of type {_type(given)}")
    if not isinstance(own, Tensor):
        return
    if own.shape != given.shape:
        found = f"{source} has {tuple(given.shape)}"
        raise _mismatch(f"'{key}' to have shape {tuple(own.shape)}", found)
    if given.layout != own.layout:
        what = "dense" if own.layout is torch.strided else _type(own.layout)
        raise _mismatch(f"'{key}' to be {what}", f"{source} has a sparse tensor")
    if given.is_meta and not own.is_meta:
        raise _mismatch(f"numbers of '{key}'", f"{source} has their shape only")
    if not _same_kind(own, given):
        found = f"{source} has {_type(given.dtype)}"
        raise _mismatch(f"'{key}' to be of type {_type(own.dtype)}", found)


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


def _unnest(content: Any, path: str | os.PathLike[str]) -> Mapping[str, Any]:
    for key in NESTED_KEYS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if isinstance(content, Mapping) and any(isinstance(v, Tensor) for v in content.values()):
        return content
    what = (
        f"the keys {', '.join(map(str, content))}"
        if isinstance(content, Mapping)
        else (type(content).__name__)
    )
    raise CheckpointError(
        f"Expected '{path}' to hold the weights of a model, by name or under 'state_dict' or "
        f"'model', but got {what}; save model.state_dict()"
    )


def _plain_names(state: Mapping[str, Any], source: str) -> list[str]:
    odd = next((key for key in state if not isinstance(key, str)), None)
    if odd is not None or None in state:
        raise CheckpointError(
            f"Expected the names of parameters as text in {source}, but got {odd!r}; "
            "save model.state_dict()"
        )
    names = [key.replace("_orig_mod.", "") for key in state]
    prefixed = True
    while prefixed and names:
        prefixed = False
        for prefix in WRAPPER_PREFIXES:
            if all(name.startswith(prefix) for name in names):
                names = [name.removeprefix(prefix) for name in names]
                prefixed = True
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise CheckpointError(
            f"Expected one value of '{twice}' in {source}, but got several, whose names differ by "
            "a prefix alone; save model.state_dict()"
        )
    return names


def _mismatch(expected: str, found: str) -> CheckpointError:
    return CheckpointError(
        f"Expected {expected} in the weights, but {found}; "
        "choose the checkpoint of this model, or the model of this checkpoint"
    )
