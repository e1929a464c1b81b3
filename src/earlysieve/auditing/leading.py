"""Which leaning a verdict speaks of, and which of them may count at all."""

from collections.abc import Sequence

from earlysieve.auditing.altered_checks import follows_alteration
from earlysieve.auditing.leaning import GATHER, NOTHING, Leaning, Strength, strength
from earlysieve.auditing.leaning_checks import (
    AT_EDGE,
    FEWEST_MISLED,
    FOLLOWS,
    HARDLY_RECOVERED,
    NEVER_RIGHT,
    RATHER_AT_EDGE,
    costs,
    follows_at_a_cost,
    surely_recovered,
)
from earlysieve.auditing.marks import EDGE, MARK, OF_ONE_CLASS, ONE_WORD, PHRASE, base_of
from earlysieve.auditing.pair_checks import is_of_pairs, misleads_in_pairs, rather_one_text
from earlysieve.auditing.patches import PATCH
from earlysieve.auditing.properties import TOKEN
from earlysieve.auditing.surroundings import BACKGROUND, SIZE
from earlysieve.auditing.text_kinds import CAPITALS, ENDS, KINDS
from earlysieve.auditing.topics import TOPIC
from earlysieve.auditing.vignettes import VIGNETTE

ENOUGH = 0.9
SPEAKS = 0.3
OUTDONE = 1.05
_RECOVERED_UNNAMED, _RECOVERED_BETWEEN = 0.62, 0.72
_RECOVERED_HALF = 0.6
_ENDS_LESS, _PATCH_LESS, _TOPIC_LESS, _IDLE_LESS = 1.0, 0.5, 1.0, 1.5
_OF_ONE_LESS = 1.0
_TOLD_BY_KIND = 0.95
_SPEAKS_OVERRULED, _FOLLOWED_OVERRULED, _SURELY_OVERRULED = 1.5, 0.3, 0.7
_MOSTLY_WRONG, _MOST_ERRORS = 0.5, 0.5
_GATHERS_UNNAMED = 0.5
_OWN_UNNAMED = 0.56
_EXPLAINED_UNNAMED = 10
_AT_EDGE_UNNAMED = 0.95
_HARDLY_FOLLOWS = 0.12
_NOT_ALL_AT_EDGE = 0.8
_SURELY_AT_EDGE, _FEW_EXPLAINED = 0.9, 10
_RECOVERED_AT_EDGE = 0.7
_OWN_AT_EDGE = 0.82
_ENOUGH_AT_EDGE = 2.5
_AGAINST = 0.45
_TELLS_MORE = 0.1
_COSTS_MORE = 0.05
_ONE_CLASS_TELLS, _RECOVERED_OF_VIGNETTE = 0.85, 0.5
# Errors gather so much, and others tell their label so often: one of both.
_OF_ONE_CLASS = ((25.0, 0.56), (60.0, 0.4))
_TOPIC_TELLS, _RECOVERED_BESIDES_TOPIC, _TOLD_AND_DOUBTED = 0.85, 0.6, 1.28
_GUESS, _NO_GUESS, _OVERRULED, _TIMES_TOGETHER, _FOLLOWED_TOGETHER = 0.5, 0.45, 0.15, 6.0, 0.3
_HARDLY_AGAINST, _RECOVERED_OUTDONE = 0.35, 0.62
PLACE = "place"
# What it tells, and how far answers follow it, at least.
OF_SCENE = {BACKGROUND: (0.5, 0.4), SIZE: (0.4, 0.3), VIGNETTE: (0.5, 0.4)}


def enough(signs: Strength) -> bool:
    """Whether signs are strong enough for a verdict."""
    return signs.total >= ENOUGH and signs.speaking >= SPEAKS


def calls(found: Leaning, signs: Strength) -> bool:
    """Whether a leaning with these signs is strong enough for a verdict.

    Marks, numbers or the ends of texts that tell as much as the model are asked for less: what
    words beside them tell is little where a text has few. Nor need they tell as much where answers
    follow them and plain words surely tell the label of most errors: there may be more such words
    than a reader learns from these texts.
    """
    of_kind = found.name in KINDS
    told = of_kind and found.reads >= _TOLD_BY_KIND and signs.total >= ENOUGH
    overruled = of_kind and _overrules(found) and signs.speaking >= _SPEAKS_OVERRULED
    return enough(signs) or overruled or (told and signs.speaking >= 0)


