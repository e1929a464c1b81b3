"""Files of weights as people have them: one file, a folder of `save_pretrained`, or shards."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from earlysieve._files import file_hash
from earlysieve.errors import CheckpointError, one_line
from earlysieve.training.archive import COPY_AGAIN, read_weights

SAFETENSORS, PYTORCH = "model.safetensors", "pytorch_model.bin"
INDEX = ".index.json"
# What transformers and accelerate write into a folder, in the order in which they look.
IN_FOLDERS = (SAFETENSORS, SAFETENSORS + INDEX, PYTORCH, PYTORCH + INDEX)


def weights_file(path: str | os.PathLike[str]) -> Path:
    """The file of weights that a path means: itself, or that in a folder.

    Raises:
        CheckpointError: a folder has none.
    """
    place = Path(path)
    if not _is_folder(place):
        return place
    for name in IN_FOLDERS:
        if (place / name).is_file():
            return place / name
    adapter = (place / "adapter_config.json").is_file()
    raise CheckpointError(
        f"Expected weights in the folder '{place}' ({', '.join(IN_FOLDERS)}), but got none"
        + (
            "; it holds an adapter: merge it into its model, and save that"
            if adapter
            else "; pass the file of the weights"
        )
    )


def read_weight_files(path: str | os.PathLike[str]) -> Any:
    """What a file of weights holds, put together where an index lists several; see `read_weights`.

    Args:
        path: a file, an index ("model.safetensors.index.json"), or a folder that holds either.

    Raises:
        CheckpointError: a file is missing, damaged or unsafe, or the index is not one.
        MissingDependencyError: a .safetensors file without the package safetensors.
    """
    file = weights_file(path)
    if not _is_index(file):
        return read_weights(file)
    content: dict[str, Any] = {}
    for shard, keys in _listed(file).items():
        found = read_weights(file.with_name(shard))
        for key in keys:
            if not isinstance(found, dict) or key not in found:
                raise CheckpointError(
                    f"Expected '{key}' in '{file.with_name(shard)}', as '{file}' says, but it is "
                    f"not there; {COPY_AGAIN}"
                )
            content[key] = found[key]
    return content


def weights_hash(path: Path | None) -> str | None:
    """SHA-256 of a file of weights, or of all that an index lists; None without a path."""
    if path is None:
        return None
    file = weights_file(path)
    if not _is_index(file):
        return file_hash(file)
    together = hashlib.sha256()
    for shard in _listed(file):
        together.update(f"{shard} {file_hash(file.with_name(shard))}\n".encode())
    return together.hexdigest()


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError:  # a name that is too long
        return False


def _is_index(file: Path) -> bool:
    return file.name.endswith(INDEX)


def _listed(index: Path) -> dict[str, list[str]]:
    """The keys of each file that an index lists, sorted; files lie beside it."""
    try:
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        pairs = sorted((str(shard), str(key)) for key, shard in listed.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f"Expected a list of files of weights in '{index}', as save_pretrained writes it, but "
            f"got: {one_line(error)}; {COPY_AGAIN}"
        ) from error
    shards: dict[str, list[str]] = {}
    for shard, key in pairs:
        if not shard or Path(shard).name != shard or "\\" in shard:
            raise CheckpointError(
                f"Expected '{index}' to list files beside it, but got '{shard}'; restore the index"
            )
        shards.setdefault(shard, []).append(key)
    return shards
