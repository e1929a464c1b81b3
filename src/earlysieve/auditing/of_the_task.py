"""Parts of which the user says that they belong to the task: measured and shown, not counted."""

import math
from collections.abc import Sequence
from dataclasses import replace

from earlysieve._arrays import Bools, Ints
from earlysieve._readable import COLUMNS, SUM_OF_COLUMNS, as_part, is_plural, readable
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.second_look import SecondLook
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.names import covers
from earlysieve.auditing.swaps.table_parts import DIRECTION
from earlysieve.auditing.swaps.two_columns import PAIR
from earlysieve.auditing.words import called

_SAME_ERRORS = 2 / 3


def of_the_task(
    found: Sequence[Leaning], names: Sequence[str], again: SecondLook, labels: Ints, said: Ints
) -> list[Leaning]:
    """The leanings, those that belong to the task being marked so.

    These are of what was named, of values of a named column, and of two named columns together. A
    layer, and what all columns share, see what was named, too: they belong with it where two thirds
    of the errors that they explain are its own.

    Args:
        found: all that were looked at.
        names: of parts, as results keep them.
        again: what readers say.
        labels, said: label and the model's class, shape (N,).
    """
    own = {one.name for one in found if _is_named(one, names)}
    told = [_explained(name, again, labels, said) for name in own]

    def same(one: Leaning) -> bool:
        errors = _explained(one.name, again, labels, said)
        if one.irrelevant or not (one.of_network or one.name == DIRECTION):
            return False
        return any((errors & mine).sum() >= _SAME_ERRORS * errors.sum() for mine in told)

    return [replace(one, relevant=one.name in own or same(one)) for one in found]


def _is_named(found: Leaning, names: Sequence[str]) -> bool:
    part = found.name if found.of_network else as_part(part_of(found.name))
    return covers(names, part, barred=found.irrelevant)


def _explained(name: str, again: SecondLook, labels: Ints, said: Ints) -> Bools:
    """Errors of the model that are the reader's answer, shape (N,)."""
    errors: Bools = (said != labels) & (again.says[name] == said)
    return errors


def not_counted(names: Sequence[str]) -> str:
    """That these parts make no verdict, as the end of a headline; nothing where none was named.

    Args:
        names: of parts, as results keep them.
    """
    if not names:
        return ""
    told = [_spoken(name) for name in names]
    if len(told) == 1 and not _plural(names[0]):
        return f"; {told[0]}, of which you said that it belongs to the task, is not counted"
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    return f"; {listed}, of which you said that they belong to the task, are not counted"


def told_of_the_task(found: Sequence[Leaning], names: Sequence[str], swaps: Swaps) -> list[str]:
    """A sentence of every part that was named, and one of layers that see no more than that.

    Args:
        found: leanings that belong to the task.
        names: of parts, as results keep them.
        swaps: of parts.
    """
    told = [_told(name, found, swaps) for name in names]
    along = [one for one in found if not _is_named(one, names)]
    if along:
        listed = ", ".join(called(one) for one in along)
        told.append(f"Nor is what explains the same errors: {listed}.")
    return told


def _told(name: str, found: Sequence[Leaning], swaps: Swaps) -> str:
    belongs = "belong to the task: they are" if _plural(name) else "belongs to the task: it is"
    said = f"You said that {_spoken(name)} {belongs} not counted for the verdict"
    on = next((one for one in found if part_of(one.name) == name), None)
    part = swaps.of(name)
    figures = [*_of_reader(on), *_followed(math.nan if part is None else part.effect)]
    if figures:
        return f"{said}. {' '.join(figures)}"
    why = swaps.skipped.get(name) or swaps.skipped.get("all")
    return f"{said}. It was not looked at{f': {why}' if why else ''}."


def _plural(name: str) -> bool:
    return name.startswith(PAIR) or is_plural(name)


def _spoken(name: str) -> str:
    return SUM_OF_COLUMNS if name == COLUMNS else readable(name)


def _of_reader(on: Leaning | None) -> list[str]:
    if on is None:
        return []
    tells = f"A reader of it alone achieves {max(0.0, on.reads):.0%} of what the model achieves"
    if math.isnan(on.reads):
        tells = "A reader of it alone was fitted"
    if math.isnan(on.accuracy):
        return [f"{tells} and is misled nowhere."]
    elsewhere = "" if math.isnan(on.accuracy_else) else f", elsewhere {on.accuracy_else:.0%}"
    return [
        f"{tells}; where it is misled ({on.misread:,} examples), the model is right "
        f"{on.accuracy:.0%} of the time{elsewhere}."
    ]


def _followed(effect: float) -> list[str]:
    if math.isnan(effect):
        return []
    return [f"Swapped, answers follow it {max(0.0, effect):.0%} more often than by chance."]
