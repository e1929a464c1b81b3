"""TensorBoard: event files in the folder of the run, or in a folder of their own below a place."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earlysieve._imports import need
from earlysieve.tracking.tracker import Tracking, flat


class TensorBoard:
    """A writer of event files."""

    def __init__(self, tracking: Tracking) -> None:
        writer = _writer_class()
        place = tracking.place
        folder = (
            tracking.folder / "tensorboard" if place is None else Path(place) / tracking.file_name
        )
        self._writer: Any = writer(str(folder))
        lines = [f"    {name}: {value}" for name, value in flat(tracking.config).items()]
        self._writer.add_text("configuration", "\n".join(lines))

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Write scalars."""
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()


def prepare(_place: str | None) -> None:
    """Load what writes."""
    _writer_class()


def _writer_class() -> Any:
    need("tensorboard", extra="tensorboard")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what TensorBoard imports
        from torch.utils.tensorboard.writer import SummaryWriter
    return SummaryWriter
