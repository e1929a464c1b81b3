"""Files of kept logits: a line of JSON, then labels and logits as they are."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from earlysieve._arrays import Floats, Ints
from earlysieve._files import replacing
from earlysieve.errors import DataError, OutputError

MAGIC = b"earlysieve logits 1\n"
ALIGNMENT = 64
LONGEST_HEADER = 4096
CHUNK = 1 << 20


@dataclass(frozen=True)
class Header:
    """What a file of logits says of itself.

    Attributes:
        shape: examples and classes, (N, C).
        teacher: fingerprint of the teacher's weights; "" where unknown.
        data: fingerprint of the data; "" where unknown.
    """

    shape: tuple[int, int]
    teacher: str
    data: str

    def encode(self) -> bytes:
        """What the file begins with, up to the labels."""
        start = MAGIC + json.dumps(asdict(self)).encode() + b"\n"
        return start + b"\0" * (-len(start) % ALIGNMENT)


class LogitsWriter:
    """Fills a file of logits batch by batch through a memory map; see `to`.

    Args:
        path: the file, which is written anew.
        size: N.
        teacher: fingerprint of the teacher's weights.
        data: fingerprint of the data.
    """

    def __init__(self, path: Path, size: int, *, teacher: str, data: str) -> None:
        self._path, self._size, self._teacher, self._data = path, size, teacher, data
        self._labels: npt.NDArray[np.int64] | None = None
        self._values: npt.NDArray[np.float32] | None = None

    @classmethod
    @contextmanager
    def to(
        cls, path: str | os.PathLike[str], size: int, *, teacher: str, data: str
    ) -> "Iterator[LogitsWriter]":
        """A writer whose file takes the place of `path` if the block succeeds.

        Raises:
            OutputError: the file cannot be written.
            DataError: nothing was put in.
        """
        try:
            with replacing(path) as temporary:
                writer = cls(temporary, size, teacher=teacher, data=data)
                try:
                    yield writer
                except OSError as error:  # `replacing` would take errors of the data for its own
                    raise _OtherError(error) from error
                writer.close()
        except _OtherError as stopped:
            raise stopped.error from None

    def put(self, index: Ints, logits: Floats, labels: Ints) -> None:
        """Write the logits (B, C) and labels (B,) of the examples `index` (B,).

        Raises:
            OutputError: there is no space.
        """
        if self._labels is None or self._values is None:
            self._labels, self._values = self._open(logits.shape[1])
        self._labels[index], self._values[index] = labels, logits

    def close(self) -> None:
        """Write what is in the memory map.

        Raises:
            DataError: there is nothing.
        """
        if not isinstance(self._values, np.memmap) or not isinstance(self._labels, np.memmap):
            raise DataError("Expected at least one example, but got none; check the path")
        self._labels.flush()
        self._values.flush()
        self._labels = self._values = None

    def _open(self, classes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        start = Header((self._size, classes), self._teacher, self._data).encode()
        try:
            with self._path.open("wb") as file:
                file.write(start)
                # Written in full: a map over a hole in the file dies when the disk fills up.
                _fill(file, np.int64(-1), self._size)
                _fill(file, np.float32(np.nan), self._size * classes)
        except OSError as error:
            raise OutputError(
                f"Expected to write {self._size} x {classes} logits, but got: "
                f"{error.strerror or error}; free some space or choose another path"
            ) from error
        return _mapped(self._path, len(start), (self._size, classes), "r+")


def read_header(file: Path) -> tuple[Header, int] | None:
    """The header of a file and the offset of its labels; None: it is a file of another kind.

    Raises:
        DataError: the file is damaged.
    """
    with file.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return None
        line = stream.readline(LONGEST_HEADER)
        end = stream.tell()
    try:
        header = _checked(json.loads(line))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"Expected '{file}' to begin with the shape and the origin of its logits, but that "
            "cannot be read; copy it again, or delete it and keep the logits again"
        ) from error
    return header, end + (-end % ALIGNMENT)


def read_arrays(
    file: Path, header: Header, offset: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Labels (N,) and logits (N, C), as memory maps.

    Raises:
        DataError: the file has another size.
    """
    size, classes = header.shape
    if file.stat().st_size != offset + size * 8 + size * classes * 4 or not size * classes:
        raise DataError(
            f"Expected '{file}' to hold {size} x {classes} logits, but its size is another; "
            "copy it again, it may be incomplete"
        )
    return _mapped(file, offset, header.shape, "r")


class _OtherError(Exception):
    """Carries an error past `replacing`."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error


def _checked(found: Any) -> Header:
    size, classes = found["shape"]
    teacher, data = found["teacher"], found["data"]
    numbers = all(type(n) is int and 0 <= n < 2**40 for n in (size, classes))
    if not (numbers and isinstance(teacher, str) and isinstance(data, str)):
        raise ValueError
    return Header((size, classes), teacher, data)


def _mapped(
    file: Path, offset: int, shape: tuple[int, int], mode: Any
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    size = shape[0]
    labels = np.memmap(file, np.int64, mode, offset=offset, shape=(size,))
    return labels, np.memmap(file, np.float32, mode, offset=offset + size * 8, shape=shape)


def _fill(file: BinaryIO, value: np.generic, count: int) -> None:
    block = np.full(min(count, CHUNK // value.nbytes), value)
    for start in range(0, count, max(1, len(block))):
        file.write(block[: count - start].data)
