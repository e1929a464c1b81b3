"""audit.json: everything of an audit but the examples and the pictures, as one JSON document."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earlysieve._files import is_file
from earlysieve.auditing.fields import Fields, damaged
from earlysieve.auditing.verdict import Summary
from earlysieve.errors import DataError, InputError
from earlysieve.groups.group_report import GroupReport

if TYPE_CHECKING:
    import pandas as pd

DOCUMENT = "audit.json"
# 1: ids in scores.csv are not defused, pictures are called .png, no digests.
# 2: no piles in scores.csv, no pictures of swaps; "shortcut_score" is of one readout.
FORMAT_VERSION, _WITHOUT_PILES = 3, 2
_READABLE = (1, 2, 3)
_LISTED = 3
LAYER_COLUMNS: dict[str, Any] = {
    "layer": list[str],
    "depth": list[int],
    "features": list[int],
    "accuracy": list[float],
    "loss": list[float],
    "errors": list[int],
    "flagged": list[int],
    "margin_on_errors": list[float],
    "margin_on_correct": list[float],
    "confidence_ratio": list[float],
    "auroc": list[float],
}
GROUP_COLUMNS: dict[str, Any] = {
    "group": list[int],
    "name": list[str],
    "n": list[int],
    "accuracy": list[float],
    "low": list[float],
    "high": list[float],
}


def written(document: Mapping[str, Any], *, piled: bool) -> bytes:
    """A document as JSON; NaN becomes null, infinity "inf".

    Args:
        document: what it says.
        piled: whether examples are sorted into piles; else it is of format 2, which has none.

    Raises:
        InputError: it holds what JSON has no place for.
    """
    version = FORMAT_VERSION if piled else _WITHOUT_PILES
    try:
        text = json.dumps(_plain({"format_version": version, **document}), indent=2)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            "Expected an audit's configuration to hold text, numbers, lists and dictionaries with "
            f"text as keys, but got: {error}; convert the rest to text"
        ) from error
    return text.encode("ascii")


def parsed(path: Path, content: bytes) -> Fields:
    """The document that `written` wrote, of this format or an older one.

    Args:
        path: for messages.
        content: of the file.

    Raises:
        DataError: it is no JSON, or of another format.
    """
    try:
        document = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error) from error
    version = document.get("format_version") if isinstance(document, dict) else None
    if type(version) is not int or version not in _READABLE:
        raise DataError(
            f"Expected an audit of format version {FORMAT_VERSION} in '{path}', but got "
            f"{version}; run the audit again with this version of earlysieve"
        )
    return Fields(path, document)


def unreadable(path: Path, error: Exception) -> DataError:
    """What to raise for a file of an audit that cannot be read.

    Where there is none, but in folders below, as in that of a fix, these are named.
    """
    below = _audits_below(path) if path.name == DOCUMENT and not is_file(path) else []
    if below:
        listed = " or ".join(f"'{one}'" for one in below[:_LISTED])
        return DataError(
            f"Expected a saved audit in '{path.parent}', but it lies in a folder below; pass "
            f"{listed}"
        )
    return DataError(
        f"Expected a saved audit at '{path}', but it cannot be read ({error}); "
        "pass the folder that AuditResult.save or 'earlysieve audit' wrote"
    )


def _audits_below(path: Path) -> list[Path]:
    """The folders beside a missing document that hold one, as those of a fix do."""
    try:
        found = sorted(one.parent for one in path.parent.glob(f"*/{path.name}"))
    except (OSError, ValueError):
        return []
    return [one for one in found if not one.name.startswith(".")]


def layers_from(document: Fields) -> "pd.DataFrame":
    """The layer table.

    Raises:
        DataError: it is damaged.
    """
    return _table(document.inside("layers"), LAYER_COLUMNS)


def summary_from(document: Fields) -> Summary:
    """The summary; what was added to it since the document was written has its default.

    Raises:
        DataError: it is damaged.
    """
    saved = document.inside("summary")
    wanted = [item for item in fields(Summary) if item.name in saved.values or not _optional(item)]
    return Summary(**{item.name: saved.get(item.name, item.type) for item in wanted})


def groups_from(document: Fields) -> GroupReport | None:
    """The group report, or None where groups were unknown.

    Raises:
        DataError: it is damaged.
    """
    if document.get("groups", Any) is None:
        return None
    saved = document.inside("groups")
    table = _table(saved.inside("table"), GROUP_COLUMNS)
    numbers = [item for item in fields(GroupReport) if item.name != "table"]
    return GroupReport(table=table, **{n.name: saved.get(n.name, n.type) for n in numbers})


def _table(saved: Fields, columns: dict[str, Any]) -> "pd.DataFrame":
    """A table from lists by column; columns that are not known are taken as they are."""
    import pandas as pd

    names = dict.fromkeys([*saved.values, *columns])
    lists = {name: saved.get(name, columns.get(name, list[Any])) for name in names}
    sizes = [len(values) for values in lists.values()]
    if len(set(sizes)) != 1 or not sizes[0]:
        raise damaged(saved.path, saved.where, "columns of one length", sizes)
    return pd.DataFrame(lists)


def _optional(item: Any) -> bool:
    return item.default is not MISSING or item.default_factory is not MISSING


def _plain(value: Any) -> Any:
    """Values of NumPy as Python's, and numbers that JSON does not have as null or text."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
