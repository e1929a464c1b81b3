"""Keep what the last layer reads while somebody else runs the model, so that one pass is enough."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from earlysieve._files import check_output
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import OutputError
from earlysieve.model.batch import Batch
from earlysieve.model.capture import Captured
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of
from earlysieve.repairing.features import joined, read_batch, rows_of
from earlysieve.repairing.last_layer import last_layer


class FeaturesBeside:
    """Listens to the passes of a model, and saves features of its last layer.

    Args:
        model: in evaluation mode, on the device on which it will run.
        source: the data that will be passed through it.
        folder: where `save` puts the features.
        tell: takes a line for people: how large they are.

    Raises:
        InputError: the last layer is not linear.
        OutputError: the folder cannot be written, or has no room.
    """

    def __init__(
        self,
        model: nn.Module,
        source: OpenedData,
        folder: str | os.PathLike[str],
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.model, self.source, self.folder = model, source, check_output(Path(folder))
        some = source.few().to(device_of(model))
        self.place = last_layer(model, match_precision(model, some.inputs))
        self._parts: list[list[Tensor]] = []
        if source.size is not None:
            self._check_room(source.size, tell)

    def __call__(self, batch: Batch, run: Callable[[], Captured]) -> Captured:
        """Return `run()`, a pass of this batch, and keep what the last layer read in it."""
        held: list[Captured] = []

        def call() -> object:
            held.append(run())
            return held[0].model_output

        self._parts.append(rows_of(batch, *read_batch(self.model, self.place, batch, call)))
        return held[0]

    def latest(self) -> list[Tensor]:
        """What was kept of the last batch, see `__call__`."""
        return self._parts[-1]

    def take_over(self, rows: list[Tensor]) -> None:
        """Keep what `latest` gave of a batch before, as it would be heard again."""
        self._parts.append(rows)

    def save(self) -> None:
        """Write what was kept; `LastFeatures.load` reads it.

        Raises:
            OutputError: the folder cannot be written.
        """
        joined(self._parts, self.model, self.source, self.place).save(self.folder)

    def _check_room(self, count: int, tell: Callable[[str], None] | None) -> None:
        size = 4 * count * self.place.width
        folder = self.folder.absolute()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(nearest).free
        if size > free:
            raise OutputError(
                f"Expected {size / 1e9:.1f} GB of free space for the last layer's features in "
                f"'{self.folder}', but got {free / 1e9:.1f} GB; choose another folder"
            )
        if tell is not None:
            tell(
                f"Features of the last layer, {self.place.width:,} numbers of {count:,} examples, "
                f"will take {size / 1e6:,.1f} MB of memory and in '{self.folder}'."
            )
