"""Whether other models are better than one by more than the choice of examples explains."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve.groups.selection_rules import Answers, Rule

LEVEL = 0.95
DRAWS = 1000
_AT_ONCE = 2_000_000  # numbers that are drawn at a time
_TIE = 1e-9  # below it a difference is one of rounding


@dataclass(frozen=True, eq=False)
class Margins:
    """How far other models are ahead of one.

    Attributes:
        ahead: score of each minus that of the one, shape (K,).
        low: lower ends of simultaneous intervals of `ahead`, shape (K,).
        enough: whether enough examples differ to say anything, shape (K,).
    """

    ahead: Floats
    low: Floats
    enough: Bools

    @property
    def beyond_noise(self) -> Bools:
        """Which ones are better by more than the choice of examples explains, shape (K,)."""
        return self.enough & (self.low > _TIE)


def paired_margins(
    rule: Rule,
    unchanged: Answers,
    others: Sequence[Answers],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = LEVEL,
) -> Margins:
    """A paired bootstrap of what a rule says of several models of the same examples.

    Examples are drawn with replacement, the same ones for all models; a cell of which none is drawn
    is left out. With D the difference to the unchanged model, D* that of a draw and s the
    deviation of D* (each per candidate), the q-quantile of max_k |D*_k - D_k| / s_k over the
    draws, q = `level`, makes the intervals D_k +- q s_k hold for all candidates at once: the more
    of them, the wider (the studentised maximum of Romano and Wolf, Econometrica 2005, one step; the
    bootstrap idea of White, "A Reality Check for Data Snooping", Econometrica 2000).
    A few examples have no choice to speak of; so at least n must differ, where n is
    the least with 2 (1/2)^n K <= 1 - `level`: a sign test says as much if all of n speak for the
    candidate.

    Args:
        rule: what is compared.
        unchanged: the model that stays unless another is better.
        others: K >= 1 candidates; labels and groups are those of `unchanged`.
        draws: how many.
        seed: of a generator of its own.
        level: of the intervals, in (0, 1).

    Raises:
        InputError: something is missing that the rule needs.
    """
    cells = rule.cells(unchanged)
    values = np.stack([rule.value(one) for one in (unchanged, *others)], axis=1)
    known = cells.place >= 0
    rows, place = values[known], cells.place[known]
    ahead = _ahead(rule, np.stack([cells.means(column) for column in values.T], 1), cells.sizes)
    drawn = np.stack(list(_drawn(rule, rows, place, len(cells.sizes), draws, seed)))
    deviation = drawn.std(axis=0)
    away = np.abs(drawn - ahead) / np.where(deviation > 0, deviation, 1.0)
    reach = float(np.quantile(away.max(axis=1), level))
    differing = (rows[:, 1:] != rows[:, :1]).sum(axis=0)
    return Margins(ahead, ahead - reach * deviation, differing >= fewest(len(others), level))


def fewest(candidates: int, level: float = LEVEL) -> int:
    """How many examples have to differ before a candidate can be better than noise."""
    return math.ceil(math.log2(2 * candidates / (1 - level)))


def _ahead(rule: Rule, means: Floats, sizes: Ints) -> Floats:
    scores = rule.combine(means, sizes)
    return np.asarray(scores[1:] - scores[0])


def _drawn(
    rule: Rule, rows: Floats, place: Ints, cells: int, draws: int, seed: int
) -> Iterator[Floats]:
    """The differences of each draw, shape (K,).

    Examples that look the same to the rule are drawn together, by their number.
    """
    keyed = np.concatenate([place[:, None].astype(np.float64), rows], axis=1)
    patterns, counts = np.unique(keyed, axis=0, return_counts=True)
    of_cell, figures = patterns[:, 0].astype(np.int64), patterns[:, 1:]
    ends = np.searchsorted(of_cell, np.arange(cells + 1))
    rng = np.random.default_rng(seed)
    step = max(1, _AT_ONCE // len(patterns))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        times = rng.multinomial(int(counts.sum()), counts / counts.sum(), size=size)
        parts = [slice(*pair) for pair in pairwise(ends)]
        sizes = np.stack([times[:, part].sum(axis=1) for part in parts], 1)
        sums = np.stack([times[:, part] @ figures[part] for part in parts], 1)
        for here, total in zip(sizes, sums, strict=True):
            present = here > 0
            yield _ahead(rule, total[present] / here[present, None], here[present])
