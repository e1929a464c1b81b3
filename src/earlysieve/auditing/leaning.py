"""What the model's errors have to do with one simple thing.

A reader that sees one property of the inputs, or one early layer, is misled by some examples. A
model that leans on the property errs there far more often than elsewhere, gives the reader's very
answer, and errs although the rest of the example speaks for the label: other properties side with
it. Where an example is hard or its label wrong, they do not. And the answer moves when the
property is swapped. Each of these is a sign between about -2 and 1.5; their sum is the strength.
"""

import math
from dataclasses import dataclass

from earlysieve._readable import VALUES
from earlysieve.auditing.marks import is_reserved
from earlysieve.auditing.swaps.table_parts import DIRECTION
from earlysieve.auditing.swaps.two_columns import PAIR

FEWEST_EXPLAINED = 5
_FAR_MORE, _HARDLY_FOLLOWED = 0.3, 0.12
HALF = 2  # errors that are assumed on either side where a share is shrunk towards one half


@dataclass(frozen=True)
class Leaning:
    """One simple thing and the model's errors.

    Attributes:
        name: of the property or the view of a layer.
        of_network: whether it is a view of a layer.
        whole: whether it is so large a part of an example (a half) that it may well be what the
            task is about.
        reads: what its reader achieves of what the model achieves above chance.
        misread: examples that its reader gets wrong.
        sure: examples on which it contradicts the label by 0.3 or more; of a word or phrase of one
            class among several, also those of that class that are without it.
        accuracy: of the model where it is misread; NaN where it never is.
        accuracy_else: of the model elsewhere.
        accuracy_sure: of the model where it contradicts the label surely; NaN where it never does.
        explained: errors of the model that are the reader's very answer.
        times_worse: how many times as often the model errs where it is misread.
        recovered: share of explained errors on which the reader of another property prefers the
            label, by the one that does so most often; shrunk towards one half. NaN for too few.
        recovered_by: that property.
        own_tells: how well the model's confidence tells explained errors from right answers of the
            same class (AUROC); near one half where labels are wrong at random. Of errors on which
            the reader is sure, where these are enough. NaN for too few.
        followed, mended: of its swaps, see `PartFound.effect` and `mending`; NaN if not swapped.
        irrelevant: the user said that the answer must not depend on it.
        relevant: the user said that it belongs to the task: it is shown, and no verdict counts it.
        at_edge: how well the reader's own doubt tells the examples that it misreads from those of
            which it says the same and is right (AUROC): near 1 where it is misled only where its
            classes meet, near one half where what it sees looks like any of the other class. NaN
            for too few.
        explained_share: of the model's errors, `explained`; NaN where it makes none.
        besides: of values of a column, how well all other columns tell their class in rows that
            hold them against other rows of that class (AUROC): near one half where they tell it as
            well there, so that nothing hangs on the value; lower where the value adds to them. NaN
            where the others hardly tell the class at all.
        lost_without: of values of a column, the share of right answers that is lost in rows whose
            class they say, when they are swapped for other values, against other rows of that
            class; both less what the class gets by chance. NaN where that is not known.
        of_class: name of the class that a property, word or phrase of one class speaks for; empty
            of any other, and where that is not one class alone.
    """

    name: str
    of_network: bool
    whole: bool
    reads: float
    misread: int
    sure: int
    accuracy: float
    accuracy_else: float
    explained: int
    times_worse: float
    recovered: float
    recovered_by: str
    own_tells: float
    followed: float
    mended: float
    irrelevant: bool = False
    accuracy_sure: float = math.nan
    at_edge: float = math.nan
    explained_share: float = math.nan
    besides: float = math.nan
    lost_without: float = math.nan
    relevant: bool = False
    of_class: str = ""

    @property
    def of_table(self) -> bool:
        """Whether it is a column of a table, or several, which are swapped exactly."""
        single = self.name.startswith("column ")
        return not self.of_network and (single or self.is_combined)

    @property
    def is_column(self) -> bool:
        """Whether it is one variable of a table by itself."""
        return self.of_table and not self.is_combined

    @property
    def is_combined(self) -> bool:
        """Whether it is what several columns of a table say together."""
        return self.name == DIRECTION or self.name.startswith(PAIR)

    @property
    def is_pair(self) -> bool:
        """Whether it is what two columns of a table say together."""
        return not self.of_network and self.name.startswith(PAIR)

    @property
    def is_reserved(self) -> bool:
        """Whether its reader speaks only where it is sure, as that of a mark."""
        return is_reserved(self.name)

    @property
    def is_value(self) -> bool:
        """Whether it is single values of a column of a table."""
        return not self.of_network and self.name.startswith(VALUES)

    @property
    def sided(self) -> str:
        """On how many of the errors that it explains the other property prefers the label.

        Such as "21 of the 34 errors that it explains"; `recovered` is their share, shrunk.
        """
        count = round(self.recovered * (self.explained + 2 * HALF)) - HALF
        return f"{count:,} of the {self.explained:,} errors that it explains"

    @property
    def evidence(self) -> float:
        """The sum of its signs; NaN where too few errors are explained."""
        found = strength(self)
        return math.nan if found is NOTHING else found.total


