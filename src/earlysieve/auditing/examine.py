"""Look at a model and its data: the pass, readouts, the second look, swaps."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from earlysieve._progress import track, wanted
from earlysieve.auditing.collect import Collected, collect
from earlysieve.auditing.cost_of_readouts import cost_of_readouts
from earlysieve.auditing.evidence import chance, choose_layer
from earlysieve.auditing.scores import minority
from earlysieve.auditing.second_look import SecondLook, look_again
from earlysieve.auditing.swaps.follow import swap_parts
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.tables import example_table, layer_row
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.readouts.feature_store import Budget
from earlysieve.readouts.fit import Reading, read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import Head

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Settings:
    """How to look; see `audit` for what each of them is."""

    layers: list[str] | None
    head: Head
    folds: int
    flag_margin: float
    l2: float
    seed: int
    batch_size: int
    num_workers: int
    device: torch.device
    budget: Budget
    swaps: int
    irrelevant: tuple[str, ...]
    progress: bool | None
    tell: Callable[[str], None] | None
    group_shares: Mapping[int, float] | None = None


@dataclass(frozen=True)
class Examined:
    """What was found while the model was at hand.

    Attributes:
        collected: of the pass.
        layers: table, see `earlysieve.auditing.tables.layer_row`.
        layer: the one whose readout misreads, for the verdict's evidence.
        examples: table, see `earlysieve.auditing.tables.example_table`.
        again: what all readers say.
        swaps: which parts the answer follows.
    """

    collected: Collected
    layers: "pd.DataFrame"
    layer: str
    examples: "pd.DataFrame"
    again: SecondLook
    swaps: Swaps


def examine(network: nn.Module, source: OpenedData, settings: Settings) -> Examined:
    """Run the model over the data, fit what reads it, and swap parts.

    Args:
        network: in evaluation mode on `settings.device`, without wrappers.
        source: the data.
        settings: how.
    """
    collected = _collected(network, source, settings)
    labels, said = collected.labels.numpy(), collected.prediction.numpy()
    fold_of = assign_folds(collected.labels, max(1, settings.folds), settings.seed)
    folds = max(1, settings.folds)
    for line in cost_of_readouts(collected, settings.head, folds, settings.device):
        _tell(line, settings)
    readings = _read_layers(collected, fold_of, settings)
    table, chosen = _layer_table(collected, readings, settings)
    layer = str(table["layer"][chosen])
    again = look_again(
        collected.views,
        labels,
        fold_of.numpy(),
        seed=settings.seed,
        column_names=getattr(source.source, "columns", ()),
    )
    swaps = swap_parts(
        network,
        source,
        labels,
        said,
        index=collected.index.numpy(),
        budget=settings.swaps,
        seed=settings.seed,
        irrelevant=settings.irrelevant,
        device=settings.device,
        batch_size=settings.batch_size,
    )
    examples = example_table(
        collected, readings[layer], again, source.ids(collected.index), settings.flag_margin
    )
    return Examined(collected, table, layer, examples, again, swaps)


def _collected(network: nn.Module, source: OpenedData, settings: Settings) -> Collected:
    total = source.count_batches(settings.batch_size)
    return collect(
        network,
        source.batches(batch_size=settings.batch_size, num_workers=settings.num_workers),
        settings.layers,
        head=settings.head,
        budget=settings.budget,
        device=settings.device,
        examples=source.size,
        tell=lambda space: _tell(str(space), settings),
        follow=lambda drawn: track(
            drawn, "Reading the layers", total=total, progress=settings.progress
        ),
    )


def _read_layers(
    collected: Collected, fold_of: torch.Tensor, settings: Settings
) -> dict[str, Reading]:
    layers = track(
        collected.layers.items(),
        "Fitting readouts",
        total=len(collected.layers),
        progress=settings.progress,
    )
    return {
        name: read_out(
            layer.store,
            collected.labels,
            fold_of,
            settings.head,
            layer.kept_layout,
            seed=settings.seed,
            l2=settings.l2,
            device=settings.device,
        )
        for name, layer in layers
    }


def _layer_table(
    collected: Collected, readings: Mapping[str, Reading], settings: Settings
) -> tuple["pd.DataFrame", int]:
    import pandas as pd

    labels = collected.labels.numpy()
    groups = None if collected.groups is None else collected.groups.numpy()
    minor = None if groups is None else minority(labels, groups, settings.group_shares)
    rows = [
        layer_row(depth, name, collected, reading, minor, settings.flag_margin)
        for depth, (name, reading) in enumerate(readings.items(), 1)
    ]
    table = pd.DataFrame(rows)
    model_accuracy = float((collected.prediction == collected.labels).double().mean())
    return table, choose_layer(table["accuracy"], model_accuracy, chance(labels))


def _tell(line: str, settings: Settings) -> None:
    if settings.tell is not None:
        settings.tell(line)
    elif wanted(settings.progress):
        sys.stderr.write(f"{line}\n")
