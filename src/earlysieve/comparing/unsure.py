"""A caution where audits of other sources are taken for the same examples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.comparing.same_examples import by_numbers_alone

if TYPE_CHECKING:
    from earlysieve.comparing.folded import Line


def unsure(lines: "Sequence[Line]") -> tuple[str, ...]:
    """A caution where audits of other sources are taken for the same examples by numbers alone.

    Args:
        lines: of one comparison.
    """
    first, *others = (line.entries[0] for line in lines)
    told = []
    for other in others:
        ours, theirs = other.audit, first.audit
        if ours is None or theirs is None or not by_numbers_alone(ours, theirs):
            continue
        told.append(
            f"'{other.path}' is an audit of {ours.config['data']}, '{first.path}' one of "
            f"{theirs.config['data']}: that these hold the same examples is taken from the numbers "
            "and labels of their rows alone. If they do not, differences tell nothing: audit both "
            "models on the same --data."
        )
    return tuple(told)
