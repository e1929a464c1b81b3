"""What goes into a classifier's last layer, for every example of some data, from one pass."""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from earlysieve._progress import track
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.model.batch import Batch, check_labels
from earlysieve.model.fingerprint import weights_fingerprint
from earlysieve.model.placement import check_holds_numbers
from earlysieve.model.state import device_of, looking_at
from earlysieve.repairing.features_folder import ARRAYS, read_features, write_features
from earlysieve.repairing.last_layer import LastLayer, last_layer
from earlysieve.training.randomness import seeded

# Beyond so many bytes, a pass says first how much it will keep.
SAID_ABOVE = 1 << 28


@dataclass(frozen=True, eq=False)
class LastFeatures:
    """What a last layer reads and makes of some data.

    Attributes:
        features: float32, shape (N, D).
        logits: of the model, float32, shape (N, C).
        labels: int64, shape (N,), in [0, C).
        index: int64, shape (N,), position of each example in the data.
        groups: int64, shape (N,), as the data name them, -1 where unknown; None: none is known.
        identity: of the data, see `datasets.example_groups.data_identity`; None: not known.
        layer: the name of the module whose input was read.
        linear: whether it is linear and makes the logits.
        has_bias: whether a layer in its place has a bias.
        weights: fingerprint of the model, see `model.fingerprint`; None: not known.
    """

    features: Tensor
    logits: Tensor
    labels: Tensor
    index: Tensor
    groups: Tensor | None
    identity: str | None
    layer: str
    linear: bool = True
    has_bias: bool = True
    weights: str | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def place(self) -> LastLayer:
        """Where they were read."""
        return LastLayer(self.layer, self.linear, self.features.shape[1], self.has_bias)

    @property
    def accuracy(self) -> float:
        """The share of examples that the model gets right, in [0, 1]."""
        return float((self.logits.argmax(1) == self.labels).double().mean())

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write them to a folder, in place of features that it holds; see `features_folder`.

        Raises:
            OutputError: the folder cannot be written.
        """
        held = {item.name: getattr(self, item.name) for item in fields(self)}
        arrays = {k: v for k, v in held.items() if k in ARRAYS}
        write_features(folder, arrays, {k: v for k, v in held.items() if k not in ARRAYS})

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> "LastFeatures":
        """Read what `save` wrote.

        Raises:
            DataError: there are none, or a file is damaged.
        """
        return LastFeatures(**read_features(folder))

    def check(self, data: "Data | OpenedData", model: nn.Module | None = None) -> None:
        """Check that these are features of `data`, and of `model` where one is given.

        Raises:
            InputError: the data have another number of examples, or are others; or the features are
                of another model.
        """
        source = opened(data)
        size = source.size
        same = self.identity is None or self.identity == data_identity(source)
        if (size is not None and size != len(self)) or not same:
            raise InputError(
                f"Expected features of these data, but got those of others ({len(self)} examples); "
                "make them of these very data, in the same split"
            )
        known = None if model is None else self.weights
        if model is not None and known is not None and known != weights_fingerprint(model):
            raise InputError(
                "Expected features of this model, but got those of other weights; make them with "
                "this very model"
            )


def last_features(
    model: nn.Module,
    data: "Data | OpenedData",
    *,
    layer: str | None = None,
    batch_size: int = 64,
    num_workers: int = 0,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
) -> LastFeatures:
    """Read what goes into the last layer of `model`, for all examples, in one pass.

    The model runs in evaluation mode, on its device, without gradients; modes and random states are
    afterwards what they were. Random numbers, if data or model draw any, come from a fixed seed.

    Args:
        model: any classifier; wrappers are looked through.
        data: a data set, a DataLoader or an iterable of batches; see `datasets.batches.iterate`.
        layer: the module whose input is read; None: the last linear layer, see `last_layer`.
        batch_size, num_workers: used where `data` is not a DataLoader.
        progress: draw a bar; by default where standard error is a terminal.
        tell: takes a line for people, ahead of the pass: how large the features are, where that is
            more than 256 MiB.

    Raises:
        InputError: there is no such layer, labels are out of range, or features or logits are not
            finite.
        DataError: there is no example.
    """
    check_holds_numbers(model)
    source, device = opened(data), device_of(model)
    some = source.few().to(device)
    place = last_layer(model, some.inputs, layer=layer)
    _say_size(source, place, tell)

    def look() -> list[list[Tensor]]:
        batches = source.batches(batch_size=batch_size, num_workers=num_workers)
        total = source.count_batches(batch_size)
        shown = track(batches, "Reading features", total=total, progress=progress)
        return [_rows(model, place, batch, device, source) for batch in shown]

    with torch.inference_mode(False), seeded(0):
        parts = looking_at(look, model)
    return joined(parts, model, source, place)


def joined(
    parts: list[list[Tensor]], model: nn.Module, source: OpenedData, place: LastLayer
) -> LastFeatures:
    """Features, logits, labels, index and groups of all batches as one."""
    features, logits, labels, index, groups = (torch.cat(c) for c in zip(*parts, strict=True))
    return LastFeatures(
        features,
        logits,
        labels,
        index,
        groups if bool((groups >= 0).any()) else None,
        data_identity(source),
        place.name,
        place.linear,
        place.has_bias,
        weights_fingerprint(model),
    )


def read_batch(
    model: nn.Module, place: LastLayer, batch: Batch, run: Callable[[], Any] | None = None
) -> tuple[Tensor, Tensor]:
    """Features (B, D) and logits (B, C) of a batch on the model's device, float32, on the CPU.

    Args:
        model, place: what is read.
        batch: on the model's device.
        run: see `LastLayer.read`.

    Raises:
        InputError: labels are out of range, or features or logits are not finite.
    """
    features, logits = place.read(model, batch.inputs, run)
    check_labels(batch.labels, logits.shape[1])
    found = []
    for name, values in (("features", features), ("logits", logits)):
        bad = ~torch.isfinite(values).all(1)
        if bool(bad.any()):
            row = int(bad.nonzero()[0])
            where = row if batch.index is None else int(batch.index[row])
            raise InputError(
                f"Expected finite {name}, but got NaN or infinity for example {where}; check the "
                "inputs for NaN, and that training did not diverge"
            )
        found.append(values.detach().float().cpu())
    return found[0], found[1]


def _rows(
    model: nn.Module, place: LastLayer, batch: Batch, device: torch.device, source: OpenedData
) -> list[Tensor]:
    source.note(batch)
    return rows_of(batch, *read_batch(model, place, batch.to(device)))


def rows_of(batch: Batch, features: Tensor, logits: Tensor) -> list[Tensor]:
    """Features, logits, labels, index and groups of a batch; -1 where not known."""
    unknown = torch.full_like(batch.labels, -1)
    groups = unknown if batch.groups is None else batch.groups
    index = unknown if batch.index is None else batch.index
    return [features, logits, *(value.cpu() for value in (batch.labels, index, groups))]


def _say_size(source: OpenedData, place: LastLayer, tell: Callable[[str], None] | None) -> None:
    if tell is None or source.size is None:
        return
    size = 4 * source.size * place.width
    if size > SAID_ABOVE:
        tell(
            f"Features of {source.size:,} examples, {place.width:,} numbers each, take "
            f"{size / 1e9:.1f} GB of memory; fewer examples take less."
        )
