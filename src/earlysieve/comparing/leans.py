"""What reliance is on: two models that lean on different things have no difference of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from earlysieve.comparing.labels import labels

if TYPE_CHECKING:
    from earlysieve.comparing.folded import Line


def differ(lines: Sequence["Line"]) -> bool:
    """Whether those of the lines that have audits lean on different things."""
    return len({line.leans_on for line in lines if line.verdict}) > 1


def not_compared(lines: Sequence["Line"]) -> tuple[str, ...]:
    """That the reliance of some lines is on another thing than that of the first.

    Args:
        lines: of one comparison.
    """
    first, *others = lines
    if "reliance" not in first.figures:
        return ()
    names = [
        name
        for name, line in zip(labels(lines)[1:], others, strict=True)
        if "reliance" in line.figures and line.leans_on != first.leans_on
    ]
    if not names:
        return ()
    return (
        f"Reliance is on what each model relies on; that of {', '.join(map(repr, names))} is on "
        f"another thing than {first.leans_on}, so that no difference of it is shown: measure both "
        "on one thing, for instance with 'earlysieve reliance'.",
    )