def _overrules(found: Leaning) -> bool:
    """Answers follow it, and all else surely tells the label of the errors that it explains."""
    return found.followed >= _FOLLOWED_OVERRULED and surely_recovered(found) >= _SURELY_OVERRULED


def lead(found: Sequence[Leaning]) -> tuple[Leaning | None, Strength]:
    """The leaning to speak of: of those that are strong enough, rather one with a name.

    Half an image must say more than a property, and what only a layer sees much more.
    """
    table = any(one.of_table for one in found)
    counted = [
        (one, strength(one))
        for one in found
        if _counts(one, table=table) and not _is_vignette(one, found)
    ]
    if not counted:
        return None, NOTHING
    strong = [pair for pair in counted if calls(*pair)]
    if not strong:
        return max(counted, key=lambda pair: pair[1].total)
    best = max(strong, key=lambda pair: pair[1].total - _unclear(pair[0]))
    best = max(
        (pair for pair in strong if _misleads_more(pair[0], best[0])),
        key=lambda pair: pair[0].accuracy_else - pair[0].accuracy,
        default=best,
    )
    if best[0].name == TOPIC:
        # A few words that tell as much are named rather.
        best = next((pair for pair in strong if _is_said_by_words(pair[0], best[0])), best)
    if best[0].name == "frame":
        # It may be a mark in a corner, which a reader of that alone tells better.
        best = next((pair for pair in strong if _is_told_better(pair[0], best[0])), best)
    # The frame of one class is a border: that of all classes says more where both are strong.
    border = next((pair for pair in strong if pair[0].name == "frame"), best)
    if best[0].name == EDGE:
        return border
    named = rather_one_text(best[0], [pair[0] for pair in strong])
    return next(pair for pair in strong if pair[0] is named)


def overlapping(found: Sequence[Leaning]) -> Leaning | None:
    """What would be called but that it misleads only where classes meet, the strongest; or None."""
    if not any(one.of_table for one in found):
        return None
    barred = [
        one
        for one in found
        if not one.of_network and one.at_edge > AT_EDGE and enough(strength(one)) and costs(one)
    ]
    return max(barred, key=lambda one: strength(one).total, default=None)


def may_be_together(found: Sequence[Leaning]) -> Leaning | None:
    """Two columns that mislead the model where others tell the label, the strongest; or None.

    Its errors gather there less than they do by a shortcut, or others tell their label less surely:
    a task that comes of these two columns and of others looks the same, unless the two mislead
    where its classes meet.
    """
    doubtful = [
        one
        for one in found
        if one.is_pair
        and surely_recovered(one) >= (_HARDLY_AGAINST if one.times_worse >= GATHER else _NO_GUESS)
        and one.accuracy_sure >= _OVERRULED
        and one.times_worse >= _TIMES_TOGETHER
        and not one.at_edge > AT_EDGE
        and one.followed >= _FOLLOWED_TOGETHER
        and enough(strength(one))
        and costs(one)
    ]
    return max(doubtful, key=lambda one: strength(one).total, default=None)


def but_what_is_the_task(found: Sequence[Leaning]) -> list[Leaning]:
    """All but topics, and properties of one class, that need not mislead.

    Of most texts the class is what they are about. There the model is right on some that a few
    directions do not tell; and where labels are wrong, nothing else in the text tells them, nor
    does the model doubt its answer. And one class mostly looks simpler than the others: of how it
    is altered swaps tell, which alter nothing else.
    """
    checks = {TOPIC: _topic_misleads, OF_ONE_CLASS: _one_class_misleads}
    return [
        one
        for one in found
        if one.irrelevant
        or (is_of_pairs(one) and misleads_in_pairs(one))
        or follows_alteration(one)
        or (
            not is_of_pairs(one)
            and all(misleads(one) for end, misleads in checks.items() if one.name.endswith(end))
        )
    ]


