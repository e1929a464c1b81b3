"""Checks of labels, groups and indices, shared by all sources."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earlysieve._arrays import Ints
from earlysieve.errors import DataError, InputError

# Loading is rarely quicker beyond a few per core, and thousands of processes stop a machine.
_WORKERS_PER_CORE = 8


class DataWarning(UserWarning):
    """Something about the data may not be what was meant."""


def name_some(names: Sequence[object], limit: int = 3) -> str:
    """The first few names in quotes, and how many more there are."""
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def integers(values: ArrayLike, what: str) -> Ints:
    """`values` as int64, shape (N,).

    Raises:
        InputError: they are not integers in one dimension.
    """
    array: NDArray[Any] = np.asarray(values)
    if array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"Expected {what} to be integers of shape (N,), but got {array.dtype} of shape "
            f"{array.shape}; pass one integer per example"
        )
    return array.astype(np.int64)


def class_ids(labels: ArrayLike, num_classes: int) -> Ints:
    """Labels as int64, checked to be non-empty and in [0, num_classes).

    Raises:
        DataError: there are no labels.
        InputError: a label is out of range.
    """
    array = integers(labels, "labels")
    if not len(array):
        raise DataError(
            "Expected at least one example, but the data set is empty; check its path and filters"
        )
    if array.min() < 0 or array.max() >= num_classes:
        bad = array[(array < 0) | (array >= num_classes)][0]
        raise InputError(
            f"Expected labels from 0 to {num_classes - 1} ({num_classes} class names), "
            f"but got {bad}; correct the labels or name every class"
        )
    return array


def group_ids(groups: ArrayLike | None, size: int, num_groups: int) -> Ints:
    """Groups as int64, -1 where unknown, checked to be `size` many and below `num_groups`.

    Raises:
        InputError: there are more or fewer than examples, or one is out of range.
    """
    if groups is None:
        return np.full(size, -1, np.int64)
    array = integers(groups, "groups")
    if len(array) != size:
        raise InputError(
            f"Expected one group per example ({size}), but got {len(array)}; "
            "use -1 where a group is unknown"
        )
    if array.min() < -1 or array.max() >= num_groups:
        bad = array[(array < -1) | (array >= num_groups)][0]
        raise InputError(
            f"Expected groups from -1 (unknown) to {num_groups - 1} ({num_groups} group names), "
            f"but got {bad}; correct the groups or name every group"
        )
    return array


def positions(indices: ArrayLike, size: int) -> Ints:
    """Indices or a boolean mask as int64 positions in [0, size).

    Raises:
        DataError: nothing is selected.
        InputError: a mask of another length, or an index that is out of range.
    """
    array: NDArray[Any] = np.asarray(indices)
    if array.dtype == np.bool_:
        if array.shape != (size,):
            raise InputError(
                f"Expected a mask of shape ({size},), but got {array.shape}; "
                "pass one boolean per example"
            )
        array = np.flatnonzero(array)
    found = integers(array, "indices")
    if not len(found):
        raise DataError("Expected a subset of at least one example, but nothing is selected")
    if found.min() < 0 or found.max() >= size:
        bad = found[(found < 0) | (found >= size)][0]
        raise InputError(
            f"Expected indices from 0 to {size - 1}, but got {bad}; select existing examples"
        )
    return found


def cores() -> int:
    """How many processor cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def check_workers(num_workers: int) -> None:
    """Check that this machine can bear so many processes that load data.

    Raises:
        InputError: there are fewer than 0, or more than 8 for each core.
    """
    if num_workers < 0:
        raise InputError(
            f"Expected num_workers to be at least 0, but got {num_workers}; pass 0 to load data in "
            "the main process"
        )
    most = _WORKERS_PER_CORE * cores()
    if num_workers > most:
        raise InputError(
            f"Expected num_workers to be at most {most}, {_WORKERS_PER_CORE} for each of {cores()} "
            f"processor cores, but got {num_workers}; pass about one for each core"
        )


def check_batch_size(batch_size: int) -> None:
    """Check that a batch holds something.

    Raises:
        InputError: `batch_size` is not positive.
    """
    if batch_size < 1:
        raise InputError(
            f"Expected batch_size to be at least 1, but got {batch_size}; pass a positive number"
        )
