"""A teacher's logits for every example, in memory or in a file, and what they belong to."""

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earlysieve._files import is_file
from earlysieve.distill.logits_file import LogitsWriter, read_arrays, read_header
from earlysieve.errors import DataError, EarlysieveError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training.archive import read_weights
from earlysieve.weighting.indexing import checked_index


@dataclass(frozen=True)
class KeptLogits:
    """Logits by dataset index.

    Attributes:
        values: float32, shape (N, C); NaN where an example was not passed. May be a memory map.
        labels: int64, shape (N,), -1 where unknown: batches are checked against them.
        teacher: fingerprint of the teacher's weights; "" where unknown.
        data: fingerprint of the data; "" where unknown.
        source: for messages.
    """

    values: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    teacher: str = ""
    data: str = ""
    source: str = "the kept logits"

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != len(self.labels):
            raise InputError(
                f"Expected logits of shape (examples, classes), but got {self.values.shape}; "
                "pass one row of class scores per example, in the order of the data set"
            )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def num_classes(self) -> int:
        """C."""
        return int(self.values.shape[1])

    def of(self, batch: Batch) -> Tensor:
        """The logits of a batch, shape (B, C), on the device of its labels.

        Raises:
            InputError: it has no indices, or one out of range.
            DataError: its labels are others than those that the logits were kept with, or there
                are no logits for one of its examples.
        """
        index = checked_index(batch, len(self)).numpy()
        labels = self.labels[index]
        if bool(((labels >= 0) & (labels != batch.labels.cpu().numpy())).any()):
            raise DataError(
                f"Expected the data that {self.source} were made with, but the labels of this "
                "batch are others; keep the logits again for this data set"
            )
        found = torch.from_numpy(np.ascontiguousarray(self.values[index], dtype=np.float32))
        if bool(found.isnan().any()):
            missing = int(index[found.isnan().any(1).numpy()][0])
            raise DataError(
                f"Expected logits for every example, but {self.source} have none (or NaN) for "
                f"example {missing}; keep them again for the whole data set"
            )
        return found.to(batch.labels.device)

    def check(self, *, teacher: str | None = None, data: str | None = None) -> None:
        """Compare with fingerprints; what is unknown on either side is not compared.

        Raises:
            DataError: the logits were made by another teacher, or for other data.
        """
        for kind, kept, given in (("teacher", self.teacher, teacher), ("data", self.data, data)):
            if kept and given and kept != given:
                what = "with other weights" if kind == "teacher" else "for other examples"
                raise DataError(
                    f"Expected logits that belong to this {kind}, but {self.source} were made "
                    f"{what}; delete them and keep them again, or choose another path"
                )

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write them to a file, atomically.

        Raises:
            OutputError: it cannot be written.
        """
        with LogitsWriter.to(path, len(self), teacher=self.teacher, data=self.data) as file:
            for rows in np.array_split(np.arange(len(self)), max(1, len(self) // 1024)):
                file.put(rows, self.values[rows], self.labels[rows])


def open_logits(path: str | os.PathLike[str]) -> KeptLogits:
    """Logits from a file: one that `keep_logits` wrote (memory-mapped), a .npy file, or a tensor.

    Raises:
        DataError: there is no such file, or it is damaged.
        InputError: it holds something else.
        CheckpointError: a file of torch.save that is damaged or cannot be read safely.
    """
    file = Path(path)
    if not is_file(file):
        raise DataError(
            f"Expected a file of logits at '{file}', but there is no such file; check the path"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch and NumPy; what matters is said below
            return _opened(file)
    except EarlysieveError:
        raise
    except Exception as error:  # readers of damaged files raise errors of nearly every kind
        raise DataError(
            f"Expected '{file}' to hold logits, as keep_logits, np.save or torch.save write them, "
            f"but it cannot be read ({type(error).__name__}); copy it again, it may be damaged"
        ) from error


def _opened(file: Path) -> KeptLogits:
    found = read_header(file)
    if found is not None:
        header, offset = found
        labels, values = read_arrays(file, header, offset)
        return KeptLogits(values, labels, header.teacher, header.data, f"those in '{file}'")
    if file.suffix == ".npy":
        return from_values(np.load(file, mmap_mode="r"), source=f"'{file}'")
    return from_values(read_weights(file), source=f"'{file}'")


def from_values(values: Any, *, source: str = "the logits") -> KeptLogits:
    """Logits given as a tensor or an array of shape (N, C).

    Raises:
        InputError: it is neither, or of another shape or type.
    """
    array = _array_of(values) if isinstance(values, Tensor) else values
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":
        what = type(values).__name__ if not hasattr(values, "shape") else str(tuple(values.shape))
        raise InputError(
            f"Expected floating-point logits of shape (examples, classes), but got {what}"
            f"{_kind_of(values)}; pass one row of class scores per example, in the order of the "
            "data set"
        )
    return KeptLogits(array, np.full(len(array), -1, dtype=np.int64), source=source)


def _array_of(values: Tensor) -> Any:
    plain = values.layout is torch.strided and not values.is_nested and not values.is_meta
    if not plain or not values.is_floating_point():
        return None
    return values.detach().cpu().float().numpy()


def _kind_of(values: Any) -> str:
    return f" of {values.dtype}" if hasattr(values, "dtype") else ""