def _one_class_misleads(found: Leaning) -> bool:
    """Of how dark the corners are no task is made: that answers follow it is enough.

    What one class shows may well be of a size of its own, unless answers follow that. And of a weak
    model errors gather where one class looks simple: so they must gather more than there, or others
    surely tell their label.
    """
    base = base_of(found.name)
    followed = found.followed >= _HARDLY_FOLLOWS
    told = found.reads >= _ONE_CLASS_TELLS and found.sure >= FEWEST_MISLED
    if base == VIGNETTE and followed:
        # Most readers see a vignette, too, so that hardly one tells what it hides.
        surely = found.followed >= FOLLOWS or found.recovered >= _RECOVERED_OF_VIGNETTE
        return told and surely
    gathered = any(
        found.times_worse >= gathers and found.recovered >= recovered
        for gathers, recovered in _OF_ONE_CLASS
    )
    able = base != SIZE or followed
    return told and able and found.accuracy <= _MOSTLY_WRONG and gathered


def _topic_misleads(found: Leaning) -> bool:
    return (
        found.reads >= _TOPIC_TELLS
        and found.accuracy <= _MOSTLY_WRONG
        and found.recovered >= _RECOVERED_BESIDES_TOPIC
        and found.recovered + found.own_tells >= _TOLD_AND_DOUBTED
    )


def of_scene(found: Sequence[Leaning]) -> Leaning | None:
    """The background, size or vignette of images, if it tells the label and answers follow it.

    How large something is on a busy ground is measured badly, of scenes the ground is the task, and
    a vignette is seen by most readers, so that errors say little of them.
    """
    followed = [
        one
        for one in found
        if one.name in OF_SCENE
        and one.reads >= OF_SCENE[one.name][0]
        and one.followed >= OF_SCENE[one.name][1]
        and costs(one)
    ]
    return max(followed, key=lambda one: one.followed, default=None)


def together_though_outdone(found: Sequence[Leaning]) -> Leaning | None:
    """Two columns that tell more than the model, which follows them at a cost; None: no such.

    It learned less of the task than its layers tell, and errs where the two mislead, although
    others tell the label there.
    """
    followed = [
        one
        for one in found
        if one.is_pair
        and follows_at_a_cost(one)
        and one.recovered >= _RECOVERED_OUTDONE
        and one.accuracy_sure >= _OVERRULED
        and not one.at_edge > AT_EDGE
    ]
    return max(followed, key=lambda one: one.accuracy_else - one.accuracy, default=None)


def errors_gather(found: Sequence[Leaning]) -> Leaning | None:
    """The layer where most errors of the model lie and it is mostly wrong; None where none is."""
    gathered = [
        one
        for one in found
        if one.of_network
        and one.accuracy <= _MOSTLY_WRONG
        and one.times_worse >= GATHER
        and one.explained_share >= _MOST_ERRORS
        and one.explained >= _EXPLAINED_UNNAMED
    ]
    return min(gathered, key=lambda one: one.accuracy, default=None)


def misleads(found: Leaning) -> bool:
    """What a layer sees explains errors that gather where it is wrong, and that look odd there."""
    return (
        found.explained >= _EXPLAINED_UNNAMED
        and strength(found).gathers >= _GATHERS_UNNAMED
        and not found.own_tells < _OWN_UNNAMED
        and found.reads <= OUTDONE
        and not found.at_edge > _AT_EDGE_UNNAMED
    )


def _misleads_more(found: Leaning, best: Leaning) -> bool:
    """It tells the label clearly better than the other, and far more is lost where it fails.

    A model that follows a cue less than it could errs where the task is hard, too: what it reads
    the task from explains these errors, and the cue, which tells their label, seems to mend them.
    """
    named = not (found.of_network or found.whole or found.is_combined or found.of_table)
    loss, other = (one.accuracy_else - one.accuracy for one in (found, best))
    return named and found.reads >= best.reads + _TELLS_MORE and loss >= other + _COSTS_MORE


