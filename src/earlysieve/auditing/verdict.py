"""From evidence to words: is there a shortcut, how sure is that, and what to do next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from earlysieve._readable import readable
from earlysieve.auditing.doubt import PILES
from earlysieve.auditing.evidence import Evidence
from earlysieve.auditing.known_data import NOTHING_KNOWN, KnownData, data_warnings
from earlysieve.auditing.leaning import NOTHING, Leaning, strength
from earlysieve.auditing.marks import MARK
from earlysieve.auditing.next_steps import next_steps
from earlysieve.auditing.rule import (
    FEWEST_MISLED,
    FOLLOWS,
    TELLS,
    Decision,
    Facts,
    Verdict,
    examples_needed,
)
from earlysieve.auditing.sign_words import signs_in_words
from earlysieve.auditing.summary import Summary, swapped
from earlysieve.auditing.survival.found import Survival
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.swaps.text_parts import WORDS
from earlysieve.auditing.transfer import LayerTransfer, Transfer
from earlysieve.auditing.untie import Kind
from earlysieve.auditing.where_it_fails import Estimate, lost
from earlysieve.auditing.words import called, percent_of
from earlysieve.groups.classes import ClassAccuracy, ConfusedPair, listed
from earlysieve.groups.group_report import GroupReport
from earlysieve.report.misleading import misleading_word
from earlysieve.report.view_of_evidence import WordLike

__all__ = ["Summary", "Verdict", "conclude", "facts_of"]

_MOSTLY = 0.5
_COLLAPSED = 0.25
_LONGEST = 240


def facts_of(
    evidence: Evidence,
    count: int,
    errors: int,
    best_reads: float,
    leanings: Sequence[Leaning],
    data: KnownData = NOTHING_KNOWN,
    classes: Sequence[ClassAccuracy] = (),
    transfer: Transfer | None = None,
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
    """
    return Facts(
        examples=count,
        errors=errors,
        accuracy=evidence.accuracy,
        above_chance=not math.isnan(evidence.readability),
        predicted_classes=evidence.predicted_classes,
        best_reads=best_reads,
        leanings=leanings,
        data=data,
        collapsed=[one.name for one in classes if one.high < _COLLAPSED * one.rest],
        transfer=transfer,
    )


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


def conclude(decision: Decision, facts: Facts, evidence: Evidence, reported: Reported) -> Summary:
    """The summary of an audit, from the decision of `decide(facts)`."""
    weak = [found for found in reported.classes if found.far_below]
    groups, on = reported.groups, decision.leaning
    fails = reported.fails if decision.verdict == "shortcut" else None
    reliance = None
    if fails is not None and not math.isnan(reported.elsewhere):
        reliance = lost(fails, reported.elsewhere)
    if decision.reason == "does not transfer" and facts.transfer is not None:
        reliance = facts.transfer.lost
    known = decision.signs is not NOTHING
    unseen = {} if reported.swaps.parts else dict(reported.swaps.skipped)
    return Summary(
        verdict=decision.verdict,
        headline=_headline(decision, weak, groups, reliance, reported.swaps),
        explanation=_explanation(decision, evidence, facts, fails, reported),
        layer=reported.layer,
        share_flagged=evidence.flagged / facts.examples,
        accuracy=evidence.accuracy,
        accuracy_flagged=evidence.accuracy_flagged,
        accuracy_unflagged=evidence.accuracy_unflagged,
        same_mistake=evidence.same_mistake,
        readability=evidence.readability,
        worst_group=None if groups is None else groups.worst_group_name,
        worst_group_accuracy=None if groups is None else groups.worst_accuracy,
        next_steps=next_steps(
            decision,
            facts,
            reported.kind,
            doubtful="label doubtful" in reported.piles,
            head=reported.head,
        ),
        warnings=[
            *_warnings(evidence, reported.num_classes),
            *data_warnings(facts.data),
            *_prepared_otherwise(facts.transfer),
            *_weak_classes(weak),
            *_doubtful(reported.piles, outdone=decision.reason == "outdone"),
        ],
        classes=list(reported.classes),
        confused_pairs=list(reported.confused),
        leans_on=None if on is None else on.name,
        reliance=reliance,
        accuracy_where_it_fails=fails,
        strength=decision.signs.total if known else math.nan,
        signs=asdict(decision.signs) if known else {},
        signs_in_words=signs_in_words(on) if known and on is not None else {},
        leanings=sorted(facts.leanings, key=lambda one: -strength(one).total),
        swaps=[swapped(found) for found in reported.swaps.parts],
        not_swapped=dict(reported.swaps.skipped),
        not_looked_at=unseen | dict(reported.left_out),
        piles={name: list(reported.piles).count(name) for name in PILES if name},
        power=decision.power,
        examples_needed=examples_needed() if decision.reason == "too few" else None,
        transfer=[] if facts.transfer is None else facts.transfer.rows,
        survives=reported.survival.rows,
        not_taken=dict(reported.survival.skipped),
        words=tuple(word for found in reported.swaps.parts for word in found.words),
    )


