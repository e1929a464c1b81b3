"""Which examples give to which."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Ints
from earlysieve.auditing.swaps.pool import Pool, evenly


@dataclass(frozen=True)
class Pairs:
    """Rows of a pool, three of a length: who gets a part, from whom, and from whom in the control.

    For swaps between classes: a receiver that is read correctly, a donor of another class, another
    example of the receiver's class. For errors: an error, an example of its true class, another
    one of the class that was predicted. Donors are always read correctly.
    """

    receivers: Ints
    donors: Ints
    controls: Ints

    def __len__(self) -> int:
        return len(self.receivers)

    def slice(self, start: int, stop: int) -> "Pairs":
        """Some of them."""
        part = slice(start, stop)
        return Pairs(self.receivers[part], self.donors[part], self.controls[part])


def between_classes(
    pool: Pool,
    usable: Bools,
    count: int,
    rng: np.random.Generator,
    donors: Bools | None = None,
) -> Pairs:
    """Up to `count` receivers, the classes evenly, each with a donor of another random class."""
    givers = _by_class(pool, usable)
    alike = givers if donors is None else _by_class(pool, donors)
    found = []
    for row in evenly(np.flatnonzero(pool.right & usable), pool.labels, rng):
        own = int(pool.labels[row])
        others = [kind for kind in alike if kind != own]
        same = givers[own][givers[own] != row]
        if others and len(same):
            donor = rng.choice(alike[int(rng.choice(others))])
            found.append((row, donor, rng.choice(same)))
        if len(found) == count:
            break
    return _pairs(found)


def for_errors(
    pool: Pool,
    usable: Bools,
    count: int,
    rng: np.random.Generator,
    errors: Bools | None = None,
    controls: Bools | None = None,
) -> Pairs:
    """Up to `count` errors, each with an example of its true and one of its predicted class.

    Those of the predicted class are among `controls`, where these are given.
    """
    givers = _by_class(pool, usable)
    alike = givers if controls is None else _by_class(pool, controls)
    found = []
    for row in rng.permutation(
        np.flatnonzero(~pool.right & (usable if errors is None else errors))
    ):
        true, said = int(pool.labels[row]), int(pool.predictions[row])
        if true in givers and said in alike:
            found.append((row, rng.choice(givers[true]), rng.choice(alike[said])))
        if len(found) == count:
            break
    return _pairs(found)


def _by_class(pool: Pool, usable: Bools) -> dict[int, Ints]:
    fit = pool.right & usable
    kinds = np.unique(pool.labels[fit])
    return {int(kind): np.flatnonzero(fit & (pool.labels == kind)) for kind in kinds}


def _pairs(found: Sequence[tuple[int, int, int]]) -> Pairs:
    rows = np.array(found, np.int64).reshape(len(found), 3)
    return Pairs(rows[:, 0], rows[:, 1], rows[:, 2])
