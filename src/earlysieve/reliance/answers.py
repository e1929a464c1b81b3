"""What a model says of every example, with nothing of the model changed."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from earlysieve._arrays import Ints
from earlysieve._progress import track
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import DataError
from earlysieve.model.batch import (
    Batch,
    call_model,
    check_labels,
    check_rows,
    inputs_to,
    logits_of,
)
from earlysieve.model.placement import check_holds_numbers, on_device
from earlysieve.model.precision import match_precision
from earlysieve.model.predictor import as_network
from earlysieve.model.state import device_of, looking_at, preserved_rng, usable_device
from earlysieve.model.unwrap import unwrap


@dataclass(frozen=True)
class Answers:
    """One pass of a model over data.

    Attributes:
        index, labels, prediction: int64, shape (N,), in the order in which examples were read.
        num_classes: columns of the logits.
    """

    index: Ints
    labels: Ints
    prediction: Ints
    num_classes: int


def answers(
    model: nn.Module,
    data: OpenedData,
    *,
    batch_size: int = 64,
    num_workers: int = 0,
    device: torch.device | str | None = None,
    progress: bool | None = None,
) -> Answers:
    """Run the model once over the data.

    Raises:
        InputError: it is no model, or its logits do not suit the labels.
        DataError: there is no example.
    """
    network = unwrap(as_network(model))
    check_holds_numbers(network)
    place = usable_device(device_of(network) if device is None else device)

    def look() -> Answers:
        batches = data.batches(batch_size=batch_size, num_workers=num_workers)
        total = data.count_batches(batch_size)
        return _answers(
            network, track(batches, "Predicting", total=total, progress=progress), place
        )

    with torch.inference_mode(False), preserved_rng():
        return looking_at(lambda: on_device(network, place, look), network)


def _answers(model: nn.Module, batches: Iterable[Batch], device: torch.device) -> Answers:
    index, labels, said, classes, count = [], [], [], 0, 0
    for batch in batches:
        inputs = inputs_to(match_precision(model, batch.inputs), device)
        logits = logits_of(call_model(model, inputs))
        check_rows(logits, len(batch))
        classes = int(logits.shape[1])
        check_labels(batch.labels, classes)
        here = torch.arange(count, count + len(batch)) if batch.index is None else batch.index
        count += len(batch)
        index.append(here.cpu())
        labels.append(batch.labels.cpu())
        said.append(logits.argmax(1).cpu())
    if not count:
        raise DataError(
            "Expected at least one example, but the data is empty; check the path and the split"
        )
    rows, given, told = (torch.cat(parts).numpy() for parts in (index, labels, said))
    return Answers(rows, given, told, classes)