# --- sentences ------------------------------------------------------------------------------------


def _headline(
    decision: Decision,
    weak: Sequence[ClassAccuracy],
    groups: GroupReport | None,
    reliance: Estimate | None,
    swaps: Swaps,
) -> str:
    on = decision.leaning
    if decision.verdict == "shortcut" and on is not None:
        much = "partly" if reliance is None or reliance.value < _MOSTLY else "mostly"
        found = (
            f"This model takes a shortcut: it relies {much} on {called(on)}{_above_all(on, swaps)}"
        )
        cost = "" if reliance is None or reliance.value <= 0 else (
            f", and loses {percent_of(reliance)} of accuracy where that fails"
        )  # fmt: skip
        return f"{found}{cost}."
    if decision.reason == "does not transfer" and reliance is not None:
        return (
            "This model takes a shortcut: what its early layers tell of the reference fails on "
            f"these data, and the model loses up to {percent_of(reliance)} of accuracy with it."
        )
    if decision.verdict == "at risk" and on is not None:
        # The user has said already that it is not.
        task = "" if on.irrelevant else ", or it is the task"
        return (
            f"At risk: the label goes with {called(on)}{_above_all(on, swaps)}, and these data "
            f"hold too few examples where it does not{task}."
        )
    if decision.verdict == "none found":
        return _none_found(weak, groups)
    return "This audit cannot tell whether the model takes a shortcut."


def _none_found(weak: Sequence[ClassAccuracy], groups: GroupReport | None) -> str:
    but = [_below(one) for one in sorted(weak, key=lambda one: one.accuracy)[:1]]
    if groups is not None and groups.worst_accuracy <= groups.average - _FAR_GROUP:
        but.append(
            f"only {groups.worst_accuracy:.0%} of group '{groups.worst_group_name}' are right, "
            f"against {groups.average:.0%} of all"
        )
    if but:
        return f"No shortcut was found, but {', and '.join(but)}."
    return "No shortcut was found that these data could show."


def _explanation(
    decision: Decision,
    evidence: Evidence,
    facts: Facts,
    fails: Estimate | None,
    reported: Reported,
) -> str:
    sentences = [_reason(decision, facts)]
    on = decision.leaning if decision.reason != "outdone" else _outdoing(facts.leanings)
    if on is not None:
        sentences += [_seen(on, fails), _words_told(on, reported.swaps)]
    if facts.transfer is not None:
        sentences.append(_transferred(facts.transfer))
    sentences.append(_observation(evidence, reported.layer))
    return " ".join(sentence for sentence in sentences if sentence)


def _reason(decision: Decision, facts: Facts) -> str:
    if decision.reason == "collapsed":
        return (
            f"The model hardly recognises {listed(facts.collapsed)}: nothing that these "
            "data show explains it, so that no shortcut can be ruled out."
        )
    if decision.reason == "too few":
        return (
            f"{facts.examples:,} examples are too few: a simple feature that fails on one in "
            f"twenty of them and costs 20% of accuracy there would have been found with a "
            f"probability of {decision.power:.0%}. Audit about {examples_needed():,}."
        )
    if decision.reason == "nothing":
        return (
            "No property and no early layer explains the model's errors. A simple feature that "
            "fails on one in twenty of these examples and costs 20% of accuracy there would have "
            f"been found with a probability of {decision.power:.0%}."
        )
    on = decision.leaning
    if decision.reason == "leans" and on is not None:
        told = ", although the label can be told" if on.recovered >= _MOSTLY else ""
        return f"The model errs where something simple misleads{told}."
    if decision.reason == "rests" and on is not None and math.isnan(on.followed):
        return (
            "It tells nearly as much as the model does, and hardly an example here lacks it, so "
            "that these data cannot show what the answer rests on."
        )
    return _REASONS.get(decision.reason, decision.reason)


