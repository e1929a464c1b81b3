"""What the page of a benchmark says first of a data set: who gains, at whose cost, who loses."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.benchmarking.lines import Line
from earlysieve.benchmarking.written import interval

if TYPE_CHECKING:
    from earlysieve.groups.over_seeds import OverSeeds

_Compared = tuple["OverSeeds", Line]
_CHANCE = "which may be chance"


def best(lines: Sequence[Line]) -> str:
    """A sentence on a data set: who gains most, and whether that is more than chance.

    A model that guesses fails no group more than another: its gain in the worst one is none. A
    method that lacks seeds of the others, failed or not run, is named only beside those that are
    whole, or where none is. A gain whose interval lies above 0 comes before a larger one that may
    be chance.

    Args:
        lines: of one data set.
    """
    name, worst = lines[0].data, _worst(lines)
    called = worst.replace("_", " ")
    compared = [(line.differences[worst], line) for line in lines if worst in line.differences]
    if not compared:
        return f"{name}: nothing to compare with plain training yet."
    seeds = max(_seeds(line) for line in lines)
    whole = [one for one in compared if not _partial(*one, seeds)]
    first = whole or compared
    good = [one for one in first if not one[1].guesses]
    sure = [one for one in good if one[0].low > 0]
    gain, line = max(sure or good or first, key=lambda one: one[0].mean)
    others = [one for one in compared if not one[1].guesses and one[1] is not line]
    if gain.mean <= 0 or not good:
        told, above = f"no method gains in the {called}", 0.0
    else:
        larger = any(one in first and one[0].mean > gain.mean for one in others)
        most = " of those whose interval lies above 0" if larger else ""
        above = gain.mean
        told = f"{line.name} gains most in the {called}{most}, {_gain(gain, line, seeds)}"
        told += f"{_at_whose_cost(line)}; it knows: {line.supervision}"
    beside = [one for one in others if one[0].mean > above]
    return (
        f"{name}: {told}{_larger(beside, seeds)}{_guessing(compared)}."
        f"{_worse(compared, called, seeds)}"
    )


def _seeds(line: Line) -> int:
    return len(line.by_seed.keys() | line.failed.keys())


def _partial(gain: "OverSeeds", line: Line, seeds: int) -> bool:
    """Whether the method, or plain training, lacks some of the seeds of the data set."""
    return bool(line.failed) or gain.seeds < seeds


def _gain(gain: "OverSeeds", line: Line, seeds: int) -> str:
    """The gain, with how sure it is."""
    told = interval(gain, "+.3f")
    partial = _partial(gain, line, seeds)
    if partial:
        told += f" on {gain.seeds} of {seeds} seeds" if gain.seeds < seeds else f" on {seeds} seeds"
    if math.isnan(gain.low):
        return f"{told}, no interval" if partial else f"{told}, of one seed, {_CHANCE}"
    return told if gain.low > 0 else f"{told}, {_CHANCE} (the interval does not lie above 0)"


def _larger(compared: Sequence[_Compared], seeds: int) -> str:
    """Whose gain would be larger, if it is no chance and missing seeds were like the others."""
    told = (f"{line.name} comes to {_gain(gain, line, seeds)}" for gain, line in compared)
    return "".join(f"; {one}" for one in told)


def _worse(compared: Sequence[_Compared], called: str, seeds: int) -> str:
    """Who is worse than plain training by more than chance."""
    told = [
        f"{line.name} ({interval(gain, '+.3f')}"
        + (f" on {gain.seeds} of {seeds} seeds)" if gain.seeds < seeds else ")")
        for gain, line in compared
        if gain.high < 0
    ]
    if not told:
        return ""
    return f" Worse than erm in the {called} by more than chance: {', '.join(told)}."


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
