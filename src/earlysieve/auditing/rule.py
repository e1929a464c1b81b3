"""The rule: what a model's leanings allow to say, where the data let it be said.

Chosen on the design part of benchmarks/verdict_bank.py; its error rates on the other part are in
docs/concepts.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from earlysieve.auditing.known_data import KnownData, memorised, obstacle
from earlysieve.auditing.leaning import NOTHING, Leaning, Strength, is_of, strength
from earlysieve.auditing.marks import EDGE
from earlysieve.auditing.transfer import Transfer

Verdict = Literal["shortcut", "at risk", "none found", "inconclusive"]

ENOUGH, SPEAKS = 0.9, 0.3
FEWEST_MISLED = 20
OUTDONE = 1.05
FOLLOWS_HERE = "follows here"
TELLS = 0.95
FOLLOWS = 0.5
_TELLS_UNSWAPPED = 0.97
_RECOVERED_UNNAMED, _GATHERS_UNNAMED, _OWN_UNNAMED, _EXPLAINED_UNNAMED = 0.62, 0.5, 0.56, 10
_OWN_RANDOM, _HARDLY_RECOVERED, _NEVER_RIGHT = 0.56, 0.56, 0.05
_DEVIATIONS = 1.64
_FOLLOWS_IRRELEVANT = 0.2
_COPES_FOLLOWS, _COPES, _MEMORISES = 0.4, 0.8, 0.5
_AT_EDGE, _AT_EDGE_UNNAMED, _HARDLY_FOLLOWS = 0.62, 0.95, 0.12
_NOT_ALL_AT_EDGE, _RECOVERED_AT_EDGE, _OWN_AT_EDGE, _ENOUGH_AT_EDGE = 0.8, 0.7, 0.82, 2.5
_AGAINST, _HARDLY_RIGHT = 0.45, 0.1
_SHARE_FAILING, _RELIANCE, _FEWEST_ERRORS = 0.05, 0.2, 8
_LEAST_LOSS = 0.08
_MOVED = 0.5
_FOLLOWED_OUTDONE, _COST_OUTDONE = 0.3, 0.4
_FOLLOWED_LITTLE, _COST_MUCH, _RECOVERED_OUTDONE = 0.2, 0.5, 0.62
_TELLS_MORE, _COSTS_MORE = 0.1, 0.05
_VALUE_FOLLOWED, _VALUE_HARDLY, _LITTLE_LOST, _WORSE = 0.2, 0.08, 0.15, 2.0
_AS_WELL = 0.06
LIKELY = 0.5
_SURELY = 0.8


@dataclass(frozen=True)
class Facts:
    """What the rule looks at.

    Attributes:
        examples, errors: how many.
        accuracy: of the model, in [0, 1].
        above_chance: whether the model does better than the most frequent class.
        predicted_classes: how many different classes the model says.
        best_reads: what the best reader of a layer achieves of what the model achieves above
            chance; NaN where the model is not above it.
        leanings: all that were looked at.
        data: what else is known of the examples.
        collapsed: names of classes of which the model gets hardly any example right.
        transfer: what a reference says; None without one.
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


@dataclass(frozen=True)
class Decision:
    """A verdict with its reason.

    Attributes:
        verdict: one of four.
        reason: key of the sentence that says why, or the sentence itself.
        leaning: on what; None where on nothing in particular.
        signs: of that leaning.
        power: probability that a reliance of 0.2 would have been called, see `power`.
    """

    verdict: Verdict
    reason: str
    leaning: Leaning | None
    signs: Strength
    power: float


