"""What readouts say of every example, fitted once where an audit is stopped and goes on."""

from collections.abc import Callable, Sequence

from torch import Tensor

from earlysieve.auditing.kept_answers import Answers, digest_of
from earlysieve.readouts.feature_store import FeatureStore
from earlysieve.readouts.fit import Reading

_ROWS = 20_000  # held in memory at once


def kept_readings(
    kept: Answers,
    name: str,
    stores: Sequence[FeatureStore],
    numbers: Sequence[Tensor],
    fit: Callable[[], Sequence[Reading]],
) -> list[Reading]:
    """What `fit` gives, or gave before of the same features and numbers.

    Args:
        kept: answers of this part of the audit.
        name: of the layer.
        stores: features that it depends on.
        numbers: labels and folds that it depends on.
        fit: fits readouts.
    """
    answer = kept.get(
        lambda: digest_of(
            *numbers,
            *(rows for store in stores for _, rows in store.chunks(_ROWS)),
            about=name,
        ),
        lambda: {str(place): vars(one) for place, one in enumerate(fit())},
    )
    return [Reading(**one) for one in answer.values()]
