"""The forms in which samples and batches come, and how samples are joined."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import default_collate

from earlysieve._arrays import for_torch
from earlysieve.errors import InputError
from earlysieve.model.batch import GROUP_KEYS, INDEX_KEYS, LABEL_KEYS, Batch, Inputs, first_tensor

_LONE_INPUT_KEYS = ("image", "img", "images", "x", "input", "inputs", "features", "data")
_FORMS = (
    "(x, y), (x, y, group), a dictionary with 'label' or 'labels' (and optional 'group'), "
    "or earlysieve.Batch"
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


def collate(samples: list[Any]) -> Any:
    """Join samples into one batch; token lists of unequal length are padded with zeros."""
    first = samples[0]
    if isinstance(first, Mapping):
        return {key: _column([sample.get(key) for sample in samples], key) for key in first}
    if isinstance(first, tuple | list) and len(first) > 2:
        # The third member is the group, which may be unknown.
        samples = [(*s[:2], -1 if s[2] is None else s[2], *s[3:]) for s in samples]
    if isinstance(first, tuple | list) and first and isinstance(first[0], Mapping):
        inputs = collate([sample[0] for sample in samples])
        return (inputs, *_joined([tuple(sample[1:]) for sample in samples]))
    return _joined(samples)


def _joined(samples: list[Any]) -> Any:
    try:
        return default_collate(samples)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"Expected samples that can be joined into a batch, but got {_describe(samples[0])} "
            f"({error}); turn images into tensors of one size with a transform"
        ) from error


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
    if not others:
        _refuse_texts(raw)
    inputs: Inputs = others
    if len(others) == 1 and next(iter(others)) in _LONE_INPUT_KEYS:
        inputs = first_tensor(others)
    return Batch(
        inputs,
        _flat(raw[label]),
        None if index is None else _flat(raw[index]),
        None if group is None else _flat(raw[group]),
    )


def _refuse_texts(raw: Mapping[str, Any]) -> None:
    for name, value in raw.items():
        if isinstance(value, list | tuple) and value and isinstance(value[0], str):
            raise InputError(
                f"Expected inputs as tensors, but '{name}' holds texts and no other column holds "
                "tokens; add them first: "
                f"data.map(lambda row: tokenizer(row['{name}'], truncation=True), batched=True)"
            )


def _tensors(mapping: Mapping[str, Any]) -> dict[str, Tensor]:
    return {key: value for key, value in mapping.items() if isinstance(value, Tensor)}


def _optional(value: Any) -> Tensor | None:
    return None if value is None else _flat(value)


def _flat(value: Any) -> Tensor:
    try:
        tensor = torch.as_tensor(for_torch(value))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"Expected whole numbers as labels, groups and indices, but got {_describe(value)}; "
            "turn names into class numbers"
        ) from error
    return tensor.squeeze(1) if tensor.ndim == 2 and tensor.shape[1] == 1 else tensor


def _column(values: list[Any], key: str) -> Any:
    if key in GROUP_KEYS:
        values = [-1 if value is None else value for value in values]
        return torch.stack([torch.as_tensor(v) for v in values]) if _numbers(values) else values
    if any(value is None or isinstance(value, str) for value in values):
        return values
    if isinstance(values[0], list) or (isinstance(values[0], Tensor) and values[0].ndim == 1):
        rows = [torch.as_tensor(value) for value in values]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return _joined(values)


def _numbers(values: list[Any]) -> bool:
    return not any(isinstance(value, str) for value in values)


def _describe(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {', '.join(type(v).__name__ for v in value[:4])}"
    return type(value).__name__