def decide(facts: Facts) -> Decision:
    """The verdict."""
    values = [one for one in facts.leanings if one.is_value]
    facts = replace(facts, leanings=_but_values(facts.leanings))
    leading, signs = lead(facts.leanings)
    chance = power(facts.examples)

    def say(verdict: Verdict, reason: str, on: Leaning | None = None) -> Decision:
        return Decision(verdict, reason, on, signs if on is leading else NOTHING, chance)

    prevented = _prevented(facts)
    lost = _does_not_transfer(facts.transfer)
    if prevented == "outdone" and lost:
        # Readouts that were fitted on the data outdo whatever fails on them.
        return say("shortcut", "does not transfer")
    called = leading if leading is not None and enough(signs) else None
    followed = _followed_though_outdone(facts.leanings)
    if prevented == "outdone" and called is None and followed is not None:
        called = leading = followed
        signs = strength(followed)
    # A model that relies on one part alone is outdone by readers that see the rest, too.
    moved = called is not None and (signs.swaps >= _MOVED or _follows_at_a_cost(called))
    of_values = _by_values(values)
    moved |= of_values is not None and of_values.followed >= _FOLLOWED_OUTDONE
    if prevented is not None and not (prevented == "outdone" and moved):
        return say("inconclusive", prevented)
    inside = next((one for one in facts.leanings if _copes_only_here(one)), None)
    learnt_by_heart = called is None or not _errs_without(called)
    if inside is not None and facts.data.seen_in_training is None and learnt_by_heart:
        return say("inconclusive", "copes only here", inside)
    if called is not None and _costs(called):
        if _rests_on_irrelevant(called):
            return say("shortcut", "irrelevant", called)
        if _may_be_the_task(called):
            return say("at risk", "task", called)
        if called.sure < FEWEST_MISLED:
            return say("at risk", "few misled", called)
        return say("shortcut", "leans", called)
    barred = next((one for one in (*facts.leanings, *values) if _rests_on_irrelevant(one)), None)
    if barred is not None:
        return say("shortcut", "irrelevant", barred)
    if lost:
        return say("shortcut", "does not transfer")
    if of_values is not None and of_values.misread >= FEWEST_MISLED:
        return say("shortcut", "values", of_values)
    resting = _rests_on(facts.leanings)
    if resting is not None:
        return say("at risk", "rests", resting)
    if of_values is not None:
        return say("at risk", "few hold it wrongly", of_values)
    learnt = memorised(facts.data, facts.accuracy)
    if learnt is not None:
        return say("inconclusive", learnt)
    obeyed = next((one for one in facts.leanings if _never_disobeyed(one)), None)
    if obeyed is not None:
        return say("at risk", "task", obeyed)
    if facts.collapsed:
        return say("inconclusive", "collapsed")
    unasked = next((one for one in facts.leanings if _unasked(one, facts)), None)
    if unasked is not None:
        return say("inconclusive", "layers alone", unasked)
    if chance < LIKELY:
        return say("inconclusive", "too few")
    return say("none found", "nothing" if overlapping(facts.leanings) is None else "overlaps")


def follows(decision: Decision, found: Sequence[Leaning], name: str) -> Decision:
    """A shortcut that these data break: answers follow what tells nothing of the label here.

    Args:
        decision: that nothing can be said, since the model does worse than it should.
        found: the leanings, that of the property being of a reader of the answers.
        name: of the property.
    """
    on = next((one for one in found if one.name == name), None)
    if on is None or not _costs(on) or on.misread < FEWEST_MISLED:
        return decision
    return Decision("shortcut", FOLLOWS_HERE, on, NOTHING, decision.power)


def enough(signs: Strength) -> bool:
    """Whether signs are strong enough for a verdict."""
    return signs.total >= ENOUGH and signs.speaking >= SPEAKS


def lead(found: Sequence[Leaning]) -> tuple[Leaning | None, Strength]:
    """The leaning to speak of: of those that are strong enough, rather one with a name.

    Half an image must say more than a property, and what only a layer sees much more.
    """
    table = any(one.of_table for one in found)
    counted = [(one, strength(one)) for one in found if _counts(one, table=table)]
    if not counted:
        return None, NOTHING
    strong = [pair for pair in counted if enough(pair[1])]
    if not strong:
        return max(counted, key=lambda pair: pair[1].total)
    best = max(strong, key=lambda pair: pair[1].total - _unclear(pair[0]))
    best = max(
        (pair for pair in strong if _misleads_more(pair[0], best[0])),
        key=lambda pair: pair[1].total,
        default=best,
    )
    # The frame of one class is a border: that of all classes says more where both are strong.
    border = next((pair for pair in strong if pair[0].name == "frame"), best)
    return border if best[0].name == EDGE else best


def _misleads_more(found: Leaning, best: Leaning) -> bool:
    """It tells the label clearly better than the other, and far more is lost where it fails.

    A model that follows a cue less than it could errs where the task is hard, too: what it reads
    the task from explains these errors, and the cue, which tells their label, seems to mend them.
    """
    named = not (found.of_network or found.whole or found.is_combined or found.of_table)
    loss, other = (one.accuracy_else - one.accuracy for one in (found, best))
    return named and found.reads >= best.reads + _TELLS_MORE and loss >= other + _COSTS_MORE


def _followed_though_outdone(found: Sequence[Leaning]) -> Leaning | None:
    """What answers of a model that could do better follow at a cost, whatever else it gets wrong.

    A model that was trained to rely on a cue less still loses where it fails, but errs elsewhere,
    too, so that its errors gather less.
    """
    followed = [
        one
        for one in found
        if _follows_at_a_cost(one)
        and not (one.whole or one.of_table)
        and one.recovered >= _RECOVERED_OUTDONE
    ]
    return max(followed, key=lambda one: one.accuracy_else - one.accuracy, default=None)


