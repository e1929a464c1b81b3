"""How much may be tried."""

import math
import re
import time
from dataclasses import dataclass, field

from earlysieve.errors import InputError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|trials?)")


class BudgetSpentError(Exception):
    """The time ended within a trial: what was finished before counts, and this one may go on."""


@dataclass
class Budget:
    """A limit of time or of trials; without either, everything is tried.

    Attributes:
        seconds: since the budget was opened, above 0; infinite where time does not matter.
        trials: candidates beside "no change", at least 1; None: all.
        text: as it was given; empty: no limit.
    """

    seconds: float = math.inf
    trials: int | None = None
    _opened: float = field(default_factory=time.monotonic)
    text: str = ""
    _used: int = 0
    _before: float = 0.0

    @property
    def spent(self) -> float:
        """Seconds since it was opened, and those of trials that an earlier call had done."""
        return time.monotonic() - self._opened + self._before

    def allows(self, estimate: float = 0.0) -> bool:
        """Whether one more trial fits that takes about `estimate` seconds."""
        if self.trials is not None and self._used >= self.trials:
            return False
        return self.spent + estimate < self.seconds

    def check(self) -> None:
        """Raise where the time is over.

        Raises:
            BudgetSpentError: it is.
        """
        if self.spent >= self.seconds:
            raise BudgetSpentError

    def use(self, before: float = 0.0) -> None:
        """Count one trial, and the seconds that an earlier call had spent on it."""
        self._used += 1
        self._before += before


def parse_budget(text: str | None) -> Budget:
    """A budget from "10m", "90s", "2h" or "20trials"; None: no limit.

    Raises:
        InputError: it is none of these, or 0.
    """
    if text is None:
        return Budget()
    found = _FORM.fullmatch(text.strip().lower())
    value = float(found.group(1)) if found else 0.0
    if found is None or not 0 < value < math.inf or (found.group(2)[0] == "t" and value % 1):
        raise InputError(
            f"Expected a budget such as 10m, 90s, 2h or 20trials, but got '{text}'; give a number "
            "above 0 with s, m, h or trials"
        )
    unit = found.group(2)
    named = text.strip()
    if unit[0] == "t":
        return Budget(trials=int(value), text=named)
    return Budget(seconds=value * _UNITS[unit], text=named)
