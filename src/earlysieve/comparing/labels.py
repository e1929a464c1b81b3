"""Short names of the lines of a comparison, which tell them apart."""

from collections.abc import Sequence
from pathlib import Path

from earlysieve.comparing.folded import Line


def labels(lines: Sequence[Line]) -> list[str]:
    """The methods where these differ, else what differs in the paths; the whole names at worst.

    Args:
        lines: of one comparison.
    """
    methods = [line.entries[0].method for line in lines]
    paths = _differing([line.entries[0].path for line in lines])
    both = [
        f"{method}: {path}" if method and method not in path else path
        for method, path in zip(methods, paths, strict=True)
    ]
    whole = [line.name for line in lines]
    return next(found for found in (methods, both, whole) if _tells_apart(found) or found is whole)


def _tells_apart(names: Sequence[str]) -> bool:
    return all(names) and len(set(names)) == len(names)


def _differing(paths: Sequence[Path]) -> list[str]:
    """The paths without the folders that all of them begin with, and end with."""
    parts = [path.parts for path in paths]
    start = _common(parts)
    rest = [part[start:] for part in parts]
    end = _common([part[::-1] for part in rest])
    return [
        "/".join(part[: len(part) - end] or part) or path.name
        for part, path in zip(rest, paths, strict=True)
    ]


def _common(parts: Sequence[Sequence[str]]) -> int:
    """How many parts all of these begin with."""
    count = 0
    for place in zip(*parts, strict=False):
        if len(set(place)) > 1:
            break
        count += 1
    return count
