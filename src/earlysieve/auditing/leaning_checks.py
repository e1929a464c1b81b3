"""What one leaning shows by itself: what is lost where it misleads, and what answers do."""

import math
from collections.abc import Sequence

from earlysieve.auditing.leaning import GATHER, RECOVER, Leaning
from earlysieve.auditing.marks import OF_ONE_CLASS, ONE_WORD, PHRASE, base_of
from earlysieve.auditing.pair_texts import FIRST, SECOND
from earlysieve.auditing.surroundings import BACKGROUND
from earlysieve.auditing.text_kinds import KINDS
from earlysieve.auditing.vignettes import VIGNETTE

FEWEST_MISLED = 20
TELLS = 0.95
FOLLOWS = 0.5
_TELLS_UNSWAPPED = 0.97
_OWN_RANDOM = 0.56
FOLLOWS_IRRELEVANT = 0.2
_COPES_FOLLOWS = 0.4
_COPES = 0.8
_MEMORISES = 0.5
_HARDLY_RIGHT = 0.1
LEAST_LOSS = 0.08
AT_EDGE, HARDLY_RECOVERED, NEVER_RIGHT = 0.62, 0.56, 0.05
_DEVIATIONS = 1.64
FOLLOWED_OUTDONE = 0.3
_COST_OUTDONE, _COST_OF_MARK = 0.4, 0.12
_HARDLY_EVER_RIGHT, _LAYER_RIGHT, RATHER_AT_EDGE, _OTHERS_AGAINST = 0.4, 0.15, 0.72, 0.45
_FOLLOWED_LITTLE = 0.2
_OWN_UNSURE = 0.75
_OWN_OF_TEXT = 0.65
_RECOVERED_IN_TEXT = 0.55
_COST_MUCH = 0.5
_SIGN_RIGHT, _SIGN_RECOVERED, _SIGN_DOUBTED = 0.5, 0.35, 0.7
_RECOVERED_OUTDONE = 0.62
_SIGN_FOLLOWED, _COST_OF_SIGN = 0.4, 0.3


def costs(found: Leaning) -> bool:
    """What is lost where it is misled is worth a verdict."""
    return not found.accuracy_else - found.accuracy < LEAST_LOSS


def errs_without(found: Leaning) -> bool:
    """Most examples that lack the property are misread: the model has not memorised these."""
    return not found.of_network and found.sure >= FEWEST_MISLED and found.accuracy < _MEMORISES


def follows_at_a_cost(found: Leaning) -> bool:
    """Swaps move answers, and where the property misleads the model fails: training is not why."""
    cost = found.accuracy_else - found.accuracy
    much = found.followed >= FOLLOWED_OUTDONE and cost >= _COST_OUTDONE
    most = found.followed >= _FOLLOWED_LITTLE and cost >= _COST_MUCH
    # Nothing of the task lies in a mark: that answers follow it says more.
    marked = found.is_reserved and not found.is_value
    marked &= found.followed >= FOLLOWS and cost >= _COST_OF_MARK
    return not found.of_network and found.sure >= FEWEST_MISLED and (much or most or marked)


def followed_though_outdone(found: Sequence[Leaning]) -> Leaning | None:
    """What answers of a model that could do better follow at a cost, whatever else it gets wrong.

    A model that was trained to rely on a cue less still loses where it fails, but errs elsewhere,
    too, so that its errors gather less.
    """
    followed = [
        one
        for one in found
        if follows_at_a_cost(one)
        and not (one.whole or one.of_table)
        and (one.recovered >= _RECOVERED_OUTDONE or _is_followed_vignette(one))
    ]
    return max(followed, key=lambda one: one.accuracy_else - one.accuracy, default=None)


def _is_followed_vignette(found: Leaning) -> bool:
    """Most readers see a vignette, too, so that hardly one of them tells what it hides."""
    return found.name == VIGNETTE and found.followed >= FOLLOWS


def copes_only_here(found: Leaning) -> bool:
    """Answers follow the part when it is swapped, and yet examples that lack it are read right."""
    return (
        not found.of_network
        and not found.whole
        and not found.is_combined
        and not found.is_reserved  # swaps go to examples without it alone
        and found.name != BACKGROUND  # a swap hides a part of what stands on it
        and not _only_at_edge(found)
        and found.reads >= TELLS - 0.05
        and found.followed >= _COPES_FOLLOWS
        and found.sure >= FEWEST_MISLED
        and found.accuracy >= _COPES
    )


def may_be_the_task(found: Leaning) -> bool:
    """The property is never overruled, and nothing speaks for the label where it fails."""
    doubtful = found.own_tells < _OWN_RANDOM and _never_overruled(found)
    return doubtful or _text_may_be_the_task(found)


def _text_may_be_the_task(found: Leaning) -> bool:
    """Its words tell most tasks: neither is the model unsure, nor does the other text tell more."""
    return (
        base_of(found.name) in (FIRST, SECOND)
        and not found.own_tells >= _OWN_OF_TEXT
        and not surely_recovered(found) >= RECOVER
    )


def never_disobeyed(found: Leaning) -> bool:
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
        and not found.at_edge > AT_EDGE
    )


def most_followed(found: Sequence[Leaning]) -> Leaning | None:
    """What answers follow most when it is swapped; the first where none was swapped, or of ties."""
    return max(found, key=lambda one: -1.0 if math.isnan(one.followed) else one.followed,
               default=None)  # fmt: skip


