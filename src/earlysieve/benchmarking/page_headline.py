"""What the page of a benchmark says first of a data set: who gains most, and at whose cost."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.benchmarking.lines import Line, of_all
from earlysieve.benchmarking.written import interval

if TYPE_CHECKING:
    from earlysieve.groups.over_seeds import OverSeeds

_Compared = tuple["OverSeeds", Line]
_CHANCE = "which may be chance"


def best(lines: Sequence[Line]) -> str:
    """A sentence on a data set: who gains most, and whether that is more than chance.

    A model that guesses fails no group more than another: its gain in the worst one is none. A
    method of which seeds failed is named only beside those that are whole, or where none is.

    Args:
        lines: of one data set.
    """
    name, worst = lines[0].data, _worst(lines)
    called = worst.replace("_", " ")
    compared = [(line.differences[worst], line) for line in lines if worst in line.differences]
    if not compared:
        return f"{name}: nothing to compare with plain training yet."
    whole = [one for one in compared if not _partial(*one)]
    first = whole or compared
    good = [one for one in first if not one[1].guesses]
    gain, line = max(good or first, key=lambda one: one[0].mean)
    if gain.mean <= 0 or not good:
        told, above = f"no method gains in the {called}", 0.0
    else:
        told, above = f"{line.name} gains most in the {called}, {_gain(gain, line)}", gain.mean
        told += f"{_at_whose_cost(line)}; it knows: {line.supervision}"
    others = [one for one in compared if one not in first and not one[1].guesses]
    beside = [one for one in others if one[0].mean > above]
    return f"{name}: {told}{_of_some_seeds(beside)}{_guessing(compared)}."


def _partial(gain: "OverSeeds", line: Line) -> bool:
    """Whether the method, or plain training, failed with some of the seeds."""
    return bool(line.failed) or " of " in of_all(gain.seeds, line)


def _gain(gain: "OverSeeds", line: Line) -> str:
    """The gain, with how sure it is."""
    told = interval(gain, "+.3f")
    if _partial(gain, line):
        told += f" on {of_all(gain.seeds, line)} seeds"
    if math.isnan(gain.low):
        return f"{told}, no interval" if _partial(gain, line) else f"{told}, of one seed, {_CHANCE}"
    return told if gain.low > 0 else f"{told}, {_CHANCE} (the interval does not lie above 0)"


def _of_some_seeds(compared: Sequence[_Compared]) -> str:
    """Whose gain would be larger, if the seeds that failed were like the others."""
    told = (f"{line.name} comes to {_gain(gain, line)}" for gain, line in compared)
    return "".join(f"; {one}" for one in told)


def _at_whose_cost(line: Line) -> str:
    """What became of the mean over groups."""
    change = line.differences.get("group_mean")
    if change is None or not line.figures.get("group_mean"):
        return ""
    mean = line.figures["group_mean"].mean
    how = f"{interval(change, '+.3f')}, to {mean:.3f}"
    falls = round(change.mean, 3) < 0
    return f"; its mean over groups {f'falls, {how}' if falls else f'changes by {how}'}"


def _guessing(compared: Sequence[_Compared]) -> str:
    """Whose gain is none, since its answers are about as good as guesses."""
    told = []
    for gain, line in compared:
        if line.guesses and gain.mean > 0:
            which = "group_mean" if "group_mean" in line.figures else "average"
            mean = "mean over groups" if which == "group_mean" else "average"
            told.append(
                f"{line.name} only levels the groups down ({gain.mean:+.3f}): its {mean}, "
                f"{line.figures[which].mean:.3f}, is about that of guesses, {line.chance:.3f}"
            )
    return "".join(f"; {one}" for one in told)


def _worst(lines: Sequence[Line]) -> str:
    some = any("worst_group" in one.differences for one in lines)
    return "worst_group" if some else "worst_class"
