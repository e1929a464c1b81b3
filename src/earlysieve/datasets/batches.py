"""Turn whatever users have, data sets or loaders, into batches that know their indices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, default_collate

from earlysieve.errors import DataError, InputError
from earlysieve.model.batch import GROUP_KEYS, INDEX_KEYS, LABEL_KEYS, Batch, Inputs, first_tensor

Data = Dataset[Any] | DataLoader[Any] | Iterable[Any]

_LONE_INPUT_KEYS = ("image", "img", "images", "x", "input", "inputs", "features", "data")
_FORMS = (
    "(x, y), (x, y, group), a dictionary with 'label' or 'labels' (and optional 'group'), "
    "or earlysieve.Batch"
)


def iterate(data: Data, *, batch_size: int = 64, num_workers: int = 0) -> Iterator[Batch]:
    """Yield every example once, in data-set order, as batches with indices.

    A `DataLoader` keeps its batch size, collate function and workers, but not its shuffling or
    repetition: a batch's index is the position in the loader's data set. A data set without
    length, or any other iterable of batches, is taken in the order it comes.

    Args:
        data: a map-style or iterable data set, a DataLoader, or an iterable of batches. Samples
            and batches are (x, y), (x, y, group), (x, y, group, index), mappings, or `Batch`.
        batch_size: for data sets.
        num_workers: for data sets.

    Raises:
        InputError: a sample is of none of the known forms.
        DataError: there is no example.
    """
    start = 0
    loader, order = _in_order(data, batch_size, num_workers)
    for raw in loader:
        batch = as_batch(raw)
        if batch.index is None or order is not None:
            places = torch.arange(start, start + len(batch)) if order is None else None
            index = order[start : start + len(batch)] if order is not None else places
            batch = Batch(batch.inputs, batch.labels, index, batch.groups)
        start += len(batch)
        yield batch
    if start == 0:
        raise DataError(
            "Expected at least one example, but the data is empty; check the path and the split"
        )


def as_batch(raw: Any) -> Batch:
    """A batch from one of the known forms; group None where absent.

    Raises:
        InputError: none of the known forms.
    """
    if isinstance(raw, Batch):
        return raw
    if isinstance(raw, Mapping):
        return _from_mapping(raw)
    if isinstance(raw, Sequence) and not isinstance(raw, str) and 2 <= len(raw) <= 4:
        inputs = raw[0]
        if isinstance(inputs, list):
            inputs = tuple(inputs)
        if isinstance(inputs, Mapping):
            inputs = _tensors(inputs)
        rest = [*raw[1:], None, None]
        return Batch(inputs, _flat(rest[0]), _optional(rest[2]), _optional(rest[1]))
    raise InputError(
        f"Expected samples of the form {_FORMS}, but got {_describe(raw)}; "
        "wrap your data set so that it yields one of these"
    )


def source_of(data: Data) -> Any:
    """The data set behind a loader, or the data itself."""
    return data.dataset if isinstance(data, DataLoader) else data


def length_of(data: Data) -> int | None:
    """How many examples there are, where that is known beforehand."""
    source = source_of(data)
    if isinstance(source, IterableDataset) or not hasattr(source, "__len__"):
        return None
    if not isinstance(data, DataLoader):
        return len(source) if hasattr(source, "__getitem__") else None
    return None if data.sampler is None else len(_sampled(data))


def collate(samples: list[Any]) -> Any:
    """Join samples into one batch; token lists of unequal length are padded with zeros."""
    first = samples[0]
    if isinstance(first, Batch):
        return default_collate([(s.inputs, s.labels) for s in samples])
    if isinstance(first, Mapping):
        return {key: _column([sample[key] for sample in samples], key) for key in first}
    if isinstance(first, tuple | list) and first and isinstance(first[0], Mapping):
        inputs = collate([sample[0] for sample in samples])
        rest = [default_collate([sample[i] for sample in samples]) for i in range(1, len(first))]
        return (inputs, *rest)
    if isinstance(first, tuple | list) and len(first) == 3 and any(s[2] is None for s in samples):
        samples = [(s[0], s[1], -1 if s[2] is None else s[2]) for s in samples]
    try:
        return default_collate(samples)
    except (TypeError, RuntimeError) as error:
        raise InputError(
            f"Expected samples that can be joined into a batch, but got {_describe(first)} "
            f"({error}); turn images into tensors of one size with a transform"
        ) from error


def _in_order(data: Data, batch_size: int, num_workers: int) -> tuple[Iterable[Any], Tensor | None]:
    if isinstance(data, DataLoader):
        if isinstance(data.dataset, IterableDataset):
            return data, None
        order = _sampled(data)
        size = data.batch_size or getattr(data.batch_sampler, "batch_size", None) or batch_size
        return _loader(data.dataset, order, size, data.num_workers, data.collate_fn), order
    if not isinstance(data, IterableDataset) and hasattr(data, "__getitem__"):
        order = torch.arange(len(data))  # type: ignore[arg-type]
        return _loader(data, order, batch_size, num_workers, collate), order
    if isinstance(data, IterableDataset):
        return DataLoader(data, batch_size, num_workers=num_workers, collate_fn=collate), None
    return data, None


def _loader(
    dataset: Any, order: Tensor, batch_size: int, num_workers: int, collate_fn: Any
) -> Iterable[Any]:
    if len(order) == 0:
        return []
    chosen = dataset if len(order) == len(dataset) else Subset(dataset, order.tolist())
    return DataLoader(chosen, batch_size, num_workers=num_workers, collate_fn=collate_fn)


def _sampled(loader: DataLoader[Any]) -> Tensor:
    """Distinct indices that a loader draws, sorted; its generators keep their state."""
    sampler = loader.sampler
    generators = {
        id(g): g
        for g in (loader.generator, getattr(sampler, "generator", None))
        if isinstance(g, torch.Generator)
    }
    states = {key: generator.get_state() for key, generator in generators.items()}
    if loader.batch_size is None and loader.batch_sampler is not None:
        drawn = [index for batch in loader.batch_sampler for index in batch]
    else:
        drawn = list(sampler)
    for key, generator in generators.items():
        generator.set_state(states[key])
    return torch.tensor(sorted({int(index) for index in drawn}), dtype=torch.int64)


def _from_mapping(raw: Mapping[str, Any]) -> Batch:
    label = next((key for key in LABEL_KEYS if key in raw), None)
    if label is None:
        raise InputError(
            f"Expected a label among the keys {', '.join(LABEL_KEYS)}, but got the keys "
            f"{', '.join(map(str, raw))}; rename the label column"
        )
    group = next((key for key in GROUP_KEYS if key in raw), None)
    index = next((key for key in INDEX_KEYS if key in raw), None)
    others = _tensors({k: v for k, v in raw.items() if k not in (label, group, index)})
    inputs: Inputs = others
    if len(others) == 1 and next(iter(others)) in _LONE_INPUT_KEYS:
        inputs = first_tensor(others)
    return Batch(
        inputs,
        _flat(raw[label]),
        None if index is None else _flat(raw[index]),
        None if group is None else _flat(raw[group]),
    )


def _tensors(mapping: Mapping[str, Any]) -> dict[str, Tensor]:
    return {key: value for key, value in mapping.items() if isinstance(value, Tensor)}


def _optional(value: Any) -> Tensor | None:
    return None if value is None else _flat(value)


def _flat(value: Any) -> Tensor:
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"Expected whole numbers as labels, groups and indices, but got {_describe(value)}; "
            "turn names into class numbers"
        ) from error
    return tensor.squeeze(1) if tensor.ndim == 2 and tensor.shape[1] == 1 else tensor


def _column(values: list[Any], key: str) -> Any:
    if isinstance(values[0], str) or values[0] is None:
        return -1 * torch.ones(len(values), dtype=torch.int64) if key in GROUP_KEYS else values
    if isinstance(values[0], list) or (isinstance(values[0], Tensor) and values[0].ndim == 1):
        rows = [torch.as_tensor(value) for value in values]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    if key in GROUP_KEYS:
        values = [-1 if value is None else value for value in values]
    return default_collate(values)


def _describe(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {', '.join(type(v).__name__ for v in value[:4])}"
    return type(value).__name__
