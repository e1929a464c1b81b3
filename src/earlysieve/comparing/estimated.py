"""A figure of a model."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimated:
    """A figure with its 95% interval; NaN where it has none."""

    value: float
    low: float = math.nan
    high: float = math.nan
