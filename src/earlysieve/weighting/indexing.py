"""Data sets that say which example they give, and checks of what batches say."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.with_groups import with_groups
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch


class IndexedDataset(Dataset[Any]):
    """The samples of a map-style data set with their index; see `with_index`."""

    def __init__(self, dataset: Any) -> None:
        dataset = data_of(dataset)
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise InputError(
                f"Expected a data set with a length and indices, but got {type(dataset).__name__}; "
                "pass a map-style data set, not a loader"
            )
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Any:
        return _indexed(self.dataset[i], i)


def with_index(
    dataset: Any,
    groups: "Groups | Tensor | Sequence[int] | np.ndarray[Any, Any] | None" = None,
) -> IndexedDataset:
    """A data set whose batches carry the index of each example, and groups that you give.

    Use it for loops of your own: `DataLoader(with_index(data), shuffle=True)`. Batches of
    `earlysieve.training.fit` carry indices anyway.

    Args:
        dataset: map-style; samples are (x, y), (x, y, group) or mappings.
        groups: of the examples, such as those of `infer_groups`, in place of the data set's own:
            one per example, -1 where unknown. None: the data set's own.

    Returns:
        A data set of (x, y, group, index), group -1 where unknown, or of mappings with "index".

    Raises:
        InputError: the data set has no length or no indices, or a sample has another form; the
            groups are not one whole number of at least -1 per example.
        DataError: the groups are of other data.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> data = torch.utils.data.TensorDataset(torch.randn(6, 4), torch.arange(6) % 2)
        >>> inputs, label, group, index = es.with_index(data)[5]
        >>> int(label), int(group), int(index)
        (1, -1, 5)
        >>> es.with_index(data, groups=[0, 0, 1, 1, 2, 3])[5][2]
        3
    """
    indexed = IndexedDataset(dataset)
    return indexed if groups is None else IndexedDataset(with_groups(indexed.dataset, groups))


def checked_index(batch: Batch, size: int) -> Tensor:
    """The batch's indices, shape (B,), on the CPU, checked to lie in [0, size).

    Raises:
        InputError: they are missing or out of range.
    """
    if batch.index is None:
        raise InputError(
            "Expected batches that carry the index of each example, since weights are kept per "
            "example, but this one has none; wrap the data set: "
            "DataLoader(earlysieve.with_index(dataset), shuffle=True), or "
            "train_dataset=earlysieve.with_index(dataset)"
        )
    index = batch.index.cpu()
    low, high = (int(bound) for bound in torch.aminmax(index))
    if low < 0 or high >= size:
        raise InputError(
            f"Expected indices from 0 to {size - 1}, as there are {size} examples, but got "
            f"{low if low < 0 else high}; pass num_examples=len(dataset) of the data that is "
            "trained on"
        )
    return index


def _indexed(sample: Any, i: int) -> Any:
    if isinstance(sample, Mapping):
        return {**sample, "index": i}
    if isinstance(sample, tuple | list) and len(sample) in (2, 3):
        group = sample[2] if len(sample) == 3 and sample[2] is not None else -1
        return (sample[0], sample[1], group, i)
    raise InputError(
        "Expected samples of the form (x, y), (x, y, group) or a dictionary, but got "
        f"{type(sample).__name__}; wrap your data set so that it yields one of these"
    )