def _outdoing(found: Sequence[Leaning]) -> Leaning | None:
    """What to speak of where readers outdo a model.

    A property that answers follow when it is swapped, though it tells nothing here (as on data in
    which a shortcut is broken); else the one that tells the label best, if it tells it as well as
    such a model: what a repair no longer follows is told as well as ever.
    """
    named = [one for one in found if not (one.of_network or one.whole or one.is_combined)]
    followed = [one for one in named if one.followed >= FOLLOWS]
    if followed:
        return max(followed, key=lambda one: one.followed)
    able = [one for one in named if one.reads >= TELLS]
    return max(able, key=lambda one: one.reads, default=None)


def _above_all(on: Leaning, swaps: Swaps) -> str:
    """The word of telling words that surely misleads, as ", above all 'not'"; or nothing."""
    found = _misleading(on, swaps)
    return "" if found is None else f", above all '{found.word}'"


def _misleading(on: Leaning, swaps: Swaps) -> WordLike | None:
    part = swaps.of(on.name)
    found = None if part is None else misleading_word(part.words)
    if found is None or len(found.word) + len(found.speaks_for) > _LONGEST // 2:
        return None
    return found


def _words_told(on: Leaning, swaps: Swaps) -> str:
    """Where a mark lies, or which words the reader goes by; nothing where these are many."""
    part = swaps.of(on.name)
    if part is not None and on.name == MARK:
        return f"The mark is {part.detail}."
    if part is None or not part.detail.startswith(f"{WORDS} ") or len(part.detail) > _LONGEST:
        return ""
    text = f"{part.detail[0].upper()}{part.detail[1:]}."
    found = _misleading(on, swaps)
    if found is None:
        return text
    return (
        f"{text} Above all, '{found.word}' misleads the model towards '{found.speaks_for}': so it "
        f"answers on {found.followed:.0%} of {found.against:,} texts of other classes that hold it."
    )


def _seen(on: Leaning, fails: Estimate | None) -> str:
    """What was seen of one leaning, in numbers."""
    what = readable(on.name, of_network=True)
    text = f"A reader {f'of {what}' if on.of_network else f'that sees only {called(on)}'}"
    if math.isnan(on.reads):
        text += " was fitted"
    else:
        much = "more than" if on.reads > 1 else f"{max(0.0, on.reads):.0%} of"
        text += f" achieves {much} what the model achieves"
    if on.misread and not math.isnan(on.accuracy):
        text += (
            f"; where it is misled ({on.misread:,} examples) the model is right "
            f"{on.accuracy:.0%} of the time"
        )
        if not math.isnan(on.accuracy_else):
            text += f", elsewhere {on.accuracy_else:.0%}"
    moved = []
    if not math.isnan(on.followed):
        moved.append(f"its answer follows {max(0.0, on.followed):.0%} more often than by chance")
    if not math.isnan(on.mended):
        moved.append(f"{max(0.0, on.mended):.0%} more of its errors are right")
    if moved:
        text += f"; swapped, {', and '.join(moved)}"
    if not math.isnan(on.recovered):
        text += (
            f". On {on.sided}, a reader of {readable(on.recovered_by)} prefers the label to the "
            "answer (half would be a guess)"
        )
    if fails is not None:
        text += f". Where it fails, the model's accuracy is estimated at {percent_of(fails)}"
    return f"{text}."


def _transferred(found: Transfer) -> str:
    """What holds of reference and data, in numbers."""
    model, stand_in = found.model, found.stand_in
    text = ""
    if found.simple is not None:
        text = (
            f"Fitted on the reference, the readout of layer '{found.simple.layer}' is right on "
            f"{_on_both(found.simple)}. "
        )
    return (
        f"{text}The readout of the last layer, '{stand_in.layer}', is right on "
        f"{_on_both(stand_in)}; the model is right on "
        f"{percent_of(Estimate(model.data_accuracy, model.data_low, model.data_high))} of these "
        f"data, and on {model.reference_accuracy:.0%} of the reference, which is no measure if it "
        "was trained on it."
    )


