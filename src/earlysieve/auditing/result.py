"""What an audit returns: tables, a summary, pictures; saved, loaded and shown."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from earlysieve._files import write_text
from earlysieve.auditing import audit_folder as folders
from earlysieve.auditing.changed_pictures import ChangedShown
from earlysieve.auditing.document import DOCUMENT
from earlysieve.auditing.gate import gate_failures
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.auditing.saved_audit import (
    EXAMPLES,
    audit_files,
    read_audit,
    sha256,
    table_lies_in,
)
from earlysieve.auditing.saved_pictures import Picture, SwapShown
from earlysieve.auditing.swap_texts import SwapText
from earlysieve.auditing.verdict import Summary
from earlysieve.groups.group_report import GroupReport

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.report.plots import AuditPlots
    from earlysieve.report.sections import Section

__all__ = ["AuditResult", "ChangedShown", "Picture", "SwapShown", "SwapText"]


@dataclass(frozen=True, eq=False)
class AuditResult:
    """Tables, summary and pictures of one audit.

    Attributes:
        layers: one row per layer, see `earlysieve.auditing.tables.layer_row`.
        examples: one row per example, see `earlysieve.auditing.tables.example_table`.
        summary: the verdict and what to do next.
        groups: accuracy by group, where groups are known, else None.
        config: everything that is needed to repeat the audit; `scores` says "out of fold" or
            "in-sample".
        notes: what was skipped or could not be done.
        class_names, group_names: empty where unknown.
        pictures: of some examples of each pile, some flagged and some correctly read ones.
        swap_pictures, swap_texts: some swaps of the parts that answers follow most.
        changed_pictures: one example with something taken away, see `Summary.survives`.
    """

    layers: "pd.DataFrame"
    examples: "pd.DataFrame"
    summary: Summary
    groups: GroupReport | None
    config: dict[str, Any]
    notes: list[str] = field(default_factory=list)
    class_names: tuple[str, ...] = ()
    group_names: tuple[str, ...] = ()
    pictures: list[Picture] = field(default_factory=list)
    swap_pictures: list[SwapShown] = field(default_factory=list)
    swap_texts: list[SwapText] = field(default_factory=list)
    changed_pictures: list[ChangedShown] = field(default_factory=list)

    def pseudo_groups(self) -> torch.Tensor:
        """Groups to stand in for missing labels: int64, shape (N,), 2 * label + misled, or -1.

        In the order of the data set, as group methods (group DRO, group-balanced sampling,
        last-layer repair) take them; the same numbers as `earlysieve.infer_groups(result)`, which
        says more about them.
        """
        return groups_from_audit(self).numbers

    def pseudo_group_names(self) -> tuple[str, ...]:
        """Names of the groups that `pseudo_groups` returns."""
        return groups_from_audit(self).names

    @property
    def plot(self) -> "AuditPlots":
        """Figures in matplotlib axes: `plot.layers()`, `plot.scores()` and `plot.groups()`."""
        from earlysieve.report.plots import AuditPlots

        return AuditPlots(self)

    def __repr__(self) -> str:
        """What a console shows: the verdict, and where the rest is."""
        return (
            f"<AuditResult of {len(self.examples):,} examples: {self.summary.headline} "
            "See .summary, .layers, .examples and save(folder, page=True)>"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: verdict, key figures, some pictures."""
        from earlysieve.report.notebook import audit_html

        return audit_html(self)

    def failures(
        self,
        *,
        fail_on: str | Iterable[str] = ("shortcut",),
        min_worst_group: float | None = None,
    ) -> list[str]:
        """Why this audit does not pass a gate, one sentence each; empty where it passes.

        Args:
            fail_on: verdicts that do not pass, as ("shortcut", "at risk") or "shortcut,at-risk".
            min_worst_group: the least accuracy of the worst group, in [0, 1]; where no group is
                known, it is not reached. None: any.

        Raises:
            InputError: no such verdict, or no share.
        """
        return gate_failures(self.summary, self.groups, fail_on, min_worst_group)

    def passed(
        self,
        *,
        fail_on: str | Iterable[str] = ("shortcut",),
        min_worst_group: float | None = None,
    ) -> bool:
        """Whether this audit passes a gate; `failures` takes the same and says why not."""
        return not self.failures(fail_on=fail_on, min_worst_group=min_worst_group)

    @property
    def identity(self) -> str:
        """SHA-256 of everything that `save` writes; the page carries it to tell whose it is."""
        return sha256(audit_files(self)[DOCUMENT])

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        page: bool = False,
        sections: "Sequence[Section]" = (),
    ) -> Path:
        """Write audit.json, scores.csv and pictures/ to a folder, all of them or none.

        An audit that lies there is replaced as a whole, its page included; other files stay.

        Args:
            folder: it is created where it is missing.
            page: write report.html, too.
            sections: further sections of the page, see `earlysieve.report`.

        Raises:
            InputError: the configuration holds what JSON has no place for.
            MissingDependencyError: `page`, but the extra `report` is not installed.
            OutputError: the folder cannot be written.
        """
        files = audit_files(self)
        identity = sha256(files[DOCUMENT])
        if page:
            from earlysieve.report import render

            page_text = render(self, sections=sections, scores=EXAMPLES)
            files[folders.PAGE] = page_text.encode("utf-8")
        target = Path(folder)
        folders.publish(target, files, identity)
        return target

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> "AuditResult":
        """Read what `save` wrote.

        Raises:
            DataError: no audit there, one of another format version, or a file of it is missing,
                damaged, or of another audit.
        """
        source = Path(folder)
        with folders.settled(source):
            return cls(**read_audit(source))

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page that opens from disk without a network.

        Raises:
            MissingDependencyError: the extra `report` is not installed.
            OutputError: the page cannot be written.
        """
        from earlysieve.report import write_html

        beside = table_lies_in(Path(path).parent, self.examples)
        write_html(self, path, scores=EXAMPLES if beside else "")
        return Path(path)

    def to_fiftyone_csv(
        self, path: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None
    ) -> Path:
        """Write a CSV file with the path of each example, for FiftyOne's `CSVDataset`.

        Args:
            path: of the CSV file.
            root: the folder that ids are relative to; None: the one that was audited.

        Raises:
            InputError: the examples are no files, or nothing says in which folder they lie.
            DataError: a file is missing.
            OutputError: the CSV file cannot be written.
        """
        from earlysieve.report.exports import fiftyone_csv

        write_text(path, fiftyone_csv(self, None if root is None else Path(root)))
        return Path(path)

    def to_huggingface(self, dataset: Any) -> Any:
        """The HuggingFace data set that was audited, with columns audit_prediction, audit_pile, ...

        Args:
            dataset: a `datasets.Dataset`, in the order in which it was audited.

        Raises:
            InputError: it is no such table, has too few rows, or has such columns already.
        """
        from earlysieve.report.exports import with_columns

        return with_columns(dataset, self)

    def model_card(self) -> str:
        """A section of a model card in Markdown: verdict, figures, how they were made."""
        from earlysieve.report.model_card import model_card

        return model_card(self)
