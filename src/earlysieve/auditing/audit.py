"""The audit: one inference pass, readouts of every layer, scores, verdict."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from earlysieve._progress import track, wanted
from earlysieve.auditing.collect import Collected, collect
from earlysieve.auditing.cost_of_readouts import cost_of_readouts
from earlysieve.auditing.evidence import chance, choose_layer, weigh
from earlysieve.auditing.known_data import known_data
from earlysieve.auditing.options import check_numbers, check_seen, config_of, layer_names
from earlysieve.auditing.pictures import take_pictures
from earlysieve.auditing.result import AuditResult, Picture
from earlysieve.auditing.scores import check_threshold, minority
from earlysieve.auditing.tables import example_table, layer_row
from earlysieve.auditing.verdict import judge
from earlysieve.datasets.batches import Data
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import InputError
from earlysieve.groups.classes import class_accuracies, confused_pairs
from earlysieve.groups.group_report import group_report
from earlysieve.model.placement import check_holds_numbers, on_device
from earlysieve.model.state import device_of, looking_at, preserved_rng, usable_device
from earlysieve.model.unwrap import unwrap
from earlysieve.readouts.feature_store import DEFAULT_BUDGET, Budget
from earlysieve.readouts.fit import Reading, read_out
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import Head, head_named
from earlysieve.readouts.space import features_folder

if TYPE_CHECKING:
    import pandas as pd


def audit(
    model: nn.Module,
    data: Data | OpenedData,
    *,
    layers: str | Sequence[str] = "auto",
    head: str | Head = "linear",
    folds: int = 5,
    flag_margin: float = 0.5,
    l2: float = 1.0,
    seed: int = 0,
    batch_size: int = 64,
    num_workers: int = 0,
    device: torch.device | str | None = None,
    memory_budget: int = DEFAULT_BUDGET,
    features_dir: str | os.PathLike[str] | None = None,
    class_names: Sequence[str] = (),
    group_names: Sequence[str] = (),
    group_shares: Mapping[int, float] | None = None,
    seen_in_training: bool | None = None,
    pictures: int = 24,
    heatmaps: int = 8,
    progress: bool | None = None,
    tell: Callable[[str], None] | None = None,
) -> AuditResult:
    """Find out whether a trained classifier takes shortcuts, and on which examples.

    The model runs once over the data. On each layer's activations a small readout is fitted to
    the labels; examples that an early readout gets wrong with confidence are those on which a
    simple feature misleads (DeDiER, WACV 2024, section 3). Group labels are used for verification
    only. The model is left as it was, bit for bit: parameters, buffers, training mode,
    requires_grad, hooks, device and the global random states, also after an exception.

    Args:
        model: any classifier that returns logits (B, C), an object with `.logits`, or a tuple
            that begins with them.
        data: a data set or DataLoader of (x, y), (x, y, group), mappings or `Batch`; see
            `earlysieve.datasets.batches.iterate`. Best is data the model was not trained on.
        layers: names from `trace_layers`, or "auto" for about four to eight stage boundaries.
        head: "linear", "mlp", "statistics", "conv", "token", or a head object.
        folds: every example is scored by a readout fitted on the other folds; 0 scores in-sample.
        flag_margin: an example is flagged if the readout is wrong with at least this margin
            (difference of its two largest probabilities), in (0, 1].
        l2: penalty of linear readouts on standardised features (1/C of scikit-learn for three
            classes or more).
        seed: for folds and for heads trained by minibatches.
        batch_size, num_workers: used where `data` is not a DataLoader.
        device: where to run; the model's own by default.
        memory_budget: bytes of features held in memory; the rest goes to temporary files, of which
            nothing stays.
        features_dir: folder for these files; by default $TMPDIR, or what the system has for them.
        class_names, group_names: for the tables; the data set's own where it has such attributes.
        group_shares: share of each group in the training data. They weigh the reweighted average,
            and tell which groups are in the minority where `data` are balanced (AUROC).
        seen_in_training: whether the model was trained on `data`, where that is known. On such data
            the verdict is never "none found", since what was memorised hides a shortcut; where it
            is unknown, the model is taken to have seen what it gets nearly always right.
        pictures: flagged examples to keep for the report, and as many correctly read ones.
        heatmaps: how many of these get a Grad-CAM overlay.
        progress: draw a bar; by default where standard error is a terminal.
        tell: takes a line for people, as that features need files, and how large ones, or how long
            readouts will be trained where that is more than a minute; without it, such lines go to
            standard error where a bar is drawn.

    Returns:
        Tables by layer and example, a summary with the verdict, a group report, pictures.

    Raises:
        InputError: labels out of range, NaN in inputs or activations, an unusable argument, a head
            that does not suit a layer.
        LayerError: an unknown layer, or one that runs several times.
        DataError: no data, or one class only.
        OutputError: features need more space than there is.
    """
    recipe = head_named(head)
    check_threshold(flag_margin)
    check_numbers(folds, batch_size, l2, seed)
    check_seen(seen_in_training)
    if not isinstance(model, nn.Module):
        raise InputError(
            f"Expected the model to be a torch.nn.Module, but got {type(model).__name__}; pass the "
            "network itself"
        )
    network = unwrap(model)
    place = usable_device(device_of(network) if device is None else device)
    names = layer_names(layers)
    folder = features_folder(features_dir)
    check_holds_numbers(network)
    source = opened(data)

    def look() -> _Seen:
        batches = source.batches(batch_size=batch_size, num_workers=num_workers)
        total = source.count_batches(batch_size)
        collected = collect(
            network,
            batches,
            names,
            head=recipe,
            budget=Budget(memory_budget, folder),
            device=place,
            examples=source.size,
            tell=lambda space: _tell(str(space), tell, progress),
            follow=lambda drawn: track(drawn, "Reading the layers", total=total, progress=progress),
        )
        for line in cost_of_readouts(collected, recipe, max(1, folds), place):
            _tell(line, tell, progress)
        readings = _read_layers(collected, recipe, folds, seed, l2, place, progress)
        table, chosen = _layer_table(collected, readings, flag_margin, group_shares)
        layer = str(table["layer"][chosen])
        examples = example_table(
            collected, readings[layer], source.ids(collected.index), flag_margin
        )
        shown, notes = take_pictures(
            network, source, examples, count=pictures, heatmaps=heatmaps, device=place
        )
        return _Seen(collected, table, layer, examples, shown, notes)

    with torch.inference_mode(False), preserved_rng():
        seen = looking_at(lambda: on_device(network, place, look), network)
    examples, classes = seen.examples, seen.collected.num_classes
    group_labels = tuple(group_names) or source.group_names
    groups = _groups(seen.collected, group_labels, group_shares)
    accuracies = dict(zip(seen.layers["layer"], seen.layers["accuracy"], strict=True))
    evidence = weigh(examples, float(accuracies[seen.layer]))
    class_labels = tuple(class_names) or source.class_names
    label, said = (examples[column].to_numpy() for column in ("label", "prediction"))
    known = known_data(
        examples, seen_in_training=seen_in_training, out_of_fold=folds > 1, class_names=class_labels
    )
    return AuditResult(
        layers=seen.layers,
        examples=examples,
        summary=judge(
            evidence,
            seen.layer,
            len(examples),
            classes,
            groups,
            known,
            classes=class_accuracies(label, said, class_labels),
            confused=confused_pairs(label, said, class_labels),
        ),
        groups=groups,
        config=config_of(
            network,
            list(seen.collected.layers),
            recipe,
            folds,
            flag_margin,
            l2,
            seed,
            examples,
            batch_size=batch_size,
            pictures=pictures,
            heatmaps=heatmaps,
            seen_in_training=seen_in_training,
            **_written(group_shares),
        ),
        notes=[*_skipped(source), *seen.notes],
        class_names=class_labels,
        group_names=group_labels,
        pictures=seen.pictures,
    )


@dataclass(frozen=True)
class _Seen:
    """What was found while the model was at hand; `layer` is the one whose readout scores."""

    collected: Collected
    layers: "pd.DataFrame"
    layer: str
    examples: "pd.DataFrame"
    pictures: list[Picture]
    notes: list[str]


def _written(shares: Mapping[int, float] | None) -> dict[str, dict[str, float]]:
    if shares is None:
        return {}
    return {"group_shares": {str(group): float(share) for group, share in shares.items()}}


def _read_layers(
    collected: Collected,
    head: Head,
    folds: int,
    seed: int,
    l2: float,
    device: torch.device,
    progress: bool | None,
) -> dict[str, Reading]:
    fold_of = assign_folds(collected.labels, max(1, folds), seed)
    layers = track(
        collected.layers.items(), "Fitting readouts", total=len(collected.layers), progress=progress
    )
    return {
        name: read_out(
            layer.store,
            collected.labels,
            fold_of,
            head,
            layer.kept_layout,
            seed=seed,
            l2=l2,
            device=device,
        )
        for name, layer in layers
    }


def _layer_table(
    collected: Collected,
    readings: Mapping[str, Reading],
    at: float,
    shares: Mapping[int, float] | None,
) -> tuple["pd.DataFrame", int]:
    import pandas as pd

    labels = collected.labels.numpy()
    groups = None if collected.groups is None else collected.groups.numpy()
    minor = None if groups is None else minority(labels, groups, shares)
    rows = [
        layer_row(depth, name, collected, reading, minor, at)
        for depth, (name, reading) in enumerate(readings.items(), 1)
    ]
    table = pd.DataFrame(rows)
    model_accuracy = float((collected.prediction == collected.labels).double().mean())
    return table, choose_layer(table["accuracy"], model_accuracy, chance(labels))


def _groups(collected: Collected, names: Sequence[str], shares: Mapping[int, float] | None) -> Any:
    if collected.groups is None:
        return None
    correct = (collected.prediction == collected.labels).numpy()
    return group_report(correct, collected.groups.numpy(), names, shares)


def _tell(line: str, tell: Callable[[str], None] | None, progress: bool | None) -> None:
    if tell is not None:
        tell(line)
    elif wanted(progress):
        sys.stderr.write(f"{line}\n")


def _skipped(source: OpenedData) -> list[str]:
    names = source.skipped
    if not names:
        return []
    more = "" if len(names) <= 5 else f" and {len(names) - 5} more"
    return [f"{len(names)} unreadable files were skipped: {', '.join(names[:5])}{more}."]
