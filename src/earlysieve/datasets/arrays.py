"""Arrays, tensors and frames, (X, y) or (X, y, groups), as a data set with names."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.frames import frame_values, number_array
from earlysieve.datasets.numbering import MOST, numbered, numbered_groups
from earlysieve.datasets.table import Table
from earlysieve.errors import DataError, InputError

if TYPE_CHECKING:
    import pandas as pd


_TOLD = 10


class TensorExamples(ExampleDataset):
    """Inputs of one tensor, taken as they are: images, signals, tokens."""

    def __init__(self, inputs: Tensor, labels: Ints, class_names: Sequence[str], **options: Any):
        """Keep inputs, shape (N, ...), and their labels; `options` as for `ExampleDataset`."""
        super().__init__(labels, class_names, **options)
        self._given = inputs

    def _inputs(self, row: int) -> Tensor:
        return self._given[row]

    def _display(self, row: int) -> Any:
        found = self._given[row]
        return found if found.ndim == 3 else None


def data_of(data: Any) -> Any:
    """Data as everything else takes them: (X, y) and (X, y, groups) become a data set.

    X of shape (N, D) is a table, whose columns are named as those of a frame; a model takes a row
    as float32. Tensors of whole numbers and arrays of more dimensions are taken as they are. Labels
    that are names are numbered in sorted order. Anything else is returned unchanged.

    Raises:
        InputError: X, y and groups are not of one length, or X has one dimension.
        DataError: there is no example, a label is missing, or a column is no finite number.
    """
    if is_frame(data):
        raise InputError(
            "Expected (X, y) of a table, but got a frame alone; pass its columns and its labels, "
            "as (frame.drop(columns='label'), frame['label'])"
        )
    if not isinstance(data, tuple) or len(data) not in (2, 3) or not _is_array(data[0]):
        return data
    if not (_is_array(data[1]) or isinstance(data[1], list | tuple)):
        return data
    found = _examples(*data)
    found.notes = numbering_of(found.class_names)
    return found


def _examples(x: Any, y: Any, groups: Any = None) -> ExampleDataset:
    labels, names = label_numbers(y)
    options: dict[str, Any] = {}
    if groups is not None:
        numbers, options["group_names"] = numbered_groups(plain_values(groups), "the groups")
        options["groups"] = numbers
    _check_lengths(x, labels, options.get("groups"))
    if is_frame(x):
        options |= {"columns": [str(name) for name in x.columns], "ids": row_names(x)}
        return Table(frame_values(x), labels, names, **options)
    tensor = x if isinstance(x, Tensor) else None
    if x.ndim == 2 and (tensor is None or tensor.is_floating_point()):
        values = np.asarray(x) if tensor is None else tensor.detach().cpu().numpy()
        return Table(_numbers(values), labels, names, **options)
    if tensor is None:
        tensor = torch.from_numpy(np.ascontiguousarray(_numbers(np.asarray(x))))
    return TensorExamples(tensor.detach(), labels, names, **options)


def with_numbers(data: Any, class_names: Sequence[str]) -> Any:
    """(X, y) or (X, y, groups), labels that are names numbered as `class_names`; else the data.

    Raises:
        DataError: a label is none of the names.
    """
    if not isinstance(data, tuple) or len(data) not in (2, 3) or not _is_array(data[0]):
        return data
    return (data[0], numbered_as(data[1], class_names), *data[2:])


def numbered_as(labels: Any, class_names: Sequence[str]) -> Any:
    """Labels that are names as numbers of `class_names`; all others as they are.

    Args:
        labels: shape (N,).
        class_names: in the order of the model's outputs; empty: unknown.

    Raises:
        DataError: a label is none of the names.
    """
    several = _is_array(labels) or isinstance(labels, list | tuple)
    listed = list(plain_values(labels)) if several else []
    if not class_names or not listed or not all(isinstance(one, str) for one in listed):
        return labels
    place = {name: number for number, name in enumerate(class_names)}
    other = sorted(set(listed) - place.keys())
    if other:
        raise DataError(
            f"Expected labels among class_names ({', '.join(class_names)}), but got "
            f"{', '.join(other[:_TOLD])}; name every class, in the order of the model's outputs"
        )
    return np.array([place[one] for one in listed], np.int64)


def check_every_output_is_named(outputs: int, names: Sequence[str]) -> None:
    """Check that labels which were numbered by their names can be those of the model.

    Args:
        outputs: classes that the model tells.
        names: of the classes of the data, in sorted order; without a class that has no example.

    Raises:
        DataError: the model tells more classes: which name is which output is not known then.
    """
    if numbering_of(names) and outputs > len(names):
        listed = ", ".join(names[:_TOLD]) + ", ..." * (len(names) > _TOLD)
        raise DataError(
            f"Expected labels of all {outputs} classes that the model tells, but they name "
            f"{len(names)} ({listed}), so that it is not known which output is which; name "
            "all classes in the order of the outputs (class_names=[...]; on the command line a "
            "classes.json beside the checkpoint, a list of names), or give labels as numbers"
        )


def numbering_of(names: Sequence[str]) -> tuple[str, ...]:
    """How names became class numbers, which have to be those of the model's outputs."""
    if all(name == str(k) for k, name in enumerate(names)):
        return ()
    few = ", ".join(f"{k} = {name}" for k, name in enumerate(names[:_TOLD]))
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return (f"Classes are numbered by the order of their names: {few}{more}.",)


