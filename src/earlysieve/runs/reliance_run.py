"""Reliance from the command line: a network, data, and cues that are planted or are columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve.errors import InputError
from earlysieve.runs.audit_setup import open_both
from earlysieve.runs.data_settings import full_spec

if TYPE_CHECKING:
    from torch import nn

    from earlysieve._arrays import Ints


@dataclass(frozen=True)
class Setup:
    """What reliance is measured on.

    Attributes:
        model: the network.
        data: the examples as the network gets them.
        cues: the class that each cue says of each example, by name.
    """

    model: "nn.Module"
    data: Any
    cues: "dict[str, Ints]"


def open_cues(
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    planted: Sequence[str],
    columns: Sequence[str],
    classes_of: Mapping[str, str],
    progress: bool | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Setup:
    """Open network and data, and find or plant the cues.

    Args:
        given: see `open_both`.
        options: of the data, without a shortcut.
        planted: names of cues to draw independently of the label; or
        columns: of a CSV file that hold the values of cues.
        classes_of: class by value, for columns whose values are no names of classes.
        progress, tell: see `open_both`.

    Raises:
        EarlysieveError: something cannot be opened, or a cue does not suit the data.
    """
    from earlysieve.datasets.made_tables import MadeTable
    from earlysieve.datasets.opened_data import opened
    from earlysieve.reliance.redraw import redraw

    if not columns:
        built, data = open_both(given, options, need_weights=True, progress=progress, tell=tell)
        planted = planted or ([data.cue] if isinstance(data, MadeTable) else [])
        if not planted:
            values = getattr(opened(data).source, "shortcut_values", None)
            return Setup(built.model, data, {} if values is None else {"cue": values})
        drawn, cues = redraw(data, planted, seed=given["seed"])
        return Setup(built.model, drawn, cues)
    if not full_spec(given["data"]).startswith("csv:"):
        raise InputError(
            f"Expected a CSV file to take the cue from its column '{columns[0]}', but got "
            f"'{given['data']}'; plant a cue with --cue, or list the examples in a CSV file"
        )
    cues = {}
    for column in columns:
        of_column = {**options, "group_column": column}
        built, data = open_both(given, of_column, need_weights=True, progress=progress, tell=tell)
        tell = _silent
        cues[column] = _told(column, data, classes_of)
    return Setup(built.model, data, cues)


def _told(column: str, data: Any, classes_of: Mapping[str, str]) -> "Ints":
    from earlysieve.reliance.told import classes_told

    own = {value: name for value, name in classes_of.items() if value in data.group_names}
    return classes_told(column, data.groups, data.group_names, data.class_names, own)


def _silent(_: str) -> None:
    """For the second column: the same weights were told of with the first."""
