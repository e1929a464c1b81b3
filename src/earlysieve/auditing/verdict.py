"""From evidence to words: is there a shortcut, how sure is that, and what to do next.

The rule: an early layer reads off a good part of the label (at least half of what the model
achieves above chance), and on most of the examples that it gets wrong with confidence the model
makes the very same mistake. "Most" means that the 95% interval of that share lies above one half;
"none found" that it lies below. What the data cannot show is never said: see `known_data`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from earlysieve.auditing.evidence import READABLE, Evidence
from earlysieve.auditing.known_data import (
    MEMORISED,
    NOTHING_KNOWN,
    KnownData,
    data_warnings,
    memorised,
    obstacle,
)
from earlysieve.groups.classes import ClassAccuracy, ConfusedPair
from earlysieve.groups.group_report import GroupReport

Verdict = Literal["shortcut", "none found", "inconclusive"]

FEWEST_FLAGGED = 10
_OUTDONE = 1.2


@dataclass(frozen=True)
class Summary:
    """The outcome of an audit in words and a few numbers.

    Attributes:
        verdict: "shortcut", "none found" or "inconclusive".
        headline: the verdict in one sentence.
        explanation: what was seen, in plain words.
        layer: the layer whose readout scores the examples.
        share_flagged: in [0, 1].
        accuracy, accuracy_flagged, accuracy_unflagged: of the model, in [0, 1]; NaN where empty.
        same_mistake: share of flagged examples where the model repeats the readout's mistake.
        readability: of the chosen layer, see `Evidence`; NaN where the model is not above chance.
        worst_group: name of the group with the lowest accuracy, where groups are known.
        worst_group_accuracy: its accuracy.
        classes: accuracy by class, see `ClassAccuracy`; empty in audits saved before it was kept.
        confused_pairs: the classes that are taken for another most often, see `ConfusedPair`.
        next_steps: what to do, most useful first.
        warnings: what makes the audit less trustworthy, or the model.
    """

    verdict: Verdict
    headline: str
    explanation: str
    layer: str
    share_flagged: float
    accuracy: float
    accuracy_flagged: float
    accuracy_unflagged: float
    same_mistake: float
    readability: float
    worst_group: str | None = None
    worst_group_accuracy: float | None = None
    next_steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    classes: list[ClassAccuracy] = field(default_factory=list)
    confused_pairs: list[ConfusedPair] = field(default_factory=list)


def judge(
    evidence: Evidence,
    layer: str,
    count: int,
    num_classes: int,
    groups: GroupReport | None,
    data: KnownData = NOTHING_KNOWN,
    *,
    classes: Sequence[ClassAccuracy] = (),
    confused: Sequence[ConfusedPair] = (),
) -> Summary:
    """The summary of an audit of `count` examples.

    Args:
        evidence: of the chosen layer.
        layer: its name.
        count: examples audited.
        num_classes: of the model.
        groups: where known; reported, never used for the verdict.
        data: what else is known of the examples.
        classes, confused: reported; the verdict does not depend on them.
    """
    verdict, reason = decide(evidence, data)
    weak = [found for found in classes if found.far_below]
    return Summary(
        verdict=verdict,
        headline=_headline(verdict, groups_known=groups is not None, weak=weak),
        explanation=f"{_observation(evidence, layer)} {reason}".strip(),
        layer=layer,
        share_flagged=evidence.flagged / count,
        accuracy=evidence.accuracy,
        accuracy_flagged=evidence.accuracy_flagged,
        accuracy_unflagged=evidence.accuracy_unflagged,
        same_mistake=evidence.same_mistake,
        readability=evidence.readability,
        worst_group=None if groups is None else groups.worst_group_name,
        worst_group_accuracy=None if groups is None else groups.worst_accuracy,
        next_steps=[*_first_steps(evidence), *_NEXT_STEPS[verdict]],
        warnings=[
            *_warnings(evidence, num_classes),
            *data_warnings(data),
            *([_WRONG_LABELS] if verdict == "shortcut" and groups is None else []),
            *_weak_classes(weak),
        ],
        classes=list(classes),
        confused_pairs=list(confused),
    )


def decide(evidence: Evidence, data: KnownData = NOTHING_KNOWN) -> tuple[Verdict, str]:
    """The verdict and the reason for it: the module's rule, where the data let it speak."""
    prevented = obstacle(data)
    if prevented is not None:
        return "inconclusive", prevented
    verdict, reason = _weighed(evidence)
    # A model that is not above chance has memorised nothing.
    if verdict == "shortcut" or math.isnan(evidence.readability):
        return verdict, reason
    doubt = memorised(data, evidence.accuracy)
    return (verdict, reason) if doubt is None else ("inconclusive", doubt)


