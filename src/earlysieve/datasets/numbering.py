"""Numbers for classes and groups that come as names or as whole numbers."""

import re
import warnings
from collections.abc import Sequence

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import DataWarning
from earlysieve.errors import DataError

# Whole numbers keep their value, so every number below the largest gets a name.
MOST = 100_000
_LONGEST = 20
_WHOLE = re.compile(r"(-?[0-9]+)(\.0+)?")
_NUMBER = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def numbered(values: Sequence[object], where: str) -> tuple[Ints, tuple[str, ...]]:
    """Numbers of labels, and the names that these numbers stand for.

    If every value is a whole number (2, "2" or "2.0", as tables with gaps write it), values keep
    their number; otherwise they are names, numbered in sorted order.

    Args:
        values: one per example.
        where: for messages, such as "column 'label' of 'x.csv'".

    Returns:
        int64 of shape (N,), and one name per number from 0 to the largest.

    Raises:
        DataError: a value is missing, or a number is negative, too large to be a class, or has a
            fraction where all are numbers.

    Warns:
        DataWarning: two names differ in capital letters or spaces only.
    """
    texts = [_text(value) for value in values]
    if "" in texts:
        raise DataError(
            f"Expected a value in every row of {where}, but row {texts.index('') + 1} has none; "
            "fill it in or remove the row"
        )
    if all(_WHOLE.fullmatch(text) for text in texts):
        # Python refuses to read numbers of thousands of digits.
        numbers = [int(text) if len(text) < _LONGEST else MOST for text in texts]
        _check_range(numbers, texts, where)
        names = tuple(str(i) for i in range(max(numbers, default=-1) + 1))
        return np.array(numbers, np.int64), names
    if all(_NUMBER.fullmatch(text) for text in texts):
        odd = next(text for text in texts if not _WHOLE.fullmatch(text))
        raise DataError(
            f"Expected names or whole numbers in {where}, but got '{odd}'; number them from 0, or "
            "use names"
        )
    names = tuple(sorted(set(texts)))
    _warn_of_alike(names, where)
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[text] for text in texts], np.int64), names


def _warn_of_alike(names: Sequence[str], where: str) -> None:
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(" ".join(name.split()).casefold(), []).append(name)
    for same in alike.values():
        if len(same) > 1:
            listed = " and ".join(f"'{name}'" for name in same)
            warnings.warn(
                f"{listed} in {where} differ in capital letters or spaces only, and are numbered "
                "apart; write them alike where they mean one thing",
                DataWarning,
                stacklevel=3,
            )


def numbered_groups(values: Sequence[object], where: str) -> tuple[Ints, tuple[str, ...]]:
    """As `numbered`, but a blank or -1 is an unknown group, -1.

    Raises:
        DataError: a number is below -1 or too large to be a group.
    """
    known = np.array([_text(value) not in ("", "-1") for value in values], bool)
    numbers = np.full(len(known), -1, np.int64)
    chosen = [value for value, is_known in zip(values, known, strict=True) if is_known]
    numbers[known], names = numbered(chosen, where)
    return numbers, names


def crossed_groups(
    found: Sequence[tuple[Ints, tuple[str, ...]]],
) -> tuple[Ints, tuple[str, ...]]:
    """Groups of several columns, crossed: combinations that occur, "first x second", in order.

    Args:
        found: of each column, as `numbered_groups` returns them, of the same rows.

    Returns:
        int64 of shape (N,), -1 where a column is unknown, and one name per group.
    """
    if len(found) == 1:
        return found[0]
    numbers = np.stack([one for one, _ in found], 1)
    known = (numbers >= 0).all(1)
    crossed = np.full(len(numbers), -1, np.int64)
    kinds, crossed[known] = np.unique(numbers[known], axis=0, return_inverse=True)
    return crossed, tuple(
        " x ".join(names[k] for k, (_, names) in zip(kind, found, strict=True)) for kind in kinds
    )


def _text(value: object) -> str:
    if value is None or value != value:  # NaN is the only value unlike itself.
        return ""
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    # As many programs write a missing number.
    return whole[1] if whole else "" if text.lower() == "nan" else text


def _check_range(numbers: Sequence[int], texts: Sequence[str], where: str) -> None:
    bad = next((i for i, n in enumerate(numbers) if not 0 <= n < MOST), None)
    if bad is not None:
        raise DataError(
            f"Expected whole numbers from 0 to {MOST - 1} in {where}, but got "
            f"{texts[bad][:_LONGEST]}; number from 0, or use names"
        )