def is_unused(reads: float, known: float, followed: float) -> bool:
    """Whether a column tells far more than a model and its layers do, and answers hardly follow it.

    Args:
        reads: of its reader, see `Leaning`.
        known: of the best reader of a layer.
        followed: of its swaps.
    """
    return reads > max(1.0, known) + _FAR_MORE and followed < _HARDLY_FOLLOWED


# --- signs ----------------------------------------------------------------------------------------

GATHER, GATHER_SCALE = 12.0, math.log(3.0)
RECOVER, RECOVER_SCALE, RECOVER_FULL = 0.5, 0.15, 20
SWAP, SWAP_SCALE = 0.45, 0.25
_LEAST_EXPLAINED = 0.25
OWN, OWN_SCALE = 0.58, 0.08
READ, READ_SCALE = 0.85, 0.08


@dataclass(frozen=True)
class Strength:
    """The signs of a leaning, each 0 where it is missing.

    Attributes:
        gathers: errors gather where the reader is misled.
        recovers: the rest of the example speaks for the label.
        swaps: errors are mended, and answers follow, when the part is swapped.
        confidence: the model is less sure of these errors than of right answers.
        reads: the property tells nearly as much as the model.
    """

    gathers: float
    recovers: float
    swaps: float
    confidence: float
    reads: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.speaking + self.confidence + self.reads

    @property
    def speaking(self) -> float:
        """The sum of those that speak of the property itself.

        A property may tell much, and a model be unsure of its errors, where nothing misleads.
        """
        return self.gathers + self.recovers + self.swaps


NOTHING = Strength(-2.0, -2.0, -2.0, -2.0, -2.0)


def strength(found: Leaning) -> Strength:
    """The signs of one leaning; `NOTHING` where too few errors are explained."""
    if found.explained < FEWEST_EXPLAINED or math.isnan(found.times_worse):
        return NOTHING
    share = min(1.0, found.explained / RECOVER_FULL)
    moved = min(_mended(found), 2 * found.followed + 0.3)
    return Strength(
        gathers=_within(math.log(max(found.times_worse, 1e-9) / GATHER) / GATHER_SCALE, -1.5, 1.5),
        recovers=share * _within((found.recovered - RECOVER) / RECOVER_SCALE, -1.5, 1.5),
        swaps=_within((moved - SWAP) / SWAP_SCALE, -0.5, 1.5)
        * (0.5 if found.name == "place" else 1),
        confidence=_within((found.own_tells - OWN) / OWN_SCALE, -2.0, 0.5),
        reads=_within((found.reads - READ) / READ_SCALE, -2.0, 0.75),
    )


def _mended(found: Leaning) -> float:
    """Of a table, where nothing but the part is swapped: of the errors that the part can explain.

    Errors that are mended are drawn from all of them.
    """
    # min(1.0, nan) is 1.0: what is not known must not become the strongest there is.
    if not found.of_table or math.isnan(found.explained_share) or math.isnan(found.mended):
        return found.mended
    return min(1.0, found.mended / max(found.explained_share, _LEAST_EXPLAINED))


def _within(value: float, low: float, high: float) -> float:
    return 0.0 if math.isnan(value) else max(low, min(high, value))
