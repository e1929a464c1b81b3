"""What tells nearly all that a model tells, and misleads it.

A cue that alters a whole image (its tones, where things lie, how it was compressed) is seen by
every reader, so that hardly any is left to speak for the label where it misleads. What is left to
look at: answers follow the property when it is swapped; or, of a layer or half an image, errors
gather where it misleads although other readers there prefer the label more often than not. Of an
honest model the latter was never seen on more than half of many errors, but where classes meet.

Of a table nothing else may tell the label either. One column that tells nearly all, that answers
follow, and that misleads also far from where classes meet, is a shortcut unless it is the task.
"""

from collections.abc import Sequence

from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FEWEST_MISLED
from earlysieve.auditing.marks import OF_ONE_CLASS
from earlysieve.auditing.surroundings import BACKGROUND

_TELLS, _COST, _GATHERS = 0.9, 0.33, 5.0
_WHERE_CLASSES_MEET = 0.85
_FOLLOWED, _RECOVERED, _EXPLAINED = 0.3, 0.55, 25
_OF_IMAGES = "spectrum"
_COLUMN_TELLS, _COLUMN_FOLLOWED, _COLUMN_COSTS, _COLUMN_AT_EDGE = 0.93, 0.5, 0.4, 0.8
_RECOVERED_BY_COLUMNS = 0.45  # of wrong labels, and of most tasks, less


def hardly_more(found: Sequence[Leaning]) -> Leaning | None:
    """What the model tells hardly more than, rather with a name; None where nothing is such."""
    columns = [one for one in found if _is_nearly_all(one)]
    if columns:
        return max(columns, key=lambda one: one.followed)
    if not any(one.name == _OF_IMAGES for one in found):
        return None  # the limits were chosen on images
    able = [one for one in found if _tells_and_misleads(one)]
    named = [one for one in able if _is_followed(one)]
    if named:
        return max(named, key=lambda one: one.followed)
    return max((one for one in able if _is_spoken_against(one)), key=_reads, default=None)


def told_by_a_layer(found: Sequence[Leaning]) -> Leaning | None:
    """The layer that tells nearly all, and where errors gather; of a simple task it is the same."""
    layers = [one for one in found if one.of_network and _tells_and_errs(one)]
    return max(layers, key=_reads, default=None)


def _reads(found: Leaning) -> float:
    return found.reads


def _tells_and_misleads(found: Leaning) -> bool:
    return _tells_and_errs(found) and not found.at_edge > _WHERE_CLASSES_MEET


def _tells_and_errs(found: Leaning, tells: float = _TELLS, cost: float = _COST) -> bool:
    return (
        found.reads >= tells
        and found.sure >= FEWEST_MISLED
        and found.accuracy_else - found.accuracy >= cost
        and found.times_worse >= _GATHERS
    )


def _is_followed(found: Leaning) -> bool:
    """A property of its own that swaps show to count; the ground may be what the task is about."""
    own = not (found.of_network or found.whole or found.is_reserved or found.name == BACKGROUND)
    return own and not found.name.endswith(OF_ONE_CLASS) and found.followed >= _FOLLOWED


def _is_nearly_all(found: Leaning) -> bool:
    """A column; its values are judged by themselves."""
    return (
        found.is_column
        and not found.is_value
        and _tells_and_errs(found, _COLUMN_TELLS, _COLUMN_COSTS)
        and found.followed >= _COLUMN_FOLLOWED
        and not found.at_edge > _COLUMN_AT_EDGE
        and found.explained >= _EXPLAINED
        and found.recovered >= _RECOVERED_BY_COLUMNS
    )


def _is_spoken_against(found: Leaning) -> bool:
    return (
        (found.of_network or found.whole)
        and found.recovered >= _RECOVERED
        and found.explained >= _EXPLAINED
    )
