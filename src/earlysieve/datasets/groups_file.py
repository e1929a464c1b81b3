"""Groups in one CSV file that people and spreadsheets read: a header of JSON, a row per example.

The first line is a comment, `# earlysieve groups {"format_version": 1, ...}`, so that what is known
of the groups cannot be parted from them; other programs skip it as a comment.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve._cells import csv_bytes
from earlysieve._json import plain
from earlysieve.errors import DataError, InputError, one_line

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

MARK = "# earlysieve groups "
FORMAT_VERSION = 1


def groups_bytes(
    numbers: "Tensor",
    names: Sequence[str],
    columns: "dict[str, Tensor | None]",
    known: dict[str, Any],
    ids: Sequence[str] = (),
) -> bytes:
    """The content of the file.

    Args:
        numbers: the groups, int64, shape (N,).
        names: of the groups.
        columns: further ones, shape (N,), by name; those that are None are left out.
        known: of the groups as a whole, plain values.
        ids: names of the examples, or none.

    Raises:
        InputError: there is not one name per example.
    """
    import pandas as pd

    if len(ids) not in (0, len(numbers)):
        raise InputError(
            f"Expected {len(numbers)} ids, one per example, but got {len(ids)}; pass one each"
        )
    found = numbers.tolist()
    table: dict[str, Any] = {"index": range(len(found))}
    if ids:
        table["id"] = list(ids)
    table["group"] = found
    if names:
        table["name"] = [names[k] if 0 <= k < len(names) else "" for k in found]
    table |= {name: value.numpy() for name, value in columns.items() if value is not None}
    header = {"format_version": FORMAT_VERSION, "names": list(names), **plain(known)}
    line = MARK + json.dumps(header, ensure_ascii=True, allow_nan=False)
    return line.encode("ascii") + b"\n" + csv_bytes(pd.DataFrame(table))


def read_table(path: Path) -> "tuple[dict[str, Any] | None, pd.DataFrame]":
    """The header, None where the file is a table of somebody else, and all cells as text.

    Raises:
        DataError: the file cannot be read, its header is damaged, or it has no rows.
    """
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline(len(MARK))
            ours = first == MARK
            header = _header(path, stream.readline()) if ours else None
            if not ours:
                stream.seek(0)
            table = pd.read_csv(stream, dtype=str, keep_default_na=False)
    except (OSError, ValueError, OverflowError) as error:
        raise DataError(
            f"Expected a CSV file of groups at '{path}', but it cannot be read "
            f"({one_line(error)}); check the path"
        ) from error
    if not len(table):
        raise DataError(f"Expected rows in '{path}', but it has none; check the file")
    return header, table


def _header(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    version = found.get("format_version") if isinstance(found, dict) else None
    if not isinstance(found, dict) or version != FORMAT_VERSION:
        raise DataError(
            f"Expected a header of format version {FORMAT_VERSION} in the first line of '{path}', "
            f"but got {version}; write the groups again, or remove that line to read a plain table"
        )
    return found