def overlapping(found: Sequence[Leaning]) -> Leaning | None:
    """What would be called but that it misleads only where classes meet, the strongest; or None."""
    if not any(one.of_table for one in found):
        return None
    barred = [
        one
        for one in found
        if not one.of_network and one.at_edge > _AT_EDGE and enough(strength(one)) and _costs(one)
    ]
    return max(barred, key=lambda one: strength(one).total, default=None)


def _unclear(found: Leaning) -> float:
    """How much more it must say than a property with a name of its own."""
    return found.whole + 2.0 * found.is_combined + 2.5 * found.of_network


def _counts(found: Leaning, *, table: bool) -> bool:
    """Whether what misleads its reader can have misled the model.

    A table's reader that is misled only where its classes meet reads the task, unless all else
    clearly says what it should have said there.
    """
    if table and found.at_edge > _AT_EDGE and not _clearly_recovered(found):
        return False
    if found.of_network:
        return _speaks(found)
    if found.is_combined and _reads_the_task(found):
        return False
    against = found.recovered < _AGAINST  # the rest of a row rather speaks against the label
    return not (found.of_table and (against or found.followed < _HARDLY_FOLLOWS))


def _clearly_recovered(found: Leaning) -> bool:
    """Where a noisy column misleads, all else speaks for the label, and the model doubts."""
    return (
        found.of_table
        and found.at_edge <= _NOT_ALL_AT_EDGE
        and found.recovered >= _RECOVERED_AT_EDGE
        and found.own_tells >= _OWN_AT_EDGE
        and strength(found).total >= _ENOUGH_AT_EDGE
    )


def _only_at_edge(found: Leaning) -> bool:
    """A table's reader is misled only where its classes meet: so it is where it reads the task."""
    return found.of_table and found.at_edge > _AT_EDGE


def _speaks(found: Leaning) -> bool:
    """A layer sees what the task is about, too: only recovered errors tell that it is misled."""
    return found.recovered >= _RECOVERED_UNNAMED and _misleads(found)


def _unasked(found: Leaning, facts: Facts) -> bool:
    """Errors gather where a layer misleads, and no property was there to tell what that is."""
    return (
        all(one.of_network for one in facts.leanings)
        and math.isnan(found.recovered)
        and _misleads(found)
        and enough(strength(found))
        and _costs(found)
    )


