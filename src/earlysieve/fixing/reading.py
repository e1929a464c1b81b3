"""What the last layer reads of the held-out examples; or the answers alone, where it is no use."""

import os
from dataclasses import replace

import torch
from torch import nn

from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import DataError, InputError
from earlysieve.fixing.asked import Asked
from earlysieve.model.batch import call_model, logits_of
from earlysieve.model.precision import match_precision
from earlysieve.model.state import device_of, looking_at, preserved_rng
from earlysieve.repairing.features import LastFeatures, last_features
from earlysieve.repairing.last_layer import NoLastLayerError
from earlysieve.repairing.unseen import check_unseen

_NEAR = 0.02
_OR_RETRAIN = (
    "; or train the whole network again, which needs no such layer: retrain=True with train= "
    "(--retrain)"
)


def read_kept(
    given: LastFeatures | str | os.PathLike[str], model: nn.Module, data: OpenedData
) -> LastFeatures:
    """Features that were kept, checked to be of this model and these data.

    Raises:
        DataError: there are none in the folder, they are damaged, or of others.
    """
    found = given if isinstance(given, LastFeatures) else LastFeatures.load(given)
    try:
        found.check(data, model)
    except InputError as error:
        raise DataError(str(error)) from error
    if not found.linear:
        raise DataError(
            f"Expected features of a linear last layer, but got those of '{found.layer}', read "
            "instead of one; leave the features out"
        )
    some = data.few()
    count, place = len(some.labels), device_of(model)
    inputs = match_precision(model, some.to(place).inputs)
    with preserved_rng():
        says = looking_at(lambda: logits_of(call_model(model, inputs)), model).float().cpu()
    kept = found.logits[:count]
    if says.shape != kept.shape or bool(((says - kept).abs() > _NEAR * (1 + kept.abs())).any()):
        raise DataError(
            "Expected features of these data, but of the first examples the model says something "
            "else than what was kept; make them of this very model and these very data"
        )
    return found


def read_held_out(
    model: nn.Module, data: OpenedData, read: LastFeatures | None, asked: Asked
) -> tuple[LastFeatures, str]:
    """Features and logits of the held-out examples, and why no last layer can be repaired.

    Groups that the data name are left out: they are for comparison alone.

    Returns:
        The features, and a reason that is empty where repairs are possible. Where they are not, but
        the network may be retrained, features have no columns.

    Raises:
        InputError: there is no linear last layer and nothing is to be retrained, the loader
            shuffles, or the model knows the examples.
    """
    found, reason = (read, "") if read is not None else _pass(model, data, asked)
    if not torch.equal(found.index, torch.arange(len(found))):
        raise InputError(
            "Expected held-out examples in the order of their data set, but the loader shuffles or "
            "leaves some out; pass the data set, or a DataLoader with shuffle=False"
        )
    check_unseen(found.logits, found.labels, None)
    return replace(found, groups=None), reason


def _pass(model: nn.Module, data: OpenedData, asked: Asked) -> tuple[LastFeatures, str]:
    asked.tell("Reading the features of the last layer from the held-out examples.")
    try:
        found = last_features(
            model,
            data,
            batch_size=asked.batch_size,
            num_workers=asked.num_workers,
            progress=asked.progress,
            tell=asked.tell,
        )
    except NoLastLayerError as error:
        if asked.recipe is None:
            raise NoLastLayerError(f"{error}{_OR_RETRAIN}") from error
        reason = f"No repair of the last layer was tried. {error}"
        asked.tell(reason)
        return _answers(model, data, asked), reason
    return found, ""


def _answers(model: nn.Module, data: OpenedData, asked: Asked) -> LastFeatures:
    from earlysieve.training import evaluate

    found = evaluate(
        model,
        data.data,
        batch_size=asked.batch_size,
        num_workers=asked.num_workers,
        keep_logits=True,
    )
    logits = torch.as_tensor(found.logits).float()
    labels = torch.as_tensor(found.labels).long()
    count = len(labels)
    return LastFeatures(
        torch.empty(count, 0),
        logits,
        labels,
        torch.arange(count),
        None,
        data_identity(data),
        "",
        linear=False,
    )
