"""Training batches from any map-style data set, the same for any number of worker processes."""

import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    default_collate,
)

from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.batches import as_batch, collate
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch
from earlysieve.training.augmentation import Augmentation, occurrences
from earlysieve.training.randomness import seeded

Data = Dataset[Any] | DataLoader[Any]
Collate = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Source:
    """A data set of known size, how its samples are put together, and by how many workers."""

    dataset: Any
    collate: Collate
    num_workers: int
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        return len(self.dataset)


def open_source(
    data: Data,
    *,
    num_workers: int = 0,
    ordered: bool = True,
    augmentation: Augmentation | None = None,
) -> Source:
    """The data set behind `data`, for loading in an order of our own.

    A DataLoader gives its data set, `collate_fn` and workers.

    Args:
        ordered: whether a DataLoader with a sampler of its own is an error.
        augmentation: of the examples' pictures.

    Raises:
        InputError: it has no length, an order of its own that would be lost, or no pictures that
            could be augmented.
        DataError: it is empty.
    """
    data = data_of(data)
    if isinstance(data, DataLoader):
        if ordered:
            _check_no_own_order(data)
        join = collate if data.collate_fn is default_collate else data.collate_fn
        source = Source(data.dataset, join, data.num_workers or num_workers, augmentation)
    else:
        source = Source(data, collate, num_workers, augmentation)
    _check_dataset(source.dataset)
    if augmentation is not None:
        augmentation.check(source.dataset)
    return source


def load_batches(
    source: Source, batches: Sequence[Sequence[int]], *, key: Sequence[int], start: int = 0
) -> Iterator[Batch]:
    """Load the given batches of dataset indices from number `start` on.

    While batch k is loaded, the random states are seeded from (*key, k) and restored afterwards.
    So augmentations that draw from torch, NumPy or Python are the same for any number of workers,
    and after a resume that starts at k. A data set with a generator of its own is outside this.
    What an `Augmentation` draws for an example depends on (*key, example) alone, and on how often
    the example came before in these batches.
    """
    loader: DataLoader[Batch] = DataLoader(
        _Batches(source, batches, tuple(key)),
        batch_size=None,
        sampler=range(start, len(batches)),
        collate_fn=_same,
        num_workers=source.num_workers,
        worker_init_fn=_ignore_interrupts,
        generator=torch.Generator().manual_seed(0),  # else the loader draws from the global state
    )
    return iter(loader)


class _Batches(Dataset[Batch]):
    """Item k is the k-th batch; seeding whole batches costs far less than seeding examples."""

    def __init__(
        self, source: Source, batches: Sequence[Sequence[int]], key: tuple[int, ...]
    ) -> None:
        self.source = source
        self.batches = batches
        self.key = key
        self.before = None if source.augmentation is None else occurrences(batches)

    def __getitem__(self, number: int) -> Batch:
        indices = list(self.batches[number])
        with seeded(*self.key, number):
            samples = self._samples(number, indices)
            batch = as_batch(self.source.collate(samples))
        return replace(batch, index=torch.tensor(indices, dtype=torch.int64))

    def _samples(self, number: int, indices: list[int]) -> list[Any]:
        dataset, augmentation = self.source.dataset, self.source.augmentation
        if augmentation is None or self.before is None:
            return _samples(dataset, indices)
        times = self.before(number)
        return [
            augmentation.sample(dataset, index, *self.key, index, int(time))
            for index, time in zip(indices, times, strict=True)
        ]


def _samples(dataset: Any, indices: list[int]) -> list[Any]:
    many = getattr(dataset, "__getitems__", None)
    return list(many(indices)) if callable(many) else [dataset[i] for i in indices]


def _check_no_own_order(loader: DataLoader[Any]) -> None:
    plain = isinstance(loader.sampler, RandomSampler | SequentialSampler)
    if not plain or loader.batch_size is None:
        raise InputError(
            "Expected a DataLoader without a sampler of its own, since training keeps an order "
            f"that it can resume, but got {type(loader.sampler).__name__}; "
            "pass the data set, and sampler= with an EpochSampler, weighted if need be"
        )


def _check_dataset(dataset: Any) -> None:
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise InputError(
            f"Expected a data set with a length and indices, but got {type(dataset).__name__}; "
            "pass a map-style data set, for example a list of its examples"
        )
    if len(dataset) == 0:
        raise DataError("Expected at least one example, but got none; check the path and the split")


def _same(item: Any) -> Any:
    return item


def _ignore_interrupts(_worker: int) -> None:
    """Leave it to the main process what signals do that whole groups of processes get."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _once)


def _once(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one is the main process's own
