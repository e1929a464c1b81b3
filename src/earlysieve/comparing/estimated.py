"""A figure of a model, and how far it is from that of another."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

WHERE_MISLED = "where misled"
# Figures of which more is better, and which are shares of examples that are right.
RIGHT = ("accuracy", "worst group", "worst class", WHERE_MISLED, "reweighted accuracy")


@dataclass(frozen=True)
class Estimated:
    """A figure with its 95% interval; NaN where it has none."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True)
class Difference:
    """How far a line is from the first one, over the seeds that both have.

    Attributes:
        name: of the line.
        seeds: those of both; none of audits of the same examples with different seeds.
        figures: mean difference, with its t-interval where there are two seeds or more; of two
            audits of the same examples with a paired interval.
    """

    name: str
    seeds: tuple[int, ...]
    figures: Mapping[str, Estimated]
