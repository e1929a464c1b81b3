"""Groups of the training data, from an audit of these."""

from collections.abc import Mapping

from earlysieve.auditing.audit import audit
from earlysieve.auditing.pseudo_groups import SCORE
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.opened_data import OpenedData
from earlysieve.errors import InputError
from earlysieve.fixing.basis import AUDIT, Basis
from earlysieve.grouping.infer import infer_groups


def training_groups(
    basis: Basis,
    train: OpenedData,
    *,
    batch_size: int,
    num_workers: int,
    seed: int,
    progress: bool | None,
) -> Mapping[str, Groups]:
    """Whom among the training data the reader misleads that the held-out audit named.

    The model has seen these data, so that their audit has no verdict; but its readers are fitted
    out of fold, and those of properties see the inputs alone.

    Args:
        basis: with the audit of the held-out data.
        train: training data.
        batch_size, num_workers, seed, progress: of the audit.

    Returns:
        Groups by the name of their source; empty where none can be told.
    """
    found = audit(
        basis.model,
        train,
        batch_size=batch_size,
        num_workers=num_workers,
        seed=seed,
        seen_in_training=True,
        swaps=0,
        pictures=0,
        progress=progress,
    )
    reader = None if basis.judged_by is None else basis.judged_by.config.get("reader")
    if reader is not None and SCORE.format(reader) not in found.examples.columns:
        reader = None
    try:
        return {AUDIT: infer_groups(found, data=train, reader=reader)}
    except InputError:
        return {}
