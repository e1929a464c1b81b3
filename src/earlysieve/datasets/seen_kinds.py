"""Labels and groups of examples that were read for another purpose anyway."""

from collections.abc import Callable, Sequence

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.model.batch import Batch

CHUNK = 256


class SeenKinds:
    """Gathers labels and groups of the examples of a data set as batches come by.

    Args:
        size: number of examples.
    """

    def __init__(self, size: int) -> None:
        self._labels = np.zeros(size, dtype=np.int64)
        self._groups = np.full(size, -1, dtype=np.int64)
        self._seen = np.zeros(size, dtype=bool)
        self._grouped = True

    def note(self, batch: Batch) -> None:
        """Remember what a batch says of its examples, if it says which ones they are."""
        if batch.index is None:
            return
        index = batch.index.cpu().numpy()
        self._labels[index] = batch.labels.cpu().numpy()
        if batch.groups is None:
            self._grouped = False
        else:
            self._groups[index] = batch.groups.cpu().numpy()
        self._seen[index] = True

    def complete(self, read: Callable[[Sequence[int]], Batch]) -> tuple[Ints, Ints | None]:
        """Labels and groups of all; what did not come by is read, by index.

        Returns:
            Labels, int64, shape (N,), and groups likewise, -1 where unknown; None without any.
        """
        missing = np.flatnonzero(~self._seen)
        for start in range(0, len(missing), CHUNK):
            rows = missing[start : start + CHUNK]
            found = read(rows.tolist())
            self._labels[rows] = found.labels.numpy()
            self._grouped = self._grouped and found.groups is not None
            if found.groups is not None:
                self._groups[rows] = found.groups.numpy()
        self._seen[:] = True
        return self._labels, self._groups if self._grouped else None
