"""A short name for the data of a run, to tell whether results of a folder came of the same."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.model.batch import tensors_of
from earlysieve.model.fingerprint import tensors_fingerprint
from earlysieve.model.state import preserved_rng
from earlysieve.training.randomness import seeded

if TYPE_CHECKING:
    from earlysieve.datasets.batches import Data
    from earlysieve.runs.train_data import Parts

_PROBES = 32


def run_fingerprint(data: "Data | OpenedData") -> str | None:
    """SHA-256, cut to 16 digits, of the names, labels, groups and inputs of examples.

    Cheap rather than complete: the names of all, labels and groups of all where the data hold them,
    and the inputs of up to 32, evenly spread, unless reading them twice gives two results.

    Args:
        data: of a run, prepared as its network expects them.

    Returns:
        None where the data have no length or no indices.
    """
    source = opened(data)
    with preserved_rng():
        identity = data_identity(source)
    if identity is None or not source.size:
        return None
    chosen = np.linspace(0, source.size - 1, min(_PROBES, source.size)).astype(int).tolist()
    first, second = (_inputs(source, chosen, seed) for seed in (0, 1))
    kinds = _kinds(source, chosen)
    parts = [("identity", _bytes(identity)), ("inputs", _bytes(first if first == second else ""))]
    return tensors_fingerprint(parts + kinds)[:16]


def fingerprints_of(parts: "Parts") -> dict[str, str | None]:
    """Those of training and validation data, by what messages call them."""
    found = {"training": run_fingerprint(parts.train)}
    if parts.validation is not None:
        found["validation"] = run_fingerprint(parts.validation)
    return found


def changed_parts(before: Any, now: Any) -> list[str]:
    """The parts whose fingerprints are known both times, and differ."""
    if not isinstance(before, dict):
        return []
    return [name for name, one in now.items() if one and before.get(name) not in (None, one)]


def _kinds(source: OpenedData, chosen: list[int]) -> list[tuple[str, torch.Tensor]]:
    if source.holds_labels:
        known = (("labels", source.labels), ("groups", source.groups))
        return [(name, torch.from_numpy(np.array(v))) for name, v in known if v is not None]
    with seeded(0):
        batch = source.examples(chosen)
    some = (("labels", batch.labels), ("groups", batch.groups))
    return [(name, value) for name, value in some if value is not None]


def _inputs(source: OpenedData, chosen: list[int], seed: int) -> str:
    with seeded(seed):
        inputs = [value for i in chosen for value in tensors_of(source.examples([i]).inputs)]
    return tensors_fingerprint((str(k), value) for k, value in enumerate(inputs))


def _bytes(text: str) -> torch.Tensor:
    return torch.tensor(list(text.encode()), dtype=torch.uint8)
