"""What is said of a layer that explains errors, or a column that tells more, beside a verdict."""

import shlex
from collections.abc import Sequence

from earlysieve._readable import capitalised, readable
from earlysieve.auditing.leaning import Leaning, is_unused
from earlysieve.auditing.properties import TOKEN
from earlysieve.auditing.swaps.found import Swaps
from earlysieve.auditing.words import called

_NEAR_FOLLOWED, _NEAR_TIMES, _NEAR_EXPLAINED = 0.12, 3.0, 10
_FEWEST_AGAINST, _NEARLY_ALWAYS, _MOST_WORDS = 5, 0.8, 5


def where_errors_gather(gathered: Leaning, swaps: Swaps) -> str:
    """No power is told: all errors may be of one simple thing that none of the readers tells."""
    return (
        f"No property explains the model's errors. They gather where a reader of "
        f"{readable(gathered.name, of_network=True)} says another class: the model is right on "
        f"{gathered.accuracy:.0%} of {gathered.misread:,} examples there, and on "
        f"{gathered.accuracy_else:.0%} of the others. So it is where examples are hard or wrongly "
        "labelled, too; something simple that has no reader here would look the same: look at "
        "these."
        f"{against_the_label(swaps)}"
    )


def what_a_layer_tells(layer: Leaning) -> str:
    """That a task which is nearly so simple looks like a cue that no other reader is free of."""
    name = capitalised(readable(layer.name, of_network=True))
    return (
        f"No property explains the model's errors. {name} tells {layer.reads:.0%} of what the "
        f"model tells, and where its reader is misled the model errs {layer.times_worse:.0f} times "
        "as often. So it is where a task is nearly as simple as that, and where something simple "
        "that alters whole examples, and has no reader here, took the place of the task: these "
        "data cannot tell the two apart."
    )


def against_the_label(swaps: Swaps) -> str:
    """Words by which the model goes on nearly all texts of other classes that hold them."""
    part = swaps.of(TOKEN)
    words = [
        one
        for one in (() if part is None else part.words)
        if one.against >= _FEWEST_AGAINST and one.followed >= _NEARLY_ALWAYS
    ]
    told = [
        f"'{one.word}' for '{one.speaks_for}' ({one.followed * one.against:.0f} of {one.against})"
        for one in words
    ]
    if not told:
        return ""
    return (
        " Words by which the model goes there, against the label: "
        f"{', '.join(told[:_MOST_WORDS])}. Are they the task?"
    )


def not_used(found: Sequence[Leaning], best_reads: float) -> str:
    """The column that tells far more than the model, which does not use it; nothing: no such."""
    unused = [
        one
        for one in found
        if one.is_column and not one.is_value and is_unused(one.reads, best_reads, one.followed)
    ]
    if not unused:
        return ""
    on = max(unused, key=lambda one: one.reads)
    name = capitalised(readable(on.name))
    return (
        f"{name} alone tells {on.reads:.0%} of what the model tells, and "
        "answers hardly follow it: the model does not use what it tells, as where a category "
        "stands as a number. Find out whether it will be known before a model that can is trained."
    )


def nearest_sign(found: Sequence[Leaning]) -> str:
    """Of too few examples, what answers follow somewhat and errors gather by; nothing: no such."""
    near = [
        one
        for one in found
        if not (one.of_network or one.whole or one.is_combined or one.is_reserved)
        and not one.irrelevant
        and one.followed >= _NEAR_FOLLOWED
        and one.times_worse >= _NEAR_TIMES
        and one.explained >= _NEAR_EXPLAINED
    ]
    if not near:
        return ""
    on = max(near, key=lambda one: one.explained)
    name = readable(on.name)
    asked = name.removeprefix("column ").strip("'")
    return (
        f"What comes nearest to one is {called(on)}: {on.explained:,} of the errors are what its "
        f"reader says, and where it is misled the model errs {on.times_worse:.0f} times as often. "
        f"Of so few examples that is no finding; irrelevant=[{asked!r}] (--irrelevant "
        f"{shlex.quote(asked)}) asks about it by more swaps."
    )
