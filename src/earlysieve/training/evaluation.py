"""The figures of one pass over labelled data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from earlysieve.errors import InputError
from earlysieve.measures.by_cell import reweighted

if TYPE_CHECKING:
    from earlysieve.measures.measure import Measures


@dataclass(frozen=True)
class Evaluation:
    """Figures of one pass over labelled data.

    Attributes:
        accuracy: share of examples read correctly, in [0, 1].
        loss: mean cross-entropy, in nats.
        size: number of examples.
        group_accuracy: accuracy by group number; empty without groups. Examples of unknown group
            (-1) count in `accuracy` only.
        group_size: number of examples by group number.
        predicted: number of different classes that were predicted.
        class_accuracy: accuracy by class that occurs.
        calibration_error: expected calibration error, 15 equal-width bins, in [0, 1].
        brier: mean Brier score, summed over classes, in [0, 2].
        largest_class: share of the examples that are of the largest class, in (0, 1].
        logits: float32, shape (N, C), on the CPU, in the order of the pass; None unless they were
            kept (`keep_logits`).
        labels: int64, shape (N,), of the rows of `logits`; None without these.
        groups: int64, shape (N,), likewise, -1 where unknown.
    """

    accuracy: float
    loss: float
    size: int
    group_accuracy: dict[int, float]
    group_size: dict[int, int]
    predicted: int
    class_accuracy: dict[int, float] = field(default_factory=dict)
    calibration_error: float = float("nan")
    brier: float = float("nan")
    largest_class: float = float("nan")
    logits: Tensor | None = field(default=None, compare=False, repr=False)
    labels: Tensor | None = field(default=None, compare=False, repr=False)
    groups: Tensor | None = field(default=None, compare=False, repr=False)

    @property
    def worst_group_accuracy(self) -> float | None:
        """The lowest of the groups' accuracies; None without groups."""
        return min(self.group_accuracy.values(), default=None)

    @property
    def worst_class_accuracy(self) -> float | None:
        """The lowest of the classes' accuracies; None where these are not known."""
        return min(self.class_accuracy.values(), default=None)

    @property
    def group_gap(self) -> float | None:
        """The highest minus the lowest of the groups' accuracies; None without groups."""
        found = self.group_accuracy.values()
        return max(found) - min(found) if found else None

    def reweighted_accuracy(self, shares: Mapping[int, float]) -> float | None:
        """The groups' accuracies in these shares, such as those of the training data.

        See `measures.by_cell.reweighted`. None where no group that has examples has a share.
        """
        accuracies = np.array(list(self.group_accuracy.values()), np.float64)
        found = reweighted(accuracies, np.array([shares.get(g, 0.0) for g in self.group_accuracy]))
        return None if np.isnan(found) else found

    def logs(self) -> dict[str, float]:
        """The main figures by name, for a progress bar."""
        return _known(
            accuracy=self.accuracy, loss=self.loss, worst_group_accuracy=self.worst_group_accuracy
        )

    def figures(self, shares: Mapping[int, float] | None = None) -> dict[str, float]:
        """All figures by name, for a history.

        Args:
            shares: of the training groups, for `reweighted_accuracy`.
        """
        return self.logs() | _known(
            worst_class_accuracy=self.worst_class_accuracy,
            group_gap=self.group_gap,
            reweighted_accuracy=None if shares is None else self.reweighted_accuracy(shares),
            calibration_error=self.calibration_error,
            brier=self.brier,
        )

    def measures(self, *, reference: "Evaluation | None" = None, **more: Any) -> "Measures":
        """Every figure with its interval: `earlysieve.measure` of what was kept.

        Args:
            reference: of another model, such as the teacher, on the same data.
            more: names, shares and so on; see `earlysieve.measure`.

        Raises:
            InputError: no logits were kept; or see `earlysieve.measure`.
        """
        from earlysieve.measures.measure import measure

        if self.logits is None or (reference is not None and reference.logits is None):
            raise InputError(
                "Expected evaluations with logits, but one has none; evaluate with keep_logits=True"
            )
        beside = None if reference is None else reference.logits
        return measure(self.logits, self.labels, groups=self.groups, reference=beside, **more)


def _known(**figures: float | None) -> dict[str, float]:
    return {
        name: value
        for name, value in figures.items()
        if value is not None and not math.isnan(value)
    }
