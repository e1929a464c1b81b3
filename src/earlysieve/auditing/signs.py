"""The signs that readers give, and what they say without any swap.

Every sign may be missing; a missing one speaks neither for nor against.
"""

import math
from dataclasses import dataclass

from earlysieve.auditing.recover import Recovery

FEWEST = 10
REPEATS = 0.42
OWN_TELLS = 0.62
ERRS = 0.5
TIMES_WORSE = 15.0
TELLS_ALL = 0.93
OUTDONE = 1.05
_ENOUGH = 2.5


@dataclass(frozen=True)
class Signs:
    """What is known before any part is swapped.

    Attributes:
        examples, errors: how many.
        accuracy: of the model, in [0, 1].
        simple_reads: what the simplest reader (first layer pooled over positions, or the columns
            of a table) achieves of what the model achieves above chance; None where there is none.
        best_reads: the same for the best reader of all.
        flagged: examples that the early reader misreads with confidence.
        repeats_low: lower 95% bound of the share of these on which the model gives the same wrong
            answer.
        errs_flagged, errs_else: share of errors of the model there and elsewhere.
        recovery_z: how far suspicious errors are recovered above the null, in standard errors.
        own_tells: how well the model's own confidence tells its errors within a predicted class
            (AUROC); near one half where labels are wrong at random.
        cost: accuracy that recovering them costs elsewhere.
        seen: whether the model was trained on these data; None where that is not known.
    """

    examples: int
    errors: int
    accuracy: float
    simple_reads: float | None
    best_reads: float
    flagged: int
    repeats_low: float | None
    errs_flagged: float | None
    errs_else: float | None
    recovery_z: float | None
    cost: float | None
    own_tells: float | None = None
    seen: bool | None = None


def times_worse(signs: Signs) -> float:
    """How many times as often the model errs where an early reader is misled as elsewhere.

    Elsewhere, one more error than seen is assumed, so that the ratio is finite; NaN where unknown.
    """
    if signs.errs_flagged is None or signs.errs_else is None:
        return math.nan
    calm = max(signs.examples - signs.flagged, 1)
    return signs.errs_flagged / (signs.errs_else + 1 / calm)


def strength(signs: Signs) -> float:
    """The evidence that errors are those of a shortcut: recovery, and where errors gather."""
    ratio = times_worse(signs)
    gathered = 0.0 if math.isnan(ratio) or ratio <= 0 else 2 * math.log(ratio / TIMES_WORSE)
    z = 0.0 if signs.recovery_z is None or math.isnan(signs.recovery_z) else signs.recovery_z
    return z + gathered


def outdone(signs: Signs) -> bool:
    """Whether readers beat the model, or mend its errors for nothing: it is not well trained."""
    mended = signs.cost is not None and signs.cost < 0 and (signs.recovery_z or 0) > 2
    return signs.best_reads > OUTDONE or mended


def leans(signs: Signs) -> bool:
    """Whether the model errs, and repeatably, where something simple misleads."""
    repeats = signs.repeats_low is not None and signs.repeats_low >= REPEATS
    random = signs.own_tells is not None and signs.own_tells < OWN_TELLS
    errs = signs.errs_flagged is not None and signs.errs_flagged >= ERRS
    gathered = times_worse(signs) >= TIMES_WORSE
    enough = gathered and strength(signs) >= _ENOUGH
    return repeats and errs and enough and not random and not outdone(signs)


def first_verdict(signs: Signs) -> str:
    """What the signs say alone: "shortcut", "at risk", "none found" or "inconclusive"."""
    if signs.seen or outdone(signs):
        return "inconclusive"
    if leans(signs):
        return "shortcut" if signs.flagged >= FEWEST else "at risk"
    if signs.simple_reads is not None and signs.simple_reads >= TELLS_ALL:
        return "at risk"
    return "none found"


def recovery_signs(found: Recovery | None) -> tuple[float | None, float | None]:
    """z and cost, as `Signs` takes them."""
    return (None, None) if found is None else (found.z, found.cost)


def power(examples: int, errors_elsewhere: float, share: float, reliance: float = 0.2) -> float:
    """The probability that a reliance would have been called, given what is here.

    A feature that fails on `share` of the examples would add reliance * share * examples errors
    where the early reader is misled. It is called where errors there are `TIMES_WORSE` times as
    frequent as elsewhere and there are ten of them at least; their number is binomial.

    Args:
        examples: N.
        errors_elsewhere: share of errors where nothing misleads, in [0, 1].
        share: of examples on which the feature would fail, in (0, 1).
        reliance: accuracy lost where it fails, in (0, 1].
    """
    from scipy.stats import binom

    failing_examples = max(1, round(examples * share))
    fewest = max(10, math.ceil(min(1.0, TIMES_WORSE * errors_elsewhere) * failing_examples))
    chance = min(1.0, errors_elsewhere + reliance)
    return float(binom.sf(fewest - 1, failing_examples, chance))
