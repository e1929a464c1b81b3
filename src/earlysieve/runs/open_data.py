"""Data by specification, as `--data` and its options name them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def open_data(
    spec: str,
    options: Mapping[str, Any],
    *,
    seed: int,
    tokenizer: Path | None = None,
    trust_remote_code: bool = False,
) -> Any:
    """The data that `--data` and its options name.

    Args:
        spec: the source; the path of a folder or of a CSV file may stand alone.
        options: by name, as `given_data_options` returns them.
        seed: of planting and sampling.
        tokenizer: folder to use for texts where the options name none.
        trust_remote_code: whether code in the tokenizer's folder may run.

    Raises:
        DataError, InputError: as `earlysieve.datasets.load_source`.
    """
    from earlysieve.datasets import load_source
    from earlysieve.datasets.registry import source_named
    from earlysieve.networks.hf_folder import load_tokenizer

    spec = _with_kind(spec)
    source = source_named(spec.partition(":")[0])
    takes_texts = source is not None and "tokenizer" in source.options
    chosen = {"tokenizer": tokenizer if takes_texts else None, **options}
    if chosen["tokenizer"] is not None:
        chosen["tokenizer"] = load_tokenizer(
            Path(chosen["tokenizer"]), trust_remote_code=trust_remote_code
        )
    return load_source(spec, seed=seed, **chosen)


def _with_kind(spec: str) -> str:
    path = Path(spec).expanduser()
    if path.is_dir():
        return f"folder:{path}"
    if path.suffix.lower() == ".csv":
        return f"csv:{path}"
    return f"folder:{path}" if os.sep in spec and ":" not in spec else spec
