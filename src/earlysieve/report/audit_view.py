"""What the page needs to know, as plain attributes: any object that has them can be shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from earlysieve.report.view_of_examples import (
    ChangedLike,
    PictureLike,
    SwapPictureLike,
    SwapTextLike,
)
from earlysieve.report.view_of_summary import SummaryLike

if TYPE_CHECKING:
    import pandas as pd


class GroupsLike(Protocol):
    """Accuracy per known group."""

    @property
    def table(self) -> "pd.DataFrame":
        """Columns group, name, n, accuracy, low, high."""

    @property
    def average(self) -> float:
        """Over examples."""

    @property
    def unknown(self) -> int:
        """How many examples have no known group and are left out."""

    @property
    def reweighted_average(self) -> float:
        """Over groups, weighted as in `reweighted_to`."""

    @property
    def reweighted_to(self) -> str:
        """What the weights stand for, in words."""

    @property
    def worst_group(self) -> int:
        """Number of the group with the lowest accuracy."""

    @property
    def worst_group_name(self) -> str:
        """Its name."""

    @property
    def worst_accuracy(self) -> float:
        """Its accuracy."""

    @property
    def gap(self) -> float:
        """Best minus worst."""


class ReportData(Protocol):
    """A finished audit.

    `layers` has the columns layer, depth, features, accuracy, loss, margin_on_errors,
    margin_on_correct, errors, flagged, confidence_ratio, auroc; `examples` the columns index, id,
    label, prediction, confidence, group, readout_prediction, margin, shortcut_score, flagged; in
    audits with piles also pile, and for each reader "score of NAME".
    An attribute `identity`, hexadecimal digits, is put into the page where there is one.
    """

    @property
    def layers(self) -> "pd.DataFrame":
        """One row per readout."""

    @property
    def examples(self) -> "pd.DataFrame":
        """One row per example."""

    @property
    def summary(self) -> SummaryLike:
        """The answer."""

    @property
    def groups(self) -> GroupsLike | None:
        """Per group, where known."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings; "command", "model" and "data" are shown by name where present."""

    @property
    def notes(self) -> Sequence[str]:
        """Remarks on how the audit ran."""

    @property
    def class_names(self) -> Sequence[str]:
        """By class number; may be empty."""

    @property
    def group_names(self) -> Sequence[str]:
        """By group number; may be empty."""

    @property
    def pictures(self) -> Sequence[PictureLike]:
        """Examples to show."""

    @property
    def swap_pictures(self) -> Sequence[SwapPictureLike]:
        """Swaps to show."""

    @property
    def swap_texts(self) -> Sequence[SwapTextLike]:
        """Swaps of texts to show."""

    @property
    def changed_pictures(self) -> Sequence[ChangedLike]:
        """One example with something taken away, as it is first."""
