"""Data whose batches say groups that were inferred or written down, instead of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, default_collate

from earlysieve._arrays import Ints
from earlysieve.datasets.arrays import data_of
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.batches import as_batch, collate
from earlysieve.datasets.example_groups import Groups, as_groups
from earlysieve.datasets.shown import shown_of
from earlysieve.datasets.views import with_names
from earlysieve.errors import InputError
from earlysieve.model.batch import GROUP_KEYS, Batch


def with_groups(data: Any, groups: "Groups | Tensor | Sequence[int] | np.ndarray[Any, Any]") -> Any:
    """The same data in other groups; inputs, labels, names and pictures stay.

    Args:
        data: a map-style data set, a Subset of one, or a DataLoader over either; samples are
            (x, y), (x, y, group), (x, y, group, index) or mappings.
        groups: one per example of the data set, -1 where unknown.

    Returns:
        A source of earlysieve as a view of itself; another data set as one of (x, y, group), of
        (x, y, group, index), or of mappings with a group; a DataLoader with the order and settings
        of `data`, whose batches are `Batch`.

    Raises:
        InputError: the data have no length and indices, or samples of another form; the groups are
            not one whole number of at least -1 per example.
        DataError: the groups are of other data.
    """
    found = as_groups(groups)
    data = data_of(data)
    source = data.dataset if isinstance(data, DataLoader) else data
    _check_indexed(source)
    found.check(source)
    numbers = np.asarray(found.numbers)
    names = tuple(found.name(k) for k in range(max(len(found.names), int(numbers.max()) + 1)))
    if not isinstance(data, DataLoader):
        return _grouped(data, numbers, names)
    join = collate if data.collate_fn is default_collate else data.collate_fn
    dataset = GroupedDataset(with_names(source), numbers, names, members=True)
    return _loader(data, dataset, _Collate(join))


def _grouped(dataset: Any, numbers: Ints, names: tuple[str, ...]) -> Any:
    if isinstance(dataset, ExampleDataset):
        return dataset.with_groups(numbers, names)
    return GroupedDataset(with_names(dataset), numbers, names)


class GroupedDataset:
    """A map-style data set in other groups; whatever else it says is what the data set says.

    Attributes:
        groups: int64, shape (N,), -1 where unknown.
        group_names: of group 0, 1, ...
    """

    def __init__(
        self, dataset: Any, groups: Ints, group_names: tuple[str, ...], *, members: bool = False
    ) -> None:
        """Wrap a data set; `members`: give samples as they are, beside their group."""
        self._dataset = dataset
        self._members = members
        self.groups = groups
        self.group_names = group_names

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        return self._with_group(self._dataset[index], int(index))

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        many = getattr(self._dataset, "__getitems__", None)
        samples = many(indices) if callable(many) else [self._dataset[i] for i in indices]
        return [self._with_group(one, int(i)) for one, i in zip(samples, indices, strict=True)]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # also while an instance is being unpickled
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return getattr(self._dataset, name)

    def over(self, change: Callable[[Any], Any]) -> "GroupedDataset":
        """The same groups over what `change` makes of the data set."""
        changed = change(self._dataset)
        return GroupedDataset(changed, self.groups, self.group_names, members=self._members)

    def display(self, index: int) -> Any:
        """What a person should see of example `index`."""
        own = getattr(self._dataset, "display", None)
        return own(index) if own is not None else shown_of(self._dataset[index])

    def _with_group(self, sample: Any, index: int) -> Any:
        group = int(self.groups[index])
        return _Member(sample, group) if self._members else _regrouped(sample, group)


@dataclass(frozen=True)
class _Member:
    """A sample and its group, on the way to a loader's own collate function."""

    sample: Any
    group: int


@dataclass(frozen=True)
class _Collate:
    """A loader's own way to join samples, and their groups beside them."""

    join: Any

    def __call__(self, members: list[_Member]) -> Batch:
        batch = as_batch(self.join([member.sample for member in members]))
        groups = torch.tensor([member.group for member in members])
        if len(batch) != len(groups):
            raise InputError(
                f"Expected a batch of the {len(groups)} examples that were asked for, but the "
                f"collate function gave {len(batch)}; leave examples out of the data set instead, "
                "for example with torch.utils.data.Subset"
            )
        return Batch(batch.inputs, batch.labels, batch.index, groups)


def _regrouped(sample: Any, group: int) -> Any:
    if isinstance(sample, Mapping):
        key = next((key for key in GROUP_KEYS if key in sample), GROUP_KEYS[0])
        return {**sample, key: group}
    if isinstance(sample, tuple | list) and 2 <= len(sample) <= 4:
        return (*sample[:2], group, *sample[3:])
    raise InputError(
        "Expected samples of the form (x, y), (x, y, group) or a dictionary, but got "
        f"{type(sample).__name__}; wrap your data set so that it yields one of these"
    )


def _loader(loader: DataLoader[Any], dataset: Any, join: Any) -> DataLoader[Any]:
    """The loader over another data set of the same length."""
    order = (
        {"batch_sampler": loader.batch_sampler}
        if loader.batch_size is None
        else {
            "batch_size": loader.batch_size,
            "sampler": loader.sampler,
            "drop_last": loader.drop_last,
        }
    )
    kept = ("num_workers", "pin_memory", "timeout", "worker_init_fn", "generator")
    more = ("multiprocessing_context", "prefetch_factor", "persistent_workers")
    options = {name: getattr(loader, name) for name in kept}
    if loader.num_workers:
        options |= {name: getattr(loader, name) for name in more}
    return DataLoader(dataset, collate_fn=join, **order, **options)


def _check_indexed(dataset: Any) -> None:
    streams = isinstance(dataset, IterableDataset)
    if streams or not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise InputError(
            "Expected a data set with a length and indices, whose examples can be told apart, but "
            f"got {type(dataset).__name__}; pass a map-style data set, such as a list of examples"
        )
