"""Examples that a list names more than once."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import DataWarning
from earlysieve.errors import DataError

_MOST_SHOWN = 60


def note_repeated(source: Path, subjects: Sequence[str], labels: Ints, what: str) -> None:
    """Say which examples are listed more than once: a copy in another fold helps its readout.

    Args:
        source: the list, for messages.
        subjects: shape (N,), paths or texts.
        labels: shape (N,).
        what: "image" or "text". The same short text may well mean two things, a file may not.

    Raises:
        DataError: an image has two labels.

    Warns:
        DataWarning: a text or an image is listed more than once.
    """
    import pandas as pd

    table = pd.DataFrame({"subject": list(subjects), "label": labels})
    copies = table[table["subject"].duplicated(keep=False)]
    if not len(copies):
        return
    kinds = copies.groupby("subject", sort=False)["label"].nunique()
    torn = kinds[kinds > 1]
    if len(torn) and what == "image":
        raise DataError(
            f"Expected one label for each image in '{source}', but {len(torn)} have several, first "
            f"'{torn.index[0]}'; keep one row of each"
        )
    more = f", {len(torn)} with different labels" if len(torn) else ""
    first = str((torn if len(torn) else kinds).index[0])
    shown = first if len(first) <= _MOST_SHOWN else f"{first[:_MOST_SHOWN]}..."
    warnings.warn(
        f"'{source}' lists {len(kinds)} {what}s more than once{more}, first {shown!r}: copies in "
        "other folds make readouts look better than they are",
        DataWarning,
        stacklevel=3,
    )
