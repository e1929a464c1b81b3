"""Which columns of a table to train without, for a verdict that is about one or two of them."""

import numpy as np

from earlysieve._arrays import Bools, Floats
from earlysieve.auditing.columns_left_out import code_without
from earlysieve.auditing.examine import Examined
from earlysieve.auditing.filled_beside import Beside, filled_beside
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_figures import is_in_pair
from earlysieve.auditing.swaps.table_parts import part_name
from earlysieve.auditing.telling_values import spikes
from earlysieve.auditing.views import places, rows_of
from earlysieve.datasets.variables import Variable
from earlysieve.readouts.feature_store import FeatureStore


def beside_it(on: Leaning | None, seen: Examined) -> Beside:
    """Columns that tell the same as the flag, or the values of a column, of a verdict.

    Args:
        on: that the verdict is about.
        seen: what was found.
    """
    rows = seen.collected.views.columns
    own = about(on, seen)
    if on is None or rows is None or len(own) != 1:
        return Beside()
    numbers = [one for one in seen.variables if not one.is_category and one.name != own[0].name]
    others = {one.name.removeprefix("column "): column_of(rows, one) for one in numbers}
    if not on.is_value:
        column = column_of(rows, own[0])
        return Beside() if own[0].is_category else filled_beside(where_filled(column), others)
    telling = next(one for one in seen.telling if one.name == on.name)
    parts = [rows_of(rows, place).numpy() for place in places(rows, len(rows))]
    held = np.concatenate([telling.said_by(part) >= 0 for part in parts])
    return filled_beside(held, others)


def where_filled(column: Floats) -> Floats | Bools:
    """Where a number stands that gaps may be filled in with, see `spikes`; else the column.

    Args:
        column: of a table, shape (N,).
    """
    values, sizes = np.unique(column, return_counts=True)
    most = int(sizes.argmax())
    return column == values[most] if spikes(sizes)[most] else column


def code_without_it(on: Leaning | None, seen: Examined, beside: Beside) -> str:
    """Code that leaves out the variables of a verdict, and those that tell the same.

    Args:
        on: that the verdict is about.
        seen: what was found.
        beside: of `beside_it`.
    """
    own = about(on, seen)
    if not own:
        return ""
    too = [one for one in seen.variables if one.name.removeprefix("column ") in beside.every]
    names = seen.column_names
    every = [column for one in (*own, *too) for column in one.columns]
    unnamed = all(name == f"column {k}" for k, name in enumerate(names))  # of an array
    columns = every if unnamed else [names[k] for k in every]
    return code_without([one.name.removeprefix("column ") for one in (*own, *too)], columns)


def about(on: Leaning | None, seen: Examined) -> list[Variable]:
    """The variables of a table that a verdict is about: one, of its values, or two together."""
    if on is None:
        return []
    if on.is_value:
        return [one.variable for one in seen.telling if one.name == on.name][:1]
    if on.is_column:
        return [one for one in seen.variables if part_name(one) == on.name][:1]
    if not on.is_pair:
        return []
    found = [one for one in seen.variables if is_in_pair(part_name(one), on.name)]
    return found if len(found) == 2 else []


def column_of(rows: FeatureStore, variable: Variable) -> Floats:
    """The numbers of a single column of a table, shape (N,)."""
    own = variable.columns[0]
    parts = [rows_of(rows, place)[:, own].numpy() for place in places(rows, len(rows))]
    return np.concatenate(parts)
