"""Read files of weights safely, and say precisely why they do not fit a model."""

import os
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._imports import need
from earlysieve._names import near_names
from earlysieve.errors import CheckpointError

WRAPPER_PREFIXES = ("module.", "model.")
NESTED_KEYS = ("state_dict", "model")
PICKLE_STARTS = (b"P", b"\x80")  # a zip archive, as torch.save writes it, or a bare pickle


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
        CheckpointError: a key is missing or unexpected, or a shape differs; the first is named.
    """
    own = model.state_dict()
    names = dict(zip(_plain_names(own), own, strict=True))
    given = dict(zip(_plain_names(state), state.values(), strict=True))
    check_keys({plain: own[name] for plain, name in names.items()}, given, source=source)
    model.load_state_dict({name: given[plain] for plain, name in names.items()})


def check_keys(own: Mapping[str, Any], given: Mapping[str, Any], *, source: str) -> None:
    """Check that two state_dicts have the same keys and shapes.

    Raises:
        CheckpointError: they do not; the message names the first key, in the order of `own`.
    """
    for key, value in own.items():
        if key not in given:
            near = near_names(key, [k for k in given if k not in own], limit=1)
            hint = f" (it has '{near[0]}')" if near else ""
            raise _mismatch(f"the key '{key}'", f"{source} does not have it{hint}")
        if _shape(value) != _shape(given[key]):
            found = f"{source} has {_shape(given[key])}"
            raise _mismatch(f"'{key}' to have shape {_shape(value)}", found)
    for key in given:
        if key not in own:
            raise _mismatch("only keys of the model", f"{source} also has '{key}'")


def read_weights(path: str | os.PathLike[str]) -> Any:
    """What a `.safetensors` or PyTorch file holds, read onto the CPU without running its code.

    Raises:
        CheckpointError: the file is missing, damaged, or holds more than tensors and plain values.
        MissingDependencyError: a .safetensors file without the package safetensors.
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(
            f"Expected a checkpoint at '{file}', but there is no such file; check the path"
        )
    if file.suffix == ".safetensors":
        return _read_safetensors(file)
    return _read_pytorch(file)


def _read_pytorch(file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # It warns of foreign pickles and then refuses them; the refusal below says it all.
            warnings.filterwarnings("ignore", "Detected pickle protocol")
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if _first_byte(file) not in PICKLE_STARTS:
            raise _damaged(file) from error
        raise CheckpointError(
            f"Expected '{file}' to hold tensors and plain values only, but it holds pickled "
            "objects, which can run any code; save model.state_dict() instead of the model"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise _damaged(file) from error


def _read_safetensors(file: Path) -> Any:
    safetensors = need("safetensors", extra="vision")
    try:
        return need("safetensors.torch", extra="vision").load_file(file)
    except (safetensors.SafetensorError, OSError) as error:
        raise _damaged(file) from error


def _first_byte(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(1)


def _damaged(file: Path) -> CheckpointError:
    return CheckpointError(
        f"Expected '{file}' to be a checkpoint written by torch.save or safetensors, but it cannot "
        "be read as one; copy it again, it may be incomplete"
    )


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


def _plain_names(state: Mapping[str, Any]) -> list[str]:
    names = [key.replace("_orig_mod.", "") for key in state]
    prefixed = True
    while prefixed and names:
        prefixed = False
        for prefix in WRAPPER_PREFIXES:
            if all(name.startswith(prefix) for name in names):
                names = [name.removeprefix(prefix) for name in names]
                prefixed = True
    return names


def _shape(value: Any) -> tuple[int, ...] | None:
    return tuple(value.shape) if isinstance(value, Tensor) else None


def _mismatch(expected: str, found: str) -> CheckpointError:
    return CheckpointError(
        f"Expected {expected} in the weights, but {found}; "
        "choose the checkpoint of this model, or the model of this checkpoint"
    )
