"""Features of one layer for all examples, in memory up to a budget and in a file beyond it."""

import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

import numpy as np
import torch
from torch import Tensor

from earlysieve.errors import InputError

DEFAULT_BUDGET = 1 << 29


class Budget:
    """Bytes that the stores of one audit may hold in memory together."""

    def __init__(self, limit: int = DEFAULT_BUDGET) -> None:
        self.left = limit

    def take(self, size: int) -> bool:
        """Reserve `size` bytes if that many are left."""
        if size > self.left:
            return False
        self.left -= size
        return True


class FeatureStore:
    """Rows of float32 features, appended batch by batch and read back in chunks.

    Rows are kept in memory while the budget lasts; then all further ones go to a temporary file
    that vanishes with the store and is read through short-lived memory maps, so that neither the
    program's memory nor its resident pages grow with the number of examples.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._parts: list[Tensor] = []
        self._file: IO[bytes] | None = None
        self._in_memory = 0
        self._rows = 0
        self.shape: tuple[int, ...] = ()

    def __len__(self) -> int:
        return self._rows

    @property
    def on_disk(self) -> bool:
        """Whether part of the features lies in a file."""
        return self._file is not None

    def append(self, rows: Tensor) -> None:
        """Add rows, shape (B, ...).

        Raises:
            InputError: the shape behind the batch is not that of the rows before.
        """
        rows = rows.detach().to("cpu", torch.float32).contiguous()
        if self._rows and tuple(rows.shape[1:]) != self.shape:
            raise InputError(
                f"Expected features of shape {self.shape} for each example, as before, but got "
                f"{tuple(rows.shape[1:])}; give inputs of one size, or choose a layer or head that "
                "pools over positions"
            )
        self.shape = tuple(rows.shape[1:])
        self._rows += len(rows)
        if self._file is None and self._budget.take(rows.nbytes):
            self._parts.append(rows)
            self._in_memory += len(rows)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="earlysieve-")  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.write(rows.numpy().tobytes())

    def chunks(self, rows: int) -> Iterator[tuple[slice, Tensor]]:
        """All rows in order, at most `rows` at a time, each with its place."""
        self._join()
        for start in range(0, self._rows, rows):
            place = slice(start, min(start + rows, self._rows))
            yield place, self.read(place)

    def read(self, place: slice) -> Tensor:
        """The rows of one slice, shape (n, ...)."""
        self._join()
        held = self._parts[0][place] if self._parts else None
        if self._file is None or place.stop <= self._in_memory:
            return held if held is not None else self._no_rows()
        rest = self._mapped(max(place.start, self._in_memory), place.stop)
        return rest if held is None or len(held) == 0 else torch.cat([held, rest])

    def all(self) -> Tensor:
        """Every row at once, shape (N, ...)."""
        return self.read(slice(0, self._rows))

    def _mapped(self, start: int, stop: int) -> Tensor:
        if self._file is None or stop <= start:
            return self._no_rows()
        self._file.flush()
        width = int(np.prod(self.shape, dtype=np.int64))
        offset = (start - self._in_memory) * width * 4
        window = np.memmap(
            self._file, np.float32, mode="c", offset=offset, shape=(stop - start, *self.shape)
        )
        return torch.from_numpy(np.asarray(window))

    def _no_rows(self) -> Tensor:
        return torch.empty(0, *self.shape, dtype=torch.float32)

    def _join(self) -> None:
        if len(self._parts) > 1:
            joined = torch.empty(self._in_memory, *self.shape, dtype=torch.float32)
            start = 0
            for i, part in enumerate(self._parts):
                joined[start : start + len(part)] = part
                start += len(part)
                self._parts[i] = joined[:0]
            self._parts = [joined]
