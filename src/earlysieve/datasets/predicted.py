"""Data as models take them that are no networks: frames stay frames, labels keep their meaning."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from earlysieve.datasets.arrays import is_frame, numbered_as, plain_values
from earlysieve.datasets.categories import (
    MOST_CATEGORIES,
    categories_of,
    is_text,
    texts_of,
    with_dummies,
)
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.frame_dates import WEEKDAYS, Dates, dates_of
from earlysieve.datasets.frame_gaps import gaps_of
from earlysieve.datasets.frames import frame_values
from earlysieve.errors import DataError, InputError
from earlysieve.model.predictor import Predictor, as_network
from earlysieve.model.unwrap import unwrap

if TYPE_CHECKING:
    import pandas as pd

_TOLD = 10
_HALF = 0.5
Rows = Callable[[NDArray[np.float32]], Any]


def for_predictor(
    model: Predictor, data: Any, class_names: Sequence[str] = (), reference: Any = None
) -> tuple[Predictor, Any, Any, Sequence[str]]:
    """A model that reads rows as it was fitted on them, with data and reference as numbers.

    Columns of texts become one of 0 and 1 for each category, and the model gets texts again. So are
    other values: it gets those of the frame, not what float32 makes of them. Of a column of numbers
    with gaps, which have to be NaN, a column beside says where they are; in one of texts they are a
    category. Dates become days, with a column beside for their weekday, and dates again.

    Args:
        model: see `from_predictor`.
        data: any; (X, y) and (X, y, groups) of a frame or an array are changed.
        class_names: in the order of the model's outputs; empty: those of its classes.
        reference: as `data`, or None.

    Returns:
        Model, data, reference, and names of the classes; empty where the data name them.

    Raises:
        InputError: the frame has other columns than the model was fitted on.
        DataError: a label is none of the model's classes, or a column is neither of numbers nor of
            categories, or has no value at all.
    """
    names = class_names or _names(model.classes)
    given, other = (_with_labels(one, model.classes, class_names) for one in (data, reference))
    if not _is_pair(data):
        _check_order(model, data)
        return _of_set(model, getattr(data, "columns", ())), data, reference, class_names
    in_rows = not is_frame(given[0])
    if in_rows:
        told = _of_array(model, int(given[0].shape[-1]))
        if not _has_gaps(given[0]):
            return told, given, other, names
        given, other = (_as_frame(one, model.feature_names) for one in (given, other))
    frame = given[0]
    _check_columns(model, [str(name) for name in frame.columns])
    beside = other[0] if _is_pair(other) and is_frame(other[0]) else None
    arrays = model.takes_arrays or (in_rows and not model.feature_names)
    encoded, rows, numbers, gaps, dates = _read(frame, beside, model.feature_names, arrays)
    whole = (encoded, *given[1:])
    if beside is not None:
        other = (numbers(beside), *other[1:])
    return model.reading(rows, gaps, dates), whole, other, names


def given_to(model: Any, data: Any) -> tuple[nn.Module, Any]:
    """A network, and data as it takes them: of an estimator see `for_predictor`.

    Raises:
        EarlysieveError: the model is none, or the data are not those of the estimator.
    """
    network = as_network(model)
    inner = unwrap(network)
    return for_predictor(inner, data)[:2] if isinstance(inner, Predictor) else (network, data)


def _is_pair(data: Any) -> bool:
    arrays = isinstance(data, tuple) and len(data) in (2, 3)
    return arrays and (is_frame(data[0]) or isinstance(data[0], np.ndarray | Tensor))


def _names(classes: Sequence[Any]) -> tuple[str, ...]:
    """Names of classes that are not 0, 1, 2, ..., which data may name otherwise."""
    return () if _are_numbered(classes) else tuple(str(one) for one in classes)


def _are_numbered(classes: Sequence[Any]) -> bool:
    return not any(isinstance(one, str | bool) for one in classes) and all(
        one == place for place, one in enumerate(classes)
    )


def _check_order(model: Predictor, data: Any) -> None:
    """Check a data set of its own, whose labels are numbers of the outputs already."""
    known, names = getattr(data, "class_names", None), _names(model.classes)
    if known and tuple(known) != names and sorted(known) == sorted(names):
        raise DataError(
            f"Expected classes in the order of the outputs of {model.called}, "
            f"{', '.join(names[:_TOLD])}, but the data have {', '.join(known[:_TOLD])}; pass "
            "(X, y) with names as labels"
        )


def _with_labels(data: Any, classes: Sequence[Any], class_names: Sequence[str]) -> Any:
    """(X, y) with labels that are places of the model's classes."""
    if not _is_pair(data) or _are_numbered(classes):
        return data
    values = list(plain_values(data[1]))
    place = {one: number for number, one in enumerate(classes)}
    if class_names and all(isinstance(one, str) for one in values) and set(values) - place.keys():
        return (data[0], numbered_as(data[1], class_names), *data[2:])
    texts = all(isinstance(one, str) for one in classes)
    if texts and all(isinstance(one, int | np.integer) for one in values):
        return data  # numbers of the outputs, as of any model
    other = {one for one in values if one not in place}
    if other:
        raise DataError(
            f"Expected labels among the classes of the model ({_listed(classes)}), but got "
            f"{_listed(sorted(other, key=str))}; pass labels as it was fitted to them"
        )
    return (data[0], np.array([place[one] for one in values], np.int64), *data[2:])


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(map(str, values[:_TOLD])) + ", ..." * (len(values) > _TOLD)


