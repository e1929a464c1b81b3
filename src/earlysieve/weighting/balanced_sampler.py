"""Balanced sampling for anybody's DataLoader."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.utils.data import Sampler

from earlysieve.training.sampling import EpochSampler
from earlysieve.weighting.balanced_sampling import balanced_weights


class BalancedSampler(Sampler[int]):
    """Draws every class, or group, equally often: `DataLoader(data, sampler=BalancedSampler(g))`.

    An epoch has as many examples as the data, drawn with replacement; see `balanced_weights`. Its
    order is a function of seed and epoch alone, and that of `EpochSampler(weights=...)`. Lightning
    and Accelerate, and so HuggingFace's Trainer, tell the epoch by themselves; in a loop of your
    own call `set_epoch(epoch)`, else each pass is the next epoch.

    Args:
        kinds: labels or groups, integers, shape (N,), -1 where unknown.
        seed: any integer in [0, 2**63).

    Raises:
        InputError: no kind is known, or the seed is out of its range.

    Example:
        >>> import torch
        >>> import earlysieve as es
        >>> labels = torch.tensor([0, 0, 0, 1])
        >>> data = torch.utils.data.TensorDataset(torch.randn(4, 3), labels)
        >>> loader = torch.utils.data.DataLoader(data, sampler=es.BalancedSampler(labels))
        >>> len(list(loader))
        4
    """

    def __init__(self, kinds: Tensor | npt.NDArray[np.integer], *, seed: int = 0) -> None:
        weights = balanced_weights(kinds)
        self._order = EpochSampler(len(weights), len(weights), seed=seed, weights=weights)
        self.epoch = 0

    def __len__(self) -> int:
        return self._order.size

    def __iter__(self) -> Iterator[int]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return iter(self._order.batches(epoch)[0])

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch, from 0, the next pass is."""
        self.epoch = epoch
