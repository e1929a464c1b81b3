"""The files of a saved audit: its document, its table and its pictures, each with a digest."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from earlysieve._cells import csv_bytes
from earlysieve.auditing import audit_folder as folders
from earlysieve.auditing.changed_pictures import (
    ChangedShown,
    changed_entry,
    changed_files,
    changed_from,
    changed_named_files,
)
from earlysieve.auditing.document import (
    DOCUMENT,
    groups_from,
    layers_from,
    parsed,
    summary_from,
    unreadable,
    written,
)
from earlysieve.auditing.example_file import PILE, examples_from
from earlysieve.auditing.fields import Fields
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
from earlysieve.auditing.swap_texts import SwapText
from earlysieve.auditing.verdict import Summary
from earlysieve.errors import DataError
from earlysieve.groups.group_report import GroupReport

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = "scores.csv"


class Saved(Protocol):
    """What is saved of an `AuditResult`, which saves itself by this file."""

    @property
    def layers(self) -> "pd.DataFrame":
        """One row per layer."""

    @property
    def examples(self) -> "pd.DataFrame":
        """One row per example."""

    @property
    def summary(self) -> Summary:
        """The verdict."""

    @property
    def groups(self) -> GroupReport | None:
        """Accuracy by group."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What is needed to repeat the audit."""

    @property
    def notes(self) -> Sequence[str]:
        """What was skipped."""

    @property
    def class_names(self) -> Sequence[str]:
        """By number."""

    @property
    def group_names(self) -> Sequence[str]:
        """By number."""

    @property
    def pictures(self) -> Sequence[Picture]:
        """Of some examples."""

    @property
    def swap_pictures(self) -> Sequence[SwapShown]:
        """Of some swaps."""

    @property
    def swap_texts(self) -> Sequence[SwapText]:
        """Some swaps of texts."""

    @property
    def changed_pictures(self) -> Sequence[ChangedShown]:
        """One example with something taken away."""


def audit_files(result: Saved) -> dict[str, bytes]:
    """Everything that is saved, by file name; the document names the others and comes last."""
    files = {
        **picture_files(result.pictures),
        **swap_files(result.swap_pictures),
        **changed_files(result.changed_pictures),
        EXAMPLES: csv_bytes(result.examples),
    }
    groups = None
    if result.groups is not None:
        groups = {**vars(result.groups), "table": result.groups.table.to_dict("list")}
    document = {
        "summary": asdict(result.summary),
        "layers": result.layers.to_dict("list"),
        "groups": groups,
        "config": result.config,
        "notes": list(result.notes),
        "class_names": list(result.class_names),
        "group_names": list(result.group_names),
        "pictures": [picture_entry(picture) for picture in result.pictures],
        "swap_pictures": [swap_entry(i, swap) for i, swap in enumerate(result.swap_pictures)],
        "swap_texts": [asdict(swap) for swap in result.swap_texts],
        "changed_pictures": [
            changed_entry(i, one) for i, one in enumerate(result.changed_pictures)
        ],
        "files": {name: sha256(content) for name, content in files.items()},
    }
    return {**files, DOCUMENT: written(document, piled=PILE in result.examples.columns)}


def read_audit(source: Path) -> dict[str, Any]:
    """The fields of the `AuditResult` that lies in a folder.

    Raises:
        DataError: no audit there, one of another format version, or a file of it is missing,
            damaged, or of another audit.
    """
    path = source / DOCUMENT
    document = parsed(path, _content(source, DOCUMENT))
    version = document.get("format_version", int)
    digests = None if version == 1 else document.get("files", dict[str, str])
    config = document.get("config", dict[str, Any])
    table = _content(source, EXAMPLES, digests)
    examples = examples_from(
        source / EXAMPLES, table, defused=digests is not None, piled=version >= 3
    )
    _check_count(source / EXAMPLES, len(examples), config)
    entries = document.get("pictures", list[Any])
    none = version < 3 and "swap_pictures" not in document.values
    swaps = [] if none else document.get("swap_pictures", list[Any])
    return {
        "layers": layers_from(document),
        "examples": examples,
        "summary": summary_from(document),
        "groups": groups_from(document),
        "config": config,
        "notes": document.get("notes", list[str]),
        "class_names": tuple(document.get("class_names", list[str])),
        "group_names": tuple(document.get("group_names", list[str])),
        "pictures": [
            _picture(source, Fields(path, entry, f"pictures[{i}]"), digests)
            for i, entry in enumerate(entries)
        ],
        "swap_pictures": [
            _swap(source, Fields(path, entry, f"swap_pictures[{i}]"), digests or {})
            for i, entry in enumerate(swaps)
        ],
        "swap_texts": document.get_or("swap_texts", list[SwapText], []),
        "changed_pictures": [
            _changed(source, Fields(path, entry, f"changed_pictures[{i}]"), digests or {})
            for i, entry in enumerate(document.get_or("changed_pictures", list[Any], []))
        ],
    }


def table_lies_in(folder: Path, examples: "pd.DataFrame") -> bool:
    """Whether the file of all examples that lies in a folder holds these."""
    try:
        return (folder / EXAMPLES).read_bytes() == csv_bytes(examples)
    except OSError:
        return False


def sha256(content: bytes) -> str:
    """The digest that names a file of an audit."""
    return hashlib.sha256(content).hexdigest()


def _content(source: Path, name: str, digests: dict[str, str] | None = None) -> bytes:
    """The content of a file of an audit, checked to be what was saved with its document."""
    try:
        content = folders.read(source, name)
    except OSError as error:
        raise unreadable(source / name, error) from error
    if digests is not None and sha256(content) != digests.get(name):
        raise DataError(
            f"Expected '{source / name}' as it was saved with {DOCUMENT}, but it was changed "
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


def _changed(source: Path, entry: Fields, digests: dict[str, str]) -> ChangedShown:
    names = changed_named_files(entry, list(digests))
    return changed_from(entry, {k: _content(source, name, digests) for k, name in names.items()})
