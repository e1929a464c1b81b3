"""Groups of the training data, from an audit of these."""

from collections.abc import Mapping

from earlysieve.auditing.pseudo_groups import SCORE
from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.fixing.basis import AUDIT, Basis
from earlysieve.grouping.infer import infer_groups


def training_groups(
    basis: Basis,
    train: OpenedData,
    found: AuditResult,
) -> Mapping[str, Groups]:
    """Whom among the training data the reader misleads that the held-out audit named.

    The model has seen these data, so that their audit has no verdict; but its readers are fitted
    out of fold, and those of properties see the inputs alone.

    Args:
        basis: with the audit of the held-out data.
        train: training data.
        found: audit of these, by the same model.

    Returns:
        Groups by the name of their source; empty where none can be told.
    """
    reader = None if basis.judged_by is None else basis.judged_by.config.get("reader")
    if reader is not None and SCORE.format(reader) not in found.examples.columns:
        reader = None
    try:
        return {AUDIT: infer_groups(found, data=train, reader=reader)}
    except InputError:
        return {}