def _is_vignette(found: Leaning, every: Sequence[Leaning]) -> bool:
    """It is what a vignette makes of border or brightness: that tells, misleads and moves as much.

    Of one class that is one of the same class.
    """
    base, least = base_of(found.name), OF_SCENE[VIGNETTE][1]
    return base in (EDGE, "frame", "brightness") and any(
        one.name == found.name.replace(base, VIGNETTE)
        and one.followed >= least
        and one.reads >= found.reads
        and one.accuracy <= found.accuracy
        and not one.followed < found.followed
        for one in every
    )


def _is_said_by_words(found: Leaning, topic: Leaning) -> bool:
    """It is of few words that tell about as much as the topic, and as much is lost with it.

    Of capital letters it is enough that answers follow them: a swap of these changes no word.
    """
    written = found.name == CAPITALS and found.followed >= FOLLOWS
    return (
        found.name in (*KINDS, TOKEN, ONE_WORD, PHRASE)
        and found.reads >= topic.reads - _TELLS_MORE
        and (written or found.accuracy <= topic.accuracy + _COSTS_MORE)
    )


def _is_told_better(found: Leaning, border: Leaning) -> bool:
    """It is a mark that tells as much as the border, and more is lost where it fails."""
    return (
        found.name == MARK
        and found.reads >= border.reads
        and border.accuracy - found.accuracy >= _COSTS_MORE
    )


def _unclear(found: Leaning) -> float:
    """How much more it must say than a property with a name of its own."""
    ends = _ENDS_LESS * (found.name == ENDS)  # what stands there may have a name of its own
    ends += _PATCH_LESS * (found.name == PATCH)  # a mark says more
    ends += _TOPIC_LESS * (found.name == TOPIC)  # a word or phrase says more
    # Blur shows in tones, too: of several that tell one class, what answers follow is named.
    ends += _IDLE_LESS * (found.name.endswith(OF_ONE_CLASS) and found.followed < _HARDLY_FOLLOWS)
    ends += _OF_ONE_LESS * (found.name.endswith(OF_ONE_CLASS) and is_of_pairs(found))
    return ends + found.whole + 2.0 * found.is_combined + 2.5 * found.of_network


def _counts(found: Leaning, *, table: bool) -> bool:
    """Whether what misleads its reader can have misled the model.

    A table's reader that is misled only where its classes meet reads the task, unless all else
    clearly says what it should have said there.
    """
    if found.name == BACKGROUND:
        return False  # of scenes that is the task
    if table and found.at_edge > AT_EDGE and not _clearly_recovered(found):
        return False
    if found.of_network:
        return _speaks(found)
    if found.name == PLACE and found.at_edge > _NOT_ALL_AT_EDGE:
        return False  # it sees a small image, and reads a simple task as any reader does
    if found.explained < _FEW_EXPLAINED and found.at_edge > _SURELY_AT_EDGE:
        return False  # of the few errors of a good model any reader explains some
    if found.whole and found.at_edge > RATHER_AT_EDGE and found.recovered < _RECOVERED_HALF:
        return False  # half of an image sees what the task is about, too
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


def _speaks(found: Leaning) -> bool:
    """A layer sees what the task is about, too: only recovered errors tell that it is misled.

    More of them where it is misled mainly between classes, as a layer is by a simple task.
    """
    between = found.at_edge > RATHER_AT_EDGE
    least = _RECOVERED_BETWEEN if between else _RECOVERED_UNNAMED
    return found.recovered >= least and misleads(found)


def _reads_the_task(found: Leaning) -> bool:
    """Nothing else tells the label, or not surely and nothing gathers or is overruled.

    So a task of several columns looks: where its classes overlap, nothing else speaks for the
    label, or the model errs everywhere; where some labels are wrong, it is never overruled. Of two
    columns errors must gather at any rate: all others may tell the label of a task, too.
    """
    if surely_recovered(found) >= HARDLY_RECOVERED:
        return found.is_pair and strength(found).gathers < 0
    if found.recovered < HARDLY_RECOVERED or (found.is_pair and surely_recovered(found) < _GUESS):
        return True
    return found.accuracy_sure < NEVER_RIGHT or strength(found).gathers < _GATHERS_UNNAMED