def _weighed(evidence: Evidence) -> tuple[Verdict, str]:
    if evidence.predicted_classes == 1:
        return "inconclusive", "The model gives the same class for every example."
    if math.isnan(evidence.readability):
        return "inconclusive", (
            "The model does no better than always giving the most frequent class: check that it "
            "fits this data."
        )
    if evidence.errors == 0:
        return "inconclusive", (
            "The readout is never wrong, so there is nothing to find here: audit data it was not "
            "trained on, an earlier layer, or a lower-capacity readout."
        )
    if evidence.readability < READABLE:
        return "none found", (
            "No early layer can read off much of the label, so no simple feature predicts it."
        )
    if evidence.flagged < FEWEST_FLAGGED:
        return _few_flagged(evidence)
    if evidence.same_mistake_low > 0.5:
        return "shortcut", (
            "The model repeats most of the mistakes of a readout that sees simple features only."
        )
    if evidence.readability > _OUTDONE:
        return _outdone()
    if evidence.same_mistake_high < 0.5:
        return "none found", (
            "The model corrects most of the mistakes of a readout that sees simple features only."
        )
    return "inconclusive", (
        "Whether the model repeats most of these mistakes cannot be told from so few: audit more "
        "data."
    )


def _outdone() -> tuple[Verdict, str]:
    return "inconclusive", (
        "The model does worse than a simple readout of its own early layer: it is not trained "
        "well enough for its mistakes to tell anything, or it was trained with another "
        "preprocessing than that of these data."
    )


def _few_flagged(evidence: Evidence) -> tuple[Verdict, str]:
    if evidence.readability > _OUTDONE and evidence.accuracy < MEMORISED:
        return _outdone()
    if evidence.accuracy >= MEMORISED or evidence.readability > 0.9:
        return "inconclusive", (
            f"Fewer than {FEWEST_FLAGGED} examples are misread with confidence, too few to judge: "
            "audit more data, if possible data that the model was not trained on."
        )
    return "none found", "Hardly any example is misread with confidence."


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
    return (
        f"{text} On these the model is right {evidence.accuracy_flagged:.0%} of the time, against "
        f"{evidence.accuracy_unflagged:.0%} elsewhere, and gives the readout's wrong answer "
        f"{evidence.same_mistake:.0%} of the time."
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


def _headline(verdict: Verdict, *, groups_known: bool, weak: Sequence[ClassAccuracy]) -> str:
    if verdict == "shortcut" and not groups_known:
        return _OR_WRONG_LABELS
    if verdict == "none found" and weak:
        return f"No shortcut was found, but {_below(min(weak, key=lambda one: one.accuracy))}."
    return _HEADLINES[verdict]


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


def _first_steps(evidence: Evidence) -> list[str]:
    if evidence.predicted_classes > 1 and not evidence.readability > _OUTDONE:
        return []
    return [
        "Check the model before its shortcuts: that it is trained, that these are its weights, and "
        "that images are resized and normalised as in training (--mean and --std on the command "
        "line)."
    ]


_MOST_WEAK = 5
_OR_WRONG_LABELS = (
    "This model takes a shortcut, leaning on a simple feature that misleads, or labels are wrong."
)
_WRONG_LABELS = (
    "No groups are known, and wrong labels alone look like a shortcut that fails: check some of "
    "the flagged labels by hand before you act on this."
)
_HEADLINES: dict[Verdict, str] = {
    "shortcut": "This model takes a shortcut: it leans on a simple feature that can mislead.",
    "none found": "No shortcut was found: where simple features mislead, this model mostly copes.",
    "inconclusive": "This audit cannot tell whether the model takes a shortcut.",
}

_NEXT_STEPS: dict[Verdict, list[str]] = {
    "shortcut": [
        "Look at the flagged examples beside the correctly read ones: what do the flagged ones "
        "lack that the others of their class share?",
        "Collect or upweight examples like the flagged ones; AuditResult.pseudo_groups() gives "
        "them as groups for methods that balance groups.",
        "Check a few flagged labels by hand: wrong labels look the same as failing shortcuts.",
        "After any change, audit again on held-out data and compare accuracy on flagged examples.",
    ],
    "none found": [
        "Read a few flagged examples all the same: wrong labels gather there.",
        "Audit again with head='mlp' or head='conv' (--head on the command line) if a more complex "
        "shortcut is suspected.",
        "Where group labels exist, compare the worst group with the average.",
    ],
    "inconclusive": [
        "Audit more data, best of all data that the model was not trained on.",
        "Try other layers, or another readout: layers=[...], head='mlp' or head='conv' (--layers "
        "and --head on the command line).",
        "Read the flagged examples, if there are any; a few may be enough to see the pattern.",
    ],
}
