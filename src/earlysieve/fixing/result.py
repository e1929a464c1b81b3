"""What the loop of audit, repair and choice came to."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from earlysieve.auditing.result import AuditResult
from earlysieve.datasets.example_groups import Groups
from earlysieve.fixing.candidates import NO_CHANGE

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.report.fix_view import ExampleRow


@dataclass(frozen=True, eq=False)
class FixResult:
    """A model that relies less on what misleads it, or the one that was given.

    Attributes:
        model: the chosen one; the very object that was given where nothing was better.
        chosen: its name among the candidates.
        candidates: one row per candidate: candidate, kind, method, source, chosen, score, low, high
            (of the rule's figure where it is a share), accuracy, worst_class_accuracy, misled (the
            accuracy on examples that the simple thing misleads), seconds, and why it failed or was
            left out. Figures are NaN where nothing was compared.
        figures: one row per part of the held-out examples: part, n, before, after, each with its
            interval.
        before, after: audits of the given and of the chosen model; `after` is `before` where
            nothing was changed.
        groups: by which candidates were judged; None where none could be told.
        select: the selection rule.
        headline, explanation: the outcome in words.
        notes: what could not be done, and what to keep in mind.
        config: everything that the result depends on, as plain values.
        rows: some misled examples, and where both models looked; empty where that cannot be shown.
    """

    model: nn.Module
    chosen: str
    candidates: "pd.DataFrame"
    figures: "pd.DataFrame"
    before: AuditResult
    after: AuditResult
    groups: Groups | None
    select: str
    headline: str
    explanation: str
    notes: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    rows: "tuple[ExampleRow, ...]" = ()

    def save(self, folder: "str | os.PathLike[str]") -> "Path | None":
        """Write model.pt, fix.json, report.html, audit-before/ and audit-after/ to a folder.

        Returns:
            The page; None where the extra `report` is not installed.

        Raises:
            OutputError: the folder cannot be written.
        """
        from earlysieve.fixing.saving import save_fix

        return save_fix(self, Path(folder))

    def __repr__(self) -> str:
        """What a console shows: the outcome, and where the rest is."""
        return f"<FixResult: {self.headline} See .explanation, .candidates, .figures and .model>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the outcome, before and after."""
        from earlysieve.report.notebook import fix_html

        return fix_html(self)

    @property
    def changed(self) -> bool:
        """Whether another model than the given one was chosen."""
        return self.chosen != NO_CHANGE
