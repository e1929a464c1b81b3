"""The rule: what a model's leanings allow to say, where the data let it be said.

Chosen on the design part of benchmarks/verdict_bank.py; its error rates on the other part are in
docs/concepts.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from earlysieve.auditing.altered_checks import by_alteration, may_follow
from earlysieve.auditing.hardly_more import hardly_more
from earlysieve.auditing.known_data import KnownData, memorised, obstacle
from earlysieve.auditing.leading import (
    OUTDONE,
    but_what_is_the_task,
    calls,
    enough,
    errors_gather,
    lead,
    may_be_together,
    misleads,
    of_scene,
    overlapping,
    together_though_outdone,
)
from earlysieve.auditing.leaning import NOTHING, Leaning, Strength, strength
from earlysieve.auditing.leaning_checks import (
    FEWEST_MISLED,
    FOLLOWED_OUTDONE,
    copes_only_here,
    costs,
    errs_without,
    followed_border,
    followed_kind,
    followed_sign,
    followed_though_outdone,
    follows_at_a_cost,
    may_be_the_task,
    most_followed,
    never_disobeyed,
    rests_on,
    rests_on_irrelevant,
    told_as_well,
)
from earlysieve.auditing.pair_checks import is_priced
from earlysieve.auditing.power import LIKELY, power
from earlysieve.auditing.resisting import resisted
from earlysieve.auditing.transfer import Transfer
from earlysieve.auditing.value_checks import (
    but_values,
    by_values,
    instead_of_column,
    perhaps_by_values,
    rather,
)

Verdict = Literal["shortcut", "at risk", "none found", "inconclusive"]
FOLLOWS_HERE, ALTERED = "follows here", "altered"
PERHAPS, WORD, OF_KIND = "values perhaps", "a word", "words of a kind"
OF_VALUES = (PERHAPS, WORD, OF_KIND)
_MOVED = 0.5


@dataclass(frozen=True)
class Facts:
    """What the rule looks at.

    Attributes:
        examples, errors: how many.
        accuracy: of the model, in [0, 1].
        above_chance: whether the model does better than the most frequent class.
        far_above_chance: whether the mean accuracy of its classes lies far above guessing.
        predicted_classes: how many different classes the model says.
        best_reads: what the best reader of a layer achieves of what the model achieves above
            chance; NaN where the model is not above it.
        leanings: all that were looked at, but for `of_task`.
        data: what else is known of the examples.
        collapsed: names of classes of which the model gets hardly any example right.
        transfer: what a reference says; None without one.
        of_task: leanings that belong to the task, as the user said; no verdict is about these.
        relevant: names of what the user said so of.
    """

    examples: int
    errors: int
    accuracy: float
    above_chance: bool
    predicted_classes: int
    best_reads: float
    leanings: Sequence[Leaning]
    data: KnownData
    collapsed: Sequence[str] = ()
    transfer: Transfer | None = None
    far_above_chance: bool = True
    of_task: Sequence[Leaning] = ()
    relevant: Sequence[str] = ()


@dataclass(frozen=True)
class Decision:
    """A verdict with its reason.

    Attributes:
        verdict: one of four.
        reason: key of the sentence that says why, or the sentence itself.
        leaning: on what; None where on nothing in particular.
        signs: of that leaning.
        power: probability that a reliance of 0.2 would have been called, see `power`.
        let_go: a cue that the model does not go by though it tells the label; None: no such.
    """

    verdict: Verdict
    reason: str
    leaning: Leaning | None
    signs: Strength
    power: float
    let_go: Leaning | None = None

    @property
    def costed(self) -> Leaning | None:
        """The leaning of which the cost is told: a shortcut, or a risk in pairs of texts."""
        on = self.leaning
        of_pairs = self.verdict == "at risk" and on is not None and is_priced(on)
        return on if self.verdict == "shortcut" or of_pairs else None


def decide(facts: Facts) -> Decision:
    """The verdict."""
    values = [one for one in facts.leanings if one.is_value]
    border = followed_border(facts.leanings)
    facts = replace(facts, leanings=but_what_is_the_task(but_values(facts.leanings)))
    every = [*facts.leanings, *values]
    leading, signs = lead(facts.leanings)
    chance = power(facts.examples)

    def say(verdict: Verdict, reason: str, on: Leaning | None = None) -> Decision:
        return Decision(verdict, reason, on, signs if on is leading else NOTHING, chance)

    prevented = _prevented(facts)
    lost = _does_not_transfer(facts.transfer)
    if prevented == "outdone" and lost:
        # Readouts that were fitted on the data outdo whatever fails on them.
        return say("shortcut", "does not transfer")
    called = leading if leading is not None and calls(leading, signs) else None
    # A model that relies on one part alone is outdone by readers that see the rest, too.
    # A table's model that nothing could ask is judged by the other signs alone.
    moved = called is not None and (
        signs.swaps >= _MOVED or follows_at_a_cost(called) or _unswapped_column(called)
    )
    followed = followed_though_outdone(facts.leanings)
    if prevented == "outdone" and not moved and followed is not None:
        called = leading = followed
        signs, moved = strength(followed), True
    of_values = by_values(values)
    moved |= of_values is not None and of_values.followed >= FOLLOWED_OUTDONE
    altered = by_alteration(facts.leanings, called if moved else None)
    if altered is not None:
        called = leading = altered
        signs, moved = strength(altered), True
    let_go = resisted(facts.leanings, facts.best_reads) if prevented == "outdone" else None
    if let_go is not None and not moved:
        # What the cue tells looks recovered: nothing but swaps can speak for something else.
        called = None
    elif prevented == "outdone" and not moved:
        return _though_outdone(facts, chance) or say("inconclusive", prevented)
    elif prevented is not None and prevented != "outdone":
        return say("inconclusive", prevented)
    inside = next((one for one in facts.leanings if copes_only_here(one)), None)
    learnt_by_heart = called is None or not errs_without(called)
    if inside is not None and facts.data.seen_in_training is None and learnt_by_heart:
        return say("inconclusive", "copes only here", inside)
    named = next((one for one in facts.leanings if rests_on_irrelevant(one)), None)
    if named is not None and (called is None or not called.irrelevant) and costs(named):
        return say("shortcut", "irrelevant", rather(named, every))  # it was asked about
    if called is not None and costs(called):
        if rests_on_irrelevant(called):
            return say("shortcut", "irrelevant", rather(called, every))
        if may_be_the_task(called):
            return say("at risk", "task", called)
        if called is altered:
            return say("shortcut", ALTERED, called)
        if called.sure < FEWEST_MISLED and called.of_network and chance < LIKELY:
            return say("inconclusive", "too few")  # of few errors any layer may explain most
        if called.sure < FEWEST_MISLED:
            return say("at risk", "few misled", called)
        return say("shortcut", "leans", called)
    barred = next((one for one in every if rests_on_irrelevant(one)), None)
    if barred is not None:
        return say("shortcut", "irrelevant", rather(barred, every))
    if lost:
        return say("shortcut", "does not transfer")
    if of_values is not None and of_values.misread >= FEWEST_MISLED:
        return say("shortcut", "values", of_values)
    as_column = instead_of_column(values)
    if as_column is not None and costs(as_column):
        return Decision("shortcut", "leans", as_column, strength(as_column), chance)
    resting = rests_on(facts.leanings)
    if resting is not None:
        return say("at risk", "rests", resting)
    if of_values is not None:
        return say("at risk", "few hold it wrongly", of_values)
    learnt = memorised(facts.data, facts.accuracy)
    if learnt is not None:
        return say("inconclusive", learnt)
    if border is not None:
        return Decision("shortcut", "leans", border, strength(border), chance)
    obeyed = most_followed([one for one in facts.leanings if never_disobeyed(one)])
    if obeyed is not None:
        return say("at risk", "task", obeyed)
    together = may_be_together(facts.leanings)
    if together is not None:
        return say("at risk", "together", together)
    perhaps = perhaps_by_values(values)
    if perhaps is not None:
        return say("at risk", PERHAPS, perhaps)
    altered = may_follow(facts.leanings)
    if altered is not None and altered.irrelevant:
        return say("shortcut", "irrelevant", altered)  # whether answers follow it was asked
    if altered is not None:
        return say("at risk", ALTERED, altered)
    whole = _of_the_whole_image(facts.leanings)
    if whole is not None:
        return say("at risk", *whole)
    if facts.collapsed:
        return say("inconclusive", "collapsed")
    unasked = next((one for one in facts.leanings if _unasked(one, facts)), None)
    if unasked is not None:
        return say("inconclusive", "layers alone", unasked)
    if chance < LIKELY:
        return say("inconclusive", "too few")
    if not facts.far_above_chance:
        return say("inconclusive", "hardly better")
    alike = told_as_well(facts.leanings)
    if alike is not None and let_go is None:
        return say("at risk", "told as well", alike)
    word = followed_sign(facts.leanings)
    if word is not None and let_go is None:
        return say("at risk", WORD, word)
    if let_go is not None:
        return replace(say("none found", "resists"), let_go=let_go)
    return say("none found", "nothing" if overlapping(facts.leanings) is None else "overlaps")


def _unswapped_column(found: Leaning) -> bool:
    return found.of_table and math.isnan(found.followed) and math.isnan(found.mended)


def gathered_unnamed(decision: Decision, facts: Facts) -> bool:
    """Whether nothing explains the errors though they gather where an early layer misleads."""
    return decision.reason == "nothing" and errors_gather(facts.leanings) is not None


def _though_outdone(facts: Facts, chance: float) -> Decision | None:
    """What can be said though readers do better than the model; None: nothing.

    What was said not to matter is asked about, and two columns that mislead, a background or size
    that answers follow, or what misleads where other readers side with the label, are no luck.
    """
    named = next((one for one in facts.leanings if rests_on_irrelevant(one)), None)
    if named is not None and costs(named):
        return Decision("shortcut", "irrelevant", named, strength(named), chance)
    together = together_though_outdone(facts.leanings)
    if together is not None:
        return Decision("at risk", "together", together, strength(together), chance)
    kind = followed_kind(facts.leanings)
    if kind is not None:
        return Decision("at risk", OF_KIND, kind, strength(kind), chance)
    whole = _of_the_whole_image(facts.leanings)
    # What a reader makes of the data beyond the model is nothing that the model goes by.
    if whole is not None and (whole[1].followed >= FOLLOWED_OUTDONE or whole[1].reads <= OUTDONE):
        reason, on = whole
        return Decision("at risk", reason, on, strength(on), chance)
    return None


def _of_the_whole_image(found: Sequence[Leaning]) -> tuple[str, Leaning] | None:
    """What a reader of the ground sees, or of all of an image; what answers follow more, of both.

    The ground looks blurred, too, where all of an image is.
    """
    scene, simple = of_scene(found), hardly_more(found)
    if scene is not None and not (simple is not None and simple.followed > scene.followed):
        return scene.name, scene
    return None if simple is None else ("hardly more", simple)


def follows(decision: Decision, found: Sequence[Leaning], name: str) -> Decision:
    """A shortcut that these data break: answers follow what tells nothing of the label here.

    Args:
        decision: that nothing can be said, since the model does worse than it should.
        found: the leanings, that of the property being of a reader of the answers.
        name: of the property.
    """
    on = next((one for one in found if one.name == name), None)
    if on is None or not costs(on) or on.misread < FEWEST_MISLED:
        return decision
    return Decision("shortcut", FOLLOWS_HERE, on, NOTHING, decision.power)


def _unasked(found: Leaning, facts: Facts) -> bool:
    """Errors gather where a layer misleads, and no property was there to tell what that is."""
    return (
        all(one.of_network for one in facts.leanings)
        and math.isnan(found.recovered)
        and misleads(found)
        and enough(strength(found))
        and costs(found)
    )


def _prevented(facts: Facts) -> str | None:
    """Why nothing can be said; None: something can."""
    prevented = obstacle(facts.data)
    if prevented is not None:
        return prevented
    if facts.predicted_classes == 1:
        return "one class"
    if not facts.above_chance:
        return "chance"
    if facts.data.seen_in_training:
        return memorised(facts.data, facts.accuracy)
    return "outdone" if facts.best_reads > OUTDONE else None


def _does_not_transfer(found: Transfer | None) -> bool:
    """What is simple fails on the data, and on the reference the model shows that it is trained."""
    return found is not None and found.leans and found.best_reads <= OUTDONE
