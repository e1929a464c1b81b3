"""Turn whatever users have, data sets or loaders, into batches that know their indices."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.checks import DataWarning, check_batch_size, check_workers
from earlysieve.datasets.forms import as_batch, collate
from earlysieve.datasets.views import with_names
from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import Batch, take

__all__ = [
    "Data",
    "as_batch",
    "collate",
    "first_examples",
    "has_random_access",
    "iterate",
    "length_of",
    "source_of",
]

_LONGEST_BATCH = 2**20

# Also (X, y) and (X, y, groups) of arrays, see `arrays.data_of`.
Data = Dataset[Any] | DataLoader[Any] | Iterable[Any]


def iterate(data: Data, *, batch_size: int = 64, num_workers: int = 0) -> Iterator[Batch]:
    """Yield every example once, in data-set order, as batches with indices.

    A `DataLoader` keeps its batch size, collate function and workers, but not its shuffling or
    repetition: a batch's index is the position in the loader's data set. A data set without
    length, or any other iterable of batches, is taken in the order it comes.

    Several workers would each read the whole of an `IterableDataset` that does not share its
    examples among them, and nothing tells beforehand whether it does. So it is read in this
    process, also where it comes in a DataLoader with workers; every way of sharing that torch
    documents then gives every example. HuggingFace's streams are known to share, and so is a data
    set whose attribute `shards_by_worker` is true: workers read these, in an order that depends on
    their number.

    Args:
        data: a map-style or iterable data set, a DataLoader, or an iterable of batches. Samples
            and batches are (x, y), (x, y, group), (x, y, group, index), mappings, or `Batch`. Or
            arrays of all examples, (X, y) or (X, y, groups), see `arrays.data_of`.
        batch_size: for data sets.
        num_workers: for data sets; at most 8 for each processor core.

    Raises:
        InputError: a sample is of none of the known forms, a loader's collate function leaves
            examples out, so that their indices are unknown, or a number is out of range.
        DataError: there is no example.

    Warns:
        DataWarning: an iterable data set is read in one process although more were asked for.
    """
    check_batch_size(batch_size)
    check_workers(num_workers)
    start = 0
    batches = _in_order(data_of(data), batch_size, num_workers)
    for raw in batches.loader:
        batch = as_batch(raw)
        if batches.order is not None:
            batch = replace(batch, index=_indices(batches, batch, start))
        elif batch.index is None:
            batch = replace(batch, index=torch.arange(start, start + len(batch)))
        start += len(batch)
        yield batch
    if start == 0:
        raise _no_example()


def first_examples(data: Data, count: int = 2) -> Batch:
    """The first examples as one batch, at most `count`; a loader's transforms and order stay.

    Raises:
        InputError: a sample is of none of the known forms.
        DataError: there is no example.
    """
    source = source_of(data)
    if has_random_access(data) and hasattr(source, "__len__"):
        samples = [source[i] for i in range(min(count, len(source)))]
        if not samples:
            raise _no_example()
        join = data.collate_fn if isinstance(data, DataLoader) else collate
        return as_batch(join(samples))
    batch = next(iterate(data, batch_size=count))
    rows = slice(count)
    index, groups = (None if v is None else v[rows] for v in (batch.index, batch.groups))
    return Batch(take(batch.inputs, rows), batch.labels[rows], index, groups)


def _no_example() -> DataError:
    return DataError(
        "Expected at least one example, but the data is empty; check the path and the split"
    )


def source_of(data: Data) -> Any:
    """The data set behind a loader, or the data itself; subsets keep the names of the whole."""
    return with_names(data.dataset if isinstance(data, DataLoader) else data_of(data))


def length_of(data: Data) -> int | None:
    """How many examples there are, where that is known beforehand."""
    source = source_of(data)
    if isinstance(source, IterableDataset) or not hasattr(source, "__len__"):
        return None
    if not isinstance(data, DataLoader):
        return len(source) if has_random_access(data) else None
    return len(_sampled(data)) if _batched(data) else None


def has_random_access(data: Data) -> bool:
    """Whether `source_of(data)[i]` is example i."""
    source = source_of(data)
    if isinstance(source, IterableDataset) or not hasattr(source, "__getitem__"):
        return False
    if isinstance(data, DataLoader):
        return _batched(data)
    return not (isinstance(source, list | tuple) and source and isinstance(source[0], Batch))


@dataclass(frozen=True)
class _Batches:
    """Batches, and where the order is ours, the index of each example and the batch size."""

    loader: Iterable[Any]
    order: Tensor | None = None
    size: int = 0


def _in_order(data: Data, batch_size: int, num_workers: int) -> _Batches:
    if isinstance(data, DataLoader):
        if isinstance(data.dataset, IterableDataset):
            return _Batches(data if _can_share(data.dataset, data.num_workers) else _alone(data))
        if not _batched(data):
            return _Batches(data)
        if not hasattr(data.dataset, "__getitem__"):
            raise InputError(
                "Expected a DataLoader of a data set with indices, but got one of "
                f"{type(data.dataset).__name__}; pass the data set itself to the loader"
            )
        order = _sampled(data)
        size = data.batch_size or getattr(data.batch_sampler, "batch_size", None) or batch_size
        options = {"worker_init_fn": data.worker_init_fn, "collate_fn": data.collate_fn}
        return _loader(data.dataset, order, size, num_workers=data.num_workers, **options)
    if isinstance(data, IterableDataset):
        loader = DataLoader(
            data,
            # The loader lists as many positions as a batch may have, before it reads one.
            min(batch_size, _LONGEST_BATCH),
            num_workers=num_workers if _can_share(data, num_workers) else 0,
            collate_fn=collate,
            generator=_own_generator(),
        )
        return _Batches(loader)
    source: Any = data
    if isinstance(source, Mapping | str):
        raise InputError(
            f"Expected a data set or a DataLoader, but got {type(source).__name__}; pass a list of "
            "samples, a torch.utils.data.Dataset, or one of several splits, as data['test']"
        )
    if not has_random_access(data):
        return _Batches(source)
    if not hasattr(source, "__len__"):
        raise InputError(
            f"Expected a data set with a length, but {type(data).__name__} has none; "
            "give it a method __len__, or pass an IterableDataset"
        )
    order = torch.arange(len(source))
    return _loader(source, order, batch_size, num_workers=num_workers, collate_fn=collate)


def _loader(dataset: Any, order: Tensor, batch_size: int, **options: Any) -> _Batches:
    if len(order) == 0:
        return _Batches([])
    chosen = dataset if len(order) == len(dataset) else Subset(dataset, order.tolist())
    size = min(batch_size, len(order))
    return _Batches(DataLoader(chosen, size, generator=_own_generator(), **options), order, size)


def _can_share(dataset: IterableDataset[Any], num_workers: int) -> bool:
    """Whether so many workers give every example of an iterable data set once.

    Warns:
        DataWarning: they may not.
    """
    streams = type(dataset).__module__.partition(".")[0] == "datasets"
    if num_workers == 0 or streams or getattr(dataset, "shards_by_worker", False):
        return True
    warnings.warn(
        f"{type(dataset).__name__} is read in one process, not in {num_workers}, since each worker "
        "might read all of it; if it shares its examples among workers, set its attribute "
        "shards_by_worker to True",
        DataWarning,
        stacklevel=2,
    )
    return False


def _alone(loader: DataLoader[Any]) -> DataLoader[Any]:
    """The same batches of an iterable data set, read in this process."""
    return DataLoader(
        loader.dataset,
        loader.batch_size,
        collate_fn=loader.collate_fn,
        drop_last=loader.drop_last,
        generator=_own_generator(),
    )


def _own_generator() -> torch.Generator:
    """Without one, a loader draws a seed for its workers from the global random state."""
    return torch.Generator().manual_seed(0)


def _indices(batches: _Batches, batch: Batch, start: int) -> Tensor | None:
    """Dataset indices of a batch: our order, unless examples were left out of it."""
    if batches.order is None:
        return batch.index
    index = batches.order[start : start + batches.size]
    if len(index) != len(batch):
        raise InputError(
            f"Expected a batch of the {len(index)} examples that were asked for, but the collate "
            f"function gave {len(batch)}; leave examples out of the data set instead, for example "
            "with torch.utils.data.Subset"
        )
    return index


def _batched(loader: DataLoader[Any]) -> bool:
    """Whether the loader makes batches of samples, rather than passing on what there is."""
    return loader.batch_sampler is not None


def _sampled(loader: DataLoader[Any]) -> Tensor:
    """Distinct indices that a loader draws, sorted; its generators keep their state."""
    sampler: Any = loader.sampler if loader.batch_size is not None else loader.batch_sampler
    with _kept_generators(loader):
        drawn = list(sampler)
    if loader.batch_size is None:
        drawn = [index for batch in drawn for index in batch]
    return torch.tensor(sorted({int(index) for index in drawn}), dtype=torch.int64)


@contextmanager
def _kept_generators(loader: DataLoader[Any]) -> Iterator[None]:
    """Restore the random generators of a loader and its samplers afterwards."""
    inner = getattr(loader.batch_sampler, "sampler", None)
    owners = (loader, loader.sampler, loader.batch_sampler, inner)
    found = (getattr(owner, "generator", None) for owner in owners)
    generators = [g for g in found if isinstance(g, torch.Generator)]
    states = [generator.get_state() for generator in generators]
    try:
        yield
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
