"""Which examples come in which order: a function of the seed and the epoch alone."""

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from earlysieve.errors import DataError, InputError


@runtime_checkable
class BatchSampler(Protocol):
    """The order of an epoch. It must not depend on anything but its settings and the epoch."""

    def __len__(self) -> int:
        """Batches per epoch, the same for all epochs."""
        ...

    def batches(self, epoch: int) -> list[list[int]]:
        """The dataset indices of each batch of epoch 0, 1, ..."""
        ...


class EpochSampler:
    """Shuffled batches that repeat exactly for the same seed and epoch.

    Every example comes once per epoch and none is dropped. A last batch of a single example would
    make BatchNorm fail in training mode, so it is joined to the batch before it (unless
    `batch_size` is 1, which asks for single examples). The sampler has a generator of its own; the
    global random state is neither read nor changed.

    Args:
        size: number of examples, >= 1.
        batch_size: examples per batch, >= 1.
        seed: any integer in [0, 2**63).
        weights: shape (size,), >= 0: draw `size` examples per epoch with replacement and these
            odds, to balance classes or groups. None: each example once.

    Raises:
        DataError: there is no example.
        InputError: another argument is out of its range.
    """

    def __init__(
        self, size: int, batch_size: int, *, seed: int, weights: Tensor | None = None
    ) -> None:
        _check(size, batch_size, seed)
        self.size = size
        self.batch_size = batch_size
        self.seed = seed
        self.weights = None if weights is None else _check_weights(weights, size)
        self._generator = torch.Generator()

    def __len__(self) -> int:
        return len(split_batches(list(range(self.size)), self.batch_size))

    def batches(self, epoch: int) -> list[list[int]]:
        """The dataset indices of each batch of epoch 0, 1, ..."""
        self._generator.manual_seed(derive_seed(self.seed, epoch))
        if self.weights is None:
            order = torch.randperm(self.size, generator=self._generator)
        else:
            order = torch.multinomial(
                self.weights, self.size, replacement=True, generator=self._generator
            )
        return split_batches(order.tolist(), self.batch_size)


def split_batches(order: list[int], batch_size: int) -> list[list[int]]:
    """Cut `order` into batches; a last one of a single index joins the batch before it."""
    batches = [order[i : i + batch_size] for i in range(0, len(order), batch_size)]
    if batch_size > 1 and len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [batches[-2] + batches[-1]]
    return batches


def derive_seed(*keys: int) -> int:
    """One seed in [0, 2**63) from several integers >= 0, well mixed, the same on all machines."""
    # SeedSequence ignores zeros at the end, so the number of keys is one of them.
    sequence = np.random.SeedSequence((len(keys), *keys))
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def check_seed(seed: int) -> None:
    """Check that torch takes a seed.

    Raises:
        InputError: it is below 0, or 2**63 and above.
    """
    if seed < 0:
        raise InputError(f"Expected seed to be 0 or more, but got {seed}; pass another seed")
    if seed >= 2**63:
        raise InputError(f"Expected seed to be below 2**63, but got {seed}; pass a smaller seed")


def _check(size: int, batch_size: int, seed: int) -> None:
    if size < 1:
        raise DataError(
            "Expected at least one training example, but got none; check the path and the split"
        )
    if batch_size < 1:
        raise InputError(
            f"Expected batch_size to be at least 1, but got {batch_size}; pass examples per batch"
        )
    check_seed(seed)


def _check_weights(weights: Tensor, size: int) -> Tensor:
    values = torch.as_tensor(weights, dtype=torch.float64, device="cpu")
    good = values.shape == (size,) and bool(torch.isfinite(values).all())
    if not good or bool((values < 0).any()) or float(values.sum()) == 0:
        raise InputError(
            f"Expected {size} finite weights of 0 or more that are not all 0, one per example, but "
            f"got shape {tuple(values.shape)}; pass the odds of drawing each example"
        )
    return values
