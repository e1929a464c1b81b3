"""What the model's errors have to do with one simple thing.

A reader that sees one property of the inputs, or one early layer, is misled by some examples. A
model that leans on the property errs there far more often than elsewhere, gives the reader's very
answer, and errs although the rest of the example speaks for the label: other properties side with
it. Where an example is hard or its label wrong, they do not. And the answer moves when the
property is swapped. Each of these is a sign between about -2 and 1.5; their sum is the strength.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve._readable import VALUES
from earlysieve.auditing.doubt import SURE
from earlysieve.auditing.evidence import chance, readability
from earlysieve.auditing.marks import (
    OF_ONE_CLASS,
    ONE_WORD,
    PHRASE,
    base_of,
    denied,
    is_reserved,
)
from earlysieve.auditing.patches import PATCH
from earlysieve.auditing.properties import (
    BESIDES,
    OTHER_COLUMNS,
    OTHER_DIRECTIONS,
    OTHER_THAN_PAIR,
    OTHER_TOKENS,
    TOKEN,
    part_of,
)
from earlysieve.auditing.scores import auroc
from earlysieve.auditing.second_look import SecondLook
from earlysieve.auditing.surroundings import BACKGROUND
from earlysieve.auditing.swaps.found import PartFound, Swaps
from earlysieve.auditing.swaps.table_parts import DIRECTION, PAIR, is_of
from earlysieve.auditing.text_kinds import KINDS, PLAIN_WORDS
from earlysieve.auditing.topics import BEYOND_TOPIC, TOPIC
from earlysieve.auditing.vignettes import VIGNETTE

FEWEST_EXPLAINED = 5
_FEWEST_MISREAD = 3
_WORDS = (PLAIN_WORDS, OTHER_TOKENS, TOKEN)
_FEWEST_SWAPPED, _FEWEST_OF_ONE_CLASS = 8, 3
_FAR_MORE, _HARDLY_FOLLOWED = 0.3, 0.12
_HALF = 2  # errors that are assumed on either side where a share is shrunk towards one half


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
        count = round(self.recovered * (self.explained + 2 * _HALF)) - _HALF
        return f"{count:,} of the {self.explained:,} errors that it explains"

    @property
    def evidence(self) -> float:
        """The sum of its signs; NaN where too few errors are explained."""
        found = strength(self)
        return math.nan if found is NOTHING else found.total


def leanings(
    again: SecondLook, labels: Ints, said: Ints, confidence: Floats, swaps: Swaps
) -> list[Leaning]:
    """What is known of every property and every view of the earlier half of the layers.

    Args:
        again: what readers say.
        labels, said, confidence: label, the model's class and its probability, shape (N,).
        swaps: of parts.
    """
    views = [name for name in again.by_reader if name not in again.properties]
    early = views[: (len(views) + 1) // 2]
    names = [name for name in again.properties if name not in BESIDES]
    model = float((said == labels).mean())
    by_chance = chance(labels)
    reads = {name: readability(again.reads[name], model, by_chance) for name in [*names, *views]}
    unused = _unused(reads, views, swaps)
    return [
        _leaning(
            name, again, labels, said, confidence, _part(name, swaps), reads[name], unused
        )
        for name in [*names, *early]
    ]  # fmt: skip


def _unused(reads: Mapping[str, float], views: Sequence[str], swaps: Swaps) -> list[str]:
    """Columns that tell far more than the model, of which neither layers nor answers know anything.

    They are no witnesses: what the model could not read says nothing of what it goes by.
    """
    known = max((reads[view] for view in views), default=0.0)
    columns = [name for name in reads if name.startswith("column ") and name not in views]
    effects = {name: part.effect for name in columns if (part := _part(name, swaps)) is not None}
    return [name for name, effect in effects.items() if is_unused(reads[name], known, effect)]


def is_unused(reads: float, known: float, followed: float) -> bool:
    """Whether a column tells far more than a model and its layers do, and answers hardly follow it.

    Args:
        reads: of its reader, see `Leaning`.
        known: of the best reader of a layer.
        followed: of its swaps.
    """
    return reads > max(1.0, known) + _FAR_MORE and followed < _HARDLY_FOLLOWED


def _leaning(
    name: str,
    again: SecondLook,
    labels: Ints,
    said: Ints,
    confidence: Floats,
    part: PartFound | None,
    reads: float,
    unused: Sequence[str] = (),
) -> Leaning:
    wrong = said != labels
    misread = again.says[name] != labels
    explained = wrong & (again.says[name] == said)
    sure = again.by_reader[name] >= SURE
    others = [
        other
        for other in again.properties
        if other != name and other not in unused and _independent(name, other)
    ]
    recovered, recovered_by = _recovered(explained, again, others)
    return Leaning(
        name=name,
        of_network=name not in again.properties,
        whole=name.endswith(" half"),
        reads=reads,
        misread=int(misread.sum()),
        sure=int(sure.sum()) + _lacking(name, again, labels),
        accuracy_sure=float((~wrong)[sure].mean()) if sure.any() else math.nan,
        accuracy=float((~wrong)[misread].mean()) if misread.any() else math.nan,
        accuracy_else=float((~wrong)[~misread].mean()) if (~misread).any() else math.nan,
        explained=int(explained.sum()),
        times_worse=_times_worse(_counted(name, wrong, misread, again.says[name], said), misread),
        recovered=recovered,
        recovered_by=recovered_by,
        own_tells=_own_tells(explained, sure, wrong, said, confidence),
        followed=_followed(name, part, again.says[name][sure]),
        mended=_mending(name, part),
        irrelevant=part is not None and part.irrelevant,
        at_edge=_at_edge(again.by_reader[name], again.says[name], misread),
        explained_share=float(explained.sum() / wrong.sum()) if wrong.any() else math.nan,
        besides=again.besides.get(name, math.nan),
        lost_without=math.nan if part is None else part.lost_without,
    )


def _lacking(name: str, again: SecondLook, labels: Ints) -> int:
    """How many examples of the class of a word, phrase or property of one class are without it."""
    if name not in (ONE_WORD, PHRASE) and not name.endswith(OF_ONE_CLASS):
        return 0
    return int(denied(again.by_reader[name], again.says[name], labels).sum())


def _independent(name: str, other: str) -> bool:
    """What a direction tells is told by columns, too: it speaks for what is left beside it only.

    So it is with two columns, their own and all others. A reserved reader says nothing where its
    property is not. What else stands at the ends of texts, say, may be what stands there, too: of
    what is no plain word only words tell, and of words nothing that is none.
    """
    if name.startswith(PAIR) and (other == OTHER_COLUMNS or is_in_pair(other, name)):
        return False
    if other == OTHER_THAN_PAIR:
        return name.startswith(PAIR)
    if name in KINDS:
        return other in _WORDS
    if TOPIC in (name, other) or other == BEYOND_TOPIC:
        return name == TOPIC and other == BEYOND_TOPIC
    if other in (PATCH, BACKGROUND, VIGNETTE):
        return False  # where a shortcut lies, nothing tells of the rest
    if other in (*KINDS, PLAIN_WORDS):
        return False
    of_columns = other in (DIRECTION, OTHER_DIRECTIONS)
    if name.startswith(VALUES) and (other == OTHER_COLUMNS or is_of(name, other)):
        return False
    if other == base_of(name):
        return False
    return not is_reserved(other) and (name == DIRECTION or not of_columns)


def is_in_pair(column: str, pair: str) -> bool:
    """Whether a column is one of two that are read together, by the names of both."""
    name, both = column.removeprefix("column "), pair.removeprefix(PAIR)
    return name != column and (both.startswith(f"{name} and ") or both.endswith(f" and {name}"))


def _at_edge(score: Floats, says: Ints, misread: Bools) -> float:
    """Mean over the classes said of the AUROC of a small margin, weighted by what is misread."""
    total, count = 0.0, 0
    for kind in np.unique(says[misread]):
        said = says == kind
        bad, good = said & misread, said & ~misread
        if bad.sum() >= 2 and good.sum() >= 5:
            rows = bad | good
            total += auroc(-np.abs(score[rows]), bad[rows]) * int(bad.sum())
            count += int(bad.sum())
    return total / count if count >= FEWEST_EXPLAINED else math.nan


def _part(name: str, swaps: Swaps) -> PartFound | None:
    return swaps.of(part_of(name))


def _followed(name: str, part: PartFound | None, said: Ints) -> float:
    """How much more often than in the control answers follow swaps; of one class, its donors."""
    if part is None:
        return math.nan
    if not name.endswith(OF_ONE_CLASS):
        return part.effect
    own = [part.by_class[kind] for kind in np.unique(said).tolist() if kind in part.by_class]
    if sum(one.count for one in own) < _FEWEST_OF_ONE_CLASS:
        return math.nan
    hits = sum(one.hits for one in own)
    return part.coverage * (hits / sum(one.count for one in own) - part.control.value)


def _mending(name: str, part: PartFound | None) -> float:
    """Of a reader of one class not known: errors are given the part of any class."""
    if part is None or part.mended.count < _FEWEST_SWAPPED or name.endswith(OF_ONE_CLASS):
        return math.nan
    return part.mending


def _counted(name: str, wrong: Bools, misread: Bools, says: Ints, said: Ints) -> Bools:
    """Errors that are compared: of a reserved reader, those for classes that it speaks for."""
    return wrong & np.isin(said, np.unique(says[misread])) if is_reserved(name) else wrong


def _times_worse(wrong: Bools, misread: Bools) -> float:
    """One more error than seen is assumed elsewhere, so that it is finite."""
    inside, outside = int(misread.sum()), int((~misread).sum())
    if inside < _FEWEST_MISREAD or not outside:
        return math.nan
    return float(wrong[misread].mean() / ((wrong[~misread].sum() + 1) / outside))


def _recovered(explained: Bools, again: SecondLook, others: Sequence[str]) -> tuple[float, str]:
    count = int(explained.sum())
    if count < FEWEST_EXPLAINED or not others:
        return math.nan, ""
    shares = {
        other: (int(again.sides[other][explained].sum()) + _HALF) / (count + 2 * _HALF)
        for other in others
    }
    best = max(shares, key=lambda other: shares[other])
    return shares[best], best


def _own_tells(
    explained: Bools, sure: Bools, wrong: Bools, said: Ints, confidence: Floats
) -> float:
    """Mean over the classes said of the AUROC of doubt, weighted by explained errors.

    Where a reader is not sure, an example may be ambiguous, and no label wrong.
    """
    if (explained & sure).sum() >= FEWEST_EXPLAINED:
        explained = explained & sure
    total, count = 0.0, 0
    for kind in np.unique(said[explained]):
        bad, good = explained & (said == kind), ~wrong & (said == kind)
        if bad.sum() >= 2 and good.sum() >= 5:
            rows = bad | good
            total += auroc(-confidence[rows], bad[rows]) * int(bad.sum())
            count += int(bad.sum())
    return total / count if count >= FEWEST_EXPLAINED else math.nan


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
    if not found.of_table or math.isnan(found.explained_share):
        return found.mended
    return min(1.0, found.mended / max(found.explained_share, _LEAST_EXPLAINED))


def _within(value: float, low: float, high: float) -> float:
    return 0.0 if math.isnan(value) else max(low, min(high, value))
