"""What the figures of the lines of a comparison are of, in sentences."""

from collections.abc import Sequence

from earlysieve.comparing.folded import Line
from earlysieve.comparing.labels import labels


def sentences(lines: Sequence[Line]) -> tuple[str, ...]:
    """What the figures of lines are of, once for all that share it.

    Args:
        lines: of one comparison.
    """
    found: dict[str, list[str]] = {}
    for label, line in zip(labels(lines), lines, strict=True):
        if line.measured_on:
            found.setdefault(line.measured_on, []).append(f"'{label}'")
    return tuple(_sentence(names, len(lines), data) for data, names in found.items())


def _sentence(names: Sequence[str], count: int, data: str) -> str:
    of_some = f" of {', '.join(names)}" if len(names) < count else ""
    other = ", not of test data" if data.startswith("validation data") else ""
    return f"Figures{of_some} are of {data}{other}."
