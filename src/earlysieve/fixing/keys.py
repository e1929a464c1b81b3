"""Digests of what a result depends on, so that nothing is taken over from other inputs."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from earlysieve.datasets.example_groups import Groups, data_identity
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.fixing.candidates import Candidate
from earlysieve.fixing.retraining import Recipe
from earlysieve.model.batch import tensors_of
from earlysieve.model.fingerprint import tensors_fingerprint, weights_fingerprint
from earlysieve.training.randomness import seeded

_PROBES = 32


def key_of(*parts: Any) -> str:
    """SHA-256 of plain values, 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def start_key(model: nn.Module, data: OpenedData, seed: int) -> str:
    """What everything in a folder depends on: the model, examples, and the seed."""
    return key_of(type(model).__qualname__, weights_fingerprint(model), data_key(data), seed)


def data_key(data: OpenedData) -> str:
    """Number and names of all examples, their labels, and the inputs of up to 32 of them.

    Two data sets of one size may well share names and labels; inputs tell them apart.
    """
    labels = np.asarray(data.labels, np.int64)
    return key_of(data_identity(data), tensors_fingerprint(_told(data, labels)))


def repair_key(start: str, candidate: Candidate, groups: Groups | None) -> str:
    """What the trial of a repair depends on."""
    return key_of(start, *_of(candidate, groups))


def training_key(
    start: str, candidate: Candidate, groups: Groups | None, train: str, recipe: Recipe
) -> str:
    """What the trial of a training depends on; `train`: key of the training data."""
    fresh = None if recipe.fresh is None else getattr(recipe.fresh, "__qualname__", "fresh")
    return key_of(start, *_of(candidate, groups), train, recipe.config.decisive(), fresh)


def _of(candidate: Candidate, groups: Groups | None) -> tuple[Any, ...]:
    settings: Mapping[str, Any] = dict(candidate.settings)
    numbers = None if groups is None else tensors_fingerprint([("groups", groups.numbers)])
    return candidate.kind, candidate.method, candidate.source, settings, numbers


def _told(data: OpenedData, labels: "np.ndarray[Any, Any]") -> list[tuple[str, torch.Tensor]]:
    found = [("labels", torch.from_numpy(labels))]
    with seeded(0):
        if data.has_random_access and len(labels):
            chosen = np.linspace(0, len(labels) - 1, min(_PROBES, len(labels))).astype(int)
            batch = data.examples(chosen.tolist())
        else:
            batch = data.few()
    return found + [(str(number), value) for number, value in enumerate(tensors_of(batch.inputs))]
