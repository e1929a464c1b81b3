"""A cue that a model does not go by: it tells the label better than the model, and costs nothing.

Readouts do better than such a model, as they do where a model is hardly trained; but here it is
known what makes them better. So it is where a repair or a method has made a model let go of a cue
that the data still hold.
"""

from collections.abc import Sequence

from earlysieve.auditing.leading import OUTDONE
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FEWEST_MISLED

# Of what the best reader achieves a model achieves two thirds, or something else is wrong with it.
_FAR_BETTER, _LAYERS_ADD = 1.5, 0.08
_LITTLE_LOST, _HARDLY_FOLLOWED = 0.05, 0.2
_FOLLOWED, _TELLS_LITTLE = 0.3, 0.5


def resisted(found: Sequence[Leaning], best_reads: float) -> Leaning | None:
    """The cue that readouts do better by than the model, and that the model does not go by.

    None where layers tell much more than it, where answers follow what tells little of the label
    here, as on data in which a shortcut is broken, or where half of the image outdoes the model and
    misleads it: then it may go by that half.

    Args:
        found: all leanings.
        best_reads: of the best reader of a layer, see `Facts`.
    """
    named = [one for one in found if not (one.of_network or one.whole or one.is_combined)]
    if any(one.followed >= _FOLLOWED and one.reads < _TELLS_LITTLE for one in named):
        return None
    if any(one.whole and one.reads > OUTDONE and not _costs_little(one) for one in found):
        return None
    able = [one for one in named if not one.is_reserved and _explains(one, best_reads)]
    return max((one for one in able if _ignored(one)), key=lambda one: one.reads, default=None)


def _explains(found: Leaning, best_reads: float) -> bool:
    better = OUTDONE < found.reads <= _FAR_BETTER
    return better and best_reads <= found.reads + _LAYERS_ADD


def _ignored(found: Leaning) -> bool:
    """Where it misleads the model errs no more than elsewhere, and answers hardly follow it."""
    untouched = _costs_little(found) and not found.followed >= _HARDLY_FOLLOWED
    return found.sure >= FEWEST_MISLED and untouched


def _costs_little(found: Leaning) -> bool:
    return found.accuracy_else - found.accuracy <= _LITTLE_LOST
