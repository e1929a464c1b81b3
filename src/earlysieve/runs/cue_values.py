"""For which class each value of a table's column speaks, as its training rows show."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.datasets.checks import name_some
from earlysieve.datasets.table_column import column_values
from earlysieve.datasets.table_file import splits_in_table
from earlysieve.reliance.told import likely_classes

_LISTED, _NOT = 10, "not:"
REST = "any other value"


def spoken_for(
    path: str,
    column: str,
    names: Sequence[str],
    class_names: Sequence[str],
    *,
    label_column: str = "label",
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """The class by value; nothing where all values name a class, or none speaks for one.

    Args:
        path: of the table. Its split "train" is looked at, else all of its rows.
        column: that holds the cue.
        names: of the values in question, as `column_values` writes them.
        class_names: of the data.
        label_column: that holds the label.
        tell: takes what was found, in a sentence.

    Raises:
        DataError: see `column_values`.
    """
    if {*class_names, *map(str, range(len(class_names)))}.issuperset(names):
        return {}
    split = "train" if "train" in splits_in_table(path) else "all"
    values, all_names = column_values(path, column, split=split)
    labels, classes = column_values(path, label_column, split=split)
    told = likely_classes(values, labels, len(all_names), len(classes))
    by_value = {name: classes[k] for name, k in zip(all_names, told, strict=True) if k >= 0}
    found = {name: by_value[name] for name in names if name in by_value}
    if found:
        rows = "the rows of split train" if split == "train" else "all rows"
        silent = [name for name in names if name not in found]
        out = "speaks for no class, and is" if len(silent) == 1 else "speak for no class, and are"
        none = f"; {name_some(silent, _LISTED)} {out} left out" if silent else ""
        tell(
            f"Values of '{column}' speak {_listed(found)}, as {rows} show{none}. --cue-class says "
            "otherwise."
        )
    return found


def other_of_two(
    column: str,
    names: Sequence[str],
    given: Mapping[str, str],
    class_names: Sequence[str],
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, str]:
    """Of two values the one that is not named speaks against what the other speaks for.

    Args:
        column: that holds the cue.
        names: of its values.
        given: the class by value, as named; "not:NAME" speaks against a class.
        class_names: of the data.
        tell: takes what follows, in a sentence.

    Returns:
        What the other says; nothing where there are not two values, both or none are named, or the
        other is the name or number of a class.
    """
    left = [name for name in names if name not in given]
    classes = {*class_names, *map(str, range(len(class_names)))}
    if len(names) != 2 or len(left) != 1 or left[0] in classes:
        return {}
    (said,) = given.values()
    against = said.startswith(_NOT) and said not in classes
    found = {left[0]: said.removeprefix(_NOT) if against else f"{_NOT}{said}"}
    tell(
        f"'{left[0]}', the other value of '{column}', speaks {'for' if against else 'against'} "
        f"'{said.removeprefix(_NOT) if against else said}'; --cue-class {left[0]}=CLASS says "
        "otherwise."
    )
    return found


def codes_and_rest(
    numbers: Ints, names: Sequence[str], given: Mapping[str, str]
) -> tuple[Ints, tuple[str, ...]]:
    """The named values of a column of too many to name all, and the others as one.

    As -999 for "not measured" in a column of measurements. Where nothing is named all stays.

    Args:
        numbers: of the values, shape (N,), -1 where there is none.
        names: of value 0, 1, ...
        given: the class by value, as named.

    Returns:
        Numbers, shape (N,), and names, of which the last is `REST`.
    """
    coded = [number for number, name in enumerate(names) if name in given]
    if not coded:
        return numbers, tuple(names)
    found = np.where(numbers < 0, -1, len(coded))
    for place, number in enumerate(coded):
        found[numbers == number] = place
    return found, (*(names[number] for number in coded), REST)


def said_by_rest(
    column: str, given: Mapping[str, str], tell: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """What all other values of a column say where some are codes that speak for one class.

    They speak against it, as a mark of a class does where it is absent. Codes of several classes
    leave nothing to say of the others.

    Args:
        column: that holds the cue.
        given: the class by code; "not:NAME" speaks against a class.
        tell: takes what follows, in a sentence.
    """
    codes = name_some(list(given), _LISTED)
    if len(set(given.values())) > 1:
        tell(f"All other values of '{column}' than {codes} speak for no class, and are left out.")
        return {}
    (said,) = set(given.values())
    against, kind = said.startswith(_NOT), said.removeprefix(_NOT)
    tell(
        f"All other values of '{column}' than {codes} speak {'for' if against else 'against'} "
        f"'{kind}'."
    )
    return {REST: kind if against else f"{_NOT}{kind}"}


def tell_unnamed(column: str, taken: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Tell for which classes values speak that --cue-class does not name, though others are.

    Args:
        column: that holds the cue.
        taken: class by value, of the values that are the name or number of a class.
        tell: takes the sentence.
    """
    if taken:
        tell(
            f"What --cue-class does not name of '{column}' speaks for the class of its name or "
            f"number: {_listed(taken)}; VALUE=CLASS or VALUE=not:CLASS says otherwise."
        )


def _listed(found: Mapping[str, str]) -> str:
    """As "for 'ill' ('a', 'b') and for 'healthy' ('c')"."""
    by_class: dict[str, list[str]] = {}
    for value, kind in found.items():
        by_class.setdefault(kind, []).append(value)
    return " and ".join(
        f"for '{kind}' ({name_some(some, _LISTED)})" for kind, some in by_class.items()
    )
