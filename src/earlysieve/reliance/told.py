"""Which class a value of a cue speaks for."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from earlysieve._arrays import Ints
from earlysieve.errors import InputError
from earlysieve.reliance.figures import UNKNOWN, all_but

_NOT = "not:"
_DEVIATIONS = 3.0


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
            "not:NAME" speaks against a class, as the absence of a mark that says it.

    Returns:
        int64, shape (N,), -1 where unknown, `all_but` of a class where it speaks against it.

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
        text = said.get(value_names[value], value_names[value])
        against = value_names[value] in said and text.startswith(_NOT) and text not in number_of
        name = text.removeprefix(_NOT) if against else text
        if name not in number_of:
            raise InputError(
                f"Expected each value of the cue '{cue}' to name a class "
                f"({', '.join(class_names[:10])}), but got '{name}'; say which class it speaks "
                f"for, as in {value_names[value]}={class_names[0]} (on the command line "
                f"--cue-class), or against which, as in {value_names[value]}=not:{class_names[0]}"
            )
        told[value] = all_but(number_of[name]) if against else number_of[name]
    return told[values]


def likely_classes(values: Ints, labels: Ints, num_values: int, num_classes: int) -> Ints:
    """The class for which each value of a cue speaks, as far as examples show.

    That is the class whose share among the examples with the value is furthest above its share of
    all, by more than three standard deviations of a draw without replacement.

    Args:
        values: numbers of the values, shape (N,), -1 where unknown.
        labels: shape (N,).
        num_values: V.
        num_classes: C.

    Returns:
        int64, shape (V,), `UNKNOWN` for values that speak for none.
    """
    counts = np.zeros((num_values, num_classes))
    known = values >= 0
    np.add.at(counts, (values[known], labels[known]), 1)
    size, total = counts.sum(1, keepdims=True), max(1.0, counts.sum())
    share = counts.sum(0) / total
    drawn = np.maximum(size, 1)
    spread = np.sqrt(share * (1 - share) / drawn * (total - size) / max(1.0, total - 1))
    above = counts / drawn - share
    best = above.argmax(1)
    rows = np.arange(num_values)
    surely = (above > _DEVIATIONS * spread) & (size > 0)
    return np.where(surely[rows, best], best, UNKNOWN)


def with_classes(
    cues: Mapping[str, ArrayLike], says: Mapping[str, int] | int | None
) -> dict[str, ArrayLike]:
    """Cues that are there or not as the class that each says, or speaks against where absent.

    Args:
        cues: by name; booleans, shape (N,), or as they shall stay.
        says: the class that each of the former says; an integer where there is one cue.

    Raises:
        InputError: a cue of booleans without a class, a class of another cue, or integers below
            `UNKNOWN`.
    """
    given = {next(iter(cues)): says} if isinstance(says, int) else dict(says or {})
    there = {name: values for name, values in cues.items() if np.asarray(values).dtype == bool}
    for name in [*there, *given]:
        if name in there and given.get(name, -1) >= 0:
            continue
        lack = f"{given.get(name)}" if name in there else "no booleans"
        raise InputError(
            f"Expected with says= the class that the cue '{name}' says where it is there, and "
            f"booleans of shape (N,) that tell where, but got {lack}; pass both, or values that "
            "are classes"
        )
    for name, values in cues.items():
        numbers = np.asarray(values)
        if numbers.dtype.kind == "i" and numbers.min(initial=UNKNOWN) < UNKNOWN:
            raise InputError(
                f"Expected the cue '{name}' to say classes from 0, or {UNKNOWN} where it is "
                f"unknown, but got {numbers.min()}; pass the class that each value speaks for"
            )
    told = {
        name: np.where(np.asarray(values), given[name], all_but(given[name]))
        for name, values in there.items()
    }
    return {**cues, **told}
