"""From evidence to words: is there a shortcut, how sure is that, and what to do next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from earlysieve.auditing.doubt import PILES
from earlysieve.auditing.evidence import Evidence
from earlysieve.auditing.explanation import explanation
from earlysieve.auditing.filled_beside import Beside
from earlysieve.auditing.headline import below, headline, other_weights
from earlysieve.auditing.known_data import NOTHING_KNOWN, KnownData, data_warnings
from earlysieve.auditing.leaning import NOTHING, Leaning, strength
from earlysieve.auditing.misleading_words import with_named_word
from earlysieve.auditing.next_steps import next_steps
from earlysieve.auditing.power import examples_needed
from earlysieve.auditing.rule import Decision, Facts, Verdict, gathered_unnamed
from earlysieve.auditing.sign_words import signs_in_words
from earlysieve.auditing.summary import Summary, swapped
from earlysieve.auditing.survival.found import Survival
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.transfer import Transfer
from earlysieve.auditing.untie import Kind
from earlysieve.auditing.where_it_fails import Estimate, lost
from earlysieve.auditing.words import called
from earlysieve.groups.classes import ClassAccuracy, ConfusedPair
from earlysieve.groups.group_report import GroupReport
from earlysieve.groups.output_order import OutputOrder

__all__ = ["Summary", "Verdict", "conclude", "facts_of"]

_LEAST_ABOVE = 0.15
_COLLAPSED, _RARE = 0.25, 0.5
_MOST_WEAK = 5
_CLASS_GROUPS = (
    "Each group is one class, and each class one group: accuracy by group is accuracy by class, "
    "and no method that balances groups can part what they name from the class. Bring examples in "
    "which both are apart, or name groups within classes."
)


def facts_of(
    evidence: Evidence,
    count: int,
    errors: int,
    best_reads: float,
    leanings: Sequence[Leaning],
    data: KnownData = NOTHING_KNOWN,
    classes: Sequence[ClassAccuracy] = (),
    transfer: Transfer | None = None,
    relevant: Sequence[str] = (),
) -> Facts:
    """What the rule looks at, from what was found.

    Args:
        evidence: of the chosen layer's readout.
        count, errors: examples audited, and errors of the model.
        best_reads: what the best reader of a layer achieves of what the model achieves.
        leanings: of all properties and early views.
        data: what else is known of the examples.
        classes: accuracy by class.
        transfer: what a reference says.
        relevant: names of what belongs to the task, as the user said.
    """
    return Facts(
        examples=count,
        errors=errors,
        accuracy=evidence.accuracy,
        above_chance=not math.isnan(evidence.readability),
        predicted_classes=evidence.predicted_classes,
        best_reads=best_reads,
        leanings=[one for one in leanings if not one.relevant],
        data=data,
        collapsed=_collapsed(classes),
        transfer=transfer,
        far_above_chance=_far_above_chance(classes),
        of_task=tuple(one for one in leanings if one.relevant),
        relevant=relevant,
    )


def _collapsed(classes: Sequence[ClassAccuracy]) -> list[str]:
    """Classes that are hardly recognised, but for rare ones, of which a model has seen too few."""
    usual = sum(one.n for one in classes) / max(1, len(classes))
    return [
        one.name for one in classes if one.high < _COLLAPSED * one.rest and one.n >= _RARE * usual
    ]


def _far_above_chance(classes: Sequence[ClassAccuracy]) -> bool:
    """By the mean over classes, which the most frequent one does not raise."""
    if len(classes) < 2:
        return True
    by_chance = 1 / len(classes)
    mean = sum(one.accuracy for one in classes) / len(classes)
    return mean - by_chance >= _LEAST_ABOVE * (1 - by_chance)


@dataclass(frozen=True)
class Reported:
    """What is reported beside the verdict and does not decide it.

    Attributes:
        layer: whose readout flags examples.
        num_classes: of the model.
        groups: where known.
        classes, confused: accuracy by class and the classes that are confused.
        swaps: of parts.
        piles: of each example, see `earlysieve.auditing.doubt`; empty where not made.
        fails: the model's accuracy where what it leans on fails; None where that is not known.
        elsewhere: its accuracy on the other examples; NaN where that is not known.
        survival: what its decisions survive.
        left_out: what readers could not look at, and why.
        kind: of the data.
        head: name of the readouts' kind.
        without: code that leaves out the columns of a table that the verdict is about.
        filled: what a number of that column is, or a question whether gaps are filled in with it.
        beside: columns that tell the same as the flag or value that the verdict is about.
        class_groups: whether the known groups are the classes over again.
        out_of_fold: whether an example was scored by readouts that have not seen it.
        order: another order of the classes in which the model would be right; None: no such.
    """

    layer: str
    num_classes: int
    groups: GroupReport | None = None
    classes: Sequence[ClassAccuracy] = ()
    confused: Sequence[ConfusedPair] = ()
    swaps: Swaps = field(default_factory=Swaps)
    piles: Sequence[str] = ()
    fails: Estimate | None = None
    elsewhere: float = math.nan
    survival: Survival = field(default_factory=Survival)
    left_out: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "unknown"
    head: str = "linear"
    without: str = ""
    filled: str = ""
    beside: Beside = field(default_factory=Beside)
    class_groups: bool = False
    out_of_fold: bool = True
    order: OutputOrder | None = None


def conclude(decision: Decision, facts: Facts, evidence: Evidence, reported: Reported) -> Summary:
    """The summary of an audit, from the decision of `decide(facts)`."""
    weak = [found for found in reported.classes if found.far_below]
    groups, on = reported.groups, decision.leaning
    told = decision.verdict == "shortcut" or decision.costed is not None
    fails = reported.fails if told else None
    reliance = None
    if fails is not None and not math.isnan(reported.elsewhere):
        reliance = lost(fails, reported.elsewhere)
    if decision.reason == "does not transfer" and facts.transfer is not None:
        reliance = facts.transfer.lost
    known = decision.signs is not NOTHING
    unseen = {} if reported.swaps.parts else dict(reported.swaps.skipped)
    return Summary(
        verdict=decision.verdict,
        headline=headline(
            decision,
            weak,
            groups,
            reliance,
            reported.swaps,
            gathered=gathered_unnamed(decision, facts),
            of_task=facts.relevant,
            guesses="" if facts.far_above_chance else other_weights(facts.accuracy, reported.kind),
        ),
        explanation=explanation(
            decision,
            evidence,
            facts,
            fails,
            reported.swaps,
            reported.layer,
            reported.filled,
            reported.order,
        ),
        layer=reported.layer,
        share_flagged=evidence.flagged / facts.examples,
        accuracy=evidence.accuracy,
        accuracy_flagged=evidence.accuracy_flagged,
        accuracy_unflagged=evidence.accuracy_unflagged,
        same_mistake=evidence.same_mistake,
        readability=evidence.readability,
        worst_group=None if groups is None else groups.worst_group_name,
        worst_group_accuracy=None if groups is None else groups.worst_accuracy,
        next_steps=with_named_word(
            next_steps(
                decision,
                facts,
                reported.kind,
                doubtful="label doubtful" in reported.piles,
                head=reported.head,
                left_out=reported.without,
                beside=reported.beside,
                order=reported.order,
            ),
            on,
            reported.swaps,
        ),
        warnings=[
            *_warnings(
                evidence,
                reported.num_classes,
                out_of_fold=reported.out_of_fold,
                head=reported.head,
            ),
            *data_warnings(facts.data),
            *_prepared_otherwise(facts.transfer),
            *_hardly_better(decision, facts),
            *([_CLASS_GROUPS] if reported.class_groups else []),
            *_weak_classes(weak),
            *_doubtful(reported.piles, decision),
        ],
        classes=list(reported.classes),
        confused_pairs=list(reported.confused),
        leans_on=None if on is None else on.name,
        reliance=reliance,
        accuracy_where_it_fails=fails,
        strength=decision.signs.total if known else math.nan,
        signs=asdict(decision.signs) if known else {},
        signs_in_words=signs_in_words(on) if known and on is not None else {},
        leanings=sorted([*facts.leanings, *facts.of_task], key=lambda one: -strength(one).total),
        swaps=[swapped(found) for found in reported.swaps.parts],
        not_swapped=dict(reported.swaps.skipped),
        not_looked_at=unseen | dict(reported.left_out),
        piles={name: list(reported.piles).count(name) for name in PILES if name},
        power=math.nan if decision.reason == "overlaps" else decision.power,
        examples_needed=examples_needed() if decision.reason == "too few" else None,
        transfer=[] if facts.transfer is None else facts.transfer.rows,
        survives=reported.survival.rows,
        not_taken=dict(reported.survival.skipped),
        words=_words(reported.swaps, None if on is None else on.name),
    )


def _words(swaps: Swaps, about: str | None) -> tuple[WordFound, ...]:
    """The words of all parts, each once; of a topic, which has many, where the verdict names it."""
    parts = [found for found in swaps.parts if found.part != TOPIC or about == TOPIC]
    every = [word for found in parts for word in found.words]
    return tuple({(one.word, one.speaks_for): one for one in every}.values())


def _warnings(evidence: Evidence, num_classes: int, *, out_of_fold: bool, head: str) -> list[str]:
    found = []
    if evidence.predicted_classes == 1:
        found.append(
            f"The model predicts a single class of {num_classes} for every example: it has "
            "collapsed, or its weights or preprocessing do not belong together."
        )
    if evidence.errors == 0:
        found.append(_no_error(out_of_fold, head))
    return found


def _no_error(out_of_fold: bool, head: str) -> str:
    """That nothing was misread, with what was not in use already."""
    left = [
        *([] if out_of_fold else ["scores out of fold (folds=5)"]),
        *(["a linear readout (head='linear')"] if head != "linear" else []),
    ]
    tried = f"Try {' or '.join(left)}." if left else "Its verdict rests on what else was looked at."
    return f"The readout misreads no example, so that it misleads nowhere. {tried}"


def _prepared_otherwise(found: Transfer | None) -> list[str]:
    return [found.otherwise] if found is not None and found.otherwise else []


def _hardly_better(decision: Decision, facts: Facts) -> list[str]:
    """Data that are prepared in another way look like a shortcut that fails nearly always."""
    if facts.far_above_chance or decision.verdict not in ("shortcut", "at risk"):
        return []
    return [
        "On these data the model does hardly better than guessing: a shortcut that they break "
        "looks so, and data that are not prepared as in training do. Check that first."
    ]


def _weak_classes(weak: Sequence[ClassAccuracy]) -> list[str]:
    """One sentence for each class that is far below the rest, the weakest first."""
    found = sorted(weak, key=lambda one: one.accuracy)
    more = len(found) - _MOST_WEAK
    told = [f"The model fails on a whole class: {below(one)}." for one in found[:_MOST_WEAK]]
    return [*told, f"{more} more classes are far below the rest."] if more > 0 else told


def _doubtful(piles: Sequence[str], decision: Decision) -> list[str]:
    count = list(piles).count("label doubtful")
    if not count:
        return []
    which = "1 label is" if count == 1 else f"{count:,} labels are"
    # What misleads the readers of a repaired model may go on misleading it here and there.
    why = ", or the same simple thing misleads both"
    if decision.verdict in ("at risk", "shortcut") and decision.leaning is not None:
        why = f", unless both go by {called(decision.leaning)}"
    elif decision.verdict == "none found":
        why = ", or something simple that has no reader here misleads both"
    return [
        f"{which} in doubt: model and readers agree on another class{why}. Look what they "
        "have in common before you remove any."
    ]