def _on_both(row: LayerTransfer) -> str:
    before = Estimate(row.reference_accuracy, row.reference_low, row.reference_high)
    after = Estimate(row.data_accuracy, row.data_low, row.data_high)
    return f"{percent_of(before)} of it out of fold, and on {percent_of(after)} of these data"


def _observation(evidence: Evidence, layer: str) -> str:
    share = max(0.0, evidence.readability)
    much = "more than" if share > 1 else f"{share:.0%} of"
    given = f"already gives {much} what the model achieves above chance. It "
    text = (
        f"Layer '{layer}', early in the network, "
        f"{'' if math.isnan(evidence.readability) else given}"
        f"misreads {evidence.errors:,} examples, {evidence.flagged:,} of them with confidence."
    )
    if not evidence.flagged:
        return text
    rest = evidence.accuracy_unflagged
    against = "" if math.isnan(rest) else f", against {rest:.0%} elsewhere,"
    return (
        f"{text} On these the model is right {evidence.accuracy_flagged:.0%} of the time{against} "
        f"and gives the readout's wrong answer {evidence.same_mistake:.0%} of the time."
    )


def _warnings(evidence: Evidence, num_classes: int) -> list[str]:
    found = []
    if evidence.predicted_classes == 1:
        found.append(
            f"The model predicts a single class of {num_classes} for every example: it has "
            "collapsed, or its weights or preprocessing do not belong together."
        )
    if evidence.errors == 0:
        found.append(
            "No readout error was found: use out-of-fold scores, an earlier layer or head='linear'."
        )
    return found


def _prepared_otherwise(found: Transfer | None) -> list[str]:
    return [found.otherwise] if found is not None and found.otherwise else []


def _weak_classes(weak: Sequence[ClassAccuracy]) -> list[str]:
    """One sentence for each class that is far below the rest, the weakest first."""
    found = sorted(weak, key=lambda one: one.accuracy)
    more = len(found) - _MOST_WEAK
    told = [f"The model fails on a whole class: {_below(one)}." for one in found[:_MOST_WEAK]]
    return [*told, f"{more} more classes are far below the rest."] if more > 0 else told


def _below(found: ClassAccuracy) -> str:
    return (
        f"only {found.accuracy:.0%} of {found.n:,} examples of class '{found.name}' are right, "
        f"against {found.rest:.0%} of the others"
    )


def _doubtful(piles: Sequence[str], *, outdone: bool) -> list[str]:
    count = list(piles).count("label doubtful")
    if not count:
        return []
    which = "1 label is" if count == 1 else f"{count:,} labels are"
    # What misleads the readers of a repaired model may go on misleading the model here and there.
    why = ", or the same simple thing misleads both" if outdone else ""
    return [
        f"{which} in doubt: model and readers agree on another class{why}. Check by hand before "
        "you act on this."
    ]


_MOST_WEAK = 5
_FAR_GROUP = 0.2
_REASONS = {
    "one class": "The model gives the same class for every example.",
    "chance": (
        "The model does no better than always giving the most frequent class: check that it fits "
        "this data."
    ),
    "outdone": (
        "The model does worse than a simple readout of its own layers: it is not trained well "
        "enough for its mistakes to tell anything, or it was trained with another preprocessing "
        "than that of these data, or what it goes by fails here, or a repair keeps it from "
        "following what its layers still tell."
    ),
    "copes only here": (
        "Answers follow the part when it is swapped, and yet most examples that lack it are read "
        "right: so it is on data that a model has memorised. Audit data that it was not trained on."
    ),
    "layers alone": (
        "The model errs where an early layer misleads. Nothing but layers was looked at, so that "
        "nothing could tell whether these labels can be read from something else: a shortcut and "
        "wrong labels look the same here."
    ),
    "task": (
        "What the model errs on are examples that contradict a property which it hardly ever "
        "overrules, and nothing else in them speaks for the label more often than not: it may be "
        "the task, and the labels wrong."
    ),
    "few misled": (
        f"Fewer than {FEWEST_MISLED} examples surely lack it, too few to say how the model does on "
        "them."
    ),
    "irrelevant": "Answers follow it when it is swapped, and it was said not to matter.",
    "does not transfer": (
        "What early layers tell of the reference hardly tells anything of these data, and the "
        "model loses accuracy with it. How much of that loss is due to it, and how much to data "
        "that are harder, a comparison of two sets of data cannot say."
    ),
    "rests": "The answer rests on it, and hardly an example here lacks it.",
}
