"""One more pass, over a reference: readouts are fitted on it and score the data."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from earlysieve._arrays import Bools
from earlysieve.auditing.collect import Collected
from earlysieve.auditing.inputs_seen import InputsSeen, check_form, other_scale
from earlysieve.auditing.kept_answers import ANEW, Answers
from earlysieve.auditing.kept_readings import kept_readings
from earlysieve.auditing.transfer import MODEL, LayerTransfer, Transfer, chances, transfers
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.groups.accuracy import wilson_bounds
from earlysieve.groups.classes import class_name, listed
from earlysieve.model.batch import Batch
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.fit import Reading, read_across
from earlysieve.readouts.folds import assign_folds
from earlysieve.readouts.heads import Head

# Where the data are scored in-sample, accuracy on the reference is out of fold all the same.
_USUAL_FOLDS = 5


@dataclass(frozen=True)
class Compared:
    """What the reference says of the data.

    Attributes:
        readings: of the data, by the readout of each layer that was fitted on the reference.
        transfer: accuracies on both.
        examples: of the reference, twins of the data left out.
        notes: what was left out.
    """

    readings: dict[str, Reading]
    transfer: Transfer
    examples: int
    notes: list[str]


def check_reference(data: OpenedData, reference: OpenedData) -> None:
    """What can be known without a pass: classes of the same names, inputs of the same form.

    Raises:
        InputError: they differ.
    """
    ours, theirs = data.class_names, reference.class_names
    unnamed = any(names == tuple(map(str, range(len(names)))) for names in (ours, theirs))
    shared = min(len(ours), len(theirs))
    if not unnamed and ours[:shared] != theirs[:shared]:
        raise InputError(
            f"Expected the reference to have the classes of the data in the same order, "
            f"{listed(ours)}, but got {listed(theirs)}; number the classes of both alike"
        )
    if data.has_random_access and reference.has_random_access and data.size and reference.size:
        check_form(data.few().inputs, reference.few().inputs)


def without_twins(
    batches: Iterator[Batch], data: InputsSeen, reference: InputsSeen
) -> Iterator[Batch]:
    """The examples of the reference that are not among the data.

    Args:
        batches: of the reference.
        data: filled in by the pass over the data.
        reference: filled in by this one.

    Raises:
        InputError: none is left, or inputs have another form than those of the data.
    """
    kept = reference.without(_checked(batches, data), set(data.prints))
    first = next(kept, None)
    if first is None and reference.prints:
        raise InputError(
            "Expected a reference besides the data, but all of its "
            f"{len(reference.prints):,} examples are among the data; pass the data that the model "
            "was trained on as the reference, and others as the data"
        )
    return kept if first is None else chain([first], kept)


def _checked(batches: Iterator[Batch], data: InputsSeen) -> Iterator[Batch]:
    for number, batch in enumerate(batches):
        if number == 0 and data.first is not None:
            check_form(data.first, batch.inputs)
        yield batch


def compare(
    data: Collected,
    reference: Collected,
    data_seen: InputsSeen,
    reference_seen: InputsSeen,
    *,
    head: Head,
    folds: int,
    seed: int,
    l2: float,
    device: torch.device,
    class_names: Sequence[str] = (),
    kept: Answers = ANEW,
    follow: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Compared:
    """Fit each layer's readout on the reference, judge that out of fold, and the data.

    Args:
        data, reference: of the passes; the same layers.
        data_seen, reference_seen: what passed.
        head, folds, seed, l2, device: as for the audit.
        class_names: for messages.
        kept: readouts of this very comparison that was stopped.
        follow: the names of the layers are drawn through it.

    Raises:
        InputError: the data hold classes that the reference lacks, or are all in the reference.
    """
    _check_classes(data.labels, reference.labels, class_names)
    twins = _twins(data_seen, reference_seen)
    count = folds if folds > 1 else min(_USUAL_FOLDS, len(reference.labels))
    fold_of = assign_folds(reference.labels, count, seed)
    readings, rows = {}, []
    for depth, name in enumerate(follow(list(data.layers)), 1):
        stores = [one.layers[name].store for one in (reference, data)]

        def fit(stores: Sequence[FeatureStore] = stores, name: str = name) -> Sequence[Reading]:
            return read_across(
                stores[0],
                reference.labels,
                fold_of,
                stores[1],
                data.labels,
                head,
                reference.layers[name].kept_layout,
                seed=seed,
                l2=l2,
                device=device,
            )

        numbers = (reference.labels, fold_of, data.labels)
        before, readings[name] = kept_readings(kept, name, stores, numbers, fit)
        rows.append(
            _row(
                name,
                depth,
                before.prediction == reference.labels,
                (readings[name].prediction == data.labels)[~twins],
            )
        )
    kept.close()
    rows.append(
        _row(
            MODEL,
            len(rows) + 1,
            reference.prediction == reference.labels,
            (data.prediction == data.labels)[~twins],
        )
    )
    before_chance, after_chance = chances(reference.labels.numpy(), data.labels[~twins].numpy())
    transfer = transfers(
        rows,
        reference_chance=before_chance,
        data_chance=after_chance,
        otherwise=other_scale(data_seen.scale, reference_seen.scale),
    )
    return Compared(readings, transfer, len(reference.labels), _notes(twins, rows[-1]))


def _row(name: str, depth: int, before: Tensor, after: Tensor) -> LayerTransfer:
    one, two = float(before.double().mean()), float(after.double().mean())
    return LayerTransfer(
        name, depth, one, *wilson_bounds(one, len(before)), two, *wilson_bounds(two, len(after))
    )


def _twins(data: InputsSeen, reference: InputsSeen) -> Tensor:
    """Which examples of the data are in the reference, too; bool, shape (N,)."""
    known = set(reference.prints)
    found: Bools = np.array([one in known for one in data.prints])
    if found.all():
        raise InputError(
            f"Expected data besides the reference, but all {len(found):,} examples of the data are "
            "in the reference, too, and nothing is left to compare; leave them out of the reference"
        )
    return torch.from_numpy(found)


def _notes(twins: Tensor, model: LayerTransfer) -> list[str]:
    notes = [
        "Readouts were fitted on the reference and score the data. The model is right on "
        f"{model.reference_accuracy:.1%} of the reference: no measure of it, if it was trained on "
        "these examples."
    ]
    count = int(twins.sum())
    if count:
        notes.append(
            f"{count:,} of {len(twins):,} examples of the data are in the reference, too. No "
            "readout was fitted on them, and they are left out of the comparison with it."
        )
    return notes


def _check_classes(data: Tensor, reference: Tensor, names: Sequence[str]) -> None:
    lacking = sorted(set(data.tolist()) - set(reference.tolist()))
    if lacking:
        named = listed([class_name(number, names) for number in lacking])
        raise InputError(
            f"Expected a reference with examples of every class of the data, but it lacks {named}; "
            "add examples of them that are not among the data, or leave these classes out of the "
            "data"
        )
