"""A column of a CSV file of which nobody made use, such as what an image was taken with."""

from pathlib import Path
from typing import TYPE_CHECKING

from earlysieve.datasets.csv_rows import read_rows
from earlysieve.errors import DataError
from earlysieve.report.command_words import Options

if TYPE_CHECKING:
    import pandas as pd

_USUAL = {"path", "text", "label", "split", "group", "id"}
_NAMING = ("--label-column", "--path-column", "--text-column", "--group-column")
_LABEL = "--label-column"
_LEAST, _CHANCE = 2, 0.01
_MOST_VALUES, _MOST_ROWS, _NAMES_THE_LABEL = 12, 200_000, 0.999


def spare_column(source: str, options: Options) -> tuple[str, dict[str, str]] | None:
    """The column that goes with the label most among those that were not used, and how.

    Args:
        source: a CSV file.
        options: of the audit, which name other columns.

    Returns:
        Its name, and the class that each of its values goes with most often; None where no column
        of 2 to 12 values is left, or the file cannot be read. A column that is the label by another
        name is none, nor is one that has nothing to do with it, as far as these rows tell (a test
        of independence, chi squared, at 0.01).
    """
    path = Path(source)
    label = next((values[0] for name, values in options if name == _LABEL and values), "label")
    named = {value for name, values in options if name in _NAMING for value in values}
    used = _USUAL | {label} | named
    try:
        table = read_rows(path)
    except DataError:
        return None
    if label not in table.columns or len(table) > _MOST_ROWS:
        return None
    told = {}
    for name in table.columns:
        values = table[name].str.strip()
        if name not in used and 2 <= values[values != ""].nunique() <= _MOST_VALUES:
            labels = table[label].str.strip()
            if not _independent(values, labels):
                told[str(name)] = _goes_with(values, labels)
    likely = {name: one for name, one in told.items() if one[1] < _NAMES_THE_LABEL}
    if not likely:
        return None
    best = max(likely, key=lambda name: likely[name][1])
    return best, likely[best][0]


def _independent(values: "pd.Series[str]", labels: "pd.Series[str]") -> bool:
    import pandas as pd
    from scipy.stats import chi2_contingency

    counts = pd.crosstab(values[values != ""], labels[values != ""]).to_numpy()
    if min(counts.shape) < _LEAST:
        return True
    return bool(chi2_contingency(counts, correction=False).pvalue > _CHANCE)


def _goes_with(values: "pd.Series[str]", labels: "pd.Series[str]") -> tuple[dict[str, str], float]:
    """The label that each value goes with, and the share of rows that have it."""
    import pandas as pd

    counts = pd.crosstab(values[values != ""], labels[values != ""])
    table = counts.to_numpy()
    # Against how frequent a label is, so that a frequent one does not take every value.
    chosen = (table / table.sum(0)).argmax(1)
    hits = int(table[range(len(table)), chosen].sum())
    kinds = [str(counts.columns[at]) for at in chosen]
    return dict(zip(map(str, counts.index), kinds, strict=True)), hits / int(table.sum())
