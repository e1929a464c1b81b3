"""Steps that name the part that a verdict is about: it must not matter, or it is the task."""

import json
import math

from earlysieve._readable import COLUMNS, SUM_OF_COLUMNS, as_kept, readable
from earlysieve.auditing.leaning import Leaning
from earlysieve.auditing.marks import base_of
from earlysieve.auditing.words import are_several, called, column_of_values

IRRELEVANT = "result = es.audit(model, data, irrelevant=["
RELEVANT = "result = es.audit(model, data, relevant=["
MUST_NOT = "Or say that it must not matter"
_OPTIONS = {IRRELEVANT: "--irrelevant", RELEVANT: "--relevant"}


def must_not_matter(on: Leaning | None) -> tuple[str, str]:
    """That it must not matter, and the code that says so by name, where swaps know one."""
    if on is None or not has_name(on):
        return f"{MUST_NOT}: irrelevant=[...].", ""
    part = f"column {column_of_values(on)[0]}" if on.is_value else on.name
    return (
        f"{MUST_NOT}: the audit then asks whether answers follow it, not whether it may be the "
        "task, and a repair may cost accuracy for it:",
        f"{IRRELEVANT}{quoted_part(part)}])",
    )


def may_be_the_task(on: Leaning | None) -> tuple[str, str]:
    """The question whether it is the task, and the code that says so, where it has a name."""
    asked = f"Decide whether the task is about {'the feature' if on is None else called(on)}"
    if on is None or not can_be_the_task(on):
        return f"{asked}; if it is, nothing is wrong.", ""
    return (
        f"{asked}; if it is, nothing is wrong: say so, and audits show it without counting it:",
        f"{RELEVANT}{quoted_part(on.name)}])",
    )


def is_the_task(on: Leaning | None) -> list[tuple[str, str]]:
    """After a shortcut: what to say where it is none; nothing where it has no name."""
    if on is None or on.irrelevant or not can_be_the_task(on):
        return []
    belong = "belong" if are_several(on) else "belongs"
    return [
        (
            f"If {called(on)} {belong} to the task after all, say so, and audits show it without "
            "counting it:",
            f"{RELEVANT}{quoted_part(on.name)}])",
        )
    ]


def how_to_say(on: Leaning | None) -> str:
    """How to say that what a verdict on a table is about belongs to the task, in brackets.

    An honest category of a table looks like a shortcut, which of images and texts is rare. Empty of
    these, of what the user has said must not matter, and of what has no name; the next steps say
    the name.
    """
    if on is None or on.irrelevant or not can_be_the_task(on):
        return ""
    if not (on.of_table or on.is_value or is_sum(on)):
        return ""
    return " (relevant, --relevant NAME)"


def named_part(code: str) -> tuple[str, str] | None:
    """The option and the part that the code of a step names; None where it does something else."""
    for start, option in _OPTIONS.items():
        if code.startswith(start):
            return option, str(json.loads(code.removeprefix(start)[:-2]))
    return None


def can_be_the_task(on: Leaning) -> bool:
    """Whether it has a name by which it can be said to belong to the task."""
    return has_name(on) or is_sum(on)


def is_sum(on: Leaning) -> bool:
    """Whether it is all columns of a table, of which no audit can be told to see nothing."""
    return on.of_network and on.name == COLUMNS


def has_name(on: Leaning) -> bool:
    """Whether an audit can be asked about it by name."""
    return not math.isnan(on.followed) and on.name.isprintable()


def quoted_part(part: str) -> str:
    """As pages call it, but without quotes in quotes where that is understood, too."""
    typed = part if part.startswith("column ") else readable(base_of(part))
    typed = SUM_OF_COLUMNS if part == COLUMNS else typed
    bare = typed.replace("'", "")
    return json.dumps(bare if as_kept(bare) == as_kept(typed) else typed, ensure_ascii=False)