def label_numbers(y: Any) -> tuple[Ints, tuple[str, ...]]:
    """Class numbers, int64 of shape (N,), and the name of each class.

    Args:
        y: shape (N,) or (N, 1): whole numbers, which keep their value; booleans; or names, which
            are numbered in sorted order.

    Raises:
        InputError: it has another shape.
        DataError: a label is missing, or is no whole number where all are numbers.
    """
    values = plain_values(y)
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if low >= 0 and high < MOST:
            return values.astype(np.int64), tuple(str(k) for k in range(high + 1))
    if isinstance(values, np.ndarray) and values.dtype.kind == "b":
        return values.astype(np.int64), ("False", "True")
    return numbered(list(values), "y")


def is_frame(value: Any) -> bool:
    """Whether this is a pandas frame; pandas is not imported for it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _is_series(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, pandas.Series)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | Tensor) or is_frame(value) or _is_series(value)


def plain_values(values: Any) -> Any:
    """One label or group per example, shape (N,): an array of its own type, or of objects.

    Raises:
        InputError: there are several per example.
    """
    if is_frame(values):
        if values.shape[1] != 1:
            raise InputError(
                f"Expected one column of labels, but got {values.shape[1]}; pass frame['NAME']"
            )
        values = values.iloc[:, 0]
    if _is_series(values):
        simple = isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub"
        values = values.to_numpy() if simple else values.astype(object).tolist()
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    found: NDArray[Any] = np.asarray(values, None if _is_array(values) else object)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim != 1:
        raise InputError(
            f"Expected one label or group per example, shape (N,), but got shape {found.shape}; "
            "pass class numbers or names, not one-hot rows"
        )
    return found


def _check_lengths(x: Any, labels: Ints, groups: Ints | None) -> None:
    if x.ndim < 2:
        raise InputError(
            f"Expected X with one row per example, shape (N, D) or (N, ...), but got shape "
            f"{tuple(x.shape)}; a single column is X[:, None] or frame[['NAME']]"
        )
    sizes = [len(x), len(labels), *([] if groups is None else [len(groups)])]
    if len(set(sizes)) > 1:
        raise InputError(
            f"Expected X, y and groups of one length, but got {', '.join(map(str, sizes))}; pass "
            "one row, label and group per example"
        )


def _numbers(values: NDArray[Any]) -> NDArray[Any]:
    known = number_array(values, "X")
    kept = values.ndim > 2 and values.dtype.kind in "biu"
    return known if kept else known.astype(np.float32)


def row_names(frame: "pd.DataFrame") -> list[str]:
    """Names of rows, where the frame has such; numbers in order say nothing."""
    names = [str(name) for name in frame.index]
    plain = names == [str(i) for i in range(len(names))]
    return [] if plain or len(set(names)) < len(names) else names
