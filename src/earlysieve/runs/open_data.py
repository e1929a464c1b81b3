"""Data by specification, as `--data` and its options name them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def open_data(
    spec: str, options: Mapping[str, Any], *, seed: int, tokenizer: Path | None = None
) -> Any:
    """The data that `--data` and its options name.

    Args:
        spec: the source; the path of a folder or of a CSV file may stand alone.
        options: by name, as `given_data_options` returns them.
        seed: of planting and sampling.
        tokenizer: folder to use for texts where the options name none.

    Raises:
        DataError, InputError: as `earlysieve.datasets.load_source`.
    """
    from earlysieve.datasets import load_source

    chosen = {"tokenizer": tokenizer, **options}
    if chosen["tokenizer"] is not None:
        chosen["tokenizer"] = _load_tokenizer(Path(chosen["tokenizer"]))
    return load_source(_with_kind(spec), seed=seed, **chosen)


def _with_kind(spec: str) -> str:
    path = Path(spec).expanduser()
    if path.is_dir():
        return f"folder:{path}"
    if path.suffix.lower() == ".csv":
        return f"csv:{path}"
    return f"folder:{path}" if os.sep in spec and ":" not in spec else spec


def _load_tokenizer(folder: Path) -> Any:
    from earlysieve._imports import need
    from earlysieve.errors import InputError
    from earlysieve.networks.built import first_line

    transformers = need("transformers", extra="text")
    try:
        return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f"Expected a tokenizer in the folder '{folder}', but got: {first_line(error)}; "
            "pass the folder that save_pretrained wrote"
        ) from error