def _misleads(found: Leaning) -> bool:
    return (
        found.explained >= _EXPLAINED_UNNAMED
        and strength(found).gathers >= _GATHERS_UNNAMED
        and not found.own_tells < _OWN_UNNAMED
        and found.reads <= OUTDONE
        and not found.at_edge > _AT_EDGE_UNNAMED
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


def _copes_only_here(found: Leaning) -> bool:
    """Answers follow the part when it is swapped, and yet examples that lack it are read right."""
    return (
        not found.of_network
        and not found.whole
        and not found.is_combined
        and not found.is_reserved  # swaps go to examples without it alone
        and not _only_at_edge(found)
        and found.reads >= TELLS - 0.05
        and found.followed >= _COPES_FOLLOWS
        and found.sure >= FEWEST_MISLED
        and found.accuracy >= _COPES
    )


def _errs_without(found: Leaning) -> bool:
    """Most examples that lack the property are misread: the model has not memorised these."""
    return not found.of_network and found.sure >= FEWEST_MISLED and found.accuracy < _MEMORISES


def _follows_at_a_cost(found: Leaning) -> bool:
    """Swaps move answers, and where the property misleads the model fails: training is not why."""
    cost = found.accuracy_else - found.accuracy
    much = found.followed >= _FOLLOWED_OUTDONE and cost >= _COST_OUTDONE
    most = found.followed >= _FOLLOWED_LITTLE and cost >= _COST_MUCH
    return not found.of_network and found.sure >= FEWEST_MISLED and (much or most)


def _costs(found: Leaning) -> bool:
    """What is lost where it is misled is worth a verdict."""
    return not found.accuracy_else - found.accuracy < _LEAST_LOSS


def _may_be_the_task(found: Leaning) -> bool:
    """The property is never overruled, and nothing speaks for the label where it fails."""
    return found.own_tells < _OWN_RANDOM and _never_overruled(found)


def _never_disobeyed(found: Leaning) -> bool:
    """A property tells as much as the model does, and where it fails the model is never right.

    Whatever else there is to read: nobody who sees these figures would say that nothing was found.
    """
    named = not (found.of_network or found.whole or found.is_combined)
    return (
        named
        and found.reads >= TELLS
        and found.sure >= FEWEST_MISLED
        and found.accuracy_sure < _HARDLY_RIGHT
        and found.accuracy_else - found.accuracy >= _COST_OUTDONE
        and not found.at_edge > _AT_EDGE
    )


def _never_overruled(found: Leaning) -> bool:
    """The model is hardly ever right where it fails, and nothing there surely tells the label."""
    return _surely_recovered(found) < _HARDLY_RECOVERED and found.accuracy_sure < _NEVER_RIGHT


def _reads_the_task(found: Leaning) -> bool:
    """Nothing else tells the label, or not surely and nothing gathers or is overruled.

    So a task of several columns looks: where its classes overlap, nothing else speaks for the
    label, or the model errs everywhere; where some labels are wrong, it is never overruled.
    """
    if _surely_recovered(found) >= _HARDLY_RECOVERED:
        return False
    if found.recovered < _HARDLY_RECOVERED:
        return True
    return found.accuracy_sure < _NEVER_RIGHT or strength(found).gathers < _GATHERS_UNNAMED


def _surely_recovered(found: Leaning) -> float:
    """The lower end of an interval: of several readers the luckiest is taken."""
    share, count = found.recovered, max(1, found.explained)
    return share - _DEVIATIONS * math.sqrt(share * (1 - share) / count)


def _but_values(found: Sequence[Leaning]) -> list[Leaning]:
    """All others, without columns of which values show that the class comes of them, too."""
    needed = [one for one in found if one.is_value and one.besides < 0.5 - _AS_WELL]
    return [
        one
        for one in found
        if not one.is_value
        and (one.irrelevant or not any(is_of(value.name, one.name) for value in needed))
    ]


def _by_values(found: Sequence[Leaning]) -> Leaning | None:
    """Values of a column that answers follow though nothing hangs on them, the most followed."""
    misleading = [one for one in found if _misleading_values(one)]
    return max(misleading, key=lambda one: one.followed, default=None)


def _misleading_values(found: Leaning) -> bool:
    """Answers follow values, at a cost, and rows that hold them are told as well without.

    Where the class comes of the value, too, as of a site that is worse than others, less is needed
    of the rest of a row: the other columns tell its class less well, and so does the model without.
    Where they tell it better, the value only marks rows that are plain anyway.
    """
    cost, few = found.accuracy_else - found.accuracy, found.misread < FEWEST_MISLED
    worse = cost >= _LEAST_LOSS and found.times_worse >= _WORSE
    # A few dozen swaps may miss what many errors show.
    seen = found.followed >= _VALUE_HARDLY and not few and cost >= _VALUE_FOLLOWED
    as_well = abs(found.besides - 0.5) <= _AS_WELL
    return (
        (found.followed >= _VALUE_FOLLOWED or seen)
        and abs(found.lost_without) <= _LITTLE_LOST
        and (as_well or (worse and not few and math.isnan(found.besides)))
        and (worse or few)
    )


def _rests_on_irrelevant(found: Leaning) -> bool:
    return found.irrelevant and found.followed >= _FOLLOWS_IRRELEVANT


def _rests_on(found: Sequence[Leaning]) -> Leaning | None:
    """A property that tells the label, hardly ever fails here, and that answers rest on."""
    resting = [
        one
        for one in found
        if not one.of_network
        and not one.whole
        and not one.is_combined
        and one.sure < FEWEST_MISLED
        and (
            one.reads >= _TELLS_UNSWAPPED
            if math.isnan(one.followed)
            else one.reads >= TELLS and one.followed >= FOLLOWS
        )
    ]
    return max(resting, key=lambda one: one.reads, default=None)


def power(examples: int, share: float = _SHARE_FAILING, reliance: float = _RELIANCE) -> float:
    """The probability that a reliance would have been called, given so many examples.

    A feature that fails on a share of the examples adds errors there, whose number is binomial;
    eight are taken to be enough.

    Args:
        examples: N.
        share: of examples on which the feature fails, in (0, 1).
        reliance: accuracy lost where it fails, in (0, 1].
    """
    from scipy.special import bdtrc

    failing = round(examples * share)
    return float(bdtrc(_FEWEST_ERRORS - 1, failing, reliance)) if failing >= _FEWEST_ERRORS else 0.0


def examples_needed(share: float = _SHARE_FAILING, reliance: float = _RELIANCE) -> int:
    """With how many examples a reliance would be called with a probability of 0.8."""
    count = 100
    while power(count, share, reliance) < _SURELY:
        count += 100
    return count
