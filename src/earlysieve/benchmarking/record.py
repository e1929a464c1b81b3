"""What came of a cell, in its folder; from then on it is over."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from earlysieve._files import write_text
from earlysieve._json import plain
from earlysieve.errors import CheckpointError

RECORD_NAME = "cell.json"

State = Literal["complete", "failed"]


@dataclass(frozen=True)
class Record:
    """What came of a cell.

    Attributes:
        state: "complete" or "failed".
        seconds: spent on it alone, by the clock, parts of interrupted attempts that were kept
            included.
        figures: on the test data, by name, as fractions; none of groups.
        groups: of the test data: name, n and accuracy of each.
        best_epoch: the epoch that was chosen; None where none was.
        settings: that were used, layers that were found included.
        notes: what to know of it.
        why: why it failed.
        processor: likewise, seconds of processors; None where another device did the work, or not
            known.
        classes: how many its network tells apart; None where not known.
        validation_groups: examples of each group of the validation data, by name; empty where these
            name none.
    """

    state: State
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    groups: Sequence[Mapping[str, Any]] = ()
    best_epoch: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    why: str = ""
    processor: float | None = None
    classes: int | None = None
    validation_groups: Mapping[str, int] = field(default_factory=dict)


def keep_record(folder: Path, record: Record) -> Record:
    """Write what came of a cell."""
    write_text(folder / RECORD_NAME, json.dumps(plain(asdict(record)), indent=2) + "\n")
    return record


def read_record(folder: Path) -> Record | None:
    """What came of a cell; None where it is not over.

    Raises:
        CheckpointError: the file cannot be read.
    """
    path = folder / RECORD_NAME
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        record = Record(**found)
        if record.state not in ("complete", "failed"):
            raise ValueError(f"state {record.state!r}")
        if not isinstance(record.seconds, int | float):
            raise ValueError(f"seconds {record.seconds!r}")
        if not isinstance(record.processor, int | float | None):
            raise ValueError(f"processor {record.processor!r}")
        if not isinstance(record.classes, int | None):
            raise ValueError(f"classes {record.classes!r}")
        if not isinstance(record.validation_groups, dict):
            raise ValueError(f"validation_groups {record.validation_groups!r}")
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(
            f"Expected what came of a cell in '{path}', but it cannot be read; remove its folder "
            "to make it again"
        ) from error
    return record
