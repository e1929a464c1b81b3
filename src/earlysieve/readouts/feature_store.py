"""Features of one layer for all examples, in memory up to a budget and in a file beyond it."""

import math
import os
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO

import numpy as np
import torch
from torch import Tensor

from earlysieve.errors import InputError, OutputError

DEFAULT_BUDGET = 1 << 29
# Rows in memory are copied once, into blocks of about this many bytes.
_BLOCK = 1 << 25


class Budget:
    """Bytes that the stores of one audit may hold in memory together, and where the rest goes.

    Args:
        limit: bytes in memory.
        folder: for temporary files; None: $TMPDIR or what the system has for them.
    """

    def __init__(
        self, limit: int = DEFAULT_BUDGET, folder: str | os.PathLike[str] | None = None
    ) -> None:
        self.left = limit
        self.folder = folder

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
        self._blocks: list[Tensor] = []
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
            InputError: the shape after the batch is not that of the rows before.
            OutputError: they do not fit in memory, and cannot be written to a file.
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
            self._hold(rows)
            return
        try:
            self._write(rows.numpy().tobytes())
        except OSError as error:
            raise OutputError(
                f"Expected to write features of a layer to a file in '{self._folder}', but got: "
                f"{error.strerror or error}; free some space, or choose another folder "
                "(features_dir, --features-dir)"
            ) from error

    def chunks(self, rows: int) -> Iterator[tuple[slice, Tensor]]:
        """All rows in order, at most `rows` at a time, each with its place."""
        for start in range(0, self._rows, rows):
            place = slice(start, min(start + rows, self._rows))
            yield place, self.read(place)

    def read(self, place: slice) -> Tensor:
        """The rows of one slice, shape (n, ...)."""
        stop = min(place.stop, self._rows)
        parts = self._held(place.start, min(stop, self._in_memory))
        if stop > self._in_memory:
            parts.append(self._mapped(max(place.start, self._in_memory), stop))
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts) if parts else torch.empty(0, *self.shape, dtype=torch.float32)

    def all(self) -> Tensor:
        """Every row at once, shape (N, ...)."""
        return self.read(slice(0, self._rows))

    @property
    def _folder(self) -> str | os.PathLike[str]:
        return tempfile.gettempdir() if self._budget.folder is None else self._budget.folder

    def _write(self, data: bytes) -> None:
        if self._file is None:
            # Unbuffered, so that a full disk shows here and not when the file is closed.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115
                prefix="earlysieve-", dir=self._folder, buffering=0
            )
            weakref.finalize(self, self._file.close)
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _hold(self, rows: Tensor) -> None:
        while len(rows):
            place = self._in_memory % self._block_rows
            if place == 0:
                size = (self._block_rows, *self.shape)
                self._blocks.append(torch.empty(size, dtype=torch.float32))
            now = rows[: self._block_rows - place]
            self._blocks[-1][place : place + len(now)] = now
            self._in_memory += len(now)
            rows = rows[len(now) :]

    def _held(self, start: int, stop: int) -> list[Tensor]:
        """Views of the rows in memory from `start` to `stop`, block by block."""
        size = self._block_rows
        return [
            self._blocks[i][max(start - i * size, 0) : min(stop - i * size, size)]
            for i in range(start // size, -(-stop // size))
        ]

    @property
    def _block_rows(self) -> int:
        return max(1, _BLOCK // (4 * max(1, math.prod(self.shape))))

    def _mapped(self, start: int, stop: int) -> Tensor:
        if self._file is None:
            raise RuntimeError("Expected features in a file, but all are in memory")
        offset = (start - self._in_memory) * math.prod(self.shape) * 4
        window = np.memmap(
            self._file, np.float32, mode="c", offset=offset, shape=(stop - start, *self.shape)
        )
        return torch.from_numpy(np.asarray(window))
