"""Bad input is refused before anything runs, as far as it can be told by then."""

from typing import Any

import numpy as np
from torch import nn

from earlysieve.auditing.options import check_numbers
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.example_groups import data_identity
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import DataError, InputError
from earlysieve.fixing.retraining import Recipe
from earlysieve.groups.selection_rules import rule_named
from earlysieve.model.predictor import check_has_weights
from earlysieve.repairing.features import LastFeatures
from earlysieve.training.selection import check_select

# Of the answers of one model, so many may differ between two passes, on ties.
_DIFFER = 0.01
_LESS_SURE = 0.01  # far beyond what precision and batch sizes change


def check_data(held_out: Any, train: Any, recipe: Recipe | None, features: Any = None) -> None:
    """Check that there is something to choose on, and to retrain on where that is asked for.

    Raises:
        InputError: there is not.
    """
    if recipe is not None and train is None:
        raise InputError(
            "Expected training data to retrain on, but got none; pass train=, or leave out retrain"
        )
    if held_out is None and recipe is None:
        raise InputError(
            "Expected held_out, examples that the model was not trained on, but got none: on what "
            "it has seen, nothing can be repaired or chosen; pass some, or retrain=True with "
            "train=, which holds a fifth out before training"
        )
    if held_out is None and features is not None:
        raise InputError(
            "Expected held_out with features, which are of these, but got none; pass held_out=, or "
            "leave the features out"
        )


def check_model(model: Any, batch_size: int, seed: int) -> None:
    """Check what would otherwise fail somewhere within.

    Raises:
        InputError: the model is no module, or a number is out of its range.
    """
    check_has_weights(model)
    if not isinstance(model, nn.Module):
        raise InputError(
            f"Expected the model to be a torch.nn.Module, but got {type(model).__name__}; pass the "
            "network itself"
        )
    check_numbers(5, batch_size, 1.0, seed)


def check_rule(select: str, data: OpenedData) -> None:
    """Check that the data name groups, where the rule needs true ones.

    Raises:
        InputError: they do not.
    """
    if "groups" in rule_named(select).needs:
        check_select(select, data.data)


def check_audit(audit: AuditResult, data: OpenedData, features: LastFeatures) -> None:
    """Check that an audit is of these examples, and of the model whose answers these are.

    Raises:
        DataError: it is of others.
    """
    identity = data_identity(data)
    theirs = groups_from_audit(audit).identity
    if len(audit.examples) != len(features) or (identity is not None and identity != theirs):
        raise DataError(
            f"Expected an audit of these {len(features)} held-out examples, but got one of others "
            f"({len(audit.examples)} examples); audit these very data, or leave the audit out"
        )
    table = audit.examples.sort_values("index", kind="stable")
    said = table["prediction"].to_numpy()
    differ = float(np.mean(said != features.logits.argmax(1).numpy()))
    if differ > _DIFFER:
        raise DataError(
            f"Expected an audit of this model, but on {differ:.0%} of the examples it notes other "
            "answers than the model gives; audit this very model, or leave the audit out"
        )
    probable = features.logits.double().softmax(1).amax(1).numpy()
    away = float(np.median(np.abs(table["confidence"].to_numpy(float) - probable)))
    if away > _LESS_SURE:
        raise DataError(
            "Expected an audit of this model, but it notes other probabilities of its answers than "
            f"the model gives, by {away:.2g} in the middle: it is of other weights; audit this "
            "very checkpoint, or leave the audit out"
        )
