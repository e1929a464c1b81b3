"""Tables of numbers: one row per example, one column per feature."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from earlysieve._arrays import Ints
from earlysieve.datasets.base import ExampleDataset
from earlysieve.datasets.variables import Variable, codes_of, variables_of
from earlysieve.errors import InputError

SHOWN_COLUMNS = 12
_LARGE = 1e12


class Table(ExampleDataset):
    """Rows of a table held in memory; a model takes them as float32 of shape (D,)."""

    def __init__(
        self,
        values: ArrayLike,
        labels: ArrayLike,
        class_names: Sequence[str],
        *,
        columns: Sequence[str] = (),
        ids: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Keep a table.

        Args:
            values: shape (N, D), finite.
            labels: shape (N,).
            class_names: one name per class.
            columns: one name per column; without them column 0, column 1, ...
            ids: one name per row; without them its number.
            options: as for `ExampleDataset`.

        Raises:
            InputError: `values` have another shape or are not finite, or there is not one name
                per column, or per row.
        """
        super().__init__(labels, class_names, **options)
        table: NDArray[np.float32] = np.asarray(values, np.float32)
        if table.ndim != 2 or len(table) != len(self) or not np.isfinite(table).all():
            raise InputError(
                f"Expected finite values of shape ({len(self)}, D), but got shape {table.shape}"
                f"{'' if np.isfinite(table).all() else ' with values that are not finite'}; "
                "pass one row per label and fill what is missing"
            )
        self.columns = tuple(columns) or tuple(f"column {k}" for k in range(table.shape[1]))
        if len(self.columns) != table.shape[1]:
            raise InputError(
                f"Expected one name per column ({table.shape[1]}), but got {len(self.columns)}; "
                "name every column or none"
            )
        if len(ids) not in (0, len(self)):
            raise InputError(
                f"Expected one name per row ({len(self)}), but got {len(ids)}; name every row or "
                "none"
            )
        self._table, self._ids = table, tuple(ids)

    @property
    def values(self) -> NDArray[np.float32]:
        """The table, shape (N, D)."""
        return self._table[self._rows]

    @cached_property
    def variables(self) -> tuple[Variable, ...]:
        """What the columns stand for; those of one category, as city_A and city_B, together."""
        return variables_of(self._table, self.columns)

    def _inputs(self, row: int) -> Tensor:
        return torch.from_numpy(self._table[row].copy())

    def _identify(self, row: int) -> str:
        return self._ids[row] if self._ids else super()._identify(row)

    def row_text(self, index: int, first: Sequence[str] = ()) -> str:
        """Example `index` as `display` shows it, with these variables before the others."""
        return self._written(self._row(index), first)

    def _display(self, row: int) -> str:
        return self._written(row)

    def _written(self, row: int, first: Sequence[str] = ()) -> str:
        place = {name: position for position, name in enumerate(first)}
        ordered = sorted(self.variables, key=lambda one: place.get(one.name, len(place)))
        shown = [f"{one.name}={self._value(row, one)}" for one in ordered]
        rest = len(shown) - SHOWN_COLUMNS
        return ", ".join(shown[:SHOWN_COLUMNS]) + (f" and {rest} more" if rest > 0 else "")

    def _value(self, row: int, variable: Variable) -> str:
        """A number, or the category; "none" where no column of it is on."""
        if not variable.is_category:
            return _number(float(self._table[row, variable.columns[0]]))
        return (*variable.categories, "none")[int(self._codes[variable.name][row])]

    @cached_property
    def _codes(self) -> dict[str, Ints]:
        return {one.name: codes_of(self._table, one) for one in self.variables if one.is_category}


def _number(value: float) -> str:
    """Whole numbers as they are, others with three digits at least."""
    size = abs(value)
    if size < _LARGE and value == int(value):
        return str(int(value))
    return f"{value:.1f}" if 1000 <= size < _LARGE else f"{value:.3g}"
