"""Which examples take part: a few of each group at first, more and more later on."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.errors import InputError
from earlysieve.training.sampling import Batches, batch_count, check_seed, derive_seed

Numbers = Tensor | npt.NDArray[np.integer]


class ProgressiveExpansion:
    """The order of progressive data expansion, for `fit(sampler=)`.

    In the first `warmup_epochs` epochs the examples are a random subset with as many of each group
    as the smallest has, n_min (or `per_group`); then `expand_by` of the others, drawn once each and
    without regard to groups, join every `expand_every` epochs until all take part:

        |S_e| = K n_min for e < T_0, else + expand_by (1 + floor((e - T_0) / expand_every)).

    A network that has learned from balanced groups what does not depend on the shortcut keeps to it
    when the data with the shortcut come. Groups may be inferred. Where the subset is all data, the
    order is that of plain training, bit for bit.

    Source: Deng, Yang, Mirzasoleiman and Gu, "Robust Learning with Progressive Data Expansion
    Against Spurious Correlation", NeurIPS 2023, arXiv 2306.04949, algorithm 1. There an epoch is a
    pass over the subset, of which 140 warm up on Waterbirds, and the learning rate is lowered when
    expansion starts. Here an epoch has as many examples as the data, so that schedules hold: it
    passes over the subset, shuffled anew, until it has them. A schedule of the learning rate is
    left to the optimiser.

    Args:
        groups: of each example, integers, shape (N,); -1 where unknown: those are among the others.
        batch_size: >= 1; see `EpochSampler` for a last batch of one.
        seed: of subset and order.
        warmup_epochs: T_0 >= 0.
        expand_every: >= 1.
        expand_by: >= 1.
        per_group: take at most so many of each group at first, >= 1; None: n_min.

    Raises:
        InputError: a setting is out of its range, or no group is known.
    """

    def __init__(
        self,
        groups: Numbers,
        batch_size: int,
        *,
        seed: int,
        warmup_epochs: int = 5,
        expand_every: int = 1,
        expand_by: int = 20,
        per_group: int | None = None,
    ) -> None:
        check_seed(seed)
        _check(
            batch_size=(batch_size, 1),
            warmup_epochs=(warmup_epochs, 0),
            expand_every=(expand_every, 1),
            expand_by=(expand_by, 1),
            per_group=(1 if per_group is None else per_group, 1),
        )
        numbers = _numbers(groups)
        self.size, self.batch_size, self.seed = len(numbers), batch_size, seed
        self._warmup, self._every, self._by = warmup_epochs, expand_every, expand_by
        self._first, self._others = _parts(numbers, seed, per_group)

    def __len__(self) -> int:
        return batch_count(self.size, self.batch_size)

    def subset(self, epoch: int) -> Ints:
        """The examples that take part in epoch 0, 1, ..., ascending."""
        steps = 0 if epoch < self._warmup else 1 + (epoch - self._warmup) // self._every
        return np.sort(np.concatenate([self._first, self._others[: steps * self._by]]))

    def batches(self, epoch: int) -> Batches:
        """The dataset indices of each batch of epoch 0, 1, ..."""
        generator = torch.Generator().manual_seed(derive_seed(self.seed, epoch))
        rows = self.subset(epoch)
        passes = -(-self.size // len(rows))
        order = [
            rows[torch.randperm(len(rows), generator=generator).numpy()] for _ in range(passes)
        ]
        return Batches(np.concatenate(order)[: self.size], self.batch_size)


def _parts(groups: Ints, seed: int, per_group: int | None) -> tuple[Ints, Ints]:
    """The first subset, and the others in the order in which they join."""
    rng = np.random.default_rng(derive_seed(seed, 0, 0))
    numbers, sizes = np.unique(groups[groups >= 0], return_counts=True)
    count = int(sizes.min()) if per_group is None else per_group
    chosen = [rng.permutation(np.flatnonzero(groups == g))[:count] for g in numbers]
    first = np.concatenate(chosen)
    others = np.setdiff1d(np.arange(len(groups)), first)
    return first.astype(np.int64), rng.permutation(others).astype(np.int64)


def _numbers(groups: Numbers) -> Ints:
    found = groups.detach().cpu().numpy() if isinstance(groups, Tensor) else np.asarray(groups)
    if found.ndim != 1 or found.dtype.kind not in "iu" or not (found >= 0).any():
        raise InputError(
            "Expected the group of each example as integers of shape (N,), some of them known, but "
            f"got {found.dtype} of shape {found.shape}; pass dataset.groups or inferred ones"
        )
    return found.astype(np.int64)


def _check(**settings: tuple[int, int]) -> None:
    for name, (value, least) in settings.items():
        if value < least:
            raise InputError(
                f"Expected {name} to be at least {least}, but got {value}; pass a larger number"
            )
