"""Groups in a file: one number per example as .npy, or a CSV file with a column 'group'."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from earlysieve._arrays import Ints
from earlysieve.datasets.example_groups import Groups
from earlysieve.datasets.numbering import numbered_groups
from earlysieve.errors import DataError, one_line

if TYPE_CHECKING:
    import pandas as pd

_FORMS = "the folder of an audit, a .npy file of whole numbers, or a CSV file with a column 'group'"


def read_groups_file(path: Path, size: int | None) -> Groups:
    """Groups from a file.

    Args:
        path: .npy with integers of shape (N,), -1 where unknown; or CSV with a column `group`
            (names or whole numbers, blank or -1 where unknown), and optionally `index`, the
            position of the example in the data, from 0; examples that are not listed are unknown.
            Without an index row k is example k.
        size: number of examples of the data, where it is known.

    Raises:
        DataError: no such file, another form, or an index that is no position or there twice.
        InputError: a number is below -1, or no group is known.
    """
    if path.suffix.lower() == ".npy":
        return Groups(torch.from_numpy(_array(path)), source="file")
    table = _table(path)
    if "group" not in table.columns:
        raise DataError(
            f"Expected a column 'group' in '{path}', but got "
            f"{', '.join(map(str, table.columns))}; add or rename it"
        )
    numbers, names = numbered_groups(list(table["group"]), f"column 'group' of '{path}'")
    if "index" in table.columns:
        numbers = _placed(numbers, table["index"], path, size)
    return Groups(torch.from_numpy(numbers), names, source="file")


def _array(path: Path) -> Ints:
    try:
        found: Any = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iu":
        shown = (
            f"{found.dtype} of shape {found.shape}" if isinstance(found, np.ndarray) else "others"
        )
        raise DataError(
            f"Expected whole numbers of shape (N,) in '{path}', but got {shown}; save one group "
            "number per example"
        )
    return found.astype(np.int64)


def _table(path: Path) -> "pd.DataFrame":
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if not len(table):
        raise DataError(f"Expected rows in '{path}', but it has none; check the file")
    return table


def _placed(numbers: Ints, column: Any, path: Path, size: int | None) -> Ints:
    """The groups at the positions that a column tells."""
    texts = [str(value).strip() for value in column]
    most = size if size is not None else len(texts)
    bad = next((t for t in texts if not (t.isascii() and t.isdigit() and len(t) < 19)), None)
    bad = bad if bad is not None else next((t for t in texts if int(t) >= most), None)
    if bad is not None:
        raise DataError(
            f"Expected positions from 0 to {most - 1} in column 'index' of '{path}', but got "
            f"'{bad[:20]}'; use groups of these very data"
        )
    places = np.array([int(text) for text in texts], np.int64)
    if len(np.unique(places)) < len(places):
        raise DataError(
            f"Expected each example once in column 'index' of '{path}', but one is there twice; "
            "remove a row"
        )
    placed = np.full(most, -1, np.int64)
    placed[places] = numbers
    return placed


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(
        f"Expected {_FORMS}, but '{path}' cannot be read ({one_line(error)}); check the path"
    )
