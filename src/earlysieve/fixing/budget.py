"""How much may be tried."""

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from earlysieve.errors import InputError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|trials?)")


class BudgetSpentError(Exception):
    """The time ends within a trial: what was finished before counts, and this one may go on."""


@dataclass
class Budget:
    """A limit of time or of trials; without either, everything is tried.

    Attributes:
        seconds: since the budget was opened, above 0; infinite where time does not matter.
        trials: candidates beside "no change", at least 1; None: all.
        text: as it was given; empty: no limit.
        clock: tells seconds.
        reserved: seconds, of all, that are kept for what comes after the trials.
    """

    seconds: float = math.inf
    trials: int | None = None
    text: str = ""
    clock: Callable[[], float] = time.monotonic
    reserved: float = 0.0
    _opened: float = field(init=False)
    _used: int = 0
    _before: float = 0.0

    def __post_init__(self) -> None:
        self._opened = self.clock()

    @property
    def spent(self) -> float:
        """Seconds since it was opened, and those that an earlier call had spent."""
        return self.clock() - self._opened + self._before

    def allows(self, estimate: float = 0.0) -> bool:
        """Whether one more trial fits that takes about `estimate` seconds."""
        return not self.all_tried and self.has_time(estimate)

    @property
    def timed(self) -> bool:
        """Whether time is limited."""
        return math.isfinite(self.seconds)

    @property
    def all_tried(self) -> bool:
        """Whether as many candidates were tried as are allowed."""
        return self.trials is not None and self._used >= self.trials

    def has_time(self, estimate: float = 0.0) -> bool:
        """Whether `estimate` seconds are left beside those that are reserved."""
        return self.spent + estimate + self.reserved < self.seconds

    def check(self, estimate: float = 0.0) -> None:
        """Raise where the time is over, or will be before `estimate` seconds have passed.

        Raises:
            BudgetSpentError: it is.
        """
        if not self.has_time(estimate):
            raise BudgetSpentError

    def use(self, before: float = 0.0) -> None:
        """Count one trial, and the seconds that an earlier call had spent on it."""
        self._used += 1
        self.count(before)

    def count(self, before: float) -> None:
        """Count seconds that an earlier call had spent."""
        self._before += before


class Pace:
    """Ends what the budget has no time to finish, as soon as it is seen how fast it goes.

    Args:
        budget: that has to hold.
        fewest: calls after the first from which on the speed is believed.
    """

    def __init__(self, budget: Budget, fewest: int) -> None:
        self._budget, self._fewest = budget, fewest
        self._calls, self._start = -1, (0.0, 0.0)

    def __call__(self, done: float) -> None:
        """Go on, or not.

        Args:
            done: share that is done, in [0, 1]; that of the first call is where it begins.

        Raises:
            BudgetSpentError: the time is over, or will be.
        """
        now = self._budget.clock()
        self._calls += 1
        if self._calls == 0:
            self._start = (now, done)
        began, before = self._start
        known = self._calls >= self._fewest and done > before
        self._budget.check((now - began) / (done - before) * (1 - done) if known else 0.0)


def parse_budget(text: "str | Budget | None") -> Budget:
    """A budget from "10m", "90s", "2h" or "20trials", which is opened now; None: no limit.

    Raises:
        InputError: it is none of these, or 0.
    """
    if text is None:
        return Budget()
    if isinstance(text, Budget):
        return text
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
