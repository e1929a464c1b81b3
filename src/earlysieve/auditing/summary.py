"""What an audit says, as plain data."""

from dataclasses import dataclass, field

from earlysieve.auditing.leading import ENOUGH
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.rule import Verdict
from earlysieve.auditing.survival.found import Survived
from earlysieve.auditing.swaps.found import PartFound, Share
from earlysieve.auditing.swaps.words import WordFound
from earlysieve.auditing.transfer import LayerTransfer
from earlysieve.auditing.where_it_fails import Estimate
from earlysieve.groups.classes import ClassAccuracy, ConfusedPair


@dataclass(frozen=True)
class PartSwapped:
    """What swaps of one part showed; see `earlysieve.auditing.swaps.found.PartFound`.

    Attributes:
        part: its name.
        detail: what it is here, in words.
        pairs: receivers and donors of different classes.
        followed, control: shares of these that are answered with the donor's class, and by chance.
        errors: of the model that were given the part of the true class.
        mended, unmended: shares of these that are right then, and by chance.
        irrelevant: the user said that the answer must not depend on it.
        relevant: the user said that it belongs to the task.
    """

    part: str
    detail: str
    pairs: int
    followed: float
    control: float
    errors: int
    mended: float
    unmended: float
    irrelevant: bool
    relevant: bool = False


def swapped(found: PartFound) -> PartSwapped:
    """The shares of a part's swaps."""
    followed: Share = found.followed
    return PartSwapped(
        found.part,
        found.detail,
        followed.count,
        followed.value,
        found.control.value,
        found.mended.count,
        found.mended.value,
        found.unmended.value,
        found.irrelevant,
        found.relevant,
    )


@dataclass(frozen=True)
class Summary:
    """The outcome of an audit in words and a few numbers.

    Attributes:
        verdict: "shortcut", "at risk", "none found" or "inconclusive".
        headline: the verdict in one sentence.
        explanation: what was seen, in plain words; after a blank line the same in figures.
        layer: the layer whose readout scores the examples that are flagged.
        share_flagged: in [0, 1].
        accuracy, accuracy_flagged, accuracy_unflagged: of the model, in [0, 1]; NaN where empty.
        same_mistake: share of flagged examples where the model repeats the readout's mistake.
        readability: of the chosen layer, see `Evidence`; NaN where the model is not above chance.
        worst_group: name of the group with the lowest accuracy, where groups are known.
        worst_group_accuracy: its accuracy.
        next_steps: what to do, most useful first: a sentence in one line, below some of them code.
        warnings: what makes the audit less trustworthy, or the model.
        classes: accuracy by class, see `ClassAccuracy`; empty in audits saved before it was kept.
        confused_pairs: the classes that are taken for another most often, see `ConfusedPair`.
        leans_on: the simple thing that the verdict is about: a property as "colour", or the view of
            a layer; None where there is none.
        reliance: accuracy lost where that fails, against elsewhere; None where it is not called a
            shortcut.
        accuracy_where_it_fails: of the model; None as above.
        strength: of the evidence, the sum of `signs`; NaN where there is none.
        enough: the strength that is called a shortcut.
        signs: what adds to it, by name; see `earlysieve.auditing.leaning.Strength`.
        signs_in_words: a sentence on each of them.
        leanings: what was found of every property, and of the earlier half of the layers.
        swaps: of parts, those that answers follow most first.
        words: of texts, what the model says where a word speaks for another class than the label,
            those that most surely mislead first; see `WordFound`.
        not_swapped: parts that were not swapped, and why.
        not_looked_at: signs that are missing, and why.
        piles: how many examples are in each pile, by name.
        power: probability that a reliance of 0.2 would have been called; NaN where not known.
        examples_needed: with how many examples it would be called with a probability of 0.8.
        transfer: accuracy of each layer's readout, and then of the model, on the reference and on
            the data; empty without a reference.
        survives: accuracy on a sample of the data as it is, and with something taken away; it is no
            part of the verdict. Empty where nothing could be taken away.
        not_taken: what was not taken away, and why.
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
    leans_on: str | None = None
    reliance: Estimate | None = None
    accuracy_where_it_fails: Estimate | None = None
    strength: float = float("nan")
    enough: float = ENOUGH
    signs: dict[str, float] = field(default_factory=dict)
    signs_in_words: dict[str, str] = field(default_factory=dict)
    leanings: list[Leaning] = field(default_factory=list)
    swaps: list[PartSwapped] = field(default_factory=list)
    not_swapped: dict[str, str] = field(default_factory=dict)
    not_looked_at: dict[str, str] = field(default_factory=dict)
    piles: dict[str, int] = field(default_factory=dict)
    power: float = float("nan")
    examples_needed: int | None = None
    transfer: list[LayerTransfer] = field(default_factory=list)
    survives: tuple[Survived, ...] = ()
    not_taken: dict[str, str] = field(default_factory=dict)
    words: tuple[WordFound, ...] = ()
