"""Groups that somebody wrote down: a table, an array, or an audit's folder."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from earlysieve._cells import restored
from earlysieve._files import is_file, is_folder
from earlysieve.auditing.pseudo_groups import groups_from_audit
from earlysieve.datasets.batches import Data
from earlysieve.datasets.example_groups import Groups, data_identity
from earlysieve.datasets.groups_file import read_table
from earlysieve.datasets.numbering import numbered_groups
from earlysieve.datasets.opened_data import OpenedData, opened
from earlysieve.errors import DataError, InputError, one_line

if TYPE_CHECKING:
    import pandas as pd

_AUDIT = "audit.json"
_TRUTH = {"True": True, "False": False, "TRUE": True, "FALSE": False}
_NAMED = 3


def read_groups(
    path: str | os.PathLike[str],
    data: "Data | OpenedData | None" = None,
    *,
    reader: str | None = None,
) -> Groups:
    """Groups from a file or an audit's folder.

    Args:
        path: what `Groups.save` wrote; any CSV file with a column `group` of names or whole numbers
            (blank or -1: unknown) and perhaps a column `id`; a NumPy file (.npy) of whole numbers;
            or a folder that `AuditResult.save` wrote.
        data: what the groups are for. Rows of somebody else's table belong to the examples of the
            names in `id`, where there is such a column, else to the examples in their order.
        reader: of an audit, see `groups_from_audit`.

    Raises:
        DataError: the file cannot be read or is damaged, or its groups are of other data.
        InputError: no group is known, or a reader of what is no audit.
    """
    source = Path(path)
    audited = is_folder(source) or source.name == _AUDIT
    if reader is not None and not audited:
        raise InputError(
            f"Expected the folder of an audit with reader='{reader}', but got '{source}'; leave "
            "the reader out"
        )
    if audited:
        found = _of_audit(source, reader)
    elif source.suffix == ".npy":
        found = Groups(_array(source), source="file", config={"path": str(path)})
    else:
        header, table = read_table(source)
        if header is None:
            return _of_table(source, table, None if data is None else opened(data))
        found = _saved(source, header, table)
    if data is not None:
        found.check(data)
    return found


def _of_audit(source: Path, reader: str | None) -> Groups:
    from earlysieve.auditing.result import AuditResult

    folder = source if is_folder(source) else source.parent
    if not is_file(folder / _AUDIT):
        raise DataError(
            f"Expected the folder of an audit at '{folder}', but it has no {_AUDIT}; name a file "
            "of groups, or the folder that an audit was saved in"
        )
    return groups_from_audit(AuditResult.load(folder), reader=reader)


def _array(source: Path) -> Tensor:
    try:
        values = np.load(source, allow_pickle=False)
        if values.dtype.kind not in "iu":
            raise ValueError(f"it holds {values.dtype}")
        return torch.from_numpy(values.astype(np.int64))
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(
            f"Expected an array of whole numbers in '{source}', but it cannot be read "
            f"({one_line(error)}); check the file"
        ) from error


# --- what Groups.save wrote -----------------------------------------------------------------------


def _saved(source: Path, header: dict[str, Any], table: "pd.DataFrame") -> Groups:
    try:
        index = table["index"].astype(np.int64).to_numpy()
        if not np.array_equal(index, np.arange(len(table))):
            raise ValueError("rows are missing or in another order")
        identity = header["identity"]
        weights = [float(cell) for cell in table["weight"]] if "weight" in table else None
        suspects = [_TRUTH[cell] for cell in table["suspect"]] if "suspect" in table else None
        return Groups(
            torch.tensor(table["group"].astype(np.int64).tolist(), dtype=torch.int64),
            names=tuple(_texts(header["names"])),
            source=_texts([header["source"]])[0],
            identity=None if identity is None else _texts([identity])[0],
            suspects=None if suspects is None else torch.tensor(suspects),
            weights=None if weights is None else torch.tensor(weights, dtype=torch.float64),
            notes=tuple(_texts(header["notes"])),
            config=dict(header["config"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"Expected groups in '{source}' as they were saved, but got: {one_line(error)}; write "
            "them again, or remove the first line to read a plain table"
        ) from error


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a name is no text")
    return values


# --- tables of somebody else ----------------------------------------------------------------------


def _of_table(source: Path, table: "pd.DataFrame", data: OpenedData | None) -> Groups:
    if "group" not in table.columns:
        raise DataError(
            f"Expected a column 'group' in '{source}', but got "
            f"{', '.join(map(str, table.columns))}; add or rename it"
        )
    numbers, names = numbered_groups(list(table["group"]), f"column 'group' of '{source}'")
    notes: list[str] = []
    if data is not None and "id" in table.columns:
        ids = [restored(str(cell)) for cell in table["id"]]
        numbers = _by_name(source, ids, numbers, data, notes)
    found = Groups(
        torch.from_numpy(numbers),
        names,
        source="file",
        identity=None if data is None else data_identity(data),
        notes=tuple(notes),
        config={"path": str(source)},
    )
    if data is not None:
        found.check(data)
    return found


def _by_name(
    source: Path,
    ids: Sequence[str],
    numbers: "np.ndarray[Any, np.dtype[np.int64]]",
    data: OpenedData,
    notes: list[str],
) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """The group of each example of the data; what is not in the table is unknown."""
    size = data.size
    if size is None:
        raise DataError(
            "Expected data with a length, since groups are matched by name, but got a stream; pass "
            "a data set, or a table without the column 'id'"
        )
    known: dict[str, int] = {}
    for name, number in zip(ids, numbers.tolist(), strict=True):
        if known.setdefault(name, number) != number:
            raise DataError(
                f"Expected one group per id in '{source}', but '{name}' has several; keep one row"
            )
    wanted = data.ids(range(size))
    missing = [name for name in wanted if name not in known]
    if len(missing) == size:
        raise DataError(
            f"Expected ids of these data in '{source}', such as {_some(wanted)}, but got only "
            f"others, such as {_some(ids)}; check the column 'id', or remove it to go by rows"
        )
    if missing:
        notes.append(f"{len(missing):,} examples are not in the file and in no group.")
    return np.array([known.get(name, -1) for name in wanted], np.int64)


def _some(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:_NAMED])