def followed_sign(found: Sequence[Leaning]) -> Leaning | None:
    """Words of a class that answers follow, where these mislead the model often and at a cost.

    On wrong labels a model is never right, and right of what a word hardly moves.
    """
    return most_followed(
        [
            one
            for one in found
            if one.is_reserved
            and not (one.of_network or one.is_value)
            and one.name in (ONE_WORD, PHRASE)
            and one.followed >= _SIGN_FOLLOWED
            and one.misread >= FEWEST_MISLED
            and one.accuracy >= _LAYER_RIGHT
            and one.accuracy_else - one.accuracy >= _COST_OF_SIGN
            and one.times_worse >= GATHER
        ]
    )


def followed_kind(found: Sequence[Leaning]) -> Leaning | None:
    """Words of one kind that tell the label and that answers follow, at a cost where they mislead.

    Of how a text begins, or its numbers, no task is made as often as of its words.
    """
    return most_followed(
        [
            one
            for one in found
            if one.name in KINDS
            and one.reads >= TELLS
            and one.followed >= _SIGN_FOLLOWED
            and one.sure >= FEWEST_MISLED
            and one.accuracy_else - one.accuracy >= _COST_OF_SIGN
        ]
    )


def followed_border(found: Sequence[Leaning]) -> Leaning | None:
    """The border of one class of images, where answers follow it, and errors gather by it.

    Whether other readers side with the label is not asked: most of them see a bar along the border,
    too, and prefer the answer. So it is of wrong labels, but a model that has learned the others
    turns no image into another class by its border.
    """
    border = next((one for one in found if one.name == f"frame{OF_ONE_CLASS}"), None)
    follows = (
        border is not None
        and border.followed >= FOLLOWS
        and min(border.misread, border.sure) >= FEWEST_MISLED
        and border.accuracy_else - border.accuracy >= _COST_OUTDONE
        and border.times_worse >= GATHER
    )
    return border if follows else None


def worth_asking(found: Sequence[Leaning]) -> Leaning | None:
    """What has a name and answers follow most, where the model errs more if that misleads."""
    return most_followed(
        [
            one
            for one in found
            if not (one.of_network or one.of_table or one.is_value)
            and one.followed >= FOLLOWS_IRRELEVANT
            and costs(one)
        ]
    )


def told_as_well(found: Sequence[Leaning]) -> Leaning | None:
    """What tells as much as the model, and where it is wrong the model nearly always is.

    A property, or a layer where none does. That alone no shortcut needs: wrong labels look the
    same, unless something else prefers the model's answers, and so does a simple task, unless only
    what lies between its classes is misread.
    """
    told = [one for one in found if _tells_as_well(one) or _sign_misleads(one)]
    named = [one for one in told if not one.of_network]
    layers = [one for one in told if one.of_network and one.accuracy_sure <= _LAYER_RIGHT]
    if any(one.name == "token" for one in found):
        # What a text is told by are its words, whose readers side with the model on wrong labels.
        layers = [one for one in layers if one.recovered >= _RECOVERED_IN_TEXT]
    spoken_of = named or layers
    columns = [one for one in found if one.is_column and one.reads >= TELLS and costs(one)]
    return max(columns if spoken_of else [], key=_told, default=None) or max(
        spoken_of, key=_told, default=None
    )


def _told(found: Leaning) -> tuple[bool, float, float]:
    """What was asked about first; of those that tell as much, as one sign alone and the words that
    hold it, what answers follow more.
    """
    return found.irrelevant, found.reads, 0.0 if math.isnan(found.followed) else found.followed


def _tells_as_well(found: Leaning) -> bool:
    return (
        not (found.of_table or found.is_reserved or found.is_value)
        and found.reads >= TELLS
        and found.sure >= FEWEST_MISLED
        and found.accuracy_sure <= _HARDLY_EVER_RIGHT
        and found.accuracy_else - found.accuracy >= _COST_OUTDONE
        and not found.at_edge > RATHER_AT_EDGE
        and not (found.recovered < _OTHERS_AGAINST and not _is_unsure(found))
        # All words of a text tell most tasks of texts: errors have to gather, too.
        and not (found.name in (FIRST, SECOND) and found.times_worse < GATHER)
    )


def _sign_misleads(found: Leaning) -> bool:
    """Errors gather where a sign of one class misleads, and the model doubts them.

    As of a model that was trained to follow it less and mostly does still: swaps move few answers.
    Wrong labels look the same, but nobody doubts them and nothing else tells them.
    """
    return (
        found.is_reserved
        and not found.is_value
        and found.reads >= TELLS
        and found.sure >= FEWEST_MISLED
        and found.accuracy <= _SIGN_RIGHT
        and found.times_worse >= GATHER
        and found.recovered >= _SIGN_RECOVERED
        and found.own_tells >= _SIGN_DOUBTED
    )


def _is_unsure(found: Leaning) -> bool:
    """The model doubts these errors, as it does no wrong labels; a layer sees what is hard, too."""
    return not found.of_network and found.own_tells >= _OWN_UNSURE


def rests_on_irrelevant(found: Leaning) -> bool:
    """Answers follow what the user says must not matter."""
    return found.irrelevant and found.followed >= FOLLOWS_IRRELEVANT


def rests_on(found: Sequence[Leaning]) -> Leaning | None:
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


def surely_recovered(found: Leaning) -> float:
    """The lower end of an interval: of several readers the luckiest is taken."""
    share, count = found.recovered, max(1, found.explained)
    return share - _DEVIATIONS * math.sqrt(share * (1 - share) / count)


def _never_overruled(found: Leaning) -> bool:
    """The model is hardly ever right where it fails, and nothing there surely tells the label."""
    return surely_recovered(found) < HARDLY_RECOVERED and found.accuracy_sure < NEVER_RIGHT


def _only_at_edge(found: Leaning) -> bool:
    """A table's reader is misled only where its classes meet: so it is where it reads the task."""
    return found.of_table and found.at_edge > AT_EDGE
