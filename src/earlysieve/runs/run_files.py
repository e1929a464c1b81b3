"""The files of JSON that training leaves in its folder."""

import json
from pathlib import Path
from typing import Any

from earlysieve.errors import DataError, one_line

CONFIG, HISTORY = "config.json", "training.json"


def read_object(path: Path) -> dict[str, Any]:
    """The object in a file of a run.

    Raises:
        DataError: the file cannot be read, or holds no object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, error) from error
    if not isinstance(found, dict):
        raise damaged(path, TypeError(f"{type(found).__name__} instead of an object"))
    return found


def damaged(path: Path, error: Exception) -> DataError:
    """What to raise where a file of a run is not what training writes."""
    return DataError(
        f"Expected what training wrote in '{path}', but got: {type(error).__name__}, "
        f"{one_line(error)}; restore the file, or train again"
    )
