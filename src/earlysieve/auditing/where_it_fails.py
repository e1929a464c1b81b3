"""The model's accuracy where the simple thing fails, and what that costs, with an interval.

The examples that a reader of one property misreads are those on which the property fails, and
which these are does not depend on what the model makes of the rest: their accuracy is the one
looked for. A reader that is wrong for other reasons, too, mixes in examples on which the model is
right; the interval is made wider then. From examples alone, one would take for the accuracy what
is left after the hardest of them, those that a late layer misreads: much too low.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.auditing.doubt import DOUBTFUL, SURE
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.second_look import NO, SecondLook
from earlysieve.auditing.swaps.found import PartFound
from earlysieve.groups.accuracy import wilson_bounds

PURE = 0.94
_FADES = 0.05
_BINS = 12
_IMPURE = 0.05
_LABELS_WRONG, _TELLS_LABEL = 0.45, 0.65
_NEAR = 0.85
_TOLD_DONORS = 15
_FEWEST_HOLDING, _FEWEST_MARKED = 20, 15


@dataclass(frozen=True)
class Estimate:
    """A share with its 95% interval.

    Attributes:
        value, low, high: in [0, 1]; differences of accuracies in [-1, 1].
    """

    value: float
    low: float
    high: float


def nearest_property(found: Leaning, others: Sequence[Leaning]) -> Leaning:
    """The leaning itself; for what only a layer sees, the property that comes nearest to it.

    A layer is misled by examples that are hard for the model, too, which would make the accuracy
    look much too low.
    """
    named = [one for one in others if not one.of_network and one.reads >= _NEAR]
    seen = [one for one in named if one.misread and not math.isnan(one.times_worse)]
    if not found.of_network or not seen:
        return found
    return max(seen, key=lambda one: one.times_worse)


def accuracy_where_it_fails(
    found: Leaning, again: SecondLook, labels: Ints, said: Ints
) -> Estimate:
    """The model's accuracy on examples on which what it leans on fails.

    Args:
        found: the leaning.
        again: what readers say.
        labels, said: label and the model's class, shape (N,).
    """
    score, right = again.by_reader[found.name], said == labels
    misread, sure = again.says[found.name] != labels, score >= SURE
    if found.is_reserved:
        misread = sure = misread & sure
    low = wilson_bounds(float(right[sure].mean()), int(sure.sum()))[0] if sure.any() else 0.0
    if found.recovered < _LABELS_WRONG:
        # A wrong label looks like a feature that fails, and the model never overrules it.
        kept = ~((again.doubt > DOUBTFUL) & (again.preference > 0))
        misread = misread & kept if (misread & kept).any() else misread
        wrong = 0.0
    else:
        wrong = share_wrong(found, again, right)
    hits, count = int(right[misread].sum()), int(misread.sum())
    count = max(1, hits, round(count - wrong * (count - hits)))
    value = hits / count
    high = wilson_bounds(value, count)[1]
    if found.is_reserved:
        value, low = _of_holders(right, misread, score == NO, value, low)
    # How impure, in [0, 1]: a reader that nearly tells what the model does is nearly pure.
    impure = 1.0 if found.of_network or found.whole else (PURE - found.reads) / _FADES
    impure = min(1.0, max(0.0, impure))
    # A reserved reader is misled only where it is sure.
    if impure > 0 and not found.is_reserved and (score > 0).any():
        plateau = 1 - error_plateau(score, ~right, (again.says[found.name] == said) & ~right)
        lowest = wilson_bounds(plateau, max(1, int(sure.sum())))[0] - _IMPURE
        low += impure * (min(low, lowest) - low)
        high += impure * _IMPURE
        value += impure * (plateau - value) / 2
    return Estimate(value, max(0.0, min(low, value)), min(1.0, max(high, value)))


def share_wrong(found: Leaning, again: SecondLook, right: Bools) -> float:
    """The share of wrong labels among the errors that a leaning explains, in [0, 1].

    Where the model is right, the reader that sides with the label of most of these errors prefers
    it on a share a of the examples; where the feature misleads it does so, too, and where a label
    is wrong on 1 - a. So of the errors it does on (1 - w) a + w (1 - a), which is `recovered`.

    Args:
        found: the leaning.
        again: what readers say.
        right: answers of the model, shape (N,).

    Returns:
        w; 0 where that reader hardly tells the label where the model is right.
    """
    score = again.by_reader.get(found.recovered_by)
    if score is None or not right.any():
        return 0.0
    usual = float((score[right] < 0).mean())
    if usual < _TELLS_LABEL:
        return 0.0
    return min(1.0, max(0.0, (usual - found.recovered) / (2 * usual - 1)))


def _of_holders(
    right: Bools, misread: Bools, denied: Bools, value: float, low: float
) -> tuple[float, float]:
    """The accuracy and its lower end, which may be that of examples that hold another's sign.

    Those that are said to lack their own may hold it unseen: on these the model is right. So
    it looks where it is right on them far more often. It may be that what is lacking costs less,
    too, so that the figure lies in the middle.

    Args:
        right: answers of the model, shape (N,).
        misread: by the reader of the sign, shape (N,).
        denied: where it is said to be lacking, shape (N,).
        value, low: of all that are misread.
    """
    holding, lacking = right[misread & ~denied], right[misread & denied]
    if min(len(holding), len(lacking)) < _FEWEST_HOLDING:
        return value, low
    share = float(holding.mean())
    lowest, highest = wilson_bounds(share, len(holding))
    if wilson_bounds(float(lacking.mean()), len(lacking))[0] <= highest:
        return value, low
    return (value + share) / 2, min(low, lowest)


def accuracy_where_misread(name: str, again: SecondLook, labels: Ints, said: Ints) -> Estimate:
    """The model's accuracy where a reader of its answers says another class than the label.

    Args:
        name: of the property; it has to be misread somewhere.
        again: what readers say.
        labels, said: label and the model's class, shape (N,).
    """
    right = (said == labels)[again.says[name] != labels]
    low, high = wilson_bounds(float(right.mean()), len(right))
    return Estimate(float(right.mean()), low, high)


def accuracy_where_swapped(
    found: Leaning, part: PartFound, again: SecondLook, rows: Ints, labels: Ints
) -> Estimate | None:
    """The model's accuracy where a part that must not matter is that of another class.

    Its reader may see little of what the model takes from it and is then misled elsewhere. Swapped
    it fails for certain, wherever the donor has what tells its class: where its reader is sure of
    it. What is answered otherwise in the control, too, is damage and not counted. Where a swap
    leaves some of it behind, as one word of several, more is lost on examples whose label it surely
    contradicts: the figure then lies between, and its interval holds both. So it does where a mark
    is swapped with what lies about it, and less is lost on 15 examples or more that hold it. A part
    that is changed by what is usual, not by what each example has, leaves an unknown share behind:
    the interval then begins at 0.

    Args:
        found: the leaning on that part.
        part: what its swaps showed.
        again: what readers say.
        rows: position in the data of each example, shape (N,).
        labels: shape (N,).

    Returns:
        None where fewer than 15 donors are told by their part.
    """
    row_of = {int(position): row for row, position in enumerate(rows)}
    donors = np.array([row_of[one] for one in part.donors], np.int64)
    told = again.by_reader[found.name][donors] <= -SURE
    if told.sum() < _TOLD_DONORS:
        return None
    follows = np.array(part.answers, np.int64)[told] == labels[donors][told]
    low, high = wilson_bounds(float(follows.mean()), len(follows))
    damage = part.control.value

    def left(share: float) -> float:
        return found.accuracy_else * min(1.0, 1 - share + damage)

    swapped = Estimate(left(float(follows.mean())), left(high), left(low))
    if part.in_part:
        return Estimate(swapped.value, 0.0, swapped.high)
    if found.sure < (_FEWEST_MARKED if found.is_reserved else _FEWEST_HOLDING):
        return swapped
    lowest, highest = wilson_bounds(found.accuracy_sure, found.sure)
    if highest < swapped.low:
        return Estimate((swapped.value + found.accuracy_sure) / 2, lowest, swapped.high)
    if found.is_reserved and found.accuracy_sure > swapped.high:
        # With a mark go pixels about it that are not the cue.
        return between(Estimate(found.accuracy_sure, lowest, highest), swapped)
    return swapped


def between(seen: Estimate, swapped: Estimate | None) -> Estimate:
    """The middle of an accuracy that was seen and one of swaps, with an interval that holds both.

    Among images that look altered are some that look so by themselves, so that what is seen there
    is too much; swaps tell nothing of images of the class itself that are not altered.

    Args:
        seen: where the property misleads in the data.
        swapped: where it was given to examples; None: it was not.
    """
    if swapped is None:
        return seen
    low, high = min(seen.low, swapped.low), max(seen.high, swapped.high)
    return Estimate((seen.value + swapped.value) / 2, low, high)


def error_plateau(score: Floats, wrong: Bools, explained: Bools) -> float:
    """The error rate among examples like those whose errors are explained, in [0, 1].

    With errors for a random sample of the examples on which a feature fails, the mean of the local
    error rate over them is the error rate where it fails (Elkan and Noto, KDD 2008, equation 4).

    Args:
        score: how much the reader contradicts the label, shape (N,); somewhere above 0.
        wrong: errors of the model, shape (N,).
        explained: those that are the reader's answer, shape (N,); all errors where none is.
    """
    if not wrong.any():
        return 0.0
    positive = score > 0
    chosen = explained & positive if (explained & positive).any() else wrong
    edges = np.quantile(score[positive], np.linspace(0, 1, _BINS + 1)[1:-1])
    bins = np.searchsorted(edges, score)
    sizes = np.bincount(bins[positive], minlength=_BINS)
    errors = np.bincount(bins[positive], weights=wrong[positive], minlength=_BINS)
    rates = errors / np.maximum(sizes, 1)
    return float(rates[bins[chosen]].mean())


def lost(where_it_fails: Estimate, elsewhere: float) -> Estimate:
    """The accuracy lost where it fails, against elsewhere."""
    return Estimate(
        elsewhere - where_it_fails.value,
        elsewhere - where_it_fails.high,
        elsewhere - where_it_fails.low,
    )