def _of_array(model: Predictor, width: int) -> Predictor:
    """A model for rows of an array, in the order of the columns that it was fitted on."""
    names = model.feature_names
    if names and len(names) != width:
        raise InputError(
            f"Expected rows of {len(names)} columns, as {model.called} was fitted on, but got "
            f"{width}; pass these columns, in their order"
        )
    return _of_set(model, names)


def _of_set(model: Predictor, columns: Sequence[str]) -> Predictor:
    """An estimator that was fitted on a frame gets one, or it warns at every batch."""
    names = model.feature_names
    if not names:
        return model
    given = list(columns) if sorted(columns) == sorted(names) else names

    def rows(values: NDArray[np.float32]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(values, columns=given)[names]

    return model.reading(rows)


def _check_columns(model: Predictor, columns: Sequence[str]) -> None:
    wanted = model.feature_names
    lacks, odd = (sorted(set(a) - set(b)) for a, b in ((wanted, columns), (columns, wanted)))
    if wanted and (lacks or odd):
        told = [f"lacks {name_some(lacks)}"] * bool(lacks)
        told += [f"has {name_some(odd)} besides"] * bool(odd)
        raise InputError(
            f"Expected the columns that {model.called} was fitted on, but the frame "
            f"{' and '.join(told)}; pass these columns alone: frame[list(model.feature_names_in_)]"
        )


def _has_gaps(rows: Any) -> bool:
    values = rows.detach().cpu().numpy() if isinstance(rows, Tensor) else rows
    table = values.ndim == 2 and np.issubdtype(values.dtype, np.floating)
    return table and bool(np.isnan(values).any())


def _as_frame(data: Any, names: Sequence[str]) -> Any:
    """(X, y) with a frame for the array, its columns named as the model's, or by their places."""
    import pandas as pd

    if not _is_pair(data) or is_frame(data[0]):
        return data
    rows = data[0].detach().cpu().numpy() if isinstance(data[0], Tensor) else data[0]
    columns = list(names) or [f"column {place}" for place in range(rows.shape[1])]
    return (pd.DataFrame(rows, columns=columns), *data[1:])


def _read(
    frame: "pd.DataFrame", beside: "pd.DataFrame | None", names: Sequence[str], arrays: bool
) -> tuple[
    "pd.DataFrame",
    Rows,
    Callable[["pd.DataFrame"], "pd.DataFrame"],
    dict[str, str],
    dict[str, str],
]:
    """Numbers for a frame, the way back, numbers for another of the same columns, gaps and dates.

    Args:
        frame: as the model takes it.
        beside: another one, whose categories count, too.
        names: of the columns that the model takes, in order; empty: those of the frame.
        arrays: whether the model takes arrays where all columns are numbers.
    """
    import pandas as pd

    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    given = frame if beside is None else pd.concat([frame, beside], ignore_index=True)
    dates = dates_of(given)
    known = dates.told(given)
    texts = [name for name in known.columns if is_text(known[name])]
    gaps = gaps_of(known)
    filled = gaps.filled(known)
    categories = _categories(filled[texts]) if texts else {}

    def numbers(other: "pd.DataFrame") -> "pd.DataFrame":
        named = other.set_axis([str(name) for name in other.columns], axis=1)[list(frame.columns)]
        whole = gaps.filled(dates.told(named))
        if not texts:
            return whole
        return with_dummies(whole, categories)[0].set_axis(named.index, axis=0)

    encoded = numbers(frame)
    frame_values(encoded)  # before numbers are looked for in what is none
    places = {str(name): place for place, name in enumerate(encoded.columns)}
    back: dict[str, Rows] = {}
    for name in map(str, frame.columns):
        if name in dates.beside:
            days = _number(filled[name], places[name])
            if name in gaps.beside:
                days = _with_gaps(days, places[gaps.beside[name]])
            back[name] = _date(dates, name, given[name], days, categories, places)
        elif name in categories:
            at = [places[f"{name}_{one}"] for one in categories[name]]
            back[name] = _category(given[name], filled[name], at)
        elif name in gaps.beside:
            back[name] = _with_gaps(_number(filled[name], places[name]), places[gaps.beside[name]])
        else:
            back[name] = _number(given[name], places[name])
    order = names or list(back)

    def rows(values: NDArray[np.float32]) -> Any:
        found = {name: back[name](values) for name in order}
        if arrays and not texts and not dates.first:
            return np.stack([np.asarray(one, np.float64) for one in found.values()], 1)
        return pd.DataFrame(found)

    of_gaps, of_dates = (
        {flag: name for name, flag in one.items()} for one in (gaps.beside, dates.beside)
    )
    return encoded, rows, numbers, of_gaps, of_dates


def _categories(frame: "pd.DataFrame") -> dict[str, list[str]]:
    """Categories of columns of texts, and of those that pandas calls categories."""
    own = {name: frame[name].dtype == "category" for name in frame.columns}
    few = [
        name
        for name in frame.columns
        if own[name] and frame[name].notna().all() and frame[name].nunique() <= MOST_CATEGORIES
    ]
    rest = [name for name in frame.columns if name not in few]
    found = {name: sorted(set(texts_of(frame[name]))) for name in few}
    found |= categories_of(frame[rest], "") if rest else {}
    return {name: found[name] for name in frame.columns}


def _number(column: "pd.Series[Any]", place: int) -> Rows:
    """The values of a column that float32 stands for; others, as means, as they are."""
    numbers = column.to_numpy(np.float64).astype(np.float32)
    single, first = np.unique(numbers, return_index=True)
    whole = column.iloc[first].array

    def values(rows: NDArray[np.float32]) -> Any:
        found = rows[:, place]
        at = np.searchsorted(single, found).clip(max=len(single) - 1)
        there, known = single[at] == found, whole.take(at)
        return known if there.all() else np.where(there, np.asarray(known, np.float64), found)

    return values


def _with_gaps(numbers: Rows, place: int) -> Rows:
    """The numbers of a column, with gaps in rows in which the column at this place says so."""

    def values(rows: NDArray[np.float32]) -> Any:
        gaps = rows[:, place] > _HALF
        return np.where(gaps, np.nan, np.asarray(numbers(rows), np.float64))

    return values


def _date(
    dates: Dates,
    name: str,
    column: "pd.Series[Any]",
    days: Rows,
    categories: dict[str, list[str]],
    places: dict[str, int],
) -> Rows:
    """The dates of a column, as the frame had them, of the weekday that is on most."""
    flag = dates.beside[name]
    at = [places[f"{flag}_{one}"] for one in categories[flag]]
    known = {one: place for place, one in enumerate(WEEKDAYS)}
    number = np.array([known.get(one, -1) for one in categories[flag]])
    back = dates.back(name, column)

    def values(rows: NDArray[np.float32]) -> Any:
        numbers = np.asarray(days(rows), np.float64)
        return back(numbers, number[rows[:, at].argmax(1)])

    return values


def _category(column: "pd.Series[Any]", filled: "pd.Series[Any]", places: Sequence[int]) -> Rows:
    """The category that is on most, as the frame had it, and none where it had none."""
    import pandas as pd

    texts = texts_of(filled)
    originals = [column[texts == one].iloc[0] for one in sorted(set(texts))]

    def values(rows: NDArray[np.float32]) -> Any:
        found = pd.Series([originals[k] for k in rows[:, list(places)].argmax(1)], dtype=object)
        return found.astype(column.dtype).array

    return values
