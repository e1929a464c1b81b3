"""Every figure of one model, as functions of weights of the examples."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from earlysieve._arrays import Floats, Ints
from earlysieve.groups.selection_rules import Answers
from earlysieve.measures.bias_amplification import weighed_amplification
from earlysieve.measures.by_cell import WeighedCells, reweighted, shares_for
from earlysieve.measures.calibration import (
    BINS,
    brier_scores,
    negative_log_likelihoods,
    weighed_error,
)

Weighing = Callable[[Floats], float]

# Name -> what it is, the range of its values.
FIGURES: dict[str, tuple[str, float, float]] = {
    "accuracy": ("accuracy over all examples", 0, 1),
    "reweighted_accuracy": ("group accuracies in the shares of the training groups", 0, 1),
    "worst_group_accuracy": ("lowest group accuracy", 0, 1),
    "group_gap": ("highest minus lowest group accuracy", 0, 1),
    "worst_class_accuracy": ("lowest class accuracy", 0, 1),
    "nll": ("mean negative log likelihood, nats", 0, math.inf),
    "brier": ("mean Brier score, summed over classes", 0, 2),
    "calibration_error": ("expected calibration error, equal-width bins", 0, 1),
    "calibration_error_equal_mass": ("expected calibration error, equal-mass bins", 0, 1),
    "bias_amplification": ("leakage of the answers minus that of labels as accurate", -1, 1),
    "largest_tpr_gap": ("largest gap in true positive rates between groups", 0, 1),
    "mean_tpr_gap": ("mean over classes of that gap", 0, 1),
}


@dataclass(frozen=True)
class Known:
    """What is known of the examples besides labels and groups.

    Attributes:
        attribute: shape (N,), -1 where unknown; None: no bias amplification.
        shares: of the training groups; None: no reweighted accuracy.
        bins: of calibration errors.
    """

    attribute: Ints | None = None
    shares: Mapping[int, float] | None = None
    bins: int = BINS


@dataclass
class Weighed:
    """The figures that there is what it takes for, by name; those that are shares keep cells."""

    by_name: dict[str, Weighing]
    groups: WeighedCells | None = None
    classes: WeighedCells | None = field(default=None)

    def all_of(self, weights: Floats) -> Floats:
        """Every figure of examples with these weights, shape (N,), in the order of `by_name`."""
        return np.array([one(weights) for one in self.by_name.values()])


def weighed_figures(answers: Answers, known: Known) -> Weighed:
    """The figures of a model's answers.

    Raises:
        InputError: shares are negative, or 0 for all groups.
    """
    right = answers.right > 0
    classes = WeighedCells.of(right, answers.labels)
    found = Weighed({"accuracy": _mean(answers.right)}, classes=classes)
    has_groups = answers.groups is not None and bool((answers.groups >= 0).any())
    if has_groups and answers.groups is not None:
        found.groups = WeighedCells.of(right, answers.groups)
        found.by_name |= _of_groups(found.groups, known.shares)
    found.by_name["worst_class_accuracy"] = _lowest(classes)
    found.by_name |= _of_probabilities(answers, right, known.bins)
    said, size = answers.logits.argmax(axis=1), answers.logits.shape[1]
    attribute = known.attribute
    if attribute is not None and bool((attribute >= 0).any()):
        amplified = weighed_amplification(said, answers.labels, attribute, size)
        found.by_name["bias_amplification"] = lambda w: amplified(w).amplification
    if has_groups and answers.groups is not None:
        found.by_name |= _of_rates(right, answers.labels, answers.groups)
    return found


def values_of(answers: Answers, known: Known) -> dict[str, float]:
    """The figures by name, without intervals.

    Raises:
        InputError: shares are negative, or 0 for all groups.
    """
    found = weighed_figures(answers, known)
    values = found.all_of(np.ones(len(answers.labels)))
    return dict(zip(found.by_name, values.tolist(), strict=True))


def _of_groups(groups: WeighedCells, shares: Mapping[int, float] | None) -> dict[str, Weighing]:
    found: dict[str, Weighing] = {}
    if shares is not None:
        weights_of_groups = shares_for(groups.numbers, shares)
        found["reweighted_accuracy"] = lambda w: reweighted(groups.accuracies(w), weights_of_groups)
    found["worst_group_accuracy"] = _lowest(groups)
    found["group_gap"] = lambda w: _spread(groups.accuracies(w))
    return found


def _of_probabilities(answers: Answers, right: np.ndarray, bins: int) -> dict[str, Weighing]:
    logs = answers.log_probabilities
    probabilities = np.exp(logs)
    sure = np.minimum(probabilities.max(axis=1), 1.0)
    return {
        "nll": _mean(negative_log_likelihoods(logs, answers.labels)),
        "brier": _mean(brier_scores(probabilities, answers.labels)),
        "calibration_error": weighed_error(sure, right, bins=bins),
        "calibration_error_equal_mass": weighed_error(sure, right, bins=bins, equal_mass=True),
    }


def _of_rates(right: np.ndarray, labels: Ints, groups: Ints) -> dict[str, Weighing]:
    """The gaps in true positive rates; the rate of a class in a group is the cell's accuracy."""
    width = int(groups.max()) + 1
    cells = WeighedCells.of(right, np.where(groups >= 0, labels * width + groups, -1))
    _, place = np.unique(cells.numbers // width, return_inverse=True)

    def gaps(weights: Floats) -> Floats:
        rates = cells.accuracies(weights)
        spreads = [_spread(rates[place == k]) for k in range(int(place.max()) + 1)]
        return np.array([one for one in spreads if not math.isnan(one)])

    return {
        "largest_tpr_gap": lambda w: float(gaps(w).max()),
        "mean_tpr_gap": lambda w: float(gaps(w).mean()),
    }


def _mean(values: Floats) -> Weighing:
    return lambda weights: float(weights @ values / weights.sum())


def _lowest(cells: WeighedCells) -> Weighing:
    def lowest(weights: Floats) -> float:
        found = cells.accuracies(weights)
        found = found[~np.isnan(found)]
        return float(found.min()) if len(found) else math.nan

    return lowest


def _spread(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max() - known.min()) if len(known) else math.nan
