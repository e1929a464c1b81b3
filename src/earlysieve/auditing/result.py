"""What an audit returns: tables, a summary, pictures; saved, loaded and shown."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from earlysieve._cells import csv_bytes
from earlysieve.auditing import audit_folder as folders
from earlysieve.auditing.document import (
    groups_from,
    layers_from,
    parsed,
    summary_from,
    unreadable,
    written,
)
from earlysieve.auditing.example_file import PILE, examples_from
from earlysieve.auditing.fields import Fields
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.auditing.saved_pictures import (
    Picture,
    SwapShown,
    named_files,
    picture_entry,
    picture_files,
    picture_from,
    swap_entry,
    swap_files,
    swap_from,
    swap_named_files,
)
from earlysieve.auditing.verdict import Summary
from earlysieve.errors import DataError
from earlysieve.groups.group_report import GroupReport

if TYPE_CHECKING:
    import pandas as pd

    from earlysieve.report.sections import Section

__all__ = ["AuditResult", "Picture", "SwapShown"]

_DOCUMENT, _EXAMPLES = "audit.json", "scores.csv"


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
        swap_pictures: some swaps of the parts that answers follow most.
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
    def identity(self) -> str:
        """SHA-256 of everything that `save` writes; the page carries it to tell whose it is."""
        return _sha256(self._files()[_DOCUMENT])

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
        files = self._files()
        identity = _sha256(files[_DOCUMENT])
        if page:
            from earlysieve.report import render

            files[folders.PAGE] = render(self, sections=sections).encode("utf-8")
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
            return cls._read(source)

    @classmethod
    def _read(cls, source: Path) -> "AuditResult":
        path = source / _DOCUMENT
        document = parsed(path, _content(source, _DOCUMENT))
        version = document.get("format_version", int)
        digests = None if version == 1 else document.get("files", dict[str, str])
        config = document.get("config", dict[str, Any])
        table = _content(source, _EXAMPLES, digests)
        examples = examples_from(
            source / _EXAMPLES, table, defused=digests is not None, piled=version >= 3
        )
        _check_count(source / _EXAMPLES, len(examples), config)
        entries = document.get("pictures", list[Any])
        none = version < 3 and "swap_pictures" not in document.values
        swaps = [] if none else document.get("swap_pictures", list[Any])
        return cls(
            layers=layers_from(document),
            examples=examples,
            summary=summary_from(document),
            groups=groups_from(document),
            config=config,
            notes=document.get("notes", list[str]),
            class_names=tuple(document.get("class_names", list[str])),
            group_names=tuple(document.get("group_names", list[str])),
            pictures=[
                _picture(source, Fields(path, entry, f"pictures[{i}]"), digests)
                for i, entry in enumerate(entries)
            ],
            swap_pictures=[
                _swap(source, Fields(path, entry, f"swap_pictures[{i}]"), digests or {})
                for i, entry in enumerate(swaps)
            ],
        )

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained page that opens from disk without a network.

        Raises:
            MissingDependencyError: the extra `report` is not installed.
            OutputError: the page cannot be written.
        """
        from earlysieve.report import write_html

        write_html(self, path)
        return Path(path)

    def _files(self) -> dict[str, bytes]:
        """Everything that is saved, by file name; the document names the others and comes last."""
        files = {
            **picture_files(self.pictures),
            **swap_files(self.swap_pictures),
            _EXAMPLES: csv_bytes(self.examples),
        }
        groups = None
        if self.groups is not None:
            groups = {**vars(self.groups), "table": self.groups.table.to_dict("list")}
        document = {
            "summary": asdict(self.summary),
            "layers": self.layers.to_dict("list"),
            "groups": groups,
            "config": self.config,
            "notes": list(self.notes),
            "class_names": list(self.class_names),
            "group_names": list(self.group_names),
            "pictures": [picture_entry(picture) for picture in self.pictures],
            "swap_pictures": [swap_entry(i, swap) for i, swap in enumerate(self.swap_pictures)],
            "files": {name: _sha256(content) for name, content in files.items()},
        }
        return {**files, _DOCUMENT: written(document, piled=PILE in self.examples.columns)}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _content(source: Path, name: str, digests: dict[str, str] | None = None) -> bytes:
    """The content of a file of an audit, checked to be what was saved with its document."""
    try:
        content = folders.read(source, name)
    except OSError as error:
        raise unreadable(source / name, error) from error
    if digests is not None and _sha256(content) != digests.get(name):
        raise DataError(
            f"Expected '{source / name}' as it was saved with {_DOCUMENT}, but it was changed "
            "later or belongs to another audit; run the audit again, or copy its folder again"
        )
    return content


def _check_count(path: Path, rows: int, config: dict[str, Any]) -> None:
    """Documents of format 1 have no digests; but they say how many examples were audited."""
    wanted = config.get("examples", rows)
    if wanted != rows:
        raise DataError(
            f"Expected {wanted} examples in '{path}', but got {rows}: the file was cut off or "
            "belongs to another audit; run the audit again, or copy its folder again"
        )


def _picture(source: Path, entry: Fields, digests: dict[str, str] | None) -> Picture:
    names = named_files(entry, None if digests is None else list(digests))
    contents = {kind: _content(source, name, digests) for kind, name in names.items()}
    return picture_from(entry, contents)


def _swap(source: Path, entry: Fields, digests: dict[str, str]) -> SwapShown:
    names = swap_named_files(entry, list(digests))
    contents = {kind: _content(source, name, digests) for kind, name in names.items()}
    return swap_from(entry, contents)
