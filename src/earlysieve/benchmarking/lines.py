"""A benchmark as lines: a method on a data set each."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earlysieve.groups.over_seeds import OverSeeds

if TYPE_CHECKING:
    import pandas as pd

# Figures in the order of tables, see `measures`; gap: best minus worst group. Averages are raw, and
# reweighted to the shares of the training groups; in the group mean groups count equally. The page
# shows the main ones.
MAIN = ("average", "group_mean", "worst_group", "worst_class", "gap")
SHOWN = (
    "average",
    "reweighted_average",
    "group_mean",
    "worst_group",
    "worst_class",
    "gap",
    "calibration_error",
    "bias_amplification",
    "largest_tpr_gap",
)
# What is about chance: less than this share of the way from chance to no errors.
_ABOUT_CHANCE = 0.1
FIGURES = (*SHOWN, "calibration_error_equal_mass", "brier", "nll", "mean_tpr_gap")


@dataclass(frozen=True)
class Line:
    """A method on a data set.

    Attributes:
        data, name, method, source: see `RunCell` and `Arm`.
        supervision: what it knows of true groups; see `supervision_of`.
        tuned: the settings that were searched; empty: none.
        runs: folders of its runs below that of the results, by seed.
        by_seed: figures on the test data, by seed.
        figures: their means over seeds, with 95% t-intervals.
        differences: from plain training, over the seeds that both have.
        cost: time of processors (on other devices: by the clock), that of what it needs included,
            relative to plain training; NaN where unknown.
        failed: why, by seed.
        groups: of the test data: name -> mean accuracy over seeds.
        trials: configurations that were tried, on validation data.
        chosen: settings that they chose; empty where nothing was tuned, or the plain method stayed
            and has none.
        stayed: whether they chose the plain method, so that the line is that one.
        chance: the accuracy of guessing, in (0, 1]; None where not known.
    """

    data: str
    name: str
    method: str
    source: str | None
    supervision: str
    tuned: str
    runs: Mapping[int, str]
    by_seed: Mapping[int, Mapping[str, float]]
    figures: Mapping[str, OverSeeds]
    differences: Mapping[str, OverSeeds]
    cost: float
    failed: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[str, float] = field(default_factory=dict)
    trials: int = 1
    chosen: Mapping[str, Any] = field(default_factory=dict)
    stayed: bool = False
    chance: float | None = None

    @property
    def guesses(self) -> bool:
        """Whether the mean over groups, or the average where none are known, is about chance."""
        mean = self.figures.get("group_mean") or self.figures.get("average")
        if mean is None or self.chance is None:
            return False
        return mean.mean <= self.chance + _ABOUT_CHANCE * (1 - self.chance)


@dataclass(frozen=True)
class BenchmarkResult:
    """What a benchmark came to.

    Attributes:
        folder: of the results.
        protocol: as plain values; digest: of it.
        lines: one for each method and data set, in the order in which they were added.
    """

    folder: Path
    protocol: Mapping[str, Any]
    digest: str
    lines: tuple[Line, ...]

    @property
    def table(self) -> "pd.DataFrame":
        """A data frame with one row per line; figures and differences as numbers, else NaN."""
        import pandas as pd

        return pd.DataFrame([_numbers(line) for line in self.lines])


def row_name(line: Line) -> str:
    """The method, with a mark where a search left it plain."""
    return f"{line.name} (plain)" if line.stayed else line.name


def seeds_of(line: Line) -> str:
    """How many seeds are finished; of how many, where others failed."""
    return of_all(len(line.by_seed), line)


def of_all(count: int, line: Line) -> str:
    """A number of seeds, with that of all seeds of the line where it is less."""
    total = len(line.by_seed.keys() | line.failed.keys())
    return f"{count} of {total}" if count < total else str(count)


def failures(line: Line) -> str:
    """Which seeds failed and why; a reason, and what to do, is said once where it is the same."""
    told = [(f"seed {', '.join(map(str, who))}", why) for why, who in reasons(line).items()]
    parted = [(who, *why.partition("; ")) for who, why in told]
    advice = {what_to_do for *_, what_to_do in parted}
    if len(parted) > 1 and len(advice) == 1 and "" not in advice:
        return "; ".join(f"{who}: {why}" for who, why, *_ in parted) + f"; for all: {advice.pop()}"
    return "; ".join(f"{who}: {why}" for who, why in told)


def reasons(line: Line) -> dict[str, list[int]]:
    """The seeds that failed, by the reason, which says how a benchmark gives a setting."""
    seeds: dict[str, list[int]] = {}
    for seed, why in line.failed.items():
        # What it needs has the same seed.
        told = why.replace(f", seed {seed} failed: ", " failed: ")
        seeds.setdefault(_with_option(line, told), []).append(seed)
    return seeds


def _with_option(line: Line, why: str) -> str:
    found = re.search(r"\bset (min_group)=(\d+)", why)
    if found is None:
        return why
    key, value = found.groups()
    spec = line.method if line.source in (None, "true") else f"{line.method}@{line.source}"
    return why.replace(
        found[0],
        f"set {key}={value} (--set {spec}.{key}={value} with another --out, or in a --grid one "
        f"more line: {{method: {spec}, name: ANOTHER, settings: {{{key}: {value}}}}})",
    )


def _numbers(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {
        "data": line.data,
        "name": line.name,
        "method": line.method,
        "source": line.source,
        "seeds": len(line.by_seed),
        "supervision": line.supervision,
        "tuned": line.tuned,
        "trials": line.trials,
        "stayed": line.stayed,
        "cost": line.cost,
    }
    for ending, found in (("", line.figures), ("_minus_erm", line.differences)):
        for name in FIGURES:
            one, key = found.get(name), f"{name}{ending}"
            row |= {
                key: math.nan if one is None else one.mean,
                f"{key}_low": math.nan if one is None else one.low,
                f"{key}_high": math.nan if one is None else one.high,
            }
    return {**row, "failed": failures(line)}


def by_data(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """The lines of each data set."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.data, []).append(line)
    return found
