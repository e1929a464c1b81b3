"""Which examples come in which order: a function of the seed and the epoch alone."""

from collections.abc import Sequence
from typing import Protocol, overload, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Ints, for_torch
from earlysieve.errors import DataError, InputError

MULTINOMIAL_LIMIT = 2**24  # torch.multinomial takes no more weights


@runtime_checkable
class BatchSampler(Protocol):
    """The order of an epoch. It must not depend on anything but its settings and the epoch."""

    def __len__(self) -> int:
        """Batches per epoch, the same for all epochs."""
        ...

    def batches(self, epoch: int) -> Sequence[Sequence[int]]:
        """The dataset indices of each batch of epoch 0, 1, ..."""
        ...


class Batches(Sequence[list[int]]):
    """An order cut into batches: a sequence of lists, of which none is made before it is asked for.

    Args:
        order: int64, shape (N,), N >= 1.
        batch_size: >= 1; a last batch of a single index joins the batch before it.
    """

    def __init__(self, order: Ints, batch_size: int) -> None:
        self._order = order
        self._size = batch_size

    def __len__(self) -> int:
        return batch_count(len(self._order), self._size)

    @overload
    def __getitem__(self, number: int) -> list[int]: ...

    @overload
    def __getitem__(self, number: slice) -> list[list[int]]: ...

    def __getitem__(self, number: int | slice) -> list[int] | list[list[int]]:
        if isinstance(number, slice):
            return [self[i] for i in range(len(self))[number]]
        place = range(len(self))[number]
        last = place == len(self) - 1
        end = len(self._order) if last else (place + 1) * self._size
        rows: list[int] = self._order[place * self._size : end].tolist()
        return rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        few = len(self) <= 10
        return repr(self[:]) if few else f"{len(self)} batches of {len(self._order)} examples"


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
        return batch_count(self.size, self.batch_size)

    def batches(self, epoch: int) -> Batches:
        """The dataset indices of each batch of epoch 0, 1, ..."""
        self._generator.manual_seed(derive_seed(self.seed, epoch))
        if self.weights is None:
            order = torch.randperm(self.size, generator=self._generator)
        elif self.size <= MULTINOMIAL_LIMIT:
            order = torch.multinomial(
                self.weights, self.size, replacement=True, generator=self._generator
            )
        else:
            order = _draw(self.weights, self._generator)
        return Batches(order.numpy(), self.batch_size)


def split_batches(order: Sequence[int] | Ints, batch_size: int) -> Batches:
    """Cut `order` into batches; a last one of a single index joins the batch before it."""
    return Batches(np.asarray(order, dtype=np.int64), batch_size)


def batch_count(size: int, batch_size: int) -> int:
    """How many batches `split_batches` makes of `size` examples."""
    count = -(-size // batch_size)
    joined = batch_size > 1 and count > 1 and size % batch_size == 1
    return count - joined


def _draw(weights: Tensor, generator: torch.Generator) -> Tensor:
    """As many indices as there are weights, with replacement, by the inverse of their sums."""
    sums = weights.cumsum(0)
    points = torch.rand(len(weights), dtype=torch.float64, generator=generator) * sums[-1]
    found = torch.searchsorted(sums, points, right=True)
    return found.clamp_(max=int(weights.nonzero()[-1]))  # a point may be rounded up to the sum


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
    values = torch.as_tensor(for_torch(weights), dtype=torch.float64, device="cpu")
    good = values.shape == (size,) and bool(torch.isfinite(values).all())
    if not good or bool((values < 0).any()) or float(values.sum()) == 0:
        raise InputError(
            f"Expected {size} finite weights of 0 or more that are not all 0, one per example, but "
            f"got shape {tuple(values.shape)}; pass the odds of drawing each example"
        )
    return values
