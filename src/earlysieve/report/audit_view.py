"""What the page needs to know, as plain attributes: any object that has them can be shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd


class SummaryLike(Protocol):
    """The answer in words and key figures; accuracies in [0, 1], NaN where nothing was counted."""

    @property
    def verdict(self) -> str:
        """One of "shortcut", "none found", "inconclusive"."""

    @property
    def headline(self) -> str:
        """One sentence."""

    @property
    def explanation(self) -> str:
        """Plain words; blank lines separate paragraphs."""

    @property
    def layer(self) -> str | None:
        """The layer whose readout was used."""

    @property
    def share_flagged(self) -> float:
        """Share of all examples."""

    @property
    def accuracy(self) -> float:
        """The model's, over all examples."""

    @property
    def accuracy_flagged(self) -> float:
        """The model's, over flagged examples."""

    @property
    def accuracy_unflagged(self) -> float:
        """The model's, over the others."""

    @property
    def worst_group(self) -> str | None:
        """Name of the group with the lowest accuracy, where groups are known."""

    @property
    def worst_group_accuracy(self) -> float | None:
        """Its accuracy."""

    @property
    def next_steps(self) -> Sequence[str]:
        """What to do now, one sentence or two each."""

    @property
    def warnings(self) -> Sequence[str]:
        """What makes the answer weaker than it looks."""


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


class PictureLike(Protocol):
    """One example as a person should see it; its figures are looked up in `examples`."""

    @property
    def index(self) -> int:
        """Row of the data set."""

    @property
    def kind(self) -> str:
        """One of "image", "text"."""

    @property
    def role(self) -> str:
        """One of "flagged", "correct"."""

    @property
    def image(self) -> bytes | None:
        """PNG or JPEG."""

    @property
    def text(self) -> str | None:
        """The example itself, where it is a text."""

    @property
    def heatmap(self) -> bytes | None:
        """The image with a Grad-CAM map over it, PNG or JPEG."""


class ReportData(Protocol):
    """A finished audit.

    `layers` has the columns layer, depth, features, accuracy, loss, margin_on_errors,
    margin_on_correct, errors, flagged, confidence_ratio, auroc; `examples` the columns index, id,
    label, prediction, confidence, group, readout_prediction, margin, shortcut_score, flagged.
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
