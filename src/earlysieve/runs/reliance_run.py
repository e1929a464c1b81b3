"""Reliance from the command line: a network, data, and cues that are planted or are columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from earlysieve._names import near_names
from earlysieve.datasets.categories import MOST_CATEGORIES
from earlysieve.datasets.checks import name_some
from earlysieve.errors import InputError
from earlysieve.runs.audit_setup import open_both
from earlysieve.runs.data_settings import full_spec

if TYPE_CHECKING:
    from torch import nn

    from earlysieve._arrays import Ints
    from earlysieve.networks.built import BuiltModel

    # Which value each example has, -1 where none is known, and the values.
    _Values = tuple[Ints, Sequence[str]]


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
        columns: of a CSV file, table or data set that hold the values of cues.
        classes_of: class by value, for columns whose values are no names of classes. Of a table
            values that are not listed speak for what they go with in the training rows.
        progress, tell: see `open_both`.

    Raises:
        EarlysieveError: something cannot be opened, or a cue does not suit the data.
    """
    import numpy as np

    from earlysieve.datasets.made_tables import MadeTable
    from earlysieve.datasets.opened_data import opened
    from earlysieve.reliance.redraw import redraw
    from earlysieve.reliance.told import classes_told
    from earlysieve.runs.cue_values import (
        REST,
        other_of_two,
        said_by_rest,
        spoken_for,
        tell_unnamed,
    )

    if not columns:
        built, data = open_both(given, options, need_weights=True, progress=progress, tell=tell)
        planted = planted or ([data.cue] if isinstance(data, MadeTable) else [])
        if not planted:
            values = getattr(opened(data).source, "shortcut_values", None)
            return Setup(built.model, data, {} if values is None else {"cue": values})
        drawn, cues = redraw(data, planted, seed=given["seed"])
        return Setup(built.model, drawn, cues)
    kind, _, path = full_spec(given["data"]).partition(":")
    opening = {"need_weights": True, "progress": progress, "tell": tell}
    if kind == "table":
        built, data, found = _of_table(given, options, path, columns, classes_of, opening)
    elif kind in ("csv", "hf"):
        built, data, found = _of_list(given, options, columns, opening)
    else:
        raise InputError(
            "Expected a CSV file, a table or a data set of HuggingFace to take the cue from its "
            f"column '{columns[0]}', but got '{given['data']}'; plant a cue with --cue, or list "
            "the examples in a CSV file"
        )
    _check_named(classes_of, found)
    cues = {}
    for column, (numbers, names) in found.items():
        own = {value: name for value, name in classes_of.items() if value in names}
        named = bool(own)
        if names[-1] == REST:
            own |= said_by_rest(column, own, tell)
            numbers = np.where((numbers == len(names) - 1) & (REST not in own), -1, numbers)
        elif kind == "table":
            label = options.get("label_column") or "label"
            left = [name for name in names if name not in own]
            shown = spoken_for(path, column, left, data.class_names, label_column=label, tell=tell)
            own |= shown
            silent = [k for k, name in enumerate(names) if shown and name not in own]
            numbers = np.where(np.isin(numbers, silent), -1, numbers)
        elif named:
            own |= other_of_two(column, names, own, data.class_names, tell)
        cues[column] = classes_told(column, numbers, names, data.class_names, own)
        if named:
            there = {names[number]: number for number in np.unique(numbers[numbers >= 0])}
            taken = {
                value: data.class_names[cues[column][numbers == number][0]]
                for value, number in there.items()
                if value not in own
            }
            tell_unnamed(column, taken, tell)
    return Setup(built.model, data, cues)


def _of_table(
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    path: str,
    columns: Sequence[str],
    classes_of: Mapping[str, str],
    opening: Mapping[str, Any],
) -> "tuple[BuiltModel, Any, dict[str, _Values]]":
    """A column may be a feature, which stays one; a limit draws the same rows of it."""
    from earlysieve.datasets.limited import limited
    from earlysieve.datasets.table_column import column_values
    from earlysieve.runs.cue_values import codes_and_rest

    own, limit = {**options}, options.get("limit")
    own.pop("limit", None)
    split = options.get("split")
    values = {column: column_values(path, column, split=split) for column in columns}
    built, whole = open_both(given, own, **opening)
    size = len(whole) if limit is None else limit
    found: dict[str, _Values] = {
        column: (limited(whole.with_groups(*one), size, given["seed"]).groups, one[1])
        for column, one in values.items()
    }
    many = {column for column, (_, names) in found.items() if _are_many(names, whole.class_names)}
    if many and classes_of:
        _check_named(classes_of, found)
        found |= {column: codes_and_rest(*found[column], classes_of) for column in many}
    _check_few(path, found, whole.class_names)
    return built, limited(whole, size, given["seed"]), found


def _of_list(
    given: Mapping[str, Any],
    options: Mapping[str, Any],
    columns: Sequence[str],
    opening: Mapping[str, Any],
) -> "tuple[BuiltModel, Any, dict[str, _Values]]":
    found = {}
    for column in columns:
        built, data = open_both(given, {**options, "group_column": column}, **opening)
        opening = {**opening, "tell": _silent}
        found[column] = (data.groups, data.group_names)
    return built, data, found


def _are_many(names: Sequence[str], class_names: Sequence[str]) -> bool:
    return len(names) > max(MOST_CATEGORIES, len(class_names))


def _check_few(path: str, found: "Mapping[str, _Values]", class_names: Sequence[str]) -> None:
    for column, (_, names) in found.items():
        if _are_many(names, class_names):
            raise InputError(
                f"Expected a column of at most {MOST_CATEGORIES} different values as a cue, but "
                f"'{column}' of '{path}' has {len(names):,}; name those that are codes, as in "
                "--cue-class=-999=CLASS, or add a column that says which class each row speaks "
                "for, for instance by a threshold"
            )


def _check_named(classes_of: Mapping[str, str], found: "Mapping[str, _Values]") -> None:
    known = [name for _, names in found.values() for name in names]
    unknown = next((value for value in classes_of if value not in known), None)
    if unknown is not None:
        near = near_names(unknown, known) or known
        raise InputError(
            f"Expected values of the cue '{', '.join(found)}' before =, as {name_some(near)}, but "
            f"got '{unknown}'; correct it"
        )


def _silent(_: str) -> None:
    """For the second column: the same weights were told of with the first."""
