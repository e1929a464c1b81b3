"""What an audit answers of parts that the user said must not matter, in sentences."""

import math
from collections.abc import Sequence

from earlysieve._readable import VALUES, readable
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.leaning_checks import FOLLOWS_IRRELEVANT, costs
from earlysieve.auditing.properties import part_of
from earlysieve.auditing.rule import Decision
from earlysieve.auditing.swaps.found import PartFound, Swaps
from earlysieve.auditing.swaps.table_parts import is_of
from earlysieve.auditing.words import called, pairs_of_examples


def answers(decision: Decision, leanings: Sequence[Leaning], swaps: Swaps) -> list[str]:
    """A sentence of every part that was named, but of the one that the verdict is about.

    Args:
        decision: the verdict.
        leanings: all that were looked at.
        swaps: of parts.
    """
    about = None if decision.leaning is None else part_of(decision.leaning.name)
    named = [part for part in swaps.parts if part.irrelevant and part.part != about]
    told = [_answer(part, decision, leanings) for part in named]
    left = [name for name in swaps.named if swaps.of(name) is None and name in swaps.skipped]
    told += _both_asked(swaps.parts)
    return told + [
        f"It was said that {readable(name)} must not matter, but it was not swapped: "
        f"{swaps.skipped[name]}."
        for name in left
    ]


def _both_asked(parts: Sequence[PartFound]) -> list[str]:
    """What tells the figures of a column from those of its telling values, where these are named.

    A column is given any value of another class; its values are given, or taken, by themselves.
    """
    told = []
    for values in (one for one in parts if one.irrelevant and one.part.startswith(VALUES)):
        column = next((one for one in parts if is_of(values.part, one.part)), None)
        if column is None or math.isnan(column.effect) or math.isnan(values.effect):
            continue
        whole, some = (f"{max(0.0, one.effect):.0%}" for one in (column, values))
        told.append(
            f"Two things are asked of {readable(column.part)}: whether answers follow it when it "
            f"is given any value of another class ({whole} more often than by chance), and whether "
            f"they follow {readable(values.part)} ({some}). Who names the column names both, who "
            "names the value that alone; figures of the one are not those of the other."
        )
    return told


def _answer(part: PartFound, decision: Decision, leanings: Sequence[Leaning]) -> str:
    said = f"It was said that {readable(part.part)} must not matter"
    if math.isnan(part.effect):
        return f"{said}, but there are too few pairs of examples to ask whether answers follow it."
    pairs = pairs_of_examples(part.followed.count)
    followed = (
        f"{said}: given that of another class, answers follow it {max(0.0, part.effect):.0%} more "
        f"often than by chance, of {pairs}"
    )
    if part.effect < FOLLOWS_IRRELEVANT:
        return f"{followed}; from {FOLLOWS_IRRELEVANT:.0%} on that is called a shortcut."
    on = next((one for one in leanings if part_of(one.name) == part.part), None)
    if on is None:
        return (
            f"{followed}. It is not called a shortcut, since no reader sees it by itself and says "
            "where it misleads: what it costs is not known."
        )
    return f"{followed}. {_not_called(on, decision)}"


def _not_called(on: Leaning, decision: Decision) -> str:
    """Why answers follow it and no verdict is about it."""
    cost = _cost(on)
    if not costs(on):
        return f"{cost} Too little is lost there to call it a shortcut."
    if decision.verdict == "inconclusive":
        return f"{cost} It is not called a shortcut, since nothing can be told of such a model."
    if decision.leaning is not None:
        return f"{cost} The verdict is about {called(decision.leaning)} all the same."
    return f"{cost} These data hold too little of it to call it a shortcut."


def _cost(on: Leaning) -> str:
    if math.isnan(on.accuracy):
        return "Its reader is misled nowhere."
    elsewhere = "" if math.isnan(on.accuracy_else) else f", elsewhere {on.accuracy_else:.0%}"
    return (
        f"Where it misleads ({on.misread:,} examples), the model is right {on.accuracy:.0%} of the "
        f"time{elsewhere}."
    )
