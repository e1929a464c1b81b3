"""Columns of texts as columns of 0 and 1, one for each category."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from earlysieve.datasets.checks import name_some
from earlysieve.datasets.frames import gaps, leaving_out
from earlysieve.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 50
_GAPS = ("", "nan")
_TOLD = 10
_LONGEST = 40


def categories_of(frame: "pd.DataFrame", where: str) -> dict[str, list[str]]:
    """The categories of each column of texts, sorted.

    Args:
        frame: of all rows.
        where: for messages, such as " in 'x.csv'".

    Raises:
        DataError: columns of texts that are no categories: more than 50 different ones or than half
            the rows, numbers among which there are texts, or none in a row. Columns of numbers that
            have none in a row are named with them.
    """
    names = [name for name in map(str, frame.columns) if is_text(frame[name])]
    texts = {name: texts_of(frame[name]) for name in names}
    wrong = {name: why for name, column in texts.items() if (why := _wrong(column))}
    if wrong:
        # Gaps of numbers would be refused next.
        numbers = (str(name) for name in frame.columns if str(name) not in texts)
        wrong |= {name: f"has no value {told}" for name in numbers if (told := gaps(frame[name]))}
        told = "; ".join(f"'{name}' {why}" for name, why in wrong.items())
        leave = leaving_out("--drop-column", wrong)
        raise DataError(
            f"Expected columns of numbers, or of at most {MOST_CATEGORIES} categories{where}, but "
            f"{told}; leave out what the model was not given ({leave}), or turn it into numbers"
        )
    return {name: sorted(set(column)) for name, column in texts.items()}


def with_dummies(
    frame: "pd.DataFrame", categories: Mapping[str, Sequence[str]]
) -> tuple["pd.DataFrame", tuple[str, ...]]:
    """The frame as `pandas.get_dummies(frame, columns=[...], dtype=float)` gives it, and notes.

    Columns of categories come after all others. In a row with another category all of them are 0.

    Args:
        frame: with a column for each of `categories`.
        categories: of these columns, in order.
    """
    import pandas as pd

    parts, notes = [frame.drop(columns=list(categories))], []
    for name, known in categories.items():
        texts = texts_of(frame[name])
        parts.append(pd.DataFrame({f"{name}_{one}": (texts == one) * 1.0 for one in known}))
        others = texts[~texts.isin(list(known))]
        if len(others):
            notes.append(
                f"Column '{name}' has other categories than the model knows in {len(others)} of "
                f"{len(texts)} rows ({name_some(sorted(set(others)))}): its columns are 0."
            )
    told = "; ".join(f"{name} ({_few(known)})" for name, known in categories.items())
    notes.insert(0, f"A column of 0 and 1 for each category of {told}.")
    return pd.concat(parts, axis=1), tuple(notes)


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return f"{', '.join(names[:_TOLD])}{more}"


def is_text(column: "pd.Series[Any]") -> bool:
    """Whether a column holds texts, objects, or what pandas calls categories."""
    from pandas.api.types import is_object_dtype, is_string_dtype

    kind = column.dtype
    return kind == "category" or is_object_dtype(kind) or is_string_dtype(kind)


def texts_of(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Texts as they are compared, without spaces around them; "" where there is none."""
    found = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return found.where(~found.str.lower().isin(_GAPS), "")


def _wrong(column: "pd.Series[Any]") -> str:
    """Why a column of texts is none of categories; empty where it is."""
    import pandas as pd

    missing = column == ""
    if missing.any():
        return f"has no value {gaps(column.where(~missing))}"
    values = pd.Series(column.unique())
    odd = values[pd.to_numeric(values, errors="coerce").isna()]
    if 0 < len(odd) < len(values) / 2:
        return f"holds numbers, but also texts, as {odd.iloc[0][:_LONGEST]!r}"
    if len(values) > min(MOST_CATEGORIES, len(column) / 2):
        return f"holds {len(values):,} different texts, as {values.iloc[0][:_LONGEST]!r}"
    return ""
