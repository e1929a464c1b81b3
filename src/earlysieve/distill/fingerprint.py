"""A short name for a data set, to tell whether two are the same."""

from typing import Any

import torch
from torch import Tensor

from earlysieve.datasets.batches import Data, as_batch, collate, source_of
from earlysieve.errors import InputError
from earlysieve.model.batch import tensors_of
from earlysieve.model.fingerprint import tensors_fingerprint
from earlysieve.training.randomness import seeded

PROBES = 32


def data_fingerprint(data: Data) -> str:
    """SHA-256 of the number of examples and of the inputs and labels of some of them.

    Cheap rather than complete: up to 32 examples, evenly spread, are read.

    Args:
        data: a map-style data set, or a DataLoader over one.

    Raises:
        InputError: it has no length or no indices, or reading an example twice gives two results.
    """
    first, second = _two_readings(data)
    if first != second:
        raise InputError(
            "Expected fixed inputs, since logits are kept for them, but reading an example twice "
            "gave different ones; leave out random augmentation, or pass the teacher itself, which "
            "then runs on every batch"
        )
    return first


def has_fixed_inputs(data: Data) -> bool:
    """Whether up to 32 examples, evenly spread, are the same when they are read twice.

    Raises:
        InputError: the data have no length or no indices.
    """
    first, second = _two_readings(data)
    return first == second


def _two_readings(data: Data) -> tuple[str, str]:
    source: Any = source_of(data)
    if not hasattr(source, "__len__") or not hasattr(source, "__getitem__"):
        raise InputError(
            f"Expected a data set with a length and indices, but got {type(source).__name__}; "
            "logits can be kept for a map-style data set"
        )
    chosen = (
        torch.linspace(0, len(source) - 1, min(PROBES, len(source)), dtype=torch.float32)
        .long()
        .tolist()
    )
    return _probe(source, chosen, 0), _probe(source, chosen, 1)


def _probe(source: Any, chosen: list[int], seed: int) -> str:
    parts: list[tuple[str, Tensor]] = [("size", torch.tensor(len(source)))]
    with seeded(seed):
        for i in chosen:
            batch = as_batch(collate([source[i]]))
            parts += [(f"{i}", value) for value in tensors_of(batch.inputs)]
            parts.append((f"{i} label", batch.labels))
    return tensors_fingerprint(parts)
