"""Features of a last layer in a folder: arrays of NumPy, and a JSON file that names them.

The arrays are written under new names first; the JSON file, renamed into its place, makes them
count. So a folder holds the old features or the new ones, whatever interrupts a saving.
"""

import json
import os
import secrets
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._files import output_folder, write_text, write_with
from earlysieve.errors import DataError, one_line

NAME = "last-features.json"
_FORMAT = 2
ARRAYS = {
    "features": (np.float32, 2),
    "logits": (np.float32, 2),
    "labels": (np.int64, 1),
    "index": (np.int64, 1),
    "groups": (np.int64, 1),
}
_PLAIN = {
    "identity": (str, type(None)),
    "layer": (str,),
    "linear": (bool,),
    "has_bias": (bool,),
    "weights": (str, type(None)),
}


def write_features(
    folder: str | os.PathLike[str], arrays: Mapping[str, Tensor | None], plain: Mapping[str, Any]
) -> None:
    """Write features to a folder, in place of those that it holds.

    Args:
        folder: it is created where it is missing.
        arrays: by name, see `LastFeatures`; None: there is no such.
        plain: the other fields.

    Raises:
        OutputError: the folder cannot be written; features that it held before are still whole.
    """
    place = output_folder(folder)
    mark = secrets.token_hex(4)
    files = {}
    for name, value in arrays.items():
        if value is not None:
            files[name] = f"last-{name}-{mark}.npy"
            write_with(place / files[name], partial(_write, value=value))
    text = json.dumps({"format": _FORMAT, **plain, "files": files}, indent=2, allow_nan=False)
    write_text(place / NAME, f"{text}\n")
    for path in place.glob("last-*-????????.npy"):
        if path.name not in files.values():
            path.unlink(missing_ok=True)


def read_features(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The fields of features that `write_features` wrote.

    Raises:
        DataError: there are none, or a file is damaged.
    """
    place = Path(folder)
    try:
        content = json.loads((place / NAME).read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"their format is {content['format']}")
        arrays = {name: _read(place, content["files"], name) for name in ARRAYS}
        _check_rows(arrays)
        return {**arrays, **{name: _plain(content, name) for name in _PLAIN}}
    except FileNotFoundError as error:
        raise DataError(
            f"Expected features of a last layer in '{place}', but there are none; make them with "
            "LastFeatures.save, or name another folder"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise DataError(
            f"Expected features of a last layer in '{place}', but they cannot be read: "
            f"{one_line(error)}; make them again"
        ) from error


def _write(path: Path, value: Tensor) -> None:
    with path.open("wb") as stream:
        np.save(stream, value.numpy(), allow_pickle=False)


def _read(place: Path, files: Any, name: str) -> Tensor | None:
    if name == "groups" and name not in files:
        return None
    file = str(files[name])
    if Path(file).name != file:
        raise ValueError(f"'{file}' is no name of a file")
    found = np.load(place / file, allow_pickle=False)
    kind, dimensions = ARRAYS[name]
    if found.dtype != kind or found.ndim != dimensions:
        raise ValueError(f"{name} are {found.dtype} of shape {found.shape}")
    return torch.from_numpy(found)


def _plain(content: Any, name: str) -> Any:
    if not isinstance(content[name], _PLAIN[name]):
        raise ValueError(f"{name} is {content[name]!r}")
    return content[name]


def _check_rows(arrays: dict[str, Tensor | None]) -> None:
    sizes = {len(value) for value in arrays.values() if value is not None}
    if len(sizes) != 1:
        raise ValueError(f"arrays have {sorted(sizes)} rows")
