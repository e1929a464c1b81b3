"""A training that ends worse than one answer for all examples has collapsed."""

import math
import warnings

from earlysieve.groups.accuracy import wilson_interval
from earlysieve.training.evaluation import Evaluation


class CollapseWarning(UserWarning):
    """A trained model is right less often than the answer that is most often right."""


def warn_of_collapse(accuracy: float, evaluation: Evaluation) -> None:
    """Warn where an accuracy is below the share of the largest class by more than chance.

    Args:
        accuracy: of the weights that are kept, on the validation data, in [0, 1].
        evaluation: any on these data.
    """
    share, size = evaluation.largest_class, evaluation.size
    if math.isnan(accuracy) or math.isnan(share):
        return
    _, high = wilson_interval(round(accuracy * size), size)
    if high < share:
        warnings.warn(
            f"At the end of training the model is right on {accuracy:.0%} of the validation data, "
            f"less than the {share:.0%} that always answering the largest class would be: it may "
            "have collapsed; lower the learning rate, and how strongly groups or examples are "
            "weighted, or keep the best epoch (restore_best, --restore-best). It may be wanted "
            "where rare classes or groups count as much as others",
            CollapseWarning,
            stacklevel=2,
        )
