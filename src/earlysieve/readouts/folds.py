"""Which readout scores which example: cross-fitting folds."""

import numpy as np
import torch
from torch import Tensor

from earlysieve.errors import InputError


def assign_folds(labels: Tensor, folds: int, seed: int = 0) -> Tensor:
    """Split examples into `folds` parts of nearly equal size and class shares.

    Args:
        labels: int64, shape (N,).
        folds: 1 for a single part (every readout then sees every example), else 2 to N.
        seed: for the order within each class.

    Returns:
        int64, shape (N,), values in [0, folds).

    Raises:
        InputError: fewer examples than folds, or folds below 1.
    """
    count = len(labels)
    if not 1 <= folds <= count:
        raise InputError(
            f"Expected folds to lie between 1 and the number of examples ({count}), "
            f"but got {folds}; use fewer folds, or folds=0 to score in-sample"
        )
    order = np.random.default_rng(seed).permutation(count)
    by_class = order[np.argsort(labels.numpy()[order], kind="stable")]
    fold_of = np.empty(count, dtype=np.int64)
    fold_of[by_class] = np.arange(count) % folds
    return torch.from_numpy(fold_of)
