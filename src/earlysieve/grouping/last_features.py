"""What the last linear layer of a model takes, for all examples, in one pass."""

import torch
from torch import Tensor, nn

from earlysieve.datasets.opened_data import OpenedData
from earlysieve.distill.classifier import ClassifierInput, find_classifier
from earlysieve.errors import InputError
from earlysieve.grouping.kept_examples import KeptExamples, of_features
from earlysieve.model.batch import check_labels, check_rows
from earlysieve.model.state import device_of, looking_at, preserved_rng

_LEAST = 1e-6


def last_features(data: OpenedData, model: nn.Module, *, batch_size: int = 128) -> KeptExamples:
    """The features of all examples, standardised, float32, shape (N, D); 4 N D bytes of memory.

    The model runs once in evaluation mode, on its device; it is left as it was.

    Raises:
        LayerError: the logits do not come from a linear layer.
        InputError: the labels are not among the model's classes.
    """
    reading, device = ClassifierInput(model, find_classifier(model)), device_of(model)
    features: list[Tensor] = []
    labels: list[Tensor] = []

    def run() -> int:
        classes = 0
        for batch in data.batches(batch_size=batch_size):
            taken, logits = reading.run(batch.to(device).inputs)
            check_rows(logits, len(batch))
            classes = logits.shape[1]
            check_labels(batch.labels, classes)
            features.append(taken.float().flatten(1).cpu())
            labels.append(batch.labels)
        return classes

    with preserved_rng():
        classes = looking_at(run, model)
    return of_features(standardised(torch.cat(features)), torch.cat(labels), classes)


def given_features(data: OpenedData, *, batch_size: int = 1024) -> KeptExamples:
    """Inputs that are features already, standardised.

    Raises:
        InputError: they are no rows of numbers.
    """
    batches = list(data.batches(batch_size=batch_size))
    rows = [batch.inputs for batch in batches if isinstance(batch.inputs, Tensor)]
    if len(rows) < len(batches) or any(t.ndim != 2 or not t.is_floating_point() for t in rows):
        raise InputError(
            'Expected a model with twins="features", or data whose inputs are rows of features, '
            "but got neither; pass model="
        )
    labels = torch.cat([batch.labels for batch in batches])
    classes = max(data.num_classes or 0, int(labels.max()) + 1)
    return of_features(standardised(torch.cat(rows).float()), labels, classes)


def standardised(features: Tensor) -> Tensor:
    """Each column with mean 0 and deviation 1; a constant one is 0.

    Raises:
        InputError: a number is NaN or infinite.
    """
    bad = ~torch.isfinite(features).all(1)
    if bool(bad.any()):
        raise InputError(
            f"Expected finite features, but got NaN or infinity for example "
            f"{int(bad.nonzero()[0])}; check the inputs for NaN, and that training did not diverge"
        )
    centred = features - features.mean(0)
    return centred / features.std(0, unbiased=False).clamp(min=_LEAST)
