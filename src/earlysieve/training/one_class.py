"""Training on a single class teaches nothing, however good the figures look."""

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import for_torch
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import DataError


class OneClassWarning(UserWarning):
    """A model is trained on examples of one class."""


def check_classes(data: OpenedData) -> None:
    """Check that data which hold their labels have two classes; others are watched in training.

    Args:
        data: to train on.

    Raises:
        DataError: all examples are of one class.
    """
    if not data.holds_labels:
        return
    kinds = np.unique(data.labels)
    if len(kinds) != 1:
        return
    number = int(kinds[0])
    names = data.class_names
    name = f"'{names[number]}'" if 0 <= number < len(names) else str(number)
    raise DataError(
        f"Expected training data of two classes or more, but all {len(data.labels):,} examples are "
        f"of class {name}, so that a model learns to say nothing else; check the data, the split, "
        "the labels and any limit"
    )


class ClassWatch:
    """Warns once if a whole epoch is of one class; before the first where labels are known.

    Args:
        dataset: the training data; its `labels`, if it has any, are looked at.
    """

    def __init__(self, dataset: Any) -> None:
        self._size = len(dataset)
        self._class: int | None = None
        self._seen = 0
        self._watching = True
        labels = getattr(dataset, "labels", None)
        if isinstance(labels, np.ndarray | Tensor) and labels.shape == (self._size,):
            self.see(torch.as_tensor(for_torch(labels)))
            self.close()
            self._watching = False

    def see(self, labels: Tensor) -> None:
        """Note the labels of a batch, shape (B,)."""
        if not self._watching or labels.ndim != 1 or len(labels) == 0:
            return
        low, high = (int(bound) for bound in torch.aminmax(labels))
        self._seen += len(labels)
        self._class = low if self._class is None else self._class
        self._watching = low == high == self._class

    def close(self) -> None:
        """End an epoch: warn if it had one class only."""
        if self._watching and self._seen >= self._size:
            warnings.warn(
                f"Training sees examples of class {self._class} only, so that a model learns to "
                "say nothing else; check the data, the split, the labels and the order",
                OneClassWarning,
                stacklevel=2,
            )
        self._watching = self._watching and self._seen < self._size
        self._seen = 0
