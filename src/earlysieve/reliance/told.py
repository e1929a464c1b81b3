"""Which class a value of a cue speaks for."""

from collections.abc import Mapping, Sequence

import numpy as np

from earlysieve._arrays import Ints
from earlysieve.errors import InputError


def classes_told(
    cue: str,
    values: Ints,
    value_names: Sequence[str],
    class_names: Sequence[str],
    given: Mapping[str, str] | None = None,
) -> Ints:
    """The class that the cue says of each example.

    Args:
        cue: its name, for messages.
        values: numbers of the values, shape (N,), -1 where unknown.
        value_names: name of value 0, 1, ...
        class_names: name of class 0, 1, ...
        given: class by value, both by name; a value that is not listed has to be a class's name.

    Returns:
        int64, shape (N,), -1 where unknown.

    Raises:
        InputError: a value speaks for no class, or `given` names what does not exist.
    """
    said = dict(given or {})
    unknown = [value for value in said if value not in value_names]
    if unknown:
        raise InputError(
            f"Expected values of the cue '{cue}' ({', '.join(value_names[:10])}), but got "
            f"'{unknown[0]}'; correct it"
        )
    # Numbers name classes, too, unless a class has another's number as its name.
    number_of = {str(number): number for number in range(len(class_names))}
    number_of |= {name: number for number, name in enumerate(class_names)}
    occurring = np.unique(values[values >= 0])
    told = np.full(len(value_names) + 1, -1, np.int64)
    for value in occurring:
        name = said.get(value_names[value], value_names[value])
        if name not in number_of:
            raise InputError(
                f"Expected each value of the cue '{cue}' to name a class "
                f"({', '.join(class_names[:10])}), but got '{name}'; say which class it speaks "
                f"for, as in {value_names[value]}={class_names[0]} (on the command line "
                "--cue-class)"
            )
        told[value] = number_of[name]
    return told[values]
