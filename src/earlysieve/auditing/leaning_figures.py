"""From readers and swaps to what is known of each property and early layer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from earlysieve._arrays import Bools, Floats, Ints
from earlysieve._readable import VALUES
from earlysieve.auditing.doubt import SURE
from earlysieve.auditing.evidence import chance, readability
from earlysieve.auditing.leaning import FEWEST_EXPLAINED, HALF, Leaning, is_unused
from earlysieve.auditing.marks import (
    OF_ONE_CLASS,
    ONE_WORD,
    PHRASE,
    base_of,
    denied,
    is_reserved,
)
from earlysieve.auditing.pair_texts import FIRST, OF_PAIRS, SECOND
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
from earlysieve.auditing.swaps.table_parts import DIRECTION, is_of
from earlysieve.auditing.swaps.two_columns import PAIR
from earlysieve.auditing.text_kinds import CAPITALS, KINDS, PLAIN_WORDS
from earlysieve.auditing.topics import BEYOND_TOPIC, TOPIC
from earlysieve.auditing.vignettes import VIGNETTE

_FEWEST_MISREAD = 3
_WORDS = (PLAIN_WORDS, OTHER_TOKENS, TOKEN)
_FEWEST_SWAPPED, _FEWEST_OF_ONE_CLASS = 8, 3
_TOLD_BY_ONE, _HARDLY_FOLLOWED = 0.3, 0.12


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
    unused, let_go = _unused(reads, views, swaps), _words_let_go(reads, swaps)
    return [
        _leaning(
            name,
            again,
            labels,
            said,
            confidence,
            _part(name, swaps),
            reads[name],
            [*unused, *let_go] if name in views else unused,
        )
        for name in [*names, *early]
    ]


def with_class(found: Leaning, again: SecondLook, names: Sequence[str]) -> Leaning:
    """The leaning with the name of the class that it speaks for, where it is of one class alone.

    Args:
        found: any leaning.
        again: what readers say.
        names: of class 0, 1, ...
    """
    if found.name not in (ONE_WORD, PHRASE) and not found.name.endswith(OF_ONE_CLASS):
        return found
    kinds = np.unique(again.says[found.name][again.by_reader[found.name] >= SURE])
    known = len(kinds) == 1 and int(kinds[0]) < len(names)
    return replace(found, of_class=names[int(kinds[0])]) if known else found


def _unused(reads: Mapping[str, float], views: Sequence[str], swaps: Swaps) -> list[str]:
    """Columns that tell far more than the model, of which neither layers nor answers know anything.

    They are no witnesses: what the model could not read says nothing of what it goes by.
    """
    known = max((reads[view] for view in views), default=0.0)
    columns = [name for name in reads if name.startswith("column ") and name not in views]
    effects = {name: part.effect for name in columns if (part := _part(name, swaps)) is not None}
    return [name for name, effect in effects.items() if is_unused(reads[name], known, effect)]


def _words_let_go(reads: Mapping[str, float], swaps: Swaps) -> tuple[str, ...]:
    """Readers of words of pairs, where the text that tells the label more moves no answer.

    What these say of an error is what the model does not go by, so that they are no witnesses
    against a layer: where a model that judges both texts errs, a cue in one mostly tells the label.
    """
    name = max((FIRST, SECOND), key=lambda one: reads.get(one, 0.0))
    part = swaps.of(name)
    if reads.get(name, 0.0) < _TOLD_BY_ONE or part is None:
        return ()
    idle = part.followed.count >= _FEWEST_SWAPPED and part.effect < _HARDLY_FOLLOWED
    return (*_WORDS, name) if idle else ()


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
    if base_of(name) in (FIRST, SECOND) or base_of(other) in OF_PAIRS:
        return {base_of(name), other} == {FIRST, SECOND}
    if name in KINDS:
        # Where texts are in capital letters all words are others, as those of another topic.
        return other in _WORDS or (name == CAPITALS and other == BEYOND_TOPIC)
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
        other: (int(again.sides[other][explained].sum()) + HALF) / (count + 2 * HALF)
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
