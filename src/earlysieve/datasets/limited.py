"""Drawn parts of a data set of the user's: a limit, and a share to hold out."""

from typing import Any

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.base import ExampleDataset, hold_out_of, split_positions, stratified_sample
from earlysieve.datasets.views import SubsetView, examples_at
from earlysieve.errors import InputError

# Attributes under which data sets, torchvision's among them, keep the class of each example.
_LABELS = ("labels", "targets")


def limited(data: Any, limit: int, seed: int) -> Any:
    """At most `limit` examples: of data sets of ours by class, else as `limited_own`.

    Raises:
        InputError: the limit is below 1, or see `limited_own`.
    """
    if limit < 1:
        raise InputError(f"Expected limit to be at least 1, but got {limit}; leave it out for all")
    if not isinstance(data, ExampleDataset):
        return limited_own(data, limit, seed)
    if limit >= len(data):
        return data
    return data.subset(stratified_sample(data.labels, limit, seed))


def limited_own(data: Any, limit: int, seed: int) -> Any:
    """At most `limit` examples of any data set with a length, in their order.

    Classes keep their shares where the data set has `labels` or `targets`, a number per example.
    Elsewhere all examples are equally likely to be drawn, since to ask for labels would load them.

    Args:
        data: with a length and indices.
        limit: how many examples, at least 1.
        seed: of the draw.

    Raises:
        InputError: the data are a loader or arrays, or have no length and indices.
    """
    from torch.utils.data import DataLoader, IterableDataset

    # A tuple is arrays (X, y), whose length is not that of the data.
    others = isinstance(data, DataLoader | IterableDataset | tuple)
    if others or not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise InputError(
            f"Expected data with a length and indices to limit to {limit} examples, but got "
            f"{type(data).__name__}; limit them in the function that makes them"
        )
    if limit >= len(data):
        return data
    return examples_at(data, stratified_sample(_strata(data), limit, seed))


def held_out_rows(data: Any, share: float, seed: int) -> tuple[Ints, Ints]:
    """Sorted positions of the rest, and of a share to hold out, of data with a length and indices.

    Labels keep their shares, and in data sets of ours groups, too; else as for `limited_own`.

    Raises:
        InputError: the share is not in (0, 1), or one of the two parts would be empty.
    """
    if isinstance(data, ExampleDataset):
        return split_positions(data, share, seed)
    return hold_out_of(_strata(data), share, seed)


def _strata(data: Any) -> Any:
    if isinstance(data, SubsetView):
        return _strata(data.whole)[data.rows]
    for name in _LABELS:
        labels = getattr(data, name, None)
        try:
            found = np.asarray(labels)
        except (ValueError, TypeError, RuntimeError):
            continue
        if found.shape == (len(data),) and found.dtype.kind in "iub":
            return found
    return np.zeros(len(data), dtype=np.int64)
