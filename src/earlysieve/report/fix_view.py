"""What the page of a fix needs to know, as plain attributes: any object that has them is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from earlysieve.report.audit_view import ReportData

if TYPE_CHECKING:
    import pandas as pd

# What a note says where no last layer does better than a guess without the shortcut.
HARDLY_HELD = "these features hardly hold the task without the shortcut"


@dataclass(frozen=True)
class ExampleRow:
    """An example whose input, and what both models looked at, is shown side by side.

    Attributes:
        id: of the example.
        label: name of its class.
        before, after: the class that each model says.
        images: PNG or JPEG: the input, the heat map before, the heat map after.
    """

    id: str
    label: str
    before: str
    after: str
    images: Sequence[bytes]


class GroupsUsed(Protocol):
    """Groups by which candidates were judged."""

    @property
    def source(self) -> str:
        """Where they come from, as "audit" or "given"."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What they were made with; "reader" names the simple reader, where there is one."""


class FixData(Protocol):
    """A finished fix, as `earlysieve.fixing.FixResult`.

    `candidates` has the columns candidate, kind, method, source, seconds, failure and misled; where
    something was compared also score, low, high, accuracy and worst_class_accuracy. `figures` has
    the columns part, kind, n, before, before_low, before_high, after, after_low, after_high. Shares
    are in [0, 1], NaN where not known.
    """

    @property
    def chosen(self) -> str:
        """Name of the chosen candidate."""

    @property
    def changed(self) -> bool:
        """Whether another model than the given one was chosen."""

    @property
    def candidates(self) -> "pd.DataFrame":
        """One row per candidate, that without a change first."""

    @property
    def figures(self) -> "pd.DataFrame":
        """One row per part of the held-out examples."""

    @property
    def before(self) -> ReportData:
        """The audit of the given model."""

    @property
    def after(self) -> ReportData:
        """The audit of the chosen one."""

    @property
    def groups(self) -> GroupsUsed | None:
        """By which candidates were judged; None where none could be told."""

    @property
    def select(self) -> str:
        """The selection rule."""

    @property
    def headline(self) -> str:
        """The outcome in a sentence."""

    @property
    def explanation(self) -> str:
        """Plain words; blank lines separate paragraphs."""

    @property
    def notes(self) -> Sequence[str]:
        """What could not be done."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Settings; "command", "model" and "data" are used where there are."""


def chosen_kind(data: FixData) -> str:
    """What was chosen: "no change", "repair" or "retrain"."""
    table = data.candidates
    found = table.loc[table["candidate"] == data.chosen, "kind"]
    return str(found.iloc[0]) if len(found) else "no change"
